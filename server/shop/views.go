package shop

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kontorhq/kontor/assets"
	"github.com/kontorhq/kontor/client"
)

//go:embed pages/*.html
var pages embed.FS

// templates are parsed once, each page with the layout.
var templates = sync.OnceValue(func() map[string]*template.Template {
	layout := template.Must(template.New("layout.html").Funcs(template.FuncMap{
		"asset": assets.Path, "icon": assets.Icon, "mark": assets.ShopMark,
		"drawing": assets.Drawing, "thumb": assets.Thumb,
		"money": client.Money.Format, "price": client.UnitPrice.Format, "listed": listed,
		"pack": pack, "each": perPiece, "units": units, "unit": unitName, "group": group,
		"stock": stock, "breaks": breaks, "least": least, "makes": makes, "lines": lines, "title": sentenceCase, "dict": dict, "day": day,
	}).ParseFS(pages, "pages/layout.html", "pages/parts.html"))
	made := map[string]*template.Template{}
	for _, name := range []string{"home", "list", "product", "cart", "leave", "stop"} {
		made[name] = template.Must(template.Must(layout.Clone()).ParseFS(pages, "pages/"+name+".html"))
	}
	return made
})

// view is what the layout of a page within a visit needs.
type view struct {
	Title      string
	Merchant   string
	Home       string // address of the visit, ends in a slash
	Session    client.Session
	Categories []client.Category
	Category   string // the current one
	Query      string // what was searched for
	All        bool   // the list of everything
	Quiet      bool   // the page has the banner's actions itself
	Looking    bool   // inspect: the cart can't be changed
	Page       any
}

type stopView struct{ Title, Sentence, Merchant, Home string } // Home is the visit's, while it goes on

// Lines is how many lines the cart has, in words.
func (v view) Lines() string { return lines(len(v.Session.Cart.Lines)) }

// Returns reports whether there is a cart to send: in an edit visit an empty one is an answer too.
func (v view) Returns() bool {
	return !v.Looking && !v.Open() && (len(v.Session.Cart.Lines) > 0 || v.Session.Operation == "edit")
}

// Open reports whether a price is still to be said, so that the cart can only go home for a quote.
func (v view) Open() bool {
	return slices.ContainsFunc(v.Session.Cart.Lines, func(line client.CartLine) bool { return line.PriceOpen })
}

// Repriced are the lines that cost something else than in the requisition that came back.
func (v view) Repriced() int {
	n := 0
	for _, line := range v.Session.Cart.Lines {
		if line.Before != nil {
			n++
		}
	}
	return n
}

// Editing reports whether the cart came from a requisition that has it already.
func (v view) Editing() bool { return v.Session.Operation == "edit" }

// Blocked names what keeps the cart from going back: the product, or how many lines it is.
func (v view) Blocked() string {
	var names []string
	for _, line := range v.Session.Cart.Lines {
		if line.Problem != "" {
			names = append(names, line.Name)
		}
	}
	if v.Looking || len(names) == 0 {
		return ""
	}
	return strings.Join(names, ", ")
}

// CategoryAddress is the page of one category.
func (v view) CategoryAddress(name string) string {
	return v.Home + "products?" + url.Values{"category": {name}}.Encode()
}

// ProductAddress is the page of one product.
func (v view) ProductAddress(sku string) string { return v.Home + "products/" + url.PathEscape(sku) }

// sheet is what one page shows besides what stands on all of them.
type sheet struct {
	page  string // name of the template
	title string
	data  any
	quiet bool // it has the banner's actions itself
}

func (s *shop) show(w http.ResponseWriter, r *http.Request, status int, v visit, what sheet) error {
	categories, err := s.API.Categories(r.Context(), v.token)
	if err != nil {
		return err
	}
	shown := view{
		Title: what.title, Merchant: s.Merchant, Home: s.path(v.token), Session: v.session,
		Categories: categories, Quiet: what.quiet, Looking: v.session.Operation == "inspect", Page: what.data,
	}
	switch data := what.data.(type) {
	case listPage:
		shown.Category, shown.Query, shown.All = data.Category, data.Query, data.All
	case productPage:
		shown.Category = data.Product.Category
	}
	s.render(w, status, what.page, shown)
	return nil
}

