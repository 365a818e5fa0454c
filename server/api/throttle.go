package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// throttle counts the requests of each key in this process. It is approximate by design: several
// processes together let through what each of them does.
type throttle struct {
	mu   sync.Mutex
	keys map[string]*rate.Limiter // only of keys that exist, so their number is bounded
}

// burst is how many seconds' worth of requests may come at once after a pause: pages of a shop ask
// for several things side by side.
const burst = 2

// takes tells whether one more request of a key is served now. The next one is within a second
// (Retry-After: 1), because no rate is below one a second.
func (t *throttle) takes(key string, perSecond int, now time.Time) bool {
	if perSecond <= 0 {
		return true
	}
	t.mu.Lock()
	limiter := t.keys[key]
	if limiter == nil {
		if t.keys == nil {
			t.keys = map[string]*rate.Limiter{}
		}
		limiter = rate.NewLimiter(rate.Limit(perSecond), burst*perSecond)
		t.keys[key] = limiter
	}
	t.mu.Unlock()
	return limiter.AllowN(now, 1)
}
