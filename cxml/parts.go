package cxml

import (
	"strings"

	"github.com/beevik/etree"
)

// The parts that several documents share, each read in one pass over its children.

func description(el *etree.Element) Description {
	d := Description{Lang: attr(el, "lang"), Text: text(el)}
	for child := range elements(el) {
		if child.Tag == "ShortName" {
			d.ShortName = text(child)
		}
	}
	return d
}

func comments(el *etree.Element) Comments {
	c := Comments{Lang: attr(el, "lang"), Type: attr(el, "type"), Text: text(el)}
	for child := range elements(el) {
		if child.Tag == "Attachment" {
			c.Attachment = append(c.Attachment, Attachment{URL: inner(child, "URL"), Visibility: attr(child, "visibility")})
		}
	}
	return c
}

func idReference(el *etree.Element) IdReference {
	r := IdReference{Identifier: attr(el, "identifier"), Domain: attr(el, "domain")}
	for child := range elements(el) {
		switch child.Tag {
		case "Creator":
			r.Creator = langText(child)
		case "Description":
			r.Description = description(child)
		}
	}
	return r
}

func address(el *etree.Element) Address {
	a := Address{
		IsoCountryCode:  attr(el, "isoCountryCode"),
		AddressID:       attr(el, "addressID"),
		AddressIDDomain: attr(el, "addressIDDomain"),
	}
	for child := range elements(el) {
		switch child.Tag {
		case "Name":
			a.Name = langText(child)
		case "PostalAddress":
			p := postalAddress(child)
			a.PostalAddress = &p
		case "Email":
			a.Email = Email{Name: attr(child, "name"), PreferredLang: attr(child, "preferredLang"), Text: text(child)}
		case "Phone":
			a.Phone = phone(child)
		case "Fax":
			a.Fax = phone(child)
		case "URL":
			a.URL, a.URLName = text(child), attr(child, "name")
		}
	}
	return a
}

func postalAddress(el *etree.Element) PostalAddress {
	p := PostalAddress{Name: attr(el, "name")}
	for child := range elements(el) {
		switch child.Tag {
		case "DeliverTo":
			p.DeliverTo = appendText(p.DeliverTo, child)
		case "Street":
			p.Street = appendText(p.Street, child)
		case "City":
			p.City = text(child)
		case "Municipality":
			p.Municipality, p.MunicipalityCode = text(child), attr(child, "municipalityCode")
		case "State":
			p.State, p.StateCode = text(child), attr(child, "isoStateCode")
		case "PostalCode":
			p.PostalCode = text(child)
		case "Country":
			p.Country, p.CountryCode = text(child), attr(child, "isoCountryCode")
		case "Extrinsic":
			p.Extrinsic = append(p.Extrinsic, extrinsic(child))
		}
	}
	return p
}

func appendText(list []string, el *etree.Element) []string {
	if s := text(el); s != "" {
		return append(list, s)
	}
	return list
}

// phone reads a Phone or Fax. A bare text is taken for the number.
func phone(el *etree.Element) Phone {
	p := Phone{Name: attr(el, "name")}
	parts := el
	for child := range elements(el) {
		switch child.Tag {
		case "TelephoneNumber":
			parts = child
		case "URL":
			p.URL = text(child)
		case "Email":
			p.Email = text(child)
		}
	}
	inParts := false
	for child := range elements(parts) {
		switch child.Tag {
		case "CountryCode":
			p.CountryCode, p.IsoCountryCode = text(child), attr(child, "isoCountryCode")
		case "AreaOrCityCode":
			p.AreaOrCityCode = text(child)
		case "Number":
			p.Number = text(child)
		case "Extension":
			p.Extension = text(child)
		}
		inParts = true
	}
	if !inParts {
		p.Number = text(parts)
	}
	return p
}

func shipTo(el *etree.Element) *ShipTo {
	s := &ShipTo{}
	for child := range elements(el) {
		switch child.Tag {
		case "Address":
			s.Address = address(child)
		case "CarrierIdentifier":
			s.CarrierIdentifier = append(s.CarrierIdentifier, CarrierIdentifier{Domain: attr(child, "domain"), Text: text(child)})
		case "IdReference":
			s.IdReference = append(s.IdReference, idReference(child))
		}
	}
	return s
}

func billTo(el *etree.Element) *BillTo {
	b := &BillTo{}
	for child := range elements(el) {
		switch child.Tag {
		case "Address":
			b.Address = address(child)
		case "IdReference":
			b.IdReference = append(b.IdReference, idReference(child))
		}
	}
	return b
}

