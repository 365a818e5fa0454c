package cxml

import (
	"bytes"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/kontorhq/kontor/money"
)

// elements ranges over the child elements, whatever stands between them.
func elements(el *etree.Element) iter.Seq[*etree.Element] {
	return func(yield func(*etree.Element) bool) {
		for _, child := range el.Child {
			if c, ok := child.(*etree.Element); ok && !yield(c) {
				return
			}
		}
	}
}

// attr is an attribute by its local name, trimmed; "" where there is none.
func attr(el *etree.Element, key string) string {
	for i := range el.Attr {
		if el.Attr[i].Key == key && el.Attr[i].Space != "xmlns" {
			return trim(el.Attr[i].Value)
		}
	}
	return ""
}

// trim takes the blanks off that pretty printers put round values, and the no-break space that
// comes from copied text.
func trim(s string) string { return strings.Trim(s, " \t\r\n\u00a0") }

// rawText is all the text directly in an element.
func rawText(el *etree.Element) string {
	first := ""
	var joined []byte
	for _, child := range el.Child {
		data, ok := child.(*etree.CharData)
		switch {
		case !ok:
		case joined != nil:
			joined = append(joined, data.Data...)
		case first == "":
			first = data.Data
		default:
			joined = append([]byte(first), data.Data...)
		}
	}
	if joined != nil {
		return string(joined)
	}
	return first
}

// text is rawText, trimmed.
func text(el *etree.Element) string { return trim(rawText(el)) }

// inner is the trimmed text of an element's first child of that name: URL in BrowserFormPost.
// Where there is no such child, it is the element's own text, as some senders leave it out.
func inner(el *etree.Element, tag string) string {
	for child := range elements(el) {
		if child.Tag == tag {
			return text(child)
		}
	}
	return text(el)
}

// has tells whether an element has a child of that name.
func has(el *etree.Element, tag string) bool {
	for child := range elements(el) {
		if child.Tag == tag {
			return true
		}
	}
	return false
}

// langText reads a text with a language.
func langText(el *etree.Element) Text { return Text{Lang: attr(el, "lang"), Text: text(el)} }

// dateTime reads an instant; see DateTime for what can't be read.
func dateTime(s string) DateTime {
	d := DateTime{Text: s}
	if s == "" {
		return d
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout.layout, s); err == nil {
			d.Time, d.Zoned = t, layout.zoned
			return d
		}
	}
	return d
}

// dateLayouts are the forms met, the most frequent first. time.Parse takes fractions of a second
// with each of them.
var dateLayouts = []struct {
	layout string
	zoned  bool
}{
	{time.RFC3339, true},
	{time.DateOnly, false},
	{"2006-01-02T15:04:05Z0700", true},
	{"2006-01-02T15:04:05", false},
	{"2006-01-02 15:04:05", false},
	{"2006-01-02T15:04Z07:00", true},
	{"2006-01-02T15:04", false},
	{"2006-01-02Z07:00", true},
	{"2006-01-02 15:04:05 -0700", true},
	{"Mon Jan 2 15:04:05 -0700 2006", true},
	{time.RFC1123Z, true},
	{time.RFC1123, true},
}

// mapper collects the faults while a payload is mapped.
type mapper struct {
	faults   Faults
	currency string         // of the whole document, once the first Money was read
	first    *etree.Element // where that was
	mixed    bool           // more currencies than one are allowed (all but orders)
}

// mostFaults is as many as anybody reads.
const mostFaults = 100

func (m *mapper) fault(el *etree.Element, suffix, message string) {
	if len(m.faults) < mostFaults {
		m.faults = append(m.faults, &Fault{Invalid, placeOf(el) + suffix, message})
	}
}

func (m *mapper) err() error {
	if len(m.faults) == 0 {
		return nil
	}
	return m.faults
}

// placeOf names an element for people: from the payload down, with a number where there are
// several of the name. It is worked out only when there is a fault to tell.
func placeOf(el *etree.Element) string {
	place := ""
	for ; el != nil && el.Tag != "" && el.Tag != "cXML"; el = el.Parent() {
		step := el.Tag
		if parent := el.Parent(); parent != nil {
			number, count := 0, 0
			for sibling := range elements(parent) {
				if sibling.Tag == el.Tag {
					count++
					if sibling == el {
						number = count
					}
				}
			}
			if count > 1 || el.Tag == "ItemOut" || el.Tag == "ItemIn" || el.Tag == "ConfirmationItem" {
				step += "[" + strconv.Itoa(number) + "]"
			}
		}
		if place == "" {
			place = step
		} else {
			place = step + "/" + place
		}
		if parent := el.Parent(); parent != nil && (parent.Tag == "Request" || parent.Tag == "Message") {
			break
		}
	}
	if place == "" {
		return "cXML"
	}
	return place
}

