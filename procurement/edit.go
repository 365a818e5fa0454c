package procurement

import (
	"cmp"
	"context"
	"strconv"

	"github.com/kontorhq/kontor/catalog"
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
	found, err := s.sentBefore(ctx, tx, c, request.ItemOut, currency)
	if err != nil {
		return checkout.Cart{}, err
	}
	var all, goods, freight []checkout.BroughtBack
	for i, item := range request.ItemOut {
		line, err := broughtBack(i, item)
		if err != nil {
			return checkout.Cart{}, err
		}
		line.Unit = c.connection.Settings.ourUnit(line.Unit)
		if found[i].Line != nil {
			// The buyer's system was told with the cart what may be done with it later.
			allowed := cmp.Or(found[i].Cart.OperationAllowed, c.connection.Settings.OperationAllowed)
			if allowed == "create" || request.Operation == "edit" && allowed != "edit" {
				return checkout.Cart{}, fault.At(fault.Spent, "PunchOutSetupRequest/@operation",
					`the cart was returned with operationAllowed="`+allowed+`", so it can't be opened for `+request.Operation)
			}
			line.Earlier, line.Quoted = found[i].Line, found[i].Quoted(c.merchant.Today(s.Clock))
		}
		if all = append(all, line); c.connection.Settings.isFreight(item.ItemID) {
			freight = append(freight, line)
		} else {
			goods = append(goods, line)
		}
	}
	back := checkout.Restoring{Merchant: c.merchant, Organisation: c.organisation, ShipTo: visit.shipTo(), Currency: currency}
	restored := func(lines []checkout.BroughtBack, today bool) (checkout.Cart, error) {
		back.Lines, back.Today = lines, today
		cart, err := s.Desk.Restored(ctx, tx, back)
		return cart, inSetUp(err)
	}
	cart, err := restored(goods, request.Operation == "edit")
	if err == nil {
		err = carryBack(&cart, freight, request.Operation == "inspect")
	}
	if err != nil {
		return checkout.Cart{}, err
	}
	if request.Operation == "edit" && c.connection.Settings.EditCancel == "resend" && len(all) > 0 {
		for i := range all {
			all[i].Quoted = nil // as the buyer holds it
		}
		for i := range goods {
			goods[i].Quoted = nil
		}
		if visit.Original, err = c.original(request.ItemOut, all, goods, restored); err != nil {
			return checkout.Cart{}, err
		}
	}
	return s.Desk.RestoreCart(ctx, tx, cart)
}

// sentBefore finds for each item the line that it was sent home as. An item that isn't found by our
// part number is looked for once more by what the buyer's own stands for.
func (s *Service) sentBefore(ctx context.Context, tx *database.Tx, c *call, items []cxml.ItemOut, currency string) ([]checkout.Sent, error) {
	keys := make([]checkout.LineKey, len(items))
	for i, item := range items {
		keys[i] = checkout.KeyOf(item.ItemID.SupplierPartAuxiliaryID, item.ItemID.SupplierPartID)
	}
	found, err := checkout.FindSent(ctx, tx, c.merchant.ID, c.organisation.ID, keys)
	if err != nil {
		return nil, err
	}
	var missing []int
	var asked []catalog.Asked
	for i, item := range items {
		if id := item.ItemID; found[i].Line == nil && id.SupplierPartAuxiliaryID != "" && id.BuyerPartID != "" {
			missing, asked = append(missing, i), append(asked, catalog.Asked{SKU: id.SupplierPartID, BuyerPart: id.BuyerPartID})
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	products, err := catalog.Recognise(ctx, tx, c.organisation, currency, c.merchant.Today(s.Clock), asked)
	if err != nil {
		return nil, err
	}
	keys = keys[:0]
	for j, i := range missing {
		keys = append(keys, checkout.KeyOf(items[i].ItemID.SupplierPartAuxiliaryID, products[j].SKU))
	}
	again, err := checkout.FindSent(ctx, tx, c.merchant.ID, c.organisation.ID, keys)
	for j, sent := range again {
		found[missing[j]] = sent
	}
	return found, err
}

// original is the cart as the buyer's system holds it, with freight as the line that it is there;
// nil where it has a price for more than one unit and the version that is written can't say that: a
// cancel is told by status 204 then.
func (c *call) original(items []cxml.ItemOut, all, goods []checkout.BroughtBack,
	restored func(lines []checkout.BroughtBack, today bool) (checkout.Cart, error)) (*checkout.Cart, error) {
	basis := cxml.HasPriceBasis(c.connection.Settings.version("PunchOutOrderMessage"))
	for _, l := range all {
		if l.Per != nil && l.Per.Cmp(money.One) != 0 && !basis {
			return nil, nil
		}
	}
	cart, err := restored(all, false)
	if err == nil && len(goods) < len(all) {
		var sold checkout.Cart
		sold, err = restored(goods, false)
		cart.Tax = sold.Tax // on goods alone
	}
	for i, l := range all {
		if err == nil {
			cart.Lines[i].SKU = l.SKU // as the buyer writes it, and the unit too
			if d := items[i].ItemDetail; d != nil && d.UnitOfMeasure != "" {
				cart.Lines[i].Unit = d.UnitOfMeasure
			} else if theirs, err := c.connection.Settings.theirUnit(cart.Lines[i].Unit); err == nil {
				cart.Lines[i].Unit = theirs
			}
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
	b := checkout.BroughtBack{SKU: line.SKU, BuyerPart: line.BuyerPart, Auxiliary: line.AuxiliaryID, Name: line.Name, UNSPSC: line.UNSPSC,
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
