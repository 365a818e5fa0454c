package setup_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/procurement"
	"github.com/kontorhq/kontor/setup"
)

var now = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// secrets are what the environment holds in these tests; none may ever be shown.
var secrets = map[string]string{
	"KONTOR_DEMO_API_KEY":                   "sk_brackwater_hushhushhushhushhush22",
	"KONTOR_DEMO_NETWORK_SECRET":            "hush-network",
	"KONTOR_DEMO_CASTELMERE_SECRET":         "hush-castelmere",
	"KONTOR_DEMO_NORTHFOLD_SECRET_OUT":      "hush-out-1",
	"KONTOR_DEMO_NORTHFOLD_WEST_SECRET_OUT": "hush-out-2",
	"KONTOR_DEMO_CASTELMERE_SECRET_OUT":     "hush-out-3",
	"KONTOR_DEMO_WESTMERE_SECRET":           "hush-westmere",
	"KONTOR_DEMO_WESTMERE_SECRET_OUT":       "hush-out-4",
	"KONTOR_DEMO_SITRABAY_SECRET":           "hush-sitrabay",
	"KONTOR_DEMO_SITRABAY_SECRET_OUT":       "hush-out-5",
	"KONTOR_DEMO_VELDHAUS_PASSWORD":         "hush-password-6",
	"KONTOR_DEMO_VELDHAUS_SECRET":           "hush-in-6",
	"KONTOR_DEMO_VELDHAUS_SECRET_OUT":       "hush-out-6",
	"KONTOR_DEMO_HOSHIMORI_PASSWORD":        "hush-password-7",
	"KONTOR_DEMO_HOSHIMORI_SECRET":          "hush-in-7",
	"KONTOR_DEMO_HOSHIMORI_SECRET_OUT":      "hush-out-7",
	"EMPTY":                                 "",
}

func env(name string) (string, bool) { value, found := secrets[name]; return value, found }

