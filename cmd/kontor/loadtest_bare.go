package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/procurement"
)

// The bare statements are not written down a second time, where they would soon be others than
// the program's: one request is recorded as it runs, and its statements are replayed with fresh
// keys, prepared, on the same pools. What is left out is everything else: HTTP, XML, JSON, rules.

// script is one request as its statements.
type script struct {
	at    time.Time // when it was recorded
	names []string  // the values in it that differ from request to request
	kinds []string  // prefixes of the last of these: identifiers that the request made
	steps []scriptStep
}

type scriptStep struct {
	text string
	args []any
}

func (s script) statements() int { return len(s.steps) }

// recordedID is an identifier of ours.
var recordedID = regexp.MustCompile(`\b[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}\b`)

// record has one request handled on a handle of its own that is watched. It also learns how many
// rows a request adds to each table.
func (w *world) record(ctx context.Context, shape shape) (script, error) {
	db, err := database.Open(ctx, w.address)
	if err != nil {
		return script{}, err
	}
	defer func() { _ = db.Close() }()
	s := script{at: w.system.clock.Now()}
	db.Watch(func(text string, args []any) { s.steps = append(s.steps, scriptStep{text, slices.Clone(args)}) })
	if shape.home {
		if err := w.welcome(ctx, shape, 1); err != nil {
			return script{}, err
		}
	}
	before, err := w.count(ctx)
	if err != nil {
		return script{}, err
	}
	s.names = w.values(shape, 0)
	if err := w.handle(ctx, db, shape, s.names); err != nil {
		return script{}, err
	}
	after, err := w.count(ctx)
	if err != nil {
		return script{}, err
	}
	if w.oneAdds == nil {
		w.oneAdds = map[string]tableCounts{}
	}
	w.oneAdds[shape.name] = tableCounts{}
	for table := range after {
		w.oneAdds[shape.name][table] = after[table] - before[table]
	}
	s.findMade()
	return s, nil
}

// handle has one request answered without HTTP.
func (w *world) handle(ctx context.Context, db *database.DB, shape shape, values []string) error {
	if shape.home {
		return w.handleReturn(ctx, db, values)
	}
	service, document := w.service(db), shape.document.fill(values)
	if shape.by.kind != byCXML.kind {
		_, _, err := service.StartOCI(ctx, procurement.OCICall{Merchant: loadMerchant, Connection: shape.who(0).ociReference, Method: http.MethodPost, Body: document})
		return err
	}
	if answer := service.Receive(ctx, loadMerchant, "text/xml", []byte(document)); !strings.Contains(string(answer), string(accepted)) {
		return fmt.Errorf("the answer is %s", answer)
	}
	return nil
}

// findMade adds the identifiers that the request made to the names: those that rows were inserted
// with and that belong to no buyer or product, which were there before.
func (s *script) findMade() {
	there := map[string]bool{}
	for _, name := range s.names {
		there[name] = true
	}
	for _, step := range s.steps {
		insert := strings.Contains(step.text, "INSERT INTO")
		for _, arg := range step.args {
			id, ok := arg.(string)
			if !ok || there[id] || recordedID.FindString(id) != id || id == "" {
				continue
			}
			there[id] = true
			if insert && !strings.HasPrefix(id, "prd_") {
				s.names = append(s.names, id)
				s.kinds = append(s.kinds, id[:3])
			}
		}
	}
}

// replay is a script that is ready to be run by many at once.
type replay struct {
	script
	writer *sql.DB
	steps  []replayStep
}

type replayStep struct {
	statement *sql.Stmt // nil for BEGIN and COMMIT
	begin     bool
	query     bool
	args      []replayArg
	// The one thing that a request takes from the row it locks: an entry's number and balance.
	readsLine              bool
	changesLine            bool // what it reads is how the row is after the change
	seq, balance, amountAt int  // which arguments they are; seq is -1 in other statements
}

