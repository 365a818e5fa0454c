package procurement

import (
	"context"

	"github.com/kontorhq/kontor/database"
)

// DocumentFilter narrows a list of kept messages; what is empty doesn't.
type DocumentFilter struct {
	Type         string // "OrderRequest"
	Direction    string // in or out
	Organisation string // id of the buyer's organisation
	Outcome      string // TookEffect, Waits or Failed
	PayloadID    string // the whole of it
	Before       string // id of a document: only older ones
	Limit        int
}

// What became of a message, by the class of its answer's status.
const (
	TookEffect = "taken"
	Waits      = "waits"
	Failed     = "failed"
	Carried    = "carried" // a cart on its way home in a browser: nothing answers it
)

// GoesHome reports whether it is a cart that the buyer's browser takes home.
func (d Document) GoesHome() bool {
	return d.Direction == "out" && (d.Type == "PunchOutOrderMessage" || d.Type == "OCI form")
}

// Outcome is TookEffect, Waits, Failed or Carried; any other message without an answer has failed so far.
func (d Document) Outcome() string {
	switch {
	case d.Status == 201 || d.Status == 202:
		return Waits
	case d.Status/100 == 2:
		return TookEffect
	case d.GoesHome():
		return Carried
	}
	return Failed
}

// A list looks at most through so many messages at a time, so that a filter which hardly anything
// passes costs no more than one which everything does.
const (
	mostDocumentsScanned = 2000
	documentsAtOnce      = 200
)

// newestDocument is after every id, in any collation.
const newestDocument = "doc_zzzzzzzzzzzzzzzzzzzzzzzzzz"

// ListDocuments lists kept messages, newest first, without body and answer. next is the Before of
// what follows; it is empty at the end. A list may be short, even empty, and still have a next.
func ListDocuments(ctx context.Context, q database.Querier, merchant string, f DocumentFilter) (list []Document, next string, err error) {
	before := f.Before
	if before == "" {
		before = newestDocument
	}
	if f.PayloadID != "" { // by its index: few have the same
		var found []Document
		err := q.Select(ctx, &found, selectByPayload, merchant, f.PayloadID, before, merchant, f.Limit)
		return f.narrowed(found), "", err
	}
	for scanned := 0; scanned < mostDocumentsScanned; {
		var batch []Document
		if err := q.Select(ctx, &batch, selectNewest, merchant, before, documentsAtOnce); err != nil {
			return nil, "", err
		}
		for _, d := range f.narrowed(batch) {
			if len(list) == f.Limit {
				return list, list[f.Limit-1].ID, nil
			}
			list = append(list, d)
		}
		if len(batch) < documentsAtOnce {
			return list, "", nil
		}
		scanned += len(batch)
		before = batch[len(batch)-1].ID
	}
	return list, before, nil
}

func (f DocumentFilter) narrowed(list []Document) []Document {
	var kept []Document
	for _, d := range list {
		if (f.Type == "" || d.Type == f.Type) && (f.Direction == "" || d.Direction == f.Direction) &&
			(f.Organisation == "" || d.Organisation == f.Organisation) && (f.Outcome == "" || d.Outcome() == f.Outcome) {
			kept = append(kept, d)
		}
	}
	return kept
}

// VisitTimes are when a session's visit to the shop began and when its cart was sent home; zero
// when that has not happened.
func VisitTimes(ctx context.Context, q database.Querier, merchant, session string) (started, returned database.Time, err error) {
	s, err := findSession(ctx, q, selectSession, merchant, session)
	return s.StartedAt, s.ReturnedAt, err
}

const (
	documentHeads = `
SELECT d.id, d.direction, d.type, d.payload_id, d.connection_id, COALESCE(c.organisation_id, '') AS organisation_id, d.object, d.status, d.note, d.at
  FROM documents d LEFT JOIN connections c ON c.merchant_id = d.merchant_id AND c.id = d.connection_id`
	selectNewest = documentHeads + ` WHERE d.merchant_id = ? AND d.id < ? ORDER BY d.id DESC LIMIT ?`

	// A stranger's document has no connection; the index begins with it.
	selectByPayload = documentHeads + `
 WHERE d.merchant_id = ? AND d.payload_id = ? AND d.id < ?
   AND (d.connection_id = '' OR d.connection_id IN (SELECT id FROM connections WHERE merchant_id = ?))
 ORDER BY d.id DESC LIMIT ?`
)
