package procurement_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/procurement"
)

// What bad input gets: the status of the reference, words that name the place, the masked
// document, and nothing else.
func TestBadInputLeavesNothingBehind(t *testing.T) {
	base := po("p1", "A-1")
	update := func(payload string, version int, pairs ...string) []byte {
		return po(payload, "A-1", append([]string{`type="new"`, fmt.Sprintf(`type="update" orderVersion="%d"`, version)}, pairs...)...)
	}
	remove := func(payload string) []byte { return po(payload, "A-1", `type="new"`, `type="delete"`) }
	bomb := `<!DOCTYPE cXML [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	doctype := `<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">`
	const item2 = "OrderRequest/ItemOut[2]"
	refuseMismatch := func(l *link) { l.settings.TotalMismatch = "refuse" }
	tests := []struct {
		name   string
		link   func(*link)
		before [][]byte
		body   []byte
		code   int
		says   string
	}{
		{"the fixture itself is taken", nil, nil, base, 200, "45.00 USD"},

		{"XXE", nil, nil, change(orderText, doctype, `<!DOCTYPE cXML [<!ENTITY x SYSTEM "file:///etc/hostname">]>`, "Fixture 1", "&x;"), 406, "DOCTYPE"},
		{"XXE by a parameter entity", nil, nil, change(orderText, doctype, `<!DOCTYPE cXML [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x.dtd"> %x;]>`), 406, "DOCTYPE"},
		{"entity bomb", nil, nil, change(orderText, doctype, bomb, "Fixture 1", "&b;"), 406, "DOCTYPE"},
		{"an entity that nobody declared", nil, nil, change(orderText, "Fixture 1", "&nbsp;"), 406, "well-formed"},
		{"deep nesting", nil, nil, change(orderText, "Fixture 1", strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100)), 406, "inside of each other"},
		{"very deep nesting", nil, nil, []byte(strings.Repeat("<a>", 1_000_000)), 406, "inside of each other"},
		{"too many attributes", nil, nil, change(orderText, "<UserAgent>", "<UserAgent"+strings.Repeat(` a="1"`, 100)+">"), 406, "attributes"},
		{"too many lines", nil, nil, change(orderText, "</OrderRequest>", strings.Repeat(`<ItemOut quantity="1"/>`, 10_001)+"</OrderRequest>"), 406, "lines"},
		{"not XML", nil, nil, []byte("Guten Tag"), 406, ""},
		{"a web page", nil, nil, []byte("<!DOCTYPE html><html><body>moved<br></body></html>"), 406, ""},
		{"JSON", nil, nil, []byte(`{"orderID": "A-1", "SharedSecret": "tide&lantern"}`), 406, ""},
		{"nothing", nil, nil, nil, 406, "empty"},
		{"blanks", nil, nil, []byte(" \r\n\t "), 406, "empty"},
		{"a BOM and nothing", nil, nil, []byte("\xef\xbb\xbf"), 406, ""},
		{"zero bytes", nil, nil, bytes.Repeat([]byte{0}, 5000), 406, ""},
		{"bytes that are no text", nil, nil, []byte("<cXML>\xff\xfe\x80\x00</cXML>"), 406, ""},
		{"broken off", nil, nil, base[:len(base)-40], 406, "breaks off"},
		{"broken off in the secret", nil, nil, base[:bytes.Index(base, []byte("&amp;lantern"))], 406, "breaks off"},
		{"two requests", nil, nil, change(orderText, "</Request>", "</Request><Request/>"), 406, ""},
		{"a request of two", nil, nil, change(orderText, "</Request>", "<ProfileRequest/></Request>"), 406, ""},
		{"an empty request", nil, nil, change(orderText[:strings.Index(orderText, "<OrderRequest>")] + "</Request></cXML>"), 406, ""},
		{"a second root", nil, nil, append(po("p1", "A-1"), "<cXML/>"...), 406, ""},
		{"an unknown character set", nil, nil, change(orderText, "UTF-8", "X-KLINGON"), 406, "character set"},

		{"an unknown request", nil, nil, change(strings.ReplaceAll(orderText, "OrderRequest>", "TeaRequest>")), 450, "TeaRequest"},
		{"no type of operation", nil, nil, setUp("s1", "c", "a@b.example", ` operation="create"`, ""), 400, "@operation"},

		{"no number of the order", nil, nil, po("p1", "A-1", ` orderID="A-1"`, ""), 400, "@orderID"},
		{"an empty number", nil, nil, po("p1", " "), 400, "@orderID"},
		{"no header", nil, nil, change(orderText, orderText[strings.Index(orderText, "<OrderRequestHeader"):strings.Index(orderText, "\n<ItemOut")], ""), 400, "OrderRequestHeader"},
		{"no lines", nil, nil, change(orderText, orderText[strings.Index(orderText, "<ItemOut"):strings.Index(orderText, "</OrderRequest>")], ""), 400, "ItemOut"},
		{"an unknown type", nil, nil, po("p1", "A-1", `type="new"`, `type="perhaps"`), 400, "@type"},
		{"a negative quantity", nil, nil, po("p1", "A-1", `quantity="2"`, `quantity="-2"`), 400, item2 + "/@quantity"},
		{"no quantity", nil, nil, po("p1", "A-1", ` quantity="2"`, ""), 400, item2 + "/@quantity"},
		{"a quantity in words", nil, nil, po("p1", "A-1", `quantity="2"`, `quantity="two"`), 400, item2 + "/@quantity"},
		{"a quantity with a comma", nil, nil, po("p1", "A-1", `quantity="2"`, `quantity="2,5"`), 400, item2 + "/@quantity"},
		{"a quantity with an exponent", nil, nil, po("p1", "A-1", `quantity="2"`, `quantity="2e9"`), 400, item2 + "/@quantity"},
		{"a price with a comma", nil, nil, po("p1", "A-1", ">15.00<", ">15,00<"), 400, item2 + "/ItemDetail/UnitPrice/Money"},
		{"a price with thousands", nil, nil, po("p1", "A-1", ">15.00<", ">1,500.00<"), 400, item2 + "/ItemDetail/UnitPrice/Money"},
		{"a negative price", nil, nil, po("p1", "A-1", ">15.00<", ">-15.00<"), 400, item2 + "/ItemDetail/UnitPrice"},
		{"an empty price", nil, nil, po("p1", "A-1", ">15.00<", "><"), 400, item2 + "/ItemDetail/UnitPrice"},
		{"no details", nil, nil, change(string(po("p1", "A-1")), string(base[bytes.LastIndex(base, []byte("<ItemDetail>")):bytes.LastIndex(base, []byte("</ItemOut>"))]), ""), 400, item2 + "/ItemDetail"},
		{"mixed currency", nil, nil, po("p1", "A-1", `"USD">15.00`, `"EUR">15.00`), 400, item2 + "/ItemDetail/UnitPrice/Money/@currency"},
		{"an unknown currency", nil, nil, change(strings.ReplaceAll(orderText, `"USD"`, `"XQQ"`)), 400, "@currency"},
		{"no currency", nil, nil, po("p1", "A-1", ` currency="USD">15.00`, `>15.00`), 400, "@currency"},
		{"one line number twice", nil, nil, po("p1", "A-1", `lineNumber="2"`, `lineNumber="1"`), 400, item2 + "/@lineNumber"},
		{"a total that doesn't add up", refuseMismatch, nil, po("p1", "A-1", ">45.00<", ">46.00<"), 400, "OrderRequest/OrderRequestHeader/Total"},
		{"an amount beyond all bounds", nil, nil, po("p1", "A-1", `quantity="2"`, `quantity="9999999999999999"`, ">15.00<", ">9999999999999999<"), 400, "too large"},
		{"a sum beyond all bounds", nil, nil, po("p1", "A-1", `quantity="3"`, `quantity="90000000000000000"`, ">5.00<", ">1.00<", `quantity="2"`, `quantity="90000000000000000"`, ">15.00<", ">1.00<"), 400, "too large"},
		{"a negative tax", nil, nil, po("p1", "A-1", "</Total>", `</Total><Tax><Money currency="USD">-100.00</Money><Description xml:lang="en"/></Tax>`), 400, "negative"},
		{"a negative freight", nil, nil, po("p1", "A-1", "</Total>", `</Total><Shipping><Money currency="USD">-1.00</Money><Description xml:lang="en"/></Shipping>`), 400, "negative"},
		{"a tax beyond all bounds", nil, nil, po("p1", "A-1", "</Total>", `</Total><Tax><Money currency="USD">9999999999999999999</Money><Description xml:lang="en"/></Tax>`), 400, "too large"},
		{"a version in words", nil, nil, po("p1", "A-1", `type="new"`, `type="new" orderVersion="one"`), 400, "@orderVersion"},
		{"a version beyond all bounds", nil, nil, po("p1", "A-1", `type="new"`, `type="new" orderVersion="99999999999"`), 400, "@orderVersion"},
		{"a price for nothing", nil, nil, po("p1", "A-1", "<UnitOfMeasure>EA</UnitOfMeasure>", `<UnitOfMeasure>EA</UnitOfMeasure><PriceBasisQuantity quantity="0" conversionFactor="1"><UnitOfMeasure>EA</UnitOfMeasure></PriceBasisQuantity>`), 400, "PriceBasisQuantity"},
		{"a card", nil, nil, po("p1", "A-1", "</Total>", `</Total><Payment><PCard number="4111111111111111" expiration="2031-01-31"/></Payment>`), 402, "Payment"},
		{"a card's token", nil, nil, po("p1", "A-1", "</Total>", `</Total><Payment><PaymentToken number="1" expiration="2031-01-31" token="t"/></Payment>`), 402, "Payment"},
		{"no credit line", func(l *link) { l.noCredit = true }, nil, base, 402, "no credit line"},
		{"no credit line in that currency", nil, nil, change(strings.ReplaceAll(orderText, `"USD"`, `"JPY"`)), 402, "no credit line in JPY"},

		{"an update of an unknown order", nil, nil, update("p2", 2), 417, "@orderID"},
		{"a deletion of an unknown order", nil, nil, remove("p2"), 417, "@orderID"},
		{"a late version", nil, [][]byte{base, update("p2", 3, `quantity="2"`, `quantity="1"`)}, update("p3", 2), 409, "@orderVersion"},
		{"an equal version with other content", nil, [][]byte{base, update("p2", 2, `quantity="2"`, `quantity="1"`)}, update("p3", 2), 409, "@orderVersion"},
		{"an update after the end", nil, [][]byte{base, remove("p2")}, update("p3", 9), 409, "cancelled"},
		{"an update in another currency", nil, [][]byte{base}, change(strings.ReplaceAll(string(update("p2", 2)), `"USD"`, `"EUR"`)), 400, "@currency"},
		{"one payloadID with another body", nil, [][]byte{base}, po("p1", "A-1", `quantity="2"`, `quantity="1"`), 409, "cXML/@payloadID"},
		{"one payloadID with another type", nil, [][]byte{base}, setUp("p1", "c", "a@b.example"), 409, ""},
		{"one number with another content", nil, [][]byte{base}, po("p2", "A-1", `quantity="2"`, `quantity="1"`), 409, "@orderID"},
		{"one number in other letters", nil, [][]byte{base}, po("p2", "a-1", `quantity="2"`, `quantity="1"`), 409, "@orderID"},

		{"a return to another host", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://evil.example.org/"), 400, "BrowserFormPost"},
		{"a return to a host that begins alike", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://buying.example.org.evil.example.org/"), 400, "BrowserFormPost"},
		{"a return to a host that ends alike", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://evil-buying.example.org/"), 400, "BrowserFormPost"},
		{"a return with credentials", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://me:pw@buying.example.org/"), 400, "BrowserFormPost"},
		{"a return with a host for a user", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://buying.example.org@evil.example.org/"), 400, "BrowserFormPost"},
		{"a return by script", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "javascript:alert(document.domain)//buying.example.org"), 400, "BrowserFormPost"},
		{"a return as data", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "data:text/html,buying.example.org"), 400, "BrowserFormPost"},
		{"a return without https", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "http://buying.example.org/return"), 400, "BrowserFormPost must be https"},
		{"a return to another port", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://buying.example.org:8443/return"), 400, "BrowserFormPost"},
		{"a return without a scheme", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "//buying.example.org/return"), 400, "BrowserFormPost"},
		{"a return with a backslash", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, `https://evil.example.org\@buying.example.org/`), 400, "BrowserFormPost"},
		{"a return in two lines", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://buying.example.org/&#10;x"), 400, "BrowserFormPost"},
		{"a return to a machine's own address", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "http://127.0.0.1:8080/m/shop/console"), 400, "BrowserFormPost"},
		{"a return to a link-local address", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "http://169.254.169.254/latest/meta-data/"), 400, "BrowserFormPost"},
		{"a return to it in six", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://[::ffff:169.254.169.254]/"), 400, "BrowserFormPost"},
		{"a return to it as a number", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://2852039166/"), 400, "BrowserFormPost"},
		{"a return with a zone", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://[fe80::1%25eth0]/"), 400, "BrowserFormPost"},
		{"a return to a host in other letters", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://buying.exаmple.org/"), 400, "BrowserFormPost"},
		{"a return to a host with wide points", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://buying。example。org/"), 400, "BrowserFormPost"},
		{"a return to a host with a point at its end", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://buying.example.org./"), 400, "BrowserFormPost"},
		{"a return to an escaped host", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://buying%2eexample.org/"), 400, "BrowserFormPost"},
		{"a return with a user's name alone", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://buying.example.org:443@evil.example.org/"), 400, "BrowserFormPost"},
		{"a return without slashes", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https:buying.example.org/return"), 400, "BrowserFormPost"},
		{"a return with three slashes", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https:///buying.example.org/return"), 400, "BrowserFormPost"},
		{"a return by script in capitals and blanks", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, " JavaScript&#58;alert(1)//"), 400, "BrowserFormPost"},
		{"a return by script in two lines", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "java&#10;script:alert(1)"), 400, "BrowserFormPost"},
		{"a return as a file", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "file://buying.example.org/etc/passwd"), 400, "BrowserFormPost"},
		{"a return as a blob", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "blob:https://buying.example.org/1"), 400, "BrowserFormPost"},
		{"a return without end", nil, nil, setUp("s1", "c", "a@b.example", returnAddress, "https://buying.example.org/"+strings.Repeat("a", 4000)), 400, "BrowserFormPost"},
		{"no return", nil, nil, setUp("s1", "c", "a@b.example", "<BrowserFormPost><URL>"+returnAddress+"</URL></BrowserFormPost>", ""), 400, "BrowserFormPost"},
		{"no hosts at all", func(l *link) { l.settings.ReturnHosts = nil }, nil, setUp("s1", "c", "a@b.example"), 400, "BrowserFormPost"},
		{"10,000 credentials of From", nil, nil, change(orderText, "<From>", "<From>"+strings.Repeat(`<Credential domain="DUNS"><Identity>7</Identity></Credential>`, 10_000)), 400, "Header/From"},
		{"10,000 credentials of To", nil, nil, change(orderText, "<To>", "<To>"+strings.Repeat(`<Credential domain="DUNS"><Identity>7</Identity></Credential>`, 10_000)), 400, "Header/To"},
		{"10,000 credentials of Sender", nil, nil, change(orderText, "<Sender>", "<Sender>"+strings.Repeat(`<Credential domain="DUNS"><Identity>7</Identity><SharedSecret>s</SharedSecret></Credential>`, 10_000)), 400, "Header/Sender"},
		{"a cookie without end", nil, nil, setUp("s1", strings.Repeat("c", 4001), "a@b.example"), 400, "BuyerCookie"},
		{"a status without a code", nil, nil, change(orderText[:strings.Index(orderText, "<OrderRequest>")] + "<StatusUpdateRequest><Status text='x'/></StatusUpdateRequest></Request></cXML>"), 400, "Status"},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.merchant("live")
				l := fixture()
				if test.link != nil {
					test.link(&l)
				}
				r.connect(merchant, l)
				for i, body := range test.before {
					if a := r.post(merchant, body); a.code != 200 {
						t.Fatalf("before, %d: %d %s", i, a.code, a.detail)
					}
				}
				before, documents := r.counts(merchant, "documents"), r.counts(merchant)["documents"]
				held := r.held(merchant)
				a := r.post(merchant, test.body)
				if a.code != test.code || !strings.Contains(a.detail, test.says) {
					t.Errorf("answered %d %q, want %d with %q", a.code, a.detail, test.code, test.says)
				}
				if after := r.counts(merchant)["documents"]; after != documents+1 {
					t.Errorf("%d documents were kept", after-documents)
				}
				if test.code == 200 {
					return
				}
				if d := changed(before, r.counts(merchant, "documents")); d != "" {
					t.Error("changed:", d)
				}
				if now := r.held(merchant); now != held {
					t.Errorf("held %s, before %s", now, held)
				}
			})
		}
		r.expose("A-1", "tide&lantern", "tide&amp;lantern", "4111111111111111")
	})
}

func TestATotalThatDoesNotAddUpIsFlaggedByDefault(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		for total, want := range map[string]string{
			"45.00": "", "45.01": "", "44.99": "", // half a cent for each of two lines
			"45.02": "total_differs", "46.00": "total_differs", "0.00": "total_differs",
			"52.10": "total_includes", // lines with tax and shipping
		} {
			merchant := r.merchant("live")
			r.connect(merchant, fixture())
			r.wantCodes(merchant, []int{200}, po("p1", "A-1", ">45.00<", ">"+total+"<", "</Total>",
				`</Total><Shipping><Money currency="USD">5.00</Money><Description xml:lang="en"/></Shipping><Tax><Money currency="USD">2.10</Money><Description xml:lang="en"/></Tax>`))
			o := r.order(merchant, "A-1")
			flagged := strings.TrimPrefix(strings.ReplaceAll(", "+flags(o), ", product_unknown 1, product_unknown 2", ""), ", ")
			if flagged != want || o.Version.Total.Text() != "52.10" {
				t.Errorf("a Total of %s: %q for %s", total, flagged, o.Version.Total)
			}
		}
	})
}

