package procurement

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

// What a buyer tells and asks beside its orders: what is served here, what became of our documents,
// copies, questions about an order, goods receipts. None of it changes an order.

// profile names the request types that are served, with their options.
func (s *Service) profile(c *call) reply {
	address := s.PublicURL + "/m/" + c.merchant.ID + "/cxml"
	option := func(name, value string) cxml.Option { return cxml.Option{Name: name, Value: value} }
	return reply{status: cxml.Status{Code: 200}, body: &cxml.ProfileResponse{
		EffectiveDate: cxml.At(s.Clock.Now()),
		Transaction: []cxml.Transaction{
			{RequestName: "CopyRequest", URL: address},
			{RequestName: "OrderRequest", URL: address, Option: []cxml.Option{option("attachments", "yes"), option("changes", "yes")}},
			{RequestName: "OrderStatusRequest", URL: address},
			{RequestName: "ProfileRequest", URL: address},
			{RequestName: "PunchOutSetupRequest", URL: address, Option: []cxml.Option{option("operationAllowed", "create edit inspect")}},
			{RequestName: "ReceiptRequest", URL: address},
			{RequestName: "StatusUpdateRequest", URL: address},
		}}}
}

// statusUpdate keeps what a buyer tells about a document of ours; a reference that this
// connection never saw is flagged.
func (s *Service) statusUpdate(ctx context.Context, tx *database.Tx, c *call) (reply, error) {
	update, err := c.doc.StatusUpdateRequest()
	if err != nil {
		return reply{}, readFault(err)
	}
	detail := "Kept."
	if update.DocumentReference != nil {
		known, err := c.knows(ctx, tx, update.DocumentReference.PayloadID)
		if err != nil {
			return reply{}, err
		}
		if !known {
			detail = "Kept. The document " + update.DocumentReference.PayloadID + " is not known here."
		}
	}
	return reply{status: cxml.Status{Code: 200, Detail: detail}}, nil
}

// knows tells whether a payloadID was exchanged on this connection before.
func (c *call) knows(ctx context.Context, tx *database.Tx, payloadID string) (bool, error) {
	var n int64
	err := tx.Get(ctx, &n, countPayload, c.merchant.ID, c.connection.ID, payloadID)
	return n > 0, err
}

