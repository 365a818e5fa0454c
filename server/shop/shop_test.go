package shop_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/server/shop"
)

const visit = "/m/brackwater/shop/s/vis_one/"

// browser has no cookie jar and follows nothing by itself, so every test also shows that the shop
// needs neither.
type browser struct {
	t    *testing.T
	base string
	http http.Client
}

func open(t *testing.T, a *api) *browser {
	server := httptest.NewServer(shop.New(shop.Config{
		Base: "/m/brackwater/shop", API: client.New(a.URL, key), Merchant: "Brackwater Industrial Supply",
		UsualCarts: map[string][]client.WantedLine{"northfold": {
			{SKU: "PPE-2010", Quantity: "120", Unit: "BX"}, {SKU: "PPE-2030", Quantity: "37", Unit: "EA"},
			{SKU: "FAS-1050", Quantity: "1500", Unit: "EA"}, {SKU: "ELE-5030", Quantity: "152.5", Unit: "MTR"},
			{SKU: "PKG-4010", Quantity: "30", Unit: "RO"},
		}},
	}))
	t.Cleanup(server.Close)
	return &browser{t: t, base: server.URL, http: http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) get(path string) (int, string, http.Header) {
	b.t.Helper()
	answer, err := b.http.Get(b.base + path)
	return b.read(answer, err)
}

func (b *browser) post(path string, form url.Values) (int, string, http.Header) {
	b.t.Helper()
	answer, err := b.http.PostForm(b.base+path, form)
	return b.read(answer, err)
}

func (b *browser) read(answer *http.Response, err error) (int, string, http.Header) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if set := answer.Header.Get("Set-Cookie"); set != "" {
		b.t.Errorf("the shop set a cookie: %s", set)
	}
	return answer.StatusCode, string(body), answer.Header
}

func has(t *testing.T, body string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(strings.ReplaceAll(body, "\u00a0", " "), want) {
			t.Errorf("the page does not say %q:\n%s", want, body)
		}
	}
}

func TestEntrySendsTheBrowserIntoItsVisit(t *testing.T) {
	tests := []struct {
		name    string
		change  func(*client.Session)
		session string
		status  int
		to      string
	}{
		{"to the front page", func(*client.Session) {}, "vis_one", 303, visit},
		{"to the product that the buyer's system asked for", func(s *client.Session) { s.SelectedSKU = "PPE-2010" }, "vis_one", 303, visit + "products/PPE-2010"},
		{"to what the buyer's system looks for", func(s *client.Session) { s.Search = "gloves & tape" }, "vis_one", 303, visit + "products?q=gloves+%26+tape"},
		{"to the front page, which says that the wanted product isn't there", func(s *client.Session) { s.SelectedSKU = "CHAIR-001" }, "vis_one", 303, visit + "?done=missing"},
		{"a visit that nobody opened", func(*client.Session) {}, "vis_other", 404, ""},
		{"no visit at all", func(*client.Session) {}, "", 404, ""},
		{"a path instead of a token", func(*client.Session) {}, "../../v1/orders", 404, ""},
		{"a cart that was returned", func(s *client.Session) { s.State = client.SessionReturned }, "vis_one", 410, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := newAPI(t)
			test.change(&a.session)
			status, body, head := open(t, a).get("/m/brackwater/shop/?session=" + url.QueryEscape(test.session))
			if status != test.status || head.Get("Location") != test.to {
				t.Errorf("got %d to %q, want %d to %q", status, head.Get("Location"), test.status, test.to)
			}
			if test.to == "" {
				has(t, body, "procurement system")
			}
		})
	}
}

