package notices_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
	"github.com/kontorhq/kontor/procurement"
	"github.com/kontorhq/kontor/setup"
)

// The story's merchant, and Castelmere with 1,241.00 left of its limit on five connections that
// differ in what they want to be told.
const file = `{"kontor": 1, "merchants": [{
 "id": "brackwater", "mode": "test", "name": "Brackwater Industrial Supply, Inc.", "time_zone": "America/New_York", "currency": "USD",
 "credit_contact": {"name": "Credit desk", "email": "credit@brackwater.example", "escalation": "finance@brackwater.example"},
 "supplier_identities": [{"domain": "DUNS", "identity": "900"}],
 "products": [{"sku": "CLN-3010", "name": "Paper towels, 2-ply", "unit": "CS", "prices": [{"price": "1.0000"}]}],
 "organisations": [
  {"external_id": "castelmere", "name": "Castelmere Foods", "credit_lines": [{"limit": "15000.00", "opening_hold": "13759.00"}]},
  {"external_id": "strict", "name": "Strict Works", "over_limit": "refuse", "credit_lines": [{"limit": "1000.00"}]}],
 "connections": [
  {"external_id": "told", "organisation": "castelmere", "identities": {"from": [{"domain": "DUNS", "identity": "1"}], "sender": [{"domain": "DUNS", "identity": "1"}]}, "secrets_in": ["secret-of-the-buyer"], "settings": {"held": "201", "orders_url": "BUYER/told"}},
  {"external_id": "mute", "organisation": "castelmere", "identities": {"from": [{"domain": "DUNS", "identity": "2"}], "sender": [{"domain": "DUNS", "identity": "2"}]}, "secrets_in": ["secret-of-the-buyer"], "settings": {"held": "201"}},
  {"external_id": "mute-200", "organisation": "castelmere", "identities": {"from": [{"domain": "DUNS", "identity": "3"}], "sender": [{"domain": "DUNS", "identity": "3"}]}, "secrets_in": ["secret-of-the-buyer"], "settings": {"held": "200", "orders_url": "BUYER/told"}},
  {"external_id": "confirms", "organisation": "castelmere", "identities": {"from": [{"domain": "DUNS", "identity": "4"}], "sender": [{"domain": "DUNS", "identity": "4"}]}, "secrets_in": ["secret-of-the-buyer"], "settings": {"held": "200", "refused": "confirmation", "orders_url": "BUYER/told"}},
  {"external_id": "mute-confirms", "organisation": "castelmere", "identities": {"from": [{"domain": "DUNS", "identity": "5"}], "sender": [{"domain": "DUNS", "identity": "5"}]}, "secrets_in": ["secret-of-the-buyer"], "settings": {"held": "201", "refused": "confirmation"}},
  {"external_id": "down", "organisation": "castelmere", "identities": {"from": [{"domain": "DUNS", "identity": "6"}], "sender": [{"domain": "DUNS", "identity": "6"}]}, "secrets_in": ["secret-of-the-buyer"], "settings": {"held": "201", "confirm": "on_approval", "orders_url": "BUYER/down"}},
  {"external_id": "strict-status", "organisation": "strict", "identities": {"from": [{"domain": "DUNS", "identity": "7"}], "sender": [{"domain": "DUNS", "identity": "7"}]}, "secrets_in": ["secret-of-the-buyer"], "settings": {"refused": "status"}},
  {"external_id": "strict-confirms", "organisation": "strict", "identities": {"from": [{"domain": "DUNS", "identity": "8"}], "sender": [{"domain": "DUNS", "identity": "8"}]}, "secrets_in": ["secret-of-the-buyer"], "settings": {"refused": "confirmation", "orders_url": "BUYER/told"}}]
}]}`

// morning is a Thursday after a holiday, 8:14 AM in New York.
var morning = time.Date(2026, 11, 12, 13, 14, 0, 0, time.UTC)

// house is a merchant with its outbox; buyers' systems answer on loopback.
type house struct {
	testing.TB
	ctx     context.Context
	db      *database.DB
	clock   *clock.Clock
	desk    *checkout.Desk
	notices *notices.Service
	worker  *outbox.Worker

	mu   sync.Mutex
	told int // documents that buyers took
	down bool
}

func eachHouse(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, db *database.DB) { test(t, open(t, db)) })
}

