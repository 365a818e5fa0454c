package checkout

import "github.com/kontorhq/kontor/database"

// OldCarts are carts that nobody has touched, sent home or not; their quotes and what remembers their
// edits go with them. A quote that is waited for keeps its cart, and one that was given counts from then. Whoever sets the age keeps it above the time for which a cart that was sent home keeps its prices.
var OldCarts = database.Aged{
	From: `carts WHERE merchant_id = ? AND id < ?
   AND COALESCE((SELECT q.updated_at FROM quotes q WHERE q.merchant_id = carts.merchant_id AND q.cart_id = carts.id), updated_at) < ?
   AND NOT EXISTS (SELECT 1 FROM quotes q WHERE q.merchant_id = carts.merchant_id AND q.cart_id = carts.id AND q.state = 'pending')`,
	IDs:  "crt",
	Key:  `id`,
	By:   `id`,
	Rows: []string{`carts (id)`},
}
