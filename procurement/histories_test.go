package procurement_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Random histories of orders, edits, cancellations, rulings and limits over a parent and two
// children. After every step what every line holds, by itself and with those below it, what each
// order holds, and what the entries run up to must equal the recount from the kept documents.
//
// A failure names its seed; KONTOR_SEED=<seed> KONTOR_HISTORIES=1 plays that one history again.
func TestHoldsAlwaysEqualARecountFromTheDocuments(t *testing.T) {
	first := rand.Uint64()
	if text := os.Getenv("KONTOR_SEED"); text != "" {
		var err error
		if first, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("KONTOR_SEED is %q, not a seed", text)
		}
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		for _, a := range articles {
			p := catalog.Product{SKU: a.sku, Unit: a.unit, TaxClass: a.class, Hazardous: a.hazardous}
			if a.pallet {
				p.FreightClass = "pallet"
			}
			m.sell(p, map[string]string{"USD": a.usd, "JPY": a.yen, "BHD": a.d}, nil)
		}
		// Histories share the merchant and nothing else, so they are played side by side.
		var next, steps atomic.Int64
		var wait sync.WaitGroup
		histories := int64(dbtest.Histories(t, db))
		outcomes := &tally{counts: map[string]int{}}
		for range 8 {
			wait.Go(func() {
				for n := next.Add(1); n <= histories && !t.Failed(); n = next.Add(1) {
					if n >= 16 && n&(n-1) == 0 {
						// The tests' server has no autovacuum: without statistics it reads whole tables.
						if err := m.db.InTx(m.ctx, func(tx *database.Tx) error { _, err := tx.Exec(m.ctx, "ANALYZE"); return err }); err != nil {
							t.Error(err)
						}
					}
					seed := first + uint64(n) - 1
					done, err := m.playHistory(seed, outcomes)
					steps.Add(int64(done))
					if err != nil {
						t.Errorf("history of KONTOR_SEED=%d, step %d: %v", seed, done, err)
					}
				}
			})
		}
		wait.Wait()
		if n := m.failures.Load(); n > 0 {
			t.Errorf("%d accidents of ours are in the log", n)
		}
		t.Logf("%d histories, %d steps: %v", histories, steps.Load(), outcomes.counts)
		// A test that never gets anywhere would always pass; few histories may miss a rare step.
		if histories >= 500 {
			for _, must := range []string{"new 200", "new 201", "new 409", "update 200", "update 201", "update 409", "delete 200", "delete 409",
				"update 417", "release 1", "release 409", "override 1", "reject 1", "reject 409", "limit 1", "again"} {
				if outcomes.counts[must] == 0 {
					t.Errorf("no history came by %q", must)
				}
			}
		}
	})
}

// tally counts what happened in all histories.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (t *tally) add(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[what]++
}

const stepsPerHistory = 8

// history is a tree of three customers, what happened, and the recount of it.
type history struct {
	*market
	random  *rand.Rand
	members []customer
	facts   []fact
	sent    []sending
	reckon  *recount
	last    string // the last kept document that was read
}

// sending is a document with what was answered.
type sending struct {
	member int
	p      purchase
	answer told
}

func (m *market) playHistory(seed uint64, outcomes *tally) (step int, err error) {
	h := &history{market: m, random: rand.New(rand.NewPCG(seed, 1))}
	if err := h.setUp(); err != nil {
		return 0, err
	}
	for step = range stepsPerHistory {
		what, answered, err := h.step(step)
		if err == nil && answered > 0 {
			err = h.takeIn(what, answered)
		}
		if err == nil {
			err = h.compare()
		}
		if err != nil {
			return step, fmt.Errorf("%s: %w", what, err)
		}
		if answered > 0 {
			what = fmt.Sprint(what, " ", answered)
		}
		outcomes.add(what)
	}
	return stepsPerHistory, nil
}

func (h *history) setUp() error {
	currency := []string{"USD", "USD", "JPY", "BHD"}[h.random.IntN(4)]
	unit := map[string]int64{"USD": 100, "JPY": 150, "BHD": 400}[currency] // a dollar's worth, about
	h.reckon = &recount{currency: currency, refuse: h.random.IntN(3) == 0, parent: []int{-1, 0, 0}, orders: map[string]*recounted{}}
	policy := map[bool]string{true: accounts.Refuse, false: accounts.Review}[h.reckon.refuse]
	return h.db.InTx(h.ctx, func(tx *database.Tx) error {
		h.members, h.reckon.opening, h.reckon.limits = nil, nil, nil
		for i, limit := range []int64{2500, 1800, 1500} {
			o := accounts.Organisation{Name: fmt.Sprint("Member ", i), Currency: currency, OverLimit: policy}
			if i > 0 {
				o.ParentID = &h.members[0].ID
			}
			holds := 30 * unit * int64(i)
			c, err := h.join(tx, o, limit*unit, holds)
			if err != nil {
				return err
			}
			h.members, h.reckon.opening, h.reckon.limits = append(h.members, c), append(h.reckon.opening, holds), append(h.reckon.limits, limit*unit)
		}
		return nil
	})
}