func keys(t *testing.T) *accounts.Keys {
	t.Helper()
	k, err := accounts.NewKeys([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func apply(t *testing.T, db *database.DB, file string, dry bool) (setup.Report, error) {
	t.Helper()
	return setup.Apply(t.Context(), db, keys(t), clock.At(now), []byte(file), setup.Options{DryRun: dry, Env: env, Actor: "operator"})
}

func must(t *testing.T, db *database.DB, file string) setup.Report {
	t.Helper()
	report, err := apply(t, db, file, false)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// demo is the demo's file, filled in as the demo does.
func demo(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../cmd/kontor/demo/setup.json")
	if err != nil {
		t.Fatal(err)
	}
	var filled bytes.Buffer
	if err := template.Must(template.New("").Option("missingkey=error").Parse(string(text))).Execute(&filled, map[string]string{
		"ShopURL": "http://127.0.0.1:8080/m/brackwater/shop", "BuyerOrigin": "http://localhost:8080", "SixDaysAgo": "2026-03-04", "InTwentyDays": "2026-03-30",
	}); err != nil {
		t.Fatal(err)
	}
	return filled.String()
}

// tables are all that apply writes to.
var tables = []string{"merchants", "api_keys", "organisations", "buyers", "audit", "products", "prices", "product_words",
	"credit_lines", "credit_chains", "holds", "credit_entries", "supplier_identities", "networks", "connections", "identities", "secrets"}

// dump is everything in these tables as text.
func dump(t *testing.T, db *database.DB) string {
	t.Helper()
	var lines []string
	for _, table := range tables {
		rows, err := db.SQL().QueryContext(t.Context(), "SELECT * FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, into := make([]any, len(names)), make([]any, len(names))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			line := table
			for i, name := range names {
				if text, ok := values[i].([]byte); ok {
					values[i] = string(text)
				}
				line += fmt.Sprintf(" %s=%v", name, values[i])
			}
			lines = append(lines, line)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestASecondApplyChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		first := must(t, db, demo(t))
		if got := first.String(); !strings.HasSuffix(got, "\n61 created, 0 changed, 0 kept, 0 unchanged\n") {
			t.Error(got)
		}
		before := dump(t, db)
		second := must(t, db, demo(t))
		if got := second.String(); got != "0 created, 0 changed, 0 kept, 61 unchanged\n" || second.Changed() {
			t.Error(got)
		}
		if after := dump(t, db); after != before {
			t.Error("the second apply wrote something")
		}
	})
}

func TestADryRunLeavesNoTrace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		report, err := apply(t, db, demo(t), true)
		if err != nil {
			t.Fatal(err)
		}
		if got := report.String(); !strings.HasSuffix(got, "61 created, 0 changed, 0 kept, 0 unchanged\ndry run: nothing was changed\n") {
			t.Error(got)
		}
		if trace := dump(t, db); trace != "" {
			t.Errorf("a dry run of an empty database left %.300s", trace)
		}
		must(t, db, demo(t))
		before := dump(t, db)
		report, err = apply(t, db, strings.ReplaceAll(demo(t), "18.45", "18.46"), true)
		if err != nil || !report.Changed() {
			t.Errorf("%v, %v", report, err)
		}
		if dump(t, db) != before {
			t.Error("a dry run changed something")
		}
	})
}

const base = `{"kontor": 1, "merchants": [{
  "id": "acme", "mode": "test", "name": "Acme", "time_zone": "UTC", "currency": "USD",
  "api_keys": [{"external_id": "shop", "key": "sk_acme_abcdefghijklmnopqrst"}],
  "networks": [{"external_id": "net", "senders": [{"domain": "D", "identity": "net"}], "secrets_in": ["hush-one"]}],
  "products": [{"sku": "A", "name": "Anvil", "unit": "EA", "prices": [{"price": "10.00", "breaks": [{"from": "10", "price": "9.00"}]}]},
               {"sku": "B", "name": "Bellows", "unit": "EA", "content": "2", "content_unit": "KGM", "prices": [{"price": "20.00"}]}],
  "organisations": [
    {"external_id": "child", "name": "Child", "parent": "main"},
    {"external_id": "main", "name": "Main", "terms_days": 45, "over_limit": "refuse", "price_policy": "best_of",
     "credit_lines": [{"limit": "1000.00", "opening_hold": "400.00"}], "contract_prices": [{"sku": "a", "price": "8.1000"}]}],
  "buyers": [{"external_id": "b1", "organisation": "main", "email": "Desk@Main.example", "name": "desk"}],
  "connections": [{"external_id": "c1", "organisation": "main", "network": "net", "identities": {"from": [{"domain": "D", "identity": "main"}]},
     "secret_out": "hush-out", "settings": {"return_hosts": ["main.example"], "held": "200"}}]
}]}`

// with wraps a merchant's objects into a file about the merchant of base.
func with(objects string) string {
	return `{"kontor": 1, "merchants": [{"id": "acme", ` + objects + `}]}`
}

func TestReport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		if got, want := must(t, db, base).String(), `merchant acme
  created  merchant acme
  created  api_key shop
  created  network net
  created  product A
  created  product B
  created  organisation main
  created  organisation child
  created  buyer b1
  created  connection c1
9 created, 0 changed, 0 kept, 0 unchanged
`; got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		child, err := accounts.FindOrganisation(t.Context(), db, "acme", "ext:child")
		if err != nil || child.TermsDays != 45 || child.OverLimit != "refuse" || child.PricePolicy != "best_of" || child.ParentID == nil {
			t.Errorf("a child has its parent's terms: %+v, %v", child, err)
		}
		changed := with(`"name": "Acme Inc.", "credit_contact": {"name": "Desk", "email": "credit@acme.example"}, "tax_rates": [{"country": "US", "region": "CA", "percent": "7.25"}],
		  "freight": {"USD": {"tiers": [{"charge": "5.00"}]}},
		  "supplier_identities": [{"domain": "DUNS", "identity": "1"}],
		  "api_keys": [{"external_id": "shop", "key": "sk_acme_zyxwvutsrqponmlkjihg"}],
		  "networks": [{"external_id": "net", "secrets_in": ["hush-one", "hush-two"]}],
		  "products": [{"sku": "a", "stock": "0", "other_units": [{"unit": "BX", "content": "12"}], "prices": [{"price": "11.00"}, {"currency": "EUR", "price": "9.50", "valid_from": "2026-04-01", "valid_to": "2026-04-30"}]},
		               {"sku": "B", "name": "Bellows", "disabled": true}],
		  "organisations": [{"external_id": "main", "terms_days": 30, "tax_certificates": [{"country": "US", "reference": "C-1", "to": "2026-12-31"}], "credit_lines": [{"limit": "2000.00"}, {"currency": "EUR", "limit": "500.00"}],
		     "contract_prices": [{"sku": "A", "price": "8.2000"}, {"sku": "B", "price": "18", "breaks": [{"from": "5", "price": "17"}], "valid_to": "2026-12-31"}]},
		     {"external_id": "child", "credit_lines": [{"limit": "100.00"}]}],
		  "buyers": [{"external_id": "b1", "login": "desk", "disabled": true}],
		  "connections": [{"external_id": "c1", "network": "", "identities": {"sender": [{"domain": "D", "identity": "main"}], "from": [{"domain": "D", "identity": "main"}, {"domain": "E", "identity": "2"}]},
		     "secrets_in": ["hush-three"], "secret_out": "hush-other", "settings": {"held": "201", "orders_url": "https://main.example/in"}}]`)
		want := `merchant acme
  changed  merchant acme
           name: Acme -> Acme Inc.
           tax_rates: (none) -> [{"country":"US","region":"CA","percent":"7.25"}]
           freight: (none) -> {"USD":{"tiers":[{"charge":"5.00"}]}}
           credit_contact: (none) -> {"name":"Desk","email":"credit@acme.example"}
           supplier_identities: (none) -> DUNS 1
  changed  api_key shop
           key: changed
  changed  network net
           secrets_in: changed
  changed  product a
           sku: A -> a
           other_units: (none) -> [{"unit":"BX","content":"12"}]
           stock: (none) -> 0
           prices USD: 10.00, 10+ 9.00 -> 11.00
           prices EUR from 2026-04-01: (none) -> 9.50, through 2026-04-30
  changed  product B
           disabled: false -> true
  changed  organisation main
           terms_days: 45 -> 30
           tax_certificates: (none) -> [{"country":"US","reference":"C-1","to":"2026-12-31"}]
           contract_prices a USD: 8.1000 -> 8.2000
           contract_prices B USD: (none) -> 18, 5+ 17, through 2026-12-31
           credit_lines EUR limit: (none) -> 500.00
           credit_lines USD limit: stays 1000.00, the file says 2000.00
  changed  organisation child
           credit_lines USD limit: (none) -> 100.00
  changed  buyer b1
           login: (none) -> desk
           disabled: false -> true
  changed  connection c1
           network: net -> (none)
           settings.orders_url: (none) -> https://main.example/in
           settings.held: 200 -> 201
           secret_out: changed
           identities.from: D main -> D main, E 2
           identities.sender: (none) -> D main
           secrets_in: changed
0 created, 9 changed, 0 kept, 0 unchanged
`
		report := must(t, db, changed)
		if got := report.String(); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		before := dump(t, db)
		if got, want := must(t, db, changed).String(), `merchant acme
  kept     organisation main
           credit_lines USD limit: stays 1000.00, the file says 2000.00
0 created, 0 changed, 1 kept, 8 unchanged
`; got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		if dump(t, db) != before {
			t.Error("a second apply wrote something")
		}
		// What the file leaves out stays: content, name and the list price of B.
		if !strings.Contains(before, "name=Bellows") || !strings.Contains(before, "content_unit=KGM") || strings.Count(before, "audit ") != 18 {
			t.Error("something that the file leaves out was touched")
		}
	})
}

