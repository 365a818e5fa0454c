package database_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
)

func TestATransactionThatIsGivenUpRunsAgainFromTheStart(t *testing.T) {
	tests := []struct {
		name string
		lost error
	}{
		{"what was read has changed", fmt.Errorf("the chain: %w", database.ErrAgain)},
		{"serialisation failure", &pq.Error{Code: "40001"}},
		{"deadlock", &pq.Error{Code: "40P01"}},
		{"wrapped in a fault", fault.New(fault.Unavailable, "busy").Because(&pq.Error{Code: "40001"})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *database.DB) {
				table(t, db, "n BIGINT")
				runs, woken := 0, 0
				inTx(t, db, func(tx *database.Tx) error {
					runs++
					tx.AfterCommit(func() { woken++ })
					if _, err := tx.Exec(t.Context(), "INSERT INTO things (n) VALUES (?)", runs); err != nil {
						return err
					}
					if runs < 3 {
						return test.lost
					}
					return nil
				})
				if n := number(t, db, "SELECT count(*) FROM things"); runs != 3 || n != 1 || woken != 1 {
					t.Errorf("%d runs, %d rows and %d calls after the commit, want 3, 1, 1", runs, n, woken)
				}
			})
		})
	}
}

func TestATransactionIsNotTriedForEver(t *testing.T) {
	db := dbtest.SQLite(t)
	runs := 0
	err := db.InTx(t.Context(), func(*database.Tx) error { runs++; return database.ErrAgain })
	if runs != 8 || fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("%d runs, then %v: want 8 and a fault that says to try later", runs, err)
	}
	other := errors.New("no")
	runs = 0
	if err := db.InTx(t.Context(), func(*database.Tx) error { runs++; return other }); runs != 1 || !errors.Is(err, other) {
		t.Errorf("an ordinary error ran %d times and gave %v", runs, err)
	}
}

// A second program on the same file: SQLite says busy when it has waited long enough.
func TestABusySQLiteIsTriedAgain(t *testing.T) {
	address := dbtest.SQLiteURL(t)
	first, second := open(t, address), open(t, address)
	table(t, first, "n BIGINT")
	if _, err := second.SQL().ExecContext(t.Context(), "PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	locked, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- first.InTx(context.WithoutCancel(t.Context()), func(tx *database.Tx) error {
			close(locked)
			time.Sleep(60 * time.Millisecond) // longer than the other waits in one try
			return exec(context.Background(), "INSERT INTO things (n) VALUES (1)")(tx)
		})
	}()
	<-locked
	inTx(t, second, exec(t.Context(), "INSERT INTO things (n) VALUES (2)"))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := number(t, first, "SELECT count(*) FROM things"); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

