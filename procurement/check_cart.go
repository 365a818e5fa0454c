package procurement

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/money"
)

func (k *checker) cart(m *cxml.PunchOutOrderMessage) {
	const top, head = "PunchOutOrderMessage", "PunchOutOrderMessage/PunchOutOrderMessageHeader"
	if m.BuyerCookie == "" {
		k.fault(top+"/BuyerCookie", "The BuyerCookie is empty: the buyer's system can't tell whose cart this is.")
	}
	cancel := m.Status != nil && m.Status.Code == 204
	if m.Status != nil {
		k.status("Message/Status", *m.Status)
	}
	switch {
	case cancel && len(m.ItemIn) > 0:
		k.warn(top+"/ItemIn", "With a Status of 204 the lines are ignored.")
	case !cancel && len(m.ItemIn) == 0:
		k.warn(top, "The cart is empty. In an edit session that deletes the earlier lines of the requisition; a Status of 204 leaves them.")
	}
	if !m.Header.Total.Present {
		k.fault(head+"/Total", "The Total is missing.")
	}
	k.decimals(head+"/Total/Money", m.Header.Total)
	items := make([]cxml.ItemOut, len(m.ItemIn))
	currency := m.Header.Total.Currency
	for i, line := range m.ItemIn {
		place := top + "/ItemIn[" + strconv.Itoa(i+1) + "]"
		k.cartLine(place, line, m.Header.QuoteStatus)
		price := line.ItemDetail.UnitPrice
		switch {
		case !price.Present:
		case currency == "":
			currency = price.Currency
		case price.Currency != currency:
			k.fault(place+"/ItemDetail/UnitPrice/Money/@currency", "The cart is in "+currency+", but this price is in "+price.Currency+".")
			return
		}
		items[i] = cxml.ItemOut{Quantity: line.Quantity, LineNumber: line.LineNumber, ParentLineNumber: line.ParentLineNumber,
			ItemType: line.ItemType, ItemID: line.ItemID, ItemDetail: &line.ItemDetail}
	}
	s := k.sum(top+"/ItemIn", items, currency, m.Header.QuoteStatus == "pending")
	if s == nil || !m.Header.Total.Present {
		return
	}
	total := m.Header.Total.Value
	var tax, freight *money.Decimal
	if m.Header.Tax != nil {
		tax = decimalOf(m.Header.Tax.Money)
	}
	if m.Header.Shipping != nil {
		freight = decimalOf(m.Header.Shipping.Money)
	}
	recount := does("jaggaer", "computes the Total anew")
	switch {
	case s.equals(total):
	case s.equalsWith(total, tax, freight):
		k.fault(head+"/Total", "The Total is "+total.String()+", the lines come to "+s.text()+": tax or shipping is in the Total, and is counted twice.", recount)
	case s.factored && s.plainEquals(total):
		k.warn(head+"/Total", "The Total is right only if the conversionFactor is left out; with it the lines come to "+s.text()+".", recount)
		k.generally()
	default:
		k.fault(head+"/Total", "The Total is "+total.String()+", but the lines come to "+s.text()+".", recount)
	}
}

func (k *checker) cartLine(place string, line cxml.ItemIn, quote string) {
	detail := place + "/ItemDetail"
	d := line.ItemDetail
	if line.Quantity.IsZero() {
		k.warn(place+"/@quantity", "The quantity is 0.")
	}
	k.partIDs(place+"/ItemID", line.ItemID)
	if len(d.Description) == 0 {
		k.fault(detail+"/Description", "The Description is missing; every DTD requires it.")
	}
	for _, text := range d.Description {
		k.description(detail+"/Description", text)
	}
	k.cartUnit(detail+"/UnitOfMeasure", d.UnitOfMeasure)
	k.basis(detail+"/PriceBasisQuantity", d.PriceBasisQuantity)
	if len(d.Classification) == 0 {
		k.fault(detail+"/Classification", "The Classification is missing; every DTD requires it.", does("fusion", "puts the line into the default category"))
	}
	for _, class := range d.Classification {
		code := cmp.Or(class.Code, class.Text)
		if strings.EqualFold(class.Domain, "UNSPSC") && (len(code) != 8 || !allDigits(code)) {
			k.warn(detail+"/Classification", shown(code)+" is not a UNSPSC code; they are 8 digits.",
				refuses("jaggaer", "takes UNSPSC codes of 8 digits only"), does("fusion", "puts the line into the default category"))
		}
	}
	if d.UnitPrice.Present {
		if d.UnitPrice.Value.Scale() > 4 {
			k.warn(detail+"/UnitPrice", "The price has more than 4 decimals. Never round it: send it for a larger unit, or with a PriceBasisQuantity.",
				refuses("jaggaer", "takes at most 4 decimals"))
		}
		if d.UnitPrice.Value.IsZero() && quote != "pending" {
			k.warn(detail+"/UnitPrice", "The price is 0, and the quote is final.")
		}
	}
}

func (k *checker) partIDs(place string, id cxml.ItemID) {
	if id.SupplierPartID == "" {
		k.fault(place+"/SupplierPartID", "The part number is missing: the line can't be ordered.")
	}
	for _, part := range []struct{ name, value string }{
		{"SupplierPartID", id.SupplierPartID}, {"SupplierPartAuxiliaryID", id.SupplierPartAuxiliaryID},
	} {
		if strings.ContainsAny(part.value, "?{}") {
			k.warn(place+"/"+part.name, "There is a ?, { or } in it.", refuses("ariba", "refuses ? { } in part numbers"))
		}
		switch length := utf8.RuneCountInString(part.value); {
		case length > 100:
			k.warn(place+"/"+part.name, "It is "+strconv.Itoa(length)+" characters long; most systems keep 100, and a cut one doesn't come back as it was.")
		case length > 50 && part.name == "SupplierPartAuxiliaryID":
			k.note(place+"/"+part.name, "It is "+strconv.Itoa(length)+" characters long; some systems keep 50.")
		}
	}
}

// escapedTwice finds what is left of an escape after the document was read.
var escapedTwice = regexp.MustCompile(`&(amp|lt|gt|quot|apos|#\d+|#x[0-9A-Fa-f]+);`)

func (k *checker) description(place string, d cxml.Description) {
	if d.Text == "" {
		k.warn(place, "The Description has no text of its own.", does("dynamics", "expects a ShortName as an attribute, so that the line may be left without words"))
	}
	if escapedTwice.MatchString(d.Text) {
		k.warn(place, "The Description looks escaped twice: readers show "+shown(escapedTwice.FindString(d.Text))+" as it stands.")
	}
	if len(d.Text) > 255 {
		k.warn(place, "The Description is "+strconv.Itoa(len(d.Text))+" bytes long.", does("ariba", "shows 255 bytes of it"))
	}
	if length := utf8.RuneCountInString(d.Text); length > 256 {
		k.warn(place, "The Description is "+strconv.Itoa(length)+" characters long.", does("jaggaer", "keeps 256"))
	}
	switch length := utf8.RuneCountInString(d.ShortName); {
	case length > 50:
		k.warn(place+"/ShortName", "The ShortName is "+strconv.Itoa(length)+" characters long; systems keep 30 to 50.")
	case length > 30:
		k.note(place+"/ShortName", "The ShortName is "+strconv.Itoa(length)+" characters long; some systems keep 30.")
	}
}
