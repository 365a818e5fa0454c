package procurement_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/procurement"
)

// pagePolicy is what every page around a visit has, up to its forms and frames.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; "

func (r *rig) wantPolicy(p page, code int, want string) {
	r.Helper()
	if got := p.header.Get("Content-Security-Policy"); p.code != code || got != pagePolicy+want {
		r.Errorf("HTTP %d, want %d; the policy is\n%s\nwant\n%s", p.code, code, got, pagePolicy+want)
	}
	if p.header.Get("Cache-Control") != "no-store" || p.header.Get("Referrer-Policy") != "no-referrer" || p.header.Get("X-Frame-Options") != "" ||
		p.header.Get("Set-Cookie") != "" {
		r.Errorf("headers %v", p.header)
	}
}

// Two buyers of one merchant: neither may frame what belongs to the other.
func TestOnlyTheBuyerOfAVisitMayFrameIt(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		r.connect(merchant, link{from: []procurement.Identity{id("DUNS", "700000002")}, secret: fixtureSecret, name: "Another",
			settings: procurement.Settings{ReturnHosts: []string{"hook.another.example.org:8443"}, FrameHosts: []string{"http://desk.another.example.org", "HOOK.another.example.org:8443"}}})
		buyers := []struct {
			setUp            func(payload string) []byte
			frames, formGoes string
		}{
			{func(payload string) []byte { return setUp(payload, "c", "a@b.example") },
				"frame-ancestors 'self' https://buying.example.org", "form-action https://buying.example.org; "},
			{func(payload string) []byte {
				return setUp(payload, "c", "a@b.example", "700000001", "700000002", "700000001", "700000002", returnAddress, "https://hook.another.example.org:8443/in?a=1")
			}, "frame-ancestors 'self' https://hook.another.example.org:8443 http://desk.another.example.org", "form-action https://hook.another.example.org:8443; "},
		}
		for i, buyer := range buyers {
			prefix := "visit" + string(rune('a'+i))
			start := r.start(merchant, buyer.setUp(prefix+"1"))
			for _, method := range []string{http.MethodHead, http.MethodGet} {
				p := r.browse(method, start, browserA, "Sec-Purpose", "prefetch")
				r.wantPolicy(p, map[string]int{http.MethodHead: 200, http.MethodGet: 204}[method], "form-action 'none'; frame-ancestors 'self'")
			}
			visit := r.enter(start, browserA)
			r.wantPolicy(r.browse(http.MethodGet, start, browserB), http.StatusPreconditionFailed, "form-action 'none'; "+buyer.frames)
			if err := r.put(merchant, visit, "ROPE-8", "3"); err != nil {
				t.Fatal(err)
			}
			address := r.mustHome(merchant, visit, false)
			for range 3 { // a scanner that only asks for the head spends nothing
				r.wantPolicy(r.browse(http.MethodHead, address, browserB), http.StatusOK, "form-action 'none'; frame-ancestors 'self'")
				r.clock.Advance(time.Hour)
			}
			r.wantPolicy(r.browse(http.MethodGet, address, browserA), http.StatusOK, buyer.formGoes+buyer.frames)
			r.clock.Advance(time.Minute)
			gone := r.browse(http.MethodGet, address, browserA)
			r.wantPolicy(gone, http.StatusPreconditionFailed, "form-action 'none'; "+buyer.frames)
			host := strings.Fields(strings.ReplaceAll(buyer.formGoes, ";", " "))[1]
			for _, want := range []string{"Already transferred", "already transferred", strings.TrimPrefix(host, "https://"), "start another visit from your procurement system", "ask Sample Supplies and name the visit <span class=\"mono\">ses_"} {
				if !strings.Contains(gone.body, want) {
					t.Errorf("the page does not say %q:\n%s", want, gone.body)
				}
			}
		}
		// What belongs to no visit belongs to no buyer.
		nobody := r.browse(http.MethodGet, publicURL+"/m/"+merchant+"/p/"+strings.Repeat("0", 40), browserA)
		r.wantPolicy(nobody, http.StatusNotFound, "form-action 'none'; frame-ancestors 'self'")
		for _, want := range []string{"There is no such visit", "Start again from your procurement system", "Nothing was ordered"} {
			if !strings.Contains(nobody.body, want) {
				t.Errorf("the page does not say %q:\n%s", want, nobody.body)
			}
		}
	})
}

