package database

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// leastRoom is how much a SQLite file's disk must have left: a write-ahead log grows to some tens of
// megabytes, and a full disk fails every write.
const leastRoom = 64 << 20

// Disk tells why SQLite's file could not be written, as far as can be known without writing: it is
// cheap. PostgreSQL looks after its own disk.
func (db *DB) Disk() error {
	path, lite := strings.CutPrefix(db.url, "sqlite:")
	if !lite {
		return nil
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("the database's file can't be written: %w", err)
	}
	free, known, err := room(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if known && free < leastRoom {
		return fmt.Errorf("the database's disk has %d MB left: make room", free>>20)
	}
	return nil
}
