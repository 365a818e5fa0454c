package procurement_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/procurement"
)

// asking is another request than an order of the fixture's buyer.
func asking(payload, request string) []byte {
	return change(orderText[:strings.Index(orderText, "<OrderRequest>")]+request+"</Request></cXML>", "PAYLOAD", payload)
}

func statusOf(payload, reference string) []byte {
	return asking(payload, `<OrderStatusRequest><OrderStatusRequestHeader orderStatusRequestID="Q1" orderStatusRequestDate="2026-03-06T09:00:00-05:00">`+
		reference+`<Contact role="buyer"><Name xml:lang="en">B</Name></Contact></OrderStatusRequestHeader></OrderStatusRequest>`)
}

func orderReference(number, payload string) string {
	return `<OrderReference orderID="` + number + `"><DocumentReference payloadID="` + payload + `"/></OrderReference>`
}

// The row of the acceptance table with a confirmation that was sent.
func TestAnOrderStatusRequestBringsTheSameConfirmation(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		buyer := newReceiver(t)
		merchant := r.buy("buyer", func(l *link) {
			l.settings.Confirm, l.settings.OrdersURL, l.secretOut = "on_approval", buyer.URL+"/orders", "our word"
		})
		r.wantCodes(merchant, []int{200}, sample(t, "order-new-full.xml"))
		r.deliver()
		first := buyer.of("/orders")
		if len(first) != 1 {
			t.Fatalf("%d documents were sent", len(first))
		}
		order, versions := describe(r.order(merchant, "PO-10002")), r.order(merchant, "PO-10002").RowVersion
		before := r.counts(merchant, "documents")
		body := sample(t, "orderstatusrequest.xml")
		a := r.post(merchant, body)
		if a.code != 200 || !strings.Contains(a.detail, "sent once more") {
			t.Errorf("%d %s", a.code, a.detail)
		}
		d := r.kept(merchant, payloadIDOf(t, body))
		o := r.order(merchant, "PO-10002")
		if d.Object != o.ID || d.Status != 200 {
			t.Errorf("kept under %q with %d", d.Object, d.Status)
		}
		if describe(o) != order || o.RowVersion != versions || r.held(merchant) != "96.57" {
			t.Error("the order is changed:", describe(o))
		}
		if d := changed(before, r.counts(merchant, "documents")); d != "inbox +1" {
			t.Error("changed:", d)
		}
		if list := r.deliveries(merchant, "PO-10002"); len(list) != 1 || list[0].State != "ready" {
			t.Errorf("the deliveries are %v", list)
		}
		// Asked again while it waits, also by the same document: it goes out once.
		r.wantCodes(merchant, []int{200, 200}, body, edited(t, body, "1718000800.1@", "1718000800.2@"))
		r.deliver()
		again := buyer.of("/orders")
		if len(again) != 1 || !bytes.Equal(again[0], first[0]) {
			t.Errorf("sent %q, want once\n%s", again, first[0])
		}
		// Asked once more after that, it goes out once more; a repeat of the first question doesn't ask.
		r.wantCodes(merchant, []int{200, 200}, edited(t, body, "1718000800.1@", "1718000800.3@"), body)
		r.deliver()
		if third := buyer.of("/orders"); len(third) != 1 || !bytes.Equal(third[0], first[0]) {
			t.Errorf("sent %q", third)
		}
		r.wantCodes(merchant, []int{200}, body)
		r.deliver()
		if more := buyer.of("/orders"); len(more) != 0 {
			t.Errorf("a repeated question sent %q", more)
		}
	})
}

