package notices

import (
	"testing"
	"time"
)

// By hand, with a calendar: November 26, 2026 is Thanksgiving, the 1st the end of summer time.
func TestWorkingTime(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, since, four, eight string
	}{
		{"within a morning", "Thu 2026-11-12 09:30", "Thu 2026-11-12 13:30", "Fri 2026-11-13 09:30"},
		{"when the day begins", "Thu 2026-11-12 09:00", "Thu 2026-11-12 13:00", "Thu 2026-11-12 17:00"},
		{"before work", "Thu 2026-11-12 03:00", "Thu 2026-11-12 13:00", "Thu 2026-11-12 17:00"},
		{"after work", "Thu 2026-11-12 17:00", "Fri 2026-11-13 13:00", "Fri 2026-11-13 17:00"},
		{"over a weekend", "Fri 2026-11-13 16:30", "Mon 2026-11-16 12:30", "Mon 2026-11-16 16:30"},
		{"on a Sunday", "Sun 2026-11-15 12:00", "Mon 2026-11-16 13:00", "Mon 2026-11-16 17:00"},
		{"over a holiday", "Wed 2026-11-25 15:00", "Fri 2026-11-27 11:00", "Fri 2026-11-27 15:00"},
		{"over the end of summer time", "Fri 2026-10-30 16:00", "Mon 2026-11-02 12:00", "Mon 2026-11-02 16:00"},
		{"over the new year", "Thu 2026-12-31 16:00", "Mon 2027-01-04 12:00", "Mon 2027-01-04 16:00"},
	} {
		const layout = "Mon 2006-01-02 15:04"
		since, err := time.ParseInLocation(layout, test.since, zone)
		if err != nil {
			t.Fatal(err)
		}
		four, eight := afterWork(since.UTC(), remindAfter, zone).In(zone).Format(layout), afterWork(since.UTC(), escalateAfter, zone).In(zone).Format(layout)
		if four != test.four || eight != test.eight {
			t.Errorf("%s: %s and %s, want %s and %s", test.name, four, eight, test.four, test.eight)
		}
	}
}
