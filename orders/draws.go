package orders

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kontorhq/kontor/database"
)

// Draw is what is drawn from a line of a blanket order: goods, in minor units of its currency. Own is
// the part of the order that is asked about.
type Draw struct {
	Line   int64 `db:"line"` // of the blanket order; 0 where a release names none
	Amount int64 `db:"amount_minor"`
	Own    int64 `db:"own_minor"`
}

// DrawnOn lists what live releases draw from a blanket order, by line; own is a release, or empty.
func DrawnOn(ctx context.Context, q database.Querier, merchant, agreement, own string) (draws []Draw, err error) {
	err = q.Select(ctx, &draws, selectDraws, own, merchant, agreement)
	return draws, err
}

// Released is a line of a live release, as its version in force has it.
type Released struct {
	Order string
	Line  Line
}

// ReleasedLines lists the lines of all live releases that draw on a blanket order. Quantities are texts
// in the tables, so who sums them reads them all.
func ReleasedLines(ctx context.Context, q database.Querier, merchant, agreement string) ([]Released, error) {
	var rows []struct {
		Order   string `db:"order_id"`
		Content string `db:"content"`
	}
	if err := q.Select(ctx, &rows, selectReleased, merchant, merchant, agreement); err != nil {
		return nil, err
	}
	list := make([]Released, len(rows))
	for i, r := range rows {
		list[i].Order = r.Order
		if err := json.Unmarshal([]byte(r.Content), &list[i].Line); err != nil {
			return nil, fmt.Errorf("a line of order %s can't be read: %w", r.Order, err)
		}
	}
	return list, nil
}

// SetDraws replaces what an order draws from its blanket order; none gives everything back. The
// caller holds the blanket order's row where it draws more.
func SetDraws(ctx context.Context, tx *database.Tx, o Order, draws []Draw) error {
	if _, err := tx.Exec(ctx, deleteDraws, o.Merchant, o.ID); err != nil {
		return err
	}
	return AddDraws(ctx, tx, o, draws)
}

// AddDraws is SetDraws for an order that is new.
func AddDraws(ctx context.Context, tx *database.Tx, o Order, draws []Draw) error {
	rows := make([][]any, len(draws))
	for i, d := range draws {
		rows[i] = []any{o.Merchant, o.Agreement, o.ID, d.Line, d.Amount}
	}
	return tx.InsertAll(ctx, `draws (merchant_id, agreement_id, order_id, line, amount_minor)`, rows)
}

const (
	selectDraws = `
SELECT line, CAST(sum(amount_minor) AS BIGINT) AS amount_minor,
       CAST(sum(CASE WHEN order_id = ? THEN amount_minor ELSE 0 END) AS BIGINT) AS own_minor
  FROM draws WHERE merchant_id = ? AND agreement_id = ? GROUP BY line ORDER BY line`

	selectReleased = `
SELECT l.order_id, l.content
  FROM orders o JOIN order_lines l ON l.merchant_id = o.merchant_id AND l.order_id = o.id AND l.version = o.in_force
 WHERE o.merchant_id = ? AND o.id IN (SELECT d.order_id FROM draws d WHERE d.merchant_id = ? AND d.agreement_id = ?)
 ORDER BY l.order_id, l.position`

	deleteDraws = `DELETE FROM draws WHERE merchant_id = ? AND order_id = ?`
)
