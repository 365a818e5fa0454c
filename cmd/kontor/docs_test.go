package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	mdLink = regexp.MustCompile(`\]\(([^)#: ]+)\)`)
	mdPath = regexp.MustCompile("`([a-z_./]+\\.(?:go|yml|md|sql))`")
	mdNext = regexp.MustCompile("`([a-z_/]+\\.go)`, `([A-Za-z]+)`(?: and `([A-Za-z]+)`)?")
)

// What leads a newcomer into the code leads to something.
func TestTheWaysIntoTheCodeAreTrue(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../../README.md", "../../CONTRIBUTING.md", "../../docs/decisions/README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range mdLink.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), link[1])); err != nil {
				t.Errorf("%s leads to %s, which isn't there", page, link[1])
			}
		}
	}
	for _, page := range []string{"../../docs/code.md", "../../CONTRIBUTING.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range mdPath.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join("../..", path[1])); err != nil && strings.Contains(path[1], "/") {
				t.Errorf("%s names %s, which isn't there", page, path[1])
			}
		}
		for _, place := range mdNext.FindAllStringSubmatch(string(text), -1) {
			source, err := os.ReadFile(filepath.Join("../..", place[1]))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range place[2:] {
				if name != "" && !regexp.MustCompile(`(?m)^func (\([^)]+\) )?`+name+`\(`).Match(source) {
					t.Errorf("%s says that %s has %s, which it hasn't", page, place[1], name)
				}
			}
		}
	}
}

var update = flag.Bool("update", false, "write docs/decisions/README.md anew")

func TestEveryDecisionIsInTheIndex(t *testing.T) {
	const name = "../../docs/decisions/README.md"
	index, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../docs/decisions/[0-9]*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d decisions are found, %v", len(files), err)
	}
	head, _, _ := strings.Cut(string(index), "| [")
	want := head
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		number, title := filepath.Base(file)[:4], regexp.MustCompile(`^# [0-9]+[:.]? (.+)`).FindSubmatch(text)
		if title == nil {
			t.Fatalf("%s doesn't begin with its number and title", file)
		}
		want += "| [" + number + "](" + filepath.Base(file) + ") | " + string(title[1]) + " |\n"
	}
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(index) {
		t.Errorf("the index is another one: go test ./cmd/kontor -run Decision -update writes\n%s", want)
	}
}
