package procurement

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/oci"
	"github.com/kontorhq/kontor/orders"
)

// ReturnCart freezes the visit's cart and gives the address of the page that posts it home. The
// visit is over then; asked again, the address is the same.
func (s *Service) ReturnCart(ctx context.Context, tx *database.Tx, merchant accounts.Merchant, session string) (string, error) {
	return s.end(ctx, tx, merchant, session, VisitReturned, false)
}

// ReturnForQuote is ReturnCart for a cart whose prices are to be said later, see
// checkout.SetQuote: the buyer's system is told that they are not final.
func (s *Service) ReturnForQuote(ctx context.Context, tx *database.Tx, merchant accounts.Merchant, session string) (string, error) {
	return s.end(ctx, tx, merchant, session, VisitReturned, true)
}

// CancelVisit ends the visit without a cart; the page that the address leads to tells the
// buyer's system to leave its requisition as it was.
func (s *Service) CancelVisit(ctx context.Context, tx *database.Tx, merchant accounts.Merchant, session string) (string, error) {
	return s.end(ctx, tx, merchant, session, VisitCancelled, false)
}

func (s *Service) end(ctx context.Context, tx *database.Tx, merchant accounts.Merchant, session, state string, forQuote bool) (string, error) {
	visit, err := s.lockOpen(ctx, tx, merchant.ID, session)
	if err != nil && visit.State == state {
		return s.returnAddress(visit), nil // it ended this way already
	}
	if err != nil {
		return "", err
	}
	if state == VisitReturned && visit.Operation == "inspect" {
		return "", fault.New(fault.Conflict, "This visit is for looking at a cart, so nothing goes back. Leave it instead.")
	}
	connection, err := FindConnection(ctx, tx, merchant.ID, visit.Connection)
	if err != nil {
		return "", err
	}
	if state == VisitReturned { // who only leaves may do so
		if err := stillServed(ctx, tx, connection, visit); err != nil {
			return "", err
		}
	}
	var how checkout.Sending // nobody may come back to a cart that wasn't sent
	if state == VisitReturned {
		how = checkout.Sending{OperationAllowed: connection.Settings.OperationAllowed, HoldDays: connection.Settings.QuoteDays, ForQuote: forQuote, Connection: connection.ID,
			Fit: func(lines []checkout.CartLine) error { return connection.Settings.fit(ctx, tx, merchant.ID, lines) }}
	}
	if forQuote && how.OperationAllowed == "create" {
		return "", fault.New(fault.Conflict, "A quote can't be fetched on this connection: its operation_allowed is create, so nobody can come back to the cart.")
	}
	cart, err := s.Desk.SendCart(ctx, tx, merchant.ID, visit.Cart, how)
	if err != nil {
		return "", err
	}
	if state == VisitReturned {
		// In an edit an empty cart is an answer: the earlier lines are to go (cXML reference 5.7).
		if len(cart.Lines) == 0 && visit.Operation != "edit" {
			return "", fault.At(fault.Invalid, "cart", "The cart is empty; leave without a cart instead.")
		}
		if err := sellable(cart); err != nil {
			return "", err
		}
		// What can't be written is refused here, while the person can still change it.
		if _, err := s.fill(new(ReturnForm), merchant, connection, visit, cart); err != nil {
			return "", err
		}
	}
	now := database.At(s.Clock.Now())
	if _, err := tx.Exec(ctx, endSession, state, now, merchant.ID, visit.ID); err != nil {
		return "", err
	}
	return s.returnAddress(visit), nil
}

// sellable refuses a cart with lines that can't be sold as they stand: sent home, they would come
// again as an order (decision 0012).
func sellable(cart checkout.Cart) error {
	faults := fault.New(fault.Invalid, "the cart has lines that can't be sold as they stand")
	for i, l := range cart.Lines {
		if l.Open && !cart.QuotePending {
			faults.Fields = append(faults.Fields, fault.Field{Path: "lines[" + strconv.Itoa(i) + "]",
				Message: l.Name + " has no price yet, so the cart can only go home for a quote."})
		}
		if l.Problem != "" {
			way := " Change the quantity, or remove the line."
			if l.Unavailable {
				way = " Remove the line, or leave without changing anything."
			}
			faults.Fields = append(faults.Fields, fault.Field{Path: "lines[" + strconv.Itoa(i) + "]", Message: l.Problem + way})
		}
	}
	if len(faults.Fields) > 0 {
		return faults
	}
	return nil
}

func (s *Service) returnAddress(visit Session) string {
	return s.address(visit.Merchant, s.token("return", visit.ID)) + "/return"
}

