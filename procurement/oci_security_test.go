package procurement_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/encoding/charmap"

	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
	"github.com/kontorhq/kontor/server"
	"github.com/kontorhq/kontor/server/procure"
)

// Passwords, right and wrong, and card numbers come in wherever a form has room, and stay nowhere.
func TestOCIStartsLeaveNoSecrets(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, c := r.ociBuyer(ociLink{})
		const wrong, card, spaced = "the-wrong-password", "4111111111111111", "4111 1111 1111 1111"
		for _, test := range []struct {
			name  string
			code  int
			pairs []string
		}{
			{"a wrong password", 401, []string{"USERNAME", "buyer", "PASSWORD", wrong, "HOOK_URL", hook}},
			{"a wrong password in two fields", 401, []string{"USERNAME", "buyer", "PASSWORD", wrong, "NOTE", wrong, "HOOK_URL", hook}},
			{"a wrong password under other names too", 401, []string{"USERNAME", "buyer", "PASSWORD", wrong, "UserPass", wrong + "2", "PIN", wrong + "3", "~pwd2", wrong + "4", "HOOK_URL", hook}},
			{"a password without a user", 401, []string{"PASSWORD", wrong}},
			{"a password in both places", 303, login("password", ociPassword)},
			{"a card number in fields", 303, login("EMAIL", card+"@example.com", "FULL_NAME", spaced, "COST_CENTRE", card, card, "x", "SEARCHSTRING", spaced, "LANGUAGE", card)},
			{"a card number for a function", 303, login("FUNCTION", card)},
			{"a card number for a character set", 303, login("http_content_charset", card)},
			{"a card number as quantity", 422, login("FUNCTION", "VALIDATE", "PRODUCTID", "PPE-2020", "QUANTITY", "x"+card)},
			{"a card number searched for", 200, login("FUNCTION", "BACKGROUND_SEARCH", "SEARCHSTRING", spaced)},
			{"a card number as product", 200, login("FUNCTION", "VALIDATE", "PRODUCTID", card)},
			{"a card number as product to look at", 303, login("FUNCTION", "DETAIL", "PRODUCTID", card)},
		} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				p := r.callOCI(method, c, test.pairs...)
				if p.code != test.code {
					t.Errorf("%s by %s: HTTP %d, want %d\n%s", test.name, method, p.code, test.code, p.body)
				}
				for _, word := range []string{wrong, ociPassword, card, spaced} {
					if strings.Contains(p.body+fmt.Sprint(p.header), word) {
						t.Errorf("%s by %s: %q stands in the answer", test.name, method, word)
					}
				}
			}
		}
		// The program's own server writes a line for each request.
		whole := server.New(server.Config{DB: r.db, Log: r.service.Log, BodyLimit: 1 << 20, Mount: []func(*echo.Echo){func(e *echo.Echo) { procure.Mount(e, r.service) }}})
		for _, password := range []string{ociPassword, wrong} {
			path := "/m/" + m + "/oci/" + c.ExternalID + "?" + url.Values{"USERNAME": {"buyer"}, "PASSWORD": {password}, "HOOK_URL": {hook}, "CARD": {card}}.Encode()
			for _, address := range []string{path, path + ";x=%zz", "/m/" + m + "/oci/%00?" + password, "/m/" + m + "/oci/a/b?" + password} {
				whole.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, address, nil))
			}
		}
		if !strings.Contains(r.log.String(), `"route":"/m/:merchant/oci/:connection","status":303`) || strings.Contains(r.log.String(), "HOOK_URL") {
			t.Errorf("the log is\n%s", r.log)
		}
		r.expose("OCI start", wrong, ociPassword, card, spaced)
	})
}

