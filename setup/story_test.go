package setup_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
)

// The story's catalogue, written down a second time: part number, name, UNSPSC, order unit, list
// prices with their breaks, and what else is particular.
const storyCatalogue = `
FAS-1010 | Hex bolt M8 × 40, zinc, 8.8 | 31161620 | BX of 100 EA | USD 18.45 (10+ 17.20, 50+ 15.90), EUR 16.985
FAS-1020 | Hex nut M8, zinc | 31161727 | BX of 100 EA | USD 6.90 (10+ 6.45), EUR 6.35
FAS-1030 | Flat washer M8 | 31161807 | BX of 100 EA | USD 4.25, EUR 3.91
FAS-1040 | Tapping screw 4.2 × 25 | 31161507 | EA | USD 0.0375, EUR 0.0345, JPY 5.55 | least 500, step 100
FAS-1050 | Machine screw M4 × 10, stainless | 31161504 | EA | USD 0.0141, EUR 0.01183, JPY 1.8525, BHD 0.00473 | also BX of 100
FAS-1060 | Blind rivet 4.8 × 10 | 31162201 | BX of 500 EA | USD 27.80, EUR 25.60
FAS-1070 | Threaded rod M10, 1 m | 31161618 | EA | USD 3.15
FAS-1080 | Wedge anchor M12 × 100 | 31162102 | BX of 25 EA | USD 31.60
PPE-2010 | Disposable nitrile gloves, size L | 46181504 | BX of 100 EA | USD 9.95 (10+ 9.25, 100+ 8.60, 250+ 7.95), JPY 1420, BHD 3.745
PPE-2011 | Disposable nitrile gloves, size L, case | 46181504 | CS of 10 BX | USD 88.00
PPE-2020 | Cut-resistant gloves, level D, size 9 | 46181536 | PR | USD 6.80, EUR 6.245
PPE-2030 | Safety glasses, clear | 46181802 | EA | USD 3.1250, EUR 2.8750, JPY 438.5, BHD 1.1785
PPE-2040 | Hard hat, white | 46181701 | EA | USD 14.50
PPE-2050 | Ear plugs, corded | 46181905 | BX of 200 PR | USD 27.90
PPE-2060 | Particulate respirator, valved | 46182008 | BX of 20 EA | USD 19.75 | stock 0, lead 12
PPE-2070 | Safety vest, high visibility, L | 46181507 | EA | USD 8.40, BHD 3.1675
PPE-2080 | First aid kit, 50 persons | 42172001 | EA | USD 64.00
CLN-3010 | Paper towels, 2-ply | 14111703 | CS of 12 RO | USD 38.60
CLN-3020 | Trash bags, 208 l, black | 47121701 | CS of 100 EA | USD 29.95, BHD 11.280
CLN-3030 | General purpose cleaner | 47131805 | EA of 5 LTR | USD 12.35
CLN-3040 | Cleaning wipes, tub of 150 | 47131502 | EA | USD 7.15
CLN-3050 | Wet mop, cotton, 450 g | 47131618 | EA | USD 9.80
CLN-3060 | Granular absorbent | 47131902 | KGM | USD 0.8950 | least 15, step 15
PKG-4010 | Packaging tape 48 mm × 66 m | 31201517 | RO | USD 1.4875, BHD 0.5595
PKG-4020 | Stretch film 500 mm × 300 m | 24141501 | RO | USD 11.20, BHD 4.215
PKG-4030 | Slotted carton 300 × 300 × 300 mm | 24112501 | BD of 25 EA | USD 22.75
PKG-4040 | Bubble wrap 500 mm × 100 m | 24141601 | RO | USD 34.00
PKG-4050 | Plastic bags 200 × 300 mm | 24111503 | MIL of 1000 EA | USD 41.80 | least 0.5, step 0.5
PKG-4060 | Addressing labels 102 × 152 mm | 55121605 | RO of 500 EA | USD 13.60
PKG-4070 | Wooden pallet 1200 × 1000 mm | 24112701 | EA | USD 16.90 | pallet
ELE-5010 | Cable ties 200 × 4.8 mm | 39121703 | BG of 100 EA | USD 4.60, JPY 690
ELE-5020 | Electrical insulating tape, black | 31201502 | RO | USD 1.15, BHD 0.4335
ELE-5030 | Network cable, category 6, by the metre | 26121609 | MTR | USD 0.6425, JPY 96.2 | least 0.5, step 0.5
ELE-5040 | Alkaline batteries AA | 26111702 | PK of 24 EA | USD 15.30
ELE-5050 | Extension cord 15 m, outdoor | 26121536 | EA | USD 24.95
ELE-5060 | Miniature circuit breaker B16 | 39121603 | EA | USD 11.75
TOL-6010 | Screwdriver set, 8 pieces | 27111728 | SET | USD 21.40, JPY 3180
TOL-6020 | Hex keys, 9 pieces | 27111710 | SET | USD 12.90
TOL-6030 | Torque wrench 40–200 Nm | 27111715 | EA | USD 148.00, EUR 136.00, JPY 21800
TOL-6040 | Tape measure 8 m | 27111801 | EA | USD 9.35 | disabled
TOL-6050 | Abrasive discs 125 mm, P80 | 31191506 | BX of 50 EA | USD 36.50, EUR 33.60
TOL-6060 | Spray lubricant 400 ml | 15121514 | EA | USD 5.85 | hazardous
`

