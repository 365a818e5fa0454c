package orders

import (
	"context"

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

	deleteDraws = `DELETE FROM draws WHERE merchant_id = ? AND order_id = ?`
)
