package procurement_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/procurement"
)

// asked puts three metres of rope and two hooks into a visit's cart; what the hooks cost is to be
// said later.
func (r *rig) asked(merchant, visit string) {
	r.Helper()
	err := r.do(merchant, func(tx *database.Tx, m accounts.Merchant) error {
		_, err := r.service.PutCart(r.ctx, tx, m, visit, []checkout.Item{{SKU: "ROPE-8", Quantity: money.MustDecimal("3")}, {SKU: "HOOK-2", Quantity: money.MustDecimal("2"), Open: true}})
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) forQuote(merchant, visit string) (address string, err error) {
	r.Helper()
	err = r.do(merchant, func(tx *database.Tx, m accounts.Merchant) (err error) {
		address, err = r.service.ReturnForQuote(r.ctx, tx, m, visit)
		return err
	})
	return address, err
}

// quote says prices, by line and price in turn.
func (r *rig) quote(merchant, cart, until string, prices ...checkout.QuotedPrice) error {
	r.Helper()
	day, err := money.ParseDate(until)
	if err != nil {
		r.Fatal(err)
	}
	return r.do(merchant, func(tx *database.Tx, m accounts.Merchant) error {
		_, _, err := r.service.Desk.SetQuote(r.ctx, tx, checkout.Quoting{Merchant: m, Cart: cart, Prices: prices, ValidUntil: day, Actor: "test", Reason: "agreed"})
		return err
	})
}

func priceFor(line int64, price string) checkout.QuotedPrice {
	return checkout.QuotedPrice{Line: line, Price: money.MustDecimal(price)}
}

// quotedOrder orders that cart at a price for the hooks.
func quotedOrder(payload, number, cart, hook, total string) []byte {
	return po(payload, number, ">15.00<", ">"+hook+"<", ">45.00<", ">"+total+"<", "<SupplierPartID>ROPE-8</SupplierPartID>", "<SupplierPartID>ROPE-8</SupplierPartID><SupplierPartAuxiliaryID>"+cart+"-1</SupplierPartAuxiliaryID>",
		"<SupplierPartID>HOOK-2</SupplierPartID>", "<SupplierPartID>HOOK-2</SupplierPartID><SupplierPartAuxiliaryID>"+cart+"-2</SupplierPartAuxiliaryID>")
}

// found tells of an order: its state, goods and flags.
func (r *rig) found(merchant, organisation, number string) string {
	r.Helper()
	o, ok, err := orders.FindByNumber(r.ctx, r.db, merchant, organisation, number)
	if err != nil || !ok {
		r.Fatalf("order %s: %v", number, err)
	}
	v, err := orders.FindVersion(r.ctx, r.db, o, o.Latest)
	if err != nil {
		r.Fatal(err)
	}
	text := o.State + " " + v.Goods.Text()
	for _, f := range v.Flags {
		text += " " + f.Code
	}
	return text
}

func TestAQuoteFromTheCartToTheOrder(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		visit, first := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
		r.asked(merchant, visit)
		_, err := r.home(merchant, visit, false)
		r.wantFault(err, fault.Invalid)
		if err == nil || !strings.Contains(err.Error(), "Hook has no price yet") {
			t.Errorf("it isn't said what is missing: %v", err)
		}
		address, err := r.forQuote(merchant, visit)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := r.forQuote(merchant, visit); err != nil || again != address {
			t.Errorf("asked again: %s, %v", again, err)
		}
		message := messageOf(t, r.browse(http.MethodGet, address, browserA).body)
		for _, want := range []string{`operationAllowed="edit" quoteStatus="pending"><Total><Money currency="USD">15.00</Money>`, `<UnitPrice><Money currency="USD">0</Money></UnitPrice><Description xml:lang="en-GB">Hook`} {
			if !strings.Contains(message, want) {
				t.Errorf("the message does not say %s:\n%s", want, message)
			}
		}
		var sent string
		snapshot := func() (content string) {
			if err := r.db.Get(r.ctx, &content, `SELECT content FROM carts WHERE merchant_id = ? AND id = ?`, merchant, first.Cart); err != nil {
				t.Fatal(err)
			}
			return content
		}
		sent = snapshot()

		// Ordered before anybody said a price: a person looks.
		early := r.post(merchant, quotedOrder("p1", "Q-1", first.Cart, "0", "15.00"))
		if early.code != 201 || !strings.Contains(early.detail, "Line 2 (HOOK-2) was ordered before its quote was final") && !strings.Contains(early.detail, "Line 1 (ROPE-8) was ordered before its quote was final") {
			t.Errorf("%d %s", early.code, early.detail)
		}
		if got := r.found(merchant, first.Organisation, "Q-1"); got != "credit_review 15.00 quote_pending quote_pending" {
			t.Error(got)
		}
		back := func(hook string) string {
			return items(held("ROPE-8", first.Cart+"-1", "3", "MTR", "5.00"), held("HOOK-2", first.Cart+"-2", "2", "EA", hook))
		}
		visit, waiting := r.shopping(merchant, comeBack("s2", "edit", back("0")))
		r.wantLines(waiting, first.Cart+"-1 ROPE-8 3 MTR x 5.00 = 15.00", first.Cart+"-2 HOOK-2 2 EA x 0 = 0.00")
		r.mustHome(merchant, visit, true)

		// The merchant says what it costs; the snapshot stays what it was.
		if err := r.quote(merchant, first.Cart, "2026-03-20", priceFor(2, "12.75")); err != nil {
			t.Fatal(err)
		}
		if snapshot() != sent {
			t.Error("the quote changed the snapshot")
		}
		r.price(merchant, "ROPE-8", "5.50")
		for _, operation := range []string{"edit", "inspect"} {
			_, quoted := r.shopping(merchant, comeBack("s3-"+operation, operation, back("0")))
			r.wantLines(quoted, first.Cart+"-1 ROPE-8 3 MTR x 5.00 = 15.00", first.Cart+"-2 HOOK-2 2 EA x 12.75 = 25.50")
			for _, l := range r.cartOf(quoted).Lines {
				if l.QuotedUntil == nil || l.QuotedUntil.String() != "2026-03-20" || l.Open || l.Before != nil {
					t.Errorf("%s: %+v", operation, l)
				}
			}
		}
		if a := r.post(merchant, quotedOrder("p2", "Q-2", first.Cart, "12.75", "40.50")); a.code != 200 {
			t.Errorf("%d %s", a.code, a.detail)
		}
		if got := r.found(merchant, first.Organisation, "Q-2"); got != "approved 40.50" {
			t.Error(got)
		}

		// An edit keeps what is quoted for the lines that stay, and sends it home for good.
		visit, edited := r.shopping(merchant, comeBack("s4", "edit", back("12.75")))
		r.mustPut(merchant, visit, "ROPE-8", "4", "", "HOOK-2", "2", "EA")
		r.wantLines(edited, first.Cart+"-1 ROPE-8 4 MTR x 5.50 = 22.00", first.Cart+"-2 HOOK-2 2 EA x 12.75 = 25.50")
		message = messageOf(t, r.browse(http.MethodGet, r.mustHome(merchant, visit, false), browserA).body)
		if strings.Contains(message, "pending") || !strings.Contains(message, ">47.50<") {
			t.Errorf("home goes\n%s", message)
		}

		// The day is over: today's prices, and it is said.
		r.clock.Advance(time.Date(2026, 3, 21, 12, 0, 0, 0, time.UTC).Sub(r.clock.Now()))
		if a := r.post(merchant, quotedOrder("p3", "Q-3", first.Cart, "12.75", "40.50")); a.code != 200 {
			t.Errorf("%d %s", a.code, a.detail)
		}
		if got := r.found(merchant, first.Organisation, "Q-3"); !strings.Contains(got, "quote_stale") {
			t.Errorf("after the quote's day: %s", got)
		}
		_, late := r.shopping(merchant, comeBack("s5", "edit", back("12.75")))
		r.wantLines(late, first.Cart+"-1 ROPE-8 3 MTR x 5.50 = 16.50", first.Cart+"-2 HOOK-2 2 EA x 15.00 = 30.00")
		var audits int
		if err := r.db.Get(r.ctx, &audits, `SELECT count(*) FROM audit WHERE merchant_id = ? AND action = 'quote.set' AND actor = 'test' AND object = ? AND was LIKE '%pending%' AND became LIKE '%12.75%'`, merchant, first.Cart); err != nil || audits != 1 {
			t.Errorf("%d audit entries, %v", audits, err)
		}
	})
}

