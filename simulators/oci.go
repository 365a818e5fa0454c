package simulators

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// OCIAccess makes a buyer punch out by OCI, as SAP's systems do: the person's browser brings user
// and password to the shop, and a form of fields back. Orders go by cXML all the same, as from a
// network that such buyers use.
type OCIAccess struct {
	URL            string // Kontor's address for this connection
	User, Password string
	Version        string // OCI_VERSION: "4.0", "5.0"
	Charset        string // http_content_charset: "iso-8859-1", "utf-8"
	Validates      bool   // asks for today's price of every line before an order leaves
}

// ociField is one field with its name as it goes over the wire.
type ociField struct{ Name, Value string }

// launch is the page from which the person's browser starts: a form with everything in it.
type launchPage struct {
	deskPage
	Action string
	Fields []ociField
}

// shopByOCI opens a visit. Nothing is asked between servers: the browser's own form is the start.
func (b *Buyer) shopByOCI(id, operation string) (startPage string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if operation != "create" {
		return "", fmt.Errorf("%w: OCI knows no visit to %s a cart", ErrState, operation)
	}
	r, values, err := b.beginVisit(id, operation)
	if err != nil {
		return "", err
	}
	startPage = b.cfg.PublicURL + b.pathOf(r.ID) + "/launch"
	fields := b.startFields(r, values)
	text := fieldsText(masked(fields, b.cfg.OCI.Password))
	d := b.keep(Document{Requisition: r.ID, Direction: Sent, Browser: true, Type: "OCI start", Size: len(text), Masked: 1,
		Note:  fmt.Sprintf("%s’s browser opens the shop for its %s and brings the login with it.", b.cfg.Name, lowerFirst(r.Person.Role)),
		Facts: []Fact{{"Signed in as", b.cfg.OCI.User}, {"Interface", "OCI " + b.cfg.OCI.Version}, {"Cart comes home to", values.ReturnURL}}}, text)
	d.Masked = 1
	r.StartPage, r.VisitOpen = startPage, true
	b.story(r, "Visit to "+b.cfg.SupplierShort+" started", "By the "+lowerFirst(r.Person.Role))
	return startPage, nil
}

// startFields are the parameters of a start.
func (b *Buyer) startFields(r *requisition, values setup) []ociField {
	access := b.cfg.OCI
	fields := []ociField{
		{"HOOK_URL", values.ReturnURL + "?uniqueid=" + r.cookie}, {"OCI_VERSION", access.Version}, {"OPI_VERSION", "1.0"},
		{"http_content_charset", access.Charset}, {"returntarget", "_self"}, {"~OkCode", "ADDI"}, {"~CALLER", "CTLG"},
		{"USERNAME", access.User}, {"PASSWORD", access.Password},
		{"USERID", r.Person.Login}, {"EMAIL", r.Person.Email}, {"FULLNAME", r.Person.Role},
	}
	if values.Product != "" {
		fields = append(fields, ociField{"FUNCTION", "DETAILADD"}, ociField{"PRODUCTID", values.Product})
	}
	return fields
}

func masked(fields []ociField, secret string) []ociField {
	list := slices.Clone(fields)
	for i := range list {
		if secret != "" && list[i].Value == secret {
			list[i].Value = "masked"
		}
	}
	return list
}

func fieldsText(fields []ociField) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f.Name + " = " + f.Value + "\n")
	}
	return b.String()
}

// getLaunch is the page that starts the visit: it sends its form by itself.
func (b *Buyer) getLaunch(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	live, err := b.find(r.PathValue("requisition"))
	if err == nil && (b.cfg.OCI == nil || !live.VisitOpen) {
		err = fmt.Errorf("%w: no visit was started", ErrState)
	}
	if err != nil {
		b.mu.Unlock()
		b.problem(w, http.StatusConflict, err)
		return
	}
	values := setup{Product: live.Product, ReturnURL: b.returnURL(url.PathEscape(live.ID))}
	p := launchPage{b.page("To " + b.cfg.SupplierShort), b.cfg.OCI.URL, b.startFields(live, values)}
	b.mu.Unlock()
	b.show(w, http.StatusOK, "launch", p, false)
}

// receiveOCI takes the form of a cart. What is wrong with it changes nothing else.
func (b *Buyer) receiveOCI(id, token string, form url.Values) (Requisition, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, err := b.find(id)
	if err != nil {
		return Requisition{}, err
	}
	fields := b.arrived(form)
	text := fieldsText(fields)
	d := b.keep(Document{Requisition: r.ID, Direction: Received, Browser: true, Type: "OCI form", Size: len(text),
		Facts: []Fact{{"Fields", strconv.Itoa(len(fields))}}}, text)
	taken, err := b.takeForm(r, token, fields, text, d)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrCart, err)
		d.Note, d.Refused, r.Problem = sentence(err), true, sentence(err)
		b.story(r, "A cart came and was refused", d.Note)
		return r.snapshot(), err
	}
	d.Note, r.Problem = taken, ""
	return r.snapshot(), nil
}

