package simulators

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// order is what the order template sees.
type order struct {
	letterhead
	OrderID, OrderDate, Type, RequisitionID, Previous string
	Version                                           int
	Person                                            Person
	Cart                                              Cart
	Lines                                             []Line
	AskConfirmation                                   bool
	Comments                                          string
}

// Order approves the cart that came home and sends it as a new order, version 1, with the
// prices, auxiliary ids, freight and tax as they came. When the last attempt was not answered
// the same bytes go again; after a refusal it is a new attempt under the same order number. A
// refusal is an Answer, not an error; the error is for a reply that can't be understood.
func (b *Buyer) Order(ctx context.Context, id string) (Answer, error) {
	if err := b.validate(ctx, id); err != nil {
		return Answer{}, err
	}
	b.mu.Lock()
	r, err := b.find(id)
	if err != nil {
		b.mu.Unlock()
		return Answer{}, err
	}
	state, _ := r.state()
	last := r.last()
	switch {
	case r.busy:
		err = fmt.Errorf("%w: %s has a document on the wire", ErrState, r.ID)
	case state == Approved && last != nil && last.Outcome == Unanswered:
		payloadID := last.PayloadID
		r.busy = true
		b.mu.Unlock()
		return b.sendVersion(ctx, r, payloadID)
	case r.Cart == nil:
		err = fmt.Errorf("%w: %s has no cart to order", ErrState, r.ID)
	case state != CartHome && state != Approved && state != Refused:
		err = fmt.Errorf("%w: %s is %s", ErrState, r.ID, state)
	}
	if err != nil {
		b.mu.Unlock()
		return Answer{}, err
	}
	if !r.approved {
		r.approved, r.VisitOpen = true, false
		b.story(r, "Approved", "By the approver of "+b.cfg.Name)
	}
	if r.OrderNumber == "" {
		r.OrderNumber = b.orderNumber()
	}
	payloadID, err := b.addVersion(r, "new", 1, "", *r.Cart)
	b.mu.Unlock()
	if err != nil {
		return Answer{}, err
	}
	return b.sendVersion(ctx, r, payloadID)
}

// Change sends the order again with another quantity of one line (a decimal text; "0" drops the
// line): type update, version + 1, the whole order, with a reference to the document in force.
func (b *Buyer) Change(ctx context.Context, id string, line int, quantity string) (Answer, error) {
	b.mu.Lock()
	r, current, err := b.changeable(id)
	if err != nil {
		b.mu.Unlock()
		return Answer{}, err
	}
	cart, err := changed(current.Cart, line, quantity)
	if err != nil {
		b.mu.Unlock()
		return Answer{}, err
	}
	payloadID, err := b.addVersion(r, "update", r.last().Version+1, current.PayloadID, cart)
	b.mu.Unlock()
	if err != nil {
		return Answer{}, err
	}
	return b.sendVersion(ctx, r, payloadID)
}

// Cancel takes the order back: type delete, version + 1, with the lines in force.
func (b *Buyer) Cancel(ctx context.Context, id string) (Answer, error) {
	b.mu.Lock()
	r, current, err := b.changeable(id)
	if err != nil {
		b.mu.Unlock()
		return Answer{}, err
	}
	payloadID, err := b.addVersion(r, "delete", r.last().Version+1, current.PayloadID, current.Cart)
	b.mu.Unlock()
	if err != nil {
		return Answer{}, err
	}
	return b.sendVersion(ctx, r, payloadID)
}

// Resend sends the last order document once more, byte for byte, as a sender does that lost the
// answer.
func (b *Buyer) Resend(ctx context.Context, id string) (Answer, error) {
	b.mu.Lock()
	r, err := b.find(id)
	if err == nil && r.last() == nil {
		err = fmt.Errorf("%w: %s has sent no order", ErrState, r.ID)
	}
	if err == nil && r.busy {
		err = fmt.Errorf("%w: %s has a document on the wire", ErrState, r.ID)
	}
	if err != nil {
		b.mu.Unlock()
		return Answer{}, err
	}
	payloadID := r.last().PayloadID
	r.busy = true
	b.mu.Unlock()
	return b.sendVersion(ctx, r, payloadID)
}

