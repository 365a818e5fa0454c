package money_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/quick"
	"time"

	"github.com/kontorhq/kontor/money"
)

func TestLineTotalIsRoundedOnce(t *testing.T) {
	tests := []struct {
		name                 string
		quantity, price, per string
		currency             string
		want                 string
	}{
		// The carts of the demo, to the last digit.
		{"four decimals", "120", "8.1000", "1", "USD", "972.00"},
		{"glasses", "37", "2.9375", "1", "USD", "108.69"},
		{"cable by the metre", "152.5", "0.6425", "1", "USD", "97.98"},
		{"tape", "30", "1.4875", "1", "USD", "44.63"},
		{"bolts in euro", "4", "16.985", "1", "EUR", "67.94"},
		{"gloves in euro", "6", "6.245", "1", "EUR", "37.47"},
		{"screws in yen", "2500", "5.55", "1", "JPY", "13875"},
		{"glasses in yen", "7", "438.5", "1", "JPY", "3070"},
		{"cable in yen", "12.5", "96.2", "1", "JPY", "1203"},
		{"gloves in dinars", "12", "3.745", "1", "BHD", "44.940"},
		{"vests in dinars", "7", "3.1675", "1", "BHD", "22.173"},
		{"screws in dinars", "2500", "0.00473", "1", "BHD", "11.825"},
		{"tape in dinars", "15", "0.5595", "1", "BHD", "8.393"},
		{"a price per hundred", "1500", "1.2550", "100", "USD", "18.83"},
		{"the same by the box of a hundred", "15", "1.2550", "1", "USD", "18.83"},
		{"the same with a fine price", "1500", "0.01255", "1", "USD", "18.83"},
		{"euro per hundred", "3300", "1.183", "100", "EUR", "39.04"},
		{"euro per ten", "700", "0.345", "10", "EUR", "24.15"},
		{"yen per ten", "1100", "18.525", "10", "JPY", "2038"},
		{"cleaning, carton", "24", "35.7050", "1", "USD", "856.92"},
		{"cleaning, drum", "12", "27.7038", "1", "USD", "332.45"},
		{"packing, roll", "75", "1.3759", "1", "USD", "103.19"},
		{"packing, box", "6", "10.3600", "1", "USD", "62.16"},
		{"after a discount", "3", "5.1480", "1", "USD", "15.44"},

		{"half a cent goes up", "1", "0.005", "1", "USD", "0.01"},
		{"less than half goes down", "1", "0.004999999", "1", "USD", "0.00"},
		{"half a cent goes down below zero", "-1", "0.005", "1", "USD", "-0.01"},
		{"half a yen", "1", "0.5", "1", "JPY", "1"},
		{"half a fils", "1", "0.0005", "1", "BHD", "0.001"},
		{"half of an odd sum", "3", "0.335", "2", "USD", "0.50"},
		{"a third has no end", "1", "10", "3", "USD", "3.33"},
		{"two thirds", "2", "10", "3", "USD", "6.67"},
		{"a fraction of a metre", "2.5", "31.40", "1", "USD", "78.50"},
		{"nothing", "0", "31.40", "1", "USD", "0.00"},
		{"products of 38 digits", "1234567890123456789", "0.0000000000000000001", "1", "USD", "0.12"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := money.LineTotal(decimal(t, test.quantity), decimal(t, test.price), decimal(t, test.per), test.currency)
			if err != nil {
				t.Fatal(err)
			}
			if got.Text() != test.want || got.Currency != test.currency {
				t.Errorf("got %s, want %s %s", got, test.want, test.currency)
			}
		})
	}
}

