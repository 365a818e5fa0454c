package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// EnteredOrder is a purchase order that came by another way than a document of ours: by mail, on
// paper, from an ERP. It is decided like any other.
type EnteredOrder struct {
	Organisation string        `json:"organisation" minLength:"1" maxLength:"300" pattern:"^[^\\x00-\\x1f]*$" patternDescription:"text of one line" doc:"The buying company: its id, or ext: and the merchant's own reference" example:"ext:veldhaus"`
	Number       string        `json:"number" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f]*$" patternDescription:"text of one line" doc:"The buyer's purchase order number; an order of that number that counts already is not entered twice, see version" example:"4500018237"`
	Version      int64         `json:"version,omitempty" minimum:"1" maximum:"2147483647" doc:"1, or absent, is a new order. From 2 on it is a change of an order that was entered before: the complete new order, under a higher version than the one that is here" example:"1"`
	Currency     string        `json:"currency,omitempty" minLength:"3" maxLength:"3" doc:"ISO 4217 code; the organisation's when absent" example:"EUR"`
	ShipTo       *EnteredPlace `json:"ship_to,omitempty" doc:"Where the goods go, for tax and freight"`
	Total        string        `json:"total,omitempty" maxLength:"40" doc:"What the document says that the goods come to; compared, not trusted" example:"168.60"`
	Comment      string        `json:"comment,omitempty" maxLength:"2000" pattern:"^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]*$" patternDescription:"text without control characters" doc:"Kept with the order" example:"Came by mail on Monday"`
	Lines        []EnteredLine `json:"lines" minItems:"1" maxItems:"1000" doc:"The whole order"`
}

// EnteredPlace is where goods go.
type EnteredPlace struct {
	Name       string `json:"name,omitempty" maxLength:"200" pattern:"^[^\\x00-\\x1f]*$" patternDescription:"text of one line" doc:"Who or which door takes them" example:"Receiving"`
	Street     string `json:"street,omitempty" maxLength:"200" pattern:"^[^\\x00-\\x1f]*$" patternDescription:"text of one line" doc:"Street and number" example:"Beispielweg 5"`
	City       string `json:"city,omitempty" maxLength:"200" pattern:"^[^\\x00-\\x1f]*$" patternDescription:"text of one line" doc:"City" example:"Musterstadt"`
	Region     string `json:"region,omitempty" maxLength:"100" pattern:"^[^\\x00-\\x1f]*$" patternDescription:"text of one line" doc:"State or province, as tax rates name it" example:"CA"`
	PostalCode string `json:"postal_code,omitempty" maxLength:"40" pattern:"^[^\\x00-\\x1f]*$" patternDescription:"text of one line" doc:"Postal code" example:"12345"`
	Country    string `json:"country" pattern:"^[A-Za-z]{2}$" patternDescription:"two letters" doc:"ISO 3166-1 code" example:"DE"`
}

