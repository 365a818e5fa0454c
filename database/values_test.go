package database_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

func TestTimeComesBackAsItWentIn(t *testing.T) {
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		in   time.Time
		want time.Time
	}{
		{"a whole second", noon, noon},
		{"microseconds", noon.Add(123456 * time.Microsecond), noon.Add(123456 * time.Microsecond)},
		{"nanoseconds are cut off", noon.Add(1999), noon.Add(1000)},
		{"another zone is the same instant", noon.In(chicago), noon},
		{"the hour that summer time repeats", time.Date(2026, 11, 1, 6, 30, 0, 0, time.UTC).In(chicago), time.Date(2026, 11, 1, 6, 30, 0, 0, time.UTC)},
		{"before 1970", time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)},
		{"far away", time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)},
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db, "id BIGINT, at TIMESTAMPTZ, raw TIMESTAMPTZ")
		for i, test := range tests {
			// raw is bound without At: Value alone must write the same form.
			inTx(t, db, exec(t.Context(), "INSERT INTO things (id, at, raw) VALUES (?, ?, ?)", i, database.At(test.in), database.Time{Time: test.in}))
			for _, query := range []string{
				"SELECT at FROM things WHERE id = ?", "SELECT max(at) FROM things WHERE id = ?", "SELECT raw FROM things WHERE id = ?",
			} {
				var got database.Time
				if err := db.Get(t.Context(), &got, query, i); err != nil {
					t.Fatal(err)
				}
				if !got.Equal(test.want) || got.Location() != time.UTC {
					t.Errorf("%s: %s gives %v, want %v", test.name, query, got, test.want)
				}
			}
			if n := number(t, db, "SELECT count(*) FROM things WHERE id = ? AND at = ? AND raw = at", i, database.At(test.in)); n != 1 {
				t.Errorf("%s: not found by its own value", test.name)
			}
		}
		var ids []int
		if err := db.Select(t.Context(), &ids, "SELECT id FROM things ORDER BY at, id"); err != nil {
			t.Fatal(err)
		}
		want := []int{5, 4, 0, 3, 2, 1, 6}
		if !slices.Equal(ids, want) {
			t.Errorf("sorted by the engine: %v, want %v", ids, want)
		}
		if n := number(t, db, "SELECT count(*) FROM things WHERE at < ?", database.At(noon.Add(time.Microsecond))); n != 4 {
			t.Errorf("%d are before a microsecond past noon, want 4", n)
		}
	})
}

func TestNoTimeIsNull(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db, "at TIMESTAMPTZ")
		inTx(t, db, exec(t.Context(), "INSERT INTO things (at) VALUES (?)", database.Time{}))
		if n := number(t, db, "SELECT count(*) FROM things WHERE at IS NULL"); n != 1 {
			t.Error("it is not NULL")
		}
		got := database.At(time.Now())
		if err := db.Get(t.Context(), &got, "SELECT max(at) FROM things"); err != nil || !got.IsZero() {
			t.Errorf("it came back as %v, %v", got, err)
		}
	})
}

func TestIdentifiersHaveTheTypeIDForm(t *testing.T) {
	form := regexp.MustCompile(`^ord_[0-7][0-9a-hjkmnp-tv-z]{25}$`)
	before := time.Now().Truncate(time.Millisecond)
	made := make([]string, 5000)
	for i := range made {
		made[i] = database.NewID("ord")
	}
	after := time.Now()
	for i, id := range made {
		if len(id) != 30 || !form.MatchString(id) {
			t.Fatalf("%q is not of the form", id)
		}
		if i > 0 && made[i-1] >= id {
			t.Fatalf("%q does not sort after %q", id, made[i-1])
		}
		// Read back by hand: 26 digits of five bits are the UUID.
		var u uuid.UUID
		bits := make([]byte, 0, 130)
		for _, c := range id[4:] {
			bits = fmt.Appendf(bits, "%05b", strings.IndexRune("0123456789abcdefghjkmnpqrstvwxyz", c))
		}
		for b := range 128 {
			if bits[b+2] == '1' {
				u[b/8] |= 0x80 >> (b % 8)
			}
		}
		seconds, nanoseconds := u.Time().UnixTime()
		if at := time.Unix(seconds, nanoseconds); u.Version() != 7 || u.Variant() != uuid.RFC4122 || at.Before(before) || at.After(after) {
			t.Fatalf("%q is %v, version %d of %v", id, u, u.Version(), at)
		}
	}
}
