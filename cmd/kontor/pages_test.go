package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/kontorhq/kontor/simulators"
)

// everyPage tells the story halfway and names every kind of page that a person meets in the demo.
func (s *story) everyPage(visitor *tab) []string {
	s.t.Helper()
	northfold := s.cartHome("northfold")
	s.order("northfold", northfold.ID)
	s.becomes("northfold", northfold.ID, simulators.Confirmed)
	castelmere := s.cartHome("castelmere")
	s.order("castelmere", castelmere.ID)
	home := s.cartHome("northfold")
	s.bench.Try(s.t.Context(), "price-up")
	s.bench.Try(s.t.Context(), "card")
	open, err := s.buyer("westmere").StartRequisition(s.t.Context(), "", "")
	if err != nil {
		s.t.Fatal(err)
	}
	shop, _ := s.arrive(open.StartPage)
	s.browse("POST", shop+"usual", map[string][]string{})
	returned, err := s.buyer("castelmere").StartRequisition(s.t.Context(), "", "")
	if err != nil {
		s.t.Fatal(err)
	}
	otherShop, _ := s.arrive(returned.StartPage)
	s.browse("POST", otherShop+"usual", map[string][]string{})
	returnPage, _ := s.browse("POST", otherShop+"return", map[string][]string{})
	veldhaus := s.cartHome("veldhaus")
	byOCI, err := s.buyer("hoshimori").StartRequisition(s.t.Context(), "", "")
	if err != nil {
		s.t.Fatal(err)
	}
	sapShop, _ := s.arrive(byOCI.StartPage)
	s.browse("POST", sapShop+"usual", map[string][]string{})
	formPage, _ := s.browse("POST", sapShop+"return", map[string][]string{})
	waiting := s.kontors(s.requisition("castelmere", castelmere.ID).OrderNumber)
	desk := s.config.PublicURL + "/m/brackwater/console"
	visitor.open(s.entrance("/documents"))
	visitor.sees("Documents", "Castelmere Foods")
	document := evaluate[string](visitor, `new URL(document.querySelector(".trail a").href).searchParams.get("doc")`)
	visitor.open(desk + "/mail")
	mail := evaluate[string](visitor, `(document.querySelector("main table a, main .card a[href*='/mail/']") || {}).href || ""`)
	pages := []string{s.home, s.home + "?done=reset", s.buyersURL + "/break", s.buyersURL + "/break/card", s.buyersURL + "/break/kill", s.buyersURL + "/break/nothing", s.buyersURL + "/reset",
		s.buyer("northfold").URL(), s.buyer("westmere").URL(), s.buyer("northfold").URL() + "requisitions/" + northfold.ID, s.buyer("northfold").URL() + "requisitions/" + home.ID,
		s.buyer("castelmere").URL() + "requisitions/" + castelmere.ID, s.buyer("westmere").URL() + "requisitions/" + open.ID, s.buyer("westmere").URL() + "requisitions/" + open.ID + "/frame", s.buyer("westmere").URL() + "nothing",
		shop, shop + "products", shop + "products?q=glove", shop + "products?q=nothing-like-it", shop + "products/PPE-2010", shop + "cart", shop + "leave", s.config.PublicURL + "/m/brackwater/shop/",
		returnPage, s.config.PublicURL + "/m/brackwater/p/nothing",
		desk, desk + "/orders", desk + "/orders/" + waiting.ID, desk + "/credit", desk + "/credit/" + s.line("northfold").ID, desk + "/credit/" + s.line("northfold-west").ID + "?part=holds&fit=9,000.00",
		desk + "/documents", desk + "/documents?outcome=failed", desk + "/documents?payload=none", desk + "/documents/" + document, desk + "/mail", desk + "/nothing", desk + "/sign-in",
		s.config.PublicURL + "/v1/docs"}
	pages = append(pages, s.buyer("veldhaus").URL(), s.buyer("veldhaus").URL()+"requisitions/"+veldhaus.ID, s.buyer("hoshimori").URL()+"requisitions/"+byOCI.ID,
		byOCI.StartPage, formPage, desk+"/documents?type=OCI+form", s.config.PublicURL+"/m/brackwater/oci/nothing")
	if mail != "" {
		pages = append(pages, mail)
	}
	return pages
}

