package console

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// codeLine is one line of the formatted view, in pieces of one tone each.
type codeLine []piece

type piece struct{ Class, Text string }

const (
	mostDeep      = 100
	mostCodeLines = 20_000
	wrapAt        = 84 // columns; a longer start tag has one attribute a line
)

var errNotShown = errors.New("not shown as XML")

// pretty formats a kept document for reading. What can't be read as XML is shown as it came.
func pretty(text string) []codeLine {
	if lines, err := prettyXML(text); err == nil {
		return lines
	}
	var lines []codeLine
	for line := range strings.Lines(text) {
		if len(lines) == mostCodeLines {
			return append(lines, codeLine{{"t-at", "The rest is in the raw view."}})
		}
		lines = append(lines, codeLine{{"", strings.TrimRight(line, "\r\n")}})
	}
	return lines
}

// element is one element, only to be looked at.
type element struct {
	name     string
	comment  string // it is one, and nothing else
	attrs    []xml.Attr
	children []*element
	text     string
}

func prettyXML(text string) ([]codeLine, error) {
	decoder := xml.NewDecoder(strings.NewReader(text))
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // kept as UTF-8
	var p printer
	root := &element{}
	open := []*element{root}
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
			p.line(piece{"", "<?" + t.Target + " " + string(t.Inst) + "?>"})
		case xml.Directive:
			p.line(piece{"t-at", "<!" + string(t) + ">"})
		case xml.StartElement:
			e := &element{name: qualified(t.Name), attrs: slices.Clone(t.Attr)}
			top.children = append(top.children, e)
			if open = append(open, e); len(open) > mostDeep {
				return nil, errNotShown
			}
		case xml.EndElement:
			if len(open) == 1 {
				return nil, errNotShown
			}
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(t)
		case xml.Comment:
			top.children = append(top.children, &element{comment: string(t)})
		}
	}
	if len(open) != 1 || len(root.children) == 0 || strings.TrimSpace(root.text) != "" {
		return nil, errNotShown
	}
	for _, e := range root.children {
		p.element(e, 0)
	}
	if len(p.lines) > mostCodeLines {
		return nil, errNotShown
	}
	return p.lines, nil
}

func qualified(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

type printer struct{ lines []codeLine }

func (p *printer) line(pieces ...piece) { p.lines = append(p.lines, pieces) }

// written puts back the references that reading resolved, so that the view is XML again.
var written = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// element prints one element; text alone stays on the line of its tags.
func (p *printer) element(e *element, depth int) {
	indent, text := strings.Repeat("  ", depth), strings.TrimSpace(e.text)
	if e.name == "" {
		p.line(piece{"t-at", indent + "<!--" + e.comment + "-->"})
		return
	}
	start := p.startTag(e, indent)
	end := []piece{{"", "</"}, {"t-el", e.name}, {"", ">"}}
	switch {
	case len(e.children) == 0 && text == "":
		p.line(append(start, piece{"", "/>"})...)
	case len(e.children) == 0:
		p.line(append(append(start, piece{"", ">"}, piece{tone(text), written.Replace(text)}), end...)...)
	default:
		p.line(append(start, piece{"", ">"})...)
		if text != "" {
			p.line(piece{"", indent + "  " + written.Replace(text)})
		}
		for _, child := range e.children {
			p.element(child, depth+1)
		}
		p.line(append([]piece{{"", indent}}, end...)...)
	}
}

// tone marks what was masked before the document was kept.
func tone(text string) string {
	if strings.Trim(text, "*") == "" {
		return "t-masked"
	}
	return ""
}

// startTag is the tag without its closing bracket; of a long one only the last line is returned.
func (p *printer) startTag(e *element, indent string) []piece {
	pieces := []piece{{"", indent + "<"}, {"t-el", e.name}}
	width := len(indent) + len(e.name)
	for _, a := range e.attrs {
		width += len(qualified(a.Name)) + len(a.Value) + 4
	}
	for i, a := range e.attrs {
		gap := " "
		if i > 0 && width > wrapAt {
			p.line(pieces...)
			pieces, gap = nil, indent+strings.Repeat(" ", len(e.name)+2)
		}
		pieces = append(pieces, piece{"", gap}, piece{"t-at", qualified(a.Name)}, piece{"", "="}, piece{"t-val", `"` + written.Replace(a.Value) + `"`})
	}
	return pieces
}

func sizeOf(bytes int) string {
	if bytes < 1000 {
		return strconv.Itoa(bytes) + noBreak + "bytes"
	}
	return strconv.Itoa(bytes/1000) + "." + strconv.Itoa(bytes%1000/100) + noBreak + "kB"
}
