package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/config"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/simulators"
)

// archive writes rows of any age. Every row has a name, which says what shall become of it: those
// that begin with "stays" stay.
type archive struct {
	*testing.T
	db  *database.DB
	now time.Time
	row int64
}

func (a *archive) exec(query string, args ...any) {
	a.Helper()
	if err := a.db.InTx(context.Background(), func(tx *database.Tx) error {
		_, err := tx.Exec(context.Background(), query, args...)
		return err
	}); err != nil {
		a.Fatalf("%s: %v", query, err)
	}
}

func (a *archive) ago(days int) database.Time { return database.At(a.now.AddDate(0, 0, -days)) }

// id is one that was made so many days ago.
func (a *archive) id(kind string, days int) string {
	a.row++
	return database.FirstID(kind, a.now.AddDate(0, 0, -days).Add(time.Duration(a.row)*time.Millisecond))
}

func (a *archive) merchant(id string) {
	a.exec(`INSERT INTO merchants (id, account, mode, name, time_zone, currency, shop_url, tax_rates, freight, created_at, updated_at)
VALUES (?, 'a', 'test', 'Name', 'UTC', 'USD', 'http://x', '[]', '{}', ?, ?)`, id, a.ago(0), a.ago(0))
	a.exec(`INSERT INTO organisations (merchant_id, id, external_id, name, currency, terms_days, over_limit, price_policy, created_at, updated_at)
VALUES (?, 'org', 'org', 'Org', 'USD', 30, 'review', 'best_of', ?, ?)`, id, a.ago(0), a.ago(0))
	a.exec(`INSERT INTO connections (merchant_id, id, external_id, organisation_id, protocol, settings, created_at, updated_at)
VALUES (?, 'con', 'con', 'org', 'cxml', '{}', ?, ?)`, id, a.ago(0), a.ago(0))
}

func (a *archive) document(merchant, name, connection, object string, days int) {
	id := a.id("doc", days)
	a.exec(`INSERT INTO documents (merchant_id, id, direction, type, connection_id, object, status, note, body, answer, month, at)
VALUES (?, ?, 'in', 'OrderRequest', ?, ?, 200, ?, '<cXML/>', '<cXML/>', ?, ?)`, merchant, id, connection, object, name, a.ago(days).Format("2006-01"), a.ago(days))
	a.exec(`INSERT INTO attachments (merchant_id, document_id, position, content_id, name, media_type, size, sha256, body)
VALUES (?, ?, 1, 'c', ?, 'text/plain', 1, '', ?)`, merchant, id, name+" attachment", []byte("x"))
}

func (a *archive) event(merchant, name, state string, days int) {
	object := a.id("ord", days)
	a.exec(`INSERT INTO events (merchant_id, object, seq, kind, payload, month, at) VALUES (?, ?, 1, ?, '{}', ?, ?)`,
		merchant, object, name, a.ago(days).Format("2006-01"), a.ago(days))
	for _, destination := range []string{"cxml:con", "mail:desk"} {
		a.exec(`INSERT INTO deliveries (merchant_id, object, seq, destination, state, run_at, note, created_at, updated_at) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)`,
			merchant, object, destination, state, a.ago(days), name+" "+destination, a.ago(days), a.ago(days))
		state = "done"
	}
}

func (a *archive) session(merchant, name string, days, expired int) {
	id := a.id("ses", days)
	a.exec(`INSERT INTO sessions (merchant_id, id, connection_id, organisation_id, buyer_id, cart_id, operation, state, buyer_cookie, return_url, content,
 start_digest, visit_digest, return_digest, seen_at, expires_at, created_at) VALUES (?, ?, 'con', 'org', 'buy', 'crt', 'create', 'open', ?, '', '{}', ?, ?, ?, ?, ?, ?)`,
		merchant, id, name, []byte(id), []byte(id), []byte(id), a.ago(days), a.ago(expired), a.ago(days))
	a.document(merchant, name+" set-up", "con", id, days)
}

// quoted is a cart with a quote that was last touched so many days ago.
func (a *archive) quoted(merchant, name, state string, days, touched int) {
	a.cart(merchant, name, days, days)
	a.exec(`INSERT INTO quotes (merchant_id, cart_id, state, valid_until, prices, created_at, updated_at)
SELECT merchant_id, id, ?, '', '', ?, ? FROM carts WHERE merchant_id = ? AND content = ?`, state, a.ago(days), a.ago(touched), merchant, name)
}

