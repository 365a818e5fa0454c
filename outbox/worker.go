package outbox

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/database"
)

// Sender renders and sends what goes to one scheme of destinations.
type Sender struct {
	// Render makes the message: a pure function of the event and of the destination's settings.
	// No bytes means that this destination is not told of this event; the note says why.
	Render func(context.Context, Delivery) (message []byte, note string, err error)
	// Send hands the message over. The note says what the destination answered. An error is
	// tried again unless it is Refused.
	Send func(context.Context, Delivery) (note string, err error)
}

// Refused is a Send error that trying again can't mend: the destination understood and said no.
type Refused struct{ Reason string }

// Error is the destination's reason.
func (r *Refused) Error() string { return r.Reason }

// Worker sends deliveries until its context ends. Several workers, in one process or in many,
// share the work: each claims with a lease.
type Worker struct {
	DB      *database.DB
	Clock   *clock.Clock
	Log     *slog.Logger
	Senders map[string]Sender // by scheme
	Lease   time.Duration     // how long a claim holds; longer than any send
	Poll    time.Duration     // how often to look when nothing woke it
	Batch   int

	wake chan struct{}
	once sync.Once
}

// giveUp is how long a delivery is tried, from its own first attempt: buyers' systems are down
// overnight, and those that had to wait behind another get as much time.
const giveUp = 26 * time.Hour

func (w *Worker) init() {
	w.once.Do(func() { w.wake = make(chan struct{}, 1) })
}

// Wake makes the worker look at once. Call it after a commit (Tx.AfterCommit).
func (w *Worker) Wake() {
	w.init()
	select {
	case w.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Run works until ctx ends and finishes what it has claimed.
func (w *Worker) Run(ctx context.Context) {
	w.init()
	for {
		worked, err := w.Work(ctx)
		if err != nil && ctx.Err() == nil {
			w.Log.Error("outbox: deliveries could not be claimed", "error", err)
		}
		if worked > 0 && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-time.After(w.Poll):
		}
	}
}

// Work claims one batch, sends it and tells how many deliveries it took. Different objects are
// sent side by side.
func (w *Worker) Work(ctx context.Context) (int, error) {
	claimed, err := w.claim(ctx)
	if err != nil || len(claimed) == 0 {
		return 0, err
	}
	// A claim that was taken is finished even when the program is told to stop.
	finish := context.WithoutCancel(ctx)
	var group sync.WaitGroup
	for _, delivery := range claimed {
		group.Go(func() { w.deliver(finish, delivery) })
	}
	group.Wait()
	return len(claimed), nil
}

func (w *Worker) claim(ctx context.Context) ([]Delivery, error) {
	now := w.Clock.Now()
	lease := database.NewID("lea")
	var claimed []Delivery
	err := w.DB.InTx(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(ctx, releaseExpired, database.At(now), database.At(now)); err != nil {
			return err
		}
		rows, err := tx.Exec(ctx, claimStatement(tx), database.At(now), w.Batch,
			lease, database.At(now.Add(w.Lease)), database.At(now), database.At(now))
		if err != nil || rows == 0 {
			claimed = nil
			return err
		}
		claimed = nil
		return tx.Select(ctx, &claimed, selectClaimed, lease)
	})
	for i := range claimed {
		claimed[i].lease = lease
	}
	return claimed, err
}

// deliver renders if that was not done yet, stores what was made before the first send, sends
// and records the outcome. A panic of a sender is one more failure: it must end neither the
// program nor the other deliveries.
func (w *Worker) deliver(ctx context.Context, d Delivery) {
	defer func() {
		if mistake := recover(); mistake != nil {
			w.Log.Error("outbox: a sender panicked", "object", d.Object, "destination", d.Destination,
				"panic", mistake, "stack", string(debug.Stack()))
			w.retry(ctx, d, errors.New("a mistake of ours, see the log")) // people read the note
		}
	}()
	sender, known := w.Senders[d.Scheme()]
	if !known {
		w.settle(ctx, d, "dead", "nothing sends to "+d.Destination)
		return
	}
	if d.Message == nil {
		message, note, err := sender.Render(ctx, d)
		switch {
		case err != nil:
			w.retry(ctx, d, err)
			return
		case message == nil:
			w.settle(ctx, d, "skipped", note)
			return
		}
		d.Message = message
		if kept, err := w.update(ctx, storeMessage, message, database.At(w.Clock.Now()), d); err != nil || !kept {
			w.Log.Error("outbox: a message could not be stored", "object", d.Object, "destination", d.Destination, "error", err)
			return // the lease runs out and the next claim tries again
		}
	}
	note, err := sender.Send(ctx, d)
	if refused := (*Refused)(nil); errors.As(err, &refused) {
		w.settle(ctx, d, "dead", refused.Reason)
		return
	}
	if err != nil {
		w.retry(ctx, d, err)
		return
	}
	w.settle(ctx, d, "done", note)
}

