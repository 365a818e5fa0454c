package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// CreditLine is limit and position of one organisation in one currency.
type CreditLine struct {
	ID           string                 `json:"id" doc:"Our id" example:"lin_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	Organisation Organisation           `json:"organisation" doc:"Whose line it is"`
	Currency     string                 `json:"currency" doc:"ISO 4217 code" example:"USD"`
	Limit        Money                  `json:"limit" doc:"The most that the exposure of the organisation and all below it may be by our approval"`
	Own          CreditParts            `json:"own" doc:"What the organisation itself takes up"`
	Tree         CreditParts            `json:"tree" doc:"The same with all organisations below it"`
	Available    Money                  `json:"available" doc:"What an order may be at most: the least over this line and those above it"`
	BoundBy      optional[Organisation] `json:"bound_by" doc:"The organisation above whose line allows less than this one; else null"`
	Application  optional[Application]  `json:"application" doc:"What was applied for, while nobody decided about it: until then the limit is 0 and orders on account wait. Setting a limit decides; else null"`
	Version      int64                  `json:"version" doc:"Counts changes" example:"7"`
}

// Application is a credit line that an organisation asked for.
type Application struct {
	Amount Money  `json:"amount" doc:"The limit asked for"`
	Since  string `json:"since" format:"date" doc:"The day on which it was applied for" example:"2026-11-16"`
	Wants  string `json:"wants" doc:"What the applicant was asked for; may be empty" example:"The latest annual accounts"`
}

// CreditParts are the parts of an exposure.
type CreditParts struct {
	Holds       Money `json:"holds" doc:"Approved orders that are not yet invoiced"`
	Receivables Money `json:"receivables" doc:"Open invoices"`
	Offline     Money `json:"offline" doc:"Orders taken outside of Kontor"`
	Credits     Money `json:"credits" doc:"Credits that are not yet applied"`
	Exposure    Money `json:"exposure" doc:"Holds, receivables and offline orders less credits"`
}

// CreditEntry is one movement of a line.
type CreditEntry struct {
	Seq          int64        `json:"seq" doc:"Counts the entries of the line that moved" example:"12"`
	Kind         string       `json:"kind" enum:"opening,hold,change,release,limit,application,decision" doc:"What happened. New values may be added" example:"hold"`
	Part         string       `json:"part" enum:"holds,receivables,offline,credits,limit" doc:"What moved. New values may be added" example:"holds"`
	Amount       Money        `json:"amount" doc:"By how much, signed"`
	Balance      Money        `json:"balance" doc:"The part after it, of the organisation that moved it"`
	Reference    string       `json:"reference" doc:"What caused it: an order's or a line's id" example:"ord_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	Reason       string       `json:"reason" doc:"In words; may be empty" example:"Limit raised by the bank this morning"`
	Actor        string       `json:"actor" doc:"Who or what did it" example:"api:shop"`
	At           time.Time    `json:"at" doc:"When" example:"2026-11-22T14:03:11Z"`
	Organisation Organisation `json:"organisation" doc:"Whose line moved: this one's or one below it"`
}

type LinePath struct {
	Line string `path:"line" doc:"The credit line's id" example:"lin_01j5x2v9t4e8s7c6b3n2m1k0hz"`
}

type limitRequest struct {
	Limit  Money  `json:"limit" doc:"The new limit, in the line's currency; 0 allows nothing more"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" pattern:"^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]*$" patternDescription:"text without control characters" doc:"Why; kept with the entry" example:"Annual review"`
}

func (a *api) creditRoutes() {
	op := func(method, path, id, summary, description string) huma.Operation {
		return huma.Operation{Method: method, Path: path, OperationID: id, Tags: []string{tagCredit},
			Summary: summary, Description: description, Errors: []int{http.StatusNotFound}}
	}
	route(a, op(http.MethodGet, "/v1/organisations/{organisation}/credit-lines", "listCreditLines", "List an organisation's credit lines",
		"One for each currency. There is one page."), a.listLines)
	route(a, op(http.MethodGet, "/v1/credit-lines/{line}", "getCreditLine", "Read a credit line", "Limit, position and what is available."), a.getLine)
	route(a, op(http.MethodGet, "/v1/credit-lines/{line}/entries", "listCreditEntries", "List the movements of a credit line",
		"What its figures are made of, newest first: its own movements and those of the lines below it."), a.listEntries)
	route(a, op(http.MethodPost, "/v1/credit-lines/{line}/limit", "setCreditLimit", "Set a limit",
		"A limit below the exposure is allowed: it stops new orders and cancels none. On a line that was applied for it is the decision."), a.setLimit)
}

type listLinesInput struct {
	Organisation string `path:"organisation" doc:"The organisation's id, or ext: and the merchant's own reference" example:"ext:northfold"`
}

