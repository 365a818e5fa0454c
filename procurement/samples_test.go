package procurement_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
)

// The acceptance table of the reference (cxml/samples/EXPECTED.md), file by file, written from it
// by hand. The files are documents of other systems and are not ours to keep in this repository.

// sampleRoot is where the files are; a run without them says so.
func sampleRoot(t testing.TB) string {
	t.Helper()
	reference := os.Getenv("KONTOR_REFERENCE_DIR")
	if reference == "" {
		t.Skip("KONTOR_REFERENCE_DIR is not set: the samples of other systems can't be reached, this suite is left out")
	}
	return filepath.Join(reference, "cxml", "samples")
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	for _, folder := range []string{"public", "synthetic"} {
		if body, err := os.ReadFile(filepath.Join(sampleRoot(t), folder, name)); err == nil {
			return body
		}
	}
	t.Fatalf("there is no sample %s", name)
	return nil
}

// edited changes the named bytes, which must be there exactly once.
func edited(t testing.TB, body []byte, pairs ...string) []byte {
	t.Helper()
	text := string(body)
	for i := 0; i < len(pairs); i += 2 {
		if strings.Count(text, pairs[i]) != 1 {
			t.Fatalf("%q is there %d times", pairs[i], strings.Count(text, pairs[i]))
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return []byte(text)
}

var payloadIDIn = regexp.MustCompile(`payloadID="([^"]*)"`)

func payloadIDOf(t testing.TB, body []byte) string {
	t.Helper()
	found := payloadIDIn.FindSubmatch(body)
	if found == nil {
		t.Fatal("the document has no payloadID")
	}
	return strings.TrimSpace(string(found[1]))
}

const (
	buyerReturn = "https://buyer.example.com"
	s9          = "SHIP-9 Receiving, 100 Example Way, Springfield IL 62701, US"
)

// acceptAndFlag is the price policy of the acceptance table.
func acceptAndFlag(hosts ...string) procurement.Settings {
	return procurement.Settings{BelowPrice: "accept", TotalMismatch: "flag", ReturnHosts: hosts}
}

// links are the connections of section 2 of the table.
func links() map[string]link {
	buyer := id("NetworkId", "AN01000000001")
	supplier := id("NetworkId", "AN01000000002")
	list := func(ids ...procurement.Identity) []procurement.Identity { return ids }
	return map[string]link{
		"none":    {from: list(id("OTHER", "somebody")), secret: "something"},
		"buyer":   {from: list(buyer), secret: "example-secret", settings: acceptAndFlag(buyerReturn), own: list(supplier)},
		"seller":  {from: list(supplier), secret: "example-secret", settings: acceptAndFlag(), own: list(buyer)},
		"hub-mac": {from: list(buyer), sender: list(id("NetworkId", "AN01000000099")), network: true, secret: "any", settings: acceptAndFlag(buyerReturn), own: list(supplier)},
		"ariba": {from: list(id("NetworkId", "AN01000000001-T")), sender: list(id("AribaNetworkUserId", "sysadmin@ariba.com")), network: true,
			secret: "example-secret", settings: acceptAndFlag(buyerReturn),
			own: list(id("NetworkId", "AN01000000002-T"), id("DUNS", "099999999"), id("internalsupplierid", "S-20417"))},
		"coupa": {from: list(id("DUNS", "coupa-t")), secret: "example-secret", settings: acceptAndFlag(buyerReturn), own: list(id("DUNS", "supplier-t"))},
		"jaggaer": {from: list(id("NetworkId", "EXAMPLEUNIV")), sender: list(id("TOPSNetworkUserId", "SR123")), secret: "example-secret",
			settings: acceptAndFlag(buyerReturn), own: list(id("DUNS", "099999999"), id("internalsupplierid", "2468"))},
		"fusion": {from: list(id("OSN", "EXAMPLE-BUYER")), secret: "example-secret", settings: acceptAndFlag(buyerReturn), own: list(id("DUNS", "099999999"))},
		"bcx":    {from: list(id("TEST", "remotehost")), secret: "password", settings: acceptAndFlag("https://example.com"), own: list(id("TEST", "localhost"))},
		"an123":  {from: list(id("NetworkId", "AN00000123")), secret: "abracadabra", settings: acceptAndFlag(), own: list(id("NetworkId", "AN00000456"))},
		"platform coyote": {from: list(id("NetworkId", "inbound@platform.example.com")), secret: "coyote",
			settings: acceptAndFlag("platform.example.com"), own: list(id("NetworkId", "supplier@supplier.com"))},
		"platform s3cr3t": {from: list(id("NetworkId", "inbound@platform.example.com")), secret: "s3cr3t",
			settings: acceptAndFlag("platform.example.com"), own: list(id("NetworkId", "supplier@supplier.com"))},
		"acme": {from: list(id("AribaNetworkUserId", "admin@acme.com")), sender: list(id("AribaNetworkUserId", "sysadmin@buyer.com")), network: true,
			secret: "abracadabra", settings: acceptAndFlag(), own: list(id("DUNS", "012345678"))},
		"duns1":     {from: list(id("DUNS", "123456789")), secret: "abracadabra", settings: acceptAndFlag(), own: list(id("NetworkID", "AN01000000001"))},
		"sender":    {from: list(id("AribaNetworkUserId", "sender@sendercompany.com")), secret: "abracadabra", settings: acceptAndFlag(), own: list(id("AribaNetworkUserId", "recipient@recipientcompany.com"))},
		"coupa-inv": {from: list(id("COUPA", "SupplierID")), secret: "123456secret", settings: acceptAndFlag(), own: list(id("COUPA", "BuyerID"))},
		"duns-inv":  {from: list(id("DUNS", "supplierid")), secret: "secret", settings: acceptAndFlag(), own: list(id("DUNS", "buyerid"))},
		"iesa": {from: list(id("DUNS", "punchout@test.com")), sender: list(id("IESAnetworkUserID", "88888888")), secret: "{shared secret in here}",
			settings: acceptAndFlag("return_to_supplier_url.com"), own: list(id("DUNS", "punchout@test.com"))},
		"dell": {from: list(id("DUNS", "dell")), secret: "any secret", settings: acceptAndFlag(), own: list(id("DUNS", "128293714"))},
	}
}

// secretWords must not be found anywhere after a run.
var secretWords = []string{"example-secret", "abracadabra", "coyote", "s3cr3t", "123456secret", "{shared secret in here}", "4111111111111111"}

// row is one file of the table. Where the answer of today differs because the type belongs to a
// later issue, later says what it will be and why not yet.
type row struct {
	file  string
	after []string
	link  string
	test  bool // the file is marked as a test
	code  int
	says  string // words of the answer

	visit string // what the session is, see visitOf
	lines string // what its cart came back with, see lines
	goods string
	order string // what the order is, see describe
	flags string
	held  string
	note  string // words of what was flagged on a kept document
	// object is the number of the order that a kept document is linked to; it stays as it was.
	object string
	later  string
}

const (
	posrTest = "create; 1234@remotehost, John Smith, ; cookie buyer1234; 0 lines; to https://example.com/punchout_return; "
	metro    = "ship John Smith, 123 Main St., Metropolis ON H3C 3P3, CA"
)

var rows = []row{
	// Section 3.
	{file: "business-cxml-garbage-request.xml", link: "bcx", code: 450, says: "GarbageRequest"},
	{file: "business-cxml-ping-response.xml", link: "none", code: 406},
	{file: "business-cxml-profile-request.xml", link: "bcx", code: 200},
	{file: "business-cxml-profile-response.xml", link: "none", code: 406},
	{file: "business-cxml-punchoutorder2-message.xml", link: "none", code: 450},
	{file: "business-cxml-punchoutorder3-message.xml", link: "none", code: 450},
	{file: "business-cxml-punchoutsetup1-response.xml", link: "none", code: 406},
	{file: "business-cxml-punchoutsetup2-request.xml", link: "bcx", test: true, code: 200, visit: posrTest + metro},
	{file: "business-cxml-punchoutsetup3-request.xml", link: "bcx", test: true, code: 200, visit: posrTest + metro},
	{file: "business-cxml-punchoutsetup4-request.xml", link: "bcx", test: true, code: 200,
		visit: "create; 1234@remotehost, , jsmith; cookie buyer1234; 0 lines; to https://example.com/punchout_return; " + metro},
	{file: "business-cxml-punchoutsetup5-request.xml", link: "bcx", test: true, code: 400, says: "BrowserFormPost"},
	{file: "business-cxml-unauthorized-response.xml", link: "none", code: 406},
	{file: "business-cxml-unknown-response.xml", link: "none", code: 406},
	{file: "friendsofcxml-CatalogUploadRequest.xml", link: "an123", code: 450},
	{file: "friendsofcxml-Index.xml", link: "none", code: 406},
	{file: "friendsofcxml-OrderRequest.xml", link: "platform coyote", test: true, code: 200,
		order: "DO1234 v1 approved EUR; 1 1233244 10 EA x 2.10 = 21.00; 2 1233245 20 EA x 3.20 = 64.00; goods 85.00 tax 0.00 shipping 0.00; to Acme, 123 Anystreet, Sunnyvale CA 90489, US",
		flags: "attachment_missing, product_unknown 1, product_unknown 2", held: "85.00"},
	{file: "friendsofcxml-ProductActivityMessage.xml", link: "none", code: 450},
	{file: "friendsofcxml-PunchOutSetupRequest.xml", link: "platform s3cr3t", test: true, code: 200,
		visit: "create; john-doe@domain.com, , ; cookie 550bce3e592023b2e7b015307f965133; 0 lines; to https://platform.example.com/hook-url; ship Acme, 123 Anystreet, Sunnyvale CA 90489, US; selected 4545321"},
	{file: "friendsofcxml-PunchoutOrderMessage.xml", link: "none", code: 450},
	{file: "friendsofcxml-PunchoutOrderMessageAdvancedPricing.xml", link: "none", code: 450},
	{file: "friendsofcxml-ShipNoticeRequest.xml", link: "an123", code: 450},
	{file: "friendsofcxml-StatusUpdateRequest.xml", link: "an123", code: 200, note: "0c300508b7863dcclb_14999 is not known"},
	{file: "friendsofcxml-builder-order_request.xml", link: "platform coyote", code: 401},
	{file: "friendsofcxml-simple-profile-request.xml", link: "acme", code: 200},
	{file: "officeluv-envelope.xml", link: "duns1", code: 450},
	{file: "officeluv-envelope2.xml", link: "sender", code: 200, note: "for information (info); nothing of it is executed. The attachment 222@sendercompany.com is missing"},
	{file: "officeluv-invoice_backed_by_multiple_pos.xml", link: "coupa-inv", code: 450},
	{file: "officeluv-invoice_taxes_at_line.xml", link: "duns-inv", code: 450},
	{file: "officeluv-invoice_taxes_at_total.xml", link: "duns-inv", code: 450},
	{file: "officeluv-punch_out_setup_request_doc.xml", link: "iesa", code: 400, says: "BrowserFormPost"},
	{file: "officeluv-punch_out_setup_request_doc_with_ship_to.xml", link: "iesa", code: 400, says: "BrowserFormPost"},
	{file: "officeluv-purchase_order_request_200.xml", link: "dell", code: 401},
	{file: "officeluv-response_status_200.xml", link: "none", code: 406},
	{file: "officeluv-response_status_400.xml", link: "none", code: 406},

	// Section 4.
	{file: "ariba-posr-create-multicred.xml", link: "ariba", test: true, code: 200,
		visit: "create; requester@example.com, Sample Requester, srequester; cookie 1CX3L4843PPZO; 0 lines; to https://buyer.example.com/punchout/return?sid=abc&step=2; " +
			"ship 1000467 Head Office, 100 Example Way, Springfield IL 62701, US; selected CHAIR-001; CostCenter=610"},
	{file: "confirmation-accept.xml", link: "seller", code: 450},
	{file: "confirmation-detail-partial-backorder-price.xml", link: "seller", code: 450},
	{file: "confirmation-except-line2-reject.xml", link: "seller", code: 450},
	{file: "confirmation-reject.xml", link: "seller", code: 450},
	{file: "confirmation-update.xml", link: "seller", code: 450},
	{file: "copyrequest.xml", link: "buyer", code: 200, note: "for information (info); nothing of it is executed. The attachment doc-1@buyer.example.com is missing"},
	{file: "coupa-posr-edit.xml", link: "coupa", code: 200,
		visit: "edit; requester@example.com, Sample Requester, srequester; cookie c64af92dc27e68172e030d3dfd1bc944; 2 lines; to https://buyer.example.com/punchout/return?sid=abc&step=2",
		lines: "QUOTE-7781/1 CHAIR-001 2 EA x 149.9500 = 299.90 unavailable: Task chair isn't offered any more.; " +
			"QUOTE-7781/2 DESK-014 1 EA x 499.00 = 499.00 unavailable: Sit-stand desk isn't offered any more.", goods: "798.90 USD"},
	{file: "invoice-creditmemo-header.xml", link: "seller", code: 450},
	{file: "invoice-delete.xml", link: "seller", code: 450},
	{file: "invoice-header-multi-po.xml", link: "seller", code: 450},
	{file: "invoice-linelevel-creditmemo.xml", link: "seller", code: 450},
	{file: "invoice-standard.xml", link: "seller", code: 450},
	{file: "invoice-summary-multi-po.xml", link: "seller", code: 450},
	{file: "jaggaer-posr-inspect.xml", link: "jaggaer", code: 200,
		visit: "inspect; requester@example.com, Sample Requester, SR123; cookie 8812334; 1 lines; to https://buyer.example.com/punchout/return?sid=abc&step=2",
		lines: "SESSION-55012 GLOVE-L-100 3 BX x 9.9900 = 29.97 unavailable: Nitrile gloves, large, box of 100 isn't offered any more.", goods: "29.97 USD"},
	{file: "oraclefusion-posr-create.xml", link: "fusion", code: 200,
		visit: "create; requester@example.com, Sample Requester, SAMPLE.REQUESTER; cookie 300100071234567; 0 lines; to https://buyer.example.com/punchout/return?sid=abc&step=2"},
	{file: "order-blanket.xml", link: "buyer", code: 200,
		order: "BPO-9 v1 approved USD blanket max 10000.00; 1 BLANKET 1  x 0 = 0.00; goods 0.00 tax 0.00 shipping 0.00; to " + s9 + " by Example Freight", held: "0.00"},
	{file: "order-cancel-delete.xml", after: []string{"order-new-full.xml", "order-change-v2.xml"}, link: "buyer", code: 200,
		order: "PO-10002 v3 cancelled USD; goods 0.00 tax 0.00 shipping 0.00; to " + s9 + " by Example Freight", held: "0.00"},
	{file: "order-change-v2.xml", after: []string{"order-new-full.xml"}, link: "buyer", code: 200, order: changedOrder, flags: "product_unknown 1", held: "39.96"},
	// Posted as the other files are, which is way (c) of section 6; attachments_test.go has the rest.
	{file: "order-multipart-base64.mime", link: "buyer", code: 200, order: multipartOrder, flags: "product_unknown 1", held: "499.00"},
	{file: "order-multipart-base64.xml", link: "buyer", code: 200,
		order: multipartOrder, flags: "attachment_missing, product_unknown 1", held: "499.00"},
	{file: "order-new-full.xml", link: "buyer", code: 200, order: fullOrder, flags: "product_unknown 1, product_unknown 2", held: "96.57"},
	{file: "order-new-pcard.xml", link: "buyer", code: 402, says: "card"},
	{file: "order-release-of-agreement.xml", link: "buyer", code: 200,
		order: "PO-10007 v1 approved USD release; 1 TONER-7 10 EA x 80.00 = 800.00; goods 800.00 tax 0.00 shipping 0.00; to " + s9 + " by Example Freight",
		flags: "agreement_unknown, product_unknown 1", held: "800.00"},
	{file: "orderstatusrequest.xml", after: []string{"order-new-full.xml"}, link: "buyer", code: 200, note: "No confirmation of order PO-10002 was sent yet", object: "PO-10002"},
	{file: "paymentremittance-ach.xml", link: "buyer", code: 450},
	{file: "poom-cancel-204.xml", link: "none", code: 450},
	{file: "poom-empty-cart.xml", link: "none", code: 450},
	{file: "poom-pending-quote.xml", link: "none", code: 450},
	{file: "poom-two-lines-tax-shipping.xml", link: "none", code: 450},
	{file: "posr-create-no-browserformpost.xml", link: "buyer", code: 400, says: "BrowserFormPost"},
	{file: "posr-credentialmac.xml", link: "hub-mac", code: 401},
	{file: "posr-source.xml", link: "buyer", code: 450, says: "source"},
	{file: "profilerequest.xml", link: "buyer", code: 200},
	{file: "receiptrequest.xml", after: []string{"order-new-full.xml"}, link: "buyer", code: 200,
		note: "Order PO-10002 line 1: 60 EA received, 29.97 USD.", object: "PO-10002"},
	{file: "response-401.xml", link: "none", code: 406},
	{file: "response-412-edit-not-allowed.xml", link: "none", code: 406},
	{file: "response-order-200.xml", link: "none", code: 406},
	{file: "response-order-201.xml", link: "none", code: 406},
	{file: "response-posresp-200.xml", link: "none", code: 406},
	{file: "response-profile-200.xml", link: "none", code: 406},
	{file: "shipnotice-delete.xml", link: "seller", code: 450},
	{file: "shipnotice-partial.xml", link: "seller", code: 450},
	{file: "statusupdate-invoice-rejected.xml", link: "buyer", code: 200, note: "1718000900.1@supplier.example.com is not known"},
	{file: "statusupdate-order-200.xml", link: "seller", code: 200, note: "1718000200.9@buyer.example.com is not known"},
	{file: "statusupdate-order-409.xml", link: "seller", code: 200, note: "1718000200.9@buyer.example.com is not known"},
}

const (
	fullOrder = "PO-10002 v1 approved USD REQ-5500 complete; 1 PEN-BLUE / Q7781-3 100 EA x 0.4995 = 49.95; 2 CABLE-M 2.5 MTR x 12.00 = 30.00" +
		" to SHIP-11 Lab annex, 9 Annex Rd, Springfield IL 62701, US; goods 79.95 tax 4.12 shipping 12.50; to " + s9 + " by Example Freight"
	multipartOrder = "PO-10005 v1 approved USD; 1 DESK-014 / Q7781-2 1 EA x 499.00 = 499.00; goods 499.00 tax 0.00 shipping 0.00; to " + s9 + " by Example Freight"
	changedOrder   = "PO-10002 v2 approved USD REQ-5500; 1 PEN-BLUE / Q7781-3 80 EA x 0.4995 = 39.96; goods 39.96 tax 0.00 shipping 0.00; to " + s9 + " by Example Freight"
)

// TestSamplesAreAnsweredAsExpected posts each file byte for byte, with a merchant of its own:
// that stands for the fresh database of the table and shows besides that merchants don't mix.
func TestSamplesAreAnsweredAsExpected(t *testing.T) {
	checkThatAllFilesAreListed(t)
	eachRig(t, func(t *testing.T, r *rig) {
		for _, row := range rows {
			t.Run(row.file, func(t *testing.T) {
				if row.later != "" {
					t.Logf("today %d; with a later issue %s", row.code, row.later)
				}
				r.on(t).playSample(row)
			})
		}
		r.expose("PO-10002", secretWords...)
	})
}

func checkThatAllFilesAreListed(t *testing.T) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(sampleRoot(t), "*", "*.*m*"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	codes := map[int]int{}
	for _, row := range rows {
		listed[row.file] = true
		codes[row.code]++
	}
	files := 0
	for _, file := range found {
		if name := filepath.Base(file); !strings.HasSuffix(name, ".md") {
			files++
			if !listed[name] {
				t.Errorf("%s is not in the table", name)
			}
		}
	}
	if files != 80 || len(rows) != 80 || len(listed) != 80 {
		t.Errorf("%d files, %d rows", files, len(rows))
	}
	// The reference counts 27 × 200.
	want := map[int]int{200: 27, 400: 4, 401: 3, 402: 1, 406: 14, 450: 31}
	for code, n := range want {
		if codes[code] != n {
			t.Errorf("%d rows with %d, want %d", codes[code], code, n)
		}
	}
}

func (r *rig) playSample(row row) {
	r.Helper()
	mode := "live"
	if row.test {
		mode = "test"
	}
	merchant := r.merchant(mode)
	r.connect(merchant, links()[row.link])
	for _, earlier := range row.after {
		if a := r.post(merchant, sample(r.TB, earlier)); a.code != 200 {
			r.Fatalf("%s: %d %s", earlier, a.code, a.detail)
		}
	}
	body := sample(r.TB, row.file)
	before := r.counts(merchant, "documents")
	untouched := r.stateOf(merchant, row.object)
	a := r.post(merchant, body)
	if a.code != row.code || !strings.Contains(a.detail, row.says) {
		r.Errorf("answered %d %q, want %d with %q", a.code, a.detail, row.code, row.says)
	}
	r.hidden(a)
	if row.file != "friendsofcxml-Index.xml" { // its root has no payloadID
		d := r.kept(merchant, payloadIDOf(r.TB, body))
		if d.Status != row.code || d.Body == "" || !strings.Contains(d.Note, row.note) {
			r.Errorf("kept with %d and the note %q", d.Status, d.Note)
		}
		if row.object != "" && d.Object != r.order(merchant, row.object).ID {
			r.Errorf("kept under %q", d.Object)
		}
	}
	if now := r.stateOf(merchant, row.object); now != untouched {
		r.Errorf("the order was\n%s\nand is\n%s", untouched, now)
	}
	difference := changed(before, r.counts(merchant, "documents"))
	switch {
	case row.visit != "":
		if got := r.visit(merchant); got != row.visit {
			r.Errorf("the session is\n%s\nwant\n%s", got, row.visit)
		}
		if row.lines != "" {
			r.wantRestored(merchant, row.lines, row.goods)
		}
		if difference != "buyers +1, carts +1, inbox +1, sessions +1" {
			r.Errorf("changed: %s", difference)
		}
	case row.order != "":
		o := r.order(merchant, numberIn(row.order))
		if got := describe(o); got != row.order {
			r.Errorf("the order is\n%s\nwant\n%s", got, row.order)
		}
		if got := flags(o); got != row.flags {
			r.Errorf("flags %q, want %q", got, row.flags)
		}
		if got := r.held(merchant); got != row.held {
			r.Errorf("held %s, want %s", got, row.held)
		}
	case row.code == 200:
		if difference != "inbox +1" {
			r.Errorf("changed: %s", difference)
		}
	default:
		if difference != "" {
			r.Errorf("a refused document changed: %s", difference)
		}
	}
	if strings.Contains(strings.ToLower(row.file), "profile") && row.code == 200 {
		r.checkProfile(merchant, a)
	} else if a.profile != nil || (a.start != "") != (row.visit != "") {
		r.Errorf("an unexpected payload:\n%s", a.raw)
	}
}

// stateOf is all that a document must not change: the order, its flags, what it holds, and what
// is on its way to the buyer. "" stands for no order.
func (r *rig) stateOf(merchant, number string) string {
	r.Helper()
	if number == "" {
		return ""
	}
	o := r.order(merchant, number)
	state := fmt.Sprintf("%s; row %d; %s; held %s", describe(o), o.RowVersion, flags(o), r.held(merchant))
	for _, d := range r.deliveries(merchant, number) {
		state += fmt.Sprintf("; %d %s %s", d.Seq, d.Kind, d.State)
	}
	return state
}

func numberIn(order string) string {
	number, _, _ := strings.Cut(order, " ")
	return number
}

// hidden checks that an answer tells no secret.
func (r *rig) hidden(a answer) {
	r.Helper()
	for _, word := range append([]string{"SharedSecret"}, secretWords...) {
		if strings.Contains(string(a.raw), word) {
			r.Errorf("the answer holds %q", word)
		}
	}
}

// visit writes the merchant's only session in the words of the table.
func (r *rig) visit(merchant string) string {
	r.Helper()
	var ids []string
	if err := r.db.Select(r.ctx, &ids, `SELECT id FROM sessions WHERE merchant_id = ?`, merchant); err != nil || len(ids) != 1 {
		r.Fatalf("%d sessions, %v", len(ids), err)
	}
	s, err := procurement.FindSession(r.ctx, r.db, r.keys, merchant, ids[0])
	if err != nil {
		r.Fatal(err)
	}
	b, err := accounts.FindBuyer(r.ctx, r.db, merchant, s.Buyer)
	if err != nil {
		r.Fatal(err)
	}
	var content string
	if err := r.db.Get(r.ctx, &content, `SELECT content FROM carts WHERE merchant_id = ? AND id = ?`, merchant, s.Cart); err != nil {
		r.Fatal(err)
	}
	text := fmt.Sprintf("%s; %s, %s, %s; cookie %s; %d lines; to %s", s.Operation, b.Email, b.Name, b.Login, s.BuyerCookie,
		strings.Count(content, `"sku"`), s.ReturnURL)
	if s.Visit.ShipTo != nil {
		a := s.Visit.ShipTo.Address
		p := a.PostalAddress
		text += "; ship " + strings.TrimSpace(a.AddressID+" "+a.Name.Text) + ", " + strings.Join(p.Street, ", ") + ", " +
			p.City + " " + p.State + " " + p.PostalCode + ", " + p.CountryCode
	}
	if s.Visit.SelectedSKU != "" {
		text += "; selected " + s.Visit.SelectedSKU
	}
	for _, e := range s.Visit.Extrinsics {
		if e.Name == "CostCenter" {
			text += "; CostCenter=" + e.Text
		}
	}
	return text
}

// wantRestored holds the cart of the merchant's newest session against the table.
func (r *rig) wantRestored(merchant, want, goods string) {
	r.Helper()
	var id string
	if err := r.db.Get(r.ctx, &id, `SELECT cart_id FROM sessions WHERE merchant_id = ? ORDER BY id DESC LIMIT 1`, merchant); err != nil {
		r.Fatal(err)
	}
	cart, err := checkout.FindCart(r.ctx, r.db, merchant, id)
	if err != nil {
		r.Fatal(err)
	}
	if got := lines(cart); got != want {
		r.Errorf("the cart is\n%s\nwant\n%s", got, want)
	}
	if got := cart.Goods.Text() + " " + cart.Currency; got != goods || cart.Frozen {
		r.Errorf("the cart comes to %s, want %s in an open cart", got, goods)
	}
}

// checkProfile holds a profile against what is served.
func (r *rig) checkProfile(merchant string, a answer) {
	r.Helper()
	if a.profile == nil || !offsetTime.MatchString(a.profile.EffectiveDate) {
		r.Fatalf("no profile:\n%s", a.raw)
	}
	var got []string
	for _, transaction := range a.profile.Transaction {
		text := transaction.RequestName
		for _, option := range transaction.Option {
			text += " " + option.Name + "=" + option.Value
		}
		if transaction.URL != publicURL+"/m/"+merchant+"/cxml" {
			r.Errorf("%s goes to %s", transaction.RequestName, transaction.URL)
		}
		got = append(got, text)
	}
	want := []string{"CopyRequest", "OrderRequest attachments=yes changes=yes", "OrderStatusRequest", "ProfileRequest",
		"PunchOutSetupRequest operationAllowed=create edit inspect", "ReceiptRequest", "StatusUpdateRequest"}
	if !slices.Equal(got, want) {
		r.Errorf("the profile tells %q, want %q", got, want)
	}
}

func TestSamplesMarkedAsTestAreForbiddenAtALiveMerchant(t *testing.T) {
	sampleRoot(t)
	eachRig(t, func(t *testing.T, r *rig) {
		marked := 0
		for _, row := range rows {
			if !row.test {
				continue
			}
			marked++
			t.Run(row.file, func(t *testing.T) {
				r := r.on(t)
				merchant := r.merchant("live")
				r.connect(merchant, links()[row.link])
				before := r.counts(merchant, "documents")
				body := sample(t, row.file)
				a := r.post(merchant, body)
				if a.code != 403 || !strings.Contains(a.detail, publicURL+"/m/"+merchant+"-test/cxml") {
					t.Errorf("answered %d %q, want 403 with the test address", a.code, a.detail)
				}
				if d := changed(before, r.counts(merchant, "documents")); d != "" {
					t.Error("changed:", d)
				}
				if d := r.kept(merchant, payloadIDOf(t, body)); d.Status != 403 {
					t.Errorf("kept with %d", d.Status)
				}
			})
		}
		if marked != 7 {
			t.Errorf("%d files are marked, want 7", marked)
		}
	})
}

// The runs of section 5.

// runRig gives each engine a rig, and leaves the suite out where the files can't be reached.
func runRig(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	sampleRoot(t)
	eachRig(t, test)
}

// buy makes a merchant with one connection.
func (r *rig) buy(name string, change ...func(*link)) string {
	r.Helper()
	merchant := r.merchant("live")
	l := links()[name]
	for _, fn := range change {
		fn(&l)
	}
	r.connect(merchant, l)
	return merchant
}

// codes posts documents in turn.
func (r *rig) codes(merchant string, bodies ...[]byte) []int {
	r.Helper()
	var codes []int
	for _, body := range bodies {
		codes = append(codes, r.post(merchant, body).code)
	}
	return codes
}

func (r *rig) wantCodes(merchant string, want []int, bodies ...[]byte) {
	r.Helper()
	if got := r.codes(merchant, bodies...); !slices.Equal(got, want) {
		r.Errorf("answered %v, want %v", got, want)
	}
}

func (r *rig) wantOrder(merchant, order, flagged, held string) {
	r.Helper()
	o := r.order(merchant, numberIn(order))
	if got := describe(o); got != order {
		r.Errorf("the order is\n%s\nwant\n%s", got, order)
	}
	if got := flags(o); got != flagged {
		r.Errorf("flags %q, want %q", got, flagged)
	}
	if got := r.held(merchant); got != held {
		r.Errorf("held %s, want %s", got, held)
	}
}

const (
	coyoteSender = "<Identity>inbound@platform.example.com</Identity>\n            </Credential>\n            <UserAgent>"
	dellSender   = "<Identity>dell</Identity>\n            <!-- same as From -->"
)

func TestRunOneAnOrderOfABuilder(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		merchant := r.buy("platform coyote")
		body := edited(t, sample(t, "friendsofcxml-builder-order_request.xml"), coyoteSender,
			"<Identity>inbound@platform.example.com</Identity><SharedSecret>coyote</SharedSecret>\n            </Credential>\n            <UserAgent>")
		r.wantCodes(merchant, []int{200}, body)
		r.wantOrder(merchant, "myorder-1 v1 approved USD; 1 5555 3 EA x 763.20 = 2289.60; 2 666 5 EA x 226.20 = 1131.00; goods 3420.60 tax 0.00 shipping 0.00;"+
			" to Acme, 123 Anystreet, Sunnyvale CA 90489, US", "product_unknown 1, product_unknown 2", "3420.60")
	})
}

