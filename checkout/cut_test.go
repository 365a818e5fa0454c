package checkout_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// cancelLines cancels lines as "2" or "2=4".
func (s *shop) cancelLines(order string, lines ...string) (o orders.Order, err error) {
	cut := checkout.Cut{Merchant: merchant, Order: order, Actor: "order desk", Reason: "no longer made"}
	for _, text := range lines {
		number, quantity, part := strings.Cut(text, "=")
		var line checkout.CutLine
		_, _ = fmt.Sscan(number, &line.Line)
		if part {
			line.Cancelled = pointer(dec(quantity))
		}
		cut.Lines = append(cut.Lines, line)
	}
	err = s.db.InTx(s.ctx, func(tx *database.Tx) (err error) {
		o, err = s.desk.CancelLines(s.ctx, tx, cut)
		return err
	})
	return o, err
}

// Figures by hand: the story's cart C, and what is left of it at 6 %.
func TestLinesThatTheMerchantCancels(t *testing.T) {
	cents := func(n string) item { return item{sku: "CENT", quantity: n, unit: "EA", price: "0.01"} }
	type step struct {
		lines  []string
		want   string // goods, tax, freight, total; or the fault's code
		state  string
		events int64
	}
	tests := []struct {
		name   string
		to     *orders.Address
		tax    string // that the order states
		items  []item
		change func(*checkout.Wanted)
		steps  []step
	}{
		{"a line, a part, the rest", castelmereDock, "", cartC, nil, []step{
			{nil, "1354.72 81.28 0.00 1436.00", "approved", 1},
			{[]string{"4"}, "1292.56 77.55 0.00 1370.11", "approved", 2},          // 77.5536
			{[]string{"4"}, "1292.56 77.55 0.00 1370.11", "approved", 2},          // a repeat
			{[]string{"2=6", "4=6"}, "1126.33 67.58 0.00 1193.91", "approved", 3}, // 6 × 27.7038 = 166.2228; 67.5798
			{[]string{"2=5"}, "conflict", "approved", 3},                          // it can't be taken back
			{[]string{"1=25"}, "invalid", "approved", 3},                          // more than ordered
			{[]string{"1=-1"}, "invalid", "approved", 3},                          //
			{[]string{"9"}, "invalid", "approved", 3},                             //
			{[]string{"1=20", "9"}, "invalid", "approved", 3},                     // nothing of it
			{nil, "1126.33 67.58 0.00 1193.91", "approved", 3},                    //
			{[]string{"1=20"}, "412.23 24.73 0.00 436.96", "approved", 4},         // 4 × 35.7050 = 142.82; 24.7338; freight would be 29.50, and doesn't rise
			{[]string{"1", "2", "3"}, "0.00 0.00 0.00 0.00", "cancelled", 5},      //
			{[]string{"1"}, "conflict", "cancelled", 5},                           // there is nothing any more
		}},
		{"freight falls with the tier, tax of its own falls with the goods", nowhere, "20.00", []item{cents("30000"), cents("10000")}, nil, []step{
			{nil, "400.00 20.00 29.50 449.50", "approved", 1},
			{[]string{"1=20001"}, "199.99 10.00 14.95 224.94", "approved", 2}, // 20.00 × 199.99 ÷ 400.00 = 9.9995
			{[]string{"1=20002"}, "199.98 10.00 14.95 224.93", "approved", 3}, // 10.00 × 199.98 ÷ 199.99 = 9.9995
		}},
		{"hazardous goods and pallets go", nil, "", []item{{sku: "TOL-6060", quantity: "2", unit: "EA", price: "5.85"}, {sku: "PKG-4070", quantity: "3", unit: "EA", price: "16.90"}}, nil, []step{
			{nil, "62.40 0.00 39.70 102.10", "approved", 1}, // 14.95 + 12.00 + 3 × 4.25
			{[]string{"2=2"}, "28.60 0.00 31.20 59.80", "approved", 2},
			{[]string{"1"}, "16.90 0.00 19.20 36.10", "approved", 3},
		}},
		{"a freight line stays while goods do, and may be cancelled itself", nil, "", []item{cents("10000"), {sku: "FREIGHT", quantity: "1", unit: "EA", price: "9.99"}}, func(w *checkout.Wanted) {
			w.Lines[1].Charge = orders.Freight
		}, []step{
			{nil, "100.00 0.00 9.99 109.99", "approved", 1},
			{[]string{"1=5000"}, "50.00 0.00 9.99 59.99", "approved", 2},
			{[]string{"2"}, "50.00 0.00 0.00 50.00", "approved", 3},
			{[]string{"1"}, "0.00 0.00 0.00 0.00", "cancelled", 4},
		}},
		{"the last goods take the freight line with them", nil, "", []item{cents("10000"), {sku: "FREIGHT", quantity: "1", unit: "EA", price: "9.99"}}, func(w *checkout.Wanted) {
			w.Lines[1].Charge = orders.Freight
		}, []step{
			{[]string{"1"}, "0.00 0.00 0.00 0.00", "cancelled", 2},
		}},
		{"a price for ten, a line of a group", nil, "", []item{{sku: "CENT", quantity: "15", unit: "EA", price: "0.10", per: "10"}, {sku: "SET", quantity: "1", unit: "EA", price: "0", group: true}}, nil, []step{
			{nil, "0.15 0.00 14.95 15.10", "approved", 1},
			{[]string{"1=8"}, "0.07 0.00 14.95 15.02", "approved", 2},
			{[]string{"2"}, "invalid", "approved", 2},
		}},
		{"a blanket order", nil, "", []item{cents("1")}, func(w *checkout.Wanted) { w.Header.Blanket = pointer(dec("100")) }, []step{
			{[]string{"1"}, "conflict", "approved", 1},
		}},
		{"an order that waits", nil, "", []item{cents("90000000")}, nil, []step{
			{[]string{"1=80000000"}, "conflict", "credit_review", 1},
		}},
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				s := *s
				s.TB = t
				buyer := s.castelmere
				if i > 0 {
					buyer = s.organisation(fmt.Sprint("buyer ", i), "USD", accounts.Organisation{PricePolicy: accounts.ContractOnly})
				}
				line := s.line(buyer, 10_000_00, 0)
				w := s.order(buyer, "PO", test.to, test.items...)
				if test.tax != "" {
					w.Header.StatedTax = pointer(dec(test.tax))
				}
				if test.change != nil {
					test.change(&w)
				}
				id := s.placed(w).Order.ID
				for n, step := range test.steps {
					if step.lines != nil {
						_, err := s.cancelLines(id, step.lines...)
						if code := string(fault.CodeOf(err)); err != nil && code != step.want || err == nil && !strings.Contains(step.want, " ") {
							t.Errorf("step %d, %v: %v, want %s", n, step.lines, err, step.want)
						}
					}
					o, err := orders.Find(s.ctx, db, merchant, id)
					if err != nil {
						t.Fatal(err)
					}
					if got := totalsOf(o.Version); strings.Contains(step.want, " ") && got != step.want || o.State != step.state || o.Events != step.events {
						t.Errorf("step %d, %v: %s, %s with %d events; want %s, %s, %d", n, step.lines, got, o.State, o.Events, step.want, step.state, step.events)
					}
					held := s.find(line).Own.Holds
					if want := o.Version.Total.Minor; o.State != orders.CreditReview && held != want {
						t.Errorf("step %d: %d is held, the order comes to %d", n, held, want)
					}
					if o.InForce > 1 || o.Version.Lines[0].Quantity.Cmp(dec(test.items[0].quantity)) != 0 {
						t.Errorf("step %d: version %d, ordered %s", n, o.InForce, o.Version.Lines[0].Quantity)
					}
				}
			})
		}
	})
}