// render makes the whole page before it writes, so that a fault in a template is an error page and
// not half a page.
func (s *shop) render(w http.ResponseWriter, status int, page string, data any) {
	root := "layout.html"
	if page == "stop" {
		root = "stop.html" // outside any visit: no banner, no menu
	}
	var made bytes.Buffer
	if err := templates()[page].ExecuteTemplate(&made, root, data); err != nil {
		s.Log.Error("shop: template", "page", page, "error", err)
		http.Error(w, "Something failed on our side.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = made.WriteTo(w) // the reader is gone: nothing to do about it
}

// home is the front page: categories, and the usual cart while the own one is empty.
func (s *shop) home(w http.ResponseWriter, r *http.Request, v visit) error {
	return s.show(w, r, http.StatusOK, v, sheet{page: "home", title: s.Merchant, data: homePage{
		Usual: len(s.UsualCarts[v.session.Organisation.ExternalID]), Missing: r.URL.Query().Get("done") == missing,
	}})
}

type homePage struct {
	Usual   int
	Missing bool // the product that the buyer's system asked for is not offered
}

// list is a category (a grid to compare by eye) or a search (rows with the quantities already in
// the cart: re-ordering is the main use).
func (s *shop) list(w http.ResponseWriter, r *http.Request, v visit) error {
	asked := r.URL.Query()
	page := listPage{Query: cut(asked.Get("q"), 100), Category: asked.Get("category"), Cursor: asked.Get("cursor")}
	page.All = page.Query == "" && page.Category == ""
	found, err := s.API.Products(r.Context(), client.ProductQuery{
		Session: v.token, Text: page.Query, Category: page.Category, Cursor: page.Cursor, Limit: 48,
	})
	if err != nil {
		return err
	}
	back := url.Values{}
	for name, value := range map[string]string{"q": page.Query, "category": page.Category, "cursor": page.Cursor} {
		if value != "" {
			back.Set(name, value)
		}
	}
	page.Back = back.Encode()
	if page.Back == "" {
		page.Back = "all=1"
	}
	for _, product := range found.Items {
		page.Products = append(page.Products, inCart(product, v.session.Cart))
	}
	if found.NextCursor != "" {
		back.Set("cursor", found.NextCursor)
		page.Next = s.path(v.token, "products") + "?" + back.Encode()
	}
	back.Del("cursor")
	page.First = s.path(v.token, "products") + "?" + back.Encode()
	page.Kept = keptLine(v.session.Cart, asked.Get("kept"))
	title := "All products"
	if page.Category != "" {
		title = page.Category
	}
	if page.Query != "" {
		title = "Results for “" + page.Query + "”"
	}
	return s.show(w, r, http.StatusOK, v, sheet{page: "list", title: title, data: page})
}

type listPage struct {
	Query, Category, Cursor string
	All                     bool
	Products                []offered
	Back, Next, First       string
	Kept                    *client.CartLine
}

// Count is how many products the page shows; More says that there are others.
func (p listPage) Count() string {
	count := strconv.Itoa(len(p.Products)) + " products"
	if len(p.Products) == 1 {
		count = "1 product"
	}
	if p.Next != "" || p.Cursor != "" {
		return count + " on this page"
	}
	return count
}

// offered is a product with what the cart already has of it.
type offered struct {
	client.Product
	InCart string // quantity, "" when it is not there
	Typed  string // what the quantity field shows
}

func inCart(p client.Product, cart client.Cart) offered {
	o := offered{Product: p, Typed: plain(rule(p.LeastQuantity))}
	for _, line := range cart.Lines {
		if line.SKU == p.SKU && line.Unit == p.Unit {
			o.InCart, o.Typed = line.Quantity, line.Quantity
		}
	}
	return o
}

func (s *shop) product(w http.ResponseWriter, r *http.Request, v visit) error {
	product, err := s.API.Product(r.Context(), r.PathValue("sku"), v.token)
	if err != nil {
		return err
	}
	return s.showProduct(w, r, http.StatusOK, v, product, productForm{})
}

// productForm is what a person typed on the product page and what is wrong with it.
type productForm struct{ typed, unit, wrong string }

type productPage struct {
	offered
	Unit  string // the chosen one
	Wrong string
	Tiers []tier
}

// tier is one row of the price table; Now marks the one that the cart's quantity has reached.
type tier struct {
	Range string
	Price client.UnitPrice
	Now   bool
}

func (s *shop) showProduct(w http.ResponseWriter, r *http.Request, status int, v visit, p client.Product, form productForm) error {
	page := productPage{offered: inCart(p, v.session.Cart), Unit: p.Unit, Wrong: form.wrong}
	if form.wrong != "" {
		page.Typed, page.Unit = form.typed, form.unit
	} else if page.InCart == "" {
		for _, line := range v.session.Cart.Lines { // it may be there in its other unit
			if line.SKU == p.SKU {
				page.InCart, page.Typed, page.Unit = line.Quantity, line.Quantity, line.Unit
			}
		}
	}
	page.Tiers = tiers(p, page.Typed)
	return s.show(w, r, status, v, sheet{page: "product", title: p.Name, data: page})
}

// tiers writes the breaks as ranges: 1 to 9, 10 to 99, 100 and more.
func tiers(p client.Product, typed string) []tier {
	if len(p.Breaks) == 0 {
		return nil
	}
	least, step := rule(p.LeastQuantity), rule(p.QuantityStep)
	breaks := p.Breaks
	if first := rule(breaks[0].From); first.Cmp(least) > 0 {
		breaks = append([]client.Break{{From: plain(least), Price: p.Price}}, breaks...)
	}
	now, _ := decimal(typed)
	var rows []tier
	for i, b := range breaks {
		from := rule(b.From)
		row := tier{Range: group(plain(from)) + " and more", Price: b.Price, Now: now != nil && now.Cmp(from) >= 0}
		if i+1 < len(breaks) {
			next := rule(breaks[i+1].From)
			row.Now = row.Now && now.Cmp(next) < 0
			row.Range = group(plain(from)) + " to " + group(plain(new(big.Rat).Sub(next, step)))
		}
		rows = append(rows, row)
	}
	return rows
}

type cartPage struct {
	Lines   []cartRow
	Wrong   []cartRow // those with an error, for the list on top
	Problem string
	Kept    *client.CartLine
	Done    string
	Usual   int
}

type cartRow struct {
	client.CartLine
	Key, Typed, Wrong string
	By, Least, Pack   string          // the product's rules, for the buttons beside the quantity
	Content           *client.Content // of one order unit; nil where it is not known
}

func (s *shop) showCart(w http.ResponseWriter, r *http.Request, status int, v visit, form cartForm) error {
	page := cartPage{
		Problem: form.problem, Kept: keptLine(v.session.Cart, r.URL.Query().Get("kept")),
		Usual: len(s.UsualCarts[v.session.Organisation.ExternalID]),
	}
	switch r.URL.Query().Get("done") { // no words from the address on the page
	case "updated":
		page.Done = "The cart is updated."
	case "removed":
		page.Done = "The line is removed."
	case "filled":
		page.Done = "The usual cart is filled in. Change what is different today."
	}
	known := s.known(r.Context(), v)
	for _, line := range v.session.Cart.Lines {
		row := cartRow{CartLine: line, Key: key(line.SKU, line.Unit), Typed: line.Quantity, By: "1", Least: "1", Pack: unitName(line.Unit, true)}
		if p, ok := known[line.SKU]; ok && p.Unit == line.Unit {
			row.By, row.Least, row.Pack, row.Content = p.QuantityStep, p.LeastQuantity, pack(p), p.Content
		}
		if row.Wrong = form.wrong[row.Key]; len(form.wrong) > 0 {
			if typed, ok := form.typed[row.Key]; ok {
				row.Typed = typed
			}
		}
		page.Lines = append(page.Lines, row)
		if row.Wrong != "" {
			page.Wrong = append(page.Wrong, row)
		}
	}
	return s.show(w, r, status, v, sheet{page: "cart", title: "Cart for " + v.session.Organisation.Name, data: page, quiet: true})
}

// known reads the products of the cart's lines, as far as it can: they only make the page nicer, so
// a product that cannot be read is left out, and a long cart is not read to its end.
func (s *shop) known(ctx context.Context, v visit) map[string]client.Product {
	var (
		group sync.WaitGroup
		lock  sync.Mutex
		found = map[string]client.Product{}
		slots = make(chan struct{}, 4)
	)
	for i, line := range v.session.Cart.Lines {
		if i == 40 {
			break
		}
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			product, err := s.API.Product(ctx, line.SKU, v.token)
			if err != nil {
				return
			}
			lock.Lock()
			defer lock.Unlock()
			found[line.SKU] = product
		})
	}
	group.Wait()
	return found
}

