// Package database opens SQLite or PostgreSQL, runs transactions on either and turns the
// drivers' errors into faults. It is the floor that inbox, outbox and all domains stand on, and
// it knows no table's name.
//
// One SQL text serves both engines (placeholders are `?`). Every statement is prepared once per
// pool: see Tx and DB. Transactions are retried here, and only here, when the engine says that
// nothing was committed; so what runs inside must have no effect but on the database.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // the SQLite driver
)

// DB is one database with a pool to write and a pool to read; on PostgreSQL they are the same.
type DB struct {
	url    string
	lite   bool
	writer *pool
	reader *pool
	watch  func(text string, args []any) // see Watch; nil for nobody
}

// pool keeps its statements prepared. Texts are constants of the program, so the map is bounded.
type pool struct {
	db         *sqlx.DB
	mu         sync.RWMutex
	statements map[string]*sqlx.Stmt
}

const (
	readers         = 8  // SQLite: reads run beside the one writer
	connections     = 20 // PostgreSQL: one pool for both roles
	attempts        = 8  // of a transaction that the engine gave up
	maxIdleDuration = 5 * time.Minute
)

// Open connects to `sqlite:PATH`, to `postgres://…` or to a PostgreSQL key=value string. SQLite
// files are made when absent. Addresses that lib/pq would misread are refused with the right
// spelling: several hosts in a URL's host part, and target_session_attrs=prefer-standby.
func Open(ctx context.Context, address string) (*DB, error) {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		return openSQLite(ctx, address, path)
	}
	if err := checkPostgres(address); err != nil {
		return nil, err
	}
	return openPostgres(ctx, address, silence)
}

func openPostgres(ctx context.Context, address string, patience time.Duration) (*DB, error) {
	db, err := connect(ctx, withLZ4(address), patience)
	if err != nil && !errors.As(err, new(*net.OpError)) {
		// A server without it, or a pooler that passes no settings on.
		db, err = connect(ctx, address, patience)
	}
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL can't be reached: %w", err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(maxIdleDuration)
	both := newPool(db)
	return &DB{url: address, writer: both, reader: both}, nil
}

// withLZ4 has documents and events compressed by LZ4 where they are long: it takes a quarter of the
// time of PostgreSQL's own method, which was a tenth of what an order cost there.
func withLZ4(address string) string {
	const setting = "default_toast_compression=lz4"
	switch {
	case strings.Contains(address, "default_toast_compression"):
		return address
	case !strings.Contains(address, "://"):
		return address + " " + setting
	case strings.Contains(address, "?"):
		return address + "&" + setting
	}
	return address + "?" + setting
}

func openSQLite(ctx context.Context, address, path string) (*DB, error) {
	if path == "" || path == ":memory:" {
		return nil, errors.New("a SQLite address is sqlite:PATH, the path of a file")
	}
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("the folder of the SQLite file can't be made: %w", err)
		}
	}
	// SQLite would make it readable for others; the files beside it get its mode.
	if file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err == nil {
		_ = file.Close() // nothing is in it
	}
	sqlx.BindDriver("sqlite", sqlx.QUESTION)
	// WAL lets readers go on beside the writer; FULL makes a commit durable; immediate takes the
	// write lock at BEGIN, without which read-then-write transactions fail under load.
	pragmas := "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	file := "file:" + (&url.URL{Path: path}).EscapedPath() + pragmas
	writer, err := sqlx.ConnectContext(ctx, "sqlite", file+"&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("SQLite can't open %s: %w", path, err)
	}
	writer.SetMaxOpenConns(1)
	writer.SetConnMaxIdleTime(0)
	reader, err := sqlx.ConnectContext(ctx, "sqlite", file+"&_txlock=deferred&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("SQLite can't open %s for reading: %w", path, err), writer.Close())
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	return &DB{url: address, lite: true, writer: newPool(writer), reader: newPool(reader)}, nil
}

// checkPostgres refuses what lib/pq accepts and then gets wrong.
func checkPostgres(address string) error {
	if strings.Contains(address, "prefer-standby") {
		return errors.New("target_session_attrs=prefer-standby is not supported: write target_session_attrs=read-write")
	}
	if !strings.Contains(address, "://") {
		if severalPorts.MatchString(address) {
			return errSeveralHosts
		}
		if !strings.Contains(address, "=") {
			return errors.New("a database address is sqlite:PATH, postgres://… or PostgreSQL's key=value form")
		}
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		if several := strings.Contains(address, ","); !several {
			return errors.New("a database address is sqlite:PATH, postgres://… or PostgreSQL's key=value form")
		}
		return errSeveralHosts
	}
	if strings.Contains(u.Host, ",") {
		return errSeveralHosts
	}
	return nil
}

