package procurement

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Settings are what a connection may be set to. The zero value of each field is its default.
type Settings struct {
	// ReturnHosts are where carts may be sent home to: "buyer.example.com", which stands for
	// https, or "http://buyer.internal:8080" where a buyer has no https. "*.buyer.example.com" is
	// every host under that domain, but not the domain itself.
	ReturnHosts []string `json:"return_hosts,omitempty"`
	// FrameHosts are further hosts, written the same way, whose pages may show the shop in a
	// frame; those of ReturnHosts always may.
	FrameHosts []string `json:"frame_hosts,omitempty"`
	// OrdersURL is where confirmations and status updates go; empty sends none.
	OrdersURL string `json:"orders_url,omitempty"`
	// DTDVersions by document type ("PunchOutOrderMessage": "1.2.023"); "" is for all others.
	DTDVersions map[string]string `json:"dtd_versions,omitempty"`
	// Encoding of the returned cart: cxml-base64 (default) or cxml-urlencoded.
	Encoding string `json:"encoding,omitempty"`
	// Present is what we call ourselves as From on the way out, and PresentSender as Sender; without
	// them it is the identity that the buyer knows us by.
	Present       *Identity `json:"present,omitempty"`
	PresentSender *Identity `json:"present_sender,omitempty"`
	// Held, Refused and Confirm are what goes back about an order (cXML reference 3.5).
	Held    string `json:"held,omitempty"`    // 201 (default) or 200
	Refused string `json:"refused,omitempty"` // status (default) or confirmation
	Confirm string `json:"confirm,omitempty"` // never (default), on_approval or on_handover
	// TaxAndFreight tells how they travel with a cart: header (default), line, which is freight as
	// an item and tax in the header, or none. FreightLine is that item's part number, FREIGHT when
	// empty; an item of that number that comes back is freight, whatever TaxAndFreight says.
	TaxAndFreight string `json:"tax_and_freight,omitempty"`
	FreightLine   string `json:"freight_line,omitempty"`
	// OperationAllowed is the highest later operation on a returned cart: edit (default),
	// inspect, or create for none. A merchant's own shop that can't begin with a cart that came
	// back wants create.
	OperationAllowed string `json:"operation_allowed,omitempty"`
	// EditCancel is what a cancelled edit sends home: status204 (default), which leaves the
	// requisition as it was, or resend, the original cart once more.
	EditCancel string `json:"edit_cancel,omitempty"`
	// TolerancePercent and ToleranceAmount are how far below ours a price in an order may be, in per
	// cent of the line and in an amount per line; the larger counts. BelowPrice tells what happens
	// beyond it.
	TolerancePercent *money.Decimal `json:"tolerance_percent,omitempty"`
	ToleranceAmount  *money.Decimal `json:"tolerance_amount,omitempty"`
	BelowPrice       string         `json:"below_price,omitempty"`    // review (default) or accept
	TotalMismatch    string         `json:"total_mismatch,omitempty"` // flag (default) or refuse
	// PayloadIDs tells whether the system keeps them unique: unique (default) or colliding.
	PayloadIDs string `json:"payload_ids,omitempty"`
	// FrameTarget is where the returning form goes: _self (default) or _top.
	FrameTarget string `json:"frame_target,omitempty"`
	// QuoteDays is how many days the prices of a returned cart hold; 0 is 30.
	QuoteDays int `json:"quote_days,omitempty"`
	// DecimalsOfPrices is the most that the buyer's system takes; 0 is any number.
	DecimalsOfPrices int `json:"decimals_of_prices,omitempty"`
	// PriceBasis tells how a price with more decimals goes home: auto (default) writes it for 10,
	// 100 … units, which is the standard's own way; never is for systems that ignore the basis, and
	// would take the price of a hundred for the price of one.
	PriceBasis string `json:"price_basis,omitempty"`
	// Units are the codes of the buyer's system by our own UN/CEFACT codes: {"EA": "EACH"}.
	Units map[string]string `json:"units,omitempty"`
	// OCI is what else a connection with that protocol may be set to.
	OCI *OCISettings `json:"oci,omitempty"`
}

// choice is a setting with fixed values; the first is what "" means.
type choice struct {
	value   *string
	allowed []string
}

func (s *Settings) choices() map[string]choice {
	return map[string]choice{
		"encoding":          {&s.Encoding, []string{"cxml-base64", "cxml-urlencoded"}},
		"held":              {&s.Held, []string{"201", "200"}},
		"refused":           {&s.Refused, []string{"status", "confirmation"}},
		"confirm":           {&s.Confirm, []string{"never", "on_approval", "on_handover"}},
		"tax_and_freight":   {&s.TaxAndFreight, []string{"header", "line", "none"}},
		"operation_allowed": {&s.OperationAllowed, []string{"edit", "inspect", "create"}},
		"edit_cancel":       {&s.EditCancel, []string{"status204", "resend"}},
		"below_price":       {&s.BelowPrice, []string{"review", "accept"}},
		"total_mismatch":    {&s.TotalMismatch, []string{"flag", "refuse"}},
		"payload_ids":       {&s.PayloadIDs, []string{"unique", "colliding"}},
		"frame_target":      {&s.FrameTarget, []string{"_self", "_top"}},
		"price_basis":       {&s.PriceBasis, []string{"auto", "never"}},
	}
}

