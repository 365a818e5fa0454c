// Package oci is the codec for SAP's Open Catalog Interface, the first and the last station of a
// punchout that speaks it: a start's parameters become Go values, a cart becomes the fields of the
// form that the buyer's browser posts home.
//
//	query and body → ReadFields → ReadStart → procurement
//	procurement → Cart.Write → fields → the return page → the buyer's browser
//	form or page → ReadFields, ReadForm → ReadCart → kontor check, simulators' opposite
//
// Reading is lenient: names in any case, with or without "~", fields in any order, indexes with
// holes, the misspellings of the long text that real shops send, commas for decimal points.
// Writing is strict: what the interface's texts (3.0 to 5.0) allow, and nothing else. The package
// knows no merchant and no database, maps no units and decides nothing about what a field means.
//
// Secure OCI (INITIALIZE, RETRIEVEOCI), QUANTITYCHECK and DOWNLOADJSON are recognised as
// functions and not served yet: see Function.
package oci

import (
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/money"
)

// Field is one field of a form or a query, with its name as it came.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Fault is one thing wrong with a start or a cart, said so that its sender can mend it.
type Fault struct {
	Field   string // "NEW_ITEM-QUANTITY[2]", "HOOK_URL"; "" for the whole
	Message string // a plain sentence
}

// Error is the field and the sentence.
func (f *Fault) Error() string {
	if f.Field == "" {
		return f.Message
	}
	return f.Field + ": " + f.Message
}

// Faults are all the things wrong. errors.As finds the first as a *Fault.
type Faults []*Fault

// Error is one line per fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As and errors.Is see each fault.
func (f Faults) Unwrap() []error {
	all := make([]error, len(f))
	for i, one := range f {
		all[i] = one
	}
	return all
}

func (f *Faults) add(field, message string) { *f = append(*f, &Fault{field, message}) }

// Cart is what goes home: the items of one form.
type Cart struct {
	Items []Item
}

// Item is one item, its fields named like the interface's (OCI reference 4). Empty texts and nil
// are fields that are absent.
type Item struct {
	// Index is the item's number in the form, from 1; forms that were read may have gaps, or a 0.
	Index int

	Description string // 40 characters; this or MatNr is required
	MatNr       string // the buyer's own part number, never the shop's
	Quantity    money.Decimal
	Unit        string         // ISO code as the buyer's system knows it
	Price       *money.Decimal // net, for PriceUnit units
	Currency    string
	PriceUnit   int64  // how many units Price is for; 0 is 1
	LeadTime    *int64 // whole days
	LongText    string

	Vendor, VendorMat         string // the supplier's number in the buyer's system; the shop's part number
	ManufactCode, ManufactMat string
	MatGroup                  string // the buyer's material group
	Service                   bool
	Contract, ContractItem    string
	ExtQuoteID, ExtQuoteItem  string // the shop's own cart and line
	ExtProductID              string // what DETAIL and VALIDATE ask for later

	Attachment, AttachmentTitle, AttachmentPurpose string

	ExtSchemaType, ExtCategoryID, ExtCategory string
	SLDSysName                                string
	CustField                                 [5]string // CUST_FIELD1 to CUST_FIELD5
	ParentID, ItemType                        string    // hierarchy: the parent's index; R, O or F

	// Other are fields that the interface doesn't know, by the name without "NEW_ITEM-" and index.
	Other []Field
}

// Per is how many units the price is for, as a divisor.
func (i Item) Per() money.Decimal {
	if i.PriceUnit <= 1 {
		return money.One
	}
	return money.MustDecimal(strconv.FormatInt(i.PriceUnit, 10))
}

// Total is quantity × price ÷ price unit, rounded once to the currency's minor unit. An item
// without a price comes to nothing.
func (i Item) Total() (money.Amount, error) {
	if i.Price == nil {
		return money.Zero(i.Currency), nil
	}
	return money.LineTotal(i.Quantity, *i.Price, i.Per(), i.Currency)
}

// Set puts a value into a field by its name; one that the interface doesn't know becomes one of
// Other. A value that the field can't have is a fault and leaves the item as it was.
func (i *Item) Set(name, value string) error {
	known, ok := fieldNamed(name)
	if !ok {
		i.Other = append(i.Other, Field{name, value})
		return nil
	}
	var faults Faults
	changed := *i
	if known.set(&changed, Field{nameOf(name, i.Index), value}, &faults); len(faults) > 0 {
		return faults
	}
	*i = changed
	return nil
}
