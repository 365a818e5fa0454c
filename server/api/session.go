package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
)

// Session is one punchout visit.
type Session struct {
	ID           string          `json:"id" doc:"Our id" example:"ses_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	State        string          `json:"state" enum:"open,returned,cancelled,expired" doc:"open takes a cart; the others are ends. New values may be added" example:"open"`
	Operation    string          `json:"operation" enum:"create,edit,inspect" doc:"What the buyer came for; an inspected cart is only looked at. New values may be added" example:"create"`
	Protocol     string          `json:"protocol" enum:"cxml,oci" doc:"What the buyer's system speaks. New values may be added" example:"cxml"`
	Organisation Organisation    `json:"organisation" doc:"The buying company: its prices hold"`
	Buyer        optional[Buyer] `json:"buyer" doc:"Who came; null when the buyer's system doesn't say"`
	Currency     string          `json:"currency" doc:"ISO 4217 code of the cart" example:"USD"`
	SelectedSKU  string          `json:"selected_sku" doc:"The product whose page the buyer asked for; empty for the whole shop" example:"PPE-2010"`
	Search       string          `json:"search" doc:"Words that the buyer's system wants looked for at once; empty as a rule" example:"gloves"`
	ReturnHost   string          `json:"return_host" doc:"Where the cart goes home to; empty where a visit for looking has no way back" example:"buy.northfold.example"`
	ReturnOrigin string          `json:"return_origin" doc:"Origin of the page that return and cancel lead to: a shop names it in its policy's form-action" example:"https://kontor.example"`
	FrameOrigins []string        `json:"frame_origins" doc:"Origins whose pages may show this visit in a frame: a shop names them in its policy's frame-ancestors" example:"[\"https://buy.northfold.example\"]"`
	ExpiresAt    time.Time       `json:"expires_at" doc:"When the visit ends by itself" example:"2026-11-22T14:30:00Z"`
	Cart         Cart            `json:"cart" doc:"The visit's cart"`
}

// Cart is what someone wants to buy, with every sum made here.
type Cart struct {
	ID      string     `json:"id" doc:"Our id" example:"crt_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	State   string     `json:"state" enum:"open,frozen" doc:"frozen once it was sent home. New values may be added" example:"open"`
	Version int64      `json:"version" doc:"Counts changes; also the ETag" example:"3"`
	Lines   []CartLine `json:"lines" doc:"In the order in which they were put"`
	Goods   Money      `json:"goods" doc:"Sum of the lines"`
	Freight Money      `json:"freight" doc:"By the merchant's table of estimates"`
	Tax     Money      `json:"tax" doc:"By the merchant's table of rates"`
	Total   Money      `json:"total" doc:"Goods, freight and tax"`
	Quote   bool       `json:"for_quote" doc:"Whether the cart went home for a quote: its prices are no offer" example:"false"`
}