// quote shows a wrong value to its sender, cut to what helps and never a card number.
func quote(s string) string {
	const longest = 40
	s = maskDigits(s)
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return strconv.Quote(s)
}

// decimal reads a plain decimal; place is "" for the element's text or "/@name".
func (m *mapper) decimal(el *etree.Element, place, value string) (money.Decimal, bool) {
	d, err := money.ParseDecimal(value)
	if err != nil {
		m.fault(el, place, quote(value)+" is not a plain decimal number: digits, with a point before the decimals and no other separator, at most 19 of them.")
		return money.Decimal{}, false
	}
	return d, true
}

// quantity reads a decimal that must be there and not be negative.
func (m *mapper) quantity(el *etree.Element, key string) money.Decimal {
	value := attr(el, key)
	if value == "" {
		m.fault(el, "/@"+key, "The quantity is missing.")
		return money.Decimal{}
	}
	d, _ := m.decimal(el, "/@"+key, value)
	if d.Sign() < 0 {
		m.fault(el, "/@"+key, "The quantity "+quote(value)+" is negative.")
	}
	return d
}

// optional reads an attribute that is a decimal, nil where it is absent or empty.
func (m *mapper) optional(el *etree.Element, key string) *money.Decimal {
	value := attr(el, key)
	if value == "" {
		return nil
	}
	if d, ok := m.decimal(el, "/@"+key, strings.TrimSuffix(value, "%")); ok {
		return &d
	}
	return nil
}

// whole reads an attribute that is a whole number, 0 where it is absent or empty.
func (m *mapper) whole(el *etree.Element, key string) int {
	value := attr(el, key)
	if value == "" {
		return 0
	}
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		m.fault(el, "/@"+key, quote(value)+" is not a whole number.")
		return 0
	}
	return int(n)
}

// oneOf reads an attribute of a closed list, without regard to case; fallback where it is empty.
func (m *mapper) oneOf(el *etree.Element, key, fallback string, allowed ...string) string {
	value := attr(el, key)
	if value == "" && fallback != "" {
		return fallback
	}
	for _, one := range allowed {
		if strings.EqualFold(one, value) {
			return one
		}
	}
	m.fault(el, "/@"+key, quote(value)+" is none of "+strings.Join(allowed, ", ")+".")
	return value
}

func yes(el *etree.Element, key string) bool { return strings.EqualFold(attr(el, key), "yes") }

// money reads the Money in el, or el itself if it is one. Empty is absent.
func (m *mapper) money(el *etree.Element) Money {
	if el.Tag != "Money" {
		for child := range elements(el) {
			if child.Tag == "Money" {
				return m.money(child)
			}
		}
		return Money{}
	}
	value := text(el)
	if value == "" {
		return Money{}
	}
	d, ok := m.decimal(el, "", value)
	if !ok {
		return Money{}
	}
	currency := strings.ToUpper(attr(el, "currency"))
	if _, known := money.Exponent(currency); !known {
		m.fault(el, "/@currency", quote(currency)+" is not the code of a currency.")
		return Money{}
	}
	switch {
	case m.currency == "":
		m.currency, m.first = currency, el
	case m.currency != currency && !m.mixed:
		m.fault(el, "/@currency", "An order has one currency: this is "+currency+", but "+placeOf(m.first)+" is "+m.currency+".")
	}
	return Money{Value: d, Currency: currency, Present: true}
}

// extrinsic reads a name and whatever is inside.
func extrinsic(el *etree.Element) Extrinsic {
	e := Extrinsic{Name: attr(el, "name")}
	for range elements(el) {
		var all strings.Builder
		allText(&all, el)
		e.Text = maskDigits(strings.Join(strings.Fields(all.String()), " "))
		var xml bytes.Buffer
		settings := etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true}
		for _, child := range el.Child {
			child.WriteTo(&xml, &settings)
		}
		e.XML = trim(xml.String())
		return e
	}
	e.Text = text(el)
	return e
}

func allText(w *strings.Builder, el *etree.Element) {
	for _, child := range el.Child {
		switch c := child.(type) {
		case *etree.CharData:
			w.WriteString(c.Data)
		case *etree.Element:
			w.WriteByte(' ')
			allText(w, c)
			w.WriteByte(' ')
		}
	}
}
