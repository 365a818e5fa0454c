package procurement_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/procurement"
)

// each runs a benchmark on both engines.
func each(b *testing.B, run func(b *testing.B, r *rig)) {
	b.Run("sqlite", func(b *testing.B) { run(b, newRig(b, dbtest.SQLiteURL(b))) })
	b.Run("postgres", func(b *testing.B) { run(b, newRig(b, dbtest.PostgresURL(b))) })
}

// percentiles tells how long calls took. The median alone would hide what a buyer's server waits for.
func percentiles(b *testing.B, times []time.Duration) {
	b.Helper()
	slices.Sort(times)
	for _, p := range []int{50, 95} {
		b.ReportMetric(float64(times[(len(times)-1)*p/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", p))
	}
}

// sellMany brings 200,000 products in, each with a list price. All have the words hex and bolt, one
// in a hundred is a rare one, and each has a number of its own.
func (r *rig) sellMany(m string) {
	r.Helper()
	rows := `(SELECT i, 'prd_' || right('00000000000000000000000000' || CAST(i AS TEXT), 26) AS id FROM generate_series(1, 200000) AS s(i)) n`
	if r.db.Lite() {
		rows = `(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 200000)
SELECT i, 'prd_' || substr('00000000000000000000000000' || i, -26) AS id FROM s) n`
	}
	words := `'bolt coat hex m8 zinc n' || CAST(n.i AS TEXT) || CASE WHEN n.i % 100 = 0 THEN ' rare' ELSE '' END`
	at := database.At(present)
	statements := []struct {
		text string
		args []any
	}{
		{`INSERT INTO products (merchant_id, id, sku, sku_folded, name, description, category, unspsc, unit, created_at, updated_at)
SELECT CAST(? AS TEXT), n.id, 'n' || CAST(n.i AS TEXT), 'n' || CAST(n.i AS TEXT), 'Hex bolt M8', 'With a coat of zinc, and a text of some length as shops have it.', 'Fasteners', '31161620', 'EA', ?, ? FROM ` + rows, []any{m, at, at}},
		{`INSERT INTO prices (merchant_id, product_id, organisation_id, currency, from_quantity, price) SELECT CAST(? AS TEXT), n.id, '', 'EUR', '0', '0.01183' FROM ` + rows, []any{m}},
	}
	if r.db.Lite() {
		statements = append(statements, []struct {
			text string
			args []any
		}{{`INSERT INTO product_word_rows (number, merchant_id, product_id) SELECT n.i, ?, n.id FROM ` + rows, []any{m}},
			{`INSERT INTO product_words (rowid, words) SELECT n.i, ` + words + ` FROM ` + rows, nil}}...)
	} else {
		statements = append(statements, struct {
			text string
			args []any
		}{`INSERT INTO product_words (merchant_id, product_id, words) SELECT CAST(? AS TEXT), n.id, CAST(` + words + ` AS TSVECTOR) FROM ` + rows, []any{m}})
	}
	r.in(func(tx *database.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(r.ctx, s.text, s.args...); err != nil {
				return err
			}
		}
		return nil
	})
	if _, err := r.db.SQL().ExecContext(r.ctx, "ANALYZE"); err != nil {
		r.Fatal(err)
	}
}

// BACKGROUND_SEARCH over 200,000 products, the form with all its fields included: words that every
// product has, that 2,000 have, and that one has.
func BenchmarkOCIBackgroundSearch(b *testing.B) {
	each(b, func(b *testing.B, r *rig) {
		m := r.merchant("live")
		usual := r.connectOCI(m, ociLink{settings: procurement.OCISettings{FunctionsASecond: 1000}})
		most := r.connectOCI(m, ociLink{settings: procurement.OCISettings{FunctionsASecond: 1000, MaxHits: 1000}})
		r.sellMany(m)
		for _, test := range []struct {
			name, words string
			c           procurement.Connection
			told        int
		}{{"all-100", "hex bolt", usual, 100}, {"all-1000", "hex bolt", most, 1000}, {"rare-100", "rare bolt", usual, 100}, {"beginning-100", "b", usual, 100}, {"one", "n123456", usual, 1}, {"none", "violet", usual, 0}} {
			b.Run(test.name, func(b *testing.B) {
				var times []time.Duration
				for b.Loop() {
					start := time.Now()
					p := r.callOCI(http.MethodPost, test.c, login("FUNCTION", "BACKGROUND_SEARCH", "SEARCHSTRING", test.words)...)
					times = append(times, time.Since(start))
					if told := strings.Count(p.body, "NEW_ITEM-DESCRIPTION["); p.code != 200 || told != test.told {
						b.Fatalf("HTTP %d, %d items", p.code, told)
					}
					r.clock.Advance(time.Second)
				}
				percentiles(b, times)
			})
		}
	})
}
