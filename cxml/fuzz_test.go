package cxml_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/kontorhq/kontor/cxml"
)

// Whatever comes in: no panic, no secret in what is kept, and what is kept can be read again as
// the same thing.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.in.xml")
	if err != nil || len(files) == 0 {
		f.Fatal("no documents in testdata", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, "text/xml; charset=UTF-8")
	}
	for _, body := range []string{
		envelope(order), envelope(`<OrderRequest><Comments>4111 1111<!-- x -->1111 1111</Comments></OrderRequest>`),
		`<!DOCTYPE cXML [<!ENTITY a "b">]><cXML>&a;</cXML>`, `<cXML><Response/></cXML>`, `{"a": 1}`, "\xff\xfe<\x00a\x00/\x00>\x00",
		`<?xml version="1.0" encoding="ISO-8859-1"?><cXML><Message><A>` + "\xe9" + `</A></Message></cXML>`,
		`<a:cXML xmlns:a="b"><a:Request><a:OrderRequest a:x="1" x="2"/></a:Request></a:cXML>`,
	} {
		f.Add([]byte(body), "")
	}
	limits := cxml.DefaultLimits
	limits.Bytes = 1 << 16
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		d, err := cxml.Read(body, contentType, limits)
		for _, card := range []string{visa, master, amex} {
			if bytes.Contains(cxml.MaskText(body), []byte(card)) && alone(cxml.MaskText(body), card) {
				t.Fatalf("MaskText leaves %s", card)
			}
		}
		if err != nil {
			_ = err.Error()
		}
		if d == nil {
			return
		}
		_, mapErr := payload(d)
		if mapErr != nil {
			_ = mapErr.Error()
		}
		kept := d.Masked()
		for _, party := range []cxml.Party{d.Header.From, d.Header.To, d.Header.Sender} {
			for _, c := range party.Credential {
				if len(c.SharedSecret) > 8 && bytes.Contains(kept, []byte(">"+c.SharedSecret+"<")) {
					t.Fatalf("the secret %q is in %s", c.SharedSecret, kept)
				}
			}
		}
		// What is kept may be longer: references and declarations are written out.
		larger := limits
		larger.Bytes *= 8
		again, againErr := cxml.Read(kept, "", larger)
		if again == nil || (againErr == nil) != (err == nil) {
			t.Fatalf("what is kept reads differently: %v, %v: %s", err, againErr, kept)
		}
		if again.Type != d.Type || again.Class != d.Class || again.PayloadID != d.PayloadID {
			t.Fatalf("%d %q %q became %d %q %q", d.Class, d.Type, d.PayloadID, again.Class, again.Type, again.PayloadID)
		}
		if !bytes.Equal(again.CanonicalRequest(), d.CanonicalRequest()) {
			t.Fatalf("%s became %s", d.CanonicalRequest(), again.CanonicalRequest())
		}
	})
}

// alone tells whether the number stands by itself, and not inside of a longer one.
func alone(text []byte, number string) bool {
	i := bytes.Index(text, []byte(number))
	digit := func(at int) bool { return at >= 0 && at < len(text) && text[at] >= '0' && text[at] <= '9' }
	return !digit(i-1) && !digit(i+len(number))
}
