package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/kontorhq/kontor/database"
)

// sqliteTemplate is a migrated file's content: a binary has no last moment at which it could
// remove a file that all its tests share.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "kontor-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	if err := migrated(context.Background(), "sqlite:"+path); err != nil {
		return nil, err
	}
	// The last connection to close folds the write-ahead log into the file.
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		return nil, fmt.Errorf("%s still has %d bytes in its log: a connection stayed open", path, log.Size())
	}
	return os.ReadFile(path)
})

// SQLiteURL is the address of a migrated database of its own, a file that goes with the test.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	content, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kontor.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// migrated brings the database at the address up to date and lets go of it.
func migrated(ctx context.Context, address string) error {
	db, err := database.Open(ctx, address)
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx), db.Close())
}
