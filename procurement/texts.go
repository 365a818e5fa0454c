package procurement

import "github.com/kontorhq/kontor/database"

// Texts are documents and visits. Attachments are opaque, so nothing can be found in them.
var Texts = []database.Texts{
	{Table: "documents", Key: []string{"id"}, Columns: []string{"body", "answer", "note"}, Owner: "connection_id"},
	{Table: "attachments", Key: []string{"document_id", "position"}, Columns: []string{"name"}, Owner: "document_id"},
	{Table: "sessions", Key: []string{"id"}, Columns: []string{"content", "buyer_cookie", "return_url"}, Owner: "organisation_id"},
}
