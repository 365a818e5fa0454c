package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/simulators"
)

// The demo story's figures through the real surface: the buyer's simulated system speaks cXML over
// HTTP, the shop is an HTTP client of the API, and what Kontor thinks is read through the API. The
// expected figures are those of the story, to the last digit.

func TestTheSmoothWay(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		s.left("northfold", "$27,269.00")

		home := s.cartHome("northfold")
		switch goods := home.Cart.Goods.Value; goods {
		case "1242.13":
		case "1242.12":
			t.Error("the cart was summed up first and rounded then")
		case "1238.08":
			t.Error("unit prices were rounded before they were multiplied")
		default:
			t.Errorf("the cart came home with %s", goods)
		}
		is(t, "the tax that came home", home.Cart.Tax.Value, "90.05")
		is(t, "the total that came home", home.Total().Value, "1332.18")
		s.left("northfold", "$27,269.00") // a cart is no order and takes up nothing

		answer := s.order("northfold", home.ID)
		is(t, "the answer to the order", answer.Code, 200)
		confirmed := s.becomes("northfold", home.ID, simulators.Confirmed)
		got := s.buyer("northfold").Confirmations(home.ID)
		if len(got) != 1 || got[0].Type != "accept" || got[0].Version != 1 {
			t.Errorf("confirmations %+v", got)
		}
		if updates := s.buyer("northfold").StatusUpdates(home.ID); len(updates) != 0 {
			t.Errorf("an order that was answered with 200 is owed no status update: %+v", updates)
		}

		order := s.kontors(confirmed.OrderNumber)
		is(t, "Kontor's order", order.State, "approved")
		is(t, "its goods", order.Goods.Format(), "$1,242.13")
		is(t, "its freight", order.Freight.Format(), "$0.00")
		is(t, "its tax", order.Tax.Format(), "$90.05")
		is(t, "its total", order.Total.Format(), "$1,332.18")
		if len(order.Flags) != 0 {
			t.Errorf("the order came from our own cart, yet it is flagged: %+v", order.Flags)
		}
		s.left("northfold", "$25,936.82")
	})
}

func TestOverTheLimitRaisedAndReleased(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		waiting := s.orderThatWaits()
		order := s.kontors(waiting.OrderNumber)
		is(t, "the tax", order.Tax.Format(), "$81.28")
		is(t, "the total", order.Total.Format(), "$1,436.00")
		is(t, "Kontor's order", order.State, "credit_review")
		if order.Decision == nil || order.Decision.Short == nil || order.Decision.Short.Format() != "$195.00" {
			t.Errorf("the decision is %+v", order.Decision)
		}
		s.left("castelmere", "$1,241.00")

		// Before the limit is raised a release changes nothing.
		_, err := s.api.Release(t.Context(), order.ID, "too early", false)
		if problem := client.ProblemOf(err); problem == nil || problem.Status != http.StatusConflict || !strings.Contains(problem.Detail, "195.00") {
			t.Errorf("released over the limit: %v", err)
		}
		line := s.line("castelmere")
		raised, err := s.api.SetLimit(t.Context(), line.ID, client.Money{Amount: line.Limit.Amount + 500_00, Currency: "USD"}, "season")
		if err != nil {
			t.Fatal(err)
		}
		is(t, "the limit", raised.Limit.Format(), "$15,500.00")
		if _, err := s.api.Release(t.Context(), order.ID, "the limit was raised", false); err != nil {
			t.Fatal(err)
		}

		s.becomes("castelmere", waiting.ID, simulators.Confirmed)
		b := s.buyer("castelmere")
		updates, confirmations := b.StatusUpdates(waiting.ID), b.Confirmations(waiting.ID)
		if len(updates) != 1 || updates[0].Code != 200 {
			t.Errorf("status updates %+v", updates)
		}
		if len(confirmations) != 1 || confirmations[0].Type != "accept" {
			t.Errorf("confirmations %+v", confirmations)
		}
		var came []string
		for _, d := range b.Documents(waiting.ID) {
			if d.Direction == simulators.Received && !d.Browser {
				came = append(came, d.Type)
			}
		}
		is(t, "what came from Kontor, in order", strings.Join(came, " "), "PunchOutSetupResponse StatusUpdateRequest ConfirmationRequest")
		s.left("castelmere", "$305.00")
	})
}

