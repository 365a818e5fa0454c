package procurement

import (
	"cmp"
	"math/big"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
)

// The small translations between the standard's elements and our own words.

func decimalOf(m cxml.Money) *money.Decimal {
	if !m.Present {
		return nil
	}
	value := m.Value
	return &value
}

func pairsOf(extrinsics []cxml.Extrinsic) []orders.Pair {
	var pairs []orders.Pair
	for _, e := range extrinsics {
		pairs = append(pairs, orders.Pair{Name: e.Name, Value: e.Text})
	}
	return pairs
}

func commentsOf(comments []cxml.Comments) []string {
	var texts []string
	for _, c := range comments {
		if c.Text != "" {
			texts = append(texts, c.Text)
		}
	}
	return texts
}

// unspscOf is the UNSPSC code: the attribute where there is one, and the text is words then.
func unspscOf(classes []cxml.Classification) string {
	for _, class := range classes {
		if !strings.EqualFold(class.Domain, "UNSPSC") {
			continue
		}
		if class.Code != "" {
			return class.Code
		}
		return class.Text
	}
	return ""
}

func addressOf(a cxml.Address) *orders.Address {
	address := &orders.Address{ID: a.AddressID, Name: a.Name.Text, Country: a.IsoCountryCode, Email: a.Email.Text}
	if p := a.PostalAddress; p != nil {
		address.DeliverTo, address.Street, address.City = p.DeliverTo, p.Street, p.City
		address.Region, address.PostalCode = p.State, p.PostalCode
		if p.CountryCode != "" {
			address.Country = p.CountryCode
		}
		// Tax goes by codes, which are "CA" where the text may say "California".
		if country, region, coded := strings.Cut(p.StateCode, "-"); coded && region != "" {
			address.Region, address.Country = region, cmp.Or(address.Country, country)
		}
	}
	return address
}

func shareOf(d cxml.Distribution) orders.Share {
	share := orders.Share{Charge: decimalOf(d.Charge)}
	for _, s := range d.Accounting.AccountingSegment {
		share.Segments = append(share.Segments, orders.Pair{Name: s.Name.Text, Value: s.ID})
	}
	for _, s := range d.Accounting.Segment {
		share.Segments = append(share.Segments, orders.Pair{Name: s.Type, Value: s.ID})
	}
	return share
}

// chargeFlags tells when a line's accounting shares don't add up to the line.
func chargeFlags(line orders.Line, currency string) []orders.Flag {
	sum, any := new(big.Rat), false
	for _, share := range line.Accounting {
		if share.Charge != nil {
			sum.Add(sum, share.Charge.Rat())
			any = true
		}
	}
	if !any {
		return nil
	}
	amount, err := money.LineTotal(line.Quantity, line.BuyerPrice, line.PerUnits(), currency)
	if err != nil || money.MustDecimal(amount.Text()).Rat().Cmp(sum) == 0 {
		return nil
	}
	exponent, _ := money.Exponent(currency)
	number := strconv.FormatInt(line.Line, 10)
	return []orders.Flag{{Code: orders.FlagChargeDiffers, Line: line.Line,
		Message: "the accounting of line " + number + " comes to " + sum.FloatString(exponent) + ", the line to " + amount.Text()}}
}

// scheduleFlags tells when the parts of a line, each with a date of its own, don't add up to the line.
func scheduleFlags(line orders.Line) []orders.Flag {
	sum := new(big.Rat)
	for _, part := range line.Schedule {
		sum.Add(sum, part.Quantity.Rat())
	}
	if len(line.Schedule) == 0 || sum.Cmp(line.Quantity.Rat()) == 0 {
		return nil
	}
	text := strings.TrimSuffix(strings.TrimRight(sum.FloatString(9), "0"), ".")
	number := strconv.FormatInt(line.Line, 10)
	return []orders.Flag{{Code: orders.FlagScheduleDiffers, Line: line.Line,
		Message: "the schedule of line " + number + " comes to " + text + ", the line to " + line.Quantity.String()}}
}
