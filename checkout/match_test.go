package checkout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/orders"
)

func gloves(quantity, price string) item {
	return item{sku: "PPE-2010", quantity: quantity, unit: "BX", price: price}
}

// Prices in a purchase order against ours (cXML reference 3.5): never above ours, never above
// the order's, and what is too far below waits for a person.
func TestThePriceThatCounts(t *testing.T) {
	percent := func(v string) checkout.Policy { return checkout.Policy{TolerancePercent: pointer(dec(v))} }
	amount := func(v string) checkout.Policy { return checkout.Policy{ToleranceAmount: pointer(dec(v))} }
	tests := []struct {
		name   string
		item   item
		policy checkout.Policy
		price  string // that counts
		goods  string
		flags  []string
		waits  string // a part of the sentence
	}{
		{"as agreed", gloves("120", "8.1000"), checkout.Policy{}, "8.1000", "972.00", nil, ""},
		{"3 % above: ours", gloves("120", "8.3430"), checkout.Policy{}, "8.1000", "972.00", []string{"price_above"}, ""},
		{"3 % below: a person looks", gloves("120", "7.8570"), checkout.Policy{}, "7.8570", "942.84", []string{"price_below"}, "29.16 USD less"},
		{"3 % below is within 3 %", gloves("120", "7.8570"), percent("3"), "7.8570", "942.84", nil, ""},
		{"and beyond 2.99 %", gloves("120", "7.8570"), percent("2.99"), "7.8570", "942.84", []string{"price_below"}, "29.16 USD less"},
		{"29.16 below is within 29.16", gloves("120", "7.8570"), amount("29.16"), "7.8570", "942.84", nil, ""},
		{"and beyond 29.15", gloves("120", "7.8570"), amount("29.15"), "7.8570", "942.84", []string{"price_below"}, "29.16 USD less"},
		{"the larger tolerance counts", gloves("120", "7.8570"),
			checkout.Policy{TolerancePercent: pointer(dec("0.1")), ToleranceAmount: pointer(dec("30"))}, "7.8570", "942.84", nil, ""},
		{"below is accepted where the buyer may", gloves("120", "7.8570"), checkout.Policy{AcceptBelow: true}, "7.8570", "942.84", []string{"price_below"}, ""},
		{"a tolerance is not for what is above", gloves("120", "8.3430"), percent("5"), "8.1000", "972.00", []string{"price_above"}, ""},
		{"half a cent less on the line is nothing", gloves("1", "8.095"), checkout.Policy{}, "8.1000", "8.10", nil, ""},
		{"half a cent more on the line is nothing", gloves("1", "8.105"), checkout.Policy{}, "8.1000", "8.10", nil, ""},
		{"a little more than half a cent less", gloves("1", "8.0949"), checkout.Policy{}, "8.0949", "8.09", []string{"price_below"}, "0.01 USD less"},
		{"a little more than half a cent more", gloves("1", "8.1051"), checkout.Policy{}, "8.1000", "8.10", []string{"price_above"}, ""},
		{"per hundred", item{sku: "FAS-1050", quantity: "1500", unit: "EA", price: "1.255", per: "100"}, checkout.Policy{}, "1.255", "18.83", nil, ""},
		{"per hundred, above", item{sku: "FAS-1050", quantity: "1500", unit: "EA", price: "1.30", per: "100"}, checkout.Policy{}, "1.255", "18.83", []string{"price_above"}, ""},
		{"a unit we don't sell in", item{sku: "PPE-2010", quantity: "2", unit: "CS", price: "81.00"}, checkout.Policy{}, "81.00", "162.00", []string{"unit_unknown"}, "could not be checked"},
		{"an unknown product", item{sku: "NO-1", quantity: "2", unit: "EA", price: "1.005"}, checkout.Policy{}, "1.005", "2.01", []string{"product_unknown"}, "could not be checked"},
		{"an unknown product, accepted", item{sku: "NO-1", quantity: "2", unit: "EA", price: "1.005"}, checkout.Policy{AcceptBelow: true}, "1.005", "2.01", []string{"product_unknown"}, ""},
		{"off the step", item{sku: "ELE-5030", quantity: "1.25", unit: "MTR", price: "0.6425"}, checkout.Policy{}, "0.6425", "0.80", []string{"quantity_rule"}, ""},
		{"part numbers are compared folded", item{sku: " ppe-2010", quantity: "120", unit: "BX", price: "8.1000"}, checkout.Policy{}, "8.1000", "972.00", nil, ""},
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.line(s.northfold, 1_000_000_00, 0)
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				s := *s
				s.TB = t
				w := s.order(s.northfold, string(rune('A'+i)), nil, test.item)
				w.Policy = test.policy
				placed := s.placed(w)
				v := placed.Order.Version
				if l := v.Lines[0]; l.UnitPrice.String() != test.price || v.Goods.Text() != test.goods || l.BuyerPrice.String() != test.item.price || l.Amount != v.Goods {
					t.Errorf("%s for %s instead of %s; want %s for %s", l.UnitPrice, v.Goods, l.BuyerPrice, test.price, test.goods)
				}
				if !cmp.Equal(flags(v), append([]string{}, test.flags...)) {
					t.Errorf("flags %v, want %v", flags(v), test.flags)
				}
				decision := placed.Order.Decision
				if placed.Waiting != (test.waits != "") || !strings.Contains(decision.Sentence, test.waits) ||
					(placed.Waiting && decision.Reason != "price_review") {
					t.Errorf("waiting %v: %+v", placed.Waiting, decision)
				}
			})
		}
	})
}

