package cxml

const (
	shortestCard = 13
	longestCard  = 19
	digitsShown  = 4
	widestGap    = 3 // separators between two groups of digits of one number
)

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func countDigits(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if isDigit(s[i]) {
			n++
		}
	}
	return n
}

// maskAllDigits hides every digit but the last four. Of five to eight it hides all, because
// four would be half of them; four or fewer are the last four already.
func maskAllDigits(s string) string {
	hide := countDigits(s) - digitsShown
	switch {
	case hide <= 0:
		return s
	case hide <= digitsShown:
		hide += digitsShown
	}
	masked := []byte(s)
	for i := range masked {
		if hide > 0 && isDigit(masked[i]) {
			masked[i] = maskByte
			hide--
		}
	}
	return string(masked)
}

// maskDigits hides whatever can be a card number: 13 to 19 digits, perhaps in groups with
// blanks, dashes or points between them, that pass the Luhn check. The last four digits stay.
// The result has the length of s.
func maskDigits(s string) string {
	if len(s) < shortestCard || countDigits(s) < shortestCard {
		return s
	}
	var masked []byte
	for at := 0; at < len(s); {
		if !isDigit(s[at]) {
			at++
			continue
		}
		groups, end := groupsFrom(s, at)
		masked = maskGroups(s, masked, groups)
		at = end
	}
	if masked == nil {
		return s
	}
	return string(masked)
}

// group is a run of digits, s[from:to].
type group struct{ from, to int }

// groupsFrom collects runs of digits as long as only a small gap separates them.
func groupsFrom(s string, at int) (groups []group, end int) {
	for {
		from := at
		for at < len(s) && isDigit(s[at]) {
			at++
		}
		groups = append(groups, group{from, at})
		next := at
		for next < len(s) && next-at < 2*widestGap {
			width := gapWidth(s[next:])
			if width == 0 {
				break
			}
			next += width
		}
		if next == at || next == len(s) || !isDigit(s[next]) {
			return groups, next
		}
		at = next
	}
}

// gapWidth is the length of a separator at the start of s, 0 where there is none.
func gapWidth(s string) int {
	switch s[0] {
	case ' ', '-', '.', '\t', '\n', '\r', '_':
		return 1
	case 0xC2: // no-break space
		if len(s) > 1 && s[1] == 0xA0 {
			return 2
		}
	case 0xE2: // thin spaces, hyphens and dashes: U+2000 to U+2015, U+202F
		if len(s) > 2 && s[1] == 0x80 && (s[2] <= 0x95 || s[2] == 0xAF) {
			return 3
		}
	}
	return 0
}

// maskGroups hides each window of whole groups that is a card number. A digit stays only if no
// window that passes wants it hidden.
func maskGroups(s string, masked []byte, groups []group) []byte {
	for first := range groups {
		length := 0
		for last := first; last < len(groups); last++ {
			length += groups[last].to - groups[last].from
			if length > longestCard {
				break
			}
			if length < shortestCard || !luhn(s, groups[first:last+1]) {
				continue
			}
			if masked == nil {
				masked = []byte(s)
			}
			hide := length - digitsShown
			for _, g := range groups[first : last+1] {
				for i := g.from; i < g.to && hide > 0; i++ {
					masked[i] = maskByte
					hide--
				}
			}
		}
	}
	return masked
}

func luhn(s string, groups []group) bool {
	sum, double, zero := 0, false, true
	for g := len(groups) - 1; g >= 0; g-- {
		for i := groups[g].to - 1; i >= groups[g].from; i-- {
			digit := int(s[i] - '0')
			zero = zero && digit == 0
			if double {
				if digit *= 2; digit > 9 {
					digit -= 9
				}
			}
			sum += digit
			double = !double
		}
	}
	// A row of zeros passes the check and is no card.
	return sum%10 == 0 && !zero
}
