package notices_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

const (
	held     = "[test] Order C-2001 of Castelmere Foods waits for a decision: $195.00 over the credit limit"
	reminded = "[test] Still waiting: order C-2001 of Castelmere Foods, $195.00 over the credit limit"
	raised   = "[test] A banking day without a decision: order C-2001 of Castelmere Foods, $195.00 over the credit limit"
)

func TestAnOrderThatWaitsIsMailedRemindedAndEscalated(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		h.order("told", "C-1", checkout.New, "100") // 1,141.00 are left
		o := h.order("told", "C-2001", checkout.New, "1336")
		h.work()
		h.subjects(held)
		if m := h.mails()[0]; m.State != notices.Kept || m.Recipient != `"Credit desk" <credit@brackwater.example>` || m.Object != o.ID || m.Body != `Order C-2001 of Castelmere Foods waits for a decision: it is $195.00 over the credit limit.

Order: C-2001
Organisation: Castelmere Foods
Amount: $1,336.00
Waits since: Nov 12, 2026, 8:14 AM EST
Available then: $1,141.00
Short by: $195.00
Bound by: the credit line of Castelmere Foods

What to do
Release or reject it on its page, which shows the figures of this moment. Nothing of it ships until somebody decides.
https://kontor.example.net/m/brackwater/console/orders/`+o.ID+`

-- 
Kontor, to the credit contact of Brackwater Industrial Supply, Inc. (a merchant for tests: nothing of this is real)
` {
			t.Errorf("%s %s %s\n%s", m.State, m.Recipient, m.Object, m.Body)
		}
		h.clock.Advance(4*time.Hour + 46*time.Minute - time.Second) // 1 PM less a second: work began at 9
		h.work()
		h.subjects(held)
		h.clock.Advance(time.Second)
		h.work()
		h.work()
		h.subjects(held, reminded)
		h.pass(4*time.Hour - time.Second) // 5 PM less a second
		h.subjects(held, reminded)
		h.clock.Advance(time.Second)
		h.work()
		h.subjects(held, reminded, raised)
		if m := h.mails()[2]; m.Recipient != "<finance@brackwater.example>" || !strings.HasPrefix(m.Body, "Order C-2001 of Castelmere Foods has waited for a banking day and nobody has decided.\n") {
			t.Errorf("%s\n%s", m.Recipient, m.Body)
		}
		h.pass(72 * time.Hour)
		h.subjects(held, reminded, raised)
		h.release(o)
		h.pass(72 * time.Hour)
		h.subjects(held, reminded, raised)
		h.tasks()
	})
}

func TestWhatIsDecidedIsNotRemindedOf(t *testing.T) {
	decisions := map[string]func(h *house, o orders.Order){
		"released": func(h *house, o orders.Order) { h.release(o) },
		"rejected": func(h *house, o orders.Order) { h.reject(o, "too much") },
		"replaced": func(h *house, _ orders.Order) { h.order("told", "C-2001", checkout.Change, "100") },
		"cancelled": func(h *house, _ orders.Order) {
			h.order("told", "C-2001", checkout.Cancel, "100")
		},
	}
	for name, decide := range decisions {
		t.Run(name, func(t *testing.T) {
			eachHouse(t, func(t *testing.T, h *house) {
				o := h.order("told", "C-2001", checkout.New, "1436")
				h.work()
				h.clock.Advance(time.Hour)
				decide(h, o)
				h.pass(48 * time.Hour)
				h.subjects(held)
				h.tasks()
				deliveries, err := outbox.Of(h.ctx, h.db, "brackwater", o.ID)
				h.must(err)
				for _, d := range deliveries {
					if d.Destination != "mail:credit" && d.Scheme() == notices.Scheme && (d.State != "skipped" || d.Note != "it was decided before") {
						t.Errorf("%s: %s %s", d.Destination, d.State, d.Note)
					}
				}
			})
		})
	}
}

