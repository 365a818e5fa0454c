package database

import (
	"context"
	"strings"
	"time"
)

// Aged is one kind of rows that are deleted when they are old. Domains declare theirs, with the
// texts; the sweep in `cmd` knows how old is old.
type Aged struct {
	// From is a table with the condition by which its rows are older than an instant and not needed
	// any more. Its parameters are the merchant, the lowest id of that instant where IDs is set, and
	// the instant.
	From string
	// IDs is the kind of the rows' ids. They begin with the time, so a bound on them finds the old
	// rows by the primary key and an index by age isn't needed.
	IDs string
	// Key is the rows' key but for the merchant, By the column that brings the oldest first.
	Key, By string
	// Rows are the tables that rows are deleted from, in this order, with the columns that hold the
	// key: "attachments (document_id)". The last one is the kind itself.
	Rows []string
}

func (a Aged) args(merchant string, before time.Time) []any {
	if a.IDs == "" {
		return []any{merchant, At(before)}
	}
	return []any{merchant, FirstID(a.IDs, before), At(before)}
}

// oldest selects the column By of so many rows.
func (a Aged) oldest() string {
	return `SELECT ` + a.By + ` AS place FROM ` + a.From + ` ORDER BY ` + a.By + ` LIMIT ?`
}

// Count is how many rows of a merchant are older than an instant and not needed any more; with
// most above 0 it stops there.
func (a Aged) Count(ctx context.Context, q Querier, merchant string, before time.Time, most int) (count int64, err error) {
	text, args := `SELECT count(*) FROM `+a.From, a.args(merchant, before)
	if most > 0 {
		text, args = `SELECT count(*) FROM (`+a.oldest()+`) AS old`, append(args, most)
	}
	err = q.Get(ctx, &count, text, args...)
	return count, err
}

// Delete deletes the oldest of them, about so many, in one transaction, and tells how many. It
// opens none when there is nothing to do. Whoever deletes the same rows at the same time does no
// harm.
func (a Aged) Delete(ctx context.Context, db *DB, merchant string, before time.Time, most int) (deleted int64, err error) {
	args := a.args(merchant, before)
	// Up to where is settled once: each statement of the transaction must mean the same rows, while
	// somebody else may be deleting them.
	var last any
	err = db.Get(ctx, &last, `SELECT place FROM (`+a.oldest()+`) AS old ORDER BY place DESC LIMIT 1`, append(args, most)...)
	switch {
	case None(err):
		return 0, nil
	case err != nil:
		return 0, err
	}
	switch place := last.(type) {
	case time.Time:
		last = At(place)
	case []byte:
		last = string(place)
	}
	args = append(append([]any{merchant}, args...), last)
	err = db.InTx(ctx, func(tx *Tx) error {
		for _, rows := range a.Rows {
			table, columns, _ := strings.Cut(rows, " ")
			if deleted, err = tx.Exec(ctx, `DELETE FROM `+table+` WHERE merchant_id = ? AND `+columns+
				` IN (SELECT `+a.Key+` FROM `+a.From+` AND `+a.By+` <= ?)`, args...); err != nil {
				return err
			}
		}
		return nil
	})
	return deleted, err
}
