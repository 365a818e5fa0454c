package setup_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/procurement"
)

// anOCI is a merchant with one buyer who speaks OCI; settings replace those of the connection.
func anOCI(connection string) string {
	return `{"kontor": 1, "merchants": [{"id": "acme", "mode": "test", "name": "Acme", "time_zone": "UTC", "currency": "EUR", "shop_url": "https://shop.example/",
		"organisations": [{"external_id": "o", "name": "O"}], "connections": [{"external_id": "o-oci", "organisation": "o", "protocol": "oci"` + connection + `}]}]}`
}

const (
	ociSecret   = `, "secrets_in": [{"env": "KONTOR_DEMO_WESTMERE_SECRET"}]`
	ociSettings = `, "settings": {"return_hosts": ["srm.example.com"], "frame_hosts": ["portal.example.com"], "tax_and_freight": "line", "units": {"EA": "ST"},
		"oci": {"username": "shop", "parameters": {"hook_url": "returnURL", "password": "pwd"}, "method": "post", "charset": "iso-8859-1", "hook_query": "split", "ok_code": "ADDI",
		"default_unit": "ST", "currencies": {"RON": "ROL"}, "lengths": {"CUST_FIELD5": 255}, "schema_type": "UNSPSC_V1", "functions": ["DETAIL", "VALIDATE"], "max_hits": 50,
		"fields": [{"field": "MATGROUP", "from": "unspsc", "cut": 4, "values": {"3116": "01"}}, {"field": "VENDOR", "parameter": "LIEFERANT"}, {"field": "TAX_CODE", "value": "V1"}]}}`
)

// A connection in OCI is made, changed and left alone like any other.
func TestAnOCIConnectionIsApplied(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		file := anOCI(ociSecret + ociSettings)
		if _, err := apply(t, db, file, true); err != nil || dump(t, db) != "" {
			t.Fatalf("the dry run: %v, and it wrote %q", err, dump(t, db))
		}
		must(t, db, file)
		c, err := procurement.FindConnection(t.Context(), db, "acme", "ext:o-oci")
		if err != nil || c.Protocol != "oci" || c.Settings.OCI == nil {
			t.Fatalf("%+v, %v", c, err)
		}
		oci := c.Settings.OCI
		if oci.Username != "shop" || oci.Parameters["hook_url"] != "returnURL" || !strings.EqualFold(oci.Method, http.MethodPost) || oci.Charset != "iso-8859-1" || oci.HookQuery != "split" || oci.OKCode != "ADDI" ||
			oci.DefaultUnit != "ST" || oci.Currencies["RON"] != "ROL" || oci.Lengths["CUST_FIELD5"] != 255 || oci.SchemaType != "UNSPSC_V1" || len(*oci.Functions) != 2 || oci.MaxHits != 50 ||
			len(oci.Fields) != 3 || oci.Fields[0].Values["3116"] != "01" || oci.Fields[0].Cut != 4 || oci.Fields[1].Parameter != "LIEFERANT" || oci.Fields[2].Value != "V1" ||
			strings.Join(c.Settings.Ancestors(), " ") != "https://srm.example.com https://portal.example.com" {
			t.Errorf("%+v", c.Settings)
		}
		before := dump(t, db)
		for _, dry := range []bool{true, false} {
			report, err := apply(t, db, file, dry)
			if err != nil || strings.Contains(report.String(), "o-oci") || dump(t, db) != before {
				t.Errorf("the same again, dry %v: %v\n%s", dry, err, report)
			}
		}
		if strings.Contains(before, "hush-westmere") {
			t.Error("the secret is in the database in clear")
		}
		report := must(t, db, strings.NewReplacer(`"max_hits": 50`, `"max_hits": 60`, `"method": "post"`, `"method": "get"`).Replace(file))
		if text := report.String(); !strings.Contains(text, "o-oci") || !strings.Contains(text, "settings.oci") || strings.Contains(text, "hush") {
			t.Errorf("a change is told as\n%s", text)
		}
		if c, err = procurement.FindConnection(t.Context(), db, "acme", "ext:o-oci"); err != nil || c.Settings.OCI.MaxHits != 60 || !strings.EqualFold(c.Settings.OCI.Method, http.MethodGet) || c.Settings.OCI.Username != "shop" {
			t.Errorf("%+v, %v", c.Settings.OCI, err)
		}
	})
}

// The example of the documentation can be applied as it stands.
func TestTheExampleOfAnOCIConnection(t *testing.T) {
	docs, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(docs), "## Connections in OCI")
	_, rest, found := strings.Cut(section, "```json\n")
	example, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatal("there is no example")
	}
	file := strings.Replace(anOCI(""), `{"external_id": "o-oci", "organisation": "o", "protocol": "oci"}`, example, 1)
	file = strings.Replace(file, `"external_id": "o", "name"`, `"external_id": "veldhaus", "name"`, 1)
	file = strings.ReplaceAll(file, "VELDHAUS_PASSWORD", "KONTOR_DEMO_WESTMERE_SECRET")
	must(t, dbtest.SQLite(t), file)
}

