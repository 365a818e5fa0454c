// Package notices tells people of the merchant what needs them: by mail to the credit contact, and
// by tasks in the console for what no machine could be told.
//
// An order that waits is told at once, again after four working hours, and escalated after a
// banking day (credit reference, section 2); a refusal that can't be sent becomes a task and a mail
// (cXML reference 3.5), and so does every message that was given up. Each fact is one delivery of
// its event to a destination of the scheme "mail", so it is told once, with the outbox's retries.
// Orders that are approved make none.
package notices

import (
	"context"
	"log/slog"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/outbox"
)

// Scheme is what `cmd` registers the Sender under.
const Scheme = "mail"

// Destinations, which are also what a mail is about.
const (
	waiting    = Scheme + ":credit"
	reminder   = Scheme + ":reminder"
	escalation = Scheme + ":escalation"
	untold     = Scheme + ":untold"
)

// How long something waits before its mails (credit reference, section 2). A banking day is the
// eight working hours of one.
const (
	remindAfter   = 4 * time.Hour
	escalateAfter = 8 * time.Hour
)

// Service renders and sends; one serves all merchants.
type Service struct {
	DB        *database.DB
	Clock     *clock.Clock
	Log       *slog.Logger
	PublicURL string  // links begin with it
	Server    *Server // nil: mails are kept and shown, not sent
}

// Sender is how events reach the merchant's people; `cmd` registers it with the outbox.
func (s *Service) Sender() outbox.Sender {
	return outbox.Sender{Render: s.render, Send: s.send}
}

// Waits queues what is told about something that waits for a person: now, and later if it still
// does. The event is of the same transaction.
func Waits(ctx context.Context, tx *database.Tx, e outbox.Event, m accounts.Merchant) error {
	for _, mail := range []struct {
		destination string
		at          database.Time
	}{{waiting, e.At}, {reminder, dueAt(e, m, remindAfter)}, {escalation, dueAt(e, m, escalateAfter)}} {
		if err := outbox.Deliver(ctx, tx, e, mail.destination, mail.at); err != nil {
			return err
		}
	}
	return nil
}

// dueAt is when so much working time has passed since the event: by the merchant's own clock in
// its time zone, told by the machine's clock.
func dueAt(e outbox.Event, m accounts.Merchant, work time.Duration) database.Time {
	offset := time.Duration(m.ClockOffset) * time.Microsecond
	return database.At(afterWork(e.At.Add(offset), work, m.Zone()).Add(-offset))
}
