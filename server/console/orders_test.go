package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// wanted is an order of Castelmere by its own means, without freight and tax from 1,000.00 on.
func (h *house) wanted(number string, change func(*checkout.Wanted), lines ...orders.Line) orders.Order {
	h.Helper()
	merchant, err := accounts.FindMerchant(h.ctx(), h.db, "brackwater")
	h.must(err)
	buyer, err := accounts.FindOrganisation(h.ctx(), h.db, "brackwater", "ext:castelmere")
	h.must(err)
	for i := range lines {
		lines[i].Position, lines[i].Line = int64(i+1), int64(i+1)
	}
	w := checkout.Wanted{Merchant: merchant, Organisation: buyer, Connection: "con_1", Kind: checkout.New, Number: number, Source: "punchout", Currency: "USD",
		Header: orders.Header{PayloadID: number + "@buyer.example"}, Lines: lines, Policy: checkout.Policy{AcceptBelow: true}}
	change(&w)
	var placed checkout.Placed
	h.in(func(tx *database.Tx) (err error) { placed, err = h.desk.Place(h.ctx(), tx, w); return err })
	return placed.Order
}

func TestABlanketOrderShowsWhatIsDrawn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		most, first := money.MustDecimal("1000.00"), money.MustDecimal("300.00")
		wide := orders.Line{SKU: "ANY", Name: "Tapes", Quantity: money.One, Unit: "EA", Most: &first}
		agreement := h.wanted("B-1", func(w *checkout.Wanted) { w.Header.Blanket = &most }, wide, orders.Line{SKU: "ANY", Name: "Anything", Quantity: money.One, Unit: "EA"})
		drawing := line("X-1", "250", "EA", "1.00")
		drawing.Agreement = "1"
		release := h.wanted("R-1", func(w *checkout.Wanted) { w.Agreement = agreement.ID }, drawing)
		b := h.signedIn()
		page := b.get("/orders/" + agreement.ID)
		page.shows(t, 200, "Drawn by releases", "At most $1,000.00 Drawn $250.00 Left $750.00 Line 1, Tapes $300.00 Drawn $250.00 Left $50.00")
		if strings.Contains(page.body, "Line 2, Anything") {
			t.Error("a line without limit and draws is listed")
		}
		page = b.get("/orders/" + release.ID)
		if page.shows(t, 200, "A release of blanket order B-1"); !strings.Contains(page.body, `/orders/`+agreement.ID+`">blanket`) {
			t.Error("the blanket order isn't linked")
		}
	})
}

// A certificate that ends within thirty days is pointed at, on the first page and at its
// organisation's credit line; the clock of the tests says what today is.
func TestCertificatesThatEndSoon(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		merchant, err := accounts.FindMerchant(h.ctx(), db, "brackwater")
		h.must(err)
		today := merchant.Today(h.desk.Clock)
		for _, test := range []struct {
			ends   int // days from today; 0 and nothing else is today
			second string
			want   string
		}{
			{31, "", ""},
			{30, "", "ends on"},
			{0, "", "ends on"},
			{-1, "", "ended on"},
			{20, `,{"country":"US","region":"MI","reference":"C-2","from":"` + today.AddDays(21).String() + `"}`, ""},
			{20, `,{"country":"US","region":"MI","reference":"C-2","from":"` + today.AddDays(22).String() + `"}`, "ends on"},
			{20, `,{"country":"US","region":"OH","reference":"C-2"}`, "ends on"},
			{20, `,{"country":"US","reference":"C-2"}`, ""},
		} {
			end := today.AddDays(test.ends).String()
			h.exec(`UPDATE organisations SET tax_certificates = ? WHERE merchant_id = ? AND external_id = ?`,
				`[{"country":"US","region":"MI","reference":"C-1","to":"`+end+`"}`+test.second+`]`, "brackwater", "castelmere")
			b := h.signedIn()
			for _, path := range []string{"", h.lineOf("castelmere")} {
				body := text(b.get(path).body)
				if shown := strings.Contains(body, "certificate C-1"); shown != (test.want != "") || shown && !strings.Contains(body, test.want) {
					t.Errorf("ends %+d days, then %s: on %q it is shown: %v", test.ends, test.second, path, shown)
				}
			}
		}
	})
}

func TestLinesAreCancelledAtTheDesk(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		o := h.wanted("C-1", func(*checkout.Wanted) {}, line("X-1", "6", "EA", "10.00"), line("X-2", "2", "MTR", "20.00"))
		b := h.signedIn()
		address := "/orders/" + o.ID
		send := func(one, two, reason string) answer {
			return b.post(address+"/cancel-lines", url.Values{"token": {b.get(address).token(t, "/cancel-lines")}, "line-1": {one}, "line-2": {two}, "reason": {reason}})
		}
		b.get(address).shows(t, 200, "Cancel lines", "Line 1, X-1: cancelled of 6 EA", "Line 2, X-2: cancelled of 2 MTR")
		send("0", "", "Sold out").shows(t, http.StatusUnprocessableEntity, "Write how much of a line is cancelled.")
		send("7", "x", "Sold out").shows(t, http.StatusUnprocessableEntity, "A number from 0 to 6.", "A number from 0 to 2.")
		send("1", "0", " ").shows(t, http.StatusUnprocessableEntity, "Say why. The buyer reads it.")
		if got := h.number(`SELECT total_minor FROM orders WHERE merchant_id = ? AND id = ?`, "brackwater", o.ID); got != o.Version.Total.Minor {
			t.Fatalf("the total is %d", got)
		}
		form := url.Values{"token": {b.get(address).token(t, "/cancel-lines")}, "line-1": {"2"}, "line-2": {"0"}, "reason": {"Sold out"}}
		for range 2 { // a double click
			done := b.post(address+"/cancel-lines", form)
			b.follow(done).shows(t, 200, "The cancellation is recorded.", "Goods $80.00", "2 cancelled", "Lines are cancelled")
		}
		if n := h.number(`SELECT count(*) FROM audit WHERE merchant_id = ? AND action = ? AND actor = ?`, "brackwater", orders.EventLinesCancelled, "console:desk"); n != 1 {
			t.Errorf("cancelled %d times", n)
		}
		b.follow(send("2", "0", "Sold out")).shows(t, 200, "Nothing was changed: so much was cancelled already.")
		send("1", "0", "Sold out").shows(t, http.StatusConflict, "2 of line 1 are cancelled already, which can't be taken back")
		b.follow(send("6", "2", "Sold out")).shows(t, 200, "Cancelled", "Sold out")
		if body := b.get(address).body; strings.Contains(body, "/cancel-lines") {
			t.Error("a cancelled order offers to cancel lines")
		}
	})
}
