package cxml_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"unicode"

	"github.com/kontorhq/kontor/cxml"
)

// zipped is what a sender with Content-Encoding: gzip writes.
func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

const (
	small   = `<cXML payloadID="1"><Request><ProfileRequest/></Request></cXML>`
	related = `multipart/related; boundary="b-1"; type="text/xml"; start="<r@b.example>"`
	rootOf  = "Content-Type: text/xml; charset=UTF-8\r\nContent-ID: <r@b.example>\r\n\r\n" + small
	pdfOf   = "Content-Type: application/pdf; name=\"a plan.pdf\"\r\nContent-ID: <p@b.example>\r\n\r\n%PDF\r\n\r\n"
)

// message writes parts with CRLF line ends and the boundary b-1.
func message(parts ...string) string {
	return "--b-1\r\n" + strings.Join(parts, "\r\n--b-1\r\n") + "\r\n--b-1--\r\n"
}

// describeParts: "p@b.example application/pdf "a plan.pdf" "%PDF\r\n"".
func describeParts(parts []cxml.Part) string {
	var list []string
	for _, p := range parts {
		list = append(list, fmt.Sprintf("%s %s %q %q", p.ContentID, p.MediaType, p.Name, p.Body))
	}
	return strings.Join(list, "; ")
}

func TestMessagesAreUnpacked(t *testing.T) {
	const plan = `p@b.example application/pdf "a plan.pdf" "%PDF\r\n\r\n"`
	base64Root := "Content-Type: text/xml\r\nContent-Transfer-Encoding: BASE64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(small))
	part := func(header, content string) string { return message(rootOf, header+"\r\n\r\n"+content) }
	lf := func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }
	whole := message(rootOf, pdfOf)
	own := "MIME-Version: 1.0\r\nContent-Type: " + related + "\r\n\r\n"
	tests := []struct {
		name, contentType, body string
		parts                   string
	}{
		{"plain XML", "text/xml", small, ""},
		{"plain XML that is called multipart", related, small, ""},
		{"plain XML that is called a form", "application/x-www-form-urlencoded", small, ""},
		{"gzip", "text/xml", zipped(small), ""},
		{"gzip in two pieces", "", zipped(small[:20]) + zipped(small[20:]), ""},
		{"a message in gzip", related, zipped(whole), plan},

		{"the usual", related, whole, plan},
		{"the parameters in another order", `Multipart/Related; START="<r@b.example>"; Type="text/xml"; Boundary=b-1`, whole, plan},
		{"no start", `multipart/related; boundary=b-1`, whole, plan},
		{"a start without brackets", `multipart/related; boundary=b-1; start=r@b.example`, message(pdfOf, rootOf), plan},
		{"a start that names nobody", `multipart/related; boundary=b-1; start="<x>"`, whole, plan},
		{"the document last", related, message(pdfOf, rootOf), plan},
		{"a parameter that is there twice", `multipart/related; boundary="b-1"; boundary="x"; type`, whole, plan},
		{"mixed", `multipart/mixed; boundary="b-1"`, whole, plan},
		{"a preamble and an epilogue", related, "This is MIME.\r\n--b-12\r\n\r\n" + whole + "the end\r\n--b-1\r\n", plan},
		{"blanks after the boundary", related, strings.ReplaceAll(whole, "--b-1\r\n", "--b-1 \t\r\n"), plan},
		{"no final boundary", related, strings.TrimSuffix(whole, "\r\n--b-1--\r\n"), plan},
		{"half a final boundary", related, strings.TrimSuffix(whole, "1--\r\n"), `p@b.example application/pdf "a plan.pdf" "%PDF\r\n\r\n\r\n"`},
		{"a final boundary that ends nothing", related, strings.TrimSuffix(whole, "--\r\n"), plan},
		{"LF", related, lf(whole), `p@b.example application/pdf "a plan.pdf" "%PDF\n\n"`},
		{"LF in the headers and CRLF beside", related, strings.Replace(whole, "pdf\"\r\n", "pdf\"\n", 1), plan},
		{"a boundary that should be quoted", `multipart/related; boundary=----=_Part_1 (x); start=<r@b.example>`,
			strings.ReplaceAll(whole, "--b-1", "------=_Part_1 (x)"), plan},
		{"the whole message in the body", "text/xml; charset=UTF-8", own + whole, plan},
		{"the same without a Content-Type", "", own + whole, plan},
		{"the same after blank lines, called a form", "application/x-www-form-urlencoded", "\r\n\r\n" + own + whole, plan},
		{"the same with another boundary outside", `multipart/related; boundary=other`, own + whole, plan},
		{"the same with the boundary outside as well", related, own + whole, plan},
		{"the same, folded", "", strings.ReplaceAll(own, "; ", ";\r\n\t") + whole, plan},
		{"a single part with its header in the body", "", base64Root, ""},

		{"base64", related, part("Content-ID:<x>\r\nContent-Transfer-Encoding: base64", "JVB\nERg==\n"), `x application/octet-stream "" "%PDF"`},
		{"quoted-printable", related, part("Content-ID: <x>\r\nContent-Transfer-Encoding: Quoted-Printable", "=C3=BC =\r\nb"), `x application/octet-stream "" "ü b"`},
		{"a long quoted-printable line", related, part("Content-Transfer-Encoding: quoted-printable", strings.Repeat("a", 9000)),
			` application/octet-stream "" "` + strings.Repeat("a", 9000) + `"`},
		{"binary", related, part("Content-ID: <x>\r\nContent-Transfer-Encoding: binary", "\x00\xff\r\r\n\n--b-12\r\n"), `x application/octet-stream "" "\x00\xff\r\r\n\n--b-12\r\n"`},
		{"the boundary inside of a line", related, part("Content-ID: <x>", "a --b-1\r\nb"), `x application/octet-stream "" "a --b-1\r\nb"`},
		{"8bit and a comment", related, part("Content-Transfer-Encoding: 8bit; x", "\xe4"), ` application/octet-stream "" "\xe4"`},
		{"an empty part", related, part("Content-ID: <x>", ""), `x application/octet-stream "" ""`},
		{"a part without headers", related, message(rootOf, "\r\nplain"), ` application/octet-stream "" "plain"`},
		{"a part without headers or blank line", related, message(rootOf, "<plain a:b='c'/>"), ` application/octet-stream "" "<plain a:b='c'/>"`},
		{"a message as attachment", related, part("Content-Type: multipart/mixed; boundary=c", "--c\r\n\r\nx\r\n--c--"), ` multipart/mixed "" "--c\r\n\r\nx\r\n--c--"`},
		{"the document in base64", `multipart/related; boundary=b-1`, message(base64Root), ""},

		{"a file name with blanks", related, part(`Content-Disposition: attachment; filename="a b.pdf"`, ""), ` application/octet-stream "a b.pdf" ""`},
		{"a file name with blanks and no quotes", related, part(`Content-Disposition: attachment; filename=a b.pdf; size=3`, ""), ` application/octet-stream "a b.pdf" ""`},
		{"a file name of Windows", related, part(`Content-Disposition: attachment; filename="C:\plans\a.pdf"`, ""), ` application/octet-stream "a.pdf" ""`},
		{"a file name that climbs", related, part(`Content-Disposition: attachment; filename="../../a.pdf"`, ""), ` application/octet-stream "a.pdf" ""`},
		{"a file name of dots", related, part(`Content-Disposition: attachment; filename=".."`, ""), ` application/octet-stream "" ""`},
		{"a file name that writes headers", related, part(`Content-Disposition: attachment; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x.pdf`, ""), ` application/octet-stream "aSet-Cookie: x.pdf" ""`},
		{"a file name that turns round", related, part("Content-Disposition: attachment; filename=\"fdp\u202efdp.exe\"", ""), ` application/octet-stream "fdpfdp.exe" ""`},
		{"a file name in UTF-8", related, part(`Content-Disposition: attachment; filename*=UTF-8''Pl%C3%A4ne.pdf`, ""), ` application/octet-stream "Pläne.pdf" ""`},
		{"a file name in a mail's words", related, part(`Content-Type: application/pdf; name="=?ISO-8859-1?Q?Pl=E4ne.pdf?="`, ""), ` application/pdf "Pläne.pdf" ""`},

		{"a form's field", "application/x-www-form-urlencoded", "a=1&xmlRequest=" + url.QueryEscape(small) + "&b=2", ""},
		{"a form's field that nobody calls a form", "text/xml", "cxml-urlencoded=" + url.QueryEscape(small), ""},
		{"a form's field in base64", "application/x-www-form-urlencoded", "cxml-base64=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(small))), ""},
		{"a form's field in base64, not escaped", "", "cxml-base64=" + base64.StdEncoding.EncodeToString([]byte(small)), ""},
		{"a form's field that is not escaped", "", "xmlRequest=" + small, ""},
		{"a form without a field", "application/x-www-form-urlencoded", url.QueryEscape(small), ""},
		{"base64 without a field", "", base64.StdEncoding.EncodeToString([]byte(small)), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root, rootType, parts, fault := cxml.Unpack([]byte(test.body), test.contentType, cxml.DefaultLimits)
			if fault != nil {
				t.Fatal(fault)
			}
			if string(root) != small {
				t.Errorf("the document is %q", root)
			}
			if got := describeParts(parts); got != test.parts {
				t.Errorf("the parts are\n%s\nwant\n%s", got, test.parts)
			}
			d, err := cxml.Read(root, rootType, cxml.DefaultLimits)
			if err != nil || d.Type != "ProfileRequest" {
				t.Errorf("reads as %v, %v", d, err)
			}
		})
	}
}