// EnteredLine is one line as the purchase order has it.
type EnteredLine struct {
	Line      int64  `json:"line,omitempty" minimum:"0" maximum:"999999" doc:"The buyer's line number; the place in the list when absent" example:"10"`
	SKU       string `json:"sku,omitempty" maxLength:"100" pattern:"^[^\\x00-\\x1f]*$" patternDescription:"text of one line" doc:"Part number; it or buyer_part is needed" example:"FAS-1050"`
	BuyerPart string `json:"buyer_part,omitempty" maxLength:"100" pattern:"^[^\\x00-\\x1f]*$" patternDescription:"text of one line" doc:"The buyer's own part number" example:"100-200"`
	QuoteID   string `json:"quote_id,omitempty" maxLength:"100" pattern:"^[^\\x00-\\x1f]*$" patternDescription:"text of one line" doc:"The cart that the line came from: EXT_QUOTE_ID of OCI" example:"crt_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	QuoteItem string `json:"quote_item,omitempty" maxLength:"10" pattern:"^[^\\x00-\\x1f]*$" patternDescription:"text of one line" doc:"Its line there: EXT_QUOTE_ITEM of OCI" example:"1"`
	Quantity  string `json:"quantity" maxLength:"40" doc:"Exact decimal, in unit" example:"3300"`
	Unit      string `json:"unit" minLength:"1" maxLength:"40" pattern:"^[^\\x00-\\x1f]*$" patternDescription:"text of one line" doc:"UN/CEFACT code" example:"EA"`
	Price     string `json:"price" maxLength:"40" doc:"What the purchase order says, for price_per units" example:"1.183"`
	PricePer  string `json:"price_per,omitempty" maxLength:"40" doc:"How many units the price is for; 1 when absent" example:"100"`
	Charge    string `json:"charge,omitempty" enum:"freight" doc:"freight where the line is the order's freight and no goods; sku may say anything then. New values may be added" example:"freight"`
}

type enterInput struct {
	NeedsKey
	Body    EnteredOrder
	RawBody []byte
}

func (a *api) enterOrder(ctx context.Context, c *caller, in *enterInput) (*written[Order], error) {
	organisation, err := a.findOrganisation(ctx, c, "organisation", in.Body.Organisation)
	if err != nil {
		return nil, err
	}
	wanted, err := in.Body.Wanted(c.merchant, organisation)
	if err != nil {
		return nil, err
	}
	return write(ctx, a, c, in.Key, in.RawBody, func(tx *database.Tx) (Order, error) {
		placed, err := a.Procurement.Enter(ctx, tx, wanted)
		if err != nil {
			return Order{}, err
		}
		return orderView(ctx, a.organisations(tx, c), placed.Order)
	})
}

// ReadOrder reads an order that was written for the API from elsewhere, by the same rules.
func ReadOrder(body []byte) (EnteredOrder, error) {
	settleHuma()
	var order EnteredOrder
	var given any
	if err := json.Unmarshal(body, &given); err != nil {
		return order, fault.New(fault.Malformed, "the order is not JSON: "+err.Error())
	}
	registry := huma.NewMapRegistry("#/", huma.DefaultSchemaNamer)
	result, place := new(huma.ValidateResult), huma.NewPathBuffer(nil, 0)
	place.Push("body")
	huma.Validate(registry, registry.Schema(reflect.TypeFor[EnteredOrder](), true, ""), place, huma.ModeWriteToServer, given, result)
	faults := fault.New(fault.Invalid, "the order can't be entered as it is")
	for _, err := range result.Errors {
		if detailer, ok := err.(huma.ErrorDetailer); ok {
			field := fieldOf(detailer.ErrorDetail(), faults.Code.HTTP())
			faults.Fields = append(faults.Fields, fault.Field{Path: field.Location, Message: field.Message})
		}
	}
	if len(faults.Fields) > 0 {
		return order, faults
	}
	return order, json.Unmarshal(body, &order)
}

// Wanted is the order in checkout's words; each thing wrong with it is a field. What people wrote
// is masked as in a document (decision 0009).
func (e EnteredOrder) Wanted(merchant accounts.Merchant, organisation accounts.Organisation) (checkout.Wanted, error) {
	read := entry{fault.New(fault.Invalid, "the order can't be entered as it is"), map[int64]bool{}}
	w := checkout.Wanted{Merchant: merchant, Organisation: organisation, Kind: checkout.New, Number: strings.TrimSpace(e.Number),
		Version: e.Version, Source: "offline", Currency: cmp.Or(e.Currency, organisation.Currency)}
	if w.Version > 1 {
		w.Kind = checkout.Change
	}
	if _, known := money.Exponent(w.Currency); !known {
		read.wrong("currency", "is not an ISO 4217 currency")
	}
	if w.Number == "" {
		read.wrong("number", "must not be empty")
	}
	if p := e.ShipTo; p != nil {
		w.Header.ShipTo = &orders.Address{Name: cxml.MaskCards(p.Name), City: cxml.MaskCards(p.City), Region: p.Region, PostalCode: p.PostalCode, Country: strings.ToUpper(p.Country)}
		if p.Street != "" {
			w.Header.ShipTo.Street = []string{cxml.MaskCards(p.Street)}
		}
	}
	if e.Total != "" {
		total := read.number("total", e.Total)
		w.Header.StatedTotal = &total
	}
	if e.Comment != "" {
		w.Header.Comments = []string{cxml.MaskCards(e.Comment)}
	}
	for i, l := range e.Lines {
		w.Lines = append(w.Lines, read.line(i, l))
	}
	if len(read.faults.Fields) > 0 {
		return w, read.faults
	}
	return w, nil
}

// entry collects what is wrong while an order is read.
type entry struct {
	faults *fault.Error
	taken  map[int64]bool // numbers of lines
}

func (e entry) line(i int, l EnteredLine) orders.Line {
	path := fmt.Sprintf("lines[%d].", i)
	line := orders.Line{Position: int64(i + 1), Line: l.Line, SKU: strings.TrimSpace(l.SKU), BuyerPart: strings.TrimSpace(l.BuyerPart),
		AuxiliaryID: checkout.AuxiliaryOf(l.QuoteID, l.QuoteItem), Name: l.SKU, Charge: l.Charge,
		Quantity: e.positive(path+"quantity", l.Quantity), Unit: strings.TrimSpace(l.Unit), BuyerPrice: e.number(path+"price", l.Price)}
	if line.Line == 0 {
		line.Line, line.Synthetic = int64(i+1), true
	}
	if e.taken[line.Line] {
		e.wrong(path+"line", fmt.Sprintf("there are two lines %d", line.Line))
	}
	e.taken[line.Line] = true
	if line.SKU == "" && line.BuyerPart == "" && line.Charge == "" {
		e.wrong(path+"sku", "is needed, or buyer_part")
	}
	if l.PricePer != "" {
		per := e.positive(path+"price_per", l.PricePer)
		line.Per = &per
	}
	return line
}

func (e entry) wrong(path, message string) {
	e.faults.Fields = append(e.faults.Fields, fault.Field{Path: path, Message: message})
}

func (e entry) number(path, text string) money.Decimal {
	d, err := money.ParseDecimal(text)
	if err != nil || d.Sign() < 0 {
		e.wrong(path, "is not a plain decimal number of at most 19 digits")
		return money.One // whatever comes of it is not used
	}
	return d
}

func (e entry) positive(path, text string) money.Decimal {
	d := e.number(path, text)
	if d.Sign() == 0 {
		e.wrong(path, "must be more than 0")
	}
	return d
}
