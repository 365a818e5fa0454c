package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Create stores a new order with its first version. taken is true, and nothing is stored, when
// a live order of the organisation has that number already.
func Create(ctx context.Context, tx *database.Tx, o *Order) (taken bool, err error) {
	decision, err := json.Marshal(o.Decision)
	if err != nil {
		return false, err
	}
	inserted, err := tx.ExecQueued(ctx, insertOrder, o.Merchant, o.ID, o.Organisation, o.Connection, o.Number,
		accounts.Fold(o.Number), o.Source, o.State, o.Currency, o.InForce, o.Latest, o.Agreement, o.Version.Total.Minor,
		string(decision), o.Events, o.PlacedAt, o.PlacedAt)
	if err != nil || inserted == 0 {
		return err == nil, err
	}
	return false, AddVersion(ctx, tx, o, o.Version, o.PlacedAt)
}

// AddVersion stores a version of a new or locked order with its lines, in as few statements as there
// are chunks. The order's own row is written by Update.
func AddVersion(ctx context.Context, tx *database.Tx, o *Order, v Version, at database.Time) error {
	header, err := json.Marshal(v.Header)
	if err != nil {
		return err
	}
	flags, err := json.Marshal(v.Flags)
	if err != nil {
		return err
	}
	if err := tx.Queue(ctx, insertVersion, o.Merchant, o.ID, v.Number, v.State, v.Hash, v.Goods.Minor, v.Tax.Minor,
		v.Freight.Minor, v.Total.Minor, string(header), string(flags), v.DocumentID, at); err != nil {
		return err
	}
	rows := make([][]any, len(v.Lines))
	for i, l := range v.Lines {
		content, err := json.Marshal(l)
		if err != nil {
			return err
		}
		rows[i] = []any{o.Merchant, o.ID, v.Number, l.Position, l.Line, l.SKU, l.ProductID, l.Quantity, l.Unit,
			l.UnitPrice, l.BuyerPrice, l.Amount.Minor, l.Tax.Minor, string(content)}
	}
	return tx.InsertAll(ctx, lineColumns, rows)
}

// SetVersionState moves one version to another state.
func SetVersionState(ctx context.Context, tx *database.Tx, o *Order, number int64, state string) error {
	_, err := tx.Exec(ctx, updateVersionState, state, o.Merchant, o.ID, number)
	return err
}

// Rewrite writes a version's sums and what counts of its lines, after lines of it were cancelled. What
// was asked for stays as it was.
func Rewrite(ctx context.Context, tx *database.Tx, o *Order, v Version) error {
	if _, err := tx.Exec(ctx, rewriteVersion, v.State, v.Goods.Minor, v.Tax.Minor, v.Freight.Minor, v.Total.Minor, o.Merchant, o.ID, v.Number); err != nil {
		return err
	}
	for _, l := range v.Lines {
		content, err := json.Marshal(l)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, rewriteLine, l.Amount.Minor, l.Tax.Minor, string(content), o.Merchant, o.ID, v.Number, l.Position); err != nil {
			return err
		}
	}
	return nil
}

// Update writes the order's row: state, versions, decision and number of events. The caller
// holds its lock (see Lock).
func Update(ctx context.Context, tx *database.Tx, o *Order, at database.Time) error {
	decision, err := json.Marshal(o.Decision)
	if err != nil {
		return err
	}
	o.RowVersion++
	o.UpdatedAt = at
	_, err = tx.Exec(ctx, updateOrder, o.State, o.InForce, o.Latest, o.Agreement, o.Version.Total.Minor, string(decision), o.Events,
		o.RowVersion, at, o.Merchant, o.ID)
	return err
}

type orderRow struct {
	ID           string        `db:"id"`
	Merchant     string        `db:"merchant_id"`
	Organisation string        `db:"organisation_id"`
	Connection   string        `db:"connection_id"`
	Number       string        `db:"number"`
	Source       string        `db:"source"`
	State        string        `db:"state"`
	Currency     string        `db:"currency"`
	InForce      int64         `db:"in_force"`
	Latest       int64         `db:"latest"`
	Agreement    string        `db:"agreement_id"`
	Total        int64         `db:"total_minor"`
	Decision     string        `db:"decision"`
	Events       int64         `db:"events"`
	RowVersion   int64         `db:"version"`
	PlacedAt     database.Time `db:"placed_at"`
	UpdatedAt    database.Time `db:"updated_at"`
}

