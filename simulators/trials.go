package simulators

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
)

// What is expected stands here as it is laid down for Kontor (cXML reference 3.5), never taken
// from what Kontor did.
var trials = []Trial{
	{"five", "Send one purchase order five times at once",
		"Five senders post the same document at the same moment, as a system does that lost its patience. There must be one order, one hold, and five times the same answer.",
		"Send it five times", (*Bench).five},
	{"same-number", "Use a number again for another order",
		"An order is placed. Then its payloadID comes back with another quantity, and its order number in a new document. Both must be refused, and the first order must stay as it was.",
		"Use the number again", (*Bench).sameNumber},
	{"secret", "Send an order with a wrong secret",
		"Everything is right but the shared secret. Nothing may happen, nothing may tell whether the buyer exists, and the right secret must pass a moment later.",
		"Send the wrong secret", (*Bench).wrongSecret},
	{"price-up", "Order at a price 3 % up",
		"The purchase order names 8.3430 where 8.1000 is agreed. Our own price must count, and the difference must be told.",
		"Order 3 % up", (*Bench).priceUp},
	{"price-down", "Order at a price 3 % down",
		"The purchase order names 7.8570 where 8.1000 is agreed: $29.16 less over 120 boxes. It must wait for a person and hold no credit.",
		"Order 3 % down", (*Bench).priceDown},
	{"address", "Have the cart sent to a hostile address",
		"A set-up asks for the cart at a javascript: address, then at one inside the cloud’s own network. A browser must never be sent to either.",
		"Ask for a hostile return", (*Bench).returnAddress},
	{"card", "Write a card number into a comment",
		"A requester types the number that processors publish for tests into the order’s comment. It may be in no document, no table and no file.",
		"Send a card number", (*Bench).card},
	{"kill", "Kill the server in the middle of forty orders",
		"A second Kontor with a database of its own is started on this machine, gets forty orders from eight senders, and is killed (SIGKILL) after six answers. Started again, it must know what it answered, and the rest must count once when it is sent again.",
		"Kill it", (*Bench).kill},
}

func (b *Bench) five(ctx context.Context, r *TrialResult) error {
	before, err := b.Look.Available(ctx)
	if err != nil {
		return err
	}
	p := b.newPurchase()
	payloadID, body, err := b.write(p)
	if err != nil {
		return err
	}
	answers := make([]Answer, 5)
	runs := make([]TrialResult, 5)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() { answers[i] = b.send(ctx, &runs[i], fmt.Sprintf("Sending %d of 5, the same bytes.", i+1), body) })
	}
	group.Wait()
	codes := make([]string, 5)
	for i := range answers {
		codes[i] = code(answers[i])
		r.Documents = append(r.Documents, runs[i].Documents...)
	}
	r.expect("The five answers", "200, 200, 200, 200, 200", strings.Join(codes, ", "))
	r.expect("Different answers among them, byte for byte", "1", fmt.Sprint(differing(answers)))
	if err := b.expectOne(ctx, r, p, "approved", b.total(p)); err != nil {
		return err
	}
	if err := b.expectAvailable(ctx, r, "Credit available, less one order", subtract(before, b.total(p))); err != nil {
		return err
	}
	return b.clear(ctx, r, p, payloadID, before)
}

func (b *Bench) sameNumber(ctx context.Context, r *TrialResult) error {
	before, err := b.Look.Available(ctx)
	if err != nil {
		return err
	}
	p := b.newPurchase()
	payloadID, answer, err := b.order(ctx, r, "The first order, 120 boxes.", p)
	if err != nil {
		return err
	}
	r.expect("The first order", "200", code(answer))
	other := p
	other.Quantity, other.PayloadID = "119", payloadID
	if _, answer, err = b.order(ctx, r, "The same payloadID with 119 boxes.", other); err != nil {
		return err
	}
	r.expect("The same payloadID, another quantity", "409", code(answer))
	other.PayloadID = ""
	if _, answer, err = b.order(ctx, r, "A new payloadID, the same order number, version 1, 119 boxes.", other); err != nil {
		return err
	}
	r.expect("The same order number, another quantity", "409", code(answer))
	if err := b.expectOne(ctx, r, p, "approved", b.total(p)); err != nil {
		return err
	}
	if err := b.expectAvailable(ctx, r, "Credit available, less the first order", subtract(before, b.total(p))); err != nil {
		return err
	}
	return b.clear(ctx, r, p, payloadID, before)
}

