package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/clock"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/outbox"
)

const (
	merchant = "brackwater"
	buyer    = "cxml:con_1"
	shop     = "hook:shop"
	lease    = time.Minute
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// post is an outbox with a clock that the test moves, and a record of what was rendered and sent.
type post struct {
	testing.TB
	ctx   context.Context
	db    *database.DB
	clock *clock.Clock

	mu       sync.Mutex
	rendered []string // "<object>/<seq>", in turn
	sent     []string // "<destination> <bytes>", in turn
	send     func(outbox.Delivery) (string, error)
	render   func(outbox.Delivery) ([]byte, string, error)
}

func newPost(t testing.TB, db *database.DB) *post {
	return &post{TB: t, ctx: context.WithoutCancel(t.Context()), db: db, clock: clock.At(noon)}
}

// worker renders the place of an event with the number of the rendering, so that a second
// rendering would be seen in the bytes.
func (p *post) worker() *outbox.Worker {
	sender := outbox.Sender{
		Render: func(_ context.Context, d outbox.Delivery) ([]byte, string, error) {
			p.mu.Lock()
			p.rendered = append(p.rendered, fmt.Sprint(d.Object, "/", d.Seq))
			message := fmt.Appendf(nil, "%s/%d rendering %d", d.Object, d.Seq, len(p.rendered))
			p.mu.Unlock()
			if p.render != nil {
				return p.render(d)
			}
			return message, "", nil
		},
		Send: func(_ context.Context, d outbox.Delivery) (string, error) {
			p.mu.Lock()
			p.sent = append(p.sent, d.Destination+" "+string(d.Message))
			p.mu.Unlock()
			if p.send != nil {
				return p.send(d)
			}
			return "200 OK", nil
		},
	}
	return &outbox.Worker{DB: p.db, Clock: p.clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Lease: lease, Poll: time.Hour, Batch: 10,
		Senders: map[string]outbox.Sender{"cxml": sender, "hook": sender}}
}

func (p *post) add(object string, seq int64, destinations ...string) {
	p.Helper()
	if err := p.db.InTx(p.ctx, func(tx *database.Tx) error {
		return outbox.Add(p.ctx, tx, outbox.Event{Merchant: merchant, Object: object, Seq: seq, Kind: "changed", At: database.At(p.clock.Now())},
			map[string]int64{"version": seq}, destinations...)
	}); err != nil {
		p.Fatal(err)
	}
}

// work lets the worker take one batch, which must be of that size.
func (p *post) work(w *outbox.Worker, want int) {
	p.Helper()
	n, err := w.Work(p.ctx)
	if err != nil || n != want {
		p.Errorf("took %d, %v; want %d", n, err, want)
	}
}

// states lists an object's deliveries as "<seq> <destination> <state> <attempt>".
func (p *post) states(object string) string {
	p.Helper()
	var all []string
	for _, d := range p.of(object) {
		all = append(all, fmt.Sprintf("%d %s %s %d", d.Seq, d.Destination, d.State, d.Attempt))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func (p *post) of(object string) []outbox.Delivery {
	p.Helper()
	deliveries, err := outbox.Of(p.ctx, p.db, merchant, object)
	if err != nil {
		p.Fatal(err)
	}
	return deliveries
}

func (p *post) is(object, want string) {
	p.Helper()
	if got := p.states(object); got != want {
		p.Errorf("%s: %s, want %s", object, got, want)
	}
}

func (p *post) sentIs(want ...string) {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Equal(p.sent, want) {
		p.Errorf("sent %q, want %q", p.sent, want)
	}
}

// due is when the first delivery of an object is tried next.
func (p *post) due(object string) time.Time {
	p.Helper()
	var at database.Time
	if err := p.db.Get(p.ctx, &at, "SELECT run_at FROM deliveries WHERE merchant_id = ? AND object = ? AND state = 'ready' ORDER BY seq LIMIT 1",
		merchant, object); err != nil {
		p.Fatal(err)
	}
	return at.Time
}

func each(t *testing.T, test func(t *testing.T, p *post)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, db *database.DB) { test(t, newPost(t, db)) })
}

func TestAnEventIsThereWithItsTransactionOnly(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		event := outbox.Event{Merchant: merchant, Object: "ord_1", Seq: 1, Kind: "order.placed", At: database.At(noon)}
		undone := errors.New("undone")
		add := func(payload any, then error) error {
			return p.db.InTx(p.ctx, func(tx *database.Tx) error {
				if err := outbox.Add(p.ctx, tx, event, payload, buyer, shop); err != nil {
					return err
				}
				return then
			})
		}
		if err := add(1, undone); !errors.Is(err, undone) || len(p.of("ord_1")) != 0 {
			t.Errorf("%v left %s", err, p.states("ord_1"))
		}
		if err := add(make(chan int), nil); err == nil || len(p.of("ord_1")) != 0 {
			t.Errorf("what can't be written: %v left %s", err, p.states("ord_1"))
		}
		if err := add(map[string]any{"total": 133218, "name": "é"}, nil); err != nil {
			t.Fatal(err)
		}
		for _, d := range p.of("ord_1") {
			var payload struct {
				Total int64
				Name  string
			}
			if err := json.Unmarshal([]byte(d.Payload), &payload); err != nil || payload.Total != 133218 || payload.Name != "é" ||
				d.Kind != "order.placed" || !d.At.Equal(noon) || d.Message != nil || d.Merchant != merchant {
				t.Errorf("%+v, %v", d, err)
			}
		}
		if err := add(1, nil); fault.CodeOf(err) != fault.Conflict {
			t.Errorf("the same number twice: %v", err)
		}
		p.is("ord_1", "1 cxml:con_1 ready 0, 1 hook:shop ready 0")
	})
}

