package procurement_test

import (
	"encoding/xml"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// The recount: what every line must hold, reckoned a second time and as simply as possible from
// the documents as they were kept (encoding/xml, big.Rat) and from what the credit desk did. It
// uses no package of ours, so that a fault can't cancel itself out.

// rawOrder is an OrderRequest as it crossed the wire.
type rawOrder struct {
	Payload string `xml:"payloadID,attr"`
	Order   struct {
		Header struct {
			Number  string `xml:"orderID,attr"`
			Kind    string `xml:"type,attr"`
			Order   string `xml:"orderType,attr"`
			Version int    `xml:"orderVersion,attr"`
			Region  string `xml:"ShipTo>Address>PostalAddress>State"`
			Tax     string `xml:"Tax>Money"`
		} `xml:"OrderRequestHeader"`
		Items []struct {
			Quantity string `xml:"quantity,attr"`
			SKU      string `xml:"ItemID>SupplierPartID"`
			Price    string `xml:"ItemDetail>UnitPrice>Money"`
			Unit     string `xml:"ItemDetail>UnitOfMeasure"`
		} `xml:"ItemOut"`
	} `xml:"Request>OrderRequest"`
}

// article is a product of the recount's own price list.
type article struct {
	sku, unit   string
	class       string
	hazardous   bool
	pallet      bool
	most        int64 // pieces in a random order
	usd, yen, d string
}

var articles = []article{
	{"A-1", "BX", "standard", false, false, 120, "8.1000", "1420", "3.745"},
	{"B-2", "EA", "food", false, false, 300, "2.9375", "438.5", "1.1785"},
	{"C-3", "EA", "standard", false, false, 9000, "0.01255", "1.8525", "0.00473"},
	{"D-4", "EA", "standard", false, true, 12, "16.90", "2535.5", "6.3335"},
	{"E-5", "EA", "standard", true, false, 40, "15.30", "2300", "5.7755"},
}

func (a article) price(currency string) *big.Rat {
	return rat(map[string]string{"USD": a.usd, "JPY": a.yen, "BHD": a.d}[currency])
}

// minorUnits is how many minor units the currency's unit has.
var minorUnits = map[string]int64{"USD": 100, "JPY": 1, "BHD": 1000}

func rat(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("not a number: " + text)
	}
	return r
}

// minor rounds a number of units to minor units, half away from zero; nothing here is negative.
func minor(r *big.Rat, currency string) int64 {
	scaled := new(big.Rat).Mul(r, new(big.Rat).SetInt64(minorUnits[currency]))
	scaled.Add(scaled, big.NewRat(1, 2))
	return new(big.Int).Quo(scaled.Num(), scaled.Denom()).Int64()
}

// sums reckons an order's total, and whether its prices have to be looked at: a line more than
// half a minor unit below our price counts at the order's price and waits, else ours counts.
func (r *rawOrder) sums(currency string) (total int64, review bool) {
	rates := map[string]map[string]string{"OH": {"standard": "7.25", "food": "1.5"}, "PA": {"standard": "6.00"}, "CA": {"standard": "8.625", "food": "8.625"}}
	half := big.NewRat(1, 2*minorUnits[currency])
	goods, pallets, hazardous, known := int64(0), new(big.Rat), false, true
	taxed := map[string]int64{} // by rate
	for _, item := range r.Order.Items {
		a := articles[slices.IndexFunc(articles, func(a article) bool { return a.sku == item.SKU })]
		quantity, theirs, ours := rat(item.Quantity), rat(item.Price), a.price(currency)
		price := ours
		if less := new(big.Rat).Mul(quantity, new(big.Rat).Sub(ours, theirs)); less.Cmp(half) > 0 {
			price, review = theirs, true
		}
		amount := minor(new(big.Rat).Mul(quantity, price), currency)
		goods += amount
		if a.pallet {
			pallets.Add(pallets, quantity)
		}
		hazardous = hazardous || a.hazardous
		if rate := rates[r.Order.Header.Region][a.class]; rate != "" {
			taxed[rate] += amount
		} else {
			known = false
		}
	}
	tax := int64(0)
	if stated := r.Order.Header.Tax; stated != "" && !known {
		tax = minor(rat(stated), currency)
	} else {
		for rate, base := range taxed {
			percent := new(big.Rat).Mul(big.NewRat(base, minorUnits[currency]), rat(rate))
			tax += minor(percent.Quo(percent, big.NewRat(100, 1)), currency)
		}
	}
	freight := int64(0)
	switch {
	case goods == 0:
	case currency == "USD":
		freight = map[bool]int64{true: 14_95, false: 29_50}[goods < 250_00]
		if goods >= 1000_00 {
			freight = 0
		}
		if hazardous {
			freight += 12_00
		}
		freight += minor(new(big.Rat).Mul(pallets, rat("4.25")), currency)
	case currency == "JPY" && goods < 30000:
		freight = 1800
	case currency == "BHD":
		freight = 2_750
		if hazardous {
			freight += 1_125
		}
	}
	return goods + tax + freight, review
}

