package notices

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/outbox"
)

// Server is the mail server that mails are handed to.
type Server struct {
	Address *url.URL         // smtp://user:password@host:587 with STARTTLS, or smtps:// with TLS from the start
	From    *netmail.Address // who writes
	Timeout time.Duration    // for one mail
	TLS     *tls.Config      // nil for the machine's own roots
}

// send keeps the mail where the console shows it, and hands it to the mail server if there is one.
//
// SMTP can't tell whether a mail arrived when the connection breaks after its last line. It is
// sent again then, with the same Message-ID, by which mailboxes know a repeat.
func (s *Service) send(ctx context.Context, d outbox.Delivery) (string, error) {
	var l letter
	if err := json.Unmarshal(d.Message, &l); err != nil {
		return "", fmt.Errorf("the mail can't be read: %w", err)
	}
	state := Kept
	if s.Server != nil {
		state = Sending
	}
	if err := s.DB.InTx(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, upsertMail, d.Merchant, database.NewID("mai"), d.Object, d.Seq, d.Destination,
			(&netmail.Address{Name: l.Name, Address: l.Address}).String(), l.Subject, l.Text, state, database.At(s.Clock.Now()))
		return err
	}); err != nil || s.Server == nil {
		return "kept, no mail server is set", err
	}
	failure := s.Server.send(ctx, l)
	var sentAt database.Time
	state, note := Sent, ""
	if failure == nil {
		sentAt = database.At(s.Clock.Now())
	} else {
		state, note = Failed, failure.Error()
	}
	if err := s.DB.InTx(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, updateMail, state, note, sentAt, d.Merchant, d.Object, d.Destination, d.Seq)
		return err
	}); err != nil {
		// What has gone out must not go out again for that.
		s.Log.ErrorContext(ctx, "the state of a mail could not be recorded", "object", d.Object, "state", state, "error", err)
	}
	return "taken by the mail server", failure
}

// message is the letter in the form of RFC 5322; the same letter gives the same bytes.
func (s *Server) message(l letter) (*mail.Msg, error) {
	sum := sha256.Sum256([]byte(l.MessageID))
	m := mail.NewMsg(mail.WithBoundary(hex.EncodeToString(sum[:16])), mail.WithNoDefaultUserAgent())
	m.FromMailAddress(s.From)
	if err := m.AddToFormat(l.Name, l.Address); err != nil {
		return nil, errors.New("the recipient's address can't be used")
	}
	m.Subject(l.Subject)
	m.SetDateWithValue(l.Date)
	m.SetMessageIDWithValue(l.MessageID)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	m.SetBodyString(mail.TypeTextPlain, l.Text)
	m.AddAlternativeString(mail.TypeTextHTML, l.HTML)
	return m, nil
}

// send hands one letter over. What the server refuses for good is an outbox.Refused; what the
// operator can mend, such as a wrong password, is tried again.
func (s *Server) send(ctx context.Context, l letter) error {
	message, err := s.message(l)
	if err != nil {
		return &outbox.Refused{Reason: err.Error()}
	}
	client, err := s.client()
	if err != nil {
		return err
	}
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() {
		return nil // a goodbye that failed comes too late to change anything
	}
	said := s.hide(inWords(err))
	var refused *mail.SendError
	if errors.As(err, &refused) && refused.ErrorCode()/100 == 5 && (refused.Reason == mail.ErrSMTPRcptTo || refused.Reason == mail.ErrSMTPDataClose) {
		return &outbox.Refused{Reason: said}
	}
	return errors.New(said)
}

// inWords is what the mail server said, and to what.
func inWords(err error) string {
	var refused *mail.SendError
	if !errors.As(err, &refused) {
		return "the mail server could not be used: " + err.Error()
	}
	what := "the mail was not taken"
	switch refused.Reason {
	case mail.ErrSMTPRcptTo:
		what = "the recipient was not taken"
	case mail.ErrSMTPMailFrom:
		what = "the sender was not taken (KONTOR_MAIL_FROM)"
	}
	// The library puts the step before, and the recipient and the Message-ID behind.
	_, said, _ := strings.Cut(refused.Error(), ": ")
	said, _, _ = strings.Cut(said, ", affected ")
	return what + ": " + said
}

func (s *Server) client() (*mail.Client, error) {
	// The library's time-out counts anew for greeting, sign-in and mail.
	options := []mail.Option{mail.WithTimeout(s.Timeout / 3)}
	if s.TLS != nil {
		options = append(options, mail.WithTLSConfig(s.TLS))
	}
	port, err := strconv.Atoi(PortOf(s.Address))
	if err != nil {
		return nil, errors.New("the mail server's port is no number")
	}
	options = append(options, mail.WithPort(port))
	password, signsIn := s.Address.User.Password()
	switch {
	case s.Address.Scheme == "smtps":
		options = append(options, mail.WithSSL())
	case signsIn:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory)) // no password goes out in clear
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	}
	if signsIn {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.Address.User.Username()), mail.WithPassword(password))
	}
	return mail.NewClient(s.Address.Hostname(), options...)
}

// PortOf is the port of a mail server's address: 587 for smtp and 465 for smtps without one.
func PortOf(address *url.URL) string {
	switch {
	case address.Port() != "":
		return address.Port()
	case address.Scheme == "smtps":
		return "465"
	}
	return "587"
}

// hide takes the password out of what a server may repeat.
func (s *Server) hide(text string) string {
	if password, _ := s.Address.User.Password(); password != "" {
		text = strings.ReplaceAll(text, password, "(hidden)")
	}
	return text
}
