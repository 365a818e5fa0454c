package setup

import (
	"reflect"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
)

// Version is the form of file that this program reads.
const Version = 1

// File is what `kontor apply` reads. Objects are known by the merchant's own references; what is
// absent stays as it is, and nothing is deleted. Pointers tell absent from empty.
type File struct {
	Schema    string     `json:"$schema,omitempty" doc:"For editors; not read"`
	Kontor    int        `json:"kontor" doc:"Version of this form of file: 1"`
	Merchants []Merchant `json:"merchants" doc:"Each is applied in one transaction of its own"`
}

// Merchant is a seller with all that belongs to it.
type Merchant struct {
	ID          string                 `json:"id" pattern:"^[a-z0-9-]{3,24}$" doc:"Names the merchant in every address and key; can't be changed"`
	Account     *string                `json:"account,omitempty" doc:"Joins the test and the live merchant of one seller; the id when absent"`
	Mode        *string                `json:"mode,omitempty" enum:"test,live" doc:"Can't be changed later; needed for a new merchant"`
	Name        *string                `json:"name,omitempty" doc:"Needed for a new merchant"`
	TimeZone    *string                `json:"time_zone,omitempty" doc:"IANA name, America/New_York; needed for a new merchant"`
	Currency    *string                `json:"currency,omitempty" doc:"ISO 4217 code of the books; needed for a new merchant"`
	ShopURL     *string                `json:"shop_url,omitempty" doc:"Where the start page of a punchout sends the browser"`
	TestAddress *string                `json:"test_address,omitempty" doc:"Named to senders of test documents at a live merchant"`
	TaxRates    *[]accounts.TaxRate    `json:"tax_rates,omitempty" doc:"The whole table; the most exact place wins"`
	Freight     *accounts.FreightTable `json:"freight,omitempty" doc:"The whole table, by currency"`
	Contact     *accounts.Contact      `json:"credit_contact,omitempty" doc:"Who is told by e-mail of orders that wait and of refusals that could not be told; {} for nobody"`
	Disabled    *bool                  `json:"disabled,omitempty" doc:"true closes the merchant"`

	SupplierIdentities *[]procurement.Identity `json:"supplier_identities,omitempty" doc:"All identities by which buyers address the merchant"`
	APIKeys            []APIKey                `json:"api_keys,omitempty"`
	Networks           []Network               `json:"networks,omitempty"`
	Products           []Product               `json:"products,omitempty"`
	Organisations      []Organisation          `json:"organisations,omitempty" doc:"In any order: parents are made first"`
	Buyers             []Buyer                 `json:"buyers,omitempty"`
	Connections        []Connection            `json:"connections,omitempty"`
}

// APIKey lets a program use the API in the merchant's name.
type APIKey struct {
	ExternalID string  `json:"external_id" pattern:"^\\S(.*\\S)?$"`
	Key        *Secret `json:"key,omitempty" doc:"sk_<merchant>_ and at least 20 letters and digits; needed for a new key"`
	Disabled   *bool   `json:"disabled,omitempty" doc:"true closes the key"`
}

// Network is a sender that speaks for many buyers.
type Network struct {
	ExternalID string                  `json:"external_id" pattern:"^\\S(.*\\S)?$"`
	Name       *string                 `json:"name,omitempty"`
	Senders    *[]procurement.Identity `json:"senders,omitempty" doc:"All identities that it signs in with"`
	SecretsIn  *[]Secret               `json:"secrets_in,omitempty" doc:"All secrets that it may prove itself with: one, or two during a rotation"`
	Disabled   *bool                   `json:"disabled,omitempty" doc:"true closes the network"`
}

// Product is what is sold. Numbers are texts.
type Product struct {
	SKU           string               `json:"sku" pattern:"\\S" doc:"The merchant's part number, compared without regard to case"`
	Name          *string              `json:"name,omitempty" doc:"Needed for a new product"`
	Description   *string              `json:"description,omitempty"`
	Category      *string              `json:"category,omitempty"`
	UNSPSC        *string              `json:"unspsc,omitempty" doc:"8 digits"`
	Unit          *string              `json:"unit,omitempty" doc:"Order unit, UN/CEFACT code; needed for a new product"`
	Content       *money.Decimal       `json:"content,omitempty" doc:"How much an order unit holds"`
	ContentUnit   *string              `json:"content_unit,omitempty"`
	OtherUnits    *[]catalog.OtherUnit `json:"other_units,omitempty" doc:"All further units that it is sold in"`
	LeastQuantity *money.Decimal       `json:"least_quantity,omitempty" doc:"In order units; 1 when never set"`
	QuantityStep  *money.Decimal       `json:"quantity_step,omitempty" doc:"In order units; 1 when never set"`
	TaxClass      *string              `json:"tax_class,omitempty" doc:"standard when never set"`
	Hazardous     *bool                `json:"hazardous,omitempty"`
	FreightClass  *string              `json:"freight_class,omitempty" doc:"pallet: surcharge per piece"`
	Stock         *money.Decimal       `json:"stock,omitempty" doc:"Unknown when never set, which is not 0"`
	LeadTimeDays  *int64               `json:"lead_time_days,omitempty"`
	Disabled      *bool                `json:"disabled,omitempty" doc:"true withdraws the product"`
	Prices        []PriceTerms         `json:"prices,omitempty" doc:"List prices. One with a currency and first day that is there already takes its place"`
}

