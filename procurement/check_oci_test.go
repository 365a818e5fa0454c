package procurement_test

import (
	"strings"
	"testing"

	"github.com/kontorhq/kontor/procurement"
)

// checkedItem is an item with nothing wrong, its parts replaced.
func checkedItem(pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(`["NEW_ITEM-DESCRIPTION[1]", "Rope"], ["NEW_ITEM-QUANTITY[1]", "3"], ["NEW_ITEM-UNIT[1]", "MTR"], ["NEW_ITEM-PRICE[1]", "15.000"],
		["NEW_ITEM-CURRENCY[1]", "EUR"], ["NEW_ITEM-VENDORMAT[1]", "ROPE-8"], ["NEW_ITEM-EXT_PRODUCT_ID[1]", "ROPE-8@MTR"]`)
}

func TestCheckReadsOCI(t *testing.T) {
	second := checkedItem("[1]", "[2]")
	for _, test := range []struct {
		name, file string
		want       []string // level, place and a part of the message
	}{
		{"a cart as JSON", "[" + checkedItem() + "]", nil},
		{"a cart among other things", `{"note": "x", "fields": [` + checkedItem() + `]}`, nil},
		{"a cart as a body", "NEW_ITEM-DESCRIPTION%5B1%5D=Rope&NEW_ITEM-QUANTITY[1]=3&NEW_ITEM-UNIT[1]=MTR&NEW_ITEM-PRICE[1]=15.000&NEW_ITEM-CURRENCY[1]=EUR&NEW_ITEM-VENDORMAT[1]=R&NEW_ITEM-EXT_PRODUCT_ID[1]=R&~OkCode=ADDI", nil},
		{"a cart as a page", `<html><form method="post" action="x"><input name="NEW_ITEM-DESCRIPTION[1]" value="Rope"><input name="NEW_ITEM-QUANTITY[1]" value="3"><input name="NEW_ITEM-UNIT[1]" value="EA"><input name="NEW_ITEM-VENDORMAT[1]" value="R"><input name="NEW_ITEM-EXT_PRODUCT_ID[1]" value="R"></form>`,
			[]string{"note NEW_ITEM-PRICE[1] no price"}},
		{"a page that sends by GET, with a stray field", `<form action="x"><input name="NEW_ITEM-MATNR[1]" value="B"><input name="NEW_ITEM-QUANTITY[1]" value="3"><input name="NEW_ITEM-EXT_PRODUCT_ID[1]" value="R"><input name="csrf" value="1"></form>`,
			[]string{"fault  by GET", "note NEW_ITEM-PRICE[1] no price", "note csrf none of the cart's"}},
		{"a visit without a cart", `[["~OkCode", "ADDI"]]`, []string{"note  visit without a cart"}},
		{"what is required", `[["NEW_ITEM-VENDORMAT[1]", "R"], ["NEW_ITEM-PRICE[1]", "1"], ["NEW_ITEM-EXT_PRODUCT_ID[1]", "R"]]`,
			[]string{"fault NEW_ITEM-DESCRIPTION[1] so is MATNR", "fault NEW_ITEM-QUANTITY[1] more than 0", "fault NEW_ITEM-UNIT[1] missing", "fault NEW_ITEM-CURRENCY[1] beside a price"}},
		{"pairs", "[" + checkedItem() + `, ["NEW_ITEM-CONTRACT_ITEM[1]", "1"], ["NEW_ITEM-EXT_CATEGORY[1]", "1"]]`,
			[]string{"fault NEW_ITEM-CONTRACT_ITEM[1] eeds CONTRACT", "fault NEW_ITEM-EXT_CATEGORY[1] eeds EXT_SCHEMA_TYPE"}},
		{"decimals", "[" + checkedItem("15.000", "0.01254") + "]", []string{"fault NEW_ITEM-PRICE[1] 3 digits behind the point; it goes as 1.254 with PRICEUNIT 100"}},
		{"a price that can't be read", "[" + checkedItem("15.000", "1.234,50") + "]", []string{`fault NEW_ITEM-PRICE[1] "1.234,50"`}},
		{"a word for a currency", "[" + checkedItem("EUR", "EURO") + "]", []string{"fault NEW_ITEM-CURRENCY[1] no currency"}},
		{"a unit of SAP's own", "[" + checkedItem("MTR", "ST") + "]", []string{"note NEW_ITEM-UNIT[1] ISO code, PCE"}},
		{"a word for a mark", "[" + checkedItem() + `, ["NEW_ITEM-SERVICE[1]", "yes"]]`, []string{"warning NEW_ITEM-SERVICE[1] X for a service"}},
		{"HTML in the long text, in pieces", "[" + checkedItem() + `, ["NEW_ITEM-LONGTEXT_1:132[]", "<p>Soft"], ["NEW_ITEM-LONGTEXT_1:132[]", "&amp; warm"]]`,
			[]string{"warning NEW_ITEM-LONGTEXT[1] HTML", "warning NEW_ITEM-LONGTEXT_1:132[] in one field"}},
		{"a field twice", "[" + checkedItem() + `, ["NEW_ITEM-QUANTITY[1]", "9"]]`, []string{"warning NEW_ITEM-QUANTITY[1] more than once"}},
		{"counted from 0", "[" + checkedItem("[1]", "[0]") + ", " + checkedItem() + "]", []string{"warning NEW_ITEM-DESCRIPTION[0] counted from 0"}},
		{"an ECLASS code with its dashes", "[" + checkedItem() + `, ["NEW_ITEM-MATGROUP[1]", "22-41-01-01"]]`, []string{"fault NEW_ITEM-MATGROUP[1] longer than 10", "note NEW_ITEM-MATGROUP[1] 22410101"}},
		{"an attachment behind a login", "[" + checkedItem() + `, ["NEW_ITEM-ATTACHMENT[1]", "https://u:p@shop.example/a.pdf"], ["NEW_ITEM-ATTACHMENT_PURPOSE[1]", "Z"]]`,
			[]string{"fault NEW_ITEM-ATTACHMENT_PURPOSE[1] ust be C", "warning NEW_ITEM-ATTACHMENT[1] without a login"}},
		{"a long text of many lines in a page", `<form method="post" action="x"><input name="NEW_ITEM-MATNR[1]" value="B"><input name="NEW_ITEM-QUANTITY[1]" value="3"><input name="NEW_ITEM-EXT_PRODUCT_ID[1]" value="R"><textarea name="NEW_ITEM-LONGTEXT_1:132[]">a &lt;b&gt;b&lt;/b&gt;</textarea></form>`,
			[]string{"warning NEW_ITEM-LONGTEXT[1] HTML", "note NEW_ITEM-PRICE[1] no price"}},
		{"XML that can't be read", `[["~xmlDocument", "PEI+"]]`, []string{"fault ~xmlDocument as XML"}},
		{"a word for a number", "[" + checkedItem(`"3"`, `"three"`) + "]", []string{`fault NEW_ITEM-QUANTITY[1] "three"`}},
		{"a comma", "[" + checkedItem("15.000", "15,00") + "]", []string{"warning NEW_ITEM-PRICE[1] digits and a point"}},
		{"lengths", "[" + checkedItem(`"Rope"`, `"`+strings.Repeat("ö", 41)+`"`, `"MTR"`, `"METRE"`) + "]", []string{"fault NEW_ITEM-UNIT[1] longer than 3", "warning NEW_ITEM-DESCRIPTION[1] 41 characters"}},
		{"two currencies", "[" + checkedItem() + ", " + strings.Replace(second, "EUR", "USD", 1) + "]", []string{"fault NEW_ITEM-CURRENCY[2] one currency"}},
		{"a gap, and a fault beyond it", "[" + checkedItem() + ", " + checkedItem("[1]", "[4]", `"3"`, `"0"`) + "]", []string{"fault NEW_ITEM-QUANTITY[4] more than 0", "warning NEW_ITEM-DESCRIPTION[4] first gap"}},
		{"names", "[" + checkedItem() + `, ["new_item-longtext[1]", "x"], ["NEW_ITEM-GTIN[01]", "1"]]`,
			[]string{"warning new_item-longtext[1] how the texts write", "warning NEW_ITEM-GTIN[01] how the texts write"}},
		{"a price of 0", "[" + checkedItem("15.000", "0") + "]", []string{"warning NEW_ITEM-PRICE[1] The price is 0"}},
		{"a card", "[" + checkedItem("Rope", checkCard) + "]", []string{"warning NEW_ITEM-DESCRIPTION[1] card number"}},

		{"a start", "?HOOK_URL=https%3A%2F%2Fbuyer.example.com%2F&USERNAME=u&PASSWORD=" + checkSecret, []string{"note PASSWORD in clear"}},
		{"a start's address", "https://shop.example/m/x/oci/y?HOOK_URL=https%3A%2F%2Fbuyer.example.com%2F&username=u", []string{"fault PASSWORD missing"}},
		{"a start without all", `[["USERNAME", ""], ["FUNCTION", "VALIDATE"]]`,
			[]string{"fault HOOK_URL missing", "fault USERNAME missing", "fault PASSWORD missing", "fault PRODUCTID missing"}},
		{"a start from SAP GUI", "HOOK_URL=sapevent:back&USERNAME=u&PASSWORD=" + checkSecret, []string{"note PASSWORD in clear", "note HOOK_URL SAP GUI"}},
		{"a password under a name of its own", "HOOK_URL=https://buyer.example.com/%23&USERNAME=u&PASSWORD=x&pw=" + checkSecret, []string{"fault HOOK_URL no address", "note PASSWORD in clear", "note pw in clear"}},
		{"a start that is odd", "HOOK_URL=http://buyer.example.com/&USERNAME=u&PASSWORD=" + checkSecret + "&FUNCTION=TELEPATHY&http_content_charset=klingon&returntarget=%22x&OCICANCEL=javascript:1",
			[]string{"fault OCICANCEL no address", "warning HOOK_URL over http", "warning http_content_charset no character set", "warning returntarget no frame", "note PASSWORD in clear", "note FUNCTION no function"}},
	} {
		found, err := procurement.Check([]byte(test.file), "")
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var got []string
		matched := len(found) == len(test.want)
		for i, f := range found {
			got = append(got, string(f.Level)+" "+f.Place+" "+f.Message)
			if matched {
				level, rest, _ := strings.Cut(test.want[i], " ")
				place, part, _ := strings.Cut(rest, " ")
				matched = string(f.Level) == level && f.Place == place && strings.Contains(f.Message, part)
			}
		}
		if !matched {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
		if all := strings.Join(got, ""); strings.Contains(all, checkSecret) || strings.Contains(all, checkCard) {
			t.Errorf("%s: a secret is shown: %s", test.name, all)
		}
	}
	for _, other := range []string{"", "[]", `[["a", "b"]]`, "a=b", `<form><input name="q"></form>`, `["NEW_ITEM-MATNR[1]"]`} {
		if _, err := procurement.Check([]byte(other), ""); err == nil {
			t.Errorf("%q is taken for OCI", other)
		}
	}
}