// Some systems say in the set-up where the form is to go.
func TestTheBuyersSystemNamesTheFrame(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited(func(l *link) { l.settings.FrameTarget = "_top" })
		for payload, test := range map[string]struct{ says, want string }{
			"s1": {" _parent ", "_parent"}, "s2": {"_self", "_self"}, "s3": {`x" onload="`, "_top"}, "s4": {"", "_top"},
		} {
			cookie := "<BuyerCookie>c</BuyerCookie>"
			visit := r.enter(r.start(merchant, setUp(payload, "c", "a@b.example", cookie, cookie+`<Extrinsic name="ReturnFrame">`+strings.ReplaceAll(test.says, `"`, "&quot;")+`</Extrinsic>`)), browserA)
			if err := r.put(merchant, visit, "ROPE-8", "3"); err != nil {
				t.Fatal(err)
			}
			p := r.browse(http.MethodGet, r.mustHome(merchant, visit, false), browserA)
			if !strings.Contains(p.body, ` target="`+test.want+`" data-autosubmit`) {
				t.Errorf("%q: want the target %s in\n%s", test.says, test.want, p.body)
			}
		}
	})
}

func TestHostsThatAreNone(t *testing.T) {
	bad := []string{"buyer.example;script-src *", "buyer.example;script-src", "*.example", "https://buyer.example/path", "buyer.example:port", "a b", "", "buyer.example'",
		"https://user@buyer.example", "javascript:alert(1)", "buyer.example\r\nX: y", ".example", "ftp://buyer.example"}
	good := []string{"buyer.example", "http://buyer.example:8080", "https://BUYER.example", "return_to_supplier.example", "[::1]:8080", "127.0.0.1:1", "https://buyer.example/"}
	for _, host := range bad {
		if faults := (procurement.Settings{ReturnHosts: good, FrameHosts: []string{host}}).Check(); len(faults) != 1 || faults[0].Path != "frame_hosts[0]" {
			t.Errorf("%q: %v", host, faults)
		}
		if faults := (procurement.Settings{ReturnHosts: []string{"a.example", host}}).Check(); len(faults) != 1 || faults[0].Path != "return_hosts[1]" {
			t.Errorf("%q: %v", host, faults)
		}
	}
	if faults := (procurement.Settings{ReturnHosts: good, FrameHosts: good}).Check(); len(faults) != 0 {
		t.Error(faults)
	}
}