// copyOf keeps a copy for information. What it is a copy of is not executed, whatever its mode:
// the original comes, or came, by a document of its own.
func (s *Service) copyOf(c *call) (reply, error) {
	request, err := c.doc.CopyRequest()
	if err != nil {
		return reply{}, readFault(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Kept for information (%s); nothing of it is executed.", request.ProcessingMode)
	if copied := request.Copied; copied != nil {
		fmt.Fprintf(&b, " It is a copy of %s %s.", short(copied.Type), short(copied.PayloadID))
	}
	came := attached(c.parts)
	for _, attachment := range request.Attachment {
		if b.Len() > longNote {
			break
		}
		fate := "missing"
		if id, ok := attachmentID(attachment.URL); ok && came[id] {
			fate = "kept"
		}
		fmt.Fprintf(&b, " The attachment %s is %s.", attachmentName(attachment.URL), fate)
	}
	return reply{status: cxml.Status{Code: 200, Detail: b.String()}}, nil
}

// longNote is when no more is added to a note. What a sender wrote is in the document itself.
const longNote = 1500

// short cuts what a sender wrote to what a sentence can hold.
func short(s string) string { return string(cut([]byte(s), 200)) }

// confirmations are the kinds of events that a confirmation tells (see message).
var confirmations = []string{orders.EventApproved, orders.EventChanged, orders.EventRefused, orders.EventLinesCancelled}

// orderStatus answers the question what became of an order: the newest confirmation is sent once
// more as it was, so that a buyer who has it recognises it by its payloadID.
func (s *Service) orderStatus(ctx context.Context, tx *database.Tx, c *call) (reply, error) {
	request, err := c.doc.OrderStatusRequest()
	if err != nil {
		return reply{}, readFault(err)
	}
	o, found, err := c.orderNamed(ctx, tx, request.OrderReference)
	if err != nil {
		return reply{}, err
	}
	if !found {
		return reply{}, fault.At(fault.Unknown, "OrderStatusRequest/OrderStatusRequestHeader/OrderReference",
			"the order "+nameOf(request.OrderReference)+" is not known here")
	}
	r := reply{object: o.ID}
	r.status.Code = 200
	r.status.Detail, err = s.confirmAgain(ctx, tx, o)
	return r, err
}

// confirmAgain puts the newest confirmation of an order on its way once more and says what it
// did. An older one would tell what doesn't hold any more, so would one of a cancelled order.
func (s *Service) confirmAgain(ctx context.Context, tx *database.Tx, o orders.Order) (string, error) {
	if o.State == orders.Cancelled {
		return "Kept. Order " + o.Number + " is cancelled; nothing is sent.", nil
	}
	deliveries, err := outbox.Of(ctx, tx, o.Merchant, o.ID)
	if err != nil {
		return "", err
	}
	var newest outbox.Delivery
	for _, d := range deliveries {
		if d.Scheme() == "cxml" && slices.Contains(confirmations, d.Kind) {
			newest = d
		}
	}
	switch {
	case newest.Message == nil:
		// None was written yet, and perhaps none will be: the connection's settings say so then.
		return "Kept. No confirmation of order " + o.Number + " was sent yet.", nil
	case newest.State == outbox.Dead:
		return "Kept. The confirmation of order " + o.Number + " could not be delivered; the supplier sees that.", nil
	case newest.State == outbox.Done:
		if again, err := outbox.Repeat(ctx, tx, newest.Event, newest.Destination, s.Clock.Now()); err != nil || !again {
			return "Kept.", err
		}
		if s.Desk.Wake != nil {
			tx.AfterCommit(s.Desk.Wake)
		}
		return "Kept. The confirmation of order " + o.Number + " is sent once more.", nil
	}
	return "Kept. The confirmation of order " + o.Number + " is on its way.", nil
}

// orderNamed finds an order of the sender's own organisation by its number, else by the document
// that it came with.
func (c *call) orderNamed(ctx context.Context, tx *database.Tx, ref cxml.OrderReference) (orders.Order, bool, error) {
	if ref.OrderID != "" {
		return orders.FindByNumber(ctx, tx, c.merchant.ID, c.organisation.ID, ref.OrderID)
	}
	var id string
	err := tx.Get(ctx, &id, selectOrderOfDocument, c.merchant.ID, c.connection.ID, ref.DocumentReference.PayloadID, c.organisation.ID)
	if database.None(err) {
		return orders.Order{}, false, nil
	}
	if err != nil {
		return orders.Order{}, false, err
	}
	o, err := orders.Find(ctx, tx, c.merchant.ID, id)
	return o, err == nil, err
}

func nameOf(ref cxml.OrderReference) string {
	if ref.OrderID != "" {
		return short(ref.OrderID)
	}
	return "of document " + short(ref.DocumentReference.PayloadID)
}

// mostReceiptOrders in one receipt are looked up: the transaction holds up others meanwhile.
const mostReceiptOrders = 200

// receipt keeps what the buyer says to have received or sent back, linked to the first order it
// names that is known. Neither order nor hold changes: a receipt is no invoice and no payment.
func (s *Service) receipt(ctx context.Context, tx *database.Tx, c *call) (reply, error) {
	request, err := c.doc.ReceiptRequest()
	if err != nil {
		return reply{}, readFault(err)
	}
	if len(request.ReceiptOrder) > mostReceiptOrders {
		return reply{}, fault.At(fault.Invalid, "ReceiptRequest/ReceiptOrder", fmt.Sprintf("one receipt may be about %d orders at most", mostReceiptOrders))
	}
	r := reply{status: cxml.Status{Code: 200}}
	note := "Kept."
	if request.Operation == "delete" {
		note += " The receipt " + short(request.ReceiptID) + " is taken back."
	}
	for _, part := range request.ReceiptOrder {
		o, found, err := c.orderNamed(ctx, tx, part.OrderReference)
		if err != nil {
			return reply{}, err
		}
		if !found {
			if len(note) < longNote {
				note += " The order " + nameOf(part.OrderReference) + " is not known here."
			}
			continue
		}
		if r.object == "" {
			r.object = o.ID
		}
		if len(note) < longNote {
			if o, err = orders.Find(ctx, tx, o.Merchant, o.ID); err != nil {
				return reply{}, err
			}
			note += receivedOf(o, part, longNote-len(note))
		}
	}
	r.status.Detail = note
	return r, nil
}

// receivedOf says line by line what arrived and what went back, until the note is long enough.
func receivedOf(o orders.Order, part cxml.ReceiptOrder, room int) string {
	known := map[int64]bool{}
	for _, l := range o.Version.Lines {
		known[l.Line] = true
	}
	var b strings.Builder
	for i, item := range part.ReceiptItem {
		if b.Len() > room {
			fmt.Fprintf(&b, " And %d lines more.", len(part.ReceiptItem)-i)
			break
		}
		quantity := strings.TrimSpace(item.Quantity.String() + " " + short(item.UnitOfMeasure))
		fmt.Fprintf(&b, " Order %s line %d: %s %s", short(o.Number), item.LineNumber, quantity, item.Type)
		if item.ReceivedAmount.Present {
			fmt.Fprintf(&b, ", %s %s", item.ReceivedAmount.Value, item.ReceivedAmount.Currency)
		}
		if !known[int64(item.LineNumber)] {
			b.WriteString(" (the order has no such line)")
		}
		b.WriteString(".")
	}
	return b.String()
}

const (
	countPayload = `SELECT count(*) FROM documents WHERE merchant_id = ? AND connection_id = ? AND payload_id = ?`

	// The sender's own documents only, and its own orders.
	selectOrderOfDocument = `
SELECT o.id FROM documents d JOIN orders o ON o.merchant_id = d.merchant_id AND o.id = d.object
 WHERE d.merchant_id = ? AND d.connection_id = ? AND d.payload_id = ? AND o.organisation_id = ?
 ORDER BY d.id DESC LIMIT 1`
)
