package cxml

import (
	"strconv"

	"github.com/beevik/etree"
)

// OrderRequest maps the payload. All faults come at once, as Faults.
func (d *Document) OrderRequest() (*OrderRequest, error) {
	if fault := d.expect("OrderRequest"); fault != nil {
		return nil, fault
	}
	m := &mapper{}
	o := &OrderRequest{}
	headed := false
	for child := range elements(d.payload) {
		switch child.Tag {
		case "OrderRequestHeader":
			o.Header, headed = m.orderRequestHeader(child), true
		case "ItemOut":
			o.ItemOut = append(o.ItemOut, m.itemOut(child))
		}
	}
	switch {
	case !headed:
		m.fault(d.payload, "/OrderRequestHeader", "The header of the order is missing.")
	case o.Header.OrderID == "":
		m.fault(d.payload, "/OrderRequestHeader/@orderID", "The number of the order is missing.")
	}
	// A cancellation needs no lines: it is for the whole order.
	if len(o.ItemOut) == 0 && o.Header.Type != "delete" {
		m.fault(d.payload, "/ItemOut", "The order has no lines.")
	}
	m.numberLines(d.payload, o.ItemOut)
	o.Currency = m.currency
	if err := m.err(); err != nil {
		return nil, err
	}
	return o, nil
}

// expect refuses to map one thing as another.
func (d *Document) expect(name string) *Fault {
	if d.payload == nil || d.payload.Tag != name {
		return &Fault{NotServed, "cXML", "This is no " + name + " but " + quote(d.Type) + "."}
	}
	return nil
}

func (m *mapper) orderRequestHeader(el *etree.Element) OrderRequestHeader {
	h := OrderRequestHeader{
		OrderID:   attr(el, "orderID"),
		OrderDate: dateTime(attr(el, "orderDate")),
		Type:      m.oneOf(el, "type", "new", "new", "update", "delete"),
		OrderType: m.oneOf(el, "orderType", "regular",
			"regular", "release", "blanket", "stockTransport", "stockTransportRelease"),
		OrderVersion:      m.whole(el, "orderVersion"),
		IsInternalVersion: yes(el, "isInternalVersion"),
		ReleaseRequired:   yes(el, "releaseRequired"),
		ShipComplete:      yes(el, "shipComplete"),

		RequisitionID:            attr(el, "requisitionID"),
		AgreementID:              attr(el, "agreementID"),
		AgreementPayloadID:       attr(el, "agreementPayloadID"),
		ParentAgreementID:        attr(el, "parentAgreementID"),
		ParentAgreementPayloadID: attr(el, "parentAgreementPayloadID"),

		EffectiveDate:         dateTime(attr(el, "effectiveDate")),
		ExpirationDate:        dateTime(attr(el, "expirationDate")),
		RequestedDeliveryDate: dateTime(attr(el, "requestedDeliveryDate")),
		PickUpDate:            dateTime(attr(el, "pickUpDate")),
	}
	for child := range elements(el) {
		m.orderHeaderPart(&h, child)
	}
	return h
}

func (m *mapper) orderHeaderPart(h *OrderRequestHeader, el *etree.Element) {
	switch el.Tag {
	case "Total":
		// Later versions may repeat it in other currencies; the first counts.
		if !h.Total.Present {
			h.Total = m.money(el)
			h.TotalModified = has(el, "Modifications")
		}
	case "ShipTo":
		h.ShipTo = shipTo(el)
	case "BillTo":
		h.BillTo = billTo(el)
	case "Shipping":
		h.Shipping = m.shipping(el)
	case "Tax":
		h.Tax = m.tax(el)
	case "Payment":
		h.Payment = payment(el)
	case "PaymentTerm":
		h.PaymentTerm = append(h.PaymentTerm, m.paymentTerm(el))
	case "Contact":
		h.Contact = append(h.Contact, contact(el))
	case "Comments":
		h.Comments = append(h.Comments, comments(el))
	case "Followup":
		h.Followup = inner(el, "URL")
	case "ControlKeys":
		h.ControlKeys = controlKeys(el)
	case "DocumentReference":
		h.DocumentReference = &DocumentReference{PayloadID: attr(el, "payloadID")}
	case "SupplierOrderInfo":
		h.SupplierOrderID = attr(el, "orderID")
	case "TermsOfDelivery":
		h.TermsOfDelivery = termsOfDelivery(el)
	case "DeliveryPeriod":
		h.DeliveryPeriod = period(el)
	case "IdReference":
		h.IdReference = append(h.IdReference, idReference(el))
	case "Extrinsic":
		h.Extrinsic = append(h.Extrinsic, extrinsic(el))
	}
}

func (m *mapper) paymentTerm(el *etree.Element) PaymentTerm {
	t := PaymentTerm{PayInNumberOfDays: m.whole(el, "payInNumberOfDays")}
	for child := range elements(el) {
		switch child.Tag {
		case "Discount":
			for kind := range elements(child) {
				switch kind.Tag {
				case "DiscountPercent":
					t.DiscountPercent = m.optional(kind, "percent")
				case "DiscountAmount":
					t.DiscountAmount = m.money(kind)
				}
			}
		case "Extrinsic":
			t.Extrinsic = append(t.Extrinsic, extrinsic(child))
		}
	}
	return t
}