func contact(el *etree.Element) Contact {
	c := Contact{Role: attr(el, "role"), AddressID: attr(el, "addressID"), AddressIDDomain: attr(el, "addressIDDomain")}
	for child := range elements(el) {
		switch child.Tag {
		case "Name":
			c.Name = langText(child)
		case "PostalAddress":
			c.PostalAddress = append(c.PostalAddress, postalAddress(child))
		case "Email":
			c.Email = appendText(c.Email, child)
		case "Phone":
			c.Phone = append(c.Phone, phone(child))
		case "Fax":
			c.Fax = append(c.Fax, phone(child))
		case "URL":
			c.URL = appendText(c.URL, child)
		case "IdReference":
			c.IdReference = append(c.IdReference, idReference(child))
		case "Extrinsic":
			c.Extrinsic = append(c.Extrinsic, extrinsic(child))
		}
	}
	return c
}

func (m *mapper) shipping(el *etree.Element) *Shipping {
	s := &Shipping{
		TrackingDomain: attr(el, "trackingDomain"),
		TrackingID:     attr(el, "trackingId"),
		Tracking:       attr(el, "tracking"),
	}
	for child := range elements(el) {
		switch child.Tag {
		case "Money":
			s.Money = m.money(child)
		case "Description":
			s.Description = description(child)
		}
	}
	return s
}

func (m *mapper) tax(el *etree.Element) *Tax {
	t := &Tax{}
	for child := range elements(el) {
		switch child.Tag {
		case "Money":
			t.Money = m.money(child)
		case "Description":
			t.Description = description(child)
		case "TaxDetail":
			t.TaxDetail = append(t.TaxDetail, m.taxDetail(child))
		}
	}
	return t
}

func (m *mapper) taxDetail(el *etree.Element) TaxDetail {
	t := TaxDetail{
		Purpose:        attr(el, "purpose"),
		Category:       attr(el, "category"),
		ExemptDetail:   attr(el, "exemptDetail"),
		PercentageRate: m.optional(el, "percentageRate"),
	}
	for child := range elements(el) {
		switch child.Tag {
		case "TaxableAmount":
			t.TaxableAmount = m.money(child)
		case "TaxAmount":
			t.TaxAmount = m.money(child)
		case "TaxLocation":
			t.TaxLocation = langText(child)
		case "Description":
			t.Description = description(child)
		}
	}
	return t
}

func pCard(el *etree.Element) *PCard {
	p := &PCard{
		// Masked when the document was read; once more, in case that ever changes.
		Number:     maskAllDigits(attr(el, "number")),
		Expiration: attr(el, "expiration"),
		Name:       attr(el, "name"),
	}
	for child := range elements(el) {
		if child.Tag == "PostalAddress" {
			where := postalAddress(child)
			p.PostalAddress = &where
		}
	}
	return p
}

func payment(el *etree.Element) *Payment {
	p := &Payment{}
	for child := range elements(el) {
		if child.Tag == "PCard" {
			p.PCard = pCard(child)
		} else {
			p.Other = append(p.Other, child.Tag)
		}
	}
	return p
}

func termsOfDelivery(el *etree.Element) *TermsOfDelivery {
	t := &TermsOfDelivery{}
	for child := range elements(el) {
		switch child.Tag {
		case "TermsOfDeliveryCode":
			t.TermsOfDeliveryCode = attr(child, "value")
		case "ShippingPaymentMethod":
			t.ShippingPaymentMethod = attr(child, "value")
		case "TransportTerms":
			// "Other" says that the words are in the text.
			t.TransportTerms = attr(child, "value")
			if words := text(child); words != "" && (t.TransportTerms == "" || strings.EqualFold(t.TransportTerms, "other")) {
				t.TransportTerms = words
			}
		case "Address":
			a := address(child)
			t.Address = &a
		case "Comments":
			t.Comments = append(t.Comments, comments(child))
		}
	}
	return t
}

func controlKeys(el *etree.Element) ControlKeys {
	var k ControlKeys
	for child := range elements(el) {
		switch child.Tag {
		case "OCInstruction":
			k.OCInstruction = attr(child, "value")
		case "ASNInstruction":
			k.ASNInstruction = attr(child, "value")
		case "InvoiceInstruction":
			k.InvoiceInstruction = attr(child, "value")
		case "SESInstruction":
			k.SESInstruction = attr(child, "value")
		}
	}
	return k
}

func period(el *etree.Element) *Period {
	for child := range elements(el) {
		if child.Tag == "Period" {
			return &Period{StartDate: dateTime(attr(child, "startDate")), EndDate: dateTime(attr(child, "endDate"))}
		}
	}
	return nil
}
