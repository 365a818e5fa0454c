package procurement

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/orders"
)

// Buyers' systems know units by codes of their own: EACH at some Oracle sites where UN/CEFACT has
// EA. Settings.Units says both ways; a unit that it doesn't name is called the same on both sides.

// theirUnit is what the buyer's system calls a unit of ours. A unit whose code means another one
// there can't be told at all.
func (s Settings) theirUnit(unit string) (string, error) {
	if theirs, mapped := s.Units[unit]; mapped {
		return theirs, nil
	}
	if ours := s.ourUnit(unit); ours != unit {
		return "", fmt.Errorf("%s means %s in the buyer's system, and no code is set for our %s", unit, ours, unit)
	}
	return unit, nil
}

// ourUnit is what we call a unit of the buyer's; its case doesn't matter.
func (s Settings) ourUnit(unit string) string {
	for ours, theirs := range s.Units {
		if accounts.Fold(theirs) == accounts.Fold(unit) {
			return ours
		}
	}
	return unit
}

// readUnit puts the unit of an order's line in our words and keeps the buyer's, in which the line
// is answered.
func (s Settings) readUnit(l *orders.Line) {
	if ours := s.ourUnit(l.Unit); ours != l.Unit {
		l.Unit, l.BuyerUnit = ours, l.Unit
	}
}

// longestUnit is what fits every field that units go through.
const longestUnit = 40

// checkUnits refuses a map that can't be read backwards: two units of ours under one code.
func (s Settings) checkUnits() []fault.Field {
	var faults []fault.Field
	ours := make([]string, 0, len(s.Units))
	for unit := range s.Units {
		ours = append(ours, unit)
	}
	slices.Sort(ours)
	taken := map[string]string{}
	for _, unit := range ours {
		theirs := s.Units[unit]
		wrong := func(message string) {
			faults = append(faults, fault.Field{Path: "units." + unit, Message: message})
		}
		switch folded := accounts.Fold(theirs); {
		case !catalog.IsUnit(unit):
			wrong("our unit is a UN/CEFACT code of 1 to 3 capital letters and digits")
		case folded == "" || len(theirs) > longestUnit || theirs != strings.TrimSpace(theirs) || strings.ContainsFunc(theirs, unicode.IsControl):
			wrong("the buyer's unit has 1 to " + strconv.Itoa(longestUnit) + " characters, without blanks around them")
		case taken[folded] != "":
			wrong(strconv.Quote(theirs) + " is " + taken[folded] + " already: an order in it could mean either")
		default:
			taken[folded] = unit
		}
	}
	return faults
}
