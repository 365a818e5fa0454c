package setup

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
)

// applyMerchant applies a merchant and all its objects, in the order in which they refer to each
// other.
func (r *run) applyMerchant(m Merchant, path string) error {
	if err := r.applyMerchantItself(m, path); err != nil {
		return err
	}
	for i, k := range m.APIKeys {
		if err := r.applyAPIKey(k, fmt.Sprintf("%s.api_keys[%d]", path, i)); err != nil {
			return err
		}
	}
	for i, n := range m.Networks {
		if err := r.applyNetwork(n, fmt.Sprintf("%s.networks[%d]", path, i)); err != nil {
			return err
		}
	}
	if err := r.applyProducts(m.Products, path+".products"); err != nil {
		return err
	}
	if err := r.applyOrganisations(m.Organisations, path+".organisations"); err != nil {
		return err
	}
	for i, b := range m.Buyers {
		if err := r.applyBuyer(b, fmt.Sprintf("%s.buyers[%d]", path, i)); err != nil {
			return err
		}
	}
	return r.applyConnections(m.Connections, path+".connections")
}

func (r *run) applyMerchantItself(m Merchant, path string) error {
	o := Object{Kind: "merchant", Name: m.ID}
	there := accounts.Merchant{TaxRates: "[]", Freight: "{}"}
	err := r.tx.Get(r.ctx, &there, selectMerchant, m.ID)
	switch {
	case database.None(err):
		o.created = true
		there.ID, there.Account = m.ID, m.ID
		r.need(m.Mode != nil, path+".mode", "merchant")
		r.need(m.Name != nil, path+".name", "merchant")
		r.need(m.TimeZone != nil, path+".time_zone", "merchant")
		r.need(m.Currency != nil, path+".currency", "merchant")
	case err != nil:
		return err
	case m.Mode != nil && *m.Mode != there.Mode:
		r.fault(path+".mode", "a merchant's mode can't be changed: test and live are two merchants of one account")
	}
	r.merchant = there
	if err := setMerchant(&o, &there, m); err != nil {
		return err
	}
	r.checkMerchant(m, path)
	identities, err := r.setIdentities(&o, "supplier_identities", m.SupplierIdentities, path, func() ([]procurement.Identity, error) {
		return procurement.SupplierIdentities(r.ctx, r.tx, m.ID)
	})
	if err != nil {
		return err
	}
	if len(r.faults) > 0 {
		// All will be undone; a merchant that can be stored lets the other objects be looked at.
		there.Mode, there.Currency, there.TimeZone = "test", "USD", "UTC"
	}
	if o.created || len(o.Changes) > 0 {
		if err := saveMerchant(r.ctx, r.tx, there, r.now); err != nil {
			return err
		}
	}
	r.merchant = there
	if identities && len(r.faults) == 0 {
		if err := procurement.SaveSupplierIdentities(r.ctx, r.tx, m.ID, *m.SupplierIdentities); err != nil {
			return err
		}
	}
	return r.done(&o, m.ID)
}

// setMerchant writes the file's values into the merchant's row.
func setMerchant(o *Object, there *accounts.Merchant, m Merchant) error {
	rates, err := there.Rates()
	if err != nil {
		return err
	}
	set(o, "account", &there.Account, m.Account)
	set(o, "mode", &there.Mode, m.Mode)
	set(o, "name", &there.Name, m.Name)
	set(o, "time_zone", &there.TimeZone, m.TimeZone)
	set(o, "currency", &there.Currency, m.Currency)
	set(o, "shop_url", &there.ShopURL, m.ShopURL)
	set(o, "test_address", &there.TestAddress, m.TestAddress)
	set(o, "disabled", &there.Disabled, m.Disabled)
	if setJSON(o, "tax_rates", &rates.Tax, m.TaxRates) {
		there.TaxRates = text(rates.Tax)
	}
	if setJSON(o, "freight", &rates.Freight, m.Freight) {
		there.Freight = text(rates.Freight)
	}
	contact, err := there.Contact()
	if err != nil {
		return err
	}
	if setJSON(o, "credit_contact", &contact, m.Contact) {
		there.CreditContact = text(contact)
	}
	return nil
}

func (r *run) checkMerchant(m Merchant, path string) {
	if m.Name != nil && strings.TrimSpace(*m.Name) == "" {
		r.fault(path+".name", "must not be empty")
	}
	if m.Account != nil && strings.TrimSpace(*m.Account) == "" {
		r.fault(path+".account", "must not be empty")
	}
	if m.TimeZone != nil {
		if zone, err := time.LoadLocation(*m.TimeZone); err != nil || *m.TimeZone == "" || zone == time.Local {
			r.fault(path+".time_zone", "is not the name of a time zone, such as America/New_York")
		}
	}
	r.checkCurrency(m.Currency, path+".currency")
	r.checkAddress(m.ShopURL, path+".shop_url")
	r.checkAddress(m.TestAddress, path+".test_address")
	if m.Contact != nil {
		r.keepFields(m.Contact.Check(), path+".credit_contact")
	}
	if m.TaxRates != nil {
		for i, rate := range *m.TaxRates {
			r.checkTaxRate(rate, fmt.Sprintf("%s.tax_rates[%d]", path, i))
		}
	}
	if m.Freight != nil {
		for _, currency := range slices.Sorted(maps.Keys(*m.Freight)) {
			r.checkFreight(currency, (*m.Freight)[currency], path+".freight."+currency)
		}
	}
}

