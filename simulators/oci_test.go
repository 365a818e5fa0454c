package simulators

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const ociPassword = "password-of-the-shop"

// srm is a buyer whose system reads Latin-1, s4 one that asks for prices before it orders.
func srm(c *BuyerConfig) { byOCI(c, "SRM", "4.0", "iso-8859-1", false) }
func s4(c *BuyerConfig)  { byOCI(c, "S4HANA", "5.0", "utf-8", true) }

func byOCI(c *BuyerConfig, like, version, charset string, validates bool) {
	c.Name, c.Slug, c.Like, c.Path = "Veldhaus Maschinenbau GmbH", "veldhaus", like, "/buyers/veldhaus"
	c.From = []Credential{{Domain: "DUNS", Identity: "000000904"}}
	c.Sender = Credential{Domain: "DUNS", Identity: "000000904", Secret: ourSecret}
	c.OCI = &OCIAccess{URL: strings.Replace(c.SupplierURL, "/cxml", "/oci/veldhaus-srm", 1), User: "brackwater-shop",
		Password: ociPassword, Version: version, Charset: charset, Validates: validates}
}

// screws is one item of a form, as Kontor writes it; with changes by field.
func screws(n int, changes ...string) url.Values {
	form := url.Values{}
	put := func(field, value string) { form.Set(fmt.Sprintf("NEW_ITEM-%s[%d]", field, n), value) }
	for _, f := range []ociField{{"DESCRIPTION", "Machine screw M4 x 10, stainless"}, {"QUANTITY", "3300.000"}, {"UNIT", "ST"}, {"PRICE", "1.183"}, {"PRICEUNIT", "100"},
		{"CURRENCY", "EUR"}, {"VENDORMAT", "FAS-1050"}, {"EXT_QUOTE_ID", "crt_01"}, {"EXT_QUOTE_ITEM", fmt.Sprint(n)}, {"EXT_PRODUCT_ID", "FAS-1050@EA"}} {
		put(f.Name, f.Value)
	}
	form.Set(fmt.Sprintf("NEW_ITEM-LONGTEXT_%d:132[]", n), "Machine screw.\r\nStainless.")
	for i := 0; i < len(changes); i += 2 {
		put(changes[i], changes[i+1])
	}
	return form
}

func together(forms ...url.Values) string {
	all := url.Values{"~OkCode": {"ADDI"}}
	for _, form := range forms {
		for name, values := range form {
			all[name] = append(all[name], values...)
		}
	}
	return all.Encode()
}

