package simulators

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// codeLine is one line of the formatted view, cut into spans of one tone each.
type codeLine struct {
	Spans []span
	Tied  bool // belongs to the sentence under the pane
}

// span has a class of the stylesheet ("" for plain text).
type span struct{ Class, Text string }

const (
	maxDepth     = 60
	maxCodeLines = 20_000
	wrapAt       = 84 // columns; a longer start tag puts each attribute on a line of its own
)

// node is one element of a document that is only looked at.
type node struct {
	name     string
	attrs    []xml.Attr
	children []*node
	text     string
}

// pretty formats a masked document. Elements whose path ends with tied are marked. What is not
// XML is shown as it came, line by line.
func pretty(body string, tied ...string) []codeLine {
	lines, err := prettyXML(body, tied)
	if err == nil {
		return lines
	}
	lines = nil
	for text := range strings.Lines(body) {
		if len(lines) == maxCodeLines {
			break
		}
		lines = append(lines, codeLine{Spans: []span{{"", strings.TrimRight(text, "\r\n")}}})
	}
	return lines
}

var errShown = errors.New("not shown as XML")

func prettyXML(body string, tied []string) ([]codeLine, error) {
	decoder := xml.NewDecoder(strings.NewReader(body))
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	p := printer{tied: tied}
	root := &node{}
	open := []*node{root}
	for {
		token, err := decoder.RawToken() // raw: prefixes stay as they were written
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.ProcInst:
			p.line(span{"", "<?" + t.Target + " " + string(t.Inst) + "?>"})
		case xml.Directive:
			p.line(span{"t-at", "<!" + string(t) + ">"})
		case xml.StartElement:
			n := &node{name: qualified(t.Name), attrs: slices.Clone(t.Attr)}
			top.children = append(top.children, n)
			if open = append(open, n); len(open) > maxDepth {
				return nil, errShown
			}
		case xml.EndElement:
			if len(open) == 1 {
				return nil, errShown
			}
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(t)
		}
	}
	if len(open) != 1 || len(root.children) == 0 {
		return nil, errShown
	}
	for _, n := range root.children {
		p.element(n, 0, "")
	}
	if len(p.lines) > maxCodeLines {
		return nil, errShown
	}
	return p.lines, nil
}

func qualified(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

type printer struct {
	lines []codeLine
	tied  []string
	mark  bool
}

func (p *printer) line(spans ...span) {
	p.lines = append(p.lines, codeLine{Spans: spans, Tied: p.mark})
}

// written puts back the references that reading resolved, so that the view is XML again.
var written = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// element prints one element. Text alone stays on the line of its tags.
func (p *printer) element(n *node, depth int, path string) {
	path += "/" + n.name
	marked := !p.mark && slices.ContainsFunc(p.tied, func(t string) bool { return strings.HasSuffix(path, t) })
	if marked {
		p.mark = true
		defer func() { p.mark = false }()
	}
	indent, text := strings.Repeat("  ", depth), written.Replace(strings.TrimSpace(n.text))
	start := p.startTag(n, indent)
	switch {
	case len(n.children) == 0 && text == "":
		p.line(append(start, span{"", "/>"})...)
	case len(n.children) == 0:
		class := ""
		if text == "masked" {
			class = "t-masked"
		}
		p.line(append(start, span{"", ">"}, span{class, text}, span{"", "</"}, span{"t-el", n.name}, span{"", ">"})...)
	default:
		p.line(append(start, span{"", ">"})...)
		if text != "" {
			p.line(span{"", indent + "  " + text})
		}
		for _, child := range n.children {
			p.element(child, depth+1, path)
		}
		p.line(span{"", indent + "</"}, span{"t-el", n.name}, span{"", ">"})
	}
}

// startTag is the tag without its closing bracket; a long one is wrapped, and only its last
// line is returned.
func (p *printer) startTag(n *node, indent string) []span {
	spans := []span{{"", indent + "<"}, {"t-el", n.name}}
	width := len(indent) + len(n.name)
	for _, a := range n.attrs {
		width += len(qualified(a.Name)) + len(a.Value) + 4
	}
	for i, a := range n.attrs {
		gap := " "
		if i > 0 && width > wrapAt {
			p.line(spans...)
			spans, gap = nil, indent+strings.Repeat(" ", len(n.name)+2)
		}
		spans = append(spans, span{"", gap}, span{"t-at", qualified(a.Name)}, span{"", "="}, span{"t-val", `"` + written.Replace(a.Value) + `"`})
	}
	return spans
}

// tie names the part of a document that its most important sentence is about.
func tie(d Document, cart *Cart) (paths []string, words string) {
	switch d.Type {
	case "PunchOutSetupRequest":
		return []string{"/BrowserFormPost"}, "The browser brings the cart home to this address. Kontor never calls it itself."
	case "PunchOutSetupResponse":
		return []string{"/StartPage"}, "The browser goes here next. The address is good for this visit only."
	case "PunchOutOrderMessage", "OrderRequest":
		if cart == nil {
			return nil, ""
		}
		return []string{"OrderRequestHeader/Total", "MessageHeader/Total"},
			"Goods only. cXML keeps freight and tax apart; with both it is " + FormatMoney(cart.Sum()) + "."
	case "ConfirmationRequest":
		return []string{"/OrderReference"}, "The document that is answered: its order number and its payloadID."
	case "StatusUpdateRequest":
		return []string{"/Status"}, "The last word on an order that waited."
	}
	return nil, ""
}

// tiedRange is the first and last marked line, counted from one; zero when there is none.
func tiedRange(lines []codeLine) (first, last int) {
	for i, l := range lines {
		if l.Tied {
			if first == 0 {
				first = i + 1
			}
			last = i + 1
		}
	}
	return first, last
}
