package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// OrderSummary is an order as lists show it.
type OrderSummary struct {
	ID            string          `json:"id" doc:"Our id" example:"ord_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	Number        string          `json:"number" doc:"The buyer's purchase order number; not unique across organisations" example:"4500018237"`
	State         string          `json:"state" enum:"approved,credit_review,refused,cancelled" doc:"credit_review waits for a person. New values may be added" example:"approved"`
	Version       int64           `json:"version" doc:"The version that is shown: the one in force, else the latest" example:"1"`
	LatestVersion int64           `json:"latest_version" doc:"The highest version that was asked for; above version while a change waits" example:"1"`
	Organisation  Organisation    `json:"organisation" doc:"Who buys"`
	Buyer         optional[Buyer] `json:"buyer" doc:"The person, where the order names one we know; else null"`
	ConnectionID  string          `json:"connection_id" doc:"The procurement link that it came by; empty for others" example:"con_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	Source        string          `json:"source" enum:"punchout,checkout,offline" doc:"Where it came from. New values may be added" example:"punchout"`
	Currency      string          `json:"currency" doc:"ISO 4217 code" example:"USD"`
	Total         Money           `json:"total" doc:"What is owed, with tax and freight"`
	Decision      Decision        `json:"decision" doc:"What the credit desk said to the latest version"`
	PlacedAt      time.Time       `json:"placed_at" doc:"When it came" example:"2026-11-22T14:03:11Z"`
	UpdatedAt     time.Time       `json:"updated_at" doc:"When it last changed" example:"2026-11-22T14:03:11Z"`
}

// Order is an order with its lines.
type Order struct {
	OrderSummary
	Goods   Money       `json:"goods" doc:"Sum of the lines that are goods"`
	Freight Money       `json:"freight" doc:"Freight"`
	Tax     Money       `json:"tax" doc:"Tax"`
	Lines   []OrderLine `json:"lines" doc:"In the order of the buyer's document"`
	Flags   []OrderFlag `json:"flags" doc:"What somebody should know about it"`
	// What the buyer wrote beside the figures.
	ShipTo            optional[OrderPlace] `json:"ship_to" doc:"Where the goods go; a line's own counts before it. Null where the order says nothing"`
	RequestedDelivery string               `json:"requested_delivery" doc:"When the buyer wants them, in its own words; empty where it says nothing" example:"2026-12-01T00:00:00-05:00"`
	RequisitionID     string               `json:"requisition_id" doc:"The buyer's requisition; empty where it names none" example:"REQ-5500"`
	Comments          []string             `json:"comments" doc:"What the buyer wrote about the order" example:"[\"Ring at the gate\"]"`
	// AgreementID and Draws are the two ends of one thing: a release draws on a blanket order.
	AgreementID string      `json:"agreement_id" doc:"Id of the blanket order that it draws on; empty where it is no release" example:""`
	Draws       []OrderDraw `json:"draws" doc:"Of a blanket order: what its releases drew, the whole order first, then its lines. Empty for any other order"`
}

// OrderDraw is how much of a blanket order, or of one of its lines, is drawn.
type OrderDraw struct {
	Line    int64           `json:"line" doc:"The blanket order's line; 0 is the whole order" example:"0"`
	Maximum optional[Money] `json:"maximum" doc:"The most that may be drawn, goods without tax and freight; null where nothing limits it"`
	Drawn   Money           `json:"drawn" doc:"What live releases drew"`
	Left    optional[Money] `json:"left" doc:"What may still be drawn; below zero where the maximum was lowered later, null where nothing limits it"`

	MaximumQuantity string `json:"maximum_quantity" doc:"The most of the line that may be ordered, an exact decimal in unit; empty where nothing limits it" example:"500"`
	DrawnQuantity   string `json:"drawn_quantity" doc:"What live releases ordered of it; empty where nothing limits it" example:"120"`
	Unit            string `json:"unit" doc:"UN/CEFACT code of the quantities; empty where there are none" example:"EA"`
}

