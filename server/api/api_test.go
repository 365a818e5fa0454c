package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kontorhq/kontor/client"
)

func TestAVisitFromTheFirstPageToTheReturn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, visit := t.Context(), w.visit()
		session := must[client.Session](t)(w.Session(ctx, visit))
		want := client.Session{ID: session.ID, State: "open", Operation: "create", Protocol: "cxml",
			Organisation: client.Organisation{ID: session.Organisation.ID, ExternalID: "northfold", Name: "Northfold"},
			Buyer:        &client.Buyer{ID: session.Buyer.ID, Email: "buyer@northfold.example"}, Currency: "USD", SelectedSKU: "PPE-2010",
			ReturnHost: "buy.northfold.example", ReturnOrigin: "http://kontor.example", FrameOrigins: []string{"https://buy.northfold.example"}, ExpiresAt: w.clock.Now().Add(time.Hour),
			Cart: client.Cart{ID: session.Cart.ID, State: "open", Version: 1, Lines: []client.CartLine{}, Goods: usd(0), Freight: usd(0), Tax: usd(0), Total: usd(0)}}
		if diff := cmp.Diff(want, session); diff != "" {
			t.Error(diff)
		}
		if same := must[client.Session](t)(w.Session(ctx, session.ID)); !cmp.Equal(same, session) {
			t.Error("by its id the session is another one")
		}
		cart := must[client.Cart](t)(w.PutCart(ctx, visit, []client.WantedLine{{SKU: "ppe-2010", Quantity: "12"}, {SKU: "FAS-1050", Quantity: "15", Unit: "BX"}}))
		wantCart := client.Cart{ID: session.Cart.ID, State: "open", Version: 2, Lines: []client.CartLine{
			{Line: 1, AuxiliaryID: session.Cart.ID + "-1", SKU: "PPE-2010", Name: "Nitrile gloves", UNSPSC: "46181504", Quantity: "12", Unit: "BX",
				UnitPrice: client.UnitPrice{Value: "8.1000", Currency: "USD"}, PricePer: "1", ListPrice: &client.UnitPrice{Value: "9.95", Currency: "USD"}, Amount: usd(97_20), Available: true},
			{Line: 2, AuxiliaryID: session.Cart.ID + "-2", SKU: "FAS-1050", Name: "Machine screw M4", Quantity: "15", Unit: "BX",
				UnitPrice: client.UnitPrice{Value: "1.255", Currency: "USD"}, PricePer: "1", Amount: usd(18_83), Available: true}},
			Goods: usd(116_03), Freight: usd(14_95), Tax: usd(8_41), Total: usd(139_39)}
		if diff := cmp.Diff(wantCart, cart); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(wantCart, must[client.Session](t)(w.Session(ctx, visit)).Cart); diff != "" {
			t.Error(diff)
		}
		address := must[string](t)(w.Return(ctx, visit))
		if !strings.HasPrefix(address, "http://kontor.example/m/brackwater/p/") || !strings.HasSuffix(address, "/return") {
			t.Error(address)
		}
		after := must[client.Session](t)(w.Session(ctx, visit))
		if after.State != "returned" || after.Cart.State != "frozen" || after.Cart.Version != 3 {
			t.Error(after.State, after.Cart.State, after.Cart.Version)
		}
		_, err := w.PutCart(ctx, visit, nil)
		if p := client.ProblemOf(err); p == nil || p.Status != http.StatusConflict || p.Code != "conflict" {
			t.Error(err)
		}
		second := w.visit()
		if address := must[string](t)(w.Cancel(ctx, second)); !strings.HasSuffix(address, "/return") {
			t.Error(address)
		}
		if got := must[client.Session](t)(w.Session(ctx, second)).State; got != "cancelled" {
			t.Error(got)
		}
		third := w.visit()
		w.clock.Advance(61 * time.Minute)
		if got := must[client.Session](t)(w.Session(ctx, third)).State; got != "expired" {
			t.Error(got)
		}
	})
}

func TestLookingAroundKeepsAVisitAlive(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		visit := w.visit()
		for range 3 {
			w.clock.Advance(40 * time.Minute)
			must[client.Page[client.Product]](t)(w.Products(t.Context(), client.ProductQuery{Session: visit}))
		}
		if got := must[client.Session](t)(w.Session(t.Context(), visit)).State; got != "open" {
			t.Error(got)
		}
	})
}

