package procurement

import (
	"errors"
	"regexp"
	"slices"
	"strconv"

	"github.com/kontorhq/kontor/fault"
)

// placesInOrder are where an OrderRequest has what the checkout desk names in its own words.
var placesInOrder = map[string]string{
	"kind": "OrderRequest/OrderRequestHeader/@type", "number": "OrderRequest/OrderRequestHeader/@orderID",
	"version": "OrderRequest/OrderRequestHeader/@orderVersion", "currency": "OrderRequest/OrderRequestHeader/Total/Money/@currency",
	"total": "OrderRequest/OrderRequestHeader/Total", "tax": "OrderRequest/OrderRequestHeader/Tax",
	"freight": "OrderRequest/OrderRequestHeader/Shipping", "lines": "OrderRequest",
	"lines[]": "", "lines[].price": "/ItemDetail/UnitPrice", "lines[].price_per": "/ItemDetail/PriceBasisQuantity",
}

var placeInLine = regexp.MustCompile(`^lines\[([0-9]+)\](\.[a-z_]+)?$`)

// inOrderRequest puts a fault of the checkout desk into the words of the document that brought the
// order. Places that it doesn't know are left as they are.
func inOrderRequest(err error) error {
	return relocated(err, func(place string) string {
		if m := placeInLine.FindStringSubmatch(place); m != nil {
			if i, err := strconv.Atoi(m[1]); err == nil {
				return "OrderRequest/ItemOut[" + strconv.Itoa(i+1) + "]" + placesInOrder["lines[]"+m[2]]
			}
		}
		if there, known := placesInOrder[place]; known {
			return there
		}
		return place
	})
}

// inSetUp does the same for the items of a PunchOutSetupRequest.
func inSetUp(err error) error {
	return relocated(err, func(place string) string {
		if place == "lines" {
			return "PunchOutSetupRequest/ItemOut"
		}
		return place
	})
}

// relocated is a fault with its fields' places put otherwise; other errors are left alone.
func relocated(err error, there func(place string) string) error {
	known := (*fault.Error)(nil)
	if !errors.As(err, &known) {
		return err
	}
	told := *known
	told.Fields = slices.Clone(known.Fields)
	for i, f := range told.Fields {
		told.Fields[i].Path = there(f.Path)
	}
	return &told
}