func keptLine(cart client.Cart, sku string) *client.CartLine {
	for _, line := range cart.Lines {
		if sku != "" && line.SKU == sku {
			return &line
		}
	}
	return nil
}

// stock is what may be promised about delivery: what the API knows, no more. A stock that nobody
// told isn't none.
func stock(p client.Product) string {
	text := "Stock on request"
	if p.Stock != nil {
		if has, ok := decimal(*p.Stock); ok && has.Sign() > 0 {
			return units(*p.Stock, p.Unit) + " in stock"
		}
		text = "Out of stock"
	}
	switch days := p.LeadTimeDays; {
	case days == nil || *days == 0:
		return text
	case *days == 1:
		return text + ", ships in 1\u00a0day"
	default:
		return text + ", ships in " + strconv.Itoa(*days) + "\u00a0days"
	}
}

// listed is the list price where it differs from the buyer's, else "".
func listed(p client.UnitPrice, list *client.UnitPrice) string {
	if list == nil || list.Format() == p.Format() {
		return ""
	}
	return list.Format()
}

func lines(n int) string {
	if n == 1 {
		return "1\u00a0line"
	}
	return strconv.Itoa(n) + "\u00a0lines"
}

func sentenceCase(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// day writes a date with its month as a word, so that nobody guesses the order.
func day(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return t.Format("Jan 2, 2006")
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// dict hands several values to a part of a page.
func dict(pairs ...any) map[string]any {
	made := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		made[pairs[i].(string)] = pairs[i+1] // the names are written in our own templates
	}
	return made
}
