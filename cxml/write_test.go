package cxml_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/money"
)

var at = time.Date(2026, 2, 10, 14, 30, 0, 0, time.UTC)

func usd(value string) cxml.Money { return cxml.MoneyOf(money.MustDecimal(value), "USD") }

func dec(value string) money.Decimal { return money.MustDecimal(value) }

func party(identity string) cxml.Party {
	return cxml.Party{Credential: []cxml.Credential{{Domain: "DUNS", Identity: identity, SharedSecret: "tern-over-water-41"}}}
}

func outgoing(version string) cxml.Outgoing {
	return cxml.Outgoing{
		Version: version, PayloadID: "out-1@shop.kestrel.example", Timestamp: at,
		From: party("118820044"), To: party("039405012"), Sender: party("118820044"),
	}
}

// dtd is the official DTD, which is not ours to keep in this repository.
func dtd(t *testing.T, version, module string) string {
	t.Helper()
	reference := os.Getenv("KONTOR_REFERENCE_DIR")
	if reference == "" {
		t.Skip("KONTOR_REFERENCE_DIR is not set: without the official DTDs nothing can be validated")
	}
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed: nothing can be validated")
	}
	return filepath.Join(reference, "cxml", "dtd", version, module)
}

var namedDTD = regexp.MustCompile(`<!DOCTYPE cXML SYSTEM "http://xml\.cxml\.org/schemas/cXML/([0-9.]+)/(\w+\.dtd)">`)

// validate checks a document against the DTD that it names.
func validate(t *testing.T, document []byte) {
	t.Helper()
	named := namedDTD.FindSubmatch(document)
	if named == nil {
		t.Fatalf("no DTD is named in %s", document)
	}
	file := filepath.Join(t.TempDir(), "document.xml")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--noout",
		"--dtdvalid", dtd(t, string(named[1]), string(named[2])), file).CombinedOutput()
	if err != nil {
		t.Errorf("not valid: %s\n%s", out, document)
	}
}

func rope() cxml.ItemIn {
	return cxml.ItemIn{
		Quantity: dec("2.5"), LineNumber: 1,
		ItemID: cxml.ItemID{SupplierPartID: "ROPE-12", SupplierPartAuxiliaryID: "crt_01-1", BuyerPartID: "HB-7"},
		ItemDetail: cxml.ItemDetail{
			UnitPrice:          usd("48.2500"),
			Description:        []cxml.Description{{Lang: "en", Text: `12" rope & <shackle> für “Tern”`, ShortName: "Rope"}},
			UnitOfMeasure:      "CL",
			Classification:     []cxml.Classification{{Domain: "UNSPSC", Code: "31151504", Text: "31151504"}},
			ManufacturerPartID: "TF-12", ManufacturerName: "Tidewater", URL: "https://shop.kestrel.example/rope?a=1&b=2",
			LeadTime:  "5",
			Extrinsic: []cxml.Extrinsic{{Name: "Finish", Text: "plain"}},
		},
	}
}

