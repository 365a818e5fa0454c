// Package api is the JSON API under /v1: what a merchant's shop and an ERP see of Kontor. It
// stands between HTTP and the domains: a handler parses, calls one of procurement, checkout,
// catalog, orders or credit, and answers. It holds no rules and no SQL.
//
// A request passes identify (whose key is it), huma (does it fit the schema), the handler, and for
// writes the inbox (was it here before). Whatever goes wrong on the way ends in ProblemOf.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/procurement"
)

// Config is what the API stands on.
type Config struct {
	DB          *database.DB
	Keys        *accounts.Keys
	Clock       *clock.Clock
	Desk        *checkout.Desk
	Procurement *procurement.Service
	Log         *slog.Logger
	PublicURL   string // without a slash at the end; shown in the documentation's examples
	BodyLimit   int64  // most bytes of a request; 0 is 1 MB
	Rate        int    // requests a second that one key may make of this process; 0 is any number
}

const (
	defaultBodyLimit = 1 << 20
	bodyTimeout      = 15 * time.Second
)

type api struct {
	Config
	huma       huma.API
	operations []*huma.Operation // in the order of the documentation
	throttle   throttle
}

// Mount adds the API's routes to e.
func Mount(e *echo.Echo, config Config) {
	settleHuma()
	if config.BodyLimit == 0 {
		config.BodyLimit = defaultBodyLimit
	}
	a := &api{Config: config}
	settings := huma.DefaultConfig(title, version)
	settings.CreateHooks = nil // no $schema in answers
	settings.OpenAPIPath, settings.DocsPath, settings.SchemasPath = "", "", ""
	settings.RejectUnknownQueryParameters = true
	settings.Formats = huma.DefaultFormats // JSON, also as application/…+json
	describe(settings.OpenAPI)
	settings.OnAddOperation = append(settings.OnAddOperation, func(_ *huma.OpenAPI, op *huma.Operation) {
		a.operations = append(a.operations, op)
		if op.RequestBody != nil {
			// Handlers read the raw body beside the parsed one, which huma takes for a second form.
			delete(op.RequestBody.Content, "application/octet-stream")
		}
	})
	a.huma = humaecho.New(e, settings)
	a.huma.UseMiddleware(noStore, a.identify)

	a.sessionRoutes()
	a.productRoutes()
	a.orderRoutes()
	a.attachmentRoutes()
	a.creditRoutes()
	a.quoteRoutes()
	a.documentRoutes(e)
}

func noStore(ctx huma.Context, next func(huma.Context)) {
	ctx.SetHeader("Cache-Control", "no-store")
	next(ctx)
}

// route registers a handler. Its errors become problems here, in one place.
func route[I, O any](a *api, op huma.Operation, handle func(ctx context.Context, c *caller, in *I) (*O, error)) {
	op.Security = []map[string][]string{{securityScheme: {}}}
	op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusUnprocessableEntity, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusServiceUnavailable)
	if op.Method != http.MethodGet {
		op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
		op.MaxBodyBytes = a.BodyLimit + 1 // huma refuses a body of exactly its limit
		op.BodyReadTimeout = bodyTimeout
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		c := callerOf(ctx)
		out, err := handle(ctx, c, in)
		if err != nil {
			return nil, ProblemOf(ctx, a.Log.With("merchant", c.merchant.ID, "operation", op.OperationID), c.request, err)
		}
		return out, nil
	})
}