func TestOverTheLimitAndRejected(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		waiting := s.orderThatWaits()
		if _, err := s.api.Reject(t.Context(), s.kontors(waiting.OrderNumber).ID, "Two invoices are overdue."); err != nil {
			t.Fatal(err)
		}
		refused := s.becomes("castelmere", waiting.ID, simulators.Refused)
		says(t, "the buyer's page", refused.Sentence, "Two invoices are overdue.")
		updates := s.buyer("castelmere").StatusUpdates(waiting.ID)
		if len(updates) != 1 || updates[0].Code != 409 {
			t.Errorf("status updates %+v", updates)
		}
		is(t, "Kontor's order", s.kontors(waiting.OrderNumber).State, "refused")
		s.left("castelmere", "$1,241.00")
	})
}

// orderThatWaits brings cart C home and orders it: 195.00 too much.
func (s *story) orderThatWaits() simulators.Requisition {
	s.t.Helper()
	home := s.cartHome("castelmere")
	is(s.t, "the cart that came home", home.Cart.Goods.Value, "1354.72")
	answer := s.order("castelmere", home.ID)
	is(s.t, "the answer to the order", answer.Code, 201)
	says(s.t, "the answer", answer.Sentence(), "195.00")
	waiting := s.requisition("castelmere", home.ID)
	is(s.t, "the requisition", waiting.State, simulators.Waiting)
	says(s.t, "the buyer's page", waiting.Sentence, "195.00")
	return waiting
}

// Both go through the whole loop, so tax counts too (7.25 % of the goods, rounded once) and goods
// of 1,000.00 and more travel free:
//
//	Northfold           347 kits at 64.00 + 264 m at 0.6425                 22,377.62 + 1,622.38 = 24,000.00
//	Labs West, fits     46 kits + 148 m + 6 rolls at 1.4875 (8.93)           3,048.02 +   220.98 =  3,269.00
//	Labs West, doesn't  47 kits + 16 m + 20 rolls (29.75)                    3,048.03 +   220.98 =  3,269.01
func TestTheParentBinds(t *testing.T) {
	kits := func(n string) client.WantedLine { return client.WantedLine{SKU: "PPE-2080", Quantity: n} }
	metres := func(n string) client.WantedLine { return client.WantedLine{SKU: "ELE-5030", Quantity: n} }
	rolls := func(n string) client.WantedLine { return client.WantedLine{SKU: "PKG-4010", Quantity: n} }
	tests := []struct {
		name   string
		lines  []client.WantedLine
		total  string
		passes bool
	}{
		{"all that is left at the top passes", []client.WantedLine{kits("46"), metres("148"), rolls("6")}, "3269.00", true},
		{"a cent more waits, and the parent is named", []client.WantedLine{kits("47"), metres("16"), rolls("20")}, "3269.01", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dbtest.EachURL(t, func(t *testing.T, address string) {
				s := tell(t, address)
				s.left("northfold-west", "$4,369.25")
				parent := s.cartHome("northfold", kits("347"), metres("264"))
				is(t, "the parent's order", parent.Total().Value, "24000.00")
				is(t, "the answer to the parent", s.order("northfold", parent.ID).Code, 200)
				s.left("northfold", "$3,269.00")
				s.left("northfold-west", "$3,269.00")
				if bound := s.line("northfold-west").BoundBy; bound == nil || bound.Name != "Northfold Medical Group" {
					t.Errorf("Labs West is bound by %+v", bound)
				}

				child := s.cartHome("northfold-west", test.lines...)
				is(t, "the child's order", child.Total().Value, test.total)
				answer := s.order("northfold-west", child.ID)
				if test.passes {
					is(t, "the answer to the child", answer.Code, 200)
					s.becomes("northfold-west", child.ID, simulators.Confirmed)
					s.left("northfold-west", "$0.00")
					s.left("northfold", "$0.00")
					return
				}
				is(t, "the answer to the child", answer.Code, 201)
				says(t, "the answer", answer.Sentence(), "0.01", "Northfold Medical Group")
				says(t, "the buyer's page", s.becomes("northfold-west", child.ID, simulators.Waiting).Sentence, "Northfold Medical Group")
				s.left("northfold-west", "$3,269.00")
			})
		})
	}
}

