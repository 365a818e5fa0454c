package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/setup"
	"github.com/kontorhq/kontor/simulators"
)

// open opens the requisition's cart at the shop once more, to edit it or to look at it.
func (s *story) open(slug, id, operation string) (shop, token string) {
	s.t.Helper()
	startPage, err := s.buyer(slug).Shop(s.t.Context(), id, operation)
	if err != nil {
		s.t.Fatal(err)
	}
	shop, token = s.arrive(startPage)
	return strings.TrimSuffix(shop, "cart"), token // which is where such a visit begins
}

// changed changes the merchant's setup while the demo runs, as kontor apply does.
func (s *story) changed(objects string) {
	s.t.Helper()
	file := `{"kontor": 1, "merchants": [{"id": "` + demoMerchant + `", ` + objects + `}]}`
	if _, err := setup.Apply(s.t.Context(), s.db, s.keys, s.clock, []byte(file), setup.Options{Actor: "test"}); err != nil {
		s.t.Fatal(err)
	}
}

// raised is Westmere's usual cart with ten boxes of gloves instead of nine.
var raised = []client.WantedLine{{SKU: "PPE-2010", Quantity: "10"}, {SKU: "PKG-4070", Quantity: "2"}, {SKU: "TOL-6060", Quantity: "3"}}

// Every buyer of the demo has its usual cart, one press away. The story doesn't tell Labs West's:
// 20 × 8.10 + 24 × 2.9375 + 6 × 7.15 = 162.00 + 70.50 + 42.90, freight 29.50, 7.25 % of the goods 19.97.
func TestEveryBuyersUsualCart(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		for _, want := range []struct{ slug, goods, shipping, tax, total string }{
			{"northfold", "1242.13", "0.00", "90.05", "1332.18"},
			{"northfold-west", "275.40", "29.50", "19.97", "324.87"},
			{"castelmere", "1354.72", "0.00", "81.28", "1436.00"},
			{"westmere", "138.79", "35.45", "0.00", "174.24"},
			{"sitrabay", "87.331", "2.750", "0.000", "90.081"},
		} {
			home := s.cartHome(want.slug)
			is(t, want.slug+"'s goods", home.Cart.Goods.Value, want.goods)
			is(t, want.slug+"'s freight", home.Cart.Shipping.Value, want.shipping)
			is(t, want.slug+"'s tax", home.Cart.Tax.Value, want.tax)
			is(t, want.slug+"'s total", home.Total().Value, want.total)
		}
		if len(usualCarts) != len(s.doors) {
			t.Errorf("%d buyers, %d usual carts", len(s.doors), len(usualCarts))
		}
		// The child's order counts at the top too.
		child := s.buyer("northfold-west").Requisitions()[0]
		is(t, "the answer to the child", s.order("northfold-west", child.ID).Code, 200)
		s.left("northfold-west", "$4,044.38")
		s.left("northfold", "$26,944.13")
	})
}

// Westmere's story, to the last digit:
//
//	nine boxes  9 × 9.95 = 89.55, 2 pallets 33.80, 3 cans at 5.1480 (5.85 − 12 %) 15.44    138.79
//	ten boxes  10 × 9.25 = 92.50 at the break                                               141.74
//	freight    14.95 + 12.00 for what is hazardous + 2 × 4.25 = 35.45, no tax               177.19
func TestACartIsEditedAndAnEditLeft(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		s.left("westmere", "$53,134.65")
		home := s.cartHome("westmere")
		amounts := map[string]string{}
		for _, l := range home.Cart.Lines {
			amounts[l.SKU] = l.Amount.Value + " at " + l.UnitPrice.Value
		}
		is(t, "the gloves", amounts["PPE-2010"], "89.55 at 9.95")
		is(t, "the pallets", amounts["PKG-4070"], "33.80 at 16.90")
		is(t, "the cans", amounts["TOL-6060"], "15.44 at 5.1480")
		is(t, "the cart that came home", home.Cart.Goods.Value, "138.79")
		is(t, "what may be done with it", home.Cart.OperationAllowed, "edit")

		// Left without a word, and nothing is lost; neither of what was changed in the shop.
		shop, token := s.open("westmere", home.ID, "edit")
		if _, err := s.api.PutCart(t.Context(), token, raised[:1]); err != nil {
			t.Fatal(err)
		}
		s.leave(shop)
		same := s.requisition("westmere", home.ID)
		is(t, "the requisition after leaving", same.State, simulators.CartHome)
		is(t, "its goods", same.Cart.Goods.Value, "138.79")
		is(t, "its lines", len(same.Cart.Lines), 3)
		is(t, "what went wrong", same.Problem, "")

		shop, token = s.open("westmere", home.ID, "edit")
		session, err := s.api.Session(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		is(t, "the lines that the edit begins with", len(session.Cart.Lines), 3)
		if _, err := s.api.PutCart(t.Context(), token, raised); err != nil {
			t.Fatal(err)
		}
		s.bringHome(shop)
		edited := s.requisition("westmere", home.ID)
		is(t, "the goods after the edit", edited.Cart.Goods.Value, "141.74")
		is(t, "the freight", edited.Cart.Shipping.Value, "35.45")
		is(t, "the total", edited.Total().Value, "177.19")
		is(t, "the gloves' price at the break", edited.Cart.Lines[0].UnitPrice.Value, "9.25")
		says(t, "the story", edited.Events[edited.LastEvent()].Detail, "PPE-2010 9 → 10, $9.95 → $9.25", "2 lines as before")

		answer := s.order("westmere", home.ID)
		is(t, "the answer to the order", answer.Code, 200)
		confirmed := s.becomes("westmere", home.ID, simulators.Confirmed)
		order := s.kontors(confirmed.OrderNumber)
		is(t, "Kontor's order", order.State, "approved")
		is(t, "its freight", order.Freight.Format(), "$35.45")
		is(t, "its tax", order.Tax.Format(), "$0.00")
		is(t, "its total", order.Total.Format(), "$177.19")
		if len(order.Flags) != 0 {
			t.Errorf("the order came from our own cart, yet it is flagged: %+v", order.Flags)
		}
		s.left("westmere", "$52,957.46")
	})
}

