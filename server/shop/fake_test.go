package shop_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/kontorhq/kontor/client"
)

// api is a real HTTP server on loopback that speaks the API's contract for one visit: a catalogue
// in memory, a cart, and the sums that the shop must show and never make.
type api struct {
	*httptest.Server

	mu       sync.Mutex
	session  client.Session
	products []client.Product
	puts     int
	refuse   *client.Problem // answers the next PUT
	returned string          // body of the return
	asked    []string
}

const key = "sk_brackwater_test"

func usd(value string) client.UnitPrice { return client.UnitPrice{Value: value, Currency: "USD"} }

func ptr[T any](v T) *T { return &v }

func product(sku, name, category, unit, price, list string) client.Product {
	p := client.Product{
		ID: "prd_" + sku, SKU: sku, Name: name, Category: category, UNSPSC: "46181504", Unit: unit,
		Description: name + ", as the catalogue describes it.", Price: usd(price), Contract: list != "",
		LeastQuantity: "1", QuantityStep: "1", Stock: ptr("1840"),
		Units: []client.UnitChoice{{Unit: unit, Content: "1"}},
	}
	if list != "" {
		p.ListPrice = ptr(usd(list))
	}
	return p
}

func newAPI(t testing.TB) *api {
	gloves := product("PPE-2010", "Disposable nitrile gloves, size L", "Safety", "BX", "8.1000", "9.95")
	gloves.Content = &client.Content{Quantity: "100", Unit: "EA"}
	bolt := product("FAS-1010", "Hex bolt M8 × 40, zinc, 8.8", "Fasteners", "BX", "18.45", "")
	bolt.Content = &client.Content{Quantity: "100", Unit: "EA"}
	bolt.Breaks = []client.Break{{From: "10", Price: usd("17.20")}, {From: "50", Price: usd("15.90")}}
	screw := product("FAS-1040", "Tapping screw 4.2 × 25", "Fasteners", "EA", "0.0375", "")
	screw.LeastQuantity, screw.QuantityStep = "500", "100"
	machine := product("FAS-1050", "Machine screw M4 × 10, stainless", "Fasteners", "EA", "0.01255", "0.0141")
	machine.Units = []client.UnitChoice{{Unit: "EA", Content: "1"}, {Unit: "BX", Content: "100"}}
	cable := product("ELE-5030", "Network cable, category 6, by the metre", "Electrical", "MTR", "0.6425", "")
	cable.LeastQuantity, cable.QuantityStep = "0.5", "0.5"
	mask := product("PPE-2060", "Particulate respirator, valved", "Safety", "BX", "19.75", "")
	mask.Content, mask.Stock, mask.LeadTimeDays = &client.Content{Quantity: "20", Unit: "EA"}, ptr("0"), ptr(12)
	oil := product("TOL-6060", "Spray lubricant 400 ml", "Tools", "EA", "5.85", "")
	oil.Stock, oil.Hazardous, oil.BuyerPart = nil, true, "OIL-400"
	tape := product("PKG-4010", "Packaging tape 48 mm × 66 m", "Packaging", "RO", "1.4875", "")
	tape.Description = `48 mm × 66 m, 28 µm, "low noise" & clear <b>bold</b>`
	a := &api{
		products: []client.Product{
			bolt, screw, machine, gloves, mask,
			product("PPE-2030", "Safety glasses, clear", "Safety", "EA", "2.9375", "3.1250"), tape, cable, oil,
		},
		session: client.Session{
			ID: "ses_1", State: client.SessionOpen, Operation: "create", Protocol: "cxml", Currency: "USD", ReturnHost: "buy.northfold.example",
			ReturnOrigin: "https://kontor.example", FrameOrigins: []string{"https://buy.northfold.example", "http://inside.northfold.example:8080"},
			Organisation: client.Organisation{ID: "org_1", ExternalID: "northfold", Name: "Northfold Medical Group"},
			Buyer:        &client.Buyer{Name: "Maintenance buyer", Email: "buyer@northfold.example"},
		},
	}
	a.price(nil)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/punchout/sessions/vis_one", func(w http.ResponseWriter, _ *http.Request) { answer(w, a.session) })
	mux.HandleFunc("PUT /v1/punchout/sessions/vis_one/cart", a.put)
	mux.HandleFunc("POST /v1/punchout/sessions/vis_one/return", a.leave(client.SessionReturned))
	mux.HandleFunc("POST /v1/punchout/sessions/vis_one/cancel", a.leave(client.SessionCancelled))
	mux.HandleFunc("GET /v1/product-categories", a.categories)
	mux.HandleFunc("GET /v1/products", a.list)
	mux.HandleFunc("GET /v1/products/{sku}", func(w http.ResponseWriter, r *http.Request) {
		if p := a.find(r.PathValue("sku")); p != nil && r.URL.Query().Get("session") == "vis_one" {
			answer(w, p)
			return
		}
		problem(w, client.Problem{Status: 404, Title: "not found", Code: "not_found"})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem(w, client.Problem{Status: 404, Title: "not found", Code: "not_found"})
	})
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.asked = append(a.asked, r.Method+" "+r.URL.RequestURI())
		switch {
		case r.Header.Get("Authorization") != "Bearer "+key:
			problem(w, client.Problem{Status: 401, Title: "no key"})
		case r.Method != http.MethodGet && r.Header.Get("Idempotency-Key") == "":
			problem(w, client.Problem{Status: 400, Title: "no idempotency key"})
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(a.Close)
	return a
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func problem(w http.ResponseWriter, p client.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func (a *api) find(sku string) *client.Product {
	for i := range a.products {
		if a.products[i].SKU == sku {
			return &a.products[i]
		}
	}
	return nil
}

func (a *api) put(w http.ResponseWriter, r *http.Request) {
	var body struct{ Lines []client.WantedLine }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Lines == nil {
		problem(w, client.Problem{Status: 422, Title: "lines are missing"})
		return
	}
	a.puts++
	if a.refuse != nil {
		problem(w, *a.refuse)
		a.refuse = nil
		return
	}
	a.price(body.Lines)
	answer(w, a.session.Cart)
}

func (a *api) leave(state string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.returned = string(body)
		if a.refuse != nil {
			problem(w, *a.refuse)
			a.refuse = nil
			return
		}
		a.session.State = state
		answer(w, map[string]string{"url": a.URL + "/m/brackwater/p/vis_one/return"})
	}
}

func (a *api) categories(w http.ResponseWriter, _ *http.Request) {
	counts, order := map[string]int{}, []string{}
	for _, p := range a.products {
		if counts[p.Category]++; counts[p.Category] == 1 {
			order = append(order, p.Category)
		}
	}
	var page client.Page[client.Category]
	for _, name := range order {
		page.Items = append(page.Items, client.Category{Name: name, Products: counts[name]})
	}
	answer(w, page)
}

func (a *api) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page := client.Page[client.Product]{Items: []client.Product{}}
	for _, p := range a.products {
		if c := q.Get("category"); c != "" && c != p.Category {
			continue
		}
		if strings.Contains(strings.ToLower(p.Name+p.SKU), strings.ToLower(q.Get("q"))) {
			page.Items = append(page.Items, p)
		}
	}
	answer(w, page)
}

// price makes the cart's sums: each line rounded once, half away from zero; 7.25 % tax.
func (a *api) price(lines []client.WantedLine) {
	cart := client.Cart{ID: "crt_1", State: "open", Version: a.session.Cart.Version + 1, Lines: []client.CartLine{}}
	goods := new(big.Rat)
	for i, line := range lines {
		p := a.find(line.SKU)
		price, _ := new(big.Rat).SetString(p.Price.Value)
		if line.Unit == "BX" && p.Unit == "EA" {
			price.Mul(price, big.NewRat(100, 1))
		}
		quantity, _ := new(big.Rat).SetString(line.Quantity)
		amount, _ := new(big.Rat).SetString(price.Mul(price, quantity).FloatString(2))
		goods.Add(goods, amount)
		unit := line.Unit
		if unit == "" {
			unit = p.Unit
		}
		cart.Lines = append(cart.Lines, client.CartLine{
			Line: i + 1, AuxiliaryID: fmt.Sprintf("crt_1-%d", i+1), SKU: p.SKU, Name: p.Name, Description: p.Description,
			Quantity: line.Quantity, Unit: unit, UnitPrice: p.Price, ListPrice: p.ListPrice, Amount: cents(amount), Available: true,
		})
	}
	tax, _ := new(big.Rat).SetString(new(big.Rat).Mul(goods, big.NewRat(725, 10000)).FloatString(2))
	cart.Goods, cart.Tax, cart.Freight, cart.Total = cents(goods), cents(tax), cents(new(big.Rat)), cents(new(big.Rat).Add(goods, tax))
	a.session.Cart = cart
}

func cents(r *big.Rat) client.Money {
	return client.Money{Amount: new(big.Rat).Mul(r, big.NewRat(100, 1)).Num().Int64(), Currency: "USD"}
}
