package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/client"
)

const key = "sk_brackwater_secret"

// call is one request as it reached the server.
type call struct{ method, uri, body, auth, idempotency, contentType string }

// serve answers every request with status and body and remembers what was asked.
func serve(t *testing.T, status int, contentType, body string) (*client.Client, *[]call) {
	t.Helper()
	var calls []call
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		read, _ := io.ReadAll(r.Body)
		calls = append(calls, call{r.Method, r.URL.RequestURI(), string(read), r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key"), r.Header.Get("Content-Type")})
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Location", "http://elsewhere.example/")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return client.New(server.URL+"/", key), &calls
}

func TestRequestsAreTheContracts(t *testing.T) {
	ctx := context.Background()
	tests := []struct {
		name              string
		do                func(*client.Client) error
		method, uri, body string
	}{
		{"read a session", func(c *client.Client) error { _, err := c.Session(ctx, "vis_1"); return err },
			"GET", "/v1/punchout/sessions/vis_1", ""},
		{"replace a cart", func(c *client.Client) error {
			_, err := c.PutCart(ctx, "vis_1", []client.WantedLine{{SKU: "PPE-2010", Quantity: "120", Unit: "BX"}, {SKU: "ELE-5030", Quantity: "152.5"}})
			return err
		}, "PUT", "/v1/punchout/sessions/vis_1/cart", `{"lines":[{"sku":"PPE-2010","quantity":"120","unit":"BX"},{"sku":"ELE-5030","quantity":"152.5"}]}`},
		{"empty a cart", func(c *client.Client) error { _, err := c.PutCart(ctx, "vis_1", nil); return err },
			"PUT", "/v1/punchout/sessions/vis_1/cart", `{"lines":[]}`},
		{"return", func(c *client.Client) error { _, err := c.Return(ctx, "vis_1"); return err },
			"POST", "/v1/punchout/sessions/vis_1/return", `{}`},
		{"cancel", func(c *client.Client) error { _, err := c.Cancel(ctx, "vis_1"); return err },
			"POST", "/v1/punchout/sessions/vis_1/cancel", `{}`},
		{"search", func(c *client.Client) error {
			_, err := c.Products(ctx, client.ProductQuery{Session: "vis_1", Text: "M8 & more", Category: "Fasteners", Limit: 48, Cursor: "x="})
			return err
		}, "GET", "/v1/products?category=Fasteners&cursor=x%3D&limit=48&q=M8+%26+more&session=vis_1", ""},
		{"a part number with a slash is one part of the path", func(c *client.Client) error { _, err := c.Product(ctx, "A/1 ?", "vis_1"); return err },
			"GET", "/v1/products/A%2F1%20%3F?session=vis_1", ""},
		{"categories", func(c *client.Client) error { _, err := c.Categories(ctx, "vis_1"); return err },
			"GET", "/v1/product-categories?session=vis_1", ""},
		{"orders", func(c *client.Client) error {
			_, err := c.Orders(ctx, client.OrderQuery{State: "credit_review", Organisation: "ext:castelmere", Number: "45"})
			return err
		}, "GET", "/v1/orders?number=45&organisation=ext%3Acastelmere&state=credit_review", ""},
		{"an order", func(c *client.Client) error { _, err := c.Order(ctx, "ord_1"); return err }, "GET", "/v1/orders/ord_1", ""},
		{"enter an order", func(c *client.Client) error {
			_, err := c.EnterOrder(ctx, client.EnteredOrder{Organisation: "ext:veldhaus", Number: "45", Total: "39.04", ShipTo: &client.EnteredPlace{City: "Musterstadt", Country: "DE"},
				Lines: []client.EnteredLine{{SKU: "FAS-1050", QuoteID: "crt_1", QuoteItem: "1", Quantity: "3300", Unit: "EA", Price: "1.183", PricePer: "100"}, {Line: 20, BuyerPart: "100-200", Quantity: "1", Unit: "BX", Price: "2"}}})
			return err
		}, "POST", "/v1/orders", `{"organisation":"ext:veldhaus","number":"45","ship_to":{"city":"Musterstadt","country":"DE"},"total":"39.04","lines":[` +
			`{"sku":"FAS-1050","quote_id":"crt_1","quote_item":"1","quantity":"3300","unit":"EA","price":"1.183","price_per":"100"},{"line":20,"buyer_part":"100-200","quantity":"1","unit":"BX","price":"2"}]}`},
		{"release", func(c *client.Client) error { _, err := c.Release(ctx, "ord_1", "paid", false); return err },
			"POST", "/v1/orders/ord_1/release", `{"reason":"paid"}`},
		{"release above the limit", func(c *client.Client) error { _, err := c.Release(ctx, "ord_1", "known", true); return err },
			"POST", "/v1/orders/ord_1/release", `{"reason":"known","override":true}`},
		{"reject", func(c *client.Client) error { _, err := c.Reject(ctx, "ord_1", "overdue"); return err },
			"POST", "/v1/orders/ord_1/reject", `{"reason":"overdue"}`},
		{"credit lines", func(c *client.Client) error { _, err := c.CreditLines(ctx, "ext:castelmere"); return err },
			"GET", "/v1/organisations/ext:castelmere/credit-lines", ""},
		{"a credit line", func(c *client.Client) error { _, err := c.CreditLine(ctx, "lin_1"); return err }, "GET", "/v1/credit-lines/lin_1", ""},
		{"entries", func(c *client.Client) error { _, err := c.CreditEntries(ctx, "lin_1", 20, "c"); return err },
			"GET", "/v1/credit-lines/lin_1/entries?cursor=c&limit=20", ""},
		{"set a limit", func(c *client.Client) error {
			_, err := c.SetLimit(ctx, "lin_1", client.Money{Amount: 1550000, Currency: "USD"}, "season")
			return err
		}, "POST", "/v1/credit-lines/lin_1/limit", `{"limit":{"amount":1550000,"currency":"USD"},"reason":"season"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, calls := serve(t, 200, "application/json", `{}`)
			if err := test.do(c); err != nil {
				t.Fatal(err)
			}
			if len(*calls) != 1 {
				t.Fatalf("%d calls", len(*calls))
			}
			got := (*calls)[0]
			if got.method != test.method || got.uri != test.uri || got.body != test.body {
				t.Errorf("sent %s %s %s\nwant %s %s %s", got.method, got.uri, got.body, test.method, test.uri, test.body)
			}
			if got.auth != "Bearer "+key {
				t.Errorf("authorisation %q", got.auth)
			}
			if write := test.method != "GET"; write != (got.idempotency != "") || write != (got.contentType == "application/json") {
				t.Errorf("idempotency key %q, content type %q", got.idempotency, got.contentType)
			}
		})
	}
}

func TestAnswersAreRead(t *testing.T) {
	c, _ := serve(t, 200, "application/json", `{"id":"ses_1","state":"open","operation":"create","organisation":{"id":"org_1","external_id":"northfold","name":"Northfold"},
		"buyer":null,"currency":"USD","expires_at":"2026-11-11T10:00:00.000001Z","a_field_of_tomorrow":1,
		"cart":{"id":"crt_1","version":3,"lines":[{"line":1,"auxiliary_id":"crt_1-1","sku":"FAS-1050","quantity":"1500","unit":"EA","unit_price":{"value":"0.01255","currency":"USD"},"list_price":null,"amount":{"amount":1883,"currency":"USD"}}],
		"goods":{"amount":1883,"currency":"USD"},"total":{"amount":2020,"currency":"USD"}}}`)
	got, err := c.Session(context.Background(), "ses_1")
	if err != nil {
		t.Fatal(err)
	}
	line := got.Cart.Lines[0]
	if got.State != client.SessionOpen || got.Organisation.ExternalID != "northfold" || got.Buyer != nil || got.ExpiresAt.Nanosecond() != 1000 {
		t.Errorf("session %+v", got)
	}
	if line.Amount.Format() != "$18.83" || line.UnitPrice.Format() != "$0.01255" || line.ListPrice != nil || got.Cart.Total.Amount != 2020 {
		t.Errorf("cart %+v", got.Cart)
	}
}

func TestRefusals(t *testing.T) {
	problem := `{"type":"about:blank","title":"Conflict","status":409,"detail":"195.00 USD short","code":"conflict","errors":[{"location":"lines[1].quantity","message":"too few"}]}`
	tests := []struct {
		name, contentType, body string
		status                  int
		says, code              string
	}{
		{"a problem", "application/problem+json", problem, 409, "195.00 USD short", "conflict"},
		{"a page of some proxy", "text/html", "<html>bad gateway", 502, "Bad Gateway", ""},
		{"broken JSON", "application/json", "{", 500, "Internal Server Error", ""},
		{"a redirect is not followed with the key", "text/html", "", 302, "Found", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, calls := serve(t, test.status, test.contentType, test.body)
			_, err := c.Release(context.Background(), "ord_1", "paid", false)
			var got *client.Problem
			if !errors.As(err, &got) || got != client.ProblemOf(err) {
				t.Fatalf("%v is no problem", err)
			}
			if got.Status != test.status || got.Code != test.code || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %+v: %v", got, err)
			}
			if test.code != "" && (len(got.Errors) != 1 || got.Errors[0].Location != "lines[1].quantity") {
				t.Errorf("fields %+v", got.Errors)
			}
			if len(*calls) != 1 {
				t.Errorf("asked %d times", len(*calls))
			}
		})
	}
}

func TestAnAnswerWithoutEndIsCutOff(t *testing.T) {
	c, _ := serve(t, 200, "application/json", `{"id":"`+strings.Repeat("x", 5<<20)+`"}`)
	if _, err := c.Session(context.Background(), "ses_1"); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("got %v", err)
	}
}

func TestErrorsNeverShowTheKey(t *testing.T) {
	c := client.New("http://127.0.0.1:1", key)
	_, err := c.Session(context.Background(), "ses_1")
	if err == nil || strings.Contains(err.Error(), key) || client.ProblemOf(err) != nil {
		t.Errorf("got %v", err)
	}
}

func TestARepeatedWriteCanKeepItsKey(t *testing.T) {
	c, calls := serve(t, 200, "application/json", `{}`)
	again := client.WithIdempotencyKey(context.Background(), "return-1")
	for _, ctx := range []context.Context{again, again, context.Background(), context.Background()} {
		if _, err := c.Return(ctx, "ses_1"); err != nil {
			t.Fatal(err)
		}
	}
	k := *calls
	if k[0].idempotency != "return-1" || k[1].idempotency != "return-1" || k[2].idempotency == k[3].idempotency || len(k[2].idempotency) < 20 {
		t.Errorf("keys %q %q %q %q", k[0].idempotency, k[1].idempotency, k[2].idempotency, k[3].idempotency)
	}
}

func TestMoneyIsWrittenByItsCurrency(t *testing.T) {
	tests := []struct {
		money client.Money
		want  string
	}{
		{client.Money{Amount: 133218, Currency: "USD"}, "$1,332.18"},
		{client.Money{Amount: -21460, Currency: "USD"}, "−$214.60"},
		{client.Money{Amount: 5, Currency: "USD"}, "$0.05"},
		{client.Money{Currency: "USD"}, "$0.00"},
		{client.Money{Amount: 20186, Currency: "JPY"}, "¥20,186"},
		{client.Money{Amount: 87331, Currency: "BHD"}, "BHD\u00a087.331"},
		{client.Money{Amount: 123456789012, Currency: "CHF"}, "CHF\u00a01,234,567,890.12"},
		{client.Money{Amount: -9223372036854775808, Currency: "EUR"}, "−€92,233,720,368,547,758.08"},
	}
	for _, test := range tests {
		if got := test.money.Format(); got != test.want {
			t.Errorf("%+v is %q, want %q", test.money, got, test.want)
		}
	}
	prices := []struct{ value, currency, want string }{
		{"0.01255", "USD", "$0.01255"}, {"8.1000", "USD", "$8.10"}, {"3.125", "USD", "$3.125"}, {"1420", "JPY", "¥1,420"},
		{"1.8525", "JPY", "¥1.8525"}, {"3.745", "BHD", "BHD\u00a03.745"}, {"12000.5", "EUR", "€12,000.50"}, {"-1", "USD", "−$1.00"}, {"odd", "USD", "odd USD"},
	}
	for _, test := range prices {
		if got := (client.UnitPrice{Value: test.value, Currency: test.currency}).Format(); got != test.want {
			t.Errorf("%s %s is %q, want %q", test.value, test.currency, got, test.want)
		}
	}
	encoded, _ := json.Marshal(client.Money{Amount: 1999, Currency: "USD"})
	if string(encoded) != `{"amount":1999,"currency":"USD"}` {
		t.Errorf("%s", encoded)
	}
}
