package procure

import (
	"encoding/base64"
	"encoding/xml"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/oci"
	"github.com/kontorhq/kontor/procurement"
)

// message is a cart whose one line has that text for a description.
func message(t testing.TB, text string, ascii bool) []byte {
	t.Helper()
	price := cxml.MoneyOf(money.MustDecimal("5.00"), "USD")
	out := cxml.Outgoing{PayloadID: "1@kontor.example", Timestamp: time.Date(2026, 3, 5, 9, 0, 0, 0, time.UTC), ASCII: ascii}
	for _, party := range []*cxml.Party{&out.From, &out.To, &out.Sender} {
		party.Credential = []cxml.Credential{{Domain: "DUNS", Identity: "700000001"}}
	}
	out.Sender.UserAgent = "Kontor"
	written, err := out.Write(&cxml.PunchOutOrderMessage{BuyerCookie: "c",
		Header: cxml.PunchOutOrderMessageHeader{OperationAllowed: "create", Total: price},
		ItemIn: []cxml.ItemIn{{Quantity: money.One, LineNumber: 1, ItemID: cxml.ItemID{SupplierPartID: "ROPE-8"},
			ItemDetail: cxml.ItemDetail{UnitPrice: price, UnitOfMeasure: "EA", Description: []cxml.Description{{Lang: "en", Text: text}},
				Classification: []cxml.Classification{{Domain: "UNSPSC", Text: "31151500"}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	return written
}

// formOf reads a page as a browser does, and gives the hidden field's value and the names of all
// elements.
func formOf(t testing.TB, page string) (value string, elements []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		elements = append(elements, node.Data)
		for _, a := range node.Attr {
			if node.Data == "input" && a.Key == "value" {
				value = a.Val
				found++
			}
		}
	}
	if found != 1 {
		t.Fatalf("%d fields in %s", found, page)
	}
	return value, elements
}

// fits leaves what XML 1.0 can hold, by the standard's own list.
func fits(text string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(text, "") {
		if r == 0x9 || r == 0xA || r == 0xD || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r < 0xFFFD || r >= 0x10000 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// The returned document arrives byte for byte whatever is written in it, and what was written can
// be read out of it again, by others' readers of HTML and XML.
func FuzzReturnPage(f *testing.F) {
	for _, text := range []string{"", `5" <b>&amp; ä €`, "Tern & 12' rope", `"><script>alert(1)</script>`, "</textarea>' onload=x", "&lt;&amp;amp;&#x41;&#0;", "a\tb\nc\rd\r\ne",
		"]]>", "<!--", "{{.Value}}", "+%2B%", "\u202e\ufeff\U0001F600\u2028", "\x00\x01\xff\xed\xa0\x80", "`${x}`", strings.Repeat("ä", 300)} {
		f.Add(text, true)
		f.Add(text, false)
	}
	page := func(t testing.TB, field, value string) string {
		t.Helper()
		var b strings.Builder
		err := pages.ExecuteTemplate(&b, "return.html", procurement.ReturnForm{Action: "https://buyer.example/return?a=1&b=2",
			Fields: []procurement.FormField{{Name: field, Value: value}}, Charset: oci.UTF8, Target: "_self", Lines: 1})
		if err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	_, plain := formOf(f, page(f, "cxml-base64", ""))
	f.Fuzz(func(t *testing.T, text string, ascii bool) {
		written := message(t, text, ascii)
		field, sent := "cxml-base64", base64.StdEncoding.EncodeToString(written)
		if ascii {
			field, sent = "cxml-urlencoded", string(written)
		}
		value, elements := formOf(t, page(t, field, sent))
		if value != sent {
			t.Fatalf("the field has %q, want %q", value, sent)
		}
		if !slices.Equal(elements, plain) {
			t.Fatalf("the page's elements are %v, without the text they are %v", elements, plain)
		}
		arrived := []byte(value)
		if ascii {
			if strings.ContainsFunc(value, func(r rune) bool { return r >= utf8.RuneSelf }) {
				t.Fatalf("%q is not ASCII", value)
			}
		} else {
			var err error
			if arrived, err = base64.StdEncoding.Strict().DecodeString(value); err != nil {
				t.Fatal(err)
			}
		}
		var doc struct {
			Description string `xml:"Message>PunchOutOrderMessage>ItemIn>ItemDetail>Description"`
		}
		if err := xml.Unmarshal(arrived, &doc); err != nil {
			t.Fatalf("%v in %s", err, arrived)
		}
		if doc.Description != fits(text) {
			t.Fatalf("%q became %q", text, doc.Description)
		}
	})
}
