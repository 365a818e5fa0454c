package database_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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

// What a later program has written this one would not keep, so it must not begin.
func TestANewerSchemaIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		inTx(t, db, exec(t.Context(), "INSERT INTO schema_versions (version_id, is_applied) VALUES (?, ?)", 9999, true))
		if _, err := db.Pending(t.Context()); !errors.Is(err, database.ErrNewer) || !strings.Contains(err.Error(), "9999") {
			t.Errorf("Pending says %v", err)
		}
		if err := db.Migrate(t.Context()); !errors.Is(err, database.ErrNewer) {
			t.Errorf("Migrate says %v", err)
		}
	})
}

func TestOnlyItsOwnerReadsASQLiteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kontor.db")
	db := open(t, "sqlite:"+path)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + end)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path+end, info.Mode(), err)
		}
	}
}

func TestSomebodyElsesFileIsLeftAlone(t *testing.T) {
	db := open(t, "sqlite:"+filepath.Join(t.TempDir(), "other.db"))
	if _, err := db.SQL().ExecContext(t.Context(), "CREATE TABLE orders (x TEXT)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "not one of Kontor's") {
		t.Errorf("Migrate says %v", err)
	}
	if n := number(t, db, "SELECT count(*) FROM sqlite_schema"); n != 1 {
		t.Errorf("there are %d objects in it now", n)
	}
}
