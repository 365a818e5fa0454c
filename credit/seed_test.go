package credit_test

import (
	"context"
	"testing"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
)

const merchant = "brackwater"

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func eur(minor int64) money.Amount { return money.Of(minor, "EUR") }
func usd(minor int64) money.Amount { return money.Of(minor, "USD") }

// desk is a merchant with organisations and their lines, on one database.
type desk struct {
	testing.TB
	ctx context.Context
	db  *database.DB
}

func newDesk(t testing.TB, db *database.DB) desk {
	t.Helper()
	d := desk{t, context.WithoutCancel(t.Context()), db}
	d.merchant(merchant)
	return d
}

// in runs fn in one transaction, which must succeed.
func (d desk) in(fn func(tx *database.Tx) error) {
	d.Helper()
	if err := d.db.InTx(d.ctx, fn); err != nil {
		d.Fatal(err)
	}
}

func (d desk) exec(query string, args ...any) {
	d.Helper()
	d.in(func(tx *database.Tx) error {
		_, err := tx.Exec(d.ctx, query, args...)
		return err
	})
}

func (d desk) merchant(id string) {
	d.Helper()
	d.exec(`INSERT INTO merchants (id, account, mode, name, time_zone, currency, shop_url, tax_rates, freight, created_at, updated_at)
VALUES (?, ?, 'test', 'Brackwater', 'America/New_York', 'USD', '', '[]', '{}', ?, ?)`, id, id, database.At(noon), database.At(noon))
}

// organisation makes one whose orders over the limit wait for a person. Its id is its name.
func (d desk) organisation(name, parent string) accounts.Organisation {
	d.Helper()
	return d.organisationOf(merchant, name, parent)
}

func (d desk) organisationOf(merchant, name, parent string) accounts.Organisation {
	d.Helper()
	o := accounts.Organisation{ID: name, Merchant: merchant, ExternalID: name, Name: name, Currency: "USD", OverLimit: accounts.Review}
	if parent != "" {
		o.ParentID = &parent
	}
	d.exec(`INSERT INTO organisations (merchant_id, id, external_id, name, parent_id, currency, terms_days, over_limit, price_policy, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, 30, ?, 'contract_only', ?, ?)`,
		merchant, o.ID, o.ExternalID, o.Name, o.ParentID, o.Currency, o.OverLimit, database.At(noon), database.At(noon))
	return o
}

// line opens a line; holds is what the organisation owes already.
func (d desk) line(o accounts.Organisation, limit, holds money.Amount) credit.Line {
	d.Helper()
	var line credit.Line
	d.in(func(tx *database.Tx) (err error) {
		line, err = credit.Open(d.ctx, tx, credit.Opening{Organisation: o, Limit: limit, Holds: holds, Actor: "setup", At: noon})
		return err
	})
	return line
}

func (d desk) find(id string) credit.Line {
	d.Helper()
	line, err := credit.FindLine(d.ctx, d.db, merchant, id)
	if err != nil {
		d.Fatal(err)
	}
	return line
}

type use func(context.Context, *database.Tx, credit.Ask) (credit.Decision, error)

// ask puts one question in a transaction of its own.
func (d desk) ask(which use, o accounts.Organisation, reference string, total money.Amount) (decision credit.Decision, err error) {
	err = d.db.InTx(d.ctx, func(tx *database.Tx) (err error) {
		decision, err = which(d.ctx, tx, credit.Ask{Organisation: o, Reference: reference, Total: total, Actor: "test", At: noon})
		return err
	})
	return decision, err
}

// decided is ask when it can't fail.
func (d desk) decided(which use, o accounts.Organisation, reference string, total money.Amount) credit.Decision {
	d.Helper()
	decision, err := d.ask(which, o, reference, total)
	if err != nil {
		d.Fatal(err)
	}
	return decision
}

func (d desk) release(o accounts.Organisation, reference, currency string) money.Amount {
	d.Helper()
	var freed money.Amount
	d.in(func(tx *database.Tx) (err error) {
		freed, err = credit.Release(d.ctx, tx, credit.Ask{Organisation: o, Reference: reference, Total: money.Zero(currency), Actor: "test", At: noon})
		return err
	})
	return freed
}

func (d desk) setLimit(line credit.Line, minor int64) credit.Line {
	d.Helper()
	d.in(func(tx *database.Tx) (err error) {
		line, err = credit.SetLimit(d.ctx, tx, credit.NewLimit{Merchant: merchant, Line: line.ID, Limit: line.Amount(minor), Actor: "credit manager", Reason: "a better year", At: noon})
		return err
	})
	return line
}
