package api_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/server"
	"github.com/kontorhq/kontor/server/api"
)

func TestAKeyIsServedSoMuchASecond(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		w := newWorld(t, db)
		s := server.New(server.Config{DB: db, Log: w.service.Log, Mount: []func(*echo.Echo){func(e *echo.Echo) {
			api.Mount(e, api.Config{DB: db, Keys: w.keys, Clock: w.clock, Desk: w.desk, Procurement: w.service, Log: w.service.Log, Rate: 5})
		}}})
		ask := func(method, path, key string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, path, nil)
			r.Header.Set("Authorization", "Bearer "+key)
			answer := httptest.NewRecorder()
			s.ServeHTTP(answer, r)
			return answer
		}
		served := func(n int) (taken int) { // of n at once
			var mu sync.Mutex
			var group sync.WaitGroup
			for range n {
				group.Go(func() {
					answer := ask(http.MethodGet, "/v1/orders", shopKey)
					mu.Lock()
					defer mu.Unlock()
					switch answer.Code {
					case http.StatusOK:
						taken++
					case http.StatusTooManyRequests:
						p := reply{answer.Code, answer.Header(), answer.Body.String()}.problem(t)
						if p.Code != "too_many" || p.Status != 429 || answer.Header().Get("Retry-After") != "1" {
							t.Errorf("%+v %v", p, answer.Header())
						}
					default:
						t.Errorf("HTTP %d", answer.Code)
					}
				})
			}
			group.Wait()
			return taken
		}

		// Somebody without the key takes nothing from it.
		for range 50 {
			if answer := ask(http.MethodGet, "/v1/orders", shopKey+"x"); answer.Code != http.StatusUnauthorized {
				t.Fatalf("HTTP %d", answer.Code)
			}
		}
		if n := served(30); n != 10 { // two seconds' worth
			t.Errorf("%d of 30 at once are served, want 10", n)
		}
		if answer := ask(http.MethodGet, "/v1/orders", otherKey); answer.Code != http.StatusOK {
			t.Errorf("another key: HTTP %d", answer.Code)
		}
		if answer := ask(http.MethodGet, "/v1/openapi.json", ""); answer.Code != http.StatusOK {
			t.Errorf("the description: HTTP %d", answer.Code)
		}
		w.clock.Advance(time.Second)
		if n := served(30); n != 5 {
			t.Errorf("%d are served a second later, want 5", n)
		}
		w.clock.Advance(time.Hour)
		if n := served(30); n != 10 {
			t.Errorf("%d are served after an hour, want 10", n)
		}
	})
}
