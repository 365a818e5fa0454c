package procurement

import (
	"cmp"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/money"
)

// Freight as a line of its own: where a connection wants it so, it goes home as one more item, and
// wherever it comes back it is known again and is no goods (decision 0016).

const (
	freightSKU    = "FREIGHT"
	freightUNSPSC = "78121603"
)

// freightLine is the part number of freight that travels as a line.
func (s Settings) freightLine() string { return cmp.Or(strings.TrimSpace(s.FreightLine), freightSKU) }

// isFreight tells whether an item is freight: by the part number of the setting, or by the id that
// we gave it.
func (s Settings) isFreight(id cxml.ItemID) bool {
	return accounts.Fold(id.SupplierPartID) == accounts.Fold(s.freightLine()) || checkout.IsFreightID(id.SupplierPartAuxiliaryID)
}

// freightIn is the cart's freight as an item; not ok where it isn't one, or there is none.
func (s Settings) freightIn(cart checkout.Cart, lang string) (cxml.ItemIn, bool) {
	if s.TaxAndFreight != "line" || cart.Freight.Minor == 0 {
		return cxml.ItemIn{}, false
	}
	unit, err := s.theirUnit("EA")
	if err != nil {
		unit = "EA" // it is a fee and no goods: a unit that the buyer doesn't know is better than no freight
	}
	return cxml.ItemIn{Quantity: money.One, LineNumber: len(cart.Lines) + 1,
		ItemID: cxml.ItemID{SupplierPartID: s.freightLine(), SupplierPartAuxiliaryID: cart.FreightID()},
		ItemDetail: cxml.ItemDetail{UnitPrice: cxml.AmountOf(cart.Freight), UnitOfMeasure: unit,
			Description:    []cxml.Description{{Lang: lang, Text: "Freight, estimate", ShortName: "Freight"}},
			Classification: []cxml.Classification{{Domain: "UNSPSC", Text: freightUNSPSC}}}}, true
}

// itemsTotal is what the items of a returned cart come to.
func (s Settings) itemsTotal(cart checkout.Cart) (money.Amount, error) {
	if s.TaxAndFreight != "line" {
		return cart.Goods, nil
	}
	return cart.Goods.Add(cart.Freight)
}

// carryBack gives a restored cart the freight lines that came with it: they keep their id, and in a
// cart that is only looked at their amount.
func carryBack(cart *checkout.Cart, freight []checkout.BroughtBack, look bool) error {
	if len(freight) == 0 {
		return nil
	}
	cart.FreightAuxiliary = freight[0].Auxiliary
	if !look {
		return nil
	}
	sum := money.Zero(cart.Currency)
	for _, l := range freight {
		amount, err := l.Amount(cart.Currency)
		if err == nil {
			sum, err = sum.Add(amount)
		}
		if err != nil {
			return err
		}
	}
	return cart.Carry(sum)
}