func TestAChangeThatWaitsIsMailedWithItsOwnFigures(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		o := h.order("told", "C-2001", checkout.New, "1000")
		h.work()
		h.subjects()
		h.order("told", "C-2001", checkout.Change, "1436")
		h.work()
		h.subjects("[test] The change of order C-2001 of Castelmere Foods waits for a decision: $195.00 over the credit limit")
		body := h.mails()[0].Body
		for _, want := range []string{"Amount: $1,436.00\n", "Version: 2; version 1 stays in force meanwhile\n", "Available then: $241.00\n", o.ID} {
			if !strings.Contains(body, want) {
				t.Errorf("no %q in\n%s", want, body)
			}
		}
	})
}

func TestApprovedOrdersMakeNoMail(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		o := h.order("told", "C-1", checkout.New, "100")
		h.order("told", "C-1", checkout.Change, "200")
		h.order("told", "C-1", checkout.Cancel, "1")
		deliveries, err := outbox.Of(h.ctx, h.db, "brackwater", o.ID)
		h.must(err)
		for _, d := range deliveries {
			if d.Scheme() != "cxml" {
				t.Errorf("%s goes to %s", d.Kind, d.Destination)
			}
		}
		h.work()
		h.subjects()
	})
}

// Every way in which a refusal is told, or is not.
func TestARefusalThatCannotBeSentIsATaskAndAMail(t *testing.T) {
	const (
		untold      = "[test] Tell Castelmere Foods: the refusal of order C-2001 could not be sent"
		unaddressed = "the connection has no address for it (orders_url)"
	)
	silent := func(w *checkout.Wanted) { w.Header.Silence = true }
	tests := []struct {
		name, connection string
		change           func(*checkout.Wanted)
		why              string // empty: the buyer was told
	}{
		{"a status update tells it", "told", nil, ""},
		{"there is no address", "mute", nil, unaddressed},
		{"the order was answered with 200 and refusals go by status", "mute-200", nil, "the order was answered with 200, nothing is owed (held)"},
		{"the order was answered with 200 and a confirmation tells it", "confirms", nil, ""},
		{"the buyer wants no confirmation of this order", "confirms", silent, "the order says that no confirmation is wanted (OCInstruction)"},
		{"neither way has an address", "mute-confirms", nil, unaddressed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachHouse(t, func(t *testing.T, h *house) {
				change := []func(*checkout.Wanted){}
				if test.change != nil {
					change = append(change, test.change)
				}
				o := h.order(test.connection, "C-2001", checkout.New, "1436", change...)
				h.work()
				h.reject(o, "pays late; card 4111 1111 1111 1111")
				h.pass(48 * time.Hour)
				if test.why == "" {
					h.subjects(held)
					h.tasks()
					return
				}
				h.subjects(held, untold)
				h.tasks("C-2001 refusal:yes " + test.why)
				body := h.mails()[1].Body
				for _, want := range []string{"could not be sent to Castelmere Foods", "Amount: $1,436.00\n", "Refused because: Pays late; card ", o.ID, strings.ToUpper(test.why[:1]) + test.why[1:]} {
					if !strings.Contains(body, want) {
						t.Errorf("no %q in\n%s", want, body)
					}
				}
				if strings.Contains(body, "4111 1111") {
					t.Errorf("a card number:\n%s", body)
				}
			})
		})
	}
}

func TestARejectedChangeThatCannotBeSentIsATask(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		o := h.order("mute", "C-1", checkout.New, "1000")
		h.order("mute", "C-1", checkout.Change, "1436")
		h.reject(o, "too much")
		h.work()
		h.tasks("C-1 refusal:yes the connection has no address for it (orders_url)")
		h.subjects("[test] The change of order C-1 of Castelmere Foods waits for a decision: $195.00 over the credit limit",
			"[test] Tell Castelmere Foods: the refusal of a change of order C-1 could not be sent")
	})
}

// A refusal at once is the answer itself, unless it was to be confirmed.
func TestARefusalAtOnce(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		h.order("strict-status", "S-1", checkout.New, "2000")
		h.order("strict-confirms", "S-2", checkout.New, "2000")
		h.work()
		h.tasks()
		h.order("strict-confirms", "S-3", checkout.New, "2000", func(w *checkout.Wanted) { w.Header.Silence = true })
		h.work()
		h.tasks("S-3 refusal:yes the order says that no confirmation is wanted (OCInstruction)")
		h.subjects("[test] Tell Strict Works: the refusal of order S-3 could not be sent")
	})
}

