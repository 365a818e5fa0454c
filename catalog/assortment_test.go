package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
)

// assort gives an organisation rules, written "hide sku fas-1010", and gives it as it is then.
func (s *shop) assort(o accounts.Organisation, rules ...string) accounts.Organisation {
	s.t.Helper()
	var list []catalog.Rule
	for _, text := range rules {
		words := strings.SplitN(text, " ", 3)
		rule := catalog.Rule{Kind: words[1], Shown: words[0] == "show"}
		if len(words) == 3 {
			rule.Value = words[2]
		}
		list = append(list, rule)
	}
	o.Assortment = len(list) > 0
	s.exec(`UPDATE organisations SET assortment = ? WHERE merchant_id = ? AND id = ?`, o.Assortment, merchant, o.ID)
	s.in(func(tx *database.Tx) error { return catalog.SaveRules(s.t.Context(), tx, o, list) })
	return o
}

// shownTo lists what an organisation is shown, by search, and checks that all other ways agree.
func (s *shop) shownTo(o accounts.Organisation) string {
	s.t.Helper()
	ctx := s.t.Context()
	var all []string
	for sku := range s.ids {
		all = append(all, sku)
	}
	offers, err := catalog.Offers(ctx, s.db, o, "USD", today, all)
	if err != nil {
		s.t.Fatal(err)
	}
	var found []string
	for after, pages := "", 0; ; pages++ {
		page, next, err := catalog.Search(ctx, s.db, o, "USD", today, catalog.Query{After: after, Limit: 2})
		if err != nil || pages > 20 || (next != "" && len(page) != 2) {
			s.t.Fatalf("page %d has %d products, next %q, %v", pages, len(page), next, err)
		}
		for _, offer := range page {
			found = append(found, offer.SKU)
			if offers[accounts.Fold(offer.SKU)] == nil {
				s.t.Errorf("%s is found and not offered", offer.SKU)
			}
			_, err := catalog.Find(ctx, s.db, o, "USD", today, offer.SKU)
			if words := strings.Fields(offer.Name); err == nil {
				page, _, err = catalog.Search(ctx, s.db, o, "USD", today, catalog.Query{Text: words[0] + " " + offer.SKU})
				if len(page) != 1 {
					s.t.Errorf("%s is not found by its words: %d", offer.SKU, len(page))
				}
			}
			if err != nil {
				s.t.Errorf("%s: %v", offer.SKU, err)
			}
		}
		if after = next; next == "" {
			break
		}
	}
	if len(found) != len(offers) {
		s.t.Errorf("found %v, offered %d", found, len(offers))
	}
	for _, sku := range all {
		if offers[accounts.Fold(sku)] == nil {
			if _, err := catalog.Find(ctx, s.db, o, "USD", today, sku); fault.CodeOf(err) != fault.Unknown {
				s.t.Errorf("%s is hidden and found: %v", sku, err)
			}
		}
	}
	categories, err := catalog.Categories(ctx, s.db, o, "USD", today)
	sum := 0
	for _, c := range categories {
		sum += c.Products
	}
	if err != nil || sum != len(found) {
		s.t.Errorf("the categories %v count %d, found %d, %v", categories, sum, len(found), err)
	}
	return strings.Join(found, " ")
}

