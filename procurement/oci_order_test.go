package procurement_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
)

// alsoOCI lets the fixture's buyer punch out by OCI besides.
func (r *rig) alsoOCI(organisation procurement.Connection, units map[string]string) procurement.Connection {
	r.Helper()
	c := procurement.Connection{ID: organisation.ID + "_oci", Merchant: organisation.Merchant, ExternalID: "oci", Organisation: organisation.Organisation, Protocol: "oci",
		Settings: procurement.Settings{ReturnHosts: []string{"buyer.example.com"}, Units: units, OCI: &procurement.OCISettings{Username: "buyer"}}}
	r.in(func(tx *database.Tx) error {
		if err := procurement.SaveConnection(r.ctx, tx, c, r.clock.Now()); err != nil {
			return err
		}
		return procurement.SaveSecrets(r.ctx, tx, r.keys, c.Merchant, c.ID, []string{ociPassword}, r.clock.Now())
	})
	return c
}

// by puts the fields of OCI into a line of an order, as systems do that fetched it so.
func by(line, quote, item string) string {
	fields := `<Extrinsic name="EXT_QUOTE_ID">` + quote + `</Extrinsic>`
	if item != "" {
		fields += `<Extrinsic name="NEW_ITEM-Ext_Quote_Item"> ` + item + ` </Extrinsic>`
	}
	return strings.Replace(line, "</ItemDetail>", fields+"</ItemDetail>", 1)
}

// A cart goes home by OCI, the prices rise, and the order comes as cXML (OCI reference 8, cXML
// reference 3.5): the snapshot counts where the order leads to it, whatever the user changed in the
// form meanwhile.
func TestAnOrderIsHeldAgainstItsOCICart(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		l := fixture()
		l.settings.BelowPrice = "review"
		buyer := r.connect(merchant, l)
		neighbour := fixture()
		neighbour.from = []procurement.Identity{id("DUNS", "700000009")}
		r.connect(merchant, neighbour)
		r.sell(merchant, "ROPE-8", "Rope", "MTR", "5.00")
		r.sell(merchant, "HOOK-2", "Hook", "EA", "15.00")
		r.sell(merchant, "CLIP-1", "Clip", "EA", "1.00")
		visit := r.visitOCI(r.alsoOCI(buyer, nil))
		r.mustPut(merchant, visit, "ROPE-8", "3", "", "HOOK-2", "2", "", "HOOK-2", "4", "")
		page := r.browse(http.MethodGet, r.mustHome(merchant, visit, false), browserA).body
		cart := regexp.MustCompile(`crt_[0-9a-z]{26}`).FindString(page)
		r.price(merchant, "ROPE-8", "6.00")
		r.price(merchant, "HOOK-2", "20.00")

		rope := func(auxiliary string) string { return held("ROPE-8", auxiliary, "3", "MTR", "5.00") }
		for _, test := range []struct {
			name, number, total string
			items               []string
			code                int
			want, flags         string
		}{
			{"by the auxiliary id", "O-1", "105.00", []string{rope(cart + "-1"), held("HOOK-2", cart+"-2", "2", "EA", "15.00"), held("HOOK-2", cart+"-3", "4", "EA", "15.00")}, 200, "15.00 30.00 60.00", ""},
			{"by the cart alone, where the product is there once", "O-2", "15.00", []string{rope(cart)}, 200, "15.00", ""},
			{"by the cart alone, where it is there twice: today's price", "O-3", "30.00", []string{held("HOOK-2", cart, "2", "EA", "15.00")}, 201, "30.00", "price_below 1"},
			{"by the two fields", "O-4", "45.00", []string{by(rope(""), cart, "1"), by(held("HOOK-2", "", "2", "EA", "15.00"), cart, "2")}, 200, "15.00 30.00", ""},
			{"by the two fields as SAP pads them", "O-5", "45.00", []string{by(rope(""), cart, "00001"), by(held("HOOK-2", "", "2", "EA", "15.00"), strings.ToUpper(cart), "0000000002")}, 200, "15.00 30.00", ""},
			{"by the quote without its item", "O-6", "15.00", []string{by(rope(""), cart, "")}, 200, "15.00", ""},
			{"without anything: today's price", "O-7", "15.00", []string{rope("")}, 201, "15.00", "price_below 1"},
			{"without anything, at today's price", "O-8", "18.00", []string{held("ROPE-8", "", "3", "MTR", "6.00")}, 200, "18.00", ""},
			{"a price that was lowered", "O-9", "9.00", []string{held("ROPE-8", cart+"-1", "3", "MTR", "3.00")}, 201, "9.00", "price_below 1"},
			{"a price that was raised", "O-10", "21.00", []string{held("ROPE-8", cart+"-1", "3", "MTR", "7.00")}, 200, "15.00", "price_above 1"},
			{"another quantity: today's price", "O-11", "25.00", []string{held("ROPE-8", cart+"-1", "5", "MTR", "5.00")}, 201, "25.00", "price_below 1"},
			{"another unit", "O-12", "15.00", []string{held("ROPE-8", cart+"-1", "3", "KGM", "5.00")}, 201, "15.00", "unit_unknown 1"},
			{"another product: its own price", "O-13", "3.00", []string{held("CLIP-1", cart+"-1", "3", "EA", "1.00")}, 200, "3.00", ""},
			{"another product at the cart's price", "O-14", "60.00", []string{held("HOOK-2", cart+"-1", "4", "EA", "15.00")}, 201, "60.00", "price_below 1"},
			{"a line that the cart hasn't", "O-15", "15.00", []string{rope(cart + "-7")}, 201, "15.00", "price_below 1"},
			{"a cart that isn't there", "O-16", "15.00", []string{rope("crt_00000000000000000000000000-1")}, 201, "15.00", "price_below 1"},
		} {
			a := r.post(merchant, bought("p"+test.number, test.number, test.total, test.items...))
			o := r.order(merchant, test.number)
			var amounts []string
			for _, l := range o.Version.Lines {
				amounts = append(amounts, l.Amount.Text())
			}
			if got := strings.Join(amounts, " "); a.code != test.code || got != test.want || flags(o) != test.flags {
				t.Errorf("%s: %d %s, lines %s, flags %q; want %d, %s, %q", test.name, a.code, a.detail, got, flags(o), test.code, test.want, test.flags)
			}
		}

		// Somebody else with the same id is offered nothing of it.
		body := strings.ReplaceAll(string(bought("p99", "O-99", "15.00", by(rope(""), cart, "1"))), "700000001", "700000009")
		r.post(merchant, []byte(body))
		if o := r.order(merchant, "O-99"); flags(o) != "price_below 1" {
			t.Errorf("%s, flags %s", describe(o), flags(o))
		}
	})
}

