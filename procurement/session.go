package procurement

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
)

// Session is one punchout visit, from set-up to return. It is keyed by our own tokens, never by
// the buyer's cookie, which several people may share.
type Session struct {
	ID           string        `db:"id"`
	Merchant     string        `db:"merchant_id"`
	Connection   string        `db:"connection_id"`
	Organisation string        `db:"organisation_id"`
	Buyer        string        `db:"buyer_id"`
	Cart         string        `db:"cart_id"`
	Operation    string        `db:"operation"`
	State        string        `db:"state"`
	BuyerCookie  string        `db:"buyer_cookie"`
	ReturnURL    string        `db:"return_url"`
	Content      string        `db:"content"`
	StartedAt    database.Time `db:"started_at"`
	Agent        string        `db:"agent"`
	ReturnedAt   database.Time `db:"returned_at"`
	FetchedAt    database.Time `db:"fetched_at"`
	SeenAt       database.Time `db:"seen_at"`
	ExpiresAt    database.Time `db:"expires_at"`
	CreatedAt    database.Time `db:"created_at"`
	Version      int64         `db:"version"`
	Visit        Visit
}

// States of a session.
const (
	VisitNew       = "new"  // its start page was not opened yet
	VisitOpen      = "open" // somebody shops
	VisitReturned  = "returned"
	VisitCancelled = "cancelled"
)

// Visit is what else the set-up said.
type Visit struct {
	SelectedSKU    string            `json:"selected_sku,omitempty"`
	ShipTo         *cxml.ShipTo      `json:"ship_to,omitempty"` // goes home untouched
	Extrinsics     []cxml.Extrinsic  `json:"extrinsics,omitempty"`
	Lang           string            `json:"lang,omitempty"`
	DeploymentMode string            `json:"deployment_mode,omitempty"`
	From           []cxml.Credential `json:"from,omitempty"` // who asked: the returning message's To
	To             []cxml.Credential `json:"to,omitempty"`   // how we were addressed: its From
	// Original is the cart that an edit began with, at the buyer's figures: what a cancel sends
	// home where the connection says so.
	Original *checkout.Cart `json:"original,omitempty"`
	// Search is what the shop looks for at once, where the buyer's system asked for that.
	Search string `json:"search,omitempty"`
	// OCI is what a start in OCI said.
	OCI *ociVisit `json:"oci,omitempty"`
}

// Lives of a session (cXML reference 4.6 and 4.8).
const (
	startLife = 15 * time.Minute // until the start page is first opened
	idleLife  = 60 * time.Minute
	longest   = 12 * time.Hour
	reopen    = 30 * time.Second // a start or return page may be opened twice by the same browser
	ociAgain  = 5 * time.Minute  // nobody tells us whether an OCI form arrived, so that it may be sent again
)

// Expired tells whether the visit is over because nobody did anything.
func (s Session) Expired(now time.Time) bool {
	return (s.State == VisitNew || s.State == VisitOpen) && now.After(s.ExpiresAt.Time)
}

// The three tokens of a session follow from its id and our key, so that nothing but digests has
// to be kept and a page that is asked for twice leads to the same place.
func (s *Service) token(purpose, session string) string { return token(s.Keys, purpose, session) }

func token(keys *accounts.Keys, purpose, session string) string {
	prefix := map[string]string{"start": "", "visit": "vis_", "return": ""}[purpose]
	return prefix + hex.EncodeToString(keys.Digest("token/"+purpose, session)[:20])
}

func tokenDigest(keys *accounts.Keys, token string) []byte { return keys.Digest("session", token) }

