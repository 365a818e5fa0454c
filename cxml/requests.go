package cxml

import (
	"github.com/beevik/etree"

	"github.com/kontorhq/kontor/money"
)

// What a buyer asks or tells after an order: copies for information, questions about an order,
// goods receipts.

// CopyRequest hands over a document for information: inside, or as an attachment of the message.
type CopyRequest struct {
	ProcessingMode string       // info (also where absent), process or copy
	Attachment     []Attachment // of cXMLAttachment
	Copied         *Copied      // nil where no document stands inside
}

// Copied names the document inside a CopyRequest. It is not mapped: a copy is not executed.
type Copied struct {
	PayloadID string
	Type      string // the name of its payload element, "" where there is none
}

// OrderStatusRequest asks what became of an order.
type OrderStatusRequest struct {
	ID             string
	Date           DateTime
	OrderReference OrderReference
	Comments       []Comments
}

// ReceiptRequest tells what of orders arrived at the buyer, or went back.
type ReceiptRequest struct {
	ReceiptID    string
	ReceiptDate  DateTime
	Operation    string // new (also where absent) or delete
	ReceiptOrder []ReceiptOrder
	Total        Money
}

// ReceiptOrder is the part of a receipt that is about one order.
type ReceiptOrder struct {
	OrderReference    OrderReference
	CloseForReceiving bool // the buyer expects nothing more
	ReceiptItem       []ReceiptItem
}

// ReceiptItem is what arrived, or went back, of one order line. Some systems write what goes back
// as a negative quantity.
type ReceiptItem struct {
	Quantity          money.Decimal
	Type              string // received (also where absent) or returned
	ReceiptLineNumber int
	LineNumber        int // of the order; 0: none
	ItemID            ItemID
	Completed         bool // nothing more of this line is expected
	UnitRate          Money
	UnitOfMeasure     string
	ReceivedAmount    Money
}

// CopyRequest maps the payload. All faults come at once, as Faults.
func (d *Document) CopyRequest() (*CopyRequest, error) {
	if fault := d.expect("CopyRequest"); fault != nil {
		return nil, fault
	}
	m := &mapper{mixed: true}
	r := &CopyRequest{ProcessingMode: m.oneOf(d.payload, "processingMode", "info", "info", "process", "copy")}
	for child := range elements(d.payload) {
		switch child.Tag {
		case "cXMLAttachment":
			for part := range elements(child) {
				if part.Tag == "Attachment" {
					r.Attachment = append(r.Attachment, Attachment{URL: inner(part, "URL"), Visibility: attr(part, "visibility")})
				}
			}
		case "cXML":
			r.Copied = copied(child)
		}
	}
	if r.Copied == nil && len(r.Attachment) == 0 {
		m.fault(d.payload, "", "There is no document in it: neither cXML nor an Attachment.")
	}
	if err := m.err(); err != nil {
		return nil, err
	}
	return r, nil
}

func copied(el *etree.Element) *Copied {
	c := &Copied{PayloadID: attr(el, "payloadID")}
	for child := range elements(el) {
		switch child.Tag {
		case "Request", "Message", "Response":
			for payload := range elements(child) {
				if payload.Tag != "Status" && c.Type == "" {
					c.Type = payload.Tag
				}
			}
		}
	}
	return c
}

// OrderStatusRequest maps the payload. All faults come at once, as Faults.
func (d *Document) OrderStatusRequest() (*OrderStatusRequest, error) {
	if fault := d.expect("OrderStatusRequest"); fault != nil {
		return nil, fault
	}
	m := &mapper{mixed: true}
	r := &OrderStatusRequest{}
	for header := range elements(d.payload) {
		if header.Tag != "OrderStatusRequestHeader" {
			continue
		}
		r.ID, r.Date = attr(header, "orderStatusRequestID"), dateTime(attr(header, "orderStatusRequestDate"))
		for child := range elements(header) {
			switch child.Tag {
			case "OrderReference", "OrderIDInfo":
				r.OrderReference = orderReference(child)
			case "Comments":
				r.Comments = append(r.Comments, comments(child))
			}
		}
	}
	if r.OrderReference.empty() {
		m.fault(d.payload, "/OrderStatusRequestHeader/OrderReference", "The order that is asked about is missing.")
	}
	if err := m.err(); err != nil {
		return nil, err
	}
	return r, nil
}

