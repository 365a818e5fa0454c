package procurement_test

import (
	"strings"
	"testing"

	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// The figures of the demo's story (sections 4 and 5), through the door that buyers' systems use.
func TestTheStorysFigures(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m, half := newMarket(t, db), money.MustDecimal("0.5")
		northfold := m.customer("Northfold Medical Group", nil, 50_000_00, 17_100_25)
		west := m.customer("Northfold Labs West", &northfold, 10_000_00, 5_630_75)
		castelmere := m.customer("Castelmere Foods", nil, 15_000_00, 13_759_00)
		m.sell(catalog.Product{SKU: "PPE-2010", Unit: "BX"}, map[string]string{"USD": "9.95"}, map[string]string{northfold.ID: "8.1000"})
		m.sell(catalog.Product{SKU: "PPE-2030", Unit: "EA"}, map[string]string{"USD": "3.1250"}, map[string]string{northfold.ID: "2.9375"})
		m.sell(catalog.Product{SKU: "FAS-1050", Unit: "EA"}, map[string]string{"USD": "0.0141"}, map[string]string{northfold.ID: "0.01255"})
		m.sell(catalog.Product{SKU: "ELE-5030", Unit: "MTR", LeastQuantity: half, QuantityStep: half}, map[string]string{"USD": "0.6425"}, nil)
		m.sell(catalog.Product{SKU: "PKG-4010", Unit: "RO"}, map[string]string{"USD": "1.4875"}, map[string]string{castelmere.ID: "1.3759"})
		m.sell(catalog.Product{SKU: "PKG-4020", Unit: "RO"}, map[string]string{"USD": "11.20"}, map[string]string{castelmere.ID: "10.3600"})
		m.sell(catalog.Product{SKU: "CLN-3010", Unit: "CS"}, map[string]string{"USD": "38.60"}, map[string]string{castelmere.ID: "35.7050"})
		m.sell(catalog.Product{SKU: "CLN-3020", Unit: "CS"}, map[string]string{"USD": "29.95"}, map[string]string{castelmere.ID: "27.7038"})
		m.sellCents()

		if available := m.available(northfold); available != 27_269_00 {
			t.Fatalf("Northfold starts with %d", available)
		}
		if available := m.available(west); available != 4_369_25 {
			t.Fatalf("Labs West starts with %d", available)
		}
		n := purchase{Payload: "n1@buyer.example", From: northfold.ID, Number: "PO-N", Region: "OH", Items: []purchaseItem{
			{"PPE-2010", "120", "BX", "8.1000"}, {"PPE-2030", "37", "EA", "2.9375"}, {"FAS-1050", "1500", "EA", "0.01255"},
			{"ELE-5030", "152.5", "MTR", "0.6425"}, {"PKG-4010", "30", "RO", "1.4875"}}}
		if answer := m.send(n); answer.Status.Code != 200 || !strings.Contains(answer.Status.Detail, "1332.18 USD") {
			t.Errorf("N: %+v", answer.Status)
		}
		if available := m.available(northfold); available != 25_936_82 {
			t.Errorf("after N Northfold has %d", available)
		}

		c := purchase{Payload: "c1@buyer.example", From: castelmere.ID, Number: "PO-C", Region: "PA", Items: []purchaseItem{
			{"CLN-3010", "24", "CS", "35.7050"}, {"CLN-3020", "12", "CS", "27.7038"}, {"PKG-4010", "75", "RO", "1.3759"}, {"PKG-4020", "6", "RO", "10.3600"}}}
		if answer := m.send(c); answer.Status.Code != 201 || !strings.Contains(answer.Status.Detail, "195.00 USD over the credit limit of Castelmere Foods") {
			t.Errorf("C: %+v", answer.Status)
		}
		waiting := m.order(castelmere, "PO-C")
		if waiting.State != orders.CreditReview || waiting.Version.Total.Text() != "1436.00" || waiting.Decision.Short.Text() != "195.00" || m.available(castelmere) != 1_241_00 {
			t.Errorf("C: %+v", waiting)
		}
		if err := m.release(waiting.ID, false); err == nil || !strings.Contains(err.Error(), "195.00 USD over") {
			t.Errorf("released too early: %v", err)
		}
		m.setLimit(castelmere, 15_500_00)
		if err := m.release(waiting.ID, false); err != nil {
			t.Error(err)
		}
		if available := m.available(castelmere); available != 305_00 {
			t.Errorf("after C Castelmere has %d", available)
		}
	})
}

func TestTheParentBinds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		m := newMarket(t, db)
		northfold := m.customer("Northfold Medical Group", nil, 50_000_00, 17_100_25)
		west := m.customer("Northfold Labs West", &northfold, 10_000_00, 5_630_75)
		m.sellCents()
		if answer := m.send(cents(northfold, "p1@buyer.example", "PO-P", "2400000")); answer.Status.Code != 200 {
			t.Errorf("24,000.00 of the parent: %+v", answer.Status)
		}
		if parent, child := m.available(northfold), m.available(west); parent != 3_269_00 || child != 3_269_00 {
			t.Errorf("the parent has %d, the child %d", parent, child)
		}
		answer := m.send(cents(west, "w1@buyer.example", "PO-W1", "326901"))
		if answer.Status.Code != 201 || !strings.Contains(answer.Status.Detail, "0.01 USD over the credit limit of Northfold Medical Group") {
			t.Errorf("3,269.01: %+v", answer.Status)
		}
		if o := m.order(west, "PO-W1"); o.State != orders.CreditReview || o.Decision.Bound != "Northfold Medical Group" {
			t.Errorf("3,269.01: %+v", o.Decision)
		}
		if answer := m.send(cents(west, "w2@buyer.example", "PO-W2", "326900")); answer.Status.Code != 200 {
			t.Errorf("3,269.00: %+v", answer.Status)
		}
		if parent, child := m.available(northfold), m.available(west); parent != 0 || child != 0 {
			t.Errorf("the parent has %d, the child %d", parent, child)
		}
	})
}
