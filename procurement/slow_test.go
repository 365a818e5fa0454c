package procurement_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/server"
	"github.com/kontorhq/kontor/server/procure"
)

// served runs the whole server with short time-outs, and gives its address.
func (r *rig) served(read, write time.Duration) string {
	r.Helper()
	s := server.New(server.Config{DB: r.db, Log: slog.New(slog.DiscardHandler), ReadTimeout: read, WriteTimeout: write,
		Mount: []func(*echo.Echo){func(e *echo.Echo) { procure.Mount(e, r.service) }}})
	listener, err := new(net.ListenConfig).Listen(r.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	ctx, stop := context.WithCancel(r.ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, listener) }()
	r.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			r.Error(err)
		}
	})
	return listener.Addr().String()
}

// line opens a connection that gives up after five minutes: half a minute of turns is waited for here,
// and the machine may be busy with something else.
func (r *rig) line(address string) net.Conn {
	r.Helper()
	line, err := new(net.Dialer).DialContext(r.ctx, "tcp", address)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = line.Close() })
	if err := line.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		r.Fatal(err)
	}
	return line
}

// What senders begin and don't end is ended for them; the others notice nothing.
func TestSlowSendersAreCutOffWhileOthersAreServed(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		const each, patience = 40, 3 * time.Second
		address := r.served(patience, 20*time.Second)
		order := string(po("slow", "S-1"))
		head := fmt.Sprintf("POST /m/%s/cxml HTTP/1.1\r\nHost: kontor\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n", merchant, len(order))
		begun := map[string]string{
			"nothing at all":                     "",
			"half a header":                      head,
			"a header without end":               head + strings.Repeat("X: y\r\n", 100),
			"a header and nothing":               head + "\r\n",
			"half a document":                    head + "\r\n" + order[:len(order)/2],
			"all but a byte":                     head + "\r\n" + order[:len(order)-1],
			"a chunk that never comes":           strings.Replace(head, fmt.Sprintf("Content-Length: %d", len(order)), "Transfer-Encoding: chunked", 1) + "\r\n5\r\n<cXML\r\n",
			"a large document, and nothing more": strings.Replace(head, fmt.Sprint(len(order)), "10000000", 1) + "\r\n" + order + strings.Repeat(" ", 400_000),
		}
		before := r.counts(merchant)
		lines := map[string][]net.Conn{}
		for name, text := range begun {
			for range each {
				line := r.line(address)
				if _, err := io.WriteString(line, text); err != nil {
					t.Fatal(name, err)
				}
				lines[name] = append(lines[name], line)
			}
		}
		// While they hang, others are served.
		good := *r
		good.url = "http://" + address
		for n := range 20 {
			if a := good.post(merchant, po(fmt.Sprint("good", n), fmt.Sprint("G-", n))); a.code != 200 {
				t.Errorf("the good one: %d %s", a.code, a.detail)
			}
		}
		start := time.Now()
		var group sync.WaitGroup
		for name, list := range lines {
			for _, line := range list {
				group.Go(func() {
					response, err := http.ReadResponse(bufio.NewReader(line), nil)
					inTheBody := strings.Contains(begun[name], "\r\n\r\n")
					if err != nil {
						if inTheBody {
							t.Errorf("%s: no answer: %v", name, err)
						}
						return
					}
					defer func() { _ = response.Body.Close() }()
					raw, err := io.ReadAll(response.Body)
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					if !inTheBody {
						if response.StatusCode != http.StatusRequestTimeout && response.StatusCode != http.StatusBadRequest {
							t.Errorf("%s: HTTP %d", name, response.StatusCode)
						}
						return
					}
					if response.StatusCode != http.StatusOK || !strings.Contains(string(raw), `<Status code="560"`) || !strings.Contains(string(raw), "send it again") {
						t.Errorf("%s: HTTP %d\n%s", name, response.StatusCode, raw)
					}
				})
			}
		}
		group.Wait()
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("the last one was cut off after %s", took)
		}
		after := r.counts(merchant)
		if after["orders"]-before["orders"] != 20 || after["documents"]-before["documents"] != 20 {
			t.Errorf("%d orders, %d documents of 20 good ones", after["orders"]-before["orders"], after["documents"]-before["documents"])
		}
	})
}

// Large documents wait for each other and not for memory; small ones don't wait for them.
func TestLargeDocumentsTakeTurns(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		const most = 16
		address := r.served(time.Minute, 2*time.Minute)
		large := strings.Repeat(" ", 10_400_000)
		head := fmt.Sprintf("POST /m/%s/cxml HTTP/1.1\r\nHost: kontor\r\nConnection: close\r\nContent-Length: ", merchant)
		// As many as may be in memory have come in but for their last byte.
		var waiting []net.Conn
		for range most {
			line := r.line(address)
			if _, err := fmt.Fprintf(line, "%s%d\r\n\r\n%s", head, len(large)+2, large+"<"); err != nil {
				t.Fatal(err)
			}
			waiting = append(waiting, line)
		}
		status := func(line net.Conn) int {
			response, err := http.ReadResponse(bufio.NewReader(line), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			raw, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			return r.read(raw).code
		}
		codes := map[int]int{}
		for range 4 {
			line := r.line(address)
			if _, err := fmt.Fprintf(line, "%s%d\r\n\r\n%s", head, len(large), large); err != nil {
				t.Fatal(err)
			}
			codes[status(line)]++
		}
		small := *r
		small.url = "http://" + address
		small.wantCodes(merchant, []int{200}, po("p1", "A-1"))
		// Those that were there first are answered when they are whole, and then there is room again.
		for _, line := range waiting {
			_, _ = io.WriteString(line, "a") // who found no room may be cut off
		}
		for _, line := range waiting {
			codes[status(line)]++
		}
		// Which one finds no room depends on whose bytes the server reads first.
		if codes[560] < 4 || codes[560] > 8 || codes[406] != most+4-codes[560] {
			t.Errorf("20 large documents at once were answered %v", codes)
		}
		small.wantCodes(merchant, []int{499, 200}, []byte(large+large), po("p2", "A-2", "</OrderRequestHeader>", "</OrderRequestHeader>"+large[:9<<20]))
	})
}