type demoMerchant struct {
	Name, Currency string
	TimeZone       string                                      `json:"time_zone"`
	TaxRates       []struct{ Country, Region, Percent string } `json:"tax_rates"`
	Products       []demoProduct
	Organisations  []demoOrganisation
}

type demoPrice struct {
	SKU, Currency, Price string
	Breaks               []struct{ From, Price string }
}

type demoProduct struct {
	SKU, Name, Description, UNSPSC, Unit, Content string
	ContentUnit                                   string                           `json:"content_unit"`
	OtherUnits                                    []struct{ Unit, Content string } `json:"other_units"`
	Least                                         string                           `json:"least_quantity"`
	Step                                          string                           `json:"quantity_step"`
	Stock                                         string
	Lead                                          int    `json:"lead_time_days"`
	FreightClass                                  string `json:"freight_class"`
	Hazardous, Disabled                           bool
	Prices                                        []demoPrice
}

type demoOrganisation struct {
	ExternalID string `json:"external_id"`
	Name       string
	Parent     string
	Terms      int         `json:"terms_days"`
	Policy     string      `json:"price_policy"`
	Prices     []demoPrice `json:"contract_prices"`
	Assortment []struct {
		Rule      string
		Hazardous bool
	}
}

// demoStory reads as much of the file as these tests compare, without any code of ours.
func demoStory(t *testing.T) demoMerchant {
	t.Helper()
	var file struct{ Merchants []demoMerchant }
	if err := json.Unmarshal([]byte(demo(t)), &file); err != nil {
		t.Fatal(err)
	}
	return file.Merchants[0]
}

// row writes a product as the table does.
func (p demoProduct) row() string {
	unit := p.Unit
	if p.Content != "" {
		unit += " of " + p.Content + " " + p.ContentUnit
	}
	var prices, rules []string
	for _, price := range p.Prices {
		var breaks []string
		for _, b := range price.Breaks {
			breaks = append(breaks, b.From+"+ "+b.Price)
		}
		text := price.Currency + " " + price.Price
		if len(breaks) > 0 {
			text += " (" + strings.Join(breaks, ", ") + ")"
		}
		prices = append(prices, text)
	}
	for _, u := range p.OtherUnits {
		rules = append(rules, "also "+u.Unit+" of "+u.Content)
	}
	for _, rule := range []struct {
		is   bool
		text string
	}{{p.Least != "", "least " + p.Least}, {p.Step != "", "step " + p.Step}, {p.Stock != "", "stock " + p.Stock}, {p.Lead != 0, fmt.Sprint("lead ", p.Lead)},
		{p.FreightClass != "", p.FreightClass}, {p.Disabled, "disabled"}, {p.Hazardous, "hazardous"}} {
		if rule.is {
			rules = append(rules, rule.text)
		}
	}
	columns := []string{p.SKU, p.Name, p.UNSPSC, unit, strings.Join(prices, ", ")}
	if len(rules) > 0 {
		columns = append(columns, strings.Join(rules, ", "))
	}
	return strings.Join(columns, " | ")
}

