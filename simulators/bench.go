package simulators

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// BenchConfig describes the test bench: a buyer of its own at the merchant, who does on purpose
// what must not work. Its credit line is its own too, so that no trial touches another buyer's.
type BenchConfig struct {
	Buyer   BuyerConfig
	Product Line // what it orders: SKU, texts, unit and our price
	// Freight by the merchant's table, of one piece and of many; there is no tax where it lives.
	FreightOne, FreightMany Money
	Look                    Look
	// Second starts another Kontor, which may be killed. Nil leaves that trial out.
	Second  func(ctx context.Context) (*Second, error)
	Nav     DemoNav
	DeskURL string // the buyer's line at the credit desk; may be empty
}

// Look is how the bench sees from outside what became of its documents.
type Look struct {
	Orders    func(ctx context.Context, number string) ([]SeenOrder, error)
	Available func(ctx context.Context) (Money, error) // on the bench's credit line
	Kept      func(ctx context.Context, payloadID string) (KeptDocument, error)
	// Holds tells whether a text stands anywhere in the files of the database. Nil when there is
	// no file to look into.
	Holds func(ctx context.Context, text string) (bool, error)
}

// SeenOrder is an order as the merchant's API shows it.
type SeenOrder struct {
	State, Sentence string
	Goods, Total    Money
	Flags           []string
}

// KeptDocument is what Kontor kept of a document of ours, and where people read it.
type KeptDocument struct{ Body, URL string }

// Second is a Kontor of its own: same merchant, another database.
type Second struct {
	URL    string // its cXML address
	Kill   func() error
	Start  func(ctx context.Context) error
	Orders func(ctx context.Context) (map[string]int, error) // how often each order number is there
	Held   func(ctx context.Context) (Money, error)
	Close  func()
}

// Bench is the test bench: an http.Handler for its pages under Buyer.Path. Use NewBench.
type Bench struct {
	BenchConfig
	buyer   *Buyer
	handler http.Handler

	running sync.Mutex // one trial at a time: they measure the same credit line
	mu      sync.Mutex
	results map[string]*TrialResult
}

// NewBench makes the bench. It panics where NewBuyer does.
func NewBench(cfg BenchConfig) *Bench {
	b := &Bench{BenchConfig: cfg, buyer: NewBuyer(cfg.Buyer), results: map[string]*TrialResult{}}
	b.handler = b.routes()
	return b
}

// ServeHTTP serves the pages under the buyer's Path.
func (b *Bench) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.handler.ServeHTTP(w, r) }

// Forget drops all results.
func (b *Bench) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.results = map[string]*TrialResult{}
	b.buyer.Forget()
}

// Trial is one thing that must not work.
type Trial struct {
	Slug, Title, Text, Button string
	run                       func(b *Bench, ctx context.Context, r *TrialResult) error
}

// TrialResult is what one run showed.
type TrialResult struct {
	At        time.Time
	Took      time.Duration
	Checks    []Check
	Documents []Document // sent, with their answers, masked
	Words     []string   // what was done, and what was cleared away
	Problem   string     // why it could not be carried through
}

// Check compares what should be with what is.
type Check struct{ What, Expected, Seen string }

// OK tells whether they are the same.
func (c Check) OK() bool { return c.Expected == c.Seen }

// OK tells whether the run was carried through and every check holds.
func (r *TrialResult) OK() bool { return r.Problem == "" && len(r.Checks) > 0 && r.Failed() == 0 }

// Failed counts the checks that don't hold.
func (r *TrialResult) Failed() int {
	failed := 0
	for _, c := range r.Checks {
		if !c.OK() {
			failed++
		}
	}
	return failed
}

func (r *TrialResult) expect(what, expected, seen string) {
	r.Checks = append(r.Checks, Check{what, expected, seen})
}

func (r *TrialResult) say(format string, values ...any) {
	r.Words = append(r.Words, fmt.Sprintf(format, values...))
}

// Trials are those that this bench can do.
func (b *Bench) Trials() []Trial {
	if b.Second != nil {
		return trials
	}
	return slices.DeleteFunc(slices.Clone(trials), func(t Trial) bool { return t.Slug == "kill" })
}

// Try runs one trial and keeps its result; false when there is none of that name. What a trial
// ordered is cancelled at its end, also when a check failed.
func (b *Bench) Try(ctx context.Context, slug string) (TrialResult, bool) {
	list := b.Trials()
	at := slices.IndexFunc(list, func(t Trial) bool { return t.Slug == slug })
	if at < 0 {
		return TrialResult{}, false
	}
	b.running.Lock()
	defer b.running.Unlock()
	started := time.Now()
	r := &TrialResult{At: b.buyer.now()}
	if err := list[at].run(b, ctx, r); err != nil {
		r.Problem = sentence(err)
	}
	r.Took = time.Since(started)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.results[slug] = r
	return *r, true
}

func (b *Bench) result(slug string) *TrialResult {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.results[slug]
}

// purchase is an order of the bench, not yet written.
type purchase struct {
	Number, Kind, Previous string
	PayloadID              string // a new one when empty
	Version                int
	Quantity, Price        string
	Freight                Money
	Comments               string
	secret                 string // instead of the right one
}

// newPurchase is the order that most trials begin with: 120 pieces at the agreed price.
func (b *Bench) newPurchase() purchase {
	return purchase{Number: "BREAK-" + strings.ToUpper(randomText(8)), Kind: "new", Version: 1, Quantity: "120",
		Price: b.Product.UnitPrice.Value, Freight: b.FreightMany}
}

