// Command pgserver runs a command with a private PostgreSQL beside it, so that the many test
// binaries of one `go test ./...` share one server:
//
//	go run ./dbtest/pgserver go test ./...
//
// The command finds the server in KONTOR_TEST_POSTGRES_URL; a server named there already is used
// as it is. The server ends with the command. The exit status is the command's.
//
// `pgserver -durable command` is for measurements: a server that flushes every commit to a disk.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/kontorhq/kontor/dbtest/cluster"
)

func main() {
	status, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgserver:", err)
	}
	os.Exit(status)
}

func run(args []string) (int, error) {
	start := cluster.Start
	if len(args) > 0 && args[0] == "-durable" {
		start, args = cluster.StartDurable, args[1:]
	}
	if len(args) == 0 {
		return 2, errors.New("usage: pgserver [-durable] command [argument ...]")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	// An interrupt lets the tests clean up; the command's own end is awaited either way.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if os.Getenv(cluster.Variable) == "" {
		server, err := start(ctx)
		if err != nil {
			return 1, err
		}
		defer server.Stop()
		cmd.Env = append(os.Environ(), cluster.Variable+"="+server.URL)
	}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