// A start may come as a form of several parts. What is no form is refused as a whole: which of it is the
// password can't be told, and nothing of it is kept.
func TestOCIStartsInPartsAndInNoForm(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, c := r.ociBuyer(ociLink{})
		const edge = "----edge"
		part := func(name, value string) string {
			return "--" + edge + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
		}
		parts := part("USERNAME", "buyer") + part("PASSWORD", ociPassword) + part("HOOK_URL", hook)
		lines := "USERNAME=buyer\r\nPASSWORD=" + ociPassword + "\r\nHOOK_URL=" + hook + "\r\n"
		encoded := "USERNAME=buyer&PASSWORD=" + ociPassword + "&HOOK_URL=" + url.QueryEscape(hook)
		for _, test := range []struct {
			name, contentType, body string
			code, starts            int
		}{
			{"in parts", "multipart/form-data; boundary=" + edge, parts + part("FULL_NAME", "A & B = 100 % ü") + "--" + edge + "--\r\n", 303, 1},
			{"in parts, with a wrong password", "multipart/form-data; boundary=" + edge, strings.Replace(parts, ociPassword, ociPassword+"x", 1) + "--" + edge + "--\r\n", 401, 0},
			{"in parts that break off", "multipart/form-data; boundary=" + edge, parts, 422, 0},
			{"in parts that have no edge", "multipart/form-data", parts, 422, 0},
			{"in parts under another name", "application/x-www-form-urlencoded", parts + "--" + edge + "--\r\n", 422, 0},
			{"in lines", "text/plain", lines, 422, 0},
			{"in lines under another name", "application/x-www-form-urlencoded", lines, 422, 0},
			{"url-encoded under another name", "text/plain; charset=utf-8", encoded, 303, 1},
			{"url-encoded under no name", "", encoded, 303, 1},
			{"url-encoded with a line end behind it", "application/x-www-form-urlencoded", encoded + "\r\n", 303, 1},
		} {
			before := r.counts(m)["sessions"]
			p := r.sendAs(test.contentType, http.MethodPost, c, test.body)
			if starts := r.counts(m)["sessions"] - before; p.code != test.code || starts != test.starts {
				t.Errorf("%s: HTTP %d, %d visits; want %d, %d\n%s", test.name, p.code, starts, test.code, test.starts, p.body)
			}
		}
		r.expose("A & B = 100 % ü", ociPassword)
	})
}

// A user and password that are right on one connection are wrong on every other.
func TestOCILoginsBelongToOneConnection(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, a := r.ociBuyer(ociLink{})
		b := r.connectOCI(m, ociLink{})
		const others = "the-password-of-b"
		r.in(func(tx *database.Tx) error {
			return procurement.SaveSecrets(r.ctx, tx, r.keys, m, b.ID, []string{others}, present)
		})
		withPassword := func(password string) []string {
			return []string{"USERNAME", "buyer", "PASSWORD", password, "HOOK_URL", hook}
		}
		var bodies []string
		for _, test := range []struct {
			to       procurement.Connection
			password string
			code     int
		}{{a, ociPassword, 303}, {b, others, 303}, {a, others, 401}, {b, ociPassword, 401}, {a, "nobody's", 401}} {
			p := r.callOCI(http.MethodPost, test.to, withPassword(test.password)...)
			if p.code != test.code {
				t.Errorf("%s with %q: HTTP %d, want %d", test.to.ExternalID, test.password, p.code, test.code)
			}
			if p.code == 401 {
				bodies = append(bodies, p.body)
			}
		}
		wrongUser := r.callOCI(http.MethodPost, a, "USERNAME", "nobody", "PASSWORD", ociPassword, "HOOK_URL", hook)
		for _, body := range bodies {
			if body != wrongUser.body {
				t.Errorf("a wrong password is answered\n%s\na wrong user\n%s", body, wrongUser.body)
			}
		}
		r.expose("OCI start", others, ociPassword, "nobody's")
	})
}

