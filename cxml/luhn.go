package cxml

const (
	shortestCard = 13
	longestCard  = 19
	digitsShown  = 4
	widestGap    = 3    // separators between two groups of digits of one number
	mostGroups   = 1000 // are looked at together, so that a text of digits costs no memory
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

// MaskCards hides whatever can be a card number in a text of another protocol.
func MaskCards(text string) string { return maskDigits(text) }

// maskDigits hides whatever can be a card number: 13 to 19 digits, perhaps in groups with
// blanks, dashes or points between them, that pass the Luhn check. The last four digits stay.
// The result has the length of s.
func maskDigits(s string) string {
	if len(s) < shortestCard || countDigits(s) < shortestCard {
		return s
	}
	var masked []byte
	var groups []group
	for at := 0; at < len(s); {
		if !isDigit(s[at]) {
			at++
			continue
		}
		var end int
		groups, end = groupsFrom(s, at, groups[:0])
		masked = maskGroups(s, masked, groups)
		if len(groups) == mostGroups {
			end = groups[mostGroups-longestCard].from // a number may begin in the last ones
		}
		at = end
	}
	if masked == nil {
		return s
	}
	return string(masked)
}

// group is a run of digits, s[from:to].
type group struct{ from, to int }

// groupsFrom adds runs of digits to groups as long as only a small gap separates them.
func groupsFrom(s string, at int, groups []group) (found []group, end int) {
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
		if next == at || next == len(s) || !isDigit(s[next]) || len(groups) == mostGroups {
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
		var sum luhn
		for last := first; last < len(groups); last++ {
			g := groups[last]
			if sum.length += g.to - g.from; sum.length > longestCard {
				break
			}
			sum.add(s[g.from:g.to])
			if sum.length < shortestCard || !sum.passes() {
				continue
			}
			if masked == nil {
				masked = []byte(s)
			}
			hide := sum.length - digitsShown
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

// luhn is the check sum of digits that come one after the other from the left, though the rule
// begins at the right: every second digit from there counts twice. So it keeps two sums, one for
// each digit that may turn out to be the last.
type luhn struct {
	length         int
	single, double int // the last digit counts once, or twice
	any            bool
}

func (l *luhn) add(digits string) {
	for i := range len(digits) {
		digit := int(digits[i] - '0')
		twice := 2 * digit
		if twice > 9 {
			twice -= 9
		}
		l.single, l.double = l.double+digit, l.single+twice
		l.any = l.any || digit != 0
	}
}

// passes is false for a row of zeros, which passes the check and is no card.
func (l *luhn) passes() bool { return l.single%10 == 0 && l.any }