func (r *run) checkAddress(address *string, path string) {
	if address == nil || *address == "" {
		return
	}
	if u, err := url.Parse(*address); err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		r.fault(path, "must be an http or https address without credentials")
	}
}

func (r *run) checkCurrency(currency *string, path string) {
	if currency == nil {
		return
	}
	if _, known := money.Exponent(*currency); !known {
		r.fault(path, "is not the ISO 4217 code of a currency")
	}
}

var isCountry = regexp.MustCompile("^[A-Z]{2}$")

func (r *run) checkTaxRate(rate accounts.TaxRate, path string) {
	if !isCountry.MatchString(rate.Country) {
		r.fault(path+".country", "must be an ISO 3166 code of two capital letters")
	}
	if rate.Percent.Sign() < 0 || rate.Percent.Cmp(money.MustDecimal("100")) > 0 {
		r.fault(path+".percent", "must be between 0 and 100")
	}
	if !rate.To.IsZero() && rate.To.Before(rate.From) {
		r.fault(path+".to", "the last day is before the first")
	}
}

func (r *run) checkFreight(currency string, freight accounts.Freight, path string) {
	r.checkCurrency(&currency, path)
	amount := func(d *money.Decimal, path string) {
		if d == nil {
			return
		}
		if _, err := money.ParseAmount(d.String(), currency); err != nil || d.Sign() < 0 {
			r.fault(path, "must be an amount in "+currency+" and not negative")
		}
	}
	if len(freight.Tiers) == 0 {
		r.fault(path+".tiers", "must have a tier")
	}
	var last money.Decimal
	for i, tier := range freight.Tiers {
		tierPath := fmt.Sprintf("%s.tiers[%d]", path, i)
		amount(&tier.Charge, tierPath+".charge")
		amount(tier.Under, tierPath+".under")
		switch isLast := i == len(freight.Tiers)-1; {
		case isLast && tier.Under != nil:
			r.fault(tierPath+".under", "the last tier is for all the rest: leave it out")
		case !isLast && tier.Under == nil:
			r.fault(tierPath+".under", "only the last tier is for all the rest")
		case !isLast && tier.Under.Cmp(last) <= 0:
			r.fault(tierPath+".under", "tiers stand by rising amounts")
		case !isLast:
			last = *tier.Under
		}
	}
	amount(freight.Hazardous, path+".hazardous")
	amount(freight.PerPallet, path+".per_pallet")
}

// applyAPIKey applies a key. Only its digest and last four characters are kept.
func (r *run) applyAPIKey(k APIKey, path string) error {
	o := Object{Kind: "api_key", Name: k.ExternalID}
	var there apiKeyRow
	err := r.tx.Get(r.ctx, &there, selectAPIKey, r.merchant.ID, k.ExternalID)
	if o.created = database.None(err); o.created {
		there = apiKeyRow{ID: database.NewID("key"), ExternalID: k.ExternalID}
		if r.need(k.Key != nil, path+".key", "key"); k.Key == nil {
			return nil
		}
	} else if err != nil {
		return err
	}
	set(&o, "disabled", &there.Disabled, k.Disabled)
	if k.Key != nil {
		random, ok := strings.CutPrefix(k.Key.value, "sk_"+r.merchant.ID+"_")
		if !ok || len(random) < 20 || len(k.Key.value) > 200 || strings.Trim(random, letters) != "" {
			r.fault(path+".key", "must be sk_"+r.merchant.ID+"_ and at least 20 letters and digits")
			return nil
		}
		digest := r.keys.Digest("api_key", k.Key.value)
		var owner string
		err := r.tx.Get(r.ctx, &owner, selectKeyOwner, r.merchant.ID, digest)
		if err != nil && !database.None(err) {
			return err
		}
		if err == nil && owner != k.ExternalID {
			r.fault(path+".key", "is the key of "+owner+" already")
			return nil
		}
		if !bytes.Equal(digest, there.Digest) {
			o.change("key", hidden, hidden)
			there.Digest, there.Hint = digest, random[len(random)-4:]
		}
	}
	if o.created || len(o.Changes) > 0 {
		if err := saveAPIKey(r.ctx, r.tx, r.merchant.ID, there, r.now); err != nil {
			return err
		}
	}
	return r.done(&o, there.ID)
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// setIdentities compares identities without regard to their order and tells whether they differ.
func (r *run) setIdentities(o *Object, field string, wanted *[]procurement.Identity, path string, load func() ([]procurement.Identity, error)) (bool, error) {
	if wanted == nil {
		return false, nil
	}
	seen := map[procurement.Identity]bool{}
	for i, id := range *wanted {
		at := fmt.Sprintf("%s[%d]", join(path, field), i)
		if accounts.Fold(id.Domain) == "" || accounts.Fold(id.Identity) == "" {
			r.fault(at, "an identity needs a domain and an identity")
		}
		key := procurement.Identity{Domain: accounts.Fold(id.Domain), Identity: strings.TrimSpace(id.Identity)}
		if seen[key] {
			r.fault(at, "is there twice")
		}
		seen[key] = true
	}
	there, err := load()
	if err != nil {
		return false, err
	}
	was, became := identityText(there), identityText(*wanted)
	if was == became {
		return false, nil
	}
	o.change(field, was, became)
	return true, nil
}

func identityText(list []procurement.Identity) string {
	texts := make([]string, len(list))
	for i, id := range list {
		texts[i] = strings.TrimSpace(id.Domain) + " " + strings.TrimSpace(id.Identity)
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}
