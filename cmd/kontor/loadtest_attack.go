package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// attacked measures one good buyer's set-ups, one after the other, in turns: alone, and while
// set-ups with a wrong secret come in under the very name that the good buyer has.
func (c loadCommand) attacked(ctx context.Context, world *world) (attackReport, error) {
	report := attackReport{Engine: world.system.db.Engine(), Slice: c.Slice.String(), Rounds: c.Rounds, Wanted: c.Attack, Answers: map[string]int{}}
	var alone, attacked sample
	for round := range c.Rounds + 1 {
		for _, rate := range []int{0, c.Attack} {
			good, guesses, err := world.attackTurn(ctx, c.Slice, rate)
			if err != nil {
				return report, err
			}
			if round == 0 { // warms up connections, statements and the count of failures
				continue
			}
			if rate == 0 {
				alone.add(good)
				continue
			}
			attacked.add(good)
			for status, n := range guesses {
				report.Answers[status] += n
				report.Guesses += n
			}
		}
	}
	report.Alone, report.Attacked = alone.figures(), attacked.figures()
	report.Rate = float64(report.Guesses) / (c.Slice.Seconds() * float64(c.Rounds))
	return report, world.verifySums(ctx)
}

// attackReport is what a good buyer notices.
type attackReport struct {
	Engine   string         `json:"engine"`
	Slice    string         `json:"slice"`
	Rounds   int            `json:"rounds"`
	Alone    sideFigures    `json:"alone"`
	Attacked sideFigures    `json:"attacked"`
	Wanted   int            `json:"wanted_guesses_per_second"`
	Rate     float64        `json:"guesses_per_second"`
	Guesses  int            `json:"guesses"`
	Answers  map[string]int `json:"answers"` // to guesses, by cXML status
}

func (r attackReport) print(out io.Writer) error {
	line := func(name string, f sideFigures) {
		fmt.Fprintf(out, "%-10s %6d set-ups, %6.0f/s, p50 %.1f ms, p95 %.1f ms, p99 %.1f ms\n", name, f.Requests, f.Rate, f.P50, f.P95, f.P99)
	}
	fmt.Fprintf(out, "%s: one good buyer's set-ups, one after the other, %d turns of %s each way.\n\n", r.Engine, r.Rounds, r.Slice)
	line("alone", r.Alone)
	line("attacked", r.Attacked)
	_, err := fmt.Fprintf(out, "guesses    %6d, %.0f/s of %d/s wanted, a connection each, answered %v\n", r.Guesses, r.Rate, r.Wanted, r.Answers)
	return err
}

// attackTurn has the server asked by the good buyer for a while, and by rate guesses a second
// meanwhile. Every visit must be there at the end.
func (w *world) attackTurn(ctx context.Context, length time.Duration, rate int) (turnResult, map[string]int, error) {
	before, err := w.count(ctx)
	if err != nil {
		return turnResult{}, nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return turnResult{}, nil, err
	}
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.system.serve(serving, listener) }()
	address := listener.Addr().String()
	type outcome struct {
		answers map[string]int
		err     error
	}
	guessed := make(chan outcome, 1)
	go func() {
		answers, err := w.guess(ctx, address, length, rate)
		guessed <- outcome{answers, err}
	}()
	visits := shape{name: "visits", by: byCXML, document: setUpForm(w.secret), who: func(int) member { return w.members[0] }}
	good, _, err := w.askServer(ctx, address, visits, turn{clients: 1, for_: length})
	attack := <-guessed
	stop()
	if err := errors.Join(err, attack.err, <-ended); err != nil {
		return good, nil, err
	}
	after, err := w.count(ctx)
	if err == nil && after["sessions"]-before["sessions"] != int64(good.done) {
		err = fmt.Errorf("%d visits were answered, %d are there", good.done, after["sessions"]-before["sessions"])
	}
	return good, attack.answers, err
}

// guess sends so many set-ups with a wrong secret a second, each on a connection of its own, and
// tells how often which status was answered. What falls behind is sent late and not left out.
func (w *world) guess(ctx context.Context, address string, length time.Duration, rate int) (map[string]int, error) {
	const atOnce = 16
	wrong, answers := setUpForm("a guess"), map[string]int{}
	start, total := time.Now(), int64(length.Seconds()*float64(rate))
	var next atomic.Int64
	var mu sync.Mutex
	var failed error
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for n := next.Add(1) - 1; n < total; n = next.Add(1) - 1 {
				time.Sleep(time.Until(start.Add(time.Duration(n) * time.Second / time.Duration(rate))))
				status, err := w.guessOnce(ctx, address, wrong)
				mu.Lock()
				failed = errors.Join(failed, err)
				answers[status]++
				stop := failed != nil
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	group.Wait()
	return answers, failed
}

func (w *world) guessOnce(ctx context.Context, address string, wrong form) (status string, err error) {
	caller, err := newCaller(ctx, address)
	if err != nil {
		return "", err
	}
	defer func() { _ = caller.conn.Close() }()
	if err := caller.send(byCXML, w.members[0], wrong.fill(placesOf(w.serial.Add(1), w.members[0], false))); err != nil {
		return "", err
	}
	_, after, _ := bytes.Cut(caller.body.Bytes(), []byte(`<Status code="`))
	code, _, _ := bytes.Cut(after, []byte(`"`))
	if status = string(code); status != "401" && status != "560" {
		return "", fmt.Errorf("a wrong secret is answered %s", caller.body.String())
	}
	return status, nil
}
