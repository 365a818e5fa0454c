package money

import "testing"

func TestAmountsAsPeopleReadThem(t *testing.T) {
	for _, test := range []struct{ name, got, want string }{
		{"dollars", Of(143600, "USD").English(), "$1,436.00"},
		{"less than one", Of(5, "USD").English(), "$0.05"},
		{"negative", Of(-21460, "USD").English(), "−$214.60"},
		{"no decimals", Of(20186, "JPY").English(), "¥20,186"},
		{"three decimals, by code", Of(87331, "BHD").English(), "BHD\u00a087.331"},
		{"a dollar that isn't the dollar", Of(100000000, "CAD").English(), "CAD\u00a01,000,000.00"},
		{"the least amount there is", Of(-9223372036854775808, "USD").English(), "−$92,233,720,368,547,758.08"},
		{"a price at its full scale", MustDecimal("0.01255").EnglishPrice("USD"), "$0.01255"},
		{"a price of whole dollars", MustDecimal("1420").EnglishPrice("USD"), "$1,420.00"},
		{"a price of whole yen", MustDecimal("1420").EnglishPrice("JPY"), "¥1,420"},
		{"quantity", MustDecimal("1500.50").English(), "1,500.5"},
		{"a negative quantity", MustDecimal("-1500").English(), "−1,500"},
		{"a sentence", EnglishIn("195.00 USD over: 1436.00 USD asked, -5 JPY left."), "$195.00 over: $1,436.00 asked, −¥5 left."},
		{"what only looks like an amount", EnglishIn("Order 12 USD, 3.5 USD, 4.00 ABC, A12.00 USD"), "Order 12 USD, 3.5 USD, 4.00 ABC, A12.00 USD"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", test.name, test.got, test.want)
		}
	}
}