// What waits for its price holds nothing, and a person lets it pass at the order's price.
func TestAPriceThatWaitsHoldsNoCredit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		line := s.line(s.northfold, 942_84+29_50, 0)
		placed := s.placed(s.order(s.northfold, "P", nil, gloves("120", "7.8570")))
		if held := s.find(line).Own.Holds; !placed.Waiting || held != 0 {
			t.Errorf("waiting %v, holds %d", placed.Waiting, held)
		}
		o := s.released(placed.Order.ID, false)
		if held := s.find(line).Own.Holds; o.State != orders.Approved || held != 942_84+29_50 {
			t.Errorf("released: %s, holds %d", o.State, held)
		}
	})
}

func TestASnapshotsPriceHoldsThoughTheCatalogueChanged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.line(s.northfold, 1_000_000_00, 0)
		s.line(s.castelmere, 1_000_000_00, 0)
		cart := s.cart(s.northfold, nil, gloves("120", ""), item{sku: "FAS-1050", quantity: "120", unit: "BX"})
		others := s.cart(s.castelmere, nil, gloves("120", ""))
		var open checkout.Cart
		s.in(func(tx *database.Tx) (err error) {
			if open, err = s.desk.NewCart(s.ctx, tx, s.northfold, nil); err != nil {
				return err
			}
			open, err = s.desk.PutCart(s.ctx, tx, s.merchant, s.northfold, open.ID, []checkout.Item{{SKU: "PPE-2010", Quantity: dec("120")}})
			return err
		})
		s.in(func(tx *database.Tx) error { return s.prices(tx, "PPE-2010", contract(s.northfold, "9.0000")) })
		tests := []struct {
			name      string
			auxiliary string
			item      item
			price     string
			flags     []string
			waits     bool
		}{
			{"the snapshot's", cart.AuxiliaryID(1), gloves("120", "8.1000"), "8.1000", nil, false},
			{"it holds downwards too", cart.AuxiliaryID(1), gloves("120", "9.0000"), "8.1000", []string{"price_above"}, false},
			{"for that quantity", cart.AuxiliaryID(1), gloves("121", "9.0000"), "9.0000", nil, false},
			{"another product's line", cart.AuxiliaryID(2), gloves("120", "9.0000"), "9.0000", nil, false},
			{"a line that the cart hasn't", cart.AuxiliaryID(3), gloves("120", "9.0000"), "9.0000", nil, false},
			{"another organisation's cart", others.AuxiliaryID(1), gloves("120", "9.0000"), "9.0000", nil, false},
			{"a cart that was never sent", open.AuxiliaryID(1), gloves("120", "9.0000"), "9.0000", nil, false},
			{"no cart", "crt_0-1", gloves("120", "9.0000"), "9.0000", nil, false},
			{"something else", "blue, large", gloves("120", "9.0000"), "9.0000", nil, false},
			{"without a snapshot the old price is too low", "", gloves("120", "8.1000"), "8.1000", []string{"price_below"}, true},
		}
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				s := *s
				s.TB = t
				test.item.auxiliary = test.auxiliary
				placed := s.placed(s.order(s.northfold, string(rune('A'+i)), nil, test.item))
				v := placed.Order.Version
				if got := v.Lines[0].UnitPrice.String(); got != test.price || !cmp.Equal(flags(v), append([]string{}, test.flags...)) || placed.Waiting != test.waits {
					t.Errorf("price %s, flags %v, waiting %v", got, flags(v), placed.Waiting)
				}
			})
		}
		t.Run("until it is 30 days old", func(t *testing.T) {
			s := *s
			s.TB = t
			still := gloves("120", "8.1000")
			still.auxiliary = cart.AuxiliaryID(1)
			s.clock.Advance(30 * 24 * time.Hour)
			if v := s.placed(s.order(s.northfold, "day 30", nil, still)).Order.Version; len(v.Flags) > 0 {
				t.Errorf("on day 30 it is %v", flags(v))
			}
			s.clock.Advance(time.Microsecond)
			placed := s.placed(s.order(s.northfold, "day 31", nil, still))
			if v := placed.Order.Version; !cmp.Equal(flags(v), []string{"quote_stale", "price_below"}) || !placed.Waiting {
				t.Errorf("after that it is %v, waiting %v", flags(v), placed.Waiting)
			}
		})
		t.Run("even of a product that was withdrawn", func(t *testing.T) {
			s := *s
			s.TB = t
			fresh := s.cart(s.northfold, nil, gloves("7", ""))
			s.in(func(tx *database.Tx) error {
				kept, err := catalog.Products(s.ctx, tx, merchant, []string{"PPE-2010"})
				if err != nil {
					return err
				}
				p := kept["ppe-2010"]
				p.Disabled = true
				_, err = catalog.Save(s.ctx, tx, p, noon)
				return err
			})
			it := gloves("7", "9.0000")
			it.auxiliary = fresh.AuxiliaryID(1)
			if placed := s.placed(s.order(s.northfold, "withdrawn", nil, it)); placed.Waiting || len(placed.Order.Version.Flags) > 0 {
				t.Errorf("waiting %v, %v", placed.Waiting, flags(placed.Order.Version))
			}
		})
	})
}

func TestAGroupIsNotCountedTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.line(s.northfold, 1_000_000_00, 0)
		kit := item{sku: "KIT-1", quantity: "1", unit: "EA", price: "81.00", group: true}
		w := s.order(s.northfold, "K", nil, kit, gloves("10", "8.1000"))
		w.Header.StatedTotal = pointer(dec("81.00"))
		placed := s.placed(w)
		if v := placed.Order.Version; totalsOf(v) != "81.00 0.00 14.95 95.95" || len(v.Flags) > 0 || placed.Waiting {
			t.Errorf("%s with %v, waiting %v", totalsOf(v), flags(v), placed.Waiting)
		}
	})
}

func TestABlanketOrderTakesNoCredit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		line := s.line(s.northfold, 100_00, 0)
		blanket := s.order(s.northfold, "B", northfoldDock, item{sku: "PPE-2010", quantity: "1", unit: "BX", price: "0"})
		blanket.Header.Blanket, blanket.Header.StatedTax = pointer(dec("50000")), pointer(dec("3625"))
		placed := s.placed(blanket)
		if v := placed.Order.Version; placed.Order.State != orders.Approved || placed.Order.Decision.Reason != credit.NotOnCredit ||
			totalsOf(v) != "0.00 0.00 0.00 0.00" || s.find(line).Tree.Holds != 0 {
			t.Errorf("%s with %s: %+v", placed.Order.State, totalsOf(v), placed.Order.Decision)
		}
		// An order that held something and becomes a blanket order gives it back.
		s.placed(s.order(s.northfold, "C", nil, gloves("1", "8.1000")))
		if held := s.find(line).Tree.Holds; held != 8_10+14_95 {
			t.Fatalf("holds %d", held)
		}
		blanket.Kind, blanket.Number = checkout.Change, "C"
		s.placed(blanket)
		if held := s.find(line).Tree.Holds; held != 0 {
			t.Errorf("the blanket order still holds %d", held)
		}
	})
}

// What can't be reckoned is a fault with its place, never an accident of ours.
func TestAmountsThatCantBe(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.line(s.northfold, 1_000_000_00, 0)
		const most = "9999999999999999999"
		one := gloves("1", "8.1000")
		tests := []struct {
			name  string
			items []item
			edit  func(*checkout.Wanted)
		}{
			{"a negative price", []item{one, {sku: "DISCOUNT", quantity: "1", unit: "EA", price: "-1"}}, nil},
			{"a line too large", []item{gloves(most, "8.1000")}, nil},
			{"a line too large at our price", []item{gloves(most, "0")}, nil},
			{"a sum too large", []item{{sku: "NO", quantity: "1", unit: "EA", price: "90000000000000000"}, {sku: "NO", quantity: "1", unit: "EA", price: "90000000000000000"}}, nil},
			{"a tax that is negative", []item{one}, func(w *checkout.Wanted) { w.Header.StatedTax = pointer(dec("-5")) }},
			{"a tax too large", []item{one}, func(w *checkout.Wanted) { w.Header.StatedTax = pointer(dec(most)) }},
			{"a freight that is negative", []item{one}, func(w *checkout.Wanted) { w.Header.StatedFreight = pointer(dec("-5")) }},
			{"freight too large", []item{{sku: "PKG-4070", quantity: "50000000000000000", unit: "EA", price: "0"}}, nil},
			{"a basis that leaves too many digits", []item{{sku: "FAS-1050", quantity: "1", unit: "EA", price: "1", per: "1.234567890123456789"}}, nil},
		}
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				s := *s
				s.TB = t
				w := s.order(s.northfold, string(rune('A'+i)), nil, test.items...)
				if test.edit != nil {
					test.edit(&w)
				}
				s.refused(w, fault.Invalid)
			})
		}
	})
}
