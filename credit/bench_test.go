package credit_test

import (
	"errors"
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
				var organisations, rows, chains [][]any
				for i := range buyers {
					o := accounts.Organisation{ID: fmt.Sprint("buyer ", i), Merchant: merchant, Name: "buyer", OverLimit: accounts.Review}
					buyers[i] = o
					at := database.At(noon)
					organisations = append(organisations, []any{merchant, o.ID, o.ID, o.Name, "USD", 30, o.OverLimit, "best_of", at, at})
					rows = append(rows, []any{merchant, o.ID, o.ID, "USD", 0, int64(1) << 50, at, at})
					chains = append(chains, []any{merchant, o.ID, o.ID})
				}
				d.in(func(tx *database.Tx) error { // not by Open: this is done anew for every b.N
					return errors.Join(
						tx.InsertAll(d.ctx, `organisations
(merchant_id, id, external_id, name, currency, terms_days, over_limit, price_policy, created_at, updated_at)`, organisations),
						tx.InsertAll(d.ctx, `credit_lines
(merchant_id, id, organisation_id, currency, depth, limit_minor, created_at, updated_at)`, rows),
						tx.InsertAll(d.ctx, "credit_chains (merchant_id, line_id, ancestor_id)", chains))
				})
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
