package console_test

import (
	"strings"
	"testing"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

// Every figure of a line leads to what stands behind it: 41,100.25 of its own, 5,630.75 below and
// one order make Northfold's holds.
func TestEveryFigureLeadsToItsRecords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		// 12 × 27.7038 = 332.45, 29.50 freight (under 1,000.00), 6 % of 332.45 = 19.95: 381.90.
		o := h.place("northfold-west", "W-1", checkout.New, cartC[1:2])
		b := h.signedIn()
		line := h.lineOf("northfold")
		page := b.get(line)
		page.shows(t, 200, "What holds credit", "$47,112.90 in 3", "W-1", "$381.90", "Northfold Labs West, below", "Opening hold", "$41,100.25",
			"Owed before Kontor kept this line", "−$47,112.90", "Left on this line")
		for _, link := range []string{`href="/m/brackwater/console/orders/` + o.ID + `"`, `?part=receivables#entries"`, `?part=offline#entries"`, `?part=holds#entries"`, `?part=limit#entries"`, `?part=credits#entries"`} {
			if !strings.Contains(page.body, link) {
				t.Errorf("no link %s", link)
			}
		}
		// 50,000.00 − 47,112.90 = 2,887.10
		for asked, want := range map[string]string{"2,887.10": "Yes. $0.00 would stay available.", "2887.11": "No. It is $0.01 over.", "1.234,5": "Write the amount as 60,000.00.",
			"99999999999999999999": "Write the amount as 60,000.00."} {
			b.get(line+"?fit="+asked).shows(t, 200, want)
		}
		b.get(h.lineOf("northfold-west")+"?fit=2900").shows(t, 200, "No. It is $12.90 over. Northfold Medical Group above it binds.")
		h.exec(`UPDATE holds SET amount_minor = 0, state = 'released' WHERE merchant_id = ? AND reference = ?`, "brackwater", o.ID)
		b.get(line).shows(t, 200, "$46,731.00 in 2")
	})
}
