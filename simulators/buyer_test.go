package simulators

import (
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

func TestCartComesHomeInBothEncodings(t *testing.T) {
	for name, form := range map[string]func(string) url.Values{
		"base64":               in64,
		"base64, another case": func(s string) url.Values { return url.Values{"CXML-Base64": in64(s)["cxml-base64"]} },
		"urlencoded":           func(s string) url.Values { return url.Values{"cxml-urlencoded": {ascii(s)}} },
		"urlencoded, another":  func(s string) url.Values { return url.Values{"cXML-urlencoded": {ascii(s)}} },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			r, err := d.StartRequisition(t.Context(), "Second requester", "")
			if err != nil {
				t.Fatal(err)
			}
			if want := d.supplier.URL + "/m/brackwater/p/token?a=1&b=2"; r.StartPage != want || r.State != Draft || !r.VisitOpen {
				t.Fatalf("start page %q, state %s", r.StartPage, r.State)
			}
			// Through the browser's door, as a form, not through the method.
			values := form(orderMessageText(d.cookie(), "1242.13", "90.05", cartN))
			client := d.server.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			reply, err := client.PostForm(d.server.URL+"/buyers/northfold/return/"+r.ID, values)
			if err != nil {
				t.Fatal(err)
			}
			_ = reply.Body.Close()
			if reply.StatusCode != http.StatusSeeOther {
				t.Fatalf("HTTP %d", reply.StatusCode)
			}
			r, _ = d.Requisition(r.ID)
			if r.State != CartHome || len(r.Cart.Lines) != 5 || r.VisitOpen {
				t.Fatalf("%s: %s", r.State, r.Problem)
			}
			if r.Cart.Lines[4].Description != cartN[4].description || r.Cart.Lines[2].AuxiliaryID != "crt_01-3" {
				t.Errorf("line 5 came home as %+v", r.Cart.Lines[4])
			}
			if got := FormatMoney(r.Cart.Sum()); got != "$1,332.18" {
				t.Errorf("sum %s", got)
			}
		})
	}
}

func TestRefusedCartsChangeNothing(t *testing.T) {
	good := func(d *desk) string { return orderMessageText(d.cookie(), "1242.13", "90.05", cartN) }
	tests := []struct {
		name string
		form func(d *desk) url.Values
		want string
	}{
		{"wrong cookie", func(d *desk) url.Values {
			return in64(strings.Replace(good(d), "<BuyerCookie>", "<BuyerCookie>x", 1))
		}, "BuyerCookie"},
		{"total a cent off", func(d *desk) url.Values {
			return in64(orderMessageText(d.cookie(), "1242.12", "90.05", cartN))
		}, "the Total is 1242.12, the lines add up to 1242.13"},
		{"secret through the browser", func(d *desk) url.Values {
			return in64(strings.Replace(good(d), "</Credential><UserAgent>", "<SharedSecret>abcdefgh</SharedSecret></Credential><UserAgent>", 1))
		}, "SharedSecret"},
		{"another supplier", func(d *desk) url.Values {
			return in64(strings.ReplaceAll(good(d), "AN01000099001", "AN01000099999"))
		}, "From"},
		{"broken base64", func(d *desk) url.Values { return url.Values{"cxml-base64": {"PD94 bWw="}} }, "base64"},
		{"not ASCII", func(d *desk) url.Values { return url.Values{"cxml-urlencoded": {good(d)}} }, "ASCII"},
		{"no field", func(d *desk) url.Values { return url.Values{"a": {"b"}} }, "neither"},
		{"an exponent as price", func(d *desk) url.Values { return in64(strings.Replace(good(d), "8.1000", "81e-1", 1)) }, "81e-1"},
		{"a currency apart", func(d *desk) url.Values {
			return in64(strings.Replace(good(d), `<UnitPrice><Money currency="USD">`, `<UnitPrice><Money currency="EUR">`, 1))
		}, "EUR"},
		{"an entity bomb", func(d *desk) url.Values {
			return in64(strings.Replace(strings.Replace(good(d), `cXML.dtd">`, `cXML.dtd" [<!ENTITY a "aaaa">]>`, 1), "Safety glasses", "&a;", 1))
		}, "entity"},
		{"half a document", func(d *desk) url.Values { s := good(d); return in64(s[:len(s)/2]) }, "not readable"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, nil)
			r, err := d.StartRequisition(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			got, err := d.ReceiveCart(r.ID, test.form(d))
			if !errors.Is(err, ErrCart) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want %q in it", err, test.want)
			}
			if got.State != Draft || got.Cart != nil || !got.VisitOpen || got.Problem == "" {
				t.Errorf("the requisition changed: %+v", got)
			}
			// Nothing is lost: the right cart still comes home.
			if got, err = d.ReceiveCart(r.ID, in64(good(d))); err != nil || got.State != CartHome || got.Problem != "" {
				t.Errorf("afterwards %v, %s", err, got.State)
			}
		})
	}
}

