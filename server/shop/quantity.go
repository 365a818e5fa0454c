package shop

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/kontorhq/kontor/client"
)

// quantities are what a person may type: 1500, 1,500, 152.5. More digits than any order has are
// refused here, so that exact arithmetic stays small.
var quantities = regexp.MustCompile(`^(\d{1,9}|\d{1,3}(,\d{3}){1,2})(\.\d{1,6})?$`)

// decimal reads a decimal of the API or of a person.
func decimal(s string) (*big.Rat, bool) {
	if len(s) > 40 {
		return nil, false
	}
	for _, c := range s {
		if c != '.' && (c < '0' || c > '9') { // SetString would take fractions and exponents
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

// plain writes a decimal without needless zeros.
func plain(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return strings.TrimRight(strings.TrimRight(r.FloatString(6), "0"), ".")
}

// wanted checks a typed quantity against the product's rules. It gives the quantity as the API
// writes it, or a sentence that says what to type.
func wanted(typed string, p client.Product, unit string) (quantity, problem string) {
	typed = strings.TrimSpace(typed)
	if !quantities.MatchString(typed) {
		return "", "Write the quantity as a number, such as " + example(p) + "."
	}
	value, ok := decimal(strings.ReplaceAll(typed, ",", ""))
	if !ok {
		return "", "Write the quantity as a number, such as " + example(p) + "."
	}
	if unit != "" && unit != p.Unit {
		// The rules are for the order unit; for another unit the API decides.
		return plain(value), ""
	}
	least, step := rule(p.LeastQuantity), rule(p.QuantityStep)
	if value.Cmp(least) < 0 {
		return "", fmt.Sprintf("Order at least %s%s. %s is too few.", units(plain(least), p.Unit), inSteps(step), typed)
	}
	if !new(big.Rat).Quo(value, step).IsInt() {
		below := new(big.Rat).Mul(new(big.Rat).SetInt(whole(value, step)), step)
		above := new(big.Rat).Add(below, step)
		if below.Cmp(least) < 0 {
			return "", fmt.Sprintf("Order in steps of %s: %s, not %s.", plain(step), group(plain(above)), typed)
		}
		return "", fmt.Sprintf("Order in steps of %s: %s or %s, not %s.", plain(step), group(plain(below)), group(plain(above)), typed)
	}
	return plain(value), ""
}

// whole is how many full steps a value has.
func whole(value, step *big.Rat) *big.Int {
	q := new(big.Rat).Quo(value, step)
	return new(big.Int).Quo(q.Num(), q.Denom())
}

// rule reads least quantity or step; the API leaves no room for zero, but a division must not fail.
func rule(s string) *big.Rat {
	if r, ok := decimal(s); ok && r.Sign() > 0 {
		return r
	}
	return big.NewRat(1, 1)
}

func inSteps(step *big.Rat) string {
	if step.Cmp(big.NewRat(1, 1)) == 0 {
		return ""
	}
	return ", in steps of " + plain(step)
}

func example(p client.Product) string { return group(plain(rule(p.LeastQuantity))) }

// group writes 1500 as 1,500; a value that is no decimal stays as it is.
func group(quantity string) string {
	front, rest, cut := strings.Cut(quantity, ".")
	for at := len(front) - 3; at > 0; at -= 3 {
		front = front[:at] + "," + front[at:]
	}
	if cut {
		return front + "." + rest
	}
	return front
}

// perPiece is the price of one piece of a pack, at its full scale: $9.95 a box of 100 is $0.0995.
// A division that does not end says "about".
func perPiece(p client.Product) string {
	if p.Content == nil || p.Content.Quantity == "1" {
		return ""
	}
	price, ok := decimal(p.Price.Value)
	pieces, ok2 := decimal(p.Content.Quantity)
	if !ok || !ok2 || pieces.Sign() <= 0 {
		return ""
	}
	each := new(big.Rat).Quo(price, pieces)
	word := " each"
	if p.Content.Unit != "EA" {
		word = " per " + unitName(p.Content.Unit, false)
	}
	if digits, exact := each.FloatPrec(); exact && digits <= 8 {
		return client.UnitPrice{Value: each.FloatString(digits), Currency: p.Price.Currency}.Format() + word
	}
	return "about " + client.UnitPrice{Value: each.FloatString(4), Currency: p.Price.Currency}.Format() + word
}

// names are units as people say them: one and many.
var names = map[string][2]string{
	"EA": {"piece", "pieces"}, "BX": {"box", "boxes"}, "CS": {"case", "cases"}, "PR": {"pair", "pairs"},
	"RO": {"roll", "rolls"}, "BD": {"bundle", "bundles"}, "MIL": {"thousand", "thousand"}, "BG": {"bag", "bags"},
	"MTR": {"metre", "metres"}, "PK": {"pack", "packs"}, "SET": {"set", "sets"}, "KGM": {"kg", "kg"}, "LTR": {"litre", "litres"},
}

func unitName(code string, many bool) string {
	pair, ok := names[code]
	switch {
	case !ok:
		return code
	case many:
		return pair[1]
	default:
		return pair[0]
	}
}

// units writes a quantity with its unit: 1 box, 120 boxes, 152.5 metres.
func units(quantity, code string) string {
	return group(quantity) + "\u00a0" + unitName(code, quantity != "1")
}

// makes is what so many packs come to: 12 boxes of 100 are "= 1,200 pieces". It is empty where the
// unit is no pack or the quantity no number.
func makes(quantity string, content *client.Content) string {
	if content == nil || content.Quantity == "1" {
		return ""
	}
	packs, ok := decimal(strings.ReplaceAll(quantity, ",", ""))
	each, ok2 := decimal(content.Quantity)
	if !ok || !ok2 {
		return ""
	}
	return "= " + units(plain(packs.Mul(packs, each)), content.Unit)
}

// breaks are the prices from larger quantities on, in one line: "From 10 $17.20, from 50 $15.90".
func breaks(p client.Product) string {
	least := rule(p.LeastQuantity)
	var parts []string
	for _, b := range p.Breaks {
		if from := rule(b.From); from.Cmp(least) > 0 {
			parts = append(parts, "from\u00a0"+group(plain(from))+" "+b.Price.Format())
		}
	}
	return sentenceCase(strings.Join(parts, ", "))
}

// least says how much has to be ordered at a time, "" where any whole number will do.
func least(p client.Product) string {
	if p.LeastQuantity == "1" && p.QuantityStep == "1" {
		return ""
	}
	return "At least " + units(p.LeastQuantity, p.Unit) + ", in steps of " + group(p.QuantityStep)
}

// pack is what stands behind a price: "box of 100", "case of 10 boxes", "each", "per metre".
func pack(p client.Product) string {
	if p.Content != nil && p.Content.Quantity != "1" {
		switch {
		case p.Unit == "MIL":
			return "per thousand"
		case p.Unit == "EA":
			return "each, " + units(p.Content.Quantity, p.Content.Unit)
		case p.Content.Unit == "EA":
			return unitName(p.Unit, false) + " of " + group(p.Content.Quantity)
		default:
			return unitName(p.Unit, false) + " of " + units(p.Content.Quantity, p.Content.Unit)
		}
	}
	if p.Unit == "EA" {
		return "each"
	}
	return "per " + unitName(p.Unit, false)
}
