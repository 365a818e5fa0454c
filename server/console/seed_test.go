package console_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/assets"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/server/console"
	"github.com/kontorhq/kontor/setup"
)

// The story's merchant with two of its buyers, and another merchant beside it.
const file = `{"kontor": 1, "merchants": [{
 "id": "brackwater", "mode": "test", "name": "Brackwater Industrial Supply, Inc.", "time_zone": "America/New_York", "currency": "USD",
 "tax_rates": [{"country": "US", "region": "MI", "percent": "6.00"}, {"country": "US", "region": "CA", "percent": "7.25"}],
 "freight": {"USD": {"tiers": [{"under": "250.00", "charge": "14.95"}, {"under": "1000.00", "charge": "29.50"}, {"charge": "0.00"}]}},
 "api_keys": [{"external_id": "desk", "key": {"env": "DESK"}}, {"external_id": "second", "key": {"env": "SECOND"}}],
 "products": [
  {"sku": "CLN-3010", "name": "Paper towels, 2-ply", "unit": "CS", "prices": [{"price": "35.7050"}]},
  {"sku": "CLN-3020", "name": "General purpose cleaner", "unit": "CS", "prices": [{"price": "27.7038"}]},
  {"sku": "PKG-4010", "name": "Packaging tape 48 mm × 66 m", "unit": "RO", "prices": [{"price": "1.3759"}]},
  {"sku": "PKG-4020", "name": "Stretch film", "unit": "RO", "prices": [{"price": "10.3600"}]}],
 "organisations": [
  {"external_id": "castelmere", "name": "Castelmere Foods", "terms_days": 45, "credit_lines": [{"limit": "15000.00", "opening_hold": "13759.00"}]},
  {"external_id": "northfold", "name": "Northfold Medical Group", "credit_lines": [{"limit": "50000.00", "opening_hold": "41100.25"}]},
  {"external_id": "northfold-west", "name": "Northfold Labs West", "parent": "northfold", "credit_lines": [{"limit": "10000.00", "opening_hold": "5630.75"}]}]
}, {
 "id": "otherco", "mode": "test", "name": "Other Company", "time_zone": "UTC", "currency": "EUR",
 "api_keys": [{"external_id": "desk", "key": {"env": "OTHER"}}]
}]}`

// house is the console with its data, over real HTTP.
type house struct {
	testing.TB
	db      *database.DB
	clock   *clock.Clock
	desk    *checkout.Desk
	keys    map[string]string // the keys themselves, by their name in the file
	secrets *accounts.Keys
	url     string
}

var morning = time.Date(2026, 11, 12, 13, 14, 0, 0, time.UTC) // 8:14 AM in New York

