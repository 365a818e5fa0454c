package procurement_test

import (
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
)

// hide gives the merchant's only buyer an assortment without these products.
func (r *rig) hide(merchant string, skus ...string) {
	r.Helper()
	r.in(func(tx *database.Tx) error {
		var o accounts.Organisation
		if err := tx.Get(r.ctx, &o, `SELECT id, merchant_id FROM organisations WHERE merchant_id = ?`, merchant); err != nil {
			return err
		}
		var rules []catalog.Rule
		for _, sku := range skus {
			rules = append(rules, catalog.Rule{Kind: catalog.BySKU, Value: accounts.Fold(sku)})
		}
		if _, err := tx.Exec(r.ctx, `UPDATE organisations SET assortment = ? WHERE merchant_id = ?`, len(rules) > 0, merchant); err != nil {
			return err
		}
		return catalog.SaveRules(r.ctx, tx, o, rules)
	})
}

// call gives products numbers of the merchant's only buyer.
func (r *rig) call(merchant string, pairs ...string) {
	r.Helper()
	r.in(func(tx *database.Tx) error {
		var organisation string
		if err := tx.Get(r.ctx, &organisation, `SELECT id FROM organisations WHERE merchant_id = ?`, merchant); err != nil {
			return err
		}
		var parts []catalog.BuyerPart
		for i := 0; i < len(pairs); i += 2 {
			known, err := catalog.Products(r.ctx, tx, merchant, []string{pairs[i+1]})
			if err != nil {
				return err
			}
			parts = append(parts, catalog.BuyerPart{Part: pairs[i], Product: known[accounts.Fold(pairs[i+1])].ID})
		}
		return catalog.SaveBuyerParts(r.ctx, tx, merchant, organisation, parts)
	})
}

func TestWhatIsHiddenIsInNoCart(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited(editable)
		visit := r.enter(r.start(merchant, setUp("s1", "c", "a@b.example")), browserA)
		r.mustPut(merchant, visit, "ROPE-8", "3", "MTR", "HOOK-2", "2", "EA")
		home := readHome(t, r.sentHome(merchant, visit, false))
		r.hide(merchant, "hook-2")

		visit = r.enter(r.start(merchant, setUp("s2", "c", "a@b.example")), browserA)
		err := r.putAll(merchant, visit, "ROPE-8", "3", "MTR", "HOOK-2", "2", "EA")
		r.wantFault(err, fault.Invalid)
		if err == nil || !strings.Contains(err.Error(), `lines[1].sku: there is no product "HOOK-2" for this buyer`) {
			t.Errorf("the fault is %v", err)
		}
		// In an edit the line is there and can't go home again.
		_, session := r.shopping(merchant, comeBack("s3", "edit", home.Items[0].out(1, "USD")+home.Items[1].out(2, "USD")))
		if got := lines(r.cartOf(session)); !strings.Contains(got, "HOOK-2 2 EA x 15.00 = 30.00 unavailable: Hook isn't offered any more.") {
			t.Errorf("the edit shows %s", got)
		}
	})
}

