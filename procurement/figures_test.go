package procurement_test

import (
	"strings"
	"testing"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/procurement"
)

// What an order states beside its lines: tax and shipping in their several places, what is taken off
// the Total as a whole, and figures that can't be (cXML reference 6.4, 6.5, 6.10).
func TestWhatAnOrderStatesBesideItsLines(t *testing.T) {
	const (
		lineEnds   = "</ItemDetail></ItemOut>\n<ItemOut"
		headerEnds = "</Total></OrderRequestHeader>"
		allowance  = `<Modifications><Modification><OriginalPrice><Money currency="USD">45.00</Money></OriginalPrice><AdditionalDeduction><DeductionAmount><Money currency="USD">5.00</Money></DeductionAmount></AdditionalDeduction></Modification></Modifications>`
	)
	shipping := func(amount string) string {
		return `<Shipping><Money currency="USD">` + amount + `</Money><Description xml:lang="en">Freight</Description></Shipping>`
	}
	tax := func(amount string, details ...string) string {
		text := `<Tax><Money currency="USD">` + amount + `</Money><Description xml:lang="en">Tax</Description>`
		for _, d := range details {
			text += `<TaxDetail category="sales"><TaxAmount><Money currency="USD">` + d + `</Money></TaxAmount></TaxDetail>`
		}
		return text + `</Tax>`
	}
	online := func(what string) []byte {
		return po("p", "A", lineEnds, "</ItemDetail>"+what+"</ItemOut>\n<ItemOut", "</ItemDetail></ItemOut>\n</OrderRequest>", "</ItemDetail>"+what+"</ItemOut>\n</OrderRequest>")
	}
	both := func(header, line string) []byte {
		return change(string(online(line)), headerEnds, "</Total>"+header+"</OrderRequestHeader>")
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			name   string
			body   []byte
			review bool // below_price
			refuse bool // total_mismatch
			code   int
			says   string
			sums   string // goods, tax, shipping
			held   string
			flags  string
		}{
			{"shipping on the lines", online(shipping("3.50")), false, false, 200, "52.00 USD", "45.00 0.00 7.00", "52.00", ""},
			{"shipping in the header counts alone", both(shipping("4.00"), shipping("3.50")), false, false, 200, "49.00 USD", "45.00 0.00 4.00", "49.00", ""},
			{"an empty shipping in the header is none", both(shipping(""), shipping("3.50")), false, false, 200, "52.00 USD", "45.00 0.00 7.00", "52.00", ""},
			{"a Total with the lines' shipping in it", change(string(online(shipping("3.50"))), ">45.00<", ">52.00<"), false, true, 200, "with tax and shipping to 52.00", "45.00 0.00 7.00", "52.00", "total_includes"},
			{"tax in parts alone", po("p", "A", headerEnds, "</Total>"+tax("", "2.00", "1.26")+"</OrderRequestHeader>"), false, false, 200, "48.26 USD", "45.00 3.26 0.00", "48.26", ""},
			{"tax in parts on the lines", online(tax("", "0.10", "0.05")), false, false, 200, "45.30 USD", "45.00 0.30 0.00", "45.30", ""},
			{"a tax's own figure counts alone", po("p", "A", headerEnds, "</Total>"+tax("3.00", "2.00", "1.26")+"</OrderRequestHeader>"), false, false, 200, "48.00 USD", "45.00 3.00 0.00", "48.00", ""},
			{"an allowance in a unit price is in it already", po("p", "A", "5.00</Money></UnitPrice>", "5.00</Money>"+allowance+"</UnitPrice>"), true, true, 200, "45.00 USD", "45.00 0.00 0.00", "45.00", ""},
			{"an allowance on the whole order waits", po("p", "A", "45.00</Money></Total>", "40.00</Money>"+allowance+"</Total>"), true, false, 201,
				"The order takes something off its Total: Total is 40.00, the lines come to 45.00.", "45.00 0.00 0.00", "0.00", "total_modified"},
			{"or is taken without it, and said so", po("p", "A", "45.00</Money></Total>", "40.00</Money>"+allowance+"</Total>"), false, false, 200,
				"the order modifies its Total as a whole, which isn't counted", "45.00 0.00 0.00", "45.00", "total_modified"},
			{"or is a mismatch", po("p", "A", "45.00</Money></Total>", "40.00</Money>"+allowance+"</Total>"), false, true, 400, "Total is 40.00", "", "0.00", ""},
			{"a charge on the whole order doesn't wait", po("p", "A", "45.00</Money></Total>", "50.00</Money>"+allowance+"</Total>"), true, false, 200, "Total is 50.00", "45.00 0.00 0.00", "45.00", "total_modified"},
			{"modifications that come to nothing", po("p", "A", "45.00</Money></Total>", "45.00</Money>"+allowance+"</Total>"), true, false, 200, "45.00 USD", "45.00 0.00 0.00", "45.00", ""},
			{"a line's place is named plainly", po("p", "A", `quantity="3"`, `quantity="9999999999999999999"`), false, false, 400, "too large (OrderRequest/ItemOut[1])", "", "0.00", ""},
			{"a price's place", po("p", "A", ">5.00<", ">-5.00<"), false, false, 400, "negative (OrderRequest/ItemOut[1]/ItemDetail/UnitPrice)", "", "0.00", ""},
			{"a line without a part number", po("p", "A", ">ROPE-8<", "><"), true, false, 201, "line 1: what has no part number is not in the catalogue", "45.00 0.00 0.00", "0.00", "product_unknown 1"},
			{"a blanket order for less than nothing", blanket("p", "new", "A", "-5.00", "", ""), false, false, 400, "can't be negative (OrderRequest/OrderRequestHeader/Total/Money)", "", "0.00", ""},
			{"a blanket order for more than can be counted", blanket("p", "new", "A", "9999999999999999999", "", ""), false, false, 400, "too large (OrderRequest/OrderRequestHeader/Total/Money)", "", "0.00", ""},
			{"a blanket line for less than nothing", blanket("p", "new", "A", "10", "", "-1"), false, false, 400, "can't be negative (OrderRequest/ItemOut[1]/BlanketItemDetail/MaxAmount/Money)", "", "0.00", ""},
			{"a blanket line for more than can be counted", blanket("p", "new", "A", "10", "", "5", "9999999999999999999"), false, false, 400, "too large (OrderRequest/ItemOut[2]/BlanketItemDetail/MaxAmount/Money)", "", "0.00", ""},
		} {
			merchant := r.visited(func(l *link) {
				if test.review {
					l.settings.BelowPrice = "review"
				}
				if test.refuse {
					l.settings.TotalMismatch = "refuse"
				}
			})
			before := r.counts(merchant, "documents", "attachments")
			a := r.post(merchant, test.body)
			if a.code != test.code || !strings.Contains(a.detail, test.says) {
				t.Errorf("%s: %d %s; want %d, %s", test.name, a.code, a.detail, test.code, test.says)
			}
			if held := r.held(merchant); held != test.held {
				t.Errorf("%s: %s held, want %s", test.name, held, test.held)
			}
			if test.sums == "" {
				if left := changed(before, r.counts(merchant, "documents", "attachments")); left != "" {
					t.Errorf("%s: refused, but %s", test.name, left)
				}
				continue
			}
			o := r.order(merchant, "A")
			if v := o.Version; v.Goods.Text()+" "+v.Tax.Text()+" "+v.Freight.Text() != test.sums || flags(o) != test.flags {
				t.Errorf("%s: %s, flags %s; want %s, %s", test.name, describe(o), flags(o), test.sums, test.flags)
			}
		}
	})
}

