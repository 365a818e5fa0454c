// Package accounts knows who trades with whom: merchants, which are the tenants, the
// organisations that buy from them, their buyers, API keys, and the secrets of all of them. It
// stands below every domain.
package accounts

import (
	"context"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/text/cases"

	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Merchant is the seller and the tenant. Test and live are two merchants of one account.
type Merchant struct {
	ID          string `db:"id"`
	Account     string `db:"account"`
	Mode        string `db:"mode"` // test or live
	Name        string `db:"name"`
	TimeZone    string `db:"time_zone"`
	Currency    string `db:"currency"`
	ClockOffset int64  `db:"clock_offset"` // microseconds
	ShopURL     string `db:"shop_url"`
	TestAddress string `db:"test_address"`
	TaxRates    string `db:"tax_rates"` // JSON, read by checkout
	Freight     string `db:"freight"`   // JSON, read by checkout
	Disabled    bool   `db:"disabled"`
	Version     int64  `db:"version"`

	CreditContact string `db:"credit_contact"` // JSON, read by Contact
}

// Live tells whether orders here are real.
func (m Merchant) Live() bool { return m.Mode == "live" }

// Zone is the merchant's time zone.
func (m Merchant) Zone() *time.Location {
	if zone, known := zones.Load(m.TimeZone); known {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(m.TimeZone)
	if err != nil {
		return time.UTC // setup refuses names that can't be loaded
	}
	zones.Store(m.TimeZone, zone)
	return zone
}

// zones are the time zones that were loaded, by name: loading one reads a file.
var zones sync.Map

// Today is the business date: the merchant's own clock in its own time zone.
func (m Merchant) Today(c *clock.Clock) money.Date {
	return money.DateOf(c.Now().Add(time.Duration(m.ClockOffset)*time.Microsecond), m.Zone())
}

// Policies of an organisation.
const (
	Review       = "review"        // an order over the limit waits for a person
	Refuse       = "refuse"        // it is refused at once
	ContractOnly = "contract_only" // a contract price replaces list price and breaks
	BestOf       = "best_of"       // the lower of both wins
)

// Organisation is a buying company. A parent is its main account.
type Organisation struct {
	ID          string  `db:"id"`
	Merchant    string  `db:"merchant_id"`
	ExternalID  string  `db:"external_id"`
	Name        string  `db:"name"`
	ParentID    *string `db:"parent_id"`
	Currency    string  `db:"currency"`
	TermsDays   int64   `db:"terms_days"`
	OverLimit   string  `db:"over_limit"`
	PricePolicy string  `db:"price_policy"`
	// TaxCertificates is JSON, see Certificates.
	TaxCertificates string `db:"tax_certificates"`
	Assortment      bool   `db:"assortment"` // it has rules of its own about what it is shown, see catalog
	Disabled        bool   `db:"disabled"`
	Version         int64  `db:"version"`
}

// Buyer is a person of an organisation.
type Buyer struct {
	ID           string `db:"id"`
	Merchant     string `db:"merchant_id"`
	Organisation string `db:"organisation_id"`
	Email        string `db:"email"`
	Login        string `db:"login"`
	Name         string `db:"name"`
	Disabled     bool   `db:"disabled"`
	Version      int64  `db:"version"`
}

// Fold is the form in which names, domains, numbers and addresses are compared: Unicode case
// folding after trimming. SQL never does it, because the engines disagree.
func Fold(text string) string {
	text = strings.TrimSpace(text)
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return cases.Fold().String(text)
		}
	}
	return strings.ToLower(text) // the same for ASCII, and part numbers are folded by the thousand
}

// FindMerchant reads a merchant; a closed one is not found.
func FindMerchant(ctx context.Context, q database.Querier, id string) (Merchant, error) {
	var m Merchant
	err := q.Get(ctx, &m, selectMerchant, id)
	if database.None(err) || (err == nil && m.Disabled) {
		return Merchant{}, fault.New(fault.Unknown, "there is no merchant with that id")
	}
	return m, err
}

// FindOrganisation reads an organisation by our id, or by the merchant's own reference when it
// is written `ext:<reference>`.
func FindOrganisation(ctx context.Context, q database.Querier, merchant, id string) (Organisation, error) {
	var o Organisation
	query := selectOrganisation
	if ref, ok := strings.CutPrefix(id, "ext:"); ok {
		query, id = selectOrganisationByReference, ref
	}
	err := q.Get(ctx, &o, query, merchant, id)
	if database.None(err) {
		return Organisation{}, fault.New(fault.Unknown, "there is no organisation with that id")
	}
	return o, err
}

// Organisations lists a merchant's organisations in the order in which they were made.
func Organisations(ctx context.Context, q database.Querier, merchant string, limit int) ([]Organisation, error) {
	var list []Organisation
	err := q.Select(ctx, &list, selectOrganisations, merchant, limit)
	return list, err
}