func TestRunTwoATotalThatIsNotTheSum(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		body := edited(t, sample(t, "officeluv-purchase_order_request_200.xml"), dellSender,
			"<Identity>dell</Identity><SharedSecret>any secret</SharedSecret>")
		lines := ` USD; 1 223-4511 / 1005379527029\1 1 EA x 1505.0 = 1505.00; 2 223-4511 / 1005379527029\1 2 EA x 1505.0 = 3010.00;` +
			" goods 4515.00 tax 0.00 shipping 0.00; to 3119 Sample Requester, 100 Example Way, Springfield ca 22222, US"
		flagged := "charge_differs 2, product_unknown 1, product_unknown 2, total_differs"
		merchant := r.buy("dell")
		r.wantCodes(merchant, []int{200}, body)
		r.wantOrder(merchant, "6112 v1 approved"+lines, flagged, "4515.00")

		// A line between Total and goods: the goods count.
		merchant = r.buy("dell", func(l *link) { l.limits = []money.Amount{money.Of(2_000_00, "USD")} })
		r.wantCodes(merchant, []int{201}, body)
		r.wantOrder(merchant, "6112 v1 credit_review"+lines, flagged, "0.00")
	})
}

func TestRunsThreeAndFourSetUpsWithHTTPS(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		merchant := r.buy("iesa")
		r.wantCodes(merchant, []int{200}, edited(t, sample(t, "officeluv-punch_out_setup_request_doc.xml"), "http://return", "https://return"))
		if got, want := r.visit(merchant), "create; , , ; cookie demoSCAWIGP; 0 lines; to https://return_to_supplier_url.com"; got != want {
			t.Errorf("the session is\n%s\nwant\n%s", got, want)
		}
		merchant = r.buy("iesa")
		r.wantCodes(merchant, []int{200}, edited(t, sample(t, "officeluv-punch_out_setup_request_doc_with_ship_to.xml"), "http://return", "https://return"))
		if got, want := r.visit(merchant), "create; requester@example.com, , ; cookie demoSCAWIGP; 0 lines; to https://return_to_supplier_url.com;"+
			" ship 3119 Sample Requester, 100 Example Way, Springfield ca 22222, US"; got != want {
			t.Errorf("the session is\n%s\nwant\n%s", got, want)
		}
	})
}

