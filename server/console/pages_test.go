package console_test

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/orders"
)

const hostile = `<script>alert("1")</script>'"&`

// Names, numbers and reasons come from strangers and are only ever text.
func TestHostileTextStaysText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		h.exec(`UPDATE organisations SET name = ? WHERE merchant_id = ? AND external_id = ?`, hostile, "brackwater", "castelmere")
		h.exec(`UPDATE merchants SET name = ? WHERE id = ?`, hostile, "brackwater")
		lines := append([]orders.Line(nil), cartC...)
		lines = append(lines, line(hostile, "1", "EA", "1.00"))
		lines[4].Name = hostile
		o := h.place("castelmere", hostile, checkout.New, lines)
		document := h.document(o.ID, `<cXML payloadID="1"><Header><SharedSecret>********</SharedSecret><a b="&lt;script>">`+"&lt;script>alert(1)&lt;/script>"+`</a></Header></cXML>`, `not xml <script>alert(2)</script>`)
		b := h.signedIn()
		paths := []string{"", "/orders", "/orders?number=" + url.QueryEscape(hostile), "/orders/" + o.ID, "/orders/" + o.ID + "?done=" + url.QueryEscape(hostile),
			"/credit", h.lineOf("castelmere"), h.lineOf("castelmere") + "?part=" + url.QueryEscape(hostile) + "&before=" + url.QueryEscape(hostile),
			"/documents/" + document, "/orders?before=" + url.QueryEscape(hostile) + "&state=x"}
		for _, path := range paths {
			got := b.get(path)
			if got.status != 200 {
				t.Errorf("%s: %d", path, got.status)
			}
			if strings.Contains(got.body, "<script>") || strings.Contains(got.body, ` style="`) || strings.Contains(got.body, "ZgotmplZ") {
				t.Errorf("%s: unescaped text or a style", path)
			}
			for name, secret := range h.keys {
				if strings.Contains(got.body, secret) || strings.Contains(got.body, secret[len(secret)-12:]) {
					t.Errorf("%s shows the key %s", path, name)
				}
			}
		}
		b.get("/documents/"+document).shows(t, 200, "OrderRequest", "200 OK", "SharedSecret", "********", "not xml &lt;script&gt;alert(2)")
		raw := b.get("/documents/" + document + "/raw?part=answer")
		if raw.header.Get("Content-Type") != "text/plain; charset=utf-8" || raw.header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(raw.body, "not xml") {
			t.Errorf("raw: %v %q", raw.header, raw.body)
		}
		for _, path := range []string{"/orders/ord_nothing", "/credit/lin_nothing", "/documents/doc_nothing", "/orders?organisation=org_x"} {
			b.get(path).shows(t, 404, "There is nothing here")
		}
	})
}

// document keeps one as the wire would have.
func (h *house) document(object, body, answer string) string {
	h.Helper()
	id := database.NewID("doc")
	h.exec(`INSERT INTO documents (merchant_id, id, direction, type, payload_id, connection_id, object, status, note, body, answer, month, at)
VALUES (?, ?, 'in', 'OrderRequest', 'C-2001@buyer.example', 'con_1', ?, 200, 'Order C-2001 waits for review: 195.00 USD over', ?, ?, '2026-11', ?)`,
		"brackwater", id, object, body, answer, database.At(morning))
	return id
}

