package cxml

import (
	"strconv"

	"github.com/kontorhq/kontor/money"
)

// The parts that several documents share. What only decorates is left out where the version's
// DTD has no place for it; what would change a price or a quantity is a fault instead.

func (w *writer) party(tag string, p Party, withSecret bool) {
	w.child(tag, func() {
		if len(p.Credential) == 0 {
			w.fault("/Credential", "The party has no credential.")
		}
		for _, c := range p.Credential {
			w.child("Credential", func() {
				w.must("domain", c.Domain)
				w.attr("type", c.Type)
				w.mustLeaf("Identity", c.Identity)
				if withSecret {
					w.leaf("SharedSecret", c.SharedSecret)
				}
			})
		}
		if tag == "Sender" {
			agent := p.UserAgent
			if agent == "" {
				agent = "Kontor"
			}
			w.leaf("UserAgent", agent)
		}
	})
}

func (w *writer) status(s Status) {
	w.child("Status", func() {
		text := s.Text
		if text == "" {
			text = StatusText(s.Code)
		}
		w.el.CreateAttr("code", strconv.Itoa(s.Code))
		w.el.CreateAttr("text", clean(text))
		w.langAttr(s.Lang)
		w.prose(s.Detail)
	})
}

// money writes tag with a Money in it; nothing where there is none.
func (w *writer) money(tag string, m Money) {
	if m.Present {
		w.child(tag, func() { w.bareMoney(m) })
	}
}

func (w *writer) mustMoney(tag string, m Money) {
	if !m.Present {
		w.fault("/"+tag, "The amount is missing.")
	}
	w.money(tag, m)
}

func (w *writer) bareMoney(m Money) {
	w.child("Money", func() {
		if _, known := money.Exponent(m.Currency); !known {
			w.fault("/@currency", quote(m.Currency)+" is not the code of a currency.")
		}
		w.attr("currency", m.Currency)
		w.el.SetText(m.Value.String())
	})
}

func (w *writer) text(tag string, t Text) {
	w.child(tag, func() {
		w.langAttr(t.Lang)
		w.prose(t.Text)
	})
}

func (w *writer) description(d Description) {
	w.child("Description", func() {
		w.langAttr(d.Lang)
		w.prose(d.Text)
		if d.ShortName != "" {
			w.child("ShortName", func() { w.prose(d.ShortName) })
		}
	})
}

func (w *writer) comments(list []Comments) {
	for _, c := range list {
		w.child("Comments", func() {
			w.langAttr(c.Lang)
			if w.later() {
				w.attr("type", c.Type)
			}
			w.prose(c.Text)
			for _, a := range c.Attachment {
				w.child("Attachment", func() {
					if w.later() {
						w.attr("visibility", a.Visibility)
					}
					w.mustLeaf("URL", a.URL)
				})
			}
		})
	}
}

func (w *writer) extrinsics(list []Extrinsic) {
	for _, e := range list {
		w.child("Extrinsic", func() {
			w.given("name", e.Name)
			w.prose(e.Text)
		})
	}
}

func (w *writer) idReferences(list []IdReference) {
	for _, r := range list {
		w.child("IdReference", func() {
			w.given("identifier", r.Identifier)
			w.given("domain", r.Domain)
			if r.Creator.Text != "" {
				w.text("Creator", r.Creator)
			}
			if r.Description.Text != "" {
				w.description(r.Description)
			}
		})
	}
}

func (w *writer) shipTo(s *ShipTo) {
	if s == nil {
		return
	}
	w.child("ShipTo", func() {
		w.address(s.Address)
		if !w.later() {
			return
		}
		for _, c := range s.CarrierIdentifier {
			w.child("CarrierIdentifier", func() {
				w.given("domain", c.Domain)
				w.prose(c.Text)
			})
		}
		w.idReferences(s.IdReference)
	})
}

func (w *writer) address(a Address) {
	w.child("Address", func() {
		w.attr("isoCountryCode", a.IsoCountryCode)
		w.attr("addressID", a.AddressID)
		if w.later() {
			w.attr("addressIDDomain", a.AddressIDDomain)
		}
		w.text("Name", a.Name)
		if a.PostalAddress != nil {
			w.postalAddress(*a.PostalAddress)
		}
		w.leaf("Email", a.Email.Text, "name", a.Email.Name, "preferredLang", a.Email.PreferredLang)
		w.phone("Phone", a.Phone)
		w.phone("Fax", a.Fax)
		w.leaf("URL", a.URL, "name", a.URLName)
	})
}

