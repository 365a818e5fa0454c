// Package setup brings a merchant's objects into the state that a file describes: `kontor apply`
// reads the file, one function per object compares and writes. It stands beside the server above
// accounts, catalog, credit and procurement, and holds no rule of theirs.
//
// Objects are known by the merchant's own references. What is absent stays as it is, nothing is
// deleted, and applying the same file again changes nothing: no version, no audit entry.
package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
)

// Options of Apply.
type Options struct {
	DryRun bool                        // tell the difference and change nothing
	Env    func(string) (string, bool) // where {"env": "NAME"} is looked up; os.LookupEnv when nil
	Actor  string                      // who is named in the audit entries
}

// Apply brings the database into the state that the file describes, each merchant in one
// transaction of its own. Faults are all told at once, with their paths in the file; then nothing
// of that merchant was changed. The report says what was done, or in a dry run would be, also
// when an error comes with it: then it covers the merchants before the fault.
func Apply(ctx context.Context, db *database.DB, keys *accounts.Keys, c *clock.Clock, file []byte, options Options) (Report, error) {
	if options.Env == nil {
		options.Env = os.LookupEnv
	}
	report := Report{DryRun: options.DryRun}
	content, err := read(file, options.Env)
	if err != nil {
		return report, err
	}
	a := applier{db, keys, c.Now(), options}
	if len(content.Merchants) > 1 && !options.DryRun {
		// A fault in the last merchant should not be found when the first is there already.
		rehearsal := a
		rehearsal.DryRun = true
		if _, err := rehearsal.all(ctx, content.Merchants); err != nil {
			return report, err
		}
	}
	report.Objects, err = a.all(ctx, content.Merchants)
	return report, err
}

// read reads the file's form; what the objects mean is looked at with the database at hand.
func read(file []byte, env func(string) (string, bool)) (File, error) {
	n, err := parse(file)
	if err != nil {
		return File{}, err
	}
	var content File
	r := reader{env: env}
	r.read(n, reflect.ValueOf(&content).Elem(), "", "")
	if content.Kontor != Version && len(r.faults) == 0 {
		r.fault("kontor", fmt.Sprintf("this program reads version %d of the file", Version))
	}
	if len(r.faults) == 0 {
		content.checkTwice(&r)
	}
	return content, invalid(r.faults)
}

// checkTwice finds objects that are in the file twice.
func (f *File) checkTwice(r *reader) {
	merchants := map[string]bool{}
	for i, m := range f.Merchants {
		path := fmt.Sprintf("merchants[%d]", i)
		seen := map[string]bool{}
		once := func(seen map[string]bool, key, path string) {
			if seen[key] {
				r.fault(path, "is in the file twice")
			}
			seen[key] = true
		}
		once(merchants, m.ID, path+".id")
		each := func(list string, n int, of func(int) string, key string) {
			for j := range n {
				once(seen, list+" "+of(j), fmt.Sprintf("%s.%s[%d].%s", path, list, j, key))
			}
		}
		each("api_keys", len(m.APIKeys), func(j int) string { return m.APIKeys[j].ExternalID }, "external_id")
		each("networks", len(m.Networks), func(j int) string { return m.Networks[j].ExternalID }, "external_id")
		each("products", len(m.Products), func(j int) string { return accounts.Fold(m.Products[j].SKU) }, "sku")
		each("organisations", len(m.Organisations), func(j int) string { return m.Organisations[j].ExternalID }, "external_id")
		each("buyers", len(m.Buyers), func(j int) string { return m.Buyers[j].ExternalID }, "external_id")
		each("connections", len(m.Connections), func(j int) string { return m.Connections[j].ExternalID }, "external_id")
	}
}

// invalid is the error for faults of a file, nil for none.
func invalid(fields []fault.Field) error {
	switch {
	case len(fields) == 0:
		return nil
	case len(fields) == 1:
		return fault.At(fault.Invalid, fields[0].Path, fields[0].Message)
	}
	const most = 100
	message := fmt.Sprintf("the file has %d faults", len(fields))
	if len(fields) > most {
		fields, message = fields[:most], message+fmt.Sprintf(", the first %d are", most)
	}
	return &fault.Error{Code: fault.Invalid, Message: message, Fields: fields}
}

