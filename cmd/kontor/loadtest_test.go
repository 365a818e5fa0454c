package main

import (
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kontorhq/kontor/dbtest"
)

// The measurement of guesses measures: both sides are answered, and the good one's visits are there.
func TestTheLoadTestCountsGuesses(t *testing.T) {
	database := "sqlite:" + filepath.Join(t.TempDir(), "x.db")
	out := works(t, "loadtest", "--database", database, "--attack", "100", "--slice", "300ms", "--rounds", "1", "--buyers", "1", "--json")
	var report attackReport
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err, out)
	}
	if report.Guesses != 30 || report.Answers["401"]+report.Answers["560"] != 30 || report.Alone.Requests == 0 || report.Attacked.Requests == 0 {
		t.Errorf("%+v", report)
	}
	fails(t, 1, []string{"loadtest", "--database", database, "--attack", "1001"}, "--attack")
}

// Carts go home over HTTP and by the bare statements, and the latter do to a visit what the former do.
func TestTheLoadTestTakesCartsHome(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		ctx := t.Context()
		w, err := newWorld(ctx, address, 2, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.close)
		shape := w.shapes([]string{"returns"})[0]
		script, err := w.record(ctx, shape)
		if err != nil {
			t.Fatal(err)
		}
		replay, err := w.prepare(ctx, script)
		if err != nil {
			t.Fatal(err)
		}
		defer replay.close()
		once := turn{clients: 2, for_: time.Minute, most: 3}
		for name, taken := range map[string]func() (turnResult, error){
			"over HTTP": func() (turnResult, error) {
				result, _, err := w.serveTurn(ctx, shape, once)
				return result, err
			},
			"bare": func() (turnResult, error) { return w.replayTurn(ctx, shape, replay, once) },
		} {
			if err := w.welcome(ctx, shape, once.most); err != nil {
				t.Fatal(err)
			}
			visits := slices.Clone(w.stock.visits)
			result, err := taken()
			if err != nil || result.done != 3 || len(w.stock.visits) != 0 {
				t.Fatalf("%s: %d done, %v", name, result.done, err)
			}
			for _, v := range visits {
				var home int
				if err := w.system.db.Get(ctx, &home, `SELECT count(*) FROM sessions s JOIN carts c ON c.merchant_id = s.merchant_id AND c.id = s.cart_id
 WHERE s.merchant_id = ? AND s.id = ? AND s.state = 'returned' AND s.fetched_at IS NOT NULL AND c.frozen_at IS NOT NULL`, loadMerchant, v.session); err != nil || home != 1 {
					t.Errorf("%s: the visit %s isn't at home, %v", name, v.session, err)
				}
			}
		}
	})
}
