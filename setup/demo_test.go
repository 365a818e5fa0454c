package setup_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/credit"
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
			who, goods string
			lines      []line
		}{
			{"northfold", "1242.13", []line{{"PPE-2010", "120", "", "972.00"}, {"PPE-2030", "37", "", "108.69"}, {"FAS-1050", "1500", "EA", "18.83"},
				{"ELE-5030", "152.5", "MTR", "97.98"}, {"PKG-4010", "30", "RO", "44.63"}}},
			{"northfold-west", "1242.13", []line{{"PPE-2010", "120", "BX", "972.00"}, {"PPE-2030", "37", "", "108.69"}, {"FAS-1050", "15", "BX", "18.83"},
				{"ELE-5030", "152.5", "", "97.98"}, {"PKG-4010", "30", "", "44.63"}}},
			{"castelmere", "1354.72", []line{{"CLN-3010", "24", "", "856.92"}, {"CLN-3020", "12", "", "332.45"}, {"PKG-4010", "75", "", "103.19"}, {"PKG-4020", "6", "", "62.16"}}},
		} {
			goods := money.Zero("USD")
			for _, l := range cart.lines {
				offer, err := catalog.Find(t.Context(), db, buyer(cart.who), "USD", today, l.sku)
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
				total, err := money.LineTotal(quantity, quote.Price, money.One, "USD")
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
		for _, c := range []struct{ who, own, available string }{
			{"northfold", "17100.25", "27269.00"}, {"northfold-west", "5630.75", "4369.25"}, {"castelmere", "13759.00", "1241.00"},
		} {
			lines, err := credit.LinesOf(t.Context(), db, "brackwater", buyer(c.who).ID)
			if err != nil || len(lines) != 1 {
				t.Fatalf("%d lines, %v", len(lines), err)
			}
			available, _, err := credit.Available(t.Context(), db, lines[0])
			if err != nil || available.Text() != c.available || lines[0].Amount(lines[0].Own.Exposure()).Text() != c.own {
				t.Errorf("%s: exposure %d, available %s, %v", c.who, lines[0].Own.Exposure(), available.Text(), err)
			}
		}
		if west, castelmere := buyer("northfold-west"), buyer("castelmere"); west.TermsDays != 30 || castelmere.TermsDays != 45 {
			t.Errorf("terms %d and %d", west.TermsDays, castelmere.TermsDays)
		}
		if rates, err := merchant.Rates(); err != nil || len(rates.Tax) != 2 || len(rates.Freight) != 4 || rates.Freight["USD"].PerPallet.String() != "4.25" {
			t.Errorf("%+v, %v", rates, err)
		}
	})
}

// demoFile is as much of the file as these tests read, without any code of ours.
type demoFile struct {
	Merchants []struct {
		Products []struct {
			SKU         string `json:"sku"`
			Description string
			UNSPSC      string
			Disabled    bool
			Prices      []struct{ Currency, Price string }
		}
		Organisations []struct {
			ExternalID     string                        `json:"external_id"`
			ContractPrices []struct{ SKU, Price string } `json:"contract_prices"`
		}
	}
}

func TestTheDemoCatalogue(t *testing.T) {
	var file demoFile
	if err := json.Unmarshal([]byte(demo(t)), &file); err != nil {
		t.Fatal(err)
	}
	m := file.Merchants[0]
	if len(m.Products) != 42 {
		t.Errorf("%d products", len(m.Products))
	}
	lists := map[string]string{}
	for _, p := range m.Products {
		lists[p.SKU] = p.Prices[0].Price
		if len(p.Prices) != 1 || p.Prices[0].Currency != "USD" || len(p.UNSPSC) != 8 || p.Disabled != (p.SKU == "TOL-6040") {
			t.Errorf("%+v", p)
		}
		sentences := strings.Count(p.Description, ". ") + 1
		switch long := len(p.Description) > 255; {
		case p.SKU == "PKG-4010":
			if p.Description != `48 mm × 66 m, 28 µm, "low noise" & clear` {
				t.Errorf("%s: %s", p.SKU, p.Description)
			}
		case sentences != 2 || !strings.HasSuffix(p.Description, "."):
			t.Errorf("%s has %d sentences", p.SKU, sentences)
		case long != (p.SKU == "PPE-2060"):
			t.Errorf("%s has %d bytes", p.SKU, len(p.Description))
		case p.SKU == "FAS-1060" && !strings.ContainsAny(p.Description, "äöü"):
			t.Errorf("%s has no umlaut", p.SKU)
		}
	}
	// Castelmere pays the list less 7.5 % on CLN and PKG, at four decimals, half away from zero.
	want := map[string]string{}
	for sku, price := range lists {
		if strings.HasPrefix(sku, "CLN-") || strings.HasPrefix(sku, "PKG-") {
			list, _ := new(big.Rat).SetString(price)
			list.Mul(list, big.NewRat(925, 1000))
			tenThousandths := list.Mul(list, big.NewRat(10000, 1))
			twice := new(big.Int).Add(new(big.Int).Mul(tenThousandths.Num(), big.NewInt(2)), tenThousandths.Denom())
			rounded := twice.Quo(twice, new(big.Int).Mul(tenThousandths.Denom(), big.NewInt(2)))
			want[sku] = new(big.Rat).SetFrac(rounded, big.NewInt(10000)).FloatString(4)
		}
	}
	contract := m.Organisations[2].ContractPrices
	if len(contract) != len(want) || len(want) != 13 {
		t.Errorf("%d contract prices, want %d", len(contract), len(want))
	}
	for _, p := range contract {
		if want[p.SKU] != p.Price {
			t.Errorf("%s costs %s, want %s", p.SKU, p.Price, want[p.SKU])
		}
	}
}
