package console

import (
	"crypto/hmac"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/fault"
)

// A person signs in with an API key of the merchant until staff have accounts of their own
// (docs/decisions/0010-console-sign-in.md). The cookie holds no secret: the key's id, an end and
// our signature. The key must still be live on every request.

const (
	cookieName  = "kontor_console"
	sessionLife = 8 * time.Hour
)

func (c *console) cookie(v *visit, value string, life time.Duration) *http.Cookie {
	return &http.Cookie{Name: cookieName, Value: value, Path: v.home, MaxAge: int(life / time.Second), HttpOnly: true,
		Secure: c.Secure, SameSite: http.SameSiteStrictMode}
}

func (c *console) sign(v *visit, key string, ends int64) string {
	text := key + "." + strconv.FormatInt(ends, 10)
	return text + "." + signature(c.Keys.Digest("console_session", v.merchant.ID+"\x00"+text))
}

func signature(mac []byte) string { return base64.RawURLEncoding.EncodeToString(mac) }

// begin gives the browser its cookie.
func (c *console) begin(v *visit, key string) {
	v.SetCookie(c.cookie(v, c.sign(v, key, c.Clock.Now().Add(sessionLife).Unix()), sessionLife))
}

// signedIn looks who asks. A cookie of another merchant doesn't verify here.
func (c *console) signedIn(v *visit) (bool, error) {
	cookie, err := v.Cookie(cookieName)
	if err != nil {
		return false, nil //nolint:nilerror // no cookie is no error, it is a stranger
	}
	parts := strings.Split(cookie.Value, ".")
	if len(parts) != 3 {
		return false, nil
	}
	ends, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || !hmac.Equal([]byte(c.sign(v, parts[0], ends)), []byte(cookie.Value)) || c.Clock.Now().Unix() >= ends {
		return false, nil //nolint:nilerror // whatever is wrong with it, it is no session
	}
	v.key, err = accounts.LiveKey(v.Request().Context(), c.DB, v.merchant.ID, parts[0])
	if fault.CodeOf(err) == fault.Unknown {
		return false, nil
	}
	v.session = cookie.Value
	return err == nil, err
}

// lasting is the nonce of forms that may be sent any number of times.
const lasting = "-"

// token is what a form carries to show that it is ours. A fresh nonce also names the form, so
// that sending it twice acts once.
func (c *console) token(v *visit, nonce string) string {
	return nonce + "." + signature(c.Keys.Digest("console_form", v.merchant.ID+"\x00"+v.session+"\x00"+nonce))
}

func (c *console) freshToken(v *visit) string { return c.token(v, accounts.NewToken("")) }

func (c *console) nonce(v *visit, token string) (string, bool) {
	nonce, _, found := strings.Cut(token, ".")
	return nonce, found && hmac.Equal([]byte(c.token(v, nonce)), []byte(token))
}

type signIn struct {
	Next  string
	Error string
	Demo  string // where those find a way in who have no key to type
}

func (c *console) showSignIn(v *visit, status int, body signIn) error {
	body.Demo = c.Demo
	return render(v, status, "sign-in", page{Title: "Sign in", Home: v.home, Merchant: v.merchant, Body: body})
}

func (c *console) getSignIn(v *visit) error {
	return c.showSignIn(v, http.StatusOK, signIn{Next: c.next(v, v.QueryParam("next"))})
}

// askToSignIn answers who isn't signed in. A link on another site brings no SameSite=Strict
// cookie: the page asks itself again first, and then the cookie comes along.
func (c *console) askToSignIn(v *visit) error {
	request := v.Request()
	if request.Method == http.MethodGet && request.Header.Get("Sec-Fetch-Site") == "cross-site" {
		return c.bounce(v, request.URL.RequestURI())
	}
	next := v.home
	if request.Method == http.MethodGet {
		next = c.next(v, request.URL.RequestURI())
	}
	return c.showSignIn(v, http.StatusUnauthorized, signIn{Next: next})
}

func (c *console) bounce(v *visit, to string) error {
	return render(v, http.StatusOK, "bounce", page{Title: "Opening the console", Home: v.home, Merchant: v.merchant, Body: to})
}

// next is where a person goes after the sign-in: only within this console.
func (c *console) next(v *visit, asked string) string {
	rest, ok := strings.CutPrefix(asked, v.home)
	if !ok || len(asked) > 500 || (rest != "" && rest[0] != '/' && rest[0] != '?') || strings.Contains(rest, "..") || strings.ContainsAny(rest, "\\\r\n\t") {
		return v.home
	}
	return asked
}

// postSignIn checks the key first and slows only what failed: a right key never waits because
// somebody else guesses.
func (c *console) postSignIn(v *visit) error {
	key, err := c.Keys.FindAPIKey(v.Request().Context(), c.DB, strings.TrimSpace(v.FormValue("key")))
	if err == nil && key.Merchant == v.merchant.ID {
		c.begin(v, key.ID)
		return v.Redirect(http.StatusSeeOther, c.next(v, v.FormValue("next")))
	}
	if err != nil && fault.CodeOf(err) != fault.Unauthenticated {
		return err
	}
	if !c.brake.slow(v) {
		v.Response().Header().Set("Retry-After", "5")
		return fault.New(fault.TooMany, "Too many wrong keys at this moment. Try again in a few seconds.")
	}
	return c.showSignIn(v, http.StatusUnauthorized, signIn{Next: c.next(v, v.FormValue("next")),
		Error: "This key is not valid here."})
}

func (c *console) postSignOut(v *visit) error {
	v.SetCookie(c.cookie(v, "", -time.Second))
	return v.Redirect(http.StatusSeeOther, v.home+"/sign-in")
}

// brake makes guessing slow. It counts by merchant, which nobody can forge, in this process only:
// keys have 160 random bits, so this spares the database and the log, it doesn't guard the keys.
type brake struct {
	mu       sync.Mutex
	failures map[string]failures
	waiting  int
}

type failures struct {
	count int
	last  time.Time
}

const (
	firstWait   = 200 * time.Millisecond
	mostDoubled = 4 // up to 3.2 s
	mostWaiting = 64
	forgotten   = 10 * time.Minute
)

// slow holds a failed try up; false means that too many wait already.
func (b *brake) slow(v *visit) bool {
	now := time.Now()
	b.mu.Lock()
	if b.waiting >= mostWaiting {
		b.mu.Unlock()
		return false
	}
	b.waiting++
	if b.failures == nil {
		b.failures = map[string]failures{}
	}
	f := b.failures[v.merchant.ID]
	if now.Sub(f.last) > forgotten {
		f.count = 0
	}
	wait := firstWait << min(f.count, mostDoubled)
	b.failures[v.merchant.ID] = failures{f.count + 1, now}
	b.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-v.Request().Context().Done():
	}
	b.mu.Lock()
	b.waiting--
	b.mu.Unlock()
	return true
}