// cart has everything that a cart can bring home.
func cart() cxml.PunchOutOrderMessage {
	return cxml.PunchOutOrderMessage{
		BuyerCookie: "HL-5f21-00417",
		Header: cxml.PunchOutOrderMessageHeader{
			OperationAllowed: "edit", QuoteStatus: "pending", Total: usd("120.63"),
			ShipTo: &cxml.ShipTo{
				Address: cxml.Address{
					IsoCountryCode: "US", AddressID: "DOCK-2", AddressIDDomain: "buyerLocationID", Name: cxml.Text{Lang: "en", Text: "Dock 2"},
					PostalAddress: &cxml.PostalAddress{
						Name: "default", DeliverTo: []string{"Marta Quist"}, Street: []string{"14 Ropewalk", "Rear gate"}, City: "Astoria",
						Municipality: "Uppertown", MunicipalityCode: "07", State: "Oregon", StateCode: "US-OR", PostalCode: "97103", Country: "United States", CountryCode: "US",
						Extrinsic: []cxml.Extrinsic{{Name: "gate", Text: "B"}},
					},
					Email: cxml.Email{Name: "work", PreferredLang: "en-US", Text: "dock@harborline.example"},
					Phone: cxml.Phone{Name: "gate", IsoCountryCode: "US", CountryCode: "1", AreaOrCityCode: "503", Number: "555-0100", Extension: "12"},
					Fax:   cxml.Phone{Name: "office", Email: "fax@harborline.example"}, URL: "https://harborline.example", URLName: "map",
				},
				CarrierIdentifier: []cxml.CarrierIdentifier{{Domain: "companyName", Text: "Columbia Barge"}},
				IdReference:       []cxml.IdReference{{Identifier: "9", Domain: "slip", Creator: cxml.Text{Text: "harbour"}, Description: cxml.Description{Text: "by the crane"}}},
			},
			Shipping: &cxml.Shipping{Money: usd("15.00"), Description: cxml.Description{Text: "Barge"}, TrackingDomain: "FreightCo", TrackingID: "1"},
			Tax: &cxml.Tax{Money: usd("8.25"), Description: cxml.Description{Text: "Tax"}, TaxDetail: []cxml.TaxDetail{{
				Purpose: "tax", Category: "sales", ExemptDetail: "exempt", PercentageRate: new(dec("8.5")),
				TaxableAmount: usd("97.33"), TaxAmount: usd("8.25"), TaxLocation: cxml.Text{Text: "OR"}, Description: cxml.Description{Text: "State"},
			}}},
			SupplierOrderID: "K-1",
		},
		ItemIn: []cxml.ItemIn{rope(), rope()},
	}
}

func confirmation(headerType string, items ...cxml.ConfirmationItem) cxml.ConfirmationRequest {
	return cxml.ConfirmationRequest{
		Header: cxml.ConfirmationHeader{ConfirmID: "C-1", Type: headerType, NoticeDate: cxml.At(at)},
		OrderReference: cxml.OrderReference{
			OrderID: "HL-PO-881", OrderDate: cxml.DateTime{Text: "2026-02-10"},
			DocumentReference: cxml.DocumentReference{PayloadID: "p-1@buys.harborline.example"},
		},
		ConfirmationItem: items,
	}
}

func item(line int, quantity string, statuses ...cxml.ConfirmationStatus) cxml.ConfirmationItem {
	return cxml.ConfirmationItem{Quantity: dec(quantity), LineNumber: line, UnitOfMeasure: "EA", ConfirmationStatus: statuses}
}

func status(kind, quantity string) cxml.ConfirmationStatus {
	s := cxml.ConfirmationStatus{Quantity: dec(quantity), Type: kind, UnitOfMeasure: "EA"}
	if kind == "detail" {
		s.UnitPrice = usd("0.5200")
	}
	return s
}

