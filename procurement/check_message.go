package procurement

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/cxml"
)

// attachments holds what the document refers to against what came with it.
func (k *checker) attachments() {
	body := k.root.body()
	if body == nil || k.doc.Class != cxml.ClassRequest {
		return
	}
	came, wanted := attached(k.parts), map[string]bool{}
	k.eachAttachment(body, "", func(place, address string) {
		id, ok := attachmentID(address)
		switch {
		case !ok:
			k.warn(place, shown(address)+" is no cid: address, so that it names no part of the message.", does(thisSystem, "fetches nothing and takes the attachment for missing"))
		case !came[id]:
			k.warn(place, "The attachment "+shown(id)+" is not in the message.", does(thisSystem, "takes the document and flags the attachment as missing"))
		default:
			wanted[id] = true
		}
	})
	for i, part := range k.parts {
		if id := unescaped(part.ContentID); id == "" || !wanted[id] {
			k.note("", "Nothing in the document refers to part "+strconv.Itoa(i+2)+" of the message, "+shown(part.MediaType)+" of "+strconv.Itoa(len(part.Body))+" bytes.",
				does(thisSystem, "keeps it all the same"))
		}
	}
}

func (k *checker) eachAttachment(n *node, place string, visit func(place, address string)) {
	for _, c := range n.below(place) {
		if c.name == "cXML" {
			continue // a copied document came with attachments of its own
		}
		if address := c.child("URL"); c.name == "Attachment" && address != nil {
			visit(c.place+"/URL", strings.TrimSpace(address.text))
			continue
		}
		k.eachAttachment(c.node, c.place, visit)
	}
}

// byteOrderMark is told of what goes to buyers.
func (k *checker) byteOrderMark(body []byte) {
	if bytes.HasPrefix(body, []byte("\xef\xbb\xbf")) && (k.doc.Class == cxml.ClassMessage || slices.Contains(supplierSent, k.doc.Type)) {
		k.warn("", "The document begins with a byte order mark.", refuses("ariba", "refuses it: for it the XML doesn't begin at the first byte"))
	}
}

// sequences are the children of elements in the order of the DTD. Those that are not here may
// stand anywhere.
var sequences = map[string][]string{
	"Header":               {"From", "To", "Sender", "Path", "OriginalDocument"},
	"PunchOutSetupRequest": {"BuyerCookie", "Extrinsic", "BrowserFormPost", "Contact", "SupplierSetup", "ShipTo", "SelectedItem", "ItemOut"},
	"ItemDetail": {"UnitPrice", "Description", "UnitOfMeasure", "PriceBasisQuantity", "Classification", "ManufacturerPartID", "ManufacturerName", "URL", "LeadTime",
		"Extrinsic"},
	"ConfirmationItem":           {"UnitOfMeasure", "Contact", "Hazard", "ConfirmationStatus"},
	"PunchOutOrderMessageHeader": {"SourcingStatus", "Total", "ShipTo", "Shipping", "Tax", "SupplierOrderInfo"},
}

// sequence tells where an element's children are not in the order of the DTD, once for each kind.
func (k *checker) sequence() {
	told := map[string]bool{}
	var walk func(n *node, place string)
	walk = func(n *node, place string) {
		last := -1
		for _, c := range n.below(place) {
			at := slices.Index(sequences[n.name], c.name)
			if at >= 0 && at < last && !told[n.name] {
				told[n.name] = true
				k.warn(c.place, c.name+" stands after "+sequences[n.name][last]+"; the DTD has it before. Readers that check the order refuse the document.",
					does(thisSystem, "reads it in any order"))
				k.generally()
			}
			last = max(last, at)
			walk(c.node, c.place)
		}
	}
	walk(k.root, "")
}
