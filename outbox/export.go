package outbox

import (
	"context"
	"time"

	"github.com/kontorhq/kontor/database"
)

// MonthsEvents gives a merchant's events of a month with their deliveries, oldest first.
func MonthsEvents(ctx context.Context, q database.Querier, merchant string, month time.Time, use func(Event, []Delivery) error) error {
	from, end := database.At(month), database.At(month.AddDate(0, 1, 0))
	last := Event{At: from}
	for {
		var events []Event
		if err := q.Select(ctx, &events, selectMonth, merchant, last.At, end, last.At, last.Object, last.Seq); err != nil || len(events) == 0 {
			return err
		}
		for _, e := range events {
			var deliveries []Delivery
			if err := q.Select(ctx, &deliveries, selectTold, merchant, e.Object, e.Seq); err != nil {
				return err
			}
			if err := use(e, deliveries); err != nil {
				return err
			}
		}
		last = events[len(events)-1]
	}
}

const (
	// The first bound on `at` is for the index, the second goes on where the last page ended.
	selectMonth = `
SELECT merchant_id, object, seq, kind, payload, at FROM events
 WHERE merchant_id = ? AND at >= ? AND at < ? AND (at, object, seq) > (?, ?, ?)
 ORDER BY at, object, seq LIMIT 200`

	selectTold = `
SELECT destination, attempt, created_at AS since, message, state, note FROM deliveries
 WHERE merchant_id = ? AND object = ? AND seq = ? ORDER BY destination`
)
