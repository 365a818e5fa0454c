package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/assets"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/config"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/outbox"
	"github.com/kontorhq/kontor/procurement"
	"github.com/kontorhq/kontor/server"
	"github.com/kontorhq/kontor/server/api"
	"github.com/kontorhq/kontor/server/console"
	"github.com/kontorhq/kontor/server/procure"
)

// system is the program with everything wired: documents come in by the server, use cases run on
// the desk, and the worker tells others.
type system struct {
	config      config.Config
	log         *slog.Logger
	db          *database.DB
	keys        *accounts.Keys
	clock       *clock.Clock
	desk        *checkout.Desk
	procurement *procurement.Service
	mail        *notices.Service
	worker      *outbox.Worker
	demo        string // the demo's first page: everything is on this machine and may be entered without a key
}

// spareCollector lets the heap grow to five times what is alive before it is collected: that is a
// few megabytes here, and a tenth of the processor's time went into collecting them again and
// again. Past soonerBytes it is collected sooner: large documents bring hundreds of megabytes, and
// five times those are more than a machine has to spare. GOGC and GOMEMLIMIT in the environment
// have the last word.
func spareCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(soonerBytes)
	}
}

// soonerBytes is what all large documents that may be there at once come to (docs/benchmarks.md).
const soonerBytes = 640 << 20

// newSystem opens the database and wires the packages. The caller closes it.
func newSystem(ctx context.Context, cfg config.Config, to io.Writer) (*system, error) {
	s := &system{config: cfg, clock: clock.System(), log: newLog(cfg, to)}
	if _, err := cfg.KeptSecret(); err != nil {
		return nil, err
	}
	var err error
	if s.db, err = database.Open(ctx, cfg.DatabaseURL); err != nil {
		return nil, fmt.Errorf("KONTOR_DATABASE_URL: %w", err)
	}
	if err := s.wire(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// wire makes the packages on the database that is open.
func (s *system) wire() error {
	cfg := s.config
	secret, made, err := cfg.Secret()
	if err != nil {
		return err
	}
	if made != "" {
		s.log.Info("a secret key was made; keep it with the database, without it stored secrets can't be read", "file", made)
	}
	if s.keys, err = accounts.NewKeys(secret); err != nil {
		return err
	}
	s.worker = &outbox.Worker{DB: s.db, Clock: s.clock, Log: s.log, Lease: 2 * cfg.SendTimeout,
		Poll: time.Second, Gather: 20 * time.Millisecond, Batch: 40}
	s.desk = &checkout.Desk{Clock: s.clock, Wake: s.worker.Wake}
	private, err := cfg.Private()
	if err != nil {
		return err // config.Read has checked it
	}
	limits := cxml.DefaultLimits
	limits.Bytes, limits.Lines = cfg.MaxDocument, cfg.MaxLines
	s.procurement = &procurement.Service{DB: s.db, Clock: s.clock, Keys: s.keys, Desk: s.desk, Log: s.log,
		PublicURL: cfg.PublicURL, Limits: limits, HTTP: procurement.NewHTTP(cfg.SendTimeout, private)}
	if s.mail, err = newMail(s); err != nil {
		return err
	}
	s.worker.Senders = map[string]outbox.Sender{"cxml": s.procurement.Sender(), notices.Scheme: s.mail.Sender()}
	return nil
}

// newMail writes to people of the merchants, by a mail server where one is set.
func newMail(s *system) (*notices.Service, error) {
	service := &notices.Service{DB: s.db, Clock: s.clock, Log: s.log, PublicURL: s.config.PublicURL}
	address, err := s.config.SMTP()
	if err != nil || address == nil {
		return service, err
	}
	from, err := s.config.From()
	service.Server = &notices.Server{Address: address, From: from, Timeout: s.config.SendTimeout}
	return service, err
}

// staff is what the console needs.
func (s *system) staff() console.Config {
	return console.Config{DB: s.db, Keys: s.keys, Clock: s.clock, Desk: s.desk, Log: s.log,
		Secure: strings.HasPrefix(s.config.PublicURL, "https:"), Demo: s.demo}
}

func (s *system) close() { _ = s.db.Close() } // nothing is left to be done about it

func newLog(cfg config.Config, to io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		level = slog.LevelInfo // config.Read has checked it
	}
	return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: level}))
}

// ready migrates SQLite by itself; PostgreSQL is shared, so an older schema is refused.
func (s *system) ready(ctx context.Context) error {
	if s.db.Lite() {
		return s.db.Migrate(ctx)
	}
	pending, err := s.db.Pending(ctx)
	if err != nil {
		return err
	}
	if pending > 0 {
		return fmt.Errorf("the database's schema is older than this program: run `kontor migrate` first (%d to do)", pending)
	}
	return nil
}

// serve serves until the context ends: HTTP on the listener, the outbox's workers and the sweep
// beside it. It finishes what it took.
func (s *system) serve(ctx context.Context, listener net.Listener, more ...func(*echo.Echo)) error {
	spareCollector()
	mounts := append([]func(*echo.Echo){
		func(e *echo.Echo) {
			api.Mount(e, api.Config{DB: s.db, Keys: s.keys, Clock: s.clock, Desk: s.desk, Procurement: s.procurement,
				Log: s.log, PublicURL: s.config.PublicURL, BodyLimit: s.config.MaxJSON, Rate: s.config.APIRate})
		},
		func(e *echo.Echo) { procure.Mount(e, s.procurement) },
		func(e *echo.Echo) { console.Mount(e, s.staff()) },
		func(e *echo.Echo) { e.GET(assets.Prefix+"*", echo.WrapHandler(assets.Handler())) },
	}, more...)
	proxies, err := s.config.Proxies()
	if err != nil {
		return err // config.Read has checked it
	}
	sweep := newSweeper(s.config, s.db, s.clock, s.log)
	var metrics *server.Metrics
	var metricsListener net.Listener
	if s.config.MetricsListen != "" {
		if metricsListener, err = new(net.ListenConfig).Listen(ctx, "tcp", s.config.MetricsListen); err != nil {
			return cantListen("KONTOR_METRICS_LISTEN", err)
		}
		metrics = server.NewMetrics(s.log, version, append(pools(s.db), newNumbers(s.db, s.clock, s.log), sweep.deleted, sweep.ended)...)
	}
	web := server.New(server.Config{DB: s.db, Ready: []func() error{s.worker.Alive, s.db.Disk}, Log: s.log, Mount: mounts, TrustedProxies: proxies, Metrics: metrics,
		Maintenance: maintenance(s.db, s.clock, s.log, s.config.PublicURL),
		ReadTimeout: s.config.ReadTimeout, WriteTimeout: s.config.WriteTimeout, ShutdownTimeout: s.config.Shutdown})

	working, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	for range s.config.Workers {
		group.Go(func() { s.worker.Run(working) })
	}
	group.Go(func() { sweep.run(working) })
	if metrics != nil {
		group.Go(func() {
			if err := metrics.Run(working, metricsListener); err != nil {
				s.log.Error("/metrics is not served any more", "error", err)
			}
		})
	}
	err = web.Run(ctx, listener)
	stop()
	group.Wait()
	return err
}

// open is a system for commands that work on the database and serve nothing.
func open(ctx context.Context, to io.Writer) (*system, error) {
	cfg, err := config.Read()
	if err != nil {
		return nil, err
	}
	s, err := newSystem(ctx, cfg, to)
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// actor names who runs a command, for the audit.
func actor() string {
	if user := os.Getenv("USER"); user != "" {
		return "cli:" + user
	}
	return "cli"
}
