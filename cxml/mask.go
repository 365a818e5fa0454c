package cxml

import (
	"bytes"
	"strings"

	"github.com/beevik/etree"
)

// maskByte stands where a digit or a secret stood. A letter, because it is allowed in names as
// well, so that one rule masks everywhere.
const maskByte = 'X'

// hidden replaces a secret as a whole, so that its length is not told either.
const hidden = "XXXXXXXX"

// machineMade are the elements whose text is made by a machine and must come back unchanged:
// one number of 16 digits in ten passes the check of card numbers by chance, and a part number
// or a cookie that was masked by mistake would lose an order. Nobody types a card number there.
var machineMade = map[string]bool{
	"Identity": true, "BuyerCookie": true, "URL": true, "Money": true, "SupplierPartID": true,
	"SupplierPartAuxiliaryID": true, "BuyerPartID": true, "ManufacturerPartID": true, "Classification": true,
	"UnitOfMeasure": true, "Number": true, "AreaOrCityCode": true, "PostalCode": true,
	"CarrierIdentifier": true, "ShipmentIdentifier": true,
}

// isMachineMade is the same for attributes: ids, dates, numbers of lines and versions.
func isMachineMade(key string) bool {
	switch key {
	case "timestamp", "id", "identifier", "version", "currency", "quantity", "creationDate", "expirationDate", "Id":
		return true
	}
	return strings.HasSuffix(key, "ID") || strings.HasSuffix(key, "Date")
}

// maskTree takes secrets and card numbers out of a tree, for good. Comments and processing
// instructions go altogether: they are not data, and anything may be hidden in them. It returns
// the fault of attributes that repeat, which etree was told to keep.
func maskTree(el *etree.Element) *Fault {
	el.Tag, el.Space = maskDigits(el.Tag), maskDigits(el.Space)
	for i := range el.Attr {
		a := &el.Attr[i]
		for _, earlier := range el.Attr[:i] {
			if earlier.Key == a.Key && earlier.Space == a.Space {
				return &Fault{Malformed, placeOf(el) + "/@" + a.Key, "The attribute is there twice."}
			}
		}
		maskAttribute(el, a)
	}
	switch whole := secrecyOf(el); whole {
	case secret, code:
		if len(el.Child) > 0 {
			el.Child = nil
			el.SetText(hidden)
		}
		return nil
	case card, free:
		if !machineMade[el.Tag] {
			maskText(el, whole == card)
		}
	}
	kept := el.Child[:0]
	for _, child := range el.Child {
		switch c := child.(type) {
		case *etree.Comment, *etree.ProcInst, *etree.Directive:
			continue
		case *etree.Element:
			if fault := maskTree(c); fault != nil {
				return fault
			}
		}
		kept = append(kept, child)
	}
	if len(kept) < len(el.Child) {
		// Removed one by one each removal would move all that follow.
		rest := append([]etree.Token(nil), kept...)
		el.Child = el.Child[:0]
		for _, child := range rest {
			el.AddChild(child)
		}
	}
	return nil
}

type secrecy int

const (
	free   secrecy = iota
	card           // all its digits but the last four
	code           // a card's security code: nothing of it
	secret         // nothing of it
)

// secrecyOf tells what an element says about itself, by its name or, as an Extrinsic, by the name
// it carries.
func secrecyOf(el *etree.Element) secrecy {
	switch el.Tag {
	case "CredentialMac":
		return secret
	case "Extrinsic":
		return secrecyOfName(attr(el, "name"))
	}
	if strings.HasPrefix(el.Tag, "SharedSecret") {
		return secret
	}
	return secrecyOfName(el.Tag)
}

