package procurement

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// order takes an OrderRequest: new, update or delete.
func (s *Service) order(ctx context.Context, tx *database.Tx, c *call) (reply, error) {
	request, err := c.orderRequest()
	if err != nil {
		return reply{}, readFault(err)
	}
	if request.Header.IsInternalVersion {
		return reply{status: cxml.Status{Code: 200, Detail: "Acknowledged; an internal version changes nothing."}}, nil
	}
	if p := request.Header.Payment; p != nil && (p.PCard != nil || slices.Contains(p.Other, "PaymentToken")) {
		return reply{}, fault.At(fault.PaymentRequired, "OrderRequest/OrderRequestHeader/Payment",
			"cards are not taken here; leave Payment out to order on account")
	}
	wanted, err := c.wanted()
	if err != nil {
		return reply{}, err
	}
	if err := c.checkReferences(ctx, tx, request, &wanted); err != nil {
		return reply{}, err
	}
	wanted.Basis = c.basis
	placed, err := s.Desk.Place(ctx, tx, wanted)
	if err != nil {
		return reply{}, inOrderRequest(err)
	}
	return c.orderReply(wanted, placed), nil
}

// orderReply is what the buyer is told at once, as the connection's settings say (cXML reference
// 3.5): 201 for what waits unless the system can't take it, 409 for a refusal where no
// confirmation is wanted.
func (c *call) orderReply(w checkout.Wanted, placed checkout.Placed) reply {
	o := placed.Order
	r := reply{status: cxml.Status{Code: 200}, object: o.ID}
	switch {
	case placed.Repeated && w.Kind == checkout.Cancel:
		r.status.Detail = "Order " + o.Number + " is " + o.State + " already, nothing of it is left to cancel."
	case placed.Repeated:
		r.status.Detail = "Order " + o.Number + " is here already, this repeat changed nothing."
		if placed.Waiting && c.connection.Settings.Held == "201" {
			r.status.Code = 201
		}
	case placed.Waiting:
		if c.connection.Settings.Held == "201" {
			r.status.Code = 201
		}
		r.status.Detail = "Order " + o.Number + " waits for review: " + o.Decision.Sentence
	case placed.Refused && !c.confirmable(w):
		r.status.Code, r.correctable = 409, true
		r.status.Detail = "Order " + o.Number + " is refused: " + o.Decision.Sentence
	case placed.Refused:
		r.status.Detail = "Order " + o.Number + " was received; a confirmation follows."
	case w.Kind == checkout.Cancel:
		r.status.Detail = "Order " + o.Number + " is cancelled."
	default:
		r.status.Detail = "Order " + o.Number + " is accepted: " + o.Version.Total.String() + "."
	}
	for _, f := range o.Version.Flags {
		if !placed.Repeated && len(r.status.Detail) < 1500 {
			r.status.Detail += " Note: " + f.Message + "."
		}
	}
	return r
}

// confirmable tells whether a refusal can be told later by a confirmation: the connection wants
// it so, there is an address for it, and the order doesn't forbid it. Otherwise the answer tells
// it, or the buyer would never know.
func (c *call) confirmable(w checkout.Wanted) bool {
	settings := c.connection.Settings
	return settings.Refused == "confirmation" && settings.OrdersURL != "" && !w.Header.Silence
}

