package checkout_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/orders"
)

var (
	cartN = []item{{sku: "PPE-2010", quantity: "120", unit: "BX", price: "8.1000"}, {sku: "PPE-2030", quantity: "37", unit: "EA", price: "2.9375"},
		{sku: "FAS-1050", quantity: "1500", unit: "EA", price: "0.01255"}, {sku: "ELE-5030", quantity: "152.5", unit: "MTR", price: "0.6425"},
		{sku: "PKG-4010", quantity: "30", unit: "RO", price: "1.4875"}}
	cartC = []item{{sku: "CLN-3010", quantity: "24", unit: "CS", price: "35.7050"}, {sku: "CLN-3020", quantity: "12", unit: "CS", price: "27.7038"},
		{sku: "PKG-4010", quantity: "75", unit: "RO", price: "1.3759"}, {sku: "PKG-4020", quantity: "6", unit: "RO", price: "10.3600"}}
	cartH = []item{{sku: "FAS-1050", quantity: "1100", unit: "EA", price: "18.525", per: "10"}, {sku: "FAS-1040", quantity: "2500", unit: "EA", price: "5.55"},
		{sku: "PPE-2030", quantity: "7", unit: "EA", price: "438.5"}, {sku: "ELE-5030", quantity: "12.5", unit: "MTR", price: "96.2"}}
	cartS = []item{{sku: "PPE-2010", quantity: "12", unit: "BX", price: "3.745"}, {sku: "PPE-2070", quantity: "7", unit: "EA", price: "3.1675"},
		{sku: "FAS-1050", quantity: "2500", unit: "EA", price: "0.00473"}, {sku: "PKG-4010", quantity: "15", unit: "RO", price: "0.5595"}}
)

func ordered(items []item, sku, quantity, unit, price, per string) []item {
	changed := append([]item(nil), items...)
	for i := range changed {
		if changed[i].sku == sku {
			changed[i].quantity, changed[i].unit, changed[i].price, changed[i].per = quantity, unit, price, per
		}
	}
	return changed
}

// The figures are computed by hand (demo's story, section 4): the same whether a cart is filled
// or an order comes in.
func TestACartAndItsOrderComeToTheSameSums(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		for _, o := range []accounts.Organisation{s.northfold, s.castelmere, s.westmere, s.hoshimori, s.sitrabay} {
			s.line(o, 100_000_000, 0)
		}
		tests := []struct {
			name  string
			buyer accounts.Organisation
			to    *orders.Address
			items []item
			want  string // goods, tax, freight, total
		}{
			{"N: sum of rounded lines", s.northfold, northfoldDock, cartN, "1242.13 90.05 0.00 1332.18"},
			{"N: screws by the box", s.northfold, northfoldDock, ordered(cartN, "FAS-1050", "15", "BX", "1.2550", ""), "1242.13 90.05 0.00 1332.18"},
			{"C: one rounding of tax", s.castelmere, castelmereDock, cartC, "1354.72 81.28 0.00 1436.00"},
			{"H: yen have no decimals", s.hoshimori, nagoya, cartH, "20186 0 1800 21986"},
			{"S: dinars have three", s.sitrabay, manama, cartS, "87.331 0.000 2.750 90.081"},
			{"a cent under the first tier", s.northfold, nil, []item{{sku: "CENT", quantity: "24999", unit: "EA", price: "0.01"}}, "249.99 0.00 14.95 264.94"},
			{"the second tier begins", s.northfold, nil, []item{{sku: "CENT", quantity: "25000", unit: "EA", price: "0.01"}}, "250.00 0.00 29.50 279.50"},
			{"a cent under the last tier", s.northfold, nil, []item{{sku: "CENT", quantity: "99999", unit: "EA", price: "0.01"}}, "999.99 0.00 29.50 1029.49"},
			{"free from there", s.northfold, nil, []item{{sku: "CENT", quantity: "100000", unit: "EA", price: "0.01"}}, "1000.00 0.00 0.00 1000.00"},
			{"hazardous goods cost once", s.northfold, nil, []item{{sku: "TOL-6060", quantity: "1", unit: "EA", price: "5.85"}, {sku: "TOL-6060", quantity: "2", unit: "EA", price: "5.85"}}, "17.55 0.00 26.95 44.50"},
			{"pallets cost each", s.northfold, nil, []item{{sku: "PKG-4070", quantity: "2", unit: "EA", price: "16.90"}, {sku: "PKG-4070", quantity: "1", unit: "EA", price: "16.90"}}, "50.70 0.00 27.70 78.40"},
			{"pallets are counted, not stacks of ten", s.northfold, nil, []item{{sku: "PKG-4070", quantity: "2", unit: "PF", price: "169.00"}}, "338.00 0.00 114.50 452.50"},
			{"a large order still pays for pallets and hazard", s.northfold, nil, []item{{sku: "PKG-4070", quantity: "60", unit: "EA", price: "16.90"}, {sku: "TOL-6060", quantity: "1", unit: "EA", price: "5.85"}}, "1019.85 0.00 267.00 1286.85"},
			{"Westmere is exempt; the break makes it cheaper", s.westmere, northfoldDock, []item{{sku: "PPE-2010", quantity: "10", unit: "BX", price: "9.25"}, {sku: "PKG-4070", quantity: "2", unit: "EA", price: "16.90"}, {sku: "TOL-6060", quantity: "3", unit: "EA", price: "5.1480"}}, "141.74 0.00 35.45 177.19"},
		}
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				s := *s
				s.TB = t
				if test.items[0].per == "" {
					cart := s.cart(test.buyer, test.to, test.items...)
					if got := totals(cart.Goods, cart.Tax, cart.Freight, cart.Total); got != test.want {
						t.Errorf("the cart comes to %s, want %s", got, test.want)
					}
				}
				placed := s.placed(s.order(test.buyer, string(rune('A'+i)), test.to, test.items...))
				if got := totalsOf(placed.Order.Version); got != test.want {
					t.Errorf("the order comes to %s, want %s", got, test.want)
				}
				if placed.Waiting || placed.Order.State != orders.Approved || len(placed.Order.Version.Flags) > 0 {
					t.Errorf("the order is %s with %+v: %s", placed.Order.State, placed.Order.Version.Flags, placed.Order.Decision.Sentence)
				}
			})
		}
	})
}

