package console_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

// kept is one document as the wire would have left it; at counts the seconds of the morning.
type kept struct {
	direction, kind, payload, connection, object string
	status, at                                   int
	note                                         string
}

func (h *house) keeps(k kept) string {
	h.Helper()
	id := database.NewID("doc")
	h.exec(`INSERT INTO documents (merchant_id, id, direction, type, payload_id, connection_id, object, status, note, body, answer, month, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '2026-11', ?)`, "brackwater", id, k.direction, k.kind, k.payload, k.connection, k.object, k.status, k.note,
		"<cXML payloadID=\""+k.payload+"\"><Header><SharedSecret>XXXXXXXX</SharedSecret></Header></cXML>", "<cXML><Response><Status code=\"200\"/></Response></cXML>",
		database.At(morning.Add(time.Duration(k.at)*time.Second)))
	return id
}

func (h *house) connection(organisation string) string {
	h.Helper()
	h.apply(`"connections": [{"external_id": "` + organisation + `", "organisation": "` + organisation + `", "protocol": "cxml",
 "identities": {"from": [{"domain": "DUNS", "identity": "` + organisation + `-t"}], "sender": [{"domain": "DUNS", "identity": "` + organisation + `-t"}]},
 "secrets_in": [{"env": "DESK"}]}]`)
	var id string
	h.must(h.db.Get(h.ctx(), &id, `SELECT id FROM connections WHERE merchant_id = ? AND external_id = ?`, "brackwater", organisation))
	return id
}

func TestDocumentsAreToldInPlainWords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		b := h.signedIn()
		b.get("/documents").shows(t, 200, "No documents yet", "appears here by itself")
		castelmere, northfold := h.connection("castelmere"), h.connection("northfold")
		o := h.place("castelmere", "C-2001", checkout.New, cartC)
		h.keeps(kept{"in", "PunchOutSetupRequest", "set@castelmere.example", castelmere, "", 200, 1, ""})
		h.keeps(kept{"out", "PunchOutOrderMessage", "home@castelmere.example", castelmere, "", 0, 2, "sent through the browser"})
		h.keeps(kept{"in", "OrderRequest", "po@castelmere.example", castelmere, o.ID, 201, 3, "Order C-2001 waits for review: 195.00 USD over the credit limit."})
		update := h.keeps(kept{"out", "StatusUpdateRequest", "told@brackwater.example", castelmere, o.ID, 500, 4, ""})
		h.keeps(kept{"in", "PunchOutSetupRequest", "set@northfold.example", northfold, "", 200, 5, ""})
		h.keeps(kept{"in", "OrderRequest", "guess@nobody.example", "", "", 401, 6, "the sender is not known here with that secret"})
		newest := b.get("/documents")
		newest.shows(t, 200, "Thursday, November 12, 2026, New York time", "Castelmere Foods asks to shop.",
			"The cart goes home to Castelmere Foods, through the browser.",
			"Castelmere Foods sends purchase order C-2001. It waits for review: $195.00 over the credit limit.",
			"Castelmere Foods is told the last word of order C-2001. It was not taken: 500.",
			"A stranger sends a purchase order. The sender is not known here with that secret.", "08:14:06", "guess@nobody.example", "1 masked")
		// Newest first, and a document by its link.
		if at := strings.Index; at(newest.body, "A stranger sends") > at(newest.body, "asks to shop") {
			t.Error("the newest does not come first")
		}
		b.get("/documents?doc="+update).shows(t, 200, "told@brackwater.example", "Order C-2001", "Kontor → Castelmere Foods")
		b.get("/documents?doc=doc_nothing").shows(t, 200, "asks to shop")
		b.get("/documents/"+update).shows(t, 200, "StatusUpdateRequest", "500 Refused")
		for filter, want := range map[string]int{"type=OrderRequest": 2, "direction=out": 2, "outcome=failed": 2, "outcome=waits": 1, "outcome=taken": 2,
			"payload=" + url.QueryEscape(" po@castelmere.example "): 1, "payload=guess%40nobody.example": 1, "payload=po%40castelmere": 0,
			"organisation=" + o.Organisation: 4, "type=OrderRequest&direction=out": 0, "type=nonsense&direction=up&outcome=x&before=y": 6} {
			got := b.get("/documents?" + filter)
			if rows := strings.Count(got.body, `class="lane__row`); got.status != 200 || rows != want {
				t.Errorf("%s: %d rows, want %d", filter, rows, want)
			}
		}
		b.get("/documents?payload=nothing").shows(t, 200, "No document fits")
		other := h.browser()
		other.base = h.url + "/m/otherco/console"
		other.post("/sign-in", url.Values{"key": {h.keys["OTHER"]}})
		other.get("/documents").shows(t, 200, "No documents yet")
		h.browser().get("/documents").shows(t, 401, "Sign in")
	})
}

