package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// requestID names the request. A name that came with it is not taken over: whoever sends it could
// write into our log.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, "req_"+strings.ToLower(rand.Text()))
		return next(c)
	}
}

// logAccess writes one line for each request. The route's pattern stands for the path, because
// start pages, visits and returns have their tokens in it; for the same reason no query, no
// referrer and no header is logged.
func (s *Server) logAccess(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		err := next(c)
		if err != nil {
			c.Error(err) // answered here, so that the status is known
		}
		status := c.Response().Status
		route := known(c)
		s.config.Metrics.seen(method(c.Request().Method), route, status, time.Since(start))
		level := slog.LevelInfo
		if status >= 500 {
			level = slog.LevelError
		}
		merchant, _ := c.Get("merchant").(string) // the API knows it by the key
		if merchant == "" {
			merchant = knownForm(c.Param("merchant"))
		}
		s.config.Log.LogAttrs(c.Request().Context(), level, "request",
			slog.String("method", method(c.Request().Method)), slog.String("route", route), slog.Int("status", status),
			slog.Int64("bytes", c.Response().Size), slog.Duration("duration", time.Since(start)),
			slog.String("merchant", merchant), slog.String("client", c.RealIP()), slog.String("request", c.Response().Header().Get(echo.HeaderXRequestID)))
		return nil
	}
}

// knownForm lets only what can be a merchant's id into the log.
func knownForm(merchant string) string {
	if len(merchant) > 24 || strings.Trim(merchant, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return ""
	}
	return merchant
}

// method keeps invented methods out of the log.
func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return name
	}
	return "(other)"
}

// secure sets the headers that every answer has; pages add their own policy. Only the origin goes
// to other sites as referrer: our paths carry tokens.
func secure(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		head := c.Response().Header()
		head.Set(echo.HeaderXContentTypeOptions, "nosniff")
		head.Set(echo.HeaderReferrerPolicy, "strict-origin")
		return next(c)
	}
}

// panicked is a panic with the place where it happened.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// recovered turns a panic into an error like any other. A handler that aborts its answer on
// purpose goes on doing so.
func recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			if abort, ok := value.(error); ok && errors.Is(abort, http.ErrAbortHandler) {
				panic(value)
			}
			err = &panicked{value, debug.Stack()}
		}()
		return next(c)
	}
}

// limitBody ends bodies that no route has limited. It doesn't go by what the request says about
// its length: routes that speak a protocol of their own tell it in their own words.
func (s *Server) limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r := c.Request(); r.Body != nil && r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(c.Response(), r.Body, s.config.BodyLimit)
		}
		return next(c)
	}
}
