package console

import (
	"testing"
	"time"

	"github.com/kontorhq/kontor/money"
)

func TestFormats(t *testing.T) {
	for _, test := range []struct{ name, got, want string }{
		{"dollars", formatMoney(money.Of(143600, "USD")), "$1,436.00"},
		{"less than one", formatMoney(money.Of(5, "USD")), "$0.05"},
		{"negative", formatMoney(money.Of(-21460, "USD")), "−$214.60"},
		{"no decimals", formatMoney(money.Of(20186, "JPY")), "¥20,186"},
		{"three decimals, by code", formatMoney(money.Of(87331, "BHD")), "BHD\u00a087.331"},
		{"a dollar that isn't the dollar", formatMoney(money.Of(100000000, "CAD")), "CAD\u00a01,000,000.00"},
		{"the least amount there is", formatMoney(money.Of(-9223372036854775808, "USD")), "−$92,233,720,368,547,758.08"},
		{"a price at its full scale", formatPrice(money.MustDecimal("0.01255"), "USD"), "$0.01255"},
		{"a price of whole dollars", formatPrice(money.MustDecimal("1420"), "USD"), "$1,420.00"},
		{"a price of whole yen", formatPrice(money.MustDecimal("1420"), "JPY"), "¥1,420"},
		{"quantity", formatQuantity(money.MustDecimal("1500.50")), "1,500.5"},
		{"a sentence", sentence("195.00 USD over: 1436.00 USD asked, -5 JPY left."), "$195.00 over: $1,436.00 asked, −¥5 left."},
		{"what only looks like an amount", sentence("Order 12 USD, 3.5 USD, 4.00 ABC, A12.00 USD"), "Order 12 USD, 3.5 USD, 4.00 ABC, A12.00 USD"},
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
