package database

import (
	"maps"
	"slices"
)

// PreparedTexts lists what the writer pool has prepared, sorted.
func (db *DB) PreparedTexts() []string {
	db.writer.mu.RLock()
	defer db.writer.mu.RUnlock()
	return slices.Sorted(maps.Keys(db.writer.statements))
}

// OpenPatient is Open of PostgreSQL with another patience.
var OpenPatient = openPostgres
