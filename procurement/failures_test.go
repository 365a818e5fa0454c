package procurement_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/procurement"
)

func wrong(payload string, pairs ...string) []byte {
	return po(payload, "A-1", append([]string{"tide&amp;lantern", "guessed"}, pairs...)...)
}

// rows is the number of rows of a merchant in one table.
func (r *rig) rows(table, merchant string) (n int) {
	r.Helper()
	if err := r.db.Get(r.ctx, &n, `SELECT count(*) FROM `+table+` WHERE merchant_id = ?`, merchant); err != nil {
		r.Fatal(err)
	}
	return n
}

// attempts posts wrong secrets at once, and tells how often each status was answered.
func (r *rig) attempts(merchant string, n, atOnce int, body func(i int) []byte) map[int]int {
	r.Helper()
	var mu sync.Mutex
	codes := map[int]int{}
	var group sync.WaitGroup
	next := make(chan int)
	for range atOnce {
		group.Go(func() {
			for i := range next {
				a := r.post(merchant, body(i))
				mu.Lock()
				codes[a.code]++
				mu.Unlock()
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
	return codes
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestWrongSecretsAtSpeedKeepNobodyOut(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		const guesses, good = 500, 40
		before := heap()
		stop := make(chan map[int]int)
		// The good buyer has the very name that is guessed at.
		go func() {
			stop <- r.attempts(merchant, good, 2, func(i int) []byte { return po(fmt.Sprint("good-", i), fmt.Sprint("G-", i)) })
		}()
		codes := r.attempts(merchant, guesses, guesses, func(i int) []byte { return wrong(fmt.Sprint("w", i)) })
		if codes[401] != 20 || codes[560] != guesses-20 {
			t.Errorf("wrong secrets were answered %v, want 20 times 401 and then 560", codes)
		}
		if codes := <-stop; codes[200] != good {
			t.Errorf("the good buyer was answered %v", codes)
		}
		if n := r.rows("sender_failures", merchant); n != 1 {
			t.Errorf("%d rows count one sender", n)
		}
		if n := r.rows("documents", merchant); n != good+20 {
			t.Errorf("%d documents are kept, want %d and 20 of the guesser", n, good)
		}
		if after := heap(); after > before+32<<20 {
			t.Errorf("the heap grew from %d to %d", before, after)
		}
		a := r.post(merchant, wrong("w"))
		if a.code != 560 || !strings.Contains(a.detail, "try again later") {
			t.Errorf("%d %s", a.code, a.detail)
		}
		r.expose("good-1", fixtureSecret, "guessed")
	})
}

func TestTheWindowOfWrongSecretsMoves(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		n := 0
		try := func(want ...int) {
			t.Helper()
			for _, code := range want {
				n++
				if a := r.post(merchant, wrong(fmt.Sprint("w", n))); a.code != code {
					t.Errorf("attempt %d: %d, want %d", n, a.code, code)
				}
			}
		}
		times := func(n, code int) (list []int) {
			for range n {
				list = append(list, code)
			}
			return list
		}
		try(append(times(20, 401), 560, 560)...)
		r.clock.Advance(10*time.Minute - time.Microsecond)
		try(560)
		r.wantCodes(merchant, []int{200}, po("p1", "A-1"))
		try(560) // the right one doesn't give the guesser new attempts
		r.clock.Advance(time.Microsecond)
		try(append(times(20, 401), 560)...)
		if n := r.rows("sender_failures", merchant); n != 1 {
			t.Errorf("%d rows", n)
		}
		// Neither another merchant nor another sender pays for it.
		other := r.merchant("live")
		r.connect(other, fixture())
		if a := r.post(other, wrong("w")); a.code != 401 {
			t.Errorf("another merchant: %d", a.code)
		}
	})
}

// The count must not tell what the words don't: every way not to prove oneself counts alike.
func TestEveryStrangerIsCountedAlike(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		sender := "<Sender><Credential domain=\"DUNS\"><Identity>700000001"
		for name, pairs := range map[string][]string{
			"a wrong secret":    {"tide&amp;lantern", "guessed"},
			"no secret":         {secretElement, ""},
			"an unknown sender": {sender, strings.Replace(sender, "700000001", "700000009", 1)},
			"an unknown From":   {"<Identity>700000001", "<Identity>700000009"},
			"other letters":     {"tide&amp;lantern", "guessed", `<Sender><Credential domain="DUNS">`, `<Sender><Credential domain="duns">`},
			"no Sender":         {"<Sender>", "<Sende>", "</Sender>", "</Sende>"},
		} {
			merchant := r.merchant("live")
			r.connect(merchant, fixture())
			codes := r.attempts(merchant, 25, 1, func(i int) []byte { return po(fmt.Sprint("w", i), "A-1", pairs...) })
			if codes[401] != 20 || codes[560] != 5 {
				t.Errorf("%s: %v", name, codes)
			}
		}
		// A right secret for another's buyer is no guess.
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		r.connect(merchant, link{from: []procurement.Identity{id("DUNS", "700000002")}, secret: "another lamp"})
		codes := r.attempts(merchant, 25, 1, func(i int) []byte {
			return po(fmt.Sprint("w", i), "A-1", sender, strings.Replace(sender, "700000001", "700000002", 1), "tide&amp;lantern", "another lamp")
		})
		if codes[403] != 25 || r.rows("sender_failures", merchant) != 0 {
			t.Errorf("a right secret: %v, %d rows", codes, r.rows("sender_failures", merchant))
		}
		// Merchants that don't exist have no rows.
		if codes := r.attempts("nobody", 25, 5, func(i int) []byte { return wrong(fmt.Sprint("w", i)) }); codes[401] != 25 || r.rows("sender_failures", "nobody") != 0 {
			t.Errorf("nobody: %v", codes)
		}
	})
}