func TestEveryAnswerHasTheFramePolicyOfItsVisit(t *testing.T) {
	const (
		everywhere = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
		ofTheVisit = everywhere + "form-action 'self' https://kontor.example; base-uri 'none'; frame-ancestors 'self' https://buy.northfold.example http://inside.northfold.example:8080"
		ofNobody   = everywhere + "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
	)
	a := newAPI(t)
	b := open(t, a)
	ended := func(state string) func() { return func() { a.session.State = state } }
	for _, test := range []struct {
		path, want string
		before     func()
	}{
		{visit, ofTheVisit, nil}, {visit + "cart", ofTheVisit, nil}, {visit + "products/NOTHING", ofTheVisit, nil},
		{"/m/brackwater/shop/?session=vis_one", ofTheVisit, nil},
		{visit + "nothing", ofNobody, nil}, {"/m/brackwater/shop/?session=vis_other", ofNobody, nil}, {"/m/brackwater/shop/", ofNobody, nil},
		{visit, ofTheVisit, ended(client.SessionExpired)}, {visit + "cart", ofTheVisit, ended(client.SessionReturned)},
	} {
		if test.before != nil {
			test.before()
		}
		path := test.path
		_, body, head := b.get(path)
		if policy := head.Get("Content-Security-Policy"); policy != test.want {
			t.Errorf("%s: the policy is\n%s\nwant\n%s", path, policy, test.want)
		}
		if head.Get("Referrer-Policy") != "no-referrer" || head.Get("Cache-Control") != "no-store" || head.Get("X-Frame-Options") != "" {
			t.Errorf("%s: headers %v", path, head)
		}
		if inline := regexp.MustCompile(` style=| on[a-z]+=|<script>|<style`).FindString(body); inline != "" {
			t.Errorf("%s: the policy forbids %q", path, inline)
		}
	}
}

func TestTheUsualCartGoesHome(t *testing.T) {
	a := newAPI(t)
	b := open(t, a)
	_, body, _ := b.get(visit)
	has(t, body, "Fill the usual cart")
	if strings.Contains(body, "Return cart") {
		t.Error("an empty cart is offered for return")
	}
	for range 2 { // pressed twice, it is filled once
		if status, _, head := b.post(visit+"usual", nil); status != 303 || head.Get("Location") != visit+"cart?done=filled" {
			t.Fatalf("filled: %d to %q", status, head.Get("Location"))
		}
	}
	if a.puts != 1 {
		t.Errorf("%d carts were written, want 1", a.puts)
	}
	_, body, _ = b.get(visit + "cart?done=filled")
	has(t, body, "5 lines", "$972.00", "$18.83", "$97.98", "$1,242.13", "$90.05", "$1,332.18", "$0.01255", "list $9.95")
	_, body, _ = b.get(visit)
	has(t, body, "Return cart", "(5 lines, $1,242.13)", "Leave without a cart")
	if strings.Contains(body, "Fill the usual cart") {
		t.Error("a full cart is offered to be filled")
	}
	status, _, head := b.post(visit+"return", nil)
	if want := a.URL + "/m/brackwater/p/vis_one/return"; status != 303 || head.Get("Location") != want {
		t.Fatalf("returned: %d to %q, want 303 to %q", status, head.Get("Location"), want)
	}
	// Pressed twice, a browser follows the second answer only: it leads to the same page.
	status, _, head = b.post(visit+"return", nil)
	if want := a.URL + "/m/brackwater/p/vis_one/return"; status != 303 || head.Get("Location") != want {
		t.Errorf("pressed twice: %d to %q, want 303 to %q", status, head.Get("Location"), want)
	}
	if status, _, _ := b.post(visit+"leave", nil); status != http.StatusGone {
		t.Errorf("left after the return: %d", status)
	}
	status, body, _ = b.post(visit+"products/PPE-2010", url.Values{"quantity": {"1"}})
	if status != http.StatusGone {
		t.Errorf("after the return a line was taken: %d", status)
	}
	has(t, body, "This cart has left the shop", "Northfold Medical Group", "start again from your procurement system")
}

func TestLeavingAsksAndThenEndsTheVisit(t *testing.T) {
	a := newAPI(t)
	a.price([]client.WantedLine{{SKU: "PPE-2010", Quantity: "1", Unit: "BX"}})
	b := open(t, a)
	_, body, _ := b.get(visit + "leave")
	has(t, body, "Leave without a cart?", "1 line, $8.10")
	if a.session.State != client.SessionOpen {
		t.Fatal("the question itself ended the visit")
	}
	if status, _, head := b.post(visit+"leave", nil); status != 303 || !strings.HasSuffix(head.Get("Location"), "/return") {
		t.Errorf("left: %d to %q", status, head.Get("Location"))
	}
	if status, _, head := b.post(visit+"leave", nil); status != 303 || !strings.HasSuffix(head.Get("Location"), "/return") {
		t.Errorf("pressed twice: %d to %q", status, head.Get("Location"))
	}
	if status, body, _ := b.get(visit); status != http.StatusGone {
		t.Errorf("the visit goes on: %d", status)
	} else {
		has(t, body, "This visit has ended without a cart")
	}
}

