package cxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// Read parses one document: size, character set, guards, tree, class, header, and the masking of
// secrets and card numbers. What the payload says is read later, by the method of its type.
//
// contentType is the HTTP header's value, or "". An error is a *Fault. When a document could be
// parsed but can't be taken (two Requests, an empty Request), it is returned beside the fault,
// so that it can be kept and found by its payloadID; of anything else MaskText makes what may
// be kept.
func Read(body []byte, contentType string, limits Limits) (*Document, error) {
	if len(body) > limits.Bytes {
		return nil, &Fault{TooLarge, "", "The document is larger than the " + strconv.Itoa(limits.Bytes) + " bytes that are taken."}
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, malformed("The document is empty.")
	}
	text, fault := decode(body, contentType)
	if fault != nil {
		return nil, fault
	}
	// The parser looks at text only: a comment or a DOCTYPE may hold what no table takes.
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, malformed("The document is not well-formed XML: it holds bytes that are no characters.")
	}
	if fault := guard(text, limits); fault != nil {
		return nil, fault
	}
	tree := etree.NewDocument()
	// Permissive must stay off: it lets unknown entities through as text.
	tree.ReadSettings = etree.ReadSettings{PreserveDuplicateAttrs: true, MaxDepth: limits.Depth + 1}
	tree.WriteSettings = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true}
	if err := tree.ReadFromBytes(withoutDeclaration(text)); err != nil {
		return nil, notWellFormed(err)
	}
	root := tree.Root()
	if root == nil {
		return nil, malformed("The document holds no XML element.")
	}
	d := &Document{Type: root.Tag, tree: tree, root: root, size: len(text)}
	if root.Tag == "cXML" {
		d.readEnvelope()
	}
	d.tidyProlog()
	if fault := maskTree(root); fault != nil {
		return nil, fault
	}
	if d.Class == ClassOther {
		d.Type = root.Tag // masked by now
		if root.Tag == "cXML" {
			return d, &Fault{Malformed, "cXML", "The document holds neither one Request nor one Message nor one Response."}
		}
		return d, nil
	}
	if d.Class == ClassRequest && d.payload == nil {
		return d, &Fault{Malformed, "cXML/Request", "The Request must hold exactly one element that says what is asked for."}
	}
	return d, nil
}

// withoutDeclaration takes the XML declaration off, which has told all that it can: the text is in
// UTF-8 by now, and the parser would refuse version 1.1 for its number.
func withoutDeclaration(text []byte) []byte {
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if !bytes.HasPrefix(trimmed, []byte("<?xml")) || len(trimmed) < 6 || !isTagDelimiter(trimmed[5]) {
		return text
	}
	_, rest, _ := bytes.Cut(trimmed, []byte("?>"))
	return rest
}

// notWellFormed hides the parser's own words: they quote the document, and so might a secret.
func notWellFormed(err error) *Fault {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return malformed("The document is not well-formed XML: see line " + strconv.Itoa(syntax.Line) + ".")
	}
	return malformed("The document is not well-formed XML.")
}

// readEnvelope finds the parts. It runs before the masking, because the secret is needed once.
func (d *Document) readEnvelope() {
	for _, a := range d.root.Attr {
		switch {
		case a.Key == "payloadID" && a.Space == "":
			d.PayloadID = strings.TrimSpace(a.Value)
		case a.Key == "timestamp" && a.Space == "":
			d.Timestamp = strings.TrimSpace(a.Value)
		case a.Key == "version" && a.Space == "":
			d.Version = strings.TrimSpace(a.Value)
		case a.Key == "lang":
			d.Lang = strings.TrimSpace(a.Value)
		}
	}
	if version := doctypeVersion(d.tree); version != "" {
		d.Version = version
	}
	bodies := 0
	for child := range elements(d.root) {
		switch child.Tag {
		case "Header":
			d.readHeader(child)
		case "Request":
			d.Class, d.body, bodies = ClassRequest, child, bodies+1
		case "Message":
			d.Class, d.body, bodies = ClassMessage, child, bodies+1
		case "Response":
			d.Class, d.body, bodies = ClassResponse, child, bodies+1
		}
	}
	if bodies != 1 {
		d.Class, d.body = ClassOther, nil
		return
	}
	d.DeploymentMode = "production"
	if strings.EqualFold(attr(d.body, "deploymentMode"), "test") {
		d.DeploymentMode = "test"
	}
	d.InReplyTo = attr(d.body, "inReplyTo")
	d.readPayload()
}

