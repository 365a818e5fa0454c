package orders

// Kinds of events about an order; the names are stable. An event's payload is the Order as it stood
// then, and shows the version that the event is about.
const (
	// What became of a new order, or of the order as a whole.
	EventApproved   = "order.approved"
	EventHeld       = "order.held" // it waits for a person
	EventRefused    = "order.refused"
	EventCancelled  = "order.cancelled"  // by the buyer
	EventSuperseded = "order.superseded" // it never counted, and a new attempt has its number

	// What became of a change of it.
	EventChanged        = "order.changed"
	EventChangeHeld     = "order.change_held"
	EventChangeRejected = "order.change_rejected" // the version in force stays

	// How waiting ended: each closes what was answered "waits" (cXML status 201).
	EventReleased  = "order.released"
	EventRejected  = "order.rejected"
	EventWithdrawn = "order.withdrawn" // a later document of the buyer took its place

	EventLinesCancelled = "order.lines_cancelled" // the merchant took lines back
)
