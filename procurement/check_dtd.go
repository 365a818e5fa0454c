package procurement

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// What every DTD from 1.2.014 on says of the elements that are met here most. Readers that validate
// refuse a document that breaks it; each kind of break is told once.

// mustHave are the attributes and children that an element can't be without: "@orderDate", "Contact".
// What the codec or a rule of its own tells already is not here.
var mustHave = map[string][]string{
	"OrderRequestHeader":       {"@orderDate", "BillTo"},
	"OrderStatusRequestHeader": {"@orderStatusRequestID", "@orderStatusRequestDate", "Contact"},
	"ReceiptRequest":           {"ReceiptRequestHeader", "Total"},
	"ReceiptRequestHeader":     {"@receiptID", "@receiptDate"},
	"ReceiptOrder":             {"ReceiptItem"},
	"ReceiptItem":              {"@receiptLineNumber", "ReceiptItemReference", "UnitRate", "ReceivedAmount"},
	"ReceiptItemReference":     {"@lineNumber"},
	"UnitRate":                 {"UnitOfMeasure"},
	"ConfirmationHeader":       {"@noticeDate"},
	"InvoiceStatus":            {"@type"},
	"DocumentStatus":           {"@type"},
	"PaymentStatus":            {"@orderID", "@type", "@transactionTimestamp", "Total"},
	"ProfileResponse":          {"@effectiveDate", "Transaction"},
	"Transaction":              {"@requestName", "URL"},
	"Description":              {"@lang"},
	"Name":                     {"@lang"},
}

// oneOf are the values that the DTD has for an attribute, where the codec takes any.
var oneOf = map[string][]string{
	"InvoiceStatus/@type":    {"processing", "canceled", "reconciled", "rejected", "paying", "paid"},
	"PaymentStatus/@type":    {"Authorization", "Settlement", "Sale", "Credit"},
	"SourcingStatus/@action": {"approve", "cancel", "deny"},
}

// dateAttributes hold a date, or a date and a time with its zone.
var dateAttributes = strings.Fields("orderDate requestedDeliveryDate requestedShipmentDate effectiveDate expirationDate pickUpDate confirmationDueDate noticeDate deliveryDate " +
	"shipmentDate receiptDate orderStatusRequestDate paymentNetDueDate transactionTimestamp invoiceDate documentDate startDate endDate")

// dtd looks at every element once. Extrinsics may hold anything, and a copied document is another.
func (k *checker) dtd() {
	told := map[string]bool{}
	once := func(kind, place, message, effect string) {
		if !told[kind] {
			told[kind] = true
			k.warn(place, message, does(thisSystem, effect))
			k.generally()
		}
	}
	var walk func(n *node, place string)
	walk = func(n *node, place string) {
		if n.foreign {
			once("namespace", cmp.Or(place, n.name), "The element is in a namespace; no DTD of cXML has one, and readers that validate refuse it.", "goes by the names without it")
		}
		for _, what := range mustHave[n.name] {
			if !n.has(what) {
				once(n.name+"/"+what, place+"/"+strings.Replace(what, "@lang", "@xml:lang", 1), "It is missing; every DTD requires it.", "takes the document without it")
			}
		}
		for _, a := range n.attrs {
			at := "@" + a.Name.Local
			if values := oneOf[n.name+"/"+at]; values != nil && !slices.Contains(values, a.Value) {
				once(n.name+"/"+at, place+"/"+at, shown(a.Value)+" is none of "+strings.Join(values, ", ")+".", "keeps it as it is")
			}
			if slices.Contains(dateAttributes, a.Name.Local) && a.Value != "" && !isDate(a.Value) {
				once(at, place+"/"+at, shown(a.Value)+" is not of the form 2026-03-05 or 2026-03-05T09:00:00-05:00; strict readers refuse it, others take the month for the day.", "keeps the words, and goes by no date that it can't read")
			}
		}
		for _, c := range n.below(place) {
			if c.name != "Extrinsic" && c.name != "cXML" {
				walk(c.node, c.place)
			}
		}
	}
	walk(k.root, "")
}

// has looks for an attribute, also of the prefix xml, or for a child.
func (n *node) has(what string) bool {
	name, attribute := strings.CutPrefix(what, "@")
	if !attribute {
		return n.child(name) != nil
	}
	for _, a := range n.attrs {
		if a.Name.Local == name && strings.TrimSpace(a.Value) != "" {
			return true
		}
	}
	return false
}

// isDate tells whether a value has one of the two forms that the standard has.
func isDate(value string) bool {
	_, day := time.Parse(time.DateOnly, value)
	_, instant := time.Parse(time.RFC3339, value)
	return day == nil || instant == nil
}
