package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

var (
	now   = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	today = money.NewDate(2026, time.March, 10)
	dec   = money.MustDecimal
)

const merchant = "brackwater"

func pointer[T any](v T) *T { return &v }

// shop is a merchant with three organisations: northfold, its child labs, and westmere.
type shop struct {
	t                         *testing.T
	db                        *database.DB
	northfold, labs, westmere accounts.Organisation
	ids                       map[string]string // by part number
}

func open(t *testing.T, db *database.DB) *shop {
	t.Helper()
	s := &shop{t: t, db: db, ids: map[string]string{}}
	organisation := func(id, parent, policy string) accounts.Organisation {
		o := accounts.Organisation{ID: "org_" + id, Merchant: merchant, ExternalID: id, Name: id, Currency: "USD", PricePolicy: policy}
		if parent != "" {
			o.ParentID = pointer("org_" + parent)
		}
		s.exec(`INSERT INTO organisations (merchant_id, id, external_id, name, parent_id, currency, terms_days, over_limit, price_policy, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, 'USD', 30, 'review', ?, ?, ?)`, merchant, o.ID, id, id, o.ParentID, policy, database.At(now), database.At(now))
		return o
	}
	for _, id := range []string{merchant, "other"} {
		s.exec(`INSERT INTO merchants (id, account, mode, name, time_zone, currency, shop_url, tax_rates, freight, created_at, updated_at)
			VALUES (?, ?, 'test', ?, 'America/New_York', 'USD', '', '[]', '{}', ?, ?)`, id, id, id, database.At(now), database.At(now))
	}
	s.northfold = organisation("northfold", "", accounts.ContractOnly)
	s.labs = organisation("labs", "northfold", accounts.ContractOnly)
	s.westmere = organisation("westmere", "", accounts.BestOf)
	return s
}

func (s *shop) exec(query string, args ...any) {
	s.t.Helper()
	s.in(func(tx *database.Tx) error { _, err := tx.Exec(s.t.Context(), query, args...); return err })
}

func (s *shop) in(fn func(*database.Tx) error) {
	s.t.Helper()
	if err := s.db.InTx(s.t.Context(), fn); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) sell(p catalog.Product, prices ...catalog.Price) catalog.Product {
	s.t.Helper()
	if p.Merchant == "" {
		p.Merchant = merchant
	}
	s.in(func(tx *database.Tx) error {
		kept, err := catalog.Save(s.t.Context(), tx, p, now)
		if err != nil {
			return err
		}
		for _, price := range prices {
			if price.Currency == "" {
				price.Currency = "USD"
			}
			if err := catalog.SavePrice(s.t.Context(), tx, p.Merchant, kept.ID, price); err != nil {
				return err
			}
		}
		p = kept
		return nil
	})
	s.ids[p.SKU] = p.ID
	return p
}

// story sells some of the demo's products at the demo's prices.
func (s *shop) story() {
	s.t.Helper()
	s.sell(catalog.Product{SKU: "FAS-1010", Name: "Hex bolt M8 × 40, zinc, 8.8", Category: "Fasteners", Unit: "BX", Content: pointer(dec("100")), ContentUnit: "EA"},
		catalog.Price{Price: dec("18.45"), Breaks: []catalog.Break{{From: dec("10"), Price: dec("17.20")}, {From: dec("50"), Price: dec("15.90")}}})
	s.sell(catalog.Product{SKU: "FAS-1040", Name: "Tapping screw 4.2 × 25", Category: "Fasteners", Unit: "EA", LeastQuantity: dec("500"), QuantityStep: dec("100")},
		catalog.Price{Price: dec("0.0375")})
	s.sell(catalog.Product{SKU: "FAS-1050", Name: "Machine screw M4 × 10, stainless", Category: "Fasteners", Unit: "EA",
		OtherUnits: []catalog.OtherUnit{{Unit: "BX", Content: dec("100")}}},
		catalog.Price{Price: dec("0.0141")}, catalog.Price{Organisation: s.northfold.ID, Price: dec("0.01255")})
	s.sell(catalog.Product{SKU: "PPE-2010", Name: "Disposable nitrile gloves, size L", Category: "Safety", Unit: "BX"},
		catalog.Price{Price: dec("9.95"), Breaks: []catalog.Break{{From: dec("10"), Price: dec("9.25")}, {From: dec("100"), Price: dec("8.60")}, {From: dec("250"), Price: dec("7.95")}}},
		catalog.Price{Organisation: s.northfold.ID, Price: dec("8.1000")},
		catalog.Price{Organisation: s.westmere.ID, Price: dec("9.00")},
		catalog.Price{Currency: "JPY", Price: dec("1420")})
	s.sell(catalog.Product{SKU: "ELE-5030", Name: "Network cable, category 6, by the metre", Category: "Electrical", Unit: "MTR", LeastQuantity: dec("0.5"), QuantityStep: dec("0.5")},
		catalog.Price{Price: dec("0.6425")})
	s.sell(catalog.Product{SKU: "TOL-6040", Name: "Tape measure 8 m", Category: "Tools", Unit: "EA", Disabled: true}, catalog.Price{Price: dec("9.35")})
}

