package assets

import (
	"fmt"
	"html/template"
	"regexp"
	"strconv"
	"strings"
)

// family is one kind of product and how it is drawn. The telling view sits in a box of 80 × 60;
// plate, where set, draws its own 160 × 100 with real dimensions.
type family struct {
	words string // a product whose name matches is of this family
	tell  func(m measures) string
	plate func(m measures) string
	// left and right are where the dimension line under the telling view begins and ends; equal
	// means that this family has none.
	left, right float64
}

// measures are read from the product's name; zero is unknown.
type measures struct {
	thread, length float64
	caption        string
}

// Drawing is the plate of a product: a plain shop drawing made from its name, with a dimension
// where the name has one. The same input gives the same picture. Unknown kinds are a plain box. It
// is hidden from screen readers, because the name stands beside it.
func Drawing(sku, name string) template.HTML {
	found, m := kind(sku, name), measure(name)
	var body string
	if found.plate != nil && m.thread > 0 {
		body = found.plate(m)
	} else {
		down := "8"
		if m.caption == "" {
			down = "17" // nothing stands beneath it: the middle of the plate
		}
		body = `<g transform="translate(36 ` + down + `) scale(1.1)">` + found.tell(m) + `</g>`
		if m.caption != "" && found.left < found.right {
			body += dimension(36+1.1*found.left, 36+1.1*found.right, 76, 84, m.caption)
		} else if m.caption != "" {
			body += text(80, 92, m.caption)
		}
	}
	return template.HTML(`<svg class="dwg" viewBox="0 0 160 100" aria-hidden="true" focusable="false">` + body + `</svg>`)
}

// Thumb is the telling view only, 4:3, without text, for lists.
func Thumb(sku, name string) template.HTML {
	return template.HTML(`<svg class="dwg dwg--thumb" viewBox="0 0 80 60" aria-hidden="true" focusable="false">` +
		kind(sku, name).tell(measure(name)) + `</svg>`)
}

// kind finds the family: the most telling word of the name first, then the first three letters of
// the SKU (a category's sign), then the box.
func kind(sku, name string) family {
	lower := strings.ToLower(name)
	for _, f := range families {
		for _, word := range strings.Split(f.words, "|") {
			if strings.Contains(lower, word) {
				return f
			}
		}
	}
	prefix, _, _ := strings.Cut(strings.ToUpper(sku), "-")
	if word, ok := prefixes[prefix]; ok && name != word {
		return kind("", word)
	}
	return family{tell: func(measures) string { return drawBox }}
}

// prefixes are the families that stand for a whole category of the demo's catalogue.
var prefixes = map[string]string{
	"FAS": "hex bolt", "PPE": "hard hat", "CLN": "cleaner", "PKG": "carton", "ELE": "cable", "TOL": "screwdriver",
}

var (
	threadPattern  = regexp.MustCompile(`\bM(\d+)(?:\s*×\s*(\d+))?`)
	screwPattern   = regexp.MustCompile(`(\d+(?:\.\d+)?)\s*×\s*(\d+)`)
	captionPattern = regexp.MustCompile(`\d[\d.,–]*(?:\s*(?:mm|m))?(?:\s*×\s*\d[\d.,]*(?:\s*(?:mm|m))?)*\s*(?:mm|ml|m|l|g|Nm|pieces|persons)\b|\bsize \w+|\b(?:AA|B16|P80|category 6)\b|\btub of \d+`)
)

// measure reads thread, length and a caption from a name such as "Hex bolt M8 × 40".
func measure(name string) measures {
	var m measures
	if found := threadPattern.FindStringSubmatch(name); found != nil {
		m.thread, _ = strconv.ParseFloat(found[1], 64)
		m.length, _ = strconv.ParseFloat(found[2], 64) // without a length it stays 0
		m.caption = found[0]
	} else if found := screwPattern.FindStringSubmatch(name); found != nil {
		m.thread, _ = strconv.ParseFloat(found[1], 64)
		m.length, _ = strconv.ParseFloat(found[2], 64)
	}
	if found := captionPattern.FindString(name); found != "" && m.caption == "" {
		m.caption = found
	}
	// A name may claim anything; a drawing that leaves its plate helps nobody.
	m.thread, m.length = min(m.thread, 24), min(m.length, 200)
	return m
}

func text(x, y float64, s string) string {
	return fmt.Sprintf(`<text x="%.1f" y="%.1f">%s</text>`, x, y, template.HTMLEscapeString(s))
}

// dimension is a measured length from x1 to x2: two witness lines from top to y, arrows and text.
func dimension(x1, x2, top, y float64, s string) string {
	return fmt.Sprintf(`<path class="d-m" d="M%.1f %.1fV%.1fM%.1f %.1fV%.1fM%.1f %.1fH%.1fM%.1f %.1fl-3.5 -1.4M%.1f %.1fl-3.5 1.4M%.1f %.1fl3.5 -1.4M%.1f %.1fl3.5 1.4"/>`,
		x1, top, y+2, x2, top, y+2, x1, y, x2, x2, y, x2, y, x1, y, x1, y) + text((x1+x2)/2, y+9, s)
}

// centre is a dash-dot centre line.
func centre(x1, y1, x2, y2 float64) string {
	return fmt.Sprintf(`<path class="d-c" d="M%.1f %.1fL%.1f %.1f"/>`, x1, y1, x2, y2)
}

// number writes a measure as a person does: 40, not 40.0.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
