package procurement_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"text/template"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/procurement"
)

// market is a merchant whose buyers send purchase orders as bytes, made by a text template so
// that a fault of our codec can't cancel itself out.
type market struct {
	testing.TB
	ctx      context.Context
	db       *database.DB
	clock    *clock.Clock
	keys     *accounts.Keys
	service  *procurement.Service
	merchant string
	failures *atomic.Int64 // logged accidents: the tests count them
}

// counting counts what is logged as an error.
type counting struct {
	slog.Handler
	failures *atomic.Int64
}

func (c counting) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		c.failures.Add(1)
	}
	return c.Handler.Handle(ctx, r)
}

const (
	marketTax = `[{"country": "US", "region": "OH", "percent": "7.25"}, {"country": "US", "region": "PA", "percent": "6.00"},
	{"country": "US", "region": "OH", "class": "food", "percent": "1.5"}, {"country": "US", "region": "CA", "percent": "8.625"},
	{"country": "US", "region": "CA", "class": "food", "percent": "8.625"}]`

	marketFreight = `{
	"USD": {"tiers": [{"under": "250.00", "charge": "14.95"}, {"under": "1000.00", "charge": "29.50"}, {"charge": "0"}], "hazardous": "12.00", "per_pallet": "4.25"},
	"JPY": {"tiers": [{"under": "30000", "charge": "1800"}, {"charge": "0"}]},
	"BHD": {"tiers": [{"charge": "2.750"}], "hazardous": "1.125"}}`
)

func newMarket(t testing.TB, db *database.DB) *market {
	t.Helper()
	m := &market{TB: t, ctx: context.WithoutCancel(t.Context()), db: db, merchant: "brackwater", failures: &atomic.Int64{},
		clock: clock.At(time.Date(2026, 3, 10, 17, 0, 0, 0, time.UTC))}
	var err error
	if m.keys, err = accounts.NewKeys([]byte("a key that only tests know, 32 bytes")); err != nil {
		t.Fatal(err)
	}
	log := slog.New(counting{slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}), m.failures})
	m.service = &procurement.Service{DB: db, Clock: m.clock, Keys: m.keys, Desk: &checkout.Desk{Clock: m.clock}, Log: log,
		PublicURL: "https://kontor.example.net", Limits: cxml.DefaultLimits, HTTP: http.DefaultClient}
	at := database.At(m.clock.Now())
	m.in(func(tx *database.Tx) error {
		_, err := tx.Exec(m.ctx, `INSERT INTO merchants (id, account, mode, name, time_zone, currency, shop_url, tax_rates, freight, created_at, updated_at)
VALUES (?, ?, 'test', 'Brackwater', 'America/New_York', 'USD', '', ?, ?, ?, ?)`, m.merchant, m.merchant, marketTax, marketFreight, at, at)
		return err
	})
	return m
}

func (m *market) in(fn func(tx *database.Tx) error) {
	m.Helper()
	if err := m.db.InTx(m.ctx, fn); err != nil {
		m.Fatal(err)
	}
}

// customer is an organisation with its line and its connection; its id is who From is.
type customer struct {
	accounts.Organisation
	line       credit.Line
	connection string
}

const marketSecret = "heron-by-the-weir"

