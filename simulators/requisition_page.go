package simulators

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/assets"
)

// requisitionPage is the desk's main page: lines, trail and the selected document.
type requisitionPage struct {
	deskPage
	Requisition
	Link       string
	Cart       *Cart // in force
	Steps      []step
	StepNumber int
	Rows       []laneRow
	Zone       string
	Day        string
	Document   *documentPane
	Can        map[string]bool
	Notice     string
}

type step struct{ Name, Class string }

// laneRow is one arrow of the trail.
type laneRow struct {
	Time, Instant  string
	Name, Who      string
	Lane           string // "12", "21" or "13"
	Browser, Next  bool
	Answer         string
	Failed         bool
	Link           string
	Current        bool
	AnswerReadable string
}

type documentPane struct {
	Document
	Way         string
	Duration    string
	AnswerClass string
	AnswerText  string
	Lines       []assets.CodeLine
	AnswerLines []assets.CodeLine
	First, Last int
	Words       string
	Raw         string
}

func (b *Buyer) getRequisition(w http.ResponseWriter, r *http.Request) {
	q, ok := b.Requisition(r.PathValue("requisition"))
	if !ok {
		b.problem(w, http.StatusNotFound, fmt.Errorf("%w: there is no requisition %q", ErrNotFound, r.PathValue("requisition")))
		return
	}
	documents := b.Documents(q.ID)
	p := requisitionPage{deskPage: b.page(q.Title), Requisition: q, Link: b.pathOf(q.ID), Zone: b.now().Format("MST"),
		Day: formatDay(q.Started), Cart: cartInForce(q), Can: b.can(q)}
	p.Who = q.Person.Role
	p.Ribbon, p.Notice = b.words(q)
	p.RibbonTurns = true
	if b.cfg.ConsoleURL != "" && q.OrderNumber != "" {
		p.RibbonLink, p.RibbonLabel = b.cfg.ConsoleURL, "Open "+b.cfg.SupplierShort+"’s console"
	}
	p.Steps, p.StepNumber = steps(q)
	selected := ""
	if len(documents) > 0 {
		selected = documents[len(documents)-1].ID
		for _, d := range documents {
			if d.ID == r.URL.Query().Get("doc") {
				selected = d.ID
			}
		}
	}
	p.Rows = b.rows(q, documents, selected)
	for _, d := range documents {
		if d.ID == selected {
			p.Document = b.pane(q, d)
		}
	}
	b.show(w, http.StatusOK, "requisition", p, false)
}

// cartInForce is what the supplier agreed to last, or what waits for an answer, or what came home.
func cartInForce(q Requisition) *Cart {
	var newest *Cart
	for i := range q.Versions {
		v := &q.Versions[i]
		switch v.Outcome {
		case Taken, ConfirmedOutcome:
			newest = &v.Cart
		case Sending, Unanswered, Reviewed:
			if newest == nil {
				newest = &v.Cart
			}
		case RefusedOutcome: // a refused change is not in force
		}
	}
	return cmp.Or(newest, q.Cart)
}

// can tells which buttons the page has.
func (b *Buyer) can(q Requisition) map[string]bool {
	inForce := q.State == Ordered || q.State == Waiting || q.State == Confirmed
	return map[string]bool{
		"shop":    q.State == Draft,
		"edit":    q.State == CartHome && q.Cart.allows("edit"),
		"look":    q.Cart != nil && q.Cart.allows("inspect"),
		"anew":    q.State == CartHome && b.cfg.OCI != nil, // OCI opens no cart again, but another can replace it
		"order":   q.State == CartHome,
		"again":   q.State == Refused || q.State == Approved,
		"change":  inForce,
		"cancel":  inForce,
		"resend":  len(q.Versions) > 0 && q.State != Approved,
		"inForce": inForce,
	}
}