func TestRunFiveAnUnknownOrder(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		for _, file := range []string{"order-change-v2.xml", "order-cancel-delete.xml", "orderstatusrequest.xml"} {
			merchant := r.buy("buyer")
			before := r.counts(merchant, "documents")
			r.wantCodes(merchant, []int{417}, sample(t, file))
			if d := changed(before, r.counts(merchant, "documents")); d != "" {
				t.Errorf("%s changed: %s", file, d)
			}
		}
	})
}

func TestRunSixTheSameOrderAgainAndAtOnce(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		body := sample(t, "order-new-full.xml")
		for _, atOnce := range []int{1, 5} {
			merchant := r.buy("buyer")
			answers := make([]string, atOnce)
			var group sync.WaitGroup
			for i := range answers {
				group.Go(func() { answers[i] = string(r.post(merchant, body).raw) })
			}
			group.Wait()
			answers = append(answers, string(r.post(merchant, body).raw))
			for i := range answers {
				if answers[i] != answers[0] {
					t.Errorf("answer %d of %d differs", i, atOnce)
				}
			}
			if c := r.counts(merchant); c["orders"] != 1 || c["order_versions"] != 1 || c["events"] != 1 {
				t.Errorf("%d at once made %v", atOnce, c)
			}
			r.wantOrder(merchant, fullOrder, "product_unknown 1, product_unknown 2", "96.57")
			if got := r.available(merchant, "USD"); got != "999903.43" {
				t.Errorf("available %s", got)
			}
		}
	})
}

