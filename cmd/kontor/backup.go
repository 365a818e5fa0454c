package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/config"
	"github.com/kontorhq/kontor/database"
)

// wrongUse is an error for which nothing was tried: the command ends with 2.
type wrongUse struct{ error }

type backupCommand struct {
	File string `arg:"" type:"path" help:"The file to write; it must not be there yet."`
}

// Run copies the database while servers go on. It doesn't migrate: a backup is what one makes
// before that.
func (c backupCommand) Run(ctx context.Context, to terminal) error {
	cfg, err := config.Read()
	if err != nil {
		return err
	}
	path, lite := cfg.SQLitePath()
	if !lite {
		return wrongUse{errors.New(`kontor backup is for SQLite. PostgreSQL is backed up with its own tools, for example:
  pg_dump --format=custom --file=kontor.dump "$KONTOR_DATABASE_URL"
Keep KONTOR_SECRET_KEY too, in another place; see docs/operations.md`)}
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no database to back up: %w", err) // opening would make one
	}
	db, err := database.Open(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if err := db.Backup(ctx, c.File); err != nil {
		return err
	}
	fmt.Fprintf(to.out, "The backup is in %s.\n%s\n", c.File, keepTheKey(cfg))
	return nil
}

// keepTheKey says what a backup has not.
func keepTheKey(cfg config.Config) string {
	if cfg.SecretKey != "" {
		return "The secret key is not in it: keep KONTOR_SECRET_KEY as well, in another place. Without it senders' secrets and API keys are worth nothing."
	}
	return "The secret key is not in it: keep " + cfg.KeyFile() + " as well, in another place. Without it senders' secrets and API keys are worth nothing."
}

type restoreCommand struct {
	File    string `arg:"" type:"path" help:"A file that kontor backup wrote."`
	Replace bool   `help:"Move a database that is there aside; it is kept."`
}

// Run puts a backup in the database's place.
func (c restoreCommand) Run(ctx context.Context, to terminal) error {
	cfg, err := config.Read()
	if err != nil {
		return err
	}
	path, lite := cfg.SQLitePath()
	if !lite {
		return wrongUse{errors.New(`kontor restore is for SQLite. PostgreSQL is restored with its own tools, into an empty database and with all servers stopped, for example:
  pg_restore --no-owner --exit-on-error --single-transaction --dbname="$KONTOR_DATABASE_URL" kontor.dump
then kontor migrate and kontor doctor; see docs/operations.md`)}
	}
	done, err := database.Restore(ctx, c.File, path, c.Replace)
	if err != nil {
		return err
	}
	fmt.Fprintf(to.out, "%s is restored from %s.\n", path, c.File)
	if done.Kept != "" {
		fmt.Fprintf(to.out, "What was there is kept as %s.\n", done.Kept)
	}
	if done.Pending > 0 {
		fmt.Fprintf(to.out, "It is from an older version; kontor serve brings its schema up to date (%d to do).\n", done.Pending)
	}
	return tellOfKey(ctx, cfg, to)
}

// tellOfKey looks whether the key here belongs to the restored database. A wrong one is told and
// no error: the database is in its place, and the key can be brought.
func tellOfKey(ctx context.Context, cfg config.Config, to terminal) error {
	db, err := database.Open(ctx, cfg.DatabaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	secret, err := cfg.KeptSecret()
	if err != nil {
		return err
	}
	if secret == nil {
		fmt.Fprintf(to.out, "There is no secret key here: put the one of that database at %s before you start, or a new one will be made that fits nothing.\n", cfg.KeyFile())
		return nil
	}
	keys, err := accounts.NewKeys(secret)
	if err != nil {
		return err
	}
	switch tried, err := openSealed(ctx, db, keys); {
	case err != nil:
		fmt.Fprintln(to.out, "The secret key here does not belong to it:", err)
	case tried == 0:
		fmt.Fprintln(to.out, "No secret is sealed in it that the secret key could be tried on: see that it is the one of that database.")
	default:
		fmt.Fprintln(to.out, "The secret key here belongs to it.")
	}
	return nil
}
