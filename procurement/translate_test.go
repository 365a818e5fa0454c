package procurement_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

// How what an order says becomes our own words, where the reference's samples don't show it.

func tax(amount string) string {
	return `<Tax><Money currency="USD">` + amount + `</Money><Description xml:lang="en">Tax</Description></Tax>`
}

const (
	firstUnit  = "<UnitOfMeasure>MTR</UnitOfMeasure>"
	secondUnit = "<UnitOfMeasure>EA</UnitOfMeasure>"
)

func basis(quantity, factor string) string {
	return `<PriceBasisQuantity quantity="` + quantity + `" conversionFactor="` + factor + `"><UnitOfMeasure>EA</UnitOfMeasure></PriceBasisQuantity>`
}

func TestWhatAnOrderComesTo(t *testing.T) {
	tests := []struct {
		name  string
		pairs []string
		want  string // goods, tax, shipping
	}{
		{"as it is", nil, "45.00 0.00 0.00"},
		{"the header's tax", []string{"</Total>", "</Total>" + tax("2.10")}, "45.00 2.10 0.00"},
		{"the header's tax, not the lines' beside it", []string{"</Total>", "</Total>" + tax("2.10"), "</ItemDetail>", "</ItemDetail>" + tax("9.00")}, "45.00 2.10 0.00"},
		{"the lines' taxes without a header's", []string{"</ItemDetail></ItemOut>\n<ItemOut", "</ItemDetail>" + tax("1.25") + "</ItemOut>\n<ItemOut",
			"</ItemDetail></ItemOut>\n</Order", "</ItemDetail>" + tax("2.50") + "</ItemOut>\n</Order"}, "45.00 3.75 0.00"},
		{"an empty tax is none", []string{"</Total>", "</Total>" + tax("")}, "45.00 0.00 0.00"},
		{"a price per hundred", []string{secondUnit, secondUnit + basis("100", "1"), `quantity="2"`, `quantity="250"`}, "52.50 0.00 0.00"},
		// A dozen ordered at a price per piece: 2 × 12 × 15.00.
		{"a dozen", []string{secondUnit, "<UnitOfMeasure>DZN</UnitOfMeasure>" + basis("1", "12")}, "375.00 0.00 0.00"},
		// 2 × 7 ÷ 3 × 15.00
		{"a factor and a basis", []string{secondUnit, secondUnit + basis("3", "7")}, "85.00 0.00 0.00"},
		// The group says that it carries the price: 2 × 15.00; its part has one as well.
		{"a group with the price", []string{`lineNumber="2"`, `lineNumber="2" itemType="composite" compositeItemType="groupLevel"`,
			`lineNumber="1"`, `lineNumber="1" itemType="item" parentLineNumber="2"`}, "30.00 0.00 0.00"},
		{"a group whose parts have it", []string{`lineNumber="2"`, `lineNumber="2" itemType="composite" compositeItemType="itemLevel"`,
			`lineNumber="1"`, `lineNumber="1" itemType="item" parentLineNumber="2"`}, "15.00 0.00 0.00"},
		{"nothing for nothing", []string{`quantity="2"`, `quantity="0"`}, "15.00 0.00 0.00"},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range tests {
			merchant := r.merchant("live")
			r.connect(merchant, fixture())
			a := r.post(merchant, po("p1", "A-1", test.pairs...))
			if a.code != 200 {
				t.Errorf("%s: %d %s", test.name, a.code, a.detail)
				continue
			}
			v := r.order(merchant, "A-1").Version
			if got := v.Goods.Text() + " " + v.Tax.Text() + " " + v.Freight.Text(); got != test.want || r.held(merchant) != v.Total.Text() {
				t.Errorf("%s: comes to %s, held %s; want %s", test.name, got, r.held(merchant), test.want)
			}
		}
	})
}

// What an order says beside its amounts is kept, for the people and papers that come later.
func TestWhatAnOrderSaysIsKept(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		r.wantCodes(merchant, []int{200}, po("p1", "A-1",
			`type="new"`, `type="new" orderType="blanket" effectiveDate="2026-03-02T00:00:00-05:00" expirationDate="2026-12-31T00:00:00-05:00" releaseRequired="yes" agreementID="MA-1"`,
			"</Total>", `</Total><ControlKeys><OCInstruction value="notAllowed"/></ControlKeys><Extrinsic name="plant">7</Extrinsic><Extrinsic name="plant">8</Extrinsic>`,
			"<ItemDetail><UnitPrice><Money currency=\"USD\">5.00</Money></UnitPrice>", "<BlanketItemDetail><MaxAmount><Money currency=\"USD\">30.00</Money></MaxAmount>",
			"</ItemDetail></ItemOut>\n<ItemOut", `</BlanketItemDetail></ItemOut>`+"\n<ItemOut",
			`<Classification domain="UNSPSC">31162600<`, `<Classification domain="UNSPSC" code="31162601">Hooks<`))
		v := r.order(merchant, "A-1").Version
		h := v.Header
		if h.Effective != "2026-03-02T00:00:00-05:00" || h.Expires != "2026-12-31T00:00:00-05:00" || !h.ReleaseRequired || !h.Silence || h.AgreementID != "MA-1" ||
			h.PayloadID != "p1" || len(h.Extrinsics) != 2 || h.Extrinsics[1] != (orders.Pair{Name: "plant", Value: "8"}) || h.Blanket == nil || h.Blanket.String() != "45.00" {
			t.Errorf("the header is %+v", h)
		}
		if l := v.Lines[0]; l.Most == nil || l.Most.String() != "30.00" || l.Name != "Rope" || l.UNSPSC != "31151500" || l.Unit != "MTR" {
			t.Errorf("the first line is %+v", l)
		}
		if got := v.Lines[1].UNSPSC; got != "31162601" {
			t.Errorf("a code beside words is read as %q", got)
		}
		if got := r.held(merchant); got != "0.00" {
			t.Errorf("a blanket order holds %s", got)
		}
	})
}

