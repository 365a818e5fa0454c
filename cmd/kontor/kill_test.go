package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

// The program is killed in the middle of a burst of orders, again and again. What it answered
// must be there exactly once; what it didn't answer is sent again and must end up exactly once;
// the credit line must hold the sum; and the buyer's system must have been told once an order.
func TestKilledInABurstOfOrders(t *testing.T) {
	kills := 2
	if text := os.Getenv("KONTOR_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("KONTOR_KILLS: %v", err)
		}
	}
	binary := buildKontor(t)
	dbtest.EachURL(t, func(t *testing.T, address string) {
		told := newReceiver(t)
		p := &program{t: t, binary: binary, address: address, listen: freeAddress(t)}
		p.command("apply", killSetup(t, told.server.URL))
		burst := &burst{t: t, program: p, answers: map[int][]byte{}}
		for range kills {
			p.start()
			burst.until(40 + rand.IntN(80)) // answers, then the kill falls wherever it falls
			p.kill()
			p.start()
			burst.resend()
			p.stop()
		}
		p.start()
		told.wait(t, len(burst.answers))
		p.stop()
		checkOrders(t, address, burst, told)
	})
}

// checkOrders looks at the tables from outside of the program.
func checkOrders(t *testing.T, address string, burst *burst, told *receiver) {
	t.Helper()
	ctx := context.Background()
	db, err := database.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var numbers []string
	if err := db.Select(ctx, &numbers, `SELECT number FROM orders WHERE merchant_id = ? AND state = ?`, "brackwater", "approved"); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, n := range numbers {
		seen[n]++
	}
	for i := range burst.answers {
		if n := seen[number(i)]; n != 1 {
			t.Errorf("order %s is there %d times", number(i), n)
		}
		if n := told.effects(number(i)); n != 1 {
			t.Errorf("the buyer's system was told %d times of order %s", n, number(i))
		}
	}
	if len(numbers) != len(burst.answers) {
		t.Errorf("%d orders are there, %d were sent", len(numbers), len(burst.answers))
	}
	var own, tree, entries, holds int64
	for dest, query := range map[*int64]string{
		&own:     `SELECT own_holds FROM credit_lines WHERE merchant_id = ?`,
		&tree:    `SELECT tree_holds FROM credit_lines WHERE merchant_id = ?`,
		&entries: `SELECT sum(amount_minor) FROM credit_entries WHERE merchant_id = ? AND part = 'holds'`,
		&holds:   `SELECT sum(amount_minor) FROM holds WHERE merchant_id = ?`,
	} {
		if err := db.Get(ctx, dest, query, "brackwater"); err != nil {
			t.Fatal(err)
		}
	}
	want := int64(len(burst.answers)) * 3 * 1250 // three pieces at 12.50
	if own != want || tree != want || entries != want || holds != want {
		t.Errorf("own holds %d, tree %d, entries %d, hold rows %d; want %d each", own, tree, entries, holds, want)
	}
}

// burst sends numbered orders and remembers what was answered.
type burst struct {
	t       *testing.T
	program *program
	mu      sync.Mutex
	next    int
	open    []int          // sent and not answered
	answers map[int][]byte // answered
}

func number(i int) string { return fmt.Sprintf("PO-%06d", i) }

// until sends from eight senders at once and returns when that many answers have come; the
// senders go on and find the line dead.
func (b *burst) until(answers int) {
	enough := make(chan struct{})
	var once sync.Once
	var left = answers
	for range 8 {
		go func() {
			for {
				b.mu.Lock()
				i := b.next
				b.next++
				b.open = append(b.open, i)
				b.mu.Unlock()
				answer, err := b.send(i)
				if err != nil {
					return // the program is dead
				}
				b.mu.Lock()
				b.answered(i, answer)
				left--
				if left <= 0 {
					once.Do(func() { close(enough) })
				}
				b.mu.Unlock()
			}
		}()
	}
	select {
	case <-enough:
	case <-time.After(time.Minute):
		b.t.Fatal("no answers for a minute")
	}
}

func (b *burst) answered(i int, answer []byte) {
	b.answers[i] = answer
	for k, n := range b.open {
		if n == i {
			b.open = append(b.open[:k], b.open[k+1:]...)
			return
		}
	}
}

// resend sends everything again that had no answer, and some that had: those must get the same
// bytes.
func (b *burst) resend() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, i := range append([]int(nil), b.open...) {
		answer, err := b.send(i)
		if err != nil {
			b.t.Fatalf("order %s sent again: %v", number(i), err)
		}
		b.answered(i, answer)
	}
	again := 0
	for i, before := range b.answers {
		answer, err := b.send(i)
		if err != nil || !bytes.Equal(answer, before) {
			b.t.Fatalf("order %s repeated got another answer: %v\n%s\n%s", number(i), err, before, answer)
		}
		if again++; again == 10 {
			break
		}
	}
}

