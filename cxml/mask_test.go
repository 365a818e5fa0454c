package cxml_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/cxml"
)

// visa, master and amex are the test numbers that every processor publishes.
const (
	visa   = "4111111111111111"
	master = "5500000000000004"
	amex   = "378282246310005"
)

func TestCardNumbersAreMaskedWhereverPeopleWrite(t *testing.T) {
	tests := []struct {
		name, in, want string // inside of OrderRequest
	}{
		{"in a comment", `<Comments>pay by ` + visa + ` please</Comments>`, `pay by XXXXXXXXXXXX1111 please`},
		{"in groups of four", `<Comments>4111 1111 1111 1111</Comments>`, `>XXXX XXXX XXXX 1111<`},
		{"with dashes", `<Comments>3782-822463-10005</Comments>`, `>XXXX-XXXXXX-X0005<`},
		{"with points", `<Comments>5500.0000.0000.0004</Comments>`, `>XXXX.XXXX.XXXX.0004<`},
		{"with no-break spaces", "<Comments>4111\u00a01111\u00a01111\u00a01111</Comments>", "XXXX\u00a0XXXX\u00a0XXXX\u00a01111"},
		{"with en dashes", "<Comments>4111–1111–1111–1111</Comments>", "XXXX–XXXX–XXXX–1111"},
		{"over two lines", "<Comments>4111 1111\n1111 1111</Comments>", "XXXX XXXX\nXXXX 1111"},
		{"digit by digit", `<Comments>4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1</Comments>`, `X X X X X X X X X X X X 1 1 1 1`},
		{"with a date after it", `<Comments>` + visa + ` 12/28</Comments>`, `XXXXXXXXXXXX1111 12/28`},
		{"with a number before it", `<Comments>1 4111 1111 1111 1111</Comments>`, `1 XXXX XXXX XXXX 1111`},
		{"against letters", `<Comments>PO` + visa + `x</Comments>`, `POXXXXXXXXXXXX1111x`},
		{"two of them", `<Comments>` + visa + ` ` + master + `</Comments>`, `XXXXXXXXXXXX1111 XXXXXXXXXXXX0004`},
		{"of 13 digits", `<Comments>4222222222222</Comments>`, `XXXXXXXXX2222`},
		{"of 19 digits", `<Comments>6304000000000000000</Comments>`, `XXXXXXXXXXXXXXX0000`},
		{"as CDATA", `<Comments><![CDATA[` + visa + `]]></Comments>`, `XXXXXXXXXXXX1111`},
		{"cut in two by a comment", `<Comments>41111111<!-- -->11111111</Comments>`, `>XXXXXXXXXXXX1111<`},
		{"cut in two by CDATA", `<Comments>41111111<![CDATA[11111111]]></Comments>`, `>XXXXXXXXXXXX1111<`},
		{"cut in two by an element", `<Comments>41111111<Attachment/>11111111</Comments>`, `>XXXXXXXX<Attachment/>XXXX1111<`},
		{"as references", `<Comments>&#52;111&#x31;11111111111</Comments>`, `XXXXXXXXXXXX1111`},
		{"in an extrinsic", `<Extrinsic name="Note">` + amex + `</Extrinsic>`, `XXXXXXXXXXX0005`},
		{"in an extrinsic's name", `<Extrinsic name="` + amex + `"/>`, `name="XXXXXXXXXXX0005"`},
		{"in an attribute", `<PCard number="1" name="` + visa + `"/>`, `name="XXXXXXXXXXXX1111"`},
		{"in the name of an element", `<n` + visa + `/>`, `<nXXXXXXXXXXXX1111/>`},
		{"as a PCard, also with a typing error", `<PCard number="4111111111111112"/>`, `number="XXXXXXXXXXXX1112"`},
		{"as a PaymentToken", `<PaymentToken number="` + visa + `" token="tok-77"/>`, `<PaymentToken number="XXXXXXXXXXXX1111" token="XXXXXXXX"/>`},
		{"by what its extrinsic says", `<Extrinsic name="Card Number">12345678901</Extrinsic>`, `XXXXXXX8901`},
		{"by what its reference says", `<IdReference identifier="12345678901" domain="cardNumber"/>`, `identifier="XXXXXXX8901"`},
		{"its security code", `<Extrinsic name="CVV2">737</Extrinsic>`, `<Extrinsic name="CVV2">XXXXXXXX</Extrinsic>`},
		{"its security code as an attribute", `<PCard number="" securityCode="737"/>`, `securityCode="XXXXXXXX"`},
		{"a password", `<Extrinsic name="Password">tern</Extrinsic>`, `>XXXXXXXX<`},

		{"but not other numbers", `<Comments>4111111111111112</Comments>`, `4111111111111112`},
		{"nor shorter ones", `<Comments>411111111111</Comments>`, `411111111111`},
		{"nor longer ones", `<Comments>41111111111111110000</Comments>`, `41111111111111110000`},
		{"nor zeros", `<Comments>0000000000000000</Comments>`, `0000000000000000`},
		{"nor part numbers", `<SupplierPartID>` + visa + `</SupplierPartID>`, visa},
		{"nor ids", `<OrderRequestHeader orderID="` + visa + `"/>`, visa},
		{"nor account numbers", `<AccountingSegment id="4111-1111-1111-1111"/>`, `4111-1111-1111-1111`},
		{"nor dates", `<Comments>2026-02-10 2026-03-11</Comments>`, `2026-02-10 2026-03-11`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := read(t, envelope(`<OrderRequest>`+test.in+`</OrderRequest>`))
			for name, got := range map[string]string{"Masked": string(d.Masked()), "CanonicalRequest": string(d.CanonicalRequest())} {
				if !strings.Contains(got, test.want) {
					t.Errorf("%s is %s, want it to have %s", name, got, test.want)
				}
			}
		})
	}
}

