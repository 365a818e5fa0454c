// Package shop is the demo storefront: where a buyer arrives by punchout, fills a cart and sends it
// home. It stands outside Kontor's flow and uses only the public API, like any merchant's shop, and
// it calculates no money: every sum on its pages came from the API.
//
// The visit token stands in the path (<base>/s/<token>/…), not in a cookie. So the shop works in a
// frame with third-party cookies blocked, and two visits in one browser never mix.
package shop

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/kontorhq/kontor/client"
)

// Config is what a shop needs to know.
type Config struct {
	Base     string         // path it is mounted at: /m/brackwater/shop
	API      *client.Client // with the merchant's key
	Merchant string         // its name on the pages

	// UsualCarts offers one press to fill an empty cart, by the organisation's external id.
	UsualCarts map[string][]client.WantedLine

	Log *slog.Logger // nil is slog.Default()
}

type shop struct {
	Config

	// The API replaces a whole cart, so reading it, changing a line and writing it back must not
	// cross with another tab of the same visit. The locks are of this process only.
	seed  maphash.Seed
	locks [64]sync.Mutex
}

// New makes the shop's handler. It serves the whole of cfg.Base and expects the path unchanged.
func New(cfg Config) http.Handler {
	cfg.Base = strings.TrimRight(cfg.Base, "/")
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	s := &shop{Config: cfg, seed: maphash.MakeSeed()}

	mux := http.NewServeMux()
	mux.HandleFunc("GET "+cfg.Base+"/{$}", s.enter)
	mux.HandleFunc("GET "+cfg.Base, s.enter)
	visit := cfg.Base + "/s/{visit}/"
	mux.HandleFunc("GET "+visit+"{$}", s.page(s.home))
	mux.HandleFunc("GET "+visit+"products", s.page(s.list))
	mux.HandleFunc("GET "+visit+"products/{sku}", s.page(s.product))
	mux.HandleFunc("POST "+visit+"products/{sku}", s.page(s.setLine))
	mux.HandleFunc("GET "+visit+"cart", s.page(s.cart))
	mux.HandleFunc("POST "+visit+"cart", s.page(s.updateCart))
	mux.HandleFunc("POST "+visit+"usual", s.page(s.fillUsual))
	mux.HandleFunc("POST "+visit+"return", s.page(s.sendHome))
	mux.HandleFunc("GET "+visit+"leave", s.page(s.askLeave))
	mux.HandleFunc("POST "+visit+"leave", s.page(s.leave))
	mux.HandleFunc(cfg.Base+"/", func(w http.ResponseWriter, r *http.Request) {
		s.stop(w, http.StatusNotFound, "", "There is no such page in this shop", "Go back, or start again from your procurement system.")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers(w.Header())
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		mux.ServeHTTP(w, r)
	})
}

// headers are those of every answer. No X-Frame-Options: it cannot name the buyer's system, and
// frame-ancestors does, once the visit is known.
func headers(head http.Header) {
	head.Set("Content-Security-Policy", policy("", nil))
	head.Set("Referrer-Policy", "no-referrer") // the address is the visit
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
}

// policy is what browsers hold a page to. Each buyer's visits may be framed by that buyer only.
// Forms go to the shop itself and, since Chromium holds a form's redirect against this list too,
// to the page that takes the cart home.
func policy(returnOrigin string, ancestors []string) string {
	return strings.Join([]string{
		"default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self' data:",
		strings.TrimSpace("form-action 'self' " + returnOrigin), "base-uri 'none'",
		strings.Join(append([]string{"frame-ancestors 'self'"}, ancestors...), " "),
	}, "; ")
}

// visit is one request within a punchout visit.
type visit struct {
	token   string
	session client.Session
}

