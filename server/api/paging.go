package api

import (
	"encoding/base64"
	"strings"

	"github.com/kontorhq/kontor/fault"
)

// Paging is part of every list request.
type Paging struct {
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200" doc:"The most items on a page; there may be fewer on any page" example:"50"`
	Cursor string `query:"cursor" maxLength:"300" doc:"next_cursor of the page before; opaque"`
}

// Page is one page of a list.
type Page[T any] struct {
	Items      []T    `json:"items" doc:"The items, in the list's order"`
	NextCursor string `json:"next_cursor" doc:"Asks for the next page; empty on the last" example:""`
}

// paged is the answer with a page.
type paged[T any] struct{ Body Page[T] }

func pageOf[T any](items []T, next string) *paged[T] {
	if items == nil {
		items = []T{}
	}
	return &paged[T]{Page[T]{items, next}}
}

// cursor names the place where a page of a list ended. It is no secret, but opaque: what is in it
// may change, and whatever comes back is checked like any input.
func cursor(list string, parts ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(list + "|" + strings.Join(parts, "|")))
}

// place reads a cursor of that list back; no cursor is the start, ok is false.
func (p Paging) place(list string, parts int) (place []string, ok bool, err error) {
	if p.Cursor == "" {
		return nil, false, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(p.Cursor)
	if err != nil {
		return nil, false, errCursor()
	}
	place = strings.Split(string(raw), "|")
	if len(place) != parts+1 || place[0] != list {
		return nil, false, errCursor()
	}
	return place[1:], true, nil
}

func errCursor() error {
	return fault.At(fault.Invalid, "query.cursor", "the cursor is none that this list gave out")
}

// isID tells whether a text has the form of an identifier of that kind. Nothing else can be in the
// database, and PostgreSQL answers some texts with an error instead of finding nothing.
func isID(kind, text string) bool {
	rest, ok := strings.CutPrefix(text, kind+"_")
	return ok && len(rest) == 26 && strings.Trim(rest, "0123456789abcdefghjkmnpqrstvwxyz") == ""
}
