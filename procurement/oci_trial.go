package procurement

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/oci"
)

// OCITrial is what a start on a connection would come to: the parameters, the form that would go
// home with a cart of what is on offer, and every rule that either breaks.
type OCITrial struct {
	Findings    Findings
	Start, Form []oci.Field
	Products    int // that were tried
}

// TryOCI plays a start on a connection and a cart with all that the organisation is offered, in
// every unit, up to so many products. Nothing is written. What a live session only warns of, such
// as a unit without a code, is a fault here.
func (s *Service) TryOCI(ctx context.Context, merchant, reference string, most int) (OCITrial, error) {
	connection, err := FindConnection(ctx, s.DB, merchant, "ext:"+reference)
	if err != nil {
		return OCITrial{}, err
	}
	if connection.Protocol != "oci" {
		return OCITrial{}, fault.New(fault.Invalid, "the connection "+reference+" speaks "+connection.Protocol+", not OCI")
	}
	v := &ociVisitor{connection: connection}
	if v.merchant, v.organisation, err = accounts.FindParties(ctx, s.DB, merchant, connection.Organisation); err != nil {
		return OCITrial{}, err
	}
	k, trial := &checker{}, OCITrial{}
	if err := s.tryStart(ctx, k, v); err != nil {
		return OCITrial{}, err
	}
	trial.Start = v.start.Fields
	var items []checkout.Item
	if items, trial.Products, err = s.everyUnit(ctx, v, most); err != nil {
		return OCITrial{}, err
	}
	lines, err := s.Desk.Priced(ctx, s.DB, v.merchant, v.organisation, items)
	if err != nil {
		return OCITrial{}, err
	}
	if len(lines) == 0 {
		k.fault("", "Nothing is on offer to this organisation in "+v.organisation.Currency+".")
	}
	if trial.Form, err = s.tryCart(ctx, k, v, lines); err != nil {
		return OCITrial{}, err
	}
	k.findings.sort()
	trial.Findings = k.findings
	return trial, nil
}

// tryStart is the start that the connection's settings ask for.
func (s *Service) tryStart(ctx context.Context, k *checker, v *ociVisitor) error {
	settings := v.connection.Settings
	names := settings.oci().names()
	home := ""
	for i, host := range settings.ReturnHosts {
		scheme, host, err := allowedOrigin(host)
		if err != nil {
			continue // the settings were checked when they were made
		}
		address := scheme + "://" + host + "/"
		if _, err := settings.checkHook(address); err != nil {
			k.fault(fmt.Sprintf("return_hosts[%d]", i), "No cart can be sent to "+address+".")
		}
		if scheme == "http" {
			k.warn(fmt.Sprintf("return_hosts[%d]", i), "Prices go to "+host+" over http, where everybody on the way can read and change them.")
		}
		if home == "" {
			home = address
		}
	}
	if home == "" && settings.oci().SAPGUI {
		home = sapEvent + ":return"
	}
	live, err := secretsOf(ctx, s.DB, v.merchant.ID, v.connection.ID)
	if err != nil {
		return err
	}
	fields := []oci.Field{{Name: names.HookURL[0], Value: home}, {Name: names.Username[0], Value: settings.oci().Username}}
	if len(live) > 0 {
		fields = append(fields, oci.Field{Name: names.Password[0], Value: oci.Masked})
	}
	v.start, err = oci.ReadStart(fields, names)
	k.ociFaults(err, nil)
	if v.connection.Disabled || v.organisation.Disabled {
		k.fault("", "The connection or its organisation is closed: nobody can start.")
	}
	return nil
}

// everyUnit is the least quantity of each product on offer, in each unit that it is sold in.
func (s *Service) everyUnit(ctx context.Context, v *ociVisitor, most int) (items []checkout.Item, products int, err error) {
	query := catalog.Query{}
	for products < most {
		query.Limit = most - products
		found, next, err := catalog.Search(ctx, s.DB, v.organisation, v.organisation.Currency, v.merchant.Today(s.Clock), query)
		if err != nil {
			return nil, 0, err
		}
		for _, offer := range found {
			products++
			for _, unit := range offer.Units() {
				quantity := offer.LeastQuantity
				if unit.Unit != offer.Unit {
					if quantity, err = quantity.Quo(unit.Content); err != nil || quantity.Scale() > 3 {
						quantity = unit.Content
					}
				}
				items = append(items, checkout.Item{SKU: offer.SKU, Unit: unit.Unit, Quantity: quantity})
			}
		}
		if query.After = next; next == "" {
			break
		}
	}
	return items, products, nil
}

// tryCart writes each line as a cart's and tells what of it can't be written, or not whole. The form
// has those that can.
func (s *Service) tryCart(ctx context.Context, k *checker, v *ociVisitor, lines []checkout.CartLine) ([]oci.Field, error) {
	settings := v.connection.Settings
	cart := checkout.Cart{ID: database.NewID("crt"), Currency: v.organisation.Currency} // as long as any
	asked := v.asked()
	unmapped := map[string]bool{}
	var told []checkout.CartLine
	for _, l := range lines {
		l.Line = int64(len(told) + 1)
		one := []checkout.CartLine{l}
		err := settings.fit(ctx, s.DB, v.merchant.ID, one)
		if err == nil {
			_, err = v.connection.ociFields(asked, cart, one)
		}
		known := (*fault.Error)(nil)
		switch {
		case errors.As(err, &known):
			for _, f := range known.Fields {
				k.fault(placeInTrial(f.Path), l.SKU+" in "+l.Unit+": "+strings.TrimSuffix(f.Message, ".")+".")
			}
		case err != nil:
			return nil, err
		default:
			told = append(told, one[0])
		}
		for _, unit := range settings.unmapped(one) {
			if !unmapped[unit] {
				k.fault("units."+unit, "The buyer has no code for "+unit+", the unit of "+l.SKU+"; in a live session "+settings.ociUnit(unit)+" stands for it.")
			}
			unmapped[unit] = true
		}
		if n := utf8.RuneCountInString(l.Name); n > 40 && settings.oci().Lengths["DESCRIPTION"] < n {
			k.note("NEW_ITEM-DESCRIPTION", l.SKU+": the name has "+fmt.Sprint(n)+" characters and is cut; it stands whole in the long text.")
		}
		if l.BuyerPart != "" && !settings.oci().isMatNr(l.BuyerPart) {
			k.warn("NEW_ITEM-MATNR", l.SKU+": the buyer's own number "+l.BuyerPart+" is too long for it; the name goes home instead.")
		}
		if productKey(l) == "" {
			k.warn("NEW_ITEM-EXT_PRODUCT_ID", l.SKU+" in "+l.Unit+": the part number is too long for it, so that DETAIL and VALIDATE can't ask for the product.")
		}
	}
	fields, err := v.connection.ociFields(asked, cart, told)
	if err != nil || v.start.HookURL == "" {
		return fields, err
	}
	var form ReturnForm
	if err := v.connection.ociPage(asked, v.start.HookURL, fields, &form); err != nil {
		return fields, nil //nolint:nilerr // the address was told of already
	}
	fields = nil
	for _, f := range form.Fields {
		fields = append(fields, oci.Field(f))
	}
	return fields, nil
}

// placeInTrial leaves the index out: each line is tried alone. What a shop would be told of a line is
// about its price.
func placeInTrial(place string) string {
	if strings.HasPrefix(place, "lines[0]") {
		return "NEW_ITEM-PRICE"
	}
	return strings.Replace(place, "[1]", "", 1)
}
