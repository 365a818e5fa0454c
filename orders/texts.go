package orders

import "github.com/kontorhq/kontor/database"

// Texts are contacts, addresses and comments of orders. Figures are none.
var Texts = []database.Texts{
	{Table: "orders", Key: []string{"id"}, Columns: []string{"decision"}, Owner: "organisation_id"},
	{Table: "order_versions", Key: []string{"order_id", "number"}, Columns: []string{"header", "flags"}, Owner: "order_id"},
	{Table: "order_lines", Key: []string{"order_id", "version", "position"}, Columns: []string{"content"}, Owner: "order_id"},
}