func TestQuantities(t *testing.T) {
	tests := []struct {
		name, sku, unit, typed string
		wrong                  string // "" is taken
		want                   string
	}{
		{"a box", "PPE-2010", "BX", "12", "", "12"},
		{"as written by a person", "FAS-1040", "EA", " 1,500 ", "", "1500"},
		{"half a metre", "ELE-5030", "MTR", "152.50", "", "152.5"},
		{"the other unit of a screw", "FAS-1050", "BX", "15", "", "15"},
		{"a unit the product does not have", "FAS-1050", "KGM", "15", "", "15"},
		{"below the least", "FAS-1040", "EA", "450", "Order at least 500 pieces, in steps of 100. 450 is too few.", ""},
		{"between two steps", "FAS-1040", "EA", "1,250", "Order in steps of 100: 1,200 or 1,300, not 1,250.", ""},
		{"a quarter of a metre", "ELE-5030", "MTR", "1.25", "Order in steps of 0.5: 1 or 1.5, not 1.25.", ""},
		{"nothing", "PPE-2010", "BX", "", "Write the quantity as a number, such as 1.", ""},
		{"a word", "FAS-1040", "EA", "many", "Write the quantity as a number, such as 500.", ""},
		{"a German number", "FAS-1040", "EA", "1.500,00", "Write the quantity as a number, such as 500.", ""},
		{"below zero", "PPE-2010", "BX", "-3", "Write the quantity as a number, such as 1.", ""},
		{"an exponent", "PPE-2010", "BX", "1e9", "Write the quantity as a number, such as 1.", ""},
		{"zero", "PPE-2010", "BX", "0", "Order at least 1 box. 0 is too few.", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := newAPI(t)
			status, body, head := open(t, a).post(visit+"products/"+test.sku, url.Values{"quantity": {test.typed}, "unit": {test.unit}})
			if test.wrong != "" {
				if status != http.StatusUnprocessableEntity || a.puts != 0 {
					t.Errorf("got %d and %d carts written, want 422 and none", status, a.puts)
				}
				has(t, body, test.wrong, `value="`+test.typed+`"`, `aria-invalid="true"`, "Nothing was changed.")
				return
			}
			if status != 303 || head.Get("Location") != visit+"cart?kept="+test.sku {
				t.Fatalf("got %d to %q", status, head.Get("Location"))
			}
			if got := a.session.Cart.Lines[0].Quantity; got != test.want {
				t.Errorf("the cart has %q, want %q", got, test.want)
			}
		})
	}
}

func TestAFormSentTwiceSetsTheQuantityOnce(t *testing.T) {
	a := newAPI(t)
	b := open(t, a)
	for range 2 {
		b.post(visit+"products/PPE-2010", url.Values{"quantity": {"12"}, "unit": {"BX"}, "back": {"category=Safety&next=https://elsewhere.example"}})
	}
	if lines := a.session.Cart.Lines; len(lines) != 1 || lines[0].Quantity != "12" {
		t.Errorf("the cart has %+v", lines)
	}
	_, _, head := b.post(visit+"products/PPE-2010", url.Values{"quantity": {"3"}, "back": {"category=Safety&next=https://elsewhere.example"}})
	if got := head.Get("Location"); got != visit+"products?category=Safety&kept=PPE-2010" {
		t.Errorf("back to %q", got)
	}
}

func TestLinesOfTwoTabsAreAllKept(t *testing.T) {
	a := newAPI(t)
	b := open(t, a)
	var group sync.WaitGroup
	for _, sku := range []string{"PPE-2010", "PPE-2030", "FAS-1010", "PKG-4010", "PPE-2060"} {
		group.Go(func() { b.post(visit+"products/"+sku, url.Values{"quantity": {"2"}}) })
	}
	group.Wait()
	if got := len(a.session.Cart.Lines); got != 5 {
		t.Errorf("%d of 5 lines were kept", got)
	}
}