func TestWhatAnOrderStatusRequestFinds(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		buyer := newReceiver(t)
		merchant := r.merchant("live")
		l := fixture()
		l.settings.Confirm, l.settings.OrdersURL = "on_approval", buyer.URL+"/fixture"
		r.connect(merchant, l)
		other := link{from: []procurement.Identity{id("DUNS", "700000002")}, secret: fixtureSecret, settings: acceptAndFlag(), name: "Other"}
		r.connect(merchant, other)
		r.wantCodes(merchant, []int{200}, po("p1", "A-1"))
		asked := 0
		ask := func(name, reference string, code int, says string, change ...string) {
			t.Helper()
			asked++
			body := statusOf(fmt.Sprint("q", asked), reference)
			for i := 0; i < len(change); i += 2 {
				body = bytes.ReplaceAll(body, []byte(change[i]), []byte(change[i+1]))
			}
			if a := r.post(merchant, body); a.code != code || !strings.Contains(a.detail, says) {
				t.Errorf("%s: %d %q, want %d with %q", name, a.code, a.detail, code, says)
			}
		}
		sent := func(name, want string) {
			t.Helper()
			r.deliver()
			if got := said(t, buyer.of("/fixture")); got != want {
				t.Errorf("%s: sent %q, want %q", name, got, want)
			}
		}
		ask("not sent yet", orderReference("A-1", "p1"), 200, "was sent yet")
		sent("not sent yet", "accept of p1")
		ask("by number in other letters", orderReference("a-1", ""), 200, "sent once more")
		ask("at once again", orderReference("A-1", ""), 200, "is on its way")
		sent("by number in other letters", "accept of p1")
		ask("by the document only", orderReference("", "p1"), 200, "sent once more")
		sent("by the document only", "accept of p1")
		ask("by OrderIDInfo", `<OrderIDInfo orderID="A-1"/>`, 200, "sent once more")
		sent("by OrderIDInfo", "accept of p1")
		ask("an unknown number", orderReference("A-2", "p1"), 417, "A-2 is not known")
		ask("an unknown document", orderReference("", "p2"), 417, "p2 is not known")
		ask("another's order", orderReference("A-1", "p1"), 417, "A-1 is not known", "700000001", "700000002")
		ask("another's document", orderReference("", "p1"), 417, "p1 is not known", "700000001", "700000002")
		ask("nothing", orderReference("", ""), 400, "OrderReference")
		sent("what isn't found", "")

		// What the buyer refused stays visible as given up and isn't forced on it.
		ask("refused", orderReference("A-1", ""), 200, "sent once more")
		buyer.answer("/fixture", status(417))
		sent("refused", "accept of p1")
		ask("given up", orderReference("A-1", ""), 200, "could not be delivered")
		sent("given up", "")

		// The newest counts: an older one would tell what doesn't hold any more.
		r.wantCodes(merchant, []int{200}, po("p2", "A-1", `type="new"`, `type="update" orderVersion="2"`, `quantity="3"`, `quantity="2"`))
		ask("a change that is not told yet", orderReference("A-1", ""), 200, "was sent yet")
		sent("a change that is not told yet", "accept of p2")
		ask("a change", orderReference("A-1", ""), 200, "sent once more")
		sent("a change", "accept of p2")
		r.wantCodes(merchant, []int{200}, po("p3", "A-1", `type="new"`, `type="delete" orderVersion="3"`))
		r.deliver()
		buyer.of("/fixture")
		ask("a cancelled one", orderReference("A-1", ""), 200, "is cancelled")
		sent("a cancelled one", "")
	})
}

const receiptStart = `<ReceiptRequest><ReceiptRequestHeader receiptID="R-7" receiptDate="2026-03-09T13:00:00-05:00"/>`

func receiptOf(reference string, items ...string) string {
	return `<ReceiptOrder><ReceiptOrderInfo>` + reference + `</ReceiptOrderInfo>` + strings.Join(items, "") + `</ReceiptOrder>`
}

func received(quantity string, line int, more, amount string) string {
	return fmt.Sprintf(`<ReceiptItem quantity="%s" receiptLineNumber="1"%s><ReceiptItemReference lineNumber="%d"/><UnitRate><Money currency="USD">5.00</Money><UnitOfMeasure>MTR</UnitOfMeasure></UnitRate><ReceivedAmount><Money currency="USD">%s</Money></ReceivedAmount></ReceiptItem>`,
		quantity, more, line, amount)
}