func decimal(t testing.TB, text string) money.Decimal {
	t.Helper()
	d, err := money.ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Goods are the sum of rounded lines.
func TestCartsOfTheDemoAddUp(t *testing.T) {
	carts := map[string]struct {
		currency string
		lines    []string
		goods    string
	}{
		"N": {"USD", []string{"972.00", "108.69", "18.83", "97.98", "44.63"}, "1242.13"},
		"C": {"USD", []string{"856.92", "332.45", "103.19", "62.16"}, "1354.72"},
		"V": {"EUR", []string{"39.04", "67.94", "37.47", "24.15"}, "168.60"},
		"H": {"JPY", []string{"2038", "13875", "3070", "1203"}, "20186"},
		"S": {"BHD", []string{"44.940", "22.173", "11.825", "8.393"}, "87.331"},
	}
	for name, cart := range carts {
		var lines []money.Amount
		for _, text := range cart.lines {
			line, err := money.ParseAmount(text, cart.currency)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, line)
		}
		if goods, err := money.Sum(cart.currency, lines...); err != nil || goods.Text() != cart.goods {
			t.Errorf("cart %s: got %s, %v, want %s", name, goods, err, cart.goods)
		}
	}
}

func TestLineTotalRefuses(t *testing.T) {
	one := money.One
	if _, err := money.LineTotal(one, one, money.Decimal{}, "USD"); err == nil {
		t.Error("a price per nothing")
	}
	if _, err := money.LineTotal(one, one, money.MustDecimal("-1"), "USD"); err == nil {
		t.Error("a price per less than nothing")
	}
	if _, err := money.LineTotal(one, one, one, "USX"); !errors.Is(err, money.ErrCurrency) {
		t.Error("an unknown currency:", err)
	}
	huge := money.MustDecimal("9999999999999999999")
	if _, err := money.LineTotal(huge, huge, one, "USD"); !errors.Is(err, money.ErrRange) {
		t.Error("more than 64 bits:", err)
	}
}

// LineTotal agrees with a computation that shares nothing with it: scaled integers, and the
// rounding by comparing twice the remainder with the divisor.
func TestLineTotalIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	currencies := map[string]int{"USD": 2, "JPY": 0, "BHD": 3}
	for range 20_000 {
		quantity, quantityScale := random.Int64N(1_000_000)-100_000, random.IntN(5)
		price, priceScale := random.Int64N(10_000_000), random.IntN(7)
		per := []int64{1, 10, 100, 1000, 12, 7}[random.IntN(6)]
		for currency, exponent := range currencies {
			numerator := new(big.Int).Mul(big.NewInt(quantity), big.NewInt(price))
			numerator.Mul(numerator, power(exponent))
			divisor := new(big.Int).Mul(power(quantityScale+priceScale), big.NewInt(per))
			negative := numerator.Sign() < 0
			whole, rest := new(big.Int).QuoRem(numerator.Abs(numerator), divisor, new(big.Int))
			if rest.Lsh(rest, 1).Cmp(divisor) >= 0 {
				whole.Add(whole, big.NewInt(1))
			}
			if negative {
				whole.Neg(whole)
			}
			got, err := money.LineTotal(scaled(t, quantity, quantityScale), scaled(t, price, priceScale), scaled(t, per, 0), currency)
			if err != nil || got.Minor != whole.Int64() {
				t.Fatalf("%de-%d × %de-%d ÷ %d: got %s, %v, want %s minor units", quantity, quantityScale, price, priceScale, per, got, err, whole)
			}
		}
	}
}

// Prices for one are counted in machine words while these are wide enough; per 7 is never.
func TestLineTotalIsTheSameInWords(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	refused := 0
	for range 50_000 {
		quantity := scaled(t, random.Int64N(1<<(1+random.IntN(62)))-1000, random.IntN(7))
		price := scaled(t, random.Int64N(1<<(1+random.IntN(58))), random.IntN(10))
		sevenfold, err := price.Mul(money.MustDecimal("7"))
		if err != nil {
			continue
		}
		for _, currency := range []string{"USD", "JPY", "BHD"} {
			got, gotErr := money.LineTotal(quantity, price, money.MustDecimal("1.0"), currency)
			want, wantErr := money.LineTotal(quantity, sevenfold, money.MustDecimal("7"), currency)
			if got != want || !errors.Is(gotErr, wantErr) {
				t.Fatalf("%s × %s in %s: got %v, %v, want %v, %v", quantity, price, currency, got, gotErr, want, wantErr)
			}
			if wantErr != nil {
				refused++
			}
		}
	}
	if refused == 0 {
		t.Error("nothing was too large")
	}
}

