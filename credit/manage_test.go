package credit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

func TestAnOpeningHoldMayExceedTheLimit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Castelmere", "")
		line := d.line(o, usd(100_00), usd(130_00))
		if line.Available() != -30_00 || line.Own.Holds != 130_00 || line.Tree != line.Own || line.Entries != 2 {
			t.Errorf("opened as %+v", line)
		}
		entries := d.entries(line)
		if len(entries) != 2 || entries[0].Kind != "opening" || entries[0].Part != credit.PartLimit || entries[0].Balance != 100_00 ||
			entries[1].Kind != "opening" || entries[1].Part != credit.PartHolds || entries[1].Balance != 130_00 {
			t.Errorf("entries %+v", entries)
		}
		if got := d.decided(credit.Reserve, o, "order", usd(1)); got.Outcome != credit.Review {
			t.Errorf("%+v", got)
		}
	})
}

func TestALineThatCannotBeOpened(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Castelmere", "")
		d.line(o, usd(100_00), money.Amount{})
		tests := []struct {
			name         string
			organisation accounts.Organisation
			limit, holds money.Amount
			want         fault.Code
		}{
			{"a second one in the currency", o, usd(1), usd(0), fault.Conflict},
			{"a negative limit", o, eur(-1), eur(0), fault.Invalid},
			{"a negative hold", o, eur(1), eur(-1), fault.Invalid},
			{"a hold in another currency", o, eur(1), usd(1), fault.Invalid},
			{"an organisation that is not there", accounts.Organisation{Merchant: merchant, ID: "nobody"}, eur(1), eur(0), fault.Unknown},
		}
		for _, test := range tests {
			err := db.InTx(d.ctx, func(tx *database.Tx) error {
				_, err := credit.Open(d.ctx, tx, credit.Opening{Organisation: test.organisation, Limit: test.limit, Holds: test.holds, At: noon})
				return err
			})
			if fault.CodeOf(err) != test.want {
				t.Errorf("%s: %v, want %s", test.name, err, test.want)
			}
		}
		lines, err := credit.LinesOf(d.ctx, db, merchant, o.ID)
		if err != nil || len(lines) != 1 {
			t.Errorf("left: %+v, %v", lines, err)
		}
	})
}

// Lines are opened in any order, and not every organisation has one in every currency.
func TestALineOpenedAboveOthersStartsWithTheirSums(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		root, middle := d.organisation("root", ""), d.organisation("middle", "root")
		left, right := d.organisation("left", "middle"), d.organisation("right", "middle")
		d.line(left, usd(100_00), usd(10_00))
		d.line(right, usd(100_00), usd(20_00))
		d.line(right, eur(100_00), eur(5_00)) // another currency counts nowhere
		top := d.line(root, usd(1_000_00), usd(3_00))
		if top.Own.Holds != 3_00 || top.Tree.Holds != 33_00 || top.Depth != 0 {
			t.Errorf("the root starts with %+v", top)
		}
		d.decided(credit.Reserve, left, "order", usd(1_00))
		between := d.line(middle, usd(50_00), usd(0))
		if between.Own.Holds != 0 || between.Tree.Holds != 31_00 || between.Depth != 1 {
			t.Errorf("the middle starts with %+v", between)
		}
		if got := d.decided(credit.Reserve, right, "more", usd(19_01)); got.Outcome != credit.Review || got.Bound != "middle" {
			t.Errorf("a line opened between binds at once: %+v", got)
		}
		d.decided(credit.Reserve, right, "more", usd(19_00))
		if top, between = d.find(top.ID), d.find(between.ID); top.Tree.Holds != 53_00 || between.Available() != 0 {
			t.Errorf("then: %+v and %+v", top, between)
		}
	})
}

// Two merchants may use the same ids; one's organisations are not above the other's.
func TestChainsStayWithinTheMerchant(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		d.merchant("other")
		// Here "a" stands alone and has a child; over there it has a main account, which is called
		// like our child.
		mine := d.organisation("a", "")
		child := d.organisation("b", "a")
		d.organisationOf("other", "b", "")
		theirs := d.organisationOf("other", "a", "b")
		childs := d.line(child, usd(100_00), usd(7_00))
		line := d.line(mine, usd(100_00), usd(1_00))
		if line.Depth != 0 || childs.Depth != 1 || line.Tree.Holds != 8_00 {
			t.Errorf("ours: %+v above %+v", line, childs)
		}
		var foreign credit.Line
		d.in(func(tx *database.Tx) (err error) {
			foreign, err = credit.Open(d.ctx, tx, credit.Opening{Organisation: theirs, Limit: usd(5_00), At: noon})
			return err
		})
		if foreign.Depth != 1 || foreign.Tree.Holds != 0 {
			t.Errorf("theirs: %+v", foreign)
		}
		if got, least, err := credit.Available(d.ctx, db, childs); err != nil || got != usd(92_00) || least.OrganisationName != "a" {
			t.Errorf("available %v by %s, %v", got, least.OrganisationName, err)
		}
		if _, err := credit.FindLine(d.ctx, db, merchant, foreign.ID); fault.CodeOf(err) != fault.Unknown {
			t.Errorf("another merchant's line is found: %v", err)
		}
	})
}