func TestProductsAtTheBuyersPrices(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, visit := t.Context(), w.visit()
		gloves := must[client.Product](t)(w.Product(ctx, "PPE-2010", visit))
		stock := "1840"
		want := client.Product{ID: gloves.ID, SKU: "PPE-2010", Name: "Nitrile gloves", Category: "Safety", UNSPSC: "46181504", Unit: "BX",
			Content: &client.Content{Quantity: "100", Unit: "EA"}, Units: []client.UnitChoice{{Unit: "BX", Content: "1"}},
			Price: client.UnitPrice{Value: "8.1000", Currency: "USD"}, ListPrice: &client.UnitPrice{Value: "9.95", Currency: "USD"}, Contract: true,
			Breaks: []client.Break{}, LeastQuantity: "1", QuantityStep: "1", Stock: &stock, Availability: "in_stock"}
		if diff := cmp.Diff(want, gloves); diff != "" {
			t.Error(diff)
		}
		bolt := must[client.Product](t)(w.Product(ctx, "ext:FAS-1010", visit))
		if diff := cmp.Diff([]client.Break{{From: "1", Price: client.UnitPrice{Value: "18.45", Currency: "USD"}},
			{From: "10", Price: client.UnitPrice{Value: "17.20", Currency: "USD"}}}, bolt.Breaks); diff != "" || *bolt.LeadTimeDays != 12 || bolt.ListPrice != nil {
			t.Error(diff, bolt)
		}
		screw := must[client.Product](t)(w.Product(ctx, "FAS-1050", visit))
		if diff := cmp.Diff([]client.UnitChoice{{Unit: "EA", Content: "1"}, {Unit: "BX", Content: "100"}}, screw.Units); diff != "" {
			t.Error(diff)
		}
		if cable := must[client.Product](t)(w.Product(ctx, "CAB/6 50%25", visit)); cable.Name != "Cable" {
			t.Error(cable)
		}
		categories := must[[]client.Category](t)(w.Categories(ctx, visit))
		if diff := cmp.Diff([]client.Category{{Name: "Safety", Products: 1}, {Name: "Fasteners", Products: 2}, {Name: "", Products: 1}}, categories); diff != "" {
			t.Error(diff)
		}
		for _, search := range []struct {
			query client.ProductQuery
			want  string
		}{
			{client.ProductQuery{Session: visit, Text: "hex"}, "FAS-1010"},
			{client.ProductQuery{Session: visit, Category: "Fasteners"}, "FAS-1010 FAS-1050"},
			{client.ProductQuery{Organisation: "ext:castelmere", Text: "gloves"}, "PPE-2010"},
			{client.ProductQuery{Session: visit, Text: "'; \x00 --"}, ""},
			{client.ProductQuery{Session: visit, Category: "\x00"}, ""},
		} {
			found := must[client.Page[client.Product]](t)(w.Products(ctx, search.query))
			var skus []string
			for _, p := range found.Items {
				skus = append(skus, p.SKU)
			}
			if got := strings.Join(skus, " "); got != search.want {
				t.Errorf("%+v: %q", search.query, got)
			}
		}
		if list := must[client.Page[client.Product]](t)(w.Products(ctx, client.ProductQuery{Organisation: "ext:castelmere", Text: "gloves"})); list.Items[0].Price.Value != "9.95" {
			t.Error("another organisation has the contract price")
		}
	})
}

