package setup_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
)

// faultsOf are the faults that an error names, one a line.
func faultsOf(err error) string {
	f := (*fault.Error)(nil)
	if !errors.As(err, &f) {
		return fmt.Sprint(err)
	}
	if len(f.Fields) == 0 {
		return string(f.Code) + ": " + f.Message
	}
	var lines []string
	for _, field := range f.Fields {
		lines = append(lines, strings.TrimPrefix(field.Path, "merchants[0].")+": "+field.Message)
	}
	return strings.Join(lines, "\n")
}

// forms are faults that the file shows by itself.
var forms = []struct{ name, file, want string }{
	{"nothing", ``, "malformed: the file is not JSON: line 1: it ends too early"},
	{"not JSON", "{\"kontor\": 1,\n\"merchants\": [}", "malformed: the file is not JSON: line 2: invalid character '}' looking for beginning of value"},
	{"cut off", `{"kontor": 1, "merchants": [`, "malformed: the file is not JSON: line 1: it ends too early"},
	{"two values", `{"kontor": 1, "merchants": []} {}`, "malformed: the file is not JSON: line 1: there is more after the end"},
	{"not UTF-8", "{\"kontor\": \"\xff\"}", "malformed: the file is not UTF-8"},
	{"a list", `[]`, ": must be an object, not a list"},
	{"another version", `{"kontor": 2, "merchants": []}`, "kontor: this program reads version 1 of the file"},
	{"nothing that is needed", `{}`, "kontor: is missing\nmerchants: is missing"},
	{"unknown fields, at every depth", `{"kontor": 1, "shops": [], "merchants": [{"id": "acme", "nme": "x", "organisations": [{}, {}, {"external_id": "o", "credit_lines": [{"limit": "1", "limt": "2"}]}]}]}`,
		"shops: there is no such field here\nnme: there is no such field here\norganisations[0].external_id: is missing\norganisations[1].external_id: is missing\n" +
			"organisations[2].credit_lines[0].limt: there is no such field here"},
	{"a certificate without a document", with(`"organisations": [{"external_id": "o", "tax_certificates": [{"country": "US", "to": "soon"}]}]`),
		"organisations[0].tax_certificates[0].to: \"soon\" is not a date of the form 2006-01-02\norganisations[0].tax_certificates[0].reference: is missing"},
	{"what there is no more", with(`"organisations": [{"external_id": "o", "tax_exempt": true}]`), "organisations[0].tax_exempt: there is no such field here"},
	{"fields in another case", with(`"Name": "x"`), "Name: there is no such field here"},
	{"a field twice", with(`"name": "x", "name": "y"`), "name: is there twice"},
	{"null", with(`"name": null, "products": null`), "name: null says nothing: leave the field out, or give a value\nproducts: null says nothing: leave the field out, or give a value"},
	{"wrong kinds", with(`"name": 1, "disabled": "yes", "products": {}, "organisations": [{"external_id": "o", "terms_days": 1.5}, {"external_id": ["p"], "terms_days": 99999999999999999999}]`),
		"name: must be text, not a number\ndisabled: must be true or false, not text\nproducts: must be a list, not an object\norganisations[0].terms_days: must be a whole number\n" +
			"organisations[1].external_id: must be text, not a list\norganisations[1].terms_days: must be a whole number"},
	{"numbers that lose digits", with(`"products": [{"sku": "A", "least_quantity": 1, "prices": [{"price": 0.01255}, {"price": "1,5"}, {"price": "1e3"}, {"price": ""}, {}]}]`),
		"products[0].least_quantity: must be written as text, in quotes: numbers without them lose digits elsewhere\n" +
			"products[0].prices[0].price: must be written as text, in quotes: numbers without them lose digits elsewhere\n" +
			"products[0].prices[1].price: \"1,5\" is not a plain decimal number of at most 19 digits\n" +
			"products[0].prices[2].price: \"1e3\" is not a plain decimal number\n" +
			"products[0].prices[3].price: \"\" is not a plain decimal number of at most 19 digits\n" +
			"products[0].prices[4].price: is missing"},
	{"dates", with(`"products": [{"sku": "A", "prices": [{"price": "1", "valid_from": "10.3.2026", "valid_to": "2026-02-30"}]}]`),
		"products[0].prices[0].valid_from: \"10.3.2026\" is not a date of the form 2006-01-02\nproducts[0].prices[0].valid_to: \"2026-02-30\" is not a date of the form 2006-01-02"},
	{"words of a list", with(`"mode": "prod", "organisations": [{"external_id": "o", "over_limit": "never"}], "connections": [{"external_id": "c", "protocol": "peppol"}]`),
		"mode: must be one of test, live\norganisations[0].over_limit: must be one of review, refuse\nconnections[0].protocol: must be one of cxml, oci"},
	{"rules of an assortment", with(`"organisations": [{"external_id": "o", "assortment": [{"rule": "forbid"}, {"sku": "A"}, {"rule": "hide", "part": "A"}], "buyer_parts": [{"part": " ", "sku": "A"}, {"sku": "B"}]}]`),
		"organisations[0].assortment[0].rule: must be one of show, hide\norganisations[0].assortment[1].rule: is missing\norganisations[0].assortment[2].part: there is no such field here\n" +
			"organisations[0].buyer_parts[0].part: must have the form \\S\norganisations[0].buyer_parts[1].part: is missing"},
	{"names", `{"kontor": 1, "merchants": [{"id": "Acme", "api_keys": [{"external_id": " x"}], "products": [{"sku": " "}], "networks": [{"external_id": "a\u0000"}]}]}`,
		"id: must have the form ^[a-z0-9-]{3,24}$\napi_keys[0].external_id: must have the form ^\\S(.*\\S)?$\nproducts[0].sku: must have the form \\S\nnetworks[0].external_id: must not have the character U+0000"},
	{"objects twice", with(`"products": [{"sku": "A"}, {"sku": "a "}], "buyers": [{"external_id": "x"}], "organisations": [{"external_id": "x"}, {"external_id": "x"}]`),
		"products[1].sku: is in the file twice\norganisations[1].external_id: is in the file twice"},
	{"merchants twice", `{"kontor": 1, "merchants": [{"id": "acme"}, {"id": "acme"}]}`, "merchants[1].id: is in the file twice"},
	{"secrets", with(`"api_keys": [{"external_id": "x", "key": {"env": "NOWHERE"}}], "networks": [{"external_id": "n", "secrets_in": [{"env": "EMPTY"}, {"file": "x"}, 7]}],
	    "connections": [{"external_id": "c", "secret_out": "", "secrets_in": ["a b", {"env": "1"}]}]`),
		"api_keys[0].key: the environment variable NOWHERE is not set\n" +
			"networks[0].secrets_in[0]: the environment variable EMPTY is not set\n" +
			"networks[0].secrets_in[1].file: there is no such field here\nnetworks[0].secrets_in[1].env: is missing\n" +
			"networks[0].secrets_in[2]: must be a text or {\"env\": \"NAME\"}\n" +
			"connections[0].secret_out: a secret has 1 to 200 characters\nconnections[0].secrets_in[0]: a secret has no blanks and control characters\n" +
			"connections[0].secrets_in[1].env: must have the form ^[A-Za-z_][A-Za-z0-9_]*$"},
	{"settings", with(`"connections": [{"external_id": "c", "settings": {"held": "", "colour": "red", "return_hosts": "x"}}, {"external_id": "d", "settings": {"confirm": "always", "orders_url": "ftp://x", "return_hosts": ["a", "b/c"]}}, {"external_id": "e", "settings": {"held": ""}}]`),
		"connections[0].settings.colour: there is no such field here\nconnections[0].settings.return_hosts: must be a list, not text\n" +
			"connections[1].settings.confirm: must be one of never, on_approval, on_handover\n" +
			"connections[1].settings.return_hosts[1]: \"b/c\" is not a host, nor http:// or https:// with a host\n" +
			"connections[1].settings.orders_url: must be an http or https address without credentials\n" +
			"connections[2].settings.held: must not be empty: leave it out, or name a value"},
}

