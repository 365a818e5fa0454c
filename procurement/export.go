package procurement

import (
	"context"
	"time"

	"github.com/kontorhq/kontor/database"
)

// Exported is a document with all that is kept of it.
type Exported struct {
	Document
	Merchant    string       `db:"merchant_id"`
	Attachments []Attachment `db:"-"`
}

// MonthsDocuments gives a merchant's documents of a month, oldest first, one at a time: bodies and
// attachments may be large.
func MonthsDocuments(ctx context.Context, q database.Querier, merchant string, month time.Time, use func(Exported) error) error {
	// Ids are made moments before the instant that counts; a day is plenty, and the month decides.
	last, end := database.FirstID("doc", month.AddDate(0, 0, -1)), database.FirstID("doc", month.AddDate(0, 1, 1))
	for {
		var ids []string
		if err := q.Select(ctx, &ids, selectMonth, merchant, last, end, month.Format("2006-01")); err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			e, err := exported(ctx, q, merchant, id)
			if database.None(err) {
				continue // deleted meanwhile, by age
			}
			if err != nil {
				return err
			}
			if err := use(e); err != nil {
				return err
			}
		}
		last = ids[len(ids)-1]
	}
}

func exported(ctx context.Context, q database.Querier, merchant, id string) (e Exported, err error) {
	if err = q.Get(ctx, &e, selectExported, merchant, id); err == nil {
		err = q.Select(ctx, &e.Attachments, selectWholeAttachments, merchant, id)
	}
	return e, err
}

const (
	selectMonth = `SELECT id FROM documents WHERE merchant_id = ? AND id > ? AND id < ? AND month = ? ORDER BY id LIMIT 500`

	selectExported = `
SELECT merchant_id, id, direction, type, payload_id, connection_id, object, status, note, body, answer, at
  FROM documents WHERE merchant_id = ? AND id = ?`

	selectWholeAttachments = `
SELECT position, content_id, name, media_type, size, sha256, body FROM attachments WHERE merchant_id = ? AND document_id = ? ORDER BY position`
)
