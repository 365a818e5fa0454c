package credit

import (
	"context"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Opening is a new line: its limit, and what the organisation owes already when Kontor takes
// over, as one hold. With an Application it has no limit yet: Limit is a zero of its currency.
type Opening struct {
	Organisation accounts.Organisation
	Limit        money.Amount
	Holds        money.Amount
	Application  Application
	Actor        string
	At           time.Time
}

// Open makes the line and links it to the lines above and below it. The opening hold is a fact,
// not a decision: it may exceed the limit.
//
// Before it writes, Open locks the main account's row, so that two lines of one tree are opened one
// after the other and see each other, and then every line that it will be linked to, so that the
// sums it starts with miss no order under way.
func Open(ctx context.Context, tx *database.Tx, opening Opening) (Line, error) {
	o, currency, at := opening.Organisation, opening.Limit.Currency, database.At(opening.At)
	if opening.Holds.Currency == "" {
		opening.Holds = money.Zero(currency)
	}
	if err := opening.check(); err != nil {
		return Line{}, err
	}
	depth, err := lockFamily(ctx, tx, o, currency)
	if err != nil {
		return Line{}, err
	}
	id := database.NewID("lin")
	inserted, err := tx.Exec(ctx, insertLine, o.Merchant, id, o.ID, currency, depth, opening.Limit.Minor,
		opening.Application.Applied, opening.Application.On, opening.Application.Wants, at, at)
	if err != nil {
		return Line{}, err
	}
	if inserted == 0 {
		return Line{}, fault.New(fault.Conflict, o.Name+" has a credit line in "+currency+" already")
	}
	for _, link := range []string{linkSelf, linkAncestors, linkDescendants} {
		if _, err := tx.Exec(ctx, link, o.Merchant, o.ID, id, currency, id); err != nil {
			return Line{}, err
		}
	}
	if _, err := tx.Exec(ctx, sumTree, o.Merchant, id); err != nil {
		return Line{}, err
	}
	chain, err := lockChain(ctx, tx, o, currency)
	if err != nil {
		return Line{}, err
	}
	if err := writeOpening(ctx, tx, chain, opening); err != nil {
		return Line{}, err
	}
	return FindLine(ctx, tx, o.Merchant, id)
}

// writeOpening writes the entries of a new line, which is the last of the chain: its limit or what
// was applied for, and what is owed already.
func writeOpening(ctx context.Context, tx *database.Tx, chain []Line, opening Opening) error {
	own, at := &chain[len(chain)-1], database.At(opening.At)
	m := movement{PartLimit, "opening", opening.Limit.Minor, own.ID, "line opened", opening.Actor, opening.At}
	if own.InReview() {
		m.kind, m.reason = "application", "applied for "+own.Amount(own.Applied).String()
	}
	if _, err := tx.Exec(ctx, countEntry, at, own.Merchant, own.ID); err != nil {
		return err
	}
	if err := writeEntry(ctx, tx, *own, 1, own.Limit, m); err != nil || opening.Holds.Minor == 0 {
		return err
	}
	own.Entries = 1
	m = movement{PartHolds, "opening", opening.Holds.Minor, "opening:" + own.ID, "owed when the line was opened", opening.Actor, opening.At}
	if err := move(ctx, tx, chain, m); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, insertHold, own.Merchant, m.reference, own.ID, m.amount, at, at)
	return err
}

func (o Opening) check() error {
	switch {
	case o.Limit.Minor < 0 || o.Holds.Minor < 0:
		return fault.At(fault.Invalid, "limit", "a limit and an opening hold can't be negative")
	case o.Holds.Currency != o.Limit.Currency:
		return fault.At(fault.Invalid, "opening_hold", "the opening hold is not in the limit's currency")
	}
	return o.Application.check(o.Limit)
}

// check holds an application against the limit that it is to lead to.
func (a Application) check(limit money.Amount) error {
	switch {
	case a == Application{}:
		return nil
	case a.Applied <= 0:
		return fault.At(fault.Invalid, "application.amount", "an application is for more than nothing")
	case a.On.IsZero():
		return fault.At(fault.Invalid, "application.since", "say on which day it was applied for")
	case limit.Minor != 0:
		return fault.At(fault.Invalid, "limit", "a line that is only applied for has no limit yet")
	}
	return nil
}