// words say where things stand: the ribbon in a line, the notice with what to expect.
func (b *Buyer) words(q Requisition) (ribbon, notice string) {
	supplier := b.cfg.SupplierShort
	switch q.State {
	case Draft:
		if q.VisitOpen {
			return "A visit to " + supplier + " is open. Its cart comes home to this page.", ""
		}
		return "You are the " + lowerFirst(q.Person.Role) + " at " + b.cfg.Name + ". This requisition needs lines: shop for them.", ""
	case CartHome:
		switch {
		case q.VisitOpen && q.Operation == "edit":
			return "A visit to edit the cart is open. What comes home replaces these lines.", ""
		case q.VisitOpen && q.Operation == "create":
			return "A visit for another cart is open. What comes home replaces these lines.", ""
		case q.VisitOpen:
			return "A visit to look at the cart is open. Nothing comes home from it.", ""
		case q.Cart.QuotePending:
			return "The cart is home, and its prices are not final. Open it again when " + supplier + " has quoted.", ""
		}
		return "The cart is home. Approve it as the requester’s manager would, and the order goes out.", ""
	case Approved:
		return "The order is approved, but was not answered. Send it again: it is the same document.", ""
	case Ordered:
		return "The order is placed. The confirmation appears on this page by itself.", q.Sentence
	case Waiting:
		return "The order waits at " + supplier + ". Decide at the credit desk, and this page turns by itself.", q.Sentence
	case Confirmed:
		return "The order is confirmed. Pick a document to read it, or see the order from the other side.", q.Sentence
	case Refused:
		return supplier + " refused the order and says why.", q.Sentence
	case Cancelled:
		return "The order is cancelled. Its credit is free again.", q.Sentence
	}
	return "", ""
}

func steps(q Requisition) (list []step, current int) {
	names := []State{Draft, CartHome, Approved, Ordered, Confirmed}
	switch q.State {
	case Waiting:
		names = []State{Draft, CartHome, Approved, Ordered, Waiting, Confirmed}
	case Refused, Cancelled:
		names[4] = q.State
	}
	for i, name := range names {
		if name == q.State {
			current = i + 1
		}
	}
	for i, name := range names {
		class := ""
		switch {
		case i+1 < current:
			class = "step--done"
		case i+1 == current:
			class = "step--current"
		}
		list = append(list, step{string(name), class})
	}
	return list, current
}

func (b *Buyer) rows(q Requisition, documents []Document, selected string) []laneRow {
	short, shop := b.short(), b.cfg.SupplierShort+"’s shop"
	var rows []laneRow
	for _, d := range documents {
		row := laneRow{Time: formatSecond(d.At), Instant: formatInstant(d.At), Name: d.Type, Lane: "12",
			Who: short + " to Kontor", Link: "?doc=" + d.ID + "#document", Current: d.ID == selected, Browser: d.Browser}
		if d.Direction == Received {
			row.Lane, row.Who = "21", "Kontor to "+short
		}
		if d.Browser {
			row.Who += ", through the browser"
		}
		if d.Type == "OrderRequest" {
			number, _, _ := strings.Cut(q.OrderNumber, ":") // of a number in parts only what there is room for
			row.Name = "OrderRequest " + number
		}
		switch {
		case d.Answer.Code != 0:
			row.Answer, row.Failed = strconv.Itoa(d.Answer.Code), !d.Answer.OK()
		case d.Direction == Sent && d.Took > 0:
			row.Answer, row.Failed, row.AnswerReadable = "none", true, "no answer"
		case d.Refused:
			row.Answer, row.Failed, row.AnswerReadable = "no", true, "not taken"
		}
		rows = append(rows, row)
		if d.Type == "PunchOutSetupResponse" || d.Type == "OCI start" {
			rows = append(rows, laneRow{Time: formatSecond(d.At), Instant: formatInstant(d.At), Name: "browser opens the shop",
				Lane: "13", Browser: true, Who: short + " to " + shop + ", through the browser"})
		}
	}
	next := map[State]string{Ordered: "ConfirmationRequest", Waiting: "StatusUpdateRequest"}[q.State]
	switch {
	case q.VisitOpen && b.cfg.OCI != nil:
		next = "OCI form"
	case q.VisitOpen:
		next = "PunchOutOrderMessage"
	}
	if next != "" {
		rows = append(rows, laneRow{Time: "next", Name: next, Lane: "21", Next: true, Who: "Kontor to " + short + ", expected next"})
	}
	return rows
}

