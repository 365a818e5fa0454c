// Package money holds the numbers that business is done in: amounts in minor units of a
// currency, exact decimals for prices, quantities and rates, calendar dates, and the rules for
// rounding and sharing. It is the bottom of the import graph; everything that touches money
// imports it, and it imports nothing of ours.
//
// Amounts are int64 minor units with an ISO 4217 code (1999 USD is 19.99 dollars, 1999 BHD is
// 1.999 dinars). Prices and quantities are exact decimals. There is no floating point, and a
// product is rounded once, half away from zero, where it becomes an amount.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"slices"
	"strings"
)

// Amount is a sum of money in minor units of its own currency. The zero Amount has no currency
// and can't be added to anything; use Zero.
type Amount struct {
	Minor    int64  `json:"amount" doc:"Minor units of the currency: 1999 is 19.99 USD, 1999 JPY, 1.999 BHD"`
	Currency string `json:"currency" minLength:"3" maxLength:"3" doc:"ISO 4217 code"`
}

// ErrCurrency is returned by arithmetic across currencies and for unknown currencies.
var ErrCurrency = errors.New("currencies differ or are unknown")

// ErrRange is returned when a result does not fit 64 bits of minor units.
var ErrRange = errors.New("the amount is too large")

// Of makes an Amount from minor units.
func Of(minor int64, currency string) Amount { return Amount{minor, currency} }

// Zero is nothing in that currency.
func Zero(currency string) Amount { return Amount{0, currency} }

// Add returns a + b. The currencies must be equal.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, fmt.Errorf("%w: %q and %q", ErrCurrency, a.Currency, b.Currency)
	}
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, ErrRange
	}
	return Amount{sum, a.Currency}, nil
}

// Sub returns a − b. The currencies must be equal.
func (a Amount) Sub(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, fmt.Errorf("%w: %q and %q", ErrCurrency, a.Currency, b.Currency)
	}
	difference := a.Minor - b.Minor
	if (difference < a.Minor) != (b.Minor > 0) && b.Minor != 0 {
		return Amount{}, ErrRange
	}
	return Amount{difference, a.Currency}, nil
}

// Neg returns −a.
func (a Amount) Neg() Amount { return Amount{-a.Minor, a.Currency} }

// Sum adds amounts of one currency; without any it is zero in that currency.
func Sum(currency string, amounts ...Amount) (Amount, error) {
	sum := Zero(currency)
	for _, a := range amounts {
		var err error
		if sum, err = sum.Add(a); err != nil {
			return Amount{}, err
		}
	}
	return sum, nil
}

// Text is the amount as documents write it: a plain decimal with all the currency's decimals
// and a point, "1332.18", "-0.50", "1800". It carries no currency.
func (a Amount) Text() string {
	exponent, ok := Exponent(a.Currency)
	if !ok {
		exponent = 2
	}
	sign := ""
	minor := new(big.Int).SetInt64(a.Minor)
	if minor.Sign() < 0 {
		sign, minor = "-", minor.Neg(minor)
	}
	digits := minor.String()
	if exponent == 0 {
		return sign + digits
	}
	if len(digits) <= exponent {
		digits = strings.Repeat("0", exponent-len(digits)+1) + digits
	}
	return sign + digits[:len(digits)-exponent] + "." + digits[len(digits)-exponent:]
}

// String is Text and the currency, for logs and sentences: "1332.18 USD".
func (a Amount) String() string { return a.Text() + " " + a.Currency }

// ParseAmount reads a plain decimal ("1332.18", "1332.1800", "-5") as an exact amount. More
// decimals than the currency has are refused unless they are zeros: nothing is rounded here.
func ParseAmount(text, currency string) (Amount, error) {
	d, err := ParseDecimal(text)
	if err != nil {
		return Amount{}, err
	}
	a, err := d.Round(currency)
	if err != nil {
		return Amount{}, err
	}
	if back := MustDecimal(a.Text()); back.Cmp(d) != 0 {
		return Amount{}, fmt.Errorf("%q has more decimals than %s has", text, currency)
	}
	return a, nil
}

