package simulators

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// FailKind is a way in which our cXML address can misbehave.
type FailKind string

// The first three have no effect at the buyer. After the last two the document was taken and
// only the answer is lost, which is what makes a sender's retry interesting.
const (
	FailHTTP500   FailKind = "http500"   // HTTP 500 with a page of HTML
	FailStatus500 FailKind = "status500" // a cXML Status 500: passing
	FailStatus409 FailKind = "status409" // a cXML Status 409: final
	FailGarbage   FailKind = "garbage"   // taken, then HTTP 200 with something that is not XML
	FailTimeout   FailKind = "timeout"   // taken, then no answer until the caller gives up
	failTimeLimit          = time.Minute // the longest that FailTimeout keeps a connection
)

type failure struct {
	left int
	kind FailKind
}

// FailNext lets the next n documents to our cXML address meet the given fault. FailNext(0, "")
// ends it.
func (b *Buyer) FailNext(n int, kind FailKind) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = failure{n, kind}
}

// Repeats counts documents that came again with a payloadID that had been taken before.
func (b *Buyer) Repeats() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.repeats
}

// remembered is a document that had its effect.
type remembered struct {
	hash         [sha256.Size]byte
	document     *Document
	confirmation *Confirmation
	update       *StatusUpdate
}

// Confirmation is one ConfirmationRequest that was taken.
type Confirmation struct {
	OrderID, ConfirmID string
	Type, Operation    string // accept, reject, detail, except …
	Version            int    // of the order that it confirms
	PayloadID          string
	At                 time.Time
	Comments           string
	Lines              []ConfirmedLine
}

// ConfirmedLine is what a confirmation says of one part of a line.
type ConfirmedLine struct{ LineNumber, Type, Quantity, Comments string }

// StatusUpdate is one StatusUpdateRequest that was taken.
type StatusUpdate struct {
	OrderID   string
	Version   int
	PayloadID string
	At        time.Time
	Code      int
	Sentence  string
}

// Confirmations of an order (order or requisition number), oldest first, repeats left out.
func (b *Buyer) Confirmations(id string) []Confirmation {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []Confirmation
	if r, err := b.find(id); err == nil {
		for _, payloadID := range b.seenOrder {
			if c := b.seen[payloadID].confirmation; c != nil && c.OrderID == r.OrderNumber {
				found = append(found, *c)
			}
		}
	}
	return found
}

// StatusUpdates of an order, oldest first, repeats left out.
func (b *Buyer) StatusUpdates(id string) []StatusUpdate {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []StatusUpdate
	if r, err := b.find(id); err == nil {
		for _, payloadID := range b.seenOrder {
			if u := b.seen[payloadID].update; u != nil && u.OrderID == r.OrderNumber {
				found = append(found, *u)
			}
		}
	}
	return found
}

// postCXML is our cXML address. Everything that could be read enough is answered in HTTP 200
// with a Status.
func (b *Buyer) postCXML(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		b.respond(w, status{499, "Document size error", "The document is larger than 10 MB or broke off."})
		return
	}
	b.mu.Lock()
	kind := FailKind("")
	if b.fail.left > 0 {
		b.fail.left--
		kind = b.fail.kind
	}
	switch kind {
	case FailHTTP500:
		b.mu.Unlock()
		http.Error(w, "<html><body>Internal Server Error</body></html>", http.StatusInternalServerError)
		return
	case FailStatus500:
		b.mu.Unlock()
		b.respond(w, status{500, "Internal Server Error", "The simulated system was told to fail."})
		return
	case FailStatus409:
		b.mu.Unlock()
		b.respond(w, status{409, "Conflict", "The simulated system was told to refuse."})
		return
	}
	answer := b.take(body)
	b.mu.Unlock()
	switch kind {
	case FailGarbage:
		_, _ = io.WriteString(w, "OK <but not XML")
	case FailTimeout:
		select {
		case <-r.Context().Done():
		case <-time.After(failTimeLimit):
		}
		panic(http.ErrAbortHandler) // closes the connection without an answer
	default:
		b.respond(w, answer)
	}
}

func (b *Buyer) respond(w http.ResponseWriter, s status) {
	b.mu.Lock()
	head := b.letterhead(b.cfg.DTDVersion)
	head.Timestamp = isoTime(b.now())
	body, err := b.write("response", struct {
		letterhead
		Code         int
		Text, Detail string
	}{head, s.Code, s.Text, s.Detail})
	b.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset="+b.cfg.Encoding)
	_, _ = w.Write(body)
}

