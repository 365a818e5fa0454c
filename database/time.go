package database

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Time is an instant in UTC with microseconds. It is bound as fixed-width text, so that SQLite
// sorts it and PostgreSQL parses it; columns are declared TIMESTAMPTZ.
type Time struct{ time.Time }

// At makes the stored form of an instant.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Microsecond)} }

// Value writes the fixed-width text; no time is NULL.
func (t Time) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z"), nil
}

// Scan reads what either driver returns; NULL is no time.
func (t *Time) Scan(v any) error {
	switch x := v.(type) {
	case nil:
		*t = Time{}
	case time.Time:
		*t = At(x)
	case string:
		parsed, err := time.Parse(time.RFC3339Nano, x)
		if err != nil {
			return err
		}
		*t = At(parsed)
	default:
		return fmt.Errorf("cannot read %T as an instant", v)
	}
	return nil
}