func TestAnOrderOfWhatIsHiddenWaits(t *testing.T) {
	const waits = "Line 2 orders HOOK-2, which is not in the assortment of this buyer."
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			name   string
			below  string
			change []string
			flags  string
		}{
			{"at our price", "review", nil, "product_hidden 2"},
			{"at another price", "review", []string{"15.00", "14.00"}, "price_below 2, product_hidden 2, total_differs"},
			{"where the buyer's prices are taken", "accept", []string{"15.00", "14.00"}, "price_below 2, product_hidden 2, total_differs"},
			{"in another unit", "review", []string{secondUnit, "<UnitOfMeasure>BX</UnitOfMeasure>"}, "product_hidden 2, unit_unknown 2"},
			{"in a currency without a price", "review", []string{`"USD"`, `"EUR"`, `"USD"`, `"EUR"`, `"USD"`, `"EUR"`}, "product_hidden 2, product_unknown 1"},
		} {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.visited(func(l *link) { l.settings.BelowPrice = test.below })
				r.hide(merchant, "HOOK-2")
				r.wantCodes(merchant, []int{201}, po("p1", "A-1", test.change...))
				o := r.order(merchant, "A-1")
				says, reason := waits, "product_hidden"
				if strings.Contains(test.flags, "product_unknown") { // the first reason counts
					says, reason = "The price of line 1 (ROPE-8) could not be checked.", "price_review"
				}
				if got := flags(o); got != test.flags || o.State != "credit_review" || o.Decision.Reason != reason || o.Decision.Sentence != says {
					t.Errorf("flags %s, %s: %+v", got, o.State, o.Decision)
				}
				r.rule(merchant, "A-1", true) // a person may let it pass
				if o := r.order(merchant, "A-1"); o.State != "approved" {
					t.Errorf("released, it is %s", o.State)
				}
			})
		}

		// Ordered from a cart that was sent home before: quoted, and still it waits.
		merchant := r.visited()
		visit := r.enter(r.start(merchant, setUp("s1", "c", "a@b.example")), browserA)
		r.mustPut(merchant, visit, "HOOK-2", "2", "EA")
		home := readHome(t, r.sentHome(merchant, visit, false))
		r.hide(merchant, "HOOK-2")
		r.wantCodes(merchant, []int{201}, orderOf("p2", "A-2", home.Total, "USD", home.Items))
		if o := r.order(merchant, "A-2"); flags(o) != "product_hidden 1" || o.Version.Goods.Text() != "30.00" {
			t.Errorf("%s, flags %s", describe(o), flags(o))
		}
	})
}

// part names a product in an order by both numbers; the first is ours.
func part(ours, theirs string) string {
	return "<ItemID><SupplierPartID>" + ours + "</SupplierPartID><BuyerPartID>" + theirs + "</BuyerPartID></ItemID>"
}

func TestOrdersByTheBuyersPartNumbers(t *testing.T) {
	const hook = "<ItemID><SupplierPartID>HOOK-2</SupplierPartID></ItemID>"
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct{ name, item, sku, flags string }{
			{"both agree", part("HOOK-2", "H2"), "HOOK-2", ""},
			{"ours is missing", "<ItemID><BuyerPartID>H2</BuyerPartID></ItemID>", "HOOK-2", ""},
			{"ours is empty", part("", "h2"), "HOOK-2", ""},
			{"ours is unknown", part("OLD-77", "H2"), "HOOK-2", "part_matched 2"},
			{"the two contradict: ours wins", part("HOOK-2", "R8"), "HOOK-2", "part_differs 2"},
			{"theirs is unknown", part("HOOK-2", "X9"), "HOOK-2", ""},
			{"both are unknown", part("OLD-77", "X9"), "OLD-77", "product_unknown 2"},
		} {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.visited()
				r.call(merchant, "H2", "HOOK-2", "R8", "ROPE-8")
				r.wantCodes(merchant, []int{200}, po("p1", "A-1", hook, test.item))
				o := r.order(merchant, "A-1")
				if l := o.Version.Lines[1]; flags(o) != test.flags || l.SKU != test.sku || l.Amount.Text() != "30.00" {
					t.Errorf("%s, flags %s; want %s, %s", describe(o), flags(o), test.sku, test.flags)
				}
				// The same again is a repeat, whatever the part numbers mean.
				r.call(merchant, "H2", "ROPE-8")
				r.wantCodes(merchant, []int{200}, po("p2", "A-1", hook, test.item))
				if got := len(r.order(merchant, "A-1").Version.Lines); got != 2 {
					t.Errorf("%d lines", got)
				}
			})
		}
	})
}

