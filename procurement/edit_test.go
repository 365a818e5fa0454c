package procurement_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
)

// comeBack is a set-up of the fixture's buyer for a cart that came home.
func comeBack(payload, operation, items string, pairs ...string) []byte {
	return setUp(payload, "c", "a@b.example", append([]string{`operation="create"`, `operation="` + operation + `"`,
		"</PunchOutSetupRequest>", items + "</PunchOutSetupRequest>"}, pairs...)...)
}

// held is an item as the buyer's system holds it.
func held(sku, auxiliary, quantity, unit, price string) string {
	if auxiliary != "" {
		auxiliary = "<SupplierPartAuxiliaryID>" + auxiliary + "</SupplierPartAuxiliaryID>"
	}
	return `<ItemOut quantity="` + quantity + `" lineNumber="LINE"><ItemID><SupplierPartID>` + sku + `</SupplierPartID>` + auxiliary + `</ItemID><ItemDetail><UnitPrice><Money currency="USD">` + price +
		`</Money></UnitPrice><Description xml:lang="en">The buyer's ` + sku + `</Description><UnitOfMeasure>` + unit + `</UnitOfMeasure><Classification domain="UNSPSC">31151500</Classification></ItemDetail></ItemOut>`
}

func items(list ...string) string {
	for i := range list {
		list[i] = strings.Replace(list[i], "LINE", fmt.Sprint(i+1), 1)
	}
	return strings.Join(list, "")
}

// shopping is one visit from its start page on.
func (r *rig) shopping(merchant string, body []byte) (visit string, session procurement.Session) {
	r.Helper()
	visit = r.enter(r.start(merchant, body), browserA)
	session, err := procurement.FindSession(r.ctx, r.db, r.keys, merchant, visit)
	if err != nil {
		r.Fatal(err)
	}
	return visit, session
}

func (r *rig) cartOf(s procurement.Session) checkout.Cart {
	r.Helper()
	cart, err := checkout.FindCart(r.ctx, r.db, s.Merchant, s.Cart)
	if err != nil {
		r.Fatal(err)
	}
	return cart
}

