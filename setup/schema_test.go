package setup_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/procurement"
	"github.com/kontorhq/kontor/setup"
)

var update = flag.Bool("update", false, "write docs/apply.schema.json anew")

const schemaFile = "../docs/apply.schema.json"

func TestThePublishedSchemaIsCurrent(t *testing.T) {
	if *update {
		if err := os.WriteFile(schemaFile, setup.Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(published) != string(setup.Schema()) {
		t.Error("docs/apply.schema.json is not what the types say: run `go test ./setup -update` and read the difference")
	}
}

// schema checks values against as much of JSON Schema as ours uses.
type schema struct {
	t    *testing.T
	defs map[string]any
}

func newSchema(t *testing.T) (s schema, root map[string]any) {
	t.Helper()
	if err := json.Unmarshal(setup.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	return schema{t, root["$defs"].(map[string]any)}, root
}

func (s schema) passes(rule map[string]any, value any, path string) error {
	if ref, ok := rule["$ref"].(string); ok {
		if err := s.passes(s.defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any), value, path); err != nil {
			return err
		}
	}
	for word, with := range rule {
		ok := true
		switch word {
		case "$ref", "$schema", "$defs", "title", "description", "properties":
		case "type":
			ok = typeOf(value) == with || typeOf(value) == "integer" && with == "number"
		case "const":
			ok = reflect.DeepEqual(value, with)
		case "enum":
			ok = slices.Contains(with.([]any), value)
		case "pattern":
			text, isText := value.(string)
			ok = !isText || regexp.MustCompile(with.(string)).MatchString(text)
		case "minLength":
			text, isText := value.(string)
			ok = !isText || len(text) >= int(with.(float64))
		case "maxLength":
			text, isText := value.(string)
			ok = !isText || len(text) <= int(with.(float64))
		case "oneOf":
			passed := 0
			for _, r := range with.([]any) {
				if s.passes(r.(map[string]any), value, path) == nil {
					passed++
				}
			}
			ok = passed == 1
		case "required":
			object, isObject := value.(map[string]any)
			for _, name := range with.([]any) {
				if _, there := object[name.(string)]; isObject && !there {
					return fmt.Errorf("%s.%s is missing", path, name)
				}
			}
		case "items":
			list, _ := value.([]any)
			for i, item := range list {
				if err := s.passes(with.(map[string]any), item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
					return err
				}
			}
		case "additionalProperties":
			if err := s.properties(rule, with, value, path); err != nil {
				return err
			}
		default:
			s.t.Fatalf("the schema says %q, which this test doesn't know", word)
		}
		if !ok {
			return fmt.Errorf("%s breaks %s %v", path, word, with)
		}
	}
	return nil
}

func (s schema) properties(rule map[string]any, more, value any, path string) error {
	object, _ := value.(map[string]any)
	known, _ := rule["properties"].(map[string]any)
	for name, v := range object {
		r, isKnown := known[name].(map[string]any)
		if !isKnown {
			if r, isKnown = more.(map[string]any); !isKnown {
				return fmt.Errorf("%s.%s is unknown", path, name)
			}
		}
		if err := s.passes(r, v, path+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func typeOf(value any) string {
	switch v := value.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	}
	return "null"
}

// TestTheSchemaAgreesWithTheReader runs the reader's own cases through the schema.
func TestTheSchemaAgreesWithTheReader(t *testing.T) {
	s, root := newSchema(t)
	check := func(file string) error {
		var value any
		if err := json.Unmarshal([]byte(file), &value); err != nil {
			t.Fatal(err)
		}
		return s.passes(root, value, "")
	}
	for _, file := range []string{base, demo(t)} {
		if err := check(file); err != nil {
			t.Error(err)
		}
	}
	for _, test := range meanings { // these have the right form
		if err := check(test.file); err != nil && test.name != "a new merchant needs" {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// What a schema can't say, or says without a name: JSON itself, keys that are there twice, variables.
	beyond := []string{"nothing", "not JSON", "cut off", "two values", "not UTF-8", "a field twice", "objects twice", "merchants twice"}
	for _, test := range forms {
		if !slices.Contains(beyond, test.name) && check(test.file) == nil {
			t.Errorf("%s passes the schema, and the reader says %s", test.name, test.want)
		}
	}
}

// TestTheSchemaKnowsTheSettings compares the fixed values with those that procurement takes.
func TestTheSchemaKnowsTheSettings(t *testing.T) {
	s, _ := newSchema(t)
	properties := s.defs["Settings"].(map[string]any)["properties"].(map[string]any)
	for name, property := range properties {
		property := property.(map[string]any)
		if property["description"] == nil {
			t.Errorf("settings.%s is not described", name)
		}
		settings := func(value string) procurement.Settings {
			var settings procurement.Settings
			if err := json.Unmarshal([]byte(`{"`+name+`": "`+value+`"}`), &settings); err != nil {
				return procurement.Settings{}
			}
			return settings
		}
		allowed, _ := property["enum"].([]any)
		for _, value := range allowed {
			if faults := settings(value.(string)).Check(); len(faults) > 0 {
				t.Errorf("settings.%s can't be %s: %v", name, value, faults)
			}
		}
		for _, f := range settings("something else").Check() {
			if says := "must be one of "; strings.HasPrefix(f.Message, says) {
				if got := strings.Split(strings.TrimPrefix(f.Message, says), ", "); len(got) != len(allowed) {
					t.Errorf("settings.%s: procurement takes %v, the schema %v", name, got, allowed)
				}
			}
		}
	}
	described := 0
	for _, def := range s.defs {
		properties, _ := def.(map[string]any)["properties"].(map[string]any)
		for _, p := range properties {
			if p.(map[string]any)["description"] != nil {
				described++
			}
		}
	}
	if described < 60 {
		t.Errorf("only %d fields are described", described)
	}
}
