package checkout

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// priced is an order as we see it: lines at the price that counts, sums, and what was found.
type priced struct {
	Totals
	lines  []orders.Line
	flags  []orders.Flag
	draws  []orders.Draw // on the blanket order that it is a release of
	lined  *money.Amount // freight that the order has as lines of its own; nil for none
	review string        // why a person must look at it; empty for no reason
	reason string        // the same by its stable name
}

func (p *priced) flag(code, message string, line int64) {
	p.flags = append(p.flags, orders.Flag{Code: code, Message: message, Line: line})
}

// price matches each line to the snapshot that it came from, else to what the organisation pays
// today, and sums up with our own tax and freight. The buyer's figures are compared, not trusted
// (cXML reference 3.5 and 6.5, credit and terms section 1).
func (d *Desk) price(ctx context.Context, tx *database.Tx, w Wanted) (priced, error) {
	p, err := d.priceAll(ctx, tx, w)
	if errors.Is(err, money.ErrRange) && fault.CodeOf(err) == fault.Internal {
		err = fault.At(fault.Invalid, "lines", "the order's amount is too large").Because(err)
	}
	return p, err
}

// Basis is what an order is priced from: the snapshots that its lines came from, and the offers of
// the day.
type Basis struct {
	today     money.Date
	products  []catalog.Recognised // by line
	snapshots []*match             // by line
	offers    map[string]*catalog.Offer
}

// Look reads what a new or changed order is priced from. Place does that itself for a Wanted that
// has no Basis yet. Who looks before the transaction begins doesn't keep SQLite's one writer
// waiting: snapshots never change, and a price that changes in that moment is as good as the other.
func (d *Desk) Look(ctx context.Context, q database.Querier, w Wanted) (*Basis, error) {
	b := &Basis{today: w.Merchant.Today(d.Clock), offers: map[string]*catalog.Offer{}}
	asked := make([]catalog.Asked, len(w.Lines))
	for i, l := range w.Lines {
		asked[i] = catalog.Asked{SKU: l.SKU, BuyerPart: l.BuyerPart}
	}
	var err error
	if b.products, err = catalog.Recognise(ctx, q, w.Organisation, w.Currency, b.today, asked); err != nil {
		return nil, err
	}
	for _, p := range b.products {
		if p.Offer != nil {
			b.offers[accounts.Fold(p.SKU)] = p.Offer
		}
	}
	b.snapshots, err = d.snapshots(ctx, q, w, b.products)
	return b, err
}

// Connection is the link that all lines which came from a cart went home by; empty where no line did,
// or where they went by several.
func (b *Basis) Connection() string {
	var first *match
	for _, m := range b.snapshots {
		switch {
		case m == nil:
		case first == nil:
			first = m
		case m.connection != first.connection:
			return ""
		}
	}
	if first == nil {
		return ""
	}
	return first.connection
}

// recognise puts our part number on a line and says what is to be known about its product.
func (p *priced) recognise(l orders.Line, product catalog.Recognised) orders.Line {
	place := "line " + strconv.FormatInt(l.Line, 10) + ": "
	switch {
	case product.ByBuyer && l.SKU != "":
		p.flag(orders.FlagPartMatched, place+l.SKU+" is not known, the buyer's own number "+l.BuyerPart+" is "+product.SKU, l.Line)
	case product.Instead != "":
		p.flag(orders.FlagPartDiffers, place+"the buyer's own number "+l.BuyerPart+" is "+product.Instead+", "+l.SKU+" counts", l.Line)
	}
	l.SKU = product.SKU
	if product.Hidden {
		p.flag(orders.FlagProductHidden, place+l.SKU+" is not in the assortment of this buyer", l.Line)
		p.waitFor("product_hidden", "Line "+strconv.FormatInt(l.Line, 10)+" orders "+l.SKU+", which is not in the assortment of this buyer.")
	}
	return l
}

func (d *Desk) priceAll(ctx context.Context, tx *database.Tx, w Wanted) (priced, error) {
	p := priced{Totals: noTotals(w.Currency), lines: make([]orders.Line, len(w.Lines)), flags: append([]orders.Flag(nil), w.Flags...)}
	var err error
	basis := w.Basis
	if basis == nil {
		if basis, err = d.Look(ctx, tx, w); err != nil {
			return p, err
		}
	}
	offers := basis.offers
	for i, asked := range w.Lines {
		if asked.Charge == orders.Freight {
			if p.lines[i], err = p.freightLine(asked, w.Currency); err != nil {
				return p, err
			}
			continue
		}
		asked = p.recognise(asked, basis.products[i])
		if p.lines[i], err = d.priceLine(&p, w, asked, basis.products[i], basis.snapshots[i]); err != nil {
			return p, err
		}
		if p.Goods, err = p.Goods.Add(p.lines[i].Amount); err != nil {
			return p, fault.At(fault.Invalid, "lines", "the order's amount is too large").Because(err)
		}
	}
	if err := p.compareTotal(w); err != nil {
		return p, err
	}
	rates, err := w.Merchant.Rates()
	if err != nil {
		return p, err
	}
	if err := p.addTax(w, rates, basis.today, offers); err != nil {
		return p, err
	}
	if err := p.addFreight(w, rates, offers); err != nil {
		return p, err
	}
	return p, p.sum()
}

// snapshots finds for each line the snapshot that it came from; nil is none (see FindSent).
func (d *Desk) snapshots(ctx context.Context, q database.Querier, w Wanted, products []catalog.Recognised) ([]*match, error) {
	keys := make([]LineKey, len(w.Lines))
	for i, l := range w.Lines {
		keys[i] = KeyOf(l.AuxiliaryID, products[i].SKU)
	}
	sent, err := FindSent(ctx, q, w.Merchant.ID, w.Organisation.ID, keys)
	if err != nil {
		return nil, err
	}
	matches := make([]*match, len(w.Lines))
	for i, s := range sent {
		if s.Line != nil && s.Cart.Currency == w.Currency {
			matches[i] = matchOf(s, w.Merchant.Today(d.Clock), d.Clock.Now())
		}
	}
	return matches, nil
}

