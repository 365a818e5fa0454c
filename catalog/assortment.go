package catalog

import (
	"context"
	"slices"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
)

// Kinds of rules, from the most exact on: of those that fit a product the first counts, whatever
// the order in which they were written.
const (
	BySKU       = "sku"
	ByHazardous = "hazardous"
	ByCategory  = "category"
	ForAll      = "all"
)

// Rule shows or hides products to an organisation and those below it. What no rule is about is
// shown. An organisation with rules of its own doesn't follow those of its parent.
type Rule struct {
	Kind  string `db:"kind"`
	Value string `db:"value"` // folded part number or category; "" for the other kinds
	Shown bool   `db:"shown"`
}

// Rules reads the rules that an organisation has of its own, by kind and value.
func Rules(ctx context.Context, q database.Querier, organisation accounts.Organisation) ([]Rule, error) {
	if !organisation.Assortment {
		return nil, nil
	}
	var rules []Rule
	err := q.Select(ctx, &rules, selectRules, organisation.Merchant, organisation.ID)
	slices.SortFunc(rules, Rule.Compare)
	return rules, err
}

// Compare puts rules in an order, the most exact first.
func (r Rule) Compare(other Rule) int {
	kinds := []string{BySKU, ByHazardous, ByCategory, ForAll}
	if by := slices.Index(kinds, r.Kind) - slices.Index(kinds, other.Kind); by != 0 {
		return by
	}
	return strings.Compare(r.Value, other.Value)
}

// SaveRules puts rules in the place of those that the organisation has. That it has any must be in
// its row too (accounts.Organisation.Assortment), which the caller writes.
func SaveRules(ctx context.Context, tx *database.Tx, organisation accounts.Organisation, rules []Rule) error {
	if _, err := tx.Exec(ctx, deleteRules, organisation.Merchant, organisation.ID); err != nil || len(rules) == 0 {
		return err
	}
	rows := make([][]any, len(rules))
	for i, r := range rules {
		rows[i] = []any{organisation.Merchant, organisation.ID, r.Kind, r.Value, r.Shown}
	}
	return tx.InsertAll(ctx, intoRules, rows)
}

// standing is where an organisation stands among the others.
type standing struct {
	merchant   string
	chain      []string // itself and those above it, nearest first: whose contract prices and part numbers hold
	assortment string   // whose rules hold; "" where everything is shown
}

// standingOf costs a statement where the organisation has a parent.
func standingOf(ctx context.Context, q database.Querier, organisation accounts.Organisation) (standing, error) {
	s := standing{merchant: organisation.Merchant, chain: []string{organisation.ID}}
	if organisation.Assortment {
		s.assortment = organisation.ID
	}
	if organisation.ParentID == nil {
		return s, nil
	}
	var above []struct {
		ID         string `db:"id"`
		Assortment bool   `db:"assortment"`
	}
	err := q.Select(ctx, &above, selectAbove, organisation.Merchant, *organisation.ParentID, organisation.Merchant)
	for _, o := range above {
		s.chain = append(s.chain, o.ID)
		if s.assortment == "" && o.Assortment {
			s.assortment = o.ID
		}
	}
	return s, err
}

// shown is the condition that a product is in the assortment; "TRUE" where everything is. The rules
// are read once for the statement, not once for each product that it looks at.
func (s standing) shown() (condition string, args []any) {
	if s.assortment == "" {
		return "TRUE", nil
	}
	for range strings.Count(shownByRule, "?") / 2 {
		args = append(args, s.merchant, s.assortment)
	}
	return shownByRule, args
}

// buyerPart is what the organisation, or the nearest above it, calls a product; ” for nothing.
func (s standing) buyerPart() (column string, args []any) {
	args = chunks(s.chain)[0]
	return "COALESCE(" + strings.Repeat(partOfOne+", ", len(args)) + "'')", args
}

const (
	selectRules = `SELECT kind, value, shown FROM assortment_rules WHERE merchant_id = ? AND organisation_id = ?`
	deleteRules = `DELETE FROM assortment_rules WHERE merchant_id = ? AND organisation_id = ?`
	intoRules   = `assortment_rules (merchant_id, organisation_id, kind, value, shown)`

	rule = `(SELECT r.value FROM assortment_rules r WHERE r.merchant_id = ? AND r.organisation_id = ? AND `

	shownByRule = `CASE
        WHEN p.sku_folded IN ` + rule + `r.kind = 'sku' AND r.shown) THEN TRUE
        WHEN p.sku_folded IN ` + rule + `r.kind = 'sku' AND NOT r.shown) THEN FALSE
        WHEN p.hazardous AND EXISTS ` + rule + `r.kind = 'hazardous' AND r.shown) THEN TRUE
        WHEN p.hazardous AND EXISTS ` + rule + `r.kind = 'hazardous' AND NOT r.shown) THEN FALSE
        WHEN p.category IN ` + rule + `r.kind = 'category' AND r.shown) THEN TRUE
        WHEN p.category IN ` + rule + `r.kind = 'category' AND NOT r.shown) THEN FALSE
        ELSE NOT EXISTS ` + rule + `r.kind = 'all' AND NOT r.shown) END`

	partOfOne = `(SELECT b.part FROM buyer_parts b WHERE b.merchant_id = p.merchant_id AND b.product_id = p.id AND b.organisation_id = ?)`

	// The distance is a number so that nearest first is an order that both engines agree on.
	selectAbove = `
WITH RECURSIVE up (id, parent_id, assortment, distance) AS (
    SELECT id, parent_id, assortment, 1 FROM organisations WHERE merchant_id = ? AND id = ?
    UNION ALL
    SELECT o.id, o.parent_id, o.assortment, up.distance + 1 FROM organisations o JOIN up ON o.id = up.parent_id WHERE o.merchant_id = ?)
SELECT id, assortment FROM up ORDER BY distance`
)
