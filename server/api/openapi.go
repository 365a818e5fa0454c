package api

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"
)

const (
	title          = "Kontor API"
	version        = "1.0.0"
	securityScheme = "key"

	tagPunchout = "Punchout"
	tagProducts = "Products"
	tagOrders   = "Orders"
	tagCredit   = "Credit"
)

const about = `What a merchant's shop and systems see of Kontor.

Amounts are in minor units with their currency. Unit prices and quantities are exact decimals, written as strings. In a path or a query, ext: and the merchant's own reference may stand for an organisation's id.

Every write takes an Idempotency-Key: sent again with the same body, the stored answer comes back with Idempotency-Replayed: true; with another body it is refused. What failed is not kept, so the key may be used again.

A key is served so many requests a second; what comes beyond them gets 429 with Retry-After and has no effect.

Refusals are problems (RFC 9457) with a stable code and the places that have to change. Lists are paged by cursors. Fields and enum values may be added at any time: ignore what you don't know.`

// describe fills what belongs to no route.
func describe(document *huma.OpenAPI) {
	document.Info.Description = about
	document.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	document.Tags = []*huma.Tag{
		{Name: tagPunchout, Description: "One visit of a buyer: read it, fill its cart, send it home."},
		{Name: tagProducts, Description: "What an organisation is offered, at its prices."},
		{Name: tagOrders, Description: "What was ordered, and what waits for a person."},
		{Name: tagCredit, Description: "Limits, positions and every movement behind them."},
	}
	document.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityScheme: {Type: "http", Scheme: "bearer", Description: "An API key: sk_<merchant>_<random>. It names the merchant whose data is served."},
	}
}

// documentRoutes serves the OpenAPI document and the page made of it. Neither needs a key: there
// is nothing of any merchant in them.
func (a *api) documentRoutes(e *echo.Echo) {
	document, err := document(a.huma.OpenAPI())
	if err != nil {
		panic(err) // the document is made of this package's types: it can be written or the tests fail
	}
	page, err := a.page()
	if err != nil {
		panic(err)
	}
	e.GET("/v1/openapi.json", func(c echo.Context) error {
		return c.Blob(http.StatusOK, "application/json", document)
	})
	e.GET("/v1/docs", func(c echo.Context) error {
		c.Response().Header().Set("Content-Security-Policy", pagePolicy)
		return c.HTMLBlob(http.StatusOK, page)
	})
}

// document writes OpenAPI for people to compare: docs/openapi.json is these bytes.
func document(o *huma.OpenAPI) ([]byte, error) {
	compact, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
