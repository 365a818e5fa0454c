package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
	"github.com/kontorhq/kontor/setup"
)

// world is a database of its own with a merchant, products and buyers, and the program on it.
type world struct {
	system   *system
	address  string // of the database
	remove   func() error
	secret   string
	merchant accounts.Merchant
	members  []member // the first one's credit line is the hot one
	small    checkout.Cart
	large    checkout.Cart
	serial   atomic.Int64
	stock    stock                  // of visits
	key      string                 // of the shop
	oneAdds  map[string]tableCounts // rows that one request adds, by shape
}

// member is one buying organisation with all that a request of it leads to.
type member struct {
	from, email                                            string
	organisation, connection, line, buyer, cart, largeCart string
	oci, ociReference                                      string // its connection that speaks OCI
}

// shape is one kind of request.
type shape struct {
	name     string
	by       protocol
	document form
	who      func(n int) member
	large    bool
	once     bool // one client
	home     bool // takes a visit home; document is its start
}

func newWorld(ctx context.Context, address string, buyers int, log io.Writer) (*world, error) {
	cfg, err := loadConfig(address)
	if err != nil {
		return nil, err
	}
	spareCollector() // the bare statements have what the server has
	w := &world{secret: accounts.NewToken(""), key: accounts.NewAPIKey(loadMerchant)}
	if w.address, w.remove, err = freshDatabase(ctx, cfg.DatabaseURL); err != nil {
		return nil, err
	}
	cfg.DatabaseURL = w.address
	if w.system, err = newSystem(ctx, cfg, log); err != nil {
		return nil, errors.Join(err, w.remove())
	}
	if err := w.fill(ctx, buyers); err != nil {
		w.close()
		return nil, fmt.Errorf("the world to trade in could not be made: %s", sentence(err))
	}
	return w, nil
}

func (w *world) close() {
	w.system.close()
	if err := w.remove(); err != nil {
		w.system.log.Error("the measurement's database could not be removed", "error", err)
	}
}

// freshDatabase makes a database beside the named one: on the same disk, on the same server.
func freshDatabase(ctx context.Context, address string) (fresh string, remove func() error, err error) {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		parent := filepath.Dir(path)
		if info, err := os.Stat(parent); err != nil || !info.IsDir() {
			return "", nil, fmt.Errorf("there is no folder %s to make the measurement's database in", parent)
		}
		dir, err := os.MkdirTemp(parent, "kontor-loadtest-")
		if err != nil {
			return "", nil, err
		}
		return "sqlite:" + filepath.Join(dir, "load.db"), func() error { return os.RemoveAll(dir) }, nil
	}
	name := database.NewID("kontor_loadtest")
	server, err := database.Open(ctx, address)
	if err != nil {
		return "", nil, err
	}
	if _, err := server.SQL().ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, errors.Join(err, server.Close())
	}
	fresh = address + " dbname=" + name
	if u, err := url.Parse(address); err == nil && u.Scheme != "" {
		u.Path = "/" + name
		fresh = u.String()
	}
	return fresh, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		_, err := server.SQL().ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		return errors.Join(err, server.Close())
	}, nil
}

const (
	loadProducts = 1000
	loadLimit    = "900000000000.00" // more than all orders of a measurement together
)

// fill brings in what a merchant would have set up, and a returned cart of each buyer, which the
// orders are matched to.
func (w *world) fill(ctx context.Context, buyers int) error {
	s := w.system
	if err := s.db.Migrate(ctx); err != nil {
		return err
	}
	file, err := json.Marshal(loadSetup(w.secret, w.key, buyers))
	if err != nil {
		return err
	}
	if _, err := setup.Apply(ctx, s.db, s.keys, s.clock, file, setup.Options{Actor: "loadtest"}); err != nil {
		return err
	}
	if w.merchant, err = accounts.FindMerchant(ctx, s.db, loadMerchant); err != nil {
		return err
	}
	const together = 100 // buyers in one transaction
	for first := 0; first <= buyers; first += together {
		var part []member
		err := s.db.InTx(ctx, func(tx *database.Tx) error {
			part = nil
			for n := first; n <= buyers && n < first+together; n++ {
				m, err := w.join(ctx, tx, n)
				if err != nil {
					return err
				}
				part = append(part, m)
			}
			return nil
		})
		if err != nil {
			return err
		}
		w.members = append(w.members, part...)
	}
	return nil
}

