package procurement_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"testing"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
	"github.com/kontorhq/kontor/procurement"
)

// Every document that was answered with 201 is closed by one StatusUpdateRequest that names it,
// whatever ended its waiting; no other document is.
func TestEvery201IsClosedOnce(t *testing.T) {
	tests := []struct {
		name  string
		steps []string // new, update and delete with the value in dollars; release, reject
		want  []string // payloadIDs (the steps' numbers) with the status
	}{
		{"released", []string{"new 3000", "limit 3000", "release"}, []string{"0: 200"}},
		{"rejected", []string{"new 3000", "reject"}, []string{"0: 409"}},
		{"replaced by a change that fits", []string{"new 3000", "update 2000"}, []string{"0: 200"}},
		{"replaced by a change that waits and is rejected", []string{"new 3000", "update 2900", "reject"}, []string{"0: 200", "1: 409"}},
		{"replaced by a new attempt", []string{"new 3000", "new 2000"}, []string{"0: 200"}},
		{"cancelled", []string{"new 3000", "delete"}, []string{"0: 200"}},
		{"a change rejected", []string{"new 2000", "update 3000", "reject"}, []string{"1: 409"}},
		{"a change released", []string{"new 2000", "update 3000", "limit 3000", "release"}, []string{"1: 200"}},
		{"a change replaced by one that fits", []string{"new 2000", "update 3000", "update 2100"}, []string{"1: 200"}},
		{"nothing waited", []string{"new 2000", "update 2100", "delete"}, nil},
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		m.sellCents()
		m.in(func(tx *database.Tx) error {
			return procurement.SaveSupplierIdentities(m.ctx, tx, m.merchant, []procurement.Identity{{Domain: "DUNS", Identity: "000000901"}})
		})
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				m := *m
				m.TB = t
				c := m.customer("Buyer", nil, 2_500_00, 0)
				m.in(func(tx *database.Tx) error {
					return procurement.SaveConnection(m.ctx, tx, procurement.Connection{ID: c.connection, Merchant: m.merchant, ExternalID: c.connection,
						Organisation: c.ID, Protocol: "cxml", Settings: procurement.Settings{OrdersURL: "https://buyer.example/cxml"}}, m.clock.Now())
				})
				var answered []string
				for i, step := range test.steps {
					var kind string
					var value int64
					_, _ = fmt.Sscan(step, &kind, &value)
					switch kind {
					case "limit":
						m.setLimit(c, value*100)
					case "release":
						if err := m.release(m.order(c, "PO").ID, false); err != nil {
							t.Fatal(err)
						}
					case "reject":
						m.in(func(tx *database.Tx) error {
							_, err := m.service.Desk.RejectOrder(m.ctx, tx, m.ruling(m.order(c, "PO").ID, "too much", false))
							return err
						})
					default:
						p := cents(c, fmt.Sprint(i), "PO", fmt.Sprint(value*100))
						if p.Kind = kind; kind == "delete" {
							p.Items = nil
						}
						if a := m.send(p); a.Status.Code == 201 {
							answered = append(answered, fmt.Sprint(i))
						} else if a.Status.Code != 200 {
							t.Fatalf("%s: %+v", step, a.Status)
						}
					}
				}
				got := m.closings(c)
				if !slices.Equal(got, test.want) || len(answered) != len(test.want) {
					t.Errorf("closed %v, want %v; answered with 201: %v", got, test.want, answered)
				}
			})
		}
	})
}

// closings renders all that is to be told to a customer, and reads the status updates.
func (m *market) closings(c customer) []string {
	m.Helper()
	list, err := orders.List(m.ctx, m.db, m.merchant, orders.Filter{Organisation: c.ID, Limit: 10})
	if err != nil {
		m.Fatal(err)
	}
	slices.Reverse(list)
	var closed []string
	for _, o := range list {
		deliveries, err := outbox.Of(m.ctx, m.db, m.merchant, o.ID)
		if err != nil {
			m.Fatal(err)
		}
		for _, d := range deliveries {
			if d.Scheme() != "cxml" {
				continue
			}
			message, _, err := m.service.Sender().Render(m.ctx, d)
			if err != nil {
				m.Fatal(err)
			}
			var update struct {
				Request struct {
					Reference struct {
						Payload string `xml:"payloadID,attr"`
					} `xml:"DocumentReference"`
					Status struct {
						Code int `xml:"code,attr"`
					} `xml:"Status"`
				} `xml:"Request>StatusUpdateRequest"`
			}
			if len(message) == 0 {
				continue
			}
			if err := xml.Unmarshal(message, &update); err != nil {
				m.Fatal(err)
			}
			closed = append(closed, fmt.Sprint(update.Request.Reference.Payload, ": ", update.Request.Status.Code))
		}
	}
	return closed
}

// The parts of a group carry the price, or the group does; never both (cXML reference 6.3).
func TestAGroupAndItsPartsAreCountedOnce(t *testing.T) {
	tests := []struct {
		name, level  string
		group, parts string // prices of the group, and of each of its two parts
		want         string
	}{
		{"the parts carry the price", "itemLevel", "2000.00", "1000.00", "2000.00 USD"},
		{"the group carries the price", "groupLevel", "1900.00", "1000.00", "1900.00 USD"},
		{"it isn't said, the parts have prices", "", "1900.00", "1000.00", "2000.00 USD"},
		{"it isn't said, only the group has one", "", "1900.00", "0", "1900.00 USD"},
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		c := m.customer("Buyer", nil, 1_000_000_00, 0)
		for i, test := range tests {
			p := purchase{Payload: fmt.Sprint("p", i), From: c.ID, Number: fmt.Sprint("PO-", i),
				Items: []purchaseItem{{"KIT", "1", "EA", test.group}, {"PART-1", "1", "EA", test.parts}, {"PART-2", "1", "EA", test.parts}}}
			body := p.bytes()
			level := ""
			if test.level != "" {
				level = ` compositeItemType="` + test.level + `"`
			}
			body = bytes.Replace(body, []byte(`<ItemOut quantity="1">`), []byte(`<ItemOut quantity="1" lineNumber="10" itemType="composite"`+level+`>`), 1)
			for line := 11; line <= 12; line++ {
				body = bytes.Replace(body, []byte(`<ItemOut quantity="1">`), fmt.Appendf(nil, `<ItemOut quantity="1" lineNumber="%d" parentLineNumber="10" itemType="item">`, line), 1)
			}
			if a, err := m.receive(body); err != nil || a.Status.Code != 201 { // unknown products wait for a look
				t.Fatalf("%s: %+v, %v", test.name, a.Status, err)
			}
			if total := m.order(c, p.Number).Version.Total.String(); total != test.want {
				t.Errorf("%s: %s, want %s", test.name, total, test.want)
			}
		}
	})
}
