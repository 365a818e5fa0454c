package server

import (
	"net"
	"net/http"

	"github.com/labstack/echo/v4"
)

// forwarded are the headers by which proxies tell about the request that they took. Echo and its
// handlers believe them from anybody.
var forwarded = []string{"Forwarded", echo.HeaderXForwardedFor, echo.HeaderXForwardedProto, echo.HeaderXForwardedProtocol,
	echo.HeaderXForwardedSsl, echo.HeaderXUrlScheme, echo.HeaderXRealIP, "X-Forwarded-Host", "X-Forwarded-Port"}

// believeProxies takes the client's address and scheme from the trusted networks' proxies, and
// from nobody else: whatever others say about themselves is taken out before anybody reads it.
func believeProxies(e *echo.Echo, trusted []*net.IPNet) {
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range trusted {
		options = append(options, echo.TrustIPRange(network))
	}
	e.IPExtractor = echo.ExtractIPFromXFFHeader(options...)
	direct := echo.ExtractIPDirect()
	e.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if r := c.Request(); !within(trusted, direct(r)) {
				forget(r)
			}
			return next(c)
		}
	})
}

func within(networks []*net.IPNet, address string) bool {
	ip := net.ParseIP(address)
	for _, network := range networks {
		if ip != nil && network.Contains(ip) {
			return true
		}
	}
	return false
}

func forget(r *http.Request) {
	for _, name := range forwarded {
		r.Header.Del(name)
	}
}
