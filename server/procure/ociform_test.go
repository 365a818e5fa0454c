package procure

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"golang.org/x/net/html"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/oci"
	"github.com/kontorhq/kontor/procurement"
)

// sets are character sets with the reader that a browser has for them.
var sets = []struct {
	name   string
	reader encoding.Encoding
}{{"utf-8", unicode.UTF8}, {"iso-8859-1", charmap.Windows1252}, {"shift_jis", japanese.ShiftJIS}}

// inputs are the names and values of a page's fields in their order, and the names of all elements.
func inputs(t testing.TB, page string) (fields []procurement.FormField, elements []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		elements = append(elements, node.Data)
		if node.Data != "input" {
			continue
		}
		var f procurement.FormField
		for _, a := range node.Attr {
			switch a.Key {
			case "name":
				f.Name = a.Val
			case "value":
				f.Value = a.Val
			case "type":
			default:
				t.Fatalf("a field has an attribute %q", a.Key)
			}
		}
		fields = append(fields, f)
	}
	return fields, elements
}

// Whatever a merchant, a buyer's map or a buyer's start says, the page has the fields that were
// meant and no other, each with the text fitted to the character set: others' readers of HTML and
// of the character set find it there.
func FuzzOCIReturnPage(f *testing.F) {
	for _, text := range []string{"", "Handschuh \"grün\" <5>", `"><script>alert(1)</script>`, "“›‹script›‹", "¥ \\ ~ ‾", "日本語、ソ表示", "a\tb\nc\rd\r\ne\n\nf",
		"&lt;&amp;amp;&#9731;☃", "+%2B%", "\u202e\ufeff\U0001F600\u2028", "\x00\x01\x7f\x80\xff\xed\xa0\x80", "A\u0308 Å ﬁ ½ Ⅷ", strings.Repeat("ä", 300)} {
		for set := range sets {
			f.Add(text, text, text, text, uint8(set))
		}
	}
	f.Fuzz(func(t *testing.T, name, long, mapped, key string, set uint8) {
		one := sets[int(set)%len(sets)]
		charset, known := oci.CharsetOf(one.name)
		if !known {
			t.Fatal(one.name)
		}
		item := oci.Item{Description: "x " + name, LongText: long, Quantity: money.One, Unit: "EA"}
		if err := errors.Join(item.Set("CUST_FIELD5", mapped), item.Set("TAX_CODE", mapped)); err != nil {
			t.Fatal(err)
		}
		fields, err := oci.Cart{Items: []oci.Item{item}}.Write(oci.Rules{Lengths: map[string]int{"CUST_FIELD5": 4000}})
		if err != nil {
			return // too long for its field, and said so
		}
		form := procurement.ReturnForm{Action: "https://buyer.example/return?a=1&b=2", Charset: charset, Target: "_top", Lines: 1}
		form.Host = "buyer.example"
		for _, field := range append(fields, oci.Field{Name: strings.ToValidUTF8(key, ""), Value: strings.ToValidUTF8(mapped, "")}) {
			form.Fields = append(form.Fields, procurement.FormField{Name: charset.Fit(field.Name), Value: charset.Fit(field.Value)})
		}
		recorder := httptest.NewRecorder()
		if err := renderForm(echo.New().NewContext(httptest.NewRequest(http.MethodGet, "/", nil), recorder), "return.html", form); err != nil {
			t.Fatal(err)
		}
		page, err := one.reader.NewDecoder().String(recorder.Body.String())
		if err != nil || !utf8.ValidString(page) {
			t.Fatalf("the page can't be read: %v", err)
		}
		got, elements := inputs(t, page)
		plain := []string{"html", "head", "meta", "meta", "title", "link", "link", "script", "body", "main", "h1", "p", "strong", "form"}
		for range form.Fields {
			plain = append(plain, "input")
		}
		if plain = append(plain, "button", "p"); !slices.Equal(elements, plain) {
			t.Fatalf("the page's elements are\n%v, want\n%v", elements, plain)
		}
		for i, want := range form.Fields {
			// A reader of HTML has one kind of line end, and a sign of its own for NUL.
			read := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\uFFFD").Replace
			if got[i].Name != read(want.Name) || got[i].Value != read(want.Value) {
				t.Fatalf("in %s %q arrived as %q", one.name, want, got[i])
			}
		}
	})
}
