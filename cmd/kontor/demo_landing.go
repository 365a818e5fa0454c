package main

import (
	"context"
	"net/http"
	"path"

	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/simulators"
)

// landing is the demo's first page. Its figures are asked for as a storefront would ask.
func (d *demo) landing() http.Handler {
	return simulators.Landing(simulators.LandingConfig{
		Merchant: "Brackwater Industrial Supply", MerchantShort: "Brackwater", Doors: d.doors,
		Nav: d.nav(), DocsURL: d.config.PublicURL + "/v1/docs", Now: d.now, Bench: d.bench,
	})
}

// now is what the first page shows of this moment. What can't be told at once is left out: the
// page is of use without it.
func (d *demo) now(ctx context.Context) simulators.LandingNow {
	now := simulators.LandingNow{Credit: map[string]string{}}
	for _, door := range d.doors {
		slug := path.Base(door.URL)
		lines, err := d.api().CreditLines(ctx, "ext:"+slug)
		switch {
		case err != nil || len(lines) == 0:
		case lines[0].Application != nil:
			now.Credit[slug] = "Application in review"
		default:
			now.Credit[slug] = simulators.FormatMoney(simulated(lines[0].Available)) + " available"
		}
	}
	if waiting, err := orders.CountWaiting(ctx, d.db, demoMerchant); err == nil {
		now.Waiting = int(waiting)
	}
	return now
}