// join makes a customer in the caller's transaction: limit and holds are in minor units.
func (m *market) join(tx *database.Tx, o accounts.Organisation, limit, holds int64) (customer, error) {
	at := m.clock.Now()
	c := customer{Organisation: o, connection: database.NewID("con")}
	c.ID, c.Merchant, c.PricePolicy = database.NewID("org"), m.merchant, accounts.ContractOnly
	if c.OverLimit == "" {
		c.OverLimit = accounts.Review
	}
	_, err := tx.Exec(m.ctx, `INSERT INTO organisations (merchant_id, id, external_id, name, parent_id, currency, terms_days, over_limit, price_policy, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, 30, ?, ?, ?, ?)`, m.merchant, c.ID, c.ID, c.Name, c.ParentID, c.Currency, c.OverLimit, c.PricePolicy, database.At(at), database.At(at))
	if err != nil {
		return c, err
	}
	if c.line, err = credit.Open(m.ctx, tx, credit.Opening{Organisation: c.Organisation, Limit: money.Of(limit, c.Currency),
		Holds: money.Of(holds, c.Currency), Actor: "setup", At: at}); err != nil {
		return c, err
	}
	link := procurement.Connection{ID: c.connection, Merchant: m.merchant, ExternalID: c.connection, Organisation: c.ID, Protocol: "cxml"}
	if err := procurement.SaveConnection(m.ctx, tx, link, at); err != nil {
		return c, err
	}
	for _, role := range []string{"from", "sender"} {
		if err := procurement.SaveIdentities(m.ctx, tx, m.merchant, c.connection, role, []procurement.Identity{{Domain: "NetworkId", Identity: c.ID}}); err != nil {
			return c, err
		}
	}
	return c, procurement.SaveSecrets(m.ctx, tx, m.keys, m.merchant, c.connection, []string{marketSecret}, at)
}

func (m *market) customer(name string, parent *customer, limit, holds int64) customer {
	m.Helper()
	o := accounts.Organisation{Name: name, Currency: "USD"}
	if parent != nil {
		o.ParentID = &parent.ID
	}
	var c customer
	m.in(func(tx *database.Tx) (err error) { c, err = m.join(tx, o, limit, holds); return err })
	return c
}

// sell offers a product at list prices by currency, and at contract prices by organisation.
func (m *market) sell(p catalog.Product, list, contracts map[string]string) {
	m.Helper()
	p.Merchant, p.Name, p.Category = m.merchant, p.SKU, "Everything"
	m.in(func(tx *database.Tx) error {
		kept, err := catalog.Save(m.ctx, tx, p, m.clock.Now())
		for currency, price := range list {
			if err == nil {
				err = catalog.SavePrice(m.ctx, tx, m.merchant, kept.ID, catalog.Price{Currency: currency, Price: money.MustDecimal(price)})
			}
		}
		for organisation, price := range contracts {
			if err == nil {
				err = catalog.SavePrice(m.ctx, tx, m.merchant, kept.ID, catalog.Price{Organisation: organisation, Currency: "USD", Price: money.MustDecimal(price)})
			}
		}
		return err
	})
}

// purchase is an OrderRequest as a buyer's system writes it; empty fields are left out.
type purchase struct {
	Payload, From, Secret        string
	Kind, Number, Version, Order string // Order is the orderType
	Date                         string
	Currency                     string
	Region                       string // of the ship-to, in the United States
	Tax                          string
	Items                        []purchaseItem
}

type purchaseItem struct{ SKU, Quantity, Unit, Price string }