func TestMadeUpSendersFillNoTable(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		sender := "<Sender><Credential domain=\"DUNS\"><Identity>"
		codes := r.attempts(merchant, 1000, 20, func(i int) []byte {
			return wrong(fmt.Sprint("w", i), sender+"700000001", fmt.Sprint(sender, "made-up-", i))
		})
		if codes[401]+codes[560] != 1000 {
			t.Errorf("answered %v", codes)
		}
		if n := r.rows("sender_failures", merchant); n > 256 || n < 200 {
			t.Errorf("%d rows", n)
		}
		r.wantCodes(merchant, []int{200}, po("p1", "A-1"))
	})
}

// One document could guess many times, and each credential costs a look into the database.
func TestOneDocumentIsNotManyGuesses(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		credential := func(n int, secret string) string {
			return strings.Repeat(`<Credential domain="DUNS"><Identity>700000001</Identity>`+secret+`</Credential>`, n)
		}
		with := func(payload string, n int) []byte {
			return wrong(payload, "<UserAgent>", credential(n-1, "<SharedSecret>guessed</SharedSecret>")+"<UserAgent>")
		}
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		r.wantCodes(merchant, []int{400, 401, 401, 560, 560}, with("w1", 17), with("w2", 16), with("w3", 4), with("w4", 1), with("w5", 16))
		merchant = r.merchant("live")
		r.connect(merchant, fixture())
		r.wantCodes(merchant, []int{400}, po("p1", "A-1", "</From>", credential(16, "")+"</From>"))
		r.wantCodes(merchant, []int{200}, po("p1", "A-1", "</From>", credential(15, "")+"</From>"))
	})
}

func TestWrongSecretsFromElsewhereAreCountedApart(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		from := func(address string, n int) int {
			t.Helper()
			ctx := procurement.WithClient(r.ctx, address)
			return r.read(r.service.Receive(ctx, merchant, "text/xml", wrong(fmt.Sprint(address, n)))).code
		}
		for n := range 20 {
			if code := from("192.0.2.1", n); code != 401 {
				t.Errorf("attempt %d: %d", n+1, code)
			}
		}
		if here, there := from("192.0.2.1", 20), from("198.51.100.7", 0); here != 560 || there != 401 {
			t.Errorf("answered %d here and %d elsewhere", here, there)
		}
		for n := range 300 {
			from(fmt.Sprint("203.0.113.", n), 0)
		}
		if n := r.rows("sender_failures", merchant); n > 64 {
			t.Errorf("%d rows count one sender", n)
		}
	})
}
