package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/simulators"
)

// The awkward ways through a visit, in Chromium: what people do with a browser's own buttons, and
// what browsers do with cookies and frames.

// visit is the newest one; with a statement that is applied to it first: what else takes hours.
func (s *story) visit(change string, args ...any) (id string) {
	s.t.Helper()
	if err := s.db.Get(s.t.Context(), &id, "SELECT id FROM sessions WHERE merchant_id = ? ORDER BY id DESC LIMIT 1", demoMerchant); err != nil {
		s.t.Fatal(err)
	}
	if change != "" {
		err := s.db.InTx(s.t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(s.t.Context(), "UPDATE sessions SET "+change+" WHERE merchant_id = ? AND id = ?", append(args, demoMerchant, id)...)
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return id
}

// cartMessages are the documents with carts that reached the buyer for a requisition, checked
// against what Kontor kept: the same bytes, in the same order.
func (s *story) cartMessages(slug, requisition string) []string {
	s.t.Helper()
	var came []string
	for _, d := range s.buyer(slug).Documents(requisition) {
		if d.Type != "PunchOutOrderMessage" || d.Repeats > 0 {
			continue
		}
		if d.Size != len(d.Body) {
			s.t.Errorf("%d bytes came, %d are kept at the buyer", d.Size, len(d.Body))
		}
		var kept []string
		if err := s.db.Select(s.t.Context(), &kept, "SELECT body FROM documents WHERE merchant_id = ? AND direction = 'out' AND payload_id = ?", demoMerchant, d.PayloadID); err != nil {
			s.t.Fatal(err)
		}
		// In a form's plain field browsers end lines by CR and LF, whatever stood there; base64 has no lines.
		if body := strings.ReplaceAll(d.Body, "\r\n", "\n"); len(kept) != 1 || kept[0] != body {
			s.t.Errorf("Kontor keeps %d documents of that payloadID, not once what came:\n%q\n%s", len(kept), kept, d.Body)
		}
		came = append(came, d.Body)
	}
	return came
}

// varying is what differs between two runs of one story.
var varying = []*regexp.Regexp{
	regexp.MustCompile(`payloadID="[^"]*"`), regexp.MustCompile(`timestamp="[^"]*"`),
	regexp.MustCompile(`<BuyerCookie>[^<]*`), regexp.MustCompile(`crt_[0-9a-z]{26}`),
}

func alike(message string) string {
	for i, expression := range varying {
		message = expression.ReplaceAllString(message, fmt.Sprint("{", i, "}"))
	}
	return message
}

// The whole round of one requisition: create, edit, leave an edit, look, edit to the end.
func (s *story) round(page *tab, framed bool) []string {
	t := s.t
	b := s.buyer("northfold")
	page.open(b.URL())
	shop := page
	enter := func(button string) {
		t.Helper()
		if framed {
			page.check("frame")
		}
		page.press(button)
		if framed {
			page.sees("The cart comes home to the requisition")
			shop = page.frame(s.config.PublicURL)
		}
	}
	// out waits for the buyer's page, in the frame's case by the link that leaves the frame.
	out := func(words ...string) {
		t.Helper()
		if framed {
			page.seesIn(`document.querySelector("iframe").contentDocument.body.innerText`, "Open requisition")
			page.run(`document.querySelector("iframe").contentDocument.querySelector("a.btn").click()`)
		}
		page.sees(append([]string{"Document trail"}, words...)...)
	}
	enter("Shop at Brackwater")
	shop.press("Fill the usual cart")
	shop.sees("$1,332.18")
	shop.press("Return cart to Northfold Medical Group")
	out("Cart home", "$1,242.13")
	id := b.Requisitions()[0].ID

	enter("Edit the cart at Brackwater")
	shop.sees("Editing a cart of Northfold Medical Group", "Disposable nitrile gloves, size L", "$1,332.18")
	shop.fill("#q1", "100") // 20 boxes less at 8.10
	shop.press("Update cart")
	shop.sees("The cart is updated.", "$1,080.13")
	shop.press("Remove") // the gloves themselves: 972.00 - 162.00
	shop.sees("The line is removed.", "$270.13")
	shop.press("Return cart to Northfold Medical Group")
	out("Cart came home and replaced the earlier one", "PPE-2010 is taken out; 4 lines as before.")
	after, _ := b.Requisition(id)
	if after.State != simulators.CartHome || len(after.Cart.Lines) != 4 || after.Cart.Goods.Value != "270.13" || after.Problem != "" {
		t.Errorf("after the edit: %s %+v %s", after.State, after.Cart, after.Problem)
	}

	enter("Edit the cart at Brackwater")
	shop.sees("Editing a cart", "$270.13")
	shop.press("Remove")
	shop.sees("The line is removed.")
	shop.press("Leave without a change")
	shop.sees("keeps the requisition as it was")
	shop.pressButton("Leave without a change")
	out("Left Brackwater without a cart")
	if left, _ := b.Requisition(id); len(left.Cart.Lines) != 4 || left.State != simulators.CartHome || left.VisitOpen {
		t.Errorf("leaving changed the requisition: %+v", left.Cart)
	}

	enter("View the cart at Brackwater")
	shop.sees("Looking at a cart of Northfold Medical Group", "It can't be changed here", "$270.13")
	if n := evaluate[int](shop, `document.querySelectorAll("form[method=post], input[name=quantity]").length`); n != 0 {
		t.Errorf("a look has %d forms or fields", n)
	}
	shop.press("Leave")
	shop.pressButton("Leave")
	out("The requisition stays as it was")
	looked, _ := b.Requisition(id)
	if len(looked.Cart.Lines) != 4 || looked.State != simulators.CartHome || looked.VisitOpen || looked.Problem != "" {
		t.Errorf("looking changed the requisition: %+v", looked)
	}
	return s.cartMessages("northfold", id)
}

// noCookies is a profile that takes none from anybody.
const noCookies = `{"profile": {"default_content_setting_values": {"cookies": 2}}}`

// preferred starts a browser with a profile that has these preferences.
func preferred(t *testing.T, preferences string) *tab {
	t.Helper()
	profile, err := os.MkdirTemp("", "kontor-browser-")
	if err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(profile) })
		if err = os.Mkdir(filepath.Join(profile, "Default"), 0o700); err == nil {
			err = os.WriteFile(filepath.Join(profile, "Default", "Preferences"), []byte(preferences), 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return browser(t, chromedp.UserDataDir(profile))
}

// probe asks a page to keep a cookie, as a frame of another site would have to ask.
const probe = `(function () { try { document.cookie = "probe=1; SameSite=None; Secure"; return document.cookie; } catch (e) { return "refused"; } })()`

// One story by four browsers: the same bytes reach the buyer.
func TestTheRoundOfARequisitionInEveryBrowser(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		var first []string
		for _, kind := range []struct {
			name   string
			framed bool
			start  func() *tab
			keeps  string // what a page of its own keeps of the probe
		}{
			{"in a page of its own", false, func() *tab { return browser(t) }, "probe=1"},
			{"in a frame, third-party cookies blocked", true, func() *tab { return browser(t, chromedp.Flag("test-third-party-cookie-phaseout", true)) }, "probe=1"},
			{"in a page of its own, all cookies off", false, func() *tab { return preferred(t, noCookies) }, ""},
			{"in a frame, all cookies off", true, func() *tab { return preferred(t, noCookies) }, ""},
		} {
			page := kind.start()
			page.open(s.config.PublicURL + "/m/brackwater/console/sign-in")
			if kept := evaluate[string](page, probe); kept != kind.keeps {
				t.Fatalf("%s: a page of the shop's site keeps %q, so the browser is not what the test is about", kind.name, kept)
			}
			messages := s.round(page, kind.framed)
			// Create, edit, and the ends of the edit that was left and of the look.
			if len(messages) != 4 || strings.Count(messages[0], "<ItemIn ") != 5 || strings.Count(messages[1], "<ItemIn ") != 4 ||
				!strings.Contains(messages[2], `<Status code="204"`) || !strings.Contains(messages[3], `<Status code="204"`) {
				t.Fatalf("%s: %d messages\n%s", kind.name, len(messages), strings.Join(messages, "\n"))
			}
			for i := range messages {
				messages[i] = alike(messages[i])
			}
			if first == nil {
				first = messages
			}
			for i, message := range messages {
				if message != first[i] {
					t.Errorf("%s: message %d is another:\n%s\nwant\n%s", kind.name, i+1, message, first[i])
				}
			}
			want := 0
			if kind.keeps != "" {
				want = 1 // the probe
			}
			if cookies := page.cookies(); len(cookies) != want {
				t.Errorf("%s: the round made cookies: %q", kind.name, cookies)
			}
		}
	})
}

