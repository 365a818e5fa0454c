package procurement_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
	"github.com/kontorhq/kontor/procurement"
	"github.com/kontorhq/kontor/server/procure"
)

// rig is the procurement service behind real HTTP on loopback, over one database. Cases share a
// rig and have a merchant each: what one merchant does must not show at another.
type rig struct {
	testing.TB
	ctx     context.Context
	db      *database.DB
	path    string // of the SQLite file, "" on PostgreSQL
	clock   *clock.Clock
	keys    *accounts.Keys
	service *procurement.Service
	worker  *outbox.Worker
	url     string
	log     *logBook
	tables  []string // all that have a merchant
	last    *int     // shared by the copies of on
}

// logBook keeps what was logged, to search it.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

const (
	publicURL = "https://kontor.example.net"
	shopURL   = "https://shop.example.net/start?lang=en"
)

// present is the acceptance table's clock.
var present = time.Date(2026, 3, 5, 15, 0, 0, 0, time.UTC)

// eachRig runs the test on a fresh database of each engine.
func eachRig(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	dbtest.EachURL(t, func(t *testing.T, address string) { test(t, newRig(t, address)) })
}

func newRig(t testing.TB, address string) *rig {
	t.Helper()
	r := &rig{TB: t, ctx: context.WithoutCancel(t.Context()), clock: clock.At(present), log: &logBook{}, last: new(int)}
	r.path, _ = strings.CutPrefix(address, "sqlite:")
	if r.path == address {
		r.path = ""
	}
	var err error
	if r.db, err = database.Open(r.ctx, address); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if r.keys, err = accounts.NewKeys([]byte("a key that only tests know, 32 bytes")); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.service = &procurement.Service{DB: r.db, Clock: r.clock, Keys: r.keys, Desk: &checkout.Desk{Clock: r.clock}, Log: log,
		PublicURL: publicURL, Limits: cxml.DefaultLimits, HTTP: &http.Client{Timeout: 10 * time.Second}}
	r.worker = &outbox.Worker{DB: r.db, Clock: r.clock, Log: log, Lease: time.Minute, Poll: time.Hour, Batch: 50,
		Senders: map[string]outbox.Sender{"cxml": r.service.Sender()}}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	procure.Mount(e, r.service)
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	r.url = server.URL
	r.readTables()
	return r
}

// on gives the rig to a subtest, so that failures are the subtest's.
func (r *rig) on(t *testing.T) *rig {
	copied := *r
	copied.TB = t
	return &copied
}

func (r *rig) in(fn func(tx *database.Tx) error) {
	r.Helper()
	if err := r.db.InTx(r.ctx, fn); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) readTables() {
	r.Helper()
	query := `SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'merchant_id' WHERE m.type = 'table' ORDER BY m.name`
	if !r.db.Lite() {
		query = `SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'merchant_id' ORDER BY table_name`
	}
	if err := r.db.Select(r.ctx, &r.tables, query); err != nil {
		r.Fatal(err)
	}
	if len(r.tables) < 15 || !slices.Contains(r.tables, "deliveries") {
		r.Fatalf("the tables were not found: %v", r.tables)
	}
}

// counts is the number of rows of a merchant in each table but the named ones and the count of
// wrong secrets, which no document of a known sender changes.
func (r *rig) counts(merchant string, but ...string) map[string]int {
	r.Helper()
	counts := map[string]int{}
	for _, table := range r.tables {
		if table == "sender_failures" || slices.Contains(but, table) {
			continue
		}
		var n int
		if err := r.db.Get(r.ctx, &n, `SELECT count(*) FROM `+table+` WHERE merchant_id = ?`, merchant); err != nil {
			r.Fatal(table, err)
		}
		counts[table] = n
	}
	return counts
}

// changed tells which tables have another number of rows than before.
func changed(before, after map[string]int) string {
	var list []string
	for _, table := range slices.Sorted(maps.Keys(before)) {
		if before[table] != after[table] {
			list = append(list, fmt.Sprintf("%s %+d", table, after[table]-before[table]))
		}
	}
	return strings.Join(list, ", ")
}

// link says what a connection knows.
type link struct {
	from, sender []procurement.Identity // no sender: the same as From
	network      bool                   // the sender speaks for many buyers
	secret       string
	secretOut    string
	settings     procurement.Settings
	overLimit    string // review where empty
	limits       []money.Amount
	noCredit     bool
	name         string // of the organisation; told apart where a merchant has several
	own          []procurement.Identity
}

func id(domain, identity string) procurement.Identity {
	return procurement.Identity{Domain: domain, Identity: identity}
}

