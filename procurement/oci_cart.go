package procurement

import (
	"cmp"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/oci"
)

// ociForm is the form that takes a cart home. A cancelled visit's has no items: the buyer comes
// back with nothing, at the address for that if the start named one.
func (c Connection) ociForm(visit Session, cart checkout.Cart, f *ReturnForm) error {
	asked := visit.Visit.OCI
	if asked == nil {
		asked = &ociVisit{Target: "_top"} // the connection spoke another protocol when the visit began
	}
	if visit.State == VisitCancelled && asked.Cancel != "" {
		return c.ociCancelled(asked, f)
	}
	if visit.State == VisitCancelled {
		return c.ociPage(asked, visit.ReturnURL, nil, f)
	}
	fields, err := c.ociFields(asked, cart, cart.Lines)
	if err != nil {
		return err
	}
	return c.ociPage(asked, visit.ReturnURL, fields, f)
}

// ociCancelled leads to the address that the buyer named for visits without a cart. It is called as it
// is, by a plain link.
func (c Connection) ociCancelled(asked *ociVisit, f *ReturnForm) error {
	address, err := c.Settings.checkHook(asked.Cancel)
	if err != nil {
		return err // the setting changed since the visit began
	}
	f.Action, f.Host, f.Link, f.Target = asked.Cancel, told(address), true, asked.Target
	f.Charset, _ = oci.CharsetOf(asked.Charset)
	return nil
}

// ociFreight is the cart's freight as an item; not ok where it isn't sent, or there is none.
func (c Connection) ociFreight(cart checkout.Cart) (oci.Item, bool) {
	if c.Settings.TaxAndFreight != "line" || cart.ID == "" || cart.Freight.Minor == 0 {
		return oci.Item{}, false
	}
	price := money.MustDecimal(cart.Freight.Text())
	number, _ := strings.CutPrefix(cart.FreightID(), cart.ID+"-")
	return oci.Item{Description: "Freight, estimate", Quantity: money.One, Unit: c.Settings.ociUnit("EA"), Price: &price,
		Currency: c.Settings.ociCurrency(cart.Currency), VendorMat: c.Settings.freightLine(), Service: true,
		ExtQuoteID: cart.ID, ExtQuoteItem: number}, true
}

// ociPage puts fields into a page of the buyer's character set and frame. A search may come without
// an address: nobody sends its form on.
func (c Connection) ociPage(asked *ociVisit, action string, fields []oci.Field, f *ReturnForm) error {
	if f.Target = asked.Target; action != "" {
		hook, err := c.Settings.checkHook(action)
		if err != nil {
			return noLonger(action, err)
		}
		f.Action, f.Host, f.Origins = action, told(hook), c.Settings.formOrigins(hook)
		if c.Settings.oci().HookQuery == "split" {
			fields = append(fields, splitQuery(hook, &f.Action)...)
		}
	}
	f.Charset, _ = oci.CharsetOf(asked.Charset)
	for _, field := range append(fields, asked.Echo...) {
		// Names, too: those of an address's parameters are the buyer's own.
		f.Fields = append(f.Fields, FormField{f.Charset.Fit(field.Name), f.Charset.Fit(field.Value)})
	}
	return nil
}

// splitQuery takes the parameters out of a return address, as the texts of 4.0 and 5.0 say.
func splitQuery(hook *url.URL, action *string) []oci.Field {
	parameters, err := oci.ReadFields(hook.RawQuery, "", oci.DefaultLimits)
	if err != nil {
		return nil // longer than any address that was taken
	}
	*action, _, _ = strings.Cut(*action, "?")
	return parameters
}

func (c Connection) ociFields(asked *ociVisit, cart checkout.Cart, lines []checkout.CartLine) ([]oci.Field, error) {
	const unwritable = "The cart can't be written for this buyer"
	var form oci.Cart
	for i, l := range lines {
		item, err := c.ociItem(i+1, asked, cart, l)
		if err != nil {
			return nil, ociFault(err, unwritable)
		}
		form.Items = append(form.Items, item)
	}
	if freight, ok := c.ociFreight(cart); ok {
		form.Items = append(form.Items, freight)
	}
	fields, err := form.Write(oci.Rules{Lengths: c.Settings.oci().Lengths})
	sentence := unwritable
	if faults := (oci.Faults)(nil); errors.As(err, &faults) {
		if n := oci.IndexOf(faults[0].Field); n > 0 && n <= len(lines) {
			sentence += " because of " + lines[n-1].Name // people know no fields
		}
	}
	return fields, ociFault(err, sentence)
}

