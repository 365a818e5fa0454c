package procurement

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html/charset"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// Check and its rules look at one document without a database: what is wrong with it, where, and
// what the systems that get it will do. The codec's own faults come first; the rules after them
// are those that no DTD tells, and that cost a buyer's or a merchant's developer a day each.

// Level says how much a finding matters.
type Level string

// The levels, the worst first.
const (
	LevelFault   Level = "fault"   // refused, or goods or money come out wrong, whoever gets it
	LevelWarning Level = "warning" // it depends on who gets it
	LevelNote    Level = "note"    // good to know
)

// Effect is what one system does about a finding.
type Effect struct {
	Name    string `json:"name"`
	Effect  string `json:"effect"`
	Refuses bool   `json:"refuses,omitempty"` // the document, or the line
}

// Finding is one thing to know about a document. It never quotes a secret or a card number.
type Finding struct {
	Level   Level    `json:"level"`
	Place   string   `json:"place"` // "OrderRequest/ItemOut[2]/@quantity"; "" for the document as a whole
	Message string   `json:"message"`
	Systems []Effect `json:"systems,omitempty"` // who is known to do what about it

	general bool // it holds for every system, though only of some it is known what they do
}

// Findings are in the order of their levels, and within a level in that of the document's rules.
type Findings []Finding

// Count is how many findings have a level.
func (f Findings) Count(level Level) int {
	n := 0
	for _, one := range f {
		if one.Level == level {
			n++
		}
	}
	return n
}

// thisSystem is the name of this program among the systems: it is the other end of every conversation.
const thisSystem = "kontor"

// For leaves what concerns one system: what holds for all, what it does itself, and what this
// program does. What it refuses is a fault then; for who doesn't know the receiver it is a warning.
func (f Findings) For(system string) Findings {
	var left Findings
	for _, one := range f {
		var systems []Effect
		for _, s := range one.Systems {
			if s.Name == system && s.Refuses {
				one.Level = LevelFault
			}
			if s.Name == system || s.Name == thisSystem {
				systems = append(systems, s)
			}
		}
		if len(one.Systems) > 0 && len(systems) == 0 && !one.general {
			continue
		}
		one.Systems = systems
		left = append(left, one)
	}
	left.sort()
	return left
}

func (f Findings) sort() {
	rank := map[Level]int{LevelFault: 0, LevelWarning: 1, LevelNote: 2}
	slices.SortStableFunc(f, func(a, b Finding) int { return cmp.Compare(rank[a.Level], rank[b.Level]) })
}

// Check finds what is wrong with a document. contentType is the HTTP header's value, or "". An
// error is a *cxml.Fault of a document that can't be read at all.
func Check(body []byte, contentType string) (Findings, error) {
	doc, err := cxml.Read(body, contentType, cxml.DefaultLimits)
	if doc == nil {
		return nil, err
	}
	doc.Mask()
	kept, doctype, parseErr := parseTree(bytes.NewReader(doc.Masked()), nil)
	if parseErr != nil {
		return nil, parseErr // can't be: the codec wrote it
	}
	k := &checker{doc: doc, root: kept, doctype: doctype}
	if err != nil {
		k.codec(err)
	}
	k.secrecy(body, contentType)
	if k.root.name == "cXML" {
		k.envelope()
	}
	k.content()
	k.findings.sort()
	return k.findings, nil
}

type checker struct {
	findings Findings
	doc      *cxml.Document
	root     *node
	doctype  string
}

func (k *checker) add(level Level, place, message string, systems ...Effect) {
	k.findings = append(k.findings, Finding{level, place, message, systems, level == LevelFault})
}

// generally says that the last finding holds for systems that it doesn't name, too. Of a fault
// that needn't be said.
func (k *checker) generally() { k.findings[len(k.findings)-1].general = true }

func (k *checker) fault(place, message string, systems ...Effect) {
	k.add(LevelFault, place, message, systems...)
}

func (k *checker) warn(place, message string, systems ...Effect) {
	k.add(LevelWarning, place, message, systems...)
}

func (k *checker) note(place, message string, systems ...Effect) {
	k.add(LevelNote, place, message, systems...)
}

func does(name, effect string) Effect    { return Effect{Name: name, Effect: effect} }
func refuses(name, effect string) Effect { return Effect{Name: name, Effect: effect, Refuses: true} }

// shown is a wrong value for the message about it: short, and masked once more.
func shown(value string) string {
	const longest = 24
	value = string(cxml.MaskText([]byte(value)))
	if len(value) > longest {
		value = strings.ToValidUTF8(value[:longest], "") + "…"
	}
	return strconv.Quote(value)
}

// codec takes over what the codec found.
func (k *checker) codec(err error) {
	var all cxml.Faults
	if !errors.As(err, &all) {
		var one *cxml.Fault
		if !errors.As(err, &one) {
			return
		}
		all = cxml.Faults{one}
	}
	for _, f := range all {
		var systems []Effect
		if k.doc.Class == cxml.ClassRequest {
			systems = []Effect{refuses(thisSystem, "answers "+strconv.Itoa(f.Kind.Status())+" and changes nothing")}
		}
		k.fault(f.Place, f.Message, systems...)
	}
}

// --- the document as a tree -------------------------------------------------------------------

