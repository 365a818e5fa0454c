package simulators

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// edited is what came home from an edit of cart N: gloves by another quantity and price, glasses
// taken out, a roll of film put in.
var edited = []cartLine{
	{"PPE-2010", "150", "BX", "7.7500", "Disposable nitrile gloves, size L"},
	cartN[2], cartN[3], cartN[4],
	{"PKG-4070", "2", "RO", "12.3750", "Stretch film"},
}

// editedText keeps the auxiliary ids that the lines had, as a supplier must.
func editedText(cookie, goods string) string {
	text := orderMessageText(cookie, goods, "0.00", edited)
	for _, change := range [][2]string{{"crt_01-5<", "crt_02-5<"}, {"crt_01-4<", "crt_01-5<"}, {"crt_01-3<", "crt_01-4<"}, {"crt_01-2<", "crt_01-3<"}} {
		text = strings.Replace(text, change[0], change[1], 1)
	}
	return text
}

func last(r Requisition) Event { return r.Events[len(r.Events)-1] }

func TestAnEditReplacesTheLinesAndSaysWhatChanged(t *testing.T) {
	d := newDesk(t, nil)
	r := d.carted(t)
	if _, err := d.Shop(t.Context(), r.ID, "edit"); err != nil {
		t.Fatal(err)
	}
	// 150 × 7.75 = 1,162.50; 18.83; 97.98 (152.5 × 0.6425 = 97.98125); 44.63 (44.625); 24.75.
	form := in64(editedText(d.cookie(), "1348.69"))
	for range 2 { // the second changes nothing
		after, err := d.ReceiveCart(r.ID, form)
		if err != nil {
			t.Fatal(err)
		}
		if after.State != CartHome || len(after.Cart.Lines) != 5 || after.VisitOpen || after.Cart.Goods.Value != "1348.69" {
			t.Errorf("%s, %+v", after.State, after.Cart)
		}
		want := "5 lines, $1,348.69 before freight and tax. PPE-2010 120 → 150, $8.10 → $7.75; PKG-4070 is new; PPE-2030 is taken out; 3 lines as before."
		if e := last(after); e.Text != "Cart came home and replaced the earlier one" || e.Detail != want || len(after.Events) != len(r.Events)+2 {
			t.Errorf("%d events, the last %+v", len(after.Events), e)
		}
	}
}

func TestAnEmptyCartOfAnEditTakesTheLinesOut(t *testing.T) {
	d := newDesk(t, nil)
	r := d.carted(t)
	if _, err := d.Shop(t.Context(), r.ID, "edit"); err != nil {
		t.Fatal(err)
	}
	empty := in64(orderMessageText(d.cookie(), "0.00", "0.00", nil))
	after, err := d.ReceiveCart(r.ID, empty)
	if err != nil || after.Cart != nil || after.State != Draft || !strings.Contains(last(after).Detail, "takes the earlier lines out") {
		t.Errorf("%v, %s, %+v", err, after.State, last(after))
	}
	if again, err := d.ReceiveCart(r.ID, empty); err != nil || len(again.Events) != len(after.Events) {
		t.Errorf("the same message again: %v, %+v", err, again.Events)
	}
}

func TestALookBringsNothingHome(t *testing.T) {
	d := newDesk(t, nil)
	r := d.ordered(t) // an approver looks at what is ordered too
	if _, err := d.Shop(t.Context(), r.ID, "inspect"); err != nil {
		t.Fatal(err)
	}
	if sent := d.supplier.last(); !strings.Contains(sent, `operation="inspect"`) || strings.Count(sent, "<ItemOut ") != 5 {
		t.Errorf("the request does not carry the cart: %s", sent)
	}
	after, err := d.ReceiveCart(r.ID, in64(editedText(d.cookie(), "1348.69")))
	if err != nil || after.State != Ordered || after.Cart.Goods.Value != "1242.13" || after.VisitOpen {
		t.Errorf("%v, %s, %+v", err, after.State, after.Cart)
	}
	if _, err := d.Shop(t.Context(), r.ID, "edit"); !errors.Is(err, ErrState) {
		t.Errorf("an ordered cart can be edited: %v", err)
	}
}

func TestWhatTheSupplierDoesNotAllowHasNoButton(t *testing.T) {
	for allowed, want := range map[string][2]bool{"create": {false, false}, "inspect": {false, true}, "edit": {true, true}} {
		t.Run(allowed, func(t *testing.T) {
			d := newDesk(t, nil)
			r, err := d.StartRequisition(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Replace(orderMessageText(d.cookie(), "1242.13", "90.05", cartN), `operationAllowed="edit"`, `operationAllowed="`+allowed+`"`, 1)
			if r, err = d.ReceiveCart(r.ID, in64(text)); err != nil {
				t.Fatal(err)
			}
			_, _, page := d.get(t, "/requisitions/"+r.ID)
			for i, operation := range []string{"edit", "inspect"} {
				label := []string{"Edit the cart at Brackwater", "View the cart at Brackwater"}[i]
				if got := strings.Contains(page, label); got != want[i] {
					t.Errorf("%q is on the page: %v", label, got)
				}
				code, location := d.press(t, "/requisitions/"+r.ID+"/shop", url.Values{"operation": {operation}}, "same-origin")
				if ok := code == http.StatusSeeOther && strings.HasPrefix(location, d.supplier.URL); ok != want[i] {
					t.Errorf("%s: %d %s", operation, code, location)
				}
			}
		})
	}
}

func TestAVisitOpensWithOneProduct(t *testing.T) {
	d := newDesk(t, nil)
	if code, _ := d.press(t, "/requisitions", url.Values{"product": {" PPE-2010 "}}, "same-origin"); code != http.StatusSeeOther {
		t.Fatal(code)
	}
	item := strings.Join(strings.Fields(d.supplier.last()), "")
	if !strings.Contains(item, "</ShipTo><SelectedItem><ItemID><SupplierPartID>PPE-2010</SupplierPartID></ItemID></SelectedItem></PunchOut") {
		t.Error(item)
	}
	r := d.Requisitions()[0]
	if _, err := d.ReceiveCart(r.ID, in64(orderMessageText(d.cookie(), "1242.13", "90.05", cartN))); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Shop(t.Context(), r.ID, "edit"); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(d.supplier.last(), "SelectedItem") {
		t.Error("an edit names the product too")
	}
}

func TestAPendingQuoteIsSaid(t *testing.T) {
	d := newDesk(t, nil)
	r, err := d.StartRequisition(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	open := append([]cartLine{{"TOL-6060", "3", "EA", "0", "Torque wrench, made to order"}}, cartN...)
	text := strings.Replace(orderMessageText(d.cookie(), "1242.13", "90.05", open), `operationAllowed="edit"`, `operationAllowed="edit" quoteStatus="pending"`, 1)
	if r, err = d.ReceiveCart(r.ID, in64(text)); err != nil || !r.Cart.QuotePending || r.Cart.Lines[0].Amount.Value != "0.00" {
		t.Fatalf("%v, %+v", err, r.Cart)
	}
	_, _, page := d.get(t, "/requisitions/"+r.ID)
	if !strings.Contains(page, "Brackwater has still to say its final prices.") || strings.Contains(page, `btn--wide btn--primary" data-busy="Sending`) {
		t.Error(page)
	}
}
