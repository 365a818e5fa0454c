package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
)

// Nobody's card number gets into a table by way of an order that somebody types in.
func TestAnEnteredOrderKeepsNoCardNumber(t *testing.T) {
	const card = "4111 1111 1111 1111"
	order := EnteredOrder{Number: "1", Currency: "EUR", Comment: "pay by " + card, ShipTo: &EnteredPlace{Name: card, Street: card, City: card, Country: "DE"},
		Lines: []EnteredLine{{SKU: "A", Quantity: "1", Unit: "EA", Price: "1"}}}
	wanted, err := order.Wanted(accounts.Merchant{}, accounts.Organisation{Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal(wanted.Header)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(kept); strings.Contains(text, "4111") || !strings.Contains(text, "pay by XXXX") {
		t.Error(text)
	}
}
