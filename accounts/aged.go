package accounts

import "github.com/kontorhq/kontor/database"

// OldAudit are entries of the audit.
var OldAudit = database.Aged{
	From: `audit WHERE merchant_id = ? AND id < ? AND at < ?`,
	IDs:  "aud",
	Key:  `id`,
	By:   `id`,
	Rows: []string{`audit (id)`},
}