// replayArg makes the argument of one request.
type replayArg struct {
	value  any
	form   *form
	bytes  bool // the form makes bytes
	digest bool // 32 bytes that must be others each time
	inHex  bool // the form makes bytes in hex, or a digest is 32 letters
	isTime bool
	offset time.Duration // of an instant, from the request's beginning
}

// prepare prepares the script's statements on the pools that the program runs them on.
func (w *world) prepare(ctx context.Context, s script) (*replay, error) {
	db := w.system.db
	r := &replay{script: s, writer: db.SQL()}
	differ := newPlaces(slices.DeleteFunc(slices.Clone(s.names), func(name string) bool { return name == "" }))
	differ.names = s.names
	inTx := false
	for _, step := range s.steps {
		text := strings.TrimSpace(step.text)
		if text == "BEGIN" || text == "COMMIT" {
			inTx = text == "BEGIN"
			r.steps = append(r.steps, replayStep{begin: inTx})
			continue
		}
		pool := db.Readers()
		if inTx {
			pool = db.SQL()
		}
		if !db.Lite() {
			text = sqlx.Rebind(sqlx.DOLLAR, text)
		}
		statement, err := pool.PrepareContext(ctx, text)
		if err != nil {
			r.close()
			return nil, err
		}
		prepared := replayStep{statement: statement, query: strings.HasPrefix(text, "SELECT") || strings.Contains(text, "RETURNING"), seq: -1}
		prepared.readsLine = prepared.query && strings.Contains(text, "own_holds")
		prepared.changesLine = strings.HasPrefix(text, "UPDATE")
		prepared.findEntry(step.text)
		for _, arg := range step.args {
			made, err := s.argument(arg, differ, !prepared.query)
			if err != nil {
				r.close()
				return nil, err
			}
			prepared.args = append(prepared.args, made)
		}
		r.steps = append(r.steps, prepared)
	}
	return r, nil
}

// findEntry finds an entry's insertion, which may be one of several that travel together.
func (r *replayStep) findEntry(text string) {
	before, after, found := strings.Cut(text, "INSERT INTO credit_entries (")
	if !found {
		return
	}
	columns, _, _ := strings.Cut(after, ")")
	names := strings.Split(strings.ReplaceAll(columns, " ", ""), ",")
	first := strings.Count(before, "?")
	r.seq, r.balance, r.amountAt = first+slices.Index(names, "seq"), first+slices.Index(names, "balance_minor"), first+slices.Index(names, "amount_minor")
}

// argument tells what a value of the recorded request becomes in others. Digests differ where they
// are written; one that is looked for is that of the visit, or of something that all share.
func (s script) argument(value any, differ places, writes bool) (replayArg, error) {
	switch v := value.(type) {
	case database.Time:
		if v.IsZero() {
			return replayArg{}, nil
		}
		return replayArg{isTime: true, offset: v.Sub(s.at)}, nil
	case []byte:
		if f := differ.in(hex.EncodeToString(v)); len(v) == 32 && !f.fixed() {
			return replayArg{form: &f, bytes: true, inHex: true}, nil
		}
		if len(v) == 32 && writes {
			return replayArg{digest: true}, nil
		}
		if f := differ.in(string(v)); !f.fixed() {
			return replayArg{form: &f, bytes: true}, nil
		}
		return replayArg{value: v}, nil
	}
	converted, err := driver.DefaultParameterConverter.ConvertValue(value)
	if err != nil {
		return replayArg{}, err
	}
	if text, ok := converted.(string); ok {
		if writes && digestInHex.MatchString(text) {
			return replayArg{digest: true, inHex: true}, nil
		}
		if f := differ.in(text); !f.fixed() {
			return replayArg{form: &f}, nil
		}
	}
	return replayArg{value: converted}, nil
}

var digestInHex = regexp.MustCompile(`^[0-9a-f]{32}$`)

func (r *replay) close() {
	for _, step := range r.steps {
		if step.statement != nil {
			_ = step.statement.Close() // the pool goes soon
		}
	}
}

