package procurement_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// atOnce sends all documents at the same moment and gives the answers in their order.
func (m *market) atOnce(documents ...[]byte) []told {
	m.Helper()
	answers, start := make([]told, len(documents)), make(chan struct{})
	var wait sync.WaitGroup
	for i, document := range documents {
		wait.Go(func() {
			<-start
			var err error
			if answers[i], err = m.receive(document); err != nil {
				m.Errorf("an answer can't be read: %v\n%s", err, answers[i].raw)
			}
		})
	}
	close(start)
	wait.Wait()
	if n := m.failures.Load(); n > 0 {
		m.Fatalf("%d accidents of ours are in the log", n)
	}
	return answers
}

func codesOf(answers []told) map[int]int {
	codes := map[int]int{}
	for _, a := range answers {
		codes[a.Status.Code]++
	}
	return codes
}

func (m *market) count(query string, args ...any) int {
	m.Helper()
	var n int
	if err := m.db.Get(m.ctx, &n, query, args...); err != nil {
		m.Fatal(err)
	}
	return n
}

// balanced checks that a customer's line holds what its approved orders come to, and that the
// entries run up to it.
func (m *market) balanced(c customer, want int64) {
	m.Helper()
	line := m.find(c.line)
	rows := m.count(`SELECT CAST(coalesce(sum(amount_minor), 0) AS BIGINT) FROM holds WHERE merchant_id = ? AND line_id = ?`, m.merchant, c.line.ID)
	entries := m.count(`SELECT CAST(coalesce(sum(amount_minor), 0) AS BIGINT) FROM credit_entries WHERE merchant_id = ? AND line_id = ? AND part = ?`,
		m.merchant, c.line.ID, credit.PartHolds)
	if line.Own.Holds != want || int64(rows) != want || int64(entries) != want {
		m.Errorf("the line holds %d, its holds %d, its entries %d, want %d", line.Own.Holds, rows, entries, want)
	}
}

func TestFortyOrdersAtOnceAgainstOneLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		m.sellCents()
		c := m.customer("Buyer", nil, 25_999_99, 0)
		documents := make([][]byte, 40)
		for i := range documents {
			documents[i] = cents(c, fmt.Sprint("p", i), fmt.Sprint("PO-", i), "100000").bytes()
		}
		if codes := codesOf(m.atOnce(documents...)); codes[200] != 25 || codes[201] != 15 {
			t.Errorf("answered %v, want 25 times 200 and 15 times 201", codes)
		}
		m.balanced(c, 25_000_00)
		if approved := m.count(`SELECT count(*) FROM orders WHERE merchant_id = ? AND state = 'approved'`, m.merchant); approved != 25 {
			t.Errorf("%d orders are approved", approved)
		}
	})
}

func TestFortyOrdersAtOnceOfChildrenAgainstTheParentsLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		m.sellCents()
		parent := m.customer("Parent", nil, 17_000_00, 0)
		members := []customer{parent, m.customer("East", &parent, 15_000_00, 0), m.customer("West", &parent, 15_000_00, 0)}
		documents := make([][]byte, 40)
		for i := range documents {
			documents[i] = cents(members[i%3], fmt.Sprint("p", i), fmt.Sprint("PO-", i), "100000").bytes()
		}
		if codes := codesOf(m.atOnce(documents...)); codes[200] != 17 || codes[201] != 23 {
			t.Errorf("answered %v, want 17 times 200 and 23 times 201", codes)
		}
		sum := int64(0)
		for _, c := range members {
			line := m.find(c.line)
			sum += line.Own.Holds
			m.balanced(c, line.Own.Holds)
		}
		if line := m.find(parent.line); sum != 17_000_00 || line.Tree.Holds != sum {
			t.Errorf("own holds come to %d, the tree's are %d", sum, line.Tree.Holds)
		}
	})
}

func TestTheSameOrderFiveTimesAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		m.sellCents()
		for round := range 5 {
			c := m.customer("Buyer", nil, 25_000_00, 0)
			document := cents(c, "p1", "PO-1", "100000").bytes()
			answers := m.atOnce(document, document, document, document, document)
			for _, a := range answers {
				if !bytes.Equal(a.raw, answers[0].raw) || a.Status.Code != 200 {
					t.Errorf("round %d: answers differ:\n%s\n%s", round, a.raw, answers[0].raw)
				}
			}
			m.balanced(c, 1_000_00)
			if n := m.count(`SELECT count(*) FROM orders WHERE merchant_id = ? AND organisation_id = ?`, m.merchant, c.ID); n != 1 {
				t.Errorf("round %d: %d orders", round, n)
			}
			if n := m.count(`SELECT count(*) FROM documents WHERE merchant_id = ? AND connection_id = ?`, m.merchant, c.connection); n != 1 {
				t.Errorf("round %d: %d documents", round, n)
			}
		}
	})
}

