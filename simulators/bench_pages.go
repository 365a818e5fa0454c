package simulators

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/kontorhq/kontor/assets"
)

// DemoNav are the doors of the demo, as its own pages have them on top. Empty ones are left out.
type DemoNav struct {
	Home, Documents, Credit, Break, Mailbox, Reset string
	Status                                         string // one line: where the data is
}

// demoPage is what the layout of the demo's own pages needs.
type demoPage struct {
	Nav     DemoNav
	Current string // which door: home, break or reset
	Title   string
}

type benchPage struct {
	demoPage
	Path    string
	Line    string // where the bench's credit line is shown
	Trials  []trialCard
	Trial   Trial
	Result  *TrialResult
	Papers  []trialPaper
	Summary string
}

type trialCard struct {
	Trial
	Result *TrialResult
}

// trialPaper is one document of a trial with its answer.
type trialPaper struct {
	Document
	ID                 string
	Status, Class      string
	Lines, AnswerLines []assets.CodeLine
}

func (b *Bench) routes() http.Handler {
	mux := http.NewServeMux()
	path := b.buyer.cfg.Path
	mux.HandleFunc("GET "+path, b.getTrials)
	mux.HandleFunc("GET "+path+"/{$}", b.getTrials)
	mux.HandleFunc("GET "+path+"/{trial}", b.getTrial)
	own := http.NewCrossOriginProtection()
	mux.Handle("POST "+path, own.Handler(http.HandlerFunc(b.postAll)))
	mux.Handle("POST "+path+"/{trial}", own.Handler(http.HandlerFunc(b.postTrial)))
	return mux
}

func (b *Bench) page(title string) benchPage {
	return benchPage{demoPage: demoPage{Nav: b.Nav, Current: "break", Title: title}, Path: b.buyer.cfg.Path, Line: b.DeskURL}
}

func (b *Bench) getTrials(w http.ResponseWriter, _ *http.Request) {
	p := b.page("Break it")
	for _, t := range b.Trials() {
		p.Trials = append(p.Trials, trialCard{t, b.result(t.Slug)})
	}
	p.Summary = b.Summary()
	showDemo(w, http.StatusOK, "bench", p)
}

// Summary tells in a sentence how the trials went.
func (b *Bench) Summary() string {
	all, done, failed := b.Trials(), 0, 0
	for _, t := range all {
		if r := b.result(t.Slug); r != nil {
			if done++; !r.OK() {
				failed++
			}
		}
	}
	switch {
	case done == 0:
		return "Nothing was tried yet."
	case failed == 0:
		return fmt.Sprintf("%d of %d tried; all went as expected.", done, len(all))
	}
	return fmt.Sprintf("%d of %d tried; %d did not go as expected.", done, len(all), failed)
}

func (b *Bench) getTrial(w http.ResponseWriter, r *http.Request) {
	slug := r.PathValue("trial")
	for _, t := range b.Trials() {
		if t.Slug != slug {
			continue
		}
		p := b.page(t.Title)
		p.Trial, p.Result = t, b.result(slug)
		if p.Result != nil {
			p.Papers = papers(p.Result.Documents)
		}
		showDemo(w, http.StatusOK, "trial", p)
		return
	}
	p := b.page("There is no such trial")
	showDemo(w, http.StatusNotFound, "trial", p)
}

func papers(documents []Document) []trialPaper {
	made := make([]trialPaper, len(documents))
	for i, d := range documents {
		p := trialPaper{Document: d, ID: fmt.Sprintf("paper-%d", i+1), Status: "No answer", Class: "stop", Lines: assets.XML(d.Body)}
		if d.Answer.Code != 0 {
			p.Status = fmt.Sprintf("%d %s", d.Answer.Code, d.Answer.Text)
			if p.Class = "stop"; d.Answer.Code == 201 {
				p.Class = "wait"
			} else if d.Answer.OK() {
				p.Class = "ok"
			}
		}
		if d.AnswerBody != "" {
			p.AnswerLines = assets.XML(d.AnswerBody)
		}
		made[i] = p
	}
	return made
}

func (b *Bench) postTrial(w http.ResponseWriter, r *http.Request) {
	slug := r.PathValue("trial")
	if _, known := b.Try(r.Context(), slug); !known {
		showDemo(w, http.StatusNotFound, "trial", b.page("There is no such trial"))
		return
	}
	http.Redirect(w, r, b.buyer.cfg.Path+"/"+slug, http.StatusSeeOther)
}

// postAll does one trial after the other.
func (b *Bench) postAll(w http.ResponseWriter, r *http.Request) {
	for _, t := range b.Trials() {
		b.Try(r.Context(), t.Slug)
	}
	http.Redirect(w, r, b.buyer.cfg.Path, http.StatusSeeOther)
}

// showDemo renders one of the demo's own pages.
func showDemo(w http.ResponseWriter, code int, name string, data any) {
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, name, data); err != nil {
		http.Error(w, "This page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "same-origin")
	head.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(out.Bytes())
}