func TestTheSameOrderAgainChangesNothing(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		r.wantCodes(merchant, []int{200}, po("p1", "A-1"))
		before := r.counts(merchant, "documents", "inbox")
		a := r.post(merchant, po("p2", "A-1", "2026-03-05T09:00:00-05:00", "2026-03-05T10:00:00-05:00"))
		if a.code != 200 || !strings.Contains(a.detail, "repeat") {
			t.Errorf("%d %s", a.code, a.detail)
		}
		if d := changed(before, r.counts(merchant, "documents", "inbox")); d != "" || r.held(merchant) != "45.00" {
			t.Errorf("changed: %s; held %s", d, r.held(merchant))
		}
	})
}

// A refused document may be corrected under the payloadID that it had.
func TestWhatWasRefusedMayBeCorrected(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		r.wantCodes(merchant, []int{400, 200, 409}, po("p1", "A-1", `quantity="2"`, `quantity="-2"`), po("p1", "A-1"), po("p1", "A-1", `quantity="2"`, `quantity="1"`))
	})
}

// Some systems repeat their payloadIDs; there the content tells documents apart.
func TestCollidingPayloadIDs(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		l := fixture()
		l.settings.PayloadIDs = "colliding"
		r.connect(merchant, l)
		first := r.post(merchant, po("p1", "A-1"))
		r.wantCodes(merchant, []int{200}, po("p1", "A-2"))
		again := r.post(merchant, po("p1", "A-1"))
		if !bytes.Equal(first.raw, again.raw) || r.counts(merchant)["orders"] != 2 || r.held(merchant) != "90.00" {
			t.Errorf("%d orders, held %s", r.counts(merchant)["orders"], r.held(merchant))
		}
	})
}

