package checkout_test

import (
	"cmp"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

const merchant = "brackwater"

var (
	noon = time.Date(2026, 3, 10, 17, 0, 0, 0, time.UTC)
	dec  = money.MustDecimal
)

func pointer[T any](v T) *T { return &v }

// Where goods go. The tax table of the demo's story is by ship-to.
var (
	northfoldDock  = &orders.Address{Country: "US", Region: "OH", PostalCode: "43004"}
	castelmereDock = &orders.Address{Country: "US", Region: "PA", PostalCode: "15201"}
	nagoya         = &orders.Address{Country: "JP"}
	manama         = &orders.Address{Country: "BH"}
	untaxed        = &orders.Address{Country: "US", Region: "OR"}
	nowhere        = &orders.Address{Country: "XK"} // the table says nothing about it
)

const taxTable = `[
	{"country": "US", "region": "OH", "percent": "7.25"},
	{"country": "US", "region": "PA", "percent": "6.00"},
	{"country": "US", "percent": "5"}, {"country": "US", "region": "OR", "percent": "0"},
	{"country": "US", "postal_prefix": "941", "percent": "8.625"},
	{"country": "US", "region": "CA", "postal_prefix": "941", "percent": "8.75"},
	{"country": "US", "region": "CA", "percent": "7.5"},
	{"country": "US", "region": "OH", "class": "food", "percent": "1"},
	{"country": "US", "region": "WA", "percent": "9", "to": "2026-03-10"},
	{"country": "US", "region": "WA", "percent": "10", "from": "2026-03-11"},
	{"country": "JP", "percent": "0"}, {"country": "BH", "percent": "0"}]`

const freightTable = `{
	"USD": {"tiers": [{"under": "250.00", "charge": "14.95"}, {"under": "1000.00", "charge": "29.50"}, {"charge": "0"}],
	        "hazardous": "12.00", "per_pallet": "4.25"},
	"JPY": {"tiers": [{"under": "30000", "charge": "1800"}, {"charge": "0"}]},
	"BHD": {"tiers": [{"charge": "2.750"}]}}`

// shop is the merchant of the demo's story with its buyers, on one database.
type shop struct {
	testing.TB
	ctx      context.Context
	db       *database.DB
	clock    *clock.Clock
	desk     *checkout.Desk
	merchant accounts.Merchant
	products map[string]string // ids by part number

	northfold, west, castelmere, westmere, hoshimori, sitrabay accounts.Organisation
}

func open(t *testing.T, db *database.DB) *shop {
	t.Helper()
	s := &shop{TB: t, ctx: context.WithoutCancel(t.Context()), db: db, clock: clock.At(noon), products: map[string]string{}}
	s.desk = &checkout.Desk{Clock: s.clock}
	s.exec(`INSERT INTO merchants (id, account, mode, name, time_zone, currency, shop_url, tax_rates, freight, created_at, updated_at)
VALUES (?, ?, 'test', 'Brackwater', 'America/New_York', 'USD', '', ?, ?, ?, ?)`, merchant, merchant, taxTable, freightTable, database.At(noon), database.At(noon))
	var err error
	if s.merchant, err = accounts.FindMerchant(s.ctx, db, merchant); err != nil {
		t.Fatal(err)
	}
	s.northfold = s.organisation("Northfold Medical Group", "USD", accounts.Organisation{PricePolicy: accounts.ContractOnly})
	s.west = s.organisation("Northfold Labs West", "USD", accounts.Organisation{PricePolicy: accounts.ContractOnly, ParentID: &s.northfold.ID})
	s.castelmere = s.organisation("Castelmere Foods", "USD", accounts.Organisation{PricePolicy: accounts.ContractOnly})
	s.westmere = s.organisation("Westmere University", "USD", accounts.Organisation{PricePolicy: accounts.BestOf, TaxCertificates: `[{"reference":"W-1"}]`})
	s.hoshimori = s.organisation("Hoshimori Seimitsu K.K.", "JPY", accounts.Organisation{PricePolicy: accounts.ContractOnly})
	s.sitrabay = s.organisation("Sitrabay Marine Works W.L.L.", "BHD", accounts.Organisation{PricePolicy: accounts.ContractOnly})
	s.catalogue()
	return s
}

func (s *shop) in(fn func(tx *database.Tx) error) {
	s.Helper()
	if err := s.db.InTx(s.ctx, fn); err != nil {
		s.Fatal(err)
	}
}

func (s *shop) exec(query string, args ...any) {
	s.Helper()
	s.in(func(tx *database.Tx) error {
		_, err := tx.Exec(s.ctx, query, args...)
		return err
	})
}

func (s *shop) organisation(name, currency string, o accounts.Organisation) accounts.Organisation {
	s.Helper()
	o.ID, o.Merchant, o.ExternalID, o.Name, o.Currency = database.NewID("org"), merchant, name, name, currency
	if o.OverLimit == "" {
		o.OverLimit = accounts.Review
	}
	s.exec(`INSERT INTO organisations (merchant_id, id, external_id, name, parent_id, currency, terms_days, over_limit, price_policy, tax_certificates, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, 30, ?, ?, ?, ?, ?)`, merchant, o.ID, o.ExternalID, o.Name, o.ParentID, o.Currency, o.OverLimit, o.PricePolicy, cmp.Or(o.TaxCertificates, "[]"),
		database.At(noon), database.At(noon))
	return o
}

// line opens a credit line in the organisation's currency.
func (s *shop) line(o accounts.Organisation, limit, holds int64) credit.Line {
	s.Helper()
	var line credit.Line
	s.in(func(tx *database.Tx) (err error) {
		line, err = credit.Open(s.ctx, tx, credit.Opening{Organisation: o, Limit: money.Of(limit, o.Currency), Holds: money.Of(holds, o.Currency), Actor: "setup", At: noon})
		return err
	})
	return line
}

func (s *shop) sell(p catalog.Product, prices ...catalog.Price) {
	s.Helper()
	p.Merchant, p.Name, p.Category = merchant, p.SKU, "Everything"
	s.in(func(tx *database.Tx) error {
		kept, err := catalog.Save(s.ctx, tx, p, noon)
		if err != nil {
			return err
		}
		s.products[p.SKU] = kept.ID
		return s.prices(tx, p.SKU, prices...)
	})
}

func (s *shop) prices(tx *database.Tx, sku string, prices ...catalog.Price) error {
	for _, price := range prices {
		if err := catalog.SavePrice(s.ctx, tx, merchant, s.products[sku], price); err != nil {
			return err
		}
	}
	return nil
}

func list(currency, price string) catalog.Price {
	return catalog.Price{Currency: currency, Price: dec(price)}
}

func contract(o accounts.Organisation, price string) catalog.Price {
	return catalog.Price{Organisation: o.ID, Currency: o.Currency, Price: dec(price)}
}

// catalogue sells what the story's carts need, at its prices.
func (s *shop) catalogue() {
	s.sell(catalog.Product{SKU: "PPE-2010", Unit: "BX"},
		catalog.Price{Currency: "USD", Price: dec("9.95"), Breaks: []catalog.Break{{From: dec("10"), Price: dec("9.25")}, {From: dec("100"), Price: dec("8.60")}}},
		contract(s.northfold, "8.1000"), list("JPY", "1420"), list("BHD", "3.745"))
	s.sell(catalog.Product{SKU: "PPE-2030", Unit: "EA"}, list("USD", "3.1250"), contract(s.northfold, "2.9375"), list("JPY", "438.5"))
	s.sell(catalog.Product{SKU: "PPE-2070", Unit: "EA"}, list("USD", "8.40"), list("BHD", "3.1675"))
	s.sell(catalog.Product{SKU: "FAS-1050", Unit: "EA", OtherUnits: []catalog.OtherUnit{{Unit: "BX", Content: dec("100")}}},
		list("USD", "0.0141"), contract(s.northfold, "0.01255"), list("JPY", "1.8525"), list("BHD", "0.00473"))
	s.sell(catalog.Product{SKU: "FAS-1040", Unit: "EA"}, list("USD", "0.0375"), list("JPY", "5.55"))
	s.sell(catalog.Product{SKU: "ELE-5030", Unit: "MTR", QuantityStep: dec("0.5"), LeastQuantity: dec("0.5")}, list("USD", "0.6425"), list("JPY", "96.2"))
	s.sell(catalog.Product{SKU: "PKG-4010", Unit: "RO"}, list("USD", "1.4875"), contract(s.castelmere, "1.3759"), list("BHD", "0.5595"))
	s.sell(catalog.Product{SKU: "PKG-4020", Unit: "RO"}, list("USD", "11.20"), contract(s.castelmere, "10.3600"))
	s.sell(catalog.Product{SKU: "CLN-3010", Unit: "CS"}, list("USD", "38.60"), contract(s.castelmere, "35.7050"))
	s.sell(catalog.Product{SKU: "CLN-3020", Unit: "CS"}, list("USD", "29.95"), contract(s.castelmere, "27.7038"))
	s.sell(catalog.Product{SKU: "PKG-4070", Unit: "EA", FreightClass: "pallet", OtherUnits: []catalog.OtherUnit{{Unit: "PF", Content: dec("10")}}}, list("USD", "16.90"))
	s.sell(catalog.Product{SKU: "TOL-6060", Unit: "EA", Hazardous: true}, list("USD", "5.85"), contract(s.westmere, "5.1480"))
	s.sell(catalog.Product{SKU: "FOOD-1", Unit: "EA", TaxClass: "food"}, list("USD", "10.00"))
	s.sell(catalog.Product{SKU: "CENT", Unit: "EA"}, list("USD", "0.01"))
}

// item is one line of an order as a test writes it.
type item struct {
	sku, quantity, unit, price string
	per, auxiliary             string
	group                      bool
	shipTo                     *orders.Address
}

// order is what the organisation asks for, as procurement would translate it. Without a place of
// delivery it goes where nothing is taxed.
func (s *shop) order(o accounts.Organisation, number string, shipTo *orders.Address, items ...item) checkout.Wanted {
	if shipTo == nil {
		shipTo = untaxed
	}
	w := checkout.Wanted{Merchant: s.merchant, Organisation: o, Connection: "con_test", Kind: checkout.New, Number: number, Source: "punchout",
		Currency: o.Currency, Header: orders.Header{ShipTo: shipTo, PayloadID: number + "/1"}}
	for i, it := range items {
		l := orders.Line{Position: int64(i + 1), Line: int64(i + 1), SKU: it.sku, Quantity: dec(it.quantity), Unit: it.unit,
			BuyerPrice: dec(it.price), AuxiliaryID: it.auxiliary, Group: it.group, ShipTo: it.shipTo}
		if it.per != "" {
			l.Per = pointer(dec(it.per))
		}
		w.Lines = append(w.Lines, l)
	}
	return w
}

// place runs the use case in a transaction of its own.
func (s *shop) place(w checkout.Wanted) (placed checkout.Placed, err error) {
	s.Helper()
	err = s.db.InTx(s.ctx, func(tx *database.Tx) (err error) {
		placed, err = s.desk.Place(s.ctx, tx, w)
		return err
	})
	return placed, err
}

// placed is place when it can't fail.
func (s *shop) placed(w checkout.Wanted) checkout.Placed {
	s.Helper()
	placed, err := s.place(w)
	if err != nil {
		s.Fatal(err)
	}
	return placed
}

func (s *shop) refused(w checkout.Wanted, code fault.Code) {
	s.Helper()
	placed, err := s.place(w)
	if err == nil || fault.CodeOf(err) != code {
		s.Errorf("%s of %s: got %+v and %v, want a fault %s", w.Kind, w.Number, placed, err, code)
	}
}

// cart fills a cart and freezes it.
func (s *shop) cart(o accounts.Organisation, shipTo *orders.Address, items ...item) checkout.Cart {
	s.Helper()
	var cart checkout.Cart
	s.in(func(tx *database.Tx) (err error) {
		if cart, err = s.desk.NewCart(s.ctx, tx, o, shipTo); err != nil {
			return err
		}
		wanted := make([]checkout.Item, len(items))
		for i, it := range items {
			wanted[i] = checkout.Item{SKU: it.sku, Quantity: dec(it.quantity), Unit: it.unit}
		}
		if _, err = s.desk.PutCart(s.ctx, tx, s.merchant, o, cart.ID, wanted); err != nil {
			return err
		}
		cart, err = s.desk.FreezeCart(s.ctx, tx, merchant, cart.ID)
		return err
	})
	return cart
}

// totals writes sums the way the tests' tables do: goods, tax, freight, total.
func totals(goods, tax, freight, total money.Amount) string {
	return fmt.Sprint(goods.Text(), " ", tax.Text(), " ", freight.Text(), " ", total.Text())
}

func totalsOf(v orders.Version) string { return totals(v.Goods, v.Tax, v.Freight, v.Total) }

// flags lists the codes of an order's flags.
func flags(v orders.Version) []string {
	codes := []string{}
	for _, f := range v.Flags {
		codes = append(codes, f.Code)
	}
	return codes
}

func (s *shop) find(line credit.Line) credit.Line {
	s.Helper()
	found, err := credit.FindLine(s.ctx, s.db, merchant, line.ID)
	if err != nil {
		s.Fatal(err)
	}
	return found
}

// release and reject are the desk's rulings, each in a transaction of its own.
func (s *shop) release(order string, override bool) (o orders.Order, err error) {
	err = s.db.InTx(s.ctx, func(tx *database.Tx) (err error) {
		o, err = s.desk.ReleaseOrder(s.ctx, tx, checkout.Ruling{Merchant: merchant, Order: order, Actor: "credit manager", Reason: "they pay", Override: override})
		return err
	})
	return o, err
}

func (s *shop) reject(order string) (o orders.Order, err error) {
	err = s.db.InTx(s.ctx, func(tx *database.Tx) (err error) {
		o, err = s.desk.RejectOrder(s.ctx, tx, checkout.Ruling{Merchant: merchant, Order: order, Actor: "credit manager", Reason: "too much"})
		return err
	})
	return o, err
}

func (s *shop) released(order string, override bool) orders.Order {
	s.Helper()
	o, err := s.release(order, override)
	if err != nil {
		s.Fatal(err)
	}
	return o
}