// visit starts a requisition and gives the return address that the launch page names.
func (d *desk) visit(t *testing.T) (r Requisition, home string) {
	t.Helper()
	r, err := d.StartRequisition(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	return r, d.hook(t, r.ID)
}

func (d *desk) hook(t *testing.T, id string) string {
	t.Helper()
	code, _, page := d.get(t, "/requisitions/"+id+"/launch")
	if code != http.StatusOK {
		t.Fatalf("the launch page is HTTP %d", code)
	}
	for _, f := range hiddenFields(page) {
		if f.Name == "HOOK_URL" {
			return f.Value
		}
	}
	t.Fatalf("no HOOK_URL on the page\n%s", page)
	return ""
}

// brings posts a form to the return address, as the shop's last page does.
func (d *desk) brings(t *testing.T, home, body string) Requisition {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	reply, err := client.Post(home, "application/x-www-form-urlencoded", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Body.Close()
	if reply.StatusCode != http.StatusSeeOther {
		t.Fatalf("HTTP %d", reply.StatusCode)
	}
	at, _, _ := strings.Cut(strings.TrimPrefix(home, d.URL()+"return/"), "?")
	r, _ := d.Requisition(at)
	return r
}

func TestAFormBringsTheCartHome(t *testing.T) {
	d := newDesk(t, srm)
	r, home := d.visit(t)
	if want := d.URL() + "requisitions/" + r.ID + "/launch"; r.StartPage != want || r.State != Draft || !r.VisitOpen {
		t.Fatalf("the visit begins at %q, %s", r.StartPage, r.State)
	}
	body := together(screws(1), screws(2, "PRICE", "16.985", "PRICEUNIT", "1", "QUANTITY", "4", "UNIT", "BX"))
	r = d.brings(t, home, body)
	// 3300 × 1.183 / 100 = 39.039; 4 × 16.985 = 67.94.
	if r.State != CartHome || r.VisitOpen || r.Problem != "" || r.Cart.Lines[0].Amount.Value != "39.04" || r.Cart.Lines[1].Amount.Value != "67.94" || FormatMoney(r.Cart.Sum()) != "€106.98" {
		t.Fatalf("%s: %+v %s", r.State, r.Cart, r.Problem)
	}
	if l := r.Cart.Lines[1]; l.AuxiliaryID != "crt_01-2" || l.Unit != "BX" || l.Basis != nil || l.ProductID != "FAS-1050@EA" {
		t.Errorf("line 2 came home as %+v", l)
	}
	documents := d.Documents(r.ID)
	form := documents[len(documents)-1]
	if form.Type != "OCI form" || !form.Browser || form.Size != len(body) || form.Refused ||
		!strings.Contains(form.Body, "NEW_ITEM-PRICE[1] = 1.183\n") || !strings.Contains(form.Body, "NEW_ITEM-LONGTEXT_1:132[] = Machine screw.\n    Stainless.\n") {
		t.Errorf("the form is kept as %+v", form)
	}
	// The browser's way back, and a second press of the button.
	again := d.brings(t, home, body)
	documents = d.Documents(r.ID)
	if again.State != CartHome || again.Problem != "" || len(again.Events) != len(r.Events) || !strings.Contains(documents[len(documents)-1].Note, "a second time") {
		t.Errorf("the same form again: %+v", again)
	}
}

// A form goes as it stands on the page: in the order of its fields.
func TestFieldsAreKeptInTheirOrder(t *testing.T) {
	d := newDesk(t, srm)
	_, home := d.visit(t)
	r := d.brings(t, home, "b=2&a=1&&c&NEW_ITEM-UNIT%5B1%5D=ST")
	documents := d.Documents(r.ID)
	if got := documents[len(documents)-1].Body; got != "b = 2\na = 1\nc = \nNEW_ITEM-UNIT[1] = ST\n" {
		t.Errorf("kept is %q", got)
	}
}

func TestRefusedFormsChangeNothing(t *testing.T) {
	for name, test := range map[string]struct{ body, want string }{
		"a gap in the indexes":          {together(screws(1), screws(3)), "item 2 is missing between the others"},
		"indexes from zero":             {together(screws(0)), `[0]" is no field of OCI`},
		"a decimal comma":               {together(screws(1, "PRICE", "1,183")), `item 1: PRICE "1,183" is not a number with up to three decimals`},
		"four decimals":                 {together(screws(1, "QUANTITY", "1.0001")), `QUANTITY "1.0001"`},
		"a negative price":              {together(screws(1, "PRICE", "-1")), `PRICE "-1"`},
		"a description of 41 letters":   {together(screws(1, "DESCRIPTION", strings.Repeat("e", 41))), "DESCRIPTION is longer than 40 characters"},
		"a unit of four":                {together(screws(1, "UNIT", "EACH")), "UNIT is longer than 3"},
		"a long cart's id":              {together(screws(1, "EXT_QUOTE_ID", strings.Repeat("c", 36))), "EXT_QUOTE_ID is longer than 35"},
		"a price for half a piece":      {together(screws(1, "PRICEUNIT", "0.5")), `PRICEUNIT "0.5"`},
		"a price for none":              {together(screws(1, "PRICEUNIT", "0")), `PRICEUNIT "0"`},
		"several currencies":            {together(screws(1), screws(2, "CURRENCY", "USD")), "several currencies"},
		"no currency of this world":     {together(screws(1, "CURRENCY", "EURO")), `"EURO" is not a currency`},
		"no unit":                       {together(screws(1, "UNIT", "")), "UNIT is missing"},
		"the same field twice":          {together(screws(1), screws(1)), "came twice"},
		"a spelling of the long text":   {together(screws(1)) + "&NEW_ITEM-LONGTEXT%5B1%5D%3A132=x", "is no field of OCI"},
		"half an escape":                {"NEW_ITEM-UNIT%5B1%5", "field 1 can't be read"},
		"a byte that Latin-1 leaves":    {"a=b&x=%80", "field 2: the byte 80 is no character of iso-8859-1"},
		"a reference where a sign lack": {together(screws(1, "DESCRIPTION", strings.Repeat("&#9731;", 6))), "DESCRIPTION is longer"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, srm)
			_, home := d.visit(t)
			r := d.brings(t, home, test.body)
			if !strings.Contains(r.Problem, test.want) {
				t.Errorf("the problem is %q, want %q in it", r.Problem, test.want)
			}
			if r.State != Draft || r.Cart != nil || !r.VisitOpen {
				t.Errorf("the requisition changed: %+v", r)
			}
			// Nothing is lost: the right form still comes home.
			if r = d.brings(t, home, together(screws(1))); r.State != CartHome || r.Problem != "" {
				t.Errorf("afterwards %s, %s", r.State, r.Problem)
			}
		})
	}
}

