package procurement

import (
	"slices"
	"strings"

	"github.com/kontorhq/kontor/cxml"
)

// unitCodes are codes of UN/CEFACT Recommendation 20 and its packages that buyers have mapped as
// a rule. Others may be right and unknown all the same.
var unitCodes = strings.Fields("EA PCE C62 H87 BX BG CT CS CA CR PK PA PR PF PL RL RO RD ST SET KT SH BO BT BE BK BL BR CN TU TB TY VI DZN DPC GRO HUR DAY WEE MON ANN " +
	"MTR CMT MMT KMT INH FOT YRD MTK FTK MTQ LTR MLT CLT GLL PTI QT ONZ LBR GRM KGM TNE STN HR CTN NMP NAR NPR XBX XCT XPK XRO XBG XBO XPL XCS E48 ACT LS AU TE P1 KWH WTT")

// isUnitCode asks for the form only: two or three capitals and digits.
func isUnitCode(s string) bool {
	return (len(s) == 2 || len(s) == 3) && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func (k *checker) unit(place, unit string) {
	switch {
	case unit == "":
		k.warn(place, "The unit is missing.")
	case !isUnitCode(unit):
		k.warn(place, shown(unit)+" doesn't look like a UN/CEFACT code; they are two or three capitals and digits, such as EA or BX.")
	}
}

// basis tells when a price is for more than one and the document's version has no word for it.
func (k *checker) basis(place string, basis *cxml.PriceBasisQuantity) {
	if basis != nil && isVersion(k.doc.Version) && k.doc.Version < "1.2.036" {
		k.fault(place, "cXML "+k.doc.Version+" has no PriceBasisQuantity: readers of that version take the price for that of one unit.")
	}
}

// cartUnit is unit with what buyers' systems do about a unit that nobody mapped for them.
func (k *checker) cartUnit(place, unit string) {
	coupa, jaggaer := refuses("coupa", "rejects a line whose unit is not mapped there"), does("jaggaer", "takes EA instead and says nothing: the price is then for another quantity")
	switch {
	case unit == "":
		k.fault(place, "The unit is missing: the price is for nobody knows what.", coupa, jaggaer)
	case strings.EqualFold(unit, "EACH"):
		k.warn(place, "EACH is not a UN/CEFACT code; that is EA.", coupa, jaggaer, does("oracle", "takes it; some sites want just this"))
		k.generally()
	case !isUnitCode(unit):
		k.warn(place, shown(unit)+" doesn't look like a UN/CEFACT code; they are two or three capitals and digits, such as EA or BX.", coupa, jaggaer)
		k.generally()
	case !slices.Contains(unitCodes, unit):
		k.note(place, "The unit "+unit+" is not a common one: ask whether the buyer has it mapped.", does("coupa", "rejects the line if it is not mapped there"), jaggaer)
	}
}