// lines writes a cart's lines: auxiliary id, what, at which price, and what is wrong.
func lines(c checkout.Cart) string {
	var list []string
	for _, l := range c.Lines {
		text := fmt.Sprintf("%s %s %s %s x %s = %s", c.AuxiliaryID(l.Line), l.SKU, l.Quantity, l.Unit, l.UnitPrice, l.Amount.Text())
		if l.Unavailable {
			text += " unavailable"
		}
		if l.Problem != "" {
			text += ": " + l.Problem
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

func (r *rig) wantLines(s procurement.Session, want ...string) {
	r.Helper()
	if got := lines(r.cartOf(s)); got != strings.Join(want, "; ") {
		r.Errorf("the cart is\n%s\nwant\n%s", got, strings.Join(want, "; "))
	}
}

// putAll replaces a cart: part number, quantity and unit in turn.
func (r *rig) putAll(merchant, visit string, wanted ...string) error {
	r.Helper()
	var list []checkout.Item
	for i := 0; i < len(wanted); i += 3 {
		list = append(list, checkout.Item{SKU: wanted[i], Quantity: money.MustDecimal(wanted[i+1]), Unit: wanted[i+2]})
	}
	return r.do(merchant, func(tx *database.Tx, m accounts.Merchant) error {
		_, err := r.service.PutCart(r.ctx, tx, m, visit, list)
		return err
	})
}

func (r *rig) mustPut(merchant, visit string, wanted ...string) {
	r.Helper()
	if err := r.putAll(merchant, visit, wanted...); err != nil {
		r.Fatal(err)
	}
}

// price changes what a product costs from now on.
func (r *rig) price(merchant, sku, price string, change ...func(*catalog.Product)) {
	r.Helper()
	r.in(func(tx *database.Tx) error {
		known, err := catalog.Products(r.ctx, tx, merchant, []string{sku})
		if err != nil {
			return err
		}
		p := known[accounts.Fold(sku)]
		for _, fn := range change {
			fn(&p)
		}
		if p, err = catalog.Save(r.ctx, tx, p, present); err != nil {
			return err
		}
		return catalog.SavePrice(r.ctx, tx, merchant, p.ID, catalog.Price{Currency: "USD", Price: money.MustDecimal(price)})
	})
}

func (r *rig) content(s procurement.Session) string {
	r.Helper()
	var content string
	if err := r.db.Get(r.ctx, &content, `SELECT content FROM carts WHERE merchant_id = ? AND id = ?`, s.Merchant, s.Cart); err != nil {
		r.Fatal(err)
	}
	return content
}

func (r *rig) sentHome(merchant, visit string, cancel bool) string {
	r.Helper()
	p := r.browse(http.MethodGet, r.mustHome(merchant, visit, cancel), browserA)
	if p.code != http.StatusOK {
		r.Fatalf("HTTP %d\n%s", p.code, p.body)
	}
	return messageOf(r.TB, p.body)
}

func editable(l *link) { l.settings.OperationAllowed = "edit" }

func TestALineKeepsItsIDFromEditToEdit(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited(editable)
		visit, first := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
		r.mustPut(merchant, visit, "ROPE-8", "3", "")
		if m := r.sentHome(merchant, visit, false); !strings.Contains(m, `operationAllowed="edit"`) {
			t.Errorf("the message is\n%s", m)
		}
		snapshot := r.content(first)

		// Today's price, the buyer's quantity, a cart of its own.
		r.price(merchant, "ROPE-8", "6.00")
		rope := first.Cart + "-1"
		visit, second := r.shopping(merchant, comeBack("s2", "edit", items(held("ROPE-8", rope, "4", "MTR", "5.00"))))
		if second.Cart == first.Cart || second.Operation != "edit" {
			t.Fatalf("the visit has the cart %s for %s", second.Cart, second.Operation)
		}
		r.wantLines(second, rope+" ROPE-8 4 MTR x 6.00 = 24.00")
		r.mustPut(merchant, visit, "HOOK-2", "1", "", "rope-8", "7", "MTR")
		r.wantLines(second, second.Cart+"-1 HOOK-2 1 EA x 15.00 = 15.00", rope+" ROPE-8 7 MTR x 6.00 = 42.00")
		message := r.sentHome(merchant, visit, false)
		for _, want := range []string{`<ItemIn quantity="7" lineNumber="2"><ItemID><SupplierPartID>ROPE-8</SupplierPartID><SupplierPartAuxiliaryID>` + rope + `<`,
			`<SupplierPartAuxiliaryID>` + second.Cart + `-1<`, `<Total><Money currency="USD">57.00</Money></Total>`} {
			if !strings.Contains(message, want) {
				t.Errorf("there is no %s in\n%s", want, message)
			}
		}

		// A third time both ids are known, and what is new has a third one.
		visit, third := r.shopping(merchant, comeBack("s3", "edit", items(held("HOOK-2", second.Cart+"-1", "1", "EA", "15.00"), held("ROPE-8", rope, "7", "MTR", "6.00"))))
		r.sell(merchant, "WIRE-1", "Wire", "MTR", "1.00")
		r.mustPut(merchant, visit, "WIRE-1", "5", "", "ROPE-8", "7", "MTR", "HOOK-2", "1", "EA")
		r.wantLines(third, third.Cart+"-1 WIRE-1 5 MTR x 1.00 = 5.00", rope+" ROPE-8 7 MTR x 6.00 = 42.00", second.Cart+"-1 HOOK-2 1 EA x 15.00 = 15.00")
		if got := r.content(first); got != snapshot {
			t.Errorf("the snapshot became\n%s\nit was\n%s", got, snapshot)
		}
	})
}

func TestOperationAllowedIsEnforced(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			allowed       string
			edit, inspect int
		}{{"", 200, 200}, {"create", 412, 412}, {"inspect", 412, 200}, {"edit", 200, 200}} {
			merchant := r.visited(func(l *link) { l.settings.OperationAllowed = test.allowed })
			visit, first := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
			r.mustPut(merchant, visit, "ROPE-8", "3", "")
			r.mustHome(merchant, visit, false)
			back := items(held("ROPE-8", first.Cart+"-1", "3", "MTR", "5.00"))
			for operation, code := range map[string]int{"edit": test.edit, "inspect": test.inspect} {
				before := r.counts(merchant, "documents")
				a := r.post(merchant, comeBack("s-"+operation, operation, back))
				if a.code != code {
					t.Errorf("%s of a cart with %q: %d %s, want %d", operation, test.allowed, a.code, a.detail, code)
				}
				if d := changed(before, r.counts(merchant, "documents")); code == 412 && d != "" {
					t.Errorf("a refused %s changed: %s", operation, d)
				}
			}
			// Another product under that id is not that line: it is rebuilt as it comes.
			if a := r.post(merchant, comeBack("s4", "edit", items(held("HOOK-2", first.Cart+"-1", "3", "EA", "15.00")))); a.code != 200 {
				t.Errorf("%d %s", a.code, a.detail)
			}
		}
	})
}

