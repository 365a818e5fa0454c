// Package console is the merchant's own staff's view: what waits for a person, orders with their
// documents, and the credit desk. It stands beside server/api at the edge: it reads forms, calls
// the same domain functions as the API, and shows what they say. Rules live below it.
//
// Every page works without the script; regions with data-refresh only save a reload.
package console

import (
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/assets"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/orders"
)

// Config is what the pages need.
type Config struct {
	DB     *database.DB
	Keys   *accounts.Keys
	Clock  *clock.Clock
	Desk   *checkout.Desk
	Log    *slog.Logger // nil is slog.Default()
	Secure bool         // the cookie is only sent over TLS
	Demo   string       // the demo's first page; with it tickets open the console (see Ticket)
}

type console struct {
	Config
	brake brake
}

// Mount adds the pages under /m/:merchant/console.
func Mount(e *echo.Echo, cfg Config) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	c := &console{Config: cfg}
	g := e.Group("/m/:merchant/console")
	for _, root := range []string{"", "/"} {
		g.GET(root, c.staff(c.getToday))
	}
	g.GET("/sign-in", c.open(c.getSignIn))
	g.POST("/sign-in", c.open(c.postSignIn))
	g.GET("/enter", c.open(c.getEnter))
	g.POST("/sign-out", c.staff(c.postSignOut))
	g.GET("/orders", c.staff(c.getOrders))
	g.GET("/orders/:id", c.staff(c.getOrder))
	g.POST("/orders/:id/rule", c.staff(c.postRuling))
	g.POST("/orders/:id/cancel-lines", c.staff(c.postCancelLines))
	g.GET("/orders/:id/cancel-lines", c.staff(c.getOrder))
	g.GET("/orders/:id/rule", c.staff(c.getOrder)) // where a refused form leaves the browser: reloads and refreshes ask here
	g.POST("/orders/:id/resend", c.staff(c.postResend))
	g.GET("/documents", c.staff(c.getDocuments))
	g.GET("/documents/:id", c.staff(c.getDocument))
	g.GET("/documents/:id/raw", c.staff(c.getRaw))
	g.GET("/documents/:id/attachments/:position", c.staff(c.getAttachment))
	g.GET("/mail", c.staff(c.getMails))
	g.GET("/mail/:id", c.staff(c.getMail))
	g.GET("/tasks/:id", c.staff(c.getTask))
	g.POST("/tasks/:id", c.staff(c.postTask))
	g.GET("/quotes", c.staff(c.getQuotes))
	g.GET("/quotes/:cart", c.staff(c.getQuote))
	g.POST("/quotes/:cart", c.staff(c.postQuote))
	g.GET("/credit", c.staff(c.getLines))
	g.GET("/credit/:id", c.staff(c.getLine))
	g.POST("/credit/:id/limit", c.staff(c.postLimit))
	g.GET("/credit/:id/limit", c.staff(c.getLine))
	g.RouteNotFound("/*", c.open(func(*visit) error {
		return fault.New(fault.Unknown, "The console has no page at this address.")
	}))
}

// visit is one request of one person at one merchant.
type visit struct {
	echo.Context
	merchant accounts.Merchant
	home     string          // path of the console
	key      accounts.APIKey // who signed in
	session  string          // the cookie's value
	refresh  bool            // the script asks, nobody
}

// actor is who the audit names.
func (v *visit) actor() string { return "console:" + v.key.ExternalID }

const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// largestForm is more than any form here can need.
const largestForm = 64 << 10

// open runs a handler for anybody.
func (c *console) open(handle func(*visit) error) echo.HandlerFunc {
	return func(ec echo.Context) error {
		headers := ec.Response().Header()
		headers.Set("Content-Security-Policy", policy)
		headers.Set("Cache-Control", "no-store")
		// Not no-referrer: with it browsers send "Origin: null" along with our own forms.
		headers.Set("Referrer-Policy", "same-origin")
		headers.Set("X-Content-Type-Options", "nosniff")
		request := ec.Request()
		request.Body = http.MaxBytesReader(ec.Response(), request.Body, largestForm)
		v := &visit{Context: ec, refresh: request.Header.Get("X-Refresh") != ""}
		merchant, err := accounts.FindMerchant(request.Context(), c.DB, ec.Param("merchant"))
		if err != nil {
			return c.sorry(v, err)
		}
		v.merchant, v.home = merchant, "/m/"+merchant.ID+"/console"
		if request.Method == http.MethodPost {
			err = sameOrigin(request)
		}
		if err == nil {
			err = handle(v)
		}
		if err != nil {
			return c.sorry(v, err)
		}
		return nil
	}
}

