package simulators

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kontorhq/kontor/assets"
)

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"money": FormatMoney, "asset": assets.Path, "icon": assets.Icon, "mark": assets.Mark, "shopmark": assets.ShopMark,
	"day": formatDay, "minute": formatMinute, "second": formatSecond, "instant": formatInstant,
	"unit": unitWord, "plural": plural, "thousands": thousands, "desk": deskClass, "stop": stop, "badge": badge,
	"number": trimNumber, "like": likeness, "readable": readable, "lasted": duration,
}).ParseFS(files, "templates/*.html.tmpl"))

// routes are all addresses under Path. The mux works with the full path, so that links, the
// return address and the cXML address are the same whoever mounts the handler.
func (b *Buyer) routes() http.Handler {
	mux := http.NewServeMux()
	path := b.cfg.Path
	mux.HandleFunc("POST "+path+"/cxml", b.postCXML)
	mux.HandleFunc("POST "+path+"/return/{requisition}", b.postReturn)
	mux.HandleFunc("GET "+path, b.getHome)
	mux.HandleFunc("GET "+path+"/{$}", b.getHome)
	mux.HandleFunc("GET "+path+"/requisitions/{requisition}", b.getRequisition)
	mux.HandleFunc("GET "+path+"/requisitions/{requisition}/frame", b.getFrame)
	mux.HandleFunc("GET "+path+"/requisitions/{requisition}/launch", b.getLaunch)
	mux.HandleFunc("GET "+path+"/requisitions/{requisition}/documents/{document}", b.getRaw)
	mux.HandleFunc("GET "+path+"/", func(w http.ResponseWriter, _ *http.Request) {
		b.problem(w, http.StatusNotFound, fmt.Errorf("%w: there is no page at this address", ErrNotFound))
	})
	// Everything a button does is refused when another site's page sends it. The two addresses
	// above are open to others by design and have their own proof.
	own := http.NewCrossOriginProtection()
	mux.Handle("POST "+path+"/requisitions", own.Handler(http.HandlerFunc(b.postStart)))
	mux.Handle("POST "+path+"/requisitions/{requisition}/{action}", own.Handler(http.HandlerFunc(b.postAction)))
	return mux
}

// show renders one page with its policy. form-action names the shop's origins because Chromium
// applies it to the redirect that answers "Shop at …"; frame-src only where a shop is framed.
func (b *Buyer) show(w http.ResponseWriter, code int, name string, data any, framed bool) {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, name, data); err != nil {
		http.Error(w, "This page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	b.mu.Lock()
	origins := strings.Join(b.origins, " ")
	b.mu.Unlock()
	policy := "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"form-action 'self' " + origins + "; base-uri 'none'; frame-ancestors 'self'"
	if framed {
		// The framed page comes back here with the cart, hence 'self'.
		policy += "; frame-src 'self' " + origins
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", policy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(out.Bytes())
}

// deskPage is what the layout of every desk page needs.
type deskPage struct {
	Desk                    BuyerConfig
	Short                   string
	Heading, Ribbon         string
	RibbonTurns             bool // what it says changes while the page is open
	RibbonLink, RibbonLabel string
	Who                     string
	Home                    bool
}

func (b *Buyer) page(title string) deskPage {
	p := deskPage{Desk: b.cfg, Short: b.short(), Heading: title}
	if b.cfg.HomeURL != "" {
		p.RibbonLink, p.RibbonLabel = b.cfg.HomeURL, "Back to the four doors"
	}
	return p
}

type homePage struct {
	deskPage
	Requisitions []Requisition
	Lead, Hosts  string
}

func (b *Buyer) getHome(w http.ResponseWriter, _ *http.Request) {
	p := homePage{deskPage: b.page("Requisitions"), Requisitions: b.Requisitions()}
	p.Home = true
	p.Ribbon = "You buy for " + b.cfg.Name + ". Start a requisition: shop for its lines."
	p.Hosts = strings.TrimPrefix(strings.TrimPrefix(originOf(b.cfg.SupplierURL), "https://"), "http://")
	counts := map[State]int{}
	for _, q := range p.Requisitions {
		counts[q.State]++
	}
	var parts []string
	if n := counts[CartHome]; n > 0 {
		parts = append(parts, countOf(n, "cart waits", "carts wait")+" for approval")
	}
	if n := counts[Waiting]; n > 0 {
		parts = append(parts, countOf(n, "order waits", "orders wait")+" for the supplier’s credit review")
	}
	p.Lead = strings.Join(parts, ", ")
	if p.Lead == "" {
		p.Lead = "Nothing waits for you"
	}
	b.show(w, http.StatusOK, "home", p, false)
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n) + " " + many
}

// postStart makes a requisition and sends the browser to the shop, or to a page that frames it.
func (b *Buyer) postStart(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	q, err := b.StartRequisition(r.Context(), r.PostFormValue("person"), strings.TrimSpace(r.PostFormValue("product")))
	if q.ID == "" {
		b.problem(w, http.StatusBadRequest, err)
		return
	}
	b.toShop(w, r, q.ID, q.StartPage, err)
}

// toShop answers a "Shop at …". A visit that could not start is told on the requisition's page.
func (b *Buyer) toShop(w http.ResponseWriter, r *http.Request, id, startPage string, err error) {
	at := b.pathOf(id)
	frame := r.PostFormValue("frame") != ""
	if err == nil {
		b.framed(id, frame)
	}
	switch {
	case err != nil:
		http.Redirect(w, r, at, http.StatusSeeOther)
	case frame:
		http.Redirect(w, r, at+"/frame", http.StatusSeeOther)
	default:
		http.Redirect(w, r, startPage, http.StatusSeeOther)
	}
}

func (b *Buyer) framed(id string, framed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r, err := b.find(id); err == nil {
		r.framed = framed
	}
}

func (b *Buyer) pathOf(id string) string { return b.cfg.Path + "/requisitions/" + url.PathEscape(id) }

// postAction is every button of a requisition. What went wrong stands in the requisition and on
// its page; only a step that is not possible gets a page of its own.
func (b *Buyer) postAction(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	id := r.PathValue("requisition")
	ctx := r.Context()
	var err error
	switch r.PathValue("action") {
	case "shop":
		var startPage string
		if startPage, err = b.Shop(ctx, id, r.PostFormValue("operation")); err == nil || !refused(err) {
			b.toShop(w, r, id, startPage, err)
			return
		}
	case "order":
		_, err = b.Order(ctx, id)
	case "change":
		var line int
		if _, scanned := fmt.Sscan(r.PostFormValue("line"), &line); scanned != nil {
			err = fmt.Errorf("%w: choose a line", ErrState)
			break
		}
		_, err = b.Change(ctx, id, line, strings.TrimSpace(r.PostFormValue("quantity")))
	case "cancel":
		_, err = b.Cancel(ctx, id)
	case "resend":
		_, err = b.Resend(ctx, id)
	default:
		err = fmt.Errorf("%w: there is no such step", ErrNotFound)
	}
	if refused(err) {
		code := http.StatusConflict
		if errors.Is(err, ErrNotFound) {
			code = http.StatusNotFound
		}
		b.problem(w, code, err)
		return
	}
	http.Redirect(w, r, b.pathOf(id), http.StatusSeeOther)
}

// refused: the step was not possible, nothing was sent.
func refused(err error) bool { return errors.Is(err, ErrState) || errors.Is(err, ErrNotFound) }

// postReturn is BrowserFormPost: the one address that other sites' pages post to. It trusts the
// BuyerCookie, or with OCI the token in the address, and nothing else.
func (b *Buyer) postReturn(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		b.problem(w, http.StatusBadRequest, fmt.Errorf("%w: the form can't be read", ErrCart))
		return
	}
	var q Requisition
	if id := r.PathValue("requisition"); b.cfg.OCI != nil {
		q, err = b.receiveOCI(id, r.URL.Query().Get("uniqueid"), string(body)) // in its own character set
	} else {
		form, broken := url.ParseQuery(string(body))
		if broken != nil {
			b.problem(w, http.StatusBadRequest, fmt.Errorf("%w: the form can't be read", ErrCart))
			return
		}
		q, err = b.ReceiveCart(id, form)
	}
	if errors.Is(err, ErrNotFound) {
		b.problem(w, http.StatusNotFound, err)
		return
	}
	b.mu.Lock()
	live, _ := b.find(q.ID)
	framed := live != nil && live.framed
	home := live != nil && live.Cart != nil && live.Cart.PayloadID == live.ended
	b.mu.Unlock()
	if framed {
		// The page is inside our own frame: its link leaves the frame, without any script.
		b.show(w, http.StatusOK, "framed", struct {
			deskPage
			Requisition
			Link     string
			CameHome bool
			Last     string
		}{b.page("Visit ended"), q, b.pathOf(q.ID), home, q.Events[q.LastEvent()].Text}, false)
		return
	}
	http.Redirect(w, r, b.pathOf(q.ID), http.StatusSeeOther)
}

