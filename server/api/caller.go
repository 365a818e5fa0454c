package api

import (
	"context"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/fault"
)

// caller is who asks, and what an Idempotency-Key is bound to.
type caller struct {
	merchant accounts.Merchant
	key      accounts.APIKey
	method   string
	path     string
	request  string // the request's id
}

// actor is how entries and audit name who did it.
func (c *caller) actor() string { return "api:" + c.key.ExternalID }

type callerKey struct{}

// callerOf gives the caller that identify found; handlers behind it always have one.
func callerOf(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	return c
}

// identify checks the key before anything else of the request is looked at. Whatever is wrong
// with a key, the answer is the same.
func (a *api) identify(ctx huma.Context, next func(huma.Context)) {
	c := humaecho.Unwrap(ctx)
	who, err := a.whoAsks(c)
	if err != nil {
		p := ProblemOf(ctx.Context(), a.Log, requestID(c), err)
		for name, values := range p.GetHeaders() {
			ctx.SetHeader(name, values[0])
		}
		ctx.SetHeader("Content-Type", p.ContentType(""))
		ctx.SetStatus(p.Status)
		_ = a.huma.Marshal(ctx.BodyWriter(), "application/json", p) // whom could we tell
		return
	}
	c.Set("merchant", who.merchant.ID) // for the access log
	unescapeParams(c)
	next(huma.WithValue(ctx, callerKey{}, who))
}

func (a *api) whoAsks(c echo.Context) (*caller, error) {
	r := c.Request()
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	secret = strings.TrimSpace(secret)
	if !strings.EqualFold(scheme, "Bearer") {
		secret = "" // refused below, in the same words
	}
	key, err := a.Keys.FindAPIKey(r.Context(), a.DB, secret)
	if err != nil {
		return nil, err
	}
	merchant, err := accounts.FindMerchant(r.Context(), a.DB, key.Merchant)
	if fault.CodeOf(err) == fault.Unknown {
		return nil, byStatus(fault.Unauthenticated.HTTP()) // a closed merchant's keys are no keys
	}
	if err != nil {
		return nil, err
	}
	// Only now: nobody uses up what belongs to a key that he hasn't got.
	if !a.throttle.takes(merchant.ID+" "+key.ID, a.Rate, a.Clock.Now()) {
		return nil, fault.New(fault.TooMany, "this key has asked for more than is served in a second, try again then")
	}
	return &caller{merchant: merchant, key: key, method: r.Method, path: r.URL.EscapedPath(), request: requestID(c)}, nil
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// unescapeParams finishes what Echo leaves: where a path has escapes that mean something (%2F),
// Echo routes by the escaped path and hands its pieces out as they are.
func unescapeParams(c echo.Context) {
	if c.Request().URL.RawPath == "" {
		return
	}
	values := c.ParamValues()
	for i, value := range values {
		if plain, err := url.PathUnescape(value); err == nil {
			values[i] = plain
		}
	}
	c.SetParamValues(values...)
}
