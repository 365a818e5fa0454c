package database

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// silence is how long a PostgreSQL server may say nothing before it is taken for lost. lib/pq waits
// for ever: a machine that froze, or a network that swallows what is sent, would hold every
// connection until somebody kills the process. Two such waits, the second to keep what was refused,
// leave time for an answer; migrations, which may be busy for longer, don't go by it.
const silence = 20 * time.Second

// connect opens PostgreSQL; each answer may take that long, 0 is for ever.
func connect(ctx context.Context, address string, patience time.Duration) (*sqlx.DB, error) {
	connector, err := pq.NewConnector(address)
	if err != nil {
		return nil, err
	}
	if patience > 0 {
		connector.Dialer(dialer{patience: patience})
	}
	db := sqlx.NewDb(sql.OpenDB(connector), "postgres")
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// dialer makes connections that give up.
type dialer struct {
	net.Dialer
	patience time.Duration
}

// Dial is there for lib/pq's interface; it takes DialContext where it is.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout is there for lib/pq's interface.
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext connects.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	inner, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &patient{Conn: inner, patience: d.patience}, nil
}

// patient waits for one answer, or for one message to be taken, no longer than its patience.
type patient struct {
	net.Conn
	patience time.Duration
	deadline time.Time // of lib/pq's connect_timeout, which may be sooner
}

func (p *patient) SetDeadline(t time.Time) error {
	p.deadline = t
	return p.Conn.SetDeadline(t)
}

func (p *patient) next() time.Time {
	end := time.Now().Add(p.patience)
	if !p.deadline.IsZero() && p.deadline.Before(end) {
		return p.deadline
	}
	return end
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.SetReadDeadline(p.next()); err != nil {
		return 0, err
	}
	return p.Conn.Read(b)
}

func (p *patient) Write(b []byte) (int, error) {
	if err := p.SetWriteDeadline(p.next()); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}