// take is the way of one received document: parse, authenticate, repeat, dispatch. Every
// document is kept, whatever became of it.
func (b *Buyer) take(body []byte) status {
	e, text, err := read(body)
	d := Document{Direction: Received, Type: "unreadable", Size: len(body)}
	done := func(s status, note string) status {
		d.Note, d.Answer = note, Answer{HTTPStatus: 200, Code: s.Code, Text: s.Text, Detail: s.Detail}
		kept := b.keep(d, text)
		if e != nil && b.seen[d.PayloadID] != nil && b.seen[d.PayloadID].document == nil {
			b.seen[d.PayloadID].document = kept
		}
		return s
	}
	if err != nil {
		return done(status{406, "Not Acceptable", sentence(err)}, sentence(err))
	}
	d.PayloadID, d.Type = e.PayloadID, requestType(e)
	if !b.authentic(e) {
		return done(status{401, "Unauthorized", "The Sender is not known or its secret is wrong."},
			"The sender did not prove who it is: the secret is not the one that was agreed.")
	}
	if !e.To.names(b.cfg.From) {
		return done(status{403, "Forbidden", "To names another buyer than the one at this address."},
			"The document is meant for another buyer.")
	}
	if strings.TrimSpace(e.PayloadID) == "" {
		return done(status{400, "Bad Request", "payloadID is missing."}, "The document has no payloadID.")
	}
	hash := sha256.Sum256(body)
	if known := b.seen[e.PayloadID]; known != nil {
		if known.hash != hash {
			return done(status{409, "Conflict", "The payloadID was used for another document."},
				"The payloadID was used before, for a document with other content.")
		}
		b.repeats++
		known.document.Repeats++
		return status{200, "OK", "Received before; nothing was changed."}
	}
	effect := &remembered{hash: hash}
	var s status
	var note string
	switch {
	case e.Request != nil && e.Request.Confirmation != nil:
		s, note = b.takeConfirmation(e, &d, effect)
	case e.Request != nil && e.Request.StatusUpdate != nil:
		s, note = b.takeStatus(e, &d, effect)
	default:
		s, note = status{450, "Not Implemented", "This system takes confirmations and status updates only."},
			"A document that this simulated system does not take."
	}
	if s.Code == 200 {
		b.seen[e.PayloadID] = effect
		b.seenOrder = append(b.seenOrder, e.PayloadID)
		if len(b.seenOrder) > maxRemembered {
			delete(b.seen, b.seenOrder[0])
			b.seenOrder = slices.Delete(b.seenOrder, 0, 1)
		}
	}
	return done(s, note)
}

// authentic compares in constant time; every credential of the Sender may carry the secret.
func (b *Buyer) authentic(e *envelope) bool {
	found := 0
	for _, c := range e.Sender.Credentials {
		found |= subtle.ConstantTimeCompare([]byte(strings.TrimSpace(c.Secret)), []byte(b.cfg.ExpectSecret))
	}
	return found == 1 && b.cfg.ExpectSecret != ""
}

func requestType(e *envelope) string {
	switch {
	case e.Request == nil:
		return "no request"
	case e.Request.Confirmation != nil:
		return "ConfirmationRequest"
	case e.Request.StatusUpdate != nil:
		return "StatusUpdateRequest"
	case len(e.Request.Others) > 0:
		return e.Request.Others[0].XMLName.Local
	}
	return "no request"
}

