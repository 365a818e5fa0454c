package accounts

import (
	"context"
	"strings"
	"time"

	"github.com/kontorhq/kontor/database"
)

// FindPeople finds the buyers with an id, or with an e-mail or login in any organisation of the
// merchant. Nobody is no error.
func FindPeople(ctx context.Context, q database.Querier, merchant, who string) ([]Buyer, error) {
	if strings.HasPrefix(who, "buy_") {
		var list []Buyer
		err := q.Select(ctx, &list, selectBuyer, merchant, who)
		return list, err
	}
	var all, found []Buyer
	if err := q.Select(ctx, &all, buyerColumns+` WHERE merchant_id = ? ORDER BY id`, merchant); err != nil {
		return nil, err
	}
	for _, b := range all { // folded by Go, as everywhere
		if who = Fold(who); who != "" && (Fold(b.Email) == who || Fold(b.Login) == who) {
			found = append(found, b)
		}
	}
	return found, nil
}

// Tally is how many rows of each table name a person.
type Tally map[string]int

// Erasure is a wish that a person be named nowhere.
type Erasure struct {
	Buyer  Buyer // without an id only the texts are gone through
	Mask   *Mask
	Own    map[string]bool // ids of what belongs to the buyer's organisation
	Texts  []database.Texts
	At     time.Time
	Actor  string
	Reason string
}

// Erase replaces what names a buyer in the texts, and empties its row last: broken off, it is begun
// again and finds the rest. What was done is one entry of the audit, without the person's name.
//
// It takes a short transaction for each row, so that others may write meanwhile.
func Erase(ctx context.Context, db *database.DB, e Erasure) (Tally, error) {
	tally, b := Tally{}, e.Buyer
	for _, t := range e.Texts {
		if err := t.Each(ctx, db, b.Merchant, func(row database.Row) error {
			if _, found := e.Mask.Row(row.Values, e.Own[row.Owner]); !found {
				return nil
			}
			return db.InTx(ctx, func(tx *database.Tx) error {
				changed, err := t.Change(ctx, tx, b.Merchant, row.Key, func(row database.Row) []string {
					masked, _ := e.Mask.Row(row.Values, e.Own[row.Owner])
					return masked
				})
				if changed && err == nil {
					tx.AfterCommit(func() { tally[t.Table]++ })
				}
				return err
			})
		}); err != nil {
			return tally, err
		}
	}
	if b.ID == "" {
		return tally, nil
	}
	return tally, db.InTx(ctx, func(tx *database.Tx) error {
		emptied, err := tx.Exec(ctx, emptyBuyer, database.At(e.At), b.Merchant, b.ID)
		if err != nil || (emptied == 0 && len(tally) == 0) {
			return err
		}
		return Audit(ctx, tx, Change{Merchant: b.Merchant, At: e.At, Actor: e.Actor, Action: "person.erase", Object: b.ID, Reason: e.Reason, Became: tally})
	})
}

// Erased tells whether a buyer's row was emptied: nobody can arrive with such an identity.
func (b Buyer) Erased() bool { return b.Disabled && b.Email == "" && b.Login == "" && b.Name == "" }

// The identity is unique and no fold of anything; who comes again is a new buyer.
const emptyBuyer = `
UPDATE buyers SET external_id = NULL, email = '', login = '', name = '', identity = 'ERASED ' || id, disabled = TRUE,
       version = version + 1, updated_at = ?
 WHERE merchant_id = ? AND id = ? AND identity <> 'ERASED ' || id`
