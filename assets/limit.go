package assets

import (
	"fmt"
	"html/template"
	"strings"
)

// Limit is one credit line in minor units of one currency. Receivables are less credits; Base is
// the limit without a temporary increase, 0 when there is none.
type Limit struct {
	Limit, Receivables, Holds, Offline, Base int64
}

// LimitBar draws the bar of a credit line; the caller writes the values beneath it, so the picture
// is hidden from screen readers. Above the limit the whole bar is one warning.
func LimitBar(l Limit) template.HTML { return limitBar(l, false) }

// LimitBarMini is the 8 px form for lists; words stand beside it.
func LimitBarMini(l Limit) template.HTML { return limitBar(l, true) }

func limitBar(l Limit, mini bool) template.HTML {
	class, top, high := "limit", 4, 28
	if mini {
		class, top, high = "limit limit--mini", 0, 8
	}
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg class="%s" height="%d" aria-hidden="true" focusable="false">`, class, high+2*top)
	if !mini {
		svg.WriteString(`<defs><pattern id="limit-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="limit__offline" d="M0 0h7v7H0z"/><path class="limit__hatch" d="M0 0v7"/></pattern></defs>`)
	}
	fmt.Fprintf(&svg, `<rect class="limit__frame" y="%d" width="100%%" height="%d" rx="2"/>`, top, high)
	// A part that is negative (credits above receivables) has no width; its value is still written.
	used := max(l.Receivables, 0) + max(l.Holds, 0) + max(l.Offline, 0)
	if l.Receivables+l.Holds+l.Offline > l.Limit || l.Limit <= 0 && used > 0 {
		fmt.Fprintf(&svg, `<rect class="limit__over" y="%d" width="100%%" height="%d" rx="2"/></svg>`, top, high)
		return template.HTML(svg.String())
	}
	var at int64
	for _, part := range []struct {
		minor int64
		class string
	}{{l.Receivables, "limit__recv"}, {l.Holds, "limit__holds"}, {l.Offline, "limit__offline"}} {
		if part.minor <= 0 || l.Limit <= 0 {
			continue
		}
		fill := ""
		if part.class == "limit__offline" && !mini {
			// The presentation attribute loses against a class rule, so the hatch has none.
			fill, part.class = ` fill="url(#limit-hatch)"`, "limit__hatched"
		}
		from, to := percent(at, l.Limit), percent(at+part.minor, l.Limit)
		fmt.Fprintf(&svg, `<rect class="%s"%s x="%s%%" y="%d" width="%s%%" height="%d"/>`,
			part.class, fill, from, top, percent(part.minor, l.Limit), high)
		fmt.Fprintf(&svg, `<line class="limit__gap" x1="%s%%" x2="%s%%" y1="%d" y2="%d"/>`, to, to, top, top+high)
		at += part.minor
	}
	if !mini && l.Base > 0 && l.Base < l.Limit {
		x := percent(l.Base, l.Limit)
		fmt.Fprintf(&svg, `<line class="limit__tick" x1="%s%%" x2="%s%%" y1="0" y2="%d"/>`, x, x, high+2*top)
	}
	svg.WriteString(`</svg>`)
	return template.HTML(svg.String())
}

// percent is part of whole with two decimals, in integers: a line of 9·10^15 minor units fits
// because the fraction is taken from the remainder, not from part times 10,000.
func percent(part, whole int64) string {
	if whole <= 0 {
		return "0"
	}
	var digits [5]int64
	rest := part % whole
	digits[0] = part / whole
	for i := 1; i < len(digits); i++ {
		digits[i], rest = timesTen(rest, whole)
	}
	return fmt.Sprintf("%d.%d%d", digits[0]*100+digits[1]*10+digits[2], digits[3], digits[4])
}

// timesTen is 10·rest divided by whole, with rest < whole, without overflow.
func timesTen(rest, whole int64) (quotient, remainder int64) {
	for range 10 {
		if remainder >= whole-rest {
			remainder -= whole - rest
			quotient++
		} else {
			remainder += rest
		}
	}
	return quotient, remainder
}