// tokens are what a visit token may look like; anything else is not sent to the API.
var tokens = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// enter is where the start page sends the browser: <base>/?session=vis_….
func (s *shop) enter(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("session")
	session, ok := s.open(w, r, token)
	if !ok {
		return
	}
	to := s.path(token)
	switch {
	case session.Search != "":
		to = s.path(token, "products") + "?" + url.Values{"q": {session.Search}}.Encode()
	case session.SelectedSKU != "":
		// The buyer's system asked for one product: its page, not the front page, which says so
		// where there is no such product for this buyer.
		_, err := s.API.Product(r.Context(), session.SelectedSKU, token)
		if problem := client.ProblemOf(err); problem != nil && problem.Status == http.StatusNotFound {
			to += "?done=" + missing
		} else if err != nil {
			s.fail(w, r, token, err)
			return
		} else {
			to = s.path(token, "products", session.SelectedSKU)
		}
	case len(session.Cart.Lines) > 0 && session.Operation != "create":
		to = s.path(token, "cart")
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// missing, as what was done before the front page, is that the wanted product was not found.
const missing = "missing"

// open reads the session and answers itself, with false, when there is none to shop in.
func (s *shop) open(w http.ResponseWriter, r *http.Request, token string) (client.Session, bool) {
	if !tokens.MatchString(token) {
		s.stop(w, http.StatusNotFound, "", "This page belongs to no visit", again)
		return client.Session{}, false
	}
	session, err := s.API.Session(r.Context(), token)
	if err != nil {
		if problem := client.ProblemOf(err); problem != nil && (problem.Status == http.StatusNotFound || problem.Status == http.StatusGone) {
			s.stop(w, http.StatusNotFound, "", "This page belongs to no visit", again)
		} else {
			s.fail(w, r, "", err)
		}
		return client.Session{}, false
	}
	// What ended is told in the buyer's frame, too.
	w.Header().Set("Content-Security-Policy", policy(session.ReturnOrigin, session.FrameOrigins))
	buyer := session.Organisation.Name
	switch session.State {
	case client.SessionOpen:
		return session, true
	case client.SessionReturned:
		if s.pressedAgain(w, r, "/return", token, s.API.Return) {
			return client.Session{}, false
		}
		s.stop(w, http.StatusGone, "", "This cart has left the shop", "It was sent to "+buyer+". To change it or to shop again, start again from your procurement system.")
	case client.SessionCancelled:
		if s.pressedAgain(w, r, "/leave", token, s.API.Cancel) {
			return client.Session{}, false
		}
		s.stop(w, http.StatusGone, "", "This visit has ended without a cart", again)
	default:
		s.stop(w, http.StatusGone, "", "This visit has expired", again+" The cart of an expired visit is not sent.")
	}
	return client.Session{}, false
}

// pressedAgain answers a second press of the button that ended the visit like the first: the browser
// follows the last answer only, and would never come to the page that takes the cart home.
func (s *shop) pressedAgain(w http.ResponseWriter, r *http.Request, button, token string, end func(context.Context, string) (string, error)) bool {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, button) {
		return false
	}
	to, err := end(r.Context(), token) // the address is the same, see the API
	return err == nil && s.goTo(w, r, to) == nil
}

const again = "To shop, start again from your procurement system."

// page opens the visit and hands it to the page; an error that the page returns is shown as a
// failure on our side.
func (s *shop) page(next func(http.ResponseWriter, *http.Request, visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			var tooLarge *http.MaxBytesError
			if err := r.ParseForm(); errors.As(err, &tooLarge) {
				s.stop(w, http.StatusRequestEntityTooLarge, "", "The form is too large", "Go back and send fewer lines at once.")
				return
			} else if err != nil {
				s.stop(w, http.StatusBadRequest, "", "The form was not readable", "Go back and send it again.")
				return
			}
		}
		token := r.PathValue("visit")
		if r.Method == http.MethodPost {
			lock := &s.locks[maphash.String(s.seed, token)%uint64(len(s.locks))]
			lock.Lock()
			defer lock.Unlock()
		}
		session, ok := s.open(w, r, token)
		if !ok {
			return
		}
		if session.Operation == "inspect" && r.Method == http.MethodPost && !strings.HasSuffix(r.URL.Path, "/leave") {
			s.stop(w, http.StatusConflict, token, "This visit is for looking at a cart", "Nothing was changed. To shop, leave and start again from your procurement system.")
			return
		}
		if err := next(w, r, visit{token: token, session: session}); err != nil {
			s.fail(w, r, token, err)
		}
	}
}

// path is an address within a visit.
func (s *shop) path(token string, parts ...string) string {
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return s.Base + "/s/" + url.PathEscape(token) + "/" + strings.Join(parts, "/")
}

// stop is a plain page with the way back into a visit that goes on; visit is "" where none does.
func (s *shop) stop(w http.ResponseWriter, status int, visit, title, sentence string) {
	view := stopView{Title: title, Sentence: sentence, Merchant: s.Merchant}
	if visit != "" {
		view.Home = s.path(visit)
	}
	s.render(w, status, "stop", view)
}

// fail shows an error nobody expected by its reference only; its text is in the log. A refusal of
// the API has a sentence of its own.
func (s *shop) fail(w http.ResponseWriter, r *http.Request, visit string, err error) {
	if problem := client.ProblemOf(err); problem != nil {
		switch problem.Status {
		case http.StatusNotFound:
			s.stop(w, http.StatusNotFound, visit, "This product is not in your catalogue", "It was withdrawn, or your organisation does not buy it here.")
			return
		case http.StatusForbidden:
			s.stop(w, http.StatusForbidden, visit, "This visit can't go on", sentenceOf(problem)+" Nothing was sent, and nothing was ordered. Your purchasing department or "+s.Merchant+" can tell you why.")
			return
		case http.StatusConflict, http.StatusGone:
			s.stop(w, http.StatusConflict, visit, "The cart has changed meanwhile", sentenceOf(problem)+" Look at the cart.")
			return
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			s.stop(w, http.StatusServiceUnavailable, visit, "Too much at once", "Try again in a minute. The cart is kept.")
			return
		}
	}
	reference := "err_" + strings.ToLower(rand.Text())
	s.Log.ErrorContext(r.Context(), "shop: page failed", "reference", reference, "method", r.Method, "error", err)
	sentence := "Reference " + reference + "."
	if r.Method == http.MethodPost {
		// A write without an answer may have been done.
		sentence = "Look at the cart to see what was kept. " + sentence
	}
	s.stop(w, http.StatusBadGateway, visit, "Something failed on our side", sentence)
}

func sentenceOf(problem *client.Problem) string {
	sentence := problem.Detail
	if sentence == "" {
		sentence = problem.Title
	}
	if sentence == "" {
		return fmt.Sprintf("The shop's server refused it (%d).", problem.Status)
	}
	sentence = strings.ToUpper(sentence[:1]) + sentence[1:]
	if !strings.HasSuffix(sentence, ".") {
		sentence += "."
	}
	return sentence
}