// available is limit less holds of the merchant's only line in the currency.
func (r *rig) available(merchant, currency string) string {
	r.Helper()
	var minor int64
	if err := r.db.Get(r.ctx, &minor, `SELECT limit_minor - tree_holds FROM credit_lines WHERE merchant_id = ? AND currency = ?`, merchant, currency); err != nil {
		r.Fatal(err)
	}
	return money.Of(minor, currency).Text()
}

const (
	fullPayload   = `payloadID="1718000200.9@buyer.example.com"`
	fullTimestamp = `timestamp="2026-03-02T09:15:30-05:00"`
)

func TestRunSevenTheSameNumberUnderAnotherPayloadID(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		body := sample(t, "order-new-full.xml")
		merchant := r.buy("buyer")
		again := edited(t, body, fullPayload, `payloadID="second@buyer.example.com"`, fullTimestamp, `timestamp="2026-03-02T09:20:00-05:00"`)
		r.wantCodes(merchant, []int{200, 200}, body, again)
		r.wantOrder(merchant, fullOrder, "product_unknown 1, product_unknown 2", "96.57")
		if c := r.counts(merchant); c["orders"] != 1 {
			t.Errorf("%d orders", c["orders"])
		}
		merchant = r.buy("buyer")
		r.wantCodes(merchant, []int{200, 409}, body, edited(t, again, `<ItemOut quantity="100"`, `<ItemOut quantity="101"`))
		r.wantOrder(merchant, fullOrder, "product_unknown 1, product_unknown 2", "96.57")
	})
}

