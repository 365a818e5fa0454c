package checkout_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// step is one thing that happens to order PO against a line of 2,500.00, and how everything
// stands after it.
//
//	do        new, update, delete (with #version where the buyer counts) and the goods' value;
//	          release, override, reject; limit and its new value
//	result    approved, waits, refused, repeated, done, or the fault's code
//	versions  number:state of all versions of the order that has the number now
//	held      on the line, in whole dollars
//	events    what was recorded by this step: kind/version that it shows
type step struct {
	do, result, state, versions string
	held                        int64
	events                      string
}

func TestAnOrdersLife(t *testing.T) {
	tests := []struct {
		name   string
		policy string
		steps  []step
	}{
		{"new, changed up and down, cancelled", "", []step{
			{"new 1000", "approved", "approved", "1:in_force", 1000, "order.approved/1"},
			{"update 1500", "approved", "approved", "1:replaced 2:in_force", 1500, "order.changed/2"},
			{"update 1200", "approved", "approved", "1:replaced 2:replaced 3:in_force", 1200, "order.changed/3"},
			{"delete", "done", "cancelled", "1:replaced 2:replaced 3:replaced 4:cancelled", 0, "order.cancelled/4"},
		}},
		{"repeats do nothing", "", []step{
			{"new 1000", "approved", "approved", "1:in_force", 1000, "order.approved/1"},
			{"new 1000", "repeated", "approved", "1:in_force", 1000, ""},
			{"update 1500", "approved", "approved", "1:replaced 2:in_force", 1500, "order.changed/2"},
			{"update 1500", "repeated", "approved", "1:replaced 2:in_force", 1500, ""},
			{"update#2 1500", "repeated", "approved", "1:replaced 2:in_force", 1500, ""},
			{"delete", "done", "cancelled", "1:replaced 2:replaced 3:cancelled", 0, "order.cancelled/3"},
			{"delete", "repeated", "cancelled", "1:replaced 2:replaced 3:cancelled", 0, ""},
			{"delete#3", "repeated", "cancelled", "1:replaced 2:replaced 3:cancelled", 0, ""},
		}},
		{"the beginning comes again after changes: nothing happens, whatever waits", "", []step{
			{"new 1000", "approved", "approved", "1:in_force", 1000, "order.approved/1"},
			{"update 1500", "approved", "approved", "1:replaced 2:in_force", 1500, "order.changed/2"},
			{"new 1000", "repeated", "approved", "1:replaced 2:in_force", 1500, ""},
			{"new#1 1000", "repeated", "approved", "1:replaced 2:in_force", 1500, ""},
			{"new 1500", "conflict", "approved", "1:replaced 2:in_force", 1500, ""},
			{"new 999", "conflict", "approved", "1:replaced 2:in_force", 1500, ""},
			{"update 3000", "waits", "approved", "1:replaced 2:in_force 3:waiting", 1500, "order.change_held/2"},
			{"new 1000", "repeated", "approved", "1:replaced 2:in_force 3:waiting", 1500, ""},
			{"reject", "approved", "approved", "1:replaced 2:in_force 3:refused", 1500, "order.change_rejected/3"},
			{"new 1000", "repeated", "approved", "1:replaced 2:in_force 3:refused", 1500, ""},
			{"delete", "done", "cancelled", "1:replaced 2:replaced 3:refused 4:cancelled", 0, "order.cancelled/4"},
			{"update 1500", "conflict", "cancelled", "1:replaced 2:replaced 3:refused 4:cancelled", 0, ""},
			{"new 1000", "approved", "approved", "1:in_force", 1000, "order.approved/1"},
		}},
		{"the beginning of a waiting order comes again beside a change that waits", "", []step{
			{"new 3000", "waits", "credit_review", "1:waiting", 0, "order.held/1"},
			{"update 2800", "waits", "credit_review", "1:replaced 2:waiting", 0, "order.withdrawn/1 order.change_held/2"},
			{"new 3000", "repeated", "credit_review", "1:replaced 2:waiting", 0, ""},
			{"new 2900", "waits", "credit_review", "1:waiting", 0, "order.withdrawn/2 order.superseded/2 order.held/1"},
		}},
		{"the number in use with other content", "", []step{
			{"new 1000", "approved", "approved", "1:in_force", 1000, "order.approved/1"},
			{"new 1001", "conflict", "approved", "1:in_force", 1000, ""},
		}},
		{"versions that come late", "", []step{
			{"new#2 1000", "approved", "approved", "2:in_force", 1000, "order.approved/2"},
			{"update#1 1100", "conflict", "approved", "2:in_force", 1000, ""},
			{"update#2 1100", "conflict", "approved", "2:in_force", 1000, ""},
			{"update#7 1100", "approved", "approved", "2:replaced 7:in_force", 1100, "order.changed/7"},
			{"update#5 1200", "conflict", "approved", "2:replaced 7:in_force", 1100, ""},
			{"update 1200", "approved", "approved", "2:replaced 7:replaced 8:in_force", 1200, "order.changed/8"},
			{"delete#8", "conflict", "approved", "2:replaced 7:replaced 8:in_force", 1200, ""},
			{"delete#9", "done", "cancelled", "2:replaced 7:replaced 8:replaced 9:cancelled", 0, "order.cancelled/9"},
		}},
		{"after the end nothing follows, but the number is free", "", []step{
			{"new 1000", "approved", "approved", "1:in_force", 1000, "order.approved/1"},
			{"delete", "done", "cancelled", "1:replaced 2:cancelled", 0, "order.cancelled/2"},
			{"update 1100", "conflict", "cancelled", "1:replaced 2:cancelled", 0, ""},
			{"update#2", "conflict", "cancelled", "1:replaced 2:cancelled", 0, ""},
			{"delete#3", "conflict", "cancelled", "1:replaced 2:cancelled", 0, ""},
			{"release", "conflict", "cancelled", "1:replaced 2:cancelled", 0, ""},
			{"reject", "conflict", "cancelled", "1:replaced 2:cancelled", 0, ""},
			{"new 1000", "approved", "approved", "1:in_force", 1000, "order.approved/1"},
		}},
		{"an order that was never seen", "", []step{
			{"update 1000", "not_found", "", "", 0, ""},
			{"delete", "not_found", "", "", 0, ""},
		}},
		{"over the limit it waits; release decides again, and says what is missing", "", []step{
			{"new 3000", "waits", "credit_review", "1:waiting", 0, "order.held/1"},
			{"new 3000", "repeated", "credit_review", "1:waiting", 0, ""},
			{"release", "conflict: 500.00", "credit_review", "1:waiting", 0, ""},
			{"limit 2999", "done", "credit_review", "1:waiting", 0, ""},
			{"release", "conflict: 1.00", "credit_review", "1:waiting", 0, ""},
			{"limit 3000", "done", "credit_review", "1:waiting", 0, ""},
			{"release", "approved", "approved", "1:in_force", 3000, "order.released/1 order.approved/1"},
			{"release", "conflict", "approved", "1:in_force", 3000, ""},
			{"reject", "conflict", "approved", "1:in_force", 3000, ""},
		}},
		{"a person may let it pass all the same", "", []step{
			{"new 3000", "waits", "credit_review", "1:waiting", 0, "order.held/1"},
			{"override", "approved", "approved", "1:in_force", 3000, "order.released/1 order.approved/1"},
			{"update 3001", "waits", "approved", "1:in_force 2:waiting", 3000, "order.change_held/1"},
			{"update 2999", "approved", "approved", "1:replaced 2:replaced 3:in_force", 2999, "order.released/2 order.changed/3"},
		}},
		{"a rejected order is refused, and may be tried again", "", []step{
			{"new 3000", "waits", "credit_review", "1:waiting", 0, "order.held/1"},
			{"reject", "refused", "refused", "1:refused", 0, "order.rejected/1 order.refused/1"},
			{"reject", "conflict", "refused", "1:refused", 0, ""},
			{"release", "conflict", "refused", "1:refused", 0, ""},
			{"update 1000", "conflict", "refused", "1:refused", 0, ""},
			{"delete", "repeated", "refused", "1:refused", 0, ""},
			{"new 3000", "waits", "credit_review", "1:waiting", 0, "order.held/1"},
		}},
		{"a waiting order is replaced by a change that fits: its first document is answered too", "", []step{
			{"new 3000", "waits", "credit_review", "1:waiting", 0, "order.held/1"},
			{"update 2000", "approved", "approved", "1:replaced 2:in_force", 2000, "order.released/1 order.approved/2"},
			{"release", "conflict", "approved", "1:replaced 2:in_force", 2000, ""},
		}},
		{"a waiting order is replaced by a change that waits", "", []step{
			{"new 3000", "waits", "credit_review", "1:waiting", 0, "order.held/1"},
			{"update 2800", "waits", "credit_review", "1:replaced 2:waiting", 0, "order.withdrawn/1 order.change_held/2"},
			{"update 2800", "repeated", "credit_review", "1:replaced 2:waiting", 0, ""},
			{"limit 2800", "done", "credit_review", "1:replaced 2:waiting", 0, ""},
			{"release", "approved", "approved", "1:replaced 2:in_force", 2800, "order.released/2 order.approved/2"},
		}},
		{"a waiting order is cancelled", "", []step{
			{"new 3000", "waits", "credit_review", "1:waiting", 0, "order.held/1"},
			{"delete", "done", "cancelled", "1:replaced 2:cancelled", 0, "order.withdrawn/1 order.cancelled/2"},
		}},
		{"a waiting order makes room for a new attempt", "", []step{
			{"new 3000", "waits", "credit_review", "1:waiting", 0, "order.held/1"},
			{"new 2000", "approved", "approved", "1:in_force", 2000, "order.withdrawn/1 order.superseded/1 order.approved/1"},
		}},
		{"a change over the limit waits beside the old version", "", []step{
			{"new 2000", "approved", "approved", "1:in_force", 2000, "order.approved/1"},
			{"update 3000", "waits", "approved", "1:in_force 2:waiting", 2000, "order.change_held/1"},
			{"update 3000", "repeated", "approved", "1:in_force 2:waiting", 2000, ""},
			{"release", "conflict: 500.00", "approved", "1:in_force 2:waiting", 2000, ""},
			{"limit 3000", "done", "approved", "1:in_force 2:waiting", 2000, ""},
			{"release", "approved", "approved", "1:replaced 2:in_force", 3000, "order.released/2 order.changed/2"},
		}},
		{"a waiting change is rejected once", "", []step{
			{"new 2000", "approved", "approved", "1:in_force", 2000, "order.approved/1"},
			{"update 3000", "waits", "approved", "1:in_force 2:waiting", 2000, "order.change_held/1"},
			{"reject", "approved", "approved", "1:in_force 2:refused", 2000, "order.change_rejected/2"},
			{"reject", "conflict", "approved", "1:in_force 2:refused", 2000, ""},
			{"override", "conflict", "approved", "1:in_force 2:refused", 2000, ""},
			{"update#2 3000", "conflict", "approved", "1:in_force 2:refused", 2000, ""},
			{"update 3000", "waits", "approved", "1:in_force 2:refused 3:waiting", 2000, "order.change_held/1"},
			{"update 2200", "approved", "approved", "1:replaced 2:refused 3:replaced 4:in_force", 2200, "order.released/3 order.changed/4"},
		}},
		{"a rejected change stays rejected when the order ends", "", []step{
			{"new 2000", "approved", "approved", "1:in_force", 2000, "order.approved/1"},
			{"update 3000", "waits", "approved", "1:in_force 2:waiting", 2000, "order.change_held/1"},
			{"reject", "approved", "approved", "1:in_force 2:refused", 2000, "order.change_rejected/2"},
			{"delete", "done", "cancelled", "1:replaced 2:refused 3:cancelled", 0, "order.cancelled/3"},
		}},
		{"an order with a waiting change is cancelled", "", []step{
			{"new 2000", "approved", "approved", "1:in_force", 2000, "order.approved/1"},
			{"update 3000", "waits", "approved", "1:in_force 2:waiting", 2000, "order.change_held/1"},
			{"delete", "done", "cancelled", "1:replaced 2:replaced 3:cancelled", 0, "order.withdrawn/2 order.cancelled/3"},
		}},
		{"a waiting change is replaced by one that waits", "", []step{
			{"new 2000", "approved", "approved", "1:in_force", 2000, "order.approved/1"},
			{"update 3000", "waits", "approved", "1:in_force 2:waiting", 2000, "order.change_held/1"},
			{"update 2900", "waits", "approved", "1:in_force 2:replaced 3:waiting", 2000, "order.withdrawn/2 order.change_held/1"},
			{"reject", "approved", "approved", "1:in_force 2:replaced 3:refused", 2000, "order.change_rejected/3"},
		}},
		{"after a cut of the limit less always fits", "", []step{
			{"new 2000", "approved", "approved", "1:in_force", 2000, "order.approved/1"},
			{"limit 1000", "done", "approved", "1:in_force", 2000, ""},
			{"update 1900", "approved", "approved", "1:replaced 2:in_force", 1900, "order.changed/2"},
			{"update 1901", "waits", "approved", "1:replaced 2:in_force 3:waiting", 1900, "order.change_held/2"},
		}},
		{"refuse: a new order is stored as refused", accounts.Refuse, []step{
			{"new 3000", "refused", "refused", "1:refused", 0, "order.refused/1"},
			{"new 2500", "approved", "approved", "1:in_force", 2500, "order.approved/1"},
		}},
		{"refuse: a change is a conflict with the figures, and all stays", accounts.Refuse, []step{
			{"new 2000", "approved", "approved", "1:in_force", 2000, "order.approved/1"},
			{"update 3000", "conflict: 500.00", "approved", "1:in_force", 2000, ""},
			{"update 2500", "approved", "approved", "1:replaced 2:in_force", 2500, "order.changed/2"},
		}},
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				s := *s
				s.TB = t
				o := s.organisation(fmt.Sprint("buyer ", i), "USD", accounts.Organisation{PricePolicy: accounts.ContractOnly, OverLimit: test.policy})
				l := &life{shop: &s, buyer: o, line: s.line(o, 2500_00, 0), seen: map[string]bool{}, payloads: map[string]string{}}
				for n, step := range test.steps {
					l.play(n, step)
				}
			})
		}
	})
}

