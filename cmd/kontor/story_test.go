package main

import (
	"bytes"
	"context"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/simulators"
)

// storyKey is the secret key of the tests' servers; PostgreSQL does not start without one.
const storyKey = "only-for-tests-0123456789-0123456789"

// story is the demo on a port of its own: the same system, buyers and shop that `kontor demo`
// shows, with everything that it logged and answered.
type story struct {
	*demo
	t       *testing.T
	api     *client.Client
	log     record
	answers record
}

// tell starts the demo on a migrated database and ends it with the test.
func tell(t *testing.T, address string) *story {
	t.Helper()
	t.Setenv("KONTOR_SECRET_KEY", storyKey)
	t.Setenv("KONTOR_LOG_LEVEL", "debug") // whatever could be logged is looked at
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &story{t: t}
	if s.demo, err = newDemo(t.Context(), address, listener, &s.log); err != nil {
		t.Fatal(err)
	}
	s.api = client.New(s.config.PublicURL, s.secrets["KONTOR_DEMO_API_KEY"])
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.serve(ctx, listener, s.pages, s.recordAnswers) }()
	t.Cleanup(func() {
		// The browser's and the clients' idle connections would hold the shutdown up.
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the demo did not end well: %v", err)
		}
		s.close()
		if t.Failed() {
			t.Logf("the log:\n%s", s.log.told())
		}
	})
	return s
}

// recordAnswers keeps every answer of the port, headers included, whoever asked.
func (s *story) recordAnswers(e *echo.Echo) {
	e.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			var body bytes.Buffer
			response := c.Response()
			response.Writer = tee{response.Writer, &body}
			err := next(c)
			var head bytes.Buffer
			_ = response.Header().Write(&head)
			if !strings.HasPrefix(c.Request().URL.Path, "/assets/") {
				_, _ = s.answers.Write(append(append([]byte("\n"), head.Bytes()...), body.Bytes()...))
			}
			return err
		}
	})
}

type tee struct {
	http.ResponseWriter
	copy *bytes.Buffer
}

func (t tee) Write(p []byte) (int, error) {
	t.copy.Write(p)
	return t.ResponseWriter.Write(p)
}

func (t tee) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// record is text that several goroutines write.
type record struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.Write(p)
}

func (r *record) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.String()
}

// told is the log without the line for each request.
func (r *record) told() string {
	var told strings.Builder
	for line := range strings.Lines(r.text()) {
		if !strings.Contains(line, `"msg":"request"`) {
			told.WriteString(line)
		}
	}
	return told.String()
}

func (s *story) buyer(slug string) *simulators.Buyer {
	s.t.Helper()
	for _, b := range s.buyers {
		if b.URL() == s.buyersURL+"/buyers/"+slug+"/" {
			return b
		}
	}
	s.t.Fatalf("the story has no buyer %q", slug)
	return nil
}

// browse is one step of a browser without script, cookies or redirects: the redirect's target, or
// the page.
func (s *story) browse(method, address string, form url.Values) (to, page string) {
	s.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, address, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if response.StatusCode == http.StatusSeeOther {
		at, err := response.Location()
		if err != nil {
			s.t.Fatal(err)
		}
		return at.String(), ""
	}
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("%s %s: %s\n%s", method, address, response.Status, read)
	}
	return "", string(read)
}

// arrive opens a start page and gives the shop's address of the visit, and its token.
func (s *story) arrive(startPage string) (shop, token string) {
	s.t.Helper()
	entrance, page := s.browse(http.MethodGet, startPage, nil)
	if entrance == "" { // with OCI the browser's own form asks for the visit
		to, fields := s.form(page)
		startPage, _ = s.browse(http.MethodPost, to, fields)
		if entrance, _ = s.browse(http.MethodGet, startPage, nil); strings.Contains(startPage+entrance, fields.Get("PASSWORD")) {
			s.t.Fatal("the password stands in an address")
		}
	}
	u, err := url.Parse(entrance)
	if err != nil {
		s.t.Fatal(err)
	}
	token = u.Query().Get("session")
	if shop, _ = s.browse(http.MethodGet, entrance, nil); token == "" || !strings.HasPrefix(shop, s.config.PublicURL) {
		s.t.Fatalf("the start page leads to %q, and on to %q", entrance, shop)
	}
	return shop, token
}

