package credit

import (
	"context"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Ask is a question to the credit desk: may this reference take up Total of the organisation's
// line? Total is the whole amount that is to be held, not a difference.
type Ask struct {
	Organisation accounts.Organisation
	Reference    string
	Total        money.Amount
	Override     bool   // a person lets it pass although it doesn't fit
	Actor        string // who or what asks
	Reason       string // why, in a person's words
	At           time.Time
}

// Reserve decides about a new reference and, when it fits, holds the amount. It locks the whole
// chain of lines, root first, before anything is written that refers to them.
//
// A refusal writes nothing and is no error. A missing line is one: fault.PaymentRequired, since
// then there is no way to buy on account.
func Reserve(ctx context.Context, tx *database.Tx, ask Ask) (Decision, error) {
	if decision, done, err := reserveAtRoot(ctx, tx, ask); done || err != nil {
		return decision, err
	}
	chain, err := lockChain(ctx, tx, ask.Organisation, ask.Total.Currency)
	if err != nil {
		return Decision{}, err
	}
	decision := decide(chain, ask, ask.Total.Minor)
	if decision.Outcome != Approved {
		return decision, nil
	}
	own := chain[len(chain)-1]
	if err := move(ctx, tx, chain, movement{PartHolds, "hold", ask.Total.Minor, ask.Reference, ask.Reason, ask.Actor, ask.At}); err != nil {
		return Decision{}, err
	}
	return decision, hold(ctx, tx, own, ask)
}

// reserveAtRoot is Reserve for what most orders are: they fit the line of a main account, above
// which there never is another one. Then one statement tests, locks and writes, and the row, which
// all of the buyer's orders want, is held for as few round trips as can be. done is false, and
// nothing is written, when it has to be looked at as a chain.
func reserveAtRoot(ctx context.Context, tx *database.Tx, ask Ask) (decision Decision, done bool, err error) {
	if ask.Total.Minor <= 0 {
		return Decision{}, false, nil
	}
	var r row
	o, amount := ask.Organisation, ask.Total.Minor
	err = tx.Get(ctx, &r, holdAtRoot, amount, amount, database.At(ask.At), o.Merchant, o.ID, ask.Total.Currency, amount)
	if err != nil {
		if database.None(err) {
			err = nil
		}
		return Decision{}, false, err
	}
	own := r.line() // as it is afterwards; the decision is about what it was before
	own.OrganisationName = o.Name
	own.Own.Holds, own.Tree.Holds, own.Entries = own.Own.Holds-amount, own.Tree.Holds-amount, own.Entries-1
	m := movement{PartHolds, "hold", amount, ask.Reference, ask.Reason, ask.Actor, ask.At}
	if err := writeEntry(ctx, tx, own, own.Entries+1, own.Own.Holds+amount, m); err != nil {
		return Decision{}, false, err
	}
	return decide([]Line{own}, ask, amount), true, hold(ctx, tx, own, ask)
}

func hold(ctx context.Context, tx *database.Tx, own Line, ask Ask) error {
	return tx.Queue(ctx, insertHold, own.Merchant, ask.Reference, own.ID, ask.Total.Minor, database.At(ask.At), database.At(ask.At))
}

// Lock holds the organisation's chain of lines until the transaction ends, for who must look at
// something that is locked after it before a decision is asked for. A missing line is a
// fault.PaymentRequired, as it would be then.
func Lock(ctx context.Context, tx *database.Tx, organisation accounts.Organisation, currency string) error {
	_, err := lockChain(ctx, tx, organisation, currency)
	return err
}

// Adjust decides about another amount for a reference that may hold one already. Only the
// difference is tested, and less always fits. A reference that holds something on another line,
// of another currency or organisation, is a fault.Conflict.
func Adjust(ctx context.Context, tx *database.Tx, ask Ask) (Decision, error) {
	chain, err := lockChain(ctx, tx, ask.Organisation, ask.Total.Currency)
	if err != nil {
		return Decision{}, err
	}
	own := chain[len(chain)-1]
	held, known, err := heldBy(ctx, tx, own, ask.Reference)
	if err != nil {
		return Decision{}, err
	}
	delta := ask.Total.Minor - held
	decision := decide(chain, ask, delta)
	if decision.Outcome != Approved {
		return decision, nil
	}
	kind := "change"
	if held == 0 {
		kind = "hold"
	}
	if delta != 0 {
		if err := move(ctx, tx, chain, movement{PartHolds, kind, delta, ask.Reference, ask.Reason, ask.Actor, ask.At}); err != nil {
			return Decision{}, err
		}
	}
	if !known {
		_, err = tx.Exec(ctx, insertHold, own.Merchant, ask.Reference, own.ID, ask.Total.Minor, database.At(ask.At), database.At(ask.At))
		return decision, err
	}
	_, err = tx.Exec(ctx, updateHold, ask.Total.Minor, "active", database.At(ask.At), own.Merchant, ask.Reference)
	return decision, err
}

// Release gives back all that the reference holds, and tells how much that was. Repeats and
// references that hold nothing give back zero; one that holds on another line is a fault.Conflict.
func Release(ctx context.Context, tx *database.Tx, ask Ask) (money.Amount, error) {
	none := money.Zero(ask.Total.Currency)
	chain, err := lockChain(ctx, tx, ask.Organisation, ask.Total.Currency)
	if fault.CodeOf(err) == fault.PaymentRequired {
		return none, nil // no line, so nothing was ever held
	}
	if err != nil {
		return none, err
	}
	own := chain[len(chain)-1]
	held, known, err := heldBy(ctx, tx, own, ask.Reference)
	if err != nil || !known || held == 0 {
		return none, err
	}
	if err := move(ctx, tx, chain, movement{PartHolds, "release", -held, ask.Reference, ask.Reason, ask.Actor, ask.At}); err != nil {
		return none, err
	}
	_, err = tx.Exec(ctx, updateHold, int64(0), "released", database.At(ask.At), own.Merchant, ask.Reference)
	return own.Amount(held), err
}

// decide tests delta against every line of the locked chain. It has no effect.
func decide(chain []Line, ask Ask, delta int64) Decision {
	own, least := chain[len(chain)-1], tightest(chain)
	d := Decision{
		Outcome: Approved, Reason: WithinLimit,
		Asked: ask.Total, Available: own.Amount(least.Available()), Short: own.Amount(0),
		Line: own.ID, Bound: least.OrganisationName,
	}
	closed := closedLine(chain)
	switch {
	case delta <= 0:
		d.Sentence = "It takes up no more credit than before."
	case closed == nil && !own.InReview() && delta <= least.Available():
		d.Sentence = "It fits: " + own.Amount(least.Available()-delta).String() + " stay available."
	default:
		short := delta - least.Available()
		d.Outcome, d.Reason, d.Short = Review, OverLimit, own.Amount(short)
		if ask.Organisation.OverLimit == accounts.Refuse {
			d.Outcome = Refused
		}
		d.Sentence = own.Amount(short).String() + " over the credit limit of " + least.OrganisationName + ": " +
			own.Amount(delta).String() + " asked, " + own.Amount(least.Available()).String() + " available."
		switch {
		case closed != nil:
			d.Reason, d.Short = LineClosed, own.Amount(0)
			d.Sentence = "The credit line of " + closed.OrganisationName + " is closed."
		case own.InReview():
			d.Reason, d.Short = InReview, own.Amount(0)
			d.Sentence = "Credit application in review: " + own.OrganisationName + " applied for " + own.Amount(own.Applied).String() + "."
		}
		if ask.Override {
			d.Outcome, d.Reason = Approved, Released
		}
	}
	return d
}

func closedLine(chain []Line) *Line {
	for i := range chain {
		if chain[i].Disabled {
			return &chain[i]
		}
	}
	return nil
}