// A buyer that doesn't know status 204 gets the cart as it was, with its own ids.
func TestLeavingAnEditSendsTheOriginalWhereThatIsSet(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		s.changed(`"connections": [{"external_id": "castelmere-coupa", "settings": {"edit_cancel": "resend"}}]`)
		page := browser(t)
		page.open(s.buyer("castelmere").URL())
		page.press("Shop at Brackwater")
		page.press("Fill the usual cart")
		page.press("Return cart to Castelmere Foods")
		page.sees("Cart home", "$1,354.72")
		page.press("Edit the cart at Brackwater")
		page.sees("Editing a cart of Castelmere Foods")
		page.press("Remove")
		page.sees("The line is removed.")
		page.press("Leave without a change")
		page.pressButton("Leave without a change")
		page.sees("Cart came home and replaced the earlier one", "Every line is as it was.", "$1,354.72")
		q := s.buyer("castelmere").Requisitions()[0]
		messages := s.cartMessages("castelmere", q.ID)
		if len(messages) != 2 || strings.Contains(messages[1], "<Status") || strings.Count(messages[1], "<ItemIn ") != 4 {
			t.Errorf("%d messages: %s", len(messages), messages)
		}
		page.press("Approve and order $1,436.00")
		page.sees("Waiting for credit review")
		if order := s.kontors(s.requisition("castelmere", q.ID).OrderNumber); len(order.Flags) != 0 || order.Goods.Format() != "$1,354.72" {
			t.Errorf("the order of the cart that was sent again is %s, flagged %+v", order.Goods.Format(), order.Flags)
		}
	})
}

