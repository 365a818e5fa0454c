package cxml_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kontorhq/kontor/cxml"
)

// order is a small sound order; tests change one thing in it.
const order = `<OrderRequest>
<OrderRequestHeader orderID="HL-1" orderDate="2026-02-10" type="new"><Total><Money currency="USD">20.00</Money></Total></OrderRequestHeader>
<ItemOut quantity="2" lineNumber="1"><ItemID><SupplierPartID>ROPE-12</SupplierPartID></ItemID>
<ItemDetail><UnitPrice><Money currency="USD">5.00</Money></UnitPrice><Description xml:lang="en">Rope</Description><UnitOfMeasure>CL</UnitOfMeasure><Classification domain="UNSPSC">31151504</Classification></ItemDetail></ItemOut>
<ItemOut quantity="10" lineNumber="2"><ItemID><SupplierPartID>CHAIN-8</SupplierPartID></ItemID>
<ItemDetail><UnitPrice><Money currency="USD">1.00</Money></UnitPrice><Description xml:lang="en">Chain</Description><UnitOfMeasure>MTR</UnitOfMeasure><Classification domain="UNSPSC">31151601</Classification></ItemDetail></ItemOut>
</OrderRequest>`

// changed replaces each old text by the new one after it, and fails where the old is missing.
func changed(t testing.TB, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("there is no %q to change", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

func TestOrdersThatMustBeChanged(t *testing.T) {
	tests := []struct {
		name   string
		change []string
		want   []string // place: part of the sentence
	}{
		{"no number", []string{` orderID="HL-1"`, ""}, []string{"OrderRequest/OrderRequestHeader/@orderID: missing"}},
		{"a blank number", []string{`"HL-1"`, `" "`}, []string{"OrderRequest/OrderRequestHeader/@orderID: missing"}},
		{"no quantity", []string{`quantity="10" `, ""}, []string{"OrderRequest/ItemOut[2]/@quantity: missing"}},
		{"a negative quantity", []string{`"10"`, `"-10"`}, []string{`OrderRequest/ItemOut[2]/@quantity: "-10" is negative`}},
		{"a quantity in words", []string{`"10"`, `"ten"`}, []string{`OrderRequest/ItemOut[2]/@quantity: "ten" is not a plain decimal`}},
		{"a quantity with an exponent", []string{`"10"`, `"1e1"`}, []string{`OrderRequest/ItemOut[2]/@quantity: "1e1" is not a plain decimal`}},
		{"a decimal comma", []string{`>5.00<`, `>5,00<`}, []string{`OrderRequest/ItemOut[1]/ItemDetail/UnitPrice/Money: "5,00" is not a plain decimal`}},
		{"separated thousands", []string{`>20.00<`, `>1,020.00<`}, []string{`OrderRequest/OrderRequestHeader/Total/Money: "1,020.00" is not a plain decimal`}},
		{"more digits than can be held", []string{`>5.00<`, `>5.0000000000000000001<`}, []string{`OrderRequest/ItemOut[1]/ItemDetail/UnitPrice/Money: at most 19`}},
		{"two currencies", []string{`"USD">1.00`, `"EUR">1.00`}, []string{"OrderRequest/ItemOut[2]/ItemDetail/UnitPrice/Money/@currency: this is EUR, but OrderRequest/OrderRequestHeader/Total/Money is USD"}},
		{"no currency", []string{` currency="USD">20.00`, `>20.00`}, []string{`OrderRequest/OrderRequestHeader/Total/Money/@currency: "" is not the code of a currency`}},
		{"a made-up currency", []string{`"USD">20.00`, `"USX">20.00`}, []string{`OrderRequest/OrderRequestHeader/Total/Money/@currency: "USX" is not the code of a currency`}},
		{"an unknown type", []string{`"new"`, `"renew"`}, []string{`OrderRequest/OrderRequestHeader/@type: "renew" is none of new, update, delete`}},
		{"an unknown order type", []string{`type="new"`, `orderType="spot"`}, []string{`OrderRequest/OrderRequestHeader/@orderType: "spot" is none of regular`}},
		{"a version that is no number", []string{`type="new"`, `orderVersion="B"`}, []string{`OrderRequest/OrderRequestHeader/@orderVersion: "B" is not a whole number`}},
		{"the same line twice", []string{`lineNumber="2"`, `lineNumber="1"`}, []string{"OrderRequest/ItemOut[2]/@lineNumber: line number 1 is that of line 1"}},
		{"a price for nothing", []string{`<UnitOfMeasure>MTR</UnitOfMeasure>`, `<UnitOfMeasure>MTR</UnitOfMeasure><PriceBasisQuantity quantity="0" conversionFactor="1"/>`}, []string{"OrderRequest/ItemOut[2]/ItemDetail/PriceBasisQuantity/@quantity: more than 0"}},
		{"a factor below nothing", []string{`<UnitOfMeasure>MTR</UnitOfMeasure>`, `<UnitOfMeasure>MTR</UnitOfMeasure><PriceBasisQuantity quantity="1" conversionFactor="-1"/>`}, []string{"OrderRequest/ItemOut[2]/ItemDetail/PriceBasisQuantity/@conversionFactor: more than 0"}},
		{
			"everything at once",
			[]string{` orderID="HL-1"`, "", `"2"`, `"-2"`, `>1.00<`, `>1,00<`},
			[]string{
				"OrderRequest/ItemOut[1]/@quantity: negative",
				"OrderRequest/ItemOut[2]/ItemDetail/UnitPrice/Money: not a plain decimal",
				"OrderRequest/OrderRequestHeader/@orderID: missing",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := read(t, envelope(changed(t, order, test.change...))).OrderRequest()
			if got != nil {
				t.Error("there is an order beside the fault")
			}
			wantFaults(t, err, test.want)
		})
	}
}

func wantFaults(t *testing.T, err error, want []string) {
	t.Helper()
	var faults cxml.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got %v, want faults", err)
	}
	if len(faults) != len(want) {
		t.Fatalf("got %v, want %v", faults, want)
	}
	for i, fault := range faults {
		place, says, _ := strings.Cut(want[i], ": ")
		if fault.Place != place {
			t.Errorf("got place %q, want %q", fault.Place, place)
		}
		for _, part := range strings.Split(says, " … ") {
			if !strings.Contains(fault.Message, part) && !containsWords(fault.Message, part) {
				t.Errorf("got %q, want it to say %q", fault.Message, part)
			}
		}
		if fault.Kind != cxml.Invalid {
			t.Errorf("got status %d, want 400", fault.Kind.Status())
		}
	}
}

// containsWords finds the words in their order, with others between them.
func containsWords(sentence, words string) bool {
	for word := range strings.FieldsSeq(words) {
		_, after, found := strings.Cut(sentence, word)
		if !found {
			return false
		}
		sentence = after
	}
	return true
}

func TestOrdersWithoutHeaderOrLines(t *testing.T) {
	_, err := read(t, envelope(`<OrderRequest/>`)).OrderRequest()
	wantFaults(t, err, []string{"OrderRequest/OrderRequestHeader: missing", "OrderRequest/ItemOut: no lines"})
	if _, err := read(t, envelope(`<OrderRequest><OrderRequestHeader orderID="1" type="delete"/></OrderRequest>`)).OrderRequest(); err != nil {
		t.Errorf("a cancellation needs no lines: %v", err)
	}
}

func TestWhatSendersGetAwayWith(t *testing.T) {
	tests := []struct {
		name   string
		change []string
		check  func(*cxml.OrderRequest) any
		want   any
	}{
		{"an empty Total is none", []string{`>20.00<`, `> <`}, func(o *cxml.OrderRequest) any { return o.Header.Total.Present }, false},
		{"a Total without Money is none", []string{`<Money currency="USD">20.00</Money>`, ``}, func(o *cxml.OrderRequest) any { return o.Header.Total.Present }, false},
		{"blanks round a number", []string{`>20.00<`, ">\n 20.00\t<"}, func(o *cxml.OrderRequest) any { return o.Header.Total.Value.String() }, "20.00"},
		{"a currency in small letters", []string{`"USD">20.00`, `"usd">20.00`}, func(o *cxml.OrderRequest) any { return o.Currency }, "USD"},
		{"a number in CDATA with a comment in it", []string{`>20.00<`, `><![CDATA[20]]><!-- x -->.00<`}, func(o *cxml.OrderRequest) any { return o.Header.Total.Value.String() }, "20.00"},
		{"all decimals are kept", []string{`>5.00<`, `>5.012345<`}, func(o *cxml.OrderRequest) any { return o.ItemOut[0].ItemDetail.UnitPrice.Value.String() }, "5.012345"},
		{"a type in capitals", []string{`"new"`, `"NEW"`}, func(o *cxml.OrderRequest) any { return o.Header.Type }, "new"},
		{"no type", []string{` type="new"`, ``}, func(o *cxml.OrderRequest) any { return o.Header.Type + " " + o.Header.OrderType }, "new regular"},
		{"no version", nil, func(o *cxml.OrderRequest) any { return o.Header.OrderVersion }, 0},
		{"an internal version", []string{`type="new"`, `isInternalVersion="yes"`}, func(o *cxml.OrderRequest) any { return o.Header.IsInternalVersion }, true},
		{"a fraction", []string{`"10"`, `"2.5"`}, func(o *cxml.OrderRequest) any { return o.ItemOut[1].Quantity.String() }, "2.5"},
		{"a line without a number gets its place", []string{` lineNumber="2"`, ``}, func(o *cxml.OrderRequest) any { return [2]any{o.ItemOut[1].LineNumber, o.ItemOut[1].Synthetic} }, [2]any{2, true}},
		{"or the next free one", []string{` lineNumber="1"`, ``, `lineNumber="2"`, `lineNumber="1"`}, func(o *cxml.OrderRequest) any { return [2]any{o.ItemOut[0].LineNumber, o.ItemOut[0].Synthetic} }, [2]any{3, true}},
		{"that nobody else has", []string{` lineNumber="1"`, ``, `lineNumber="2"`, `lineNumber="1"`, `</OrderRequest>`, `<ItemOut quantity="1" lineNumber="4"/></OrderRequest>`}, func(o *cxml.OrderRequest) any { return o.ItemOut[0].LineNumber }, 5},
		{"a number of its own is none of ours", nil, func(o *cxml.OrderRequest) any { return o.ItemOut[1].Synthetic }, false},
		{"a namespace", []string{`<OrderRequest>`, `<OrderRequest xmlns="urn:a">`, `<ItemOut quantity="2"`, `<b:ItemOut xmlns:b="urn:b" quantity="2"`, `</ItemOut>`, `</b:ItemOut>`}, func(o *cxml.OrderRequest) any { return len(o.ItemOut) }, 2},
		{"unknown things", []string{`<ItemID>`, `<Surprise a="1"><ItemID/></Surprise><ItemID x="y">`}, func(o *cxml.OrderRequest) any { return o.ItemOut[0].ItemID.SupplierPartID }, "ROPE-12"},
		{"a date as from a mail", []string{`"2026-02-10"`, `"Mon Feb 9 18:29:48 +0000 2026"`}, func(o *cxml.OrderRequest) any { return o.Header.OrderDate.Time.Format("2006-01-02 15:04") }, "2026-02-09 18:29"},
		{"a date that says nothing", []string{`"2026-02-10"`, `"soon"`}, func(o *cxml.OrderRequest) any { return o.Header.OrderDate }, cxml.DateTime{Text: "soon"}},
		{"a price without PriceBasisQuantity's factor", []string{`<UnitOfMeasure>MTR</UnitOfMeasure>`, `<PriceBasisQuantity quantity="100"/>`}, func(o *cxml.OrderRequest) any {
			return o.ItemOut[1].ItemDetail.PriceBasisQuantity.ConversionFactor.String()
		}, "1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o, err := read(t, envelope(changed(t, order, test.change...))).OrderRequest()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, test.check(o)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is kept begins with a declaration that tells the truth and the DOCTYPE that was there,
// whatever stood around them.
func TestWhatStandsBeforeTheRootIsKept(t *testing.T) {
	const doctype, root = `<!DOCTYPE cXML SYSTEM "cXML.dtd">`, `<cXML payloadID="1"><Request><ProfileRequest/></Request></cXML>`
	const declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	for given, want := range map[string]string{
		root:                                     declaration + root,
		`<?xml version="1.0"?>` + root:           declaration + root,
		doctype + root:                           declaration + doctype + "\n" + root,
		`<?xml version="1.0"?>` + doctype + root: declaration + doctype + "\n" + root,
		"<?xml version=\"1.0\"?>\n" + doctype + "\n<!-- -->\n" + root: declaration + doctype + "\n" + root,
		strings.Replace(doctype, ">", "[]>", 1) + root:                declaration + strings.Replace(doctype, ">", "[]>", 1) + "\n" + root,
	} {
		if got := string(read(t, given).Masked()); got != want {
			t.Errorf("of\n%s\nis kept\n%s\nwant\n%s", given, got, want)
		}
	}
}

func TestEnvelopes(t *testing.T) {
	sound := envelope(`<ProfileRequest/>`)
	tests := []struct {
		name   string
		change []string
		check  func(*cxml.Document) any
		want   any
	}{
		{"the DOCTYPE says the version", []string{`<cXML `, `<cXML version="1.0" `}, func(d *cxml.Document) any { return d.Version }, "1.2.050"},
		{"a DOCTYPE of another place", []string{`http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd`, `https://dtd.example/1.2.011/Fulfill.dtd`}, func(d *cxml.Document) any { return d.Version }, "1.2.011"},
		{"a DOCTYPE without a version", []string{`http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd`, `cXML.dtd`, `<cXML `, `<cXML version="1.2.019" `}, func(d *cxml.Document) any { return d.Version }, "1.2.019"},
		{"test", []string{`<Request>`, `<Request deploymentMode="Test">`}, func(d *cxml.Document) any { return d.DeploymentMode }, "test"},
		{"neither test nor production", []string{`<Request>`, `<Request deploymentMode="trial">`}, func(d *cxml.Document) any { return d.DeploymentMode }, "production"},
		{"no payloadID", []string{` payloadID="p-1@buys.harborline.example"`, ``}, func(d *cxml.Document) any { return d.PayloadID }, ""},
		{"a payloadID with blanks in it", []string{`"p-1@buys.harborline.example"`, `" 1 2@ "`}, func(d *cxml.Document) any { return d.PayloadID }, "1 2@"},
		{"another request", []string{`<ProfileRequest/>`, `<n:GetPendingRequest xmlns:n="urn:n"/>`}, func(d *cxml.Document) any { return d.Type }, "GetPendingRequest"},
		{"a default namespace", []string{`<cXML `, `<cXML xmlns="urn:n" `}, func(d *cxml.Document) any { return [2]any{d.Type, d.PayloadID} }, [2]any{"ProfileRequest", "p-1@buys.harborline.example"}},
		{"To repeated instead of its Credential", []string{`</To>`, `</To><To><Credential domain="OSN"><Identity>K</Identity></Credential></To>`}, func(d *cxml.Document) any {
			return d.Header.To.Credential
		}, []cxml.Credential{{Domain: "DUNS", Identity: "118820044"}, {Domain: "OSN", Identity: "K"}}},
		{"a secret with blanks round it", []string{`>tern-over-water-41<`, ">\n tern-over-water-41 <"}, func(d *cxml.Document) any { return d.Header.Sender.Credential[0].SharedSecret }, "tern-over-water-41"},
		{"a MAC", []string{`<SharedSecret>tern-over-water-41</SharedSecret>`, `<CredentialMac type="FromSenderCredentials">MnX</CredentialMac>`}, func(d *cxml.Document) any { return d.Header.Sender.Credential[0] }, cxml.Credential{Domain: "DUNS", Identity: "039405012", Mac: true}},
		{"a signature", []string{`<SharedSecret>tern-over-water-41</SharedSecret>`, `<DigitalSignature/>`}, func(d *cxml.Document) any { return d.Header.Sender.Credential[0] }, cxml.Credential{Domain: "DUNS", Identity: "039405012", Signature: true}},
		{"no Header", []string{`<Header>`, `<Hat>`, `</Header>`, `</Hat>`}, func(d *cxml.Document) any { return len(d.Header.Sender.Credential) }, 0},
		{"a Message", []string{`<Request>`, `<Message inReplyTo="q">`, `</Request>`, `</Message>`}, func(d *cxml.Document) any { return [2]any{d.Class, d.InReplyTo} }, [2]any{cxml.ClassMessage, "q"}},
		{"a Message of nothing but a Status", []string{`<Request>`, `<Message><Status code="204" text="No Content"/>`, `<ProfileRequest/>`, ``, `</Request>`, `</Message>`}, func(d *cxml.Document) any { return d.Type }, "Message"},
		{"after Mask the secret is gone", nil, func(d *cxml.Document) any { d.Mask(); return d.Header.Sender.Credential[0].SharedSecret }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.check(read(t, changed(t, sound, test.change...)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOneThingIsNotMappedAsAnother(t *testing.T) {
	d := read(t, envelope(`<ProfileRequest/>`))
	for name, try := range map[string]func() error{
		"OrderRequest":         func() error { _, err := d.OrderRequest(); return err },
		"PunchOutSetupRequest": func() error { _, err := d.PunchOutSetupRequest(); return err },
		"PunchOutOrderMessage": func() error { _, err := d.PunchOutOrderMessage(); return err },
		"ConfirmationRequest":  func() error { _, err := d.ConfirmationRequest(); return err },
		"StatusUpdateRequest":  func() error { _, err := d.StatusUpdateRequest(); return err },
		"CopyRequest":          func() error { _, err := d.CopyRequest(); return err },
		"OrderStatusRequest":   func() error { _, err := d.OrderStatusRequest(); return err },
		"ReceiptRequest":       func() error { _, err := d.ReceiptRequest(); return err },
		"Response":             func() error { _, err := d.Response(); return err },
	} {
		if fault := kindOf(t, try()); fault.Kind.Status() != 450 || !strings.Contains(fault.Message, "ProfileRequest") {
			t.Errorf("%s: got %v", name, fault)
		}
	}
}

func TestSetUpsThatMustBeChanged(t *testing.T) {
	tests := []struct {
		name, body string
		want       []string // nil: it is fine
	}{
		{"create without the way home", `<PunchOutSetupRequest operation="create"><BuyerCookie>c</BuyerCookie></PunchOutSetupRequest>`, []string{"PunchOutSetupRequest/BrowserFormPost: BrowserFormPost is missing"}},
		{"edit with an empty way home", `<PunchOutSetupRequest operation="edit"><BrowserFormPost><URL> </URL></BrowserFormPost></PunchOutSetupRequest>`, []string{"PunchOutSetupRequest/BrowserFormPost: BrowserFormPost is missing"}},
		{"inspect needs none", `<PunchOutSetupRequest operation="inspect"/>`, nil},
		{"source is read", `<PunchOutSetupRequest operation="source"/>`, nil},
		{"no operation", `<PunchOutSetupRequest/>`, []string{`PunchOutSetupRequest/@operation: "" is none of create, edit, inspect, source`}},
		{"an unknown operation", `<PunchOutSetupRequest operation="browse"/>`, []string{`PunchOutSetupRequest/@operation: "browse" is none of`}},
		{"a bad line in edit", `<PunchOutSetupRequest operation="edit"><BrowserFormPost><URL>https://b.example</URL></BrowserFormPost><ItemOut quantity="1,5"/></PunchOutSetupRequest>`, []string{`PunchOutSetupRequest/ItemOut[1]/@quantity: "1,5" is not a plain decimal`}},
		{"a bad line in create has no meaning", `<PunchOutSetupRequest operation="create"><BrowserFormPost><URL>https://b.example</URL></BrowserFormPost><ItemOut quantity="1,5"/></PunchOutSetupRequest>`, nil},
		{"lines of two currencies", `<PunchOutSetupRequest operation="inspect"><ItemOut quantity="1"><ItemDetail><UnitPrice><Money currency="USD">1</Money></UnitPrice></ItemDetail></ItemOut><ItemOut quantity="1"><ItemDetail><UnitPrice><Money currency="EUR">1</Money></UnitPrice></ItemDetail></ItemOut></PunchOutSetupRequest>`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := read(t, envelope(test.body)).PunchOutSetupRequest()
			if test.want != nil {
				wantFaults(t, err, test.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUser(t *testing.T) {
	extrinsic := func(name, value string) cxml.Extrinsic { return cxml.Extrinsic{Name: name, Text: value} }
	person := func(role, name, email string) cxml.Contact {
		return cxml.Contact{Role: role, Name: cxml.Text{Text: name}, Email: []string{email}}
	}
	shipTo := &cxml.ShipTo{Address: cxml.Address{Name: cxml.Text{Text: "Dock 2"}, Email: cxml.Email{Text: "dock@harborline.example"}}}
	tests := []struct {
		name    string
		request cxml.PunchOutSetupRequest
		want    cxml.User
	}{
		{"nothing is known", cxml.PunchOutSetupRequest{}, cxml.User{}},
		{"an e-mail address and names", cxml.PunchOutSetupRequest{Extrinsic: []cxml.Extrinsic{
			extrinsic("LastName", "Quist"), extrinsic("FirstName", "Marta"), extrinsic("UserEmail", "m@h.example"),
		}}, cxml.User{Email: "m@h.example", Name: "Marta Quist"}},
		{"the names of extrinsics in any case", cxml.PunchOutSetupRequest{Extrinsic: []cxml.Extrinsic{extrinsic("useremail", "m@h.example")}}, cxml.User{Email: "m@h.example"}},
		{"a value without @ is a login", cxml.PunchOutSetupRequest{Extrinsic: []cxml.Extrinsic{
			extrinsic("UniqueName", "mquist"), extrinsic("UserEmail", "m@h.example"),
		}}, cxml.User{Email: "m@h.example", Login: "mquist"}},
		{"even where an address should be", cxml.PunchOutSetupRequest{Extrinsic: []cxml.Extrinsic{
			extrinsic("UserEmail", "mquist"), extrinsic("UniqueName", "m@h.example"),
		}}, cxml.User{Email: "m@h.example", Login: "mquist"}},
		{"User comes before UniqueName", cxml.PunchOutSetupRequest{Extrinsic: []cxml.Extrinsic{
			extrinsic("UniqueName", "second"), extrinsic("User", "first"),
		}}, cxml.User{Login: "first"}},
		{"a host without a dot", cxml.PunchOutSetupRequest{Extrinsic: []cxml.Extrinsic{extrinsic("UserEmail", "1234@remotehost")}}, cxml.User{Email: "1234@remotehost"}},
		{"an address that is none", cxml.PunchOutSetupRequest{Extrinsic: []cxml.Extrinsic{extrinsic("UserEmail", "@h.example")}}, cxml.User{Login: "@h.example"}},
		{"a full name wins over its parts", cxml.PunchOutSetupRequest{Extrinsic: []cxml.Extrinsic{
			extrinsic("FirstName", "M"), extrinsic("UserPrintableName", "Marta Q"),
		}}, cxml.User{Name: "Marta Q"}},
		{"the end user's contact before one without a role", cxml.PunchOutSetupRequest{Contact: []cxml.Contact{
			person("", "Nobody", "n@h.example"), person("endUser", "Marta Quist", "m@h.example"),
		}}, cxml.User{Email: "m@h.example", Name: "Marta Quist"}},
		{"a contact without a role before ShipTo", cxml.PunchOutSetupRequest{Contact: []cxml.Contact{person("", "Marta Quist", "m@h.example")}, ShipTo: shipTo},
			cxml.User{Email: "m@h.example", Name: "Marta Quist"}},
		{"a contact of another role is nobody", cxml.PunchOutSetupRequest{Contact: []cxml.Contact{person("supplierCorporate", "K", "k@k.example")}}, cxml.User{}},
		{"ShipTo last, and its name is not a person's", cxml.PunchOutSetupRequest{ShipTo: shipTo}, cxml.User{Email: "dock@harborline.example"}},
		{"an extrinsic's address wins over a contact's", cxml.PunchOutSetupRequest{
			Extrinsic: []cxml.Extrinsic{extrinsic("requester-email", "r@h.example")},
			Contact:   []cxml.Contact{person("buyer", "Marta Quist", "m@h.example")},
		}, cxml.User{Email: "r@h.example", Name: "Marta Quist"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, test.request.User()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
