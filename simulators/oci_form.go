package simulators

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// receiveOCI takes the form of a cart, body as it came, at the address with the visit's token. What
// is wrong with it changes nothing else.
func (b *Buyer) receiveOCI(id, token, body string) (Requisition, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, err := b.find(id)
	if err != nil {
		return Requisition{}, err
	}
	fields, err := formFields(body, b.cfg.OCI.Charset)
	d := b.keep(Document{Requisition: r.ID, Direction: Received, Browser: true, Type: "OCI form", Size: len(body),
		Facts: []Fact{{"Fields", strconv.Itoa(len(fields))}, {"Character set", b.cfg.OCI.Charset}}}, fieldsText(fields))
	var taken string
	if err == nil {
		taken, err = b.takeForm(r, token, body, fields, d)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrCart, err)
		d.Note, d.Refused, r.Problem = sentence(err), true, sentence(err)
		b.story(r, "A cart came and was refused", d.Note)
		return r.snapshot(), err
	}
	d.Note, r.Problem = taken, ""
	return r.snapshot(), nil
}

// formFields are the fields in the order in which they came, read in the character set that was
// asked for. With an error, those before it.
func formFields(body, charset string) ([]ociField, error) {
	var fields []ociField
	for pair := range strings.SplitSeq(body, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		parts := [2]string{name, value}
		for i, part := range parts {
			plain, err := url.QueryUnescape(part)
			if err != nil {
				return fields, fmt.Errorf("field %d can't be read: %w", len(fields)+1, err)
			}
			if parts[i], err = inCharset(plain, charset); err != nil {
				return fields, fmt.Errorf("field %d: %w", len(fields)+1, err)
			}
		}
		fields = append(fields, ociField{parts[0], parts[1]})
	}
	return fields, nil
}

// inCharset reads bytes of one of the character sets that such systems have.
func inCharset(text, charset string) (string, error) {
	if strings.EqualFold(charset, "utf-8") {
		if !utf8.ValidString(text) {
			return "", errors.New("the bytes are no UTF-8")
		}
		return text, nil
	}
	for i := range len(text) {
		if c := text[i]; c >= 0x80 && c < 0xA0 {
			return "", fmt.Errorf("the byte %X is no character of %s", c, charset)
		}
	}
	return decode([]byte(text), charset), nil
}

// takeForm checks a form and, when all is well, puts its cart into the requisition. It returns what
// happened in plain words.
func (b *Buyer) takeForm(r *requisition, token, body string, fields []ociField, d *Document) (string, error) {
	if subtle.ConstantTimeCompare([]byte(token), []byte(r.cookie)) != 1 || token == "" {
		return "", errors.New("the return address is not the one of this requisition’s last visit")
	}
	sum := sha256.Sum256([]byte(token + "\n" + body)) // two visits may end alike
	form := hex.EncodeToString(sum[:])
	if r.ended == form {
		return "The same form came a second time. Nothing was changed.", nil
	}
	if !r.VisitOpen {
		return "", errors.New("no visit is open; start again from the requisition")
	}
	cart, err := ociCart(fields)
	if err != nil {
		return "", err
	}
	before := r.Cart
	r.VisitOpen, r.ended, cart.PayloadID = false, form, form
	if len(cart.Lines) == 0 {
		b.story(r, "Left "+b.cfg.SupplierShort+" without a cart", "The requisition stays as it was.")
		return "The form has no items: the visit ended without a cart. The requisition stays as it was.", nil
	}
	r.Cart = cart
	d.Facts = append(d.Facts, cartFacts(*cart)...)
	size := plural(len(cart.Lines), "line") + ", " + FormatMoney(cart.Goods)
	if before != nil {
		b.story(r, "Cart came home and replaced the earlier one", size)
		return "The cart replaces the earlier one: " + size + ".", nil
	}
	b.story(r, "Cart came home", size)
	return "The browser brings the cart home, field by field: " + size + ". Nothing is ordered yet.", nil
}

var (
	numbered = regexp.MustCompile(`^NEW_ITEM-([A-Z0-9_]+)\[([1-9]\d{0,3})\]$`)
	longText = regexp.MustCompile(`^NEW_ITEM-LONGTEXT_([1-9]\d{0,3}):132\[\]$`)
)