func (a *archive) cart(merchant, name string, days, touched int) {
	id := a.id("crt", days)
	a.exec(`INSERT INTO carts (merchant_id, id, organisation_id, currency, state, content, created_at, updated_at) VALUES (?, ?, 'org', 'USD', 'frozen', ?, ?, ?)`,
		merchant, id, name, a.ago(days), a.ago(touched))
	a.exec(`INSERT INTO cart_edits (merchant_id, organisation_id, digest, cart_id) VALUES (?, 'org', ?, ?)`, merchant, name+" edit", id)
}

func (a *archive) request(merchant, name, scope string, days int) {
	a.exec(`INSERT INTO inbox (merchant_id, scope, key, hash, created_at) VALUES (?, ?, ?, ?, ?)`, merchant, scope, name, []byte("h"), a.ago(days))
}

func (a *archive) audit(merchant, name string, days int) {
	a.exec(`INSERT INTO audit (merchant_id, id, at, actor, action, object, reason, was, became) VALUES (?, ?, ?, 'a', 'a', 'o', ?, '', '')`,
		merchant, a.id("aud", days), a.ago(days), name)
}

func (a *archive) mail(merchant, name, mail, task string, days int) {
	a.exec(`INSERT INTO mails (merchant_id, id, object, seq, destination, recipient, subject, body, state, created_at) VALUES (?, ?, ?, 1, 'mail:credit', '', '', ?, ?, ?)`,
		merchant, a.id("mai", days), name, name+" mail", mail, a.ago(days))
	a.exec(`INSERT INTO tasks (merchant_id, id, object, fact, seq, event, organisation_id, number, why, state, created_at) VALUES (?, ?, ?, 'refusal:1', 1, '', 'org', '', ?, ?, ?)`,
		merchant, a.id("tsk", days), name, name+" task", task, a.ago(days))
}

func (a *archive) failure(merchant string, sender, days int) {
	a.exec(`INSERT INTO sender_failures (merchant_id, sender, client, window_start, failures) VALUES (?, ?, 1, ?, 1)`, merchant, sender, a.ago(days))
}

// names are all rows that there are of a merchant.
func (a *archive) names(merchant string) (names []string) {
	a.Helper()
	for _, query := range []string{`SELECT note FROM documents`, `SELECT name FROM attachments`, `SELECT kind FROM events`, `SELECT note FROM deliveries`,
		`SELECT buyer_cookie FROM sessions`, `SELECT content FROM carts`, `SELECT digest FROM cart_edits`, `SELECT key FROM inbox`, `SELECT reason FROM audit`,
		`SELECT CASE sender WHEN 1 THEN 'goes: failure' ELSE 'stays: failure' END FROM sender_failures`, `SELECT number FROM orders`,
		`SELECT body FROM mails`, `SELECT why FROM tasks`} {
		var some []string
		if err := a.db.Select(a.Context(), &some, query+` WHERE merchant_id = ?`, merchant); err != nil {
			a.Fatal(err)
		}
		names = append(names, some...)
	}
	slices.Sort(names)
	return names
}

// fill writes something of every kind for a merchant, on both sides of every age.
func (a *archive) fill(merchant string) {
	a.merchant(merchant)
	for _, side := range []struct {
		name string
		over int
	}{{"goes", 1}, {"stays", -1}} {
		n := func(what string) string { return side.name + ": " + what }
		a.document(merchant, n("order's document"), "con", a.id("ord", 9000), 3653+side.over)
		a.document(merchant, n("refused document"), "con", "", 3653+side.over)
		a.document(merchant, n("stranger's document"), "", "", 90+side.over)
		a.event(merchant, n("event told"), "done", 3653+side.over)
		a.event(merchant, n("event given up"), "dead", 3653+side.over)
		a.event(merchant, n("event nobody wanted"), "skipped", 3653+side.over)
		a.session(merchant, n("visit"), 400+side.over, 400+side.over)
		a.cart(merchant, n("cart"), 401, 400+side.over)
		a.quoted(merchant, n("cart with a quote"), "final", 500, 400+side.over)
		a.request(merchant, n("document's key"), "cxml:con", 90+side.over)
		a.request(merchant, n("command's key"), "cli", 90+side.over)
		a.request(merchant, n("answer"), "api:key", 3+side.over)
		a.mail(merchant, n("told"), "sent", "done", 400+side.over)
	}
	a.failure(merchant, 1, 2)
	a.failure(merchant, 2, 0)
	a.event(merchant, "stays: event to be told", "ready", 4000)
	a.event(merchant, "stays: event being told", "running", 4000)
	a.session(merchant, "stays: visit that is open", 300, -1)
	a.cart(merchant, "stays: cart that is open", 5000, 0)
	a.mail(merchant, "stays: open", "sending", "open", 5000)
	a.quoted(merchant, "stays: cart with a quote to come", "pending", 500, 500)
	a.audit(merchant, "stays: audit", 9000)
	a.exec(`INSERT INTO orders (merchant_id, id, organisation_id, number, number_folded, source, state, currency, in_force, latest, total_minor, decision, placed_at, updated_at)
VALUES (?, ?, 'org', 'stays: order', 'n', 'punchout', 'approved', 'USD', 0, 1, 1, '{}', ?, ?)`, merchant, a.id("ord", 9000), a.ago(9000), a.ago(9000))
}

