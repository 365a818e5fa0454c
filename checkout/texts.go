package checkout

import "github.com/kontorhq/kontor/database"

// Texts are carts, which name whom they shall be shipped to.
var Texts = []database.Texts{
	{Table: "carts", Key: []string{"id"}, Columns: []string{"content"}, Owner: "organisation_id"},
}
