package checkout

import (
	"math/big"
	"strconv"

	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// comparePrice says where the buyer's price of a line is another than ours; what it comes to is
// set when that is less.
func (p *priced) comparePrice(policy Policy, l *orders.Line, per, ours money.Decimal, our, theirs money.Amount) {
	difference := exact(l.Quantity, l.BuyerPrice, per)
	difference.Sub(difference, exact(l.Quantity, ours, per))
	half := halfUnit(our.Currency)
	number := strconv.FormatInt(l.Line, 10)
	switch {
	case difference.Cmp(half) > 0:
		p.flag(orders.FlagPriceAbove, "line "+number+" was ordered at "+l.BuyerPrice.String()+", our price of "+ours.String()+" counts", l.Line)
	case difference.Cmp(new(big.Rat).Neg(half)) < 0:
		// Never invoice above the order's own price: what is accepted is accepted at that price.
		l.UnitPrice, l.Amount = l.BuyerPrice, theirs
		if difference.Cmp(new(big.Rat).Neg(policy.tolerance(our))) >= 0 {
			return
		}
		short, _ := our.Sub(theirs)
		message := "line " + number + " was ordered at " + l.BuyerPrice.String() + " instead of " + ours.String() + ", " + short.String() + " less"
		p.flag(orders.FlagPriceBelow, message, l.Line)
		if !policy.AcceptBelow {
			p.wait("The order's prices are below ours: " + message + ".")
		}
	}
}

// tolerance is how far a line may be below ours: half a minor unit, the percentage or the
// amount, whichever is most.
func (policy Policy) tolerance(our money.Amount) *big.Rat {
	most := halfUnit(our.Currency)
	if policy.TolerancePercent != nil {
		share := new(big.Rat).Mul(money.MustDecimal(our.Text()).Rat(), policy.TolerancePercent.Rat())
		if share.Quo(share, big.NewRat(100, 1)); share.Cmp(most) > 0 {
			most = share
		}
	}
	if policy.ToleranceAmount != nil && policy.ToleranceAmount.Rat().Cmp(most) > 0 {
		most = policy.ToleranceAmount.Rat()
	}
	return most
}

func exact(quantity, price, per money.Decimal) *big.Rat {
	r := new(big.Rat).Mul(quantity.Rat(), price.Rat())
	return r.Quo(r, per.Rat())
}

// halfUnit is half a minor unit of the currency, in major units.
func halfUnit(currency string) *big.Rat {
	exponent, _ := money.Exponent(currency)
	return new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Mul(big.NewInt(2), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(exponent)), nil)))
}

// compareTotal holds the order's Total against the sum of its own lines, half a minor unit a
// line being allowed. Total with tax and shipping in it is accepted and noted.
func (p *priced) compareTotal(w Wanted) error {
	if w.Header.StatedTotal == nil || w.Header.Blanket != nil {
		return nil
	}
	lines, freight := money.Zero(w.Currency), new(big.Rat)
	for _, l := range w.Lines {
		if l.Group {
			continue
		}
		amount, err := money.LineTotal(l.Quantity, l.BuyerPrice, l.PerUnits(), w.Currency)
		if err == nil {
			lines, err = lines.Add(amount)
		}
		if l.Charge == orders.Freight {
			freight.Add(freight, money.MustDecimal(amount.Text()).Rat())
		}
		if err != nil {
			return fault.At(fault.Invalid, "lines", "the order's amount is too large").Because(err)
		}
	}
	sum := money.MustDecimal(lines.Text()).Rat()
	allowed := new(big.Rat).Mul(halfUnit(w.Currency), new(big.Rat).SetInt64(int64(len(w.Lines))))
	stated := w.Header.StatedTotal.Rat()
	// Freight as a line may be one of the items for the buyer, or no part of Total, like Shipping.
	if near(stated, sum, allowed) || near(stated, new(big.Rat).Sub(sum, freight), allowed) {
		return nil
	}
	with := new(big.Rat).Set(sum)
	for _, extra := range []*money.Decimal{w.Header.StatedTax, w.Header.StatedFreight} {
		if extra != nil {
			with.Add(with, extra.Rat())
		}
	}
	exponent, _ := money.Exponent(w.Currency)
	message := "Total is " + w.Header.StatedTotal.String() + ", the lines come to " + sum.FloatString(exponent)
	if near(stated, with, allowed) {
		p.flag(orders.FlagTotalIncludes, message+", with tax and shipping to "+with.FloatString(exponent), 0)
		return nil
	}
	if w.Policy.RefuseMismatch {
		return fault.At(fault.Invalid, "total", message)
	}
	if w.Header.TotalModified {
		p.modifiedTotal(w, message, stated.Cmp(sum) < 0)
		return nil
	}
	p.flag(orders.FlagTotalDiffers, message, 0)
	return nil
}

// modifiedTotal is about a Total that allowances or charges on the whole order made another one than
// the lines come to. We have agreed to none, so ours is without; who means to pay less is answered by
// a person, as with a line below our price.
func (p *priced) modifiedTotal(w Wanted, message string, less bool) {
	p.flag(orders.FlagTotalModified, message+": the order modifies its Total as a whole, which isn't counted", 0)
	if less && !w.Policy.AcceptBelow {
		p.wait("The order takes something off its Total: " + message + ".")
	}
}

func near(a, b, allowed *big.Rat) bool {
	difference := new(big.Rat).Sub(a, b)
	return difference.Abs(difference).Cmp(allowed) <= 0
}
