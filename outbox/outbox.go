// Package outbox tells others what happened. A use case adds an event in the transaction that
// makes it true, with one delivery for each destination; a worker claims deliveries with a
// lease, has them rendered once, and sends the same bytes until the destination takes them or
// a day of trying is over. It knows no event's meaning: `cmd` registers what renders and sends.
//
// For one object and one destination deliveries keep their order; a dead one doesn't block
// those that follow.
package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kontorhq/kontor/database"
)

// Event is a fact about an object. Seq counts the object's events from 1 and is taken by the
// caller while it holds the object's row, so that it has no gaps and no doubles. Merchant, object and
// seq name the event: what looks for one goes by these.
type Event struct {
	Merchant string        `db:"merchant_id"`
	Object   string        `db:"object"`
	Seq      int64         `db:"seq"`
	Kind     string        `db:"kind"`
	Payload  string        `db:"payload"` // JSON
	At       database.Time `db:"at"`
}

// Add records the event and what is to be told to whom. payload is the domain's value of this
// moment and is stored as JSON. A destination is written "<scheme>:<whatever the scheme knows>".
func Add(ctx context.Context, tx *database.Tx, event Event, payload any, destinations ...string) error {
	encoded, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("the event %s of %s can't be written: %w", event.Kind, event.Object, err)
	}
	if err := tx.Queue(ctx, insertEvent, event.Merchant, event.Object, event.Seq, event.Kind, string(encoded),
		event.At.Format("2006-01"), event.At); err != nil {
		return err
	}
	for _, destination := range destinations {
		if err := Deliver(ctx, tx, event, destination, event.At); err != nil {
			return err
		}
	}
	return nil
}

// Deliver queues one more delivery of an event that is there, or is added in the same transaction.
// at may lie ahead: it is made then, not before.
func Deliver(ctx context.Context, tx *database.Tx, event Event, destination string, at database.Time) error {
	return tx.Queue(ctx, insertDelivery, event.Merchant, event.Object, event.Seq, destination, at, at, at)
}

// States of a delivery. It ends as one of the last three.
const (
	Ready   = "ready"   // to be sent, at once or at its time
	Running = "running" // a worker has it, until its lease runs out
	Done    = "done"    // the destination took it
	Skipped = "skipped" // there was nothing to be sent
	Dead    = "dead"    // it was refused for good, or tried for too long
)

// Delivery is one event on its way to one destination.
type Delivery struct {
	Event
	Destination string        `db:"destination"`
	Attempt     int64         `db:"attempt"`
	Since       database.Time `db:"since"` // of the first attempt; before it, of the event
	Message     []byte        `db:"message"`
	State       string        `db:"state"`
	Note        string        `db:"note"`
	lease       string
	isNew       bool // Message was made just now
	outcome     outcome
}

// Scheme is the part of the destination before the colon.
func (d Delivery) Scheme() string {
	scheme, _, _ := strings.Cut(d.Destination, ":")
	return scheme
}

// Of lists the deliveries of an object, oldest first.
func Of(ctx context.Context, q database.Querier, merchant, object string) ([]Delivery, error) {
	var deliveries []Delivery
	err := q.Select(ctx, &deliveries, selectDeliveries, merchant, object)
	return deliveries, err
}

// Find reads one delivery; found is false when the event isn't told to that destination.
func Find(ctx context.Context, q database.Querier, event Event, destination string) (d Delivery, found bool, err error) {
	err = q.Get(ctx, &d, selectDelivery, event.Merchant, event.Object, destination, event.Seq)
	if database.None(err) {
		return Delivery{}, false, nil
	}
	return d, err == nil, err
}

// Resend puts a dead delivery back on its way, with as much time as a new one; it tells whether
// there was one.
func Resend(ctx context.Context, tx *database.Tx, event Event, destination string, now time.Time) (bool, error) {
	rows, err := tx.Exec(ctx, reviveDelivery, database.At(now), database.At(now), event.Merchant, event.Object, destination, event.Seq)
	return rows == 1, err
}

// Repeat puts a delivered message on its way once more, the same bytes, because its destination
// asked for it; it tells whether there was one. One that is on its way already stays as it is, so
// that asking often sends no more often than the worker works.
func Repeat(ctx context.Context, tx *database.Tx, event Event, destination string, now time.Time) (bool, error) {
	rows, err := tx.Exec(ctx, repeatDelivery, database.At(now), database.At(now), event.Merchant, event.Object, destination, event.Seq)
	return rows == 1, err
}

const (
	insertEvent = `
INSERT INTO events (merchant_id, object, seq, kind, payload, month, at) VALUES (?, ?, ?, ?, ?, ?, ?)`

	insertDelivery = `
INSERT INTO deliveries (merchant_id, object, seq, destination, state, run_at, created_at, updated_at)
VALUES (?, ?, ?, ?, 'ready', ?, ?, ?)`

	deliveryColumns = `
SELECT e.merchant_id, e.object, e.seq, e.kind, e.payload, e.at, d.destination, d.attempt, d.created_at AS since, d.message, d.state, d.note
  FROM deliveries d JOIN events e ON e.merchant_id = d.merchant_id AND e.object = d.object AND e.seq = d.seq`
	selectDeliveries = deliveryColumns + ` WHERE d.merchant_id = ? AND d.object = ? ORDER BY d.seq`
	selectDelivery   = deliveryColumns + ` WHERE d.merchant_id = ? AND d.object = ? AND d.destination = ? AND d.seq = ?`

	reviveDelivery = `
UPDATE deliveries SET state = 'ready', attempt = 0, run_at = ?, updated_at = ?
 WHERE merchant_id = ? AND object = ? AND destination = ? AND seq = ? AND state = 'dead'`

	// Attempt 0 gives it as much time as a new one has.
	repeatDelivery = `
UPDATE deliveries SET state = 'ready', attempt = 0, run_at = ?, updated_at = ?
 WHERE merchant_id = ? AND object = ? AND destination = ? AND seq = ? AND state = 'done' AND message IS NOT NULL`
)
