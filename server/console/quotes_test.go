package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
)

// forQuote is a cart that went home with the price of its second line open.
func (h *house) forQuote(organisation string) (cart checkout.Cart) {
	h.Helper()
	merchant, err := accounts.FindMerchant(h.ctx(), h.db, "brackwater")
	h.must(err)
	buyer, err := accounts.FindOrganisation(h.ctx(), h.db, "brackwater", "ext:"+organisation)
	h.must(err)
	h.in(func(tx *database.Tx) error {
		made, err := h.desk.NewCart(h.ctx(), tx, buyer, nil)
		if err != nil {
			return err
		}
		if _, err := h.desk.PutCart(h.ctx(), tx, merchant, buyer, made.ID, []checkout.Item{{SKU: "CLN-3010", Quantity: money.MustDecimal("2")}, {SKU: "PKG-4010", Quantity: money.MustDecimal("75"), Open: true}}); err != nil {
			return err
		}
		cart, err = h.desk.SendCart(h.ctx(), tx, "brackwater", made.ID, checkout.Sending{OperationAllowed: "edit", ForQuote: true})
		return err
	})
	return cart
}

func TestAQuoteIsGivenByItsForm(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		b := h.signedIn()
		b.get("/quotes").shows(t, http.StatusOK, "No quotes", "asks for final prices")
		cart := h.forQuote("castelmere")
		at := "/quotes/" + cart.ID
		b.get("/quotes").shows(t, http.StatusOK, "Castelmere", "Prices open", "2 lines", "1 quote on this page")
		page := b.get(at)
		page.shows(t, http.StatusOK, "Quote for Castelmere", "An order of it waits for a person", "It went home without a price.", "Make the prices final")
		if got := page.field(t, "price-2"); got != "" {
			t.Errorf("an open price is filled in: %q", got)
		}
		form := func(p answer, change ...string) url.Values {
			v := url.Values{"token": {p.token(t, at)}, "version": {p.field(t, "version")}, "price-1": {p.field(t, "price-1")}, "price-2": {"1.25"}, "until": {"2027-01-31"}, "reason": {"By telephone"}}
			for i := 0; i < len(change); i += 2 {
				v.Set(change[i], change[i+1])
			}
			return v
		}
		for name, test := range map[string][]string{
			"a price that is none":  {"price-2", "one", "Write the price as 12.50."},
			"no price":              {"price-2", "", "Write the price as 12.50."},
			"a negative price":      {"price-1", "-1", "Write the price as 12.50."},
			"a day that is over":    {"until", "2020-01-01", "Write a day from today on"},
			"no day":                {"until", "tomorrow", "Write a day from today on"},
			"a day too far":         {"until", "2127-01-01", "within three years"},
			"a price beyond amount": {"price-2", "99999999999999999", "too large"},
		} {
			if b.post(at, form(b.get(at), test[0], test[1])).shows(t, http.StatusUnprocessableEntity, test[2]); t.Failed() {
				t.Fatal(name)
			}
		}
		b.post(at, form(page, "token", "x")).shows(t, http.StatusForbidden, "another sign-in")
		// Pressed twice, one change.
		page = b.get(at)
		values := form(page)
		done := b.post(at, values)
		b.follow(done).shows(t, http.StatusOK, "The prices are final and hold until Jan 31, 2027.", "Quoted", "Its prices hold until Jan 31, 2027.")
		if again := b.post(at, values); again.status != http.StatusSeeOther {
			t.Errorf("pressed again: %d %s", again.status, text(again.body))
		}
		if n := h.number(`SELECT count(*) FROM audit WHERE merchant_id = ? AND action = ? AND actor = ?`, "brackwater", "quote.set", "console:desk"); n != 1 {
			t.Errorf("%d audit entries", n)
		}
		// Who looked at the page before is told.
		b.post(at, form(b.get(at), "version", "1")).shows(t, http.StatusConflict, "The quote was changed meanwhile", "Nothing was changed.")
		b.post(at, form(b.get(at), "version", "x")).shows(t, http.StatusBadRequest, "Open the page again")
		b.get("/quotes/crt_0123456789abcdefghjkmnpqrs").shows(t, http.StatusNotFound, "no quote for that cart")
		b.get("/quotes?before=x").shows(t, http.StatusOK, "Castelmere", "Quoted", "until Jan 31, 2027")
	})
}