func (a *archive) sweeper() *sweeper {
	a.Helper()
	cfg, err := config.Read()
	if err != nil {
		a.Fatal(err)
	}
	return newSweeper(cfg, a.db, clock.At(a.now), slog.New(slog.DiscardHandler))
}

func newArchive(t *testing.T, db *database.DB) *archive {
	return &archive{T: t, db: db, now: time.Now().UTC().Truncate(time.Second)}
}

func staying(names []string) (stay []string) {
	for _, name := range names {
		if strings.HasPrefix(name, "stays") {
			stay = append(stay, name)
		}
	}
	return stay
}

func TestWhatIsOverAgeIsDeletedAndNothingElse(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		t.Setenv("KONTOR_DATABASE_URL", address)
		t.Setenv("KONTOR_SECRET_KEY", storyKey)
		db, err := database.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		a := newArchive(t, db)
		a.fill("brackwater")
		want := staying(a.names("brackwater"))
		if all := a.names("brackwater"); len(all)-len(want) != 28 {
			t.Fatalf("%d of %d rows stay", len(want), len(all))
		}

		// Counting deletes nothing, and the doctor says the same.
		before := a.names("brackwater")
		counted := works(t, "retention", "--dry-run")
		for _, line := range []string{"visits 400 days 4", "strangers 90 days 1", "documents 3653 days 2", "events 3653 days 3",
			"requests 90 days 2", "answers 3 days 1", "mails 400 days 2", "audit for ever 0", "failures 1 day 1"} {
			says(t, "the count", strings.Join(strings.Fields(counted), " "), "brackwater "+line)
		}
		if !slices.Equal(a.names("brackwater"), before) {
			t.Error("a dry run deleted rows")
		}
		_, out, _ := command(t, "doctor")
		line(t, out, "warn", "retention", "visits of brackwater", "kontor retention")

		says(t, "the sweep", strings.Join(strings.Fields(works(t, "retention")), " "), "brackwater visits 4", "brackwater documents 2", "brackwater events 3")
		if got := a.names("brackwater"); !slices.Equal(got, want) {
			t.Errorf("what stays is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		is(t, "a second sweep", strings.Join(strings.Fields(works(t, "retention")), " "), "MERCHANT KIND DELETED")
		_, out, _ = command(t, "doctor")
		line(t, out, "ok", "retention")

		// The ages are settings, and every merchant has its turn.
		a.fill("another")
		t.Setenv("KONTOR_KEEP_AUDIT", "8999")
		t.Setenv("KONTOR_KEEP_EVENTS", "0")
		t.Setenv("KONTOR_KEEP_VISITS", "0")
		t.Setenv("KONTOR_KEEP_DOCUMENTS", "0")
		works(t, "retention")
		if slices.Contains(a.names("brackwater"), "stays: audit") {
			t.Error("KONTOR_KEEP_AUDIT deletes nothing")
		}
		if got := a.names("another"); !slices.Contains(got, "goes: event told") || !slices.Contains(got, "goes: visit") || !slices.Contains(got, "goes: order's document") ||
			slices.Contains(got, "goes: answer") || slices.Contains(got, "goes: stranger's document") {
			t.Errorf("kept for ever: %q", got)
		}
		// Documents of visits go with all others at the latest.
		t.Setenv("KONTOR_KEEP_DOCUMENTS", "100")
		works(t, "retention")
		if got := a.names("another"); slices.Contains(got, "stays: visit set-up") || !slices.Contains(got, "stays: visit") {
			t.Errorf("after 100 days there are %q", got)
		}
	})
}

func TestAgesThatAreTooLowAreRefused(t *testing.T) {
	t.Setenv("KONTOR_DATABASE_URL", dbtest.SQLiteURL(t))
	for name, value := range map[string]string{"KONTOR_KEEP_REQUESTS": "89", "KONTOR_KEEP_ANSWERS": "2", "KONTOR_KEEP_VISITS": "30", "KONTOR_KEEP_DOCUMENTS": "-1",
		"KONTOR_KEEP_EVENTS": "40000", "KONTOR_KEEP_STRANGERS": "ten", "KONTOR_KEEP_AUDIT": "-5"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			fails(t, 1, []string{"retention"}, strings.TrimPrefix(name, "KONTOR_"))
		})
	}
}