func secrecyOfName(name string) secrecy {
	if len(name) < 3 {
		return free
	}
	var buffer [64]byte
	lower := buffer[:0]
	for i := 0; i < len(name) && len(lower) < len(buffer); i++ {
		switch c := name[i]; {
		case 'A' <= c && c <= 'Z':
			lower = append(lower, c+'a'-'A')
		case 'a' <= c && c <= 'z':
			lower = append(lower, c)
		}
	}
	switch string(lower) {
	case "cvv", "cvc", "cvn":
		return code
	case "pan", "pcard", "creditcard", "purchasingcard", "procurementcard":
		return card
	case "password", "sharedsecret":
		return secret
	}
	switch {
	case bytes.Contains(lower, []byte("cvv")), bytes.Contains(lower, []byte("cvc")),
		bytes.Contains(lower, []byte("securitycode")), bytes.Contains(lower, []byte("cardverification")):
		return code
	case bytes.Contains(lower, []byte("cardnumber")), bytes.Contains(lower, []byte("cardno")):
		return card
	}
	return free
}

func maskAttribute(el *etree.Element, a *etree.Attr) {
	a.Key, a.Space = maskDigits(a.Key), maskDigits(a.Space)
	switch {
	case a.Key == "number" && (el.Tag == "PCard" || el.Tag == "PaymentToken"):
		a.Value = maskAllDigits(a.Value)
		return
	case a.Key == "token" && el.Tag == "PaymentToken":
		a.Value = hidden
		return
	case a.Key == "identifier" && secrecyOfName(attr(el, "domain")) != free:
		a.Value = maskAllDigits(a.Value)
		return
	}
	switch secrecyOfName(a.Key) {
	case secret, code:
		a.Value = hidden
	case card:
		a.Value = maskAllDigits(a.Value)
	default:
		if !isMachineMade(a.Key) {
			a.Value = maskDigits(a.Value)
		}
	}
}

// maskText masks the text of one element. Its pieces are joined first, so that a number that a
// comment or a tag cuts in two is found; the mask has the length of what it hides, so that the
// pieces can be cut again.
func maskText(el *etree.Element, all bool) {
	var only *etree.CharData
	var pieces []*etree.CharData
	digits := 0
	for _, child := range el.Child {
		if data, ok := child.(*etree.CharData); ok {
			digits += countDigits(data.Data)
			if only == nil {
				only = data
			} else {
				pieces = append(pieces, data)
			}
		}
	}
	if only == nil || digits < shortestCard && !all {
		return
	}
	mask := maskDigits
	if all {
		mask = maskAllDigits
	}
	if len(pieces) == 0 {
		if masked := mask(only.Data); masked != only.Data {
			only.SetData(masked)
		}
		return
	}
	pieces = append([]*etree.CharData{only}, pieces...)
	var joined strings.Builder
	for _, piece := range pieces {
		joined.WriteString(piece.Data)
	}
	masked := mask(joined.String())
	for _, piece := range pieces {
		length := len(piece.Data)
		piece.SetData(masked[:length])
		masked = masked[length:]
	}
}

// MaskText masks what looks like a secret or a card number in a body that could not be parsed,
// so that something of it can be kept. It hides too much rather than too little, and what it
// returns is not meant to be parsed.
func MaskText(body []byte) []byte {
	if text, fault := decode(body, ""); fault == nil {
		body = text
	}
	masked := []byte(maskDigits(string(body)))
	lower := make([]byte, len(masked))
	for i, c := range masked {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	for _, name := range []string{"sharedsecret", "credentialmac", "password", "cvv"} {
		for at := 0; ; {
			found := bytes.Index(lower[at:], []byte(name))
			if found < 0 {
				break
			}
			// Up to the closing tag of that name; without one, to the end of the body.
			from, to := at+found+len(name), len(masked)
			if next := bytes.Index(lower[from:], []byte(name)); next >= 0 {
				to = from + next
			}
			for i := from; i < to; i++ {
				if c := masked[i]; c != '<' && c != '>' && c != '/' && c != '\n' {
					masked[i], lower[i] = maskByte, maskByte
				}
			}
			at = min(to+len(name), len(masked))
		}
	}
	return masked
}