// Where a connection's system takes no Status in a cart, leaving an edit sends the cart as it was.
func TestAnEditIsLeftWithTheCartAsItWas(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		s.changed(`"connections": [{"external_id": "westmere-jaggaer", "settings": {"edit_cancel": "resend"}}]`)
		home := s.cartHome("westmere")
		shop, token := s.open("westmere", home.ID, "edit")
		if _, err := s.api.PutCart(t.Context(), token, raised); err != nil {
			t.Fatal(err)
		}
		s.leave(shop)
		same := s.requisition("westmere", home.ID)
		is(t, "its goods", same.Cart.Goods.Value, "138.79")
		is(t, "its lines", len(same.Cart.Lines), 3)
		says(t, "the story", same.Events[same.LastEvent()].Detail, "Every line is as it was")
		for i := range same.Cart.Lines {
			is(t, "the auxiliary id", same.Cart.Lines[i].AuxiliaryID, home.Cart.Lines[i].AuxiliaryID)
		}
	})
}

// The tape measure was withdrawn three days ago; a cart from before still names it. An edit shows
// the line and why it can't stay; left alone, the cart is a quote that holds.
func TestAnOldCartNamesWhatWasWithdrawn(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		s.changed(`"products": [{"sku": "TOL-6040", "disabled": false}]`)
		home := s.cartHome("westmere", client.WantedLine{SKU: "TOL-6040", Quantity: "5"}, client.WantedLine{SKU: "PPE-2010", Quantity: "20"})
		is(t, "the cart that came home", home.Cart.Goods.Value, "226.14") // 5 × 8.2280 and 20 × 9.25
		s.changed(`"products": [{"sku": "TOL-6040", "disabled": true}]`)

		shop, token := s.open("westmere", home.ID, "edit")
		session, err := s.api.Session(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if lines := session.Cart.Lines; len(lines) != 2 || lines[0].SKU != "TOL-6040" || lines[0].Available || lines[0].Problem == "" || !lines[1].Available {
			t.Errorf("the edit begins with %+v", lines)
		}
		if _, err := s.api.Return(t.Context(), token); client.ProblemOf(err) == nil || !strings.Contains(client.ProblemOf(err).Detail, "can't be sold") {
			t.Errorf("it was sent home again: %v", err)
		}
		s.leave(shop)

		answer := s.order("westmere", home.ID)
		is(t, "the answer to the order", answer.Code, 200)
		order := s.kontors(s.requisition("westmere", home.ID).OrderNumber)
		is(t, "Kontor's order", order.State, "approved")
		is(t, "its goods", order.Goods.Format(), "$226.14")
		is(t, "its total", order.Total.Format(), "$241.09") // 14.95 of freight, no tax
	})
}

// Chemistry and the library shop at the same time, side by side, by the same login.
func TestTwoOfOneUniversitySideBySide(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		b := s.buyer("westmere")
		var ids, shops []string
		for _, sku := range []string{"PPE-2010", "TOL-6010"} {
			started, err := b.StartRequisition(t.Context(), "Chemistry buyer", "")
			if err != nil {
				t.Fatal(err)
			}
			shop, token := s.arrive(started.StartPage)
			if _, err := s.api.PutCart(t.Context(), token, []client.WantedLine{{SKU: sku, Quantity: "1"}}); err != nil {
				t.Fatal(err)
			}
			ids, shops = append(ids, started.ID), append(shops, shop)
		}
		for i, sku := range []string{"PPE-2010", "TOL-6010"} {
			s.bringHome(shops[i])
			if cart := s.requisition("westmere", ids[i]).Cart; cart == nil || len(cart.Lines) != 1 || cart.Lines[0].SKU != sku {
				t.Errorf("visit %d brought home %+v", i, cart)
			}
		}
	})
}

