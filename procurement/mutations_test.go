package procurement_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

// mutate spoils a document in one of the ways that lines, disks and programmers do.
func mutate(random *rand.Rand, document []byte) []byte {
	spoiled := bytes.Clone(document)
	at := func() int { return random.IntN(len(spoiled)) }
	for range 1 + random.IntN(3) {
		if len(spoiled) < 2 {
			return spoiled
		}
		switch from := at(); random.IntN(7) {
		case 0: // cut off
			spoiled = spoiled[:from]
		case 1: // a part twice
			to := min(from+random.IntN(400), len(spoiled))
			spoiled = append(bytes.Clone(spoiled[:to]), spoiled[from:]...)
		case 2: // a part missing
			spoiled = append(bytes.Clone(spoiled[:from]), spoiled[min(from+random.IntN(60), len(spoiled)):]...)
		case 3: // bits
			spoiled[from] ^= 1 << random.IntN(8)
		case 4: // any byte, zero and broken UTF-8 among them
			spoiled[from] = byte(random.IntN(256))
		case 5: // an element twice
			lines := bytes.SplitAfter(spoiled, []byte("\n"))
			i := random.IntN(len(lines))
			lines = append(lines[:i+1], lines[i:]...)
			spoiled = bytes.Join(lines, nil)
		default: // a number that isn't meant
			digits := []byte("9999999999999999999")
			i := bytes.IndexAny(spoiled[from:], "0123456789")
			if i >= 0 {
				value := [][]byte{digits, []byte("-1"), []byte("0"), []byte("1e9"), []byte("0.00000000000000001"), []byte("1,5")}[random.IntN(6)]
				spoiled = append(append(bytes.Clone(spoiled[:from+i]), value...), spoiled[from+i+1:]...)
			}
		}
	}
	return spoiled
}

// Whatever arrives gets a well-formed answer that isn't our fault, is kept, and has either its
// whole effect or none.
func TestASpoiledOrderHasItsWholeEffectOrNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		m.sellCents()
		c := m.customer("Buyer", nil, 1_000_000_000_00, 0)
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 0))
		codes := map[int]int{}
		tables := []string{"orders", "order_versions", "order_lines", "events", "deliveries", "holds", "credit_entries", "inbox", "documents"}
		counts := func() map[string]int {
			n := map[string]int{}
			for _, table := range tables {
				n[table] = m.count(`SELECT count(*) FROM ` + table + ` WHERE merchant_id = '` + m.merchant + `'`)
			}
			return n
		}
		before := counts()
		// What a spoiling leads to is a matter of chance, so it goes on until everything happened.
		everything := func() bool { return codes[200] > 0 && codes[406] > 0 && codes[400] > 0 }
		for i := 0; i < 200 || i < 2000 && !everything(); i++ {
			// No spoiling may turn one document's number into another's: that would be a good repeat.
			number := fmt.Sprintf("%016x", random.Uint64())
			p := cents(c, "p"+number+"@buyer.example", "PO-"+number, "1234")
			p.Region, p.Tax = "OH", "0.89"
			p.Items = append(p.Items, purchaseItem{"CENT", "77.5", "EA", "0.01"})
			document := mutate(random, p.bytes())
			answer, err := m.receive(document)
			codes[answer.Status.Code]++
			after := counts()
			if err != nil || answer.Status.Code == 0 || answer.Status.Code >= 500 || m.failures.Load() > 0 {
				t.Fatalf("seed %d, document %d: answered %+v, %v\n%s", seed, i, answer.Status, err, document)
			}
			if after["documents"] != before["documents"]+1 {
				t.Errorf("seed %d, document %d: answered %+v, %d more documents are kept", seed, i, answer.Status, after["documents"]-before["documents"])
			}
			for _, table := range tables[:len(tables)-1] {
				grown := after[table] - before[table]
				if table == "order_lines" && grown > 0 {
					grown = 1
				}
				want := 0
				if answer.Status.Code < 300 {
					want = 1
				}
				if table == "deliveries" && answer.Status.Code == 201 {
					want = 4 // the buyer's, and three mails to the credit contact
				}
				// What waits for its price holds nothing, a change or an end of nothing is refused.
				if waits := answer.Status.Code == 201 && grown == 0 && (table == "holds" || table == "credit_entries"); grown != want && !waits {
					t.Errorf("seed %d, document %d: answered %+v, %d rows more in %s\n%s", seed, i, answer.Status, grown, table, document)
				}
			}
			before = after
			if t.Failed() {
				return
			}
		}
		m.addsUpAll(c)
		if !everything() {
			t.Errorf("seed %d: answered %v", seed, codes)
		}
	})
}

// addsUpAll is balanced for a customer with many orders.
func (m *market) addsUpAll(c customer) {
	m.Helper()
	m.balanced(c, int64(m.count(`SELECT CAST(coalesce(sum(total_minor), 0) AS BIGINT) FROM orders WHERE merchant_id = ? AND organisation_id = ? AND state = 'approved'`,
		m.merchant, c.ID)))
}

// The parser doesn't look into a DOCTYPE or a comment, and PostgreSQL takes neither broken UTF-8
// nor a zero.
func TestBytesThatAreNoCharactersAreRefusedWhereverTheyStand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		m.sellCents()
		c := m.customer("Buyer", nil, 1_000_000_00, 0)
		for i, place := range []string{"1.2.050", "<Header>", "Dock 1", "http"} {
			for _, bad := range []string{"\xff", "\x00", "\xc3"} {
				p := cents(c, "p", "PO", "100000")
				p.Region = "OH"
				body := bytes.Replace(p.bytes(), []byte(place), []byte("<!--"+bad+"-->"+place), 1)
				if place == "1.2.050" || place == "http" {
					body = bytes.Replace(p.bytes(), []byte(place), []byte(place+bad), 1)
				}
				answer, err := m.receive(body)
				if err != nil || answer.Status.Code != 406 || m.failures.Load() > 0 {
					t.Errorf("%d, %q: %+v, %v", i, bad, answer.Status, err)
				}
			}
		}
		if n := m.count(`SELECT count(*) FROM documents WHERE merchant_id = ?`, m.merchant); n != 12 {
			t.Errorf("%d documents are kept", n)
		}
	})
}