// confirmations has one of every type of header, with every fate of a line that it allows.
func confirmations() map[string]cxml.ConfirmationRequest {
	all := map[string]cxml.ConfirmationRequest{
		"accept as a whole": confirmation("accept"),
		"accept":            confirmation("accept", item(1, "100", status("accept", "100"))),
		"all detail":        confirmation("allDetail", item(1, "100", status("allDetail", "60"), status("backordered", "30"), status("reject", "10"))),
		"detail":            confirmation("detail", item(1, "100", status("accept", "60"), status("backordered", "30"), status("detail", "10")), item(2, "2.5", status("reject", "1.5"), status("unknown", "1"))),
		"except":            confirmation("except", item(2, "2.5", status("reject", "2.5"))),
		"backordered":       confirmation("backordered", item(1, "1", status("backordered", "1"))),
		"reject as a whole": confirmation("reject"),
		"reject":            confirmation("reject", item(1, "1", status("reject", "1"))),
		"request to pay":    confirmation("requestToPay", item(1, "1", status("requestToPay", "1"))),
		"replace":           confirmation("replace", item(1, "1", status("detail", "1"))),
	}
	update := confirmation("detail", item(1, "1", status("accept", "1")))
	update.Header.Operation, update.Header.DocumentReference = "update", &cxml.DocumentReference{PayloadID: "out-0@shop.kestrel.example"}
	all["update"] = update

	full := confirmation("detail", item(1, "10", status("detail", "10")))
	full.Header.InvoiceID, full.Header.Total = "INV-1", usd("5.20")
	full.Header.Shipping, full.Header.Tax = cart().Header.Shipping, cart().Header.Tax
	full.Header.Contact = []cxml.Contact{{
		Role: "supplierCorporate", Name: cxml.Text{Text: "Kestrel"}, Email: []string{"orders@kestrel.example"}, Phone: []cxml.Phone{{Number: "1"}}, Fax: []cxml.Phone{{URL: "tel:2"}},
		URL: []string{"https://kestrel.example"}, PostalAddress: []cxml.PostalAddress{*cart().Header.ShipTo.Address.PostalAddress},
		IdReference: []cxml.IdReference{{Identifier: "1", Domain: "vatID"}}, Extrinsic: []cxml.Extrinsic{{Name: "desk", Text: "2"}},
	}}
	full.Header.Comments = []cxml.Comments{{Type: "note", Text: "See", Attachment: []cxml.Attachment{{URL: "cid:1@kestrel.example", Visibility: "internal"}}}, {Text: "and see"}}
	full.Header.IdReference = []cxml.IdReference{{Identifier: "1", Domain: "x"}}
	full.Header.Extrinsic = []cxml.Extrinsic{{Name: "a", Text: "b"}}
	part := &full.ConfirmationItem[0].ConfirmationStatus[0]
	part.ShipmentDate, part.DeliveryDate = cxml.At(at), cxml.At(at)
	part.Tax, part.Shipping = cart().Header.Tax, cart().Header.Shipping
	part.Comments, part.Extrinsic = []cxml.Comments{{Text: "price"}}, []cxml.Extrinsic{{Name: "a", Text: "b"}}
	full.ConfirmationItem[0].ParentLineNumber, full.ConfirmationItem[0].ItemType = 7, "item"
	full.ConfirmationItem[0].Contact = full.Header.Contact
	all["everything"] = full

	substitute := rope()
	swap := status("detail", "1")
	swap.UnitPrice, swap.ItemIn = cxml.Money{}, &substitute
	all["a substitute"] = confirmation("detail", item(1, "1", swap))
	return all
}

