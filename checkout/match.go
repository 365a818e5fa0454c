package checkout

import (
	"context"
	"errors"
	"math/big"
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
	line    CartLine
	stale   bool
	pending bool // its price was still to be said
}

// matchOf finds the price that a line was sent home with or quoted at, and whether that holds. A
// quote holds until its own day, not as long as a cart.
func matchOf(s Sent, today money.Date, now time.Time) *match {
	line, quoted := s.quoted()
	if quoted {
		return &match{line: line, stale: line.QuotedUntil.Before(today)}
	}
	return &match{line: line, stale: s.Cart.stale(now), pending: s.pending()}
}

// priceLine finds the price that counts for one line and says where it differs from the buyer's.
func (d *Desk) priceLine(p *priced, w Wanted, asked orders.Line, product catalog.Recognised, from *match) (orders.Line, error) {
	l, offer := asked, product.Offer
	l.Tax, l.Amount = money.Zero(w.Currency), money.Zero(w.Currency)
	per := money.One
	if l.Per != nil {
		per = *l.Per
	}
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
			p.wait("The price of line " + strconv.FormatInt(l.Line, 10) + " (" + l.SKU + ") could not be checked.")
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

// comparePrice says where the buyer's price of a line is another than ours; what it comes to is
// set when that is less.
func (p *priced) comparePrice(policy Policy, l *orders.Line, per, ours money.Decimal, our, theirs money.Amount) {
	difference := exact(l.Quantity, l.BuyerPrice, per)
	difference.Sub(difference, exact(l.Quantity, ours, per))
	half := halfUnit(our.Currency)
	number := strconv.FormatInt(l.Line, 10)
	switch {
	case difference.Cmp(half) > 0:
		p.flag(orders.FlagPriceAbove, "line "+number+" was ordered at "+l.BuyerPrice.String()+", our price of "+ours.String()+" counts", l.Line)
	case difference.Cmp(new(big.Rat).Neg(half)) < 0:
		// Never invoice above the order's own price: what is accepted is accepted at that price.
		l.UnitPrice, l.Amount = l.BuyerPrice, theirs
		if difference.Cmp(new(big.Rat).Neg(policy.tolerance(our))) >= 0 {
			return
		}
		short, _ := our.Sub(theirs)
		message := "line " + number + " was ordered at " + l.BuyerPrice.String() + " instead of " + ours.String() + ", " + short.String() + " less"
		p.flag(orders.FlagPriceBelow, message, l.Line)
		if !policy.AcceptBelow {
			p.wait("The order's prices are below ours: " + message + ".")
		}
	}
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
		p.flag(orders.FlagProductUnknown, "line "+number+": "+l.SKU+" is not in the catalogue of this buyer", l.Line)
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

// tolerance is how far a line may be below ours: half a minor unit, the percentage or the
// amount, whichever is most.
func (policy Policy) tolerance(our money.Amount) *big.Rat {
	most := halfUnit(our.Currency)
	if policy.TolerancePercent != nil {
		share := new(big.Rat).Mul(money.MustDecimal(our.Text()).Rat(), policy.TolerancePercent.Rat())
		if share.Quo(share, big.NewRat(100, 1)); share.Cmp(most) > 0 {
			most = share
		}
	}
	if policy.ToleranceAmount != nil && policy.ToleranceAmount.Rat().Cmp(most) > 0 {
		most = policy.ToleranceAmount.Rat()
	}
	return most
}

func exact(quantity, price, per money.Decimal) *big.Rat {
	r := new(big.Rat).Mul(quantity.Rat(), price.Rat())
	return r.Quo(r, per.Rat())
}

// halfUnit is half a minor unit of the currency, in major units.
func halfUnit(currency string) *big.Rat {
	exponent, _ := money.Exponent(currency)
	return new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Mul(big.NewInt(2), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(exponent)), nil)))
}

// compareTotal holds the order's Total against the sum of its own lines, half a minor unit a
// line being allowed. Total with tax and shipping in it is accepted and noted.
func (p *priced) compareTotal(w Wanted) error {
	if w.Header.StatedTotal == nil || w.Header.Blanket != nil {
		return nil
	}
	lines, freight := money.Zero(w.Currency), new(big.Rat)
	for _, l := range w.Lines {
		if l.Group {
			continue
		}
		per := money.One
		if l.Per != nil {
			per = *l.Per
		}
		amount, err := money.LineTotal(l.Quantity, l.BuyerPrice, per, w.Currency)
		if err == nil {
			lines, err = lines.Add(amount)
		}
		if l.Charge == orders.Freight {
			freight.Add(freight, money.MustDecimal(amount.Text()).Rat())
		}
		if err != nil {
			return fault.At(fault.Invalid, "lines", "the order's amount is too large").Because(err)
		}
	}
	sum := money.MustDecimal(lines.Text()).Rat()
	allowed := new(big.Rat).Mul(halfUnit(w.Currency), new(big.Rat).SetInt64(int64(len(w.Lines))))
	stated := w.Header.StatedTotal.Rat()
	// Freight as a line may be one of the items for the buyer, or no part of Total, like Shipping.
	if near(stated, sum, allowed) || near(stated, new(big.Rat).Sub(sum, freight), allowed) {
		return nil
	}
	with := new(big.Rat).Set(sum)
	for _, extra := range []*money.Decimal{w.Header.StatedTax, w.Header.StatedFreight} {
		if extra != nil {
			with.Add(with, extra.Rat())
		}
	}
	exponent, _ := money.Exponent(w.Currency)
	message := "Total is " + w.Header.StatedTotal.String() + ", the lines come to " + sum.FloatString(exponent)
	if near(stated, with, allowed) {
		p.flag(orders.FlagTotalIncludes, message+", with tax and shipping to "+with.FloatString(exponent), 0)
		return nil
	}
	if w.Policy.RefuseMismatch {
		return fault.At(fault.Invalid, "total", message)
	}
	p.flag(orders.FlagTotalDiffers, message, 0)
	return nil
}

