package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/procurement"
)

type checkCommand struct {
	File   string `arg:"" help:"The file with the document, or - for standard input."`
	JSON   bool   `name:"json" help:"Write JSON."`
	System string `enum:",ariba,coupa,dynamics,fusion,jaggaer,oracle" default:"" help:"Tell only what concerns this system (ariba, coupa, dynamics, fusion, jaggaer, oracle); what it refuses is a fault then."`
}

// checkReport is the answer as JSON.
type checkReport struct {
	File       string               `json:"file"`
	Unreadable string               `json:"unreadable,omitempty"` // why; then nothing else is known
	Faults     int                  `json:"faults"`
	Warnings   int                  `json:"warnings"`
	Notes      int                  `json:"notes"`
	Findings   procurement.Findings `json:"findings"`
}

// Run tells what is wrong with a cXML document. It needs no configuration and no database.
func (c checkCommand) Run(to terminal) error {
	report := checkReport{File: c.File, Findings: procurement.Findings{}}
	body, err := c.read()
	if err == nil {
		var found procurement.Findings
		if found, err = procurement.Check(body, ""); err == nil && c.System != "" {
			found = found.For(c.System)
		}
		report.Findings = append(report.Findings, found...)
	}
	report.Faults = report.Findings.Count(procurement.LevelFault)
	report.Warnings = report.Findings.Count(procurement.LevelWarning)
	report.Notes = report.Findings.Count(procurement.LevelNote)
	if err != nil {
		report.Unreadable = err.Error()
	}
	switch {
	case c.JSON:
		encoder := json.NewEncoder(to.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(report); err != nil {
			return err
		}
	case err == nil:
		report.write(to.out)
	}
	switch {
	case err != nil:
		return wrongUse{fmt.Errorf("%s can't be read: %w", c.File, err)}
	case report.Faults > 0:
		return fmt.Errorf("%s has %s", c.File, counted(report.Faults, "fault"))
	}
	return nil
}

// read takes one byte more than a document may have, so that one that is too long is told apart
// from one that is cut.
func (c checkCommand) read() ([]byte, error) {
	source := os.Stdin
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			// Without the path: it is in the sentence already.
			var path *os.PathError
			if errors.As(err, &path) {
				err = path.Err
			}
			return nil, err
		}
		defer file.Close()
		source = file
	}
	return io.ReadAll(io.LimitReader(source, int64(cxml.DefaultLimits.Bytes)+1))
}

// write is the report for people: one finding per paragraph, the worst first.
func (r checkReport) write(w io.Writer) {
	for _, f := range r.Findings {
		place := f.Place
		if place == "" {
			place = "the document"
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