func TestPrices(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.story()
		tests := []struct {
			name           string
			who            accounts.Organisation
			sku, quantity  string
			unit           string
			price, listed  string // listed is empty when the list price counts
			contractExists bool
		}{
			{"the list", s.westmere, "FAS-1010", "9", "", "18.45", "", false},
			{"the list at its first break", s.westmere, "FAS-1010", "10", "BX", "17.20", "", false},
			{"the list above its last break", s.westmere, "FAS-1010", "50.5", "", "15.90", "", false},
			{"a contract price replaces the list and its breaks", s.northfold, "PPE-2010", "250", "", "8.1000", "7.95", true},
			{"a contract price beside the list without break", s.northfold, "PPE-2010", "9", "", "8.1000", "9.95", true},
			{"the parent's contract", s.labs, "PPE-2010", "120", "", "8.1000", "8.60", true},
			{"best of both: contract", s.westmere, "PPE-2010", "10", "", "9.00", "9.25", true},
			{"best of both: the broken list", s.westmere, "PPE-2010", "100", "", "8.60", "", true},
			{"five decimals", s.northfold, "FAS-1050", "1500", "EA", "0.01255", "0.0141", true},
			{"the box, exactly", s.northfold, "FAS-1050", "15", "BX", "1.2550", "1.41", true},
			{"part number in another case", s.labs, " fas-1050 ", "15", "BX", "1.2550", "1.41", true},
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				offer, err := catalog.Find(t.Context(), db, test.who, "USD", today, test.sku)
				if err != nil {
					t.Fatal(err)
				}
				quote, err := offer.At(dec(test.quantity), test.unit)
				if err != nil {
					t.Fatal(err)
				}
				if quote.Price.Cmp(dec(test.price)) != 0 {
					t.Errorf("%s costs %s, want %s", test.sku, quote.Price, test.price)
				}
				if quote.Contract != (test.listed != "") || (quote.List == nil) != (test.listed == "") || offer.Contract != test.contractExists {
					t.Fatalf("contract %v with list %v, offer's contract %v", quote.Contract, quote.List, offer.Contract)
				}
				if test.listed != "" && quote.List.Cmp(dec(test.listed)) != 0 {
					t.Errorf("list is %s, want %s", quote.List, test.listed)
				}
			})
		}
		for _, absent := range []struct {
			sku, currency string
		}{{"TOL-6040", "USD"}, {"FAS-1010", "JPY"}, {"nothing", "USD"}, {"", "USD"}, {"a\x00b", "USD"}, {"\xff", "USD"}, {"PPE-2010", "usd"}} {
			if _, err := catalog.Find(t.Context(), db, s.northfold, absent.currency, today, absent.sku); fault.CodeOf(err) != fault.Unknown {
				t.Errorf("%q in %s: %v", absent.sku, absent.currency, err)
			}
		}
		// The ladder of what is paid: 9.00 until the list's break undercuts it.
		offer, err := catalog.Find(t.Context(), db, s.westmere, "USD", today, "PPE-2010")
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, b := range offer.Breaks {
			got += b.From.String() + " " + b.Price.String() + "; "
		}
		if got != "1 9.00; 100 8.60; 250 7.95; " {
			t.Errorf("ladder %s", got)
		}
	})
}

