package credit

import "github.com/kontorhq/kontor/database"

// Texts are the reasons that people gave.
var Texts = []database.Texts{
	{Table: "credit_entries", Key: []string{"line_id", "seq"}, Columns: []string{"reason"}, Owner: "reference"},
}
