// Package procurement holds the conversation with a buyer's system, whatever its dialect. It
// stands between the addresses that procurement systems call (server/procure) and checkout:
// documents come in, are authenticated and remembered, and are translated into what checkout
// understands; events go out as the documents that the buyer's system expects.
//
// The main flow is Receive in this file: unpack → guards → sender → memory → what was asked → answer.
// Calls in OCI come by StartOCI (oci_start.go), and go on through the same visits.
package procurement

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/inbox"
)

// Service speaks with buyers' systems for all merchants.
type Service struct {
	DB        *database.DB
	Clock     *clock.Clock
	Keys      *accounts.Keys
	Desk      *checkout.Desk
	Log       *slog.Logger
	PublicURL string // without a slash at the end: where buyers and their browsers reach us
	Limits    cxml.Limits
	HTTP      *http.Client // for documents on the way out

	functions functionRates
}

// responseVersion is the DTD that answers are written for: every reader has this part of it.
const responseVersion = "1.2.014"

// call is one request document on its way through.
type call struct {
	merchant     accounts.Merchant
	connection   Connection
	organisation accounts.Organisation
	doc          *cxml.Document
	parts        []cxml.Part // what came in the same message
	masked       []byte
	document     string // our id for the kept document
	// What the document asks for, translated once, whoever asks first and however often the
	// transaction is run.
	setUpRequest func() (*cxml.PunchOutSetupRequest, error)
	orderRequest func() (*cxml.OrderRequest, error)
	wanted       func() (checkout.Wanted, error)
	basis        *checkout.Basis // what the order is priced from, nil where that could not be looked up
}

// understand translates the document, and looks up what an order is priced from, before the
// transaction is opened: on SQLite nobody else can write meanwhile. What is wrong with it is told
// later, from inside, where a repeat has got its stored answer already.
func (s *Service) understand(ctx context.Context, c *call) {
	c.setUpRequest = sync.OnceValues(c.doc.PunchOutSetupRequest)
	c.orderRequest = sync.OnceValues(c.doc.OrderRequest)
	c.wanted = sync.OnceValues(func() (checkout.Wanted, error) { return wanted(c) })
	switch c.doc.Type {
	case "PunchOutSetupRequest":
		_, _ = c.setUpRequest()
	case "OrderRequest":
		if wanted, err := c.wanted(); err == nil && wanted.Kind != checkout.Cancel {
			c.basis, _ = s.Desk.Look(ctx, s.DB, wanted) // without it Place looks, and tells what is wrong
		}
	}
}

// reply is what a request leads to: the status, what it led to, and what goes beside the status.
type reply struct {
	status cxml.Status
	body   cxml.ResponseBody
	object string // the order or session
	// correctable: the sender may send this payloadID again with other content, because what it
	// asked for was refused.
	correctable bool
}

// Receive takes one request document and gives the Response to it. It always gives one: an
// answer without valid cXML would be taken for a broken line and tried again for hours. What
// happened and what was answered are committed together (inbox.Once); what failed leaves
// nothing but the masked document.
func (s *Service) Receive(ctx context.Context, merchant, contentType string, body []byte) []byte {
	c := &call{document: database.NewID("doc")}
	root, rootType, parts, broken := cxml.Unpack(body, contentType, s.Limits)
	if broken != nil {
		// Nothing of it is kept: what is compressed or encoded can't be masked.
		c.masked = []byte("A message of " + strconv.Itoa(len(body)) + " bytes that could not be unpacked.")
		return s.refuse(ctx, c, merchant, nil, readFault(broken))
	}
	c.parts = parts
	answer, err := s.receive(ctx, c, merchant, rootType, root)
	if err != nil {
		return s.refuse(ctx, c, merchant, root, err)
	}
	return answer
}

// Refusal answers a document that could not be taken off the line: nothing of it is kept, and
// nobody knows whose it was.
func (s *Service) Refusal(cause error) []byte { return s.response(s.statusOf(cause), nil) }

