package simulators

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/clock"
)

// supplier answers as Kontor would, with documents written by hand. It checks nothing: the tests
// read what it got.
type supplier struct {
	*httptest.Server
	t      *testing.T
	mu     sync.Mutex
	got    []string
	answer func(document string) (httpStatus int, body string)
	paths  []string
}

const (
	ourSecret   = "secret-of-the-buyer"
	theirSecret = "secret-of-the-supplier"
)

func newSupplier(t *testing.T) *supplier {
	s := &supplier{t: t}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.got = append(s.got, string(body))
		s.paths = append(s.paths, r.URL.Path)
		answer := s.answer
		s.mu.Unlock()
		httpStatus, text := http.StatusOK, s.usual(string(body))
		if answer != nil {
			if code, own := answer(string(body)); own != "" {
				httpStatus, text = code, own
			}
		}
		w.WriteHeader(httpStatus)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *supplier) usual(document string) string {
	if strings.Contains(document, "<PunchOutSetupRequest") {
		return response(200, "OK", "", "<PunchOutSetupResponse><StartPage><URL>"+s.URL+"/m/brackwater/p/token?a=1&amp;b=2</URL></StartPage></PunchOutSetupResponse>")
	}
	return response(200, "OK", "", "")
}

func (s *supplier) answers(f func(string) (int, string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

func (s *supplier) documents() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.got...)
}

func (s *supplier) last() string {
	all := s.documents()
	return all[len(all)-1]
}

func response(code int, text, detail, rest string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">
<cXML payloadID="r.%d@supplier.example" timestamp="2026-11-11T10:47:02-05:00"><Response><Status code="%d" text="%s">%s</Status>%s</Response></cXML>`,
		time.Now().UnixNano(), code, text, html.EscapeString(detail), rest)
}

// desk is a buyer that listens, beside its supplier.
type desk struct {
	*Buyer
	server   *httptest.Server
	supplier *supplier
}

func newDesk(t *testing.T, change func(*BuyerConfig)) *desk {
	s := newSupplier(t)
	d := &desk{supplier: s}
	d.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.ServeHTTP(w, r) }))
	t.Cleanup(d.server.Close)
	cfg := BuyerConfig{Name: "Northfold Medical Group", Slug: "northfold", Path: "/buyers/northfold",
		PublicURL: d.server.URL, SupplierURL: s.URL + "/m/brackwater/cxml",
		From:         []Credential{{Domain: "NetworkId", Identity: "AN01000099101-T"}},
		To:           []Credential{{Domain: "NetworkId", Identity: "AN01000099001-T"}, {Domain: "DUNS", Identity: "000000901"}},
		Sender:       Credential{Domain: "AribaNetworkUserId", Identity: "network@network.example", Secret: ourSecret},
		ExpectSecret: theirSecret, FirstOrder: 4500018237,
		Clock: clock.At(time.Date(2026, 11, 11, 14, 31, 7, 0, time.UTC)), Location: time.FixedZone("EST", -5*3600)}
	if change != nil {
		change(&cfg)
	}
	d.Buyer = NewBuyer(cfg)
	return d
}

func coupa(cfg *BuyerConfig) {
	cfg.Name, cfg.Slug, cfg.Like = "Castelmere Foods", "castelmere", "Coupa"
	cfg.From = []Credential{{Domain: "DUNS", Identity: "castelmere-t"}}
	cfg.Sender = Credential{Domain: "DUNS", Identity: "castelmere-t", Secret: ourSecret}
}

// cookie reads the BuyerCookie of the last set-up request.
func (d *desk) cookie() string {
	for i := len(d.supplier.documents()) - 1; i >= 0; i-- {
		if _, after, ok := strings.Cut(d.supplier.documents()[i], "<BuyerCookie>"); ok {
			cookie, _, _ := strings.Cut(after, "<")
			return cookie
		}
	}
	return ""
}

type cartLine struct{ sku, quantity, unit, price, description string }

// cartN is the demo's first cart: 1,242.13 goods.
var cartN = []cartLine{
	{"PPE-2010", "120", "BX", "8.1000", "Disposable nitrile gloves, size L"},
	{"PPE-2030", "37", "EA", "2.9375", "Safety glasses, clear"},
	{"FAS-1050", "1500", "EA", "0.01255", "Machine screw M4 × 10, stainless"},
	{"ELE-5030", "152.5", "MTR", "0.6425", "Network cable, category 6, by the metre"},
	{"PKG-4010", "30", "RO", "1.4875", `Packaging tape 48 mm × 66 m, 28 µm, "low noise" & clear`},
}

// orderMessageText is a PunchOutOrderMessage as Kontor sends it.
func orderMessageText(cookie, goods, tax string, lines []cartLine) string {
	var items strings.Builder
	for i, l := range lines {
		fmt.Fprintf(&items, `<ItemIn quantity="%s"><ItemID><SupplierPartID>%s</SupplierPartID><SupplierPartAuxiliaryID>crt_01-%d</SupplierPartAuxiliaryID></ItemID><ItemDetail><UnitPrice><Money currency="USD">%s</Money></UnitPrice><Description xml:lang="en-US">%s</Description><UnitOfMeasure>%s</UnitOfMeasure><Classification domain="UNSPSC">46181504</Classification></ItemDetail></ItemIn>`,
			l.quantity, l.sku, i+1, l.price, xmlText(l.description), l.unit)
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">
<cXML payloadID="m.%s@supplier.example" timestamp="2026-11-11T10:00:00-05:00"><Header><From><Credential domain="NetworkId"><Identity>AN01000099001-t</Identity></Credential></From><To><Credential domain="NetworkId"><Identity>AN01000099101-T</Identity></Credential></To><Sender><Credential domain="NetworkId"><Identity>AN01000099001-T</Identity></Credential><UserAgent>Kontor</UserAgent></Sender></Header>
<Message><PunchOutOrderMessage><BuyerCookie>%s</BuyerCookie><PunchOutOrderMessageHeader operationAllowed="edit"><Total><Money currency="USD">%s</Money></Total><Shipping><Money currency="USD">0.00</Money><Description xml:lang="en-US">Freight</Description></Shipping><Tax><Money currency="USD">%s</Money><Description xml:lang="en-US">Sales tax</Description></Tax></PunchOutOrderMessageHeader>%s</PunchOutOrderMessage></Message></cXML>`,
		cookie+goods, cookie, goods, tax, items.String())
}