func TestTheBuyersPartNumbersTravelWithTheCart(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		for version, want := range map[string]string{"1.2.036": "H2", "1.2.050": "H2", "1.2.014": "", "1.2.020": ""} {
			merchant := r.visited(editable, func(l *link) { l.settings.DTDVersions = map[string]string{"": version} })
			r.call(merchant, "H2", "HOOK-2")
			visit := r.enter(r.start(merchant, setUp("s1", "c", "a@b.example")), browserA)
			r.mustPut(merchant, visit, "HOOK-2", "2", "EA", "ROPE-8", "1", "MTR")
			home := readHome(t, r.sentHome(merchant, visit, false))
			if home.Items[0].BuyerPart != want || home.Items[1].BuyerPart != "" {
				t.Errorf("%s: %+v", version, home.Items)
			}
			// It comes back under the buyer's number only, for an edit.
			home.Items[0].SKU, home.Items[0].BuyerPart = "", "H2"
			_, session := r.shopping(merchant, comeBack("s2", "edit", home.Items[0].out(1, "USD")))
			if got := lines(r.cartOf(session)); !strings.HasSuffix(got, "HOOK-2 2 EA x 15.00 = 30.00") {
				t.Errorf("%s: the edit shows %s", version, got)
			}
		}
	})
}

// Whatever number a line comes back under, it is the line that was sent home: what was said of its cart
// then holds for it.
func TestAnEditByTheBuyersPartNumberIsOfTheCartThatWasSent(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			name, allowed, ours, theirs string
			code                        int
			before                      bool // the line knows what it cost in the cart
		}{
			{"by both numbers", "create", "HOOK-2", "H2", 412, true},
			{"by the buyer's alone", "create", "", "h2", 412, true},
			{"by the buyer's, ours is unknown", "create", "OLD-77", "H2", 412, true},
			{"by the buyer's alone, which may be edited", "edit", "", "H2", 200, true},
			{"by the number of another product", "create", "", "R8", 200, false},
			{"by a number that is none", "create", "", "X9", 200, false},
		} {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.visited(func(l *link) { l.settings.OperationAllowed = test.allowed })
				r.call(merchant, "H2", "HOOK-2", "R8", "ROPE-8")
				visit := r.enter(r.start(merchant, setUp("s1", "c", "a@b.example")), browserA)
				r.mustPut(merchant, visit, "HOOK-2", "2", "EA")
				home := readHome(t, r.sentHome(merchant, visit, false))
				r.price(merchant, "HOOK-2", "16.00")
				item := home.Items[0]
				item.SKU, item.BuyerPart, item.Price = test.ours, test.theirs, ""
				back := comeBack("s2", "edit", item.out(1, "USD"))
				if a := r.post(merchant, back); a.code != test.code {
					t.Fatalf("%d %s, want %d", a.code, a.detail, test.code)
				}
				if test.code != 200 {
					return
				}
				_, session := r.shopping(merchant, comeBack("s3", "edit", item.out(1, "USD")))
				l := r.cartOf(session).Lines[0]
				if (l.Before != nil && l.Before.String() == "15.00") != test.before {
					t.Errorf("the line is %+v", l)
				}
			})
		}
	})
}

func TestAProductIsAskedForByTheBuyersPartNumber(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		r.call(merchant, "H2", "HOOK-2", "R8", "ROPE-8")
		for i, test := range []struct{ item, want string }{
			{"<ItemID><SupplierPartID>HOOK-2</SupplierPartID></ItemID>", "HOOK-2"},
			{part("", "H2"), "HOOK-2"},
			{part("OLD-77", "h2"), "HOOK-2"},
			{part("HOOK-2", "R8"), "HOOK-2"},
			{part("OLD-77", "X9"), "OLD-77"},
		} {
			_, session := r.shopping(merchant, setUp("s"+string(rune('a'+i)), "c", "a@b.example", "</PunchOutSetupRequest>", "<SelectedItem>"+test.item+"</SelectedItem></PunchOutSetupRequest>"))
			if session.Visit.SelectedSKU != test.want {
				t.Errorf("%s leads to %q, want %s", test.item, session.Visit.SelectedSKU, test.want)
			}
		}
	})
}
