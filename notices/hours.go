package notices

import (
	"time"

	"github.com/kontorhq/kontor/money"
)

// People work on banking days from 9 to 17.
const (
	opens  = 9
	closes = 17
)

// afterWork is the instant at which so much working time has passed since another, in that zone.
func afterWork(since time.Time, work time.Duration, zone *time.Location) time.Time {
	for day := money.DateOf(since, zone); ; day = day.AddDays(1) {
		if !day.BankingDay() {
			continue
		}
		from, to := hour(day, opens, zone), hour(day, closes, zone)
		if from.Before(since) {
			from = since
		}
		left := to.Sub(from)
		if left >= work {
			return from.Add(work)
		}
		work -= max(left, 0)
	}
}

func hour(day money.Date, h int, zone *time.Location) time.Time {
	y, m, d := day.Start(zone).Date()
	return time.Date(y, m, d, h, 0, 0, 0, zone)
}