// total is goods at the agreed price and freight: what Kontor must come to.
func (b *Bench) total(p purchase) Money {
	line := b.Product
	line.Quantity = p.Quantity
	goods, err := lineAmount(line)
	if err != nil {
		return Money{}
	}
	return addMoney(goods, p.Freight)
}

// write makes the document of an order.
func (b *Bench) write(p purchase) (payloadID string, body []byte, err error) {
	line := b.Product
	line.Number, line.Quantity, line.UnitPrice.Value = 1, p.Quantity, p.Price
	if line.Amount, err = lineAmount(line); err != nil {
		return "", nil, err
	}
	b.buyer.mu.Lock()
	defer b.buyer.mu.Unlock()
	head := b.buyer.letterhead(b.buyer.cfg.OrderDTDVersion)
	if p.PayloadID != "" {
		head.PayloadID = p.PayloadID
	}
	if p.secret != "" {
		head.Sender.Secret = p.secret
	}
	body, err = b.buyer.write("order", order{letterhead: head, OrderID: p.Number, OrderDate: isoTime(b.buyer.now()), Type: p.Kind,
		RequisitionID: "BENCH", Previous: p.Previous, Version: p.Version, Person: b.buyer.cfg.People[0], Comments: p.Comments,
		Cart: Cart{Goods: line.Amount, Shipping: p.Freight, ShippingText: "Freight"}, Lines: []Line{line}})
	return head.PayloadID, body, err
}

// send posts a document to address and notes it. A missing answer is an Answer with Code 0.
func (b *Bench) send(ctx context.Context, r *TrialResult, note string, body []byte) Answer {
	answer, _, took, err := b.buyer.post(ctx, body)
	if err != nil {
		answer.Detail = sentence(err)
	}
	text, _ := asUTF8(body)
	kind := "OrderRequest"
	if strings.Contains(text, "<PunchOutSetupRequest") {
		kind = "PunchOutSetupRequest"
	}
	b.buyer.mu.Lock()
	defer b.buyer.mu.Unlock()
	d := b.buyer.keep(Document{Direction: Sent, Type: kind, Size: len(body), Note: note}, hideCard(text))
	b.buyer.answered(d, answer, took)
	r.Documents = append(r.Documents, *d)
	return answer
}

// order writes and sends an order, and gives its payloadID.
func (b *Bench) order(ctx context.Context, r *TrialResult, note string, p purchase) (payloadID string, answer Answer, err error) {
	payloadID, body, err := b.write(p)
	if err != nil {
		return "", Answer{}, err
	}
	return payloadID, b.send(ctx, r, note, body), nil
}

// clear cancels an order that a trial has placed and checks that the line is as it was before.
func (b *Bench) clear(ctx context.Context, r *TrialResult, p purchase, previous string, before Money) error {
	p.Kind, p.Version, p.Previous, p.PayloadID, p.Comments = "delete", p.Version+1, previous, "", ""
	_, answer, err := b.order(ctx, r, "Clearing away: order "+p.Number+" is cancelled.", p)
	if err != nil {
		return err
	}
	r.expect("The order is cancelled afterwards", "200", code(answer))
	return b.expectAvailable(ctx, r, "Credit available, as before", before)
}

func (b *Bench) expectAvailable(ctx context.Context, r *TrialResult, what string, want Money) error {
	available, err := b.Look.Available(ctx)
	if err != nil {
		return err
	}
	r.expect(what, FormatMoney(want), FormatMoney(available))
	return nil
}

// expectOne checks that there is one order of the number, in that state and with that total.
func (b *Bench) expectOne(ctx context.Context, r *TrialResult, p purchase, state string, total Money) error {
	found, err := b.Look.Orders(ctx, p.Number)
	if err != nil {
		return err
	}
	seen := "none"
	if len(found) == 1 {
		seen = fmt.Sprintf("1, %s, %s", found[0].State, FormatMoney(found[0].Total))
	} else if len(found) > 1 {
		seen = fmt.Sprint(len(found))
	}
	r.expect("Orders with the number "+p.Number, fmt.Sprintf("1, %s, %s", state, FormatMoney(total)), seen)
	return nil
}

func code(a Answer) string {
	if a.Code == 0 {
		return "no answer"
	}
	return fmt.Sprint(a.Code)
}

func subtract(a, b Money) Money {
	x, errX := rat(a.Value)
	y, errY := rat(b.Value)
	if errX != nil || errY != nil {
		return Money{}
	}
	difference, err := rounded(new(big.Rat).Sub(x, y), a.Currency)
	if err != nil {
		return Money{}
	}
	return difference
}

// theCard is the number that payment processors publish for tests. It is written in parts, so that
// a search for it finds what was kept, not this program.
var theCard = strings.Join([]string{"4111", "1111", "1111", "1111"}, " ")

func hideCard(text string) string {
	return strings.ReplaceAll(text, theCard, "(a card number)")
}

// differing counts the different bodies among answers.
func differing(answers []Answer) int {
	var bodies [][]byte
	for _, a := range answers {
		if !slices.ContainsFunc(bodies, func(b []byte) bool { return bytes.Equal(a.Body, b) }) {
			bodies = append(bodies, a.Body)
		}
	}
	return len(bodies)
}
