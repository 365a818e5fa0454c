package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/server/api"
	"github.com/kontorhq/kontor/setup"
)

// entered is an order of ten boxes of gloves for 99.50, with its parts replaced.
func entered(pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(`{"organisation":"ext:castelmere","number":"M-1","lines":[{"sku":"PPE-2010","quantity":"10","unit":"BX","price":"9.95"}]}`)
}

// What can't be entered names its field by API and from a file alike, and changes nothing.
func TestOrdersThatCantBeEntered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.order("castelmere", "TAKEN", "1")
		for _, test := range []struct {
			name, body string
			code       int
			place      string
			desk       bool // only the server can tell
		}{
			{"not JSON", mark, 400, "", false},
			{"a list", `[]`, 422, "", false},
			{"nothing", `{}`, 422, "organisation", false},
			{"no number", entered(`"number":"M-1",`, ``), 422, "number", false},
			{"a number of blanks", entered(`"M-1"`, `"  "`), 422, "number", true},
			{"a number of two lines", entered(`M-1`, `M\n1`), 422, "number", false},
			{"no lines", entered(`{"sku":"PPE-2010","quantity":"10","unit":"BX","price":"9.95"}`, ``), 422, "lines", false},
			{"an unknown field", entered(`"number"`, `"`+mark+`":1,"number"`), 422, mark, false},
			{"an unknown field of a line", entered(`"sku"`, `"tax":"`+mark+`","sku"`), 422, "lines[0].tax", false},
			{"no such organisation", entered(`ext:castelmere`, `ext:`+mark), 404, "organisation", true},
			{"an organisation that can't be one", entered(`ext:castelmere`, `ext:\u0000`), 422, "organisation", false},
			{"no currency of this world", entered(`"number"`, `"currency":"XQQ","number"`), 422, "currency", true},
			{"a currency without a line", entered(`"number"`, `"currency":"JPY","number"`), 402, "", true},
			{"a quantity as a number", entered(`"10"`, `10`), 422, "lines[0].quantity", false},
			{"no quantity", entered(`"10"`, `"0"`), 422, "lines[0].quantity", true},
			{"a negative quantity", entered(`"10"`, `"-1"`), 422, "lines[0].quantity", true},
			{"a decimal comma", entered(`"9.95"`, `"9,95"`), 422, "lines[0].price", true},
			{"a negative price", entered(`"9.95"`, `"-9.95"`), 422, "lines[0].price", true},
			{"a price for nothing", entered(`"price"`, `"price_per":"0","price"`), 422, "lines[0].price_per", true},
			{"a price basis of no end", entered(`"price"`, `"price_per":"9999999999999999999","price"`), 422, "lines[0].price_per", true},
			{"no product", entered(`"sku":"PPE-2010",`, ``), 422, "lines[0].sku", true},
			{"a product with a zero byte", entered(`PPE-2010`, `PPE\u0000`), 422, "lines[0].sku", false},
			{"a quote with a line end", entered(`"sku"`, `"quote_id":"a\n","sku"`), 422, "lines[0].quote_id", false},
			{"one line number twice", entered(`"lines":[`, `"lines":[{"line":1,"sku":"PPE-2010","quantity":"1","unit":"BX","price":"9.95"},`, `"quantity":"10"`, `"line":1,"quantity":"10"`), 422, "lines[1].line", true},
			{"a line below all numbers", entered(`"sku"`, `"line":-1,"sku"`), 422, "lines[0].line", false},
			{"another charge", entered(`"sku"`, `"charge":"`+mark+`","sku"`), 422, "lines[0].charge", false},
			{"a country that is none", entered(`"number"`, `"ship_to":{"country":"D1"},"number"`), 422, "ship_to.country", false},
			{"a total in words", entered(`"number"`, `"total":"`+mark+`","number"`), 422, "total", true},
			{"a line beyond all money", entered(`"10"`, `"9999999999999999"`, `"9.95"`, `"9999999999999999"`), 422, "lines[0]", true},
			{"a sum beyond all money", entered(`"lines":[`, `"lines":[{"sku":"PPE-2010","quantity":"9000000000000000","unit":"BX","price":"9.95"},`, `"10"`, `"9000000000000000"`), 422, "lines", true},
			{"too many lines", entered(`"lines":[`, `"lines":[`+strings.Repeat(`{"sku":"A","quantity":"1","unit":"EA","price":"1"},`, 1000)), 422, "lines", false},
			{"a number that is taken", entered(`M-1`, `TAKEN`), 409, "number", true},
		} {
			got := w.call(http.MethodPost, "/v1/orders", test.body, "Idempotency-Key", "k")
			p, found := got.problem(t), test.place == ""
			for _, e := range p.Errors {
				found = found || e.Location == test.place && e.Message != ""
			}
			if got.status != test.code || !found || p.Detail == "" {
				t.Errorf("%s: %d %s; want %d, %s", test.name, got.status, got.body, test.code, test.place)
			}
			if test.place != mark && strings.Contains(got.body, mark) {
				t.Errorf("%s: what was sent comes back: %s", test.name, got.body)
			}
			if _, err := api.ReadOrder([]byte(test.body)); (err == nil) != test.desk || err != nil && !strings.Contains(err.Error(), test.place) {
				t.Errorf("%s from a file: %v", test.name, err)
			}
		}
		if got := w.call(http.MethodPost, "/v1/orders", entered()); got.status != 422 || got.problem(t).Errors[0].Location != "header.Idempotency-Key" {
			t.Errorf("without a key: %d %s", got.status, got.body)
		}
		if list := must[client.Page[client.Order]](t)(w.Orders(t.Context(), client.OrderQuery{})); len(list.Items) != 1 {
			t.Errorf("there are %d orders", len(list.Items))
		}
	})
}

func TestAnOrderIsEnteredOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		replies := w.together(5, http.MethodPost, "/v1/orders", entered(), "Idempotency-Key", "one")
		for _, got := range replies {
			if got.status != http.StatusOK || got.body != replies[0].body {
				t.Fatal(got)
			}
		}
		var first client.Order
		if err := json.Unmarshal([]byte(replies[0].body), &first); err != nil {
			t.Fatal(err)
		}
		if first.State != "approved" || first.Source != "offline" || first.Goods != usd(99_50) || first.Freight != usd(14_95) || first.Total != usd(114_45) || first.ConnectionID != "" {
			t.Errorf("%+v", first)
		}
		if got := w.call(http.MethodPost, "/v1/orders", entered(`"10"`, `"11"`), "Idempotency-Key", "one"); got.status != 422 || got.problem(t).Code != "key_reused" {
			t.Error(got)
		}
		// The order is known by its number and content, too.
		again := w.call(http.MethodPost, "/v1/orders", entered(), "Idempotency-Key", "two")
		if again.status != http.StatusOK || again.body != replies[0].body || again.head.Get("Idempotency-Replayed") != "" {
			t.Error(again)
		}
		if got := w.call(http.MethodPost, "/v1/orders", entered(`"10"`, `"11"`), "Idempotency-Key", "three"); got.status != 409 {
			t.Error(got)
		}
		if line := must[[]client.CreditLine](t)(w.CreditLines(t.Context(), "ext:castelmere"))[0]; line.Available != usd(885_55) {
			t.Errorf("%+v", line.Available)
		}
	})
}

// untaxed is a place for which the merchant's table says 0.
var untaxed = &client.EnteredPlace{Country: "US", Region: "OR"}

