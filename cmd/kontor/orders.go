package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/credit"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/inbox"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/server/api"
)

type ordersCommand struct {
	Merchant string         `short:"m" required:"" help:"The merchant's id."`
	List     ordersList     `cmd:"" default:"withargs" help:"List orders, newest first."`
	Release  releaseCommand `cmd:"" help:"Let an order that waits go on."`
	Reject   rejectCommand  `cmd:"" help:"Refuse an order that waits."`
	Enter    enterCommand   `cmd:"" help:"Enter a purchase order that came by mail, on paper or from an ERP."`

	CancelLines cancelLinesCommand `cmd:"" help:"Take lines, or parts of them, out of an approved order."`
}

type ordersList struct {
	State string `help:"Only those in this state: approved, credit_review, refused, cancelled."`
	Limit int    `default:"50" help:"At most so many."`
}

// Run lists orders.
func (c ordersList) Run(ctx context.Context, to terminal, cli *commands) error {
	return withMerchant(ctx, to, cli.Orders.Merchant, func(s *system) error {
		list, err := orders.List(ctx, s.db, cli.Orders.Merchant, orders.Filter{State: c.State, Limit: c.Limit})
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(to.out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(table, "ORDER\tNUMBER\tSTATE\tTOTAL\tDECISION")
		for _, o := range list {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", o.ID, o.Number, o.State, o.Version.Total, o.Decision.Sentence)
		}
		return table.Flush()
	})
}

type releaseCommand struct {
	Order    string `arg:"" help:"The order's id, or its number."`
	Reason   string `required:"" help:"Why; it is kept."`
	Override bool   `help:"Release it although it still does not fit."`
	repeatable
}

// Run releases an order.
func (c releaseCommand) Run(ctx context.Context, to terminal, cli *commands) error {
	asked := []string{"release", c.Order, c.Reason, strconv.FormatBool(c.Override)}
	return rule(ctx, to, cli.Orders.Merchant, c.Order, c.Key, asked, waits, func(s *system, tx *database.Tx, order string) (orders.Order, error) {
		return s.desk.ReleaseOrder(ctx, tx, checkout.Ruling{Merchant: cli.Orders.Merchant, Order: order, Actor: actor(), Reason: c.Reason, Override: c.Override})
	})
}

type rejectCommand struct {
	Order  string `arg:"" help:"The order's id, or its number."`
	Reason string `required:"" help:"Why; the buyer is told."`
	repeatable
}

// Run rejects an order.
func (c rejectCommand) Run(ctx context.Context, to terminal, cli *commands) error {
	return rule(ctx, to, cli.Orders.Merchant, c.Order, c.Key, []string{"reject", c.Order, c.Reason}, waits, func(s *system, tx *database.Tx, order string) (orders.Order, error) {
		return s.desk.RejectOrder(ctx, tx, checkout.Ruling{Merchant: cli.Orders.Merchant, Order: order, Actor: actor(), Reason: c.Reason})
	})
}

type enterCommand struct {
	File string `arg:"" help:"The order as JSON, like the body of POST /v1/orders (docs/openapi.json), or - for standard input."`
	repeatable
}

// Run enters an order. The same order again is there already, whatever its key, and changes nothing.
func (c enterCommand) Run(ctx context.Context, to terminal, cli *commands) error {
	body, err := read(c.File)
	if err != nil {
		return wrongUse{fmt.Errorf("%s can't be read: %w", c.File, err)}
	}
	order, err := api.ReadOrder(body)
	if err != nil {
		return err
	}
	return withMerchant(ctx, to, cli.Orders.Merchant, func(s *system) error {
		merchant, err := accounts.FindMerchant(ctx, s.db, cli.Orders.Merchant)
		if err != nil {
			return err
		}
		organisation, err := accounts.FindOrganisation(ctx, s.db, merchant.ID, order.Organisation)
		if fault.CodeOf(err) == fault.Unknown && err != nil {
			return fault.At(fault.Unknown, "organisation", "there is no organisation "+order.Organisation)
		}
		if err != nil {
			return err
		}
		wanted, err := order.Wanted(merchant, organisation)
		if err != nil {
			return err
		}
		return s.once(ctx, to, merchant.ID, c.Key, []string{"enter", string(body)}, func(tx *database.Tx) (string, error) {
			placed, err := s.procurement.Enter(ctx, tx, wanted)
			o := placed.Order
			said := fmt.Sprintf("Order %s is %s, %s: %s\n", o.Number, o.State, o.Version.Total, o.Decision.Sentence)
			if placed.Waiting && o.InForce > 0 {
				said = fmt.Sprintf("Version %d of order %s waits, version %d stays in force: %s\n", o.Latest, o.Number, o.InForce, o.Decision.Sentence)
			}
			if placed.Repeated {
				said = fmt.Sprintf("Order %s is here already, %s; nothing was changed.\n", o.Number, o.State)
			}
			for _, f := range o.Version.Flags {
				said += "  " + f.Message + "\n"
			}
			return said, err
		})
	})
}

type cancelLinesCommand struct {
	Order  string   `arg:"" help:"The order's id, or its number."`
	Lines  []string `arg:"" help:"The buyer's line numbers: 2 is the whole line, 2=4 is 4 of it, what was cancelled before included."`
	Reason string   `required:"" help:"Why; the buyer is told."`
	repeatable
}

// Run cancels lines. Asking again for what is cancelled already changes nothing.
func (c cancelLinesCommand) Run(ctx context.Context, to terminal, cli *commands) error {
	cut := checkout.Cut{Merchant: cli.Orders.Merchant, Actor: actor(), Reason: c.Reason}
	for _, text := range c.Lines {
		number, quantity, part := strings.Cut(text, "=")
		line, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return fault.New(fault.Invalid, strconv.Quote(text)+" is no line: write 2 for the whole line 2, or 2=4 for 4 of it")
		}
		wanted := checkout.CutLine{Line: line}
		if part {
			cancelled, err := money.ParseDecimal(quantity)
			if err != nil {
				return fault.New(fault.Invalid, strconv.Quote(text)+" is no line: "+strconv.Quote(quantity)+" is not a plain decimal number")
			}
			wanted.Cancelled = &cancelled
		}
		cut.Lines = append(cut.Lines, wanted)
	}
	asked := append([]string{"cancel-lines", c.Order, c.Reason}, c.Lines...)
	return rule(ctx, to, cli.Orders.Merchant, c.Order, c.Key, asked, orders.Order.Live, func(s *system, tx *database.Tx, order string) (orders.Order, error) {
		cut.Order = order
		o, err := s.desk.CancelLines(ctx, tx, cut)
		if err == nil && o.State == orders.Approved {
			o.Decision.Sentence = o.Version.Total.String() + " are left of it."
		}
		return o, err
	})
}

