package credit_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

// One decision with its hold and entry, in a transaction of its own, by eight clients: all on one
// line, and spread over a thousand.
func BenchmarkReserve(b *testing.B) {
	const clients = 8
	for _, engine := range []struct {
		name string
		open func(testing.TB) *database.DB
	}{{"sqlite", dbtest.SQLite}, {"postgres", dbtest.Postgres}} {
		for _, lines := range []int{1, 1000} {
			b.Run(fmt.Sprintf("%s/lines=%d", engine.name, lines), func(b *testing.B) {
				d := newDesk(b, engine.open(b))
				buyers := make([]accounts.Organisation, lines)
				for i := range buyers {
					buyers[i] = d.organisation(fmt.Sprint("buyer ", i), "")
					d.line(buyers[i], usd(1<<50), usd(0))
				}
				var next atomic.Int64
				var group sync.WaitGroup
				b.ResetTimer()
				for range clients {
					group.Go(func() {
						for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
							decision, err := d.ask(credit.Reserve, buyers[i%int64(lines)], fmt.Sprint("order ", i), usd(1))
							if err != nil || decision.Outcome != credit.Approved {
								b.Errorf("decided %+v, %v", decision, err)
							}
						}
					})
				}
				group.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
			})
		}
	}
}