func TestReceiptsAreKeptAndChangeNothing(t *testing.T) {
	total := `<Total><Money currency="USD">1</Money></Total></ReceiptRequest>`
	tests := []struct {
		name, request string
		code          int
		linked        bool
		says          string
	}{
		{"two lines and what went back", receiptStart + receiptOf(orderReference("A-1", "p1"), received("2.5", 1, "", "12.50"), received("1", 2, ` type="returned"`, "15.00")) + total,
			200, true, "Order A-1 line 1: 2.5 MTR received, 12.50 USD. Order A-1 line 2: 1 MTR returned, 15.00 USD."},
		{"a line that isn't there", receiptStart + receiptOf(orderReference("A-1", "p1"), received("1", 9, "", "5.00")) + total,
			200, true, "line 9: 1 MTR received, 5.00 USD (the order has no such line)"},
		{"by the document only", receiptStart + receiptOf(orderReference("", "p1"), received("1", 1, "", "5.00")) + total, 200, true, "Order A-1 line 1: 1 MTR received"},
		{"the second order is known", receiptStart + receiptOf(orderReference("A-9", "p9"), received("1", 1, "", "5.00")) + receiptOf(orderReference("A-1", "p1"), received("3", 1, "", "15.00")) + total,
			200, true, "The order A-9 is not known here. Order A-1 line 1: 3 MTR received"},
		{"taken back", strings.Replace(receiptStart, "receiptDate", `operation="delete" receiptDate`, 1) + receiptOf(orderReference("A-1", "p1"), received("3", 1, "", "15.00")) + total,
			200, true, "The receipt R-7 is taken back."},
		{"an unknown order", receiptStart + receiptOf(orderReference("A-9", "p9"), received("1", 1, "", "5.00")) + total, 200, false, "The order A-9 is not known here."},
		{"many lines", receiptStart + receiptOf(orderReference("A-1", "p1"), strings.Repeat(received("1", 1, "", "5.00"), 500)) + total, 200, true, "lines more."},
		{"many orders", receiptStart + strings.Repeat(receiptOf(orderReference("A-1", "p1"), received("1", 1, "", "5.00")), 201) + total, 400, false, "200 orders at most"},
		{"no order", receiptStart + total, 400, false, "ReceiptOrder"},
		{"no quantity", receiptStart + receiptOf(orderReference("A-1", "p1"), strings.Replace(received("1", 1, "", "5.00"), `quantity="1"`, "", 1)) + total, 400, false, "quantity is missing"},
		{"a quantity that is no number", receiptStart + receiptOf(orderReference("A-1", "p1"), received("1,5", 1, "", "5.00")) + total, 400, false, "quantity"},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.merchant("live")
				r.connect(merchant, fixture())
				r.wantCodes(merchant, []int{200}, po("p1", "A-1"))
				untouched, before := r.stateOf(merchant, "A-1"), r.counts(merchant, "documents", "inbox")
				a := r.post(merchant, asking("r1", test.request))
				if a.code != test.code || !strings.Contains(a.detail, test.says) || len(a.detail) > 2200 {
					t.Errorf("%d %q, want %d with %q", a.code, a.detail, test.code, test.says)
				}
				d := r.kept(merchant, "r1")
				if linked := d.Object == r.order(merchant, "A-1").ID; linked != test.linked || (!linked && d.Object != "") {
					t.Errorf("kept under %q", d.Object)
				}
				if d.Status != test.code || !strings.Contains(d.Note, test.says) {
					t.Errorf("kept with %d %q", d.Status, d.Note)
				}
				if now := r.stateOf(merchant, "A-1"); now != untouched {
					t.Errorf("the order was\n%s\nand is\n%s", untouched, now)
				}
				if d := changed(before, r.counts(merchant, "documents", "inbox")); d != "" {
					t.Error("changed:", d)
				}
			})
		}
		// The table's row, alone: the order is unknown.
		merchant := r.merchant("live")
		r.connect(merchant, links()["buyer"])
		body := sample(t, "receiptrequest.xml")
		if a := r.post(merchant, body); a.code != 200 || !strings.Contains(r.kept(merchant, payloadIDOf(t, body)).Note, "PO-10002 is not known") {
			t.Errorf("alone: %d %s", a.code, a.detail)
		}
	})
}

