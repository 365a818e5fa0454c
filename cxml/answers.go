package cxml

import (
	"github.com/beevik/etree"
)

// What comes back after an order: confirmations, later news of a document, plain answers.

// ConfirmationRequest maps the payload. All faults come at once, as Faults.
func (d *Document) ConfirmationRequest() (*ConfirmationRequest, error) {
	if fault := d.expect("ConfirmationRequest"); fault != nil {
		return nil, fault
	}
	m := &mapper{mixed: true}
	c := &ConfirmationRequest{}
	for child := range elements(d.payload) {
		switch child.Tag {
		case "ConfirmationHeader":
			c.Header = m.confirmationHeader(child)
		case "OrderReference", "OrderIDInfo":
			c.OrderReference.OrderID = attr(child, "orderID")
			c.OrderReference.OrderDate = dateTime(attr(child, "orderDate"))
			for part := range elements(child) {
				if part.Tag == "DocumentReference" {
					c.OrderReference.DocumentReference.PayloadID = attr(part, "payloadID")
				}
			}
		case "ConfirmationItem":
			c.ConfirmationItem = append(c.ConfirmationItem, m.confirmationItem(child))
		}
	}
	if err := m.err(); err != nil {
		return nil, err
	}
	return c, nil
}

func (m *mapper) confirmationHeader(el *etree.Element) ConfirmationHeader {
	h := ConfirmationHeader{
		ConfirmID:  attr(el, "confirmID"),
		Operation:  m.oneOf(el, "operation", "new", "new", "update"),
		Type:       m.oneOf(el, "type", "", confirmationTypes...),
		NoticeDate: dateTime(attr(el, "noticeDate")),
		InvoiceID:  attr(el, "invoiceID"),
	}
	for child := range elements(el) {
		switch child.Tag {
		case "DocumentReference":
			h.DocumentReference = &DocumentReference{PayloadID: attr(child, "payloadID")}
		case "Total":
			h.Total = m.money(child)
		case "Shipping":
			h.Shipping = m.shipping(child)
		case "Tax":
			h.Tax = m.tax(child)
		case "Contact":
			h.Contact = append(h.Contact, contact(child))
		case "Comments":
			h.Comments = append(h.Comments, comments(child))
		case "IdReference":
			h.IdReference = append(h.IdReference, idReference(child))
		case "Extrinsic":
			h.Extrinsic = append(h.Extrinsic, extrinsic(child))
		}
	}
	return h
}

func (m *mapper) confirmationItem(el *etree.Element) ConfirmationItem {
	item := ConfirmationItem{
		Quantity:         m.quantity(el, "quantity"),
		LineNumber:       m.whole(el, "lineNumber"),
		ParentLineNumber: m.whole(el, "parentLineNumber"),
		ItemType:         attr(el, "itemType"),
	}
	for child := range elements(el) {
		switch child.Tag {
		case "UnitOfMeasure":
			item.UnitOfMeasure = text(child)
		case "Contact":
			item.Contact = append(item.Contact, contact(child))
		case "ConfirmationStatus":
			item.ConfirmationStatus = append(item.ConfirmationStatus, m.confirmationStatus(child))
		}
	}
	return item
}

func (m *mapper) confirmationStatus(el *etree.Element) ConfirmationStatus {
	s := ConfirmationStatus{
		Quantity:     m.quantity(el, "quantity"),
		Type:         m.oneOf(el, "type", "", statusTypes...),
		ShipmentDate: dateTime(attr(el, "shipmentDate")),
		DeliveryDate: dateTime(attr(el, "deliveryDate")),
	}
	for child := range elements(el) {
		switch child.Tag {
		case "UnitOfMeasure":
			s.UnitOfMeasure = text(child)
		case "ItemIn":
			item := m.itemIn(child)
			s.ItemIn = &item
		case "UnitPrice":
			s.UnitPrice = m.money(child)
		case "Tax":
			s.Tax = m.tax(child)
		case "Shipping":
			s.Shipping = m.shipping(child)
		case "Comments":
			s.Comments = append(s.Comments, comments(child))
		case "Extrinsic":
			s.Extrinsic = append(s.Extrinsic, extrinsic(child))
		}
	}
	return s
}

