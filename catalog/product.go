// Package catalog knows what a merchant sells, in which units, and what each organisation pays
// for it. It stands beside credit below checkout: checkout asks for offers when a cart or an
// order has to be priced, the API and the shop search, and setup writes products and prices.
//
// A price is a decimal per order unit and is chosen here, never in SQL; the one rounding comes
// later, at the line's total. Part numbers are compared folded.
package catalog

import (
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Product is what the merchant sells. Unit is the order unit: prices, breaks, least quantity and
// step count in it.
type Product struct {
	ID            string
	Merchant      string
	SKU           string
	Name          string
	Description   string
	Category      string
	UNSPSC        string
	Unit          string         // UN/CEFACT code
	Content       *money.Decimal // how much an order unit holds: 100 in a box; nil when nothing is said
	ContentUnit   string
	OtherUnits    []OtherUnit
	LeastQuantity money.Decimal
	QuantityStep  money.Decimal
	TaxClass      string
	Hazardous     bool
	FreightClass  string         // "pallet": surcharge per piece
	Stock         *money.Decimal // nil is unknown, which is not 0
	LeadTimeDays  *int64
	Disabled      bool // withdrawn: kept for old carts and orders, offered to nobody
	Version       int64
}

// OtherUnit is a second unit that the product is sold in; Content is how many order units it is.
type OtherUnit struct {
	Unit    string        `json:"unit"`
	Content money.Decimal `json:"content"`
}

// in finds how many order units one of unit is; "" is the order unit itself.
func (p *Product) in(unit string) (name string, factor money.Decimal, err error) {
	if unit == "" || unit == p.Unit {
		return p.Unit, money.One, nil
	}
	sold := p.Unit
	for _, other := range p.OtherUnits {
		if other.Unit == unit {
			return other.Unit, other.Content, nil
		}
		sold += " or " + other.Unit
	}
	return "", money.Decimal{}, fault.At(fault.Invalid, "unit", p.SKU+" is not sold in "+unit+", only in "+sold)
}

// Units are all that the product is sold in, the order unit first.
func (p *Product) Units() []OtherUnit {
	return append([]OtherUnit{{p.Unit, money.One}}, p.OtherUnits...)
}

// Ordered turns a quantity of a unit into order units. A unit that the product isn't sold in is a
// fault.Invalid.
func (p *Product) Ordered(quantity money.Decimal, unit string) (money.Decimal, error) {
	unit, factor, err := p.in(unit)
	if err != nil || unit == p.Unit {
		return quantity, err
	}
	ordered, err := quantity.Mul(factor)
	if err != nil {
		return money.Decimal{}, fault.At(fault.Invalid, "quantity", "the quantity "+quantity.String()+" of "+p.SKU+" has too many digits").Because(err)
	}
	return ordered, nil
}

// CheckQuantity tests the product's rules: positive, the least quantity, the step. The rules
// count in order units, whichever unit the quantity comes in.
func (p *Product) CheckQuantity(quantity money.Decimal, unit string) error {
	ordered, err := p.Ordered(quantity, unit)
	switch {
	case err != nil:
		return err
	case quantity.Sign() <= 0:
		return fault.At(fault.Invalid, "quantity", "the quantity of "+p.SKU+" must be positive")
	case ordered.Cmp(p.LeastQuantity) < 0:
		return fault.At(fault.Invalid, "quantity", p.SKU+" can't be ordered as "+ordered.Plain()+" "+p.Unit+
			": least "+p.LeastQuantity.Plain())
	case !ordered.IsMultipleOf(p.QuantityStep):
		return fault.At(fault.Invalid, "quantity", p.SKU+" can't be ordered as "+ordered.Plain()+" "+p.Unit+
			": in steps of "+p.QuantityStep.Plain())
	}
	return nil
}
