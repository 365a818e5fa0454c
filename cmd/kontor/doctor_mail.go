package main

import (
	"context"
	"net"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/notices"
)

// mail looks whether the mail server answers; no mail is sent and nobody signs in.
func (d *doctor) mail(ctx context.Context) {
	address, err := d.config.SMTP()
	if err != nil || address == nil { // config.Read has refused what can't be read
		d.warn("mail", "no mail server is set, so mails are kept and shown in the console only: set KONTOR_SMTP_URL and KONTOR_MAIL_FROM")
		return
	}
	server := net.JoinHostPort(address.Hostname(), notices.PortOf(address))
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", server)
	if err != nil {
		d.fail("mail", server+" does not answer ("+err.Error()+"): correct KONTOR_SMTP_URL, or start the mail server")
		return
	}
	_ = connection.Close()
	d.ok("mail", server+" answers; mails come from "+d.config.MailFrom)
}

// contact looks whether anybody hears of orders that wait.
func (d *doctor) contact(ctx context.Context, db *database.DB, merchant string) {
	m, err := accounts.FindMerchant(ctx, db, merchant)
	if err != nil {
		d.fail(merchant, err.Error())
		return
	}
	switch contact, err := m.Contact(); {
	case err != nil:
		d.fail(merchant, err.Error())
	case contact.Email == "":
		d.warn(merchant, "has no credit contact, so nobody is written to when an order waits: add credit_contact to the setup file")
	}
}
