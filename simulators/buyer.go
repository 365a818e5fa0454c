package simulators

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kontorhq/kontor/clock"
)

// Bounds of what a buyer remembers. The oldest goes first.
const (
	maxRequisitions = 200
	maxDocuments    = 2000
	maxRemembered   = 5000 // payloadIDs of received documents
)

// Credential is one identity of a party; Secret is set only where we present it.
type Credential struct {
	Domain, Identity, Secret string
}

// Person is someone who shops, named by the role.
type Person struct {
	Role, Login, Email string
}

// Address is a place that goods or papers are sent to.
type Address struct {
	ID, Name, Street, City, State, PostalCode, CountryCode, Country string
}

// BuyerConfig describes one simulated procurement system. Empty fields take the customs of the
// system named by Like; NewBuyer lists the required ones.
type BuyerConfig struct {
	Name string // "Northfold Medical Group"
	Slug string // "northfold", used in mail addresses and payload ids
	Like string // "Ariba" (default), "Coupa", "Jaggaer" or "Oracle"

	Path        string // where the handler is mounted, "/buyers/northfold"
	PublicURL   string // our own base as browsers and Kontor reach it, without Path
	SupplierURL string // Kontor's cXML address
	// ShopOrigins are further origins the browser passes on its way into the shop. Kontor's own
	// is always included. Chromium applies form-action to every redirect after a POST.
	ShopOrigins []string

	SupplierName  string // "Brackwater Industrial Supply"
	SupplierShort string // "Brackwater"
	ConsoleURL    string // the merchant's console, linked from the ribbon; may be empty
	HomeURL       string // the demo's first page; may be empty

	// OCI is how carts are fetched by OCI; nil is by cXML. Orders go by cXML either way.
	OCI *OCIAccess

	From, To     []Credential
	Sender       Credential // with the secret that we present
	UserAgent    string
	ExpectSecret string // what Kontor must present to us

	DTDVersion      string // of set-up requests and answers; the dialect's when empty
	OrderDTDVersion string // of orders; as DTDVersion when empty
	Encoding        string // of documents we send: "UTF-8" (default), "ISO-8859-1" or "ISO-8859-15"
	Framed          bool   // opens the shop in a frame unless the person takes the tick off

	CostCenter     string
	ShipTo, BillTo Address
	People         []Person
	Title          string // what requisitions are called
	Remark         string // on every order
	// FirstOrder is the first order number. By default it follows the clock, so that a restarted
	// simulator does not repeat the numbers of an earlier run against a database that was kept.
	FirstOrder int64

	Clock      *clock.Clock
	Location   *time.Location // of shown times and of the offset in timestamps; UTC when nil
	HTTPClient *http.Client
}

// Buyer is one simulated procurement system: an http.Handler for its pages and its cXML
// address, and the same steps as methods. Use NewBuyer.
type Buyer struct {
	cfg     BuyerConfig
	handler http.Handler
	client  *http.Client

	mu           sync.Mutex
	requisitions []*requisition // oldest first
	documents    []*Document    // oldest first
	seen         map[string]*remembered
	seenOrder    []string
	origins      []string // origins of start pages seen, for form-action
	nextReq      int
	nextOrder    int64
	nextDoc      int
	nextPayload  int
	repeats      int
	fail         failure
}

// NewBuyer checks the configuration and makes the buyer. It panics when Name, Path, PublicURL,
// SupplierURL or an identity is missing: all callers are programs that write them down.
func NewBuyer(cfg BuyerConfig) *Buyer {
	cfg = withDefaults(cfg)
	for name, value := range map[string]string{"Name": cfg.Name, "Slug": cfg.Slug, "Path": cfg.Path,
		"PublicURL": cfg.PublicURL, "SupplierURL": cfg.SupplierURL} {
		if value == "" {
			panic("simulators: BuyerConfig." + name + " is missing")
		}
	}
	if _, known := dialects[cfg.Like]; !known {
		panic("simulators: nobody knows how " + cfg.Like + " speaks")
	}
	if len(cfg.From) == 0 || len(cfg.To) == 0 || cfg.Sender.Identity == "" {
		panic("simulators: BuyerConfig needs From, To and Sender")
	}
	b := &Buyer{cfg: cfg}
	b.Forget()
	// Redirects are not followed: a real system posts to the address it was given, and a redirect
	// there is a fault worth seeing.
	client := *cfg.HTTPClient
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.client = &client
	for _, address := range append([]string{cfg.SupplierURL}, cfg.ShopOrigins...) {
		if origin := originOf(address); origin != "" && !slices.Contains(b.origins, origin) {
			b.origins = append(b.origins, origin)
		}
	}
	b.handler = b.routes()
	return b
}

