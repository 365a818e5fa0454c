package cxml

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// Outgoing is the envelope of a document of ours. What was written once is stored and sent again
// as it is; nothing is written twice.
type Outgoing struct {
	Version        string // of the DTD that the connection asks for: "1.2.023"; "" is DefaultVersion
	PayloadID      string
	Lang           string // "" is "en-US"; also of texts that have none of their own
	Timestamp      time.Time
	DeploymentMode string // "" is production
	InReplyTo      string // Message/@inReplyTo
	From, To       Party
	Sender         Party
	ASCII          bool // pure US-ASCII with numeric references, for cxml-urlencoded
}

// DefaultVersion is written where a connection asks for none. It is the oldest whose DTDs have
// everything that is written here.
const DefaultVersion = "1.2.050"

const defaultLang = "en-US"

// Write makes the document, or says with Faults why the standard or the version doesn't allow
// it. A SharedSecret is never written into a Message: that goes through a browser.
func (o Outgoing) Write(body Body) ([]byte, error) {
	version, versioned := parseVersion(o.version())
	w := &writer{version: version, lang: o.lang(), place: []string{"cXML"}}
	if !versioned {
		w.fault("/@version", strconv.Quote(o.Version)+" is not a version of the form 1.2.014.")
	}
	where := body.envelope()
	root := w.root(o.version(), where.module, o.PayloadID, o.Timestamp, o.lang())
	if o.PayloadID == "" {
		w.fault("/@payloadID", "The payloadID is missing.")
	}
	w.in(root, "Header", func() {
		w.party("From", o.From, false)
		w.party("To", o.To, false)
		w.party("Sender", o.Sender, where.in == "Request")
	})
	w.in(root, where.in, func() {
		mode := o.DeploymentMode
		if mode == "" {
			mode = "production"
		}
		w.attr("deploymentMode", mode)
		if where.in == "Message" {
			w.attr("inReplyTo", o.InReplyTo)
		}
		body.write(w)
	})
	if len(w.faults) > 0 {
		return nil, w.faults
	}
	return w.bytes(o.ASCII), nil
}

func (o Outgoing) version() string {
	if o.Version == "" {
		return DefaultVersion
	}
	return o.Version
}

func (o Outgoing) lang() string {
	if o.Lang == "" {
		return defaultLang
	}
	return o.Lang
}

// WriteResponse makes the answer to a request. It always makes one: an answer that fails would
// be taken for a broken line and tried again for hours. A body goes only with a 2xx. An unknown
// version is written as DefaultVersion, a missing Status.Text as the standard's words.
func WriteResponse(version, payloadID string, at time.Time, status Status, body ResponseBody) []byte {
	number, ok := parseVersion(version)
	if !ok {
		version = DefaultVersion
		number, _ = parseVersion(version)
	}
	lang := status.Lang
	if lang == "" {
		lang = defaultLang
	}
	w := &writer{version: number, lang: lang, place: []string{"cXML"}}
	root := w.root(version, "cXML.dtd", payloadID, at, lang)
	w.in(root, "Response", func() {
		w.status(status)
		if body != nil && status.Code/100 == 2 {
			body.respond(w)
		}
	})
	return w.bytes(false)
}

// writer builds the tree of one document, in the order of the DTD, and collects what is wrong.
type writer struct {
	tree    *etree.Document
	el      *etree.Element // what is being filled
	place   []string
	version int // the last part: 14 of 1.2.014
	lang    string
	faults  Faults
}

// envelope says where a body goes and which DTD has it.
type envelope struct {
	in     string // Request or Message
	module string // cXML.dtd or Fulfill.dtd
}

// laterVersion has, and 1.2.020 hasn't: PriceBasisQuantity, BuyerPartID, composite items,
// CarrierIdentifier in ShipTo, @type of Comments, and more. The DTDs in between could not be
// had, so their buyers get what 1.2.020 has.
const laterVersion = 36

func (w *writer) later() bool { return w.version >= laterVersion }

// HasPriceBasis tells whether the DTD of a version ("1.2.050") has PriceBasisQuantity, so that a
// price can be written for more than one unit.
func HasPriceBasis(version string) bool {
	number, ok := parseVersion(version)
	return ok && number >= laterVersion
}

// parseVersion takes "1.2.014" apart and gives its last number, which is what counts: 1.0 and
// 1.1 come before everything, and there is nothing after 1.2.
func parseVersion(version string) (int, bool) {
	parts := strings.Split(version, ".")
	if len(parts) != 3 || len(parts[2]) != 3 || parts[0] != "1" || len(parts[1]) != 1 {
		return 0, false
	}
	last, err := strconv.ParseUint(parts[2], 10, 16)
	if err != nil || !isDigit(parts[1][0]) {
		return 0, false
	}
	if parts[1] != "2" {
		return 0, true
	}
	return int(last), true
}

