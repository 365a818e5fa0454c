package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/simulators"
)

// The demo's story as a person sees it, in Chromium. The buyers are 127.0.0.1, the shop and Kontor
// localhost: two sites for a browser, as it is in life.

func TestTheStoryInABrowser(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		page := browser(t)
		page.open(s.home)
		page.sees("Five minutes with Kontor", "$27,269.00 available", "$1,241.00 available", "No order waits now.")
		page.press("Open Northfold")
		page.press("Shop at Brackwater")
		page.sees("What does Northfold Medical Group need today?")
		page.at(s.config.PublicURL + "/m/brackwater/shop/s/vis_")
		front := page.location()
		page.open(front + "products/FAS-1010")
		page.fill("#quantity", "12.5")
		page.sees("= 1,250 pieces", "1,840 boxes in stock", "10 to 49") // a box and the pieces in it are never mixed up
		page.open(front)
		page.press("Fill the usual cart")
		page.sees("$1,242.13", "$90.05", "$1,332.18")
		page.press("Return cart to Northfold Medical Group")
		// The return page goes on by itself.
		page.sees("Cart home", "Disposable nitrile gloves, size L", "Packaging tape 48 mm × 66 m", "$1,242.13")
		page.at(s.buyersURL + "/buyers/northfold/requisitions/")
		// The buyer's system misses the confirmation once, so that the page is there before it.
		s.buyer("northfold").FailNext(1, simulators.FailHTTP500)
		page.press("Approve and order $1,332.18")
		page.turns("Confirmed", func() {})
		s.left("northfold", "$25,936.82")

		page.open(s.home)
		page.sees("$25,936.82 available")
		page.press("Open Castelmere")
		page.press("Shop at Brackwater")
		page.press("Fill the usual cart")
		page.press("Return cart to Castelmere Foods")
		page.sees("$1,354.72")
		page.press("Approve and order $1,436.00")
		page.sees("Waiting for credit review", "195.00")

		desk := page.tab()
		page.turns("Confirmed", func() {
			desk.open(s.home)
			desk.sees("One order waits now.")
			desk.press("The credit desk")
			desk.sees("Castelmere Foods", "195.00")
			desk.press("Decide")
			desk.sees("195.00", "$1,436.00")
			order := desk.location()
			desk.press("Available now")
			desk.sees("$1,241.00", "$15,000.00")
			line := desk.location()
			desk.fill("#new-limit", "15500.00")
			desk.fill("#limit-reason", "Season")
			desk.pressButton("Change the limit")
			desk.sees("$1,741.00")
			desk.open(order)
			desk.fill("#reason", "The limit was raised")
			desk.pressButton("Release order")
			desk.sees("is released")
			desk.open(line)
			desk.sees("$305.00")
		})
		s.left("castelmere", "$305.00")

		page.open(s.home)
		page.press("Watch the documents")
		page.sees("Northfold Medical Group asks to shop.", "It is accepted: $1,332.18.", "$25,936.82 stay available.",
			"Castelmere Foods is told the confirmation", "Castelmere Foods is told the last word", "masked")
		// By the keyboard: arrows go along the trail, "/" goes to the search.
		const at = `(document.activeElement.closest(".lane__row") ? Array.from(document.querySelectorAll("a.lane__row")).indexOf(document.activeElement) : document.activeElement.type)`
		for key, want := range map[string]string{"ArrowDown": "1", "/": "search"} {
			page.run(`document.querySelector("a.lane__row").focus()`)
			page.run(fmt.Sprintf(`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: %q, bubbles: true, cancelable: true}))`, key))
			if got := evaluate[string](page, "String("+at+")"); got != want {
				t.Errorf("%s leads to %s, want %s", key, got, want)
			}
		}
	})
}

// In a frame the shop is a third party. With third-party cookies blocked every session that stands
// in a cookie would be lost; this one stands in the path.
func TestTheStoryInAFrame(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		page := browser(t, chromedp.Flag("test-third-party-cookie-phaseout", true))
		// The same line keeps a cookie in a page of its own and none in a frame: that is the blocking.
		const probe = `(document.cookie = "probe=1; SameSite=None; Secure", document.cookie)`
		page.open(s.config.PublicURL + "/m/brackwater/console/sign-in")
		if kept := evaluate[string](page, probe); kept != "probe=1" {
			t.Fatalf("a page of the shop's site keeps no cookie, so the frame proves nothing: %q", kept)
		}
		page.open(s.buyer("northfold").URL())
		page.check("frame")
		page.press("Shop at Brackwater")
		page.sees("The cart comes home to the requisition")
		inside := page.frame(s.config.PublicURL)
		if kept := evaluate[string](inside, probe); kept != "" {
			t.Fatalf("the frame could keep a cookie: %q", kept)
		}
		inside.press("Fill the usual cart")
		inside.sees("$1,332.18")
		inside.press("Return cart to Northfold Medical Group")
		// Home is the outer page's own site: no longer a frame of another process.
		page.seesIn(`document.querySelector("iframe").contentDocument.body.innerText`, "The cart is home", "5 lines")
		page.sees("The visit is over")
		page.run(`document.querySelector("iframe").contentDocument.querySelector("a.btn").click()`)
		page.sees("Cart home", "Disposable nitrile gloves, size L")
		page.press("Approve and order $1,332.18")
		page.sees("Confirmed by Brackwater")
		if cookies := page.cookies(); len(cookies) != 1 || cookies[0] != "localhost probe" {
			t.Errorf("the loop made cookies: %q", cookies)
		}
	})
}

