package accounts

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
)

// Certificate says that an organisation pays no tax on what goes to a place, for a time.
type Certificate struct {
	Country   string     `json:"country,omitempty"` // ISO 3166-1 alpha-2; empty is everywhere
	Region    string     `json:"region,omitempty"`  // as ship-to addresses write it; empty is the whole country
	Reference string     `json:"reference"`         // of the document
	From      money.Date `json:"from,omitzero"`     // first day; none is always
	To        money.Date `json:"to,omitzero"`       // last day; none is for ever
}

// Covers tells whether the certificate is for a place; "" is a place that nobody named.
func (c Certificate) Covers(country, region string) bool {
	return (c.Country == "" || strings.EqualFold(c.Country, country)) && (c.Region == "" || strings.EqualFold(c.Region, region))
}

// Valid tells whether it is in force on a day.
func (c Certificate) Valid(on money.Date) bool {
	return !on.Before(c.From) && !c.Expired(on)
}

// Expired tells whether its last day is over.
func (c Certificate) Expired(on money.Date) bool { return !c.To.IsZero() && c.To.Before(on) }

// warnDays is how long before its end a certificate is pointed at (credit and terms, section 1).
const warnDays = 30

// Ends tells whether it is expired, or ends within the next thirty days: time to ask for another.
func (c Certificate) Ends(on money.Date) bool {
	return !c.To.IsZero() && c.To.Before(on.AddDays(warnDays+1))
}

// Place is what the certificate covers, for people.
func (c Certificate) Place() string {
	switch {
	case c.Country == "":
		return "everywhere"
	case c.Region == "":
		return c.Country
	}
	return c.Region + ", " + c.Country
}

// Certificates reads the organisation's. They were checked when they were set.
func (o Organisation) Certificates() ([]Certificate, error) {
	if o.TaxCertificates == "" || o.TaxCertificates == "[]" {
		return nil, nil // as with most
	}
	var list []Certificate
	if err := json.Unmarshal([]byte(o.TaxCertificates), &list); err != nil {
		return nil, fmt.Errorf("the tax certificates of %s can't be read: %w", o.ID, err)
	}
	return list, nil
}

// Ending is a certificate that is expired or soon will be, and nobody replaced.
type Ending struct {
	Certificate
	Organisation Organisation
	Expired      bool
}

// EndingCertificates lists the certificates of a merchant's open organisations that end soon or have
// ended, by organisation. One that another takes over from is no news.
func EndingCertificates(ctx context.Context, q database.Querier, merchant string, on money.Date) ([]Ending, error) {
	var organisations []Organisation
	if err := q.Select(ctx, &organisations, selectCertified, merchant); err != nil {
		return nil, err
	}
	var list []Ending
	for _, o := range organisations {
		ending, err := o.Ending(on)
		if err != nil {
			return nil, err
		}
		list = append(list, ending...)
	}
	return list, nil
}

// Ending lists those of the organisation's certificates that end soon or have ended.
func (o Organisation) Ending(on money.Date) ([]Ending, error) {
	certificates, err := o.Certificates()
	var list []Ending
	for i, c := range certificates {
		if c.Ends(on) && !replaced(certificates, i) {
			list = append(list, Ending{Certificate: c, Organisation: o, Expired: c.Expired(on)})
		}
	}
	return list, err
}

// replaced tells whether another certificate for the same place goes on when this one ends.
func replaced(list []Certificate, i int) bool {
	for j, other := range list {
		if j != i && other.Covers(list[i].Country, list[i].Region) && !list[i].To.AddDays(1).Before(other.From) &&
			(other.To.IsZero() || list[i].To.Before(other.To)) {
			return true
		}
	}
	return false
}

const selectCertified = organisationColumns + ` WHERE merchant_id = ? AND tax_certificates <> '[]' AND NOT disabled ORDER BY id`