// wanted translates the request into our own words.
func wanted(c *call) (checkout.Wanted, error) {
	request, err := c.orderRequest()
	if err != nil {
		return checkout.Wanted{}, err
	}
	h, settings := request.Header, c.connection.Settings
	w := checkout.Wanted{
		Merchant: c.merchant, Organisation: c.organisation, Connection: c.connection.ID,
		Kind: h.Type, Number: h.OrderID, Version: int64(h.OrderVersion), Source: "punchout",
		Currency: request.Currency, DocumentID: c.document,
		Policy: settings.policy(),
	}
	if w.Currency == "" {
		w.Currency = c.organisation.Currency
	}
	if _, ok := money.Exponent(w.Currency); !ok {
		return w, fault.At(fault.Invalid, "OrderRequest/OrderRequestHeader/Total/Money/@currency", w.Currency+" is not an ISO 4217 currency")
	}
	w.Header = headerOf(h)
	w.Header.PayloadID = c.doc.PayloadID
	if h.OrderType == "blanket" {
		if w.Header.Blanket, err = mostIn(h.Total, "OrderRequest/OrderRequestHeader/Total/Money"); err != nil {
			return w, err
		}
		if w.Header.Blanket == nil {
			w.Header.Blanket = new(money.Decimal) // no limit of its own
		}
	}
	unpriced := unpricedLines(request.ItemOut)
	// What lines state of tax and shipping counts only where the header has none: the two are one.
	var lineTax, lineFreight stated
	for i, item := range request.ItemOut {
		place := "OrderRequest/ItemOut[" + strconv.Itoa(i+1) + "]"
		line, err := lineOf(int64(i+1), item)
		if err != nil {
			return w, err
		}
		if d := item.BlanketItemDetail; d != nil {
			if line.Most, err = mostIn(d.MaxAmount, place+"/BlanketItemDetail/MaxAmount/Money"); err != nil {
				return w, err
			}
			if line.MostUnits = d.MaxQuantity; line.MostUnits != nil && line.MostUnits.Sign() < 0 {
				return w, fault.At(fault.Invalid, place+"/BlanketItemDetail/MaxQuantity", "the most that may be ordered can't be negative")
			}
		}
		settings.readUnit(&line)
		line.Group = unpriced[item.LineNumber]
		if h.OrderType != "blanket" && settings.isFreight(item.ItemID) {
			line.Charge = orders.Freight
		}
		if h.Type != "delete" && h.OrderType != "blanket" && !line.Group && (item.ItemDetail == nil || !item.ItemDetail.UnitPrice.Present) {
			// An empty price is none, and none isn't 0: it would be a present.
			return w, fault.At(fault.Invalid, place+"/ItemDetail/UnitPrice", "the price is missing")
		}
		w.Lines = append(w.Lines, line)
		w.Flags = append(append(w.Flags, chargeFlags(line, w.Currency)...), scheduleFlags(line)...)
		lineTax.add(taxIn(item.Tax))
		lineFreight.add(shippingIn(item.Shipping))
	}
	w.Header.StatedTax = cmp.Or(w.Header.StatedTax, lineTax.sum)
	w.Header.StatedFreight = cmp.Or(w.Header.StatedFreight, lineFreight.sum)
	w.Flags = slices.Clip(w.Flags) // what is added in one run of the transaction is not there in the next
	return w, nil
}

func (s Settings) policy() checkout.Policy {
	return checkout.Policy{TolerancePercent: s.TolerancePercent, ToleranceAmount: s.ToleranceAmount,
		AcceptBelow: s.BelowPrice == "accept", RefuseMismatch: s.TotalMismatch == "refuse"}
}

// Enter places an order that came by no document: by the API or the command line. Where its lines came
// from a cart, the connection that the cart went home by says what differences of prices are taken.
// What came as a document is changed by documents: by hand, most of it would be lost (fault.Conflict).
func (s *Service) Enter(ctx context.Context, tx *database.Tx, w checkout.Wanted) (checkout.Placed, error) {
	if w.Kind != checkout.New {
		existing, found, err := orders.FindByNumber(ctx, tx, w.Merchant.ID, w.Organisation.ID, w.Number)
		if err != nil {
			return checkout.Placed{}, err
		}
		if found && existing.Source != w.Source {
			return checkout.Placed{}, fault.At(fault.Conflict, "number", "order "+w.Number+" came from the buyer's system, so its changes come from there, too")
		}
	}
	var err error
	if w.Basis, err = s.Desk.Look(ctx, tx, w); err != nil {
		return checkout.Placed{}, err
	}
	if id := w.Basis.Connection(); id != "" {
		connection, err := FindConnection(ctx, tx, w.Merchant.ID, id)
		if err != nil && fault.CodeOf(err) != fault.Unknown { // it may be gone since
			return checkout.Placed{}, err
		}
		w.Policy = connection.Settings.policy()
	}
	return s.Desk.Place(ctx, tx, w)
}

// mostIn is the most that may be drawn on a blanket order; nil where nothing is said.
func mostIn(m cxml.Money, place string) (*money.Decimal, error) {
	if !m.Present {
		return nil, nil
	}
	if m.Value.Sign() < 0 {
		return nil, fault.At(fault.Invalid, place, "the most that may be drawn can't be negative")
	}
	if _, err := m.Value.Round(m.Currency); err != nil {
		return nil, fault.At(fault.Invalid, place, "the amount is too large").Because(err)
	}
	return &m.Value, nil
}

// unpricedLines are those of groups whose price is carried by others: the parts carry it, or the
// group does where it says so or its parts have no prices; never both (cXML reference 6.3).
func unpricedLines(items []cxml.ItemOut) map[int]bool {
	partsPriced := map[int]bool{} // by the group's line number
	for _, item := range items {
		if parent := item.ParentLineNumber; parent != 0 {
			partsPriced[parent] = partsPriced[parent] || (item.ItemDetail != nil && item.ItemDetail.UnitPrice.Value.Sign() != 0)
		}
	}
	group := map[int]bool{} // those that carry the price
	unpriced := map[int]bool{}
	for _, item := range items {
		if priced, isGroup := partsPriced[item.LineNumber]; isGroup {
			group[item.LineNumber] = item.CompositeItemType == "groupLevel" || (item.CompositeItemType == "" && !priced)
			unpriced[item.LineNumber] = !group[item.LineNumber]
		}
	}
	for _, item := range items {
		if group[item.ParentLineNumber] {
			unpriced[item.LineNumber] = true
		}
	}
	return unpriced
}

