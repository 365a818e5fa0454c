package oci

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"

	"github.com/kontorhq/kontor/money"
)

// Limits are what is taken of a form or a start; more is a fault.
type Limits struct {
	Bytes  int // of query and body together
	Fields int
	Items  int
}

// DefaultLimits take a cart of 1,000 items with every field that the interface knows.
var DefaultLimits = Limits{Bytes: 10 << 20, Fields: 50_000, Items: 1000}

// ReadFields reads url-encoded fields in the order in which they stand. Where a name, compared
// without case and "~", is in both, the body wins. Text that is not UTF-8 is read in the
// character set that the fields themselves name (http_content_charset), else as windows-1252. A
// stray "%" stands for itself: some systems send their return address as it is. NUL, which no form
// of a browser has and PostgreSQL can't keep, is left out.
func ReadFields(query, body string, limits Limits) ([]Field, error) {
	if len(query)+len(body) > limits.Bytes {
		return nil, Faults{{"", "the request is larger than " + strconv.Itoa(limits.Bytes) + " bytes"}}
	}
	if strings.Count(query, "&")+strings.Count(body, "&")+2 > limits.Fields {
		return nil, Faults{{"", "there are more than " + strconv.Itoa(limits.Fields) + " fields"}}
	}
	ofBody := split(body)
	sent := make(map[string]bool, len(ofBody))
	for _, f := range ofBody {
		sent[plain(f.Name)] = true
	}
	var fields []Field
	for _, f := range split(query) {
		if !sent[plain(f.Name)] {
			fields = append(fields, f)
		}
	}
	return withoutNUL(inUTF8(append(fields, ofBody...))), nil
}

func withoutNUL(fields []Field) []Field {
	for i, f := range fields {
		fields[i] = Field{strings.ReplaceAll(f.Name, "\x00", ""), strings.ReplaceAll(f.Value, "\x00", "")}
	}
	return fields
}

func split(encoded string) []Field {
	var fields []Field
	for part := range strings.SplitSeq(encoded, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		fields = append(fields, Field{unescape(name), unescape(value)})
	}
	return fields
}

// unescape reads "+" and "%41"; what is no escape stays as it is.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0:
			b.WriteByte(byte(hex(s[i+1])<<4 | hex(s[i+2])))
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// inUTF8 brings fields into UTF-8. A form is in one character set: where all of it is UTF-8 it is
// that, whatever it says, since single words of Latin-1 can look like UTF-8 but not all of them.
func inUTF8(fields []Field) []Field {
	label, already := "", true
	for _, f := range fields {
		already = already && utf8.ValidString(f.Name) && utf8.ValidString(f.Value)
		if plain(f.Name) == "HTTP_CONTENT_CHARSET" {
			label = f.Value
		}
	}
	if already {
		return fields
	}
	encoding, name := charset.Lookup(label)
	// A form is ASCII with escapes: its escapes can't be of a set that ASCII is no part of.
	if encoding == nil || name == "utf-8" || name == "replacement" || strings.HasPrefix(name, "utf-16") {
		encoding, _ = charset.Lookup("windows-1252")
	}
	read := func(text string) string {
		decoded, err := encoding.NewDecoder().String(text)
		if err != nil {
			return strings.ToValidUTF8(text, "\uFFFD")
		}
		return decoded
	}
	for i, f := range fields {
		fields[i] = Field{read(f.Name), read(f.Value)}
	}
	return fields
}

// plain is a name as it is compared: without case, blanks and "~".
func plain(name string) string {
	return strings.ToUpper(strings.TrimPrefix(strings.TrimSpace(name), "~"))
}

// itemField is the name of an item's field, as shops have been seen to write it.
var (
	itemField = regexp.MustCompile(`^NEW_ITEM-([A-Z0-9_ -]+?)\s*\[\s*([0-9]{1,6})\s*\]$`)
	// LONGTEXT_1:132[], LONGTEXT_1:132[1], LONGTEXT_1:132, LONGTEXT_1[], LONGTEXT:132[1],
	// LONGTEXT[1], LONGTEXT_1, LONGTEXT.
	longText = regexp.MustCompile(`^NEW_ITEM-LONGTEXT(?:_([0-9]{1,6}))?(?:\s*:\s*[0-9]*)?(?:\[\s*([0-9]{0,6})\s*\])?$`)
)

