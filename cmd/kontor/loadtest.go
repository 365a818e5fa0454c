package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"time"

	"github.com/kontorhq/kontor/config"
)

// loadCommand measures this program on this machine: how many set-ups, starts and orders a second the
// real server answers over HTTP, beside the bare statements that one of them runs, replayed
// without HTTP, XML and rules. Only the ratio of the two says something about the program; both
// are taken in turns, so that whatever else the machine does meets both.
//
// It stays on the loopback address and in a database of its own, which it makes and removes.
type loadCommand struct {
	Database string        `placeholder:"ADDRESS" help:"The engine: sqlite:PATH or a PostgreSQL address. A fresh database is made beside it, and removed. KONTOR_DATABASE_URL when absent."`
	Clients  []int         `default:"8,32" help:"How many ask at once."`
	Only     []string      `enum:"setups,hot,spread,large,starts,validates,returns" default:"setups,hot,spread,large,starts,validates,returns" help:"Which shapes: setups, hot (orders on one credit line), spread (orders over many), large (an order of 1,000 lines), starts (by OCI), validates (prices asked by OCI), returns (carts home by OCI)."`
	Slice    time.Duration `default:"2s" help:"How long each side runs before it is the other's turn."`
	Rounds   int           `default:"3" help:"How many turns; the medians of their rates are shown."`
	Large    int           `default:"20" help:"How many orders of 1,000 lines."`
	Buyers   int           `default:"1000" help:"How many organisations, each with a credit line, beside the one whose line is hot."`
	Attack   int           `placeholder:"RATE" help:"Measure something else: one good buyer's set-ups alone and while so many a second come in with a wrong secret (1 to 1000)."`
	JSON     bool          `help:"Print the figures as JSON."`
	Profile  string        `type:"path" placeholder:"FILE" help:"Write a CPU profile of the server's turns; the bare statements are left out then."`
}

// longestLoad ends a measurement that hangs.
const longestLoad = 15 * time.Minute

// Run measures: a world to trade in, the server on it, each shape in turns, and at the end a look
// into the tables whether everything that was answered is there.
func (c loadCommand) Run(ctx context.Context, to terminal) error {
	if err := c.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longestLoad, errors.New("the measurement took longer than "+longestLoad.String()))
	defer cancel()
	world, err := newWorld(ctx, c.Database, c.Buyers, to.err)
	if err != nil {
		return err
	}
	defer world.close()
	if c.Attack > 0 {
		report, err := c.attacked(ctx, world)
		if err != nil {
			return err
		}
		return c.tell(to.out, report)
	}
	report := loadReport{Engine: world.system.db.Engine(), Slice: c.Slice.String(), Rounds: c.Rounds, Buyers: c.Buyers}
	if c.Profile != "" {
		file, err := os.Create(c.Profile)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	for _, shape := range world.shapes(c.Only) {
		figures, err := c.measure(ctx, world, shape, to)
		if err != nil {
			return fmt.Errorf("%s: %w", shape.name, err)
		}
		report.Shapes = append(report.Shapes, figures...)
	}
	if err := world.verifySums(ctx); err != nil {
		return err
	}
	return c.tell(to.out, report)
}

// tell prints a report for people or for programs.
func (c loadCommand) tell(out io.Writer, report interface{ print(io.Writer) error }) error {
	if !c.JSON {
		return report.print(out)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}

func (c loadCommand) check() error {
	for _, n := range c.Clients {
		if n < 1 || n > 256 {
			return errors.New("--clients must be between 1 and 256")
		}
	}
	if c.Slice < 50*time.Millisecond || c.Slice > time.Minute || c.Rounds < 1 || c.Rounds > 20 || c.Large < 1 || c.Large > 1000 || c.Buyers < 1 || c.Buyers > 10_000 {
		return errors.New("the measurement is bounded: --slice 50ms to 1m, --rounds 1 to 20, --large 1 to 1000, --buyers 1 to 10000")
	}
	if c.Attack < 0 || c.Attack > 1000 {
		return errors.New("--attack must be between 1 and 1000 a second")
	}
	return nil
}

// measure takes one shape with each number of clients.
func (c loadCommand) measure(ctx context.Context, world *world, shape shape, to terminal) ([]loadFigures, error) {
	counts := c.Clients
	if shape.once {
		counts = []int{1} // one after the other: it is the time that counts, not the rate
	}
	script, err := world.record(ctx, shape)
	if err != nil {
		return nil, err
	}
	replay, err := world.prepare(ctx, script)
	if err != nil {
		return nil, err
	}
	defer replay.close()
	var all []loadFigures
	for _, clients := range counts {
		turn := turn{clients: clients, for_: c.Slice}
		if shape.once {
			turn.for_, turn.most = longestLoad, (c.Large+c.Rounds-1)/c.Rounds
		}
		if shape.home {
			turn.most = visitsATurn
		}
		figures, err := c.turns(ctx, world, shape, replay, turn)
		if err != nil {
			return nil, err
		}
		figures.Statements = script.statements()
		all = append(all, figures)
		if !c.JSON {
			fmt.Fprintln(to.err, figures.line())
		}
	}
	return all, nil
}

// turns lets the server and the bare statements work in turns, after a short one that warms both
// up: connections, prepared statements, caches.
func (c loadCommand) turns(ctx context.Context, world *world, shape shape, replay *replay, t turn) (loadFigures, error) {
	figures := loadFigures{Shape: shape.name, Clients: t.clients}
	var server, bare sample
	for round := range c.Rounds + 1 {
		this := t
		if warming := round == 0; warming {
			this.for_, this.most = min(t.for_, 500*time.Millisecond), min(t.most, 3)
		}
		served, backlog, err := world.serveTurn(ctx, shape, this)
		if err != nil {
			return figures, fmt.Errorf("over HTTP: %w", err)
		}
		var replayed turnResult
		if c.Profile == "" {
			if replayed, err = world.replayTurn(ctx, shape, replay, this); err != nil {
				return figures, fmt.Errorf("the bare statements: %w", err)
			}
		}
		if round == 0 {
			if err := world.warmed(ctx); err != nil {
				return figures, err
			}
			continue
		}
		server.add(served)
		bare.add(replayed)
		figures.Backlog = max(figures.Backlog, backlog)
	}
	figures.HTTP = server.figures()
	if c.Profile == "" {
		figures.Bare = bare.figures()
		figures.Ratio = figures.HTTP.Rate / figures.Bare.Rate
	}
	return figures, nil
}

// loadConfig is the server's configuration while it is measured: as deployed, but for the log,
// which has a line for each request and goes to whoever collects it.
func loadConfig(database string) (config.Config, error) {
	cfg, err := config.Read()
	if err != nil {
		return cfg, err
	}
	if database != "" {
		cfg.DatabaseURL = database
	}
	cfg.PublicURL, cfg.LogLevel = "http://localhost", "warn"
	cfg.APIRate = 0 // one key takes all carts home
	cfg.SecretKey = "only for the time of one measurement"
	return cfg, nil
}
