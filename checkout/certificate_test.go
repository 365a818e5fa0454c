package checkout_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/orders"
)

// Today is 2026-03-10. The order is 100.00 of goods to Ohio, 7.25 %, or to California by 94105,
// 8.75 %; a cart for the same place comes to the same.
func TestACertificateExemptsItsPlaceForItsTime(t *testing.T) {
	ohio, west := &orders.Address{Country: "us", Region: "oh", PostalCode: "43004"}, &orders.Address{Country: "US", Region: "CA", PostalCode: "94105"}
	const expired = "the exemption certificate C-1 for OH, US ended on 2026-03-09, so the order is taxed"
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s := open(t, db)
		for i, test := range []struct {
			name, certificates string
			to, first          *orders.Address
			tax                string
			flags              []string
		}{
			{"none", `[]`, ohio, nil, "7.25", nil},
			{"everywhere, for ever", `[{"reference":"C-1"}]`, ohio, nil, "0.00", nil},
			{"everywhere, and no place is named", `[{"reference":"C-1"}]`, nil, nil, "0.00", nil},
			{"the country", `[{"country":"US","reference":"C-1"}]`, west, nil, "0.00", nil},
			{"another country", `[{"country":"DE","reference":"C-1"}]`, ohio, nil, "7.25", nil},
			{"the region", `[{"country":"US","region":"OH","reference":"C-1"}]`, ohio, nil, "0.00", nil},
			{"another region", `[{"country":"US","region":"OH","reference":"C-1"}]`, west, nil, "8.75", nil},
			{"a region, and no place is named", `[{"country":"US","region":"OH","reference":"C-1"}]`, nil, nil, "0.00", nil},
			{"its first and last day is today", `[{"country":"US","region":"OH","reference":"C-1","from":"2026-03-10","to":"2026-03-10"}]`, ohio, nil, "0.00", nil},
			{"it begins tomorrow", `[{"country":"US","region":"OH","reference":"C-1","from":"2026-03-11"}]`, ohio, nil, "7.25", nil},
			{"it ended yesterday", `[{"country":"US","region":"OH","reference":"C-1","to":"2026-03-09"}]`, ohio, nil, "7.25", []string{expired}},
			{"it ended yesterday, for another place", `[{"country":"US","region":"OH","reference":"C-1","to":"2026-03-09"}]`, west, nil, "8.75", nil},
			{"another goes on", `[{"country":"US","region":"OH","reference":"C-1","to":"2026-03-09"},{"country":"US","reference":"C-2"}]`, ohio, nil, "0.00", nil},
			{"one line of two goes there", `[{"country":"US","region":"OH","reference":"C-1"}]`, west, ohio, "4.38", nil},                            // 50.00 × 8.75 % = 4.375
			{"one line of two would", `[{"country":"US","region":"OH","reference":"C-1","to":"2026-03-09"}]`, west, ohio, "8.01", []string{expired}}, // 3.625 and 4.375, each rounded
		} {
			t.Run(test.name, func(t *testing.T) {
				s := *s
				s.TB = t
				buyer := s.organisation(test.name, "USD", accounts.Organisation{PricePolicy: accounts.ContractOnly, TaxCertificates: test.certificates})
				s.line(buyer, 100_000_00, 0)
				half := item{sku: "CENT", quantity: "5000", unit: "EA", price: "0.01"}
				other := half
				other.shipTo = test.first
				v := s.placed(s.order(buyer, string(rune('A'+i)), test.to, other, half)).Order.Version
				var messages []string
				for _, f := range v.Flags {
					if f.Code == orders.FlagCertificateExpired {
						messages = append(messages, f.Message)
					}
				}
				if v.Tax.Text() != test.tax || !slices.Equal(messages, test.flags) {
					t.Errorf("tax %s, flags %s; want %s, %s", v.Tax.Text(), strings.Join(messages, "; "), test.tax, strings.Join(test.flags, "; "))
				}
				if test.first == nil {
					if cart := s.cart(buyer, test.to, item{sku: "CENT", quantity: "10000", unit: "EA"}); cart.Tax.Text() != test.tax {
						t.Errorf("the cart's tax is %s", cart.Tax.Text())
					}
				}
			})
		}
	})
}
