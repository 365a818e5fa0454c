package server

import (
	"bytes"
	_ "embed"
	"html/template"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/assets"
	"github.com/kontorhq/kontor/server/api"
)

// answerError tells every error that reaches Echo: unknown routes and methods, bodies that are too
// large, faults that handlers return, panics. What is shown is decided by api.ProblemOf, for the
// API's own handlers too; here it only gets its form: a page for those who ask for one outside of
// /v1, else a problem. Pages that want to show more answer their faults themselves.
func (s *Server) answerError(err error, c echo.Context) {
	response := c.Response()
	problem := api.ProblemOf(c.Request().Context(), s.config.Log, response.Header().Get(echo.HeaderXRequestID), err)
	if response.Committed {
		return // too late to say anything; it is logged
	}
	for name, values := range problem.GetHeaders() {
		response.Header()[name] = values
	}
	response.Header().Set(echo.HeaderCacheControl, "no-store")
	path := c.Request().URL.Path
	inAPI := path == "/v1" || strings.HasPrefix(path, "/v1/")
	if !inAPI {
		response.Header().Add(echo.HeaderVary, echo.HeaderAccept)
	}
	switch {
	case c.Request().Method == http.MethodHead:
		err = c.NoContent(problem.Status)
	case !inAPI && wantsPage(c.Request().Header.Get(echo.HeaderAccept)):
		err = errorPage(c, problem)
	default:
		response.Header().Set(echo.HeaderContentType, problem.ContentType(""))
		response.WriteHeader(problem.Status)
		err = c.Echo().JSONSerializer.Serialize(c, problem, "")
	}
	if err != nil {
		s.config.Log.WarnContext(c.Request().Context(), "an error could not be answered", "error", err)
	}
}

// wantsPage tells whether a client would rather have HTML than JSON. Browsers name it; programs
// that take anything get what they can read.
func wantsPage(accept string) bool {
	page, best := false, 0.0
	for entry := range strings.SplitSeq(accept, ",") {
		kind, parameters, err := mime.ParseMediaType(entry)
		if err != nil {
			continue
		}
		quality := 1.0
		if q, err := strconv.ParseFloat(parameters["q"], 64); err == nil {
			quality = q
		}
		html := kind == "text/html" || kind == "application/xhtml+xml"
		if json := kind == "application/json" || kind == "application/problem+json"; (html || json) && quality > best {
			page, best = html, quality
		}
	}
	return page
}

//go:embed error.html
var errorText string

var errorTemplate = template.Must(template.New("error").Funcs(template.FuncMap{"asset": assets.Path}).Parse(errorText))

// errorPolicy lets the page have our stylesheet and picture, and nothing else.
const errorPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"

func errorPage(c echo.Context, problem *api.Problem) error {
	var page bytes.Buffer
	if err := errorTemplate.Execute(&page, struct {
		Title, Message, Advice, Reference string
	}{title(problem.Status), sentence(problem.Detail), advice(problem.Status), problem.ID}); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentSecurityPolicy, errorPolicy)
	return c.HTMLBlob(problem.Status, page.Bytes())
}

func title(status int) string {
	switch {
	case status == http.StatusNotFound:
		return "Nothing is here"
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return "Not at the moment"
	case status >= 500:
		return "Something failed"
	}
	return "That can’t be done"
}

func advice(status int) string {
	switch {
	case status == http.StatusNotFound:
		return "Look at the address, or go back and follow the link once more. Who came from a procurement system starts again there."
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return "Load the page again in a minute."
	case status >= 500:
		return "Go back and try again. If it happens again, tell those who look after this system, with the reference."
	}
	return "Go back and try again."
}

// sentence is a problem's detail as people write.
func sentence(detail string) string {
	first, n := utf8.DecodeRuneInString(detail)
	text := string(unicode.ToUpper(first)) + detail[n:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
