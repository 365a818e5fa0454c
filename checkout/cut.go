package checkout

import (
	"context"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// Cut is what of an order the merchant can't or won't deliver.
type Cut struct {
	Merchant string
	Order    string
	Actor    string
	Reason   string
	Lines    []CutLine
}

// CutLine names a line by the buyer's number. Cancelled is how much of it is cancelled in all, so
// that asking twice is asking once; nil is the whole line.
type CutLine struct {
	Line      int64
	Cancelled *money.Decimal
}

// CancelLines takes lines, or parts of them, out of an approved order. The version keeps its number,
// for numbers are the buyer's, and what was asked for; what counts of it is less. Goods are what is
// left at the prices of the order. Tax and freight are reckoned anew by the merchant's tables, but
// never rise by it; where the order's own figures count, tax falls with the goods and freight stays. The
// hold falls to the new sum, and where nothing is left the order is cancelled.
//
// What is cancelled already changes nothing and is no error. fault.Conflict: the order isn't approved,
// a change of it waits, or more was cancelled before.
func (d *Desk) CancelLines(ctx context.Context, tx *database.Tx, c Cut) (orders.Order, error) {
	if strings.TrimSpace(c.Reason) == "" {
		return orders.Order{}, fault.At(fault.Invalid, "reason", "say why the lines are cancelled")
	}
	read, err := orders.Find(ctx, tx, c.Merchant, c.Order)
	if err == nil {
		err = d.mayCut(ctx, tx, read)
	}
	if err != nil {
		return orders.Order{}, err
	}
	lines, changed, err := cutLines(read, c.Lines)
	if err != nil || !changed {
		return read, err
	}
	merchant, err := accounts.FindMerchant(ctx, tx, c.Merchant)
	if err != nil {
		return orders.Order{}, err
	}
	organisation, err := accounts.FindOrganisation(ctx, tx, c.Merchant, read.Organisation)
	if err != nil {
		return orders.Order{}, err
	}
	v, err := d.recount(ctx, tx, merchant, organisation, read, lines)
	if err != nil {
		return orders.Order{}, err
	}
	return d.cut(ctx, tx, c, merchant, organisation, read, v)
}

// mayCut tells whether lines of the order can be cancelled at all.
func (d *Desk) mayCut(ctx context.Context, tx *database.Tx, o orders.Order) error {
	conflict := func(why string) error {
		return fault.New(fault.Conflict, "lines of order "+o.Number+" can't be cancelled: "+why)
	}
	switch {
	case o.State == orders.CreditReview:
		return conflict("it waits for a decision; release or reject it first")
	case o.State != orders.Approved:
		return conflict("it is " + o.State)
	case o.Version.Header.Blanket != nil:
		return conflict("it is a blanket order, and its releases are orders of their own")
	case o.Latest == o.InForce:
		return nil
	}
	latest, err := orders.FindVersion(ctx, tx, o, o.Latest)
	if err == nil && latest.State == orders.Waiting {
		err = conflict("a change of it waits; release or reject that first")
	}
	return err
}

// cutLines are the version's lines with what is cancelled of them.
func cutLines(o orders.Order, cuts []CutLine) (lines []orders.Line, changed bool, err error) {
	lines = append(lines, o.Version.Lines...)
	at := map[int64]int{}
	for i, l := range lines {
		at[l.Line] = i
	}
	faults := fault.New(fault.Invalid, "the lines can't be cancelled")
	for i, cut := range cuts {
		place := fmt.Sprintf("lines[%d]", i)
		wrong := func(field, message string) {
			faults.Fields = append(faults.Fields, fault.Field{Path: place + field, Message: message})
		}
		j, known := at[cut.Line]
		if !known {
			wrong(".line", "order "+o.Number+" has no line "+strconv.FormatInt(cut.Line, 10))
			continue
		}
		l := &lines[j]
		cancelled := l.Quantity
		if cut.Cancelled != nil {
			cancelled = *cut.Cancelled
		}
		before := money.Decimal{}
		if l.Cancelled != nil {
			before = *l.Cancelled
		}
		switch {
		case l.Group:
			wrong(".line", "the line belongs to a group and has no price of its own; cancel the line that has it")
		case cancelled.Sign() < 0 || cancelled.Cmp(l.Quantity) > 0:
			wrong(".cancelled", "must be between 0 and the "+l.Quantity.String()+" "+l.Unit+" of the line")
		case cancelled.Cmp(before) < 0:
			return nil, false, fault.At(fault.Conflict, place+".cancelled", before.String()+" of line "+strconv.FormatInt(l.Line, 10)+
				" are cancelled already, which can't be taken back")
		case cancelled.Cmp(before) > 0:
			l.Cancelled, changed = &cancelled, true
		}
	}
	if len(cuts) == 0 {
		return nil, false, fault.At(fault.Invalid, "lines", "name a line")
	}
	if len(faults.Fields) > 0 {
		return nil, false, faults
	}
	return lines, changed, nil
}

// recount is the version in force with what is left of its lines.
func (d *Desk) recount(ctx context.Context, tx *database.Tx, merchant accounts.Merchant, organisation accounts.Organisation, o orders.Order, lines []orders.Line) (orders.Version, error) {
	v := o.Version
	today := merchant.Today(d.Clock)
	skus := make([]string, len(lines))
	for i, l := range lines {
		skus[i] = l.SKU
	}
	offers, err := catalog.Offers(ctx, tx, organisation, o.Currency, today, skus)
	if err != nil {
		return v, err
	}
	rates, err := merchant.Rates()
	if err != nil {
		return v, err
	}
	p := priced{Totals: noTotals(o.Currency), lines: lines}
	if err := p.addLeft(); err != nil {
		return v, err
	}
	w := Wanted{Merchant: merchant, Organisation: organisation, Currency: o.Currency, Header: v.Header, Lines: lines}
	// What counted when the order came counts on: the order's own tax, in proportion, or our rates.
	asStated := false
	for _, f := range v.Flags {
		asStated = asStated || f.Code == orders.FlagTaxAsStated
	}
	if asStated || len(rates.Tax) == 0 {
		err = p.shareTax(v)
	} else {
		w.Header.StatedTax = nil
		err = p.addTax(w, rates, today, offers)
	}
	if err == nil {
		err = p.addFreight(w, rates, offers)
	}
	if err != nil {
		return v, err
	}
	if p.Goods.Minor == 0 && p.lined == nil {
		p.Freight = money.Zero(o.Currency) // nothing is carried
	}
	if p.Tax.Minor > v.Tax.Minor {
		p.Tax = v.Tax
	}
	if p.Freight.Minor > v.Freight.Minor {
		p.Freight = v.Freight
	}
	err = p.sum()
	v.Goods, v.Tax, v.Freight, v.Total, v.Lines = p.Goods, p.Tax, p.Freight, p.Total, p.lines
	return v, err
}

// addLeft sums what is left of the lines, at the prices that count.
func (p *priced) addLeft() error {
	for i := range p.lines {
		l := &p.lines[i]
		if l.Group {
			continue
		}
		amount, err := money.LineTotal(l.Left(), l.UnitPrice, l.PerUnits(), p.Goods.Currency)
		if err != nil {
			return err
		}
		if l.Amount = amount; l.Charge == "" {
			if p.Goods, err = p.Goods.Add(amount); err != nil {
				return err
			}
			continue
		}
		sum := amount
		if p.lined != nil {
			if sum, err = p.lined.Add(amount); err != nil {
				return err
			}
		}
		p.lined = &sum
	}
	return nil
}

// shareTax lets the order's own tax fall as the goods do, rounded once.
func (p *priced) shareTax(v orders.Version) error {
	if v.Goods.Minor == 0 {
		p.Tax = v.Tax
		return nil
	}
	share := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(v.Tax.Minor), big.NewInt(p.Goods.Minor)), big.NewInt(v.Goods.Minor))
	share.Mul(share, big.NewRat(2, 1)).Add(share, big.NewRat(1, 1)) // half up: no sum here is negative
	twice := new(big.Int).Quo(share.Num(), share.Denom())
	p.Tax = money.Of(twice.Rsh(twice, 1).Int64(), v.Tax.Currency)
	for i := range p.lines {
		if p.lines[i].Left().IsZero() {
			p.lines[i].Tax = money.Zero(v.Tax.Currency)
		}
	}
	return nil
}