func TestTheReturnAddressIsTheVisitsOwn(t *testing.T) {
	d := newDesk(t, srm)
	first, home := d.visit(t)
	bare, _, _ := strings.Cut(home, "?")
	for _, address := range []string{bare, bare + "?uniqueid=", home + "x"} {
		if r := d.brings(t, address, together(screws(1))); r.State != Draft || !strings.Contains(r.Problem, "return address is not the one") {
			t.Errorf("%s: %s %q", address, r.State, r.Problem)
		}
	}
	if _, err := d.Shop(t.Context(), first.ID, "create"); err != nil {
		t.Fatal(err)
	}
	if r := d.brings(t, home, together(screws(1))); r.State != Draft {
		t.Error("the address of the earlier visit still takes a cart")
	}
	if r := d.brings(t, d.hook(t, first.ID), together(screws(1))); r.State != CartHome {
		t.Errorf("%s %s", r.State, r.Problem)
	}
	reply, err := http.Post(d.URL()+"return/PR-1?uniqueid=x", "application/x-www-form-urlencoded", strings.NewReader("a=b"))
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Body.Close()
	if reply.StatusCode != http.StatusNotFound {
		t.Errorf("a requisition that there isn't: HTTP %d", reply.StatusCode)
	}
}

func TestAFormWithoutItemsEndsTheVisit(t *testing.T) {
	d := newDesk(t, srm)
	_, home := d.visit(t)
	// Twice, in two visits: they end alike and are two all the same.
	for range 2 {
		r := d.brings(t, home, "~OkCode=ADDI")
		if r.State != Draft || r.VisitOpen || r.Problem != "" || r.Events[r.LastEvent()].Text != "Left Brackwater without a cart" {
			t.Fatalf("%+v", r)
		}
		if _, err := d.Shop(t.Context(), r.ID, "create"); err != nil {
			t.Fatal(err)
		}
		home = d.hook(t, r.ID)
	}
	r := d.brings(t, home, together(screws(1)))
	if _, err := d.Shop(t.Context(), r.ID, "create"); err != nil {
		t.Fatal(err)
	}
	home = d.hook(t, r.ID)
	if r = d.brings(t, home, ""); r.State != CartHome || r.VisitOpen || len(r.Cart.Lines) != 1 {
		t.Errorf("leaving took the cart away: %+v", r)
	}
}

func TestShoppingAgainReplacesTheCart(t *testing.T) {
	d := newDesk(t, srm)
	r, home := d.visit(t)
	d.brings(t, home, together(screws(1)))
	_, _, page := d.get(t, "/requisitions/"+r.ID)
	for _, want := range []string{"Shop again at Brackwater", "Approve and order €39.04", "t-el\">NEW_ITEM-PRICE[1]", "× €1.183 per 100 ST</span>", "Simulated, SRM-like"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing on the page", want)
		}
	}
	for _, other := range []string{"cXML", "BuyerCookie", "PunchOut", ">Edit the cart", ">Goods<", ">View the cart", "lets this cart"} {
		if strings.Contains(page, other) {
			t.Errorf("the page speaks of %q", other)
		}
	}
	for _, operation := range []string{"edit", "inspect"} {
		if _, err := d.Shop(t.Context(), r.ID, operation); !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", operation, err)
		}
	}
	if code, location := d.press(t, "/requisitions/"+r.ID+"/shop", url.Values{"operation": {"create"}}, "same-origin"); code != http.StatusSeeOther || location != d.URL()+"requisitions/"+r.ID+"/launch" {
		t.Fatalf("%d %s", code, location)
	}
	if _, _, page = d.get(t, "/requisitions/"+r.ID); !strings.Contains(page, "A visit for another cart is open.") || !strings.Contains(page, "OCI form</span>") {
		t.Error("the page does not say what is expected")
	}
	again := d.brings(t, d.hook(t, r.ID), together(screws(1, "QUANTITY", "100")))
	// 100 × 1.183 / 100 = 1.183.
	if again.State != CartHome || again.Cart.Goods.Value != "1.18" || again.Events[again.LastEvent()].Text != "Cart came home and replaced the earlier one" {
		t.Errorf("%+v", again.Cart)
	}
}

