package procurement

import (
	"fmt"

	"github.com/kontorhq/kontor/fault"
)

// longestName is how many bytes an id, a number or a login may have: they are keys of tables, and
// an index takes no more than 2,700 bytes. Real ones stay below 100.
const longestName = 500

// longestDetail is how many bytes of words an answer carries: they are for people to read, and
// what they quote of a document may be as long as it.
const longestDetail = 4000

// checkLengths refuses names that are too long to be looked up. What can't be read is told by
// whoever reads it.
func (c *call) checkLengths() error {
	faults := fault.New(fault.Invalid, "a name is too long")
	check := func(place, value string) {
		if len(value) > longestName && len(faults.Fields) < 10 {
			faults.Fields = append(faults.Fields, fault.Field{Path: place, Message: fmt.Sprintf("This is longer than %d bytes.", longestName)})
		}
	}
	check("cXML/@payloadID", c.doc.PayloadID)
	switch c.doc.Type {
	case "PunchOutSetupRequest":
		if request, err := c.setUpRequest(); err == nil {
			user := request.User()
			check("PunchOutSetupRequest", user.Email)
			check("PunchOutSetupRequest", user.Login)
		}
	case "OrderRequest":
		if request, err := c.orderRequest(); err == nil {
			check("OrderRequest/OrderRequestHeader/@orderID", request.Header.OrderID)
			for i, item := range request.ItemOut {
				check(fmt.Sprintf("OrderRequest/ItemOut[%d]/ItemID/SupplierPartID", i+1), item.ItemID.SupplierPartID)
			}
		}
	}
	if len(faults.Fields) > 0 {
		return faults
	}
	return nil
}
