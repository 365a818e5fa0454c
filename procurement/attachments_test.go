package procurement_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/procurement"
)

// Section 6 of the acceptance table: the MIME file, its three ways and its edited variants.

const (
	mimeHeader   = 144 // bytes of the file that are the header of the HTTP message
	specSheet    = `1 att-1@buyer.example.com "spec sheet.pdf" application/pdf 51 92d4ef0d3bd81e9fe82b0920b20e8b02e81b98e79377609929b388ee763e7db5`
	mimeType     = `multipart/related; boundary="----=_Part_20_1718000500"; type="text/xml"; start="<cxml-1@buyer.example.com>"`
	mimePayload  = "1718000500.1@buyer.example.com"
	mimeBoundary = "----=_Part_20_1718000500"
)

// attachments lists what is kept with the newest document of a payloadID, and reads each back.
func (r *rig) attachments(merchant, payloadID string) string {
	r.Helper()
	document := r.kept(merchant, payloadID).ID
	list, err := procurement.AttachmentsOf(r.ctx, r.db, merchant, document)
	if err != nil {
		r.Fatal(err)
	}
	var words []string
	for _, a := range list {
		words = append(words, fmt.Sprintf("%d %s %q %s %d %s", a.Position, a.ContentID, a.Name, a.MediaType, a.Size, a.SHA256))
		whole, err := procurement.FindAttachment(r.ctx, r.db, merchant, document, a.Position)
		if err != nil || int64(len(whole.Body)) != a.Size || a.Body != nil {
			r.Errorf("attachment %d: %d bytes, %v", a.Position, len(whole.Body), err)
		}
	}
	if _, err := procurement.FindAttachment(r.ctx, r.db, merchant, document, int64(len(list)+1)); fault.CodeOf(err) != fault.Unknown {
		r.Errorf("one attachment more: %v", err)
	}
	return strings.Join(words, "; ")
}

func TestTheMIMEFileInAllItsWays(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		whole := sample(t, "order-multipart-base64.mime")
		if len(whole) != 2808 {
			t.Fatalf("the file has %d bytes", len(whole))
		}
		header, body := string(whole[:mimeHeader]), whole[mimeHeader:]
		if !strings.Contains(header, "Content-Type: "+mimeType+"\r\n\r\n") {
			t.Fatalf("the file's header is %q", header)
		}
		delimiter := "--" + mimeBoundary + "\r\n"
		sections := strings.Split(strings.TrimSuffix(string(body), "\r\n--"+mimeBoundary+"--\r\n"), delimiter)
		if len(sections) != 3 || sections[0] != "" {
			t.Fatalf("the file has %d sections", len(sections))
		}
		first, second := strings.TrimSuffix(sections[1], "\r\n"), sections[2]
		swapped := []byte(delimiter + second + "\r\n" + delimiter + first + "\r\n--" + mimeBoundary + "--\r\n")
		lf := bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
		noStart := edited(t, []byte(mimeType), `; start="<cxml-1@buyer.example.com>"`, "")
		tests := []struct {
			name, contentType string
			body              []byte
			missing           bool
			parts             string
		}{
			{"(a) the usual way", mimeType, body, false, specSheet},
			{"(b) with the header of the file as well", mimeType, whole, false, specSheet},
			{"(c) all in the body, called XML", "text/xml", whole, false, specSheet},
			{"(c) all in the body, called XML in UTF-8", "text/xml; charset=UTF-8", whole, false, specSheet},
			{"(c) all in the body, called nothing", "", whole, false, specSheet},
			{"the final boundary cut off", mimeType, edited(t, body, "\r\n--"+mimeBoundary+"--\r\n", ""), false, specSheet},
			{"the final boundary cut off, its line end not", mimeType, edited(t, body, "--"+mimeBoundary+"--\r\n", ""), false, specSheet},
			{"all LF", mimeType, lf, false, specSheet},
			{"all LF, all in the body", "text/xml", bytes.ReplaceAll(whole, []byte("\r\n"), []byte("\n")), false, specSheet},
			{"no start", string(noStart), body, false, specSheet},
			{"the parts swapped", mimeType, swapped, false, specSheet},
			{"the address escaped", mimeType, edited(t, body, "cid:att-1@buyer", "cid:att-1%40buyer"), false, specSheet},
			{"the scheme in capitals", mimeType, edited(t, body, "cid:att-1@buyer", "CID:att-1@buyer"), false, specSheet},
			{"the address in brackets", mimeType, edited(t, body, "cid:att-1@buyer.example.com", "cid:%3Catt-1@buyer.example.com%3E"), false, specSheet},
			{"another Content-ID", mimeType, edited(t, body, "<att-1@buyer", "<att-2@buyer"), true, strings.Replace(specSheet, "att-1", "att-2", 1)},
			{"no Content-ID", mimeType, edited(t, body, "Content-ID: <att-1@buyer.example.com>\r\n", ""), true, strings.Replace(specSheet, "att-1@buyer.example.com", "", 1)},
			{"the file's name for an address", mimeType, edited(t, body, "cid:att-1@buyer.example.com", "spec sheet.pdf"), true, specSheet},
			{"an address on the web", mimeType, edited(t, body, "cid:att-1@buyer.example.com", "https://buyer.example.com/spec"), true, specSheet},
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.buy("buyer")
				if a := r.postAs(merchant, test.contentType, test.body); a.code != 200 {
					t.Fatalf("answered %d %s", a.code, a.detail)
				}
				flagged := "product_unknown 1"
				if test.missing {
					flagged = "attachment_missing, " + flagged
				}
				r.wantOrder(merchant, multipartOrder, flagged, "499.00")
				if got := r.attachments(merchant, mimePayload); got != test.parts {
					t.Errorf("the attachments are\n%s\nwant\n%s", got, test.parts)
				}
				if d := r.kept(merchant, mimePayload); strings.Contains(d.Body, "JVBER") || !strings.HasPrefix(d.Body, "<?xml") {
					t.Errorf("kept as\n%s", d.Body)
				}
			})
		}
		r.expose("PO-10005", secretWords...)
	})
}