// ReturnForm is what the return page posts from the buyer's browser to the buyer's system.
type ReturnForm struct {
	Whose
	Action string // BrowserFormPost; empty where the buyer's system only sent somebody to look
	// Origins are those that the form may lead to: the action's first, then the connection's
	// others, since browsers hold the redirect that answers a form against the same list.
	Origins   []string
	Link      bool        // Action is called by GET, nothing is sent there
	Fields    []FormField // one with cXML, one for each field of each item with OCI
	Charset   oci.Charset // of the page; every value is written in it
	Target    string      // _self, _top, _parent, with OCI also a frame's name
	Cancelled bool
	Editing   bool // the lines take the place of earlier ones
	Lines     int
	Total     money.Amount
}

// FormField is a hidden field of the return page.
type FormField struct{ Name, Value string }

// ReturnPage gives the form of an ended visit. It is given out once, and again for a moment to
// a browser that loads the page twice, with OCI for some minutes to one that goes back (OCI
// reference 4); after that it is fault.Spent. With a fault, too, it is said
// whose visit it is, if there is one.
func (s *Service) ReturnPage(ctx context.Context, merchantID, returnToken string) (ReturnForm, error) {
	merchant, err := accounts.FindMerchant(ctx, s.DB, merchantID)
	if err != nil {
		return ReturnForm{}, err
	}
	var form ReturnForm
	err = s.DB.InTx(ctx, func(tx *database.Tx) error {
		visit, err := s.byDigest(ctx, tx, tx.ForUpdate(selectByReturn), merchantID, returnToken)
		if err != nil {
			return err
		}
		connection, err := FindConnection(ctx, tx, merchantID, visit.Connection)
		if err != nil {
			return err
		}
		form = ReturnForm{Whose: whose(merchant, connection, visit), Cancelled: visit.State == VisitCancelled, Editing: visit.Operation == "edit", Charset: oci.UTF8}
		now, again := s.Clock.Now(), reopen
		if connection.Protocol == "oci" {
			again = ociAgain
		}
		told := !visit.FetchedAt.IsZero() && now.Sub(visit.FetchedAt.Time) > again
		switch {
		case visit.State != VisitReturned && visit.State != VisitCancelled:
			return fault.New(fault.Conflict, "This visit has no cart to send yet.")
		case told && form.Cancelled:
			return fault.New(fault.Spent, "The end of this visit was already told.")
		case told:
			return fault.New(fault.Spent, "This cart was already transferred.")
		}
		if visit.ReturnURL == "" {
			return nil
		}
		cart, err := checkout.FindCart(ctx, tx, merchantID, visit.Cart)
		if err != nil {
			return err
		}
		sent, err := s.fill(&form, merchant, connection, visit, cart)
		if err != nil || !visit.FetchedAt.IsZero() {
			return err
		}
		if _, err := tx.Exec(ctx, fetchSession, database.At(now), merchantID, visit.ID); err != nil {
			return err
		}
		return keep(ctx, tx, sent, now)
	})
	return form, err
}

// fill puts an ended visit's answer into the form, in the words of the protocol that brought the
// visit, and gives it as it is kept: a pure function of what is stored, so that the page may be
// loaded twice and brings the same bytes.
func (s *Service) fill(f *ReturnForm, merchant accounts.Merchant, connection Connection, visit Session, cart checkout.Cart) (keptDocument, error) {
	sent := keptDocument{ID: database.NewID("doc"), Merchant: merchant.ID, Direction: "out", Connection: connection.ID,
		Object: visit.ID, Note: "sent through the browser"}
	f.Lines, f.Total = len(cart.Lines), cart.Total
	if connection.Protocol == "oci" {
		sent.Type = "OCI form"
		sent.Note += connection.Settings.unmappedNote(cart.Lines)
		err := connection.ociForm(visit, cart, f)
		for _, field := range f.Fields {
			sent.Body = append(sent.Body, written([]oci.Field{{Name: field.Name, Value: field.Value}})...)
		}
		return sent, err
	}
	sent.Type = "PunchOutOrderMessage"
	var err error
	if sent.Body, sent.PayloadID, err = s.returning(merchant, connection, visit, cart); err != nil {
		return sent, err
	}
	settings := connection.Settings
	action, err := settings.checkReturn(visit.ReturnURL)
	if err != nil {
		return sent, noLonger(visit.ReturnURL, err)
	}
	f.Action, f.Target, f.Origins = visit.ReturnURL, cmp.Or(visit.Visit.returnFrame(), settings.FrameTarget), settings.formOrigins(action)
	value := string(sent.Body)
	if settings.Encoding == "cxml-base64" {
		value = base64.StdEncoding.EncodeToString(sent.Body)
	}
	f.Fields = []FormField{{settings.Encoding, value}}
	return sent, nil
}

