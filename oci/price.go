package oci

import (
	"strconv"

	"github.com/kontorhq/kontor/money"
)

// PriceOf writes the price of one unit as the interface can: with at most three decimals, for the
// smallest power of ten of units that makes it exact. 0.01255 is 1.255 for 100. PRICEUNIT has
// five digits, so that 10,000 is the most; ok is false where even that is not exact, or the price
// then has more than eleven digits before the point. Nothing is rounded.
func PriceOf(unit money.Decimal) (price money.Decimal, priceUnit int64, ok bool) {
	for per := int64(1); per <= 10_000; per *= 10 {
		price, err := unit.Mul(money.MustDecimal(strconv.FormatInt(per, 10)))
		if err != nil {
			return money.Decimal{}, 0, false
		}
		if price.Scale() <= decimals {
			return price, per, fits(price)
		}
	}
	return money.Decimal{}, 0, false
}

// decimals is what PRICE and QUANTITY have behind the point, digits what they have before it.
const (
	decimals = 3
	digits   = 11
)

var tooMuch = money.MustDecimal("100000000000") // 10 to the digits

// fits tells whether a number can stand in PRICE or QUANTITY.
func fits(d money.Decimal) bool {
	return d.Sign() >= 0 && d.Scale() <= decimals && d.Cmp(tooMuch) < 0
}
