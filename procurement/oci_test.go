package procurement_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
)

// buyer in OCI: what a test says of its connection.
type ociLink struct {
	currency string // EUR where empty
	hosts    []string
	units    map[string]string
	settings procurement.OCISettings
	limit    int64
}

const ociPassword = "a-password-for-tests"

// connectOCI gives a merchant a buyer who punches out by OCI as user "buyer".
func (r *rig) connectOCI(merchant string, l ociLink) procurement.Connection {
	r.Helper()
	*r.last++
	at := r.clock.Now()
	if l.currency == "" {
		l.currency = "EUR"
	}
	if l.hosts == nil {
		l.hosts = []string{"buyer.example.com"}
	}
	if l.limit == 0 {
		l.limit = 1_000_000_00
	}
	l.settings.Username = "buyer"
	o := accounts.Organisation{ID: fmt.Sprintf("org_%d", *r.last), Merchant: merchant, Name: "Buyer", Currency: l.currency, OverLimit: accounts.Review}
	c := procurement.Connection{ID: fmt.Sprintf("con_%d", *r.last), Merchant: merchant, ExternalID: fmt.Sprintf("oci-%d", *r.last), Organisation: o.ID, Protocol: "oci",
		Settings: procurement.Settings{ReturnHosts: l.hosts, Units: l.units, OCI: &l.settings}}
	if faults := c.Settings.Check(); len(faults) > 0 {
		r.Fatalf("the settings: %v", faults)
	}
	r.in(func(tx *database.Tx) error {
		if _, err := tx.Exec(r.ctx, `INSERT INTO organisations (merchant_id, id, external_id, name, currency, terms_days, over_limit, price_policy, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, 30, 'review', 'contract_only', ?, ?)`, merchant, o.ID, o.ID, o.Name, l.currency, database.At(at), database.At(at)); err != nil {
			return err
		}
		if _, err := credit.Open(r.ctx, tx, credit.Opening{Organisation: o, Limit: money.Of(l.limit, l.currency), Actor: "test", At: at}); err != nil {
			return err
		}
		if err := procurement.SaveConnection(r.ctx, tx, c, at); err != nil {
			return err
		}
		return procurement.SaveSecrets(r.ctx, tx, r.keys, merchant, c.ID, []string{ociPassword}, at)
	})
	return c
}

// sellIn gives a merchant a product of the story with a price in a currency.
func (r *rig) sellIn(merchant, currency, price string, p catalog.Product) {
	r.Helper()
	p.Merchant = merchant
	r.in(func(tx *database.Tx) error {
		saved, err := catalog.Save(r.ctx, tx, p, present)
		if err != nil {
			return err
		}
		return catalog.SavePrice(r.ctx, tx, merchant, saved.ID, catalog.Price{Currency: currency, Price: money.MustDecimal(price)})
	})
}

// call calls a connection's OCI address as a browser does; pairs are names and values.
func (r *rig) callOCI(method string, c procurement.Connection, pairs ...string) page {
	r.Helper()
	var form []string
	for i := 0; i < len(pairs); i += 2 {
		form = append(form, url.QueryEscape(pairs[i])+"="+url.QueryEscape(pairs[i+1]))
	}
	return r.sendOCI(method, c, strings.Join(form, "&"))
}

func (r *rig) sendOCI(method string, c procurement.Connection, encoded string) page {
	r.Helper()
	return r.sendAs("application/x-www-form-urlencoded", method, c, encoded)
}

