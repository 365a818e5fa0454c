package procurement_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/procurement"
)

// charging gives the merchant a table of taxes and one of freight: 7.25 % everywhere in the United
// States, and 14.95 below 250.00.
func (r *rig) charging(merchant string) {
	r.Helper()
	r.in(func(tx *database.Tx) error {
		_, err := tx.Exec(r.ctx, `UPDATE merchants SET tax_rates = ?, freight = ? WHERE id = ?`, `[{"country": "US", "percent": "7.25"}]`,
			`{"USD": {"tiers": [{"under": "250.00", "charge": "14.95"}, {"charge": "0"}]}}`, merchant)
		return err
	})
}

// dock is a header's ShipTo in the United States.
const dock = `<ShipTo><Address isoCountryCode="US" addressID="D1"><Name xml:lang="en">Dock 1</Name><PostalAddress><Street>1 Example Street</Street><City>Example</City><State>OH</State><PostalCode>43004</PostalCode><Country isoCountryCode="US">United States</Country></PostalAddress></Address></ShipTo>`

func TestFreightGoesHomeAsTheConnectionSays(t *testing.T) {
	const item = `<ItemIn quantity="1" lineNumber="3"><ItemID><SupplierPartID>PART</SupplierPartID><SupplierPartAuxiliaryID>CART-freight</SupplierPartAuxiliaryID></ItemID>` +
		`<ItemDetail><UnitPrice><Money currency="USD">14.95</Money></UnitPrice><Description xml:lang="en-GB">Freight, estimate<ShortName>Freight</ShortName></Description>` +
		`<UnitOfMeasure>EA</UnitOfMeasure><Classification domain="UNSPSC">78121603</Classification></ItemDetail></ItemIn>`
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			way, part, total     string
			shipping, tax, lined bool
		}{
			{"", "", "45.00", true, true, false},
			{"header", "CARRIAGE", "45.00", true, true, false},
			{"none", "", "45.00", false, false, false},
			{"line", "", "59.95", false, true, true},
			{"line", "CARRIAGE", "59.95", false, true, true},
		} {
			merchant := r.visited(func(l *link) { l.settings.TaxAndFreight, l.settings.FreightLine = test.way, test.part })
			r.charging(merchant)
			visit, s := r.shopping(merchant, setUp("s1", "c", "a@b.example", "</PunchOutSetupRequest>", dock+"</PunchOutSetupRequest>"))
			r.mustPut(merchant, visit, "ROPE-8", "3", "", "HOOK-2", "2", "")
			m := r.sentHome(merchant, visit, false)
			part := test.part
			if part == "" {
				part = "FREIGHT"
			}
			for want, is := range map[string]bool{
				`<Total><Money currency="USD">` + test.total + `</Money></Total>`:         true,
				`<Shipping><Money currency="USD">14.95</Money>`:                           test.shipping,
				`<Tax><Money currency="USD">3.26</Money>`:                                 test.tax, // 45.00 × 7.25 % = 3.2625
				strings.NewReplacer("PART", part, "CART", s.Cart).Replace(item) + "</Pun": test.lined,
			} {
				if strings.Contains(m, want) != is {
					t.Errorf("%s %s: %s in the message is %v, want %v\n%s", test.way, test.part, want, !is, is, m)
				}
			}
			// From 250.00 on there is no freight, and no line for it.
			visit, _ = r.shopping(merchant, setUp("s2", "c", "a@b.example"))
			r.mustPut(merchant, visit, "ROPE-8", "50", "")
			if m := r.sentHome(merchant, visit, false); strings.Count(m, "<ItemIn") != 1 || !strings.Contains(m, `<Total><Money currency="USD">250.00<`) {
				t.Errorf("%s: the message is\n%s", test.way, m)
			}
		}
	})
}

