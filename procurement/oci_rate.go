package procurement

import (
	"sync"

	"golang.org/x/time/rate"

	"github.com/kontorhq/kontor/fault"
)

// functionRates count the functions that machines call, by connection, in this process: several
// processes together answer what each of them does. Only who has signed in is counted, so that
// there are no more of them than connections.
type functionRates struct {
	mu sync.Mutex
	by map[string]*rate.Limiter
}

// errTooFast is known by the caller's Retry-After: the next one is within a second.
var errTooFast = fault.New(fault.TooMany, "This connection asks for more than it is answered in a second; ask again in a moment.")

// functionsASecond is what a buyer's system needs that asks for the price of each line of a large
// requisition in turn.
const functionsASecond = 20

// slow refuses a function that comes too soon after others. So many as are answered in a second
// may come at once.
func (s *Service) slow(v *ociVisitor) error {
	most := v.connection.Settings.oci().FunctionsASecond
	if most == 0 {
		most = functionsASecond
	}
	r, key := &s.functions, v.merchant.ID+" "+v.connection.ID
	r.mu.Lock()
	limiter := r.by[key]
	if limiter == nil || limiter.Burst() != most { // new, or set to another number
		if r.by == nil {
			r.by = map[string]*rate.Limiter{}
		}
		limiter = rate.NewLimiter(rate.Limit(most), most)
		r.by[key] = limiter
	}
	r.mu.Unlock()
	if !limiter.AllowN(s.Clock.Now(), 1) {
		return errTooFast
	}
	return nil
}
