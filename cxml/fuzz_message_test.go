package cxml_test

import (
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"net/url"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/cxml"
)

// Whatever is in a part, it comes back byte for byte, in each transfer encoding, with either line
// end, with and without a preamble and a final boundary.
func FuzzMultipart(f *testing.F) {
	for i, content := range []string{"", "%PDF\r\n\x00\xff", "--b", "a\n--b-1x\n", "\r\n\r\n", "Content-Type: x\r\n\r\ny", "=3D=\r\n.", "\x1f\x8b", strings.Repeat("ä", 100)} {
		f.Add(content, "drawing@b.example", "a plan.pdf", uint8(i))
	}
	f.Fuzz(func(t *testing.T, content, id, name string, way uint8) {
		const boundary = "=_b-1 x"
		header, body := "", content
		switch way % 4 {
		case 0:
			header, body = "base64", base64.StdEncoding.EncodeToString([]byte(content))
		case 1:
			var b strings.Builder
			w := quotedprintable.NewWriter(&b)
			w.Binary = true
			_, _ = io.WriteString(w, content)
			_ = w.Close()
			header, body = "quoted-printable", b.String()
		case 2:
			header = "binary"
		case 3:
			header = "8Bit"
		}
		if strings.Contains("\n"+body, "\n--"+boundary) || len(content) > 10_000 {
			t.Skip("the sender would have chosen another boundary")
		}
		id, name = tame(id), tame(name)
		text := "--" + boundary + "\r\nContent-Type: text/xml\r\n\r\n" + small + "\r\n--" + boundary + "\r\nContent-ID: <" + id + ">\r\n" +
			"Content-Disposition: attachment; filename=\"" + name + "\"\r\nContent-Transfer-Encoding: " + header + "\r\n\r\n" + body + "\r\n--" + boundary
		if way&4 == 0 {
			text += "--\r\n"
		}
		if way&8 != 0 {
			text = "This is a message in parts.\r\n\r\n" + text
		}
		root, _, parts, fault := cxml.Unpack([]byte(text), `multipart/related; type="text/xml"; boundary="`+boundary+`"`, cxml.DefaultLimits)
		if fault != nil {
			t.Fatal(fault)
		}
		if string(root) != small || len(parts) != 1 {
			t.Fatalf("%q and %d parts", root, len(parts))
		}
		if p := parts[0]; string(p.Body) != content || p.ContentID != id {
			t.Fatalf("%q %q became %q %q", id, content, p.ContentID, p.Body)
		}
	})
}

// tame leaves what may stand in a header without escapes.
func tame(text string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f && !strings.ContainsRune(`"\<>`, r) {
			return r
		}
		return -1
	}, text)
}

// A document in a form's field is the document, whatever the field is called, whatever stands
// before and after it, escaped or in base64.
func FuzzForm(f *testing.F) {
	for i, text := range []string{"", "a & b = c + d % e", "\x00\xff", "&amp;&lt;", "%3C", "ä€", "\r\n"} {
		f.Add(text, "xmlRequest", "a=1&b", uint8(i))
	}
	f.Fuzz(func(t *testing.T, text, field, other string, way uint8) {
		document := "<cXML>" + text + "</cXML>"
		value := url.QueryEscape(document)
		if way&1 != 0 {
			value = url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(document)))
		}
		field, other = strings.Trim(tame(field), "&=%<"), strings.Trim(tame(other), "&=%<")
		if field == "" || len(field) > 90 || strings.ContainsAny(field+other, "<%&=:") || strings.HasPrefix(other, "P") || strings.HasPrefix(field, "P") {
			t.Skip("no name of a field")
		}
		body := field + "=" + value
		if way&2 != 0 && other != "" {
			body = "x" + other + "=1&" + body
		}
		if way&4 != 0 {
			body += "&y=2"
		}
		root, _, parts, fault := cxml.Unpack([]byte(body), "application/x-www-form-urlencoded", cxml.DefaultLimits)
		if fault != nil || parts != nil || string(root) != document {
			t.Fatalf("%q became %q, %v", body, root, fault)
		}
	})
}

// Dates, quantities and prices are read the same each time, or refused with their place; what is
// read is what stands there.
func FuzzOrderValues(f *testing.F) {
	f.Add("2026-02-10", "2", "5.00", "USD")
	f.Add("Mon May 19 18:29:48 +0000 2008", "2.5", "0.01255", "JPY")
	f.Add("2026-02-10T08:30:00Z", "-1", "1,5", "usd")
	f.Add("", "1e3", "", "XXX")
	f.Add("2026-02-30T25:00:00+99:00", "99999999999999999999", "9999999999999999.999", "BHD")
	f.Fuzz(func(t *testing.T, date, quantity, price, currency string) {
		escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace
		text := envelope(changed(t, order, `orderDate="2026-02-10"`, `orderDate="`+escape(date)+`"`, `quantity="2"`, `quantity="`+escape(quantity)+`"`,
			`"USD">5.00<`, `"`+escape(currency)+`">`+escape(price)+`<`))
		d, err := cxml.Read([]byte(text), "", cxml.DefaultLimits)
		if err != nil {
			return
		}
		o, err := d.OrderRequest()
		if err != nil {
			if o != nil || !strings.Contains(err.Error(), "OrderRequest/") {
				t.Fatalf("%v beside %v", err, o)
			}
			return
		}
		line := o.ItemOut[0]
		if line.Quantity.Sign() < 0 || line.ItemDetail.UnitPrice.Present && strings.ContainsAny(price, ",eE") {
			t.Fatalf("%q and %q are read as %s and %s", quantity, price, line.Quantity, line.ItemDetail.UnitPrice.Value)
		}
		if when := o.Header.OrderDate; !when.Time.IsZero() && (when.Text == "" || when.Time.Year() < 0 || when.Time.Year() > 9999) {
			t.Fatalf("%q is read as %s", date, when.Time)
		}
	})
}
