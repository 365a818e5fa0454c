package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"text/tabwriter"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/config"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/inbox"
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/outbox"
	"github.com/kontorhq/kontor/procurement"
)

// kind is one sort of data with its age (decision 0021).
type kind struct {
	name string
	days int // 0 is for ever
	rows []database.Aged
}

// kinds are all that is deleted by age. Orders, credit entries and what merchants have set up are
// never.
func kinds(cfg config.Config) []kind {
	return []kind{
		{"visits", cfg.KeepVisits, []database.Aged{procurement.OldVisits, checkout.OldCarts, procurement.OldVisitDocuments}},
		{"strangers", cfg.KeepStrangers, []database.Aged{procurement.StrangersDocuments}},
		{"documents", cfg.KeepDocuments, []database.Aged{procurement.OldDocuments}},
		{"events", cfg.KeepEvents, []database.Aged{outbox.Told}},
		{"requests", cfg.KeepRequests, []database.Aged{inbox.Requests}},
		{"answers", cfg.KeepAnswers, []database.Aged{inbox.Answers}},
		{"mails", cfg.KeepMails, []database.Aged{notices.OldMails, notices.OldTasks}},
		{"audit", cfg.KeepAudit, []database.Aged{accounts.OldAudit}},
		{"failures", 1, []database.Aged{procurement.OldFailures}},
	}
}

func (k kind) before(now time.Time) time.Time { return now.AddDate(0, 0, -k.days) }

// count is how many rows of a merchant are over age; with most above 0 it stops there.
func (k kind) count(ctx context.Context, db *database.DB, merchant string, now time.Time, most int) (sum int64, err error) {
	if k.days == 0 {
		return 0, nil
	}
	for _, rows := range k.rows {
		n, err := rows.Count(ctx, db, merchant, k.before(now), most)
		if err != nil {
			return sum, err
		}
		sum += n
	}
	return sum, nil
}

// sweeper deletes what is over age, in small batches with pauses: on SQLite everybody else's writes
// wait for a batch. What it did stays done, so it may be stopped at any time, and several
// processes may do it at once.
type sweeper struct {
	db      *database.DB
	clock   *clock.Clock
	log     *slog.Logger
	kinds   []kind
	deleted *prometheus.CounterVec
	ended   prometheus.Gauge
}

func newSweeper(cfg config.Config, db *database.DB, c *clock.Clock, log *slog.Logger) *sweeper {
	return &sweeper{db: db, clock: c, log: log, kinds: kinds(cfg),
		deleted: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kontor_retention_deleted_total",
			Help: "Rows that this process deleted because of their age."}, []string{"kind"}),
		ended: prometheus.NewGauge(prometheus.GaugeOpts{Name: "kontor_retention_last_success_timestamp_seconds",
			Help: "When this process last went through everything that is deleted by age."})}
}

// run sweeps once an hour, not all processes at the same minute, until ctx ends.
func (s *sweeper) run(ctx context.Context) {
	for {
		if _, err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("what is over age could not be deleted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(50*time.Minute + rand.N(20*time.Minute)):
		}
	}
}

// swept is what became of one kind of one merchant.
type swept struct {
	merchant, kind string
	deleted        int64
}

// sweep goes through every merchant and kind. What fails doesn't keep the rest.
func (s *sweeper) sweep(ctx context.Context) (done []swept, err error) {
	merchants, err := everyMerchant(ctx, s.db)
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, merchant := range merchants {
		for _, k := range s.kinds {
			start := time.Now()
			n, err := s.delete(ctx, merchant, k)
			if n > 0 {
				s.deleted.WithLabelValues(k.name).Add(float64(n))
				s.log.InfoContext(ctx, "rows over age were deleted", "merchant", merchant, "kind", k.name, "count", n, "took", time.Since(start))
				done = append(done, swept{merchant, k.name, n})
			}
			if err != nil {
				failed = append(failed, fmt.Errorf("%s of %s: %w", k.name, merchant, err))
			}
			if ctx.Err() != nil {
				return done, errors.Join(failed...)
			}
		}
	}
	if len(failed) == 0 {
		s.ended.SetToCurrentTime()
	}
	return done, errors.Join(failed...)
}

const (
	firstBatch   = 100
	largestBatch = 1000
	// batchTime is how long writers may be kept waiting: about as long as for a large order.
	batchTime = 20 * time.Millisecond
)

func (s *sweeper) delete(ctx context.Context, merchant string, k kind) (sum int64, err error) {
	if k.days == 0 {
		return 0, nil
	}
	before := k.before(s.clock.Now())
	for _, rows := range k.rows {
		for most := firstBatch; ; {
			start := time.Now()
			n, err := rows.Delete(ctx, s.db, merchant, before, most)
			sum += n
			if err != nil {
				return sum, err
			}
			if n == 0 {
				break
			}
			took := time.Since(start)
			if most = min(most*2, largestBatch); took > batchTime {
				most = max(int(n)/2, 1)
			}
			select { // half of the time is others'
			case <-ctx.Done():
				return sum, ctx.Err()
			case <-time.After(took):
			}
		}
	}
	return sum, nil
}

func everyMerchant(ctx context.Context, db *database.DB) (merchants []string, err error) {
	err = db.Select(ctx, &merchants, `SELECT id FROM merchants ORDER BY id`)
	return merchants, err
}

type retentionCommand struct {
	DryRun bool `help:"Count what is over age and delete nothing."`
}

// Run does at once what the server does every hour.
func (c retentionCommand) Run(ctx context.Context, to terminal) error {
	return withSystem(ctx, to, func(s *system) error {
		table := tabwriter.NewWriter(to.out, 0, 4, 2, ' ', 0)
		if c.DryRun {
			if err := overAge(ctx, s, table); err != nil {
				return err
			}
			return table.Flush()
		}
		done, err := newSweeper(s.config, s.db, s.clock, s.log).sweep(ctx)
		fmt.Fprintln(table, "MERCHANT\tKIND\tDELETED")
		for _, d := range done {
			fmt.Fprintf(table, "%s\t%s\t%d\n", d.merchant, d.kind, d.deleted)
		}
		return errors.Join(err, table.Flush())
	})
}

// overAge lists every kind with its age and what is over it.
func overAge(ctx context.Context, s *system, table *tabwriter.Writer) error {
	merchants, err := everyMerchant(ctx, s.db)
	if err != nil {
		return err
	}
	fmt.Fprintln(table, "MERCHANT\tKIND\tKEPT\tOVER AGE")
	now := s.clock.Now()
	for _, merchant := range merchants {
		for _, k := range kinds(s.config) {
			n, err := k.count(ctx, s.db, merchant, now, 0)
			if err != nil {
				return err
			}
			kept := fmt.Sprintf("%d days", k.days)
			switch k.days {
			case 0:
				kept = "for ever"
			case 1:
				kept = "1 day"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%d\n", merchant, k.name, kept, n)
		}
	}
	return nil
}