func xmlText(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r > 0x7E {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func in64(document string) url.Values {
	return url.Values{"cxml-base64": {base64.StdEncoding.EncodeToString([]byte(document))}}
}

// ordered brings cart N home and orders it.
func (d *desk) ordered(t *testing.T) Requisition {
	t.Helper()
	r := d.carted(t)
	if _, err := d.Order(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	r, _ = d.Requisition(r.ID)
	return r
}

func (d *desk) carted(t *testing.T) Requisition {
	t.Helper()
	r, err := d.StartRequisition(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if r, err = d.ReceiveCart(r.ID, in64(orderMessageText(d.cookie(), "1242.13", "90.05", cartN))); err != nil {
		t.Fatal(err)
	}
	return r
}

// fromKontor posts a request to the buyer's cXML address and gives the Status code.
func (d *desk) fromKontor(t *testing.T, payloadID, secret, request string) (code int, body string) {
	t.Helper()
	return d.postRaw(t, d.document(payloadID, secret, request))
}

func (d *desk) document(payloadID, secret, request string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/Fulfill.dtd">
<cXML payloadID="%s" timestamp="2026-11-11T10:47:09-05:00"><Header><From><Credential domain="NetworkId"><Identity>AN01000099001-T</Identity></Credential></From><To><Credential domain="%s"><Identity>%s</Identity></Credential></To><Sender><Credential domain="NetworkId"><Identity>AN01000099001-T</Identity><SharedSecret>%s</SharedSecret></Credential><UserAgent>Kontor</UserAgent></Sender></Header><Request deploymentMode="test">%s</Request></cXML>`,
		payloadID, d.cfg.From[0].Domain, d.cfg.From[0].Identity, secret, request)
}

func (d *desk) postRaw(t *testing.T, document string) (code int, body string) {
	t.Helper()
	reply, err := d.server.Client().Post(d.CXMLURL(), "text/xml", strings.NewReader(document))
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = reply.Body.Close() }()
	text, _ := io.ReadAll(reply.Body)
	var e struct {
		Status struct {
			Code int `xml:"code,attr"`
		} `xml:"Response>Status"`
	}
	_ = xml.Unmarshal(text, &e)
	return e.Status.Code, string(text)
}

func confirmation(order Requisition, kind, comment string) string {
	return fmt.Sprintf(`<ConfirmationRequest><ConfirmationHeader confirmID="C-1" operation="new" type="%s" noticeDate="2026-11-11T10:47:09-05:00"><Comments>%s</Comments></ConfirmationHeader><OrderReference orderID="%s"><DocumentReference payloadID="%s"/></OrderReference></ConfirmationRequest>`,
		kind, xmlText(comment), order.OrderNumber, xmlText(order.Versions[len(order.Versions)-1].PayloadID))
}

func statusUpdate(order Requisition, code int, words string) string {
	return fmt.Sprintf(`<StatusUpdateRequest><DocumentReference payloadID="%s"/><Status code="%d" text="Text">%s</Status></StatusUpdateRequest>`,
		xmlText(order.Versions[len(order.Versions)-1].PayloadID), code, xmlText(words))
}
