package notices_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

// sent sends home a cart of two lines, the first of them open, and gives its id.
func (h *house) sent(forQuote bool, also error) (cart checkout.Cart) {
	h.Helper()
	organisation, err := accounts.FindOrganisation(h.ctx, h.db, "brackwater", "ext:castelmere")
	h.must(err)
	merchant, err := accounts.FindMerchant(h.ctx, h.db, "brackwater")
	h.must(err)
	err = h.db.InTx(h.ctx, func(tx *database.Tx) error {
		if cart, err = h.desk.NewCart(h.ctx, tx, organisation, &orders.Address{Name: "Home of Ann"}); err != nil {
			return err
		}
		items := []checkout.Item{{SKU: "CLN-3010", Quantity: money.MustDecimal("2"), Open: forQuote}, {SKU: "CLN-3010", Quantity: money.MustDecimal("3")}}
		if _, err = h.desk.PutCart(h.ctx, tx, merchant, organisation, cart.ID, items); err != nil {
			return err
		}
		for range 2 { // the answer may be lost and the cart returned again
			if cart, err = h.desk.SendCart(h.ctx, tx, "brackwater", cart.ID, checkout.Sending{OperationAllowed: "edit", ForQuote: forQuote}); err != nil {
				return err
			}
		}
		return also
	})
	if also == nil {
		h.must(err)
	}
	return cart
}

// A cart that went home for a quote is told to the credit contact, once, whatever comes after.
func TestAQuoteThatIsAskedForIsMailed(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		h.sent(false, nil)
		h.sent(true, errors.New("the answer could not be kept"))
		h.work()
		h.subjects()
		cart := h.sent(true, nil)
		h.work()
		h.subjects("[test] Castelmere Foods asks for a quote")
		m := h.mails()[0]
		for _, want := range []string{"Castelmere Foods took a cart of 2 lines home, for a quote.\n", "Organisation: Castelmere Foods\n", "Asked: Nov 12, 2026, 8:14 AM EST\n",
			"Without a price: 2 CS CLN-3010, Paper towels, 2-ply\n", "/m/brackwater/console/quotes/" + cart.ID + "\n"} {
			if !strings.Contains(m.Body, want) {
				t.Errorf("no %q in\n%s", want, m.Body)
			}
		}
		if !strings.Contains(m.Recipient, "credit@brackwater.example") || !m.AboutQuote() || strings.Count(m.Body, "Without a price") != 1 || strings.Contains(m.Body, "Ann") {
			t.Errorf("%s\n%s", m.Recipient, m.Body)
		}
		deliveries, err := outbox.Of(h.ctx, h.db, "brackwater", cart.ID)
		h.must(err)
		if len(deliveries) != 1 || !strings.Contains(string(deliveries[0].Message), `\u003eOpen the quote\u003c/a`) {
			t.Errorf("%d deliveries: %s", len(deliveries), deliveries[0].Message)
		}
		h.pass(72 * time.Hour)
		h.subjects("[test] Castelmere Foods asks for a quote")
	})
}