// setUp starts a visit: buyer, cart, session and start page.
func (s *Service) setUp(ctx context.Context, tx *database.Tx, c *call) (reply, error) {
	request, err := c.setUpRequest()
	if err != nil {
		return reply{}, readFault(err)
	}
	if !slices.Contains(operations, request.Operation) {
		return reply{}, fault.At(fault.NotServed, "PunchOutSetupRequest/@operation", "the operation "+request.Operation+" is not served here")
	}
	// Who only looks takes nothing home, and may leave out where to.
	if request.BrowserFormPost == "" && request.Operation != "inspect" {
		return reply{}, fault.At(fault.Invalid, "PunchOutSetupRequest/BrowserFormPost", "BrowserFormPost is missing, so no cart could be sent home")
	}
	if request.BrowserFormPost != "" {
		if _, err := c.connection.Settings.checkReturn(request.BrowserFormPost); err != nil {
			return reply{}, err
		}
	}
	if len(request.BuyerCookieRaw) > longestCookie {
		return reply{}, fault.At(fault.Invalid, "PunchOutSetupRequest/BuyerCookie", "BuyerCookie is longer than 4,000 characters")
	}
	now := s.Clock.Now()
	user := request.User()
	buyer, err := accounts.Arrive(ctx, tx, c.merchant.ID, c.organisation.ID,
		accounts.Buyer{Email: user.Email, Login: user.Login, Name: user.Name}, now)
	if err != nil {
		return reply{}, err
	}
	visit := visitOf(c.doc, request)
	if len(visit.To) == 0 && c.connection.Settings.Present == nil {
		if visit.To, err = s.unaddressed(ctx, tx, c.merchant.ID, visit.From); err != nil {
			return reply{}, err
		}
	}
	if item := request.SelectedItem; item != nil && item.BuyerPartID != "" {
		if visit.SelectedSKU, err = s.selected(ctx, tx, c, *item); err != nil {
			return reply{}, err
		}
	}
	var cart checkout.Cart
	if request.Operation == "create" {
		cart, err = s.Desk.NewCart(ctx, tx, c.organisation, visit.shipTo())
	} else {
		cart, err = s.bringBack(ctx, tx, c, request, &visit)
	}
	if err != nil {
		return reply{}, err
	}
	id, err := s.begin(ctx, tx, Session{Merchant: c.merchant.ID, Connection: c.connection.ID, Organisation: c.organisation.ID,
		Buyer: buyer.ID, Cart: cart.ID, Operation: request.Operation, BuyerCookie: request.BuyerCookieRaw,
		ReturnURL: request.BrowserFormPost, Visit: visit})
	if err != nil {
		return reply{}, err
	}
	return reply{status: cxml.Status{Code: 200}, object: id,
		body: &cxml.PunchOutSetupResponse{StartPage: s.address(c.merchant.ID, id)}}, nil // see reveal
}

// selected is the product that a buyer asks for by its own part number, or by both.
func (s *Service) selected(ctx context.Context, tx *database.Tx, c *call, item cxml.ItemID) (sku string, err error) {
	found, err := catalog.Recognise(ctx, tx, c.organisation, c.organisation.Currency, c.merchant.Today(s.Clock),
		[]catalog.Asked{{SKU: item.SupplierPartID, BuyerPart: item.BuyerPartID}})
	if err != nil {
		return "", err
	}
	return found[0].SKU, nil
}

// begin keeps a new visit, whatever the protocol that brought it, and gives its id.
func (s *Service) begin(ctx context.Context, tx *database.Tx, visit Session) (id string, err error) {
	content, err := json.Marshal(visit.Visit)
	if err != nil {
		return "", err
	}
	id, now := database.NewID("ses"), s.Clock.Now()
	return id, tx.Queue(ctx, insertSession, visit.Merchant, id, visit.Connection, visit.Organisation, visit.Buyer, visit.Cart,
		visit.Operation, visit.BuyerCookie, visit.ReturnURL, string(content),
		tokenDigest(s.Keys, s.token("start", id)), tokenDigest(s.Keys, s.token("visit", id)), tokenDigest(s.Keys, s.token("return", id)),
		database.At(now), database.At(now.Add(startLife)), database.At(now))
}

const longestCookie = 4000

// operations are those of a set-up that are served.
var operations = []string{"create", "edit", "inspect"}

func (s *Service) address(merchant, token string) string {
	return s.PublicURL + "/m/" + merchant + "/p/" + token
}

func visitOf(doc *cxml.Document, request *cxml.PunchOutSetupRequest) Visit {
	v := Visit{ShipTo: request.ShipTo, Extrinsics: request.Extrinsic, Lang: doc.Lang, DeploymentMode: doc.DeploymentMode,
		From: naming(doc.Header.From), To: naming(doc.Header.To)}
	if request.SelectedItem != nil {
		v.SelectedSKU = request.SelectedItem.SupplierPartID
	}
	return v
}

// naming are the credentials that name a party; those without a domain or an identity name nobody,
// and couldn't be written into the message that goes home.
func naming(party cxml.Party) []cxml.Credential {
	var list []cxml.Credential
	for _, c := range party.Credential {
		if c.Domain != "" && c.Identity != "" {
			list = append(list, cxml.Credential{Domain: c.Domain, Type: c.Type, Identity: c.Identity})
		}
	}
	return list
}

// unaddressed is what we call ourselves where a set-up's To names nobody. Where we have no name
// either it is said now, to the buyer's system, and not later, to the person with a full cart.
func (s *Service) unaddressed(ctx context.Context, tx *database.Tx, merchant string, from []cxml.Credential) ([]cxml.Credential, error) {
	known, err := SupplierIdentities(ctx, tx, merchant)
	if err != nil {
		return nil, err
	}
	var theirs []Identity
	for _, c := range from {
		theirs = append(theirs, Identity{Domain: c.Domain, Identity: c.Identity})
	}
	if known = alike(known, theirs); len(known) == 0 {
		return nil, fault.At(fault.Invalid, "Header/To", "To names no supplier: a Credential with a domain and an Identity is missing")
	}
	return credentialsOf(known), nil
}