// The attachments are no part of what a repeat is recognised by, nor is how they travel.
func TestTheMIMEFileAgain(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		merchant := r.buy("buyer")
		body := sample(t, "order-multipart-base64.mime")[mimeHeader:]
		first := r.postAs(merchant, mimeType, body)
		before := r.counts(merchant)
		if first.code != 200 || before["attachments"] != 1 || before["orders"] != 1 {
			t.Fatalf("%d, %v", first.code, before)
		}
		for name, again := range map[string]struct {
			contentType string
			body        []byte
		}{
			"the same":                {mimeType, body},
			"another boundary":        {strings.ReplaceAll(mimeType, mimeBoundary, "xyz"), bytes.ReplaceAll(body, []byte(mimeBoundary), []byte("xyz"))},
			"another encoding":        {mimeType, edited(t, body, "Transfer-Encoding: base64", "Transfer-Encoding: 8bit")},
			"without the attachment":  {"text/xml", sample(t, "order-multipart-base64.xml")},
			"the document in another": {mimeType, edited(t, body, "<cxml-1@buyer.example.com>\r\n", "<cxml-1@buyer.example.com>\r\nContent-Transfer-Encoding: binary\r\n")},
		} {
			if a := r.postAs(merchant, again.contentType, again.body); !bytes.Equal(a.raw, first.raw) {
				t.Errorf("%s: %d %s is not the stored answer", name, a.code, a.detail)
			}
		}
		if d := changed(before, r.counts(merchant)); d != "" {
			t.Error("changed:", d)
		}
	})
}

func TestTheMIMEFileBroken(t *testing.T) {
	runRig(t, func(t *testing.T, r *rig) {
		whole := sample(t, "order-multipart-base64.mime")
		body := whole[mimeHeader:]
		without := string(edited(t, []byte(mimeType), ` boundary="`+mimeBoundary+`";`, ""))
		for name, test := range map[string]struct {
			contentType string
			body        []byte
		}{
			"no boundary in the header":              {without, body},
			"no boundary in either header":           {without, edited(t, whole, ` boundary="`+mimeBoundary+`";`, "")},
			"no boundary in the body's header":       {"text/xml", edited(t, whole, ` boundary="`+mimeBoundary+`";`, "")},
			"no boundary in the body":                {mimeType, bytes.ReplaceAll(body, []byte(mimeBoundary), []byte("x"))},
			"a drawing for a document":               {strings.Replace(mimeType, "cxml-1@", "att-1@", 1), body},
			"a web page for a document":              {`multipart/related; boundary=b`, []byte("--b\r\nContent-Type: text/html\r\n\r\n<html><body/></html>\r\n--b--")},
			"base64 that breaks off":                 {mimeType, body[:bytes.Index(body, []byte("CiUlRU9G"))+5]},
			"the document in base64 that breaks off": {mimeType, edited(t, body, "<cxml-1@buyer.example.com>\r\n", "<cxml-1@buyer.example.com>\r\nContent-Transfer-Encoding: base64\r\n")},
		} {
			merchant := r.buy("buyer")
			before := r.counts(merchant, "documents")
			if a := r.postAs(merchant, test.contentType, test.body); a.code != 406 {
				t.Errorf("%s: %d %s", name, a.code, a.detail)
			}
			if d := changed(before, r.counts(merchant, "documents")); d != "" {
				t.Errorf("%s changed: %s", name, d)
			}
			if n := r.counts(merchant)["documents"]; n != 1 {
				t.Errorf("%s: %d documents are kept", name, n)
			}
		}
		r.expose("could not be unpacked", secretWords...)
	})
}