// readPayload finds the one element beside Status. Two of them are none: which one counts would
// be a guess.
func (d *Document) readPayload() {
	d.Type = d.body.Tag
	for child := range elements(d.body) {
		if child.Tag == "Status" {
			continue
		}
		if d.payload != nil {
			d.payload, d.Type = nil, d.body.Tag
			return
		}
		d.payload, d.Type = child, maskDigits(child.Tag)
	}
	if d.payload == nil {
		return
	}
	for child := range elements(d.payload) {
		if child.Tag == "BuyerCookie" {
			d.cookie = rawText(child)
		}
	}
}

func (d *Document) readHeader(header *etree.Element) {
	for child := range elements(header) {
		switch child.Tag {
		case "From":
			readParty(&d.Header.From, child)
		case "To":
			readParty(&d.Header.To, child)
		case "Sender":
			readParty(&d.Header.Sender, child)
		}
	}
}

// readParty adds to what is there: some senders repeat To instead of Credential.
func readParty(party *Party, el *etree.Element) {
	for child := range elements(el) {
		switch child.Tag {
		case "Credential":
			c := Credential{Domain: attr(child, "domain"), Type: attr(child, "type")}
			for part := range elements(child) {
				switch part.Tag {
				case "Identity":
					c.Identity = text(part)
				case "SharedSecret":
					c.SharedSecret = text(part)
				case "CredentialMac":
					c.Mac = true
				case "DigitalSignature":
					c.Signature = true
				}
			}
			party.Credential = append(party.Credential, c)
		case "UserAgent":
			party.UserAgent = maskDigits(text(child))
		}
	}
}

// doctypeVersion takes 1.2.014 out of ".../cXML/1.2.014/Fulfill.dtd". What the address says
// otherwise is of no interest, and it is never fetched.
func doctypeVersion(tree *etree.Document) string {
	for _, child := range tree.Child {
		directive, ok := child.(*etree.Directive)
		if !ok {
			continue
		}
		for part := range strings.SplitSeq(directive.Data, "/") {
			if _, ok := parseVersion(part); ok {
				return part
			}
		}
	}
	return ""
}

// plainDoctype names a DTD and holds no markup, which anything could be hidden in.
var plainDoctype = regexp.MustCompile(`^DOCTYPE\s+[\w:.-]+(\s+(SYSTEM|PUBLIC)(\s*("[^"<>]*"|'[^'<>]*'))+)?\s*(\[\s*\]\s*)?$`)

// tidyProlog leaves of what stands before the root a declaration that tells the truth (what is
// written is UTF-8, whatever was read) and the DOCTYPE where it is a plain one.
func (d *Document) tidyProlog() {
	var doctype string
	for _, child := range d.tree.Child {
		if directive, ok := child.(*etree.Directive); ok && plainDoctype.MatchString(directive.Data) {
			doctype = maskDigits(directive.Data)
		}
	}
	d.tree.RemoveChild(d.root) // before the list is made anew: it goes by the root's place in the old one
	d.tree.Child = nil
	d.tree.CreateProcInst("xml", `version="1.0" encoding="UTF-8"`)
	d.tree.CreateText("\n")
	if doctype != "" {
		d.tree.CreateDirective(doctype)
		d.tree.CreateText("\n")
	}
	d.tree.AddChild(d.root)
}
