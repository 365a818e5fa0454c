package setup

import (
	"context"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
)

// saveMerchant inserts a merchant, or writes its changed fields and counts its version.
func saveMerchant(ctx context.Context, tx *database.Tx, m accounts.Merchant, now time.Time) error {
	at := database.At(now)
	_, err := tx.Exec(ctx, upsertMerchant, m.ID, m.Account, m.Mode, m.Name, m.TimeZone, m.Currency, m.ShopURL, m.TestAddress,
		m.TaxRates, m.Freight, m.CreditContact, m.Disabled, at, at)
	return err
}

type apiKeyRow struct {
	ID         string `db:"id"`
	ExternalID string `db:"external_id"`
	Digest     []byte `db:"digest"`
	Hint       string `db:"hint"`
	Disabled   bool   `db:"disabled"`
}

func saveAPIKey(ctx context.Context, tx *database.Tx, merchant string, k apiKeyRow, now time.Time) error {
	at := database.At(now)
	_, err := tx.Exec(ctx, upsertAPIKey, merchant, k.ID, k.ExternalID, k.Digest, k.Hint, k.Disabled, at, at)
	return err
}

func saveOrganisation(ctx context.Context, tx *database.Tx, o accounts.Organisation, now time.Time) error {
	at := database.At(now)
	_, err := tx.Exec(ctx, upsertOrganisation, o.Merchant, o.ID, o.ExternalID, o.Name, o.ParentID, o.Currency, o.TermsDays,
		o.OverLimit, o.PricePolicy, o.TaxCertificates, o.Assortment, o.Disabled, at, at)
	return err
}

type buyerRow struct {
	accounts.Buyer
	ExternalID *string `db:"external_id"`
	Identity   string  `db:"identity"`
}

func saveBuyer(ctx context.Context, tx *database.Tx, b buyerRow, now time.Time) error {
	at := database.At(now)
	_, err := tx.Exec(ctx, upsertBuyer, b.Merchant, b.ID, b.Organisation, b.ExternalID, b.Email, b.Login, b.Identity, b.Name, b.Disabled, at, at)
	return err
}

const (
	// Closed ones too, which accounts.FindMerchant doesn't find.
	selectMerchant = `
SELECT id, account, mode, name, time_zone, currency, clock_offset, shop_url, test_address, tax_rates, freight, credit_contact, disabled, version
  FROM merchants WHERE id = ?`
	upsertMerchant = `
INSERT INTO merchants (id, account, mode, name, time_zone, currency, shop_url, test_address, tax_rates, freight, credit_contact, disabled,
       created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET account = excluded.account, name = excluded.name, time_zone = excluded.time_zone,
    currency = excluded.currency, shop_url = excluded.shop_url, test_address = excluded.test_address,
    tax_rates = excluded.tax_rates, freight = excluded.freight, credit_contact = excluded.credit_contact, disabled = excluded.disabled,
    version = merchants.version + 1, updated_at = excluded.updated_at`

	selectAPIKey = `
SELECT id, external_id, digest, hint, disabled FROM api_keys WHERE merchant_id = ? AND external_id = ?`
	selectKeyOwner = `SELECT external_id FROM api_keys WHERE merchant_id = ? AND digest = ?`
	upsertAPIKey   = `
INSERT INTO api_keys (merchant_id, id, external_id, digest, hint, disabled, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (merchant_id, id) DO UPDATE SET digest = excluded.digest, hint = excluded.hint, disabled = excluded.disabled,
    version = api_keys.version + 1, updated_at = excluded.updated_at`

	upsertOrganisation = `
INSERT INTO organisations (merchant_id, id, external_id, name, parent_id, currency, terms_days, over_limit, price_policy, tax_certificates, assortment,
       disabled, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (merchant_id, id) DO UPDATE SET name = excluded.name, currency = excluded.currency, terms_days = excluded.terms_days,
    over_limit = excluded.over_limit, price_policy = excluded.price_policy, tax_certificates = excluded.tax_certificates, assortment = excluded.assortment,
    disabled = excluded.disabled, version = organisations.version + 1, updated_at = excluded.updated_at`

	selectNetworkName = `SELECT external_id FROM networks WHERE merchant_id = ? AND id = ?`

	buyerColumns = `
SELECT id, merchant_id, organisation_id, external_id, email, login, identity, name, disabled, version FROM buyers`
	selectBuyer           = buyerColumns + ` WHERE merchant_id = ? AND external_id = ?`
	selectBuyerByIdentity = buyerColumns + ` WHERE merchant_id = ? AND organisation_id = ? AND identity = ?`
	upsertBuyer           = `
INSERT INTO buyers (merchant_id, id, organisation_id, external_id, email, login, identity, name, disabled, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (merchant_id, id) DO UPDATE SET external_id = excluded.external_id, email = excluded.email, login = excluded.login,
    identity = excluded.identity, name = excluded.name, disabled = excluded.disabled,
    version = buyers.version + 1, updated_at = excluded.updated_at`
)
