package main

import (
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

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/procurement"
)

type checkCommand struct {
	Files  []string `arg:"" name:"file" help:"Files with a document each, folders of them, or - for standard input."`
	JSON   bool     `name:"json" help:"Write JSON: a list with an object for each file (docs/check.md)."`
	Type   string   `placeholder:"CONTENT-TYPE" help:"The Content-Type header that the documents were sent with, where it matters: the boundary of a message, a character set."`
	System string   `enum:",ariba,coupa,dynamics,fusion,jaggaer,oracle" default:"" help:"Tell only what concerns this system (ariba, coupa, dynamics, fusion, jaggaer, oracle); what it refuses is a fault then."`
}

// checkReport is the answer about one file. Its JSON is described in docs/check.md.
type checkReport struct {
	File       string               `json:"file"`
	Unreadable string               `json:"unreadable,omitempty"` // why; then nothing else is known
	Faults     int                  `json:"faults"`
	Warnings   int                  `json:"warnings"`
	Notes      int                  `json:"notes"`
	Findings   procurement.Findings `json:"findings"`
}

// Run tells what is wrong with cXML documents and with starts and carts in OCI. It needs no configuration and no database.
func (c checkCommand) Run(to terminal) error {
	var reports []checkReport
	var unreadable, faulty []string
	for _, file := range c.expand() {
		report := c.check(file)
		reports = append(reports, report)
		switch {
		case report.Unreadable != "":
			unreadable = append(unreadable, file+" can't be read: "+report.Unreadable)
		case report.Faults > 0:
			faulty = append(faulty, file+" has "+counted(report.Faults, "fault"))
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
	report.Faults = report.Findings.Count(procurement.LevelFault)
	report.Warnings = report.Findings.Count(procurement.LevelWarning)
	report.Notes = report.Findings.Count(procurement.LevelNote)
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