// A buyer may cancel what has ended by our side: nothing is left to do, and it isn't told of a fault.
// After its own cancellation every further version is a conflict (cXML reference 3.5, 6.9).
func TestCancellingWhatHasEnded(t *testing.T) {
	kind := func(payload, kind, version string) []byte {
		return po(payload, "A", `type="new"`, `type="`+kind+`" orderVersion="`+version+`"`)
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			name string
			end  func(merchant string)
			code int
			says string
		}{
			{"refused by a person", func(merchant string) { r.rule(merchant, "A", false) }, 200, "Order A is refused already, nothing of it is left to cancel."},
			{"taken back by the merchant", func(merchant string) {
				r.rule(merchant, "A", true)
				r.cancelLine(merchant, "A", 1, "")
				r.cancelLine(merchant, "A", 2, "")
			}, 200, "Order A is cancelled already, nothing of it is left to cancel."},
			{"cancelled by its buyer", func(merchant string) { r.wantCodes(merchant, []int{200}, kind("p2", "delete", "2")) }, 409, "is cancelled and can't be changed any more"},
		} {
			merchant := r.visited(func(l *link) { l.settings.BelowPrice = "review" })
			r.wantCodes(merchant, []int{201}, po("p1", "A", `type="new"`, `type="new" orderVersion="1"`, ">5.00<", ">4.00<"))
			test.end(merchant)
			if a := r.post(merchant, kind("p3", "delete", "3")); a.code != test.code || !strings.Contains(a.detail, test.says) {
				t.Errorf("%s: %d %s; want %d, %s", test.name, a.code, a.detail, test.code, test.says)
			}
			if a := r.post(merchant, kind("p4", "update", "4")); a.code != 409 {
				t.Errorf("%s, then changed: %d %s", test.name, a.code, a.detail)
			}
			if o := r.order(merchant, "A"); o.Live() || r.held(merchant) != "0.00" {
				t.Errorf("%s: %s", test.name, describe(o))
			}
		}
	})
}

