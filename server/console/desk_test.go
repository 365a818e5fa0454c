package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/orders"
)

// lineOf is the address of an organisation's credit line.
func (h *house) lineOf(organisation string) string {
	h.Helper()
	var id string
	h.must(h.db.Get(h.ctx(), &id, `SELECT l.id FROM credit_lines l JOIN organisations o ON o.merchant_id = l.merchant_id AND o.id = l.organisation_id
WHERE l.merchant_id = ? AND o.external_id = ?`, "brackwater", organisation))
	return "/credit/" + id
}

// The story's Castelmere, to the last digit: 195.00 short, the limit raised by 500.00, released,
// 305.00 left.
func TestCastelmereIsReleasedAfterARaise(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		b := h.signedIn()
		b.get("").shows(t, 200, "Nothing needs a person", "No order waits")
		o := h.place("castelmere", "C-2001", checkout.New, cartC)
		if o.State != orders.CreditReview || o.Version.Total.String() != "1436.00 USD" {
			t.Fatalf("the order is %s over %s", o.State, o.Version.Total)
		}
		b.get("").shows(t, 200, "One order needs a person", "Order C-2001, Castelmere Foods", "$1,436.00 wanted, $1,241.00 available: $195.00 over",
			"Thursday, November 12, 2026", "Orders today 1 $1,436.00", "$1,241.00 left")
		b.get("/orders").shows(t, 200, "C-2001 Castelmere Foods", "Credit review $1,436.00", "Nov 12, 2026, 8:14 AM")

		address := "/orders/" + o.ID
		page := b.get(address)
		page.shows(t, 200, "Goods $1,354.72 Freight $0.00 Tax $81.28 Total $1,436.00", "Order total $1,436.00 Available now −$1,241.00 Short $195.00",
			"$195.00 over the credit limit of Castelmere Foods: $1,436.00 asked, $1,241.00 available.", "Paper towels, 2-ply", "$35.705", "$856.92",
			"On account, net 45 days", "Cancel order Not from here")

		// Still short: the sum is said, the reason kept, nothing changed.
		conflict := b.post(address+"/rule", url.Values{"token": {page.token(t, "/rule")}, "do": {"release"}, "reason": {"They <always> pay"}})
		conflict.shows(t, http.StatusConflict, "$195.00 over the credit limit of Castelmere Foods", "Release all the same", "Nothing was changed")
		if !strings.Contains(conflict.body, "They &lt;always&gt; pay</textarea>") {
			t.Error("the typed reason is gone")
		}

		b.get(address+"/rule").shows(t, 200, "It waits for you") // a reload of that page

		line := h.lineOf("castelmere")
		credit := b.get(line)
		credit.shows(t, 200, "Available now $1,241.00", "Limit $15,000.00", "Holds −$13,759.00", "Open receivables $0.00", "Available $1,241.00", "Owed when the line was opened")
		changed := b.post(line+"/limit", url.Values{"token": {credit.token(t, "/limit")}, "was": {credit.field(t, "was")}, "limit": {"15,500.00"}, "reason": {"Seasonal restock"}})
		b.follow(changed).shows(t, 200, "The limit is $15,500.00. $1,741.00 are available.", "“Seasonal restock”", "by console:desk", "+$500.00")

		b.get("").shows(t, 200, "$1,436.00 wanted, $1,741.00 available. It fits by now.")
		page = b.get(address)
		page.shows(t, 200, "By now it fits: $305.00 stay available.", "Available now $1,741.00 Order total −$1,436.00 Stays available $305.00")
		released := b.post(address+"/rule", url.Values{"token": {page.token(t, "/rule")}, "do": {"release"}, "reason": {"Limit raised"}})
		b.follow(released).shows(t, 200, "Order C-2001 is released. $305.00 stay available.", "Approved", "Held on the credit line $1,436.00 Not on credit $0.00 Approved $1,436.00", "By console:desk", "“Limit raised”")
		b.get(line).shows(t, 200, "Available now $305.00", "Held for an order C-2001", "Holds −$15,195.00")
		b.get("").shows(t, 200, "Nothing needs a person")
		if n := h.number(`SELECT count(*) FROM audit WHERE merchant_id = ? AND actor = ?`, "brackwater", "console:desk"); n != 2 {
			t.Errorf("%d audit entries of the person, want 2", n)
		}
	})
}

func TestADoubleClickActsOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		b := h.signedIn()
		o := h.place("castelmere", "C-2001", checkout.New, cartC)
		form := url.Values{"token": {b.get("/orders/"+o.ID).token(t, "/rule")}, "do": {"release"}, "reason": {"A good customer"}, "override": {"1"}}
		answers := make([]answer, 5)
		var group sync.WaitGroup
		for i := range answers {
			group.Go(func() { answers[i] = b.post("/orders/"+o.ID+"/rule", form) })
		}
		group.Wait()
		for _, a := range answers {
			if a.status != http.StatusSeeOther || !strings.HasSuffix(a.header.Get("Location"), o.ID+"?done=released") {
				t.Errorf("%d to %q", a.status, a.header.Get("Location"))
			}
		}
		if n := h.number(`SELECT count(*) FROM audit WHERE merchant_id = ? AND action = ?`, "brackwater", "order.released"); n != 1 {
			t.Errorf("released %d times", n)
		}
		b.follow(answers[0]).shows(t, 200, "is released. The credit line is $195.00 over.", "“A good customer”")
		form.Set("reason", "Other words")
		b.post("/orders/"+o.ID+"/rule", form).shows(t, http.StatusConflict, "This form was sent already, with other words.")

		// A limit, twice with the same form.
		page := b.get(h.lineOf("northfold"))
		limit := url.Values{"token": {page.token(t, "/limit")}, "was": {page.field(t, "was")}, "limit": {"60000"}, "reason": {"Growth"}}
		first, second := b.post(h.lineOf("northfold")+"/limit", limit), b.post(h.lineOf("northfold")+"/limit", limit)
		if first.status != 303 || second.status != 303 {
			t.Errorf("%d, then %d", first.status, second.status)
		}
		if n := h.number(`SELECT count(*) FROM credit_entries WHERE merchant_id = ? AND kind = ?`, "brackwater", "limit"); n != 1 {
			t.Errorf("%d entries of a limit, want 1", n)
		}
	})
}

func TestARejectionAsksFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		b := h.signedIn()
		o := h.place("castelmere", "C-2001", checkout.New, cartC)
		address := "/orders/" + o.ID
		rule := func(fields ...string) answer {
			form := url.Values{"token": {b.get(address).token(t, "/rule")}}
			for i := 0; i < len(fields); i += 2 {
				form.Set(fields[i], fields[i+1])
			}
			return b.post(address+"/rule", form)
		}
		rule("do", "reject").shows(t, 422, "Say why the order is rejected.")
		rule("do", "release", "override", "1").shows(t, 422, "Say why it goes on over the limit.", "Release all the same")
		rule("do", "reject", "reason", strings.Repeat("x", 501), "confirm", "1").shows(t, 422, "Say it in 500 characters.")
		rule("do", "explode").shows(t, 422, "An order is released or rejected.")
		rule("do", "reject", "reason", "Credit is used up").shows(t, 200, "Reject order C-2001?", "$1,436.00 in 4 lines", "Keep it waiting")
		if found, err := orders.Find(h.ctx(), db, "brackwater", o.ID); err != nil || found.State != orders.CreditReview {
			t.Fatalf("before the question was answered it is %s (%v)", found.State, err)
		}
		if kept := rule("do", "keep"); kept.status != 303 {
			t.Errorf("keeping it: %d", kept.status)
		}
		b.follow(rule("do", "reject", "reason", "Paid 12.00 USD late", "confirm", "1")).shows(t, 200, "The rejection of order C-2001 is recorded.", "Refused", "Paid 12.00 USD late",
			"Release order Not now: nothing of it waits", "Reject order Not any more: it has ended")

		// A change that is rejected leaves nothing that could be released later.
		o = h.place("castelmere", "C-2002", checkout.New, cartC[2:])
		h.place("castelmere", "C-2002", checkout.Change, cartC)
		address = "/orders/" + o.ID
		b.get("").shows(t, 200, "One order needs a person", "Change waits")
		page := b.get(address)
		page.shows(t, 200, "A change waits for you", "Held already −$", "Release change")
		stale := page.token(t, "/rule")
		b.follow(rule("do", "reject", "reason", "Not now", "confirm", "1")).shows(t, 200, "Approved")
		b.get("").shows(t, 200, "Nothing needs a person")
		b.post(address+"/rule", url.Values{"token": {stale}, "do": {"release"}, "reason": {"late"}}).shows(t, 409, "The change of order C-2002 was decided about already, nothing of it waits")
	})
}

func TestTheParentBindsAndTheSumAddsUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		b := h.signedIn()
		// The story's picture after an order of 24,000.00 by the main account: 3,269.00 at the top.
		b.get(h.lineOf("northfold-west")).shows(t, 200, "Available now $3,269.00", "leaves less than this line's own $4,369.25 and binds",
			"Left on this line $4,369.25 Kept back by Northfold Medical Group −$1,100.25 Available $3,269.00")
		b.get(h.lineOf("northfold")).shows(t, 200, "Available now $3,269.00", "$41,100.25 own, $5,630.75 below", "Holds $41,100.25 own, $5,630.75 below −$46,731.00", "Northfold Labs West, below")
		b.get("/credit").shows(t, 200, "Castelmere Foods", "$1,241.00", "Northfold Medical Group binds")
		b.get(h.lineOf("northfold")+"?part=limit").shows(t, 200, "Entries behind: Limit", "Limit when the line was opened")
		b.get(h.lineOf("northfold")+"?part=credits").shows(t, 200, "Credits not yet applied stand at zero")
	})
}

