package notices

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/outbox"
)

// quote is the destination of the mail about a cart that went home for a quote.
const quote = Scheme + ":quote"

// Asking is a cart that went home although prices of it are still to be said; the event's object is
// the cart.
type Asking struct {
	Organisation string      `json:"organisation"`
	Lines        int         `json:"lines"` // all of the cart
	Open         []AskedLine `json:"open"`
}

// AskedLine is a line whose price is to be said.
type AskedLine struct {
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Quantity string `json:"quantity"`
	Unit     string `json:"unit"`
}

// Asks has the credit contact told, once, that a quote is asked for.
func Asks(ctx context.Context, tx *database.Tx, e outbox.Event, a Asking) error {
	return outbox.Add(ctx, tx, e, a, quote)
}

// mostAsked lines stand in a mail; the page has them all.
const mostAsked = 20

// asked is what there is to say about a cart that went home for a quote.
func (s *Service) asked(ctx context.Context, zone *time.Location, d outbox.Delivery) (m memo, err error) {
	var a Asking
	if err := json.Unmarshal([]byte(d.Payload), &a); err != nil {
		return m, fmt.Errorf("the event %s of %s can't be read: %w", d.Kind, d.Object, err)
	}
	organisation, err := accounts.FindOrganisation(ctx, s.DB, d.Merchant, a.Organisation)
	if err != nil {
		return m, err
	}
	buyer := oneLine(organisation.Name)
	m = memo{Subject: buyer + " asks for a quote", at: d.At.Time, Where: "/quotes/" + d.Object, LinkWords: "Open the quote"}
	lines := strconv.Itoa(a.Lines) + " lines"
	if a.Lines == 1 {
		lines = "1 line"
	}
	m.Opening = buyer + " took a cart of " + lines + " home, for a quote."
	m.Facts = []fact{{"Organisation", buyer}, {"Asked", when(d.At.Time, zone)}}
	for i, l := range a.Open {
		if i == mostAsked {
			m.Facts = append(m.Facts, fact{"And", strconv.Itoa(len(a.Open)-i) + " more"})
			break
		}
		m.Facts = append(m.Facts, fact{"Without a price", oneLine(l.Quantity + " " + l.Unit + " " + l.SKU + ", " + l.Name)})
	}
	m.Todo = "Say the prices, and the last day on which they hold, on the quote's page. An order that comes before waits for you. " +
		"The buyer finds the prices by opening the cart again; nothing tells their system, so let them know."
	return m, nil
}

func when(at time.Time, zone *time.Location) string {
	return at.In(zone).Format("Jan 2, 2006, 3:04 PM MST")
}
