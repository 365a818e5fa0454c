package console

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// today is the first page: what needs a person, then the day in figures.
type today struct {
	Heading string
	Day     string
	Tasks   []task
	More    int64 // waiting orders that are not listed
	Tell    []telling
	Done    string
	Figures []figure
	Latest  []orderRow
	Tight   []lineRow
	Ending  []accounts.Ending // certificates
}

type task struct {
	State   string
	Order   orders.Order
	Name    string // of the organisation
	Since   database.Time
	Waiting string
	Words   string // why it waits
	Short   string // the sum that is missing, when that is why
	Fits    bool   // by now it would pass
}

type figure struct{ Label, Value, Second string }

const (
	mostTasks  = 20
	mostToday  = 500 // orders of the day that are counted
	mostLatest = 8
	mostTight  = 5
)

func (c *console) getToday(v *visit) error {
	ctx := v.Request().Context()
	now := c.Clock.Now().Add(time.Duration(v.merchant.ClockOffset) * time.Microsecond).In(v.merchant.Zone())
	body := today{Day: now.Format("Monday, January 2, 2006")}
	names := names{c: c, merchant: v.merchant.ID}
	ids, err := orders.WaitingIDs(ctx, c.DB, v.merchant.ID, mostTasks)
	if err != nil {
		return err
	}
	for _, id := range ids {
		t, err := c.task(ctx, v, &names, id)
		if err != nil {
			return err
		}
		body.Tasks = append(body.Tasks, t)
	}
	waiting, err := orders.CountWaiting(ctx, c.DB, v.merchant.ID)
	if err != nil {
		return err
	}
	if body.Tell, err = c.tellings(v, &names); err != nil {
		return err
	}
	needed, err := c.needed(v, waiting)
	if err != nil {
		return err
	}
	body.Heading, body.More = heading(waiting, needed-waiting), waiting-int64(len(body.Tasks))
	if v.QueryParam("done") == "told" {
		body.Done = "Recorded: the buyer was told."
	}
	latest, err := orders.List(ctx, c.DB, v.merchant.ID, orders.Filter{Limit: mostToday})
	if err != nil {
		return err
	}
	start := v.merchant.Today(c.Clock).Start(v.merchant.Zone()).Add(-time.Duration(v.merchant.ClockOffset) * time.Microsecond)
	body.Figures = figures(latest, start, waiting, v.merchant.Currency)
	if body.Latest, err = names.rows(ctx, latest[:min(len(latest), mostLatest)]); err != nil {
		return err
	}
	tight, err := credit.TightLines(ctx, c.DB, v.merchant.ID, mostTight)
	if err != nil {
		return err
	}
	if body.Tight, err = c.lineRows(ctx, v, tight); err != nil {
		return err
	}
	if body.Ending, err = accounts.EndingCertificates(ctx, c.DB, v.merchant.ID, v.merchant.Today(c.Clock)); err != nil {
		return err
	}
	return c.show(v, http.StatusOK, "today", "today", "Today", body)
}