// TestSecretsAreNeverShown looks for them in all that comes out, and in all that is kept.
func TestSecretsAreNeverShown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		out := ""
		for _, file := range []string{base, demo(t), with(`"networks": [{"external_id": "net", "secrets_in": ["hush-two"]}], "api_keys": [{"external_id": "shop", "key": "sk_acme_hushhushhushhushhushhush"}]`)} {
			for _, dry := range []bool{true, false} {
				report, err := apply(t, db, file, dry)
				if err != nil {
					t.Fatal(err)
				}
				out += report.String() + fmt.Sprintf("%v %+v %#v", report, report, report)
			}
		}
		for _, file := range []string{
			with(`"networks": [{"external_id": "net", "secrets_in": ["hush one"]}]`),
			with(`"networks": [{"external_id": "net", "secrets_in": {"hush": "hush"}}]`),
			with(`"networks": [{"external_id": "net", "secrets_in": ["hush1", "hush2", "hush3"]}]`),
			with(`"api_keys": [{"external_id": "shop", "key": "hush"}]`),
			with(`"api_keys": [{"external_id": "other", "key": "sk_acme_hushhushhushhushhushhush"}]`),
			with(`"connections": [{"external_id": "c1", "secret_out": ["hush"]}]`),
			with(`"connections": [{"external_id": "c1", "secret_out": "` + strings.Repeat("hush", 100) + `"}]`),
			with(`"connections": [{"external_id": "c1", "secret_out": {"env": "hush value"}}]`),
			with(`"connections": [{"external_id": "c1", "secret_out": hush`),
		} {
			report, err := apply(t, db, file, false)
			if err == nil {
				t.Errorf("%s passes", file)
				continue
			}
			out += fmt.Sprintf("%v %+v %#v", err, err, report)
			for cause := err; cause != nil; cause = errors.Unwrap(cause) {
				out += cause.Error()
			}
		}
		// The one field whose name is the secret shows its name.
		out = strings.ReplaceAll(out, "secrets_in.hush", "")
		if at := strings.Index(out, "hush"); at >= 0 {
			t.Errorf("a secret came out: …%s…", out[max(0, at-100):min(len(out), at+40)])
		}
		if kept := dump(t, db); strings.Contains(kept, "hush-") || strings.Contains(kept, "sk_") {
			t.Error("a secret is kept as it is")
		}
	})
}