// ofItem is the item and the field in it that a name speaks of; 0 when it speaks of none.
func ofItem(name string) (item int, field string) {
	if m := numbered.FindStringSubmatch(name); m != nil {
		item, _ = strconv.Atoi(m[2])
		return item, m[1]
	}
	if m := longText.FindStringSubmatch(name); m != nil {
		item, _ = strconv.Atoi(m[1])
		return item, "LONGTEXT"
	}
	return 0, ""
}

// ociCart reads the items strictly: numbers have a point and at most three decimals, indexes have
// no gaps, one currency. Freight is an item as well.
func ociCart(fields []ociField) (*Cart, error) {
	items := map[int]map[string]string{}
	for _, f := range fields {
		n, field := ofItem(f.Name)
		if n == 0 {
			if strings.HasPrefix(f.Name, "NEW_ITEM") {
				return nil, fmt.Errorf("%q is no field of OCI", f.Name)
			}
			continue // an echo of the start
		}
		if items[n] == nil {
			items[n] = map[string]string{}
		}
		if _, twice := items[n][field]; twice {
			return nil, fmt.Errorf("item %d: %s came twice", n, field)
		}
		items[n][field] = f.Value
	}
	cart := &Cart{TaxText: "Tax", ShippingText: "Freight"}
	var amounts []Money
	for n := 1; n <= len(items); n++ {
		if items[n] == nil {
			return nil, fmt.Errorf("item %d is missing between the others", n)
		}
		line, err := ociLine(n, items[n])
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", n, err)
		}
		if n > 1 && line.UnitPrice.Currency != cart.Lines[0].UnitPrice.Currency {
			return nil, errors.New("the items are in several currencies")
		}
		cart.Lines = append(cart.Lines, line)
		amounts = append(amounts, line.Amount)
	}
	cart.Goods = addMoney(amounts...)
	return cart, nil
}

// ociLengths are the characters that a field has room for (OCI 4.0 and 5.0), in the order in which
// we look.
var ociLengths = []struct {
	field string
	most  int
}{
	{"DESCRIPTION", 40}, {"MATNR", 40}, {"UNIT", 3}, {"PRICEUNIT", 5}, {"CURRENCY", 5}, {"LEADTIME", 5}, {"VENDORMAT", 40}, {"MATGROUP", 10},
	{"EXT_QUOTE_ID", 35}, {"EXT_QUOTE_ITEM", 10}, {"EXT_PRODUCT_ID", 40}, {"EXT_SCHEMA_TYPE", 10}, {"EXT_CATEGORY_ID", 60},
}

var (
	ociNumber = regexp.MustCompile(`^\d{1,11}(\.\d{1,3})?$`)
	ociWhole  = regexp.MustCompile(`^[1-9]\d{0,4}$`)
)

func ociLine(n int, item map[string]string) (Line, error) {
	for _, length := range ociLengths {
		if utf8.RuneCountInString(item[length.field]) > length.most {
			return Line{}, fmt.Errorf("%s is longer than %d characters", length.field, length.most)
		}
	}
	for _, field := range []string{"DESCRIPTION", "UNIT", "CURRENCY"} {
		if item[field] == "" {
			return Line{}, fmt.Errorf("%s is missing", field)
		}
	}
	for _, field := range []string{"QUANTITY", "PRICE"} {
		if !ociNumber.MatchString(item[field]) {
			return Line{}, fmt.Errorf("%s %q is not a number with up to three decimals", field, item[field])
		}
	}
	line := Line{Number: n, SKU: item["VENDORMAT"], AuxiliaryID: strings.Trim(item["EXT_QUOTE_ID"]+"-"+item["EXT_QUOTE_ITEM"], "-"),
		Name: item["DESCRIPTION"], Description: item["DESCRIPTION"], Quantity: item["QUANTITY"], Unit: item["UNIT"],
		UnitPrice: Money{item["PRICE"], item["CURRENCY"]}, ProductID: item["EXT_PRODUCT_ID"],
		ClassificationDomain: "UNSPSC", UNSPSC: item["EXT_CATEGORY_ID"]}
	if line.UNSPSC == "" {
		line.ClassificationDomain, line.UNSPSC = "MATGROUP", "0"
	}
	if unit := item["PRICEUNIT"]; unit != "" && unit != "1" {
		if !ociWhole.MatchString(unit) {
			return Line{}, fmt.Errorf("PRICEUNIT %q is not a whole number", unit)
		}
		line.Basis = &PriceBasis{unit, "1", line.Unit}
	}
	var err error
	line.Amount, err = lineAmount(line)
	return line, err
}
