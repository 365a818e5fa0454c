package catalog

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
)

// Query asks for products. Every word of Text must begin a word of the product's part number,
// name, description or category, or Text is the whole number by which the organisation itself knows
// the product; without Text and Category it is all that is on offer.
type Query struct {
	Text     string
	Category string
	After    string // where the page before ended, "" at the start
	Limit    int
}

// Category is a group of products with how many of them are on offer.
type Category struct {
	Name     string `db:"category"`
	Products int    `db:"products"`
}

const (
	page     = 100 // where no limit was named
	maxPage  = 1000
	maxWords = 12 // of a query
	maxWord  = 64 // bytes of a word that are compared
)

// Search lists offers in the order in which the products were made, page by page; next is the
// After of the following page, "" on the last. What the organisation itself calls by Text comes
// before all others, wherever its words would place it. A Text without letters and digits finds
// nothing else.
func Search(ctx context.Context, q database.Querier, organisation accounts.Organisation, currency string, on money.Date, query Query) (found []*Offer, next string, err error) {
	limit := min(query.Limit, maxPage)
	if limit <= 0 {
		limit = page
	}
	if !storable(query.Category) || !storable(query.After) {
		return nil, "", nil
	}
	stands, err := standingOf(ctx, q, organisation)
	if err != nil {
		return nil, "", err
	}
	own, err := stands.calledSo(ctx, q, organisation, currency, on, query)
	if err != nil {
		return nil, "", err
	}
	part, args := stands.buyerPart()
	visible, more := stands.visible(currency, on)
	words := queryWords(query.Text)
	first := 0 // how many stand before those that are found by their words
	if own != nil && query.After == "" {
		found, first = append(found, own), 1
	}
	if query.Text != "" && len(words) == 0 {
		return found, "", nil
	}
	text := selectSeen + part + ` AS buyer_part` + fromProducts
	if len(words) > 0 && !lite(q) {
		text, args = text+postgresMatch, append(args, organisation.Merchant, postgresPattern(words), query.After)
	}
	text, args = text+visible, append(args, more...)
	if len(words) > 0 && lite(q) {
		text, args = text+sqliteMatch, append(args, organisation.Merchant, sqlitePattern(words))
	}
	if query.Category != "" {
		text, args = text+` AND p.category = ?`, append(args, query.Category)
	}
	if own != nil {
		text, args = text+` AND p.id <> ?`, append(args, own.ID)
	}
	var rows []productRow
	room := limit - first
	if err := q.Select(ctx, &rows, text+` AND p.id > ? ORDER BY p.id LIMIT ?`, append(args, query.After, room+1)...); err != nil {
		return nil, "", err
	}
	if len(rows) > room {
		if rows, next = rows[:room], beforeAll; room > 0 {
			next = rows[room-1].ID
		}
	}
	products := make([]seen, len(rows))
	for i, r := range rows {
		product, err := r.product()
		if err != nil {
			return nil, "", err
		}
		products[i] = seen{Product: product, buyerPart: r.BuyerPart}
	}
	offers, err := offersOf(ctx, q, organisation, stands, currency, on, products)
	return append(found, offers...), next, err
}

// beforeAll is less than every product's id, and no "": the first page had room for one product, and
// that was not found by its words.
const beforeAll = "prd_00000000000000000000000000"

// calledSo finds what is offered and the organisation itself calls by the whole text; nil is nothing.
func (s standing) calledSo(ctx context.Context, q database.Querier, organisation accounts.Organisation, currency string, on money.Date, query Query) (*Offer, error) {
	if query.Text == "" {
		return nil, nil
	}
	numbers, err := s.ownNumbers(ctx, q, []Asked{{BuyerPart: query.Text}})
	sku := numbers[accounts.Fold(query.Text)]
	if err != nil || sku == "" {
		return nil, err
	}
	offers, err := s.offers(ctx, q, organisation, currency, on, []string{sku})
	offer := offers[accounts.Fold(sku)]
	if offer == nil || query.Category != "" && offer.Category != query.Category {
		return nil, err
	}
	return offer, nil
}

// Categories lists the categories in which something is on offer, in the order in which their
// first products were made.
func Categories(ctx context.Context, q database.Querier, organisation accounts.Organisation, currency string, on money.Date) ([]Category, error) {
	stands, err := standingOf(ctx, q, organisation)
	if err != nil {
		return nil, err
	}
	visible, args := stands.visible(currency, on)
	var categories []Category
	err = q.Select(ctx, &categories, selectCategories+visible+` GROUP BY p.category ORDER BY min(p.id)`, args...)
	return categories, err
}

// AllCategories lists the categories that there are, whoever is shown them.
func AllCategories(ctx context.Context, q database.Querier, merchant string) ([]string, error) {
	var categories []string
	err := q.Select(ctx, &categories, selectAllCategories, merchant)
	return categories, err
}

