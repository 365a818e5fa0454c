package accounts_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func exec(t *testing.T, db *database.DB, query string, args ...any) {
	t.Helper()
	if err := db.InTx(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(t.Context(), query, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func seed(t *testing.T, db *database.DB) {
	t.Helper()
	now := database.At(noon)
	for _, id := range []string{"brackwater", "brack-water-2"} {
		exec(t, db, `INSERT INTO merchants (id, account, mode, name, time_zone, currency, shop_url, tax_rates, freight, created_at, updated_at)
VALUES (?, ?, 'test', 'Brackwater', 'America/New_York', 'USD', '', '[]', '{}', ?, ?)`, id, id, now, now)
		for _, organisation := range []string{"org_one", "org_two"} {
			exec(t, db, `INSERT INTO organisations (merchant_id, id, external_id, name, currency, terms_days, over_limit, price_policy, created_at, updated_at)
VALUES (?, ?, ?, ?, 'USD', 30, 'review', 'best_of', ?, ?)`, id, organisation, "their-"+organisation, organisation, now, now)
		}
	}
}

func arrive(ctx context.Context, db *database.DB, merchant, organisation string, who accounts.Buyer) (b accounts.Buyer, err error) {
	err = db.InTx(ctx, func(tx *database.Tx) (err error) {
		b, err = accounts.Arrive(ctx, tx, merchant, organisation, who, noon)
		return err
	})
	return b, err
}

func TestWhoArrivesTwiceIsTheSameBuyer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		seed(t, db)
		tests := []struct {
			name          string
			first, second accounts.Buyer
			merchant      string // the second's, when it is another
			organisation  string
			same          bool
		}{
			{"the same e-mail", accounts.Buyer{Email: "a@x.example", Name: "Laboratory"}, accounts.Buyer{Email: "a@x.example"}, "", "", true},
			{"in other letters", accounts.Buyer{Email: "Straße@x.example"}, accounts.Buyer{Email: " STRASSE@X.example "}, "", "", true},
			{"the e-mail counts, not the login", accounts.Buyer{Email: "b@x.example", Login: "b1"}, accounts.Buyer{Email: "b@x.example", Login: "b2"}, "", "", true},
			{"the login where there is no e-mail", accounts.Buyer{Login: "Chemistry"}, accounts.Buyer{Login: "chemistry"}, "", "", true},
			{"another e-mail", accounts.Buyer{Email: "c@x.example"}, accounts.Buyer{Email: "d@x.example"}, "", "", false},
			{"nobody in particular", accounts.Buyer{}, accounts.Buyer{Email: " "}, "", "", true},
			{"another organisation", accounts.Buyer{Email: "e@x.example"}, accounts.Buyer{Email: "e@x.example"}, "", "org_two", false},
			{"another merchant", accounts.Buyer{Email: "f@x.example"}, accounts.Buyer{Email: "f@x.example"}, "brack-water-2", "", false},
		}
		for _, test := range tests {
			first, err := arrive(t.Context(), db, "brackwater", "org_one", test.first)
			if err != nil {
				t.Fatal(err)
			}
			merchant, organisation := "brackwater", "org_one"
			if test.merchant != "" {
				merchant = test.merchant
			}
			if test.organisation != "" {
				organisation = test.organisation
			}
			second, err := arrive(t.Context(), db, merchant, organisation, test.second)
			if err != nil {
				t.Fatal(err)
			}
			if (first.ID == second.ID) != test.same || second.Merchant != merchant || second.Organisation != organisation {
				t.Errorf("%s: %+v and %+v", test.name, first, second)
			}
			if test.same && second != first {
				t.Errorf("%s: the second arrival changed the buyer: %+v and %+v", test.name, first, second)
			}
			if found, err := accounts.FindBuyer(t.Context(), db, merchant, second.ID); err != nil || found != second {
				t.Errorf("%s: found %+v, %v", test.name, found, err)
			}
		}
	})
}

