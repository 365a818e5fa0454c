package procurement

import (
	"context"
	"fmt"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
)

// keptDocument is one message as it crossed the wire, masked, with its answer.
type keptDocument struct {
	ID         string
	Merchant   string
	Direction  string
	Type       string
	PayloadID  string
	Connection string
	Object     string
	Status     int
	Note       string
	Body       []byte
	Answer     []byte
}

func keep(ctx context.Context, tx *database.Tx, d keptDocument, now time.Time) error {
	return tx.Queue(ctx, insertDocument, d.Merchant, d.ID, d.Direction, d.Type, d.PayloadID, d.Connection, d.Object,
		d.Status, d.Note, string(d.Body), string(d.Answer), now.UTC().Format("2006-01"), database.At(now))
}

// keepRefused keeps a document that led to nothing. Strangers' documents are capped: a merchant
// keeps a number of them a day, so that nobody can fill its disk. Of strangers' attachments
// nothing is kept, of a buyer's a number of bytes a day.
func (s *Service) keepRefused(ctx context.Context, d keptDocument, parts []cxml.Part) error {
	now := s.Clock.Now()
	return s.DB.InTx(ctx, func(tx *database.Tx) error {
		d := d // the transaction may run twice
		if d.Connection == "" {
			// Nothing is kept for a merchant that doesn't exist: its address can be made up without end.
			d.Merchant = string(storable([]byte(d.Merchant)))
			switch _, err := accounts.FindMerchant(ctx, tx, d.Merchant); {
			case fault.CodeOf(err) == fault.Unknown:
				return nil
			case err != nil:
				return err
			}
			var kept int64
			if err := tx.Get(ctx, &kept, countStrangers, d.Merchant, database.At(now.Add(-24*time.Hour))); err != nil {
				return err
			}
			if kept >= strangersADay {
				return nil
			}
			return keep(ctx, tx, d, now)
		}
		room, err := s.roomForRefused(ctx, tx, d, parts, now)
		if err != nil {
			return err
		}
		if !room {
			d.Note += fmt.Sprintf(" Its %d attachments are not kept: those of refused documents come to too much today.", len(parts))
			parts = nil
		}
		if err := keep(ctx, tx, d, now); err != nil {
			return err
		}
		return keepAttachments(ctx, tx, d.Merchant, d.ID, parts)
	})
}

// roomForRefused tells whether a connection's refused documents may bring these attachments, too.
func (s *Service) roomForRefused(ctx context.Context, tx *database.Tx, d keptDocument, parts []cxml.Part, now time.Time) (bool, error) {
	if len(parts) == 0 {
		return true, nil
	}
	var kept int64
	if err := tx.Get(ctx, &kept, sumRefusedAttachments, d.Merchant, d.Connection, database.At(now.Add(-24*time.Hour))); err != nil {
		return false, err
	}
	for _, part := range parts {
		kept += int64(len(part.Body))
	}
	return kept <= refusedBytesADay, nil
}

// refusedBytesADay is how much of attachments of refused documents is kept of one connection in 24
// hours: ten of the largest messages.
const refusedBytesADay = 100 << 20

// strangersADay is how many documents of unknown senders a merchant keeps in 24 hours.
const strangersADay = 1000

// Document is a kept message, for people to read.
type Document struct {
	ID           string        `db:"id"`
	Direction    string        `db:"direction"`
	Type         string        `db:"type"`
	PayloadID    string        `db:"payload_id"`
	Connection   string        `db:"connection_id"`
	Organisation string        `db:"organisation_id"` // whose connection it is; left out by DocumentsOf
	Object       string        `db:"object"`
	Status       int           `db:"status"`
	Note         string        `db:"note"`
	Body         string        `db:"body"`   // masked; left out in lists
	Answer       string        `db:"answer"` // masked; left out in lists
	At           database.Time `db:"at"`
}

// DocumentsOf lists the messages that led to an object or came of it, oldest first.
func DocumentsOf(ctx context.Context, q database.Querier, merchant, object string) ([]Document, error) {
	var list []Document
	err := q.Select(ctx, &list, selectDocuments, merchant, object)
	return list, err
}

// FindDocument reads one kept message.
func FindDocument(ctx context.Context, q database.Querier, merchant, id string) (Document, error) {
	var d Document
	err := q.Get(ctx, &d, selectDocument, merchant, id)
	if database.None(err) {
		return Document{}, fault.New(fault.Unknown, "there is no document with that id")
	}
	return d, err
}

const (
	insertDocument = `
INSERT INTO documents (merchant_id, id, direction, type, payload_id, connection_id, object, status, note, body, answer, month, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	documentColumns = `
SELECT id, direction, type, payload_id, connection_id, object, status, note, body, answer, at FROM documents`
	selectDocuments = documentColumns + ` WHERE merchant_id = ? AND object = ? ORDER BY id`
	selectDocument  = `
SELECT d.id, d.direction, d.type, d.payload_id, d.connection_id, COALESCE(c.organisation_id, '') AS organisation_id, d.object, d.status, d.note,
       d.body, d.answer, d.at
  FROM documents d LEFT JOIN connections c ON c.merchant_id = d.merchant_id AND c.id = d.connection_id
 WHERE d.merchant_id = ? AND d.id = ?`

	countStrangers        = `SELECT count(*) FROM documents WHERE merchant_id = ? AND connection_id = '' AND at > ?`
	sumRefusedAttachments = `
SELECT CAST(COALESCE(SUM(a.size), 0) AS BIGINT) FROM documents d JOIN attachments a ON a.merchant_id = d.merchant_id AND a.document_id = d.id
 WHERE d.merchant_id = ? AND d.connection_id = ? AND d.status >= 400 AND d.at > ?`
)
