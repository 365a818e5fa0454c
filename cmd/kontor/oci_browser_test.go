package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
)

// fakeSRM is a buyer's system that keeps the bytes of each form and says so. It takes its time, as
// such systems do.
type fakeSRM struct {
	*httptest.Server
	mu    sync.Mutex
	forms []string // query and body, as they came
}

// receives lets the carts of Veldhaus’s connection go to a system of the test’s own.
func (s *story) receives() *fakeSRM {
	s.t.Helper()
	r := &fakeSRM{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		time.Sleep(300 * time.Millisecond)
		r.mu.Lock()
		defer r.mu.Unlock()
		if request.Method == http.MethodPost {
			r.forms = append(r.forms, request.URL.RawQuery+"\n"+string(body))
		}
		_, _ = fmt.Fprintf(w, `<!doctype html><title>Received</title><link rel="icon" href="data:,"><p>The buyer has it, %s %s.`, request.Method, request.URL.Query().Get("sid"))
	}))
	s.t.Cleanup(r.Close)
	s.changed(`"connections": [{"external_id": "veldhaus-srm", "settings": {"return_hosts": ["` + r.URL + `"]}}]`)
	return r
}

func (r *fakeSRM) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.forms...)
}

// link is a start by GET: the whole call in an address.
func (s *story) link(r *fakeSRM, sid string, more ...string) string {
	q := url.Values{"HOOK_URL": {r.URL + "/back?sid=" + sid}, "USERNAME": {"brackwater-shop"}, "PASSWORD": {s.secrets["KONTOR_DEMO_VELDHAUS_PASSWORD"]},
		"OCI_VERSION": {"4.0"}, "http_content_charset": {"iso-8859-1"}, "returntarget": {"_self"}, "~OkCode": {"ADDI"}, "~CALLER": {"CTLG"}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return s.config.PublicURL + "/m/" + demoMerchant + "/oci/veldhaus-srm?" + q.Encode()
}

// history are the addresses that the browser keeps for its buttons.
func (p *tab) history() (addresses []string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		kept, err := chromedp.Call(ctx, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return err
		}
		for _, entry := range kept.Entries {
			addresses = append(addresses, entry.URL)
		}
		return nil
	}))
	return addresses
}

// One cart by four browsers: the same bytes reach the buyer, and no cookie is needed.
func TestAFormGoesHomeFromEveryBrowser(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		b, first := s.buyer("veldhaus"), ""
		for _, kind := range []struct {
			name   string
			framed bool
			start  func() *tab
		}{
			{"in a page of its own", false, func() *tab { return browser(t) }},
			{"in a frame, third-party cookies blocked", true, func() *tab { return browser(t, chromedp.Flag("test-third-party-cookie-phaseout", true)) }},
			{"in a page of its own, all cookies off", false, func() *tab { return preferred(t, noCookies) }},
			{"in a frame, all cookies off", true, func() *tab { return preferred(t, noCookies) }},
		} {
			page := kind.start()
			page.open(b.URL())
			if !kind.framed {
				page.check("frame") // takes the tick off
			}
			page.press("Shop at Brackwater")
			shop := page
			if kind.framed {
				shop = page.frame(s.config.PublicURL)
			}
			shop.press("Fill the usual cart")
			shop.sees("€168.60", "€188.50")
			shop.press("Return cart to Veldhaus Maschinenbau GmbH")
			if kind.framed {
				page.leavesTheFrame("The cart is home", "5 lines")
			}
			page.sees("Cart home", "Shop again at Brackwater", "NEW_ITEM-PRICEUNIT[1]")
			q := b.Requisitions()[0]
			documents := b.Documents(q.ID)
			form := documents[len(documents)-1]
			if form.Type != "OCI form" || form.Refused || q.Problem != "" {
				t.Fatalf("%s: %s, %s", kind.name, form.Type, q.Problem)
			}
			got := alike(form.Body)
			if first == "" {
				first = got
			}
			if got != first || strings.Count(got, "NEW_ITEM-PRICE[") != 5 {
				t.Errorf("%s: home came\n%s\nand from the first browser\n%s", kind.name, got, first)
			}
			if cookies := page.cookies(); len(cookies) != 0 {
				t.Errorf("%s: the visit made cookies: %q", kind.name, cookies)
			}
			for _, kept := range page.history() {
				if strings.Contains(kept, "PASSWORD") || strings.Contains(kept, s.secrets["KONTOR_DEMO_VELDHAUS_PASSWORD"]) {
					t.Errorf("%s: the browser keeps the password: %s", kind.name, kept)
				}
			}
		}
	})
}