func TestAssortments(t *testing.T) {
	const all = "FAS-1010 FAS-1040 FAS-1050 PPE-2010 ELE-5030 TOL-6060 CLN-1"
	tests := []struct {
		name               string
		main, labs         []string // rules
		mainSees, labsSees string
	}{
		{"no rules", nil, nil, all, all},
		{"a product is hidden", []string{"hide sku tol-6060"}, nil, "FAS-1010 FAS-1040 FAS-1050 PPE-2010 ELE-5030 CLN-1", "FAS-1010 FAS-1040 FAS-1050 PPE-2010 ELE-5030 CLN-1"},
		{"what is hazardous is hidden", []string{"hide hazardous"}, nil, "FAS-1010 FAS-1040 FAS-1050 PPE-2010 ELE-5030", "FAS-1010 FAS-1040 FAS-1050 PPE-2010 ELE-5030"},
		{"a category is hidden", []string{"hide category Fasteners"}, nil, "PPE-2010 ELE-5030 TOL-6060 CLN-1", "PPE-2010 ELE-5030 TOL-6060 CLN-1"},
		{"only one category", []string{"hide all", "show category Safety"}, nil, "PPE-2010", "PPE-2010"},
		{"a product out of a hidden category", []string{"hide category Fasteners", "show sku fas-1050"}, nil, "FAS-1050 PPE-2010 ELE-5030 TOL-6060 CLN-1", "FAS-1050 PPE-2010 ELE-5030 TOL-6060 CLN-1"},
		{"hazardous counts before a category", []string{"show category Tools", "hide hazardous"}, nil, "FAS-1010 FAS-1040 FAS-1050 PPE-2010 ELE-5030", "FAS-1010 FAS-1040 FAS-1050 PPE-2010 ELE-5030"},
		{"a product counts before hazardous", []string{"hide hazardous", "show sku tol-6060"}, nil, "FAS-1010 FAS-1040 FAS-1050 PPE-2010 ELE-5030 TOL-6060", "FAS-1010 FAS-1040 FAS-1050 PPE-2010 ELE-5030 TOL-6060"},
		{"a child with rules of its own", []string{"hide hazardous", "hide category Fasteners"}, []string{"hide sku ppe-2010"}, "PPE-2010 ELE-5030", "FAS-1010 FAS-1040 FAS-1050 ELE-5030 TOL-6060 CLN-1"},
		{"a child that is shown all", []string{"hide all"}, []string{"show all"}, "", all},
		{"a child's rules don't go up", nil, []string{"hide all"}, all, ""},
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.story()
		s.sell(catalog.Product{SKU: "TOL-6060", Name: "Spray lubricant 400 ml", Category: "Tools", Unit: "EA", Hazardous: true}, catalog.Price{Price: dec("5.85")})
		s.sell(catalog.Product{SKU: "CLN-1", Name: "Acid", Category: "Cleaning", Unit: "EA", Hazardous: true}, catalog.Price{Price: dec("5.85")})
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				s := *s
				s.t = t
				main, labs := s.assort(s.northfold, test.main...), s.assort(s.labs, test.labs...)
				if got := s.shownTo(main); got != test.mainSees {
					t.Errorf("the main account sees %s, want %s", got, test.mainSees)
				}
				if got := s.shownTo(labs); got != test.labsSees {
					t.Errorf("the child sees %s, want %s", got, test.labsSees)
				}
				if got := s.shownTo(s.westmere); got != all {
					t.Errorf("somebody else sees %s", got)
				}
			})
		}

		// However many rules there are, it's the statements that there were without.
		labs := s.assort(s.labs)
		var many []string
		for i := range 300 {
			many = append(many, fmt.Sprintf("hide sku x-%d", i))
		}
		count := func(o accounts.Organisation) int {
			q := &counting{Querier: db}
			if _, _, err := catalog.Search(t.Context(), q, o, "USD", today, catalog.Query{Limit: 3}); err != nil {
				t.Fatal(err)
			}
			if _, err := catalog.Offers(t.Context(), q, o, "USD", today, []string{"FAS-1010"}); err != nil {
				t.Fatal(err)
			}
			if _, err := catalog.Recognise(t.Context(), q, o, "USD", today, []catalog.Asked{{SKU: "FAS-1010"}}); err != nil {
				t.Fatal(err)
			}
			return q.statements
		}
		s.assort(s.northfold)
		before := count(labs)
		s.assort(s.northfold, many...)
		if after := count(labs); before != 9 || after != before {
			t.Errorf("%d statements without rules, %d with them", before, after)
		}
	})
}

// calls gives products the numbers that an organisation has for them.
func (s *shop) calls(o accounts.Organisation, pairs ...string) {
	s.t.Helper()
	var parts []catalog.BuyerPart
	for i := 0; i < len(pairs); i += 2 {
		parts = append(parts, catalog.BuyerPart{Part: pairs[i], Product: s.ids[pairs[i+1]]})
	}
	s.in(func(tx *database.Tx) error { return catalog.SaveBuyerParts(s.t.Context(), tx, merchant, o.ID, parts) })
}

