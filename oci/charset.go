package oci

import (
	"strings"
	"unicode"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/unicode/norm"
)

// Charset is the character set that a return page is written in.
type Charset struct {
	// Name is what the page says in its header and its meta tag.
	Name     string
	encoding encoding.Encoding
}

// UTF8 is the character set that has every character.
var UTF8 = Charset{Name: "utf-8"}

// CharsetOf finds a character set by the name that a buyer's system gave. ok is false for a name
// that is not known, or one in which a page can't be written; it is UTF-8 then, as without a name.
// Latin-1 stays under its own name although browsers read windows-1252 for it: the buyer's system
// may not, so that only what both have is written.
func CharsetOf(name string) (c Charset, ok bool) {
	label := strings.ToLower(strings.TrimSpace(name))
	if label == "" {
		return UTF8, true
	}
	// Not html/charset, whose encoders write what is lacking as "&#9731;".
	found, err := htmlindex.Get(label)
	if err != nil {
		return UTF8, false
	}
	canonical, err := htmlindex.Name(found)
	if err != nil {
		return UTF8, false
	}
	switch canonical {
	case "replacement", "x-user-defined", "utf-16le", "utf-16be", "iso-2022-jp":
		return UTF8, false
	case "utf-8":
		return UTF8, true
	case "windows-1252":
		if strings.Contains(label, "8859-1") || strings.Contains(label, "8859_1") || strings.Contains(label, "latin1") || strings.HasPrefix(label, "l1") {
			return Charset{Name: "iso-8859-1", encoding: found}, true
		}
	}
	return Charset{Name: canonical, encoding: found}, true
}

// whole tells whether every character can be written.
func (c Charset) whole() bool { return c.encoding == nil }

// has tells whether the character set has a character.
func (c Charset) has(r rune) bool {
	if c.whole() {
		return true
	}
	if c.Name == "iso-8859-1" {
		return r <= 0x7F || r >= 0xA0 && r <= 0xFF
	}
	written, err := c.encoding.NewEncoder().String(string(r))
	if err != nil {
		return false
	}
	// Some are written as another: Shift_JIS has no yen sign beside the backslash.
	read, err := c.encoding.NewDecoder().String(written)
	return err == nil && read == string(r)
}

// Fit replaces the characters that the character set lacks by what comes nearest, else by "?". A
// browser would send them as "&#9731;", which would then stand in the buyer's order.
func (c Charset) Fit(text string) string {
	if c.whole() || ascii(text) {
		return text
	}
	var b strings.Builder
	for _, r := range norm.NFC.String(text) {
		if c.has(r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(c.nearest(r))
	}
	return b.String()
}

func (c Charset) nearest(r rune) string {
	if written, found := written[r]; found {
		return written
	}
	var base strings.Builder
	for _, part := range norm.NFKD.String(string(r)) {
		switch {
		case unicode.Is(unicode.Mn, part):
		case c.has(part):
			base.WriteRune(part)
		default:
			base.WriteString(written[part])
		}
	}
	if base.Len() > 0 {
		return base.String()
	}
	return "?"
}

// written are characters that no decomposition leads to.
var written = map[rune]string{
	'€': "EUR", '–': "-", '—': "-", '‐': "-", '‑': "-", '−': "-", '‘': "'", '’': "'", '‚': "'", '“': `"`, '”': `"`, '„': `"`,
	'‹': "<", '›': ">", '…': "...", '•': "*", '×': "x", 'Ø': "O", 'ø': "o", 'ß': "ss", 'æ': "ae", 'Æ': "AE", 'œ': "oe", 'Œ': "OE",
	'ł': "l", 'Ł': "L", 'đ': "d", 'Đ': "D", 'ı': "i", '⌀': "Ø", '≤': "<=", '≥': ">=", '≈': "~", 'µ': "u", 'μ': "u", '°': " deg", '⁄': "/",
	'\u2002': " ", '\u2003': " ", '\u2009': " ", '\u200A': " ", '\u202F': " ", '\u00A0': " ", '\u200B': "", '\uFEFF': "",
}

// Bytes is a page in the character set. Values of fields must have been fitted before they were
// written into it: what is lacking here, in words for people, becomes a reference such as
// "&#9731;". Fitting a whole page instead would make quotation marks of its own of others.
func (c Charset) Bytes(page string) ([]byte, error) {
	if c.whole() {
		return []byte(page), nil
	}
	return encoding.HTMLEscapeUnsupported(c.encoding.NewEncoder()).Bytes([]byte(page))
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] > 0x7E {
			return false
		}
	}
	return true
}