func (b *Buyer) pane(q Requisition, d Document) *documentPane {
	pane := &documentPane{Document: d, Way: b.short() + " → Kontor", Raw: b.pathOf(q.ID) + "/documents/" + d.ID}
	if d.Direction == Received {
		pane.Way = "Kontor → " + b.short()
	}
	if d.Browser {
		pane.Way += ", through the browser"
	}
	if d.Took > 0 {
		pane.Duration = duration(d.Took)
	}
	switch {
	case d.Answer.Code != 0:
		pane.AnswerClass, pane.AnswerText = "ok", fmt.Sprintf("%d %s", d.Answer.Code, d.Answer.Text)
		if !d.Answer.OK() {
			pane.AnswerClass = "stop"
		}
	case d.Direction == Sent && d.Took > 0:
		pane.AnswerClass, pane.AnswerText = "stop", "Not answered"
	case d.Refused:
		pane.AnswerClass, pane.AnswerText = "stop", "Not taken"
	}
	cart := q.Cart
	for i := range q.Versions {
		if q.Versions[i].PayloadID == d.PayloadID {
			cart = &q.Versions[i].Cart
		}
	}
	paths, words := tie(d, cart)
	if strings.HasPrefix(d.Type, "OCI ") {
		pane.Lines, pane.AnswerLines = assets.Fields(d.Body, paths...), assets.Fields(d.AnswerBody, "NEW_ITEM-PRICE[1]", "NEW_ITEM-PRICEUNIT[1]")
	} else {
		pane.Lines = assets.XML(d.Body, paths...)
		if d.AnswerBody != "" {
			pane.AnswerLines = assets.XML(d.AnswerBody, "/Status")
		}
	}
	if pane.First, pane.Last = assets.TiedLines(pane.Lines); pane.First > 0 {
		pane.Words = words
	}
	return pane
}

// tie names the part of a document that its most important sentence is about.
func tie(d Document, cart *Cart) (paths []string, words string) {
	switch d.Type {
	case "PunchOutSetupRequest":
		return []string{"/BrowserFormPost"}, "The browser brings the cart home to this address. Kontor never calls it itself."
	case "PunchOutSetupResponse":
		return []string{"/StartPage"}, "The browser goes here next. The address is good for this visit only."
	case "PunchOutOrderMessage", "OrderRequest":
		if cart == nil {
			return nil, ""
		}
		return []string{"OrderRequestHeader/Total", "MessageHeader/Total"},
			"Goods only. cXML keeps freight and tax apart; with both it is " + FormatMoney(cart.Sum()) + "."
	case "ConfirmationRequest":
		return []string{"/OrderReference"}, "The document that is answered: its order number and its payloadID."
	case "OCI start":
		return []string{"HOOK_URL"}, "The browser brings the cart home to this address. Kontor never calls it itself."
	case "OCI VALIDATE":
		return []string{"FUNCTION", "PRODUCTID", "QUANTITY"}, "No visit begins: the first answer has the price in it, and an order at another price would not leave."
	case "OCI form":
		return []string{"NEW_ITEM-EXT_QUOTE_ID[1]", "NEW_ITEM-EXT_QUOTE_ITEM[1]"}, "Kontor’s own number of the cart and of the line. The order brings it back, so that nobody has to guess what was bought."
	case "StatusUpdateRequest":
		return []string{"/Status"}, "The last word on an order that waited."
	}
	return nil, ""
}