// life follows one order number.
type life struct {
	*shop
	buyer    accounts.Organisation
	line     credit.Line
	seen     map[string]bool   // events
	payloads map[string]string // by order and version: the document that asked for it
}

func (l *life) play(n int, step step) {
	l.Helper()
	payload := fmt.Sprint("document ", n)
	result := l.do(step.do, payload)
	if want, detail, _ := strings.Cut(step.result, ": "); !strings.HasPrefix(result, want) || !strings.Contains(result, detail) {
		l.Errorf("step %d, %s: %s, want %s", n, step.do, result, step.result)
	}
	o, found, err := orders.FindByNumber(l.ctx, l.db, merchant, l.buyer.ID, "PO")
	if err != nil {
		l.Fatal(err)
	}
	versions := l.versions(o)
	if found && l.payloads[fmt.Sprint(o.ID, o.Latest)] == "" {
		l.payloads[fmt.Sprint(o.ID, o.Latest)] = payload
	}
	line := l.find(l.line)
	if o.State != step.state || versions != step.versions || line.Own.Holds != step.held*100 || line.Tree.Holds != step.held*100 {
		l.Errorf("step %d, %s: %s, versions %s, holds %d\nwant %s, versions %s, holds %d", n, step.do,
			o.State, versions, line.Own.Holds, step.state, step.versions, step.held*100)
	}
	if recorded := l.recorded(); recorded != step.events {
		l.Errorf("step %d, %s: recorded %q, want %q", n, step.do, recorded, step.events)
	}
}