// orderReference reads OrderReference and OrderIDInfo alike.
func orderReference(el *etree.Element) OrderReference {
	r := OrderReference{OrderID: attr(el, "orderID"), OrderDate: dateTime(attr(el, "orderDate"))}
	for child := range elements(el) {
		if child.Tag == "DocumentReference" {
			r.DocumentReference.PayloadID = attr(child, "payloadID")
		}
	}
	return r
}

// empty tells that nothing names the order: the DTD wants its number or its document, and each
// is enough.
func (r OrderReference) empty() bool { return r.OrderID == "" && r.DocumentReference.PayloadID == "" }

// ReceiptRequest maps the payload. All faults come at once, as Faults.
func (d *Document) ReceiptRequest() (*ReceiptRequest, error) {
	if fault := d.expect("ReceiptRequest"); fault != nil {
		return nil, fault
	}
	m := &mapper{mixed: true}
	r := &ReceiptRequest{Operation: "new"}
	for child := range elements(d.payload) {
		switch child.Tag {
		case "ReceiptRequestHeader":
			r.ReceiptID, r.ReceiptDate = attr(child, "receiptID"), dateTime(attr(child, "receiptDate"))
			r.Operation = m.oneOf(child, "operation", "new", "new", "delete")
		case "ReceiptOrder":
			r.ReceiptOrder = append(r.ReceiptOrder, m.receiptOrder(child))
		case "Total":
			r.Total = m.money(child)
		}
	}
	if len(r.ReceiptOrder) == 0 {
		m.fault(d.payload, "/ReceiptOrder", "The order that the receipt is about is missing.")
	}
	if err := m.err(); err != nil {
		return nil, err
	}
	return r, nil
}

func (m *mapper) receiptOrder(el *etree.Element) ReceiptOrder {
	o := ReceiptOrder{CloseForReceiving: yes(el, "closeForReceiving")}
	for child := range elements(el) {
		switch child.Tag {
		case "ReceiptOrderInfo":
			for part := range elements(child) {
				if part.Tag == "OrderReference" || part.Tag == "OrderIDInfo" {
					o.OrderReference = orderReference(part)
				}
			}
		case "ReceiptItem":
			o.ReceiptItem = append(o.ReceiptItem, m.receiptItem(child))
		}
	}
	if o.OrderReference.empty() {
		m.fault(el, "/ReceiptOrderInfo/OrderReference", "The order that the receipt is about is missing.")
	}
	return o
}

func (m *mapper) receiptItem(el *etree.Element) ReceiptItem {
	item := ReceiptItem{
		Type:              m.oneOf(el, "type", "received", "received", "returned"),
		ReceiptLineNumber: m.whole(el, "receiptLineNumber"),
		Completed:         yes(el, "completedIndicator"),
	}
	if quantity := attr(el, "quantity"); quantity == "" {
		m.fault(el, "/@quantity", "The quantity is missing.")
	} else {
		item.Quantity, _ = m.decimal(el, "/@quantity", quantity)
	}
	for child := range elements(el) {
		switch child.Tag {
		case "ReceiptItemReference":
			item.LineNumber = m.whole(child, "lineNumber")
			for part := range elements(child) {
				if part.Tag == "ItemID" {
					item.ItemID = itemID(part)
				}
			}
		case "UnitRate":
			item.UnitRate = m.money(child)
			for part := range elements(child) {
				if part.Tag == "UnitOfMeasure" {
					item.UnitOfMeasure = text(part)
				}
			}
		case "ReceivedAmount":
			item.ReceivedAmount = m.money(child)
		}
	}
	return item
}
