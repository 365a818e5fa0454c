package procurement

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

// Sender is how events about orders reach buyers' systems; `cmd` registers it with the outbox
// under the scheme "cxml".
func (s *Service) Sender() outbox.Sender {
	return outbox.Sender{Render: s.render, Send: s.send, Lost: s.lost}
}

// secretHere stands in a stored message where the secret goes at the moment of sending: no
// secret is written to a table.
const secretHere = "kontor-secret-goes-here"

// render makes the document that an event is to a connection, or says why it is none. It is a
// pure function of the event and the connection's settings.
func (s *Service) render(ctx context.Context, d outbox.Delivery) ([]byte, string, error) {
	connection, err := s.destination(ctx, s.DB, d)
	if err != nil {
		return nil, "", err
	}
	if why := untold(d.Kind, connection.Settings); why != "" {
		return nil, why, nil // as it is with most: nothing of the order has to be read for that
	}
	merchant, err := accounts.FindMerchant(ctx, s.DB, d.Merchant)
	if err != nil {
		return nil, "", err
	}
	var o orders.Order
	if err := json.Unmarshal([]byte(d.Payload), &o); err != nil {
		return nil, "", fmt.Errorf("the event %s of %s can't be read: %w", d.Kind, d.Object, err)
	}
	o.Events = d.Seq
	body, note := message(d.Kind, o, d.At.In(merchant.Zone()))
	if body == nil {
		return nil, note, nil
	}
	addressed, err := SupplierIdentities(ctx, s.DB, merchant.ID)
	if err != nil {
		return nil, "", err
	}
	to, err := IdentitiesOf(ctx, s.DB, merchant.ID, connection.ID, "from")
	if err != nil {
		return nil, "", err
	}
	us := credentialsOf(alike(addressed, to))
	out := cxml.Outgoing{
		Version:   connection.Settings.version(typeOf(body)),
		PayloadID: s.payloadID(d.Object + "." + strconv.FormatInt(d.Seq, 10)),
		Timestamp: d.At.In(merchant.Zone()),
		From:      cxml.Party{Credential: ours(connection, us)}, To: cxml.Party{Credential: credentialsOf(to)},
		Sender: cxml.Party{Credential: slices.Clone(sender(connection, us))}, // the secret joins it alone
	}
	if !merchant.Live() {
		out.DeploymentMode = "test"
	}
	out.Sender.UserAgent = userAgent
	if len(out.Sender.Credential) > 0 && connection.SecretOut != nil {
		out.Sender.Credential[0].SharedSecret = secretHere
	}
	written, err := out.Write(body)
	return written, "", err
}

// alike is the one of our identities that is of the same kind as the buyer's: a network routes by
// its own ids, a buyer who deals by DUNS knows us by ours.
func alike(ours, theirs []Identity) []Identity {
	for _, their := range theirs {
		for _, our := range ours {
			if strings.EqualFold(our.Domain, their.Domain) {
				return []Identity{our}
			}
		}
	}
	return ours[:min(1, len(ours))]
}

func (s *Service) destination(ctx context.Context, q database.Querier, d outbox.Delivery) (Connection, error) {
	_, id, _ := strings.Cut(d.Destination, ":")
	return FindConnection(ctx, q, d.Merchant, id)
}

// untold is why a connection's settings let it hear nothing of an event; empty when they want it
// told: a released or rejected order closes the 201 that was answered, an approved or refused one
// is confirmed where the buyer wants that (cXML reference 3.5).
func untold(kind string, settings Settings) string {
	switch kind {
	case orders.EventReleased, orders.EventWithdrawn, orders.EventRejected, orders.EventChangeRejected:
		if settings.Held != "201" {
			return "the order was answered with 200, nothing is owed (held)"
		}
	case orders.EventApproved, orders.EventChanged:
		if settings.Confirm != "on_approval" {
			return "the connection confirms nothing on approval (confirm)"
		}
	case orders.EventLinesCancelled:
		if settings.Confirm == "never" && settings.Refused != "confirmation" {
			return "the connection wants no confirmations (confirm, refused)"
		}
	case orders.EventRefused:
		if settings.Refused != "confirmation" {
			return "the refusal was told by status (refused)"
		}
	default:
		return "nothing is sent about this; the answer to the document said it"
	}
	if settings.OrdersURL == "" {
		return "the connection has no address for it (orders_url)"
	}
	return ""
}