// do runs one step and says what came of it: the outcome, or the fault's code and sentence.
func (l *life) do(what, payload string) string {
	l.Helper()
	verb, value, _ := strings.Cut(what, " ")
	verb, version, _ := strings.Cut(verb, "#")
	var o orders.Order
	var err error
	switch verb {
	case "limit":
		minor, _ := strconv.ParseInt(value, 10, 64)
		l.in(func(tx *database.Tx) error {
			_, err := credit.SetLimit(l.ctx, tx, credit.NewLimit{Merchant: merchant, Line: l.line.ID, Limit: money.Of(minor*100, "USD"), Actor: "credit manager", Reason: "test", At: noon})
			return err
		})
		return "done"
	case "release", "override", "reject":
		o, _, err = orders.FindByNumber(l.ctx, l.db, merchant, l.buyer.ID, "PO")
		if err == nil && verb == "reject" {
			o, err = l.reject(o.ID)
		} else if err == nil {
			o, err = l.release(o.ID, verb == "override")
		}
		if err == nil {
			return o.State
		}
	default:
		items := []item{}
		if value != "" {
			items = append(items, item{sku: "CENT", quantity: value + "00", unit: "EA", price: "0.01"})
		}
		w := l.order(l.buyer, "PO", nil, items...)
		w.Kind, w.Header.PayloadID, w.Header.OrderDate = verb, payload, payload
		w.Version, _ = strconv.ParseInt(version, 10, 64)
		var placed checkout.Placed
		placed, err = l.place(w)
		switch {
		case err != nil:
		case placed.Repeated:
			return "repeated"
		case placed.Waiting:
			return "waits"
		case placed.Refused:
			return "refused"
		case verb == checkout.Cancel:
			return "done"
		default:
			return placed.Order.State
		}
	}
	return string(fault.CodeOf(err)) + " " + err.Error()
}

