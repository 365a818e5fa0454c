package oci

import (
	"strconv"
	"strings"
)

// field is one field of an item: how it is written and how it is read.
type field struct {
	name   string
	length int // characters; 0 is as long as it takes
	get    func(*Item) string
	set    func(*Item, Field, *Faults)
}

// itemFields are the fields of 4.0 and 5.0 with their lengths (OCI reference 4), in the order in
// which they are written.
var itemFields = []field{
	text("DESCRIPTION", 40, func(i *Item) *string { return &i.Description }),
	text("MATNR", 40, func(i *Item) *string { return &i.MatNr }),
	{"QUANTITY", 0, func(i *Item) string { return i.Quantity.Plain() },
		func(i *Item, f Field, faults *Faults) { i.Quantity = number(f, faults) }},
	text("UNIT", 3, func(i *Item) *string { return &i.Unit }),
	{"PRICE", 0, writtenPrice, func(i *Item, f Field, faults *Faults) {
		before := len(*faults)
		if price := number(f, faults); len(*faults) == before {
			i.Price = &price
		}
	}},
	text("CURRENCY", 5, func(i *Item) *string { return &i.Currency }),
	{"PRICEUNIT", 0, writtenPriceUnit, func(i *Item, f Field, faults *Faults) {
		if i.PriceUnit = whole(f, faults); i.PriceUnit == 0 {
			faults.add(f.Name, "must be a whole number of 1 or more")
		}
	}},
	{"LEADTIME", 0, writtenLeadTime, func(i *Item, f Field, faults *Faults) {
		days := whole(f, faults)
		i.LeadTime = &days
	}},
	{"LONGTEXT", 0, func(i *Item) string { return paragraphs(i.LongText) },
		func(i *Item, f Field, _ *Faults) { // some shops cut it into lines
			i.LongText = strings.TrimPrefix(i.LongText+"\r\n"+f.Value, "\r\n")
		}},
	text("VENDOR", 10, func(i *Item) *string { return &i.Vendor }),
	text("VENDORMAT", 40, func(i *Item) *string { return &i.VendorMat }),
	text("MANUFACTCODE", 10, func(i *Item) *string { return &i.ManufactCode }),
	text("MANUFACTMAT", 40, func(i *Item) *string { return &i.ManufactMat }),
	text("MATGROUP", 10, func(i *Item) *string { return &i.MatGroup }),
	{"SERVICE", 0, writtenService,
		func(i *Item, f Field, _ *Faults) { i.Service = strings.EqualFold(strings.TrimSpace(f.Value), "X") }},
	text("CONTRACT", 10, func(i *Item) *string { return &i.Contract }),
	text("CONTRACT_ITEM", 5, func(i *Item) *string { return &i.ContractItem }),
	text("EXT_QUOTE_ID", 35, func(i *Item) *string { return &i.ExtQuoteID }),
	text("EXT_QUOTE_ITEM", 10, func(i *Item) *string { return &i.ExtQuoteItem }),
	text("EXT_PRODUCT_ID", 40, func(i *Item) *string { return &i.ExtProductID }),
	text("ATTACHMENT", 255, func(i *Item) *string { return &i.Attachment }),
	text("ATTACHMENT_TITLE", 255, func(i *Item) *string { return &i.AttachmentTitle }),
	text("ATTACHMENT_PURPOSE", 1, func(i *Item) *string { return &i.AttachmentPurpose }),
	text("EXT_SCHEMA_TYPE", 10, func(i *Item) *string { return &i.ExtSchemaType }),
	text("EXT_CATEGORY_ID", 60, func(i *Item) *string { return &i.ExtCategoryID }),
	text("EXT_CATEGORY", 40, func(i *Item) *string { return &i.ExtCategory }),
	text("SLD_SYS_NAME", 60, func(i *Item) *string { return &i.SLDSysName }),
	text("CUST_FIELD1", 10, func(i *Item) *string { return &i.CustField[0] }),
	text("CUST_FIELD2", 10, func(i *Item) *string { return &i.CustField[1] }),
	text("CUST_FIELD3", 10, func(i *Item) *string { return &i.CustField[2] }),
	text("CUST_FIELD4", 20, func(i *Item) *string { return &i.CustField[3] }),
	text("CUST_FIELD5", 50, func(i *Item) *string { return &i.CustField[4] }),
	text("PARENT_ID", 5, func(i *Item) *string { return &i.ParentID }),
	text("ITEM_TYPE", 1, func(i *Item) *string { return &i.ItemType }),
}

// text is a field of one line. Blanks inside it count, those around it don't.
func text(name string, length int, of func(*Item) *string) field {
	return field{name, length,
		func(i *Item) string { return line(*of(i)) },
		func(i *Item, f Field, _ *Faults) { *of(i) = strings.TrimSpace(f.Value) }}
}

func fieldNamed(name string) (field, bool) {
	for _, f := range itemFields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

// Known tells whether the interface has a field of that name.
func Known(name string) bool {
	_, known := fieldNamed(name)
	return known
}

// nameOf is how a field of an item is called in a form. The long text alone has its index in the
// name; 132 is the width of a line in old systems.
func nameOf(field string, index int) string {
	n := strconv.Itoa(index)
	if field == "LONGTEXT" {
		return "NEW_ITEM-LONGTEXT_" + n + ":132[]"
	}
	return "NEW_ITEM-" + field + "[" + n + "]"
}

// writtenPrice has three decimals, as most systems read it: "15.000".
func writtenPrice(i *Item) string {
	if i.Price == nil {
		return ""
	}
	whole, fraction, _ := strings.Cut(i.Price.Plain(), ".")
	return whole + "." + fraction + strings.Repeat("0", max(0, decimals-len(fraction)))
}

func writtenPriceUnit(i *Item) string {
	if i.PriceUnit <= 1 {
		return ""
	}
	return strconv.FormatInt(i.PriceUnit, 10)
}

func writtenLeadTime(i *Item) string {
	if i.LeadTime == nil {
		return ""
	}
	return strconv.FormatInt(*i.LeadTime, 10)
}

func writtenService(i *Item) string {
	if i.Service {
		return "X"
	}
	return ""
}