func (r *rig) sendAs(contentType, method string, c procurement.Connection, encoded string) page {
	r.Helper()
	address := r.url + "/m/" + c.Merchant + "/oci/" + c.ExternalID
	body := io.Reader(http.NoBody)
	if method == http.MethodPost {
		body = strings.NewReader(encoded)
	} else {
		address += "?" + encoded
	}
	request, err := http.NewRequestWithContext(r.ctx, method, address, body)
	if err != nil {
		r.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	return r.fetch(request)
}

const hook = "https://buyer.example.com/return?sid=abc&step=2"

// login is what every call needs.
func login(more ...string) []string {
	return append([]string{"USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", hook}, more...)
}

// visitOCI starts a visit and gives the token that the shop gets.
func (r *rig) visitOCI(c procurement.Connection, more ...string) string {
	r.Helper()
	p := r.callOCI(http.MethodPost, c, login(more...)...)
	start := p.header.Get("Location")
	if p.code != http.StatusSeeOther || !strings.HasPrefix(start, publicURL+"/m/"+c.Merchant+"/p/") || strings.Contains(start, ociPassword) {
		r.Fatalf("HTTP %d to %q\n%s", p.code, start, p.body)
	}
	return r.enter(start, "a browser")
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// hiddenFields reads a page's form without our own codec, in its order.
func hiddenFields(body string) (fields [][2]string) {
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		fields = append(fields, [2]string{html.UnescapeString(m[1]), html.UnescapeString(m[2])})
	}
	return fields
}

func formLines(fields [][2]string) string {
	var list []string
	for _, f := range fields {
		list = append(list, f[0]+"="+f[1])
	}
	return strings.Join(list, "\n")
}

// Cart V of the story, to the last digit, in ISO-8859-1 and with the buyer's own units.
func TestOCICartGoesHome(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m := r.merchant("live")
		days := int64(3)
		c := r.connectOCI(m, ociLink{units: map[string]string{"EA": "ST", "PR": "PAA", "MTR": "M", "BX": "BX"}, settings: procurement.OCISettings{
			SchemaType: "UNSPSC_V1",
			Fields:     []procurement.OCIField{{Field: "MATGROUP", From: "unspsc", Cut: 6}, {Field: "VENDOR", Parameter: "LIEFERANT"}, {Field: "TAX_CODE", Value: "V1"}}}})
		r.sellIn(m, "EUR", "0.01183", catalog.Product{SKU: "FAS-1050", Name: "Machine screw M4 × 10, stainless", Unit: "EA", UNSPSC: "31161504", LeadTimeDays: &days})
		r.sellIn(m, "EUR", "16.985", catalog.Product{SKU: "FAS-1010", Name: "Hex bolt M8 × 40, zinc, 8.8", Unit: "BX", UNSPSC: "31161620"})
		r.sellIn(m, "EUR", "6.245", catalog.Product{SKU: "PPE-2020", Name: `Handschuh "grün" <5>`, Unit: "PR", Description: "<p>Größe&nbsp;9, ☃ und 5 &euro;.</p>", UNSPSC: "46181536"})
		r.sellIn(m, "EUR", "0.0345", catalog.Product{SKU: "FAS-1040", Name: "Tapping screw 4.2 × 25", Unit: "EA", UNSPSC: "31161507"})

		visit := r.visitOCI(c, "http_content_charset", "ISO-8859-1", "returntarget", "_parent", "~OkCode", "ADDI", "~caller", "CTLG", "LIEFERANT", "4711", "OCI_VERSION", "4.0")
		r.mustPut(m, visit, "FAS-1050", "3300", "", "FAS-1010", "4", "", "PPE-2020", "6", "", "FAS-1040", "700", "")
		address := r.mustHome(m, visit, false)
		p := r.browse(http.MethodGet, address, "a browser")
		if got := p.header.Get("Content-Type"); got != "text/html; charset=iso-8859-1" || p.header.Get("Cache-Control") != "no-store" {
			t.Errorf("Content-Type %s, Cache-Control %s", got, p.header.Get("Cache-Control"))
		}
		if policy := p.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action https://buyer.example.com;") {
			t.Errorf("policy: %s", policy)
		}
		body, err := charmap.ISO8859_1.NewDecoder().String(p.body)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`<meta charset="iso-8859-1">`, `action="https://buyer.example.com/return?sid=abc&amp;step=2"`, `accept-charset="iso-8859-1"`, `target="_parent"`} {
			if !strings.Contains(body, want) {
				t.Errorf("the page lacks %s:\n%s", want, body)
			}
		}
		cart := regexp.MustCompile(`crt_[0-9a-z]{26}`).FindString(body)
		want := strings.ReplaceAll(`NEW_ITEM-DESCRIPTION[1]=Machine screw M4 × 10, stainless
NEW_ITEM-QUANTITY[1]=3300
NEW_ITEM-UNIT[1]=ST
NEW_ITEM-PRICE[1]=1.183
NEW_ITEM-CURRENCY[1]=EUR
NEW_ITEM-PRICEUNIT[1]=100
NEW_ITEM-LEADTIME[1]=3
NEW_ITEM-VENDOR[1]=4711
NEW_ITEM-VENDORMAT[1]=FAS-1050
NEW_ITEM-MATGROUP[1]=311615
NEW_ITEM-EXT_QUOTE_ID[1]=CART
NEW_ITEM-EXT_QUOTE_ITEM[1]=1
NEW_ITEM-EXT_PRODUCT_ID[1]=FAS-1050@EA
NEW_ITEM-EXT_SCHEMA_TYPE[1]=UNSPSC_V1
NEW_ITEM-EXT_CATEGORY_ID[1]=31161504
NEW_ITEM-TAX_CODE[1]=V1
NEW_ITEM-DESCRIPTION[2]=Hex bolt M8 × 40, zinc, 8.8
NEW_ITEM-QUANTITY[2]=4
NEW_ITEM-UNIT[2]=BX
NEW_ITEM-PRICE[2]=16.985
NEW_ITEM-CURRENCY[2]=EUR
NEW_ITEM-VENDOR[2]=4711
NEW_ITEM-VENDORMAT[2]=FAS-1010
NEW_ITEM-MATGROUP[2]=311616
NEW_ITEM-EXT_QUOTE_ID[2]=CART
NEW_ITEM-EXT_QUOTE_ITEM[2]=2
NEW_ITEM-EXT_PRODUCT_ID[2]=FAS-1010@BX
NEW_ITEM-EXT_SCHEMA_TYPE[2]=UNSPSC_V1
NEW_ITEM-EXT_CATEGORY_ID[2]=31161620
NEW_ITEM-TAX_CODE[2]=V1
NEW_ITEM-DESCRIPTION[3]=Handschuh "grün" <5>
NEW_ITEM-QUANTITY[3]=6
NEW_ITEM-UNIT[3]=PAA
NEW_ITEM-PRICE[3]=6.245
NEW_ITEM-CURRENCY[3]=EUR
NEW_ITEM-LONGTEXT_3:132[]=Größe 9, ? und 5 EUR.
NEW_ITEM-VENDOR[3]=4711
NEW_ITEM-VENDORMAT[3]=PPE-2020
NEW_ITEM-MATGROUP[3]=461815
NEW_ITEM-EXT_QUOTE_ID[3]=CART
NEW_ITEM-EXT_QUOTE_ITEM[3]=3
NEW_ITEM-EXT_PRODUCT_ID[3]=PPE-2020@PR
NEW_ITEM-EXT_SCHEMA_TYPE[3]=UNSPSC_V1
NEW_ITEM-EXT_CATEGORY_ID[3]=46181536
NEW_ITEM-TAX_CODE[3]=V1
NEW_ITEM-DESCRIPTION[4]=Tapping screw 4.2 × 25
NEW_ITEM-QUANTITY[4]=700
NEW_ITEM-UNIT[4]=ST
NEW_ITEM-PRICE[4]=0.345
NEW_ITEM-CURRENCY[4]=EUR
NEW_ITEM-PRICEUNIT[4]=10
NEW_ITEM-VENDOR[4]=4711
NEW_ITEM-VENDORMAT[4]=FAS-1040
NEW_ITEM-MATGROUP[4]=311615
NEW_ITEM-EXT_QUOTE_ID[4]=CART
NEW_ITEM-EXT_QUOTE_ITEM[4]=4
NEW_ITEM-EXT_PRODUCT_ID[4]=FAS-1040@EA
NEW_ITEM-EXT_SCHEMA_TYPE[4]=UNSPSC_V1
NEW_ITEM-EXT_CATEGORY_ID[4]=31161507
NEW_ITEM-TAX_CODE[4]=V1
~OkCode=ADDI
~caller=CTLG`, "CART", cart)
		if got := formLines(hiddenFields(body)); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		frozen, err := checkout.FindCart(r.ctx, r.db, m, cart)
		if err != nil || frozen.Goods.Text() != "168.60" {
			t.Errorf("the cart comes to %s, %v; want 168.60", frozen.Goods.Text(), err)
		}
		r.expose("4711", ociPassword)
	})
}

