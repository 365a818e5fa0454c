package database

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// schemaTable is goose's; what it says of the schema stays true without any rows elsewhere.
const schemaTable = "schema_versions"

// Empty removes every row of every table, in one transaction, and leaves the schema. It is for the
// demo, which begins again; nothing else calls it.
func (db *DB) Empty(ctx context.Context) error {
	tx, err := db.SQL().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	tables, err := db.tables(ctx, tx)
	if err != nil {
		return err
	}
	statements := []string{"TRUNCATE " + strings.Join(tables, ", ")}
	if db.lite {
		statements = []string{"PRAGMA defer_foreign_keys = ON"} // until the commit, when nothing refers to anything
		for _, table := range tables {
			statements = append(statements, "DELETE FROM "+table)
		}
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("empty the database: %w", err)
		}
	}
	return tx.Commit()
}

// tables are all tables with rows of ours; what a search table keeps for itself goes with it.
func (db *DB) tables(ctx context.Context, tx *sql.Tx) ([]string, error) {
	query := `SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() AND tablename <> '` + schemaTable + `'`
	if db.lite {
		query = `SELECT '"' || name || '"' FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') AND substr(name, 1, 7) <> 'sqlite_' AND name <> '` + schemaTable + `'`
	}
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, rows.Err()
}