func TestAChangeIsDecidedAboutAndACancellationReleases(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		b := s.buyer("northfold")
		home := s.cartHome("northfold")
		s.order("northfold", home.ID)
		s.becomes("northfold", home.ID, simulators.Confirmed)

		// 20 boxes at 8.10 less: 1,080.13 and a tax of 78.31.
		answer, err := b.Change(t.Context(), home.ID, 1, "100")
		if err != nil {
			t.Fatal(err)
		}
		is(t, "the answer to less", answer.Code, 200)
		until(t, "version 2 is confirmed", func() bool { return len(b.Confirmations(home.ID)) == 2 })
		order := s.kontors(s.requisition("northfold", home.ID).OrderNumber)
		is(t, "the version in force", order.Version, 2)
		is(t, "its total", order.Total.Format(), "$1,158.44")
		s.left("northfold", "$26,110.56")

		// 4,000 boxes do not fit: what is in force stays so until somebody decides.
		answer, err = b.Change(t.Context(), home.ID, 1, "4000")
		if err != nil {
			t.Fatal(err)
		}
		is(t, "the answer to more than fits", answer.Code, 201)
		s.left("northfold", "$26,110.56")

		answer, err = b.Cancel(t.Context(), home.ID)
		if err != nil {
			t.Fatal(err)
		}
		is(t, "the answer to the cancellation", answer.Code, 200)
		is(t, "the requisition", s.becomes("northfold", home.ID, simulators.Cancelled).State, simulators.Cancelled)
		is(t, "Kontor's order", s.kontors(order.Number).State, "cancelled")
		s.left("northfold", "$27,269.00")
		// Who was told "it waits" is told the end of that too.
		until(t, "the waiting version is closed", func() bool { return len(b.StatusUpdates(home.ID)) == 1 })

		entries, err := s.api.CreditEntries(t.Context(), s.line("northfold").ID, 50, "")
		if err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for _, e := range entries.Items {
			if e.Reference == order.ID {
				sum += e.Amount.Amount
			}
		}
		is(t, "the sum of the order's entries", sum, 0)
	})
}

// A waiting order that the buyer makes smaller fits, and goes on by itself.
func TestAChangeThatFitsEndsTheWait(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		waiting := s.orderThatWaits()
		answer, err := s.buyer("castelmere").Change(t.Context(), waiting.ID, 1, "12")
		if err != nil {
			t.Fatal(err)
		}
		is(t, "the answer to the change", answer.Code, 200)
		s.becomes("castelmere", waiting.ID, simulators.Confirmed)
		order := s.kontors(waiting.OrderNumber)
		is(t, "Kontor's order", order.State, "approved")
		// Goods 926.26: below 1,000.00 freight of 29.50 comes on top, and tax of 55.58.
		is(t, "its total", order.Total.Format(), "$1,011.34")
		s.left("castelmere", "$229.66")
	})
}

