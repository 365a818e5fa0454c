package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Quote is the merchant's answer to a cart that went home for a quote, or the wait for it.
type Quote struct {
	CartID       string       `json:"cart_id" doc:"The cart that went home; it names its quote" example:"crt_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	State        string       `json:"state" enum:"pending,final" doc:"pending waits for its prices. New values may be added" example:"final"`
	Organisation Organisation `json:"organisation" doc:"Who asked"`
	ValidUntil   string       `json:"valid_until" doc:"The last day on which the prices hold, by the merchant's calendar; empty while pending" example:"2026-12-24"`
	SentAt       time.Time    `json:"sent_at" doc:"When the cart went home" example:"2026-11-22T14:03:11Z"`
	Version      int64        `json:"version" doc:"Counts changes; also the ETag" example:"2"`
	Lines        []QuoteLine  `json:"lines" doc:"Every line of the cart"`
}

// QuoteLine is one line of it.
type QuoteLine struct {
	Line     int64               `json:"line" doc:"From 1" example:"1"`
	SKU      string              `json:"sku" doc:"Part number" example:"PPE-2010"`
	Name     string              `json:"name" doc:"The product's name" example:"Disposable nitrile gloves, size L"`
	Quantity string              `json:"quantity" doc:"Exact decimal, in unit" example:"120"`
	Unit     string              `json:"unit" doc:"UN/CEFACT code" example:"BX"`
	PricePer string              `json:"price_per" doc:"How many units the prices are for" example:"1"`
	Sent     optional[UnitPrice] `json:"sent_price" doc:"The price that the line went home with; null where it had none yet"`
	Price    optional[UnitPrice] `json:"price" doc:"The price that is offered; null while pending"`
}

type QuotePath struct {
	Cart string `path:"cart" doc:"The cart's id" example:"crt_01j5x2v9t4e8s7c6b3n2m1k0hz"`
}

// QuotedLine is the price of one line.
type QuotedLine struct {
	Line  int64  `json:"line" minimum:"1" maximum:"1000" doc:"From 1" example:"1"`
	Price string `json:"price" maxLength:"21" pattern:"^[0-9]+(\\.[0-9]+)?$" patternDescription:"a decimal such as 12.50" doc:"What price_per units are to cost, in the cart's currency" example:"7.75"`
}

type quoteRequest struct {
	ValidUntil string       `json:"valid_until" format:"date" doc:"The last day on which the prices hold" example:"2026-12-24"`
	Reason     string       `json:"reason,omitempty" maxLength:"500" pattern:"^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]*$" patternDescription:"text without control characters" doc:"Why; kept with the change" example:"Agreed by telephone"`
	Lines      []QuotedLine `json:"lines" maxItems:"1000" doc:"Prices by line. A line that is not named keeps the price that it went home with; one without a price must be named"`
}

func (a *api) quoteRoutes() {
	op := func(method, path, id, summary, description string) huma.Operation {
		return huma.Operation{Method: method, Path: "/v1/quotes" + path, OperationID: id, Tags: []string{tagPunchout},
			Summary: summary, Description: description, Errors: []int{http.StatusNotFound}}
	}
	route(a, op(http.MethodGet, "", "listQuotes", "List quotes", "Carts that went home for a quote, newest first."), a.listQuotes)
	route(a, op(http.MethodGet, "/{cart}", "getQuote", "Read a quote", "What was asked, and what is offered."), a.getQuote)
	route(a, op(http.MethodPut, "/{cart}", "setQuote", "Make the prices of a cart final",
		"The buyer gets these prices when the cart is opened again, and an order of it counts them, until the day is over. It may be set again; orders that came before keep their prices."), a.setQuote)
}

type listQuotesInput struct {
	State string `query:"state" enum:"pending" doc:"Only those that wait for prices" example:"pending"`
	Paging
}

func (a *api) listQuotes(ctx context.Context, c *caller, in *listQuotesInput) (*paged[Quote], error) {
	before := ""
	if place, ok, err := in.place("quotes", 1); err != nil {
		return nil, err
	} else if ok {
		if before = place[0]; !isID("crt", before) {
			return nil, errCursor()
		}
	}
	found, err := checkout.Quotes(ctx, a.DB, c.merchant.ID, in.State == "pending", before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(found) > in.Limit {
		found = found[:in.Limit]
		next = cursor("quotes", found[in.Limit-1].Cart)
	}
	items := make([]Quote, len(found))
	for i, q := range found {
		if items[i], err = quoteOf(ctx, a.DB, c.merchant.ID, q); err != nil {
			return nil, err
		}
	}
	return pageOf(items, next), nil
}

type quoteAnswer struct {
	ETag string `header:"ETag" doc:"The quote's version" example:"\"2\""`
	Body Quote
}

func (a *api) getQuote(ctx context.Context, c *caller, in *QuotePath) (*quoteAnswer, error) {
	if err := checkCart(in.Cart); err != nil {
		return nil, err
	}
	found, err := checkout.FindQuote(ctx, a.DB, c.merchant.ID, in.Cart)
	if err != nil {
		return nil, err
	}
	view, err := quoteOf(ctx, a.DB, c.merchant.ID, found)
	return &quoteAnswer{entityTag(found.Version), view}, err
}

func checkCart(id string) error {
	if !isID("crt", id) {
		return fault.New(fault.Unknown, "there is no quote for that cart")
	}
	return nil
}

func quoteOf(ctx context.Context, q database.Querier, merchant string, found checkout.Quote) (Quote, error) {
	cart, err := checkout.FindCart(ctx, q, merchant, found.Cart)
	if err != nil {
		return Quote{}, err
	}
	organisation, err := accounts.FindOrganisation(ctx, q, merchant, cart.Organisation)
	if err != nil {
		return Quote{}, err
	}
	view := Quote{CartID: found.Cart, State: found.State, Organisation: organisationOf(organisation), ValidUntil: found.ValidUntil.String(),
		SentAt: instant(cart.FrozenAt), Version: found.Version, Lines: make([]QuoteLine, len(cart.Lines))}
	for i, l := range cart.Lines {
		view.Lines[i] = QuoteLine{Line: l.Line, SKU: l.SKU, Name: l.Name, Quantity: l.Quantity.String(), Unit: l.Unit, PricePer: perOf(l.Per)}
		if !l.Open {
			view.Lines[i].Sent = some(priceOf(l.UnitPrice, cart.Currency))
		}
		if i < len(found.Prices) {
			view.Lines[i].Price = some(priceOf(found.Prices[i], cart.Currency))
		}
	}
	return view, nil
}

type setQuoteInput struct {
	QuotePath
	TakesKey
	IfMatch string `header:"If-Match" maxLength:"40" doc:"The version of the quote that is to be replaced; with another one there, nothing is changed (409)" example:"\"1\""`
	Body    quoteRequest
	RawBody []byte
}

func (a *api) setQuote(ctx context.Context, c *caller, in *setQuoteInput) (*written[Quote], error) {
	if err := checkCart(in.Cart); err != nil {
		return nil, err
	}
	q := checkout.Quoting{Merchant: c.merchant, Cart: in.Cart, Actor: c.actor(), Reason: in.Body.Reason, Prices: make([]checkout.QuotedPrice, len(in.Body.Lines))}
	var err error
	if q.Version, err = matchOf(in.IfMatch); err != nil {
		return nil, err
	}
	if q.ValidUntil, err = money.ParseDate(in.Body.ValidUntil); err != nil {
		return nil, fault.At(fault.Invalid, "valid_until", "is a day such as 2026-12-24")
	}
	for i, l := range in.Body.Lines {
		price, err := money.ParseDecimal(l.Price)
		if err != nil {
			return nil, fault.At(fault.Invalid, "lines["+strconv.Itoa(i)+"].price", "is a decimal of at most 19 digits")
		}
		q.Prices[i] = checkout.QuotedPrice{Line: l.Line, Price: price}
	}
	return tagged(write(ctx, a, c, in.Key, in.RawBody, func(tx *database.Tx) (Quote, error) {
		set, _, err := a.Desk.SetQuote(ctx, tx, q)
		if err != nil {
			return Quote{}, err
		}
		return quoteOf(ctx, tx, c.merchant.ID, set)
	}))
}
