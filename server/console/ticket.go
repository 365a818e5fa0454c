package console

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/fault"
)

// tickets are kept in this process only: the demo is one process, and nothing else has them.
var tickets = struct {
	sync.Mutex
	of map[string]ticket
}{of: map[string]ticket{}}

type ticket struct {
	merchant string
	ends     time.Time
}

const ticketLife = 24 * time.Hour

// Ticket makes a ticket to a merchant's console: `/m/<merchant>/console/enter?ticket=<ticket>`
// signs in whoever follows it, any number of times within a day; `&next=` names the page that opens.
// It is for the demo's own pages; only a console with Config.Demo takes it.
func Ticket(merchant string) string {
	made, now := accounts.NewToken("tkt_"), time.Now()
	tickets.Lock()
	defer tickets.Unlock()
	for old, t := range tickets.of {
		if now.After(t.ends) {
			delete(tickets.of, old)
		}
	}
	tickets.of[made] = ticket{merchant, now.Add(ticketLife)}
	return made
}

func ticketOpens(text, merchant string) bool {
	tickets.Lock()
	defer tickets.Unlock()
	t, found := tickets.of[text]
	return found && t.merchant == merchant && time.Now().Before(t.ends)
}

// getEnter signs in by a ticket. It answers with a page, not a redirect: the link stands on
// another host, and a redirect from there would bring no SameSite=Strict cookie.
func (c *console) getEnter(v *visit) error {
	if strings.Contains(v.Request().Header.Get("Sec-Purpose"), "prefetch") {
		return v.NoContent(http.StatusNoContent) // the person hasn't asked for it yet
	}
	if c.Demo == "" || !ticketOpens(v.QueryParam("ticket"), v.merchant.ID) {
		return c.showSignIn(v, http.StatusUnauthorized, signIn{Next: v.home, Error: "This link has expired."})
	}
	key, err := accounts.LiveKey(v.Request().Context(), c.DB, v.merchant.ID, "")
	if fault.CodeOf(err) == fault.Unknown {
		return fault.New(fault.Conflict, "The merchant has no API key that is open, so nobody can be signed in.")
	}
	if err != nil {
		return err
	}
	c.begin(v, key.ID)
	return c.bounce(v, c.next(v, v.QueryParam("next")))
}
