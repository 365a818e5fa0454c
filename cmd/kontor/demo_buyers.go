package main

import (
	"net/http"
	"time"

	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/simulators"
)

// usualCarts are the story's carts, one press away (demo story, section 4).
var usualCarts = map[string][]client.WantedLine{
	"northfold": {
		{SKU: "PPE-2010", Quantity: "120"}, {SKU: "PPE-2030", Quantity: "37"}, {SKU: "FAS-1050", Quantity: "1500"},
		{SKU: "ELE-5030", Quantity: "152.5"}, {SKU: "PKG-4010", Quantity: "30"},
	},
	"northfold-west": {{SKU: "PPE-2010", Quantity: "20"}, {SKU: "PPE-2030", Quantity: "24"}, {SKU: "CLN-3040", Quantity: "6"}}, // at its parent's prices
	"castelmere": {
		{SKU: "CLN-3010", Quantity: "24"}, {SKU: "CLN-3020", Quantity: "12"}, {SKU: "PKG-4010", Quantity: "75"}, {SKU: "PKG-4020", Quantity: "6"},
	},
	// One box more of the gloves and all of them cost less: what an edit is for.
	"westmere": {{SKU: "PPE-2010", Quantity: "9"}, {SKU: "PKG-4070", Quantity: "2"}, {SKU: "TOL-6060", Quantity: "3"}},
	"veldhaus": {
		{SKU: "FAS-1050", Quantity: "3300"}, {SKU: "FAS-1010", Quantity: "4"}, {SKU: "PPE-2020", Quantity: "6"}, {SKU: "FAS-1040", Quantity: "700"},
	},
	"hoshimori": {
		{SKU: "FAS-1050", Quantity: "1100"}, {SKU: "FAS-1040", Quantity: "2500"}, {SKU: "PPE-2030", Quantity: "7"}, {SKU: "ELE-5030", Quantity: "12.5"},
	},
	"sitrabay": {
		{SKU: "PPE-2010", Quantity: "12"}, {SKU: "PPE-2070", Quantity: "7"}, {SKU: "FAS-1050", Quantity: "2500"}, {SKU: "PKG-4010", Quantity: "15"},
	},
}

