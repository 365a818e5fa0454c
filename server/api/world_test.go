package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/procurement"
	"github.com/kontorhq/kontor/server"
	"github.com/kontorhq/kontor/server/api"
	"github.com/kontorhq/kontor/setup"
)

const (
	shopKey  = "sk_brackwater_shopkeyshopkeyshopkey22"
	otherKey = "sk_otherco_otherkeyotherkeyotherk22"
)

// objects are two merchants; the second has the same references as the first, so that whatever
// forgets the merchant finds the wrong ones.
const objects = `{"kontor": 1, "merchants": [
 {"id": "brackwater", "mode": "test", "name": "Brackwater", "time_zone": "America/New_York", "currency": "USD",
  "shop_url": "http://shop.example/start",
  "tax_rates": [{"country": "US", "region": "CA", "percent": "7.25"}, {"country": "US", "region": "OR", "percent": "0"}],
  "freight": {"USD": {"tiers": [{"under": "250.00", "charge": "14.95"}, {"charge": "0.00"}]}},
  "supplier_identities": [{"domain": "DUNS", "identity": "000000901"}],
  "api_keys": [{"external_id": "shop", "key": {"env": "SHOP"}}],
  "products": [
   {"sku": "PPE-2010", "name": "Nitrile gloves", "category": "Safety", "unspsc": "46181504", "unit": "BX", "content": "100", "content_unit": "EA",
    "stock": "1840", "prices": [{"price": "9.95"}]},
   {"sku": "FAS-1010", "name": "Hex bolt M8", "category": "Fasteners", "unit": "BX", "lead_time_days": 12,
    "prices": [{"price": "18.45", "breaks": [{"from": "10", "price": "17.20"}]}]},
   {"sku": "FAS-1050", "name": "Machine screw M4", "category": "Fasteners", "unit": "EA", "other_units": [{"unit": "BX", "content": "100"}],
    "least_quantity": "100", "quantity_step": "100", "prices": [{"price": "0.01255"}]},
   {"sku": "CAB/6 50%25", "name": "Cable", "unit": "MTR", "prices": [{"price": "0.6425"}]}],
  "organisations": [
   {"external_id": "northfold", "name": "Northfold", "credit_lines": [{"limit": "50000.00", "opening_hold": "20000.00"}],
    "contract_prices": [{"sku": "PPE-2010", "price": "8.1000"}]},
   {"external_id": "northfold/west", "name": "Northfold West", "parent": "northfold", "credit_lines": [{"limit": "90000.00"}]},
   {"external_id": "castelmere", "name": "Castelmere", "credit_lines": [{"limit": "1000.00"}]}],
  "connections": [{"external_id": "northfold-cxml", "organisation": "northfold",
    "identities": {"from": [{"domain": "NetworkId", "identity": "AN01"}], "sender": [{"domain": "NetworkId", "identity": "AN01"}]},
    "secrets_in": [{"env": "SECRET"}], "settings": {"return_hosts": ["buy.northfold.example"]}}]},
 {"id": "otherco", "mode": "test", "name": "Other", "time_zone": "UTC", "currency": "USD", "shop_url": "http://other.example/",
  "api_keys": [{"external_id": "shop", "key": {"env": "OTHER"}}],
  "organisations": [{"external_id": "northfold", "name": "Other's Northfold"}]}]}`

const setUp = `<?xml version="1.0" encoding="UTF-8"?>
<cXML payloadID="%ID%" timestamp="2026-03-10T12:00:00+00:00"><Header>
<From><Credential domain="NetworkId"><Identity>AN01</Identity></Credential></From>
<To><Credential domain="DUNS"><Identity>000000901</Identity></Credential></To>
<Sender><Credential domain="NetworkId"><Identity>AN01</Identity><SharedSecret>hush-hush-hush</SharedSecret></Credential><UserAgent>test</UserAgent></Sender>
</Header><Request deploymentMode="test"><PunchOutSetupRequest operation="create"><BuyerCookie>%ID%</BuyerCookie>
<Extrinsic name="UserEmail">buyer@northfold.example</Extrinsic>
<BrowserFormPost><URL>https://buy.northfold.example/return</URL></BrowserFormPost>
<SelectedItem><ItemID><SupplierPartID>PPE-2010</SupplierPartID></ItemID></SelectedItem>
<ShipTo><Address addressID="1"><Name xml:lang="en">Lab</Name><PostalAddress><Street>1 Main</Street><City>San Jose</City><State>CA</State><PostalCode>95110</PostalCode><Country isoCountryCode="US">United States</Country></PostalAddress></Address></ShipTo>
</PunchOutSetupRequest></Request></cXML>`

