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

func TestAnOrderFitsWhatIsAvailable(t *testing.T) {
	tests := []struct {
		name     string
		earlier  []money.Amount // approved before, in turn
		asked    money.Amount
		approved bool
		short    money.Amount
	}{
		{"all that is available", nil, eur(7_899_75), true, eur(0)},
		{"a cent too much", nil, eur(7_899_76), false, eur(1)},
		{"nothing always fits", []money.Amount{eur(7_899_75)}, eur(0), true, eur(0)},
		{"the second finds it spent", []money.Amount{eur(5_000_00)}, eur(2_899_76), false, eur(1)},
		{"the second takes the rest", []money.Amount{eur(5_000_00)}, eur(2_899_75), true, eur(0)},
		{"more than the limit", nil, eur(30_000_00), false, eur(22_100_25)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				d := newDesk(t, db)
				o := d.organisation("Northfold", "")
				line := d.line(o, eur(25_000_00), eur(6_200_00))
				// Documents that move these parts come later than the line: the formula counts them already.
				d.exec(`UPDATE credit_lines SET own_receivables = 945025, tree_receivables = 945025, own_offline = 180000,
tree_offline = 180000, own_credits = 35000, tree_credits = 35000 WHERE merchant_id = ? AND id = ?`, merchant, line.ID)
				for i, total := range test.earlier {
					if got := d.decided(credit.Reserve, o, string(rune('a'+i)), total); got.Outcome != credit.Approved {
						t.Fatalf("order %d: %+v", i, got)
					}
				}
				before := d.find(line.ID)
				got := d.decided(credit.Reserve, o, "order", test.asked)
				if (got.Outcome == credit.Approved) != test.approved || got.Short != test.short {
					t.Errorf("decided %+v", got)
				}
				if got.Asked != test.asked || got.Available != eur(before.Available()) || got.Line != line.ID || got.Bound != "Northfold" {
					t.Errorf("the figures are %+v", got)
				}
				after, taken := d.find(line.ID), int64(0)
				if test.approved {
					taken = test.asked.Minor
				} else if after != before {
					t.Errorf("a refusal wrote: %+v became %+v", before, after)
				}
				if after.Available() != before.Available()-taken {
					t.Errorf("available %d became %d, %d were approved", before.Available(), after.Available(), taken)
				}
			})
		})
	}
}

// The story of the demonstration: an order of the main account leaves less at the top than the
// sub-account has of its own.
func TestTheParentBinds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		north := d.organisation("Northfold Medical Group", "")
		west := d.organisation("Northfold Labs West", north.ID)
		top := d.line(north, usd(50_000_00), usd(17_100_25))
		sub := d.line(west, usd(10_000_00), usd(5_630_75))
		shown := func(line credit.Line, want money.Amount, by string) {
			t.Helper()
			got, least, err := credit.Available(d.ctx, db, line)
			if err != nil || got != want || least.OrganisationName != by {
				t.Errorf("available %v, set by %s, %v; want %v by %s", got, least.OrganisationName, err, want, by)
			}
		}
		shown(top, usd(27_269_00), north.Name)
		shown(sub, usd(4_369_25), west.Name)
		if got := d.decided(credit.Reserve, north, "main", usd(24_000_00)); got.Outcome != credit.Approved {
			t.Fatalf("%+v", got)
		}
		shown(sub, usd(3_269_00), north.Name)
		got := d.decided(credit.Reserve, west, "too much", usd(3_269_01))
		want := credit.Decision{Outcome: credit.Review, Reason: credit.OverLimit, Asked: usd(3_269_01), Available: usd(3_269_00), Short: usd(1),
			Line: sub.ID, Bound: north.Name,
			Sentence: "0.01 USD over the credit limit of Northfold Medical Group: 3269.01 USD asked, 3269.00 USD available."}
		if got != want {
			t.Errorf("decided\n%+v, want\n%+v", got, want)
		}
		if got := d.decided(credit.Reserve, west, "just", usd(3_269_00)); got.Outcome != credit.Approved || got.Sentence != "It fits: 0.00 USD stay available." {
			t.Errorf("%+v", got)
		}
		if top, sub := d.find(top.ID), d.find(sub.ID); top.Available() != 0 || sub.Available() != 1_100_25 || top.Own.Holds != 41_100_25 {
			t.Errorf("left: %+v and %+v", top, sub)
		}
		d.release(west, "just", "USD")
		shown(top, usd(3_269_00), north.Name)
	})
}