// Whoever can't prove itself learns nothing from the words: neither that the buyer is known, nor
// that the secret was near, nor that the merchant exists.
func TestStrangersGetTheSameWords(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		closedLink, closedBuyer, closedShop := r.merchant("live"), r.merchant("live"), r.merchant("live")
		for _, m := range []string{closedLink, closedBuyer, closedShop} {
			r.connect(m, fixture())
		}
		r.in(func(tx *database.Tx) error {
			if _, err := tx.Exec(r.ctx, `UPDATE connections SET disabled = ? WHERE merchant_id = ?`, true, closedLink); err != nil {
				return err
			}
			if _, err := tx.Exec(r.ctx, `UPDATE merchants SET disabled = ? WHERE id = ?`, true, closedShop); err != nil {
				return err
			}
			_, err := tx.Exec(r.ctx, `UPDATE organisations SET disabled = ? WHERE merchant_id = ?`, true, closedBuyer)
			return err
		})
		sender := "<Sender><Credential domain=\"DUNS\"><Identity>700000001"
		cases := []struct {
			name, merchant string
			body           []byte
		}{
			{"an unknown From", merchant, po("p1", "A-1", "<Identity>700000001", "<Identity>700000009")},
			{"an unknown sender", merchant, po("p1", "A-1", sender, strings.Replace(sender, "700000001", "700000009", 1))},
			{"a wrong secret", merchant, po("p1", "A-1", "tide&amp;lantern", "tide&amp;lanterns")},
			{"a secret in other letters", merchant, po("p1", "A-1", "tide&amp;lantern", "Tide&amp;Lantern")},
			{"an empty secret", merchant, po("p1", "A-1", "tide&amp;lantern", "")},
			{"no secret", merchant, po("p1", "A-1", secretElement, "")},
			{"no From", merchant, po("p1", "A-1", "<From>", "<Fro>", "</From>", "</Fro>")},
			{"no Sender", merchant, po("p1", "A-1", "<Sender>", "<Sende>", "</Sender>", "</Sende>")},
			{"another domain", merchant, po("p1", "A-1", `<From><Credential domain="DUNS">`, `<From><Credential domain="DUN">`)},
			{"a closed connection", closedLink, po("p1", "A-1")},
			{"a closed buyer", closedBuyer, po("p1", "A-1")},
			{"a closed merchant", closedShop, po("p1", "A-1")},
			{"an unknown merchant", "nobody", po("p1", "A-1")},
			{"an address with a zero", "shop%00", po("p1", "A-1")},
			{"an address that is no text", "shop%FF", po("p1", "A-1")},
		}
		words := map[string][]string{}
		for _, c := range cases {
			before := r.counts(c.merchant, "documents")
			a := r.post(c.merchant, c.body)
			words[fmt.Sprintf("%d %s %q", a.code, a.text, a.detail)] = append(words[fmt.Sprintf("%d %s %q", a.code, a.text, a.detail)], c.name)
			if a.code != 401 {
				t.Errorf("%s: %d", c.name, a.code)
			}
			if d := changed(before, r.counts(c.merchant, "documents")); d != "" {
				t.Errorf("%s changed: %s", c.name, d)
			}
		}
		if len(words) != 1 {
			t.Errorf("the words differ: %q", words)
		}
		if n := r.counts("nobody")["documents"] + r.counts("shop")["documents"]; n != 0 {
			t.Errorf("%d documents are kept for merchants that don't exist", n)
		}
		if n := r.counts(merchant)["documents"]; n != 9 {
			t.Errorf("%d documents of strangers are kept, want 9", n)
		}
		if d := r.kept(merchant, "p1"); len(d.Body) > 4<<10 || d.Status != 401 {
			t.Errorf("%d bytes are kept", len(d.Body))
		}
		r.expose("A-1", "tide&lantern", "tide&amp;lantern", "Tide&amp;Lantern")
	})
}

