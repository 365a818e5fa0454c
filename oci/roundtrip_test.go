package oci

import (
	"fmt"
	"html"
	"math/big"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kontorhq/kontor/money"
)

// histories is how many random carts are played (KONTOR_HISTORIES).
func histories(t *testing.T, usual int) int {
	t.Helper()
	if text := os.Getenv("KONTOR_HISTORIES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("KONTOR_HISTORIES: %v", err)
		}
		return n
	}
	return usual
}

// What is written is read back as the same cart, through a page in any of three character sets,
// and each line comes to the exact product of the unit price, rounded once.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	for n := range histories(t, 300) {
		label := []string{"utf-8", "iso-8859-1", "iso-8859-15"}[n%3]
		set, _ := CharsetOf(label)
		currency := []string{"USD", "EUR", "JPY", "BHD"}[random.IntN(4)]
		cart, exact := randomCart(random, set, currency)
		fields, err := cart.Write(Rules{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		page, err := set.Bytes(pageOf(fields))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		form, ok := ReadForm(page, "text/html; charset="+set.Name)
		if !ok {
			t.Fatalf("seed %d: the page has no form", seed)
		}
		read, err := ReadCart(sentBy(t, set, form.Fields), DefaultLimits)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i := range cart.Items {
			cart.Items[i].Index = i + 1
		}
		if d := cmp.Diff(cart.Items, read.Items, sameDecimals); d != "" {
			t.Fatalf("seed %d, %s: %s", seed, label, d)
		}
		for i, item := range read.Items {
			total, err := item.Total()
			if err != nil {
				t.Fatal(err)
			}
			if want := rounded(exact[i], currency); total.Text() != want {
				t.Fatalf("seed %d: line %d comes to %s, want %s", seed, i+1, total.Text(), want)
			}
		}
	}
}

func pageOf(fields []Field) string {
	var b strings.Builder
	b.WriteString(`<form method="POST" action="https://buyer.example/">`)
	for _, f := range fields {
		fmt.Fprintf(&b, "<input type=\"hidden\" name=\"%s\" value=\"%s\">\n", html.EscapeString(f.Name), html.EscapeString(f.Value))
	}
	return b.String() + "</form>"
}

// sentBy is a form as it arrives: a browser writes it in the page's character set.
func sentBy(t *testing.T, set Charset, fields []Field) []Field {
	t.Helper()
	parts := []string{"http_content_charset=" + set.Name}
	if !set.whole() {
		parts = append(parts, "note=%E4") // a form without any such byte could be either
	}
	for _, f := range fields {
		value, err := set.Bytes(f.Value)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, url.QueryEscape(f.Name)+"="+url.QueryEscape(string(value)))
	}
	read, err := ReadFields("", strings.Join(parts, "&"), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func randomCart(random *rand.Rand, set Charset, currency string) (cart Cart, exact []*big.Rat) {
	letters := []rune(`abcdefgh ÄÖÜäöüß"&<>'€œ×µ–“☃,;%+`)
	text := func(most int) string {
		var b strings.Builder
		for range 1 + random.IntN(most) {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		fitted := []rune(strings.TrimSpace(set.Fit(b.String())))
		return "x" + strings.TrimSpace(string(fitted[:min(len(fitted), most-1)]))
	}
	for range random.IntN(8) {
		unit := decimal(random, 6, 5)
		price, per, ok := PriceOf(unit)
		if !ok {
			panic("oci: six decimals always fit")
		}
		item := Item{Description: text(40), Quantity: decimal(random, 3, 5), Unit: "PCE", Price: &price, Currency: currency,
			VendorMat: text(40), LongText: strings.TrimSpace(text(40) + "\r\n" + text(40))}
		if item.Quantity.Sign() == 0 {
			item.Quantity = money.One
		}
		if per > 1 {
			item.PriceUnit = per
		}
		if random.IntN(2) == 0 {
			item.LeadTime = int64p(random.Int64N(100_000))
			item.ExtQuoteID, item.ExtQuoteItem = text(35), strconv.Itoa(1+random.IntN(1000))
			item.Other = []Field{{"GTIN", text(13)}}
		}
		cart.Items = append(cart.Items, item)
		exact = append(exact, new(big.Rat).Mul(item.Quantity.Rat(), unit.Rat()))
	}
	return cart, exact
}

func decimal(random *rand.Rand, scale, digits int) money.Decimal {
	whole := random.IntN(pow(digits))
	behind := random.IntN(scale + 1)
	if behind == 0 {
		return money.MustDecimal(strconv.Itoa(whole))
	}
	return money.MustDecimal(fmt.Sprintf("%d.%0*d", whole, behind, random.IntN(pow(behind))))
}

func pow(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}

// rounded is half away from zero by hand, for sums that are not negative.
func rounded(exact *big.Rat, currency string) string {
	places := map[string]int{"JPY": 0, "BHD": 3}
	n, found := places[currency]
	if !found {
		n = 2
	}
	return exact.FloatString(n)
}

func FuzzReadCart(f *testing.F) {
	f.Add("NEW_ITEM-DESCRIPTION%5B1%5D=a&NEW_ITEM-QUANTITY[1]=1%2C5&NEW_ITEM-LONGTEXT_1:132[]=x")
	f.Add("~xmlDocument=PEI%2BPC9CPg%3D%3D&~xmlType=ESAPO")
	f.Add("http_content_charset=iso-8859-1&NEW_ITEM-UNIT[1]=%FC")
	f.Fuzz(func(t *testing.T, body string) {
		fields, err := ReadFields("", body, DefaultLimits)
		if err != nil {
			return
		}
		cart, err := ReadCart(fields, DefaultLimits)
		if err != nil {
			return
		}
		written, err := cart.Write(Rules{})
		if err != nil {
			return
		}
		again, err := ReadCart(written, DefaultLimits)
		if err != nil {
			t.Fatalf("what was written can't be read: %v", err)
		}
		if len(again.Items) != len(cart.Items) {
			t.Fatalf("%d items became %d", len(cart.Items), len(again.Items))
		}
		rewritten, err := again.Write(Rules{})
		if err != nil {
			t.Fatalf("what was read can't be written again: %v", err)
		}
		if d := cmp.Diff(written, rewritten); d != "" {
			t.Fatalf("written twice it is not the same: %s", d)
		}
	})
}

func FuzzReadStart(f *testing.F) {
	f.Add("HOOK_URL=https%3A%2F%2Fbuyer.example&USERNAME=u&PASSWORD=p&FUNCTION=VALIDATE&PRODUCTID=1&QUANTITY=0%2C5", "~TARGET=_top")
	f.Fuzz(func(t *testing.T, query, body string) {
		fields, err := ReadFields(query, body, DefaultLimits)
		if err != nil {
			return
		}
		s, _ := ReadStart(fields, DefaultNames)
		if len(s.Fields) != len(fields) {
			t.Fatal("a parameter was lost")
		}
		if target, _ := s.Target(); !frameName.MatchString(target) && target[0] != '_' {
			t.Fatalf("the target is %q", target)
		}
		for i, kept := range s.Fields {
			if plain(kept.Name) == "PASSWORD" && kept.Value != Masked && fields[i].Value != "" {
				t.Fatal("a password is kept")
			}
		}
	})
}
