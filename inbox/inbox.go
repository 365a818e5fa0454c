// Package inbox takes each outside request once. It stands where a request has been read and
// authenticated and its use case begins: cXML documents, API writes, provider events and
// commands all pass through Once, which owns the transaction that the use case joins.
package inbox

import (
	"bytes"
	"context"
	"time"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
)

// Key names a request: whose it is (merchant), who asked (scope, such as "cxml:<connection>" or
// "api:<key>"), what they called it, and a hash of what they asked.
type Key struct {
	Merchant string
	Scope    string
	Name     string
	Hash     []byte
}

// Answer is what was sent back, and is sent back again to a repeat.
type Answer struct {
	Status    int    `db:"status"`
	MediaType string `db:"media_type"`
	Body      []byte `db:"answer"`
	// Correctable: what was done stays, but the key is forgotten, so that the sender may send a
	// corrected request under it.
	Correctable bool `db:"-"`
}

// Once runs use in one transaction with the memory of the request: what it did and what it
// answered are there together or not at all. A repeat gets the stored answer (replayed is true);
// one that arrives while the first is under way waits for it. The same key with another hash is
// a fault.Mismatch.
//
// When use fails, everything is undone, the key included: the sender may correct the request
// and use the key again. The same goes for an answer that is Correctable. use may run more than
// once and must have no effect but on the Tx.
func Once(ctx context.Context, db *database.DB, key Key, now time.Time, use func(*database.Tx) (Answer, error)) (answer Answer, replayed bool, err error) {
	err = db.InTx(ctx, func(tx *database.Tx) error {
		answer, replayed = Answer{}, false
		inserted, err := tx.Exec(ctx, insertKey, key.Merchant, key.Scope, key.Name, key.Hash, database.At(now))
		if err != nil {
			return err
		}
		if inserted == 0 {
			replayed = true
			answer, err = stored(ctx, tx, key)
			return err
		}
		if answer, err = use(tx); err != nil {
			return err
		}
		if answer.Correctable {
			_, err = tx.Exec(ctx, deleteKey, key.Merchant, key.Scope, key.Name)
			return err
		}
		return tx.Queue(ctx, storeAnswer, answer.Status, answer.MediaType, answer.Body, key.Merchant, key.Scope, key.Name)
	})
	return answer, replayed, err
}

func stored(ctx context.Context, q database.Querier, key Key) (Answer, error) {
	var row struct {
		Answer
		Hash []byte `db:"hash"`
	}
	if err := q.Get(ctx, &row, selectAnswer, key.Merchant, key.Scope, key.Name); err != nil {
		return Answer{}, err
	}
	if !bytes.Equal(row.Hash, key.Hash) {
		return Answer{}, fault.New(fault.Mismatch, "the same key was used before for a request with another body")
	}
	return row.Answer, nil
}

// Requests are remembered keys and their answers, those of the API apart: they are forgotten earlier.
var (
	Requests = aged(`<>`)
	Answers  = aged(`=`)
)

// aged names the same condition as the partial indexes do.
func aged(api string) database.Aged {
	return database.Aged{
		From: `inbox WHERE merchant_id = ? AND created_at < ? AND substr(scope, 1, 4) ` + api + ` 'api:'`,
		Key:  `scope, key`,
		By:   `created_at`,
		Rows: []string{`inbox (scope, key)`},
	}
}

const (
	insertKey = `
INSERT INTO inbox (merchant_id, scope, key, hash, created_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (merchant_id, scope, key) DO NOTHING`

	storeAnswer = `
UPDATE inbox SET status = ?, media_type = ?, answer = ? WHERE merchant_id = ? AND scope = ? AND key = ?`

	selectAnswer = `
SELECT hash, status, media_type, answer FROM inbox WHERE merchant_id = ? AND scope = ? AND key = ?`

	deleteKey = `DELETE FROM inbox WHERE merchant_id = ? AND scope = ? AND key = ?`
)
