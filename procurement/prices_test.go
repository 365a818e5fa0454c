package procurement_test

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
)

// broughtHome is a returned cart as a buyer's system reads it.
type broughtHome struct {
	Status struct {
		Code int `xml:"code,attr"`
	} `xml:"Message>Status"`
	Total string       `xml:"Message>PunchOutOrderMessage>PunchOutOrderMessageHeader>Total>Money"`
	Items []itemInCart `xml:"Message>PunchOutOrderMessage>ItemIn"`
}

type itemInCart struct {
	Quantity  string `xml:"quantity,attr"`
	SKU       string `xml:"ItemID>SupplierPartID"`
	Auxiliary string `xml:"ItemID>SupplierPartAuxiliaryID"`
	BuyerPart string `xml:"ItemID>BuyerPartID"`
	Price     string `xml:"ItemDetail>UnitPrice>Money"`
	Unit      string `xml:"ItemDetail>UnitOfMeasure"`
	LeadTime  string `xml:"ItemDetail>LeadTime"`
	Basis     *struct {
		Quantity string `xml:"quantity,attr"`
		Factor   string `xml:"conversionFactor,attr"`
		Unit     string `xml:"UnitOfMeasure"`
	} `xml:"ItemDetail>PriceBasisQuantity"`
}

// text is an item in short words: "1500 EA at 1.255 per 100".
func (i itemInCart) text() string {
	text := i.Quantity + " " + i.Unit + " at " + i.Price
	if i.Basis != nil {
		text += " per " + i.Basis.Quantity
		if i.Basis.Factor != "1" || i.Basis.Unit != i.Unit {
			text += " with the factor " + i.Basis.Factor + " of " + i.Basis.Unit
		}
	}
	return text
}

// out writes the item as a buyer's system sends it again, in an order or for an edit.
func (i itemInCart) out(line int, currency string) string {
	basis := ""
	if i.Basis != nil {
		basis = `<PriceBasisQuantity quantity="` + i.Basis.Quantity + `" conversionFactor="` + i.Basis.Factor + `"><UnitOfMeasure>` + i.Basis.Unit + `</UnitOfMeasure></PriceBasisQuantity>`
	}
	part := ""
	if i.BuyerPart != "" {
		part = "<BuyerPartID>" + i.BuyerPart + "</BuyerPartID>"
	}
	return fmt.Sprintf(`<ItemOut quantity="%s" lineNumber="%d"><ItemID><SupplierPartID>%s</SupplierPartID><SupplierPartAuxiliaryID>%s</SupplierPartAuxiliaryID>%s</ItemID>`+
		`<ItemDetail><UnitPrice><Money currency="%s">%s</Money></UnitPrice><Description xml:lang="en">What came home</Description><UnitOfMeasure>%s</UnitOfMeasure>%s`+
		`<Classification domain="UNSPSC">31151500</Classification></ItemDetail></ItemOut>`, i.Quantity, line, i.SKU, i.Auxiliary, part, currency, i.Price, i.Unit, basis)
}

// orderOf writes the order of a cart that came home.
func orderOf(payload, number, total, currency string, items []itemInCart) []byte {
	var b strings.Builder
	for i, item := range items {
		b.WriteString(item.out(i+1, currency))
	}
	text := string(po(payload, number, `<Money currency="USD">45.00</Money>`, `<Money currency="`+currency+`">`+total+`</Money>`))
	start, end := strings.Index(text, "<ItemOut"), strings.LastIndex(text, "</OrderRequest>")
	return []byte(text[:start] + b.String() + text[end:])
}

func readHome(t testing.TB, message string) broughtHome {
	t.Helper()
	var home broughtHome
	if err := xml.Unmarshal([]byte(message), &home); err != nil {
		t.Fatalf("%v\n%s", err, message)
	}
	return home
}

// offer gives a merchant a product with all that is said about it, at a list price in USD.
func (r *rig) offer(p catalog.Product, price string) {
	r.Helper()
	p.Name, p.UNSPSC = "The "+p.SKU, "31151500"
	r.in(func(tx *database.Tx) error {
		kept, err := catalog.Save(r.ctx, tx, p, present)
		if err != nil {
			return err
		}
		return catalog.SavePrice(r.ctx, tx, p.Merchant, kept.ID, catalog.Price{Currency: "USD", Price: money.MustDecimal(price)})
	})
}

func packs(list ...string) []catalog.OtherUnit {
	var units []catalog.OtherUnit
	for i := 0; i < len(list); i += 2 {
		units = append(units, catalog.OtherUnit{Unit: list[i], Content: money.MustDecimal(list[i+1])})
	}
	return units
}

