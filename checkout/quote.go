package checkout

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/outbox"
)

// States of a quote.
const (
	QuotePending = "pending"
	QuoteFinal   = "final"
)

// Quote is what the merchant offers for a cart that went home with open prices: a record beside
// the snapshot, which stays as it was sent (decision 0019).
type Quote struct {
	Cart       string        `db:"cart_id"`
	State      string        `db:"state"`
	ValidUntil money.Date    `db:"valid_until"` // the last day on which it holds
	PricesJSON string        `db:"prices"`
	Version    int64         `db:"version"`
	CreatedAt  database.Time `db:"created_at"`
	UpdatedAt  database.Time `db:"updated_at"`
	// Prices are by line of the cart, each for as many units as the line's own price; none while
	// pending.
	Prices []money.Decimal `db:"-"`
}

// QuotedPrice is what a line is to cost.
type QuotedPrice struct {
	Line  int64
	Price money.Decimal
}

// Quoting is a merchant's answer to a cart that waits for a quote, or a new answer.
type Quoting struct {
	Merchant   accounts.Merchant
	Cart       string
	Prices     []QuotedPrice // lines that are not named keep the price that they went home with
	ValidUntil money.Date
	Version    int64 // of the quote that the person saw; 0 is any
	Actor      string
	Reason     string
}

// longestQuote is how far ahead a quote may hold.
const longestQuote = 3 * 366

// SetQuote makes the prices of a cart final. A quote may be given again while it holds or after;
// orders that came before keep what they were priced at. Only carts that were sent for a quote take
// one, else it is a fault.Conflict.
func (d *Desk) SetQuote(ctx context.Context, tx *database.Tx, q Quoting) (Quote, Cart, error) {
	cart, err := lockCart(ctx, tx, q.Merchant.ID, q.Cart)
	if err != nil {
		return Quote{}, Cart{}, err
	}
	if !cart.Frozen || !cart.QuotePending {
		return Quote{}, Cart{}, fault.New(fault.Conflict, "this cart did not go home for a quote")
	}
	was, err := FindQuote(ctx, tx, q.Merchant.ID, q.Cart)
	if err != nil {
		return Quote{}, Cart{}, err
	}
	if q.Version != 0 && q.Version != was.Version {
		return Quote{}, Cart{}, fault.New(fault.Conflict, "the quote was changed meanwhile; look at it again")
	}
	now := was
	now.State, now.ValidUntil, now.Version, now.UpdatedAt = QuoteFinal, q.ValidUntil, was.Version+1, database.At(d.Clock.Now())
	if now.Prices, err = q.prices(cart, q.Merchant.Today(d.Clock)); err != nil {
		return Quote{}, Cart{}, err
	}
	content, err := json.Marshal(now.Prices)
	if err != nil {
		return Quote{}, Cart{}, err
	}
	now.PricesJSON = string(content)
	if _, err := tx.Exec(ctx, updateQuote, now.State, now.ValidUntil, now.PricesJSON, now.Version, now.UpdatedAt, q.Merchant.ID, q.Cart); err != nil {
		return Quote{}, Cart{}, err
	}
	return now, cart, accounts.Audit(ctx, tx, accounts.Change{Merchant: q.Merchant.ID, At: d.Clock.Now(), Actor: q.Actor, Action: "quote.set",
		Object: q.Cart, Reason: q.Reason, Was: was.audited(), Became: now.audited()})
}

// audited is the quote as the audit keeps it.
func (q Quote) audited() map[string]any {
	return map[string]any{"state": q.State, "valid_until": q.ValidUntil, "prices": q.Prices}
}

// prices checks what is offered and gives a price for every line.
func (q Quoting) prices(cart Cart, today money.Date) ([]money.Decimal, error) {
	faults := fault.New(fault.Invalid, "the quote can't be given as it is")
	wrong := func(path, message string) {
		faults.Fields = append(faults.Fields, fault.Field{Path: path, Message: message})
	}
	if q.ValidUntil.Before(today) || today.AddDays(longestQuote).Before(q.ValidUntil) {
		wrong("valid_until", "must be a day from today on, and within three years")
	}
	prices, named := make([]money.Decimal, len(cart.Lines)), make([]bool, len(cart.Lines))
	for i, l := range cart.Lines {
		prices[i] = l.UnitPrice
	}
	for i, p := range q.Prices {
		place := "lines[" + strconv.Itoa(i) + "]"
		switch {
		case p.Line < 1 || p.Line > int64(len(cart.Lines)):
			wrong(place+".line", "the cart has no line "+strconv.FormatInt(p.Line, 10))
			continue
		case named[p.Line-1]:
			wrong(place+".line", "line "+strconv.FormatInt(p.Line, 10)+" is named twice")
			continue
		case p.Price.Sign() < 0:
			wrong(place+".price", "a price can't be negative")
			continue
		}
		line := cart.Lines[p.Line-1]
		if _, err := money.LineTotal(line.Quantity, p.Price, line.per(), cart.Currency); err != nil {
			wrong(place+".price", "the line's amount is too large")
			continue
		}
		prices[p.Line-1], named[p.Line-1] = p.Price, true
	}
	for i, l := range cart.Lines {
		if l.Open && !named[i] {
			wrong("lines", "line "+strconv.Itoa(i+1)+" ("+l.SKU+") has no price yet, so it must be named")
		}
	}
	if len(faults.Fields) > 0 {
		return nil, faults
	}
	return prices, nil
}

