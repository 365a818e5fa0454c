package database

import (
	"context"
	"fmt"
	"strings"
)

// schemaTable is goose's; what it says of the schema stays true without any rows elsewhere.
const schemaTable = "schema_versions"

// Empty removes every row of every table, in one transaction, and leaves the schema. It is for the
// demo, which begins again; nothing else calls it.
func (db *DB) Empty(ctx context.Context) error {
	var err error
	if db.lite {
		err = db.emptyLite(ctx)
	} else {
		err = db.InTx(ctx, func(tx *Tx) error {
			var tables []string
			if err := tx.Select(ctx, &tables, postgresTables); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "TRUNCATE "+strings.Join(tables, ", "))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("empty the database: %w", err)
	}
	return nil
}

// emptyLite prepares nothing: a PRAGMA works when it is prepared, and never again.
func (db *DB) emptyLite(ctx context.Context) error {
	tx, err := db.writer.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	var tables []string
	if err := tx.SelectContext(ctx, &tables, liteTables); err != nil {
		return err
	}
	// References are looked at when it is committed, and then nothing refers to anything.
	statements := []string{"PRAGMA defer_foreign_keys = ON"}
	for _, table := range tables {
		statements = append(statements, "DELETE FROM "+table)
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// All tables with rows of ours; what a search table keeps for itself goes with it.
const (
	postgresTables = `SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() AND tablename <> '` + schemaTable + `'`
	liteTables     = `
SELECT '"' || name || '"' FROM pragma_table_list
 WHERE schema = 'main' AND type IN ('table', 'virtual') AND substr(name, 1, 7) <> 'sqlite_' AND name <> '` + schemaTable + `'`
)
