package console

import (
	"context"

	"github.com/kontorhq/kontor/database"
)

// What the pages read that no domain lists yet; they change nothing. Each belongs to the domain
// that owns the table as soon as a second caller asks for it.

type staffKey struct {
	ID         string `db:"id"`
	ExternalID string `db:"external_id"`
}

// findKey reads a key that is live; sql.ErrNoRows otherwise.
func findKey(ctx context.Context, q database.Querier, merchant, id string) (k staffKey, err error) {
	err = q.Get(ctx, &k, selectKey, merchant, id, false)
	return k, err
}

func firstKey(ctx context.Context, q database.Querier, merchant string) (k staffKey, err error) {
	err = q.Get(ctx, &k, selectFirstKey, merchant, false)
	return k, err
}

func countWaiting(ctx context.Context, q database.Querier, merchant string) (n int64, err error) {
	err = q.Get(ctx, &n, countWaitingOrders, merchant)
	return n, err
}

// waitingOrders lists orders of which something waits for a person, the longest first.
func waitingOrders(ctx context.Context, q database.Querier, merchant string, most int) (ids []string, err error) {
	err = q.Select(ctx, &ids, selectWaitingOrders, merchant, most)
	return ids, err
}

// lineIDs lists credit lines as they were opened.
func lineIDs(ctx context.Context, q database.Querier, merchant, after string, most int) (ids []string, err error) {
	err = q.Select(ctx, &ids, selectLineIDs, merchant, after, most)
	return ids, err
}

// tightLines lists the lines of which four fifths or more are taken up, the least left first.
func tightLines(ctx context.Context, q database.Querier, merchant string, most int) (ids []string, err error) {
	err = q.Select(ctx, &ids, selectTightLines, merchant, false, most)
	return ids, err
}

// heldBy is what a reference holds on its credit line; nothing for one that never held.
func heldBy(ctx context.Context, q database.Querier, merchant, reference string) (held int64, err error) {
	err = q.Get(ctx, &held, selectHeld, merchant, reference)
	if database.None(err) {
		return 0, nil
	}
	return held, err
}

func orderNumber(ctx context.Context, q database.Querier, merchant, id string) (number string, err error) {
	err = q.Get(ctx, &number, selectOrderNumber, merchant, id)
	if database.None(err) {
		return "", nil
	}
	return number, err
}

type versionRow struct {
	Number int64         `db:"number"`
	State  string        `db:"state"`
	Total  int64         `db:"total_minor"`
	At     database.Time `db:"created_at"`
}

func versionsOf(ctx context.Context, q database.Querier, merchant, order string) (list []versionRow, err error) {
	err = q.Select(ctx, &list, selectVersions, merchant, order)
	return list, err
}

const (
	selectKey      = `SELECT id, external_id FROM api_keys WHERE merchant_id = ? AND id = ? AND disabled = ?`
	selectFirstKey = `SELECT id, external_id FROM api_keys WHERE merchant_id = ? AND disabled = ? ORDER BY id LIMIT 1`

	// A change that was rejected leaves latest above in_force: only the version's state tells.
	waiting = `
  FROM orders o JOIN order_versions v ON v.merchant_id = o.merchant_id AND v.order_id = o.id AND v.number = o.latest
 WHERE o.merchant_id = ? AND o.state IN ('credit_review', 'approved') AND (o.state = 'credit_review' OR o.latest > o.in_force)
   AND v.state = 'waiting'`
	countWaitingOrders  = `SELECT count(*)` + waiting
	selectWaitingOrders = `SELECT o.id` + waiting + ` ORDER BY o.updated_at, o.id LIMIT ?`

	selectLineIDs = `SELECT id FROM credit_lines WHERE merchant_id = ? AND id > ? ORDER BY id LIMIT ?`

	exposure         = `(tree_holds + tree_receivables + tree_offline - tree_credits)`
	selectTightLines = `
SELECT id FROM credit_lines
 WHERE merchant_id = ? AND disabled = ? AND ` + exposure + ` > limit_minor - limit_minor / 5
 ORDER BY limit_minor - ` + exposure + `, id LIMIT ?`

	selectHeld        = `SELECT amount_minor FROM holds WHERE merchant_id = ? AND reference = ?`
	selectOrderNumber = `SELECT number FROM orders WHERE merchant_id = ? AND id = ?`
	selectVersions    = `
SELECT number, state, total_minor, created_at FROM order_versions WHERE merchant_id = ? AND order_id = ? ORDER BY number DESC`
)
