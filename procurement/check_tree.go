package procurement

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html/charset"
)

// node is one element. The codec's values leave out what it has no use for, and secrets; here
// both are looked at.
type node struct {
	name     string
	line     int  // of the document, from 1
	foreign  bool // it is in a namespace; signatures are in theirs
	attrs    []xml.Attr
	text     string
	children []*node
}

func (n *node) attr(name string) (value string, present bool) {
	for _, a := range n.attrs {
		if a.Name.Local == name && a.Name.Space == "" {
			return strings.TrimSpace(a.Value), true
		}
	}
	return "", false
}

func (n *node) child(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// parseTree is only called with what the codec has let through, so its sizes are bounded.
func parseTree(r io.Reader, charsetReader func(string, io.Reader) (io.Reader, error)) (root *node, doctype string, err error) {
	decoder := xml.NewDecoder(r)
	decoder.CharsetReader = charsetReader
	var open []*node
	for {
		line, _ := decoder.InputPos() // the end of the last token is the start of this one
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && root != nil {
			return root, doctype, nil
		}
		if err != nil {
			return nil, "", err
		}
		switch t := token.(type) {
		case xml.Directive:
			doctype = string(t)
		case xml.StartElement:
			n := &node{name: t.Name.Local, line: line, attrs: slices.Clone(t.Attr)}
			n.foreign = t.Name.Space != "" && !strings.Contains(t.Name.Space, "w3.org/") && !strings.Contains(t.Name.Space, "uri.etsi.org/")
			if len(open) > 0 {
				parent := open[len(open)-1]
				parent.children = append(parent.children, n)
			} else if root == nil {
				root = n
			}
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(t)
			}
		}
	}
}

// placed is an element with its place as findings name it.
type placed struct {
	*node
	place string
}

// below are the children with their places. Lines are always numbered, others where there are
// several; Request and Message are left out of the places in them.
func (n *node) below(place string) []placed {
	total, seen := map[string]int{}, map[string]int{}
	for _, c := range n.children {
		total[c.name]++
	}
	list := make([]placed, len(n.children))
	for i, c := range n.children {
		seen[c.name]++
		step := c.name
		if total[c.name] > 1 || c.name == "ItemOut" || c.name == "ItemIn" || c.name == "ConfirmationItem" {
			step += "[" + strconv.Itoa(seen[c.name]) + "]"
		}
		if place != "" && n.name != "Request" && n.name != "Message" {
			step = place + "/" + step
		}
		list[i] = placed{c, step}
	}
	return list
}

// lineOf is where a place is, or the element that should have it; 0 where nothing is known.
func (n *node) lineOf(place string) int {
	if n == nil || place == "" {
		return 0
	}
	at := n
	for i, step := range strings.Split(place, "/") {
		name, number, _ := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		next := at.nth(name, number)
		if i == 0 {
			switch body := n.body(); {
			case name == n.name:
				next = n
			case next == nil && body != nil:
				if next = body.nth(name, number); next == nil {
					next = body
				}
			}
		}
		if next == nil {
			break
		}
		at = next
	}
	return at.line
}

// body is the Request, Message or Response of a document.
func (n *node) body() *node {
	for _, c := range n.children {
		if c.name == "Request" || c.name == "Message" || c.name == "Response" {
			return c
		}
	}
	return nil
}

// nth is the child of that name and number; no number is the first.
func (n *node) nth(name, number string) *node {
	left := 1
	if number != "" {
		left, _ = strconv.Atoi(number)
	}
	for _, c := range n.children {
		if c.name == name {
			if left--; left == 0 {
				return c
			}
		}
	}
	return nil
}

// asSent is the document with its secrets, nil where it can't be read that way.
func asSent(body []byte, contentType string) *node {
	wide := ""
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("<\x00")):
		wide = "utf-16le"
	case bytes.HasPrefix(body, []byte("\xfe\xff")), bytes.HasPrefix(body, []byte("\x00<")):
		wide = "utf-16be"
	}
	if wide != "" {
		encoding, _ := charset.Lookup(wide)
		text, err := encoding.NewDecoder().Bytes(body)
		if err != nil {
			return nil
		}
		body = text
	}
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")
	var r io.Reader = bytes.NewReader(body)
	if start := body[:min(len(body), 256)]; !bytes.HasPrefix(start, []byte("<?xml")) || !bytes.Contains(start, []byte("encoding")) {
		if _, parameters, err := mime.ParseMediaType(contentType); err == nil && wide == "" && parameters["charset"] != "" {
			if decoded, err := charset.NewReaderLabel(parameters["charset"], r); err == nil {
				r = decoded
			}
		}
	}
	root, _, err := parseTree(r, func(label string, r io.Reader) (io.Reader, error) {
		if strings.HasPrefix(strings.ToLower(label), "utf-16") {
			return r, nil // decoded above, or never was any
		}
		return charset.NewReaderLabel(label, r)
	})
	if err != nil {
		return nil
	}
	return root
}