func TestOneObjectsEventsGoInOrder(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		w := p.worker()
		for _, seq := range []int64{2, 1, 3} { // whatever the order of insertion
			p.add("ord_1", seq, buyer, shop)
		}
		failing := true
		p.send = func(d outbox.Delivery) (string, error) {
			if failing && d.Seq == 1 && d.Destination == buyer {
				return "", errors.New("connection refused")
			}
			return "ok", nil
		}
		p.work(w, 2) // one of each destination
		p.is("ord_1", "1 cxml:con_1 ready 1, 1 hook:shop done 1, 2 cxml:con_1 ready 0, 2 hook:shop ready 0, 3 cxml:con_1 ready 0, 3 hook:shop ready 0")
		p.work(w, 1) // the shop goes on; the buyer's second waits for the first
		p.work(w, 1)
		p.work(w, 0)
		failing = false
		p.clock.Advance(time.Hour)
		p.work(w, 1)
		p.work(w, 1)
		p.work(w, 1)
		p.work(w, 0)
		p.is("ord_1", "1 cxml:con_1 done 2, 1 hook:shop done 1, 2 cxml:con_1 done 1, 2 hook:shop done 1, 3 cxml:con_1 done 1, 3 hook:shop done 1")
		var order []string
		for _, s := range p.sent {
			if rest, ok := strings.CutPrefix(s, buyer+" "); ok {
				order = append(order, strings.Fields(rest)[0])
			}
		}
		if got := strings.Join(order, " "); got != "ord_1/1 ord_1/1 ord_1/2 ord_1/3" {
			t.Errorf("to the buyer: %s", got)
		}
	})
}

func TestDifferentObjectsAreSentSideBySide(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		var all sync.WaitGroup
		all.Add(5)
		p.send = func(outbox.Delivery) (string, error) {
			all.Done()
			met := make(chan struct{})
			go func() { all.Wait(); close(met) }()
			select {
			case <-met:
				return "ok", nil
			case <-time.After(20 * time.Second):
				return "", errors.New("the others did not come")
			}
		}
		for i := range 5 {
			p.add(fmt.Sprint("ord_", i), 1, buyer)
		}
		p.work(p.worker(), 5)
		for i := range 5 {
			p.is(fmt.Sprint("ord_", i), "1 cxml:con_1 done 1")
		}
	})
}

