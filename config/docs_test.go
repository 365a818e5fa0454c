package config

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The page of reference and the struct say the same: every variable, with its default.
func TestEveryVariableIsDescribed(t *testing.T) {
	page, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]string{} // the default, as it is written
	for _, row := range regexp.MustCompile("(?m)^\\| `(KONTOR_[A-Z_]+)` \\| ([^|]+) \\| ").FindAllStringSubmatch(string(page), -1) {
		if _, twice := described[row[1]]; twice {
			t.Errorf("%s is described twice", row[1])
		}
		described[row[1]] = strings.TrimSpace(row[2])
	}
	for field := range reflect.TypeFor[Config]().Fields() {
		name := "KONTOR_" + field.Tag.Get("env")
		says, ok := described[name]
		if !ok {
			t.Errorf("%s is not in docs/configuration.md", name)
		}
		if standard, has := field.Tag.Lookup("envDefault"); has && says != "`"+standard+"`" {
			t.Errorf("the default of %s is %s, and docs/configuration.md says %s", name, standard, says)
		}
		delete(described, name)
	}
	for name := range described {
		t.Errorf("docs/configuration.md describes %s, which there is not", name)
	}
	// Elsewhere they are only named, and must be there as well.
	for _, file := range []string{"../docs/operations.md", "../Dockerfile"} { // other files name variables of tests and of Compose too
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, name := range regexp.MustCompile(`KONTOR_[A-Z_]+[A-Z]`).FindAllString(string(text), -1) {
			if !slices.Contains([]string{"KONTOR_KEEP"}, name) {
				list = append(list, name+"=")
			}
		}
		if unknown := Unknown(list); len(unknown) > 0 {
			t.Errorf("%s names %q", file, unknown)
		}
	}
}
