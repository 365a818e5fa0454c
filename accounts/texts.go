package accounts

import "github.com/kontorhq/kontor/database"

// Texts are what the audit says.
var Texts = []database.Texts{
	{Table: "audit", Key: []string{"id"}, Columns: []string{"actor", "reason", "was", "became"}, Owner: "object"},
}
