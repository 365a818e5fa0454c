package simulators

import (
	"cmp"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

const maxLines = 1000

// ReceiveCart takes what the browser posted to the return address: a PunchOutOrderMessage in the
// field cxml-base64 or cxml-urlencoded, in upper or lower case. A status 204 leaves the
// requisition as it was. Anything wrong with the message is an ErrCart, kept as the
// requisition's Problem, and changes nothing else; the same message again changes nothing.
func (b *Buyer) ReceiveCart(id string, form url.Values) (Requisition, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, err := b.find(id)
	if err != nil {
		return Requisition{}, err
	}
	body, field, err := cartField(form)
	var e *envelope
	text := string(body)
	if err == nil {
		e, text, err = read(body)
	}
	d := b.keep(Document{Requisition: r.ID, Direction: Received, Browser: true, Type: "PunchOutOrderMessage",
		Size: len(body)}, text)
	d.Facts = []Fact{{"Form field", field}}
	var taken string
	if err == nil {
		d.PayloadID = e.PayloadID
		taken, err = b.takeCart(r, e, d)
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

// cartField finds and decodes the one field. Base64 is decoded strictly: no line breaks.
func cartField(form url.Values) (body []byte, field string, err error) {
	for name, values := range form {
		if len(values) == 0 {
			continue
		}
		switch strings.ToLower(name) {
		case "cxml-base64":
			decoded, err := base64.StdEncoding.Strict().DecodeString(values[0])
			if err != nil || strings.ContainsAny(values[0], "\r\n") {
				return []byte(values[0]), name, errors.New("cxml-base64 is not base64 in one line")
			}
			return decoded, name, nil
		case "cxml-urlencoded":
			// A receiver of this field ignores the document's encoding, so only ASCII is safe.
			for _, c := range []byte(values[0]) {
				if c > 0x7E {
					return []byte(values[0]), name, errors.New("cxml-urlencoded must be ASCII, with references for everything else")
				}
			}
			return []byte(values[0]), name, nil
		}
	}
	return nil, "none", errors.New("the form has neither cxml-base64 nor cxml-urlencoded")
}

// takeCart checks the message and, when all is well, puts the cart into the requisition. It
// returns what happened in plain words.
func (b *Buyer) takeCart(r *requisition, e *envelope, d *Document) (string, error) {
	if e.Message == nil || e.Message.Cart == nil {
		return "", errors.New("the document is not a PunchOutOrderMessage")
	}
	if subtle.ConstantTimeCompare([]byte(e.Message.Cart.BuyerCookie), []byte(r.cookie)) != 1 || r.cookie == "" {
		return "", errors.New("the BuyerCookie is not the one of this requisition's last visit")
	}
	if !e.From.names(b.cfg.To) {
		return "", errors.New("the supplier in From is not the one that the visit was asked of")
	}
	for _, c := range e.Sender.Credentials {
		if strings.TrimSpace(c.Secret) != "" {
			return "", errors.New("the message carries a SharedSecret through the browser")
		}
	}
	if e.PayloadID != "" && e.PayloadID == r.ended {
		return "The same message came a second time. Nothing was changed.", nil
	}
	if !r.VisitOpen {
		return "", errors.New("no visit is open; start again from the requisition")
	}
	if s := e.Message.Status; s != nil && s.Code == 204 {
		r.VisitOpen, r.ended = false, e.PayloadID
		b.story(r, "Left "+b.cfg.SupplierShort+" without a cart", "The requisition stays as it was.")
		return "The visit ended without a cart. The requisition stays as it was.", nil
	}
	if r.Operation == "inspect" {
		r.VisitOpen, r.ended = false, e.PayloadID
		b.story(r, "Looked at the cart", "What came home is ignored; the requisition stays as it was.")
		return "The visit was only to look: what came home is ignored.", nil
	}
	cart, err := b.cartOf(e)
	if err != nil {
		return "", err
	}
	before := r.Cart
	r.Cart, r.VisitOpen, r.ended = cart, false, e.PayloadID
	if len(cart.Lines) == 0 {
		// By the protocol an empty cart deletes what was there.
		r.Cart = nil
		if before == nil {
			b.story(r, "An empty cart came home", "")
			return "The cart came home empty. Nothing was added.", nil
		}
		b.story(r, "An empty cart came home", "It takes the earlier lines out of the requisition.")
		return "The cart came home empty: the earlier lines are taken out.", nil
	}
	d.Facts = append(d.Facts, cartFacts(*cart)...)
	size := plural(len(cart.Lines), "line") + ", " + FormatMoney(cart.Goods) + " before freight and tax"
	if cart.QuotePending {
		size += ". The prices are not final yet"
	}
	if before == nil {
		b.story(r, "Cart came home", size)
		return "The browser brings the cart home: " + size + ". Nothing is ordered yet.", nil
	}
	b.story(r, "Cart came home and replaced the earlier one", size+". "+changes(*before, *cart))
	return "The cart replaces the earlier one: " + size + ". " + changes(*before, *cart), nil
}

// changes says what an edit did to the lines. A line is the same one as long as its part number
// and its auxiliary id are.
func changes(before, after Cart) string {
	type key struct{ auxiliary, sku string }
	earlier := map[key]Line{}
	for _, l := range before.Lines {
		earlier[key{l.AuxiliaryID, l.SKU}] = l
	}
	var parts []string
	same := 0
	for _, l := range after.Lines {
		k := key{l.AuxiliaryID, l.SKU}
		was, there := earlier[k]
		delete(earlier, k)
		switch what := lineChanges(was, l); {
		case !there:
			parts = append(parts, l.SKU+" is new")
		case what != "":
			parts = append(parts, l.SKU+" "+what)
		default:
			same++
		}
	}
	for _, l := range before.Lines {
		if _, gone := earlier[key{l.AuxiliaryID, l.SKU}]; gone {
			parts = append(parts, l.SKU+" is taken out")
		}
	}
	if len(parts) == 0 {
		return "Every line is as it was."
	}
	if same > 0 {
		parts = append(parts, plural(same, "line")+" as before")
	}
	return strings.Join(parts, "; ") + "."
}

// lineChanges is what became of one line's quantity and price; "" is nothing.
func lineChanges(was, now Line) string {
	var changed []string
	switch {
	case was.Unit != now.Unit:
		changed = append(changed, trimNumber(was.Quantity)+" "+unitWord(was.Unit)+" → "+trimNumber(now.Quantity)+" "+unitWord(now.Unit))
	case !sameNumber(was.Quantity, now.Quantity):
		changed = append(changed, trimNumber(was.Quantity)+" → "+trimNumber(now.Quantity))
	}
	if !sameMoney(was.UnitPrice, now.UnitPrice) {
		changed = append(changed, FormatMoney(was.UnitPrice)+" → "+FormatMoney(now.UnitPrice))
	}
	return strings.Join(changed, ", ")
}

func sameNumber(a, b string) bool {
	x, errX := rat(a)
	y, errY := rat(b)
	return errX == nil && errY == nil && x.Cmp(y) == 0
}

// cartOf reads the lines and checks that Total is their sum.
func (b *Buyer) cartOf(e *envelope) (*Cart, error) {
	message := e.Message.Cart
	total := message.Header.Total.money()
	cart := &Cart{PayloadID: e.PayloadID, OperationAllowed: message.Header.OperationAllowed, QuotePending: message.Header.QuoteStatus == "pending",
		Goods: total, TaxText: "Tax", ShippingText: "Freight"}
	if len(message.Items) > maxLines {
		return nil, fmt.Errorf("the cart has %d lines, more than %d", len(message.Items), maxLines)
	}
	amounts := make([]Money, 0, len(message.Items))
	for i, item := range message.Items {
		line, err := b.lineOf(i+1, item, total.Currency)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		cart.Lines = append(cart.Lines, line)
		amounts = append(amounts, line.Amount)
	}
	if sum := addMoney(amounts...); len(cart.Lines) > 0 && !sameMoney(sum, total) {
		return nil, fmt.Errorf("the Total is %s, the lines add up to %s", total.Value, sum.Value)
	}
	for _, c := range []struct {
		from *charge
		to   *Money
		text *string
		name string
	}{{message.Header.Tax, &cart.Tax, &cart.TaxText, "Tax"}, {message.Header.Shipping, &cart.Shipping, &cart.ShippingText, "Shipping"}} {
		if c.from == nil {
			continue
		}
		*c.to = c.from.Money.money()
		if _, err := rat(c.to.Value); c.to.Value != "" && (err != nil || c.to.Currency != total.Currency) {
			return nil, fmt.Errorf("%s of %q %q is not an amount in %s", c.name, c.to.Value, c.to.Currency, total.Currency)
		}
		if text := strings.TrimSpace(c.from.Description); text != "" {
			*c.text = text
		}
	}
	return cart, nil
}

func (b *Buyer) lineOf(number int, item itemIn, currency string) (Line, error) {
	line := Line{Number: number, SKU: strings.TrimSpace(item.SKU), AuxiliaryID: strings.TrimSpace(item.AuxiliaryID),
		Quantity: strings.TrimSpace(item.Quantity), Unit: strings.TrimSpace(item.Unit), UnitPrice: item.UnitPrice.money(),
		ManufacturerPartID: strings.TrimSpace(item.ManufacturerPartID), ManufacturerName: strings.TrimSpace(item.ManufacturerName)}
	if len(item.Description) > 0 {
		line.Description = strings.TrimSpace(item.Description[0].Text)
		line.Name = cmp.Or(strings.TrimSpace(item.Description[0].ShortName), line.Description)
	}
	if len(item.Classification) > 0 {
		line.ClassificationDomain = item.Classification[0].Domain
		line.UNSPSC = strings.TrimSpace(item.Classification[0].Code)
	}
	for name, value := range map[string]string{"SupplierPartID": line.SKU, "Description": line.Description,
		"UnitOfMeasure": line.Unit, "Classification": line.UNSPSC} {
		if value == "" {
			return line, errors.New(name + " is missing")
		}
	}
	customs := b.dialect()
	if strings.ContainsAny(line.AuxiliaryID, customs.refuses) {
		return line, fmt.Errorf("SupplierPartAuxiliaryID has a character that this system refuses: one of %s", customs.refuses)
	}
	if _, fraction, _ := strings.Cut(line.UnitPrice.Value, "."); customs.decimals > 0 && len(strings.TrimRight(fraction, "0")) > customs.decimals {
		return line, fmt.Errorf("the price %s has more than the %d decimals that this system takes", line.UnitPrice.Value, customs.decimals)
	}
	if line.UnitPrice.Currency != currency {
		return line, fmt.Errorf("its price is in %q, the total in %q", line.UnitPrice.Currency, currency)
	}
	if item.Basis != nil {
		if b.cfg.DTDVersion < "1.2.036" {
			return line, errors.New("PriceBasisQuantity is not known in DTD " + b.cfg.DTDVersion)
		}
		line.Basis = &PriceBasis{strings.TrimSpace(item.Basis.Quantity), strings.TrimSpace(item.Basis.Conversion),
			strings.TrimSpace(item.Basis.Unit)}
	}
	if quantity, err := rat(line.Quantity); err != nil || quantity.Sign() <= 0 {
		return line, fmt.Errorf("the quantity %q is not a positive decimal", line.Quantity)
	}
	var err error
	line.Amount, err = lineAmount(line)
	return line, err
}

func cartFacts(c Cart) []Fact {
	var facts []Fact
	if c.Shipping.Value != "" || c.Tax.Value != "" { // else the lines are the whole sum, freight among them
		facts = append(facts, Fact{"Goods", FormatMoney(c.Goods)})
	}
	if c.Shipping.Value != "" {
		facts = append(facts, Fact{c.ShippingText, FormatMoney(c.Shipping)})
	}
	if c.Tax.Value != "" {
		facts = append(facts, Fact{c.TaxText, FormatMoney(c.Tax)})
	}
	return append(facts, Fact{"Total", FormatMoney(c.Sum())})
}
