package api_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/database"
)

// mark stands in what is sent and must stand in no answer.
const mark = "zzmarkzz"

func TestBadInput(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		visit := w.visit()
		order := w.order("castelmere", "1", "60")
		line := must[[]client.CreditLine](t)(w.CreditLines(t.Context(), "ext:castelmere"))[0]
		put, release := "PUT /v1/punchout/sessions/"+visit+"/cart", "POST /v1/orders/"+order.ID+"/release"
		limit := "POST /v1/credit-lines/" + line.ID + "/limit"
		cursor := func(text string) string { return "?cursor=" + base64.RawURLEncoding.EncodeToString([]byte(text)) }
		unknown := strings.Repeat("0", 26)
		tests := []struct {
			name  string
			call  string
			body  string
			head  []string
			code  int
			kind  string
			place string // of one of the errors
		}{
			{"no such address", "GET /v1/nothing/" + mark, "", nil, 404, "not_found", ""},
			{"nothing but the version", "GET /v1", "", nil, 404, "not_found", ""},
			{"a method that isn't served", "DELETE /v1/orders/" + order.ID, "", nil, 405, "method_not_allowed", ""},
			{"a method nobody knows", mark + " /v1/orders", "", nil, 405, "method_not_allowed", ""},
			{"no key", "GET /v1/orders", "", []string{"Authorization", ""}, 401, "unauthenticated", ""},
			{"another scheme", "GET /v1/orders", "", []string{"Authorization", "Basic " + shopKey}, 401, "unauthenticated", ""},
			{"a wrong key", "GET /v1/orders", "", []string{"Authorization", "Bearer sk_brackwater_" + mark}, 401, "unauthenticated", ""},
			{"another merchant's name on the key", "GET /v1/orders", "", []string{"Authorization", "Bearer " + strings.Replace(shopKey, "brackwater", "otherco", 1)}, 401, "unauthenticated", ""},
			{"bytes that are no text in the key", "GET /v1/orders", "", []string{"Authorization", "Bearer sk_\xff\xfe_" + mark}, 401, "unauthenticated", ""},
			{"the key is looked at first", put, "{", []string{"Authorization", "Bearer x"}, 401, "unauthenticated", ""},

			{"not JSON", put, mark, nil, 400, "malformed", ""},
			{"broken off", put, `{"lines":[{"sku":"` + mark, nil, 400, "malformed", ""},
			{"two values", put, `{"lines":[]}{"` + mark + `":1}`, nil, 400, "malformed", ""},
			{"no body", put, "", nil, 400, "malformed", ""},
			{"too deep", put, strings.Repeat("[", 20000), nil, 400, "malformed", ""},
			{"another media type", put, "<cart/>", []string{"Content-Type", "text/xml"}, 415, "unsupported", ""},
			{"a form", put, "lines=1", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported", ""},
			{"bytes", put, "{}", []string{"Content-Type", "application/octet-stream"}, 415, "unsupported", ""},
			{"too large", put, `{"lines":[{"sku":"` + strings.Repeat("x", 70<<10) + `"}]}`, nil, 413, "too_large", ""},

			{"a list instead of an object", put, `[]`, nil, 422, "invalid", ""},
			{"null", put, `null`, nil, 422, "invalid", ""},
			{"no lines", put, `{}`, nil, 422, "invalid", "lines"},
			{"lines are null", put, `{"lines":null}`, nil, 422, "invalid", "lines"},
			{"an unknown field", put, `{"lines":[],"extra":"` + mark + `"}`, nil, 422, "invalid", "extra"},
			{"an unknown field of a line", put, `{"lines":[{"sku":"PPE-2010","quantity":"1","price":"` + mark + `"}]}`, nil, 422, "invalid", "lines[0].price"},
			{"a line without its quantity", put, `{"lines":[{"sku":"PPE-2010","quantity":"1"},{"sku":"PPE-2010"}]}`, nil, 422, "invalid", "lines[1].quantity"},
			{"a quantity as a number", put, `{"lines":[{"sku":"PPE-2010","quantity":12}]}`, nil, 422, "invalid", "lines[0].quantity"},
			{"a negative quantity", put, `{"lines":[{"sku":"PPE-2010","quantity":"-1"}]}`, nil, 422, "invalid", "lines[0].quantity"},
			{"no quantity", put, `{"lines":[{"sku":"PPE-2010","quantity":"0"}]}`, nil, 422, "invalid", "lines[0].quantity"},
			{"a quantity with an exponent", put, `{"lines":[{"sku":"PPE-2010","quantity":"1e9"}]}`, nil, 422, "invalid", "lines[0].quantity"},
			{"a quantity of 20 digits", put, `{"lines":[{"sku":"PPE-2010","quantity":"99999999999999999999"}]}`, nil, 422, "invalid", "lines[0].quantity"},
			{"an amount beyond all money", put, `{"lines":[{"sku":"FAS-1010","quantity":"9999999999999999999"}]}`, nil, 422, "invalid", "lines[0].quantity"},
			{"a quantity off the step", put, `{"lines":[{"sku":"PPE-2010","quantity":"1"},{"sku":"FAS-1050","quantity":"150"}]}`, nil, 422, "invalid", "lines[1].quantity"},
			{"an unknown product", put, `{"lines":[{"sku":"NOPE","quantity":"1"}]}`, nil, 422, "invalid", "lines[0].sku"},
			{"a product's number with a zero byte", put, `{"lines":[{"sku":"PPE\u0000","quantity":"1"}]}`, nil, 422, "invalid", "lines[0].sku"},
			{"an unknown unit", put, `{"lines":[{"sku":"PPE-2010","quantity":"1","unit":"KG"}]}`, nil, 422, "invalid", "lines[0].unit"},
			{"too many lines", put, `{"lines":[` + strings.TrimSuffix(strings.Repeat(`{"sku":"PPE-2010","quantity":"1"},`, 1001), ",") + `]}`, nil, 422, "invalid", "lines"},
			{"an If-Match that is none", put, `{"lines":[]}`, []string{"If-Match", mark}, 422, "invalid", "header.If-Match"},
			{"an If-Match of another version", put, `{"lines":[]}`, []string{"If-Match", `"7"`}, 412, "precondition", "header.If-Match"},
			{"a key with a blank", put, `{"lines":[]}`, []string{"Idempotency-Key", mark + " x"}, 422, "invalid", "header.Idempotency-Key"},
			{"a key that is too long", put, `{"lines":[]}`, []string{"Idempotency-Key", strings.Repeat("k", 201)}, 422, "invalid", "header.Idempotency-Key"},
			{"an empty cart to take home", "POST /v1/punchout/sessions/" + visit + "/return", `{}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "cart"},
			{"a field where none is", "POST /v1/punchout/sessions/" + visit + "/cancel", `{"x":"` + mark + `"}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "x"},

			{"no session of that id", "GET /v1/punchout/sessions/ses_" + unknown, "", nil, 404, "not_found", ""},
			{"a token that is none", "GET /v1/punchout/sessions/vis_" + mark, "", nil, 404, "not_found", ""},
			{"a session that can't be one", "GET /v1/punchout/sessions/%00%ff", "", nil, 404, "not_found", ""},
			{"no order of that id", "GET /v1/orders/ord_" + unknown, "", nil, 404, "not_found", ""},
			{"an order's number instead", "GET /v1/orders/ext:1", "", nil, 404, "not_found", ""},
			{"an order that can't be one", "GET /v1/orders/ord_%00%ff" + mark, "", nil, 404, "not_found", ""},
			{"no line of that id", "GET /v1/credit-lines/lin_" + unknown, "", nil, 404, "not_found", ""},
			{"a line that can't be one", "GET /v1/credit-lines/%ff%fe/entries", "", nil, 404, "not_found", ""},
			{"no organisation", "GET /v1/organisations/ext:" + mark + "/credit-lines", "", nil, 404, "not_found", ""},
			{"an organisation that can't be one", "GET /v1/organisations/ext:%00%ff/credit-lines", "", nil, 404, "not_found", ""},
			{"no product", "GET /v1/products/" + mark + "?session=" + visit, "", nil, 404, "not_found", ""},
			{"a product that can't be one", "GET /v1/products/%00%ff?session=" + visit, "", nil, 404, "not_found", ""},
			{"products for nobody", "GET /v1/products", "", nil, 422, "invalid", "query.session"},
			{"products for two", "GET /v1/products?organisation=ext:castelmere&session=" + visit, "", nil, 422, "invalid", "query.session"},
			{"products for an unknown visit", "GET /v1/products?session=vis_" + mark, "", nil, 404, "not_found", "query.session"},
			{"products for an unknown organisation", "GET /v1/products?organisation=" + mark, "", nil, 404, "not_found", "query.organisation"},
			{"orders of an unknown organisation", "GET /v1/orders?organisation=ext:%00", "", nil, 404, "not_found", "query.organisation"},
			{"orders in no state", "GET /v1/orders?state=" + mark, "", nil, 422, "invalid", "query.state"},
			{"orders with a number that is no text", "GET /v1/orders?number=%00", "", nil, 422, "invalid", "query.number"},
			{"a limit of nothing", "GET /v1/orders?limit=0", "", nil, 422, "invalid", "query.limit"},
			{"a limit of too many", "GET /v1/orders?limit=201", "", nil, 422, "invalid", "query.limit"},
			{"a limit that is none", "GET /v1/orders?limit=" + mark, "", nil, 422, "invalid", "query.limit"},
			{"a limit beyond all numbers", "GET /v1/orders?limit=99999999999999999999", "", nil, 422, "invalid", "query.limit"},
			{"an unknown parameter", "GET /v1/orders?stat=approved", "", nil, 422, "invalid", "query.stat"},

			{"a cursor that is none", "GET /v1/orders?cursor=" + mark + "!", "", nil, 422, "invalid", "query.cursor"},
			{"another list's cursor", "GET /v1/orders" + cursor("products|prd_"+unknown), "", nil, 422, "invalid", "query.cursor"},
			{"a cursor with a zero byte", "GET /v1/orders" + cursor("orders|ord_\x00"), "", nil, 422, "invalid", "query.cursor"},
			{"a cursor with SQL", "GET /v1/orders" + cursor("orders|' OR 1=1 --"), "", nil, 422, "invalid", "query.cursor"},
			{"a products' cursor with rubbish", "GET /v1/products" + cursor("products|zzz") + "&session=" + visit, "", nil, 422, "invalid", "query.cursor"},
			{"an entries' cursor of another time", "GET /v1/credit-lines/" + line.ID + "/entries" + cursor("entries|0000-01-01T00:00:00Z|"+line.ID+"|1"), "", nil, 422, "invalid", "query.cursor"},
			{"an entries' cursor without a line", "GET /v1/credit-lines/" + line.ID + "/entries" + cursor("entries|2026-01-01T00:00:00Z|\xff|1"), "", nil, 422, "invalid", "query.cursor"},
			{"an entries' cursor without a number", "GET /v1/credit-lines/" + line.ID + "/entries" + cursor("entries|2026-01-01T00:00:00Z|"+line.ID+"|x"), "", nil, 422, "invalid", "query.cursor"},
			{"a cursor that is too long", "GET /v1/orders?cursor=" + strings.Repeat("A", 301), "", nil, 422, "invalid", "query.cursor"},

			{"a release without a key", release, `{"reason":"x"}`, nil, 422, "invalid", "header.Idempotency-Key"},
			{"a release without a reason", release, `{}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "reason"},
			{"a release with an empty reason", release, `{"reason":""}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "reason"},
			{"a reason with a zero byte", release, `{"reason":"a\u0000b"}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "reason"},
			{"a reason without an end", release, `{"reason":"` + strings.Repeat("x", 501) + `"}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "reason"},
			{"a release that doesn't fit", release, `{"reason":"x"}`, []string{"Idempotency-Key", "k"}, 409, "conflict", ""},
			{"an override that is text", release, `{"reason":"x","override":"` + mark + `"}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "override"},
			{"a rejection without a key", "POST /v1/orders/" + order.ID + "/reject", `{"reason":"x"}`, nil, 422, "invalid", "header.Idempotency-Key"},

			{"a limit as text", limit, `{"limit":{"amount":"1","currency":"USD"},"reason":"x"}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "limit.amount"},
			{"a limit with a fraction", limit, `{"limit":{"amount":1.5,"currency":"USD"},"reason":"x"}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "limit.amount"},
			{"a limit beyond all money", limit, `{"limit":{"amount":9223372036854775808,"currency":"USD"},"reason":"x"}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "limit.amount"},
			{"a limit beyond all numbers", limit, `{"limit":{"amount":1e999,"currency":"USD"},"reason":"x"}`, []string{"Idempotency-Key", "k"}, 400, "malformed", ""},
			{"a negative limit", limit, `{"limit":{"amount":-1,"currency":"USD"},"reason":"x"}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "limit"},
			{"a limit in another currency", limit, `{"limit":{"amount":1,"currency":"EUR"},"reason":"x"}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "limit"},
			{"a limit in no currency", limit, `{"limit":{"amount":1,"currency":"` + mark + `"},"reason":"x"}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "limit.currency"},
			{"half a limit", limit, `{"limit":{"amount":1},"reason":"x"}`, []string{"Idempotency-Key", "k"}, 422, "invalid", "limit.currency"},
		}
		for _, test := range tests {
			method, path, _ := strings.Cut(test.call, " ")
			got := w.call(method, path, test.body, test.head...)
			p := got.problem(t)
			if got.status != test.code || p.Status != test.code || p.Code != test.kind || p.Detail == "" || p.Title == "" {
				t.Errorf("%s: %d %s", test.name, got.status, got.body)
			}
			found := test.place == ""
			for _, e := range p.Errors {
				found = found || (e.Location == test.place && e.Message != "")
			}
			if !found || p.Errors == nil {
				t.Errorf("%s: %s is not named: %s", test.name, test.place, got.body)
			}
			if strings.Contains(got.body, mark) {
				t.Errorf("%s: what was sent comes back: %s", test.name, got.body)
			}
			if got.head.Get("X-Content-Type-Options") != "nosniff" || got.head.Get("Cache-Control") != "no-store" || got.head.Get("X-Request-Id") == "" {
				t.Errorf("%s: headers %v", test.name, got.head)
			}
			if (got.status == 401) != (got.head.Get("Www-Authenticate") == "Bearer") || (got.status == 405) != (got.head.Get("Allow") != "") {
				t.Errorf("%s: headers %v", test.name, got.head)
			}
		}
		if log := w.log.String(); strings.Contains(log, mark) || strings.Contains(log, "err_") {
			t.Error("input is in the log, or something of it was taken for an accident of ours")
		}
		session := must[client.Session](t)(w.Session(t.Context(), visit))
		if after := must[client.CreditLine](t)(w.CreditLine(t.Context(), line.ID)); session.State != "open" || len(session.Cart.Lines) != 0 || session.Cart.Version != 1 || after.Version != line.Version {
			t.Error("something of it had an effect")
		}
	})
}

func TestClosedKeysAndMerchantsAreUnknown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		want := w.call("GET", "/v1/orders", "", "Authorization", "Bearer sk_brackwater_none")
		for _, close := range []string{"UPDATE merchants SET disabled = TRUE WHERE id = ?", "UPDATE api_keys SET disabled = TRUE WHERE merchant_id = ?"} {
			if got := w.call("GET", "/v1/orders", ""); got.status != http.StatusOK {
				t.Fatal(got.body)
			}
			if err := w.db.InTx(t.Context(), func(tx *database.Tx) error { _, err := tx.Exec(t.Context(), close, "brackwater"); return err }); err != nil {
				t.Fatal(err)
			}
			if got := w.call("GET", "/v1/orders", ""); got.status != http.StatusUnauthorized || got.body != want.body {
				t.Error(close, got.status, got.body)
			}
			if err := w.db.InTx(t.Context(), func(tx *database.Tx) error {
				_, err := tx.Exec(t.Context(), "UPDATE merchants SET disabled = FALSE WHERE id = ?", "brackwater")
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestSecretsAndTokensStayOutOfTheLog(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		wrong, visit := accounts.NewAPIKey("brackwater"), w.visit()
		w.call("GET", "/v1/punchout/sessions/"+visit+"?x="+visit, "", "Authorization", "Bearer "+wrong, "Referer", "http://x/"+visit)
		w.call("GET", "/v1/punchout/sessions/"+visit, "")
		w.call("POST", "/v1/punchout/sessions/"+visit+"/cancel", "{}", "Idempotency-Key", visit)
		w.call("GET", "/nothing/"+visit, "")
		w.call("GET", "/v1/nothing/"+visit, "")
		w.call("DELETE", "/m/brackwater/p/"+visit, "")
		w.call("GET", "/m/"+visit+"/p/"+visit, "")
		log := w.log.String()
		for _, secret := range []string{wrong, visit, shopKey, wrong[len("sk_brackwater_"):], visit[len("vis_"):]} {
			if strings.Contains(log, secret) {
				t.Error("the log has a secret in it:\n" + log)
			}
		}
		for _, line := range []string{
			`"method":"GET","route":"/v1/punchout/sessions/:session","status":401,`,
			`"method":"GET","route":"/v1/punchout/sessions/:session","status":200,`,
			`"method":"POST","route":"/v1/punchout/sessions/:session/cancel","status":200,`,
			`"method":"GET","route":"(none)","status":404,`,
			`"merchant":"brackwater","client":"127.0.0.1","request":"req_`,
		} {
			if !strings.Contains(log, line) {
				t.Errorf("the log lacks %s:\n%s", line, log)
			}
		}
	})
}
