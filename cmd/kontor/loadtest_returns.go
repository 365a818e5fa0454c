package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
	"github.com/kontorhq/kontor/server/api"
	"github.com/kontorhq/kontor/server/procure"
)

// A cart goes home by two requests: the shop has it frozen by the API, and the browser fetches the
// page whose form it is. Each needs a visit that nobody took home before, so visits are made, by
// the program itself, before a turn begins.

// visitsATurn end a turn sooner than its time where they go home faster.
const visitsATurn = 500

// visit is one with a cart of three lines that may go home.
type visit struct {
	who           member
	session, cart string
	digest        string // by which its return page is looked for, in hex
}

// stock keeps visits until a turn takes them.
type stock struct {
	mu     sync.Mutex
	visits []visit
}

func (s *stock) put(v visit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.visits = append(s.visits, v)
}

func (s *stock) take() visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.visits) - 1
	v := s.visits[last]
	s.visits = s.visits[:last]
	return v
}

// welcome fills the stock up to so many visits.
func (w *world) welcome(ctx context.Context, shape shape, most int) error {
	const together = 8
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	missing := most - len(w.stock.visits)
	for first := range together {
		group.Go(func() {
			for n := first; n < missing && ctx.Err() == nil; n += together {
				v, err := w.shopping(ctx, shape.who(n), shape.document)
				if err != nil {
					cancel(err)
					return
				}
				w.stock.put(v)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// shopping is a visit from its start on.
func (w *world) shopping(ctx context.Context, who member, start form) (visit, error) {
	s, v := w.system, visit{who: who}
	answer, _, err := s.procurement.StartOCI(ctx, procurement.OCICall{Merchant: loadMerchant, Connection: who.ociReference,
		Method: http.MethodPost, Body: start.fill(placesOf(w.serial.Add(1), who, false))})
	if err != nil {
		return v, err
	}
	_, token, _ := strings.Cut(answer.Location, "/p/")
	opened, err := s.procurement.OpenStart(ctx, loadMerchant, token, "a browser")
	if err != nil {
		return v, err
	}
	shop, err := url.Parse(opened.Location)
	if err != nil {
		return v, err
	}
	session, err := procurement.FindSession(ctx, s.db, s.keys, loadMerchant, shop.Query().Get("session"))
	if err != nil {
		return v, err
	}
	v.session, v.cart = session.ID, session.Cart
	items := make([]checkout.Item, 3)
	for i := range items {
		items[i] = checkout.Item{SKU: loadSKU(i), Quantity: money.MustDecimal(fmt.Sprint(1 + i))}
	}
	if err := s.db.InTx(ctx, func(tx *database.Tx) error {
		_, err := s.procurement.PutCart(ctx, tx, w.merchant, session.ID, items)
		return err
	}); err != nil {
		return v, err
	}
	var digest []byte
	err = s.db.Get(ctx, &digest, "SELECT return_digest FROM sessions WHERE merchant_id = ? AND id = ?", loadMerchant, session.ID)
	v.digest = hex.EncodeToString(digest)
	return v, err
}

// values are those of one request: of placesOf, and of the visit that it takes home.
func (w *world) values(shape shape, n int) []string {
	if !shape.home {
		return placesOf(w.serial.Add(1), shape.who(n), shape.large)
	}
	v := w.stock.take()
	return append(placesOf(w.serial.Add(1), v.who, false), v.session, v.cart, v.digest)
}

// The places of what takeHome needs among the values.
const (
	payloadValue = 0
	sessionValue = 11
)

// takeHome ends a visit by both requests; ask makes one and gives its answer.
func (w *world) takeHome(values []string, ask func(method, path, headers, body string) (status int, answer []byte, err error)) error {
	status, answer, err := ask(http.MethodPost, "/v1/punchout/sessions/"+values[sessionValue]+"/return",
		"Authorization: Bearer "+w.key+"\r\nIdempotency-Key: "+values[payloadValue]+"\r\nContent-Type: application/json\r\n", "{}")
	var leave api.Leave
	if err == nil && (status != http.StatusOK || json.Unmarshal(answer, &leave) != nil) {
		err = fmt.Errorf("the answer to the cart is HTTP %d: %s", status, answer)
	}
	if err != nil {
		return err
	}
	status, answer, err = ask(http.MethodGet, strings.TrimPrefix(leave.URL, w.system.config.PublicURL), "", "")
	if err == nil && (status != http.StatusOK || !bytes.Contains(answer, []byte("NEW_ITEM-PRICE[3]"))) {
		err = fmt.Errorf("the page is HTTP %d: %s", status, answer)
	}
	return err
}

// handleReturn takes a visit home on another handle of the database, without HTTP.
func (w *world) handleReturn(ctx context.Context, db *database.DB, values []string) error {
	service, e := w.service(db), echo.New()
	api.Mount(e, api.Config{DB: db, Keys: service.Keys, Clock: service.Clock, Desk: service.Desk, Procurement: service, Log: service.Log,
		PublicURL: service.PublicURL, BodyLimit: 1 << 20})
	procure.Mount(e, service)
	return w.takeHome(values, func(method, path, headers, body string) (int, []byte, error) {
		request, err := http.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
		if err != nil {
			return 0, nil, err
		}
		for line := range strings.SplitSeq(strings.TrimSpace(headers), "\r\n") {
			name, value, _ := strings.Cut(line, ": ")
			request.Header.Set(name, value)
		}
		answer := unsent{header: http.Header{}}
		e.ServeHTTP(&answer, request)
		return answer.status, answer.body.Bytes(), nil
	})
}

// unsent is an answer that goes nowhere.
type unsent struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (p *unsent) Header() http.Header { return p.header }

func (p *unsent) WriteHeader(status int) { p.status = status }

func (p *unsent) Write(b []byte) (int, error) {
	if p.status == 0 {
		p.status = http.StatusOK
	}
	return p.body.Write(b)
}