func TestALimitIsReadStrictly(t *testing.T) {
	db := dbtest.SQLite(t)
	h := open(t, db, false)
	b := h.signedIn()
	address := h.lineOf("castelmere")
	for _, wrong := range []string{"", "60.000,00", "60.000", "1e9", "-5", "12,34.00", "99999999999999999999", "£5", "1,000.005"} {
		page := b.get(address)
		got := b.post(address+"/limit", url.Values{"token": {page.token(t, "/limit")}, "was": {page.field(t, "was")}, "limit": {wrong}, "reason": {"why not"}})
		got.shows(t, 422, "Write the amount as 60,000.00.")
		if !strings.Contains(got.body, "why not</textarea>") {
			t.Errorf("%q: the reason is gone", wrong)
		}
	}
	page := b.get(address)
	b.post(address+"/limit", url.Values{"token": {page.token(t, "/limit")}, "was": {page.field(t, "was")}, "limit": {"$16,000"}}).shows(t, 422, "Say why the limit changes.")
	h.in(func(tx *database.Tx) error {
		_, err := credit.SetLimit(h.ctx(), tx, credit.NewLimit{Merchant: "brackwater", Line: strings.TrimPrefix(address, "/credit/"), Limit: credit.Line{Currency: "USD"}.Amount(1700000), Actor: "somebody", Reason: "meanwhile", At: morning})
		return err
	})
	b.post(address+"/limit", url.Values{"token": {page.token(t, "/limit")}, "was": {page.field(t, "was")}, "limit": {"$16,000"}, "reason": {"up"}}).
		shows(t, 409, "Somebody set the limit to $17,000.00 while this page was open. Nothing was changed.")
}

// A line that is only applied for: orders wait and say so on every page, until a limit decides.
func TestAnApplicationIsDecidedAbout(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		h.apply(`"organisations": [{"external_id": "sitrabay", "name": "Sitrabay Marine Works",
 "credit_lines": [{"application": {"amount": "4000.00", "since": "2026-11-06", "wants": "the latest <annual> accounts"}}]}]`)
		b := h.signedIn()
		b.get("/credit").shows(t, 200, "Sitrabay Marine Works Application in review $4,000.00 applied for on Nov 6, 2026", "none yet")
		o := h.place("sitrabay", "S-1", checkout.New, cartC)
		if o.State != orders.CreditReview || o.Decision.Reason != credit.InReview {
			t.Fatalf("the order is %s: %+v", o.State, o.Decision)
		}
		b.get("").shows(t, 200, "Order S-1, Sitrabay Marine Works", "Credit application in review: Sitrabay Marine Works applied for $4,000.00.")
		address := "/orders/" + o.ID
		page := b.get(address)
		page.shows(t, 200, "Credit application in review", "The credit line is only applied for: decide the application first.")
		b.post(address+"/rule", url.Values{"token": {page.token(t, "/rule")}, "do": {"release"}, "reason": {"They pay"}}).
			shows(t, http.StatusConflict, "Credit application in review", "Nothing was changed. Decide the application on the credit line of Sitrabay Marine Works , or release the order all the same.")

		line := h.lineOf("sitrabay")
		credit := b.get(line)
		credit.shows(t, 200, "Application in review", "Sitrabay Marine Works applied for $4,000.00 on Nov 6, 2026. Still asked for: the latest &lt;annual&gt; accounts. Until a limit is set, its orders on account wait.",
			"There is no limit yet.", "Decide the application", "Applied for: $4,000.00. Less is possible, and 0 declines.", "Line applied for Applied for $4,000.00 by test")
		changed := b.post(line+"/limit", url.Values{"token": {credit.token(t, "/limit")}, "was": {credit.field(t, "was")}, "limit": {"1,500.00"}, "reason": {"A first limit"}})
		b.follow(changed).shows(t, 200, "The limit is $1,500.00. $1,500.00 are available.", "Application decided", "+$1,500.00", "Change the limit")
		b.get("").shows(t, 200, "A limit is set, and it fits by now.")
		page = b.get(address)
		page.shows(t, 200, "By now it fits: $64.00 stay available.")
		b.follow(b.post(address+"/rule", url.Values{"token": {page.token(t, "/rule")}, "do": {"release"}, "reason": {"Limit set"}})).shows(t, 200, "Approved")
	})
}
