package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
	"github.com/kontorhq/kontor/simulators"
)

const (
	benchPath = "/break"
	benchSlug = "bench" // its external_id in demo/bench.json
)

// newBench is the demo's test bench. Its credit line and its prices are those of demo/bench.json.
func (d *demo) newBench() *simulators.Bench {
	bench := simulators.BuyerConfig{
		Name: "Test bench", Slug: benchSlug, Like: "Coupa", Path: benchPath, PublicURL: d.buyersURL,
		SupplierURL: d.config.PublicURL + "/m/" + demoMerchant + "/cxml", SupplierName: "Brackwater Industrial Supply",
		Clock: d.clock, Location: demoZone(), HTTPClient: &http.Client{Timeout: 30 * time.Second},
		From:   []simulators.Credential{{Domain: "DUNS", Identity: "bench-t"}},
		To:     []simulators.Credential{{Domain: "DUNS", Identity: "000000901"}},
		Sender: simulators.Credential{Domain: "DUNS", Identity: "bench-t", Secret: d.secrets["KONTOR_DEMO_BENCH_SECRET"]},
		ShipTo: simulators.Address{ID: "BENCH", Name: "Test bench", Street: "1 Example Lane", City: "Exampleton", State: "OR",
			PostalCode: "97000", CountryCode: "US", Country: "United States"},
	}
	return simulators.NewBench(simulators.BenchConfig{
		Buyer: bench, Nav: d.nav(), Second: d.second,
		Product: simulators.Line{SKU: "PPE-2010", Description: "Disposable nitrile gloves, size L", Unit: "BX",
			UnitPrice: simulators.Money{Value: "8.1000", Currency: "USD"}, ClassificationDomain: "UNSPSC", UNSPSC: "46181504"},
		FreightOne: simulators.Money{Value: "14.95", Currency: "USD"}, FreightMany: simulators.Money{Value: "29.50", Currency: "USD"},
		Look: simulators.Look{Orders: d.seenOrders, Available: d.benchAvailable, Kept: d.keptDocument, Holds: d.searcher()},
	})
}

var orderStates = map[string]string{"approved": "approved", "credit_review": "waits for a person", "refused": "refused", "cancelled": "cancelled"}

// seenOrders looks an order number up by the merchant's API.
func (d *demo) seenOrders(ctx context.Context, number string) ([]simulators.SeenOrder, error) {
	list, err := d.api().Orders(ctx, client.OrderQuery{Number: number})
	if err != nil {
		return nil, err
	}
	var seen []simulators.SeenOrder
	for _, item := range list.Items {
		o, err := d.api().Order(ctx, item.ID) // lists leave sums and lines out
		if err != nil {
			return nil, err
		}
		s := simulators.SeenOrder{State: orderStates[o.State], Goods: simulated(o.Goods), Total: simulated(o.Total)}
		if o.Decision != nil {
			s.Sentence = o.Decision.Sentence
		}
		for _, f := range o.Flags {
			s.Flags = append(s.Flags, f.Message)
		}
		seen = append(seen, s)
	}
	return seen, nil
}

func (d *demo) benchAvailable(ctx context.Context) (simulators.Money, error) {
	return available(ctx, d.api(), benchSlug)
}

// available is what an organisation may still order for, on its first credit line.
func available(ctx context.Context, api *client.Client, organisation string) (simulators.Money, error) {
	lines, err := api.CreditLines(ctx, "ext:"+organisation)
	if err != nil {
		return simulators.Money{}, err
	}
	if len(lines) == 0 {
		return simulators.Money{}, fmt.Errorf("%s has no credit line", organisation)
	}
	return simulated(lines[0].Available), nil
}

func simulated(m client.Money) simulators.Money {
	return simulators.Money{Value: money.Of(m.Amount, m.Currency).Text(), Currency: m.Currency}
}

func (d *demo) keptDocument(ctx context.Context, payloadID string) (simulators.KeptDocument, error) {
	list, _, err := procurement.ListDocuments(ctx, d.db, demoMerchant, procurement.DocumentFilter{PayloadID: payloadID, Direction: "in", Limit: 1})
	if err != nil {
		return simulators.KeptDocument{}, err
	}
	if len(list) == 0 {
		return simulators.KeptDocument{}, fmt.Errorf("nothing was kept of the document %s", payloadID)
	}
	kept, err := procurement.FindDocument(ctx, d.db, demoMerchant, list[0].ID)
	return simulators.KeptDocument{Body: kept.Body, URL: d.entrance("/documents/" + kept.ID)}, err
}