func TestABatchIsNotExceeded(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		for i := range 7 {
			p.add(fmt.Sprint("ord_", i), 1, buyer)
		}
		w := p.worker()
		w.Batch = 3
		for _, want := range []int{3, 3, 1, 0} {
			p.work(w, want)
		}
	})
}

func TestAWorkerThatLostItsLeaseChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		first, second := p.worker(), p.worker()
		p.add("ord_1", 1, buyer)
		p.send = func(d outbox.Delivery) (note string, err error) {
			note = "second"
			if d.Attempt == 1 { // the first is so slow that another takes its place
				p.clock.Advance(lease + time.Second)
				p.work(second, 1)
				p.is("ord_1", "1 cxml:con_1 done 2")
				note, err = "first", errors.New("too late")
			}
			return note, err
		}
		p.work(first, 1)
		p.is("ord_1", "1 cxml:con_1 done 2")
		if d := p.of("ord_1")[0]; d.Note != "second" {
			t.Errorf("the note is %q", d.Note)
		}
		p.sentIs("cxml:con_1 ord_1/1 rendering 1", "cxml:con_1 ord_1/1 rendering 1")
	})
}

// Slow in rendering: what it made is not stored, and it does not send it.
func TestAWorkerThatLostItsLeaseDoesNotSend(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		first, second := p.worker(), p.worker()
		p.add("ord_1", 1, buyer)
		p.render = func(d outbox.Delivery) ([]byte, string, error) {
			message := "second"
			if d.Attempt == 1 {
				p.clock.Advance(lease + time.Second)
				p.work(second, 1)
				message = "first"
			}
			return []byte(message), "", nil
		}
		p.work(first, 1)
		p.sentIs("cxml:con_1 second")
		p.is("ord_1", "1 cxml:con_1 done 2")
	})
}

func TestWhatADeadWorkerHadIsSentAgainByteForByte(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		p.add("ord_1", 1, buyer)
		p.send = func(d outbox.Delivery) (string, error) {
			if d.Attempt == 1 {
				runtime.Goexit() // the worker is gone after the bytes went out, before it wrote that down
			}
			return "ok", nil
		}
		p.work(p.worker(), 1)
		p.is("ord_1", "1 cxml:con_1 running 1")
		p.clock.Advance(lease)
		p.work(p.worker(), 0)
		p.clock.Advance(time.Microsecond)
		p.work(p.worker(), 1)
		p.is("ord_1", "1 cxml:con_1 done 2")
		p.sentIs("cxml:con_1 ord_1/1 rendering 1", "cxml:con_1 ord_1/1 rendering 1")
	})
}

// A destination that is down is tried for more than a day, less and less often. Then its delivery
// is dead, and the next one has a day of its own.
func TestTryingGrowsRarerAndEnds(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		w := p.worker()
		p.add("ord_1", 1, buyer)
		p.add("ord_1", 2, buyer)
		p.send = func(d outbox.Delivery) (string, error) { return "", fmt.Errorf("down at attempt %d", d.Attempt) }
		for seq, object := range []string{"first", "second"} {
			start, attempts := p.clock.Now(), 0
			for p.of("ord_1")[seq].State != "dead" {
				if attempts++; attempts > 100 {
					t.Fatalf("the %s is tried for ever", object)
				}
				p.work(w, 1)
				d := p.of("ord_1")[seq]
				if d.Attempt != int64(attempts) || d.Note != fmt.Sprint("down at attempt ", attempts) {
					t.Fatalf("%+v", d)
				}
				if d.State == "dead" {
					break
				}
				pause := p.due("ord_1").Sub(p.clock.Now())
				full := time.Hour
				if attempts < 11 {
					full = time.Second << attempts
				}
				if pause < full/2 || pause > full {
					t.Errorf("after attempt %d it waits %v, want %v to %v", attempts, pause, full/2, full)
				}
				p.clock.Advance(pause - time.Microsecond)
				p.work(w, 0)
				p.clock.Advance(time.Microsecond)
			}
			tried := p.clock.Now().Sub(start)
			if tried < 26*time.Hour || tried > 27*time.Hour+time.Minute {
				t.Errorf("the %s was given up after %v", object, tried)
			}
		}
		p.add("ord_1", 3, buyer)
		p.send = nil
		p.work(w, 1)
		if d := p.of("ord_1"); d[0].State != "dead" || d[1].State != "dead" || d[2].State != "done" {
			t.Errorf("left: %s", p.states("ord_1"))
		}
	})
}

