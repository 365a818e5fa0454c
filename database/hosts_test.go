package database_test

import (
	"context"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

// With several hosts the first that can be written to is used: the way to a cluster whose
// primary moves.
func TestAHostThatIsDownIsPassedOver(t *testing.T) {
	one, err := url.Parse(dbtest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	down, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, nobody, _ := net.SplitHostPort(down.Addr().String())
	if err := down.Close(); err != nil {
		t.Fatal(err)
	}
	query := one.Query()
	query.Set("host", "127.0.0.1,"+one.Hostname())
	query.Set("port", nobody+","+one.Port())
	query.Set("target_session_attrs", "read-write")
	query.Set("user", one.User.Username())
	if password, ok := one.User.Password(); ok {
		query.Set("password", password)
	}
	both := "postgres:///" + strings.TrimPrefix(one.Path, "/") + "?" + query.Encode()

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	db, err := database.Open(ctx, both)
	if err != nil {
		t.Fatalf("%s: %v", both, err)
	}
	defer func() { _ = db.Close() }()
	if err := db.InTx(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, "CREATE TABLE written (n BIGINT)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	query.Set("host", "127.0.0.1,127.0.0.1")
	query.Set("port", nobody+","+nobody)
	if db, err := database.Open(ctx, "postgres:///x?"+query.Encode()); err == nil {
		_ = db.Close()
		t.Fatal("two hosts that are down were opened")
	}
}
