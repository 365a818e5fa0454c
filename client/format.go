package client

import (
	"strconv"
	"strings"
)

// exponents are the decimals of currencies that do not have two.
var exponents = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
	"UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// symbols are those that need no code beside them on a page in one currency.
var symbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}

// Format writes an amount the en-US way: $1,332.18, −$214.60, ¥20,186, BHD 87.331.
func (m Money) Format() string {
	sign, digits := split(m.Amount)
	places := exponent(m.Currency)
	for len(digits) <= places {
		digits = "0" + digits
	}
	whole, fraction := digits[:len(digits)-places], digits[len(digits)-places:]
	return sign + front(m.Currency) + grouped(whole, fraction)
}

// Format writes a price at its full scale, with at least the decimals of its currency:
// $0.01255, $9.95, ¥1,420. A value that is no plain decimal is written as it came.
func (p UnitPrice) Format() string {
	value, sign := p.Value, ""
	if strings.HasPrefix(value, "-") {
		value, sign = value[1:], "−"
	}
	whole, fraction, _ := strings.Cut(value, ".")
	if whole == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return strings.TrimSpace(p.Value + " " + p.Currency)
	}
	places := exponent(p.Currency)
	fraction = strings.TrimRight(fraction, "0")
	for len(fraction) < places {
		fraction += "0"
	}
	return sign + front(p.Currency) + grouped(whole, fraction)
}

// Zero reports whether nothing is owed.
func (m Money) Zero() bool { return m.Amount == 0 }

// split takes the sign off without losing the lowest int64, which has no positive counterpart.
func split(minor int64) (sign, digits string) {
	if minor >= 0 {
		return "", strconv.FormatUint(uint64(minor), 10)
	}
	return "−", strconv.FormatUint(uint64(-(minor+1))+1, 10)
}

func exponent(currency string) int {
	if places, ok := exponents[currency]; ok {
		return places
	}
	return 2
}

// front is what stands before the digits: a symbol, or the code and a no-break space.
func front(currency string) string {
	if symbol, ok := symbols[currency]; ok {
		return symbol
	}
	if currency == "" {
		return ""
	}
	return currency + "\u00a0"
}

func grouped(whole, fraction string) string {
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}