func TestADeadDeliveryCanBeSentAgain(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		w := p.worker()
		p.add("ord_1", 1, buyer)
		p.send = func(outbox.Delivery) (string, error) { return "", &outbox.Refused{Reason: "404 no such order"} }
		p.work(w, 1)
		p.is("ord_1", "1 cxml:con_1 dead 1")
		p.clock.Advance(30 * 24 * time.Hour)
		resend := func(seq int64) (was bool) {
			t.Helper()
			if err := p.db.InTx(p.ctx, func(tx *database.Tx) (err error) {
				was, err = outbox.Resend(p.ctx, tx, outbox.Event{Merchant: merchant, Object: "ord_1", Seq: seq}, buyer, p.clock.Now())
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return was
		}
		if resend(2) {
			t.Error("sent again what is not there")
		}
		if !resend(1) || resend(1) {
			t.Error("a dead one is revived once")
		}
		// A month later it has a whole day again: one failure doesn't end it.
		p.send = func(outbox.Delivery) (string, error) { return "", errors.New("down") }
		p.work(w, 1)
		p.is("ord_1", "1 cxml:con_1 ready 1")
		p.send = nil
		p.clock.Advance(time.Minute)
		p.work(w, 1)
		p.is("ord_1", "1 cxml:con_1 done 2")
		if resend(1) {
			t.Error("what was delivered is not sent again")
		}
		same := "cxml:con_1 ord_1/1 rendering 1"
		p.sentIs(same, same, same)
	})
}

// Whoever asks for what was delivered gets the same bytes again, in turn with what follows.
func TestADeliveredMessageCanBeRepeated(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		w := p.worker()
		repeat := func(seq int64) (was bool) {
			t.Helper()
			if err := p.db.InTx(p.ctx, func(tx *database.Tx) (err error) {
				was, err = outbox.Repeat(p.ctx, tx, outbox.Event{Merchant: merchant, Object: "ord_1", Seq: seq}, buyer, p.clock.Now())
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return was
		}
		p.add("ord_1", 1, buyer)
		if repeat(1) || repeat(2) {
			t.Error("repeated what was not delivered yet")
		}
		p.work(w, 1)
		p.clock.Advance(30 * 24 * time.Hour)
		p.add("ord_1", 2, buyer)
		if !repeat(1) || repeat(1) {
			t.Error("a delivered one is repeated once, however often it is asked for")
		}
		// A month later it has a whole day again, and what came after it waits behind it.
		p.send = func(outbox.Delivery) (string, error) { return "", errors.New("down") }
		p.work(w, 1)
		p.is("ord_1", "1 cxml:con_1 ready 1, 2 cxml:con_1 ready 0")
		p.send = nil
		p.clock.Advance(time.Minute)
		p.work(w, 1)
		p.work(w, 1)
		p.is("ord_1", "1 cxml:con_1 done 2, 2 cxml:con_1 done 1")
		same := "cxml:con_1 ord_1/1 rendering 1"
		p.sentIs(same, same, same, "cxml:con_1 ord_1/2 rendering 2")

		// What was given up or never sent isn't repeated.
		p.render = func(outbox.Delivery) ([]byte, string, error) { return nil, "not told of it", nil }
		p.add("ord_1", 3, buyer)
		p.work(w, 1)
		p.render = nil
		p.send = func(outbox.Delivery) (string, error) { return "", &outbox.Refused{Reason: "404"} }
		p.add("ord_1", 4, buyer)
		p.work(w, 1)
		if repeat(3) || repeat(4) {
			t.Error("repeated what was not delivered")
		}
	})
}

func TestWhatEndsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		w := p.worker()
		p.add("refused", 1, buyer)
		p.add("refused", 2, buyer)
		p.add("skipped", 1, buyer)
		p.add("skipped", 2, buyer)
		p.add("nobody", 1, "fax:1")
		p.add("nobody", 2, buyer)
		p.render = func(d outbox.Delivery) ([]byte, string, error) {
			if d.Object == "skipped" && d.Seq == 1 {
				return nil, "this buyer wants no confirmations", nil
			}
			return []byte("message"), "", nil
		}
		p.send = func(d outbox.Delivery) (string, error) {
			if d.Object == "refused" && d.Seq == 1 {
				return "", fmt.Errorf("sending: %w", &outbox.Refused{Reason: "they said no"})
			}
			return "thanks", nil
		}
		p.work(w, 4)
		p.work(w, 2)
		p.work(w, 0)
		p.is("refused", "1 cxml:con_1 dead 1, 2 cxml:con_1 done 1")
		p.is("skipped", "1 cxml:con_1 skipped 1, 2 cxml:con_1 done 1")
		p.is("nobody", "1 fax:1 dead 1, 2 cxml:con_1 done 1")
		for object, want := range map[string]string{"refused": "they said no", "skipped": "this buyer wants no confirmations", "nobody": "nothing sends to fax:1"} {
			if d := p.of(object); d[0].Note != want {
				t.Errorf("%s says %q", object, d[0].Note)
			}
		}
		if d := p.of("skipped"); d[0].Message != nil || string(d[1].Message) != "message" || d[1].Note != "thanks" {
			t.Errorf("kept %+v", d)
		}
	})
}

// A renderer's failure may be mended by an update of the program, so it is tried again.
func TestFailuresAndPanicsAreTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		w := p.worker()
		for _, object := range []string{"render fails", "render panics", "send panics", "good"} {
			p.add(object, 1, buyer)
		}
		broken := true
		p.render = func(d outbox.Delivery) ([]byte, string, error) {
			switch {
			case broken && d.Object == "render fails":
				return nil, "", errors.New("no address")
			case broken && d.Object == "render panics":
				panic("index out of range: secret")
			}
			return []byte("message"), "", nil
		}
		p.send = func(d outbox.Delivery) (string, error) {
			if broken && d.Object == "send panics" {
				return string(d.Message[len(d.Message)]), nil
			}
			return "ok", nil
		}
		p.work(w, 4)
		p.is("good", "1 cxml:con_1 done 1")
		for object, note := range map[string]string{"render fails": "no address", "render panics": "a mistake of ours, see the log", "send panics": "a mistake of ours, see the log"} {
			p.is(object, "1 cxml:con_1 ready 1")
			if d := p.of(object)[0]; d.Note != note {
				t.Errorf("%s: %q", object, d.Note)
			}
		}
		broken = false
		p.clock.Advance(time.Minute)
		p.work(w, 3)
		for _, object := range []string{"render fails", "render panics", "send panics"} {
			p.is(object, "1 cxml:con_1 done 2")
		}
	})
}

