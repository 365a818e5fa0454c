package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

func (s *shop) find(query catalog.Query) (skus, next string) {
	s.t.Helper()
	return s.search(s.westmere, query)
}

func (s *shop) search(who accounts.Organisation, query catalog.Query) (skus, next string) {
	s.t.Helper()
	found, next, err := catalog.Search(s.t.Context(), s.db, who, "USD", today, query)
	if err != nil {
		s.t.Fatalf("%+v: %v", query, err)
	}
	var numbers []string
	for _, o := range found {
		numbers = append(numbers, o.SKU)
	}
	return strings.Join(numbers, " "), next
}

func TestSearch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.story()
		s.sell(catalog.Product{SKU: "FAS-1060", Name: "Blind rivet 4.8 × 10", Category: "Fasteners", Unit: "BX", Description: "Für dünne Bleche, geprüft. Maß ½ Zoll"},
			catalog.Price{Price: dec("27.80")})
		s.sell(catalog.Product{Merchant: "other", SKU: "FAS-9", Name: "Hex bolt of another merchant", Unit: "EA"}, catalog.Price{Price: dec("1")})
		s.sell(catalog.Product{SKU: "EUR-1", Name: "Hex bolt without a price in dollars", Category: "Elsewhere", Unit: "EA"}, catalog.Price{Currency: "EUR", Price: dec("1")})
		s.sell(catalog.Product{SKU: "---", Name: "×", Category: "", Unit: "EA"}, catalog.Price{Price: dec("1")})

		for text, want := range map[string]string{
			"":                          "FAS-1010 FAS-1040 FAS-1050 PPE-2010 ELE-5030 FAS-1060 ---",
			"hex":                       "FAS-1010",
			"HEX zin":                   "FAS-1010",
			"screw":                     "FAS-1040 FAS-1050",
			"screw stain":               "FAS-1050",
			"crew":                      "",
			"hex screw":                 "",
			"fas-10":                    "FAS-1010 FAS-1040 FAS-1050 FAS-1060",
			"FAS-1010":                  "FAS-1010",
			"fas1010":                   "FAS-1010",
			"Ppe":                       "PPE-2010",
			"fasten":                    "FAS-1010 FAS-1040 FAS-1050 FAS-1060",
			"tape":                      "", // withdrawn
			"dunne":                     "FAS-1060",
			"DÜNNE gepruft":             "FAS-1060",
			"mass":                      "FAS-1060",
			"1 2 zoll":                  "FAS-1060",
			"m4 10":                     "FAS-1050",
			"metre 6":                   "ELE-5030",
			"   \t\n":                   "",
			"×":                         "",
			"'":                         "",
			`"`:                         "",
			`hex" OR "screw`:            "",
			`hex'`:                      "FAS-1010",
			`"hex"`:                     "FAS-1010",
			`hex*`:                      "FAS-1010",
			`^hex`:                      "FAS-1010",
			`words:hex`:                 "",
			`hex OR screw`:              "",
			`hex NOT zinc`:              "",
			`NEAR(hex zinc)`:            "",
			`hex & !zinc`:               "FAS-1010",
			`hex:* | 'a`:                "",
			`hex <-> bolt`:              "FAS-1010",
			`hex\`:                      "FAS-1010",
			"hex\x00bolt":               "FAS-1010",
			"hex\xff":                   "FAS-1010",
			`') OR 1=1 --`:              "",
			"{words} : hex":             "",
			"AND":                       "",
			"-- hex":                    "FAS-1010",
			"hex; DROP":                 "",
			"\U0001E900":                "", // a letter that SQLite's tables don't know
			"手袋":                        "",
			strings.Repeat("hex ", 500): "FAS-1010",
			strings.Repeat("é", 5000):   "",
			"%":                         "", "_": "", "(": "", "hex (": "FAS-1010",
		} {
			if got, _ := s.find(catalog.Query{Text: text}); got != want {
				t.Errorf("%.40q finds %q, want %q", text, got, want)
			}
		}
		for category, want := range map[string]string{"Safety": "PPE-2010", "safety": "", "Elsewhere": "", "' OR ''='": "", "\x00": ""} {
			if got, _ := s.find(catalog.Query{Category: category}); got != want {
				t.Errorf("category %q finds %q, want %q", category, got, want)
			}
		}
		if got, _ := s.find(catalog.Query{Category: "Fasteners", Text: "screw"}); got != "FAS-1040 FAS-1050" {
			t.Errorf("category and text find %q", got)
		}
		if got, _ := s.find(catalog.Query{After: "\x00"}); got != "" {
			t.Errorf("a broken cursor finds %q", got)
		}

		categories, err := catalog.Categories(t.Context(), db, s.labs, "USD", today)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(categories); got != "[{Fasteners 4} {Safety 1} {Electrical 1} { 1}]" {
			t.Errorf("categories %s", got)
		}
	})
}

func TestSearchByPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.story()
		for _, limit := range []int{1, 2, 3, 4, 5, 6} {
			var pages []string
			for after := ""; ; {
				page, next := s.find(catalog.Query{After: after, Limit: limit})
				pages = append(pages, page)
				if len(strings.Fields(page)) > limit || len(pages) > 6 {
					t.Fatalf("limit %d: %q", limit, pages)
				}
				if after = next; next == "" {
					break
				}
			}
			if got := strings.Join(pages, " "); got != "FAS-1010 FAS-1040 FAS-1050 PPE-2010 ELE-5030" {
				t.Errorf("limit %d: %q", limit, got)
			}
			if want := (5 + limit - 1) / limit; len(pages) != want {
				t.Errorf("limit %d: %d pages, want %d", limit, len(pages), want)
			}
		}
	})
}