// Parents that go round in a circle are refused when they are set; should one exist, it must not
// hold SQLite's only writer for ever.
func TestACircleOfParentsEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		a := d.organisation("a", "")
		d.organisation("b", "a")
		d.exec("UPDATE organisations SET parent_id = 'b' WHERE merchant_id = ? AND id = 'a'", merchant)
		d.line(a, usd(1), usd(0))
	})
}

func TestSetLimitKeepsWhoAndWhy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Castelmere", "")
		line := d.line(o, usd(100_00), usd(0))
		tests := []struct {
			name, reason string
			limit        money.Amount
		}{
			{"another currency", "why", eur(1)},
			{"negative", "why", usd(-1)},
			{"without a reason", "", usd(1)},
		}
		for _, test := range tests {
			err := db.InTx(d.ctx, func(tx *database.Tx) error {
				_, err := credit.SetLimit(d.ctx, tx, credit.NewLimit{Merchant: merchant, Line: line.ID, Limit: test.limit, Actor: "credit manager", Reason: test.reason, At: noon})
				return err
			})
			if fault.CodeOf(err) != fault.Invalid {
				t.Errorf("%s: %v", test.name, err)
			}
		}
		after := d.setLimit(line, 250_00)
		if after.Limit != 250_00 || after.Version != line.Version+1 || after.Entries != 2 {
			t.Errorf("%+v", after)
		}
		last := d.entries(after)[1]
		if last.Part != credit.PartLimit || last.Kind != "limit" || last.Amount != 150_00 || last.Balance != 250_00 ||
			last.Actor != "credit manager" || last.Reason != "a better year" {
			t.Errorf("entry %+v", last)
		}
		var audit struct {
			Actor, Action, Object, Reason, Was, Became string
			At                                         database.Time
		}
		err := db.Get(d.ctx, &audit, "SELECT actor, action, object, reason, was, became, at FROM audit WHERE merchant_id = ?", merchant)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(audit); got != fmt.Sprint("{credit manager credit.limit ", line.ID, ` a better year {"limit":10000} {"limit":25000} `, noon, "}") {
			t.Errorf("audit %s", got)
		}
		err = db.InTx(d.ctx, func(tx *database.Tx) error {
			_, err := credit.SetLimit(d.ctx, tx, credit.NewLimit{Merchant: merchant, Line: "lin_unknown", Limit: usd(1), Actor: "credit manager", Reason: "why", At: noon})
			return err
		})
		if fault.CodeOf(err) != fault.Unknown {
			t.Errorf("an unknown line: %v", err)
		}
	})
}

// entries lists a line's own entries as they are stored, oldest first.
func (d desk) entries(line credit.Line) []credit.Entry {
	d.Helper()
	var entries []credit.Entry
	err := d.db.Select(d.ctx, &entries, `SELECT line_id, seq, part, kind, amount_minor, balance_minor, reference, reason, actor, at
FROM credit_entries WHERE merchant_id = ? AND line_id = ? ORDER BY seq`, line.Merchant, line.ID)
	if err != nil {
		d.Fatal(err)
	}
	return entries
}

// A main account sees its own movements and those below it, newest first, in pages that neither
// repeat nor leave out any, also where many happened in one instant.
func TestEntriesInPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		root, child := d.organisation("root", ""), d.organisation("child", "root")
		top, sub := d.line(root, usd(100_00), usd(1_00)), d.line(child, usd(100_00), usd(1_00))
		alien := d.line(d.organisation("alien", ""), usd(100_00), usd(1_00))
		for i := range 12 {
			o := []accounts.Organisation{root, child}[i%2]
			at := noon.Add(time.Duration(i/4) * time.Microsecond)
			d.in(func(tx *database.Tx) error {
				_, err := credit.Reserve(d.ctx, tx, credit.Ask{Organisation: o, Reference: fmt.Sprint("order ", i), Total: usd(1), At: at})
				return err
			})
		}
		for _, size := range []int{1, 3, 100} {
			var all []credit.Entry
			var last credit.Entry
			for {
				page, err := credit.EntriesOf(d.ctx, db, top, last, size)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) > size {
					t.Fatalf("a page of %d has %d", size, len(page))
				}
				if len(page) == 0 {
					break
				}
				all, last = append(all, page...), page[len(page)-1]
			}
			seen := map[string]bool{}
			for i, e := range all {
				seen[fmt.Sprint(e.Line, e.Seq)] = true
				if e.Line == alien.ID || e.OrganisationName == "" || e.Organisation == "" {
					t.Errorf("entry %+v", e)
				}
				if i > 0 && e.At.After(all[i-1].At.Time) {
					t.Errorf("entry %d is newer than the one before", i)
				}
			}
			if len(all) != 16 || len(seen) != 16 {
				t.Errorf("pages of %d: %d entries, %d different; want 16", size, len(all), len(seen))
			}
			newest := []string{}
			for _, e := range all[:4] {
				newest = append(newest, e.Reference)
			}
			slices.Sort(newest)
			if got := strings.Join(newest, ", "); got != "order 10, order 11, order 8, order 9" {
				t.Errorf("newest: %s", got)
			}
		}
		own, err := credit.EntriesOf(d.ctx, db, sub, credit.Entry{}, 100)
		if err != nil || len(own) != 8 {
			t.Errorf("the sub-account sees %d entries, %v; want its own 8", len(own), err)
		}
	})
}