// A stored answer names the visit where its start token goes: nothing that opens a visit stands
// in a table. reveal puts the token in at the moment of sending, also to a repeat.
func (s *Service) reveal(answer []byte) []byte {
	id, found := visitNamed(answer)
	if !found {
		return answer
	}
	return bytes.Replace(answer, []byte("/p/"+id), []byte("/p/"+s.token("start", id)), 1)
}

// visitNamed finds the visit that a stored answer names.
func visitNamed(answer []byte) (id string, found bool) {
	const length = 30 // of an id, see database.NewID
	_, after, found := bytes.Cut(answer, []byte("/p/ses_"))
	if !found || len(after) < length-len("ses_") {
		return "", false
	}
	return "ses_" + string(after[:length-len("ses_")]), true
}

// startSpent tells whether the start page of an earlier answer can't be opened any more.
func (s *Service) startSpent(ctx context.Context, c *call, answer []byte) bool {
	id, found := visitNamed(answer)
	if !found {
		return false
	}
	session, err := findSession(ctx, s.DB, selectSession, c.merchant.ID, id)
	return err == nil && (session.State != VisitNew || session.Expired(s.Clock.Now()))
}

// Whose tells on the pages around a visit whose it is. Where no visit was found all is empty.
type Whose struct {
	Merchant string // the name
	Host     string // of the buyer's system, for people
	Session  string // to ask by; nothing opens with it
	// Ancestors are the origins whose pages may show the page in a frame.
	Ancestors []string
}

func whose(merchant accounts.Merchant, connection Connection, session Session) Whose {
	w := Whose{Merchant: merchant.Name, Session: session.ID, Ancestors: connection.Settings.Ancestors()}
	if home, err := url.Parse(session.ReturnURL); err == nil {
		w.Host = told(home)
	}
	return w
}

// Opened is where a start page leads.
type Opened struct {
	Whose
	Location string // the shop, with the visit's token
}

// OpenStart spends a start token and gives the shop's address with the visit's own token. The
// same browser may open it again for a moment: frames, double clicks. Everybody else gets a
// fault.Spent. With a fault, too, it is said whose visit it is, if there is one.
func (s *Service) OpenStart(ctx context.Context, merchantID, start, userAgent string) (Opened, error) {
	merchant, err := accounts.FindMerchant(ctx, s.DB, merchantID)
	if err != nil {
		return Opened{}, err
	}
	sum := sha256.Sum256([]byte(userAgent))
	agent := hex.EncodeToString(sum[:8])
	var opened Opened
	var session Session
	err = s.DB.InTx(ctx, func(tx *database.Tx) error {
		now := s.Clock.Now()
		if session, err = s.byDigest(ctx, tx, tx.ForUpdate(selectByStart), merchantID, start); err != nil {
			return err
		}
		connection, err := FindConnection(ctx, tx, merchantID, session.Connection)
		if err != nil {
			return err
		}
		opened.Whose = whose(merchant, connection, session)
		if err := stillServed(ctx, tx, connection, session); err != nil {
			return err
		}
		switch {
		case session.State == VisitNew && !session.Expired(now):
			_, err = tx.Exec(ctx, openSession, database.At(now), agent, database.At(now), database.At(now.Add(idleLife)), merchantID, session.ID)
			return err
		case session.State == VisitOpen && session.Agent == agent && now.Sub(session.StartedAt.Time) < reopen:
			return nil
		}
		return fault.New(fault.Spent, "This start page was used before or is too old.")
	})
	if err != nil {
		return opened, err
	}
	location, err := url.Parse(merchant.ShopURL)
	if err != nil {
		return Opened{}, fmt.Errorf("the shop address of %s can't be read: %w", merchantID, err)
	}
	query := location.Query()
	query.Set("session", s.token("visit", session.ID))
	location.RawQuery = query.Encode()
	opened.Location = location.String()
	return opened, nil
}

// stillServed refuses a visit whose connection or organisation was closed since it was set up.
func stillServed(ctx context.Context, tx *database.Tx, connection Connection, session Session) error {
	organisation, err := accounts.FindOrganisation(ctx, tx, session.Merchant, session.Organisation)
	if err == nil && (connection.Disabled || organisation.Disabled) {
		err = fault.New(fault.Forbidden, "Your organisation's access to this shop was closed.")
	}
	return err
}

// FindSession reads a session by its id or by the visit token that the browser brought to the
// shop.
func FindSession(ctx context.Context, q database.Querier, keys *accounts.Keys, merchant, idOrToken string) (Session, error) {
	if strings.HasPrefix(idOrToken, "vis_") {
		return findSession(ctx, q, selectByVisit, merchant, tokenDigest(keys, idOrToken))
	}
	return findSession(ctx, q, selectSession, merchant, idOrToken)
}

