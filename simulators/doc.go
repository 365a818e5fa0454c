// Package simulators plays the parties outside Kontor, so that a laptop can run a whole
// purchase: today the buyer's procurement system, later card processor, terms provider and ERP.
//
// Its place in the flow is both ends of it, on the other side of the wire:
//
//	buyer's system → document → server → … → outbox → document → buyer's system
//
// It speaks the real protocol over HTTP and imports none of our codecs: documents are text
// templates, what comes back is read with encoding/xml, sums are made with math/big. A fault in
// Kontor's codecs or arithmetic therefore can't cancel itself out here. For the same reason the
// buyer is strict where real systems are: a wrong cookie, a total that does not add up or a
// confirmation for an order it never placed is refused and says why.
//
// Everything is kept in memory behind one mutex and bounded; stopping the program forgets it.
package simulators
