package inbox_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/inbox"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func key(name, body string) inbox.Key {
	return inbox.Key{Merchant: "brackwater", Scope: "cxml:con_1", Name: name, Hash: []byte(body)}
}

// effects is what use cases do here: a row each, so that what was undone is seen.
func effects(t *testing.T, db *database.DB) (effect func(tx *database.Tx) error, count func() int) {
	t.Helper()
	if _, err := db.SQL().ExecContext(t.Context(), "CREATE TABLE effects (id TEXT PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	effect = func(tx *database.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO effects (id) VALUES (?)", database.NewID("eff"))
		return err
	}
	return effect, func() (n int) {
		t.Helper()
		if err := db.Get(t.Context(), &n, "SELECT count(*) FROM effects"); err != nil {
			t.Fatal(err)
		}
		return n
	}
}

func TestARepeatGetsTheSameBytes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		effect, count := effects(t, db)
		answers := map[string]inbox.Answer{
			"xml":             {Status: 200, MediaType: "text/xml; charset=utf-8", Body: []byte("<ok>\x00\xff é</ok>\r\n")},
			"without a body":  {Status: 204},
			"a refusal":       {Status: 402, MediaType: "application/problem+json", Body: []byte(`{"code":"payment_required"}`)},
			"an empty answer": {},
		}
		for name, want := range answers {
			for time := range 3 {
				got, replayed, err := inbox.Once(t.Context(), db, key(name, "body"), noon, func(tx *database.Tx) (inbox.Answer, error) {
					return want, effect(tx)
				})
				if err != nil || !reflect.DeepEqual(got, want) || replayed != (time > 0) {
					t.Errorf("%s, time %d: %+v, replayed %v, %v", name, time+1, got, replayed, err)
				}
			}
			if got, found, err := inbox.Seen(t.Context(), db, key(name, "body")); err != nil || !found || !reflect.DeepEqual(got, want) {
				t.Errorf("%s, seen: %+v, %v, %v", name, got, found, err)
			}
		}
		if n := count(); n != len(answers) {
			t.Errorf("%d effects of %d requests", n, len(answers))
		}
		if _, found, err := inbox.Seen(t.Context(), db, key("never", "body")); found || err != nil {
			t.Errorf("what never came was seen: %v", err)
		}
	})
}

// Keys are names within a scope of a merchant.
func TestTheSameNameOfAnotherSenderIsAnotherRequest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		first := key("1", "body")
		merchant, scope := first, first
		merchant.Merchant, scope.Scope = "another", "api:key_1"
		for i, k := range []inbox.Key{first, merchant, scope} {
			got, replayed, err := inbox.Once(t.Context(), db, k, noon, func(*database.Tx) (inbox.Answer, error) {
				return inbox.Answer{Status: 200 + i}, nil
			})
			if err != nil || replayed || got.Status != 200+i {
				t.Errorf("%+v: %+v, %v, %v", k, got, replayed, err)
			}
		}
	})
}

func TestFiveAtOnceRunOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		effect, count := effects(t, db)
		for round := range 5 {
			var mu sync.Mutex
			var group sync.WaitGroup
			fresh, bodies := 0, map[string]int{}
			for client := range 5 {
				group.Go(func() {
					got, replayed, err := inbox.Once(t.Context(), db, key(fmt.Sprint("order ", round), "body"), noon, func(tx *database.Tx) (inbox.Answer, error) {
						if err := effect(tx); err != nil {
							return inbox.Answer{}, err
						}
						time.Sleep(5 * time.Millisecond) // so that the others really wait
						return inbox.Answer{Status: 200, Body: fmt.Appendf(nil, "answer of %d", client)}, nil
					})
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						t.Error(err)
					}
					if !replayed {
						fresh++
					}
					bodies[string(got.Body)]++
				})
			}
			group.Wait()
			if fresh != 1 || len(bodies) != 1 || count() != round+1 {
				t.Errorf("round %d: %d ran, answers %v, %d effects", round, fresh, bodies, count())
			}
		}
	})
}

func TestAnotherBodyUnderTheSameKeyIsAMismatch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		ok := func(*database.Tx) (inbox.Answer, error) { return inbox.Answer{Status: 201}, nil }
		if _, _, err := inbox.Once(t.Context(), db, key("1", "body"), noon, ok); err != nil {
			t.Fatal(err)
		}
		_, _, err := inbox.Once(t.Context(), db, key("1", "other"), noon, func(*database.Tx) (inbox.Answer, error) {
			t.Error("ran")
			return inbox.Answer{}, nil
		})
		code := fault.CodeOf(err)
		if code != fault.Mismatch || code.HTTP() != 422 || code.CXML() != 409 {
			t.Errorf("%v is %s, HTTP %d, cXML %d", err, code, code.HTTP(), code.CXML())
		}
		if _, _, err := inbox.Seen(t.Context(), db, key("1", "other")); fault.CodeOf(err) != fault.Mismatch {
			t.Errorf("seen: %v", err)
		}
		if got, replayed, err := inbox.Once(t.Context(), db, key("1", "body"), noon, ok); err != nil || !replayed || got.Status != 201 {
			t.Errorf("the first body afterwards: %+v, %v, %v", got, replayed, err)
		}
	})
}

func TestAFailureLeavesNoKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		effect, count := effects(t, db)
		failed := errors.New("no")
		_, replayed, err := inbox.Once(t.Context(), db, key("1", "wrong"), noon, func(tx *database.Tx) (inbox.Answer, error) {
			return inbox.Answer{Status: 200}, errors.Join(effect(tx), failed)
		})
		if !errors.Is(err, failed) || replayed || count() != 0 {
			t.Errorf("%v, replayed %v, %d effects", err, replayed, count())
		}
		if _, found, err := inbox.Seen(t.Context(), db, key("1", "wrong")); found || err != nil {
			t.Errorf("the key is there: %v", err)
		}
		got, replayed, err := inbox.Once(t.Context(), db, key("1", "corrected"), noon, func(tx *database.Tx) (inbox.Answer, error) {
			return inbox.Answer{Status: 201}, effect(tx)
		})
		if err != nil || replayed || got.Status != 201 || count() != 1 {
			t.Errorf("corrected: %+v, %v, %v", got, replayed, err)
		}
	})
}

func TestACorrectableAnswerIsNotKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		effect, count := effects(t, db)
		send := func(body string, correctable bool) (inbox.Answer, bool, error) {
			return inbox.Once(t.Context(), db, key("1", body), noon, func(tx *database.Tx) (inbox.Answer, error) {
				return inbox.Answer{Status: 400, Body: []byte(body), Correctable: correctable}, effect(tx)
			})
		}
		for i, body := range []string{"wrong", "wrong", "still wrong"} {
			got, replayed, err := send(body, true)
			if err != nil || replayed || string(got.Body) != body || !got.Correctable {
				t.Errorf("%s: %+v, %v, %v", body, got, replayed, err)
			}
			if n := count(); n != i+1 {
				t.Errorf("%d effects after %d requests: they stay", n, i+1)
			}
		}
		if _, found, err := inbox.Seen(t.Context(), db, key("1", "wrong")); found || err != nil {
			t.Errorf("the key is there: %v", err)
		}
		for want := range 2 {
			if got, replayed, err := send("right", false); err != nil || replayed != (want == 1) || string(got.Body) != "right" {
				t.Errorf("corrected: %+v, %v, %v", got, replayed, err)
			}
		}
		if _, _, err := send("wrong", true); fault.CodeOf(err) != fault.Mismatch {
			t.Errorf("what came before the correction is another body now: %v", err)
		}
	})
}

// Those that waited on a key which is given up run themselves, one after the other.
func TestCorrectableAnswersAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		effect, count := effects(t, db)
		var group sync.WaitGroup
		for client := range 5 {
			group.Go(func() {
				got, replayed, err := inbox.Once(t.Context(), db, key("1", "body"), noon, func(tx *database.Tx) (inbox.Answer, error) {
					return inbox.Answer{Status: 400 + client, Correctable: true}, effect(tx)
				})
				if err != nil || replayed || got.Status != 400+client {
					t.Errorf("%+v, %v, %v", got, replayed, err)
				}
			})
		}
		group.Wait()
		if n := count(); n != 5 {
			t.Errorf("%d effects", n)
		}
	})
}

func TestOldRequestsAreForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		scopes := []string{"cxml:con", "api:key", "cli"}
		named := func(i int, scope, merchant string) inbox.Key {
			k := key(fmt.Sprint(i), "body")
			k.Scope, k.Merchant = scope, merchant
			return k
		}
		each := func(do func(i int, k inbox.Key)) {
			for i := range 4 {
				for _, scope := range scopes {
					for _, merchant := range []string{"brackwater", "another"} {
						do(i, named(i, scope, merchant))
					}
				}
			}
		}
		each(func(i int, k inbox.Key) {
			if _, _, err := inbox.Once(t.Context(), db, k, noon.Add(time.Duration(i)*time.Hour), func(*database.Tx) (inbox.Answer, error) {
				return inbox.Answer{Status: 200}, nil
			}); err != nil {
				t.Fatal(err)
			}
		})
		for _, test := range []struct {
			what database.Aged
			most int
			want int64
		}{{inbox.Requests, 1, 2}, {inbox.Requests, 1, 2}, {inbox.Requests, 1, 0}, // those of one instant go together
			{inbox.Answers, 100, 2}, {inbox.Answers, 100, 0}} {
			if n, err := test.what.Delete(t.Context(), db, "brackwater", noon.Add(2*time.Hour), test.most); err != nil || n != test.want {
				t.Errorf("forgot %d, %v; want %d", n, err, test.want)
			}
		}
		each(func(i int, k inbox.Key) {
			want := i >= 2 || k.Merchant != "brackwater"
			if _, found, err := inbox.Seen(t.Context(), db, k); err != nil || found != want {
				t.Errorf("%s %s of %s: found %v, %v", k.Scope, k.Name, k.Merchant, found, err)
			}
		})
	})
}
