package database_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/migrations"
)

func TestAddressesThatLibPQWouldMisreadAreRefused(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://db/x?target_session_attrs=prefer-standby": "target_session_attrs=prefer-standby is not supported: write target_session_attrs=read-write",
		"host=a target_session_attrs=prefer-standby":          "target_session_attrs=prefer-standby is not supported: write target_session_attrs=read-write",
		"postgres://a:1,b:2/db":                               "several hosts are written postgres:///NAME?host=a,b&port=1,2&target_session_attrs=read-write, not a:1,b:2",
		"postgres://user@a,b/db":                              "several hosts are written postgres:///NAME?host=a,b&port=1,2&target_session_attrs=read-write, not a:1,b:2",
		"host=a:1,b:2 dbname=x":                               "several hosts are written postgres:///NAME?host=a,b&port=1,2&target_session_attrs=read-write, not a:1,b:2",
		"mysql://a/b":                                         "a database address is sqlite:PATH, postgres://… or PostgreSQL's key=value form",
		"kontor.db":                                           "a database address is sqlite:PATH, postgres://… or PostgreSQL's key=value form",
		"sqlite:":                                             "a SQLite address is sqlite:PATH, the path of a file",
	} {
		_, err := database.Open(context.Background(), address)
		if err == nil || err.Error() != want {
			t.Errorf("Open(%q) says %v, want %q", address, err, want)
		}
	}
}

func TestMigrateBringsAnEmptyDatabaseUp(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
			address = "sqlite:" + path + ".empty"
		}
		db := open(t, address)
		if !db.Lite() {
			if _, err := db.SQL().ExecContext(t.Context(), "DROP SCHEMA public CASCADE; CREATE SCHEMA public"); err != nil {
				t.Fatal(err)
			}
		}
		all, err := db.Pending(t.Context())
		if err != nil || all < 7 {
			t.Fatalf("of an empty database %d migrations are pending, %v", all, err)
		}
		for range 2 { // the second time there is nothing to do
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if pending, err := db.Pending(t.Context()); err != nil || pending != 0 {
				t.Fatalf("pending %d, %v", pending, err)
			}
		}
		for _, name := range []string{"merchants", "credit_lines", "deliveries", "orders"} {
			if n := number(t, db, "SELECT count(*) FROM "+name); n != 0 {
				t.Errorf("%s has %d rows", name, n)
			}
		}
	})
}

func TestAnOlderSchemaIsSeen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		inTx(t, db, exec(t.Context(), "DELETE FROM schema_versions WHERE version_id >= ?", 6))
		newest, err := fs.Glob(migrations.Files, "*.sql")
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for _, name := range newest {
			if number := name[:4]; number >= "0006" {
				want[number] = true
			}
		}
		if pending, err := db.Pending(t.Context()); err != nil || pending != len(want) {
			t.Errorf("pending %d, %v; want %d", pending, err, len(want))
		}
	})
}
