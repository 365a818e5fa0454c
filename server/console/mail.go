package console

import (
	"net/http"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

// mailList is the mailbox: what the credit contact was written, or would have been.
type mailList struct {
	Rows    []mailRow
	Contact accounts.Contact
	Older   string // address, empty at the end
	Newest  string // address, empty on the first page
}

type mailRow struct{ notices.Mail }

// Short is why it failed, as far as a row has place.
func (r mailRow) Short() string { return cut(r.Note, 80) }

func (c *console) getMails(v *visit) error {
	var body mailList
	var err error
	if body.Contact, err = v.merchant.Contact(); err != nil {
		return err
	}
	before := v.QueryParam("before")
	if len(before) != 30 || !strings.HasPrefix(before, "mai_") {
		before = ""
	}
	list, err := notices.Mails(v.Request().Context(), c.DB, v.merchant.ID, before, pageSize+1)
	if err != nil {
		return err
	}
	if len(list) > pageSize {
		list = list[:pageSize]
		body.Older = v.home + "/mail?before=" + list[pageSize-1].ID
	}
	for _, m := range list {
		body.Rows = append(body.Rows, mailRow{m})
	}
	if before != "" {
		body.Newest = v.home + "/mail"
	}
	return c.show(v, http.StatusOK, "mails", "mail", "Mail", body)
}

// mailPage is one mail as it arrives.
type mailPage struct {
	notices.Mail
	Number string // of its order
}

func (c *console) getMail(v *visit) error {
	ctx := v.Request().Context()
	m, err := notices.FindMail(ctx, c.DB, v.merchant.ID, v.Param("id"))
	if err != nil {
		return err
	}
	body := mailPage{Mail: m}
	if body.Number, err = orders.NumberOf(ctx, c.DB, v.merchant.ID, m.Object); err != nil {
		return err
	}
	return c.show(v, http.StatusOK, "mail", "mail", m.Subject, body)
}

// isKept reports whether a mail was only kept, because no mail server is set.
func isKept(d outbox.Delivery) bool {
	return d.State == outbox.Done && strings.HasPrefix(d.Note, notices.Kept)
}