// round turns an exact number of major units into an amount, half away from zero.
func round(exact *big.Rat, currency string) (Amount, error) {
	exponent, ok := Exponent(currency)
	if !ok {
		return Amount{}, fmt.Errorf("%w: %q", ErrCurrency, currency)
	}
	scaled := new(big.Rat).Mul(exact, new(big.Rat).SetInt(pow10(exponent)))
	minor := halfAway(scaled)
	if !minor.IsInt64() {
		return Amount{}, ErrRange
	}
	return Amount{minor.Int64(), currency}, nil
}

// halfAway rounds to an integer, halves away from zero.
func halfAway(r *big.Rat) *big.Int {
	num, den := new(big.Int).Abs(r.Num()), r.Denom()
	twice := new(big.Int).Add(new(big.Int).Lsh(num, 1), den)
	whole := twice.Quo(twice, new(big.Int).Lsh(den, 1))
	if r.Sign() < 0 {
		whole.Neg(whole)
	}
	return whole
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// LineTotal is quantity × price ÷ per, rounded once to the currency's minor unit. per is what
// the price is for (1, or 100 where a price is per hundred) and must be positive.
func LineTotal(quantity, price, per Decimal, currency string) (Amount, error) {
	if per.Sign() <= 0 {
		return Amount{}, errors.New("a price must be per a positive quantity")
	}
	if minor, ok := lineTotal(quantity, price, per, currency); ok {
		return Amount{minor, currency}, nil
	}
	exact := new(big.Rat).Mul(quantity.Rat(), price.Rat())
	return round(exact.Quo(exact, per.Rat()), currency)
}

// lineTotal is the same in machine words, for the lines that there are by the thousand: prices for
// one, and products of less than 20 digits. ok is false for all others.
func lineTotal(quantity, price, per Decimal, currency string) (minor int64, ok bool) {
	exponent, known := Exponent(currency)
	high, product := bits.Mul64(quantity.d.Coef(), price.d.Coef())
	digits := quantity.d.Scale() + price.d.Scale() - exponent // to be rounded away
	if !known || high != 0 || digits < 0 || digits >= len(powers) || per.Cmp(One) != 0 {
		return 0, false
	}
	whole, rest := product/powers[digits], product%powers[digits]
	if rest >= powers[digits]-rest { // halves go up
		whole++
	}
	if whole > math.MaxInt64 {
		return 0, false
	}
	if quantity.Sign()*price.Sign() < 0 {
		return -int64(whole), true
	}
	return int64(whole), true
}

// powers are those of ten that fit a word.
var powers = func() (powers [20]uint64) {
	powers[0] = 1
	for i := 1; i < len(powers); i++ {
		powers[i] = powers[i-1] * 10
	}
	return powers
}()

// Percent is rate per cent of a, rounded once: 7.25 of 1242.13 is 90.05.
func (a Amount) Percent(rate Decimal) (Amount, error) {
	exact := new(big.Rat).SetInt64(a.Minor)
	exact.Mul(exact, rate.Rat())
	exact.Quo(exact, big.NewRat(100, 1))
	minor := halfAway(exact)
	if !minor.IsInt64() {
		return Amount{}, ErrRange
	}
	return Amount{minor.Int64(), a.Currency}, nil
}

// Allocate shares total over weights by largest remainder: each share is rounded down, and the
// units that are left go one each to the largest remainders, ties to the earlier place. The
// shares add up to total, always. Weights must not be negative, nor all zero.
func Allocate(total int64, weights []int64) ([]int64, error) {
	sum := new(big.Int)
	for _, w := range weights {
		if w < 0 {
			return nil, errors.New("a weight is negative")
		}
		sum.Add(sum, big.NewInt(w))
	}
	if sum.Sign() == 0 {
		return nil, errors.New("nothing to share over: the weights are all zero")
	}
	shares := make([]int64, len(weights))
	remainders := make([]*big.Int, len(weights))
	magnitude := new(big.Int).Abs(big.NewInt(total))
	left := new(big.Int).Set(magnitude)
	for i, w := range weights {
		share, remainder := new(big.Int).QuoRem(new(big.Int).Mul(magnitude, big.NewInt(w)), sum, new(big.Int))
		shares[i], remainders[i] = share.Int64(), remainder
		left.Sub(left, share)
	}
	// Fewer units are left than there are shares with a remainder, so each gets one at most.
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return remainders[j].Cmp(remainders[i]) })
	for _, i := range order[:left.Int64()] {
		shares[i]++
	}
	if total < 0 {
		for i := range shares {
			shares[i] = -shares[i]
		}
	}
	return shares, nil
}
