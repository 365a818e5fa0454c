package console_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

// mailroom writes mails as the program does. The buyer's system refuses every message for good.
func (h *house) mailroom() *outbox.Worker {
	h.Helper()
	h.exec(`UPDATE merchants SET credit_contact = ? WHERE id = ?`, `{"name":"Credit desk","email":"credit@brackwater.example"}`, "brackwater")
	service := &notices.Service{DB: h.db, Clock: h.clock, Log: slog.New(slog.DiscardHandler), PublicURL: "https://kontor.example.net"}
	buyer := outbox.Sender{
		Render: func(_ context.Context, d outbox.Delivery) ([]byte, string, error) {
			if d.Kind == "order.held" {
				return nil, "nothing is sent about this", nil
			}
			return []byte("x"), "", nil
		},
		Send: func(context.Context, outbox.Delivery) (string, error) {
			return "", &outbox.Refused{Reason: "the buyer's system answered 400 " + hostile}
		},
		Lost: func(ctx context.Context, tx *database.Tx, d outbox.Delivery, state, note string) error {
			if state != outbox.Dead {
				return nil
			}
			o, err := orders.Find(ctx, tx, d.Merchant, d.Object)
			return errors.Join(err, notices.Raise(ctx, tx, notices.Loss{Delivery: d, Order: o, Refusal: d.Kind != "order.approved", Why: note}, h.clock.Now()))
		}}
	return &outbox.Worker{DB: h.db, Clock: h.clock, Log: slog.New(slog.DiscardHandler), Lease: time.Minute, Poll: time.Hour, Batch: 50,
		Senders: map[string]outbox.Sender{"cxml": buyer, notices.Scheme: service.Sender()}}
}

func (h *house) work(w *outbox.Worker) {
	h.Helper()
	for {
		n, err := w.Work(h.ctx())
		h.must(err)
		if n == 0 {
			return
		}
	}
}

func TestTheMailboxShowsWhatIsWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		b := h.signedIn()
		b.get("/mail").shows(t, 200, "Nobody is written to: this merchant has no credit contact.", "No mail yet")
		w := h.mailroom()
		o := h.place("castelmere", "C-2001", checkout.New, cartC)
		h.work(w)
		list := b.get("/mail")
		list.shows(t, 200, "To Credit desk, credit@brackwater.example", "[test] Order C-2001 of Castelmere Foods waits for a decision: $195.00 over the credit limit",
			"Kept", "Nov 12, 2026, 8:14 AM", "1 mail on this page")
		id := strings.Split(strings.Split(list.body, "/console/mail/")[1], `"`)[0]
		b.get("/mail/"+id).shows(t, 200, "Kept, no mail server is set.", `"Credit desk" &lt;credit@brackwater.example&gt;`, "Short by: $195.00", "Bound by: the credit line of Castelmere Foods",
			"https://kontor.example.net/m/brackwater/console/orders/"+o.ID)
		b.get("/orders/"+o.ID).shows(t, 200, "What the credit contact is told", "It waits Kept, no mail server is set Kept Nov 12, 2026, 8:14 AM Reminder after 4 working hours Not due yet Nov 12, 2026, 1:00 PM "+
			"Escalation after a banking day Not due yet Nov 12, 2026, 5:00 PM")

		h.exec(`UPDATE mails SET state = 'sent', sent_at = ? WHERE merchant_id = ?`, database.At(morning.Add(time.Minute)), "brackwater")
		b.get("/mail/"+id).shows(t, 200, "Sent Nov 12, 2026, 8:15 AM")
		h.exec(`UPDATE mails SET state = 'failed', note = ? WHERE merchant_id = ?`, "the recipient was not taken: 550 "+hostile, "brackwater")
		page := b.get("/mail/" + id)
		page.shows(t, 200, "Failed: the recipient was not taken: 550", "It is tried again.")
		h.exec(`UPDATE deliveries SET state = 'dead' WHERE merchant_id = ? AND destination = 'mail:credit'`, "brackwater")
		b.get("/mail/"+id).shows(t, 200, "It is not tried again; it can be sent again from the order's page")
		if strings.Contains(page.body, "<script>") {
			t.Error("script")
		}
		other := h.browser()
		other.base = h.url + "/m/otherco/console"
		other.post("/sign-in", url.Values{"key": {h.keys["OTHER"]}})
		other.get("/mail/"+id).shows(t, 404, "There is nothing here")
		b.get("/mail/mai_nothing").shows(t, 404, "There is nothing here")
	})
}