// PriceTerms are a price with its breaks and the days that it holds.
type PriceTerms struct {
	Currency  *string         `json:"currency,omitempty" doc:"ISO 4217 code; when absent the merchant's, for a contract price the organisation's"`
	Price     money.Decimal   `json:"price" doc:"Per order unit"`
	Breaks    []catalog.Break `json:"breaks,omitempty" doc:"By rising quantity"`
	ValidFrom money.Date      `json:"valid_from,omitzero" doc:"First day; always when absent"`
	ValidTo   money.Date      `json:"valid_to,omitzero" doc:"Last day; for ever when absent"`
}

// Organisation is a buying company.
type Organisation struct {
	ExternalID      string                  `json:"external_id" pattern:"^\\S(.*\\S)?$"`
	Name            *string                 `json:"name,omitempty" doc:"Needed for a new organisation"`
	Parent          *string                 `json:"parent,omitempty" doc:"external_id of its main account; can't be changed later"`
	Currency        *string                 `json:"currency,omitempty" doc:"ISO 4217 code; the parent's or the merchant's when never set"`
	TermsDays       *int64                  `json:"terms_days,omitempty" doc:"Net days; the parent's or 30 when never set"`
	OverLimit       *string                 `json:"over_limit,omitempty" enum:"review,refuse" doc:"What happens to an order over the limit; the parent's or review when never set"`
	PricePolicy     *string                 `json:"price_policy,omitempty" enum:"contract_only,best_of" doc:"A contract price replaces the list, or the lower wins; the parent's or contract_only when never set"`
	TaxCertificates *[]accounts.Certificate `json:"tax_certificates,omitempty" doc:"All of them. What goes to a place that a certificate covers isn't taxed while it is in force"`
	Disabled        *bool                   `json:"disabled,omitempty" doc:"true closes the organisation"`
	CreditLines     []CreditLine            `json:"credit_lines,omitempty"`
	ContractPrices  []ContractPrice         `json:"contract_prices,omitempty"`
	Assortment      *[]AssortmentRule       `json:"assortment,omitempty" doc:"All rules about what it and those below it are shown: the most exact one about a product counts, by part number, then hazardous, then category, then all; what none is about is shown. Empty: the parent's rules"`
	BuyerParts      *[]BuyerPart            `json:"buyer_parts,omitempty" doc:"All part numbers of its own for our products; those above it hold for what it doesn't name"`
}

// AssortmentRule shows or hides products: by one of sku, category and hazardous, or all.
type AssortmentRule struct {
	Rule      string  `json:"rule" enum:"show,hide"`
	SKU       *string `json:"sku,omitempty" doc:"This product"`
	Category  *string `json:"category,omitempty" doc:"All products of this category"`
	Hazardous *bool   `json:"hazardous,omitempty" doc:"true: all hazardous products"`
}

// BuyerPart is what an organisation calls a product.
type BuyerPart struct {
	Part string `json:"part" pattern:"\\S" doc:"The buyer's part number, compared without regard to case"`
	SKU  string `json:"sku" pattern:"\\S"`
}

// CreditLine is read when the line is made. Later the credit desk decides: differences are
// reported as kept.
type CreditLine struct {
	Currency    *string        `json:"currency,omitempty" doc:"ISO 4217 code; the organisation's when absent"`
	Limit       *money.Decimal `json:"limit,omitempty" doc:"Major units: 50000.00. Only read when the line is made; needed then, unless it is only applied for"`
	OpeningHold money.Decimal  `json:"opening_hold,omitzero" doc:"What is owed already when the line is made. Only read then"`
	Application *Application   `json:"application,omitempty" doc:"For a line that nobody decided about yet: orders on account wait until a limit is set. Only read when the line is made"`
}

