// Package procure answers the addresses that procurement systems and their users' browsers call:
// the cXML and OCI endpoints, the start page and the return page. It reads and writes HTTP; what a
// document means is `procurement`'s business.
package procure

import (
	"embed"
	"errors"
	"fmt"
	"html"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/assets"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/procurement"
)

//go:embed *.html
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"asset": assets.Path, "address": address}).ParseFS(files, "*.html"))

// address is an attribute with a buyer's address, sign for sign: the template's own way would write
// "(" and "'" as escapes, which systems that sign their addresses take for other ones, and no scheme
// beside http. It is empty for an address of a scheme that can do harm. What is not ASCII is escaped,
// or browsers would write it in the character set of the page.
func address(attribute, address string) template.HTMLAttr {
	scheme, _, _ := strings.Cut(strings.ToLower(address), ":")
	if scheme != "https" && scheme != "http" && scheme != "sapevent" {
		return ""
	}
	var b strings.Builder
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c > '~' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return template.HTMLAttr(attribute + `="` + html.EscapeString(b.String()) + `"`) //nolint:gosec // it is escaped
}

type endpoint struct {
	service *procurement.Service
	crowd   *crowd
}

// Mount adds the addresses.
func Mount(e *echo.Echo, service *procurement.Service) {
	p := endpoint{service, newCrowd(service.Limits.Bytes)}
	// Whoever types the address in may end it with a slash, and few senders follow a redirect.
	for _, address := range []string{"/m/:merchant/cxml", "/m/:merchant/cxml/"} {
		e.POST(address, p.postCXML)
		e.GET(address, p.getCXML)
		e.HEAD(address, p.getCXML)
	}
	e.GET("/m/:merchant/oci/:connection", p.startOCI)
	e.POST("/m/:merchant/oci/:connection", p.startOCI)
	e.HEAD("/m/:merchant/oci/:connection", p.head)
	e.GET("/m/:merchant/p/:token", p.getStart)
	e.HEAD("/m/:merchant/p/:token", p.head)
	e.GET("/m/:merchant/p/:token/return", p.getReturn)
	e.HEAD("/m/:merchant/p/:token/return", p.head)
}

// postCXML takes one document. The answer is HTTP 200 with a cXML Status whatever happened: any
// other answer would be taken for a broken line and tried again for hours.
func (p endpoint) postCXML(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "text/xml; charset=UTF-8", p.answer(c))
}

func (p endpoint) answer(c echo.Context) []byte {
	request := c.Request()
	body, release, err := p.crowd.read(request.Body, p.service.Limits.Bytes)
	defer release()
	if errors.Is(err, errCrowded) || len(body) > p.service.Limits.Bytes {
		// Many senders read no answer before they have written everything. What they go on
		// writing is thrown away; who writes much more than that finds the line cut.
		_, _ = io.CopyN(io.Discard, request.Body, mostDiscarded)
	}
	if err != nil {
		return p.service.Refusal(err)
	}
	leave, err := p.crowd.enter(request.Context(), body)
	if err != nil {
		return p.service.Refusal(err)
	}
	defer leave()
	// The address is the line's own, or what a trusted proxy says (server.Config).
	ctx := procurement.WithClient(request.Context(), c.RealIP())
	return p.service.Receive(ctx, c.Param("merchant"), request.Header.Get("Content-Type"), body)
}

// mostDiscarded is how much of a document that is too large is still taken off the line.
const mostDiscarded = 64 << 20

// getCXML answers people and monitors that look whether somebody is there.
func (p endpoint) getCXML(c echo.Context) error {
	return c.String(http.StatusOK, "Kontor takes cXML documents here by POST.\n")
}

// secretive sets the headers of every page whose address opens something: nobody keeps the page,
// and no other site is told the address (decision 0018).
func secretive(c echo.Context) http.Header {
	headers := c.Response().Header()
	headers.Set("Cache-Control", "no-store")
	headers.Set("Referrer-Policy", "no-referrer")
	headers.Set("Content-Security-Policy", policy(nil, nil))
	return headers
}

