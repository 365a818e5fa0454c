package procurement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/url"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
)

// Attachment is a file that came in one message with a document. Name and media type are its
// sender's words: whoever serves it says "attachment" and "nosniff".
type Attachment struct {
	Document  string `db:"document_id"` // what it came with
	Position  int64  `db:"position"`    // in the message, from 1
	ContentID string `db:"content_id"`
	Name      string `db:"name"`
	MediaType string `db:"media_type"`
	Size      int64  `db:"size"`
	SHA256    string `db:"sha256"` // in hexadecimal
	Body      []byte `db:"body"`   // only FindAttachment and FindAttachmentOfOrder fill it
}

// AttachmentPolicy is the Content-Security-Policy of a file: whatever it is, nothing of it runs.
const AttachmentPolicy = "default-src 'none'; sandbox"

// Disposition is the Content-Disposition by which a browser saves the file and never shows it.
func (a Attachment) Disposition() string {
	name := a.Name
	if name == "" {
		name = "attachment-" + strconv.FormatInt(a.Position, 10)
	}
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

// AttachmentsOf lists what came with a document, without the bytes.
func AttachmentsOf(ctx context.Context, q database.Querier, merchant, document string) ([]Attachment, error) {
	var list []Attachment
	err := q.Select(ctx, &list, selectAttachments, merchant, document)
	return list, err
}

// AttachmentsOfOrder lists what came with the documents about an order, oldest first, without the bytes.
func AttachmentsOfOrder(ctx context.Context, q database.Querier, merchant, order string) ([]Attachment, error) {
	var list []Attachment
	err := q.Select(ctx, &list, selectAttachmentsOfOrder, merchant, order)
	return list, err
}

// FindAttachmentOfOrder reads one with its bytes, if it came with a document about that order.
func FindAttachmentOfOrder(ctx context.Context, q database.Querier, merchant, order, document string, position int64) (Attachment, error) {
	var a Attachment
	err := q.Get(ctx, &a, selectAttachmentOfOrder, merchant, order, document, position)
	if database.None(err) {
		return Attachment{}, fault.New(fault.Unknown, "the order has no attachment with that id")
	}
	return a, err
}

// FindAttachment reads one with its bytes.
func FindAttachment(ctx context.Context, q database.Querier, merchant, document string, position int64) (Attachment, error) {
	var a Attachment
	err := q.Get(ctx, &a, selectAttachment, merchant, document, position)
	if database.None(err) {
		return Attachment{}, fault.New(fault.Unknown, "there is no attachment with that number")
	}
	return a, err
}

// keepAttachments keeps all parts, also those that nobody refers to: the sender had a reason.
func keepAttachments(ctx context.Context, tx *database.Tx, merchant, document string, parts []cxml.Part) error {
	for i, part := range parts {
		body := part.Body
		if body == nil {
			body = []byte{} // an empty file is no NULL
		}
		digest := sha256.Sum256(body)
		if _, err := tx.Exec(ctx, insertAttachment, merchant, document, i+1, string(storable([]byte(part.ContentID))),
			string(storable([]byte(part.Name))), string(storable([]byte(part.MediaType))), len(body), hex.EncodeToString(digest[:]), body); err != nil {
			return err
		}
	}
	return nil
}

// attached are the ids by which a document may refer to the parts.
func attached(parts []cxml.Part) map[string]bool {
	ids := map[string]bool{}
	for _, part := range parts {
		if part.ContentID != "" {
			ids[unescaped(part.ContentID)] = true
		}
	}
	return ids
}

// attachmentID takes the id out of "cid:…". Anything else names no part: a file's name says
// nothing about which file, and addresses are not fetched.
func attachmentID(address string) (string, bool) {
	scheme, id, found := strings.Cut(strings.TrimSpace(address), ":")
	if !found || !strings.EqualFold(scheme, "cid") {
		return "", false
	}
	return unescaped(strings.TrimSuffix(strings.TrimPrefix(unescaped(id), "<"), ">")), true
}

// attachmentName is what its sender calls an attachment, as a sentence can hold it.
func attachmentName(address string) string {
	if id, ok := attachmentID(address); ok {
		address = id
	}
	if address == "" {
		return "without an address"
	}
	return short(address)
}

// unescaped is applied to both sides: the address is percent-encoded by rule, and some senders
// write the header in the same way.
func unescaped(id string) string {
	if plain, err := url.PathUnescape(id); err == nil {
		return plain
	}
	return id
}

const (
	insertAttachment = `
INSERT INTO attachments (merchant_id, document_id, position, content_id, name, media_type, size, sha256, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

	selectAttachments = `
SELECT document_id, position, content_id, name, media_type, size, sha256 FROM attachments WHERE merchant_id = ? AND document_id = ? ORDER BY position`

	selectAttachment = `
SELECT document_id, position, content_id, name, media_type, size, sha256, body FROM attachments WHERE merchant_id = ? AND document_id = ? AND position = ?`

	ofOrder = `
  FROM documents d JOIN attachments a ON a.merchant_id = d.merchant_id AND a.document_id = d.id
 WHERE d.merchant_id = ? AND d.object = ? AND d.direction = 'in'`
	selectAttachmentsOfOrder = `
SELECT a.document_id, a.position, a.content_id, a.name, a.media_type, a.size, a.sha256` + ofOrder + ` ORDER BY a.document_id, a.position`
	selectAttachmentOfOrder = `
SELECT a.document_id, a.position, a.content_id, a.name, a.media_type, a.size, a.sha256, a.body` + ofOrder + ` AND d.id = ? AND a.position = ?`
)