func TestTheDemosCatalogueIsTheStorys(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(storyCatalogue), "\n")
	products := demoStory(t).Products
	if len(rows) != 42 || len(products) != 42 {
		t.Fatalf("%d rows, %d products", len(rows), len(products))
	}
	for i, p := range products {
		// What isn't known is no zero: one product shows that.
		if known := p.Stock != "" || p.Lead != 0; known == (p.SKU == "PKG-4040" || p.Disabled) {
			t.Errorf("%s: stock %q, lead time %d", p.SKU, p.Stock, p.Lead)
		}
		if !strings.Contains(rows[i], "stock") { // the demo's own, the story tells of one product only
			p.Stock, p.Lead = "", 0
		}
		if got := p.row(); got != rows[i] {
			t.Errorf("the file has\n%s\nthe story\n%s", got, rows[i])
		}
	}
}

// Descriptions have two sentences of plain words; one is longer than the 255 bytes that some
// systems show, one has what XML makes difficult, one has umlauts.
func TestTheDemosDescriptions(t *testing.T) {
	for _, p := range demoStory(t).Products {
		sentences := strings.Count(p.Description, ". ") + 1
		switch long := len(p.Description) > 255; {
		case p.SKU == "PKG-4010":
			if p.Description != `48 mm × 66 m, 28 µm, "low noise" & clear` {
				t.Errorf("%s: %s", p.SKU, p.Description)
			}
		case sentences != 2 || !strings.HasSuffix(p.Description, "."):
			t.Errorf("%s has %d sentences", p.SKU, sentences)
		case long != (p.SKU == "PPE-2060"):
			t.Errorf("%s has %d bytes", p.SKU, len(p.Description))
		case p.SKU == "FAS-1060" && !strings.ContainsAny(p.Description, "äöü"):
			t.Errorf("%s has no umlaut", p.SKU)
		}
	}
}

// storyBuyers are the organisations with their terms and contract prices. Castelmere's are the list
// less 7.5 %, Westmere's less 12 %, at four decimals.
var storyBuyers = []struct {
	id, name, parent, policy string
	terms                    int // 0: nothing said
	prices                   string
}{
	{"northfold", "Northfold Medical Group", "", "contract_only", 30, "PPE-2010 8.1000, PPE-2030 2.9375, FAS-1050 0.01255"},
	{"northfold-west", "Northfold Labs West", "northfold", "", 0, ""},
	{"castelmere", "Castelmere Foods", "", "contract_only", 45, "CLN-3010 35.7050, CLN-3020 27.7038, CLN-3030 11.4238, CLN-3040 6.6138, CLN-3050 9.0650, CLN-3060 0.8279, " +
		"PKG-4010 1.3759, PKG-4020 10.3600, PKG-4030 21.0438, PKG-4040 31.4500, PKG-4050 38.6650, PKG-4060 12.5800, PKG-4070 15.6325"},
	{"westmere", "Westmere University", "", "best_of", 0, "TOL-6010 18.8320, TOL-6020 11.3520, TOL-6030 130.2400, TOL-6040 8.2280, TOL-6050 32.1200, TOL-6060 5.1480"},
	{"veldhaus", "Veldhaus Maschinenbau GmbH", "", "contract_only", 30, ""},
	{"hoshimori", "Hoshimori Seimitsu K.K.", "", "contract_only", 0, ""},
	{"sitrabay", "Sitrabay Marine Works W.L.L.", "", "contract_only", 30, ""},
}