// cut stores what is left, with the hold that it needs, and tells the buyer.
func (d *Desk) cut(ctx context.Context, tx *database.Tx, c Cut, merchant accounts.Merchant, organisation accounts.Organisation, read orders.Order, v orders.Version) (orders.Order, error) {
	var left release
	var err error
	if read.Agreement != "" {
		if left, err = d.release(ctx, tx, drawing{merchant, organisation, read.Agreement, read.ID, read.Currency, v.Lines}); err != nil {
			return orders.Order{}, err
		}
	}
	ask := credit.Ask{Organisation: organisation, Reference: read.ID, Total: v.Total, Actor: c.Actor, Reason: c.Reason, At: d.Clock.Now()}
	ended := true
	for _, l := range v.Lines {
		ended = ended && (l.Group || l.Charge != "" || l.Left().IsZero())
	}
	if ended {
		_, err = credit.Release(ctx, tx, ask)
	} else {
		_, err = credit.Adjust(ctx, tx, ask) // less always fits
	}
	if err != nil {
		return orders.Order{}, err
	}
	o, err := d.lockUnchanged(ctx, tx, read)
	if err != nil {
		return orders.Order{}, err
	}
	if ended {
		o.State, v.State, left.draws = orders.Cancelled, orders.VersionCancelled, nil
		zero := noTotals(o.Currency)
		v.Goods, v.Tax, v.Freight, v.Total = zero.Goods, zero.Tax, zero.Freight, zero.Total
		o.Decision = orders.Decision{Outcome: "cancelled", Reason: "cancelled_by_merchant", Sentence: c.Reason, Actor: c.Actor, Why: c.Reason,
			Available: zero.Total, Short: zero.Total}
	}
	if read.Agreement != "" {
		if err := orders.SetDraws(ctx, tx, o, left.draws); err != nil {
			return orders.Order{}, err
		}
	}
	if err := orders.Rewrite(ctx, tx, &o, v); err != nil {
		return orders.Order{}, err
	}
	now := database.At(d.Clock.Now())
	o.Version = v
	o.Events++
	if err := orders.Update(ctx, tx, &o, now); err != nil {
		return orders.Order{}, err
	}
	told := o
	told.Decision.Why = c.Reason // the reason goes to the buyer; the decision on the order stays
	if err := d.tell(ctx, tx, &told, now, orders.EventLinesCancelled); err != nil {
		return orders.Order{}, err
	}
	return o, accounts.Audit(ctx, tx, accounts.Change{Merchant: o.Merchant, At: now.Time, Actor: c.Actor, Action: orders.EventLinesCancelled,
		Object: o.ID, Reason: c.Reason, Was: quantities(read), Became: quantities(o)})
}

// quantities is what an audit shows of an order's lines: what is left of each, and the total.
func quantities(o orders.Order) map[string]any {
	left := map[string]string{}
	for _, l := range o.Version.Lines {
		left[strconv.FormatInt(l.Line, 10)] = l.Left().String()
	}
	return map[string]any{"state": o.State, "total": o.Version.Total, "left": left}
}

// orderedAgain lets a change wait that orders what the merchant cancelled: it is the buyer's whole order
// anew, so that quantities that were taken back would come to count again by themselves.
func (p *priced) orderedAgain(before orders.Version) {
	left := map[int64]orders.Line{}
	for _, l := range before.Lines {
		if l.Cancelled != nil {
			left[l.Line] = l
		}
	}
	for _, l := range p.lines {
		was, cut := left[l.Line]
		if cut && was.Unit == l.Unit && accounts.Fold(was.SKU) == accounts.Fold(l.SKU) && l.Quantity.Cmp(was.Left()) > 0 {
			p.waitFor("cancelled_again", "Line "+strconv.FormatInt(l.Line, 10)+" orders "+l.Quantity.String()+" "+l.Unit+", but "+
				was.Cancelled.String()+" of the "+was.Quantity.String()+" ordered before were cancelled.")
		}
	}
}
