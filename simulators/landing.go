package simulators

import (
	"bytes"
	"net/http"
)

// Door is one buyer on the demo's first page.
type Door struct {
	Name, Like          string
	Text                string
	Who, Speaks, Credit string
	URL                 string // absolute: the buyers live under another host name than the shop
}

// LandingConfig is the demo's first page.
type LandingConfig struct {
	Merchant, MerchantShort string // "Brackwater Industrial Supply", "Brackwater"
	Status                  string // one line at the top right: which database, what a restart does
	Doors                   []Door
	ConsoleURL, DocsURL     string // left out when empty
}

// DemoDoors are the buyers of the demo whose protocol is spoken by now. base is the buyers' own scheme and host name.
func DemoDoors(base string) []Door {
	return []Door{
		{Name: "Northfold Medical Group", Like: "Ariba", URL: base + "/buyers/northfold/",
			Text: "The smooth way: set-up, cart, order, confirmation. The documents come through a network, so Kontor has to find the buyer from From, not from the sender.",
			Who:  "Hospital group, main account", Speaks: "cXML 1.2, through a network",
			Credit: "Limit $50,000.00; $27,269.00 available at the start, the child’s share counted"},
		{Name: "Northfold Labs West", Like: "Ariba", URL: base + "/buyers/northfold-west/",
			Text: "The same network and the same sender, another buyer: only From tells them apart. The order has to fit its own limit and its parent’s.",
			Who:  "Sub-account of Northfold", Speaks: "cXML 1.2, through a network",
			Credit: "Limit $10,000.00; $4,369.25 available at the start, bound by the parent too"},
		{Name: "Castelmere Foods", Like: "Coupa", URL: base + "/buyers/castelmere/",
			Text: "Over the limit: the usual cart is $195.00 short. The order waits, the credit desk decides, and the buyer’s page turns by itself.",
			Who:  "Food producer", Speaks: "cXML 1.2, direct",
			Credit: "Limit $15,000.00; $1,241.00 available at the start"},
		{Name: "Westmere University", Like: "Jaggaer", URL: base + "/buyers/westmere/",
			Text: "The shop in a frame, and a cart that is opened again: edit it, raise the gloves to ten, and they cost less; leave without saving, and nothing is lost.",
			Who:  "Three departments, exempt from tax", Speaks: "cXML 1.2.011, direct, framed",
			Credit: "Limit $80,000.00; $53,134.65 available at the start"},
		{Name: "Sitrabay Marine Works W.L.L.", Like: "Oracle", URL: base + "/buyers/sitrabay/",
			Text: "Orders in ISO-8859-15 without line numbers, in a currency of three decimals. Its credit application is in review, so the order waits until a limit is set.",
			Who:  "Shipyard in Bahrain", Speaks: "cXML as its XML gateway writes it",
			Credit: "BHD 4,000.000 applied for six days ago; none granted yet"},
	}
}

// Landing is the demo's first page: who buys, what to do, where to look.
func Landing(cfg LandingConfig) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var out bytes.Buffer
		if err := pages.ExecuteTemplate(&out, "landing", cfg); err != nil {
			http.Error(w, "This page could not be made: "+err.Error(), http.StatusInternalServerError)
			return
		}
		head := w.Header()
		head.Set("Content-Type", "text/html; charset=utf-8")
		head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		_, _ = w.Write(out.Bytes())
	})
}
