package oci

import (
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kontorhq/kontor/money"
)

func dec(text string) money.Decimal { return money.MustDecimal(text) }

func decp(text string) *money.Decimal {
	d := dec(text)
	return &d
}

var sameDecimals = cmp.Comparer(func(a, b money.Decimal) bool { return a.Cmp(b) == 0 })

// The figures are those of the OCI reference (section 4) and the demo's price lists.
func TestAPriceIsForTheSmallestPowerOfTenThatMakesItExact(t *testing.T) {
	for _, test := range []struct {
		unit, price string
		per         int64
		ok          bool
	}{
		{"15", "15", 1, true},
		{"0.125", "0.125", 1, true},
		{"0.01254", "1.254", 100, true},
		{"0.01183", "1.183", 100, true},
		{"0.0345", "0.345", 10, true},
		{"1.8525", "18.525", 10, true},
		{"5.55", "5.55", 1, true},
		{"0.0000001", "0.001", 10000, true},
		{"0.00000001", "", 0, false}, // five digits of PRICEUNIT are not enough
		{"12345678901.5", "12345678901.5", 1, true},
		{"123456789012", "", 0, false}, // twelve digits before the point
		{"12345678901.2345", "", 0, false},
		{"0", "0", 1, true},
	} {
		price, per, ok := PriceOf(dec(test.unit))
		if ok != test.ok || ok && (price.Cmp(dec(test.price)) != 0 || per != test.per) {
			t.Errorf("PriceOf(%s) = %s for %d, %v; want %s for %d, %v", test.unit, price, per, ok, test.price, test.per, test.ok)
		}
	}
}