func TestAnAttachmentOfALineIsMissed(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		a := r.post(merchant, po("p1", "A-1", `</ItemDetail></ItemOut>`+"\n</Order", `</ItemDetail><Comments xml:lang="en">See<Attachment><URL>cid:plan@b.example</URL></Attachment></Comments></ItemOut>`+"\n</Order"))
		if a.code != 200 || !strings.Contains(a.detail, "plan@b.example is missing") {
			t.Errorf("%d %s", a.code, a.detail)
		}
		if got := flags(r.order(merchant, "A-1")); got != "attachment_missing 2, product_unknown 1, product_unknown 2" {
			t.Errorf("flags %q", got)
		}
	})
}

func TestAnInternalVersionChangesNothing(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		r.wantCodes(merchant, []int{200}, po("p1", "A-1"))
		before := r.counts(merchant, "documents", "inbox")
		a := r.post(merchant, po("p2", "A-1", `type="new"`, `type="update" orderVersion="2" isInternalVersion="yes"`, `quantity="2"`, `quantity="9"`))
		if d := changed(before, r.counts(merchant, "documents", "inbox")); a.code != 200 || d != "" || r.held(merchant) != "45.00" {
			t.Errorf("%d %s; changed: %s", a.code, a.detail, d)
		}
	})
}

// A refusal names every line (some systems drop one that doesn't), in the order's own units; what
// came without a payloadID can't be referred to, and says so instead of being tried for a day.
func TestARefusalNamesEveryLine(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		buyer := newReceiver(t)
		connect := func() string {
			merchant := r.merchant("live")
			l := fixture()
			l.noCredit, l.limits, l.overLimit = false, nil, "refuse"
			l.settings.Refused, l.settings.OrdersURL = "confirmation", buyer.URL+"/"+merchant
			r.connect(merchant, l)
			return merchant
		}
		dear := []string{`quantity="2"`, `quantity="99999999"`}
		merchant := connect()
		r.wantCodes(merchant, []int{200}, po("p1", "A-1", append(dear, secondUnit, "")...))
		r.deliver()
		bodies := buyer.of("/" + merchant)
		if said(t, bodies) != "reject 2 of p1" {
			t.Fatalf("went out: %s", said(t, bodies))
		}
		items := parseSent(t, bodies[0]).Request.Confirmation.Item
		if items[0].Line != 1 || items[0].Quantity != "3" || items[1].Line != 2 || items[1].Quantity != "99999999" ||
			!strings.Contains(string(bodies[0]), firstUnit) || !strings.Contains(string(bodies[0]), secondUnit) {
			t.Errorf("it is\n%s", bodies[0])
		}

		merchant = connect()
		r.wantCodes(merchant, []int{200}, change(string(po("p1", "A-1", dear...)), ` payloadID="p1"`, ""))
		r.deliver()
		list := r.deliveries(merchant, "A-1")
		if len(list) != 1 || list[0].State != "skipped" || len(buyer.of("/"+merchant)) != 0 {
			t.Errorf("deliveries: %+v", list)
		}
	})
}

// The event keeps the order of its moment; what is sent comes from it, not from what the order has
// become since.
func TestWhatGoesOutIsOfItsMoment(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		buyer := newReceiver(t)
		merchant := r.merchant("live")
		l := fixture()
		l.settings.Confirm, l.settings.OrdersURL = "on_approval", buyer.URL+"/x"
		r.connect(merchant, l)
		buyer.answer("/x", func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) })
		r.wantCodes(merchant, []int{200, 200}, po("p1", "A-1"), po("p2", "A-1", `type="new"`, `type="update"`, `quantity="2"`, `quantity="1"`))
		for range 4 {
			r.deliver()
			r.clock.Advance(time.Hour)
		}
		// The first is tried again before the second goes out.
		if got := said(t, buyer.of("/x")); got != "accept of p1, accept of p1, accept of p2" {
			t.Errorf("went out: %s", got)
		}
		list, err := outbox.Of(r.ctx, r.db, merchant, r.order(merchant, "A-1").ID)
		if err != nil {
			t.Fatal(err)
		}
		for i, total := range []string{"45.00", "30.00"} {
			var o orders.Order
			if err := json.Unmarshal([]byte(list[i].Payload), &o); err != nil {
				t.Fatal(err)
			}
			if o.Version.Total.Text() != total {
				t.Errorf("event %d is of an order for %s", i+1, o.Version.Total)
			}
		}
	})
}
