package credit

import (
	"context"

	"github.com/kontorhq/kontor/database"
)

// What people's pages list beside single lines.

// LineIDs lists the ids of a merchant's lines in the order they were opened, after the given one.
func LineIDs(ctx context.Context, q database.Querier, merchant, after string, most int) (ids []string, err error) {
	err = q.Select(ctx, &ids, selectLineIDs, merchant, after, most)
	return ids, err
}

// TightLines lists the ids of lines of which more than four fifths are taken up, the least left
// first.
func TightLines(ctx context.Context, q database.Querier, merchant string, most int) (ids []string, err error) {
	err = q.Select(ctx, &ids, selectTightLines, merchant, false, most)
	return ids, err
}

// HeldBy is what a reference holds on its line, in minor units of the line's currency; nothing
// for one that never held.
func HeldBy(ctx context.Context, q database.Querier, merchant, reference string) (held int64, err error) {
	err = q.Get(ctx, &held, selectHeld, merchant, reference)
	if database.None(err) {
		return 0, nil
	}
	return held, err
}

const (
	selectLineIDs = `SELECT id FROM credit_lines WHERE merchant_id = ? AND id > ? ORDER BY id LIMIT ?`

	exposure         = `(tree_holds + tree_receivables + tree_offline - tree_credits)`
	selectTightLines = `
SELECT id FROM credit_lines
 WHERE merchant_id = ? AND disabled = ? AND ` + exposure + ` > limit_minor - limit_minor / 5
 ORDER BY limit_minor - ` + exposure + `, id LIMIT ?`

	selectHeld = `SELECT amount_minor FROM holds WHERE merchant_id = ? AND reference = ?`
)