// What is nothing of ours comes back untouched: Read has the better words for it.
func TestWhatIsNotPackedIsLeftAlone(t *testing.T) {
	for _, body := range []string{"", " \n", "Guten Tag", `{"orderID": "A=1&b"}`, "a=1&b=2", "\xff\xfe<\x00", "\x00<\x00a", "\xef\xbb\xbf <a/>",
		"Note: no message\r\n\r\n<a/>", "<a>&#x41;=</a>", strings.Repeat("x", 200) + "=%3CcXML/%3E", "--b\r\n\r\nno type\r\n--b--"} {
		root, rootType, parts, fault := cxml.Unpack([]byte(body), "text/xml; charset=x", cxml.DefaultLimits)
		if fault != nil || string(root) != body || rootType != "text/xml; charset=x" || parts != nil {
			t.Errorf("%q became %q, %q, %v, %v", body, root, rootType, parts, fault)
		}
	}
}

func TestHostileMessagesAreRefused(t *testing.T) {
	limits := cxml.DefaultLimits
	limits.Bytes = 1 << 20
	attachment := func(encoding, content string) string {
		return message(rootOf, "Content-Transfer-Encoding: "+encoding+"\r\n\r\n"+content)
	}
	tests := []struct {
		name, contentType, body string
		kind                    cxml.Kind
		says                    string
	}{
		{"10,000 parts", related, message(rootOf, strings.Repeat("\r\nx\r\n--b-1\r\n", 10_000)), cxml.Malformed, "too many parts: at most 100"},
		{"a part too many", related, message(append([]string{rootOf}, strings.Split(strings.Repeat("\r\nx|", 99)+"\r\nx", "|")...)...), cxml.Malformed, "too many parts"},
		{"no parts", related, "--b-1--", cxml.Malformed, "has no parts"},
		{"no boundary told", "multipart/related", message(rootOf), cxml.Malformed, "boundary"},
		{"an empty boundary", `multipart/related; boundary=""`, message(rootOf), cxml.Malformed, "boundary"},
		{"no boundary in the body", `multipart/related; boundary=x`, message(rootOf), cxml.Malformed, "boundary"},
		{"no boundary in the body's own header", "text/xml", "Content-Type: multipart/related; boundary=x\r\n\r\n" + message(rootOf), cxml.Malformed, "boundary"},
		{"a message in a message", related, message("Content-Type: multipart/related; boundary=c\r\n\r\n--c\r\n\r\n" + small + "\r\n--c--"), cxml.Malformed, "multipart message again"},
		{"a huge header line", related, message(rootOf, "X: "+strings.Repeat("a", 20_000)+"\r\n\r\nx"), cxml.Malformed, "header of a part"},
		{"many header lines", related, message(rootOf, strings.Repeat("X: a\r\n", 5000)+"\r\nx"), cxml.Malformed, "header of a part"},
		{"a header folded without end", related, message(rootOf, "X: a\r\n"+strings.Repeat(" a\r\n", 5000)+"\r\nx"), cxml.Malformed, "header of a part"},
		{"a body that is one header", "", "Content-Type: " + strings.Repeat("a", 500_000), cxml.Malformed, "header of a part"},
		{"truncated base64", related, attachment("base64", "JVBERi0"), cxml.Malformed, "base64"},
		{"base64 with a sign that is none", related, attachment("base64", "JVB*ERg="), cxml.Malformed, "base64"},
		{"a document in truncated base64", `multipart/related; boundary=b-1`, message("Content-Transfer-Encoding: base64\r\n\r\nPGNYT"), cxml.Malformed, "base64"},
		{"broken quoted-printable", related, attachment("quoted-printable", "a\x01"), cxml.Malformed, "quoted-printable"},
		{"an unknown transfer encoding", related, attachment("x-uuencode", "x"), cxml.Malformed, `"x-uuencode" is not known`},
		{"a message that is too large", related, message(rootOf, "\r\n"+strings.Repeat("x", 1<<20)), cxml.TooLarge, "larger than the 1048576"},
		{"a single part that is too large", "", "Content-Type: text/xml\r\n\r\n" + strings.Repeat(" ", 1<<20), cxml.TooLarge, "larger"},
		{"a form that is too large", "", "a=%3C" + strings.Repeat("x", 1<<20), cxml.TooLarge, "larger"},
		{"a bomb", "text/xml", zipped(strings.Repeat(" ", 1<<20+1)), cxml.TooLarge, "larger than the 1048576"},
		{"gzip that breaks off", "text/xml", zipped(small)[:40], cxml.Malformed, "compress"},
		{"gzip with something after it", "text/xml", zipped(small) + "x", cxml.Malformed, "compress"},
		{"only the sign of gzip", "text/xml", "\x1f\x8b", cxml.Malformed, "compress"},
		{"gzip twice", "text/xml", zipped(zipped(small)), cxml.Malformed, "twice"},
		{"a form whose escapes are broken", "", "xmlRequest=%3CcXML%ZZ", cxml.Malformed, "damaged"},
		{"a form in truncated base64", "", "cxml-base64=PGNYTUw", cxml.Malformed, "base64"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root, rootType, parts, fault := cxml.Unpack([]byte(test.body), test.contentType, limits)
			if fault == nil {
				t.Fatalf("was taken: %q", root)
			}
			if fault.Kind != test.kind || !strings.Contains(fault.Message, test.says) {
				t.Errorf("got %d %q, want %d with %q", fault.Kind.Status(), fault.Message, test.kind.Status(), test.says)
			}
			if root != nil || rootType != "" || parts != nil {
				t.Error("something came beside the fault")
			}
		})
	}
	if _, _, parts, fault := cxml.Unpack([]byte(message(append([]string{rootOf}, strings.Split(strings.Repeat("\r\nx|", 98)+"\r\nx", "|")...)...)), related, limits); fault != nil || len(parts) != 99 {
		t.Errorf("as many parts as are taken: %d, %v", len(parts), fault)
	}
}

