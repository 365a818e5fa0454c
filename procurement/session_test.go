package procurement_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/assets"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
)

// page is what a browser gets.
type page struct {
	code   int
	header http.Header
	body   string
}

// browse asks for one of our addresses as a browser does.
func (r *rig) browse(method, address, agent string, headers ...string) page {
	r.Helper()
	request, err := http.NewRequestWithContext(r.ctx, method, strings.Replace(address, publicURL, r.url, 1), http.NoBody)
	if err != nil {
		r.Fatal(err)
	}
	request.Header.Set("User-Agent", agent)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return r.fetch(request)
}

// fetch sends a request as browsers do, and reads the answer; redirects are not followed.
func (r *rig) fetch(request *http.Request) page {
	r.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		r.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.Fatal(err)
	}
	return page{response.StatusCode, response.Header, string(body)}
}

// start sets a visit up and gives its start page.
func (r *rig) start(merchant string, body []byte) string {
	r.Helper()
	a := r.post(merchant, body)
	if a.code != 200 || !strings.HasPrefix(a.start, publicURL+"/m/"+merchant+"/p/") || len(a.start) > 254 {
		r.Fatalf("%d %s, start page %q", a.code, a.detail, a.start)
	}
	return a.start
}

// enter opens a start page and gives the visit's token that the shop gets.
func (r *rig) enter(start, agent string) string {
	r.Helper()
	p := r.browse(http.MethodGet, start, agent)
	location, err := url.Parse(p.header.Get("Location"))
	if err != nil || p.code != http.StatusSeeOther || location.Query().Get("session") == "" {
		r.Fatalf("HTTP %d to %q, %v\n%s", p.code, p.header.Get("Location"), err, p.body)
	}
	if location.Query().Get("lang") != "en" || location.Host != "shop.example.net" {
		r.Errorf("the shop's own address is lost: %s", location)
	}
	return location.Query().Get("session")
}

// sell gives a merchant a product at a list price in USD.
func (r *rig) sell(merchant, sku, name, unit, price string) {
	r.Helper()
	r.in(func(tx *database.Tx) error {
		p, err := catalog.Save(r.ctx, tx, catalog.Product{Merchant: merchant, SKU: sku, Name: name, Unit: unit, UNSPSC: "31151500"}, present)
		if err != nil {
			return err
		}
		return catalog.SavePrice(r.ctx, tx, merchant, p.ID, catalog.Price{Currency: "USD", Price: money.MustDecimal(price)})
	})
}

// do runs a use case of the shop for a visit.
func (r *rig) do(merchant string, use func(tx *database.Tx, m accounts.Merchant) error) error {
	r.Helper()
	m, err := accounts.FindMerchant(r.ctx, r.db, merchant)
	if err != nil {
		r.Fatal(err)
	}
	return r.db.InTx(r.ctx, func(tx *database.Tx) error { return use(tx, m) })
}

func (r *rig) put(merchant, visit, sku, quantity string) error {
	r.Helper()
	return r.do(merchant, func(tx *database.Tx, m accounts.Merchant) error {
		_, err := r.service.PutCart(r.ctx, tx, m, visit, []checkout.Item{{SKU: sku, Quantity: money.MustDecimal(quantity)}})
		return err
	})
}

// home ends a visit and gives the address of its return page.
func (r *rig) home(merchant, visit string, cancel bool) (address string, err error) {
	r.Helper()
	err = r.do(merchant, func(tx *database.Tx, m accounts.Merchant) (err error) {
		if cancel {
			address, err = r.service.CancelVisit(r.ctx, tx, m, visit)
		} else {
			address, err = r.service.ReturnCart(r.ctx, tx, m, visit)
		}
		return err
	})
	return address, err
}

// mustHome is home for what must work.
func (r *rig) mustHome(merchant, visit string, cancel bool) string {
	r.Helper()
	address, err := r.home(merchant, visit, cancel)
	if err != nil {
		r.Fatal(err)
	}
	return address
}

