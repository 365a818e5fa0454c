package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/assets"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/procurement"
)

type documentPage struct {
	procurement.Document
	Order  string // number of the order that it belongs to
	Status badge
	Panes  []pane
	Files  []file
}

// file is an attachment as the page lists it.
type file struct {
	procurement.Attachment
	Bytes, Address string
	Digest         []string // SHA256 in pieces, so that a phone can break it
}

type pane struct {
	ID, Title, Raw string
	Bytes          string
	Masked         int // places where something was masked
	Lines          []assets.CodeLine
	First, Last    int    // the lines that the sentence is about; zero without one
	Words          string // the sentence
}

// getDocument shows one message on a page of its own.
func (c *console) getDocument(v *visit) error {
	body, err := c.documentPage(v.Request().Context(), v, v.Param("id"))
	if err != nil {
		return err
	}
	return c.show(v, http.StatusOK, "document", "documents", body.Type, *body)
}

// documentPage is one message as it crossed the wire, masked, with its answer.
func (c *console) documentPage(ctx context.Context, v *visit, id string) (*documentPage, error) {
	d, err := procurement.FindDocument(ctx, c.DB, v.merchant.ID, id)
	if err != nil {
		return nil, err
	}
	body := &documentPage{Document: d, Status: statusBadge(d.Status)}
	if d.GoesHome() {
		body.Status = badge{"", "Through the browser"}
	}
	if strings.HasPrefix(d.Object, "ord_") {
		if body.Order, err = orders.NumberOf(ctx, c.DB, v.merchant.ID, d.Object); err != nil {
			return nil, err
		}
	}
	raw := v.home + "/documents/" + d.ID + "/raw"
	format, answer := assets.XML, "Answer"
	if strings.HasPrefix(d.Type, "OCI ") {
		format, answer = assets.Fields, "Answer, field by field"
	}
	if d.Body != "" {
		body.Panes = append(body.Panes, newPane("request", d.Type, raw, d.Body, format))
	}
	if d.Answer != "" {
		body.Panes = append(body.Panes, newPane("answer", answer, raw+"?part=answer", d.Answer, format))
	}
	attachments, err := procurement.AttachmentsOf(ctx, c.DB, v.merchant.ID, d.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range attachments {
		address := v.home + "/documents/" + d.ID + "/attachments/" + strconv.FormatInt(a.Position, 10)
		var digest []string
		for piece := range slices.Chunk([]byte(a.SHA256), 16) {
			digest = append(digest, string(piece))
		}
		body.Files = append(body.Files, file{a, sizeOf(int(a.Size)), address, digest})
	}
	return body, nil
}

func newPane(id, title, raw, text string, format func(text string, tied ...string) []assets.CodeLine) pane {
	tie := ties[title]
	p := pane{ID: id, Title: title, Raw: raw, Bytes: sizeOf(len(text)), Lines: format(text, tie.paths...), Words: tie.words}
	p.First, p.Last = assets.TiedLines(p.Lines)
	for _, line := range p.Lines {
		for _, span := range line.Spans {
			if span.Class == "t-masked" {
				p.Masked++
			}
		}
	}
	return p
}

// ties name the part of a document that its most important sentence is about.
var ties = map[string]struct {
	paths []string
	words string
}{
	"PunchOutSetupRequest":   {[]string{"/BrowserFormPost"}, "The browser brings the cart home to this address, if the connection allows its host. Kontor never calls it itself."},
	"PunchOutOrderMessage":   {[]string{"MessageHeader/Total"}, "Goods only: cXML keeps freight and tax apart."},
	"OrderRequest":           {[]string{"OrderRequestHeader/Total"}, "Goods only: cXML keeps freight and tax apart. The credit line holds all three."},
	"ConfirmationRequest":    {[]string{"/OrderReference"}, "The document that is answered: its order number and its payloadID."},
	"StatusUpdateRequest":    {[]string{"/Status"}, "The last word on an order that waited."},
	"Answer":                 {[]string{"/Status"}, "What the sender was told."},
	"OCI start":              {[]string{"HOOK_URL"}, "The browser brings the cart home to this address, if the connection allows its host. Kontor never calls it itself."},
	"OCI form":               {[]string{"NEW_ITEM-EXT_QUOTE_ID[1]", "NEW_ITEM-EXT_QUOTE_ITEM[1]"}, "Our own number of the cart and of the line. The order brings it back and is matched by it."},
	"OCI VALIDATE":           {[]string{"FUNCTION", "PRODUCTID", "QUANTITY"}, "No visit begins: the first answer has the price in it."},
	"Answer, field by field": {[]string{"NEW_ITEM-PRICE[1]", "NEW_ITEM-PRICEUNIT[1]"}, "The price, and how many it is for."},
}

func sizeOf(bytes int) string {
	if bytes < 1000 {
		return strconv.Itoa(bytes) + noBreak + "bytes"
	}
	return strconv.Itoa(bytes/1000) + "." + strconv.Itoa(bytes%1000/100) + noBreak + "kB"
}

// getAttachment gives a file that came with a message, as it came. Nobody has looked into it, so it
// is only ever saved: no browser shows it here, whatever its sender calls it.
func (c *console) getAttachment(v *visit) error {
	position, err := strconv.ParseInt(v.Param("position"), 10, 64)
	if err != nil {
		return fault.New(fault.Unknown, "There is no attachment with that number.")
	}
	a, err := procurement.FindAttachment(v.Request().Context(), c.DB, v.merchant.ID, v.Param("id"), position)
	if err != nil {
		return err
	}
	headers := v.Response().Header()
	headers.Set("Content-Disposition", a.Disposition())
	headers.Set("Content-Security-Policy", procurement.AttachmentPolicy)
	headers.Set("Cross-Origin-Resource-Policy", "same-origin")
	return v.Blob(http.StatusOK, "application/octet-stream", a.Body)
}

// getRaw gives the kept bytes as plain text, which no browser runs.
func (c *console) getRaw(v *visit) error {
	d, err := procurement.FindDocument(v.Request().Context(), c.DB, v.merchant.ID, v.Param("id"))
	if err != nil {
		return err
	}
	text := d.Body
	if v.QueryParam("part") == "answer" {
		text = d.Answer
	}
	return v.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(text))
}
