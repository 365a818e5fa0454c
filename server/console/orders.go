package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
	"github.com/kontorhq/kontor/procurement"
)

const pageSize = 25

type orderList struct {
	State, Number string
	Organisation  *accounts.Organisation // only its orders
	States        []string
	Rows          []orderRow
	Older         string // address, empty at the end
	Newest        string // address, empty on the first page
	Filtered      bool
}

var orderStates = []string{orders.CreditReview, orders.Approved, orders.Refused, orders.Cancelled}

// getOrders lists orders, newest first; the address is the filter.
func (c *console) getOrders(v *visit) error {
	ctx, query := v.Request().Context(), v.QueryParams()
	body := orderList{State: query.Get("state"), Number: strings.TrimSpace(query.Get("number")), States: orderStates}
	if !slices.Contains(orderStates, body.State) {
		body.State = ""
	}
	f := orders.Filter{State: body.State, Number: cut(body.Number, 200), Limit: pageSize + 1}
	if id := query.Get("organisation"); id != "" {
		o, err := accounts.FindOrganisation(ctx, c.DB, v.merchant.ID, id)
		if err != nil {
			return err
		}
		body.Organisation, f.Organisation = &o, o.ID
	}
	if before := query.Get("before"); len(before) == 30 && strings.HasPrefix(before, "ord_") {
		f.Before = before
	}
	list, err := orders.List(ctx, c.DB, v.merchant.ID, f)
	if err != nil {
		return err
	}
	body.Filtered = body.State != "" || body.Number != "" || body.Organisation != nil
	address := func(before string) string {
		q := url.Values{}
		for name, value := range map[string]string{"state": body.State, "number": body.Number, "organisation": f.Organisation, "before": before} {
			if value != "" {
				q.Set(name, value)
			}
		}
		if len(q) == 0 {
			return v.home + "/orders"
		}
		return v.home + "/orders?" + q.Encode()
	}
	if len(list) > pageSize {
		list = list[:pageSize]
		body.Older = address(list[pageSize-1].ID)
	}
	if f.Before != "" {
		body.Newest = address("")
	}
	names := names{c: c, merchant: v.merchant.ID}
	if body.Rows, err = names.rows(ctx, list); err != nil {
		return err
	}
	return c.show(v, http.StatusOK, "orders", "orders", "Orders", body)
}

func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

// orderPage is everything about one order.
type orderPage struct {
	orders.Order
	Badge        string
	Organisation accounts.Organisation
	Shown        orders.Version // the one whose lines are listed: what waits, else what is in force
	Waits        bool
	Words        string // the decision's sentence
	Standing     standing
	Draws        []checkout.Standing // of a blanket order
	Agreement    string              // number of the blanket order that it draws on
	Versions     []orders.Step
	Documents    []procurement.Document
	Deliveries   []outbox.Delivery // to the buyer
	Mails        []outbox.Delivery // to the merchant's own people
	Dead         bool
	Resend       string // token
	Form         ruling
	Cut          cutForm
	Done         string
}

// ruling is the form by which a person decides, with what was typed.
type ruling struct {
	Token      string
	Reason     string
	Error      string // about the reason
	Conflict   string // why it can't be done as asked
	Override   bool   // it may be released all the same
	Confirming bool   // a rejection asks first
}

// AmountOf gives minor units the order's currency.
func (p orderPage) AmountOf(minor int64) money.Amount { return money.Of(minor, p.Currency) }

func (c *console) getOrder(v *visit) error {
	body, err := c.orderPage(v.Request().Context(), v, v.Param("id"))
	if err != nil {
		return err
	}
	body.Form.Token, body.Cut.Token = c.freshToken(v), c.freshToken(v)
	switch done := v.QueryParam("done"); {
	case done == "released" && body.State == orders.Approved && body.Standing.Line != nil:
		body.Done = "Order " + body.Number + " is released. " + body.Standing.Left()
	case done == "rejected" && !body.Waits:
		body.Done = "The rejection of order " + body.Number + " is recorded."
	case done == "cancelled":
		body.Done = "The cancellation is recorded. " + formatMoney(body.Version.Total) + " are left of the order."
	case done == "unchanged":
		body.Done = "Nothing was changed: so much was cancelled already."
	case done == "resent":
		body.Done = "The message is on its way again."
	}
	return c.showOrder(v, http.StatusOK, body)
}

func (c *console) showOrder(v *visit, status int, body *orderPage) error {
	return c.show(v, status, "order", "orders", "Order "+body.Number, body)
}