// arrived are the fields of a form in the character set that was asked for, ordered by item.
func (b *Buyer) arrived(form url.Values) []ociField {
	var fields []ociField
	for name, values := range form {
		if name == "uniqueid" {
			continue // our own, in the address
		}
		for _, value := range values {
			if !strings.EqualFold(b.cfg.OCI.Charset, "utf-8") {
				value = decode([]byte(value), b.cfg.OCI.Charset)
			}
			fields = append(fields, ociField{name, value})
		}
	}
	slices.SortFunc(fields, func(a, b ociField) int {
		if n := itemNumber(a.Name) - itemNumber(b.Name); n != 0 {
			return n
		}
		return strings.Compare(a.Name, b.Name)
	})
	return fields
}

var (
	numbered = regexp.MustCompile(`^NEW_ITEM-([A-Z0-9_]+)\[(\d+)\]$`)
	longText = regexp.MustCompile(`^NEW_ITEM-LONGTEXT_(\d+):132\[\]$`)
)

// itemNumber is the item that a field belongs to; 0 for none.
func itemNumber(name string) int {
	for _, form := range []*regexp.Regexp{numbered, longText} {
		if m := form.FindStringSubmatch(name); m != nil {
			n, _ := strconv.Atoi(m[len(m)-1])
			return n
		}
	}
	return 0
}

// takeForm checks a form and, when all is well, puts its cart into the requisition.
func (b *Buyer) takeForm(r *requisition, token string, fields []ociField, text string, d *Document) (string, error) {
	if token != r.cookie || token == "" {
		return "", errors.New("the return address is not the one of this requisition’s last visit")
	}
	sum := sha256.Sum256([]byte(text))
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
	r.VisitOpen, r.ended, cart.PayloadID = false, form, form
	if len(cart.Lines) == 0 {
		b.story(r, "Left "+b.cfg.SupplierShort+" without a cart", "The requisition stays as it was.")
		return "The form has no items: the visit ended without a cart. The requisition stays as it was.", nil
	}
	replaced := r.Cart != nil
	r.Cart = cart
	d.Facts = append(d.Facts, cartFacts(*cart)...)
	size := plural(len(cart.Lines), "line") + ", " + FormatMoney(cart.Goods)
	if replaced {
		b.story(r, "Cart came home and replaced the earlier one", size)
		return "The cart replaces the earlier one: " + size + ".", nil
	}
	b.story(r, "Cart came home", size)
	return "The browser brings the cart home, field by field: " + size + ". Nothing is ordered yet.", nil
}