func (r *rig) wantFault(err error, code fault.Code) {
	r.Helper()
	if fault.CodeOf(err) != code || err == nil {
		r.Errorf("got %v, want a fault of the code %s", err, code)
	}
}

// sessions counts a merchant's sessions by state: "new 1, open 2".
func (r *rig) sessions(merchant string) string {
	r.Helper()
	var rows []struct {
		State string `db:"state"`
		N     int    `db:"n"`
	}
	if err := r.db.Select(r.ctx, &rows, `SELECT state, count(*) AS n FROM sessions WHERE merchant_id = ? GROUP BY state ORDER BY state`, merchant); err != nil {
		r.Fatal(err)
	}
	list := make([]string, len(rows))
	for i, row := range rows {
		list[i] = fmt.Sprintf("%s %d", row.State, row.N)
	}
	return strings.Join(list, ", ")
}

// visited makes a merchant with the fixture's buyer and one product.
func (r *rig) visited(change ...func(*link)) string {
	r.Helper()
	merchant := r.merchant("live")
	l := fixture()
	for _, fn := range change {
		fn(&l)
	}
	r.connect(merchant, l)
	r.sell(merchant, "ROPE-8", "Rope", "MTR", "5.00")
	r.sell(merchant, "HOOK-2", "Hook", "EA", "15.00")
	return merchant
}

const (
	browserA = "Browser A"
	browserB = "Browser B"
)

func TestAStartPageIsSpentOnce(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		start := r.start(merchant, setUp("s1", "c", "a@b.example"))
		for range 2 {
			if p := r.browse(http.MethodHead, start, browserB); p.code != http.StatusOK || p.body != "" {
				t.Errorf("HEAD: %d", p.code)
			}
		}
		for _, header := range []string{"Sec-Purpose", "Purpose", "X-Moz"} {
			if p := r.browse(http.MethodGet, start, browserB, header, "prefetch;prerender"); p.code != http.StatusNoContent {
				t.Errorf("%s: %d", header, p.code)
			}
		}
		if got := r.sessions(merchant); got != "new 1" {
			t.Errorf("looking at the page spent it: %s", got)
		}
		visit := r.enter(start, browserA)
		r.clock.Advance(29 * time.Second)
		if again := r.enter(start, browserA); again != visit {
			t.Errorf("the same browser came to another place")
		}
		spent := func(agent string) {
			t.Helper()
			p := r.browse(http.MethodGet, start, agent)
			if p.code != http.StatusPreconditionFailed || !strings.Contains(p.body, "used before") || strings.Contains(p.body, visit) {
				t.Errorf("HTTP %d\n%s", p.code, p.body)
			}
			if p.header.Get("Cache-Control") != "no-store" || p.header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("headers %v", p.header)
			}
		}
		spent(browserB)
		r.clock.Advance(2 * time.Second)
		spent(browserA)
		if got := r.sessions(merchant); got != "open 1" {
			t.Error(got)
		}

		// Made up tokens, and right ones at another merchant, lead nowhere.
		other := r.visited()
		for _, address := range []string{start + "0", publicURL + "/m/" + merchant + "/p/" + strings.Repeat("0", 40),
			strings.Replace(r.start(merchant, setUp("s2", "c", "a@b.example")), merchant, other, 1), publicURL + "/m/nobody/p/x"} {
			if p := r.browse(http.MethodGet, address, browserA); p.code != http.StatusNotFound {
				t.Errorf("%s: HTTP %d", address, p.code)
			}
		}
	})
}

func TestOneOfManyBrowsersGetsIn(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		start := r.start(merchant, setUp("s1", "c", "a@b.example"))
		codes := make([]int, 8)
		var group sync.WaitGroup
		for i := range codes {
			group.Go(func() { codes[i] = r.browse(http.MethodGet, start, fmt.Sprint("Browser ", i)).code })
		}
		group.Wait()
		in := 0
		for _, code := range codes {
			if code == http.StatusSeeOther {
				in++
			} else if code != http.StatusPreconditionFailed {
				t.Errorf("HTTP %d", code)
			}
		}
		if in != 1 {
			t.Errorf("%d got in", in)
		}
	})
}

