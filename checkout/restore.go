package checkout

import (
	"context"
	"errors"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// BroughtBack is one line of a cart that was sent home, as the buyer's system holds it now.
type BroughtBack struct {
	SKU       string
	BuyerPart string
	Auxiliary string
	Name      string
	UNSPSC    string
	Quantity  money.Decimal
	Unit      string
	Price     *money.Decimal // nil where the buyer names none
	Per       *money.Decimal // what Price is for; nil is one unit
	Earlier   *CartLine      // the line of a frozen cart that it came from, if it is known
	Quoted    *CartLine      // the same at a quoted price that holds; nil where there is none
}

// Amount is what the line comes to at the buyer's price.
func (l BroughtBack) Amount(currency string) (money.Amount, error) {
	if l.Price == nil {
		return money.Zero(currency), nil
	}
	per := money.One
	if l.Per != nil {
		per = *l.Per
	}
	amount, err := money.LineTotal(l.Quantity, *l.Price, per, currency)
	if err != nil {
		return amount, tooLarge(err)
	}
	return amount, nil
}

// Restoring is a cart that a buyer brings back.
type Restoring struct {
	Merchant     accounts.Merchant
	Organisation accounts.Organisation
	ShipTo       *orders.Address
	Currency     string
	Lines        []BroughtBack
	Today        bool // lines that can be sold get today's prices; else all keep the buyer's
}

// Restored makes a cart of what a buyer brings back, without keeping it. Nothing is dropped: a
// line that can't be sold as it stands keeps the buyer's figures and says so in Problem.
func (d *Desk) Restored(ctx context.Context, q database.Querier, r Restoring) (Cart, error) {
	c := Cart{Merchant: r.Merchant.ID, Organisation: r.Organisation.ID, Currency: r.Currency, Version: 1, ShipTo: r.ShipTo,
		Lines: make([]CartLine, len(r.Lines))}
	today := r.Merchant.Today(d.Clock)
	asked := make([]catalog.Asked, len(r.Lines))
	for i, l := range r.Lines {
		asked[i] = catalog.Asked{SKU: l.SKU, BuyerPart: l.BuyerPart}
	}
	products, err := catalog.Recognise(ctx, q, r.Organisation, r.Currency, today, asked)
	if err != nil {
		return Cart{}, err
	}
	offers := map[string]*catalog.Offer{}
	for i, l := range r.Lines {
		l.SKU = products[i].SKU
		offer := products[i].Shown()
		offers[accounts.Fold(l.SKU)] = offer
		if c.Lines[i], err = restoredLine(l, offer, r.Currency, r.Today); err != nil {
			return Cart{}, err
		}
		c.Lines[i].Line = int64(i + 1)
	}
	rates, err := r.Merchant.Rates()
	if err != nil {
		return Cart{}, err
	}
	fillGaps(offers, c.Lines)
	err = c.total(rates, r.Organisation, today, offers)
	if errors.Is(err, money.ErrRange) {
		return Cart{}, tooLarge(err)
	}
	return c, err
}

// RestoreCart keeps a restored cart as an open one of its own: what it came from stays as it was.
func (d *Desk) RestoreCart(ctx context.Context, tx *database.Tx, c Cart) (Cart, error) {
	c.ID = database.NewID("crt")
	return c, d.addCart(ctx, tx, c)
}

func tooLarge(err error) error {
	return fault.At(fault.Invalid, "lines", "the amount of the items is too large").Because(err)
}

func restoredLine(l BroughtBack, offer *catalog.Offer, currency string, today bool) (CartLine, error) {
	line := CartLine{SKU: l.SKU, BuyerPart: l.BuyerPart, Auxiliary: l.Auxiliary, Name: l.Name, UNSPSC: l.UNSPSC, Quantity: l.Quantity, Unit: l.Unit,
		Amount: money.Zero(currency), Tax: money.Zero(currency)}
	if e := l.Earlier; e != nil {
		line.ProductID, line.Name, line.Description, line.UNSPSC, line.LeadTime = e.ProductID, e.Name, e.Description, e.UNSPSC, e.LeadTime
		line.UnitPrice, line.Per = e.UnitPrice, e.Per
		if line.Unit == "" {
			line.Unit = e.Unit
		}
	}
	if l.Price != nil {
		line.UnitPrice, line.Per = *l.Price, l.Per
	}
	if line.per().Cmp(money.One) == 0 {
		line.Per = nil
	}
	var err error
	if line.Amount, err = money.LineTotal(line.Quantity, line.UnitPrice, line.per(), currency); err != nil {
		return line, tooLarge(err)
	}
	if line.Name == "" {
		line.Name = line.SKU
	}
	if offer == nil {
		line.Problem, line.Unavailable = line.Name+" isn't offered any more.", true
		return line, nil
	}
	line.SKU, line.ProductID, line.Name, line.Description, line.UNSPSC, line.LeadTime = offer.SKU, offer.ID, offer.Name, offer.Description, offer.UNSPSC, offer.LeadTimeDays
	sold, err := cartLine(Item{SKU: l.SKU, Quantity: l.Quantity, Unit: line.Unit}, offer, currency)
	if err != nil {
		_, unsold := offer.At(l.Quantity, line.Unit)
		line.Problem, line.Unavailable = wordsOf(err)+".", unsold != nil
		return line, nil
	}
	if q := l.Quoted; q != nil && q.Quantity.Cmp(sold.Quantity) == 0 && q.Unit == sold.Unit {
		return asQuoted(sold, *q, line, currency)
	}
	if today || l.Price == nil && l.Earlier == nil {
		sold.Auxiliary = l.Auxiliary
		if l.Earlier != nil && l.Earlier.Open {
			return asOpen(sold, currency), nil // still nobody has said what it costs
		}
		if each, ok := line.each(); ok && (l.Price != nil || l.Earlier != nil) && each.Cmp(sold.UnitPrice) != 0 {
			sold.Before = &each
		}
		return sold, nil
	}
	return line, nil
}

// asQuoted is a line that can be sold, at its quoted price; before is how the buyer brought it.
func asQuoted(line, quoted, before CartLine, currency string) (CartLine, error) {
	line.Auxiliary, line.UnitPrice, line.Per, line.QuotedUntil = before.Auxiliary, quoted.UnitPrice, quoted.Per, quoted.QuotedUntil
	line.ListPrice, line.Contract = nil, false
	each, ok := line.each()
	if was, brought := before.each(); ok && brought && was.Sign() > 0 && was.Cmp(each) != 0 {
		line.Before = &was
	}
	var err error
	if line.Amount, err = money.LineTotal(line.Quantity, line.UnitPrice, line.per(), currency); err != nil {
		return line, tooLarge(err)
	}
	return line, nil
}

// asOpen is a line whose price is still to be said.
func asOpen(line CartLine, currency string) CartLine {
	line.Open, line.UnitPrice, line.ListPrice, line.Contract, line.Amount = true, money.Decimal{}, nil, false, money.Zero(currency)
	return line
}

// wordsOf is the sentence of a fault without its place.
func wordsOf(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e.Message
	}
	return err.Error()
}