// A wrong user and a wrong password cost the same look-ups, so that time tells nothing.
func TestOCIWrongLoginsCostTheSame(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		_, c := r.ociBuyer(ociLink{})
		var mu sync.Mutex
		var texts []string
		r.db.Watch(func(text string, _ []any) { mu.Lock(); texts = append(texts, text); mu.Unlock() })
		defer r.db.Watch(nil)
		statements := func(pairs ...string) []string {
			texts = nil
			if p := r.callOCI(http.MethodPost, c, pairs...); p.code != 401 {
				t.Fatalf("HTTP %d", p.code)
			}
			return slices.Clone(texts)
		}
		user := statements("USERNAME", "nobody", "PASSWORD", ociPassword, "HOOK_URL", hook)
		password := statements("USERNAME", "buyer", "PASSWORD", "wrong", "HOOK_URL", hook)
		if len(user) < 4 || !slices.Equal(user, password) {
			t.Errorf("a wrong user costs\n%s\na wrong password\n%s", strings.Join(user, "\n"), strings.Join(password, "\n"))
		}
	})
}

// Past the cap guesses are answered without a trace, whichever user they name; a right password
// still gets in, and other connections don't notice.
func TestOCIGuessesAreCounted(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, c := r.ociBuyer(ociLink{})
		other := r.connectOCI(m, ociLink{})
		guess := func(n int) page {
			return r.callOCI(http.MethodPost, c, "USERNAME", fmt.Sprintf("user-%d", n), "PASSWORD", "guess", "HOOK_URL", hook)
		}
		for n := range 20 {
			if p := guess(n); p.code != 401 || p.header.Get("Retry-After") != "" {
				t.Fatalf("guess %d: HTTP %d", n, p.code)
			}
		}
		before := r.counts(m)
		for n := range 3 {
			if p := guess(n); p.code != 429 || p.header.Get("Retry-After") != "600" || !strings.Contains(p.body, "There were too many attempts without the right secret, try again later. Nothing was ordered.") {
				t.Errorf("a guess past the cap: HTTP %d, Retry-After %q\n%s", p.code, p.header.Get("Retry-After"), p.body)
			}
		}
		if diff := changed(before, r.counts(m)); diff != "" {
			t.Errorf("guesses past the cap left %s", diff)
		}
		r.visitOCI(c)
		r.visitOCI(other)
		r.clock.Advance(10*time.Minute + time.Second)
		if p := guess(1); p.code != 401 {
			t.Errorf("in the next window: HTTP %d", p.code)
		}
	})
}

// Machines are answered as often as the connection says. Who asks on leaves nothing, and people's
// visits are not held up.
func TestOCIFunctionsAreLimited(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, c := r.ociBuyer(ociLink{settings: procurement.OCISettings{FunctionsASecond: 2}})
		usual := r.connectOCI(m, ociLink{})
		ask := func(c procurement.Connection) page {
			return r.callOCI(http.MethodPost, c, login("FUNCTION", "VALIDATE", "PRODUCTID", "PPE-2020")...)
		}
		search := func(c procurement.Connection) page {
			return r.callOCI(http.MethodPost, c, login("FUNCTION", "BACKGROUND_SEARCH", "SEARCHSTRING", "green")...)
		}
		r.callOCI(http.MethodPost, c, "USERNAME", "buyer", "PASSWORD", "wrong", "FUNCTION", "VALIDATE", "PRODUCTID", "PPE-2020", "HOOK_URL", hook) // doesn't count
		if a, b := ask(c), search(c); a.code != 200 || b.code != 200 {
			t.Fatalf("HTTP %d, %d", a.code, b.code)
		}
		before := r.counts(m)
		for _, p := range []page{ask(c), search(c)} {
			if p.code != 429 || p.header.Get("Retry-After") != "1" || !strings.Contains(p.body, "ask again in a moment") {
				t.Errorf("HTTP %d, Retry-After %q\n%s", p.code, p.header.Get("Retry-After"), p.body)
			}
		}
		if diff := changed(before, r.counts(m)); diff != "" {
			t.Errorf("what was refused left %s", diff)
		}
		r.visitOCI(c)
		for n := range 20 {
			if p := ask(usual); p.code != 200 {
				t.Errorf("call %d of 20 elsewhere: HTTP %d", n, p.code)
			}
		}
		if p := ask(usual); p.code != 429 {
			t.Errorf("the 21st: HTTP %d", p.code)
		}
		r.clock.Advance(time.Second)
		if a, b := ask(c), ask(c); a.code != 200 || b.code != 200 {
			t.Errorf("a second later: HTTP %d, %d", a.code, b.code)
		}
		if faults := (procurement.Settings{OCI: &procurement.OCISettings{FunctionsASecond: 1001}}).Check(); len(faults) != 1 || faults[0].Path != "oci.functions_a_second" {
			t.Errorf("1,001 a second: %v", faults)
		}
	})
}

