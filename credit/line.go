// Package credit decides whether an order fits what its organisation may still owe. It stands
// between checkout, which asks, and the money that comes later: checkout calls Reserve for a new
// order, Adjust for a changed one and Release for one that ends. It knows an order only as a
// reference.
//
// available = limit − holds − receivables − offline orders + unapplied credits, on the order's
// own line and on the line of every organisation above it (reference: credit and terms,
// section 2). Our own approvals never make it negative.
package credit

import (
	"slices"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
)

// Parts of a line's position; entries move one of them.
const (
	PartLimit       = "limit"
	PartHolds       = "holds"
	PartReceivables = "receivables"
	PartOffline     = "offline"
	PartCredits     = "credits"
)

// Line is the limit and position of one organisation in one currency, in minor units. Own is
// the organisation's, Tree is that with all organisations below it.
type Line struct {
	ID               string `db:"id"`
	Merchant         string `db:"merchant_id"`
	Organisation     string `db:"organisation_id"`
	OrganisationName string `db:"organisation_name"`
	OrganisationRef  string `db:"organisation_ref"`
	Currency         string `db:"currency"`
	Depth            int64  `db:"depth"`
	Limit            int64  `db:"limit_minor"`
	Own              Position
	Tree             Position
	Entries          int64 `db:"entries"`
	Disabled         bool  `db:"disabled"`
	Version          int64 `db:"version"`
	Application
}

// Application is what an organisation asked for and nobody decided about yet. It is in review
// until a limit is set; the zero Application is none.
type Application struct {
	Applied int64      `db:"applied_minor"` // the limit asked for, in the line's currency
	On      money.Date `db:"applied_on"`
	Wants   string     `db:"applied_wants"` // what the applicant was asked for; may be empty
}

// InReview tells whether the line was applied for and is not decided about yet. It allows nothing
// until then, and binds nobody below it.
func (a Application) InReview() bool { return a.Applied > 0 }

// Position is what a line is taken up with.
type Position struct{ Holds, Receivables, Offline, Credits int64 }

// Exposure is what the organisation owes or is about to owe.
func (p Position) Exposure() int64 { return p.Holds + p.Receivables + p.Offline - p.Credits }

// Available is what this line alone still allows; it may be negative by facts.
func (l Line) Available() int64 { return l.Limit - l.Tree.Exposure() }

// Amount gives minor units the line's currency.
func (l Line) Amount(minor int64) money.Amount { return money.Of(minor, l.Currency) }

// tightest is the line of a chain that binds: the one with the least available, of equals the
// upper. A line that is only applied for binds nobody but its own organisation, which has nothing
// else. A chain is never empty; its own line is the last.
func tightest(chain []Line) Line {
	least := chain[len(chain)-1]
	if least.InReview() {
		return least
	}
	for _, l := range slices.Backward(chain[:len(chain)-1]) {
		if !l.InReview() && l.Available() <= least.Available() {
			least = l
		}
	}
	return least
}

// Entry is one movement of a line.
type Entry struct {
	Line             string        `db:"line_id"`
	Organisation     string        `db:"organisation_id"`
	OrganisationName string        `db:"organisation_name"`
	Seq              int64         `db:"seq"`
	Part             string        `db:"part"`
	Kind             string        `db:"kind"`
	Amount           int64         `db:"amount_minor"`  // signed
	Balance          int64         `db:"balance_minor"` // of the part, after the entry
	Reference        string        `db:"reference"`
	Reason           string        `db:"reason"`
	Actor            string        `db:"actor"`
	At               database.Time `db:"at"`
}

// Outcomes of a decision.
const (
	Approved = "approved"
	Review   = "review"  // waits for a person
	Refused  = "refused" // ended
)

// Reasons of a decision.
const (
	WithinLimit = "within_limit"
	OverLimit   = "over_limit"
	LineClosed  = "line_closed"
	InReview    = "application_in_review"
	Released    = "released" // by a person, over the limit
	NotOnCredit = "not_on_credit"
)

// Decision is what was decided, with the figures of that moment. It is kept with the order.
type Decision struct {
	Outcome   string       `json:"outcome"`
	Reason    string       `json:"reason"`
	Sentence  string       `json:"sentence"`
	Asked     money.Amount `json:"asked"`           // what is held after an approval
	Available money.Amount `json:"available"`       // least over the chain, before
	Short     money.Amount `json:"short"`           // zero when it fits
	Line      string       `json:"line,omitempty"`  // the order's own
	Bound     string       `json:"bound,omitempty"` // name of the organisation whose line binds
}
