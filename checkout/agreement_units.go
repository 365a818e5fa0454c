package checkout

import (
	"context"
	"strconv"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// Units is how a line of a blanket order that has a MaxQuantity stands.
type Units struct {
	Most  money.Decimal
	Drawn money.Decimal // what live releases ordered, in Unit
	Unit  string        // empty where the blanket order names none: then every unit counts

	own money.Decimal // the part of Drawn that the order has which is asked about
}

// takes tells whether a quantity in that unit can be counted.
func (u *Units) takes(unit string) bool {
	return u.Unit == "" || accounts.Fold(u.Unit) == accounts.Fold(unit)
}

// unitsOf reads what releases ordered of the lines that have a most, by line; own is a release, or
// empty. Nothing is read for a blanket order without any.
func unitsOf(ctx context.Context, q database.Querier, blanket orders.Order, own string) (map[int64]*Units, error) {
	units := map[int64]*Units{}
	for _, l := range blanket.Version.Lines {
		if l.MostUnits != nil && l.MostUnits.Sign() > 0 && l.Line != 0 {
			units[l.Line] = &Units{Most: *l.MostUnits, Unit: l.Unit}
		}
	}
	if len(units) == 0 {
		return units, nil
	}
	released, err := orders.ReleasedLines(ctx, q, blanket.Merchant, blanket.ID)
	if err != nil {
		return nil, err
	}
	for _, r := range released {
		// A person let pass what can't be counted: another unit, or more than there are digits for.
		u, _ := unitsFor(units, r.Line)
		if u == nil || !u.takes(r.Line.Unit) {
			continue
		}
		sum, err := u.Drawn.Add(r.Line.Left())
		if err != nil {
			continue
		}
		u.Drawn = sum
		if r.Order == own {
			u.own, _ = u.own.Add(r.Line.Left()) // it is a part of the sum
		}
	}
	return units, nil
}

// unitsFor finds what limits a line of a release; nil where nothing does.
func unitsFor(units map[int64]*Units, l orders.Line) (*Units, int64) {
	line, named := agreementLine(l)
	if !named || l.Charge != "" {
		return nil, 0
	}
	return units[line], line
}

// beyondUnits says what of a release is more pieces than may be ordered. Who orders no more than before
// isn't asked.
func beyondUnits(ctx context.Context, q database.Querier, blanket orders.Order, order string, lines []orders.Line) (string, error) {
	units, err := unitsOf(ctx, q, blanket, order)
	if err != nil || len(units) == 0 {
		return "", err
	}
	asked := map[int64]money.Decimal{}
	for _, l := range lines {
		u, line := unitsFor(units, l)
		if u == nil {
			continue
		}
		what := "line " + strconv.FormatInt(line, 10) + " of blanket order " + blanket.Number
		if !u.takes(l.Unit) {
			return "Of " + what + " at most " + u.Most.String() + " " + u.Unit + " may be ordered, and line " + strconv.FormatInt(l.Line, 10) + " of this release is in " + l.Unit + ".", nil
		}
		others, _ := u.Drawn.Sub(u.own) // a part of it
		sum, err := asked[line].Add(l.Left())
		if err != nil {
			return "Of " + what + " this release orders more than can be counted.", nil
		}
		asked[line] = sum
		if sum, err = sum.Add(others); err != nil {
			return "Of " + what + " this release orders more than can be counted.", nil
		}
		if asked[line].Cmp(u.own) <= 0 || sum.Cmp(u.Most) <= 0 {
			continue
		}
		over, _ := sum.Sub(u.Most)
		return "Of " + what + " at most " + u.Most.String() + " " + u.Unit + " may be ordered: " + others.String() + " are ordered already, this release goes " +
			over.String() + " beyond.", nil
	}
	return "", nil
}