func near(a, b, allowed *big.Rat) bool {
	difference := new(big.Rat).Sub(a, b)
	return difference.Abs(difference).Cmp(allowed) <= 0
}

// addTax takes the merchant's rates where they know the place, else what the order states.
func (p *priced) addTax(w Wanted, rates accounts.Rates, today money.Date, offers map[string]*catalog.Offer) error {
	if w.Header.Blanket != nil {
		return nil // its releases are taxed
	}
	taxed := make([]taxable, 0, len(p.lines))
	places := make([]int, 0, len(p.lines))
	for i, l := range p.lines {
		if l.Charge != "" {
			continue // tax is on goods
		}
		t := taxable{minor: l.Amount.Minor, shipTo: w.Header.ShipTo}
		if l.ShipTo != nil {
			t.shipTo = l.ShipTo
		}
		if offer := offers[accounts.Fold(l.SKU)]; offer != nil {
			t.class = offer.TaxClass
		}
		taxed, places = append(taxed, t), append(places, i)
	}
	certificates, err := w.Organisation.Certificates()
	if err != nil {
		return err
	}
	shares, tax, known, err := taxOn(taxed, rates.Tax, certificates, w.Currency, today)
	if err != nil {
		return err
	}
	for _, c := range expiredFor(taxed, certificates, today) {
		p.flag(orders.FlagCertificateExpired, "the exemption certificate "+c.Reference+" for "+c.Place()+" ended on "+c.To.String()+", so the order is taxed", 0)
	}
	stated, err := statedAmount("tax", w.Header.StatedTax, w.Currency)
	if err != nil {
		return err
	}
	if !known && w.Header.StatedTax != nil {
		p.Tax = stated
		if len(rates.Tax) > 0 {
			p.flag(orders.FlagTaxAsStated, "no rate is known for the place of delivery, the order's own tax of "+stated.String()+" counts", 0)
		}
		return nil
	}
	p.Tax = tax
	for i, place := range places {
		p.lines[place].Tax = money.Of(shares[i], w.Currency)
	}
	if w.Header.StatedTax != nil && stated != tax {
		p.flag(orders.FlagTaxDiffers, "the order states a tax of "+stated.String()+", ours of "+tax.String()+" counts", 0)
	}
	return nil
}

// freightLine is a line that carries freight: what it says replaces our reserve.
func (p *priced) freightLine(asked orders.Line, currency string) (orders.Line, error) {
	l := asked
	l.UnitPrice, l.Tax = l.BuyerPrice, money.Zero(currency)
	if l.BuyerPrice.Sign() < 0 {
		return l, fault.At(fault.Invalid, itemPlace(l)+".price", "the price is negative")
	}
	per := money.One
	if l.Per != nil {
		per = *l.Per
	}
	var err error
	if l.Amount, err = money.LineTotal(l.Quantity, l.BuyerPrice, per, currency); err != nil {
		return l, err
	}
	sum := l.Amount
	if p.lined != nil {
		sum, err = p.lined.Add(l.Amount)
	}
	p.lined = &sum
	return l, err
}

// addFreight takes the order's own freight lines where it has some, else the merchant's estimate
// where its table has one, else what the order states.
func (p *priced) addFreight(w Wanted, rates accounts.Rates, offers map[string]*catalog.Offer) error {
	if w.Header.Blanket != nil {
		return nil
	}
	var load cargo
	for _, l := range p.lines {
		if left := l.Left(); l.Charge == "" && !left.IsZero() {
			load.add(offers[accounts.Fold(l.SKU)], left, l.Unit)
		}
	}
	freight, known, err := freightOn(p.Goods, load, rates.Freight)
	if err != nil {
		return err
	}
	stated, err := statedAmount("freight", w.Header.StatedFreight, w.Currency)
	if err != nil {
		return err
	}
	if p.lined != nil {
		p.Freight = *p.lined
		if known && p.Freight != freight {
			p.flag(orders.FlagFreightDiffers, "the order's freight line comes to "+p.Freight.String()+", our estimate is "+freight.String()+"; the line counts", 0)
		} else if w.Header.StatedFreight != nil && stated != p.Freight {
			p.flag(orders.FlagFreightDiffers, "the order states shipping of "+stated.String()+" beside its freight line of "+p.Freight.String()+"; the line counts", 0)
		}
		return nil
	}
	p.Freight = freight
	if w.Header.StatedFreight != nil && !known {
		p.Freight = stated
	} else if w.Header.StatedFreight != nil && stated != freight {
		p.flag(orders.FlagFreightDiffers, "the order states shipping of "+stated.String()+", ours of "+freight.String()+" counts", 0)
	}
	return nil
}

func statedAmount(place string, d *money.Decimal, currency string) (money.Amount, error) {
	if d == nil {
		return money.Zero(currency), nil
	}
	if d.Sign() < 0 {
		return money.Amount{}, fault.At(fault.Invalid, place, "tax and shipping can't be negative")
	}
	return d.Round(currency)
}