func (a *api) listLines(ctx context.Context, c *caller, in *listLinesInput) (*paged[CreditLine], error) {
	organisation, err := a.findOrganisation(ctx, c, "", in.Organisation)
	if err != nil {
		return nil, err
	}
	lines, err := credit.LinesOf(ctx, a.DB, c.merchant.ID, organisation.ID)
	if err != nil {
		return nil, err
	}
	items := make([]CreditLine, len(lines))
	for i, line := range lines {
		if items[i], err = lineView(ctx, a.DB, line); err != nil {
			return nil, err
		}
	}
	return pageOf(items, ""), nil
}

type lineAnswer struct {
	ETag string `header:"ETag" doc:"The line's version" example:"\"7\""`
	Body CreditLine
}

func (a *api) getLine(ctx context.Context, c *caller, in *LinePath) (*lineAnswer, error) {
	line, err := findLine(ctx, a.DB, c, in.Line)
	if err != nil {
		return nil, err
	}
	view, err := lineView(ctx, a.DB, line)
	return &lineAnswer{entityTag(view.Version), view}, err
}

func findLine(ctx context.Context, q database.Querier, c *caller, id string) (credit.Line, error) {
	if !isID("lin", id) {
		return credit.Line{}, fault.New(fault.Unknown, "there is no credit line with that id")
	}
	return credit.FindLine(ctx, q, c.merchant.ID, id)
}

func lineView(ctx context.Context, q database.Querier, line credit.Line) (CreditLine, error) {
	available, least, err := credit.Available(ctx, q, line)
	if err != nil {
		return CreditLine{}, err
	}
	view := CreditLine{ID: line.ID, Organisation: Organisation{line.Organisation, line.OrganisationRef, line.OrganisationName},
		Currency: line.Currency, Limit: Money(line.Amount(line.Limit)), Own: partsView(line, line.Own), Tree: partsView(line, line.Tree),
		Available: Money(available), Version: line.Version}
	if least.ID != line.ID {
		view.BoundBy = some(Organisation{least.Organisation, least.OrganisationRef, least.OrganisationName})
	}
	if line.InReview() {
		view.Application = some(Application{Money(line.Amount(line.Applied)), line.On.String(), line.Wants})
	}
	return view, nil
}

func partsView(line credit.Line, p credit.Position) CreditParts {
	amount := func(minor int64) Money { return Money(line.Amount(minor)) }
	return CreditParts{amount(p.Holds), amount(p.Receivables), amount(p.Offline), amount(p.Credits), amount(p.Exposure())}
}

type listEntriesInput struct {
	LinePath
	Paging
}

func (a *api) listEntries(ctx context.Context, c *caller, in *listEntriesInput) (*paged[CreditEntry], error) {
	before, err := in.entry()
	if err != nil {
		return nil, err
	}
	line, err := findLine(ctx, a.DB, c, in.Line)
	if err != nil {
		return nil, err
	}
	entries, err := credit.EntriesOf(ctx, a.DB, line, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(entries) > in.Limit {
		entries = entries[:in.Limit]
		last := entries[in.Limit-1]
		next = cursor("entries", last.At.Format(time.RFC3339Nano), last.Line, strconv.FormatInt(last.Seq, 10))
	}
	names := a.organisations(a.DB, c)
	items := make([]CreditEntry, len(entries))
	for i, e := range entries {
		organisation, err := names.find(ctx, e.Organisation)
		if err != nil {
			return nil, err
		}
		items[i] = CreditEntry{Seq: e.Seq, Kind: e.Kind, Part: e.Part, Amount: Money(line.Amount(e.Amount)), Balance: Money(line.Amount(e.Balance)),
			Reference: e.Reference, Reason: e.Reason, Actor: e.Actor, At: instant(e.At), Organisation: organisation}
	}
	return pageOf(items, next), nil
}

// entry is the movement at which the page before ended.
func (p Paging) entry() (credit.Entry, error) {
	place, further, err := p.place("entries", 3)
	if err != nil || !further {
		return credit.Entry{}, err
	}
	at, err := time.Parse(time.RFC3339Nano, place[0])
	if err != nil || at.Year() < 2000 || at.Year() > 9999 || !isID("lin", place[1]) {
		return credit.Entry{}, errCursor()
	}
	seq, err := strconv.ParseInt(place[2], 10, 64)
	if err != nil {
		return credit.Entry{}, errCursor()
	}
	return credit.Entry{At: database.At(at), Line: place[1], Seq: seq}, nil
}

type limitInput struct {
	LinePath
	NeedsKey
	Body    limitRequest
	RawBody []byte
}

func (a *api) setLimit(ctx context.Context, c *caller, in *limitInput) (*written[CreditLine], error) {
	return tagged(write(ctx, a, c, in.Key, in.RawBody, func(tx *database.Tx) (CreditLine, error) {
		line, err := findLine(ctx, tx, c, in.Line)
		if err != nil {
			return CreditLine{}, err
		}
		line, err = credit.SetLimit(ctx, tx, credit.NewLimit{Merchant: c.merchant.ID, Line: line.ID, Limit: money.Amount(in.Body.Limit), Actor: c.actor(), Reason: in.Body.Reason, At: a.Clock.Now()})
		if err != nil {
			return CreditLine{}, err
		}
		return lineView(ctx, tx, line)
	}))
}
