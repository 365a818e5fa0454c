package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/kontorhq/kontor/client"
)

func TestTheSameKeyGetsTheSameBytes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		line := must[[]client.CreditLine](t)(w.CreditLines(t.Context(), "ext:castelmere"))[0]
		path := "/v1/credit-lines/" + line.ID + "/limit"
		body := `{"limit":{"amount":200000,"currency":"USD"},"reason":"first <&> é"}`
		first := w.call("POST", path, body, "Idempotency-Key", "one")
		if first.status != http.StatusOK || first.head.Get("Idempotency-Replayed") != "" || first.head.Get("ETag") != `"2"` {
			t.Fatal(first)
		}
		// The line has moved on meanwhile; the answer has not.
		if other := w.call("POST", path, strings.Replace(body, "200000", "300000", 1), "Idempotency-Key", "two"); other.status != http.StatusOK {
			t.Fatal(other)
		}
		again := w.call("POST", path, body, "Idempotency-Key", "one")
		if again.status != first.status || again.body != first.body || again.head.Get("Idempotency-Replayed") != "true" ||
			again.head.Get("ETag") != first.head.Get("ETag") || again.head.Get("Content-Type") != first.head.Get("Content-Type") {
			t.Errorf("%+v\n%+v", first, again)
		}
		for _, other := range []struct{ path, body string }{
			{path, strings.Replace(body, "200000", "200001", 1)},
			{strings.Replace(path, line.ID, must[[]client.CreditLine](t)(w.CreditLines(t.Context(), "ext:northfold"))[0].ID, 1), body},
		} {
			got := w.call("POST", other.path, other.body, "Idempotency-Key", "one")
			if p := got.problem(t); got.status != http.StatusUnprocessableEntity || p.Code != "key_reused" {
				t.Error(got)
			}
		}
		entries := must[client.Page[client.CreditEntry]](t)(w.CreditEntries(t.Context(), line.ID, 0, ""))
		if len(entries.Items) != 3 {
			t.Error(entries)
		}
	})
}

func TestWhatFailedIsNotKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		order := w.order("castelmere", "1", "60")
		path, body := "/v1/orders/"+order.ID+"/release", `{"reason":"now"}`
		if got := w.call("POST", path, body, "Idempotency-Key", "one"); got.status != http.StatusConflict {
			t.Fatal(got)
		}
		line := must[[]client.CreditLine](t)(w.CreditLines(t.Context(), "ext:castelmere"))[0]
		must[client.CreditLine](t)(w.SetLimit(t.Context(), line.ID, usd(2000_00), "more"))
		if got := w.call("POST", path, body, "Idempotency-Key", "one"); got.status != http.StatusOK || got.head.Get("Idempotency-Replayed") != "" {
			t.Error(got)
		}
		if got := w.call("POST", path, body, "Idempotency-Key", "one"); got.status != http.StatusOK || got.head.Get("Idempotency-Replayed") != "true" {
			t.Error(got)
		}
		if got := w.call("POST", path, body, "Idempotency-Key", "two"); got.status != http.StatusConflict {
			t.Error("released twice", got)
		}
	})
}

// together makes the same call from many goroutines.
func (w *world) together(n int, method, path, body string, head ...string) []reply {
	replies := make([]reply, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { replies[i] = w.call(method, path, body, head...) })
	}
	group.Wait()
	return replies
}

func TestFiveAtOnceHaveOneEffect(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		order := w.order("castelmere", "1", "60")
		line := must[[]client.CreditLine](t)(w.CreditLines(t.Context(), "ext:castelmere"))[0]
		visit := w.visit()
		must[client.Cart](t)(w.PutCart(t.Context(), visit, []client.WantedLine{{SKU: "PPE-2010", Quantity: "1"}}))
		for _, call := range []struct{ key, path, body string }{
			{"raise", "/v1/credit-lines/" + line.ID + "/limit", `{"limit":{"amount":200000,"currency":"USD"},"reason":"x"}`},
			{"release", "/v1/orders/" + order.ID + "/release", `{"reason":"x"}`},
			{"home", "/v1/punchout/sessions/" + visit + "/return", `{}`},
		} {
			fresh := 0
			replies := w.together(5, "POST", call.path, call.body, "Idempotency-Key", call.key)
			if replies[0].status != http.StatusOK {
				t.Fatal(replies[0])
			}
			if call.body == "{}" && !strings.Contains(replies[0].body, "/return") {
				t.Error(replies[0])
			}
			for _, r := range replies {
				if r.status != http.StatusOK || r.body != replies[0].body {
					t.Errorf("%s: %+v", call.path, r)
				}
				if r.head.Get("Idempotency-Replayed") == "" {
					fresh++
				}
			}
			if fresh != 1 {
				t.Errorf("%s: %d fresh answers", call.path, fresh)
			}
		}
		entries := must[client.Page[client.CreditEntry]](t)(w.CreditEntries(t.Context(), line.ID, 0, ""))
		if len(entries.Items) != 3 { // opening, limit, hold
			t.Errorf("%+v", entries)
		}
	})
}

func TestACartIsReplacedOnlyAsItWasSeen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		visit := w.visit()
		path := "/v1/punchout/sessions/" + visit
		seen := w.call("GET", path, "")
		if seen.head.Get("ETag") != `"1"` {
			t.Fatal(seen)
		}
		one, two := `{"lines":[{"sku":"PPE-2010","quantity":"1"}]}`, `{"lines":[{"sku":"PPE-2010","quantity":"2"}]}`
		won := 0
		for _, r := range w.together(5, "PUT", path+"/cart", one, "If-Match", seen.head.Get("ETag")) {
			switch r.status {
			case http.StatusOK:
				won++
				if r.head.Get("ETag") != `"2"` {
					t.Error(r)
				}
			case http.StatusPreconditionFailed:
				if p := r.problem(t); p.Code != "precondition" {
					t.Error(r)
				}
			default:
				t.Error(r)
			}
		}
		if won != 1 {
			t.Errorf("%d of five put the cart that they had seen", won)
		}
		if got := w.call("PUT", path+"/cart", two, "If-Match", "*", "Idempotency-Key", "cart"); got.status != http.StatusOK || got.head.Get("ETag") != `"3"` {
			t.Error(got)
		}
		if got := w.call("PUT", path+"/cart", two, "If-Match", "*", "Idempotency-Key", "cart"); got.head.Get("Idempotency-Replayed") != "true" || got.head.Get("ETag") != `"3"` {
			t.Error(got)
		}
		if got := w.call("PUT", path+"/cart", one); got.status != http.StatusOK || got.head.Get("ETag") != `"4"` {
			t.Error(got)
		}
	})
}
