package server

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/fault"
)

// Maintenance is how the server learns that it shall do nothing for a while, and what it answers.
type Maintenance struct {
	// On tells whether it is on, and why in words that anybody may read. It is asked for every
	// request, so it must be quick.
	On func(ctx context.Context) (reason string, on bool)
	// CXML is the answer to procurement systems: an XML document with Status 560, which they take
	// for "send it again later".
	CXML func(sentence string) []byte
}

// mostTaken is how much of a document is still taken off the line before the answer: many senders
// read none before they have written everything.
const mostTaken = 64 << 20

// sentence is what callers are told.
func (m Maintenance) sentence(ctx context.Context) (text string, on bool) {
	if m.On == nil {
		return "", false
	}
	reason, on := m.On(ctx)
	text = "Kontor is being maintained, try again later"
	if reason != "" {
		text += ": " + reason
	}
	return text, on
}

// closed answers in the handlers' place while it is on: procurement systems in HTTP 200, because
// they take anything else for a broken line, and everybody else with 503 and Retry-After. Probes
// and what pages are made of go on.
func (s *Server) closed(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		route := c.Path()
		if route == "/healthz" || route == "/readyz" || strings.HasPrefix(route, "/assets/") {
			return next(c)
		}
		sentence, on := s.config.Maintenance.sentence(c.Request().Context())
		if !on {
			return next(c)
		}
		if route == "/m/:merchant/cxml" && c.Request().Method == http.MethodPost && s.config.Maintenance.CXML != nil {
			_, _ = io.CopyN(io.Discard, c.Request().Body, mostTaken)
			c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
			return c.Blob(http.StatusOK, "text/xml; charset=UTF-8", s.config.Maintenance.CXML(sentence))
		}
		return fault.New(fault.Unavailable, sentence)
	}
}
