package cxml

import "strings"

// Kind sorts faults by what the sender has to be told.
type Kind int

// The kinds, and the cXML status that each is answered with.
const (
	Malformed Kind = iota // 406: can't be read as cXML at all
	Invalid               // 400: read, but the content must be changed
	TooLarge              // 499: more bytes than are taken
	NotServed             // 450: another request than the one asked for
)

// Status is the cXML status code of the kind.
func (k Kind) Status() int {
	switch k {
	case Invalid:
		return 400
	case TooLarge:
		return 499
	case NotServed:
		return 450
	default:
		return 406
	}
}

// Fault is one thing wrong with a document, said so that its sender can mend it. It never
// quotes a secret or a card number.
type Fault struct {
	Kind    Kind
	Place   string // "OrderRequest/ItemOut[2]/@quantity"; "" for the document as a whole
	Message string // a plain sentence
}

// Error is the place and the sentence.
func (f *Fault) Error() string {
	if f.Place == "" {
		return f.Message
	}
	return f.Place + ": " + f.Message
}

// Faults are all the things wrong with a document. errors.As finds the first as a *Fault.
type Faults []*Fault

// Error is one line per fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As and errors.Is see each fault.
func (f Faults) Unwrap() []error {
	all := make([]error, len(f))
	for i, one := range f {
		all[i] = one
	}
	return all
}
