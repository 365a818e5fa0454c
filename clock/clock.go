// Package clock is the time that leases, tokens and business dates are read from. The program
// has one clock; tests have one that stands still until it is moved, so that nothing sleeps.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time. Use System or At.
type Clock struct {
	mu    sync.Mutex
	fixed time.Time // zero for the machine's own time
}

// System follows the machine.
func System() *Clock { return &Clock{} }

// At stands still at t until Advance moves it.
func At(t time.Time) *Clock { return &Clock{fixed: t.UTC()} }

// Now is the present instant in UTC, to the microsecond as it is stored.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fixed.IsZero() {
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	return c.fixed
}

// Advance moves a standing clock forward. It panics on the system's clock, which nobody moves.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fixed.IsZero() {
		panic("clock: the system's clock can't be moved")
	}
	c.fixed = c.fixed.Add(d)
}