type applier struct {
	db   *database.DB
	keys *accounts.Keys
	now  time.Time
	Options
}

var errRehearsed = errors.New("a dry run is undone")

// all applies the merchants one after the other. In a dry run the faults of all are collected.
func (a applier) all(ctx context.Context, merchants []Merchant) ([]Object, error) {
	var objects []Object
	var faults []fault.Field
	for i, m := range merchants {
		var r *run
		err := a.db.InTx(ctx, func(tx *database.Tx) error {
			r = &run{ctx: ctx, tx: tx, applier: a, organisations: map[string]accounts.Organisation{}}
			if err := r.applyMerchant(m, fmt.Sprintf("merchants[%d]", i)); err != nil {
				return err
			}
			if len(r.faults) > 0 || a.DryRun {
				return errRehearsed
			}
			return nil
		})
		if err != nil && !errors.Is(err, errRehearsed) {
			return objects, err
		}
		faults = append(faults, r.faults...)
		if len(faults) > 0 && !a.DryRun {
			break
		}
		if len(r.faults) == 0 {
			objects = append(objects, r.objects...)
		}
	}
	return objects, invalid(faults)
}

// run is one merchant's transaction.
type run struct {
	ctx context.Context
	tx  *database.Tx
	applier
	merchant      accounts.Merchant
	objects       []Object
	faults        []fault.Field
	organisations map[string]accounts.Organisation // found so far, by external_id
}

func (r *run) fault(path, message string) {
	r.faults = append(r.faults, fault.Field{Path: path, Message: message})
}

// need says that a field must be there when the object is new.
func (r *run) need(there bool, path, kind string) {
	if !there {
		r.fault(path, "is needed for a new "+kind)
	}
}

// keep collects the faults of an error below path, and returns what is not a fault of the file.
func (r *run) keep(err error, path string) error {
	f := (*fault.Error)(nil)
	if !errors.As(err, &f) || (f.Code != fault.Invalid && f.Code != fault.Conflict) || f.Cause != nil {
		return err
	}
	if len(f.Fields) == 0 {
		r.fault(path, f.Message)
	}
	for _, field := range f.Fields {
		r.fault(join(path, field.Path), field.Message)
	}
	return nil
}

func (r *run) keepFields(fields []fault.Field, path string) {
	for _, f := range fields {
		r.fault(join(path, f.Path), f.Message)
	}
}

// done reports an object and, when it was created or changed, writes the audit entry. id is ours.
func (r *run) done(o *Object, id string) error {
	o.Merchant = r.merchant.ID
	switch {
	case o.created:
		o.Outcome = Created
	case len(o.Changes) > 0:
		o.Outcome = Changed
	case len(o.Kept) > 0:
		o.Outcome = Kept
	default:
		o.Outcome = Unchanged
	}
	r.objects = append(r.objects, *o)
	if o.Outcome == Kept || o.Outcome == Unchanged {
		return nil
	}
	was, became := o.values()
	return accounts.Audit(r.ctx, r.tx, accounts.Change{Merchant: r.merchant.ID, At: r.now, Actor: r.Actor, Action: "setup." + o.Outcome,
		Object: id, Reason: "apply", Was: was, Became: became})
}

// organisationOf finds an organisation by the merchant's reference; ok is false after a fault.
func (r *run) organisationOf(reference, path string) (o accounts.Organisation, ok bool, err error) {
	if o, ok = r.organisations[reference]; ok {
		return o, true, nil
	}
	o, err = accounts.FindOrganisation(r.ctx, r.tx, r.merchant.ID, "ext:"+reference)
	if fault.CodeOf(err) == fault.Unknown && err != nil {
		r.fault(path, "there is no organisation "+reference+", neither here nor in the file")
		return o, false, nil
	}
	if err == nil {
		r.organisations[reference] = o
	}
	return o, err == nil, err
}
