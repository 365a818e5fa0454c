package database_test

import (
	"testing"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

func TestLongTextsAreCompressedByLZ4(t *testing.T) {
	for _, suffix := range []string{"", "&default_toast_compression=pglz"} {
		db, err := database.Open(t.Context(), dbtest.PostgresURL(t)+suffix)
		if err != nil {
			t.Fatal(err)
		}
		want := "lz4"
		var built bool
		if err := db.Get(t.Context(), &built, "SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"); err != nil {
			t.Fatal(err)
		}
		if suffix != "" || !built {
			want = "pglz" // the operator's word counts, and so does what the server was built with
		}
		var method string
		if err := db.Get(t.Context(), &method, "SELECT current_setting('default_toast_compression')"); err != nil || method != want {
			t.Errorf("%q: %s, %v; want %s", suffix, method, err, want)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