// step does one thing and tells what, and what was answered; 0 for a step without a new fact.
func (h *history) step(n int) (what string, answered int, err error) {
	member := h.random.IntN(len(h.members))
	number := fmt.Sprint("PO-", h.random.IntN(2))
	kind := "new"
	known := h.keys(func(*recounted) bool { return true })
	switch dice := h.random.IntN(100); {
	case dice < 34:
	case dice < 60:
		kind = "update"
	case dice < 68:
		kind = "delete"
	case dice < 74:
		return h.again()
	case len(known) > 0 || dice >= 95:
		return h.rule(dice, member, number)
	}
	// Most changes are of an order that is there.
	if kind != "new" && h.random.IntN(8) > 0 {
		if len(known) == 0 {
			kind = "new"
		} else {
			member, number = h.pick(known)
		}
	}
	p := h.purchase(n, kind, number, h.members[member])
	if len(h.sent) > 0 && kind != "delete" && h.random.IntN(8) == 0 { // the same content in another document
		earlier := h.sent[h.random.IntN(len(h.sent))]
		member = earlier.member
		payload := p.Payload
		p = earlier.p
		p.Payload, p.Date = payload, "2026-03-11T09:00:00-05:00"
		kind = p.Kind
	}
	answer, err := h.receive(p.bytes())
	h.sent = append(h.sent, sending{member, p, answer})
	h.facts = append(h.facts, fact{member: member})
	return kind, answer.Status.Code, err
}

func (h *history) purchase(n int, kind, number string, c customer) purchase {
	p := purchase{Payload: fmt.Sprint("step-", n, "@", c.ID), From: c.ID, Kind: kind, Number: number, Currency: h.reckon.currency,
		Region: []string{"OH", "PA", "CA", "TX", ""}[h.random.IntN(5)]}
	if h.random.IntN(4) == 0 {
		p.Version = strconv.Itoa(1 + h.random.IntN(4))
	}
	if h.random.IntN(20) == 0 && kind != "delete" {
		p.Order = "blanket"
	}
	if h.random.IntN(3) == 0 {
		p.Tax = fmt.Sprint(h.random.IntN(90), ".", 5*h.random.IntN(2))
	}
	if kind == "delete" && h.random.IntN(2) == 0 {
		return p
	}
	for range 1 + h.random.IntN(4) {
		a := articles[h.random.IntN(len(articles))]
		price := a.price(p.Currency)
		switch h.random.IntN(24) {
		case 0:
			price.Mul(price, rat("1.03"))
		case 1:
			price.Mul(price, rat("0.97"))
		case 2: // about half a minor unit of a line
			price.Sub(price, rat("0.0001"))
		}
		quantity := strconv.FormatInt(1+h.random.Int64N(a.most), 10)
		if h.random.IntN(5) == 0 {
			quantity += ".5"
		}
		p.Items = append(p.Items, purchaseItem{a.sku, quantity, a.unit, price.FloatString(7)})
	}
	return p
}

// again sends a document's very bytes once more: what had an effect is only answered.
func (h *history) again() (string, int, error) {
	if len(h.sent) == 0 {
		return "nothing", 0, nil
	}
	i := h.random.IntN(len(h.sent))
	earlier := h.sent[i]
	answer, err := h.receive(earlier.p.bytes())
	h.sent[i].answer = answer
	if err != nil {
		return "again", 0, err
	}
	if earlier.answer.Status.Code >= 300 { // had none, so it is looked at anew
		h.facts = append(h.facts, fact{member: earlier.member})
		return earlier.p.Kind, answer.Status.Code, nil
	}
	if !bytes.Equal(answer.raw, earlier.answer.raw) {
		return "again", 0, fmt.Errorf("answered\n%s\nwas\n%s", answer.raw, earlier.answer.raw)
	}
	return "again", 0, nil
}