// The address goes home as it came, from a new cart, from an edit and from a cart that is sent again.
func TestTheShipToComesHomeAsItCame(t *testing.T) {
	const asWritten = `<ShipTo><Address isoCountryCode="US" addressID="DOCK-7" addressIDDomain="site"><Name xml:lang="en">Receiving &amp; Stores</Name><PostalAddress name="default"><DeliverTo>Dock 7</DeliverTo><DeliverTo>Second floor</DeliverTo>` +
		`<Street>1 Example Way</Street><Street>Building "C"</Street><City>Springfield</City><Municipality municipalityCode="17">Woodside</Municipality><State isoStateCode="US-IL">IL</State><PostalCode>62701</PostalCode>` +
		`<Country isoCountryCode="US">United States</Country></PostalAddress><Email name="dock" preferredLang="en-US">dock@buying.example.org</Email>` +
		`<Phone name="work"><TelephoneNumber><CountryCode isoCountryCode="US">1</CountryCode><AreaOrCityCode>217</AreaOrCityCode><Number>555-0100</Number><Extension>12</Extension></TelephoneNumber></Phone>` +
		`<Fax name="desk"><Email>fax@buying.example.org</Email></Fax><URL name="map">https://buying.example.org/dock?a=1&amp;b=2</URL></Address><CarrierIdentifier domain="SCAC">EXFR</CarrierIdentifier>` +
		`<IdReference identifier="7" domain="dock"><Creator xml:lang="de">Hafen</Creator><Description xml:lang="de">Tor 7</Description></IdReference></ShipTo>`
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited(func(l *link) { l.settings.EditCancel = "resend" })
		home := func(visit string, cancel bool, told string) {
			t.Helper()
			page := r.browse(http.MethodGet, r.mustHome(merchant, visit, cancel), browserA).body
			if !strings.Contains(page, told) {
				t.Errorf("the page is\n%s\nwant in it %s", page, told)
			}
			message := messageOf(t, page)
			if !strings.Contains(message, asWritten) {
				t.Errorf("home goes\n%s\nwant in it\n%s", message, asWritten)
			}
		}
		post := "</BrowserFormPost>"
		visit, first := r.shopping(merchant, setUp("s1", "c", "a@b.example", post, post+asWritten))
		r.mustPut(merchant, visit, "ROPE-8", "3", "")
		home(visit, false, "1 line goes to <strong>buying.example.org</strong> and becomes a requisition there.")
		back := items(held("ROPE-8", first.Cart+"-1", "3", "MTR", "5.00"))
		visit, _ = r.shopping(merchant, comeBack("s2", "edit", back, post, post+asWritten))
		home(visit, false, "1 line goes to <strong>buying.example.org</strong> and takes the place of the earlier lines in your requisition.")
		visit, _ = r.shopping(merchant, comeBack("s3", "edit", back, post, post+asWritten))
		home(visit, true, "Your requisition stays as it was.")
	})
}