// Each fault names its place, and nothing is written.
func TestFaultsOfAnOCIConnection(t *testing.T) {
	db := dbtest.SQLite(t)
	const place = "connections[0].settings.oci."
	with := func(oci string) string {
		return anOCI(ociSecret + `, "settings": {"return_hosts": ["srm.example.com"], "oci": {"username": "shop"` + oci + `}}`)
	}
	for _, test := range []struct{ name, file, want string }{
		{"nothing", anOCI(``), "connections[0].settings.oci.username: is needed for a new OCI connection\nconnections[0].secrets_in: is needed for a new OCI connection\nconnections[0].settings.return_hosts: is needed for a new OCI connection"},
		{"no secret", anOCI(ociSettings), "connections[0].secrets_in: is needed for a new OCI connection"},
		{"a secret that isn't there", anOCI(strings.Replace(ociSecret, "WESTMERE_SECRET", "NOTHING", 1) + ociSettings), "connections[0].secrets_in[0]: the environment variable KONTOR_DEMO_NOTHING is not set"},
		{"a parameter of no meaning", with(`, "parameters": {"user": "u", "password": ""}`), place + "parameters.password: must not be empty\n" +
			place + "parameters.user: must be one of cancel_url, email, first_name, hook_url, language, last_name, login, name, password, username"},
		{"a character set of nobody's", with(`, "charset": "klingon"`), place + "charset: is not a character set that a page can be written in"},
		{"words of a list", with(`, "method": "put", "hook_query": "drop", "functions": ["DETAIL", "QUANTITYCHECK"]`), place + "method: must be one of any, post, get\n" +
			place + "hook_query: must be one of keep, split\n" + place + "functions[1]: must be one of DETAIL, DETAILADD, VALIDATE, SOURCING, BACKGROUND_SEARCH"},
		{"networks", with(`, "functions_from": ["203.0.113.7", "2001:db8::/32", "everywhere", "203.0.113.0/33"]`),
			place + "functions_from[2]: \"everywhere\" is no address or network such as 203.0.113.0/24\n" + place + "functions_from[3]: \"203.0.113.0/33\" is no address or network such as 203.0.113.0/24"},
		{"a map onto what is bought", with(`, "fields": [{"field": "PRICE", "value": "1"}, {"field": "EXT_QUOTE_ID", "from": "cart"}]`),
			place + "fields[0].field: PRICE can't be set: it says what is bought, at which price, from which cart\n" +
				place + "fields[1].field: EXT_QUOTE_ID can't be set: it says what is bought, at which price, from which cart"},
		{"a map of nothing", with(`, "fields": [{"field": "new_item-x[1]", "value": "1"}, {"field": "A"}, {"field": "B", "value": "1", "from": "sku"}, {"field": "C", "from": "price"}, {"field": "D", "value": "1", "cut": -1}]`),
			place + "fields[0].field: must be a field's name in capital letters, without NEW_ITEM- and brackets\n" + place + "fields[1].value: one of value, parameter and from is needed\n" +
				place + "fields[2].value: one of value, parameter and from is needed\n" + place + "fields[3].from: must be one of sku, name, description, unspsc, buyer_part, line, cart\n" +
				place + "fields[4].cut: must not be negative"},
		{"currencies", with(`, "currencies": {"ROX": "ROL", "EUR": "", "USD": "DOLLAR"}`), place + "currencies.EUR: the buyer's code has 1 to 5 characters\n" +
			place + "currencies.ROX: is not an ISO 4217 currency\n" + place + "currencies.USD: the buyer's code has 1 to 5 characters"},
		{"lengths and counts", with(`, "lengths": {"MATNR": 0, "CUST_FIELD5": 5000}, "max_hits": 1001, "default_unit": "PIECE", "schema_type": "UNSPSC_VERSION"`),
			place + "lengths.CUST_FIELD5: must be 1 to 4000 characters\n" + place + "lengths.MATNR: must be 1 to 4000 characters\n" + place + "default_unit: has at most 3 characters\n" +
				place + "schema_type: has at most 10 characters\n" + place + "max_hits: must be 0 to 1000"},
		{"unknown fields and wrong kinds", with(`, "colour": "red", "max_hits": "many", "fields": [{"field": "A", "valu": "1"}]`), place + "colour: there is no such field here\n" +
			place + "max_hits: must be a number, not text\n" + place + "fields[0].valu: there is no such field here"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := apply(t, db, test.file, false)
			if got := faultsOf(err); got != test.want {
				t.Errorf("%s\nwant\n%s", got, test.want)
			}
		})
	}
	if dump(t, db) != "" {
		t.Error("something was written")
	}
}
