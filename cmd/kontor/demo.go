package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/assets"
	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/config"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/server/console"
	"github.com/kontorhq/kontor/server/shop"
	"github.com/kontorhq/kontor/setup"
	"github.com/kontorhq/kontor/simulators"
)

type demoCommand struct {
	Listen string `default:"127.0.0.1:8080" help:"Address and port on this machine."`
	Keep   string `type:"path" help:"Keep the database in this folder, and go on with it next time."`
}

//go:embed demo/setup.json
var demoSetup string

//go:embed demo/bench.json
var benchSetup string // the buyer of the test bench: apart, because it is no part of the story

const demoMerchant = "brackwater"

// Run serves the demo until it is told to stop.
func (c demoCommand) Run(ctx context.Context, to terminal) error {
	dir := c.Keep
	if dir == "" {
		temporary, err := os.MkdirTemp("", "kontor-demo-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(temporary) }()
		dir = temporary
	}
	listener, err := listenNear(ctx, c.Listen)
	if err != nil {
		return err
	}
	d, err := newDemo(ctx, "sqlite:"+filepath.Join(dir, "kontor.db"), listener, to.err)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer d.close()
	fmt.Fprintf(to.out, "\nKontor's demo is ready. Open %s\n\nEverything runs on this machine. Ctrl-C ends it.\n\n", d.home)
	return d.serve(ctx, listener, d.pages)
}

// listenNear takes another free port when the wanted one is in use: the demo prints its address.
func listenNear(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("--listen must be an address and a port, such as 127.0.0.1:8080")
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("the demo listens on this machine only, so --listen must name a loopback address such as 127.0.0.1")
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", address)
	if err != nil {
		return listen.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	}
	return listener, nil
}

// demo is a system with the story's merchant, its shop and its buyers' procurement systems. The
// shop and Kontor are `localhost`, the buyers `127.0.0.1`: two sites for a browser, one port.
type demo struct {
	*system
	home      string // where to begin
	buyersURL string
	secrets   map[string]string // by the name that demo/setup.json gives them
	buyers    []*simulators.Buyer
	doors     []simulators.Door
	staffURL  string // signs in at the console: nobody in the demo has a key to type
	shop      http.Handler
	bench     *simulators.Bench
	resetting sync.RWMutex
	program   string // what "kill it" starts and kills; this program when empty
}

func newDemo(ctx context.Context, databaseURL string, listener net.Listener, log io.Writer) (*demo, error) {
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return nil, err
	}
	cfg, err := config.Read()
	if err != nil {
		return nil, err
	}
	cfg.DatabaseURL = databaseURL
	cfg.PublicURL = "http://localhost:" + port
	cfg.SendPrivate = []string{"127.0.0.0/8", "::1"} // the buyers are in this process
	if os.Getenv("KONTOR_LOG_LEVEL") == "" {
		cfg.LogLevel = "warn" // the terminal shows one address, not a line for every page
	}
	s, err := newSystem(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	d := &demo{system: s, buyersURL: "http://127.0.0.1:" + port}
	d.home = d.buyersURL + "/"
	s.demo = d.home
	if err := d.fill(ctx); err != nil {
		s.close()
		return nil, err
	}
	return d, nil
}

// fill brings the story into the database and makes the actors around it. Secrets are made anew
// at each start; nothing is written down.
func (d *demo) fill(ctx context.Context) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	d.secrets = map[string]string{"KONTOR_DEMO_API_KEY": accounts.NewAPIKey(demoMerchant)}
	for _, name := range []string{"NETWORK_SECRET", "CASTELMERE_SECRET", "WESTMERE_SECRET", "SITRABAY_SECRET", "BENCH_SECRET",
		"NORTHFOLD_SECRET_OUT", "NORTHFOLD_WEST_SECRET_OUT", "CASTELMERE_SECRET_OUT", "WESTMERE_SECRET_OUT", "SITRABAY_SECRET_OUT",
		"VELDHAUS_PASSWORD", "VELDHAUS_SECRET", "VELDHAUS_SECRET_OUT", "HOSHIMORI_PASSWORD", "HOSHIMORI_SECRET", "HOSHIMORI_SECRET_OUT"} {
		d.secrets["KONTOR_DEMO_"+name] = accounts.NewToken("")
	}
	if err := d.apply(ctx); err != nil {
		return err
	}
	d.shop = shop.New(shop.Config{
		Base: "/m/" + demoMerchant + "/shop", API: client.New(d.config.PublicURL, d.secrets["KONTOR_DEMO_API_KEY"]),
		Merchant: "Brackwater Industrial Supply", UsualCarts: usualCarts, Log: d.log,
	})
	d.staffURL = d.config.PublicURL + "/m/" + demoMerchant + "/console/enter?ticket=" + console.Ticket(demoMerchant)
	for _, config := range d.buyerConfigs() {
		d.buyers = append(d.buyers, simulators.NewBuyer(config))
	}
	d.doors = simulators.DemoDoors(d.buyersURL)
	d.bench = d.newBench()
	return nil
}

