package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// loadReport is what was measured on one engine.
type loadReport struct {
	Engine string        `json:"engine"`
	Slice  string        `json:"slice"`
	Rounds int           `json:"rounds"`
	Buyers int           `json:"buyers"`
	Shapes []loadFigures `json:"shapes"`
}

// loadFigures are one shape with one number of clients.
type loadFigures struct {
	Shape      string      `json:"shape"`
	Clients    int         `json:"clients"`
	Statements int         `json:"statements"` // round trips of one request, BEGIN and COMMIT included
	HTTP       sideFigures `json:"http"`
	Bare       sideFigures `json:"bare"`
	Ratio      float64     `json:"ratio"`   // of the rates
	Backlog    int64       `json:"backlog"` // most deliveries that waited for the outbox at the end of a turn
}

// sideFigures are the rate in requests a second (median of the turns) and times in milliseconds
// (over all turns).
type sideFigures struct {
	Requests int     `json:"requests"`
	Rate     float64 `json:"rate"`
	P50      float64 `json:"p50_ms"`
	P95      float64 `json:"p95_ms"`
	P99      float64 `json:"p99_ms"`
}

const loadHeading = "SHAPE\tCLIENTS\tTRIPS\tHTTP/s\tp50\tp95\tp99\tBARE/s\tp50\tp95\tp99\tRATIO\tOUTBOX\t\n"

func (f loadFigures) columns() string {
	side := func(s sideFigures) string {
		if s.Requests == 0 {
			return "-\t-\t-\t-"
		}
		return fmt.Sprintf("%.0f\t%.1f\t%.1f\t%.1f", s.Rate, s.P50, s.P95, s.P99)
	}
	return fmt.Sprintf("%s\t%d\t%d\t%s\t%s\t%.2f\t%d\t", f.Shape, f.Clients, f.Statements, side(f.HTTP), side(f.Bare), f.Ratio, f.Backlog)
}

// line is a sign of life while the measurement runs.
func (f loadFigures) line() string {
	return fmt.Sprintf("  %s, %d clients: %.0f/s over HTTP, %.0f/s bare", f.Shape, f.Clients, f.HTTP.Rate, f.Bare.Rate)
}

func (r loadReport) print(out io.Writer) error {
	fmt.Fprintf(out, "%s: medians of %d turns of %s, times in ms; %d organisations. BARE are the statements of one request alone,\n"+
		"in the same schema; RATIO is HTTP/s by BARE/s; OUTBOX is what waited to be told at the end of a turn.\n\n", r.Engine, r.Rounds, r.Slice, r.Buyers)
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, loadHeading)
	for _, f := range r.Shapes {
		fmt.Fprintln(table, f.columns())
	}
	return table.Flush()
}