// A buyer may have its machines' functions answered to its own networks alone. People shop from anywhere.
func TestOCIFunctionsAreAnsweredToNamedNetworks(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, _ := r.ociBuyer(ociLink{})
		for _, test := range []struct {
			from     []string
			answered bool
		}{
			{nil, true}, {[]string{"127.0.0.1"}, true}, {[]string{"203.0.113.0/24", "127.0.0.0/8"}, true}, {[]string{"::ffff:127.0.0.1"}, true},
			{[]string{"203.0.113.0/24"}, false}, {[]string{"::1"}, false},
		} {
			c := r.connectOCI(m, ociLink{settings: procurement.OCISettings{FunctionsFrom: test.from}})
			for _, call := range [][]string{{"FUNCTION", "VALIDATE", "PRODUCTID", "PPE-2020"}, {"FUNCTION", "BACKGROUND_SEARCH", "SEARCHSTRING", "gloves"}} {
				p := r.callOCI(http.MethodPost, c, login(call...)...)
				if strings.Contains(p.body, "NEW_ITEM-PRICE[1]") != test.answered || (p.code == 403) == test.answered || strings.Contains(p.body, "203.0") {
					t.Errorf("%v, %s: HTTP %d\n%s", test.from, call[1], p.code, p.body)
				}
			}
			r.visitOCI(c)
			r.visitOCI(c, "FUNCTION", "SOURCING", "SEARCHSTRING", "gloves")
		}
	})
}

// More is found than is told. However many prices are too fine for the interface, the catalogue is
// asked for their units once.
func TestOCISearchesAreCapped(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m := r.merchant("live")
		usual, all, few := r.connectOCI(m, ociLink{}), r.connectOCI(m, ociLink{settings: procurement.OCISettings{MaxHits: 1000}}), r.connectOCI(m, ociLink{settings: procurement.OCISettings{MaxHits: 3}})
		r.in(func(tx *database.Tx) error {
			for n := range 130 {
				saved, err := catalog.Save(r.ctx, tx, catalog.Product{Merchant: m, SKU: fmt.Sprintf("CAP-%03d", n), Name: fmt.Sprintf("Cap %d, blue", n), Unit: "EA"}, present)
				if err != nil {
					return err
				}
				// The last one's price has no place in a field of three decimals and five digits.
				price := money.MustDecimal("1.23456")
				if n == 129 {
					price = money.MustDecimal("1.123456789")
				}
				if err := catalog.SavePrice(r.ctx, tx, m, saved.ID, catalog.Price{Currency: "EUR", Price: price}); err != nil {
					return err
				}
			}
			return nil
		})
		var mu sync.Mutex
		reads := 0
		r.db.Watch(func(text string, _ []any) {
			mu.Lock()
			if strings.Contains(text, "FROM products p WHERE p.merchant_id") {
				reads++
			}
			mu.Unlock()
		})
		defer r.db.Watch(nil)
		for _, test := range []struct {
			c           procurement.Connection
			told, asked int
			note        string
		}{{usual, 100, 2, "100 items."}, {all, 129, 2, "129 items. 1 can't be said in OCI and were left out."}, {few, 3, 2, "3 items."}} {
			reads = 0
			p := r.callOCI(http.MethodGet, test.c, login("FUNCTION", "BACKGROUND_SEARCH", "SEARCHSTRING", "blue cap")...)
			told := strings.Count(p.body, `name="NEW_ITEM-DESCRIPTION[`)
			if p.code != 200 || told != test.told || strings.Count(p.body, `>`+"\n"+`<input type="hidden" name="NEW_ITEM-PRICEUNIT[`) != test.told {
				t.Errorf("HTTP %d, %d items, want %d", p.code, told, test.told)
			}
			if reads != test.asked {
				t.Errorf("%d items: the products were read %d times, want %d", told, reads, test.asked)
			}
			var note string
			if err := r.db.Get(r.ctx, &note, `SELECT note FROM documents WHERE merchant_id = ? ORDER BY id DESC LIMIT 1`, m); err != nil || note != test.note {
				t.Errorf("the note is %q, want %q, %v", note, test.note, err)
			}
		}
		// A buyer's server has no return address to name.
		p := r.callOCI(http.MethodGet, few, "USERNAME", "buyer", "PASSWORD", ociPassword, "FUNCTION", "BACKGROUND_SEARCH", "SEARCHSTRING", "cap", "http_content_charset", "iso-8859-1")
		if p.code != 200 || p.header.Get("Content-Type") != "text/html; charset=iso-8859-1" || !strings.Contains(p.body, `<meta charset="iso-8859-1">`) || strings.Contains(p.body, "script") {
			t.Errorf("HTTP %d, %s\n%s", p.code, p.header.Get("Content-Type"), p.body)
		}
	})
}

