// Package cluster runs a private PostgreSQL for tests: an own data directory, an own port, nothing
// of the machine's other clusters touched, and gone when the process that started it is gone.
//
// Two callers: dbtest, when a test binary runs alone, and the command pgserver, which holds one
// server for a whole `go test ./...`.
package cluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/lib/pq" // the driver that the readiness probe speaks with
)

// Variable names the environment variable with the URL of a server to use instead of a private one.
// Its role must be allowed to create databases.
const Variable = "KONTOR_TEST_POSTGRES_URL"

// Install is the command that brings what Start needs; errors name it.
const Install = "sudo apt-get install postgresql, or as root: ./tools/need.sh"

// oldest is the first version with ICU as a cluster's default locale provider.
const oldest = 15

// supervise outlives the process that starts it by a moment: it waits for the end of its input,
// which comes however that process ends, and then takes the server and its files away.
//
//go:embed supervise.sh
var supervise string

// Cluster is one running server.
type Cluster struct {
	// URL leads to the database postgres as the superuser.
	URL string

	input  io.Closer
	exited chan struct{}
}

// Start brings up a server in a new directory and returns when it answers. It runs until Stop or
// until this process ends, in whatever way. As root it runs as another user, because PostgreSQL
// refuses root.
func Start(ctx context.Context) (*Cluster, error) { return start(ctx, false) }

// StartDurable is Start for measurements: the server is as installations have it, with its data on
// a disk and every commit flushed.
func StartDurable(ctx context.Context) (*Cluster, error) { return start(ctx, true) }

func start(ctx context.Context, durable bool) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, credential, err := directory(durable)
	if err != nil {
		return nil, err
	}
	if err := initialise(ctx, bin, dir, credential); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	password, err := os.ReadFile(filepath.Join(dir, "password"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	var failures []error
	for range 5 { // the free port that was found may be taken before the server binds it
		c, err := launch(ctx, bin, dir, string(password), credential, settings(durable))
		if err == nil {
			return c, nil
		}
		failures = append(failures, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(append(failures, os.RemoveAll(dir))...)
}

// Stop ends the server and waits until its files are gone. A second call does nothing.
func (c *Cluster) Stop() {
	_ = c.input.Close() // an error here means that it is closed already
	<-c.exited
}

// binaries finds the newest installed server. Debian keeps it outside PATH.
func binaries() (string, error) {
	type found struct {
		version int
		dir     string
	}
	var all []found
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is constant and well-formed
	for _, dir := range dirs {
		if v, err := strconv.Atoi(filepath.Base(filepath.Dir(dir))); err == nil && complete(dir) {
			all = append(all, found{v, dir})
		}
	}
	slices.SortFunc(all, func(a, b found) int { return b.version - a.version })
	if len(all) > 0 && all[0].version >= oldest {
		return all[0].dir, nil
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil && complete(filepath.Dir(path)) {
			return filepath.Dir(path), nil
		}
	}
	return "", fmt.Errorf("no PostgreSQL server %d or newer on this machine; install it with: %s", oldest, Install)
}

func complete(dir string) bool {
	for _, name := range []string{"postgres", "initdb"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// directory makes the server's own directory and says who it must run as; nil is this user.
func directory(durable bool) (string, *syscall.Credential, error) {
	parent := place()
	if durable {
		parent = "/var/tmp" // a disk even where /tmp is memory
	}
	if os.Geteuid() != 0 {
		dir, err := os.MkdirTemp(parent, "kontor-pg-")
		return dir, nil, err
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return "", nil, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres or nobody: %w", err)
	}
	uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return "", nil, err
	}
	if parent == "" {
		parent = "/tmp" // not TMPDIR: root's may lie where the other user cannot go
	}
	dir, err := os.MkdirTemp(parent, "kontor-pg-")
	if err != nil {
		return "", nil, err
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// place is where the data goes: memory if there is enough of it (a clone of a template, 300 files,
// took 25 ms there and 300 ms on a disk), else "", the usual temporary directory.
func place() string {
	const memory, enough = "/dev/shm", 2 << 30 // containers often have 64 MB of it
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < enough {
		return ""
	}
	probe, err := os.MkdirTemp(memory, "kontor-pg-")
	if err != nil || os.Remove(probe) != nil {
		return ""
	}
	return memory
}

// initialise makes the data directory. Text sorts by ICU's en-US, unlike SQLite's bytes, so that a
// query that leans on the order of text shows itself. The password keeps the machine's other users
// out: a superuser that anyone can be runs programs as its owner.
func initialise(ctx context.Context, bin, dir string, credential *syscall.Credential) error {
	file := filepath.Join(dir, "password")
	if err := os.WriteFile(file, []byte(rand.Text()), 0o600); err != nil {
		return err
	}
	if credential != nil {
		if err := os.Chown(file, int(credential.Uid), int(credential.Gid)); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"),
		"--no-sync", "--pgdata", filepath.Join(dir, "data"), "--username", "kontor",
		"--auth", "scram-sha-256", "--pwfile", file,
		"--encoding", "UTF8", "--locale", "C", "--locale-provider", "icu", "--icu-locale", "en-US")
	become(cmd, dir, credential)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// settings are what differs from an installation's own.
func settings(durable bool) []string {
	common := []string{
		"-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", // a path of a long TMPDIR would not fit
		"-c", "timezone=UTC",
	}
	if durable {
		return common
	}
	return append(common,
		"-c", "max_connections=400",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", // nothing here outlives a crash
		"-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "max_wal_size=256MB",
		"-c", "autovacuum=off", // the databases live for seconds
	)
}

// launch starts the supervisor with the server below it and waits until the server answers.
func launch(ctx context.Context, bin, dir, password string, credential *syscall.Credential, settings []string) (*Cluster, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	log := filepath.Join(dir, "log")
	// Not bound to ctx: it must outlive every context, and its input ends it.
	args := append([]string{"-c", supervise, "kontor-test-postgres", dir,
		filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "data"), "-p", strconv.Itoa(port)}, settings...)
	cmd := exec.Command("/bin/sh", args...) //nolint:noctx // see above
	become(cmd, dir, credential)
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &Cluster{input: input, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in its log; that it ended is what counts
		close(c.exited)
	}()
	c.URL = (&url.URL{
		Scheme: "postgres", User: url.UserPassword("kontor", password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: "/postgres", RawQuery: "sslmode=disable",
	}).String()
	if err := c.ready(ctx); err != nil {
		tail, _ := os.ReadFile(log) // without a log the error alone must do
		if i := len(tail) - 2000; i > 0 {
			tail = tail[i:]
		}
		// The supervisor must leave the directory to the next attempt.
		_, _ = io.WriteString(input, "keep\n")
		c.Stop()
		return nil, fmt.Errorf("the test server on port %d: %w\n%s", port, err, bytes.TrimSpace(tail))
	}
	return c, nil
}

// ready waits until the server answers a query.
func (c *Cluster) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	db, err := sql.Open("postgres", c.URL)
	if err != nil {
		return err
	}
	defer db.Close()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-c.exited:
			return errors.New("it ended before it answered")
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// become gives cmd its user, a session of its own (so that an interrupt from the terminal reaches
// only the process that tidies up) and an environment in which nothing of libpq's is set.
func become(cmd *exec.Cmd, dir string, credential *syscall.Credential) {
	cmd.Dir = dir
	cmd.Env = []string{"LC_ALL=C"}
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "PATH=") || strings.HasPrefix(v, "LD_LIBRARY_PATH=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: credential}
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