func (w *writer) postalAddress(p PostalAddress) {
	w.child("PostalAddress", func() {
		w.attr("name", p.Name)
		for _, to := range p.DeliverTo {
			w.leaf("DeliverTo", to)
		}
		if len(p.Street) == 0 {
			w.child("Street", nil)
		}
		for _, street := range p.Street {
			w.leaf("Street", street)
		}
		w.child("City", func() { w.prose(p.City) })
		stateCode := ""
		if w.later() {
			w.leaf("Municipality", p.Municipality, "municipalityCode", p.MunicipalityCode)
			stateCode = p.StateCode
		}
		w.leaf("State", p.State, "isoStateCode", stateCode)
		w.leaf("PostalCode", p.PostalCode)
		w.child("Country", func() {
			w.given("isoCountryCode", p.CountryCode)
			w.prose(p.Country)
		})
		if w.later() {
			w.extrinsics(p.Extrinsic)
		}
	})
}

// phone writes a Phone or Fax in the parts that it came in.
func (w *writer) phone(tag string, p Phone) {
	if p == (Phone{}) {
		return
	}
	w.child(tag, func() {
		w.attr("name", p.Name)
		switch {
		case tag == "Fax" && p.URL != "":
			w.leaf("URL", p.URL)
		case tag == "Fax" && p.Email != "":
			w.leaf("Email", p.Email)
		default:
			w.child("TelephoneNumber", func() {
				w.child("CountryCode", func() {
					w.given("isoCountryCode", p.IsoCountryCode)
					w.prose(p.CountryCode)
				})
				w.child("AreaOrCityCode", func() { w.prose(p.AreaOrCityCode) })
				w.child("Number", func() { w.prose(p.Number) })
				w.leaf("Extension", p.Extension)
			})
		}
	})
}

func (w *writer) contacts(list []Contact) {
	for _, c := range list {
		w.child("Contact", func() {
			w.attr("role", c.Role)
			w.attr("addressID", c.AddressID)
			if w.later() {
				w.attr("addressIDDomain", c.AddressIDDomain)
			}
			w.text("Name", c.Name)
			for _, p := range c.PostalAddress {
				w.postalAddress(p)
			}
			for _, email := range c.Email {
				w.leaf("Email", email)
			}
			for _, number := range c.Phone {
				w.phone("Phone", number)
			}
			for _, number := range c.Fax {
				w.phone("Fax", number)
			}
			for _, url := range c.URL {
				w.leaf("URL", url)
			}
			if w.later() {
				w.idReferences(c.IdReference)
				w.extrinsics(c.Extrinsic)
			}
		})
	}
}

func (w *writer) shipping(s *Shipping) {
	if s == nil {
		return
	}
	w.child("Shipping", func() {
		w.attr("trackingDomain", s.TrackingDomain)
		w.attr("trackingId", s.TrackingID)
		w.attr("tracking", s.Tracking)
		w.mustPlainMoney(s.Money)
		w.description(s.Description)
	})
}

func (w *writer) tax(t *Tax) {
	if t == nil {
		return
	}
	w.child("Tax", func() {
		w.mustPlainMoney(t.Money)
		w.description(t.Description)
		for _, d := range t.TaxDetail {
			w.taxDetail(d)
		}
	})
}

func (w *writer) taxDetail(d TaxDetail) {
	w.child("TaxDetail", func() {
		w.attr("purpose", d.Purpose)
		w.must("category", d.Category)
		if d.PercentageRate != nil {
			w.attr("percentageRate", d.PercentageRate.String())
		}
		if w.later() {
			w.attr("exemptDetail", d.ExemptDetail)
		}
		w.money("TaxableAmount", d.TaxableAmount)
		w.mustMoney("TaxAmount", d.TaxAmount)
		if d.TaxLocation.Text != "" {
			w.text("TaxLocation", d.TaxLocation)
		}
		if d.Description.Text != "" {
			w.description(d.Description)
		}
	})
}

func (w *writer) mustPlainMoney(m Money) {
	if !m.Present {
		w.fault("/Money", "The amount is missing.")
		return
	}
	w.bareMoney(m)
}

// StatusText is the standard's short text of a status code.
func StatusText(code int) string {
	if text, ok := statusTexts[code]; ok {
		return text
	}
	switch code / 100 {
	case 2:
		return "OK"
	case 4:
		return "Bad Request"
	}
	return "Internal Server Error"
}

var statusTexts = map[int]string{
	200: "OK", 201: "Accepted", 204: "No Content", 211: "OK",
	280: "Forwarded", 281: "Forwarded over unreliable transport",
	400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden",
	406: "Not Acceptable", 409: "Conflict", 412: "Precondition Failed", 417: "Expectation Failed",
	450: "Not Implemented", 475: "Signature Required", 476: "Signature Verification Failed",
	477: "Signature Unacceptable", 499: "Document Too Large",
	500: "Internal Server Error", 550: "Unable to reach cXML server",
	551: "Unable to forward request", 560: "Temporary server error",
}
