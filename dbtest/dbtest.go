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