// LastOrderDocument is the last order document as it was sent, secret included; nil when there
// is none.
func (b *Buyer) LastOrderDocument(id string) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, err := b.find(id)
	if err != nil || r.last() == nil {
		return nil
	}
	return slices.Clone(r.last().document)
}

func (r *requisition) last() *OrderVersion {
	if len(r.Versions) == 0 {
		return nil
	}
	return &r.Versions[len(r.Versions)-1]
}

// changeable finds the order and the version in force.
func (b *Buyer) changeable(id string) (*requisition, *OrderVersion, error) {
	r, err := b.find(id)
	if err != nil {
		return nil, nil, err
	}
	state, _ := r.state()
	last := r.last()
	switch {
	case r.busy:
		return nil, nil, fmt.Errorf("%w: %s has a document on the wire", ErrState, r.ID)
	case last != nil && last.Outcome == Unanswered:
		return nil, nil, fmt.Errorf("%w: version %d was not answered; send it again first", ErrState, last.Version)
	case state != Ordered && state != Waiting && state != Confirmed:
		return nil, nil, fmt.Errorf("%w: %s is %s, there is no order in force", ErrState, r.ID, state)
	}
	return r, r.inForce(), nil
}

// addVersion writes the document and appends the version; the document never changes again. It
// claims the requisition for the sendVersion that must follow, so that two presses of a button
// can't send two versions.
func (b *Buyer) addVersion(r *requisition, kind string, version int, previous string, cart Cart) (string, error) {
	head := b.letterhead(b.cfg.OrderDTDVersion)
	body, err := b.write(cmp.Or(b.dialect().order, "order"), order{letterhead: head, OrderID: r.OrderNumber, OrderDate: isoTime(b.now()), Type: kind,
		RequisitionID: r.ID, Previous: previous, Version: version, Person: r.Person, Comments: b.cfg.Remark, Cart: cart, Lines: cart.Lines,
		// The element that asks for confirmations came with later DTDs; versions are fixed-width
		// text, so they compare as text.
		AskConfirmation: b.cfg.OrderDTDVersion >= "1.2.036"})
	if err != nil {
		return "", err
	}
	r.Versions = append(r.Versions, OrderVersion{Version: version, Type: kind, PayloadID: head.PayloadID, Cart: cart,
		SentAt: b.now(), Outcome: Sending, document: body})
	r.busy = true
	return head.PayloadID, nil
}

// sendVersion puts one version on the wire and notes the answer. The caller has set r.busy.
func (b *Buyer) sendVersion(ctx context.Context, r *requisition, payloadID string) (Answer, error) {
	b.mu.Lock()
	v := r.version(payloadID)
	body := v.document
	text, _ := asUTF8(body)
	d := b.keep(Document{Requisition: r.ID, Direction: Sent, Type: "OrderRequest", PayloadID: payloadID,
		Size: len(body), Note: b.orderNote(r, *v), Facts: append([]Fact{{"Order", r.OrderNumber},
			{"Version", fmt.Sprint(v.Version)}}, cartFacts(v.Cart)...)}, text)
	b.mu.Unlock()

	answer, _, took, err := b.post(ctx, body)

	b.mu.Lock()
	defer b.mu.Unlock()
	r.busy = false
	b.answered(d, answer, took)
	b.settle(r, r.version(payloadID), answer, took, err)
	return answer, err
}