// node is one element. The codec's values leave out what it has no use for, and secrets; here
// both are looked at.
type node struct {
	name     string
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
			n := &node{name: t.Name.Local, attrs: slices.Clone(t.Attr)}
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

// asSent is the document with its secrets, nil where it isn't plain XML (a MIME message).
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

// --- secrets ----------------------------------------------------------------------------------

// secrecy names what the codec hides: the document as it is kept is laid beside the document as
// it is, so that there is one rule for what is secret and not two.
func (k *checker) secrecy(body []byte, contentType string) {
	sent := asSent(body, contentType)
	if sent == nil || !k.compare(sent, k.root, "") {
		if !bytes.Equal(cxml.MaskText(body), body) {
			k.warn("", "The file holds what looks like a secret or a card number; the place could not be told.", does(thisSystem, "keeps it masked"))
		}
	}
}

// compare walks both trees and reports each difference. It is false where they are not the same
// document.
func (k *checker) compare(sent, kept *node, place string) bool {
	if len(sent.attrs) != len(kept.attrs) {
		return false
	}
	for i, a := range sent.attrs {
		if a.Value != kept.attrs[i].Value {
			k.hidden(place+"/@"+kept.attrs[i].Name.Local, kept.name, kept.attrs[i].Name.Local, a.Value, kept.attrs[i].Value)
		}
	}
	if len(kept.children) == 0 && len(sent.children) > 0 {
		k.hidden(place, kept.name, "", "secret", kept.text)
		return true
	}
	if len(sent.children) != len(kept.children) {
		return false
	}
	if sent.text != kept.text {
		name := kept.name
		if value, ok := kept.attr("name"); ok && name == "Extrinsic" {
			name = value
		}
		k.hidden(place, name, "", sent.text, kept.text)
	}
	total, seen := map[string]int{}, map[string]int{}
	for _, c := range kept.children {
		total[c.name]++
	}
	for i, c := range kept.children {
		seen[c.name]++
		step := c.name
		if total[c.name] > 1 || c.name == "ItemOut" || c.name == "ItemIn" || c.name == "ConfirmationItem" {
			step += "[" + strconv.Itoa(seen[c.name]) + "]"
		}
		if place != "" && kept.name != "Request" && kept.name != "Message" {
			step = place + "/" + step
		}
		if !k.compare(sent.children[i], c, step) {
			return false
		}
	}
	return true
}

// hidden reports one value that the codec hid. The value itself is used for one thing only: to
// see whether the sender had masked it already.
func (k *checker) hidden(place, element, attribute, sent, kept string) {
	if strings.Trim(sent, "xX* \t\r\n") == "" {
		return
	}
	name := strings.ToLower(cmp.Or(attribute, element))
	whole := strings.Trim(kept, "X \t\r\n") == ""
	switch {
	case whole && (strings.Contains(name, "cv") || strings.Contains(name, "code") || strings.Contains(name, "verification")):
		k.fault(place, "The security code of a card stands here in clear. Nobody may store it: take it out of the document and out of this file.",
			does(thisSystem, "forgets it while reading"))
	case whole && element == "PaymentToken":
		k.warn(place, "The token of a card stands here in clear.", does(thisSystem, "keeps it masked"))
	case whole && k.doc.Type == "PunchOutOrderMessage":
		k.fault(place, "A secret stands in a document that travels through the shopper's browser, where everybody can read it. Leave it out, and replace the secret.")
	case whole && k.doc.Class == cxml.ClassRequest && strings.HasPrefix(place, "Header/Sender/"):
		k.note(place, "The shared secret stands here in clear, where the receiver needs it. Take it out before the file is passed on.",
			does(thisSystem, "compares it and keeps it masked"))
	case whole:
		k.warn(place, "A secret stands here in clear, where nobody needs it.", does(thisSystem, "keeps it masked"))
	case element == "PCard" || element == "PaymentToken" || strings.Contains(name, "card"):
		k.warn(place, "A card number stands here in clear. Take it out before the file is passed on.",
			does(thisSystem, "masks it before anything is written"))
	default:
		k.warn(place, "This looks like a card number in clear. If it is one, take it out.", does(thisSystem, "masks it before anything is written"))
	}
}

// --- the envelope -----------------------------------------------------------------------------

func (k *checker) envelope() {
	if id, present := k.root.attr("payloadID"); id == "" {
		missing := "The payloadID is missing: a repeat can't be told from a new document."
		if present {
			missing = "The payloadID is empty: a repeat can't be told from a new document."
		}
		k.fault("cXML/@payloadID", missing)
	}
	k.timestamp()
	k.version()
	k.parties()
	if k.doc.Class == cxml.ClassRequest || k.doc.Class == cxml.ClassMessage {
		body := "Request"
		if k.doc.Class == cxml.ClassMessage {
			body = "Message"
		}
		mode, _ := k.root.child(body).attr("deploymentMode")
		switch mode {
		case "":
			k.note("cXML/"+body+"/@deploymentMode", "Without a deploymentMode the document is a production one.")
		case "test":
			k.note("cXML/"+body+"/@deploymentMode", "This is a test document.", does(thisSystem, "answers 403 at a live merchant"))
		case "production":
		default:
			k.warn("cXML/"+body+"/@deploymentMode", shown(mode)+" is neither production nor test, and is taken for production.")
		}
	}
}

func (k *checker) timestamp() {
	const place = "cXML/@timestamp"
	stamp, present := k.root.attr("timestamp")
	switch {
	case !present:
		k.fault(place, "The timestamp is missing; every DTD requires it.", does(thisSystem, "goes by the time of arrival"))
	case stamp == "":
		k.warn(place, "The timestamp is empty.", does(thisSystem, "goes by the time of arrival"))
	default:
		_, err := time.Parse(time.RFC3339, stamp)
		switch {
		case err != nil:
			k.warn(place, shown(stamp)+" is not of the form 2026-03-05T09:00:00-05:00; strict readers refuse it.", does(thisSystem, "goes by the time of arrival"))
		case strings.HasSuffix(stamp, "Z"):
			k.warn(place, "The cXML guide wants a numeric offset instead of Z: +00:00.", does(thisSystem, "takes it"))
		}
	}
}

func (k *checker) version() {
	const place = "cXML/@version"
	stated, _ := k.root.attr("version")
	named := ""
	for part := range strings.SplitSeq(k.doctype, "/") {
		if isVersion(part) {
			named = part
		}
	}
	switch {
	case stated != "" && !isVersion(stated):
		k.warn(place, shown(stated)+" is no version of cXML; one looks like 1.2.050.", does(thisSystem, "doesn't go by it"))
	case stated != "" && named != "" && stated != named:
		k.warn(place, "The version is "+stated+", but the DOCTYPE names "+named+".", does(thisSystem, "goes by the DOCTYPE"))
	case stated == "" && named == "":
		k.note(place, "Neither a DOCTYPE nor a version says which cXML this is.", does(thisSystem, "takes it"))
	}
}

// isVersion tells whether a text has the form 1.2.050.
func isVersion(s string) bool {
	parts := strings.Split(s, ".")
	return len(s) == 7 && len(parts) == 3 && parts[0] == "1" && len(parts[1]) == 1 && allDigits(parts[1]+parts[2])
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func (k *checker) parties() {
	header := k.root.child("Header")
	switch {
	case k.doc.Class == cxml.ClassResponse && header != nil:
		k.warn("Header", "A Response has no Header.")
		return
	case k.doc.Class != cxml.ClassRequest && k.doc.Class != cxml.ClassMessage:
		return
	case header == nil:
		k.fault("Header", "The Header is missing: nobody knows who sends this to whom.")
		return
	}
	h := k.doc.Header
	for _, party := range []struct {
		name string
		of   cxml.Party
	}{{"From", h.From}, {"To", h.To}, {"Sender", h.Sender}} {
		place := "Header/" + party.name
		if len(party.of.Credential) == 0 {
			k.fault(place, "The "+party.name+" has no Credential.")
		}
		for i, c := range party.of.Credential {
			at := place + "/Credential"
			if len(party.of.Credential) > 1 {
				at += "[" + strconv.Itoa(i+1) + "]"
			}
			if c.Identity == "" {
				k.warn(at+"/Identity", "The Identity is empty.")
			}
			if c.Domain == "" {
				k.warn(at+"/@domain", "The domain of the identity is missing.")
			}
		}
	}
	if sender := header.child("Sender"); sender != nil && h.Sender.UserAgent == "" {
		k.warn("Header/Sender/UserAgent", "The UserAgent is missing; every DTD requires it.", does(thisSystem, "takes it"))
	}
	if k.doc.Class == cxml.ClassRequest && len(h.Sender.Credential) > 0 && !k.proven(header.child("Sender")) {
		k.warn("Header/Sender/Credential/SharedSecret", "Nothing proves the Sender: there is no SharedSecret.", does(thisSystem, "answers 401"))
	}
}

// proven looks at the tree as it is kept: there a secret is masked, in the Header it is gone.
func (k *checker) proven(sender *node) bool {
	for _, credential := range sender.children {
		if s := credential.child("SharedSecret"); s != nil && strings.TrimSpace(s.text) != "" {
			return true
		}
	}
	return false
}

// --- the content ------------------------------------------------------------------------------

func (k *checker) content() {
	switch k.doc.Class {
	case cxml.ClassRequest:
		k.request()
	case cxml.ClassMessage:
		switch k.doc.Type {
		case "PunchOutOrderMessage":
			if m, err := k.doc.PunchOutOrderMessage(); err != nil {
				k.codec(err)
			} else {
				k.cart(m)
			}
		default:
			k.unread()
		}
	case cxml.ClassResponse:
		if r, err := k.doc.Response(); err != nil {
			k.codec(err)
		} else {
			k.status("Response/Status", r.Status)
			if r.Status.Code/100 != 2 && (r.SetUp != nil || r.Profile != nil) {
				k.warn("Response", "Only a status of 2xx goes with more than the Status itself.")
			}
		}
	default:
		switch {
		case k.doc.Type == "Index" || k.doc.Type == "Supplier" || k.doc.Type == "Contract":
			k.warn(k.doc.Type, "This is a catalogue document, not a message.", refuses(thisSystem, "answers 406"))
		case k.root.name != "cXML":
			k.fault("", "The root element is not cXML.", refuses(thisSystem, "answers 406"))
		}
	}
}

func (k *checker) request() {
	var err error
	switch k.doc.Type {
	case "PunchOutSetupRequest":
		var r *cxml.PunchOutSetupRequest
		if r, err = k.doc.PunchOutSetupRequest(); err == nil {
			k.setUp(r)
		}
	case "OrderRequest":
		var o *cxml.OrderRequest
		if o, err = k.doc.OrderRequest(); err == nil {
			k.order(o)
		}
	case "ConfirmationRequest":
		var c *cxml.ConfirmationRequest
		if c, err = k.doc.ConfirmationRequest(); err == nil {
			k.confirmation(c)
		}
	case "StatusUpdateRequest":
		var u *cxml.StatusUpdateRequest
		if u, err = k.doc.StatusUpdateRequest(); err == nil {
			k.status("StatusUpdateRequest/Status", u.Status)
			if u.DocumentReference == nil || u.DocumentReference.PayloadID == "" {
				k.warn("StatusUpdateRequest/DocumentReference", "Nothing says which document this is the status of.")
			}
		}
	case "ProfileRequest":
	default:
		k.unread()
	}
	if err != nil {
		k.codec(err)
	}
}

// unread says what was not looked at, so that silence is not taken for praise.
func (k *checker) unread() {
	if k.doc.Type != "Request" && k.doc.Type != "Message" {
		k.note(k.doc.Type, "Only the envelope was looked at: there are no rules yet for the content of this type.")
	}
}

// statusCodes are those of the cXML guide.
var statusCodes = []int{200, 201, 204, 211, 280, 281, 400, 401, 402, 403, 406, 409, 412, 417, 450, 461, 462, 463, 464, 465, 466, 467, 468, 469, 470,
	475, 476, 477, 499, 500, 550, 551, 560, 561, 562, 563}

func (k *checker) status(place string, s cxml.Status) {
	if s.Code != 0 && !slices.Contains(statusCodes, s.Code) {
		k.warn(place+"/@code", strconv.Itoa(s.Code)+" is not a status of the cXML guide; readers go by its first digit at best.")
	}
	if s.Text == "" {
		k.warn(place+"/@text", "The text of the status is missing; every DTD requires it.")
	}
}

func (k *checker) setUp(r *cxml.PunchOutSetupRequest) {
	const top = "PunchOutSetupRequest"
	if r.Operation == "source" {
		k.warn(top+"/@operation", "Few suppliers serve the operation source.", refuses(thisSystem, "answers 450"))
	}
	if r.BuyerCookie == "" {
		k.warn(top+"/BuyerCookie", "The BuyerCookie is empty: the buyer's system may not know whose cart comes home.", does(thisSystem, "returns it empty"))
	}
	if len(r.BuyerCookie) > 255 {
		k.warn(top+"/BuyerCookie", "The BuyerCookie is longer than 255 characters; many suppliers cut it.", does(thisSystem, "takes 4,000"))
	}
	if r.BrowserFormPost != "" {
		k.returnAddress(top+"/BrowserFormPost/URL", r.BrowserFormPost)
	}
	switch user := r.User(); {
	case user.Email != "":
		k.note(top, "The shopper is known by an e-mail address.")
	case user.Login != "":
		k.note(top, "The shopper is known by a login, not by an e-mail address.")
	default:
		k.warn(top+"/Extrinsic", "Nothing says who is shopping: no UserEmail, User, UniqueName or the like, no Contact and no ShipTo with an e-mail address.",
			does(thisSystem, "lets them share the connection's buyer"))
	}
	if r.Operation == "create" {
		for _, c := range k.root.child("Request").child(top).children {
			if c.name == "ItemOut" {
				k.note(top+"/ItemOut", "The operation is create, so the lines have no meaning.", does(thisSystem, "ignores them"))
				break
			}
		}
	} else if len(r.ItemOut) == 0 && (r.Operation == "edit" || r.Operation == "inspect") {
		k.warn(top+"/ItemOut", "The operation is "+r.Operation+", but there are no lines to "+r.Operation+".")
	}
}

func (k *checker) returnAddress(place, address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		k.fault(place, "BrowserFormPost is no http or https address: a cart can't be brought back.", refuses(thisSystem, "answers 400"))
	case u.User != nil:
		k.fault(place, "BrowserFormPost carries credentials, which the shopper's browser would show.", refuses(thisSystem, "answers 400"))
	case u.Scheme == "http":
		k.fault(place, "BrowserFormPost is not https: the cart would travel in clear.", refuses(thisSystem, "answers 400, unless the connection's list of return hosts names http:// itself"))
	}
}

func (k *checker) order(o *cxml.OrderRequest) {
	const head = "OrderRequest/OrderRequestHeader"
	h := o.Header
	blanket := h.OrderType == "blanket"
	switch {
	case h.Type != "new" && (h.DocumentReference == nil || h.DocumentReference.PayloadID == ""):
		k.warn(head+"/DocumentReference", "A document of type "+h.Type+" should refer to the one before it.", does(thisSystem, "finds the order by its number"))
	case h.OrderType == "release" && h.AgreementID == "" && h.AgreementPayloadID == "":
		k.warn(head+"/@agreementID", "A release should name the agreement that it draws on.")
	case blanket && h.EffectiveDate.Text == "":
		k.warn(head+"/@effectiveDate", "A blanket order needs an effectiveDate.")
	}
	if p := h.Payment; p != nil && (p.PCard != nil || slices.Contains(p.Other, "PaymentToken")) {
		k.warn(head+"/Payment", "The order is to be paid by card.", refuses(thisSystem, "answers 402 where cards are not taken"))
	}
	if h.IsInternalVersion {
		k.note(head+"/@isInternalVersion", "An internal version changes nothing at the supplier.", does(thisSystem, "acknowledges it"))
	}
	k.places(o)
	lineTax := taxSum{}
	synthetic := 0
	for i, item := range o.ItemOut {
		place := "OrderRequest/ItemOut[" + strconv.Itoa(i+1) + "]"
		lineTax.add(item.Tax)
		if item.Synthetic {
			synthetic++
		}
		if item.Quantity.IsZero() && !blanket && h.Type != "delete" {
			k.warn(place+"/@quantity", "The quantity is 0.")
		}
		if item.ItemID.SupplierPartID == "" && !blanket {
			k.warn(place+"/ItemID/SupplierPartID", "The part number is missing: the supplier can't tell what is ordered.")
		}
		if d := item.ItemDetail; d != nil {
			k.unit(place+"/ItemDetail/UnitOfMeasure", d.UnitOfMeasure)
			k.basis(place+"/ItemDetail/PriceBasisQuantity", d.PriceBasisQuantity)
		}
		if item.RequisitionID != "" && h.RequisitionID != "" {
			k.warn(place+"/@requisitionID", "The requisitionID stands in the header and on the line; it has one place.")
		}
	}
	if synthetic > 0 {
		k.warn("OrderRequest/ItemOut/@lineNumber", strconv.Itoa(synthetic)+" of "+strconv.Itoa(len(o.ItemOut))+" lines have no lineNumber: confirmations and invoices can't name them for certain.",
			does(thisSystem, "numbers them by their place"))
	}
	k.orderTax(head, h, lineTax.sum)
	k.decimals(head+"/Total/Money", h.Total)
	if h.Shipping != nil {
		k.decimals(head+"/Shipping/Money", h.Shipping.Money)
	}
	if h.Tax != nil {
		k.decimals(head+"/Tax/Money", h.Tax.Money)
	}
	if blanket {
		return
	}
	s := k.sum("OrderRequest/ItemOut", o.ItemOut, o.Currency, h.Type == "delete")
	if s == nil {
		return
	}
	for i, line := range s.lines {
		for _, flag := range chargeFlags(line, o.Currency) {
			k.warn("OrderRequest/ItemOut["+strconv.Itoa(i+1)+"]/Distribution", sentenceOf(flag.Message), does(thisSystem, "takes the order and flags it"))
		}
	}
	tax := lineTax.sum
	if h.Tax != nil && h.Tax.Money.Present {
		tax = decimalOf(h.Tax.Money)
	}
	var freight *money.Decimal
	if h.Shipping != nil {
		freight = decimalOf(h.Shipping.Money)
	}
	mismatch := does(thisSystem, "takes its own sum and flags the order, or answers 400, as the connection says")
	switch total := decimalOf(h.Total); {
	case total == nil:
		k.warn(head+"/Total", "The Total is missing.", does(thisSystem, "takes the sum of the lines"))
	case s.equals(*total):
	case s.equalsWith(*total, tax, freight):
		k.warn(head+"/Total", "The Total is "+total.String()+", the lines come to "+s.text()+": the Total is that of goods only, without tax and shipping.",
			does(thisSystem, "takes the order and notes it"))
	case s.factored && s.plainEquals(*total):
		k.warn(head+"/Total", "The Total is right only if the conversionFactor is left out; with it the lines come to "+s.text()+".", mismatch)
	default:
		k.fault(head+"/Total", "The Total is "+total.String()+", but the lines come to "+s.text()+".", mismatch)
	}
}

func (k *checker) places(o *cxml.OrderRequest) {
	if o.Header.ShipTo != nil || o.Header.Type == "delete" {
		return
	}
	for _, item := range o.ItemOut {
		if item.ShipTo != nil {
			return
		}
	}
	k.note("OrderRequest/OrderRequestHeader/ShipTo", "Nothing says where the goods go: no ShipTo in the header or on a line.")
}

// orderTax tells when tax is stated twice. The two are one tax; a reader who adds them collects
// it twice.
func (k *checker) orderTax(head string, h cxml.OrderRequestHeader, lines *money.Decimal) {
	if h.Tax == nil || !h.Tax.Money.Present || lines == nil {
		return
	}
	if h.Tax.Money.Value.Cmp(*lines) == 0 {
		k.note(head+"/Tax", "The tax stands in the header and on the lines; the two are one tax.", does(thisSystem, "counts the header's"))
		return
	}
	k.warn(head+"/Tax", "The header's tax is "+h.Tax.Money.Value.String()+", the lines' taxes come to "+lines.String()+"; readers that add the two collect too much.",
		does(thisSystem, "counts the header's"))
}

// decimals are more than the currency has: such an amount can't be paid.
func (k *checker) decimals(place string, m cxml.Money) {
	if exponent, ok := money.Exponent(m.Currency); ok && m.Present && m.Value.Scale() > exponent {
		k.warn(place, "The amount "+m.Value.String()+" has more decimals than the "+strconv.Itoa(exponent)+" of "+m.Currency+".")
	}
}

// unitCodes are codes of UN/CEFACT Recommendation 20 and its packages that buyers have mapped as
// a rule. Others may be right and unknown all the same.
var unitCodes = strings.Fields("EA PCE C62 H87 BX BG CT CS CA CR PK PA PR PF PL RL RO RD ST SET KT SH BO BT BE BK BL BR CN TU TB TY VI DZN DPC GRO HUR DAY WEE MON ANN " +
	"MTR CMT MMT KMT INH FOT YRD MTK FTK MTQ LTR MLT CLT GLL PTI QT ONZ LBR GRM KGM TNE STN HR CTN NMP NAR NPR XBX XCT XPK XRO XBG XBO XPL XCS E48 ACT LS AU TE P1 KWH WTT")

// isUnitCode asks for the form only: two or three capitals and digits.
func isUnitCode(s string) bool {
	return (len(s) == 2 || len(s) == 3) && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func (k *checker) unit(place, unit string) {
	switch {
	case unit == "":
		k.warn(place, "The unit is missing.")
	case !isUnitCode(unit):
		k.warn(place, shown(unit)+" doesn't look like a UN/CEFACT code; they are two or three capitals and digits, such as EA or BX.")
	}
}

// basis tells when a price is for more than one and the document's version has no word for it.
func (k *checker) basis(place string, basis *cxml.PriceBasisQuantity) {
	if basis != nil && isVersion(k.doc.Version) && k.doc.Version < "1.2.036" {
		k.fault(place, "cXML "+k.doc.Version+" has no PriceBasisQuantity: readers of that version take the price for that of one unit.")
	}
}

// sums is what lines come to, exactly as orders are summed: each line rounded once.
type sums struct {
	goods, plain *big.Rat // plain: with every conversionFactor left out
	factored     bool     // there was one
	lines        []orders.Line
	exponent     int
}

// sum reports lines without a price, and is nil where there is nothing to sum.
func (k *checker) sum(place string, items []cxml.ItemOut, currency string, unpricedIsFine bool) *sums {
	exponent, known := money.Exponent(currency)
	if !known || len(items) == 0 {
		return nil
	}
	s := &sums{goods: new(big.Rat), plain: new(big.Rat), exponent: exponent}
	unpriced, whole := unpricedLines(items), true
	for i, item := range items {
		at := place + "[" + strconv.Itoa(i+1) + "]"
		line, err := lineOf(int64(i+1), item)
		if err != nil {
			k.fault(at+"/ItemDetail", "The price has too many digits.")
			return nil
		}
		s.lines = append(s.lines, line)
		if unpriced[item.LineNumber] {
			continue
		}
		if item.ItemDetail == nil || !item.ItemDetail.UnitPrice.Present {
			if !unpricedIsFine {
				k.fault(at+"/ItemDetail/UnitPrice", "The price is missing, and a missing price isn't 0.", refuses(thisSystem, "answers 400"))
			}
			whole = false
			continue
		}
		per := money.One
		if line.Per != nil {
			per = *line.Per
		}
		total, err := money.LineTotal(line.Quantity, line.BuyerPrice, per, currency)
		plain, plainErr := money.LineTotal(line.Quantity, item.ItemDetail.UnitPrice.Value, per, currency)
		if err != nil || plainErr != nil {
			k.fault(at, "The line comes to more than can be counted.")
			return nil
		}
		if b := item.ItemDetail.PriceBasisQuantity; b != nil && b.ConversionFactor.Cmp(money.One) != 0 {
			s.factored = true
		}
		s.goods.Add(s.goods, money.MustDecimal(total.Text()).Rat())
		s.plain.Add(s.plain, money.MustDecimal(plain.Text()).Rat())
	}
	if !whole {
		return nil
	}
	return s
}

// near allows half a minor unit per line: others round in other places.
func (s *sums) near(a, b *big.Rat) bool {
	most := big.NewRat(int64(len(s.lines)), 2)
	for range s.exponent {
		most.Quo(most, big.NewRat(10, 1))
	}
	difference := new(big.Rat).Sub(a, b)
	return difference.Abs(difference).Cmp(most) <= 0
}

func (s *sums) equals(total money.Decimal) bool      { return s.near(total.Rat(), s.goods) }
func (s *sums) plainEquals(total money.Decimal) bool { return s.near(total.Rat(), s.plain) }

// equalsWith tries the total with tax, with freight, and with both.
func (s *sums) equalsWith(total money.Decimal, tax, freight *money.Decimal) bool {
	rat := func(d *money.Decimal) *big.Rat {
		if d == nil {
			return new(big.Rat)
		}
		return d.Rat()
	}
	withTax, withFreight := new(big.Rat).Add(s.goods, rat(tax)), new(big.Rat).Add(s.goods, rat(freight))
	return s.near(total.Rat(), withTax) || s.near(total.Rat(), withFreight) ||
		s.near(total.Rat(), new(big.Rat).Add(withTax, rat(freight)))
}

func (s *sums) text() string { return s.goods.FloatString(s.exponent) }

// sentenceOf makes a sentence of a flag's words.
func sentenceOf(words string) string { return strings.ToUpper(words[:1]) + words[1:] + "." }

// --- the cart on its way home -----------------------------------------------------------------

func (k *checker) cart(m *cxml.PunchOutOrderMessage) {
	const top, head = "PunchOutOrderMessage", "PunchOutOrderMessage/PunchOutOrderMessageHeader"
	if m.BuyerCookie == "" {
		k.fault(top+"/BuyerCookie", "The BuyerCookie is empty: the buyer's system can't tell whose cart this is.")
	}
	cancel := m.Status != nil && m.Status.Code == 204
	if m.Status != nil {
		k.status("Message/Status", *m.Status)
	}
	switch {
	case cancel && len(m.ItemIn) > 0:
		k.warn(top+"/ItemIn", "With a Status of 204 the lines are ignored.")
	case !cancel && len(m.ItemIn) == 0:
		k.warn(top, "The cart is empty. In an edit session that deletes the earlier lines of the requisition; a Status of 204 leaves them.")
	}
	if !m.Header.Total.Present {
		k.fault(head+"/Total", "The Total is missing.")
	}
	k.decimals(head+"/Total/Money", m.Header.Total)
	items := make([]cxml.ItemOut, len(m.ItemIn))
	currency := m.Header.Total.Currency
	for i, line := range m.ItemIn {
		place := top + "/ItemIn[" + strconv.Itoa(i+1) + "]"
		k.cartLine(place, line, m.Header.QuoteStatus)
		price := line.ItemDetail.UnitPrice
		switch {
		case !price.Present:
		case currency == "":
			currency = price.Currency
		case price.Currency != currency:
			k.fault(place+"/ItemDetail/UnitPrice/Money/@currency", "The cart is in "+currency+", but this price is in "+price.Currency+".")
			return
		}
		items[i] = cxml.ItemOut{Quantity: line.Quantity, LineNumber: line.LineNumber, ParentLineNumber: line.ParentLineNumber,
			ItemType: line.ItemType, ItemID: line.ItemID, ItemDetail: &line.ItemDetail}
	}
	s := k.sum(top+"/ItemIn", items, currency, m.Header.QuoteStatus == "pending")
	if s == nil || !m.Header.Total.Present {
		return
	}
	total := m.Header.Total.Value
	var tax, freight *money.Decimal
	if m.Header.Tax != nil {
		tax = decimalOf(m.Header.Tax.Money)
	}
	if m.Header.Shipping != nil {
		freight = decimalOf(m.Header.Shipping.Money)
	}
	recount := does("jaggaer", "computes the Total anew")
	switch {
	case s.equals(total):
	case s.equalsWith(total, tax, freight):
		k.fault(head+"/Total", "The Total is "+total.String()+", the lines come to "+s.text()+": tax or shipping is in the Total, and is counted twice.", recount)
	case s.factored && s.plainEquals(total):
		k.warn(head+"/Total", "The Total is right only if the conversionFactor is left out; with it the lines come to "+s.text()+".", recount)
		k.generally()
	default:
		k.fault(head+"/Total", "The Total is "+total.String()+", but the lines come to "+s.text()+".", recount)
	}
}

func (k *checker) cartLine(place string, line cxml.ItemIn, quote string) {
	detail := place + "/ItemDetail"
	d := line.ItemDetail
	if line.Quantity.IsZero() {
		k.warn(place+"/@quantity", "The quantity is 0.")
	}
	k.partIDs(place+"/ItemID", line.ItemID)
	if len(d.Description) == 0 {
		k.fault(detail+"/Description", "The Description is missing; every DTD requires it.")
	}
	for _, text := range d.Description {
		k.description(detail+"/Description", text)
	}
	k.cartUnit(detail+"/UnitOfMeasure", d.UnitOfMeasure)
	k.basis(detail+"/PriceBasisQuantity", d.PriceBasisQuantity)
	if len(d.Classification) == 0 {
		k.fault(detail+"/Classification", "The Classification is missing; every DTD requires it.", does("fusion", "puts the line into the default category"))
	}
	for _, class := range d.Classification {
		code := cmp.Or(class.Code, class.Text)
		if strings.EqualFold(class.Domain, "UNSPSC") && (len(code) != 8 || !allDigits(code)) {
			k.warn(detail+"/Classification", shown(code)+" is not a UNSPSC code; they are 8 digits.",
				refuses("jaggaer", "takes UNSPSC codes of 8 digits only"), does("fusion", "puts the line into the default category"))
		}
	}
	if d.UnitPrice.Present {
		if d.UnitPrice.Value.Scale() > 4 {
			k.warn(detail+"/UnitPrice", "The price has more than 4 decimals. Never round it: send it for a larger unit, or with a PriceBasisQuantity.",
				refuses("jaggaer", "takes at most 4 decimals"))
		}
		if d.UnitPrice.Value.IsZero() && quote != "pending" {
			k.warn(detail+"/UnitPrice", "The price is 0, and the quote is final.")
		}
	}
}

func (k *checker) partIDs(place string, id cxml.ItemID) {
	if id.SupplierPartID == "" {
		k.fault(place+"/SupplierPartID", "The part number is missing: the line can't be ordered.")
	}
	for _, part := range []struct{ name, value string }{
		{"SupplierPartID", id.SupplierPartID}, {"SupplierPartAuxiliaryID", id.SupplierPartAuxiliaryID},
	} {
		if strings.ContainsAny(part.value, "?{}") {
			k.warn(place+"/"+part.name, "There is a ?, { or } in it.", refuses("ariba", "refuses ? { } in part numbers"))
		}
		switch length := utf8.RuneCountInString(part.value); {
		case length > 100:
			k.warn(place+"/"+part.name, "It is "+strconv.Itoa(length)+" characters long; most systems keep 100, and a cut one doesn't come back as it was.")
		case length > 50 && part.name == "SupplierPartAuxiliaryID":
			k.note(place+"/"+part.name, "It is "+strconv.Itoa(length)+" characters long; some systems keep 50.")
		}
	}
}

func (k *checker) description(place string, d cxml.Description) {
	if d.Text == "" {
		k.warn(place, "The Description has no text of its own.", does("dynamics", "expects a ShortName as an attribute, so that the line may be left without words"))
	}
	if len(d.Text) > 255 {
		k.warn(place, "The Description is "+strconv.Itoa(len(d.Text))+" bytes long.", does("ariba", "shows 255 bytes of it"))
	}
	if length := utf8.RuneCountInString(d.Text); length > 256 {
		k.warn(place, "The Description is "+strconv.Itoa(length)+" characters long.", does("jaggaer", "keeps 256"))
	}
	switch length := utf8.RuneCountInString(d.ShortName); {
	case length > 50:
		k.warn(place+"/ShortName", "The ShortName is "+strconv.Itoa(length)+" characters long; systems keep 30 to 50.")
	case length > 30:
		k.note(place+"/ShortName", "The ShortName is "+strconv.Itoa(length)+" characters long; some systems keep 30.")
	}
}

// cartUnit is unit with what buyers' systems do about a unit that nobody mapped for them.
func (k *checker) cartUnit(place, unit string) {
	coupa, jaggaer := refuses("coupa", "rejects a line whose unit is not mapped there"), does("jaggaer", "takes EA instead and says nothing: the price is then for another quantity")
	switch {
	case unit == "":
		k.fault(place, "The unit is missing: the price is for nobody knows what.", coupa, jaggaer)
	case strings.EqualFold(unit, "EACH"):
		k.warn(place, "EACH is not a UN/CEFACT code; that is EA.", coupa, jaggaer, does("oracle", "takes it; some sites want just this"))
		k.generally()
	case !isUnitCode(unit):
		k.warn(place, shown(unit)+" doesn't look like a UN/CEFACT code; they are two or three capitals and digits, such as EA or BX.", coupa, jaggaer)
		k.generally()
	case !slices.Contains(unitCodes, unit):
		k.note(place, "The unit "+unit+" is not a common one: ask whether the buyer has it mapped.", does("coupa", "rejects the line if it is not mapped there"), jaggaer)
	}
}

// --- the confirmation -------------------------------------------------------------------------

// statusesUnder are the line statuses that a type of the header allows; a type that is not here
// allows all.
var statusesUnder = map[string][]string{
	"accept":       {"accept"},
	"detail":       {"accept", "detail", "backordered", "reject", "unknown"},
	"except":       {"accept", "detail", "backordered", "reject", "unknown"},
	"allDetail":    {"allDetail", "backordered", "reject"},
	"reject":       {"reject"},
	"replace":      {"detail"},
	"requestToPay": {"requestToPay"},
}

func (k *checker) confirmation(c *cxml.ConfirmationRequest) {
	const head = "ConfirmationRequest/ConfirmationHeader"
	if c.OrderReference.DocumentReference.PayloadID == "" {
		k.fault("ConfirmationRequest/OrderReference/DocumentReference", "The order's payloadID is missing: networks drop such a confirmation and say nothing.")
	}
	if c.OrderReference.OrderID == "" {
		k.warn("ConfirmationRequest/OrderReference/@orderID", "The order's number is missing.")
	}
	if c.Header.Operation == "update" && (c.Header.DocumentReference == nil || c.Header.DocumentReference.PayloadID == "") {
		k.fault(head+"/DocumentReference", "An update must refer to the confirmation that it replaces.")
	}
	if c.Header.ConfirmID == "" {
		k.note(head+"/@confirmID", "The confirmID is empty.")
	}
	if c.Header.Type == "reject" {
		k.note(head+"/@type", "This rejects the whole order.", does("fusion", "cancels the order, and wants all of its lines in here"))
		k.generally()
	}
	if len(c.ConfirmationItem) == 0 && c.Header.Type != "accept" && c.Header.Type != "reject" {
		k.warn(head+"/@type", "Without lines a confirmation can only accept or reject.", refuses("coupa", "takes accept and reject only at the header"))
	}
	k.note("ConfirmationRequest", "A confirmation is for those who asked for one: see OCInstruction in the order.", does("coupa", "answers 417 to one it did not ask for"))
	lines := map[int]bool{}
	for i, item := range c.ConfirmationItem {
		place := "ConfirmationRequest/ConfirmationItem[" + strconv.Itoa(i+1) + "]"
		if item.LineNumber != 0 && lines[item.LineNumber] {
			k.fault(place+"/@lineNumber", "Line "+strconv.Itoa(item.LineNumber)+" is confirmed twice in one document.")
		}
		lines[item.LineNumber] = true
		k.confirmationItem(place, item, c.Header.Type)
	}
}

func (k *checker) confirmationItem(place string, item cxml.ConfirmationItem, header string) {
	if item.UnitOfMeasure == "" {
		k.fault(place+"/UnitOfMeasure", "The unit is missing; it stands on the item and again on each status.")
	}
	if item.LineNumber == 0 {
		k.warn(place+"/@lineNumber", "The line number is missing.")
	}
	sum := new(big.Rat)
	for i, s := range item.ConfirmationStatus {
		at := place + "/ConfirmationStatus"
		if len(item.ConfirmationStatus) > 1 {
			at += "[" + strconv.Itoa(i+1) + "]"
		}
		sum.Add(sum, s.Quantity.Rat())
		switch {
		case s.UnitOfMeasure == "":
			k.fault(at+"/UnitOfMeasure", "The unit is missing; it stands on the item and again on each status.")
		case item.UnitOfMeasure != "" && s.UnitOfMeasure != item.UnitOfMeasure:
			k.warn(at+"/UnitOfMeasure", "The unit "+shown(s.UnitOfMeasure)+" is not that of the line, "+shown(item.UnitOfMeasure)+".")
		}
		if s.Type == "detail" && !s.UnitPrice.Present && s.ItemIn == nil && s.DeliveryDate.Text == "" && s.ShipmentDate.Text == "" && s.Tax == nil && s.Shipping == nil {
			k.fault(at, "A detail must say what differs: a price, a date or a substitute.")
		}
		if allowed, ruled := statusesUnder[header]; ruled && !slices.Contains(allowed, s.Type) {
			k.fault(at+"/@type", "A line of type "+s.Type+" has no place under a header of type "+header+".")
		}
	}
	switch {
	case len(item.ConfirmationStatus) == 0:
		k.fault(place+"/ConfirmationStatus", "The line has no status.")
	case sum.Cmp(item.Quantity.Rat()) != 0:
		k.fault(place+"/@quantity", "The quantity is "+item.Quantity.String()+", but its statuses come to "+strings.TrimSuffix(strings.TrimRight(sum.FloatString(6), "0"), ".")+".")
	}
}
