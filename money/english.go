package money

import (
	"regexp"
	"strings"
)

// English is how people read amounts on pages and in mail, as en-US writes them, until they have
// accounts with a locale of their own. Every amount that people of the merchant see is written here.

// symbols are those that need no code beside them.
var symbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}

const minus, noBreak = "\u2212", "\u00a0"

// English writes $1,436.00, −$214.60, ¥20,186, BHD 87.331 (with a no-break space).
func (a Amount) English() string { return english(a.Text(), a.Currency, 0) }

// EnglishPrice writes a unit price at its full scale, with at least its currency's decimals.
func (d Decimal) EnglishPrice(currency string) string {
	places, ok := Exponent(currency)
	if !ok {
		places = 2
	}
	return english(d.Plain(), currency, places)
}

// English writes a quantity: 1,500.5.
func (d Decimal) English() string {
	whole, fraction, _ := strings.Cut(d.Plain(), ".")
	if rest, negative := strings.CutPrefix(whole, "-"); negative {
		return minus + grouped(rest, fraction)
	}
	return grouped(whole, fraction)
}

// EnglishSymbol is what stands before an amount in that currency.
func EnglishSymbol(currency string) string {
	if symbol, known := symbols[currency]; known {
		return symbol
	}
	return currency + noBreak
}

// english groups plain digits and puts sign and currency in front.
func english(digits, currency string, least int) string {
	sign := ""
	if rest, negative := strings.CutPrefix(digits, "-"); negative {
		sign, digits = minus, rest
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	for len(fraction) < least {
		fraction += "0"
	}
	return sign + EnglishSymbol(currency) + grouped(whole, fraction)
}

func grouped(whole, fraction string) string {
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole
}

var amounts = regexp.MustCompile(`-?\b\d+(?:\.\d+)? [A-Z]{3}\b`)

// EnglishIn writes the amounts in a sentence of ours ("195.00 USD over …") as people read them.
func EnglishIn(sentence string) string {
	return amounts.ReplaceAllStringFunc(sentence, func(found string) string {
		digits, currency, _ := strings.Cut(found, " ")
		if _, ok := Exponent(currency); !ok {
			return found
		}
		a, err := ParseAmount(digits, currency)
		if err != nil || a.Text() != digits {
			return found // not written by us: "12 EUR" may be anything
		}
		return a.English()
	})
}
