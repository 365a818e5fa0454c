// Package server is the way in by HTTP: one Echo with the middleware that every request passes
// and what the program mounts on it: server/api, server/procure and the pages. It holds no rules,
// no SQL and no XML.
//
// A request gets an id and is logged by its route (paths carry tokens, so they never are);
// whatever goes wrong with it, a panic too, is told by answerError.
package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// Database is what the server asks of it: whether it answers, and whether its schema is this
// program's.
type Database interface {
	Ping(ctx context.Context) error
	Pending(ctx context.Context) (int, error)
}

// Config is what the server stands on. Zero sizes and times are the defaults below.
type Config struct {
	DB              Database
	Ready           []func() error // what else must be well for requests to be sent here; each is quick
	Log             *slog.Logger
	Mount           []func(*echo.Echo) // the API, protocols and pages
	ReadTimeout     time.Duration      // for a whole request
	WriteTimeout    time.Duration      // for a whole answer
	ShutdownTimeout time.Duration      // for what is under way at the end
	BodyLimit       int64              // most bytes of any request's body
	TrustedProxies  []*net.IPNet       // whose word about the client counts
	Metrics         *Metrics           // counts requests; nil for nobody
	Maintenance     Maintenance        // the zero value is never on
}

const (
	defaultRead     = 60 * time.Second
	defaultWrite    = 90 * time.Second
	defaultShutdown = 30 * time.Second
	// defaultBodyLimit only stops what every route forgot to stop: routes have their own, smaller
	// limits, and answer in their own language.
	defaultBodyLimit = 64 << 20
	headerTimeout    = 10 * time.Second
	idleTimeout      = 120 * time.Second
	maxHeaderBytes   = 64 << 10 // OCI puts many fields into addresses
)

// Server is the program's HTTP server.
type Server struct {
	config Config
	echo   *echo.Echo
	ready  ready
}

// New builds the server; Run starts it.
func New(config Config) *Server {
	config.ReadTimeout = cmp.Or(config.ReadTimeout, defaultRead)
	config.WriteTimeout = cmp.Or(config.WriteTimeout, defaultWrite)
	config.ShutdownTimeout = cmp.Or(config.ShutdownTimeout, defaultShutdown)
	config.BodyLimit = cmp.Or(config.BodyLimit, defaultBodyLimit)
	e := echo.New()
	s := &Server{config: config, echo: e, ready: ready{database: config.DB, more: config.Ready}}
	e.HTTPErrorHandler = s.answerError
	believeProxies(e, config.TrustedProxies)
	e.Use(requestID, s.logAccess, secure, recovered, s.limitBody, s.closed)
	e.Match([]string{http.MethodGet, http.MethodHead}, "/healthz", s.healthz)
	e.Match([]string{http.MethodGet, http.MethodHead}, "/readyz", s.readyz)
	for _, mount := range config.Mount {
		mount(e)
	}
	return s
}

// ServeHTTP serves one request, for tests and for servers of others.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Run serves on the listener until ctx ends, then takes nothing new and finishes what it took. It
// returns nil after that, and an error when serving failed or not everything was finished within
// the time for that.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.echo,
		ReadHeaderTimeout: min(headerTimeout, s.config.ReadTimeout),
		ReadTimeout:       s.config.ReadTimeout,
		WriteTimeout:      s.config.WriteTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.ready.leave()
	// ctx is over; what is under way has a time of its own.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.ShutdownTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return errors.Join(errors.New("requests under way were cut off at the end"), err, server.Close())
	}
	return nil
}