func TestFaultsOfTheFormNameTheirPlace(t *testing.T) {
	db := dbtest.SQLite(t)
	for _, test := range forms {
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

// meanings are faults that show against what is there: the objects of base.
var meanings = []struct{ name, file, want string }{
	{"a new merchant needs", `{"kontor": 1, "merchants": [{"id": "new"}]}`,
		"mode: is needed for a new merchant\nname: is needed for a new merchant\ntime_zone: is needed for a new merchant\ncurrency: is needed for a new merchant"},
	{"a merchant's values, and objects below a faulty merchant", `{"kontor": 1, "merchants": [{"id": "new", "mode": "live", "name": " ", "account": "", "time_zone": "Local", "currency": "usd", "shop_url": "javascript:alert(1)",
	    "test_address": "https://u:p@x", "products": [{"sku": "A"}], "organisations": [{"external_id": "o"}], "buyers": [{"external_id": "b", "organisation": "o"}]}]}`,
		"name: must not be empty\naccount: must not be empty\ntime_zone: is not the name of a time zone, such as America/New_York\ncurrency: is not the ISO 4217 code of a currency\n" +
			"shop_url: must be an http or https address without credentials\ntest_address: must be an http or https address without credentials\n" +
			"products[0].name: is needed for a new product\nproducts[0].unit: is needed for a new product\n" +
			"organisations[0].name: is needed for a new organisation\nbuyers[0].email: a buyer needs an email or a login"},
	{"another mode", with(`"mode": "live"`), "mode: a merchant's mode can't be changed: test and live are two merchants of one account"},
	{"a contact that can't be written to", with(`"credit_contact": {"name": "Desk\nBcc: x", "email": "Desk <a@b.example>", "escalation": "a@b.example, c@d.example"}`),
		"credit_contact.name: must have at most 200 characters and no line breaks\n" +
			"credit_contact.email: must be an e-mail address such as credit@example.com, without a name\n" +
			"credit_contact.escalation: must be an e-mail address such as credit@example.com, without a name"},
	{"an escalation without a contact", with(`"credit_contact": {"escalation": "a@b.example"}`), "credit_contact.email: is needed where there is a contact"},
	{"tables of rates", with(`"tax_rates": [{"country": "USA", "percent": "101"}, {"country": "US", "percent": "1", "from": "2026-02-01", "to": "2026-01-01"}],
	    "freight": {"ZZZ": {"tiers": []}, "USD": {"tiers": [{"under": "250.001", "charge": "1"}, {"under": "100", "charge": "-1"}, {"under": "300", "charge": "2"}], "hazardous": "-1"},
	    "JPY": {"tiers": [{"charge": "1"}, {"charge": "1.5"}]}}`),
		"tax_rates[0].country: must be an ISO 3166 code of two capital letters\ntax_rates[0].percent: must be between 0 and 100\ntax_rates[1].to: the last day is before the first\n" +
			"freight.JPY.tiers[0].under: only the last tier is for all the rest\nfreight.JPY.tiers[1].charge: must be an amount in JPY and not negative\n" +
			"freight.USD.tiers[0].under: must be an amount in USD and not negative\nfreight.USD.tiers[1].charge: must be an amount in USD and not negative\nfreight.USD.tiers[1].under: tiers stand by rising amounts\n" +
			"freight.USD.tiers[2].under: the last tier is for all the rest: leave it out\nfreight.USD.hazardous: must be an amount in USD and not negative\n" +
			"freight.ZZZ: is not the ISO 4217 code of a currency\nfreight.ZZZ.tiers: must have a tier"},
	{"keys", with(`"api_keys": [{"external_id": "a"}, {"external_id": "b", "key": "sk_other_abcdefghijklmnopqrst"}, {"external_id": "c", "key": "sk_acme_short"}, {"external_id": "d", "key": "sk_acme_abcdefghij_klmnopqrst"},
	    {"external_id": "e", "key": "sk_acme_abcdefghijklmnopqrst"}]`),
		"api_keys[0].key: is needed for a new key\napi_keys[1].key: must be sk_acme_ and at least 20 letters and digits\napi_keys[2].key: must be sk_acme_ and at least 20 letters and digits\n" +
			"api_keys[3].key: must be sk_acme_ and at least 20 letters and digits\napi_keys[4].key: is the key of shop already"},
	{"products", with(`"products": [{"sku": "N"}, {"sku": "A", "unit": "piece", "unspsc": "12", "content": "3", "quantity_step": "0"}, {"sku": "B", "stock": "-1", "prices": [{"price": "-1"}, {"currency": "XXX", "price": "1"},
	    {"price": "1", "breaks": [{"from": "5", "price": "1"}, {"from": "5", "price": "1"}]}, {"price": "1"}, {"currency": "USD", "price": "2"}]}]`),
		"products[0].name: is needed for a new product\nproducts[0].unit: is needed for a new product\n" +
			"products[1].unit: a unit is a UN/CEFACT code of 1 to 3 capital letters and digits\nproducts[1].content_unit: content and content_unit go together\nproducts[1].unspsc: a UNSPSC code has 8 digits\n" +
			"products[2].prices[0].price: a price can't be negative\nproducts[2].prices[1].currency: a currency is an ISO 4217 code\n" +
			"products[2].prices[2].breaks[1].from: breaks stand by rising quantity, the first above 0\nproducts[2].prices[4]: the price in USD is there twice"},
	{"organisations", with(`"organisations": [{"external_id": "o"}, {"external_id": "p", "name": "P", "parent": "nobody"}, {"external_id": "q", "name": "Q", "currency": "XXX", "terms_days": -1},
	    {"external_id": "child", "parent": ""}, {"external_id": "main", "parent": "q"}]`),
		"organisations[0].name: is needed for a new organisation\norganisations[1].parent: there is no organisation nobody, neither here nor in the file\n" +
			"organisations[2].currency: is not the ISO 4217 code of a currency\norganisations[2].terms_days: must be between 0 and 3650\n" +
			"organisations[3].parent: the parent of an organisation can't be changed; it is main\norganisations[4].parent: the parent of an organisation can't be changed; it is none"},
	{"certificates", with(`"organisations": [{"external_id": "main", "tax_certificates": [{"reference": " "}, {"country": "usa", "reference": "C"}, {"region": "CA", "reference": "C"},
	    {"country": "US", "reference": "D", "from": "2026-03-02", "to": "2026-03-01"}, {"country": "US", "region": "CA", "reference": "E"}, {"country": "US", "region": "ca", "reference": "e"}]}]`),
		"organisations[0].tax_certificates[0].reference: is needed: the number of the document, or where it is kept\norganisations[0].tax_certificates[1].country: must be an ISO 3166 code of two capital letters\n" +
			"organisations[0].tax_certificates[2].country: is needed beside a region\norganisations[0].tax_certificates[3].to: the last day is before the first\n" +
			"organisations[0].tax_certificates[5]: the certificate is there twice for the same place"},
	{"a circle", with(`"organisations": [{"external_id": "o", "name": "O", "parent": "p"}, {"external_id": "p", "name": "P", "parent": "o"}]`),
		"organisations[0].parent: the organisation would be its own parent\norganisations[1].parent: there is no organisation o, neither here nor in the file"},
	{"credit lines", with(`"organisations": [{"external_id": "child", "credit_lines": [{"limit": "1.001"}, {"limit": "-1"}, {"currency": "QQQ", "limit": "1"}, {"limit": "1", "opening_hold": "-5"}]}, {"external_id": "main", "credit_lines": [{"limit": "7"}, {"limit": "8"}]}]`),
		"organisations[0].credit_lines[0].limit: must be an amount in USD and not negative\norganisations[0].credit_lines[1]: the credit line in USD is there twice\n" +
			"organisations[0].credit_lines[2].currency: is not the ISO 4217 code of a currency\norganisations[0].credit_lines[3]: the credit line in USD is there twice\n" +
			"organisations[1].credit_lines[1]: the credit line in USD is there twice"},
	{"applications", with(`"organisations": [{"external_id": "child", "credit_lines": [{"currency": "EUR"}, {"currency": "BHD", "application": {"amount": "4.0001", "since": "2026-01-01"}},
	    {"currency": "JPY", "application": {"amount": "0", "since": "2026-01-01"}}, {"currency": "GBP", "limit": "5", "application": {"amount": "5", "since": "2026-01-01"}}]}]`),
		"organisations[0].credit_lines[0].limit: is needed for a new credit line that is not only applied for\norganisations[0].credit_lines[1].application.amount: must be an amount in BHD and not negative\n" +
			"organisations[0].credit_lines[2].application.amount: an application is for more than nothing\norganisations[0].credit_lines[3].limit: a line that is only applied for has no limit yet"},
	{"contract prices", with(`"organisations": [{"external_id": "main", "contract_prices": [{"sku": "Z", "price": "1"}, {"sku": "A", "price": "1", "valid_from": "2026-02-02", "valid_to": "2026-02-01"}, {"sku": "A", "price": "1"}, {"sku": "a", "price": "2"}]}]`),
		"organisations[0].contract_prices[0].sku: there is no product Z, neither here nor in the file\norganisations[0].contract_prices[1].valid_to: the last day is before the first\n" +
			"organisations[0].contract_prices[3]: the price in USD is there twice"},
	{"assortments", with(`"organisations": [{"external_id": "main", "assortment": [{"rule": "hide", "sku": "Z"}, {"rule": "hide", "category": "Nowhere"}, {"rule": "show", "hazardous": false},
	    {"rule": "hide", "sku": "A", "hazardous": true}, {"rule": "hide", "sku": "B"}, {"rule": "show", "sku": "b"}, {"rule": "hide"}, {"rule": "show"}]}]`),
		"organisations[0].assortment[0].sku: there is no product Z, neither here nor in the file\norganisations[0].assortment[1].category: no product is in a category Nowhere\n" +
			"organisations[0].assortment[2].hazardous: must be true, or left out: there are no rules for what is not hazardous\n" +
			"organisations[0].assortment[3]: a rule names one of sku, category and hazardous, or none of them for all products\n" +
			"organisations[0].assortment[5]: there are two rules about sku b\norganisations[0].assortment[7]: there are two rules about all"},
	{"buyers' part numbers", with(`"organisations": [{"external_id": "main", "buyer_parts": [{"part": "P1", "sku": "Z"}, {"part": "P2", "sku": "A"}, {"part": "p2 ", "sku": "B"}, {"part": "P3", "sku": "a"},
	    {"part": "` + strings.Repeat("x", 101) + `", "sku": "B"}]}]`),
		"organisations[0].buyer_parts[0].sku: there is no product Z, neither here nor in the file\norganisations[0].buyer_parts[2].part: the part number p2  is there twice\n" +
			"organisations[0].buyer_parts[3].sku: the product a has a part number already: one product goes out under one\norganisations[0].buyer_parts[4].part: a part number has 1 to 100 bytes"},
	{"buyers", with(`"buyers": [{"external_id": "x"}, {"external_id": "y", "organisation": "nobody"}, {"external_id": "z", "organisation": "main"}, {"external_id": "b1", "organisation": "child"}, {"external_id": "w", "organisation": "main", "login": "desk@main.example"}]`),
		"buyers[0].organisation: is needed for a new buyer\nbuyers[1].organisation: there is no organisation nobody, neither here nor in the file\nbuyers[2].email: a buyer needs an email or a login\n" +
			"buyers[3].organisation: a buyer's organisation can't be changed\nbuyers[4]: another buyer of the organisation has that email or login"},
	{"connections", with(`"connections": [{"external_id": "x"}, {"external_id": "c1", "organisation": "child", "network": "nowhere"}, {"external_id": "y", "organisation": "main", "identities": {"from": [{"domain": " ", "identity": "a"}, {"domain": "D", "identity": "b"}, {"domain": "d", "identity": "b"}]}},
	    {"external_id": "z", "organisation": "main", "network": "net", "secrets_in": ["a", "b", "c"], "identities": {"from": [{"domain": "D", "identity": "z"}]}}]`),
		"connections[0].organisation: is needed for a new connection\nconnections[0].identities.from: is needed for a new cXML connection\nconnections[0].identities.sender: is needed for a new cXML connection without a network\n" +
			"connections[1].organisation: a connection's organisation can't be changed\nconnections[1].network: there is no network nowhere, neither here nor in the file\n" +
			"connections[2].identities.from[0]: an identity needs a domain and an identity\nconnections[2].identities.from[2]: is there twice\nconnections[2].identities.sender: is needed for a new cXML connection without a network\n" +
			"connections[3].secrets_in: at most two secrets can be live"},
}

func TestFaultsOfTheMeaningNameTheirPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		must(t, db, base)
		before := dump(t, db)
		for _, test := range meanings {
			t.Run(test.name, func(t *testing.T) {
				for _, dry := range []bool{true, false} {
					_, err := apply(t, db, test.file, dry)
					if got := faultsOf(err); got != test.want {
						t.Errorf("dry %v:\n%s\nwant\n%s", dry, got, test.want)
					}
				}
			})
		}
		if dump(t, db) != before {
			t.Error("something was written")
		}
	})
}