// The buyer's versions go on as if nothing had been cancelled; only ordering again what was cancelled
// needs a person.
func TestWhatTheBuyerOrdersAfterACancellation(t *testing.T) {
	item := func(n string) item { return item{sku: "CENT", quantity: n, unit: "EA", price: "0.01"} }
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		line := s.line(s.northfold, 50_000_00, 0)
		change := func(version int64, quantities ...string) checkout.Wanted {
			w := s.order(s.northfold, "PO", nil)
			for _, q := range quantities {
				w = s.order(s.northfold, "PO", nil, append(itemsOf(w), item(q))...)
			}
			w.Kind, w.Version = checkout.Change, version
			return w
		}
		first := s.order(s.northfold, "PO", nil, item("200000"), item("100000"))
		id := s.placed(first).Order.ID
		if _, err := s.cancelLines(id, "1=50000"); err != nil {
			t.Fatal(err)
		}
		hold := func(want int64) {
			t.Helper()
			if held := s.find(line).Own.Holds; held != want {
				t.Errorf("%d is held, want %d", held, want)
			}
		}
		hold(2500_00)
		// The first document again is a repeat, and brings nothing back.
		if p := s.placed(first); !p.Repeated {
			t.Error("the first document was taken again")
		}
		hold(2500_00)
		// Less than is left, as the buyer's own next version.
		if p := s.placed(change(2, "140000", "100000")); p.Waiting || p.Order.InForce != 2 {
			t.Errorf("%+v", p.Order)
		}
		hold(2400_00)
		if _, err := s.cancelLines(id, "1=40000"); err != nil {
			t.Fatal(err)
		}
		hold(2000_00)
		// More than is left: a person looks, and may let it.
		p := s.placed(change(3, "120000", "100000"))
		if want := "Line 1 orders 120000 EA, but 40000 of the 140000 ordered before were cancelled."; !p.Waiting || p.Order.Decision.Reason != "cancelled_again" || p.Order.Decision.Sentence != want {
			t.Errorf("%+v", p.Order.Decision)
		}
		if _, err := s.cancelLines(id, "2"); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("cancelled beside a change that waits: %v", err)
		}
		hold(2000_00)
		s.released(id, false)
		hold(2200_00)
		// It goes on from there; a cancellation of all gives all back.
		w := s.order(s.northfold, "PO", nil)
		w.Kind, w.Version = checkout.Cancel, 4
		s.placed(w)
		hold(0)
		if _, err := s.cancelLines(id, "2"); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("cancelled of what is cancelled: %v", err)
		}
	})
}