func (b *Bench) wrongSecret(ctx context.Context, r *TrialResult) error {
	before, err := b.Look.Available(ctx)
	if err != nil {
		return err
	}
	p := b.newPurchase()
	wrong := p
	wrong.secret = "guess-" + randomText(20)
	payloadID, answer, err := b.order(ctx, r, "Everything is right but the secret.", wrong)
	if err != nil {
		return err
	}
	r.expect("The wrong secret", "401", code(answer))
	found, err := b.Look.Orders(ctx, p.Number)
	if err != nil {
		return err
	}
	r.expect("Orders with the number "+p.Number, "0", fmt.Sprint(len(found)))
	if err := b.expectHeld(ctx, r, "The guessed secret in the database’s files", wrong.secret, "not found"); err != nil {
		return err
	}
	p.PayloadID = payloadID
	if _, answer, err = b.order(ctx, r, "The same document with the right secret.", p); err != nil {
		return err
	}
	r.expect("The right secret, right after it", "200", code(answer))
	return b.clear(ctx, r, p, payloadID, before)
}

func (b *Bench) priceUp(ctx context.Context, r *TrialResult) error {
	return b.price(ctx, r, "8.3430", "200", "approved", func(found SeenOrder, p purchase) {
		r.expect("Goods, at our price", FormatMoney(subtract(b.total(p), p.Freight)), FormatMoney(found.Goods))
		r.expect("The difference is told with the order", "yes", yes(strings.Contains(strings.Join(found.Flags, " "), "8.3430")))
	})
}

func (b *Bench) priceDown(ctx context.Context, r *TrialResult) error {
	return b.price(ctx, r, "7.8570", "201", "waits for a person", func(found SeenOrder, _ purchase) {
		r.expect("The reason names the difference of 29.16", "yes", yes(strings.Contains(found.Sentence, "29.16")))
	})
}

// price orders at another price than the agreed one. An order that waits holds nothing.
func (b *Bench) price(ctx context.Context, r *TrialResult, price, status, state string, look func(SeenOrder, purchase)) error {
	before, err := b.Look.Available(ctx)
	if err != nil {
		return err
	}
	p := b.newPurchase()
	p.Price = price
	payloadID, answer, err := b.order(ctx, r, "120 boxes at "+price+" instead of "+b.Product.UnitPrice.Value+".", p)
	if err != nil {
		return err
	}
	r.expect("The answer", status, code(answer))
	found, err := b.Look.Orders(ctx, p.Number)
	if err != nil {
		return err
	}
	r.expect("Orders with the number "+p.Number, "1", fmt.Sprint(len(found)))
	if len(found) != 1 {
		return nil
	}
	r.expect("Its state", state, found[0].State)
	look(found[0], p)
	held := b.total(p)
	if status == "201" {
		held = Money{"0.00", held.Currency}
	}
	if err := b.expectAvailable(ctx, r, "Credit available", subtract(before, held)); err != nil {
		return err
	}
	return b.clear(ctx, r, p, payloadID, before)
}

func (b *Bench) returnAddress(ctx context.Context, r *TrialResult) error {
	for _, address := range []string{"javascript:alert(document.domain)", "http://169.254.169.254/latest/meta-data/", "https://buyer.example.com@127.0.0.1/"} {
		b.buyer.mu.Lock()
		head := b.buyer.letterhead(b.buyer.cfg.DTDVersion)
		body, err := b.buyer.write("setup", setup{letterhead: head, Operation: "create", Cookie: randomText(26), ReturnURL: address, Person: b.buyer.cfg.People[0]})
		b.buyer.mu.Unlock()
		if err != nil {
			return err
		}
		answer := b.send(ctx, r, "The cart is asked for at "+address, body)
		r.expect("A set-up with "+address, "400", code(answer))
		r.expect("A start page in the answer", "no", yes(bytes.Contains(answer.Body, []byte("<StartPage"))))
	}
	r.say("A cart goes only to the hosts that are agreed for a connection, and only by https, unless the list names http:// itself.")
	return nil
}

func (b *Bench) card(ctx context.Context, r *TrialResult) error {
	before, err := b.Look.Available(ctx)
	if err != nil {
		return err
	}
	p := b.newPurchase()
	p.Comments = "Charge it to " + theCard + ", 12/30, the name is on file."
	payloadID, answer, err := b.order(ctx, r, "The comment holds a card number; it is hidden on this page too.", p)
	if err != nil {
		return err
	}
	r.expect("The order itself is fine", "200", code(answer))
	kept, err := b.Look.Kept(ctx, payloadID)
	if err != nil {
		return err
	}
	digits := strings.ReplaceAll(theCard, " ", "")
	r.expect("The kept document has the rest of the comment", "yes", yes(strings.Contains(kept.Body, "the name is on file")))
	r.expect("The kept document has the number", "no", yes(strings.Contains(strings.ReplaceAll(kept.Body, " ", ""), digits)))
	if kept.URL != "" {
		r.Documents[len(r.Documents)-1].KeptURL = kept.URL
	}
	// The same search finds what was kept, or its silence would prove nothing.
	for _, search := range []struct{ what, text, want string }{
		{"The order number in the database’s files", p.Number, "found"},
		{"The card number there, as it was typed", theCard, "not found"},
		{"The card number there, digits only", digits, "not found"},
	} {
		if err := b.expectHeld(ctx, r, search.what, search.text, search.want); err != nil {
			return err
		}
	}
	return b.clear(ctx, r, p, payloadID, before)
}

