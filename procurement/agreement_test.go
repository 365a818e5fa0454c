package procurement_test

import (
	"encoding/xml"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// blanket is a blanket order of the fixture's buyer: its most, and the most of each line; "" is none.
func blanket(payload, kind, number, most string, attributes string, lines ...string) []byte {
	head, _, _ := strings.Cut(orderText, "<ItemOut")
	var list strings.Builder
	for i, l := range lines {
		limit := ""
		if l != "" {
			limit = `<MaxAmount><Money currency="USD">` + l + `</Money></MaxAmount>`
		}
		fmt.Fprintf(&list, `<ItemOut quantity="1" lineNumber="%d"><ItemID><SupplierPartID>ANY</SupplierPartID></ItemID><BlanketItemDetail><Description xml:lang="en">Goods %d</Description>%s<UnitOfMeasure>EA</UnitOfMeasure></BlanketItemDetail></ItemOut>`, i+1, i+1, limit)
	}
	total := `<Total><Money currency="USD">` + most + `</Money></Total>`
	if most == "" {
		total = ""
	}
	return change(head+list.String()+"</OrderRequest></Request></cXML>", "PAYLOAD", payload, "NUMBER", number, `type="new">`, `type="`+kind+`" orderType="blanket" `+attributes+`>`,
		`<Total><Money currency="USD">45.00</Money></Total>`, total)
}

// released is an order that draws on an agreement: attributes name it; items are pairs of the
// agreement's line ("" for none) and the goods' value in whole dollars, as HOOK-2 at a dollar each.
func released(payload, kind, number, attributes string, pairs ...string) []byte {
	var list []string
	total := new(big.Rat)
	for i := 0; i < len(pairs); i += 2 {
		item := held("HOOK-2", "", pairs[i+1], "EA", "1.00")
		if pairs[i] != "" {
			item = strings.Replace(item, ` lineNumber="LINE"`, ` agreementItemNumber="`+pairs[i]+`" lineNumber="LINE"`, 1)
		}
		list = append(list, item)
		value, _ := new(big.Rat).SetString(pairs[i+1])
		total.Add(total, value)
	}
	return change(string(bought(payload, number, total.FloatString(2), list...)), `type="new"`, `type="`+kind+`" orderType="release" `+attributes)
}

// agreed makes a merchant that sells HOOK-2 at a dollar.
func (r *rig) agreed(change ...func(*link)) string {
	r.Helper()
	merchant := r.visited(change...)
	r.price(merchant, "HOOK-2", "1.00")
	return merchant
}

// drawn writes how a blanket order stands: "600.00 of 1000.00 left 400.00; 1: …".
func (r *rig) drawn(merchant, number string) string {
	r.Helper()
	standing, err := checkout.StandingOf(r.ctx, r.db, r.order(merchant, number))
	if err != nil {
		r.Fatal(err)
	}
	var list []string
	for _, s := range standing {
		text := s.Drawn.Text()
		if s.Line != 0 {
			text = fmt.Sprint(s.Line, ": ", text)
		}
		if s.Most != nil {
			text += " of " + s.Most.Text() + " left " + s.Left.Text()
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

func TestReleasesDrawOnTheirBlanketOrder(t *testing.T) {
	const b = `agreementID="B-1"`
	type step struct {
		body      []byte
		code      int
		says      string
		drawn     string
		held      string
		desk      string // then: release, override or reject this order
		deskFails string
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			name  string
			steps []step
		}{
			{"until nothing is left, and what is given back is there again", []step{
				{body: blanket("b", "new", "B-1", "1000.00", ""), code: 400, says: "no lines"},
				{body: blanket("b1", "new", "B-1", "1000.00", "", "", ""), code: 200, drawn: "0.00 of 1000.00 left 1000.00; 1: 0.00; 2: 0.00", held: "0.00"},
				{body: released("r1", "new", "R-1", b, "1", "600"), code: 200, drawn: "600.00 of 1000.00 left 400.00; 1: 600.00; 2: 0.00", held: "600.00"},
				{body: released("r2", "new", "R-2", b, "2", "401"), code: 201, says: "Of blanket order B-1 at most 1000.00 USD may be drawn: 600.00 USD are drawn already, this release of 401.00 USD goes 1.00 USD beyond.",
					drawn: "600.00 of 1000.00 left 400.00; 1: 600.00; 2: 0.00", held: "600.00"},
				{body: released("r3", "update", "R-2", b, "2", "400"), code: 200, drawn: "1000.00 of 1000.00 left 0.00; 1: 600.00; 2: 400.00", held: "1000.00"},
				{body: released("r4", "new", "R-3", b, "", "1"), code: 201, says: "1.00 USD beyond", drawn: "1000.00 of 1000.00 left 0.00; 1: 600.00; 2: 400.00", held: "1000.00"},
				{body: released("r5", "update", "R-1", b, "1", "500"), code: 200, drawn: "900.00 of 1000.00 left 100.00; 1: 500.00; 2: 400.00", held: "900.00"},
				{desk: "release R-3", drawn: "901.00 of 1000.00 left 99.00; 1: 500.00; 2: 400.00", held: "901.00"},
				{body: released("r6", "update", "R-1", b, "1", "600"), code: 201, says: "401.00 USD are drawn already, this release of 600.00 USD goes 1.00 USD beyond", drawn: "901.00 of 1000.00 left 99.00; 1: 500.00; 2: 400.00", held: "901.00"},
				{desk: "reject R-1", drawn: "901.00 of 1000.00 left 99.00; 1: 500.00; 2: 400.00", held: "901.00"},
				{body: released("r7", "delete", "R-2", b, "2", "400"), code: 200, drawn: "501.00 of 1000.00 left 499.00; 1: 500.00; 2: 0.00", held: "501.00"},
			}},
			{"a person may let it go beyond", []step{
				{body: blanket("b1", "new", "B-1", "100.00", "", ""), code: 200, drawn: "0.00 of 100.00 left 100.00; 1: 0.00", held: "0.00"},
				{body: released("r1", "new", "R-1", b, "1", "150"), code: 201, says: "50.00 USD beyond", drawn: "0.00 of 100.00 left 100.00; 1: 0.00", held: "0.00"},
				{desk: "release R-1", deskFails: "50.00 USD beyond", drawn: "0.00 of 100.00 left 100.00; 1: 0.00", held: "0.00"},
				{desk: "override R-1", drawn: "150.00 of 100.00 left -50.00; 1: 150.00", held: "150.00"},
				// Less than before always passes, more doesn't.
				{body: released("r2", "update", "R-1", b, "1", "140"), code: 200, drawn: "140.00 of 100.00 left -40.00; 1: 140.00", held: "140.00"},
				{body: released("r3", "update", "R-1", b, "1", "141"), code: 201, says: "41.00 USD beyond", drawn: "140.00 of 100.00 left -40.00; 1: 140.00", held: "140.00"},
			}},
			{"each line has its own most", []step{
				{body: blanket("b1", "new", "B-1", "1000.00", "", "300.00", "", "50.00"), code: 200, drawn: "0.00 of 1000.00 left 1000.00; 1: 0.00 of 300.00 left 300.00; 2: 0.00; 3: 0.00 of 50.00 left 50.00", held: "0.00"},
				{body: released("r1", "new", "R-1", b, "1", "200", "3", "50", "001", "100"), code: 200, drawn: "350.00 of 1000.00 left 650.00; 1: 300.00 of 300.00 left 0.00; 2: 0.00; 3: 50.00 of 50.00 left 0.00", held: "350.00"},
				{body: released("r2", "new", "R-2", b, "1", "1", "2", "100"), code: 201, says: "Of line 1 of blanket order B-1 at most 300.00 USD may be drawn: 300.00 USD are drawn already, this release of 1.00 USD goes 1.00 USD beyond.",
					drawn: "350.00 of 1000.00 left 650.00; 1: 300.00 of 300.00 left 0.00; 2: 0.00; 3: 50.00 of 50.00 left 0.00", held: "350.00"},
				{body: released("r3", "new", "R-3", b, "2", "100", "9", "20", "x", "3"), code: 200, says: "line 2 draws on a line that its agreement doesn't have",
					drawn: "473.00 of 1000.00 left 527.00; 1: 300.00 of 300.00 left 0.00; 2: 100.00; 3: 50.00 of 50.00 left 0.00", held: "473.00"},
			}},
			{"the blanket order is changed and cancelled", []step{
				{body: blanket("b1", "new", "B-1", "1000.00", "", ""), code: 200, drawn: "0.00 of 1000.00 left 1000.00; 1: 0.00", held: "0.00"},
				{body: released("r1", "new", "R-1", `agreementPayloadID="b1"`, "1", "600"), code: 200, drawn: "600.00 of 1000.00 left 400.00; 1: 600.00", held: "600.00"},
				{body: blanket("b2", "update", "B-1", "500.00", "", "500.00"), code: 200, says: "releases drew 600.00 USD of the order already, which is more than 500.00 USD", drawn: "600.00 of 500.00 left -100.00; 1: 600.00 of 500.00 left -100.00", held: "600.00"},
				{body: released("r2", "new", "R-2", `parentAgreementID="b-1"`, "1", "1"), code: 201, says: "600.00 USD are drawn already", drawn: "600.00 of 500.00 left -100.00; 1: 600.00 of 500.00 left -100.00", held: "600.00"},
				{body: blanket("b3", "update", "B-1", "601.00", "", "601.00"), code: 200, drawn: "600.00 of 601.00 left 1.00; 1: 600.00 of 601.00 left 1.00", held: "600.00"},
				{desk: "release R-2", drawn: "601.00 of 601.00 left 0.00; 1: 601.00 of 601.00 left 0.00", held: "601.00"},
				{body: blanket("b4", "delete", "B-1", "601.00", "", ""), code: 200, drawn: "601.00 of 601.00 left 0.00", held: "601.00"},
				{body: released("r4", "new", "R-4", b, "1", "1"), code: 201, says: "The blanket order B-1 is cancelled.", drawn: "601.00 of 601.00 left 0.00", held: "601.00"},
			}},
			{"only in its time; the days are those that the buyer wrote, the last one included", []step{
				{body: blanket("b1", "new", "B-1", "1000.00", `effectiveDate="2026-03-06T00:00:00-05:00" expirationDate="2026-12-31T00:00:00-05:00"`, ""), code: 200, drawn: "0.00 of 1000.00 left 1000.00; 1: 0.00", held: "0.00"},
				{body: released("r1", "new", "R-1", b, "1", "10"), code: 201, says: "The blanket order B-1 begins on 2026-03-06.", drawn: "0.00 of 1000.00 left 1000.00; 1: 0.00", held: "0.00"},
				{body: blanket("b2", "update", "B-1", "1000.00", `effectiveDate="2026-03-05T00:00:00-05:00" expirationDate="2026-03-05T00:00:00-05:00"`, ""), code: 200, drawn: "0.00 of 1000.00 left 1000.00; 1: 0.00", held: "0.00"},
				{body: released("r2", "new", "R-2", b, "1", "20"), code: 200, drawn: "20.00 of 1000.00 left 980.00; 1: 20.00", held: "20.00"},
				{body: blanket("b3", "update", "B-1", "1000.00", `expirationDate="2026-03-04T23:59:59-05:00"`, ""), code: 200, drawn: "20.00 of 1000.00 left 980.00; 1: 20.00", held: "20.00"},
				{body: released("r3", "new", "R-3", b, "1", "30"), code: 201, says: "The blanket order B-1 ended on 2026-03-04.", drawn: "20.00 of 1000.00 left 980.00; 1: 20.00", held: "20.00"},
				{body: blanket("b4", "update", "B-1", "1000.00", `effectiveDate="soon"`, ""), code: 200, drawn: "20.00 of 1000.00 left 980.00; 1: 20.00", held: "20.00"},
				{body: released("r4", "new", "R-4", b, "1", "40"), code: 200, drawn: "60.00 of 1000.00 left 940.00; 1: 60.00", held: "60.00"},
			}},
			{"without a Total only the lines limit, without those nothing does", []step{
				{body: blanket("b1", "new", "B-1", "", "", "100.00", ""), code: 200, drawn: "0.00; 1: 0.00 of 100.00 left 100.00; 2: 0.00", held: "0.00"},
				{body: released("r1", "new", "R-1", b, "2", "5000"), code: 200, drawn: "5000.00; 1: 0.00 of 100.00 left 100.00; 2: 5000.00", held: "5000.00"},
				{body: released("r2", "new", "R-2", b, "1", "101"), code: 201, says: "1.00 USD beyond", drawn: "5000.00; 1: 0.00 of 100.00 left 100.00; 2: 5000.00", held: "5000.00"},
			}},
			{"a release that changes into an order of its own gives back", []step{
				{body: blanket("b1", "new", "B-1", "1000.00", "", ""), code: 200, drawn: "0.00 of 1000.00 left 1000.00; 1: 0.00", held: "0.00"},
				{body: released("r1", "new", "R-1", b, "1", "600"), code: 200, drawn: "600.00 of 1000.00 left 400.00; 1: 600.00", held: "600.00"},
				{body: change(string(bought("r2", "R-1", "700.00", held("HOOK-2", "", "700", "EA", "1.00"))), `type="new"`, `type="update"`), code: 200, drawn: "0.00 of 1000.00 left 1000.00; 1: 0.00", held: "700.00"},
				// One that names what is no blanket order draws on nothing.
				{body: released("r3", "new", "R-3", `agreementID="R-1"`, "1", "10"), code: 200, says: "draws on agreement R-1, which is not known here", drawn: "0.00 of 1000.00 left 1000.00; 1: 0.00", held: "710.00"},
				{body: released("r4", "new", "R-4", "", "1", "10"), code: 200, says: "names no agreement", drawn: "0.00 of 1000.00 left 1000.00; 1: 0.00", held: "720.00"},
			}},
		} {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.agreed()
				for i, s := range test.steps {
					if s.desk != "" {
						verb, number, _ := strings.Cut(s.desk, " ")
						ruled := checkout.Ruling{Merchant: merchant, Order: r.order(merchant, number).ID, Actor: "desk", Reason: "because", Override: verb == "override"}
						err := r.db.InTx(r.ctx, func(tx *database.Tx) (err error) {
							if verb == "reject" {
								_, err = r.service.Desk.RejectOrder(r.ctx, tx, ruled)
							} else {
								_, err = r.service.Desk.ReleaseOrder(r.ctx, tx, ruled)
							}
							return err
						})
						if (err == nil) != (s.deskFails == "") || err != nil && !strings.Contains(err.Error(), s.deskFails) {
							t.Errorf("step %d, %s: %v", i, s.desk, err)
						}
					} else if a := r.post(merchant, s.body); a.code != s.code || !strings.Contains(a.detail, s.says) {
						t.Errorf("step %d: %d %s, want %d %s", i, a.code, a.detail, s.code, s.says)
					}
					if s.drawn == "" {
						continue
					}
					if got := r.drawn(merchant, "B-1"); got != s.drawn || r.held(merchant) != s.held {
						t.Errorf("step %d: drawn %s, held %s\nwant %s, %s", i, got, r.held(merchant), s.drawn, s.held)
					}
				}
			})
		}
	})
}