// searcher looks for a text in the files that the database consists of; nil where it has none.
func (d *demo) searcher() func(context.Context, string) (bool, error) {
	file, lite := strings.CutPrefix(d.config.DatabaseURL, "sqlite:")
	if !lite {
		return nil
	}
	return func(_ context.Context, text string) (bool, error) {
		for _, name := range []string{file, file + "-wal"} {
			content, err := os.ReadFile(name) //nolint:gosec // the demo's own database
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return false, err
			}
			if bytes.Contains(content, []byte(text)) {
				return true, nil
			}
		}
		return false, nil
	}
}

// second starts this program once more, on another port and a SQLite file of its own with the
// demo's merchant in it: that one may be killed.
func (d *demo) second(ctx context.Context) (*simulators.Second, error) {
	program := d.program
	if program == "" {
		var err error
		if program, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "kontor-second-")
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	address := listener.Addr().String()
	s := &secondKontor{program: program, dir: dir, url: "http://" + address, file: filepath.Join(dir, "kontor.db")}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "KONTOR_") {
			s.env = append(s.env, entry)
		}
	}
	s.env = append(s.env, "KONTOR_DATABASE_URL=sqlite:"+s.file, "KONTOR_LISTEN="+address, "KONTOR_LOG_LEVEL=error", "KONTOR_SEND_TIMEOUT=1s")
	for name, value := range d.secrets {
		s.env = append(s.env, name+"="+value)
	}
	if err := errors.Join(listener.Close(), s.setUp(ctx, d.setupFiles()), s.start(ctx)); err != nil {
		s.close()
		return nil, err
	}
	api := client.New(s.url, d.secrets["KONTOR_DEMO_API_KEY"])
	return &simulators.Second{URL: s.url + "/m/" + demoMerchant + "/cxml", Kill: s.kill, Start: s.start, Close: s.close,
		Orders: func(ctx context.Context) (map[string]int, error) { return orderNumbers(ctx, api) },
		Held: func(ctx context.Context) (simulators.Money, error) {
			lines, err := api.CreditLines(ctx, "ext:"+benchSlug)
			if err != nil || len(lines) == 0 {
				return simulators.Money{}, err
			}
			return simulated(lines[0].Own.Holds), nil
		}}, nil
}

func orderNumbers(ctx context.Context, api *client.Client) (map[string]int, error) {
	numbers := map[string]int{}
	for cursor := ""; ; {
		page, err := api.Orders(ctx, client.OrderQuery{Cursor: cursor})
		if err != nil {
			return nil, err
		}
		for _, o := range page.Items {
			numbers[o.Number]++
		}
		if cursor = page.NextCursor; cursor == "" {
			return numbers, nil
		}
	}
}

// secondKontor is a child process.
type secondKontor struct {
	program, dir, url, file string
	env                     []string
	running                 *exec.Cmd
}

func (s *secondKontor) setUp(ctx context.Context, files [][]byte) error {
	for i, content := range files {
		name := filepath.Join(s.dir, fmt.Sprintf("setup-%d.json", i))
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, s.program, "apply", name) //nolint:gosec // this program itself
		cmd.Env = s.env
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("a second Kontor could not be set up: %w: %s", err, bytes.TrimSpace(out))
		}
	}
	return nil
}

// start serves, and returns when it is ready.
func (s *secondKontor) start(ctx context.Context) error {
	s.running = exec.Command(s.program, "serve") //nolint:gosec,noctx // this program itself; killed, not cancelled
	s.running.Env = s.env
	var said bytes.Buffer
	s.running.Stderr = &said
	if err := s.running.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/readyz", nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("the second Kontor is not ready after 20 seconds"), s.kill())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kill is SIGKILL: nothing in the program runs any more.
func (s *secondKontor) kill() error {
	if s.running == nil {
		return nil
	}
	err := s.running.Process.Kill()
	_ = s.running.Wait() // "signal: killed" is what was asked for
	s.running = nil
	return err
}

func (s *secondKontor) close() { _ = errors.Join(s.kill(), os.RemoveAll(s.dir)) } // nothing is left to be done about it