func (r orderRow) order() (Order, error) {
	o := Order{ID: r.ID, Merchant: r.Merchant, Organisation: r.Organisation, Connection: r.Connection, Number: r.Number,
		Source: r.Source, State: r.State, Currency: r.Currency, InForce: r.InForce, Latest: r.Latest, Agreement: r.Agreement, Events: r.Events,
		RowVersion: r.RowVersion, PlacedAt: r.PlacedAt, UpdatedAt: r.UpdatedAt}
	o.Version.Total = money.Of(r.Total, r.Currency)
	if err := json.Unmarshal([]byte(r.Decision), &o.Decision); err != nil {
		return Order{}, fmt.Errorf("the decision on order %s can't be read: %w", r.ID, err)
	}
	return o, nil
}

// FindByNumber reads the newest order of the organisation with that number: the live one if
// there is one. found is false when there was never any.
func FindByNumber(ctx context.Context, q database.Querier, merchant, organisation, number string) (o Order, found bool, err error) {
	var r orderRow
	err = q.Get(ctx, &r, selectByNumber, merchant, organisation, accounts.Fold(number))
	if database.None(err) {
		return Order{}, false, nil
	}
	if err != nil {
		return Order{}, false, err
	}
	o, err = r.order()
	return o, true, err
}

// Lock reads the order again and holds its row until the transaction ends. Locks are taken in
// one order everywhere: the credit chain first, then the order.
func Lock(ctx context.Context, tx *database.Tx, merchant, id string) (Order, error) {
	var r orderRow
	err := tx.Get(ctx, &r, tx.ForUpdate(selectOrder), merchant, id)
	if database.None(err) {
		return Order{}, errUnknown
	}
	if err != nil {
		return Order{}, err
	}
	return r.order()
}

var errUnknown = fault.New(fault.Unknown, "there is no order with that id")

// Find reads an order, by our id, with its version in force, else its latest, and its lines.
func Find(ctx context.Context, q database.Querier, merchant, id string) (Order, error) {
	var r orderRow
	err := q.Get(ctx, &r, selectOrder, merchant, id)
	if database.None(err) {
		return Order{}, errUnknown
	}
	if err != nil {
		return Order{}, err
	}
	o, err := r.order()
	if err != nil {
		return Order{}, err
	}
	number := o.InForce
	if number == 0 {
		number = o.Latest
	}
	o.Version, err = FindVersion(ctx, q, o, number)
	return o, err
}

// FindVersion reads one version of an order with its lines.
func FindVersion(ctx context.Context, q database.Querier, o Order, number int64) (Version, error) {
	var r struct {
		Number   int64  `db:"number"`
		State    string `db:"state"`
		Hash     []byte `db:"content_hash"`
		Goods    int64  `db:"goods_minor"`
		Tax      int64  `db:"tax_minor"`
		Freight  int64  `db:"freight_minor"`
		Total    int64  `db:"total_minor"`
		Header   string `db:"header"`
		Flags    string `db:"flags"`
		Document string `db:"document_id"`
	}
	err := q.Get(ctx, &r, selectVersion, o.Merchant, o.ID, number)
	if database.None(err) {
		return Version{}, fault.New(fault.Unknown, "order "+o.Number+" has no version "+strconv.FormatInt(number, 10))
	}
	if err != nil {
		return Version{}, err
	}
	v := Version{Number: r.Number, State: r.State, Hash: r.Hash, DocumentID: r.Document,
		Goods: money.Of(r.Goods, o.Currency), Tax: money.Of(r.Tax, o.Currency),
		Freight: money.Of(r.Freight, o.Currency), Total: money.Of(r.Total, o.Currency)}
	if err := json.Unmarshal([]byte(r.Header), &v.Header); err != nil {
		return Version{}, fmt.Errorf("the header of order %s can't be read: %w", o.ID, err)
	}
	if err := json.Unmarshal([]byte(r.Flags), &v.Flags); err != nil {
		return Version{}, fmt.Errorf("the flags of order %s can't be read: %w", o.ID, err)
	}
	var contents []string
	if err := q.Select(ctx, &contents, selectLines, o.Merchant, o.ID, number); err != nil {
		return Version{}, err
	}
	v.Lines = make([]Line, len(contents))
	for i, content := range contents {
		if err := json.Unmarshal([]byte(content), &v.Lines[i]); err != nil {
			return Version{}, fmt.Errorf("a line of order %s can't be read: %w", o.ID, err)
		}
	}
	return v, nil
}

