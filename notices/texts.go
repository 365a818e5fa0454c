package notices

import "github.com/kontorhq/kontor/database"

// Texts are mails and tasks about orders.
var Texts = []database.Texts{
	{Table: "mails", Key: []string{"id"}, Columns: []string{"subject", "body", "note"}, Owner: "object"},
	{Table: "tasks", Key: []string{"id"}, Columns: []string{"why", "reason"}, Owner: "organisation_id"},
}
