package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/simulators"
)

// zoe is a buyer whose name is written in many ways.
var zoe = map[string]string{"the e-mail": "zoe.ohara@northfold.example", "the login": "zohara77", "the name": "Zoë O'Hara",
	"the name in XML": "Zoë O&apos;Hara", "the name in XML by number": "Zoë O&#39;Hara", "the name in JSON": `Zoë O\u0027Hara`}

// zoes is a document of hers: a set-up with a request in it, or an order.
func (s *story) zoes(payloadID, request string) []byte {
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<cXML payloadID="%s" timestamp="2026-03-02T09:15:30-05:00">
<Header><From><Credential domain="NetworkId"><Identity>AN01000099101-T</Identity></Credential></From>
<To><Credential domain="NetworkId"><Identity>AN01000099001-T</Identity></Credential></To>
<Sender><Credential domain="AribaNetworkUserId"><Identity>sysadmin@network.example</Identity><SharedSecret>%s</SharedSecret></Credential><UserAgent>Test</UserAgent></Sender></Header>
<Request>%s</Request></cXML>`, payloadID, s.secrets["KONTOR_DEMO_NETWORK_SECRET"], request)
}

const zoesContact = `<Contact role="endUser"><Name xml:lang="en">Zoë O&apos;Hara</Name><Email>Zoe.OHara@northfold.example</Email></Contact>`

func (s *story) zoesSetUp() []byte {
	return s.zoes(database.NewID("set"), `<PunchOutSetupRequest operation="create"><BuyerCookie>for zohara77</BuyerCookie>
<Extrinsic name="UniqueName">zohara77</Extrinsic><Extrinsic name="UserEmail">zoe.ohara@northfold.example</Extrinsic>
<Extrinsic name="name">Zo&#235; O&#39;Hara</Extrinsic>
<BrowserFormPost><URL>`+s.buyersURL+`/buyers/northfold/return/PR-1?for=zoe.ohara%40northfold.example</URL></BrowserFormPost>`+zoesContact+`
<ShipTo><Address addressID="1"><Name xml:lang="en">Lab</Name><PostalAddress><DeliverTo>Zoë O'Hara</DeliverTo><Street>1 Main</Street><City>San Jose</City><State>CA</State><PostalCode>95110</PostalCode><Country isoCountryCode="US">United States</Country></PostalAddress></Address></ShipTo>
</PunchOutSetupRequest>`)
}

func (s *story) zoesOrder() []byte {
	return s.zoes(database.NewID("ord"), `<OrderRequest><OrderRequestHeader orderID="ZOE-1" orderDate="2026-03-02" type="new"><Total><Money currency="USD">85.05</Money></Total>
<ShipTo><Address addressID="1"><Name xml:lang="en">Lab</Name><PostalAddress><DeliverTo>Zoë O'Hara</DeliverTo><DeliverTo>Door 3</DeliverTo><Street>1 Main</Street><City>San Jose</City><State>CA</State><PostalCode>95110</PostalCode><Country isoCountryCode="US">United States</Country></PostalAddress></Address></ShipTo>
`+zoesContact+`<Comments xml:lang="en">For Zoë O'Hara (zohara77), not for dana.reyes@northfold.example.</Comments></OrderRequestHeader>
<ItemOut quantity="10" lineNumber="1"><ItemID><SupplierPartID>PPE-2010</SupplierPartID></ItemID><ItemDetail><UnitPrice><Money currency="USD">8.10</Money></UnitPrice>
<Description xml:lang="en">Nitrile gloves for zohara77</Description><UnitOfMeasure>BX</UnitOfMeasure><Classification domain="UNSPSC">46181504</Classification></ItemDetail></ItemOut></OrderRequest>`)
}

// zoesNames tells which of zoe's spellings are in a text.
func zoesNames(text []byte) (names []string) {
	folded := bytes.ToLower(text)
	for what, spelling := range zoe {
		if bytes.Contains(folded, bytes.ToLower([]byte(spelling))) {
			names = append(names, what)
		}
	}
	return names
}

func TestAPersonIsExportedAndErased(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		t.Setenv("KONTOR_DATABASE_URL", address)
		answer := s.send(s.zoesSetUp())
		is(t, "the set-up", answer.Code, 200)
		_, startPage, _ := strings.Cut(string(answer.Body), "<URL>")
		startPage, _, _ = strings.Cut(startPage, "</URL>")
		_, token := s.arrive(startPage)
		if _, err := s.api.PutCart(t.Context(), token, []client.WantedLine{{SKU: "PPE-2010", Quantity: "10"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.api.Return(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		is(t, "the order", s.send(s.zoesOrder()).Code, 200)
		home := s.cartHome("northfold") // a colleague's
		s.order("northfold", home.ID)
		s.becomes("northfold", home.ID, simulators.Confirmed)
		until(t, "everybody was told", func() bool {
			var n int
			err := s.db.Get(t.Context(), &n, `SELECT count(*) FROM deliveries WHERE state IN ('ready', 'running')`)
			return err == nil && n == 0
		})
		order := s.kontors("ZOE-1")
		before := s.tables()
		for _, table := range []string{"buyers", "sessions", "documents", "order_versions", "events"} {
			if len(zoesNames(before[table])) == 0 {
				t.Errorf("%s doesn't name the person, so nothing is shown by this test", table)
			}
		}

		// What there is about her, and nothing of it changed.
		var found personFound
		if err := json.Unmarshal([]byte(works(t, "person", "export", "-m", demoMerchant, "ZOE.ohara@northfold.example")), &found); err != nil {
			t.Fatal(err)
		}
		if len(found.Buyers) != 1 || found.Buyers[0].Login != "zohara77" {
			t.Fatalf("the buyers are %+v", found.Buyers)
		}
		id := found.Buyers[0].ID
		tables := map[string]int{}
		for _, row := range found.Rows {
			tables[row.Table]++
		}
		for _, table := range []string{"sessions", "documents", "order_versions", "events"} {
			if tables[table] == 0 {
				t.Errorf("the export has nothing of %s: %v", table, tables)
			}
		}
		fails(t, 2, []string{"person", "erase", "-m", demoMerchant, id, "--reason", "asked for by Zoë O'Hara"}, "--reason")
		says(t, "the dry run", works(t, "person", "erase", "-m", demoMerchant, id, "--reason", "request 12", "--dry-run"), "documents:", "to be changed")
		for name, content := range s.tables() {
			if name != "inbox" && !bytes.Equal(content, before[name]) {
				t.Errorf("%s changed before anything was erased", name)
			}
		}

		erase := []string{"person", "erase", "-m", demoMerchant, "zoe.ohara@northfold.example", "--reason", "request 12", "--vacuum"}
		said := works(t, erase...)
		says(t, "the report", said, id, "documents:", "sessions:", "changed")
		if strings.Contains(said, "in use") {
			t.Errorf("something is left: %s", said)
		}
		for name, content := range s.tables() {
			if names := zoesNames(content); len(names) > 0 {
				t.Errorf("%q is in the table %s", names, name)
			}
			if !bytes.Contains(content, []byte("dana.reyes@northfold.example")) && bytes.Contains(before[name], []byte("dana.reyes@northfold.example")) {
				t.Errorf("a colleague's address is gone from %s", name)
			}
		}
		if path, lite := strings.CutPrefix(address, "sqlite:"); lite {
			files, err := filepath.Glob(path + "*")
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			for _, file := range files {
				content, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if names := zoesNames(content); len(names) > 0 {
					t.Errorf("%q is in the file %s", names, filepath.Base(file))
				}
			}
		}

		// Documents can be read, figures are the same, and the audit says it once, without her name.
		var bodies []string
		if err := s.db.Select(t.Context(), &bodies, `SELECT body FROM documents UNION ALL SELECT answer FROM documents ORDER BY 1`); err != nil {
			t.Fatal(err)
		}
		for _, body := range bodies {
			decoder := xml.NewDecoder(strings.NewReader(body))
			for {
				if _, err := decoder.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%v in\n%s", err, body)
				}
			}
		}
		after := s.kontors("ZOE-1")
		is(t, "the order's total", after.Total.Format(), order.Total.Format())
		is(t, "the order's state", after.State, order.State)
		s.desk(t, "/orders/"+order.ID, "ZOE-1")
		audits := func() (list []string) {
			if err := s.db.Select(t.Context(), &list, `SELECT became FROM audit WHERE action = 'person.erase' AND object = ?`, id); err != nil {
				t.Fatal(err)
			}
			return list
		}
		if list := audits(); len(list) != 1 || !strings.Contains(list[0], `"documents":`) {
			t.Errorf("the audit says %q", list)
		}

		// Again: nothing to do, by id and by e-mail, and no second entry.
		says(t, "erasing again", works(t, erase...), "No buyer has this", "none")
		says(t, "erasing again by id", works(t, "person", "erase", "-m", demoMerchant, id, "--reason", "request 12"), "erased before", "none")
		is(t, "entries of the audit", len(audits()), 1)

		// Who comes again is somebody new.
		is(t, "the next set-up", s.send(s.zoesSetUp()).Code, 200)
		var buyers []string
		if err := s.db.Select(t.Context(), &buyers, `SELECT id FROM buyers WHERE login = 'zohara77'`); err != nil || len(buyers) != 1 || buyers[0] == id {
			t.Errorf("the buyers are %q, %v; the erased one is %s", buyers, err, id)
		}
	})
}

// Every column of text either is searched for people or stands here with why it is not.
func TestEveryColumnIsSearchedOrKnownToNameNobody(t *testing.T) {
	searched := map[string]bool{}
	for _, t := range texts {
		for _, column := range t.Columns {
			searched[t.Table+"."+column] = true
		}
	}
	// Whole tables: what merchants set up, figures, and what no person is in.
	tables := map[string]bool{"merchants": true, "api_keys": true, "organisations": true, "products": true, "prices": true, "credit_lines": true,
		"credit_chains": true, "holds": true, "supplier_identities": true, "networks": true, "connections": true, "identities": true, "secrets": true,
		"maintenance": true, "sender_failures": true, "assortment_rules": true, "buyer_parts": true, "quotes": true, "draws": true, "schema_versions": true, "cart_edits": true,
		"buyers": true} // the row itself is emptied
	// Keys, states, kinds and references that machines make.
	machines := map[string]bool{"id": true, "object": true, "kind": true, "state": true, "destination": true, "scope": true, "key": true,
		"media_type": true, "type": true, "direction": true, "payload_id": true, "month": true,
		"operation": true, "agent": true, "locked_by": true, "action": true, "currency": true,
		"number": true, "number_folded": true, "source": true, "sku": true, "product_id": true, "quantity": true, "unit": true, "unit_price": true, "buyer_price": true, "sha256": true, "reference": true, "part": true, "fact": true, "event": true}
	others := map[string]string{
		"credit_entries.actor": "staff", "tasks.actor": "staff", "mails.recipient": "staff", "attachments.body": "opaque (decision 0022)",
	}
	db := dbtest.SQLite(t)
	var columns []string
	if err := db.Select(t.Context(), &columns, `SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'product_word%' AND c.type IN ('TEXT', 'BYTEA') ORDER BY 1`); err != nil {
		t.Fatal(err)
	}
	if len(columns) < 100 {
		t.Fatalf("only %d columns are found", len(columns))
	}
	for _, column := range columns {
		table, name, _ := strings.Cut(column, ".")
		made := strings.HasSuffix(name, "hash") || strings.HasSuffix(name, "digest") || strings.HasSuffix(name, "_id")
		if !searched[column] && !tables[table] && !machines[name] && !made && others[column] == "" {
			t.Errorf("may %s name a person? Add it to its package's Texts, or here with the reason why not", column)
		}
		delete(searched, column)
	}
	for column := range searched {
		t.Errorf("%s is searched and doesn't exist", column)
	}
}