func TestAnEditTestsOnlyTheDifference(t *testing.T) {
	tests := []struct {
		name     string
		limit    int64 // at the time of the edit; the order holds 80.00
		total    int64
		approved bool
		held     int64
	}{
		{"up to the limit", 100_00, 100_00, true, 100_00},
		{"a cent over it", 100_00, 100_01, false, 80_00},
		{"the same again", 100_00, 80_00, true, 80_00},
		{"less", 100_00, 30_00, true, 30_00},
		{"to nothing", 100_00, 0, true, 0},
		{"the same over a limit that was cut", 10_00, 80_00, true, 80_00},
		{"less, and still over it", 10_00, 79_99, true, 79_99},
		{"a cent more over it", 10_00, 80_01, false, 80_00},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				d := newDesk(t, db)
				o := d.organisation("Castelmere", "")
				line := d.line(o, usd(100_00), usd(0))
				d.decided(credit.Reserve, o, "order", usd(80_00))
				if test.limit != 100_00 {
					d.setLimit(line, test.limit)
				}
				got := d.decided(credit.Adjust, o, "order", usd(test.total))
				if (got.Outcome == credit.Approved) != test.approved {
					t.Errorf("decided %+v", got)
				}
				if line = d.find(line.ID); line.Own.Holds != test.held || line.Tree.Holds != test.held {
					t.Errorf("holds %d and %d, want %d", line.Own.Holds, line.Tree.Holds, test.held)
				}
			})
		})
	}
}

// An order that waited holds nothing yet; when it is decided again, all of it is the difference.
func TestAnEditOfWhatHoldsNothingIsNew(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Castelmere", "")
		line := d.line(o, usd(100_00), usd(0))
		if got := d.decided(credit.Adjust, o, "order", usd(100_01)); got.Outcome != credit.Review {
			t.Errorf("%+v", got)
		}
		if got := d.decided(credit.Adjust, o, "order", usd(100_00)); got.Outcome != credit.Approved {
			t.Errorf("%+v", got)
		}
		if freed := d.release(o, "order", "USD"); freed != usd(100_00) {
			t.Errorf("freed %v", freed)
		}
		if got := d.decided(credit.Adjust, o, "order", usd(60_00)); got.Outcome != credit.Approved {
			t.Errorf("a released hold can't be taken up again: %+v", got)
		}
		if line = d.find(line.ID); line.Own.Holds != 60_00 {
			t.Errorf("holds %d", line.Own.Holds)
		}
	})
}

func TestLinesAndPolicies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Veldhaus", "")
		refusing := o
		refusing.OverLimit = accounts.Refuse
		line := d.line(o, eur(100_00), eur(0))

		for _, which := range []use{credit.Reserve, credit.Adjust} {
			_, err := d.ask(which, o, "dollars", usd(1))
			if fault.CodeOf(err) != fault.PaymentRequired || !strings.Contains(err.Error(), "(reason no_line_in_currency)") {
				t.Errorf("dollars do not spend euros: %v", err)
			}
		}
		if _, err := d.ask(credit.Reserve, d.organisation("Nobody", ""), "euros", eur(1)); fault.CodeOf(err) != fault.PaymentRequired ||
			!strings.Contains(err.Error(), "(reason no_credit_line)") {
			t.Errorf("without any line: %v", err)
		}
		if freed := d.release(o, "dollars", "USD"); freed != usd(0) {
			t.Errorf("released %v without a line", freed)
		}
		if got := d.decided(credit.Reserve, o, "review", eur(100_01)); got.Outcome != credit.Review || got.Reason != credit.OverLimit {
			t.Errorf("over the limit it waits: %+v", got)
		}
		if got := d.decided(credit.Reserve, refusing, "refuse", eur(100_01)); got.Outcome != credit.Refused || got.Reason != credit.OverLimit {
			t.Errorf("over the limit it is refused: %+v", got)
		}
		d.decided(credit.Reserve, o, "before", eur(40_00))
		d.exec("UPDATE credit_lines SET disabled = TRUE WHERE merchant_id = ? AND id = ?", merchant, line.ID)
		if got := d.decided(credit.Reserve, o, "closed", eur(1)); got.Outcome != credit.Review || got.Reason != credit.LineClosed ||
			got.Short != eur(0) || got.Sentence != "The credit line of Veldhaus is closed." {
			t.Errorf("a closed line lets nothing new pass: %+v", got)
		}
		if got := d.decided(credit.Reserve, refusing, "closed too", eur(1)); got.Outcome != credit.Refused {
			t.Errorf("%+v", got)
		}
		if got := d.decided(credit.Adjust, o, "before", eur(30_00)); got.Outcome != credit.Approved {
			t.Errorf("an order on a closed line may shrink: %+v", got)
		}
	})
}

// Any closed line of the chain binds: that of the main account, one between, or the own one.
func TestAClosedLineOfTheChainBinds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		var lines []credit.Line
		var last accounts.Organisation
		for _, name := range []string{"top", "middle", "bottom"} {
			last = d.organisation(name, last.ID)
			lines = append(lines, d.line(last, usd(100_00), usd(0)))
		}
		for _, line := range lines {
			d.exec("UPDATE credit_lines SET disabled = (id = ?) WHERE merchant_id = ?", line.ID, merchant)
			got := d.decided(credit.Reserve, last, "order", usd(1))
			if got.Outcome != credit.Review || got.Sentence != "The credit line of "+line.OrganisationName+" is closed." {
				t.Errorf("%s: %+v", line.OrganisationName, got)
			}
		}
	})
}