func TestAClosedBuyerIsForbidden(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		seed(t, db)
		b, err := arrive(t.Context(), db, "brackwater", "org_one", accounts.Buyer{Email: "a@x.example"})
		if err != nil {
			t.Fatal(err)
		}
		exec(t, db, "UPDATE buyers SET disabled = TRUE WHERE merchant_id = ? AND id = ?", b.Merchant, b.ID)
		if got, err := arrive(t.Context(), db, "brackwater", "org_one", accounts.Buyer{Email: "A@x.example"}); fault.CodeOf(err) != fault.Forbidden || got.ID != "" {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := arrive(t.Context(), db, "brackwater", "org_two", accounts.Buyer{Email: "a@x.example"}); err != nil {
			t.Errorf("at another organisation it is another buyer: %v", err)
		}
	})
}

func TestArrivingManyAtOnceMakesOneBuyer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		seed(t, db)
		var group sync.WaitGroup
		found := make([]accounts.Buyer, 12)
		for i := range found {
			group.Go(func() {
				var err error
				if found[i], err = arrive(t.Context(), db, "brackwater", "org_one", accounts.Buyer{Email: "a@x.example"}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for _, b := range found {
			if b.ID == "" || b.ID != found[0].ID {
				t.Errorf("%s and %s", b.ID, found[0].ID)
			}
		}
	})
}

func TestFindingByIDAndByTheirReference(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		seed(t, db)
		for _, id := range []string{"org_one", "ext:their-org_one"} {
			if o, err := accounts.FindOrganisation(t.Context(), db, "brackwater", id); err != nil || o.ID != "org_one" || o.Merchant != "brackwater" {
				t.Errorf("%s: %+v, %v", id, o, err)
			}
		}
		for _, id := range []string{"", "org_three", "ext:org_one", "their-org_one", "ext:"} {
			if _, err := accounts.FindOrganisation(t.Context(), db, "brackwater", id); fault.CodeOf(err) != fault.Unknown {
				t.Errorf("%q: %v", id, err)
			}
		}
		if _, err := accounts.FindBuyer(t.Context(), db, "brackwater", "buy_none"); fault.CodeOf(err) != fault.Unknown {
			t.Errorf("a buyer: %v", err)
		}
		if m, err := accounts.FindMerchant(t.Context(), db, "brack-water-2"); err != nil || m.ID != "brack-water-2" || m.Live() {
			t.Errorf("%+v, %v", m, err)
		}
		exec(t, db, "UPDATE merchants SET disabled = TRUE WHERE id = 'brack-water-2'")
		for _, id := range []string{"brack-water-2", "none"} {
			if m, err := accounts.FindMerchant(t.Context(), db, id); fault.CodeOf(err) != fault.Unknown || m.ID != "" {
				t.Errorf("%s: %+v, %v", id, m, err)
			}
		}
	})
}

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		" Anna@Example.COM\t": "anna@example.com", "STRASSE": "strasse", "Straße": "strasse", "ÅNGSTRÖM": "ångström",
		"ΣΊΣΥΦΟΣ": "σίσυφοσ", "σίσυφος": "σίσυφοσ", "": "", "\u00a0": "", "ABC-123": "abc-123", "東京": "東京",
	} {
		if got := accounts.Fold(text); got != want {
			t.Errorf("%q folds to %q, want %q", text, got, want)
		}
	}
}

// 03:30 UTC on the first is still the last of the month before in Chicago.
func TestTodayIsTheMerchantsOwn(t *testing.T) {
	night := time.Date(2026, 12, 1, 3, 30, 0, 0, time.UTC)
	tests := []struct {
		zone   string
		offset time.Duration
		want   string
	}{
		{"UTC", 0, "2026-12-01"},
		{"America/Chicago", 0, "2026-11-30"},
		{"Asia/Tokyo", 0, "2026-12-01"},
		{"America/Chicago", 150 * time.Minute, "2026-12-01"},
		{"America/Chicago", 150*time.Minute - time.Microsecond, "2026-11-30"},
		{"Asia/Tokyo", -30 * 24 * time.Hour, "2026-11-01"},
		{"America/Chicago", 31 * 24 * time.Hour, "2026-12-31"},
		{"no such zone", 0, "2026-12-01"},
	}
	for _, test := range tests {
		m := accounts.Merchant{TimeZone: test.zone, ClockOffset: test.offset.Microseconds()}
		if got := m.Today(clock.At(night)).String(); got != test.want {
			t.Errorf("in %s, %v on: %s, want %s", test.zone, test.offset, got, test.want)
		}
	}
}