// Two transactions that lock the same two rows in opposite order: PostgreSQL ends one of them.
func TestADeadlockIsTriedAgain(t *testing.T) {
	db := dbtest.Postgres(t)
	table(t, db, "id BIGINT, n BIGINT")
	inTx(t, db, exec(t.Context(), "INSERT INTO things (id, n) VALUES (1, 0), (2, 0)"))
	var group, both sync.WaitGroup
	both.Add(2)
	errs := make([]error, 2)
	runs := make([]int, 2)
	for i, order := range [][2]int{{1, 2}, {2, 1}} {
		group.Go(func() {
			errs[i] = db.InTx(t.Context(), func(tx *database.Tx) error {
				runs[i]++
				for place, id := range order {
					if _, err := tx.Exec(t.Context(), "UPDATE things SET n = n + 1 WHERE id = ?", id); err != nil {
						return err
					}
					if place == 0 && runs[i] == 1 {
						both.Done()
						both.Wait()
					}
				}
				return nil
			})
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if sum := number(t, db, "SELECT sum(n) FROM things"); sum != 4 || runs[0]+runs[1] < 3 {
		// The one that is tried again may meet the other a second time on a busy machine.
		t.Errorf("the rows add up to %d after %v runs, want 4 after 3 or more", sum, runs)
	}
}

func TestNoUpdateIsLost(t *testing.T) {
	const clients, rounds = 8, 12
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db, "id BIGINT, n BIGINT")
		inTx(t, db, exec(t.Context(), "INSERT INTO things (id, n) VALUES (1, 0)"))
		var group sync.WaitGroup
		for range clients {
			group.Go(func() {
				for range rounds {
					err := db.InTx(t.Context(), func(tx *database.Tx) error {
						var n int64
						if err := tx.Get(t.Context(), &n, tx.ForUpdate("SELECT n FROM things WHERE id = ?"), 1); err != nil {
							return err
						}
						_, err := tx.Exec(t.Context(), "UPDATE things SET n = ? WHERE id = ?", n+1, 1)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if n := number(t, db, "SELECT n FROM things"); n != clients*rounds {
			t.Errorf("%d updates left %d", clients*rounds, n)
		}
	})
}

func TestAnErrorOrAPanicUndoesEverything(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db, "n BIGINT")
		woken := false
		insert := func(tx *database.Tx) error {
			tx.AfterCommit(func() { woken = true })
			return exec(t.Context(), "INSERT INTO things (n) VALUES (1)")(tx)
		}
		failed := errors.New("refused")
		if err := db.InTx(t.Context(), func(tx *database.Tx) error { return errors.Join(insert(tx), failed) }); !errors.Is(err, failed) {
			t.Errorf("the error became %v", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = db.InTx(t.Context(), func(tx *database.Tx) error {
				if err := insert(tx); err != nil {
					t.Error(err)
				}
				panic("a mistake")
			})
		}()
		// The writer must be free again: on SQLite there is only one.
		inTx(t, db, exec(t.Context(), "INSERT INTO things (n) VALUES (2)"))
		if n := number(t, db, "SELECT sum(n) FROM things"); n != 2 || woken {
			t.Errorf("the rows add up to %d, want 2; called after a commit that was none: %v", n, woken)
		}
	})
}

func TestATextIsPreparedAfterItsFirstTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db, "n BIGINT")
		const insert, read = "INSERT INTO things (n) VALUES (?)", "SELECT count(*) FROM things WHERE n = ?"
		work := func(tx *database.Tx) error {
			var n int64
			for range 2 { // the second time it is still unprepared, and must not be prepared twice
				if err := errors.Join(exec(t.Context(), insert, 7)(tx), tx.Get(t.Context(), &n, read, 7)); err != nil {
					return err
				}
			}
			return nil
		}
		if got := db.PreparedTexts(); len(got) != 0 {
			t.Fatalf("prepared before anything ran: %q", got)
		}
		if err := db.InTx(t.Context(), func(tx *database.Tx) error { return errors.Join(work(tx), errors.New("undone")) }); err == nil {
			t.Fatal("no error")
		}
		if got := db.PreparedTexts(); len(got) != 0 {
			t.Fatalf("prepared by a transaction that was undone: %q", got)
		}
		for range 2 {
			inTx(t, db, work)
			if got := strings.Join(db.PreparedTexts(), "|"); got != insert+"|"+read {
				t.Fatalf("prepared %q", got)
			}
		}
	})
}

// Preparing needs a connection. SQLite's writer has one, which the transaction holds: if
// preparing waited for it, this test would wait for ever.
func TestNewTextsUnderLoadDoNotWaitForThemselves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db, "n BIGINT")
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var group sync.WaitGroup
		for client := range 30 { // more than either pool has connections
			group.Go(func() {
				for round := range 3 {
					err := db.InTx(ctx, func(tx *database.Tx) error {
						text := fmt.Sprintf("INSERT INTO things (n) VALUES (? + %d)", client%10)
						_, err := tx.Exec(ctx, text, round)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if n := number(t, db, "SELECT count(*) FROM things"); n != 90 {
			t.Errorf("%d rows, want 90", n)
		}
	})
}

func TestInsertAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db, "id BIGINT PRIMARY KEY, label TEXT")
		for _, size := range []int{0, 1, 127, 128, 129, 1000, 3, 77, 90, 100, 111, 120} {
			rows := make([][]any, size)
			for i := range rows {
				rows[i] = []any{i, fmt.Sprint("row ", i)}
			}
			inTx(t, db, func(tx *database.Tx) error {
				if _, err := tx.Exec(t.Context(), "DELETE FROM things"); err != nil {
					return err
				}
				return tx.InsertAll(t.Context(), "things (id, label)", rows)
			})
			var got []struct {
				ID    int    `db:"id"`
				Label string `db:"label"`
			}
			if err := db.Select(t.Context(), &got, "SELECT id, label FROM things ORDER BY id"); err != nil {
				t.Fatal(err)
			}
			if len(got) != size {
				t.Errorf("%d rows became %d", size, len(got))
			}
			for i, row := range got {
				if row.ID != i || row.Label != fmt.Sprint("row ", i) {
					t.Fatalf("of %d rows the one at %d is %+v", size, i, row)
				}
			}
		}
		texts := 0
		for _, text := range db.PreparedTexts() {
			if strings.HasPrefix(text, "INSERT") {
				texts++
			}
		}
		if texts > 12 {
			t.Errorf("%d texts were prepared; up to 8 rows, and powers of two up to 128, are 12", texts)
		}
	})
}

func TestACancelledContextEndsTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db, "n BIGINT")
		ctx, cancel := context.WithCancel(t.Context())
		err := db.InTx(ctx, func(tx *database.Tx) error {
			if err := exec(ctx, "INSERT INTO things (n) VALUES (1)")(tx); err != nil {
				return err
			}
			cancel()
			return exec(ctx, "INSERT INTO things (n) VALUES (2)")(tx)
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v", err)
		}
		if err := db.InTx(ctx, func(*database.Tx) error { t.Error("ran"); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that has ended: %v", err)
		}
		var n int64
		if err := db.Get(ctx, &n, "SELECT count(*) FROM things"); !errors.Is(err, context.Canceled) {
			t.Errorf("reading with it: %v", err)
		}
		inTx(t, db, exec(t.Context(), "INSERT INTO things (n) VALUES (3)"))
		if n := number(t, db, "SELECT sum(n) FROM things"); n != 3 {
			t.Errorf("the rows add up to %d, want 3", n)
		}
	})
}

func TestAWaitForALockEndsWithItsContext(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db, "n BIGINT")
		inTx(t, db, exec(t.Context(), "INSERT INTO things (n) VALUES (1)"))
		inTx(t, db, func(tx *database.Tx) error {
			if err := exec(t.Context(), "UPDATE things SET n = 2")(tx); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			err := db.InTx(ctx, exec(ctx, "UPDATE things SET n = 3"))
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the error is %v", err)
			}
			return nil
		})
		if n := number(t, db, "SELECT n FROM things"); n != 2 {
			t.Errorf("n is %d", n)
		}
	})
}

func TestDriversErrorsGetTheirFault(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db, "id BIGINT PRIMARY KEY, label TEXT UNIQUE, n BIGINT CHECK (n > 0)")
		inTx(t, db, exec(t.Context(), "INSERT INTO things (id, label, n) VALUES (1, 'one', 1)"))
		tests := []struct {
			name, values string
			code         fault.Code
			unique       bool
		}{
			{"the same key", "(1, 'two', 1)", fault.Conflict, true},
			{"the same unique value", "(2, 'one', 1)", fault.Conflict, true},
			{"a check that fails is our mistake", "(2, 'two', 0)", fault.Internal, false},
			{"a text that is no SQL is our mistake", "((", fault.Internal, false},
		}
		for _, test := range tests {
			err := db.InTx(t.Context(), exec(t.Context(), "INSERT INTO things (id, label, n) VALUES "+test.values))
			if err == nil || fault.CodeOf(err) != test.code || database.IsUnique(err) != test.unique {
				t.Errorf("%s: %v is %s, want %s", test.name, err, fault.CodeOf(err), test.code)
			}
		}
		mine := fault.New(fault.Forbidden, "not you")
		if err := db.InTx(t.Context(), func(*database.Tx) error { return mine }); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("a fault became %v", err)
		}
		var n int64
		if err := db.Get(t.Context(), &n, "SELECT n FROM things WHERE id = ?", 9); !database.None(err) {
			t.Errorf("nothing found is %v", err)
		}
	})
}

// PostgreSQL refuses such text, SQLite keeps it. Paths and headers carry it, and whoever sends it
// is told so; it is not our mistake.
func TestTextThatIsNotUTF8IsTheSendersFault(t *testing.T) {
	db := dbtest.Postgres(t)
	table(t, db, "label TEXT")
	for _, text := range []string{"a\xffb", "a\x00b"} {
		var n int64
		if err := db.Get(t.Context(), &n, "SELECT count(*) FROM things WHERE label = ?", text); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", text, err)
		}
		if err := db.InTx(t.Context(), exec(t.Context(), "INSERT INTO things (label) VALUES (?)", text)); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSQLiteReadersCannotWrite(t *testing.T) {
	db := dbtest.SQLite(t)
	table(t, db, "n BIGINT")
	var n int64
	if err := db.Get(t.Context(), &n, "INSERT INTO things (n) VALUES (?) RETURNING n", 1); err == nil {
		t.Error("the reader pool wrote")
	}
	if n := number(t, db, "SELECT count(*) FROM things"); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func open(t *testing.T, address string) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