func TestWhatIsWrittenIsValid(t *testing.T) {
	sparse := cart() // what a buyer's system left out doesn't keep the cart from going home
	sparse.Header.ShipTo = &cxml.ShipTo{
		Address:           cxml.Address{PostalAddress: &cxml.PostalAddress{Extrinsic: []cxml.Extrinsic{{}}}, Phone: cxml.Phone{Name: "gate"}},
		CarrierIdentifier: []cxml.CarrierIdentifier{{}}, IdReference: []cxml.IdReference{{}},
	}
	documents := map[string]cxml.Body{
		"cart":         cart(),
		"sparse":       sparse,
		"empty cart":   cxml.PunchOutOrderMessage{Header: cxml.PunchOutOrderMessageHeader{OperationAllowed: "create", Total: usd("0.00")}},
		"cancel":       cxml.PunchOutOrderMessage{Status: &cxml.Status{Code: 204}, BuyerCookie: "c", Header: cxml.PunchOutOrderMessageHeader{OperationAllowed: "edit", Total: usd("0.00")}},
		"later status": cxml.StatusUpdateRequest{DocumentReference: &cxml.DocumentReference{PayloadID: "p"}, Status: cxml.Status{Code: 409, Detail: "Too late"}, Extrinsic: []cxml.Extrinsic{{Name: "a", Text: "b"}}},
	}
	for name, body := range documents {
		for _, version := range []string{"1.2.014", "1.2.020", "1.2.036", "1.2.050", "1.2.053", "1.2.063", "1.2.071"} {
			t.Run(name+" "+version, func(t *testing.T) {
				document, err := outgoing(version).Write(body)
				if err != nil {
					t.Fatal(err)
				}
				validate(t, document)
			})
		}
	}
	set := cart()
	set.ItemIn[0].ItemDetail.PriceBasisQuantity = &cxml.PriceBasisQuantity{Quantity: dec("100"), ConversionFactor: dec("1"), UnitOfMeasure: "EA", Description: cxml.Description{Text: "per hundred"}}
	set.ItemIn[0].ItemType = "composite"
	set.ItemIn[1].ItemType, set.ItemIn[1].ParentLineNumber = "item", 1
	for _, version := range []string{"1.2.036", "1.2.050", "1.2.071"} {
		t.Run("set with a price per hundred "+version, func(t *testing.T) {
			document, err := outgoing(version).Write(set)
			if err != nil {
				t.Fatal(err)
			}
			validate(t, document)
		})
	}
	for name, body := range confirmations() {
		for _, version := range []string{"1.2.050", "1.2.053", "1.2.063", "1.2.071"} {
			t.Run("confirmation "+name+" "+version, func(t *testing.T) {
				document, err := outgoing(version).Write(body)
				if err != nil {
					t.Fatal(err)
				}
				validate(t, document)
			})
		}
	}
	profile := cxml.ProfileResponse{
		EffectiveDate: cxml.At(at), Option: []cxml.Option{{Name: "service", Value: "kontor"}},
		Transaction: []cxml.Transaction{{RequestName: "OrderRequest", URL: "https://k.example?a&b", Option: []cxml.Option{{Name: "attachments", Value: "yes"}}}},
	}
	for name, body := range map[string]cxml.ResponseBody{
		"nothing": nil, "set-up": cxml.PunchOutSetupResponse{StartPage: "https://k.example?a=1&b=2"}, "profile": profile,
	} {
		for _, version := range []string{"1.2.014", "1.2.020", "1.2.036", "1.2.071"} {
			t.Run("response of "+name+" "+version, func(t *testing.T) {
				validate(t, cxml.WriteResponse(version, "r-1@k.example", at, cxml.Status{Code: 200}, body))
			})
		}
	}
}

