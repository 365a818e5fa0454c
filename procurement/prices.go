package procurement

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// fit puts the lines of a cart that goes home as the buyer's system takes them. A price with too
// many decimals is written for 10, 100 … units where the document has a word for that, else in
// another unit of the product; no line comes to another amount by it. What can't be put so is a
// fault that names its line: a unit price is never rounded (cXML reference 5.8).
func (s Settings) fit(ctx context.Context, q database.Querier, merchant string, lines []checkout.CartLine) error {
	misfits, err := s.refit(ctx, q, merchant, lines)
	if err != nil || len(misfits) == 0 {
		return err
	}
	faults := fault.New(fault.Invalid, "the cart can't be sent to this buyer as it is")
	for _, i := range slices.Sorted(maps.Keys(misfits)) {
		faults.Fields = append(faults.Fields, misfits[i])
	}
	return faults
}

// refit is fit line by line: what is wrong with those that can't be put so, by their place.
func (s Settings) refit(ctx context.Context, q database.Querier, merchant string, lines []checkout.CartLine) (map[int]fault.Field, error) {
	var fine []int
	var skus []string
	for i, l := range lines {
		if s.tooFine(l.UnitPrice) && l.Problem == "" {
			fine, skus = append(fine, i), append(skus, l.SKU)
		}
	}
	if len(fine) == 0 {
		return nil, nil
	}
	products, err := catalog.Products(ctx, q, merchant, skus)
	if err != nil {
		return nil, err
	}
	misfits := map[int]fault.Field{}
	for _, i := range fine {
		if s.onBasis(&lines[i]) || s.inOtherUnit(&lines[i], products[accounts.Fold(lines[i].SKU)]) {
			continue
		}
		misfits[i] = fault.Field{Path: "lines[" + strconv.Itoa(i) + "].unit",
			Message: "The price of " + lines[i].SKU + ", " + lines[i].UnitPrice.Plain() + ", has more decimals than the " +
				strconv.Itoa(s.decimals()) + " that the buyer's system takes. Order it in another unit, or a quantity that fills whole packs."}
	}
	return misfits, nil
}

// tooFine tells whether the buyer's system can't take a price.
func (s Settings) tooFine(price money.Decimal) bool {
	return s.decimals() > 0 && price.Scale() > s.decimals()
}

// decimals is the most that a price may have; OCI has room for three.
func (s Settings) decimals() int {
	const ofOCI = 3
	if s.OCI != nil && (s.DecimalsOfPrices == 0 || s.DecimalsOfPrices > ofOCI) {
		return ofOCI
	}
	return s.DecimalsOfPrices
}

// onBasis writes the price for the smallest power of ten that makes it fit.
func (s Settings) onBasis(l *checkout.CartLine) bool {
	zeros := min(l.UnitPrice.Scale()-s.decimals(), 18)
	switch {
	case s.PriceBasis == "never":
		return false
	case s.OCI != nil && zeros > 4, s.OCI == nil && !cxml.HasPriceBasis(s.version("PunchOutOrderMessage")):
		return false // PRICEUNIT has five digits
	}
	per := money.MustDecimal("1" + strings.Repeat("0", zeros))
	if !reprice(l, per, money.One) || s.tooFine(l.UnitPrice) {
		return false
	}
	l.Per = &per
	return true
}

// inOtherUnit writes the line in the smallest other unit of the product that its quantity fills
// without a rest and whose price fits: 15 boxes for 1,500 pieces.
func (s Settings) inOtherUnit(l *checkout.CartLine, p catalog.Product) bool {
	ordered, err := p.Ordered(l.Quantity, l.Unit)
	if err != nil {
		return false // withdrawn, or not sold in that unit any more
	}
	units := p.Units()
	slices.SortFunc(units, func(a, b catalog.OtherUnit) int { return a.Content.Cmp(b.Content) })
	is := slices.IndexFunc(units, func(u catalog.OtherUnit) bool { return u.Unit == l.Unit })
	for i, other := range units {
		if _, err := s.theirUnit(other.Unit); err != nil || i == is || !ordered.IsMultipleOf(other.Content) {
			continue
		}
		written := *l
		written.Unit = other.Unit
		if written.Quantity, err = ordered.Quo(other.Content); err != nil {
			continue
		}
		if reprice(&written, other.Content, units[is].Content) && !s.tooFine(written.UnitPrice) {
			*l = written
			return true
		}
	}
	return false
}

// reprice multiplies a line's prices, exactly; not ok where a product has too many digits or no end.
func reprice(l *checkout.CartLine, by, over money.Decimal) bool {
	scaled := func(price money.Decimal) (money.Decimal, error) {
		product, err := price.Mul(by)
		if err != nil {
			return product, err
		}
		return product.Quo(over)
	}
	price, err := scaled(l.UnitPrice)
	if err != nil {
		return false
	}
	if l.ListPrice != nil {
		list, err := scaled(*l.ListPrice)
		if err != nil {
			return false
		}
		l.ListPrice = &list
	}
	l.UnitPrice = price
	return true
}