// The whole call stands in a link. The browser is led on at once, and keeps nothing of it.
func TestAStartByALink(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		r := s.receives()
		page := browser(t)
		page.open(s.link(r, "1"))
		page.sees("What does Veldhaus Maschinenbau GmbH need today?")
		page.at(s.config.PublicURL + "/m/brackwater/shop/s/vis_")
		password := s.secrets["KONTOR_DEMO_VELDHAUS_PASSWORD"]
		for _, kept := range append(page.history(), evaluate[string](page, "document.referrer + document.documentElement.outerHTML")) {
			if strings.Contains(kept, password) || strings.Contains(kept, "PASSWORD") {
				t.Errorf("the password is kept: %s", kept)
			}
		}
		if strings.Contains(s.log.text(), password) {
			t.Error("the password stands in the log")
		}
		page.open(s.link(r, "2", "FUNCTION", "SOURCING", "SEARCHSTRING", "screw"))
		page.sees("Machine screw M4 × 10, stainless")
		page.open(s.link(r, "3", "FUNCTION", "DETAILADD", "PRODUCTID", "PPE-2020@PR"))
		page.press("Add to cart")
		page.sees("1 line, saved", "PPE-2020")
		page.open(s.link(r, "4", "PASSWORD", "guessed"))
		page.sees("The connection, the user or the password is not known here.")
		page.problems.forgive("status of 401")
	})
}

// Latin-1 has umlauts and the multiplication sign, not the euro, the dash and the snowman. What the
// browser sends is written here by hand; without PRICEUNIT a price is for one (OCI reference 4).
func TestTheBytesOfAReturnInLatin1(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		r := s.receives()
		err := s.db.InTx(t.Context(), func(tx *database.Tx) error {
			p, err := catalog.Save(t.Context(), tx, catalog.Product{Merchant: demoMerchant, SKU: "ODD-1", Name: `Öl für 5" × 3 – <b>ß</b> & 2 € ☃`, Unit: "EA", UNSPSC: "31151500", Category: "Tools"}, s.clock.Now())
			if err != nil {
				return err
			}
			return catalog.SavePrice(t.Context(), tx, demoMerchant, p.ID, catalog.Price{Currency: "EUR", Price: money.MustDecimal("600.00")})
		})
		if err != nil {
			t.Fatal(err)
		}
		page := browser(t)
		page.open(s.link(r, "7&step=a%20b", "FUNCTION", "DETAILADD", "PRODUCTID", "ODD-1"))
		page.press("Add to cart")
		page.sees("1 line, saved", "€600.00")
		page.press("Return cart to Veldhaus Maschinenbau GmbH")
		page.sees("The buyer has it, POST 7.")
		forms := r.got()
		if len(forms) != 1 {
			t.Fatalf("%d forms came: %q", len(forms), forms)
		}
		got := regexp.MustCompile(`crt_[0-9a-z]{26}`).ReplaceAllString(forms[0], "crt")
		want := "sid=7&step=a%20b\n" + strings.Join([]string{
			"NEW_ITEM-DESCRIPTION%5B1%5D=%D6l+f%FCr+5%22+%D7+3+-+%3Cb%3E%DF%3C%2Fb%3E+%26+2+EUR+%3F",
			"NEW_ITEM-QUANTITY%5B1%5D=1", "NEW_ITEM-UNIT%5B1%5D=ST", "NEW_ITEM-PRICE%5B1%5D=600.000", "NEW_ITEM-CURRENCY%5B1%5D=EUR",
			"NEW_ITEM-VENDORMAT%5B1%5D=ODD-1", "NEW_ITEM-MATGROUP%5B1%5D=3115", "NEW_ITEM-EXT_QUOTE_ID%5B1%5D=crt", "NEW_ITEM-EXT_QUOTE_ITEM%5B1%5D=1",
			"NEW_ITEM-EXT_PRODUCT_ID%5B1%5D=ODD-1%40EA", "NEW_ITEM-EXT_SCHEMA_TYPE%5B1%5D=UNSPSC", "NEW_ITEM-EXT_CATEGORY_ID%5B1%5D=31151500",
			"%7ECALLER=CTLG", "%7EOkCode=ADDI"}, "&") // as they came with the start
		if got != want {
			t.Errorf("home came\n%s\nwant\n%s", got, want)
		}
	})
}

