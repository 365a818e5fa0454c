// Package orders keeps orders: every version that a buyer asked for, its lines, and the version
// that counts. It stands behind checkout, which decides; here are the states, the allowed steps
// and the tables.
package orders

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// States of an order.
const (
	Approved     = "approved"
	CreditReview = "credit_review" // waits for a person
	Refused      = "refused"
	Cancelled    = "cancelled"
)

// States of a version.
const (
	InForce          = "in_force"
	Waiting          = "waiting"
	VersionRefused   = "refused"
	Replaced         = "replaced"
	VersionCancelled = "cancelled"
)

// Flags that an order may carry. Names are stable.
const (
	FlagProductUnknown     = "product_unknown"     // its price could not be checked
	FlagProductHidden      = "product_hidden"      // not in the organisation's assortment
	FlagPartMatched        = "part_matched"        // our part number is unknown, the buyer's own led to the product
	FlagPartDiffers        = "part_differs"        // the buyer's own part number is of another product; ours counts
	FlagUnitUnknown        = "unit_unknown"        // not a unit that the product is sold in
	FlagPriceAbove         = "price_above"         // accepted at our price
	FlagPriceBelow         = "price_below"         // beyond the tolerance
	FlagQuoteStale         = "quote_stale"         // the cart is too old, priced again
	FlagQuotePending       = "quote_pending"       // ordered before the quote was final
	FlagTotalDiffers       = "total_differs"       // Total isn't the sum of the lines
	FlagTotalIncludes      = "total_includes"      // Total is lines with tax and shipping
	FlagTotalModified      = "total_modified"      // Total is the lines after allowances or charges on the whole order; ours is without
	FlagTaxDiffers         = "tax_differs"         // ours counts
	FlagTaxAsStated        = "tax_as_stated"       // no rate of ours, the order's own counts
	FlagTaxUnknown         = "tax_unknown"         // no rate of ours and none of the order's: untaxed
	FlagFreightDiffers     = "freight_differs"     // ours counts
	FlagCertificateExpired = "certificate_expired" // the buyer would be exempt from tax
	FlagQuantityRule       = "quantity_rule"       // below the least quantity or off the step
	FlagChargeDiffers      = "charge_differs"      // a line's accounting doesn't add up to it
	FlagScheduleDiffers    = "schedule_differs"    // a line's parts by date don't add up to it
	FlagReferenceUnknown   = "reference_unknown"   // DocumentReference to nothing of this sender
	FlagAgreementUnknown   = "agreement_unknown"
	FlagDrawnBeyond        = "drawn_beyond" // a blanket order was changed to less than its releases drew
	FlagAttachmentAbsent   = "attachment_missing"
)

// Freight is the charge of a line that isn't goods.
const Freight = "freight"

// Flag is something about an order that somebody should know.
type Flag struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Line    int64  `json:"line,omitempty"`
}

