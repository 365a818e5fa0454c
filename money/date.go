package money

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Date is a calendar day without a time zone, written YYYY-MM-DD. Which day an instant falls on
// depends on the account's time zone: see DateOf.
type Date struct{ t time.Time }

// DateOf is the day that the instant falls on in that zone.
func DateOf(instant time.Time, zone *time.Location) Date {
	year, month, day := instant.In(zone).Date()
	return NewDate(year, month, day)
}

// NewDate makes a date; days past the month's end run on, as in time.Date.
func NewDate(year int, month time.Month, day int) Date {
	return Date{time.Date(year, month, day, 0, 0, 0, 0, time.UTC)}
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date of the form 2006-01-02", text)
	}
	return Date{t}, nil
}

// AddDays moves by calendar days.
func (d Date) AddDays(n int) Date { return Date{d.t.AddDate(0, 0, n)} }

// Before tells whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.t.Before(e.t) }

// IsZero tells whether it is no date at all.
func (d Date) IsZero() bool { return d.t.IsZero() }

// Start is the first instant of the day in that zone.
func (d Date) Start(zone *time.Location) time.Time {
	return time.Date(d.t.Year(), d.t.Month(), d.t.Day(), 0, 0, 0, 0, zone)
}

// String writes YYYY-MM-DD, and nothing for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.t.Format(time.DateOnly)
}

// MarshalText and UnmarshalText make it a string in JSON.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD; empty is no date.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Value stores it as TEXT; no date is NULL.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.String(), nil
}

// Scan reads TEXT or NULL.
func (d *Date) Scan(v any) error {
	switch x := v.(type) {
	case nil:
		*d = Date{}
		return nil
	case string:
		return d.UnmarshalText([]byte(x))
	case []byte:
		return d.UnmarshalText(x)
	}
	return fmt.Errorf("cannot read %T as a date", v)
}