// warmed brings PostgreSQL's statistics up to date, as autovacuum does within a minute of such a
// load. Tables that were empty when it looked last would be read from end to end.
func (w *world) warmed(ctx context.Context) error {
	if w.system.db.Lite() {
		return nil
	}
	_, err := w.system.db.SQL().ExecContext(ctx, "ANALYZE")
	return err
}

// join completes one buyer.
func (w *world) join(ctx context.Context, tx *database.Tx, n int) (member, error) {
	s, m := w.system, member{from: loadFrom(n), email: fmt.Sprintf("requester-%05d@buyer.example.com", n)}
	organisation, err := accounts.FindOrganisation(ctx, tx, loadMerchant, "ext:"+loadReference(n))
	if err != nil {
		return m, err
	}
	connection, err := procurement.FindConnection(ctx, tx, loadMerchant, "ext:"+loadReference(n))
	if err != nil {
		return m, err
	}
	lines, err := credit.LinesOf(ctx, tx, loadMerchant, organisation.ID)
	if err != nil {
		return m, err
	}
	buyer, err := accounts.Arrive(ctx, tx, loadMerchant, organisation.ID, accounts.Buyer{Email: m.email, Login: "requester", Name: "Sample Requester"}, s.clock.Now())
	if err != nil {
		return m, err
	}
	m.ociReference = loadOCI(n)
	spoken, err := procurement.FindConnection(ctx, tx, loadMerchant, "ext:"+m.ociReference)
	if err != nil {
		return m, err
	}
	m.oci = spoken.ID
	m.organisation, m.connection, m.line, m.buyer = organisation.ID, connection.ID, lines[0].ID, buyer.ID
	cart, err := w.returned(ctx, tx, organisation, 3)
	if err != nil {
		return m, err
	}
	m.cart, w.small = cart.ID, cart
	if n == 1 {
		if w.large, err = w.returned(ctx, tx, organisation, loadProducts); err != nil {
			return m, err
		}
		m.largeCart = w.large.ID
	}
	return m, nil
}

func (w *world) returned(ctx context.Context, tx *database.Tx, organisation accounts.Organisation, lines int) (checkout.Cart, error) {
	desk := w.system.desk
	cart, err := desk.NewCart(ctx, tx, organisation, nil)
	if err != nil {
		return cart, err
	}
	items := make([]checkout.Item, lines)
	for i := range items {
		items[i] = checkout.Item{SKU: loadSKU(i), Quantity: money.MustDecimal(fmt.Sprint(1 + i%12))}
	}
	if cart, err = desk.PutCart(ctx, tx, w.merchant, organisation, cart.ID, items); err != nil {
		return cart, err
	}
	return desk.FreezeCart(ctx, tx, loadMerchant, cart.ID)
}

func loadReference(n int) string { return fmt.Sprintf("buyer-%05d", n) }
func loadOCI(n int) string       { return fmt.Sprintf("oci-%05d", n) }
func loadFrom(n int) string      { return fmt.Sprintf("an0100%07d", n) }
func loadSKU(i int) string       { return fmt.Sprintf("load-%04d", i+1) }

// loadSetup is the file that `kontor apply` would get.
func loadSetup(secret, key string, buyers int) any {
	type object = map[string]any
	identity := func(name string) []object { return []object{{"domain": loadDomain, "identity": name}} }
	var products, organisations, connections []object
	for i := range loadProducts {
		products = append(products, object{"sku": loadSKU(i), "name": fmt.Sprintf("Hex bolt M8 × %d, zinc, box of 100", 10+i),
			"description": "Hexagon head bolt of strength class 8.8 with a zinc coating. A box holds 100 pieces and is priced as a box.",
			"category":    "Fasteners", "unspsc": "31161620", "unit": "BX", "content": "100", "content_unit": "EA",
			"prices": []object{{"price": fmt.Sprintf("%d.%02d", 4+i%40, i%100), "breaks": []object{{"from": "50", "price": "3.90"}}}}})
	}
	for n := range buyers + 1 {
		organisations = append(organisations, object{"external_id": loadReference(n), "name": fmt.Sprintf("Buyer %d, Inc.", n), "terms_days": 30,
			"credit_lines":    []object{{"limit": loadLimit}},
			"contract_prices": []object{{"sku": loadSKU(0), "price": "3.95"}, {"sku": loadSKU(1), "price": "4.80"}}})
		connections = append(connections, object{"external_id": loadReference(n), "organisation": loadReference(n), "network": "network",
			"identities": object{"from": identity(loadFrom(n))}, "settings": object{"return_hosts": []string{loadReturn}}},
			object{"external_id": loadOCI(n), "organisation": loadReference(n), "protocol": "oci", "secrets_in": []string{secret},
				"settings": object{"return_hosts": []string{loadReturn}, "oci": object{"username": "buyer", "functions_a_second": 1000}}})
	}
	return object{"kontor": setup.Version, "merchants": []object{{
		"id": loadMerchant, "mode": "live", "name": "Load Test Supply", "time_zone": "America/New_York", "currency": "USD",
		"shop_url":            "https://shop.example.com/",
		"tax_rates":           []object{{"country": "US", "region": "CA", "percent": "7.25"}, {"country": "US", "region": "MI", "percent": "6.00"}},
		"freight":             object{"USD": object{"tiers": []object{{"under": "250.00", "charge": "14.95"}, {"charge": "0.00"}}}},
		"supplier_identities": identity("loadtest-supplier"),
		"api_keys":            []object{{"external_id": "shop", "key": key}},
		"networks":            []object{{"external_id": "network", "name": "Network", "senders": identity(loadSender), "secrets_in": []string{secret}}},
		"products":            products, "organisations": organisations, "connections": connections,
	}}}
}

