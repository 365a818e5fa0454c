package setup

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kontorhq/kontor/money"
)

// Outcomes of an object.
const (
	Created   = "created"
	Changed   = "changed"
	Kept      = "kept" // differs from the file and stays as it is
	Unchanged = "unchanged"
)

// Report is what Apply did, or in a dry run would do, in the order in which it was done.
type Report struct {
	DryRun  bool
	Objects []Object
}

// Object is one object of the file and what became of it.
type Object struct {
	Merchant string
	Kind     string // merchant, product, …
	Name     string // the merchant's reference
	Outcome  string
	Changes  []Change // of a created object: what was set
	Kept     []Change // what the file says and is not done
	created  bool
}

// Change is one field. Secrets are never in it.
type Change struct{ Field, Was, Became string }

// hidden stands for a secret.
const hidden = "(secret)"

// Changed tells whether anything was created or changed.
func (r Report) Changed() bool { return r.count(Created)+r.count(Changed) > 0 }

func (r Report) count(outcome string) int {
	n := 0
	for _, o := range r.Objects {
		if o.Outcome == outcome {
			n++
		}
	}
	return n
}

// String is the report for a terminal: a line per object that is not unchanged, and one that
// counts.
func (r Report) String() string {
	var b strings.Builder
	merchant := ""
	for _, o := range r.Objects {
		if o.Outcome == Unchanged {
			continue
		}
		if o.Merchant != merchant {
			merchant = o.Merchant
			fmt.Fprintf(&b, "merchant %s\n", merchant)
		}
		fmt.Fprintf(&b, "  %-8s %s %s\n", o.Outcome, o.Kind, o.Name)
		if o.Outcome == Changed {
			for _, c := range o.Changes {
				if c.Was == hidden || c.Became == hidden {
					fmt.Fprintf(&b, "           %s: changed\n", c.Field)
				} else {
					fmt.Fprintf(&b, "           %s: %s -> %s\n", c.Field, shown(c.Was), shown(c.Became))
				}
			}
		}
		for _, c := range o.Kept {
			fmt.Fprintf(&b, "           %s: stays %s, the file says %s\n", c.Field, shown(c.Was), shown(c.Became))
		}
	}
	fmt.Fprintf(&b, "%d created, %d changed, %d kept, %d unchanged\n", r.count(Created), r.count(Changed), r.count(Kept), r.count(Unchanged))
	if r.DryRun {
		b.WriteString("dry run: nothing was changed\n")
	}
	return b.String()
}

// shown is a value on one line of a terminal.
func shown(text string) string {
	if text == "" {
		return "(none)"
	}
	text = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, text)
	const most = 100
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}

// values are the changes as the audit keeps them.
func (o *Object) values() (was, became map[string]string) {
	was, became = map[string]string{}, map[string]string{}
	for _, c := range o.Changes {
		if !o.created {
			was[c.Field] = c.Was
		}
		became[c.Field] = c.Became
	}
	return was, became
}

func (o *Object) change(field, was, became string) {
	o.Changes = append(o.Changes, Change{field, was, became})
}

// set writes a wanted value over the one that there is, and notes the change. A field that the
// file leaves out is untouched.
func set[T comparable](o *Object, field string, there *T, wanted *T) {
	if wanted != nil && *there != *wanted {
		o.change(field, fmt.Sprint(*there), fmt.Sprint(*wanted))
		*there = *wanted
	}
}

// setNumber is set for decimals, which may be unset. 8.1 and 8.1000 differ: a decimal is kept as
// it was written.
func setNumber(o *Object, field string, there **money.Decimal, wanted *money.Decimal) {
	was := ""
	if *there != nil {
		was = (*there).String()
	}
	if wanted != nil && (*there == nil || was != wanted.String()) {
		o.change(field, was, wanted.String())
		*there = wanted
	}
}

// setJSON is set for values that are compared as JSON; it tells whether they differ.
func setJSON[T any](o *Object, field string, there *T, wanted *T) bool {
	if wanted == nil {
		return false
	}
	was, became := fieldText(*there), fieldText(*wanted)
	if was == became {
		return false
	}
	o.change(field, was, became)
	*there = *wanted
	return true
}

// fieldText is a value as it is compared and shown: an empty list and none are the same.
func fieldText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	switch t := text(v); t {
	case "null", "[]", "{}":
		return ""
	default:
		return t
	}
}

// text is a value as JSON. What is in these values can always be written.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
