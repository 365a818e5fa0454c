package cxml_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kontorhq/kontor/cxml"
)

var update = flag.Bool("update", false, "write testdata/*.out.json anew; read the difference before you commit it")

// payload maps a document by its type, as a caller would.
func payload(d *cxml.Document) (any, error) {
	if d.Class == cxml.ClassResponse {
		return d.Response()
	}
	switch d.Type {
	case "PunchOutSetupRequest":
		return d.PunchOutSetupRequest()
	case "OrderRequest":
		return d.OrderRequest()
	case "StatusUpdateRequest":
		return d.StatusUpdateRequest()
	case "PunchOutOrderMessage":
		return d.PunchOutOrderMessage()
	case "ConfirmationRequest":
		return d.ConfirmationRequest()
	case "CopyRequest":
		return d.CopyRequest()
	case "OrderStatusRequest":
		return d.OrderStatusRequest()
	case "ReceiptRequest":
		return d.ReceiptRequest()
	}
	return nil, nil
}

// Each document of testdata/*.in.xml maps to the values of its .out.json.
func TestDocumentsMapToValues(t *testing.T) {
	files, err := filepath.Glob("testdata/*.in.xml")
	if err != nil || len(files) == 0 {
		t.Fatal("no documents in testdata", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			d := readFile(t, file)
			mapped, err := payload(d)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(struct {
				Document *cxml.Document
				Payload  any
			}{d, mapped}, json.OmitZeroStructFields(true), jsontext.WithIndent("  "))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := strings.TrimSuffix(file, ".in.xml") + ".out.json"
			if *update {
				if err := os.WriteFile(golden, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs:\n%s", golden, got)
			}
		})
	}
}

func readFile(t testing.TB, file string) *cxml.Document {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, string(body))
}

func read(t testing.TB, body string) *cxml.Document {
	t.Helper()
	d, err := cxml.Read([]byte(body), "", cxml.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
