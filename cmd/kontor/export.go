package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/outbox"
	"github.com/kontorhq/kontor/procurement"
)

type exportCommand struct {
	What     string `arg:"" enum:"documents,events" help:"documents (with their attachments) or events (with their deliveries)."`
	Month    string `required:"" placeholder:"YYYY-MM" help:"A month that is over, in UTC."`
	To       string `required:"" type:"path" placeholder:"DIR" help:"The folder; each merchant gets one in it."`
	Merchant string `short:"m" help:"This merchant only."`
}

// Run writes one file of JSON lines for each merchant. A file that is there already is left as it
// is: what was exported once may be deleted from the database.
func (c exportCommand) Run(ctx context.Context, to terminal) error {
	month, err := time.Parse("2006-01", c.Month)
	if err != nil {
		return wrongUse{errors.New("--month must be a year and a month, such as 2026-01")}
	}
	return withSystem(ctx, to, func(s *system) error {
		if month.AddDate(0, 1, 0).After(s.clock.Now()) {
			return wrongUse{errors.New(c.Month + " is not over yet (in UTC)")}
		}
		merchants, err := everyMerchant(ctx, s.db)
		if err != nil {
			return err
		}
		if c.Merchant != "" {
			if _, err := accounts.FindMerchant(ctx, s.db, c.Merchant); err != nil {
				return err
			}
			merchants = []string{c.Merchant}
		}
		for _, merchant := range merchants {
			path := filepath.Join(c.To, merchant, c.What+"-"+c.Month+".jsonl")
			lines, err := writeLines(path, func(write func(any) error) error {
				if c.What == "events" {
					return exportEvents(ctx, s, merchant, month, write)
				}
				return exportDocuments(ctx, s, merchant, month, write)
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(to.out, "%s: %d %s\n", path, lines, c.What)
		}
		return nil
	})
}

// writeLines writes a file that is whole or not there.
func writeLines(path string, fill func(write func(any) error) error) (lines int, err error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return 0, errors.Join(fmt.Errorf("%s is there already; nothing is overwritten", path), err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".export-*") // mode 0600
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(file.Name()) }() // nothing is there any more after the rename
	buffer := bufio.NewWriterSize(file, 1<<20)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	err = fill(func(line any) error {
		lines++
		return encoder.Encode(line)
	})
	if err = errors.Join(err, buffer.Flush(), file.Sync(), file.Close()); err != nil {
		return lines, err
	}
	return lines, os.Rename(file.Name(), path)
}

// The lines of the files. Fields may be added.
type (
	documentLine struct {
		Merchant    string           `json:"merchant"`
		ID          string           `json:"id"`
		At          time.Time        `json:"at"`
		Direction   string           `json:"direction"`
		Type        string           `json:"type"`
		PayloadID   string           `json:"payload_id"`
		Connection  string           `json:"connection"`
		Object      string           `json:"object"` // the order or session that it led to
		Status      int              `json:"status"`
		Note        string           `json:"note"`
		Body        string           `json:"body"`
		Answer      string           `json:"answer"`
		Attachments []attachmentLine `json:"attachments,omitempty"`
	}
	attachmentLine struct {
		Position  int64  `json:"position"`
		ContentID string `json:"content_id"`
		Name      string `json:"name"`
		MediaType string `json:"media_type"`
		Size      int64  `json:"size"`
		SHA256    string `json:"sha256"`
		Body      []byte `json:"body"` // base64
	}
	eventLine struct {
		Merchant   string          `json:"merchant"`
		Object     string          `json:"object"`
		Seq        int64           `json:"seq"`
		At         time.Time       `json:"at"`
		Kind       string          `json:"kind"`
		Payload    json.RawMessage `json:"payload"`
		Deliveries []deliveryLine  `json:"deliveries,omitempty"`
	}
	deliveryLine struct {
		Destination string `json:"destination"`
		State       string `json:"state"`
		Attempt     int64  `json:"attempt"`
		Note        string `json:"note"`
		Message     string `json:"message"`
	}
)

func lineOf(e procurement.Exported) documentLine {
	line := documentLine{Merchant: e.Merchant, ID: e.ID, At: e.At.Time, Direction: e.Direction, Type: e.Type, PayloadID: e.PayloadID,
		Connection: e.Connection, Object: e.Object, Status: e.Status, Note: e.Note, Body: e.Body, Answer: e.Answer}
	for _, a := range e.Attachments {
		line.Attachments = append(line.Attachments, attachmentLine{a.Position, a.ContentID, a.Name, a.MediaType, a.Size, a.SHA256, a.Body})
	}
	return line
}

func exportDocuments(ctx context.Context, s *system, merchant string, month time.Time, write func(any) error) error {
	return procurement.MonthsDocuments(ctx, s.db, merchant, month, func(e procurement.Exported) error { return write(lineOf(e)) })
}

func exportEvents(ctx context.Context, s *system, merchant string, month time.Time, write func(any) error) error {
	return outbox.MonthsEvents(ctx, s.db, merchant, month, func(e outbox.Event, deliveries []outbox.Delivery) error {
		line := eventLine{Merchant: e.Merchant, Object: e.Object, Seq: e.Seq, At: e.At.Time, Kind: e.Kind, Payload: json.RawMessage(e.Payload)}
		for _, d := range deliveries {
			line.Deliveries = append(line.Deliveries, deliveryLine{d.Destination, d.State, d.Attempt, d.Note, string(d.Message)})
		}
		return write(line)
	})
}