// Of many releases at once no more pass than the blanket order allows.
func TestReleasesAtOnceNeverDrawTooMuch(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.agreed()
		r.wantCodes(merchant, []int{200}, blanket("b1", "new", "B-1", "1000.00", "", ""))
		const senders = 8
		codes := make([]int, senders)
		var wait sync.WaitGroup
		for i := range senders {
			wait.Go(func() {
				codes[i] = r.post(merchant, released(fmt.Sprint("r", i), "new", fmt.Sprint("R-", i), `agreementID="B-1"`, "1", "300")).code
			})
		}
		wait.Wait()
		slices.Sort(codes)
		if want := []int{200, 200, 200, 201, 201, 201, 201, 201}; !slices.Equal(codes, want) {
			t.Errorf("answered %v", codes)
		}
		if got := r.drawn(merchant, "B-1"); got != "900.00 of 1000.00 left 100.00; 1: 900.00" || r.held(merchant) != "900.00" {
			t.Errorf("drawn %s, held %s", got, r.held(merchant))
		}
	})
}

// rawRelease is what a kept document says, read without our codec.
type rawRelease struct {
	Header struct {
		Agreement string `xml:"agreementID,attr"`
		Most      string `xml:"Total>Money"`
	} `xml:"Request>OrderRequest>OrderRequestHeader"`
	Item []struct {
		Quantity string `xml:"quantity,attr"`
		Line     string `xml:"agreementItemNumber,attr"`
		Price    string `xml:"ItemDetail>UnitPrice>Money"`
		Most     string `xml:"BlanketItemDetail>MaxAmount>Money"`
	} `xml:"Request>OrderRequest>ItemOut"`
}

