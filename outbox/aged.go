package outbox

import "github.com/kontorhq/kontor/database"

// Told are events that nobody has to be told of any more, with their deliveries.
var Told = database.Aged{
	From: `events e WHERE e.merchant_id = ? AND e.at < ?
   AND NOT EXISTS (SELECT 1 FROM deliveries d
                    WHERE d.merchant_id = e.merchant_id AND d.object = e.object AND d.seq = e.seq AND d.state IN ('ready', 'running'))`,
	Key:  `e.object, e.seq`,
	By:   `e.at`,
	Rows: []string{`deliveries (object, seq)`, `events (object, seq)`},
}