// A domain of the buyer's own may stand for all hosts in it: carts go there and nowhere else, and
// nothing of the address gets into a header but its host.
func TestOCIHooksUnderADomain(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		_, c := r.ociBuyer(ociLink{hosts: []string{"*.buyer.example.com", "http://*.lab.example.org:8080"}})
		for _, test := range []struct {
			address string
			code    int
		}{
			{"https://srm.buyer.example.com/return", 303},
			{"https://A.B.Buyer.Example.Com:443/", 303},
			{"http://srm.lab.example.org:8080/", 303},
			{"https://buyer.example.com/", 422},
			{"https://evilbuyer.example.com/", 422},
			{"https://.buyer.example.com/", 422},
			{"https://buyer.example.com.evil.net/", 422},
			{"https://srm.buyer.example.com.:443/", 422},
			{"https://srm.buyer.example.com:8443/", 422},
			{"http://srm.buyer.example.com/", 422},
			{"https://srm.lab.example.org:8080/", 422},
			{"http://srm.lab.example.org/", 422},
			{"https://*.buyer.example.com/", 422},
			{"https://a;script-src.buyer.example.com/", 422},
			{"https://a,b.buyer.example.com/", 422},
			{"https://evil.net%2f.buyer.example.com/", 422},
			{`https://evil.net\.buyer.example.com/`, 422},
			{"https://evil.net?.buyer.example.com/", 422},
			{"https://u:p@srm.buyer.example.com/", 422},
			{"https://srm.buyer.example.com/#a", 422},
			{"https:srm.buyer.example.com", 422},
			{"//srm.buyer.example.com/", 422},
			{"javascript:alert(1)//srm.buyer.example.com", 422},
			{"javascript://srm.buyer.example.com/%0aalert(1)", 422},
			{"vbscript:x", 422}, {"data:text/html,x", 422}, {"file:///etc/passwd", 422}, {"blob:https://srm.buyer.example.com/1", 422},
			{" javascript:alert(1)", 422}, {"JaVaScRiPt://srm.buyer.example.com/", 422}, {"java\tscript:alert(1)", 422},
			{"ftp://srm.buyer.example.com/", 422}, {"sapevent:return", 422},
		} {
			p := r.callOCI(http.MethodPost, c, "USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", test.address)
			if p.code != test.code || strings.Contains(p.body, "evil") {
				t.Errorf("%s: HTTP %d, want %d\n%s", test.address, p.code, test.code, p.body)
			}
			if policy := p.header.Get("Content-Security-Policy"); strings.Count(policy, ";") != 6 || !strings.Contains(policy, "form-action 'none'") {
				t.Errorf("%s: the policy is %s", test.address, policy)
			}
		}
		p := r.callOCI(http.MethodPost, c, "USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", "https://srm.buyer.example.com/x", "FUNCTION", "VALIDATE", "PRODUCTID", "PPE-2020")
		if policy := p.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action https://srm.buyer.example.com https://*.buyer.example.com http://*.lab.example.org:8080;") ||
			!strings.HasSuffix(policy, "frame-ancestors 'self' https://*.buyer.example.com http://*.lab.example.org:8080") {
			t.Errorf("the policy is %s", policy)
		}
		for entry, right := range map[string]bool{"*.buyer.example.com": true, "http://*.corp.internal:81": true, "*.com": false, "*.co.uk": false, "*.internal": false, "*": false, "*.": false,
			"*.*.example.com": false, "a.*.example.com": false, "*buyer.example.com": false, "*.10.0.0.1": false, "*.[::1]": false, "*.example.com/x": false, "ftp://*.example.com": false} {
			if faults := (procurement.Settings{ReturnHosts: []string{entry}}).Check(); len(faults) == 0 != right {
				t.Errorf("the entry %s: %v", entry, faults)
			}
		}
	})
}

