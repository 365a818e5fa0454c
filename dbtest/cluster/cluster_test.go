package cluster

import (
	"database/sql"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"testing"
	"time"
)

func TestStopTakesServerAndFilesAway(t *testing.T) {
	c, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("postgres", c.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var data string
	if err := db.QueryRowContext(t.Context(), "SHOW data_directory").Scan(&data); err != nil {
		t.Fatal(err)
	}
	c.Stop()
	c.Stop() // the second one changes nothing
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("the server still answers")
	}
	if _, err := os.Stat(data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the data directory is still there: %v", err)
	}
}

func TestStrangersAreKeptOut(t *testing.T) {
	c, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	db, err := sql.Open("postgres", withoutPassword(t, c.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("a superuser without a password: every user of the machine could run programs as the server's owner")
	}
}

// The process that starts a server may die in any way; what tells the supervisor is the end of
// its input, which the kernel closes. Closing the pipe here is the same event.
func TestTheServerEndsWithItsStarter(t *testing.T) {
	c, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.input.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.exited:
	case <-time.After(30 * time.Second):
		t.Error("the server lives on")
	}
}

func withoutPassword(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(u.User.Username())
	return u.String()
}
