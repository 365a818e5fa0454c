package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/kontorhq/kontor/migrations"
)

// Migrate brings the schema up to this program's version. Every file serves both engines, but
// for those whose names end in .sqlite.sql or .postgres.sql.
func (db *DB) Migrate(ctx context.Context) error {
	if _, err := db.Pending(ctx); err != nil {
		return err
	}
	pool := db.writer.db.DB
	if !db.lite {
		own, err := connect(ctx, db.url, 0)
		if err != nil {
			return err
		}
		defer func() { _ = own.Close() }() // everything is committed
		pool = own.DB
	}
	provider, err := db.provider(pool)
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("the schema could not be brought up to date: %w", err)
	}
	return nil
}

// ErrNewer is what Pending and Migrate say of a schema that a later program has written: what this
// one doesn't know of it, it would not keep.
var ErrNewer = errors.New("the database's schema is newer than this program")

// Pending is the number of migrations that the database has not seen.
func (db *DB) Pending(ctx context.Context) (int, error) {
	if err := db.ours(ctx); err != nil {
		return 0, err
	}
	provider, err := db.provider(db.writer.db.DB)
	if err != nil {
		return 0, err
	}
	statuses, err := provider.Status(ctx)
	if err != nil {
		return 0, err
	}
	var seen int64
	if err := db.writer.db.GetContext(ctx, &seen, `SELECT COALESCE(max(version_id), 0) FROM `+schemaTable+` WHERE is_applied`); err != nil {
		return 0, err
	}
	if last := statuses[len(statuses)-1].Source.Version; seen > last {
		return 0, fmt.Errorf("%w (%d, this is %d): use the version that wrote it, or a later one", ErrNewer, seen, last)
	}
	pending := 0
	for _, s := range statuses {
		if s.State == goose.StatePending {
			pending++
		}
	}
	return pending, nil
}

// ours refuses a SQLite file with somebody else's tables: half of a schema would be put among them
// before the first name that is taken. On PostgreSQL extensions may have tables beside ours.
func (db *DB) ours(ctx context.Context) error {
	if !db.lite {
		return nil
	}
	var tables []string
	if err := db.reader.db.SelectContext(ctx, &tables, `SELECT name FROM sqlite_schema WHERE type = 'table'`); err != nil {
		return err
	}
	if len(tables) > 0 && !slices.Contains(tables, schemaTable) {
		return errors.New("this is a SQLite database, but not one of Kontor's: name another file")
	}
	return nil
}

func (db *DB) provider(pool *sql.DB) (*goose.Provider, error) {
	dialect := goose.DialectPostgres
	if db.lite {
		dialect = goose.DialectSQLite3
	}
	return goose.NewProvider(dialect, pool, engineFiles{migrations.Files, db.lite},
		goose.WithTableName(schemaTable), goose.WithDisableGlobalRegistry(true))
}

// engineFiles hides the other engine's files.
type engineFiles struct {
	fs.FS
	lite bool
}

// Glob lists what is for this engine; goose collects its files by pattern.
func (e engineFiles) Glob(pattern string) ([]string, error) {
	names, err := fs.Glob(e.FS, pattern)
	other := ".sqlite.sql"
	if e.lite {
		other = ".postgres.sql"
	}
	kept := names[:0]
	for _, name := range names {
		if !strings.HasSuffix(name, other) {
			kept = append(kept, name)
		}
	}
	return kept, err
}