func open(t *testing.T, db *database.DB, demo bool) *house {
	t.Helper()
	h := &house{TB: t, db: db, clock: clock.At(morning)}
	h.keys = map[string]string{"DESK": accounts.NewAPIKey("brackwater"), "SECOND": accounts.NewAPIKey("brackwater"), "OTHER": accounts.NewAPIKey("otherco")}
	keys, err := accounts.NewKeys([]byte(strings.Repeat("k", 32)))
	h.must(err)
	h.secrets = keys
	h.applyFile(file)
	h.desk = &checkout.Desk{Clock: h.clock}
	home := ""
	if demo {
		home = "http://127.0.0.1/demo"
	}
	e := echo.New()
	console.Mount(e, console.Config{DB: db, Keys: keys, Clock: h.clock, Desk: h.desk, Demo: home, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	e.GET(assets.Prefix+"*", echo.WrapHandler(assets.Handler()))
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h *house) applyFile(file string) {
	h.Helper()
	_, err := setup.Apply(h.ctx(), h.db, h.secrets, h.clock, []byte(file), setup.Options{Actor: "test",
		Env: func(name string) (string, bool) { key, ok := h.keys[name]; return key, ok }})
	h.must(err)
}

// apply adds to the story's merchant.
func (h *house) apply(objects string) {
	h.Helper()
	h.applyFile(`{"kontor": 1, "merchants": [{"id": "brackwater", ` + objects + `}]}`)
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// ctx outlives the test's own, so that what a cleanup does still runs.
func (h *house) ctx() context.Context { return context.WithoutCancel(h.Context()) }

func (h *house) in(fn func(tx *database.Tx) error) {
	h.Helper()
	h.must(h.db.InTx(h.ctx(), fn))
}

func (h *house) exec(query string, args ...any) {
	h.Helper()
	h.in(func(tx *database.Tx) error {
		_, err := tx.Exec(h.ctx(), query, args...)
		return err
	})
}

func (h *house) number(query string, args ...any) (n int64) {
	h.Helper()
	h.must(h.db.Get(h.ctx(), &n, query, args...))
	return n
}

// cartC is the story's cart that Castelmere orders: 1,436.00 with tax.
var cartC = []orders.Line{line("CLN-3010", "24", "CS", "35.7050"), line("CLN-3020", "12", "CS", "27.7038"), line("PKG-4010", "75", "RO", "1.3759"), line("PKG-4020", "6", "RO", "10.3600")}

func line(sku, quantity, unit, price string) orders.Line {
	return orders.Line{SKU: sku, Quantity: money.MustDecimal(quantity), Unit: unit, BuyerPrice: money.MustDecimal(price)}
}

// place orders goods in an organisation's name, by a connection that the outbox would tell.
func (h *house) place(organisation, number, kind string, lines []orders.Line) orders.Order {
	h.Helper()
	merchant, err := accounts.FindMerchant(h.ctx(), h.db, "brackwater")
	h.must(err)
	buyer, err := accounts.FindOrganisation(h.ctx(), h.db, "brackwater", "ext:"+organisation)
	h.must(err)
	lines = append([]orders.Line(nil), lines...)
	for i := range lines {
		lines[i].Position, lines[i].Line = int64(i+1), int64(i+1)
	}
	var placed checkout.Placed
	h.in(func(tx *database.Tx) (err error) {
		placed, err = h.desk.Place(h.ctx(), tx, checkout.Wanted{Merchant: merchant, Organisation: buyer, Connection: "con_1", Kind: kind, Number: number,
			Source: "punchout", Currency: "USD", Header: orders.Header{PayloadID: number + "@buyer.example", ShipTo: &orders.Address{Country: "US", Region: "MI"}}, Lines: lines})
		return err
	})
	return placed.Order
}

// browser keeps cookies and sends what browsers send.
type browser struct {
	*house
	client *http.Client
	base   string
	site   string // Sec-Fetch-Site; empty for none
	origin string
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	h.must(err)
	return &browser{house: h, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		base: h.url + "/m/brackwater/console", site: "same-origin"}
}

// signedIn is a browser after the sign-in.
func (h *house) signedIn() *browser {
	h.Helper()
	b := h.browser()
	if got := b.post("/sign-in", url.Values{"key": {h.keys["DESK"]}}); got.status != http.StatusSeeOther {
		h.Fatalf("sign-in: %d\n%s", got.status, got.body)
	}
	return b
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (b *browser) do(method, path string, form url.Values) answer {
	b.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.base + path
	}
	request, err := http.NewRequestWithContext(b.ctx(), method, path, strings.NewReader(form.Encode()))
	b.must(err)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.site != "" {
		request.Header.Set("Sec-Fetch-Site", b.site)
	}
	if b.origin != "" {
		request.Header.Set("Origin", b.origin)
	}
	response, err := b.client.Do(request)
	b.must(err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	b.must(err)
	return answer{response.StatusCode, response.Header, string(body)}
}

func (b *browser) get(path string) answer { b.Helper(); return b.do(http.MethodGet, path, nil) }
func (b *browser) post(path string, form url.Values) answer {
	b.Helper()
	return b.do(http.MethodPost, path, form)
}

// follow goes where an answer points.
func (b *browser) follow(a answer) answer {
	b.Helper()
	if a.status != http.StatusSeeOther {
		b.Fatalf("no redirect but %d:\n%s", a.status, text(a.body))
	}
	return b.get(b.url + a.header.Get("Location"))
}

// token is that of the form with the given action on a page.
func (a answer) token(t testing.TB, action string) string {
	t.Helper()
	found := regexp.MustCompile(`(?s)action="[^"]*` + action + `[^"]*">.*?name="token" value="([^"]+)"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no form for %s in\n%s", action, a.body)
	}
	return found[1]
}

func (a answer) field(t testing.TB, name string) string {
	t.Helper()
	found := regexp.MustCompile(`name="` + name + `"[^>]* value="([^"]*)"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no field %s in\n%s", name, a.body)
	}
	return found[1]
}

var tags, blanks = regexp.MustCompile(`<[^>]*>`), regexp.MustCompile(`[\s\x{a0}]+`)

// text is what a reader sees, on one line.
func text(body string) string {
	return blanks.ReplaceAllString(strings.NewReplacer("&#39;", "'", "&#43;", "+", "&#34;", `"`).Replace(tags.ReplaceAllString(body, " ")), " ")
}

func (a answer) shows(t testing.TB, status int, wants ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d", a.status, status)
	}
	for _, want := range wants {
		if !strings.Contains(text(a.body), want) {
			t.Errorf("the page doesn't say %q:\n%s", want, text(a.body))
		}
	}
}