// Check finds what can't be: each field names its place within the settings. It changes nothing.
func (s Settings) Check() []fault.Field {
	var faults []fault.Field
	choices := s.choices()
	for _, name := range slices.Sorted(maps.Keys(choices)) {
		choice := choices[name]
		if *choice.value != "" && !slices.Contains(choice.allowed, *choice.value) {
			faults = append(faults, fault.Field{Path: name, Message: "must be one of " + strings.Join(choice.allowed, ", ")})
		}
	}
	if len(s.FreightLine) > 100 || strings.ContainsAny(s.FreightLine, "\r\n\t") {
		faults = append(faults, fault.Field{Path: "freight_line", Message: "must be a part number of at most 100 characters"})
	}
	for _, list := range []struct {
		name  string
		hosts []string
	}{{"return_hosts", s.ReturnHosts}, {"frame_hosts", s.FrameHosts}} {
		for i, host := range list.hosts {
			if _, _, err := allowedOrigin(host); err != nil {
				faults = append(faults, fault.Field{Path: fmt.Sprintf("%s[%d]", list.name, i), Message: err.Error()})
			}
		}
	}
	if s.QuoteDays < 0 || s.QuoteDays > longestHold {
		faults = append(faults, fault.Field{Path: "quote_days", Message: "must be from 0, which is 30, to 3,660 days"})
	}
	if s.OrdersURL != "" {
		if u, err := url.Parse(s.OrdersURL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil {
			faults = append(faults, fault.Field{Path: "orders_url", Message: "must be an http or https address without credentials"})
		}
	}
	if s.DecimalsOfPrices < 0 {
		faults = append(faults, fault.Field{Path: "decimals_of_prices", Message: "must not be negative"})
	}
	if s.OCI != nil {
		faults = append(faults, s.OCI.check()...)
	}
	return append(faults, s.checkUnits()...)
}

const longestHold = 3660

// withDefaults fills what is not set.
func (s Settings) withDefaults() Settings {
	for _, choice := range s.choices() {
		if *choice.value == "" {
			*choice.value = choice.allowed[0]
		}
	}
	return s
}

// version is the DTD that a document type is written for.
func (s Settings) version(documentType string) string {
	if v := s.DTDVersions[documentType]; v != "" {
		return v
	}
	if v := s.DTDVersions[""]; v != "" {
		return v
	}
	return cxml.DefaultVersion
}

// hostnames are what may stand in a list of hosts: they go into headers, where a semicolon, which
// URLs allow, would begin a rule of its own.
var hostnames = regexp.MustCompile(`^(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$`)

// anyHost begins an entry that stands for every host under a domain, as browsers read it in
// headers, too.
const anyHost = "*."

// allowedOrigin reads an entry of the lists of return and frame hosts. Of an entry for all hosts
// under a domain, host begins with anyHost.
func allowedOrigin(entry string) (scheme, host string, err error) {
	full := entry
	if !strings.Contains(entry, "://") {
		full = "https://" + entry
	}
	u, err := url.Parse(full)
	if err == nil && strings.HasPrefix(u.Host, anyHost) {
		if !ownDomain(u.Host[len(anyHost):]) {
			return "", "", fmt.Errorf("%q would stand for hosts of others: behind *. a domain of the buyer's own must stand", entry)
		}
	}
	if err != nil || !hostnames.MatchString(strings.TrimPrefix(u.Host, anyHost)) || u.User != nil || strings.Trim(u.Path, "/") != "" || (u.Scheme != "https" && u.Scheme != "http") {
		return "", "", fmt.Errorf("%q is not a host, nor http:// or https:// with a host", entry)
	}
	return u.Scheme, hostWithPort(u), nil
}

// ownDomain tells whether somebody can have the whole of a domain to himself. That of an address
// in numbers, and one under which anybody may have a host (com, co.uk), nobody has.
func ownDomain(host string) bool {
	host, _, _ = strings.Cut(strings.ToLower(host), ":")
	if net.ParseIP(host) != nil || strings.HasPrefix(host, "[") {
		return false
	}
	_, err := publicsuffix.EffectiveTLDPlusOne(host)
	return err == nil
}

// covers tells whether an entry's host is that of an address, or stands for it.
func covers(host, asked string) bool {
	domain, any := strings.CutPrefix(host, "*")
	if !any {
		return host == asked
	}
	return len(asked) > len(domain) && strings.HasSuffix(asked, domain)
}

// hostWithPort is the host as origins are compared: in lower case, without the port that the
// scheme has anyway.
func hostWithPort(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]; port != "" {
		host = strings.TrimSuffix(host, port)
	}
	return host
}

// checkReturn tells whether a cart may be sent to the address: its host is on the list, over
// https unless the entry names http itself, and it carries no credentials (cXML reference 4.5).
func (s Settings) checkReturn(address string) (*url.URL, error) {
	const place = "PunchOutSetupRequest/BrowserFormPost/URL"
	if len(address) > 4000 || strings.ContainsAny(address, "\r\n\t\"<>\\ ") {
		return nil, fault.At(fault.Invalid, place, "BrowserFormPost is not an address that a form can be sent to")
	}
	u, err := url.Parse(address)
	if err != nil || !hostnames.MatchString(u.Host) || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fault.At(fault.Invalid, place, "BrowserFormPost must be an http or https address without credentials")
	}
	for _, entry := range s.ReturnHosts {
		scheme, host, err := allowedOrigin(entry)
		if err == nil && scheme == u.Scheme && covers(host, hostWithPort(u)) {
			return u, nil
		}
	}
	for _, entry := range s.ReturnHosts {
		if scheme, host, err := allowedOrigin(entry); err == nil && covers(host, hostWithPort(u)) {
			return nil, fault.At(fault.Invalid, place, "BrowserFormPost must be "+scheme+" for that host")
		}
	}
	return nil, fault.At(fault.Invalid, place, "the host of BrowserFormPost is not one that carts may be sent to on this connection")
}