// What is written is read again as it was meant.
func TestWrittenAndReadAgain(t *testing.T) {
	equal := cmp.Options{
		cmp.Comparer(func(a, b money.Decimal) bool { return a.String() == b.String() }),
		cmpopts.EquateEmpty(), cmpopts.IgnoreFields(cxml.DateTime{}, "Time", "Zoned"),
		// Without a language of its own a text gets the document's.
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Lang" }, cmp.Ignore()),
	}
	for name, want := range map[string]any{"cart": cart(), "confirmation": confirmations()["everything"]} {
		t.Run(name, func(t *testing.T) {
			document, err := outgoing("1.2.071").Write(want.(cxml.Body))
			if err != nil {
				t.Fatal(err)
			}
			got, err := payload(read(t, string(document)))
			if err != nil {
				t.Fatal(err)
			}
			switch want := want.(type) {
			case cxml.PunchOutOrderMessage:
				if diff := cmp.Diff(&want, got, equal); diff != "" {
					t.Error(diff)
				}
			case cxml.ConfirmationRequest:
				want.Header.Operation = "new"
				if diff := cmp.Diff(&want, got, equal); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	d := read(t, string(cxml.WriteResponse("1.2.020", "r-1", at, cxml.Status{Code: 412, Detail: "No such cart"}, cxml.PunchOutSetupResponse{StartPage: "https://k.example"})))
	got, err := d.Response()
	want := &cxml.Response{Status: cxml.Status{Code: 412, Text: "Precondition Failed", Lang: "en-US", Detail: "No such cart"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error("a refusal carries no start page", err, diff)
	}
}

func TestTheEnvelopeOfWhatIsWritten(t *testing.T) {
	write := func(change func(*cxml.Outgoing), body cxml.Body) string {
		o := outgoing("1.2.050")
		if change != nil {
			change(&o)
		}
		document, err := o.Write(body)
		if err != nil {
			t.Fatal(err)
		}
		return string(document)
	}
	central := time.FixedZone("", -6*3600)
	tests := []struct {
		name, document, has string
		hasNot              string
	}{
		{"no Z, although it is UTC", write(nil, cart()), `timestamp="2026-02-10T14:30:00+00:00"`, "00Z"},
		{"the zone of the caller", write(func(o *cxml.Outgoing) { o.Timestamp = at.In(central) }, cart()), `timestamp="2026-02-10T08:30:00-06:00"`, ""},
		{"a cart names cXML.dtd", write(nil, cart()), `"http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd"`, ""},
		{"a confirmation names Fulfill.dtd", write(nil, confirmation("accept")), `"http://xml.cxml.org/schemas/cXML/1.2.050/Fulfill.dtd"`, ""},
		{"no secret goes through a browser", write(nil, cart()), "<Identity>118820044</Identity></Credential><UserAgent>Kontor</UserAgent>", "tern-over"},
		{"a secret goes straight to a server, once", write(nil, confirmation("accept")), "<SharedSecret>tern-over-water-41</SharedSecret></Credential><UserAgent>", "</SharedSecret></Credential></From>"},
		{"production", write(nil, cart()), `<Message deploymentMode="production">`, ""},
		{"test", write(func(o *cxml.Outgoing) { o.DeploymentMode, o.InReplyTo = "test", "q" }, cart()), `<Message deploymentMode="test" inReplyTo="q">`, ""},
		{"no version asked for", write(func(o *cxml.Outgoing) { o.Version = "" }, cart()), "/1.2.050/", ""},
		{"signs are escaped once", write(nil, cart()), `12" rope &amp; &lt;shackle&gt; für “Tern”`, "&amp;amp;"},
		{"ASCII", write(func(o *cxml.Outgoing) { o.ASCII = true }, cart()), `12" rope &amp; &lt;shackle&gt; f&#xFC;r &#x201C;Tern&#x201D;`, "ü"},
		{"the price as it is", write(nil, cart()), `<Money currency="USD">48.2500</Money>`, ""},
		{"an older version has no BuyerPartID", write(func(o *cxml.Outgoing) { o.Version = "1.2.020" }, cart()), "<SupplierPartAuxiliaryID>", "BuyerPartID"},
		{"nor has a version in between", write(func(o *cxml.Outgoing) { o.Version = "1.2.023" }, cart()), "<SupplierPartAuxiliaryID>", "BuyerPartID"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(test.document, test.has) || test.hasNot != "" && strings.Contains(test.document, test.hasNot) {
				t.Errorf("want %q and not %q in %s", test.has, test.hasNot, test.document)
			}
		})
	}
	for _, r := range write(func(o *cxml.Outgoing) { o.ASCII = true }, cart()) {
		if r > 126 {
			t.Fatalf("%q is not ASCII", r)
		}
	}
}

func TestForbiddenCharacters(t *testing.T) {
	c := cart()
	c.ItemIn[0].ItemDetail.Description[0].Text = "Ro\x00pe\x0b \ufffe\xff12\ttab"
	document, err := outgoing("1.2.050").Write(c)
	if err != nil || !strings.Contains(string(document), ">Rope 12\ttab<") {
		t.Errorf("words lose what XML can't hold, and nothing else: %v %s", err, document)
	}
	c.ItemIn[1].ItemID.SupplierPartID = "RO\x01PE"
	_, err = outgoing("1.2.050").Write(c)
	wantFaults(t, err, []string{"PunchOutOrderMessage/ItemIn[2]/ItemID/SupplierPartID: a character that XML doesn't allow"})
	answer := cxml.WriteResponse("1.2.050", "r-\x01", at, cxml.Status{Code: 500, Text: "no\x02", Detail: "wh\x03y"}, nil)
	if _, err := read(t, string(answer)).Response(); err != nil {
		t.Error("an answer can always be read:", err)
	}
}

func TestWhatIsNotWritten(t *testing.T) {
	changedCart := func(change func(*cxml.PunchOutOrderMessage)) cxml.Body {
		c := cart()
		change(&c)
		return c
	}
	update := confirmations()["update"]
	update.Header.DocumentReference = nil
	reference := confirmation("accept")
	reference.OrderReference.DocumentReference.PayloadID = ""
	noted := confirmation("accept")
	noted.Header.NoticeDate = cxml.DateTime{}
	replaced := confirmation("accept")
	replaced.Header.DocumentReference = &cxml.DocumentReference{PayloadID: "x"}
	both := confirmations()["a substitute"]
	both.ConfirmationItem[0].ConfirmationStatus[0].UnitPrice = usd("1")
	per := &cxml.PriceBasisQuantity{Quantity: dec("100"), ConversionFactor: dec("1"), UnitOfMeasure: "EA"}
	tests := []struct {
		name, version string
		body          cxml.Body
		want          []string
	}{
		{"a price per hundred where there is no place for it", "1.2.023", changedCart(func(c *cxml.PunchOutOrderMessage) { c.ItemIn[1].ItemDetail.PriceBasisQuantity = per }), []string{"PunchOutOrderMessage/ItemIn[2]/ItemDetail/PriceBasisQuantity: no place in this version"}},
		{"a price for nothing", "1.2.050", changedCart(func(c *cxml.PunchOutOrderMessage) {
			c.ItemIn[1].ItemDetail.PriceBasisQuantity = &cxml.PriceBasisQuantity{ConversionFactor: dec("1"), UnitOfMeasure: "EA"}
		}), []string{"PunchOutOrderMessage/ItemIn[2]/ItemDetail/PriceBasisQuantity/@quantity: more than 0"}},
		{"a set where there is no place for it", "1.2.014", changedCart(func(c *cxml.PunchOutOrderMessage) { c.ItemIn[1].ParentLineNumber = 1 }), []string{"PunchOutOrderMessage/ItemIn[2]/@parentLineNumber: no place in this version"}},
		{"no unit price", "1.2.050", changedCart(func(c *cxml.PunchOutOrderMessage) { c.ItemIn[0].ItemDetail.UnitPrice = cxml.Money{} }), []string{"PunchOutOrderMessage/ItemIn[1]/ItemDetail/UnitPrice: missing"}},
		{"no description, unit or class", "1.2.050", changedCart(func(c *cxml.PunchOutOrderMessage) {
			d := &c.ItemIn[0].ItemDetail
			d.Description, d.UnitOfMeasure, d.Classification = nil, "", nil
		}), []string{"PunchOutOrderMessage/ItemIn[1]/ItemDetail/Description: missing", "PunchOutOrderMessage/ItemIn[1]/ItemDetail/UnitOfMeasure: missing", "PunchOutOrderMessage/ItemIn[1]/ItemDetail/Classification: missing"}},
		{"no part number", "1.2.050", changedCart(func(c *cxml.PunchOutOrderMessage) { c.ItemIn[0].ItemID.SupplierPartID = "" }), []string{"PunchOutOrderMessage/ItemIn[1]/ItemID/SupplierPartID: missing"}},
		{"a negative quantity", "1.2.050", changedCart(func(c *cxml.PunchOutOrderMessage) { c.ItemIn[0].Quantity = dec("-1") }), []string{"PunchOutOrderMessage/ItemIn[1]/@quantity: negative"}},
		{"no total", "1.2.050", changedCart(func(c *cxml.PunchOutOrderMessage) { c.Header.Total = cxml.Money{} }), []string{"PunchOutOrderMessage/PunchOutOrderMessageHeader/Total: missing"}},
		{"no currency", "1.2.050", changedCart(func(c *cxml.PunchOutOrderMessage) { c.Header.Total.Currency = "" }), []string{`PunchOutOrderMessage/PunchOutOrderMessageHeader/Total/Money/@currency: "" is not the code`}},
		{"no operation", "1.2.050", changedCart(func(c *cxml.PunchOutOrderMessage) { c.Header.OperationAllowed = "" }), []string{"PunchOutOrderMessage/PunchOutOrderMessageHeader/@operationAllowed: none of create"}},
		{"items in a cancel", "1.2.050", changedCart(func(c *cxml.PunchOutOrderMessage) { c.Status = &cxml.Status{Code: 204} }), []string{"cXML/Message/Status: brings no items"}},
		{"a version of no kind", "latest", cart(), []string{"cXML/@version: not a version"}},
		{"an update of nothing", "1.2.050", update, []string{"ConfirmationRequest/ConfirmationHeader/DocumentReference/@payloadID: missing"}},
		{"a reference that is no update", "1.2.050", replaced, []string{"ConfirmationRequest/ConfirmationHeader/DocumentReference: Only an update"}},
		{"no reference to the order", "1.2.050", reference, []string{"ConfirmationRequest/OrderReference/DocumentReference/@payloadID: missing"}},
		{"no date", "1.2.050", noted, []string{"ConfirmationRequest/ConfirmationHeader/@noticeDate: missing"}},
		{"an unknown type", "1.2.050", confirmation("perhaps"), []string{"ConfirmationRequest/ConfirmationHeader/@type: none of accept"}},
		{"detail of no line", "1.2.050", confirmation("detail"), []string{"ConfirmationRequest/ConfirmationItem: must name lines"}},
		{"a rejected line in an accepted order", "1.2.050", confirmation("accept", item(1, "1", status("reject", "1"))), []string{"ConfirmationRequest/ConfirmationItem[1]/ConfirmationStatus[1]/@type: Under accept a line can be accept, not reject"}},
		{"an accepted line in a rejected order", "1.2.050", confirmation("reject", item(1, "1", status("accept", "1"))), []string{"ConfirmationRequest/ConfirmationItem[1]/ConfirmationStatus[1]/@type: Under reject"}},
		{"except for a line", "1.2.050", confirmation("except", item(1, "1", status("except", "1"))), []string{"ConfirmationRequest/ConfirmationItem[1]/ConfirmationStatus[1]/@type: none of", "ConfirmationRequest/ConfirmationItem[1]/ConfirmationStatus[1]/@type: Under except"}},
		{"parts that don't add up", "1.2.050", confirmation("detail", item(1, "3", status("accept", "1"), status("reject", "1.5"))), []string{"ConfirmationRequest/ConfirmationItem[1]/@quantity: don't add up to the 3"}},
		{"a line twice", "1.2.050", confirmation("accept", item(1, "1", status("accept", "1")), item(1, "1", status("accept", "1"))), []string{"ConfirmationRequest/ConfirmationItem[2]/@lineNumber: line 1 twice"}},
		{"a line without a fate", "1.2.050", confirmation("accept", item(1, "0")), []string{"ConfirmationRequest/ConfirmationItem[1]/ConfirmationStatus: what becomes"}},
		{"a detail without a difference", "1.2.050", confirmation("detail", item(1, "1", cxml.ConfirmationStatus{Quantity: dec("1"), Type: "detail", UnitOfMeasure: "EA"})), []string{"ConfirmationRequest/ConfirmationItem[1]/ConfirmationStatus[1]: what differs"}},
		{"a substitute with a price beside it", "1.2.050", both, []string{"ConfirmationRequest/ConfirmationItem[1]/ConfirmationStatus[1]/ItemIn: not beside it"}},
		{"a status of nothing", "1.2.050", cxml.StatusUpdateRequest{Status: cxml.Status{Code: 200}}, []string{"StatusUpdateRequest/DocumentReference/@payloadID: missing"}},
		{"a buyer's status", "1.2.050", cxml.StatusUpdateRequest{DocumentReference: &cxml.DocumentReference{PayloadID: "p"}, InvoiceStatus: &cxml.InvoiceStatus{}}, []string{"StatusUpdateRequest: the buyer's to tell"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			document, err := outgoing(test.version).Write(test.body)
			if document != nil {
				t.Error("was written as well")
			}
			wantFaults(t, err, test.want)
		})
	}
	nameless := outgoing("1.2.050")
	nameless.PayloadID, nameless.To = "", cxml.Party{}
	_, err := nameless.Write(cart())
	wantFaults(t, err, []string{"cXML/@payloadID: missing", "Header/To/Credential: no credential"})
}
