package notices

import "github.com/kontorhq/kontor/database"

// What is deleted by age. A mail on its way and a task that is open are needed still.
var (
	OldMails = database.Aged{
		From: `mails WHERE merchant_id = ? AND id < ? AND created_at < ? AND state <> 'sending'`,
		IDs:  "mai",
		Key:  `id`,
		By:   `id`,
		Rows: []string{`mails (id)`},
	}
	OldTasks = database.Aged{
		From: `tasks WHERE merchant_id = ? AND id < ? AND created_at < ? AND state <> 'open'`,
		IDs:  "tsk",
		Key:  `id`,
		By:   `id`,
		Rows: []string{`tasks (id)`},
	}
)