func power(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// scaled writes coefficient × 10^-scale as text and reads it.
func scaled(t testing.TB, coefficient int64, scale int) money.Decimal {
	t.Helper()
	return decimal(t, new(big.Rat).SetFrac(big.NewInt(coefficient), power(scale)).FloatString(scale))
}

func TestAllocate(t *testing.T) {
	tests := []struct {
		name    string
		total   int64
		weights []int64
		want    []int64
	}{
		{"100.00 over three", 100_00, []int64{1, 1, 1}, []int64{33_34, 33_33, 33_33}},
		{"1,000 yen over three", 1000, []int64{1, 1, 1}, []int64{334, 333, 333}},
		{"-100.00 over three", -100_00, []int64{1, 1, 1}, []int64{-33_34, -33_33, -33_33}},
		{"the tax of the demo's cart", 81_28, []int64{856_92, 332_45, 103_19, 62_16}, []int64{51_41, 19_95, 6_19, 3_73}},
		{"ties to the earlier place", 2, []int64{1, 1, 1, 1}, []int64{1, 1, 0, 0}},
		{"the largest remainder first", 1, []int64{1, 2, 1}, []int64{0, 1, 0}},
		{"nothing for no weight", 5, []int64{0, 1, 0}, []int64{0, 5, 0}},
		{"nothing to share", 0, []int64{1, 2}, []int64{0, 0}},
		{"one takes all", -7, []int64{3}, []int64{-7}},
		{"weights beyond 64 bits together", 10, []int64{math.MaxInt64, math.MaxInt64}, []int64{5, 5}},
		{"the largest total", math.MaxInt64, []int64{1, 1}, []int64{math.MaxInt64/2 + 1, math.MaxInt64 / 2}},
		{"the smallest total", math.MinInt64, []int64{1, 1}, []int64{math.MinInt64 / 2, math.MinInt64 / 2}},
		{"the smallest total, to one", math.MinInt64, []int64{1}, []int64{math.MinInt64}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := money.Allocate(test.total, test.weights)
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
	for name, weights := range map[string][]int64{"none": nil, "all zero": {0, 0}, "a negative one": {2, -1}} {
		if got, err := money.Allocate(1, weights); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// Shares add up to the total, have its sign, are at most one unit from the exact share, and a
// larger weight never gets less.
func TestAllocateIsFair(t *testing.T) {
	check := func(total int64, small []uint16) bool {
		weights, sum := make([]int64, len(small)), int64(0)
		for i, w := range small {
			weights[i] = int64(w)
			sum += int64(w)
		}
		shares, err := money.Allocate(total, weights)
		if sum == 0 {
			return err != nil
		}
		if err != nil {
			return false
		}
		added := new(big.Int)
		for i, share := range shares {
			added.Add(added, big.NewInt(share))
			// |share·Σw − total·w| < Σw
			off := new(big.Int).Sub(new(big.Int).Mul(big.NewInt(share), big.NewInt(sum)), new(big.Int).Mul(big.NewInt(total), big.NewInt(weights[i])))
			if off.CmpAbs(big.NewInt(sum)) >= 0 || share != 0 && (share < 0) != (total < 0) {
				return false
			}
			for j := range i {
				if total > 0 && weights[i] > weights[j] && share < shares[j] {
					return false
				}
			}
		}
		return added.Cmp(big.NewInt(total)) == 0
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

func TestParseDecimal(t *testing.T) {
	for _, text := range []string{"0", "1", "-1", "+1", "8.1000", "0.01255", "1234567890123456789", "0.0000000000000000001", "00012.50"} {
		d, err := money.ParseDecimal(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		want, _ := new(big.Rat).SetString(text)
		if d.Rat().Cmp(want) != 0 {
			t.Errorf("%q: got %s", text, d)
		}
	}
	for _, text := range []string{
		"", " ", ".", "-", "1,5", "1.234,56", "1,234.56", "1 234", " 1", "1 ", "1\n", "1e3", "1E3", "0x1F", "1_000", "½", "١", "NaN", "Inf", "$1", "1%",
		"1.2.3", "--1", "1-", "12345678901234567890", "0.00000000000000000001", "1.23456789012345678901", "99999999999999999999999999",
	} {
		if d, err := money.ParseDecimal(text); err == nil {
			t.Errorf("%q was read as %s", text, d)
		}
	}
	if got := money.MustDecimal("8.1000"); got.String() != "8.1000" || got.Plain() != "8.1" || got.Scale() != 1 {
		t.Errorf("got %s, %s, %d", got, got.Plain(), got.Scale())
	}
}

func TestDecimalsAreExactOrRefused(t *testing.T) {
	huge := money.MustDecimal("9999999999999999999")
	if sum, err := huge.Add(money.One); err == nil {
		t.Errorf("20 digits were held: %s", sum)
	}
	if product, err := huge.Mul(huge); err == nil {
		t.Errorf("38 digits were held: %s", product)
	}
	product, err := money.MustDecimal("0.15").Mul(money.MustDecimal("19.99"))
	if err != nil || product.String() != "2.9985" {
		t.Errorf("got %s, %v", product, err)
	}
	difference, err := money.MustDecimal("0.3").Sub(money.MustDecimal("0.1"))
	if err != nil || difference.Cmp(money.MustDecimal("0.2")) != 0 {
		t.Errorf("got %s, %v", difference, err)
	}
	for _, test := range []struct {
		number, step string
		want         bool
	}{{"12", "6", true}, {"13", "6", false}, {"2.5", "0.5", true}, {"2.5", "0.1", true}, {"2.55", "0.1", false}, {"7", "0", true}} {
		if got := money.MustDecimal(test.number).IsMultipleOf(money.MustDecimal(test.step)); got != test.want {
			t.Errorf("%s of %s: got %t", test.number, test.step, got)
		}
	}
}

func TestParseAmount(t *testing.T) {
	for _, test := range []struct {
		text, currency string
		want           int64
	}{
		{"1332.18", "USD", 1332_18}, {"1332.1800", "USD", 1332_18}, {"-0.5", "USD", -50}, {"1800", "JPY", 1800},
		{"1800.0", "JPY", 1800}, {"1.999", "BHD", 1999}, {"92233720368547758.07", "USD", math.MaxInt64},
	} {
		got, err := money.ParseAmount(test.text, test.currency)
		if err != nil || got != money.Of(test.want, test.currency) {
			t.Errorf("%s %s: got %s, %v", test.text, test.currency, got, err)
		}
	}
	for _, test := range [][2]string{{"1.005", "USD"}, {"1.5", "JPY"}, {"1.9999", "BHD"}, {"1,00", "USD"}, {"1", "USX"}, {"1", ""}, {"92233720368547758.08", "USD"}} {
		if got, err := money.ParseAmount(test[0], test[1]); err == nil {
			t.Errorf("%v was read as %s", test, got)
		}
	}
}

func TestAmountsAsText(t *testing.T) {
	for _, test := range []struct {
		amount money.Amount
		want   string
	}{
		{money.Of(1332_18, "USD"), "1332.18 USD"}, {money.Of(-50, "USD"), "-0.50 USD"}, {money.Of(5, "USD"), "0.05 USD"},
		{money.Of(1800, "JPY"), "1800 JPY"}, {money.Of(-1, "BHD"), "-0.001 BHD"}, {money.Zero("EUR"), "0.00 EUR"},
		{money.Of(math.MinInt64, "USD"), "-92233720368547758.08 USD"},
	} {
		if got := test.amount.String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestArithmeticOfAmounts(t *testing.T) {
	if _, err := money.Of(1, "USD").Add(money.Of(1, "EUR")); !errors.Is(err, money.ErrCurrency) {
		t.Error("dollars and euros were added:", err)
	}
	for _, pair := range [][2]int64{{math.MaxInt64, 1}, {math.MinInt64, -1}, {math.MaxInt64, math.MaxInt64}} {
		if got, err := money.Of(pair[0], "USD").Add(money.Of(pair[1], "USD")); !errors.Is(err, money.ErrRange) {
			t.Errorf("%v: got %s, %v", pair, got, err)
		}
	}
	if got, err := money.Of(0, "USD").Sub(money.Of(math.MinInt64, "USD")); !errors.Is(err, money.ErrRange) {
		t.Errorf("the smallest has no opposite: got %s, %v", got, err)
	}
	agree := func(a, b int64) bool {
		right := func(exact *big.Int, got money.Amount, err error) bool {
			return exact.IsInt64() && err == nil && got.Minor == exact.Int64() || !exact.IsInt64() && errors.Is(err, money.ErrRange)
		}
		sum, sumErr := money.Of(a, "USD").Add(money.Of(b, "USD"))
		difference, differenceErr := money.Of(a, "USD").Sub(money.Of(b, "USD"))
		return right(new(big.Int).Add(big.NewInt(a), big.NewInt(b)), sum, sumErr) &&
			right(new(big.Int).Sub(big.NewInt(a), big.NewInt(b)), difference, differenceErr)
	}
	if err := quick.Check(agree, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
	for _, test := range []struct {
		minor int64
		rate  string
		want  int64
	}{{1242_13, "7.25", 90_05}, {1354_72, "6", 81_28}, {1, "50", 1}, {-1, "50", -1}, {100, "0", 0}} {
		if got, err := money.Of(test.minor, "USD").Percent(money.MustDecimal(test.rate)); err != nil || got.Minor != test.want {
			t.Errorf("%s %% of %d: got %s, %v, want %d", test.rate, test.minor, got, err, test.want)
		}
	}
}

func TestDates(t *testing.T) {
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	// An event at 03:30 UTC on the 1st is still the last day of the previous month in Chicago.
	event := time.Date(2024, time.March, 1, 3, 30, 0, 0, time.UTC)
	if got := money.DateOf(event, chicago).String(); got != "2024-02-29" {
		t.Errorf("in Chicago it is %s", got)
	}
	if got := money.DateOf(event, time.UTC).String(); got != "2024-03-01" {
		t.Errorf("in Greenwich it is %s", got)
	}
	// The day on which the clocks change has 23 hours; days are counted, not hours.
	if got := money.NewDate(2024, time.March, 9).AddDays(2).Start(chicago).UTC(); !got.Equal(time.Date(2024, time.March, 11, 5, 0, 0, 0, time.UTC)) {
		t.Errorf("got %s", got)
	}
	if got := money.NewDate(2024, time.January, 31).AddDays(30).String(); got != "2024-03-01" {
		t.Errorf("31 Jan + 30: got %s", got)
	}
	for _, text := range []string{"2024-02-30", "2024-2-1", "24-02-01", "2024-02-01T00:00:00Z", " 2024-02-01", "", "soon"} {
		if got, err := money.ParseDate(text); err == nil {
			t.Errorf("%q was read as %s", text, got)
		}
	}
	var none money.Date
	if !none.IsZero() || none.String() != "" {
		t.Errorf("no date is %q", none)
	}
	if value, err := none.Value(); value != nil || err != nil {
		t.Errorf("no date is stored as %v, %v", value, err)
	}
	if err := none.UnmarshalText(nil); err != nil || !none.IsZero() {
		t.Error("empty text is no date:", err)
	}
	if !money.NewDate(2024, time.January, 31).Before(money.NewDate(2024, time.February, 1)) {
		t.Error("January comes before February")
	}
}

func TestExponents(t *testing.T) {
	for currency, want := range map[string]int{"USD": 2, "EUR": 2, "JPY": 0, "KRW": 0, "CLP": 0, "XOF": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3} {
		if got, ok := money.Exponent(currency); !ok || got != want {
			t.Errorf("%s: got %d, %t", currency, got, ok)
		}
	}
	for _, currency := range []string{"", "usd", "USX", "XXX", " US", "D E", "USDE"} {
		if _, ok := money.Exponent(currency); ok {
			t.Errorf("%q passes for money", currency)
		}
	}
}

func BenchmarkAllocate10000(b *testing.B) {
	weights := make([]int64, 10_000)
	for i := range weights {
		weights[i] = int64(i*7919%10007 + 1)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := money.Allocate(1_234_567, weights); err != nil {
			b.Fatal(err)
		}
	}
}