// What an address's parameters are called is the buyer's: no name and no value becomes more than a
// field of the form, in any character set.
func TestOCISplitAddressesStayFields(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, c := r.ociBuyer(ociLink{settings: procurement.OCISettings{HookQuery: "split"}})
		const nasty = "%E2%80%9D%E2%80%BA%E2%80%B9script%E2%80%BAalert(1)%E2%80%B9/script%E2%80%BA" // ”›‹script›alert(1)‹/script›
		started := r.callOCI(http.MethodPost, c, "USERNAME", "buyer", "PASSWORD", ociPassword, "http_content_charset", "iso-8859-1", "HOOK_URL", "https://buyer.example.com/r?"+nasty+"="+nasty+"&b")
		visit := r.enter(started.header.Get("Location"), "a browser")
		p := r.browse(http.MethodGet, r.mustHome(m, visit, true), "a browser")
		body, err := charmap.ISO8859_1.NewDecoder().String(p.body)
		if err != nil || strings.Count(strings.ToLower(body), "<script") != 1 {
			t.Errorf("%v\n%s", err, body)
		}
		want := `"><script>alert(1)</script>`
		if got := formLines(hiddenFields(body)); got != want+"="+want+"\nb=" {
			t.Errorf("got\n%s\n%s", got, body)
		}
	})
}

// A start leads to an address with nothing but its token, sets no cookie, is kept by nobody, and
// knows nothing of who the browser was before. Scanners and browsers that look ahead open nothing.
func TestOCIStartsAreClean(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, c := r.ociBuyer(ociLink{})
		before := r.counts(m)
		address := r.url + "/m/" + m + "/oci/" + c.ExternalID + "?USERNAME=buyer&PASSWORD=" + ociPassword + "&HOOK_URL=" + hook
		for _, test := range []struct {
			method, header, value string
			code                  int
		}{{http.MethodHead, "", "", 200}, {http.MethodGet, "Sec-Purpose", "prefetch;prerender", 204}, {http.MethodGet, "Purpose", "prefetch", 204}, {http.MethodGet, "X-Moz", "prefetch", 204}} {
			request, err := http.NewRequestWithContext(r.ctx, test.method, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set(test.header, test.value)
			if test.header == "" {
				request.Header = http.Header{}
			}
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != test.code {
				t.Errorf("%s %s: HTTP %d", test.method, test.header, response.StatusCode)
			}
		}
		if diff := changed(before, r.counts(m)); diff != "" {
			t.Errorf("looking ahead left %s", diff)
		}
		p := r.callOCI(http.MethodGet, c, login()...)
		if p.code != 303 || p.header.Get("Cache-Control") != "no-store" || p.header.Get("Referrer-Policy") != "no-referrer" || len(p.header.Values("Set-Cookie")) != 0 || strings.Contains(p.header.Get("Location"), "?") {
			t.Errorf("HTTP %d, %v", p.code, p.header)
		}
	})
}