// AskedBefore tells whether one of the order's versions was asked for with exactly that content.
func AskedBefore(ctx context.Context, q database.Querier, o Order, hash []byte) (bool, error) {
	var n int64
	err := q.Get(ctx, &n, countAsked, o.Merchant, o.ID, hash)
	return n > 0, err
}

// Filter narrows a list of orders; empty fields don't.
type Filter struct {
	State        string
	Organisation string
	Number       string
	Before       string // id to go on from
	Limit        int
}

// List lists orders, newest first, without lines.
func List(ctx context.Context, q database.Querier, merchant string, f Filter) ([]Order, error) {
	before := f.Before
	if before == "" {
		before = "ord_zzzzzzzzzzzzzzzzzzzzzzzzzz" // after every id, in any collation
	}
	var rows []orderRow
	if err := q.Select(ctx, &rows, selectOrders, merchant, before, f.State, f.State, f.Organisation, f.Organisation,
		accounts.Fold(f.Number), accounts.Fold(f.Number), f.Limit); err != nil {
		return nil, err
	}
	list := make([]Order, len(rows))
	for i, r := range rows {
		var err error
		if list[i], err = r.order(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

const (
	insertOrder = `
INSERT INTO orders (merchant_id, id, organisation_id, connection_id, number, number_folded, source, state, currency,
                    in_force, latest, agreement_id, total_minor, decision, events, placed_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (merchant_id, organisation_id, number_folded) WHERE state IN ('approved', 'credit_review') DO NOTHING`

	insertVersion = `
INSERT INTO order_versions (merchant_id, order_id, number, state, content_hash, goods_minor, tax_minor, freight_minor,
                            total_minor, header, flags, document_id, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	lineColumns = `order_lines (merchant_id, order_id, version, position, line, sku, product_id, quantity, unit,
                                unit_price, buyer_price, amount_minor, tax_minor, content)`

	updateVersionState = `UPDATE order_versions SET state = ? WHERE merchant_id = ? AND order_id = ? AND number = ?`

	rewriteVersion = `
UPDATE order_versions SET state = ?, goods_minor = ?, tax_minor = ?, freight_minor = ?, total_minor = ?
 WHERE merchant_id = ? AND order_id = ? AND number = ?`
	rewriteLine = `
UPDATE order_lines SET amount_minor = ?, tax_minor = ?, content = ?
 WHERE merchant_id = ? AND order_id = ? AND version = ? AND position = ?`

	updateOrder = `
UPDATE orders SET state = ?, in_force = ?, latest = ?, agreement_id = ?, total_minor = ?, decision = ?, events = ?, version = ?, updated_at = ?
 WHERE merchant_id = ? AND id = ?`

	orderColumns = `
SELECT id, merchant_id, organisation_id, connection_id, number, source, state, currency, in_force, latest, agreement_id, total_minor,
       decision, events, version, placed_at, updated_at
  FROM orders`
	selectOrder = orderColumns + ` WHERE merchant_id = ? AND id = ?`

	// A live order comes before those that ended; among these the newest comes first.
	selectByNumber = orderColumns + `
 WHERE merchant_id = ? AND organisation_id = ? AND number_folded = ?
 ORDER BY CASE WHEN state IN ('approved', 'credit_review') THEN 0 ELSE 1 END, placed_at DESC, id DESC LIMIT 1`

	selectOrders = orderColumns + `
 WHERE merchant_id = ? AND id < ? AND (? = '' OR state = ?) AND (? = '' OR organisation_id = ?) AND (? = '' OR number_folded = ?)
 ORDER BY id DESC LIMIT ?`

	selectVersion = `
SELECT number, state, content_hash, goods_minor, tax_minor, freight_minor, total_minor, header, flags, document_id
  FROM order_versions WHERE merchant_id = ? AND order_id = ? AND number = ?`

	countAsked = `SELECT count(*) FROM order_versions WHERE merchant_id = ? AND order_id = ? AND content_hash = ?`

	selectLines = `
SELECT content FROM order_lines WHERE merchant_id = ? AND order_id = ? AND version = ? ORDER BY position`
)