// related writes a document and files as one message.
func related(document []byte, files ...string) []byte {
	body := "--edge\r\nContent-Type: text/xml\r\n\r\n" + string(document)
	for _, file := range files {
		body += "\r\n--edge\r\n" + file
	}
	return []byte(body + "\r\n--edge--\r\n")
}

const relatedType = "multipart/related; boundary=edge"

// Files come with any document; on lines as well, some that nobody refers to, some that are not text.
func TestAttachmentsOfLinesAndOthers(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		comment := `</ItemDetail><Comments xml:lang="en">See<Attachment><URL>cid:%s</URL></Attachment></Comments></ItemOut>` + "\n</Order"
		order := po("p1", "A-1", "</ItemDetail></ItemOut>\n</Order", fmt.Sprintf(comment, "plan 1@b.example"))
		body := related(order, "Content-ID: <plan%201@b.example>\r\nContent-Type: image/png\r\n\r\n\x89PNG\x00\xff", "\r\nnobody's 4111111111111111",
			"Content-ID: <a\x00\xff>\r\nContent-Disposition: attachment; filename=\"\xff\x00\"\r\n\r\n")
		if a := r.postAs(merchant, relatedType, body); a.code != 200 {
			t.Fatalf("%d %s", a.code, a.detail)
		}
		if got := flags(r.order(merchant, "A-1")); got != "product_unknown 1, product_unknown 2" {
			t.Errorf("flags %q", got)
		}
		list, err := procurement.AttachmentsOf(r.ctx, r.db, merchant, r.kept(merchant, "p1").ID)
		if err != nil || len(list) != 3 || list[0].Size != 6 || list[2].Size != 0 || list[2].ContentID != "a\uFFFD" || list[2].Name != "\uFFFD" {
			t.Errorf("%+v, %v", list, err)
		}
		// What is attached is opaque: it comes back byte for byte.
		for i, want := range []string{"\x89PNG\x00\xff", "nobody's 4111111111111111", ""} {
			a, err := procurement.FindAttachment(r.ctx, r.db, merchant, r.kept(merchant, "p1").ID, int64(i+1))
			if err != nil || string(a.Body) != want {
				t.Errorf("attachment %d is %q, %v", i+1, a.Body, err)
			}
		}
		// A line's cid that names nobody, beside a part; and a visit with a file.
		if a := r.postAs(merchant, relatedType, related(po("p2", "A-2", "</ItemDetail></ItemOut>\n</Order", fmt.Sprintf(comment, "other")), "Content-ID: <plan>\r\n\r\nx")); a.code != 200 {
			t.Errorf("%d %s", a.code, a.detail)
		}
		if got := flags(r.order(merchant, "A-2")); got != "attachment_missing 2, product_unknown 1, product_unknown 2" {
			t.Errorf("flags %q", got)
		}
		if a := r.postAs(merchant, relatedType, related(setUp("s1", "c", "a@b.example"), "\r\nx")); a.code != 200 || r.counts(merchant)["attachments"] != 5 {
			t.Errorf("%d %s, %d attachments", a.code, a.detail, r.counts(merchant)["attachments"])
		}
		// Also with what is refused, but not a stranger's; and another merchant sees none.
		r.wantCodesAs(merchant, relatedType, 400, related(po("p3", " "), "\r\nx"))
		r.wantCodesAs(merchant, relatedType, 401, related(po("p4", "A-4", "tide&amp;lantern", "wrong"), "\r\nx"))
		if n := r.counts(merchant)["attachments"]; n != 6 {
			t.Errorf("%d attachments", n)
		}
		if got := r.attachments(merchant, "p3"); !strings.HasPrefix(got, `1  "" application/octet-stream 1 `) {
			t.Errorf("of the refused: %s", got)
		}
		if _, err := procurement.FindAttachment(r.ctx, r.db, r.merchant("live"), r.kept(merchant, "p1").ID, 1); fault.CodeOf(err) != fault.Unknown {
			t.Errorf("another merchant's attachment: %v", err)
		}
	})
}

