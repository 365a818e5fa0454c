package simulators

import (
	"context"
	"log/slog"
	"net/http"
)

// ResetConfig is the page that brings the demo's first day back.
type ResetConfig struct {
	Nav   DemoNav
	Path  string
	Reset func(ctx context.Context) error
	Log   *slog.Logger
}

type resetPage struct {
	demoPage
	Path, Problem string
}

// Reset asks first, and does it on a POST from its own page.
func Reset(cfg ResetConfig) http.Handler {
	page := resetPage{demoPage: demoPage{Nav: cfg.Nav, Current: "reset", Title: "Reset the demo"}, Path: cfg.Path}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+cfg.Path, func(w http.ResponseWriter, _ *http.Request) { showDemo(w, http.StatusOK, "reset", page) })
	mux.Handle("POST "+cfg.Path, http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := cfg.Reset(r.Context()); err != nil {
			cfg.Log.Error("the demo could not be reset", "error", err)
			failed := page
			failed.Problem = "The demo could not be reset. Try once more, or end it and start it again; the reason is in its log."
			showDemo(w, http.StatusInternalServerError, "reset", failed)
			return
		}
		http.Redirect(w, r, cfg.Nav.Home+"?done=reset", http.StatusSeeOther)
	})))
	return mux
}