// OrderLine is one line of an order.
type OrderLine struct {
	Line        int64               `json:"line" doc:"The buyer's line number" example:"1"`
	SKU         string              `json:"sku" doc:"Part number" example:"PPE-2010"`
	BuyerPart   string              `json:"buyer_part" doc:"The buyer's own part number, as its document wrote it; empty where there was none" example:"GLOVE-L"`
	Description string              `json:"description" doc:"What it is" example:"Disposable nitrile gloves, size L"`
	Quantity    string              `json:"quantity" doc:"Exact decimal, in unit" example:"120"`
	Cancelled   string              `json:"cancelled" doc:"How much of the quantity the merchant cancelled since; amount is without it" example:"0"`
	Unit        string              `json:"unit" doc:"UN/CEFACT code" example:"BX"`
	UnitPrice   UnitPrice           `json:"unit_price" doc:"What counts"`
	BuyerPrice  optional[UnitPrice] `json:"buyer_price" doc:"What the buyer's document said; null where there was none"`
	PricePer    string              `json:"price_per" doc:"How many units the prices are for, as the buyer's document wrote it" example:"1"`
	Amount      Money               `json:"amount" doc:"Quantity times unit price, divided by price_per, rounded once"`
	Charge      string              `json:"charge" doc:"freight where the line is the order's freight and no goods; else empty. New values may be added" example:""`
	Flags       []string            `json:"flags" doc:"Codes of the flags about this line. New codes may be added" example:"[\"price_above\"]"`

	ShipTo            optional[OrderPlace] `json:"ship_to" doc:"Where this line goes; null where that is the order's"`
	RequestedDelivery string               `json:"requested_delivery" doc:"When the buyer wants this line, in its own words; empty where it says nothing" example:"2026-12-01"`
	Comments          []string             `json:"comments" doc:"What the buyer wrote about the line" example:"[\"No substitute\"]"`
}

// OrderPlace is where goods go, as the buyer wrote it.
type OrderPlace struct {
	ID         string   `json:"id" doc:"The buyer's own name for the place; may be empty" example:"DOCK-3"`
	Name       string   `json:"name" doc:"Whose place it is" example:"Northfold Medical Group, Receiving"`
	DeliverTo  []string `json:"deliver_to" doc:"Who takes it there" example:"[\"Dock 3\"]"`
	Street     []string `json:"street" doc:"Street and number, line by line" example:"[\"1 Example Street\"]"`
	City       string   `json:"city" doc:"City" example:"Example"`
	Region     string   `json:"region" doc:"State or province" example:"CA"`
	PostalCode string   `json:"postal_code" doc:"Postal code" example:"90001"`
	Country    string   `json:"country" doc:"ISO 3166-1 code" example:"US"`
}

func placeOf(a *orders.Address) optional[OrderPlace] {
	if a == nil {
		return optional[OrderPlace]{}
	}
	return some(OrderPlace{a.ID, a.Name, listOf(a.DeliverTo), listOf(a.Street), a.City, a.Region, a.PostalCode, a.Country})
}

// listOf is a list that is never null.
func listOf(list []string) []string { return append([]string{}, list...) }

// OrderFlag is something that somebody should know.
type OrderFlag struct {
	Code    string `json:"code" doc:"Stable name. New codes may be added" example:"price_above"`
	Message string `json:"message" doc:"In words" example:"line 1 was ordered at 8.25, our price of 8.10 counts"`
	Line    int64  `json:"line" doc:"The line that it is about; 0 for the whole order" example:"1"`
}

// Decision is what credit said.
type Decision struct {
	Outcome  string          `json:"outcome" enum:"approved,review,refused,cancelled" doc:"New values may be added" example:"review"`
	Reason   string          `json:"reason" doc:"Stable name of the reason. New values may be added" example:"over_limit"`
	Sentence string          `json:"sentence" doc:"The same in words, with the figures of that moment" example:"195.00 USD over the credit limit of Castelmere: 1436.00 USD asked, 1241.00 USD available."`
	Short    optional[Money] `json:"short" doc:"How much is missing; null when nothing is"`
}

