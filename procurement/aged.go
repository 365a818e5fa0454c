package procurement

import "github.com/kontorhq/kontor/database"

// What is deleted by age, see decision 0021. Attachments go with their documents.
var (
	// OldDocuments are all of them, whatever they led to.
	OldDocuments = database.Aged{
		From: `documents WHERE merchant_id = ? AND id < ? AND at < ?`,
		IDs:  "doc",
		Key:  `id`,
		By:   `id`,
		Rows: documentRows,
	}

	// OldVisits are visits that ended or ran out.
	OldVisits = database.Aged{
		From: `sessions WHERE merchant_id = ? AND id < ? AND expires_at < ?`,
		IDs:  "ses",
		Key:  `id`,
		By:   `id`,
		Rows: []string{`sessions (id)`},
	}

	// OldVisitDocuments are the set-ups and carts of visits. The lowest id that a visit may have
	// begins their range in the index by object.
	OldVisitDocuments = database.Aged{
		From: `documents WHERE merchant_id = ? AND object >= 'ses_00000000000000000000000000' AND object < ? AND at < ?`,
		IDs:  "ses",
		Key:  `id`,
		By:   `object`,
		Rows: documentRows,
	}

	// StrangersDocuments are those of unknown senders.
	StrangersDocuments = database.Aged{
		From: `documents WHERE merchant_id = ? AND connection_id = '' AND at < ?`,
		Key:  `id`,
		By:   `at`,
		Rows: documentRows,
	}

	// OldFailures are counts of wrong secrets whose window is long over.
	OldFailures = database.Aged{
		From: `sender_failures WHERE merchant_id = ? AND window_start < ?`,
		Key:  `sender, client`,
		By:   `sender`,
		Rows: []string{`sender_failures (sender, client)`},
	}
)

var documentRows = []string{`attachments (document_id)`, `documents (id)`}
