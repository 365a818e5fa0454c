package shop

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/client"
)

// cart shows the lines and what goes back.
func (s *shop) cart(w http.ResponseWriter, r *http.Request, v visit) error {
	return s.showCart(w, r, http.StatusOK, v, cartForm{})
}

// cartForm is what a person typed and what is wrong with it, by the line's key.
type cartForm struct {
	typed   map[string]string
	wrong   map[string]string
	problem string // about the cart as a whole
}

// key tells lines apart: a product may be in the cart in two units.
func key(sku, unit string) string { return sku + "|" + unit }

// setLine puts one product into the cart with the typed quantity. It sets and does not add, so that
// a form sent twice does no harm.
func (s *shop) setLine(w http.ResponseWriter, r *http.Request, v visit) error {
	product, err := s.API.Product(r.Context(), r.PathValue("sku"), v.token)
	if err != nil {
		return err
	}
	typed, unit := r.PostForm.Get("quantity"), r.PostForm.Get("unit")
	if !hasUnit(product, unit) {
		unit = product.Unit
	}
	quantity, wrong := wanted(typed, product, unit)
	if wrong != "" {
		return s.showProduct(w, r, http.StatusUnprocessableEntity, v, product, productForm{typed: typed, unit: unit, wrong: wrong})
	}
	lines := wantedLines(v.session.Cart)
	found := false
	for i, line := range lines {
		if line.SKU == product.SKU && line.Unit == unit {
			lines[i].Quantity, found = quantity, true
		}
	}
	if !found {
		lines = append(lines, client.WantedLine{SKU: product.SKU, Quantity: quantity, Unit: unit})
	}
	if quantity == "0" {
		lines = without(lines, product.SKU, unit)
	}
	if _, err := s.API.PutCart(r.Context(), v.token, lines); err != nil {
		if wrong := refused(err); wrong != "" {
			return s.showProduct(w, r, http.StatusUnprocessableEntity, v, product, productForm{typed: typed, unit: unit, wrong: wrong})
		}
		return err
	}
	to := s.path(v.token, "cart") + "?kept=" + url.QueryEscape(product.SKU)
	if back, err := url.ParseQuery(r.PostForm.Get("back")); err == nil && len(back) > 0 {
		// Back to the same list: only the list's own parameters, so that no other address can be
		// smuggled in.
		kept := url.Values{"kept": {product.SKU}}
		for _, name := range []string{"q", "category", "cursor"} {
			if value := back.Get(name); value != "" {
				kept.Set(name, value)
			}
		}
		to = s.path(v.token, "products") + "?" + kept.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func hasUnit(p client.Product, unit string) bool {
	for _, choice := range p.Units {
		if choice.Unit == unit {
			return true
		}
	}
	return unit == p.Unit
}

func wantedLines(cart client.Cart) []client.WantedLine {
	lines := make([]client.WantedLine, 0, len(cart.Lines)+1)
	for _, line := range cart.Lines {
		lines = append(lines, wantedLine(line, line.Quantity))
	}
	return lines
}

// wantedLine asks for a line of the cart again, in that quantity.
func wantedLine(line client.CartLine, quantity string) client.WantedLine {
	return client.WantedLine{SKU: line.SKU, Quantity: quantity, Unit: line.Unit, AskPrice: line.PriceOpen}
}

func without(lines []client.WantedLine, sku, unit string) []client.WantedLine {
	kept := lines[:0]
	for _, line := range lines {
		if line.SKU != sku || line.Unit != unit {
			kept = append(kept, line)
		}
	}
	return kept
}

// updateCart takes the cart page's form: every quantity, or one "remove". Lines that another tab
// added meanwhile are kept, and nothing is written when one quantity is wrong.
func (s *shop) updateCart(w http.ResponseWriter, r *http.Request, v visit) error {
	posted := map[string]string{}
	keys, quantities := r.PostForm["line"], r.PostForm["quantity"]
	if len(keys) != len(quantities) {
		s.stop(w, http.StatusBadRequest, v.token, "The form was not readable", "Open the cart again and send it once more.")
		return nil
	}
	for i, k := range keys {
		posted[k] = strings.TrimSpace(quantities[i])
	}
	remove := r.PostForm.Get("remove")
	form := cartForm{typed: posted, wrong: map[string]string{}}
	var lines []client.WantedLine
	for _, line := range v.session.Cart.Lines {
		k := key(line.SKU, line.Unit)
		typed, sent := posted[k]
		switch {
		case remove == k, remove == "" && sent && typed == "0":
			continue
		case remove != "" || !sent || typed == group(line.Quantity) || typed == line.Quantity:
			lines = append(lines, wantedLine(line, line.Quantity))
			continue
		}
		quantity, wrong, err := s.check(r.Context(), v, line, typed)
		if err != nil {
			return err
		}
		if wrong != "" {
			form.wrong[k] = wrong
		}
		lines = append(lines, wantedLine(line, quantity))
	}
	if len(form.wrong) > 0 {
		return s.showCart(w, r, http.StatusUnprocessableEntity, v, form)
	}
	if _, err := s.API.PutCart(r.Context(), v.token, lines); err != nil {
		return s.cartRefused(w, r, v, form, lines, err)
	}
	done := "updated"
	if remove != "" {
		done = "removed"
	}
	http.Redirect(w, r, s.path(v.token, "cart")+"?done="+done, http.StatusSeeOther)
	return nil
}

// check holds a changed quantity against its product. A product that is gone from the catalogue is
// left to the API, which knows what may still be done with such a line.
func (s *shop) check(ctx context.Context, v visit, line client.CartLine, typed string) (quantity, wrong string, err error) {
	product, err := s.API.Product(ctx, line.SKU, v.token)
	if problem := client.ProblemOf(err); problem != nil && problem.Status == http.StatusNotFound {
		product, err = client.Product{SKU: line.SKU, Unit: "", LeastQuantity: "1"}, nil
	}
	if err != nil {
		return "", "", err
	}
	quantity, wrong = wanted(typed, product, line.Unit)
	return quantity, wrong, nil
}

// linePlace finds the line in a problem's location: lines[1].quantity.
var linePlace = regexp.MustCompile(`lines\[(\d{1,6})\]`)

// cartRefused shows the API's refusal beside the lines that it names, with what was typed.
func (s *shop) cartRefused(w http.ResponseWriter, r *http.Request, v visit, form cartForm, sent []client.WantedLine, err error) error {
	problem := client.ProblemOf(err)
	if problem == nil || problem.Status != http.StatusUnprocessableEntity && problem.Status != http.StatusBadRequest {
		return err
	}
	if form.wrong == nil {
		form.wrong = map[string]string{}
	}
	for _, field := range problem.Errors {
		if found := linePlace.FindStringSubmatch(field.Location); found != nil {
			if i, err := strconv.Atoi(found[1]); err == nil && i < len(sent) {
				form.wrong[key(sent[i].SKU, sent[i].Unit)] = sentenceOf(&client.Problem{Detail: field.Message})
			}
		}
	}
	if len(form.wrong) == 0 || !shown(form.wrong, v.session.Cart) {
		form.problem = refused(err)
	}
	return s.showCart(w, r, http.StatusUnprocessableEntity, v, form)
}

// shown reports whether a wrong line is on the page at all.
func shown(wrong map[string]string, cart client.Cart) bool {
	for _, line := range cart.Lines {
		if wrong[key(line.SKU, line.Unit)] != "" {
			return true
		}
	}
	return false
}

// refused is the API's sentence about what was asked; "" when the error is not about that.
func refused(err error) string {
	problem := client.ProblemOf(err)
	if problem == nil || problem.Status != http.StatusUnprocessableEntity && problem.Status != http.StatusBadRequest {
		return ""
	}
	if len(problem.Errors) > 0 && problem.Errors[0].Message != "" {
		return sentenceOf(&client.Problem{Detail: problem.Errors[0].Message})
	}
	return sentenceOf(problem)
}

// fillUsual puts the organisation's usual cart into an empty one: the demo's one press.
func (s *shop) fillUsual(w http.ResponseWriter, r *http.Request, v visit) error {
	usual := s.UsualCarts[v.session.Organisation.ExternalID]
	if len(usual) == 0 {
		s.stop(w, http.StatusNotFound, v.token, "There is no usual cart", "Choose products in the shop.")
		return nil
	}
	if len(v.session.Cart.Lines) == 0 { // pressed twice, the second changes nothing
		if _, err := s.API.PutCart(r.Context(), v.token, usual); err != nil {
			return s.cartRefused(w, r, v, cartForm{}, usual, err)
		}
	}
	http.Redirect(w, r, s.path(v.token, "cart")+"?done=filled", http.StatusSeeOther)
	return nil
}

// sendHome freezes the cart and sends the browser to the page that posts it to the buyer's system.
func (s *shop) sendHome(w http.ResponseWriter, r *http.Request, v visit) error {
	send, forQuote := s.API.Return, r.PostForm.Get("quote") == "pending"
	if forQuote {
		send = s.API.ReturnForQuote
	}
	to, err := send(r.Context(), v.token)
	if problem := client.ProblemOf(err); forQuote && problem != nil && problem.Status == http.StatusConflict {
		return s.showCart(w, r, http.StatusConflict, v, cartForm{problem: sentenceOf(problem)})
	}
	if err != nil {
		return s.cartRefused(w, r, v, cartForm{}, nil, err)
	}
	return s.goTo(w, r, to)
}

// askLeave asks before a cart is given up; with an empty cart there is nothing to ask.
func (s *shop) askLeave(w http.ResponseWriter, r *http.Request, v visit) error {
	title := "Leave without a cart?"
	switch v.session.Operation {
	case "edit":
		title = "Leave without a change?"
	case "inspect":
		title = "Leave?"
	}
	return s.show(w, r, http.StatusOK, v, sheet{page: "leave", title: title, quiet: true})
}

func (s *shop) leave(w http.ResponseWriter, r *http.Request, v visit) error {
	to, err := s.API.Cancel(r.Context(), v.token)
	if err != nil {
		return err
	}
	return s.goTo(w, r, to)
}

// goTo follows the API's address with 303, so that a reload of the next page posts nothing again.
func (s *shop) goTo(w http.ResponseWriter, r *http.Request, to string) error {
	address, err := url.Parse(to)
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		return fmt.Errorf("shop: the API's return address is not an http address")
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