var small = []string{"", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"}

// heading counts orders that wait and what is to be told.
func heading(waiting, tell int64) string {
	count, what, need := waiting+tell, "orders", "need"
	if tell > 0 {
		what = "things"
	}
	switch count {
	case 0:
		return "Nothing needs a person"
	case 1:
		what, need = what[:len(what)-1], "needs"
	}
	number := strconv.FormatInt(count, 10)
	if count < int64(len(small)) {
		number = small[count]
	}
	return number + " " + what + " " + need + " a person"
}

func (c *console) task(ctx context.Context, v *visit, names *names, id string) (task, error) {
	o, err := orders.Find(ctx, c.DB, v.merchant.ID, id)
	if err != nil {
		return task{}, err
	}
	organisation, err := names.of(ctx, o.Organisation)
	if err != nil {
		return task{}, err
	}
	version := o.Version
	if version.Number != o.Latest {
		if version, err = orders.FindVersion(ctx, c.DB, o, o.Latest); err != nil {
			return task{}, err
		}
	}
	s, err := c.standing(ctx, organisation, o, version)
	if err != nil {
		return task{}, err
	}
	t := task{State: o.State, Order: o, Name: organisation.Name, Since: o.UpdatedAt, Fits: s.Fits(),
		Waiting: span(c.Clock.Now().Sub(o.UpdatedAt.Time)), Words: sentence(o.Decision.Sentence)}
	if o.State == orders.Approved {
		t.State = "change"
	}
	if o.Decision.Reason == credit.OverLimit && s.Line != nil {
		t.Words = formatMoney(s.Asked) + " wanted, " + formatMoney(s.Available) + " available"
		if !t.Fits {
			t.Short = formatMoney(s.Short)
		}
	}
	return t, nil
}

// figures are the day's orders, by state, summed in the merchant's own currency.
func figures(latest []orders.Order, start time.Time, waiting int64, currency string) []figure {
	var all, atOnce, ended int
	sum := money.Zero(currency)
	others := 0
	for _, o := range latest {
		if o.PlacedAt.Before(start) {
			break // the newest come first
		}
		all++
		switch {
		case o.State == orders.Approved && o.Decision.Actor == "":
			atOnce++
		case o.State == orders.Refused || o.State == orders.Cancelled:
			ended++
			continue
		}
		total, err := sum.Add(o.Version.Total)
		if err != nil {
			others++ // another currency, or a sum beyond any order book
			continue
		}
		sum = total
	}
	count := strconv.Itoa(all)
	if all == mostToday {
		count += " or more"
	}
	second := formatMoney(sum)
	if others > 0 {
		second += ", and " + strconv.Itoa(others) + " in other currencies"
	}
	return []figure{
		{"Orders today", count, second},
		{"Approved at once", strconv.Itoa(atOnce), "of " + count},
		{"Waiting for a person", strconv.FormatInt(waiting, 10), "from any day"},
		{"Refused or cancelled", strconv.Itoa(ended), "of today's orders"},
	}
}

// standing is how an order stands against the credit line at this moment.
type standing struct {
	Line      *credit.Line // nil without one
	Binds     credit.Line  // the line that sets what is available
	Total     money.Amount
	Held      money.Amount
	Asked     money.Amount // total less what is held already
	Available money.Amount
	Short     money.Amount // zero when it fits
	After     money.Amount // available once it is released
}

// Fits tells whether the credit desk would let it pass.
func (s standing) Fits() bool {
	return s.Line != nil && !s.Line.InReview() && !s.Line.Disabled && !s.Binds.Disabled && (s.Asked.Minor <= 0 || s.Short.Minor == 0)
}

// Left says what the line still allows.
func (s standing) Left() string {
	if s.Available.Minor < 0 {
		return "The credit line is " + formatMoney(s.Available.Neg()) + " over."
	}
	return formatMoney(s.Available) + " stay available."
}

func (c *console) standing(ctx context.Context, organisation accounts.Organisation, o orders.Order, v orders.Version) (standing, error) {
	zero := money.Zero(o.Currency)
	s := standing{Total: v.Total, Held: zero, Asked: v.Total, Available: zero, Short: zero, After: zero}
	lines, err := credit.LinesOf(ctx, c.DB, o.Merchant, organisation.ID)
	if err != nil {
		return s, err
	}
	for i := range lines {
		if lines[i].Currency == o.Currency {
			s.Line = &lines[i]
		}
	}
	if s.Line == nil {
		return s, nil
	}
	held, err := credit.HeldBy(ctx, c.DB, o.Merchant, o.ID)
	if err != nil {
		return s, err
	}
	if s.Available, s.Binds, err = credit.Available(ctx, c.DB, *s.Line); err != nil {
		return s, err
	}
	s.Held = money.Of(held, o.Currency)
	if s.Asked, err = v.Total.Sub(s.Held); err != nil {
		return s, err
	}
	if s.After, err = s.Available.Sub(s.Asked); err != nil {
		return s, err
	}
	if s.After.Minor < 0 {
		s.Short = s.After.Neg()
	}
	return s, nil
}

// names reads organisations once for a page.
type names struct {
	c        *console
	merchant string
	found    map[string]accounts.Organisation
}

func (n *names) of(ctx context.Context, id string) (accounts.Organisation, error) {
	if o, ok := n.found[id]; ok {
		return o, nil
	}
	o, err := accounts.FindOrganisation(ctx, n.c.DB, n.merchant, id)
	if err != nil && fault.CodeOf(err) != fault.Unknown {
		return o, err
	}
	if n.found == nil {
		n.found = map[string]accounts.Organisation{}
	}
	n.found[id] = o
	return o, nil
}

// orderRow is one order of a list.
type orderRow struct {
	orders.Order
	Name string
}

func (n *names) rows(ctx context.Context, list []orders.Order) ([]orderRow, error) {
	rows := make([]orderRow, len(list))
	for i, o := range list {
		organisation, err := n.of(ctx, o.Organisation)
		if err != nil {
			return nil, err
		}
		rows[i] = orderRow{o, organisation.Name}
	}
	return rows, nil
}
