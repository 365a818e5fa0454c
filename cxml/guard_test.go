package cxml_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/cxml"
)

// envelope wraps a payload as a buyer's system would.
func envelope(payload string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">
<cXML payloadID="p-1@buys.harborline.example" timestamp="2026-02-10T08:30:00-06:00">
<Header><From><Credential domain="DUNS"><Identity>039405012</Identity></Credential></From>
<To><Credential domain="DUNS"><Identity>118820044</Identity></Credential></To>
<Sender><Credential domain="DUNS"><Identity>039405012</Identity><SharedSecret>tern-over-water-41</SharedSecret></Credential><UserAgent/></Sender></Header>
<Request>` + payload + `</Request></cXML>`
}

func kindOf(t *testing.T, err error) *cxml.Fault {
	t.Helper()
	var fault *cxml.Fault
	if !errors.As(err, &fault) {
		t.Fatalf("got %v, which is no Fault", err)
	}
	return fault
}

func TestHostileAndBrokenDocumentsAreRefused(t *testing.T) {
	profile := envelope(`<ProfileRequest/>`)
	limits := cxml.Limits{Bytes: 4000, Depth: 8, Elements: 40, Attributes: 5, Lines: 3}
	tests := []struct {
		name string
		body string
		kind cxml.Kind
		says string // part of the sentence
	}{
		{"a byte too many", profile + strings.Repeat(" ", 4001-len(profile)), cxml.TooLarge, "larger than the 4000 bytes"},
		{"nothing", "", cxml.Malformed, "empty"},
		{"only blanks", " \r\n\t ", cxml.Malformed, "empty"},
		{"only a byte order mark", "\xef\xbb\xbf", cxml.Malformed, "no XML element"},
		{"JSON", `{"orderID": "1"}`, cxml.Malformed, "doesn't begin with XML"},
		{"a form", `xmlRequest=%3CcXML%3E`, cxml.Malformed, "doesn't begin with XML"},
		{"a declaration and no element", `<?xml version="1.0"?>`, cxml.Malformed, "no XML element"},
		{"a web page that is no XML", `<!DOCTYPE html><html><br></html>`, cxml.Malformed, "not every element is closed"},
		{"a bomb of entities", `<!DOCTYPE cXML [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><cXML>&b;</cXML>`, cxml.Malformed, "internal subset"},
		{"a file of ours by entity", `<!DOCTYPE cXML [<!ENTITY f SYSTEM "file:///etc/passwd">]><cXML>&f;</cXML>`, cxml.Malformed, "internal subset"},
		{"an internal subset of a comment", `<!DOCTYPE cXML [<!-- -->]><cXML/>`, cxml.Malformed, "internal subset"},
		{"an internal subset that is only said to end", `<!DOCTYPE cXML []<!ENTITY a "x">]><cXML>&a;</cXML>`, cxml.Malformed, "internal subset"},
		{"an internal subset behind an empty one", `<!DOCTYPE cXML [] [%x;]><cXML/>`, cxml.Malformed, "internal subset"},
		{"a parameter entity", `<!DOCTYPE cXML SYSTEM "a" [%x;]><cXML/>`, cxml.Malformed, "internal subset"},
		{"an entity that nobody declared", strings.Replace(profile, "<UserAgent/>", "<UserAgent>&nbsp;</UserAgent>", 1), cxml.Malformed, "not well-formed XML: see line 6"},
		{"two DOCTYPEs", `<!DOCTYPE cXML SYSTEM "a"><!DOCTYPE cXML SYSTEM "b"><cXML/>`, cxml.Malformed, "Only one DOCTYPE"},
		{"a declaration of an element", `<!ELEMENT cXML ANY><cXML/>`, cxml.Malformed, "Only one DOCTYPE"},
		{"a DOCTYPE inside", `<cXML><!DOCTYPE cXML SYSTEM "a"></cXML>`, cxml.Malformed, "Only one DOCTYPE"},
		{"a second root", profile + `<cXML/>`, cxml.Malformed, "second root"},
		{"text after the root", profile + `and more`, cxml.Malformed, "after the end of the root"},
		{"text after the root as CDATA", profile + `<![CDATA[more]]>`, cxml.Malformed, "outside of the root"},
		{"broken off in a tag", profile[:len(profile)-3], cxml.Malformed, "breaks off"},
		{"broken off in a value", `<cXML payloadID="1`, cxml.Malformed, "breaks off"},
		{"broken off in a comment", `<cXML><!-- `, cxml.Malformed, "breaks off"},
		{"broken off between tags", `<cXML><Header>`, cxml.Malformed, "not every element is closed"},
		{"closed once too often", `<cXML/></cXML>`, cxml.Malformed, "never opened"},
		{"names that don't match", `<cXML><a></b></cXML>`, cxml.Malformed, "not well-formed"},
		{"a bare ampersand", strings.Replace(profile, "<UserAgent/>", "<UserAgent>A & B</UserAgent>", 1), cxml.Malformed, "not well-formed"},
		{"a control character", strings.Replace(profile, "<UserAgent/>", "<UserAgent>\x01</UserAgent>", 1), cxml.Malformed, "not well-formed"},
		{"bytes that are no UTF-8", strings.Replace(profile, "<UserAgent/>", "<UserAgent>\xff</UserAgent>", 1), cxml.Malformed, "not well-formed"},
		{"one element too deep", `<cXML>` + strings.Repeat("<a>", 8) + strings.Repeat("</a>", 8) + `</cXML>`, cxml.Malformed, "inside of each other: at most 8"},
		{"one element too many", `<cXML>` + strings.Repeat("<a/>", 40) + `</cXML>`, cxml.Malformed, "too many elements: at most 40"},
		{"one comment too many", `<cXML>` + strings.Repeat("<!---->", 14) + strings.Repeat("<?a?>", 14) + strings.Repeat("<![CDATA[]]>", 13) + `</cXML>`, cxml.Malformed, "comments, instructions and CDATA sections: at most 40"},
		{"too many attributes in all", `<cXML>` + strings.Repeat(`<a b="" c="" d=""/>`, 27) + `</cXML>`, cxml.Malformed, "attributes in all: at most 80"},
		{"one attribute too many", `<cXML a="1" b="2" c="3" d="=" e="5" f="6"/>`, cxml.Malformed, "too many attributes: at most 5"},
		{"one line too many", envelope(`<OrderRequest>` + strings.Repeat(`<x:ItemOut/>`, 4) + `</OrderRequest>`), cxml.Malformed, "too many lines: at most 3"},
		{"the same attribute twice", envelope(`<OrderRequest><ItemOut quantity="1" quantity="2"/></OrderRequest>`), cxml.Malformed, "there twice"},
		{"a character set that nobody knows", `<?xml version="1.0" encoding="x-klingon"?><cXML/>`, cxml.Malformed, `"x-klingon" is not known`},
		{"half a UTF-16 character", "\xff\xfe<\x00a", cxml.Malformed, "UTF-16"},
		{"two Requests", strings.Replace(profile, "</cXML>", "<Request><ProfileRequest/></Request></cXML>", 1), cxml.Malformed, "neither one Request"},
		{"a Request and a Response", strings.Replace(profile, "</cXML>", `<Response><Status code="200" text="OK"/></Response></cXML>`, 1), cxml.Malformed, "neither one Request"},
		{"neither Request nor Message nor Response", `<cXML payloadID="1"><Header/></cXML>`, cxml.Malformed, "neither one Request"},
		{"an empty Request", envelope(``), cxml.Malformed, "exactly one element"},
		{"a Request of two things", envelope(`<ProfileRequest/><OrderRequest/>`), cxml.Malformed, "exactly one element"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := cxml.Read([]byte(test.body), "", limits)
			if err == nil {
				t.Fatal("was taken")
			}
			fault := kindOf(t, err)
			if fault.Kind != test.kind || !strings.Contains(fault.Message, test.says) {
				t.Errorf("got %d %q, want %d with %q", fault.Kind.Status(), fault.Message, test.kind.Status(), test.says)
			}
		})
	}
	if _, err := cxml.Read([]byte(profile), "", limits); err != nil {
		t.Errorf("the sound document was refused: %v", err)
	}
}

