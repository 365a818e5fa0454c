package database_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
)

const (
	intoThings = "INSERT INTO things (id, label) VALUES (?, ?)"
	intoParts  = "INSERT INTO parts (id, thing_id) VALUES (?, ?)"
)

func queueTables(t *testing.T, db *database.DB) {
	t.Helper()
	table(t, db, "id BIGINT PRIMARY KEY, label TEXT NOT NULL")
	if _, err := db.SQL().ExecContext(t.Context(), "CREATE TABLE parts (id BIGINT PRIMARY KEY, thing_id BIGINT NOT NULL REFERENCES things (id))"); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsQueuedIsThereForTheNextStatement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		queueTables(t, db)
		ctx := t.Context()
		for round := range 3 { // unprepared first, then prepared
			base := 10 * round
			inTx(t, db, func(tx *database.Tx) error {
				err := errors.Join(
					tx.Queue(ctx, intoThings, base+1, "one"),
					tx.Queue(ctx, intoParts, base+1, base+1), // refers to a row beside it
					tx.Queue(ctx, intoThings, base+2, "two"))
				if err != nil {
					return err
				}
				var n int
				if err := tx.Get(ctx, &n, "SELECT count(*) FROM things WHERE id > ?", base); err != nil || n != 2 {
					t.Errorf("Get sees %d rows, %v", n, err)
				}
				if err := tx.Queue(ctx, intoThings, base+3, "three"); err != nil {
					return err
				}
				var labels []string
				if err := tx.Select(ctx, &labels, "SELECT label FROM things WHERE id > ? ORDER BY id", base); err != nil || strings.Join(labels, " ") != "one two three" {
					t.Errorf("Select sees %v, %v", labels, err)
				}
				if err := tx.Queue(ctx, intoThings, base+4, "four"); err != nil {
					return err
				}
				if n, err := tx.Exec(ctx, "UPDATE things SET label = ? WHERE id > ?", "new", base); err != nil || n != 4 {
					t.Errorf("Exec changes %d rows, %v", n, err)
				}
				return tx.Queue(ctx, intoThings, base+5, "the commit brings it")
			})
			if things, parts := number(t, db, "SELECT count(*) FROM things"), number(t, db, "SELECT count(*) FROM parts"); things != int64(5*(round+1)) || parts != int64(round+1) {
				t.Errorf("after round %d there are %d things and %d parts", round, things, parts)
			}
		}
	})
}

func TestExecQueuedCountsItsOwnRows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		queueTables(t, db)
		ctx := t.Context()
		for _, want := range []int64{1, 0} { // the second time it is there already
			inTx(t, db, func(tx *database.Tx) error {
				if err := errors.Join(tx.Queue(ctx, intoThings, 10+want, "a"), tx.Queue(ctx, intoThings, 20+want, "b")); err != nil {
					return err
				}
				n, err := tx.ExecQueued(ctx, intoThings+" ON CONFLICT DO NOTHING", 1, "c")
				if n != want {
					t.Errorf("%d rows, want %d", n, want)
				}
				return err
			})
		}
		if n := number(t, db, "SELECT count(*) FROM things"); n != 5 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestWhatIsQueuedIsUndoneWithTheRest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		queueTables(t, db)
		ctx, refused := t.Context(), errors.New("refused")
		if err := db.InTx(ctx, func(tx *database.Tx) error {
			return errors.Join(tx.Queue(ctx, intoThings, 1, "a"), refused)
		}); !errors.Is(err, refused) {
			t.Errorf("the error became %v", err)
		}
		// An error comes with the commit at the latest, and leaves nothing.
		woken := false
		err := db.InTx(ctx, func(tx *database.Tx) error {
			tx.AfterCommit(func() { woken = true })
			return errors.Join(tx.Queue(ctx, intoThings, 2, "a"), tx.Queue(ctx, intoThings, 3, "b"), tx.Queue(ctx, intoThings, 3, "c"))
		})
		if fault.CodeOf(err) != fault.Conflict || woken {
			t.Errorf("the same key twice: %v; called after a commit that was none: %v", err, woken)
		}
		if err := db.InTx(ctx, func(tx *database.Tx) error {
			return errors.Join(tx.Queue(ctx, intoThings, 4, "a"), tx.Queue(ctx, intoParts, 1, 5))
		}); err == nil {
			t.Error("a part of no thing was taken")
		}
		if n := number(t, db, "SELECT count(*) FROM things"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

func TestQueuedStatementsTravelTogetherOnPostgres(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		queueTables(t, db)
		var seen []string
		db.Watch(func(text string, _ []any) { seen = append(seen, text) })
		inTx(t, db, func(tx *database.Tx) error {
			ctx := t.Context()
			return errors.Join(tx.Queue(ctx, intoThings, 1, "a"), tx.Queue(ctx, intoParts, 1, 1), tx.Queue(ctx, intoParts, 2, 1))
		})
		want := []string{"BEGIN", "WITH queued_1 AS (" + intoThings + "), queued_2 AS (" + intoParts + ") " + intoParts, "COMMIT"}
		if db.Lite() {
			want = []string{"BEGIN", intoThings, intoParts, intoParts, "COMMIT"}
		}
		if strings.Join(seen, "|") != strings.Join(want, "|") {
			t.Errorf("ran %q", seen)
		}
	})
}
