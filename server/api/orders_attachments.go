package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/procurement"
)

// Attachment is a file that came with a document about an order. Nobody has looked into it.
type Attachment struct {
	ID         string `json:"id" doc:"Its name in this API" example:"doc_01j5x2v9t4e8s7c6b3n2m1k0hz-1"`
	DocumentID string `json:"document_id" doc:"The document that it came with" example:"doc_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	ContentID  string `json:"content_id" doc:"By what the document refers to it, in its sender's words; may be empty" example:"spec-1@buyer.example"`
	Name       string `json:"name" doc:"The file's name in its sender's words; may be empty. Not fit to be used as a path" example:"drawing.pdf"`
	MediaType  string `json:"media_type" doc:"What its sender calls it; nobody has checked that" example:"application/pdf"`
	Size       int64  `json:"size" doc:"Bytes" example:"48213"`
	SHA256     string `json:"sha256" doc:"Of its bytes, in hexadecimal" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
}

func (a *api) attachmentRoutes() {
	op := func(path, id, summary, description string) huma.Operation {
		return huma.Operation{Method: http.MethodGet, Path: "/v1/orders/{order}/attachments" + path, OperationID: id, Tags: []string{tagOrders},
			Summary: summary, Description: description, Errors: []int{http.StatusNotFound}}
	}
	route(a, op("", "listOrderAttachments", "List the files of an order",
		"Files that came with the order, its versions, and other documents about it, oldest first. Kontor doesn't look into files: scan them before anybody opens them."), a.listAttachments)
	file := op("/{attachment}", "getOrderAttachment", "Fetch a file of an order",
		"Its bytes as they came, always as application/octet-stream and to be saved, whatever its sender calls it.")
	file.Responses = map[string]*huma.Response{"200": {Description: "The file's bytes",
		Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}
	route(a, file, a.getAttachment)
}

func (a *api) listAttachments(ctx context.Context, c *caller, in *OrderPath) (*paged[Attachment], error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if _, err := orders.Find(ctx, a.DB, c.merchant.ID, in.Order); err != nil {
		return nil, err // no order is not the same as an order without files
	}
	found, err := procurement.AttachmentsOfOrder(ctx, a.DB, c.merchant.ID, in.Order)
	if err != nil {
		return nil, err
	}
	items := make([]Attachment, len(found))
	for i, f := range found {
		items[i] = Attachment{f.Document + "-" + strconv.FormatInt(f.Position, 10), f.Document, f.ContentID, f.Name, f.MediaType, f.Size, f.SHA256}
	}
	return pageOf(items, ""), nil
}

type attachmentPath struct {
	OrderPath
	Attachment string `path:"attachment" maxLength:"60" doc:"The file's id" example:"doc_01j5x2v9t4e8s7c6b3n2m1k0hz-1"`
}

// attachmentFile is a file on its way: nothing that a browser would show or run.
type attachmentFile struct {
	ContentType string `header:"Content-Type" doc:"Always application/octet-stream" example:"application/octet-stream"`
	Disposition string `header:"Content-Disposition" doc:"attachment, with the file's name" example:"attachment; filename=drawing.pdf"`
	Sniff       string `header:"X-Content-Type-Options" doc:"nosniff" example:"nosniff"`
	Policy      string `header:"Content-Security-Policy" doc:"Lets nothing load or run" example:"default-src 'none'; sandbox"`
	Body        []byte
}

func (a *api) getAttachment(ctx context.Context, c *caller, in *attachmentPath) (*attachmentFile, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	document, number, _ := strings.Cut(in.Attachment, "-")
	position, err := strconv.ParseInt(number, 10, 64)
	if err != nil || !isID("doc", document) {
		return nil, fault.New(fault.Unknown, "the order has no attachment with that id")
	}
	f, err := procurement.FindAttachmentOfOrder(ctx, a.DB, c.merchant.ID, in.Order, document, position)
	if err != nil {
		return nil, err
	}
	return &attachmentFile{"application/octet-stream", f.Disposition(), "nosniff", procurement.AttachmentPolicy, f.Body}, nil
}
