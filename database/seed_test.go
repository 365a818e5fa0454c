package database_test

import (
	"context"
	"testing"

	"github.com/kontorhq/kontor/database"
)

// table makes a table of the test's own: the package knows none of the program's.
func table(t *testing.T, db *database.DB, columns string) {
	t.Helper()
	if _, err := db.SQL().ExecContext(t.Context(), "CREATE TABLE things ("+columns+")"); err != nil {
		t.Fatal(err)
	}
}

// inTx runs fn and fails the test when the transaction fails.
func inTx(t *testing.T, db *database.DB, fn func(*database.Tx) error) {
	t.Helper()
	if err := db.InTx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func exec(ctx context.Context, query string, args ...any) func(*database.Tx) error {
	return func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}
}

// number reads one integer with the reader pool.
func number(t *testing.T, db *database.DB, query string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := db.Get(t.Context(), &n, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}