func TestASenderMayNotSpeakForAnotherBuyer(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		r.connect(merchant, link{from: []procurement.Identity{id("DUNS", "700000002")}, secret: "another lamp"})
		network := link{from: []procurement.Identity{id("DUNS", "700000003")}, sender: []procurement.Identity{id("NetworkId", "HUB")}, network: true, secret: "hub lamp",
			settings: acceptAndFlag()}
		r.connect(merchant, network)
		body := func(from, domain, sender, secret string) []byte {
			return po("p-"+from+sender, "A-"+from+sender, "<From><Credential domain=\"DUNS\"><Identity>700000001", "<From><Credential domain=\"DUNS\"><Identity>"+from,
				"<Sender><Credential domain=\"DUNS\"><Identity>700000001", "<Sender><Credential domain=\""+domain+"\"><Identity>"+sender, "tide&amp;lantern", secret)
		}
		before := r.counts(merchant, "documents")
		for name, c := range map[string]struct {
			body []byte
			code int
		}{
			"another buyer":                       {body("700000001", "DUNS", "700000002", "another lamp"), 403},
			"the network for one not in it":       {body("700000001", "NetworkId", "HUB", "hub lamp"), 403},
			"another buyer with a wrong secret":   {body("700000001", "DUNS", "700000002", "a wrong lamp"), 401},
			"another's secret under the own name": {body("700000001", "DUNS", "700000001", "another lamp"), 401},
			"a buyer without its network":         {body("700000003", "DUNS", "700000001", "tide&amp;lantern"), 403},
		} {
			if a := r.post(merchant, c.body); a.code != c.code {
				t.Errorf("%s: %d %s, want %d", name, a.code, a.detail, c.code)
			}
		}
		if d := changed(before, r.counts(merchant, "documents")); d != "" {
			t.Error("changed:", d)
		}
		r.wantCodes(merchant, []int{200}, body("700000003", "networkid", "hub", "hub lamp"))
	})
}

