package oci

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kontorhq/kontor/money"
)

// Rules are what a buyer's system takes beyond the texts, or less than they say.
type Rules struct {
	// Lengths of fields by name, where they differ: {"CUST_FIELD5": 255}, {"MATNR": 18}.
	Lengths map[string]int
}

// Write is the cart as the fields of the form, items numbered from 1 without gaps in their order.
// A description that is longer than its field is cut between characters, and stands in full in
// the long text. Everything else that doesn't fit is a fault with its field; then nothing is
// written. No item is a cart too: the buyer comes home with nothing.
func (c Cart) Write(rules Rules) ([]Field, error) {
	var fields []Field
	var faults Faults
	for i, item := range c.Items {
		fields = append(fields, item.write(i+1, len(c.Items), rules, &faults)...)
		if first := c.Items[0].Currency; item.Currency != "" && first != "" && item.Currency != first {
			faults.add(nameOf("CURRENCY", i+1), "the cart has "+first+" and "+item.Currency+", a cart has one currency")
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return fields, nil
}

func (i Item) write(index, items int, rules Rules, faults *Faults) []Field {
	length := func(field string, usual int) int {
		if n, set := rules.Lengths[field]; set {
			return n
		}
		return usual
	}
	i.shortenDescription(length("DESCRIPTION", 40))
	i.check(index, items, faults)
	var fields []Field
	put := func(field, value string, most int) {
		if value == "" {
			return
		}
		if most > 0 && utf8.RuneCountInString(value) > most {
			faults.add(nameOf(field, index), "is longer than "+strconv.Itoa(most)+" characters")
		}
		fields = append(fields, Field{nameOf(field, index), value})
	}
	for _, f := range itemFields {
		put(f.name, f.get(&i), length(f.name, f.length))
	}
	for _, f := range i.Other {
		if !ownName.MatchString(f.Name) || Known(f.Name) {
			faults.add(nameOf(f.Name, index), "is not the name of a field beyond the interface's own: capital letters, digits and _")
			continue
		}
		put(f.Name, line(f.Value), length(f.Name, 0))
	}
	return fields
}

// ownName is what a field that the interface doesn't know may be called.
var ownName = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,39}$`)

// IsName tells whether a field may be called so in the strict form.
func IsName(field string) bool { return ownName.MatchString(field) }

// shortenDescription cuts at a character's end; the whole stands in the long text then.
func (i *Item) shortenDescription(most int) {
	whole := line(i.Description)
	letters := []rune(whole)
	if len(letters) <= most {
		return
	}
	switch {
	case i.LongText == "":
		i.LongText = whole
	case !strings.HasPrefix(i.LongText, whole):
		i.LongText = whole + "\n" + i.LongText
	}
	i.Description = strings.TrimSpace(string(letters[:most]))
}

// check finds what the texts require of an item (OCI reference 4).
func (i *Item) check(index, items int, faults *Faults) {
	fault := func(field, message string) { faults.add(nameOf(field, index), message) }
	if line(i.Description) == "" && line(i.MatNr) == "" {
		fault("DESCRIPTION", "is missing, and so is MATNR")
	}
	if i.Quantity.Sign() <= 0 {
		fault("QUANTITY", "must be more than 0")
	} else if misfit := misfit(i.Quantity); misfit != "" {
		fault("QUANTITY", misfit)
	}
	if line(i.Unit) == "" && line(i.MatNr) == "" {
		fault("UNIT", "is missing")
	}
	if i.Price != nil && !fits(*i.Price) {
		message := misfit(*i.Price)
		if price, per, ok := PriceOf(*i.Price); ok && i.PriceUnit <= 1 {
			n := strconv.FormatInt(per, 10)
			message += "; it goes as " + price.Plain() + " with PRICEUNIT " + n
		}
		fault("PRICE", message)
	}
	if i.Price != nil && i.Currency == "" {
		fault("CURRENCY", "is missing beside a price")
	}
	if i.PriceUnit < 0 || i.PriceUnit > 99_999 {
		fault("PRICEUNIT", "must be a whole number of at most 5 digits")
	}
	if i.LeadTime != nil && (*i.LeadTime < 0 || *i.LeadTime > 99_999) {
		fault("LEADTIME", "must be a whole number of days of at most 5 digits")
	}
	for _, pair := range []struct {
		field, value, needs, other string
	}{
		{"CONTRACT_ITEM", i.ContractItem, "CONTRACT", i.Contract},
		{"EXT_QUOTE_ITEM", i.ExtQuoteItem, "EXT_QUOTE_ID", i.ExtQuoteID},
		{"EXT_CATEGORY_ID", i.ExtCategoryID, "EXT_SCHEMA_TYPE", i.ExtSchemaType},
		{"EXT_CATEGORY", i.ExtCategory, "EXT_SCHEMA_TYPE", i.ExtSchemaType},
		{"ATTACHMENT_TITLE", i.AttachmentTitle, "ATTACHMENT", i.Attachment},
		{"ATTACHMENT_PURPOSE", i.AttachmentPurpose, "ATTACHMENT", i.Attachment},
	} {
		if pair.value != "" && pair.other == "" {
			fault(pair.field, "needs "+pair.needs)
		}
	}
	if i.AttachmentPurpose != "" && i.AttachmentPurpose != "C" {
		fault("ATTACHMENT_PURPOSE", "must be C, for a configuration, or empty")
	}
	if i.ItemType != "" && i.ItemType != "R" && i.ItemType != "O" && i.ItemType != "F" {
		fault("ITEM_TYPE", "must be R, O or F")
	}
	if parent, err := strconv.Atoi(i.ParentID); i.ParentID != "" && (err != nil || parent < 1 || parent > items || parent == index) {
		fault("PARENT_ID", i.ParentID+" is no other item of this cart")
	}
}

// misfit says why a number can't stand in PRICE or QUANTITY; "" where it can.
func misfit(d money.Decimal) string {
	switch {
	case d.Sign() < 0:
		return d.Plain() + " is negative"
	case d.Scale() > decimals:
		return d.Plain() + " has more than " + strconv.Itoa(decimals) + " digits behind the point"
	case !fits(d):
		return d.Plain() + " has more than " + strconv.Itoa(digits) + " digits before the point"
	}
	return ""
}

// line is text for a field of one line: no control characters, no blanks around it.
func line(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return -1
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return ' '
		}
		return r
	}, text))
}

// paragraphs is text with CR LF between paragraphs and no other control characters.
func paragraphs(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	var kept []string
	for part := range strings.SplitSeq(text, "\n") {
		if part = line(part); part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "\r\n")
}