func (m *mapper) itemOut(el *etree.Element) ItemOut {
	line := ItemOut{
		Quantity:              m.quantity(el, "quantity"),
		LineNumber:            m.whole(el, "lineNumber"),
		RequisitionID:         attr(el, "requisitionID"),
		AgreementItemNumber:   attr(el, "agreementItemNumber"),
		RequestedDeliveryDate: dateTime(attr(el, "requestedDeliveryDate")),
		ConfirmationDueDate:   dateTime(attr(el, "confirmationDueDate")),
		IsAdHoc:               yes(el, "isAdHoc"),
		ParentLineNumber:      m.whole(el, "parentLineNumber"),
		ItemType:              attr(el, "itemType"),
		CompositeItemType:     attr(el, "compositeItemType"),
	}
	for child := range elements(el) {
		switch child.Tag {
		case "ItemID":
			line.ItemID = itemID(child)
		case "ItemDetail":
			line.ItemDetail = m.itemDetail(child)
		case "BlanketItemDetail":
			line.BlanketItemDetail = m.blanketItemDetail(child)
		case "SupplierID":
			line.SupplierID = text(child)
		case "ShipTo":
			line.ShipTo = shipTo(child)
		case "Shipping":
			line.Shipping = m.shipping(child)
		case "Tax":
			line.Tax = m.tax(child)
		case "Distribution":
			line.Distribution = append(line.Distribution, m.distribution(child))
		case "Contact":
			line.Contact = append(line.Contact, contact(child))
		case "TermsOfDelivery":
			line.TermsOfDelivery = termsOfDelivery(child)
		case "Comments":
			line.Comments = append(line.Comments, comments(child))
		case "ControlKeys":
			line.ControlKeys = controlKeys(child)
		case "ScheduleLine":
			line.ScheduleLine = append(line.ScheduleLine, m.scheduleLine(child))
		case "Extrinsic":
			line.Extrinsic = append(line.Extrinsic, extrinsic(child))
		}
	}
	return line
}

// numberLines gives a number to lines that have none (their place in the document, or the next
// free one where that is taken) and reports numbers that are used twice.
func (m *mapper) numberLines(payload *etree.Element, lines []ItemOut) {
	used := make(map[int]int, len(lines)) // number → place of its line
	highest := len(lines)
	for i, line := range lines {
		if line.LineNumber == 0 {
			continue
		}
		highest = max(highest, line.LineNumber)
		if earlier, taken := used[line.LineNumber]; taken {
			m.fault(payload, "/ItemOut["+strconv.Itoa(i+1)+"]/@lineNumber",
				"The line number "+strconv.Itoa(line.LineNumber)+" is that of line "+strconv.Itoa(earlier+1)+" of the document already.")
			continue
		}
		used[line.LineNumber] = i
	}
	for i := range lines {
		if lines[i].LineNumber != 0 {
			continue
		}
		number := i + 1
		if _, taken := used[number]; taken {
			highest++
			number = highest
		}
		used[number] = i
		lines[i].LineNumber, lines[i].Synthetic = number, true
	}
}

func (m *mapper) distribution(el *etree.Element) Distribution {
	var d Distribution
	for child := range elements(el) {
		switch child.Tag {
		case "Accounting":
			d.Accounting = accounting(child)
		case "Charge":
			d.Charge = m.money(child)
		}
	}
	return d
}

func accounting(el *etree.Element) Accounting {
	a := Accounting{Name: attr(el, "name")}
	for child := range elements(el) {
		switch child.Tag {
		case "AccountingSegment":
			s := AccountingSegment{ID: attr(child, "id")}
			for part := range elements(child) {
				switch part.Tag {
				case "Name":
					s.Name = langText(part)
				case "Description":
					s.Description = langText(part)
				}
			}
			a.AccountingSegment = append(a.AccountingSegment, s)
		case "Segment":
			a.Segment = append(a.Segment, Segment{
				Type: attr(child, "type"), ID: attr(child, "id"), Description: attr(child, "description"),
			})
		}
	}
	return a
}

func (m *mapper) scheduleLine(el *etree.Element) ScheduleLine {
	s := ScheduleLine{
		Quantity:              m.quantity(el, "quantity"),
		RequestedDeliveryDate: dateTime(attr(el, "requestedDeliveryDate")),
		LineNumber:            m.whole(el, "lineNumber"),
	}
	for child := range elements(el) {
		switch child.Tag {
		case "UnitOfMeasure":
			s.UnitOfMeasure = text(child)
		case "ShipTo":
			s.ShipTo = shipTo(child)
		case "Extrinsic":
			s.Extrinsic = append(s.Extrinsic, extrinsic(child))
		}
	}
	return s
}