// A filter that hardly anything passes looks through a bounded number of documents at a time.
func TestDocumentsArePaged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		h.keeps(kept{"in", "ReceiptRequest", "rare@castelmere.example", "", "", 200, 0, "the oldest"})
		h.in(func(tx *database.Tx) error {
			for range 2100 {
				if err := tx.Queue(h.ctx(), `INSERT INTO documents (merchant_id, id, direction, type, payload_id, connection_id, object, status, note, body, answer, month, at)
VALUES (?, ?, 'in', 'ProfileRequest', '', '', '', 200, '', '', '', '2026-11', ?)`, "brackwater", database.NewID("doc"), database.At(morning)); err != nil {
					return err
				}
			}
			return nil
		})
		b := h.signedIn()
		rows := func(got answer) int { return strings.Count(got.body, `class="lane__row`) }
		older := func(got answer) string {
			_, rest, _ := strings.Cut(got.body, `class="pager__links"`)
			for _, part := range strings.Split(rest, "href=\"")[1:] {
				if address, tail, _ := strings.Cut(part, "\""); strings.HasPrefix(tail, ">Older") {
					return h.url + strings.ReplaceAll(address, "&amp;", "&")
				}
			}
			t.Fatalf("no older page:\n%s", text(rest))
			return ""
		}
		first := b.get("/documents")
		second := b.get(older(first))
		if rows(first) != 25 || rows(second) != 25 || first.body == second.body {
			t.Errorf("the pages have %d and %d rows", rows(first), rows(second))
		}
		second.shows(t, 200, "Newest", "further back")
		rare := b.get("/documents?type=ReceiptRequest")
		rare.shows(t, 200, "No document fits", "further back were not looked at yet")
		b.get(older(rare)).shows(t, 200, "The oldest")
	})
}

// OCI has no documents of its own kind: what is kept are the fields of forms.
func TestOCIIsToldInPlainWords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		b := h.signedIn()
		castelmere := h.connection("castelmere")
		start := h.keeps(kept{"in", "OCI start", "", castelmere, "", 200, 1, ""})
		h.exec(`UPDATE documents SET body = ?, answer = '' WHERE id = ?`, "HOOK_URL = https://buyer.example/return\nPASSWORD = …\n", start)
		form := h.keeps(kept{"out", "OCI form", "", castelmere, "", 0, 2, "sent through the browser"})
		h.exec(`UPDATE documents SET body = ?, answer = '' WHERE id = ?`, "NEW_ITEM-PRICE[1] = 1.183\nNEW_ITEM-EXT_QUOTE_ID[1] = crt_1\nNEW_ITEM-LONGTEXT_1:132[] = Two\n    lines\n", form)
		price := h.keeps(kept{"in", "OCI VALIDATE", "", castelmere, "", 200, 3, "FAS-1050 costs $1.26 for 100."})
		h.exec(`UPDATE documents SET body = ?, answer = ? WHERE id = ?`, "FUNCTION = VALIDATE\nPRODUCTID = FAS-1050\n", "NEW_ITEM-PRICE[1] = 1.260\nNEW_ITEM-PRICEUNIT[1] = 100\n", price)
		h.keeps(kept{"in", "OCI VALIDATE", "", castelmere, "", 200, 4, "GONE-1 is not offered."})
		h.keeps(kept{"in", "OCI BACKGROUND_SEARCH", "", castelmere, "", 200, 5, "12 items."})
		h.keeps(kept{"in", "OCI start", "", "", "", 401, 6, "The connection, the user or the password is not known here."})
		all := b.get("/documents")
		all.shows(t, 200, "Castelmere Foods asks to shop by OCI.", "The cart goes home to Castelmere Foods, field by field, through the browser.",
			"Castelmere Foods asks what FAS-1050 costs: $1.26 for 100.", "Castelmere Foods asks what a product costs. GONE-1 is not offered.",
			"Castelmere Foods searches the catalogue. 12 items.", "A stranger asks to shop by OCI. The connection, the user or the password is not known here.")
		// Starts and forms take the browser's way, questions the servers'.
		if solid, dashed := strings.Count(all.body, `lane__msg--12"`), strings.Count(all.body, `lane__msg--12 lane__msg--browser"`); solid != 3 || dashed != 2 {
			t.Errorf("%d rows come between servers, %d through the browser", solid, dashed)
		}
		if out := strings.Count(all.body, `lane__msg--21 lane__msg--browser"`); out != 1 {
			t.Errorf("%d forms go home", out)
		}
		b.get("/documents/"+start).shows(t, 200, "OCI start", "HOOK_URL = https://buyer.example/return", "masked", "Line 1")
		b.get("/documents/"+form).shows(t, 200, "Through the browser", "NEW_ITEM-PRICE[1]", "Line 2")
		b.get("/documents/"+price).shows(t, 200, "200", "NEW_ITEM-PRICEUNIT[1]", "The price, and how many it is for.", "Lines 1 to 2")
		for filter, want := range map[string]int{"type=OCI+start": 2, "type=OCI+form": 1, "type=OCI+VALIDATE": 2, "type=OCI+BACKGROUND_SEARCH": 1, "type=OCI+SOURCING": 0, "type=OCI+start&outcome=failed": 1} {
			got := b.get("/documents?" + filter)
			if rows := strings.Count(got.body, `class="lane__row`); got.status != 200 || rows != want {
				t.Errorf("%s: %d rows, want %d", filter, rows, want)
			}
		}
	})
}
