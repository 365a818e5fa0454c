package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/client"
)

func TestLinesOfAnOrderAreCancelled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		o := w.order("northfold", "4500-x", "60")
		for name, test := range map[string]struct {
			body, says string
			status     int
		}{
			"no lines":            {`{"reason": "sold out", "lines": []}`, "lines", http.StatusUnprocessableEntity},
			"no reason":           {`{"reason": "", "lines": [{"line": 1}]}`, "reason", http.StatusUnprocessableEntity},
			"no number":           {`{"reason": "sold out", "lines": [{"line": 1, "cancelled": "1,5"}]}`, "lines[0].cancelled", http.StatusUnprocessableEntity},
			"more than there are": {`{"reason": "sold out", "lines": [{"line": 1, "cancelled": "61"}]}`, "must be between 0 and the 60 BX of the line", http.StatusUnprocessableEntity},
			"no such line":        {`{"reason": "sold out", "lines": [{"line": 1}, {"line": 2}]}`, "has no line 2", http.StatusUnprocessableEntity},
		} {
			r := w.call(http.MethodPost, "/v1/orders/"+o.ID+"/cancel-lines", test.body, "Idempotency-Key", "k-"+strings.ReplaceAll(name, " ", "-"))
			if r.status != test.status && r.status != http.StatusBadRequest || !strings.Contains(r.body, test.says) {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		}
		if r := w.call(http.MethodPost, "/v1/orders/ord_nothing/cancel-lines", `{"reason": "sold out", "lines": [{"line": 1}]}`, "Idempotency-Key", "k-9"); r.status != http.StatusNotFound {
			t.Errorf("%d %s", r.status, r.body)
		}
		cut := must[client.Order](t)(w.CancelLines(ctx, o.ID, "sold out", client.CancelledLine{Line: 1, Cancelled: "10"}))
		again := must[client.Order](t)(w.CancelLines(ctx, o.ID, "sold out", client.CancelledLine{Line: 1, Cancelled: "10"}))
		for _, got := range []client.Order{cut, again} {
			l := got.Lines[0]
			if got.State != "approved" || got.Version != 1 || l.Quantity != "60" || l.Cancelled != "10" || l.Amount.Amount*60 != o.Version.Lines[0].Amount.Minor*50 || got.Goods != l.Amount {
				t.Errorf("%+v", got)
			}
		}
		if _, err := w.CancelLines(ctx, o.ID, "sold out", client.CancelledLine{Line: 1, Cancelled: "9"}); client.ProblemOf(err) == nil || client.ProblemOf(err).Status != http.StatusConflict {
			t.Error(err)
		}
		if all := must[client.Order](t)(w.CancelLines(ctx, o.ID, "sold out", client.CancelledLine{Line: 1})); all.State != "cancelled" || all.Total.Amount != 0 || all.Decision.Reason != "cancelled_by_merchant" {
			t.Errorf("%+v", all)
		}
	})
}