type OrderPath struct {
	Order string `path:"order" doc:"The order's id" example:"ord_01j5x2v9t4e8s7c6b3n2m1k0hz"`
}

type releaseRequest struct {
	Reason   string `json:"reason" minLength:"1" maxLength:"500" pattern:"^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]*$" patternDescription:"text without control characters" doc:"Why; kept with the order" example:"Limit raised by the bank this morning"`
	Override bool   `json:"override,omitempty" doc:"Release it although it still doesn't fit" example:"false"`
}

type cancelLinesRequest struct {
	Reason string          `json:"reason" minLength:"1" maxLength:"500" pattern:"^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]*$" patternDescription:"text without control characters" doc:"Why; kept with the order and told to the buyer" example:"No longer made"`
	Lines  []cancelledLine `json:"lines" minItems:"1" maxItems:"1000" doc:"The lines; others stay as they are"`
}

type cancelledLine struct {
	Line      int64  `json:"line" doc:"The buyer's line number" example:"2"`
	Cancelled string `json:"cancelled,omitempty" maxLength:"40" doc:"How much of the line is cancelled in all, an exact decimal in its unit: what was cancelled before is part of it. The whole line when absent" example:"4"`
}

type rejectRequest struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" pattern:"^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]*$" patternDescription:"text without control characters" doc:"Why; kept with the order and told to the buyer" example:"Over the limit, please pay the open invoices first"`
}

func (a *api) orderRoutes() {
	op := func(method, path, id, summary, description string) huma.Operation {
		return huma.Operation{Method: method, Path: "/v1/orders" + path, OperationID: id, Tags: []string{tagOrders},
			Summary: summary, Description: description, Errors: []int{http.StatusNotFound}}
	}
	route(a, op(http.MethodGet, "", "listOrders", "List orders", "Newest first, without their lines."), a.listOrders)
	route(a, op(http.MethodPost, "", "enterOrder", "Enter a purchase order",
		"For orders that come by mail, on paper or from an ERP. Lines are matched to the cart that they came from by quote_id and quote_item, else priced anew; the credit line decides. "+
			"The answer is the order, also where it waits or is refused. The same order again changes nothing; another one under a number that counts is a conflict, unless its version says that it is a change. "+
			"Where lines came from a cart, the connection that it went home by says which differences of prices are taken (tolerance, below_price, total_mismatch)."), a.enterOrder)
	route(a, op(http.MethodGet, "/{order}", "getOrder", "Read an order", "One order with its lines."), a.getOrder)
	route(a, op(http.MethodPost, "/{order}/release", "releaseOrder", "Release an order that waits",
		"Approves what waits for a credit review. The limit is checked again: what still doesn't fit is a conflict that names the sum short, unless override is set."), a.releaseOrder)
	route(a, op(http.MethodPost, "/{order}/reject", "rejectOrder", "Reject an order that waits",
		"Refuses what waits for a credit review. A waiting change leaves the version in force as it is."), a.rejectOrder)
	route(a, op(http.MethodPost, "/{order}/cancel-lines", "cancelOrderLines", "Cancel lines of an order",
		"Takes lines, or parts of them, out of an approved order. The hold falls to what is left, with tax and freight reckoned anew; where nothing is left the order is cancelled. "+
			"The version keeps its number. The buyer is told by a confirmation where the connection wants them. Asking again for what is cancelled already changes nothing."), a.cancelLines)
}

type listOrdersInput struct {
	State        string `query:"state" enum:"approved,credit_review,refused,cancelled" doc:"Only orders in this state" example:"credit_review"`
	Organisation string `query:"organisation" maxLength:"300" doc:"Only this organisation's: its id, or ext: and the merchant's own reference" example:"ext:northfold"`
	Number       string `query:"number" maxLength:"200" doc:"Only orders with this number; case doesn't matter" example:"4500018237"`
	Paging
}