// apply brings the merchant, the story's buyers and the test bench into the database.
func (d *demo) apply(ctx context.Context) error {
	for _, file := range d.setupFiles() {
		if _, err := setup.Apply(ctx, d.db, d.keys, d.clock, file, setup.Options{Actor: "demo",
			Env: func(name string) (string, bool) { value, ok := d.secrets[name]; return value, ok }}); err != nil {
			return fmt.Errorf("the demo's own setup: %s", sentence(err))
		}
	}
	return nil
}

// setupFiles are filled in with the addresses of this run, and with dates counted from the merchant's
// today: the picture is the same on any day.
func (d *demo) setupFiles() [][]byte {
	today := money.DateOf(d.clock.Now(), demoZone())
	fill := strings.NewReplacer("{{.ShopURL}}", d.config.PublicURL+"/m/"+demoMerchant+"/shop/", "{{.BuyerOrigin}}", d.buyersURL,
		"{{.SixDaysAgo}}", today.AddDays(-6).String(), "{{.InTwentyDays}}", today.AddDays(20).String())
	return [][]byte{[]byte(fill.Replace(demoSetup)), []byte(fill.Replace(benchSetup))}
}

// api is the merchant's own way in.
func (d *demo) api() *client.Client {
	return client.New(d.config.PublicURL, d.secrets["KONTOR_DEMO_API_KEY"])
}

// nav are the doors on top of the demo's own pages.
func (d *demo) nav() simulators.DemoNav {
	return simulators.DemoNav{Home: d.home, Documents: d.entrance("/documents"), Credit: d.entrance(""),
		Break: d.buyersURL + benchPath, Mailbox: d.entrance("/mail"), Reset: d.buyersURL + resetPath, Status: "SQLite in a folder of this machine. Nothing leaves it."}
}

// entrance signs in at the console and opens one of its pages.
func (d *demo) entrance(page string) string {
	return d.staffURL + "&next=" + url.QueryEscape("/m/"+demoMerchant+"/console"+page)
}

// demoZone is the merchant's.
func demoZone() *time.Location {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		return time.UTC
	}
	return zone
}

// pages mounts what only the demo has.
func (d *demo) pages(e *echo.Echo) {
	e.Pre(d.whileReset)
	e.GET("/", echo.WrapHandler(d.landing()))
	e.Any(resetPath, echo.WrapHandler(d.resetPages()))
	// Browsers ask for it on pages that name no icon, such as the one that posts a cart home.
	e.GET("/favicon.ico", func(c echo.Context) error { return c.Redirect(http.StatusFound, assets.Path("mark.svg")) })
	e.Any(benchPath, echo.WrapHandler(d.bench))
	e.Any(benchPath+"/*", echo.WrapHandler(d.bench))
	base := "/m/" + demoMerchant + "/shop"
	e.Any(base, echo.WrapHandler(d.shop))
	e.Any(base+"/*", echo.WrapHandler(d.shop))
	for _, b := range d.buyers {
		path := strings.TrimRight(strings.TrimPrefix(b.URL(), d.buyersURL), "/")
		e.Any(path, echo.WrapHandler(b))
		e.Any(path+"/*", echo.WrapHandler(b))
	}
}
