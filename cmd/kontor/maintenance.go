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
	asked  chan seen // a reading that has not ended yet; nil when none is under way
}

// looksAgain is how old what was seen may be. Together with one slow reading it stays within the
// two seconds that the command promises.
const looksAgain = time.Second

// look is quick: the row is read once a second, by one request for all. A database that doesn't
// answer changes nothing; the handlers will find that out in their own words. One that has frozen
// answers nobody, not even a statement whose time is over, so the reading has a goroutine of its own
// and those who ask go on without it.
func (s *sign) look(ctx context.Context) (reason string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.read) < looksAgain {
		return s.reason, s.on
	}
	if s.asked == nil {
		s.asked = make(chan seen, 1)
		go func(answer chan<- seen) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), looksAgain)
			defer cancel()
			var row maintenanceRow
			err := s.db.Get(ctx, &row, selectMaintenance)
			answer <- seen{row, err}
		}(s.asked)
	}
	select {
	case now := <-s.asked:
		s.asked = nil
		switch {
		case now.err == nil:
			s.reason, s.on = now.row.Reason, true
		case database.None(now.err):
			s.reason, s.on = "", false
		default:
			s.log.WarnContext(ctx, "whether maintenance is on could not be read", "error", now.err)
		}
	case <-time.After(looksAgain):
		s.log.WarnContext(ctx, "whether maintenance is on could not be read: the database doesn't answer")
	}
	s.read = time.Now()
	return s.reason, s.on
}

// seen is one reading of the row.
type seen struct {
	row maintenanceRow
	err error
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