// Several processes sweep at once, one is stopped in the middle, and others write meanwhile: every
// row is deleted once, and nobody waits long.
func TestSeveralSweepsAtOnce(t *testing.T) {
	const rows = 2500
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		a := newArchive(t, db)
		a.merchant("brackwater")
		if err := db.InTx(t.Context(), func(tx *database.Tx) error {
			var documents, attachments [][]any
			for range rows {
				id := a.id("doc", 4000)
				documents = append(documents, []any{"brackwater", id, "in", "OrderRequest", 200, strings.Repeat("x", 4000), "", "2015-01", a.ago(4000)})
				attachments = append(attachments, []any{"brackwater", id, 1, "", "", "", 1, "", []byte("x")})
			}
			return errors.Join(tx.InsertAll(t.Context(), `documents (merchant_id, id, direction, type, status, body, answer, month, at)`, documents),
				tx.InsertAll(t.Context(), `attachments (merchant_id, document_id, position, content_id, name, media_type, size, sha256, body)`, attachments))
		}); err != nil {
			t.Fatal(err)
		}
		stopped, stop := context.WithCancel(t.Context())
		stop()
		if n, err := a.sweeper().delete(stopped, "brackwater", a.sweeper().kinds[2]); err == nil || n != 0 {
			t.Errorf("a sweep that is stopped deleted %d, %v", n, err)
		}
		var mu sync.Mutex
		var deleted int64
		var group sync.WaitGroup
		for range 3 {
			s := a.sweeper()
			group.Go(func() {
				done, err := s.sweep(t.Context())
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, d := range done {
					deleted += d.deleted
				}
			})
		}
		ended := make(chan struct{})
		go func() { group.Wait(); close(ended) }()
		longest, writes := time.Duration(0), 0
		for over := false; !over; writes++ {
			start := time.Now()
			a.request("brackwater", fmt.Sprint("write ", writes), "cxml:con", 0)
			longest = max(longest, time.Since(start))
			select {
			case <-ended:
				over = true
			default:
			}
		}
		if deleted != rows || len(a.names("brackwater")) != writes {
			t.Errorf("%d rows were deleted, %d are left, want %d and %d", deleted, len(a.names("brackwater")), rows, writes)
		}
		// How long one waited is a matter of the machine; docs/benchmarks.md has a figure.
		t.Logf("%d writes meanwhile, the longest took %s", writes, longest)
	})
}

// An order outlives everything that led to it.
func TestAnOrderStaysWhenAllAroundItIsGone(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		home := s.cartHome("northfold")
		s.order("northfold", home.ID)
		confirmed := s.becomes("northfold", home.ID, simulators.Confirmed)
		order := s.kontors(confirmed.OrderNumber)
		until(t, "the delivery is recorded", func() bool {
			var n int
			err := s.db.Get(t.Context(), &n, `SELECT count(*) FROM deliveries WHERE state IN ('ready', 'running')`)
			return err == nil && n == 0
		})
		if _, err := newSweeper(s.config, s.db, clock.At(time.Now().AddDate(11, 0, 0)), s.system.log).sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"documents", "attachments", "events", "deliveries", "sessions", "carts", "cart_edits", "inbox"} {
			var n int
			if err := s.db.Get(t.Context(), &n, `SELECT count(*) FROM `+table); err != nil || n != 0 {
				t.Errorf("%d rows are left in %s, %v", n, table, err)
			}
		}
		after := s.kontors(confirmed.OrderNumber)
		is(t, "the order's total", after.Total.Format(), order.Total.Format())
		is(t, "the order's lines", len(after.Lines), len(order.Lines))
		s.left("northfold", "$25,936.82")
		s.desk(t, "/orders/"+order.ID, confirmed.OrderNumber, "$1,332.18")
		again := s.cartHome("northfold")
		is(t, "the next order", s.order("northfold", again.ID).Code, 200)
	})
}

// desk opens a page of the credit desk, which must be there and say the parts.
func (s *story) desk(t *testing.T, page string, parts ...string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := http.Client{Jar: jar}
	for _, address := range []string{s.staffURL, s.config.PublicURL + "/m/" + demoMerchant + "/console" + page} {
		response, err := browser.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%s answers %s", address, response.Status)
		}
		if address != s.staffURL {
			says(t, "the page "+page, string(body), parts...)
		}
	}
}