func TestAPersonMayLetItPass(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Castelmere", "")
		line := d.line(o, usd(100_00), usd(0))
		var got credit.Decision
		d.in(func(tx *database.Tx) (err error) {
			got, err = credit.Reserve(d.ctx, tx, credit.Ask{Organisation: o, Reference: "order", Total: usd(100_01), Override: true,
				Actor: "credit manager", Reason: "paid by wire this morning", At: noon})
			return err
		})
		if got.Outcome != credit.Approved || got.Reason != credit.Released || got.Short != usd(1) {
			t.Errorf("%+v", got)
		}
		entries, err := credit.EntriesOf(d.ctx, db, line, credit.Entry{}, 1)
		if err != nil || len(entries) != 1 || entries[0].Actor != "credit manager" || entries[0].Reason != "paid by wire this morning" {
			t.Errorf("kept: %+v, %v", entries, err)
		}
		if got := d.decided(credit.Reserve, o, "next", usd(1)); got.Outcome != credit.Review {
			t.Errorf("the next one is bound again: %+v", got)
		}
	})
}

func TestReleaseGivesBackOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Westmere", "")
		line := d.line(o, usd(100_00), usd(10_00))
		d.decided(credit.Reserve, o, "order", usd(80_00))
		for i, want := range []money.Amount{usd(80_00), usd(0), usd(0)} {
			if freed := d.release(o, "order", "USD"); freed != want {
				t.Errorf("time %d freed %v, want %v", i+1, freed, want)
			}
		}
		if freed := d.release(o, "never heard of", "USD"); freed != usd(0) {
			t.Errorf("an unknown reference freed %v", freed)
		}
		if line = d.find(line.ID); line.Own.Holds != 10_00 || line.Entries != 4 {
			t.Errorf("left: %+v", line)
		}
	})
}

// What an order holds belongs to one line. An edit or end that names another organisation or
// currency must not be reckoned against that one's line.
func TestAHoldStaysOnItsLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o, other := d.organisation("one", ""), d.organisation("other", "")
		dollars, euros, others := d.line(o, usd(100_00), usd(0)), d.line(o, eur(100_00), eur(50_00)), d.line(other, usd(100_00), usd(50_00))
		d.decided(credit.Reserve, o, "order", usd(40_00))
		if _, err := d.ask(credit.Adjust, o, "order", eur(30_00)); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("an order that changes its currency: %v", err)
		}
		if _, err := d.ask(credit.Adjust, other, "order", usd(30_00)); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("an order that changes its organisation: %v", err)
		}
		for _, ask := range []credit.Ask{{Organisation: o, Total: eur(0)}, {Organisation: other, Total: usd(0)}} {
			ask.Reference, ask.At = "order", noon
			err := d.db.InTx(d.ctx, func(tx *database.Tx) error {
				_, err := credit.Release(d.ctx, tx, ask)
				return err
			})
			if fault.CodeOf(err) != fault.Conflict {
				t.Errorf("released from a line that doesn't hold it: %v", err)
			}
		}
		for line, want := range map[string]int64{dollars.ID: 40_00, euros.ID: 50_00, others.ID: 50_00} {
			if got := d.find(line); got.Own.Holds != want {
				t.Errorf("%s holds %d, want %d", got.OrganisationName, got.Own.Holds, want)
			}
		}
	})
}

func TestAReferenceIsReservedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Westmere", "")
		line := d.line(o, usd(100_00), usd(0))
		d.decided(credit.Reserve, o, "order", usd(10_00))
		if _, err := d.ask(credit.Reserve, o, "order", usd(10_00)); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("the second gave %v", err)
		}
		if line = d.find(line.ID); line.Own.Holds != 10_00 {
			t.Errorf("holds %d", line.Own.Holds)
		}
	})
}

func TestALimitBelowTheExposureBlocksAndCancelsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Castelmere", "")
		line := d.line(o, usd(100_00), usd(0))
		d.decided(credit.Reserve, o, "order", usd(80_00))
		line = d.setLimit(line, 50_00)
		if line.Available() != -30_00 || line.Own.Holds != 80_00 {
			t.Errorf("after the cut: %+v", line)
		}
		if got := d.decided(credit.Reserve, o, "next", usd(1)); got.Outcome != credit.Review || got.Short != usd(30_01) || got.Available != usd(-30_00) {
			t.Errorf("%+v", got)
		}
	})
}

// Amounts above 2³¹ minor units are ordinary money.
func TestLargeAmounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Hoshimori", "")
		line := d.line(o, money.Of(9_000_000_000_000, "JPY"), money.Of(3_000_000_000, "JPY"))
		if got := d.decided(credit.Reserve, o, "order", money.Of(8_997_000_000_000, "JPY")); got.Outcome != credit.Approved {
			t.Errorf("%+v", got)
		}
		if line = d.find(line.ID); line.Available() != 0 || line.Own.Holds != 9_000_000_000_000 {
			t.Errorf("%+v", line)
		}
		if freed := d.release(o, "order", "JPY"); freed.Minor != 8_997_000_000_000 {
			t.Errorf("freed %v", freed)
		}
	})
}
