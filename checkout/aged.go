package checkout

import "github.com/kontorhq/kontor/database"

// OldCarts are carts that nobody has touched, sent home or not; what remembers their edits goes with
// them. Whoever sets the age keeps it above the time for which a cart that was sent home keeps its prices.
var OldCarts = database.Aged{
	From: `carts WHERE merchant_id = ? AND id < ? AND updated_at < ?`,
	IDs:  "crt",
	Key:  `id`,
	By:   `id`,
	Rows: []string{`carts (id)`},
}