// Whatever happens to releases and their blanket order: what is drawn is what the documents of the
// versions in force ask for, and never more than allowed at the moment of an approval.
func TestDrawsAreWhatTheDocumentsAskFor(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 1))
		merchant := r.agreed(func(l *link) { l.limits = []money.Amount{money.Of(2500_00, "USD")} })
		r.wantCodes(merchant, []int{200}, blanket("b0", "new", "B-1", "1500.00", "", "800.00", ""))
		codes := map[int]int{}
		// How often an order has to wait is a matter of chance, so it goes on until it was often enough.
		enough := func() bool { return codes[200] >= 20 && codes[201] >= 5 && codes[409] >= 5 }
		for n := 0; n < 120 || n < 600 && !enough(); n++ {
			number := fmt.Sprint("R-", random.IntN(8))
			payload := fmt.Sprint("d", n)
			pairs := []string{[]string{"1", "2", ""}[random.IntN(3)], fmt.Sprint(1 + random.IntN(500))}
			if random.IntN(3) == 0 {
				pairs = append(pairs, "1", fmt.Sprint(1+random.IntN(300)))
			}
			agreement := `agreementID="B-1"`
			if random.IntN(10) == 0 {
				agreement = `agreementID="B-2"`
			}
			var body []byte
			switch k := random.IntN(20); {
			case k < 10:
				body = released(payload, "new", number, agreement, pairs...)
			case k < 16:
				body = released(payload, "update", number, agreement, pairs...)
			case k < 19:
				body = released(payload, "delete", number, agreement, pairs...)
			default:
				body = blanket(payload, "update", "B-1", fmt.Sprint(1000+100*random.IntN(8), ".00"), "", fmt.Sprint(600+random.IntN(400), ".00"), "")
			}
			before := r.recountedDraws(merchant)
			codes[r.post(merchant, body).code]++
			after := r.recountedDraws(merchant)
			for line, drawn := range after.drawn {
				if most, limited := after.most[line]; limited && drawn > most && drawn > before.drawn[line] {
					t.Fatalf("document %d: %d are drawn of line %d, %d may be, before it were %d\n%s", n, drawn, line, most, before.drawn[line], body)
				}
			}
			stored, err := orders.DrawnOn(r.ctx, r.db, merchant, r.order(merchant, "B-1").ID, "")
			if err != nil {
				t.Fatal(err)
			}
			all := int64(0)
			for _, s := range stored {
				all += s.Amount
				if s.Line != 0 && after.drawn[s.Line] != s.Amount {
					t.Fatalf("document %d: of line %d are drawn %d, by the documents %d", n, s.Line, s.Amount, after.drawn[s.Line])
				}
			}
			if all != after.drawn[0] {
				t.Fatalf("document %d: %d are drawn in all, by the documents %d", n, all, after.drawn[0])
			}
		}
		if !enough() {
			t.Errorf("the answers were %v: not everything happened", codes)
		}
	})
}