func TestTaxIsSharedByLargestRemainder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.line(s.castelmere, 100_000_00, 0)
		placed := s.placed(s.order(s.castelmere, "C", castelmereDock, cartC...))
		cart := s.cart(s.castelmere, castelmereDock, cartC...)
		var amounts, taxes, inCart []string
		for i, l := range placed.Order.Version.Lines {
			amounts, taxes, inCart = append(amounts, l.Amount.Text()), append(taxes, l.Tax.Text()), append(inCart, cart.Lines[i].Tax.Text())
		}
		want := []string{"51.41", "19.95", "6.19", "3.73"} // line by line it would be 81.29
		if !cmp.Equal(taxes, want) || !cmp.Equal(inCart, want) || !cmp.Equal(amounts, []string{"856.92", "332.45", "103.19", "62.16"}) {
			t.Errorf("amounts %v, tax of the order %v, of the cart %v", amounts, taxes, inCart)
		}
	})
}

func TestTaxIsThatOfTheMostExactPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.line(s.castelmere, 100_000_00, 0)
		s.line(s.westmere, 100_000_00, 0)
		to := func(region, code string) *orders.Address {
			return &orders.Address{Country: "us", Region: region, PostalCode: code}
		}
		tests := []struct {
			name  string
			buyer accounts.Organisation
			to    *orders.Address
			first *orders.Address // the first line's own place
			sku   string
			want  string // tax on 100 pieces at 10.00
		}{
			{"country", s.castelmere, to("TX", "73301"), nil, "CENT", "50.00"},
			{"region before country", s.castelmere, to("ca", "90001"), nil, "CENT", "75.00"},
			{"postal prefix before region", s.castelmere, to("NV", "94105"), nil, "CENT", "86.25"},
			{"region and prefix before prefix", s.castelmere, to("CA", "94105"), nil, "CENT", "87.50"},
			{"the class has its own rate", s.castelmere, to("OH", "43004"), nil, "FOOD-1", "10.00"},
			{"a class without a rate is not guessed", s.castelmere, to("PA", "15201"), nil, "FOOD-1", "0.00"},
			{"the last day of the old rate", s.castelmere, to("WA", "98101"), nil, "CENT", "90.00"},
			{"the line's place wins", s.castelmere, to("WA", "98101"), to("OH", "43004"), "CENT", "72.50"},
			{"exempt", s.westmere, to("CA", "94105"), nil, "CENT", "0.00"},
			{"no rate: nothing", s.castelmere, nowhere, nil, "CENT", "0.00"},
			{"no place: nothing", s.castelmere, nil, nil, "CENT", "0.00"},
		}
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				s := *s
				s.TB = t
				one := item{sku: test.sku, quantity: "100", unit: "EA", price: "10.00", shipTo: test.first}
				if test.sku == "CENT" {
					one.quantity, one.price = "100000", "0.01"
				}
				v := s.placed(s.order(test.buyer, string(rune('A'+i)), test.to, one)).Order.Version
				if v.Goods.Text() != "1000.00" || v.Tax.Text() != test.want || v.Lines[0].Tax != v.Tax {
					t.Errorf("%s, the line's share %s; want a tax of %s", totalsOf(v), v.Lines[0].Tax, test.want)
				}
			})
		}
		// The day changes in the merchant's zone, not in UTC: 04:30 UTC is half past midnight there.
		s.clock.Advance(11*60*60*1e9 + 30*60*1e9)
		v := s.placed(s.order(s.castelmere, "next day", to("WA", "98101"), item{sku: "CENT", quantity: "100000", unit: "EA", price: "0.01"})).Order.Version
		if v.Tax.Text() != "100.00" {
			t.Errorf("on the first day of the new rate the tax is %s", v.Tax)
		}
	})
}