func TestDaysOfPrices(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		day := func(n int) money.Date { return today.AddDays(n) }
		s.sell(catalog.Product{SKU: "A", Name: "a", Category: "c", Unit: "EA"},
			catalog.Price{Price: dec("10"), From: day(-30), To: day(10)},
			catalog.Price{Organisation: s.northfold.ID, Price: dec("9"), To: day(20)},
			catalog.Price{Organisation: s.northfold.ID, Price: dec("8"), From: day(3), To: day(4)},
			catalog.Price{Organisation: s.labs.ID, Price: dec("7"), From: day(4), To: day(4)})
		for _, test := range []struct {
			name string
			who  accounts.Organisation
			on   int
			want string // empty: not on offer
		}{
			{"before the list begins", s.westmere, -31, ""},
			{"the list's first day", s.westmere, -30, "10"},
			{"the list's last day", s.westmere, 10, "10"},
			{"a day later", s.westmere, 11, ""},
			{"a contract price without a list price", s.northfold, 20, "9"},
			{"after all", s.northfold, 21, ""},
			{"the day before a short-lived price", s.northfold, 2, "9"},
			{"its first day", s.northfold, 3, "8"},
			{"its last day", s.northfold, 4, "8"},
			{"after it", s.northfold, 5, "9"},
			{"the parent's short-lived price", s.labs, 3, "8"},
			{"the nearest wins", s.labs, 4, "7"},
		} {
			t.Run(test.name, func(t *testing.T) {
				offer, err := catalog.Find(t.Context(), db, test.who, "USD", day(test.on), "a")
				found, _, searchErr := catalog.Search(t.Context(), db, test.who, "USD", day(test.on), catalog.Query{})
				if searchErr != nil {
					t.Fatal(searchErr)
				}
				if len(found) == 1 != (test.want != "") {
					t.Errorf("the search finds %d", len(found))
				}
				if test.want == "" {
					if fault.CodeOf(err) != fault.Unknown {
						t.Errorf("offered: %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if quote, err := offer.At(money.One, ""); err != nil || quote.Price.String() != test.want {
					t.Errorf("%v, %v, want %s", quote, err, test.want)
				}
			})
		}
	})
}

func TestQuantities(t *testing.T) {
	screw := catalog.Product{SKU: "FAS-1040", Unit: "EA", LeastQuantity: dec("500"), QuantityStep: dec("100"),
		OtherUnits: []catalog.OtherUnit{{Unit: "BX", Content: dec("250")}}}
	cable := catalog.Product{SKU: "ELE-5030", Unit: "MTR", LeastQuantity: dec("0.5"), QuantityStep: dec("0.5")}
	for _, test := range []struct {
		product        catalog.Product
		quantity, unit string
		want           string
	}{
		{screw, "500", "", ""},
		{screw, "700", "EA", ""},
		{screw, "400", "EA", "FAS-1040 can't be ordered as 400 EA: least 500 (quantity)"},
		{screw, "550", "", "FAS-1040 can't be ordered as 550 EA: in steps of 100 (quantity)"},
		{screw, "2", "BX", ""},
		{screw, "3", "BX", "FAS-1040 can't be ordered as 750 EA: in steps of 100 (quantity)"},
		{screw, "0", "", "the quantity of FAS-1040 must be positive (quantity)"},
		{screw, "-500", "", "the quantity of FAS-1040 must be positive (quantity)"},
		{screw, "500", "CS", "FAS-1040 is not sold in CS, only in EA or BX (unit)"},
		{cable, "152.5", "", ""},
		{cable, "152.25", "", "ELE-5030 can't be ordered as 152.25 MTR: in steps of 0.5 (quantity)"},
		{screw, "9999999999999999999", "BX", "the quantity 9999999999999999999 of FAS-1040 has too many digits (quantity)"},
	} {
		got := ""
		if err := test.product.CheckQuantity(dec(test.quantity), test.unit); err != nil {
			if got = err.Error(); fault.CodeOf(err) != fault.Invalid {
				t.Errorf("%s: %v is not invalid", test.quantity, err)
			}
		}
		if got != test.want {
			t.Errorf("%s %s: %q, want %q", test.quantity, test.unit, got, test.want)
		}
	}
}

// counting counts what a use case asks.
type counting struct {
	database.Querier
	statements int
}

