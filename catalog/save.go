package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Sizes that keep a product within what documents and indexes carry.
const (
	maxSKU  = 100
	maxText = 20_000
	maxMore = 20 // other units, breaks
)

// Save writes a product and its search index: a new one when it has no ID, else the changed one,
// which must still have the version that was read (fault.Conflict). It returns the product as it
// is kept. Unset numbers get their defaults: least quantity and step 1, tax class standard.
//
// Save joins the caller's transaction and never ends it.
func Save(ctx context.Context, tx *database.Tx, p Product, now time.Time) (Product, error) {
	p.setDefaults()
	if fields := p.Check(); len(fields) > 0 {
		return Product{}, &fault.Error{Code: fault.Invalid, Message: "the product can't be kept as it is", Fields: fields}
	}
	others, err := json.Marshal(p.OtherUnits)
	if err != nil {
		return Product{}, err
	}
	if len(p.OtherUnits) == 0 {
		others = []byte("[]")
	}
	content := ""
	if p.Content != nil {
		content = p.Content.String()
	}
	values := []any{p.SKU, accounts.Fold(p.SKU), p.Name, p.Description, p.Category, p.UNSPSC, p.Unit, content, p.ContentUnit, string(others),
		p.LeastQuantity, p.QuantityStep, p.TaxClass, p.Hazardous, p.FreightClass, p.Stock, p.LeadTimeDays, p.Disabled}
	var written int64
	if isNew := p.ID == ""; isNew {
		p.ID, p.Version = database.NewID("prd"), 1
		written, err = tx.Exec(ctx, insertProduct, append(append([]any{p.Merchant, p.ID}, values...), database.At(now), database.At(now))...)
	} else {
		written, err = tx.Exec(ctx, updateProduct, append(values, database.At(now), p.Merchant, p.ID, p.Version)...)
		p.Version++
	}
	if err != nil {
		return Product{}, err
	}
	if written == 0 {
		return Product{}, fault.At(fault.Conflict, "sku", "the product "+p.SKU+" was changed by somebody else meanwhile, or its part number is taken")
	}
	return p, index(ctx, tx, p)
}

func (p *Product) setDefaults() {
	if p.LeastQuantity.IsZero() {
		p.LeastQuantity = money.One
	}
	if p.QuantityStep.IsZero() {
		p.QuantityStep = money.One
	}
	if p.TaxClass == "" {
		p.TaxClass = "standard"
	}
}

// Check lists what is wrong with a product; the paths are the names that setup uses.
func (p *Product) Check() []fault.Field {
	var fields []fault.Field
	wrong := func(is bool, path, message string) {
		if is {
			fields = append(fields, fault.Field{Path: path, Message: message})
		}
	}
	wrong(accounts.Fold(p.SKU) == "" || len(p.SKU) > maxSKU, "sku", fmt.Sprintf("a part number has 1 to %d bytes", maxSKU))
	wrong(p.Name == "" || len(p.Name) > maxText, "name", "a product needs a name")
	wrong(len(p.Description) > maxText, "description", fmt.Sprintf("a description has at most %d bytes", maxText))
	wrong(!IsUnit(p.Unit), "unit", "a unit is a UN/CEFACT code of 1 to 3 capital letters and digits")
	wrong(p.Content != nil && p.Content.Sign() <= 0, "content", "what a unit holds must be positive")
	wrong((p.Content == nil) != (p.ContentUnit == ""), "content_unit", "content and content_unit go together")
	wrong(p.ContentUnit != "" && !IsUnit(p.ContentUnit), "content_unit", "a unit is a UN/CEFACT code of 1 to 3 capital letters and digits")
	wrong(p.UNSPSC != "" && !isNumber(p.UNSPSC, 8), "unspsc", "a UNSPSC code has 8 digits")
	wrong(p.LeastQuantity.Sign() <= 0, "least_quantity", "the least quantity must be positive")
	wrong(p.QuantityStep.Sign() <= 0, "quantity_step", "the step must be positive")
	wrong(p.Stock != nil && p.Stock.Sign() < 0, "stock", "the stock can't be negative")
	wrong(p.LeadTimeDays != nil && *p.LeadTimeDays < 0, "lead_time_days", "the lead time can't be negative")
	wrong(p.FreightClass != "" && p.FreightClass != "pallet", "freight_class", `a freight class is "" or "pallet"`)
	wrong(len(p.OtherUnits) > maxMore, "other_units", fmt.Sprintf("a product has at most %d other units", maxMore))
	seen := map[string]bool{p.Unit: true}
	for i, other := range p.OtherUnits {
		path := fmt.Sprintf("other_units[%d]", i)
		wrong(!IsUnit(other.Unit), path+".unit", "a unit is a UN/CEFACT code of 1 to 3 capital letters and digits")
		wrong(seen[other.Unit], path+".unit", "the unit "+other.Unit+" is there twice")
		wrong(other.Content.Sign() <= 0, path+".content", "how many "+p.Unit+" it is must be positive")
		seen[other.Unit] = true
	}
	return fields
}

// SavePrice writes one price of a product with its breaks in place of the one that began on the
// same day, for the same organisation and currency. The caller's transaction is joined.
func SavePrice(ctx context.Context, tx *database.Tx, merchant, product string, p Price) error {
	if fields := p.Check(); len(fields) > 0 {
		return &fault.Error{Code: fault.Invalid, Message: "the price can't be kept as it is", Fields: fields}
	}
	if _, err := tx.Exec(ctx, deletePrice, merchant, product, p.Organisation, p.Currency, p.From.String()); err != nil {
		return err
	}
	row := func(b Break) []any {
		return []any{merchant, product, p.Organisation, p.Currency, b.From.Plain(), p.From.String(), p.To.String(), b.Price}
	}
	rows := [][]any{row(Break{Price: p.Price})}
	for _, b := range p.Breaks {
		rows = append(rows, row(b))
	}
	return tx.InsertAll(ctx, intoPrices, rows)
}

// Check lists what is wrong with a price; the paths are the names that setup uses.
func (p *Price) Check() []fault.Field {
	var fields []fault.Field
	wrong := func(is bool, path, message string) {
		if is {
			fields = append(fields, fault.Field{Path: path, Message: message})
		}
	}
	_, known := money.Exponent(p.Currency)
	wrong(!known, "currency", "a currency is an ISO 4217 code")
	wrong(p.Price.Sign() < 0, "price", "a price can't be negative")
	wrong(!p.To.IsZero() && p.To.Before(p.From), "valid_to", "the last day is before the first")
	wrong(len(p.Breaks) > maxMore, "breaks", fmt.Sprintf("a price has at most %d breaks", maxMore))
	var last money.Decimal
	for i, b := range p.Breaks {
		path := fmt.Sprintf("breaks[%d]", i)
		wrong(b.From.Cmp(last) <= 0, path+".from", "breaks stand by rising quantity, the first above 0")
		wrong(b.Price.Sign() < 0, path+".price", "a price can't be negative")
		last = b.From
	}
	return fields
}

// IsUnit tells whether a text has the form of our units: a UN/CEFACT code of 1 to 3 capital letters
// and digits.
func IsUnit(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(text) >= 1 && len(text) <= 3
}

func isNumber(text string, digits int) bool {
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) == digits
}