// ociCart reads the items strictly: numbers have a point and at most three decimals, indexes have
// no gaps, one currency.
func ociCart(fields []ociField) (*Cart, error) {
	items := map[int]map[string]string{}
	for _, f := range fields {
		n := itemNumber(f.Name)
		if strings.HasPrefix(f.Name, "NEW_ITEM") && n == 0 {
			return nil, fmt.Errorf("%q is no field of OCI", f.Name)
		}
		if n == 0 {
			continue
		}
		if items[n] == nil {
			items[n] = map[string]string{}
		}
		name := "LONGTEXT"
		if m := numbered.FindStringSubmatch(f.Name); m != nil {
			name = m[1]
		}
		items[n][name] = f.Value
	}
	cart := &Cart{TaxText: "Tax", ShippingText: "Freight"}
	var amounts []Money
	for n := 1; n <= len(items); n++ {
		item := items[n]
		if item == nil {
			return nil, fmt.Errorf("item %d is missing between the others", n)
		}
		line, err := ociLine(n, item)
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

var ociNumber = regexp.MustCompile(`^\d{1,11}(\.\d{1,3})?$`)

func ociLine(n int, item map[string]string) (Line, error) {
	for field, longest := range map[string]int{"DESCRIPTION": 40, "UNIT": 3, "VENDORMAT": 40, "EXT_QUOTE_ID": 35, "EXT_QUOTE_ITEM": 10, "EXT_PRODUCT_ID": 40} {
		if len([]rune(item[field])) > longest {
			return Line{}, fmt.Errorf("%s is longer than %d characters", field, longest)
		}
	}
	for _, field := range []string{"QUANTITY", "PRICE"} {
		if !ociNumber.MatchString(item[field]) {
			return Line{}, fmt.Errorf("%s %q is not a number with up to three decimals", field, item[field])
		}
	}
	if item["DESCRIPTION"] == "" || item["UNIT"] == "" || item["CURRENCY"] == "" {
		return Line{}, errors.New("DESCRIPTION, UNIT or CURRENCY is missing")
	}
	line := Line{Number: n, SKU: item["VENDORMAT"], AuxiliaryID: item["EXT_QUOTE_ID"] + "-" + item["EXT_QUOTE_ITEM"],
		Name: item["DESCRIPTION"], Description: item["DESCRIPTION"], Quantity: item["QUANTITY"], Unit: item["UNIT"],
		UnitPrice: Money{item["PRICE"], item["CURRENCY"]}, ProductID: item["EXT_PRODUCT_ID"],
		ClassificationDomain: "UNSPSC", UNSPSC: item["EXT_CATEGORY_ID"]}
	if line.UNSPSC == "" {
		line.ClassificationDomain, line.UNSPSC = "MATGROUP", "0"
	}
	if unit := item["PRICEUNIT"]; unit != "" && unit != "1" {
		line.Basis = &PriceBasis{unit, "1", line.Unit}
	}
	var err error
	line.Amount, err = lineAmount(line)
	return line, err
}

// validate asks the supplier for today's price of every line, as S/4HANA does where that is set: an
// order at another price doesn't leave.
func (b *Buyer) validate(ctx context.Context, id string) error {
	b.mu.Lock()
	r, err := b.find(id)
	if err != nil || r.Cart == nil || b.cfg.OCI == nil || !b.cfg.OCI.Validates {
		b.mu.Unlock()
		return err
	}
	lines, requisition := slices.Clone(r.Cart.Lines), r.ID
	b.mu.Unlock()
	for _, line := range lines {
		if line.ProductID == "" {
			continue // freight
		}
		now, err := b.priceOf(ctx, requisition, line)
		if err == nil && !samePrice(line, now) {
			err = fmt.Errorf("%s costs %s for %s now, the cart says %s for %s: shop again", line.SKU, FormatMoney(now.UnitPrice), per(now), FormatMoney(line.UnitPrice), per(line))
		}
		if err != nil {
			b.mu.Lock()
			r.Problem = sentence(err)
			b.story(r, "The order was held back", sentence(err))
			b.mu.Unlock()
			return err
		}
	}
	return nil
}

func per(l Line) string {
	if l.Basis == nil {
		return "1"
	}
	return l.Basis.Quantity
}

func samePrice(a, b Line) bool {
	return sameMoney(a.UnitPrice, b.UnitPrice) && per(a) == per(b) && a.Unit == b.Unit
}

// priceOf calls VALIDATE between servers: the first page that comes has the form in it.
func (b *Buyer) priceOf(ctx context.Context, requisition string, line Line) (Line, error) {
	access := b.cfg.OCI
	call := []ociField{{"HOOK_URL", b.returnURL(url.PathEscape(requisition))}, {"OCI_VERSION", access.Version}, {"http_content_charset", "utf-8"},
		{"FUNCTION", "VALIDATE"}, {"PRODUCTID", line.ProductID}, {"QUANTITY", line.Quantity}, {"USERNAME", access.User}, {"PASSWORD", access.Password}}
	values := url.Values{}
	for _, f := range call {
		values.Set(f.Name, f.Value)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, access.URL, strings.NewReader(values.Encode()))
	if err != nil {
		return Line{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	started := b.now()
	response, err := b.client.Do(request)
	if err != nil {
		return Line{}, fmt.Errorf("%s could not be asked for the price of %s: %w", b.cfg.SupplierShort, line.SKU, err)
	}
	defer func() { _ = response.Body.Close() }()
	page, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return Line{}, err
	}
	fields := formFields(string(page))
	b.mu.Lock()
	d := b.keep(Document{Requisition: requisition, Direction: Sent, Type: "OCI VALIDATE", Took: b.now().Sub(started),
		Note: fmt.Sprintf("%s asks what %s of %s cost today.", b.cfg.Name, line.Quantity, line.SKU)}, fieldsText(masked(call, access.Password)))
	d.Masked, d.AnswerBody = 1, fieldsText(fields)
	d.Answer = Answer{HTTPStatus: response.StatusCode, Code: response.StatusCode, Text: http.StatusText(response.StatusCode)}
	b.mu.Unlock()
	if response.StatusCode != http.StatusOK {
		return Line{}, fmt.Errorf("%s answered HTTP %d to the question for the price of %s", b.cfg.SupplierShort, response.StatusCode, line.SKU)
	}
	cart, err := ociCart(fields)
	if err != nil {
		return Line{}, err
	}
	if len(cart.Lines) != 1 {
		return Line{}, fmt.Errorf("%s is not sold any more", line.SKU)
	}
	return cart.Lines[0], nil
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// formFields reads the fields of a page.
func formFields(page string) (fields []ociField) {
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		fields = append(fields, ociField{html.UnescapeString(m[1]), html.UnescapeString(m[2])})
	}
	return fields
}

// String hides the password wherever the access is printed.
func (a OCIAccess) String() string { return "OCI " + a.Version + " at " + a.URL }

// MarshalJSON leaves the password out.
func (a OCIAccess) MarshalJSON() ([]byte, error) { return json.Marshal(a.String()) }