// head tells scanners that the page is there, without spending its token.
func (p endpoint) head(c echo.Context) error {
	secretive(c)
	return c.NoContent(http.StatusOK)
}

// getStart spends the one-time token and sends the browser to the shop.
func (p endpoint) getStart(c echo.Context) error {
	secretive(c)
	if ahead(c.Request()) {
		return c.NoContent(http.StatusNoContent)
	}
	opened, err := p.service.OpenStart(c.Request().Context(), c.Param("merchant"), c.Param("token"), c.Request().UserAgent())
	if err != nil {
		return p.sorry(c, err, sorryPage{Whose: opened.Whose, Title: "This start page is used up"})
	}
	return c.Redirect(http.StatusSeeOther, opened.Location)
}

// ahead tells that a browser looks ahead: the person hasn't asked for the page yet, so nothing is
// spent. The headers are today's and those of older browsers.
func ahead(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if value := strings.ToLower(r.Header.Get(name)); strings.Contains(value, "prefetch") || strings.Contains(value, "preview") {
			return true
		}
	}
	return false
}

// getReturn gives the page that posts the cart home from the buyer's own browser.
func (p endpoint) getReturn(c echo.Context) error {
	headers := secretive(c)
	if ahead(c.Request()) {
		return c.NoContent(http.StatusNoContent)
	}
	form, err := p.service.ReturnPage(c.Request().Context(), c.Param("merchant"), c.Param("token"))
	if err != nil {
		return p.sorry(c, err, sorryPage{Whose: form.Whose, Title: "Already transferred", Transferred: true})
	}
	// The form goes to that buyer and to nobody else, and only that buyer may frame the page.
	headers.Set("Content-Security-Policy", policy(form.Origins, form.Ancestors))
	return renderForm(c, "return.html", form)
}

// renderForm writes a page with a form in the character set that the buyer's system reads.
func renderForm(c echo.Context, name string, form procurement.ReturnForm) error {
	var b strings.Builder
	if err := pages.ExecuteTemplate(&b, name, form); err != nil {
		return err
	}
	page, err := form.Charset.Bytes(b.String())
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "text/html; charset="+form.Charset.Name, page)
}

// sorryPage says why a visit can't go on, and what to do. Title is that of a spent token.
type sorryPage struct {
	procurement.Whose
	Title, Message string
	Transferred    bool
	Closed         bool // starting again doesn't help
}

// sorry shows a fault to a person; what is unknown goes to the server's one place for errors.
func (p endpoint) sorry(c echo.Context, err error, page sorryPage) error {
	var known *fault.Error
	if !errors.As(err, &known) || known.Code == fault.Internal {
		return err
	}
	page.Message = sentence(known.Message)
	if known.Code == fault.TooMany || known.Code == fault.Unavailable {
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(procurement.RetryAfter(err)/time.Second)))
	}
	switch known.Code {
	case fault.Spent:
	case fault.Unknown:
		page.Title, page.Message, page.Transferred = "There is no such visit", "The address is not complete, or it belongs to nobody.", false
	default:
		page.Title, page.Transferred, page.Closed = "This visit can't go on", false, known.Code == fault.Forbidden
	}
	c.Response().Header().Set("Content-Security-Policy", policy(nil, page.Ancestors))
	return render(c, known.Code.HTTP(), "sorry.html", page)
}

// sentence is a fault's message as people write.
func sentence(message string) string {
	first, n := utf8.DecodeRuneInString(message)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(message[n:], ".") + "."
}

// policy is what browsers hold a page to: forms go to the named origins only, and besides our own
// pages only the ancestors may frame it.
func policy(formAction, ancestors []string) string {
	if len(formAction) == 0 {
		formAction = []string{"'none'"}
	}
	return "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; form-action " +
		strings.Join(formAction, " ") + "; frame-ancestors " + strings.Join(append([]string{"'self'"}, ancestors...), " ")
}

func render(c echo.Context, status int, name string, data any) error {
	var b strings.Builder
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	return c.HTML(status, b.String())
}
