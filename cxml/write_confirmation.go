package cxml

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// confirmationTypes are the types of a header, statusTypes those of a part of a line.
var (
	confirmationTypes = []string{"accept", "allDetail", "detail", "backordered", "except", "reject", "requestToPay", "replace"}
	statusTypes       = []string{"accept", "allDetail", "detail", "backordered", "reject", "unknown", "requestToPay"}
)

// allowedUnder says which fates of lines go with which header; a network drops the rest.
var allowedUnder = map[string][]string{
	"accept":       {"accept"},
	"allDetail":    {"allDetail", "backordered", "reject"},
	"detail":       {"accept", "detail", "backordered", "reject", "unknown"},
	"except":       {"accept", "detail", "backordered", "reject", "unknown"},
	"backordered":  {"backordered"},
	"reject":       {"reject"},
	"requestToPay": {"requestToPay"},
	"replace":      {"detail"},
}

func (ConfirmationRequest) envelope() envelope { return envelope{"Request", "Fulfill.dtd"} }

func (c ConfirmationRequest) write(w *writer) {
	w.child("ConfirmationRequest", func() {
		w.child("ConfirmationHeader", func() { c.Header.write(w) })
		w.child("OrderReference", func() {
			w.attr("orderID", c.OrderReference.OrderID)
			w.attr("orderDate", c.OrderReference.OrderDate.Text)
			w.documentReference(&c.OrderReference.DocumentReference)
		})
		switch c.Header.Type {
		case "detail", "allDetail", "except", "replace":
			if len(c.ConfirmationItem) == 0 {
				w.fault("/ConfirmationItem", "A confirmation of the type "+c.Header.Type+" must name lines.")
			}
		}
		seen := map[int]bool{}
		for i, item := range c.ConfirmationItem {
			w.item("ConfirmationItem", i+1, func() {
				if seen[item.LineNumber] {
					w.fault("/@lineNumber", "The line "+strconv.Itoa(item.LineNumber)+" is in the confirmation twice.")
				}
				seen[item.LineNumber] = true
				item.write(w, c.Header.Type)
			})
		}
	})
}

func (h ConfirmationHeader) write(w *writer) {
	w.attr("confirmID", h.ConfirmID)
	if h.Operation != "" {
		w.oneOf("operation", h.Operation, "new", "update")
	}
	w.oneOf("type", h.Type, confirmationTypes...)
	w.must("noticeDate", h.NoticeDate.Text)
	w.attr("invoiceID", h.InvoiceID)
	switch {
	case h.Operation == "update":
		w.documentReference(h.DocumentReference)
	case h.DocumentReference != nil:
		w.fault("/DocumentReference", "Only an update replaces an earlier confirmation.")
	}
	w.money("Total", h.Total)
	w.shipping(h.Shipping)
	w.tax(h.Tax)
	w.contacts(h.Contact)
	w.comments(h.Comments)
	w.idReferences(h.IdReference)
	w.extrinsics(h.Extrinsic)
}

func (w *writer) documentReference(r *DocumentReference) {
	if r == nil || r.PayloadID == "" {
		w.fault("/DocumentReference/@payloadID", "The reference is missing: networks drop a document without it.")
		return
	}
	w.child("DocumentReference", func() { w.attr("payloadID", r.PayloadID) })
}

func (c ConfirmationItem) write(w *writer, headerType string) {
	w.quantity(c.Quantity)
	w.el.CreateAttr("lineNumber", strconv.Itoa(c.LineNumber))
	w.number("parentLineNumber", c.ParentLineNumber)
	w.attr("itemType", c.ItemType)
	w.mustLeaf("UnitOfMeasure", c.UnitOfMeasure)
	w.contacts(c.Contact)
	if len(c.ConfirmationStatus) == 0 {
		w.fault("/ConfirmationStatus", "It isn't said what becomes of the line.")
	}
	sum := new(big.Rat)
	for i, status := range c.ConfirmationStatus {
		sum.Add(sum, status.Quantity.Rat())
		w.item("ConfirmationStatus", i+1, func() { status.write(w, headerType) })
	}
	if sum.Cmp(c.Quantity.Rat()) != 0 {
		w.fault("/@quantity", "The quantities of the statuses don't add up to the "+c.Quantity.Plain()+" of the line.")
	}
}

func (s ConfirmationStatus) write(w *writer, headerType string) {
	w.quantity(s.Quantity)
	w.oneOf("type", s.Type, statusTypes...)
	if allowed, known := allowedUnder[headerType]; known && !slices.Contains(allowed, s.Type) {
		w.fault("/@type", "Under "+headerType+" a line can be "+strings.Join(allowed, ", ")+", not "+s.Type+".")
	}
	if s.Type == "detail" && !s.differs() {
		w.fault("", "A detail must say what differs: a price, a date, tax, shipping or another article.")
	}
	w.attr("shipmentDate", s.ShipmentDate.Text)
	w.attr("deliveryDate", s.DeliveryDate.Text)
	w.mustLeaf("UnitOfMeasure", s.UnitOfMeasure)
	switch {
	case s.ItemIn == nil:
		w.money("UnitPrice", s.UnitPrice)
		w.tax(s.Tax)
		w.shipping(s.Shipping)
	case s.UnitPrice.Present || s.Tax != nil || s.Shipping != nil:
		w.fault("/ItemIn", "A substitute has its price inside of ItemIn, not beside it.")
	default:
		w.child("ItemIn", func() { s.ItemIn.write(w) })
	}
	w.comments(s.Comments)
	w.extrinsics(s.Extrinsic)
}

func (s ConfirmationStatus) differs() bool {
	return s.UnitPrice.Present || s.ItemIn != nil || s.Tax != nil || s.Shipping != nil ||
		s.ShipmentDate.Text != "" || s.DeliveryDate.Text != ""
}

func (StatusUpdateRequest) envelope() envelope { return envelope{"Request", "cXML.dtd"} }

func (u StatusUpdateRequest) write(w *writer) {
	w.child("StatusUpdateRequest", func() {
		w.documentReference(u.DocumentReference)
		w.status(u.Status)
		if u.PaymentStatus != nil || u.InvoiceStatus != nil || u.SourcingStatus != nil || u.DocumentStatus != nil {
			w.fault("", "A supplier tells a status; those of payments, invoices and documents are the buyer's to tell.")
		}
		if w.later() {
			w.extrinsics(u.Extrinsic)
		}
	})
}