func TestAVisitEndsByTheClock(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		start := r.start(merchant, setUp("s1", "c", "a@b.example"))
		r.clock.Advance(15*time.Minute + time.Second)
		if p := r.browse(http.MethodGet, start, browserA); p.code != http.StatusPreconditionFailed || !strings.Contains(p.body, "Start again") {
			t.Errorf("a start page after 15 minutes: HTTP %d", p.code)
		}

		start = r.start(merchant, setUp("s2", "c", "a@b.example"))
		r.clock.Advance(15*time.Minute - time.Second)
		visit := r.enter(start, browserA)
		r.clock.Advance(59 * time.Minute)
		if err := r.put(merchant, visit, "ROPE-8", "3"); err != nil {
			t.Fatal("within the hour:", err)
		}
		r.clock.Advance(59 * time.Minute) // the last change counts
		if err := r.put(merchant, visit, "ROPE-8", "4"); err != nil {
			t.Fatal("within an hour of the last change:", err)
		}
		r.clock.Advance(61 * time.Minute)
		r.wantFault(r.put(merchant, visit, "ROPE-8", "5"), fault.Conflict)
		_, err := r.home(merchant, visit, false)
		r.wantFault(err, fault.Conflict)

		// Nobody shops for longer than twelve hours.
		visit = r.enter(r.start(merchant, setUp("s3", "c", "a@b.example")), browserA)
		for i := range 24 {
			r.clock.Advance(30*time.Minute - time.Second)
			if err := r.put(merchant, visit, "ROPE-8", "5"); err != nil {
				t.Fatalf("after %d half hours: %v", i+1, err)
			}
		}
		r.clock.Advance(time.Minute)
		r.wantFault(r.put(merchant, visit, "ROPE-8", "5"), fault.Conflict)
	})
}

func TestASetUpThatIsRepeated(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		body := setUp("s1", "c", "a@b.example")
		first := r.post(merchant, body)
		if again := r.post(merchant, body); !bytes.Equal(again.raw, first.raw) {
			t.Error("before the start page was used, the repeat got another answer")
		}
		if got := r.sessions(merchant); got != "new 1" {
			t.Error(got)
		}
		visit := r.enter(first.start, browserA)
		third := r.post(merchant, body)
		if third.code != 200 || third.start == first.start || r.enter(third.start, browserB) == visit {
			t.Error("after the start page was used, the repeat is a visit of its own")
		}
		if got := r.sessions(merchant); got != "open 2" {
			t.Error(got)
		}

		// One that expired unused is spent as well.
		body = setUp("s2", "c", "a@b.example")
		first = r.post(merchant, body)
		r.clock.Advance(16 * time.Minute)
		if again := r.post(merchant, body); again.code != 200 || again.start == first.start {
			t.Error("an expired start page was given out again")
		}

		body = setUp("s3", "c", "a@b.example")
		starts := make([]string, 5)
		var group sync.WaitGroup
		for i := range starts {
			group.Go(func() { starts[i] = r.post(merchant, body).start })
		}
		group.Wait()
		for _, start := range starts {
			if start == "" || start != starts[0] {
				t.Errorf("five at once got %q", starts)
				break
			}
		}
	})
}

