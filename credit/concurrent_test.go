package credit_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

// together starts all at the same moment and waits for all.
func together(n int, fn func(i int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	group.Wait()
}

func TestFortyOrdersAtOnceOnOneLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Westmere", "")
		line := d.line(o, usd(100_00), usd(2_00))
		var approved atomic.Int64
		together(40, func(i int) {
			decision, err := d.ask(credit.Reserve, o, fmt.Sprint("order ", i), usd(7_00))
			if err != nil {
				t.Error(err)
			}
			if decision.Outcome == credit.Approved {
				approved.Add(1)
			}
		})
		if line = d.find(line.ID); approved.Load() != 14 || line.Own.Holds != 2_00+14*7_00 || line.Entries != 2+14 {
			t.Errorf("%d approved, %+v; 98.00 take 14 of 7.00", approved.Load(), line)
		}
	})
}

func TestOneOrderSentFiveTimesAtOnceIsHeldOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		o := d.organisation("Westmere", "")
		line := d.line(o, usd(100_00), usd(0))
		together(5, func(int) {
			if _, err := d.ask(credit.Adjust, o, "order", usd(7_00)); err != nil {
				t.Error(err)
			}
		})
		together(5, func(int) {
			if err := d.db.InTx(d.ctx, func(tx *database.Tx) error {
				_, err := credit.Adjust(d.ctx, tx, credit.Ask{Organisation: o, Reference: "order", Total: usd(9_00), At: noon})
				return err
			}); err != nil {
				t.Error(err)
			}
		})
		if line = d.find(line.ID); line.Own.Holds != 9_00 || line.Entries != 3 {
			t.Errorf("%+v", line)
		}
	})
}

// Three levels; the limits below add up to more than those above, so that every level binds
// somebody. Orders of all leaves and of the middle arrive at once.
func TestNoAncestorIsOverdrawn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		lines := map[string]credit.Line{}
		parents := map[string]string{"root": "", "east": "root", "west": "root", "e1": "east", "e2": "east", "w1": "west", "w2": "west"}
		limits := map[string]int64{"root": 200, "east": 70, "west": 160, "e1": 40, "e2": 60, "w1": 30, "w2": 150}
		orgs := map[string]accounts.Organisation{}
		for _, name := range []string{"root", "east", "west", "e1", "e2", "w1", "w2"} {
			orgs[name] = d.organisation(name, parents[name])
			lines[name] = d.line(orgs[name], usd(limits[name]), usd(0))
		}
		buyers := []string{"e1", "w1", "e2", "w2", "east", "w2"}
		var mu sync.Mutex
		own, refused := map[string]int64{}, map[string]int64{}
		together(60, func(i int) {
			name, amount := buyers[i%len(buyers)], int64(3+i%4)
			decision, err := d.ask(credit.Reserve, orgs[name], fmt.Sprint("order ", i), usd(amount))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				t.Error(err)
			case decision.Outcome == credit.Approved:
				own[name] += amount
			default:
				refused[name] = max(refused[name], amount)
			}
		})
		for name := range orgs {
			var tree int64
			for below, amount := range own {
				for at := below; at != ""; at = parents[at] {
					if at == name {
						tree += amount
					}
				}
			}
			line := d.find(lines[name].ID)
			if line.Available() < 0 || line.Own.Holds != own[name] || line.Tree.Holds != tree {
				t.Errorf("%s: %+v, want %d of its own and %d in all", name, line, own[name], tree)
			}
			if refused[name] == 0 {
				continue
			}
			if left, by, err := credit.Available(d.ctx, db, line); err != nil || left.Minor >= refused[name] {
				t.Errorf("%s was refused %d although %v are left by %s, %v", name, refused[name], left, by.OrganisationName, err)
			}
		}
		if len(refused) == 0 {
			t.Error("nothing was refused: the limits are too high to show anything")
		}
	})
}

// Lines are opened above and below while orders arrive: no sum and no link may miss what was
// under way, and no order may pass a line that it has not seen.
func TestLinesOpenedWhileOrdersArrive(t *testing.T) {
	const rounds, orders = 6, 12
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		for round := range rounds {
			name := func(s string) string { return fmt.Sprint(s, round) }
			root := d.organisation(name("root"), "")
			middle := d.organisation(name("middle"), root.ID)
			leaf, twin := d.organisation(name("leaf"), middle.ID), d.organisation(name("twin"), middle.ID)
			d.line(leaf, usd(1000), usd(1))
			together(orders+4, func(i int) {
				var err error
				switch {
				case i < 4:
					o := []accounts.Organisation{twin, middle, root, root}[i]
					err = db.InTx(d.ctx, func(tx *database.Tx) error {
						if i == 3 { // an unrelated line of the same organisation
							_, err := credit.Open(d.ctx, tx, credit.Opening{Organisation: o, Limit: eur(50), At: noon})
							return err
						}
						_, err := credit.Open(d.ctx, tx, credit.Opening{Organisation: o, Limit: usd(50), Holds: usd(2), At: noon})
						return err
					})
				default:
					_, err = d.ask(credit.Reserve, leaf, fmt.Sprint("order ", round, " ", i), usd(3))
				}
				if err != nil {
					t.Error(err)
				}
			})
			holds := map[string]credit.Position{}
			for _, o := range []accounts.Organisation{root, middle, leaf, twin} {
				lines, err := credit.LinesOf(d.ctx, db, merchant, o.ID)
				if err != nil {
					t.Fatal(err)
				}
				for _, line := range lines {
					if line.Currency == "USD" {
						holds[o.Name] = line.Tree
						holds["own "+o.Name] = line.Own
					}
				}
			}
			middles := holds["own "+leaf.Name].Holds + 2 + 2
			if holds[middle.Name].Holds != middles || holds[root.Name].Holds != middles+2 {
				t.Errorf("round %d: %v", round, holds)
			}
		}
	})
}

// An order that waits while a line is opened above its own must fit that line too.
func TestAnOrderThatWaitedIsAskedOfTheNewLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		d := newDesk(t, db)
		root := d.organisation("root", "")
		leaf := d.organisation("leaf", "root")
		d.line(leaf, usd(100), usd(0))
		var decision credit.Decision
		var group sync.WaitGroup
		d.in(func(tx *database.Tx) error {
			_, err := credit.Open(d.ctx, tx, credit.Opening{Organisation: root, Limit: usd(5), At: noon})
			group.Go(func() {
				var err error
				if decision, err = d.ask(credit.Reserve, leaf, "order", usd(6)); err != nil {
					t.Error(err)
				}
			})
			time.Sleep(100 * time.Millisecond) // until it waits
			return err
		})
		group.Wait()
		if decision.Outcome != credit.Review || decision.Bound != "root" {
			t.Errorf("decided %+v", decision)
		}
	})
}