func TestTheIndexFollowsTheProduct(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		p := s.sell(catalog.Product{SKU: "A", Name: "pliers", Unit: "EA"}, catalog.Price{Price: dec("1")})
		s.sell(catalog.Product{SKU: "B", Name: "pliers, long", Unit: "EA"}, catalog.Price{Price: dec("1")})
		p.Name = "tongs"
		p = s.sell(p)
		for text, want := range map[string]string{"pliers": "B", "tongs": "A", "": "A B"} {
			if got, _ := s.find(catalog.Query{Text: text}); got != want {
				t.Errorf("%q finds %q, want %q", text, got, want)
			}
		}
		p.Disabled = true
		s.sell(p)
		if got, _ := s.find(catalog.Query{}); got != "B" {
			t.Errorf("after one was withdrawn: %q", got)
		}
		// What is undone is undone in the index too.
		_ = db.InTx(t.Context(), func(tx *database.Tx) error {
			if _, err := catalog.Save(t.Context(), tx, catalog.Product{Merchant: merchant, SKU: "C", Name: "pliers, wide", Unit: "EA"}, now); err != nil {
				t.Error(err)
			}
			return fmt.Errorf("undone")
		})
		var rows int
		if err := db.Get(t.Context(), &rows, `SELECT count(*) FROM product_words`); err != nil || rows != 2 {
			t.Errorf("%d products in the index, %v", rows, err)
		}
	})
}

// A purchaser types the number that the own system has for a product. It is found by the whole of it,
// by that organisation and those below it, before all that only has its words.
func TestSearchByTheBuyersOwnNumbers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.story()
		s.sell(catalog.Product{SKU: "TOL-6060", Name: "Spray lubricant 400 ml", Category: "Tools", Unit: "EA", Hazardous: true}, catalog.Price{Price: dec("5.85")})
		s.sell(catalog.Product{SKU: "NONE-1", Name: "Nobody knows what it costs", Unit: "EA"})
		s.calls(s.northfold, "100-4711", "PPE-2010", "SCREW", "ELE-5030", "FAS-1010", "FAS-1040", "***", "FAS-1050", "TAPE", "TOL-6040", "OIL", "TOL-6060", "N1", "NONE-1")
		s.calls(s.labs, "screw", "FAS-1050")
		s.northfold = s.assort(s.northfold, "hide hazardous")

		for _, test := range []struct {
			who   accounts.Organisation
			query catalog.Query
			found string
		}{
			{s.northfold, catalog.Query{Text: "100-4711"}, "PPE-2010"},
			{s.northfold, catalog.Query{Text: " 100-4711 "}, "PPE-2010"},
			{s.northfold, catalog.Query{Text: "100-471"}, ""},
			{s.northfold, catalog.Query{Text: "4711"}, ""},
			{s.northfold, catalog.Query{Text: "***"}, "FAS-1050"},
			{s.northfold, catalog.Query{Text: "Screw"}, "ELE-5030 FAS-1040 FAS-1050"},
			{s.northfold, catalog.Query{Text: "screw", Category: "Fasteners"}, "FAS-1040 FAS-1050"},
			{s.northfold, catalog.Query{Text: "screw", Category: "Electrical"}, "ELE-5030"},
			{s.northfold, catalog.Query{Text: "fas-1010"}, "FAS-1040 FAS-1010"}, // ours is found as well
			{s.northfold, catalog.Query{Text: "tape"}, ""},                      // withdrawn
			{s.northfold, catalog.Query{Text: "oil"}, ""},                       // hidden
			{s.northfold, catalog.Query{Text: "n1"}, ""},                        // without a price
			{s.labs, catalog.Query{Text: "100-4711"}, "PPE-2010"},               // the parent's word holds too
			{s.labs, catalog.Query{Text: "screw"}, "FAS-1050 FAS-1040"},         // the nearest one's counts, and each stands there once
			{s.westmere, catalog.Query{Text: "100-4711"}, ""},
			{s.westmere, catalog.Query{Text: "***"}, ""},
			{s.northfold, catalog.Query{Text: "100-4711\x00"}, ""},
		} {
			if found, _ := s.search(test.who, test.query); found != test.found {
				t.Errorf("%s: %+v finds %q, want %q", test.who.ID, test.query, found, test.found)
			}
		}
		for limit, want := range map[int]string{1: "ELE-5030|FAS-1040|FAS-1050", 2: "ELE-5030 FAS-1040|FAS-1050", 3: "ELE-5030 FAS-1040 FAS-1050"} {
			var pages []string
			for after := ""; len(pages) < 5; {
				page, next := s.search(s.northfold, catalog.Query{Text: "screw", After: after, Limit: limit})
				pages = append(pages, page)
				if after = next; next == "" {
					break
				}
			}
			if got := strings.Join(pages, "|"); got != want {
				t.Errorf("limit %d: %q, want %q", limit, got, want)
			}
		}
	})
}