// formOf reads a return page as a browser does.
func formOf(t testing.TB, body string) (action, field, value string) {
	t.Helper()
	form := regexp.MustCompile(`<form method="post" action="([^"]*)" accept-charset="utf-8" target="[^"]*" data-autosubmit>\s*<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindStringSubmatch(body)
	if form == nil {
		t.Fatalf("no form in\n%s", body)
	}
	return html.UnescapeString(form[1]), form[2], html.UnescapeString(form[3])
}

// messageOf is the document that a return page posts.
func messageOf(t testing.TB, body string) string {
	t.Helper()
	_, field, value := formOf(t, body)
	if field == "cxml-urlencoded" {
		return value
	}
	message, err := base64.StdEncoding.DecodeString(value)
	if err != nil || field != "cxml-base64" {
		t.Fatalf("%s: %v", field, err)
	}
	return string(message)
}

func TestTwoPeopleWithOneLoginAndOneCookieNeverMix(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		one := r.enter(r.start(merchant, setUp("s1", "shared", "all@b.example")), browserA)
		two := r.enter(r.start(merchant, setUp("s2", "shared", "all@b.example")), browserA)
		if one == two {
			t.Fatal("they have one visit")
		}
		for _, step := range []struct{ visit, sku, quantity string }{{one, "ROPE-8", "3"}, {two, "HOOK-2", "1"}, {one, "ROPE-8", "7"}} {
			if err := r.put(merchant, step.visit, step.sku, step.quantity); err != nil {
				t.Fatal(err)
			}
		}
		first := messageOf(t, r.browse(http.MethodGet, r.mustHome(merchant, one, false), browserA).body)
		// The other goes on shopping, and comes home with its own.
		if err := r.put(merchant, two, "HOOK-2", "2"); err != nil {
			t.Fatal(err)
		}
		second := messageOf(t, r.browse(http.MethodGet, r.mustHome(merchant, two, false), browserA).body)
		if !strings.Contains(first, `<ItemIn quantity="7"`) || !strings.Contains(first, "ROPE-8") || strings.Contains(first, "HOOK-2") {
			t.Errorf("the first cart is\n%s", first)
		}
		if !strings.Contains(second, `<ItemIn quantity="2"`) || !strings.Contains(second, "HOOK-2") || strings.Contains(second, "ROPE-8") {
			t.Errorf("the second cart is\n%s", second)
		}
		if n := r.counts(merchant)["buyers"]; n != 1 {
			t.Errorf("one login made %d buyers", n)
		}
	})
}

// awkward is a name with all that breaks pages and documents.
const awkward = `5" <b>&amp; ä €`

// The message and the page, written by hand. What differs from run to run is the visit's and the
// cart's id, and the names of stylesheet and script.
const (
	messageHead = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">
<cXML payloadID="{session}@kontor.example.net" timestamp="2026-03-05T10:00:00-05:00" version="1.2.050" xml:lang="en-GB">` +
		`<Header><From><Credential domain="DUNS"><Identity>800000001</Identity></Credential></From>` +
		`<To><Credential domain="DUNS"><Identity>700000001</Identity></Credential></To>` +
		`<Sender><Credential domain="DUNS"><Identity>800000001</Identity></Credential><UserAgent>Kontor</UserAgent></Sender></Header>` +
		`<Message deploymentMode="production">`
	messageBody = `<PunchOutOrderMessage><BuyerCookie> c&amp;1 </BuyerCookie>` +
		`<PunchOutOrderMessageHeader operationAllowed="edit"><Total><Money currency="USD">12.50</Money></Total>` +
		`<Shipping><Money currency="USD">0.00</Money><Description xml:lang="en-GB">Freight, estimate</Description></Shipping>` +
		`<Tax><Money currency="USD">0.00</Money><Description xml:lang="en-GB">Tax, estimate</Description></Tax></PunchOutOrderMessageHeader>` +
		`<ItemIn quantity="2.5" lineNumber="1"><ItemID><SupplierPartID>ODD-1</SupplierPartID><SupplierPartAuxiliaryID>{cart}-1</SupplierPartAuxiliaryID></ItemID>` +
		`<ItemDetail><UnitPrice><Money currency="USD">5.00</Money></UnitPrice>` +
		`<Description xml:lang="en-GB">{text}<ShortName>{text}</ShortName></Description><UnitOfMeasure>MTR</UnitOfMeasure>` +
		`<Classification domain="UNSPSC">31151500</Classification></ItemDetail></ItemIn></PunchOutOrderMessage></Message></cXML>`
	pageHead = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Returning to buying.example.org</title>
<link rel="icon" href="{icon}">
<link rel="stylesheet" href="{css}">
<script src="{js}" defer></script>
</head>
<body>
<main class="handover">
`
	pageForm = `<form method="post" action="https://buying.example.org/return?a=1&amp;b=2" accept-charset="utf-8" target="{target}" data-autosubmit>
<input type="hidden" name="{field}" value="{value}">
<button class="btn btn--primary" type="submit" data-busy="Going to buying.example.org…">Continue to buying.example.org</button>
</form>
<p class="small">If nothing happens by itself, press the button.</p>
</main>
</body>
</html>
`
	pageCart = `<h1>Sending your cart home</h1>
<p>1 line goes to <strong>buying.example.org</strong> and becomes a requisition there. Nothing is ordered yet. The cart stays saved here.</p>
`
	pageLeave = `<h1>Leaving without a cart</h1>
<p>Your requisition stays as it was. You are going back to <strong>buying.example.org</strong>.</p>
`
	// As the message is in the page: first as XML says it, then as HTML does.
	textInXML    = `5" &lt;b&gt;&amp;amp; ä €`
	textInASCII  = `5" &lt;b&gt;&amp;amp; &#xE4; &#x20AC;`
	asciiInThere = `5&#34; &amp;lt;b&amp;gt;&amp;amp;amp; &amp;#xE4; &amp;#x20AC;`
)

func fill(text string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(text) }

// escapedByHand is the one rule for a value between double quotes in HTML.
func escapedByHand(text string) string {
	return fill(text, "&", "&amp;", `"`, "&#34;", "<", "&lt;", ">", "&gt;", "+", "&#43;", "'", "&#39;")
}

func TestTheReturnPageToTheByte(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		for _, encoding := range []string{"cxml-base64", "cxml-urlencoded"} {
			for _, target := range []string{"_self", "_top"} {
				merchant := r.visited(func(l *link) { l.settings.Encoding, l.settings.FrameTarget = encoding, target })
				r.in(func(tx *database.Tx) error {
					p, err := catalog.Save(r.ctx, tx, catalog.Product{Merchant: merchant, SKU: "ODD-1", Name: awkward, Unit: "MTR", UNSPSC: "31151500",
						LeastQuantity: money.MustDecimal("0.5"), QuantityStep: money.MustDecimal("0.5")}, present)
					if err != nil {
						return err
					}
					return catalog.SavePrice(r.ctx, tx, merchant, p.ID, catalog.Price{Currency: "USD", Price: money.MustDecimal("5.00")})
				})
				visit := r.enter(r.start(merchant, setUp("s1", " c&amp;1 ", "a@b.example")), browserA)
				if err := r.put(merchant, visit, "ODD-1", "2.5"); err != nil {
					t.Fatal(err)
				}
				address := r.mustHome(merchant, visit, false)
				session, err := procurement.FindSession(r.ctx, r.db, r.keys, merchant, visit)
				if err != nil {
					t.Fatal(err)
				}
				p := r.browse(http.MethodGet, address, browserA)

				ids := []string{"{session}", session.ID, "{cart}", session.Cart}
				var value string
				if encoding == "cxml-base64" {
					message := fill(messageHead+messageBody, append(ids, "{text}", textInXML)...)
					value = escapedByHand(base64.StdEncoding.EncodeToString([]byte(message)))
				} else {
					message := fill(messageHead+messageBody, append(ids, "{text}", textInASCII)...)
					value = escapedByHand(message)
					if !strings.Contains(value, asciiInThere) {
						t.Fatal("the rule for HTML is wrong")
					}
				}
				want := fill(pageHead+pageCart+pageForm, "{icon}", assets.Path("mark.svg"), "{css}", assets.Path("kontor.css"), "{js}", assets.Path("kontor.js"),
					"{field}", encoding, "{target}", target, "{value}", value)
				if p.body != want || p.code != http.StatusOK {
					t.Errorf("HTTP %d, the page is\n%s\nwant\n%s", p.code, p.body, want)
				}
				if got, want := p.header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; "+
					"form-action https://buying.example.org; frame-ancestors 'self' https://buying.example.org"; got != want {
					t.Errorf("the policy is\n%s\nwant\n%s", got, want)
				}
				if p.header.Get("Cache-Control") != "no-store" || p.header.Get("Referrer-Policy") != "no-referrer" || p.header.Get("X-Frame-Options") != "" ||
					!strings.HasPrefix(p.header.Get("Content-Type"), "text/html; charset=utf-8") {
					t.Errorf("headers %v", p.header)
				}
				if encoding == "cxml-urlencoded" && strings.ContainsFunc(messageOf(t, p.body), func(c rune) bool { return c > 127 }) {
					t.Error("the message is not pure ASCII")
				}
			}
		}
	})
}

