package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kontorhq/kontor/client"
)

// orderWith is a purchase order in MIME with two files: a page with script in it, and a file whose
// name would break a header. Its comments name people and places.
func orderWith(number string, files ...string) string {
	head, _, _ := strings.Cut(strings.ReplaceAll(setUp, "%ID%", number), "<PunchOutSetupRequest")
	address := func(id, name string) string {
		return `<ShipTo><Address isoCountryCode="US" addressID="` + id + `"><Name xml:lang="en">` + name + `</Name><PostalAddress><DeliverTo>Dock 3</DeliverTo><Street>1 Example Street</Street><City>Example</City><State>OR</State><PostalCode>97001</PostalCode><Country isoCountryCode="US">United States</Country></PostalAddress></Address></ShipTo>`
	}
	item := func(line, more string) string {
		return `<ItemOut quantity="10" lineNumber="` + line + `"><ItemID><SupplierPartID>PPE-2010</SupplierPartID></ItemID><ItemDetail><UnitPrice><Money currency="USD">8.10</Money></UnitPrice><Description xml:lang="en">Gloves</Description><UnitOfMeasure>BX</UnitOfMeasure><Classification domain="UNSPSC">46181504</Classification></ItemDetail>` + more + `</ItemOut>`
	}
	order := head + `<OrderRequest><OrderRequestHeader orderID="` + number + `" orderDate="2026-03-10" type="new" requisitionID="REQ-1" requestedDeliveryDate="2026-03-20"><Total><Money currency="USD">162.00</Money></Total>` +
		address("S-1", "Receiving") + `<Comments>Ring at the gate<Attachment><URL>cid:a@b</URL></Attachment></Comments></OrderRequestHeader>` +
		item("1", "") + item("2", address("S-2", "Annex")+"<Comments>No substitute</Comments>") + `</OrderRequest></Request></cXML>`
	message := "--part\r\nContent-Type: text/xml; charset=UTF-8\r\n\r\n" + order + "\r\n"
	for i, name := range files {
		message += fmt.Sprintf("--part\r\nContent-Type: text/html\r\nContent-ID: <%c@b>\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"%s\"\r\n\r\n%s\r\n",
			'a'+i, name, base64.StdEncoding.EncodeToString([]byte(hostilePage)))
	}
	return message + "--part--\r\n"
}

const hostilePage = "<html><script>alert(1)</script>\x00\xff</html>"

// receive sends a document as a buyer's system does; it must be taken.
func (w *world) receive(contentType, body string) {
	w.t.Helper()
	if answer := string(w.service.Receive(w.t.Context(), "brackwater", contentType, []byte(body))); !strings.Contains(answer, `code="200"`) {
		w.t.Fatal(answer)
	}
}

func (w *world) orderNumbered(number string) client.Order {
	w.t.Helper()
	list := must[client.Page[client.Order]](w.t)(w.Orders(w.t.Context(), client.OrderQuery{Number: number}))
	if len(list.Items) != 1 {
		w.t.Fatalf("%d orders %s", len(list.Items), number)
	}
	return must[client.Order](w.t)(w.Order(w.t.Context(), list.Items[0].ID))
}

func TestTheFilesOfAnOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		const mime = `multipart/related; boundary=part; type="text/xml"`
		w.receive(mime, orderWith("A-1", "Pläne 1.html", "../../etc/passwd"))
		w.receive(mime, orderWith("A-2", ""))
		w.receive(mime, orderWith("A-3"))
		first, second, third := w.orderNumbered("A-1"), w.orderNumbered("A-2"), w.orderNumbered("A-3")
		files := must[[]client.Attachment](t)(w.Attachments(ctx, first.ID))
		if len(files) != 2 || files[0].Name != "Pläne 1.html" || files[0].ContentID != "a@b" || files[0].MediaType != "text/html" || files[0].Size != int64(len(hostilePage)) ||
			files[0].SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte(hostilePage))) || files[1].DocumentID != files[0].DocumentID || files[1].ID == files[0].ID {
			t.Fatalf("%+v", files)
		}
		for _, f := range files {
			if got, err := w.Attachment(ctx, first.ID, f.ID); err != nil || string(got) != hostilePage {
				t.Errorf("%s: %q, %v", f.ID, got, err)
			}
		}
		nameless := must[[]client.Attachment](t)(w.Attachments(ctx, second.ID))
		if none := must[[]client.Attachment](t)(w.Attachments(ctx, third.ID)); len(none) != 0 || len(nameless) != 1 {
			t.Errorf("%v, %v", none, nameless)
		}
		for _, test := range []struct{ path, disposition string }{
			{first.ID + "/attachments/" + files[0].ID, "attachment; filename*=utf-8''Pl%C3%A4ne%201.html"},
			{second.ID + "/attachments/" + nameless[0].ID, "attachment; filename=attachment-1"},
		} {
			got := w.call(http.MethodGet, "/v1/orders/"+test.path, "")
			if got.status != http.StatusOK || got.body != hostilePage || got.head.Get("Content-Type") != "application/octet-stream" || got.head.Get("Content-Disposition") != test.disposition ||
				len(got.head.Values("X-Content-Type-Options")) != 1 || got.head.Get("X-Content-Type-Options") != "nosniff" ||
				got.head.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || got.head.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %q %v", test.path, got.status, got.body, got.head)
			}
		}
		// One order's file is no other's, one merchant's is no other's, and nobody gets one without a key.
		document := files[0].DocumentID
		for _, path := range []string{second.ID + "/attachments/" + files[0].ID, first.ID + "/attachments/" + document + "-3", first.ID + "/attachments/" + document + "-0",
			first.ID + "/attachments/" + document, first.ID + "/attachments/" + document + "-1x", first.ID + "/attachments/x-1", first.ID + "/attachments/" + document + "-99999999999999999999",
			"ord_none/attachments", "ord_01j5x2v9t4e8s7c6b3n2m1k0hz/attachments", "ord_none/attachments/" + files[0].ID} {
			if got := w.call(http.MethodGet, "/v1/orders/"+path, ""); got.status != http.StatusNotFound || got.problem(t).Detail == "" {
				t.Errorf("%s: %d %s", path, got.status, got.body)
			}
		}
		for _, path := range []string{first.ID + "/attachments", first.ID + "/attachments/" + files[0].ID} {
			if got := w.call(http.MethodGet, "/v1/orders/"+path, "", "Authorization", "Bearer "+otherKey); got.status != http.StatusNotFound {
				t.Errorf("%s for another merchant: %d %s", path, got.status, got.body)
			}
			if got := w.call(http.MethodGet, "/v1/orders/"+path, "", "Authorization", ""); got.status != http.StatusUnauthorized {
				t.Errorf("%s for a stranger: %d %s", path, got.status, got.body)
			}
		}
	})
}

// Who delivers an order needs to know where to, by when, and what the buyer wrote.
func TestAnOrderSaysWhereItGoes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.receive(`multipart/related; boundary=part; type="text/xml"`, orderWith("A-1"))
		o := w.orderNumbered("A-1")
		place := func(id, name string) *client.OrderPlace {
			return &client.OrderPlace{ID: id, Name: name, DeliverTo: []string{"Dock 3"}, Street: []string{"1 Example Street"}, City: "Example", Region: "OR", PostalCode: "97001", Country: "US"}
		}
		if diff := cmp.Diff(place("S-1", "Receiving"), o.ShipTo) + cmp.Diff([]string{"Ring at the gate"}, o.Comments) + cmp.Diff("2026-03-20", o.RequestedDelivery) + cmp.Diff("REQ-1", o.RequisitionID); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(place("S-2", "Annex"), o.Lines[1].ShipTo) + cmp.Diff([]string{"No substitute"}, o.Lines[1].Comments); diff != "" || o.Lines[0].ShipTo != nil || len(o.Lines[0].Comments) != 0 {
			t.Errorf("%s\n%+v", diff, o.Lines[0])
		}
	})
}
