package cxml

import "github.com/beevik/etree"

// Limits caps what is read, before anything is built from it.
type Limits struct {
	Bytes      int // of the body
	Depth      int // of elements in each other
	Elements   int // in the document
	Attributes int // of one element
	Lines      int // ItemOut or ItemIn
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
	// here; of a bare Response "Response"; of another root its name.
	Type           string
	DeploymentMode string // "production" (also where absent) or "test"
	InReplyTo      string
	Header         Header

	tree    *etree.Document
	root    *etree.Element
	body    *etree.Element // Request, Message or Response
	payload *etree.Element // nil where there is none
	cookie  string         // BuyerCookie before any masking or trimming
	limits  Limits
}