func (a *api) listOrders(ctx context.Context, c *caller, in *listOrdersInput) (*paged[OrderSummary], error) {
	filter := orders.Filter{State: in.State, Number: in.Number, Limit: in.Limit + 1}
	place, further, err := in.place("orders", 1)
	if err != nil {
		return nil, err
	}
	if further {
		if filter.Before = place[0]; !isID("ord", filter.Before) {
			return nil, errCursor()
		}
	}
	if !storable(in.Number) {
		return nil, fault.At(fault.Invalid, "query.number", "is not text")
	}
	if in.Organisation != "" {
		organisation, err := a.findOrganisation(ctx, c, "query.organisation", in.Organisation)
		if err != nil {
			return nil, err
		}
		filter.Organisation = organisation.ID
	}
	found, err := orders.List(ctx, a.DB, c.merchant.ID, filter)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(found) > in.Limit {
		found = found[:in.Limit]
		next = cursor("orders", found[in.Limit-1].ID)
	}
	names := a.organisations(a.DB, c)
	items := make([]OrderSummary, len(found))
	for i, o := range found {
		if items[i], err = summaryView(ctx, names, o); err != nil {
			return nil, err
		}
	}
	return pageOf(items, next), nil
}

type orderAnswer struct{ Body Order }

func (a *api) getOrder(ctx context.Context, c *caller, in *OrderPath) (*orderAnswer, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	found, err := orders.Find(ctx, a.DB, c.merchant.ID, in.Order)
	if err != nil {
		return nil, err
	}
	view, err := orderView(ctx, a.organisations(a.DB, c), found)
	return &orderAnswer{view}, err
}

func (p OrderPath) check() error {
	if !isID("ord", p.Order) {
		return fault.New(fault.Unknown, "there is no order with that id")
	}
	return nil
}

type releaseInput struct {
	OrderPath
	NeedsKey
	Body    releaseRequest
	RawBody []byte
}

func (a *api) releaseOrder(ctx context.Context, c *caller, in *releaseInput) (*written[Order], error) {
	ruling := checkout.Ruling{Merchant: c.merchant.ID, Order: in.Order, Actor: c.actor(), Reason: in.Body.Reason, Override: in.Body.Override}
	return a.rule(ctx, c, in.OrderPath, in.Key, in.RawBody, ruling, a.Desk.ReleaseOrder)
}

type rejectInput struct {
	OrderPath
	NeedsKey
	Body    rejectRequest
	RawBody []byte
}

func (a *api) rejectOrder(ctx context.Context, c *caller, in *rejectInput) (*written[Order], error) {
	ruling := checkout.Ruling{Merchant: c.merchant.ID, Order: in.Order, Actor: c.actor(), Reason: in.Body.Reason}
	return a.rule(ctx, c, in.OrderPath, in.Key, in.RawBody, ruling, a.Desk.RejectOrder)
}

type cancelLinesInput struct {
	OrderPath
	NeedsKey
	Body    cancelLinesRequest
	RawBody []byte
}

func (a *api) cancelLines(ctx context.Context, c *caller, in *cancelLinesInput) (*written[Order], error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	cut := checkout.Cut{Merchant: c.merchant.ID, Order: in.Order, Actor: c.actor(), Reason: in.Body.Reason}
	for i, l := range in.Body.Lines {
		line := checkout.CutLine{Line: l.Line}
		if l.Cancelled != "" {
			quantity, err := money.ParseDecimal(l.Cancelled)
			if err != nil {
				return nil, fault.At(fault.Invalid, fmt.Sprintf("lines[%d].cancelled", i), "is not a plain decimal number")
			}
			line.Cancelled = &quantity
		}
		cut.Lines = append(cut.Lines, line)
	}
	return write(ctx, a, c, in.Key, in.RawBody, func(tx *database.Tx) (Order, error) {
		o, err := a.Desk.CancelLines(ctx, tx, cut)
		if err != nil {
			return Order{}, err
		}
		return orderView(ctx, a.organisations(tx, c), o)
	})
}