// The same start at the same time is as many visits, with a cart each.
func TestOCIStartsAtOnceAreVisitsOfTheirOwn(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, c := r.ociBuyer(ociLink{})
		const starts = 6
		locations := make([]string, starts)
		var group sync.WaitGroup
		for n := range starts {
			group.Go(func() {
				locations[n] = r.callOCI(http.MethodPost, c, login("EMAIL", "one@example.com")...).header.Get("Location")
			})
		}
		group.Wait()
		slices.Sort(locations)
		if counts := r.counts(m); len(slices.Compact(locations)) != starts || counts["sessions"] != starts || counts["carts"] != starts || counts["buyers"] != 1 {
			t.Errorf("%v: %v", locations, counts)
		}
	})
}

// Nobody tells whether a form arrived: for some minutes the browser may go back to it, and gets the
// same one. Then the visit is over.
func TestOCIFormsMayBeSentAgainForAWhile(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, c := r.ociBuyer(ociLink{})
		visit := r.visitOCI(c)
		r.mustPut(m, visit, "PPE-2020", "6", "")
		address := r.mustHome(m, visit, false)
		pages := make([]page, 4)
		var group sync.WaitGroup
		for n := range pages {
			group.Go(func() { pages[n] = r.browse(http.MethodGet, address, "a browser") })
		}
		group.Wait()
		r.clock.Advance(4 * time.Minute)
		pages = append(pages, r.browse(http.MethodGet, address, "a browser"))
		for _, p := range pages {
			if p.code != 200 || p.body != pages[0].body || !strings.Contains(p.body, "NEW_ITEM-PRICE[1]") {
				t.Errorf("HTTP %d\n%s", p.code, p.body)
			}
		}
		r.clock.Advance(2 * time.Minute)
		late := r.browse(http.MethodGet, address, "a browser")
		if late.code != 412 || strings.Contains(late.body, "NEW_ITEM") || !strings.Contains(late.body, "already transferred") {
			t.Errorf("later: HTTP %d\n%s", late.code, late.body)
		}
		var forms int
		if err := r.db.Get(r.ctx, &forms, `SELECT count(*) FROM documents WHERE merchant_id = ? AND type = 'OCI form'`, m); err != nil || forms != 1 {
			t.Errorf("%d forms are kept, %v", forms, err)
		}
	})
}