// sharedLogin is a set-up as systems send it whose people share one login and which never change
// the BuyerCookie: all that tells the two visits apart is ours.
func (s *story) sharedLogin(payloadID, returnTo string) []byte {
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<cXML payloadID="%s" timestamp="2026-03-02T09:15:30-05:00">
<Header><From><Credential domain="NetworkId"><Identity>AN01000099101-T</Identity></Credential></From>
<To><Credential domain="NetworkId"><Identity>AN01000099001-T</Identity></Credential></To>
<Sender><Credential domain="AribaNetworkUserId"><Identity>sysadmin@network.example</Identity><SharedSecret>%s</SharedSecret></Credential><UserAgent>Test</UserAgent></Sender></Header>
<Request><PunchOutSetupRequest operation="create"><BuyerCookie>always-the-same</BuyerCookie>
<Extrinsic name="UniqueName">purchasing</Extrinsic><Extrinsic name="UserEmail">purchasing@northfold.example</Extrinsic>
<BrowserFormPost><URL>%s</URL></BrowserFormPost></PunchOutSetupRequest></Request></cXML>`,
		payloadID, s.secrets["KONTOR_DEMO_NETWORK_SECRET"], returnTo)
}

func TestTwoPeopleOnOneLoginNeverMixCarts(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		var tokens, shops []string
		for i := range 2 {
			answer, err := s.buyer("northfold").SendRaw(t.Context(), s.sharedLogin(fmt.Sprint("shared.", i), s.buyersURL+"/buyers/northfold/return/PR-1"))
			if err != nil || answer.Code != 200 {
				t.Fatalf("set-up %d: %v %+v", i, err, answer)
			}
			_, startPage, _ := strings.Cut(string(answer.Body), "<URL>")
			startPage, _, _ = strings.Cut(startPage, "</URL>")
			shop, token := s.arrive(startPage)
			tokens, shops = append(tokens, token), append(shops, shop)
		}
		if tokens[0] == tokens[1] || shops[0] == shops[1] {
			t.Fatalf("both people are in one visit: %q", tokens)
		}
		// They take turns, so that whatever is shared between the visits shows.
		wants := []client.WantedLine{{SKU: "PPE-2010", Quantity: "7"}, {SKU: "PKG-4010", Quantity: "9"}}
		for i, want := range wants {
			if _, err := s.api.PutCart(t.Context(), tokens[i], []client.WantedLine{want}); err != nil {
				t.Fatal(err)
			}
		}
		for i, other := range []int{1, 0} {
			session, err := s.api.Session(t.Context(), tokens[i])
			if err != nil {
				t.Fatal(err)
			}
			if l := session.Cart.Lines; len(l) != 1 || l[0].SKU != wants[i].SKU || l[0].Quantity != wants[i].Quantity {
				t.Errorf("person %d has the cart %+v", i, l)
			}
			_, page := s.browse(http.MethodGet, shops[i]+"cart", nil)
			says(t, "the cart page", page, wants[i].SKU)
			if strings.Contains(page, wants[other].SKU) {
				t.Errorf("person %d sees the other's %s", i, wants[other].SKU)
			}
		}
		// One goes home; the other shops on.
		if _, err := s.api.Return(t.Context(), tokens[0]); err != nil {
			t.Fatal(err)
		}
		other, err := s.api.Session(t.Context(), tokens[1])
		if err != nil {
			t.Fatal(err)
		}
		is(t, "the other's visit", other.State, client.SessionOpen)
		is(t, "the other's lines", len(other.Cart.Lines), 1)
	})
}

// A sender that lost the answer sends again, and impatient ones do so at once.
func TestTheSameOrderFiveTimesAtOnce(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		b := s.buyer("northfold")
		home := s.cartHome("northfold")
		s.order("northfold", home.ID)
		first := s.becomes("northfold", home.ID, simulators.Confirmed)
		// A further order of the same lines, which Kontor has never seen.
		const number = "4999999901"
		document := bytes.ReplaceAll(b.LastOrderDocument(home.ID), []byte(first.OrderNumber), []byte(number))
		document = bytes.ReplaceAll(document, []byte(first.Versions[0].PayloadID), []byte("five.times@northfold.example"))

		var wait sync.WaitGroup
		answers := make([]simulators.Answer, 5)
		for i := range answers {
			wait.Go(func() {
				var err error
				if answers[i], err = b.SendRaw(t.Context(), document); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		for i, a := range answers {
			if a.Code != 200 || !bytes.Equal(a.Body, answers[0].Body) {
				t.Errorf("answer %d is another one: %d\n%s\n%s", i, a.Code, a.Body, answers[0].Body)
			}
		}
		is(t, "Kontor's order", s.kontors(number).State, "approved") // exactly one, or it fails
		s.left("northfold", "$24,604.64")                            // twice 1,332.18

		// The same payloadID with another content is somebody's mistake, and nothing follows from it.
		other := bytes.ReplaceAll(document, []byte(`quantity="120"`), []byte(`quantity="121"`))
		answer, err := b.SendRaw(t.Context(), other)
		if err != nil {
			t.Fatal(err)
		}
		is(t, "the answer to another content", answer.Code, 409)
		s.left("northfold", "$24,604.64")
	})
}

// The buyer's system is down when the confirmation comes: the same document comes again and is
// taken once.
func TestAConfirmationFindsTheBuyerDown(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		b := s.buyer("northfold")
		home := s.cartHome("northfold")
		b.FailNext(1, simulators.FailGarbage) // taken, and the answer was lost
		started := time.Now()
		s.order("northfold", home.ID)
		s.becomes("northfold", home.ID, simulators.Confirmed)
		until(t, "the confirmation came again", func() bool { return b.Repeats() == 1 })
		t.Logf("sent again after %s", time.Since(started).Round(time.Millisecond))
		is(t, "confirmations", len(b.Confirmations(home.ID)), 1)
	})
}