func itemsOf(w checkout.Wanted) []item {
	var list []item
	for _, l := range w.Lines {
		list = append(list, item{sku: l.SKU, quantity: l.Quantity.String(), unit: l.Unit, price: l.BuyerPrice.String()})
	}
	return list
}

// A buyer's change that lowers quantities or drops lines gives back exactly the difference.
func TestAChangeGivesBackTheDifference(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		line := s.line(s.castelmere, 10_000_00, 0)
		held := func(kind string, items ...item) int64 {
			t.Helper()
			w := s.order(s.castelmere, "PO", castelmereDock, items...)
			w.Kind = kind
			s.placed(w)
			return s.find(line).Own.Holds
		}
		for _, step := range []struct {
			kind  string
			items []item
			want  string
		}{
			{checkout.New, cartC, "1436.00"},
			{checkout.Change, cartC[:3], "1370.11"},                                                // 1292.56 + 77.55: the last line, 62.16, and its tax
			{checkout.Change, ordered(cartC[:3], "CLN-3020", "6", "CS", "27.7038", ""), "1193.91"}, // 1126.33 + 67.58
			{checkout.Change, cartC, "1436.00"},
			{checkout.Cancel, cartC, "0.00"}, // with its lines, which say nothing
		} {
			if got := money.Of(held(step.kind, step.items...), "USD").Text(); got != step.want {
				t.Errorf("%s with %d lines: %s is held, want %s", step.kind, len(step.items), got, step.want)
			}
		}
	})
}