// wellMade are rules that every page keeps, whatever is on it; the answer lists what is broken.
const wellMade = `(function () {
	var faults = [], all = function (s) { return Array.from(document.querySelectorAll(s)); };
	var wide = document.scrollingElement.scrollWidth;
	if (wide > window.innerWidth) faults.push("scrolls sideways: " + wide + " > " + window.innerWidth + " " +
		all("body *").filter(function (n) { return n.getBoundingClientRect().right > window.innerWidth + 1 && !n.closest(".table-wrap, .code__body, iframe, .sr"); }).slice(0, 3).map(function (n) { return n.tagName + "." + n.className; }).join(" "));
	if (all("h1").length !== 1) faults.push(all("h1").length + " h1");
	if (all("main").length !== 1) faults.push(all("main").length + " main");
	if (!document.documentElement.lang) faults.push("no language");
	if (!document.title) faults.push("no title");
	var first = all("a[href], button, input:not([type=hidden]), select, textarea")[0];
	if (first && all("a[href], button").length > 3 && !(first.classList.contains("skip") && document.querySelector(first.getAttribute("href")))) faults.push("the first link does not skip to the content");
	all("input:not([type=hidden]), select, textarea").forEach(function (n) { if (!n.labels.length && !n.getAttribute("aria-label")) faults.push("no label: " + n.outerHTML); });
	all("button, a[href]").forEach(function (n) { if (n.getAttribute("aria-hidden") !== "true" && !(n.textContent.trim() || n.getAttribute("aria-label"))) faults.push("no name: " + n.outerHTML); });
	var ids = {};
	all("[id]").forEach(function (n) { if (ids[n.id] && !n.closest("svg")) faults.push("twice: #" + n.id); ids[n.id] = true; });
	all("[style]").forEach(function (n) { faults.push("style attribute: " + n.tagName); });
	return faults;
})()`

// axe runs axe-core in the page and gives all that it finds, minor things too.
const axe = `axe.run(document, {iframes: false, resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(function (r) {
	return r.violations.map(function (v) {
		return v.id + " (" + v.impact + "): " + v.help + ": " + v.nodes.slice(0, 3).map(function (n) { return n.html.slice(0, 160) + " " + (n.any[0] ? n.any[0].message : ""); }).join(" | "); });
})`

// Every page at 1440, 390 and 360 px, light and dark. The rules that need no other program always
// hold; axe-core, which `make test` brings (tools/axe.sh), looks at both layouts and both themes once.
func TestEveryPageIsWellMade(t *testing.T) {
	source := ""
	if name := os.Getenv("KONTOR_AXE"); name != "" {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatalf("KONTOR_AXE: %v", err)
		}
		source = string(content)
	} else {
		t.Log("axe-core did NOT look at the pages: KONTOR_AXE names no axe.min.js (tools/axe.sh prints where it is)")
	}
	s := tell(t, "sqlite:"+filepath.Join(t.TempDir(), "kontor.db"))
	b := browser(t)
	pages := s.everyPage(b)
	b.problems.forget() // the pages that are not there say so in the console
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		// The return page would go on by itself before it was looked at.
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: "HTMLFormElement.prototype.requestSubmit = function () {}"})
		return err
	}))
	for _, look := range []struct {
		width     int
		dark, axe bool
	}{{1440, false, true}, {1440, true, false}, {390, true, true}, {360, false, false}} {
		scheme := "light"
		if look.dark {
			scheme = "dark"
		}
		b.do(chromedp.EmulateViewport(int64(look.width), 900), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			return err
		}))
		for _, address := range pages {
			b.open(address)
			faults := evaluate[[]string](b, wellMade)
			if source != "" && look.axe {
				b.run(source)
				faults = append(faults, b.awaited(axe)...)
			}
			for _, fault := range faults {
				t.Errorf("%d px, %s, %s: %s", look.width, scheme, address, fault)
			}
		}
	}
	// On paper the bars stay away, and what is left takes the whole sheet.
	b.do(chromedp.EmulateViewport(794, 1123), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		return err
	}))
	for _, address := range pages {
		if !strings.Contains(address, "/console") && !strings.Contains(address, "/requisitions/") {
			continue // nobody prints a shop
		}
		b.open(address)
		if fault := evaluate[string](b, onPaper); fault != "" {
			t.Errorf("on paper, %s: %s", address, fault)
		}
	}
	b.problems.forget()
}

const onPaper = `(function () {
	var wide = document.scrollingElement.scrollWidth, main = document.querySelector("main");
	if (wide > window.innerWidth) return "wider than the sheet: " + wide;
	if (document.querySelector(".console") && main.offsetWidth < 700) return "its content is " + main.offsetWidth + " px wide";
	if (Array.from(document.querySelectorAll(".side, .ribbon, .btn")).some(function (n) { return n.offsetParent; })) return "bars and buttons are printed";
	return "";
})()`

// awaited is what a promise of a list comes to.
func (p *tab) awaited(script string) []string {
	p.t.Helper()
	var list []string
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		yes := true
		result, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: script, AwaitPromise: &yes, ReturnByValue: &yes})
		if err != nil {
			return err
		}
		if result.ExceptionDetails != nil {
			return fmt.Errorf("%v", result.ExceptionDetails)
		}
		return json.Unmarshal(result.Result.Value, &list)
	}))
	return list
}

func (p *problems) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = nil
}