// What a set-up leaves out, though the standard wants it, doesn't keep a full cart from going home.
func TestCartsOfOddSetUpsGoHome(t *testing.T) {
	const post, from, to = "</BrowserFormPost>", `<From><Credential domain="DUNS"><Identity>700000001</Identity></Credential></From>`,
		`<To><Credential domain="DUNS"><Identity>800000001</Identity></Credential></To>`
	home := func(us, them string) string {
		return `<From>` + us + `</From><To>` + them + `</To><Sender>` + us + `<UserAgent>Kontor</UserAgent></Sender>`
	}
	credential := func(domain, identity string) string {
		return `<Credential domain="` + domain + `"><Identity>` + identity + `</Identity></Credential>`
	}
	us, them := credential("DUNS", "800000001"), credential("DUNS", "700000001")
	address := func(inside string) string {
		return post + `<ShipTo><Address><Name xml:lang="en">Dock</Name>` + inside + `</Address></ShipTo>`
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			name  string
			pairs []string
			want  string
		}{
			{"no To", []string{to, ""}, home(us, them)},
			{"an empty To", []string{to, "<To/>"}, home(us, them)},
			{"a To without an identity", []string{to, "<To>" + credential("DUNS", " ") + "</To>"}, home(us, them)},
			{"a To without a domain beside a sound one", []string{to, "<To><Credential><Identity>1</Identity></Credential>" + credential("Other", "2") + "</To>"}, home(credential("Other", "2"), them)},
			{"a From with an empty identity beside", []string{from, "<From>" + credential("NetworkId", "") + them + "</From>"}, home(us, them)},
			{"a From without a domain beside", []string{from, "<From><Credential><Identity>7</Identity></Credential>" + them + "</From>"}, home(us, them)},
			{"a marketplace beside the buyer", []string{from, `<From><Credential domain="AribaNetworkUserId" type="marketplace"><Identity>market</Identity></Credential>` + them + "</From>"},
				home(us, `<Credential domain="AribaNetworkUserId" type="marketplace"><Identity>market</Identity></Credential>`+them)},
			{"a country without its code", []string{post, address(`<PostalAddress><Street>1</Street><City>C</City><Country>France</Country></PostalAddress>`)},
				`<PostalAddress><Street>1</Street><City>C</City><Country isoCountryCode="">France</Country></PostalAddress>`},
			{"no country", []string{post, address(`<PostalAddress><Street>1</Street><City>C</City></PostalAddress>`)},
				`<PostalAddress><Street>1</Street><City>C</City><Country isoCountryCode=""/></PostalAddress>`},
			{"a phone with nothing but its name", []string{post, address(`<Phone name="work"><TelephoneNumber><CountryCode isoCountryCode="US"/><AreaOrCityCode/><Number/></TelephoneNumber></Phone>`)},
				`<Phone name="work"><TelephoneNumber><CountryCode isoCountryCode="US"/><AreaOrCityCode/><Number/></TelephoneNumber></Phone>`},
			{"a phone that is a text", []string{post, address(`<Phone>+33 1 5550100</Phone>`)},
				`<Phone><TelephoneNumber><CountryCode isoCountryCode=""/><AreaOrCityCode/><Number>+33 1 5550100</Number></TelephoneNumber></Phone>`},
			{"names without a domain", []string{post, post + `<ShipTo><Address><Name>D</Name></Address><CarrierIdentifier>UPS</CarrierIdentifier><IdReference identifier="7"/></ShipTo>`},
				`<CarrierIdentifier domain="">UPS</CarrierIdentifier><IdReference identifier="7" domain=""/>`},
			{"an extrinsic without a name", []string{post, address(`<PostalAddress><Country isoCountryCode="FR"/><Extrinsic>x</Extrinsic></PostalAddress>`)}, `<Extrinsic name="">x</Extrinsic>`},
			{"a sign that stands for a lost one", []string{"<BuyerCookie>c", "<BuyerCookie>c\uFFFD1"}, "<BuyerCookie>c\uFFFD1</BuyerCookie>"},
		} {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.visited()
				visit, _ := r.shopping(merchant, setUp("s1", "c", "a@b.example", test.pairs...))
				r.mustPut(merchant, visit, "ROPE-8", "3", "")
				message := messageOf(t, r.browse(http.MethodGet, r.mustHome(merchant, visit, false), browserA).body)
				if !strings.Contains(message, test.want) {
					t.Errorf("home goes\n%s\nwant in it\n%s", message, test.want)
				}
			})
		}
		// Who has no name at all is told so when the visit begins, not when the cart is full.
		merchant := r.visited(func(l *link) { l.own = nil })
		if a := r.post(merchant, setUp("s1", "c", "a@b.example", to, "")); a.code != 400 || !strings.Contains(a.detail, "Header/To") {
			t.Errorf("%d %s", a.code, a.detail)
		}
	})
}

// Many presses at once: one cart goes home, by one address, with one message.
func TestAReturnThatIsPressedManyTimesAtOnce(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		visit, session := r.shopping(merchant, setUp("s1", "c", "a@b.example"))
		r.mustPut(merchant, visit, "ROPE-8", "3", "")
		m, err := accounts.FindMerchant(r.ctx, r.db, merchant)
		if err != nil {
			t.Fatal(err)
		}
		addresses, bodies := make([]string, 8), make([]string, 8)
		var group sync.WaitGroup
		for i := range addresses {
			group.Go(func() {
				if err := r.db.InTx(r.ctx, func(tx *database.Tx) (err error) {
					addresses[i], err = r.service.ReturnCart(r.ctx, tx, m, visit)
					return err
				}); err != nil {
					t.Error(err)
					return
				}
				bodies[i] = r.browse(http.MethodGet, addresses[i], browserA).body
			})
		}
		group.Wait()
		for i := range addresses {
			if addresses[i] != addresses[0] || bodies[i] != bodies[0] || !strings.Contains(bodies[i], "<form") {
				t.Errorf("press %d came to %s\n%s", i, addresses[i], bodies[i])
			}
		}
		var kept int
		if err := r.db.Get(r.ctx, &kept, `SELECT count(*) FROM documents WHERE merchant_id = ? AND object = ? AND direction = 'out'`, merchant, session.ID); err != nil || kept != 1 {
			t.Errorf("%d messages are kept, %v", kept, err)
		}
	})
}
