package procurement_test

import (
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
)

// bought is an order of the fixture's buyer with these items (see held and items).
func bought(payload, number, total string, list ...string) []byte {
	head, _, _ := strings.Cut(orderText, "<ItemOut")
	return change(head+items(list...)+"</OrderRequest></Request></cXML>", "PAYLOAD", payload, "NUMBER", number, ">45.00<", ">"+total+"<")
}

// An order of an edited cart is held against what was sent home last, not against the first cart
// that had the line: a line keeps its auxiliary id.
func TestAnOrderIsMatchedToTheCartThatWasSentLast(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited(editable, func(l *link) { l.settings.BelowPrice = "review" })
		visit, first := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
		r.mustPut(merchant, visit, "ROPE-8", "3", "", "HOOK-2", "2", "")
		r.mustHome(merchant, visit, false)
		rope, hook := first.Cart+"-1", first.Cart+"-2"

		// The rope rises to 6.00 and goes home again so; then it falls to 4.00 in the catalogue.
		r.price(merchant, "ROPE-8", "6.00")
		visit, second := r.shopping(merchant, comeBack("s2", "edit", items(held("ROPE-8", rope, "3", "MTR", "5.00"), held("HOOK-2", hook, "2", "EA", "15.00"),
			held("ROPE-8", "QUOTE 7/1", "2", "MTR", "5.00"))))
		r.wantLines(second, rope+" ROPE-8 3 MTR x 6.00 = 18.00", hook+" HOOK-2 2 EA x 15.00 = 30.00", "QUOTE 7/1 ROPE-8 2 MTR x 6.00 = 12.00")
		r.mustHome(merchant, visit, false)
		r.price(merchant, "ROPE-8", "4.00")

		// An edit that is left counts for nothing.
		visit, _ = r.shopping(merchant, comeBack("s3", "edit", items(held("ROPE-8", rope, "3", "MTR", "6.00"))))
		r.mustHome(merchant, visit, true)

		for _, test := range []struct {
			name, number, total string
			items               []string
			code                int
			want, flags         string
		}{
			{"at the edit's prices", "A-1", "60.00", []string{held("ROPE-8", rope, "3", "MTR", "6.00"), held("HOOK-2", hook, "2", "EA", "15.00"), held("ROPE-8", "QUOTE 7/1", "2", "MTR", "6.00")},
				200, "18.00 30.00 12.00", ""},
			{"at the first cart's price", "A-2", "15.00", []string{held("ROPE-8", rope, "3", "MTR", "5.00")}, 201, "15.00", "price_below 1"},
			{"at more than the edit's price", "A-3", "21.00", []string{held("ROPE-8", rope, "3", "MTR", "7.00")}, 200, "18.00", "price_above 1"},
			{"in another quantity: today's price", "A-4", "24.00", []string{held("ROPE-8", rope, "4", "MTR", "6.00")}, 200, "16.00", "price_above 1"},
			{"another product under the id is no match", "A-5", "90.00", []string{held("HOOK-2", rope, "6", "EA", "15.00")}, 200, "90.00", ""},
			{"an id of nobody's", "A-6", "8.00", []string{held("ROPE-8", "QUOTE 8/1", "2", "MTR", "4.00")}, 200, "8.00", ""},
		} {
			a := r.post(merchant, bought("p"+test.number, test.number, test.total, test.items...))
			o := r.order(merchant, test.number)
			var amounts []string
			for _, l := range o.Version.Lines {
				amounts = append(amounts, l.Amount.Text())
			}
			if got := strings.Join(amounts, " "); a.code != test.code || got != test.want || flags(o) != test.flags {
				t.Errorf("%s: %d %s, lines %s, flags %q; want %d, %s, %q", test.name, a.code, a.detail, got, flags(o), test.code, test.want, test.flags)
			}
		}

		// Somebody else with the same id is offered nothing of it.
		neighbour := fixture()
		neighbour.from = []procurement.Identity{id("DUNS", "700000009")}
		r.connect(merchant, neighbour)
		body := bought("p9", "A-9", "8.00", held("ROPE-8", "QUOTE 7/1", "2", "MTR", "4.00"))
		r.wantCodes(merchant, []int{200}, []byte(strings.ReplaceAll(string(body), "700000001", "700000009")))
		if o := r.order(merchant, "A-9"); o.Version.Goods.Text() != "8.00" || flags(o) != "" {
			t.Errorf("%s, flags %s", describe(o), flags(o))
		}
	})
}

