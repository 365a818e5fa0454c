package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
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
	// Lost is told, in the transaction that records it, that a delivery ended and its destination
	// does not know: it is Skipped or Dead. Nil does nothing.
	Lost func(ctx context.Context, tx *database.Tx, d Delivery, state, note string) error
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
	Gather  time.Duration     // how long to wait after a wake: one claim for many costs less than many for one
	Batch   int

	wake   chan struct{}
	once   sync.Once
	looked atomic.Int64 // when the database was last asked for work, and answered; microseconds
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
	w.looked.CompareAndSwap(0, w.Clock.Now().UnixMicro())
	for {
		worked, err := w.Work(ctx)
		if err != nil && ctx.Err() == nil {
			w.Log.Error("outbox: deliveries could not be claimed", "error", err)
		}
		if worked == w.Batch && err == nil {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-time.After(w.next(worked)):
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(w.Gather):
		}
	}
}

// next is when to look without being woken: what was finished may have let something of the same
// object come up behind it.
func (w *Worker) next(worked int) time.Duration {
	if worked > 0 {
		return w.Gather
	}
	return w.Poll
}

// Alive tells why nothing is sent: nobody has asked for work for longer than two leases, in which
// the slowest send and what is done about it end. Before Run it is alive.
func (w *Worker) Alive() error {
	looked := w.looked.Load()
	if silent := w.Clock.Now().Sub(time.UnixMicro(looked)); looked > 0 && silent > 2*w.Lease {
		return fmt.Errorf("no worker has asked the outbox for work since %s", time.UnixMicro(looked).UTC().Format(time.RFC3339))
	}
	return nil
}

