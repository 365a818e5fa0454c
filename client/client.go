// Package client is the Go client of Kontor's own JSON API: what a storefront or an ERP would
// write. The demo shop and the samples use nothing else, so they prove that the API is enough. It
// stands outside the flow, at its edge: HTTP in, HTTP out, none of our packages.
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// timeout bounds one call, answer included, when the caller's context has no earlier end.
	timeout = 15 * time.Second
	// largest bounds an answer: a list page of the API is far below it.
	largest = 4 << 20
	// largestFile bounds a file; the server takes none that is larger unless it is set to.
	largestFile = 64 << 20
)

// Client calls one Kontor server with one merchant's key. It is safe for use by many goroutines.
type Client struct {
	base string
	key  string
	http *http.Client
}

// New makes a client. base is the server's address without /v1 (https://kontor.example); key is
// an API key (sk_<merchant>_<random>). The key never appears in an error.
func New(base, key string) *Client {
	return &Client{
		base: strings.TrimRight(base, "/"),
		key:  key,
		http: &http.Client{
			Timeout: timeout,
			// The API answers itself. Following a redirect would carry the key to another place.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Problem is the API's refusal (RFC 9457).
type Problem struct {
	Status int            `json:"status"`
	Title  string         `json:"title"`
	Detail string         `json:"detail"`
	Code   string         `json:"code"`
	Errors []ProblemField `json:"errors"`
}

// ProblemField names one field that has to change: lines[1].quantity.
type ProblemField struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// Error is the sentence of the problem; it is safe to show.
func (p *Problem) Error() string {
	sentence := p.Detail
	if sentence == "" {
		sentence = p.Title
	}
	if sentence == "" {
		sentence = http.StatusText(p.Status)
	}
	return fmt.Sprintf("kontor: %s (%d)", sentence, p.Status)
}

// ProblemOf finds the API's refusal in an error; nil when the server was not reached or did not
// speak the API.
func ProblemOf(err error) *Problem {
	var problem *Problem
	if errors.As(err, &problem) {
		return problem
	}
	return nil
}

type keyOfContext struct{}

// WithIdempotencyKey sets the key of the writes made with this context, so that a caller who
// repeats a write after a time-out gets the answer of the first. Without it every write has a
// fresh key.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyOfContext{}, key)
}

// get reads path into out.
func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	if encoded := query.Encode(); encoded != "" {
		path += "?" + encoded
	}
	return c.do(ctx, http.MethodGet, path, nil, out)
}

// do makes one call. It never repeats a call by itself: whether a write may be sent again is the
// caller's knowledge.
func (c *Client) do(ctx context.Context, method, path string, body, out any) error {
	var send io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("kontor: %s %s: %w", method, path, err)
		}
		send = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, send)
	if err != nil {
		return fmt.Errorf("kontor: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Accept", "application/json, application/problem+json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if method != http.MethodGet {
		key, _ := ctx.Value(keyOfContext{}).(string)
		if key == "" {
			key = rand.Text()
		}
		request.Header.Set("Idempotency-Key", key)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("kontor: %w", err)
	}
	defer answer.Body.Close()
	most := largest
	file, isFile := out.(*[]byte)
	if isFile {
		most = largestFile
	}
	read, err := io.ReadAll(io.LimitReader(answer.Body, int64(most)+1))
	if err != nil {
		return fmt.Errorf("kontor: %s %s: %w", method, path, err)
	}
	if len(read) > most {
		return fmt.Errorf("kontor: %s %s: the answer is larger than %d bytes", method, path, most)
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return refusal(answer, read)
	}
	if isFile {
		*file = read
		return nil
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(read, out); err != nil {
		return fmt.Errorf("kontor: %s %s: the answer is not the API's: %w", method, path, err)
	}
	return nil
}

// refusal makes a Problem of any answer that is no success, also of one that a proxy gave.
func refusal(answer *http.Response, body []byte) *Problem {
	problem := &Problem{}
	if strings.Contains(answer.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(body, problem); err != nil {
			problem = &Problem{}
		}
	}
	problem.Status = answer.StatusCode
	return problem
}

// segment escapes one part of a path; a reference such as ext:AB/1 must not become two.
func segment(s string) string { return url.PathEscape(s) }

func paging(query url.Values, limit int, cursor string) {
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	set(query, "cursor", cursor)
}

func set(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}
