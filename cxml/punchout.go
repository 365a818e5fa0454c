package cxml

import (
	"strings"

	"github.com/beevik/etree"
)

// PunchOutSetupRequest maps the payload. All faults come at once, as Faults.
func (d *Document) PunchOutSetupRequest() (*PunchOutSetupRequest, error) {
	if fault := d.expect("PunchOutSetupRequest"); fault != nil {
		return nil, fault
	}
	m := &mapper{mixed: true}
	r := &PunchOutSetupRequest{
		Operation:      m.oneOf(d.payload, "operation", "", "create", "edit", "inspect", "source"),
		BuyerCookie:    trim(d.cookie),
		BuyerCookieRaw: d.cookie,
	}
	for child := range elements(d.payload) {
		switch child.Tag {
		case "Extrinsic":
			r.Extrinsic = append(r.Extrinsic, extrinsic(child))
		case "BrowserFormPost":
			r.BrowserFormPost = inner(child, "URL")
		case "Contact":
			r.Contact = append(r.Contact, contact(child))
		case "SupplierSetup":
			r.SupplierSetup = inner(child, "URL")
		case "ShipTo":
			r.ShipTo = shipTo(child)
		case "SelectedItem":
			for item := range elements(child) {
				if item.Tag == "ItemID" {
					id := itemID(item)
					r.SelectedItem = &id
				}
			}
		case "ItemOut":
			// For create items have no meaning, so their faults have none either.
			if r.Operation != "create" {
				r.ItemOut = append(r.ItemOut, m.itemOut(child))
			}
		}
	}
	if r.BrowserFormPost == "" && (r.Operation == "create" || r.Operation == "edit") {
		m.fault(d.payload, "/BrowserFormPost", "BrowserFormPost is missing: without it a cart can't be brought back.")
	}
	m.numberLines(d.payload, r.ItemOut)
	if err := m.err(); err != nil {
		return nil, err
	}
	return r, nil
}

// User finds out who is shopping. Nothing is guaranteed, so every place that is in use is looked
// at in turn: the first that looks like an e-mail address is the address, the first that
// doesn't is the login.
func (r *PunchOutSetupRequest) User() User {
	var user User
	probe := func(value string) {
		switch {
		case value == "":
		case isEmail(value):
			if user.Email == "" {
				user.Email = value
			}
		case user.Login == "":
			user.Login = value
		}
	}
	for _, name := range []string{"UserEmail", "Email", "User", "UniqueName", "UniqueUsername", "requester-email"} {
		for _, value := range r.extrinsics(name) {
			probe(value)
		}
	}
	people := r.people()
	for _, person := range people {
		for _, email := range person.Email {
			if isEmail(email) {
				probe(email)
			}
		}
	}
	if r.ShipTo != nil && isEmail(r.ShipTo.Address.Email.Text) {
		probe(r.ShipTo.Address.Email.Text)
	}
	user.Name = r.userName(people)
	return user
}

func (r *PunchOutSetupRequest) userName(people []Contact) string {
	for _, name := range []string{"UserFullName", "UserPrintableName"} {
		if values := r.extrinsics(name); len(values) > 0 {
			return values[0]
		}
	}
	var parts []string
	for _, name := range []string{"FirstName", "LastName"} {
		if values := r.extrinsics(name); len(values) > 0 {
			parts = append(parts, values[0])
		}
	}
	if len(parts) > 0 {
		return strings.Join(parts, " ")
	}
	for _, person := range people {
		if person.Name.Text != "" {
			return person.Name.Text
		}
	}
	return ""
}

// people are the contacts who can be the user: first those who say so, then those of no role.
func (r *PunchOutSetupRequest) people() []Contact {
	var named, unnamed []Contact
	for _, c := range r.Contact {
		switch strings.ToLower(c.Role) {
		case "enduser", "buyer":
			named = append(named, c)
		case "":
			unnamed = append(unnamed, c)
		}
	}
	return append(named, unnamed...)
}

// extrinsics are the values under a name that are not empty, without regard to case.
func (r *PunchOutSetupRequest) extrinsics(name string) []string {
	var values []string
	for _, e := range r.Extrinsic {
		if e.Text != "" && strings.EqualFold(e.Name, name) {
			values = append(values, e.Text)
		}
	}
	return values
}

// isEmail asks for little: test systems have hosts without a dot.
func isEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && at < len(s)-1 && !strings.ContainsAny(s, " \t\r\n<>")
}

// PunchOutOrderMessage maps the payload. All faults come at once, as Faults.
func (d *Document) PunchOutOrderMessage() (*PunchOutOrderMessage, error) {
	if fault := d.expect("PunchOutOrderMessage"); fault != nil {
		return nil, fault
	}
	m := &mapper{mixed: true}
	message := &PunchOutOrderMessage{BuyerCookie: trim(d.cookie)}
	for child := range elements(d.body) {
		if child.Tag == "Status" {
			s := m.status(child)
			message.Status = &s
		}
	}
	for child := range elements(d.payload) {
		switch child.Tag {
		case "PunchOutOrderMessageHeader":
			message.Header = m.punchOutOrderMessageHeader(child)
		case "ItemIn":
			message.ItemIn = append(message.ItemIn, m.itemIn(child))
		}
	}
	if err := m.err(); err != nil {
		return nil, err
	}
	return message, nil
}

func (m *mapper) punchOutOrderMessageHeader(el *etree.Element) PunchOutOrderMessageHeader {
	h := PunchOutOrderMessageHeader{
		OperationAllowed: m.oneOf(el, "operationAllowed", "", "create", "inspect", "edit"),
		QuoteStatus:      m.oneOf(el, "quoteStatus", "final", "final", "pending"),
	}
	for child := range elements(el) {
		switch child.Tag {
		case "Total":
			h.Total = m.money(child)
		case "ShipTo":
			h.ShipTo = shipTo(child)
		case "Shipping":
			h.Shipping = m.shipping(child)
		case "Tax":
			h.Tax = m.tax(child)
		case "SupplierOrderInfo":
			h.SupplierOrderID = attr(child, "orderID")
		}
	}
	return h
}

func (m *mapper) itemIn(el *etree.Element) ItemIn {
	line := ItemIn{
		Quantity:         m.quantity(el, "quantity"),
		LineNumber:       m.whole(el, "lineNumber"),
		ParentLineNumber: m.whole(el, "parentLineNumber"),
		ItemType:         attr(el, "itemType"),
	}
	for child := range elements(el) {
		switch child.Tag {
		case "ItemID":
			line.ItemID = itemID(child)
		case "ItemDetail":
			line.ItemDetail = *m.itemDetail(child)
		case "ShipTo":
			line.ShipTo = shipTo(child)
		case "Shipping":
			line.Shipping = m.shipping(child)
		case "Tax":
			line.Tax = m.tax(child)
		}
	}
	return line
}
