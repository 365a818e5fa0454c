package accounts

import (
	"encoding/json"
	"fmt"

	"github.com/kontorhq/kontor/money"
)

// TaxRate is one row of a merchant's rate table: where goods go, which tax class they have, and
// what per cent is due there. The most exact place wins: postal prefix, then region, then
// country.
type TaxRate struct {
	Country      string        `json:"country"`                 // ISO 3166-1 alpha-2
	Region       string        `json:"region,omitempty"`        // as ship-to addresses write it: "CA"
	PostalPrefix string        `json:"postal_prefix,omitempty"` // "941"
	Class        string        `json:"class,omitempty"`         // empty is "standard"
	Percent      money.Decimal `json:"percent"`
	From         money.Date    `json:"from,omitzero"` // inclusive; none is always
	To           money.Date    `json:"to,omitzero"`   // inclusive
}

// FreightTable is how a merchant estimates freight, by currency.
type FreightTable map[string]Freight

// Freight is the estimate in one currency, in plain decimals of major units.
type Freight struct {
	// Tiers by the sum of goods: the first whose Under exceeds it sets the charge; a tier
	// without Under holds for all the rest.
	Tiers     []FreightTier  `json:"tiers"`
	Hazardous *money.Decimal `json:"hazardous,omitempty"`  // added once when a line is hazardous
	PerPallet *money.Decimal `json:"per_pallet,omitempty"` // added for each piece of freight class "pallet"
}

// FreightTier is one step.
type FreightTier struct {
	Under  *money.Decimal `json:"under,omitempty"`
	Charge money.Decimal  `json:"charge"`
}

// Rates are a merchant's tables, ready for use.
type Rates struct {
	Tax     []TaxRate
	Freight FreightTable
}

// Rates reads the merchant's tables. They were checked when they were set.
func (m Merchant) Rates() (Rates, error) {
	var r Rates
	if err := json.Unmarshal([]byte(m.TaxRates), &r.Tax); err != nil {
		return Rates{}, fmt.Errorf("the tax table of %s can't be read: %w", m.ID, err)
	}
	if err := json.Unmarshal([]byte(m.Freight), &r.Freight); err != nil {
		return Rates{}, fmt.Errorf("the freight table of %s can't be read: %w", m.ID, err)
	}
	return r, nil
}
