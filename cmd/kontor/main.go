// Command kontor is the whole of Kontor in one program. This file is its table of contents: each
// sub-command has a file of its own, and system.go wires the packages together.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/kontorhq/kontor/fault"
)

// version is set by the build.
var version = "dev"

type commands struct {
	Demo    demoCommand        `cmd:"" help:"Show the main job in a browser: a merchant, buyers and their procurement systems, all in this process."`
	Serve   serveCommand       `cmd:"" help:"Serve buyers' systems, storefronts and staff."`
	Migrate migrateCommand     `cmd:"" help:"Bring the database's schema up to this version."`
	Apply   applyCommand       `cmd:"" help:"Bring merchants, catalogue, organisations and connections into the state that a file describes."`
	Check   checkCommand       `cmd:"" help:"Tell what is wrong with a cXML document, or a start or cart in OCI, where, and what the systems that get it will do."`
	Orders  ordersCommand      `cmd:"" help:"List orders, and decide about those that wait."`
	Credit  creditCommand      `cmd:"" help:"Show a credit line with its entries, or change its limit."`
	Doctor  doctorCommand      `cmd:"" help:"Look whether everything around Kontor is as it should be, and say what to do; changes nothing."`
	Backup  backupCommand      `cmd:"" help:"Copy a SQLite database into a file, while it is served."`
	Restore restoreCommand     `cmd:"" help:"Put a backup in the place of a SQLite database."`
	Keep    retentionCommand   `cmd:"" name:"retention" help:"Delete what is older than it shall be kept, as the server does every hour."`
	Person  personCommand      `cmd:"" help:"Write everything that names a buyer, or replace it."`
	Export  exportCommand      `cmd:"" help:"Write a month's documents or events as JSON lines, before they are deleted by age."`
	Maint   maintenanceCommand `cmd:"" name:"maintenance" help:"Answer callers that they shall come again later, or no longer."`
	Health  healthCommand      `cmd:"" help:"Ask the server on this machine whether it is ready; for container health checks."`
	Load    loadCommand        `cmd:"" name:"loadtest" help:"Measure this program on this machine; for development."`

	Version kong.VersionFlag `help:"Print the version."`
}

// terminal is where a command writes.
type terminal struct {
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // who says it twice doesn't want to wait for what is under way
	os.Exit(run(ctx, os.Args[1:], terminal{os.Stdout, os.Stderr}))
}

// run runs one command and gives the exit status: 0 done, 1 failed, 2 wrong use.
func run(ctx context.Context, args []string, to terminal) int {
	var cli commands
	status := -1
	parser, err := kong.New(&cli, kong.Name("kontor"), kong.Vars{"version": version},
		kong.Description("Kontor stands between a merchant's shop and the businesses that buy from it."),
		kong.Writers(to.out, to.err), kong.UsageOnError(), kong.Exit(func(code int) { status = code }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(to))
	if err != nil {
		fmt.Fprintln(to.err, "kontor:", err)
		return 2
	}
	command, err := parser.Parse(args)
	if status >= 0 {
		return status // --help and --version have said what they say
	}
	if err != nil {
		fmt.Fprintln(to.err, "kontor:", err)
		return 2
	}
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("interrupted before it was done: %w", err)
		}
		fmt.Fprintln(to.err, "kontor:", sentence(err))
		if errors.As(err, new(wrongUse)) {
			return 2
		}
		return 1
	}
	return 0
}

// sentence shows a fault with its fields, and other errors as they are: whoever runs the command
// is the operator.
func sentence(err error) string {
	var known *fault.Error
	if errors.As(err, &known) && len(known.Fields) > 0 {
		text := known.Message
		for _, f := range known.Fields {
			text += "\n  " + f.Path + ": " + f.Message
		}
		return text
	}
	return err.Error()
}
