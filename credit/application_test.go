package credit_test

import (
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

func bhd(minor int64) money.Amount { return money.Of(minor, "BHD") }

// sixDaysAgo is an application over 4,000.000 for which one document is wanted.
var sixDaysAgo = credit.Application{Applied: 4_000_000, On: money.NewDate(2026, 11, 16), Wants: "the latest annual accounts"}

// applied opens a line that is only applied for.
func (d desk) applied(o accounts.Organisation) credit.Line {
	d.Helper()
	var line credit.Line
	d.in(func(tx *database.Tx) (err error) {
		line, err = credit.Open(d.ctx, tx, credit.Opening{Organisation: o, Limit: bhd(0), Application: sixDaysAgo, Actor: "setup", At: noon})
		return err
	})
	return line
}

// The story's: 90.081 is ordered while the application waits, 1,500.000 are granted, 1,409.919 are
// left.
func TestAnApplicationInReview(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Sitrabay", "")
		line := d.applied(o)
		if !line.InReview() || line.Application != sixDaysAgo || line.Limit != 0 || line.Available() != 0 {
			t.Fatalf("opened as %+v", line)
		}
		want := credit.Decision{Outcome: credit.Review, Reason: "application_in_review", Asked: bhd(90_081), Available: bhd(0), Short: bhd(0),
			Line: line.ID, Bound: "Sitrabay", Sentence: "Credit application in review: Sitrabay applied for 4000.000 BHD."}
		for name, which := range map[string]use{"new": credit.Reserve, "again": credit.Adjust} {
			if got := d.decided(which, o, "order", bhd(90_081)); got != want {
				t.Errorf("%s: decided\n%+v, want\n%+v", name, got, want)
			}
		}
		refusing := o
		refusing.OverLimit = accounts.Refuse
		if got := d.decided(credit.Reserve, refusing, "refused", bhd(1)); got.Outcome != credit.Refused || got.Reason != credit.InReview {
			t.Errorf("by setting it is refused: %+v", got)
		}
		if got := d.decided(credit.Adjust, o, "nothing", bhd(0)); got.Outcome != credit.Approved {
			t.Errorf("what takes up nothing needs no line: %+v", got)
		}
		// Credits that were not applied yet are no limit.
		d.exec(`UPDATE credit_lines SET own_credits = 500000, tree_credits = 500000 WHERE merchant_id = ? AND id = ?`, merchant, line.ID)
		if got := d.decided(credit.Reserve, o, "on credits", bhd(90_081)); got.Reason != credit.InReview {
			t.Errorf("decided %+v", got)
		}
		d.exec(`UPDATE credit_lines SET own_credits = 0, tree_credits = 0 WHERE merchant_id = ? AND id = ?`, merchant, line.ID)

		line = d.setLimit(line, 1_500_000)
		if line.InReview() || line.Application != (credit.Application{}) || line.Limit != 1_500_000 {
			t.Errorf("granted as %+v", line)
		}
		if got := d.decided(credit.Adjust, o, "order", bhd(90_081)); got.Outcome != credit.Approved || got.Sentence != "It fits: 1409.919 BHD stay available." {
			t.Errorf("decided %+v", got)
		}
		if left := d.find(line.ID).Available(); left != 1_409_919 {
			t.Errorf("%d are left", left)
		}
		entries := d.entries(line)
		if len(entries) < 2 || entries[0].Kind != "application" || entries[0].Amount != 0 || entries[0].Reason != "applied for 4000.000 BHD" ||
			entries[1].Kind != "decision" || entries[1].Amount != 1_500_000 || entries[1].Balance != 1_500_000 {
			t.Errorf("entries %+v", entries)
		}
		var before string
		if err := db.Get(d.ctx, &before, `SELECT was FROM audit WHERE merchant_id = ? AND object = ?`, merchant, line.ID); err != nil || before != `{"applied":4000000,"limit":0}` {
			t.Errorf("the audit keeps %s, %v", before, err)
		}
	})
}

// Who grants nothing has decided too: from then on there is a line, of nothing.
func TestAnApplicationDeclined(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Sitrabay", "")
		if line := d.setLimit(d.applied(o), 0); line.InReview() {
			t.Errorf("%+v", line)
		}
		if got := d.decided(credit.Reserve, o, "order", bhd(1)); got.Reason != credit.OverLimit || got.Short != bhd(1) {
			t.Errorf("decided %+v", got)
		}
	})
}

// A main account that only applied for a line takes nothing from its sub-accounts; from the day it
// has one it counts what they took up meanwhile.
func TestAnApplicationBindsNobodyBelow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		root, child := d.organisation("root", ""), d.organisation("child", "root")
		top, sub := d.applied(root), d.line(child, bhd(100_000), bhd(10_000))
		available := func(want int64, by string) {
			t.Helper()
			got, bound, err := credit.Available(d.ctx, db, d.find(sub.ID))
			if err != nil || got != bhd(want) || bound.OrganisationName != by {
				t.Errorf("%v available, bound by %s, %v; want %d by %s", got, bound.OrganisationName, err, want, by)
			}
		}
		available(90_000, "child")
		if got := d.decided(credit.Reserve, child, "one", bhd(40_000)); got.Outcome != credit.Approved || got.Bound != "child" {
			t.Fatalf("decided %+v", got)
		}
		if got := d.decided(credit.Reserve, child, "two", bhd(50_001)); got.Reason != credit.OverLimit || got.Bound != "child" {
			t.Errorf("decided %+v", got)
		}
		d.setLimit(top, 60_000)
		available(10_000, "root")
	})
}

func TestAnApplicationThatCannotBe(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Sitrabay", "")
		for _, test := range []struct {
			name, field string
			limit       money.Amount
			application credit.Application
		}{
			{"for nothing", "application.amount", bhd(0), credit.Application{On: sixDaysAgo.On}},
			{"for less than nothing", "application.amount", bhd(0), credit.Application{Applied: -1, On: sixDaysAgo.On}},
			{"since never", "application.since", bhd(0), credit.Application{Applied: 1}},
			{"beside a limit", "limit", bhd(1), sixDaysAgo},
		} {
			err := db.InTx(d.ctx, func(tx *database.Tx) error {
				_, err := credit.Open(d.ctx, tx, credit.Opening{Organisation: o, Limit: test.limit, Application: test.application, At: noon})
				return err
			})
			if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), test.field) {
				t.Errorf("%s: %v", test.name, err)
			}
		}
	})
}