func TestTheOrdersOwnTaxAndFreightAreComparedNotTrusted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.line(s.northfold, 100_000_00, 0)
		s.line(s.westmere, 100_000_00, 0)
		tests := []struct {
			name         string
			buyer        accounts.Organisation
			to           *orders.Address
			tax, freight string
			want         string
			flags        []string
		}{
			{"the same", s.northfold, northfoldDock, "7.25", "14.95", "100.00 7.25 14.95 122.20", nil},
			{"no figures", s.northfold, northfoldDock, "", "", "100.00 7.25 14.95 122.20", nil},
			{"another tax: ours counts", s.northfold, northfoldDock, "7.26", "14.95", "100.00 7.25 14.95 122.20", []string{"tax_differs"}},
			{"another freight: ours counts", s.northfold, northfoldDock, "7.25", "0", "100.00 7.25 14.95 122.20", []string{"freight_differs"}},
			{"tax of an exempt buyer", s.westmere, northfoldDock, "7.25", "14.95", "100.00 0.00 14.95 114.95", []string{"tax_differs"}},
			{"no rate for the place: the order's tax", s.northfold, nowhere, "19.00", "14.95", "100.00 19.00 14.95 133.95", []string{"tax_as_stated"}},
			{"no rate and no tax stated: untaxed, and said so", s.northfold, nowhere, "", "14.95", "100.00 0.00 14.95 114.95", []string{"tax_unknown"}},
			{"the table knows that nothing is due", s.northfold, untaxed, "", "14.95", "100.00 0.00 14.95 114.95", nil},
		}
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				s := *s
				s.TB = t
				w := s.order(test.buyer, string(rune('A'+i)), test.to, item{sku: "CENT", quantity: "10000", unit: "EA", price: "0.01"})
				if test.tax != "" {
					w.Header.StatedTax = pointer(dec(test.tax))
				}
				if test.freight != "" {
					w.Header.StatedFreight = pointer(dec(test.freight))
				}
				v := s.placed(w).Order.Version
				if totalsOf(v) != test.want || !cmp.Equal(flags(v), append([]string{}, test.flags...)) {
					t.Errorf("%s with %v; want %s with %v", totalsOf(v), flags(v), test.want, test.flags)
				}
			})
		}
	})
}

func TestTotalIsTheSumOfTheLines(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.line(s.northfold, 100_000_00, 0)
		tests := []struct {
			name   string
			total  string
			refuse bool
			flags  []string
			ok     bool
		}{
			{"equal", "1242.13", true, []string{}, true},
			{"half a cent for each of five lines", "1242.155", true, []string{}, true},
			{"the usual mistake is within that", "1242.12", true, []string{}, true},
			{"beyond that it is flagged", "1242.156", false, []string{"total_differs"}, true},
			{"or refused", "1242.10", true, nil, false},
			{"with tax and shipping in it", "1362.18", true, []string{"total_includes", "freight_differs"}, true},
		}
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				s := *s
				s.TB = t
				w := s.order(s.northfold, string(rune('A'+i)), northfoldDock, cartN...)
				w.Header.StatedTotal, w.Policy.RefuseMismatch = pointer(dec(test.total)), test.refuse
				if test.name == "with tax and shipping in it" {
					w.Header.StatedTax, w.Header.StatedFreight = pointer(dec("90.05")), pointer(dec("30.00"))
				}
				if !test.ok {
					s.refused(w, "invalid")
					return
				}
				v := s.placed(w).Order.Version
				if totalsOf(v) != "1242.13 90.05 0.00 1332.18" || !cmp.Equal(flags(v), test.flags) {
					t.Errorf("%s with %v, want %v", totalsOf(v), flags(v), test.flags)
				}
			})
		}
	})
}