// fact is one thing that happened: a document came in, or the credit desk did something.
type fact struct {
	member   int // of the tree: whose document, or whose line
	document *rawOrder
	object   string // the order that the document led to, as it was kept
	desk     string // release, override, reject, limit
	number   string // the order that a ruling is about
	limit    int64
}

// recount is what the facts come to.
type recount struct {
	currency string
	refuse   bool
	parent   []int // by member; -1 at the root
	opening  []int64
	limits   []int64
	orders   map[string]*recounted // by member and number: the newest
	all      []*recounted
}

// recounted is one order.
type recounted struct {
	member  int
	object  string
	state   string // approved, credit_review, refused, cancelled
	held    int64
	inForce int
	latest  int
	content string // of the latest version
	first   string // of the document that it began with
	waits   bool   // the latest version does
	asked   int64  // by the latest version
}

// exposure is what is held at a member and below it.
func (r *recount) exposure(member int) int64 {
	sum := r.opening[member]
	for _, o := range r.all {
		if o.member == member {
			sum += o.held
		}
	}
	for child, parent := range r.parent {
		if parent == member {
			sum += r.exposure(child)
		}
	}
	return sum
}

func (r *recount) own(member int) int64 {
	sum := r.opening[member]
	for _, o := range r.all {
		if o.member == member {
			sum += o.held
		}
	}
	return sum
}

func (r *recount) fits(member int, delta int64) bool {
	if delta <= 0 {
		return true
	}
	for at := member; at >= 0; at = r.parent[at] {
		if r.limits[at]-r.exposure(at) < delta {
			return false
		}
	}
	return true
}

// apply reckons with one fact and tells the status that must have been answered (0 for the desk:
// 1 for done, 409 for a conflict).
func (r *recount) apply(f fact) int {
	if f.document != nil {
		return r.receive(f)
	}
	if f.desk == "limit" {
		r.limits[f.member] = f.limit
		return 1
	}
	o := r.orders[fmt.Sprint(f.member, f.number)]
	if o == nil || !o.waits {
		return 409
	}
	switch {
	case f.desk == "reject":
		o.waits = false
		if o.inForce == 0 {
			o.state = "refused"
		}
	case f.desk == "override" || r.fits(o.member, o.asked-o.held):
		o.state, o.waits, o.held, o.inForce = "approved", false, o.asked, o.latest
	default:
		return 409
	}
	return 1
}

func (r *recount) receive(f fact) int {
	h := f.document.Order.Header
	key := fmt.Sprint(f.member, h.Number)
	o := r.orders[key]
	live := o != nil && (o.state == "approved" || o.state == "credit_review")
	content := fmt.Sprint(h.Kind, h.Order, h.Region, h.Tax, f.document.Order.Items)
	waiting := func() int {
		if o.waits {
			return 201
		}
		return 200
	}
	switch h.Kind {
	case "new":
		if live && o.content == content {
			return waiting()
		}
		if live && o.first == content { // sent again, although the order was changed since
			if o.state == "credit_review" {
				return 201
			}
			return 200
		}
		if live && o.inForce > 0 {
			return 409
		}
		if live {
			o.state, o.waits = "cancelled", false
		}
		o = &recounted{member: f.member, object: f.object, first: content}
		r.orders[key] = o
		r.all = append(r.all, o)
	case "update", "delete":
		switch {
		case o == nil:
			return 417
		case !live && h.Kind == "delete" && (o.state == "refused" || h.Version == 0 || h.Version == o.latest):
			return 200 // nothing is left to cancel
		case !live:
			return 409
		case h.Kind == "update" && o.content == content && (h.Version == 0 || h.Version == o.latest) && (o.waits || o.inForce == o.latest):
			return waiting()
		case h.Version != 0 && h.Version <= o.latest:
			return 409
		}
	}
	next := h.Version
	if next == 0 {
		next = o.latest + 1
	}
	if h.Kind == "delete" {
		o.state, o.held, o.waits, o.latest, o.inForce, o.content = "cancelled", 0, false, next, next, content
		return 200
	}
	total, review := f.document.sums(r.currency)
	if h.Order == "blanket" {
		total, review, o.held = 0, false, 0
	}
	fits := !review && r.fits(f.member, total-o.held)
	if !fits && !review && r.refuse {
		if h.Kind == "new" {
			o.state, o.latest, o.content = "refused", next, content
		}
		return 409
	}
	o.latest, o.content, o.asked, o.waits = next, content, total, !fits
	if fits {
		o.state, o.held, o.inForce = "approved", total, next
	} else if o.inForce == 0 {
		o.state = "credit_review"
	}
	return waiting()
}

// parseOrder reads a kept document.
func parseOrder(body string) (*rawOrder, error) {
	var r rawOrder
	err := xml.NewDecoder(strings.NewReader(body)).Decode(&r)
	return &r, err
}