// pressTwice presses a button as an impatient hand does.
func (p *tab) pressTwice(text string) {
	p.t.Helper()
	p.twice = true
	p.press(text)
	p.twice = false
}

func TestEveryButtonPressedTwice(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		b := s.buyer("northfold")
		page := browser(t)
		page.open(b.URL())
		page.pressTwice("Shop at Brackwater")
		page.sees("What does Northfold Medical Group need today?")
		page.pressTwice("Fill the usual cart")
		page.sees("5 lines", "$1,242.13")
		page.pressTwice("Update cart")
		page.sees("The cart is updated.", "$1,242.13")
		page.open(strings.TrimSuffix(page.location(), "cart?done=updated") + "products/PPE-2020")
		page.pressTwice("Add to cart")
		page.sees("6 lines")
		page.pressTwice("Remove") // the first line, and only that
		page.sees("The line is removed.", "5 lines")
		page.open(strings.Split(page.location(), "?")[0])
		page.sees("5 lines")
		page.pressTwice("Return cart to Northfold Medical Group")
		page.sees("Document trail")
		page.pressTwice("Edit the cart at Brackwater")
		page.sees("Editing a cart")
		page.press("Leave without a change")
		page.pressTwice("Leave without a change")
		page.sees("Left Brackwater without a cart")
		page.pressTwice("Approve and order")
		page.sees("Confirmed by Brackwater")
		q := b.Requisitions()
		if len(q) != 1 || len(q[0].Versions) != 1 || len(q[0].Cart.Lines) != 5 {
			t.Errorf("%d requisitions, %d orders, the cart is %+v", len(q), len(q[0].Versions), q[0].Cart)
		}
		if messages := s.cartMessages("northfold", q[0].ID); len(messages) != 2 {
			t.Errorf("%d messages came", len(messages))
		}
		var visits int
		if err := s.db.Get(t.Context(), &visits, "SELECT count(*) FROM sessions WHERE merchant_id = ?", demoMerchant); err != nil || visits != 2 {
			t.Errorf("%d visits were set up: %v", visits, err)
		}
	})
}