// Whatever is done with a document, neither secrets nor card numbers come out of it again.
// However many digits stand before it, a number is found: long texts are looked at in parts.
func TestCardNumbersAreFoundInLongTexts(t *testing.T) {
	for lead := range 1030 {
		if lead > 30 && lead < 970 {
			continue
		}
		text := strings.Repeat("1 ", lead) + "4111 1111 1111 1111" + strings.Repeat(" 1", 30)
		if got := string(cxml.MaskText([]byte(text))); strings.Contains(got, "4111 1111 1111 1111") || len(got) != len(text) {
			t.Fatalf("after %d digits: %s", lead, got[2*lead:])
		}
	}
}

// A text in pieces is joined once, not once for each piece.
func TestTextInPiecesCostsNoMoreThanItsLength(t *testing.T) {
	pieces := strings.Repeat("<![CDATA[tide]]>", 100_000)
	d, err := cxml.Read([]byte(envelope(`<OrderRequest><Comments>`+pieces+`</Comments></OrderRequest>`)), "", cxml.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	canonical := d.CanonicalRequest()
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 20<<20 || !bytes.Contains(canonical, []byte(">"+strings.Repeat("tide", 100_000)+"<")) {
		t.Errorf("%d bytes took %d", len(canonical), spent)
	}
}

func TestNoSecretSurvives(t *testing.T) {
	files, err := filepath.Glob("testdata/*.in.xml")
	if err != nil || len(files) == 0 {
		t.Fatal("no documents in testdata", err)
	}
	secrets := []string{"tern-over-water-41", visa, "4111 1111 1111 1111", "5500-0000-0000-0004", "737", "1234567890123"}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := read(t, string(body))
		for _, secret := range secrets {
			for name, kept := range map[string][]byte{
				"Masked": d.Masked(), "CanonicalRequest": d.CanonicalRequest(), "MaskText": cxml.MaskText(body),
			} {
				if name == "MaskText" && (secret == "737" || secret == "1234567890123") {
					continue // only the tree says what these are
				}
				if strings.Contains(string(kept), secret) {
					t.Errorf("%s of %s still has %q", name, file, secret)
				}
			}
		}
		again := read(t, string(d.Masked()))
		if again.Type != d.Type || string(again.CanonicalRequest()) != string(d.CanonicalRequest()) {
			t.Errorf("%s says something else after masking", file)
		}
	}
}

func TestSecretsGoWhereverTheyStand(t *testing.T) {
	for name, change := range map[string][]string{
		"in Sender":             {},
		"under another name":    {`</SharedSecret>`, `</SharedSecret><SharedSecret1>tern-over-water-41</SharedSecret1>`},
		"in From":               {`</Identity></Credential></From>`, `</Identity><SharedSecret>tern-over-water-41</SharedSecret></Credential></From>`},
		"in parts":              {`tern-over-water-41`, `<b>tern-over</b>-water-41`},
		"in a MAC":              {`</SharedSecret>`, `</SharedSecret><CredentialMac>tern-over-water-41</CredentialMac>`},
		"in an XML comment":     {`<Request>`, `<!-- tern-over-water-41 --><Request>`},
		"in an instruction":     {`<Request>`, `<?was tern-over-water-41?><Request>`},
		"before the root":       {`<cXML `, `<!-- tern-over-water-41 --><cXML `},
		"with a namespace":      {`<SharedSecret>`, `<a:SharedSecret xmlns:a="urn:a">`, `</SharedSecret>`, `</a:SharedSecret>`},
		"where no Header is":    {`<ProfileRequest/>`, `<ProfileRequest><SharedSecret>tern-over-water-41</SharedSecret></ProfileRequest>`},
		"in the DOCTYPE":        {`cXML.dtd`, visa + `.dtd`},
		"of which a card is it": {`tern-over-water-41`, visa},
	} {
		t.Run(name, func(t *testing.T) {
			d := read(t, changed(t, envelope(`<ProfileRequest/>`), change...))
			d.Mask()
			if kept := string(d.Masked()); strings.Contains(kept, "over") || strings.Contains(kept, "water") || strings.Contains(kept, visa) {
				t.Error(kept)
			}
		})
	}
}

