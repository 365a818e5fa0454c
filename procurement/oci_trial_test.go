package procurement_test

import (
	"strings"
	"testing"

	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/procurement"
)

// The test start names every rule that a cart of what is on offer would break, and writes nothing.
func TestATrialStartNamesEveryRule(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		m, fine := r.ociBuyer(ociLink{})
		r.sellIn(m, "EUR", "0.12345678", catalog.Product{SKU: "FAS-FINE", Name: "Priced too fine", Unit: "EA"})
		r.sellIn(m, "EUR", "1.00", catalog.Product{SKU: "SEA-1", Name: "A name that is longer than forty characters", Unit: "KGM"})
		r.sellIn(m, "EUR", "1.00", catalog.Product{SKU: strings.Repeat("L", 39), Name: "Long", Unit: "EA"})
		odd := r.connectOCI(m, ociLink{hosts: []string{"http://lab.example.com", "buyer.example.com"}, units: map[string]string{"EA": "ST", "BX": "KAR"},
			settings: procurement.OCISettings{Parameters: map[string]string{"hook_url": "back", "password": "pwd"}, Lengths: map[string]int{"VENDORMAT": 20},
				OKCode: "ADDI", Fields: []procurement.OCIField{{Field: "MATGROUP", From: "name"}}}})
		closed := r.connectOCI(m, ociLink{currency: "JPY"})
		r.in(func(tx *database.Tx) error {
			closed.Disabled = true
			closed.Settings.ReturnHosts = nil
			if err := procurement.SaveConnection(r.ctx, tx, closed, r.clock.Now()); err != nil {
				return err
			}
			return procurement.SaveSecrets(r.ctx, tx, r.keys, m, closed.ID, nil, r.clock.Now())
		})
		before := r.counts(m)
		for _, test := range []struct {
			name  string
			of    procurement.Connection
			start string
			want  []string
		}{
			{"as it comes", fine, "HOOK_URL=https://buyer.example.com/ USERNAME=buyer PASSWORD=…", []string{
				"fault NEW_ITEM-PRICE FAS-FINE in EA: The price of FAS-FINE, 0.12345678, has more decimals than the 3",
				"warning NEW_ITEM-EXT_PRODUCT_ID " + strings.Repeat("L", 39) + " in EA: the part number is too long",
				"note NEW_ITEM-DESCRIPTION SEA-1: the name has 43 characters"}},
			{"with odd settings", odd, "back=http://lab.example.com/ USERNAME=buyer pwd=…", []string{
				"fault NEW_ITEM-MATGROUP FAS-1050 in EA: is longer than 10", "fault NEW_ITEM-MATGROUP FAS-1050 in BX: is longer than 10",
				"fault NEW_ITEM-MATGROUP PPE-2020 in PR: is longer than 10", "fault units.PR The buyer has no code for PR, the unit of PPE-2020; in a live session ST stands", "fault NEW_ITEM-MATGROUP PPE-2030 in EA: is longer than 10",
				"fault NEW_ITEM-PRICE FAS-FINE in EA: ", "fault NEW_ITEM-MATGROUP SEA-1 in KGM: is longer than 10", "fault units.KGM The buyer has no code", "fault NEW_ITEM-VENDORMAT LLLL",
				"warning return_hosts[0] Prices go to lab.example.com over http", "warning NEW_ITEM-EXT_PRODUCT_ID LLL", "note NEW_ITEM-DESCRIPTION SEA-1"}},
			{"closed, and without anything", closed, "HOOK_URL= USERNAME=buyer", []string{
				"fault HOOK_URL Is missing", "fault PASSWORD Is missing", "fault  The connection or its organisation is closed", "fault  Nothing is on offer to this organisation in JPY"}},
		} {
			trial, err := r.service.TryOCI(r.ctx, m, test.of.ExternalID, 100)
			if err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
			var got []string
			for _, f := range trial.Findings {
				got = append(got, string(f.Level)+" "+f.Place+" "+f.Message)
			}
			same := len(got) == len(test.want)
			for i := range got {
				same = same && strings.HasPrefix(got[i], test.want[i])
			}
			if !same {
				t.Errorf("%s:\n%s\nwant\n%s", test.name, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			var start []string
			for _, f := range trial.Start {
				start = append(start, f.Name+"="+f.Value)
			}
			if got := strings.Join(start, " "); got != test.start {
				t.Errorf("%s: the start is %s", test.name, got)
			}
		}
		r.in(func(tx *database.Tx) error {
			odd.Settings.OCI.Fields = nil
			return procurement.SaveConnection(r.ctx, tx, odd, r.clock.Now())
		})
		trial, err := r.service.TryOCI(r.ctx, m, odd.ExternalID, 2)
		if err != nil || trial.Products != 2 || len(trial.Findings) != 2 || trial.Findings[0].Place != "units.PR" || trial.Findings[0].Level != procurement.LevelFault {
			t.Errorf("two products: %+v, %v", trial.Findings, err)
		}
		if last := trial.Form[len(trial.Form)-1]; last.Name != "~OkCode" || trial.Form[0].Value != "Machine screw M4 × 10" {
			t.Errorf("the form: %v", trial.Form)
		}
		if after := r.counts(m); len(after) != len(before) || after["sessions"] != 0 || after["documents"] != before["documents"] {
			t.Errorf("something was written: %v, %v", before, after)
		}
		cxml := r.connect(m, fixture())
		if _, err := r.service.TryOCI(r.ctx, m, cxml.ExternalID, 2); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("a cXML connection: %v", err)
		}
		if _, err := r.service.TryOCI(r.ctx, m, "nobody", 2); fault.CodeOf(err) != fault.Unknown {
			t.Errorf("no connection: %v", err)
		}
	})
}