// send posts one order; anything but Status 200 fails the test.
func (b *burst) send(i int) ([]byte, error) {
	body := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<cXML payloadID="kill.%[1]d@castelmere.example" timestamp="2026-03-02T09:15:30-05:00">
<Header><From><Credential domain="DUNS"><Identity>castelmere-t</Identity></Credential></From>
<To><Credential domain="DUNS"><Identity>000000901</Identity></Credential></To>
<Sender><Credential domain="DUNS"><Identity>castelmere-t</Identity><SharedSecret>a-secret-for-tests</SharedSecret></Credential><UserAgent>Test</UserAgent></Sender></Header>
<Request><OrderRequest><OrderRequestHeader orderID="%[2]s" orderDate="2026-03-02" type="new"><Total><Money currency="USD">37.50</Money></Total></OrderRequestHeader>
<ItemOut quantity="3" lineNumber="1"><ItemID><SupplierPartID>KIL-1</SupplierPartID></ItemID><ItemDetail><UnitPrice><Money currency="USD">12.50</Money></UnitPrice>
<Description xml:lang="en">Piece</Description><UnitOfMeasure>EA</UnitOfMeasure><Classification domain="UNSPSC">31161620</Classification></ItemDetail></ItemOut></OrderRequest></Request></cXML>`,
		i, number(i))
	response, err := http.Post("http://"+b.program.listen+"/m/brackwater/cxml", "text/xml", bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(answer, []byte(`<Status code="200"`)) {
		b.t.Errorf("order %s was answered\n%s", number(i), answer)
	}
	return answer, nil
}

// receiver is the buyer's system: it takes confirmations and counts their effects. The same
// payloadID again is a repeat and has none.
type receiver struct {
	server *httptest.Server
	mu     sync.Mutex
	seen   map[string]string // payloadID → order
	count  map[string]int    // effects by order
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{seen: map[string]string{}, count: map[string]int{}}
	r.server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) take(w http.ResponseWriter, request *http.Request) {
	var document struct {
		PayloadID string `xml:"payloadID,attr"`
		Order     struct {
			ID string `xml:"orderID,attr"`
		} `xml:"Request>ConfirmationRequest>OrderReference"`
	}
	status := "200"
	if err := xml.NewDecoder(request.Body).Decode(&document); err != nil || document.Order.ID == "" {
		status = "406"
	} else {
		r.mu.Lock()
		if _, repeated := r.seen[document.PayloadID]; !repeated {
			r.seen[document.PayloadID] = document.Order.ID
			r.count[document.Order.ID]++
		}
		r.mu.Unlock()
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = fmt.Fprintf(w, `<cXML payloadID="answer.%d@castelmere.example" timestamp="2026-03-02T09:15:30-05:00"><Response><Status code="%s" text="said"/></Response></cXML>`,
		rand.Int64(), status)
}

func (r *receiver) effects(order string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count[order]
}

// wait waits until that many orders were confirmed, a minute at the most.
func (r *receiver) wait(t *testing.T, orders int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		r.mu.Lock()
		n := len(r.count)
		r.mu.Unlock()
		if n >= orders {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d orders were confirmed within a minute", n, orders)
		}
	}
}

// program is the real binary on a database, started and killed like an operator's.
type program struct {
	t                       *testing.T
	binary, address, listen string
	running                 *exec.Cmd
	log                     bytes.Buffer
}

func (p *program) environment() []string {
	return append(os.Environ(), "KONTOR_DATABASE_URL="+p.address, "KONTOR_LISTEN="+p.listen,
		"KONTOR_SECRET_KEY=only-for-tests-0123456789-0123456789", "KONTOR_LOG_LEVEL=warn", "KONTOR_SEND_PRIVATE=127.0.0.1",
		// A dead process's claims are taken over after twice this.
		"KONTOR_SEND_TIMEOUT=1s")
}

func (p *program) command(args ...string) {
	p.t.Helper()
	cmd := exec.Command(p.binary, args...) //nolint:gosec // the binary that this test built
	cmd.Env = p.environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("kontor %v: %v\n%s", args, err, out)
	}
}

func (p *program) start() {
	p.t.Helper()
	p.running = exec.Command(p.binary, "serve") //nolint:gosec // the binary that this test built
	p.running.Env = p.environment()
	p.running.Stderr = &p.log
	if err := p.running.Start(); err != nil {
		p.t.Fatal(err)
	}
	running := p.running
	p.t.Cleanup(func() { _ = running.Process.Kill() })
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		response, err := http.Get("http://" + p.listen + "/readyz")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			p.t.Fatalf("the program is not ready after 30 seconds\n%s", p.log.String())
		}
	}
}

func (p *program) kill() {
	p.t.Helper()
	if err := p.running.Process.Signal(syscall.SIGKILL); err != nil {
		p.t.Fatal(err)
	}
	_ = p.running.Wait() // "signal: killed" is what was asked for
}

// stop asks it to end; it must finish what it took and exit with 0.
func (p *program) stop() {
	p.t.Helper()
	if err := p.running.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.running.Wait(); err != nil {
		p.t.Fatalf("the program did not end well: %v\n%s", err, p.log.String())
	}
}

// buildKontor builds the program once for a test.
func buildKontor(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "kontor")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return listener.Addr().String()
}

// killSetup writes the setup file of the test.
func killSetup(t *testing.T, buyer string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "setup.json")
	content := `{"kontor": 1, "merchants": [{"id": "brackwater", "account": "brackwater", "mode": "test", "name": "Brackwater", "time_zone": "America/New_York",
"currency": "USD", "shop_url": "http://localhost/shop", "supplier_identities": [{"domain": "DUNS", "identity": "000000901"}],
"products": [{"sku": "KIL-1", "name": "Piece", "description": "A piece.", "category": "Pieces", "unspsc": "31161620", "unit": "EA", "prices": [{"currency": "USD", "price": "12.50"}]}],
"organisations": [{"external_id": "castelmere", "name": "Castelmere Foods", "currency": "USD", "terms_days": 45, "over_limit": "review", "price_policy": "contract_only",
  "credit_lines": [{"currency": "USD", "limit": "1000000.00"}]}],
"connections": [{"external_id": "castelmere", "organisation": "castelmere", "protocol": "cxml",
  "identities": {"from": [{"domain": "DUNS", "identity": "castelmere-t"}], "sender": [{"domain": "DUNS", "identity": "castelmere-t"}]},
  "secrets_in": ["a-secret-for-tests"], "settings": {"orders_url": "` + buyer + `", "confirm": "on_approval"}}]}]}`
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