// Address is where goods or invoices go.
type Address struct {
	ID         string   `json:"id,omitempty"`
	Name       string   `json:"name,omitempty"`
	DeliverTo  []string `json:"deliver_to,omitempty"`
	Street     []string `json:"street,omitempty"`
	City       string   `json:"city,omitempty"`
	Region     string   `json:"region,omitempty"`
	PostalCode string   `json:"postal_code,omitempty"`
	Country    string   `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Email      string   `json:"email,omitempty"`
}

// Pair is a name and a value of the buyer's own.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Share is one part of a line's charge for the buyer's accounting.
type Share struct {
	Segments []Pair         `json:"segments"`
	Charge   *money.Decimal `json:"charge,omitempty"`
}

// Term is a payment term that the buyer wrote; the agreed terms win.
type Term struct {
	Days            int            `json:"days"`
	DiscountPercent *money.Decimal `json:"discount_percent,omitempty"`
}

// Schedule is a part of a line with a date of its own.
type Schedule struct {
	Quantity money.Decimal `json:"quantity"`
	Date     string        `json:"date,omitempty"`
}

// Header is what was asked for as a whole, beside the lines.
type Header struct {
	PayloadID       string         `json:"payload_id,omitempty"`
	OrderDate       string         `json:"order_date,omitempty"`
	OrderType       string         `json:"order_type,omitempty"`
	RequisitionID   string         `json:"requisition_id,omitempty"`
	AgreementID     string         `json:"agreement_id,omitempty"` // as the buyer names what a release draws on
	ParentAgreement string         `json:"parent_agreement,omitempty"`
	AgreementDoc    string         `json:"agreement_document,omitempty"` // payloadID of the agreement
	Effective       string         `json:"effective,omitempty"`
	Expires         string         `json:"expires,omitempty"`
	Delivery        string         `json:"delivery,omitempty"`
	ShipComplete    bool           `json:"ship_complete,omitempty"`
	ReleaseRequired bool           `json:"release_required,omitempty"` // of a blanket order: goods go out on releases only
	Reference       string         `json:"reference,omitempty"`        // payloadID of the document that it changes
	ShipTo          *Address       `json:"ship_to,omitempty"`
	BillTo          *Address       `json:"bill_to,omitempty"`
	Carrier         string         `json:"carrier,omitempty"`
	Contacts        []Pair         `json:"contacts,omitempty"` // role → name and e-mail
	Comments        []string       `json:"comments,omitempty"`
	Terms           []Term         `json:"terms,omitempty"`
	Extrinsics      []Pair         `json:"extrinsics,omitempty"`
	Silence         bool           `json:"silence,omitempty"` // the buyer wants no confirmation of this order
	StatedTotal     *money.Decimal `json:"stated_total,omitempty"`
	TotalModified   bool           `json:"total_modified,omitempty"` // by allowances or charges on the whole order
	StatedTax       *money.Decimal `json:"stated_tax,omitempty"`
	StatedFreight   *money.Decimal `json:"stated_freight,omitempty"`
	Blanket         *money.Decimal `json:"blanket,omitempty"` // the most that releases may draw
}

// Line is one line of a version.
type Line struct {
	Position    int64          `json:"position"`
	Line        int64          `json:"line"`
	Synthetic   bool           `json:"synthetic,omitempty"` // the buyer gave no number
	SKU         string         `json:"sku"`
	AuxiliaryID string         `json:"auxiliary_id,omitempty"`
	BuyerPart   string         `json:"buyer_part,omitempty"`
	ProductID   string         `json:"product_id,omitempty"`
	Name        string         `json:"name"`
	Quantity    money.Decimal  `json:"quantity"`
	Unit        string         `json:"unit"`
	BuyerUnit   string         `json:"buyer_unit,omitempty"` // the buyer's code for it, where that is another
	UnitPrice   money.Decimal  `json:"unit_price"`           // what counts
	BuyerPrice  money.Decimal  `json:"buyer_price"`          // what the order said
	Per         *money.Decimal `json:"per,omitempty"`
	Cancelled   *money.Decimal `json:"cancelled,omitempty"` // how much of Quantity the merchant took back since
	Amount      money.Amount   `json:"amount"`
	Tax         money.Amount   `json:"tax"`
	Most        *money.Decimal `json:"most,omitempty"`       // of a blanket line: the most that releases may draw
	MostUnits   *money.Decimal `json:"most_units,omitempty"` // the same as a quantity in Unit
	Group       bool           `json:"group,omitempty"`      // a composite line whose parts carry the price
	Charge      string         `json:"charge,omitempty"`     // Freight: no goods, its amount is in the version's freight
	ShipTo      *Address       `json:"ship_to,omitempty"`
	Delivery    string         `json:"delivery,omitempty"`
	Agreement   string         `json:"agreement,omitempty"`
	UNSPSC      string         `json:"unspsc,omitempty"`
	Accounting  []Share        `json:"accounting,omitempty"`
	Schedule    []Schedule     `json:"schedule,omitempty"`
	Comments    []string       `json:"comments,omitempty"`
	Extrinsics  []Pair         `json:"extrinsics,omitempty"`
	Flags       []Flag         `json:"flags,omitempty"`
}

// Left is what of the line's quantity still counts.
func (l Line) Left() money.Decimal {
	if l.Cancelled == nil {
		return l.Quantity
	}
	left, err := l.Quantity.Sub(*l.Cancelled)
	if err != nil {
		return l.Quantity // both were read from the same order, so it can't be
	}
	return left
}

// PerUnits is how many units UnitPrice and BuyerPrice are for.
func (l Line) PerUnits() money.Decimal {
	if l.Per == nil {
		return money.One
	}
	return *l.Per
}

// Version is one state of an order as a buyer asked for it.
type Version struct {
	Number     int64        `json:"number"`
	State      string       `json:"state"`
	Hash       []byte       `json:"-"`
	Goods      money.Amount `json:"goods"`
	Tax        money.Amount `json:"tax"`
	Freight    money.Amount `json:"freight"`
	Total      money.Amount `json:"total"`
	Header     Header       `json:"header"`
	Flags      []Flag       `json:"flags,omitempty"`
	DocumentID string       `json:"document_id,omitempty"`
	Lines      []Line       `json:"lines"`
}

// Order is an order with the version that is looked at: the one in force, else the latest.
type Order struct {
	ID           string        `json:"id"`
	Merchant     string        `json:"merchant"`
	Organisation string        `json:"organisation"`
	Connection   string        `json:"connection,omitempty"`
	Number       string        `json:"number"`
	Source       string        `json:"source"`
	State        string        `json:"state"`
	Currency     string        `json:"currency"`
	InForce      int64         `json:"in_force"`
	Latest       int64         `json:"latest"`
	Agreement    string        `json:"agreement,omitempty"` // id of the blanket order that the latest version draws on
	Decision     Decision      `json:"decision"`
	Events       int64         `json:"-"`
	RowVersion   int64         `json:"row_version"`
	PlacedAt     database.Time `json:"placed_at"`
	UpdatedAt    database.Time `json:"updated_at"`
	Version      Version       `json:"version"`
}

// Decision is why the latest version stands where it stands; the credit desk's figures are in
// it. It is kept as it was made.
type Decision struct {
	Outcome   string       `json:"outcome"`
	Reason    string       `json:"reason"`
	Sentence  string       `json:"sentence"`
	Available money.Amount `json:"available"`
	Short     money.Amount `json:"short"`
	Bound     string       `json:"bound,omitempty"`
	Actor     string       `json:"actor,omitempty"`
	Why       string       `json:"why,omitempty"` // a person's words
}

// Live tells whether the order still counts or may come to count.
func (o Order) Live() bool { return o.State == Approved || o.State == CreditReview }

// ContentHash tells a repeat from a change: what is asked for, without what differs between two
// sendings of the same (payloadID, dates of writing). A document counts in its own words: how its
// connection reads a unit, or which part number is freight, may be set otherwise meanwhile.
func ContentHash(kind string, header Header, lines []Line) ([]byte, error) {
	byDocument := header.PayloadID != ""
	header.PayloadID, header.OrderDate = "", ""
	if byDocument {
		lines = slices.Clone(lines)
		for i := range lines {
			l := &lines[i]
			l.Unit, l.BuyerUnit, l.Charge = cmp.Or(l.BuyerUnit, l.Unit), "", ""
		}
	}
	asked, err := json.Marshal(struct {
		Kind   string
		Header Header
		Lines  []Line
	}{kind, header, lines})
	if err != nil {
		return nil, fmt.Errorf("an order's content can't be written: %w", err)
	}
	sum := sha256.Sum256(asked)
	return sum[:], nil
}

// MayRelease tells whether something of the order waits for a person, who may release or reject it; else
// it is a fault.Conflict.
func (o Order) MayRelease() error {
	if o.waiting() {
		return nil
	}
	return fault.New(fault.Conflict, "order "+o.Number+" is "+o.State+" and nothing of it waits for a decision")
}

// waiting tells whether the latest version waits for a person.
func (o Order) waiting() bool {
	return o.State == CreditReview || (o.State == Approved && o.Latest > o.InForce)
}
