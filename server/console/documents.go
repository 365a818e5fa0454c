package console

import (
	"cmp"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/procurement"
)

// documentList is every message between the buyers' systems and us, newest first, with one of
// them open beside the list.
type documentList struct {
	procurement.DocumentFilter
	Types         []string
	Outcomes      []choice
	Organisations []accounts.Organisation
	Filtered      bool
	Rows          []trailRow
	Older, Newest string // addresses
	Hidden        string // the document that is open, as the form keeps it
	Open          *openDocument
}

type choice struct{ Value, Word string }

var documentTypes = []string{"PunchOutSetupRequest", "PunchOutOrderMessage", "OrderRequest", "ConfirmationRequest", "StatusUpdateRequest",
	"OrderStatusRequest", "CopyRequest", "ReceiptRequest", "ProfileRequest",
	"OCI start", "OCI form", "OCI VALIDATE", "OCI BACKGROUND_SEARCH", "OCI DETAIL", "OCI DETAILADD", "OCI SOURCING"}

var documentOutcomes = []choice{{procurement.TookEffect, "Taken"}, {procurement.Waits, "Waits"}, {procurement.Failed, "Refused or not answered"}}

// trailRow is one arrow between buyer, Kontor and shop. Steps that are no document have no link.
type trailRow struct {
	At      database.Time
	Day     string // set where another day begins
	Name    string
	Who     string
	Lane    string // from and to: 12, 21, 13 or 32
	Browser bool
	Words   string
	Status  int
	Bad     bool
	Link    string
	Current bool
}

// openDocument is the document beside the list.
type openDocument struct {
	documentPage
	Who, Words string
	Page       string // its own address
}

// getDocuments lists the messages; the address is filter, page and what is open.
func (c *console) getDocuments(v *visit) error {
	ctx, query := v.Request().Context(), v.QueryParams()
	body := documentList{DocumentFilter: documentFilter(query), Types: documentTypes, Outcomes: documentOutcomes}
	var err error
	if body.Organisations, err = accounts.Organisations(ctx, c.DB, v.merchant.ID, mostOrganisations); err != nil {
		return err
	}
	list, next, err := procurement.ListDocuments(ctx, c.DB, v.merchant.ID, body.DocumentFilter)
	if err != nil {
		return err
	}
	body.Filtered = body.Type != "" || body.Direction != "" || body.Organisation != "" || body.Outcome != "" || body.PayloadID != ""
	open := query.Get("doc")
	if open == "" && len(list) > 0 {
		open = list[0].ID
	}
	n := names{c: c, merchant: v.merchant.ID}
	if body.Rows, err = c.trail(ctx, v, &n, list, &body, open); err != nil {
		return err
	}
	if next != "" {
		body.Older = body.address(v, next, "")
	}
	if body.Before != "" {
		body.Newest = body.address(v, "", "")
	}
	if open != "" {
		if body.Open, err = c.openDocument(ctx, v, &n, open); err != nil && fault.CodeOf(err) != fault.Unknown {
			return err
		}
		body.Hidden = query.Get("doc")
	}
	return c.show(v, http.StatusOK, "documents", "documents", "Documents", body)
}

const mostOrganisations = 200

func documentFilter(query url.Values) procurement.DocumentFilter {
	f := procurement.DocumentFilter{Type: query.Get("type"), Direction: query.Get("direction"), Organisation: cut(query.Get("organisation"), 100),
		Outcome: query.Get("outcome"), PayloadID: cut(strings.TrimSpace(query.Get("payload")), 500), Limit: pageSize}
	if !slices.Contains(documentTypes, f.Type) {
		f.Type = ""
	}
	if f.Direction != "in" && f.Direction != "out" {
		f.Direction = ""
	}
	if !slices.ContainsFunc(documentOutcomes, func(o choice) bool { return o.Value == f.Outcome }) {
		f.Outcome = ""
	}
	if before := query.Get("before"); len(before) == 30 && strings.HasPrefix(before, "doc_") {
		f.Before = before
	}
	return f
}

// address is this list from before on, with one document open.
func (l documentList) address(v *visit, before, open string) string {
	q := url.Values{}
	for name, value := range map[string]string{"type": l.Type, "direction": l.Direction, "organisation": l.Organisation,
		"outcome": l.Outcome, "payload": l.PayloadID, "before": before, "doc": open} {
		if value != "" {
			q.Set(name, value)
		}
	}
	address := v.home + "/documents"
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	if open != "" {
		address += "#document"
	}
	return address
}

// trail makes the rows: the messages, and between them what the browser and the shop did in the
// same visits, when nothing is filtered out.
func (c *console) trail(ctx context.Context, v *visit, n *names, list []procurement.Document, body *documentList, open string) ([]trailRow, error) {
	var rows []trailRow
	for _, d := range list {
		who, words, err := c.inWords(ctx, v, n, d)
		if err != nil {
			return nil, err
		}
		row := trailRow{At: d.At, Name: d.Type, Who: who + " to Kontor", Lane: "12", Words: words, Status: d.Status,
			Bad: d.Outcome() == procurement.Failed, Link: body.address(v, body.Before, d.ID), Current: d.ID == open}
		if d.Type == "" {
			row.Name = "unreadable"
		}
		if d.Direction == "out" {
			row.Lane, row.Who = "21", "Kontor to "+who
		}
		if row.Browser = throughBrowser(d); row.Browser {
			row.Who += ", through the browser"
		}
		if d.GoesHome() {
			row.Bad = false // nobody answers it
		}
		if !body.Filtered {
			steps, err := c.visitSteps(ctx, v, who, d)
			if err != nil {
				return nil, err
			}
			rows = append(rows, steps...)
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b trailRow) int { return b.At.Compare(a.At.Time) })
	day := ""
	for i := range rows {
		if today := rows[i].At.In(v.merchant.Zone()).Format("Monday, January 2, 2006"); today != day {
			day, rows[i].Day = today, today
		}
	}
	return rows, nil
}

