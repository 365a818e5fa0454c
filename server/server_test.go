package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/server"
)

// asleep is a database that has the given troubles.
type asleep struct {
	ping, version error
	pending       int
	asked         int
}

func (a *asleep) Ping(context.Context) error { return a.ping }

func (a *asleep) Pending(context.Context) (int, error) {
	a.asked++
	return a.pending, a.version
}

// routes fail in every way there is.
func routes(e *echo.Echo) {
	fails := map[string]error{
		"fault":    fault.At(fault.Invalid, "lines[0].sku", "is not sold").Because(errors.New("cause-of-it")),
		"busy":     fault.New(fault.Unavailable, "the database is busy, try again").Because(errors.New("cause-of-it")),
		"many":     fault.New(fault.TooMany, "too many requests from here"),
		"internal": fault.New(fault.Internal, "secret-words"),
		"unknown":  fmt.Errorf("wrapped: %w", errors.New("secret-words")),
		"echo":     echo.NewHTTPError(http.StatusTeapot, "secret-words"),
		"broken":   echo.NewHTTPError(http.StatusBadGateway, "secret-words"),
		"ended":    context.Canceled,
	}
	for _, prefix := range []string{"/v1/x/", "/x/"} {
		for name, err := range fails {
			e.GET(prefix+name, func(echo.Context) error { return err })
		}
		e.GET(prefix+"panic", func(echo.Context) error { panic("secret-words") })
		e.GET(prefix+"late", func(c echo.Context) error {
			_ = c.String(http.StatusOK, "so far")
			return errors.New("secret-words")
		})
		e.POST(prefix+"read", func(c echo.Context) error {
			_, err := io.ReadAll(c.Request().Body)
			return err
		})
	}
	e.GET("/m/:merchant/p/:token", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
}

func newServer(db server.Database, log io.Writer) *server.Server {
	return server.New(server.Config{DB: db, Log: slog.New(slog.NewJSONHandler(log, nil)), Mount: []func(*echo.Echo){routes}, BodyLimit: 1000})
}

func ask(s http.Handler, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func TestEveryErrorIsToldByTheSameTable(t *testing.T) {
	for _, test := range []struct {
		call   string
		status int
		code   string
		log    string // what the log must have about it
	}{
		{"GET fault", 422, "invalid", ""},
		{"GET busy", 503, "unavailable", "cause-of-it"},
		{"GET many", 429, "too_many", ""},
		{"GET internal", 500, "internal", "secret-words"},
		{"GET unknown", 500, "internal", "secret-words"},
		{"GET echo", 418, "malformed", ""},
		{"GET broken", 500, "internal", "secret-words"},
		{"GET ended", 503, "unavailable", ""},
		{"GET panic", 500, "internal", "server_test.go"}, // the stack
		{"GET none", 404, "not_found", ""},
		{"DELETE fault", 405, "method_not_allowed", ""},
		{"POST read", 413, "too_large", ""},
	} {
		for _, prefix := range []string{"/v1/x/", "/x/"} {
			var log bytes.Buffer
			method, name, _ := strings.Cut(test.call, " ")
			w := ask(newServer(&asleep{}, &log), method, prefix+name, strings.Repeat("x", 1001))
			body := w.Body.String()
			if w.Code != test.status || strings.Contains(body, "secret") || strings.Contains(body, "cause-of") || body == "" {
				t.Errorf("%s: %d %s", test.call, w.Code, body)
			}
			if !strings.Contains(log.String(), test.log) || !strings.Contains(log.String(), fmt.Sprintf(`"status":%d`, test.status)) {
				t.Errorf("%s: log %s", test.call, &log)
			}
			kind := w.Header().Get("Content-Type")
			var p struct {
				Type, Title, Detail, Code string
				Status                    int
				Errors                    []struct{ Location, Message string }
				ID                        string `json:"error_id"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || kind != "application/problem+json" {
				t.Errorf("%s: %s %s", test.call, kind, body)
			}
			if p.Type != "about:blank" || p.Title == "" || p.Detail == "" || p.Code != test.code || p.Status != test.status || p.Errors == nil {
				t.Errorf("%s: %s", test.call, body)
			}
			if accident := test.code == "internal"; accident != (p.ID != "" && strings.Contains(log.String(), `"error_id":"`+p.ID+`"`)) {
				t.Errorf("%s: %s\n%s", test.call, body, &log)
			}
			if name == "fault" && method == http.MethodGet && (len(p.Errors) != 1 || p.Errors[0].Location != "lines[0].sku") {
				t.Errorf("%s: %s", test.call, body)
			}
			if again, want := w.Header().Get("Retry-After"), map[int]string{429: "1", 503: "5"}[test.status]; again != want {
				t.Errorf("%s: Retry-After %q, want %q", test.call, again, want)
			}
		}
	}
}

func TestAnErrorAfterTheAnswerBeganIsOnlyLogged(t *testing.T) {
	var log bytes.Buffer
	w := ask(newServer(&asleep{}, &log), http.MethodGet, "/v1/x/late", "")
	if w.Body.String() != "so far" || !strings.Contains(log.String(), "secret-words") {
		t.Error(w.Body, &log)
	}
}

func TestTheLogKnowsRoutesAndNotPaths(t *testing.T) {
	var log bytes.Buffer
	s := newServer(&asleep{}, &log)
	ask(s, http.MethodGet, "/m/brackwater/p/to-ken?q=to-ken", "")
	ask(s, http.MethodGet, "/m/TO-KEN/p/x", "")
	ask(s, "TO-KEN", "/m/brackwater/p/x", "")
	ask(s, http.MethodGet, "/nothing/to-ken", "")
	if strings.Contains(strings.ToLower(log.String()), "to-ken") {
		t.Error(&log)
	}
	if !strings.Contains(log.String(), `"route":"/m/:merchant/p/:token","status":204,"bytes":0,"duration":`) || !strings.Contains(log.String(), `"merchant":"brackwater"`) {
		t.Error(&log)
	}
}

func TestReadiness(t *testing.T) {
	for _, test := range []struct {
		name   string
		db     asleep
		status int
		log    string
	}{
		{"all is well", asleep{}, 200, ""},
		{"no answer", asleep{ping: errors.New("refused-by-host")}, 503, "refused-by-host"},
		{"an older schema", asleep{pending: 2}, 503, "2 migrations are pending"},
		{"a schema that can't be read", asleep{version: errors.New("no-table")}, 503, "no-table"},
	} {
		var log bytes.Buffer
		s := newServer(&test.db, &log)
		w := ask(s, http.MethodGet, "/readyz", "")
		if w.Code != test.status || strings.Contains(w.Body.String(), "refused") || !strings.Contains(log.String(), test.log) {
			t.Errorf("%s: %d %s %s", test.name, w.Code, w.Body, &log)
		}
		if w := ask(s, http.MethodHead, "/readyz", ""); w.Code != test.status {
			t.Errorf("%s: HEAD %d", test.name, w.Code)
		}
		if test.status == 200 && test.db.asked != 1 {
			t.Errorf("the schema was asked for %d times", test.db.asked)
		}
		if w := ask(s, http.MethodGet, "/healthz", ""); w.Code != http.StatusOK {
			t.Errorf("%s: healthz %d", test.name, w.Code)
		}
	}
	var log bytes.Buffer
	troubled := server.New(server.Config{DB: &asleep{}, Log: slog.New(slog.NewJSONHandler(&log, nil)),
		Ready: []func() error{func() error { return nil }, func() error { return errors.New("disk-is-full") }}})
	if w := ask(troubled, http.MethodGet, "/readyz", ""); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "disk") || !strings.Contains(log.String(), "disk-is-full") {
		t.Errorf("more trouble: %d %s %s", w.Code, w.Body, &log)
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		if err := db.Disk(); err != nil {
			t.Error(err)
		}
		if w := ask(newServer(db, io.Discard), http.MethodGet, "/readyz", ""); w.Code != http.StatusOK {
			t.Error(w.Code, w.Body)
		}
	})
}

// slow mounts a route that says when it began and ends when it is told to.
func slow(began chan<- struct{}, end <-chan struct{}) func(*echo.Echo) {
	return func(e *echo.Echo) {
		e.GET("/slow", func(c echo.Context) error {
			close(began)
			select {
			case <-end:
				return c.String(http.StatusOK, "done")
			case <-c.Request().Context().Done():
				return c.Request().Context().Err()
			}
		})
	}
}

// run starts a server and a slow request in it, and ends the server's context.
func run(t *testing.T, shutdown time.Duration, end <-chan struct{}) (stopped <-chan error, answered <-chan string) {
	t.Helper()
	began := make(chan struct{})
	s := server.New(server.Config{DB: &asleep{}, Log: slog.New(slog.DiscardHandler), Mount: []func(*echo.Echo){slow(began, end)}, ShutdownTimeout: shutdown})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done, got := make(chan error, 1), make(chan string, 1)
	go func() { done <- s.Run(ctx, listener) }()
	go func() {
		answer, err := http.Get("http://" + listener.Addr().String() + "/slow")
		if err != nil {
			got <- "cut off"
			return
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		got <- string(body)
	}()
	<-began
	stop()
	return done, got
}

func TestShutdownFinishesWhatItTook(t *testing.T) {
	end := make(chan struct{})
	stopped, answered := run(t, time.Minute, end)
	select {
	case err := <-stopped:
		t.Fatal("it went down under a request", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(end)
	if got := <-answered; got != "done" {
		t.Error(got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestShutdownDoesNotWaitForEver(t *testing.T) {
	stopped, answered := run(t, 20*time.Millisecond, nil)
	if err := <-stopped; err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Error(err)
	}
	if got := <-answered; got != "cut off" {
		t.Error(got)
	}
}

func TestPeopleGetAPage(t *testing.T) {
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
	for _, test := range []struct {
		name, method, path, accept string
		status                     int
		page                       bool
		says                       string
	}{
		{"an unknown address in a browser", "GET", "/nowhere", browser, 404, true, "There is nothing at this address."},
		{"the top in a browser", "GET", "/", browser, 404, true, "Nothing is here"},
		{"an accident", "GET", "/x/panic", browser, 500, true, "Reference <span class=\"mono\">err_"},
		{"a busy database", "GET", "/x/busy", browser, 503, true, "Load the page again in a minute."},
		{"a fault", "GET", "/x/fault", browser, 422, true, "That can’t be done"},
		{"a form that is too large", "POST", "/x/read", browser, 413, true, "larger than is taken here."},
		{"a method that isn't taken", "DELETE", "/x/fault", browser, 405, true, "That can’t be done"},
		{"whoever takes anything", "GET", "/nowhere", "*/*", 404, false, `"code":"not_found"`},
		{"whoever says nothing", "GET", "/nowhere", "", 404, false, `"code":"not_found"`},
		{"a program", "GET", "/nowhere", "application/json, text/html;q=0.5", 404, false, `"code":"not_found"`},
		{"html but less", "GET", "/nowhere", "text/html;q=0.5, application/json;q=0.9", 404, false, `"code":"not_found"`},
		{"words that are no media type", "GET", "/nowhere", ";;,text/", 404, false, `"code":"not_found"`},
		{"a browser at the API", "GET", "/v1/x/unknown", browser, 500, false, `"code":"internal"`},
		{"only the head", "HEAD", "/nowhere", browser, 404, false, ""},
	} {
		r := httptest.NewRequest(test.method, test.path, strings.NewReader(strings.Repeat("x", 1001)))
		r.Header.Set("Accept", test.accept)
		w := httptest.NewRecorder()
		newServer(&asleep{}, io.Discard).ServeHTTP(w, r)
		kind, body := w.Header().Get("Content-Type"), w.Body.String()
		if w.Code != test.status || strings.HasPrefix(kind, "text/html") != test.page || !strings.Contains(body, test.says) ||
			strings.Contains(body, "secret") || strings.Contains(body, "cause-of") {
			t.Errorf("%s: %d %s\n%s", test.name, w.Code, kind, body)
		}
		if test.page && (!strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src 'none'") || w.Header().Get("Cache-Control") != "no-store" ||
			w.Header().Get("Vary") != "Accept" || strings.Contains(body, "<script") || strings.Contains(body, "style=")) {
			t.Errorf("%s: %v", test.name, w.Header())
		}
	}
}