func TestRunEightTheSamePayloadIDWithAnotherBody(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		body := sample(t, "order-new-full.xml")
		merchant := r.buy("buyer")
		r.wantCodes(merchant, []int{200, 409}, body, edited(t, body, `<ItemOut quantity="100"`, `<ItemOut quantity="101"`))
		r.wantOrder(merchant, fullOrder, "product_unknown 1, product_unknown 2", "96.57")
	})
}

func TestRunNineEachStepTwice(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		merchant := r.buy("buyer")
		var previous answer
		for i, step := range []struct{ file, held string }{
			{"order-new-full.xml", "96.57"}, {"order-change-v2.xml", "39.96"}, {"order-change-v2.xml", "39.96"},
			{"order-cancel-delete.xml", "0.00"}, {"order-cancel-delete.xml", "0.00"},
		} {
			a := r.post(merchant, sample(t, step.file))
			if got := r.held(merchant); a.code != 200 || got != step.held {
				t.Errorf("step %d: %d %s, held %s", i+1, a.code, a.detail, got)
			}
			if (i == 2 || i == 4) && string(a.raw) != string(previous.raw) {
				t.Errorf("step %d is not the stored answer", i+1)
			}
			previous = a
		}
		// The earlier versions stay readable.
		o := r.order(merchant, "PO-10002")
		if got := describe(o); !strings.HasPrefix(got, "PO-10002 v3 cancelled") {
			t.Error(got)
		}
		for number, want := range map[int64]string{1: "96.57", 2: "39.96"} {
			v := r.version(o, number)
			if v.Total.Text() != want || v.State != "replaced" {
				t.Errorf("version %d is %s, %s", number, v.Total.Text(), v.State)
			}
		}
	})
}