// Freight that comes back as a line replaces the reserve; it is no goods, isn't taxed and is never
// counted twice.
func TestAFreightLineInAnOrder(t *testing.T) {
	rope, hook := held("ROPE-8", "", "3", "MTR", "5.00"), held("HOOK-2", "", "2", "EA", "15.00")
	header := func(money string) string {
		return dock + `<Shipping><Money currency="USD">` + money + `</Money><Description xml:lang="en">Freight</Description></Shipping>`
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			name, part, total, header string
			items                     []string
			want, flags               string // goods, tax, freight, held
			code                      int
		}{
			// Tax: 45.00 × 7.25 % = 3.2625.
			{"none: our reserve", "", "45.00", dock, []string{rope, hook}, "45.00 3.26 14.95 63.21", "", 200},
			{"the header's only", "", "45.00", header("14.95"), []string{rope, hook}, "45.00 3.26 14.95 63.21", "", 200},
			{"by part number", "", "59.95", dock, []string{rope, hook, held("FREIGHT", "", "1", "EA", "14.95")}, "45.00 3.26 14.95 63.21", "", 200},
			{"in other letters, first of all", "", "59.95", dock, []string{held("freight", "", "1", "EA", "14.95"), rope, hook}, "45.00 3.26 14.95 63.21", "", 200},
			{"Total without it", "", "45.00", dock, []string{rope, hook, held("FREIGHT", "", "1", "EA", "14.95")}, "45.00 3.26 14.95 63.21", "", 200},
			{"Total of something else", "", "50.00", dock, []string{rope, hook, held("FREIGHT", "", "1", "EA", "14.95")}, "45.00 3.26 14.95 63.21", "total_differs", 200},
			{"by our id, under another number", "", "59.95", dock, []string{rope, hook, held("TRANSPORT", "crt_01j5x2v9t4e8s7c6b3n2m1k0hz-freight", "1", "EA", "14.95")}, "45.00 3.26 14.95 63.21", "", 200},
			{"by the connection's number", "CARRIAGE", "59.95", dock, []string{rope, hook, held("Carriage", "", "1", "EA", "14.95")}, "45.00 3.26 14.95 63.21", "", 200},
			{"another number is goods", "CARRIAGE", "59.95", dock, []string{rope, hook, held("FREIGHT", "", "1", "EA", "14.95")}, "59.95 4.35 14.95 79.25", "product_unknown 3", 200}, // 59.95 × 7.25 % = 4.346
			{"in the header as well", "", "59.95", header("14.95"), []string{rope, hook, held("FREIGHT", "", "1", "EA", "14.95")}, "45.00 3.26 14.95 63.21", "", 200},
			{"another in the header", "", "59.95", header("20.00"), []string{rope, hook, held("FREIGHT", "", "1", "EA", "14.95")}, "45.00 3.26 14.95 63.21", "freight_differs", 200},
			{"less than ours", "", "46.00", dock, []string{rope, hook, held("FREIGHT", "", "1", "EA", "1.00")}, "45.00 3.26 1.00 49.26", "freight_differs", 200},
			{"more than ours", "", "65.00", dock, []string{rope, hook, held("FREIGHT", "", "2", "EA", "10.00")}, "45.00 3.26 20.00 68.26", "freight_differs", 200},
			{"two lines of it", "", "59.95", dock, []string{rope, held("FREIGHT", "", "1", "EA", "10.00"), hook, held("FREIGHT", "", "1", "EA", "4.95")}, "45.00 3.26 14.95 63.21", "", 200},
			{"nothing but freight", "", "9.99", dock, []string{held("FREIGHT", "", "1", "EA", "9.99")}, "0.00 0.00 9.99 9.99", "freight_differs", 200},
			{"negative", "", "45.00", dock, []string{rope, hook, held("FREIGHT", "", "1", "EA", "-1.00")}, "", "", 400},
			{"without a price", "", "45.00", dock, []string{rope, hook, held("FREIGHT", "", "1", "EA", "")}, "", "", 400},
		} {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.visited(func(l *link) { l.settings.FreightLine = test.part })
				r.charging(merchant)
				a := r.post(merchant, change(string(bought("p1", "F-1", test.total, test.items...)), "</Total>", "</Total>"+test.header))
				if a.code != test.code {
					t.Fatalf("%d %s", a.code, a.detail)
				}
				if a.code != 200 {
					if !strings.Contains(a.detail, "/ItemDetail/UnitPrice") || r.counts(merchant)["orders"] != 0 {
						t.Errorf("the answer is %q", a.detail)
					}
					return
				}
				o := r.order(merchant, "F-1")
				v := o.Version
				if got := strings.Join([]string{v.Goods.Text(), v.Tax.Text(), v.Freight.Text(), r.held(merchant)}, " "); got != test.want || flags(o) != test.flags {
					t.Errorf("%s, flags %q; want %s, %q", got, flags(o), test.want, test.flags)
				}
				if len(v.Lines) != len(test.items) {
					t.Errorf("%d lines", len(v.Lines))
				}
			})
		}
	})
}