// A cart goes home at 8.10 and 0.01255, the prices rise, and the order comes by mail.
func TestAnEnteredOrderIsHeldAgainstItsCart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		visit := w.visit()
		cart := must[client.Cart](t)(w.PutCart(ctx, visit, []client.WantedLine{{SKU: "PPE-2010", Quantity: "10"}, {SKU: "FAS-1050", Quantity: "1500"}}))
		if _, err := w.Return(ctx, visit); err != nil {
			t.Fatal(err)
		}
		dearer := strings.NewReplacer(`"8.1000"`, `"9.0000"`, `"0.01255"`, `"0.02"`).Replace(objects)
		env := func(name string) (string, bool) {
			return map[string]string{"SHOP": shopKey, "OTHER": otherKey, "SECRET": "hush-hush-hush"}[name], true
		}
		if _, err := setup.Apply(ctx, w.db, w.keys, w.clock, []byte(dearer), setup.Options{Env: env, Actor: "test"}); err != nil {
			t.Fatal(err)
		}
		gloves := func(quote, item string) client.EnteredLine {
			return client.EnteredLine{SKU: "PPE-2010", QuoteID: quote, QuoteItem: item, Quantity: "10", Unit: "BX", Price: "8.10"}
		}
		with := func(l client.EnteredLine, change func(*client.EnteredLine)) client.EnteredLine { change(&l); return l }
		for _, test := range []struct {
			name, organisation, number string
			line                       client.EnteredLine
			state, goods, flags        string
		}{
			{"with the cart's line", "northfold", "N-1", gloves(cart.ID, "1"), "approved", "81.00", ""},
			{"with the line as SAP pads it", "northfold", "N-2", gloves(strings.ToUpper(cart.ID), "0000000001"), "approved", "81.00", ""},
			{"with the cart alone", "northfold", "N-3", gloves(cart.ID, ""), "approved", "81.00", ""},
			{"with a fine price per hundred", "northfold", "N-4", client.EnteredLine{SKU: "FAS-1050", QuoteID: cart.ID, QuoteItem: "2", Quantity: "1500", Unit: "EA", Price: "1.255", PricePer: "100"}, "approved", "18.83", ""},
			{"with another line's number: no match", "northfold", "N-5", gloves(cart.ID, "2"), "credit_review", "81.00", "price_below"},
			{"without anything: today's price", "northfold", "N-6", gloves("", ""), "credit_review", "81.00", "price_below"},
			{"at a price that the user lowered", "northfold", "N-7", with(gloves(cart.ID, "1"), func(l *client.EnteredLine) { l.Price = "7.10" }), "credit_review", "71.00", "price_below"},
			{"at a price that the user raised", "northfold", "N-8", with(gloves(cart.ID, "1"), func(l *client.EnteredLine) { l.Price = "8.50" }), "approved", "81.00", "price_above"},
			{"in another quantity: today's price", "northfold", "N-9", with(gloves(cart.ID, "1"), func(l *client.EnteredLine) { l.Quantity, l.Price = "11", "9" }), "approved", "99.00", ""},
			{"another company's cart is no match", "castelmere", "N-10", gloves(cart.ID, "1"), "credit_review", "81.00", "price_below"},
		} {
			o, err := w.EnterOrder(ctx, client.EnteredOrder{Organisation: "ext:" + test.organisation, Number: test.number, ShipTo: untaxed, Lines: []client.EnteredLine{test.line}})
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
				continue
			}
			var flags []string
			for _, f := range o.Flags {
				flags = append(flags, f.Code)
			}
			goods := strings.TrimPrefix(o.Goods.Format(), "$")
			if got := strings.Join(flags, " "); o.State != test.state || goods != test.goods || got != test.flags {
				t.Errorf("%s: %s, %s, %q; want %s, %s, %q", test.name, o.State, goods, got, test.state, test.goods, test.flags)
			}
		}
		freight := client.EnteredLine{Charge: "freight", SKU: "FREIGHT", Quantity: "1", Unit: "EA", Price: "19.90"}
		o := must[client.Order](t)(w.EnterOrder(ctx, client.EnteredOrder{Organisation: "ext:northfold", Number: "N-11", ShipTo: untaxed, Total: "100.90", Lines: []client.EnteredLine{gloves(cart.ID, "1"), freight}}))
		if o.State != "approved" || o.Goods != usd(81_00) || o.Freight != usd(19_90) || len(o.Flags) > 1 || o.Lines[1].Charge != "freight" {
			t.Errorf("with freight: %+v", o)
		}
	})
}

// The connection by which a cart went home says which differences of prices are taken, also where the
// order comes by mail.
func TestAnEnteredOrderIsPricedAsItsCartsConnectionSays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		sent := func() string {
			visit := w.visit()
			cart := must[client.Cart](t)(w.PutCart(ctx, visit, []client.WantedLine{{SKU: "PPE-2010", Quantity: "10"}, {SKU: "FAS-1050", Quantity: "1500"}}))
			if _, err := w.Return(ctx, visit); err != nil {
				t.Fatal(err)
			}
			return cart.ID
		}
		cart, other := sent(), sent()
		line := func(cart, item, price string) client.EnteredLine {
			return client.EnteredLine{SKU: "PPE-2010", QuoteID: cart, QuoteItem: item, Quantity: "10", Unit: "BX", Price: price}
		}
		for i, test := range []struct {
			name, settings, total string
			lines                 []client.EnteredLine
			state, goods          string
		}{
			{"no tolerance", ``, "", []client.EnteredLine{line(cart, "1", "7.70")}, "credit_review", "77.00"},
			{"within the tolerance", `, "tolerance_percent": "5"`, "", []client.EnteredLine{line(cart, "1", "7.70")}, "approved", "77.00"},
			{"beyond the tolerance", `, "tolerance_percent": "5"`, "", []client.EnteredLine{line(cart, "1", "7.60")}, "credit_review", "76.00"},
			{"without a cart there is no connection", `, "tolerance_percent": "5"`, "", []client.EnteredLine{line("", "", "7.70")}, "credit_review", "77.00"},
			{"two carts of one connection", `, "tolerance_percent": "5"`, "", []client.EnteredLine{line(cart, "1", "7.70"), line(other, "1", "7.70")}, "approved", "154.00"},
			{"a line of the cart and one without", `, "tolerance_percent": "5"`, "", []client.EnteredLine{line(cart, "1", "7.70"), line("", "", "8.10")}, "approved", "158.00"},
			{"below_price", `, "below_price": "accept"`, "", []client.EnteredLine{line(cart, "1", "1")}, "approved", "10.00"},
			{"a total that is another", `, "total_mismatch": "refuse"`, "80.00", []client.EnteredLine{line(cart, "1", "8.10")}, "", ""},
			{"is none without a cart", `, "total_mismatch": "refuse"`, "80.00", []client.EnteredLine{line("", "", "8.10")}, "approved", "81.00"},
		} {
			w.set(test.settings)
			o, err := w.EnterOrder(ctx, client.EnteredOrder{Organisation: "ext:northfold", Number: fmt.Sprint("T-", i), Total: test.total, ShipTo: untaxed, Lines: test.lines})
			if test.state == "" {
				if p := client.ProblemOf(err); p == nil || p.Status != 422 || p.Errors[0].Location != "total" {
					t.Errorf("%s: %v", test.name, err)
				}
				continue
			}
			if goods := strings.TrimPrefix(o.Goods.Format(), "$"); err != nil || o.State != test.state || goods != test.goods || o.ConnectionID != "" {
				t.Errorf("%s: %s, %s, %q, %v; want %s, %s", test.name, o.State, goods, o.ConnectionID, err, test.state, test.goods)
			}
		}
	})
}