func TestAFaultInTheLastMerchantIsFoundBeforeTheFirstIsThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		merchant := func(id, zone string) string {
			return `{"id": "` + id + `", "account": "pair", "mode": "` + id[:4] + `", "name": "x", "time_zone": "` + zone + `", "currency": "USD"}`
		}
		file := func(zones ...string) string {
			return `{"kontor": 1, "merchants": [` + merchant("test-one", zones[0]) + `, ` + merchant("live-one", zones[1]) + `]}`
		}
		_, err := apply(t, db, file("UTC", "Mars"), false)
		if got := faultsOf(err); got != "merchants[1].time_zone: is not the name of a time zone, such as America/New_York" {
			t.Error(got)
		}
		if dump(t, db) != "" {
			t.Error("the first merchant was written")
		}
		if got := must(t, db, file("UTC", "UTC")).String(); got != "merchant test-one\n  created  merchant test-one\nmerchant live-one\n  created  merchant live-one\n2 created, 0 changed, 0 kept, 0 unchanged\n" {
			t.Error(got)
		}
	})
}

func TestManyFaultsAreCut(t *testing.T) {
	products := strings.TrimSuffix(strings.Repeat(`{"sku": 1},`, 250), ",")
	_, err := apply(t, dbtest.SQLite(t), with(`"products": [`+products+`]`), false)
	f := (*fault.Error)(nil)
	if !errors.As(err, &f) || f.Message != "the file has 250 faults, the first 100 are" || len(f.Fields) != 100 {
		t.Error(err)
	}
}