// CartLine is one line of a cart.
type CartLine struct {
	Line        int64               `json:"line" doc:"From 1" example:"1"`
	AuxiliaryID string              `json:"auxiliary_id" doc:"Names the line in the buyer's system, as it will go home; a line that came back keeps the one it came with" example:"crt_01j5x2v9t4e8s7c6b3n2m1k0hz-1"`
	SKU         string              `json:"sku" doc:"Part number" example:"PPE-2010"`
	BuyerPart   string              `json:"buyer_part" doc:"The buyer's own part number; empty where there is none" example:"GLOVE-L"`
	Name        string              `json:"name" doc:"The product's name" example:"Disposable nitrile gloves, size L"`
	Description string              `json:"description" doc:"The product's description" example:"Powder-free, 100 in a box."`
	UNSPSC      string              `json:"unspsc" doc:"Classification; may be empty" example:"46181504"`
	Quantity    string              `json:"quantity" doc:"Exact decimal, in unit" example:"120"`
	Unit        string              `json:"unit" doc:"UN/CEFACT code" example:"BX"`
	UnitPrice   UnitPrice           `json:"unit_price" doc:"What this buyer pays for one unit at this quantity"`
	PricePer    string              `json:"price_per" doc:"How many units unit_price and list_price are for: 1, or 10, 100 … in a cart that went home to a system that takes no finer price" example:"1"`
	ListPrice   optional[UnitPrice] `json:"list_price" doc:"What the list says, where a contract price holds; else null"`
	Before      optional[UnitPrice] `json:"price_before" doc:"What one unit cost in the buyer's system when the line came back for an edit, where it costs something else now; else null"`
	Amount      Money               `json:"amount" doc:"Quantity times unit price, divided by price_per, rounded once"`
	PriceOpen   bool                `json:"price_open" doc:"Whether the price is still to be said; unit_price is 0 until then" example:"false"`
	QuotedUntil string              `json:"quoted_until" doc:"The last day of the quote that the price is from; empty for none" example:""`
	Available   bool                `json:"available" doc:"Whether the product is still sold to this buyer in that unit; a line that isn't shows the buyer's own price" example:"true"`
	Problem     string              `json:"problem" doc:"Why the line can't go home as it stands, for the person who shops; empty when it can. Only lines that came back for an edit may have one: put as it is the line stays, but the cart doesn't go home before it is removed or changed" example:""`
}

// WantedLine is one line that the shop asks for.
type WantedLine struct {
	SKU      string `json:"sku" minLength:"1" maxLength:"100" doc:"Part number; case doesn't matter" example:"PPE-2010"`
	Quantity string `json:"quantity" maxLength:"21" pattern:"^[0-9]+(\\.[0-9]+)?$" patternDescription:"a positive decimal such as 2.5" doc:"Exact decimal, in unit" example:"120"`
	Unit     string `json:"unit,omitempty" maxLength:"40" doc:"UN/CEFACT code; the product's order unit when absent" example:"BX"`
	AskPrice bool   `json:"ask_price,omitempty" doc:"The price is to be said later: the line carries 0, and the cart can only go home for a quote" example:"false"`
}

type cartRequest struct {
	Lines []WantedLine `json:"lines" maxItems:"1000" doc:"The whole cart: what is not in it is not in the cart any more"`
}

type leaveRequest struct{}

type returnRequest struct {
	Quote string `json:"quote,omitempty" enum:"final,pending" doc:"pending: the prices are not final; the buyer's system is told so, and you say them later, see quotes. final when absent. New values may be added" example:"final"`
}

// Leave is where to send the browser.
type Leave struct {
	URL string `json:"url" doc:"Send the browser there with 303" example:"https://kontor.example/m/brackwater/p/rtn_4k7x9m2p5q8r3t6v/return"`
}

type SessionPath struct {
	Session string `path:"session" doc:"The session's id, or the visit token that the browser brought" example:"ses_01j5x2v9t4e8s7c6b3n2m1k0hz"`
}

func (a *api) sessionRoutes() {
	op := func(method, path, id, summary, description string) huma.Operation {
		return huma.Operation{Method: method, Path: "/v1/punchout/sessions/{session}" + path, OperationID: id, Tags: []string{tagPunchout},
			Summary: summary, Description: description, Errors: []int{http.StatusNotFound}}
	}
	route(a, op(http.MethodGet, "", "getPunchoutSession", "Read a visit",
		"A visit that has ended is an answer, not an error: look at its state."), a.getSession)
	put := op(http.MethodPut, "/cart", "putPunchoutCart", "Replace the cart",
		"Puts all lines at once and prices them. Lines that can't be sold as asked are named one by one, and then nothing is changed. A visit for looking (inspect) takes none.")
	put.Errors = append(put.Errors, http.StatusPreconditionFailed)
	route(a, put, a.putCart)
	route(a, op(http.MethodPost, "/return", "returnPunchoutCart", "Take the cart home",
		"Freezes the cart. The page at the address posts it to the buyer's system. In an edit an empty cart goes home too: it takes the earlier lines out of the requisition. A visit for looking (inspect) has nothing to take home."), a.returnCart)
	route(a, op(http.MethodPost, "/cancel", "cancelPunchoutSession", "Leave without a cart",
		"Ends the visit. The page at the address takes the browser back to the buyer's system, or says that the window can be closed where a visit for looking has no way back."), a.cancelVisit)
}