func TestACartGoesHomeOnce(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		visit := r.enter(r.start(merchant, setUp("s1", "c", "a@b.example")), browserA)
		_, err := r.home(merchant, visit, false)
		r.wantFault(err, fault.Invalid) // an empty cart would wipe the requisition's lines
		if err := r.put(merchant, visit, "ROPE-8", "3"); err != nil {
			t.Fatal(err)
		}
		address := r.mustHome(merchant, visit, false)
		if again := r.mustHome(merchant, visit, false); again != address {
			t.Errorf("asked again, the address is %s, before %s", again, address)
		}
		// The cart is a snapshot now.
		r.wantFault(r.put(merchant, visit, "ROPE-8", "4"), fault.Conflict)
		session, err := procurement.FindSession(r.ctx, r.db, r.keys, merchant, visit)
		if err != nil {
			t.Fatal(err)
		}
		r.wantFault(r.do(merchant, func(tx *database.Tx, m accounts.Merchant) error {
			o, err := accounts.FindOrganisation(r.ctx, tx, merchant, session.Organisation)
			if err != nil {
				return err
			}
			_, err = r.service.Desk.PutCart(r.ctx, tx, m, o, session.Cart, nil)
			return err
		}), fault.Conflict)
		_, err = r.home(merchant, visit, true)
		r.wantFault(err, fault.Conflict) // no cancel after the return

		if p := r.browse(http.MethodGet, address, browserA, "Sec-Purpose", "prefetch"); p.code != http.StatusNoContent {
			t.Errorf("looking ahead: HTTP %d", p.code)
		}
		r.clock.Advance(2 * time.Hour) // who is slow gets the cart home all the same
		first := r.browse(http.MethodGet, address, browserA)
		r.clock.Advance(30 * time.Second)
		if again := r.browse(http.MethodGet, address, browserA); again.code != http.StatusOK || again.body != first.body {
			t.Errorf("within half a minute the page is another: HTTP %d", again.code)
		}
		r.clock.Advance(time.Second)
		if p := r.browse(http.MethodGet, address, browserA); p.code != http.StatusPreconditionFailed || !strings.Contains(p.body, "already transferred") || strings.Contains(p.body, "<form") {
			t.Errorf("later: HTTP %d\n%s", p.code, p.body)
		}
		var out []procurement.Document
		documents, err := procurement.DocumentsOf(r.ctx, r.db, merchant, session.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range documents {
			if d.Direction == "out" {
				out = append(out, d)
			}
		}
		if len(documents) != 2 || len(out) != 1 || out[0].Type != "PunchOutOrderMessage" || out[0].Body != messageOf(t, first.body) {
			t.Errorf("kept are %d documents, %d out", len(documents), len(out))
		}
		if got := r.sessions(merchant); got != "returned 1" {
			t.Error(got)
		}
	})
}

