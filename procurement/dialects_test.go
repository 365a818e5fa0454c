package procurement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// piece is an item as a dialect writes it: attributes beside the quantity, price, unit and what
// stands inside of ItemDetail and after it.
type piece struct{ attributes, quantity, price, currency, unit, detail, after string }

func (p piece) xml(currency string) string {
	if p.currency != "" {
		currency = p.currency
	}
	price := `<UnitPrice><Money currency="` + currency + `">` + p.price + `</Money></UnitPrice>`
	if p.price == "none" {
		price = ""
	}
	if p.unit == "" {
		p.unit = "EA"
	}
	return `<ItemOut quantity="` + p.quantity + `" ` + p.attributes + `><ItemID><SupplierPartID>ODD-1</SupplierPartID></ItemID><ItemDetail>` + price +
		`<Description xml:lang="en">Odd</Description><UnitOfMeasure>` + p.unit + `</UnitOfMeasure>` + p.detail + `<Classification domain="UNSPSC">31151500</Classification></ItemDetail>` + p.after + `</ItemOut>`
}

func numbered(n int) string { return fmt.Sprintf(`lineNumber="%d"`, n) }

const (
	ohio   = `<ShipTo><Address isoCountryCode="US" addressID="OH-1"><Name xml:lang="en">Dock</Name><PostalAddress><Street>1 Example Street</Street><City>Example</City><State>OH</State><PostalCode>43004</PostalCode><Country isoCountryCode="US">United States</Country></PostalAddress></Address></ShipTo>`
	france = `<ShipTo><Address isoCountryCode="FR" addressID="FR-1"><Name xml:lang="en">Quai</Name><PostalAddress><Street>7 quai du Moulin</Street><City>Moulin</City><PostalCode>75001</PostalCode><Country isoCountryCode="FR">France</Country></PostalAddress></Address></ShipTo>`
)

