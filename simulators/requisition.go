package simulators

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"
)

// State is how far a requisition has come.
type State string

// The states, in their order. The credit review is the supplier’s.
const (
	Draft     State = "Draft"
	CartHome  State = "Cart home"
	Approved  State = "Approved"
	Ordered   State = "Ordered"
	Waiting   State = "Waiting for credit review"
	Confirmed State = "Confirmed"
	Refused   State = "Refused"
	Cancelled State = "Cancelled"
)

// Line is one cart line as it came home. Texts are kept as written: they are echoed in orders.
type Line struct {
	Number                       int
	SKU, AuxiliaryID             string
	Description                  string
	Name                         string // the short form for lists, else the description
	Quantity, Unit               string
	UnitPrice                    Money
	Basis                        *PriceBasis
	ClassificationDomain, UNSPSC string
	ManufacturerPartID           string
	ManufacturerName             string
	ProductID                    string // what the supplier is asked for its price by, with OCI
	Amount                       Money  // quantity × price, by our own arithmetic
}

// PriceBasis says what a unit price is for, when it is not one order unit.
type PriceBasis struct {
	Quantity, Conversion, Unit string
}

// Cart is what a visit brought home. Tax and Shipping have an empty Value when absent.
type Cart struct {
	PayloadID        string
	OperationAllowed string
	QuotePending     bool // the supplier has still to say its final prices
	Lines            []Line
	Goods            Money
	Tax, Shipping    Money
	TaxText          string
	ShippingText     string
}

// allows tells whether the supplier takes the cart back for edit or inspect.
func (c Cart) allows(operation string) bool {
	return c.OperationAllowed == "edit" || c.OperationAllowed == operation
}

// Sum is goods, freight and tax together.
func (c Cart) Sum() Money { return addMoney(c.Goods, c.Shipping, c.Tax) }

// Outcome is what became of one version of an order.
type Outcome string

// Outcomes. Unanswered means nobody knows: the same bytes are sent again.
const (
	Sending          Outcome = "sending"
	Unanswered       Outcome = "unanswered"
	Taken            Outcome = "taken"
	Reviewed         Outcome = "in review"
	ConfirmedOutcome Outcome = "confirmed"
	RefusedOutcome   Outcome = "refused"
)

// OrderVersion is one order document: type new, update or delete.
type OrderVersion struct {
	Version   int
	Type      string
	PayloadID string
	Cart      Cart
	SentAt    time.Time
	Answer    Answer
	Outcome   Outcome
	Sentence  string // the supplier's words about this version
	document  []byte
}

// Event is one line of the requisition's story.
type Event struct {
	At           time.Time
	Text, Detail string
}

// Requisition is a snapshot: nothing in it changes afterwards.
type Requisition struct {
	ID, Title   string
	Person      Person
	State       State
	Started     time.Time
	StartPage   string // of the last visit
	VisitOpen   bool
	Operation   string // of the last visit
	Product     string // what visits for a new cart open with; "" is the whole shop
	Cart        *Cart
	OrderNumber string
	Versions    []OrderVersion
	Sentence    string // the supplier's reason while it waits or is refused
	Problem     string // what went wrong last, on our side or on the wire; empty when all is well
	Events      []Event
}

// requisition is the live one, guarded by the buyer's mutex.
type requisition struct {
	Requisition
	cookie   string
	ended    string // payloadID of the message that ended the last visit
	approved bool
	busy     bool // a document is on the wire
	framed   bool // the last visit was opened in a frame of ours
}

func (r *requisition) snapshot() Requisition {
	s := r.Requisition
	s.State, s.Sentence = r.state()
	s.Versions = slices.Clone(r.Versions)
	s.Events = slices.Clone(r.Events)
	if r.Cart != nil {
		cart := *r.Cart
		s.Cart = &cart
	}
	return s
}

// state follows from what happened, so that late or repeated messages can't contradict it: the
// newest version decides, unless it is a refused change, which leaves the earlier one in force.
func (r *requisition) state() (State, string) {
	for i := len(r.Versions) - 1; i >= 0; i-- {
		v := r.Versions[i]
		switch {
		case v.Outcome == RefusedOutcome && v.Type != "new":
			continue
		case v.Outcome == RefusedOutcome:
			return Refused, v.Sentence
		case v.Outcome == Reviewed:
			return Waiting, v.Sentence
		case v.Outcome == Sending || v.Outcome == Unanswered:
			if v.Type != "new" {
				continue
			}
			return Approved, ""
		case v.Type == "delete":
			return Cancelled, v.Sentence
		case v.Outcome == ConfirmedOutcome:
			return Confirmed, v.Sentence
		default:
			return Ordered, v.Sentence
		}
	}
	switch {
	case r.approved:
		return Approved, ""
	case r.Cart != nil:
		return CartHome, ""
	}
	return Draft, ""
}

// inForce is the newest version that was not refused and is not a cancellation.
func (r *requisition) inForce() *OrderVersion {
	for i := len(r.Versions) - 1; i >= 0; i-- {
		if v := &r.Versions[i]; v.Outcome != RefusedOutcome && v.Type != "delete" {
			return v
		}
	}
	return nil
}

func (r *requisition) version(payloadID string) *OrderVersion {
	for i := range r.Versions {
		if r.Versions[i].PayloadID == payloadID {
			return &r.Versions[i]
		}
	}
	return nil
}

func (b *Buyer) story(r *requisition, text, detail string) {
	r.Events = append(r.Events, Event{b.now(), text, detail})
	if len(r.Events) > 200 {
		r.Events = slices.Delete(r.Events, 0, len(r.Events)-200)
	}
}

// find looks a requisition up by its own number or by its order number.
func (b *Buyer) find(id string) (*requisition, error) {
	for _, r := range slices.Backward(b.requisitions) {
		if r.ID == id || (r.OrderNumber != "" && r.OrderNumber == id) {
			return r, nil
		}
	}
	return nil, fmt.Errorf("%w: there is no requisition or order %q", ErrNotFound, id)
}

// Requisition is a snapshot by requisition or order number; false when there is none.
func (b *Buyer) Requisition(id string) (Requisition, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, err := b.find(id)
	if err != nil {
		return Requisition{}, false
	}
	return r.snapshot(), true
}

// Requisitions are all that are remembered, newest first.
func (b *Buyer) Requisitions() []Requisition {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Requisition, 0, len(b.requisitions))
	for _, r := range slices.Backward(b.requisitions) {
		all = append(all, r.snapshot())
	}
	return all
}

// randomText is n lower-case characters that nobody guesses.
func randomText(n int) string {
	text := ""
	for len(text) < n {
		text += strings.ToLower(rand.Text())
	}
	return text[:n]
}

// Total is what the newest order, or else the cart, comes to; nil without lines.
func (r Requisition) Total() *Money {
	cart := cartInForce(r)
	if cart == nil {
		return nil
	}
	sum := cart.Sum()
	return &sum
}

// LastEvent is the index of the newest one.
func (r Requisition) LastEvent() int { return len(r.Events) - 1 }