// replayTurn runs the statements alone.
func (w *world) replayTurn(ctx context.Context, shape shape, r *replay, t turn) (turnResult, error) {
	if shape.home {
		if err := w.welcome(ctx, shape, t.most); err != nil {
			return turnResult{}, err
		}
	}
	before, err := w.count(ctx)
	if err != nil {
		return turnResult{}, err
	}
	// Nothing in here is cancelled one by one: a context that can be costs the driver a goroutine
	// for each statement.
	plain := context.WithoutCancel(ctx)
	result, err := drive(ctx, t, func(context.Context) (func(int) error, func(), error) {
		client := replayClient{replay: r}
		return func(n int) error {
			values := w.values(shape, n)
			for _, kind := range r.kinds {
				values = append(values, database.NewID(kind))
			}
			return client.run(plain, values, w.system.clock.Now())
		}, func() {}, nil
	})
	if err != nil {
		return result, err
	}
	if err := w.grown(ctx, before, shape, result.done); err != nil {
		return result, err
	}
	return result, w.tellNobody(ctx)
}

// replayClient runs scripts one after the other and keeps its buffers.
type replayClient struct {
	*replay
	args           []any
	row, pointers  []any
	entries, holds int64 // of the line that was locked
	changed        bool  // they are those after the change
}

func (c *replayClient) run(ctx context.Context, values []string, now time.Time) (err error) {
	var tx *sql.Tx
	defer func() {
		if tx != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	for i := range c.steps {
		step := &c.steps[i]
		switch {
		case step.begin:
			if tx, err = c.writer.BeginTx(ctx, nil); err != nil {
				return err
			}
			continue
		case step.statement == nil:
			committing := tx
			tx = nil
			if err := committing.Commit(); err != nil {
				return err
			}
			continue
		}
		statement := step.statement
		if tx != nil {
			statement = tx.StmtContext(ctx, statement) //nolint:sqlclosecheck // it goes with its transaction
		}
		c.fill(step, values, now)
		if step.query {
			err = c.read(ctx, step, statement)
		} else {
			_, err = statement.ExecContext(ctx, c.args...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fill makes the arguments of one statement.
func (c *replayClient) fill(step *replayStep, values []string, now time.Time) {
	c.args = c.args[:0]
	for _, a := range step.args {
		switch {
		case a.isTime:
			c.args = append(c.args, database.At(now.Add(a.offset)))
		case a.digest:
			digest := make([]byte, 32)
			for at := 0; at < len(digest); at += 8 {
				binary.LittleEndian.PutUint64(digest[at:], rand.Uint64())
			}
			if a.inHex {
				c.args = append(c.args, hex.EncodeToString(digest[:16]))
				continue
			}
			c.args = append(c.args, digest)
		case a.inHex:
			digest, _ := hex.DecodeString(a.form.fill(values)) // which values has from the database
			c.args = append(c.args, digest)
		case a.bytes:
			c.args = append(c.args, []byte(a.form.fill(values)))
		case a.form != nil:
			c.args = append(c.args, a.form.fill(values))
		default:
			c.args = append(c.args, a.value)
		}
	}
	if step.seq >= 0 {
		amount, _ := c.args[step.amountAt].(int64)
		c.args[step.seq], c.args[step.balance] = c.entries, c.holds
		if !c.changed {
			c.args[step.seq], c.args[step.balance] = c.entries+1, c.holds+amount
		}
	}
}

// read takes all rows, as the program does, and of a locked line what its entry needs.
func (c *replayClient) read(ctx context.Context, step *replayStep, statement *sql.Stmt) error {
	rows, err := statement.QueryContext(ctx, c.args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for len(c.row) < len(columns) {
		c.row = append(c.row, nil)
	}
	c.pointers = c.pointers[:0]
	for i := range columns {
		c.pointers = append(c.pointers, &c.row[i])
	}
	for rows.Next() {
		if err := rows.Scan(c.pointers...); err != nil {
			return err
		}
		if step.readsLine {
			c.entries, _ = c.row[slices.Index(columns, "entries")].(int64)
			c.holds, _ = c.row[slices.Index(columns, "own_holds")].(int64)
			c.changed = step.changesLine
		}
	}
	return rows.Err()
}