var (
	formAction = regexp.MustCompile(`<form method="post" action="([^"]+)"`)
	formField  = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
)

// bringHome presses "Return cart" in the shop and posts what the return page has in its form.
func (s *story) bringHome(shop string) {
	s.t.Helper()
	s.postHome(shop + "return")
}

// leave presses "Leave" instead: nothing of the visit is kept.
func (s *story) leave(shop string) {
	s.t.Helper()
	s.postHome(shop + "leave")
}

func (s *story) postHome(button string) {
	s.t.Helper()
	returnPage, _ := s.browse(http.MethodPost, button, url.Values{})
	_, page := s.browse(http.MethodGet, returnPage, nil)
	to, fields := s.form(page)
	if !strings.HasPrefix(to, s.buyersURL+"/") {
		s.t.Fatalf("the cart would go to %s", to)
	}
	s.browse(http.MethodPost, to, fields)
}

// form is a page's form as a browser would send it, in the page's own character set.
func (s *story) form(page string) (action string, fields url.Values) {
	s.t.Helper()
	found := formAction.FindStringSubmatch(page)
	if found == nil {
		s.t.Fatalf("the page has no form:\n%s", page)
	}
	fields = url.Values{}
	for _, field := range formField.FindAllStringSubmatch(page, -1) {
		fields.Add(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
	}
	return html.UnescapeString(found[1]), fields
}

// cartHome goes shopping: set-up, shop, return. Without lines it presses "fill the usual cart".
func (s *story) cartHome(slug string, lines ...client.WantedLine) simulators.Requisition {
	s.t.Helper()
	b := s.buyer(slug)
	started, err := b.StartRequisition(s.t.Context(), "", "")
	if err != nil {
		s.t.Fatal(err)
	}
	shop, token := s.arrive(started.StartPage)
	if len(lines) == 0 {
		s.browse(http.MethodPost, shop+"usual", url.Values{})
	} else if _, err := s.api.PutCart(s.t.Context(), token, lines); err != nil {
		s.t.Fatal(err)
	}
	s.bringHome(shop)
	home := s.requisition(slug, started.ID)
	if home.State != simulators.CartHome || home.Problem != "" {
		s.t.Fatalf("the requisition is %q: %s", home.State, home.Problem)
	}
	return home
}

// order approves the requisition and sends the order.
func (s *story) order(slug, id string) simulators.Answer {
	s.t.Helper()
	answer, err := s.buyer(slug).Order(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer
}

func (s *story) requisition(slug, id string) simulators.Requisition {
	s.t.Helper()
	q, ok := s.buyer(slug).Requisition(id)
	if !ok {
		s.t.Fatalf("%s has no requisition %s", slug, id)
	}
	return q
}

// becomes waits until the requisition has the state: documents to the buyer are sent by workers.
func (s *story) becomes(slug, id string, state simulators.State) simulators.Requisition {
	s.t.Helper()
	until(s.t, slug+"'s requisition "+id+" is "+string(state), func() bool { return s.requisition(slug, id).State == state })
	return s.requisition(slug, id)
}

// kontors is Kontor's own order with the buyer's number.
func (s *story) kontors(number string) client.Order {
	s.t.Helper()
	list, err := s.api.Orders(s.t.Context(), client.OrderQuery{Number: number})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(list.Items) != 1 {
		s.t.Fatalf("Kontor has %d orders with the number %s", len(list.Items), number)
	}
	order, err := s.api.Order(s.t.Context(), list.Items[0].ID) // lists leave sums and lines out
	if err != nil {
		s.t.Fatal(err)
	}
	return order
}

// line is the organisation's only credit line.
func (s *story) line(slug string) client.CreditLine {
	s.t.Helper()
	lines, err := s.api.CreditLines(s.t.Context(), "ext:"+slug)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(lines) != 1 {
		s.t.Fatalf("%s has %d credit lines", slug, len(lines))
	}
	return lines[0]
}

// left checks what an organisation may still order for.
func (s *story) left(slug, want string) {
	s.t.Helper()
	if got := s.line(slug).Available.Format(); got != want {
		s.t.Errorf("%s has %s available, want %s", slug, got, want)
	}
}

func is[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func says(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s does not say %q: %s", what, part, text)
		}
	}
}

// until polls: what is waited for is done by other goroutines, within moments unless the machine is
// busy with something else.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}
