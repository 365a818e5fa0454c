package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/oci"
	"github.com/kontorhq/kontor/procurement"
)

type checkCommand struct {
	Files  []string `arg:"" optional:"" name:"file" help:"Files with a document each, folders of them, or - for standard input."`
	JSON   bool     `name:"json" help:"Write JSON: a list with an object for each file (docs/check.md)."`
	Type   string   `placeholder:"CONTENT-TYPE" help:"The Content-Type header that the documents were sent with, where it matters: the boundary of a message, a character set."`
	System string   `enum:",ariba,coupa,dynamics,fusion,jaggaer,oracle" default:"" help:"Tell only what concerns this system (ariba, coupa, dynamics, fusion, jaggaer, oracle); what it refuses is a fault then."`

	Connection string `placeholder:"REFERENCE" help:"Play a start on this OCI connection instead, with a cart of all that is on offer there, and tell every rule that it breaks; writes nothing."`
	Merchant   string `short:"m" help:"The connection's merchant."`
	Products   int    `default:"1000" help:"Try at most so many products of the connection."`
	Fields     bool   `help:"Show the fields of the connection's start and form, too."`
}

// checkReport is the answer about one file. Its JSON is described in docs/check.md.
type checkReport struct {
	File       string               `json:"file"`
	Unreadable string               `json:"unreadable,omitempty"` // why; then nothing else is known
	Faults     int                  `json:"faults"`
	Warnings   int                  `json:"warnings"`
	Notes      int                  `json:"notes"`
	Findings   procurement.Findings `json:"findings"`
	Start      []oci.Field          `json:"start,omitempty"` // of a connection: what would be sent
	Form       []oci.Field          `json:"form,omitempty"`  // and what would come home
}

// count fills the numbers of findings.
func (r *checkReport) count() {
	r.Faults = r.Findings.Count(procurement.LevelFault)
	r.Warnings = r.Findings.Count(procurement.LevelWarning)
	r.Notes = r.Findings.Count(procurement.LevelNote)
}

// Run tells what is wrong with cXML documents and with starts and carts in OCI. It needs no
// configuration and no database, but for a connection.
func (c checkCommand) Run(ctx context.Context, to terminal) error {
	switch {
	case c.Connection != "" && (len(c.Files) > 0 || c.Merchant == ""):
		return wrongUse{errors.New("--connection goes with --merchant and without files")}
	case c.Connection != "":
		return withMerchant(ctx, to, c.Merchant, func(s *system) error { return c.try(ctx, to, s) })
	case len(c.Files) == 0:
		return wrongUse{errors.New("say which file, or --connection")}
	}
	var reports []checkReport
	for _, file := range c.expand() {
		reports = append(reports, c.check(file))
	}
	return c.tell(to, reports)
}

// try plays a start on the connection.
func (c checkCommand) try(ctx context.Context, to terminal, s *system) error {
	trial, err := s.procurement.TryOCI(ctx, c.Merchant, c.Connection, c.Products)
	if err != nil {
		return err
	}
	report := checkReport{File: c.Connection, Findings: append(procurement.Findings{}, trial.Findings...), Start: trial.Start, Form: trial.Form}
	report.count()
	if !c.JSON {
		fmt.Fprintf(to.out, "A start and a cart with %s, nothing was written.\n", counted(trial.Products, "product"))
		if c.Fields {
			show(to.out, "The start", trial.Start)
			show(to.out, "The form", trial.Form)
		}
	}
	return c.tell(to, []checkReport{report})
}

// show writes fields one a line, those of a value of many lines below its name.
func show(out io.Writer, title string, fields []oci.Field) {
	fmt.Fprintf(out, "\n%s:\n", title)
	for _, f := range fields {
		fmt.Fprintf(out, "  %s = %s\n", f.Name, strings.ReplaceAll(f.Value, "\r\n", "\n      "))
	}
	fmt.Fprintln(out)
}

