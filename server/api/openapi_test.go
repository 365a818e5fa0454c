package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"net/http"
	"net/http/httptest"

	"github.com/kontorhq/kontor/procurement"
	"github.com/kontorhq/kontor/server/api"
)

var update = flag.Bool("update", false, "write docs/openapi.json anew")

const published = "../../docs/openapi.json"

func get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	e := echo.New()
	api.Mount(e, api.Config{Procurement: &procurement.Service{}, PublicURL: "https://kontor.example"})
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d", path, w.Code)
	}
	return w
}

func TestThePublishedDocumentIsTheServedOne(t *testing.T) {
	served := get(t, "/v1/openapi.json").Body.Bytes()
	if *update {
		if err := os.WriteFile(published, served, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(published)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), string(served)); diff != "" {
		t.Errorf("docs/openapi.json is stale (go test ./server/api -run Published -update):\n%s", diff)
	}
}

// schema is what the test looks at of a schema.
type schema struct {
	Ref         string            `json:"$ref"`
	Type        any               `json:"type"`
	Description string            `json:"description"`
	Examples    []any             `json:"examples"`
	Enum        []any             `json:"enum"`
	Items       *schema           `json:"items"`
	AnyOf       []schema          `json:"anyOf"`
	Properties  map[string]schema `json:"properties"`
}

func TestEveryFieldIsDescribed(t *testing.T) {
	var document struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			OperationID string                `json:"operationId"`
			Security    []map[string][]string `json:"security"`
			Parameters  []struct {
				Name, In, Description string
				Schema                schema
			} `json:"parameters"`
		} `json:"paths"`
		Components struct {
			Schemas         map[string]schema `json:"schemas"`
			SecuritySchemes map[string]any    `json:"securitySchemes"`
		} `json:"components"`
	}
	if err := json.Unmarshal(get(t, "/v1/openapi.json").Body.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(document.OpenAPI, "3.1.") || document.Components.SecuritySchemes["key"] == nil {
		t.Errorf("OpenAPI %s with %v", document.OpenAPI, document.Components.SecuritySchemes)
	}
	var ids []string
	for path, operations := range document.Paths {
		for method, op := range operations {
			ids = append(ids, op.OperationID)
			if len(op.Security) == 0 {
				t.Errorf("%s %s asks for no key", method, path)
			}
			key := false
			for _, p := range op.Parameters {
				path = strings.Replace(path, "{"+p.Name+"}", "", 1)
				key = key || p.Name == "Idempotency-Key"
				if p.Description == "" {
					t.Errorf("%s %s: %s has no description", method, path, p.Name)
				}
			}
			if strings.Contains(path, "{") || key != (method != "get") {
				t.Errorf("%s %s lacks parameters", method, path)
			}
		}
	}
	slices.Sort(ids)
	// Clients are generated from these names: they may be added to, not changed.
	want := []string{"cancelOrderLines", "cancelPunchoutSession", "enterOrder", "getCreditLine", "getOrder", "getOrderAttachment", "getProduct", "getPunchoutSession", "getQuote", "listCreditEntries",
		"listCreditLines", "listOrderAttachments", "listOrders", "listProductCategories", "listProducts", "listQuotes", "putPunchoutCart", "rejectOrder", "releaseOrder",
		"returnPunchoutCart", "setCreditLimit", "setQuote"}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Error(diff)
	}
	for name, object := range document.Components.Schemas {
		for field, s := range object.Properties {
			scalar := s.Ref == "" && len(s.AnyOf) == 0 && s.Items == nil
			if s.Description == "" || (scalar && len(s.Examples) == 0) {
				t.Errorf("%s.%s has no description or no example", name, field)
			}
			if kind, ok := s.Type.([]any); ok && s.Items != nil && slices.Contains(kind, any("null")) {
				t.Errorf("%s.%s is a list that may be null", name, field)
			}
			if len(s.Enum) > 0 && !strings.Contains(s.Description, "New values may be added") {
				t.Errorf("%s.%s doesn't say that its values may grow", name, field)
			}
		}
	}
}

func TestTheDocumentationNeedsNothingFromOutside(t *testing.T) {
	w := get(t, "/v1/docs")
	page := w.Body.String()
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") {
		t.Error(policy)
	}
	for _, foreign := range []string{"<script", "src=", "@import", "url(", "<link", "ZgotmplZ"} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page has %s", foreign)
		}
	}
	for _, expected := range []string{"POST /v1/orders/{order}/release", `id="CreditLine"`, `<a href="#Order">Order</a>`, "list of <a href=\"#OrderLine\">", "https://kontor.example/v1/orders"} {
		if !strings.Contains(page, expected) {
			t.Errorf("the page lacks %s", expected)
		}
	}
	if bytes.Count(w.Body.Bytes(), []byte("<section id=")) < 30 {
		t.Error("the page lacks operations or objects")
	}
}