// What destinations answer is not ours to choose. A note that can't be stored would leave the
// outcome unrecorded and the message sent for ever.
func TestAnyAnswerCanBeRecorded(t *testing.T) {
	answers := []string{"\xff\xfe not UTF-8 \xc3", "a zero \x00 inside", strings.Repeat("é", 5000), strings.Repeat("\xff", 5000)}
	each(t, func(t *testing.T, p *post) {
		for i, answer := range answers {
			p.send = func(d outbox.Delivery) (string, error) {
				if d.Seq == 1 {
					return answer, nil
				}
				return "", &outbox.Refused{Reason: answer}
			}
			object := fmt.Sprint("ord_", i)
			p.add(object, 1, buyer)
			p.add(object, 2, buyer)
			p.work(p.worker(), 1)
			p.work(p.worker(), 1)
			p.is(object, "1 cxml:con_1 done 1, 2 cxml:con_1 dead 1")
			if note := p.of(object)[0].Note; len([]rune(note)) > 2000 || note == "" {
				t.Errorf("the note has %d characters", len([]rune(note)))
			}
		}
	})
}

func TestTwoWorkersShareTheWork(t *testing.T) {
	const objects, events = 12, 4
	each(t, func(t *testing.T, p *post) {
		for i := range objects {
			for seq := range int64(events) {
				p.add(fmt.Sprint("ord_", i), seq+1, buyer)
			}
		}
		var mu sync.Mutex
		last, under := map[string]int64{}, map[string]bool{}
		p.send = func(d outbox.Delivery) (string, error) {
			mu.Lock()
			if under[d.Object] || last[d.Object] != d.Seq-1 {
				t.Errorf("%s: %d came after %d, another one under way: %v", d.Object, d.Seq, last[d.Object], under[d.Object])
			}
			under[d.Object] = true
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			under[d.Object], last[d.Object] = false, d.Seq
			return "ok", nil
		}
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				w := p.worker()
				w.Batch = 5
				for idle := 0; idle < 50; {
					n, err := w.Work(p.ctx)
					if err != nil {
						t.Error(err)
					}
					if idle++; n > 0 {
						idle = 0
					} else {
						time.Sleep(2 * time.Millisecond) // the other has the rest
					}
				}
			})
		}
		group.Wait()
		if len(p.sent) != objects*events || len(p.rendered) != objects*events {
			t.Errorf("%d sent and %d rendered, want %d", len(p.sent), len(p.rendered), objects*events)
		}
	})
}

func TestRunIsWokenAndFinishesWhatItTook(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		w := p.worker() // it looks once an hour by itself
		w.Batch = 1
		ctx, stop := context.WithCancel(p.ctx)
		sending, goOn, ended := make(chan string, 2), make(chan struct{}), make(chan struct{})
		p.send = func(d outbox.Delivery) (string, error) {
			sending <- d.Object
			<-goOn
			return "ok", nil
		}
		go func() { w.Run(ctx); close(ended) }()
		time.Sleep(30 * time.Millisecond) // it has looked and found nothing
		if err := p.db.InTx(p.ctx, func(tx *database.Tx) error {
			tx.AfterCommit(w.Wake)
			return outbox.Add(p.ctx, tx, outbox.Event{Merchant: merchant, Object: "ord_1", Seq: 1, At: database.At(noon)}, nil, buyer)
		}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-sending:
		case <-time.After(20 * time.Second):
			t.Fatal("it was not woken")
		}
		p.add("ord_2", 1, buyer)
		stop()
		select {
		case <-ended:
			t.Error("it ended with a message under way")
		case <-time.After(50 * time.Millisecond):
		}
		close(goOn)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			t.Fatal("it does not end")
		}
		p.is("ord_1", "1 cxml:con_1 done 1")
		p.is("ord_2", "1 cxml:con_1 ready 0")
	})
}

