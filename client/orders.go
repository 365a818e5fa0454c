package client

import (
	"context"
	"net/http"
	"net/url"
)

// OrderQuery narrows an order list.
type OrderQuery struct {
	State, Organisation, Number string
	Limit                       int
	Cursor                      string
}

// Orders lists orders, newest first.
func (c *Client) Orders(ctx context.Context, q OrderQuery) (Page[Order], error) {
	query := url.Values{}
	set(query, "state", q.State)
	set(query, "organisation", q.Organisation)
	set(query, "number", q.Number)
	paging(query, q.Limit, q.Cursor)
	var out Page[Order]
	return out, c.get(ctx, "/v1/orders", query, &out)
}

// EnterOrder enters a purchase order that came by another way than a document: by mail, on paper,
// from an ERP. The answer is the order, also where it waits or is refused.
func (c *Client) EnterOrder(ctx context.Context, o EnteredOrder) (Order, error) {
	var out Order
	return out, c.do(ctx, http.MethodPost, "/v1/orders", o, &out)
}

// Order reads one order by id or by ext:<ref>.
func (c *Client) Order(ctx context.Context, order string) (Order, error) {
	var out Order
	return out, c.get(ctx, "/v1/orders/"+segment(order), nil, &out)
}

// Attachments lists the files that came with the documents about an order, oldest first.
func (c *Client) Attachments(ctx context.Context, order string) ([]Attachment, error) {
	var out Page[Attachment]
	err := c.get(ctx, "/v1/orders/"+segment(order)+"/attachments", nil, &out)
	return out.Items, err
}

// Attachment reads a file of an order as the buyer sent it.
func (c *Client) Attachment(ctx context.Context, order, attachment string) ([]byte, error) {
	var out []byte
	err := c.do(ctx, http.MethodGet, "/v1/orders/"+segment(order)+"/attachments/"+segment(attachment), nil, &out)
	return out, err
}

// Release approves an order that waits for a credit review. The limit is checked again; with
// override it is released above it.
func (c *Client) Release(ctx context.Context, order, reason string, override bool) (Order, error) {
	body := struct {
		Reason   string `json:"reason"`
		Override bool   `json:"override,omitempty"`
	}{reason, override}
	var out Order
	return out, c.do(ctx, http.MethodPost, "/v1/orders/"+segment(order)+"/release", body, &out)
}

// Reject refuses an order that waits for a credit review.
func (c *Client) Reject(ctx context.Context, order, reason string) (Order, error) {
	body := struct {
		Reason string `json:"reason"`
	}{reason}
	var out Order
	return out, c.do(ctx, http.MethodPost, "/v1/orders/"+segment(order)+"/reject", body, &out)
}

// CancelledLine is how much of a line is cancelled in all; empty is the whole line.
type CancelledLine struct {
	Line      int    `json:"line"`
	Cancelled string `json:"cancelled,omitempty"`
}

// CancelLines takes lines, or parts of them, out of an approved order. The buyer is told where its
// connection wants confirmations.
func (c *Client) CancelLines(ctx context.Context, order, reason string, lines ...CancelledLine) (Order, error) {
	body := struct {
		Reason string          `json:"reason"`
		Lines  []CancelledLine `json:"lines"`
	}{reason, lines}
	var out Order
	return out, c.do(ctx, http.MethodPost, "/v1/orders/"+segment(order)+"/cancel-lines", body, &out)
}

// CreditLines lists an organisation's lines, one per currency.
func (c *Client) CreditLines(ctx context.Context, organisation string) ([]CreditLine, error) {
	var out Page[CreditLine]
	err := c.get(ctx, "/v1/organisations/"+segment(organisation)+"/credit-lines", nil, &out)
	return out.Items, err
}

// CreditLine reads one line.
func (c *Client) CreditLine(ctx context.Context, line string) (CreditLine, error) {
	var out CreditLine
	return out, c.get(ctx, "/v1/credit-lines/"+segment(line), nil, &out)
}

// CreditEntries lists the movements behind a line's figures.
func (c *Client) CreditEntries(ctx context.Context, line string, limit int, cursor string) (Page[CreditEntry], error) {
	query := url.Values{}
	paging(query, limit, cursor)
	var out Page[CreditEntry]
	return out, c.get(ctx, "/v1/credit-lines/"+segment(line)+"/entries", query, &out)
}

// SetLimit changes a line's limit; reason is kept with who did it.
func (c *Client) SetLimit(ctx context.Context, line string, limit Money, reason string) (CreditLine, error) {
	body := struct {
		Limit  Money  `json:"limit"`
		Reason string `json:"reason"`
	}{limit, reason}
	var out CreditLine
	return out, c.do(ctx, http.MethodPost, "/v1/credit-lines/"+segment(line)+"/limit", body, &out)
}
