package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html.tmpl
var pageSource string

//go:embed docs.css
var pageStyle string

// pagePolicy lets the page load nothing at all but its own style, which is known by its hash.
var pagePolicy = func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

type docPage struct {
	Title, Version, Base string
	About                []string
	Style                template.CSS
	Groups               []docGroup
	Objects              []docObject
}

type docGroup struct {
	Name, Description string
	Operations        []docOperation
}

type docOperation struct {
	ID, Method, Path, Summary, Description string
	Parameters, Fields                     []docField
	Answer                                 docType
	Statuses                               []docStatus
	Example                                string
}

type docStatus struct{ Code, Text string }

type docField struct {
	Name, In      string
	Type          docType
	Required      bool
	Text, Example string
}

type docObject struct {
	Name   string
	Fields []docField
}

// docType is a type in words, with the object that it leads to.
type docType struct{ Before, Object, After string }

// page renders the documentation from the same document that /v1/openapi.json serves.
func (a *api) page() ([]byte, error) {
	document := a.huma.OpenAPI()
	page := docPage{Title: document.Info.Title, Version: document.Info.Version, Base: a.PublicURL,
		About: strings.Split(document.Info.Description, "\n\n"), Style: template.CSS(pageStyle)} //nolint:gosec // our own file
	for _, tag := range document.Tags {
		group := docGroup{Name: tag.Name, Description: tag.Description}
		for _, op := range a.operations {
			if op.Tags[0] == tag.Name {
				group.Operations = append(group.Operations, a.operation(document, op))
			}
		}
		page.Groups = append(page.Groups, group)
	}
	for name, schema := range document.Components.Schemas.Map() {
		page.Objects = append(page.Objects, docObject{name, fieldsOf(schema)})
	}
	slices.SortFunc(page.Objects, func(a, b docObject) int { return strings.Compare(a.Name, b.Name) })
	parsed, err := template.New("docs").Parse(pageSource)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = parsed.Execute(&b, page)
	return b.Bytes(), err
}

func (a *api) operation(document *huma.OpenAPI, op *huma.Operation) docOperation {
	d := docOperation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Description: op.Description}
	path := op.Path
	for _, p := range op.Parameters {
		field := docField{Name: p.Name, In: p.In, Type: typeOf(p.Schema), Required: p.Required, Text: p.Description, Example: exampleOf(p.Example)}
		if field.Example == "" && p.Schema != nil && len(p.Schema.Examples) > 0 {
			field.Example = exampleOf(p.Schema.Examples[0])
		}
		if p.In == "path" {
			path = strings.Replace(path, "{"+p.Name+"}", field.Example, 1)
		}
		d.Parameters = append(d.Parameters, field)
	}
	d.Example = "curl -H 'Authorization: Bearer sk_…' " + a.PublicURL + path
	if op.RequestBody != nil {
		schema := op.RequestBody.Content["application/json"].Schema
		if schema.Ref != "" {
			schema = document.Components.Schemas.SchemaFromRef(schema.Ref)
		}
		d.Fields = fieldsOf(schema)
	}
	for code, response := range op.Responses {
		d.Statuses = append(d.Statuses, docStatus{code, response.Description})
		if media := response.Content["application/json"]; media != nil && strings.HasPrefix(code, "2") {
			d.Answer = typeOf(media.Schema)
		}
	}
	slices.SortFunc(d.Statuses, func(a, b docStatus) int { return strings.Compare(a.Code, b.Code) })
	return d
}

func fieldsOf(schema *huma.Schema) []docField {
	var fields []docField
	for name, property := range schema.Properties {
		field := docField{Name: name, Type: typeOf(property), Required: slices.Contains(schema.Required, name), Text: property.Description}
		if len(property.Examples) > 0 {
			field.Example = exampleOf(property.Examples[0])
		}
		fields = append(fields, field)
	}
	slices.SortFunc(fields, func(a, b docField) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

func typeOf(s *huma.Schema) docType {
	switch {
	case s == nil:
		return docType{}
	case s.Ref != "":
		return docType{Object: s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]}
	case len(s.AnyOf) > 0:
		t := typeOf(s.AnyOf[0])
		t.After += " or null"
		return t
	case s.Type == huma.TypeArray:
		t := typeOf(s.Items)
		t.Before = "list of " + t.Before
		return t
	}
	t := docType{Before: s.Type}
	if s.Format == "date-time" {
		t.Before = "instant"
	}
	if len(s.Enum) > 0 {
		words := make([]string, len(s.Enum))
		for i, word := range s.Enum {
			words[i] = exampleOf(word)
		}
		t.Before = strings.Join(words, " | ")
	}
	if s.Nullable {
		t.After = " or null"
	}
	return t
}

// exampleOf writes an example as it stands in JSON, texts without their quotes.
func exampleOf(example any) string {
	switch x := example.(type) {
	case nil:
		return ""
	case string:
		return x
	}
	written, err := json.Marshal(example)
	if err != nil {
		return ""
	}
	return string(written)
}