func TestTheStoryWithoutScript(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		page := browser(t)
		page.script(false)
		page.open(s.home)
		page.press("Open Castelmere")
		page.press("Shop at Brackwater")
		page.press("Fill the usual cart")
		page.press("Return cart to Castelmere Foods")
		page.sees("Sending your cart home", "4 lines")
		page.press("Continue to 127.0.0.1")
		page.sees("Cart home", "$1,354.72")
		page.press("Approve and order $1,436.00")
		page.sees("Waiting for credit review", "195.00")
		waiting, requisition := page.location(), s.buyer("castelmere").Requisitions()[0].ID

		page.press("Open Brackwater’s console") // signs in by itself, as the link of the first page does
		page.press("Decide")
		page.fill("#reason", "Two invoices are overdue.")
		page.pressButton("Reject")
		page.sees("Keep it waiting") // it asks once more
		page.pressButton("Reject order")
		page.sees("Rejected")
		s.becomes("castelmere", requisition, simulators.Refused)
		page.open(waiting)
		page.sees("Refused", "Two invoices are overdue.")
	})
}

// tab is a browser's tab, or a frame of another site in one.
type tab struct {
	t        *testing.T
	ctx      context.Context
	framed   bool
	twice    bool // press twice
	problems *problems
}

// problems are what the pages' consoles say: exceptions, policy violations, failed loads. They
// fail the test at its end.
type problems struct {
	mu  sync.Mutex
	all []string
}

func (p *problems) add(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, text)
}

// forgive forgets what was reported with one of the texts: it was what the test wanted.
func (p *problems) forgive(texts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = slices.DeleteFunc(p.all, func(problem string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(problem, text) })
	})
}

// listen must be fast and must not call the browser: it runs in its reading loop.
func (p *problems) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.add("exception: " + text + " " + e.ExceptionDetails.URL)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.add(fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			text, _ := json.Marshal(e.Args)
			p.add("console: " + string(text))
		}
	}
}

// browser starts Chromium with a profile of its own. Without Chromium the test fails: leaving it
// out would hide what only a browser notices.
func browser(t *testing.T, more ...chromedp.ExecAllocatorOption) *tab {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("this test needs a browser: apt-get update && apt-get install -y chromium")
	}
	// Not t.TempDir: helpers of the browser may still write there when it has ended.
	profile, err := os.MkdirTemp("", "kontor-browser-")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1440, 900))
	for _, flag := range []string{"disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	// The limit is for everything together, so that a browser that hangs ends.
	limited, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	allocator, stop := chromedp.NewExecAllocator(limited, append(options, more...)...)
	p := &problems{}
	ctx, closeTab := chromedp.NewContext(allocator, chromedp.WithListener(p.listen))
	t.Cleanup(func() {
		closeTab()
		stop()
		cancel()
		_ = os.RemoveAll(profile)
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, problem := range p.all {
			t.Errorf("the browser's console says %s", problem)
		}
	})
	page := &tab{t: t, ctx: ctx, problems: p}
	page.do(chromedp.EmulateViewport(1440, 900)) // the first call starts the browser
	return page
}

// tab opens another tab of the same browser.
func (p *tab) tab() *tab {
	p.t.Helper()
	ctx, cancel := chromedp.NewContext(p.ctx, chromedp.WithListener(p.problems.listen))
	p.t.Cleanup(cancel)
	return &tab{t: p.t, ctx: ctx, problems: p.problems}
}

// frame is the frame that shows the site: another site has a process, and a target, of its own.
func (p *tab) frame(site string) *tab {
	p.t.Helper()
	var found *tab
	until(p.t, "a frame of "+site, func() bool {
		targets, err := chromedp.Targets(p.ctx)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, info := range targets {
			if info.Type == "iframe" && strings.HasPrefix(info.URL, site) {
				ctx, cancel := chromedp.NewContext(p.ctx, chromedp.WithTargetID(info.TargetID), chromedp.WithListener(p.problems.listen))
				p.t.Cleanup(cancel)
				found = &tab{t: p.t, ctx: ctx, framed: true, problems: p.problems}
				return true
			}
		}
		return false
	})
	return found
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) open(address string) {
	p.t.Helper()
	p.do(chromedp.Navigate(address))
}

