package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"

	"github.com/lib/pq"
	"modernc.org/sqlite"

	"github.com/kontorhq/kontor/fault"
)

// SQLite's result codes, of which only these are looked at (sqlite.org/rescode.html).
const (
	sqliteBusy       = 5
	sqliteLocked     = 6
	sqliteReadOnly   = 8
	sqliteIO         = 10
	sqliteFull       = 13
	sqliteCannotOpen = 14
	sqliteUnique     = 2067
	sqlitePrimaryKey = 1555
)

// ErrAgain asks InTx to undo everything and run the function again: somebody else changed what
// it had read before it could lock it.
var ErrAgain = errors.New("what was read has changed, the transaction is run again")

// retryable tells whether the engine gave the transaction up before anything was committed.
func retryable(err error) bool {
	if errors.Is(err, ErrAgain) {
		return true
	}
	if pe := (*pq.Error)(nil); errors.As(err, &pe) {
		return pe.Code == "40001" || pe.Code == "40P01"
	}
	if se := (*sqlite.Error)(nil); errors.As(err, &se) {
		primary := se.Code() & 0xff
		return primary == sqliteBusy || primary == sqliteLocked
	}
	return false
}

// IsUnique tells whether a row with that key is there already. On PostgreSQL the transaction is
// lost by then: prefer ON CONFLICT DO NOTHING and the number of rows.
func IsUnique(err error) bool {
	if pe := (*pq.Error)(nil); errors.As(err, &pe) {
		return pe.Code == "23505"
	}
	if se := (*sqlite.Error)(nil); errors.As(err, &se) {
		return se.Code() == sqliteUnique || se.Code() == sqlitePrimaryKey
	}
	return false
}

// unreadable tells whether PostgreSQL refused a bound text that is not UTF-8 or has a zero in it.
// SQLite takes any bytes.
func unreadable(err error) bool {
	pe := (*pq.Error)(nil)
	return errors.As(err, &pe) && pe.Code == "22021"
}

// lost tells whether the database doesn't answer, or can't write, at the moment: it is stopped,
// starts, was replaced by one that is read only, or has no room. Whether something was committed
// isn't known then; who asks again with the same key finds out.
func lost(err error) bool {
	if pe := (*pq.Error)(nil); errors.As(err, &pe) {
		switch pe.Code.Class() {
		case "08", "53", "57", "58": // connection, resources, operator (who also ends what takes too long), system
			return true
		}
		return pe.Code == "25006" // read only
	}
	if se := (*sqlite.Error)(nil); errors.As(err, &se) {
		switch se.Code() & 0xff {
		case sqliteReadOnly, sqliteIO, sqliteFull, sqliteCannotOpen:
			return true
		}
		return false
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.As(err, new(*net.OpError))
}

// None tells whether a Get found nothing.
func None(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// classify gives drivers' errors their fault, and leaves everything else alone. Errors that are
// retried stay recognisable: a fault wraps them.
func classify(ctx context.Context, err error) error {
	switch {
	case err == nil || errors.Is(err, sql.ErrNoRows):
		return err
	case ctx.Err() != nil:
		// lib/pq reports a cancelled query as an error of its own (57014).
		return errors.Join(ctx.Err(), err)
	case errors.As(err, new(*fault.Error)):
		return err
	case IsUnique(err):
		return fault.New(fault.Conflict, "an object with that key exists already").Because(err)
	case unreadable(err):
		return fault.New(fault.Invalid, "a text is not UTF-8").Because(err)
	case retryable(err):
		return fault.New(fault.Unavailable, "the database is busy, try again").Because(err)
	case lost(err):
		return fault.New(fault.Unavailable, "the database can't be used at the moment, try again").Because(err)
	}
	return err
}