// buyerConfigs are the story's buyers and how their systems speak (demo story, section 3).
func (d *demo) buyerConfigs() []simulators.BuyerConfig {
	network := simulators.Credential{Domain: "AribaNetworkUserId", Identity: "sysadmin@network.example", Secret: d.secrets["KONTOR_DEMO_NETWORK_SECRET"]}
	duns := func(identity, secret string) simulators.Credential {
		return simulators.Credential{Domain: "DUNS", Identity: identity, Secret: d.secrets[secret]}
	}
	all := []simulators.BuyerConfig{
		{Name: "Northfold Medical Group", Slug: "northfold", Like: "Ariba", Sender: network,
			From:         []simulators.Credential{{Domain: "NetworkId", Identity: "AN01000099101-T"}},
			ExpectSecret: d.secrets["KONTOR_DEMO_NORTHFOLD_SECRET_OUT"], ShipTo: inCalifornia},
		{Name: "Northfold Labs West", Slug: "northfold-west", Like: "Ariba", Sender: network,
			From:         []simulators.Credential{{Domain: "NetworkId", Identity: "AN01000099102-T"}},
			ExpectSecret: d.secrets["KONTOR_DEMO_NORTHFOLD_WEST_SECRET_OUT"], ShipTo: inCalifornia},
		{Name: "Castelmere Foods", Slug: "castelmere", Like: "Coupa", Sender: duns("castelmere-t", "KONTOR_DEMO_CASTELMERE_SECRET"),
			ExpectSecret: d.secrets["KONTOR_DEMO_CASTELMERE_SECRET_OUT"], ShipTo: inMichigan},
		{Name: "Westmere University", Slug: "westmere", Like: "Jaggaer", Sender: duns("000000903", "KONTOR_DEMO_WESTMERE_SECRET"),
			ExpectSecret: d.secrets["KONTOR_DEMO_WESTMERE_SECRET_OUT"], ShipTo: inOregon, Title: "Term supplies",
			People: []simulators.Person{
				{Role: "Chemistry buyer", Login: "chemistry", Email: "chemistry@westmere.example"},
				{Role: "Facilities buyer", Login: "facilities", Email: "facilities@westmere.example"},
				{Role: "Library buyer", Login: "library", Email: "library@westmere.example"},
			}},
		{Name: "Veldhaus Maschinenbau GmbH", Slug: "veldhaus", Like: "SRM", Sender: duns("000000904", "KONTOR_DEMO_VELDHAUS_SECRET"),
			ExpectSecret: d.secrets["KONTOR_DEMO_VELDHAUS_SECRET_OUT"], ShipTo: inGermany, Title: "Fasteners for the workshop",
			OCI: d.byOCI("veldhaus-srm", "4.0", "iso-8859-1", "KONTOR_DEMO_VELDHAUS_PASSWORD")},
		{Name: "Hoshimori Seimitsu K.K.", Slug: "hoshimori", Like: "S4HANA", Sender: duns("000000905", "KONTOR_DEMO_HOSHIMORI_SECRET"),
			ExpectSecret: d.secrets["KONTOR_DEMO_HOSHIMORI_SECRET_OUT"], ShipTo: inJapan, Title: "Line supplies",
			OCI: d.byOCI("hoshimori-s4", "5.0", "utf-8", "KONTOR_DEMO_HOSHIMORI_PASSWORD")},
		{Name: "Sitrabay Marine Works W.L.L.", Slug: "sitrabay", Like: "Oracle", Sender: duns("000000906", "KONTOR_DEMO_SITRABAY_SECRET"),
			ExpectSecret: d.secrets["KONTOR_DEMO_SITRABAY_SECRET_OUT"], ShipTo: inBahrain, Title: "Yard stores",
			// Two of these letters are not those of ISO-8859-1.
			Remark: "For the dredger Cœur de Mer, paid from the € budget."},
	}
	for i := range all {
		b := &all[i]
		b.Path, b.PublicURL, b.SupplierURL = "/buyers/"+b.Slug, d.buyersURL, d.config.PublicURL+"/m/"+demoMerchant+"/cxml"
		b.SupplierName, b.SupplierShort, b.HomeURL, b.ConsoleURL = "Brackwater Industrial Supply", "Brackwater", d.home, d.staffURL
		b.Clock, b.Location, b.HTTPClient = d.clock, demoZone(), &http.Client{Timeout: 30 * time.Second}
		if len(b.From) == 0 { // who connects by itself signs in as itself
			b.From = []simulators.Credential{{Domain: b.Sender.Domain, Identity: b.Sender.Identity}}
		}
		b.To = []simulators.Credential{{Domain: "DUNS", Identity: "000000901"}}
		if b.Like == "Ariba" {
			b.To = append([]simulators.Credential{{Domain: "NetworkId", Identity: "AN01000099001-T"}}, b.To...)
		}
		b.ShipTo.Name = b.Name
		b.BillTo = b.ShipTo
		// Each counts in a range of its own, so that a number names one order on the merchant's side
		// too; the clock keeps a database that was kept from meeting the numbers of an earlier run.
		b.FirstOrder = 4500000000 + int64(i)*100_000_000 + d.clock.Now().Unix()%100_000_000
	}
	return all
}

// byOCI is how a buyer reaches its OCI connection; the younger interface asks for prices once more
// before it orders.
func (d *demo) byOCI(connection, version, charset, password string) *simulators.OCIAccess {
	return &simulators.OCIAccess{URL: d.config.PublicURL + "/m/" + demoMerchant + "/oci/" + connection, User: "brackwater-shop",
		Password: d.secrets[password], Version: version, Charset: charset, Validates: version == "5.0"}
}

var (
	inCalifornia = simulators.Address{ID: "SHIP-1", Street: "100 Example Avenue", City: "Example City", State: "CA",
		PostalCode: "94100", CountryCode: "US", Country: "United States"}
	inMichigan = simulators.Address{ID: "DOCK-2", Street: "7 Example Mill Road", City: "Exampleville", State: "MI",
		PostalCode: "48200", CountryCode: "US", Country: "United States"}
	inOregon = simulators.Address{ID: "CHEM-3", Street: "3 Example Quad", City: "Example Hill", State: "OR",
		PostalCode: "97000", CountryCode: "US", Country: "United States"}
	inGermany = simulators.Address{ID: "WERK-1", Street: "Beispielweg 5", City: "Musterstadt", PostalCode: "12345", CountryCode: "DE", Country: "Germany"}
	inJapan   = simulators.Address{ID: "FAB-2", Street: "2 Example Industrial Park", City: "Example-shi", PostalCode: "1000001", CountryCode: "JP", Country: "Japan"}
	inBahrain = simulators.Address{ID: "204", Street: "12 Example Yard Road", City: "Example Harbour",
		PostalCode: "301", CountryCode: "BH", Country: "Bahrain"}
)