func TestQuotesThatAreNone(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		visit, s := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
		r.asked(merchant, visit)
		r.wantFault(r.quote(merchant, s.Cart, "2026-03-20", priceFor(2, "1")), fault.Conflict) // it hasn't gone home
		if _, err := r.forQuote(merchant, visit); err != nil {
			t.Fatal(err)
		}
		before := r.counts(merchant)
		for name, test := range map[string]struct {
			until  string
			prices []checkout.QuotedPrice
			want   string
		}{
			"a line without a price is left out": {"2026-03-20", []checkout.QuotedPrice{priceFor(1, "5")}, "line 2 (HOOK-2) has no price yet"},
			"a line that isn't there":            {"2026-03-20", []checkout.QuotedPrice{priceFor(2, "5"), priceFor(3, "5")}, "lines[1].line"},
			"line 0":                             {"2026-03-20", []checkout.QuotedPrice{priceFor(2, "5"), priceFor(0, "5")}, "lines[1].line"},
			"a line twice":                       {"2026-03-20", []checkout.QuotedPrice{priceFor(2, "5"), priceFor(2, "5")}, "named twice"},
			"a negative price":                   {"2026-03-20", []checkout.QuotedPrice{priceFor(2, "-5")}, "lines[0].price"},
			"more than an amount can be":         {"2026-03-20", []checkout.QuotedPrice{priceFor(2, "99999999999999999")}, "lines[0].price"},
			"a day that is over":                 {"2026-03-04", []checkout.QuotedPrice{priceFor(2, "5")}, "valid_until"},
			"a day in the next century":          {"2126-03-04", []checkout.QuotedPrice{priceFor(2, "5")}, "valid_until"},
		} {
			err := r.quote(merchant, s.Cart, test.until, test.prices...)
			if r.wantFault(err, fault.Invalid); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: %v, want %q in it", name, err, test.want)
			}
		}
		r.wantFault(r.quote(merchant, "crt_0123456789abcdefghjkmnpqrs", "2026-03-20"), fault.Unknown)
		other := r.visited()
		r.wantFault(r.quote(other, s.Cart, "2026-03-20", priceFor(2, "5")), fault.Unknown)
		if d := changed(before, r.counts(merchant)); d != "" {
			t.Errorf("refused quotes changed: %s", d)
		}
		// Today is a day, and a quote may be given again.
		for _, price := range []string{"5", "0"} {
			if err := r.quote(merchant, s.Cart, "2026-03-05", priceFor(2, price)); err != nil {
				t.Error(err)
			}
		}
		q, err := checkout.FindQuote(r.ctx, r.db, merchant, s.Cart)
		if err != nil || q.Version != 3 || q.State != checkout.QuoteFinal || len(q.Prices) != 2 || q.Prices[0].String() != "5.00" || q.Prices[1].Sign() != 0 {
			t.Errorf("%+v, %v", q, err)
		}

		// An ordinary cart takes none, and where nobody may come back no quote can be asked for.
		visit, plain := r.shopping(merchant, setUp("s2", "c", "a@b.example"))
		r.mustPut(merchant, visit, "ROPE-8", "3", "")
		r.mustHome(merchant, visit, false)
		r.wantFault(r.quote(merchant, plain.Cart, "2026-03-20", priceFor(1, "5")), fault.Conflict)
		third := r.visited(func(l *link) { l.settings.OperationAllowed = "create" })
		visit, _ = r.shopping(third, setUp("s1", "c", "a@b.example"))
		r.asked(third, visit)
		_, err = r.forQuote(third, visit)
		r.wantFault(err, fault.Conflict)
		if list, err := checkout.Quotes(r.ctx, r.db, merchant, false, "", 10); err != nil || len(list) != 1 {
			t.Errorf("%d quotes, %v", len(list), err)
		}
		if list, err := checkout.Quotes(r.ctx, r.db, merchant, true, "", 10); err != nil || len(list) != 0 {
			t.Errorf("%d quotes wait, %v", len(list), err)
		}
	})
}

