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
	"github.com/kontorhq/kontor/notices"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

// Staff read en-US until they have accounts with a locale of their own. Every amount on a page
// comes from here.

const noBreak = "\u00a0"

// formatMoney writes an amount: $1,436.00, −$214.60, ¥20,186, BHD 87.331.
func formatMoney(a money.Amount) string { return a.English() }

// formatPrice writes a unit price at its full scale, with at least its currency's decimals.
func formatPrice(d money.Decimal, currency string) string { return d.EnglishPrice(currency) }

func formatQuantity(d money.Decimal) string { return d.English() }

// sentence writes the amounts in a sentence of ours ("195.00 USD over …") as people read them.
func sentence(text string) string { return money.EnglishIn(text) }

// upper begins a sentence; faults are written to stand after a colon.
func upper(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

var wellWritten = regexp.MustCompile(`^(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?$`)

// readMoney reads an amount as en-US writes it; what could mean two things is refused with an
// example.
func readMoney(text, currency string) (money.Amount, error) {
	example := formatMoney(money.Of(6000000, currency))
	refused := fault.At(fault.Invalid, "limit", "Write the amount as "+strings.TrimPrefix(example, money.EnglishSymbol(currency))+".")
	digits := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), money.EnglishSymbol(currency)))
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
	outbox.Ready: {"badge--go", "Ready to send"}, outbox.Running: {"badge--go", "Sending"}, outbox.Done: {"badge--ok", "Taken"},
	outbox.Skipped: {"", "Not needed"}, outbox.Dead: {"badge--stop", "Given up"},
	notices.Kept: {"", "Kept"}, notices.Sending: {"badge--go", "Sending"}, notices.Sent: {"badge--ok", "Sent"}, notices.Failed: {"badge--stop", "Failed"},
	"task-open": {"badge--stop", "Not told"}, "task-done": {"badge--ok", "Told"}, "task-resent": {"badge--go", "Sent again"}, "due": {"", "Not due yet"},
	"quote-pending": {"badge--wait", "Prices open"}, "quote-final": {"badge--ok", "Quoted"}, "quote-over": {"", "Over"},
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
