package setup

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
)

// assortment reads the rules of the file, and tells whether they differ from those that are there.
func (r *run) assortment(o *Object, there accounts.Organisation, wanted *[]AssortmentRule, path string) (rules []catalog.Rule, differ bool, err error) {
	if wanted == nil {
		return nil, false, nil
	}
	faults := len(r.faults)
	if rules, err = r.wantedRules(*wanted, path); err != nil || len(r.faults) > faults {
		return nil, false, err
	}
	was, err := catalog.Rules(r.ctx, r.tx, there)
	if err != nil || slices.Equal(was, rules) {
		return nil, false, err
	}
	o.change("assortment", rulesText(was), rulesText(rules))
	return rules, true, nil
}

func (r *run) wantedRules(wanted []AssortmentRule, path string) ([]catalog.Rule, error) {
	var skus []string
	byCategory := false
	for _, w := range wanted {
		if w.SKU != nil {
			skus = append(skus, *w.SKU)
		}
		byCategory = byCategory || w.Category != nil
	}
	products, err := catalog.Products(r.ctx, r.tx, r.merchant.ID, skus)
	if err != nil {
		return nil, err
	}
	var categories []string
	if byCategory {
		if categories, err = catalog.AllCategories(r.ctx, r.tx, r.merchant.ID); err != nil {
			return nil, err
		}
	}
	rules := make([]catalog.Rule, 0, len(wanted))
	seen := map[[2]string]bool{}
	for i, w := range wanted {
		at := fmt.Sprintf("%s[%d]", path, i)
		rule := catalog.Rule{Kind: catalog.ForAll, Shown: w.Rule == "show"}
		named := 0
		if w.SKU != nil {
			rule.Kind, rule.Value = catalog.BySKU, accounts.Fold(*w.SKU)
			if _, known := products[rule.Value]; !known {
				r.fault(at+".sku", "there is no product "+*w.SKU+", neither here nor in the file")
			}
			named++
		}
		if w.Category != nil {
			rule.Kind, rule.Value = catalog.ByCategory, *w.Category
			if !slices.Contains(categories, *w.Category) {
				r.fault(at+".category", "no product is in a category "+*w.Category)
			}
			named++
		}
		if w.Hazardous != nil {
			rule.Kind, rule.Value = catalog.ByHazardous, ""
			if !*w.Hazardous {
				r.fault(at+".hazardous", "must be true, or left out: there are no rules for what is not hazardous")
			}
			named++
		}
		key := [2]string{rule.Kind, rule.Value}
		switch {
		case named > 1:
			r.fault(at, "a rule names one of sku, category and hazardous, or none of them for all products")
		case seen[key]:
			r.fault(at, "there are two rules about "+ruleText(rule)[len("hide "):])
		}
		seen[key] = true
		rules = append(rules, rule)
	}
	slices.SortFunc(rules, catalog.Rule.Compare)
	return rules, nil
}

// ruleText is a rule in words: hide hazardous.
func ruleText(rule catalog.Rule) string {
	verb := "hide "
	if rule.Shown {
		verb = "show "
	}
	return strings.TrimSpace(verb + rule.Kind + " " + rule.Value)
}

func rulesText(rules []catalog.Rule) string {
	list := make([]string, len(rules))
	for i, rule := range rules {
		list[i] = ruleText(rule)
	}
	return strings.Join(list, ", ")
}

// buyerParts reads the part numbers of the file, and tells whether they differ from those that are
// there.
func (r *run) buyerParts(o *Object, there accounts.Organisation, wanted *[]BuyerPart, path string) (parts []catalog.BuyerPart, differ bool, err error) {
	if wanted == nil {
		return nil, false, nil
	}
	was, err := catalog.BuyerParts(r.ctx, r.tx, r.merchant.ID, there.ID)
	if err != nil {
		return nil, false, err
	}
	skus := make([]string, len(*wanted))
	for i, w := range *wanted {
		skus[i] = w.SKU
	}
	products, err := catalog.Products(r.ctx, r.tx, r.merchant.ID, skus)
	if err != nil {
		return nil, false, err
	}
	changes, faults := len(o.Changes), len(r.faults)
	seen := map[string]bool{}
	for i, w := range *wanted {
		at := fmt.Sprintf("%s[%d]", path, i)
		product, known := products[accounts.Fold(w.SKU)]
		part := accounts.Fold(w.Part)
		switch {
		case len(w.Part) > longestPart:
			r.fault(at+".part", fmt.Sprintf("a part number has 1 to %d bytes", longestPart))
		case !known:
			r.fault(at+".sku", "there is no product "+w.SKU+", neither here nor in the file")
		case seen["part "+part]:
			r.fault(at+".part", "the part number "+w.Part+" is there twice")
		case seen["product "+product.ID]:
			r.fault(at+".sku", "the product "+w.SKU+" has a part number already: one product goes out under one")
		}
		seen["part "+part], seen["product "+product.ID] = true, true
		if before := was[part]; before.Product != product.ID || before.Part != w.Part {
			o.change("buyer_parts "+w.Part, before.SKU, product.SKU)
		}
		delete(was, part)
		parts = append(parts, catalog.BuyerPart{Part: w.Part, Product: product.ID})
	}
	for _, gone := range slices.Sorted(maps.Keys(was)) {
		o.change("buyer_parts "+was[gone].Part, was[gone].SKU, "")
	}
	return parts, len(o.Changes) > changes && len(r.faults) == faults, nil
}

// longestPart is as long as our own part numbers are.
const longestPart = 100