func (r *rig) ociBuyer(l ociLink) (string, procurement.Connection) {
	r.Helper()
	m := r.merchant("live")
	c := r.connectOCI(m, l)
	r.sellIn(m, "EUR", "0.01183", catalog.Product{SKU: "FAS-1050", Name: "Machine screw M4 × 10", Unit: "EA", OtherUnits: []catalog.OtherUnit{{Unit: "BX", Content: money.MustDecimal("100")}}})
	r.sellIn(m, "EUR", "6.245", catalog.Product{SKU: "PPE-2020", Name: "Gloves, green", Unit: "PR"})
	r.sellIn(m, "EUR", "2.8750", catalog.Product{SKU: "PPE-2030", Name: "Glasses, green", Unit: "EA"})
	return m, c
}

// Every wrong login has the same answer, and leaves no password anywhere.
func TestOCIStartsAreRefused(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, c := r.ociBuyer(ociLink{})
		other := r.connectOCI(m, ociLink{settings: procurement.OCISettings{Method: "post"}})
		closed := c
		closed.ExternalID = "nobody"
		for _, test := range []struct {
			name  string
			to    procurement.Connection
			pairs []string
			code  int
			says  string
		}{
			{"a wrong password", c, []string{"USERNAME", "buyer", "PASSWORD", "wrong-password", "HOOK_URL", hook}, 401, "The connection, the user or the password is not known here."},
			{"a wrong user", c, []string{"USERNAME", "somebody", "PASSWORD", ociPassword, "HOOK_URL", hook}, 401, "The connection, the user or the password is not known here."},
			{"no such connection", closed, login(), 401, "The connection, the user or the password is not known here."},
			{"no password", c, []string{"USERNAME", "buyer", "HOOK_URL", hook}, 401, "The connection, the user or the password is not known here."},
			{"no return address", c, []string{"USERNAME", "buyer", "PASSWORD", ociPassword}, 422, "HOOK_URL: is missing"},
			{"a return address elsewhere", c, []string{"USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", "https://evil.example.net/"}, 422, "none that carts may be sent to"},
			{"a return address that ends alike", c, []string{"USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", "https://evilbuyer.example.com/"}, 422, "none that carts may be sent to"},
			{"plain http", c, []string{"USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", "http://buyer.example.com/"}, 422, "none that carts may be sent to"},
			{"script", c, []string{"USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", "javascript:alert(1)"}, 422, "none that carts may be sent to"},
			{"data", c, []string{"USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", "data:text/html,x"}, 422, "none that carts may be sent to"},
			{"credentials in the address", c, []string{"USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", "https://a:b@buyer.example.com/"}, 422, "none that carts may be sent to"},
			{"an empty fragment", c, []string{"USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", "https://buyer.example.com/#"}, 422, "none that a form can be sent to"},
			{"SAP GUI's, where that isn't set", c, []string{"USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", "sapevent:return"}, 422, "none that carts may be sent to"},
			{"a fragment", c, []string{"USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", "https://buyer.example.com/#x"}, 422, "none that a form can be sent to"},
			{"a line end in the address", c, []string{"USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", "https://buyer.example.com/\r\nSet-Cookie: a=b"}, 422, "none that"},
			{"an address of 2,049 characters", c, []string{"USERNAME", "buyer", "PASSWORD", ociPassword, "HOOK_URL", "https://buyer.example.com/" + strings.Repeat("a", 2023)}, 422, "none that a form can be sent to"},
			{"a cancel address elsewhere", c, login("OCICANCEL", "https://evil.example.net/"), 422, "none that carts may be sent to"},
			{"DETAIL of nothing", c, login("FUNCTION", "DETAIL"), 422, "PRODUCTID: is missing"},
			{"VALIDATE of a word", c, login("FUNCTION", "VALIDATE", "PRODUCTID", "PPE-2020", "QUANTITY", "many"), 422, "QUANTITY:"},
			{"a function that waits", c, login("FUNCTION", "QUANTITYCHECK"), 501, "is not served on this connection"},
		} {
			t.Run(test.name, func(t *testing.T) {
				p := r.on(t).callOCI(http.MethodPost, test.to, test.pairs...)
				// A wrong login is told in any frame, and no address tells whose it could be.
				ancestors := map[bool]string{true: "frame-ancestors 'self' *", false: "frame-ancestors 'self' https://buyer.example.com"}[test.code == 401]
				if policy := p.header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "form-action 'none'; "+ancestors) {
					t.Errorf("the policy is %s", policy)
				}
				if body := html.UnescapeString(p.body); p.code != test.code || !strings.Contains(body, test.says) || p.header.Get("Location") != "" {
					t.Errorf("HTTP %d to %q:\n%s", p.code, p.header.Get("Location"), p.body)
				}
			})
		}
		if p := r.callOCI(http.MethodGet, other, login()...); p.code != 422 {
			t.Errorf("GET where only POST may come: HTTP %d", p.code)
		}
		if p := r.callOCI(http.MethodPost, other, "USERNAME", "buyer", "PASSWORD", ociPassword+"x", "HOOK_URL", hook); p.code != 401 {
			t.Errorf("HTTP %d", p.code)
		}
		if n := r.counts(m)["sessions"]; n != 0 {
			t.Errorf("%d sessions", n)
		}
		r.expose("evil.example.net", ociPassword, "wrong-password")
	})
}

