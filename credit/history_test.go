package credit_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
)

// model is the credit desk a second time, as simple as possible: it keeps facts, no sums, and
// reckons everything anew from them with big integers.
type model struct {
	parents map[string]string         // by organisation
	limits  map[[2]string]int64       // by organisation and currency: the lines
	held    map[string]int64          // by reference
	where   map[string][2]string      // by reference: the line that holds it
	lines   map[[2]string]credit.Line // as the desk knows them, for their ids
	entries map[string][]credit.Entry // by line: what was read after the step before
	states  map[string]string         // of holds
	order   []string                  // references, for a reproducible choice
	orgs    []accounts.Organisation   // in the order they were made
}

// exposure sums what is held at or below the organisation.
func (m *model) exposure(organisation, currency string, below bool) *big.Int {
	sum := new(big.Int)
	for reference, amount := range m.held {
		at := m.where[reference]
		if at[1] != currency {
			continue
		}
		for o := at[0]; o != ""; o = m.parents[o] {
			if o == organisation {
				sum.Add(sum, big.NewInt(amount))
			}
			if !below {
				break
			}
		}
	}
	return sum
}

// least is the smallest availability over the organisation's chain.
func (m *model) least(organisation, currency string) *big.Int {
	var least *big.Int
	for o := organisation; o != ""; o = m.parents[o] {
		limit, has := m.limits[[2]string{o, currency}]
		if !has {
			continue
		}
		available := new(big.Int).Sub(big.NewInt(limit), m.exposure(o, currency, true))
		if least == nil || available.Cmp(least) < 0 {
			least = available
		}
	}
	return least
}

// Random histories of everything that moves a hold or a limit, over a random tree. After every
// step all that is stored must equal what the model reckons. A fourth of the histories play here:
// the rest of the time goes to those that begin with a buyer's document (package procurement).
func TestRandomHistories(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		for history := range max(dbtest.Histories(t, db)/4, 5) {
			seed := rand.Uint64()
			playHistory(d, fmt.Sprint("m-", history), seed)
			if t.Failed() {
				t.Fatalf("history of seed %d", seed)
			}
		}
	})
}

func playHistory(d desk, merchant string, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	d.merchant(merchant)
	m := &model{parents: map[string]string{}, limits: map[[2]string]int64{}, held: map[string]int64{}, where: map[string][2]string{},
		lines: map[[2]string]credit.Line{}, entries: map[string][]credit.Entry{}, states: map[string]string{}}
	for i := range 2 + random.IntN(5) {
		parent := ""
		if i > 0 && random.IntN(5) > 0 {
			parent = m.orgs[random.IntN(i)].ID
		}
		o := d.organisationOf(merchant, fmt.Sprint("o", i), parent)
		m.parents[o.ID] = parent
		m.orgs = append(m.orgs, o)
	}
	for step := range 20 {
		m.step(d, random, step)
		m.compare(d, merchant)
		if d.Failed() {
			return
		}
	}
}

// step does one thing to the desk and to the model, and compares the decisions.
func (m *model) step(d desk, random *rand.Rand, step int) {
	o := m.orgs[random.IntN(len(m.orgs))]
	currency := []string{"USD", "USD", "USD", "JPY"}[random.IntN(4)]
	line := [2]string{o.ID, currency}
	amount := random.Int64N(60)
	if random.IntN(10) == 0 {
		amount *= 10_000_000_000 // past 32 bits
	}
	if _, has := m.limits[line]; !has {
		m.open(d, o, line, 4*amount, random.Int64N(30))
		return
	}
	at := noon
	switch what := random.IntN(10); {
	case what == 0: // a limit
		d.in(func(tx *database.Tx) error {
			_, err := credit.SetLimit(d.ctx, tx, credit.NewLimit{Merchant: o.Merchant, Line: m.lines[line].ID, Limit: money.Of(amount*3, currency), Actor: "a", Reason: "b", At: at})
			return err
		})
		m.limits[line] = amount * 3
	case what <= 2 && len(m.order) > 0: // an end
		reference := m.order[random.IntN(len(m.order))]
		own := m.where[reference]
		ask := credit.Ask{Organisation: m.organisation(own[0]), Reference: reference, Total: money.Zero(own[1]), At: at}
		var freed money.Amount
		d.in(func(tx *database.Tx) (err error) { freed, err = credit.Release(d.ctx, tx, ask); return err })
		if freed.Minor != m.held[reference] {
			d.Errorf("step %d: %s freed %v, held %d", step, reference, freed, m.held[reference])
		}
		if m.held[reference] > 0 {
			m.states[reference] = "released"
		}
		m.held[reference] = 0
	case what <= 5 && len(m.order) > 0: // another amount
		reference := m.order[random.IntN(len(m.order))]
		own := m.where[reference]
		m.decide(d, credit.Adjust, credit.Ask{Organisation: m.organisation(own[0]), Reference: reference, Total: money.Of(amount, own[1]),
			Override: random.IntN(15) == 0, At: at}, step)
	default:
		reference := fmt.Sprint("r", step)
		which := []use{credit.Reserve, credit.Adjust}[random.IntN(2)]
		m.decide(d, which, credit.Ask{Organisation: o, Reference: reference, Total: money.Of(amount, currency), Override: random.IntN(15) == 0, At: at}, step)
	}
}

