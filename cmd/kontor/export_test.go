package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

// linesIn reads a file of JSON lines.
func linesIn[T any](t *testing.T, path string) (lines []T) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	for decoder.More() {
		var line T
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestAMonthIsExportedWhole(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		t.Setenv("KONTOR_DATABASE_URL", address)
		t.Setenv("KONTOR_SECRET_KEY", storyKey)
		db, err := database.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		a := newArchive(t, db)
		a.now = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
		for _, merchant := range []string{"brackwater", "another"} {
			a.merchant(merchant)
			// February's first instant, January's last and first day, December's last.
			for _, days := range []int{0, 1, 31, 32} {
				for range 3 {
					a.document(merchant, "a document with \"quotes\", <tags> & lines\nof January", "con", "", days)
					a.event(merchant, "order.approved", "done", days)
				}
			}
		}
		// More than a page, all of one instant.
		for range 450 {
			a.event("brackwater", "order.approved", "done", 10)
		}
		dir := t.TempDir()
		january := func(what string, more ...string) []string {
			return append([]string{"export", what, "--month", "2026-01", "--to", dir}, more...)
		}
		says(t, "the export", works(t, january("documents")...), "brackwater", "6 documents", "another")
		documents := linesIn[documentLine](t, filepath.Join(dir, "brackwater", "documents-2026-01.jsonl"))
		if len(documents) != 6 {
			t.Fatalf("%d documents", len(documents))
		}
		for _, d := range documents {
			if d.Merchant != "brackwater" || d.At.Month() != time.January || !strings.Contains(d.Note, `"quotes", <tags> & lines`+"\n") ||
				d.Body != "<cXML/>" || d.Connection != "con" || len(d.Attachments) != 1 || string(d.Attachments[0].Body) != "x" {
				t.Errorf("%+v", d)
			}
		}
		says(t, "the export of events", works(t, january("events", "-m", "brackwater")...), "456 events")
		seen := map[string]bool{}
		for _, e := range linesIn[eventLine](t, filepath.Join(dir, "brackwater", "events-2026-01.jsonl")) {
			seen[e.Object] = true
			if e.At.Month() != time.January || string(e.Payload) != "{}" || len(e.Deliveries) != 2 || e.Deliveries[0].State != "done" {
				t.Errorf("%+v", e)
			}
		}
		is(t, "the events that are in the file", len(seen), 456)
		if _, err := os.Stat(filepath.Join(dir, "another", "events-2026-01.jsonl")); err == nil {
			t.Error("-m brackwater exports another's events")
		}
		if info, err := os.Stat(filepath.Join(dir, "brackwater", "events-2026-01.jsonl")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}

		fails(t, 1, january("documents"), "is there already")
		fails(t, 1, january("documents", "-m", "nobody"), "merchant")
		fails(t, 2, []string{"export", "documents", "--month", "January", "--to", dir}, "--month")
		fails(t, 2, []string{"export", "documents", "--month", time.Now().UTC().Format("2006-01"), "--to", dir}, "not over yet")
		fails(t, 2, []string{"export", "orders", "--month", "2026-01", "--to", dir}, "documents")
	})
}