func (p *tab) location() string {
	p.t.Helper()
	at, err := chromedp.Run(p.ctx, chromedp.Location())
	if err != nil {
		p.t.Fatal(err)
	}
	return at
}

// at checks which site and page is shown.
func (p *tab) at(prefix string) {
	p.t.Helper()
	if at := p.location(); !strings.HasPrefix(at, prefix) {
		p.t.Errorf("the browser is at %s, want %s…", at, prefix)
	}
}

func evaluate[T any](p *tab, script string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

func (p *tab) run(script string) {
	p.t.Helper()
	evaluate[chromedp.Void](p, script+"; null")
}

// goes runs a script that leaves the page, which may take the page away before it has answered.
func (p *tab) goes(script string) {
	_, _ = chromedp.Run(p.ctx, chromedp.Evaluate[chromedp.Void](script+"; null"))
}

// sees waits until the page shows all of the texts.
func (p *tab) sees(texts ...string) {
	p.t.Helper()
	p.seesIn("document.body.innerText", texts...)
}

func (p *tab) seesIn(script string, texts ...string) {
	p.t.Helper()
	var shown string
	missing := func() (missing []string) {
		// Between two pages there is nothing to evaluate in.
		shown, _ = chromedp.Run(p.ctx, chromedp.Evaluate[string](script))
		shown = strings.ReplaceAll(shown, "\u00a0", " ")
		for _, text := range texts {
			// Headings may be set in capitals by the style sheet.
			if !strings.Contains(strings.ToLower(shown), strings.ToLower(text)) {
				missing = append(missing, text)
			}
		}
		return missing
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		left := missing()
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s does not show %q within a minute but\n%s", p.location(), left, shown)
		}
	}
}

// turns checks that the requisition's page shows the state by itself: in the same document, never
// loaded again.
func (p *tab) turns(state string, meanwhile func()) {
	p.t.Helper()
	until(p.t, "the requisition's page", func() bool {
		// The page that the button was on goes away, whatever is written into it.
		shown, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](`document.readyState === "complete" ? document.querySelector("h1 + .badge").innerText : ""`))
		if err != nil || shown == "" || strings.EqualFold(shown, string(simulators.CartHome)) {
			return false
		}
		if strings.EqualFold(shown, state) {
			p.t.Fatalf("the page was %s from the beginning", state)
		}
		p.run("window.untouched = true")
		return true
	})
	meanwhile()
	p.seesIn(`document.querySelector("h1 + .badge").innerText`, state)
	if !evaluate[bool](p, "window.untouched === true") {
		p.t.Error("the page was loaded again")
	}
}

// press presses the first visible link or button with the text, as a mouse does.
func (p *tab) press(text string) {
	p.t.Helper()
	p.pressOne("a[href], button", text)
}

func (p *tab) pressButton(text string) {
	p.t.Helper()
	p.pressOne("button", text)
}

func (p *tab) pressOne(selector, text string) {
	p.t.Helper()
	// An element that is too small to see is one for screen readers.
	find := fmt.Sprintf(`(function () {
		var all = Array.from(document.querySelectorAll(%q)).filter(function (n) {
			var box = n.getBoundingClientRect();
			return n.innerText.replace(/\s+/g, " ").includes(%q) && box.width > 8 && box.height > 8 && getComputedStyle(n).visibility === "visible";
		});
		if (!all.length || document.readyState !== "complete") return null;
		all[0].scrollIntoView({ block: "center", behavior: "instant" });
		if (%v) { all[0].click(); return [0, 0]; }
		var box = all[0].getClientRects()[0], x = box.x + box.width / 2, y = box.y + box.height / 2, hit = document.elementFromPoint(x, y);
		return hit && (all[0].contains(hit) || hit.contains(all[0])) ? [x, y] : null;
	})()`, selector, text, p.framed)
	until(p.t, fmt.Sprintf("%q can be pressed", text), func() bool {
		at, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]float64](find))
		if err != nil || len(at) != 2 {
			return false
		}
		if !p.framed { // a frame's own coordinates are not the mouse's
			p.do(chromedp.MouseClickXY(at[0], at[1]))
			if p.twice {
				p.do(chromedp.MouseClickXY(at[0], at[1]))
			}
		}
		return true
	})
}

func (p *tab) check(name string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS("input[name=" + name + "]")))
}

// fill types into a field, over what stands in it.
func (p *tab) fill(field, text string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS(field)))
	p.run(fmt.Sprintf("document.querySelector(%q).select()", field))
	p.do(chromedp.SendKeys(chromedp.CSS(field), text))
}

// script lets the pages to come have their script, or not.
func (p *tab) script(on bool) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

func (p *tab) cookies() []string {
	p.t.Helper()
	var names []string
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		jar, err := chromedp.Call(ctx, storage.GetCookies, storage.GetCookiesParams{})
		if err != nil {
			return err
		}
		for _, c := range jar.Cookies {
			names = append(names, c.Domain+" "+c.Name)
		}
		return nil
	}))
	return names
}
