package setup

import (
	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
)

// applyBuyer applies a buyer. One who arrived by punchout before, and has no reference of the
// merchant yet, is taken over: same organisation, same e-mail or login.
func (r *run) applyBuyer(w Buyer, path string) error {
	o := Object{Kind: "buyer", Name: w.ExternalID}
	faults := len(r.faults)
	var there buyerRow
	err := r.tx.Get(r.ctx, &there, selectBuyer, r.merchant.ID, w.ExternalID)
	if o.created = database.None(err); err != nil && !o.created {
		return err
	}
	if o.created {
		r.need(w.Organisation != nil, path+".organisation", "buyer")
		there = buyerRow{Buyer: accounts.Buyer{ID: database.NewID("buy"), Merchant: r.merchant.ID}}
	}
	if w.Organisation != nil {
		organisation, ok, err := r.organisationOf(*w.Organisation, path+".organisation")
		if err != nil {
			return err
		}
		if ok && !o.created && organisation.ID != there.Organisation {
			r.fault(path+".organisation", "a buyer's organisation can't be changed")
		}
		there.Organisation = organisation.ID
	}
	if len(r.faults) > faults {
		return nil
	}
	identity := identityOf(there, w)
	if identity == "" {
		r.fault(path+".email", "a buyer needs an email or a login")
		return nil
	}
	var same buyerRow
	err = r.tx.Get(r.ctx, &same, selectBuyerByIdentity, r.merchant.ID, there.Organisation, identity)
	switch {
	case err != nil && !database.None(err):
		return err
	case err == nil && same.ID != there.ID && (!o.created || same.ExternalID != nil):
		r.fault(path, "another buyer of the organisation has that email or login")
		return nil
	case err == nil && o.created:
		o.created, there = false, same
		o.change("external_id", "", w.ExternalID)
	}
	there.ExternalID, there.Identity = &w.ExternalID, identity
	set(&o, "email", &there.Email, w.Email)
	set(&o, "login", &there.Login, w.Login)
	set(&o, "name", &there.Name, w.Name)
	set(&o, "disabled", &there.Disabled, w.Disabled)
	if o.created || len(o.Changes) > 0 {
		if err := saveBuyer(r.ctx, r.tx, there, r.now); err != nil {
			return err
		}
	}
	return r.done(&o, there.ID)
}

// identityOf is who the buyer will be within the organisation, as accounts.Arrive sees it.
func identityOf(there buyerRow, w Buyer) string {
	email, login := there.Email, there.Login
	if w.Email != nil {
		email = *w.Email
	}
	if w.Login != nil {
		login = *w.Login
	}
	if folded := accounts.Fold(email); folded != "" {
		return folded
	}
	return accounts.Fold(login)
}
