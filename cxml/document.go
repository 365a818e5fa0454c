package cxml

import (
	"bytes"

	"github.com/beevik/etree"
)

// Limits caps what is read, before anything is built from it.
type Limits struct {
	Bytes      int // of the body
	Depth      int // of elements in each other
	Elements   int // in the document; as many comments and CDATA sections, twice as many attributes
	Attributes int // of one element
	Lines      int // ItemOut, ItemIn or ConfirmationItem
}

// DefaultLimits fit every document seen so far with room to spare.
var DefaultLimits = Limits{Bytes: 10 << 20, Depth: 64, Elements: 200_000, Attributes: 64, Lines: 10_000}

// Document is one parsed document. It holds no card number and, but for Header, no secret.
type Document struct {
	PayloadID string // as sent, "" where it is missing; opaque
	Timestamp string // as sent; decides nothing
	Version   string // "1.2.014": from the DOCTYPE, else from @version, else ""
	Lang      string
	Class     Class
	// Type is the name of the payload element ("OrderRequest"), also of those that are not mapped
	// here; "Response" or "Message" where there is only a Status; of another root its name.
	Type           string
	DeploymentMode string // "production" (also where absent) or "test"
	InReplyTo      string
	Header         Header

	tree    *etree.Document
	root    *etree.Element
	body    *etree.Element // Request, Message or Response
	payload *etree.Element // nil where there is none
	cookie  string         // BuyerCookie as it stood there, blanks and all
	size    int            // of the text that was read, a fair guess at what is written
}

// Mask forgets the secret, which Read leaves in Header for the one comparison. Everything else
// was masked when it was read.
func (d *Document) Mask() {
	for _, party := range []*Party{&d.Header.From, &d.Header.To, &d.Header.Sender} {
		for i := range party.Credential {
			party.Credential[i].SharedSecret = ""
		}
	}
}

// Masked is the whole document as it may be kept: in UTF-8, without secrets, card numbers,
// comments and processing instructions.
func (d *Document) Masked() []byte {
	var buffer bytes.Buffer
	buffer.Grow(d.size + 512)
	// Only the Writer fails, and a Buffer doesn't.
	_, _ = d.tree.WriteTo(&buffer)
	return buffer.Bytes()
}

// CanonicalRequest is what a repeated document is recognised by: the masked Request (or Message,
// or Response) as etree writes it, with the blanks around all text trimmed, so that the sender's
// line ends and indentation don't count. The timestamp and payloadID are outside of it. A
// document of another class has none.
func (d *Document) CanonicalRequest() []byte {
	if d.body == nil {
		return nil
	}
	var buffer bytes.Buffer
	buffer.Grow(d.size)
	settings := d.tree.WriteSettings
	writeTrimmed(&buffer, d.body, &settings)
	return buffer.Bytes()
}

// writeTrimmed writes what etree would write of a copy whose texts are trimmed, without the copy.
func writeTrimmed(w *bytes.Buffer, el *etree.Element, settings *etree.WriteSettings) {
	w.WriteByte('<')
	w.WriteString(el.FullTag())
	for i := range el.Attr {
		w.WriteByte(' ')
		el.Attr[i].WriteTo(w, settings)
	}
	before := w.Len()
	w.WriteByte('>')
	empty := true
	for i := 0; i < len(el.Child); i++ {
		switch c := el.Child[i].(type) {
		case *etree.CharData:
			// A text may come in pieces (CDATA): it is trimmed as a whole.
			run, length := textFrom(el.Child[i:])
			i += length - 1
			if trimmed := trim(run); trimmed != "" {
				whole := etree.CharData{Data: trimmed}
				whole.WriteTo(w, settings)
				empty = false
			}
		case *etree.Element:
			writeTrimmed(w, c, settings)
			empty = false
		}
	}
	if empty {
		w.Truncate(before)
		w.WriteString("/>")
		return
	}
	w.WriteString("</")
	w.WriteString(el.FullTag())
	w.WriteByte('>')
}

// textFrom joins the pieces of text at the start of a list, and tells how many there are.
func textFrom(tokens []etree.Token) (text string, length int) {
	var joined []byte
	for _, token := range tokens {
		data, ok := token.(*etree.CharData)
		if !ok {
			break
		}
		switch length++; length {
		case 1:
			text = data.Data
		case 2:
			joined = append([]byte(text), data.Data...)
		default:
			joined = append(joined, data.Data...)
		}
	}
	if joined != nil {
		text = string(joined)
	}
	return text, length
}