func (w *writer) root(version, module, payloadID string, at time.Time, lang string) *etree.Element {
	w.tree = etree.NewDocument()
	w.tree.WriteSettings = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true}
	w.tree.CreateProcInst("xml", `version="1.0" encoding="UTF-8"`)
	w.tree.CreateText("\n")
	w.tree.CreateDirective(fmt.Sprintf(`DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/%s/%s"`, version, module))
	w.tree.CreateText("\n")
	w.el = w.tree.CreateElement("cXML")
	root := w.el
	w.el.CreateAttr("payloadID", clean(payloadID))
	w.el.CreateAttr("timestamp", at.Format(timeLayout))
	w.el.CreateAttr("version", version)
	w.el.CreateAttr("xml:lang", clean(lang))
	return root
}

func (w *writer) bytes(ascii bool) []byte {
	var buffer bytes.Buffer
	// Only the Writer fails, and a Buffer doesn't.
	_, _ = w.tree.WriteTo(&buffer)
	if ascii {
		return toASCII(buffer.Bytes())
	}
	return buffer.Bytes()
}

// toASCII writes every other character as a numeric reference. Names and the DOCTYPE are ASCII
// already, so that only texts and values change.
func toASCII(text []byte) []byte {
	ascii := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r < utf8.RuneSelf {
			ascii = append(ascii, text[0])
		} else {
			ascii = fmt.Appendf(ascii, "&#x%X;", r)
		}
		text = text[size:]
	}
	return ascii
}

func (w *writer) fault(suffix, message string) {
	if len(w.faults) < mostFaults {
		place := strings.Join(w.place[1:], "/")
		if place == "" {
			place = "cXML"
		}
		w.faults = append(w.faults, &Fault{Invalid, place + suffix, message})
	}
}

// in fills a new child of parent.
func (w *writer) in(parent *etree.Element, tag string, fill func()) {
	w.numbered(parent, tag, 0, fill)
}

// child fills a new child of what is being filled.
func (w *writer) child(tag string, fill func()) { w.numbered(w.el, tag, 0, fill) }

// item is child for the number-th of many; number starts at 1.
func (w *writer) item(tag string, number int, fill func()) { w.numbered(w.el, tag, number, fill) }

func (w *writer) numbered(parent *etree.Element, tag string, number int, fill func()) {
	outer := w.el
	w.el = parent.CreateElement(tag)
	step := tag
	if number > 0 {
		step += "[" + strconv.Itoa(number) + "]"
	}
	// The envelope is no part of a place: "ConfirmationRequest/…", as in reading.
	if tag != "Request" && tag != "Message" {
		w.place = append(w.place, step)
		defer func() { w.place = w.place[:len(w.place)-1] }()
	}
	if fill != nil {
		fill()
	}
	w.el = outer
}

// attr writes an attribute that is not empty.
func (w *writer) attr(key, value string) {
	if value == "" {
		return
	}
	if clean(value) != value {
		w.fault("/@"+key, "The value has a character that XML doesn't allow.")
	}
	w.el.CreateAttr(key, clean(value))
}

// must writes an attribute that the DTD requires.
func (w *writer) must(key, value string) {
	if value == "" {
		w.fault("/@"+key, "The value is missing.")
	}
	w.attr(key, value)
}

// given writes an attribute that the DTD requires of what the buyer's system said: where that left
// it out it is empty, which is valid, and no reason for a cart not to go home.
func (w *writer) given(key, value string) {
	if value == "" {
		w.el.CreateAttr(key, "")
	}
	w.attr(key, value)
}

// oneOf is must for a closed list.
func (w *writer) oneOf(key, value string, allowed ...string) {
	for _, one := range allowed {
		if one == value {
			w.attr(key, value)
			return
		}
	}
	w.fault("/@"+key, quote(value)+" is none of "+strings.Join(allowed, ", ")+".")
}

func (w *writer) number(key string, n int) {
	if n > 0 {
		w.el.CreateAttr(key, strconv.Itoa(n))
	}
}

// langAttr writes a language, the document's where there is no other.
func (w *writer) langAttr(lang string) {
	if lang == "" {
		lang = w.lang
	}
	w.attr("xml:lang", lang)
}

// leaf writes an element of text that is not empty, with those of the attributes (name and value in
// turn) that are not. Identifiers must be clean; see prose.
func (w *writer) leaf(tag, value string, attributes ...string) {
	if value == "" {
		return
	}
	w.child(tag, func() {
		for i := 0; i+1 < len(attributes); i += 2 {
			w.attr(attributes[i], attributes[i+1])
		}
		if clean(value) != value {
			w.fault("", "The value has a character that XML doesn't allow.")
		}
		w.el.SetText(clean(value))
	})
}

// mustLeaf is leaf for an element that the DTD requires and that must say something.
func (w *writer) mustLeaf(tag, value string) {
	if value == "" {
		w.fault("/"+tag, "The value is missing.")
		return
	}
	w.leaf(tag, value)
}

// prose sets text for people; what XML can't hold is left out of it without a word.
func (w *writer) prose(s string) { w.el.SetText(clean(s)) }

// clean leaves out what XML 1.0 can't hold: control characters, half surrogates, bytes that are
// no UTF-8.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "")
	for _, r := range s {
		if !isXMLChar(r) {
			return strings.Map(func(r rune) rune {
				if isXMLChar(r) {
					return r
				}
				return -1
			}, s)
		}
	}
	return s
}

func isXMLChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}
