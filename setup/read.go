package setup

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kontorhq/kontor/fault"
)

const maxFile = 64 << 20

// node is a JSON value as it was written: encoding/json into structs would stop at the first
// fault, and wouldn't say where it is.
type node struct {
	value   any // string, json.Number, bool, nil; unused for objects and lists
	members []member
	items   []node
	kind    kind
}

type member struct {
	name  string
	value node
}

type kind string

const (
	isObject kind = "an object"
	isList   kind = "a list"
	isText   kind = "text"
	isNumber kind = "a number"
	isBool   kind = "true or false"
	isNull   kind = "null"
)

// parse reads JSON; only that it is JSON is tested here.
func parse(file []byte) (node, error) {
	if len(file) > maxFile {
		return node{}, fault.New(fault.TooLarge, fmt.Sprintf("the file has more than %d MB", maxFile>>20))
	}
	if !utf8.Valid(file) {
		return node{}, fault.New(fault.Malformed, "the file is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(file))
	d.UseNumber()
	n, err := parseValue(d)
	if err == nil {
		if _, err = d.Token(); err == nil {
			err = errors.New("there is more after the end")
		} else if errors.Is(err, io.EOF) {
			return n, nil
		}
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("it ends too early")
	}
	at := d.InputOffset()
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		at = max(syntax.Offset-1, 0)
	}
	before := file[:min(int(at), len(file))]
	line := bytes.Count(before, []byte("\n")) + 1
	return node{}, fault.New(fault.Malformed, fmt.Sprintf("the file is not JSON: line %d: %s", line, err))
}

func parseValue(d *json.Decoder) (node, error) {
	token, err := d.Token()
	if err != nil {
		return node{}, err
	}
	switch t := token.(type) {
	case json.Delim:
		n := node{kind: isObject}
		if t == '[' {
			n.kind = isList
		}
		for d.More() {
			m := member{}
			if n.kind == isObject {
				name, err := d.Token()
				if err != nil {
					return node{}, err
				}
				m.name = name.(string) // the decoder allows nothing else here
			}
			if m.value, err = parseValue(d); err != nil {
				return node{}, err
			}
			if n.kind == isObject {
				n.members = append(n.members, m)
			} else {
				n.items = append(n.items, m.value)
			}
		}
		_, err = d.Token()
		return n, err
	case string:
		return node{kind: isText, value: t}, nil
	case json.Number:
		return node{kind: isNumber, value: t}, nil
	case bool:
		return node{kind: isBool, value: t}, nil
	default:
		return node{kind: isNull}, nil
	}
}

// reader fills Go values from nodes and collects all faults with their places. It reads what the
// tags say: a field without omitempty or omitzero must be there, `enum` and `pattern` bound a
// text. The schema is made from the same tags. No message repeats what was in the file where a
// secret could stand.
type reader struct {
	env    func(string) (string, bool)
	faults []fault.Field
}

// nodeReader is a type with its own form in the file.
type nodeReader interface {
	readNode(r *reader, n node, path string)
}

func (r *reader) fault(path, message string) {
	r.faults = append(r.faults, fault.Field{Path: path, Message: message})
}

// is tests the kind, and says what is expected instead.
func (r *reader) is(n node, path string, want kind) bool {
	if n.kind == want {
		return true
	}
	if n.kind == isNull {
		r.fault(path, "null says nothing: leave the field out, or give a value")
	} else {
		r.fault(path, fmt.Sprintf("must be %s, not %s", want, n.kind))
	}
	return false
}

var (
	textForm = reflect.TypeFor[encoding.TextUnmarshaler]()
	nodeForm = reflect.TypeFor[nodeReader]()
)

// read fills into, which must be settable. Fields that the node doesn't name keep their value.
func (r *reader) read(n node, into reflect.Value, path string, tag reflect.StructTag) {
	t := into.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		fresh := reflect.New(t.Elem())
		r.read(n, fresh.Elem(), path, tag)
		into.Set(fresh)
	case reflect.PointerTo(t).Implements(nodeForm):
		into.Addr().Interface().(nodeReader).readNode(r, n, path)
	case reflect.PointerTo(t).Implements(textForm):
		if n.kind == isNumber {
			r.fault(path, "must be written as text, in quotes: numbers without them lose digits elsewhere")
		} else if r.is(n, path, isText) {
			if err := into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.value.(string))); err != nil {
				r.fault(path, err.Error())
			}
		}
	case t.Kind() == reflect.String:
		if r.is(n, path, isText) {
			r.readText(n.value.(string), into, path, tag)
		}
	case t.Kind() == reflect.Bool:
		if r.is(n, path, isBool) {
			into.SetBool(n.value.(bool))
		}
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		if r.is(n, path, isNumber) {
			number, err := strconv.ParseInt(n.value.(json.Number).String(), 10, 64)
			if err != nil {
				r.fault(path, "must be a whole number")
			}
			into.SetInt(number)
		}
	case t.Kind() == reflect.Slice:
		if r.is(n, path, isList) {
			list := reflect.MakeSlice(t, len(n.items), len(n.items))
			for i, item := range n.items {
				r.read(item, list.Index(i), fmt.Sprintf("%s[%d]", path, i), tag)
			}
			into.Set(list)
		}
	case t.Kind() == reflect.Map:
		if r.is(n, path, isObject) {
			r.readMap(n, into, path)
		}
	case t.Kind() == reflect.Struct:
		if r.is(n, path, isObject) {
			r.readStruct(n, into, path)
		}
	default:
		panic("setup: no form for " + t.String()) // a mistake in the types, found by the schema's test
	}
}

