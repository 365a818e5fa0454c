package procurement_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
)

// cancelLine cancels so much of a line of the merchant's order; empty is the whole line.
func (r *rig) cancelLine(merchant, number string, line int64, cancelled string) {
	r.Helper()
	cut := checkout.Cut{Merchant: merchant, Order: r.order(merchant, number).ID, Actor: "desk", Reason: `No longer <made> & "gone"`, Lines: []checkout.CutLine{{Line: line}}}
	if cancelled != "" {
		quantity := money.MustDecimal(cancelled)
		cut.Lines[0].Cancelled = &quantity
	}
	r.in(func(tx *database.Tx) error {
		_, err := r.service.Desk.CancelLines(r.ctx, tx, cut)
		return err
	})
}

// The confirmation names every line once, with what of it is accepted and what isn't; both add up to
// what was ordered, in the buyer's own unit (cXML reference 7.1).
func TestCancelledLinesAreConfirmed(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			name              string
			confirm, refused  string
			silent, noAddress bool
			told, task        bool
		}{
			{"confirmations on approval", "on_approval", "", false, false, true, false},
			{"confirmations of refusals", "", "confirmation", false, false, true, false},
			{"no confirmations", "", "", false, false, false, true},
			{"not of this order", "on_approval", "", true, false, false, true},
			{"no address", "on_approval", "", false, true, false, true},
		} {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				buyer := newReceiver(t)
				merchant := r.visited(func(l *link) {
					l.settings.Confirm, l.settings.Refused = test.confirm, test.refused
					if !test.noAddress {
						l.settings.OrdersURL = buyer.URL + "/c"
					}
				})
				body := po("p1", "C-1")
				if test.silent {
					body = change(string(body), "</OrderRequestHeader>", `<ControlKeys><OCInstruction value="notAllowed"/></ControlKeys></OrderRequestHeader>`)
				}
				r.wantCodes(merchant, []int{200}, body)
				r.deliver()
				buyer.of("/c")
				r.cancelLine(merchant, "C-1", 1, "1.5")
				r.cancelLine(merchant, "C-1", 1, "1.5") // asked twice, told once
				r.deliver()
				sent := buyer.of("/c")
				if r.held(merchant) != "37.50" {
					t.Errorf("held %s", r.held(merchant))
				}
				var tasks int
				if err := r.db.Get(r.ctx, &tasks, `SELECT count(*) FROM tasks WHERE merchant_id = ? AND state = 'open'`, merchant); err != nil {
					t.Fatal(err)
				}
				if (tasks == 1) != test.task || (len(sent) == 1) != test.told {
					t.Fatalf("%d documents were sent, %d tasks made", len(sent), tasks)
				}
				if !test.told {
					return
				}
				o := r.order(merchant, "C-1")
				for _, want := range []string{`operation="new" type="except"`, `confirmID="` + o.ID + `-1-2"`, `<Comments xml:lang="en-US">No longer &lt;made&gt; &amp; "gone"</Comments>`, `<DocumentReference payloadID="p1"/>`,
					`<ConfirmationItem quantity="3" lineNumber="1"><UnitOfMeasure>MTR</UnitOfMeasure><ConfirmationStatus quantity="1.5" type="accept"><UnitOfMeasure>MTR</UnitOfMeasure></ConfirmationStatus>` +
						`<ConfirmationStatus quantity="1.5" type="reject"><UnitOfMeasure>MTR</UnitOfMeasure></ConfirmationStatus></ConfirmationItem>`,
					`<ConfirmationItem quantity="2" lineNumber="2"><UnitOfMeasure>EA</UnitOfMeasure><ConfirmationStatus quantity="2" type="accept"><UnitOfMeasure>EA</UnitOfMeasure></ConfirmationStatus></ConfirmationItem>`} {
					if !bytes.Contains(sent[0], []byte(want)) {
						t.Errorf("there is no %s in\n%s", want, sent[0])
					}
				}
				// Asked what became of it, the same goes out once more.
				r.wantCodes(merchant, []int{200}, statusOf("q1", orderReference("C-1", "p1")))
				r.deliver()
				if again := buyer.of("/c"); len(again) != 1 || !bytes.Equal(again[0], sent[0]) {
					t.Errorf("sent %q", again)
				}
				// The rest: the order is over, every line is refused.
				r.cancelLine(merchant, "C-1", 1, "")
				r.cancelLine(merchant, "C-1", 2, "")
				r.deliver()
				sent = buyer.of("/c")
				if len(sent) != 2 || strings.Count(string(sent[0]), `type="reject"`) != 1 || !bytes.Contains(sent[0], []byte(`type="except"`)) ||
					!bytes.Contains(sent[1], []byte(`type="reject" noticeDate`)) || strings.Count(string(sent[1]), `type="reject"`) != 3 || bytes.Contains(sent[1], []byte(`"accept"`)) {
					t.Errorf("sent %q", sent)
				}
				if r.held(merchant) != "0.00" || r.order(merchant, "C-1").State != "cancelled" {
					t.Error(describe(r.order(merchant, "C-1")))
				}
			})
		}
	})
}

// What is taken out of a release is there again for others.
func TestCancelledLinesGiveBackTheirDraw(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.agreed()
		r.wantCodes(merchant, []int{200, 200}, blanket("b1", "new", "B-1", "1000.00", "", "", ""), released("r1", "new", "R-1", `agreementID="B-1"`, "1", "600", "2", "400"))
		r.cancelLine(merchant, "R-1", 1, "100")
		if got := r.drawn(merchant, "B-1"); got != "900.00 of 1000.00 left 100.00; 1: 500.00; 2: 400.00" || r.held(merchant) != "900.00" {
			t.Errorf("drawn %s, held %s", got, r.held(merchant))
		}
		r.cancelLine(merchant, "R-1", 1, "")
		r.cancelLine(merchant, "R-1", 2, "")
		if got := r.drawn(merchant, "B-1"); got != "0.00 of 1000.00 left 1000.00; 1: 0.00; 2: 0.00" || r.held(merchant) != "0.00" {
			t.Errorf("drawn %s, held %s", got, r.held(merchant))
		}
	})
}
