package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/notices"
)

// telling is what somebody has to tell a buyer, because no machine could be told.
type telling struct {
	notices.Task
	Title string
	Name  string // of the organisation
	For   string // how long it has been open
	Form  told
}

// told is the form that ends it.
type told struct {
	Token, Reason, Error string
}

func (c *console) telling(v *visit, names *names, t notices.Task) (telling, error) {
	organisation, err := names.of(v.Request().Context(), t.Organisation)
	return telling{Task: t, Name: organisation.Name, For: span(c.Clock.Now().Sub(t.CreatedAt.Time)),
		Title: upper(notices.Message(t.Event)) + " of order " + t.Number + " could not be sent to " + organisation.Name}, err
}

func (c *console) tellings(v *visit, names *names) ([]telling, error) {
	open, err := notices.OpenTasks(v.Request().Context(), c.DB, v.merchant.ID, mostTasks)
	if err != nil {
		return nil, err
	}
	list := make([]telling, len(open))
	for i, t := range open {
		if list[i], err = c.telling(v, names, t); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (c *console) getTask(v *visit) error { return c.showTask(v, http.StatusOK, told{}) }

func (c *console) showTask(v *visit, status int, form told) error {
	task, err := notices.FindTask(v.Request().Context(), c.DB, v.merchant.ID, v.Param("id"))
	if err != nil {
		return err
	}
	body, err := c.telling(v, &names{c: c, merchant: v.merchant.ID}, task)
	if err != nil {
		return err
	}
	form.Token = c.freshToken(v)
	body.Form = form
	return c.show(v, status, "task", "today", body.Title, body)
}

// postTask ends a task with a word on who was told.
func (c *console) postTask(v *visit) error {
	ctx, id := v.Request().Context(), v.Param("id")
	form := told{Reason: strings.TrimSpace(v.FormValue("reason"))}
	switch {
	case form.Reason == "":
		form.Error = "Say who was told, and how."
	case len([]rune(form.Reason)) > longestReason:
		form.Error = "Say it in " + strconv.Itoa(longestReason) + " characters."
	}
	if form.Error != "" {
		return c.showTask(v, http.StatusUnprocessableEntity, form)
	}
	location, err := c.once(v, func(tx *database.Tx) (string, error) {
		return v.home + "?done=told", notices.Finish(ctx, tx, v.merchant.ID, id, v.actor(), form.Reason, c.Clock.Now())
	})
	if fault.CodeOf(err) == fault.Mismatch && err != nil {
		return v.Redirect(http.StatusSeeOther, v.home+"/tasks/"+url.PathEscape(id))
	}
	if err != nil {
		return err
	}
	return v.Redirect(http.StatusSeeOther, location)
}

// needed counts what needs a person: orders that wait and what is to be told.
func (c *console) needed(v *visit, waiting int64) (int64, error) {
	tasks, err := notices.CountTasks(v.Request().Context(), c.DB, v.merchant.ID)
	return waiting + tasks, err
}