var purchaseTemplate = template.Must(template.New("").Parse(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">
<cXML payloadID="{{.Payload}}" timestamp="2026-03-10T12:00:00-05:00" xml:lang="en-US">
  <Header>
    <From><Credential domain="NetworkId"><Identity>{{.From}}</Identity></Credential></From>
    <To><Credential domain="DUNS"><Identity>000000901</Identity></Credential></To>
    <Sender><Credential domain="NetworkId"><Identity>{{.From}}</Identity><SharedSecret>{{.Secret}}</SharedSecret></Credential><UserAgent>Test 1.0</UserAgent></Sender>
  </Header>
  <Request deploymentMode="test">
    <OrderRequest>
      <OrderRequestHeader orderID="{{.Number}}" orderDate="{{.Date}}" type="{{.Kind}}"{{with .Version}} orderVersion="{{.}}"{{end}}{{with .Order}} orderType="{{.}}" effectiveDate="2026-03-10T12:00:00-05:00"{{end}}>
        {{- if .Region}}
        <ShipTo><Address isoCountryCode="US" addressID="D1"><Name xml:lang="en">Dock 1</Name><PostalAddress><Street>1 Example Street</Street><City>Example</City><State>{{.Region}}</State><PostalCode>10000</PostalCode><Country isoCountryCode="US">United States</Country></PostalAddress></Address></ShipTo>
        {{- end}}{{if .Tax}}
        <Tax><Money currency="{{.Currency}}">{{.Tax}}</Money><Description xml:lang="en">Tax</Description></Tax>
        {{- end}}
      </OrderRequestHeader>
      {{- range .Items}}
      <ItemOut quantity="{{.Quantity}}">
        <ItemID><SupplierPartID>{{.SKU}}</SupplierPartID></ItemID>
        <ItemDetail><UnitPrice><Money currency="{{$.Currency}}">{{.Price}}</Money></UnitPrice><Description xml:lang="en">{{.SKU}}</Description><UnitOfMeasure>{{.Unit}}</UnitOfMeasure><Classification domain="UNSPSC">46181504</Classification></ItemDetail>
      </ItemOut>
      {{- end}}
    </OrderRequest>
  </Request>
</cXML>
`))

func (p purchase) bytes() []byte {
	if p.Kind == "" {
		p.Kind = "new"
	}
	if p.Currency == "" {
		p.Currency = "USD"
	}
	if p.Secret == "" {
		p.Secret = marketSecret
	}
	if p.Date == "" {
		p.Date = "2026-03-10T12:00:00-05:00"
	}
	var b bytes.Buffer
	if err := purchaseTemplate.Execute(&b, p); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// told is what a Response says, read with encoding/xml.
type told struct {
	raw    []byte
	Status struct {
		Code   int    `xml:"code,attr"`
		Text   string `xml:"text,attr"`
		Detail string `xml:",chardata"`
	} `xml:"Response>Status"`
}

func readTold(raw []byte) (told, error) {
	answer := told{raw: raw}
	err := xml.Unmarshal(raw, &answer)
	return answer, err
}

func (m *market) receive(body []byte) (told, error) {
	return readTold(m.service.Receive(m.ctx, m.merchant, "text/xml; charset=UTF-8", body))
}

// send is receive for the test's own goroutine; the Response must be well-formed.
func (m *market) send(p purchase) told {
	m.Helper()
	answer, err := m.receive(p.bytes())
	if err != nil {
		m.Fatalf("the answer can't be read: %v\n%s", err, answer.raw)
	}
	return answer
}

func (m *market) available(c customer) int64 {
	m.Helper()
	available, _, err := credit.Available(m.ctx, m.db, c.line)
	if err != nil {
		m.Fatal(err)
	}
	return available.Minor
}

func (m *market) find(line credit.Line) credit.Line {
	m.Helper()
	found, err := credit.FindLine(m.ctx, m.db, m.merchant, line.ID)
	if err != nil {
		m.Fatal(err)
	}
	return found
}

func (m *market) order(c customer, number string) orders.Order {
	m.Helper()
	o, found, err := orders.FindByNumber(m.ctx, m.db, m.merchant, c.ID, number)
	if err != nil || !found {
		m.Fatalf("order %s: found %v, %v", number, found, err)
	}
	return o
}

func (m *market) ruling(order, reason string, override bool) checkout.Ruling {
	return checkout.Ruling{Merchant: m.merchant, Order: order, Actor: "credit manager", Reason: reason, Override: override}
}

func (m *market) release(order string, override bool) error {
	return m.db.InTx(m.ctx, func(tx *database.Tx) error {
		_, err := m.service.Desk.ReleaseOrder(m.ctx, tx, m.ruling(order, "they pay", override))
		return err
	})
}

func (m *market) setLimit(c customer, minor int64) {
	m.Helper()
	m.in(func(tx *database.Tx) error {
		_, err := credit.SetLimit(m.ctx, tx, credit.NewLimit{Merchant: m.merchant, Line: c.line.ID, Limit: money.Of(minor, c.Currency), Actor: "credit manager", Reason: "a better year", At: m.clock.Now()})
		return err
	})
}

// cents is an order of goods that cost nothing but themselves: without tax, and without freight
// from 1,000.00 on.
func cents(c customer, payload, number string, minor string) purchase {
	return purchase{Payload: payload, From: c.ID, Number: number, Items: []purchaseItem{{"CENT", minor, "EA", "0.01"}}}
}

func (m *market) sellCents() {
	m.Helper()
	m.sell(catalog.Product{SKU: "CENT", Unit: "EA"}, map[string]string{"USD": "0.01"}, nil)
}