func TestAVisitIsCancelled(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		visit := r.enter(r.start(merchant, setUp("s1", "c", "a@b.example")), browserA)
		if err := r.put(merchant, visit, "ROPE-8", "3"); err != nil {
			t.Fatal(err)
		}
		address := r.mustHome(merchant, visit, true)
		if again := r.mustHome(merchant, visit, true); again != address {
			t.Error("asked again, the address is another")
		}
		r.wantFault(r.put(merchant, visit, "ROPE-8", "4"), fault.Conflict)
		_, err := r.home(merchant, visit, false)
		r.wantFault(err, fault.Conflict)
		session, err := procurement.FindSession(r.ctx, r.db, r.keys, merchant, visit)
		if err != nil {
			t.Fatal(err)
		}
		p := r.browse(http.MethodGet, address, browserA)
		message := fill(messageHead, "{session}", session.ID) + `<Status code="204" text="No Content" xml:lang="en-GB"/><PunchOutOrderMessage><BuyerCookie>c</BuyerCookie>` +
			`<PunchOutOrderMessageHeader operationAllowed="edit"><Total><Money currency="USD">0.00</Money></Total></PunchOutOrderMessageHeader></PunchOutOrderMessage></Message></cXML>`
		want := fill(pageHead+pageLeave+pageForm, "{icon}", assets.Path("mark.svg"), "{css}", assets.Path("kontor.css"), "{js}", assets.Path("kontor.js"), "{field}", "cxml-base64",
			"{target}", "_self", "{value}", escapedByHand(base64.StdEncoding.EncodeToString([]byte(message))))
		if p.body != want {
			t.Errorf("the page is\n%s\nwant\n%s\nthe message is\n%s", p.body, want, messageOf(t, p.body))
		}
	})
}