// shapes are those that were asked for, in that order.
func (w *world) shapes(names []string) []shape {
	hot := func(int) member { return w.members[0] }
	// A step that shares no factor with most counts, so that requests that are under way at the
	// same time are of different buyers.
	spread := func(n int) member { return w.members[1+n*7919%(len(w.members)-1)] }
	first := func(int) member { return w.members[1] }
	order := orderForm(w.secret, w.small)
	all := map[string]shape{
		"setups":    {name: "setups", by: byCXML, document: setUpForm(w.secret), who: spread},
		"hot":       {name: "hot", by: byCXML, document: order, who: hot},
		"spread":    {name: "spread", by: byCXML, document: order, who: spread},
		"large":     {name: "large", by: byCXML, document: orderForm(w.secret, w.large), who: first, large: true, once: true},
		"starts":    {name: "starts", by: startByOCI, document: ociStartForm(w.secret), who: spread},
		"validates": {name: "validates", by: priceByOCI, document: ociValidateForm(w.secret), who: spread},
		"returns":   {name: "returns", document: ociStartForm(w.secret), who: spread, home: true},
	}
	var list []shape
	for _, name := range names {
		list = append(list, all[name])
	}
	return list
}

// serveTurn has the real server asked over HTTP, waits until its outbox has told everything, and
// checks that all that was answered is there.
func (w *world) serveTurn(ctx context.Context, shape shape, t turn) (turnResult, int64, error) {
	if shape.home {
		if err := w.welcome(ctx, shape, t.most); err != nil {
			return turnResult{}, 0, err
		}
	}
	before, err := w.count(ctx)
	if err != nil {
		return turnResult{}, 0, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return turnResult{}, 0, err
	}
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.system.serve(serving, listener) }()
	result, backlog, err := w.askServer(ctx, listener.Addr().String(), shape, t)
	stop()
	if err := errors.Join(err, <-ended); err != nil {
		return result, backlog, err
	}
	return result, backlog, w.grown(ctx, before, shape, result.done)
}

func (w *world) askServer(ctx context.Context, address string, shape shape, t turn) (turnResult, int64, error) {
	result, err := drive(ctx, t, func(ctx context.Context) (func(int) error, func(), error) {
		caller, err := newCaller(ctx, address)
		if err != nil {
			return nil, nil, err
		}
		return func(n int) error {
			values := w.values(shape, n)
			if shape.home {
				return w.takeHome(values, caller.ask)
			}
			return caller.post(shape.by, shape.who(n), shape.document.fill(values))
		}, func() { _ = caller.conn.Close() }, nil
	})
	if err != nil {
		return result, 0, err
	}
	backlog, err := w.waiting(ctx)
	for left := backlog; left > 0 && err == nil; left, err = w.waiting(ctx) {
		select {
		case <-ctx.Done():
			return result, backlog, context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return result, backlog, err
}

// service is the procurement service on another handle of the same database.
func (w *world) service(db *database.DB) *procurement.Service {
	s := w.system
	return &procurement.Service{DB: db, Clock: s.clock, Keys: s.keys, Desk: &checkout.Desk{Clock: s.clock},
		Log: slog.New(slog.DiscardHandler), PublicURL: s.config.PublicURL, Limits: cxml.DefaultLimits, HTTP: http.DefaultClient}
}