// world is one server on loopback with its data.
type world struct {
	*client.Client
	t       *testing.T
	db      *database.DB
	keys    *accounts.Keys
	clock   *clock.Clock
	desk    *checkout.Desk
	service *procurement.Service
	url     string
	log     *logged
}

// logged collects log lines of many goroutines.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newWorld(t *testing.T, db *database.DB) *world {
	t.Helper()
	keys, err := accounts.NewKeys([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, keys: keys, clock: clock.At(time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)), log: &logged{}}
	secrets := map[string]string{"SHOP": shopKey, "OTHER": otherKey, "SECRET": "hush-hush-hush"}
	env := func(name string) (string, bool) { value, ok := secrets[name]; return value, ok }
	if _, err := setup.Apply(t.Context(), db, keys, w.clock, []byte(objects), setup.Options{Env: env, Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.desk = &checkout.Desk{Clock: w.clock}
	w.service = &procurement.Service{DB: db, Clock: w.clock, Keys: keys, Desk: w.desk, Log: log,
		PublicURL: "http://kontor.example", Limits: cxml.DefaultLimits}
	config := api.Config{DB: db, Keys: keys, Clock: w.clock, Desk: w.desk, Procurement: w.service, Log: log,
		PublicURL: "http://kontor.example", BodyLimit: 64 << 10}
	listening := httptest.NewServer(server.New(server.Config{DB: db, Log: log, Mount: []func(*echo.Echo){
		func(e *echo.Echo) { api.Mount(e, config) },
		func(e *echo.Echo) {
			e.GET("/m/:merchant/p/:token", func(c echo.Context) error { return c.NoContent(http.StatusOK) })
		},
	}}))
	t.Cleanup(listening.Close)
	w.url = listening.URL
	w.Client = client.New(w.url, shopKey)
	return w
}

// each runs a test in a new world on both engines.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, db *database.DB) { test(t, newWorld(t, db)) })
}

// visit punches out and opens the start page; it gives the visit's token.
func (w *world) visit() string {
	w.t.Helper()
	id := database.NewID("doc")
	answer := string(w.service.Receive(w.t.Context(), "brackwater", "text/xml", []byte(strings.ReplaceAll(setUp, "%ID%", id))))
	_, rest, found := strings.Cut(answer, "/m/brackwater/p/")
	start, _, _ := strings.Cut(rest, "<")
	if !found {
		w.t.Fatal(answer)
	}
	opened, err := w.service.OpenStart(w.t.Context(), "brackwater", start, "browser")
	if err != nil {
		w.t.Fatal(err)
	}
	location, err := url.Parse(opened.Location)
	if err != nil {
		w.t.Fatal(err)
	}
	return location.Query().Get("session")
}

// order places a purchase order for quantity boxes of bolts.
func (w *world) order(organisation, number, quantity string) orders.Order {
	w.t.Helper()
	ctx := w.t.Context()
	merchant, err := accounts.FindMerchant(ctx, w.db, "brackwater")
	if err != nil {
		w.t.Fatal(err)
	}
	buying, err := accounts.FindOrganisation(ctx, w.db, "brackwater", "ext:"+organisation)
	if err != nil {
		w.t.Fatal(err)
	}
	wanted := checkout.Wanted{Merchant: merchant, Organisation: buying, Kind: checkout.New, Number: number, Source: "punchout", Currency: "USD",
		Lines: []orders.Line{{Position: 1, Line: 1, SKU: "FAS-1010", Name: "Hex bolt", Quantity: money.MustDecimal(quantity), Unit: "BX",
			BuyerPrice: money.MustDecimal("18.45")}}}
	var placed checkout.Placed
	if err := w.db.InTx(ctx, func(tx *database.Tx) error {
		placed, err = w.desk.Place(ctx, tx, wanted)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return placed.Order
}

// reply is an answer as it came.
type reply struct {
	status int
	head   http.Header
	body   string
}

// call makes one request; head are names and values in turn.
func (w *world) call(method, path, body string, head ...string) reply {
	w.t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(w.t.Context()), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+shopKey)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(head); i += 2 {
		if head[i+1] == "" {
			request.Header.Del(head[i])
		} else {
			request.Header.Set(head[i], head[i+1])
		}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(read)}
}

// problem reads the answer as a refusal.
func (r reply) problem(t *testing.T) client.Problem {
	t.Helper()
	var p client.Problem
	if got := r.head.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("%d is no problem but %q: %s", r.status, got, r.body)
	}
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func usd(minor int64) client.Money { return client.Money{Amount: minor, Currency: "USD"} }