func TestWhatWasSaidLastCounts(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		l := fixture()
		editable(&l)
		c := r.connect(merchant, l)
		r.sell(merchant, "ROPE-8", "Rope", "MTR", "5.00")
		visit, first := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
		r.mustPut(merchant, visit, "ROPE-8", "3", "")
		r.mustHome(merchant, visit, false)
		back := items(held("ROPE-8", first.Cart+"-1", "3", "MTR", "5.00"))
		visit, _ = r.shopping(merchant, comeBack("s2", "edit", back))
		allow := func(operation string) {
			c.Settings.OperationAllowed = operation
			r.in(func(tx *database.Tx) error { return procurement.SaveConnection(r.ctx, tx, c, present) })
		}
		// A cancelled edit says nothing new, a returned one does, and the setting of today doesn't.
		allow("create")
		r.mustHome(merchant, visit, true)
		visit, _ = r.shopping(merchant, comeBack("s3", "edit", back))
		r.mustHome(merchant, visit, false)
		allow("edit")
		r.wantCodes(merchant, []int{412}, comeBack("s4", "edit", back))
	})
}

func TestACartOfSomebodyElseIsNeverMatched(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited(func(l *link) { l.settings.OperationAllowed = "create" })
		visit, first := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
		r.mustPut(merchant, visit, "ROPE-8", "3", "")
		r.mustHome(merchant, visit, false)
		other := r.merchant("live")
		r.connect(other, fixture())
		neighbour := fixture()
		neighbour.from = []procurement.Identity{id("DUNS", "700000009")}
		r.connect(merchant, neighbour)
		r.price(merchant, "ROPE-8", "5.00", func(p *catalog.Product) { p.Disabled = true })

		back := comeBack("s2", "edit", items(held("ROPE-8", first.Cart+"-1", "3", "MTR", "4.50")))
		r.wantCodes(merchant, []int{412}, back)
		// To others the id means nothing: they get what they brought, in their own words.
		for at, body := range map[string][]byte{merchant: []byte(strings.ReplaceAll(string(back), "700000001", "700000009")), other: back} {
			_, s := r.shopping(at, []byte(strings.Replace(string(body), "s2", "s3", 1)))
			cart := r.cartOf(s)
			if got, want := lines(cart), first.Cart+"-1 ROPE-8 3 MTR x 4.50 = 13.50 unavailable: The buyer's ROPE-8 isn't offered any more."; got != want {
				t.Errorf("the cart is\n%s\nwant\n%s", got, want)
			}
			if cart.Organisation == first.Organisation {
				t.Error("the cart is the first one's")
			}
		}
	})
}