// rule writes a person's decision about an order that waits.
func (a *api) rule(ctx context.Context, c *caller, path OrderPath, key string, body []byte, ruling checkout.Ruling,
	decide func(context.Context, *database.Tx, checkout.Ruling) (orders.Order, error)) (*written[Order], error) {
	if err := path.check(); err != nil {
		return nil, err
	}
	return write(ctx, a, c, key, body, func(tx *database.Tx) (Order, error) {
		decided, err := decide(ctx, tx, ruling)
		if err != nil {
			return Order{}, err
		}
		return orderView(ctx, a.organisations(tx, c), decided)
	})
}

func summaryView(ctx context.Context, names *organisations, o orders.Order) (OrderSummary, error) {
	organisation, err := names.find(ctx, o.Organisation)
	if err != nil {
		return OrderSummary{}, err
	}
	shown := o.InForce
	if shown == 0 {
		shown = o.Latest
	}
	view := OrderSummary{ID: o.ID, Number: o.Number, State: o.State, Version: shown, LatestVersion: o.Latest, Organisation: organisation,
		ConnectionID: o.Connection, Source: o.Source, Currency: o.Currency, Total: Money(o.Version.Total),
		Decision: Decision{Outcome: o.Decision.Outcome, Reason: o.Decision.Reason, Sentence: o.Decision.Sentence},
		PlacedAt: instant(o.PlacedAt), UpdatedAt: instant(o.UpdatedAt)}
	if o.Decision.Short.Minor > 0 {
		view.Decision.Short = some(Money(o.Decision.Short))
	}
	return view, nil
}

func orderView(ctx context.Context, names *organisations, o orders.Order) (Order, error) {
	summary, err := summaryView(ctx, names, o)
	if err != nil {
		return Order{}, err
	}
	v := o.Version
	view := Order{OrderSummary: summary, Goods: Money(v.Goods), Freight: Money(v.Freight), Tax: Money(v.Tax),
		Lines: make([]OrderLine, len(v.Lines)), Flags: []OrderFlag{}, AgreementID: o.Agreement, Draws: []OrderDraw{},
		ShipTo: placeOf(v.Header.ShipTo), RequestedDelivery: v.Header.Delivery, RequisitionID: v.Header.RequisitionID, Comments: listOf(v.Header.Comments)}
	standing, err := checkout.StandingOf(ctx, names.q, o)
	if err != nil {
		return Order{}, err
	}
	for _, s := range standing {
		draw := OrderDraw{Line: s.Line, Drawn: Money(s.Drawn)}
		if s.Most != nil {
			draw.Maximum, draw.Left = some(Money(*s.Most)), some(Money(*s.Left))
		}
		if u := s.Units; u != nil {
			draw.MaximumQuantity, draw.DrawnQuantity, draw.Unit = u.Most.String(), u.Drawn.String(), u.Unit
		}
		view.Draws = append(view.Draws, draw)
	}
	for _, f := range v.Flags {
		view.Flags = append(view.Flags, OrderFlag{f.Code, f.Message, f.Line})
	}
	for i, l := range v.Lines {
		line := OrderLine{Line: l.Line, SKU: l.SKU, BuyerPart: l.BuyerPart, Description: l.Name, Quantity: l.Quantity.String(), Unit: l.Unit,
			UnitPrice: priceOf(l.UnitPrice, o.Currency), PricePer: perOf(l.Per), Amount: Money(l.Amount), Charge: l.Charge, Flags: []string{},
			ShipTo: placeOf(l.ShipTo), RequestedDelivery: l.Delivery, Comments: listOf(l.Comments)}
		if line.Cancelled = "0"; l.Cancelled != nil {
			line.Cancelled = l.Cancelled.String()
		}
		if o.Source == "punchout" {
			line.BuyerPrice = maybePrice(&l.BuyerPrice, o.Currency)
		}
		if l.Amount.Currency == "" {
			line.Amount = Money(money.Zero(o.Currency)) // a group line, whose parts carry the price
		}
		for _, f := range l.Flags {
			view.Flags = append(view.Flags, OrderFlag{f.Code, f.Message, l.Line})
		}
		for _, f := range view.Flags {
			if f.Line == l.Line && !slices.Contains(line.Flags, f.Code) {
				line.Flags = append(line.Flags, f.Code)
			}
		}
		view.Lines[i] = line
	}
	return view, nil
}
