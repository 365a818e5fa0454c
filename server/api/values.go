package api

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Money is an amount in minor units.
type Money struct {
	Minor    int64  `json:"amount" minimum:"-1000000000000000" maximum:"1000000000000000" doc:"Minor units of the currency: 1999 is 19.99 USD, 1999 JPY, 1.999 BHD" example:"1999"`
	Currency string `json:"currency" pattern:"^[A-Z]{3}$" patternDescription:"an ISO 4217 code" doc:"ISO 4217 code" example:"USD"`
}

// UnitPrice is an exact price of one unit.
type UnitPrice struct {
	Value    string `json:"value" doc:"Exact decimal in major units; may have more decimals than the currency" example:"0.01255"`
	Currency string `json:"currency" doc:"ISO 4217 code" example:"USD"`
}

// Organisation is a buying company.
type Organisation struct {
	ID         string `json:"id" doc:"Our id" example:"org_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	ExternalID string `json:"external_id" doc:"The merchant's own reference" example:"northfold"`
	Name       string `json:"name" doc:"Its name" example:"Northfold Medical Group"`
}

// Buyer is a person of an organisation.
type Buyer struct {
	ID    string `json:"id" doc:"Our id" example:"buy_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	Name  string `json:"name" doc:"As the buyer's system says; may be empty" example:"Maintenance buyer"`
	Email string `json:"email" doc:"As the buyer's system says; may be empty" example:"buyer@northfold.example"`
}

// optional is a T or null. huma has no word for an object that may be null.
type optional[T any] struct{ value *T }

func some[T any](value T) optional[T] { return optional[T]{&value} }

// MarshalJSON writes the value or null.
func (o optional[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.value) }

// Schema is that of T, or null.
func (o optional[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{r.Schema(reflect.TypeFor[T](), true, ""), {Type: "null"}}}
}

func priceOf(price money.Decimal, currency string) UnitPrice {
	return UnitPrice{price.String(), currency}
}

func maybePrice(price *money.Decimal, currency string) optional[UnitPrice] {
	if price == nil {
		return optional[UnitPrice]{}
	}
	return some(priceOf(*price, currency))
}

// perOf is how many units a price is for.
func perOf(per *money.Decimal) string {
	if per == nil {
		return money.One.Plain()
	}
	return per.Plain()
}

func instant(t database.Time) time.Time { return t.UTC() }

func organisationOf(o accounts.Organisation) Organisation {
	return Organisation{o.ID, o.ExternalID, o.Name}
}

// organisations reads each organisation of a list once.
type organisations struct {
	q        database.Querier
	merchant string
	seen     map[string]Organisation
}

func (a *api) organisations(q database.Querier, c *caller) *organisations {
	return &organisations{q, c.merchant.ID, map[string]Organisation{}}
}

func (o *organisations) find(ctx context.Context, id string) (Organisation, error) {
	if known, ok := o.seen[id]; ok {
		return known, nil
	}
	found, err := accounts.FindOrganisation(ctx, o.q, o.merchant, id)
	if err != nil {
		return Organisation{}, err
	}
	o.seen[id] = organisationOf(found)
	return o.seen[id], nil
}

// findOrganisation reads what a request names: our id, or ext: and the merchant's own reference.
// where is the place in the request, for the fault; empty for the path.
func (a *api) findOrganisation(ctx context.Context, c *caller, where, id string) (accounts.Organisation, error) {
	unknown := fault.New(fault.Unknown, "there is no organisation with that id")
	if where != "" {
		unknown = fault.At(fault.Unknown, where, unknown.Message)
	}
	reference, external := strings.CutPrefix(id, "ext:")
	if !isID("org", id) && (!external || !storable(reference)) {
		return accounts.Organisation{}, unknown
	}
	found, err := accounts.FindOrganisation(ctx, a.DB, c.merchant.ID, id)
	if fault.CodeOf(err) == fault.Unknown {
		return accounts.Organisation{}, unknown
	}
	return found, err
}

// storable tells whether a text can be in the database at all.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
