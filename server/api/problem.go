package api

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/fault"
)

// Problem is how every refusal is told (RFC 9457). It says where the request is wrong and never
// repeats what was sent: secrets end up in the oddest fields.
type Problem struct {
	Type   string         `json:"type" doc:"Always about:blank: code tells the kind" example:"about:blank"`
	Title  string         `json:"title" doc:"The HTTP status in words" example:"Unprocessable Entity"`
	Status int            `json:"status" doc:"The HTTP status" example:"422"`
	Detail string         `json:"detail" doc:"One sentence that may be shown to a person" example:"the cart can't be kept as it is"`
	Code   string         `json:"code" doc:"Stable name of the kind of problem. New codes may be added" example:"invalid"`
	Errors []ProblemField `json:"errors" nullable:"false" doc:"What has to change, field by field; empty when it is not about fields"`
	ID     string         `json:"error_id,omitempty" doc:"Names the entry in the server's log, for accidents on our side" example:"err_k3v7q2m5x4n6p8r9t2w4y6a8b3"`
}

// ProblemField names one field that has to change.
type ProblemField struct {
	Location string `json:"location" doc:"A place in the body (lines[1].quantity), or query., path. or header. and a name" example:"lines[1].quantity"`
	Message  string `json:"message" doc:"What is wrong there" example:"the quantity of PPE-2010 must be positive"`
}

// Error is the sentence.
func (p *Problem) Error() string { return p.Detail }

// GetStatus makes it an error that huma answers with as it is.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is the media type of problems.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders tells when to come back, and how to sign in.
func (p *Problem) GetHeaders() http.Header {
	switch p.Status {
	case http.StatusTooManyRequests:
		return http.Header{"Retry-After": {"1"}}
	case http.StatusServiceUnavailable:
		return http.Header{"Retry-After": {"5"}} // maintenance, or a database that is down, takes longer than a second
	case http.StatusUnauthorized:
		return http.Header{"Www-Authenticate": {"Bearer"}}
	}
	return http.Header{}
}

func newProblem(status int, code, detail string) *Problem {
	title := http.StatusText(status)
	if title == "" {
		title = "Request not served"
	}
	return &Problem{Type: "about:blank", Title: title, Status: status, Detail: detail, Code: code, Errors: []ProblemField{}}
}

// ProblemOf decides what an error is told as: faults by their own table, the router's errors by
// their status, and all else as an accident of ours, whose text goes to the log under an id while
// only the id is shown. request names the request in the log.
func ProblemOf(ctx context.Context, log *slog.Logger, request string, err error) *Problem {
	if p := (*Problem)(nil); errors.As(err, &p) {
		return p
	}
	if f := (*fault.Error)(nil); errors.As(err, &f) && f.Code != fault.Internal {
		if f.Cause != nil && f.Code.HTTP() >= 500 {
			log.WarnContext(ctx, "a request could not be served", "request", request, "code", f.Code, "error", f.Cause)
		}
		return problemOfFault(f)
	}
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return byStatus(http.StatusRequestEntityTooLarge)
	}
	if h := (*echo.HTTPError)(nil); errors.As(err, &h) && h.Code < 500 {
		return byStatus(h.Code)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return newProblem(fault.Unavailable.HTTP(), string(fault.Unavailable), "the request was not finished in time, try again")
	}
	id := "err_" + strings.ToLower(rand.Text())
	log.ErrorContext(ctx, "a request failed", "error_id", id, "request", request, "error", err)
	p := newProblem(http.StatusInternalServerError, string(fault.Internal), "something went wrong on our side; it is logged as "+id)
	p.ID = id
	return p
}

func problemOfFault(f *fault.Error) *Problem {
	p := newProblem(f.Code.HTTP(), string(f.Code), f.Message)
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, ProblemField{Location: field.Path, Message: field.Message})
	}
	return p
}

// byStatus is for errors of the router and of huma that have a status and nothing else to tell.
func byStatus(status int) *Problem {
	for _, known := range []struct {
		status       int
		code, detail string
	}{
		{http.StatusBadRequest, string(fault.Malformed), "the request can't be read"},
		{http.StatusUnauthorized, string(fault.Unauthenticated), "the API key is missing or not valid"},
		{http.StatusForbidden, string(fault.Forbidden), "that is not allowed"},
		{http.StatusNotFound, string(fault.Unknown), "there is nothing at this address"},
		{http.StatusMethodNotAllowed, "method_not_allowed", "this address doesn't take that method; the Allow header names those it takes"},
		{http.StatusNotAcceptable, "not_acceptable", "the answer is JSON"},
		{http.StatusRequestTimeout, "timeout", "the request's body took too long to arrive"},
		{http.StatusRequestEntityTooLarge, string(fault.TooLarge), "the request's body is larger than is taken here"},
		{http.StatusUnsupportedMediaType, string(fault.Unsupported), "the body must be application/json"},
		{http.StatusUnprocessableEntity, string(fault.Invalid), "the request can't be used as it is"},
		{http.StatusTooManyRequests, string(fault.TooMany), "too many requests, try again later"},
	} {
		if known.status == status {
			return newProblem(status, known.code, known.detail)
		}
	}
	if status >= 400 && status < 500 {
		return newProblem(status, string(fault.Malformed), "the request can't be served")
	}
	return newProblem(http.StatusInternalServerError, string(fault.Internal), "something went wrong on our side")
}

// fromHuma makes a problem of what huma finds before a handler runs: parameters and bodies that
// don't fit their schema. Handlers' own errors never get here.
func fromHuma(status int, errs ...error) *Problem {
	if status == 0 {
		return newProblem(status, "", "") // huma asks once for the shape, for the document
	}
	for _, err := range errs {
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			return byStatus(http.StatusRequestEntityTooLarge)
		}
	}
	if status >= 500 {
		return byStatus(http.StatusBadRequest) // the body broke off while it was read
	}
	p := byStatus(status)
	if status != http.StatusUnprocessableEntity && status != http.StatusBadRequest {
		return p
	}
	for _, err := range errs {
		if detailer, ok := err.(huma.ErrorDetailer); ok {
			p.Errors = append(p.Errors, fieldOf(detailer.ErrorDetail(), status))
		}
	}
	if status == http.StatusBadRequest {
		p.Detail = "the body is missing or not valid JSON"
	}
	return p
}

// fieldOf turns huma's place into ours (fields of the body stand without "body.") and leaves the
// value out.
func fieldOf(d *huma.ErrorDetail, status int) ProblemField {
	place, message := d.Location, d.Message
	if name, ok := strings.CutPrefix(message, "expected required property "); ok {
		place, message = place+"."+strings.TrimSuffix(name, " to be present"), "is required"
	}
	if place == "body" {
		place = ""
		// Decoders quote what they choked on.
		if status == http.StatusBadRequest {
			message = "is not valid JSON"
		} else if strings.HasPrefix(message, "json:") {
			message = "has a value that doesn't fit its field"
		}
	}
	place = strings.TrimPrefix(place, "body.")
	if len(place) > 200 {
		place = strings.ToValidUTF8(place[:200], "") + "…" // names of unknown fields are the sender's
	}
	return ProblemField{Location: place, Message: message}
}

// settleHuma sets what huma keeps for the whole process: the shape of problems, and that lists are
// never null.
var settleHuma = sync.OnceFunc(func() {
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError { return fromHuma(status, errs...) }
	huma.NewErrorWithContext = func(_ huma.Context, status int, _ string, errs ...error) huma.StatusError {
		return fromHuma(status, errs...)
	}
	huma.DefaultArrayNullable = false
})
