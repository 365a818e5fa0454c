package simulators

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kontorhq/kontor/money"
)

// symbols are unambiguous on our pages, where one currency stands alone; others show their code.
var symbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}

// FormatMoney writes an amount as people in the United States do: "$1,332.18", "−$214.60",
// "BHD 87.331". Further decimals of unit prices stay: "$0.01255". An absent amount is "".
func FormatMoney(m Money) string {
	if m.Value == "" {
		return ""
	}
	digits, negative := strings.CutPrefix(m.Value, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	decimals, ok := money.Exponent(m.Currency)
	if !ok {
		decimals = 2
	}
	fraction = strings.TrimRight(fraction, "0")
	if missing := decimals - len(fraction); missing > 0 {
		fraction += strings.Repeat("0", missing)
	}
	if fraction != "" {
		whole += "." + fraction
	}
	sign := ""
	if negative {
		sign = "\u2212"
	}
	if symbol, ok := symbols[m.Currency]; ok {
		return sign + symbol + whole
	}
	return sign + m.Currency + "\u00a0" + whole
}

func formatDay(t time.Time) string     { return t.Format("Jan 2, 2006") }
func formatMinute(t time.Time) string  { return t.Format("Jan 2, 2006, 3:04 PM") }
func formatSecond(t time.Time) string  { return t.Format("15:04:05") }
func formatInstant(t time.Time) string { return t.Format(time.RFC3339) }

// units are the words for the codes that the demo's catalogue uses; others are shown as codes.
var units = map[string]string{"EA": "each", "EACH": "each", "BX": "box", "CS": "case", "RO": "roll", "PR": "pair", "PK": "pack",
	"BG": "bag", "BD": "bundle", "SET": "set", "MTR": "metre", "KGM": "kilogram", "MIL": "thousand"}

func unitWord(code string) string {
	if word, ok := units[code]; ok {
		return word
	}
	return code
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

func thousands(n int) string {
	text := FormatMoney(Money{strconv.Itoa(n), "JPY"})
	return strings.TrimPrefix(text, "¥")
}

// sentence starts an error's text with a capital and ends it with a stop, for people.
func sentence(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	for _, wrapped := range []error{ErrState, ErrNotFound} {
		if errors.Is(err, wrapped) {
			text = strings.TrimPrefix(text, wrapped.Error()+": ")
		}
	}
	if text == "" {
		return ""
	}
	return stop(strings.ToUpper(text[:1]) + text[1:])
}

var amountsOnTheWire = regexp.MustCompile(`-?\b\d+(?:\.\d+)? [A-Z]{3}\b`)

// readable writes the amounts in a sentence that Kontor sent ("195.00 USD over …") as people read
// them. What has not exactly its currency's decimals is no amount of Kontor's and stays.
func readable(text string) string {
	return amountsOnTheWire.ReplaceAllStringFunc(text, func(found string) string {
		value, currency, _ := strings.Cut(found, " ")
		_, fraction, _ := strings.Cut(value, ".")
		if decimals, ok := money.Exponent(currency); !ok || len(fraction) != decimals {
			return found
		}
		return FormatMoney(Money{value, currency})
	})
}

// stop ends a sentence that others wrote, so that the next one can follow it.
func stop(text string) string {
	if text == "" || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}