func (m *model) organisation(id string) accounts.Organisation {
	return m.orgs[slices.IndexFunc(m.orgs, func(o accounts.Organisation) bool { return o.ID == id })]
}

func (m *model) open(d desk, o accounts.Organisation, line [2]string, limit, holds int64) {
	opening := credit.Opening{Organisation: o, Limit: money.Of(limit, line[1]), Holds: money.Of(holds, line[1]), At: noon}
	var opened credit.Line
	d.in(func(tx *database.Tx) (err error) { opened, err = credit.Open(d.ctx, tx, opening); return err })
	m.lines[line], m.limits[line] = opened, limit
	if holds > 0 {
		reference := "opening:" + opened.ID
		m.held[reference], m.where[reference], m.states[reference] = holds, line, "active"
		m.order = append(m.order, reference)
	}
}

func (m *model) decide(d desk, which use, ask credit.Ask, step int) {
	line := [2]string{ask.Organisation.ID, ask.Total.Currency}
	delta := big.NewInt(ask.Total.Minor - m.held[ask.Reference])
	least := m.least(line[0], line[1])
	fits := delta.Sign() <= 0 || delta.Cmp(least) <= 0
	var decision credit.Decision
	d.in(func(tx *database.Tx) (err error) { decision, err = which(d.ctx, tx, ask); return err })
	if (decision.Outcome == credit.Approved) != (fits || ask.Override) || decision.Available.Minor != least.Int64() {
		d.Errorf("step %d: %v more of %v: %+v", step, delta, least, decision)
	}
	if short := new(big.Int).Sub(delta, least); !fits && short.Cmp(big.NewInt(decision.Short.Minor)) != 0 {
		d.Errorf("step %d: short by %v, not %v", step, short, decision.Short)
	}
	if decision.Outcome != credit.Approved {
		return
	}
	if _, known := m.where[ask.Reference]; !known {
		m.order = append(m.order, ask.Reference)
	}
	m.held[ask.Reference], m.where[ask.Reference], m.states[ask.Reference] = ask.Total.Minor, line, "active"
	if fits && delta.Sign() > 0 && m.least(line[0], line[1]).Sign() < 0 {
		d.Errorf("step %d: an approval overdrew a line", step)
	}
}

// compare reads everything back.
func (m *model) compare(d desk, merchant string) {
	for key, known := range m.lines {
		line, err := credit.FindLine(d.ctx, d.db, merchant, known.ID)
		if err != nil {
			d.Fatal(err)
		}
		own, tree := m.exposure(key[0], key[1], false), m.exposure(key[0], key[1], true)
		if line.Limit != m.limits[key] || own.Cmp(big.NewInt(line.Own.Holds)) != 0 || tree.Cmp(big.NewInt(line.Tree.Holds)) != 0 {
			d.Errorf("line of %v is %+v, want limit %d, own %v, tree %v", key, line, m.limits[key], own, tree)
		}
		m.compareEntries(d, line, own)
	}
	var holds []struct {
		Reference string `db:"reference"`
		Line      string `db:"line_id"`
		Amount    int64  `db:"amount_minor"`
		State     string `db:"state"`
	}
	if err := d.db.Select(d.ctx, &holds, "SELECT reference, line_id, amount_minor, state FROM holds WHERE merchant_id = ?", merchant); err != nil {
		d.Fatal(err)
	}
	if len(holds) != len(m.order) {
		d.Errorf("%d holds, want %d", len(holds), len(m.order))
	}
	for _, h := range holds {
		if h.Amount != m.held[h.Reference] || h.Line != m.lines[m.where[h.Reference]].ID || h.State != m.states[h.Reference] {
			d.Errorf("hold %+v, want %d %s on %v", h, m.held[h.Reference], m.states[h.Reference], m.where[h.Reference])
		}
	}
}

// compareEntries checks that entries are only added, count without gaps, and run up to the
// figures of the line.
func (m *model) compareEntries(d desk, line credit.Line, own *big.Int) {
	entries, before := d.entries(line), m.entries[line.ID]
	if len(entries) < len(before) || !slices.Equal(entries[:len(before)], before) {
		d.Errorf("entries were changed: %+v became %+v", before, entries)
	}
	if line.Entries != int64(len(entries)) {
		d.Errorf("the line counts %d entries, there are %d", line.Entries, len(entries))
	}
	balances := map[string]*big.Int{credit.PartLimit: new(big.Int), credit.PartHolds: new(big.Int)}
	for i, e := range entries {
		balance := balances[e.Part]
		balance.Add(balance, big.NewInt(e.Amount))
		if e.Seq != int64(i+1) || balance.Cmp(big.NewInt(e.Balance)) != 0 {
			d.Errorf("entry %d is %+v, the balance should be %v", i+1, e, balance)
		}
	}
	if balances[credit.PartLimit].Cmp(big.NewInt(line.Limit)) != 0 || balances[credit.PartHolds].Cmp(own) != 0 {
		d.Errorf("entries run up to %v, the line is %+v", balances, line)
	}
	m.entries[line.ID] = entries
}