func TestCartPage(t *testing.T) {
	start := []client.WantedLine{{SKU: "PPE-2010", Quantity: "12", Unit: "BX"}, {SKU: "FAS-1040", Quantity: "500", Unit: "EA"}}
	lines := []string{"PPE-2010|BX", "FAS-1040|EA"}
	t.Run("quantities are updated, a line of another tab stays", func(t *testing.T) {
		a := newAPI(t)
		a.price(append(start, client.WantedLine{SKU: "PKG-4010", Quantity: "3", Unit: "RO"}))
		status, _, _ := open(t, a).post(visit+"cart", url.Values{"line": lines, "quantity": {"13", "600"}})
		got := a.session.Cart.Lines
		if status != 303 || len(got) != 3 || got[0].Quantity != "13" || got[1].Quantity != "600" || got[2].Quantity != "3" {
			t.Errorf("%d, %+v", status, got)
		}
	})
	t.Run("zero removes", func(t *testing.T) {
		a := newAPI(t)
		a.price(start)
		open(t, a).post(visit+"cart", url.Values{"line": lines, "quantity": {"0", "500"}})
		if got := a.session.Cart.Lines; len(got) != 1 || got[0].SKU != "FAS-1040" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("remove leaves the other quantities alone", func(t *testing.T) {
		a := newAPI(t)
		a.price(start)
		open(t, a).post(visit+"cart", url.Values{"line": lines, "quantity": {"99", "500"}, "remove": {"FAS-1040|EA"}})
		if got := a.session.Cart.Lines; len(got) != 1 || got[0].Quantity != "12" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("one wrong quantity changes nothing and keeps both as typed", func(t *testing.T) {
		a := newAPI(t)
		a.price(start)
		status, body, _ := open(t, a).post(visit+"cart", url.Values{"line": lines, "quantity": {"13", "550"}})
		if status != 422 || a.puts != 0 {
			t.Errorf("%d, %d carts written", status, a.puts)
		}
		has(t, body, `value="13"`, `value="550"`, "Order in steps of 100: 500 or 600, not 550.", "Nothing was changed.")
	})
	t.Run("a refusal of the API stands beside its line", func(t *testing.T) {
		a := newAPI(t)
		a.price(start)
		a.refuse = &client.Problem{Status: 422, Title: "invalid", Code: "invalid", Errors: []client.ProblemField{{Location: "lines[1].quantity", Message: "only 700 are left this month"}}}
		status, body, _ := open(t, a).post(visit+"cart", url.Values{"line": lines, "quantity": {"12", "900"}})
		if status != 422 {
			t.Errorf("got %d", status)
		}
		has(t, body, `value="900"`, "Only 700 are left this month.", `id="q2-wrong"`)
	})
}

func TestPagesSayWhatTheCatalogueSays(t *testing.T) {
	b := open(t, newAPI(t))
	tests := []struct {
		name, path string
		want       []string
	}{
		{"a contract price first, the list price in words, the piece at full scale", "products/PPE-2010", []string{"Your contract price", "$8.10", "box of 100", "$0.081 each", "List $9.95"}},
		{"breaks as ranges", "products/FAS-1010", []string{"1 to 9", "10 to 49", "50 and more", "$15.90", "Not in your contract"}},
		{"a backorder promises no more than the lead time", "products/PPE-2060", []string{"Out of stock, ships in 12 days."}},
		{"a stock that nobody told isn't none", "products/TOL-6060", []string{"Stock on request.", "Hazardous: ground transport only.", "Hazardous, ground transport only", "Your part number", ">OIL-400<"}},
		{"a list says the same in short", "products?category=Tools", []string{"Stock on request. Ground transport only", `TOL-6060, <span class="nowrap">yours OIL-400</span>`}},
		{"and so does a search", "products?q=lubricant", []string{"Stock on request. Ground transport only", `TOL-6060, <span class="nowrap">yours OIL-400</span>`}},
		{"the least quantity and the step", "products/FAS-1040", []string{"At least 500 pieces, in steps of 100.", `value="500"`}},
		{"a category as a grid", "products?category=Safety", []string{"<h1>Safety</h1>", "3 products", "Safety glasses, clear"}},
		{"a search as rows", "products?q=m8", []string{"Results for “m8”", "1 product", "Hex bolt M8 × 40"}},
		{"a search without a result", "products?q=%3Cscript%3Ezz", []string{"Nothing found", "&lt;script&gt;zz"}},
		{"a product that is not there", "products/TOL-6040", []string{"not in your catalogue", `href="` + visit + `">To the shop`, `href="` + visit + `cart">To the cart`}},
		{"a category's price breaks and rules", "products?category=Fasteners", []string{"From 10 $17.20, from 50 $15.90", "At least 500 pieces, in steps of 100"}},
		{"what a pack comes to", "products/PPE-2060", []string{`for="quantity" data-makes="20" data-single="piece" data-many="pieces">= 20 pieces</output>`}},
		{"a skip link and landmarks", "", []string{`class="skip" href="#main"`, `<main class="page page--read" id="main">`, `<nav class="shopbar__nav" id="menu" aria-label="Categories">`, `role="search"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, body, _ := b.get(visit + test.path)
			has(t, body, test.want...)
		})
	}
}

func TestCatalogueTextIsEscaped(t *testing.T) {
	a := newAPI(t)
	a.find("PKG-4010").Name = `Tape <img src=x onerror=alert(1)> 48 mm`
	a.session.Organisation.Name = `North"fold' <b>`
	a.price([]client.WantedLine{{SKU: "PKG-4010", Quantity: "1", Unit: "RO"}})
	b := open(t, a)
	for _, path := range []string{"", "products", "products?q=tape", "products/PKG-4010", "cart?kept=PKG-4010", "leave"} {
		_, body, _ := b.get(visit + path)
		for _, raw := range []string{"<img", "<b>bold", "fold' <b>"} {
			if strings.Contains(body, raw) {
				t.Errorf("%q has %q unescaped", path, raw)
			}
		}
	}
	_, body, _ := b.get(visit + "products/PKG-4010")
	has(t, body, "48 mm × 66 m, 28 µm, &#34;low noise&#34; &amp; clear &lt;b&gt;bold&lt;/b&gt;")
}

func TestAnInspectedCartOffersNoChange(t *testing.T) {
	a := newAPI(t)
	a.price([]client.WantedLine{{SKU: "PPE-2010", Quantity: "1", Unit: "BX"}})
	a.session.Operation = "inspect"
	b := open(t, a)
	for _, path := range []string{"", "cart", "products", "products?q=gloves", "products/PPE-2010"} {
		_, body, _ := b.get(visit + path)
		has(t, body, "Looking at a cart of Northfold Medical Group")
		if strings.Contains(body, `method="post"`) || strings.Contains(body, `name="quantity"`) || strings.Contains(body, "Return cart") {
			t.Errorf("%q offers a change", path)
		}
	}
	for path, form := range map[string]url.Values{"cart": {"line": {"PPE-2010|BX"}, "quantity": {"2"}}, "products/PPE-2010": {"quantity": {"2"}}, "usual": nil, "return": nil} {
		status, body, _ := b.post(visit+path, form)
		if status != http.StatusConflict || a.puts != 0 || a.session.State != client.SessionOpen {
			t.Errorf("%s: %d, %d carts written, the visit is %s", path, status, a.puts, a.session.State)
		}
		has(t, body, "This visit is for looking at a cart", "Nothing was changed")
	}
	_, body, _ := b.get(visit + "leave")
	has(t, body, `method="post" action="`+visit+`leave"`)
	if status, _, _ := b.post(visit+"leave", nil); status != http.StatusSeeOther || a.session.State != client.SessionCancelled {
		t.Errorf("left: %d, the visit is %s", status, a.session.State)
	}
}

func TestAProductThatIsNotOfferedIsNamedOnTheFrontPage(t *testing.T) {
	a := newAPI(t)
	a.session.SelectedSKU = "CHAIR-<1>"
	b := open(t, a)
	_, body, _ := b.get(visit + "?done=missing")
	has(t, body, "asked for <b>CHAIR-&lt;1&gt;</b>. It is not in your catalogue here", "What does Northfold Medical Group need today?")
	a.session.SelectedSKU = ""
	if _, body, _ = b.get(visit + "?done=missing"); strings.Contains(body, "not in your catalogue here") {
		t.Error("the address alone makes the page say something")
	}
}

func TestAnEditTellsChangedPricesInWords(t *testing.T) {
	a := newAPI(t)
	a.price([]client.WantedLine{{SKU: "PPE-2010", Quantity: "1", Unit: "BX"}, {SKU: "PPE-2030", Quantity: "2", Unit: "EA"}})
	a.session.Operation = "edit"
	b := open(t, a)
	if _, body, _ := b.get(visit + "cart"); strings.Contains(body, "changed since") {
		t.Error("a price is said to have changed")
	}
	a.session.Cart.Lines[0].Before = ptr(usd("7.9500"))
	_, body, _ := b.get(visit + "cart")
	has(t, body, "Editing a cart of Northfold Medical Group", "One price has changed since this cart went home", "The price was $7.95, now it is $8.10.")
	a.session.Cart.Lines[1].Before = ptr(usd("2.50"))
	_, body, _ = b.get(visit + "cart")
	has(t, body, "2 prices have changed", "The price was $2.50, now it is $2.9375.")
}

func TestAnEditShowsWhatHoldsTheCart(t *testing.T) {
	a := newAPI(t)
	a.price([]client.WantedLine{{SKU: "PPE-2010", Quantity: "1", Unit: "BX"}, {SKU: "PPE-2030", Quantity: "2", Unit: "EA"}})
	a.session.Operation = "edit"
	gone := &a.session.Cart.Lines[1]
	gone.Available, gone.Problem = false, "Safety glasses, clear isn't offered any more."
	b := open(t, a)
	_, body, _ := b.get(visit + "cart")
	has(t, body, "Safety glasses, clear isn&#39;t offered any more.", "Safety glasses, clear can't be bought as it stands.", `products/PPE-2010"`, "Leave without a change")
	if strings.Contains(body, `products/PPE-2030"`) {
		t.Error("the page leads to a product that isn't there")
	}
	_, body, _ = b.get(visit + "leave")
	has(t, body, "Leave without a change?", "keeps the requisition as it was")
}

func TestAServerThatDoesNotAnswerIsNamedByReferenceOnly(t *testing.T) {
	a := newAPI(t)
	b := open(t, a)
	a.Close()
	status, body, _ := b.get(visit)
	if status != http.StatusBadGateway {
		t.Errorf("got %d", status)
	}
	has(t, body, "Something failed on our side", "Reference err_")
	if strings.Contains(body, "127.0.0.1") || strings.Contains(body, key) {
		t.Error("the page shows an address or a key")
	}
}

func TestACartGoesHomeForAQuote(t *testing.T) {
	a := newAPI(t)
	a.price([]client.WantedLine{{SKU: "PPE-2010", Quantity: "1", Unit: "BX"}, {SKU: "PPE-2030", Quantity: "2", Unit: "EA"}})
	b := open(t, a)
	_, body, _ := b.get(visit + "cart")
	has(t, body, "Return cart to Northfold Medical Group", "Return it and ask for a quote")
	a.session.Cart.Lines[1].PriceOpen = true
	a.session.Cart.Lines[0].QuotedUntil = "2026-12-04"
	_, body, _ = b.get(visit + "cart")
	has(t, body, "Return it and ask for a quote", "Brackwater Industrial Supply says the price later.", "Quoted, holds until Dec 4, 2026.")
	if strings.Contains(body, "Return cart") {
		t.Error("a cart with an open price is offered for return")
	}
	a.refuse = &client.Problem{Status: http.StatusConflict, Detail: "a quote can't be fetched on this connection"}
	status, body, _ := b.post(visit+"return", url.Values{"quote": {"pending"}})
	if status != http.StatusConflict {
		t.Errorf("refused: %d", status)
	}
	has(t, body, "A quote can&#39;t be fetched on this connection.", "Nothing was changed")
	a.refuse = &client.Problem{Status: http.StatusForbidden, Detail: "Your organisation's access to this shop was closed."}
	status, body, _ = b.post(visit+"return", nil)
	if status != http.StatusForbidden {
		t.Errorf("closed meanwhile: %d", status)
	}
	has(t, body, "This visit can&#39;t go on", "access to this shop was closed. Nothing was sent", "Your purchasing department or Brackwater Industrial Supply")
	if status, _, head := b.post(visit+"return", url.Values{"quote": {"pending"}}); status != 303 || !strings.HasSuffix(head.Get("Location"), "/return") || !strings.Contains(a.returned, `"quote":"pending"`) {
		t.Errorf("%d to %q with %s", status, head.Get("Location"), a.returned)
	}
}
