package client

import (
	"context"
	"net/http"
	"net/url"
)

// Session reads a punchout session by its id (ses_…) or by the visit token that the browser
// brought (vis_…). A closed session is an answer, not an error: look at State.
func (c *Client) Session(ctx context.Context, session string) (Session, error) {
	var out Session
	return out, c.get(ctx, sessionPath(session), nil, &out)
}

// PutCart replaces the session's whole cart and returns it priced.
func (c *Client) PutCart(ctx context.Context, session string, lines []WantedLine) (Cart, error) {
	if lines == nil {
		lines = []WantedLine{} // an empty cart is [], not null
	}
	var out Cart
	body := struct {
		Lines []WantedLine `json:"lines"`
	}{lines}
	return out, c.do(ctx, http.MethodPut, sessionPath(session)+"/cart", body, &out)
}

// Return freezes the cart and gives the address of the page that posts it home. Send the browser
// there with 303.
func (c *Client) Return(ctx context.Context, session string) (string, error) {
	return c.leave(ctx, session, "return")
}

// ReturnForQuote is Return for a cart whose prices are to be said later, by SetQuote.
func (c *Client) ReturnForQuote(ctx context.Context, session string) (string, error) {
	return c.end(ctx, session, "return", map[string]string{"quote": "pending"})
}

// PendingQuotes are the carts that wait for their prices, newest first.
func (c *Client) PendingQuotes(ctx context.Context, cursor string) (Page[Quote], error) {
	query := url.Values{"state": {"pending"}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	var out Page[Quote]
	return out, c.get(ctx, "/v1/quotes", query, &out)
}

// SetQuote makes the prices of a cart final until the day (2026-12-24) is over. Lines that are not
// named keep the price that they went home with.
func (c *Client) SetQuote(ctx context.Context, cart, validUntil, reason string, lines []QuotedLine) (Quote, error) {
	body := struct {
		ValidUntil string       `json:"valid_until"`
		Reason     string       `json:"reason,omitempty"`
		Lines      []QuotedLine `json:"lines"`
	}{validUntil, reason, append([]QuotedLine{}, lines...)}
	var out Quote
	return out, c.do(ctx, http.MethodPut, "/v1/quotes/"+segment(cart), body, &out)
}

// Cancel ends the session without a cart and gives the address to send the browser to.
func (c *Client) Cancel(ctx context.Context, session string) (string, error) {
	return c.leave(ctx, session, "cancel")
}

func (c *Client) leave(ctx context.Context, session, how string) (string, error) {
	return c.end(ctx, session, how, struct{}{})
}

func (c *Client) end(ctx context.Context, session, how string, body any) (string, error) {
	var out struct {
		URL string `json:"url"`
	}
	err := c.do(ctx, http.MethodPost, sessionPath(session)+"/"+how, body, &out)
	return out.URL, err
}

func sessionPath(session string) string { return "/v1/punchout/sessions/" + segment(session) }

// ProductQuery narrows a product list. Session or Organisation decides visibility and prices.
type ProductQuery struct {
	Session, Organisation, Text, Category string
	Limit                                 int
	Cursor                                string
}

// Products lists or searches the catalogue.
func (c *Client) Products(ctx context.Context, q ProductQuery) (Page[Product], error) {
	query := url.Values{}
	set(query, "session", q.Session)
	set(query, "organisation", q.Organisation)
	set(query, "q", q.Text)
	set(query, "category", q.Category)
	paging(query, q.Limit, q.Cursor)
	var out Page[Product]
	return out, c.get(ctx, "/v1/products", query, &out)
}

// Product reads one product by SKU, priced for the session's organisation.
func (c *Client) Product(ctx context.Context, sku, session string) (Product, error) {
	query := url.Values{}
	set(query, "session", session)
	var out Product
	return out, c.get(ctx, "/v1/products/"+segment(sku), query, &out)
}

// Categories lists the categories that have a product for the session's organisation.
func (c *Client) Categories(ctx context.Context, session string) ([]Category, error) {
	query := url.Values{}
	set(query, "session", session)
	var out Page[Category]
	err := c.get(ctx, "/v1/product-categories", query, &out)
	return out.Items, err
}
