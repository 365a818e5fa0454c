package checkout

import (
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// Totals are the sums of a cart or an order: goods are the sum of the rounded lines.
type Totals struct {
	Goods   money.Amount `json:"goods"`
	Tax     money.Amount `json:"tax"`
	Freight money.Amount `json:"freight"`
	Total   money.Amount `json:"total"`
}

func noTotals(currency string) Totals {
	zero := money.Zero(currency)
	return Totals{zero, zero, zero, zero}
}

func (t *Totals) sum() (err error) {
	t.Total, err = money.Sum(t.Goods.Currency, t.Goods, t.Tax, t.Freight)
	return err
}

// total computes the cart's sums and shares its tax over the lines.
func (c *Cart) total(rates accounts.Rates, organisation accounts.Organisation, on money.Date, offers map[string]*catalog.Offer) error {
	c.Totals = noTotals(c.Currency)
	taxed := make([]taxable, len(c.Lines))
	var goods []money.Amount
	for i, l := range c.Lines {
		goods = append(goods, l.Amount)
		taxed[i] = taxable{l.Amount.Minor, offers[accounts.Fold(l.SKU)].TaxClass, c.ShipTo}
	}
	var err error
	if c.Goods, err = money.Sum(c.Currency, goods...); err != nil {
		return err
	}
	certificates, err := organisation.Certificates()
	if err != nil {
		return err
	}
	shares, tax, _, err := taxOn(taxed, rates.Tax, certificates, c.Currency, on)
	if err != nil {
		return err
	}
	c.Tax = tax
	for i := range c.Lines {
		c.Lines[i].Tax = money.Of(shares[i], c.Currency)
	}
	var load cargo
	for _, l := range c.Lines {
		load.add(offers[accounts.Fold(l.SKU)], l.Quantity, l.Unit)
	}
	if c.Freight, _, err = freightOn(c.Goods, load, rates.Freight); err != nil {
		return err
	}
	return c.sum()
}

// taxable is one line for the tax table.
type taxable struct {
	minor  int64
	class  string
	shipTo *orders.Address
}

// taxOn computes tax on goods: one rounding per rate and document, shared over the rate's lines
// by largest remainder. known is false when a line has a place or class that the table says
// nothing about; that line is then untaxed. What a certificate exempts is untaxed and known.
func taxOn(lines []taxable, table []accounts.TaxRate, certificates []accounts.Certificate, currency string, on money.Date) (shares []int64, tax money.Amount, known bool, err error) {
	shares, tax, known = make([]int64, len(lines)), money.Zero(currency), true
	// Lines of one rate, in the order of the document so that sums don't depend on a map's order.
	var rates []money.Decimal
	var groups [][]int
	for i, l := range lines {
		if l.exempt(certificates, on) {
			continue
		}
		rate, ok := rateFor(l, table, on)
		if !ok {
			known = false
			continue
		}
		group := -1
		for g := range rates {
			if rates[g].Cmp(rate) == 0 {
				group = g
			}
		}
		if group < 0 {
			rates, groups, group = append(rates, rate), append(groups, nil), len(rates)
		}
		groups[group] = append(groups[group], i)
	}
	for g, members := range groups {
		weights := make([]int64, len(members))
		base := money.Zero(currency)
		for j, i := range members {
			weights[j] = lines[i].minor
			if base, err = base.Add(money.Of(lines[i].minor, currency)); err != nil {
				return nil, tax, false, err
			}
		}
		due, err := base.Percent(rates[g])
		if err != nil {
			return nil, tax, false, err
		}
		if due.Minor == 0 {
			continue
		}
		parts, err := money.Allocate(due.Minor, weights)
		if err != nil {
			return nil, tax, false, err
		}
		for j, i := range members {
			shares[i] = parts[j]
		}
		if tax, err = tax.Add(due); err != nil {
			return nil, tax, false, err
		}
	}
	return shares, tax, known, nil
}

// exempt tells whether a certificate is in force for the line's place.
func (l taxable) exempt(certificates []accounts.Certificate, on money.Date) bool {
	for _, c := range certificates {
		if l.coveredBy(c) && c.Valid(on) {
			return true
		}
	}
	return false
}

func (l taxable) coveredBy(c accounts.Certificate) bool {
	if l.shipTo == nil {
		return c.Covers("", "")
	}
	return c.Covers(l.shipTo.Country, l.shipTo.Region)
}

// expiredFor lists the certificates that would have exempted a line if they hadn't ended.
func expiredFor(lines []taxable, certificates []accounts.Certificate, on money.Date) (expired []accounts.Certificate) {
	for _, c := range certificates {
		for _, l := range lines {
			if c.Expired(on) && l.coveredBy(c) && !l.exempt(certificates, on) {
				expired = append(expired, c)
				break
			}
		}
	}
	return expired
}

// rateFor finds the rate for the most exact place.
func rateFor(l taxable, table []accounts.TaxRate, on money.Date) (money.Decimal, bool) {
	if l.shipTo == nil {
		return money.Decimal{}, false
	}
	class := l.class
	if class == "" {
		class = "standard"
	}
	best, found := -1, money.Decimal{}
	for _, r := range table {
		rateClass := r.Class
		if rateClass == "" {
			rateClass = "standard"
		}
		if rateClass != class || !strings.EqualFold(r.Country, l.shipTo.Country) ||
			(r.Region != "" && !strings.EqualFold(r.Region, l.shipTo.Region)) ||
			!strings.HasPrefix(l.shipTo.PostalCode, r.PostalPrefix) ||
			(!r.From.IsZero() && on.Before(r.From)) || (!r.To.IsZero() && r.To.Before(on)) {
			continue
		}
		exactness := 2 * len(r.PostalPrefix)
		if r.Region != "" {
			exactness++
		}
		if exactness > best {
			best, found = exactness, r.Percent
		}
	}
	return found, best >= 0
}

// cargo is what freight depends on beside the sum of goods.
type cargo struct {
	hazardous bool
	pallets   money.Decimal
}

// add counts in order units, whichever unit the line is in.
func (c *cargo) add(offer *catalog.Offer, quantity money.Decimal, unit string) {
	if offer == nil {
		return
	}
	if ordered, err := offer.Ordered(quantity, unit); err == nil {
		quantity = ordered
	}
	c.hazardous = c.hazardous || offer.Hazardous
	if offer.FreightClass == "pallet" {
		if sum, err := c.pallets.Add(quantity); err == nil {
			c.pallets = sum
		}
	}
}

// freightOn estimates freight by the merchant's table; known is false where the table has
// nothing in that currency. Nothing bought is nothing carried.
func freightOn(goods money.Amount, load cargo, table accounts.FreightTable) (freight money.Amount, known bool, err error) {
	freight = money.Zero(goods.Currency)
	rule, ok := table[goods.Currency]
	if !ok {
		return freight, false, nil
	}
	if goods.Minor == 0 {
		return freight, true, nil
	}
	value := money.MustDecimal(goods.Text())
	for _, tier := range rule.Tiers {
		if tier.Under == nil || value.Cmp(*tier.Under) < 0 {
			if freight, err = tier.Charge.Round(goods.Currency); err != nil {
				return freight, true, err
			}
			break
		}
	}
	if load.hazardous && rule.Hazardous != nil {
		charge, err := rule.Hazardous.Round(goods.Currency)
		if err != nil {
			return freight, true, err
		}
		if freight, err = freight.Add(charge); err != nil {
			return freight, true, err
		}
	}
	if rule.PerPallet != nil && load.pallets.Sign() > 0 {
		charge, err := money.LineTotal(load.pallets, *rule.PerPallet, money.One, goods.Currency)
		if err != nil {
			return freight, true, err
		}
		if freight, err = freight.Add(charge); err != nil {
			return freight, true, err
		}
	}
	return freight, true, nil
}