func (c *console) orderPage(ctx context.Context, v *visit, id string) (*orderPage, error) {
	o, err := orders.Find(ctx, c.DB, v.merchant.ID, id)
	if err != nil {
		return nil, err
	}
	p := &orderPage{Order: o, Badge: o.State, Shown: o.Version, Words: sentence(o.Decision.Sentence), Resend: c.token(v, lasting)}
	if o.Decision.Reason == "rejected" {
		p.Words = "" // a person's words stand beside it as they were typed
	}
	if p.Organisation, err = accounts.FindOrganisation(ctx, c.DB, v.merchant.ID, o.Organisation); err != nil {
		return nil, err
	}
	if o.Live() {
		latest := o.Version
		if latest.Number != o.Latest {
			if latest, err = orders.FindVersion(ctx, c.DB, o, o.Latest); err != nil {
				return nil, err
			}
		}
		if p.Waits = latest.State == orders.Waiting; p.Waits {
			p.Shown = latest
			if o.State == orders.Approved {
				p.Badge = "change"
			}
		}
	}
	if p.Standing, err = c.standing(ctx, p.Organisation, o, p.Shown); err != nil {
		return nil, err
	}
	if p.Draws, err = checkout.StandingOf(ctx, c.DB, o); err != nil {
		return nil, err
	}
	if o.Agreement != "" {
		if p.Agreement, err = orders.NumberOf(ctx, c.DB, v.merchant.ID, o.Agreement); err != nil {
			return nil, err
		}
	}
	if p.Versions, err = orders.History(ctx, c.DB, v.merchant.ID, o.ID); err != nil {
		return nil, err
	}
	if p.Documents, err = procurement.DocumentsOf(ctx, c.DB, v.merchant.ID, o.ID); err != nil {
		return nil, err
	}
	slices.Reverse(p.Documents)
	if p.Deliveries, err = outbox.Of(ctx, c.DB, v.merchant.ID, o.ID); err != nil {
		return nil, err
	}
	slices.Reverse(p.Deliveries)
	for _, d := range p.Deliveries {
		if d.Scheme() == notices.Scheme {
			p.Mails = append(p.Mails, d)
		}
	}
	slices.SortStableFunc(p.Mails, func(a, b outbox.Delivery) int { return a.Since.Compare(b.Since.Time) })
	p.Deliveries = slices.DeleteFunc(p.Deliveries, func(d outbox.Delivery) bool { return d.Scheme() == notices.Scheme })
	p.Cut.Lines = cutFields(o)
	p.Dead = slices.ContainsFunc(p.Deliveries, func(d outbox.Delivery) bool { return d.State == outbox.Dead })
	return p, nil
}

// postResend puts a message that was given up back on its way. Sending the form twice changes
// nothing more: only a dead delivery is revived.
func (c *console) postResend(v *visit) error {
	ctx, order, destination := v.Request().Context(), v.Param("id"), v.FormValue("destination")
	seq, err := parseSeq(v.FormValue("seq"))
	if err != nil {
		return err
	}
	now, event := c.Clock.Now(), outbox.Event{Merchant: v.merchant.ID, Object: order, Seq: seq}
	err = c.DB.InTx(ctx, func(tx *database.Tx) error {
		revived, err := outbox.Resend(ctx, tx, event, destination, now)
		if err != nil || !revived {
			return err
		}
		if err := notices.Resent(ctx, tx, event, destination, v.actor(), now); err != nil {
			return err
		}
		if c.Desk.Wake != nil {
			tx.AfterCommit(c.Desk.Wake)
		}
		return accounts.Audit(ctx, tx, accounts.Change{Merchant: v.merchant.ID, At: now, Actor: v.actor(), Action: "delivery.resend",
			Object: order, Reason: "sent again to " + destination, Was: inState(outbox.Dead), Became: inState(outbox.Ready)})
	})
	if err != nil {
		return err
	}
	return v.Redirect(http.StatusSeeOther, v.home+"/orders/"+url.PathEscape(order)+"?done=resent")
}

// inState is what an audit shows of a delivery.
func inState(state string) map[string]string { return map[string]string{"state": state} }

// message is an event in words, for the list of messages.
func message(kind string) string {
	if words, ok := messages[kind]; ok {
		return words
	}
	return kind
}

var messages = map[string]string{
	orders.EventApproved:       "The order is approved",
	orders.EventHeld:           "The order waits",
	orders.EventRefused:        "The order is refused",
	orders.EventCancelled:      "The order is cancelled",
	orders.EventSuperseded:     "A new attempt took its place",
	orders.EventChanged:        "The change is approved",
	orders.EventChangeHeld:     "The change waits",
	orders.EventChangeRejected: "The change is rejected",
	orders.EventReleased:       "What waited is released",
	orders.EventRejected:       "What waited is rejected",
	orders.EventWithdrawn:      "A later document took the place of what waited",
	orders.EventLinesCancelled: "Lines are cancelled",
}

var errSeq = fault.At(fault.Invalid, "seq", "The message is named by its number.")
