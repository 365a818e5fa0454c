package outbox

import "github.com/kontorhq/kontor/database"

// Texts are what happened and what others were told of it. A message on its way is sent as it was
// made.
var Texts = []database.Texts{
	{Table: "events", Key: []string{"object", "seq"}, Columns: []string{"payload"}, Owner: "object"},
	{Table: "deliveries", Key: []string{"object", "destination", "seq"}, Columns: []string{"message", "note"}, Owner: "object",
		Settled: `state NOT IN ('ready', 'running')`},
}