// rule lets the credit desk do something.
func (h *history) rule(dice, member int, number string) (string, int, error) {
	f := fact{member: member, number: number, desk: "limit"}
	switch {
	case dice < 86:
		f.desk = "release"
	case dice < 92:
		f.desk = "reject"
	case dice < 95:
		f.desk = "override"
	}
	if f.desk == "limit" {
		f.limit = h.reckon.limits[member] * (50 + h.random.Int64N(100)) / 100
		h.facts = append(h.facts, f)
		return f.desk, 1, h.db.InTx(h.ctx, func(tx *database.Tx) error {
			_, err := credit.SetLimit(h.ctx, tx, credit.NewLimit{Merchant: h.merchant, Line: h.members[member].line.ID, Limit: money.Of(f.limit, h.reckon.currency), Actor: "credit manager", Reason: "test", At: h.clock.Now()})
			return err
		})
	}
	// Most rulings are about something that waits.
	if waiting := h.keys(func(o *recounted) bool { return o.waits }); len(waiting) > 0 && h.random.IntN(6) > 0 {
		f.member, f.number = h.pick(waiting)
	} else if known := h.keys(func(*recounted) bool { return true }); len(known) > 0 {
		f.member, f.number = h.pick(known)
	}
	o := h.reckon.orders[fmt.Sprint(f.member, f.number)]
	if o == nil {
		return "nothing", 0, nil
	}
	var err error
	switch f.desk {
	case "reject":
		err = h.db.InTx(h.ctx, func(tx *database.Tx) error {
			_, err := h.service.Desk.RejectOrder(h.ctx, tx, h.ruling(o.object, "no", false))
			return err
		})
	default:
		err = h.release(o.object, f.desk == "override")
	}
	h.facts = append(h.facts, f)
	if fault.CodeOf(err) == fault.Conflict && err != nil {
		return f.desk, 409, nil
	}
	return f.desk, 1, err
}