func TestAReturnHostThatIsRemovedInBetween(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		c := r.connect(merchant, fixture())
		r.sell(merchant, "ROPE-8", "Rope", "MTR", "5.00")
		visit := r.enter(r.start(merchant, setUp("s1", "c", "a@b.example")), browserA)
		if err := r.put(merchant, visit, "ROPE-8", "3"); err != nil {
			t.Fatal(err)
		}
		address := r.mustHome(merchant, visit, false)
		hosts := func(hosts ...string) {
			c.Settings.ReturnHosts = hosts
			r.in(func(tx *database.Tx) error { return procurement.SaveConnection(r.ctx, tx, c, present) })
		}
		hosts("elsewhere.example.org")
		p := r.browse(http.MethodGet, address, browserA)
		if p.code != http.StatusUnprocessableEntity || strings.Contains(p.body, "<form") || strings.Contains(p.header.Get("Content-Security-Policy"), "buying.example.org") {
			t.Errorf("HTTP %d\n%s", p.code, p.body)
		}
		if !strings.Contains(p.body, "Carts may not be sent to buying.example.org any more") || strings.Contains(p.body, "BrowserFormPost") {
			t.Errorf("a person is told\n%s", p.body)
		}
		// Nothing is lost: once the host is back, the cart goes home.
		hosts("elsewhere.example.org", "http://inside.example.org:8080", "BUYING.example.org")
		p = r.browse(http.MethodGet, address, browserA)
		if p.code != http.StatusOK {
			t.Errorf("HTTP %d", p.code)
		}
		if got := p.header.Get("Content-Security-Policy"); !strings.HasSuffix(got, "form-action https://buying.example.org https://elsewhere.example.org http://inside.example.org:8080; "+
			"frame-ancestors 'self' https://elsewhere.example.org http://inside.example.org:8080 https://buying.example.org") {
			t.Errorf("the policy is %s", got)
		}
	})
}