func TestWhatIsAppliedWorks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		must(t, db, base)
		k := keys(t)
		if key, err := k.FindAPIKey(t.Context(), db, "sk_acme_abcdefghijklmnopqrst"); err != nil || key.ExternalID != "shop" {
			t.Errorf("%+v, %v", key, err)
		}
		must(t, db, with(`"api_keys": [{"external_id": "shop", "disabled": true}]`))
		if _, err := k.FindAPIKey(t.Context(), db, "sk_acme_abcdefghijklmnopqrst"); fault.CodeOf(err) != fault.Unauthenticated {
			t.Errorf("a closed key: %v", err)
		}
		c, err := procurement.FindConnection(t.Context(), db, "acme", "ext:c1")
		if err != nil {
			t.Fatal(err)
		}
		if out, err := k.Open(procurement.SecretOutPlace("acme", c.ID), c.SecretOut); err != nil || out != "hush-out" {
			t.Errorf("%q, %v", out, err)
		}
		if c.Settings.Held != "200" || c.Settings.ReturnHosts[0] != "main.example" {
			t.Errorf("%+v", c.Settings)
		}
		must(t, db, with(`"disabled": true`))
		if _, err := accounts.FindMerchant(t.Context(), db, "acme"); fault.CodeOf(err) != fault.Unknown {
			t.Errorf("a closed merchant: %v", err)
		}
		must(t, db, with(`"disabled": false`))
		if _, err := accounts.FindMerchant(t.Context(), db, "acme"); err != nil {
			t.Errorf("opened again: %v", err)
		}
	})
}

func TestIdentitiesMoveWithinAFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		must(t, db, base)
		connection := func(name, from string) string {
			return `{"external_id": "` + name + `", "organisation": "main", "network": "net", "identities": {"from": [{"domain": "d", "identity": "` + from + `"}]}}`
		}
		must(t, db, with(`"connections": [`+connection("c2", "second")+`]`))
		must(t, db, with(`"connections": [`+connection("c2", "main")+`, `+connection("c1", "second")+`]`))
		_, err := apply(t, db, with(`"connections": [`+connection("c3", "main")+`]`), false)
		if err == nil || err.Error() != "that identity belongs to another connection, or is there twice (merchants[0].connections[0].identities.from[0])" {
			t.Error(err)
		}
	})
}

func TestABuyerWhoArrivedIsTakenOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		must(t, db, base)
		main, err := accounts.FindOrganisation(t.Context(), db, "acme", "ext:main")
		if err != nil {
			t.Fatal(err)
		}
		var arrived accounts.Buyer
		if err := db.InTx(t.Context(), func(tx *database.Tx) error {
			arrived, err = accounts.Arrive(t.Context(), tx, "acme", main.ID, accounts.Buyer{Email: "lab@main.example"}, now)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		report := must(t, db, with(`"buyers": [{"external_id": "b2", "organisation": "main", "email": "LAB@main.example", "name": "lab"}]`))
		if report.Objects[len(report.Objects)-1].Outcome != setup.Changed {
			t.Error(report)
		}
		kept, err := accounts.FindBuyer(t.Context(), db, "acme", arrived.ID)
		if err != nil || kept.Name != "lab" {
			t.Errorf("%+v, %v", kept, err)
		}
	})
}