// match is the snapshot line that an order line came from.
type match struct {
	line       CartLine
	connection string // by which its cart went home
	stale      bool
	pending    bool // its price was still to be said
}

// matchOf finds the price that a line was sent home with or quoted at, and whether that holds. A
// quote holds until its own day, not as long as a cart.
func matchOf(s Sent, today money.Date, now time.Time) *match {
	line, quoted := s.quoted()
	if quoted {
		return &match{line: line, connection: s.Cart.Connection, stale: line.QuotedUntil.Before(today)}
	}
	return &match{line: line, connection: s.Cart.Connection, stale: s.Cart.stale(now), pending: s.pending()}
}

// priceLine finds the price that counts for one line and says where it differs from the buyer's.
func (d *Desk) priceLine(p *priced, w Wanted, asked orders.Line, product catalog.Recognised, from *match) (orders.Line, error) {
	l, offer := asked, product.Offer
	l.Tax, l.Amount = money.Zero(w.Currency), money.Zero(w.Currency)
	per := l.PerUnits()
	if l.Group || w.Header.Blanket != nil {
		l.UnitPrice = l.BuyerPrice
		return l, nil // a group's parts carry the price; a blanket order buys nothing yet
	}
	if l.BuyerPrice.Sign() < 0 {
		return l, fault.At(fault.Invalid, itemPlace(l)+".price", "the price is negative")
	}
	theirs, err := money.LineTotal(l.Quantity, l.BuyerPrice, per, w.Currency)
	if err != nil {
		return l, fault.At(fault.Invalid, itemPlace(l), "the line's amount is too large").Because(err)
	}
	ours, known := p.ourPrice(l, product, from)
	if offer != nil {
		// Our own name for it: buyers send the whole description back, cut somewhere.
		l.ProductID, l.Name = offer.ID, offer.Name
	}
	if !known {
		// Nothing to compare with: the buyer's price counts, and is flagged.
		l.UnitPrice, l.Amount = l.BuyerPrice, theirs
		if !w.Policy.AcceptBelow {
			p.wait("The price of line " + strconv.FormatInt(l.Line, 10) + " (" + cmp.Or(l.SKU, "no part number") + ") could not be checked.")
		}
		return l, nil
	}
	// Ours is for one unit, the buyer's for as many as its price basis says.
	if l.Per != nil {
		ours, err = ours.Mul(per)
	}
	if err != nil {
		return l, fault.At(fault.Invalid, itemPlace(l)+".price_per", "our price on that basis has too many digits").Because(err)
	}
	our, err := money.LineTotal(l.Quantity, ours, per, w.Currency)
	if err != nil {
		return l, err
	}
	l.UnitPrice, l.Amount = ours, our
	if l.BuyerPrice.Cmp(ours) != 0 {
		p.comparePrice(w.Policy, &l, per, ours, our, theirs)
	}
	if offer != nil {
		if err := offer.CheckQuantity(l.Quantity, l.Unit); err != nil {
			p.flag(orders.FlagQuantityRule, "line "+strconv.FormatInt(l.Line, 10)+": "+err.Error(), l.Line)
		}
	}
	return l, nil
}

// itemPlace is where the line stands among those that are wanted.
func itemPlace(l orders.Line) string { return "lines[" + strconv.FormatInt(l.Position-1, 10) + "]" }

// ourPrice is the snapshot's price while it holds for that quantity and unit, else today's.
func (p *priced) ourPrice(l orders.Line, product catalog.Recognised, from *match) (money.Decimal, bool) {
	offer := product.Offer
	quoted, ok := money.Decimal{}, false // for one unit
	if from != nil && !from.stale && from.line.Unit == l.Unit {
		quoted, ok = from.line.each()
	}
	if from != nil && from.pending {
		line := "line " + strconv.FormatInt(l.Line, 10) + " (" + l.SKU + ") was ordered before its quote was final"
		p.flag(orders.FlagQuotePending, line, l.Line)
		p.wait(strings.ToUpper(line[:1]) + line[1:] + ".")
		return quoted, ok && !from.line.Open
	}
	if ok && from.line.Quantity.Cmp(l.Quantity) == 0 {
		return quoted, true
	}
	number := strconv.FormatInt(l.Line, 10)
	if offer == nil {
		if ok {
			return quoted, true // quoted, and since withdrawn
		}
		if product.Hidden {
			return money.Decimal{}, false // that it is hidden was said
		}
		p.flag(orders.FlagProductUnknown, "line "+number+": "+cmp.Or(l.SKU, "what has no part number")+" is not in the catalogue of this buyer", l.Line)
		return money.Decimal{}, false
	}
	quote, err := offer.At(l.Quantity, l.Unit)
	if err != nil {
		p.flag(orders.FlagUnitUnknown, "line "+number+": "+l.SKU+" is not sold in the unit "+l.Unit, l.Line)
		return money.Decimal{}, false
	}
	if from != nil && from.stale {
		p.flag(orders.FlagQuoteStale, "line "+number+" comes from a cart that is too old, it was priced again", l.Line)
	}
	return quote.Price, true
}

// wait keeps the first reason why a person must look at the prices.
func (p *priced) wait(sentence string) { p.waitFor("price_review", sentence) }

func (p *priced) waitFor(reason, sentence string) {
	if p.review == "" {
		p.reason, p.review = reason, sentence
	}
}
