package checkout

import (
	"bytes"
	"context"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

// Place does what the buyer asks for with an order: new, update or delete. It prices the lines,
// has the credit desk decide, stores the order or its new version, and queues what is to be
// told, all or nothing with the transaction that it joins.
//
// An order that waits or is refused is a result, not an error. Errors say why nothing was done:
// fault.Conflict when the order's state or version forbids it, fault.Unknown for an order that
// was never seen, fault.PaymentRequired without a credit line.
func (d *Desk) Place(ctx context.Context, tx *database.Tx, w Wanted) (Placed, error) {
	existing, found, err := orders.FindByNumber(ctx, tx, w.Merchant.ID, w.Organisation.ID, w.Number)
	if err != nil {
		return Placed{}, err
	}
	switch w.Kind {
	case New:
		return d.placeNew(ctx, tx, w, existing, found)
	case Change:
		return d.change(ctx, tx, w, existing, found)
	case Cancel:
		return d.cancel(ctx, tx, w, existing, found)
	}
	return Placed{}, fault.At(fault.Invalid, "kind", "type must be new, update or delete")
}

func (d *Desk) placeNew(ctx context.Context, tx *database.Tx, w Wanted, existing orders.Order, found bool) (Placed, error) {
	hash, err := orders.ContentHash(w.Kind, w.Header, w.Lines)
	if err != nil {
		return Placed{}, err
	}
	if found && existing.Live() {
		placed, superseded, err := d.sameNumber(ctx, tx, w, existing, hash)
		if err != nil || !superseded {
			return placed, err
		}
	}
	p, err := d.price(ctx, tx, w)
	if err != nil {
		return Placed{}, err
	}
	now := database.At(d.Clock.Now())
	number := max(w.Version, 1)
	o := orders.Order{ID: database.NewID("ord"), Merchant: w.Merchant.ID, Organisation: w.Organisation.ID, Connection: w.Connection,
		Number: w.Number, Source: w.Source, Currency: w.Currency, Latest: number, Agreement: w.Agreement, RowVersion: 1, PlacedAt: now, UpdatedAt: now}
	if err := d.drawOn(ctx, tx, w, &p, o.ID); err != nil {
		return Placed{}, err
	}
	decision, err := d.decide(ctx, tx, w, p, o.ID, credit.Reserve)
	if err != nil {
		return Placed{}, err
	}
	o.Decision = kept(decision)
	o.Version = p.version(w, number, hash)
	switch decision.Outcome {
	case credit.Approved:
		o.State, o.InForce, o.Version.State = orders.Approved, number, orders.InForce
	case credit.Review:
		o.State, o.Version.State = orders.CreditReview, orders.Waiting
	default:
		o.State, o.Version.State = orders.Refused, orders.VersionRefused
	}
	o.Events = 1
	taken, err := orders.Create(ctx, tx, &o)
	if err != nil {
		return Placed{}, err
	}
	if taken {
		return Placed{}, database.ErrAgain // somebody placed that number at this moment: look again
	}
	if o.State == orders.Approved {
		if err := orders.AddDraws(ctx, tx, o, p.draws); err != nil {
			return Placed{}, err
		}
	}
	placed := Placed{Order: o, Waiting: o.State == orders.CreditReview, Refused: o.State == orders.Refused}
	return d.tellPlaced(ctx, tx, placed, w.Merchant, kindOf(o.State))
}

// sameNumber handles a new order whose number is in use: a repeat has no effect, not even when the
// order was changed since; one that was never approved makes room for the new attempt, anything else is a conflict.
func (d *Desk) sameNumber(ctx context.Context, tx *database.Tx, w Wanted, existing orders.Order, hash []byte) (placed Placed, superseded bool, err error) {
	latest, err := orders.FindVersion(ctx, tx, existing, existing.Latest)
	if err != nil {
		return Placed{}, false, err
	}
	if bytes.Equal(latest.Hash, hash) {
		existing.Version = latest
		return Placed{Order: existing, Repeated: true, Waiting: existing.State == orders.CreditReview}, false, nil
	}
	// The kind is part of the hash, so that only the order's own beginning can be found here.
	if repeated, err := orders.AskedBefore(ctx, tx, existing, hash); err != nil || repeated {
		existing.Version = latest
		return Placed{Order: existing, Repeated: repeated, Waiting: existing.State == orders.CreditReview}, false, err
	}
	if existing.InForce > 0 {
		return Placed{}, false, fault.At(fault.Conflict, "number",
			"order "+w.Number+" exists already with other content; send it as an update")
	}
	if _, err := d.giveBack(ctx, tx, w, existing.ID); err != nil {
		return Placed{}, false, err
	}
	locked, err := d.lockUnchanged(ctx, tx, existing)
	if err != nil {
		return Placed{}, false, err
	}
	locked.State, locked.Version = orders.Cancelled, latest
	now := database.At(d.Clock.Now())
	if err := d.closeWaiting(ctx, tx, &locked, latest, now, orders.EventWithdrawn); err != nil {
		return Placed{}, false, err
	}
	locked.Events++
	if err := orders.Update(ctx, tx, &locked, now); err != nil {
		return Placed{}, false, err
	}
	return Placed{}, true, d.tell(ctx, tx, &locked, now, orders.EventSuperseded)
}

// decide asks the credit desk, unless the order is no call for credit or a person must look at it
// first. What waits for a person needs a credit line all the same: without one nobody could let it
// go on, and the buyer is told so now (fault.PaymentRequired).
func (d *Desk) decide(ctx context.Context, tx *database.Tx, w Wanted, p priced, reference string,
	desk func(context.Context, *database.Tx, credit.Ask) (credit.Decision, error)) (credit.Decision, error) {
	zero := money.Zero(w.Currency)
	if w.Header.Blanket != nil {
		return credit.Decision{Outcome: credit.Approved, Reason: credit.NotOnCredit, Asked: zero, Available: zero, Short: zero,
			Sentence: "A blanket order takes up no credit; its releases do."}, nil
	}
	if p.review != "" {
		if err := credit.Lock(ctx, tx, w.Organisation, w.Currency); err != nil {
			return credit.Decision{}, err
		}
		return credit.Decision{Outcome: credit.Review, Reason: p.reason, Sentence: p.review, Asked: p.Total, Available: zero, Short: zero}, nil
	}
	return desk(ctx, tx, credit.Ask{Organisation: w.Organisation, Reference: reference, Total: p.Total,
		Actor: "kontor", At: d.Clock.Now()})
}

func kept(c credit.Decision) orders.Decision {
	return orders.Decision{Outcome: c.Outcome, Reason: c.Reason, Sentence: c.Sentence, Available: c.Available, Short: c.Short, Bound: c.Bound}
}

func (p priced) version(w Wanted, number int64, hash []byte) orders.Version {
	return orders.Version{Number: number, Hash: hash, Goods: p.Goods, Tax: p.Tax, Freight: p.Freight, Total: p.Total,
		Header: w.Header, Flags: p.flags, DocumentID: w.DocumentID, Lines: p.lines}
}

func kindOf(state string) string {
	switch state {
	case orders.Approved:
		return orders.EventApproved
	case orders.CreditReview:
		return orders.EventHeld
	default:
		return orders.EventRefused
	}
}

// tellPlaced records what became of an order or a change of it; of what waits the merchant's people are
// told, too.
func (d *Desk) tellPlaced(ctx context.Context, tx *database.Tx, placed Placed, merchant accounts.Merchant, kind string) (Placed, error) {
	o := &placed.Order
	if err := d.tell(ctx, tx, o, o.UpdatedAt, kind); err != nil || !placed.Waiting {
		return placed, err
	}
	return placed, notices.Waits(ctx, tx, eventOf(o, o.UpdatedAt, kind), merchant)
}

// tell records the order's next event, whose seq the caller has counted in o.Events, for the
// connection that the order came by.
func (d *Desk) tell(ctx context.Context, tx *database.Tx, o *orders.Order, at database.Time, kind string) error {
	var destinations []string
	if o.Connection != "" {
		destinations = append(destinations, "cxml:"+o.Connection)
	}
	if d.Wake != nil {
		tx.AfterCommit(d.Wake)
	}
	return outbox.Add(ctx, tx, eventOf(o, at, kind), o, destinations...)
}

func eventOf(o *orders.Order, at database.Time, kind string) outbox.Event {
	return outbox.Event{Merchant: o.Merchant, Object: o.ID, Seq: o.Events, Kind: kind, At: at}
}
