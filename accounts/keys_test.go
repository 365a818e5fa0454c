package accounts_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
)

func keys(t *testing.T, secret string) *accounts.Keys {
	t.Helper()
	k, err := accounts.NewKeys([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const secretKey = "0123456789abcdef0123456789abcdef"

func TestAShortSecretKeyIsRefused(t *testing.T) {
	for _, secret := range []string{"", secretKey[1:]} {
		if k, err := accounts.NewKeys([]byte(secret)); err == nil || k != nil {
			t.Errorf("%d bytes were taken", len(secret))
		}
	}
}

func TestASealedSecretOpensOnlyWhereItBelongs(t *testing.T) {
	k := keys(t, secretKey)
	for _, secret := range []string{"", "s3cret", strings.Repeat("long ", 1000), "\x00\xff"} {
		sealed := k.Seal("connections/out/con_1", secret)
		if got, err := k.Open("connections/out/con_1", sealed); err != nil || got != secret {
			t.Errorf("opened as %q, %v", got, err)
		}
		if len(secret) > 3 && bytes.Contains(sealed, []byte(secret)) {
			t.Error("the secret is readable")
		}
		if bytes.Equal(sealed, k.Seal("connections/out/con_1", secret)) {
			t.Error("sealed twice gives the same bytes, which tells that two secrets are equal")
		}
		for _, place := range []string{"connections/out/con_2", "connections/in/con_1", ""} {
			if got, err := k.Open(place, sealed); err == nil || got != "" {
				t.Errorf("opened at %q", place)
			}
		}
		if _, err := keys(t, "another"+secretKey).Open("connections/out/con_1", sealed); err == nil {
			t.Error("opened with another key")
		}
		for i := range sealed {
			if i > 40 {
				break
			}
			changed := bytes.Clone(sealed)
			changed[i] ^= 1
			if _, err := k.Open("connections/out/con_1", changed); err == nil {
				t.Errorf("opened although byte %d was changed", i)
			}
		}
	}
	for _, short := range [][]byte{nil, {1}, make([]byte, 27)} {
		if _, err := k.Open("", short); err == nil {
			t.Errorf("%d bytes were opened", len(short))
		}
	}
}

func TestDigestsOfDifferentPurposesDiffer(t *testing.T) {
	k := keys(t, secretKey)
	seen := map[string]string{}
	for _, of := range [][2]string{{"api_key", "x"}, {"token", "x"}, {"api_key", "y"}, {"api", "_keyx"}, {"", "api_keyx"}, {"document", "x"}} {
		digest := k.Digest(of[0], of[1])
		if len(digest) != 32 || !bytes.Equal(digest, k.Digest(of[0], of[1])) {
			t.Errorf("%q: %x", of, digest)
		}
		if other, met := seen[string(digest)]; met {
			t.Errorf("%q has the digest of %s", of, other)
		}
		seen[string(digest)] = of[0] + " " + of[1]
	}
	if bytes.Equal(k.Hash([]byte("x")), k.Digest("document", "x")) {
		t.Error("a document's hash is a secret's digest")
	}
	if bytes.Equal(k.Digest("token", "x"), keys(t, "another"+secretKey).Digest("token", "x")) {
		t.Error("the digest does not depend on the key")
	}
}

func TestTokens(t *testing.T) {
	form := regexp.MustCompile(`^pun_[a-z2-9]{32}$`)
	seen := map[string]bool{}
	for range 200 {
		token := accounts.NewToken("pun_")
		if !form.MatchString(token) || seen[token] {
			t.Fatalf("token %q", token)
		}
		seen[token] = true
	}
}

func TestFindAPIKey(t *testing.T) {
	k := keys(t, secretKey)
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		seed(t, db)
		add := func(merchant, id string) string {
			key := accounts.NewAPIKey(merchant)
			exec(t, db, `INSERT INTO api_keys (merchant_id, id, external_id, digest, hint, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
				merchant, id, id, k.Digest("api_key", key), key[len(key)-4:], database.At(noon), database.At(noon))
			return key
		}
		plain, dashed, closed := add("brackwater", "key_1"), add("brack-water-2", "key_2"), add("brackwater", "key_3")
		exec(t, db, "UPDATE api_keys SET disabled = TRUE WHERE merchant_id = ? AND id = ?", "brackwater", "key_3")
		for key, want := range map[string]accounts.APIKey{
			plain:  {ID: "key_1", Merchant: "brackwater", ExternalID: "key_1"},
			dashed: {ID: "key_2", Merchant: "brack-water-2", ExternalID: "key_2"},
		} {
			if got, err := k.FindAPIKey(t.Context(), db, key); err != nil || got != want {
				t.Errorf("%+v, %v; want %+v", got, err, want)
			}
		}
		random := plain[strings.LastIndex(plain, "_"):]
		refused := map[string]string{
			"closed": closed, "unknown": accounts.NewAPIKey("brackwater"), "of no merchant": accounts.NewAPIKey("nobody"),
			"another merchant's name": "sk_brack-water-2" + random, "empty": "", "only the prefix": "sk_", "no merchant": "sk_" + random,
			"without prefix": strings.TrimPrefix(plain, "sk_"), "other prefix": "pk" + plain[2:], "a letter more": plain + "a",
			"a blank before": " " + plain, "capitals": strings.ToUpper(plain), "very long": plain + strings.Repeat("a", 1000),
			"not UTF-8": "sk_br\xffck" + random, "a zero inside": "sk_br\x00ck" + random, "no UTF-8 after": "sk_brackwater_\xff",
		}
		var first string
		for name, key := range refused {
			got, err := k.FindAPIKey(t.Context(), db, key)
			if fault.CodeOf(err) != fault.Unauthenticated || got != (accounts.APIKey{}) {
				t.Errorf("%s: %+v, %v", name, got, err)
				continue
			}
			if first == "" {
				first = err.Error()
			}
			if err.Error() != first {
				t.Errorf("%s says %q, another %q", name, err, first)
			}
		}
	})
}