// What has more decimals than the buyer takes is written for several units, in another unit or not
// at all (cXML reference 5.8), and comes back as an order and for an edit to the last digit.
func TestFinePricesGoHomeWhole(t *testing.T) {
	tests := []struct {
		name                  string
		version, basis        string
		decimals              int
		price, quantity, unit string
		units                 []catalog.OtherUnit
		home, amount, refuses string
		edited                string // what an edit shows
	}{
		{"for 10", "1.2.050", "", 4, "0.01255", "1500", "EA", packs("BX", "100"), "1500 EA at 0.1255 per 10", "18.83", "", "1500 EA x 0.01255 = 18.83"},
		{"for 100", "1.2.036", "auto", 3, "0.01255", "1500", "EA", nil, "1500 EA at 1.255 per 100", "18.83", "", "1500 EA x 0.01255 = 18.83"},
		{"for a million", "1.2.036", "", 1, "0.0000141", "70000", "EA", nil, "70000 EA at 14.1 per 1000000", "0.99", "", "70000 EA x 0.0000141 = 0.99"},
		{"exactly as fine as it may be", "1.2.014", "", 5, "0.01255", "1500", "EA", packs("BX", "100"), "1500 EA at 0.01255", "18.83", "", "1500 EA x 0.01255 = 18.83"},
		{"boxes where the version has no basis", "1.2.014", "", 4, "0.01255", "1500", "EA", packs("BX", "100"), "15 BX at 1.255", "18.83", "", "15 BX x 1.255 = 18.83"},
		{"boxes where 1.2.020 has none either", "1.2.020", "", 4, "0.01255", "1500", "EA", packs("BX", "100"), "15 BX at 1.255", "18.83", "", "15 BX x 1.255 = 18.83"},
		{"boxes where the basis would be ignored", "1.2.050", "never", 4, "0.01255", "1500", "EA", packs("BX", "100"), "15 BX at 1.255", "18.83", "", "15 BX x 1.255 = 18.83"},
		{"the smallest pack that does", "1.2.014", "", 4, "0.01255", "1500", "EA", packs("CS", "500", "BX", "100", "PR", "2", "PK", "7"), "750 PR at 0.0251", "18.83", "", "750 PR x 0.0251 = 18.83"},
		{"back to the order unit", "1.2.014", "", 2, "1.25", "300", "EA", packs("EA", "0.01"), "3 BX at 1.25", "3.75", "", "3 BX x 1.25 = 3.75"},
		{"half a box is no box", "1.2.014", "", 4, "0.01255", "1550", "EA", packs("BX", "100"), "", "", "more decimals than the 4", ""},
		{"without another unit", "1.2.014", "", 4, "0.01255", "1500", "EA", nil, "", "", "more decimals than the 4", ""},
		{"a pack whose price is too fine as well", "1.2.014", "", 2, "0.01255", "1500", "EA", packs("BX", "100"), "", "", "more decimals than the 2", ""},
		{"a unit that the buyer calls otherwise", "1.2.050", "", 4, "0.01255", "1500", "BG", nil, "1500 SAC at 0.1255 per 10", "18.83", "", "1500 BG x 0.01255 = 18.83"},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.visited(editable, func(l *link) {
					l.settings.DecimalsOfPrices, l.settings.PriceBasis = test.decimals, test.basis
					l.settings.DTDVersions = map[string]string{"": test.version}
					l.settings.Units = map[string]string{"BG": "SAC"}
				})
				unit := test.unit
				if len(test.units) > 0 && test.units[0].Unit == unit {
					unit = "BX" // it is ordered in the other one
				}
				r.offer(catalog.Product{Merchant: merchant, SKU: "FAS-1050", Unit: unit, OtherUnits: test.units,
					LeastQuantity: money.MustDecimal("0.001"), QuantityStep: money.MustDecimal("0.001")}, test.price)
				visit := r.enter(r.start(merchant, setUp("s1", "c", "a@b.example")), browserA)
				r.mustPut(merchant, visit, "FAS-1050", test.quantity, test.unit, "HOOK-2", "1", "EA")
				if test.refuses != "" {
					_, err := r.home(merchant, visit, false)
					r.wantFault(err, fault.Invalid)
					if err == nil || !strings.Contains(err.Error(), "lines[0].unit: The price of FAS-1050") || !strings.Contains(err.Error(), test.refuses) {
						t.Errorf("refused with %v", err)
					}
					r.mustPut(merchant, visit, "HOOK-2", "1", "EA") // the visit goes on
					r.mustHome(merchant, visit, false)
					return
				}
				home := readHome(t, r.sentHome(merchant, visit, false))
				if len(home.Items) != 2 || home.Items[0].text() != test.home {
					t.Fatalf("went home as %+v, want %s", home, test.home)
				}

				r.wantCodes(merchant, []int{200}, orderOf("p1", "A-1", home.Total, "USD", home.Items))
				o := r.order(merchant, "A-1")
				if got := flags(o); got != "" || o.State != "approved" || o.Version.Lines[0].Amount.Text() != test.amount || o.Version.Goods.Text() != home.Total {
					t.Errorf("the order is %s, flags %s; want %s in %s", describe(o), got, test.amount, home.Total)
				}

				again, session := r.shopping(merchant, comeBack("s2", "edit", home.Items[0].out(1, "USD")+home.Items[1].out(2, "USD")))
				if got := lines(r.cartOf(session)); !strings.Contains(got, "FAS-1050 "+test.edited) {
					t.Errorf("the edit shows %s, want %s", got, test.edited)
				}
				edited := readHome(t, r.sentHome(merchant, again, false))
				if edited.Items[0].text() != test.home || edited.Items[0].Auxiliary != home.Items[0].Auxiliary || edited.Total != home.Total {
					t.Errorf("after the edit it is %+v, before %+v", edited, home)
				}
			})
		}
	})
}

