// Package migrations carries the SQL files that make the schema. One set serves SQLite and
// PostgreSQL; only where their full-text search differs are there two files of one number.
package migrations

import "embed"

// Files are the migrations, in the order of their numbers.
//
//go:embed *.sql
var Files embed.FS
