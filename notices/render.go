package notices

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"strconv"
	"strings"
	"text/template"
	"time"
	"unicode"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

// letter is a mail as it was made; every try sends the same.
type letter struct {
	Name      string    `json:"name,omitempty"` // of the recipient
	Address   string    `json:"address"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	HTML      string    `json:"html"`
	MessageID string    `json:"message_id"`
	Date      time.Time `json:"date"`
}

// memo is what a mail says.
type memo struct {
	Subject string // without the mark of a test merchant
	Opening string
	Facts   []fact
	Todo    string
	Link    string
	Footer  string
	at      time.Time
	// Where the link goes, in the console, and its words; empty for the order.
	Where, LinkWords string
}

type fact struct{ Label, Value string }

// render makes the mail that an event is to the merchant's credit contact, or says why it is none.
// Reminders alone look at what has become of the order since: that is what they are about.
func (s *Service) render(ctx context.Context, d outbox.Delivery) ([]byte, string, error) {
	merchant, err := accounts.FindMerchant(ctx, s.DB, d.Merchant)
	if err != nil {
		return nil, "", err
	}
	contact, err := merchant.Contact()
	if err != nil {
		return nil, "", err
	}
	if contact.Email == "" {
		return nil, "the merchant has no credit contact (credit_contact)", nil
	}
	var m memo
	var note string
	if d.Destination == quote {
		m, err = s.asked(ctx, merchant.Zone(), d)
	} else {
		m, note, err = s.memo(ctx, merchant, d)
	}
	if err != nil || note != "" {
		return nil, note, err
	}
	l := letter{Name: oneLine(contact.Name), Address: contact.Email, Subject: m.Subject, Date: m.at.In(merchant.Zone()),
		MessageID: fmt.Sprintf("%s.%d.%s@%s", d.Object, d.Seq, strings.TrimPrefix(d.Destination, Scheme+":"), s.host())}
	if d.Destination == escalation && contact.Escalation != "" {
		l.Name, l.Address = "", contact.Escalation
	}
	m.Where, m.LinkWords = cmp.Or(m.Where, "/orders/"+url.PathEscape(d.Object)), cmp.Or(m.LinkWords, "Open the order")
	m.Link = s.PublicURL + "/m/" + merchant.ID + "/console" + m.Where
	m.Footer = "Kontor, to the credit contact of " + oneLine(merchant.Name)
	if !merchant.Live() {
		l.Subject = "[" + merchant.Mode + "] " + l.Subject
		m.Footer += " (a merchant for tests: nothing of this is real)"
	}
	if l.Text, l.HTML, err = m.write(); err != nil {
		return nil, "", err
	}
	message, err := json.Marshal(l)
	return message, "", err
}

// host is the right side of our Message-IDs.
func (s *Service) host() string {
	if u, err := url.Parse(s.PublicURL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return "kontor"
}

// memo is what there is to say; note is why there is nothing.
func (s *Service) memo(ctx context.Context, merchant accounts.Merchant, d outbox.Delivery) (m memo, note string, err error) {
	var o orders.Order
	if err := json.Unmarshal([]byte(d.Payload), &o); err != nil {
		return m, "", fmt.Errorf("the event %s of %s can't be read: %w", d.Kind, d.Object, err)
	}
	organisation, err := accounts.FindOrganisation(ctx, s.DB, d.Merchant, o.Organisation)
	if err != nil {
		return m, "", err
	}
	about := subject{order: o, number: oneLine(o.Number), buyer: oneLine(organisation.Name), zone: merchant.Zone(), since: d.At.Time}
	if d.Destination == untold {
		task, err := taskAbout(ctx, s.DB, d)
		if err != nil {
			return m, "", err
		}
		return about.untold(task), "", nil
	}
	// The event of a change that waits shows the version in force beside it.
	version, err := orders.FindVersion(ctx, s.DB, o, o.Latest)
	if err != nil {
		return m, "", err
	}
	about.total = version.Total
	switch {
	case d.Destination == waiting:
		return about.waits(), "", nil
	case version.State != orders.Waiting:
		return m, "it was decided before", nil
	case d.Destination == reminder:
		return about.again("still waits for a decision", "Still waiting: ", dueAt(d.Event, merchant, remindAfter).Time), "", nil
	case d.Destination == escalation:
		return about.again("has waited for a banking day and nobody has decided", "A banking day without a decision: ", dueAt(d.Event, merchant, escalateAfter).Time), "", nil
	}
	return m, "nothing is written to " + d.Destination, nil
}

// subject is what a mail is about.
type subject struct {
	order  orders.Order
	total  money.Amount // of the version that waits
	number string
	buyer  string
	since  time.Time
	zone   *time.Location
}

// what names the order, or the change of one that is in force.
func (a subject) what() string {
	if a.order.InForce > 0 {
		return "the change of order " + a.number
	}
	return "order " + a.number
}

// short is the sum over the limit, empty when that isn't why it waits.
func (a subject) short() string {
	if a.order.Decision.Short.Minor <= 0 {
		return ""
	}
	return a.order.Decision.Short.English() + " over the credit limit"
}

func (a subject) waits() memo {
	m := memo{Subject: upper(a.what()) + " of " + a.buyer + " waits for a decision", Opening: upper(a.what()) + " of " + a.buyer + " waits for a decision", at: a.since}
	if short := a.short(); short != "" {
		m.Subject += ": " + short
		m.Opening += ": it is " + short
	}
	m.Opening += "."
	return a.decide(m)
}

func (a subject) again(words, begins string, due time.Time) memo {
	m := memo{Subject: begins + a.what() + " of " + a.buyer, Opening: upper(a.what()) + " of " + a.buyer + " " + words + ".", at: due}
	if short := a.short(); short != "" {
		m.Subject += ", " + short
	}
	return a.decide(m)
}

// decide adds the figures that the desk decided by, and what to do.
func (a subject) decide(m memo) memo {
	d := a.order.Decision
	m.Facts = a.facts("Waits since", a.since)
	if d.Short.Minor > 0 {
		m.Facts = append(m.Facts, fact{"Available then", d.Available.English()}, fact{"Short by", d.Short.English()})
		if bound := oneLine(d.Bound); bound != "" {
			m.Facts = append(m.Facts, fact{"Bound by", "the credit line of " + bound})
		}
	} else {
		m.Facts = append(m.Facts, fact{"Why", prose(d.Sentence)})
	}
	m.Todo = "Release or reject it on its page, which shows the figures of this moment. Nothing of it ships until somebody decides."
	return m
}

func (a subject) facts(label string, at time.Time) []fact {
	facts := []fact{{"Order", a.number}, {"Organisation", a.buyer}}
	if a.order.InForce > 0 && a.order.Latest > a.order.InForce {
		facts = append(facts, fact{"Version", strconv.FormatInt(a.order.Latest, 10) + "; version " + strconv.FormatInt(a.order.InForce, 10) + " stays in force meanwhile"})
	}
	return append(facts, fact{"Amount", a.total.English()}, fact{label, when(at, a.zone)})
}

// untold is about a refusal, or another message, that the buyer's system did not get.
func (a subject) untold(t Task) memo {
	what := Message(t.Event)
	a.total = a.order.Version.Total
	m := memo{at: t.CreatedAt.Time, Facts: append(a.facts("Given up", t.CreatedAt.Time), fact{"Why", prose(t.Why)})}
	if t.Refusal() {
		m.Subject = "Tell " + a.buyer + ": " + what + " of order " + a.number + " could not be sent"
		m.Opening = upper(what) + " of order " + a.number + " could not be sent to " + a.buyer + ". Their system doesn't know of it."
		m.Facts = append(m.Facts, fact{"Refused because", prose(a.order.Decision.Sentence)})
		m.Todo = "Tell them by phone, then end the task on the console's first page with a word on who was told."
		return m
	}
	m.Subject = "Order " + a.number + ": " + what + " could not be delivered to " + a.buyer
	m.Opening = upper(what) + " of order " + a.number + " could not be delivered to " + a.buyer + "."
	m.Todo = "Send it again from the order's page when their system answers, or tell them by phone and end the task on the console's first page."
	return m
}

// Topic names what a mail to a destination is about.
func Topic(destination string) string {
	switch destination {
	case waiting:
		return "It waits"
	case reminder:
		return "Reminder after 4 working hours"
	case escalation:
		return "Escalation after a banking day"
	case quote:
		return "A quote is asked for"
	}
	return "What could not be told"
}

// Message names what an event is to a buyer's system.
func Message(event string) string {
	switch event {
	case orders.EventRejected, orders.EventRefused:
		return "the refusal"
	case orders.EventChangeRejected:
		return "the refusal of a change"
	case orders.EventApproved:
		return "the confirmation"
	case orders.EventChanged:
		return "the confirmation of a change"
	case orders.EventReleased:
		return "the release"
	case orders.EventWithdrawn:
		return "the end of the wait"
	case orders.EventLinesCancelled:
		return "the cancellation of lines"
	}
	return "a message"
}

func (m memo) write() (text, html string, err error) {
	var t, h bytes.Buffer
	if err := asText.Execute(&t, m); err != nil {
		return "", "", err
	}
	err = asHTML.Execute(&h, m)
	return t.String(), h.String(), err
}

var asText = template.Must(template.New("").Parse(`{{.Opening}}
{{range .Facts}}
{{.Label}}: {{.Value}}{{end}}

What to do
{{.Todo}}
{{.Link}}

--{{" "}}
{{.Footer}}
`))

// Tags alone: every mail program has its own look, in light and in dark.
var asHTML = htmltemplate.Must(htmltemplate.New("").Parse(`<!doctype html>
<html lang="en-US">
<body>
<p>{{.Opening}}</p>
<table cellpadding="4">
{{range .Facts}}<tr><th scope="row" align="left" valign="top">{{.Label}}</th><td>{{.Value}}</td></tr>
{{end}}</table>
<h3>What to do</h3>
<p>{{.Todo}}</p>
<p><a href="{{.Link}}">{{.LinkWords}}</a></p>
<p><small>{{.Footer}}</small></p>
</body>
</html>
`))

// prose is a sentence that may have a stranger's words in it, for people.
func prose(sentence string) string {
	const longest = 500
	return upper(cut(oneLine(money.EnglishIn(string(cxml.MaskText([]byte(sentence))))), longest))
}

// oneLine makes a name fit to stand in the head of a mail: no line breaks, no other control
// characters, and none that turn the direction of the text around.
func oneLine(name string) string {
	const longest = 200
	visible := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsControl(r), unicode.IsSpace(r) && r != '\u00a0':
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD"))
	return cut(strings.Join(strings.FieldsFunc(visible, func(r rune) bool { return r == ' ' }), " "), longest)
}

func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

func upper(text string) string {
	for i, r := range text {
		return text[:i] + string(unicode.ToUpper(r)) + text[i+len(string(r)):]
	}
	return text
}