// A mail about a quote leads to the quote: there is no order yet.
func TestAMailAboutAQuoteLeadsToIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		b, w := h.signedIn(), h.mailroom()
		cart := h.forQuote("castelmere")
		h.work(w)
		list := b.get("/mail")
		list.shows(t, 200, "[test] Castelmere Foods asks for a quote", "1 mail on this page")
		id := strings.Split(strings.Split(list.body, "/console/mail/")[1], `"`)[0]
		page := b.get("/mail/" + id)
		page.shows(t, 200, "Without a price: 75 RO PKG-4010", "https://kontor.example.net/m/brackwater/console/quotes/"+cart.ID, "About A quote")
		if strings.Contains(page.body, "/orders/"+cart.ID) || !strings.Contains(page.body, `href="/m/brackwater/console/quotes/`+cart.ID+`"`) {
			t.Error(page.body)
		}
		h.exec(`UPDATE mails SET state = 'failed', note = 'no such mailbox' WHERE merchant_id = ?`, "brackwater")
		h.exec(`UPDATE deliveries SET state = 'dead' WHERE merchant_id = ?`, "brackwater")
		if page = b.get("/mail/" + id); strings.Contains(page.body, "/orders/"+cart.ID) {
			t.Error(page.body)
		}
		page.shows(t, 200, "It is not tried again; what is asked stands on the quote's page")
	})
}

func TestTheMailboxGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		w := h.mailroom()
		for i := range 26 {
			h.place("castelmere", "C-"+strings.Repeat("i", i+1), checkout.New, cartC)
		}
		h.work(w)
		b := h.signedIn()
		first := b.get("/mail")
		first.shows(t, 200, "25 mails on this page", "Older")
		b.get("/mail?before="+strings.Split(strings.Split(first.body, `/mail?before=`)[1], `"`)[0]).shows(t, 200, "1 mail on this page", "Newest")
		b.get("/mail?before="+url.QueryEscape(hostile)).shows(t, 200, "25 mails on this page")
	})
}

func TestWhatCouldNotBeToldIsATask(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		w := h.mailroom()
		o := h.place("castelmere", "C-2001", checkout.New, cartC)
		b := h.signedIn()
		h.in(func(tx *database.Tx) error {
			_, err := h.desk.RejectOrder(h.ctx(), tx, checkout.Ruling{Merchant: "brackwater", Order: o.ID, Actor: "console:desk", Reason: "pays late"})
			return err
		})
		h.work(w)
		h.clock.Advance(2 * time.Hour)
		today := b.get("")
		today.shows(t, 200, "One thing needs a person", "The refusal of order C-2001 could not be sent to Castelmere Foods", "The buyer's system answered 400", "Tell them by phone.", "Waiting 2 hours", "Today 1 waiting")
		if strings.Contains(today.body, "<script>") {
			t.Error("script")
		}
		b.get("/mail").shows(t, 200, "Tell Castelmere Foods: the refusal of order C-2001 could not be sent")
		path := "/tasks/" + strings.Split(strings.Split(today.body, "/console/tasks/")[1], `"`)[0]
		page := b.get(path)
		page.shows(t, 200, "The refusal of order C-2001 could not be sent to Castelmere Foods", "Not told", "Their system doesn't know that it is refused.", "Who was told, and how")
		form := url.Values{"token": {page.token(t, path)}, "reason": {"  "}}
		b.post(path, form).shows(t, 422, "Say who was told, and how.")
		form.Set("reason", strings.Repeat("x", 501))
		b.post(path, form).shows(t, 422, "Say it in 500 characters.")
		form.Set("reason", "Told their buyer by phone")
		for range 2 {
			b.follow(b.post(path, form)).shows(t, 200, "Recorded: the buyer was told.", "Nothing needs a person")
		}
		b.get(path).shows(t, 200, "Told", "by console:desk: “Told their buyer by phone”")
		if n := h.number(`SELECT count(*) FROM audit WHERE merchant_id = ? AND action = ? AND actor = ? AND reason = ? AND object = ?`,
			"brackwater", "task.done", "console:desk", "Told their buyer by phone", o.ID); n != 1 {
			t.Errorf("%d audit entries", n)
		}
		b.post(path, url.Values{"token": {"x"}, "reason": {"x"}}).shows(t, 403, "This form belongs to another sign-in.")
		b.get("/tasks/tsk_nothing").shows(t, 404, "There is nothing here")
	})
}

func TestAMessageThatIsSentAgainIsNoTaskAnyMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		w := h.mailroom()
		o := h.place("northfold", "N-1", checkout.New, cartC[3:])
		h.work(w)
		h.place("castelmere", "C-2001", checkout.New, cartC)
		b := h.signedIn()
		b.get("").shows(t, 200, "Two things need a person", "The confirmation of order N-1 could not be sent to Northfold Medical Group")
		page := b.get("/orders/" + o.ID)
		b.follow(b.post("/orders/"+o.ID+"/resend", url.Values{"token": {page.token(t, "/resend")}, "destination": {page.field(t, "destination")}, "seq": {page.field(t, "seq")}}))
		b.get("").shows(t, 200, "One order needs a person")
		h.work(w) // refused again
		b.get("").shows(t, 200, "Two things need a person")
	})
}