func TestLatin1IsReadByteByByte(t *testing.T) {
	d := newDesk(t, srm)
	_, home := d.visit(t)
	body := strings.Replace(together(screws(1)), "Machine+screw+M4+x+10%2C+stainless", "Schl%FCssel+f%FCr+M4+%D7+10%2C+%BD+Zoll", 1)
	r := d.brings(t, home, body)
	if r.Problem != "" || r.Cart.Lines[0].Name != "Schlüssel für M4 × 10, ½ Zoll" {
		t.Fatalf("came home as %+v %s", r.Cart, r.Problem)
	}
	if documents := d.Documents(r.ID); !strings.Contains(documents[len(documents)-1].Body, "= Schlüssel für M4 × 10, ½ Zoll\n") {
		t.Error("the raw fields are shown in another character set")
	}
	// The same bytes are none of UTF-8.
	d = newDesk(t, s4)
	_, home = d.visit(t)
	if r = d.brings(t, home, body); r.State != Draft || !strings.Contains(r.Problem, "the bytes are no UTF-8") {
		t.Errorf("%s %q", r.State, r.Problem)
	}
}

// priced answers VALIDATE with a page, and everything else as ever.
func (d *desk) priced(status int, fields url.Values) {
	var page strings.Builder
	page.WriteString(`<!doctype html><form method="post" action="x">`)
	for name, values := range fields {
		fmt.Fprintf(&page, "<input type=\"hidden\" name=\"%s\" value=\"%s\">\n", html.EscapeString(name), html.EscapeString(values[0]))
	}
	page.WriteString("</form>")
	d.supplier.answers(func(document string) (int, string) {
		if strings.Contains(document, "FUNCTION=VALIDATE") {
			return status, page.String()
		}
		return 0, ""
	})
}

func TestPricesAreAskedBeforeAnOrderLeaves(t *testing.T) {
	echo := url.Values{"~OkCode": {"ADDI"}}
	for name, test := range map[string]struct {
		status int
		fields url.Values
		want   string // in the problem; "" lets the order go
	}{
		"the same":                      {200, screws(1), ""},
		"written otherwise":             {200, screws(1, "PRICE", "01.183", "QUANTITY", "1"), ""},
		"dearer":                        {200, screws(1, "PRICE", "1.190"), "FAS-1050 costs €1.19 for 100 ST now, the cart says €1.183 for 100 ST: shop again."},
		"the same for fewer":            {200, screws(1, "PRICEUNIT", "10"), "€1.183 for 10 ST now"},
		"in another unit":               {200, screws(1, "UNIT", "BX"), "for 100 BX now"},
		"in another currency":           {200, screws(1, "CURRENCY", "USD"), "$1.183 for 100 ST now"},
		"not sold any more":             {200, echo, "FAS-1050 is not sold any more: shop again."},
		"another product":               {200, screws(1, "VENDORMAT", "FAS-1010"), "answer is not about FAS-1050"},
		"an answer that can't be read":  {200, screws(1, "PRICE", "1,183"), "can’t be read: item 1: PRICE"},
		"a login that is not taken":     {401, echo, "Brackwater answered HTTP 401 to the question for the price of FAS-1050."},
		"a redirect, which none follow": {303, screws(1), "HTTP 303"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, s4)
			r, home := d.visit(t)
			d.brings(t, home, together(screws(1)))
			d.priced(test.status, test.fields)
			_, err := d.Order(t.Context(), r.ID)
			r, _ = d.Requisition(r.ID)
			if test.want == "" {
				if err != nil || r.State != Ordered || !strings.Contains(d.supplier.last(), "<OrderRequest>") {
					t.Errorf("%v, %s", err, r.State)
				}
				return
			}
			if err == nil || r.State != CartHome || !strings.Contains(r.Problem, test.want) {
				t.Errorf("%s, the problem is %q, want %q in it", r.State, r.Problem, test.want)
			}
			for _, document := range d.supplier.documents() {
				if strings.Contains(document, "<OrderRequest>") {
					t.Error("an order left")
				}
			}
			// Shopping again is the way out.
			if _, _, page := d.get(t, "/requisitions/"+r.ID); !strings.Contains(page, "Shop again at Brackwater") {
				t.Error("there is no way out on the page")
			}
		})
	}
}

