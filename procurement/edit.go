package procurement

import (
	"cmp"
	"context"
	"strconv"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// mostItems is how many lines a cart may have, as in the API.
const mostItems = 1000

// bringBack makes the cart of an edit or inspect visit from the items that the buyer's system
// holds (cXML reference 4.2). An edit gets today's prices, a look shows the buyer's own.
func (s *Service) bringBack(ctx context.Context, tx *database.Tx, c *call, request *cxml.PunchOutSetupRequest, visit *Visit) (checkout.Cart, error) {
	if len(request.ItemOut) > mostItems {
		return checkout.Cart{}, fault.At(fault.Invalid, "PunchOutSetupRequest/ItemOut", "there are more than 1,000 items")
	}
	currency, err := currencyOf(request.ItemOut, c.organisation.Currency)
	if err != nil {
		return checkout.Cart{}, err
	}
	found, err := s.earlier(ctx, tx, c, request.ItemOut)
	if err != nil {
		return checkout.Cart{}, err
	}
	lines := make([]checkout.BroughtBack, len(request.ItemOut))
	for i, item := range request.ItemOut {
		if lines[i], err = broughtBack(i, item); err != nil {
			return checkout.Cart{}, err
		}
		if found[i] == nil {
			continue
		}
		// The buyer's system was told with the cart what may be done with it later.
		allowed := cmp.Or(found[i].cart.OperationAllowed, c.connection.Settings.OperationAllowed)
		if allowed == "create" || request.Operation == "edit" && allowed != "edit" {
			return checkout.Cart{}, fault.At(fault.Spent, "PunchOutSetupRequest/@operation",
				`the cart was returned with operationAllowed="`+allowed+`", so it can't be opened for `+request.Operation)
		}
		lines[i].Earlier = found[i].line
	}
	cart, err := s.Desk.Restored(ctx, tx, c.merchant, c.organisation, visit.shipTo(), currency, lines, request.Operation == "edit")
	if err != nil {
		return checkout.Cart{}, err
	}
	if request.Operation == "edit" && c.connection.Settings.EditCancel == "resend" && len(lines) > 0 {
		if visit.Original, err = s.original(ctx, tx, c, visit, currency, lines); err != nil {
			return checkout.Cart{}, err
		}
	}
	return s.Desk.RestoreCart(ctx, tx, cart)
}

// original is the cart as the buyer's system holds it; nil where it has a price for more than one
// unit, which not every version of the standard can say: a cancel is told by status 204 then.
func (s *Service) original(ctx context.Context, tx *database.Tx, c *call, visit *Visit, currency string, lines []checkout.BroughtBack) (*checkout.Cart, error) {
	for _, l := range lines {
		if l.Per != nil && l.Per.Cmp(money.One) != 0 {
			return nil, nil
		}
	}
	cart, err := s.Desk.Restored(ctx, tx, c.merchant, c.organisation, visit.shipTo(), currency, lines, false)
	for i, l := range lines {
		if err == nil {
			cart.Lines[i].SKU = l.SKU // as the buyer writes it
		}
	}
	return &cart, err
}

// broughtBack is an item in our own words.
func broughtBack(i int, item cxml.ItemOut) (checkout.BroughtBack, error) {
	line, err := lineOf(int64(i+1), item)
	if err != nil {
		return checkout.BroughtBack{}, err
	}
	b := checkout.BroughtBack{SKU: line.SKU, Auxiliary: line.AuxiliaryID, Name: line.Name, UNSPSC: line.UNSPSC,
		Quantity: line.Quantity, Unit: line.Unit, Per: line.Per}
	if item.ItemDetail == nil || !item.ItemDetail.UnitPrice.Present {
		return b, nil
	}
	if line.BuyerPrice.Sign() < 0 {
		return b, fault.At(fault.Invalid, itemOutPlace(i)+"/ItemDetail/UnitPrice", "the price is negative")
	}
	b.Price = &line.BuyerPrice
	return b, nil
}

func itemOutPlace(i int) string { return "PunchOutSetupRequest/ItemOut[" + strconv.Itoa(i+1) + "]" }

// currencyOf is the one currency of the items, or the organisation's where they name none.
func currencyOf(items []cxml.ItemOut, own string) (string, error) {
	currency := ""
	for i, item := range items {
		if item.ItemDetail == nil || !item.ItemDetail.UnitPrice.Present {
			continue
		}
		price, place := item.ItemDetail.UnitPrice, itemOutPlace(i)+"/ItemDetail/UnitPrice/Money/@currency"
		if _, known := money.Exponent(price.Currency); !known {
			return "", fault.At(fault.Invalid, place, strconv.Quote(price.Currency)+" is not an ISO 4217 currency")
		}
		if currency != "" && price.Currency != currency {
			return "", fault.At(fault.Invalid, place, "the items are in "+currency+" and in "+price.Currency+": a cart has one currency")
		}
		currency = price.Currency
	}
	return cmp.Or(currency, own), nil
}

// sent is a line of a cart that was sent home.
type sent struct {
	cart checkout.Cart
	line *checkout.CartLine
}

// earlier finds for each item the newest cart that was sent home with it, by part number and
// auxiliary id, among the organisation's own. A line keeps its auxiliary id from edit to edit, so
// the carts of returned edits are looked through first, the newest first; an id of ours that is in
// none of them names its cart itself. Nil is for items that no cart is known of.
func (s *Service) earlier(ctx context.Context, tx *database.Tx, c *call, items []cxml.ItemOut) ([]*sent, error) {
	found, open := make([]*sent, len(items)), 0
	for _, item := range items {
		if item.ItemID.SupplierPartAuxiliaryID != "" {
			open++
		}
	}
	if open == 0 {
		return found, nil
	}
	var edits []string
	if err := tx.Select(ctx, &edits, selectEdits, c.merchant.ID, c.organisation.ID, mostEdits); err != nil {
		return nil, err
	}
	read := map[string]*sentCart{}
	for _, id := range edits {
		if open == 0 {
			break
		}
		cart, err := sentBy(ctx, tx, c, read, id)
		if err != nil {
			return nil, err
		}
		for i, item := range items {
			if found[i] == nil {
				if found[i] = cart.line(item.ItemID); found[i] != nil {
					open--
				}
			}
		}
	}
	for i, item := range items {
		id, ours := checkout.CartIn(item.ItemID.SupplierPartAuxiliaryID)
		if found[i] != nil || !ours {
			continue
		}
		cart, err := sentBy(ctx, tx, c, read, id)
		if err != nil {
			return nil, err
		}
		found[i] = cart.line(item.ItemID)
	}
	return found, nil
}

// sentCart is a cart that was sent home, with its lines as the buyer's system knows them.
type sentCart struct {
	checkout.Cart
	lines map[checkout.LineKey]*checkout.CartLine
}

func (c *sentCart) line(id cxml.ItemID) *sent {
	if c == nil || id.SupplierPartAuxiliaryID == "" {
		return nil
	}
	line := c.lines[checkout.KeyOf(id.SupplierPartAuxiliaryID, id.SupplierPartID)]
	if line == nil {
		return nil
	}
	return &sent{c.Cart, line}
}

// sentBy reads a cart once; nil is one that is not there, was never sent, or belongs to somebody
// else: an id proves nothing.
func sentBy(ctx context.Context, tx *database.Tx, c *call, read map[string]*sentCart, id string) (*sentCart, error) {
	if cart, done := read[id]; done {
		return cart, nil
	}
	read[id] = nil
	cart, err := checkout.FindCart(ctx, tx, c.merchant.ID, id)
	if fault.CodeOf(err) == fault.Unknown {
		return nil, nil
	}
	if err != nil || !cart.Frozen || cart.Organisation != c.organisation.ID {
		return nil, err
	}
	read[id] = &sentCart{cart, cart.Keyed()}
	return read[id], nil
}

// mostEdits is how many edited carts are looked through; what is older is matched as far as its
// auxiliary id says.
const mostEdits = 200

const selectEdits = `
SELECT cart_id FROM sessions
 WHERE merchant_id = ? AND organisation_id = ? AND operation = 'edit' AND state = 'returned' ORDER BY id DESC LIMIT ?`