// fillGaps lets lines without an offer be summed up like any other.
func fillGaps(offers map[string]*catalog.Offer, lines []CartLine) {
	for _, l := range lines {
		if sku := accounts.Fold(l.SKU); offers[sku] == nil {
			offers[sku] = &catalog.Offer{}
		}
	}
}

// predecessors finds for each item the line that came back from the buyer and that it goes on:
// the very same, else of the same product and unit, else of the same product; no line twice.
func predecessors(items []Item, before []CartLine) []*CartLine {
	found := make([]*CartLine, len(items))
	free := map[string][]*CartLine{}
	for i := range before {
		if l := &before[i]; l.Auxiliary != "" || l.Problem != "" {
			free[accounts.Fold(l.SKU)] = append(free[accounts.Fold(l.SKU)], l)
		}
	}
	if len(free) == 0 {
		return found
	}
	for _, like := range []func(l *CartLine, item Item) bool{
		(*CartLine).stays,
		func(l *CartLine, item Item) bool { return l.Unit == item.Unit },
		func(*CartLine, Item) bool { return true },
	} {
		for i, item := range items {
			lines := free[accounts.Fold(item.SKU)]
			for j, l := range lines {
				if found[i] == nil && l != nil && like(l, item) {
					found[i], lines[j] = l, nil
				}
			}
		}
	}
	return found
}

// stays tells whether an item asks for the line as it is.
func (l *CartLine) stays(item Item) bool {
	return l.Quantity.Cmp(item.Quantity) == 0 && (item.Unit == "" || item.Unit == l.Unit)
}