// Back, forward, reload and a second look at pages that are over.
func TestTheBrowsersOwnButtons(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		b := s.buyer("northfold")
		page := browser(t)
		page.open(b.URL())
		page.press("Shop at Brackwater")
		page.press("Fill the usual cart")
		page.sees("$1,332.18")
		page.goes("location.reload()")
		page.sees("5 lines", "$1,332.18")
		cart := page.location()
		page.press("Return cart to Northfold Medical Group")
		page.sees("Document trail")
		requisition := page.location()

		// The way back leads to the return page or, where the browser counts that as no step of its own,
		// into the shop. The one waits for a hand, from the other the cart has left.
		page.goes("history.back()")
		time.Sleep(time.Second) // more than twice what the return page's script waits
		page.seesIn(`/This cart has left the shop|Sending your cart home/.test(document.body.innerText) ? "yes" : "no"`, "yes")
		page.open(cart)
		page.sees("This cart has left the shop", "start again from your procurement system")
		page.open(strings.Replace(cart, "cart", "products", 1))
		page.sees("This cart has left the shop")

		// The return page once more, without its script: reloaded, posted by hand, and come back to,
		// it does no harm, and then it waits for a hand.
		token := regexp.MustCompile(`vis_[0-9a-f]+`).FindString(cart)
		form, err := s.api.Return(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		page.script(false)
		page.open(form)
		page.sees("Sending your cart home", "5 lines go to 127.0.0.1")
		value := evaluate[string](page, `document.querySelector("input[type=hidden]").value`)
		page.do(chromedp.Reload())
		if again := evaluate[string](page, `document.querySelector("input[type=hidden]").value`); again != value || value == "" {
			t.Errorf("reloaded, the page posts\n%s\nand not\n%s", again, value)
		}
		page.press("Continue to 127.0.0.1")
		page.sees("Document trail", "$1,242.13")
		page.script(true)
		page.goes("history.back()")
		page.sees("Sending your cart home", "Continue to 127.0.0.1")
		time.Sleep(time.Second) // more than twice what the script waits
		page.sees("Sending your cart home")
		page.press("Continue to 127.0.0.1")
		page.sees("Document trail", "$1,242.13")
		if q := b.Requisitions()[0]; q.Problem != "" || len(q.Cart.Lines) != 5 {
			t.Errorf("posts of the same cart did harm: %q", q.Problem)
		}

		// Half a minute later the return page is used up, however it is asked for.
		s.visit("fetched_at = ?", database.At(s.clock.Now().Add(-60e9)))
		page.open(form)
		page.sees("Already transferred", "127.0.0.1", "start another visit from your procurement system", "ask Brackwater Industrial Supply, Inc. and name the visit ses_")
		page.goes("location.reload()")
		page.sees("Already transferred")
		page.open(requisition)
		page.sees("Document trail", "$1,242.13")

		// A start page is for once, too.
		page.press("Edit the cart at Brackwater")
		page.sees("Editing a cart")
		start := b.Requisitions()[0].StartPage
		again := page.tab()
		again.open(start) // twice by the same browser at once, as frames do
		again.sees("Editing a cart")
		s.visit("started_at = ?", database.At(s.clock.Now().Add(-60e9)))
		again.open(start)
		again.sees("This start page is used up", "start again from your procurement system", "127.0.0.1")

		// Nobody came back for hours.
		s.visit("expires_at = ?", database.At(s.clock.Now().Add(-1e9)))
		page.press("Update cart")
		page.sees("This visit has expired", "start again from your procurement system")
		page.open(s.config.PublicURL + "/m/brackwater/p/nothing")
		page.sees("There is no such visit", "start again from your procurement system")
		// Those pages are answers with a status of their own, which a console reports.
		page.problems.forgive("status of 404", "status of 410", "status of 412")
	})
}

// A second punchout in the same browser, and two people on one login and one cookie: each visit is
// an address of its own.
func TestTwoVisitsInOneBrowser(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		one := browser(t)
		two := one.tab()
		tabs := []*tab{one, two}
		for i, page := range tabs {
			answer, err := s.buyer("northfold").SendRaw(t.Context(), s.sharedLogin(fmt.Sprint("shared.", i), s.buyersURL+"/buyers/northfold/return/PR-1"))
			if err != nil || answer.Code != 200 {
				t.Fatalf("set-up %d: %v %+v", i, err, answer)
			}
			_, startPage, _ := strings.Cut(string(answer.Body), "<URL>")
			startPage, _, _ = strings.Cut(startPage, "</URL>")
			page.open(startPage)
			page.sees("What does Northfold Medical Group need today?")
		}
		one.press("Fill the usual cart")
		one.sees("5 lines")
		two.goes("location.reload()")
		two.sees("The usual order") // still empty
		two.open(two.location() + "products/PPE-2020")
		two.press("Add to cart")
		two.sees("1 line, saved", "PPE-2020")
		one.goes("location.reload()")
		one.sees("5 lines")
		one.press("Leave without a cart")
		one.pressButton("Leave without a cart")
		two.goes("location.reload()")
		two.sees("1 line, saved", "PPE-2020")
		one.problems.forgive("status of 404") // the buyer has no such requisition
	})
}