// A From with several names is the one that its sender may speak for, in whatever order they stand.
func TestAFromThatNamesSeveralBuyers(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		own := r.connect(merchant, fixture())
		r.connect(merchant, link{from: []procurement.Identity{id("DUNS", "700000002")}, secret: "another lamp"})
		closed := r.connect(merchant, link{from: []procurement.Identity{id("DUNS", "700000003")}, sender: fixture().from, secret: fixtureSecret})
		r.in(func(tx *database.Tx) error {
			closed.Disabled = true
			return procurement.SaveConnection(r.ctx, tx, closed, present)
		})
		credential := func(identity string) string {
			return `<Credential domain="DUNS"><Identity>` + identity + `</Identity></Credential>`
		}
		from := func(number string, identities ...string) []byte {
			party := "<From>"
			for _, identity := range identities {
				party += credential(identity)
			}
			return po("p-"+number, "A-"+number, "<From>"+credential("700000001"), party)
		}
		r.wantCodes(merchant, []int{200, 200, 200, 200, 403, 401},
			from("1", "700000001", "700000002"), from("2", "700000002", "700000001"), from("3", "700000003", "700000001"), from("4", "700000009", "700000001"),
			from("5", "700000002"), from("6", "700000003"))
		for _, number := range []string{"A-1", "A-2", "A-3", "A-4"} {
			if _, found, err := orders.FindByNumber(r.ctx, r.db, merchant, own.Organisation, number); err != nil || !found {
				t.Errorf("%s is not the sender's own order: %v", number, err)
			}
		}
	})
}