// A buyer whose documents are refused again and again can't fill the disk with their files.
func TestAttachmentsOfRefusedDocumentsAreBounded(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		r.wantCodesAs(merchant, relatedType, 400, related(po("p1", " "), "\r\nx"))
		// As if that file were one byte short of what is kept a day.
		r.in(func(tx *database.Tx) error {
			_, err := tx.Exec(r.ctx, `UPDATE attachments SET size = ? WHERE merchant_id = ?`, 100<<20-1, merchant)
			return err
		})
		r.wantCodesAs(merchant, relatedType, 400, related(po("p2", " "), "\r\nxy"))
		if d := r.kept(merchant, "p2"); r.rows("attachments", merchant) != 1 || !strings.Contains(d.Note, "Its 1 attachments are not kept") || !strings.Contains(d.Note, "@orderID") {
			t.Errorf("%d attachments, kept with %q", r.rows("attachments", merchant), d.Note)
		}
		r.wantCodesAs(merchant, relatedType, 400, related(po("p3", " "), "\r\nx"))
		if n := r.rows("attachments", merchant); n != 2 {
			t.Errorf("%d attachments: what still fits is kept", n)
		}
		r.clock.Advance(24*time.Hour + time.Second)
		r.wantCodesAs(merchant, relatedType, 400, related(po("p4", " "), "\r\nxy"))
		// What is taken is kept whatever was refused.
		r.wantCodesAs(merchant, relatedType, 200, related(po("p5", "A-5"), "\r\nxy"))
		if n := r.rows("attachments", merchant); n != 4 {
			t.Errorf("%d attachments on the next day", n)
		}
	})
}

func (r *rig) wantCodesAs(merchant, contentType string, want int, body []byte) {
	r.Helper()
	if a := r.postAs(merchant, contentType, body); a.code != want {
		r.Errorf("answered %d %s, want %d", a.code, a.detail, want)
	}
}

func gzipped(t testing.TB, parts ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Compressed or as a form, the same document is the same document, and a bomb leaves nothing.
func TestCompressedAndFormEncodedDocuments(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		r.connect(merchant, fixture())
		first := r.post(merchant, po("p1", "A-1"))
		form := "xmlRequest=" + strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B", "<", "%3C").Replace(string(po("p1", "A-1")))
		for name, again := range map[string]struct {
			contentType string
			body        []byte
		}{
			"compressed": {"text/xml", gzipped(t, po("p1", "A-1"))},
			"a form":     {"application/x-www-form-urlencoded", []byte(form)},
			"a message":  {relatedType, related(po("p1", "A-1"))},
		} {
			request, err := http.NewRequestWithContext(r.ctx, http.MethodPost, r.url+"/m/"+merchant+"/cxml", bytes.NewReader(again.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", again.contentType)
			if name == "compressed" {
				request.Header.Set("Content-Encoding", "gzip")
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || !bytes.Equal(raw, first.raw) {
				t.Errorf("%s: %s, %v", name, raw, err)
			}
		}
		before := r.counts(merchant, "documents")
		// The secret comes first: what is kept of a bomb must not show it, packed or not.
		bomb := gzipped(t, po("p2", "A-2"), bytes.Repeat([]byte(" "), 200<<20))
		var start, end runtime.MemStats
		runtime.ReadMemStats(&start)
		r.wantCodesAs(merchant, "text/xml", 499, bomb)
		runtime.ReadMemStats(&end)
		if spent := end.TotalAlloc - start.TotalAlloc; spent > 100<<20 {
			t.Errorf("a bomb of %d bytes took %d", len(bomb), spent)
		}
		r.wantCodesAs(merchant, "text/xml", 406, bomb[:len(bomb)/2][:100])
		r.wantCodesAs(merchant, relatedType, 406, related(po("p2", "A-2"), strings.Split(strings.Repeat("\r\nx|", 9_999)+"\r\nx", "|")...))
		r.wantCodesAs(merchant, "text/xml", 406, []byte("xmlRequest=%3CSharedSecret%3Etide%26lantern%ZZ"))
		if d := changed(before, r.counts(merchant, "documents")); d != "" {
			t.Error("changed:", d)
		}
		r.expose("A-1", "tide&lantern", "tide&amp;lantern", "tide%26lantern")
	})
}
