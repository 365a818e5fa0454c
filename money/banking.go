package money

import "time"

// BankingDay tells whether the Federal Reserve Banks are open: no Saturday, no Sunday and none of
// their holidays. A holiday that falls on a Sunday is kept on the Monday after it; one that falls
// on a Saturday is not kept on another day (Federal Reserve Banks, standard holiday schedule).
func (d Date) BankingDay() bool {
	switch d.t.Weekday() {
	case time.Saturday, time.Sunday:
		return false
	case time.Monday:
		return !d.holiday() && !d.AddDays(-1).fixedHoliday()
	}
	return !d.holiday()
}

func (d Date) holiday() bool { return d.fixedHoliday() || d.movingHoliday() }

// fixedHoliday knows the holidays that have a date.
func (d Date) fixedHoliday() bool {
	switch d.t.Format("01-02") {
	case "01-01", "07-04", "11-11", "12-25":
		return true
	case "06-19":
		return d.t.Year() >= 2022
	}
	return false
}

// movingHoliday knows the holidays that are a certain weekday of their month.
func (d Date) movingHoliday() bool {
	weekday, nth := d.t.Weekday(), (d.t.Day()+6)/7
	switch d.t.Month() {
	case time.January, time.February: // Birthday of Martin Luther King, Jr.; Washington's Birthday
		return weekday == time.Monday && nth == 3
	case time.May: // Memorial Day is the last Monday
		return weekday == time.Monday && d.AddDays(7).t.Month() == time.June
	case time.September: // Labor Day
		return weekday == time.Monday && nth == 1
	case time.October: // Columbus Day
		return weekday == time.Monday && nth == 2
	case time.November: // Thanksgiving Day
		return weekday == time.Thursday && nth == 4
	}
	return false
}
