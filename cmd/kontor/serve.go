package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/kontorhq/kontor/config"
)

type serveCommand struct{}

// Run serves until it is told to stop.
func (serveCommand) Run(ctx context.Context, to terminal) error {
	cfg, err := config.Read()
	if err != nil {
		return err
	}
	s, err := newSystem(ctx, cfg, to.err)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.ready(ctx); err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return cantListen("KONTOR_LISTEN", err)
	}
	if unknown := config.Unknown(os.Environ()); len(unknown) > 0 {
		s.log.Warn("these variables are none of Kontor's, perhaps misspelt", "variables", unknown)
	}
	where := cfg.DatabaseURL
	if !s.db.Lite() {
		where = s.db.Engine()
	}
	s.log.Info("Kontor serves", "address", cfg.PublicURL, "database", where, "version", version)
	return s.serve(ctx, listener)
}

// cantListen names the variable, and the usual reason.
func cantListen(variable string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s: another program listens there: stop it, or name another port (%w)", variable, err)
	}
	return fmt.Errorf("%s: can't listen there: %w", variable, err)
}

type migrateCommand struct{}

// Run migrates and says so.
func (migrateCommand) Run(ctx context.Context, to terminal) error {
	cfg, err := config.Read()
	if err != nil {
		return err
	}
	s, err := newSystem(ctx, cfg, to.err)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.db.Migrate(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintln(to.out, "The schema is up to date.")
	return err
}

type healthCommand struct{}

// Run asks the server's /readyz.
func (healthCommand) Run(ctx context.Context, to terminal) error {
	cfg, err := config.Read()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "127.0.0.1" // it listens on every address
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: %s", strings.ToLower(response.Status))
	}
	_, err = fmt.Fprintln(to.out, "ready")
	return err
}
