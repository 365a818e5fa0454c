package console

import (
	"testing"
	"time"

	"github.com/kontorhq/kontor/orders"
)

func TestFormats(t *testing.T) {
	for _, test := range []struct{ name, got, want string }{
		{"span", span(42 * time.Minute), "42\u00a0min"},
		{"one hour", span(61 * time.Minute), "1\u00a0hour"},
		{"days", span(50 * time.Hour), "2\u00a0days"},
		{"no time at all", span(-time.Second), "less than a minute"},
		{"size", sizeOf(1234), "1.2\u00a0kB"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", test.name, test.got, test.want)
		}
	}
	for text, want := range map[string]int64{"15,500.00": 1550000, " $16,000 ": 1600000, "60000": 6000000, "0": 0, "1.5": 150} {
		if got, err := readMoney(text, "USD"); err != nil || got.Minor != want {
			t.Errorf("%q is %d (%v), want %d", text, got.Minor, err, want)
		}
	}
	if got, err := readMoney("60.000", "BHD"); err != nil || got.Minor != 60000 {
		t.Errorf("dinars: %v %v", got, err)
	}
	if _, err := readMoney("1.5", "JPY"); err == nil {
		t.Error("half a yen was taken")
	}
}

func TestEveryEventOfAnOrderHasWords(t *testing.T) {
	for _, kind := range []string{
		orders.EventApproved, orders.EventHeld, orders.EventRefused, orders.EventCancelled, orders.EventSuperseded,
		orders.EventChanged, orders.EventChangeHeld, orders.EventChangeRejected,
		orders.EventReleased, orders.EventRejected, orders.EventWithdrawn, orders.EventLinesCancelled,
	} {
		if words := message(kind); words == kind {
			t.Errorf("the list of messages shows %s as it is stored", kind)
		}
	}
}
