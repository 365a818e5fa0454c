package credit

import (
	"context"

	"github.com/kontorhq/kontor/database"
)

// Hold is what occupies a part of a line: an order that is approved and not invoiced yet, or what
// was owed when the line was opened.
type Hold struct {
	Reference        string        `db:"reference"` // id of the order, or one that begins with "opening"
	Line             string        `db:"line_id"`
	OrganisationName string        `db:"organisation_name"`
	Amount           int64         `db:"amount_minor"` // in minor units of the line's currency
	Since            database.Time `db:"created_at"`
}

// HoldsOf lists the holds on a line and the lines below it, the newest orders first.
func HoldsOf(ctx context.Context, q database.Querier, line Line, limit int) ([]Hold, error) {
	var holds []Hold
	err := q.Select(ctx, &holds, selectHolds, line.Merchant, line.ID, limit)
	return holds, err
}

// References of orders sort after those of openings.
const selectHolds = `
SELECT h.reference, h.line_id, o.name AS organisation_name, h.amount_minor, h.created_at
  FROM credit_chains c
  JOIN holds h ON h.merchant_id = c.merchant_id AND h.line_id = c.line_id
  JOIN credit_lines l ON l.merchant_id = h.merchant_id AND l.id = h.line_id
  JOIN organisations o ON o.merchant_id = l.merchant_id AND o.id = l.organisation_id
 WHERE c.merchant_id = ? AND c.ancestor_id = ? AND h.state = 'active' AND h.amount_minor > 0
 ORDER BY h.reference DESC LIMIT ?`
