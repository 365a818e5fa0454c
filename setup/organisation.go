package setup

import (
	"fmt"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// applyOrganisations applies organisations, parents before children, whatever their order in the
// file.
func (r *run) applyOrganisations(organisations []Organisation, path string) error {
	place := map[string]int{}
	for i, o := range organisations {
		place[o.ExternalID] = i
	}
	const under, applied = 1, 2
	state := make([]int, len(organisations))
	var visit func(i int) error
	visit = func(i int) error {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch state[i] {
		case applied:
			return nil
		case under:
			r.fault(at+".parent", "the organisation would be its own parent")
			return nil
		}
		state[i] = under
		if parent := organisations[i].Parent; parent != nil {
			if j, inFile := place[*parent]; inFile {
				if err := visit(j); err != nil {
					return err
				}
			}
		}
		state[i] = applied
		return r.applyOrganisation(organisations[i], at)
	}
	for i := range organisations {
		if err := visit(i); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) applyOrganisation(w Organisation, path string) error {
	o := Object{Kind: "organisation", Name: w.ExternalID}
	faults := len(r.faults)
	there, err := accounts.FindOrganisation(r.ctx, r.tx, r.merchant.ID, "ext:"+w.ExternalID)
	if err != nil {
		if fault.CodeOf(err) != fault.Unknown {
			return err
		}
		o.created = true
		r.need(w.Name != nil, path+".name", "organisation")
		if there, err = r.newOrganisation(&o, w, path); err != nil {
			return err
		}
	} else if err := r.checkParent(there, w.Parent, path+".parent"); err != nil {
		return err
	}
	if err := r.setOrganisation(&o, &there, w, path); err != nil {
		return err
	}
	if len(r.faults) > faults {
		// All will be undone; one that can be stored lets what refers to it be looked at.
		there.Currency = r.merchant.Currency
	}
	own, err := r.offered(&o, there, w, path)
	if err != nil {
		return err
	}
	if own.rulesDiffer {
		there.Assortment = len(own.rules) > 0
	}
	if o.created || len(o.Changes) > 0 {
		if err := saveOrganisation(r.ctx, r.tx, there, r.now); err != nil {
			return err
		}
	}
	if err := r.saveOffered(there, own); err != nil {
		return err
	}
	r.organisations[w.ExternalID] = there
	seen := map[string]bool{}
	for i, line := range w.CreditLines {
		if err := r.applyCreditLine(&o, there, line, seen, fmt.Sprintf("%s.credit_lines[%d]", path, i)); err != nil {
			return err
		}
	}
	return r.done(&o, there.ID)
}

// setOrganisation writes the file's values into the organisation's row.
func (r *run) setOrganisation(o *Object, there *accounts.Organisation, w Organisation, path string) error {
	set(o, "name", &there.Name, w.Name)
	set(o, "currency", &there.Currency, w.Currency)
	set(o, "terms_days", &there.TermsDays, w.TermsDays)
	set(o, "over_limit", &there.OverLimit, w.OverLimit)
	set(o, "price_policy", &there.PricePolicy, w.PricePolicy)
	if err := r.setCertificates(o, there, w.TaxCertificates, path+".tax_certificates"); err != nil {
		return err
	}
	set(o, "disabled", &there.Disabled, w.Disabled)
	r.checkCurrency(w.Currency, path+".currency")
	if w.Name != nil && strings.TrimSpace(*w.Name) == "" {
		r.fault(path+".name", "must not be empty")
	}
	if w.TermsDays != nil && (*w.TermsDays < 0 || *w.TermsDays > 3650) {
		r.fault(path+".terms_days", "must be between 0 and 3650")
	}
	return nil
}

// offered is what of the catalogue is an organisation's own, where the file says it otherwise than it
// is: it is looked at before the organisation's row is written, and saved after it.
type offered struct {
	prices      []contractPrice
	rules       []catalog.Rule
	parts       []catalog.BuyerPart
	rulesDiffer bool
	partsDiffer bool
}

func (r *run) offered(o *Object, there accounts.Organisation, w Organisation, path string) (own offered, err error) {
	if own.prices, err = r.contractPrices(o, there, w.ContractPrices, path+".contract_prices"); err != nil {
		return own, err
	}
	if own.rules, own.rulesDiffer, err = r.assortment(o, there, w.Assortment, path+".assortment"); err != nil {
		return own, err
	}
	own.parts, own.partsDiffer, err = r.buyerParts(o, there, w.BuyerParts, path+".buyer_parts")
	return own, err
}

func (r *run) saveOffered(there accounts.Organisation, own offered) error {
	for _, p := range own.prices {
		if err := catalog.SavePrice(r.ctx, r.tx, r.merchant.ID, p.product, p.Price); err != nil {
			return err
		}
	}
	if own.rulesDiffer {
		if err := catalog.SaveRules(r.ctx, r.tx, there, own.rules); err != nil {
			return err
		}
	}
	if own.partsDiffer {
		return catalog.SaveBuyerParts(r.ctx, r.tx, r.merchant.ID, there.ID, own.parts)
	}
	return nil
}

// setCertificates replaces the organisation's certificates of exemption from tax.
func (r *run) setCertificates(o *Object, there *accounts.Organisation, wanted *[]accounts.Certificate, path string) error {
	if wanted == nil {
		return nil
	}
	list, err := there.Certificates()
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, c := range *wanted {
		r.checkCertificate(c, seen, fmt.Sprintf("%s[%d]", path, i))
	}
	if setJSON(o, "tax_certificates", &list, wanted) {
		there.TaxCertificates = text(list)
	}
	return nil
}

func (r *run) checkCertificate(c accounts.Certificate, seen map[string]bool, path string) {
	if c.Country != "" && !isCountry.MatchString(c.Country) {
		r.fault(path+".country", "must be an ISO 3166 code of two capital letters")
	}
	if c.Region != "" && c.Country == "" {
		r.fault(path+".country", "is needed beside a region")
	}
	switch n := len([]rune(c.Reference)); {
	case strings.TrimSpace(c.Reference) == "":
		r.fault(path+".reference", "is needed: the number of the document, or where it is kept")
	case n > 200:
		r.fault(path+".reference", "is longer than 200 characters")
	}
	if !c.To.IsZero() && c.To.Before(c.From) {
		r.fault(path+".to", "the last day is before the first")
	}
	key := c.Country + "\x00" + accounts.Fold(c.Region) + "\x00" + accounts.Fold(c.Reference)
	if seen[key] {
		r.fault(path, "the certificate is there twice for the same place")
	}
	seen[key] = true
}

// newOrganisation starts with its parent's terms, or the usual ones.
func (r *run) newOrganisation(o *Object, w Organisation, path string) (accounts.Organisation, error) {
	fresh := accounts.Organisation{
		ID: database.NewID("org"), Merchant: r.merchant.ID, ExternalID: w.ExternalID,
		Currency: r.merchant.Currency, TaxCertificates: "[]", TermsDays: 30, OverLimit: accounts.Review, PricePolicy: accounts.ContractOnly,
	}
	if w.Parent == nil || *w.Parent == "" {
		return fresh, nil
	}
	parent, ok, err := r.organisationOf(*w.Parent, path+".parent")
	if err != nil || !ok {
		return fresh, err
	}
	o.change("parent", "", *w.Parent)
	fresh.ParentID = &parent.ID
	fresh.Currency, fresh.TermsDays = parent.Currency, parent.TermsDays
	fresh.OverLimit, fresh.PricePolicy = parent.OverLimit, parent.PricePolicy
	return fresh, nil
}

// checkParent refuses another parent: credit lines and their history hang on it.
func (r *run) checkParent(there accounts.Organisation, wanted *string, path string) error {
	if wanted == nil {
		return nil
	}
	is := ""
	if there.ParentID != nil {
		parent, err := accounts.FindOrganisation(r.ctx, r.tx, r.merchant.ID, *there.ParentID)
		if err != nil {
			return err
		}
		is = parent.ExternalID
	}
	if is != *wanted {
		if is == "" {
			is = "none"
		}
		r.fault(path, "the parent of an organisation can't be changed; it is "+is)
	}
	return nil
}

// applyCreditLine opens a line that isn't there. One that is there belongs to the credit desk.
func (r *run) applyCreditLine(o *Object, organisation accounts.Organisation, w CreditLine, seen map[string]bool, path string) error {
	currency := organisation.Currency
	if w.Currency != nil {
		currency = *w.Currency
	}
	if _, known := money.Exponent(currency); !known {
		r.fault(path+".currency", "is not the ISO 4217 code of a currency")
		return nil
	}
	if seen[currency] {
		r.fault(path, "the credit line in "+currency+" is there twice")
		return nil
	}
	seen[currency] = true
	opening, ok := r.openingOf(w, currency, path)
	if !ok {
		return nil
	}
	opening.Organisation, opening.Actor, opening.At = organisation, r.Actor, r.now
	limit := opening.Limit
	field := "credit_lines " + currency + " limit"
	lines, err := credit.LinesOf(r.ctx, r.tx, r.merchant.ID, organisation.ID)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if line.Currency != currency {
			continue
		}
		if w.Limit != nil && line.Limit != limit.Minor {
			o.Kept = append(o.Kept, Change{field, line.Amount(line.Limit).Text(), limit.Text()})
		}
		return nil
	}
	if w.Limit == nil && w.Application == nil {
		r.fault(path+".limit", "is needed for a new credit line that is not only applied for")
		return nil
	}
	if _, err := credit.Open(r.ctx, r.tx, opening); err != nil {
		return r.keep(err, path)
	}
	if w.Application != nil {
		o.change("credit_lines "+currency+" application", "", money.Of(opening.Application.Applied, currency).Text())
	} else {
		o.change(field, "", limit.Text())
	}
	if opening.Holds.Minor > 0 {
		o.change("credit_lines "+currency+" opening_hold", "", opening.Holds.Text())
	}
	return nil
}

// openingOf reads a line's amounts in its currency.
func (r *run) openingOf(w CreditLine, currency, path string) (opening credit.Opening, ok bool) {
	faults := len(r.faults)
	opening.Limit = money.Zero(currency)
	if w.Limit != nil {
		opening.Limit, _ = r.amount(*w.Limit, currency, path+".limit")
	}
	opening.Holds, _ = r.amount(w.OpeningHold, currency, path+".opening_hold")
	if a := w.Application; a != nil {
		amount, _ := r.amount(a.Amount, currency, path+".application.amount")
		opening.Application = credit.Application{Applied: amount.Minor, On: a.Since, Wants: a.Wants}
	}
	return opening, len(r.faults) == faults
}

func (r *run) amount(d money.Decimal, currency, path string) (money.Amount, bool) {
	amount, err := money.ParseAmount(d.String(), currency)
	if err != nil || amount.Minor < 0 {
		r.fault(path, "must be an amount in "+currency+" and not negative")
		return money.Amount{}, false
	}
	return amount, true
}

type contractPrice struct {
	product string
	catalog.Price
}

// contractPrices lists the contract prices of the file that differ from those that are there.
func (r *run) contractPrices(o *Object, organisation accounts.Organisation, wanted []ContractPrice, path string) ([]contractPrice, error) {
	skus := make([]string, len(wanted))
	for i, w := range wanted {
		skus[i] = w.SKU
	}
	products, err := catalog.Products(r.ctx, r.tx, r.merchant.ID, skus)
	if err != nil {
		return nil, err
	}
	there, err := r.pricesOf(products, organisation.ID)
	if err != nil {
		return nil, err
	}
	var differ []contractPrice
	seen := map[string]map[string]bool{}
	for i, w := range wanted {
		at := fmt.Sprintf("%s[%d]", path, i)
		product, known := products[accounts.Fold(w.SKU)]
		if !known {
			r.fault(at+".sku", "there is no product "+w.SKU+", neither here nor in the file")
			continue
		}
		if seen[product.ID] == nil {
			seen[product.ID] = map[string]bool{}
		}
		p, name, ok := r.wantedPrice(w.PriceTerms, organisation.Currency, seen[product.ID], at)
		p.Organisation = organisation.ID
		if ok && notePrice(o, "contract_prices "+product.SKU+" "+name, p, there[product.ID]) {
			differ = append(differ, contractPrice{product.ID, p})
		}
	}
	return differ, nil
}
