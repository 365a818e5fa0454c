package catalog

import (
	"context"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
)

// Asked is what an organisation names a product by: our part number, its own, or both.
type Asked struct{ SKU, BuyerPart string }

// Recognised is what that means here.
type Recognised struct {
	SKU     string // our part number: as it was asked for, unless the buyer's own led to it
	Offer   *Offer // nil where the product is unknown, withdrawn or without a price
	Hidden  bool   // there is such a product, and it isn't in the organisation's assortment
	ByBuyer bool   // the buyer's own number led to it: ours was missing or unknown
	// Instead is the part number that the buyer's own stands for, where that is another product.
	// Ours wins then: it came with our cart or catalogue and the price hangs on it, the buyer's
	// is a copy of a list that the buyer keeps and may have changed since.
	Instead string
}

// Shown is the offer, where the organisation may see it.
func (r Recognised) Shown() *Offer {
	if r.Hidden {
		return nil
	}
	return r.Offer
}

// Recognise finds the products that an organisation asks for, those too that it isn't shown, since
// what was ordered has to be priced. It costs what Offers costs, and one statement more where
// buyers' own part numbers are among what is asked.
func Recognise(ctx context.Context, q database.Querier, organisation accounts.Organisation, currency string, on money.Date, asked []Asked) ([]Recognised, error) {
	stands, err := standingOf(ctx, q, organisation)
	if err != nil {
		return nil, err
	}
	own, err := stands.ownNumbers(ctx, q, asked)
	if err != nil {
		return nil, err
	}
	skus := make([]string, 0, len(asked))
	for _, a := range asked {
		if a.SKU != "" {
			skus = append(skus, a.SKU)
		}
		if sku := own[accounts.Fold(a.BuyerPart)]; sku != "" {
			skus = append(skus, sku)
		}
	}
	known, err := stands.products(ctx, q, skus)
	if err != nil {
		return nil, err
	}
	offers, err := offersOf(ctx, q, organisation, stands, currency, on, sellable(known))
	if err != nil {
		return nil, err
	}
	bySKU := make(map[string]*Offer, len(offers))
	for _, o := range offers {
		bySKU[accounts.Fold(o.SKU)] = o
	}
	found := make([]Recognised, len(asked))
	for i, a := range asked {
		r := Recognised{SKU: a.SKU}
		folded := accounts.Fold(a.SKU)
		_, isOurs := known[folded]
		switch theirs := own[accounts.Fold(a.BuyerPart)]; {
		case theirs == "":
		case !isOurs:
			r.SKU, r.ByBuyer, folded = theirs, true, accounts.Fold(theirs)
		case accounts.Fold(theirs) != folded:
			r.Instead = theirs
		}
		r.Offer, r.Hidden = bySKU[folded], known[folded].hidden
		found[i] = r
	}
	return found, nil
}

// ownNumbers finds the part numbers that the organisation's own ones stand for; the keys are
// folded. The nearest organisation's word counts.
func (s standing) ownNumbers(ctx context.Context, q database.Querier, asked []Asked) (map[string]string, error) {
	var parts []string
	for _, a := range asked {
		if folded := accounts.Fold(a.BuyerPart); folded != "" && storable(folded) {
			parts = append(parts, folded)
		}
	}
	skus, nearest := map[string]string{}, map[string]int{}
	organisations := chunks(s.chain)[0]
	err := inChunks(parts, func(part []any) error {
		var rows []struct {
			Part         string `db:"part_folded"`
			Organisation string `db:"organisation_id"`
			SKU          string `db:"sku"`
		}
		args := append([]any{s.merchant}, organisations...)
		if err := q.Select(ctx, &rows, selectOwnNumbers+list(len(organisations))+` AND b.part_folded IN `+list(len(part)), append(args, part...)...); err != nil {
			return err
		}
		for _, r := range rows {
			distance := s.distance(r.Organisation)
			if was, there := nearest[r.Part]; !there || distance < was {
				skus[r.Part], nearest[r.Part] = r.SKU, distance
			}
		}
		return nil
	})
	return skus, err
}

func (s standing) distance(organisation string) int {
	for i, id := range s.chain {
		if id == organisation {
			return i
		}
	}
	return len(s.chain)
}

// BuyerPart is what an organisation calls a product of ours.
type BuyerPart struct {
	Part    string `db:"part"`
	Product string `db:"product_id"`
	SKU     string `db:"sku"`
}

// BuyerParts reads what an organisation itself calls our products, by the folded part number.
func BuyerParts(ctx context.Context, q database.Querier, merchant, organisation string) (map[string]BuyerPart, error) {
	var rows []BuyerPart
	err := q.Select(ctx, &rows, selectBuyerParts, merchant, organisation)
	parts := make(map[string]BuyerPart, len(rows))
	for _, b := range rows {
		parts[accounts.Fold(b.Part)] = b
	}
	return parts, err
}

// SaveBuyerParts puts part numbers in the place of all that an organisation has.
func SaveBuyerParts(ctx context.Context, tx *database.Tx, merchant, organisation string, parts []BuyerPart) error {
	if _, err := tx.Exec(ctx, deleteBuyerParts, merchant, organisation); err != nil || len(parts) == 0 {
		return err
	}
	rows := make([][]any, len(parts))
	for i, b := range parts {
		rows[i] = []any{merchant, organisation, accounts.Fold(b.Part), b.Part, b.Product}
	}
	return tx.InsertAll(ctx, intoBuyerParts, rows)
}

const (
	selectOwnNumbers = `
SELECT b.part_folded, b.organisation_id, p.sku FROM buyer_parts b
  JOIN products p ON p.merchant_id = b.merchant_id AND p.id = b.product_id
 WHERE b.merchant_id = ? AND b.organisation_id IN `

	selectBuyerParts = `
SELECT b.part, b.product_id, p.sku FROM buyer_parts b JOIN products p ON p.merchant_id = b.merchant_id AND p.id = b.product_id
 WHERE b.merchant_id = ? AND b.organisation_id = ?`
	deleteBuyerParts = `DELETE FROM buyer_parts WHERE merchant_id = ? AND organisation_id = ?`
	intoBuyerParts   = `buyer_parts (merchant_id, organisation_id, part_folded, part, product_id)`
)
