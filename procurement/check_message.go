package procurement

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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

// twiceEncoded tells when the bytes are UTF-8 under the name of another character set (cXML
// reference 10.20).
func (k *checker) twiceEncoded(body []byte) {
	start, _, _ := bytes.Cut(body, []byte("?>"))
	declared := strings.ToLower(string(start))
	if !bytes.HasPrefix(body, []byte("<?xml")) || !strings.Contains(declared, "iso-8859") && !strings.Contains(declared, "windows-125") {
		return
	}
	if utf8.Valid(body) && !isASCII(body) {
		k.warn("", "The XML declaration names another character set, but the bytes are UTF-8: readers show two or three wrong characters for each that is not English.",
			does(thisSystem, "goes by the declaration, as the standard says"))
		k.generally()
	}
}

func isASCII(body []byte) bool {
	return !slices.ContainsFunc(body, func(b byte) bool { return b >= utf8.RuneSelf })
}

// sequences are the children of elements in the order of the DTD. Those that are not here may
// stand anywhere.
var sequences = map[string][]string{
	"Header":               {"From", "To", "Sender", "Path", "OriginalDocument"},
	"PunchOutSetupRequest": {"BuyerCookie", "Extrinsic", "BrowserFormPost", "Contact", "SupplierSetup", "ShipTo", "SelectedItem", "ItemOut"},
	"ItemDetail": {"UnitPrice", "Description", "UnitOfMeasure", "PriceBasisQuantity", "Classification", "ManufacturerPartID", "ManufacturerName", "URL", "LeadTime",
		"Extrinsic"},
	"ConfirmationItem":    {"UnitOfMeasure", "Contact", "Hazard", "ConfirmationStatus"},
	"ConfirmationRequest": {"ConfirmationHeader", "OrderReference", "OrderIDInfo", "ConfirmationItem"},
	"OrderRequest":        {"OrderRequestHeader", "ItemOut"},
	"OrderRequestHeader": {"Total", "ShipTo", "BillTo", "Shipping", "Tax", "Payment", "PaymentTerm", "Contact", "Comments", "Followup", "ControlKeys", "DocumentReference",
		"SupplierOrderInfo", "TermsOfDelivery", "DeliveryPeriod", "IdReference", "Extrinsic"},
	"ItemOut": {"ItemID", "Path", "ItemDetail", "BlanketItemDetail", "SupplierID", "ShipTo", "Shipping", "Tax", "SpendDetail", "Distribution", "Contact", "TermsOfDelivery",
		"Comments", "Tolerances", "ControlKeys", "ScheduleLine", "MasterAgreementReference", "MasterAgreementIDInfo"},
	"ItemIn":                     {"ItemID", "Path", "ItemDetail", "SupplierID", "ShipTo", "Shipping", "Tax", "SpendDetail", "Distribution", "Contact", "Comments"},
	"StatusUpdateRequest":        {"DocumentReference", "Status", "Extrinsic"},
	"OrderStatusRequestHeader":   {"OrderReference", "Contact", "Comments", "Extrinsic"},
	"ReceiptRequest":             {"ReceiptRequestHeader", "ReceiptOrder", "Total"},
	"ReceiptItem":                {"ReceiptItemReference", "UnitRate", "ReceivedAmount", "Comments", "Extrinsic"},
	"Transaction":                {"URL", "Option"},
	"ProfileResponse":            {"Option", "Transaction"},
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
