package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/server"
)

type maintenanceCommand struct {
	Do     string `arg:"" enum:"on,off,status" help:"on, off or status."`
	Reason string `help:"Why, for those who call meanwhile; everybody may read it."`
}

// Run switches every process on the database, within two seconds.
func (c maintenanceCommand) Run(ctx context.Context, to terminal) error {
	if c.Do == "on" && (c.Reason == "" || len(c.Reason) > 200) {
		return wrongUse{errors.New("on needs --reason, at most 200 characters: callers are told it")}
	}
	s, err := open(ctx, to.err)
	if err != nil {
		return err
	}
	defer s.close()
	switch c.Do {
	case "on":
		err = s.db.InTx(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(ctx, switchOn, c.Reason, actor(), database.At(time.Now()))
			return err
		})
	case "off":
		err = s.db.InTx(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(ctx, switchOff)
			return err
		})
	}
	if err != nil {
		return err
	}
	var row maintenanceRow
	switch err := s.db.Get(ctx, &row, selectMaintenance); {
	case database.None(err):
		fmt.Fprintln(to.out, "Maintenance is off.")
	case err != nil:
		return err
	default:
		fmt.Fprintf(to.out, "Maintenance is on since %s (%s): %s\n", row.Since.UTC().Format(time.RFC3339), row.Actor, row.Reason)
	}
	return nil
}

type maintenanceRow struct {
	Reason string        `db:"reason"`
	Actor  string        `db:"actor"`
	Since  database.Time `db:"since"`
}

// The table has one row or none, in the database, so that every process knows.
const (
	selectMaintenance = `SELECT reason, actor, since FROM maintenance WHERE id = 1`
	switchOff         = `DELETE FROM maintenance WHERE id = 1`
	switchOn          = `
INSERT INTO maintenance (id, reason, actor, since) VALUES (1, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, actor = excluded.actor`
)

// sign is the row as this process saw it last.
type sign struct {
	db  *database.DB
	log *slog.Logger

	mu     sync.Mutex
	read   time.Time
	reason string
	on     bool
}

// looksAgain is how old what was seen may be. Together with one slow reading it stays within the
// two seconds that the command promises.
const looksAgain = time.Second

// look is quick: the row is read once a second, by one request for all. A database that doesn't
// answer changes nothing; the handlers will find that out in their own words.
func (s *sign) look(ctx context.Context) (reason string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.read) < looksAgain {
		return s.reason, s.on
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), looksAgain)
	defer cancel()
	var row maintenanceRow
	err := s.db.Get(ctx, &row, selectMaintenance)
	s.read = time.Now()
	switch {
	case err == nil:
		s.reason, s.on = row.Reason, true
	case database.None(err):
		s.reason, s.on = "", false
	default:
		s.log.WarnContext(ctx, "whether maintenance is on could not be read", "error", err)
	}
	return s.reason, s.on
}

// maintenance is what the server needs of it.
func maintenance(db *database.DB, c *clock.Clock, log *slog.Logger, publicURL string) server.Maintenance {
	host := "kontor"
	if u, err := url.Parse(publicURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	return server.Maintenance{On: (&sign{db: db, log: log}).look, CXML: func(sentence string) []byte {
		return cxml.WriteResponse("1.2.014", database.NewID("rsp")+"@"+host, c.Now(), // every reader has that version's part of it
			cxml.Status{Code: 560, Text: cxml.StatusText(560), Detail: sentence}, nil)
	}}
}