// stated adds up what a document states here and there; nil where it states nothing.
type stated struct{ sum *money.Decimal }

func (s *stated) add(d *money.Decimal) {
	if d == nil {
		return
	}
	value := *d
	if s.sum != nil {
		if sum, err := s.sum.Add(value); err == nil {
			value = sum
		}
	}
	s.sum = &value
}

// taxIn is what a Tax comes to: its own figure, else that of its parts; nil for none.
func taxIn(tax *cxml.Tax) *money.Decimal {
	if tax == nil {
		return nil
	}
	var parts stated
	for _, detail := range tax.TaxDetail {
		parts.add(decimalOf(detail.TaxAmount))
	}
	return cmp.Or(decimalOf(tax.Money), parts.sum)
}

func shippingIn(s *cxml.Shipping) *money.Decimal {
	if s == nil {
		return nil
	}
	return decimalOf(s.Money)
}

// checkReferences flags what the order refers to and this sender never sent: documents,
// agreements, and attachments that didn't come in the same message.
func (c *call) checkReferences(ctx context.Context, tx *database.Tx, request *cxml.OrderRequest, w *checkout.Wanted) error {
	flag := func(code, message string) {
		w.Flags = append(w.Flags, orders.Flag{Code: code, Message: message})
	}
	if ref := request.Header.DocumentReference; ref != nil && ref.PayloadID != "" {
		known, err := c.knows(ctx, tx, ref.PayloadID)
		if err != nil {
			return err
		}
		if !known {
			flag(orders.FlagReferenceUnknown, "the order refers to "+ref.PayloadID+", which is not known here")
		}
	}
	if request.Header.OrderType != "blanket" {
		var err error
		if w.Agreement, err = c.agreementOf(ctx, tx, request.Header, flag); err != nil {
			return err
		}
	}
	came := attached(c.parts)
	attachments := func(list []cxml.Comments, line int64) {
		for _, comments := range list {
			for _, a := range comments.Attachment {
				if id, ok := attachmentID(a.URL); ok && came[id] {
					continue
				}
				w.Flags = append(w.Flags, orders.Flag{Code: orders.FlagAttachmentAbsent, Line: line,
					Message: "the attachment " + attachmentName(a.URL) + " is missing"})
			}
		}
	}
	attachments(request.Header.Comments, 0)
	for _, item := range request.ItemOut {
		attachments(item.Comments, int64(item.LineNumber))
	}
	return nil
}

// agreementOf finds the blanket order that an order draws on, by the numbers that it names, else by
// the document; empty where there is none, which is flagged where one was named or is needed.
func (c *call) agreementOf(ctx context.Context, tx *database.Tx, h cxml.OrderRequestHeader, flag func(code, message string)) (string, error) {
	numbers := slices.DeleteFunc([]string{h.AgreementID, h.ParentAgreementID}, func(s string) bool { return s == "" })
	documents := slices.DeleteFunc([]string{h.AgreementPayloadID, h.ParentAgreementPayloadID}, func(s string) bool { return s == "" })
	for i, name := range append(numbers, documents...) {
		ref := cxml.OrderReference{OrderID: name}
		if i >= len(numbers) {
			ref = cxml.OrderReference{DocumentReference: cxml.DocumentReference{PayloadID: name}}
		}
		o, found, err := c.orderNamed(ctx, tx, ref)
		if err == nil && found {
			o, err = orders.Find(ctx, tx, c.merchant.ID, o.ID)
		}
		if err != nil {
			return "", err
		}
		if found && o.Version.Header.Blanket != nil {
			return o.ID, nil
		}
	}
	switch {
	case len(numbers) > 0:
		flag(orders.FlagAgreementUnknown, "the order draws on agreement "+numbers[0]+", which is not known here")
	case len(documents) > 0:
		flag(orders.FlagAgreementUnknown, "the order draws on the agreement of "+documents[0]+", which is not known here")
	case h.OrderType == "release":
		flag(orders.FlagAgreementUnknown, "the order is a release and names no agreement")
	}
	return "", nil
}