// Forget brings the first day back: nothing was asked for, ordered or received.
func (b *Buyer) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requisitions, b.documents, b.seen, b.seenOrder = nil, nil, map[string]*remembered{}, nil
	b.nextReq, b.nextOrder, b.nextDoc, b.repeats, b.fail = 20871, b.cfg.FirstOrder, 0, 0, failure{}
}

// ServeHTTP serves the pages, the return address and the cXML address under Path.
func (b *Buyer) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.handler.ServeHTTP(w, r) }

// URL is the first page of the desk.
func (b *Buyer) URL() string { return b.cfg.PublicURL + b.cfg.Path + "/" }

// CXMLURL is where Kontor sends confirmations and status updates.
func (b *Buyer) CXMLURL() string { return b.cfg.PublicURL + b.cfg.Path + "/cxml" }

func withDefaults(cfg BuyerConfig) BuyerConfig {
	cfg.Path = strings.TrimSuffix(cfg.Path, "/")
	cfg.PublicURL = strings.TrimSuffix(cfg.PublicURL, "/")
	cfg.Like = cmp.Or(cfg.Like, "Ariba")
	customs := dialects[cfg.Like]
	cfg.DTDVersion = cmp.Or(cfg.DTDVersion, customs.dtd)
	cfg.OrderDTDVersion = cmp.Or(cfg.OrderDTDVersion, cfg.DTDVersion)
	cfg.UserAgent = cmp.Or(cfg.UserAgent, customs.agent)
	cfg.Encoding = cmp.Or(cfg.Encoding, customs.encoding, "UTF-8")
	cfg.Framed = cfg.Framed || customs.framed
	cfg.SupplierName = cmp.Or(cfg.SupplierName, "Brackwater Industrial Supply")
	cfg.SupplierShort = cmp.Or(cfg.SupplierShort, strings.Fields(cfg.SupplierName)[0])
	cfg.CostCenter = cmp.Or(cfg.CostCenter, "4120")
	cfg.Title = cmp.Or(cfg.Title, "Maintenance restock")
	home := Address{"SHIP-1", cfg.Name, "100 Example Street", "Springfield", "IL", "62701", "US", "United States"}
	if cfg.ShipTo == (Address{}) {
		cfg.ShipTo = home
	}
	if cfg.BillTo == (Address{}) {
		cfg.BillTo = home
		cfg.BillTo.ID, cfg.BillTo.Name = "BILL-1", cfg.Name+", accounts payable"
	}
	if len(cfg.People) == 0 {
		cfg.People = []Person{
			{"Requester", "requester", "requester@" + cfg.Slug + ".example"},
			{"Second requester", "requester.2", "requester.2@" + cfg.Slug + ".example"},
		}
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System()
	}
	if cfg.Location == nil {
		cfg.Location = time.UTC
	}
	if cfg.HTTPClient == nil {
		// Longer than Kontor may take, short enough that a page still answers.
		cfg.HTTPClient = &http.Client{Timeout: 30 * time.Second}
	}
	if cfg.FirstOrder == 0 {
		cfg.FirstOrder = 4500000000 + cfg.Clock.Now().Unix()%100_000_000
	}
	return cfg
}

// person finds someone by role, login or mail address; "" is the first.
func (b *Buyer) person(name string) (Person, error) {
	for _, p := range b.cfg.People {
		if name == "" || strings.EqualFold(name, p.Role) || name == p.Login || strings.EqualFold(name, p.Email) {
			return p, nil
		}
	}
	return Person{}, fmt.Errorf("nobody called %q shops at %s", name, b.cfg.Name)
}

// short is the first word of the company, as lanes and buttons have room for.
func (b *Buyer) short() string { return strings.Fields(b.cfg.Name)[0] }

func (b *Buyer) now() time.Time { return b.cfg.Clock.Now().In(b.cfg.Location) }

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