func (s *Service) receive(ctx context.Context, c *call, merchant, contentType string, body []byte) ([]byte, error) {
	var err error
	c.doc, err = cxml.Read(body, contentType, s.Limits)
	if c.doc != nil {
		c.masked = c.doc.Masked()
	}
	if err != nil {
		return nil, readFault(err)
	}
	if err := checkClass(c.doc); err != nil {
		return nil, err
	}
	if err := s.authenticate(ctx, c, merchant); err != nil {
		return nil, err
	}
	key := inbox.Key{Merchant: c.merchant.ID, Scope: "cxml:" + c.connection.ID, Name: c.doc.PayloadID,
		Hash: s.Keys.Hash(c.doc.CanonicalRequest())}
	if key.Name == "" || c.connection.Settings.PayloadIDs == "colliding" {
		key.Name += "/" + hex.EncodeToString(key.Hash)
	}
	s.understand(ctx, c)
	if err := c.checkLengths(); err != nil {
		return nil, err
	}
	answer, replayed, err := inbox.Once(ctx, s.DB, key, s.Clock.Now(), func(tx *database.Tx) (inbox.Answer, error) {
		return s.handle(ctx, tx, c)
	})
	if fault.CodeOf(err) == fault.Mismatch {
		err = fault.At(fault.Mismatch, "cXML/@payloadID", "a document with this payloadID came before with other content")
	}
	if err != nil || c.doc.Type != "PunchOutSetupRequest" {
		return answer.Body, err
	}
	if replayed && s.startSpent(ctx, c, answer.Body) {
		// The start page of the first answer is used up, so the repeat is a visit of its own.
		key.Name += "/" + database.NewID("rep")
		answer, _, err = inbox.Once(ctx, s.DB, key, s.Clock.Now(), func(tx *database.Tx) (inbox.Answer, error) {
			return s.handle(ctx, tx, c)
		})
	}
	return s.reveal(answer.Body), err
}

// handle does what the document asks for, keeps the document, and writes the answer.
func (s *Service) handle(ctx context.Context, tx *database.Tx, c *call) (inbox.Answer, error) {
	if c.merchant.Live() && c.doc.DeploymentMode == "test" {
		message := "test documents are not taken at this address"
		if c.merchant.TestAddress != "" {
			message += ", send them to " + c.merchant.TestAddress
		}
		return inbox.Answer{}, fault.At(fault.Forbidden, "Request/@deploymentMode", message)
	}
	r, err := s.dispatch(ctx, tx, c)
	if err != nil {
		return inbox.Answer{}, err
	}
	r.status.Detail = readable(r.status.Detail)
	body := s.response(r.status, r.body)
	kept := keptDocument{ID: c.document, Merchant: c.merchant.ID, Direction: "in", Type: c.doc.Type, PayloadID: c.doc.PayloadID,
		Connection: c.connection.ID, Object: r.object, Status: r.status.Code, Note: r.status.Detail, Body: c.masked, Answer: body}
	if err := keep(ctx, tx, kept, s.Clock.Now()); err != nil {
		return inbox.Answer{}, err
	}
	if err := keepAttachments(ctx, tx, c.merchant.ID, c.document, c.parts); err != nil {
		return inbox.Answer{}, err
	}
	return inbox.Answer{Status: r.status.Code, MediaType: "text/xml; charset=UTF-8", Body: body, Correctable: r.correctable}, nil
}

func (s *Service) dispatch(ctx context.Context, tx *database.Tx, c *call) (reply, error) {
	switch c.doc.Type {
	case "ProfileRequest":
		return s.profile(c), nil
	case "PunchOutSetupRequest":
		return s.setUp(ctx, tx, c)
	case "OrderRequest":
		return s.order(ctx, tx, c)
	case "StatusUpdateRequest":
		return s.statusUpdate(ctx, tx, c)
	case "CopyRequest":
		return s.copyOf(c)
	case "OrderStatusRequest":
		return s.orderStatus(ctx, tx, c)
	case "ReceiptRequest":
		return s.receipt(ctx, tx, c)
	}
	return reply{}, fault.New(fault.NotServed, short(c.doc.Type)+" is not served here; a ProfileRequest tells what is")
}

