package procurement

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/money"
)

func (k *checker) order(o *cxml.OrderRequest) {
	const head = "OrderRequest/OrderRequestHeader"
	h := o.Header
	blanket := h.OrderType == "blanket"
	switch {
	case h.Type != "new" && (h.DocumentReference == nil || h.DocumentReference.PayloadID == ""):
		k.warn(head+"/DocumentReference", "A document of type "+h.Type+" should refer to the one before it.", does(thisSystem, "finds the order by its number"))
	case h.OrderType == "release" && h.AgreementID == "" && h.AgreementPayloadID == "":
		k.warn(head+"/@agreementID", "A release should name the agreement that it draws on.")
	case blanket && h.EffectiveDate.Text == "":
		k.warn(head+"/@effectiveDate", "A blanket order needs an effectiveDate.")
	}
	if p := h.Payment; p != nil && (p.PCard != nil || slices.Contains(p.Other, "PaymentToken")) {
		k.warn(head+"/Payment", "The order is to be paid by card.", refuses(thisSystem, "answers 402 where cards are not taken"))
	}
	if h.IsInternalVersion {
		k.note(head+"/@isInternalVersion", "An internal version changes nothing at the supplier.", does(thisSystem, "acknowledges it"))
	}
	k.places(o)
	lineTax, lineFreight := k.orderLines(o)
	k.orderTax(head, h, lineTax)
	k.decimals(head+"/Total/Money", h.Total)
	if h.Shipping != nil {
		k.decimals(head+"/Shipping/Money", h.Shipping.Money)
	}
	if h.Tax != nil {
		k.decimals(head+"/Tax/Money", h.Tax.Money)
	}
	if !blanket {
		k.orderTotal(head, o, lineTax, lineFreight)
	}
}

// orderLines gives the sums of the lines' taxes and shipping, nil where none has any.
func (k *checker) orderLines(o *cxml.OrderRequest) (tax, freight *money.Decimal) {
	h, blanket := o.Header, o.Header.OrderType == "blanket"
	var lineTax, lineFreight stated
	synthetic := 0
	for i, item := range o.ItemOut {
		place := "OrderRequest/ItemOut[" + strconv.Itoa(i+1) + "]"
		lineTax.add(taxIn(item.Tax))
		lineFreight.add(shippingIn(item.Shipping))
		if item.Synthetic {
			synthetic++
		}
		if item.Quantity.IsZero() && !blanket && h.Type != "delete" {
			k.warn(place+"/@quantity", "The quantity is 0.")
		}
		if item.ItemID.SupplierPartID == "" && !blanket {
			k.warn(place+"/ItemID/SupplierPartID", "The part number is missing: the supplier can't tell what is ordered.")
		}
		if d := item.ItemDetail; d != nil {
			k.unit(place+"/ItemDetail/UnitOfMeasure", d.UnitOfMeasure)
			k.basis(place+"/ItemDetail/PriceBasisQuantity", d.PriceBasisQuantity)
		}
		if item.RequisitionID != "" && h.RequisitionID != "" {
			k.warn(place+"/@requisitionID", "The requisitionID stands in the header and on the line; it has one place.")
		}
	}
	if synthetic > 0 {
		k.warn("OrderRequest/ItemOut/@lineNumber", strconv.Itoa(synthetic)+" of "+strconv.Itoa(len(o.ItemOut))+" lines have no lineNumber: confirmations and invoices can't name them for certain.",
			does(thisSystem, "numbers them by their place"))
	}
	return lineTax.sum, lineFreight.sum
}

// orderTotal holds the Total against what the lines come to.
func (k *checker) orderTotal(head string, o *cxml.OrderRequest, lineTax, lineFreight *money.Decimal) {
	h := o.Header
	s := k.sum("OrderRequest/ItemOut", o.ItemOut, o.Currency, h.Type == "delete")
	if s == nil {
		return
	}
	for i, line := range s.lines {
		for _, flag := range chargeFlags(line, o.Currency) {
			k.warn("OrderRequest/ItemOut["+strconv.Itoa(i+1)+"]/Distribution", sentenceOf(flag.Message), does(thisSystem, "takes the order and flags it"))
		}
	}
	tax, freight := cmp.Or(taxIn(h.Tax), lineTax), cmp.Or(shippingIn(h.Shipping), lineFreight)
	mismatch := does(thisSystem, "takes its own sum and flags the order, or answers 400, as the connection says")
	switch total := decimalOf(h.Total); {
	case total == nil:
		k.warn(head+"/Total", "The Total is missing.", does(thisSystem, "takes the sum of the lines"))
	case s.equals(*total):
	case s.equalsWith(*total, tax, freight):
		k.warn(head+"/Total", "The Total is "+total.String()+", the lines come to "+s.text()+": the Total is that of goods only, without tax and shipping.",
			does(thisSystem, "takes the order and notes it"))
	case s.factored && s.plainEquals(*total):
		k.warn(head+"/Total", "The Total is right only if the conversionFactor is left out; with it the lines come to "+s.text()+".", mismatch)
	default:
		k.fault(head+"/Total", "The Total is "+total.String()+", but the lines come to "+s.text()+".", mismatch)
	}
}

func (k *checker) places(o *cxml.OrderRequest) {
	if o.Header.ShipTo != nil || o.Header.Type == "delete" {
		return
	}
	for _, item := range o.ItemOut {
		if item.ShipTo != nil {
			return
		}
	}
	k.note("OrderRequest/OrderRequestHeader/ShipTo", "Nothing says where the goods go: no ShipTo in the header or on a line.")
}

// orderTax tells when tax is stated twice. The two are one tax; a reader who adds them collects
// it twice.
func (k *checker) orderTax(head string, h cxml.OrderRequestHeader, lines *money.Decimal) {
	if h.Tax == nil || !h.Tax.Money.Present || lines == nil {
		return
	}
	if h.Tax.Money.Value.Cmp(*lines) == 0 {
		k.note(head+"/Tax", "The tax stands in the header and on the lines; the two are one tax.", does(thisSystem, "counts the header's"))
		return
	}
	k.warn(head+"/Tax", "The header's tax is "+h.Tax.Money.Value.String()+", the lines' taxes come to "+lines.String()+"; readers that add the two collect too much.",
		does(thisSystem, "counts the header's"))
}

// decimals are more than the currency has: such an amount can't be paid.
func (k *checker) decimals(place string, m cxml.Money) {
	if exponent, ok := money.Exponent(m.Currency); ok && m.Present && m.Value.Scale() > exponent {
		k.warn(place, "The amount "+m.Value.String()+" has more decimals than the "+strconv.Itoa(exponent)+" of "+m.Currency+".")
	}
}