// repeatable is part of every command that decides something.
type repeatable struct {
	Key string `help:"A name for this decision, for scripts: given again, nothing is done and the same is said."`
}

// once runs a decision in the transaction that remembers it, and says what came of it. asked is
// what the command was told: the same key with something else is refused.
func (s *system) once(ctx context.Context, to terminal, merchant, key string, asked []string, decide func(*database.Tx) (said string, err error)) error {
	if key == "" {
		key = database.NewID("cli") // remembered all the same, though nobody will ask for it
	}
	hash := s.keys.Hash([]byte(strings.Join(asked, "\x00")))
	answer, _, err := inbox.Once(ctx, s.db, inbox.Key{Merchant: merchant, Scope: "cli", Name: key, Hash: hash}, s.clock.Now(), func(tx *database.Tx) (inbox.Answer, error) {
		said, err := decide(tx)
		return inbox.Answer{MediaType: "text/plain", Body: []byte(said)}, err
	})
	if err != nil {
		return err
	}
	_, err = to.out.Write(answer.Body)
	return err
}

// waits tells whether something of an order waits for a decision.
func waits(o orders.Order) bool { return o.MayRelease() == nil }

// rule runs a ruling and says what became of the order, which is named by its id, or by its number
// among those that it may be about. What has to be told goes out by the
// server's worker.
func rule(ctx context.Context, to terminal, merchant, order, key string, asked []string, about func(orders.Order) bool,
	decide func(*system, *database.Tx, string) (orders.Order, error)) error {
	return withMerchant(ctx, to, merchant, func(s *system) error {
		return s.once(ctx, to, merchant, key, asked, func(tx *database.Tx) (string, error) {
			id, err := orderNamed(ctx, tx, merchant, order, about)
			if err != nil {
				return "", err
			}
			o, err := decide(s, tx, id)
			return fmt.Sprintf("Order %s is %s: %s\n", o.Number, o.State, o.Decision.Sentence), err
		})
	})
}

// orderNamed finds an order by id, or by number among those that it may be about.
func orderNamed(ctx context.Context, q database.Querier, merchant, order string, about func(orders.Order) bool) (string, error) {
	list, err := orders.List(ctx, q, merchant, orders.Filter{Number: order, Limit: 10})
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		if _, err := orders.Find(ctx, q, merchant, order); fault.CodeOf(err) == fault.Unknown && err != nil {
			return "", fault.New(fault.Unknown, "there is no order "+order+" at "+merchant)
		}
		return order, nil // what else may be wrong, who decides will find
	}
	var found []string
	for _, o := range list {
		if about(o) {
			found = append(found, o.ID)
		}
	}
	switch len(found) {
	case 0:
		return list[0].ID, nil // it says itself why not
	case 1:
		return found[0], nil
	}
	return "", fault.New(fault.Conflict, "several orders have that number; name the order's id")
}

type creditCommand struct {
	Merchant string       `short:"m" required:"" help:"The merchant's id."`
	Show     creditShow   `cmd:"" help:"Show an organisation's credit lines with their entries."`
	Limit    limitCommand `cmd:"" help:"Change the limit of a line."`
}

type creditShow struct {
	Organisation string `arg:"" help:"The merchant's own reference of the organisation."`
	Entries      int    `default:"20" help:"How many entries to show."`
}

