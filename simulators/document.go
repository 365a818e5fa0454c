package simulators

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// maxBody is the most that we read of one document.
const maxBody = 10 << 20

// Directions of a document, seen from the buyer.
const (
	Sent     = "sent"
	Received = "received"
)

// Document is one message in or out, as it crossed the wire but for its secrets.
type Document struct {
	ID          string
	Requisition string
	Direction   string
	Browser     bool   // came through the person's browser, not between servers
	Type        string // "OrderRequest"
	PayloadID   string
	At          time.Time
	Took        time.Duration // until the answer
	Size        int           // bytes on the wire
	Body        string        // UTF-8, secrets replaced by "masked"
	Masked      int           // secrets that were replaced
	Answer      Answer
	AnswerBody  string // masked
	Note        string // one sentence in plain words
	Facts       []Fact
	Repeats     int    // how often it came again
	Refused     bool   // came through the browser and was not taken
	KeptURL     string // where the other side shows what it kept of it; may be empty
}

// Fact is a key figure of a document.
type Fact struct{ Label, Value string }

// Answer is what the other side said to a document: Code, Text and Detail are of the cXML
// Status, Code 0 when there was none.
type Answer struct {
	HTTPStatus   int
	Code         int
	Text, Detail string
	Body         []byte
}

// Sentence is the human part of the answer.
func (a Answer) Sentence() string { return status{Text: a.Text, Detail: a.Detail}.sentence() }

// OK tells whether the other side took the document.
func (a Answer) OK() bool { return a.Code >= 200 && a.Code < 300 }

// permanent: sending the same again would not help. A 5xx or no answer may pass.
func (a Answer) permanent() bool { return a.Code >= 300 && a.Code < 500 }

// Documents are those of one requisition, oldest first; all of them when it is "".
func (b *Buyer) Documents(requisition string) []Document {
	b.mu.Lock()
	defer b.mu.Unlock()
	id := requisition
	if r, err := b.find(requisition); err == nil {
		id = r.ID
	}
	var found []Document
	for _, d := range b.documents {
		if requisition == "" || d.Requisition == id {
			found = append(found, *d)
		}
	}
	return found
}

// keep stores a document, masked, and gives it its id.
func (b *Buyer) keep(d Document, body string) *Document {
	b.nextDoc++
	d.ID = fmt.Sprintf("doc-%d", b.nextDoc)
	if d.At.IsZero() {
		d.At = b.now()
	}
	d.Body, d.Masked = b.mask(body)
	b.documents = append(b.documents, &d)
	if len(b.documents) > maxDocuments {
		b.documents = slices.Delete(b.documents, 0, len(b.documents)-maxDocuments)
	}
	return &d
}

func (b *Buyer) answered(d *Document, a Answer, took time.Duration) {
	d.Answer, d.Took = a, took
	text, err := asUTF8(a.Body)
	if err != nil {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	d.AnswerBody, _ = b.mask(text)
	d.Answer.Body = []byte(d.AnswerBody)
}

// secretElements are matched as text, not as parsed XML, so that a document that can't be parsed
// is masked as well. RE2 has no back references, hence one expression for each.
var secretElements = []*regexp.Regexp{
	regexp.MustCompile(`(?is)(<(?:[\w.-]+:)?SharedSecret\b[^>]*[^/>]>|<(?:[\w.-]+:)?SharedSecret>).*?(</(?:[\w.-]+:)?SharedSecret\s*>|\z)`),
	regexp.MustCompile(`(?is)(<(?:[\w.-]+:)?CredentialMac\b[^>]*[^/>]>|<(?:[\w.-]+:)?CredentialMac>).*?(</(?:[\w.-]+:)?CredentialMac\s*>|\z)`),
	regexp.MustCompile(`(?is)(<(?:[\w.-]+:)?DigitalSignature\b[^>]*[^/>]>|<(?:[\w.-]+:)?DigitalSignature>).*?(</(?:[\w.-]+:)?DigitalSignature\s*>|\z)`),
}

// mask replaces secrets by the word "masked" and counts them. Our own secrets are replaced
// wherever they stand.
func (b *Buyer) mask(text string) (masked string, count int) {
	for _, expression := range secretElements {
		count += len(expression.FindAllStringIndex(text, -1))
		text = expression.ReplaceAllString(text, "${1}masked${2}")
	}
	secrets := []string{b.cfg.Sender.Secret, b.cfg.ExpectSecret}
	if b.cfg.OCI != nil {
		secrets = append(secrets, b.cfg.OCI.Password)
	}
	for _, secret := range secrets {
		if len(secret) >= 6 && strings.Contains(text, secret) {
			count += strings.Count(text, secret)
			text = strings.ReplaceAll(text, secret, "masked")
		}
	}
	return text, count
}

// errAnswer: the other side's reply is not cXML, or none came. Senders treat it as passing.
var errAnswer = errors.New("no cXML answer")

// post sends one document to Kontor and reads the answer. The error is for a reply that can't
// be understood; a refusal is an Answer.
func (b *Buyer) post(ctx context.Context, body []byte) (Answer, *envelope, time.Duration, error) {
	return b.postTo(ctx, b.cfg.SupplierURL, body)
}

func (b *Buyer) postTo(ctx context.Context, address string, body []byte) (Answer, *envelope, time.Duration, error) {
	started := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return Answer{}, nil, 0, err
	}
	request.Header.Set("Content-Type", "text/xml; charset="+b.cfg.Encoding)
	request.Header.Set("User-Agent", b.cfg.UserAgent)
	response, err := b.client.Do(request)
	if err != nil {
		return Answer{}, nil, time.Since(started), fmt.Errorf("%w: %w", errAnswer, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer := Answer{HTTPStatus: response.StatusCode}
	answer.Body, err = io.ReadAll(io.LimitReader(response.Body, maxBody))
	took := time.Since(started)
	if err != nil {
		return answer, nil, took, fmt.Errorf("%w: %w", errAnswer, err)
	}
	e, _, err := read(answer.Body)
	if err != nil {
		return answer, nil, took, fmt.Errorf("%w: HTTP %d, %w", errAnswer, response.StatusCode, err)
	}
	if e.Response == nil || e.Response.Status.Code == 0 {
		return answer, nil, took, fmt.Errorf("%w: HTTP %d, the document has no Response with a Status", errAnswer, response.StatusCode)
	}
	s := e.Response.Status
	answer.Code, answer.Text, answer.Detail = s.Code, s.Text, strings.TrimSpace(s.Detail)
	return answer, e, took, nil
}

// SendRaw posts bytes as they are, for tests of what Kontor makes of them. The document is kept
// without a requisition; no state changes.
func (b *Buyer) SendRaw(ctx context.Context, body []byte) (Answer, error) {
	answer, _, took, err := b.post(ctx, body)
	b.mu.Lock()
	defer b.mu.Unlock()
	text, _ := asUTF8(body)
	d := b.keep(Document{Direction: Sent, Type: "raw", Size: len(body), At: b.now(),
		Note: "Bytes sent as they were written, outside any requisition."}, text)
	b.answered(d, answer, took)
	return answer, err
}
