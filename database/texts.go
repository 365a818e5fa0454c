package database

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/kontorhq/kontor/fault"
)

// Texts are the columns of one table in which somebody may be named. Domains declare theirs;
// accounts looks for a person in them.
type Texts struct {
	Table   string
	Key     []string // the primary key but for the merchant
	Columns []string
	// Owner is the column that tells what a row belongs to: an organisation, a connection, an order.
	Owner string
	// Settled is a condition for rows that may be changed; empty is all.
	Settled string
}

// Row is one row of Texts.
type Row struct {
	Key    []any
	Owner  string
	Values []string // of Columns; NULL is empty
	binary []bool   // which of them are bytes and no text
}

// atOnce is how many rows are read together: documents may be large.
const atOnce = 25

// Each gives every row of a merchant, in the key's order.
func (t Texts) Each(ctx context.Context, db *DB, merchant string, use func(Row) error) error {
	order := strings.Join(t.Key, ", ")
	for after := []any(nil); ; {
		text, args := t.selects(), []any{merchant}
		if after != nil {
			text += ` AND (` + order + `) > (` + marks(len(t.Key)) + `)`
			args = append(args, after...)
		}
		rows, err := t.scan(db.reader.db.QueryxContext(ctx, db.reader.db.Rebind(text+fmt.Sprintf(` ORDER BY %s LIMIT %d`, order, atOnce)), args...))
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := use(row); err != nil {
				return err
			}
		}
		if len(rows) < atOnce {
			return nil
		}
		after = rows[len(rows)-1].Key
	}
}

// Change gives one row as it is now, locked, and writes what comes back; changed is false where
// the row is gone or not settled, or nothing came back that differs.
func (t Texts) Change(ctx context.Context, tx *Tx, merchant string, key []any, use func(Row) []string) (changed bool, err error) {
	where := ` AND (` + strings.Join(t.Key, ", ") + `) = (` + marks(len(t.Key)) + `)`
	if t.Settled != "" {
		where += ` AND ` + t.Settled
	}
	if err := tx.flush(ctx); err != nil {
		return false, err
	}
	rows, err := t.scan(tx.tx.QueryxContext(ctx, tx.tx.Rebind(tx.ForUpdate(t.selects()+where)), append([]any{merchant}, key...)...))
	if err != nil || len(rows) == 0 {
		return false, err
	}
	var set []string
	var args []any
	for i, value := range use(rows[0]) {
		if value != rows[0].Values[i] {
			set, args = append(set, t.Columns[i]+` = ?`), append(args, rows[0].bound(i, value))
		}
	}
	if len(set) == 0 {
		return false, nil
	}
	args = append(append(args, merchant), key...)
	n, err := tx.Exec(ctx, `UPDATE `+t.Table+` SET `+strings.Join(set, ", ")+` WHERE merchant_id = ?`+where, args...)
	return n == 1, err
}

func (t Texts) selects() string {
	return `SELECT ` + strings.Join(t.Key, ", ") + `, ` + t.Owner + `, ` + strings.Join(t.Columns, ", ") + ` FROM ` + t.Table + ` WHERE merchant_id = ?`
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

func (t Texts) scan(rows *sqlx.Rows, err error) (list []Row, _ error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		values, err := rows.SliceScan()
		if err != nil {
			return nil, err
		}
		n := len(t.Key)
		row := Row{Key: values[:n:n], Owner: textOf(values[n])}
		for _, value := range values[n+1:] {
			_, binary := value.([]byte)
			row.Values, row.binary = append(row.Values, textOf(value)), append(row.binary, binary)
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

func textOf(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

func (r Row) bound(i int, value string) any {
	if r.binary[i] {
		return []byte(value)
	}
	return value
}

// Scrub takes what was replaced out of SQLite's files too: the log is emptied, and with vacuum the
// file is written anew, without the free space in which old rows lie. Nobody writes meanwhile. On
// PostgreSQL it does nothing: its own vacuum does that.
func (db *DB) Scrub(ctx context.Context, vacuum bool) error {
	if !db.lite {
		return nil
	}
	if vacuum {
		if _, err := db.writer.db.ExecContext(ctx, `VACUUM`); err != nil {
			return classify(ctx, err)
		}
	}
	var done struct {
		Busy int `db:"busy"`
		Log  int `db:"log"`
		Done int `db:"checkpointed"`
	}
	if err := db.writer.db.GetContext(ctx, &done, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return classify(ctx, err)
	}
	if done.Busy != 0 {
		return fault.New(fault.Unavailable, "everything is replaced, but old text is in the database's log still, because somebody reads: run this again")
	}
	return nil
}
