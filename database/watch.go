package database

import "database/sql"

// Watch has fn told of every statement that runs from now on: its text as the domain wrote it
// (placeholders are `?`) and its arguments; BEGIN and COMMIT stand around transactions. It is how
// `kontor loadtest` learns which statements a use case really runs. Set it before anybody else
// uses the database; fn may be called by several goroutines at once.
func (db *DB) Watch(fn func(text string, args []any)) { db.watch = fn }

func (db *DB) tell(text string, args ...any) {
	if db.watch != nil {
		db.watch(text, args)
	}
}

// Readers is the reader pool itself, for benchmarks; on PostgreSQL the same as SQL.
func (db *DB) Readers() *sql.DB { return db.reader.db.DB }