// FindParties reads a merchant and one of its organisations at once, for what is asked with every
// document. As with FindMerchant a closed merchant is not found.
func FindParties(ctx context.Context, q database.Querier, merchant, organisation string) (Merchant, Organisation, error) {
	var both struct {
		Merchant     Merchant     `db:"merchant"`
		Organisation Organisation `db:"organisation"`
	}
	err := q.Get(ctx, &both, selectParties, merchant, organisation)
	if database.None(err) || (err == nil && both.Merchant.Disabled) {
		return Merchant{}, Organisation{}, fault.New(fault.Unknown, "there is no merchant with that id and organisation")
	}
	return both.Merchant, both.Organisation, err
}

// FindBuyer reads a buyer by our id.
func FindBuyer(ctx context.Context, q database.Querier, merchant, id string) (Buyer, error) {
	var b Buyer
	err := q.Get(ctx, &b, selectBuyer, merchant, id)
	if database.None(err) {
		return Buyer{}, fault.New(fault.Unknown, "there is no buyer with that id")
	}
	return b, err
}

// Arrive finds the buyer who came by punchout, or makes one: buyers are provisioned just in
// time, within their organisation only. Who names neither e-mail nor login is the organisation's
// shared buyer. A closed buyer is forbidden.
func Arrive(ctx context.Context, tx *database.Tx, merchant, organisation string, who Buyer, now time.Time) (Buyer, error) {
	identity := Fold(who.Email)
	if identity == "" {
		identity = Fold(who.Login)
	}
	var b Buyer
	err := tx.Get(ctx, &b, selectBuyerByIdentity, merchant, organisation, identity)
	if database.None(err) {
		// Who comes twice at the same moment for the first time is still one buyer.
		if _, err := tx.Exec(ctx, insertBuyer, merchant, database.NewID("buy"), organisation, who.Email, who.Login,
			identity, who.Name, database.At(now), database.At(now)); err != nil {
			return Buyer{}, err
		}
		err = tx.Get(ctx, &b, selectBuyerByIdentity, merchant, organisation, identity)
	}
	if err != nil {
		return Buyer{}, err
	}
	if b.Disabled {
		return Buyer{}, fault.New(fault.Forbidden, "this buyer's account is closed")
	}
	return b, nil
}

const (
	selectMerchant = `
SELECT id, account, mode, name, time_zone, currency, clock_offset, shop_url, test_address, tax_rates, freight, credit_contact, disabled, version
  FROM merchants WHERE id = ?`

	organisationColumns = `
SELECT id, merchant_id, external_id, name, parent_id, currency, terms_days, over_limit, price_policy, tax_certificates, assortment, disabled, version
  FROM organisations`
	selectOrganisation            = organisationColumns + ` WHERE merchant_id = ? AND id = ?`
	selectOrganisations           = organisationColumns + ` WHERE merchant_id = ? ORDER BY id LIMIT ?`
	selectOrganisationByReference = organisationColumns + ` WHERE merchant_id = ? AND external_id = ?`

	selectParties = `
SELECT m.id AS "merchant.id", m.account AS "merchant.account", m.mode AS "merchant.mode", m.name AS "merchant.name",
       m.time_zone AS "merchant.time_zone", m.currency AS "merchant.currency", m.clock_offset AS "merchant.clock_offset",
       m.shop_url AS "merchant.shop_url", m.test_address AS "merchant.test_address", m.tax_rates AS "merchant.tax_rates",
       m.freight AS "merchant.freight",
       m.credit_contact AS "merchant.credit_contact", m.disabled AS "merchant.disabled", m.version AS "merchant.version",
       o.id AS "organisation.id", o.merchant_id AS "organisation.merchant_id", o.external_id AS "organisation.external_id",
       o.name AS "organisation.name", o.parent_id AS "organisation.parent_id", o.currency AS "organisation.currency",
       o.terms_days AS "organisation.terms_days", o.over_limit AS "organisation.over_limit",
       o.price_policy AS "organisation.price_policy", o.tax_certificates AS "organisation.tax_certificates", o.assortment AS "organisation.assortment",
       o.disabled AS "organisation.disabled", o.version AS "organisation.version"
  FROM merchants m JOIN organisations o ON o.merchant_id = m.id
 WHERE m.id = ? AND o.id = ?`

	buyerColumns = `
SELECT id, merchant_id, organisation_id, email, login, name, disabled, version FROM buyers`
	selectBuyer           = buyerColumns + ` WHERE merchant_id = ? AND id = ?`
	selectBuyerByIdentity = buyerColumns + ` WHERE merchant_id = ? AND organisation_id = ? AND identity = ?`

	insertBuyer = `
INSERT INTO buyers (merchant_id, id, organisation_id, email, login, identity, name, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (merchant_id, organisation_id, identity) DO NOTHING`
)