// The functions are answered in the first page, by the same price routine as the cart.
func TestOCIFunctions(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, c := r.ociBuyer(ociLink{settings: procurement.OCISettings{MaxHits: 2}})
		for _, test := range []struct {
			name, submit string
			pairs        []string
			want         string
		}{
			{"one piece", "data-autosubmit", []string{"FUNCTION", "VALIDATE", "PRODUCTID", "PPE-2030@EA"}, `NEW_ITEM-DESCRIPTION[1]=Glasses, green
NEW_ITEM-QUANTITY[1]=1
NEW_ITEM-UNIT[1]=EA
NEW_ITEM-PRICE[1]=2.875
NEW_ITEM-CURRENCY[1]=EUR
NEW_ITEM-VENDORMAT[1]=PPE-2030
NEW_ITEM-EXT_PRODUCT_ID[1]=PPE-2030@EA`},
			{"a fine price, in any case of the name", "data-autosubmit", []string{"function", "validate", "productid", "fas-1050", "quantity", "1500"}, `NEW_ITEM-DESCRIPTION[1]=Machine screw M4 × 10
NEW_ITEM-QUANTITY[1]=1500
NEW_ITEM-UNIT[1]=EA
NEW_ITEM-PRICE[1]=1.183
NEW_ITEM-CURRENCY[1]=EUR
NEW_ITEM-PRICEUNIT[1]=100
NEW_ITEM-VENDORMAT[1]=FAS-1050
NEW_ITEM-EXT_PRODUCT_ID[1]=FAS-1050@EA`},
			{"the box has a price of its own", "data-autosubmit", []string{"FUNCTION", "VALIDATE", "PRODUCTID", "FAS-1050@BX", "QUANTITY", "15"}, `NEW_ITEM-DESCRIPTION[1]=Machine screw M4 × 10
NEW_ITEM-QUANTITY[1]=15
NEW_ITEM-UNIT[1]=BX
NEW_ITEM-PRICE[1]=1.183
NEW_ITEM-CURRENCY[1]=EUR
NEW_ITEM-VENDORMAT[1]=FAS-1050
NEW_ITEM-EXT_PRODUCT_ID[1]=FAS-1050@BX`},
			{"a product that is gone", "data-autosubmit", []string{"FUNCTION", "VALIDATE", "PRODUCTID", "TOL-6040@EA"}, ``},
			{"a search", "", []string{"FUNCTION", "BACKGROUND_SEARCH", "SEARCHSTRING", "green"}, `NEW_ITEM-DESCRIPTION[1]=Gloves, green
NEW_ITEM-QUANTITY[1]=1
NEW_ITEM-UNIT[1]=PR
NEW_ITEM-PRICE[1]=6.245
NEW_ITEM-CURRENCY[1]=EUR
NEW_ITEM-VENDORMAT[1]=PPE-2020
NEW_ITEM-EXT_PRODUCT_ID[1]=PPE-2020@PR
NEW_ITEM-DESCRIPTION[2]=Glasses, green
NEW_ITEM-QUANTITY[2]=1
NEW_ITEM-UNIT[2]=EA
NEW_ITEM-PRICE[2]=2.875
NEW_ITEM-CURRENCY[2]=EUR
NEW_ITEM-VENDORMAT[2]=PPE-2030
NEW_ITEM-EXT_PRODUCT_ID[2]=PPE-2030@EA`},
			{"a search that finds nothing", "", []string{"FUNCTION", "BACKGROUND_SEARCH", "SEARCHSTRING", "violet"}, ``},
		} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				t.Run(test.name+" by "+method, func(t *testing.T) {
					p := r.on(t).callOCI(method, c, login(test.pairs...)...)
					if p.code != 200 || strings.Contains(p.body, "data-autosubmit") != (test.submit != "") || len(p.header.Values("Set-Cookie")) > 0 {
						t.Errorf("HTTP %d\n%s", p.code, p.body)
					}
					if got := formLines(hiddenFields(p.body)); got != test.want {
						t.Errorf("got\n%s\nwant\n%s", got, test.want)
					}
				})
			}
		}
		// A buyer's own number finds the product, and goes home in the place of its name.
		r.call(m, "4711-08", "PPE-2030", strings.Repeat("9", 41), "PPE-2020")
		p := r.callOCI(http.MethodPost, c, login("FUNCTION", "BACKGROUND_SEARCH", "SEARCHSTRING", "4711-08")...)
		want := `NEW_ITEM-MATNR[1]=4711-08
NEW_ITEM-QUANTITY[1]=1
NEW_ITEM-UNIT[1]=EA
NEW_ITEM-PRICE[1]=2.875
NEW_ITEM-CURRENCY[1]=EUR
NEW_ITEM-LONGTEXT_1:132[]=Glasses, green
NEW_ITEM-VENDORMAT[1]=PPE-2030
NEW_ITEM-EXT_PRODUCT_ID[1]=PPE-2030@EA`
		if got := formLines(hiddenFields(p.body)); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		p = r.callOCI(http.MethodPost, c, login("FUNCTION", "VALIDATE", "PRODUCTID", "PPE-2020")...)
		if got := formLines(hiddenFields(p.body)); !strings.HasPrefix(got, "NEW_ITEM-DESCRIPTION[1]=Gloves, green\nNEW_ITEM-QUANTITY") {
			t.Errorf("a number that is longer than the field:\n%s", got)
		}
		trial, err := r.service.TryOCI(r.ctx, m, c.ExternalID, 10)
		if err != nil || len(trial.Findings) != 1 || trial.Findings[0].Place != "NEW_ITEM-MATNR" || trial.Findings[0].Level != procurement.LevelWarning {
			t.Errorf("the test start finds %+v, %v", trial.Findings, err)
		}
		// Nothing comes back from DETAIL, so that it needs no address; a price goes somewhere.
		for function, code := range map[string]int{"DETAIL": 303, "DETAILADD": 422, "VALIDATE": 422} {
			before := r.counts(m)["sessions"]
			p := r.callOCI(http.MethodGet, c, "USERNAME", "buyer", "PASSWORD", ociPassword, "FUNCTION", function, "PRODUCTID", "PPE-2020")
			if p.code != code || r.counts(m)["sessions"]-before != map[int]int{303: 1}[code] {
				t.Errorf("%s without a return address: HTTP %d", function, p.code)
			}
		}
		if n := r.counts(m)["sessions"]; n != 1 {
			t.Errorf("a function opened %d sessions", n)
		}
		for _, test := range []struct {
			pairs                  []string
			operation, sku, search string
		}{
			{[]string{"FUNCTION", "DETAIL", "PRODUCTID", "PPE-2030@EA"}, "inspect", "PPE-2030", ""},
			{[]string{"FUNCTION", "DETAILADD", "PRODUCTID", "PPE-2030"}, "create", "PPE-2030", ""},
			{[]string{"FUNCTION", "SOURCING", "SEARCHSTRING", "gloves"}, "create", "", "gloves"},
			{[]string{"FUNCTION", "VALIDATE", "SEARCHSTRING", "gloves"}, "create", "", "gloves"},
			{[]string{"FUNCTION", "TELEPATHY"}, "create", "", ""},
		} {
			visit := r.visitOCI(c, test.pairs...)
			s, err := procurement.FindSession(r.ctx, r.db, r.keys, m, visit)
			if err != nil || s.Operation != test.operation || s.Visit.SelectedSKU != test.sku || s.Visit.Search != test.search {
				t.Errorf("%v: %s, %q, %q, %v", test.pairs, s.Operation, s.Visit.SelectedSKU, s.Visit.Search, err)
			}
		}
	})
}

