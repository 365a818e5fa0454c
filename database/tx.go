package database

import (
	"context"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
)

// Tx is a transaction that a use case joins and never ends.
type Tx struct {
	tx         *sqlx.Tx
	db         *DB
	unprepared []string
	after      []func()
	queue      []queued
}

// queued is a statement that waits for company.
type queued struct {
	text string
	args []any
}

// AfterCommit calls fn once the transaction is durable, to wake a worker or to close a session
// kept in memory. It is not called when the transaction is undone.
func (t *Tx) AfterCommit(fn func()) { t.after = append(t.after, fn) }

// Lite tells whether the engine is SQLite, for the two places where the engines differ.
func (t *Tx) Lite() bool { return t.db.lite }

// statement finds the prepared statement. A text that is met for the first time runs unprepared
// and is prepared after the commit: preparing takes a connection, and SQLite's only one is here.
func (t *Tx) statement(query string) *sqlx.Stmt {
	s := t.db.writer.prepared(query)
	if s == nil {
		t.unprepared = append(t.unprepared, query)
		return nil
	}
	return s
}

// Queue is Exec for an INSERT or UPDATE of which nobody needs the number of rows. What is queued
// runs, in any order, before the next statement that isn't, at the latest before the commit; errors
// come then. On PostgreSQL it takes one round trip together, on SQLite it runs at once.
//
// Statements that are queued side by side don't see each other's rows, so none may change what
// another one writes. They may refer to it by foreign keys, which are checked at the end of all.
func (t *Tx) Queue(ctx context.Context, query string, args ...any) error {
	if t.db.lite {
		_, err := t.Exec(ctx, query, args...)
		return err
	}
	t.queue = append(t.queue, queued{query, args})
	return nil
}

// ExecQueued runs one more such statement together with all that are queued, now, and tells how
// many rows this one changed.
func (t *Tx) ExecQueued(ctx context.Context, query string, args ...any) (int64, error) {
	if len(t.queue) == 0 {
		return t.Exec(ctx, query, args...)
	}
	waiting := t.queue
	t.queue = nil
	var text strings.Builder
	var all []any
	for i, q := range waiting {
		text.WriteString([]string{"WITH", ","}[min(i, 1)] + " queued_" + strconv.Itoa(i+1) + " AS (" + q.text + ")")
		all = append(all, q.args...)
	}
	text.WriteString(" " + query)
	return t.Exec(ctx, text.String(), append(all, args...)...)
}

// flush runs what is queued.
func (t *Tx) flush(ctx context.Context) error {
	if len(t.queue) == 0 {
		return nil
	}
	last := t.queue[len(t.queue)-1]
	t.queue = t.queue[:len(t.queue)-1]
	_, err := t.ExecQueued(ctx, last.text, last.args...)
	return err
}

// Exec runs one statement and tells how many rows it changed.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := t.flush(ctx); err != nil {
		return 0, err
	}
	t.db.tell(query, args...)
	var result interface{ RowsAffected() (int64, error) }
	var err error
	if s := t.statement(query); s != nil {
		result, err = t.tx.StmtxContext(ctx, s).ExecContext(ctx, args...)
	} else {
		result, err = t.tx.ExecContext(ctx, t.tx.Rebind(query), args...)
	}
	if err != nil {
		return 0, classify(ctx, err)
	}
	return result.RowsAffected()
}

// Get reads one row; sql.ErrNoRows when there is none.
func (t *Tx) Get(ctx context.Context, dest any, query string, args ...any) error {
	if err := t.flush(ctx); err != nil {
		return err
	}
	t.db.tell(query, args...)
	if s := t.statement(query); s != nil {
		return classify(ctx, t.tx.StmtxContext(ctx, s).GetContext(ctx, dest, args...))
	}
	return classify(ctx, t.tx.GetContext(ctx, dest, t.tx.Rebind(query), args...))
}

// Select reads all rows.
func (t *Tx) Select(ctx context.Context, dest any, query string, args ...any) error {
	if err := t.flush(ctx); err != nil {
		return err
	}
	t.db.tell(query, args...)
	if s := t.statement(query); s != nil {
		return classify(ctx, t.tx.StmtxContext(ctx, s).SelectContext(ctx, dest, args...))
	}
	return classify(ctx, t.tx.SelectContext(ctx, dest, t.tx.Rebind(query), args...))
}

// ForUpdate locks what the query reads until the transaction ends. SQLite has locked the whole
// file already, and doesn't know the words.
func (t *Tx) ForUpdate(query string) string {
	if t.db.lite {
		return query
	}
	return query + " FOR UPDATE"
}

// SkipLocked is ForUpdate that passes over rows somebody else holds: for claims.
func (t *Tx) SkipLocked(query string) string {
	if t.db.lite {
		return query
	}
	return query + " FOR UPDATE SKIP LOCKED"
}

// InsertAll inserts rows by as few statements as possible: `into` is "table (a, b, c)". Up to
// eight go at once; of more the chunks are powers of two, so that few different texts have to be
// prepared.
func (t *Tx) InsertAll(ctx context.Context, into string, rows [][]any) error {
	return t.UpsertAll(ctx, into, "", rows)
}

// UpsertAll is InsertAll for rows that may be there already: conflict is "ON CONFLICT …". No two of
// the rows may conflict with each other.
func (t *Tx) UpsertAll(ctx context.Context, into, conflict string, rows [][]any) error {
	for size := 128; len(rows) > 0; {
		if size > len(rows) {
			if size /= 2; size < 8 {
				size = len(rows)
			}
			continue
		}
		args := make([]any, 0, size*len(rows[0]))
		for _, row := range rows[:size] {
			args = append(args, row...)
		}
		text := insertText(into, size, len(rows[0]))
		if conflict != "" {
			text += " " + conflict
		}
		rows = rows[size:]
		if len(rows) == 0 && size <= 8 {
			return t.Queue(ctx, text, args...)
		}
		if _, err := t.Exec(ctx, text, args...); err != nil {
			return err
		}
	}
	return nil
}

func insertText(into string, rows, columns int) string {
	row := "(" + strings.Repeat("?, ", columns-1) + "?)"
	return "INSERT INTO " + into + " VALUES " + strings.Repeat(row+", ", rows-1) + row
}