func headerOf(h cxml.OrderRequestHeader) orders.Header {
	header := orders.Header{
		OrderDate: h.OrderDate.Text, OrderType: h.OrderType, RequisitionID: h.RequisitionID, AgreementID: h.AgreementID,
		Effective: h.EffectiveDate.Text, Expires: h.ExpirationDate.Text, Delivery: h.RequestedDeliveryDate.Text,
		ParentAgreement: h.ParentAgreementID, AgreementDoc: cmp.Or(h.AgreementPayloadID, h.ParentAgreementPayloadID),
		ShipComplete: h.ShipComplete, ReleaseRequired: h.ReleaseRequired, Silence: h.ControlKeys.OCInstruction == "notAllowed",
		StatedTotal: decimalOf(h.Total), TotalModified: h.TotalModified, Extrinsics: pairsOf(h.Extrinsic),
	}
	if h.DocumentReference != nil {
		header.Reference = h.DocumentReference.PayloadID
	}
	if h.ShipTo != nil {
		header.ShipTo = addressOf(h.ShipTo.Address)
		for _, carrier := range h.ShipTo.CarrierIdentifier {
			header.Carrier = carrier.Text
		}
	}
	if h.BillTo != nil {
		header.BillTo = addressOf(h.BillTo.Address)
	}
	header.StatedTax, header.StatedFreight = taxIn(h.Tax), shippingIn(h.Shipping)
	for _, contact := range h.Contact {
		header.Contacts = append(header.Contacts, orders.Pair{Name: contact.Role,
			Value: strings.TrimSpace(contact.Name.Text + " " + strings.Join(contact.Email, " "))})
	}
	for _, term := range h.PaymentTerm {
		header.Terms = append(header.Terms, orders.Term{Days: term.PayInNumberOfDays, DiscountPercent: term.DiscountPercent})
	}
	header.Comments = commentsOf(h.Comments)
	return header
}

func lineOf(position int64, item cxml.ItemOut) (orders.Line, error) {
	line := orders.Line{
		Position: position, Line: int64(item.LineNumber), Synthetic: item.Synthetic, Quantity: item.Quantity,
		SKU: item.ItemID.SupplierPartID, AuxiliaryID: item.ItemID.SupplierPartAuxiliaryID, BuyerPart: item.ItemID.BuyerPartID,
		Delivery: item.RequestedDeliveryDate.Text, Agreement: item.AgreementItemNumber,
		Comments: commentsOf(item.Comments), Extrinsics: pairsOf(item.Extrinsic),
	}
	if d := item.ItemDetail; d != nil {
		line.Unit, line.BuyerPrice = d.UnitOfMeasure, d.UnitPrice.Value
		for _, description := range d.Description {
			if line.Name == "" {
				line.Name = description.Text
			}
		}
		line.UNSPSC = unspscOf(d.Classification)
		line.Extrinsics = append(line.Extrinsics, pairsOf(d.Extrinsic)...)
		if basis := d.PriceBasisQuantity; basis != nil && basis.Quantity.Sign() > 0 && basis.ConversionFactor.Sign() > 0 {
			// total = quantity × factor ÷ basis × price. The factor goes into the price: divided, it
			// often has no end (an ordered dozen is a twelfth of the basis).
			price, err := d.UnitPrice.Value.Mul(basis.ConversionFactor)
			if err != nil {
				return line, fault.At(fault.Invalid, "OrderRequest/ItemOut["+strconv.FormatInt(position, 10)+"]/ItemDetail/PriceBasisQuantity",
					"the price times the conversion factor has too many digits").Because(err)
			}
			per := basis.Quantity
			if basis.ConversionFactor.Cmp(money.One) != 0 {
				line.BuyerPrice = price
			}
			line.Per = &per
		}
	}
	if d := item.BlanketItemDetail; d != nil {
		line.Unit, line.BuyerPrice = d.UnitOfMeasure, d.UnitPrice.Value
		line.UNSPSC = unspscOf(d.Classification)
		line.Extrinsics = append(line.Extrinsics, pairsOf(d.Extrinsic)...)
		for _, description := range d.Description {
			if line.Name == "" {
				line.Name = description.Text
			}
		}
	}
	if item.ShipTo != nil {
		line.ShipTo = addressOf(item.ShipTo.Address)
	}
	for _, share := range item.Distribution {
		line.Accounting = append(line.Accounting, shareOf(share))
	}
	if line.AuxiliaryID == "" {
		line.AuxiliaryID = quoteIn(line.Extrinsics)
	}
	for _, schedule := range item.ScheduleLine {
		line.Schedule = append(line.Schedule, orders.Schedule{Quantity: schedule.Quantity, Date: schedule.RequestedDeliveryDate.Text})
	}
	return line, nil
}

// quoteIn is the auxiliary id that systems which fetched their cart by OCI put into fields of their
// own: EXT_QUOTE_ID and EXT_QUOTE_ITEM, as the cart went home with them.
func quoteIn(extrinsics []orders.Pair) string {
	var quote, item string
	for _, e := range extrinsics {
		switch strings.ToUpper(strings.TrimPrefix(e.Name, "NEW_ITEM-")) {
		case "EXT_QUOTE_ID":
			quote = e.Value
		case "EXT_QUOTE_ITEM":
			item = e.Value
		}
	}
	return checkout.AuxiliaryOf(quote, item)
}
