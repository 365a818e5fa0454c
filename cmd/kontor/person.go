package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/inbox"
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
	"github.com/kontorhq/kontor/procurement"
)

// texts are all columns in which a buyer may be named (decision 0022).
var texts = slices.Concat(procurement.Texts, checkout.Texts, orders.Texts, credit.Texts, outbox.Texts, inbox.Texts, notices.Texts, accounts.Texts)

type personCommand struct {
	Export personExport `cmd:"" help:"Write everything that names a buyer, as JSON."`
	Erase  personErase  `cmd:"" help:"Replace a buyer's name, e-mail and login everywhere by the buyer's id."`
}

// who is a person, and how else it is written.
type who struct {
	Merchant string   `short:"m" required:"" help:"The merchant's id."`
	Person   string   `arg:"" help:"The buyer's e-mail, login or id."`
	Also     []string `sep:"none" help:"Another word by which the person is known, such as a telephone number; may be repeated."`
}

// people are the buyers with their masks. Where there is none, one that looks for the words alone:
// documents may name somebody who never arrived, or was erased before.
func (w who) people(ctx context.Context, s *system) ([]accounts.Buyer, error) {
	if _, err := accounts.FindMerchant(ctx, s.db, w.Merchant); err != nil {
		return nil, err
	}
	list, err := accounts.FindPeople(ctx, s.db, w.Merchant, w.Person)
	if err == nil && len(list) == 0 {
		list = []accounts.Buyer{{Merchant: w.Merchant, Email: w.Person}}
	}
	return list, err
}

// belongings are the ids of what an organisation has: names and logins are looked for in it.
func belongings(ctx context.Context, db *database.DB, b accounts.Buyer) (map[string]bool, error) {
	own := map[string]bool{b.ID: b.ID != "", b.Organisation: b.Organisation != ""}
	var connections, placed []string
	if err := errors.Join(
		db.Select(ctx, &connections, `SELECT id FROM connections WHERE merchant_id = ? AND organisation_id = ?`, b.Merchant, b.Organisation),
		db.Select(ctx, &placed, `SELECT id FROM orders WHERE merchant_id = ? AND organisation_id = ?`, b.Merchant, b.Organisation)); err != nil {
		return nil, err
	}
	for _, id := range connections {
		own[id], own["cxml:"+id] = true, true
	}
	for _, id := range placed {
		own[id] = true
	}
	return own, nil
}

type personExport struct{ who }

// The answer to "what do you have about me".
type (
	personFound struct {
		Merchant string        `json:"merchant"`
		Buyers   []personBuyer `json:"buyers"`
		Rows     []personRow   `json:"rows"`
	}
	personBuyer struct {
		ID           string `json:"id"`
		Organisation string `json:"organisation"`
		Email        string `json:"email"`
		Login        string `json:"login"`
		Name         string `json:"name"`
		Closed       bool   `json:"closed"`
	}
	personRow struct {
		Table   string            `json:"table"`
		Key     []any             `json:"key"`
		Columns map[string]string `json:"columns"`
	}
)

// Run writes one JSON object. It changes nothing.
func (c personExport) Run(ctx context.Context, to terminal) error {
	return withMerchant(ctx, to, c.Merchant, func(s *system) error {
		people, err := c.people(ctx, s)
		if err != nil {
			return err
		}
		found := personFound{Merchant: c.Merchant, Buyers: []personBuyer{}, Rows: []personRow{}}
		for _, b := range people {
			if b.ID != "" {
				found.Buyers = append(found.Buyers, personBuyer{b.ID, b.Organisation, b.Email, b.Login, b.Name, b.Disabled})
			}
			own, err := belongings(ctx, s.db, b)
			if err != nil {
				return err
			}
			mask := accounts.NewMask(b, c.Also...)
			for _, t := range texts {
				if err := t.Each(ctx, s.db, c.Merchant, func(row database.Row) error {
					if _, names := mask.Row(row.Values, own[row.Owner]); !names && (b.ID == "" || row.Owner != b.ID) {
						return nil
					}
					columns := map[string]string{}
					for i, name := range t.Columns {
						columns[name] = row.Values[i]
					}
					found.Rows = append(found.Rows, personRow{t.Table, row.Key, columns})
					return nil
				}); err != nil {
					return err
				}
			}
		}
		encoder := json.NewEncoder(to.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(found)
	})
}

type personErase struct {
	who
	Reason string `required:"" help:"Why; it is kept, so it must not name the person."`
	DryRun bool   `help:"Count what would be changed."`
	Vacuum bool   `help:"SQLite: write the whole file anew afterwards, so that nothing is left in free space; others can't write meanwhile."`
}

// Run erases and says what was changed. It may be run again: what is gone already stays gone.
func (c personErase) Run(ctx context.Context, to terminal) error {
	return withMerchant(ctx, to, c.Merchant, func(s *system) error {
		people, err := c.people(ctx, s)
		if err != nil {
			return err
		}
		for _, b := range people {
			if _, names := accounts.NewMask(b, c.Also...).Row([]string{c.Reason}, true); names {
				return wrongUse{errors.New("--reason names the person, and is kept")}
			}
		}
		for _, b := range people {
			if err := c.erase(ctx, s, to, b); err != nil {
				return err
			}
		}
		if c.DryRun {
			return nil
		}
		return s.db.Scrub(ctx, c.Vacuum)
	})
}

func (c personErase) erase(ctx context.Context, s *system, to terminal, b accounts.Buyer) error {
	name := b.ID
	switch {
	case b.ID == "":
		name = "No buyer has this e-mail, login or id; texts that name it"
	case b.Erased():
		name += " was erased before; texts that name it still"
	}
	own, err := belongings(ctx, s.db, b)
	if err != nil {
		return err
	}
	mask := accounts.NewMask(b, c.Also...)
	var tally accounts.Tally
	if c.DryRun {
		tally, err = namedIn(ctx, s, b.Merchant, mask, own)
	} else {
		tally, err = accounts.Erase(ctx, s.db, accounts.Erasure{Buyer: b, Mask: mask, Own: own, Texts: texts,
			At: s.clock.Now(), Actor: actor(), Reason: c.Reason})
	}
	if err != nil {
		return err
	}
	what := "changed"
	if c.DryRun {
		what = "to be changed"
	}
	fmt.Fprintf(to.out, "%s:\n", name)
	for _, table := range slices.Sorted(maps.Keys(tally)) {
		fmt.Fprintf(to.out, "  %s: %d rows %s\n", table, tally[table], what)
	}
	if len(tally) == 0 {
		fmt.Fprintln(to.out, "  none")
	}
	if n := len(mask.TooShort); n > 0 {
		fmt.Fprintf(to.out, "  %d words are shorter than 3 characters and were not looked for\n", n)
	}
	if c.DryRun {
		return nil
	}
	left, err := namedIn(ctx, s, b.Merchant, mask, own)
	for _, table := range slices.Sorted(maps.Keys(left)) {
		fmt.Fprintf(to.out, "  %s: %d rows are in use; run this again when they are done\n", table, left[table])
	}
	return err
}

func namedIn(ctx context.Context, s *system, merchant string, mask *accounts.Mask, own map[string]bool) (accounts.Tally, error) {
	tally := accounts.Tally{}
	for _, t := range texts {
		if err := t.Each(ctx, s.db, merchant, func(row database.Row) error {
			if _, found := mask.Row(row.Values, own[row.Owner]); found {
				tally[t.Table]++
			}
			return nil
		}); err != nil {
			return tally, err
		}
	}
	return tally, nil
}