type recountedDraws struct{ drawn, most map[int64]int64 } // in cents, by line; 0 is the whole order

func (r *rig) recountedDraws(merchant string) recountedDraws {
	r.Helper()
	var rows []struct {
		Number string `db:"number"`
		Body   string `db:"body"`
	}
	if err := r.db.Select(r.ctx, &rows, `SELECT o.number, d.body FROM orders o
  JOIN order_versions v ON v.merchant_id = o.merchant_id AND v.order_id = o.id AND v.number = o.in_force
  JOIN documents d ON d.merchant_id = v.merchant_id AND d.id = v.document_id
 WHERE o.merchant_id = ? AND o.state = 'approved' ORDER BY o.id`, merchant); err != nil {
		r.Fatal(err)
	}
	found := recountedDraws{map[int64]int64{}, map[int64]int64{}}
	cents := func(texts ...string) int64 {
		product := big.NewRat(100, 1)
		for _, text := range texts {
			value, ok := new(big.Rat).SetString(text)
			if !ok {
				r.Fatalf("%q is no number", text)
			}
			product.Mul(product, value)
		}
		return product.Num().Int64() / product.Denom().Int64()
	}
	for _, row := range rows {
		var o rawRelease
		if err := xml.Unmarshal([]byte(row.Body), &o); err != nil {
			r.Fatal(err)
		}
		if row.Number == "B-1" {
			found.most[0] = cents(o.Header.Most)
			for i, item := range o.Item {
				if item.Most != "" {
					found.most[int64(i+1)] = cents(item.Most)
				}
			}
			continue
		}
		if o.Header.Agreement != "B-1" {
			continue
		}
		for _, item := range o.Item {
			value := cents(item.Quantity, item.Price)
			found.drawn[0] += value
			if item.Line != "" {
				found.drawn[int64(item.Line[0]-'0')] += value
			}
		}
	}
	return found
}