func TestBuyersPartNumbers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		s.story()
		s.sell(catalog.Product{SKU: "TOL-6060", Name: "Spray lubricant 400 ml", Category: "Tools", Unit: "EA", Hazardous: true}, catalog.Price{Price: dec("5.85")})
		s.sell(catalog.Product{SKU: "NONE-1", Name: "Nobody knows what it costs", Unit: "EA"})
		s.calls(s.northfold, "Glove-L", "PPE-2010", "BOLT", "FAS-1010", "SCREW", "FAS-1050", "TAPE", "TOL-6040", "OIL", "TOL-6060", "N1", "NONE-1")
		s.calls(s.labs, "LAB-GLOVE", "PPE-2010", "bolt", "ELE-5030")
		s.northfold = s.assort(s.northfold, "hide hazardous")

		for _, test := range []struct {
			who         accounts.Organisation
			asked, want string
		}{
			{s.northfold, "FAS-1010 ", "FAS-1010 offered BOLT"},
			{s.northfold, " Glove-L", "PPE-2010 offered Glove-L by buyer"},
			{s.northfold, " glove-l", "PPE-2010 offered Glove-L by buyer"},
			{s.northfold, "UNKNOWN GLOVE-L", "PPE-2010 offered Glove-L by buyer"},
			{s.northfold, "UNKNOWN WHAT", "UNKNOWN"},
			{s.northfold, " WHAT", ""},
			{s.northfold, "fas-1010 BOLT", "fas-1010 offered BOLT"},
			{s.northfold, "FAS-1010 GLOVE-L", "FAS-1010 offered BOLT instead of PPE-2010"},
			{s.northfold, "TOL-6040 GLOVE-L", "TOL-6040 instead of PPE-2010"}, // withdrawn is known all the same
			{s.northfold, " TAPE", "TOL-6040 by buyer"},
			{s.northfold, "TOL-6060 ", "TOL-6060 offered OIL hidden"},
			{s.northfold, " OIL", "TOL-6060 offered OIL hidden by buyer"},
			{s.northfold, " N1", "NONE-1 by buyer"},
			{s.labs, " LAB-GLOVE", "PPE-2010 offered LAB-GLOVE by buyer"},
			{s.labs, " Glove-L", "PPE-2010 offered LAB-GLOVE by buyer"}, // the parent's word holds too
			{s.labs, " BOLT", "ELE-5030 offered bolt by buyer"},         // the nearest one's counts
			{s.labs, " SCREW", "FAS-1050 offered SCREW by buyer"},
			{s.labs, "TOL-6060 ", "TOL-6060 offered OIL hidden"},
			{s.northfold, " LAB-GLOVE", ""},
			{s.westmere, " Glove-L", ""},
			{s.westmere, "PPE-2010 Glove-L", "PPE-2010 offered"},
			{s.westmere, "TOL-6060 ", "TOL-6060 offered"},
			{s.northfold, "\x00 \xff", "\x00"},
		} {
			sku, part, _ := strings.Cut(test.asked, " ")
			found, err := catalog.Recognise(t.Context(), db, test.who, "USD", today, []catalog.Asked{{SKU: sku, BuyerPart: part}})
			if err != nil || len(found) != 1 {
				t.Fatalf("%s: %v", test.asked, err)
			}
			r := found[0]
			got := r.SKU
			if r.Offer != nil {
				got += " offered " + r.Offer.BuyerPart
			}
			got = strings.TrimRight(got, " ")
			if r.Hidden {
				got += " hidden"
			}
			if r.ByBuyer {
				got += " by buyer"
			}
			if r.Instead != "" {
				got += " instead of " + r.Instead
			}
			if (r.Shown() == nil) != (r.Offer == nil || r.Hidden) {
				t.Errorf("%s: shown is %v", test.asked, r.Shown())
			}
			if got != test.want {
				t.Errorf("%s asks for %q: %s, want %s", test.who.ID, test.asked, got, test.want)
			}
		}

		// Many at once cost one statement more than without.
		var asked []catalog.Asked
		for i := range 200 {
			asked = append(asked, catalog.Asked{SKU: fmt.Sprint("X-", i), BuyerPart: "BOLT"})
		}
		q := &counting{Querier: db}
		found, err := catalog.Recognise(t.Context(), q, s.northfold, "USD", today, asked)
		if err != nil || len(found) != 200 || found[199].SKU != "FAS-1010" || q.statements != 3 {
			t.Errorf("%d, %v, %d statements", len(found), err, q.statements)
		}
	})
}