// The snapshot holds what was sent: a price that changes afterwards changes nothing about it.
func TestAnOrderMatchesWhatWasSentAndNotTodaysPrice(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		for _, version := range []string{"1.2.014", "1.2.050"} {
			merchant := r.visited(func(l *link) {
				l.settings.DecimalsOfPrices, l.settings.DTDVersions, l.settings.BelowPrice = 4, map[string]string{"": version}, "review"
			})
			r.offer(catalog.Product{Merchant: merchant, SKU: "FAS-1050", Unit: "EA", OtherUnits: packs("BX", "100")}, "0.01255")
			visit := r.enter(r.start(merchant, setUp("s1", "c", "a@b.example")), browserA)
			r.mustPut(merchant, visit, "FAS-1050", "1500", "EA")
			home := readHome(t, r.sentHome(merchant, visit, false))
			r.price(merchant, "FAS-1050", "0.0141")
			r.wantCodes(merchant, []int{200}, orderOf("p1", "A-1", home.Total, "USD", home.Items))
			if o := r.order(merchant, "A-1"); flags(o) != "" || o.Version.Goods.Text() != "18.83" {
				t.Errorf("%s: %s, flags %s", version, describe(o), flags(o))
			}
			// Without the word that says where it comes from, today's price counts, in that unit.
			home.Items[0].Auxiliary = "elsewhere"
			r.wantCodes(merchant, []int{201}, orderOf("p2", "A-2", home.Total, "USD", home.Items))
			if o := r.order(merchant, "A-2"); flags(o) != "price_below 1" || !strings.Contains(o.Decision.Sentence, "2.32 USD less") {
				t.Errorf("%s: flags %s, %s", version, flags(o), o.Decision.Sentence)
			}
		}
	})
}

