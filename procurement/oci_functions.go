package procurement

import (
	"context"
	"strconv"

	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// VALIDATE and BACKGROUND_SEARCH are answered in the first page, with the login of the same request:
// a buyer's server, which keeps no cookies and follows no redirects, may be asking.

// validate tells today's price of one product: a form with that one item, sent by the page itself.
// A product that isn't offered any more is a form without items (OCI reference 3).
func (s *Service) validate(ctx context.Context, v *ociVisitor) (OCIAnswer, error) {
	sku, unit := productOf(v.start.ProductID)
	items := []checkout.Item{{SKU: sku, Unit: unit, Quantity: v.start.Quantity}}
	if unit != "" {
		// A part number may end like a unit's mark.
		items = append(items, checkout.Item{SKU: v.start.ProductID, Quantity: v.start.Quantity})
	}
	lines, err := s.priced(ctx, v, items)
	if err != nil {
		return OCIAnswer{}, err
	}
	return s.answerOCI(ctx, v, lines[:min(1, len(lines))], true)
}

// backgroundSearch tells all that is found, at today's prices for the least quantity, up to the
// connection's number of hits.
func (s *Service) backgroundSearch(ctx context.Context, v *ociVisitor) (OCIAnswer, error) {
	most := v.connection.Settings.oci().MaxHits
	if most == 0 {
		most = 100
	}
	var items []checkout.Item
	query := catalog.Query{Text: v.start.SearchString}
	for len(items) < most {
		query.Limit = most - len(items)
		found, next, err := catalog.Search(ctx, s.DB, v.organisation, v.organisation.Currency, v.merchant.Today(s.Clock), query)
		if err != nil {
			return OCIAnswer{}, err
		}
		for _, offer := range found {
			items = append(items, checkout.Item{SKU: offer.SKU, Quantity: offer.LeastQuantity})
		}
		if query.After = next; next == "" {
			break
		}
	}
	lines, err := s.priced(ctx, v, items)
	if err != nil {
		return OCIAnswer{}, err
	}
	return s.answerOCI(ctx, v, lines, false)
}

// answerOCI writes lines that belong to no cart. A line that the interface can't say is left out
// of a search, and noted.
func (s *Service) answerOCI(ctx context.Context, v *ociVisitor, lines []checkout.CartLine, submit bool) (OCIAnswer, error) {
	settings := v.connection.Settings
	cart := checkout.Cart{Currency: v.organisation.Currency}
	asked := v.asked()
	var told []checkout.CartLine
	left := 0
	for _, l := range lines {
		one := []checkout.CartLine{l}
		err := settings.fit(ctx, s.DB, v.merchant.ID, one)
		if err == nil {
			_, err = v.connection.ociFields(asked, cart, one)
		}
		switch {
		case err != nil && submit:
			return OCIAnswer{}, err
		case err != nil:
			left++
		default:
			told = append(told, one[0])
		}
	}
	form := &ReturnForm{Whose: whose(v.merchant, v.connection, Session{ReturnURL: v.start.HookURL}), Lines: len(told), Total: money.Zero(cart.Currency)}
	fields, err := v.connection.ociFields(asked, cart, told)
	if err != nil {
		return OCIAnswer{}, err
	}
	if v.start.HookURL != "" {
		err = v.connection.ociPage(asked, v.start.HookURL, fields, form)
	} else {
		for _, f := range fields {
			form.Fields = append(form.Fields, FormField(f))
		}
	}
	if err != nil {
		return OCIAnswer{}, err
	}
	note := strconv.Itoa(len(told)) + " items."
	if left > 0 {
		note += " " + strconv.Itoa(left) + " can't be said in OCI and were left out."
	}
	err = s.DB.InTx(ctx, func(tx *database.Tx) error {
		d := v.kept("", 200, note)
		d.Answer = written(fields)
		return keep(ctx, tx, d, s.Clock.Now())
	})
	if fault.CodeOf(err) == fault.Internal && err != nil {
		return OCIAnswer{}, err
	}
	return OCIAnswer{Form: form, Submit: submit}, err
}
