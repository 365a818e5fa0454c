package inbox

import "github.com/kontorhq/kontor/database"

// Texts are answers that repeats get.
var Texts = []database.Texts{
	{Table: "inbox", Key: []string{"scope", "key"}, Columns: []string{"answer"}, Owner: "scope"},
}
