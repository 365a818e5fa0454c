package catalog

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Offers finds the offers for part numbers, which are compared folded: the keys of the answer
// are accounts.Fold(sku). Unknown, withdrawn and unpriced products are absent. 1,000 part
// numbers cost 8 statements, and one more when the organisation has a parent.
func Offers(ctx context.Context, q database.Querier, organisation accounts.Organisation, currency string, on money.Date, skus []string) (map[string]*Offer, error) {
	known, err := Products(ctx, q, organisation.Merchant, skus)
	if err != nil {
		return nil, err
	}
	products := make([]Product, 0, len(known))
	for _, p := range known {
		if !p.Disabled {
			products = append(products, p)
		}
	}
	chain, err := chainOf(ctx, q, organisation)
	if err != nil {
		return nil, err
	}
	priced, err := offersOf(ctx, q, organisation, chain, currency, on, products)
	if err != nil {
		return nil, err
	}
	offers := make(map[string]*Offer, len(priced))
	for _, o := range priced {
		offers[accounts.Fold(o.SKU)] = o
	}
	return offers, nil
}

// Find finds the offer for one part number; fault.Unknown when the organisation isn't offered
// it, whatever the reason.
func Find(ctx context.Context, q database.Querier, organisation accounts.Organisation, currency string, on money.Date, sku string) (*Offer, error) {
	offers, err := Offers(ctx, q, organisation, currency, on, []string{sku})
	if err != nil {
		return nil, err
	}
	offer := offers[accounts.Fold(sku)]
	if offer == nil {
		return nil, fault.New(fault.Unknown, "there is no product with that part number on offer in "+currency)
	}
	return offer, nil
}

// Products reads products by their part numbers as they are kept, withdrawn ones too. The keys
// are the folded part numbers.
func Products(ctx context.Context, q database.Querier, merchant string, skus []string) (map[string]Product, error) {
	seen := make(map[string]bool, len(skus))
	folded := make([]string, 0, len(skus))
	for _, sku := range skus {
		if f := accounts.Fold(sku); !seen[f] && storable(f) {
			seen[f] = true
			folded = append(folded, f)
		}
	}
	found := make(map[string]Product, len(folded))
	err := inChunks(folded, func(part []any) error {
		var rows []productRow
		if err := q.Select(ctx, &rows, selectProducts+` WHERE merchant_id = ? AND sku_folded IN `+list(len(part)),
			append([]any{merchant}, part...)...); err != nil {
			return err
		}
		for _, r := range rows {
			p, err := r.product()
			if err != nil {
				return err
			}
			found[accounts.Fold(p.SKU)] = p
		}
		return nil
	})
	return found, err
}

// Prices reads all prices of the products for these organisations ("" is the list), past and
// future ones too, by the product's id. currency "" is every currency.
func Prices(ctx context.Context, q database.Querier, merchant, currency string, organisations, products []string) (map[string][]Price, error) {
	found := make(map[string][]Price, len(products))
	err := inChunks(products, func(part []any) error {
		for _, of := range chunks(organisations) {
			args := append([]any{merchant}, part...)
			args = append(args, of...)
			var rows []priceRow
			if err := q.Select(ctx, &rows, selectPrices+list(len(part))+` AND organisation_id IN `+list(len(of))+andCurrency,
				append(args, currency, currency)...); err != nil {
				return err
			}
			if err := gather(found, rows); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// offersOf prices products in their order; those without a price are left out.
func offersOf(ctx context.Context, q database.Querier, organisation accounts.Organisation, chain []string, currency string, on money.Date, products []Product) ([]*Offer, error) {
	ids := make([]string, len(products))
	for i, p := range products {
		ids[i] = p.ID
	}
	prices, err := Prices(ctx, q, organisation.Merchant, currency, append([]string{""}, chain...), ids)
	if err != nil {
		return nil, err
	}
	offers := make([]*Offer, 0, len(products))
	for _, p := range products {
		if o := newOffer(p, prices[p.ID], chain, organisation.PricePolicy, currency, on); o != nil {
			offers = append(offers, o)
		}
	}
	return offers, nil
}

// chainOf is the organisation and those above it, nearest first: where contract prices come from.
func chainOf(ctx context.Context, q database.Querier, organisation accounts.Organisation) ([]string, error) {
	chain := []string{organisation.ID}
	if organisation.ParentID == nil {
		return chain, nil
	}
	var above []string
	err := q.Select(ctx, &above, selectAbove, organisation.Merchant, *organisation.ParentID, organisation.Merchant)
	return append(chain, above...), err
}

// storable tells whether a text can be in the database at all: PostgreSQL answers others with an
// error instead of not finding them.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// inChunks calls fn with parts of values, see chunks.
func inChunks(values []string, fn func(part []any) error) error {
	for _, part := range chunks(values) {
		if err := fn(part); err != nil {
			return err
		}
	}
	return nil
}

// chunks cuts values into parts of 256. The last part is filled up to a power of two with its own
// last value, so that few different texts have to be prepared.
func chunks(values []string) [][]any {
	const most = 256
	var parts [][]any
	for len(values) > 0 {
		n := min(len(values), most)
		size := 1
		for size < n {
			size *= 2
		}
		part := make([]any, size)
		for i := range part {
			part[i] = values[min(i, n-1)]
		}
		parts = append(parts, part)
		values = values[n:]
	}
	return parts
}