// Run shows the lines as a ledger.
func (c creditShow) Run(ctx context.Context, to terminal, cli *commands) error {
	return withMerchant(ctx, to, cli.Credit.Merchant, func(s *system) error {
		lines, err := linesOf(ctx, s.db, cli.Credit.Merchant, c.Organisation)
		if err != nil {
			return err
		}
		for _, line := range lines {
			if err := showLine(ctx, s, to, line, c.Entries); err != nil {
				return err
			}
		}
		return nil
	})
}

func showLine(ctx context.Context, s *system, to terminal, line credit.Line, entries int) error {
	available, bound, err := credit.Available(ctx, s.db, line)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(to.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	row := func(label string, minor int64) { fmt.Fprintf(table, "%s\t%s\t\n", label, line.Amount(minor)) }
	fmt.Fprintf(table, "%s, %s\t%s\t\n", line.OrganisationName, line.Currency, line.ID)
	if line.InReview() {
		row("applied for on "+line.On.String()+", in review", line.Applied)
	}
	row("limit", line.Limit)
	row("holds", -line.Tree.Holds)
	row("receivables", -line.Tree.Receivables)
	row("offline orders", -line.Tree.Offline)
	row("unapplied credits", line.Tree.Credits)
	row("left of this line", line.Available())
	row("available (bound by "+bound.OrganisationName+")", available.Minor)
	if err := table.Flush(); err != nil {
		return err
	}
	movements, err := credit.EntriesOf(ctx, s.db, line, credit.Entry{}, entries)
	if err != nil {
		return err
	}
	list := tabwriter.NewWriter(to.out, 0, 4, 2, ' ', 0)
	for _, m := range movements {
		fmt.Fprintf(list, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.At.Format("2006-01-02 15:04:05"), m.OrganisationName, m.Kind, m.Part,
			line.Amount(m.Amount), m.Reference, m.Reason)
	}
	return list.Flush()
}

type limitCommand struct {
	Organisation string `arg:"" help:"The merchant's own reference of the organisation."`
	Limit        string `arg:"" help:"The new limit, such as 15500.00."`
	Currency     string `help:"Which line, where there are several."`
	Reason       string `required:"" help:"Why; it is kept."`
	repeatable
}

// Run changes the limit.
func (c limitCommand) Run(ctx context.Context, to terminal, cli *commands) error {
	return withMerchant(ctx, to, cli.Credit.Merchant, func(s *system) error {
		asked := []string{"limit", c.Organisation, c.Limit, c.Currency, c.Reason}
		return s.once(ctx, to, cli.Credit.Merchant, c.Key, asked, func(tx *database.Tx) (string, error) {
			return c.set(ctx, s, tx, cli.Credit.Merchant)
		})
	})
}

func (c limitCommand) set(ctx context.Context, s *system, tx *database.Tx, merchant string) (said string, err error) {
	lines, err := linesOf(ctx, tx, merchant, c.Organisation)
	if err != nil {
		return "", err
	}
	var chosen []credit.Line
	for _, l := range lines {
		if c.Currency == "" || c.Currency == l.Currency {
			chosen = append(chosen, l)
		}
	}
	if len(chosen) != 1 {
		return "", fmt.Errorf("%d credit lines fit, name one with --currency", len(chosen))
	}
	limit, err := money.ParseAmount(c.Limit, chosen[0].Currency)
	if err != nil {
		return "", err
	}
	line, err := credit.SetLimit(ctx, tx, credit.NewLimit{Merchant: merchant, Line: chosen[0].ID, Limit: limit, Actor: actor(), Reason: c.Reason, At: s.clock.Now()})
	return fmt.Sprintf("The limit of %s is %s.\n", line.OrganisationName, line.Amount(line.Limit)), err
}

func linesOf(ctx context.Context, q database.Querier, merchant, organisation string) ([]credit.Line, error) {
	found, err := accounts.FindOrganisation(ctx, q, merchant, "ext:"+organisation)
	if fault.CodeOf(err) == fault.Unknown && err != nil {
		return nil, fault.New(fault.Unknown, "there is no organisation "+organisation+" at "+merchant)
	}
	if err != nil {
		return nil, err
	}
	lines, err := credit.LinesOf(ctx, q, merchant, found.ID)
	if err == nil && len(lines) == 0 {
		return nil, fault.New(fault.Unknown, found.Name+" has no credit line")
	}
	return lines, err
}

// withMerchant is withSystem for what is about one merchant. Without that one, a command would find
// nothing and say that all is well.
func withMerchant(ctx context.Context, to terminal, merchant string, use func(*system) error) error {
	return withSystem(ctx, to, func(s *system) error {
		known, err := everyMerchant(ctx, s.db)
		switch {
		case err != nil:
			return err
		case len(known) == 0:
			return fault.New(fault.Unknown, "there is no merchant yet: describe one in a file and run kontor apply")
		case !slices.Contains(known, merchant):
			return fault.New(fault.Unknown, "there is no merchant "+merchant+"; there are "+strings.Join(known, ", "))
		}
		return use(s)
	})
}

func withSystem(ctx context.Context, to terminal, use func(*system) error) error {
	s, err := open(ctx, to.err)
	if err != nil {
		return err
	}
	defer s.close()
	return use(s)
}
