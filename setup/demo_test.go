package setup_test

import (
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
)

// TestTheDemoFileTellsTheStory compares the demo's file with figures that were worked out by hand.
func TestTheDemoFileTellsTheStory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		must(t, db, demo(t))
		merchant, err := accounts.FindMerchant(t.Context(), db, "brackwater")
		if err != nil {
			t.Fatal(err)
		}
		today := money.NewDate(2026, 3, 10)
		buyer := func(name string) accounts.Organisation {
			o, err := accounts.FindOrganisation(t.Context(), db, "brackwater", "ext:"+name)
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		type line struct{ sku, quantity, unit, total string }
		for _, cart := range []struct {
			who, currency, goods string
			lines                []line
		}{
			{"northfold", "USD", "1242.13", []line{{"PPE-2010", "120", "", "972.00"}, {"PPE-2030", "37", "", "108.69"}, {"FAS-1050", "1500", "EA", "18.83"},
				{"ELE-5030", "152.5", "MTR", "97.98"}, {"PKG-4010", "30", "RO", "44.63"}}},
			{"northfold-west", "USD", "1242.13", []line{{"PPE-2010", "120", "BX", "972.00"}, {"PPE-2030", "37", "", "108.69"}, {"FAS-1050", "15", "BX", "18.83"},
				{"ELE-5030", "152.5", "", "97.98"}, {"PKG-4010", "30", "", "44.63"}}},
			{"castelmere", "USD", "1354.72", []line{{"CLN-3010", "24", "", "856.92"}, {"CLN-3020", "12", "", "332.45"}, {"PKG-4010", "75", "", "103.19"}, {"PKG-4020", "6", "", "62.16"}}},
			{"westmere", "USD", "89.55", []line{{"PPE-2010", "9", "", "89.55"}}},
			{"westmere", "USD", "141.74", []line{{"PPE-2010", "10", "", "92.50"}, {"PKG-4070", "2", "", "33.80"}, {"TOL-6060", "3", "", "15.44"}}},
			{"veldhaus", "EUR", "168.60", []line{{"FAS-1050", "3300", "", "39.04"}, {"FAS-1010", "4", "", "67.94"}, {"PPE-2020", "6", "", "37.47"}, {"FAS-1040", "700", "", "24.15"}}},
			{"hoshimori", "JPY", "20186", []line{{"FAS-1050", "1100", "", "2038"}, {"FAS-1040", "2500", "", "13875"}, {"PPE-2030", "7", "", "3070"}, {"ELE-5030", "12.5", "", "1203"}}},
			{"sitrabay", "BHD", "87.331", []line{{"PPE-2010", "12", "", "44.940"}, {"PPE-2070", "7", "", "22.173"}, {"FAS-1050", "2500", "", "11.825"}, {"PKG-4010", "15", "", "8.393"}}},
		} {
			goods := money.Zero(cart.currency)
			for _, l := range cart.lines {
				offer, err := catalog.Find(t.Context(), db, buyer(cart.who), cart.currency, today, l.sku)
				if err != nil {
					t.Fatal(err)
				}
				quantity := money.MustDecimal(l.quantity)
				if err := offer.CheckQuantity(quantity, l.unit); err != nil {
					t.Error(err)
				}
				quote, err := offer.At(quantity, l.unit)
				if err != nil {
					t.Fatal(err)
				}
				total, err := money.LineTotal(quantity, quote.Price, money.One, cart.currency)
				if err != nil || total.Text() != l.total {
					t.Errorf("%s: %s of %s is %s, %v, want %s", cart.who, l.quantity, l.sku, total.Text(), err, l.total)
				}
				if goods, err = goods.Add(total); err != nil {
					t.Fatal(err)
				}
			}
			if goods.Text() != cart.goods {
				t.Errorf("%s: goods %s, want %s", cart.who, goods.Text(), cart.goods)
			}
		}
		if west, castelmere := buyer("northfold-west"), buyer("castelmere"); west.TermsDays != 30 || castelmere.TermsDays != 45 {
			t.Errorf("terms %d and %d", west.TermsDays, castelmere.TermsDays)
		}
		if rates, err := merchant.Rates(); err != nil || len(rates.Tax) != 5 || len(rates.Freight) != 4 || rates.Freight["USD"].PerPallet.String() != "4.25" {
			t.Errorf("%+v, %v", rates, err)
		}
	})
}