func TestWhatCannotBeParsedIsMaskedAsText(t *testing.T) {
	const secret = "tern-over-water-41"
	for name, body := range map[string]string{
		"broken off":         `<cXML><SharedSecret>` + secret + `</SharedSecret><Comments>` + visa,
		"broken off inside":  `<cXML><SharedSecret>` + secret,
		"other letters":      `<sharedsecret>` + secret + `</sharedsecret>`,
		"with a prefix":      `<a:SharedSecret>` + secret + `</a:SharedSecret>`,
		"escaped":            `&lt;SharedSecret&gt;` + secret + `&lt;/SharedSecret&gt;` + visa,
		"JSON":               `{"SharedSecret": "` + secret + `", "card": "4111 1111 1111 1111"}`,
		"a form":             `xml=%3CSharedSecret%3E` + secret + `%3C%2FSharedSecret%3E`,
		"letters that shift": "İİİ<SharedSecret>" + secret + "</SharedSecret>",
		"no UTF-8":           "\xff\xc3<SharedSecret>" + secret + "</SharedSecret>" + visa,
		"UTF-16":             "\xff\xfe<\x00S\x00h\x00a\x00r\x00e\x00d\x00S\x00e\x00c\x00r\x00e\x00t\x00>\x00t\x00e\x00r\x00n\x00-\x00o\x00v\x00e\x00r\x00",
	} {
		t.Run(name, func(t *testing.T) {
			kept := string(cxml.MaskText([]byte(body)))
			for _, gone := range []string{secret, "over", visa, "4111 1111 1111 1111", "o\x00v"} {
				if strings.Contains(kept, gone) {
					t.Errorf("%q still has %q", kept, gone)
				}
			}
		})
	}
	if got := string(cxml.MaskText([]byte("<cXML><Comments>bell</Comments>"))); got != "<cXML><Comments>bell</Comments>" {
		t.Errorf("got %q", got)
	}
}

func TestTheCanonicalFormForgetsHowItWasWritten(t *testing.T) {
	plain := `<OrderRequest><OrderRequestHeader orderID="HL-1"><Comments>a &lt; b</Comments></OrderRequestHeader><ItemOut quantity="1"/></OrderRequest>`
	want := `<Request><OrderRequest><OrderRequestHeader orderID="HL-1"><Comments>a &lt; b</Comments></OrderRequestHeader><ItemOut quantity="1"/></OrderRequest></Request>`
	for name, body := range map[string]string{
		"as it is":                envelope(plain),
		"sent again":              changed(t, envelope(plain), `timestamp="2026-02-10T08:30:00-06:00"`, `timestamp="2026-02-10T09:30:00-06:00"`),
		"with another secret":     changed(t, envelope(plain), `tern-over-water-41`, `heron`),
		"indented":                strings.ReplaceAll(envelope(plain), "><", ">\n\t<"),
		"with Windows line ends":  strings.ReplaceAll(strings.ReplaceAll(envelope(plain), "><", ">\n<"), "\n", "\r\n"),
		"with CDATA and comments": changed(t, envelope(plain), `a &lt; b`, ` <![CDATA[a < b]]><!-- c --> `),
		"with long empty tags":    changed(t, envelope(plain), `<ItemOut quantity="1"/>`, `<ItemOut quantity='1' ></ItemOut>`),
	} {
		if got := string(read(t, body).CanonicalRequest()); got != want {
			t.Errorf("%s: got %s", name, got)
		}
	}
	if got := string(read(t, changed(t, envelope(plain), `quantity="1"`, `quantity="2"`)).CanonicalRequest()); got == want {
		t.Error("another quantity makes no difference")
	}
	if got := read(t, `<Index/>`).CanonicalRequest(); got != nil {
		t.Errorf("an Index has %s", got)
	}
}
