package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kontorhq/kontor/money"
)

// productRow is a product as it is stored.
type productRow struct {
	ID            string         `db:"id"`
	Merchant      string         `db:"merchant_id"`
	SKU           string         `db:"sku"`
	Name          string         `db:"name"`
	Description   string         `db:"description"`
	Category      string         `db:"category"`
	UNSPSC        string         `db:"unspsc"`
	Unit          string         `db:"unit"`
	Content       string         `db:"content"`
	ContentUnit   string         `db:"content_unit"`
	OtherUnits    string         `db:"other_units"`
	LeastQuantity money.Decimal  `db:"least_quantity"`
	QuantityStep  money.Decimal  `db:"quantity_step"`
	TaxClass      string         `db:"tax_class"`
	Hazardous     bool           `db:"hazardous"`
	FreightClass  string         `db:"freight_class"`
	Stock         *money.Decimal `db:"stock"`
	LeadTimeDays  *int64         `db:"lead_time_days"`
	Disabled      bool           `db:"disabled"`
	Version       int64          `db:"version"`
	BuyerPart     string         `db:"buyer_part"` // these two only where an organisation looks
	Hidden        bool           `db:"hidden"`
}

func (r productRow) product() (Product, error) {
	p := Product{
		ID: r.ID, Merchant: r.Merchant, SKU: r.SKU, Name: r.Name, Description: r.Description, Category: r.Category,
		UNSPSC: r.UNSPSC, Unit: r.Unit, ContentUnit: r.ContentUnit,
		LeastQuantity: r.LeastQuantity, QuantityStep: r.QuantityStep,
		TaxClass: r.TaxClass, Hazardous: r.Hazardous, FreightClass: r.FreightClass,
		Stock: r.Stock, LeadTimeDays: r.LeadTimeDays, Disabled: r.Disabled, Version: r.Version,
	}
	if r.Content != "" {
		content, err := money.ParseDecimal(r.Content)
		if err != nil {
			return Product{}, fmt.Errorf("product %s: content: %w", r.ID, err)
		}
		p.Content = &content
	}
	if r.OtherUnits != "[]" {
		if err := json.Unmarshal([]byte(r.OtherUnits), &p.OtherUnits); err != nil {
			return Product{}, fmt.Errorf("product %s: other_units: %w", r.ID, err)
		}
	}
	return p, nil
}

// priceRow is one step of a price. The step for every quantity has from_quantity 0.
type priceRow struct {
	Product      string        `db:"product_id"`
	Organisation string        `db:"organisation_id"`
	Currency     string        `db:"currency"`
	FromQuantity money.Decimal `db:"from_quantity"`
	ValidFrom    money.Date    `db:"valid_from"`
	ValidTo      money.Date    `db:"valid_to"`
	Price        money.Decimal `db:"price"`
}

// gather puts the steps of each price together. The order in which rows come is not promised.
func gather(found map[string][]Price, rows []priceRow) error {
	slices.SortFunc(rows, func(a, b priceRow) int { return a.FromQuantity.Cmp(b.FromQuantity) })
	type key struct{ product, organisation, currency, from string }
	place := map[key]int{}
	for _, r := range rows {
		k := key{r.Product, r.Organisation, r.Currency, r.ValidFrom.String()}
		i, known := place[k]
		switch {
		case known:
			p := &found[r.Product][i]
			p.Breaks = append(p.Breaks, Break{r.FromQuantity, r.Price})
		case r.FromQuantity.Sign() != 0:
			return fmt.Errorf("product %s has a price break in %s without the price below it", r.Product, r.Currency)
		default:
			place[k] = len(found[r.Product])
			found[r.Product] = append(found[r.Product], Price{
				Organisation: r.Organisation, Currency: r.Currency, From: r.ValidFrom, To: r.ValidTo, Price: r.Price,
			})
		}
	}
	return nil
}

// list is the placeholders of an IN.
func list(n int) string { return "(" + strings.Repeat("?, ", n-1) + "?)" }

const (
	columns = `p.id, p.merchant_id, p.sku, p.name, p.description, p.category, p.unspsc, p.unit, p.content, p.content_unit,
       p.other_units, p.least_quantity, p.quantity_step, p.tax_class, p.hazardous, p.freight_class, p.stock, p.lead_time_days,
       p.disabled, p.version`

	fromProducts = `
  FROM products p`
	selectProducts = `
SELECT ` + columns + fromProducts
	selectSeen = `
SELECT ` + columns + `, `

	selectPrices = `
SELECT product_id, organisation_id, currency, from_quantity, valid_from, valid_to, price
  FROM prices WHERE merchant_id = ? AND product_id IN `
	andCurrency = ` AND (currency = ? OR ? = '')`

	insertProduct = `
INSERT INTO products (merchant_id, id, sku, sku_folded, name, description, category, unspsc, unit, content, content_unit, other_units,
       least_quantity, quantity_step, tax_class, hazardous, freight_class, stock, lead_time_days, disabled, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (merchant_id, sku_folded) DO NOTHING`

	updateProduct = `
UPDATE products
   SET sku = ?, sku_folded = ?, name = ?, description = ?, category = ?, unspsc = ?, unit = ?, content = ?, content_unit = ?,
       other_units = ?, least_quantity = ?, quantity_step = ?, tax_class = ?, hazardous = ?, freight_class = ?, stock = ?,
       lead_time_days = ?, disabled = ?, version = version + 1, updated_at = ?
 WHERE merchant_id = ? AND id = ? AND version = ?`

	deletePrice = `
DELETE FROM prices WHERE merchant_id = ? AND product_id = ? AND organisation_id = ? AND currency = ? AND valid_from = ?`

	intoPrices = `prices (merchant_id, product_id, organisation_id, currency, from_quantity, valid_from, valid_to, price)`
)
