package catalog

import (
	"slices"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Price is a price with its breaks: the list's when Organisation is empty, else that
// organisation's contract price. From and To are the first and the last day that it holds; no
// date is no bound. Of several that hold on one day the one that began last counts, so a
// short-lived price may be laid over a lasting one.
type Price struct {
	Organisation string
	Currency     string
	From, To     money.Date
	Price        money.Decimal // per order unit, for every quantity below the first break
	Breaks       []Break       // by rising quantity
}

// Break is the price from a quantity on, both in order units.
type Break struct {
	From  money.Decimal `json:"from"`
	Price money.Decimal `json:"price"`
}

func (p *Price) holds(on money.Date) bool {
	return !on.Before(p.From) && (p.To.IsZero() || !p.To.Before(on))
}

func (p *Price) at(quantity money.Decimal) money.Decimal {
	price := p.Price
	for _, b := range p.Breaks {
		if quantity.Cmp(b.From) < 0 {
			break
		}
		price = b.Price
	}
	return price
}

// current is the price that counts on that day; nil when none does.
func current(prices []Price, on money.Date) *Price {
	var best *Price
	for i := range prices {
		if p := &prices[i]; p.holds(on) && (best == nil || best.From.Before(p.From)) {
			best = p
		}
	}
	return best
}

// Offer is a product with what one organisation pays for it in one currency on one day.
type Offer struct {
	Product
	Currency  string
	Contract  bool           // a contract price is in force; whether it wins at a quantity says Quote
	ListPrice *money.Decimal // before breaks; nil when there is none in this currency
	Breaks    []Break        // what is paid, from the least quantity on; never empty
	BuyerPart string         // what the organisation calls it; "" where it has no number of its own
	list      *Price
	contract  *Price
	bestOf    bool
}

// Quote is the price of one quantity.
type Quote struct {
	Unit     string
	Price    money.Decimal  // per Unit, exact
	List     *money.Decimal // per Unit, where a contract price applies and there is a list price
	Contract bool
}

// newOffer finds what counts among a product's prices; chain is the organisation and those above
// it, nearest first. Nil when nothing does.
func newOffer(p Product, prices []Price, chain []string, policy, currency string, on money.Date) *Offer {
	of := func(organisation string) *Price {
		return current(slices.DeleteFunc(slices.Clone(prices), func(p Price) bool { return p.Organisation != organisation }), on)
	}
	o := &Offer{Product: p, Currency: currency, list: of(""), bestOf: policy == accounts.BestOf}
	for _, organisation := range chain {
		if o.contract = of(organisation); o.contract != nil {
			break
		}
	}
	o.Contract = o.contract != nil
	if o.list != nil {
		o.ListPrice = &o.list.Price
	}
	if o.list == nil && o.contract == nil {
		return nil
	}
	o.Breaks = o.ladder()
	return o
}

// choose is the price per order unit for a quantity in order units.
func (o *Offer) choose(quantity money.Decimal) (price money.Decimal, list *money.Decimal, contract bool) {
	if o.contract == nil {
		return o.list.at(quantity), nil, false
	}
	price = o.contract.at(quantity)
	if o.list == nil {
		return price, nil, true
	}
	listed := o.list.at(quantity)
	if o.bestOf && listed.Cmp(price) < 0 {
		return listed, nil, false
	}
	return price, &listed, true
}

// ladder is the way the price falls with the quantity.
func (o *Offer) ladder() []Break {
	froms := []money.Decimal{o.LeastQuantity}
	for _, p := range []*Price{o.list, o.contract} {
		if p == nil {
			continue
		}
		for _, b := range p.Breaks {
			if b.From.Cmp(o.LeastQuantity) > 0 {
				froms = append(froms, b.From)
			}
		}
	}
	slices.SortFunc(froms, money.Decimal.Cmp)
	var ladder []Break
	for _, from := range froms {
		price, _, _ := o.choose(from)
		if n := len(ladder); n == 0 || ladder[n-1].Price.Cmp(price) != 0 {
			ladder = append(ladder, Break{from, price})
		}
	}
	return ladder
}

// At gives the price for a quantity in a unit ("" is the order unit). In another unit it is the
// exact product, never rounded: 0.01255 for a piece is 1.255 for a box of 100. Breaks count in
// order units, so 15 boxes and 1,500 pieces cost the same. A unit that the product isn't sold in
// is a fault.Invalid; whether the quantity may be ordered says CheckQuantity.
func (o *Offer) At(quantity money.Decimal, unit string) (Quote, error) {
	unit, factor, err := o.in(unit)
	if err != nil {
		return Quote{}, err
	}
	ordered, err := o.Ordered(quantity, unit)
	if err != nil {
		return Quote{}, err
	}
	price, list, contract := o.choose(ordered)
	q := Quote{Unit: unit, Price: price, List: list, Contract: contract}
	if unit == o.Unit {
		return q, nil
	}
	if q.Price, err = price.Mul(factor); err == nil && list != nil {
		var listed money.Decimal
		listed, err = list.Mul(factor)
		q.List = &listed
	}
	if err != nil {
		return Quote{}, fault.At(fault.Invalid, "unit", "the price of "+o.SKU+" per "+unit+" has too many digits").Because(err)
	}
	return q, nil
}
