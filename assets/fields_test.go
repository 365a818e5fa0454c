package assets_test

import (
	"testing"

	"github.com/kontorhq/kontor/assets"
)

func TestFieldsStandBelowEachOther(t *testing.T) {
	const form = "NEW_ITEM-UNIT[1] = ST\nNEW_ITEM-LONGTEXT_1:132[] = Two\n    lines\nNEW_ITEM-UNIT[2] = <b>\nNEW_ITEM-MATGROUP[2] = \n~OkCode = ADDI\nPASSWORD = …\n"
	const want = `NEW_ITEM-UNIT[1]          = ST
NEW_ITEM-LONGTEXT_1:132[] = Two
                            lines

NEW_ITEM-UNIT[2]          = <b>
NEW_ITEM-MATGROUP[2]      = 

~OkCode                   = ADDI
PASSWORD                  = masked
`
	lines := assets.Fields(form, "NEW_ITEM-LONGTEXT_1:132[]")
	if got := plainText(lines); got != want {
		t.Errorf("the form is shown as\n%s", got)
	}
	// A value's further lines belong to its field.
	if first, last := assets.TiedLines(lines); first != 2 || last != 3 {
		t.Errorf("lines %d to %d are tied", first, last)
	}
	if chip := lines[8].Spans[2]; chip.Class != "t-masked" {
		t.Errorf("the password is shown as %+v", chip)
	}
	if empty := lines[5].Spans[2]; empty.Class == "t-masked" {
		t.Error("a field without a value looks masked")
	}
	for _, odd := range []string{"", "\n", " = x\n", "no field", "    \n"} {
		assets.Fields(odd)
	}
}
