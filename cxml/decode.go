package cxml

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// The character set lies between what Unpack gives and plain XML text in UTF-8.

// decode turns a body into UTF-8 without a BOM. What decides is, in this order, the BOM, the XML
// declaration, the HTTP header, UTF-8 (cXML reference 3.1).
//
// One declaration is not believed: Latin-1 or Latin-9 over bytes that are UTF-8 throughout. Some
// senders write the declaration by hand and the text by a library (10.20). Read as declared every
// umlaut would become two signs; text that really is Latin-1 is never UTF-8 throughout, unless
// all its letters beyond ASCII stand in pairs like "\u00c3\u00bc", which is no language.
func decode(body []byte, contentType string) ([]byte, *Fault) {
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return body[3:], nil
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		return fromUTF16(body[2:], false)
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		return fromUTF16(body[2:], true)
	case bytes.HasPrefix(body, []byte("<\x00")):
		return fromUTF16(body, false)
	case bytes.HasPrefix(body, []byte("\x00<")):
		return fromUTF16(body, true)
	}
	label := declaredEncoding(body)
	if label == "" {
		if _, parameters, err := mime.ParseMediaType(contentType); err == nil {
			label = parameters["charset"]
		}
	}
	if label == "" {
		return body, nil
	}
	label = strings.Trim(label, `'"`)
	encoding, name := charset.Lookup(label)
	if name == "" { // Java knows its own ISO8859_15
		encoding, name = charset.Lookup(strings.ReplaceAll(label, "_", "-"))
	}
	switch name {
	case "utf-8":
		return body, nil
	case "utf-16le", "utf-16be":
		// The declaration could be read byte by byte, so this is no UTF-16: some libraries write
		// the name of the string they had in memory.
		return body, nil
	case "windows-1252", "iso-8859-15": // the first is also what Latin-1 and US-ASCII are read as
		if utf8.Valid(body) {
			return body, nil
		}
	case "", "replacement", "x-user-defined":
		return nil, &Fault{Malformed, "", "The character set " + quote(label) + " is not known. Send UTF-8."}
	}
	text, err := encoding.NewDecoder().Bytes(body)
	if err != nil {
		return nil, &Fault{Malformed, "", "The document is not in the character set " + quote(label) + " that it declares."}
	}
	return text, nil
}

// declaredEncoding is the encoding of the XML declaration, "" without one. It is looked for in
// the bytes as they are, which is right for every character set that contains ASCII.
func declaredEncoding(body []byte) string {
	declaration := bytes.TrimLeft(body[:min(len(body), 256)], " \t\r\n")
	if !bytes.HasPrefix(declaration, []byte("<?xml")) {
		return ""
	}
	end := bytes.Index(declaration, []byte("?>"))
	if end < 0 {
		return ""
	}
	_, after, found := bytes.Cut(declaration[:end], []byte("encoding"))
	after = bytes.TrimLeft(after, " \t\r\n=")
	if !found || len(after) == 0 {
		return ""
	}
	value, _, found := bytes.Cut(after[1:], after[:1])
	if !found {
		return ""
	}
	return string(bytes.TrimSpace(value))
}

// fromUTF16 is written out because etree and encoding/xml can't read UTF-16 at all.
func fromUTF16(body []byte, bigEndian bool) ([]byte, *Fault) {
	if len(body)%2 != 0 {
		return nil, &Fault{Malformed, "", "The document breaks off in the middle of a UTF-16 character."}
	}
	units := make([]uint16, len(body)/2)
	for i := range units {
		low, high := body[2*i], body[2*i+1]
		if bigEndian {
			low, high = high, low
		}
		units[i] = uint16(low) | uint16(high)<<8
	}
	return []byte(string(utf16.Decode(units))), nil
}
