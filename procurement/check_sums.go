package procurement

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// sums is what lines come to, exactly as orders are summed: each line rounded once.
type sums struct {
	goods, plain *big.Rat // plain: with every conversionFactor left out
	factored     bool     // there was one
	lines        []orders.Line
	exponent     int
}

// sum reports lines without a price, and is nil where there is nothing to sum.
func (k *checker) sum(place string, items []cxml.ItemOut, currency string, unpricedIsFine bool) *sums {
	exponent, known := money.Exponent(currency)
	if !known || len(items) == 0 {
		return nil
	}
	s := &sums{goods: new(big.Rat), plain: new(big.Rat), exponent: exponent}
	unpriced, whole := unpricedLines(items), true
	for i, item := range items {
		at := place + "[" + strconv.Itoa(i+1) + "]"
		line, err := lineOf(int64(i+1), item)
		if err != nil {
			k.fault(at+"/ItemDetail", "The price has too many digits.")
			return nil
		}
		s.lines = append(s.lines, line)
		if unpriced[item.LineNumber] {
			continue
		}
		if item.ItemDetail == nil || !item.ItemDetail.UnitPrice.Present {
			if !unpricedIsFine {
				k.fault(at+"/ItemDetail/UnitPrice", "The price is missing, and a missing price isn't 0.", refuses(thisSystem, "answers 400"))
			}
			whole = false
			continue
		}
		per := line.PerUnits()
		total, err := money.LineTotal(line.Quantity, line.BuyerPrice, per, currency)
		plain, plainErr := money.LineTotal(line.Quantity, item.ItemDetail.UnitPrice.Value, per, currency)
		if err != nil || plainErr != nil {
			k.fault(at, "The line comes to more than can be counted.")
			return nil
		}
		if b := item.ItemDetail.PriceBasisQuantity; b != nil && b.ConversionFactor.Cmp(money.One) != 0 {
			s.factored = true
		}
		s.goods.Add(s.goods, money.MustDecimal(total.Text()).Rat())
		s.plain.Add(s.plain, money.MustDecimal(plain.Text()).Rat())
	}
	if !whole {
		return nil
	}
	return s
}

// near allows half a minor unit per line: others round in other places.
func (s *sums) near(a, b *big.Rat) bool {
	most := big.NewRat(int64(len(s.lines)), 2)
	for range s.exponent {
		most.Quo(most, big.NewRat(10, 1))
	}
	difference := new(big.Rat).Sub(a, b)
	return difference.Abs(difference).Cmp(most) <= 0
}

func (s *sums) equals(total money.Decimal) bool      { return s.near(total.Rat(), s.goods) }
func (s *sums) plainEquals(total money.Decimal) bool { return s.near(total.Rat(), s.plain) }

// equalsWith tries the total with tax, with freight, and with both.
func (s *sums) equalsWith(total money.Decimal, tax, freight *money.Decimal) bool {
	rat := func(d *money.Decimal) *big.Rat {
		if d == nil {
			return new(big.Rat)
		}
		return d.Rat()
	}
	withTax, withFreight := new(big.Rat).Add(s.goods, rat(tax)), new(big.Rat).Add(s.goods, rat(freight))
	return s.near(total.Rat(), withTax) || s.near(total.Rat(), withFreight) ||
		s.near(total.Rat(), new(big.Rat).Add(withTax, rat(freight)))
}

func (s *sums) text() string { return s.goods.FloatString(s.exponent) }

// sentenceOf makes a sentence of a flag's words.
func sentenceOf(words string) string { return strings.ToUpper(words[:1]) + words[1:] + "." }