// tell writes the reports; its error is the exit status.
func (c checkCommand) tell(to terminal, reports []checkReport) error {
	var unreadable, faulty []string
	for _, report := range reports {
		switch {
		case report.Unreadable != "":
			unreadable = append(unreadable, report.File+" can't be read: "+report.Unreadable)
		case report.Faults > 0:
			faulty = append(faulty, report.File+" has "+counted(report.Faults, "fault"))
		}
		if !c.JSON && report.Unreadable == "" {
			report.write(to.out)
		}
	}
	if c.JSON {
		encoder := json.NewEncoder(to.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(reports); err != nil {
			return err
		}
	}
	switch {
	case len(unreadable) > 0:
		return wrongUse{errors.New(strings.Join(append(unreadable, faulty...), "\n"))}
	case len(faulty) > 0:
		return errors.New(strings.Join(faulty, "\n"))
	}
	return nil
}

// expand names each file once: those of folders in the order of their names.
func (c checkCommand) expand() []string {
	var files []string
	for _, name := range c.Files {
		info, err := os.Stat(name)
		if name == "-" || err != nil || !info.IsDir() {
			files = append(files, name)
			continue
		}
		before := len(files)
		// What can't be looked into is left for the reading to say.
		_ = filepath.WalkDir(name, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				files = append(files, path)
			} else if entry.Type().IsRegular() && isDocument(path) {
				files = append(files, path)
			}
			return nil
		})
		if len(files) == before {
			files = append(files, name)
		}
	}
	return slices.Compact(files)
}

// isDocument goes by how documents and messages are called in a folder.
func isDocument(path string) bool {
	return slices.Contains([]string{".xml", ".cxml", ".mime", ".eml", ".html", ".htm", ".query"}, strings.ToLower(filepath.Ext(path)))
}

func (c checkCommand) check(file string) checkReport {
	report := checkReport{File: file, Findings: procurement.Findings{}}
	body, err := read(file)
	if err == nil {
		var found procurement.Findings
		if found, err = procurement.Check(body, c.Type); err == nil && c.System != "" {
			found = found.For(c.System)
		}
		report.Findings = append(report.Findings, found...)
	}
	if err != nil {
		report.Unreadable = err.Error()
	}
	report.count()
	return report
}

// read takes one byte more than a document may have, so that one that is too long is told apart
// from one that is cut.
func read(name string) ([]byte, error) {
	source := os.Stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, withoutPath(err)
		}
		defer file.Close()
		source = file
	}
	body, err := io.ReadAll(io.LimitReader(source, int64(cxml.DefaultLimits.Bytes)+1))
	return body, withoutPath(err)
}

// withoutPath leaves the file's name out: it is in the sentence already.
func withoutPath(err error) error {
	if errors.Is(err, syscall.EISDIR) {
		return errors.New("the folder has no document in it: no file that ends in .xml, .cxml, .mime, .eml, .html, .htm or .query")
	}
	if path := (*os.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// write is the report for people: one finding per paragraph, the worst first.
func (r checkReport) write(w io.Writer) {
	for _, f := range r.Findings {
		place := f.Place
		if place == "" {
			place = "the document"
		}
		if f.Line > 0 {
			place += ", line " + strconv.Itoa(f.Line)
		}
		fmt.Fprintf(w, "%-8s %s\n         %s\n", f.Level, place, f.Message)
		for _, s := range f.Systems {
			fmt.Fprintf(w, "         %s %s.\n", systemNames[s.Name], s.Effect)
		}
	}
	fmt.Fprintf(w, "%s: %s, %s, %s\n", r.File, counted(r.Faults, "fault"), counted(r.Warnings, "warning"), counted(r.Notes, "note"))
}

var systemNames = map[string]string{"ariba": "Ariba", "coupa": "Coupa", "dynamics": "Dynamics 365", "fusion": "Oracle Fusion",
	"jaggaer": "Jaggaer", "kontor": "Kontor", "oracle": "Oracle E-Business Suite"}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}
