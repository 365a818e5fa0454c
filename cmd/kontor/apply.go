package main

import (
	"context"
	"fmt"
	"os"

	"github.com/kontorhq/kontor/setup"
)

type applyCommand struct {
	File   string `arg:"" optional:"" type:"existingfile" help:"The file."`
	DryRun bool   `help:"Print the difference and change nothing."`
	Schema bool   `help:"Print the file's JSON Schema."`
}

// Run applies the file and reports each object.
func (c applyCommand) Run(ctx context.Context, to terminal) error {
	if c.Schema {
		_, err := fmt.Fprintln(to.out, string(setup.Schema()))
		return err
	}
	if c.File == "" {
		return fmt.Errorf("say which file, or --schema")
	}
	file, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	s, err := open(ctx, to.err)
	if err != nil {
		return err
	}
	defer s.close()
	report, err := setup.Apply(ctx, s.db, s.keys, s.clock, file, setup.Options{DryRun: c.DryRun, Actor: actor()})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(to.out, report)
	return err
}