// What no sample of the acceptance table has (cXML reference 6), figures by hand. The lines are
// "number: quantity at price = amount"; the products are unknown to the catalogue, so that the order's
// prices count.
func TestDialectsOfOrders(t *testing.T) {
	basis := func(quantity, factor string) string {
		if factor != "" {
			factor = ` conversionFactor="` + factor + `"`
		}
		return `<PriceBasisQuantity quantity="` + quantity + `"` + factor + `><UnitOfMeasure>EA</UnitOfMeasure></PriceBasisQuantity>`
	}
	split := func(segments, charge string) string {
		if charge != "" {
			charge = `<Charge><Money currency="USD">` + charge + `</Money></Charge>`
		}
		return `<Distribution><Accounting name="Split">` + segments + `</Accounting>` + charge + `</Distribution>`
	}
	segment := func(name, id string) string {
		return `<AccountingSegment id="` + id + `"><Name xml:lang="en">` + name + `</Name><Description xml:lang="en">d</Description></AccountingSegment>`
	}
	schedule := func(quantities ...string) string {
		var b strings.Builder
		for _, q := range quantities {
			b.WriteString(`<ScheduleLine quantity="` + q + `" requestedDeliveryDate="2026-04-01T00:00:00-05:00"><UnitOfMeasure>EA</UnitOfMeasure></ScheduleLine>`)
		}
		return b.String()
	}
	tests := []struct {
		name             string
		currency, total  string // of the header; total "-" is no Total
		attributes, head string // of the header
		items            []piece
		code             int
		says             string // of the answer
		lines            string
		sums             string // goods, tax, freight
		flags            string // but product_unknown
		check            func(t *testing.T, o orders.Order)
	}{
		{name: "composite: the parts carry the price, the group has none", total: "35.00",
			items: []piece{{attributes: numbered(1) + ` itemType="composite" compositeItemType="itemLevel"`, quantity: "1", price: "none"},
				{attributes: numbered(2) + ` itemType="item" parentLineNumber="1"`, quantity: "2", price: "10.00"}, {attributes: numbered(3) + ` itemType="item" parentLineNumber="1"`, quantity: "3", price: "5.00"}},
			lines: "1: 1 at 0 = 0.00; 2: 2 at 10.00 = 20.00; 3: 3 at 5.00 = 15.00", sums: "35.00 0.00 0.00"},
		{name: "composite: the group carries the price, its parts name theirs for information", total: "30.00",
			items: []piece{{attributes: numbered(1) + ` itemType="composite" compositeItemType="groupLevel"`, quantity: "1", price: "30.00"},
				{attributes: numbered(2) + ` itemType="item" parentLineNumber="1"`, quantity: "2", price: "10.00"}, {attributes: numbered(3) + ` itemType="lean" parentLineNumber="1"`, quantity: "3", price: "none"}},
			lines: "1: 1 at 30.00 = 30.00; 2: 2 at 10.00 = 0.00; 3: 3 at 0 = 0.00", sums: "30.00 0.00 0.00"},
		{name: "composite: a group whose price is missing", total: "30.00", code: 400, says: "ItemOut[1]/ItemDetail/UnitPrice",
			items: []piece{{attributes: numbered(1) + ` itemType="composite" compositeItemType="groupLevel"`, quantity: "1", price: "none"}, {attributes: numbered(2) + ` itemType="item" parentLineNumber="1"`, quantity: "2", price: "10.00"}}},
		{name: "schedule lines that add up", total: "10.00", items: []piece{{attributes: numbered(1), quantity: "2.5", price: "4.00", after: schedule("1.25", "1.25")}},
			lines: "1: 2.5 at 4.00 = 10.00", sums: "10.00 0.00 0.00"},
		{name: "schedule lines that don't", total: "10.00", items: []piece{{attributes: numbered(7), quantity: "2.5", price: "4.00", after: schedule("1", "1.25")}},
			lines: "7: 2.5 at 4.00 = 10.00", sums: "10.00 0.00 0.00", flags: "schedule_differs 7", says: "the schedule of line 7 comes to 2.25, the line to 2.5"},
		{name: "a price for a dozen", total: "30.00", items: []piece{{attributes: numbered(1), quantity: "30", price: "12.00", detail: basis("12", "")}},
			lines: "1: 30 at 12.00 per 12 = 30.00", sums: "30.00 0.00 0.00"},
		{name: "a price basis with a factor: 7 dozen × 12 ÷ 100 × 5.00", total: "4.20", items: []piece{{attributes: numbered(1), quantity: "7", unit: "DZN", price: "5.00", detail: basis("100", "12")}},
			lines: "1: 7 at 60 per 100 = 4.20", sums: "4.20 0.00 0.00"},
		{name: "a price basis that is rounded once: 1 × 12 ÷ 100 × 5.55 = 0.666", total: "0.67", items: []piece{{attributes: numbered(1), quantity: "1", unit: "DZN", price: "5.55", detail: basis("100", "12")}},
			lines: "1: 1 at 66.6 per 100 = 0.67", sums: "0.67 0.00 0.00"},
		{name: "a price basis of nothing", total: "1.00", code: 400, says: "PriceBasisQuantity/@quantity", items: []piece{{attributes: numbered(1), quantity: "1", price: "1.00", detail: basis("0", "")}}},
		{name: "alternative amounts are kept and not counted", total: "20.00", head: `<Tax><Money currency="USD" alternateAmount="1.80" alternateCurrency="EUR">2.00</Money><Description xml:lang="en">t</Description></Tax>`,
			items: []piece{{attributes: numbered(1), quantity: "2", price: "10.00", after: `<Shipping><Money currency="USD" alternateAmount="9.99" alternateCurrency="JPY">0.00</Money><Description xml:lang="en">s</Description></Shipping>`}},
			lines: "1: 2 at 10.00 = 20.00", sums: "20.00 2.00 0.00"},
		{name: "yen: no decimals, half away from zero", currency: "JPY", total: "201", items: []piece{{attributes: numbered(1), quantity: "3", price: "33.5"}, {attributes: numbered(2), quantity: "100", price: "1.0049"}},
			lines: "1: 3 at 33.5 = 101; 2: 100 at 1.0049 = 100", sums: "201 0 0"},
		{name: "yen: a Total in sen is not the lines", currency: "JPY", total: "20100", items: []piece{{attributes: numbered(1), quantity: "6", price: "33.5"}},
			lines: "1: 6 at 33.5 = 201", sums: "201 0 0", flags: "total_differs"},
		{name: "dinars: three decimals", currency: "BHD", total: "14.301", head: `<Tax><Money currency="BHD">0.7155</Money><Description xml:lang="en">t</Description></Tax>`,
			items: []piece{{attributes: numbered(1), quantity: "3", price: "0.4335"}, {attributes: numbered(2), quantity: "1", price: "13.000"}},
			lines: "1: 3 at 0.4335 = 1.301; 2: 1 at 13.000 = 13.000", sums: "14.301 0.716 0.000"},
		{name: "two currencies in the lines", total: "20.00", code: 400, says: "An order has one currency: this is EUR", items: []piece{{attributes: numbered(1), quantity: "1", price: "10.00"}, {attributes: numbered(2), quantity: "1", price: "10.00", currency: "EUR"}}},
		{name: "another currency in Total", currency: "EUR", total: "10.00", code: 400, says: "one currency", items: []piece{{attributes: numbered(1), quantity: "1", price: "10.00", currency: "USD"}}},
		{name: "a decimal comma in a price", total: "10.00", code: 400, says: "ItemOut[1]/ItemDetail/UnitPrice/Money", items: []piece{{attributes: numbered(1), quantity: "1", price: "10,00"}}},
		{name: "a decimal comma in a quantity", total: "15.00", code: 400, says: "ItemOut[1]/@quantity", items: []piece{{attributes: numbered(1), quantity: "1,5", price: "10.00"}}},
		{name: "a thousands separator", total: "1,000.00", code: 400, says: "Total/Money", items: []piece{{attributes: numbered(1), quantity: "100", price: "10.00"}}},
		{name: "empty Money is none", total: "", head: `<Shipping><Money currency="USD"/><Description xml:lang="en">s</Description></Shipping><Tax><Money currency="USD"> </Money><Description xml:lang="en">t</Description></Tax>`,
			items: []piece{{attributes: numbered(1), quantity: "1", price: "10.00"}}, lines: "1: 1 at 10.00 = 10.00", sums: "10.00 0.00 0.00"},
		{name: "an empty price is no present", total: "", code: 400, says: "the price is missing", items: []piece{{attributes: numbered(1), quantity: "1", price: ""}}},
		{name: "accounting by amounts, in both forms of segments", total: "30.00",
			items: []piece{{attributes: numbered(1), quantity: "3", price: "10.00", after: split(segment("Cost center", "610")+segment("Account", "4711"), "20.00") + split(`<Segment type="CostCenter" id="620" description="Lab"/>`, "10.00")}},
			lines: "1: 3 at 10.00 = 30.00", sums: "30.00 0.00 0.00", check: func(t *testing.T, o orders.Order) {
				if got := fmt.Sprint(o.Version.Lines[0].Accounting[0].Segments, o.Version.Lines[0].Accounting[1].Segments); got != "[{Cost center 610} {Account 4711}] [{CostCenter 620}]" {
					t.Errorf("the accounting is %s", got)
				}
			}},
		{name: "accounting by amounts that don't add up", total: "30.00", items: []piece{{attributes: numbered(1), quantity: "3", price: "10.00", after: split(segment("Cost center", "610"), "20.00") + split(segment("Cost center", "620"), "9.99")}},
			lines: "1: 3 at 10.00 = 30.00", sums: "30.00 0.00 0.00", flags: "charge_differs 1", says: "the accounting of line 1 comes to 29.99, the line to 30.00"},
		{name: "accounting by percentages", total: "30.00", items: []piece{{attributes: numbered(1), quantity: "3", price: "10.00", after: split(segment("Cost center", "610")+segment("Percentage", "60"), "") + split(segment("Cost center", "620")+segment("Percentage", "40"), "")}},
			lines: "1: 3 at 10.00 = 30.00", sums: "30.00 0.00 0.00", check: func(t *testing.T, o orders.Order) {
				a := o.Version.Lines[0].Accounting
				if len(a) != 2 || a[0].Charge != nil || fmt.Sprint(a[1].Segments) != "[{Cost center 620} {Percentage 40}]" {
					t.Errorf("the accounting is %+v", a)
				}
			}},
		{name: "no line numbers: the place in the document, and it is remembered", total: "30.00", items: []piece{{quantity: "1", price: "10.00"}, {quantity: "1", price: "20.00"}},
			lines: "1: 1 at 10.00 = 10.00; 2: 1 at 20.00 = 20.00", sums: "30.00 0.00 0.00", check: func(t *testing.T, o orders.Order) {
				if !o.Version.Lines[0].Synthetic || !o.Version.Lines[1].Synthetic {
					t.Error("the numbers pass as the buyer's")
				}
			}},
		{name: "some line numbers: none is given twice", total: "60.00", items: []piece{{quantity: "1", price: "10.00"}, {attributes: numbered(1), quantity: "1", price: "20.00"}, {quantity: "1", price: "30.00"}},
			lines: "4: 1 at 10.00 = 10.00; 1: 1 at 20.00 = 20.00; 3: 1 at 30.00 = 30.00", sums: "60.00 0.00 0.00"},
		{name: "a line number twice: both are named", total: "30.00", code: 400, says: "ItemOut[3]/@lineNumber", items: []piece{{attributes: numbered(5), quantity: "1", price: "10.00"}, {attributes: numbered(6), quantity: "1", price: "10.00"}, {attributes: numbered(5), quantity: "1", price: "10.00"}}},
		{name: "ship-to in the header and on a line: the line's wins", total: "200.00", head: ohio, items: []piece{{attributes: numbered(1), quantity: "1", price: "100.00"}, {attributes: numbered(2), quantity: "1", price: "100.00", after: france}},
			lines: "1: 1 at 100.00 = 100.00; 2: 1 at 100.00 = 100.00", sums: "200.00 27.25 0.00", // 7.25 % and 20 %
			check: func(t *testing.T, o orders.Order) {
				if v := o.Version; v.Header.ShipTo.ID != "OH-1" || v.Lines[0].ShipTo != nil || v.Lines[1].ShipTo.ID != "FR-1" || v.Lines[0].Tax.Text() != "7.25" || v.Lines[1].Tax.Text() != "20.00" {
					t.Errorf("to %+v, %+v", v.Header.ShipTo, v.Lines)
				}
			}},
		{name: "ship-to with the code of the state, which tells the region and, where nothing else does, the country", total: "100.00",
			head:  strings.NewReplacer(`<State>OH<`, `<State isoStateCode="US-OH">Ohio<`, `isoCountryCode="US" addressID`, `addressID`, `<Country isoCountryCode="US">`, `<Country isoCountryCode="">`).Replace(ohio),
			items: []piece{{attributes: numbered(1), quantity: "1", price: "100.00"}}, lines: "1: 1 at 100.00 = 100.00", sums: "100.00 7.25 0.00",
			check: func(t *testing.T, o orders.Order) {
				if to := o.Version.Header.ShipTo; to.Region != "OH" || to.Country != "US" {
					t.Errorf("to %+v", to)
				}
			}},
		{name: "ship-to on lines only", total: "200.00", items: []piece{{attributes: numbered(1), quantity: "1", price: "100.00", after: ohio}, {attributes: numbered(2), quantity: "1", price: "100.00", after: france}},
			lines: "1: 1 at 100.00 = 100.00; 2: 1 at 100.00 = 100.00", sums: "200.00 27.25 0.00", check: func(t *testing.T, o orders.Order) {
				if o.Version.Header.ShipTo != nil {
					t.Error("the header has a place")
				}
			}},
		{name: "an internal version changes nothing", total: "10.00", attributes: `isInternalVersion="yes"`, items: []piece{{attributes: numbered(1), quantity: "1", price: "10.00"}}, says: "an internal version changes nothing"},
		{name: "a stock transport is an order", total: "10.00", attributes: `orderType="stockTransport"`, items: []piece{{attributes: numbered(1), quantity: "1", price: "10.00"}},
			lines: "1: 1 at 10.00 = 10.00", sums: "10.00 0.00 0.00", check: func(t *testing.T, o orders.Order) {
				if o.Version.Header.OrderType != "stockTransport" {
					t.Errorf("it is kept as %s", o.Version.Header.OrderType)
				}
			}},
		{name: "an order type that there isn't", total: "10.00", attributes: `orderType="loan"`, code: 400, says: "@orderType", items: []piece{{attributes: numbered(1), quantity: "1", price: "10.00"}}},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		for _, test := range tests {
			if test.currency == "" {
				test.currency = "USD"
			}
			if test.code == 0 {
				test.code = 200
			}
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.merchant("live")
				l := fixture()
				for _, currency := range []string{"USD", "EUR", "JPY", "BHD"} {
					l.limits = append(l.limits, money.Of(1_000_000_000, currency))
				}
				r.connect(merchant, l)
				if strings.HasPrefix(test.name, "ship-to") {
					r.in(func(tx *database.Tx) error {
						_, err := tx.Exec(r.ctx, `UPDATE merchants SET freight = '{}', tax_rates = '[{"country": "US", "percent": "7.25"}, {"country": "FR", "percent": "20"}]' WHERE id = ?`, merchant)
						return err
					})
				}
				var list strings.Builder
				for _, item := range test.items {
					list.WriteString(item.xml(test.currency))
				}
				head, _, _ := strings.Cut(orderText, "<ItemOut")
				body := change(head+list.String()+"</OrderRequest></Request></cXML>", "PAYLOAD", "p1", "NUMBER", "D-1", `type="new">`, `type="new" `+test.attributes+`>`,
					`<Total><Money currency="USD">45.00</Money></Total>`, `<Total><Money currency="`+test.currency+`">`+test.total+`</Money></Total>`+test.head)
				a := r.post(merchant, body)
				if a.code != test.code || !strings.Contains(a.detail, test.says) {
					t.Fatalf("%d %q, want %d %q", a.code, a.detail, test.code, test.says)
				}
				if test.sums == "" {
					if n := r.counts(merchant)["orders"]; n != 0 || r.held(merchant) != "0.00" {
						t.Errorf("%d orders, held %s", n, r.held(merchant))
					}
					return
				}
				o := r.order(merchant, "D-1")
				var lines []string
				for _, l := range o.Version.Lines {
					per := ""
					if l.Per != nil {
						per = " per " + l.Per.String()
					}
					lines = append(lines, fmt.Sprintf("%d: %s at %s%s = %s", l.Line, l.Quantity, l.UnitPrice, per, l.Amount.Text()))
				}
				var marks []string
				for _, mark := range strings.Split(flags(o), ", ") {
					if mark != "" && !strings.HasPrefix(mark, orders.FlagProductUnknown) {
						marks = append(marks, mark)
					}
				}
				v := o.Version
				if got := strings.Join(lines, "; "); got != test.lines {
					t.Errorf("the lines are %s\nwant %s", got, test.lines)
				}
				if got := strings.Join([]string{v.Goods.Text(), v.Tax.Text(), v.Freight.Text()}, " "); got != test.sums || r.held(merchant) != v.Total.Text() {
					t.Errorf("the sums are %s, held %s; want %s", got, r.held(merchant), test.sums)
				}
				if !slices.Equal(marks, strings.FieldsFunc(test.flags, func(c rune) bool { return c == ',' })) {
					t.Errorf("flags %v, want %s", marks, test.flags)
				}
				if test.check != nil {
					test.check(t, o)
				}
				// The document is kept as it came, with what isn't counted.
				if kept := r.kept(merchant, "p1").Body; strings.Contains(string(body), "alternateAmount") && !strings.Contains(kept, `alternateAmount="1.80" alternateCurrency="EUR"`) {
					t.Error("the alternative amount isn't kept")
				}
			})
		}
	})
}
