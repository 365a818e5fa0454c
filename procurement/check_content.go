package procurement

import (
	"slices"
	"strconv"

	"github.com/kontorhq/kontor/cxml"
)

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
			k.answer(r)
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
			k.statusUpdate(u)
		}
	case "CopyRequest":
		var r *cxml.CopyRequest
		if r, err = k.doc.CopyRequest(); err == nil {
			k.copyRequest(r)
		}
	case "OrderStatusRequest":
		var r *cxml.OrderStatusRequest
		if r, err = k.doc.OrderStatusRequest(); err == nil {
			k.orderStatus(r)
		}
	case "ReceiptRequest":
		var r *cxml.ReceiptRequest
		if r, err = k.doc.ReceiptRequest(); err == nil {
			k.receipt(r)
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
	module, known := moduleOf[k.doc.Type]
	switch {
	case k.doc.Type == "Request" || k.doc.Type == "Message":
	case !known && k.doc.Class == cxml.ClassRequest:
		k.fault(k.doc.Type, "No DTD of cXML 1.2 has a request of this name.", refuses(thisSystem, "answers 450"))
	case !known:
		k.fault(k.doc.Type, "No DTD of cXML 1.2 has a message of this name.")
	default:
		k.note(k.doc.Type, "Only the envelope was looked at: there are no rules yet for the content of this type ("+module+").")
		if k.doc.Class == cxml.ClassRequest && !slices.Contains(supplierSent, k.doc.Type) {
			k.findings[len(k.findings)-1].Systems = []Effect{refuses(thisSystem, "answers 450")}
			k.generally()
		}
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
