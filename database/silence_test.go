package database_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
)

// relay passes everything on to a server until it freezes: from then on it takes what is sent and
// says nothing, like a machine that hangs.
type relay struct {
	address string
	mu      sync.Mutex
	frozen  bool
	stop    func()
}

func (r *relay) freeze() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frozen = true
}

func (r *relay) passes() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.frozen
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{address: listener.Addr().String()}
	var open []net.Conn
	r.stop = func() {
		_ = listener.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, c := range open {
			_ = c.Close()
		}
	}
	t.Cleanup(r.stop)
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			r.mu.Lock()
			open = append(open, near, far)
			r.mu.Unlock()
			for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
				go func() {
					buffer := make([]byte, 1<<16)
					for {
						n, err := way[0].Read(buffer)
						if err != nil {
							_ = way[1].Close()
							return
						}
						if r.passes() {
							_, _ = way[1].Write(buffer[:n])
						}
					}
				}()
			}
		}
	}()
	return r
}

// lib/pq waits for ever for a server that has frozen: neither the end of a context nor a closed
// request frees the connection. Here it is given up, and what asked says "try again".
func TestAServerThatFreezesHoldsNobodyForEver(t *testing.T) {
	address, err := url.Parse(dbtest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	between := newRelay(t, address.Host)
	address.Host = between.address
	const patience = 5 * time.Second // longer than a busy machine needs to connect
	db, err := database.OpenPatient(t.Context(), address.String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	between.freeze()

	began := time.Now()
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := db.Ping(short); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) >= patience {
		t.Errorf("a probe got %v after %s", err, time.Since(began))
	}
	ended := make(chan error, 1)
	go func() { ended <- db.InTx(t.Context(), func(*database.Tx) error { return nil }) }()
	select {
	case err := <-ended:
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("a transaction ends with %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("a transaction waits for ever")
	}
}

// Who is told "try again" does so; who is told that something failed calls somebody.
func TestADatabaseThatIsGoneSaysTryAgain(t *testing.T) {
	one, err := url.Parse(dbtest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	between := newRelay(t, one.Host)
	one.Host = between.address
	db := open(t, one.String())
	inTx(t, db, func(*database.Tx) error { return nil })
	between.stop()
	var n int
	for what, err := range map[string]error{
		"a transaction": db.InTx(t.Context(), func(*database.Tx) error { return nil }),
		"a reading":     db.Get(t.Context(), &n, "SELECT 1"),
	} {
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestWhatIsOnlyForAWhileSaysTryAgain(t *testing.T) {
	for code, unavailable := range map[pqerror.Code]bool{
		"08006": true, "53100": true, "53300": true, "57P01": true, "57P03": true, "25006": true, // connection, disk, connections, stopping, starting, read only
		"42601": false, "23503": false, "22001": false,
	} {
		db := dbtest.SQLite(t)
		err := db.InTx(t.Context(), func(*database.Tx) error { return &pq.Error{Code: code} })
		if (fault.CodeOf(err) == fault.Unavailable) != unavailable {
			t.Errorf("%s: %v", code, err)
		}
	}
}
