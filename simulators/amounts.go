package simulators

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"

	"github.com/kontorhq/kontor/money"
)

// Money is a decimal as it stands in a document, with its currency. The zero Money is "absent".
type Money struct {
	Value, Currency string
}

// plainDecimal is what cXML allows: no exponent, no thousands separator, no fraction sign. The
// length is capped because a number of a million digits is legal too.
var plainDecimal = regexp.MustCompile(`^-?[0-9]{1,20}(\.[0-9]{1,20})?$`)

var errDecimal = errors.New("is not a plain decimal number")

func rat(text string) (*big.Rat, error) {
	if !plainDecimal.MatchString(text) {
		return nil, fmt.Errorf("%q %w", text, errDecimal)
	}
	r, _ := new(big.Rat).SetString(text)
	return r, nil
}

// lineAmount is quantity × price, by the price basis where there is one, rounded once to the
// currency, halves away from zero. It is deliberately not money.LineTotal: two ways of counting
// must agree.
func lineAmount(l Line) (Money, error) {
	quantity, err := rat(l.Quantity)
	if err != nil {
		return Money{}, err
	}
	price, err := rat(l.UnitPrice.Value)
	if err != nil {
		return Money{}, err
	}
	exact := quantity.Mul(quantity, price)
	if l.Basis != nil {
		basis, err := rat(l.Basis.Quantity)
		if err != nil {
			return Money{}, err
		}
		conversion, err := rat(l.Basis.Conversion)
		if err != nil {
			return Money{}, err
		}
		if basis.Sign() <= 0 {
			return Money{}, errors.New("a price basis must be positive")
		}
		exact.Mul(exact, conversion).Quo(exact, basis)
	}
	return rounded(exact, l.UnitPrice.Currency)
}

func rounded(exact *big.Rat, currency string) (Money, error) {
	decimals, ok := money.Exponent(currency)
	if !ok {
		return Money{}, fmt.Errorf("%q is not a currency", currency)
	}
	// FloatString rounds halves away from zero, exactly, despite its name.
	return Money{exact.FloatString(decimals), currency}, nil
}

// addMoney sums amounts of one currency that were read before; absent ones count as nothing.
func addMoney(parts ...Money) Money {
	sum, currency := new(big.Rat), ""
	for _, part := range parts {
		if r, err := rat(part.Value); err == nil {
			sum.Add(sum, r)
			currency = part.Currency
		}
	}
	total, err := rounded(sum, currency)
	if err != nil {
		return Money{}
	}
	return total
}

func sameMoney(a, b Money) bool {
	x, errX := rat(a.Value)
	y, errY := rat(b.Value)
	return errX == nil && errY == nil && a.Currency == b.Currency && x.Cmp(y) == 0
}

// scaleTax keeps the tax in proportion when a quantity changes: the buyer's system does not know
// the rate, and sends what its own books expect.
func scaleTax(tax, before, after Money) Money {
	t, errT := rat(tax.Value)
	x, errX := rat(before.Value)
	y, errY := rat(after.Value)
	if errT != nil || errX != nil || errY != nil || x.Sign() == 0 {
		return tax
	}
	scaled, err := rounded(t.Mul(t, y).Quo(t, x), tax.Currency)
	if err != nil {
		return tax
	}
	return scaled
}