func (s *Service) byDigest(ctx context.Context, q database.Querier, query, merchant, token string) (Session, error) {
	return findSession(ctx, q, query, merchant, tokenDigest(s.Keys, token))
}

func findSession(ctx context.Context, q database.Querier, query, merchant string, key any) (Session, error) {
	var session Session
	err := q.Get(ctx, &session, query, merchant, key)
	if database.None(err) {
		return Session{}, fault.New(fault.Unknown, "There is no such visit.")
	}
	if err != nil {
		return Session{}, err
	}
	if err := json.Unmarshal([]byte(session.Content), &session.Visit); err != nil {
		return Session{}, fmt.Errorf("the visit %s can't be read: %w", session.ID, err)
	}
	return session, nil
}

// lockOpen locks a session that is still shopping, and keeps it alive.
func (s *Service) lockOpen(ctx context.Context, tx *database.Tx, merchant, idOrToken string) (Session, error) {
	found, err := FindSession(ctx, tx, s.Keys, merchant, idOrToken)
	if err != nil {
		return Session{}, err
	}
	session, err := findSession(ctx, tx, tx.ForUpdate(selectSession), merchant, found.ID)
	if err != nil {
		return Session{}, err
	}
	now := s.Clock.Now()
	switch {
	case session.Expired(now):
		return session, fault.New(fault.Conflict, "The visit has ended because nothing happened for a while. Start again from your procurement system.")
	case session.State != VisitOpen:
		return session, fault.New(fault.Conflict, "The visit is "+session.State+" and can't be changed any more.")
	}
	return session, session.touch(ctx, tx, now)
}

// touch keeps an open visit alive.
func (s Session) touch(ctx context.Context, tx *database.Tx, now time.Time) error {
	until := now.Add(idleLife)
	if end := s.CreatedAt.Add(longest); end.Before(until) {
		until = end
	}
	_, err := tx.Exec(ctx, touchSession, database.At(now), database.At(until), s.Merchant, s.ID)
	return err
}

// Touch keeps an open visit alive while its person only looks around; it writes at most once in
// five minutes.
func Touch(ctx context.Context, db *database.DB, clk *clock.Clock, session Session) error {
	now := clk.Now()
	if session.State != VisitOpen || session.Expired(now) || now.Sub(session.SeenAt.Time) < 5*time.Minute {
		return nil
	}
	return db.InTx(ctx, func(tx *database.Tx) error { return session.touch(ctx, tx, now) })
}

// PutCart replaces everything in the visit's cart.
func (s *Service) PutCart(ctx context.Context, tx *database.Tx, merchant accounts.Merchant, session string, items []checkout.Item) (checkout.Cart, error) {
	visit, err := s.lockOpen(ctx, tx, merchant.ID, session)
	if err != nil {
		return checkout.Cart{}, err
	}
	if visit.Operation == "inspect" {
		return checkout.Cart{}, fault.New(fault.Conflict, "This visit is for looking at a cart. It can't be changed here.")
	}
	organisation, err := accounts.FindOrganisation(ctx, tx, merchant.ID, visit.Organisation)
	if err != nil {
		return checkout.Cart{}, err
	}
	return s.Desk.PutCart(ctx, tx, merchant, organisation, visit.Cart, items)
}

const (
	insertSession = `
INSERT INTO sessions (merchant_id, id, connection_id, organisation_id, buyer_id, cart_id, operation, state, buyer_cookie, return_url,
                      content, start_digest, visit_digest, return_digest, seen_at, expires_at, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, 'new', ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	sessionColumns = `
SELECT id, merchant_id, connection_id, organisation_id, buyer_id, cart_id, operation, state, buyer_cookie, return_url, content,
       started_at, agent, returned_at, fetched_at, seen_at, expires_at, created_at, version
  FROM sessions`
	selectSession  = sessionColumns + ` WHERE merchant_id = ? AND id = ?`
	selectByStart  = sessionColumns + ` WHERE merchant_id = ? AND start_digest = ?`
	selectByVisit  = sessionColumns + ` WHERE merchant_id = ? AND visit_digest = ?`
	selectByReturn = sessionColumns + ` WHERE merchant_id = ? AND return_digest = ?`

	openSession = `
UPDATE sessions SET state = 'open', started_at = ?, agent = ?, seen_at = ?, expires_at = ?, version = version + 1
 WHERE merchant_id = ? AND id = ?`

	touchSession = `UPDATE sessions SET seen_at = ?, expires_at = ?, version = version + 1 WHERE merchant_id = ? AND id = ?`

	endSession = `UPDATE sessions SET state = ?, returned_at = ?, version = version + 1 WHERE merchant_id = ? AND id = ?`

	fetchSession = `UPDATE sessions SET fetched_at = ?, version = version + 1 WHERE merchant_id = ? AND id = ?`
)
