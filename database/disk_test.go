package database_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/database"
)

func TestAFileThatIsGoneIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kontor.db")
	db, err := database.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Disk(); err != nil {
		t.Error(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := db.Disk(); err == nil || !strings.Contains(err.Error(), "can't be written") {
		t.Error(err)
	}
}