// What is just allowed is allowed.
func TestDocumentsAtTheLimitsAreRead(t *testing.T) {
	limits := cxml.Limits{Bytes: 4000, Depth: 8, Elements: 41, Attributes: 5, Lines: 3}
	for name, body := range map[string]string{
		"as deep":              `<Index>` + strings.Repeat("<a>", 7) + strings.Repeat("</a>", 7) + `</Index>`,
		"as many elements":     `<Index>` + strings.Repeat("<a/>", 40) + `</Index>`,
		"as many attributes":   `<Index a="1" b="2" c="3" d="==== > ====" e="5"/>`,
		"as many in all":       `<Index>` + strings.Repeat(`<a b="" c="" d="" e=""/>`, 20) + `<a b="" c=""/></Index>`,
		"as many comments":     `<Index>` + strings.Repeat("<!---->", 41) + `</Index>`,
		"signs inside quotes":  `<Index a='>' c="]]>"/>`,
		"a plain DOCTYPE":      `<!DOCTYPE Index PUBLIC "-//x//[" 'http://dtd.example/a>b.dtd'><Index/>`,
		"an empty subset":      `<!DOCTYPE Index SYSTEM "http://dtd.example/a.dtd"[]><Index/>`,
		"a subset of blanks":   "<!DOCTYPE Index SYSTEM 'a.dtd' [\r\n] ><Index/>",
		"XML 1.1":              `<?xml version="1.1" encoding="UTF-8"?><Index/>`,
		"comments and blanks":  "\n <?xml version='1.0'?> <!-- < > & --> <?pi <?> <Index/> <!-- after --> \n",
		"markup inside CDATA":  `<Index><![CDATA[<a><b></Index>&x;]]></Index>`,
		"standalone yes":       `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Index/>`,
		"a root with a prefix": `<x:Index xmlns:x="urn:x"/>`,
	} {
		t.Run(name, func(t *testing.T) {
			d, err := cxml.Read([]byte(body), "", limits)
			if err != nil {
				t.Fatal(err)
			}
			if d.Class != cxml.ClassOther || d.Type != "Index" {
				t.Errorf("got class %d of %q", d.Class, d.Type)
			}
		})
	}
}