// A leave that sends the original again says that its prices are still open.
func TestHowLongAReturnedCartHolds(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		for days, want := range map[int][]string{0: {"approved 45.00", "approved 45.00", "quote_stale"}, 5: {"approved 45.00", "quote_stale", "quote_stale"}} {
			began := r.clock.Now()
			merchant := r.visited(func(l *link) { l.settings.QuoteDays = days })
			visit, s := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
			r.mustPut(merchant, visit, "ROPE-8", "3", "", "HOOK-2", "2", "")
			r.mustHome(merchant, visit, false)
			r.price(merchant, "HOOK-2", "16.00")
			for i, day := range []int{5, 6, 31} {
				r.clock.Advance(began.AddDate(0, 0, day).Add(-time.Second).Sub(r.clock.Now()))
				number := string(rune('A' + i))
				r.wantCodes(merchant, []int{200}, quotedOrder("p"+number, number, s.Cart, "15.00", "45.00"))
				if got := r.found(merchant, s.Organisation, number); !strings.Contains(got, want[i]) {
					t.Errorf("%d days, on day %d: %s, want %s", days, day, got, want[i])
				}
			}
		}
		for _, days := range []int{-1, 3661} {
			if faults := (procurement.Settings{QuoteDays: days}).Check(); !slices.ContainsFunc(faults, func(f fault.Field) bool { return f.Path == "quote_days" }) {
				t.Errorf("%d days: %v", days, faults)
			}
		}
	})
}
