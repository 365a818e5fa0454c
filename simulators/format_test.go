package simulators

import (
	"net/http"
	"strings"
	"testing"
)

func TestAmountsOfTheWireAreReadable(t *testing.T) {
	for text, want := range map[string]string{
		"195.00 USD over: 1436.00 USD asked, -5 JPY left": "$195.00 over: $1,436.00 asked, −¥5 left",
		"87.331 BHD, 12 USD, 3.5 USD, 4.00 ABC, A12.00":   "BHD\u00a087.331, 12 USD, 3.5 USD, 4.00 ABC, A12.00",
	} {
		if got := readable(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestAnAddressThatIsNoneHasAPage(t *testing.T) {
	d := newDesk(t, nil)
	if code, _, body := d.get(t, "/nothing"); code != http.StatusNotFound || !strings.Contains(body, "There is no page at this address.") {
		t.Errorf("%d %s", code, body)
	}
}
