package procure

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/procurement"
)

// startOCI takes a call in OCI. User and password came with it, in the address or a form, so that a
// start is answered by a redirect to an address that holds nothing but a one-time token.
func (p endpoint) startOCI(c echo.Context) error {
	headers := secretive(c)
	request := c.Request()
	if ahead(request) {
		return c.NoContent(http.StatusNoContent)
	}
	body, release, err := p.crowd.read(request.Body, procurement.LargestOCI)
	defer release()
	if err != nil {
		return p.sorry(c, err, sorryPage{})
	}
	leave, err := p.crowd.enter(request.Context(), body)
	if err != nil {
		return p.sorry(c, err, sorryPage{})
	}
	defer leave()
	form, err := urlEncoded(request.Header.Get("Content-Type"), body)
	if err != nil {
		return p.sorry(c, err, sorryPage{})
	}
	ctx := procurement.WithClient(request.Context(), c.RealIP())
	answer, whose, err := p.service.StartOCI(ctx, procurement.OCICall{Merchant: c.Param("merchant"), Connection: c.Param("connection"),
		Method: request.Method, Query: request.URL.RawQuery, Body: form})
	if err != nil {
		if whose.Ancestors == nil {
			// Nothing is proved, and the page tells nothing: in whichever frame it was to stand, somebody
			// has to read it.
			whose.Ancestors = []string{"*"}
		}
		return p.sorry(c, err, sorryPage{Whose: whose, Title: "This start can't be answered"})
	}
	if answer.Form == nil {
		return c.Redirect(http.StatusSeeOther, answer.Location)
	}
	headers.Set("Content-Security-Policy", policy(answer.Form.Origins, answer.Form.Ancestors))
	page := "found.html"
	if answer.Submit {
		page = "validate.html"
	}
	return renderForm(c, page, *answer.Form)
}

// urlEncoded is a form as it is usually sent. Some clients send a start in parts, as browsers do with
// files.
func urlEncoded(contentType string, body []byte) (string, error) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" {
		return string(body), nil
	}
	broken := fault.New(fault.Invalid, "The call can't be answered: its form of several parts can't be read.")
	var form strings.Builder
	parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return form.String(), nil
		}
		if err != nil {
			return "", broken.Because(err)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return "", broken.Because(err)
		}
		form.WriteString("&" + url.QueryEscape(part.FormName()) + "=" + url.QueryEscape(string(value)))
	}
}