// What a document asks for is what it says: how a connection reads its units and which part number is
// freight may be set otherwise before it comes again.
func TestARepeatAfterTheConnectionWasSetOtherwise(t *testing.T) {
	body := func(payload, kind string) []byte {
		return po(payload, "A", `type="new"`, `type="`+kind+`"`, "<UnitOfMeasure>EA</UnitOfMeasure>", "<UnitOfMeasure>EACH</UnitOfMeasure>")
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			name   string
			change func(*procurement.Settings)
		}{
			{"another map of units", func(s *procurement.Settings) { s.Units = map[string]string{"C62": "EACH"} }},
			{"no map of units", func(s *procurement.Settings) { s.Units = nil }},
			{"another freight line", func(s *procurement.Settings) { s.FreightLine = "ROPE-8" }},
		} {
			merchant := r.merchant("live")
			l := fixture()
			l.settings.Units = map[string]string{"EA": "EACH"}
			c := r.connect(merchant, l)
			r.wantCodes(merchant, []int{200, 200}, body("p1", "new"), body("p2", "update"))
			was := r.order(merchant, "A")
			test.change(&c.Settings)
			r.in(func(tx *database.Tx) error { return procurement.SaveConnection(r.ctx, tx, c, r.clock.Now()) })
			for _, again := range [][]byte{body("p3", "new"), body("p4", "update")} {
				if a := r.post(merchant, again); a.code != 200 || !strings.Contains(a.detail, "this repeat changed nothing") {
					t.Errorf("%s: %d %s", test.name, a.code, a.detail)
				}
			}
			if o := r.order(merchant, "A"); o.RowVersion != was.RowVersion || o.Version.Lines[1].Unit != "EA" {
				t.Errorf("%s: %s", test.name, describe(o))
			}
			// What asks for something else is something else as before.
			if a := r.post(merchant, po("p5", "A", ">ROPE-8<", ">ROPE-9<")); a.code != 409 {
				t.Errorf("%s: another order: %d %s", test.name, a.code, a.detail)
			}
		}
	})
}
