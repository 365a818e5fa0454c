package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// cutForm is the form by which lines are cancelled, with what was typed.
type cutForm struct {
	Token    string
	Lines    []cutField
	Reason   string
	Error    string // about the reason
	Conflict string // why it can't be done
}

type cutField struct {
	orders.Line
	Typed string
	Error string
}

// MayCut tells whether the order's page offers to cancel lines.
func (p orderPage) MayCut() bool {
	return p.State == orders.Approved && !p.Waits && p.Version.Header.Blanket == nil
}

// cutFields lists the lines that can be cancelled, with what is cancelled of them.
func cutFields(o orders.Order) []cutField {
	var fields []cutField
	for _, l := range o.Version.Lines {
		if l.Group {
			continue
		}
		f := cutField{Line: l, Typed: "0"}
		if l.Cancelled != nil {
			f.Typed = l.Cancelled.String()
		}
		fields = append(fields, f)
	}
	return fields
}

// postCancelLines cancels lines, or parts of them.
func (c *console) postCancelLines(v *visit) error {
	id := v.Param("id")
	body, err := c.orderPage(v.Request().Context(), v, id)
	if err != nil {
		return err
	}
	form := &body.Cut
	form.Reason = strings.TrimSpace(v.FormValue("reason"))
	cut := checkout.Cut{Merchant: v.merchant.ID, Order: id, Actor: v.actor(), Reason: form.Reason}
	faulty := false
	for i := range form.Lines {
		f := &form.Lines[i]
		if typed := strings.TrimSpace(v.FormValue("line-" + strconv.FormatInt(f.Line.Line, 10))); typed != "" {
			f.Typed = typed
		}
		quantity, err := money.ParseDecimal(f.Typed)
		if err != nil || quantity.Sign() < 0 || quantity.Cmp(f.Quantity) > 0 {
			f.Error, faulty = "A number from 0 to "+f.Quantity.String()+".", true
			continue
		}
		if quantity.Sign() > 0 {
			cut.Lines = append(cut.Lines, checkout.CutLine{Line: f.Line.Line, Cancelled: &quantity})
		}
	}
	switch {
	case len([]rune(form.Reason)) > longestReason:
		form.Error = "Say it in " + strconv.Itoa(longestReason) + " characters."
	case form.Reason == "":
		form.Error = "Say why. The buyer reads it."
	case len(cut.Lines) == 0 && !faulty:
		form.Conflict = "Write how much of a line is cancelled."
	}
	if faulty || form.Error != "" || form.Conflict != "" {
		return c.cutAgain(v, http.StatusUnprocessableEntity, body)
	}
	location, err := c.once(v, func(tx *database.Tx) (string, error) {
		done := "cancelled"
		o, err := c.Desk.CancelLines(v.Request().Context(), tx, cut)
		if o.Events == body.Events {
			done = "unchanged"
		}
		return v.home + "/orders/" + url.PathEscape(id) + "?done=" + done, err
	})
	var refused *fault.Error
	if errors.As(err, &refused) && (refused.Code == fault.Conflict || refused.Code == fault.Invalid || refused.Code == fault.Mismatch) {
		form.Conflict = upper(sentence(refused.Message))
		return c.cutAgain(v, http.StatusConflict, body)
	}
	if err != nil {
		return err
	}
	return v.Redirect(http.StatusSeeOther, location)
}

func (c *console) cutAgain(v *visit, status int, body *orderPage) error {
	body.Form.Token, body.Cut.Token = c.freshToken(v), c.freshToken(v)
	return c.showOrder(v, status, body)
}
