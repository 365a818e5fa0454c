package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/assets"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

type lineList struct {
	Rows        []lineRow
	Next, First string
}

// lineRow is one credit line of a list.
type lineRow struct {
	credit.Line
	Left     money.Amount // what an order may be, over the whole chain
	Over     string       // how much it is over, empty when it isn't
	Exposure money.Amount
	Binds    string // name of an organisation above that leaves less
	Bar      assets.Limit
}

func barOf(l credit.Line) assets.Limit {
	return assets.Limit{Limit: l.Limit, Receivables: l.Tree.Receivables - l.Tree.Credits, Holds: l.Tree.Holds, Offline: l.Tree.Offline}
}

func (c *console) lineRows(ctx context.Context, v *visit, ids []string) ([]lineRow, error) {
	rows := make([]lineRow, len(ids))
	for i, id := range ids {
		l, err := credit.FindLine(ctx, c.DB, v.merchant.ID, id)
		if err != nil {
			return nil, err
		}
		left, binds, err := credit.Available(ctx, c.DB, l)
		if err != nil {
			return nil, err
		}
		rows[i] = lineRow{Line: l, Left: left, Exposure: l.Amount(l.Tree.Exposure()), Bar: barOf(l)}
		if left.Minor < 0 {
			rows[i].Over = formatMoney(left.Neg())
		}
		if binds.ID != l.ID {
			rows[i].Binds = binds.OrganisationName
		}
	}
	return rows, nil
}

// getLines lists credit lines in the order in which they were opened.
func (c *console) getLines(v *visit) error {
	after := v.QueryParam("after")
	if len(after) != 30 || !strings.HasPrefix(after, "lin_") {
		after = ""
	}
	ids, err := credit.LineIDs(v.Request().Context(), c.DB, v.merchant.ID, after, pageSize+1)
	if err != nil {
		return err
	}
	var body lineList
	if len(ids) > pageSize {
		ids = ids[:pageSize]
		body.Next = v.home + "/credit?after=" + ids[pageSize-1]
	}
	if after != "" {
		body.First = v.home + "/credit"
	}
	if body.Rows, err = c.lineRows(v.Request().Context(), v, ids); err != nil {
		return err
	}
	return c.show(v, http.StatusOK, "lines", "credit", "Credit", body)
}

// linePage is one line: the number, the bar, the sum that leads to it and the entries behind it.
type linePage struct {
	lineRow
	Terms    []term
	Own      money.Amount // what this line alone leaves
	KeptBack money.Amount // what an organisation above keeps back of it, negative
	Above    *credit.Line // the line above that binds
	Keys     []term       // beneath the bar
	Holds    []holdRow    // the newest; see More
	Held     money.Amount // what those hold together
	More     bool         // there are holds that are not listed
	Fit      fit
	Part     string // only entries of this part
	PartName string
	Entries  []entryRow
	Older    string
	Newest   string
	Form     limitForm
	Done     string
	Ending   []accounts.Ending // certificates of the organisation
}

// term is one row of the sum.
type term struct {
	Part, Label string
	Amount      money.Amount // signed as it counts
	Second      string       // own and below; of a key beneath the bar: the part whose entries stand behind it
}

// holdRow is one hold: an order's, or what was taken over from the books when the line was opened.
type holdRow struct {
	credit.Hold
	Amount money.Amount
	Order  string // its number
	Below  bool
}

// fit answers "would an order fit?" without changing anything.
type fit struct {
	Asked, Error, Answer string
	OK                   bool
}

const mostHolds = 20

type entryRow struct {
	credit.Entry
	Moved, After money.Amount
	Order        string // its number
	Words        string
	Below        bool // of an organisation below
}

type limitForm struct {
	Token, Limit, Reason    string
	Was                     string // the limit that the person saw
	LimitError, ReasonError string
	Conflict                string
}

func (c *console) getLine(v *visit) error {
	body, err := c.linePage(v, v.Param("id"))
	if err != nil {
		return err
	}
	body.Form = limitForm{Token: c.freshToken(v), Was: strconv.FormatInt(body.Limit, 10)}
	if v.QueryParam("done") == "limit" {
		body.Done = "The limit is " + formatMoney(body.Amount(body.Limit)) + ". " + formatMoney(body.Left) + " are available."
	}
	return c.showLine(v, http.StatusOK, body)
}

func (c *console) showLine(v *visit, status int, body *linePage) error {
	return c.show(v, status, "line", "credit", body.OrganisationName, body)
}

var partNames = map[string]string{credit.PartLimit: "Limit", credit.PartHolds: "Holds", credit.PartReceivables: "Open receivables",
	credit.PartOffline: "Offline orders", credit.PartCredits: "Credits not yet applied"}

