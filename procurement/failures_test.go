package procurement_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/procurement"
	"github.com/kontorhq/kontor/server"
	"github.com/kontorhq/kontor/server/procure"
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

// behind puts the rig's service behind the program's whole server, with a proxy on this machine
// that is believed or isn't, and posts as that proxy's client.
func (r *rig) behind(trusted ...*net.IPNet) (post func(client, merchant string, body []byte) answer) {
	s := server.New(server.Config{DB: r.db, Log: slog.New(slog.DiscardHandler), TrustedProxies: trusted,
		Mount: []func(*echo.Echo){func(e *echo.Echo) { procure.Mount(e, r.service) }}})
	front := httptest.NewServer(s)
	r.Cleanup(front.Close)
	return func(client, merchant string, body []byte) answer {
		r.Helper()
		request, err := http.NewRequestWithContext(r.ctx, http.MethodPost, front.URL+"/m/"+merchant+"/cxml", bytes.NewReader(body))
		if err != nil {
			r.Fatal(err)
		}
		request.Header.Set("X-Forwarded-For", client)
		return r.read([]byte(r.fetch(request).body))
	}
}

// The address that counts is the line's, or what a trusted proxy tells; anybody else may claim
// what they like.
func TestWrongSecretsAreCountedByTheClientsAddress(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		_, loopback, err := net.ParseCIDR("127.0.0.0/8")
		if err != nil {
			t.Fatal(err)
		}
		for name, test := range map[string]struct {
			trusted   []*net.IPNet
			elsewhere int
		}{"by a trusted proxy": {[]*net.IPNet{loopback}, 401}, "by somebody": {nil, 560}} {
			merchant := r.merchant("live")
			r.connect(merchant, fixture())
			post := r.behind(test.trusted...)
			for n := range 21 {
				want := 401
				if n == 20 {
					want = 560
				}
				if a := post("192.0.2.1", merchant, wrong(fmt.Sprint("w", n))); a.code != want {
					t.Errorf("%s, attempt %d: %d", name, n+1, a.code)
				}
			}
			if a := post("198.51.100.7", merchant, wrong("w-elsewhere")); a.code != test.elsewhere {
				t.Errorf("%s: from another address %d, want %d", name, a.code, test.elsewhere)
			}
			if a := post("192.0.2.1", merchant, po("good", "A-1")); a.code != 200 {
				t.Errorf("%s: the right secret is answered %d", name, a.code)
			}
		}
	})
}

// 100 wrong set-ups a second, in the good buyer's own name and from its own address, for ten
// seconds by the clock, and once more when the window is over: each right one passes.
func TestAHundredGuessesASecondKeepNoBuyerOut(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		guesses, visits := map[int]int{}, 0
		tenSeconds := func() {
			for n := range 1000 {
				r.clock.Advance(10 * time.Millisecond)
				body := setUp(fmt.Sprint("w", len(guesses), n), "c", "a@b.example", "tide&amp;lantern", fmt.Sprint("guess ", n))
				guesses[r.read(r.service.Receive(procurement.WithClient(r.ctx, "192.0.2.1"), merchant, "text/xml", body)).code]++
				if n%100 != 0 {
					continue
				}
				visits++
				body = setUp(fmt.Sprint("good", visits), "c", "a@b.example")
				if a := r.read(r.service.Receive(procurement.WithClient(r.ctx, "192.0.2.1"), merchant, "text/xml", body)); a.code != 200 || a.start == "" {
					t.Fatalf("visit %d: %d %s", visits, a.code, a.detail)
				}
			}
		}
		tenSeconds()
		if guesses[401] != 20 || guesses[560] != 980 {
			t.Errorf("answered %v", guesses)
		}
		r.clock.Advance(10 * time.Minute)
		tenSeconds()
		if guesses[401] != 40 || guesses[560] != 1960 || r.rows("sender_failures", merchant) != 1 || r.rows("documents", merchant) != visits+40 {
			t.Errorf("answered %v, %d rows, %d documents", guesses, r.rows("sender_failures", merchant), r.rows("documents", merchant))
		}
	})
}
