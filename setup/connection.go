package setup

import (
	"fmt"
	"reflect"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/procurement"
)

const (
	from   = "from"
	sender = "sender"
)

// applyNetwork applies a network with the identities and secrets that it signs in with.
func (r *run) applyNetwork(w Network, path string) error {
	o := Object{Kind: "network", Name: w.ExternalID}
	faults := len(r.faults)
	there, err := procurement.FindNetwork(r.ctx, r.tx, r.merchant.ID, w.ExternalID)
	if err != nil {
		if fault.CodeOf(err) != fault.Unknown {
			return err
		}
		o.created = true
		there = procurement.Network{ID: database.NewID("net"), Merchant: r.merchant.ID, ExternalID: w.ExternalID, Name: w.ExternalID}
	}
	set(&o, "name", &there.Name, w.Name)
	set(&o, "disabled", &there.Disabled, w.Disabled)
	senders, err := r.setIdentities(&o, "senders", w.Senders, path, r.identities(there.ID, sender))
	if err != nil {
		return err
	}
	secrets, err := r.setSecrets(&o, w.SecretsIn, there.ID, path)
	if err != nil || len(r.faults) > faults {
		return err
	}
	if o.created || len(o.Changes) > 0 {
		if err := procurement.SaveNetwork(r.ctx, r.tx, there, r.now); err != nil {
			return err
		}
	}
	if senders {
		if err := procurement.SaveIdentities(r.ctx, r.tx, r.merchant.ID, there.ID, sender, *w.Senders); err != nil {
			return r.keep(err, path)
		}
	}
	if secrets {
		if err := r.saveSecrets(there.ID, *w.SecretsIn); err != nil {
			return err
		}
	}
	return r.done(&o, there.ID)
}

func (r *run) identities(owner, role string) func() ([]procurement.Identity, error) {
	return func() ([]procurement.Identity, error) {
		return procurement.IdentitiesOf(r.ctx, r.tx, r.merchant.ID, owner, role)
	}
}

// setSecrets tells whether the secrets of the file are others than the live ones.
func (r *run) setSecrets(o *Object, wanted *[]Secret, owner, path string) (bool, error) {
	if wanted == nil {
		return false, nil
	}
	if len(*wanted) > 2 {
		r.fault(path+".secrets_in", "at most two secrets can be live")
		return false, nil
	}
	same, err := procurement.SecretsAre(r.ctx, r.tx, r.keys, r.merchant.ID, owner, values(*wanted))
	if err != nil || same {
		return false, err
	}
	o.change("secrets_in", hidden, hidden)
	return true, nil
}

func (r *run) saveSecrets(owner string, secrets []Secret) error {
	return procurement.SaveSecrets(r.ctx, r.tx, r.keys, r.merchant.ID, owner, values(secrets), r.now)
}

func values(secrets []Secret) []string {
	list := make([]string, len(secrets))
	for i, s := range secrets {
		list[i] = s.value
	}
	return list
}

// wantedConnection is a connection between comparing and writing.
type wantedConnection struct {
	Connection
	object          Object
	there           procurement.Connection
	path            string
	isFrom, isSends bool // its identities differ
	secrets         bool
}

// applyConnections compares all connections before it writes one, so that an identity can move
// from one to another within a file.
func (r *run) applyConnections(connections []Connection, path string) error {
	var wanted []*wantedConnection
	for i, c := range connections {
		w, err := r.compareConnection(c, fmt.Sprintf("%s[%d]", path, i))
		if err != nil {
			return err
		}
		if w != nil {
			wanted = append(wanted, w)
		}
	}
	for _, w := range wanted {
		if w.isFrom {
			if err := procurement.SaveIdentities(r.ctx, r.tx, r.merchant.ID, w.there.ID, from, nil); err != nil {
				return err
			}
		}
	}
	for _, w := range wanted {
		if err := r.applyConnection(w); err != nil {
			return err
		}
	}
	return nil
}

