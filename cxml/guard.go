package cxml

import (
	"bytes"
	"strconv"
)

// guard looks at the document as a row of tags before anything is built from it, so that a
// hostile one costs no more than reading it once. It checks what etree leaves unchecked (sizes,
// a second root, text after the root, entities); whether names match and values are well formed
// is etree's part. Where the two could read a tag differently, encoding/xml refuses the tag.
func guard(text []byte, limits Limits) *Fault {
	g := guardian{rest: text, limits: limits}
	for {
		open := bytes.IndexByte(g.rest, '<')
		if open < 0 {
			break
		}
		if fault := g.text(g.rest[:open]); fault != nil {
			return fault
		}
		g.rest = g.rest[open:]
		if fault := g.markup(); fault != nil {
			return fault
		}
	}
	if fault := g.text(g.rest); fault != nil {
		return fault
	}
	switch {
	case !g.rooted:
		return malformed("The document holds no XML element.")
	case g.depth > 0:
		return malformed("The document breaks off: not every element is closed.")
	}
	return nil
}

type guardian struct {
	rest             []byte
	limits           Limits
	depth            int
	elements, lines  int
	attributes       int // of all elements
	others           int // comments, instructions, CDATA sections
	rooted, doctyped bool
}

func malformed(sentence string) *Fault { return &Fault{Malformed, "", sentence} }

func tooMany(what string, limit int) *Fault {
	return malformed("The document has " + what + ": at most " + strconv.Itoa(limit) + " are taken.")
}

// text is what stands between two tags.
func (g *guardian) text(between []byte) *Fault {
	if g.depth > 0 || len(bytes.TrimSpace(between)) == 0 {
		return nil
	}
	if g.rooted {
		return malformed("There is text after the end of the root element.")
	}
	return malformed("The document doesn't begin with XML.")
}

// markup takes one tag, comment, instruction or directive off the front.
func (g *guardian) markup() *Fault {
	switch {
	case bytes.HasPrefix(g.rest, []byte("<!--")):
		return g.other("<!--", "-->")
	case bytes.HasPrefix(g.rest, []byte("<![CDATA[")):
		if g.depth == 0 {
			return malformed("There is text outside of the root element.")
		}
		return g.other("<![CDATA[", "]]>")
	case bytes.HasPrefix(g.rest, []byte("<?")):
		return g.other("<?", "?>")
	case bytes.HasPrefix(g.rest, []byte("<!")):
		return g.doctype()
	case bytes.HasPrefix(g.rest, []byte("</")):
		g.depth--
		if g.depth < 0 {
			return malformed("An element is closed that was never opened.")
		}
		return g.skip("</", ">")
	}
	return g.start()
}

// other counts what the tree has beside elements, and skips it.
func (g *guardian) other(from, to string) *Fault {
	if g.others++; g.others > g.limits.Elements {
		return tooMany("too many comments, instructions and CDATA sections", g.limits.Elements)
	}
	return g.skip(from, to)
}

func (g *guardian) skip(from, to string) *Fault {
	end := bytes.Index(g.rest[len(from):], []byte(to))
	if end < 0 {
		return malformed("The document breaks off inside of " + from + " … " + to + ".")
	}
	g.rest = g.rest[len(from)+end+len(to):]
	return nil
}

// doctype accepts a plain DOCTYPE and nothing that declares anything: entities are how a
// document reads files of ours or grows without end.
func (g *guardian) doctype() *Fault {
	if !bytes.HasPrefix(g.rest, []byte("<!DOCTYPE")) || g.rooted || g.doctyped {
		return malformed("Only one DOCTYPE, before the root element, is taken; declarations are not.")
	}
	g.doctyped = true
	var quoted byte
	for i := len("<!DOCTYPE"); i < len(g.rest); i++ {
		switch c := g.rest[i]; {
		case quoted != 0:
			if c == quoted {
				quoted = 0
			}
		case c == '"' || c == '\'':
			quoted = c
		case c == '[' && bytes.HasPrefix(bytes.TrimLeft(g.rest[i+1:], " \t\r\n"), []byte("]")):
			// .NET writes an empty one whenever it saves a document that has a DOCTYPE.
		case c == '[' || c == '<':
			return malformed("The DOCTYPE has an internal subset. Entity and other declarations are not taken.")
		case c == '>':
			g.rest = g.rest[i+1:]
			return nil
		}
	}
	return malformed("The document breaks off inside of the DOCTYPE.")
}

// start takes a start tag: its name, then its attributes, each counted by its "=".
func (g *guardian) start() *Fault {
	if g.depth == 0 && g.rooted {
		return malformed("There is a second root element.")
	}
	g.rooted = true
	if g.elements++; g.elements > g.limits.Elements {
		return tooMany("too many elements", g.limits.Elements)
	}
	nameEnd := 1
	for nameEnd < len(g.rest) && !isTagDelimiter(g.rest[nameEnd]) {
		nameEnd++
	}
	name := g.rest[1:nameEnd]
	if colon := bytes.IndexByte(name, ':'); colon >= 0 {
		name = name[colon+1:]
	}
	switch string(name) {
	case "ItemOut", "ItemIn", "ConfirmationItem":
		if g.lines++; g.lines > g.limits.Lines {
			return tooMany("too many lines", g.limits.Lines)
		}
	}
	attributes := 0
	var quoted byte
	for i := nameEnd; i < len(g.rest); i++ {
		switch c := g.rest[i]; {
		case quoted != 0:
			end := bytes.IndexByte(g.rest[i:], quoted)
			if end < 0 {
				return malformed("The document breaks off inside of a tag.")
			}
			i, quoted = i+end, 0
		case c == '"' || c == '\'':
			quoted = c
		case c == '=':
			g.attributes++
			if attributes++; attributes > g.limits.Attributes {
				return tooMany("an element with too many attributes", g.limits.Attributes)
			}
			if most := attributesPerElement * g.limits.Elements; g.attributes > most {
				return tooMany("too many attributes in all", most)
			}
		case c == '>':
			if g.rest[i-1] != '/' {
				if g.depth++; g.depth > g.limits.Depth {
					return tooMany("too many elements inside of each other", g.limits.Depth)
				}
			}
			g.rest = g.rest[i+1:]
			return nil
		}
	}
	return malformed("The document breaks off inside of a tag.")
}

// attributesPerElement is the most on average: orders have fewer than one.
const attributesPerElement = 2

func isTagDelimiter(c byte) bool {
	return c == '>' || c == '/' || c == ' ' || c == '\n' || c == '\t' || c == '\r'
}
