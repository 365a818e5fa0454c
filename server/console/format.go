package console

import (
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// Staff read en-US until they have accounts with a locale of their own. Every amount on a page
// comes from here.

// symbols are those that need no code beside them.
var symbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}

const minus, noBreak = "\u2212", "\u00a0"

// formatMoney writes an amount: $1,436.00, −$214.60, ¥20,186, BHD 87.331.
func formatMoney(a money.Amount) string { return amount(a.Text(), a.Currency, 0) }

// formatPrice writes a unit price at its full scale, with at least its currency's decimals.
func formatPrice(d money.Decimal, currency string) string {
	places, ok := money.Exponent(currency)
	if !ok {
		places = 2
	}
	return amount(d.Plain(), currency, places)
}

// amount groups plain digits and puts sign and currency in front.
func amount(digits, currency string, least int) string {
	front, known := symbols[currency]
	if !known {
		front = currency + noBreak
	}
	sign := ""
	if rest, negative := strings.CutPrefix(digits, "-"); negative {
		sign, digits = minus, rest
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	for len(fraction) < least {
		fraction += "0"
	}
	return sign + front + grouped(whole, fraction)
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

func formatQuantity(d money.Decimal) string {
	whole, fraction, _ := strings.Cut(d.Plain(), ".")
	if rest, negative := strings.CutPrefix(whole, "-"); negative {
		return minus + grouped(rest, fraction)
	}
	return grouped(whole, fraction)
}

var amounts = regexp.MustCompile(`-?\b\d+(?:\.\d+)? [A-Z]{3}\b`)

// sentence writes the amounts in a sentence of ours ("195.00 USD over …") as people read them.
func sentence(text string) string {
	return amounts.ReplaceAllStringFunc(text, func(found string) string {
		digits, currency, _ := strings.Cut(found, " ")
		if _, ok := money.Exponent(currency); !ok {
			return found
		}
		a, err := money.ParseAmount(digits, currency)
		if err != nil || a.Text() != digits {
			return found // not written by us: "12 EUR" may be anything
		}
		return formatMoney(a)
	})
}

// upper begins a sentence; faults are written to stand after a colon.
func upper(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

var wellWritten = regexp.MustCompile(`^(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?$`)

// readMoney reads an amount as en-US writes it; what could mean two things is refused with an
// example.
func readMoney(text, currency string) (money.Amount, error) {
	example := formatMoney(money.Of(6000000, currency))
	refused := fault.At(fault.Invalid, "limit", "Write the amount as "+strings.TrimPrefix(strings.TrimPrefix(example, currency+noBreak), symbols[currency])+".")
	digits := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), symbols[currency]))
	_, fraction, _ := strings.Cut(digits, ".")
	if places, _ := money.Exponent(currency); !wellWritten.MatchString(digits) || len(digits) > 24 || len(fraction) > places {
		return money.Amount{}, refused // "60.000" may be sixty or sixty thousand
	}
	a, err := money.ParseAmount(strings.ReplaceAll(digits, ",", ""), currency)
	if err != nil {
		return money.Amount{}, refused.Because(err)
	}
	return a, nil
}

// times writes instants in the merchant's zone.
type times struct{ zone *time.Location }

func (t times) in(at database.Time, layout string) template.HTML {
	if at.IsZero() {
		return ""
	}
	local := at.In(t.zone)
	return template.HTML(`<time datetime="` + local.Format(time.RFC3339) + `">` + strings.ReplaceAll(local.Format(layout), " ", noBreak) + `</time>`)
}

// When is the day and the time, Nov 12, 2026, 8:30 AM.
func (t times) When(at database.Time) template.HTML { return t.in(at, "Jan 2, 2006, 3:04 PM") }

// Second is When to the second, for documents.
func (t times) Second(at database.Time) template.HTML { return t.in(at, "Jan 2, 2006, 3:04:05 PM") }

// Clock is the time within the day.
func (t times) Clock(at database.Time) template.HTML { return t.in(at, "3:04 PM") }

// Zone names the zone: "New York time".
func (t times) Zone() string {
	name := t.zone.String()
	if at := strings.LastIndexByte(name, '/'); at >= 0 {
		return strings.ReplaceAll(name[at+1:], "_", " ") + " time"
	}
	return name
}

// formatDay writes a date, Nov 16, 2026.
func formatDay(d money.Date) string { return d.Start(time.UTC).Format("Jan 2, 2006") }

// span is how long something lasts, in one unit, for beside an exact time.
func span(d time.Duration) string {
	unit := func(n int64, one, many string) string {
		if n == 1 {
			return "1" + noBreak + one
		}
		return strconv.FormatInt(n, 10) + noBreak + many
	}
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < time.Hour:
		return unit(int64(d/time.Minute), "min", "min")
	case d < 48*time.Hour:
		return unit(int64(d/time.Hour), "hour", "hours")
	}
	return unit(int64(d/(24*time.Hour)), "day", "days")
}

// badge is a state as shape and word.
type badge struct{ Class, Word string }

var badges = map[string]badge{
	orders.Approved: {"badge--ok", "Approved"}, orders.CreditReview: {"badge--wait", "Credit review"},
	orders.Refused: {"badge--stop", "Refused"}, orders.Cancelled: {"", "Cancelled"},
	orders.InForce: {"badge--ok", "In force"}, orders.Waiting: {"badge--wait", "Waiting"}, orders.Replaced: {"", "Replaced"},
	"ready": {"badge--go", "Ready to send"}, "running": {"badge--go", "Sending"}, "done": {"badge--ok", "Taken"},
	"skipped": {"", "Not owed"}, "dead": {"badge--stop", "Given up"},
	"change": {"badge--wait", "Change waits"}, "open": {"badge--ok", "Open"}, "applied": {"badge--wait", "Application in review"}, "closed": {"badge--stop", "Closed"},
}

func badgeOf(state string) badge {
	if b, ok := badges[state]; ok {
		return b
	}
	return badge{"", state}
}

// statusBadge is a protocol's answer.
func statusBadge(status int) badge {
	word := strconv.Itoa(status)
	switch {
	case status == 0:
		return badge{"", "No answer"}
	case status == 201 || status == 202:
		return badge{"badge--wait", word + " Waits"}
	case status/100 == 2:
		return badge{"badge--ok", word + " OK"}
	}
	return badge{"badge--stop", word + " Refused"}
}