func TestStatus204LeavesTheRequisitionAsItWas(t *testing.T) {
	d := newDesk(t, nil)
	r := d.carted(t)
	if _, err := d.Shop(t.Context(), r.ID, "edit"); err != nil {
		t.Fatal(err)
	}
	if sent := d.supplier.last(); !strings.Contains(sent, `operation="edit"`) || strings.Count(sent, "<ItemOut ") != 5 ||
		!strings.Contains(sent, "<SupplierPartAuxiliaryID>crt_01-3</SupplierPartAuxiliaryID>") {
		t.Errorf("the edit request does not carry the cart: %s", sent)
	}
	empty := strings.Replace(orderMessageText(d.cookie(), "0.00", "0.00", nil), "<Message>", `<Message><Status code="204" text="No Content"/>`, 1)
	after, err := d.ReceiveCart(r.ID, in64(empty))
	if err != nil || after.State != CartHome || len(after.Cart.Lines) != 5 || after.VisitOpen {
		t.Errorf("%v, %+v", err, after)
	}
	if _, err := d.Order(t.Context(), r.ID); err != nil {
		t.Error(err)
	}
}

func TestOrderEchoesTheCart(t *testing.T) {
	d := newDesk(t, nil)
	r := d.ordered(t)
	if r.State != Ordered || r.OrderNumber != "4500018237" {
		t.Fatalf("%s %s", r.State, r.OrderNumber)
	}
	var sent struct {
		Header struct {
			OrderID     string `xml:"orderID,attr"`
			Type        string `xml:"type,attr"`
			Version     string `xml:"orderVersion,attr"`
			Requisition string `xml:"requisitionID,attr"`
			Total       string `xml:"Total>Money"`
			Tax         string `xml:"Tax>Money"`
			Shipping    string `xml:"Shipping>Money"`
		} `xml:"Request>OrderRequest>OrderRequestHeader"`
		Items []itemIn `xml:"Request>OrderRequest>ItemOut"`
	}
	if err := xml.Unmarshal([]byte(d.supplier.last()), &sent); err != nil {
		t.Fatal(err)
	}
	h := sent.Header
	if h.OrderID != "4500018237" || h.Type != "new" || h.Version != "1" || h.Requisition != r.ID ||
		h.Total != "1242.13" || h.Tax != "90.05" || h.Shipping != "0.00" {
		t.Errorf("header %+v", h)
	}
	if len(sent.Items) != 5 || sent.Items[2].UnitPrice.Value != "0.01255" || sent.Items[4].AuxiliaryID != "crt_01-5" ||
		sent.Items[4].Description[0].Text != cartN[4].description {
		t.Errorf("items %+v", sent.Items)
	}
	if string(d.LastOrderDocument(r.OrderNumber)) != d.supplier.last() || !strings.Contains(d.supplier.last(), ourSecret) {
		t.Error("LastOrderDocument is not what was sent")
	}
	for _, document := range d.Documents(r.ID) {
		if strings.Contains(document.Body+document.AnswerBody, ourSecret) {
			t.Errorf("%s shows the secret", document.Type)
		}
	}
}

