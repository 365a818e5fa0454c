package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
)

// probeTimeout bounds the question to the database: a probe that hangs says nothing.
const probeTimeout = 3 * time.Second

// ready knows whether requests should be sent here.
type ready struct {
	database Database
	more     []func() error
	migrated atomic.Bool // once true it stays: schemas only grow under a running program
	leaving  atomic.Bool
}

func (r *ready) leave() { r.leaving.Store(true) }

// check says why not.
func (r *ready) check(ctx context.Context) error {
	if r.leaving.Load() {
		return errors.New("the server is going down")
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if err := r.database.Ping(ctx); err != nil {
		return errors.Join(errors.New("the database doesn't answer"), err)
	}
	for _, check := range r.more {
		if err := check(); err != nil {
			return err
		}
	}
	if r.migrated.Load() {
		return nil
	}
	pending, err := r.database.Pending(ctx)
	if err != nil {
		return errors.Join(errors.New("the schema's version can't be read"), err)
	}
	if pending > 0 {
		return errors.New(strconv.Itoa(pending) + " migrations are pending: run kontor migrate")
	}
	r.migrated.Store(true)
	return nil
}

// healthz tells that the process answers at all.
func (s *Server) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readyz tells whether it can serve. Anybody may ask, so why not is for the log only.
func (s *Server) readyz(c echo.Context) error {
	if _, on := s.config.Maintenance.sentence(c.Request().Context()); on {
		return c.String(http.StatusServiceUnavailable, "not ready: maintenance\n")
	}
	if err := s.ready.check(c.Request().Context()); err != nil {
		s.config.Log.WarnContext(c.Request().Context(), "not ready", "error", err)
		return c.String(http.StatusServiceUnavailable, "not ready\n")
	}
	return c.String(http.StatusOK, "ready\n")
}