func TestTwoLiveSecretsDuringARotation(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		c := r.connect(merchant, fixture())
		for _, step := range []struct {
			live     []string
			old, new int
		}{{[]string{fixtureSecret}, 200, 401}, {[]string{fixtureSecret, "second"}, 200, 200}, {[]string{"second"}, 401, 200}} {
			r.in(func(tx *database.Tx) error {
				return procurement.SaveSecrets(r.ctx, tx, r.keys, merchant, c.ID, step.live, present)
			})
			r.wantCodes(merchant, []int{step.old, step.new}, po("p1", "A-1"), po("p2", "A-2", "tide&amp;lantern", "second"))
		}
	})
}

// zeros is a body without end that costs its sender nothing.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A body that is too large costs as much memory as the largest that is taken, however large it is.
func TestALargeBodyIsRefusedInBoundedMemory(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		spent := func(size int64, known bool) uint64 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			body := io.MultiReader(bytes.NewReader(po("p1", "A-1")), io.LimitReader(zeros{}, size))
			request, err := http.NewRequestWithContext(r.ctx, http.MethodPost, r.url+"/m/"+merchant+"/cxml", body)
			if err != nil {
				t.Fatal(err)
			}
			if known {
				request.ContentLength = size + int64(len(po("p1", "A-1")))
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal("the sender got no answer:", err)
			}
			defer func() { _ = response.Body.Close() }()
			raw, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if a := r.read(raw); a.code != 499 {
				t.Errorf("%d bytes: %d %s", size, a.code, a.detail)
			}
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		before := r.counts(merchant, "documents")
		small := spent(11<<20, true)
		for _, known := range []bool{true, false} {
			if large := spent(50<<20, known); large > small+small/4 {
				t.Errorf("50 MB took %d bytes of memory, 11 MB %d", large, small)
			}
		}
		if d := changed(before, r.counts(merchant, "documents")); d != "" {
			t.Error("changed:", d)
		}
	})
}

