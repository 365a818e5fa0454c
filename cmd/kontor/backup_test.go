package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/dbtest"
)

// serving runs `kontor serve` on the database until stop is called; it gives the address.
func serving(t *testing.T, database string) (listen string, stop func()) {
	t.Helper()
	listen = freeAddress(t)
	t.Setenv("KONTOR_DATABASE_URL", database)
	t.Setenv("KONTOR_LISTEN", listen)
	ctx, cancel := context.WithCancel(context.Background())
	var log record
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"serve"}, terminal{&log, &log}) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if status := <-ended; status != 0 {
			t.Errorf("kontor serve ended with %d:\n%s", status, log.text())
		}
	}
	t.Cleanup(stop)
	until(t, "the server is ready", func() bool {
		response, err := http.Get("http://" + listen + "/readyz")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return listen, stop
}

// A restored copy gives the same answer to a repeated order, byte for byte, and takes new ones.
func TestARestoredBackupAnswersTheSame(t *testing.T) {
	t.Setenv("KONTOR_SECRET_KEY", storyKey)
	t.Setenv("KONTOR_SEND_TIMEOUT", "1s")
	buyer := newReceiver(t)
	address := dbtest.SQLiteURL(t)
	t.Setenv("KONTOR_DATABASE_URL", address)
	works(t, "apply", killSetup(t, buyer.server.URL))
	listen, stop := serving(t, address)
	orders := &burst{t: t, program: &program{listen: listen}}
	first, err := orders.send(1)
	if err != nil {
		t.Fatal(err)
	}

	copied := filepath.Join(t.TempDir(), "a copy.db")
	says(t, "the backup", works(t, "backup", copied), copied, "KONTOR_SECRET_KEY")
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup's mode: %v %v", info, err)
	}
	fails(t, 1, []string{"backup", copied}, "is there already")
	if _, err := orders.send(2); err != nil { // after the backup: not in it
		t.Fatal(err)
	}
	fails(t, 1, []string{"restore", copied}, "stop it first")
	fails(t, 1, []string{"restore", "--replace", copied}, "stop it first")
	if again, err := orders.send(1); err != nil || string(again) != string(first) {
		t.Errorf("after a refused restore the repeat got %v\n%s", err, again)
	}
	stop()
	fails(t, 1, []string{"restore", copied}, "--replace")

	says(t, "the restore", works(t, "restore", "--replace", copied), "is kept as", "the secret key")
	restored, stop := serving(t, address)
	orders.program.listen = restored
	if again, err := orders.send(1); err != nil || string(again) != string(first) {
		t.Errorf("the restored copy answers the repeat with %v\n%s\nwant\n%s", err, again, first)
	}
	for _, number := range []int{2, 3} {
		if _, err := orders.send(number); err != nil {
			t.Errorf("an order that is new to the restored copy: %v", err)
		}
	}
	stop()

	// Elsewhere nothing has to be replaced.
	elsewhere := "sqlite:" + filepath.Join(t.TempDir(), "folder", "kontor.db")
	t.Setenv("KONTOR_DATABASE_URL", elsewhere)
	works(t, "restore", copied)
	listen, stop = serving(t, elsewhere)
	defer stop()
	orders.program.listen = listen
	if again, err := orders.send(1); err != nil || string(again) != string(first) {
		t.Errorf("the copy elsewhere answers the repeat with %v\n%s", err, again)
	}
}

func TestRestoreRefusesWhatIsNoBackup(t *testing.T) {
	t.Setenv("KONTOR_SECRET_KEY", storyKey)
	address := dbtest.SQLiteURL(t)
	path := strings.TrimPrefix(address, "sqlite:")
	t.Setenv("KONTOR_DATABASE_URL", address)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(content []byte) string {
		name := filepath.Join(t.TempDir(), "backup.db")
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	half := append([]byte(nil), before[:len(before)/2]...)
	torn := append([]byte(nil), before...)
	for i := 4096; i < 4096*4 && i < len(torn); i++ {
		torn[i] = 0xA5
	}
	end := append([]byte(nil), before...) // a page that only a check of the whole file comes to
	for i := len(end) - 4096; i < len(end); i++ {
		end[i] = 0xA5
	}
	inUse := write(before)
	if err := os.WriteFile(inUse+"-wal", []byte("something"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, backup := range map[string]string{
		"not there": filepath.Join(t.TempDir(), "none.db"), "text": write([]byte(strings.Repeat("not a database ", 1000))),
		"nothing": write(nil), "half": write(half), "torn": write(torn), "torn at its end": write(end), "in use": inUse,
	} {
		if status, _, errs := command(t, "restore", "--replace", backup); status != 1 {
			t.Errorf("%s: restored, %s", name, errs)
		}
		if now, err := os.ReadFile(path); err != nil || len(now) != len(before) {
			t.Errorf("%s: the database was touched: %v", name, err)
		}
	}
	if left, err := filepath.Glob(path + ".re*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}

	// A database that is damaged itself is what a restore is for; a log without its database stays
	// out of the new one.
	good := write(before)
	if err := os.WriteFile(path, []byte(strings.Repeat("damaged ", 2000)), 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, 1, []string{"restore", good}, "--replace")
	works(t, "restore", "--replace", good)
	says(t, "migrate after it", works(t, "migrate"), "up to date")
	if err := errors.Join(os.Remove(path), os.WriteFile(path+"-wal", []byte("of another"), 0o600)); err != nil {
		t.Fatal(err)
	}
	fails(t, 1, []string{"restore", good}, "--replace")
	works(t, "restore", "--replace", good)
	says(t, "migrate after that", works(t, "migrate"), "up to date")
}

func TestPostgresIsBackedUpWithItsOwnTools(t *testing.T) {
	t.Setenv("KONTOR_SECRET_KEY", storyKey)
	t.Setenv("KONTOR_DATABASE_URL", "postgres://kontor:hush@localhost/kontor")
	fails(t, 2, []string{"backup", filepath.Join(t.TempDir(), "x")}, "pg_dump", "KONTOR_SECRET_KEY")
	fails(t, 2, []string{"restore", filepath.Join(t.TempDir(), "x")}, "pg_restore")
}

func TestBackupMakesNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kontor.db")
	t.Setenv("KONTOR_DATABASE_URL", "sqlite:"+path)
	fails(t, 1, []string{"backup", path + ".backup"}, "no database")
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a database was made", err)
	}
}