// Matching costs one statement, whether the organisation ever edited a cart or not.
func TestMatchingTakesOneStatement(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited(editable)
		visit, first := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
		r.mustPut(merchant, visit, "ROPE-8", "3", "", "HOOK-2", "2", "")
		r.mustHome(merchant, visit, false)
		look := func() (count int) {
			m, err := accounts.FindMerchant(r.ctx, r.db, merchant)
			if err != nil {
				t.Fatal(err)
			}
			keys := []checkout.LineKey{checkout.KeyOf(first.Cart+"-1", "ROPE-8"), checkout.KeyOf(first.Cart+"-2", "HOOK-2"), checkout.KeyOf("", "ROPE-8")}
			r.db.Watch(func(string, []any) { count++ })
			found, err := checkout.FindSent(r.ctx, r.db, m.ID, first.Organisation, keys)
			r.db.Watch(nil)
			if err != nil || found[0].Line.Quantity.Cmp(money.MustDecimal("3")) != 0 || found[1].Line.SKU != "HOOK-2" || found[2].Line != nil {
				t.Fatalf("found %v, %v", found, err)
			}
			return count
		}
		if n := look(); n != 1 {
			t.Errorf("without edits %d statements", n)
		}
		visit, _ = r.shopping(merchant, comeBack("s2", "edit", items(held("ROPE-8", first.Cart+"-1", "3", "MTR", "5.00"))))
		r.mustHome(merchant, visit, false)
		if n := look(); n != 1 {
			t.Errorf("with an edit %d statements", n)
		}
	})
}

// What a buyer's system sends again under another payloadID, and what comes in another order than
// it was sent (cXML reference 3.5).
func TestRepeatsAndVersionsOutOfOrder(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		document := func(payload, kind, version, quantity, total string) []byte {
			body := bought(payload, "A-1", total, held("ROPE-8", "", quantity, "MTR", "5.00"))
			head := `type="` + kind + `"`
			if version != "" {
				head += ` orderVersion="` + version + `"`
			}
			return change(string(body), `type="new"`, head)
		}
		for i, step := range []struct {
			kind, version, quantity, total string
			code                           int
			says                           string
			inForce                        int64
			held                           string
		}{
			{"new", "", "3", "15.00", 200, "accepted", 1, "15.00"},
			{"update", "3", "4", "20.00", 200, "accepted", 3, "20.00"},
			{"new", "", "3", "15.00", 200, "this repeat changed nothing", 3, "20.00"},
			{"new", "", "4", "20.00", 409, "send it as an update", 3, "20.00"},
			{"update", "3", "4", "20.00", 200, "this repeat changed nothing", 3, "20.00"},
			{"update", "3", "5", "25.00", 409, "version 3 of order A-1 comes too late, version 3 is here already", 3, "20.00"},
			{"update", "2", "4", "20.00", 409, "version 2 of order A-1 comes too late", 3, "20.00"},
			{"update", "2", "5", "25.00", 409, "comes too late", 3, "20.00"},
			{"update", "", "4", "20.00", 200, "this repeat changed nothing", 3, "20.00"},
			{"update", "", "5", "25.00", 200, "accepted", 4, "25.00"},
			{"delete", "4", "5", "25.00", 409, "comes too late", 4, "25.00"},
			{"delete", "5", "5", "25.00", 200, "cancelled", 5, "0.00"},
			{"delete", "5", "5", "25.00", 200, "is cancelled already, nothing of it is left to cancel", 5, "0.00"},
			{"update", "6", "5", "25.00", 409, "is cancelled and can't be changed any more", 5, "0.00"},
			{"update", "", "5", "25.00", 409, "is cancelled", 5, "0.00"},
		} {
			a := r.post(merchant, document("p"+string(rune('a'+i)), step.kind, step.version, step.quantity, step.total))
			o := r.order(merchant, "A-1")
			if a.code != step.code || !strings.Contains(a.detail, step.says) || o.InForce != step.inForce || r.held(merchant) != step.held {
				t.Errorf("step %d, %s %s of %s: %d %q, version %d, held %s; want %d %q, %d, %s", i, step.kind, step.version, step.quantity,
					a.code, a.detail, o.InForce, r.held(merchant), step.code, step.says, step.inForce, step.held)
			}
		}
		if list := r.counts(merchant)["orders"]; list != 1 {
			t.Errorf("there are %d orders", list)
		}
	})
}