func TestAnItemIsReadHoweverShopsWriteIt(t *testing.T) {
	days := int64(7)
	for _, test := range []struct {
		name   string
		fields []Field
		want   []Item
	}{
		{"in any case, with blanks, zeros and a comma", []Field{
			{"new_item-quantity[1]", " 0002,500 "}, {"New_Item-Price[1]", "00010.00"}, {"NEW_ITEM-PRICEUNIT[1]", "00100"},
			{"NEW_ITEM-LEADTIME[1]", "7.000"}, {"NEW_ITEM-DESCRIPTION[ 1 ]", " Screw "},
		}, []Item{{Index: 1, Description: "Screw", Quantity: dec("2.5"), Price: decp("10"), PriceUnit: 100, LeadTime: &days}}},
		{"with gaps and out of order", []Field{{"NEW_ITEM-DESCRIPTION[7]", "B"}, {"NEW_ITEM-DESCRIPTION[2]", "A"}},
			[]Item{{Index: 2, Description: "A"}, {Index: 7, Description: "B"}}},
		{"with the long text as the interface says", []Field{{"NEW_ITEM-LONGTEXT_2:132[]", "Long"}}, []Item{{Index: 2, LongText: "Long"}}},
		{"with the long text's index in the brackets", []Field{{"NEW_ITEM-LONGTEXT:132[2]", "Long"}}, []Item{{Index: 2, LongText: "Long"}}},
		{"with both indexes", []Field{{"NEW_ITEM-LONGTEXT_2:132[2]", "Long"}}, []Item{{Index: 2, LongText: "Long"}}},
		{"without brackets", []Field{{"NEW_ITEM-LONGTEXT_2:132", "Long"}}, []Item{{Index: 2, LongText: "Long"}}},
		{"without the width", []Field{{"NEW_ITEM-LONGTEXT_2[]", "Long"}}, []Item{{Index: 2, LongText: "Long"}}},
		{"like any other field", []Field{{"NEW_ITEM-LONGTEXT[2]", "Long"}}, []Item{{Index: 2, LongText: "Long"}}},
		{"without any index", []Field{{"NEW_ITEM-LONGTEXT", "Long"}}, []Item{{Index: 1, LongText: "Long"}}},
		{"with the long text cut into lines", []Field{{"NEW_ITEM-LONGTEXT_2:132[]", "one"}, {"NEW_ITEM-LONGTEXT_2:132[]", "two"}}, []Item{{Index: 2, LongText: "one\r\ntwo"}}},
		{"counted from 0", []Field{{"NEW_ITEM-MATNR[0]", "4"}, {"NEW_ITEM-LONGTEXT_0:132[]", "x"}}, []Item{{Index: 0, MatNr: "4", LongText: "x"}}},
		{"price 0, which is allowed", []Field{{"NEW_ITEM-PRICE[1]", "0"}}, []Item{{Index: 1, Price: decp("0")}}},
		{"empty values, which are absent", []Field{{"NEW_ITEM-PRICE[1]", ""}, {"NEW_ITEM-UNIT[1]", " "}, {"NEW_ITEM-MATNR[1]", "4"}},
			[]Item{{Index: 1, MatNr: "4"}}},
		{"fields nobody has heard of, blanks within a part number", []Field{{"NEW_ITEM-GTIN[1]", "2000111096426"}, {"NEW_ITEM-VENDORMAT[1]", "03  1"}},
			[]Item{{Index: 1, VendorMat: "03  1", Other: []Field{{"GTIN", "2000111096426"}}}}},
		{"beside fields of the buyer's own", []Field{{"~OkCode", "ADDI"}, {"NEW_ITEM-MATNR[1]", "4"}, {"token", "x"}}, []Item{{Index: 1, MatNr: "4"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cart, err := ReadCart(test.fields, DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, cart.Items, sameDecimals); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWhatCantBeReadIsToldFieldByField(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"NEW_ITEM-QUANTITY[3]", "1.234,50", `NEW_ITEM-QUANTITY[3]: "1.234,50" is not a number such as 12.500`},
		{"NEW_ITEM-QUANTITY[1]", "-1", `NEW_ITEM-QUANTITY[1]: "-1" is not a number such as 12.500`},
		{"NEW_ITEM-PRICE[2]", "1e3", `NEW_ITEM-PRICE[2]: "1e3" is not a number such as 12.500`},
		{"NEW_ITEM-PRICEUNIT[1]", "0", `NEW_ITEM-PRICEUNIT[1]: must be a whole number of 1 or more`},
		{"NEW_ITEM-LEADTIME[1]", "2.5", `NEW_ITEM-LEADTIME[1]: "2.5" is not a whole number such as 10`},
		{"~xmlDocument", "%%", `~xmlDocument: is not base64`},
	} {
		_, err := ReadCart([]Field{{test.name, test.value}}, DefaultLimits)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s = %s: %v; want %s", test.name, test.value, err, test.want)
		}
	}
	var many []Field
	for i := range 1001 {
		many = append(many, Field{nameOf("MATNR", i+1), "4"})
	}
	if cart, err := ReadCart(many, DefaultLimits); err == nil || len(cart.Items) != 1000 {
		t.Errorf("1,001 items: %d read, %v", len(cart.Items), err)
	}
}

func TestFieldsAreReadInTheirOrderAndTheBodyWins(t *testing.T) {
	for _, test := range []struct {
		name, query, body string
		want              []Field
	}{
		{"the body wins, whatever the case", "HOOK_URL=a&x=1", "hook_url=b", []Field{{"x", "1"}, {"hook_url", "b"}}},
		{"a name may repeat", "", "a=1&b=2&a=3", []Field{{"a", "1"}, {"b", "2"}, {"a", "3"}}},
		{"escapes, plus signs and names with a tilde", "%7ETARGET=_top&q=a+b%2Bc", "", []Field{{"~TARGET", "_top"}, {"q", "a b+c"}}},
		{"an address that was not encoded", "HOOK_URL=https://b.example/r?id=5", "", []Field{{"HOOK_URL", "https://b.example/r?id=5"}}},
		{"a stray per cent sign", "a=100%&b=%zz", "", []Field{{"a", "100%"}, {"b", "%zz"}}},
		{"Latin-1, as the fields say", "", "http_content_charset=iso-8859-1&n=M%FCller", []Field{{"http_content_charset", "iso-8859-1"}, {"n", "Müller"}}},
		{"Latin-9 has a euro sign", "", "http_content_charset=ISO-8859-15&n=%A4", []Field{{"http_content_charset", "ISO-8859-15"}, {"n", "€"}}},
		{"bytes of no known character set", "http_content_charset=klingon&n=%80", "", []Field{{"http_content_charset", "klingon"}, {"n", "€"}}},
		{"UTF-8 whatever the fields say", "http_content_charset=iso-8859-1&n=M%C3%BCller", "", []Field{{"http_content_charset", "iso-8859-1"}, {"n", "Müller"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fields, err := ReadFields(test.query, test.body, DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, fields); d != "" {
				t.Error(d)
			}
		})
	}
	for name, text := range map[string]string{"too large": strings.Repeat("a", 11<<20), "too many": strings.Repeat("a&", 60_000)} {
		if _, err := ReadFields(text, "", DefaultLimits); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
}

func TestACartIsWrittenStrictly(t *testing.T) {
	days := int64(12)
	cart := Cart{Items: []Item{
		{Description: "Machine screw M4 × 10", Quantity: dec("3300.000"), Unit: "ST", Price: decp("1.183"), PriceUnit: 100, Currency: "EUR",
			VendorMat: "FAS-1050", LeadTime: &days, ExtQuoteID: "crt_1", ExtQuoteItem: "1", Other: []Field{{"TAX_CODE", "V1"}}},
		{MatNr: "100-200", Quantity: dec("0.5"), Service: true, CustField: [5]string{"", "", "", "", "x"}},
	}}
	fields, err := cart.Write(Rules{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Field{
		{"NEW_ITEM-DESCRIPTION[1]", "Machine screw M4 × 10"}, {"NEW_ITEM-QUANTITY[1]", "3300"}, {"NEW_ITEM-UNIT[1]", "ST"},
		{"NEW_ITEM-PRICE[1]", "1.183"}, {"NEW_ITEM-CURRENCY[1]", "EUR"}, {"NEW_ITEM-PRICEUNIT[1]", "100"}, {"NEW_ITEM-LEADTIME[1]", "12"},
		{"NEW_ITEM-VENDORMAT[1]", "FAS-1050"}, {"NEW_ITEM-EXT_QUOTE_ID[1]", "crt_1"}, {"NEW_ITEM-EXT_QUOTE_ITEM[1]", "1"}, {"NEW_ITEM-TAX_CODE[1]", "V1"},
		{"NEW_ITEM-MATNR[2]", "100-200"}, {"NEW_ITEM-QUANTITY[2]", "0.5"}, {"NEW_ITEM-SERVICE[2]", "X"}, {"NEW_ITEM-CUST_FIELD5[2]", "x"},
	}
	if d := cmp.Diff(want, fields); d != "" {
		t.Error(d)
	}
	if fields, err := (Cart{}).Write(Rules{}); err != nil || len(fields) != 0 {
		t.Errorf("an empty cart: %v, %v", fields, err)
	}
}

// A long description is cut between characters, and control characters never reach a field.
func TestTextIsMadeToFit(t *testing.T) {
	long := "Blindniet für dünne Bleche und Gehäuse, geprüft für die übliche Setzzange"
	for _, test := range []struct {
		name, description, text string
		want, wantText          string
	}{
		{"forty characters stay", strings.Repeat("ü", 40), "", strings.Repeat("ü", 40), ""},
		{"more are cut, the whole is the long text", strings.Repeat("ü", 41), "", strings.Repeat("ü", 40), strings.Repeat("ü", 41)},
		{"and stands before a long text of its own", long, "In boxes.", "Blindniet für dünne Bleche und Gehäuse,", long + "\r\nIn boxes."},
		{"unless that begins with it", long, long + ". In boxes.", "Blindniet für dünne Bleche und Gehäuse,", long + ". In boxes."},
		{"line ends and tabs", " a\tb\r\nc\x00 ", "one\n\n two\rthree\r\n", "a b  c", "one\r\ntwo\r\nthree"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fields, err := Cart{Items: []Item{{Description: test.description, LongText: test.text, Quantity: dec("1"), Unit: "EA"}}}.Write(Rules{})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, f := range fields {
				got[f.Name] = f.Value
			}
			if got["NEW_ITEM-DESCRIPTION[1]"] != test.want || got["NEW_ITEM-LONGTEXT_1:132[]"] != test.wantText {
				t.Errorf("%q, %q", got["NEW_ITEM-DESCRIPTION[1]"], got["NEW_ITEM-LONGTEXT_1:132[]"])
			}
		})
	}
}

func TestWhatTheInterfaceDoesNotAllowIsNotWritten(t *testing.T) {
	good := func(change func(*Item)) Cart {
		item := Item{Description: "a", Quantity: dec("1"), Unit: "EA", Price: decp("1"), Currency: "EUR"}
		change(&item)
		return Cart{Items: []Item{{Description: "b", Quantity: dec("1"), Unit: "EA"}, item}}
	}
	for _, test := range []struct {
		want   string
		change func(*Item)
	}{
		{"NEW_ITEM-DESCRIPTION[2]: is missing, and so is MATNR", func(i *Item) { i.Description = " \n" }},
		{"NEW_ITEM-QUANTITY[2]: must be more than 0", func(i *Item) { i.Quantity = dec("0") }},
		{"NEW_ITEM-QUANTITY[2]: 0.0001 has more than", func(i *Item) { i.Quantity = dec("0.0001") }},
		{"NEW_ITEM-UNIT[2]: is missing", func(i *Item) { i.Unit = "" }},
		{"NEW_ITEM-UNIT[2]: is longer than 3 characters", func(i *Item) { i.Unit = "EACH" }},
		{"NEW_ITEM-PRICE[2]: 0.01254 has more than 3 digits behind the point; it goes as 1.254 with PRICEUNIT 100", func(i *Item) { i.Price = decp("0.01254") }},
		{"NEW_ITEM-CURRENCY[2]: is missing beside a price", func(i *Item) { i.Currency = "" }},
		{"NEW_ITEM-PRICEUNIT[2]: must be a whole number", func(i *Item) { i.PriceUnit = 100_000 }},
		{"NEW_ITEM-CONTRACT_ITEM[2]: needs CONTRACT", func(i *Item) { i.ContractItem = "10" }},
		{"NEW_ITEM-EXT_QUOTE_ITEM[2]: needs EXT_QUOTE_ID", func(i *Item) { i.ExtQuoteItem = "1" }},
		{"NEW_ITEM-EXT_CATEGORY[2]: needs EXT_SCHEMA_TYPE", func(i *Item) { i.ExtCategory = "1" }},
		{"NEW_ITEM-ATTACHMENT_TITLE[2]: needs ATTACHMENT", func(i *Item) { i.AttachmentTitle = "1" }},
		{"NEW_ITEM-ITEM_TYPE[2]: must be R, O or F", func(i *Item) { i.ItemType = "X" }},
		{"NEW_ITEM-PARENT_ID[2]: 2 is no other item of this cart", func(i *Item) { i.ParentID = "2" }},
		{"NEW_ITEM-VENDORMAT[2]: is longer than 40 characters", func(i *Item) { i.VendorMat = strings.Repeat("ü", 41) }},
		{"is not the name of a field", func(i *Item) { i.Other = []Field{{"X\"><script>", "1"}} }},
		{"is not the name of a field", func(i *Item) { i.Other = []Field{{"PRICE", "1"}} }},
	} {
		fields, err := good(test.change).Write(Rules{})
		if err == nil || !strings.Contains(err.Error(), test.want) || fields != nil {
			t.Errorf("%v; want %s", err, test.want)
		}
	}
	two := Cart{Items: []Item{{Description: "a", Quantity: dec("1"), Unit: "EA", Currency: "EUR"}, {Description: "a", Quantity: dec("1"), Unit: "EA", Currency: "USD"}}}
	if _, err := two.Write(Rules{}); err == nil || !strings.Contains(err.Error(), "a cart has one currency") {
		t.Errorf("two currencies: %v", err)
	}
	if _, err := good(func(i *Item) { i.CustField[4] = strings.Repeat("x", 200) }).Write(Rules{Lengths: map[string]int{"CUST_FIELD5": 255}}); err != nil {
		t.Errorf("a length that the buyer allows: %v", err)
	}
}

func TestACharacterSetLacksNothingAfterFit(t *testing.T) {
	for _, test := range []struct{ charset, name, text, want string }{
		{"", "utf-8", "☃ ü", "☃ ü"},
		{"klingon", "utf-8", "☃", "☃"},
		{"iso-8859-1", "iso-8859-1", "Gehäuse 4,5 × 3 µm, ½", "Gehäuse 4,5 × 3 µm, ½"},
		{"ISO-8859-1", "iso-8859-1", "5 € – „gut“ œuvre łódź ☃", `5 EUR - "gut" oeuvre lódz ?`},
		{"iso-8859-15", "iso-8859-15", "5 € œ ½ ☃", "5 € œ 1/2 ?"},
		{"windows-1252", "windows-1252", "5 € „gut“", "5 € „gut“"},
		{"us-ascii", "windows-1252", "ä", "ä"},
		{"utf-16", "utf-8", "ä", "ä"},
	} {
		c, _ := CharsetOf(test.charset)
		got := c.Fit(test.text)
		if c.Name != test.name || got != test.want {
			t.Errorf("%s: %s, %q; want %s, %q", test.charset, c.Name, got, test.name, test.want)
		}
		if _, err := c.Bytes(got); err != nil {
			t.Errorf("%s: %q can't be written: %v", test.charset, got, err)
		}
	}
	if _, ok := CharsetOf("klingon"); ok {
		t.Error("klingon is known")
	}
}

func TestAFormGoesToAFrame(t *testing.T) {
	for _, test := range []struct {
		returnTarget, target, want string
		ok                         bool
	}{
		{"", "", "_top", true}, {"_parent", "_self", "_parent", true}, {"", "_SELF", "_self", true}, {"", "catalog_frame", "catalog_frame", true},
		{`x" onload="`, "", "_top", false}, {"_evil", "", "_top", false}, {strings.Repeat("a", 65), "", "_top", false},
	} {
		s := Start{ReturnTarget: test.returnTarget, Echo: []Field{{"~TARGET", test.target}}}
		if got, ok := s.Target(); got != test.want || ok != test.ok {
			t.Errorf("%q, %q: %s, %v", test.returnTarget, test.target, got, ok)
		}
	}
}

// A line's total is the exact product, rounded once: independent of the package's own arithmetic.
func TestALineIsRoundedOnce(t *testing.T) {
	for _, test := range []struct {
		quantity, price string
		per             int64
		currency        string
		want            int64
	}{
		{"3300", "1.183", 100, "EUR", 3904}, {"700", "0.345", 10, "EUR", 2415}, {"1100", "18.525", 10, "JPY", 2038},
		{"12.5", "96.2", 1, "JPY", 1203}, {"100", "10.000", 100, "EUR", 1000}, {"3", "100", 100, "EUR", 300},
	} {
		total, err := Item{Quantity: dec(test.quantity), Price: decp(test.price), PriceUnit: test.per, Currency: test.currency}.Total()
		exact := new(big.Rat).Mul(dec(test.quantity).Rat(), dec(test.price).Rat())
		if err != nil || total.Minor != test.want {
			t.Errorf("%s × %s / %d = %s, %v; want %d (exactly %s)", test.quantity, test.price, test.per, total, err, test.want, exact.FloatString(4))
		}
	}
}

func TestAFieldIsSetOrLeftAsItWas(t *testing.T) {
	item := Item{Index: 2, LeadTime: int64p(3)}
	if err := item.Set("LEADTIME", "soon"); err == nil || !strings.Contains(err.Error(), `NEW_ITEM-LEADTIME[2]: "soon" is not a number`) || *item.LeadTime != 3 {
		t.Errorf("%v, %d days", err, *item.LeadTime)
	}
	if err := item.Set("LEADTIME", "5"); err != nil || *item.LeadTime != 5 {
		t.Errorf("%v, %d days", err, *item.LeadTime)
	}
}
