package server

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/server/api"
)

// answerError tells every error that reaches Echo: unknown routes and methods, bodies that are too
// large, faults that handlers return, panics. What is shown is decided by api.ProblemOf, for the
// API's own handlers too; here it only gets its form: a problem under /v1, else plain text. Pages
// that want to show more answer their faults themselves.
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
	if c.Request().Method == http.MethodHead {
		err = c.NoContent(problem.Status)
	} else if path := c.Request().URL.Path; path == "/v1" || strings.HasPrefix(path, "/v1/") {
		response.Header().Set(echo.HeaderContentType, problem.ContentType(""))
		response.WriteHeader(problem.Status)
		err = c.Echo().JSONSerializer.Serialize(c, problem, "")
	} else {
		err = c.String(problem.Status, problem.Title+"\n\n"+problem.Detail+"\n")
	}
	if err != nil {
		s.config.Log.WarnContext(c.Request().Context(), "an error could not be answered", "error", err)
	}
}
