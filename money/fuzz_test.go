package money_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/money"
)

// What is read as a decimal is that number exactly, and is written as it can be read again.
func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"0", "-0.00", "8.1000", "1,5", "1e3", "0x10", "+5", ".5", "5.", "1_000", " 1", "9999999999999999999", "0.00000000000000000001",
		"99999999999999999999", "1/2", "Inf", "NaN", "１２", "--1", "", "-", "0.01255", "18446744073709551616"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := money.ParseDecimal(text)
		if err != nil {
			return
		}
		if strings.Trim(text, "+-.0123456789") != "" {
			t.Fatalf("%q is taken for %s", text, d)
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok || exact.Cmp(d.Rat()) != 0 {
			t.Fatalf("%q is taken for %s", text, d)
		}
		for _, written := range []string{d.String(), d.Plain()} {
			if again, err := money.ParseDecimal(written); err != nil || again.Cmp(d) != 0 {
				t.Fatalf("%q is written %q and read %s, %v", text, written, again, err)
			}
		}
		for _, currency := range []string{"USD", "JPY", "BHD"} {
			a, err := money.ParseAmount(text, currency)
			if err != nil {
				continue
			}
			if again, ok := new(big.Rat).SetString(a.Text()); !ok || again.Cmp(exact) != 0 {
				t.Fatalf("%q is %s", text, a)
			}
		}
	})
}

// A line's total is quantity × price ÷ per, rounded once, halves away from zero: the same by the
// short way and by fractions.
func FuzzLineTotal(f *testing.F) {
	f.Add("120", "8.1000", "1", "USD")
	f.Add("0.5", "0.01", "1", "USD")
	f.Add("1500", "1.2550", "100", "USD")
	f.Add("3", "0.3335", "1", "BHD")
	f.Add("7", "0.5", "1.0", "JPY")
	f.Add("9999999999999999", "9999999999999999", "1", "USD")
	f.Add("-3", "0.005", "1", "USD")
	f.Fuzz(func(t *testing.T, quantity, price, per, currency string) {
		q, err1 := money.ParseDecimal(quantity)
		p, err2 := money.ParseDecimal(price)
		b, err3 := money.ParseDecimal(per)
		exponent, known := money.Exponent(currency)
		if err1 != nil || err2 != nil || err3 != nil || !known {
			return
		}
		got, err := money.LineTotal(q, p, b, currency)
		if err != nil {
			return
		}
		// The distance to the exact value is at most half a minor unit, and a half went outwards.
		unit := new(big.Rat).SetFrac64(1, 1)
		for range exponent {
			unit.Quo(unit, big.NewRat(10, 1))
		}
		exact := new(big.Rat).Mul(q.Rat(), p.Rat())
		exact.Quo(exact, b.Rat())
		rounded, _ := new(big.Rat).SetString(got.Text())
		off := new(big.Rat).Sub(rounded, exact)
		half := new(big.Rat).Quo(unit, big.NewRat(2, 1))
		switch new(big.Rat).Abs(off).Cmp(half) {
		case 1:
			t.Fatalf("%s × %s ÷ %s is %s", quantity, price, per, got)
		case 0:
			if off.Sign() != exact.Sign() {
				t.Fatalf("%s × %s ÷ %s is %s: the half went inwards", quantity, price, per, got)
			}
		}
	})
}