func TestStatesFollowTheSupplier(t *testing.T) {
	review := func(string) (int, string) {
		return 200, response(201, "Accepted", "195.00 USD short: the order waits for credit review.", "")
	}
	t.Run("confirmed", func(t *testing.T) {
		d := newDesk(t, nil)
		r := d.ordered(t)
		if code, body := d.fromKontor(t, "k.1@kontor.example", theirSecret, confirmation(r, "accept", "")); code != 200 {
			t.Fatal(body)
		}
		if r, _ = d.Requisition(r.ID); r.State != Confirmed || len(d.Confirmations(r.OrderNumber)) != 1 {
			t.Error(r.State)
		}
	})
	t.Run("waits, then is released and confirmed", func(t *testing.T) {
		d := newDesk(t, coupa)
		d.supplierSpeaksAs(review)
		r := d.ordered(t)
		if r.State != Waiting || !strings.HasPrefix(r.Sentence, "195.00 USD short") {
			t.Fatalf("%s %q", r.State, r.Sentence)
		}
		d.fromKontor(t, "k.1@kontor.example", theirSecret, statusUpdate(r, 200, "Released after credit review"))
		if r, _ = d.Requisition(r.ID); r.State != Ordered {
			t.Errorf("after the release %s", r.State)
		}
		d.fromKontor(t, "k.2@kontor.example", theirSecret, confirmation(r, "accept", ""))
		if r, _ = d.Requisition(r.ID); r.State != Confirmed {
			t.Errorf("after the confirmation %s", r.State)
		}
	})
	t.Run("waits, then is refused", func(t *testing.T) {
		d := newDesk(t, nil)
		d.supplierSpeaksAs(review)
		r := d.ordered(t)
		d.fromKontor(t, "k.1@kontor.example", theirSecret, statusUpdate(r, 409, "The credit desk says no."))
		d.fromKontor(t, "k.2@kontor.example", theirSecret, confirmation(r, "reject", "The credit desk says no."))
		if r, _ = d.Requisition(r.ID); r.State != Refused || r.Sentence != "The credit desk says no." {
			t.Errorf("%s %q", r.State, r.Sentence)
		}
	})
	t.Run("refused at once, then taken as a new attempt", func(t *testing.T) {
		d := newDesk(t, nil)
		d.supplierSpeaksAs(func(string) (int, string) { return 200, response(409, "Conflict", "Over the limit.", "") })
		r := d.ordered(t)
		if r.State != Refused || r.Sentence != "Over the limit." {
			t.Errorf("%s %q", r.State, r.Sentence)
		}
		d.supplierSpeaksAs(nil)
		if _, err := d.Order(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
		again, _ := d.Requisition(r.ID)
		if again.State != Ordered || again.OrderNumber != r.OrderNumber || again.Versions[1].PayloadID == r.Versions[0].PayloadID {
			t.Errorf("%+v", again)
		}
	})
	t.Run("the confirmation overtakes the answer", func(t *testing.T) {
		d := newDesk(t, nil)
		d.supplierSpeaksAs(func(document string) (int, string) {
			if strings.Contains(document, "<OrderRequest>") {
				r := d.Requisitions()[0]
				if code, body := d.fromKontor(t, "k.1@kontor.example", theirSecret, confirmation(r, "accept", "")); code != 200 {
					t.Error(body)
				}
			}
			return 0, ""
		})
		if r := d.ordered(t); r.State != Confirmed {
			t.Error(r.State)
		}
	})
}

func (d *desk) supplierSpeaksAs(order func(string) (int, string)) {
	d.supplier.answers(func(document string) (int, string) {
		if order == nil || strings.Contains(document, "<PunchOutSetupRequest") {
			return 0, ""
		}
		return order(document)
	})
}

func TestNoAnswerIsSentAgainByteForByte(t *testing.T) {
	for name, body := range map[string]string{"HTML": "<html><body>Bad gateway</body></html>", "not XML": "500",
		"status 503": response(503, "Unavailable", "Later.", ""), "a request": `<cXML payloadID="1"><Request/></cXML>`} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			d.supplierSpeaksAs(func(string) (int, string) { return 502, body })
			r := d.carted(t)
			answer, err := d.Order(t.Context(), r.ID)
			if (err == nil) != (answer.Code == 503) || answer.HTTPStatus != 502 {
				t.Fatalf("%+v %v", answer, err)
			}
			first := d.supplier.last()
			if r, _ = d.Requisition(r.ID); r.State != Approved || r.Problem == "" || r.Versions[0].Outcome != Unanswered {
				t.Errorf("%+v", r)
			}
			if _, err := d.Change(t.Context(), r.ID, 1, "5"); !errors.Is(err, ErrState) {
				t.Errorf("a change went out: %v", err)
			}
			d.supplierSpeaksAs(nil)
			if _, err := d.Order(t.Context(), r.ID); err != nil {
				t.Fatal(err)
			}
			if r, _ = d.Requisition(r.ID); r.State != Ordered || d.supplier.last() != first || len(r.Versions) != 1 {
				t.Error("the second attempt was another document")
			}
		})
	}
}

