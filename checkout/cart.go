package checkout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// Cart is what someone wants to buy. Frozen, it is the snapshot that an order is matched to.
type Cart struct {
	ID           string          `json:"-"`
	Merchant     string          `json:"-"`
	Organisation string          `json:"-"`
	Currency     string          `json:"-"`
	Frozen       bool            `json:"-"`
	FrozenAt     database.Time   `json:"-"`
	Version      int64           `json:"-"`
	ShipTo       *orders.Address `json:"ship_to,omitempty"`
	Lines        []CartLine      `json:"lines"`
	// OperationAllowed is what the buyer may do later with a cart that was sent home: create,
	// inspect or edit; empty where none was said.
	OperationAllowed string `json:"operation_allowed,omitempty"`
	// HoldDays is how long the prices of a cart that was sent home hold; 0 is 30 days.
	HoldDays int `json:"hold_days,omitempty"`
	// QuotePending is that the cart went home for a quote: its prices are no offer. Quote, read
	// where the cart is looked up for its lines, is what became of that.
	QuotePending bool   `json:"quote_pending,omitempty"`
	Quote        *Quote `json:"-"`
	// Connection is the link that the cart was sent home by; empty for carts of before this was kept.
	Connection string `json:"connection,omitempty"`
	// FreightAuxiliary is the id that the freight's own line came back with, see FreightID.
	FreightAuxiliary string `json:"freight_auxiliary_id,omitempty"`
	Totals
}

// CartLine is one line with the price that holds for it.
type CartLine struct {
	Line        int64         `json:"line"`
	SKU         string        `json:"sku"`
	ProductID   string        `json:"product_id"`
	Name        string        `json:"name"`
	Description string        `json:"description"`
	UNSPSC      string        `json:"unspsc"`
	BuyerPart   string        `json:"buyer_part,omitempty"` // what the buyer calls it
	Quantity    money.Decimal `json:"quantity"`
	Unit        string        `json:"unit"`
	UnitPrice   money.Decimal `json:"unit_price"`
	// Per is how many units UnitPrice and ListPrice are for; nil is one. Carts that went home have
	// one where the buyer's system takes no finer price, restored ones where it brought one.
	Per       *money.Decimal `json:"per,omitempty"`
	ListPrice *money.Decimal `json:"list_price,omitempty"`
	Contract  bool           `json:"contract,omitempty"`
	LeadTime  *int64         `json:"lead_time,omitempty"`
	Amount    money.Amount   `json:"amount"`
	Tax       money.Amount   `json:"tax"`
	// Auxiliary is the id that the line came back with from the buyer's system: it keeps it, since
	// under another one it would stand there twice. Empty for a line that was put in here.
	Auxiliary string `json:"auxiliary_id,omitempty"`
	// Before is what one unit cost in the buyer's system when the line came back, where that is
	// not its price any more.
	Before *money.Decimal `json:"before,omitempty"`
	// Open is that the price is still to be said; it counts as 0 until then.
	Open bool `json:"open,omitempty"`
	// QuotedUntil is the last day of the quote that the price is from; nil for none.
	QuotedUntil *money.Date `json:"quoted_until,omitempty"`
	// Problem says why a line that came back can't be sold as it stands; Unavailable, that no
	// other quantity would help.
	Problem     string `json:"problem,omitempty"`
	Unavailable bool   `json:"unavailable,omitempty"`
}

// each is the price of one unit; not ok where that has no end as a decimal.
func (l CartLine) each() (money.Decimal, bool) {
	if l.Per == nil {
		return l.UnitPrice, true
	}
	price, err := l.UnitPrice.Quo(*l.Per)
	return price, err == nil
}

// AuxiliaryID names a line of a cart outside: "<cart id>-<line>", or what it came back with.
func (c Cart) AuxiliaryID(line int64) string {
	if line >= 1 && line <= int64(len(c.Lines)) && c.Lines[line-1].Auxiliary != "" {
		return c.Lines[line-1].Auxiliary
	}
	if c.ID == "" {
		return "" // a buyer's own cart, see Restored: what had no id gets none
	}
	return c.ID + "-" + strconv.FormatInt(line, 10)
}

