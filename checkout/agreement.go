package checkout

import (
	"context"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// A blanket order takes up no credit and reserves nothing. Its releases do, and draw on it: on its
// Total and, where a release names a line, on that line's MaxAmount and MaxQuantity (cXML reference
// 6.10, decision 0029). What is drawn is goods, as Total is.

// release is what an order draws on a blanket order.
type release struct {
	draws   []orders.Draw
	unknown []int64 // lines that name a line which the blanket order doesn't have
	beyond  string  // why it can't be drawn; empty where it can
}

// drawOn looks at what an order draws on its blanket order, and lets it wait where it can't. The
// credit chain is locked first and the blanket order after it, so that of two releases at once the
// second sees what the first drew.
func (d *Desk) drawOn(ctx context.Context, tx *database.Tx, w Wanted, p *priced, order string) error {
	if w.Agreement == "" || w.Header.Blanket != nil {
		return nil
	}
	r, err := d.release(ctx, tx, drawing{w.Merchant, w.Organisation, w.Agreement, order, w.Currency, p.lines})
	if err != nil {
		return err
	}
	p.draws = r.draws
	for _, line := range r.unknown {
		p.flag(orders.FlagAgreementUnknown, "line "+strconv.FormatInt(line, 10)+" draws on a line that its agreement doesn't have", line)
	}
	if r.beyond != "" {
		p.waitFor("agreement_review", r.beyond)
	}
	return nil
}

// drawing is an order that draws on a blanket order.
type drawing struct {
	merchant     accounts.Merchant
	organisation accounts.Organisation
	agreement    string // id of the blanket order
	order        string // id of the one that draws
	currency     string
	lines        []orders.Line
}

func (d *Desk) release(ctx context.Context, tx *database.Tx, from drawing) (release, error) {
	if err := credit.Lock(ctx, tx, from.organisation, from.currency); err != nil {
		return release{}, err
	}
	blanket, err := orders.Lock(ctx, tx, from.merchant.ID, from.agreement)
	if err != nil {
		return release{}, err
	}
	if blanket.Version, err = orders.FindVersion(ctx, tx, blanket, blanket.InForce); err != nil {
		return release{}, err
	}
	drawn, err := orders.DrawnOn(ctx, tx, from.merchant.ID, from.agreement, from.order)
	if err != nil {
		return release{}, err
	}
	r, err := drawsOf(blanket, from.currency, from.lines)
	if err != nil {
		return release{}, err
	}
	name := "blanket order " + blanket.Number
	switch header := blanket.Version.Header; {
	case blanket.State != orders.Approved:
		r.beyond = "The " + name + " is " + blanket.State + "."
	case header.Blanket == nil:
		r.beyond = "Order " + blanket.Number + " is no blanket order any more."
	case blanket.Currency != from.currency:
		r.beyond = "The " + name + " is in " + blanket.Currency + "."
	default:
		if r.beyond = outOfTime(name, header, from.merchant.Today(d.Clock)); r.beyond == "" {
			r.beyond, err = beyondMost(blanket, r.draws, drawn)
		}
		if err == nil && r.beyond == "" {
			r.beyond, err = beyondUnits(ctx, tx, blanket, from.order, from.lines)
		}
	}
	return r, err
}

// drawsOf sums the goods of a release by the line of the blanket order that they name.
func drawsOf(blanket orders.Order, currency string, lines []orders.Line) (r release, err error) {
	known := map[int64]bool{}
	for _, l := range blanket.Version.Lines {
		known[l.Line] = true
	}
	at := map[int64]int{}
	for _, l := range lines {
		if l.Charge != "" {
			continue
		}
		line, named := agreementLine(l)
		if l.Agreement != "" && (!named || !known[line]) {
			r.unknown = append(r.unknown, l.Line)
		}
		if !named || !known[line] {
			line = 0
		}
		i, there := at[line]
		if !there {
			i = len(r.draws)
			at[line], r.draws = i, append(r.draws, orders.Draw{Line: line})
		}
		sum, err := money.Of(r.draws[i].Amount, currency).Add(money.Of(l.Amount.Minor, currency))
		if err != nil {
			return r, err
		}
		r.draws[i].Amount = sum.Minor
	}
	return r, nil
}

// outOfTime says why nothing can be drawn today. The days count as the buyer wrote them, the last
// one included: an end at midnight means that day.
func outOfTime(name string, h orders.Header, today money.Date) string {
	if day, ok := dayOf(h.Effective); ok && today.Before(day) {
		return "The " + name + " begins on " + day.String() + "."
	}
	if day, ok := dayOf(h.Expires); ok && day.Before(today) {
		return "The " + name + " ended on " + day.String() + "."
	}
	return ""
}

// dayOf is the day of an instant as it was written; not ok where it can't be read.
func dayOf(instant string) (money.Date, bool) {
	day, err := money.ParseDate(instant[:min(len(instant), len("2006-01-02"))])
	return day, err == nil
}

// beyondMost says what of a release is more than may be drawn. Who draws no more than before isn't
// asked: the most may have been lowered since.
func beyondMost(blanket orders.Order, wanted, drawn []orders.Draw) (string, error) {
	most, err := mostOf(blanket)
	if err != nil {
		return "", err
	}
	before := map[int64]orders.Draw{}
	all, own := int64(0), int64(0)
	for _, d := range drawn {
		before[d.Line] = d
		all, own = all+d.Amount, own+d.Own
	}
	asked := int64(0)
	for _, d := range wanted {
		asked += d.Amount
	}
	sentence := func(what string, most, drawn, asked int64) string {
		in := func(minor int64) string { return money.Of(minor, blanket.Currency).String() }
		return "Of " + what + " at most " + in(most) + " may be drawn: " + in(drawn) + " are drawn already, this release of " + in(asked) +
			" goes " + in(asked+drawn-most) + " beyond."
	}
	if limit, ok := most[0]; ok && asked > own && asked+all-own > limit {
		return sentence("blanket order "+blanket.Number, limit, all-own, asked), nil
	}
	for _, d := range wanted {
		limit, ok := most[d.Line]
		if was := before[d.Line]; d.Line != 0 && ok && d.Amount > was.Own && d.Amount+was.Amount-was.Own > limit {
			return sentence("line "+strconv.FormatInt(d.Line, 10)+" of blanket order "+blanket.Number, limit, was.Amount-was.Own, d.Amount), nil
		}
	}
	return "", nil
}

// agreementLine is the line of the blanket order that a line of a release names.
func agreementLine(l orders.Line) (int64, bool) {
	line, err := strconv.ParseInt(strings.TrimSpace(l.Agreement), 10, 64)
	return line, err == nil
}

// mostOf is the most that may be drawn in minor units: under 0 of the whole order, else of a line.
// What names no amount has no limit of its own; an order without one, all of whose lines have theirs,
// has their sum, else a release that names no line would have none at all.
func mostOf(blanket orders.Order) (map[int64]int64, error) {
	most := map[int64]int64{}
	limit := func(line int64, d *money.Decimal) error {
		if d == nil || d.Sign() <= 0 {
			return nil
		}
		amount, err := d.Round(blanket.Currency)
		most[line] = amount.Minor
		return err
	}
	err := limit(0, blanket.Version.Header.Blanket)
	for _, l := range blanket.Version.Lines {
		if err == nil && l.Line != 0 {
			err = limit(l.Line, l.Most)
		}
	}
	if _, whole := most[0]; err != nil || whole || len(most) < len(blanket.Version.Lines) {
		return most, err
	}
	sum := money.Zero(blanket.Currency)
	for _, minor := range most {
		if sum, err = sum.Add(money.Of(minor, blanket.Currency)); err != nil {
			return most, err
		}
	}
	if len(most) > 0 {
		most[0] = sum.Minor
	}
	return most, nil
}

// Standing is what of a blanket order is drawn and left; line 0 is the whole order. Most and Left are
// nil where nothing limits it.
type Standing struct {
	Line  int64
	Name  string
	Most  *money.Amount
	Drawn money.Amount
	Left  *money.Amount // negative where the most was lowered below what was drawn
	Units *Units        // how its quantity stands; nil where nothing limits that
}

// StandingOf lists how a blanket order stands: the whole first, then its lines. Nil for any other
// order.
func StandingOf(ctx context.Context, q database.Querier, o orders.Order) ([]Standing, error) {
	if o.Version.Header.Blanket == nil {
		return nil, nil
	}
	drawn, err := orders.DrawnOn(ctx, q, o.Merchant, o.ID, "")
	if err != nil {
		return nil, err
	}
	most, err := mostOf(o)
	if err != nil {
		return nil, err
	}
	by, all := map[int64]int64{}, int64(0)
	for _, d := range drawn {
		by[d.Line] = d.Amount
		all += d.Amount
	}
	by[0] = all
	stand := func(line int64, name string) Standing {
		s := Standing{Line: line, Name: name, Drawn: money.Of(by[line], o.Currency)}
		if limit, ok := most[line]; ok {
			m, left := money.Of(limit, o.Currency), money.Of(limit-by[line], o.Currency)
			s.Most, s.Left = &m, &left
		}
		return s
	}
	units, err := unitsOf(ctx, q, o, "")
	if err != nil {
		return nil, err
	}
	list := []Standing{stand(0, "")}
	for _, l := range o.Version.Lines {
		s := stand(l.Line, l.Name)
		s.Units = units[l.Line]
		list = append(list, s)
	}
	return list, nil
}

// drawnBeyond flags a blanket order that is changed to less than its releases drew.
func (d *Desk) drawnBeyond(ctx context.Context, tx *database.Tx, w Wanted, p *priced, existing orders.Order) error {
	if w.Header.Blanket == nil {
		return nil
	}
	existing.Version = orders.Version{Header: w.Header, Lines: p.lines}
	standing, err := StandingOf(ctx, tx, existing)
	for _, s := range standing {
		if u := s.Units; u != nil && u.Drawn.Cmp(u.Most) > 0 {
			p.flag(orders.FlagDrawnBeyond, "releases ordered "+u.Drawn.String()+" "+u.Unit+" of line "+strconv.FormatInt(s.Line, 10)+" already, which is more than "+u.Most.String(), s.Line)
		}
		if s.Left == nil || s.Left.Minor >= 0 {
			continue
		}
		what := "the order"
		if s.Line != 0 {
			what = "line " + strconv.FormatInt(s.Line, 10)
		}
		p.flag(orders.FlagDrawnBeyond, "releases drew "+s.Drawn.String()+" of "+what+" already, which is more than "+s.Most.String(), s.Line)
	}
	return err
}
