package simulators

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/clock"
)

// A server that takes everything, and sees to nothing, fails every trial: the checks can fail.
func TestACarelessServerFailsTheTrials(t *testing.T) {
	s := newSupplier(t)
	careless := map[string]int{}
	b := NewBench(BenchConfig{
		Buyer: BuyerConfig{Name: "Test bench", Slug: "bench", Like: "Coupa", Path: "/break", PublicURL: "http://127.0.0.1", SupplierURL: s.URL,
			From: []Credential{{Domain: "DUNS", Identity: "bench-t"}}, To: []Credential{{Domain: "DUNS", Identity: "000000901"}},
			Sender: Credential{Domain: "DUNS", Identity: "bench-t", Secret: ourSecret},
			Clock:  clock.At(time.Date(2026, 11, 11, 14, 31, 7, 0, time.UTC))},
		Product:    Line{SKU: "PPE-2010", Description: "Gloves", Unit: "BX", UnitPrice: Money{"8.1000", "USD"}, ClassificationDomain: "UNSPSC", UNSPSC: "46181504"},
		FreightOne: Money{"14.95", "USD"}, FreightMany: Money{"29.50", "USD"},
		Look: Look{
			// It has every order twice, forgets the credit line and keeps what it got.
			Orders: func(context.Context, string) ([]SeenOrder, error) {
				return []SeenOrder{{State: "approved"}, {State: "approved"}}, nil
			},
			Available: func(context.Context) (Money, error) { return Money{"2000.00", "USD"}, nil },
			Kept:      func(context.Context, string) (KeptDocument, error) { return KeptDocument{Body: s.last()}, nil },
			Holds: func(_ context.Context, text string) (bool, error) {
				return strings.Contains(strings.Join(s.documents(), ""), text), nil
			},
		},
		Second: func(context.Context) (*Second, error) {
			return &Second{URL: s.URL, Kill: func() error { return nil }, Start: func(context.Context) error { return nil }, Close: func() {},
				Orders: func(context.Context) (map[string]int, error) { return careless, nil },
				Held:   func(context.Context) (Money, error) { return Money{"0.00", "USD"}, nil }}, nil
		},
	})
	for _, trial := range b.Trials() {
		r, known := b.Try(t.Context(), trial.Slug)
		if !known || r.OK() || r.Failed() == 0 || r.Problem != "" {
			t.Errorf("%s: a careless server passes %d of %d checks: %s", trial.Slug, len(r.Checks)-r.Failed(), len(r.Checks), r.Problem)
		}
	}
	page := httptest.NewRecorder()
	b.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/break/card", nil))
	if body := page.Body.String(); !strings.Contains(body, "Not as expected") || strings.Contains(body, "4111 1111") {
		t.Errorf("the page of the card:\n%s", body)
	}
	if _, known := b.Try(t.Context(), "nothing"); known {
		t.Error("there is a trial called nothing")
	}
	b.Look.Available = func(context.Context) (Money, error) { return Money{}, errors.New("the merchant's API is away") }
	if r, _ := b.Try(t.Context(), "five"); r.OK() || !strings.Contains(r.Problem, "is away") {
		t.Errorf("a trial without eyes: %+v", r)
	}
}