func TestARefusedDocumentCanStillBeFound(t *testing.T) {
	d, err := cxml.Read([]byte(envelope(``)), "", cxml.DefaultLimits)
	if err == nil || d == nil {
		t.Fatal("want both the document and the fault, got", d, err)
	}
	if d.PayloadID != "p-1@buys.harborline.example" || strings.Contains(string(d.Masked()), "tern-over") {
		t.Errorf("got %q, %s", d.PayloadID, d.Masked())
	}
}

func TestCharacterSets(t *testing.T) {
	const words = "Fortøyning für 5 €"
	utf16 := func(s string, order string) string {
		out := ""
		if order == "be bom" {
			out = "\xfe\xff"
		}
		if order == "le bom" {
			out = "\xff\xfe"
		}
		for _, r := range s {
			low, high := string([]byte{byte(r)}), string([]byte{byte(r >> 8)})
			if strings.HasPrefix(order, "be") {
				low, high = high, low
			}
			out += low + high
		}
		return out
	}
	document := func(encoding, words string) string {
		return `<?xml version="1.0" encoding="` + encoding + `"?><cXML payloadID="1"><Message><Status code="200" text="OK">` +
			words + `</Status><PunchOutOrderMessage><BuyerCookie/></PunchOutOrderMessage></Message></cXML>`
	}
	tests := []struct {
		name, body, contentType, want string
	}{
		{"UTF-8", document("UTF-8", words), "", words},
		{"UTF-8 with a byte order mark", "\xef\xbb\xbf" + document("utf-8", words), "", words},
		{"the byte order mark wins over the declaration", "\xef\xbb\xbf" + document("ISO-8859-1", words), "", words},
		{"declared Latin-1", document("ISO-8859-1", "f\xfcr"), "", "für"},
		{"declared Latin-9, with its euro", document("ISO-8859-15", "5 \xa4"), "", "5 €"},
		{"declared windows-1252, with its euro", document("windows-1252", "5 \x80"), "", "5 €"},
		{"the declaration wins over the header", document("ISO-8859-15", "5 \xa4"), `text/xml; charset="UTF-8"`, "5 €"},
		{"only the header says it", strings.Replace(document("", "f\xfcr"), ` encoding=""`, "", 1), "text/xml; charset=iso-8859-1", "für"},
		{"nobody says it", strings.Replace(document("", words), ` encoding=""`, "", 1), "text/xml", words},
		{"Java's own name", document("ISO8859_15", "5 \xa4"), "", "5 €"},
		{"a header in single quotes", strings.Replace(document("", "f\xfcr"), ` encoding=""`, "", 1), "text/xml; charset='iso-8859-1'", "für"},
		{"a header that can't be read", document("UTF-8", words), "text/xml; charset", words},
		{"UTF-16, little end first", utf16(document("UTF-16", words), "le bom"), "", words},
		{"UTF-16, big end first", utf16(document("UTF-16", words), "be bom"), "", words},
		{"UTF-16 without a mark", utf16(document("UTF-16", words), "le"), "", words},
		{"UTF-16 without a mark, big end first", utf16(document("UTF-16", words), "be"), "", words},
		{"called UTF-16 and isn't", document("UTF-16", words), "", words},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, err := cxml.Read([]byte(test.body), test.contentType, cxml.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(d.Masked()); !strings.Contains(got, ">"+test.want+"<") || !strings.Contains(got, `encoding="UTF-8"`) {
				t.Errorf("got %s", got)
			}
		})
	}
}
