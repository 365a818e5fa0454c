package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// quoteList are carts that went home for a quote.
type quoteList struct {
	Rows   []quoteRow
	Older  string // address, empty at the end
	Newest string // address, empty on the first page
}

type quoteRow struct {
	checkout.Quote
	Asked checkout.Cart
	Name  string // of the organisation
	Over  bool   // its day has passed
}

func (c *console) quoteRow(v *visit, names *names, q checkout.Quote) (quoteRow, error) {
	cart, err := checkout.FindCart(v.Request().Context(), c.DB, v.merchant.ID, q.Cart)
	if err != nil {
		return quoteRow{}, err
	}
	organisation, err := names.of(v.Request().Context(), cart.Organisation)
	return quoteRow{Quote: q, Asked: cart, Name: organisation.Name,
		Over: q.State == checkout.QuoteFinal && q.ValidUntil.Before(v.merchant.Today(c.Clock))}, err
}

// Badge is the quote's state on the page.
func (r quoteRow) Badge() string {
	switch {
	case r.Over:
		return "quote-over"
	case r.State == checkout.QuoteFinal:
		return "quote-final"
	}
	return "quote-pending"
}

func (c *console) getQuotes(v *visit) error {
	before := v.QueryParam("before")
	if len(before) != 30 || !strings.HasPrefix(before, "crt_") {
		before = ""
	}
	found, err := checkout.Quotes(v.Request().Context(), c.DB, v.merchant.ID, false, before, pageSize+1)
	if err != nil {
		return err
	}
	var body quoteList
	if len(found) > pageSize {
		found = found[:pageSize]
		body.Older = v.home + "/quotes?before=" + found[pageSize-1].Cart
	}
	if before != "" {
		body.Newest = v.home + "/quotes"
	}
	names := names{c: c, merchant: v.merchant.ID}
	for _, q := range found {
		row, err := c.quoteRow(v, &names, q)
		if err != nil {
			return err
		}
		body.Rows = append(body.Rows, row)
	}
	return c.show(v, http.StatusOK, "quotes", "quotes", "Quotes", body)
}

// quotePage is one cart with what is asked and offered.
type quotePage struct {
	quoteRow
	Fields []priceField
	Form   quoteForm
	Done   string
}

// priceField is one line and the price that is typed for it.
type priceField struct {
	checkout.CartLine
	Typed, Error string
}

type quoteForm struct {
	Token, Until, Reason, Version   string
	UntilError, ReasonError, Refuse string
}

func (c *console) quotePage(v *visit) (*quotePage, error) {
	found, err := checkout.FindQuote(v.Request().Context(), c.DB, v.merchant.ID, v.Param("cart"))
	if err != nil {
		return nil, err
	}
	row, err := c.quoteRow(v, &names{c: c, merchant: v.merchant.ID}, found)
	if err != nil {
		return nil, err
	}
	body := &quotePage{quoteRow: row, Form: quoteForm{Until: found.ValidUntil.String(), Version: strconv.FormatInt(found.Version, 10)}}
	for i, l := range row.Asked.Lines {
		f := priceField{CartLine: l}
		switch {
		case i < len(found.Prices):
			f.Typed = found.Prices[i].String()
		case !l.Open:
			f.Typed = l.UnitPrice.String()
		}
		body.Fields = append(body.Fields, f)
	}
	return body, nil
}

func (c *console) getQuote(v *visit) error {
	body, err := c.quotePage(v)
	if err != nil {
		return err
	}
	if v.QueryParam("done") == "quoted" && body.State == checkout.QuoteFinal {
		body.Done = "The prices are final and hold until " + formatDay(body.ValidUntil) + ". " + body.Name + " gets them when the cart is opened again."
	}
	return c.showQuote(v, http.StatusOK, body)
}

func (c *console) showQuote(v *visit, status int, body *quotePage) error {
	body.Form.Token = c.freshToken(v)
	return c.show(v, status, "quote", "quotes", "Quote for "+body.Name, body)
}

// postQuote makes the prices final.
func (c *console) postQuote(v *visit) error {
	body, err := c.quotePage(v)
	if err != nil {
		return err
	}
	form := &body.Form
	form.Until, form.Reason, form.Version = strings.TrimSpace(v.FormValue("until")), strings.TrimSpace(v.FormValue("reason")), v.FormValue("version")
	q := checkout.Quoting{Merchant: v.merchant, Cart: body.Cart, Actor: v.actor(), Reason: form.Reason}
	faulty := false
	for i := range body.Fields {
		f := &body.Fields[i]
		f.Typed = strings.TrimSpace(v.FormValue("price-" + strconv.FormatInt(f.Line, 10)))
		price, err := money.ParseDecimal(f.Typed)
		if err != nil || price.Sign() < 0 {
			f.Error, faulty = "Write the price as 12.50.", true
			continue
		}
		q.Prices = append(q.Prices, checkout.QuotedPrice{Line: f.Line, Price: price})
	}
	today := v.merchant.Today(c.Clock)
	if q.ValidUntil, err = money.ParseDate(form.Until); err != nil || q.ValidUntil.Before(today) {
		form.UntilError, faulty = "Write a day from today on, as "+today.AddDays(30).String()+".", true
	}
	if len([]rune(form.Reason)) > longestReason {
		form.ReasonError, faulty = "Say it in "+strconv.Itoa(longestReason)+" characters.", true
	}
	if q.Version, err = strconv.ParseInt(form.Version, 10, 64); err != nil || q.Version < 1 {
		return fault.New(fault.Malformed, "The form can't be read. Open the page again.")
	}
	if faulty {
		return c.showQuote(v, http.StatusUnprocessableEntity, body)
	}
	at := v.home + "/quotes/" + url.PathEscape(body.Cart)
	location, err := c.once(v, func(tx *database.Tx) (string, error) {
		_, _, err := c.Desk.SetQuote(v.Request().Context(), tx, q)
		return at + "?done=quoted", err
	})
	switch code := fault.CodeOf(err); {
	case err == nil:
		return v.Redirect(http.StatusSeeOther, location)
	case code == fault.Mismatch:
		return v.Redirect(http.StatusSeeOther, at)
	case code == fault.Invalid || code == fault.Conflict:
		form.Refuse = upper(sentence(err.Error())) + " Nothing was changed."
		return c.showQuote(v, code.HTTP(), body)
	}
	return err
}
