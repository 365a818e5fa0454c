package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/kontorhq/kontor/dbtest/cluster"
)

// prefix opens the name of every database of ours; the time of making and a random part follow.
const prefix = "kontor_test_"

// leftover is the age at which a database belongs to a test run that died.
const leftover = 24 * time.Hour

// server is where this binary's databases are.
type server struct {
	admin    *sql.DB // on the maintenance database
	address  url.URL
	template string
}

// postgres finds or starts the server and migrates the template. It is never closed: a private
// server ends with this process, and on a shared one the template is swept up by a later run.
var postgres = sync.OnceValues(func() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	address := os.Getenv(cluster.Variable)
	if address == "" {
		private, err := cluster.Start(ctx)
		if err != nil {
			return nil, err
		}
		address = private.URL
	}
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		return nil, fmt.Errorf("%s must be a URL, postgres://user:password@host:port/database", cluster.Variable)
	}
	admin, err := sql.Open("postgres", address)
	if err != nil {
		return nil, err
	}
	admin.SetMaxIdleConns(4) // parallel tests create and drop
	s := &server{admin: admin, address: *u, template: fresh()}
	if err := s.sweep(ctx); err != nil {
		return nil, err
	}
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+s.template); err != nil {
		return nil, fmt.Errorf("the template can't be made on the server of %s: %w", cluster.Variable, err)
	}
	return s, migrated(ctx, s.database(s.template))
})

// PostgresURL is the address of a migrated database of its own, dropped with the test.
func PostgresURL(t testing.TB) string {
	t.Helper()
	s, err := postgres()
	if err != nil {
		t.Fatal(err)
	}
	name := fresh()
	if err := s.clone(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's context is over by now. FORCE: a program under test may still be connected.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := s.admin.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("the test's database stays behind: %v", err)
		}
	})
	return s.database(name)
}

// clone copies the template. A connection that has been closed is on the server for a moment
// longer, and a template in use can't be copied.
func (s *server) clone(ctx context.Context, name string) error {
	const inUse = "55006"
	for try := 0; ; try++ {
		_, err := s.admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+s.template)
		failed := (*pq.Error)(nil)
		if !errors.As(err, &failed) || failed.Code != inUse || try == 50 {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// sweep drops what dead runs left on a server that outlives them.
func (s *server) sweep(ctx context.Context) error {
	rows, err := s.admin.QueryContext(ctx, "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", prefix)
	if err != nil {
		return fmt.Errorf("the PostgreSQL server of %s does not answer: %w", cluster.Variable, err)
	}
	defer rows.Close()
	var old []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		made, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "_")
		if seconds, err := strconv.ParseInt(made, 10, 64); err == nil && time.Since(time.Unix(seconds, 0)) > leftover {
			old = append(old, name)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range old {
		// Another binary of this run may sweep the same one.
		if _, err := s.admin.ExecContext(ctx, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) database(name string) string {
	u := s.address
	u.Path = "/" + name
	return u.String()
}

// fresh is a name that needs no quoting and that nobody has.
func fresh() string {
	return fmt.Sprintf("%s%d_%s", prefix, time.Now().Unix(), strings.ToLower(rand.Text()[:16]))
}