// Work claims one batch, renders what was not rendered yet, stores what was made in one
// transaction, sends it and tells how many deliveries it took. Different objects are rendered and
// sent side by side.
func (w *Worker) Work(ctx context.Context) (int, error) {
	claimed, err := w.claim(ctx)
	if err == nil {
		w.looked.Store(w.Clock.Now().UnixMicro())
	}
	if err != nil || len(claimed) == 0 {
		return 0, err
	}
	// A claim that was taken is finished even when the program is told to stop.
	finish := context.WithoutCancel(ctx)
	var group sync.WaitGroup
	for i := range claimed {
		group.Go(func() { w.render(finish, &claimed[i]) })
	}
	group.Wait()
	for _, delivery := range w.keep(finish, claimed) {
		group.Go(func() { w.send(finish, delivery) })
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

// outcome is how an attempt ended; the zero value is that it goes on.
type outcome struct {
	state string
	note  string
	runAt time.Time
}

// render makes the message, if that was not done yet, or finds that there is nothing to send.
func (w *Worker) render(ctx context.Context, d *Delivery) {
	d.outcome = w.guarded(*d, func() outcome {
		sender, known := w.Senders[d.Scheme()]
		if !known {
			return w.ended(*d, Dead, "nothing sends to "+d.Destination)
		}
		if d.Message != nil {
			return outcome{}
		}
		message, note, err := sender.Render(ctx, *d)
		switch {
		case err != nil:
			return w.failed(*d, err)
		case message == nil:
			return w.ended(*d, Skipped, note)
		}
		d.Message, d.isNew = message, true
		return outcome{}
	})
}

// keep stores what was made before anything of it is sent, and the outcomes of what will not be
// sent. It gives those that are to be sent; the rest is lost to another lease, or waits until this
// one runs out.
func (w *Worker) keep(ctx context.Context, rendered []Delivery) (toSend []Delivery) {
	err := w.DB.InTx(ctx, func(tx *database.Tx) error {
		toSend = nil
		for _, d := range rendered {
			kept := true
			var err error
			switch {
			case d.outcome.state != "":
				err = w.write(ctx, tx, d, d.outcome)
			case d.isNew:
				kept, err = w.store(ctx, tx, d)
			}
			if err != nil {
				return err
			}
			if kept && d.outcome.state == "" && d.Message != nil {
				toSend = append(toSend, d)
			}
		}
		return nil
	})
	if err != nil {
		w.Log.Error("outbox: messages could not be stored", "count", len(rendered), "error", err)
		return nil
	}
	return toSend
}

// send hands one message over and records the outcome.
func (w *Worker) send(ctx context.Context, d Delivery) {
	result := w.guarded(d, func() outcome {
		note, err := w.Senders[d.Scheme()].Send(ctx, d)
		if refused := (*Refused)(nil); errors.As(err, &refused) {
			return w.ended(d, Dead, refused.Reason)
		}
		if err != nil {
			return w.failed(d, err)
		}
		return w.ended(d, Done, note)
	})
	if err := w.DB.InTx(ctx, func(tx *database.Tx) error { return w.write(ctx, tx, d, result) }); err != nil {
		// The destination deduplicates by payloadID: sending again does no harm.
		w.Log.Error("outbox: an outcome could not be recorded", "object", d.Object, "state", result.state, "error", err)
	}
}

// guarded makes a sender's panic one more failure: it must end neither the program nor the other
// deliveries.
func (w *Worker) guarded(d Delivery, attempt func() outcome) (result outcome) {
	defer func() {
		if mistake := recover(); mistake != nil {
			w.Log.Error("outbox: a sender panicked", "object", d.Object, "destination", d.Destination,
				"panic", mistake, "stack", string(debug.Stack()))
			result = w.failed(d, errors.New("a mistake of ours, see the log")) // people read the note
		}
	}()
	return attempt()
}

func (w *Worker) ended(d Delivery, state, note string) outcome {
	if state == Dead {
		w.Log.Warn("outbox: a delivery is given up", "object", d.Object, "destination", d.Destination, "note", note)
	}
	return outcome{state, note, w.Clock.Now()}
}

func (w *Worker) failed(d Delivery, cause error) outcome {
	now := w.Clock.Now()
	if now.Sub(d.Since.Time) > giveUp {
		return w.ended(d, Dead, cause.Error())
	}
	w.Log.Info("outbox: a delivery will be tried again", "object", d.Object, "destination", d.Destination,
		"attempt", d.Attempt, "error", cause)
	return outcome{Ready, cause.Error(), now.Add(backoff(d.Attempt))}
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

// write records an outcome while the lease holds.
func (w *Worker) write(ctx context.Context, tx *database.Tx, d Delivery, o outcome) error {
	const longest = 2000
	// The destination's words may be any bytes, of which PostgreSQL takes only these.
	note := strings.ReplaceAll(strings.ToValidUTF8(o.note, "\uFFFD"), "\x00", "\uFFFD")
	if runes := []rune(note); len(runes) > longest {
		note = string(runes[:longest])
	}
	changed, err := tx.Exec(ctx, recordOutcome, o.state, note, database.At(o.runAt), database.At(w.Clock.Now()),
		d.Merchant, d.Object, d.Destination, d.Seq, d.lease)
	if err != nil {
		return err
	}
	if changed == 0 {
		// The destination deduplicates by payloadID: sending again after a lost lease does no harm.
		w.Log.Error("outbox: an outcome came after its lease", "object", d.Object, "state", o.state)
		return nil
	}
	if lost := w.Senders[d.Scheme()].Lost; lost != nil && (o.state == Skipped || o.state == Dead) {
		return lost(ctx, tx, d, o.state, note)
	}
	return nil
}

// store keeps a message while the lease holds; kept is false when it doesn't any more.
func (w *Worker) store(ctx context.Context, tx *database.Tx, d Delivery) (kept bool, err error) {
	rows, err := tx.Exec(ctx, storeMessage, d.Message, database.At(w.Clock.Now()), d.Merchant, d.Object, d.Destination, d.Seq, d.lease)
	if err == nil && rows == 0 {
		w.Log.Error("outbox: a message came after its lease", "object", d.Object, "destination", d.Destination)
	}
	return rows == 1, err
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

	selectClaimed = deliveryColumns + `
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