func TestRunTenAChangeAfterTheEnd(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		merchant := r.buy("buyer")
		r.wantCodes(merchant, []int{200, 200, 409}, sample(t, "order-new-full.xml"), sample(t, "order-cancel-delete.xml"), sample(t, "order-change-v2.xml"))
		r.wantOrder(merchant, "PO-10002 v3 cancelled USD; goods 0.00 tax 0.00 shipping 0.00; to "+s9+" by Example Freight", "reference_unknown", "0.00")
	})
}

func TestRunElevenOnePayloadIDForTwoOrders(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		merchant := r.buy("buyer")
		r.wantCodes(merchant, []int{200, 409}, sample(t, "order-release-of-agreement.xml"), sample(t, "order-blanket.xml"))
		if c := r.counts(merchant); c["orders"] != 1 {
			t.Errorf("%d orders", c["orders"])
		}
	})
}

func TestRunTwelvePayloadIDsCountPerAccount(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		merchant := r.buy("buyer")
		r.connect(merchant, links()["seller"])
		r.wantCodes(merchant, []int{200, 450}, sample(t, "order-release-of-agreement.xml"), sample(t, "shipnotice-delete.xml"))
	})
}

func TestAnotherAccountsStatusUpdateChangesNoOrder(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		merchant := r.buy("buyer")
		r.connect(merchant, links()["seller"])
		r.wantCodes(merchant, []int{200, 200}, sample(t, "order-new-full.xml"), sample(t, "statusupdate-order-409.xml"))
		r.wantOrder(merchant, fullOrder, "product_unknown 1, product_unknown 2", "96.57")
		if d := r.kept(merchant, payloadIDOf(t, sample(t, "statusupdate-order-409.xml"))); !strings.Contains(d.Note, "is not known") {
			t.Errorf("the note is %q", d.Note)
		}
	})
}