// lockFamily locks what Open depends on, and tells how far below its main account the
// organisation is.
func lockFamily(ctx context.Context, tx *database.Tx, o accounts.Organisation, currency string) (depth int64, err error) {
	root, lines := selectRoot, selectFamily
	if !tx.Lite() {
		// NO KEY: rows that only refer to the organisation, orders and carts, are not kept waiting.
		root, lines = root+" FOR NO KEY UPDATE OF o", lines+" FOR UPDATE OF l"
	}
	var locked []string
	if err := tx.Select(ctx, &locked, root, o.Merchant, o.ID); err != nil {
		return 0, err
	}
	if err := tx.Get(ctx, &depth, selectDepth, o.Merchant, o.ID); err != nil {
		return 0, err
	}
	if depth < 0 {
		return 0, fault.New(fault.Unknown, "there is no organisation with that id")
	}
	return depth, tx.Select(ctx, &locked, lines, o.Merchant, o.ID, o.Merchant, o.ID, currency)
}

// NewLimit is a limit that a person sets, and why.
type NewLimit struct {
	Merchant string
	Line     string
	Limit    money.Amount
	Actor    string
	Reason   string
	At       time.Time
}

// SetLimit changes a limit. A lower one than the exposure is allowed: it blocks new orders and
// cancels nothing. On a line that was applied for it is the decision: what was asked for, less, or
// nothing at all.
func SetLimit(ctx context.Context, tx *database.Tx, n NewLimit) (Line, error) {
	line, err := FindLine(ctx, tx, n.Merchant, n.Line)
	if err != nil {
		return Line{}, err
	}
	if n.Limit.Currency != line.Currency || n.Limit.Minor < 0 {
		return Line{}, fault.At(fault.Invalid, "limit", "a limit is an amount in "+line.Currency+" and not negative")
	}
	if n.Reason == "" {
		return Line{}, fault.At(fault.Invalid, "reason", "say why the limit changes")
	}
	chain, err := lockChain(ctx, tx, accounts.Organisation{Merchant: n.Merchant, ID: line.Organisation, Name: line.OrganisationName}, line.Currency)
	if err != nil {
		return Line{}, err
	}
	own := chain[len(chain)-1]
	if _, err := tx.Exec(ctx, updateLimit, n.Limit.Minor, database.At(n.At), n.Merchant, own.ID); err != nil {
		return Line{}, err
	}
	m := movement{PartLimit, "limit", n.Limit.Minor - own.Limit, own.ID, n.Reason, n.Actor, n.At}
	was := map[string]int64{"limit": own.Limit}
	if own.InReview() {
		m.kind, was["applied"] = "decision", own.Applied
	}
	if err := writeEntry(ctx, tx, own, own.Entries+1, n.Limit.Minor, m); err != nil {
		return Line{}, err
	}
	if err := accounts.Audit(ctx, tx, accounts.Change{Merchant: n.Merchant, At: n.At, Actor: n.Actor, Action: "credit.limit", Object: own.ID,
		Reason: n.Reason, Was: was, Became: map[string]int64{"limit": n.Limit.Minor}}); err != nil {
		return Line{}, err
	}
	return FindLine(ctx, tx, n.Merchant, own.ID)
}

// FindLine reads a line by its id.
func FindLine(ctx context.Context, q database.Querier, merchant, id string) (Line, error) {
	var r row
	err := q.Get(ctx, &r, selectLine, merchant, id)
	if database.None(err) {
		return Line{}, fault.New(fault.Unknown, "there is no credit line with that id")
	}
	return r.line(), err
}

// LinesOf lists an organisation's lines, one a currency.
func LinesOf(ctx context.Context, q database.Querier, merchant, organisation string) ([]Line, error) {
	var rows []row
	if err := q.Select(ctx, &rows, selectLines, merchant, organisation); err != nil {
		return nil, err
	}
	lines := make([]Line, len(rows))
	for i, r := range rows {
		lines[i] = r.line()
	}
	return lines, nil
}

// Available is what an order on the line may be at most, the least over its chain, and the line
// that sets it.
func Available(ctx context.Context, q database.Querier, line Line) (money.Amount, Line, error) {
	chain, err := readChain(ctx, q, selectChain, line.Merchant, line.Organisation, line.Currency)
	if err != nil {
		return money.Amount{}, Line{}, err
	}
	least := tightest(chain)
	return line.Amount(least.Available()), least, nil
}

// EntriesOf lists the movements behind a line's figures, newest first: its own and those of the
// lines below it. before is the place to go on from (zero values: the start).
func EntriesOf(ctx context.Context, q database.Querier, line Line, before Entry, limit int) ([]Entry, error) {
	if before.At.IsZero() {
		before = Entry{At: database.At(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)), Line: "~"}
	}
	var entries []Entry
	err := q.Select(ctx, &entries, selectEntries, line.Merchant, line.ID, before.At, before.Line, before.Seq, limit)
	return entries, err
}

