package main

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/simulators"
)

// Westmere's system frames the shop, and the browser blocks third-party cookies: an edit that is
// left loses nothing, one that is finished reaches the price break, and somebody else of the same
// login shops beside it.
func TestAnEditInAFrame(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		page := browser(t, chromedp.Flag("test-third-party-cookie-phaseout", true))
		page.open(s.buyer("westmere").URL())
		page.press("Shop at Brackwater") // in a frame: that is how this system opens shops
		inside := page.frame(s.config.PublicURL)
		inside.press("Fill the usual cart")
		inside.sees("$138.79", "$174.24")
		inside.press("Return cart to Westmere University")
		page.leavesTheFrame("The cart is home", "3 lines")
		page.sees("Cart home", "$174.24")

		page.press("Edit the cart at Brackwater")
		inside = page.frame(s.config.PublicURL)
		inside.sees("$89.55", "$174.24")
		inside.put("#q1", "1")
		inside.pressButton("Update cart")
		inside.sees("$9.95", "$59.19") // goods 9.95 + 33.80 + 15.44
		inside.press("Leave without a change")
		inside.sees("keeps the requisition as it was")
		inside.pressButton("Leave without a change")
		page.leavesTheFrame("The visit is over")
		page.sees("Cart home", "$89.55", "$174.24")

		page.press("Edit the cart at Brackwater")
		inside = page.frame(s.config.PublicURL)
		inside.sees("$89.55", "$174.24")
		other := page.tab()
		other.open(s.buyer("westmere").URL())
		other.check("frame") // takes the tick off
		other.press("Shop at Brackwater")
		other.sees("What does Westmere University need today?")
		inside.put("#q1", "10")
		inside.pressButton("Update cart")
		inside.sees("$92.50", "$141.74", "$35.45", "$177.19")
		inside.press("Return cart to Westmere University")
		page.leavesTheFrame("The cart is home", "3 lines, $141.74")
		page.sees("Cart home", "PPE-2010 9 → 10, $9.95 → $9.25")
		other.press("Fill the usual cart")
		other.sees("$89.55", "$174.24")
		other.press("Return cart to Westmere University")
		other.sees("Cart home", "$174.24")

		page.press("Approve and order $177.19")
		page.sees("Confirmed by Brackwater")
		s.left("westmere", "$52,957.46")
		if cookies := page.cookies(); len(cookies) != 0 {
			t.Errorf("the visits made cookies: %q", cookies)
		}
	})
}

// Sitrabay's order waits for its application; the credit desk grants a limit and releases it, and
// the buyer's page turns by itself.
func TestAnApplicationInABrowser(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		page := browser(t)
		page.open(s.buyer("sitrabay").URL())
		page.press("Shop at Brackwater")
		page.press("Fill the usual cart")
		page.sees("BHD 87.331", "BHD 90.081")
		page.press("Return cart to Sitrabay Marine Works W.L.L.")
		page.sees("Cart home", "BHD 0.00473", "each")
		page.press("Approve and order BHD 90.081")
		page.sees(string(simulators.Waiting), "application in review", "BHD 4,000.000")

		desk := page.tab()
		page.turns(string(simulators.Confirmed), func() {
			desk.open(s.entrance("/credit"))
			desk.sees("Sitrabay Marine Works W.L.L.", "Application in review", "none yet")
			desk.press("Sitrabay Marine Works W.L.L.")
			desk.sees("BHD 4,000.000", "Still asked for: the latest annual accounts.")
			desk.fill("#new-limit", "1,500.000")
			desk.fill("#limit-reason", "A first limit")
			desk.pressButton("Set the limit")
			desk.sees("BHD 1,500.000 are available", "Application decided")
			desk.press("Today")
			desk.sees("exemption certificate WU-2041", "ends on") // Westmere's
			desk.press("Decide")
			desk.sees("“For the dredger Cœur de Mer, paid from the € budget.”") // as ISO-8859-15 had it
			desk.fill("#reason", "Granted")
			desk.pressButton("Release order")
			desk.sees("is released")
		})
		s.left("sitrabay", "BHD\u00a01,409.919")
	})
}

// leavesTheFrame waits for the page that ends a visit, in the frame, and follows its link out.
func (p *tab) leavesTheFrame(texts ...string) {
	p.t.Helper()
	p.seesIn(`(function () { var f = document.querySelector("iframe"); return f && f.contentDocument ? f.contentDocument.body.innerText : ""; })()`, texts...)
	p.run(`document.querySelector("iframe").contentDocument.querySelector("a.btn").click()`)
}

// put sets a field in a frame, where the keyboard of the page doesn't reach.
func (p *tab) put(field, text string) {
	p.t.Helper()
	p.run(`document.querySelector("` + field + `").value = "` + text + `"`)
}
