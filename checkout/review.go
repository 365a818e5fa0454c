package checkout

import (
	"context"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/orders"
)

// Ruling is what a person decides about something that waits.
type Ruling struct {
	Merchant string
	Order    string
	Actor    string
	Reason   string
	Override bool // let it pass although it still doesn't fit
}

// ReleaseOrder lets an order, or a change of one, that waits go on. The credit desk decides
// again with the figures of this moment: what still doesn't fit is a fault.Conflict with the
// sum, unless the person overrides it.
func (d *Desk) ReleaseOrder(ctx context.Context, tx *database.Tx, r Ruling) (orders.Order, error) {
	read, organisation, version, err := d.waiting(ctx, tx, r)
	if err != nil {
		return orders.Order{}, err
	}
	draws, err := d.redraw(ctx, tx, r, read, organisation, version)
	if err != nil {
		return orders.Order{}, err
	}
	decision, err := credit.Adjust(ctx, tx, credit.Ask{Organisation: organisation, Reference: read.ID, Total: version.Total,
		Override: r.Override, Actor: r.Actor, Reason: r.Reason, At: d.Clock.Now()})
	if err != nil {
		return orders.Order{}, err
	}
	if decision.Outcome != credit.Approved {
		return orders.Order{}, fault.New(fault.Conflict, decision.Sentence)
	}
	o, err := d.lockUnchanged(ctx, tx, read)
	if err != nil {
		return orders.Order{}, err
	}
	was := o
	result := orders.EventChanged
	if o.InForce == 0 {
		result = orders.EventApproved
	}
	if err := bringIntoForce(ctx, tx, &o, &version, draws); err != nil {
		return orders.Order{}, err
	}
	o.Version, o.Decision = version, kept(decision)
	o.Decision.Actor, o.Decision.Why = r.Actor, r.Reason
	// Two facts: that what waited was decided, and what the order is now.
	return d.rule(ctx, tx, r, was, o, version, orders.EventReleased, result)
}

// redraw looks once more at what a release draws on its blanket order: what still can't be drawn is a
// fault.Conflict, unless the person overrides it.
func (d *Desk) redraw(ctx context.Context, tx *database.Tx, r Ruling, o orders.Order, organisation accounts.Organisation, v orders.Version) ([]orders.Draw, error) {
	if o.Agreement == "" {
		return nil, nil
	}
	merchant, err := accounts.FindMerchant(ctx, tx, r.Merchant)
	if err != nil {
		return nil, err
	}
	again, err := d.release(ctx, tx, drawing{merchant, organisation, o.Agreement, o.ID, o.Currency, v.Lines})
	if err == nil && again.beyond != "" && !r.Override {
		err = fault.New(fault.Conflict, again.beyond)
	}
	return again.draws, err
}

// RejectOrder ends what waits: a new order is refused, a change leaves the old version in force.
func (d *Desk) RejectOrder(ctx context.Context, tx *database.Tx, r Ruling) (orders.Order, error) {
	if r.Reason == "" {
		return orders.Order{}, fault.At(fault.Invalid, "reason", "say why the order is rejected")
	}
	read, _, version, err := d.waiting(ctx, tx, r)
	if err != nil {
		return orders.Order{}, err
	}
	o, err := d.lockUnchanged(ctx, tx, read)
	if err != nil {
		return orders.Order{}, err
	}
	was := o
	version.State = orders.VersionRefused
	zero := noTotals(o.Currency)
	o.Decision = orders.Decision{Outcome: credit.Refused, Reason: "rejected", Sentence: r.Reason, Actor: r.Actor, Why: r.Reason,
		Available: zero.Total, Short: zero.Total}
	if o.InForce > 0 {
		if o.Version, err = orders.FindVersion(ctx, tx, o, o.InForce); err != nil {
			return orders.Order{}, err
		}
		return d.rule(ctx, tx, r, was, o, version, orders.EventChangeRejected)
	}
	o.State, o.Version = orders.Refused, version
	return d.rule(ctx, tx, r, was, o, version, orders.EventRejected, orders.EventRefused)
}

// waiting finds what the ruling is about.
func (d *Desk) waiting(ctx context.Context, tx *database.Tx, r Ruling) (orders.Order, accounts.Organisation, orders.Version, error) {
	o, err := orders.Find(ctx, tx, r.Merchant, r.Order)
	if err == nil {
		err = o.MayRelease()
	}
	if err != nil {
		return o, accounts.Organisation{}, orders.Version{}, err
	}
	organisation, err := accounts.FindOrganisation(ctx, tx, r.Merchant, o.Organisation)
	if err != nil {
		return o, organisation, orders.Version{}, err
	}
	version, err := orders.FindVersion(ctx, tx, o, o.Latest)
	if err == nil && version.State != orders.Waiting {
		err = fault.New(fault.Conflict, "the change of order "+o.Number+" was decided about already, nothing of it waits")
	}
	return o, organisation, version, err
}

// rule stores a ruling on a version with its events and its audit entry. The first event is the
// ruling itself and shows the version that it is about; a rejected change isn't what is in force.
func (d *Desk) rule(ctx context.Context, tx *database.Tx, r Ruling, was, o orders.Order, about orders.Version, events ...string) (orders.Order, error) {
	if err := orders.SetVersionState(ctx, tx, &o, about.Number, about.State); err != nil {
		return orders.Order{}, err
	}
	now := database.At(d.Clock.Now())
	o.Events += int64(len(events))
	if err := orders.Update(ctx, tx, &o, now); err != nil {
		return orders.Order{}, err
	}
	last := o.Events
	for i, event := range events {
		shown := o
		shown.Events = last - int64(len(events)-1-i)
		if i == 0 {
			shown.Version = about
		}
		if err := d.tell(ctx, tx, &shown, now, event); err != nil {
			return orders.Order{}, err
		}
	}
	return o, accounts.Audit(ctx, tx, accounts.Change{Merchant: o.Merchant, At: now.Time, Actor: r.Actor, Action: events[0],
		Object: o.ID, Reason: r.Reason, Was: decided(was), Became: decided(o)})
}

// decided is what an audit shows of an order that was ruled on.
func decided(o orders.Order) map[string]any {
	return map[string]any{"state": o.State, "decision": o.Decision}
}