type sessionAnswer struct {
	ETag string `header:"ETag" doc:"The cart's version: send it as If-Match with the next cart" example:"\"3\""`
	Body Session
}

func (a *api) getSession(ctx context.Context, c *caller, in *SessionPath) (*sessionAnswer, error) {
	found, err := a.visit(ctx, c, in.Session)
	if err != nil {
		return nil, err
	}
	view, err := a.sessionView(ctx, c, found)
	return &sessionAnswer{entityTag(view.Cart.Version), view}, err
}

// visit reads a session that somebody looks at, which keeps an open one alive.
func (a *api) visit(ctx context.Context, c *caller, session string) (procurement.Session, error) {
	if err := checkSession(session); err != nil {
		return procurement.Session{}, err
	}
	found, err := procurement.FindSession(ctx, a.DB, a.Keys, c.merchant.ID, session)
	if err != nil {
		return procurement.Session{}, err
	}
	return found, procurement.Touch(ctx, a.DB, a.Clock, found)
}

// checkSession lets through only what can be a session's id or visit token.
func checkSession(session string) error {
	token := strings.HasPrefix(session, "vis_") && len(session) <= 100 // only its digest is looked for
	if !token && !isID("ses", session) {
		return fault.New(fault.Unknown, "there is no such visit")
	}
	return nil
}

func (a *api) sessionView(ctx context.Context, c *caller, s procurement.Session) (Session, error) {
	merchant := c.merchant.ID
	organisation, err := accounts.FindOrganisation(ctx, a.DB, merchant, s.Organisation)
	if err != nil {
		return Session{}, err
	}
	connection, err := procurement.FindConnection(ctx, a.DB, merchant, s.Connection)
	if err != nil {
		return Session{}, err
	}
	cart, err := checkout.FindCart(ctx, a.DB, merchant, s.Cart)
	if err != nil {
		return Session{}, err
	}
	view := Session{ID: s.ID, State: a.stateOf(s), Operation: s.Operation, Protocol: connection.Protocol,
		Organisation: organisationOf(organisation), Currency: cart.Currency, SelectedSKU: s.Visit.SelectedSKU, Search: s.Visit.Search,
		ReturnOrigin: a.origin(), FrameOrigins: append([]string{}, connection.Settings.Ancestors()...), ExpiresAt: instant(s.ExpiresAt), Cart: cartView(cart)}
	if home, err := url.Parse(s.ReturnURL); err == nil {
		view.ReturnHost = home.Host
	}
	if s.Buyer != "" {
		buyer, err := accounts.FindBuyer(ctx, a.DB, merchant, s.Buyer)
		if err != nil {
			return Session{}, err
		}
		view.Buyer = some(Buyer{buyer.ID, buyer.Name, buyer.Email})
	}
	return view, nil
}

// origin is that of our own pages.
func (a *api) origin() string {
	u, err := url.Parse(a.PublicURL)
	if err != nil {
		return "" // the configuration has been checked
	}
	return u.Scheme + "://" + u.Host
}

// stateOf is the state as the shop sees it: a visit is open from its first page on.
func (a *api) stateOf(s procurement.Session) string {
	switch {
	case s.State == procurement.VisitReturned || s.State == procurement.VisitCancelled:
		return s.State
	case s.Expired(a.Clock.Now()):
		return "expired"
	}
	return "open"
}