func (c *console) linePage(v *visit, id string) (*linePage, error) {
	ctx := v.Request().Context()
	rows, err := c.lineRows(ctx, v, []string{id})
	if err != nil {
		return nil, err
	}
	l := rows[0].Line
	p := &linePage{lineRow: rows[0], Own: l.Amount(l.Available())}
	organisation, err := accounts.FindOrganisation(ctx, c.DB, v.merchant.ID, l.Organisation)
	if err != nil {
		return nil, err
	}
	if p.Ending, err = organisation.Ending(v.merchant.Today(c.Clock)); err != nil {
		return nil, err
	}
	if p.Binds != "" {
		_, above, err := credit.Available(ctx, c.DB, l)
		if err != nil {
			return nil, err
		}
		p.Above, p.KeptBack = &above, l.Amount(p.Left.Minor-p.Own.Minor)
	}
	add := func(part string, sign, own, tree int64) {
		t := term{Part: part, Label: partNames[part], Amount: l.Amount(sign * tree)}
		if part != credit.PartLimit && own != tree {
			t.Second = formatMoney(l.Amount(own)) + " own, " + formatMoney(l.Amount(tree-own)) + " below"
		}
		p.Terms = append(p.Terms, t)
	}
	add(credit.PartLimit, 1, l.Limit, l.Limit)
	add(credit.PartHolds, -1, l.Own.Holds, l.Tree.Holds)
	add(credit.PartReceivables, -1, l.Own.Receivables, l.Tree.Receivables)
	add(credit.PartOffline, -1, l.Own.Offline, l.Tree.Offline)
	add(credit.PartCredits, 1, l.Own.Credits, l.Tree.Credits)
	p.Keys = []term{
		{Part: "recv", Second: credit.PartReceivables, Label: "Receivables, less credits", Amount: l.Amount(l.Tree.Receivables - l.Tree.Credits)},
		{Part: "holds", Second: credit.PartHolds, Label: "Holds", Amount: l.Amount(l.Tree.Holds)},
		{Part: "offline", Second: credit.PartOffline, Label: "Offline orders", Amount: l.Amount(l.Tree.Offline)},
		{Part: "free", Label: "Left on this line", Amount: p.Own},
	}
	if part := v.QueryParam("part"); partNames[part] != "" {
		p.Part, p.PartName = part, partNames[part]
	}
	p.Fit = c.wouldFit(v, p)
	if err := c.holds(v, p); err != nil {
		return nil, err
	}
	return p, c.entries(v, p)
}

// holds lists what the figure of the holds consists of.
func (c *console) holds(v *visit, p *linePage) error {
	ctx := v.Request().Context()
	list, err := credit.HoldsOf(ctx, c.DB, p.Line, mostHolds+1)
	if err != nil {
		return err
	}
	if p.More = len(list) > mostHolds; p.More {
		list = list[:mostHolds]
	}
	var sum int64
	for _, h := range list {
		row := holdRow{Hold: h, Amount: p.Amount(h.Amount), Below: h.Line != p.ID}
		if strings.HasPrefix(h.Reference, "ord_") {
			if row.Order, err = orders.NumberOf(ctx, c.DB, v.merchant.ID, h.Reference); err != nil {
				return err
			}
		}
		p.Holds = append(p.Holds, row)
		sum += h.Amount
	}
	p.Held = p.Amount(sum)
	return nil
}

// wouldFit compares an amount with what is available at this moment.
func (c *console) wouldFit(v *visit, p *linePage) fit {
	f := fit{Asked: cut(strings.TrimSpace(v.QueryParam("fit")), 40)}
	if f.Asked == "" {
		return f
	}
	asked, err := readMoney(f.Asked, p.Currency)
	if err != nil {
		f.Error = messageOf(err)
		return f
	}
	left, err := p.Left.Sub(asked)
	switch {
	case err != nil:
		f.Error = "No line is that large."
	case p.Disabled:
		f.Answer = "No. The line is closed."
	case left.Minor >= 0:
		f.OK, f.Answer = true, "Yes. "+formatMoney(left)+" would stay available."
	default:
		f.Answer = "No. It is " + formatMoney(left.Neg()) + " over."
		if p.Binds != "" {
			f.Answer += " " + p.Binds + " above it binds."
		}
	}
	return f
}

// mostScanned bounds how many entries one page looks through for those of one part.
const mostScanned = 2000

// entries reads a page of the movements behind the line, newest first.
func (c *console) entries(v *visit, p *linePage) error {
	ctx := v.Request().Context()
	before := readCursor(v.QueryParam("before"))
	if !before.At.IsZero() {
		p.Newest = c.entriesAddress(v, p, credit.Entry{})
	}
	numbers := map[string]string{}
	for scanned := 0; scanned < mostScanned; {
		batch, err := credit.EntriesOf(ctx, c.DB, p.Line, before, 100)
		if err != nil {
			return err
		}
		for _, e := range batch {
			if p.Part != "" && e.Part != p.Part {
				before = e
				continue
			}
			if len(p.Entries) == pageSize {
				p.Older = c.entriesAddress(v, p, p.Entries[pageSize-1].Entry)
				return nil
			}
			row, err := c.entryRow(ctx, v, p, e, numbers)
			if err != nil {
				return err
			}
			p.Entries = append(p.Entries, row)
			before = e
		}
		if scanned += len(batch); len(batch) < 100 {
			return nil
		}
	}
	p.Older = c.entriesAddress(v, p, before)
	return nil
}

