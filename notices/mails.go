package notices

import (
	"context"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
)

// States of a mail.
const (
	Kept    = "kept"    // no mail server is set
	Sending = "sending" // it is with the mail server at this moment
	Sent    = "sent"
	Failed  = "failed" // the last try; Delivery says whether there will be another
)

// Mail is a mail as the credit contact gets it.
type Mail struct {
	Merchant    string        `db:"merchant_id"`
	ID          string        `db:"id"`
	Object      string        `db:"object"` // the order, or the cart of a quote
	Seq         int64         `db:"seq"`
	Destination string        `db:"destination"`
	Recipient   string        `db:"recipient"`
	Subject     string        `db:"subject"`
	Body        string        `db:"body"` // plain text
	State       string        `db:"state"`
	Note        string        `db:"note"`
	CreatedAt   database.Time `db:"created_at"`
	SentAt      database.Time `db:"sent_at"`
	Delivery    string        `db:"delivery"` // its state in the outbox
}

// AboutQuote tells whether the mail is about a cart that went home for a quote, not about an order.
func (m Mail) AboutQuote() bool { return m.Destination == quote }

// Mails lists mails, newest first, from the one before the id on; empty begins at the newest.
func Mails(ctx context.Context, q database.Querier, merchant, before string, most int) (mails []Mail, err error) {
	if before == "" {
		before = "mai_zzzzzzzzzzzzzzzzzzzzzzzzzz" // after every id, in any collation
	}
	err = q.Select(ctx, &mails, selectMails, merchant, before, most)
	return mails, err
}

// FindMail reads a mail.
func FindMail(ctx context.Context, q database.Querier, merchant, id string) (m Mail, err error) {
	err = q.Get(ctx, &m, selectMail, merchant, id)
	if database.None(err) {
		return m, fault.New(fault.Unknown, "there is no mail with that id")
	}
	return m, err
}

const (
	// What is tried again is the same mail.
	upsertMail = `
INSERT INTO mails (merchant_id, id, object, seq, destination, recipient, subject, body, state, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (merchant_id, object, destination, seq) DO UPDATE SET state = excluded.state`
	updateMail = `
UPDATE mails SET state = ?, note = ?, sent_at = ? WHERE merchant_id = ? AND object = ? AND destination = ? AND seq = ?`

	mailColumns = `
SELECT m.merchant_id, m.id, m.object, m.seq, m.destination, m.recipient, m.subject, m.body, m.state, m.note, m.created_at, m.sent_at,
       COALESCE(d.state, '') AS delivery
  FROM mails m LEFT JOIN deliveries d ON d.merchant_id = m.merchant_id AND d.object = m.object AND d.destination = m.destination AND d.seq = m.seq`
	selectMails = mailColumns + ` WHERE m.merchant_id = ? AND m.id < ? ORDER BY m.id DESC LIMIT ?`
	selectMail  = mailColumns + ` WHERE m.merchant_id = ? AND m.id = ?`
)