func TestTheDemosBuyersAreTheStorys(t *testing.T) {
	m := demoStory(t)
	if m.Name != "Brackwater Industrial Supply, Inc." || m.TimeZone != "America/New_York" || m.Currency != "USD" {
		t.Errorf("the merchant is %s in %s, %s", m.Name, m.TimeZone, m.Currency)
	}
	if got := fmt.Sprint(m.TaxRates); got != "[{US CA 7.25} {US MI 6.00} {DE  0.00} {JP  0.00} {BH  0.00}]" {
		t.Errorf("the tax rates are %s", got)
	}
	if len(m.Organisations) != len(storyBuyers) {
		t.Fatalf("%d organisations", len(m.Organisations))
	}
	for i, want := range storyBuyers {
		got := m.Organisations[i]
		var prices []string
		for _, p := range got.Prices {
			prices = append(prices, p.SKU+" "+p.Price)
		}
		if got.ExternalID != want.id || got.Name != want.name || got.Parent != want.parent || got.Terms != want.terms || got.Policy != want.policy {
			t.Errorf("the file has %+v, the story %+v", got, want)
		}
		// Hazardous goods go by ground only, so buyers abroad don't see them.
		if export := want.id == "veldhaus" || want.id == "hoshimori" || want.id == "sitrabay"; export != (fmt.Sprint(got.Assortment) == "[{hide true}]") {
			t.Errorf("%s has the assortment %v", want.id, got.Assortment)
		}
		if text := strings.Join(prices, ", "); text != want.prices {
			t.Errorf("%s pays\n%s, the story says\n%s", want.id, text, want.prices)
		}
	}
}

// storyCredit is the picture at the start: limit, exposure, available.
var storyCredit = []struct{ who, currency, limit, exposure, available string }{
	{"northfold", "USD", "50000.00", "17100.25", "27269.00"}, // with the child's 5,630.75
	{"northfold-west", "USD", "10000.00", "5630.75", "4369.25"},
	{"castelmere", "USD", "15000.00", "13759.00", "1241.00"},
	{"westmere", "USD", "80000.00", "26865.35", "53134.65"},
	{"veldhaus", "EUR", "20000.00", "11718.20", "8281.80"},
	{"hoshimori", "JPY", "1500000", "498780", "1001220"},
	{"sitrabay", "BHD", "0.000", "0.000", "0.000"},
}

func TestTheDemosCreditIsTheStorys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		must(t, db, demo(t))
		for _, want := range storyCredit {
			o, err := accounts.FindOrganisation(t.Context(), db, "brackwater", "ext:"+want.who)
			if err != nil {
				t.Fatal(err)
			}
			lines, err := credit.LinesOf(t.Context(), db, "brackwater", o.ID)
			if err != nil || len(lines) != 1 {
				t.Fatalf("%s has %d lines, %v", want.who, len(lines), err)
			}
			line := lines[0]
			available, _, err := credit.Available(t.Context(), db, line)
			if err != nil || line.Currency != want.currency || line.Amount(line.Limit).Text() != want.limit ||
				line.Amount(line.Own.Exposure()).Text() != want.exposure || available.Text() != want.available {
				t.Errorf("%s: %+v, available %s, %v; want %+v", want.who, line, available, err, want)
			}
			applied := credit.Application{}
			if want.who == "sitrabay" { // six days before the day that the test fills the file in for
				applied = credit.Application{Applied: 4_000_000, On: money.NewDate(2026, 3, 4), Wants: "the latest annual accounts"}
			}
			if line.Application != applied {
				t.Errorf("%s applied for %+v", want.who, line.Application)
			}
			certificates := "[]"
			if want.who == "westmere" { // twenty days after that day
				certificates = `[{"country":"US","reference":"WU-2041","to":"2026-03-30"}]`
			}
			if o.TaxCertificates != certificates {
				t.Errorf("%s is exempt from tax by %s", want.who, o.TaxCertificates)
			}
		}
	})
}
