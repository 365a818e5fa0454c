package dbtest

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/database"
)

func TestEachGivesAMigratedDatabaseOnBothEngines(t *testing.T) {
	var engines []string
	Each(t, func(t *testing.T, db *database.DB) {
		engines = append(engines, db.Engine())
		pending, err := db.Pending(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if pending != 0 {
			t.Errorf("%d migrations are missing", pending)
		}
	})
	if got := strings.Join(engines, " "); got != "SQLite PostgreSQL" {
		t.Errorf("ran on %q", got)
	}
}

func TestDatabasesAreApart(t *testing.T) {
	pairs := map[string][2]string{
		"sqlite":   {SQLiteURL(t), SQLiteURL(t)},
		"postgres": {PostgresURL(t), PostgresURL(t)},
	}
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			first, second := open(t, pair[0]), open(t, pair[1])
			if _, err := first.SQL().ExecContext(t.Context(), "CREATE TABLE apart (id TEXT)"); err != nil {
				t.Fatal(err)
			}
			if _, err := second.SQL().ExecContext(t.Context(), "SELECT id FROM apart"); err == nil {
				t.Error("a table made in one database is in the other")
			}
		})
	}
}

func TestPostgresSortsTextUnlikeSQLite(t *testing.T) {
	if s, err := postgres(); err != nil || s.address.User.Username() != "kontor" {
		t.Skip("another server's locale is its owner's choice")
	}
	db := Postgres(t)
	var lower bool
	if err := db.SQL().QueryRowContext(t.Context(), "SELECT 'a' < 'B'").Scan(&lower); err != nil {
		t.Fatal(err)
	}
	if !lower {
		t.Error("the server compares bytes: queries that lean on the order of text would go unnoticed")
	}
}

func TestTheDatabaseGoesWithItsTest(t *testing.T) {
	var address string
	t.Run("inner", func(t *testing.T) { address = PostgresURL(t) })
	db, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("the database is still there")
	}
}

func TestSweepDropsOnlyOldDatabases(t *testing.T) {
	s, err := postgres()
	if err != nil {
		t.Fatal(err)
	}
	old := fmt.Sprintf("%s%d_old", prefix, time.Now().Add(-2*leftover).Unix())
	young := fresh()
	for _, name := range []string{old, young} {
		if _, err := s.admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, name := range []string{old, young} {
		var n int
		if err := s.admin.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			left = append(left, name)
		}
	}
	if len(left) != 1 || left[0] != young {
		t.Errorf("left %v, want only %s", left, young)
	}
	if _, err := s.admin.ExecContext(t.Context(), "DROP DATABASE "+young); err != nil {
		t.Error(err)
	}
}
