package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/inbox"
)

// NeedsKey is part of every request that creates something or moves money. It is exported, as all
// embedded parts of requests are: huma looks at no others.
type NeedsKey struct {
	Key string `header:"Idempotency-Key" required:"true" minLength:"1" maxLength:"200" pattern:"^[!-~]+$" patternDescription:"printable ASCII without blanks" doc:"A name for this request, of your own making. Sent again with the same body, it gets the stored answer; with another body it is refused. Answers are kept for at least 72 hours" example:"release-4500018237-1"`
}

// TakesKey is part of every other write.
type TakesKey struct {
	Key string `header:"Idempotency-Key" maxLength:"200" pattern:"^[!-~]+$" patternDescription:"printable ASCII without blanks" doc:"A name for this request, of your own making; see the other writes. Optional here: this write may be repeated" example:"cart-7f3a"`
}

// written is the answer to a write, fresh or from memory.
type written[T any] struct {
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the stored answer to an earlier request with the same key" example:"true"`
	ETag     string `header:"ETag" doc:"The object's version" example:"\"3\""`
	Body     stored[T]
}

// stored is a T that has been written already: the bytes that were committed are the bytes sent,
// the first time and every time after.
type stored[T any] struct{ raw json.RawMessage }

// MarshalJSON gives the stored bytes.
func (s stored[T]) MarshalJSON() ([]byte, error) { return s.raw, nil }

// Schema is that of T.
func (s stored[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// write runs a use case in one transaction. With a key it goes through the inbox, so that a
// repeat, also one that arrives at the same time, has no second effect and gets the same bytes.
// What fails is not kept: the key may be used again.
func write[T any](ctx context.Context, a *api, c *caller, key string, body []byte, use func(*database.Tx) (T, error)) (*written[T], error) {
	answer := func(tx *database.Tx) (inbox.Answer, error) {
		value, err := use(tx)
		if err != nil {
			return inbox.Answer{}, err
		}
		raw, err := encode(value)
		return inbox.Answer{Status: http.StatusOK, MediaType: "application/json", Body: raw}, err
	}
	var kept inbox.Answer
	var replayed bool
	var err error
	if key == "" {
		err = a.DB.InTx(ctx, func(tx *database.Tx) error {
			kept, err = answer(tx)
			return err
		})
	} else {
		hash := a.Keys.Hash(bytes.Join([][]byte{[]byte(c.method), []byte(c.path), body}, []byte{0}))
		name := inbox.Key{Merchant: c.merchant.ID, Scope: "api:" + c.key.ID, Name: key, Hash: hash}
		kept, replayed, err = inbox.Once(ctx, a.DB, name, a.Clock.Now(), answer)
	}
	if err != nil {
		return nil, err
	}
	out := &written[T]{Body: stored[T]{kept.Body}}
	if replayed {
		out.Replayed = "true"
	}
	return out, nil
}

func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// tagged adds the version in the stored answer as the entity tag.
func tagged[T any](out *written[T], err error) (*written[T], error) {
	if err != nil {
		return nil, err
	}
	var v struct {
		Version int64 `json:"version"`
	}
	if err := json.Unmarshal(out.Body.raw, &v); err != nil {
		return nil, err
	}
	out.ETag = entityTag(v.Version)
	return out, nil
}

func entityTag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// matchOf reads If-Match: the version that must be the present one, 0 when any will do.
func matchOf(header string) (int64, error) {
	if header == "" || header == "*" {
		return 0, nil
	}
	version, err := strconv.ParseInt(strings.Trim(header, `"`), 10, 64)
	if err != nil || version < 1 {
		return 0, fault.At(fault.Invalid, "header.If-Match", "If-Match must be the entity tag of an earlier answer, or *")
	}
	return version, nil
}