// Cancel, impatient hands, and the browser's own buttons.
func TestOddWaysHomeByOCI(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		r := s.receives()
		tab := browser(t)
		tab.open(s.link(r, "left"))
		tab.press("Fill the usual cart")
		tab.press("Leave without a cart")
		tab.pressButton("Leave without a cart")
		tab.sees("The buyer has it, POST left.")
		if forms := r.got(); len(forms) != 1 || forms[0] != "sid=left\n%7ECALLER=CTLG&%7EOkCode=ADDI" {
			t.Fatalf("leaving brought %q", forms)
		}

		// An address for visits without a cart is called as it is.
		tab.open(s.link(r, "lost", "OCICANCEL", r.URL+"/stop?sid=(stopped)"))
		tab.press("Leave without a cart")
		tab.pressButton("Leave without a cart")
		tab.sees("The buyer has it, GET (stopped).")
		if forms := r.got(); len(forms) != 1 {
			t.Fatalf("stopping brought %q", forms[1:])
		}

		tab.open(s.link(r, "twice"))
		tab.press("Fill the usual cart")
		tab.sees("€188.50")
		tab.pressTwice("Return cart to Veldhaus Maschinenbau GmbH")
		tab.sees("The buyer has it, POST twice.")
		if forms := r.got(); len(forms) != 2 {
			t.Fatalf("a double click in the shop brought %d forms", len(forms)-1)
		}

		// Back to the return page, or into the shop where the browser counts that page as no step: the
		// one waits for a hand, from the other the cart has left. Nothing is sent by itself.
		tab.goes("history.back()")
		time.Sleep(time.Second) // more than twice what the return page's script waits
		tab.seesIn(`/This cart has left the shop|Sending your cart home/.test(document.body.innerText) ? "yes" : "no"`, "yes")
		if forms := r.got(); len(forms) != 2 {
			t.Fatalf("coming back sent %d forms", len(forms)-2)
		}

		// On the return page itself, where the script would press the button as well.
		tab.open(s.link(r, "hand"))
		tab.press("Fill the usual cart")
		tab.sees("€188.50")
		tab.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
				Source: "HTMLFormElement.prototype.requestSubmit = function () {}"})
			return err
		}))
		tab.press("Return cart to Veldhaus Maschinenbau GmbH")
		tab.sees("Sending your cart home", "4 lines go to 127.0.0.1")
		tab.pressTwice("Continue to 127.0.0.1")
		tab.sees("The buyer has it, POST hand.")
		time.Sleep(time.Second) // longer than the receiver takes
		if forms := r.got(); len(forms) != 3 {
			t.Fatalf("a double click on the return page brought %d forms", len(forms)-2)
		}
		// By hand, and on purpose, it goes again: the same bytes.
		tab.goes("history.back()")
		tab.press("Continue to 127.0.0.1")
		tab.sees("The buyer has it, POST hand.")
		if forms := r.got(); len(forms) != 4 || forms[3] != forms[2] {
			t.Fatalf("the same form again is another: %q", forms[2:])
		}
		tab.problems.forgive("status of 409", "status of 410")
	})
}

// Everybody at Veldhaus shops with one login, in one browser, at once: each visit has its own cart.
func TestTwoPeopleOnOneLoginByOCI(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		r := s.receives()
		one := browser(t)
		two := one.tab()
		one.open(s.link(r, "one", "EMAIL", "one@veldhaus.example"))
		two.open(s.link(r, "two", "EMAIL", "two@veldhaus.example"))
		one.press("Fill the usual cart")
		one.sees("4 lines", "€188.50")
		two.sees("What does Veldhaus Maschinenbau GmbH need today?")
		two.goes("location.reload()")
		two.sees("The usual order") // still empty
		two.open(two.location() + "products/PPE-2020")
		two.press("Add to cart")
		two.sees("1 line, saved", "PPE-2020")
		two.press("Return cart to Veldhaus Maschinenbau GmbH")
		two.sees("The buyer has it, POST two.")
		one.goes("location.reload()")
		one.sees("4 lines", "€188.50")
		one.press("Return cart to Veldhaus Maschinenbau GmbH")
		one.sees("The buyer has it, POST one.")
		forms := r.got()
		// One line and freight, then four and freight.
		if len(forms) != 2 || strings.Count(forms[0], "NEW_ITEM-PRICE%") != 2 || strings.Count(forms[1], "NEW_ITEM-PRICE%") != 5 {
			t.Fatalf("home came %q", forms)
		}
	})
}

// What the console's documents page makes of it.
func TestOCIInTheConsole(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		for _, slug := range []string{"veldhaus", "hoshimori"} {
			home := s.cartHome(slug)
			s.order(slug, home.ID)
		}
		desk := browser(t)
		desk.open(s.entrance("/documents"))
		desk.sees("Veldhaus Maschinenbau GmbH asks to shop by OCI.", "The cart goes home to Veldhaus Maschinenbau GmbH, field by field, through the browser.",
			"Hoshimori Seimitsu K.K. asks what FAS-1050 costs: ¥18.525 for 10.", "asks what PPE-2030 costs: ¥438.5 for 1.")
		desk.open(s.config.PublicURL + "/m/brackwater/console/documents?type=OCI+form")
		desk.sees("NEW_ITEM-DESCRIPTION[1]", "Our own number of the cart and of the line.")
	})
}