// severalPorts finds hosts with their ports in the key=value form: host=a:1,b:2.
var severalPorts = regexp.MustCompile(`\bhost\s*=\s*'?[^\s':,]+:\d+(,|\s|'|$)`)

var errSeveralHosts = errors.New("several hosts are written postgres:///NAME?host=a,b&port=1,2&target_session_attrs=read-write, not a:1,b:2")

func newPool(db *sqlx.DB) *pool { return &pool{db: db, statements: map[string]*sqlx.Stmt{}} }

// Close closes the pools and their statements.
func (db *DB) Close() error {
	err := db.writer.close()
	if db.reader != db.writer {
		err = errors.Join(err, db.reader.close())
	}
	return err
}

func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.statements {
		_ = s.Close() // the pool goes with it
	}
	return p.db.Close()
}

// Lite tells whether the engine is SQLite.
func (db *DB) Lite() bool { return db.lite }

// Engine names the engine, for messages.
func (db *DB) Engine() string {
	if db.lite {
		return "SQLite"
	}
	return "PostgreSQL"
}

// Ping tells whether both pools answer before ctx ends. lib/pq goes on waiting for a server that
// has frozen, so this doesn't wait for lib/pq.
func (db *DB) Ping(ctx context.Context) error {
	answered := make(chan error, 1)
	go func() { answered <- errors.Join(db.writer.db.PingContext(ctx), db.reader.db.PingContext(ctx)) }()
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// SQL is the writer pool itself, for migrations and benchmarks.
func (db *DB) SQL() *sql.DB { return db.writer.db.DB }

// prepared gives the statement for the text if it has been prepared.
func (p *pool) prepared(query string) *sqlx.Stmt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.statements[query]
}

// prepare makes the statement for next time. It needs a connection of its own, so it must not
// be called while this goroutine holds SQLite's only one.
func (p *pool) prepare(ctx context.Context, query string) (*sqlx.Stmt, error) {
	if s := p.prepared(query); s != nil {
		return s, nil
	}
	s, err := p.db.PreparexContext(ctx, p.db.Rebind(query))
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	kept, faster := p.statements[query]
	if !faster {
		p.statements[query] = s
		kept = s
	}
	p.mu.Unlock()
	if faster {
		// Closing waits for the connection that the statement was made on, and whoever runs
		// something on that may wait for p.mu: so it is not done under it.
		_ = s.Close()
	}
	return kept, nil
}

// Get reads one row outside of a transaction; sql.ErrNoRows when there is none.
func (db *DB) Get(ctx context.Context, dest any, query string, args ...any) error {
	db.tell(query, args...)
	s, err := db.reader.prepare(ctx, query)
	if err != nil {
		return classify(ctx, err)
	}
	return classify(ctx, s.GetContext(ctx, dest, args...))
}

// Select reads all rows outside of a transaction.
func (db *DB) Select(ctx context.Context, dest any, query string, args ...any) error {
	db.tell(query, args...)
	s, err := db.reader.prepare(ctx, query)
	if err != nil {
		return classify(ctx, err)
	}
	return classify(ctx, s.SelectContext(ctx, dest, args...))
}

// Querier reads, inside of a transaction (*Tx) or outside (*DB).
type Querier interface {
	Get(ctx context.Context, dest any, query string, args ...any) error
	Select(ctx context.Context, dest any, query string, args ...any) error
}

// InTx runs fn in one transaction and commits it; an error undoes everything. When the engine
// gives the transaction up (serialisation, deadlock, busy), fn runs again from the start.
//
// Inside of fn only the Tx may be used: SQLite has one writer, and asking the pool for another
// would wait for itself.
func (db *DB) InTx(ctx context.Context, fn func(*Tx) error) error {
	for try := 1; ; try++ {
		err := db.once(ctx, fn)
		if err == nil || try == attempts || !retryable(err) {
			return classify(ctx, err)
		}
		pause := time.Duration(5<<try) * time.Millisecond
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

func (db *DB) once(ctx context.Context, fn func(*Tx) error) error {
	inner, err := db.writer.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	db.tell("BEGIN")
	tx := &Tx{tx: inner, db: db}
	defer func() { _ = inner.Rollback() }() // nothing after Commit; also runs on panic
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.flush(ctx); err != nil {
		return err
	}
	if err := inner.Commit(); err != nil {
		return err
	}
	db.tell("COMMIT")
	for _, query := range tx.unprepared {
		if _, err := db.writer.prepare(ctx, query); err != nil {
			break // the next transaction runs it unprepared again
		}
	}
	for _, after := range tx.after {
		after()
	}
	return nil
}
