package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/client"
)

func TestAQuoteThroughTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, visit := t.Context(), w.visit()
		cart := must[client.Cart](t)(w.PutCart(ctx, visit, []client.WantedLine{{SKU: "PPE-2010", Quantity: "12"}, {SKU: "FAS-1050", Quantity: "15", Unit: "BX", AskPrice: true}}))
		if l := cart.Lines[1]; !l.PriceOpen || l.UnitPrice.Value != "0" || l.Amount != usd(0) || cart.Goods != usd(97_20) || cart.Lines[0].PriceOpen {
			t.Errorf("%+v", cart)
		}
		_, err := w.Return(ctx, visit)
		if p := client.ProblemOf(err); p == nil || p.Status != http.StatusUnprocessableEntity || len(p.Errors) != 1 || p.Errors[0].Location != "body.lines[1]" && p.Errors[0].Location != "lines[1]" {
			t.Errorf("a line without a price went home: %v", err)
		}
		if address := must[string](t)(w.ReturnForQuote(ctx, visit)); !strings.HasSuffix(address, "/return") {
			t.Error(address)
		}
		page := must[client.Page[client.Quote]](t)(w.PendingQuotes(ctx, ""))
		if len(page.Items) != 1 || page.NextCursor != "" {
			t.Fatalf("%+v", page)
		}
		q := page.Items[0]
		if q.CartID != cart.ID || q.State != "pending" || q.ValidUntil != "" || q.Version != 1 || q.Organisation.ExternalID != "northfold" || len(q.Lines) != 2 ||
			q.Lines[0].Sent == nil || q.Lines[0].Sent.Value != "8.1000" || q.Lines[1].Sent != nil || q.Lines[1].Price != nil {
			t.Errorf("%+v", q)
		}
		today := w.clock.Now().Format("2006-01-02")
		path := "/v1/quotes/" + cart.ID
		for name, body := range map[string]string{
			"no lines":                 `{"valid_until": "` + today + `"}`,
			"a line without a price":   `{"valid_until": "` + today + `", "lines": []}`,
			"a day that is none":       `{"valid_until": "2026-02-30", "lines": [{"line": 2, "price": "1"}]}`,
			"a day that is over":       `{"valid_until": "2020-01-01", "lines": [{"line": 2, "price": "1"}]}`,
			"a price with an exponent": `{"valid_until": "` + today + `", "lines": [{"line": 2, "price": "1e3"}]}`,
			"a negative price":         `{"valid_until": "` + today + `", "lines": [{"line": 2, "price": "-1"}]}`,
			"a price too long":         `{"valid_until": "` + today + `", "lines": [{"line": 2, "price": "12345678901234567890"}]}`,
			"a line that isn't there":  `{"valid_until": "` + today + `", "lines": [{"line": 2, "price": "1"}, {"line": 3, "price": "1"}]}`,
			"an unknown field":         `{"valid_until": "` + today + `", "lines": [{"line": 2, "price": "1", "x": 1}]}`,
		} {
			if r := w.call("PUT", path, body); r.status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		}
		for _, id := range []string{"crt_0123456789abcdefghjkmnpqrs", "crt_1", "x"} {
			if r := w.call("PUT", "/v1/quotes/"+id, `{"valid_until": "`+today+`", "lines": []}`); r.status != http.StatusNotFound {
				t.Errorf("%s: %d", id, r.status)
			}
		}
		if r := w.call("PUT", path, `{"valid_until": "`+today+`", "lines": [{"line": 2, "price": "1"}]}`, "If-Match", `"7"`); r.status != http.StatusConflict {
			t.Errorf("of another version: %d %s", r.status, r.body)
		}
		set := must[client.Quote](t)(w.SetQuote(ctx, cart.ID, today, "Agreed by telephone", []client.QuotedLine{{Line: 2, Price: "1.125"}}))
		if set.State != "final" || set.ValidUntil != today || set.Version != 2 || set.Lines[0].Price.Value != "8.1000" || set.Lines[1].Price.Value != "1.125" {
			t.Errorf("%+v", set)
		}
		if page := must[client.Page[client.Quote]](t)(w.PendingQuotes(ctx, "")); len(page.Items) != 0 {
			t.Errorf("a final quote waits: %+v", page)
		}
		if r := w.call("GET", path, ""); r.status != http.StatusOK || r.head.Get("ETag") != `"2"` {
			t.Errorf("%d %s", r.status, r.body)
		}
	})
}