// refuse keeps the masked document with the fault, in a transaction of its own, and answers.
func (s *Service) refuse(ctx context.Context, c *call, merchant string, body []byte, cause error) []byte {
	status := s.statusOf(cause)
	answer := s.response(status, nil)
	if errors.Is(cause, errTooOften) {
		return answer // who guesses on fills no disk
	}
	kept := keptDocument{ID: c.document, Merchant: merchant, Direction: "in", Connection: c.connection.ID,
		Status: status.Code, Note: status.Detail, Body: c.masked, Answer: answer}
	if c.doc != nil {
		kept.Type, kept.PayloadID = short(c.doc.Type), string(cut([]byte(c.doc.PayloadID), longestName))
	}
	if c.masked == nil {
		kept.Body = storable(cxml.MaskText(whole(body)))
	}
	if c.connection.ID == "" {
		kept.Body = cut(kept.Body, strangerBytes)
	}
	// The sender may have hung up; what it sent is kept all the same.
	if err := s.keepRefused(context.WithoutCancel(ctx), kept, c.parts); err != nil {
		s.Log.Error("a refused document could not be kept", "merchant", merchant, "document", c.document, "error", err)
	}
	return answer
}

// strangerBytes is how much is kept of a document whose sender isn't known.
const strangerBytes = 4 << 10

// whole is the part of an unreadable body that is masked before it is cut: somewhat more than is
// kept, so that no number loses the digits by which it is recognised, and no half UTF-16 character.
func whole(body []byte) []byte {
	body = body[:min(len(body), strangerBytes+1024)]
	return body[:len(body)&^1]
}

// storable is text that either engine can keep: no bytes that aren't UTF-8 and no zeros.
func storable(b []byte) []byte {
	return []byte(strings.ReplaceAll(strings.ToValidUTF8(string(b), "\uFFFD"), "\x00", ""))
}

func cut(b []byte, most int) []byte {
	if len(b) > most {
		return []byte(strings.ToValidUTF8(string(b[:most]), ""))
	}
	return b
}

func (s *Service) statusOf(err error) cxml.Status {
	var known *fault.Error
	if !errors.As(err, &known) {
		id := database.NewID("err")
		s.Log.Error("a document could not be handled", "id", id, "error", err)
		return cxml.Status{Code: fault.Internal.CXML(), Detail: "Something failed on our side. Nothing was changed. Reference " + id}
	}
	if known.Code == fault.Internal || known.Cause != nil {
		s.Log.Warn("a document was refused", "code", known.Code, "message", known.Error(), "cause", known.Cause)
	}
	return cxml.Status{Code: known.Code.CXML(), Detail: readable(known.Error())}
}

// readable is no more words than somebody reads.
func readable(words string) string {
	if len(words) <= longestDetail {
		return words
	}
	return string(cut([]byte(words), longestDetail)) + " …"
}

func (s *Service) response(status cxml.Status, body cxml.ResponseBody) []byte {
	if status.Text == "" {
		status.Text = cxml.StatusText(status.Code)
	}
	return cxml.WriteResponse(responseVersion, s.payloadID(database.NewID("rsp")), s.Clock.Now(), status, body)
}

// payloadID makes a document's id worldwide unique: ours at our host.
func (s *Service) payloadID(id string) string { return id + "@" + hostOf(s.PublicURL) }

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "" // the configuration was refused before; an id without a host is still an id
	}
	return u.Hostname()
}

// readFault turns what the codec says into the one error type.
func readFault(err error) error {
	var faults cxml.Faults
	if !errors.As(err, &faults) {
		one := (*cxml.Fault)(nil)
		if !errors.As(err, &one) {
			return err
		}
		faults = cxml.Faults{one}
	}
	codes := map[cxml.Kind]fault.Code{cxml.Malformed: fault.Malformed, cxml.Invalid: fault.Invalid,
		cxml.TooLarge: fault.TooLarge, cxml.NotServed: fault.NotServed}
	e := &fault.Error{Code: codes[faults[0].Kind], Message: faults[0].Message}
	for _, f := range faults {
		e.Fields = append(e.Fields, fault.Field{Path: f.Place, Message: f.Message})
	}
	return e
}

// checkClass lets only requests through; nobody has to be known to be told so.
func checkClass(doc *cxml.Document) error {
	switch doc.Class {
	case cxml.ClassRequest:
		return nil
	case cxml.ClassMessage:
		return fault.New(fault.NotServed, "a Message ("+short(doc.Type)+") is not taken here, only a Request")
	default:
		return fault.New(fault.Malformed, "the document is no cXML Request")
	}
}