// Many senders read the answer only when they have written all: they must get it all the same.
func TestWhoWritesEverythingFirstGetsTheAnswer(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		var dialer net.Dialer
		line, err := dialer.DialContext(r.ctx, "tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = line.Close() }()
		if err := line.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		const size = 40 << 20
		fmt.Fprintf(line, "POST /m/%s/cxml HTTP/1.1\r\nHost: kontor\r\nContent-Type: text/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", merchant, size)
		if n, err := io.Copy(line, io.LimitReader(zeros{}, size)); err != nil {
			t.Fatalf("the line was cut after %d bytes: %v", n, err)
		}
		response, err := http.ReadResponse(bufio.NewReader(line), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		raw, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if a := r.read(raw); a.code != 499 {
			t.Errorf("%d %s", a.code, a.detail)
		}
	})
}

// Unreadable bodies are kept without what looks like a secret or a card, cut or in UTF-16.
func TestWhatIsKeptOfUnreadableBodiesIsMasked(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		wide := func(text string) []byte {
			b := []byte{0xff, 0xfe}
			for _, u := range utf16.Encode([]rune(text)) {
				b = append(b, byte(u), byte(u>>8))
			}
			return b
		}
		secret := "<SharedSecret>tide-and-lantern</SharedSecret> 4111111111111111 <"
		bodies := [][]byte{
			[]byte("<cXML>" + secret),
			[]byte("<cXML>" + strings.Repeat("x", 4096-6-6) + "4111111111111111<"), // the cut goes through the number
			wide("<cXML>" + secret),
			append(wide("<cXML>"+secret), 'x'), // half a character more
			wide("<cXML>" + secret)[2:],
			[]byte("\x00<cXML>" + secret + "\x00\xff"),
		}
		for i, body := range bodies {
			if a := r.post(merchant, body); a.code != 406 {
				t.Errorf("body %d: %d", i, a.code)
			}
		}
		if n := r.counts(merchant)["documents"]; n != len(bodies) {
			t.Errorf("%d of %d are kept", n, len(bodies))
		}
		r.expose("cXML", "tide-and-lantern", "4111111111", "t\x00i\x00d\x00e", "4\x001\x001\x001")
	})
}