func (l *life) versions(o orders.Order) string {
	l.Helper()
	var rows []struct {
		Number int64  `db:"number"`
		State  string `db:"state"`
	}
	if err := l.db.Select(l.ctx, &rows, `SELECT number, state FROM order_versions WHERE merchant_id = ? AND order_id = ? ORDER BY number`, merchant, o.ID); err != nil {
		l.Fatal(err)
	}
	list := make([]string, len(rows))
	for i, r := range rows {
		list[i] = fmt.Sprint(r.Number, ":", r.State)
	}
	return strings.Join(list, " ")
}

// recorded lists the new events of all orders that had the number. It checks that events are
// counted without gaps and show the document that they are about.
func (l *life) recorded() string {
	l.Helper()
	var rows []struct {
		Object  string `db:"object"`
		Seq     int64  `db:"seq"`
		Kind    string `db:"kind"`
		Payload string `db:"payload"`
		Counted int64  `db:"events"`
		Told    int64  `db:"told"`
		Mailed  int64  `db:"mailed"`
	}
	if err := l.db.Select(l.ctx, &rows, `SELECT e.object, e.seq, e.kind, e.payload, o.events,
  (SELECT count(*) FROM deliveries d WHERE d.merchant_id = e.merchant_id AND d.object = e.object AND d.seq = e.seq AND d.destination = 'cxml:con_test') AS told,
  (SELECT count(*) FROM deliveries d WHERE d.merchant_id = e.merchant_id AND d.object = e.object AND d.seq = e.seq AND d.destination <> 'cxml:con_test') AS mailed
  FROM events e JOIN orders o ON o.merchant_id = e.merchant_id AND o.id = e.object
 WHERE o.merchant_id = ? AND o.organisation_id = ? ORDER BY e.object, e.seq`, merchant, l.buyer.ID); err != nil {
		l.Fatal(err)
	}
	var news []string
	for i, r := range rows {
		if last := i+1 == len(rows) || rows[i+1].Object != r.Object; (i == 0 || rows[i-1].Object != r.Object) && r.Seq != 1 ||
			i > 0 && rows[i-1].Object == r.Object && rows[i-1].Seq != r.Seq-1 || last && r.Seq != r.Counted || r.Told != 1 {
			l.Errorf("event %d of %s: the order counts %d, told to %d", r.Seq, r.Object, r.Counted, r.Told)
		}
		// What waits is mailed at once, again and once more; nothing else is.
		if want := map[string]int64{"order.held": 3, "order.change_held": 3}[r.Kind]; r.Mailed != want {
			l.Errorf("%s: %d mails, want %d", r.Kind, r.Mailed, want)
		}
		key := fmt.Sprint(r.Object, "/", r.Seq)
		if l.seen[key] {
			continue
		}
		l.seen[key] = true
		var shown orders.Order
		if err := json.Unmarshal([]byte(r.Payload), &shown); err != nil {
			l.Fatal(err)
		}
		if want := l.payloads[fmt.Sprint(r.Object, shown.Version.Number)]; shown.Version.Header.PayloadID != want {
			l.Errorf("%s shows %q, want %q", r.Kind, shown.Version.Header.PayloadID, want)
		}
		news = append(news, fmt.Sprint(r.Kind, "/", shown.Version.Number))
	}
	return strings.Join(news, " ")
}