func TestADeliveryForLaterWaitsForItsTime(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		w := p.worker()
		p.add("ord_1", 1, buyer)
		event := outbox.Event{Merchant: merchant, Object: "ord_1", Seq: 1}
		if err := p.db.InTx(p.ctx, func(tx *database.Tx) error {
			return outbox.Deliver(p.ctx, tx, event, shop, database.At(noon.Add(4*time.Hour)))
		}); err != nil {
			t.Fatal(err)
		}
		p.work(w, 1)
		p.clock.Advance(4*time.Hour - time.Microsecond)
		p.work(w, 0)
		p.is("ord_1", "1 cxml:con_1 done 1, 1 hook:shop ready 0")
		p.clock.Advance(time.Microsecond)
		p.work(w, 1)
		p.is("ord_1", "1 cxml:con_1 done 1, 1 hook:shop done 1")
		told := outbox.Event{Merchant: merchant, Object: "ord_1", Seq: 1}
		if d, found, err := outbox.Find(p.ctx, p.db, told, shop); err != nil || !found || d.State != "done" || d.Kind != "changed" {
			t.Errorf("%+v %v %v", d, found, err)
		}
		if _, found, err := outbox.Find(p.ctx, p.db, told, "hook:other"); err != nil || found {
			t.Errorf("found %v, %v", found, err)
		}
	})
}

// What ends without its destination knowing is told in the transaction that ends it, once; what
// was taken is not.
func TestALossIsToldWithItsEnd(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		var lost []string
		var fail error
		w := p.worker()
		sender := w.Senders["cxml"]
		sender.Lost = func(ctx context.Context, tx *database.Tx, d outbox.Delivery, state, note string) error {
			if d, _, err := outbox.Find(ctx, tx, d.Event, d.Destination); err != nil || d.State != state {
				t.Errorf("the end is not there yet: %s %v", d.State, err)
			}
			lost = append(lost, fmt.Sprint(d.Object, " ", state, " ", note))
			return fail
		}
		w.Senders["cxml"] = sender
		p.render = func(d outbox.Delivery) ([]byte, string, error) {
			if d.Object == "ord_skipped" {
				return nil, "nothing is owed", nil
			}
			return []byte("x"), "", nil
		}
		p.send = func(d outbox.Delivery) (string, error) {
			switch d.Object {
			case "ord_refused":
				return "", &outbox.Refused{Reason: "no"}
			case "ord_down":
				return "", errors.New("down")
			}
			return "ok", nil
		}
		for _, object := range []string{"ord_down", "ord_refused", "ord_skipped", "ord_taken"} {
			p.add(object, 1, buyer)
		}
		p.work(w, 4)
		slices.Sort(lost)
		if got := strings.Join(lost, ", "); got != "ord_refused dead no, ord_skipped skipped nothing is owed" {
			t.Errorf("lost: %s", got)
		}
		// When it can't be told, it has not ended: it is tried again after its lease.
		lost, fail = nil, errors.New("the table is gone")
		p.add("ord_refused", 2, buyer)
		p.work(w, 1)
		fail = nil
		p.clock.Advance(lease + time.Second)
		for range 3 {
			if _, err := w.Work(p.ctx); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(lost, ", "); got != "ord_refused dead no, ord_refused dead no" {
			t.Errorf("lost: %s", got)
		}
		if got := p.states("ord_refused"); got != "1 cxml:con_1 dead 1, 2 cxml:con_1 dead 2" {
			t.Error(got)
		}
	})
}

func TestAWorkerThatAsksNoMoreIsTold(t *testing.T) {
	each(t, func(t *testing.T, p *post) {
		w := p.worker()
		if err := w.Alive(); err != nil {
			t.Errorf("before it runs: %v", err)
		}
		p.work(w, 0)
		p.clock.Advance(2 * lease)
		if err := w.Alive(); err != nil {
			t.Errorf("after two leases: %v", err)
		}
		p.clock.Advance(time.Second)
		if err := w.Alive(); err == nil || !strings.Contains(err.Error(), "2026-11-22T12:00:00Z") {
			t.Errorf("later: %v", err)
		}
		p.work(w, 0)
		if err := w.Alive(); err != nil {
			t.Errorf("when it asked again: %v", err)
		}
		// Asking without an answer isn't work.
		p.clock.Advance(2*lease + time.Second)
		gone, stop := context.WithCancel(p.ctx)
		stop()
		if _, err := w.Work(gone); err == nil || w.Alive() == nil {
			t.Errorf("%v, %v", err, w.Alive())
		}
	})
}