// merchant makes a new one and gives its id.
func (r *rig) merchant(mode string) string {
	r.Helper()
	*r.last++
	merchant := fmt.Sprintf("shop-%d-%s", *r.last, mode)
	at := database.At(r.clock.Now())
	r.in(func(tx *database.Tx) error {
		_, err := tx.Exec(r.ctx, `INSERT INTO merchants (id, account, mode, name, time_zone, currency, shop_url, test_address, tax_rates, freight, created_at, updated_at)
VALUES (?, ?, ?, 'Sample Supplies', 'America/New_York', 'USD', ?, ?, '[]', '{}', ?, ?)`,
			merchant, merchant, mode, shopURL, publicURL+"/m/"+merchant+"-test/cxml", at, at)
		return err
	})
	return merchant
}

// connect gives a merchant a buyer and gives the connection's id.
func (r *rig) connect(merchant string, l link) procurement.Connection {
	r.Helper()
	*r.last++
	at := r.clock.Now()
	if l.overLimit == "" {
		l.overLimit = accounts.Review
	}
	if l.name == "" {
		l.name = "Buyer"
	}
	if l.limits == nil && !l.noCredit {
		l.limits = []money.Amount{money.Of(1_000_000_00, "USD"), money.Of(1_000_000_00, "EUR")}
	}
	o := accounts.Organisation{ID: fmt.Sprintf("org_%d", *r.last), Merchant: merchant, Name: l.name, Currency: "USD", OverLimit: l.overLimit}
	c := procurement.Connection{ID: fmt.Sprintf("con_%d", *r.last), Merchant: merchant, ExternalID: fmt.Sprintf("link-%d", *r.last), Organisation: o.ID,
		Protocol: "cxml", Settings: l.settings}
	if l.secretOut != "" {
		c.SecretOut = r.keys.Seal(procurement.SecretOutPlace(merchant, c.ID), l.secretOut)
	}
	r.in(func(tx *database.Tx) error {
		if _, err := tx.Exec(r.ctx, `INSERT INTO organisations (merchant_id, id, external_id, name, currency, terms_days, over_limit, price_policy, created_at, updated_at)
VALUES (?, ?, ?, ?, 'USD', 30, ?, 'contract_only', ?, ?)`, merchant, o.ID, o.ID, o.Name, l.overLimit, database.At(at), database.At(at)); err != nil {
			return err
		}
		for _, limit := range l.limits {
			if _, err := credit.Open(r.ctx, tx, credit.Opening{Organisation: o, Limit: limit, Actor: "test", At: at}); err != nil {
				return err
			}
		}
		owner := c.ID
		if l.network {
			owner = "net_" + c.ID
			c.NetworkID = &owner
			n := procurement.Network{ID: owner, Merchant: merchant, ExternalID: owner, Name: "Network"}
			if err := procurement.SaveNetwork(r.ctx, tx, n, at); err != nil {
				return err
			}
		}
		if err := procurement.SaveConnection(r.ctx, tx, c, at); err != nil {
			return err
		}
		if err := procurement.SaveIdentities(r.ctx, tx, merchant, c.ID, "from", l.from); err != nil {
			return err
		}
		if l.sender == nil {
			l.sender = l.from
		}
		if err := procurement.SaveIdentities(r.ctx, tx, merchant, owner, "sender", l.sender); err != nil {
			return err
		}
		if l.own != nil {
			if err := procurement.SaveSupplierIdentities(r.ctx, tx, merchant, l.own); err != nil {
				return err
			}
		}
		return procurement.SaveSecrets(r.ctx, tx, r.keys, merchant, owner, []string{l.secret}, at)
	})
	return c
}

// answer is a Response, read by other means than our own codec.
type answer struct {
	raw     []byte
	code    int
	text    string
	detail  string
	start   string // the start page
	profile *profileAnswer
}

type profileAnswer struct {
	EffectiveDate string `xml:"effectiveDate,attr"`
	Transaction   []struct {
		RequestName string `xml:"requestName,attr"`
		URL         string `xml:"URL"`
		Option      []struct {
			Name  string `xml:"name,attr"`
			Value string `xml:",chardata"`
		} `xml:"Option"`
	} `xml:"Transaction"`
}

var offsetTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d$`)

// post sends a document as a buyer's system does, and checks what holds for every answer.
func (r *rig) post(merchant string, body []byte) answer {
	r.Helper()
	return r.postAs(merchant, "text/xml; charset=UTF-8", body)
}

func (r *rig) postAs(merchant, contentType string, body []byte) answer {
	r.Helper()
	request, err := http.NewRequestWithContext(r.ctx, http.MethodPost, r.url+"/m/"+merchant+"/cxml", bytes.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	got := r.fetch(request)
	if kind := got.header.Get("Content-Type"); got.code != http.StatusOK || kind != "text/xml; charset=UTF-8" {
		r.Errorf("HTTP %d, %s: want 200, text/xml; charset=UTF-8", got.code, kind)
	}
	return r.read([]byte(got.body))
}

func (r *rig) read(raw []byte) answer {
	r.Helper()
	var doc struct {
		XMLName   xml.Name `xml:"cXML"`
		PayloadID string   `xml:"payloadID,attr"`
		Timestamp string   `xml:"timestamp,attr"`
		Header    *string  `xml:"Header"`
		Response  []struct {
			Status []struct {
				Code   int    `xml:"code,attr"`
				Text   string `xml:"text,attr"`
				Detail string `xml:",chardata"`
			} `xml:"Status"`
			Setup []struct {
				URL string `xml:"StartPage>URL"`
			} `xml:"PunchOutSetupResponse"`
			Profile []profileAnswer `xml:"ProfileResponse"`
		} `xml:"Response"`
	}
	if err := xml.Unmarshal(raw, &doc); err != nil {
		r.Fatalf("the answer is no XML: %v\n%s", err, raw)
	}
	if doc.PayloadID == "" || !offsetTime.MatchString(doc.Timestamp) || doc.Header != nil || len(doc.Response) != 1 || len(doc.Response[0].Status) != 1 {
		r.Fatalf("the answer lacks payloadID, numeric offset, or its one Status:\n%s", raw)
	}
	one := doc.Response[0]
	a := answer{raw: raw, code: one.Status[0].Code, text: one.Status[0].Text, detail: one.Status[0].Detail}
	if a.text == "" || (a.code >= 400 && strings.TrimSpace(a.detail) == "") {
		r.Errorf("a Status without words:\n%s", raw)
	}
	if (len(one.Setup) > 0 || len(one.Profile) > 0) && a.code/100 != 2 {
		r.Errorf("there is a payload beside status %d:\n%s", a.code, raw)
	}
	if len(one.Setup) > 0 {
		a.start = one.Setup[0].URL
	}
	if len(one.Profile) > 0 {
		a.profile = &one.Profile[0]
	}
	return a
}

// kept is the newest inbound document of a merchant with that payloadID.
func (r *rig) kept(merchant, payloadID string) procurement.Document {
	r.Helper()
	var d procurement.Document
	err := r.db.Get(r.ctx, &d, `SELECT id, direction, type, payload_id, object, status, note, body, answer, at FROM documents
 WHERE merchant_id = ? AND payload_id = ? AND direction = 'in' ORDER BY id DESC LIMIT 1`, merchant, payloadID)
	if err != nil {
		r.Fatalf("the document %q was not kept: %v", payloadID, err)
	}
	return d
}

// order finds the merchant's newest order of that number, with the version in force or the latest.
func (r *rig) order(merchant, number string) orders.Order {
	r.Helper()
	list, err := orders.List(r.ctx, r.db, merchant, orders.Filter{Number: number, Limit: 10})
	if err != nil || len(list) == 0 {
		r.Fatalf("order %s: %d, %v", number, len(list), err)
	}
	o, err := orders.Find(r.ctx, r.db, merchant, list[0].ID)
	if err != nil {
		r.Fatal(err)
	}
	return o
}

// held is what the merchant's organisations hold in all, by entries and by line; they must agree.
func (r *rig) held(merchant string) string {
	r.Helper()
	var rows []struct {
		Currency string `db:"currency"`
		Own      int64  `db:"own_holds"`
		Tree     int64  `db:"tree_holds"`
		Entries  int64  `db:"moved"`
		Holds    int64  `db:"kept"`
	}
	if err := r.db.Select(r.ctx, &rows, `SELECT l.currency, l.own_holds, l.tree_holds,
       COALESCE((SELECT CAST(sum(e.amount_minor) AS BIGINT) FROM credit_entries e WHERE e.merchant_id = l.merchant_id AND e.line_id = l.id AND e.part = 'holds'), 0) AS moved,
       COALESCE((SELECT CAST(sum(h.amount_minor) AS BIGINT) FROM holds h WHERE h.merchant_id = l.merchant_id AND h.line_id = l.id AND h.state = 'active'), 0) AS kept
  FROM credit_lines l WHERE l.merchant_id = ? ORDER BY l.id`, merchant); err != nil {
		r.Fatal(err)
	}
	sums := map[string]int64{}
	for _, row := range rows {
		if row.Own != row.Tree || row.Own != row.Entries || row.Own != row.Holds {
			r.Errorf("a line holds %d, its tree %d, its entries come to %d and its holds to %d", row.Own, row.Tree, row.Entries, row.Holds)
		}
		sums[row.Currency] += row.Own
	}
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		if sums[currency] != 0 {
			return money.Of(sums[currency], currency).Text()
		}
	}
	return "0.00"
}

// describe writes an order in the words of the acceptance table.
func describe(o orders.Order) string {
	var b strings.Builder
	v := o.Version
	fmt.Fprintf(&b, "%s v%d %s %s", o.Number, v.Number, o.State, o.Currency)
	if v.Header.OrderType != "" && v.Header.OrderType != "regular" {
		b.WriteString(" " + v.Header.OrderType)
	}
	if v.Header.RequisitionID != "" {
		b.WriteString(" " + v.Header.RequisitionID)
	}
	if v.Header.ShipComplete {
		b.WriteString(" complete")
	}
	if v.Header.Blanket != nil {
		b.WriteString(" max " + v.Header.Blanket.String())
	}
	for _, l := range v.Lines {
		part := l.SKU
		if l.AuxiliaryID != "" {
			part += " / " + l.AuxiliaryID
		}
		fmt.Fprintf(&b, "; %d %s %s %s x %s = %s", l.Line, part, l.Quantity, l.Unit, l.UnitPrice, l.Amount.Text())
		if l.ShipTo != nil {
			b.WriteString(" to " + place(l.ShipTo))
		}
	}
	fmt.Fprintf(&b, "; goods %s tax %s shipping %s", v.Goods.Text(), v.Tax.Text(), v.Freight.Text())
	if v.Header.ShipTo != nil {
		b.WriteString("; to " + place(v.Header.ShipTo))
	}
	if v.Header.Carrier != "" {
		b.WriteString(" by " + v.Header.Carrier)
	}
	return b.String()
}

func place(a *orders.Address) string {
	return strings.TrimSpace(a.ID+" "+a.Name) + ", " + strings.Join(a.Street, ", ") + ", " + a.City + " " + a.Region + " " + a.PostalCode + ", " + a.Country
}

// flags lists an order's flags, sorted: "product_unknown 1".
func flags(o orders.Order) string {
	var list []string
	for _, f := range o.Version.Flags {
		if f.Line > 0 {
			list = append(list, fmt.Sprintf("%s %d", f.Code, f.Line))
		} else {
			list = append(list, f.Code)
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// expose fails when one of the words stands anywhere in the database, its side files or the log.
// control is a word that must be found, so that the search itself is known to work.
func (r *rig) expose(control string, words ...string) {
	r.Helper()
	everything := map[string][]byte{"the log": []byte(r.log.String())}
	if r.db.Lite() {
		for _, side := range []string{"", "-wal", "-shm", "-journal"} {
			content, err := os.ReadFile(r.path + side)
			if err != nil && !os.IsNotExist(err) {
				r.Fatal(err)
			}
			everything["the file"+side] = content
		}
	}
	for _, table := range append([]string{"merchants"}, r.tables...) {
		everything[table] = r.dump(table)
	}
	found := false
	for where, content := range everything {
		found = found || bytes.Contains(content, []byte(control))
		for _, word := range words {
			if bytes.Contains(content, []byte(word)) {
				r.Errorf("%q stands in %s", word, where)
			}
		}
	}
	if !found {
		r.Errorf("the search doesn't even find %q", control)
	}
}

// dump is all values of a table; bytes are written plainly, so that words in them are found.
func (r *rig) dump(table string) []byte {
	r.Helper()
	rows, err := r.db.SQL().QueryContext(r.ctx, `SELECT * FROM `+table)
	if err != nil {
		r.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		r.Fatal(err)
	}
	var b bytes.Buffer
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			r.Fatal(err)
		}
		for _, value := range values {
			switch v := (*value.(*any)).(type) {
			case []byte:
				b.Write(v) // plainly, so that words in it are found
			default:
				fmt.Fprint(&b, v)
			}
			b.WriteByte('\n')
		}
	}
	if err := rows.Err(); err != nil {
		r.Fatal(err)
	}
	return b.Bytes()
}

func (r *rig) version(o orders.Order, number int64) orders.Version {
	r.Helper()
	v, err := orders.FindVersion(r.ctx, r.db, o, number)
	if err != nil {
		r.Fatal(err)
	}
	return v
}
