package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"github.com/kontorhq/kontor/migrations"
)

// Backup writes a consistent copy of a SQLite database to a new file that only its owner may read.
// Servers go on reading and writing meanwhile: the copy is what was committed when it began.
func (db *DB) Backup(ctx context.Context, file string) error {
	if !db.lite {
		return errors.New("only SQLite is copied this way")
	}
	file, err := filepath.Abs(file) // a name that begins with "file:" would be read as an address
	if err != nil {
		return err
	}
	// The file is made here, because SQLite would make it readable for others; it takes an empty one.
	made, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already, and a backup overwrites nothing", file)
	}
	if err != nil {
		return fmt.Errorf("the backup can't be made: %w", err)
	}
	_, err = db.writer.db.ExecContext(ctx, "VACUUM INTO ?", file)
	if err == nil {
		err = made.Sync()
	}
	if err = errors.Join(err, made.Close()); err != nil {
		return errors.Join(fmt.Errorf("the backup could not be written: %w", err), os.Remove(file))
	}
	return nil
}

// Restored tells what Restore did.
type Restored struct {
	Pending int    // migrations that the copy has not seen; serve runs them
	Kept    string // where the database that was there is now; "" when there was none
}

// ErrInUse is what Restore says when somebody has the target open.
var ErrInUse = errors.New("a server, or another program, has the database open: stop it first")

// sidecars are the files that SQLite keeps beside a database; they belong to exactly one.
var sidecars = []string{"", "-wal", "-shm", "-journal"}

// Restore puts a checked copy of the backup in the place of a SQLite file. Until everything is
// checked nothing is changed. With replace a database that is there is moved aside, not deleted;
// without, it is left alone and the restore refused.
func Restore(ctx context.Context, backup, target string, replace bool) (Restored, error) {
	var done Restored
	there := false
	for _, end := range sidecars {
		if _, err := os.Lstat(target + end); err == nil {
			there = true
		} else if !errors.Is(err, os.ErrNotExist) {
			return done, err
		}
	}
	if there {
		free, err := take(ctx, target)
		if err != nil {
			return done, err
		}
		free()
		if !replace {
			return done, fmt.Errorf("%s is there already: with --replace it is moved aside", target)
		}
	}
	copied, err := copyBeside(backup, target)
	if err != nil {
		return done, err
	}
	defer func() { _ = os.Remove(copied) }() // after the rename there is nothing of that name
	if done.Pending, err = checkCopy(ctx, copied); err != nil {
		return done, fmt.Errorf("%s can't be restored: %w", backup, err)
	}
	if there {
		free, err := take(ctx, target) // again: checking may have taken long
		if err != nil {
			return done, err
		}
		defer free()
		done.Kept = target + ".replaced-" + time.Now().UTC().Format("20060102T150405Z")
		// The sidecars go along: a log that stays would be played into the new file.
		for _, end := range sidecars {
			if err := os.Rename(target+end, done.Kept+end); err != nil && !errors.Is(err, os.ErrNotExist) {
				return done, err
			}
		}
	}
	if err := os.Rename(copied, target); err != nil {
		return done, err
	}
	return done, syncFolder(filepath.Dir(target))
}

// take makes sure that nobody has the file open, and keeps it so until free is called. SQLite
// leaves its write-ahead log only for who is alone, which also brings everything into the file.
// A file that is damaged is free for the taking: replacing it is what a restore is for.
func take(ctx context.Context, path string) (free func(), err error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return func() {}, nil // only sidecars are left
	}
	db, err := sql.Open("sqlite", fileAddress(path)+"?_pragma=busy_timeout(200)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	free = func() { _ = db.Close() }
	var mode string
	err = db.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	if err == nil && mode == "delete" {
		_, err = db.ExecContext(ctx, "BEGIN EXCLUSIVE")
	} else if err == nil {
		err = ErrInUse
	}
	switch {
	case err == nil:
		return free, nil
	case damaged(err):
		return free, nil
	}
	free()
	if retryable(err) {
		return nil, ErrInUse
	}
	return nil, err
}

// damaged tells whether SQLite can't make sense of the file (SQLITE_CORRUPT, SQLITE_NOTADB).
func damaged(err error) bool {
	se := (*sqlite.Error)(nil)
	return errors.As(err, &se) && (se.Code()&0xff == 11 || se.Code()&0xff == 26)
}

// copyBeside copies the backup into the target's folder: the rename at the end must stay within
// one file system, and the backup itself is only read.
func copyBeside(backup, target string) (string, error) {
	if log, err := os.Stat(backup + "-wal"); err == nil && log.Size() > 0 {
		return "", fmt.Errorf("%s has a write-ahead log beside it: it is a database in use, not a backup", backup)
	}
	if info, err := os.Stat(backup); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no file", backup)
	}
	from, err := os.Open(backup) //nolint:gosec // the operator's own file
	if err != nil {
		return "", fmt.Errorf("the backup can't be read: %w", err)
	}
	defer func() { _ = from.Close() }()
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return "", err
	}
	to, err := os.CreateTemp(filepath.Dir(target), filepath.Base(target)+".restoring-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	if err == nil {
		err = to.Sync()
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return "", errors.Join(err, os.Remove(to.Name()))
	}
	return to.Name(), nil
}

// checkCopy refuses what is no whole database of Kontor's, or one that this program is too old
// for; it tells how many migrations are to do.
func checkCopy(ctx context.Context, path string) (pending int, err error) {
	db, err := sql.Open("sqlite", fileAddress(path)+"?_pragma=query_only(1)")
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	var found string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&found); err != nil {
		return 0, fmt.Errorf("it is no SQLite database, or a damaged one: %w", err)
	}
	if found != "ok" {
		return 0, errors.New("it is damaged: " + found)
	}
	var lost int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM pragma_foreign_key_check").Scan(&lost); err != nil {
		return 0, err
	}
	if lost > 0 {
		return 0, fmt.Errorf("%d of its rows refer to rows that are missing", lost)
	}
	var version int64
	err = db.QueryRowContext(ctx, "SELECT COALESCE(max(version_id), 0) FROM schema_versions WHERE is_applied").Scan(&version)
	if err != nil || version == 0 {
		return 0, errors.New("it is a SQLite database, but not one of Kontor's")
	}
	return behind(version)
}

// behind counts the migrations of this program that come after a version.
func behind(version int64) (int, error) {
	names, err := engineFiles{migrations.Files, true}.Glob("*.sql")
	if err != nil {
		return 0, err
	}
	n, last := 0, int64(0)
	for _, name := range names {
		number, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		last = max(last, number)
		if number > version {
			n++
		}
	}
	if version > last {
		return 0, fmt.Errorf("its schema (%d) is newer than this program's (%d): restore it with the version that wrote it, or a later one", version, last)
	}
	return n, nil
}

func fileAddress(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// syncFolder makes a rename survive a power cut.
func syncFolder(path string) error {
	dir, err := os.Open(path) //nolint:gosec // the operator's own folder
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