func TestAMessageThatIsGivenUpIsOneTaskAndOneMail(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		o := h.order("down", "C-1", checkout.New, "100")
		h.pass(30 * time.Hour)
		const gone = "[test] Order C-1: the confirmation could not be delivered to Castelmere Foods"
		tasks := h.tasks("C-1 refusal:no the buyer's system answered HTTP 502")
		h.subjects(gone)

		// Sent again in vain: the task is open again, and nobody is told the same twice.
		resend := func() {
			h.in(func(tx *database.Tx) error {
				deliveries, err := outbox.Of(h.ctx, tx, "brackwater", o.ID)
				if err != nil {
					return err
				}
				if _, err := outbox.Resend(h.ctx, tx, deliveries[0].Event, deliveries[0].Destination, h.clock.Now()); err != nil {
					return err
				}
				if err := notices.Resent(h.ctx, tx, deliveries[0].Event, "mail:untold", "credit manager", h.clock.Now()); err != nil {
					return err
				}
				if n, err := notices.CountTasks(h.ctx, tx, "brackwater"); err != nil || n != 1 {
					t.Errorf("a mail that is sent again leaves %d tasks, %v", n, err)
				}
				return notices.Resent(h.ctx, tx, deliveries[0].Event, deliveries[0].Destination, "credit manager", h.clock.Now())
			})
		}
		resend()
		h.tasks()
		h.pass(30 * time.Hour)
		h.tasks("C-1 refusal:no the buyer's system answered HTTP 502")
		h.subjects(gone)

		h.mu.Lock()
		h.down = false
		h.mu.Unlock()
		resend()
		h.pass(30 * time.Hour)
		h.tasks()
		if task, err := notices.FindTask(h.ctx, h.db, "brackwater", tasks[0].ID); err != nil || task.State != "resent" || task.Actor != "credit manager" {
			t.Errorf("%+v, %v", task, err)
		}
	})
}

// Two messages carry a refusal by a person; when the first is given up, that is the fact.
func TestARefusalThatIsGivenUpIsOneTask(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		o := h.order("down", "C-2001", checkout.New, "1436")
		h.reject(o, "too much")
		h.pass(60 * time.Hour)
		task := h.tasks("C-2001 refusal:yes the buyer's system answered HTTP 502")[0]
		h.subjects(held, "[test] Tell Castelmere Foods: the refusal of order C-2001 could not be sent")
		for range 2 {
			h.in(func(tx *database.Tx) error {
				return notices.Finish(h.ctx, tx, "brackwater", task.ID, "credit manager", "told the buyer by phone", h.clock.Now())
			})
		}
		h.tasks()
		var audited int
		h.must(h.db.Get(h.ctx, &audited, `SELECT count(*) FROM audit WHERE merchant_id = ? AND action = ? AND reason = ? AND object = ?`,
			"brackwater", "task.done", "told the buyer by phone", o.ID))
		if n, err := notices.CountTasks(h.ctx, h.db, "brackwater"); err != nil || n != 0 || audited != 1 {
			t.Errorf("%d open, %d entries, %v", n, audited, err)
		}
		if err := h.db.InTx(h.ctx, func(tx *database.Tx) error {
			return notices.Finish(h.ctx, tx, "otherco", task.ID, "credit manager", "x", h.clock.Now())
		}); err == nil {
			t.Error("another merchant's task was ended")
		}
	})
}

func TestWithoutAContactNothingIsMailedAndTheTaskIsThere(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		h.exec(`UPDATE merchants SET credit_contact = '' WHERE id = ?`, "brackwater")
		o := h.order("mute", "C-2001", checkout.New, "1436")
		h.reject(o, "too much")
		h.pass(48 * time.Hour)
		h.subjects()
		h.tasks("C-2001 refusal:yes the connection has no address for it (orders_url)")
	})
}