func TestChangeAndCancel(t *testing.T) {
	d := newDesk(t, nil)
	r := d.ordered(t)
	if _, err := d.Change(t.Context(), r.ID, 1, "100"); err != nil {
		t.Fatal(err)
	}
	sent := d.supplier.last()
	for _, want := range []string{`type="update"`, `orderVersion="2"`, `<Total><Money currency="USD">1080.13</Money>`,
		`<DocumentReference payloadID="` + r.Versions[0].PayloadID + `"/>`, `quantity="100" lineNumber="1"`} {
		if !strings.Contains(sent, want) {
			t.Errorf("%s is missing in %s", want, sent)
		}
	}
	// A refused change leaves version 2 in force, and the next one is numbered on.
	d.supplierSpeaksAs(func(string) (int, string) { return 200, response(409, "Conflict", "Shipped already", "") })
	if _, err := d.Change(t.Context(), r.ID, 1, "1"); err != nil {
		t.Fatal(err)
	}
	r, _ = d.Requisition(r.ID)
	if r.State != Ordered || !strings.Contains(r.Problem, "Shipped already.") {
		t.Errorf("%s, %s", r.State, r.Problem)
	}
	d.supplierSpeaksAs(nil)
	if _, err := d.Cancel(t.Context(), r.OrderNumber); err != nil {
		t.Fatal(err)
	}
	if sent = d.supplier.last(); !strings.Contains(sent, `type="delete" orderVersion="4"`) || !strings.Contains(sent, r.Versions[1].PayloadID) {
		t.Error(sent)
	}
	if r, _ = d.Requisition(r.ID); r.State != Cancelled {
		t.Error(r.State)
	}
	for _, quantity := range []string{"-1", "1e3", "", "abc"} {
		if _, err := d.Change(t.Context(), r.ID, 1, quantity); !errors.Is(err, ErrState) {
			t.Errorf("%q: %v", quantity, err)
		}
	}
}

func TestTwoPressesSendOneOrder(t *testing.T) {
	d := newDesk(t, nil)
	r := d.carted(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { _, _ = d.Order(t.Context(), r.ID) })
	}
	group.Wait()
	orders := 0
	for _, document := range d.supplier.documents() {
		if strings.Contains(document, "<OrderRequest>") {
			orders++
		}
	}
	if orders != 1 {
		t.Errorf("%d orders", orders)
	}
}