func TestNobodyAnswersTheQuestionForThePrice(t *testing.T) {
	d := newDesk(t, s4)
	r, home := d.visit(t)
	d.brings(t, home, together(screws(1)))
	d.supplier.Close()
	if _, err := d.Order(t.Context(), r.ID); err == nil {
		t.Fatal("an order left")
	}
	r, _ = d.Requisition(r.ID)
	if r.State != CartHome || r.Problem != "Brackwater could not be asked for the price of FAS-1050." {
		t.Errorf("%s %q", r.State, r.Problem)
	}
	documents := d.Documents(r.ID)
	if last := documents[len(documents)-1]; last.Type != "OCI VALIDATE" || last.Took <= 0 || last.Answer.Code != 0 {
		t.Errorf("the question is kept as %+v", last)
	}
}

// The password is on the page whose form takes it to the shop, and nowhere else.
func TestThePasswordIsOnTheLaunchPageOnly(t *testing.T) {
	d := newDesk(t, s4)
	r, home := d.visit(t)
	_, head, launch := d.get(t, "/requisitions/"+r.ID+"/launch")
	if strings.Count(launch, ociPassword) != 1 || head.Get("Cache-Control") != "no-store" || head.Get("Referrer-Policy") != "no-referrer" ||
		!strings.Contains(head.Get("Content-Security-Policy"), "form-action 'self' "+d.supplier.URL) {
		t.Errorf("the launch page: %v\n%s", head, launch)
	}
	// A shop that sends it back is masked as well.
	d.brings(t, home, together(screws(1), url.Values{"x": {ociPassword}}))
	fields := screws(1)
	fields.Set("echo", ociPassword)
	d.priced(200, fields)
	if _, err := d.Order(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	r, _ = d.Requisition(r.ID)
	types := map[string]int{}
	for _, document := range d.Documents(r.ID) {
		types[document.Type] += document.Masked
		_, _, page := d.get(t, "/requisitions/"+r.ID+"?doc="+document.ID)
		_, _, raw := d.get(t, "/requisitions/"+r.ID+"/documents/"+document.ID)
		if all := fmt.Sprintf("%+v", document) + page + raw; strings.Contains(all, ociPassword) {
			t.Errorf("%s shows the password", document.Type)
		}
	}
	if types["OCI start"] != 1 || types["OCI VALIDATE"] != 1 || types["OCI form"] != 1 {
		t.Errorf("masked: %v", types)
	}
	access := d.cfg.OCI
	written, _ := json.Marshal(access)
	if all := fmt.Sprintf("%v %s", *access, written); strings.Contains(all, ociPassword) {
		t.Errorf("the access prints its password: %s", all)
	}
	if _, _, page := d.get(t, "/"); strings.Contains(page, ociPassword) || !strings.Contains(page, "Connected by OCI 5.0") {
		t.Error("the first page of the desk")
	}
}

func TestALaunchPageIsThereWhileAVisitIsOpen(t *testing.T) {
	d := newDesk(t, srm)
	r, home := d.visit(t)
	d.brings(t, home, "")
	if code, _, page := d.get(t, "/requisitions/"+r.ID+"/launch"); code != http.StatusConflict || strings.Contains(page, ociPassword) {
		t.Errorf("after the visit: HTTP %d", code)
	}
	if code, _, _ := d.get(t, "/requisitions/PR-1/launch"); code != http.StatusNotFound {
		t.Errorf("without a requisition: HTTP %d", code)
	}
	other := newDesk(t, nil)
	q := other.carted(t)
	if code, _, _ := other.get(t, "/requisitions/"+q.ID+"/launch"); code != http.StatusNotFound {
		t.Errorf("at a buyer without OCI: HTTP %d", code)
	}
}

// Older interfaces know no product that can be added: they search for it.
func TestAVisitOpensWithAProduct(t *testing.T) {
	for _, test := range []struct {
		change func(*BuyerConfig)
		want   string
	}{{srm, "FUNCTION = SOURCING\nSEARCHSTRING = PPE-2010\n"}, {s4, "FUNCTION = DETAILADD\nPRODUCTID = PPE-2010\n"}} {
		d := newDesk(t, test.change)
		r, err := d.StartRequisition(t.Context(), "", "PPE-2010")
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Documents(r.ID)[0].Body; !strings.HasSuffix(got, test.want) {
			t.Errorf("the start is\n%s", got)
		}
	}
}
