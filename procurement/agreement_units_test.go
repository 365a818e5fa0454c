package procurement_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
)

// MaxQuantity of a blanket line counts like MaxAmount: what releases order of it, in its unit (decision
// 0029).
func TestReleasesDrawOnTheQuantityOfALine(t *testing.T) {
	const b = `agreementID="B-1"`
	most := func(payload, kind, quantity, unit string) []byte {
		return change(string(blanket(payload, kind, "B-1", "1000.00", "", "", "")), "<UnitOfMeasure>EA</UnitOfMeasure>", "<MaxQuantity>"+quantity+"</MaxQuantity><UnitOfMeasure>"+unit+"</UnitOfMeasure>")
	}
	type step struct {
		body  []byte
		code  int
		says  string
		units string
	}
	boxes := func(body []byte) []byte {
		return []byte(strings.Replace(string(body), "<UnitOfMeasure>EA<", "<UnitOfMeasure>BX<", 1))
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			name  string
			steps []step
		}{
			{"until nothing is left", []step{
				{most("b1", "new", "100", "EA"), 200, "", "0 of 100 EA"},
				{released("r1", "new", "R-1", b, "1", "60"), 200, "", "60 of 100 EA"},
				{released("r2", "new", "R-2", b, "1", "41"), 201, "Of line 1 of blanket order B-1 at most 100 EA may be ordered: 60 are ordered already, this release goes 1 beyond.", "60 of 100 EA"},
				{released("r3", "update", "R-2", b, "1", "20", "1", "20"), 200, "", "100 of 100 EA"},
				{released("r4", "new", "R-3", b, "2", "70", "", "5"), 200, "", "100 of 100 EA"}, // another line, and none
				{released("r5", "update", "R-1", b, "1", "59.5"), 200, "", "99.5 of 100 EA"},
				{released("r6", "update", "R-1", b, "1", "60.5"), 201, "40 are ordered already, this release goes 0.5 beyond", "99.5 of 100 EA"},
				{released("r7", "delete", "R-2", b, "1", "40"), 200, "", "59.5 of 100 EA"},
			}},
			{"who orders no more than before isn't asked", []step{
				{most("b1", "new", "100", "EA"), 200, "", "0 of 100 EA"},
				{released("r1", "new", "R-1", b, "1", "80"), 200, "", "80 of 100 EA"},
				{most("b2", "update", "50", "EA"), 200, "releases ordered 80 EA of line 1 already, which is more than 50", "80 of 50 EA"},
				{released("r2", "update", "R-1", b, "1", "70"), 200, "", "70 of 50 EA"},
				{released("r3", "update", "R-1", b, "1", "71"), 201, "goes 21 beyond", "70 of 50 EA"},
			}},
			{"another unit can't be counted", []step{
				{most("b1", "new", "100", "EA"), 200, "", "0 of 100 EA"},
				{boxes(released("r1", "new", "R-1", b, "1", "1")), 201, "at most 100 EA may be ordered, and line 1 of this release is in BX", "0 of 100 EA"},
				{released("r2", "new", "R-2", b, "1", "100"), 200, "", "100 of 100 EA"},
			}},
			{"a blanket order without a unit counts every one", []step{
				{most("b1", "new", "100", ""), 200, "", "0 of 100 "},
				{released("r1", "new", "R-1", b, "1", "100"), 200, "", "100 of 100 "},
			}},
			{"no quantity is no limit", []step{
				{most("b1", "new", "", "EA"), 200, "", ""},
				{released("r1", "new", "R-1", b, "1", "900"), 200, "", ""},
				{most("b2", "update", "0", "EA"), 200, "", ""},
			}},
			{"less than nothing", []step{{most("b1", "new", "-1", "EA"), 400, "can't be negative (OrderRequest/ItemOut[1]/BlanketItemDetail/MaxQuantity)", ""}}},
			{"more than can be counted", []step{
				{most("b1", "new", "9999999999999999999", "EA"), 200, "", "0 of 9999999999999999999 EA"},
				{change(string(released("r1", "new", "R-1", b, "1", "9999999999999999999", "1", "1")), ">10000000000000000000.00<", ">0<", ">HOOK-2<", ">NONE<", ">HOOK-2<", ">NONE<", ">1.00<", ">0<", ">1.00<", ">0<"), 201, "more than can be counted", "0 of 9999999999999999999 EA"},
			}},
		} {
			merchant := r.agreed(func(l *link) { l.settings.BelowPrice = "accept" })
			for i, s := range test.steps {
				if a := r.post(merchant, s.body); a.code != s.code || !strings.Contains(a.detail, s.says) {
					t.Errorf("%s, step %d: %d %s; want %d %s", test.name, i, a.code, a.detail, s.code, s.says)
				}
				if got := r.units(merchant, s.code == 400); got != s.units {
					t.Errorf("%s, step %d: %q, want %q", test.name, i, got, s.units)
				}
			}
		}

		// Lines that the merchant takes back are there again; who lets a release pass does it knowingly.
		merchant := r.agreed()
		r.wantCodes(merchant, []int{200, 200, 201}, most("b1", "new", "100", "EA"), released("r1", "new", "R-1", b, "1", "100"), released("r2", "new", "R-2", b, "1", "30"))
		r.in(func(tx *database.Tx) error {
			_, err := r.service.Desk.ReleaseOrder(r.ctx, tx, checkout.Ruling{Merchant: merchant, Order: r.order(merchant, "R-2").ID, Actor: "desk", Reason: "now"})
			if err == nil || !strings.Contains(err.Error(), "goes 30 beyond") {
				t.Errorf("released: %v", err)
			}
			return nil
		})
		r.cancelLine(merchant, "R-1", 1, "30")
		r.rule(merchant, "R-2", true)
		if got := r.units(merchant, false); got != "100 of 100 EA" {
			t.Errorf("at last %s", got)
		}
	})
}

// A blanket order without a Total, all of whose lines have a MaxAmount, is limited as a whole by their
// sum: a release that names no line would have no limit at all.
func TestLinesLimitABlanketOrderWithoutATotal(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		const b = `agreementID="B-1"`
		merchant := r.agreed()
		r.wantCodes(merchant, []int{200, 200, 201, 200}, blanket("b1", "new", "B-1", "", "", "300.00", "50.00"), released("r1", "new", "R-1", b, "", "350"),
			released("r2", "new", "R-2", b, "", "1"), blanket("b2", "update", "B-1", "", "", "300.00", ""))
		if got := r.drawn(merchant, "B-1"); got != "350.00; 1: 0.00 of 300.00 left 300.00; 2: 0.00" {
			t.Error(got)
		}
		r.wantCodes(merchant, []int{200}, released("r3", "new", "R-3", b, "", "1"))
	})
}

// units is how the quantity of the blanket order's first line stands; empty where nothing limits it.
func (r *rig) units(merchant string, none bool) string {
	r.Helper()
	if none {
		return ""
	}
	standing, err := checkout.StandingOf(r.ctx, r.db, r.order(merchant, "B-1"))
	if err != nil {
		r.Fatal(err)
	}
	u := standing[1].Units
	if u == nil {
		return ""
	}
	return fmt.Sprint(u.Drawn, " of ", u.Most, " ", u.Unit)
}
