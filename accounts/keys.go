package accounts

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
)

// Keys guards secrets with subkeys of KONTOR_SECRET_KEY: what we only check is kept as a
// digest, what we must send is sealed.
type Keys struct {
	digest []byte
	hash   []byte
	seal   cipher.AEAD
}

// NewKeys derives the subkeys; the secret must have at least 32 bytes.
func NewKeys(secret []byte) (*Keys, error) {
	if len(secret) < 32 {
		return nil, errors.New("the secret key must have at least 32 characters")
	}
	sub := func(purpose string) []byte {
		key, err := hkdf.Key(sha256.New, secret, nil, "kontor/"+purpose, 32)
		if err != nil {
			panic(err) // only for lengths that SHA-256 can't give
		}
		return key
	}
	block, err := aes.NewCipher(sub("seal"))
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Keys{digest: sub("digest"), hash: sub("hash"), seal: seal}, nil
}

// Digest is the kept form of a secret or token that is only compared: HMAC-SHA-256. purpose
// keeps digests of different tables apart.
func (k *Keys) Digest(purpose, secret string) []byte { return mac(k.digest, purpose, []byte(secret)) }

// Hash is a keyed hash of a document, so that it can't be used to guess what is in it.
func (k *Keys) Hash(body []byte) []byte { return mac(k.hash, "document", body) }

func mac(key []byte, purpose string, body []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(purpose))
	m.Write([]byte{0})
	m.Write(body)
	return m.Sum(nil)
}

// Seal encrypts a secret that we must be able to send. place names table, column and row, so
// that the sealed bytes are worth nothing anywhere else.
func (k *Keys) Seal(place, secret string) []byte {
	return k.seal.Seal(nil, nil, []byte(secret), []byte(place))
}

// Open decrypts what Seal made for the same place.
func (k *Keys) Open(place string, sealed []byte) (string, error) {
	plain, err := k.seal.Open(nil, nil, sealed, []byte(place))
	if err != nil {
		return "", errors.New("a sealed secret can't be opened: was the secret key changed?")
	}
	return string(plain), nil
}

var tokenText = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// NewToken makes an unguessable token of 160 bits that fits an address.
func NewToken(prefix string) string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails, it would end the program (crypto/rand)
	return prefix + tokenText.EncodeToString(b[:])
}

// NewAPIKey makes a key that names its merchant: sk_<merchant>_<random>.
func NewAPIKey(merchant string) string { return NewToken("sk_" + merchant + "_") }

// APIKey is a key as it is kept.
type APIKey struct {
	ID         string `db:"id"`
	Merchant   string `db:"merchant_id"`
	ExternalID string `db:"external_id"`
	Disabled   bool   `db:"disabled"`
}

// FindAPIKey checks a key and finds whose it is. Unknown, closed and malformed keys get the
// same answer.
func (k *Keys) FindAPIKey(ctx context.Context, q database.Querier, key string) (APIKey, error) {
	refused := fault.New(fault.Unauthenticated, "the API key is missing or not valid")
	rest, ok := strings.CutPrefix(key, "sk_")
	end := strings.LastIndexByte(rest, '_')
	if !ok || end < 0 || !isSlug(rest[:end]) || len(key) > 200 {
		return APIKey{}, refused
	}
	var found APIKey
	err := q.Get(ctx, &found, selectAPIKey, rest[:end], k.Digest("api_key", key))
	if database.None(err) || (err == nil && found.Disabled) {
		return APIKey{}, refused
	}
	return found, err
}

// isSlug tells whether a text has the form of a merchant's id. Anything else is not asked for:
// PostgreSQL answers text that isn't UTF-8 with an error of its own.
func isSlug(text string) bool {
	return len(text) >= 3 && len(text) <= 24 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// LiveKey reads a key by its id, for sessions that were opened with it; closed ones are
// fault.Unknown. An empty id is the merchant's first live key.
func LiveKey(ctx context.Context, q database.Querier, merchant, id string) (APIKey, error) {
	var found APIKey
	query, args := selectKeyByID, []any{merchant, false, id}
	if id == "" {
		query, args = selectFirstKey, args[:2]
	}
	err := q.Get(ctx, &found, query, args...)
	if database.None(err) {
		return APIKey{}, fault.New(fault.Unknown, "there is no such key, or it is closed")
	}
	return found, err
}

const (
	keyColumns     = `SELECT id, merchant_id, external_id, disabled FROM api_keys WHERE merchant_id = ?`
	selectAPIKey   = keyColumns + ` AND digest = ?`
	selectKeyByID  = keyColumns + ` AND disabled = ? AND id = ?`
	selectFirstKey = keyColumns + ` AND disabled = ? ORDER BY id LIMIT 1`
)