// settle turns the answer into an outcome. A confirmation may have overtaken it: then the answer
// changes nothing.
func (b *Buyer) settle(r *requisition, v *OrderVersion, answer Answer, took time.Duration, err error) {
	v.Answer = answer
	if err != nil || (!answer.OK() && !answer.permanent()) {
		if v.Outcome == Sending {
			v.Outcome = Unanswered
		}
		r.Problem = sentence(errAnswer)
		if err != nil {
			r.Problem = sentence(err) + " Whether the order arrived is not known; send the same document again."
		} else if answer.Code != 0 {
			r.Problem = fmt.Sprintf("%s answered %d: %s It may pass; send it again.", b.cfg.SupplierShort, answer.Code, stop(answer.Sentence()))
		}
		b.story(r, "Order "+r.OrderNumber+" was not answered", r.Problem)
		return
	}
	r.Problem = ""
	if v.Outcome != Sending && v.Outcome != Unanswered {
		return
	}
	v.Sentence = answer.Detail
	what := map[string]string{"new": "Order", "update": "Change of order", "delete": "Cancellation of order"}[v.Type] + " " + r.OrderNumber
	switch {
	case answer.permanent():
		v.Outcome, v.Sentence = RefusedOutcome, answer.Sentence()
		b.refusedChange(r, *v)
		b.story(r, what+" refused by "+b.cfg.SupplierShort, v.Sentence)
	case answer.Code == 201:
		v.Outcome, v.Sentence = Reviewed, answer.Sentence()
		b.story(r, what+" waits for credit review", v.Sentence)
	default:
		v.Outcome = Taken
		b.story(r, what+" sent to "+b.cfg.SupplierShort, fmt.Sprintf("Answered %d in %s", answer.Code, duration(took)))
	}
}

// refusedChange says so where it would otherwise go unseen: the requisition stays in the state of
// the version in force.
func (b *Buyer) refusedChange(r *requisition, v OrderVersion) {
	if v.Type != "new" {
		r.Problem = fmt.Sprintf("%s refused version %d: %s The earlier version stays in force.", b.cfg.SupplierShort, v.Version, stop(v.Sentence))
	}
}

func (b *Buyer) orderNote(r *requisition, v OrderVersion) string {
	lines, sum := plural(len(v.Cart.Lines), "line"), FormatMoney(v.Cart.Sum())
	switch v.Type {
	case "update":
		return fmt.Sprintf("%s changes order %s: version %d replaces the earlier one, %s for %s.", b.cfg.Name, r.OrderNumber, v.Version, lines, sum)
	case "delete":
		return fmt.Sprintf("%s cancels order %s.", b.cfg.Name, r.OrderNumber)
	}
	return fmt.Sprintf("%s places order %s: %s for %s with freight and tax.", b.cfg.Name, r.OrderNumber, lines, sum)
}

// changed is the cart with another quantity of one line; amounts, goods and tax follow.
func changed(cart Cart, number int, quantity string) (Cart, error) {
	wanted, err := rat(quantity)
	if err != nil || wanted.Sign() < 0 {
		return cart, fmt.Errorf("%w: the quantity %q is not a decimal of zero or more", ErrState, quantity)
	}
	before := cart.Goods
	cart.Lines = slices.Clone(cart.Lines)
	at := slices.IndexFunc(cart.Lines, func(l Line) bool { return l.Number == number })
	if at < 0 {
		return cart, fmt.Errorf("%w: the order has no line %d", ErrNotFound, number)
	}
	if wanted.Sign() == 0 {
		if cart.Lines = slices.Delete(cart.Lines, at, at+1); len(cart.Lines) == 0 {
			return cart, fmt.Errorf("%w: nothing would be left; cancel the order", ErrState)
		}
	} else {
		cart.Lines[at].Quantity = quantity
		if cart.Lines[at].Amount, err = lineAmount(cart.Lines[at]); err != nil {
			return cart, err
		}
	}
	amounts := make([]Money, len(cart.Lines))
	for i, l := range cart.Lines {
		amounts[i] = l.Amount
	}
	cart.Goods = addMoney(amounts...)
	cart.Tax = scaleTax(cart.Tax, before, cart.Goods)
	return cart, nil
}