// AuxiliaryOf is the id of a line of a cart, as AuxiliaryID writes it, from the two fields in which
// other systems keep it; without an item it names the cart alone, without a cart nothing. Those
// systems write 00001 for 1, and some capitals for all letters.
func AuxiliaryOf(cart, item string) string {
	cart, item = strings.TrimSpace(cart), strings.TrimLeft(strings.TrimSpace(item), "0")
	if lower := strings.ToLower(cart); strings.HasPrefix(lower, cartPrefix) {
		cart = lower
	}
	if cart == "" || item == "" {
		return cart
	}
	return cart + "-" + item
}

// cartPrefix begins the ids of carts.
const cartPrefix = "crt_"

// FreightID is the auxiliary id of the freight where it goes home as a line: that which it came
// back with, else one of ours.
func (c Cart) FreightID() string {
	if c.FreightAuxiliary != "" || c.ID == "" {
		return c.FreightAuxiliary
	}
	return c.ID + freightSuffix
}

const freightSuffix = "-freight"

// IsFreightID tells whether an auxiliary id of ours names a cart's freight.
func IsFreightID(auxiliaryID string) bool {
	return cartOf(auxiliaryID) != "" && strings.HasSuffix(auxiliaryID, freightSuffix)
}

// Carry sets the cart's freight to what somebody else says it is.
func (c *Cart) Carry(freight money.Amount) error {
	c.Freight = freight
	return c.sum()
}

// Item is what a shop puts into a cart.
type Item struct {
	SKU      string
	Quantity money.Decimal
	Unit     string // empty is the product's order unit
	Open     bool   // its price is to be said later
}

// NewCart makes an empty cart.
func (d *Desk) NewCart(ctx context.Context, tx *database.Tx, organisation accounts.Organisation, shipTo *orders.Address) (Cart, error) {
	c := Cart{ID: database.NewID("crt"), Merchant: organisation.Merchant, Organisation: organisation.ID,
		Currency: organisation.Currency, Version: 1, ShipTo: shipTo, Lines: []CartLine{}, Totals: noTotals(organisation.Currency)}
	return c, d.addCart(ctx, tx, c)
}

func (d *Desk) addCart(ctx context.Context, tx *database.Tx, c Cart) error {
	content, err := json.Marshal(c)
	if err != nil {
		return err
	}
	now := database.At(d.Clock.Now())
	return tx.Queue(ctx, insertCart, c.Merchant, c.ID, c.Organisation, c.Currency, string(content), now, now)
}

// PutCart replaces everything in an open cart. Prices, tax and freight are ours; every line that
// can't be sold as asked is a fault with its place. Lines that came back from the buyer keep
// their auxiliary ids, and those with a problem may stay as they are until the cart goes home.
func (d *Desk) PutCart(ctx context.Context, tx *database.Tx, merchant accounts.Merchant, organisation accounts.Organisation, id string, items []Item) (Cart, error) {
	cart, err := lockCart(ctx, tx, merchant.ID, id)
	if err != nil {
		return Cart{}, err
	}
	if cart.Frozen {
		return Cart{}, fault.New(fault.Conflict, "the cart has been sent and can't be changed any more")
	}
	skus := make([]string, len(items))
	for i, item := range items {
		skus[i] = item.SKU
	}
	offers, err := catalog.Offers(ctx, tx, organisation, cart.Currency, merchant.Today(d.Clock), skus)
	if err != nil {
		return Cart{}, err
	}
	if cart.Lines, err = cartLines(items, cart.Lines, offers, cart.Currency, merchant.Today(d.Clock)); err != nil {
		return Cart{}, err
	}
	fillGaps(offers, cart.Lines)
	rates, err := merchant.Rates()
	if err != nil {
		return Cart{}, err
	}
	if err := cart.total(rates, organisation, merchant.Today(d.Clock), offers); err != nil {
		return Cart{}, err
	}
	content, err := json.Marshal(cart)
	if err != nil {
		return Cart{}, err
	}
	cart.Version++
	_, err = tx.Exec(ctx, updateCart, string(content), cart.Version, database.At(d.Clock.Now()), cart.Merchant, cart.ID)
	return cart, err
}

