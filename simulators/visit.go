package simulators

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// setup is what the set-up template sees.
type setup struct {
	letterhead
	Operation, Cookie, ReturnURL string
	Person                       Person
	Product                      string // SelectedItem; "" leaves it out
	Lines                        []Line
}

// StartRequisition makes a requisition for person (role, login or mail; "" is the first) and
// asks Kontor for a visit, which opens with the product (a part number of the supplier's; "" is
// the whole shop). With an error the requisition exists all the same, in Draft, and its Problem
// says what happened.
func (b *Buyer) StartRequisition(ctx context.Context, person, product string) (Requisition, error) {
	p, err := b.person(person)
	if err != nil {
		return Requisition{}, err
	}
	b.mu.Lock()
	r := &requisition{Requisition: Requisition{ID: fmt.Sprintf("PR-%d", b.nextReq), Title: b.cfg.Title,
		Person: p, Product: product, Started: b.now()}}
	b.nextReq++
	b.requisitions = append(b.requisitions, r)
	if len(b.requisitions) > maxRequisitions {
		b.requisitions = slices.Delete(b.requisitions, 0, len(b.requisitions)-maxRequisitions)
	}
	b.mu.Unlock()
	_, err = b.Shop(ctx, r.ID, "create")
	snapshot, _ := b.Requisition(r.ID)
	return snapshot, err
}

// Shop asks for another visit of the same requisition: create for a new cart, edit to change the
// one that came home, inspect to look at it, or at what was ordered. It returns the start page
// for the browser.
func (b *Buyer) Shop(ctx context.Context, id, operation string) (startPage string, err error) {
	if b.cfg.OCI != nil {
		return b.shopByOCI(id, operation)
	}
	b.mu.Lock()
	r, values, err := b.beginVisit(id, operation)
	if err != nil {
		b.mu.Unlock()
		return "", err
	}
	body, err := b.write(cmp.Or(b.dialect().setup, "setup"), values)
	if err != nil {
		b.mu.Unlock()
		return "", err
	}
	text, _ := asUTF8(body)
	d := b.keep(Document{Requisition: r.ID, Direction: Sent, Type: "PunchOutSetupRequest",
		PayloadID: values.PayloadID, Size: len(body),
		Note: fmt.Sprintf("%s asks Kontor to start a shopping visit for its %s.", b.cfg.Name, lowerFirst(r.Person.Role)),
		Facts: []Fact{{"Operation", operation}, {"Buyer", identities(b.cfg.From)},
			{"Presented by", b.cfg.Sender.Identity}, {"Cart comes home to", values.ReturnURL}}}, text)
	if values.Product != "" {
		d.Facts = append(d.Facts, Fact{"Opens with", values.Product})
	}
	r.busy = true
	b.mu.Unlock()

	answer, e, took, err := b.post(ctx, body)

	b.mu.Lock()
	defer b.mu.Unlock()
	r.busy = false
	b.answered(d, answer, took)
	if err == nil && !answer.OK() {
		err = fmt.Errorf("%s refuses the visit, %d: %s", b.cfg.SupplierShort, answer.Code, answer.Sentence())
	}
	if err == nil {
		startPage = strings.TrimSpace(e.Response.StartPage)
		if originOf(startPage) == "" {
			err = fmt.Errorf("the set-up was answered %d, but names no start page that a browser can open: %q", answer.Code, startPage)
		}
	}
	if err != nil {
		r.VisitOpen, r.Problem = false, sentence(err)
		b.story(r, "The visit could not start", err.Error())
		return "", err
	}
	b.opened(r, e, answer, startPage)
	return startPage, nil
}

// beginVisit checks that a visit makes sense now, and prepares its documents.
func (b *Buyer) beginVisit(id, operation string) (*requisition, setup, error) {
	r, err := b.find(id)
	if err != nil {
		return nil, setup{}, err
	}
	switch state, _ := r.state(); {
	case r.busy:
		return nil, setup{}, fmt.Errorf("%w: %s has a document on the wire", ErrState, r.ID)
	case operation != "create" && operation != "edit" && operation != "inspect":
		return nil, setup{}, fmt.Errorf("%w: %q is not an operation of a visit", ErrState, operation)
	case operation != "inspect" && state != Draft && state != CartHome:
		return nil, setup{}, fmt.Errorf("%w: %s is %s, its cart is settled", ErrState, r.ID, state)
	case operation == "create":
	case r.Cart == nil:
		return nil, setup{}, fmt.Errorf("%w: %s has no cart to %s", ErrState, r.ID, operation)
	case !r.Cart.allows(operation):
		return nil, setup{}, fmt.Errorf("%w: %s sent this cart with operationAllowed %q, which rules %s out",
			ErrState, b.cfg.SupplierShort, r.Cart.OperationAllowed, operation)
	}
	r.cookie, r.Operation, r.Problem = randomText(26), operation, ""
	values := setup{letterhead: b.letterhead(b.cfg.DTDVersion), Operation: operation, Cookie: r.cookie,
		ReturnURL: b.returnURL(url.PathEscape(r.ID)), Person: r.Person}
	if operation == "create" {
		values.Product = r.Product
	} else {
		values.Lines = cartInForce(r.Requisition).Lines
	}
	return r, values, nil
}

// opened notes the start page as a document of its own: it is what sends the browser away.
func (b *Buyer) opened(r *requisition, e *envelope, answer Answer, startPage string) {
	r.StartPage, r.VisitOpen = startPage, true
	if origin := originOf(startPage); !slices.Contains(b.origins, origin) && len(b.origins) < 20 {
		b.origins = append(b.origins, origin)
	}
	text, _ := asUTF8(answer.Body)
	b.keep(Document{Requisition: r.ID, Direction: Received, Type: "PunchOutSetupResponse", PayloadID: e.PayloadID,
		Size: len(answer.Body), Answer: Answer{HTTPStatus: answer.HTTPStatus, Code: answer.Code, Text: answer.Text},
		Note:  "Kontor opens the visit and names the page where the browser starts.",
		Facts: []Fact{{"Start page", startPage}}}, text)
	b.story(r, "Visit to "+b.cfg.SupplierShort+" started", "By the "+lowerFirst(r.Person.Role)+visits[r.Operation])
}

// visits say what a visit that is not an ordinary one is for.
var visits = map[string]string{"edit": ", to edit the cart", "inspect": ", to look at the cart"}

func identities(credentials []Credential) string {
	names := make([]string, len(credentials))
	for i, c := range credentials {
		names[i] = c.Domain + " " + c.Identity
	}
	return strings.Join(names, ", ")
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// ErrCart wraps every reason for which a cart is not taken.
var ErrCart = errors.New("the cart was not taken")
