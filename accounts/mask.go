package accounts

import (
	"encoding/json"
	"encoding/xml"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mask replaces what names a person, and nothing around it: documents stay readable, tags and keys
// as they are.
type Mask struct {
	email []spelling
	all   []spelling // with the e-mail's
	// TooShort are words that would be found everywhere, so nothing is looked for.
	TooShort []string
}

type spelling struct {
	pattern *regexp.Regexp
	instead string
}

const shortestWord = 3

// NewMask makes it for a buyer: its e-mail, login and name, and what else it is called. They give
// way to the buyer's id, which leads nowhere once its row is empty.
func NewMask(b Buyer, also ...string) *Mask {
	m := &Mask{}
	pseudonym := b.ID
	if pseudonym == "" {
		pseudonym = "erased"
	}
	seen := map[string]bool{}
	for _, word := range append([]string{b.Email, b.Login, b.Name}, also...) {
		word = strings.TrimSpace(word)
		if word == "" || seen[Fold(word)] {
			continue
		}
		seen[Fold(word)] = true
		if utf8.RuneCountInString(word) < shortestWord {
			m.TooShort = append(m.TooShort, word)
			continue
		}
		instead := pseudonym
		if strings.Contains(word, "@") {
			instead += "@erased.invalid" // RFC 2606: nobody gets mail there
		}
		for _, written := range []string{word, url.QueryEscape(word), url.PathEscape(word)} {
			// Blanks may be of any kind and number.
			pattern := regexp.MustCompile(`(?i)` + strings.ReplaceAll(regexp.QuoteMeta(strings.Join(strings.Fields(written), " ")), " ", `[\s\x{a0}]+`))
			s := spelling{pattern, instead}
			m.all = append(m.all, s)
			if strings.Contains(word, "@") {
				m.email = append(m.email, s)
			}
		}
	}
	return m
}

// Row masks the columns of one row. Names and logins may be somebody else's in another
// organisation: they count where the row belongs to the person's own, or names the e-mail too.
func (m *Mask) Row(values []string, own bool) (masked []string, found bool) {
	masked = make([]string, len(values))
	for i, value := range values {
		masked[i] = replace(value, m.email)
		found = found || masked[i] != value
	}
	if !own && !found {
		return masked, false
	}
	for i, value := range values {
		masked[i] = replace(value, m.all)
		found = found || masked[i] != value
	}
	return masked, found
}

// replace looks at what kind of text it is.
func replace(text string, spellings []spelling) string {
	start := strings.TrimLeft(text, "\ufeff \t\r\n")
	switch {
	case strings.HasPrefix(start, "<"):
		return replaceXML(text, spellings)
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["), strings.HasPrefix(start, `"`):
		if json.Valid([]byte(text)) {
			return replaceJSON(text, spellings)
		}
	}
	return replacePlain(text, spellings)
}

func replacePlain(text string, spellings []spelling) string {
	for _, s := range spellings {
		var b strings.Builder
		last := 0
		for _, at := range s.pattern.FindAllStringIndex(text, -1) {
			if partOfAnother(text, at[0], at[1]) {
				continue
			}
			b.WriteString(text[last:at[0]])
			b.WriteString(s.instead)
			last = at[1]
		}
		if last > 0 {
			b.WriteString(text[last:])
			text = b.String()
		}
	}
	return text
}

// joins are what words and addresses are put together with.
const joins = "._%+-@"

// partOfAnother tells whether a find is inside a longer word or address, which is somebody else's.
func partOfAnother(text string, from, to int) bool {
	wordy := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	before, n := utf8.DecodeLastRuneInString(text[:from])
	if n > 0 && strings.ContainsRune(joins, before) {
		before, _ = utf8.DecodeLastRuneInString(text[:from-n])
	}
	after, n := utf8.DecodeRuneInString(text[to:])
	if n > 0 && strings.ContainsRune(joins, after) {
		after, _ = utf8.DecodeRuneInString(text[to+n:])
	}
	return wordy(before) || wordy(after)
}

// replaceJSON changes the values of strings, and no keys.
func replaceJSON(text string, spellings []spelling) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] != '"' {
			b.WriteByte(text[i])
			i++
			continue
		}
		end := i + 1
		for ; text[end] != '"'; end++ { // it is valid JSON, so there is an end
			if text[end] == '\\' {
				end++
			}
		}
		end++
		quoted := text[i:end]
		var value string
		if rest := strings.TrimLeft(text[end:], " \t\r\n"); !strings.HasPrefix(rest, ":") && json.Unmarshal([]byte(quoted), &value) == nil {
			if masked := replace(value, spellings); masked != value {
				if written, err := json.Marshal(masked); err == nil {
					quoted = string(written)
				}
			}
		}
		b.WriteString(quoted)
		i = end
	}
	return b.String()
}

// replaceXML changes text, comments and the values of attributes. It reads what is broken or cut
// off as well, so it is no parser.
func replaceXML(text string, spellings []spelling) string {
	var b strings.Builder
	for text != "" {
		var piece string
		switch {
		case strings.HasPrefix(text, "<!--"):
			piece, text = upTo(text, "-->")
			piece = replacePlain(piece, spellings)
		case strings.HasPrefix(text, "<![CDATA["):
			piece, text = upTo(text, "]]>")
			piece = replacePlain(piece, spellings)
		case strings.HasPrefix(text, "<"):
			piece, text = tag(text)
			piece = attribute.ReplaceAllStringFunc(piece, func(quoted string) string {
				return quoted[:1] + replaceEscaped(quoted[1:len(quoted)-1], spellings) + quoted[len(quoted)-1:]
			})
		default:
			piece = text
			if end := strings.IndexByte(text, '<'); end >= 0 {
				piece = text[:end]
			}
			text = text[len(piece):]
			piece = replaceEscaped(piece, spellings)
		}
		b.WriteString(piece)
	}
	return b.String()
}

var attribute = regexp.MustCompile(`"[^"]*"|'[^']*'`)

func upTo(text, end string) (piece, rest string) {
	if before, after, found := strings.Cut(text, end); found {
		return before + end, after
	}
	return text, ""
}

// tag ends at the first > that isn't quoted.
func tag(text string) (piece, rest string) {
	quote := byte(0)
	for i := range len(text) {
		switch c := text[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '>':
			return text[:i+1], text[i+1:]
		}
	}
	return text, ""
}

func replaceEscaped(text string, spellings []spelling) string {
	plain := html.UnescapeString(text)
	masked := replacePlain(plain, spellings)
	if masked == plain {
		return text
	}
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(masked)) // a Builder takes everything
	return b.String()
}