func TestLinesThatCannotBeSoldStayAndHoldTheCart(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited(editable)
		visit, first := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
		r.mustPut(merchant, visit, "ROPE-8", "3", "", "HOOK-2", "2", "")
		r.mustHome(merchant, visit, false)
		r.price(merchant, "ROPE-8", "5.00", func(p *catalog.Product) { p.Disabled = true })
		r.price(merchant, "HOOK-2", "15.00", func(p *catalog.Product) { p.QuantityStep = money.MustDecimal("5") })
		rope, hook := first.Cart+"-1", first.Cart+"-2"
		visit, s := r.shopping(merchant, comeBack("s2", "edit", items(held("ROPE-8", rope, "3", "MTR", "4.9000"), held("HOOK-2", hook, "2", "EA", "15.00"),
			held("HOOK-2", "", "5", "DZN", "170.00"))))
		gone := rope + " ROPE-8 3 MTR x 4.9000 = 14.70 unavailable: Rope isn't offered any more."
		few := hook + " HOOK-2 2 EA x 15.00 = 30.00: HOOK-2 can't be ordered as 2 EA: in steps of 5."
		dozen := s.Cart + "-3 HOOK-2 5 DZN x 170.00 = 850.00 unavailable: HOOK-2 is not sold in DZN, only in EA."
		r.wantLines(s, gone, few, dozen)
		if got := r.cartOf(s).Goods.Text(); got != "894.70" {
			t.Errorf("the lines come to %s", got)
		}

		// They may stay while others are put in, but not go home.
		r.sell(merchant, "WIRE-1", "Wire", "MTR", "1.00")
		r.mustPut(merchant, visit, "ROPE-8", "3", "MTR", "HOOK-2", "2", "EA", "WIRE-1", "4", "")
		r.wantLines(s, gone, few, s.Cart+"-3 WIRE-1 4 MTR x 1.00 = 4.00")
		_, err := r.home(merchant, visit, false)
		r.wantFault(err, fault.Invalid)
		if err == nil || !strings.Contains(err.Error(), "Rope isn't offered any more. Remove the line") || !strings.Contains(err.Error(), "Change the quantity") {
			t.Errorf("it isn't said what to do: %v", err)
		}
		// Another quantity of what is gone is not on offer, and nothing is changed by asking.
		r.wantFault(r.putAll(merchant, visit, "ROPE-8", "4", "MTR", "HOOK-2", "5", "EA"), fault.Invalid)
		r.mustPut(merchant, visit, "ROPE-8", "3", "MTR", "HOOK-2", "5", "EA")
		r.wantLines(s, gone, hook+" HOOK-2 5 EA x 15.00 = 75.00")
		r.mustPut(merchant, visit, "HOOK-2", "5", "EA")
		message := r.sentHome(merchant, visit, false)
		if strings.Contains(message, "ROPE-8") || strings.Count(message, "<ItemIn") != 1 || !strings.Contains(message, hook) {
			t.Errorf("the message is\n%s", message)
		}
	})
}

func TestAnEditThatEmptiesTheCart(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited(editable)
		visit, _ := r.shopping(merchant, comeBack("s1", "edit", items(held("ROPE-8", "x/1", "3", "MTR", "5.00"))))
		r.mustPut(merchant, visit)
		p := r.browse(http.MethodGet, r.mustHome(merchant, visit, false), browserA)
		if m := messageOf(t, p.body); strings.Contains(m, "<ItemIn") || strings.Contains(m, "<Status") || !strings.Contains(m, `<Money currency="USD">0.00</Money>`) {
			t.Errorf("the message is\n%s", m)
		}
		if !strings.Contains(p.body, "Sending an empty cart home") {
			t.Errorf("the page is\n%s", p.body)
		}
	})
}