func (r *reader) readText(text string, into reflect.Value, path string, tag reflect.StructTag) {
	if enum := tag.Get("enum"); enum != "" && !slices.Contains(strings.Split(enum, ","), text) {
		r.fault(path, "must be one of "+strings.ReplaceAll(enum, ",", ", "))
	}
	if pattern := tag.Get("pattern"); pattern != "" && !regexp.MustCompile(pattern).MatchString(text) {
		r.fault(path, "must have the form "+pattern)
	}
	if strings.ContainsRune(text, 0) {
		r.fault(path, "must not have the character U+0000")
	}
	into.SetString(text)
}

func (r *reader) readMap(n node, into reflect.Value, path string) {
	m := reflect.MakeMap(into.Type())
	for _, entry := range n.members {
		value := reflect.New(into.Type().Elem()).Elem()
		r.read(entry.value, value, join(path, entry.name), "")
		key := reflect.ValueOf(entry.name)
		if m.MapIndex(key).IsValid() {
			r.fault(join(path, entry.name), "is there twice")
		}
		m.SetMapIndex(key, value)
	}
	into.Set(m)
}

func (r *reader) readStruct(n node, into reflect.Value, path string) {
	fields := fieldsOf(into.Type())
	seen := map[string]bool{}
	for _, m := range n.members {
		at := slices.IndexFunc(fields, func(f field) bool { return f.name == m.name })
		switch {
		case at < 0:
			r.fault(join(path, m.name), "there is no such field here")
		case seen[m.name]:
			r.fault(join(path, m.name), "is there twice")
		default:
			r.read(m.value, into.FieldByIndex(fields[at].index), join(path, m.name), fields[at].tag)
		}
		seen[m.name] = true
	}
	for _, f := range fields {
		if f.required && !seen[f.name] {
			r.fault(join(path, f.name), "is missing")
		}
	}
}

// field is a struct's field as the file sees it.
type field struct {
	name     string
	required bool
	tag      reflect.StructTag
	index    []int
	typ      reflect.Type
}

func fieldsOf(t reflect.Type) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		fields = append(fields, field{name, options != "omitempty" && options != "omitzero", f.Tag, f.Index, f.Type})
	}
	return fields
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