func (b *Buyer) takeConfirmation(e *envelope, d *Document, effect *remembered) (status, string) {
	c := e.Request.Confirmation
	r, err := b.find(c.Order.OrderID)
	if err != nil || r.OrderNumber != c.Order.OrderID {
		return status{417, "Expectation Failed", fmt.Sprintf("There is no order %q here.", c.Order.OrderID)},
			"A confirmation of an order that was never placed here."
	}
	d.Requisition = r.ID
	var v *OrderVersion
	if c.Order.Reference != nil {
		v = r.version(c.Order.Reference.PayloadID)
	}
	if v == nil {
		return status{400, "Bad Request", "OrderReference needs a DocumentReference with the payloadID of the order."},
			"The confirmation does not say which document it answers."
	}
	taken := Confirmation{OrderID: r.OrderNumber, ConfirmID: c.Header.ConfirmID, Type: c.Header.Type,
		Operation: c.Header.Operation, Version: v.Version, PayloadID: e.PayloadID, At: b.now(),
		Comments: strings.TrimSpace(strings.Join(c.Header.Comments, " "))}
	for _, item := range c.Items {
		for _, s := range item.Statuses {
			taken.Lines = append(taken.Lines, ConfirmedLine{item.LineNumber, s.Type, s.Quantity,
				strings.TrimSpace(strings.Join(s.Comments, " "))})
		}
	}
	effect.confirmation = &taken
	d.Facts = []Fact{{"Order", r.OrderNumber}, {"Version", fmt.Sprint(v.Version)}, {"Confirmation", c.Header.ConfirmID}, {"Type", c.Header.Type}}
	ok := status{Code: 200, Text: "OK"}
	switch c.Header.Type {
	case "reject":
		v.Outcome, v.Sentence = RefusedOutcome, taken.Comments
		b.refusedChange(r, *v)
		b.story(r, "Refused by "+b.cfg.SupplierShort, taken.Comments)
		return ok, fmt.Sprintf("%s refuses order %s. %s", b.cfg.SupplierShort, r.OrderNumber, stop(taken.Comments))
	case "accept", "allDetail", "detail", "except", "backordered":
		v.Outcome, v.Sentence = ConfirmedOutcome, taken.Comments
		how := plural(len(v.Cart.Lines), "line") + ", " + FormatMoney(v.Cart.Sum())
		if c.Header.Type != "accept" {
			how = "With differences, see the document"
		}
		b.story(r, "Confirmed by "+b.cfg.SupplierShort, how)
		return ok, fmt.Sprintf("%s confirms order %s, version %d.", b.cfg.SupplierShort, r.OrderNumber, v.Version)
	}
	return status{400, "Bad Request", fmt.Sprintf("A confirmation of type %q is not known here.", c.Header.Type)},
		"A confirmation of a type that is not known here."
}

func (b *Buyer) takeStatus(e *envelope, d *Document, effect *remembered) (status, string) {
	u := e.Request.StatusUpdate
	var r *requisition
	var v *OrderVersion
	if u.Reference != nil {
		for _, candidate := range slices.Backward(b.requisitions) {
			if v = candidate.version(u.Reference.PayloadID); v != nil {
				r = candidate
				break
			}
		}
	}
	if v == nil {
		return status{417, "Expectation Failed", "The DocumentReference names no order document of ours."},
			"A status update for a document that was never sent from here."
	}
	d.Requisition = r.ID
	words := u.Status.sentence()
	effect.update = &StatusUpdate{OrderID: r.OrderNumber, Version: v.Version, PayloadID: e.PayloadID, At: b.now(),
		Code: u.Status.Code, Sentence: words}
	d.Facts = []Fact{{"Order", r.OrderNumber}, {"Version", fmt.Sprint(v.Version)}, {"New status", fmt.Sprintf("%d %s", u.Status.Code, u.Status.Text)}}
	ok := status{Code: 200, Text: "OK"}
	// Only a version that is not settled yet moves: a late update can't undo a confirmation.
	open := v.Outcome == Sending || v.Outcome == Unanswered || v.Outcome == Reviewed || v.Outcome == Taken
	switch code := u.Status.Code; {
	case code == 201:
		if open {
			v.Outcome, v.Sentence = Reviewed, words
			b.story(r, "Waits for credit review", words)
		}
		return ok, fmt.Sprintf("Order %s waits: %s", r.OrderNumber, stop(words))
	case code >= 200 && code < 300:
		if open {
			v.Outcome, v.Sentence = Taken, words
			b.story(r, "Released by "+b.cfg.SupplierShort, words)
		}
		return ok, fmt.Sprintf("Order %s is released: %s", r.OrderNumber, stop(words))
	case code >= 400 && code < 500:
		if open {
			v.Outcome, v.Sentence = RefusedOutcome, words
			b.refusedChange(r, *v)
			b.story(r, "Refused by "+b.cfg.SupplierShort, words)
		}
		return ok, fmt.Sprintf("Order %s is refused: %s", r.OrderNumber, stop(words))
	}
	return ok, fmt.Sprintf("Status %d for order %s. Nothing follows from it.", u.Status.Code, r.OrderNumber)
}