func TestAnOrderThatWaitsIsReleased(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		waiting := w.order("castelmere", "4500-a", "60") // 60 × 17.20 = 1032.00 against 1000.00
		order := must[client.Order](t)(w.Order(ctx, waiting.ID))
		short := usd(32_00)
		want := client.Order{ID: waiting.ID, Number: "4500-a", State: "credit_review", Version: 1, LatestVersion: 1,
			Organisation: client.Organisation{ID: waiting.Organisation, ExternalID: "castelmere", Name: "Castelmere"}, Source: "punchout", Currency: "USD",
			Goods: usd(1032_00), Freight: usd(0), Tax: usd(0), Total: usd(1032_00), Flags: order.Flags, PlacedAt: w.clock.Now(), UpdatedAt: w.clock.Now(),
			Lines: []client.OrderLine{{Line: 1, SKU: "FAS-1010", Description: order.Lines[0].Description, Quantity: "60", Unit: "BX",
				UnitPrice: client.UnitPrice{Value: "17.20", Currency: "USD"}, BuyerPrice: &client.UnitPrice{Value: "18.45", Currency: "USD"}, PricePer: "1", Cancelled: "0", Amount: usd(1032_00),
				Comments: []string{}, Flags: []string{"price_above"}}},
			Draws: []client.Draw{}, Comments: []string{},
			Decision: &client.Decision{Outcome: "review", Reason: "over_limit", Sentence: order.Decision.Sentence, Short: &short}}
		if diff := cmp.Diff(want, order); diff != "" {
			t.Error(diff)
		}
		_, err := w.Release(ctx, waiting.ID, "they paid", false)
		if p := client.ProblemOf(err); p == nil || p.Status != http.StatusConflict || !strings.Contains(p.Detail, "32.00 USD") {
			t.Error(err)
		}
		lines := must[[]client.CreditLine](t)(w.CreditLines(ctx, "ext:castelmere"))
		raised := must[client.CreditLine](t)(w.SetLimit(ctx, lines[0].ID, usd(1100_00), "annual review"))
		if raised.Limit != usd(1100_00) || raised.Available != usd(1100_00) || raised.Version != lines[0].Version+1 {
			t.Error(raised)
		}
		released := must[client.Order](t)(w.Release(ctx, waiting.ID, "they paid", false))
		if released.State != "approved" || released.Decision.Outcome != "approved" || len(released.Lines) != 1 || released.Decision.Short != nil {
			t.Error(released)
		}
		line := must[client.CreditLine](t)(w.CreditLine(ctx, lines[0].ID))
		parts := client.CreditParts{Holds: usd(1032_00), Receivables: usd(0), Offline: usd(0), Credits: usd(0), Exposure: usd(1032_00)}
		if diff := cmp.Diff(client.CreditLine{ID: line.ID, Organisation: order.Organisation, Currency: "USD", Limit: usd(1100_00), Own: parts, Tree: parts,
			Available: usd(68_00), Version: line.Version}, line); diff != "" {
			t.Error(diff)
		}
		second := w.order("castelmere", "4500-b", "60")
		rejected := must[client.Order](t)(w.Reject(ctx, second.ID, "not now"))
		if rejected.State != "refused" || rejected.Decision.Sentence != "not now" {
			t.Error(rejected)
		}
		third := w.order("castelmere", "4500-c", "60")
		if forced := must[client.Order](t)(w.Release(ctx, third.ID, "an old customer", true)); forced.State != "approved" || forced.Decision.Reason != "released" {
			t.Error(forced)
		}
		entries := must[client.Page[client.CreditEntry]](t)(w.CreditEntries(ctx, line.ID, 0, ""))
		var kinds []string
		for _, e := range entries.Items {
			kinds = append(kinds, e.Kind+" "+e.Amount.Format()+" "+e.Actor)
		}
		if diff := cmp.Diff([]string{"hold $1,032.00 api:shop", "hold $1,032.00 api:shop", "limit $100.00 api:shop", "opening $1,000.00 test"}, kinds); diff != "" {
			t.Error(diff)
		}
	})
}

func TestALineIsBoundByTheOneAbove(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		organisations := must[client.Page[client.Order]](t)(w.Orders(t.Context(), client.OrderQuery{}))
		if len(organisations.Items) != 0 {
			t.Error(organisations)
		}
		lines := must[[]client.CreditLine](t)(w.CreditLines(t.Context(), "ext:northfold/west"))
		if len(lines) != 1 || lines[0].BoundBy == nil || lines[0].BoundBy.ExternalID != "northfold" || lines[0].Available != usd(30000_00) {
			t.Errorf("%+v", lines)
		}
	})
}

