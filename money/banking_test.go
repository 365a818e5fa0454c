package money

import "testing"

// The holidays of 2026 and 2027 as the Federal Reserve Banks publish them: Independence Day 2026
// is a Saturday and not kept on Friday; Independence Day 2027 is a Sunday and kept on Monday.
func TestBankingDays(t *testing.T) {
	for _, test := range []struct {
		day  string
		open bool
	}{
		{"2026-01-01", false}, {"2026-01-19", false}, {"2026-02-16", false}, {"2026-05-25", false}, {"2026-06-19", false},
		{"2026-07-03", true}, {"2026-07-04", false}, {"2026-07-06", true}, {"2026-09-07", false}, {"2026-10-12", false},
		{"2026-11-11", false}, {"2026-11-26", false}, {"2026-12-25", false},
		{"2027-05-31", false}, {"2027-05-24", true}, {"2027-07-05", false}, {"2027-07-06", true}, {"2027-06-18", true}, {"2027-06-21", true},
		{"2026-11-12", true}, {"2026-11-14", false}, {"2026-11-15", false}, {"2026-11-16", true}, {"2026-11-27", true},
		{"2026-01-12", true}, {"2026-01-26", true}, {"2026-09-14", true}, {"2026-11-19", true}, {"2021-06-18", true}, {"2020-06-19", true},
	} {
		day, err := ParseDate(test.day)
		if err != nil || day.BankingDay() != test.open {
			t.Errorf("%s open: %v (%v), want %v", test.day, day.BankingDay(), err, test.open)
		}
	}
}