// A returned cart with the file's auxiliary ids comes about as it does in life: by an edit of a
// cart that nothing is known of.
func TestRunsThirteenAndFourteenAnEditOfAReturnedCart(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		body := sample(t, "coupa-posr-edit.xml")
		again := edited(t, body, `payloadID="1718000000.1@buyer.example.com"`, `payloadID="again@buyer.example.com"`,
			`<ItemOut quantity="2"`, `<ItemOut quantity="3"`)
		for allowed, code := range map[string]int{"create": 412, "edit": 200} {
			merchant := r.buy("coupa", func(l *link) { l.settings.OperationAllowed = allowed })
			r.sell(merchant, "CHAIR-001", "Chair", "EA", "149.9500")
			r.sell(merchant, "DESK-014", "Desk", "EA", "499.00")
			visit, seeded := r.shopping(merchant, body)
			r.mustHome(merchant, visit, false)
			snapshot, before := r.content(seeded), r.sessions(merchant)
			if a := r.post(merchant, again); a.code != code {
				t.Errorf("a cart returned with %s: %d %s", allowed, a.code, a.detail)
			}
			if got := r.content(seeded); got != snapshot {
				t.Errorf("the snapshot became\n%s", got)
			}
			if code != 200 {
				if got := r.sessions(merchant); got != before {
					t.Errorf("the sessions are %s", got)
				}
				continue
			}
			r.wantRestored(merchant, "QUOTE-7781/1 CHAIR-001 3 EA x 149.9500 = 449.85; QUOTE-7781/2 DESK-014 1 EA x 499.00 = 499.00", "948.85 USD")
		}
	})
}

