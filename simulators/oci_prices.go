package simulators

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// validate asks the supplier for today's price of every line, as S/4HANA does where that is set: an
// order at another price doesn't leave.
func (b *Buyer) validate(ctx context.Context, id string) error {
	b.mu.Lock()
	r, err := b.find(id)
	if err != nil || r.Cart == nil || b.cfg.OCI == nil || !b.cfg.OCI.Validates {
		b.mu.Unlock()
		return err
	}
	lines, requisition := slices.Clone(r.Cart.Lines), r.ID
	b.mu.Unlock()
	for _, line := range lines {
		if line.ProductID == "" {
			continue // freight
		}
		now, err := b.priceOf(ctx, requisition, line)
		if err == nil && !samePrice(line, now) {
			err = fmt.Errorf("%s costs %s for %s now, the cart says %s for %s: shop again", line.SKU,
				FormatMoney(now.UnitPrice), per(now), FormatMoney(line.UnitPrice), per(line))
		}
		if err != nil {
			b.mu.Lock()
			r.Problem = sentence(err)
			b.story(r, "The order was held back", sentence(err))
			b.mu.Unlock()
			return err
		}
	}
	return nil
}

// per is how many units the price is for, and of what where that isn't one.
func per(l Line) string {
	if l.Basis == nil {
		return "1 " + l.Unit
	}
	return l.Basis.Quantity + " " + l.Unit
}

func samePrice(a, b Line) bool { return sameMoney(a.UnitPrice, b.UnitPrice) && per(a) == per(b) }

// priceOf calls VALIDATE between servers: the first page that comes has the form in it.
func (b *Buyer) priceOf(ctx context.Context, requisition string, line Line) (Line, error) {
	access := b.cfg.OCI
	call := []ociField{{"HOOK_URL", b.returnURL(url.PathEscape(requisition))}, {"OCI_VERSION", access.Version}, {"http_content_charset", "utf-8"},
		{"FUNCTION", "VALIDATE"}, {"PRODUCTID", line.ProductID}, {"QUANTITY", line.Quantity}, {"USERNAME", access.User}, {"PASSWORD", access.Password}}
	body := encodeFields(call)
	b.mu.Lock()
	d := b.keep(Document{Requisition: requisition, Direction: Sent, Type: "OCI VALIDATE", Size: len(body),
		Note: fmt.Sprintf("%s asks what %s of %s cost today.", b.cfg.Name, trimNumber(line.Quantity), line.SKU)}, fieldsText(call))
	b.mu.Unlock()
	started := time.Now()
	status, page, err := b.ask(ctx, body)
	b.mu.Lock()
	d.Took = time.Since(started)
	if err == nil {
		d.Answer = Answer{HTTPStatus: status, Code: status, Text: http.StatusText(status)}
		d.AnswerBody, _ = b.mask(fieldsText(hiddenFields(page)))
	}
	b.mu.Unlock()
	switch {
	case err != nil:
		return Line{}, fmt.Errorf("%s could not be asked for the price of %s", b.cfg.SupplierShort, line.SKU)
	case status != http.StatusOK:
		return Line{}, fmt.Errorf("%s answered HTTP %d to the question for the price of %s", b.cfg.SupplierShort, status, line.SKU)
	case !strings.Contains(page, "<form"):
		return Line{}, fmt.Errorf("%s’s answer about %s is no form", b.cfg.SupplierShort, line.SKU)
	}
	cart, err := ociCart(hiddenFields(page))
	switch {
	case err != nil:
		return Line{}, fmt.Errorf("%s’s answer about %s can’t be read: %w", b.cfg.SupplierShort, line.SKU, err)
	case len(cart.Lines) == 0:
		return Line{}, fmt.Errorf("%s is not sold any more: shop again", line.SKU)
	case len(cart.Lines) > 1 || cart.Lines[0].SKU != line.SKU:
		return Line{}, errors.New(b.cfg.SupplierShort + "’s answer is not about " + line.SKU)
	}
	return cart.Lines[0], nil
}

// ask posts a call and reads the page that answers it.
func (b *Buyer) ask(ctx context.Context, body string) (status int, page string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.cfg.OCI.URL, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := b.client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	return response.StatusCode, string(text), err
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// hiddenFields reads the form of a page, without running it.
func hiddenFields(page string) (fields []ociField) {
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		fields = append(fields, ociField{html.UnescapeString(m[1]), html.UnescapeString(m[2])})
	}
	return fields
}
