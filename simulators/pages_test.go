package simulators

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// get fetches a page of the desk.
func (d *desk) get(t *testing.T, path string) (code int, head http.Header, body string) {
	t.Helper()
	reply, err := d.server.Client().Get(d.server.URL + d.cfg.Path + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	text, _ := io.ReadAll(reply.Body)
	return reply.StatusCode, reply.Header, string(text)
}

// press posts one of the desk's own forms, as a browser does, without following the redirect.
func (d *desk) press(t *testing.T, path string, form url.Values, site string) (code int, location string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.server.URL+d.cfg.Path+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", site)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	reply, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Body.Close()
	return reply.StatusCode, reply.Header.Get("Location")
}

func TestTheWholeWayByPages(t *testing.T) {
	d := newDesk(t, nil)
	if _, _, body := d.get(t, "/"); !strings.Contains(body, "No requisitions yet") {
		t.Error("the empty desk does not say so")
	}
	code, location := d.press(t, "/requisitions", url.Values{"person": {"Second requester"}}, "same-origin")
	if code != http.StatusSeeOther || location != d.supplier.URL+"/m/brackwater/p/token?a=1&b=2" {
		t.Fatalf("%d %s", code, location)
	}
	r := d.Requisitions()[0]
	page := "/requisitions/" + r.ID
	if _, err := d.ReceiveCart(r.ID, in64(orderMessageText(d.cookie(), "1242.13", "90.05", cartN))); err != nil {
		t.Fatal(err)
	}
	if _, _, body := d.get(t, page); !strings.Contains(body, "Approve and order $1,332.18") || strings.Contains(body, "Cancel the order") {
		t.Error("the cart can't be approved on its page, or an order that does not exist can be cancelled")
	}
	if code, location = d.press(t, page+"/order", nil, "same-origin"); code != http.StatusSeeOther || location != d.cfg.Path+page {
		t.Fatalf("%d %s", code, location)
	}
	r, _ = d.Requisition(r.ID)
	d.fromKontor(t, "k.1", theirSecret, confirmation(r, "accept", ""))
	_, _, body := d.get(t, page)
	for _, want := range []string{`badge--ok" role="status">Confirmed`, "Brackwater confirms order 4500018237, version 1.", `data-refresh="2"`, "t-masked"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is missing on the page", want)
		}
	}
	if code, _ = d.press(t, page+"/change", url.Values{"line": {"1"}, "quantity": {"100"}}, "same-origin"); code != http.StatusSeeOther {
		t.Error(code)
	}
	if code, _ = d.press(t, page+"/change", url.Values{"line": {"9"}, "quantity": {"100"}}, "same-origin"); code != http.StatusNotFound {
		t.Error(code)
	}
	if code, _ = d.press(t, page+"/resend", nil, "same-origin"); code != http.StatusSeeOther {
		t.Error(code)
	}
	if code, _ = d.press(t, page+"/cancel", nil, "same-origin"); code != http.StatusSeeOther {
		t.Error(code)
	}
	if code, _ = d.press(t, page+"/order", nil, "same-origin"); code != http.StatusConflict {
		t.Error(code)
	}
	if r, _ = d.Requisition(r.ID); r.State != Cancelled || len(r.Versions) != 3 {
		t.Errorf("%s, %d versions", r.State, len(r.Versions))
	}
}

func TestButtonsAreNotForOtherSites(t *testing.T) {
	d := newDesk(t, nil)
	r := d.carted(t)
	before := len(d.supplier.documents())
	for _, path := range []string{"/requisitions", "/requisitions/" + r.ID + "/order", "/requisitions/" + r.ID + "/shop"} {
		if code, _ := d.press(t, path, nil, "cross-site"); code != http.StatusForbidden {
			t.Errorf("%s: %d", path, code)
		}
	}
	if len(d.supplier.documents()) != before {
		t.Error("a document went out")
	}
	// The return address is for other sites by design.
	if code, _ := d.press(t, "/return/"+r.ID, in64("<x/>"), "cross-site"); code != http.StatusSeeOther {
		t.Error(code)
	}
}