// Files of strangers are listed as text and only ever saved.
func TestAttachmentsAreDownloads(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		document := h.document("", "<cXML/>", "")
		attach := func(merchant string, position int, name, mediaType, body string) {
			h.exec(`INSERT INTO attachments (merchant_id, document_id, position, content_id, name, media_type, size, sha256, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				merchant, document, position, hostile, name, mediaType, len(body), fmt.Sprintf("%x", sha256.Sum256([]byte(body))), []byte(body))
		}
		page := "<html><script>alert(1)</script></html>"
		attach("brackwater", 1, "Pläne 1.html", "text/html", page)
		attach("brackwater", 2, "a\r\nSet-Cookie: x=\"1\".svg", hostile, "<svg/>")
		attach("brackwater", 3, "", "application/pdf", "")
		b := h.signedIn()
		got := b.get("/documents/" + document)
		got.shows(t, 200, "Attachments", "Pläne 1.html", "38 bytes", "called text/html by its sender", "without a name", "0 bytes",
			"sha-256 1e88fe5a73e9700a 27597a02ed7ec3c4 cc1eb8e0d6ca580c d4473a5e7e6dc194")
		if strings.Contains(got.body, "<script>") {
			t.Error("unescaped text")
		}
		for position, want := range map[string]struct{ disposition, body string }{
			"1": {"attachment; filename*=utf-8''Pl%C3%A4ne%201.html", page},
			"2": {"attachment; filename*=utf-8''a%0D%0ASet-Cookie%3A%20x%3D%221%22.svg", "<svg/>"},
			"3": {"attachment; filename=attachment-3", ""},
		} {
			got := b.get("/documents/" + document + "/attachments/" + position)
			if got.status != 200 || got.body != want.body || got.header.Get("Content-Disposition") != want.disposition || got.header.Get("Set-Cookie") != "" ||
				got.header.Get("Content-Type") != "application/octet-stream" || got.header.Get("X-Content-Type-Options") != "nosniff" ||
				got.header.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || got.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %q %v", position, got.status, got.body, got.header)
			}
		}
		for _, position := range []string{"0", "4", "-1", "x", "1e0", "99999999999999999999"} {
			b.get("/documents/"+document+"/attachments/"+position).shows(t, 404, "There is nothing here")
		}
		// Neither another merchant's staff nor anybody without a key.
		other := h.browser()
		other.base = h.url + "/m/otherco/console"
		other.post("/sign-in", url.Values{"key": {h.keys["OTHER"]}})
		other.get("/documents/"+document+"/attachments/1").shows(t, 404, "There is nothing here")
		h.browser().get("/documents/"+document+"/attachments/1").shows(t, 401, "Sign in")
	})
}

func TestAMessageThatWasGivenUpIsSentAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		woken := 0
		h.desk.Wake = func() { woken++ }
		o := h.place("castelmere", "C-2001", checkout.New, cartC)
		h.exec(`UPDATE deliveries SET state = 'dead', attempt = 40, note = ? WHERE merchant_id = ? AND object = ?`, "the buyer's system answered HTTP 502", "brackwater", o.ID)
		woken = 0
		b := h.signedIn()
		page := b.get("/orders/" + o.ID)
		page.shows(t, 200, "The order waits The buyer's system answered HTTP 502 Given up", "Send again", "A message was given up")
		form := url.Values{"token": {page.token(t, "/resend")}, "destination": {page.field(t, "destination")}, "seq": {page.field(t, "seq")}}
		for range 2 {
			b.follow(b.post("/orders/"+o.ID+"/resend", form)).shows(t, 200, "The message is on its way again.", "Ready to send")
		}
		if n := h.number(`SELECT count(*) FROM audit WHERE merchant_id = ? AND action = ? AND actor = ?`, "brackwater", "delivery.resend", "console:desk"); n != 1 || woken != 1 {
			t.Errorf("%d audit entries, woken %d times", n, woken)
		}
		form.Set("seq", "x")
		b.post("/orders/"+o.ID+"/resend", form).shows(t, 422, "The message is named by its number.")
	})
}

func TestListsGoOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		h := open(t, db, false)
		for i := range 26 {
			h.place("northfold", "P-"+strings.Repeat("i", i+1), checkout.New, cartC[3:])
		}
		b := h.signedIn()
		first := b.get("/orders")
		first.shows(t, 200, "25 orders on this page", "Older")
		older := strings.Split(strings.Split(first.body, `/orders?before=`)[1], `"`)[0]
		last := b.get("/orders?before=" + older)
		last.shows(t, 200, "1 order on this page", "Newest", "P-i")
		b.get("/orders?number=p-III&state=approved").shows(t, 200, "1 order on this page", "Clear")
		b.get("/orders?number=nothing").shows(t, 200, "No order fits")
		entries := b.get(h.lineOf("northfold") + "?part=holds")
		entries.shows(t, 200, "25 entries on this page", "Older")
		next := strings.Split(strings.Split(entries.body, `href="/m/brackwater/console`)[1:][strings.Count(strings.Split(entries.body, ">Older<")[0], `href="/m/brackwater/console`)-1], `"`)[0]
		b.get(strings.ReplaceAll(strings.TrimSuffix(next, "#entries"), "&amp;", "&")).shows(t, 200, "Newest", "Owed when the line was opened")
	})
}