// ociItem is a line of a cart in the interface's words.
func (c Connection) ociItem(index int, asked *ociVisit, cart checkout.Cart, l checkout.CartLine) (oci.Item, error) {
	settings := c.Settings.oci()
	item := oci.Item{
		Index: index, Description: l.Name, LongText: oci.PlainText(l.Description), Quantity: l.Quantity, Unit: c.Settings.ociUnit(l.Unit),
		LeadTime: l.LeadTime, VendorMat: l.SKU, ExtProductID: productKey(l),
	}
	if settings.isMatNr(l.BuyerPart) {
		// The texts want one of the two: the buyer's system has a name of its own for its number.
		item.MatNr, item.Description = l.BuyerPart, ""
		item.LongText = strings.TrimSpace(l.Name + "\n" + item.LongText)
	}
	if !l.Open { // a price that is still to be said is left out: 0 would be a present
		price := l.UnitPrice
		item.Price, item.Currency = &price, c.Settings.ociCurrency(cart.Currency)
	}
	if l.Per != nil && !l.Open {
		// fit has seen to it that it is one of the powers of ten that PRICEUNIT has room for.
		item.PriceUnit, _ = strconv.ParseInt(l.Per.Plain(), 10, 64)
	}
	if cart.ID != "" {
		item.ExtQuoteID, item.ExtQuoteItem = cart.ID, strconv.FormatInt(l.Line, 10)
	}
	if settings.SchemaType != "" && l.UNSPSC != "" {
		item.ExtSchemaType, item.ExtCategoryID = settings.SchemaType, l.UNSPSC
	}
	for _, f := range settings.Fields {
		if value := f.value(asked, cart, l); value != "" {
			if err := item.Set(f.Field, value); err != nil {
				return item, err
			}
		}
	}
	return item, nil
}

// isMatNr tells whether the buyer's number of a product can be one of its system's.
func (o OCISettings) isMatNr(part string) bool {
	most := 40
	if n, set := o.Lengths["MATNR"]; set {
		most = n
	}
	return part != "" && utf8.RuneCountInString(part) <= most
}

// value is what the connection's map puts into a field; empty puts nothing.
func (f OCIField) value(asked *ociVisit, cart checkout.Cart, l checkout.CartLine) string {
	value := f.Value
	if f.Parameter != "" {
		value = parameter(asked.Fields, f.Parameter)
	}
	switch f.From {
	case "sku":
		value = l.SKU
	case "name":
		value = l.Name
	case "description":
		value = oci.PlainText(l.Description)
	case "unspsc":
		value = l.UNSPSC
	case "buyer_part":
		value = l.BuyerPart
	case "line":
		value = strconv.FormatInt(l.Line, 10)
	case "cart":
		value = cart.ID
	}
	if other, mapped := f.Values[value]; mapped {
		value = other
	}
	if f.Field == "MATGROUP" && eclass.MatchString(value) {
		value = strings.ReplaceAll(value, "-", "") // with them it is longer than the field
	}
	if letters := []rune(value); f.Cut > 0 && len(letters) > f.Cut {
		value = string(letters[:f.Cut])
	}
	return value
}

var eclass = regexp.MustCompile(`^[0-9]{2}(-[0-9]{2}){3}$`)

// parameter is the value of a parameter of the start; a masked one gives nothing.
func parameter(fields []oci.Field, name string) string {
	for _, f := range fields {
		if strings.EqualFold(strings.TrimPrefix(f.Name, "~"), strings.TrimPrefix(name, "~")) && f.Value != oci.Masked {
			return f.Value
		}
	}
	return ""
}

// ociUnit is what the buyer's system calls a unit: the map's word, or ours where there is no map. A
// unit that a map doesn't name is the connection's default; the test start tells of it.
func (s Settings) ociUnit(unit string) string {
	if len(s.Units) == 0 {
		return unit
	}
	if theirs, mapped := s.Units[unit]; mapped {
		return theirs
	}
	if unit := s.oci().DefaultUnit; unit != "" {
		return unit
	}
	return cmp.Or(s.Units["EA"], "EA")
}

// ociCurrency is what the buyer's system calls a currency.
func (s Settings) ociCurrency(currency string) string {
	if theirs := s.oci().Currencies[currency]; theirs != "" {
		return theirs
	}
	return currency
}

// unmapped are the units of a cart that go home as the default.
func (s Settings) unmapped(lines []checkout.CartLine) []string {
	var units []string
	for _, l := range lines {
		if _, mapped := s.Units[l.Unit]; len(s.Units) > 0 && !mapped && !slices.Contains(units, l.Unit) {
			units = append(units, l.Unit)
		}
	}
	return units
}

// unmappedNote is the warning about them on the kept form; what is a warning here is a fault of the
// test start.
func (s Settings) unmappedNote(lines []checkout.CartLine) string {
	units := s.unmapped(lines)
	if len(units) == 0 {
		return ""
	}
	return "; the buyer has no code for " + strings.Join(units, ", ") + ", " + s.ociUnit(units[0]) + " stands for it"
}

// productKey is what DETAIL and VALIDATE ask for later: the part number and the unit, since each unit
// has a price of its own. It holds as long as the part number does.
func productKey(l checkout.CartLine) string {
	const longest = 40 // of EXT_PRODUCT_ID
	key := l.SKU + unitMark + l.Unit
	if len([]rune(key)) > longest {
		return "" // without it the line can be bought, and not asked for
	}
	return key
}

const unitMark = "@"

// productOf reads a product's key back. A plain part number is one, too.
func productOf(key string) (sku, unit string) {
	at := strings.LastIndex(key, unitMark)
	if at < 0 || len(key)-at-1 > 3 || at == len(key)-1 {
		return key, ""
	}
	return key[:at], key[at+1:]
}