func TestRatesAreReadAsTheyWereSet(t *testing.T) {
	m := accounts.Merchant{
		ID: "brackwater",
		TaxRates: `[{"country":"US","region":"CA","postal_prefix":"941","class":"food","percent":"7.2500","from":"2026-01-01","to":"2026-12-31"},
		            {"country":"DE","percent":"19"}]`,
		Freight: `{"USD":{"tiers":[{"under":"250.00","charge":"14.95"},{"charge":"0.00"}],"hazardous":"12.00","per_pallet":"4.25"},"BHD":{"tiers":[{"charge":"2.750"}]}}`,
	}
	r, err := m.Rates()
	if err != nil {
		t.Fatal(err)
	}
	first, second, dollars, dinars := r.Tax[0], r.Tax[1], r.Freight["USD"], r.Freight["BHD"]
	if len(r.Tax) != 2 || first.Country != "US" || first.Region != "CA" || first.PostalPrefix != "941" || first.Class != "food" ||
		first.Percent.String() != "7.2500" || first.From.String() != "2026-01-01" || first.To.String() != "2026-12-31" {
		t.Errorf("tax %+v", first)
	}
	if second.Class != "" || !second.From.IsZero() || !second.To.IsZero() || second.Percent.String() != "19" {
		t.Errorf("tax %+v", second)
	}
	if len(dollars.Tiers) != 2 || dollars.Tiers[0].Under.String() != "250.00" || dollars.Tiers[0].Charge.String() != "14.95" || dollars.Tiers[1].Under != nil ||
		dollars.Hazardous.String() != "12.00" || dollars.PerPallet.String() != "4.25" {
		t.Errorf("freight %+v", dollars)
	}
	if dinars.Hazardous != nil || dinars.PerPallet != nil || dinars.Tiers[0].Charge.String() != "2.750" {
		t.Errorf("freight %+v", dinars)
	}
	for _, broken := range []accounts.Merchant{
		{ID: "brackwater", TaxRates: "", Freight: "{}"},
		{ID: "brackwater", TaxRates: `[{"percent":7.25}]`, Freight: "{}"}, // a number would be a float
		{ID: "brackwater", TaxRates: "[]", Freight: `{"USD":{"tiers":[{"charge":"1,50"}]}}`},
	} {
		if _, err := broken.Rates(); err == nil {
			t.Errorf("%q and %q were read", broken.TaxRates, broken.Freight)
		}
	}
}

func TestAuditKeepsWhoWhenWhyBeforeAndAfter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		seed(t, db)
		if err := db.InTx(t.Context(), func(tx *database.Tx) error {
			return accounts.Audit(t.Context(), tx, accounts.Change{Merchant: "brackwater", At: noon, Actor: "finance", Action: "buyer.close", Object: "buy_1",
				Reason: "left", Was: map[string]bool{"disabled": false}, Became: map[string]bool{"disabled": true}})
		}); err != nil {
			t.Fatal(err)
		}
		var got struct {
			At                                         database.Time
			Actor, Action, Object, Reason, Was, Became string
		}
		if err := db.Get(t.Context(), &got, "SELECT at, actor, action, object, reason, was, became FROM audit WHERE merchant_id = ?", "brackwater"); err != nil {
			t.Fatal(err)
		}
		if !got.At.Equal(noon) || got.Actor != "finance" || got.Action != "buyer.close" || got.Object != "buy_1" || got.Reason != "left" ||
			got.Was != `{"disabled":false}` || got.Became != `{"disabled":true}` {
			t.Errorf("%+v", got)
		}
	})
}