// The buyer's units in every direction.
func TestUnitsAreTranslatedBothWays(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		buyer := newReceiver(t)
		merchant := r.visited(editable, func(l *link) {
			l.settings.Units = map[string]string{"EA": "EACH", "MTR": "M", "BX": "MTR"}
			l.settings.EditCancel, l.settings.BelowPrice = "resend", "review"
		})
		r.offer(catalog.Product{Merchant: merchant, SKU: "BOLT-1", Unit: "BX"}, "18.45")
		r.offer(catalog.Product{Merchant: merchant, SKU: "SACK-1", Unit: "M"}, "1.00")
		visit := r.enter(r.start(merchant, setUp("s1", "c", "a@b.example")), browserA)
		r.mustPut(merchant, visit, "HOOK-2", "2", "EA", "ROPE-8", "3", "MTR", "BOLT-1", "4", "BX", "SACK-1", "1", "M")
		_, err := r.home(merchant, visit, false)
		r.wantFault(err, fault.Invalid)
		if err == nil || !strings.Contains(err.Error(), "lines[3].unit") || !strings.Contains(err.Error(), "M means MTR in the buyer's system") {
			t.Errorf("a unit that the buyer would misread: %v", err)
		}
		r.mustPut(merchant, visit, "HOOK-2", "2", "EA", "ROPE-8", "3", "MTR", "BOLT-1", "4", "BX")
		home := readHome(t, r.sentHome(merchant, visit, false))
		units := func(items []itemInCart) string {
			var list []string
			for _, i := range items {
				list = append(list, i.Unit)
			}
			return strings.Join(list, " ")
		}
		if got := units(home.Items); got != "EACH M MTR" {
			t.Errorf("went home in %s", got)
		}

		r.wantCodes(merchant, []int{200}, orderOf("p1", "A-1", home.Total, "USD", home.Items))
		o := r.order(merchant, "A-1")
		got := ""
		for _, l := range o.Version.Lines {
			got += l.Unit + "/" + l.BuyerUnit + " "
		}
		if flags(o) != "" || got != "EA/EACH MTR/M BX/MTR " {
			t.Errorf("the order is %s in %s, flags %s", describe(o), got, flags(o))
		}

		// A cancelled edit sends again what the buyer has, in its own words; case is no difference.
		home.Items[0].Unit = "Each"
		all := home.Items[0].out(1, "USD") + home.Items[1].out(2, "USD") + home.Items[2].out(3, "USD")
		again, session := r.shopping(merchant, comeBack("s2", "edit", all))
		if text := lines(r.cartOf(session)); !strings.Contains(text, "HOOK-2 2 EA x") || !strings.Contains(text, "BOLT-1 4 BX x") {
			t.Errorf("the edit shows %s", text)
		}
		if got := units(readHome(t, r.sentHome(merchant, again, true)).Items); got != "Each M MTR" {
			t.Errorf("cancelled, it went back in %s", got)
		}

		// What the map doesn't know stays what it is, and is flagged where nothing is sold in it.
		home.Items[0].Unit = "STK"
		r.wantCodes(merchant, []int{201}, orderOf("p2", "A-2", home.Total, "USD", home.Items))
		if o := r.order(merchant, "A-2"); flags(o) != "unit_unknown 1" || o.Version.Lines[0].Unit != "STK" || o.Version.Lines[0].BuyerUnit != "" {
			t.Errorf("%s, flags %s", describe(o), flags(o))
		}

		// A refusal names the lines in the units of the order.
		other := r.merchant("live")
		l := fixture()
		l.overLimit, l.settings.Refused, l.settings.OrdersURL = "refuse", "confirmation", buyer.URL+"/"+other
		l.settings.Units = map[string]string{"EA": "EACH"}
		l.limits = []money.Amount{money.Of(1, "USD")}
		r.connect(other, l)
		r.sell(other, "HOOK-2", "Hook", "EA", "15.00")
		r.sell(other, "ROPE-8", "Rope", "MTR", "5.00")
		r.wantCodes(other, []int{200}, po("p3", "A-3", secondUnit, "<UnitOfMeasure>EACH</UnitOfMeasure>"))
		r.deliver()
		bodies := buyer.of("/" + other)
		if len(bodies) != 1 || strings.Count(string(bodies[0]), "<UnitOfMeasure>EACH</UnitOfMeasure>") != 2 || strings.Count(string(bodies[0]), "<UnitOfMeasure>MTR</UnitOfMeasure>") != 2 {
			t.Errorf("went out:\n%s", slices.Concat(bodies...))
		}
	})
}

func TestUnitMapsThatCannotBeReadBackwards(t *testing.T) {
	for _, test := range []struct {
		name  string
		units map[string]string
		want  string // place and a part of the sentence
	}{
		{"one code for one unit", map[string]string{"EA": "EACH", "PR": "PAA", "MTR": "M"}, ""},
		{"two that change places", map[string]string{"EA": "BX", "BX": "EA"}, ""},
		{"two units under one code", map[string]string{"EA": "ST", "C62": "ST"}, "units.EA: \"ST\" is C62 already"},
		{"the same but for case", map[string]string{"EA": "each", "C62": "EACH"}, "units.EA: \"each\" is C62 already"},
		{"nothing", map[string]string{"EA": ""}, "units.EA: the buyer's unit has 1 to 40"},
		{"blanks", map[string]string{"EA": "EACH "}, "units.EA: the buyer's unit has 1 to 40"},
		{"control characters", map[string]string{"EA": "E\x01"}, "units.EA: the buyer's unit has 1 to 40"},
		{"no code of ours", map[string]string{"each": "EACH"}, "units.each: our unit is a UN/CEFACT code"},
	} {
		got := ""
		for _, f := range (procurement.Settings{Units: test.units}).Check() {
			got += f.Path + ": " + f.Message
		}
		if (test.want == "") != (got == "") || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