// expectHeld searches the database's files, where there are any.
func (b *Bench) expectHeld(ctx context.Context, r *TrialResult, what, text, want string) error {
	if b.Look.Holds == nil {
		return nil
	}
	held, err := b.Look.Holds(ctx, text)
	if err != nil {
		return err
	}
	seen := "not found"
	if held {
		seen = "found"
	}
	r.expect(what, want, seen)
	return nil
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// The burst that the second Kontor is killed in.
const (
	burstOrders  = 40
	burstSenders = 8
	burstAnswers = 6 // then it is killed
)

func (b *Bench) kill(ctx context.Context, r *TrialResult) error {
	second, err := b.Second(ctx)
	if err != nil {
		return err
	}
	defer second.Close()
	bodies, numbers, each := make([][]byte, burstOrders), make([]string, burstOrders), Money{}
	for i := range bodies {
		p := b.newPurchase()
		p.Quantity, p.Freight = "1", b.FreightOne
		if _, bodies[i], err = b.write(p); err != nil {
			return err
		}
		numbers[i], each = p.Number, b.total(p)
	}
	answers, err := b.burst(ctx, second, bodies)
	if err != nil {
		return err
	}
	if err := second.Start(ctx); err != nil {
		return err
	}
	stored, err := second.Orders(ctx)
	if err != nil {
		return err
	}
	answered, known := 0, 0
	for i, a := range answers {
		if a.Code == 200 {
			answered++
			known += stored[numbers[i]]
		}
	}
	r.say("Killed with %d of %d orders answered. The other %d had no answer; %d of them were stored all the same, committed a moment before the kill.",
		answered, burstOrders, burstOrders-answered, len(stored)-known)
	r.expect("Killed in the middle, not before and not after", "yes", yes(answered > 0 && answered < burstOrders))
	r.expect("Answered orders that are there after the start", fmt.Sprintf("%d of %d", answered, answered), fmt.Sprintf("%d of %d", known, answered))
	if err := b.again(ctx, r, second, bodies, answers); err != nil {
		return err
	}
	return b.settled(ctx, r, second, numbers, each)
}

// burst sends the orders from several senders at once and kills the second Kontor after some
// answers. Who gets none has an Answer with Code 0.
func (b *Bench) burst(ctx context.Context, second *Second, bodies [][]byte) ([]Answer, error) {
	answers := make([]Answer, len(bodies))
	next := make(chan int, len(bodies))
	for i := range bodies {
		next <- i
	}
	close(next)
	var mu sync.Mutex
	var killed error
	count := 0
	var group sync.WaitGroup
	for range burstSenders {
		group.Go(func() {
			for i := range next {
				answer, _, _, err := b.buyer.postTo(ctx, second.URL, bodies[i])
				if err != nil {
					continue
				}
				mu.Lock()
				answers[i] = answer
				if count++; count == burstAnswers {
					killed = second.Kill()
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return answers, killed
}

// again sends every order once more to the Kontor that was started again.
func (b *Bench) again(ctx context.Context, r *TrialResult, second *Second, bodies [][]byte, before []Answer) error {
	ok, same, answered := 0, 0, 0
	for i, body := range bodies {
		answer, _, _, err := b.buyer.postTo(ctx, second.URL, body)
		if err != nil {
			return err
		}
		if answer.Code == 200 {
			ok++
		}
		if before[i].Code != 0 {
			if answered++; bytes.Equal(answer.Body, before[i].Body) {
				same++
			}
		}
	}
	r.expect("All forty sent again and answered 200", fmt.Sprint(len(bodies)), fmt.Sprint(ok))
	r.expect("Repeats with the same answer as before the kill, byte for byte", fmt.Sprintf("%d of %d", answered, answered), fmt.Sprintf("%d of %d", same, answered))
	return nil
}

func (b *Bench) settled(ctx context.Context, r *TrialResult, second *Second, numbers []string, each Money) error {
	stored, err := second.Orders(ctx)
	if err != nil {
		return err
	}
	once := 0
	for _, number := range numbers {
		if stored[number] == 1 {
			once++
		}
	}
	r.expect("Orders that are there exactly once", fmt.Sprint(len(numbers)), fmt.Sprint(once))
	all := make([]Money, len(numbers))
	for i := range all {
		all[i] = each
	}
	held, err := second.Held(ctx)
	if err != nil {
		return err
	}
	r.expect(fmt.Sprintf("Credit held: %d × %s", len(numbers), FormatMoney(each)), FormatMoney(addMoney(all...)), FormatMoney(held))
	r.say("The second Kontor and its database are gone again; this demo’s own was not touched.")
	return nil
}
