package accounts

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"unicode"

	"github.com/kontorhq/kontor/fault"
)

// Contact is the person of a merchant who is told by e-mail what waits and what went wrong.
type Contact struct {
	Name       string `json:"name,omitempty"`
	Email      string `json:"email,omitempty"`      // nobody is told when empty
	Escalation string `json:"escalation,omitempty"` // who is written to when nothing was done for a banking day; Email when empty
}

// Contact is who is told; its Email is empty when there is nobody.
func (m Merchant) Contact() (Contact, error) {
	var c Contact
	if m.CreditContact == "" {
		return c, nil
	}
	if err := json.Unmarshal([]byte(m.CreditContact), &c); err != nil {
		return c, fmt.Errorf("the credit contact of %s can't be read: %w", m.ID, err)
	}
	return c, nil
}

// Check finds what can't stand in the head of a mail.
func (c Contact) Check() (faults []fault.Field) {
	const longest = 200
	if len(c.Name) > longest || strings.ContainsFunc(c.Name, unicode.IsControl) {
		faults = append(faults, fault.Field{Path: "name", Message: fmt.Sprintf("must have at most %d characters and no line breaks", longest)})
	}
	for _, address := range []struct{ path, text string }{{"email", c.Email}, {"escalation", c.Escalation}} {
		if address.text != "" && !isAddress(address.text) {
			faults = append(faults, fault.Field{Path: address.path, Message: "must be an e-mail address such as credit@example.com, without a name"})
		}
	}
	if c.Email == "" && (c.Name != "" || c.Escalation != "") {
		faults = append(faults, fault.Field{Path: "email", Message: "is needed where there is a contact"})
	}
	return faults
}

// isAddress takes what every mail server takes: local@host.name in ASCII (RFC 5321, at most 254
// characters).
func isAddress(text string) bool {
	if len(text) > 254 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return false
	}
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Address == text && parsed.Name == ""
}
