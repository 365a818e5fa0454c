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
	"github.com/kontorhq/kontor/inbox"
)

const longestReason = 500

// postRuling releases or rejects what waits.
func (c *console) postRuling(v *visit) error {
	id, act := v.Param("id"), v.FormValue("do")
	form := ruling{Reason: strings.TrimSpace(v.FormValue("reason"))}
	override := v.FormValue("override") == "1"
	switch {
	case act == "keep":
		return v.Redirect(http.StatusSeeOther, v.home+"/orders/"+url.PathEscape(id))
	case act != "release" && act != "reject":
		return fault.At(fault.Invalid, "do", "An order is released or rejected.")
	case len([]rune(form.Reason)) > longestReason:
		form.Error = "Say it in " + strconv.Itoa(longestReason) + " characters."
	case form.Reason == "" && act == "reject":
		form.Error = "Say why the order is rejected. The buyer reads it."
	case form.Reason == "" && override:
		form.Error, form.Override = "Say why it goes on over the limit.", true
	case act == "reject" && v.FormValue("confirm") != "1":
		form.Confirming = true
		return c.again(v, http.StatusOK, id, form)
	}
	if form.Error != "" {
		return c.again(v, http.StatusUnprocessableEntity, id, form)
	}
	ruled := checkout.Ruling{Merchant: v.merchant.ID, Order: id, Actor: v.actor(), Reason: form.Reason, Override: override}
	location, err := c.once(v, func(tx *database.Tx) (string, error) {
		if act == "release" {
			_, err := c.Desk.ReleaseOrder(v.Request().Context(), tx, ruled)
			return v.home + "/orders/" + url.PathEscape(id) + "?done=released", err
		}
		_, err := c.Desk.RejectOrder(v.Request().Context(), tx, ruled)
		return v.home + "/orders/" + url.PathEscape(id) + "?done=rejected", err
	})
	var refused *fault.Error
	if errors.As(err, &refused) && (refused.Code == fault.Conflict || refused.Code == fault.PaymentRequired || refused.Code == fault.Mismatch) {
		// Everything was undone; what the person typed is not.
		form.Conflict = upper(sentence(refused.Message))
		form.Override = act == "release" && refused.Code == fault.Conflict
		return c.again(v, http.StatusConflict, id, form)
	}
	if err != nil {
		return err
	}
	return v.Redirect(http.StatusSeeOther, location)
}

// again shows the order with the form as it was sent.
func (c *console) again(v *visit, status int, id string, form ruling) error {
	body, err := c.orderPage(v.Request().Context(), v, id)
	if err != nil {
		return err
	}
	form.Token, body.Cut.Token = c.freshToken(v), c.freshToken(v)
	body.Form = form
	return c.showOrder(v, status, body)
}

// once runs what a form asks for in one transaction with the memory of the form, so that a double
// click acts once; the repeat goes where the first went.
func (c *console) once(v *visit, use func(*database.Tx) (location string, err error)) (string, error) {
	nonce, _ := c.nonce(v, v.FormValue("token")) // checked before any handler
	if nonce == lasting {
		return "", fault.New(fault.Forbidden, "This form can't be told from another. Open the page again and send it from there.")
	}
	asked := v.Request().URL.Path + "\x00" + v.Request().PostForm.Encode()
	key := inbox.Key{Merchant: v.merchant.ID, Scope: "console:" + v.key.ID, Name: nonce, Hash: c.Keys.Hash([]byte(asked))}
	answer, _, err := inbox.Once(v.Request().Context(), c.DB, key, c.Clock.Now(), func(tx *database.Tx) (inbox.Answer, error) {
		location, err := use(tx)
		return inbox.Answer{Status: http.StatusSeeOther, MediaType: "text/html", Body: []byte(location)}, err
	})
	if fault.CodeOf(err) == fault.Mismatch && err != nil {
		err = fault.New(fault.Mismatch, "This form was sent already, with other words. What it did stands here.")
	}
	return string(answer.Body), err
}

func parseSeq(text string) (int64, error) {
	seq, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errSeq
	}
	return seq, nil
}
