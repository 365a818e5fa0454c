// Package dbtest gives a test an empty, migrated database, on SQLite and on PostgreSQL. Only
// tests import it.
//
//	dbtest.Each(t, func(t *testing.T, db *database.DB) { … })
//
// SQLite databases are files in the test's temporary directory, copied from one that each test
// binary migrates once. PostgreSQL databases are clones of a template that each test binary
// migrates once, on the server named in KONTOR_TEST_POSTGRES_URL (`make test` starts one for the
// whole run) or else on a private one that goes away with the test binary. Without a PostgreSQL
// installation the tests fail and name the command that brings it: skipping would hide a rule
// that holds on one engine only.
package dbtest

import (
	"os"
	"strconv"
	"testing"

	"github.com/kontorhq/kontor/database"
)

// Each runs the test once per engine, as subtests sqlite and postgres.
func Each(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// EachURL is Each for tests that open the database themselves or start the program on it.
func EachURL(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, PostgresURL(t)) })
}

// SQLite opens a migrated database of its own; the end of the test closes and removes it.
func SQLite(t testing.TB) *database.DB {
	t.Helper()
	return open(t, SQLiteURL(t))
}

// Postgres opens a migrated database of its own; the end of the test closes and drops it.
func Postgres(t testing.TB) *database.DB {
	t.Helper()
	return open(t, PostgresURL(t))
}

func open(t testing.TB, address string) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Histories is how many random histories a test plays on db: KONTOR_HISTORIES, or 100. Under the
// race detector (KONTOR_RACE, set by `make race`) it is a fortieth of that on SQLite, which is 40
// times slower there; races in our own code show on PostgreSQL just as well.
func Histories(t testing.TB, db *database.DB) int {
	t.Helper()
	n := 100
	if s := os.Getenv("KONTOR_HISTORIES"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			t.Fatalf("KONTOR_HISTORIES is %q, not a number of histories", s)
		}
	}
	if db.Lite() && os.Getenv("KONTOR_RACE") != "" {
		n = max(n/40, 1)
	}
	return n
}