// A bomb costs what the largest document costs, however much would come out of it.
func TestHostileMessagesCostBoundedMemory(t *testing.T) {
	limits := cxml.DefaultLimits
	limits.Bytes = 1 << 20
	for name, one := range map[string]struct{ contentType, body string }{
		"a bomb of 200 MB":             {"", zipped(strings.Repeat(strings.Repeat(" ", 1<<20), 200))},
		"a million parts":              {related, strings.Repeat("--b-1\n\n", 140_000)},
		"boundaries that are none":     {related, strings.Repeat("--b-1x", 170_000)},
		"a million fields":             {"", strings.Repeat("a=1&", 250_000)},
		"base64 of the largest":        {related, message(rootOf, "Content-Transfer-Encoding: base64\r\n\r\n"+strings.Repeat("AAAA", 250_000))},
		"quoted-printable in one line": {related, message(rootOf, "Content-Transfer-Encoding: quoted-printable\r\n\r\n"+strings.Repeat("a", 1_000_000))},
	} {
		body := []byte(one.body)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, _, _ = cxml.Unpack(body, one.contentType, limits)
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 8*uint64(limits.Bytes) {
			t.Errorf("%s took %d bytes", name, spent)
		}
	}
}

// Latin-1 is declared by hand over what a library writes as UTF-8; see decode.
func TestUTF8UnderALatinDeclaration(t *testing.T) {
	document := func(encoding, words string) string {
		return `<?xml version="1.0" encoding="` + encoding + `"?><cXML payloadID="1"><Message><Status code="200" text="OK">` + words + `</Status></Message></cXML>`
	}
	for _, test := range []struct{ name, body, contentType, want string }{
		{"UTF-8 called Latin-1", document("ISO-8859-1", "für 5 €"), "", "für 5 €"},
		{"UTF-8 called Latin-9", document("iso-8859-15", "œuvre"), "", "œuvre"},
		{"UTF-8 called windows-1252 by HTTP", strings.Replace(document("", "für"), ` encoding=""`, "", 1), "text/xml; charset=windows-1252", "für"},
		{"one byte that is no UTF-8 decides", document("ISO-8859-1", "f\xfcr \xc3\xbc"), "", "für Ã¼"},
		{"Latin-9 with its œ and euro", document("ISO-8859-15", "\xbduvre, 5 \xa4"), "", "œuvre, 5 €"},
		{"another set is believed", document("KOI8-R", "\xd0\xb0"), "", "п╟"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := cxml.Read([]byte(test.body), test.contentType, cxml.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(d.Masked()); !strings.Contains(got, ">"+test.want+"<") {
				t.Errorf("got %s", got)
			}
		})
	}
}

