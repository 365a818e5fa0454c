package assets

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// CodeLine is one line of the code pane, cut into spans of one tone each.
type CodeLine struct {
	Spans []CodeSpan
	Tied  bool // belongs to the sentence under the pane
}

// CodeSpan is text in one tone: Class is a class of the stylesheet, "" for plain text.
type CodeSpan struct{ Class, Text string }

const (
	mostDeep      = 100
	mostCodeLines = 20_000
	wrapAt        = 84 // columns; a longer start tag puts each attribute on a line of its own
)

// XML formats a document for the code pane. Elements whose path ends with one of tied are marked:
// "OrderRequestHeader/Total". Secrets are masked before a document gets here; what was masked
// whole is shown as one chip. What can't be read as XML, or would hide something of it, is shown
// as it came, line by line.
func XML(document string, tied ...string) []CodeLine {
	p := printer{tied: tied}
	if err := p.document(document); err == nil {
		return p.lines
	}
	var lines []CodeLine
	for text := range strings.Lines(document) {
		if len(lines) == mostCodeLines {
			return append(lines, CodeLine{Spans: []CodeSpan{{"t-at", "The rest is in the raw view."}}})
		}
		lines = append(lines, CodeLine{Spans: []CodeSpan{{"", strings.TrimRight(text, "\r\n")}}})
	}
	return lines
}

// TiedLines are the first and the last marked line, counted from one; zero when there is none.
func TiedLines(lines []CodeLine) (first, last int) {
	for i, line := range lines {
		if line.Tied {
			if first == 0 {
				first = i + 1
			}
			last = i + 1
		}
	}
	return first, last
}

// element is one element of a document that is only looked at.
type element struct {
	name     string
	comment  string // it is one, and nothing else
	attrs    []xml.Attr
	children []*element
	text     string
}

var errNotShown = errors.New("not shown as XML")

type printer struct {
	lines []CodeLine
	tied  []string
	mark  bool // within a tied element
}

func (p *printer) document(text string) error {
	decoder := xml.NewDecoder(strings.NewReader(text))
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // kept as UTF-8
	root := &element{}
	open := []*element{root}
	for {
		token, err := decoder.RawToken() // raw: prefixes stay as they were written
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.ProcInst:
			p.line(CodeSpan{"", "<?" + t.Target + " " + string(t.Inst) + "?>"})
		case xml.Directive:
			p.line(CodeSpan{"t-at", "<!" + string(t) + ">"})
		case xml.StartElement:
			e := &element{name: qualified(t.Name), attrs: slices.Clone(t.Attr)}
			top.children = append(top.children, e)
			if open = append(open, e); len(open) > mostDeep {
				return errNotShown
			}
		case xml.EndElement:
			if len(open) == 1 {
				return errNotShown
			}
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(t)
		case xml.Comment:
			top.children = append(top.children, &element{comment: string(t)})
		}
	}
	if len(open) != 1 || len(root.children) == 0 || strings.TrimSpace(root.text) != "" {
		return errNotShown
	}
	for _, e := range root.children {
		p.element(e, 0, "")
	}
	if len(p.lines) > mostCodeLines {
		return errNotShown
	}
	return nil
}

func qualified(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

func (p *printer) line(spans ...CodeSpan) {
	p.lines = append(p.lines, CodeLine{Spans: spans, Tied: p.mark})
}

// written puts back the references that reading resolved, so that the view is XML again.
var written = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// element prints one element; text alone stays on the line of its tags.
func (p *printer) element(e *element, depth int, path string) {
	indent, text := strings.Repeat("  ", depth), written.Replace(strings.TrimSpace(e.text))
	if e.name == "" {
		p.line(CodeSpan{"t-at", indent + "<!--" + e.comment + "-->"})
		return
	}
	path += "/" + e.name
	if !p.mark && slices.ContainsFunc(p.tied, func(tied string) bool { return strings.HasSuffix(path, tied) }) {
		p.mark = true
		defer func() { p.mark = false }()
	}
	start := p.startTag(e, indent)
	switch {
	case len(e.children) == 0 && text == "":
		p.line(append(start, CodeSpan{"", "/>"})...)
	case len(e.children) == 0:
		p.line(append(start, CodeSpan{"", ">"}, CodeSpan{tone(text), text}, CodeSpan{"", "</"}, CodeSpan{"t-el", e.name}, CodeSpan{"", ">"})...)
	default:
		p.line(append(start, CodeSpan{"", ">"})...)
		if text != "" {
			p.line(CodeSpan{"", indent + "  " + text})
		}
		for _, child := range e.children {
			p.element(child, depth+1, path)
		}
		p.line(CodeSpan{"", indent + "</"}, CodeSpan{"t-el", e.name}, CodeSpan{"", ">"})
	}
}

// tone marks what was masked before the document was kept: Kontor writes eight X, the simulators
// a word.
func tone(text string) string {
	if text == "masked" || text == "XXXXXXXX" || strings.Trim(text, "*") == "" {
		return "t-masked"
	}
	return ""
}

// startTag is the tag without its closing bracket; of a long one only the last line is returned.
func (p *printer) startTag(e *element, indent string) []CodeSpan {
	spans := []CodeSpan{{"", indent + "<"}, {"t-el", e.name}}
	width := len(indent) + len(e.name)
	for _, a := range e.attrs {
		width += len(qualified(a.Name)) + len(a.Value) + 4
	}
	for i, a := range e.attrs {
		gap := " "
		if i > 0 && width > wrapAt {
			p.line(spans...)
			spans, gap = nil, indent+strings.Repeat(" ", len(e.name)+2)
		}
		spans = append(spans, CodeSpan{"", gap}, CodeSpan{"t-at", qualified(a.Name)}, CodeSpan{"", "="}, CodeSpan{"t-val", `"` + written.Replace(a.Value) + `"`})
	}
	return spans
}