// throughBrowser: with OCI the browser also brings the start, which is no server's document. Prices
// and searches are asked for between servers.
func throughBrowser(d procurement.Document) bool {
	return d.GoesHome() || asksToShop[d.Type] == byOCI
}

// asksToShop are the documents that visits begin with, and how each asks.
var asksToShop = map[string]string{"PunchOutSetupRequest": "asks to shop", "OCI start": byOCI, "OCI DETAIL": byOCI, "OCI DETAILADD": byOCI, "OCI SOURCING": byOCI}

const byOCI = "asks to shop by OCI"

// visitSteps are what crossed no wire of ours as a document but belongs between them.
func (c *console) visitSteps(ctx context.Context, v *visit, who string, d procurement.Document) ([]trailRow, error) {
	if !strings.HasPrefix(d.Object, "ses_") {
		return nil, nil
	}
	started, returned, err := procurement.VisitTimes(ctx, c.DB, v.merchant.ID, d.Object)
	switch {
	case fault.CodeOf(err) == fault.Unknown:
		return nil, nil
	case err != nil:
		return nil, err
	case asksToShop[d.Type] != "" && !started.IsZero():
		return []trailRow{{At: started, Name: "browser opens the shop", Lane: "13", Browser: true, Who: who + " to the shop, through the browser"}}, nil
	case d.GoesHome() && !returned.IsZero() && !returned.After(d.At.Time):
		return []trailRow{{At: returned, Name: "cart", Lane: "32", Who: "The shop to Kontor"}}, nil
	}
	return nil, nil
}

// openDocument is one message with its answer, for the pane.
func (c *console) openDocument(ctx context.Context, v *visit, n *names, id string) (*openDocument, error) {
	page, err := c.documentPage(ctx, v, id)
	if err != nil {
		return nil, err
	}
	open := &openDocument{documentPage: *page, Page: v.home + "/documents/" + id}
	open.Who, open.Words, err = c.inWords(ctx, v, n, open.Document)
	return open, err
}

// inWords tells what a message is about, and who the other side is.
func (c *console) inWords(ctx context.Context, v *visit, n *names, d procurement.Document) (who, words string, err error) {
	who = "A stranger"
	if d.Organisation != "" {
		o, err := n.of(ctx, d.Organisation)
		if err != nil {
			return "", "", err
		}
		who = o.Name
	}
	var o orders.Order
	if strings.HasPrefix(d.Object, "ord_") {
		if o, err = orders.Find(ctx, c.DB, v.merchant.ID, d.Object); err != nil && fault.CodeOf(err) != fault.Unknown {
			return "", "", err
		}
	}
	switch {
	case d.Type == "OCI form":
		words = "The cart goes home to " + who + ", field by field, through the browser."
	case d.GoesHome():
		words = "The cart goes home to " + who + ", through the browser."
	case d.Direction == "out":
		words = who + " is told " + cmp.Or(outWords[d.Type], "something")
		if o.Number != "" {
			words += " of order " + o.Number
		}
		words += ". " + taken(d)
	case d.Type == "OrderRequest" && o.Number != "":
		words = who + " sends purchase order " + o.Number + "." + noteOf(d, o)
	case d.Type == "OCI VALIDATE":
		words = who + " " + askedPrice(d)
	default:
		words = who + " " + cmp.Or(asksToShop[d.Type], inWords[d.Type], "sends a document") + "." + noteOf(d, o)
	}
	return who, words, nil
}

var inWords = map[string]string{
	"OrderRequest": "sends a purchase order", "ProfileRequest": "asks what is served here",
	"StatusUpdateRequest": "tells what became of a document", "OrderStatusRequest": "asks how an order stands",
	"CopyRequest": "sends a copy", "ReceiptRequest": "tells that goods came in", "OCI BACKGROUND_SEARCH": "searches the catalogue",
}

// askedPrice is a question for a price with its answer, which the note has: "FAS-1050 costs $1.26 for
// 100."
func askedPrice(d procurement.Document) string {
	if product, price, found := strings.Cut(d.Note, " costs "); found && d.Status == http.StatusOK {
		return "asks what " + product + " costs: " + price
	}
	return "asks what a product costs." + noteOf(d, orders.Order{})
}

var outWords = map[string]string{"ConfirmationRequest": "the confirmation", "StatusUpdateRequest": "the last word"}

func taken(d procurement.Document) string {
	switch d.Outcome() {
	case procurement.TookEffect:
		return "It was taken."
	case procurement.Waits:
		return "It was taken, to be looked at."
	}
	if d.Status == 0 {
		return "No answer yet."
	}
	return "It was not taken: " + strconv.Itoa(d.Status) + "."
}

// noteOf is what the sender was answered, as the sentences that follow "sends …". What was decided
// stands with the document that was decided about.
func noteOf(d procurement.Document, o orders.Order) string {
	var words string
	if note := strings.TrimSpace(d.Note); note != "" {
		if rest, found := strings.CutPrefix(note, "Order "+o.Number+" "); found {
			note = "It " + rest
		}
		words = " " + ended(upper(sentence(note)))
	}
	if o.Version.DocumentID == d.ID && o.State == orders.Approved && o.Decision.Sentence != "" {
		words += " " + ended(upper(sentence(o.Decision.Sentence)))
	}
	return words
}

// ended is a sentence with its full stop.
func ended(text string) string {
	if strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// Lane is the time of a row, to the second; its day stands above it.
func (t times) Lane(at database.Time) template.HTML { return t.in(at, time.TimeOnly) }