// awkward is what breaks escaping that is done twice, or not at all.
const awkward = `5" <b>&amp; ä €`

func TestAwkwardTextGoesHomeAsItIs(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		err := s.db.InTx(t.Context(), func(tx *database.Tx) error {
			p, err := catalog.Save(t.Context(), tx, catalog.Product{Merchant: demoMerchant, SKU: "ODD-1", Name: awkward, Unit: "EA", UNSPSC: "31151500", Category: "Tools"}, s.clock.Now())
			if err != nil {
				return err
			}
			return catalog.SavePrice(t.Context(), tx, demoMerchant, p.ID, catalog.Price{Currency: "USD", Price: money.MustDecimal("2.50")})
		})
		if err != nil {
			t.Fatal(err)
		}
		page := browser(t)
		for slug, inDocument := range map[string]string{"northfold": `5" &lt;b&gt;&amp;amp; ä €`, "castelmere": `5" &lt;b&gt;&amp;amp; &#xE4; &#x20AC;`} {
			page.open(s.buyer(slug).URL())
			page.fill("#product", "ODD-1")
			page.press("Shop at Brackwater")
			page.sees(awkward, "$2.50")
			page.press("Add to cart")
			page.sees("1 line, saved")
			page.press("Return cart to")
			page.sees("Document trail", awkward)
			q := s.buyer(slug).Requisitions()[0]
			if got := q.Cart.Lines[0]; got.Description != awkward || got.Name != awkward {
				t.Errorf("%s: home came %q, %q", slug, got.Description, got.Name)
			}
			messages := s.cartMessages(slug, q.ID)
			if len(messages) != 1 || !strings.Contains(messages[0], ">"+inDocument+"<") {
				t.Errorf("%s: the document does not say %s: %s", slug, inDocument, messages)
			}
			page.press("Edit the cart at Brackwater")
			page.sees("Editing a cart", awkward)
			page.press("Return cart to")
			page.sees("Every line is as it was.")
			page.press("Approve and order")
			page.sees("Confirmed by Brackwater")
			order := s.kontors(s.requisition(slug, q.ID).OrderNumber)
			if len(order.Lines) != 1 || order.Lines[0].Description != awkward || len(order.Flags) != 0 {
				text, _ := json.Marshal(order)
				t.Errorf("%s: the order is %s", slug, text)
			}
		}
	})
}

func TestAVisitOpensWithTheProductThatWasAskedFor(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		page := browser(t)
		for product, want := range map[string]string{"PPE-2010": "Disposable nitrile gloves, size L", "CHAIR-001": "CHAIR-001. It is not in your catalogue here"} {
			page.open(s.buyer("northfold").URL())
			page.fill("#product", product)
			page.press("Shop at Brackwater")
			page.sees(want)
		}
	})
}

func TestAQuoteInABrowser(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		page := browser(t)
		page.open(s.buyer("northfold").URL())
		page.press("Shop at Brackwater")
		page.press("Fill the usual cart")
		page.press("Return it and ask for a quote")
		page.sees("Document trail", "Brackwater has still to say its final prices.", "$1,332.18")
		requisition := page.location()

		desk := page.tab()
		desk.open(s.home)
		desk.press("The credit desk")
		desk.press("Quotes")
		desk.sees("Prices open")
		desk.press("Northfold Medical Group")
		desk.sees("An order of it waits for a person", "It went home at $8.10.")
		desk.fill("#price-1", "7.75")
		desk.run(`document.querySelector("#until").value = "` + s.clock.Now().AddDate(0, 1, 0).Format("2006-01-02") + `"`)
		desk.pressButton("Make the prices final")
		desk.sees("The prices are final and hold until")

		page.open(requisition)
		page.press("Edit the cart at Brackwater")
		// 120 boxes at 7.75 are 930.00: 42.00 less.
		page.sees("Quoted, holds until", "The price was $8.10, now it is $7.75.", "$1,200.13")
		page.press("Return cart to Northfold Medical Group")
		page.sees("Document trail", "PPE-2010 $8.10 → $7.75; 4 lines as before.")
		page.press("Approve and order")
		page.sees("Confirmed by Brackwater")
		order := s.kontors(s.buyer("northfold").Requisitions()[0].OrderNumber)
		if order.Goods.Format() != "$1,200.13" || len(order.Flags) != 0 {
			t.Errorf("the order is %s, flagged %+v", order.Goods.Format(), order.Flags)
		}
	})
}
