package procurement_test

import (
	"slices"
	"testing"

	"github.com/kontorhq/kontor/procurement"
)

// People compare two runs of `kontor apply`: what is wrong comes in the same order each time.
func TestWrongSettingsAreToldInOneOrder(t *testing.T) {
	settings := procurement.Settings{Encoding: "x", Held: "x", Confirm: "x", PriceBasis: "x", EditCancel: "x",
		ReturnHosts: []string{"no host"}, FrameHosts: []string{"no host"}, QuoteDays: -1}
	want := []string{"confirm", "edit_cancel", "encoding", "held", "price_basis", "return_hosts[0]", "frame_hosts[0]", "quote_days"}
	for range 20 {
		var got []string
		for _, f := range settings.Check() {
			got = append(got, f.Path)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("told as %q, want %q", got, want)
		}
	}
}