// Whose access is closed meanwhile is told so, on the start page and before a cart goes home that
// would come again as an order to be refused; and may leave. Opened again, the visit goes on.
func TestAccessThatIsClosedDuringAVisit(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		for _, what := range []string{"connection", "organisation"} {
			merchant := r.merchant("live")
			c := r.connect(merchant, fixture())
			r.sell(merchant, "ROPE-8", "Rope", "MTR", "5.00")
			closed := func(closed bool) {
				r.in(func(tx *database.Tx) error {
					table, id := "connections", c.ID
					if what == "organisation" {
						table, id = "organisations", c.Organisation
					}
					_, err := tx.Exec(r.ctx, `UPDATE `+table+` SET disabled = ? WHERE merchant_id = ? AND id = ?`, closed, merchant, id)
					return err
				})
			}
			start := r.start(merchant, setUp("s1", "c", "a@b.example"))
			visit, leaver := r.enter(r.start(merchant, setUp("s2", "c", "b@b.example")), browserA), r.enter(r.start(merchant, setUp("s3", "c", "c@b.example")), browserA)
			if err := r.put(merchant, visit, "ROPE-8", "3"); err != nil {
				t.Fatal(err)
			}
			closed(true)
			p := r.browse(http.MethodGet, start, browserA)
			if p.code != http.StatusForbidden || !strings.Contains(p.body, "access to this shop was closed. Nothing was ordered.") || !strings.Contains(p.body, "Sample Supplies can tell you why") ||
				strings.Contains(p.body, "Start again") {
				t.Errorf("%s: HTTP %d\n%s", what, p.code, p.body)
			}
			_, err := r.home(merchant, visit, false)
			r.wantFault(err, fault.Forbidden)
			r.mustHome(merchant, leaver, true)
			closed(false)
			r.enter(start, browserA)
			r.mustHome(merchant, visit, false)
		}
	})
}

func TestAReturnWithoutHTTPSWhereTheListNamesIt(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited(func(l *link) { l.settings.ReturnHosts = []string{"http://inside.example.org:8080"} })
		body := func(payload, address string) []byte {
			return setUp(payload, "c", "a@b.example", returnAddress, address)
		}
		r.wantCodes(merchant, []int{200, 400, 400, 400}, body("s1", "http://inside.example.org:8080/x"), body("s2", "https://inside.example.org:8080/x"),
			body("s3", "http://inside.example.org/x"), body("s4", "http://user@inside.example.org:8080/x"))
		if a := r.post(merchant, body("s5", "https://inside.example.org:8080/x")); !strings.Contains(a.detail, "must be http for that host") {
			t.Errorf("answered %q", a.detail)
		}
	})
}

func TestAReturnThatSpellsTheUsualPort(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		for _, host := range []string{"buying.example.org", "https://buying.example.org:443", "Buying.Example.org"} {
			merchant := r.visited(func(l *link) { l.settings.ReturnHosts = []string{host} })
			body := func(payload, address string) []byte {
				return setUp(payload, "c", "a@b.example", returnAddress, address)
			}
			r.wantCodes(merchant, []int{200, 200, 400, 400}, body("s1", "https://buying.example.org:443/x"), body("s2", "https://BUYING.example.org/x"),
				body("s3", "https://buying.example.org:80/x"), body("s4", "http://buying.example.org:443/x"))
		}
	})
}

func TestAPriceThatTheBuyersSystemCannotTake(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited(func(l *link) { l.settings.DecimalsOfPrices, l.settings.PriceBasis = 4, "never" })
		r.sell(merchant, "NUT-3", "Nut", "EA", "0.01255")
		r.sell(merchant, "NUT-4", "Nut", "EA", "0.01250")
		visit := r.enter(r.start(merchant, setUp("s1", "c", "a@b.example")), browserA)
		if err := r.put(merchant, visit, "NUT-3", "100"); err != nil {
			t.Fatal(err)
		}
		_, err := r.home(merchant, visit, false)
		r.wantFault(err, fault.Invalid)
		if err == nil || !strings.Contains(err.Error(), "NUT-3") {
			t.Errorf("it isn't said which: %v", err)
		}
		// The visit goes on; a zero at the end is no decimal.
		if err := r.put(merchant, visit, "NUT-4", "100"); err != nil {
			t.Fatal(err)
		}
		r.mustHome(merchant, visit, false)
	})
}