// keys names the orders of a kind, in an order that is the same in every run.
func (h *history) keys(which func(*recounted) bool) []string {
	var keys []string
	for key, o := range h.reckon.orders {
		if which(o) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (h *history) pick(keys []string) (member int, number string) {
	key := keys[h.random.IntN(len(keys))]
	return int(key[0] - '0'), key[1:]
}

// takeIn reads what the last step left in the table of documents, and recounts everything.
func (h *history) takeIn(what string, answered int) error {
	f := &h.facts[len(h.facts)-1]
	if f.desk == "" {
		var kept []struct {
			ID     string `db:"id"`
			Object string `db:"object"`
			Body   string `db:"body"`
			Status int    `db:"status"`
		}
		if err := h.db.Select(h.ctx, &kept, `SELECT id, object, body, status FROM documents WHERE merchant_id = ? AND connection_id = ? AND id > ? ORDER BY id`,
			h.merchant, h.members[f.member].connection, h.last); err != nil {
			return err
		}
		if len(kept) != 1 || kept[0].Status != answered {
			return fmt.Errorf("%d documents were kept: %+v", len(kept), kept)
		}
		if strings.Contains(kept[0].Body, marketSecret) {
			return fmt.Errorf("the secret was kept")
		}
		h.last, f.object = kept[0].ID, kept[0].Object
		var err error
		if f.document, err = parseOrder(kept[0].Body); err != nil {
			return err
		}
	}
	return h.recount(what, answered)
}

// recount starts from nothing and goes through all that happened.
func (h *history) recount(what string, answered int) error {
	before := h.reckon
	fresh := &recount{currency: before.currency, refuse: before.refuse, parent: before.parent, opening: before.opening, orders: map[string]*recounted{}}
	for _, c := range h.members {
		fresh.limits = append(fresh.limits, c.line.Limit)
	}
	expected := 0
	for _, f := range h.facts {
		expected = fresh.apply(f)
	}
	h.reckon = fresh
	if expected != answered {
		return fmt.Errorf("answered %d, the recount of %d facts says %d", answered, len(h.facts), expected)
	}
	// What was approved without a person's word leaves no line of its chain below zero.
	last := h.facts[len(h.facts)-1]
	for at := last.member; at >= 0 && what != "override" && what != "limit"; at = fresh.parent[at] {
		if fresh.own(last.member) > before.own(last.member) && fresh.limits[at] < fresh.exposure(at) {
			return fmt.Errorf("an approval overdrew the line of member %d", at)
		}
	}
	return nil
}

// compare reads every line, hold and entry, and every order's state, and holds them against the
// recount.
func (h *history) compare() error {
	var lines []struct {
		ID      string `db:"id"`
		Own     int64  `db:"own_holds"`
		Tree    int64  `db:"tree_holds"`
		Limit   int64  `db:"limit_minor"`
		Entries int64  `db:"entries"`
	}
	ids := []any{h.merchant, h.members[0].line.ID, h.members[1].line.ID, h.members[2].line.ID}
	if err := h.db.Select(h.ctx, &lines, `SELECT id, own_holds, tree_holds, limit_minor, entries FROM credit_lines WHERE merchant_id = ? AND id IN (?, ?, ?)`, ids...); err != nil {
		return err
	}
	member := map[string]int{}
	for i, c := range h.members {
		member[c.line.ID] = i
	}
	type running struct{ limit, holds, entries int64 }
	sums := [3]running{}
	for _, l := range lines {
		i := member[l.ID]
		if l.Own != h.reckon.own(i) || l.Tree != h.reckon.exposure(i) || l.Limit != h.reckon.limits[i] {
			return fmt.Errorf("the line of member %d is %+v; the recount says own %d, tree %d, limit %d", i, l, h.reckon.own(i), h.reckon.exposure(i), h.reckon.limits[i])
		}
		sums[i] = running{l.Limit, l.Own, l.Entries}
	}
	if err := h.compareHolds(ids, member); err != nil {
		return err
	}
	var entries []struct {
		Line    string `db:"line_id"`
		Seq     int64  `db:"seq"`
		Part    string `db:"part"`
		Amount  int64  `db:"amount_minor"`
		Balance int64  `db:"balance_minor"`
	}
	if err := h.db.Select(h.ctx, &entries, `SELECT line_id, seq, part, amount_minor, balance_minor FROM credit_entries WHERE merchant_id = ? AND line_id IN (?, ?, ?) ORDER BY line_id, seq`, ids...); err != nil {
		return err
	}
	got := [3]running{}
	for _, e := range entries {
		sum := &got[member[e.Line]]
		sum.entries++
		part := &sum.holds
		if e.Part == credit.PartLimit {
			part = &sum.limit
		}
		if *part += e.Amount; e.Balance != *part || e.Seq != sum.entries {
			return fmt.Errorf("entry %+v of member %d runs up to %d", e, member[e.Line], *part)
		}
	}
	if got != sums {
		return fmt.Errorf("entries run up to %+v, the lines are %+v", got, sums)
	}
	return nil
}

// compareHolds checks every order's row and hold.
func (h *history) compareHolds(ids []any, member map[string]int) error {
	var holds []struct {
		Reference string `db:"reference"`
		Line      string `db:"line_id"`
		Amount    int64  `db:"amount_minor"`
		State     string `db:"state"`
	}
	if err := h.db.Select(h.ctx, &holds, `SELECT reference, line_id, amount_minor, state FROM holds WHERE merchant_id = ? AND line_id IN (?, ?, ?)`, ids...); err != nil {
		return err
	}
	type held struct {
		member int
		amount int64
	}
	want, got := map[string]held{}, map[string]held{}
	for _, o := range h.reckon.all {
		if o.held > 0 {
			want[o.object] = held{o.member, o.held}
		}
	}
	for _, hold := range holds {
		if hold.Amount > 0 && !strings.HasPrefix(hold.Reference, "opening:") {
			got[hold.Reference] = held{member[hold.Line], hold.Amount}
		}
		if (hold.State == "active") != (hold.Amount > 0) {
			return fmt.Errorf("hold %+v", hold)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Errorf("orders hold %v; the recount says %v", got, want)
	}
	var rows []struct {
		ID     string `db:"id"`
		State  string `db:"state"`
		Latest int    `db:"latest"`
		Events int    `db:"events"`
		Told   int    `db:"told"`
	}
	if err := h.db.Select(h.ctx, &rows, `SELECT o.id, o.state, o.latest, o.events,
  (SELECT count(*) FROM events e WHERE e.merchant_id = o.merchant_id AND e.object = o.id AND e.seq <= o.events) AS told
  FROM orders o WHERE o.merchant_id = ? AND o.organisation_id IN (?, ?, ?)`, h.merchant, h.members[0].ID, h.members[1].ID, h.members[2].ID); err != nil {
		return err
	}
	states := map[string]string{}
	for _, r := range rows {
		states[r.ID] = fmt.Sprint(r.State, r.Latest)
		if r.Told != r.Events {
			return fmt.Errorf("order %+v: %d events", r, r.Told)
		}
	}
	for _, o := range h.reckon.all {
		if states[o.object] != fmt.Sprint(o.state, o.latest) {
			return fmt.Errorf("order %s is %s; the recount says %s%d", o.object, states[o.object], o.state, o.latest)
		}
	}
	if len(rows) != len(h.reckon.all) {
		return fmt.Errorf("%d orders; the recount says %d", len(rows), len(h.reckon.all))
	}
	return nil
}