func TestStrangersCannotFillTheDisk(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		at := database.At(r.clock.Now())
		r.in(func(tx *database.Tx) error {
			rows := make([][]any, 999)
			for i := range rows {
				rows[i] = []any{merchant, fmt.Sprintf("doc_%d", i), "in", "x", 401, "", "", "2026-03", at}
			}
			return tx.InsertAll(r.ctx, "documents (merchant_id, id, direction, type, status, body, answer, month, at)", rows)
		})
		for range 3 {
			r.wantCodes(merchant, []int{406}, []byte("x"))
		}
		if n := r.counts(merchant)["documents"]; n != 1000 {
			t.Errorf("%d documents", n)
		}
		// Those who are known are kept all the same.
		r.connect(merchant, fixture())
		r.wantCodes(merchant, []int{417}, po("p1", "A-1", `type="new"`, `type="update"`))
		if n := r.counts(merchant)["documents"]; n != 1001 {
			t.Errorf("%d documents", n)
		}
	})
}

func TestOtherWaysToSend(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		for i, contentType := range []string{"", "text/xml", "application/xml", "application/x-www-form-urlencoded", "text/plain; charset=", "nonsense"} {
			body := po(fmt.Sprintf("p%d", i), fmt.Sprintf("A-%d", i))
			if a := r.postAs(merchant, contentType, body); a.code != 200 {
				t.Errorf("%q: %d %s", contentType, a.code, a.detail)
			}
		}
		a := r.postAs(merchant+"/cxml/?m=", "text/xml", po("p-slash", "A-slash")) // …/cxml/?m=/cxml
		if a.code != 200 {
			t.Errorf("with a slash at the end: %d %s", a.code, a.detail)
		}
		for _, address := range []string{"/cxml", "/cxml/"} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				if p := r.browse(method, publicURL+"/m/"+merchant+address, "monitor"); p.code != http.StatusOK || (method == http.MethodGet) != strings.Contains(p.body, "by POST") {
					t.Errorf("%s %s: HTTP %d %q", method, address, p.code, p.body)
				}
			}
		}
		// Pretty printers put blanks around identities and secrets.
		r.wantCodes(merchant, []int{200}, po("p9", "A-9", "<Identity>700000001<", "<Identity>\n   700000001 \n<", "tide&amp;lantern", "\n tide&amp;lantern\t"))
	})
}
