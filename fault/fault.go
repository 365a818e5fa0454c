// Package fault is the one error type that may be shown to the outside, and the one table that
// turns it into an HTTP and a cXML status. Domains return it, `server` and `procurement` answer
// with it; an error that is not a fault is an accident of ours: it is logged with an id, and
// only the id is shown.
package fault

import (
	"errors"
	"strings"
)

// Code classifies a fault. It is stable: API clients see it as `code` of a problem.
type Code string

// The codes, in the order of the table below.
const (
	Malformed       Code = "malformed"        // not readable at all
	Invalid         Code = "invalid"          // readable, but the sender must change it
	Unauthenticated Code = "unauthenticated"  // unknown sender or wrong secret, in the same words
	PaymentRequired Code = "payment_required" // no way to pay for it
	Forbidden       Code = "forbidden"        // known, but not allowed
	Unknown         Code = "not_found"        // refers to something we do not hold
	Conflict        Code = "conflict"         // not possible in the present state
	Spent           Code = "precondition"     // an earlier answer of ours forbids it
	Mismatch        Code = "key_reused"       // the same key came with another body
	TooLarge        Code = "too_large"        // over a size limit
	Unsupported     Code = "unsupported"      // a media type that we don't read
	NotServed       Code = "not_served"       // a request type or operation that we don't serve
	TooMany         Code = "too_many"         // over a rate limit
	Unavailable     Code = "unavailable"      // try again later
	Internal        Code = "internal"         // our side
)

// statuses is the one table. cXML statuses are those of the guide's list (reference: cXML
// Reference Guide, Status element); the HTTP ones follow RFC 9110.
var statuses = map[Code]struct{ http, cxml int }{
	Malformed:       {400, 406},
	Invalid:         {422, 400},
	Unauthenticated: {401, 401},
	PaymentRequired: {402, 402},
	Forbidden:       {403, 403},
	Unknown:         {404, 417},
	Conflict:        {409, 409},
	Spent:           {412, 412},
	Mismatch:        {422, 409},
	TooLarge:        {413, 499},
	Unsupported:     {415, 406},
	NotServed:       {501, 450},
	TooMany:         {429, 560},
	Unavailable:     {503, 560},
	Internal:        {500, 500},
}

// HTTP is the HTTP status for the code.
func (c Code) HTTP() int { return statuses[c.known()].http }

// CXML is the cXML Status code for the code.
func (c Code) CXML() int { return statuses[c.known()].cxml }

func (c Code) known() Code {
	if _, ok := statuses[c]; ok {
		return c
	}
	return Internal
}

// Field says what is wrong with one field. Path is the field's place in the sender's own
// document: "OrderRequest/ItemOut[2]/@quantity", "lines[1].quantity".
type Field struct {
	Path    string
	Message string
}

// Error is a fault that may be shown. Message is one sentence for the sender; Cause is for the
// log only.
type Error struct {
	Code    Code
	Message string
	Fields  []Field
	Cause   error
}

// New makes a fault with a sentence that is safe to show.
func New(code Code, message string) *Error { return &Error{Code: code, Message: message} }

// At makes a fault about one field.
func At(code Code, path, message string) *Error {
	return &Error{Code: code, Message: message, Fields: []Field{{path, message}}}
}

// Because adds the cause, for the log.
func (e *Error) Because(cause error) *Error {
	e.Cause = cause
	return e
}

// Error is the sentence with the fields it is about.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	for _, f := range e.Fields {
		if f.Message != e.Message {
			b.WriteString("; " + f.Path + ": " + f.Message)
		} else if f.Path != "" {
			b.WriteString(" (" + f.Path + ")")
		}
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf is the code of the first fault in err's chain, and Internal without one.
func CodeOf(err error) Code {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
