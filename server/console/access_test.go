package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/server/console"
)

func TestSignInAndOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		b := h.browser()
		b.get("/orders?state=approved").shows(t, 401, "Sign in")
		if got := b.get("/orders?state=approved").field(t, "next"); got != "/m/brackwater/console/orders?state=approved" {
			t.Errorf("after the sign-in: %q", got)
		}
		// A malformed key, one that isn't there and another merchant's get the same words.
		for _, wrong := range []string{"x", "sk_brackwater_aaaaaaaaaaaaaaaaaaaaaaaa", h.keys["OTHER"]} {
			got := b.post("/sign-in", url.Values{"key": {wrong}})
			got.shows(t, 401, "This key is not valid here.")
			if got.header.Get("Set-Cookie") != "" || strings.Contains(got.body, `value="`+wrong) {
				t.Errorf("a wrong key got %v", got.header)
			}
		}
		in := b.post("/sign-in", url.Values{"key": {h.keys["DESK"]}, "next": {"/m/brackwater/console/credit"}})
		cookie := in.header.Get("Set-Cookie")
		for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/m/brackwater/console", "Max-Age=28800"} {
			if !strings.Contains(cookie, want) {
				t.Errorf("no %s in %q", want, cookie)
			}
		}
		if in.header.Get("Location") != "/m/brackwater/console/credit" || strings.Contains(cookie, h.keys["DESK"]) {
			t.Errorf("to %q with %q", in.header.Get("Location"), cookie)
		}
		page := b.get("")
		page.shows(t, 200, "Signed in with the key desk")
		if got := page.header.Get("Content-Security-Policy"); got != "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'" {
			t.Errorf("policy %q", got)
		}
		for _, next := range []string{"https://evil.example/", "//evil.example", "/m/otherco/console", "/m/brackwater/console/../../otherco", "/m/brackwater/consolex"} {
			if to := b.post("/sign-in", url.Values{"key": {h.keys["DESK"]}, "next": {next}}).header.Get("Location"); to != "/m/brackwater/console" {
				t.Errorf("%q leads to %q", next, to)
			}
		}
		// The session ends with its time, and with its key.
		h.clock.Advance(8 * time.Hour)
		b.get("").shows(t, 401, "Sign in")
		b = h.signedIn()
		h.exec(`UPDATE api_keys SET disabled = ? WHERE merchant_id = ? AND external_id = ?`, true, "brackwater", "desk")
		b.get("").shows(t, 401, "Sign in")
		h.exec(`UPDATE api_keys SET disabled = ? WHERE merchant_id = ?`, false, "brackwater")
		page = b.get("")
		page.shows(t, 200)
		if out := b.post("/sign-out", url.Values{"token": {page.token(t, "/sign-out")}}); out.status != 303 {
			t.Errorf("sign-out: %d", out.status)
		}
		b.get("").shows(t, 401, "Sign in")
		(&browser{house: h, client: b.client, base: h.url + "/m/nobody/console"}).get("").shows(t, 404, "There is nothing here")
	})
}

func TestACookieIsGoodForItsMerchantOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		b := h.signedIn()
		address, _ := url.Parse(b.base)
		value := b.client.Jar.Cookies(address)[0].Value
		for path, cookie := range map[string]string{
			"/m/otherco/console":    value,
			"/m/brackwater/console": strings.Replace(value, "key_", "kez_", 1),
		} {
			stranger := h.browser()
			target, _ := url.Parse(h.url + path)
			stranger.client.Jar.SetCookies(target, []*http.Cookie{{Name: "kontor_console", Value: cookie, Path: path}})
			stranger.get(h.url+path).shows(t, 401, "Sign in")
		}
		parts := strings.Split(value, ".")
		parts[1] = "9999999999"
		stranger := h.browser()
		stranger.client.Jar.SetCookies(address, []*http.Cookie{{Name: "kontor_console", Value: strings.Join(parts, "."), Path: "/m/brackwater/console"}})
		stranger.get("").shows(t, 401, "Sign in")
	})
}

func TestFormsOfOthersAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		b := h.signedIn()
		o := h.place("castelmere", "C-2001", checkout.New, cartC)
		form := func() url.Values {
			return url.Values{"token": {b.get("/orders/"+o.ID).token(t, "/rule")}, "do": {"release"}, "override": {"1"}, "reason": {"x"}}
		}
		tests := []struct {
			name         string
			site, origin string
			token        func(string) string
			want         string
		}{
			{"another site", "cross-site", "", nil, "This form came from another site."},
			{"another host of the same site", "same-site", h.url, nil, "This form came from another site."},
			{"an old browser on another site", "", "https://evil.example", nil, "This form came from another site."},
			{"a sandboxed frame", "", "null", nil, "This form came from another site."},
			{"no browser", "", "", nil, "This form came from another site."},
			{"no token", "same-origin", "", func(string) string { return "" }, "This form belongs to another sign-in."},
			{"a forged token", "same-origin", "", func(s string) string { return "a" + s }, "This form belongs to another sign-in."},
			{"the token of the sign-out", "same-origin", "", func(string) string { return b.get("").token(t, "/sign-out") }, "This form can't be told from another."},
			{"the token of another session", "same-origin", "", func(string) string {
				other := h.browser()
				other.post("/sign-in", url.Values{"key": {h.keys["SECOND"]}})
				return other.get("/orders/"+o.ID).token(t, "/rule")
			}, "This form belongs to another sign-in."},
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				fields := form()
				if test.token != nil {
					fields.Set("token", test.token(fields.Get("token")))
				}
				sender := *b
				sender.site, sender.origin = test.site, test.origin
				sender.post("/orders/"+o.ID+"/rule", fields).shows(t, 403, test.want)
			})
		}
		if found, err := orders.Find(h.ctx(), db, "brackwater", o.ID); err != nil || found.State != orders.CreditReview {
			t.Errorf("the order is %s (%v)", found.State, err)
		}
		big := form()
		big.Set("reason", strings.Repeat("x", 100_000))
		if got := b.post("/orders/"+o.ID+"/rule", big); got.status != 413 && got.status != 400 {
			t.Errorf("a huge form: %d", got.status)
		}
		old := *b
		old.site, old.origin = "", h.url
		if got := old.post("/orders/"+o.ID+"/rule", form()); got.status != 303 {
			t.Errorf("an old browser on our own page: %d", got.status)
		}
	})
}

func TestATicketOpensTheDemoOnly(t *testing.T) {
	db := dbtest.SQLite(t)
	h := open(t, db, true)
	ticket := console.Ticket("brackwater")
	for range 2 {
		b := h.browser()
		b.site = "cross-site"
		// A page and no redirect: a redirect from another site would bring no cookie along.
		got := b.get("/enter?ticket=" + ticket)
		got.shows(t, 200, "Open the console")
		if !strings.Contains(got.body, `http-equiv="refresh" content="0;url=/m/brackwater/console"`) {
			t.Error(got.body)
		}
		b.get("").shows(t, 200, "Nothing needs a person")
	}
	b := h.browser()
	b.get("/enter?ticket=tkt_wrong").shows(t, 401, "This link has expired.")
	b.get(h.url+"/m/otherco/console/enter?ticket="+ticket).shows(t, 401, "This link has expired.")
	b.site = "cross-site"
	b.get("/orders").shows(t, 200, "Open the console") // asks itself again with the cookie
	b.site = "same-origin"
	b.get("/orders").shows(t, 401, "Sign in")
	// A console that is no demo takes none.
	plain := open(t, dbtest.SQLite(t), false).browser()
	plain.get("/enter?ticket="+console.Ticket("brackwater")).shows(t, 401, "This link has expired.")
}

// In the demo nobody has a key to type: whoever is signed out, say by a reset, is shown the way in.
func TestTheDemoShowsTheWayIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, true)
		h.browser().get("/credit").shows(t, 401, "nobody has a key to type")
		b := h.browser()
		ticket := "/enter?ticket=" + console.Ticket("brackwater") + "&next="
		b.get(ticket+url.QueryEscape("/m/brackwater/console/documents")).shows(t, 200, "Open the console")
		if got := b.get(ticket + url.QueryEscape("/m/brackwater/console/documents")); !strings.Contains(got.body, `0;url=/m/brackwater/console/documents"`) {
			t.Errorf("the ticket does not lead on:\n%s", got.body)
		}
		for _, elsewhere := range []string{"https://elsewhere.example/", "//elsewhere.example", "/m/otherco/console", "/m/brackwater/console/../../x"} {
			if got := b.get(ticket + url.QueryEscape(elsewhere)); !strings.Contains(got.body, `0;url=/m/brackwater/console"`) {
				t.Errorf("next=%s leads to\n%s", elsewhere, got.body)
			}
		}
		b.get("/documents").shows(t, 200, "No documents yet", "You are staff of Brackwater Industrial Supply, Inc.", "Back to the four doors")
		b.get("/orders?state=refused").shows(t, 200, "No order is in this state now.")
		b.get("/orders?number=X").shows(t, 200, "The number must be whole")
	})
}
