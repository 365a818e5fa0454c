package procurement

import (
	"context"
	"encoding/json"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

// lost has people told what the buyer's system will not know: every message that was given up, and
// a refusal that no message carries (cXML reference 3.5).
func (s *Service) lost(ctx context.Context, tx *database.Tx, d outbox.Delivery, state, note string) error {
	refusal := d.Kind == orders.EventRejected || d.Kind == orders.EventRefused || d.Kind == orders.EventChangeRejected
	// Nothing else tells a buyer that lines were taken back.
	owed := state == outbox.Dead || d.Kind == orders.EventLinesCancelled
	if !owed && !refusal {
		return nil // nothing was owed, as it is with most
	}
	var o orders.Order
	if err := json.Unmarshal([]byte(d.Payload), &o); err != nil {
		s.Log.ErrorContext(ctx, "an event that was not told can't be read", "object", d.Object, "kind", d.Kind, "error", err)
		return nil // its delivery has ended with that as its note
	}
	loss := notices.Loss{Delivery: d, Order: o, Why: note}
	switch d.Kind {
	case orders.EventChangeRejected:
		loss.Refusal = true
	case orders.EventRejected:
		// order.refused follows, and either can tell it.
		loss.Refusal = state == outbox.Dead
	case orders.EventRefused:
		told, why, err := s.refusalTold(ctx, tx, d, o, state)
		if err != nil {
			return err
		}
		if loss.Refusal = !told; why != "" {
			loss.Why = why
		}
	}
	if !owed && !loss.Refusal {
		return nil
	}
	return notices.Raise(ctx, tx, loss, s.Clock.Now())
}

// refusalTold tells whether the buyer knows of a refusal whose own message was not sent: one at
// once was the answer to the document, unless the connection wants refusals confirmed; one by a
// person was the event before it. why is the reason of that one, where it is the better.
func (s *Service) refusalTold(ctx context.Context, tx *database.Tx, d outbox.Delivery, o orders.Order, state string) (told bool, why string, err error) {
	byStatus := false
	if state == outbox.Skipped {
		connection, err := s.destination(ctx, tx, d)
		if err != nil {
			return false, "", err
		}
		byStatus = connection.Settings.Refused != "confirmation"
	}
	if o.Decision.Reason != "rejected" {
		return byStatus, "", nil
	}
	rejection := d.Event
	rejection.Seq--
	rejected, found, err := outbox.Find(ctx, tx, rejection, d.Destination)
	if err != nil || !found {
		return false, "", err
	}
	if byStatus {
		why = rejected.Note
	}
	return rejected.State == outbox.Done, why, nil
}
