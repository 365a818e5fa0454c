package checkout

import (
	"bytes"
	"cmp"
	"context"
	"strconv"

	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// change replaces an order by a new version. The difference is decided about: what doesn't fit
// is refused with the old version in force, or waits beside it.
func (d *Desk) change(ctx context.Context, tx *database.Tx, w Wanted, existing orders.Order, found bool) (Placed, error) {
	if !found {
		return Placed{}, unknownOrder(w)
	}
	if w.Currency != existing.Currency {
		return Placed{}, fault.At(fault.Invalid, "currency",
			"order "+w.Number+" is in "+existing.Currency+" and can't be changed to "+w.Currency)
	}
	hash, err := orders.ContentHash(w.Kind, w.Header, w.Lines)
	if err != nil {
		return Placed{}, err
	}
	latest, repeated, err := d.versionAllowed(ctx, tx, w, existing, hash)
	if err != nil || repeated {
		return Placed{Order: existing, Repeated: repeated, Waiting: latest.State == orders.Waiting}, err
	}
	p, err := d.priceChange(ctx, tx, w, existing, latest)
	if err != nil {
		return Placed{}, err
	}
	decision, err := d.decideChange(ctx, tx, w, p, existing)
	if err != nil {
		return Placed{}, err
	}
	o, err := d.lockUnchanged(ctx, tx, existing)
	if err != nil {
		return Placed{}, err
	}
	v := p.version(w, cmp.Or(w.Version, o.Latest+1), hash)
	kind, closing := orders.EventChangeHeld, orders.EventWithdrawn
	o.Latest, o.Agreement, o.Decision, v.State = v.Number, w.Agreement, kept(decision), orders.Waiting
	if decision.Outcome == credit.Approved {
		kind, closing = orders.EventChanged, orders.EventReleased
		if o.State == orders.CreditReview {
			kind = orders.EventApproved
		}
		if err := bringIntoForce(ctx, tx, &o, &v, p.draws); err != nil {
			return Placed{}, err
		}
	}
	now := database.At(d.Clock.Now())
	if err := d.closeWaiting(ctx, tx, &o, latest, now, closing); err != nil {
		return Placed{}, err
	}
	if err := orders.AddVersion(ctx, tx, &o, v, now); err != nil {
		return Placed{}, err
	}
	o.Version = v
	if v.State == orders.Waiting && o.InForce > 0 {
		if o.Version, err = orders.FindVersion(ctx, tx, o, o.InForce); err != nil {
			return Placed{}, err
		}
	}
	o.Events++
	if err := orders.Update(ctx, tx, &o, now); err != nil {
		return Placed{}, err
	}
	return d.tellPlaced(ctx, tx, Placed{Order: o, Waiting: v.State == orders.Waiting}, w.Merchant, kind)
}

// priceChange prices a change and holds it against what the order was: lines that the merchant took
// back, and releases that drew on it.
func (d *Desk) priceChange(ctx context.Context, tx *database.Tx, w Wanted, existing orders.Order, latest orders.Version) (priced, error) {
	p, err := d.price(ctx, tx, w)
	if err != nil {
		return p, err
	}
	if existing.InForce > 0 {
		before := latest
		if existing.InForce != existing.Latest {
			if before, err = orders.FindVersion(ctx, tx, existing, existing.InForce); err != nil {
				return p, err
			}
		}
		p.orderedAgain(before)
	}
	if err := d.drawOn(ctx, tx, w, &p, existing.ID); err != nil {
		return p, err
	}
	return p, d.drawnBeyond(ctx, tx, w, &p, existing)
}

// decideChange asks the credit desk about the difference. A refusal is an error here: a reject would
// cancel the whole order at the buyer, so the old version simply stays.
func (d *Desk) decideChange(ctx context.Context, tx *database.Tx, w Wanted, p priced, existing orders.Order) (credit.Decision, error) {
	decision, err := d.decide(ctx, tx, w, p, existing.ID, credit.Adjust)
	if err != nil {
		return decision, err
	}
	if decision.Outcome == credit.Refused {
		return decision, fault.New(fault.Conflict, "The change of order "+w.Number+" is refused and the order stays as it was: "+decision.Sentence)
	}
	if w.Header.Blanket != nil {
		// What was held before it became a blanket order; nothing else asked the credit desk.
		_, err = d.giveBack(ctx, tx, w, existing.ID)
	}
	return decision, err
}

// bringIntoForce puts a version in the place of the one that was in force, with what it draws on its
// blanket order.
func bringIntoForce(ctx context.Context, tx *database.Tx, o *orders.Order, v *orders.Version, draws []orders.Draw) error {
	if o.InForce > 0 {
		if err := orders.SetVersionState(ctx, tx, o, o.InForce, orders.Replaced); err != nil {
			return err
		}
	}
	v.State, o.State, o.InForce = orders.InForce, orders.Approved, v.Number
	return orders.SetDraws(ctx, tx, *o, draws)
}

// closeWaiting ends a version that waits because a later document of the buyer takes its place.
// Whoever was told that it waits (cXML status 201) is owed its end, so that is an event of its
// own whose value shows that version. A version that doesn't wait stays what it is.
func (d *Desk) closeWaiting(ctx context.Context, tx *database.Tx, o *orders.Order, v orders.Version, now database.Time, kind string) error {
	if v.State != orders.Waiting {
		return nil
	}
	if err := orders.SetVersionState(ctx, tx, o, v.Number, orders.Replaced); err != nil {
		return err
	}
	o.Events++
	v.State = orders.Replaced
	closed := *o
	closed.Version = v
	return d.tell(ctx, tx, &closed, now, kind)
}

// cancelledByBuyer is the reason of a decision; lines that the merchant takes back have another.
const cancelledByBuyer = "cancelled_by_buyer"

// cancel ends an order and gives back all that it holds. Cancelling what has ended does nothing.
func (d *Desk) cancel(ctx context.Context, tx *database.Tx, w Wanted, existing orders.Order, found bool) (Placed, error) {
	if !found {
		return Placed{}, unknownOrder(w)
	}
	if !existing.Live() {
		// Nothing is left to cancel of what we refused or took back, nor of what was cancelled so before.
		theirs := existing.State == orders.Cancelled && existing.Decision.Reason == cancelledByBuyer
		if !theirs || w.Version == 0 || w.Version == existing.Latest {
			return Placed{Order: existing, Repeated: true}, nil
		}
		return Placed{}, ended(w, existing)
	}
	if w.Version != 0 && w.Version <= existing.Latest {
		return Placed{}, late(w, existing)
	}
	w.Currency = existing.Currency
	if _, err := d.giveBack(ctx, tx, w, existing.ID); err != nil {
		return Placed{}, err
	}
	o, err := d.lockUnchanged(ctx, tx, existing)
	if err != nil {
		return Placed{}, err
	}
	hash, err := orders.ContentHash(w.Kind, w.Header, w.Lines)
	if err != nil {
		return Placed{}, err
	}
	latest, err := orders.FindVersion(ctx, tx, o, o.Latest)
	if err != nil {
		return Placed{}, err
	}
	number := cmp.Or(w.Version, o.Latest+1)
	if err := orders.SetDraws(ctx, tx, o, nil); err != nil {
		return Placed{}, err
	}
	w.Header.Blanket = latest.Header.Blanket // releases that come later find what it was
	zero := noTotals(o.Currency)
	v := orders.Version{Number: number, State: orders.VersionCancelled, Hash: hash, Header: w.Header, Flags: w.Flags, DocumentID: w.DocumentID,
		Goods: zero.Goods, Tax: zero.Tax, Freight: zero.Freight, Total: zero.Total}
	now := database.At(d.Clock.Now())
	if o.InForce > 0 {
		if err := orders.SetVersionState(ctx, tx, &o, o.InForce, orders.Replaced); err != nil {
			return Placed{}, err
		}
	}
	o.State = orders.Cancelled
	if err := d.closeWaiting(ctx, tx, &o, latest, now, orders.EventWithdrawn); err != nil {
		return Placed{}, err
	}
	if err := orders.AddVersion(ctx, tx, &o, v, now); err != nil {
		return Placed{}, err
	}
	o.Latest, o.InForce, o.Version = number, number, v
	o.Decision = orders.Decision{Outcome: "cancelled", Reason: cancelledByBuyer, Sentence: "The buyer cancelled the order.",
		Available: zero.Total, Short: zero.Total}
	o.Events++
	if err := orders.Update(ctx, tx, &o, now); err != nil {
		return Placed{}, err
	}
	return Placed{Order: o}, d.tell(ctx, tx, &o, now, orders.EventCancelled)
}

// versionAllowed checks a change against what was seen before: lower or equal versions with
// other content are late, an equal one with the same content is a repeat, and nothing follows an
// end (cXML reference 3.5 and 6.9).
func (d *Desk) versionAllowed(ctx context.Context, tx *database.Tx, w Wanted, existing orders.Order, hash []byte) (latest orders.Version, repeated bool, err error) {
	if !existing.Live() {
		return latest, false, ended(w, existing)
	}
	latest, err = orders.FindVersion(ctx, tx, existing, existing.Latest)
	if err != nil {
		return latest, false, err
	}
	// What was rejected may be asked for again, as a further version.
	if (w.Version == 0 || w.Version == existing.Latest) && bytes.Equal(latest.Hash, hash) && latest.State != orders.VersionRefused {
		return latest, true, nil
	}
	if w.Version != 0 && w.Version <= existing.Latest {
		return latest, false, late(w, existing)
	}
	return latest, false, nil
}

// lockUnchanged takes the order's row, after the credit chain, and makes sure that what was
// decided on still holds.
func (d *Desk) lockUnchanged(ctx context.Context, tx *database.Tx, read orders.Order) (orders.Order, error) {
	o, err := orders.Lock(ctx, tx, read.Merchant, read.ID)
	if err == nil && o.RowVersion != read.RowVersion {
		return o, database.ErrAgain
	}
	return o, err
}

// giveBack releases what an order holds.
func (d *Desk) giveBack(ctx context.Context, tx *database.Tx, w Wanted, reference string) (money.Amount, error) {
	return credit.Release(ctx, tx, credit.Ask{Organisation: w.Organisation, Reference: reference, Total: money.Zero(w.Currency),
		Actor: "kontor", At: d.Clock.Now()})
}

func unknownOrder(w Wanted) error {
	return fault.At(fault.Unknown, "number", "order "+w.Number+" was never received, so it can't be changed")
}

func ended(w Wanted, existing orders.Order) error {
	return fault.At(fault.Conflict, "number", "order "+w.Number+" is "+existing.State+" and can't be changed any more")
}

func late(w Wanted, existing orders.Order) error {
	return fault.At(fault.Conflict, "version",
		"version "+strconv.FormatInt(w.Version, 10)+" of order "+w.Number+" comes too late, version "+strconv.FormatInt(existing.Latest, 10)+" is here already")
}