// A copy holds a whole document, an order too: it is kept without its secret and card, and makes
// no order.
func TestACopyIsNotExecuted(t *testing.T) {
	inside := orderText[strings.Index(orderText, "<cXML"):]
	inside = string(change(inside, "PAYLOAD", "inner-1", "NUMBER", "A-1", "tide&amp;lantern", "inner-secret",
		"<Total>", `<Payment><PCard number="4111111111111111" expiration="2030-01-01"/></Payment><Total>`))
	attached := func(url string) string {
		return `<cXMLAttachment><Attachment><URL>` + url + `</URL></Attachment></cXMLAttachment>`
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for i, test := range []struct {
			name, request string
			code          int
			says          string
		}{
			{"an order inside", `<CopyRequest>` + inside + `</CopyRequest>`, 200, "(info); nothing of it is executed. It is a copy of OrderRequest inner-1."},
			{"process", `<CopyRequest processingMode="process">` + inside + `</CopyRequest>`, 200, "(process); nothing of it is executed"},
			{"copy", `<CopyRequest processingMode="copy">` + inside + `</CopyRequest>`, 200, "(copy); nothing of it is executed"},
			{"without an address", `<CopyRequest processingMode="info">` + attached("") + `</CopyRequest>`, 200, "The attachment without an address is missing."},
			{"by cid", `<CopyRequest processingMode="info">` + attached("cid:d1@buyer.example") + `</CopyRequest>`, 200, "The attachment d1@buyer.example is missing."},
			{"another mode", `<CopyRequest processingMode="run">` + inside + `</CopyRequest>`, 400, "processingMode"},
			{"nothing inside", `<CopyRequest/>`, 400, "no document in it"},
		} {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.merchant("live")
				r.connect(merchant, fixture())
				before := r.counts(merchant, "documents", "inbox")
				payload := fmt.Sprint("c", i)
				a := r.post(merchant, asking(payload, test.request))
				if a.code != test.code || !strings.Contains(a.detail, test.says) {
					t.Errorf("%d %q, want %d with %q", a.code, a.detail, test.code, test.says)
				}
				if d := changed(before, r.counts(merchant, "documents", "inbox")); d != "" {
					t.Error("changed:", d)
				}
				if d := r.kept(merchant, payload); d.Object != "" || d.Type != "CopyRequest" || !strings.Contains(d.Note, test.says) {
					t.Errorf("kept as %+v", d)
				}
			})
		}
		r.expose("inner-1", "inner-secret", "4111111111111111", fixtureSecret)
	})
}

// What came in the same message is not called missing.
func TestACopyRequestKnowsItsAttachments(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		request := "<CopyRequest><cXMLAttachment>"
		for _, address := range []string{"cid:came%201@buyer.example", "cid:lost@buyer.example", "plan.pdf"} {
			request += "<Attachment><URL>" + address + "</URL></Attachment>"
		}
		body := related(asking("c1", request+"</cXMLAttachment></CopyRequest>"), "Content-ID: <came 1@buyer.example>\r\n\r\nx")
		a := r.postAs(merchant, relatedType, body)
		for _, want := range []string{"came 1@buyer.example is kept.", "lost@buyer.example is missing.", "plan.pdf is missing."} {
			if a.code != 200 || !strings.Contains(a.detail, want) {
				t.Errorf("%d %q doesn't say %q", a.code, a.detail, want)
			}
		}
		if n := r.counts(merchant)["attachments"]; n != 1 {
			t.Errorf("%d attachments", n)
		}
	})
}

// A server that is reached by an IPv6 address makes whole ids, too.
func TestAnIDEndsInTheHostOfTheServer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		for address, host := range map[string]string{"https://kontor.example.net/b2b": "kontor.example.net", "http://127.0.0.1:8080": "127.0.0.1", "http://[2001:db8::7]:8080": "2001:db8::7"} {
			m.service.PublicURL = address
			answer, err := m.receive([]byte("nothing"))
			if err != nil || !strings.Contains(string(answer.raw), "@"+host+`"`) {
				t.Errorf("%s: %v\n%s", address, err, answer.raw)
			}
		}
	})
}