func TestAChangeKeepsTheCurrency(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		line := s.line(s.northfold, 2500_00, 0)
		s.placed(s.order(s.northfold, "PO", nil, item{sku: "CENT", quantity: "100000", unit: "EA", price: "0.01"}))
		w := s.order(s.northfold, "PO", nil, item{sku: "PPE-2010", quantity: "1", unit: "BX", price: "1420"})
		w.Kind, w.Currency = checkout.Change, "JPY"
		s.refused(w, fault.Invalid)
		if held := s.find(line).Own.Holds; held != 1000_00 {
			t.Errorf("holds %d", held)
		}
	})
}

func TestWithoutACreditLineThereIsNoWayToPay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.refused(s.order(s.northfold, "PO", nil, gloves("1", "8.1000")), fault.PaymentRequired)
		if list, err := orders.List(s.ctx, db, merchant, orders.Filter{Limit: 10}); err != nil || len(list) > 0 {
			t.Errorf("%v, %v", list, err)
		}
	})
}

// A rejection without a reason is none, and both rulings leave who and why.
func TestARulingNamesItsPersonAndReason(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.line(s.northfold, 1000_00, 0)
		placed := s.placed(s.order(s.northfold, "PO", nil, item{sku: "CENT", quantity: "200000", unit: "EA", price: "0.01"}))
		err := db.InTx(s.ctx, func(tx *database.Tx) error {
			_, err := s.desk.RejectOrder(s.ctx, tx, checkout.Ruling{Merchant: merchant, Order: placed.Order.ID, Actor: "credit manager"})
			return err
		})
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("rejected without a reason: %v", err)
		}
		if _, err := s.reject(placed.Order.ID); err != nil {
			t.Fatal(err)
		}
		var audited []string
		if err := db.Select(s.ctx, &audited, `SELECT actor || ': ' || action || ', ' || reason FROM audit WHERE merchant_id = ? AND object = ?`, merchant, placed.Order.ID); err != nil {
			t.Fatal(err)
		}
		o, err := orders.Find(s.ctx, db, merchant, placed.Order.ID)
		if err != nil || !slices.Equal(audited, []string{"credit manager: order.rejected, too much"}) || o.Decision.Actor != "credit manager" || o.Decision.Why != "too much" {
			t.Errorf("%v, %+v, %v", audited, o.Decision, err)
		}
	})
}
