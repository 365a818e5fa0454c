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
		{"decimals", "[" + checkedItem("15.000", "0.01254") + "]", []string{"fault NEW_ITEM-PRICE[1] 3 behind the point"}},
		{"a word for a number", "[" + checkedItem(`"3"`, `"three"`) + "]", []string{`fault NEW_ITEM-QUANTITY[1] "three"`, "warning NEW_ITEM-QUANTITY[1] digits and a point"}},
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
