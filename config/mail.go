package config

import (
	"errors"
	"net/mail"
	"net/url"
	"strings"
)

// checkMail never repeats the address: a password may be in it.
func (c Config) checkMail(say func(name, what string)) {
	if _, err := c.SMTP(); err != nil {
		say("SMTP_URL", err.Error())
	}
	switch _, err := c.From(); {
	case c.MailFrom == "" && c.SMTPURL != "":
		say("MAIL_FROM", "is needed with KONTOR_SMTP_URL: the address that mails come from")
	case c.MailFrom != "" && err != nil:
		say("MAIL_FROM", "must be an address such as kontor@example.com or Kontor <kontor@example.com>")
	}
}

// SMTP is the mail server's address, nil for none.
func (c Config) SMTP() (*url.URL, error) {
	if c.SMTPURL == "" {
		return nil, nil
	}
	u, err := url.Parse(c.SMTPURL)
	if err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, errors.New("must be smtp://user:password@host:587 or smtps://…, with special characters of the password as %40 and the like")
	}
	if password, there := u.User.Password(); u.User != nil && (!there || password == "" || u.User.Username() == "") {
		return nil, errors.New("must have a user with a password, or neither")
	}
	return u, nil
}

// From is who mails come from.
func (c Config) From() (*mail.Address, error) { return mail.ParseAddress(c.MailFrom) }