func (c *counting) Select(ctx context.Context, dest any, query string, args ...any) error {
	c.statements++
	return c.Querier.Select(ctx, dest, query, args...)
}

func (c *counting) Get(ctx context.Context, dest any, query string, args ...any) error {
	c.statements++
	return c.Querier.Get(ctx, dest, query, args...)
}

func TestAThousandLinesCostFewStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.in(func(tx *database.Tx) error {
			for i := range 1000 {
				p, err := catalog.Save(t.Context(), tx, catalog.Product{Merchant: merchant, SKU: fmt.Sprintf("P-%d", i), Name: "n", Category: "c", Unit: "EA"}, now)
				if err == nil {
					err = catalog.SavePrice(t.Context(), tx, merchant, p.ID, catalog.Price{Currency: "USD", Price: dec(fmt.Sprint(i))})
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		var skus []string
		for i := range 1001 {
			skus = append(skus, fmt.Sprintf("P-%d", i), fmt.Sprintf("p-%d ", i))
		}
		q := &counting{Querier: db}
		offers, err := catalog.Offers(t.Context(), q, s.labs, "USD", today, skus)
		if err != nil || len(offers) != 1000 {
			t.Fatalf("%d offers, %v", len(offers), err)
		}
		if q.statements != 9 {
			t.Errorf("%d statements", q.statements)
		}
		if quote, err := offers["p-777"].At(money.One, ""); err != nil || quote.Price.String() != "777" {
			t.Errorf("%v, %v", quote, err)
		}
	})
}

func TestSave(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		p := s.sell(catalog.Product{SKU: "A-1", Name: "first", Category: "c", Unit: "EA", Stock: pointer(dec("0")), LeadTimeDays: pointer(int64(12)),
			Content: pointer(dec("100")), ContentUnit: "EA", OtherUnits: []catalog.OtherUnit{{Unit: "BX", Content: dec("20")}}})
		kept, err := catalog.Products(t.Context(), db, merchant, []string{"a-1"})
		if err != nil {
			t.Fatal(err)
		}
		same := cmp.Comparer(func(a, b money.Decimal) bool { return a.Cmp(b) == 0 })
		if diff := cmp.Diff(map[string]catalog.Product{"a-1": p}, kept, same); diff != "" {
			t.Error(diff)
		}
		stale := p
		p.Name = "second"
		if p = s.sell(p); p.Version != 2 {
			t.Errorf("version %d", p.Version)
		}
		fails := func(p catalog.Product, code fault.Code) {
			t.Helper()
			err := db.InTx(t.Context(), func(tx *database.Tx) error { _, err := catalog.Save(t.Context(), tx, p, now); return err })
			if fault.CodeOf(err) != code {
				t.Errorf("%v, want %s", err, code)
			}
		}
		fails(stale, fault.Conflict)
		fails(catalog.Product{Merchant: merchant, SKU: "a-1", Name: "same number", Unit: "EA"}, fault.Conflict)
		fails(catalog.Product{Merchant: merchant, SKU: "B", Name: "", Unit: "piece"}, fault.Invalid)
		s.sell(catalog.Product{Merchant: "other", SKU: "A-1", Name: "another merchant's", Unit: "EA"})
	})
}

func TestWrongProductsNameTheirFields(t *testing.T) {
	p := catalog.Product{SKU: " ", Unit: "piece", Content: pointer(dec("0")), UNSPSC: "3116", LeastQuantity: dec("-1"),
		OtherUnits: []catalog.OtherUnit{{Unit: "EA", Content: dec("1")}, {Unit: "EA", Content: dec("0")}}, FreightClass: "heavy"}
	var paths []string
	for _, f := range p.Check() {
		paths = append(paths, f.Path)
	}
	want := "sku name unit content content_unit unspsc least_quantity quantity_step freight_class other_units[1].unit other_units[1].content"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	price := catalog.Price{Currency: "XXX", Price: dec("-1"), From: today, To: today.AddDays(-1),
		Breaks: []catalog.Break{{From: dec("10"), Price: dec("1")}, {From: dec("10"), Price: dec("-1")}}}
	paths = nil
	for _, f := range price.Check() {
		paths = append(paths, f.Path)
	}
	if got := strings.Join(paths, " "); got != "currency price valid_to breaks[1].from breaks[1].price" {
		t.Errorf("%s", got)
	}
}