func open(t *testing.T, db *database.DB) *house {
	t.Helper()
	h := &house{TB: t, ctx: context.WithoutCancel(t.Context()), db: db, clock: clock.At(morning), down: true}
	buyer := httptest.NewServer(http.HandlerFunc(h.buyer))
	t.Cleanup(buyer.Close)
	keys, err := accounts.NewKeys([]byte(strings.Repeat("k", 32)))
	h.must(err)
	_, err = setup.Apply(h.ctx, db, keys, h.clock, []byte(strings.ReplaceAll(file, "BUYER", buyer.URL)), setup.Options{Actor: "test"})
	h.must(err)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	h.desk = &checkout.Desk{Clock: h.clock}
	h.notices = &notices.Service{DB: db, Clock: h.clock, Log: log, PublicURL: "https://kontor.example.net"}
	service := &procurement.Service{DB: db, Clock: h.clock, Keys: keys, Desk: h.desk, Log: log, PublicURL: "https://kontor.example.net",
		Limits: cxml.DefaultLimits, HTTP: buyer.Client()}
	h.worker = &outbox.Worker{DB: db, Clock: h.clock, Log: log, Lease: time.Minute, Poll: time.Hour, Batch: 50,
		Senders: map[string]outbox.Sender{"cxml": service.Sender(), notices.Scheme: h.notices.Sender()}}
	return h
}

// buyer answers as a procurement system does; one of them is down.
func (h *house) buyer(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.URL.Path == "/down" && h.down {
		http.Error(w, "try later, 4111 1111 1111 1111", http.StatusBadGateway)
		return
	}
	h.told++
	_, _ = io.WriteString(w, `<cXML payloadID="1" timestamp="2026-11-12T13:14:00Z"><Response><Status code="200" text="OK"/></Response></cXML>`)
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) in(fn func(tx *database.Tx) error) {
	h.Helper()
	h.must(h.db.InTx(h.ctx, fn))
}

func (h *house) exec(query string, args ...any) {
	h.Helper()
	h.in(func(tx *database.Tx) error {
		_, err := tx.Exec(h.ctx, query, args...)
		return err
	})
}

// order asks for so many cases at a dollar each, by a connection.
func (h *house) order(connection, number, kind string, quantity string, change ...func(*checkout.Wanted)) orders.Order {
	h.Helper()
	link, err := procurement.FindConnection(h.ctx, h.db, "brackwater", "ext:"+connection)
	h.must(err)
	merchant, organisation, err := accounts.FindParties(h.ctx, h.db, "brackwater", link.Organisation)
	h.must(err)
	w := checkout.Wanted{Merchant: merchant, Organisation: organisation, Connection: link.ID, Kind: kind, Number: number, Source: "punchout", Currency: "USD",
		Header: orders.Header{PayloadID: number + kind + quantity + "@buyer.example"},
		Lines:  []orders.Line{{Position: 1, Line: 1, SKU: "CLN-3010", Quantity: money.MustDecimal(quantity), Unit: "CS", BuyerPrice: money.MustDecimal("1.0000")}}}
	for _, c := range change {
		c(&w)
	}
	var placed checkout.Placed
	h.in(func(tx *database.Tx) (err error) {
		placed, err = h.desk.Place(h.ctx, tx, w)
		return err
	})
	return placed.Order
}

func (h *house) release(o orders.Order) {
	h.Helper()
	h.in(func(tx *database.Tx) error {
		_, err := h.desk.ReleaseOrder(h.ctx, tx, checkout.Ruling{Merchant: "brackwater", Order: o.ID, Actor: "credit manager", Reason: "they pay", Override: true})
		return err
	})
}

func (h *house) reject(o orders.Order, reason string) {
	h.Helper()
	h.in(func(tx *database.Tx) error {
		_, err := h.desk.RejectOrder(h.ctx, tx, checkout.Ruling{Merchant: "brackwater", Order: o.ID, Actor: "credit manager", Reason: reason})
		return err
	})
}

// work delivers all that is due.
func (h *house) work() {
	h.Helper()
	for range 100 {
		n, err := h.worker.Work(h.ctx)
		h.must(err)
		if n == 0 {
			return
		}
	}
	h.Fatal("the outbox never comes to an end")
}

// pass moves the clock in steps, as a running program would see it.
func (h *house) pass(d time.Duration) {
	h.Helper()
	for ; d > 0; d -= 30 * time.Minute {
		h.clock.Advance(min(d, 30*time.Minute))
		h.work()
	}
}

// mails are the subjects so far, oldest first.
func (h *house) mails() []notices.Mail {
	h.Helper()
	list, err := notices.Mails(h.ctx, h.db, "brackwater", "", 100)
	h.must(err)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

func (h *house) subjects(wants ...string) {
	h.Helper()
	var got []string
	for _, m := range h.mails() {
		got = append(got, m.Subject)
	}
	if strings.Join(got, "\n") != strings.Join(wants, "\n") {
		h.Errorf("mails:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(wants, "\n"))
	}
}

// tasks are "<number> <fact> <why>", the oldest first.
func (h *house) tasks(wants ...string) []notices.Task {
	h.Helper()
	list, err := notices.OpenTasks(h.ctx, h.db, "brackwater", 100)
	h.must(err)
	var got []string
	for _, t := range list {
		got = append(got, t.Number+" refusal:"+map[bool]string{true: "yes", false: "no"}[t.Refusal()]+" "+t.Why)
	}
	if strings.Join(got, "\n") != strings.Join(wants, "\n") {
		h.Errorf("tasks:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(wants, "\n"))
	}
	return list
}
