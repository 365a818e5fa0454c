package main

import (
	"context"
	"fmt"

	"github.com/kontorhq/kontor/database"
)

// A measurement is worth something only if the work was done, so it is counted in the tables, by
// plain SQL and not by the functions that are measured.

// countedTables are all that a request may add rows to.
var countedTables = []string{"inbox", "documents", "buyers", "sessions", "carts", "orders", "order_versions", "order_lines", "holds",
	"credit_entries", "events", "deliveries"}

// tableCounts is the number of rows by table.
type tableCounts map[string]int64

func (w *world) count(ctx context.Context) (tableCounts, error) {
	counts := tableCounts{}
	for _, table := range countedTables {
		var n int64
		if err := w.system.db.Get(ctx, &n, "SELECT count(*) FROM "+table); err != nil {
			return nil, err
		}
		counts[table] = n
	}
	return counts, nil
}

// grown checks that so many requests added what the one that was recorded added, times as many.
func (w *world) grown(ctx context.Context, before tableCounts, shape shape, requests int) error {
	after, err := w.count(ctx)
	if err != nil {
		return err
	}
	for _, table := range countedTables {
		if got, want := after[table]-before[table], int64(requests)*w.oneAdds[shape.name][table]; got != want {
			return fmt.Errorf("%d requests added %d rows to %s, want %d", requests, got, table, want)
		}
	}
	return nil
}

// verifySums checks that each line's figures are what its holds and entries come to.
func (w *world) verifySums(ctx context.Context) error {
	var wrong int64
	if err := w.system.db.Get(ctx, &wrong, `
SELECT count(*) FROM credit_lines l
 WHERE l.own_holds <> (SELECT COALESCE(SUM(h.amount_minor), 0) FROM holds h
                        WHERE h.merchant_id = l.merchant_id AND h.line_id = l.id AND h.state = 'active')
    OR l.own_holds <> (SELECT COALESCE(SUM(e.amount_minor), 0) FROM credit_entries e
                        WHERE e.merchant_id = l.merchant_id AND e.line_id = l.id AND e.part = 'holds')
    OR l.entries <> (SELECT count(*) FROM credit_entries e WHERE e.merchant_id = l.merchant_id AND e.line_id = l.id)
    OR l.tree_holds <> l.own_holds`); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("the figures of %d credit lines are not what their holds and entries come to", wrong)
	}
	return nil
}

// waiting is how many deliveries the outbox still has to tell.
func (w *world) waiting(ctx context.Context) (int64, error) {
	var n int64
	err := w.system.db.Get(ctx, &n, "SELECT count(*) FROM deliveries WHERE state IN ('ready', 'running')")
	return n, err
}

// tellNobody ends what the bare statements queued, so that the server's next turn doesn't work on
// it.
func (w *world) tellNobody(ctx context.Context) error {
	return w.system.db.InTx(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE deliveries SET state = 'done' WHERE state = 'ready'")
		return err
	})
}