func TestTheSameEventIsTheSameMail(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		o := h.order("mute", "C-2001", checkout.New, "1436")
		h.clock.Advance(9 * time.Hour)
		read := func() map[string]string {
			deliveries, err := outbox.Of(h.ctx, h.db, "brackwater", o.ID)
			h.must(err)
			made := map[string]string{}
			for _, d := range deliveries {
				if d.Scheme() == notices.Scheme {
					message, note, err := h.notices.Sender().Render(h.ctx, d)
					if err != nil || message == nil {
						t.Errorf("%s: %s %v", d.Destination, note, err)
					}
					made[d.Destination] = string(message)
				}
			}
			return made
		}
		before := read()
		h.clock.Advance(time.Hour)
		after := read()
		for destination, message := range before {
			if after[destination] != message {
				t.Errorf("%s:\n%s\n%s", destination, message, after[destination])
			}
		}
		if len(before) != 3 {
			t.Errorf("%d mails", len(before))
		}
		h.work()
		h.reject(o, "too much")
		h.work()
		deliveries, err := outbox.Of(h.ctx, h.db, "brackwater", o.ID)
		h.must(err)
		last := deliveries[len(deliveries)-1]
		h.clock.Advance(time.Hour)
		if message, _, err := h.notices.Sender().Render(h.ctx, last); err != nil || string(message) != string(last.Message) || last.Destination != "mail:untold" {
			t.Errorf("%s: %v\n%s\n%s", last.Destination, err, message, last.Message)
		}
	})
}

// Names of strangers stand in heads of mails.
func TestNamesCannotBreakOutOfTheirLine(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		h.exec(`UPDATE organisations SET name = ? WHERE merchant_id = ? AND external_id = ?`,
			"Castelmere\r\nBcc:\x07thief@evil.example\u2028\u202e\x1b<script>alert(1)</script>", "brackwater", "castelmere")
		o := h.order("told", "C-\t1\nX-Evil: 1", checkout.New, "1436")
		h.work()
		m := h.mails()[0]
		const want = "[test] Order C- 1 X-Evil: 1 of Castelmere Bcc: thief@evil.example <script>alert(1)</script> waits for a decision: $195.00 over the credit limit"
		if m.Subject != want || strings.ContainsAny(m.Subject, "\r\n") {
			t.Errorf("%q, want %q", m.Subject, want)
		}
		deliveries, err := outbox.Of(h.ctx, h.db, "brackwater", o.ID)
		h.must(err)
		var written struct{ HTML string }
		h.must(json.Unmarshal(deliveries[slices.IndexFunc(deliveries, func(d outbox.Delivery) bool { return d.Destination == "mail:credit" })].Message, &written))
		if strings.Contains(written.HTML, "<script>") || !strings.Contains(written.HTML, "&lt;script&gt;alert(1)") {
			t.Errorf("script:\n%s", written.HTML)
		}
	})
}

func TestAContactThatCannotBeWrittenToIsRefused(t *testing.T) {
	for _, test := range []struct {
		contact accounts.Contact
		wrong   string
	}{
		{accounts.Contact{}, ""},
		{accounts.Contact{Name: "Credit desk", Email: "credit@brackwater.example"}, ""},
		{accounts.Contact{Name: "Desk"}, "email"},
		{accounts.Contact{Escalation: "a@b.example"}, "email"},
		{accounts.Contact{Email: "credit"}, "email"},
		{accounts.Contact{Email: "Desk <credit@brackwater.example>"}, "email"},
		{accounts.Contact{Email: "a@b.example\r\nBcc: c@d.example"}, "email"},
		{accounts.Contact{Email: "a@b.example, c@d.example"}, "email"},
		{accounts.Contact{Email: strings.Repeat("a", 250) + "@b.example"}, "email"},
		{accounts.Contact{Email: "a@b.example", Escalation: "c d@b.example"}, "escalation"},
		{accounts.Contact{Email: "a@b.example", Name: "Desk\nBcc: x"}, "name"},
		{accounts.Contact{Email: "a@b.example", Name: strings.Repeat("n", 201)}, "name"},
	} {
		var places []string
		for _, f := range test.contact.Check() {
			places = append(places, f.Path)
		}
		if got := strings.Join(places, " "); got != test.wrong {
			t.Errorf("%+v: %q, want %q", test.contact, got, test.wrong)
		}
	}
}