func cartLines(items []Item, before []CartLine, offers map[string]*catalog.Offer, currency string, today money.Date) ([]CartLine, error) {
	lines := make([]CartLine, 0, len(items))
	earlier := predecessors(items, before)
	faults := &fault.Error{Code: fault.Invalid, Message: "the cart can't be kept as it is"}
	for i, item := range items {
		line, err := cartLine(item, offers[accounts.Fold(item.SKU)], currency)
		from := earlier[i]
		if err != nil && from != nil && from.Problem != "" && from.stays(item) {
			line, err = *from, nil
		}
		if err == nil && from != nil && from.QuotedUntil != nil && !from.QuotedUntil.Before(today) && from.stays(item) && !item.Open {
			line = *from // as it was quoted
		}
		if from != nil {
			line.Auxiliary = from.Auxiliary
			if from.Before != nil && from.Before.Cmp(line.UnitPrice) != 0 {
				line.Before = from.Before
			}
		}
		if err != nil {
			faults.Fields = append(faults.Fields, fieldsAt(fmt.Sprintf("lines[%d]", i), err)...)
			continue
		}
		line.Line = int64(i + 1)
		lines = append(lines, line)
	}
	if len(faults.Fields) > 0 {
		return nil, faults
	}
	return lines, nil
}

func cartLine(item Item, offer *catalog.Offer, currency string) (CartLine, error) {
	if offer != nil {
		if err := offer.CheckQuantity(item.Quantity, item.Unit); err != nil {
			return CartLine{}, err
		}
	}
	return pricedLine(item, offer, currency)
}

// pricedLine is a line at the price that the offer has for its quantity and unit.
func pricedLine(item Item, offer *catalog.Offer, currency string) (CartLine, error) {
	if offer == nil {
		return CartLine{}, fault.At(fault.Invalid, "sku", "there is no product "+strconv.Quote(item.SKU)+" for this buyer")
	}
	quote, err := offer.At(item.Quantity, item.Unit)
	if err != nil {
		return CartLine{}, err
	}
	amount, err := money.LineTotal(item.Quantity, quote.Price, money.One, currency)
	if err != nil {
		return CartLine{}, fault.At(fault.Invalid, "quantity", "the line's amount is too large").Because(err)
	}
	line := CartLine{SKU: offer.SKU, ProductID: offer.ID, Name: offer.Name, Description: offer.Description, UNSPSC: offer.UNSPSC, BuyerPart: offer.BuyerPart,
		Quantity: item.Quantity, Unit: quote.Unit, UnitPrice: quote.Price, ListPrice: quote.List, Contract: quote.Contract,
		LeadTime: offer.LeadTimeDays, Amount: amount, Tax: money.Zero(currency)}
	if item.Open {
		line = asOpen(line, currency)
	}
	return line, nil
}

// Priced gives lines of no cart at today's prices, the same that a cart would have. Quantities are
// only priced: the product's rules for them are not asked. What isn't offered is left out.
func (d *Desk) Priced(ctx context.Context, q database.Querier, merchant accounts.Merchant, organisation accounts.Organisation, items []Item) ([]CartLine, error) {
	skus := make([]string, len(items))
	for i, item := range items {
		skus[i] = item.SKU
	}
	offers, err := catalog.Offers(ctx, q, organisation, organisation.Currency, merchant.Today(d.Clock), skus)
	if err != nil {
		return nil, err
	}
	var lines []CartLine
	for _, item := range items {
		line, err := pricedLine(item, offers[accounts.Fold(item.SKU)], organisation.Currency)
		if fault.CodeOf(err) == fault.Invalid && err != nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		line.Line = int64(len(lines) + 1)
		lines = append(lines, line)
	}
	return lines, nil
}

// fieldsAt puts a fault's fields under a place.
func fieldsAt(place string, err error) []fault.Field {
	if e, ok := errors.AsType[*fault.Error](err); ok && len(e.Fields) > 0 {
		fields := make([]fault.Field, len(e.Fields))
		for i, f := range e.Fields {
			fields[i] = fault.Field{Path: place + "." + f.Path, Message: f.Message}
		}
		return fields
	}
	return []fault.Field{{Path: place, Message: err.Error()}}
}