// Who has no credit line is told when the order comes, also where it would wait for another reason:
// nobody could ever let it go on.
func TestWithoutACreditLineNothingWaits(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		l := fixture()
		l.noCredit, l.settings.BelowPrice = true, "review"
		r.connect(merchant, l)
		r.sell(merchant, "HOOK-2", "Hook", "EA", "1.00")
		r.wantCodes(merchant, []int{200}, blanket("b1", "new", "B-1", "100.00", "", "")) // it takes up no credit
		before := r.counts(merchant, "documents")
		for name, body := range map[string][]byte{
			"an unknown product":          bought("p1", "W-1", "5.00", held("ODD-1", "", "1", "EA", "5.00")),
			"a price below ours":          bought("p2", "W-2", "0.50", held("HOOK-2", "", "1", "EA", "0.50")),
			"our price":                   bought("p3", "W-3", "1.00", held("HOOK-2", "", "1", "EA", "1.00")),
			"too much of a blanket order": released("p4", "new", "W-4", `agreementID="B-1"`, "1", "101"),
		} {
			if a := r.post(merchant, body); a.code != 402 || !strings.Contains(a.detail, "no_credit_line") {
				t.Errorf("%s: %d %s", name, a.code, a.detail)
			}
		}
		if d := changed(before, r.counts(merchant, "documents")); d != "" {
			t.Error("changed:", d)
		}
	})
}
