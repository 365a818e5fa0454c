package procurement_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
)

// What real systems send although the standard says otherwise (cXML reference 1 to 3, 6, 9, 10):
// each is the fixture's order, written as one of them would, and must become the same order.
func TestOrdersAsRealSystemsWriteThem(t *testing.T) {
	const (
		declaration = `<?xml version="1.0" encoding="UTF-8"?>`
		doctype     = `<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">`
		stamp       = `timestamp="2026-03-05T09:00:00-05:00"`
		from        = `<From><Credential domain="DUNS"><Identity>700000001</Identity></Credential></From>`
		to          = `<To><Credential domain="DUNS"><Identity>800000001</Identity></Credential></To>`
		agent       = `<UserAgent>Fixture 1</UserAgent>`
		fromID      = `<From><Credential domain="DUNS"><Identity>700000001<`
		senderID    = `<Sender><Credential domain="DUNS"><Identity>700000001<`
	)
	as := func(pairs ...string) []byte { return po("p1", "A-1", pairs...) }
	text := string(as())
	header := text[strings.Index(text, "<Header>"):strings.Index(text, "<Request>")]
	orderHeader := text[strings.Index(text, "<OrderRequestHeader"):strings.Index(text, "\n<ItemOut")]
	tests := []struct {
		name string
		body []byte
	}{
		// 1.2, 1.3: the DOCTYPE and the version
		{"no DOCTYPE", as(doctype, "")},
		{"no declaration and no DOCTYPE", as(declaration+"\n"+doctype+"\n", "")},
		{"a relative DOCTYPE", as(doctype, `<!DOCTYPE cXML SYSTEM "cXML.dtd">`)},
		{"a DOCTYPE by https", as(doctype, `<!DOCTYPE cXML SYSTEM "https://xml.cXML.org/schemas/cXML/1.2.014/cXML.dtd">`)},
		{"the DOCTYPE of another module", as(doctype, `<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/Fulfill.dtd">`)},
		{"a public DOCTYPE", as(doctype, `<!DOCTYPE cXML PUBLIC "-//cXML//1.2" 'http://dtd.example/a.dtd'>`)},
		{"version 1.0", as("<cXML ", `<cXML version="1.0" `)},
		{"version garbage", as("<cXML ", `<cXML version="latest!" `)},
		{"standalone", as(declaration, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`)},
		{"a declaration after blank lines", append([]byte("\r\n \n"), as()...)},
		{"comments and instructions everywhere", as(doctype, "<!-- a -->"+doctype+"<?b c?>", "<Request>", "<Request><!-- d -->", "<Total>", "<Total><?e?>")},
		// 1.5: payloadIDs
		{"a payloadID with blanks", as(`"p1"`, `" 2026 03 05.1 @ buyer "`)},
		{"a payloadID without a host", as(`"p1"`, `"20260305090000.17@"`)},
		{"a payloadID that is a UUID", as(`"p1"`, `"8a1d4b56-97e9-4e8c-a3a5-2f3c9d6e7f10"`)},
		{"an empty payloadID", as(`"p1"`, `""`)},
		{"no payloadID", as(`payloadID="p1" `, "")},
		// 1.6, 9: timestamps
		{"a timestamp with Z", as(stamp, `timestamp="2026-03-05T14:00:00Z"`)},
		{"a timestamp with a fraction", as(stamp, `timestamp="2026-03-05T09:00:00.1234567-05:00"`)},
		{"an offset without a colon", as(stamp, `timestamp="2026-03-05T09:00:00-0500"`)},
		{"a local timestamp", as(stamp, `timestamp="2026-03-05 09:00:00"`)},
		{"a timestamp as in a mail", as(stamp, `timestamp="Thu Mar 05 14:00:00 +0000 2026"`)},
		{"an empty timestamp", as(stamp, `timestamp=""`)},
		{"no timestamp", as(" "+stamp, "")},
		{"a timestamp that is none", as(stamp, `timestamp="yesterday"`)},
		{"a timestamp of 1970", as(stamp, `timestamp="1970-01-01T00:00:00+00:00"`)},
		// 1.7: languages
		{"a language that isn't one", as("<cXML ", `<cXML xml:lang="en-UK" `, `xml:lang="en">Rope`, `xml:lang="">Rope`)},
		// 1.8, 1.9: blanks, order, what nobody knows
		{"blanks round everything that is compared", as(">700000001<", ">\n  700000001\t<", ">tide&amp;lantern<", ">\r\n tide&amp;lantern\r\n<", ` domain="DUNS"`, ` domain=" DUNS "`)},
		{"no-break spaces from copied text", as(">700000001<", ">\u00a0700000001\u00a0<")},
		{"the secret in CDATA", as(">tide&amp;lantern<", "><![CDATA[tide&lantern]]><")},
		{"the secret with its & by number", as("tide&amp;lantern", "tide&#x26;lantern")},
		{"Sender first and From last", as(from+to, "", "</Sender>", "</Sender>"+to+from)},
		{"the Header after the Request", append(bytes.TrimSuffix(as(header, ""), []byte("</cXML>")), header+"</cXML>"...)},
		{"the header after the lines", as(orderHeader, "", "</OrderRequest>", orderHeader+"</OrderRequest>")},
		{"elements in another order", as(`<UnitPrice><Money currency="USD">15.00</Money></UnitPrice>`, "", "</ItemDetail></ItemOut>\n</OrderRequest>",
			`<UnitPrice><Money currency="USD">15.00</Money></UnitPrice></ItemDetail></ItemOut></OrderRequest>`)},
		{"unknown elements, attributes and namespaces", as("<Request>", `<Request xmlns:x="urn:x" x:y="z" mood="good"><x:Trace>1</x:Trace>`, "<Request", "<Request", "<x:Trace>1</x:Trace>", "",
			"<ItemID>", `<x:ItemID><SupplierPartID>NONE</SupplierPartID></x:ItemID><ItemID>`, "<x:ItemID><SupplierPartID>NONE</SupplierPartID></x:ItemID>", "<Surprise/>")},
		{"extrinsics by the dozen", as("</OrderRequestHeader>", strings.Repeat(`<Extrinsic name="A">b<C d="e">f</C></Extrinsic>`, 50)+"</OrderRequestHeader>")},
		{"a default namespace", as("<cXML ", `<cXML xmlns="http://www.example.com/cxml" `)},
		{"prefixes", []byte(strings.NewReplacer("<cXML ", `<c:cXML xmlns:c="urn:c" `, "</cXML>", "</c:cXML>", "<Request>", "<c:Request>", "</Request>", "</c:Request>",
			"<Header>", "<c:Header>", "</Header>", "</c:Header>").Replace(text))},
		{"CRLF", bytes.ReplaceAll(as(), []byte("\n"), []byte("\r\n"))},
		{"CR alone", bytes.ReplaceAll(as(), []byte("\n"), []byte("\r"))},
		// 2.1, 2.2, 2.3: parties
		{"no UserAgent", as(agent, "")},
		{"an empty UserAgent", as(agent, "<UserAgent/>")},
		{"several credentials, one of them known", as(from, `<From><Credential domain="NetworkId" type="marketplace"><Identity>AN09</Identity></Credential><Credential domain="DUNS"><Identity>700000001</Identity></Credential><Credential domain="internal"/></From>`)},
		{"To repeated", as("</To>", `</To><To><Credential domain="internalsupplierid"><Identity>77</Identity></Credential></To>`)},
		{"To of somebody else", as(to, `<To><Credential domain="DUNS"><Identity>DUMMY</Identity></Credential></To>`)},
		{"no To", as(to, "")},
		{"the domain in other letters", as(fromID, strings.Replace(fromID, "DUNS", "Duns", 1), senderID, strings.Replace(senderID, "DUNS", "duns", 1))},
		{"a stray SharedSecret1", as(secretElement, secretElement+"<SharedSecret1>x</SharedSecret1>")},
		{"a Path and the document before", as("</Sender>", "</Sender><Path><Node type=\"copy\"/></Path><OriginalDocument payloadID=\"0\"/>")},
		// 1.1: the mode
		{"no deploymentMode, so production", as()},
		{"production in capitals", as("<Request>", `<Request deploymentMode="PRODUCTION">`)},
		{"a mode on the root", as("<cXML ", `<cXML deploymentMode="test" `)},
		// 6, 9: orders of Oracle EBS, Unimarket, Dynamics
		{"empty Money, Email and URL", as("</Total>", `</Total><ShipTo><Address addressID="DUMMY"><Name xml:lang="en"/><Email/><URL/></Address></ShipTo><Shipping><Money currency="USD"/><Description xml:lang="en"/></Shipping><Tax><Money currency=""></Money><Description xml:lang="en"/></Tax>`)},
		{"no line numbers, extrinsics instead", as(` lineNumber="1"`, "", ` lineNumber="2"`, "", "</ItemDetail>", `<Extrinsic name="LINENUM">1</Extrinsic><Extrinsic name="SHIPMENTNUM">1</Extrinsic></ItemDetail>`)},
		{"a requisition on every line and in the header", as(` type="new"`, ` type="new" requisitionID="R-1"`, `lineNumber="1"`, `lineNumber="1" requisitionID="R-1"`)},
		{"ShortName as an attribute", as(`<Description xml:lang="en">`, `<Description xml:lang="en" ShortName="Rope">`)},
		{"several languages and a ShortName", as(`<Description xml:lang="en">`, `<Description xml:lang="de"><ShortName>Seil</ShortName>Seil</Description><Description xml:lang="en">`)},
		{"the currency in small letters", []byte(strings.ReplaceAll(text, `"USD"`, `"usd"`))},
		{"an alternative amount", as(`<Money currency="USD">5.00<`, `<Money currency="USD" alternateAmount="4.60" alternateCurrency="EUR">5.00<`)},
		{"quantities with zeros", as(`quantity="3"`, `quantity="3.000"`, `quantity="2"`, `quantity="02"`)},
		{"accounting by Segment", as("</ItemDetail>", `</ItemDetail><Distribution><Accounting name="D"><Segment type="Cost Center" id="100" description="IT"/></Accounting><Charge><Money currency="USD">15.00</Money></Charge></Distribution>`)},
		{"a classification unknown", as(`<Classification domain="UNSPSC">31151500<`, `<Classification domain="custom">unknown<`)},
		{"a Followup that nobody calls", as("</Total>", "</Total><Followup><URL>http://127.0.0.1:1/x</URL></Followup>")},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.merchant("live")
				r.connect(merchant, fixture())
				if a := r.post(merchant, test.body); a.code != 200 {
					t.Fatalf("answered %d %s", a.code, a.detail)
				}
				o := r.order(merchant, "A-1")
				if lines := o.Version.Lines; r.held(merchant) != "45.00" || len(lines) != 2 || lines[0].SKU != "ROPE-8" || lines[1].SKU != "HOOK-2" || o.Version.Goods.Text() != "45.00" {
					t.Errorf("held %s for %s", r.held(merchant), describe(o))
				}
			})
		}
	})
}

// An order number is whatever the buyer's system makes it (Oracle: number:release:org).
func TestOddOrderNumbersAreKeptAsTheyAre(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		for i, number := range []string{"4711:0:82", "PO 17 / 3", "000123", "№ 5", "a&amp;b", "%27--", "é"} {
			if a := r.post(merchant, po(fmt.Sprint("p", i), number)); a.code != 200 {
				t.Errorf("%s: %d %s", number, a.code, a.detail)
			}
			if o := r.order(merchant, strings.ReplaceAll(number, "&amp;", "&")); o.Number != strings.ReplaceAll(number, "&amp;", "&") {
				t.Errorf("%s became %s", number, o.Number)
			}
		}
	})
}

// Leading zeros are part of an identity; capitals are not, unless two differ in them alone; a test
// identity is another one than the live one.
func TestIdentitiesAreComparedWithCare(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		buyer := func(domain, identity, secret string) procurement.Connection {
			l := fixture()
			l.from, l.secret, l.name = []procurement.Identity{id(domain, identity)}, secret, identity
			return r.connect(merchant, l)
		}
		zeros, live, test := buyer("DUNS", "001234567", "zero lamp"), buyer("NetworkId", "AN01000000001", "live lamp"), buyer("NetworkId", "AN01000000001-T", "test lamp")
		n := 0
		order := func(domain, identity, secret string) (int, string) {
			n++
			body := bytes.ReplaceAll(po(fmt.Sprint("p", n), fmt.Sprint("A-", n), "tide&amp;lantern", secret), []byte(`domain="DUNS"><Identity>700000001`), []byte(`domain="`+domain+`"><Identity>`+identity))
			a := r.post(merchant, body)
			if a.code != 200 {
				return a.code, ""
			}
			return a.code, r.order(merchant, fmt.Sprint("A-", n)).Organisation
		}
		for _, c := range []struct {
			domain, identity, secret string
			code                     int
			whose                    string
		}{
			{"DUNS", "001234567", "zero lamp", 200, zeros.Organisation},
			{"DUNS", "1234567", "zero lamp", 401, ""},
			{"DUNS", "0001234567", "zero lamp", 401, ""},
			{"networkid", "an01000000001", "live lamp", 200, live.Organisation},
			{"NetworkID", "AN01000000001-t", "test lamp", 200, test.Organisation},
			{"NetworkId", "AN01000000001-T", "live lamp", 401, ""},
			{"NetworkId", "AN01000000001", "test lamp", 401, ""},
			{"AribaNetworkUserId", "AN01000000001", "live lamp", 401, ""},
		} {
			if code, whose := order(c.domain, c.identity, c.secret); code != c.code || whose != c.whose {
				t.Errorf("%s %s with %q: %d for %q, want %d for %q", c.domain, c.identity, c.secret, code, whose, c.code, c.whose)
			}
		}
		// Two that differ in capitals alone: the exact one is meant.
		small := buyer("NetworkId", "an01000000001", "small lamp")
		if code, whose := order("NetworkId", "an01000000001", "small lamp"); code != 200 || whose != small.Organisation {
			t.Errorf("the exact one: %d for %q", code, whose)
		}
		if code, whose := order("NetworkId", "AN01000000001", "live lamp"); code != 200 || whose != live.Organisation {
			t.Errorf("the other one: %d for %q", code, whose)
		}
		if accounts.Fold("AN01-T") != accounts.Fold("an01-t") {
			t.Error("identities are folded otherwise")
		}
	})
}

// The ways that HTTP has to bring a body.
func TestWaysToBringABody(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		send := func(name string, body io.Reader, change func(*http.Request)) {
			t.Helper()
			request, err := http.NewRequestWithContext(r.ctx, http.MethodPost, r.url+"/m/"+merchant+"/cxml", body)
			if err != nil {
				t.Fatal(err)
			}
			change(request)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(name, err)
			}
			defer func() { _ = response.Body.Close() }()
			raw, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(name, err)
			}
			if a := r.read(raw); a.code != 200 || response.StatusCode != http.StatusOK {
				t.Errorf("%s: HTTP %d, %d %s", name, response.StatusCode, a.code, a.detail)
			}
		}
		latin := bytes.Replace(po("p4", "A-4", ">Rope<", ">Tauwerk f\xfcr 5 \xa4<"), []byte("UTF-8"), []byte("ISO-8859-15"), 1)
		send("chunked", io.MultiReader(bytes.NewReader(po("p1", "A-1"))), func(request *http.Request) { request.ContentLength = -1 })
		send("Expect: 100-continue", bytes.NewReader(po("p2", "A-2")), func(request *http.Request) { request.Header.Set("Expect", "100-continue") })
		send("gzip that HTTP doesn't name", bytes.NewReader(gzipped(t, po("p3", "A-3"))), func(*http.Request) {})
		send("Latin-9", bytes.NewReader(latin), func(request *http.Request) { request.Header.Set("Content-Type", "text/xml; charset=UTF-8") })
		if name := r.order(merchant, "A-4").Version.Lines[0].Name; name != "Tauwerk für 5 €" {
			t.Errorf("Latin-9 is read as %q", name)
		}
		send("windows-1252 by HTTP alone", bytes.NewReader(bytes.Replace(po("p5", "A-5", ">Rope<", ">5 \x80<"), []byte(` encoding="UTF-8"`), nil, 1)),
			func(request *http.Request) { request.Header.Set("Content-Type", "text/xml; charset=windows-1252") })
		send("UTF-16", bytes.NewReader(wide(string(bytes.Replace(po("p6", "A-6", ">Rope<", ">5 €<"), []byte("UTF-8"), []byte("UTF-16"), 1)))), func(*http.Request) {})
		for _, number := range []string{"A-5", "A-6"} {
			if name := r.order(merchant, number).Version.Lines[0].Name; name != "5 €" {
				t.Errorf("%s is read as %q", number, name)
			}
		}
		// Probes, by people and monitors.
		response, err := http.Get(r.url + "/m/" + merchant + "/cxml")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			t.Errorf("a GET: HTTP %d", response.StatusCode)
		}
	})
}

// Set-ups with the traits of the systems in the reference's section 9, in our own words: who
// shops, under which cookie, and where the cart goes.
func TestSetUpsAsRealSystemsWriteThem(t *testing.T) {
	const (
		post    = "<BrowserFormPost><URL>https://buying.example.org/return?a=1&amp;b=2</URL></BrowserFormPost>"
		user    = `<Extrinsic name="UserEmail">USER</Extrinsic>`
		cookie  = "<BuyerCookie>COOKIE</BuyerCookie>"
		doctype = `<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">`
		uuid    = "8a1d4b56-97e9-4e8c-a3a5-2f3c9d6e7f10"
		home    = "https://buying.example.org/return?a=1&b=2"
	)
	extrinsics := func(pairs ...string) string {
		var b strings.Builder
		for i := 0; i < len(pairs); i += 2 {
			b.WriteString(`<Extrinsic name="` + pairs[i] + `">` + pairs[i+1] + `</Extrinsic>`)
		}
		return b.String()
	}
	tests := []struct {
		name  string
		body  []byte
		visit string // operation; e-mail, name, login; cookie; lines; return
	}{
		{"Coupa: the contact first, no mode, a timestamp as in a mail",
			change(setUpText, user, "", post, `<Contact role="endUser"><Name xml:lang="en">Jo Field</Name><Email>jo@b.example</Email></Contact>`+extrinsics("FirstName", "Jo", "LastName", "Field", "UniqueName", "jfield")+post,
				"2026-03-05T09:00:00-05:00", "Mon May 19 18:29:48 +0000 2008"),
			"create; jo@b.example, Jo Field, jfield; cookie COOKIE; 0 lines; to " + home},
		{"KFS: several parties to it, the cookie is the user, roles and campus",
			change(setUpText, user, extrinsics("UserEmail", "jo@b.example", "UniqueName", "jo12", "PhoneNumber", "555", "Department", "D", "Campus", "C", "Role", "buyer"), "COOKIE", "jo12",
				"</To>", `<Credential domain="internalsupplierid"><Identity>88</Identity></Credential></To>`),
			"create; jo@b.example, , jo12; cookie jo12; 0 lines; to " + home},
		{"Oracle EBS: an old DTD, a name with a login, a long address",
			change(setUpText, doctype, `<!DOCTYPE cXML SYSTEM "http://xml.cXML.org/schemas/cXML/1.1.007/cXML.dtd">`, user, extrinsics("User", "JFIELD"),
				"https://buying.example.org/return?a=1&amp;b=2", "https://buying.example.org/OA_HTML/p.jsp?x="+strings.Repeat("1", 900)+"&amp;y=%2F+z",
				"</PunchOutSetupRequest>", `<Contact role="endUser"><Name xml:lang="en">FIELD, Jo JFIELD</Name><Email/></Contact></PunchOutSetupRequest>`),
			"create; , FIELD, Jo JFIELD, JFIELD; cookie COOKIE; 0 lines; to https://buying.example.org/OA_HTML/p.jsp?x=" + strings.Repeat("1", 900) + "&y=%2F+z"},
		{"PeopleSoft: a cookie of its own kind",
			change(setUpText, user, extrinsics("User", "VP1"), "COOKIE", "PSFT_2026-03-05-09.00.00.000001"),
			"create; , , VP1; cookie PSFT_2026-03-05-09.00.00.000001; 0 lines; to " + home},
		{"Dynamics: the e-mail address under a name of the supplier's, an empty cookie",
			change(setUpText, user, extrinsics("useremail", "jo@b.example"), cookie, "<BuyerCookie/>"),
			"create; jo@b.example, , ; cookie ; 0 lines; to " + home},
		{"Unimarket: one UUID for both, an empty timestamp",
			change(setUpText, "PAYLOAD", uuid, "COOKIE", uuid, "2026-03-05T09:00:00-05:00", "", user, extrinsics("Email", "jo@b.example")),
			"create; jo@b.example, , ; cookie " + uuid + "; 0 lines; to " + home},
		{"BuyerQuest: first and last name apart",
			change(setUpText, "PAYLOAD", "1772719200.17.42@buyerquest.example", user, extrinsics("FirstName", "Jo", "LastName", "Field", "UniqueName", "jo", "UserEmail", "jo@b.example")),
			"create; jo@b.example, Jo Field, jo; cookie COOKIE; 0 lines; to " + home},
		{"BusinessPlus: no DOCTYPE, a local time for an id, a long cookie",
			change(setUpText, doctype, "", "PAYLOAD", "2026-03-05T09:00:00", user, extrinsics("User", "JF"), "COOKIE", strings.Repeat("PE|1|", 60)),
			"create; , , JF; cookie " + strings.Repeat("PE|1|", 60) + "; 0 lines; to " + home},
		{"a pretty printer's blanks round cookie and address",
			change(setUpText, user, "", "COOKIE", "\n\t\tCOOKIE\n\t", "https://buying", "\n  https://buying", "b=2</URL>", "b=2 \n</URL>"),
			"create; , , ; cookie \n\t\tCOOKIE\n\t; 0 lines; to " + home},
		{"nobody is named", change(setUpText, user, ""), "create; , , ; cookie COOKIE; 0 lines; to " + home},
		{"an address with an underscore and a port that goes without saying",
			change(setUpText, user, "", "https://buying.example.org/return", "https://BUYING.example.org:443/return"),
			"create; , , ; cookie COOKIE; 0 lines; to https://BUYING.example.org:443/return?a=1&b=2"},
		{"lines of a create mean nothing",
			change(setUpText, user, "", "</PunchOutSetupRequest>", `<ItemOut quantity="x"/></PunchOutSetupRequest>`),
			"create; , , ; cookie COOKIE; 0 lines; to " + home},
		{"a wanted part, and a set-up address that nobody goes by",
			change(setUpText, user, "", "</PunchOutSetupRequest>", `<SupplierSetup><URL>http://127.0.0.1:1/</URL></SupplierSetup><SelectedItem><ItemID><SupplierPartID>ROPE-8</SupplierPartID></ItemID></SelectedItem></PunchOutSetupRequest>`),
			"create; , , ; cookie COOKIE; 0 lines; to " + home + "; selected ROPE-8"},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.merchant("live")
				r.connect(merchant, fixture())
				a := r.post(merchant, test.body)
				if a.code != 200 || !strings.HasPrefix(a.start, publicURL+"/m/"+merchant+"/p/") {
					t.Fatalf("answered %d %s, %s", a.code, a.detail, a.start)
				}
				if got := r.visit(merchant); got != test.visit {
					t.Errorf("the visit is\n%q\nwant\n%q", got, test.visit)
				}
			})
		}
		// Two people under one cookie have a visit each.
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		first, second := r.post(merchant, setUp("s1", "same", "a@b.example")), r.post(merchant, setUp("s2", "same", "c@b.example"))
		if first.code != 200 || second.code != 200 || first.start == second.start || r.counts(merchant)["sessions"] != 2 || r.counts(merchant)["buyers"] != 2 {
			t.Errorf("%d %s, %d %s", first.code, first.start, second.code, second.start)
		}
		// Among payloadIDs that collide, too: the same second, another person.
		l := fixture()
		l.settings.PayloadIDs = "colliding"
		merchant = r.merchant("live")
		r.connect(merchant, l)
		r.wantCodes(merchant, []int{200, 200}, setUp("2026-03-05T09:00:00", "x", "a@b.example"), setUp("2026-03-05T09:00:00", "y", "c@b.example"))
		if n := r.counts(merchant)["sessions"]; n != 2 {
			t.Errorf("%d visits", n)
		}
	})
}