// keepQuote remembers that a cart went home for a quote, and has the merchant told.
func (d *Desk) keepQuote(ctx context.Context, tx *database.Tx, c Cart) error {
	now := database.At(d.Clock.Now())
	if _, err := tx.Exec(ctx, insertQuote, c.Merchant, c.ID, QuotePending, now, now); err != nil {
		return err
	}
	asking := notices.Asking{Organisation: c.Organisation, Lines: len(c.Lines)}
	for _, l := range c.Lines {
		if l.Open {
			asking.Open = append(asking.Open, notices.AskedLine{SKU: l.SKU, Name: l.Name, Quantity: l.Quantity.String(), Unit: l.Unit})
		}
	}
	if d.Wake != nil {
		tx.AfterCommit(d.Wake)
	}
	return notices.Asks(ctx, tx, outbox.Event{Merchant: c.Merchant, Object: c.ID, Seq: 1, Kind: "quote.asked", At: now}, asking)
}

// FindQuote reads the quote for a cart.
func FindQuote(ctx context.Context, q database.Querier, merchant, cart string) (Quote, error) {
	var found Quote
	err := q.Get(ctx, &found, selectQuote, merchant, cart)
	if database.None(err) {
		return Quote{}, fault.New(fault.Unknown, "there is no quote for that cart")
	}
	if err == nil {
		err = json.Unmarshal([]byte(found.PricesJSON), &found.Prices)
	}
	return found, err
}

// Quotes lists quotes by the id of their carts, those that went home last first: all, or those that
// wait for an answer. before is the last cart of the page before; "" begins.
func Quotes(ctx context.Context, q database.Querier, merchant string, pending bool, before string, limit int) ([]Quote, error) {
	query, args := selectQuotes, []any{merchant}
	if before != "" {
		query, args = query+` AND cart_id < ?`, append(args, before)
	}
	if pending {
		query += ` AND state = 'pending'`
	}
	var found []Quote
	if err := q.Select(ctx, &found, query+` ORDER BY cart_id DESC LIMIT ?`, append(args, limit)...); err != nil {
		return nil, err
	}
	for i := range found {
		if err := json.Unmarshal([]byte(found[i].PricesJSON), &found[i].Prices); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// per is how many units the line's price is for.
func (l CartLine) per() money.Decimal {
	if l.Per != nil {
		return *l.Per
	}
	return money.One
}

// quoted is a line that was sent home at the price that was quoted for it, with the last day on
// which that holds; ok is false where nothing was quoted. The day may be over.
func (s Sent) quoted() (line CartLine, ok bool) {
	if s.Line == nil {
		return CartLine{}, false
	}
	line = *s.Line
	q := s.Cart.Quote
	switch {
	case q != nil && q.State == QuoteFinal && int(line.Line) <= len(q.Prices):
		line.UnitPrice, line.Open = q.Prices[line.Line-1], false
		line.QuotedUntil = &q.ValidUntil
	case q != nil:
		return line, false
	}
	return line, line.QuotedUntil != nil
}

// Quoted is the line at its quoted price while that holds; nil where there is none, or no more.
func (s Sent) Quoted(today money.Date) *CartLine {
	line, ok := s.quoted()
	if !ok || line.QuotedUntil.Before(today) {
		return nil
	}
	return &line
}

// pending tells whether the line's price is still to be said.
func (s Sent) pending() bool {
	return s.Cart != nil && s.Cart.Quote != nil && s.Cart.Quote.State == QuotePending
}

// readQuotes adds the quotes of carts that went home for one.
func readQuotes(ctx context.Context, q database.Querier, merchant string, found []Sent) error {
	var read []*Cart
	for _, s := range found {
		if s.Cart == nil || !s.Cart.QuotePending || slices.Contains(read, s.Cart) {
			continue
		}
		quote, err := FindQuote(ctx, q, merchant, s.Cart.ID)
		if err != nil {
			return err
		}
		s.Cart.Quote = &quote
		read = append(read, s.Cart)
	}
	return nil
}

const (
	insertQuote = `
INSERT INTO quotes (merchant_id, cart_id, state, valid_until, prices, created_at, updated_at) VALUES (?, ?, ?, '', '[]', ?, ?)`

	updateQuote = `
UPDATE quotes SET state = ?, valid_until = ?, prices = ?, version = ?, updated_at = ? WHERE merchant_id = ? AND cart_id = ?`

	quoteColumns = `
SELECT cart_id, state, valid_until, prices, version, created_at, updated_at FROM quotes`
	selectQuote  = quoteColumns + ` WHERE merchant_id = ? AND cart_id = ?`
	selectQuotes = quoteColumns + ` WHERE merchant_id = ?`
)