func cartView(cart checkout.Cart) Cart {
	view := Cart{ID: cart.ID, State: "open", Version: cart.Version, Lines: make([]CartLine, len(cart.Lines)),
		Goods: Money(cart.Goods), Freight: Money(cart.Freight), Tax: Money(cart.Tax), Total: Money(cart.Total), Quote: cart.QuotePending}
	if cart.Frozen {
		view.State = "frozen"
	}
	for i, l := range cart.Lines {
		view.Lines[i] = CartLine{Line: l.Line, AuxiliaryID: cart.AuxiliaryID(l.Line), SKU: l.SKU, BuyerPart: l.BuyerPart, Name: l.Name,
			Description: l.Description, UNSPSC: l.UNSPSC, Quantity: l.Quantity.String(), Unit: l.Unit,
			UnitPrice: priceOf(l.UnitPrice, cart.Currency), PricePer: perOf(l.Per), ListPrice: maybePrice(l.ListPrice, cart.Currency), Before: maybePrice(l.Before, cart.Currency), Amount: Money(l.Amount),
			PriceOpen: l.Open, Available: !l.Unavailable, Problem: l.Problem}
		if l.QuotedUntil != nil {
			view.Lines[i].QuotedUntil = l.QuotedUntil.String()
		}
	}
	return view
}

type putCartInput struct {
	SessionPath
	TakesKey
	IfMatch string `header:"If-Match" maxLength:"40" doc:"The version of the cart that is to be replaced; with another one there, nothing is changed (412)" example:"\"3\""`
	Body    cartRequest
	RawBody []byte
}

func (a *api) putCart(ctx context.Context, c *caller, in *putCartInput) (*written[Cart], error) {
	if err := checkSession(in.Session); err != nil {
		return nil, err
	}
	items, err := itemsOf(in.Body.Lines)
	if err != nil {
		return nil, err
	}
	expected, err := matchOf(in.IfMatch)
	if err != nil {
		return nil, err
	}
	return tagged(write(ctx, a, c, in.Key, in.RawBody, func(tx *database.Tx) (Cart, error) {
		cart, err := a.Procurement.PutCart(ctx, tx, c.merchant, in.Session, items)
		if err != nil {
			return Cart{}, err
		}
		// PutCart holds the cart's row and counted once, so this sees what it replaced.
		if expected != 0 && cart.Version != expected+1 {
			return Cart{}, fault.At(fault.Spent, "header.If-Match", "the cart has been changed since that version")
		}
		return cartView(cart), nil
	}))
}

func itemsOf(lines []WantedLine) ([]checkout.Item, error) {
	items := make([]checkout.Item, len(lines))
	faults := fault.New(fault.Invalid, "the cart can't be kept as it is")
	for i, line := range lines {
		quantity, err := money.ParseDecimal(line.Quantity)
		if err != nil {
			faults.Fields = append(faults.Fields, fault.Field{Path: "lines[" + strconv.Itoa(i) + "].quantity", Message: "is a decimal of at most 19 digits"})
		}
		items[i] = checkout.Item{SKU: line.SKU, Quantity: quantity, Unit: line.Unit, Open: line.AskPrice}
	}
	if len(faults.Fields) > 0 {
		return nil, faults
	}
	return items, nil
}

type leaveInput[T any] struct {
	SessionPath
	NeedsKey
	Body    T
	RawBody []byte
}

func (a *api) returnCart(ctx context.Context, c *caller, in *leaveInput[returnRequest]) (*written[Leave], error) {
	end := a.Procurement.ReturnCart
	if in.Body.Quote == "pending" {
		end = a.Procurement.ReturnForQuote
	}
	return leave(ctx, a, c, in, end)
}

func (a *api) cancelVisit(ctx context.Context, c *caller, in *leaveInput[leaveRequest]) (*written[Leave], error) {
	return leave(ctx, a, c, in, a.Procurement.CancelVisit)
}

// leave ends a visit the one way or the other.
func leave[T any](ctx context.Context, a *api, c *caller, in *leaveInput[T],
	end func(context.Context, *database.Tx, accounts.Merchant, string) (string, error)) (*written[Leave], error) {
	if err := checkSession(in.Session); err != nil {
		return nil, err
	}
	return write(ctx, a, c, in.Key, in.RawBody, func(tx *database.Tx) (Leave, error) {
		to, err := end(ctx, tx, c.merchant, in.Session)
		return Leave{to}, err
	})
}
