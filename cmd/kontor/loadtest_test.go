package main

import (
	"encoding/json"
	"path/filepath"
	"testing"
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