// Whatever comes in, nothing fails on our side, and the page says what is wrong.
func TestOCIBadInput(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, c := r.ociBuyer(ociLink{})
		const good = "USERNAME=buyer&PASSWORD=" + ociPassword + "&HOOK_URL=https://buyer.example.com/"
		long := strings.Repeat("a", 1<<20)
		for _, test := range []struct {
			name, body string
			code       int
			says       string
		}{
			{"nothing", "", 401, ""},
			{"only ampersands", strings.Repeat("&", 1000), 401, ""},
			{"invalid percent escapes", good + "&A=%&B=%z1&C=%4&%=%&=x", 303, ""},
			{"bytes that are no UTF-8", good + "&FULL_NAME=J%FCrgen%80%81&EMAIL=%ff%fe", 303, ""},
			{"bytes that are in no character set", good + "&http_content_charset=utf-16&FULL_NAME=%00J%00%ff", 303, ""},
			{"NUL in every field", good + "&EMAIL=a%00b&FULL_NAME=%00&USERID=%00%00&%00NAME=%00&LANGUAGE=%00&SEARCHSTRING=%00x&~OkCode=%00&returntarget=%00&http_content_charset=%00", 303, ""},
			{"NUL in the address", "USERNAME=buyer&PASSWORD=" + ociPassword + "&HOOK_URL=https://buyer.example.com/%00", 303, ""},
			{"NUL in a product", good + "&FUNCTION=VALIDATE&PRODUCTID=PPE%00-2020", 200, ""},
			{"NUL in a search", good + "&FUNCTION=BACKGROUND_SEARCH&SEARCHSTRING=gr%00een", 200, "Gloves"},
			{"NUL in the login", "USERNAME=%00&PASSWORD=%00&HOOK_URL=%00", 401, ""},
			{"names that repeat", good + "&USERNAME=other&PASSWORD=other&EMAIL=a@b.example&EMAIL=c@d.example", 303, ""},
			{"as many fields as are taken", good + strings.Repeat("&A=b", 49_990), 303, ""},
			{"too many fields", good + strings.Repeat("&A=b", 50_001), 422, "more than 50000 fields"},
			{"values of 1 MB wherever there is room", good + "&EMAIL=" + long + "&FULL_NAME=" + long + "&USERID=" + long + "&SEARCHSTRING=" + long + "&LANGUAGE=" + long + "&OTHER=" + long + "&returntarget=" + long, 303, ""},
			{"a product of 1 MB", good + "&FUNCTION=DETAIL&PRODUCTID=" + long, 303, ""},
			{"the price of a product of 1 MB", good + "&FUNCTION=VALIDATE&PRODUCTID=" + long, 200, ""},
			{"a quantity of 1 MB", good + "&FUNCTION=VALIDATE&PRODUCTID=PPE-2020&QUANTITY=" + strings.Repeat("9", 1<<20), 422, "QUANTITY"},
			{"an amount that is too large", good + "&FUNCTION=VALIDATE&PRODUCTID=PPE-2020&QUANTITY=99999999999999999", 200, ""},
			{"a search of 1 MB", good + "&FUNCTION=BACKGROUND_SEARCH&SEARCHSTRING=" + long, 200, ""},
			{"a search for signs", good + "&FUNCTION=BACKGROUND_SEARCH&SEARCHSTRING=%27%22*%26%7C!()", 200, ""},
			{"what is to be echoed has 1 MB", good + "&~CALLER=" + long, 422, "~CALLER"},
			{"a user of 1 MB", "USERNAME=" + long + "&PASSWORD=x&HOOK_URL=x", 401, ""},
			{"a return address of 1 MB", "USERNAME=buyer&PASSWORD=" + ociPassword + "&HOOK_URL=https://buyer.example.com/" + long, 422, "return address"},
			{"a function of 1 MB", good + "&FUNCTION=" + long, 303, ""},
			{"a character set that is none", good + "&http_content_charset=latin-17", 303, ""},
			{"more than 10 MB", good + "&A=" + strings.Repeat("b", 10<<20), 422, "larger than 10485760 bytes"},
		} {
			t.Run(test.name, func(t *testing.T) {
				p := r.on(t).sendOCI(http.MethodPost, c, test.body)
				if p.code != test.code || !strings.Contains(html.UnescapeString(p.body), test.says) {
					t.Errorf("HTTP %d, want %d and %q\n%.2000s", p.code, test.code, test.says, p.body)
				}
				r.clock.Advance(time.Second)
			})
		}
		for _, path := range []string{"/m/" + m + "/oci/%00", "/m/" + m + "/oci/%ff", "/m/%00/oci/x", "/m/nobody/oci/x", "/m/" + m + "/oci/" + strings.Repeat("a", 5000)} {
			response, err := http.Post(r.url+path, "application/x-www-form-urlencoded", strings.NewReader(good))
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusUnauthorized {
				t.Errorf("%.40s: HTTP %d", path, response.StatusCode)
			}
		}
		var visits []string
		if err := r.db.Select(r.ctx, &visits, `SELECT content FROM sessions WHERE merchant_id = ?`, m); err != nil {
			t.Fatal(err)
		}
		for _, visit := range visits {
			if len(visit) > 400_000 {
				t.Errorf("a visit has %d bytes", len(visit))
			}
		}
		var notes []string
		if err := r.db.Select(r.ctx, &notes, `SELECT note FROM documents WHERE merchant_id = ? AND type = 'OCI start'`, m); err != nil {
			t.Fatal(err)
		}
		if want := `The character set "latin-17" is not known; the page is in UTF-8.`; !slices.Contains(notes, want) {
			t.Errorf("no start is kept with the note %s", want)
		}
	})
}
