package procurement

import (
	"bytes"
	"cmp"
	"strings"

	"github.com/kontorhq/kontor/cxml"
)

// secrecy names what the codec hides: the document as it is kept is laid beside the document as
// it is, so that there is one rule for what is secret and not two.
func (k *checker) secrecy(body []byte) {
	if k.sent == nil || !k.compare(k.sent, k.root, "") {
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
	for i, c := range kept.below(place) {
		if !k.compare(sent.children[i], c.node, c.place) {
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