// set applies the world once more, with further settings of its connection.
func (w *world) set(settings string) {
	w.t.Helper()
	file := strings.Replace(objects, `"settings": {"return_hosts": ["buy.northfold.example"]`, `"settings": {"return_hosts": ["buy.northfold.example"]`+settings, 1)
	for _, name := range []string{"tolerance_percent", "below_price", "total_mismatch"} { // what isn't named stays
		if !strings.Contains(settings, name) {
			without := map[string]string{"tolerance_percent": `"0"`, "below_price": `"review"`, "total_mismatch": `"flag"`}[name]
			file = strings.Replace(file, `"settings": {"return_hosts"`, `"settings": {"`+name+`": `+without+`, "return_hosts"`, 1)
		}
	}
	env := func(name string) (string, bool) {
		return map[string]string{"SHOP": shopKey, "OTHER": otherKey, "SECRET": "hush-hush-hush"}[name], true
	}
	if _, err := setup.Apply(w.t.Context(), w.db, w.keys, w.clock, []byte(file), setup.Options{Env: env, Actor: "test"}); err != nil {
		w.t.Fatal(err)
	}
}

// An order that was entered is changed by entering a newer version of it; each step as the buyer's own
// documents would go (cXML reference 3.5, 6.9).
func TestAnEnteredOrderIsChanged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.order("castelmere", "DOC-1", "1")
		version := func(number, version, quantity string) string {
			return entered(`"M-1"`, `"`+number+`","version":`+version, `"10"`, `"`+quantity+`"`)
		}
		for i, step := range []struct {
			body             string
			code             int
			says             string
			inForce, latest  int64
			goods, available int64
		}{
			{version("M-1", "2", "10"), 404, "was never received", 0, 0, 0, 966_60},
			{version("M-1", "1", "10"), 200, "", 1, 1, 99_50, 852_15},
			{entered(), 200, "", 1, 1, 99_50, 852_15}, // without a version it is the same
			{version("M-1", "2", "20"), 200, "", 2, 2, 199_00, 752_65},
			{version("M-1", "2", "20"), 200, "", 2, 2, 199_00, 752_65},
			{version("M-1", "2", "21"), 409, "comes too late", 2, 2, 199_00, 752_65},
			{version("M-1", "1", "11"), 409, "exists already with other content", 2, 2, 199_00, 752_65},
			{entered(), 200, "", 2, 2, 199_00, 752_65}, // its beginning, once more
			{version("M-1", "7", "100"), 200, "", 2, 7, 199_00, 752_65},
			{version("M-1", "8", "5"), 200, "", 8, 8, 49_75, 901_90},
			{version("DOC-1", "2", "5"), 409, "came from the buyer's system", 0, 0, 0, 901_90},
			{version("M-2", "0", "5"), 422, "version", 0, 0, 0, 901_90},
			{version("M-2", "-1", "5"), 422, "version", 0, 0, 0, 901_90},
			{version("M-2", "1.5", "5"), 422, "version", 0, 0, 0, 901_90},
			{version("M-2", "2147483648", "5"), 422, "version", 0, 0, 0, 901_90},
		} {
			got := w.call(http.MethodPost, "/v1/orders", step.body, "Idempotency-Key", fmt.Sprint("k", i))
			if got.status != step.code || !strings.Contains(got.body, step.says) {
				t.Errorf("step %d: %d %s; want %d, %s", i, got.status, got.body, step.code, step.says)
			}
			if step.inForce > 0 {
				if o := w.orderNumbered("M-1"); o.Version != step.inForce || o.LatestVersion != step.latest || o.Goods.Amount != step.goods || o.State != "approved" {
					t.Errorf("step %d: %+v", i, o)
				}
			}
			if line := must[[]client.CreditLine](t)(w.CreditLines(t.Context(), "ext:castelmere"))[0]; line.Available.Amount != step.available {
				t.Errorf("step %d: %d available, want %d", i, line.Available.Amount, step.available)
			}
		}
	})
}
