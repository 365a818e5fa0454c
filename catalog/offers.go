package catalog

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Offers finds the offers for part numbers, which are compared folded: the keys of the answer
// are accounts.Fold(sku). Unknown, withdrawn, hidden and unpriced products are absent. 1,000 part
// numbers cost 8 statements, and one more when the organisation has a parent.
func Offers(ctx context.Context, q database.Querier, organisation accounts.Organisation, currency string, on money.Date, skus []string) (map[string]*Offer, error) {
	stands, err := standingOf(ctx, q, organisation)
	if err != nil {
		return nil, err
	}
	return stands.offers(ctx, q, organisation, currency, on, skus)
}

// offers is Offers for who knows where the organisation stands.
func (s standing) offers(ctx context.Context, q database.Querier, organisation accounts.Organisation, currency string, on money.Date, skus []string) (map[string]*Offer, error) {
	known, err := s.products(ctx, q, skus)
	if err != nil {
		return nil, err
	}
	shown := slices.DeleteFunc(sellable(known), func(p seen) bool { return p.hidden })
	priced, err := offersOf(ctx, q, organisation, s, currency, on, shown)
	if err != nil {
		return nil, err
	}
	offers := make(map[string]*Offer, len(priced))
	for _, o := range priced {
		offers[accounts.Fold(o.SKU)] = o
	}
	return offers, nil
}

// seen is a product as an organisation sees it.
type seen struct {
	Product
	buyerPart string
	hidden    bool
}

// sellable are the products that aren't withdrawn.
func sellable(known map[string]seen) []seen {
	products := make([]seen, 0, len(known))
	for _, p := range known {
		if !p.Disabled {
			products = append(products, p)
		}
	}
	return products
}

// products reads products by their part numbers, withdrawn and hidden ones too. The keys are the
// folded part numbers.
func (s standing) products(ctx context.Context, q database.Querier, skus []string) (map[string]seen, error) {
	part, args := s.buyerPart()
	shown, more := s.shown()
	return productsBy(ctx, q, s.merchant, skus, selectSeen+part+` AS buyer_part, NOT `+shown+` AS hidden`+fromProducts, append(args, more...))
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
	found, err := productsBy(ctx, q, merchant, skus, selectProducts, nil)
	products := make(map[string]Product, len(found))
	for sku, p := range found {
		products[sku] = p.Product
	}
	return products, err
}

// productsBy reads products by a SELECT that ends with FROM products p and takes these arguments.
func productsBy(ctx context.Context, q database.Querier, merchant string, skus []string, query string, args []any) (map[string]seen, error) {
	wanted := make(map[string]bool, len(skus))
	folded := make([]string, 0, len(skus))
	for _, sku := range skus {
		if f := accounts.Fold(sku); !wanted[f] && storable(f) {
			wanted[f] = true
			folded = append(folded, f)
		}
	}
	found := make(map[string]seen, len(folded))
	err := inChunks(folded, func(part []any) error {
		var rows []productRow
		if err := q.Select(ctx, &rows, query+` WHERE p.merchant_id = ? AND p.sku_folded IN `+list(len(part)),
			append(append(slices.Clone(args), merchant), part...)...); err != nil {
			return err
		}
		for _, r := range rows {
			p, err := r.product()
			if err != nil {
				return err
			}
			found[accounts.Fold(p.SKU)] = seen{p, r.BuyerPart, r.Hidden}
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
func offersOf(ctx context.Context, q database.Querier, organisation accounts.Organisation, stands standing, currency string, on money.Date, products []seen) ([]*Offer, error) {
	ids := make([]string, len(products))
	for i, p := range products {
		ids[i] = p.ID
	}
	prices, err := Prices(ctx, q, organisation.Merchant, currency, append([]string{""}, stands.chain...), ids)
	if err != nil {
		return nil, err
	}
	offers := make([]*Offer, 0, len(products))
	for _, p := range products {
		if o := newOffer(p.Product, prices[p.ID], stands.chain, organisation.PricePolicy, currency, on); o != nil {
			o.BuyerPart = p.buyerPart
			offers = append(offers, o)
		}
	}
	return offers, nil
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