// noLonger tells a person that the way home, which was open when the visit began, was closed since.
func noLonger(address string, cause error) error {
	host := "your procurement system"
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		host = u.Host
	}
	return fault.New(fault.Invalid, "Carts may not be sent to "+host+" any more: the merchant changed that since this visit began.").Because(cause)
}

// formOrigins are those that a form may lead to: the action's first.
func (s Settings) formOrigins(action *url.URL) []string {
	list := []string{originOf(action)}
	for _, origin := range origins(s.ReturnHosts) {
		if !slices.Contains(list, origin) {
			list = append(list, origin)
		}
	}
	return list
}

// returnFrame is where the buyer's system wants the form to go, if it says so (cXML reference 5.2).
func (v Visit) returnFrame() string {
	for _, e := range v.Extrinsics {
		if strings.EqualFold(e.Name, "ReturnFrame") && slices.Contains([]string{"_self", "_top", "_parent"}, strings.TrimSpace(e.Text)) {
			return strings.TrimSpace(e.Text)
		}
	}
	return ""
}

// Ancestors are the origins whose pages may frame the shop and the pages around it: where carts go
// home to, and what else is named for it.
func (s Settings) Ancestors() []string {
	return origins(append(slices.Clone(s.ReturnHosts), s.FrameHosts...))
}

// origins are those of a list of hosts, each once.
func origins(hosts []string) []string {
	var list []string
	for _, entry := range hosts {
		if scheme, host, err := allowedOrigin(entry); err == nil && !slices.Contains(list, scheme+"://"+host) {
			list = append(list, scheme+"://"+host)
		}
	}
	return list
}