// Application is a credit line that an organisation asked for.
type Application struct {
	Amount money.Decimal `json:"amount" doc:"The limit asked for, major units"`
	Since  money.Date    `json:"since" doc:"The day on which it was applied for"`
	Wants  string        `json:"wants,omitempty" doc:"What the applicant was asked for and hasn't sent yet"`
}

// ContractPrice is what an organisation and those below it pay for a product.
type ContractPrice struct {
	SKU string `json:"sku" pattern:"\\S"`
	PriceTerms
}

// Buyer is a person of an organisation. Those who arrive by punchout are made by themselves.
type Buyer struct {
	ExternalID   string  `json:"external_id" pattern:"^\\S(.*\\S)?$"`
	Organisation *string `json:"organisation,omitempty" doc:"external_id; needed for a new buyer, can't be changed later"`
	Email        *string `json:"email,omitempty" doc:"Email or login is needed"`
	Login        *string `json:"login,omitempty"`
	Name         *string `json:"name,omitempty"`
	Disabled     *bool   `json:"disabled,omitempty" doc:"true closes the buyer's account"`
}

// Connection is one procurement link of an organisation.
type Connection struct {
	ExternalID   string       `json:"external_id" pattern:"^\\S(.*\\S)?$"`
	Organisation *string      `json:"organisation,omitempty" doc:"external_id; needed for a new connection, can't be changed later"`
	Network      *string      `json:"network,omitempty" doc:"external_id of the network that speaks for the buyer; empty for none"`
	Protocol     *string      `json:"protocol,omitempty" enum:"cxml,oci" doc:"cxml when never set"`
	Identities   *Identities  `json:"identities,omitempty"`
	SecretsIn    *[]Secret    `json:"secrets_in,omitempty" doc:"All secrets that its own sender may prove itself with: one, or two during a rotation"`
	SecretOut    *Secret      `json:"secret_out,omitempty" doc:"What we present to the buyer's system"`
	Settings     settingsNode `json:"settings,omitzero" doc:"Settings that are absent stay as they are"`
	Disabled     *bool        `json:"disabled,omitempty" doc:"true closes the connection"`
}

// Identities are who may speak on a connection.
type Identities struct {
	From   *[]procurement.Identity `json:"from,omitempty" doc:"All identities of the buyer; each leads to one connection only"`
	Sender *[]procurement.Identity `json:"sender,omitempty" doc:"All identities that sign in, where no network speaks for the buyer"`
}

// Secret is a text that is never shown: its value stays in here.
type Secret struct{ value string }

// String hides the value from logs and messages.
func (Secret) String() string { return "(secret)" }

// GoString hides the value from %#v.
func (Secret) GoString() string { return "(secret)" }

// MarshalText hides the value from JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// readNode takes a text, or {"env": "NAME"} for the value of an environment variable.
func (s *Secret) readNode(r *reader, n node, path string) {
	var from struct {
		Env string `json:"env" pattern:"^[A-Za-z_][A-Za-z0-9_]*$"`
	}
	switch n.kind {
	case isText:
		s.value = n.value.(string)
	case isObject:
		faults := len(r.faults)
		r.read(n, reflect.ValueOf(&from).Elem(), path, "")
		if len(r.faults) > faults {
			return
		}
		value, found := r.env(from.Env)
		if !found || value == "" {
			r.fault(path, "the environment variable "+from.Env+" is not set")
			return
		}
		s.value = value
	default:
		r.fault(path, `must be a text or {"env": "NAME"}`)
		return
	}
	if len(s.value) < 1 || len(s.value) > 200 {
		r.fault(path, "a secret has 1 to 200 characters")
	}
	for _, c := range s.value {
		if c <= ' ' {
			r.fault(path, "a secret has no blanks and control characters")
			break
		}
	}
}

// settingsNode keeps what the file says, to be laid over the settings that there are.
type settingsNode struct {
	node node
	set  bool
}

func (s *settingsNode) readNode(r *reader, n node, path string) {
	s.node, s.set = n, true
	var probe procurement.Settings
	faults := len(r.faults)
	r.read(n, reflect.ValueOf(&probe).Elem(), path, "")
	if len(r.faults) > faults {
		return
	}
	for _, f := range probe.Check() {
		r.fault(join(path, f.Path), f.Message)
	}
	for _, m := range n.members {
		if m.value.kind == isText && m.value.value == "" && m.name != "orders_url" {
			r.fault(join(path, m.name), "must not be empty: leave it out, or name a value")
		}
	}
}

// over lays what the file says over the settings.
func (s *settingsNode) over(settings *procurement.Settings) {
	if s.set {
		(&reader{}).read(s.node, reflect.ValueOf(settings).Elem(), "", "")
	}
}
