package database

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/kontorhq/kontor/migrations"
)

// Migrate brings the schema up to this program's version. Every file serves both engines, but
// for those whose names end in .sqlite.sql or .postgres.sql.
func (db *DB) Migrate(ctx context.Context) error {
	provider, err := db.provider()
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("the schema could not be brought up to date: %w", err)
	}
	return nil
}

// Pending is the number of migrations that the database has not seen.
func (db *DB) Pending(ctx context.Context) (int, error) {
	provider, err := db.provider()
	if err != nil {
		return 0, err
	}
	statuses, err := provider.Status(ctx)
	if err != nil {
		return 0, err
	}
	pending := 0
	for _, s := range statuses {
		if s.State == goose.StatePending {
			pending++
		}
	}
	return pending, nil
}

func (db *DB) provider() (*goose.Provider, error) {
	dialect := goose.DialectPostgres
	if db.lite {
		dialect = goose.DialectSQLite3
	}
	return goose.NewProvider(dialect, db.writer.db.DB, engineFiles{migrations.Files, db.lite},
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