// staff runs a handler for people who have signed in; a form must also carry its token.
func (c *console) staff(handle func(*visit) error) echo.HandlerFunc {
	return c.open(func(v *visit) error {
		known, err := c.signedIn(v)
		if err != nil {
			return err
		}
		if !known {
			return c.askToSignIn(v)
		}
		if v.Request().Method == http.MethodPost {
			if err := v.Request().ParseForm(); err != nil {
				return fault.New(fault.Malformed, "The form can't be read.").Because(err)
			}
			if _, ok := c.nonce(v, v.FormValue("token")); !ok {
				return fault.New(fault.Forbidden, "This form belongs to another sign-in. Nothing was changed. Open the page again and send it from there.")
			}
		}
		return handle(v)
	})
}

//go:embed pages/*.html
var files embed.FS

var pages = func() map[string]*template.Template {
	made := map[string]*template.Template{}
	shared := template.Must(template.New("").Funcs(template.FuncMap{
		"asset": assets.Path, "icon": assets.Icon, "mark": assets.Mark,
		"money": formatMoney, "day": formatDay, "price": formatPrice, "quantity": formatQuantity, "sentence": sentence, "upper": upper,
		"badge": badgeOf, "status": statusBadge, "message": message, "topic": notices.Topic, "kept": isKept,
		"tableOf": func(p page, rows []orderRow) orderTable { return orderTable{p, rows} }, "bar": assets.LimitBar, "minibar": assets.LimitBarMini,
	}).ParseFS(files, "pages/layout.html", "pages/parts.html"))
	for _, name := range []string{"today", "orders", "order", "document", "documents", "lines", "line", "mails", "mail", "task", "quotes", "quote", "sign-in", "notice", "bounce"} {
		made[name] = template.Must(template.Must(shared.Clone()).ParseFS(files, "pages/"+name+".html"))
	}
	return made
}()

// page is what every page has around its own content.
type page struct {
	times
	Title    string
	Section  string // which entry of the side bar is current
	Home     string
	Merchant accounts.Merchant
	Staff    string // whose key it is; empty before the sign-in
	Waiting  int64  // what needs a person
	SignOut  string // form token
	Demo     string // the demo's first page; empty outside it
	Body     any
}

// orderTable is a list of orders on a page.
type orderTable struct {
	Page page
	Rows []orderRow
}

// show writes a page for somebody who signed in.
func (c *console) show(v *visit, status int, name, section, title string, body any) error {
	waiting, err := orders.CountWaiting(v.Request().Context(), c.DB, v.merchant.ID)
	if err != nil {
		return err
	}
	if waiting, err = c.needed(v, waiting); err != nil {
		return err
	}
	return render(v, status, name, page{times: times{v.merchant.Zone()}, Title: title, Section: section, Home: v.home,
		Merchant: v.merchant, Staff: v.key.ExternalID, Waiting: waiting, SignOut: c.token(v, lasting), Demo: c.Demo, Body: body})
}

func render(v *visit, status int, name string, p page) error {
	var b strings.Builder
	if err := pages[name].ExecuteTemplate(&b, "layout", p); err != nil {
		return err
	}
	return v.HTML(status, b.String())
}

// sorry shows a fault as a page. What nobody classified is logged with an id, and only that is
// shown.
func (c *console) sorry(v *visit, err error) error {
	if v.Response().Committed {
		return err
	}
	status, title := http.StatusInternalServerError, "Something failed on our side"
	var message string
	var known *fault.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		status, title, message = http.StatusRequestEntityTooLarge, "That form is too large", "Nothing was changed."
	case errors.As(err, &known) && known.Code != fault.Internal:
		status, title, message = known.Code.HTTP(), titleOf(known.Code), upper(sentence(known.Error()))
	default:
		id := database.NewID("err")
		c.Log.ErrorContext(v.Request().Context(), "a page of the console failed", "error", err, "reference", id,
			"merchant", v.merchant.ID, "path", v.Request().URL.Path)
		message = "Nothing was changed. Reference " + id
	}
	p := page{Title: title, Home: v.home, Merchant: v.merchant, Body: message}
	return render(v, status, "notice", p)
}

func titleOf(code fault.Code) string {
	switch code {
	case fault.Unknown:
		return "There is nothing here"
	case fault.Forbidden:
		return "This can't be done from here"
	case fault.TooMany:
		return "Too many tries"
	case fault.Mismatch:
		return "This form was sent before"
	}
	return "This can't be done"
}

// sameOrigin refuses forms of other sites. Browsers say where a form stands in one of two
// headers; who sends neither is no browser and has the API.
func sameOrigin(r *http.Request) error {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		if site == "same-origin" {
			return nil
		}
	} else if origin, err := url.Parse(r.Header.Get("Origin")); err == nil && origin.Host != "" && strings.EqualFold(origin.Host, r.Host) {
		return nil
	}
	return fault.New(fault.Forbidden, "This form came from another site. Nothing was changed.")
}