func TestACancelledEdit(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		back := items(held("ROPE-8", "Q 1/1", "3", "MTR", "4.5000"), held("GONE-1", "", "2", "EA", "9.90"))
		const nothing = `<Status code="204" text="No Content" xml:lang="en-GB"/><PunchOutOrderMessage><BuyerCookie>c</BuyerCookie>` +
			`<PunchOutOrderMessageHeader operationAllowed="edit"><Total><Money currency="USD">0.00</Money></Total></PunchOutOrderMessageHeader></PunchOutOrderMessage></Message></cXML>`
		const again = `<PunchOutOrderMessage><BuyerCookie>c</BuyerCookie><PunchOutOrderMessageHeader operationAllowed="edit"><Total><Money currency="USD">33.30</Money></Total></PunchOutOrderMessageHeader>` +
			`<ItemIn quantity="3" lineNumber="1"><ItemID><SupplierPartID>ROPE-8</SupplierPartID><SupplierPartAuxiliaryID>Q 1/1</SupplierPartAuxiliaryID></ItemID>` +
			`<ItemDetail><UnitPrice><Money currency="USD">4.5000</Money></UnitPrice><Description xml:lang="en-GB">Rope<ShortName>Rope</ShortName></Description>` +
			`<UnitOfMeasure>MTR</UnitOfMeasure><Classification domain="UNSPSC">31151500</Classification></ItemDetail></ItemIn>` +
			`<ItemIn quantity="2" lineNumber="2"><ItemID><SupplierPartID>GONE-1</SupplierPartID></ItemID>` +
			`<ItemDetail><UnitPrice><Money currency="USD">9.90</Money></UnitPrice><Description xml:lang="en-GB">The buyer's GONE-1<ShortName>The buyer's GONE-1</ShortName></Description>` +
			`<UnitOfMeasure>EA</UnitOfMeasure><Classification domain="UNSPSC">31151500</Classification></ItemDetail></ItemIn></PunchOutOrderMessage></Message></cXML>`
		for setting, want := range map[string]string{"": nothing, "status204": nothing, "resend": again} {
			merchant := r.visited(func(l *link) { l.settings.EditCancel, l.settings.TaxAndFreight = setting, "none" })
			visit, s := r.shopping(merchant, comeBack("s1", "edit", back))
			r.mustPut(merchant, visit, "HOOK-2", "1", "") // what was done in between is forgotten
			if got, want := r.sentHome(merchant, visit, true), fill(messageHead, "{session}", s.ID)+want; got != want {
				t.Errorf("%q sends\n%s\nwant\n%s", setting, got, want)
			}
			// Leaving a new cart is always 204.
			visit, _ = r.shopping(merchant, setUp("s2", "c", "a@b.example"))
			r.mustPut(merchant, visit, "HOOK-2", "1", "")
			if m := r.sentHome(merchant, visit, true); !strings.HasSuffix(m, nothing) {
				t.Errorf("%q sends for a new cart\n%s", setting, m)
			}
		}
	})
}

func TestALookAtACart(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		const form = "<BrowserFormPost><URL>" + returnAddress + "</URL></BrowserFormPost>"
		for _, way := range []string{form, ""} {
			merchant := r.visited()
			visit, s := r.shopping(merchant, comeBack("s1", "inspect", items(held("ROPE-8", "Q/1", "3", "MTR", "4.50"), held("GONE-1", "Q/2", "2", "EA", "9.90")), form, way))
			// It shows what the buyer holds, not what it would cost today.
			r.wantLines(s, "Q/1 ROPE-8 3 MTR x 4.50 = 13.50", "Q/2 GONE-1 2 EA x 9.90 = 19.80 unavailable: The buyer's GONE-1 isn't offered any more.")
			r.wantFault(r.putAll(merchant, visit, "ROPE-8", "4", "MTR"), fault.Conflict)
			_, err := r.home(merchant, visit, false)
			r.wantFault(err, fault.Conflict)
			if got := r.sessions(merchant); got != "open 1" {
				t.Error(got)
			}
			p := r.browse(http.MethodGet, r.mustHome(merchant, visit, true), browserA)
			if way != "" {
				if m := messageOf(t, p.body); !strings.Contains(m, `<Status code="204"`) || strings.Contains(m, "<ItemIn") {
					t.Errorf("the message is\n%s", m)
				}
				continue
			}
			if p.code != http.StatusOK || strings.Contains(p.body, "<form") || !strings.Contains(p.body, "<h1>You can close this window</h1>") {
				t.Errorf("HTTP %d\n%s", p.code, p.body)
			}
			if got := p.header.Get("Content-Security-Policy"); !strings.Contains(got, "form-action 'none'; frame-ancestors 'self' https://buying.example.org") {
				t.Error(got)
			}
			if documents, err := procurement.DocumentsOf(r.ctx, r.db, merchant, s.ID); err != nil || len(documents) != 1 {
				t.Errorf("%d documents, %v", len(documents), err)
			}
		}
		// Whoever wants to take something home says where to.
		merchant := r.visited()
		r.wantCodes(merchant, []int{400, 400}, comeBack("s2", "edit", items(held("ROPE-8", "Q/1", "3", "MTR", "4.50")), form, ""), setUp("s3", "c", "a@b.example", form, ""))
	})
}