// message is what an event is in the standard's words, or why the order itself wants none.
func message(kind string, o orders.Order, at time.Time) (cxml.Body, string) {
	if o.Version.Header.PayloadID == "" {
		return nil, "the order came by no document that could be referred to"
	}
	switch kind {
	case orders.EventReleased:
		return closing(o, 200, "Order "+o.Number+" is released."), ""
	case orders.EventWithdrawn:
		// No 409: the buyer itself put a later document in its place, and has an answer to that.
		return closing(o, 200, "Order "+o.Number+": a later document took the place of this one before it was decided about."), ""
	case orders.EventRejected, orders.EventChangeRejected:
		return closing(o, 409, "Order "+o.Number+": "+o.Decision.Sentence), ""
	case orders.EventRefused:
		return confirmation(o, at, "reject")
	case orders.EventLinesCancelled:
		return cancellation(o, at)
	}
	return confirmation(o, at, "accept")
}

// cancellation is the confirmation that takes the place of the earlier ones when the merchant
// cancels lines: every line is in it, with what of it is accepted and what isn't.
func cancellation(o orders.Order, at time.Time) (cxml.Body, string) {
	kind := "except"
	if o.State == orders.Cancelled {
		kind = "reject"
	}
	body, note := confirmation(o, at, kind)
	c, ok := body.(*cxml.ConfirmationRequest)
	if !ok {
		return body, note
	}
	c.Header.ConfirmID += "-" + strconv.FormatInt(o.Events, 10) // there may be several of a version
	c.Header.Comments = []cxml.Comments{{Text: o.Decision.Why}}
	return c, ""
}

func closing(o orders.Order, code int, detail string) cxml.Body {
	return &cxml.StatusUpdateRequest{
		DocumentReference: &cxml.DocumentReference{PayloadID: o.Version.Header.PayloadID},
		Status:            cxml.Status{Code: code, Text: cxml.StatusText(code), Detail: detail}}
}

func confirmation(o orders.Order, at time.Time, kind string) (cxml.Body, string) {
	if o.Version.Header.Silence {
		return nil, "the order says that no confirmation is wanted (OCInstruction)"
	}
	c := &cxml.ConfirmationRequest{
		Header: cxml.ConfirmationHeader{ConfirmID: o.ID + "-" + strconv.FormatInt(o.Version.Number, 10), Operation: "new", Type: kind, NoticeDate: cxml.At(at)},
		OrderReference: cxml.OrderReference{OrderID: o.Number, OrderDate: cxml.DateTime{Text: o.Version.Header.OrderDate},
			DocumentReference: cxml.DocumentReference{PayloadID: o.Version.Header.PayloadID}},
	}
	if kind == "accept" {
		return c, ""
	}
	c.Header.Comments = []cxml.Comments{{Text: o.Decision.Sentence}}
	for _, l := range o.Version.Lines {
		// In the buyer's own words; the standard wants a unit, also where the order had none.
		unit := cmp.Or(l.BuyerUnit, l.Unit, "EA")
		item := cxml.ConfirmationItem{Quantity: l.Quantity, LineNumber: int(l.Line), UnitOfMeasure: unit}
		left, cancelled := money.Decimal{}, l.Quantity
		if kind == "except" {
			left, cancelled = l.Left(), money.Decimal{}
			if l.Cancelled != nil {
				cancelled = *l.Cancelled
			}
		}
		if left.Sign() > 0 || cancelled.IsZero() {
			item.ConfirmationStatus = append(item.ConfirmationStatus, cxml.ConfirmationStatus{Quantity: left, Type: "accept", UnitOfMeasure: unit})
		}
		if !cancelled.IsZero() {
			item.ConfirmationStatus = append(item.ConfirmationStatus, cxml.ConfirmationStatus{Quantity: cancelled, Type: "reject", UnitOfMeasure: unit})
		}
		c.ConfirmationItem = append(c.ConfirmationItem, item)
	}
	return c, ""
}

