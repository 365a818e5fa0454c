package assets

import (
	"regexp"
	"slices"
	"strings"
)

// Fields formats a form for the code pane. It is kept as "NAME = value", a field a line, further
// lines of a value indented. Values stand below each other, and an empty line parts the items. The
// fields with the tied names are marked.
func Fields(form string, tied ...string) []CodeLine {
	width := widestName(form)
	var lines []CodeLine
	item, mark := "", false
	for text := range strings.Lines(form) {
		if len(lines) >= mostCodeLines {
			return append(lines, CodeLine{Spans: []CodeSpan{{"t-at", "The rest is in the raw view."}}})
		}
		name, value, found := fieldOf(text)
		if !found {
			lines = append(lines, CodeLine{Tied: mark, Spans: []CodeSpan{{"", strings.Repeat(" ", width+len(" = "))}, {"t-val", value}}})
			continue
		}
		if next := itemOf(name); next != item {
			if item = next; len(lines) > 0 {
				lines = append(lines, CodeLine{})
			}
		}
		class := "t-val"
		if value == "…" || value != "" && tone(value) != "" {
			class, value = "t-masked", "masked"
		}
		mark = slices.Contains(tied, name)
		lines = append(lines, CodeLine{Tied: mark, Spans: []CodeSpan{{"t-el", name}, {"", strings.Repeat(" ", max(width-len(name), 0)) + " = "}, {class, value}}})
	}
	return lines
}

// fieldOf splits a line; one that goes on with a value has no name.
func fieldOf(line string) (name, value string, found bool) {
	line = strings.TrimRight(line, "\r\n")
	name, value, found = strings.Cut(line, " =")
	if !found || strings.HasPrefix(line, " ") {
		return "", strings.TrimPrefix(line, "    "), false
	}
	return name, strings.TrimPrefix(value, " "), true
}

// widestName is where the values stand; one name that is very long moves no other's value.
func widestName(form string) int {
	const widest = 32
	width := 0
	for line := range strings.Lines(form) {
		if name, _, _ := fieldOf(line); len(name) <= widest {
			width = max(width, len(name))
		}
	}
	return width
}

var numberOfItem = regexp.MustCompile(`(?:\[|LONGTEXT_)(\d+)(?:\]|:132\[\])$`)

// itemOf is the item that a field belongs to: 2 of NEW_ITEM-PRICE[2], NEW_ITEM-LONGTEXT_2:132[].
func itemOf(name string) string {
	if found := numberOfItem.FindStringSubmatch(name); found != nil {
		return found[1]
	}
	return ""
}