// Sitrabay's story, to the last digit: 44.940 + 22.173 + 11.825 + 8.393 = 87.331, freight 2.750.
func TestAnOrderWaitsForAnApplication(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		line := s.line("sitrabay")
		if line.Application == nil || line.Application.Amount != (client.Money{Amount: 4_000_000, Currency: "BHD"}) || line.Application.Wants == "" {
			t.Errorf("the application is %+v", line.Application)
		}
		s.left("sitrabay", "BHD\u00a00.000")

		home := s.cartHome("sitrabay")
		switch goods := home.Cart.Goods.Value; goods {
		case "87.331":
		case "87.330":
			t.Error("the cart was summed up first and rounded then")
		case "88.016":
			t.Error("unit prices were rounded before they were multiplied")
		default:
			t.Errorf("the cart came home with %s", goods)
		}
		is(t, "the total that came home", home.Total().Value, "90.081")
		answer := s.order("sitrabay", home.ID)
		is(t, "the answer to the order", answer.Code, 201)
		says(t, "the answer", answer.Sentence(), "application in review")
		waiting := s.requisition("sitrabay", home.ID)
		is(t, "the requisition", waiting.State, simulators.Waiting)
		says(t, "the buyer's page", waiting.Sentence, "application in review", "4000.000 BHD")
		order := s.kontors(waiting.OrderNumber)
		is(t, "Kontor's order", order.State, "credit_review")
		is(t, "its total", order.Total.Format(), "BHD\u00a090.081")
		if order.Decision == nil || order.Decision.Reason != "application_in_review" {
			t.Errorf("the decision is %+v", order.Decision)
		}
		for i, l := range order.Lines { // they came without numbers, and pieces as EACH
			is(t, "the line's number", l.Line, i+1)
			is(t, "its unit", l.Unit, []string{"BX", "EA", "EA", "RO"}[i])
		}

		if _, err := s.api.Release(t.Context(), order.ID, "too early", false); client.ProblemOf(err) == nil || !strings.Contains(client.ProblemOf(err).Detail, "application in review") {
			t.Errorf("released before it was decided: %v", err)
		}
		granted, err := s.api.SetLimit(t.Context(), line.ID, client.Money{Amount: 1_500_000, Currency: "BHD"}, "first limit")
		if err != nil {
			t.Fatal(err)
		}
		if granted.Application != nil {
			t.Errorf("still applied for: %+v", granted.Application)
		}
		if _, err := s.api.Release(t.Context(), order.ID, "granted", false); err != nil {
			t.Fatal(err)
		}
		s.becomes("sitrabay", home.ID, simulators.Confirmed)
		s.left("sitrabay", "BHD\u00a01,409.919")

		// A change comes by the same number, without a version: three gloves less are 11.235 less.
		if _, err := s.buyer("sitrabay").Change(t.Context(), home.ID, 1, "9"); err != nil {
			t.Fatal(err)
		}
		until(t, "the change is confirmed", func() bool { return len(s.buyer("sitrabay").Confirmations(home.ID)) == 2 })
		is(t, "the changed total", s.kontors(waiting.OrderNumber).Total.Format(), "BHD\u00a078.846")
		s.left("sitrabay", "BHD\u00a01,421.154")
	})
}

// What the gateway writes is what it is known for, and arrives whole: letters that ISO-8859-1 has
// not, a number of three parts, an address with a query string.
func TestTheGatewaysWayOfWriting(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		home := s.cartHome("sitrabay")
		s.order("sitrabay", home.ID)
		document := s.buyer("sitrabay").LastOrderDocument(home.ID)
		for _, part := range []string{`encoding="ISO-8859-15"`, `SYSTEM "cXML.dtd"`, `@" `, ":0:204\"", "C\xbdur de Mer", "the \xa4 budget", `<Extrinsic name="LINENUM">4<`, `<Money currency=""></Money>`, `<URL></URL>`, "<UnitOfMeasure>EACH</UnitOfMeasure>"} {
			if !bytes.Contains(document, []byte(part)) {
				t.Errorf("the order has no %q:\n%s", part, document)
			}
		}
		if bytes.Contains(document, []byte("lineNumber")) {
			t.Error("the order numbers its lines")
		}
		var sent simulators.Document
		for _, d := range s.buyer("sitrabay").Documents(home.ID) {
			if d.Type == "PunchOutSetupRequest" {
				sent = d
			}
		}
		says(t, "the set-up", sent.Body, "/return/"+home.ID+"?OAFunc=ICX_CAT_PUNCHOUT_CALLBACK&amp;punchoutTo=")
		order, err := orders.Find(t.Context(), s.db, demoMerchant, s.kontors(s.requisition("sitrabay", home.ID).OrderNumber).ID)
		if err != nil {
			t.Fatal(err)
		}
		is(t, "the comment", strings.Join(order.Version.Header.Comments, "|"), "For the dredger Cœur de Mer, paid from the € budget.")
	})
}