func (w *Worker) settle(ctx context.Context, d Delivery, state, note string) {
	if state == "dead" {
		w.Log.Warn("outbox: a delivery is given up", "object", d.Object, "destination", d.Destination, "note", note)
	}
	w.record(ctx, d, state, note, w.Clock.Now())
}

func (w *Worker) retry(ctx context.Context, d Delivery, cause error) {
	now := w.Clock.Now()
	if now.Sub(d.Since.Time) > giveUp {
		w.settle(ctx, d, "dead", cause.Error())
		return
	}
	w.Log.Info("outbox: a delivery will be tried again", "object", d.Object, "destination", d.Destination,
		"attempt", d.Attempt, "error", cause)
	w.record(ctx, d, "ready", cause.Error(), now.Add(backoff(d.Attempt)))
}

// backoff grows from seconds to an hour, with some play so that a destination that comes back
// isn't met by everything at once.
func backoff(attempt int64) time.Duration {
	pause := time.Hour
	if attempt < 11 {
		pause = min(pause, time.Second<<attempt)
	}
	return pause/2 + rand.N(pause/2)
}

func (w *Worker) record(ctx context.Context, d Delivery, state, note string, runAt time.Time) {
	const longest = 2000
	// The destination's words may be any bytes, of which PostgreSQL takes only these.
	note = strings.ReplaceAll(strings.ToValidUTF8(note, "\uFFFD"), "\x00", "\uFFFD")
	if runes := []rune(note); len(runes) > longest {
		note = string(runes[:longest])
	}
	var changed int64
	err := w.DB.InTx(ctx, func(tx *database.Tx) error {
		var err error
		changed, err = tx.Exec(ctx, recordOutcome, state, note, database.At(runAt), database.At(w.Clock.Now()),
			d.Merchant, d.Object, d.Destination, d.Seq, d.lease)
		return err
	})
	if err != nil || changed == 0 {
		// The destination deduplicates by payloadID: sending again after a lost lease does no harm.
		w.Log.Error("outbox: an outcome could not be recorded", "object", d.Object, "state", state, "error", err)
	}
}

func (w *Worker) update(ctx context.Context, query string, message []byte, at database.Time, d Delivery) (kept bool, err error) {
	err = w.DB.InTx(ctx, func(tx *database.Tx) error {
		rows, err := tx.Exec(ctx, query, message, at, d.Merchant, d.Object, d.Destination, d.Seq, d.lease)
		kept = rows == 1
		return err
	})
	return kept, err
}

// claimStatement takes deliveries that are due and have no unfinished one before them for the
// same object and destination. What is due is chosen once, beforehand: as a subquery PostgreSQL
// may run it once more for each row, and take more than the limit.
//
// The first claim sets created_at: from then on it is tried. When it came to be, its event says.
func claimStatement(tx *database.Tx) string {
	return `
WITH due AS (` + tx.SkipLocked(`
    SELECT d.merchant_id, d.object, d.destination, d.seq FROM deliveries d
     WHERE d.state = 'ready' AND d.run_at <= ?
       AND NOT EXISTS (SELECT 1 FROM deliveries e
                        WHERE e.merchant_id = d.merchant_id AND e.object = d.object AND e.destination = d.destination
                          AND e.seq < d.seq AND e.state IN ('ready', 'running'))
     ORDER BY d.run_at, d.object, d.seq LIMIT ?`) + `)
UPDATE deliveries SET state = 'running', attempt = attempt + 1, locked_by = ?, locked_until = ?, updated_at = ?,
       created_at = CASE WHEN attempt = 0 THEN ? ELSE created_at END
 WHERE (merchant_id, object, destination, seq) IN (SELECT merchant_id, object, destination, seq FROM due)`
}

const (
	releaseExpired = `
UPDATE deliveries SET state = 'ready', updated_at = ? WHERE state = 'running' AND locked_until < ?`

	selectClaimed = `
SELECT e.merchant_id, e.object, e.seq, e.kind, e.payload, e.at, d.destination, d.attempt, d.created_at AS since, d.message, d.state, d.note
  FROM deliveries d JOIN events e ON e.merchant_id = d.merchant_id AND e.object = d.object AND e.seq = d.seq
 WHERE d.locked_by = ? AND d.state = 'running'
 ORDER BY d.seq`

	// The lease is the fence: a worker that lost it changes nothing.
	storeMessage = `
UPDATE deliveries SET message = ?, updated_at = ?
 WHERE merchant_id = ? AND object = ? AND destination = ? AND seq = ? AND locked_by = ? AND state = 'running'`

	recordOutcome = `
UPDATE deliveries SET state = ?, note = ?, run_at = ?, updated_at = ?, locked_by = ''
 WHERE merchant_id = ? AND object = ? AND destination = ? AND seq = ? AND locked_by = ? AND state = 'running'`
)