// visible is the condition that a product is on offer: not withdrawn, with a price in force, and in
// the assortment. It must agree with newOffer, or pages would be short; dates are text of one width
// and compare alike on both engines.
func (s standing) visible(currency string, on money.Date) (condition string, args []any) {
	organisations := chunks(append([]string{""}, s.chain...))[0]
	args = append([]any{s.merchant, currency}, organisations...)
	args = append(args, on.String(), on.String())
	shown, more := s.shown()
	return `
 WHERE p.merchant_id = ? AND NOT p.disabled
   AND EXISTS (SELECT 1 FROM prices v WHERE v.merchant_id = p.merchant_id AND v.product_id = p.id AND v.currency = ?
               AND v.organisation_id IN ` + list(len(organisations)) + `
               AND v.valid_from <= ? AND (v.valid_to = '' OR v.valid_to >= ?))
   AND ` + shown, append(args, more...)
}

// index writes the words of a product; Save calls it in its transaction.
func index(ctx context.Context, tx *database.Tx, p Product) error {
	words := productWords(p)
	if !tx.Lite() {
		quoted := ""
		if len(words) > 0 {
			quoted = "'" + strings.Join(words, "' '") + "'"
		}
		_, err := tx.Exec(ctx, postgresIndex, p.Merchant, p.ID, quoted)
		return err
	}
	if _, err := tx.Exec(ctx, sqliteNumber, p.Merchant, p.ID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, sqliteIndex, strings.Join(words, " "), p.Merchant, p.ID)
	return err
}

// productWords are the words that a product is found by. The part number is there in one piece
// too, so that PPE2010 finds PPE-2010.
func productWords(p Product) []string {
	number := splitWords(p.SKU)
	words := append(splitWords(strings.Join([]string{p.Name, p.Category, p.UNSPSC, p.Description}, " ")), number...)
	if len(number) > 1 {
		words = append(words, cut(strings.Join(number, "")))
	}
	return words
}

func queryWords(text string) []string {
	words := splitWords(text)
	return words[:min(len(words), maxWords)]
}

// splitWords folds a text for search: compatibility forms and accents are taken off (½ is 1 2,
// Ü is u), case is folded, and what is neither letter nor digit parts words. What comes out has
// no character that either engine's query language knows.
func splitWords(text string) []string {
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.M, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(text))
	words := strings.FieldsFunc(accounts.Fold(plain), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	for i, w := range words {
		words[i] = cut(w)
	}
	return words
}

// cut shortens a word to what is compared, at the end of a character.
func cut(word string) string {
	if len(word) <= maxWord {
		return word
	}
	end := maxWord
	for !utf8.RuneStart(word[end]) {
		end--
	}
	return word[:end]
}

// sqlitePattern: "hex"* "bolt"* is all words, each as a beginning.
func sqlitePattern(words []string) string { return `"` + strings.Join(words, `"* "`) + `"*` }

// postgresPattern is the same for a tsquery.
func postgresPattern(words []string) string { return `'` + strings.Join(words, `':* & '`) + `':*` }

// lite tells which engine reads.
func lite(q database.Querier) bool {
	engine, ok := q.(interface{ Lite() bool })
	return ok && engine.Lite()
}

// The two engines' full-text search; nothing else in this program differs between them but locks.
const (
	sqliteMatch = `
   AND p.id IN (SELECT n.product_id FROM product_words w JOIN product_word_rows n ON n.number = w.rowid
                 WHERE n.merchant_id = ? AND w.words MATCH ?)`

	// FTS5 knows its rows by a number. It is kept in a table of its own, because the hidden row
	// numbers of other tables change when SQLite writes a compact copy of the file.
	sqliteNumber = `
INSERT INTO product_word_rows (merchant_id, product_id) VALUES (?, ?) ON CONFLICT (merchant_id, product_id) DO NOTHING`
	sqliteIndex = `
INSERT OR REPLACE INTO product_words (rowid, words)
SELECT r.number, i.words FROM (SELECT ? AS words) i, product_word_rows r WHERE r.merchant_id = ? AND r.product_id = ?`

	// PostgreSQL takes the beginning of a word for a rare one, however many products have it. What
	// matches is sorted first, so that only as many products and prices are looked at as the page
	// has room for, and not all of 200,000.
	postgresMatch = `
  JOIN (SELECT w.product_id FROM product_words w
         WHERE w.merchant_id = ? AND w.words @@ CAST(? AS TSQUERY) AND w.product_id > ? ORDER BY w.product_id) m ON m.product_id = p.id`
	postgresIndex = `
INSERT INTO product_words (merchant_id, product_id, words) VALUES (?, ?, CAST(? AS TSVECTOR))
ON CONFLICT (merchant_id, product_id) DO UPDATE SET words = excluded.words`

	selectAllCategories = `SELECT DISTINCT category FROM products WHERE merchant_id = ?`

	selectCategories = `
SELECT p.category, count(*) AS products FROM products p`
)
