package procurement

import (
	"bytes"
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/cxml"
)

// Check and its rules look at one document without a database: what is wrong with it, where, and
// what the systems that get it will do. The codec's own faults come first; the rules after them
// are those that no DTD tells, and that cost a buyer's or a merchant's developer a day each.

// Level says how much a finding matters.
type Level string

// The levels, the worst first.
const (
	LevelFault   Level = "fault"   // refused, or goods or money come out wrong, whoever gets it
	LevelWarning Level = "warning" // it depends on who gets it
	LevelNote    Level = "note"    // good to know
)

// Effect is what one system does about a finding.
type Effect struct {
	Name    string `json:"name"`
	Effect  string `json:"effect"`
	Refuses bool   `json:"refuses,omitempty"` // the document, or the line
}

// Finding is one thing to know about a document. It never quotes a secret or a card number.
type Finding struct {
	Level   Level    `json:"level"`
	Place   string   `json:"place"` // "OrderRequest/ItemOut[2]/@quantity"; "" for the document as a whole
	Message string   `json:"message"`
	Line    int      `json:"line,omitempty"`    // of the file, from 1: where the element begins, or the one that lacks it
	Systems []Effect `json:"systems,omitempty"` // who is known to do what about it

	general bool // it holds for every system, though only of some it is known what they do
}

// Findings are in the order of their levels, and within a level in that of the document's rules.
type Findings []Finding

// Count is how many findings have a level.
func (f Findings) Count(level Level) int {
	n := 0
	for _, one := range f {
		if one.Level == level {
			n++
		}
	}
	return n
}

// thisSystem is the name of this program among the systems: it is the other end of every conversation.
const thisSystem = "kontor"

// For leaves what concerns one system: what holds for all, what it does itself, and what this
// program does. What it refuses is a fault then; for who doesn't know the receiver it is a warning.
func (f Findings) For(system string) Findings {
	var left Findings
	for _, one := range f {
		var systems []Effect
		for _, s := range one.Systems {
			if s.Name == system && s.Refuses {
				one.Level = LevelFault
			}
			if s.Name == system || s.Name == thisSystem {
				systems = append(systems, s)
			}
		}
		if len(one.Systems) > 0 && len(systems) == 0 && !one.general {
			continue
		}
		one.Systems = systems
		left = append(left, one)
	}
	left.sort()
	return left
}

func (f Findings) sort() {
	rank := map[Level]int{LevelFault: 0, LevelWarning: 1, LevelNote: 2}
	slices.SortStableFunc(f, func(a, b Finding) int { return cmp.Compare(rank[a.Level], rank[b.Level]) })
}

var htmlPage = regexp.MustCompile(`(?i)^\s*<(?:!doctype\s+html|html|head|body|form)[\s>]`)

// Check finds what is wrong with a start or a cart in OCI, or with a cXML document, also one that
// travels in a message of several parts, in gzip or in a form. contentType is the HTTP header's value, or "". An error is a
// *cxml.Fault of a document that can't be read at all.
func Check(message []byte, contentType string) (Findings, error) {
	if sent, ok := readOCI(message, contentType); ok {
		return checkOCI(sent), nil
	}
	body, bodyType, parts, fault := cxml.Unpack(message, contentType, cxml.DefaultLimits)
	if fault != nil {
		return nil, fault
	}
	if htmlPage.Match(body) {
		return nil, &cxml.Fault{Kind: cxml.Malformed, Message: "This is a page of HTML, and no form of it has a start, a cart or a document: there is no field HOOK_URL, ~OkCode, NEW_ITEM-… or cxml-…."}
	}
	doc, err := cxml.Read(body, bodyType, cxml.DefaultLimits)
	if doc == nil {
		return nil, err
	}
	doc.Mask()
	kept, doctype, parseErr := parseTree(bytes.NewReader(doc.Masked()), nil)
	if parseErr != nil {
		return nil, parseErr // can't be: the codec wrote it
	}
	k := &checker{doc: doc, root: kept, doctype: doctype, sent: asSent(body, bodyType), parts: parts}
	if err != nil {
		k.codec(err)
	}
	k.secrecy(body)
	if k.root.name == "cXML" {
		k.envelope()
		k.module()
		k.byteOrderMark(body)
		k.sequence()
		k.dtd()
		k.twiceEncoded(body)
	}
	k.content()
	k.attachments()
	before := bytes.Count(message[:max(bytes.Index(message, body), 0)], []byte("\n"))
	for i, f := range k.findings {
		if line := k.sent.lineOf(f.Place); line > 0 {
			k.findings[i].Line = before + line
		}
	}
	k.findings.sort()
	return k.findings, nil
}

type checker struct {
	findings Findings
	doc      *cxml.Document
	root     *node // as it is kept: masked
	sent     *node // as it came, nil where it can't be told
	doctype  string
	parts    []cxml.Part // what came in the same message
}

func (k *checker) add(level Level, place, message string, systems ...Effect) {
	k.findings = append(k.findings, Finding{Level: level, Place: place, Message: message, Systems: systems, general: level == LevelFault})
}

// generally says that the last finding holds for systems that it doesn't name, too. Of a fault
// that needn't be said.
func (k *checker) generally() { k.findings[len(k.findings)-1].general = true }

func (k *checker) fault(place, message string, systems ...Effect) {
	k.add(LevelFault, place, message, systems...)
}

func (k *checker) warn(place, message string, systems ...Effect) {
	k.add(LevelWarning, place, message, systems...)
}

func (k *checker) note(place, message string, systems ...Effect) {
	k.add(LevelNote, place, message, systems...)
}

func does(name, effect string) Effect    { return Effect{Name: name, Effect: effect} }
func refuses(name, effect string) Effect { return Effect{Name: name, Effect: effect, Refuses: true} }

// shown is a wrong value for the message about it: short, and masked once more.
func shown(value string) string {
	const longest = 24
	value = string(cxml.MaskText([]byte(value)))
	if len(value) > longest {
		value = strings.ToValidUTF8(value[:longest], "") + "…"
	}
	return strconv.Quote(value)
}

// codec takes over what the codec found.
func (k *checker) codec(err error) {
	var all cxml.Faults
	if !errors.As(err, &all) {
		var one *cxml.Fault
		if !errors.As(err, &one) {
			return
		}
		all = cxml.Faults{one}
	}
	for _, f := range all {
		var systems []Effect
		if k.doc.Class == cxml.ClassRequest || k.doc.Class != cxml.ClassMessage && k.doc.Class != cxml.ClassResponse {
			systems = []Effect{refuses(thisSystem, "answers "+strconv.Itoa(f.Kind.Status())+" and changes nothing")}
		}
		k.fault(f.Place, f.Message, systems...)
	}
}
