package checkout

import (
	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

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
	if !known && len(rates.Tax) > 0 {
		p.flag(orders.FlagTaxUnknown, "no rate is known for the place of delivery and the order states no tax, so something of it is not taxed", 0)
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
	var err error
	if l.Amount, err = money.LineTotal(l.Quantity, l.BuyerPrice, l.PerUnits(), currency); err != nil {
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
