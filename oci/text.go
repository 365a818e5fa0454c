package oci

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// PlainText is what a shop's description says without HTML, since the long text is plain (OCI
// reference 4): tags go, what they set apart becomes paragraphs, entities become characters. A text
// without HTML stays as it is: "5 < 6", "<5>" and "R&D" are none.
func PlainText(text string) string {
	if !strings.ContainsAny(text, "<&") {
		return text
	}
	if !hasTags(text) {
		return entity.ReplaceAllStringFunc(text, html.UnescapeString)
	}
	var b strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(text))
	unsaid := "" // the element whose text nobody reads
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return tidy(b.String())
		case html.TextToken:
			if unsaid == "" {
				b.WriteString(blanks.ReplaceAllString(string(tokens.Text()), " "))
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			switch token.DataAtom {
			case atom.Script, atom.Style:
				if unsaid = ""; token.Type == html.StartTagToken {
					unsaid = token.Data
				}
			case atom.Td, atom.Th:
				b.WriteByte(' ')
			case atom.B, atom.Strong, atom.I, atom.Em, atom.U, atom.Span, atom.A, atom.Sub, atom.Sup, atom.Small, atom.Font, atom.Code, atom.Mark:
			default:
				b.WriteByte('\n')
			}
		}
	}
}

var (
	tag    = regexp.MustCompile(`</?([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>`)
	entity = regexp.MustCompile(`&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);`)
	blanks = regexp.MustCompile(`\s+`)
)

// hasTags tells whether an element that HTML knows is in the text.
func hasTags(text string) bool {
	for _, m := range tag.FindAllStringSubmatch(text, -1) {
		if atom.Lookup([]byte(strings.ToLower(m[1]))) != 0 {
			return true
		}
	}
	return false
}

// tidy leaves one line for each paragraph, and one blank between its words.
func tidy(text string) string {
	var kept []string
	for part := range strings.SplitSeq(text, "\n") {
		if part = strings.Join(strings.Fields(part), " "); part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "\n")
}