// ReadCart reads the cart of a form. Fields that belong to no item are left alone: they are the
// buyer's own (~OkCode and the like). All faults are told, each with its field; the items that
// could be read are returned with them.
func ReadCart(fields []Field, limits Limits) (Cart, error) {
	if document, found := find(fields, "XMLDOCUMENT"); found {
		return readXML(document, limits)
	}
	var faults Faults
	items := map[int]*Item{}
	for _, f := range fields {
		name, index, ok := placeOf(f.Name)
		if !ok {
			continue
		}
		item := items[index]
		if item == nil {
			if len(items) == limits.Items {
				faults.add(f.Name, "there are more than "+strconv.Itoa(limits.Items)+" items")
				break
			}
			item = &Item{Index: index}
			items[index] = item
		}
		item.set(f, name, &faults)
	}
	cart := Cart{}
	for _, item := range items {
		cart.Items = append(cart.Items, *item)
	}
	slices.SortFunc(cart.Items, func(a, b Item) int { return cmp.Compare(a.Index, b.Index) })
	if len(faults) > 0 {
		return cart, faults
	}
	return cart, nil
}

func find(fields []Field, name string) (string, bool) {
	for _, f := range fields {
		if plain(f.Name) == name {
			return f.Value, true
		}
	}
	return "", false
}

// IndexOf is the number of the item that a field belongs to; 0 for none.
func IndexOf(field string) int {
	_, index, _ := placeOf(field)
	return index
}

// placeOf splits a field's name into the field and the item's number.
func placeOf(name string) (field string, index int, ok bool) {
	upper := strings.ToUpper(strings.TrimSpace(name))
	if m := longText.FindStringSubmatch(upper); m != nil {
		index, err := strconv.Atoi(cmp.Or(m[1], m[2], "1"))
		return "LONGTEXT", index, err == nil
	}
	m := itemField.FindStringSubmatch(upper)
	if m == nil {
		return "", 0, false
	}
	index, err := strconv.Atoi(m[2])
	return m[1], index, err == nil // some shops count from 0
}

// set puts one field into the item; empty values are absent.
func (i *Item) set(f Field, name string, faults *Faults) {
	if strings.TrimSpace(f.Value) == "" {
		return
	}
	if known, ok := fieldNamed(name); ok {
		known.set(i, f, faults)
		return
	}
	i.Other = append(i.Other, Field{name, f.Value})
}

// number reads a decimal as buyers' and shops' programs write it: blanks around it, zeros before
// it, a comma for the point. Both signs in one number could mean two things, so that is a fault.
func number(f Field, faults *Faults) money.Decimal {
	text := strings.TrimSpace(f.Value)
	if !strings.Contains(text, ".") && strings.Count(text, ",") == 1 {
		text = strings.Replace(text, ",", ".", 1)
	}
	d, err := money.ParseDecimal(text)
	if err != nil || d.Sign() < 0 {
		faults.add(f.Name, quote(f.Value)+" is not a number such as 12.500")
		return money.MustDecimal("0")
	}
	return d
}

// whole reads a whole number; "7.000" is one.
func whole(f Field, faults *Faults) int64 {
	before := len(*faults)
	d := number(f, faults)
	n, err := strconv.ParseInt(d.Plain(), 10, 64)
	if len(*faults) == before && (err != nil || n > 99_999_999) {
		faults.add(f.Name, quote(f.Value)+" is not a whole number such as 10")
		return 0
	}
	return n
}

// quote is a value in a sentence, cut so that a hostile one doesn't fill a log.
func quote(value string) string {
	const most = 60
	if len(value) > most {
		return strconv.Quote(strings.ToValidUTF8(value[:most], "")) + "…"
	}
	return strconv.Quote(value)
}
