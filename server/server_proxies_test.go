package server_test

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/server"
)

func TestOnlyTrustedProxiesAreBelieved(t *testing.T) {
	_, trusted, err := net.ParseCIDR("10.1.0.0/16")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, from, client, proto string
		wantClient, wantScheme    string
	}{
		{"nobody between", "203.0.113.9:5000", "", "", "203.0.113.9", "http"},
		{"a stranger claims to be another", "203.0.113.9:5000", "198.51.100.1", "https", "203.0.113.9", "http"},
		{"this machine is not trusted by itself", "127.0.0.1:5000", "198.51.100.1", "https", "127.0.0.1", "http"},
		{"the proxy tells", "10.1.2.3:5000", "198.51.100.1", "https", "198.51.100.1", "https"},
		{"the client lied to the proxy", "10.1.2.3:5000", "1.1.1.1, 198.51.100.1", "https", "198.51.100.1", "https"},
		{"two proxies", "10.1.2.3:5000", "198.51.100.1, 10.1.9.9", "https", "198.51.100.1", "https"},
		{"words are no address", "10.1.2.3:5000", "to-ken", "https", "10.1.2.3", "https"},
		{"another network of the same kind", "10.2.0.1:5000", "198.51.100.1", "https", "10.2.0.1", "http"},
		{"an address of six", "[2001:db8::1]:5000", "198.51.100.1", "", "2001:db8::1", "http"},
	} {
		var log bytes.Buffer
		scheme := ""
		s := server.New(server.Config{DB: &asleep{}, Log: slog.New(slog.NewJSONHandler(&log, nil)), TrustedProxies: []*net.IPNet{trusted},
			Mount: []func(*echo.Echo){func(e *echo.Echo) {
				e.GET("/x", func(c echo.Context) error {
					scheme = c.Scheme()
					return c.NoContent(http.StatusNoContent)
				})
			}}})
		r := httptest.NewRequest(http.MethodGet, "/x", nil)
		r.RemoteAddr = test.from
		if test.client != "" {
			r.Header.Set("X-Forwarded-For", test.client)
			r.Header.Set("X-Real-Ip", test.client)
		}
		if test.proto != "" {
			r.Header.Set("X-Forwarded-Proto", test.proto)
		}
		s.ServeHTTP(httptest.NewRecorder(), r)
		if scheme != test.wantScheme || !strings.Contains(log.String(), `"client":"`+test.wantClient+`"`) || strings.Contains(log.String(), "to-ken") {
			t.Errorf("%s: scheme %s, log %s", test.name, scheme, &log)
		}
	}
}