// Amounts are rounded to the currency's own minor unit, once a line, halves away from zero.
func TestOrdersInCurrenciesWithoutAndWithThreeDecimals(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct{ currency, first, second, total, goods string }{
			{"JPY", "5", "15", "45", "45"},
			{"JPY", "5.5", "15", "47", "47"},           // 16.5 and 30
			{"JPY", "5.00", "15.0", "45.00", "45"},     // zeros are no decimals
			{"BHD", "0.0335", "1.5", "3.101", "3.101"}, // 0.1005 and 3
			{"BHD", "0.0334", "1.5", "3.100", "3.100"}, // 0.1002 and 3
			{"USD", "0.0335", "1.5", "3.10", "3.10"},   // 0.1005 and 3
		} {
			merchant := r.merchant("live")
			l := fixture()
			l.limits = []money.Amount{money.Of(1_000_000, test.currency)}
			r.connect(merchant, l)
			body := strings.ReplaceAll(string(po("p1", "A-1", ">45.00<", ">"+test.total+"<", ">5.00<", ">"+test.first+"<", ">15.00<", ">"+test.second+"<")), `"USD"`, `"`+test.currency+`"`)
			if a := r.post(merchant, []byte(body)); a.code != 200 {
				t.Errorf("%s: %d %s", test.currency, a.code, a.detail)
				continue
			}
			o := r.order(merchant, "A-1")
			if got := flags(o); o.Version.Goods.Text() != test.goods || r.held(merchant) != test.goods || got != "product_unknown 1, product_unknown 2" {
				t.Errorf("%s × 3 and %s × 2 in %s: goods %s, held %s, flags %s", test.first, test.second, test.currency, o.Version.Goods, r.held(merchant), got)
			}
		}
	})
}

