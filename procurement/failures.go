package procurement

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
)

// Wrong secrets are counted, and past a cap they are answered without a trace. Nothing here
// stands before the comparison of the secret: whoever has the right one gets through, however
// often others guessed at it.

const (
	// failuresAWindow wrong attempts of one sender within failureWindow are answered 401 and kept;
	// what follows in that window is answered 560.
	failuresAWindow = 20
	failureWindow   = 10 * time.Minute

	// Senders and addresses are counted by these many numbers. Two that share one share the cap
	// for wrong secrets, which costs neither of them a right one.
	senderNumbers = 256
	clientNumbers = 64

	// mostCredentials of one party are taken: each one of From and Sender costs a look into the
	// database and is one more guess, and all of From and To go home with a cart.
	mostCredentials = 16
)

// errTooOften has the same words for senders that exist and for those that don't.
var errTooOften = fault.New(fault.TooMany, "there were too many attempts without the right secret, try again later")

// RetryAfter is how long who was refused with fault.TooMany or fault.Unavailable had better wait.
func RetryAfter(err error) time.Duration {
	if errors.Is(err, errTooOften) {
		return failureWindow
	}
	return time.Second
}

type clientKey struct{}

// WithClient says from which address a document comes, so that wrong secrets from elsewhere are
// counted apart from it. Give it only an address that the sender can't make up.
func WithClient(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, clientKey{}, address)
}

// clientOf is the address that WithClient gave; "" for none.
func clientOf(ctx context.Context) string {
	address, _ := ctx.Value(clientKey{}).(string)
	return address
}

// checkCredentials refuses parties with more credentials than are looked at.
func checkCredentials(header cxml.Header) error {
	if len(header.From.Credential) > mostCredentials {
		return fault.At(fault.Invalid, "Header/From", "there are too many credentials")
	}
	if len(header.To.Credential) > mostCredentials {
		return fault.At(fault.Invalid, "Header/To", "there are too many credentials")
	}
	if len(header.Sender.Credential) > mostCredentials {
		return fault.At(fault.Invalid, "Header/Sender", "there are too many credentials")
	}
	return nil
}

// failed counts an attempt without the right secret and gives the answer to it. Unknown senders,
// closed accounts and missing secrets count like wrong ones, or the count would tell them apart.
// A merchant that doesn't exist has no count: its name can be made up without end.
func (s *Service) failed(ctx context.Context, merchant string, sender cxml.Party) error {
	ctx = context.WithoutCancel(ctx) // hanging up is no way out of the count
	if _, err := accounts.FindMerchant(ctx, s.DB, merchant); err != nil {
		return hide(err)
	}
	now := s.Clock.Now()
	before := database.At(now.Add(-failureWindow))
	client := s.clientNumber(ctx)
	guesses := s.guesses(sender)
	// Past the cap a look is all that it costs: on SQLite a transaction would keep others waiting.
	for _, g := range guesses {
		var failures int64
		err := s.DB.Get(ctx, &failures, selectFailures, merchant, g.sender, client, before)
		if err != nil && !database.None(err) {
			return err
		}
		if failures >= failuresAWindow {
			return errTooOften
		}
	}
	over := false
	err := s.DB.InTx(ctx, func(tx *database.Tx) error {
		over = false
		for _, g := range guesses {
			// Those that came at once with this one may have used up the window meanwhile.
			counted, err := tx.Exec(ctx, countFailure, merchant, g.sender, client, database.At(now), g.number,
				before, before, failuresAWindow, before)
			if err != nil {
				return err
			}
			over = over || counted == 0
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case over:
		return errTooOften
	}
	return errUnauthenticated
}

type guess struct {
	sender int64
	number int64 // how often this document tried it
}

// guesses are the senders that a document claims to be, in ascending order: two documents that
// name the same ones must not wait for each other in a circle.
func (s *Service) guesses(sender cxml.Party) []guess {
	numbers := map[int64]int64{}
	for _, c := range sender.Credential {
		// Folded, as identities are found: other letters are no other sender.
		digest := s.Keys.Digest("sender_failures", accounts.Fold(c.Domain)+"\x00"+accounts.Fold(c.Identity))
		numbers[int64(digest[0])%senderNumbers]++
	}
	if len(numbers) == 0 {
		numbers[0] = 1
	}
	var list []guess
	for number, n := range numbers {
		list = append(list, guess{number, n})
	}
	slices.SortFunc(list, func(a, b guess) int { return int(a.sender - b.sender) })
	return list
}

func (s *Service) clientNumber(ctx context.Context) int64 {
	address := clientOf(ctx)
	if address == "" {
		return 0
	}
	return 1 + int64(s.Keys.Digest("sender_failures client", address)[0])%(clientNumbers-1)
}

const (
	selectFailures = `
SELECT failures FROM sender_failures WHERE merchant_id = ? AND sender = ? AND client = ? AND window_start > ?`

	// One statement looks and counts, so that of many at once no more than the cap are let through.
	// A window that is over begins again.
	countFailure = `
INSERT INTO sender_failures (merchant_id, sender, client, window_start, failures) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (merchant_id, sender, client) DO UPDATE
   SET failures = CASE WHEN sender_failures.window_start <= ? THEN excluded.failures ELSE sender_failures.failures + excluded.failures END,
       window_start = CASE WHEN sender_failures.window_start <= ? THEN excluded.window_start ELSE sender_failures.window_start END
 WHERE sender_failures.failures < ? OR sender_failures.window_start <= ?`
)