func TestRunFifteenWithoutACreditLine(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		merchant := r.buy("buyer", func(l *link) { l.noCredit = true })
		before := r.counts(merchant, "documents")
		r.wantCodes(merchant, []int{402}, sample(t, "order-multipart-base64.xml"))
		if d := changed(before, r.counts(merchant, "documents")); d != "" {
			t.Error("changed:", d)
		}
	})
}

func TestRunSixteenTheSameWordsForEveryStranger(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		body := sample(t, "order-new-full.xml")
		words := map[string]bool{}
		for name, run := range map[string]struct {
			merchant string
			body     []byte
		}{
			"another secret": {r.buy("buyer", func(l *link) { l.secret = "another" }), body},
			"no connection":  {r.merchant("live"), body},
			"no secret":      {r.buy("buyer"), edited(t, body, "<SharedSecret>example-secret</SharedSecret>", "")},
		} {
			before := r.counts(run.merchant, "documents")
			a := r.post(run.merchant, run.body)
			words[fmt.Sprint(a.code, a.text, a.detail)] = true
			if a.code != 401 {
				t.Errorf("%s: %d", name, a.code)
			}
			if d := changed(before, r.counts(run.merchant, "documents")); d != "" {
				t.Errorf("%s changed: %s", name, d)
			}
		}
		if len(words) != 1 {
			t.Errorf("the words differ: %v", words)
		}
		r.expose("1718000200.9@buyer.example.com", secretWords...)
	})
}

func TestRunSeventeenASizeCap(t *testing.T) {
	sampleRoot(t)
	dbtest.EachURL(t, func(t *testing.T, address string) {
		r := newRig(t, address)
		r.service.Limits = cxml.DefaultLimits
		r.service.Limits.Bytes = 4000
		merchant := r.buy("buyer")
		before := r.counts(merchant, "documents")
		r.wantCodes(merchant, []int{499}, sample(t, "order-new-full.xml"))
		if d := changed(before, r.counts(merchant, "documents")); d != "" {
			t.Error("changed:", d)
		}
		r.expose("PO-10002", secretWords...)
	})
}

func TestTheKeptCardShowsItsLastDigitsAtMost(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		merchant := r.buy("buyer")
		body := sample(t, "order-new-pcard.xml")
		r.wantCodes(merchant, []int{402}, body)
		d := r.kept(merchant, payloadIDOf(t, body))
		if !strings.Contains(d.Body, `number="XXXXXXXXXXXX1111"`) || strings.Contains(d.Body, "4111") {
			t.Errorf("the card is kept as\n%s", d.Body)
		}
		r.expose("PO-10001", secretWords...)
	})
}
