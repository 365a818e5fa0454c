package procurement

import (
	"context"
	"strconv"

	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/cxml"
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
	lines, err := s.Desk.Priced(ctx, s.DB, v.merchant, v.organisation, items)
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
	// One page: a second one would look through the whole index once more.
	found, _, err := catalog.Search(ctx, s.DB, v.organisation, v.organisation.Currency, v.merchant.Today(s.Clock),
		catalog.Query{Text: v.start.SearchString, Limit: most})
	if err != nil {
		return OCIAnswer{}, err
	}
	items := make([]checkout.Item, len(found))
	for i, offer := range found {
		items[i] = checkout.Item{SKU: offer.SKU, Quantity: offer.LeastQuantity}
	}
	lines, err := s.Desk.Priced(ctx, s.DB, v.merchant, v.organisation, items)
	if err != nil {
		return OCIAnswer{}, err
	}
	return s.answerOCI(ctx, v, lines, false)
}

// answerOCI writes lines that belong to no cart. A line that the interface can't say is left out
// of a search, and noted.
func (s *Service) answerOCI(ctx context.Context, v *ociVisitor, lines []checkout.CartLine, submit bool) (OCIAnswer, error) {
	cart := checkout.Cart{Currency: v.organisation.Currency}
	asked := v.asked()
	told, refused, err := s.sayable(ctx, v, asked, cart, lines)
	if err == nil && submit && refused != nil {
		err = refused
	}
	if err != nil {
		return OCIAnswer{}, err
	}
	form := &ReturnForm{Whose: whose(v.merchant, v.connection, Session{ReturnURL: v.start.HookURL}), Lines: len(told), Total: money.Zero(cart.Currency)}
	fields, err := v.connection.ociFields(asked, cart, told)
	if err == nil {
		err = v.connection.ociPage(asked, v.start.HookURL, fields, form)
	}
	if err != nil {
		return OCIAnswer{}, err
	}
	note := v.found(told, len(lines)-len(told))
	if submit {
		note = v.quoted(told)
	}
	if warnings := v.warnings(); warnings != "" {
		note += " " + warnings
	}
	err = s.DB.InTx(ctx, func(tx *database.Tx) error {
		d := v.kept("", 200, note)
		d.Answer = written(fields)
		return keep(ctx, tx, d, s.Clock.Now())
	})
	if err != nil {
		return OCIAnswer{}, err
	}
	return OCIAnswer{Form: form, Submit: submit}, nil
}

// sayable are the lines that the interface has words for; refused is why the last of the others
// can't be said. However many there are, the catalogue is asked once.
func (s *Service) sayable(ctx context.Context, v *ociVisitor, asked *ociVisit, cart checkout.Cart, lines []checkout.CartLine) (told []checkout.CartLine, refused, err error) {
	misfits, err := v.connection.Settings.refit(ctx, s.DB, v.merchant.ID, lines)
	if err != nil {
		return nil, nil, err
	}
	for i, l := range lines {
		if misfit, there := misfits[i]; there {
			refused = fault.At(fault.Invalid, misfit.Path, misfit.Message)
			continue
		}
		if _, err := v.connection.ociFields(asked, cart, []checkout.CartLine{l}); err != nil {
			refused = err
			continue
		}
		told = append(told, l)
	}
	return told, refused, nil
}

// found is what a search came to, for those who read the kept document.
func (v *ociVisitor) found(told []checkout.CartLine, left int) string {
	note := strconv.Itoa(len(told)) + " items."
	if len(told) == 1 {
		note = "1 item."
	}
	if left > 0 {
		note += " " + strconv.Itoa(left) + " can't be said in OCI and were left out."
	}
	return note
}

// quoted is what VALIDATE was told: "FAS-1050 costs ¥18.525 for 10."
func (v *ociVisitor) quoted(told []checkout.CartLine) string {
	if len(told) == 0 {
		return cxml.MaskCards(v.start.ProductID) + " is not offered." // kept, and whatever somebody typed
	}
	per := "1"
	if l := told[0]; l.Per != nil {
		per = l.Per.English()
	}
	return told[0].SKU + " costs " + told[0].UnitPrice.EnglishPrice(v.organisation.Currency) + " for " + per + "."
}