// Who leaves without a cart comes back with nothing, at the address that was named for it; the
// address is kept whole or split as the connection says; double clicks and reloads bring the same.
func TestOCIVisitsEnd(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, c := r.ociBuyer(ociLink{})
		split := r.connectOCI(m, ociLink{settings: procurement.OCISettings{HookQuery: "split", OKCode: "ADDI"}})
		gui := r.connectOCI(m, ociLink{settings: procurement.OCISettings{SAPGUI: true}})
		for _, test := range []struct {
			name   string
			to     procurement.Connection
			pairs  []string
			cancel bool
			action string
			target string
			fields string
		}{
			{"cancelled", c, nil, true, hook, "_top", ""},
			{"cancelled, echoing", c, []string{"~TARGET", "frame1", "~ForceTarget", "yes"}, true, hook, "frame1", "~TARGET=frame1\n~ForceTarget=yes"},
			{"cancelled, echoing names without a tilde", c, []string{"OKCODE", "ADDI", "target", "frame1", "Caller", "CTLG"}, true, hook, "frame1", "OKCODE=ADDI\ntarget=frame1\nCaller=CTLG"},
			{"an address that says itself what is to be done", split, []string{"HOOK_URL", "https://buyer.example.com/return?~OKCODE=ADDX&b"}, true, "https://buyer.example.com/return", "_top", "~OKCODE=ADDX\nb="},
			{"an address with signs of all kinds", c, []string{"HOOK_URL", "https://buyer.example.com/a(b)'c;d?x=(1)'|{}^`$!*&y=%zz&%&&q=%c3%BC+~"}, true, "https://buyer.example.com/a(b)'c;d?x=(1)'|{}^`$!*&y=%zz&%&&q=%c3%BC+~", "_top", ""},
			{"an address with letters beyond ASCII", c, []string{"HOOK_URL", "https://buyer.example.com/rück?x=ü"}, true, "https://buyer.example.com/r%C3%BCck?x=%C3%BC", "_top", ""},
			{"an address of SAP GUI", gui, []string{"HOOK_URL", "SAPEVENT:BACK?x=1&~OkCode=ADDI"}, true, "SAPEVENT:BACK?x=1&~OkCode=ADDI", "_top", ""},
			{"cancelled, split", split, nil, true, "https://buyer.example.com/return", "_top", "sid=abc\nstep=2\n~OkCode=ADDI"},
			{"a frame that is none", c, []string{"returntarget", `"><script>`}, true, hook, "_top", ""},
		} {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				pairs := login()
				if len(test.pairs) > 0 && test.pairs[0] == "HOOK_URL" {
					pairs = pairs[:4]
				}
				start := r.callOCI(http.MethodPost, test.to, append(pairs, test.pairs...)...)
				visit := r.enter(start.header.Get("Location"), "a browser")
				address := r.mustHome(m, visit, test.cancel)
				if again := r.mustHome(m, visit, test.cancel); again != address {
					t.Errorf("asked again the address is %s, not %s", again, address)
				}
				p := r.browse(http.MethodGet, address, "a browser")
				if again := r.browse(http.MethodGet, address, "a browser"); again.body != p.body {
					t.Error("loaded twice the page is another")
				}
				want := `<form method="post" action="` + html.EscapeString(test.action) + `" accept-charset="utf-8" target="` + test.target + `" data-autosubmit>`
				if p.code != 200 || !strings.Contains(p.body, want) {
					t.Errorf("HTTP %d, want %s\n%s", p.code, want, p.body)
				}
				if got := formLines(hiddenFields(p.body)); got != test.fields {
					t.Errorf("got\n%s\nwant\n%s", got, test.fields)
				}
			})
		}
		// What can't be written is told by the product's name while somebody can still take it out.
		r.sellIn(m, "EUR", "1.00", catalog.Product{SKU: strings.Repeat("L", 41), Name: "Ladder", Unit: "EA"})
		visit := r.visitOCI(c)
		r.mustPut(m, visit, "PPE-2020", "1", "", strings.Repeat("L", 41), "1", "")
		if _, err := r.home(m, visit, false); err == nil || !strings.Contains(err.Error(), "The cart can't be written for this buyer because of Ladder: NEW_ITEM-VENDORMAT[2]: is longer than 40 characters") {
			t.Errorf("a cart that can't be written: %v", err)
		}
		// An address for visits without a cart is called as it is, with nothing sent there.
		for _, test := range []struct {
			name   string
			to     procurement.Connection
			cancel string
		}{
			{"kept", c, "https://buyer.example.com/cancel?id=(1)&x=%zz"}, {"split", split, "https://buyer.example.com/cancel?id=2"}, {"SAP GUI", gui, "sapevent:cancel"},
		} {
			visit := r.visitOCI(test.to, "OCICANCEL", test.cancel, "~CALLER", "CTLG", "returntarget", "_parent")
			p := r.browse(http.MethodGet, r.mustHome(m, visit, true), "a browser")
			want := `<a class="btn btn--primary" href="` + html.EscapeString(test.cancel) + `" target="_parent" data-autosubmit>`
			if p.code != 200 || !strings.Contains(p.body, want) || strings.Contains(p.body, "<form") || strings.Contains(p.body, "CTLG") {
				t.Errorf("%s: HTTP %d, want %s\n%s", test.name, p.code, want, p.body)
			}
		}
	})
}
