package main

import (
	"context"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/simulators"
)

// The reset button brings the first day back, and the story can be told again.
func TestResetBringsTheFirstDayBack(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		day := func() {
			t.Helper()
			s.left("northfold", "$27,269.00")
			s.left("castelmere", "$1,241.00")
			home := s.cartHome("northfold")
			s.order("northfold", home.ID)
			s.becomes("northfold", home.ID, simulators.Confirmed)
			s.left("northfold", "$25,936.82")
		}
		day()
		line := s.line("castelmere")
		if _, err := s.api.SetLimit(t.Context(), line.ID, client.Money{Amount: 99_00, Currency: "USD"}, "Season"); err != nil {
			t.Fatal(err)
		}
		if r, _ := s.bench.Try(t.Context(), "five"); !r.OK() {
			t.Errorf("the trial before: %+v", r)
		}
		_, page := s.browse(http.MethodGet, s.buyersURL+"/reset", nil)
		says(t, "the question", page, "Bring the first day back?", "Keep everything", "Reset the demo")
		s.left("northfold", "$25,936.82") // asking changes nothing
		to, _ := s.browse(http.MethodPost, s.buyersURL+"/reset", url.Values{})
		_, page = s.browse(http.MethodGet, to, nil)
		says(t, "the first page", page, "The first day is back", "$27,269.00 available", "Nothing was tried yet.")
		is(t, "the buyer's requisitions", len(s.buyer("northfold").Requisitions()), 0)
		is(t, "the buyer's documents", len(s.buyer("northfold").Documents("")), 0)
		if list, err := s.api.Orders(t.Context(), client.OrderQuery{}); err != nil || len(list.Items) != 0 {
			t.Errorf("%d orders are left: %v", len(list.Items), err)
		}
		day()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.buyersURL+"/reset", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Sec-Fetch-Site", "cross-site")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		is(t, "the answer to another site's form", response.StatusCode, http.StatusForbidden)
		s.left("northfold", "$25,936.82")
	})
}

// Somebody shops and orders while somebody else presses the button, three times. What a buyer was
// doing may fail; what is there afterwards is the first day.
func TestResetWhilePagesAreOpen(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		ctx, stop := context.WithCancel(t.Context())
		var busy sync.WaitGroup
		for _, slug := range []string{"northfold", "castelmere"} {
			busy.Go(func() {
				b := s.buyer(slug)
				for ctx.Err() == nil {
					q, err := b.StartRequisition(ctx, "", "")
					if err == nil {
						_, _ = b.Order(ctx, q.ID) // there is no cart: refused by the desk itself
					}
					response, err := http.Get(s.home)
					if err == nil {
						_ = response.Body.Close()
						if response.StatusCode != http.StatusOK {
							t.Errorf("the first page answers %d", response.StatusCode)
						}
					}
				}
			})
		}
		for range 3 {
			if err := s.reset(t.Context()); err != nil {
				t.Error(err)
			}
		}
		stop()
		busy.Wait()
		if err := s.reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.left("northfold", "$27,269.00")
		home := s.cartHome("northfold")
		s.order("northfold", home.ID)
		s.left("northfold", "$25,936.82")
	})
}

// With --keep the next start goes on where the last one ended.
func TestAKeptDemoGoesOn(t *testing.T) {
	file := "sqlite:" + filepath.Join(t.TempDir(), "kontor.db")
	t.Run("the first day", func(t *testing.T) {
		s := tell(t, file)
		home := s.cartHome("northfold")
		s.order("northfold", home.ID)
		s.becomes("northfold", home.ID, simulators.Confirmed)
		line := s.line("castelmere")
		if _, err := s.api.SetLimit(t.Context(), line.ID, client.Money{Amount: 15_500_00, Currency: "USD"}, "Season"); err != nil {
			t.Fatal(err)
		}
	})
	// Order numbers follow the clock's seconds, so that a second run doesn't meet those of the first.
	second := time.Now().Unix()
	until(t, "the next second", func() bool { return time.Now().Unix() > second })
	t.Run("the second", func(t *testing.T) {
		s := tell(t, file)
		s.left("northfold", "$25,936.82")
		s.left("castelmere", "$1,741.00")
		home := s.cartHome("northfold")
		s.order("northfold", home.ID)
		s.becomes("northfold", home.ID, simulators.Confirmed)
		s.left("northfold", "$24,604.64")
		list, err := s.api.Orders(t.Context(), client.OrderQuery{})
		if err != nil || len(list.Items) != 2 {
			t.Errorf("%d orders: %v", len(list.Items), err)
		}
		if r, _ := s.bench.Try(t.Context(), "secret"); !r.OK() {
			t.Errorf("the bench with a kept database: %+v", r)
		}
		if err := s.reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.left("castelmere", "$1,241.00")
	})
}