// A price that is still to be said is left out of the form; what is agreed later counts for the order.
func TestAnOCICartWaitsForItsQuote(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		buyer := r.connect(merchant, fixture())
		r.sell(merchant, "ROPE-8", "Rope", "MTR", "5.00")
		r.sell(merchant, "HOOK-2", "Hook", "EA", "15.00")
		visit := r.visitOCI(r.alsoOCI(buyer, map[string]string{"MTR": "M"}))
		r.asked(merchant, visit)
		if _, err := r.home(merchant, visit, false); err == nil || !strings.Contains(err.Error(), "Hook has no price yet") {
			t.Errorf("without a quote: %v", err)
		}
		address, err := r.forQuote(merchant, visit)
		if err != nil {
			t.Fatal(err)
		}
		page := r.browse(http.MethodGet, address, browserA).body
		cart := regexp.MustCompile(`crt_[0-9a-z]{26}`).FindString(page)
		want := strings.ReplaceAll(`NEW_ITEM-DESCRIPTION[1]=Rope
NEW_ITEM-QUANTITY[1]=3
NEW_ITEM-UNIT[1]=M
NEW_ITEM-PRICE[1]=5.000
NEW_ITEM-CURRENCY[1]=USD
NEW_ITEM-VENDORMAT[1]=ROPE-8
NEW_ITEM-EXT_QUOTE_ID[1]=CART
NEW_ITEM-EXT_QUOTE_ITEM[1]=1
NEW_ITEM-EXT_PRODUCT_ID[1]=ROPE-8@MTR
NEW_ITEM-DESCRIPTION[2]=Hook
NEW_ITEM-QUANTITY[2]=2
NEW_ITEM-UNIT[2]=EA
NEW_ITEM-VENDORMAT[2]=HOOK-2
NEW_ITEM-EXT_QUOTE_ID[2]=CART
NEW_ITEM-EXT_QUOTE_ITEM[2]=2
NEW_ITEM-EXT_PRODUCT_ID[2]=HOOK-2@EA`, "CART", cart)
		if got := formLines(hiddenFields(page)); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		// EA has no code of the buyer's: the default stands for it, and the kept form warns.
		m, err := accounts.FindMerchant(r.ctx, r.db, merchant)
		if err != nil {
			t.Fatal(err)
		}
		list, _, err := procurement.ListDocuments(r.ctx, r.db, m.ID, procurement.DocumentFilter{Limit: 20})
		if err != nil {
			t.Fatal(err)
		}
		var notes []string
		for _, d := range list {
			if d.Type == "OCI form" {
				notes = append(notes, d.Note)
			}
		}
		if got := strings.Join(notes, "|"); got != "sent through the browser; the buyer has no code for EA, EA stands for it" {
			t.Errorf("notes: %s", got)
		}

		if err := r.quote(merchant, cart, "2026-03-31", checkout.QuotedPrice{Line: 2, Price: money.MustDecimal("12.50")}); err != nil {
			t.Fatal(err)
		}
		r.wantCodes(merchant, []int{200}, bought("p1", "Q-1", "40.00", by(held("ROPE-8", "", "3", "MTR", "5.00"), cart, "1"), by(held("HOOK-2", "", "2", "EA", "12.50"), cart, "2")))
		if o := r.order(merchant, "Q-1"); o.Version.Goods.Text() != "40.00" || flags(o) != "" {
			t.Errorf("%s, flags %s", describe(o), flags(o))
		}
	})
}