func (c *console) entryRow(ctx context.Context, v *visit, p *linePage, e credit.Entry, numbers map[string]string) (entryRow, error) {
	row := entryRow{Entry: e, Moved: p.Amount(e.Amount), After: p.Amount(e.Balance), Below: e.Line != p.ID, Words: partNames[e.Part] + ", " + e.Kind}
	if words, ok := entryKinds[e.Part+"."+e.Kind]; ok {
		row.Words = words
	}
	if strings.HasPrefix(e.Reference, "ord_") {
		if _, known := numbers[e.Reference]; !known {
			number, err := orders.NumberOf(ctx, c.DB, v.merchant.ID, e.Reference)
			if err != nil {
				return row, err
			}
			numbers[e.Reference] = number
		}
		row.Order = numbers[e.Reference]
	}
	return row, nil
}

var entryKinds = map[string]string{
	"limit.opening": "Limit when the line was opened", "limit.limit": "Limit changed",
	"limit.application": "Line applied for", "limit.decision": "Application decided", "holds.opening": "Owed when the line was opened, taken over from the books",
	"holds.hold": "Held for an order", "holds.change": "Order changed", "holds.release": "Hold given back",
}

func (c *console) entriesAddress(v *visit, p *linePage, before credit.Entry) string {
	q := url.Values{}
	if p.Part != "" {
		q.Set("part", p.Part)
	}
	if !before.At.IsZero() {
		q.Set("before", before.At.UTC().Format(time.RFC3339Nano)+"~"+before.Line+"~"+strconv.FormatInt(before.Seq, 10))
	}
	return v.home + "/credit/" + p.ID + "?" + q.Encode() + "#entries"
}

// readCursor reads what entriesAddress wrote; anything else is the start.
func readCursor(text string) credit.Entry {
	parts := strings.Split(text, "~")
	if len(parts) != 3 {
		return credit.Entry{}
	}
	at, err := time.Parse(time.RFC3339Nano, parts[0])
	seq, err2 := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || err2 != nil || at.Year() < 2000 || at.Year() > 9999 {
		return credit.Entry{}
	}
	return credit.Entry{At: database.At(at), Line: parts[1], Seq: seq}
}

// postLimit changes a limit.
func (c *console) postLimit(v *visit) error {
	ctx, id := v.Request().Context(), v.Param("id")
	body, err := c.linePage(v, id)
	if err != nil {
		return err
	}
	form := limitForm{Limit: v.FormValue("limit"), Reason: strings.TrimSpace(v.FormValue("reason")), Was: v.FormValue("was")}
	limit, err := readMoney(form.Limit, body.Currency)
	if err != nil {
		form.LimitError = messageOf(err)
	}
	switch {
	case form.Reason == "":
		form.ReasonError = "Say why the limit changes. It is kept with the entry."
	case len([]rune(form.Reason)) > longestReason:
		form.ReasonError = "Say it in " + strconv.Itoa(longestReason) + " characters."
	}
	status := http.StatusUnprocessableEntity
	if form.LimitError == "" && form.ReasonError == "" {
		location, err := c.once(v, func(tx *database.Tx) (string, error) {
			now, err := credit.FindLine(ctx, tx, v.merchant.ID, id)
			if err != nil {
				return "", err
			}
			if strconv.FormatInt(now.Limit, 10) != form.Was {
				return "", fault.New(fault.Conflict, "Somebody set the limit to "+formatMoney(now.Amount(now.Limit))+" while this page was open. Nothing was changed.")
			}
			_, err = credit.SetLimit(ctx, tx, credit.NewLimit{Merchant: v.merchant.ID, Line: id, Limit: limit, Actor: v.actor(), Reason: form.Reason, At: c.Clock.Now()})
			return v.home + "/credit/" + url.PathEscape(id) + "?done=limit", err
		})
		if err == nil {
			return v.Redirect(http.StatusSeeOther, location)
		}
		if code := fault.CodeOf(err); !slices.Contains([]fault.Code{fault.Conflict, fault.Invalid, fault.Mismatch}, code) {
			return err
		}
		form.Conflict, status = messageOf(err), http.StatusConflict
		if body, err = c.linePage(v, id); err != nil {
			return err
		}
		form.Was = strconv.FormatInt(body.Limit, 10)
	}
	form.Token = c.freshToken(v)
	body.Form = form
	return c.showLine(v, status, body)
}

func messageOf(err error) string {
	var known *fault.Error
	if errors.As(err, &known) {
		return upper(sentence(known.Message))
	}
	return ""
}
