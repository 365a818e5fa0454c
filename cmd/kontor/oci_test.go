package main

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/simulators"
)

// Carts V and H of the story, to the last digit. With the usual mistakes V would be 168.60 and
// 159.46, H 20,185 and 21,473.
func TestCartsByOCI(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		for _, test := range []struct {
			slug, goods, freight, total string
			minor                       int64
			before, after               string
			lines                       []string
		}{
			{"veldhaus", "€168.60", "€19.90", "188.50", 18850, "€8,281.80", "€8,093.30",
				[]string{"FAS-1050 3300 ST 1.183 per 100 = 39.04", "FAS-1010 4 BX 16.985 per 1 = 67.94", "PPE-2020 6 PAA 6.245 per 1 = 37.47", "FAS-1040 700 ST 0.345 per 10 = 24.15", "FREIGHT 1 ST 19.900 per 1 = 19.90"}},
			{"hoshimori", "¥20,186", "¥1,800", "21986", 21986, "¥1,001,220", "¥979,234",
				[]string{"FAS-1050 1100 EA 18.525 per 10 = 2038", "FAS-1040 2500 EA 5.550 per 1 = 13875", "PPE-2030 7 EA 438.500 per 1 = 3070", "ELE-5030 12.5 MTR 96.200 per 1 = 1203", "FREIGHT 1 EA 1800.000 per 1 = 1800"}},
		} {
			s.left(test.slug, test.before)
			home := s.cartHome(test.slug)
			for i, l := range home.Cart.Lines {
				per := "1"
				if l.Basis != nil {
					per = l.Basis.Quantity
				}
				if i < len(test.lines) {
					is(t, "a line", l.SKU+" "+l.Quantity+" "+l.Unit+" "+l.UnitPrice.Value+" per "+per+" = "+l.Amount.Value, test.lines[i])
				}
			}
			is(t, "the lines", len(home.Cart.Lines), len(test.lines))
			is(t, "goods and freight", home.Cart.Goods.Value, test.total)
			is(t, "the answer to the order", s.order(test.slug, home.ID).Code, 200)
			confirmed := s.becomes(test.slug, home.ID, simulators.Confirmed)
			order := s.kontors(confirmed.OrderNumber)
			is(t, "Kontor's order", order.State, "approved")
			is(t, "its goods", order.Goods.Format(), test.goods)
			is(t, "its freight", order.Freight.Format(), test.freight)
			is(t, "its total", order.Total.Amount, test.minor)
			if len(order.Flags) != 0 {
				t.Errorf("the order came from our own cart, yet it is flagged: %+v", order.Flags)
			}
			s.left(test.slug, test.after)
			left := s.cartHome(test.slug)
			shop, _ := s.arrive(s.again(test.slug, left.ID))
			s.leave(shop)
			is(t, "the cart after leaving", len(s.requisition(test.slug, left.ID).Cart.Lines), len(test.lines))
		}
	})
}

// again opens another visit of a requisition.
func (s *story) again(slug, id string) string {
	s.t.Helper()
	startPage, err := s.buyer(slug).Shop(s.t.Context(), id, "create")
	if err != nil {
		s.t.Fatal(err)
	}
	return startPage
}

// Veldhaus's system frames the shop and reads Latin-1, and the browser blocks third-party cookies. The
// bytes of the form that reaches the buyer are those of the page.
func TestAFrameByOCI(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		page := browser(t, chromedp.Flag("test-third-party-cookie-phaseout", true))
		page.open(s.buyer("veldhaus").URL())
		page.press("Shop at Brackwater")
		inside := page.frame(s.config.PublicURL)
		inside.press("Fill the usual cart")
		inside.sees("€168.60", "€188.50")
		inside.press("Return cart to Veldhaus Maschinenbau GmbH")
		page.leavesTheFrame("The cart is home", "5 lines")
		page.sees("Cart home", "€188.50", "Machine screw M4 × 10, stainless")
		page.press("Approve and order €188.50")
		page.sees("Confirmed by Brackwater")
		s.left("veldhaus", "€8,093.30")
		if cookies := page.cookies(); len(cookies) != 0 {
			t.Errorf("the visit made cookies: %q", cookies)
		}
	})
}

// Hoshimori's asks for every price once more before it orders.
func TestPricesAreAskedBeforeAnOrder(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		page := browser(t)
		page.open(s.buyer("hoshimori").URL())
		page.press("Shop at Brackwater")
		page.press("Fill the usual cart")
		page.sees("¥20,186", "¥21,986")
		page.press("Return cart to Hoshimori Seimitsu K.K.")
		page.sees("Cart home", "¥21,986")
		page.press("Approve and order ¥21,986")
		page.sees("Confirmed by Brackwater", "OCI VALIDATE")
		s.left("hoshimori", "¥979,234")
	})
}