func TestTheSameNumberUnderFivePayloadIDsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		m.sellCents()
		for round, limit := range []int64{25_000_00, 500_00, 25_000_00, 500_00} { // it fits, or it waits
			c := m.customer("Buyer", nil, limit, 0)
			var documents [][]byte
			for i := range 5 {
				documents = append(documents, cents(c, fmt.Sprint("p", i), "PO-1", "100000").bytes())
			}
			want, held := 200, int64(1_000_00)
			if limit < held {
				want, held = 201, 0
			}
			if codes := codesOf(m.atOnce(documents...)); codes[want] != 5 {
				t.Errorf("round %d: answered %v", round, codes)
			}
			m.balanced(c, held)
			if n := m.count(`SELECT count(*) FROM orders WHERE merchant_id = ? AND organisation_id = ?`, m.merchant, c.ID); n != 1 {
				t.Errorf("round %d: %d orders", round, n)
			}
		}
	})
}

// Whatever comes first: the sums are right, everybody gets an answer that fits the order's state,
// and nobody waits for anybody for ever.
func TestChangeReleaseRejectionAndCancellationRace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		m.sellCents()
		parent := m.customer("Parent", nil, 1_000_000_00, 0)
		for round := range 15 {
			c := m.customer("Buyer", &parent, 2_500_00, 0)
			m.send(cents(c, "p1", "PO-1", "200000"))
			change := cents(c, "p2", "PO-1", "300000")
			change.Kind = "update"
			if a := m.send(change); a.Status.Code != 201 {
				t.Fatalf("round %d: %+v", round, a.Status)
			}
			m.setLimit(c, 4_000_00)
			order := m.order(c, "PO-1").ID

			smaller, larger, end := cents(c, "p3", "PO-1", "150000"), cents(c, "p4", "PO-1", "350000"), cents(c, "p5", "PO-1", "1")
			smaller.Kind, larger.Kind, end.Kind, end.Items = "update", "update", "delete", nil
			documents := [][]byte{smaller.bytes(), larger.bytes(), cents(c, "p6", "PO-2", "100000").bytes()}
			if round%3 > 0 {
				documents = append(documents, end.bytes())
			}
			began := time.Now()
			var desk sync.WaitGroup
			rulings := make([]error, 3)
			for i := range rulings {
				desk.Go(func() {
					if i == 2 {
						rulings[i] = m.db.InTx(m.ctx, func(tx *database.Tx) error {
							_, err := m.service.Desk.RejectOrder(m.ctx, tx, m.ruling(order, "no", false))
							return err
						})
						return
					}
					rulings[i] = m.release(order, false)
				})
			}
			answers := m.atOnce(documents...)
			desk.Wait()
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("round %d took %v", round, took)
			}
			ruled := 0
			for _, err := range rulings {
				if err == nil {
					ruled++
				} else if fault.CodeOf(err) != fault.Conflict {
					t.Errorf("round %d: a ruling failed: %v", round, err)
				}
			}
			codes := codesOf(answers)
			if codes[200]+codes[201]+codes[409] != len(answers) || ruled > 2 {
				t.Errorf("round %d: answered %v, %d rulings took effect", round, codes, ruled)
			}
			m.addsUp(c)
		}
		m.addsUp(parent)
	})
}

// addsUp checks that a line holds exactly what the versions in force come to.
func (m *market) addsUp(c customer) {
	m.Helper()
	list, err := orders.List(m.ctx, m.db, m.merchant, orders.Filter{Organisation: c.ID, Limit: 100})
	if err != nil {
		m.Fatal(err)
	}
	want := money.Zero("USD")
	var told []string
	for _, o := range list {
		full, err := orders.Find(m.ctx, m.db, m.merchant, o.ID)
		if err != nil {
			m.Fatal(err)
		}
		told = append(told, fmt.Sprint(o.Number, " ", o.State, " ", o.InForce, "/", o.Latest, " ", full.Version.Total))
		if o.State == orders.Approved {
			want, _ = want.Add(full.Version.Total)
			if full.Version.State != orders.InForce {
				m.Errorf("version %d of %s is %s", full.Version.Number, o.Number, full.Version.State)
			}
		}
		var seqs []int64
		if err := m.db.Select(m.ctx, &seqs, `SELECT seq FROM events WHERE merchant_id = ? AND object = ? ORDER BY seq`, m.merchant, o.ID); err != nil {
			m.Fatal(err)
		}
		if n := len(seqs); n == 0 || seqs[0] != 1 || seqs[n-1] != int64(n) || o.Events != int64(n) || !slices.IsSorted(seqs) {
			m.Errorf("events %v, the order counts %d", seqs, o.Events)
		}
	}
	if m.balanced(c, want.Minor); m.Failed() {
		m.Log(strings.Join(told, ", "))
	}
}