func TestListsGoOnFromPageToPage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for _, number := range []string{"1", "2", "3", "4", "5"} {
			w.clock.Advance(time.Second)
			w.order("northfold", number, "1")
		}
		w.order("castelmere", "6", "60")
		walk := func(page func(cursor string) (next string, items []string)) string {
			var all []string
			cursor := ""
			for range 10 {
				next, items := page(cursor)
				all = append(all, strings.Join(items, ","))
				if cursor = next; cursor == "" {
					break
				}
			}
			return strings.Join(all, " | ")
		}
		numbers := func(q client.OrderQuery) string {
			return walk(func(cursor string) (string, []string) {
				q.Cursor = cursor
				p := must[client.Page[client.Order]](t)(w.Orders(ctx, q))
				var items []string
				for _, o := range p.Items {
					items = append(items, o.Number)
				}
				return p.NextCursor, items
			})
		}
		for _, list := range []struct {
			query client.OrderQuery
			want  string
		}{
			{client.OrderQuery{Limit: 2}, "6,5 | 4,3 | 2,1"},
			{client.OrderQuery{}, "6,5,4,3,2,1"},
			{client.OrderQuery{State: "credit_review"}, "6"},
			{client.OrderQuery{Organisation: "ext:northfold", Limit: 4}, "5,4,3,2 | 1"},
			{client.OrderQuery{Number: "3"}, "3"},
			{client.OrderQuery{Number: "3", State: "refused"}, ""},
		} {
			if got := numbers(list.query); got != list.want {
				t.Errorf("%+v: %s", list.query, got)
			}
		}
		line := must[[]client.CreditLine](t)(w.CreditLines(ctx, "ext:northfold"))[0]
		got := walk(func(cursor string) (string, []string) {
			p := must[client.Page[client.CreditEntry]](t)(w.CreditEntries(ctx, line.ID, 3, cursor))
			var items []string
			for _, e := range p.Items {
				items = append(items, e.Kind)
			}
			return p.NextCursor, items
		})
		if want := "hold,hold,hold | hold,hold,opening | opening,opening"; got != want {
			t.Error(got)
		}
		got = walk(func(cursor string) (string, []string) {
			p := must[client.Page[client.Product]](t)(w.Products(ctx, client.ProductQuery{Organisation: "ext:northfold", Limit: 3, Cursor: cursor}))
			var items []string
			for _, e := range p.Items {
				items = append(items, e.SKU)
			}
			return p.NextCursor, items
		})
		if want := "PPE-2010,FAS-1010,FAS-1050 | CAB/6 50%25"; got != want {
			t.Error(got)
		}
	})
}

func TestNobodySeesAnotherMerchantsThings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, visit := t.Context(), w.visit()
		session := must[client.Session](t)(w.Session(ctx, visit))
		order := w.order("castelmere", "1", "60")
		line := must[[]client.CreditLine](t)(w.CreditLines(ctx, "ext:castelmere"))[0]
		for _, path := range []string{
			"GET /v1/punchout/sessions/" + visit, "GET /v1/punchout/sessions/" + session.ID, "PUT /v1/punchout/sessions/" + session.ID + "/cart",
			"POST /v1/punchout/sessions/" + visit + "/return", "POST /v1/punchout/sessions/" + visit + "/cancel",
			"GET /v1/products?session=" + visit, "GET /v1/products?organisation=" + order.Organisation, "GET /v1/products/PPE-2010?organisation=ext:northfold",
			"GET /v1/product-categories?session=" + session.ID, "GET /v1/orders/" + order.ID, "GET /v1/orders?organisation=" + order.Organisation,
			"POST /v1/orders/" + order.ID + "/release", "POST /v1/orders/" + order.ID + "/reject", "GET /v1/organisations/" + order.Organisation + "/credit-lines",
			"GET /v1/credit-lines/" + line.ID, "GET /v1/credit-lines/" + line.ID + "/entries", "POST /v1/credit-lines/" + line.ID + "/limit",
		} {
			method, path, _ := strings.Cut(path, " ")
			body := ""
			switch {
			case strings.HasSuffix(path, "/cart"):
				body = `{"lines":[]}`
			case strings.HasSuffix(path, "/limit"):
				body = `{"limit":{"amount":1,"currency":"USD"},"reason":"x"}`
			case strings.HasSuffix(path, "/release"), strings.HasSuffix(path, "/reject"):
				body = `{"reason":"x"}`
			case method == http.MethodPost:
				body = `{}`
			}
			got := w.call(method, path, body, "Authorization", "Bearer "+otherKey, "Idempotency-Key", "one")
			if p := got.problem(t); got.status != http.StatusNotFound || p.Code != "not_found" {
				t.Errorf("%s %s: %d %s", method, path, got.status, got.body)
			}
		}
		if got := w.call("GET", "/v1/orders", "", "Authorization", "Bearer "+otherKey); got.status != http.StatusOK || !strings.Contains(got.body, `"items":[]`) {
			t.Error(got)
		}
	})
}
