package setup

import (
	"fmt"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
)

// applyProducts applies products with their list prices. What is there is read for all at once:
// catalogues are long.
func (r *run) applyProducts(products []Product, path string) error {
	skus := make([]string, len(products))
	for i, p := range products {
		skus[i] = p.SKU
	}
	there, err := catalog.Products(r.ctx, r.tx, r.merchant.ID, skus)
	if err != nil {
		return err
	}
	prices, err := r.pricesOf(there, "")
	if err != nil {
		return err
	}
	for i, p := range products {
		known := there[accounts.Fold(p.SKU)]
		if err := r.applyProduct(p, known, prices[known.ID], fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) pricesOf(products map[string]catalog.Product, organisation string) (map[string][]catalog.Price, error) {
	ids := make([]string, 0, len(products))
	for _, p := range products {
		ids = append(ids, p.ID)
	}
	return catalog.Prices(r.ctx, r.tx, r.merchant.ID, "", []string{organisation}, ids)
}

// applyProduct applies one product; there is it as it is kept, with its list prices.
func (r *run) applyProduct(p Product, there catalog.Product, prices []catalog.Price, path string) error {
	faults := len(r.faults)
	o := Object{Kind: "product", Name: p.SKU, created: there.ID == ""}
	if o.created {
		r.need(p.Name != nil, path+".name", "product")
		r.need(p.Unit != nil, path+".unit", "product")
		there = catalog.Product{Merchant: r.merchant.ID, SKU: p.SKU}
	}
	set(&o, "sku", &there.SKU, &p.SKU) // its spelling may change
	set(&o, "name", &there.Name, p.Name)
	set(&o, "description", &there.Description, p.Description)
	set(&o, "category", &there.Category, p.Category)
	set(&o, "unspsc", &there.UNSPSC, p.UNSPSC)
	set(&o, "unit", &there.Unit, p.Unit)
	setNumber(&o, "content", &there.Content, p.Content)
	set(&o, "content_unit", &there.ContentUnit, p.ContentUnit)
	setJSON(&o, "other_units", &there.OtherUnits, p.OtherUnits)
	least, step := &there.LeastQuantity, &there.QuantityStep
	setNumber(&o, "least_quantity", &least, p.LeastQuantity)
	setNumber(&o, "quantity_step", &step, p.QuantityStep)
	there.LeastQuantity, there.QuantityStep = *least, *step
	set(&o, "tax_class", &there.TaxClass, p.TaxClass)
	set(&o, "hazardous", &there.Hazardous, p.Hazardous)
	set(&o, "freight_class", &there.FreightClass, p.FreightClass)
	setNumber(&o, "stock", &there.Stock, p.Stock)
	if p.LeadTimeDays != nil && (there.LeadTimeDays == nil || *there.LeadTimeDays != *p.LeadTimeDays) {
		o.change("lead_time_days", optional(there.LeadTimeDays), optional(p.LeadTimeDays))
		there.LeadTimeDays = p.LeadTimeDays
	}
	set(&o, "disabled", &there.Disabled, p.Disabled)
	changed := o.created || len(o.Changes) > 0

	wanted := r.wantedPrices(&o, p.Prices, prices, r.merchant.Currency, path+".prices")
	if len(r.faults) > faults {
		return nil
	}
	if changed || len(wanted) > 0 { // a price counts the product's version too
		kept, err := catalog.Save(r.ctx, r.tx, there, r.now)
		if err != nil {
			return r.keep(err, path)
		}
		there = kept
	}
	for _, price := range wanted {
		if err := catalog.SavePrice(r.ctx, r.tx, r.merchant.ID, there.ID, price); err != nil {
			return r.keep(err, path)
		}
	}
	return r.done(&o, there.ID)
}

// wantedPrices lists the prices of the file that differ from those that are there.
func (r *run) wantedPrices(o *Object, wanted []PriceTerms, there []catalog.Price, currency, path string) []catalog.Price {
	var differ []catalog.Price
	seen := map[string]bool{}
	for i, w := range wanted {
		at := fmt.Sprintf("%s[%d]", path, i)
		if p, name, ok := r.wantedPrice(w, currency, seen, at); ok && notePrice(o, "prices "+name, p, there) {
			differ = append(differ, p)
		}
	}
	return differ
}

// wantedPrice reads a price of the file; name tells it from others of the same product.
func (r *run) wantedPrice(w PriceTerms, currency string, seen map[string]bool, path string) (p catalog.Price, name string, ok bool) {
	p = catalog.Price{Currency: currency, From: w.ValidFrom, To: w.ValidTo, Price: w.Price, Breaks: w.Breaks}
	if w.Currency != nil {
		p.Currency = *w.Currency
	}
	if fields := p.Check(); len(fields) > 0 {
		r.keepFields(fields, path)
		return p, "", false
	}
	name = p.Currency
	if !p.From.IsZero() {
		name += " from " + p.From.String()
	}
	if seen[name] {
		r.fault(path, "the price in "+name+" is there twice")
		return p, name, false
	}
	seen[name] = true
	return p, name, true
}

// notePrice tells whether the price differs from the one that it would take the place of, and
// notes the change.
func notePrice(o *Object, field string, p catalog.Price, there []catalog.Price) bool {
	was := ""
	for _, t := range there {
		if t.Currency == p.Currency && t.From == p.From {
			was = priceText(t)
		}
	}
	became := priceText(p)
	if was == became {
		return false
	}
	o.change(field, was, became)
	return true
}

// priceText is a price in words: 18.45, 10+ 17.20, through 2026-12-31.
func priceText(p catalog.Price) string {
	text := p.Price.String()
	for _, b := range p.Breaks {
		text += ", " + b.From.Plain() + "+ " + b.Price.String()
	}
	if !p.To.IsZero() {
		text += ", through " + p.To.String()
	}
	return text
}

func optional(n *int64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}
