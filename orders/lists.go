package orders

import (
	"context"

	"github.com/kontorhq/kontor/database"
)

// What people's pages list beside single orders.

// CountWaiting counts the orders of which something waits for a person.
func CountWaiting(ctx context.Context, q database.Querier, merchant string) (n int64, err error) {
	err = q.Get(ctx, &n, countWaiting, merchant)
	return n, err
}

// WaitingIDs lists the ids of orders of which something waits for a person, the longest first.
func WaitingIDs(ctx context.Context, q database.Querier, merchant string, most int) (ids []string, err error) {
	err = q.Select(ctx, &ids, selectWaiting, merchant, most)
	return ids, err
}

// NumberOf is the buyer's number of an order; empty for an id that is no order's.
func NumberOf(ctx context.Context, q database.Querier, merchant, id string) (number string, err error) {
	err = q.Get(ctx, &number, selectNumber, merchant, id)
	if database.None(err) {
		return "", nil
	}
	return number, err
}

// Step is one version of an order in its history. Total is in minor units of the order's currency.
type Step struct {
	Number int64         `db:"number"`
	State  string        `db:"state"`
	Total  int64         `db:"total_minor"`
	At     database.Time `db:"created_at"`
}

// History lists an order's versions, newest first, without their content.
func History(ctx context.Context, q database.Querier, merchant, order string) (steps []Step, err error) {
	err = q.Select(ctx, &steps, selectHistory, merchant, order)
	return steps, err
}

const (
	// A change that was rejected leaves latest above in_force: only the version's state tells.
	waitingOrders = `
  FROM orders o JOIN order_versions v ON v.merchant_id = o.merchant_id AND v.order_id = o.id AND v.number = o.latest
 WHERE o.merchant_id = ? AND o.state IN ('credit_review', 'approved') AND (o.state = 'credit_review' OR o.latest > o.in_force)
   AND v.state = 'waiting'`
	countWaiting  = `SELECT count(*)` + waitingOrders
	selectWaiting = `SELECT o.id` + waitingOrders + ` ORDER BY o.updated_at, o.id LIMIT ?`

	selectNumber  = `SELECT number FROM orders WHERE merchant_id = ? AND id = ?`
	selectHistory = `
SELECT number, state, total_minor, created_at FROM order_versions WHERE merchant_id = ? AND order_id = ? ORDER BY number DESC`
)
