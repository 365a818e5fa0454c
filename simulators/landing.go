package simulators

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"path"
	"strings"
)

// Door is one buyer on the demo's first page.
type Door struct {
	Name, Like          string
	Short               string // "Labs West"; the first word of the name when empty
	Text                string
	Who, Speaks, Credit string
	URL                 string // absolute: the buyers live under another host name than the shop
}

// LandingConfig is the demo's first page.
type LandingConfig struct {
	Merchant, MerchantShort string // "Brackwater Industrial Supply", "Brackwater"
	Doors                   []Door
	Nav                     DemoNav
	DocsURL                 string // left out when empty
	Now                     func(ctx context.Context) LandingNow
	Bench                   *Bench
}

// LandingNow is what the first page shows of this moment.
type LandingNow struct {
	Credit  map[string]string // by the last part of a door's address: "$25,936.82 available"
	Waiting int               // orders that wait for a person
}

type landingPage struct {
	demoPage
	Merchant, MerchantShort, DocsURL string
	Buyers                           []buyerCard
	Waiting, Tried                   string
	WasReset                         bool
	Westmere                         bool // there is a buyer whose shop stands in a frame
	Review                           bool // there is a buyer whose credit is applied for
	OCI                              bool // there are buyers whose carts go home field by field
}

type buyerCard struct {
	Door
	Now string
}

// DemoDoors are the buyers of the demo whose protocol is spoken by now. base is the buyers' own scheme and host name.
func DemoDoors(base string) []Door {
	return []Door{
		{Name: "Northfold Medical Group", Like: "Ariba", URL: base + "/buyers/northfold/",
			Text: "The smooth way: set-up, cart, order, confirmation. The documents come through a network, so Kontor has to find the buyer from From, not from the sender.",
			Who:  "Hospital group, main account", Speaks: "cXML 1.2, through a network",
			Credit: "Limit $50,000.00, shared with Labs West"},
		{Name: "Northfold Labs West", Short: "Labs West", Like: "Ariba", URL: base + "/buyers/northfold-west/",
			Text: "The same network and the same sender, another buyer: only From tells them apart. The order has to fit its own limit and its parent’s.",
			Who:  "Sub-account of Northfold", Speaks: "cXML 1.2, through a network",
			Credit: "Limit $10,000.00, bound by the parent’s too"},
		{Name: "Castelmere Foods", Like: "Coupa", URL: base + "/buyers/castelmere/",
			Text: "Over the limit: the usual cart is $195.00 short. The order waits, the credit desk decides, and the buyer’s page turns by itself.",
			Who:  "Food producer", Speaks: "cXML 1.2, direct",
			Credit: "Limit $15,000.00, little of it free"},
		{Name: "Westmere University", Like: "Jaggaer", URL: base + "/buyers/westmere/",
			Text: "The shop in a frame, and a cart that is opened again: edit it, raise the gloves to ten, and they cost less; leave without saving, and nothing is lost.",
			Who:  "Three departments, exempt from tax", Speaks: "cXML 1.2.011, direct, framed",
			Credit: "Limit $80,000.00"},
		{Name: "Veldhaus Maschinenbau GmbH", Like: "SRM", URL: base + "/buyers/veldhaus/",
			Text: "The login comes through the browser, the cart goes home field by field, in Latin-1 and in the buyer’s own units. A screw of €0.01183 is €1.183 for a hundred there, and no cent is lost.",
			Who:  "Machine builder in Germany", Speaks: "OCI 4.0, framed; orders by cXML",
			Credit: "Limit €20,000.00"},
		{Name: "Hoshimori Seimitsu K.K.", Like: "S4HANA", URL: base + "/buyers/hoshimori/",
			Text: "No decimals in the currency, four in the prices. Before an order leaves, its system asks what every line costs today, and the answer is the cart’s own price.",
			Who:  "Precision works in Japan", Speaks: "OCI 5.0 with VALIDATE; orders by cXML",
			Credit: "Limit ¥1,500,000"},
		{Name: "Sitrabay Marine Works W.L.L.", Like: "Oracle", URL: base + "/buyers/sitrabay/",
			Text: "Orders in ISO-8859-15 without line numbers, in a currency of three decimals. Its credit application is in review, so the order waits until a limit is set.",
			Who:  "Shipyard in Bahrain", Speaks: "cXML as its XML gateway writes it",
			Credit: "BHD\u00a04,000.000 applied for six days ago"},
	}
}

// Landing is the demo's first page: four doors, the buyers with what they may spend now, and what
// to do in five minutes.
func Landing(cfg LandingConfig) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := landingPage{demoPage: demoPage{Nav: cfg.Nav, Current: "home", Title: "Five minutes with Kontor"},
			Merchant: cfg.Merchant, MerchantShort: cfg.MerchantShort, DocsURL: cfg.DocsURL,
			WasReset: r.URL.Query().Get("done") == "reset"}
		var now LandingNow
		if cfg.Now != nil {
			now = cfg.Now(r.Context())
		}
		for _, d := range cfg.Doors {
			d.Short = cmp.Or(d.Short, strings.Fields(d.Name)[0])
			p.Buyers = append(p.Buyers, buyerCard{d, now.Credit[path.Base(d.URL)]})
			p.Westmere = p.Westmere || d.Like == "Jaggaer"
			p.Review = p.Review || d.Like == "Oracle"
			p.OCI = p.OCI || deskClass(d.Like) == "sap"
		}
		switch now.Waiting {
		case 0:
			p.Waiting = "No order waits now."
		case 1:
			p.Waiting = "One order waits now."
		default:
			p.Waiting = fmt.Sprintf("%d orders wait now.", now.Waiting)
		}
		if cfg.Bench != nil {
			p.Tried = cfg.Bench.Summary()
		}
		showDemo(w, http.StatusOK, "landing", p)
	})
}
