package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/setup"
)

// All that a catalogue says about a product, from the file to the API, the shop's pages, the cart
// that goes home and the order that comes of it.
func TestWhatTheCatalogueSaysGoesAllTheWay(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		now := s.clock.Now()
		day := func(days int) string { return money.DateOf(now.AddDate(0, 0, days), time.UTC).String() }
		file := `{"kontor": 1, "merchants": [{"id": "` + demoMerchant + `",
		  "products": [{"sku": "OIL-9", "name": "Cutting oil", "category": "Tools", "unspsc": "15121520", "unit": "LTR", "content": "0.9", "content_unit": "KGM",
		    "other_units": [{"unit": "DR", "content": "200"}], "least_quantity": "10", "quantity_step": "2.5", "hazardous": true, "stock": "0", "lead_time_days": 12,
		    "prices": [{"price": "7.00", "breaks": [{"from": "100", "price": "6.50"}]}]}],
		  "organisations": [{"external_id": "northfold", "buyer_parts": [{"part": "MED-OIL", "sku": "OIL-9"}], "contract_prices": [
		    {"sku": "OIL-9", "price": "4.00", "valid_to": "` + day(-2) + `"}, {"sku": "OIL-9", "price": "6.12345", "breaks": [{"from": "50", "price": "6.00005"}], "valid_from": "` + day(-1) + `", "valid_to": "` + day(30) + `"},
		    {"sku": "OIL-9", "price": "5.00", "valid_from": "` + day(31) + `"}]}],
		  "connections": [{"external_id": "northfold-ariba", "settings": {"decimals_of_prices": 4, "units": {"LTR": "L"}}}]}]}`
		if _, err := setup.Apply(t.Context(), s.db, s.keys, s.clock, []byte(file), setup.Options{Actor: "test"}); err != nil {
			t.Fatal(err)
		}
		started, err := s.buyer("northfold").StartRequisition(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		shop, token := s.arrive(started.StartPage)
		p, err := s.api.Product(t.Context(), "oil-9", token)
		if err != nil {
			t.Fatal(err)
		}
		is(t, "what the API says", fmt.Sprint(p.BuyerPart, " ", p.Unit, " ", p.Price.Value, " ", p.Contract, " ", p.ListPrice.Value, " ", p.Breaks, " ", p.LeastQuantity, " ", p.QuantityStep, " ", *p.Stock, " ", *p.LeadTimeDays, " ", p.Availability, " ", p.Hazardous, " ", *p.Content, " ", p.Units),
			"MED-OIL LTR 6.12345 true 7.00 [{10 {6.12345 USD}} {50 {6.00005 USD}}] 10 2.5 0 12 out_of_stock true {0.9 KGM} [{LTR 1} {DR 200}]")
		_, page := s.browse(http.MethodGet, shop+"products/OIL-9", nil)
		says(t, "the shop's page", strings.ReplaceAll(page, "\u00a0", " "), "Your contract price", "List $7.00", "10 to 47.5", "50 and more", "in steps of 2.5",
			"Out of stock, ships in 12 days", "Hazardous: ground transport only", "MED-OIL")

		for quantity, want := range map[string]string{"7.5": "least 10", "11": "in steps of 2.5"} {
			_, err := s.api.PutCart(t.Context(), token, []client.WantedLine{{SKU: "OIL-9", Quantity: quantity}})
			problem := (*client.Problem)(nil)
			if !errors.As(err, &problem) || len(problem.Errors) != 1 || !strings.Contains(problem.Errors[0].Message, want) {
				t.Errorf("%s litres: %v", quantity, err)
			}
		}
		cart, err := s.api.PutCart(t.Context(), token, []client.WantedLine{{SKU: "OIL-9", Quantity: "52.5"}})
		if err != nil {
			t.Fatal(err)
		}
		is(t, "the cart", fmt.Sprint(cart.Lines[0].UnitPrice.Value, " ", cart.Lines[0].Amount.Amount, " ", cart.Freight.Amount), "6.00005 31500 4150") // 315.002625; 29.50 + 12.00
		s.bringHome(shop)
		var message string
		if err := s.db.Get(t.Context(), &message, `SELECT body FROM documents WHERE merchant_id = ? AND type = 'PunchOutOrderMessage' ORDER BY id DESC LIMIT 1`, demoMerchant); err != nil {
			t.Fatal(err)
		}
		says(t, "the cart's message", message, "<LeadTime>12</LeadTime>", "<BuyerPartID>MED-OIL</BuyerPartID>", `quantity="52.5"`, "<UnitOfMeasure>L</UnitOfMeasure>",
			`<Money currency="USD">60.0005</Money>`, `<PriceBasisQuantity quantity="10" conversionFactor="1">`, ">315.00</Money>")

		home := s.requisition("northfold", started.ID)
		is(t, "the cart as the buyer reads it", home.Cart.Goods.Value, "315.00")
		s.order("northfold", home.ID)
		order := s.kontors(s.requisition("northfold", home.ID).OrderNumber)
		is(t, "the order", fmt.Sprint(order.State, " ", order.Goods.Amount, " ", order.Lines[0].Unit, " ", order.Lines[0].UnitPrice.Value, " ", order.Lines[0].PricePer, " ", order.Flags),
			"approved 31500 LTR 60.0005 10 []")
	})
}