type problemPage struct {
	deskPage
	Sentence string
}

func (b *Buyer) problem(w http.ResponseWriter, code int, err error) {
	title := "That is not possible now"
	if code == http.StatusNotFound {
		title = "Not found"
	}
	b.show(w, code, "problem", problemPage{b.page(title), sentence(err)}, false)
}

func (b *Buyer) getFrame(w http.ResponseWriter, r *http.Request) {
	q, ok := b.Requisition(r.PathValue("requisition"))
	if !ok || q.StartPage == "" {
		b.problem(w, http.StatusNotFound, fmt.Errorf("%w: no visit was started", ErrNotFound))
		return
	}
	p := b.page(q.Title)
	p.Who = q.Person.Role
	b.show(w, http.StatusOK, "frame", struct {
		deskPage
		Requisition
		Link string
	}{p, q, b.pathOf(q.ID)}, true)
}

// getRaw is one document as it crossed the wire, masked, as plain text: nothing in it is run.
func (b *Buyer) getRaw(w http.ResponseWriter, r *http.Request) {
	documents := b.Documents(r.PathValue("requisition"))
	at := slices.IndexFunc(documents, func(d Document) bool { return d.ID == r.PathValue("document") })
	if at < 0 {
		b.problem(w, http.StatusNotFound, fmt.Errorf("%w: there is no such document", ErrNotFound))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	_, _ = w.Write([]byte(documents[at].Body))
}

// deskClass is the part of the style sheet that colours a desk.
// likeness is what a simulated system resembles, as its maker writes the name.
func likeness(like string) string {
	if like == "S4HANA" {
		like = "S/4HANA"
	}
	return like + "-like"
}

func deskClass(like string) string {
	if like == "SRM" || like == "S4HANA" {
		return "sap"
	}
	return strings.ToLower(like)
}

func badge(s State) string {
	switch s {
	case CartHome, Approved, Ordered:
		return "go"
	case Waiting:
		return "wait"
	case Confirmed:
		return "ok"
	case Refused:
		return "stop"
	}
	return "idle"
}

// trimNumber writes a quantity without needless zeros and with separators.
func trimNumber(text string) string {
	return strings.TrimPrefix(FormatMoney(Money{text, "JPY"}), "¥")
}

func duration(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", max(d.Milliseconds(), 1))
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
