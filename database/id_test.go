package database_test

import (
	"testing"
	"time"

	"github.com/kontorhq/kontor/database"
)

func TestFirstIDIsBelowThoseOfItsMoment(t *testing.T) {
	for range 1000 {
		before := database.FirstID("doc", time.Now())
		id := database.NewID("doc")
		after := database.FirstID("doc", time.Now().Add(2*time.Millisecond))
		if before > id || id >= after || len(before) != len(id) {
			t.Fatalf("%s, %s, %s", before, id, after)
		}
	}
}