func typeOf(body cxml.Body) string {
	if _, ok := body.(*cxml.StatusUpdateRequest); ok {
		return "StatusUpdateRequest"
	}
	return "ConfirmationRequest"
}

// largestAnswer is how much of a buyer's answer is read.
const largestAnswer = 1 << 20

// send posts a message and reads the answer. HTTP 200 is not success: the Status inside is what
// counts. 2xx is done, 4xx is refused for good, everything else is tried again.
func (s *Service) send(ctx context.Context, d outbox.Delivery) (string, error) {
	connection, err := s.destination(ctx, s.DB, d)
	if err == nil {
		_, err = accounts.FindMerchant(ctx, s.DB, d.Merchant) // a closed one says nothing any more
	}
	if err != nil {
		return "", err
	}
	body := d.Message
	if connection.SecretOut != nil {
		secret, err := s.Keys.Open(SecretOutPlace(connection.Merchant, connection.ID), connection.SecretOut)
		if err != nil {
			return "", err
		}
		body = bytes.Replace(body, []byte(">"+secretHere+"</SharedSecret>"), append(append([]byte(">"), escaped(secret)...), "</SharedSecret>"...), 1)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, connection.Settings.OrdersURL, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "text/xml; charset=UTF-8")
	request.Header.Set("User-Agent", userAgent)
	response, err := s.HTTP.Do(request)
	if private, ok := asPrivate(err); ok {
		return "", private // tried again: the setting or the name may be mended
	}
	if err != nil {
		return "", fmt.Errorf("the buyer's system could not be reached: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer))
	if err != nil {
		return "", fmt.Errorf("the buyer's answer broke off: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the buyer's system answered HTTP %d", response.StatusCode)
	}
	status, masked, err := s.readAnswer(answer)
	if err != nil {
		return "", fmt.Errorf("the buyer's answer is no cXML Response: %w", err)
	}
	if err := s.keepSent(ctx, d, connection, status, masked); err != nil {
		return "", err
	}
	note := strings.TrimSpace(fmt.Sprintf("%d %s %s", status.Code, status.Text, status.Detail))
	switch status.Code / 100 {
	case 2:
		return note, nil
	case 4:
		return "", &outbox.Refused{Reason: note}
	}
	return "", errors.New(note)
}

func (s *Service) readAnswer(answer []byte) (cxml.Status, []byte, error) {
	doc, err := cxml.Read(answer, "", s.Limits)
	if err != nil {
		return cxml.Status{}, nil, err
	}
	response, err := doc.Response()
	if err != nil {
		return cxml.Status{}, nil, err
	}
	return response.Status, doc.Masked(), nil
}

// keepSent keeps what was sent and what was answered, without the secret.
func (s *Service) keepSent(ctx context.Context, d outbox.Delivery, c Connection, status cxml.Status, answer []byte) error {
	sent, err := cxml.Read(d.Message, "", s.Limits)
	if err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *database.Tx) error {
		return keep(ctx, tx, keptDocument{ID: database.NewID("doc"), Merchant: d.Merchant, Direction: "out", Type: sent.Type,
			PayloadID: sent.PayloadID, Connection: c.ID, Object: d.Object, Status: status.Code, Note: status.Detail,
			Body: sent.Masked(), Answer: answer}, s.Clock.Now())
	})
}

// escaped is a secret as it stands in XML.
func escaped(secret string) []byte {
	return []byte(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(secret))
}
