package money

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/govalues/decimal"
)

// Decimal is an exact decimal of at most 19 digits: a unit price, a quantity, a rate. It is
// stored and sent as text ("0.01255"), and keeps its zeros ("8.1000") as they were written.
type Decimal struct{ d decimal.Decimal }

// One is 1, the usual "per" of a price.
var One = MustDecimal("1")

// ParseDecimal reads a plain decimal: digits, one point, an optional sign. Exponents, thousands
// separators, decimal commas and blanks inside are refused, so that nothing is guessed.
func ParseDecimal(text string) (Decimal, error) {
	if strings.ContainsAny(text, "eE") {
		return Decimal{}, fmt.Errorf("%q is not a plain decimal number", text)
	}
	d, err := decimal.Parse(text)
	if err != nil {
		return Decimal{}, fmt.Errorf("%q is not a plain decimal number of at most 19 digits", text)
	}
	// decimal.Parse rounds what it can't hold; a number that is not held exactly is refused.
	if digits := strings.Count(text, "") - 1; digits > 19 {
		exact, ok := new(big.Rat).SetString(text)
		if !ok || exact.Cmp(Decimal{d}.Rat()) != 0 {
			return Decimal{}, fmt.Errorf("%q is not a plain decimal number of at most 19 digits", text)
		}
	}
	return Decimal{d}, nil
}

// MustDecimal is ParseDecimal for constants.
func MustDecimal(text string) Decimal {
	d, err := ParseDecimal(text)
	if err != nil {
		panic(err)
	}
	return d
}

// String writes the decimal with the decimals it was given.
func (d Decimal) String() string { return d.d.String() }

// Plain writes the decimal without trailing zeros: "0.0375", "120".
func (d Decimal) Plain() string { return d.d.Trim(0).String() }

// Sign is −1, 0 or 1.
func (d Decimal) Sign() int { return d.d.Sign() }

// IsZero tells whether it is 0.
func (d Decimal) IsZero() bool { return d.d.IsZero() }

// Cmp compares values: 1.50 equals 1.5.
func (d Decimal) Cmp(e Decimal) int { return d.d.Cmp(e.d) }

// Scale is the number of decimals after trailing zeros are dropped.
func (d Decimal) Scale() int { return d.d.Trim(0).Scale() }

// Rat is the exact value.
func (d Decimal) Rat() *big.Rat {
	coefficient := new(big.Int).SetUint64(d.d.Coef())
	if d.d.IsNeg() {
		coefficient.Neg(coefficient)
	}
	return new(big.Rat).SetFrac(coefficient, pow10(d.d.Scale()))
}

// Mul is the exact product; it fails when the product has more than 19 digits.
func (d Decimal) Mul(e Decimal) (Decimal, error) { return exactly(new(big.Rat).Mul(d.Rat(), e.Rat())) }

// Add is the exact sum; it fails when the sum has more than 19 digits.
func (d Decimal) Add(e Decimal) (Decimal, error) { return exactly(new(big.Rat).Add(d.Rat(), e.Rat())) }

// Sub is the exact difference; it fails when it has more than 19 digits.
func (d Decimal) Sub(e Decimal) (Decimal, error) { return exactly(new(big.Rat).Sub(d.Rat(), e.Rat())) }

// Quo is the exact quotient; it fails when that has no end, more than 19 digits, or e is 0.
func (d Decimal) Quo(e Decimal) (Decimal, error) {
	if e.IsZero() {
		return Decimal{}, errors.New("a number can't be divided by 0")
	}
	return exactly(new(big.Rat).Quo(d.Rat(), e.Rat()))
}

// IsMultipleOf tells whether d is a whole multiple of step; every number is one of zero steps.
func (d Decimal) IsMultipleOf(step Decimal) bool {
	if step.IsZero() {
		return true
	}
	if _, rest, err := d.d.QuoRem(step.d); err == nil {
		return rest.IsZero()
	}
	return new(big.Rat).Quo(d.Rat(), step.Rat()).IsInt()
}

func exactly(r *big.Rat) (Decimal, error) {
	digits, exact := r.FloatPrec()
	if !exact {
		return Decimal{}, fmt.Errorf("%s has no end as a decimal number", r.RatString())
	}
	return ParseDecimal(r.FloatString(digits))
}

// Round turns major units into an amount, half away from zero.
func (d Decimal) Round(currency string) (Amount, error) { return round(d.Rat(), currency) }

// MarshalText and UnmarshalText make it a string in JSON: a JSON number would be read as a
// float by half of the world.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.d.String()), nil }

// UnmarshalText reads what ParseDecimal reads.
func (d *Decimal) UnmarshalText(text []byte) error {
	parsed, err := ParseDecimal(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Value stores it as TEXT.
func (d Decimal) Value() (driver.Value, error) { return d.d.String(), nil }

// Scan reads TEXT.
func (d *Decimal) Scan(v any) error {
	switch x := v.(type) {
	case string:
		return d.UnmarshalText([]byte(x))
	case []byte:
		return d.UnmarshalText(x)
	}
	return fmt.Errorf("cannot read %T as a decimal", v)
}
