package main

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/dbtest"
)

// Another process switches it: callers are told in their own language, nothing is taken
// meanwhile, and afterwards the same documents are.
func TestMaintenance(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		t.Setenv("KONTOR_SECRET_KEY", storyKey)
		t.Setenv("KONTOR_SEND_TIMEOUT", "1s")
		t.Setenv("KONTOR_DATABASE_URL", address)
		works(t, "apply", killSetup(t, newReceiver(t).server.URL))
		listen, stop := serving(t, address)
		defer stop()
		at := "http://" + listen
		is(t, "the status at first", works(t, "maintenance", "status"), "Maintenance is off.\n")
		fails(t, 2, []string{"maintenance", "on"}, "--reason")
		fails(t, 2, []string{"maintenance", "perhaps"}, "perhaps")
		says(t, "on", works(t, "maintenance", "on", "--reason", "Moving house <&"), "is on since", "Moving house")
		until(t, "the server knows", func() bool { status, _ := get(t, at+"/readyz"); return status == http.StatusServiceUnavailable })

		status, _ := get(t, at+"/healthz")
		is(t, "healthz", status, http.StatusOK)
		response, err := http.Post(at+"/m/brackwater/cxml", "text/xml", bytes.NewReader(bytes.Repeat([]byte("x"), 1<<20)))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		is(t, "the HTTP status of cXML", response.StatusCode, http.StatusOK)
		says(t, "the cXML answer", string(answer), `<Status code="560"`, "Moving house &lt;&amp;", "payloadID=")
		response, err = http.Get(at + "/v1/orders")
		if err != nil {
			t.Fatal(err)
		}
		answer, err = io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		is(t, "the API", response.StatusCode, http.StatusServiceUnavailable)
		says(t, "the API's problem", string(answer), `"code":"unavailable"`, "Moving house")
		if response.Header.Get("Retry-After") == "" {
			t.Error("the API doesn't say when to come again")
		}
		status, page := get(t, at+"/m/brackwater/console")
		is(t, "a page", status, http.StatusServiceUnavailable)
		says(t, "the problem", page, `"code":"unavailable"`, "Moving house")
		says(t, "the status meanwhile", works(t, "maintenance", "status"), "Moving house")

		is(t, "off", works(t, "maintenance", "off"), "Maintenance is off.\n")
		until(t, "the server goes on", func() bool { status, _ := get(t, at+"/readyz"); return status == http.StatusOK })
		taken, err := (&burst{t: t, program: &program{listen: listen}}).send(1)
		if err != nil || !strings.Contains(string(taken), `code="200"`) {
			t.Errorf("afterwards: %v %s", err, taken)
		}
	})
}