func TestPolicyNamesTheShop(t *testing.T) {
	d := newDesk(t, func(c *BuyerConfig) { c.ShopOrigins = []string{"http://shop.example:8080/shop"} })
	code, location := d.press(t, "/requisitions", url.Values{"frame": {"1"}}, "same-origin")
	r := d.Requisitions()[0]
	if code != http.StatusSeeOther || location != d.cfg.Path+"/requisitions/"+r.ID+"/frame" {
		t.Fatalf("%d %s", code, location)
	}
	_, head, body := d.get(t, "/requisitions/"+r.ID+"/frame")
	policy := head.Get("Content-Security-Policy")
	origins := "'self' " + d.supplier.URL + " http://shop.example:8080"
	if !strings.Contains(policy, "form-action "+origins+";") || !strings.Contains(policy, "frame-src "+origins) ||
		!strings.Contains(policy, "default-src 'none'") || !strings.Contains(body, `src="`+d.supplier.URL+`/m/brackwater/p/token?a=1&amp;b=2"`) {
		t.Errorf("%s\n%s", policy, body)
	}
	// In the frame the cart's page has a link that leaves it.
	reply, err := http.PostForm(d.server.URL+d.cfg.Path+"/return/"+r.ID, in64(orderMessageText(d.cookie(), "1242.13", "90.05", cartN)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	text, _ := io.ReadAll(reply.Body)
	if reply.StatusCode != http.StatusOK || !strings.Contains(string(text), `target="_top"`) {
		t.Errorf("%d %s", reply.StatusCode, text)
	}
	if _, head, _ := d.get(t, "/"); strings.Contains(head.Get("Content-Security-Policy"), "frame-src") {
		t.Error("a page without a frame allows one")
	}
}

func TestPagesShowHostileTextAsText(t *testing.T) {
	d := newDesk(t, func(c *BuyerConfig) {
		c.Name, c.Title, c.SupplierName, c.SupplierShort = "Northfold "+hostile, hostile, hostile, hostile
		c.People = []Person{{hostile, hostile, hostile}}
	})
	d.supplierSpeaksAs(func(string) (int, string) { return 200, response(409, "Conflict", hostile[:40], "") })
	r, err := d.StartRequisition(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	lines := append([]cartLine{}, cartN...)
	lines[0].description = hostile[:40]
	if _, err := d.ReceiveCart(r.ID, in64(orderMessageText(d.cookie(), "1242.13", "90.05", lines))); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Order(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	paths := []string{"/", "/requisitions/" + r.ID, "/requisitions/" + r.ID + "/frame", "/requisitions/%3Cscript%3E"}
	for _, document := range d.Documents(r.ID) {
		paths = append(paths, "/requisitions/"+r.ID+"?doc="+document.ID)
		code, head, raw := d.get(t, "/requisitions/"+r.ID+"/documents/"+document.ID)
		if code != http.StatusOK || !strings.HasPrefix(head.Get("Content-Type"), "text/plain") || strings.Contains(raw, ourSecret) {
			t.Errorf("raw: %d %v", code, head)
		}
	}
	for _, path := range paths {
		_, _, body := d.get(t, path)
		if strings.Contains(body, "<script>alert") || strings.Contains(body, ourSecret) || strings.Contains(body, "style=") {
			t.Errorf("%s shows what it must not", path)
		}
	}
}

func TestBoundsHold(t *testing.T) {
	d := newDesk(t, nil)
	for range maxRequisitions + 5 {
		if _, err := d.StartRequisition(t.Context(), "", ""); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxDocuments {
		d.take(fmt.Appendf(nil, "garbage %d", i))
	}
	if n, m := len(d.Requisitions()), len(d.Documents("")); n != maxRequisitions || m != maxDocuments {
		t.Errorf("%d requisitions, %d documents", n, m)
	}
	if _, ok := d.Requisition("PR-20871"); ok {
		t.Error("the oldest requisition is still there")
	}
}

func TestLandingLeadsToTheOtherHost(t *testing.T) {
	d := newDesk(t, nil)
	d.server.Config.Handler = Landing(LandingConfig{Merchant: "Brackwater Industrial Supply", MerchantShort: "Brackwater",
		Doors: DemoDoors("http://127.0.0.1:8080"), Nav: DemoNav{Home: "/", Credit: "/m/brackwater/console"}, DocsURL: "/v1/docs",
		Now: func(context.Context) LandingNow {
			return LandingNow{Credit: map[string]string{"castelmere": "$305.00 available"}, Waiting: 2}
		}})
	code, head, body := d.get(t, "")
	for _, want := range []string{"http://127.0.0.1:8080/buyers/northfold/", "http://127.0.0.1:8080/buyers/castelmere/", "/m/brackwater/console", "/v1/docs"} {
		if !strings.Contains(body, `href="`+want+`"`) {
			t.Errorf("no link to %s", want)
		}
	}
	if !strings.Contains(body, "<b>$305.00 available</b>") || !strings.Contains(body, "2 orders wait now.") {
		t.Errorf("the figures of now are not there:\n%s", body)
	}
	if code != http.StatusOK || !strings.Contains(head.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%d %v", code, head)
	}
}

func TestFormatMoney(t *testing.T) {
	for _, test := range []struct{ value, currency, want string }{
		{"1332.18", "USD", "$1,332.18"}, {"-214.6", "USD", "\u2212$214.60"}, {"0.01255", "USD", "$0.01255"}, {"8.1000", "USD", "$8.10"},
		{"1234567", "JPY", "¥1,234,567"}, {"20186.00", "JPY", "¥20,186"}, {"87.331", "BHD", "BHD\u00a087.331"}, {"999", "USD", "$999.00"},
		{"000", "USD", "$0.00"}, {"", "USD", ""},
	} {
		if got := FormatMoney(Money{test.value, test.currency}); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.value, test.currency, got, test.want)
		}
	}
}

func TestLineAmounts(t *testing.T) {
	for _, test := range []struct {
		quantity, price, currency string
		basis                     *PriceBasis
		want                      string
	}{
		{"1500", "0.01255", "USD", nil, "18.83"}, {"152.5", "0.6425", "USD", nil, "97.98"}, {"37", "2.9375", "USD", nil, "108.69"},
		{"1100", "18.525", "JPY", &PriceBasis{"10", "1", "EA"}, "2038"}, {"15", "0.5595", "BHD", nil, "8.393"},
	} {
		got, err := lineAmount(Line{Quantity: test.quantity, UnitPrice: Money{test.price, test.currency}, Basis: test.basis})
		if err != nil || got.Value != test.want {
			t.Errorf("%s × %s: %s %v, want %s", test.quantity, test.price, got.Value, err, test.want)
		}
	}
}