// FreezeCart makes the cart a snapshot: its lines and prices are what an order will be matched
// to, and nothing changes them any more.
func (d *Desk) FreezeCart(ctx context.Context, tx *database.Tx, merchant, id string) (Cart, error) {
	return d.SendCart(ctx, tx, merchant, id, Sending{})
}

// Sending is how a cart goes home.
type Sending struct {
	OperationAllowed string // what the buyer may do with it later; empty for a cart that is not sent
	HoldDays         int    // how long its prices hold; 0 is 30 days
	ForQuote         bool   // its prices are to be said later
	Connection       string // by which it goes
	// Fit, where there is one, first puts the lines as the buyer's system takes them: what is sent
	// is what is frozen.
	Fit func([]CartLine) error
}

// SendCart freezes a cart that goes home.
func (d *Desk) SendCart(ctx context.Context, tx *database.Tx, merchant, id string, how Sending) (Cart, error) {
	cart, err := lockCart(ctx, tx, merchant, id)
	if err != nil || cart.Frozen {
		return cart, err
	}
	if how.Fit != nil {
		if err := how.Fit(cart.Lines); err != nil {
			return cart, err
		}
	}
	cart.Frozen, cart.FrozenAt = true, database.At(d.Clock.Now())
	cart.OperationAllowed, cart.HoldDays, cart.QuotePending, cart.Connection = how.OperationAllowed, how.HoldDays, how.ForQuote, how.Connection
	content, err := json.Marshal(cart)
	if err != nil {
		return Cart{}, err
	}
	if _, err := tx.Exec(ctx, freezeCart, string(content), cart.FrozenAt, cart.FrozenAt, merchant, id); err != nil || how.OperationAllowed == "" {
		return cart, err // a cart that nobody may come back to wasn't sent
	}
	if how.ForQuote {
		if err := d.keepQuote(ctx, tx, cart); err != nil {
			return cart, err
		}
	}
	return cart, keepSent(ctx, tx, cart)
}

// FindCart reads a cart.
func FindCart(ctx context.Context, q database.Querier, merchant, id string) (Cart, error) {
	return readCart(ctx, q, selectCart, merchant, id)
}

func lockCart(ctx context.Context, tx *database.Tx, merchant, id string) (Cart, error) {
	return readCart(ctx, tx, tx.ForUpdate(selectCart), merchant, id)
}

func readCart(ctx context.Context, q database.Querier, query, merchant, id string) (Cart, error) {
	var r cartRow
	err := q.Get(ctx, &r, query, merchant, id)
	if database.None(err) {
		return Cart{}, fault.New(fault.Unknown, "there is no cart with that id")
	}
	if err != nil {
		return Cart{}, err
	}
	return r.cart(merchant)
}

type cartRow struct {
	ID           string        `db:"id"`
	Organisation string        `db:"organisation_id"`
	Currency     string        `db:"currency"`
	State        string        `db:"state"`
	Content      string        `db:"content"`
	FrozenAt     database.Time `db:"frozen_at"`
	Version      int64         `db:"version"`
}

func (r cartRow) cart(merchant string) (Cart, error) {
	c := Cart{ID: r.ID, Merchant: merchant, Organisation: r.Organisation, Currency: r.Currency, Frozen: r.State == "frozen",
		FrozenAt: r.FrozenAt, Version: r.Version}
	if err := json.Unmarshal([]byte(r.Content), &c); err != nil {
		return Cart{}, fmt.Errorf("the cart %s can't be read: %w", r.ID, err)
	}
	return c, nil
}

const (
	insertCart = `
INSERT INTO carts (merchant_id, id, organisation_id, currency, state, content, created_at, updated_at)
VALUES (?, ?, ?, ?, 'open', ?, ?, ?)`

	updateCart = `
UPDATE carts SET content = ?, version = ?, updated_at = ? WHERE merchant_id = ? AND id = ? AND state = 'open'`

	freezeCart = `
UPDATE carts SET state = 'frozen', content = ?, frozen_at = ?, version = version + 1, updated_at = ?
 WHERE merchant_id = ? AND id = ? AND state = 'open'`

	selectCart = `
SELECT id, organisation_id, currency, state, content, frozen_at, version FROM carts WHERE merchant_id = ? AND id = ?`
)
