package checkout

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
)

// LineKey tells lines apart that were sent home: by auxiliary id and product.
type LineKey struct{ Auxiliary, SKU string }

// KeyOf makes the key as Keyed does.
func KeyOf(auxiliaryID, sku string) LineKey { return LineKey{auxiliaryID, accounts.Fold(sku)} }

// digest is the key as it is stored: buyers' ids may be longer than an index takes.
func (k LineKey) digest() string {
	sum := sha256.Sum256([]byte(k.Auxiliary + "\x00" + k.SKU))
	return hex.EncodeToString(sum[:16])
}

// Keyed are the cart's lines as the buyer's system knows them.
func (c *Cart) Keyed() map[LineKey]*CartLine {
	lines := make(map[LineKey]*CartLine, len(c.Lines))
	for i, l := range c.Lines {
		lines[KeyOf(c.AuxiliaryID(l.Line), l.SKU)] = &c.Lines[i]
	}
	return lines
}

// Sent is a line of a cart that was sent home; both nil is none.
type Sent struct {
	Cart *Cart
	Line *CartLine
}

// FindSent finds for each key the line of the cart that was sent home with it last, among the
// organisation's own frozen carts. A line keeps its auxiliary id from edit to edit, so where an
// edit was sent that counts; else an id of ours names its cart itself. Buyers' systems copy, cut and
// invent ids: what leads nowhere, or to somebody else's cart, is none.
func FindSent(ctx context.Context, q database.Querier, merchant, organisation string, keys []LineKey) ([]Sent, error) {
	carts, edits, err := sentCarts(ctx, q, merchant, organisation, keys)
	if err != nil {
		return nil, err
	}
	found := make([]Sent, len(keys))
	lines := map[*Cart]map[LineKey]*CartLine{}
	for i, key := range keys {
		if key.Auxiliary == "" {
			continue
		}
		cart := edits[key.digest()]
		if cart == nil {
			cart = carts[cartOf(key.Auxiliary)]
		}
		if cart == nil || !cart.Frozen || cart.Organisation != organisation {
			continue
		}
		if lines[cart] == nil {
			lines[cart] = cart.Keyed()
		}
		line := lines[cart][key]
		if line == nil && key.Auxiliary == cart.ID {
			line = cart.only(key.SKU)
		}
		if line != nil {
			found[i] = Sent{cart, line}
		}
	}
	return found, readQuotes(ctx, q, merchant, found)
}

// sentCarts reads the carts that the keys name, by id, and the edits that they were sent with last,
// by digest: one statement for as many lines as an order may usually have.
func sentCarts(ctx context.Context, q database.Querier, merchant, organisation string, keys []LineKey) (carts, edits map[string]*Cart, err error) {
	carts, edits = map[string]*Cart{}, map[string]*Cart{}
	const most = 1024
	for part := range slices.Chunk(keys, most) {
		named, digests := []string{}, make([]string, 0, len(part))
		for _, key := range part {
			if key.Auxiliary == "" {
				continue
			}
			digests = append(digests, key.digest())
			if id := cartOf(key.Auxiliary); id != "" && !slices.Contains(named, id) && carts[id] == nil {
				named = append(named, id)
			}
		}
		if len(digests) == 0 {
			continue
		}
		if len(named) == 0 {
			named = append(named, "") // no cart's id
		}
		ids, idList := listed(named)
		lines, lineList := listed(digests)
		var rows []struct {
			Digest string `db:"digest"`
			cartRow
		}
		args := append(append([]any{merchant}, ids...), merchant, organisation)
		query := selectNamed + idList + selectEdited + lineList
		if err := q.Select(ctx, &rows, query, append(args, lines...)...); err != nil {
			return nil, nil, err
		}
		for _, r := range rows {
			if carts[r.ID] == nil {
				cart, err := r.cart(merchant)
				if err != nil {
					return nil, nil, err
				}
				carts[r.ID] = &cart
			}
			if r.Digest != "" {
				edits[r.Digest] = carts[r.ID]
			}
		}
	}
	return carts, edits, nil
}

// listed is a list of values for IN, filled up to a power of two with its own last value, so that
// few different texts have to be prepared.
func listed(values []string) (args []any, list string) {
	size := 1
	for size < len(values) {
		size *= 2
	}
	for i := range size {
		args = append(args, values[min(i, len(values)-1)])
	}
	return args, "(?" + strings.Repeat(", ?", size-1) + ")"
}

// cartOf reads our cart's id out of an auxiliary id, see AuxiliaryID; "" where there is none. Buyers
// who keep a quote's number without its item send the cart's id alone.
func cartOf(auxiliaryID string) string {
	id, _, _ := strings.Cut(strings.TrimSpace(auxiliaryID), "-")
	if !strings.HasPrefix(id, cartPrefix) {
		return ""
	}
	return id
}

// only is the cart's line with that folded part number, if there is one and no other.
func (c *Cart) only(folded string) *CartLine {
	var found *CartLine
	for i, l := range c.Lines {
		switch {
		case accounts.Fold(l.SKU) != folded:
		case found != nil:
			return nil
		default:
			found = &c.Lines[i]
		}
	}
	return found
}

// keepSent remembers in which cart the lines that came back were sent home last.
func keepSent(ctx context.Context, tx *database.Tx, c Cart) error {
	var digests []string
	for _, l := range c.Lines {
		if l.Auxiliary != "" {
			digests = append(digests, KeyOf(l.Auxiliary, l.SKU).digest())
		}
	}
	slices.Sort(digests) // two edits of the same lines take them in one order
	digests = slices.Compact(digests)
	rows := make([][]any, len(digests))
	for i, digest := range digests {
		rows[i] = []any{c.Merchant, c.Organisation, digest, c.ID}
	}
	return tx.UpsertAll(ctx, `cart_edits (merchant_id, organisation_id, digest, cart_id)`,
		`ON CONFLICT (merchant_id, organisation_id, digest) DO UPDATE SET cart_id = excluded.cart_id`, rows)
}

const (
	// UNION ALL and not OR: each half has an index of its own.
	selectNamed = `
SELECT '' AS digest, id, organisation_id, currency, state, content, frozen_at, version
  FROM carts WHERE merchant_id = ? AND id IN `
	selectEdited = `
 UNION ALL
SELECT e.digest, c.id, c.organisation_id, c.currency, c.state, c.content, c.frozen_at, c.version
  FROM cart_edits e JOIN carts c ON c.merchant_id = e.merchant_id AND c.id = e.cart_id
 WHERE e.merchant_id = ? AND e.organisation_id = ? AND e.digest IN `
)
