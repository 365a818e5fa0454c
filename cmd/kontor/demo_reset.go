package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/assets"
	"github.com/kontorhq/kontor/simulators"
)

const resetPath = "/reset"

// reset brings the first day back: the database is emptied and filled anew, the buyers' systems
// and the test bench forget. Requests that come meanwhile wait (see whileReset); those under way
// find their rows gone, or were committed a moment before and are gone with the rest.
func (d *demo) reset(ctx context.Context) error {
	d.resetting.Lock()
	defer d.resetting.Unlock()
	// Whoever pressed the button may close the page; a demo that is half filled would be of no use.
	ctx = context.WithoutCancel(ctx)
	if err := d.db.Empty(ctx); err != nil {
		return err
	}
	for _, b := range d.buyers {
		b.Forget()
	}
	d.bench.Forget()
	return d.apply(ctx)
}

// whileReset lets requests wait while the demo is being reset. It holds nothing while they run:
// they ask each other (a desk asks Kontor, the shop asks the API), and would wait for themselves.
func (d *demo) whileReset(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !strings.HasPrefix(c.Request().URL.Path, assets.Prefix) {
			d.resetting.RLock()
			d.resetting.RUnlock() //nolint:staticcheck // waiting is all that is wanted
		}
		return next(c)
	}
}

// resetPages are the question and its button.
func (d *demo) resetPages() http.Handler {
	return simulators.Reset(simulators.ResetConfig{Nav: d.nav(), Path: resetPath, Reset: d.reset, Log: d.log})
}
