package procurement

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/cxml"
)

// statusesUnder are the line statuses that a type of the header allows; a type that is not here
// allows all.
var statusesUnder = map[string][]string{
	"accept":       {"accept"},
	"detail":       {"accept", "detail", "backordered", "reject", "unknown"},
	"except":       {"accept", "detail", "backordered", "reject", "unknown"},
	"allDetail":    {"allDetail", "backordered", "reject"},
	"reject":       {"reject"},
	"replace":      {"detail"},
	"requestToPay": {"requestToPay"},
}

func (k *checker) confirmation(c *cxml.ConfirmationRequest) {
	const head = "ConfirmationRequest/ConfirmationHeader"
	if c.OrderReference.DocumentReference.PayloadID == "" {
		k.fault("ConfirmationRequest/OrderReference/DocumentReference", "The order's payloadID is missing: networks drop such a confirmation and say nothing.")
	}
	if c.OrderReference.OrderID == "" {
		k.warn("ConfirmationRequest/OrderReference/@orderID", "The order's number is missing.")
	}
	if c.Header.Operation == "update" && (c.Header.DocumentReference == nil || c.Header.DocumentReference.PayloadID == "") {
		k.fault(head+"/DocumentReference", "An update must refer to the confirmation that it replaces.")
	}
	if c.Header.ConfirmID == "" {
		k.note(head+"/@confirmID", "The confirmID is empty.")
	}
	if c.Header.Type == "reject" {
		k.note(head+"/@type", "This rejects the whole order.", does("fusion", "cancels the order, and wants all of its lines in here"))
		k.generally()
	}
	if len(c.ConfirmationItem) == 0 && c.Header.Type != "accept" && c.Header.Type != "reject" {
		k.warn(head+"/@type", "Without lines a confirmation can only accept or reject.", refuses("coupa", "takes accept and reject only at the header"))
	}
	k.note("ConfirmationRequest", "A confirmation is for those who asked for one: see OCInstruction in the order.", does("coupa", "answers 417 to one it did not ask for"))
	lines := map[int]bool{}
	for i, item := range c.ConfirmationItem {
		place := "ConfirmationRequest/ConfirmationItem[" + strconv.Itoa(i+1) + "]"
		if item.LineNumber != 0 && lines[item.LineNumber] {
			k.fault(place+"/@lineNumber", "Line "+strconv.Itoa(item.LineNumber)+" is confirmed twice in one document.")
		}
		lines[item.LineNumber] = true
		k.confirmationItem(place, item, c.Header.Type)
	}
}

func (k *checker) confirmationItem(place string, item cxml.ConfirmationItem, header string) {
	if item.UnitOfMeasure == "" {
		k.fault(place+"/UnitOfMeasure", "The unit is missing; it stands on the item and again on each status.")
	}
	if item.LineNumber == 0 {
		k.warn(place+"/@lineNumber", "The line number is missing.")
	}
	sum := new(big.Rat)
	for i, s := range item.ConfirmationStatus {
		at := place + "/ConfirmationStatus"
		if len(item.ConfirmationStatus) > 1 {
			at += "[" + strconv.Itoa(i+1) + "]"
		}
		sum.Add(sum, s.Quantity.Rat())
		switch {
		case s.UnitOfMeasure == "":
			k.fault(at+"/UnitOfMeasure", "The unit is missing; it stands on the item and again on each status.")
		case item.UnitOfMeasure != "" && s.UnitOfMeasure != item.UnitOfMeasure:
			k.warn(at+"/UnitOfMeasure", "The unit "+shown(s.UnitOfMeasure)+" is not that of the line, "+shown(item.UnitOfMeasure)+".")
		}
		if s.Type == "detail" && !s.UnitPrice.Present && s.ItemIn == nil && s.DeliveryDate.Text == "" && s.ShipmentDate.Text == "" && s.Tax == nil && s.Shipping == nil {
			k.fault(at, "A detail must say what differs: a price, a date or a substitute.")
		}
		if allowed, ruled := statusesUnder[header]; ruled && !slices.Contains(allowed, s.Type) {
			k.fault(at+"/@type", "A line of type "+s.Type+" has no place under a header of type "+header+".")
		}
	}
	switch {
	case len(item.ConfirmationStatus) == 0:
		k.fault(place+"/ConfirmationStatus", "The line has no status.")
	case sum.Cmp(item.Quantity.Rat()) != 0:
		k.fault(place+"/@quantity", "The quantity is "+item.Quantity.String()+", but its statuses come to "+strings.TrimSuffix(strings.TrimRight(sum.FloatString(6), "0"), ".")+".")
	}
}
