package simulators

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
)

// The bytes are those of ISO 8859-15: eight places have other letters than in ISO 8859-1.
func TestLettersOfLatin9(t *testing.T) {
	for _, test := range []struct{ name, encoding, text, bytes string }{
		{"what only the younger has", "ISO-8859-15", "Cœur 5 €, Ÿ Œ Š š Ž ž", "C\xbdur 5 \xa4, \xbe \xbc \xa6 \xa8 \xb4 \xb8"},
		{"what both have", "ISO-8859-15", "Mörser ä", "M\xf6rser \xe4"},
		{"what only the older has", "ISO-8859-15", "¤ ½ ¼", "&#164; &#189; &#188;"},
		{"and there", "ISO-8859-1", "¤ ½ ¼", "\xa4 \xbd \xbc"},
		{"what the older hasn't", "ISO-8859-1", "Cœur 5 €", "C&#339;ur 5 &#8364;"},
		{"what neither has", "ISO-8859-15", "2 × 3 → 6", "2 \xd7 3 &#8594; 6"},
		{"everything", "UTF-8", "œ €", "œ €"},
	} {
		got := encode(test.text, test.encoding)
		if string(got) != test.bytes {
			t.Errorf("%s: %q, want %q", test.name, got, test.bytes)
		}
		document := append([]byte(`<?xml version="1.0" encoding="`+test.encoding+`"?><a>`), append(got, "</a>"...)...)
		text, err := asUTF8(document)
		var back struct {
			Text string `xml:",chardata"`
		}
		_, body, _ := strings.Cut(text, "?>")
		if err == nil {
			err = xml.Unmarshal([]byte(body), &back)
		}
		if err != nil || back.Text != test.text {
			t.Errorf("%s: read back as %q, %v", test.name, back.Text, err)
		}
	}
}

// Finer prices than it takes are refused with the reason, not cut; zeros at the end are no decimals.
func TestASystemOfFourDecimals(t *testing.T) {
	fine := []cartLine{{"FAS-1050", "2000", "EA", "0.01255", "Machine screw"}}
	four := []cartLine{{"TOL-6060", "3", "EA", "5.148000", "Spray lubricant"}}
	d := newDesk(t, func(cfg *BuyerConfig) { cfg.Like = "Jaggaer" })
	if !d.cfg.Framed || d.cfg.DTDVersion != "1.2.011" {
		t.Errorf("the desk is %+v", d.cfg)
	}
	for _, test := range []struct {
		name, total, want string
		lines             []cartLine
	}{
		{"five", "25.10", "more than the 4 decimals", fine},
		{"four", "15.44", "", four},
	} {
		r, err := d.StartRequisition(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(d.supplier.last(), "cXML/1.2.011/cXML.dtd") {
			t.Errorf("the set-up is\n%s", d.supplier.last())
		}
		r, err = d.ReceiveCart(r.ID, in64(orderMessageText(d.cookie(), test.total, "0.00", test.lines)))
		if (err != nil) != (test.want != "") || !strings.Contains(r.Problem, test.want) {
			t.Errorf("%s decimals: %q, %v", test.name, r.Problem, err)
		}
	}
}

// What an XML gateway of the Oracle kind is known for, with hostile text in every value.
func TestTheGatewaysDocuments(t *testing.T) {
	const hostile = `"'<&>]]>{{.}} œ €`
	d := newDesk(t, func(cfg *BuyerConfig) {
		cfg.Like, cfg.Remark, cfg.FirstOrder = "Oracle", hostile, 4500
		cfg.ShipTo = Address{ID: hostile, Name: hostile, Street: hostile, City: hostile, PostalCode: hostile, CountryCode: "BH", Country: hostile}
		cfg.People = []Person{{hostile, hostile, hostile}}
	})
	r, err := d.StartRequisition(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	setup := d.supplier.last()
	for _, part := range []string{`encoding="ISO-8859-15"`, `/1.2.008/cXML.dtd`, `<Extrinsic name="User">`, "?OAFunc=ICX_CAT_PUNCHOUT_CALLBACK&amp;punchoutTo="} {
		if !strings.Contains(setup, part) {
			t.Errorf("the set-up has no %s", part)
		}
	}
	if _, err := d.ReceiveCart(r.ID, in64(orderMessageText(d.cookie(), "1242.13", "90.05", cartN))); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Order(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	order := d.LastOrderDocument(r.ID)
	for _, part := range []string{`SYSTEM "cXML.dtd"`, `orderID="4500:0:204"`, "\xbd \xa4</Comments>", `<Extrinsic name="LINENUM">5</Extrinsic>`,
		`<Extrinsic name="SHIPMENTNUM">1</Extrinsic>`, `<Money currency=""></Money>`, `<Email name="default"></Email>`, `<URL></URL>`} {
		if !bytes.Contains(order, []byte(part)) {
			t.Errorf("the order has no %s", part)
		}
	}
	if bytes.Contains(order, []byte("lineNumber")) || bytes.Contains(order, []byte("orderVersion")) || bytes.Contains(order, []byte("deploymentMode")) {
		t.Errorf("the order says too much:\n%s", order)
	}
	for name, document := range map[string][]byte{"set-up": []byte(setup), "order": order} {
		text, err := asUTF8(document)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := read([]byte(strings.Replace(text, "ISO-8859-15", "UTF-8", 1))); err != nil {
			t.Errorf("the %s can't be read: %v", name, err)
		}
		if !strings.Contains(text, `payloadID="`) || !strings.Contains(text, `@" `) {
			t.Errorf("the %s has a host in its payloadID", name)
		}
	}
	// A change has the same number, and names the document that it changes.
	if _, err := d.Change(t.Context(), r.ID, 1, "100"); err != nil {
		t.Fatal(err)
	}
	change := string(d.LastOrderDocument(r.ID))
	for _, part := range []string{`orderID="4500:0:204"`, `type="update"`, `<DocumentReference payloadID="`, `<ItemOut quantity="100">`} {
		if !strings.Contains(change, part) {
			t.Errorf("the change has no %s", part)
		}
	}
}

func TestNobodySpeaksAnUnknownDialect(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a desk that speaks nothing was made")
		}
	}()
	NewBuyer(BuyerConfig{Name: "A", Slug: "a", Path: "/a", PublicURL: "http://a.example", SupplierURL: "http://b.example", Like: "Nobody",
		From: []Credential{{Domain: "DUNS"}}, To: []Credential{{Domain: "DUNS"}}, Sender: Credential{Identity: "x"}})
}