const (
	from = `
  FROM credit_lines l JOIN organisations o ON o.merchant_id = l.merchant_id AND o.id = l.organisation_id`
	selectLine  = columns + from + ` WHERE l.merchant_id = ? AND l.id = ?`
	selectLines = columns + from + ` WHERE l.merchant_id = ? AND l.organisation_id = ? ORDER BY l.id`

	// up walks from an organisation to its root, down to all below it; itself included in both.
	// UNION drops what was met already, so that a circle of parents would end.
	up = `
up (merchant_id, id, parent_id) AS (
    SELECT merchant_id, id, parent_id FROM organisations WHERE merchant_id = ? AND id = ?
    UNION
    SELECT p.merchant_id, p.id, p.parent_id FROM organisations p JOIN up ON p.merchant_id = up.merchant_id AND p.id = up.parent_id)`
	down = `
down (merchant_id, id) AS (
    SELECT merchant_id, id FROM organisations WHERE merchant_id = ? AND id = ?
    UNION
    SELECT c.merchant_id, c.id FROM organisations c JOIN down ON c.merchant_id = down.merchant_id AND c.parent_id = down.id)`

	selectDepth = `WITH RECURSIVE` + up + `
SELECT count(*) - 1 FROM up`

	selectRoot = `WITH RECURSIVE` + up + `
SELECT o.id FROM up JOIN organisations o ON o.merchant_id = up.merchant_id AND o.id = up.id
 WHERE o.parent_id IS NULL`

	// In the order that everybody locks in: root first.
	selectFamily = `WITH RECURSIVE` + up + `,` + down + `
SELECT l.id FROM credit_lines l
  JOIN (SELECT merchant_id, id FROM up UNION SELECT merchant_id, id FROM down) o ON o.merchant_id = l.merchant_id AND o.id = l.organisation_id
 WHERE l.currency = ?
 ORDER BY l.depth, l.id`

	insertLine = `
INSERT INTO credit_lines (merchant_id, id, organisation_id, currency, depth, limit_minor, applied_minor, applied_on, applied_wants, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (merchant_id, organisation_id, currency) DO NOTHING`

	// The three links take the same arguments: merchant, organisation, line, currency, line.
	linkSelf = `
INSERT INTO credit_chains (merchant_id, line_id, ancestor_id)
SELECT merchant_id, id, id FROM credit_lines WHERE merchant_id = ? AND organisation_id = ? AND id = ? AND currency = ? AND id = ?`

	linkAncestors = `
WITH RECURSIVE` + up + `
INSERT INTO credit_chains (merchant_id, line_id, ancestor_id)
SELECT l.merchant_id, CAST(? AS TEXT), l.id FROM credit_lines l JOIN up ON up.merchant_id = l.merchant_id AND up.id = l.organisation_id
 WHERE l.currency = ? AND l.id <> ?`

	linkDescendants = `
WITH RECURSIVE` + down + `
INSERT INTO credit_chains (merchant_id, line_id, ancestor_id)
SELECT l.merchant_id, l.id, CAST(? AS TEXT) FROM credit_lines l JOIN down ON down.merchant_id = l.merchant_id AND down.id = l.organisation_id
 WHERE l.currency = ? AND l.id <> ?`

	// A line that is opened above others starts with what those hold.
	sumTree = `
UPDATE credit_lines
   SET (tree_holds, tree_receivables, tree_offline, tree_credits) = (
       SELECT sum(d.own_holds), sum(d.own_receivables), sum(d.own_offline), sum(d.own_credits)
         FROM credit_lines d JOIN credit_chains c ON c.merchant_id = d.merchant_id AND c.line_id = d.id
        WHERE c.merchant_id = credit_lines.merchant_id AND c.ancestor_id = credit_lines.id)
 WHERE merchant_id = ? AND id = ?`

	countEntry = `UPDATE credit_lines SET entries = entries + 1, updated_at = ? WHERE merchant_id = ? AND id = ?`

	updateLimit = `
UPDATE credit_lines
   SET limit_minor = ?, applied_minor = 0, applied_on = NULL, applied_wants = '', entries = entries + 1, version = version + 1, updated_at = ?
 WHERE merchant_id = ? AND id = ?`

	selectEntries = `
SELECT e.line_id, l.organisation_id, o.name AS organisation_name, e.seq, e.part, e.kind, e.amount_minor, e.balance_minor,
       e.reference, e.reason, e.actor, e.at
  FROM credit_chains c
  JOIN credit_entries e ON e.merchant_id = c.merchant_id AND e.line_id = c.line_id
  JOIN credit_lines l ON l.merchant_id = e.merchant_id AND l.id = e.line_id
  JOIN organisations o ON o.merchant_id = l.merchant_id AND o.id = l.organisation_id
 WHERE c.merchant_id = ? AND c.ancestor_id = ? AND (e.at, e.line_id, e.seq) < (?, ?, ?)
 ORDER BY e.at DESC, e.line_id DESC, e.seq DESC LIMIT ?`
)