func TestItemsThatMakeNoCart(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		rope := held("ROPE-8", "Q/1", "3", "MTR", "4.50")
		many := make([]string, 1001)
		for i := range many {
			many[i] = rope
		}
		before := r.counts(merchant, "documents")
		for name, list := range map[string]string{
			"two currencies":      items(rope, strings.Replace(rope, `"USD"`, `"EUR"`, 1)),
			"an unknown currency": items(strings.Replace(rope, `"USD"`, `"XYQ"`, 1)),
			"a negative price":    items(strings.Replace(rope, "4.50", "-4.50", 1)),
			"too much":            items(held("ROPE-8", "", "9999999999999", "MTR", "999999999")),
			"too many":            items(many...),
		} {
			for _, operation := range []string{"edit", "inspect"} {
				if a := r.post(merchant, comeBack("s-"+name+operation, operation, list)); a.code != 400 {
					t.Errorf("%s of %s: %d %s", operation, name, a.code, a.detail)
				}
			}
		}
		if d := changed(before, r.counts(merchant, "documents")); d != "" {
			t.Error("changed:", d)
		}
	})
}

func TestAnEditSaysWhatALineCostBefore(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		visit, first := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
		r.mustPut(merchant, visit, "ROPE-8", "3", "", "HOOK-2", "2", "")
		r.mustHome(merchant, visit, false)
		r.price(merchant, "ROPE-8", "5.50")
		before := func(s procurement.Session) string {
			var list []string
			for _, l := range r.cartOf(s).Lines {
				text := l.SKU + " " + l.UnitPrice.String()
				if l.Before != nil {
					text += " was " + l.Before.String()
				}
				list = append(list, text)
			}
			return strings.Join(list, ", ")
		}
		want := func(what string, s procurement.Session, want string) {
			t.Helper()
			if got := before(s); got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		back := items(held("ROPE-8", first.Cart+"-1", "3", "MTR", "5.00"), held("HOOK-2", first.Cart+"-2", "2", "EA", "15.0000"))
		visit, second := r.shopping(merchant, comeBack("s2", "edit", back))
		want("a price that changed", second, "ROPE-8 5.50 was 5.00, HOOK-2 15.00")
		r.mustPut(merchant, visit, "ROPE-8", "4", "", "HOOK-2", "2", "")
		want("after a change of the quantity", second, "ROPE-8 5.50 was 5.00, HOOK-2 15.00")
		r.price(merchant, "ROPE-8", "5.00")
		r.mustPut(merchant, visit, "ROPE-8", "4", "", "HOOK-2", "2", "")
		want("back at the old price", second, "ROPE-8 5.00, HOOK-2 15.00")

		// What no cart is known of is held against what the buyer's system says, a look is not.
		_, third := r.shopping(merchant, comeBack("s3", "edit", items(held("ROPE-8", "THEIRS-1", "3", "MTR", "4.875"), held("HOOK-2", "", "1", "EA", "15.00"))))
		want("of unknown carts", third, "ROPE-8 5.00 was 4.875, HOOK-2 15.00")
		_, fourth := r.shopping(merchant, comeBack("s4", "inspect", items(held("ROPE-8", "THEIRS-1", "3", "MTR", "4.875"))))
		want("a look", fourth, "ROPE-8 4.875")
	})
}