// Whatever comes in: no panic, never more than is taken, and names that lead nowhere.
func FuzzUnpack(f *testing.F) {
	whole := message(rootOf, pdfOf)
	for _, seed := range []struct{ body, contentType string }{
		{small, "text/xml"}, {whole, related}, {strings.TrimSuffix(whole, "\r\n--b-1--\r\n"), related},
		{"MIME-Version: 1.0\nContent-Type: " + related + "\n\n" + whole, ""}, {zipped(whole), related},
		{message(rootOf, "Content-Transfer-Encoding: base64\r\n\r\nJVBERg=="), related},
		{message(rootOf, "Content-Transfer-Encoding: quoted-printable\r\nContent-Disposition: x; filename=..\\a b\r\n\r\n=C3=\r\n"), related},
		{"xmlRequest=" + url.QueryEscape(small), "application/x-www-form-urlencoded"}, {"cxml-base64=PGNYTUwvPg==", ""},
		{"--b\n\n--b", "multipart/mixed; boundary=b; start=\"\\\"x"}, {"\x1f\x8b", ""}, {"a:b\n c\n\n", "multipart/x;boundary=\"a"},
	} {
		f.Add([]byte(seed.body), seed.contentType)
	}
	limits := cxml.DefaultLimits
	limits.Bytes = 1 << 16
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		root, rootType, parts, fault := cxml.Unpack(body, contentType, limits)
		if fault != nil {
			if fault.Message == "" || root != nil || parts != nil {
				t.Fatalf("%v, with %q and %v", fault, root, parts)
			}
			return
		}
		if parts == nil && bytes.Equal(root, body) {
			if rootType == "" && contentType != "" {
				t.Fatal("the type was lost")
			}
			return // also what is too large: Read says so
		}
		size := len(root)
		for _, p := range parts {
			size += len(p.Body)
			if strings.ContainsAny(p.Name, `/\`) || p.Name == "." || p.Name == ".." || strings.ContainsFunc(p.Name, unicode.IsControl) || p.MediaType == "" {
				t.Fatalf("the part %q %q", p.MediaType, p.Name)
			}
		}
		if size > limits.Bytes || len(parts) > 99 {
			t.Fatalf("%d parts of %d bytes", len(parts), size)
		}
	})
}
