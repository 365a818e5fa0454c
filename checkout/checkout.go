// Package checkout is where domains meet: it fills carts and freezes them, turns what a buyer
// wants into an order, asks for credit and queues what others must be told. It knows nothing of
// the protocol that brought the buyer.
//
// Its faults name places in words of its own, those of the API (number, lines[0].price); a protocol
// whose documents have other names translates them.
//
// Its functions take the transaction of the request that they serve (inbox.Once) and do all or
// nothing with it. The main flow is Place in place.go.
package checkout

import (
	"cmp"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// Desk runs the use cases; one serves all merchants.
type Desk struct {
	Clock *clock.Clock
	// Wake is called after a commit that queued something; nil does nothing.
	Wake func()
}

// Kinds of what a buyer wants.
const (
	New    = "new"
	Change = "update" // the complete new order, it replaces
	Cancel = "delete"
)

// Policy is how a buyer's link wants differences between its figures and ours to be handled.
type Policy struct {
	TolerancePercent *money.Decimal // of a line, how far the buyer's price may be below ours
	ToleranceAmount  *money.Decimal // the same in major units a line; the larger counts
	AcceptBelow      bool           // beyond it: accept and flag instead of waiting for a person
	RefuseMismatch   bool           // a Total that isn't the sum of the lines is refused, not flagged
}

// Wanted is what a buyer asks for, in our own words, whatever protocol or screen it came from.
type Wanted struct {
	Merchant     accounts.Merchant
	Organisation accounts.Organisation
	Connection   string // where the answers go; empty for none
	Kind         string // new, update, delete
	Number       string // the buyer's purchase order number
	Version      int64  // as the buyer counts; 0 where it doesn't
	Source       string
	Currency     string
	Header       orders.Header
	Lines        []orders.Line // UnitPrice, Amount and Tax are set here; the rest is what was asked
	Flags        []orders.Flag // found while reading
	DocumentID   string
	Policy       Policy
	Agreement    string // id of the blanket order that it draws on; empty for none
	Basis        *Basis // what Look found; nil where nobody looked
}

// Placed is what became of it.
type Placed struct {
	Order    orders.Order
	Repeated bool // it was there already, nothing was done
	Waiting  bool // it waits for a person
	Refused  bool
}

// holdDays is how long a cart that was sent home keeps its prices, where nothing else was said.
const holdDays = 30

// stale tells whether the prices of a cart that was sent home hold no longer.
func (c *Cart) stale(now time.Time) bool {
	return now.Sub(c.FrozenAt.Time) > time.Duration(cmp.Or(c.HoldDays, holdDays))*24*time.Hour
}