// StatusUpdateRequest maps the payload. All faults come at once, as Faults.
func (d *Document) StatusUpdateRequest() (*StatusUpdateRequest, error) {
	if fault := d.expect("StatusUpdateRequest"); fault != nil {
		return nil, fault
	}
	m := &mapper{mixed: true}
	u := &StatusUpdateRequest{}
	stated := false
	for child := range elements(d.payload) {
		switch child.Tag {
		case "DocumentReference":
			u.DocumentReference = &DocumentReference{PayloadID: attr(child, "payloadID")}
		case "Status":
			u.Status, stated = m.status(child), true
		case "PaymentStatus":
			u.PaymentStatus = m.paymentStatus(child)
		case "SourcingStatus":
			u.SourcingStatus = &SourcingStatus{Action: attr(child, "action"), Lang: attr(child, "lang"), Text: text(child)}
		case "InvoiceStatus":
			u.InvoiceStatus = m.invoiceStatus(child)
		case "DocumentStatus":
			u.DocumentStatus = documentStatus(child)
		case "Extrinsic":
			u.Extrinsic = append(u.Extrinsic, extrinsic(child))
		}
	}
	if !stated {
		m.fault(d.payload, "/Status", "The Status is missing.")
	}
	if err := m.err(); err != nil {
		return nil, err
	}
	return u, nil
}

func (m *mapper) status(el *etree.Element) Status {
	if attr(el, "code") == "" {
		m.fault(el, "/@code", "The status code is missing.")
	}
	return Status{Code: m.whole(el, "code"), Text: attr(el, "text"), Lang: attr(el, "lang"), Detail: text(el)}
}

func (m *mapper) paymentStatus(el *etree.Element) *PaymentStatus {
	p := &PaymentStatus{
		OrderID:              attr(el, "orderID"),
		Type:                 attr(el, "type"),
		TransactionID:        attr(el, "transactionID"),
		AuthorizationID:      attr(el, "authorizationID"),
		TransactionTimestamp: dateTime(attr(el, "transactionTimestamp")),
		IsFailed:             yes(el, "isFailed"),
	}
	for child := range elements(el) {
		switch child.Tag {
		case "PCard":
			p.PCard = pCard(child)
		case "Total":
			p.Total = m.money(child)
		}
	}
	return p
}

func (m *mapper) invoiceStatus(el *etree.Element) *InvoiceStatus {
	s := &InvoiceStatus{Type: attr(el, "type"), PaymentNetDueDate: dateTime(attr(el, "paymentNetDueDate"))}
	for child := range elements(el) {
		switch child.Tag {
		case "InvoiceIDInfo":
			s.InvoiceID, s.InvoiceDate = attr(child, "invoiceID"), dateTime(attr(child, "invoiceDate"))
		case "PartialAmount":
			s.PartialAmount = m.money(child)
		case "Comments":
			s.Comments = append(s.Comments, comments(child))
		}
	}
	return s
}

func documentStatus(el *etree.Element) *DocumentStatus {
	s := &DocumentStatus{Type: attr(el, "type")}
	for child := range elements(el) {
		switch child.Tag {
		case "DocumentInfo":
			s.DocumentID, s.DocumentType = attr(child, "documentID"), attr(child, "documentType")
		case "Comments":
			s.Comments = append(s.Comments, comments(child))
		}
	}
	return s
}

// Response maps the answer to a document of ours. Any code is taken; what an unknown one means
// goes by its class (2xx, 4xx, 5xx).
func (d *Document) Response() (*Response, error) {
	if d.Class != ClassResponse {
		return nil, &Fault{NotServed, "cXML", "This is no Response but " + quote(d.Type) + "."}
	}
	m := &mapper{mixed: true}
	r := &Response{}
	stated := false
	for child := range elements(d.body) {
		switch child.Tag {
		case "Status":
			r.Status, stated = m.status(child), true
		case "PunchOutSetupResponse":
			for part := range elements(child) {
				if part.Tag == "StartPage" {
					r.SetUp = &PunchOutSetupResponse{StartPage: inner(part, "URL")}
				}
			}
		case "ProfileResponse":
			r.Profile = profileResponse(child)
		}
	}
	if !stated {
		m.fault(d.body, "/Status", "The Status is missing.")
	}
	if err := m.err(); err != nil {
		return nil, err
	}
	return r, nil
}

func profileResponse(el *etree.Element) *ProfileResponse {
	p := &ProfileResponse{EffectiveDate: dateTime(attr(el, "effectiveDate"))}
	for child := range elements(el) {
		switch child.Tag {
		case "Option":
			p.Option = append(p.Option, Option{Name: attr(child, "name"), Value: text(child)})
		case "Transaction":
			t := Transaction{RequestName: attr(child, "requestName")}
			for part := range elements(child) {
				switch part.Tag {
				case "URL":
					t.URL = text(part)
				case "Option":
					t.Option = append(t.Option, Option{Name: attr(part, "name"), Value: text(part)})
				}
			}
			p.Transaction = append(p.Transaction, t)
		}
	}
	return p
}
