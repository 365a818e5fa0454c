package database_test

import (
	"context"
	"testing"

	"github.com/kontorhq/kontor/database"
)

func TestAddressesThatLibPQWouldMisreadAreRefused(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://db/x?target_session_attrs=prefer-standby": "target_session_attrs=prefer-standby is not supported: write target_session_attrs=read-write",
		"host=a target_session_attrs=prefer-standby":          "target_session_attrs=prefer-standby is not supported: write target_session_attrs=read-write",
		"postgres://a:1,b:2/db":                               "several hosts are written postgres:///NAME?host=a,b&port=1,2&target_session_attrs=read-write, not a:1,b:2",
		"postgres://user@a,b/db":                              "several hosts are written postgres:///NAME?host=a,b&port=1,2&target_session_attrs=read-write, not a:1,b:2",
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

func TestMigrateTwice(t *testing.T) {
	ctx := context.Background()
	db, err := database.Open(ctx, "sqlite:"+t.TempDir()+"/kontor.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for range 2 {
		if err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if pending, err := db.Pending(ctx); err != nil || pending != 0 {
		t.Fatalf("pending %d, %v", pending, err)
	}
}
