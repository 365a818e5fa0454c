package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// turn is how long, and by how many at once, one side is asked.
type turn struct {
	clients int
	for_    time.Duration
	most    int // stop after so many; 0 for no bound but the time
}

// turnResult is what came of it.
type turnResult struct {
	done    int
	elapsed time.Duration
	times   []time.Duration
}

// drive asks `clients` at once until the time is over. What was begun in time is finished and
// counts. ask makes a client's own function, which gets the number of its request, unique in the
// whole turn.
func drive(ctx context.Context, t turn, ask func(ctx context.Context) (do func(n int) error, done func(), err error)) (turnResult, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var result turnResult
	var group sync.WaitGroup
	start := time.Now()
	for client := range t.clients {
		group.Go(func() {
			do, done, err := ask(ctx)
			if err != nil {
				cancel(err)
				return
			}
			defer done()
			times := make([]time.Duration, 0, 4096)
			last := time.Now()
			for n := client; ctx.Err() == nil && last.Sub(start) < t.for_ && (t.most == 0 || n < t.most); n += t.clients {
				if err := do(n); err != nil {
					cancel(err)
					return
				}
				now := time.Now()
				times = append(times, now.Sub(last))
				last = now
			}
			mu.Lock()
			defer mu.Unlock()
			result.times = append(result.times, times...)
			result.elapsed = max(result.elapsed, last.Sub(start))
		})
	}
	group.Wait()
	result.done = len(result.times)
	if err := context.Cause(ctx); err != nil {
		return result, err
	}
	return result, nil
}

// sample gathers turns of one side.
type sample struct {
	rates []float64
	times []time.Duration
}

func (s *sample) add(r turnResult) {
	if r.done == 0 {
		return
	}
	s.rates = append(s.rates, float64(r.done)/r.elapsed.Seconds())
	s.times = append(s.times, r.times...)
}

func (s *sample) figures() sideFigures {
	if len(s.times) == 0 {
		return sideFigures{}
	}
	slices.Sort(s.rates)
	slices.Sort(s.times)
	at := func(percent int) float64 {
		return float64(s.times[(len(s.times)-1)*percent/100].Microseconds()) / 1000
	}
	middle := len(s.rates) / 2
	rate := s.rates[middle]
	if len(s.rates)%2 == 0 {
		rate = (s.rates[middle-1] + rate) / 2
	}
	return sideFigures{Requests: len(s.times), Rate: rate, P50: at(50), P95: at(95), P99: at(99)}
}

// caller is one buyer's system: one connection, one request at a time. It is less than net/http's
// client, because it shares the cores with what it measures.
type caller struct {
	conn net.Conn
	in   *bufio.Reader
	out  bytes.Buffer
	body bytes.Buffer
	head string // what every request has
}

func newCaller(ctx context.Context, address string) (*caller, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return &caller{conn: conn, in: bufio.NewReader(conn),
		head: " HTTP/1.1\r\nHost: " + address + "\r\n"}, nil
}

var accepted = []byte(`<Status code="200"`)

// protocol is what tells requests of one kind from those of another.
type protocol struct {
	path     func(member) string
	kind     string // of the content
	status   int
	accepted []byte // stands in the answer
}

var (
	byCXML     = protocol{func(member) string { return "/m/" + loadMerchant + "/cxml" }, "text/xml; charset=UTF-8", http.StatusOK, accepted}
	startByOCI = protocol{ociPath, "application/x-www-form-urlencoded", http.StatusSeeOther, nil}
	priceByOCI = protocol{ociPath, "application/x-www-form-urlencoded", http.StatusOK, []byte("NEW_ITEM-PRICE[1]")}
)

func ociPath(who member) string { return "/m/" + loadMerchant + "/oci/" + who.ociReference }

// post sends a document and wants it accepted.
func (c *caller) post(by protocol, who member, document string) error {
	if err := c.send(by, who, document); err != nil {
		return err
	}
	if !bytes.Contains(c.body.Bytes(), by.accepted) {
		return fmt.Errorf("the answer is: %s", c.body.String())
	}
	return nil
}

// send sends a document and reads the answer into body.
func (c *caller) send(by protocol, who member, document string) error {
	status, _, err := c.ask(http.MethodPost, by.path(who), "Content-Type: "+by.kind+"\r\n", document)
	if err == nil && status != by.status {
		err = fmt.Errorf("the answer is HTTP %d: %s", status, c.body.String())
	}
	return err
}

// ask makes any request; headers are lines with their ends. The answer is body's, until the next one.
func (c *caller) ask(method, path, headers, document string) (status int, answer []byte, err error) {
	c.out.Reset()
	for _, text := range []string{method, " ", path, c.head, headers, "Content-Length: ", strconv.Itoa(len(document)), "\r\n\r\n", document} {
		c.out.WriteString(text)
	}
	if _, err := c.conn.Write(c.out.Bytes()); err != nil {
		return 0, nil, err
	}
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, nil, err
	}
	c.body.Reset()
	_, err = c.body.ReadFrom(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, c.body.Bytes(), errors.Join(err, response.Body.Close())
}