// originOf is an address as a policy names it: one without a host is named by its scheme alone.
func originOf(u *url.URL) string {
	if u.Opaque != "" {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + hostWithPort(u)
}

// told is an address as people are told of it.
func told(u *url.URL) string {
	if u.Scheme == sapEvent {
		return "SAP GUI"
	}
	return u.Host
}

// returning renders the message of an ended visit: a pure function of what is stored, so that
// the page may be loaded twice and brings the same bytes.
func (s *Service) returning(merchant accounts.Merchant, connection Connection, visit Session, cart checkout.Cart) (message []byte, payloadID string, err error) {
	at := cart.FrozenAt.Time
	payloadID = s.payloadID(visit.ID)
	out := cxml.Outgoing{
		Version: connection.Settings.version("PunchOutOrderMessage"), PayloadID: payloadID, Lang: visit.Visit.Lang,
		Timestamp: at.In(merchant.Zone()), DeploymentMode: visit.Visit.DeploymentMode,
		From: cxml.Party{Credential: ours(connection, visit.Visit.To)}, To: cxml.Party{Credential: visit.Visit.From},
		Sender: cxml.Party{Credential: sender(connection, visit.Visit.To)}, ASCII: connection.Settings.Encoding == "cxml-urlencoded",
	}
	out.Sender.UserAgent = userAgent
	body := &cxml.PunchOutOrderMessage{BuyerCookie: visit.BuyerCookie}
	zero := money.Zero(cart.Currency)
	allowed := cmp.Or(cart.OperationAllowed, connection.Settings.OperationAllowed)
	body.Header = cxml.PunchOutOrderMessageHeader{OperationAllowed: allowed, Total: cxml.AmountOf(zero)}
	if visit.State == VisitCancelled {
		if message, ok := s.resent(connection, visit, cart, out, allowed); ok {
			return message, payloadID, nil
		}
		body.Status = &cxml.Status{Code: 204, Text: cxml.StatusText(204)}
		message, err = out.Write(body)
		return message, payloadID, err
	}
	total, err := connection.Settings.itemsTotal(cart)
	if err != nil {
		return nil, "", err
	}
	cartHeader(&body.Header, connection, visit, cart, total, out.Lang)
	for _, l := range cart.Lines {
		unit, err := connection.Settings.theirUnit(l.Unit)
		if err != nil {
			return nil, "", fault.At(fault.Invalid, "lines["+strconv.FormatInt(l.Line-1, 10)+"].unit", l.SKU+" can't be sent to this buyer: "+err.Error()+".")
		}
		body.ItemIn = append(body.ItemIn, itemIn(cart, l, unit, out.Lang))
	}
	if freight, ok := connection.Settings.freightIn(cart, out.Lang); ok {
		body.ItemIn = append(body.ItemIn, freight)
	}
	message, err = out.Write(body)
	if faults := (cxml.Faults)(nil); errors.As(err, &faults) {
		return nil, "", fault.New(fault.Invalid, "The cart can't be written for this buyer: "+faults.Error()).Because(err)
	}
	return message, payloadID, err
}

func cartHeader(header *cxml.PunchOutOrderMessageHeader, connection Connection, visit Session, cart checkout.Cart, total money.Amount, lang string) {
	if cart.QuotePending {
		header.QuoteStatus = "pending"
	}
	header.Total, header.ShipTo = cxml.AmountOf(total), visit.Visit.ShipTo
	way := connection.Settings.TaxAndFreight
	if way == "header" {
		header.Shipping = &cxml.Shipping{Money: cxml.AmountOf(cart.Freight), Description: cxml.Description{Lang: lang, Text: "Freight, estimate"}}
	}
	if way != "none" {
		header.Tax = &cxml.Tax{Money: cxml.AmountOf(cart.Tax), Description: cxml.Description{Lang: lang, Text: "Tax, estimate"}}
	}
}

// resent is the message that puts a cancelled edit's original cart back, for buyers that don't
// know status 204. Not ok where there is none, or the buyer's own words can't be written: 204 is
// the answer then, since an empty cart would delete the lines.
func (s *Service) resent(connection Connection, visit Session, cart checkout.Cart, out cxml.Outgoing, allowed string) (message []byte, ok bool) {
	if visit.Visit.Original == nil {
		return nil, false
	}
	original := *visit.Visit.Original
	original.Currency = cart.Currency
	body := &cxml.PunchOutOrderMessage{BuyerCookie: visit.BuyerCookie}
	body.Header.OperationAllowed = allowed
	cartHeader(&body.Header, connection, visit, original, original.Goods, out.Lang)
	for _, l := range original.Lines {
		body.ItemIn = append(body.ItemIn, itemIn(original, l, l.Unit, out.Lang)) // as the buyer writes it
	}
	message, err := out.Write(body)
	if err != nil {
		s.Log.Warn("an original cart can't be sent again", "merchant", visit.Merchant, "session", visit.ID, "error", err)
	}
	return message, err == nil
}

// itemIn is a line of a cart; unit is what the buyer's system calls the line's.
func itemIn(cart checkout.Cart, l checkout.CartLine, unit, lang string) cxml.ItemIn {
	description := l.Name
	if l.Description != "" {
		description += ". " + l.Description
	}
	item := cxml.ItemIn{Quantity: l.Quantity, LineNumber: int(l.Line),
		ItemID: cxml.ItemID{SupplierPartID: l.SKU, SupplierPartAuxiliaryID: cart.AuxiliaryID(l.Line), BuyerPartID: l.BuyerPart},
		ItemDetail: cxml.ItemDetail{UnitPrice: cxml.MoneyOf(l.UnitPrice, cart.Currency), UnitOfMeasure: unit,
			Description:    []cxml.Description{{Lang: lang, Text: shorten(description, longestDescription), ShortName: shorten(l.Name, 50)}},
			Classification: []cxml.Classification{{Domain: "UNSPSC", Text: l.UNSPSC}}}}
	if l.Per != nil {
		item.ItemDetail.PriceBasisQuantity = &cxml.PriceBasisQuantity{Quantity: *l.Per, ConversionFactor: money.One, UnitOfMeasure: unit}
	}
	if l.LeadTime != nil {
		item.ItemDetail.LeadTime = strconv.FormatInt(*l.LeadTime, 10)
	}
	return item
}

// longestDescription is what the strictest systems show: Ariba counts 255 bytes (cXML reference
// 5.8).
const longestDescription = 255

// shorten cuts at a rune's boundary.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	cut := most
	for cut > 0 && text[cut]&0xC0 == 0x80 {
		cut--
	}
	return text[:cut]
}

const userAgent = "Kontor"

// shipTo is the address in our own words, for tax and freight.
func (v Visit) shipTo() *orders.Address {
	if v.ShipTo == nil {
		return nil
	}
	return addressOf(v.ShipTo.Address)
}

// ours is what we call ourselves towards a connection: what is set, else how we were addressed.
func ours(c Connection, addressed []cxml.Credential) []cxml.Credential {
	if c.Settings.Present != nil {
		return credentialsOf([]Identity{*c.Settings.Present})
	}
	return addressed
}

// sender is who we are as the one that connects.
func sender(c Connection, addressed []cxml.Credential) []cxml.Credential {
	if c.Settings.PresentSender != nil {
		return credentialsOf([]Identity{*c.Settings.PresentSender})
	}
	return ours(c, addressed)
}

func credentialsOf(identities []Identity) []cxml.Credential {
	var list []cxml.Credential
	for _, id := range identities {
		list = append(list, cxml.Credential{Domain: id.Domain, Identity: id.Identity})
	}
	return list
}