// compareConnection finds what of a connection differs; nil after a fault.
func (r *run) compareConnection(c Connection, path string) (*wantedConnection, error) {
	w := &wantedConnection{Connection: c, object: Object{Kind: "connection", Name: c.ExternalID}, path: path}
	o := &w.object
	faults := len(r.faults)
	there, err := procurement.FindConnection(r.ctx, r.tx, r.merchant.ID, "ext:"+c.ExternalID)
	if err != nil {
		if fault.CodeOf(err) != fault.Unknown {
			return nil, err
		}
		o.created = true
		r.need(c.Organisation != nil, path+".organisation", "connection")
		there = procurement.Connection{ID: database.NewID("con"), Merchant: r.merchant.ID, ExternalID: c.ExternalID, Protocol: "cxml"}
	}
	if err := r.connectionRefers(o, c, &there, path); err != nil {
		return nil, err
	}
	set(o, "protocol", &there.Protocol, c.Protocol)
	set(o, "disabled", &there.Disabled, c.Disabled)
	setSettings(o, &there.Settings, &c.Settings)
	if err := r.setSecretOut(o, c.SecretOut, &there); err != nil {
		return nil, err
	}
	var identities Identities
	if c.Identities != nil {
		identities = *c.Identities
	}
	if w.isFrom, err = r.setIdentities(o, "identities."+from, identities.From, path, r.identities(there.ID, from)); err != nil {
		return nil, err
	}
	if w.isSends, err = r.setIdentities(o, "identities."+sender, identities.Sender, path, r.identities(there.ID, sender)); err != nil {
		return nil, err
	}
	if w.secrets, err = r.setSecrets(o, c.SecretsIn, there.ID, path); err != nil {
		return nil, err
	}
	if o.created && there.Protocol == "cxml" {
		r.need(identities.From != nil && len(*identities.From) > 0, path+".identities.from", "cXML connection")
		if there.NetworkID == nil && (identities.Sender == nil || len(*identities.Sender) == 0) {
			r.fault(path+".identities.sender", "is needed for a new cXML connection without a network")
		}
	}
	if there.Protocol == "oci" {
		oci := there.Settings.OCI
		r.need(oci != nil && oci.Username != "", path+".settings.oci.username", "OCI connection")
		r.need(!o.created || c.SecretsIn != nil && len(*c.SecretsIn) > 0, path+".secrets_in", "OCI connection")
		r.need(len(there.Settings.ReturnHosts) > 0 || oci != nil && oci.SAPGUI, path+".settings.return_hosts", "OCI connection")
	}
	if len(r.faults) > faults {
		return nil, nil
	}
	w.there = there
	return w, nil
}

// connectionRefers finds the organisation and the network that a connection names.
func (r *run) connectionRefers(o *Object, c Connection, there *procurement.Connection, path string) error {
	if c.Organisation != nil {
		organisation, ok, err := r.organisationOf(*c.Organisation, path+".organisation")
		if err != nil {
			return err
		}
		if ok && !o.created && organisation.ID != there.Organisation {
			r.fault(path+".organisation", "a connection's organisation can't be changed")
		}
		there.Organisation = organisation.ID
		if o.created {
			o.change("organisation", "", *c.Organisation)
		}
	}
	if c.Network == nil {
		return nil
	}
	var id *string
	if *c.Network != "" {
		network, err := procurement.FindNetwork(r.ctx, r.tx, r.merchant.ID, *c.Network)
		if fault.CodeOf(err) == fault.Unknown && err != nil {
			r.fault(path+".network", "there is no network "+*c.Network+", neither here nor in the file")
			return nil
		}
		if err != nil {
			return err
		}
		id = &network.ID
	}
	was := ""
	if there.NetworkID != nil {
		if err := r.tx.Get(r.ctx, &was, selectNetworkName, r.merchant.ID, *there.NetworkID); err != nil {
			return err
		}
	}
	if was != *c.Network {
		o.change("network", was, *c.Network)
		there.NetworkID = id
	}
	return nil
}

func (r *run) setSecretOut(o *Object, wanted *Secret, there *procurement.Connection) error {
	if wanted == nil {
		return nil
	}
	place := procurement.SecretOutPlace(r.merchant.ID, there.ID)
	if there.SecretOut != nil {
		// One that can't be opened was sealed with another key, and is written anew.
		if live, err := r.keys.Open(place, there.SecretOut); err == nil && live == wanted.value {
			return nil
		}
	}
	there.SecretOut = r.keys.Seal(place, wanted.value)
	o.change("secret_out", hidden, hidden)
	return nil
}

// setSettings lays the file's settings over those that are there and notes each that differs.
func setSettings(o *Object, there *procurement.Settings, wanted *settingsNode) {
	became := *there
	wanted.over(&became)
	before, after := reflect.ValueOf(there).Elem(), reflect.ValueOf(&became).Elem()
	for _, f := range fieldsOf(before.Type()) {
		was, is := fieldText(before.FieldByIndex(f.index).Interface()), fieldText(after.FieldByIndex(f.index).Interface())
		if was != is {
			o.change("settings."+f.name, was, is)
		}
	}
	*there = became
}

// applyConnection writes what differs.
func (r *run) applyConnection(w *wantedConnection) error {
	o, there := &w.object, w.there
	if o.created || len(o.Changes) > 0 {
		if err := procurement.SaveConnection(r.ctx, r.tx, there, r.now); err != nil {
			return r.keep(err, w.path)
		}
	}
	if w.isFrom {
		if err := procurement.SaveIdentities(r.ctx, r.tx, r.merchant.ID, there.ID, from, *w.Identities.From); err != nil {
			if err := r.keep(err, w.path+".identities"); err != nil {
				return err
			}
		}
	}
	if w.isSends {
		if err := procurement.SaveIdentities(r.ctx, r.tx, r.merchant.ID, there.ID, sender, *w.Identities.Sender); err != nil {
			if err := r.keep(err, w.path+".identities"); err != nil {
				return err
			}
		}
	}
	if w.secrets {
		if err := r.saveSecrets(there.ID, *w.SecretsIn); err != nil {
			return err
		}
	}
	return r.done(o, there.ID)
}
