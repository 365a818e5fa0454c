package setup_test

import (
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/money"
)

func TestAssortmentsAndPartNumbersAreAppliedWhole(t *testing.T) {
	organisation := func(fields string) string {
		return with(`"products": [{"sku": "A", "category": "Anvils"}], "organisations": [{"external_id": "main", ` + fields + `}]`)
	}
	steps := []struct{ file, want string }{
		{organisation(`"assortment": [{"rule": "hide"}, {"rule": "show", "category": "Anvils"}, {"rule": "hide", "hazardous": true}], "buyer_parts": [{"part": "Anv-1", "sku": "a"}]`),
			"assortment: (none) -> hide hazardous, show category Anvils, hide all\nbuyer_parts Anv-1: (none) -> A"},
		{organisation(`"assortment": [{"rule": "hide", "hazardous": true}, {"rule": "show", "category": "Anvils"}, {"rule": "hide"}], "buyer_parts": [{"part": "Anv-1", "sku": "A"}]`), ""},
		{organisation(`"assortment": [{"rule": "show", "sku": "b"}, {"rule": "hide"}], "buyer_parts": [{"part": "ANV-1", "sku": "B"}, {"part": "B-1", "sku": "A"}]`),
			"assortment: hide hazardous, show category Anvils, hide all -> show sku b, hide all\nbuyer_parts ANV-1: A -> B\nbuyer_parts B-1: (none) -> A"},
		{organisation(`"terms_days": 45`), ""}, // what is absent stays
		{organisation(`"assortment": [], "buyer_parts": [{"part": "ANV-1", "sku": "B"}]`),
			"assortment: show sku b, hide all -> (none)\nbuyer_parts B-1: A -> (none)"},
	}
	sees := []string{"A", "A", "B", "B", "A B"}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		must(t, db, base)
		for i, step := range steps {
			report := must(t, db, step.file).String()
			var changes []string
			for _, line := range strings.Split(report, "\n") {
				if text := strings.TrimSpace(line); strings.HasPrefix(text, "assortment:") || strings.HasPrefix(text, "buyer_parts") {
					changes = append(changes, text)
				}
			}
			if got := strings.Join(changes, "\n"); got != step.want {
				t.Errorf("step %d:\n%s\nwant\n%s", i, got, step.want)
			}
			// The child follows its main account.
			for _, who := range []string{"ext:main", "ext:child"} {
				o, err := accounts.FindOrganisation(t.Context(), db, "acme", who)
				if err != nil {
					t.Fatal(err)
				}
				offers, _, err := catalog.Search(t.Context(), db, o, "USD", money.DateOf(now, now.Location()), catalog.Query{})
				if err != nil {
					t.Fatal(err)
				}
				var found []string
				for _, offer := range offers {
					found = append(found, offer.SKU)
				}
				if got := strings.Join(found, " "); got != sees[i] {
					t.Errorf("step %d: %s sees %s, want %s", i, who, got, sees[i])
				}
			}
		}
	})
}
