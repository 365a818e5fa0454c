package procure

import (
	"net/http"

	"github.com/labstack/echo/v4"

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
	ctx := procurement.WithClient(request.Context(), c.RealIP())
	answer, whose, err := p.service.StartOCI(ctx, procurement.OCICall{Merchant: c.Param("merchant"), Connection: c.Param("connection"),
		Method: request.Method, Query: request.URL.RawQuery, Body: string(body)})
	if err != nil {
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
