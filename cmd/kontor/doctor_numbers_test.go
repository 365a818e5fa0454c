package main

import (
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

func get(t *testing.T, address string) (status int, body string) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

// The real server is watched: what it did is told at its own address and nowhere else, and names
// of tenants and tokens stay out.
func TestMetrics(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		t.Setenv("KONTOR_SECRET_KEY", storyKey)
		t.Setenv("KONTOR_SEND_TIMEOUT", "1s")
		t.Setenv("KONTOR_DATABASE_URL", address)
		metrics := freeAddress(t)
		t.Setenv("KONTOR_METRICS_LISTEN", metrics)
		works(t, "apply", killSetup(t, newReceiver(t).server.URL))
		listen, stop := serving(t, address)
		defer stop()
		orders := &burst{t: t, program: &program{listen: listen}}
		if _, err := orders.send(1); err != nil {
			t.Fatal(err)
		}
		get(t, "http://"+listen+"/m/brackwater/p/to-ken")
		if status, _ := get(t, "http://"+listen+"/metrics"); status != http.StatusNotFound {
			t.Errorf("the public port answers /metrics with %d", status)
		}

		status, told := get(t, "http://"+metrics+"/metrics")
		is(t, "the status of /metrics", status, http.StatusOK)
		says(t, "/metrics", told,
			`kontor_http_request_duration_seconds_count{method="POST",route="/m/:merchant/cxml",status="200"} 1`,
			`route="/m/:merchant/p/:token"`, `route="(none)",status="404"} 1`,
			`kontor_database_up 1`, `kontor_orders_waiting{merchant="brackwater"} 0`, `kontor_deliveries_oldest_ready_seconds`,
			`go_sql_open_connections{db_name="writer"}`, `kontor_build_info{go="go`, `version="dev"`)
		for _, hidden := range []string{"to-ken", "Brackwater", "Castelmere", "castelmere"} {
			if strings.Contains(told, hidden) {
				t.Errorf("/metrics shows %s", hidden)
			}
		}
		if status, _ := get(t, "http://"+metrics+"/readyz"); status != http.StatusNotFound {
			t.Errorf("the metrics' port answers other things too: %d", status)
		}
	})
}

func TestWithoutAnAddressThereAreNoMetrics(t *testing.T) {
	t.Setenv("KONTOR_SECRET_KEY", storyKey)
	listen, stop := serving(t, dbtest.SQLiteURL(t))
	defer stop()
	status, _ := get(t, "http://"+listen+"/metrics")
	is(t, "the status of /metrics", status, http.StatusNotFound)
	stop()
	t.Setenv("KONTOR_METRICS_LISTEN", listen)
	fails(t, 1, []string{"serve"}, "KONTOR_METRICS_LISTEN")
}

// gathered is what a scrape tells of the database, one line a figure, without the comments.
func gathered(t *testing.T, n *numbers) string {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(n)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			text.WriteString(family.GetName() + " " + regexp.MustCompile(`\s+`).ReplaceAllString(metric.String(), " ") + "\n")
		}
	}
	return text.String()
}

// Each document is counted once, however often and from wherever it is scraped.
func TestNumbersOfTheDatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		n := newNumbers(db, clock.System(), slog.New(slog.DiscardHandler))
		n.lag = 0
		exec := func(query string, args ...any) {
			t.Helper()
			if err := db.InTx(t.Context(), func(tx *database.Tx) error {
				_, err := tx.Exec(t.Context(), query, args...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		now := database.At(time.Now())
		for _, merchant := range []string{"first", "second"} {
			exec(`INSERT INTO merchants (id, account, mode, name, time_zone, currency, shop_url, tax_rates, freight, created_at, updated_at)
VALUES (?, 'a', 'test', 'Name', 'UTC', 'USD', 'http://x', '[]', '{}', ?, ?)`, merchant, now, now)
			exec(`INSERT INTO organisations (merchant_id, id, external_id, name, currency, terms_days, over_limit, price_policy, created_at, updated_at)
VALUES (?, 'org', 'org', 'Org', 'USD', 30, 'review', 'best_of', ?, ?)`, merchant, now, now)
		}
		document := func(merchant, kind string, status int) {
			exec(`INSERT INTO documents (merchant_id, id, direction, type, status, body, answer, month, at) VALUES (?, ?, 'in', ?, ?, '', '', '2026-03', ?)`,
				merchant, database.NewID("doc"), kind, status, now)
			time.Sleep(2 * time.Millisecond) // ids of the running millisecond belong to the next scrape
		}
		order := func(merchant, number, state string) {
			exec(`INSERT INTO orders (merchant_id, id, organisation_id, number, number_folded, source, state, currency, in_force, latest, total_minor, decision, placed_at, updated_at)
VALUES (?, ?, 'org', ?, ?, 'punchout', ?, 'USD', 0, 1, 1, '{}', ?, ?)`, merchant, database.NewID("ord"), number, number, state, now, now)
			time.Sleep(2 * time.Millisecond)
		}
		delivery := func(merchant, object, state string, age time.Duration) {
			exec(`INSERT INTO events (merchant_id, object, seq, kind, payload, month, at) VALUES (?, ?, 1, 'k', '{}', '2026-03', ?)`, merchant, object, now)
			exec(`INSERT INTO deliveries (merchant_id, object, seq, destination, state, run_at, created_at, updated_at) VALUES (?, ?, 1, 'cxml:c', ?, ?, ?, ?)`,
				merchant, object, state, now, database.At(now.Add(-age)), now)
		}
		want := func(parts ...string) {
			t.Helper()
			says(t, "the scrape", gathered(t, n), parts...)
		}
		label := func(pairs ...string) string {
			var text string
			for i := 0; i < len(pairs); i += 2 {
				text += `label:{name:"` + pairs[i] + `" value:"` + pairs[i+1] + `"} `
			}
			return text
		}

		want("kontor_database_up gauge:{value:1}", "kontor_deliveries_oldest_ready_seconds gauge:{value:0}")
		document("first", "OrderRequest", 200)
		document("first", "OrderRequest", 200)
		document("first", "OrderRequest", 201)
		document("second", "InventedByAStrangerRequest", 401)
		order("first", "1", "approved")
		order("first", "2", "credit_review")
		delivery("first", "ord_1", "ready", time.Hour)
		delivery("first", "ord_2", "done", 3*time.Hour)
		delivery("second", "ord_3", "dead", 2*time.Hour)
		twice := "kontor_documents_total " + label("direction", "in", "merchant", "first", "status", "200", "type", "OrderRequest") + "counter:{value:2}"
		for range 2 {
			want(twice,
				"kontor_documents_total "+label("direction", "in", "merchant", "first", "status", "201", "type", "OrderRequest")+"counter:{value:1}",
				"kontor_documents_total "+label("direction", "in", "merchant", "second", "status", "401", "type", "other")+"counter:{value:1}",
				"kontor_orders_total "+label("decision", "approved", "merchant", "first")+"counter:{value:1}",
				"kontor_orders_total "+label("decision", "credit_review", "merchant", "first")+"counter:{value:1}",
				"kontor_orders_waiting "+label("merchant", "first")+"gauge:{value:1}",
				"kontor_deliveries "+label("merchant", "first", "state", "ready")+"gauge:{value:1}",
				"kontor_deliveries "+label("merchant", "second", "state", "dead")+"gauge:{value:1}",
				"kontor_deliveries_oldest_ready_seconds gauge:{value:36")
		}
		document("first", "OrderRequest", 200)
		want(strings.Replace(twice, "value:2", "value:3", 1))

		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		want("kontor_database_up gauge:{value:0}")
	})
}