func TestAFreightLineIsReplacedAndConfirmedLikeAnyOther(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		buyer := newReceiver(t)
		merchant := r.visited(func(l *link) {
			l.settings.OrdersURL, l.settings.Refused, l.settings.Confirm = buyer.URL+"/f", "confirmation", "on_approval"
			l.overLimit = accounts.Refuse
		})
		r.charging(merchant)
		rope, freight := held("ROPE-8", "", "3", "MTR", "5.00"), held("FREIGHT", "", "1", "EA", "14.95")
		r.wantCodes(merchant, []int{200}, bought("p1", "F-1", "29.95", rope, freight))
		if got := r.held(merchant); got != "29.95" {
			t.Errorf("held %s", got)
		}
		// The change has no freight line any more: our reserve is there again, and once.
		r.wantCodes(merchant, []int{200}, change(string(bought("p2", "F-1", "20.00", held("ROPE-8", "", "4", "MTR", "5.00"))), `type="new"`, `type="update"`))
		if got := r.held(merchant); got != "34.95" {
			t.Errorf("held %s", got)
		}
		// A rejection names every line, in the buyer's numbers and units.
		r.wantCodes(merchant, []int{200}, bought("p3", "F-2", "12000000.00", held("ROPE-8", "", "2400000", "MTR", "5.00"), held("FREIGHT", "", "1", "EA", "0.00")))
		r.deliver()
		sent := buyer.of("/f")
		if len(sent) != 3 {
			t.Fatalf("sent %q", sent)
		}
		for _, want := range []string{`<ConfirmationItem quantity="2400000" lineNumber="1"><UnitOfMeasure>MTR</UnitOfMeasure><ConfirmationStatus quantity="2400000" type="reject">`,
			`<ConfirmationItem quantity="1" lineNumber="2"><UnitOfMeasure>EA</UnitOfMeasure><ConfirmationStatus quantity="1" type="reject">`} {
			if all := bytes.Join(sent, nil); !bytes.Contains(all, []byte(want)) {
				t.Errorf("there is no %s in\n%s", want, all)
			}
		}
	})
}

// A cart that comes back for an edit has freight as freight, not as goods; the line keeps its id.
func TestFreightComesBackForAnEdit(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited(editable, func(l *link) { l.settings.TaxAndFreight, l.settings.EditCancel = "line", "resend" })
		r.charging(merchant)
		visit, first := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
		r.mustPut(merchant, visit, "ROPE-8", "3", "")
		r.mustHome(merchant, visit, false)
		rope, freight := first.Cart+"-1", first.Cart+"-freight"
		back := items(held("ROPE-8", rope, "3", "MTR", "5.00"), held("FREIGHT", freight, "1", "EA", "12.00"))
		charged := func(s procurement.Session, goods, freight, total string) {
			t.Helper()
			c := r.cartOf(s)
			if c.Goods.Text() != goods || c.Freight.Text() != freight || c.Total.Text() != total {
				t.Errorf("the cart comes to %s and %s, %s; want %s, %s, %s", c.Goods.Text(), c.Freight.Text(), c.Total.Text(), goods, freight, total)
			}
		}

		visit, second := r.shopping(merchant, comeBack("s2", "edit", back))
		r.wantLines(second, rope+" ROPE-8 3 MTR x 5.00 = 15.00")
		charged(second, "15.00", "14.95", "29.95")
		r.mustPut(merchant, visit, "ROPE-8", "3", "MTR", "HOOK-2", "1", "")
		message := r.sentHome(merchant, visit, false)
		for _, want := range []string{`<Total><Money currency="USD">44.95</Money></Total>`, `<ItemIn quantity="1" lineNumber="3"><ItemID><SupplierPartID>FREIGHT</SupplierPartID><SupplierPartAuxiliaryID>` + freight + `<`} {
			if !strings.Contains(message, want) || strings.Count(message, "<ItemIn") != 3 {
				t.Errorf("there is no %s in\n%s", want, message)
			}
		}

		// A cancel brings back what was there, freight as the line that it was.
		visit, _ = r.shopping(merchant, comeBack("s3", "edit", back))
		message = r.sentHome(merchant, visit, true)
		for _, want := range []string{`<Total><Money currency="USD">27.00</Money></Total>`, freight, `<Money currency="USD">12.00</Money>`} {
			if !strings.Contains(message, want) || strings.Count(message, "<ItemIn") != 2 {
				t.Errorf("there is no %s in\n%s", want, message)
			}
		}

		// Who looks sees the buyer's own figure.
		_, look := r.shopping(merchant, comeBack("s4", "inspect", back))
		r.wantLines(look, rope+" ROPE-8 3 MTR x 5.00 = 15.00")
		charged(look, "15.00", "12.00", "27.00")
		if c := r.cartOf(look); c.FreightID() != freight || !checkout.IsFreightID(freight) {
			t.Errorf("the freight's id is %s", c.FreightID())
		}
	})
}