// Every request type of the reference's section 1.2 gets an answer of its own kind: 450 where it is
// not served, and then only from senders that are known.
func TestEveryRequestTypeIsAnswered(t *testing.T) {
	served := map[string]int{"ProfileRequest": 200, "OrderRequest": 400, "PunchOutSetupRequest": 400, "StatusUpdateRequest": 400, "CopyRequest": 400,
		"OrderStatusRequest": 400, "ReceiptRequest": 400}
	all := strings.Fields("ProfileRequest OrderRequest PunchOutSetupRequest StatusUpdateRequest CopyRequest GetPendingRequest CatalogUploadRequest " +
		"ProviderSetupRequest DataRequest AuthRequest MasterAgreementRequest SupplierListRequest SupplierDataRequest SubscriptionListRequest " +
		"SubscriptionContentRequest ConfirmationRequest ShipNoticeRequest ReceiptRequest ServiceEntryRequest OrderStatusRequest SalesOrderRequest " +
		"TimeCardRequest TimeCardInfoRequest InvoiceDetailRequest PaymentRemittanceRequest PaymentRemittanceStatusUpdateRequest PaymentProposalRequest " +
		"PaymentReceiptConfirmationRequest PaymentBatchRequest QuoteRequest ContractRequest TransportRequest TeaRequest")
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		before := r.counts(merchant, "documents", "inbox")
		for i, name := range all {
			want, ok := served[name]
			if !ok {
				want = 450
			}
			body := asking(fmt.Sprint("p", i), "<"+name+"/>")
			a := r.post(merchant, body)
			if a.code != want || want == 450 && !strings.Contains(a.detail, name) {
				t.Errorf("%s: %d %s, want %d", name, a.code, a.detail, want)
			}
			if d := r.kept(merchant, fmt.Sprint("p", i)); d.Type != name || d.Status != want {
				t.Errorf("%s is kept as %s with %d", name, d.Type, d.Status)
			}
			if a := r.post(merchant, bytes.Replace(body, []byte("tide&amp;lantern"), []byte("wrong"), 1)); a.code != 401 && a.code != 560 {
				t.Errorf("%s of a stranger: %d", name, a.code)
			}
		}
		if d := changed(before, r.counts(merchant, "documents", "inbox")); d != "" {
			t.Error("changed:", d)
		}
	})
}
