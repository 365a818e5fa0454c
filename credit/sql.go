package credit

import (
	"context"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
)

// row is a line as it is stored.
type row struct {
	Line
	OwnHolds        int64 `db:"own_holds"`
	OwnReceivables  int64 `db:"own_receivables"`
	OwnOffline      int64 `db:"own_offline"`
	OwnCredits      int64 `db:"own_credits"`
	TreeHolds       int64 `db:"tree_holds"`
	TreeReceivables int64 `db:"tree_receivables"`
	TreeOffline     int64 `db:"tree_offline"`
	TreeCredits     int64 `db:"tree_credits"`
}

func (r row) line() Line {
	l := r.Line
	l.Own = Position{r.OwnHolds, r.OwnReceivables, r.OwnOffline, r.OwnCredits}
	l.Tree = Position{r.TreeHolds, r.TreeReceivables, r.TreeOffline, r.TreeCredits}
	return l
}

// lockChain reads and locks the organisation's line in the currency and its ancestors' lines,
// root first: one statement, in the order that everybody locks in.
func lockChain(ctx context.Context, tx *database.Tx, organisation accounts.Organisation, currency string) ([]Line, error) {
	query := selectChain
	if !tx.Lite() {
		query += " FOR UPDATE OF l"
	}
	chain, err := readChain(ctx, tx, query, organisation.Merchant, organisation.ID, currency)
	if err == nil && len(chain) == 0 {
		return nil, noLine(ctx, tx, organisation, currency)
	}
	return chain, err
}

// noLine tells an organisation without credit from one that has it in other currencies only (credit
// and terms section 2).
func noLine(ctx context.Context, tx *database.Tx, organisation accounts.Organisation, currency string) error {
	var others int
	if err := tx.Get(ctx, &others, countLines, organisation.Merchant, organisation.ID); err != nil {
		return err
	}
	reason := "no_credit_line"
	if others > 0 {
		reason = "no_line_in_currency"
	}
	return fault.New(fault.PaymentRequired, organisation.Name+" has no credit line in "+currency+
		", so it can't buy on account (reason "+reason+")")
}

func readChain(ctx context.Context, q database.Querier, query, merchant, organisation, currency string) ([]Line, error) {
	var rows []row
	if err := q.Select(ctx, &rows, query, merchant, organisation, currency); err != nil {
		return nil, err
	}
	chain := make([]Line, len(rows))
	for i, r := range rows {
		chain[i] = r.line()
	}
	return chain, nil
}

// heldBy tells what the reference holds on the line. What it holds on another line, of another
// currency or organisation, can't be reckoned against this one.
func heldBy(ctx context.Context, tx *database.Tx, own Line, reference string) (held int64, known bool, err error) {
	var hold struct {
		Line   string `db:"line_id"`
		Amount int64  `db:"amount_minor"`
	}
	err = tx.Get(ctx, &hold, selectHold, own.Merchant, reference)
	switch {
	case database.None(err):
		return 0, false, nil
	case err != nil:
		return 0, false, err
	case hold.Line != own.ID:
		return 0, false, fault.New(fault.Conflict, "the credit is held on another line than that of "+own.OrganisationName+" in "+own.Currency)
	}
	return hold.Amount, true, nil
}

// movement is what one entry records.
type movement struct {
	part, kind                string
	amount                    int64
	reference, reason, person string
	at                        time.Time
}

// move writes a movement of holds to the own line, which is the last of the locked chain, to its
// ancestors' trees, and as an entry of the own line.
func move(ctx context.Context, tx *database.Tx, chain []Line, m movement) error {
	own := chain[len(chain)-1]
	moved, err := tx.Exec(ctx, moveHolds, m.amount, own.ID, m.amount, own.ID, database.At(m.at), own.Merchant, own.Merchant, own.ID)
	if err != nil {
		return err
	}
	if moved != int64(len(chain)) {
		// A line above was opened while this transaction waited for the lock: PostgreSQL gives the
		// rows' newest state then, but not rows that are new. Nobody asked that line yet.
		return database.ErrAgain
	}
	return writeEntry(ctx, tx, own, own.Entries+1, own.Own.Holds+m.amount, m)
}

func writeEntry(ctx context.Context, tx *database.Tx, own Line, seq, balance int64, m movement) error {
	return tx.Queue(ctx, insertEntry, own.Merchant, own.ID, seq, m.part, m.kind, m.amount, balance,
		m.reference, m.reason, m.person, database.At(m.at))
}

const (
	columns = `
SELECT l.id, l.merchant_id, l.organisation_id, o.name AS organisation_name, o.external_id AS organisation_ref,
       l.currency, l.depth, l.limit_minor,
       l.own_holds, l.own_receivables, l.own_offline, l.own_credits,
       l.tree_holds, l.tree_receivables, l.tree_offline, l.tree_credits, l.entries, l.disabled, l.version,
       l.applied_minor, l.applied_on, l.applied_wants`

	// The own line comes last: it is the deepest.
	selectChain = columns + `
  FROM credit_lines own
  JOIN credit_chains c ON c.merchant_id = own.merchant_id AND c.line_id = own.id
  JOIN credit_lines l ON l.merchant_id = c.merchant_id AND l.id = c.ancestor_id
  JOIN organisations o ON o.merchant_id = l.merchant_id AND o.id = l.organisation_id
 WHERE own.merchant_id = ? AND own.organisation_id = ? AND own.currency = ?
 ORDER BY l.depth`

	countLines = `SELECT count(*) FROM credit_lines WHERE merchant_id = ? AND organisation_id = ?`

	selectHold = `SELECT line_id, amount_minor FROM holds WHERE merchant_id = ? AND reference = ?`

	insertHold = `
INSERT INTO holds (merchant_id, reference, line_id, amount_minor, state, created_at, updated_at) VALUES (?, ?, ?, ?, 'active', ?, ?)`

	updateHold = `
UPDATE holds SET amount_minor = ?, state = ?, version = version + 1, updated_at = ? WHERE merchant_id = ? AND reference = ?`

	// PostgreSQL would take an amount beside a literal 0 for 32 bits: hence the cast.
	moveHolds = `
UPDATE credit_lines
   SET tree_holds = tree_holds + ?,
       own_holds = own_holds + CASE WHEN id = ? THEN CAST(? AS BIGINT) ELSE 0 END,
       entries = entries + CASE WHEN id = ? THEN 1 ELSE 0 END,
       version = version + 1, updated_at = ?
 WHERE merchant_id = ?
   AND id IN (SELECT ancestor_id FROM credit_chains WHERE merchant_id = ? AND line_id = ?)`

	// One row and one condition: whoever comes second waits for the row and sees the new sums.
	holdAtRoot = `
UPDATE credit_lines
   SET tree_holds = tree_holds + ?, own_holds = own_holds + ?, entries = entries + 1, version = version + 1, updated_at = ?
 WHERE merchant_id = ? AND organisation_id = ? AND currency = ? AND depth = 0 AND NOT disabled AND applied_minor = 0
   AND limit_minor - (tree_holds + tree_receivables + tree_offline - tree_credits) >= ?
RETURNING id, merchant_id, organisation_id, currency, depth, limit_minor, own_holds, own_receivables, own_offline, own_credits,
          tree_holds, tree_receivables, tree_offline, tree_credits, entries, disabled, version`

	insertEntry = `
INSERT INTO credit_entries (merchant_id, line_id, seq, part, kind, amount_minor, balance_minor, reference, reason, actor, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)
