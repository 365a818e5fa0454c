package simulators

import (
	"bytes"
	"embed"
	"encoding/xml"
	"fmt"
	"strings"
	"text/template"
	"time"
)

//go:embed templates
var files embed.FS

// documents are text templates in which every value goes through x, the XML escaper. The
// "contains no x" mistake is caught by the test that sends hostile text everywhere.
var documents = template.Must(template.New("").Funcs(template.FuncMap{"x": escape}).
	ParseFS(files, "templates/*.xml.tmpl"))

// escape is for text and for attribute values alike; control characters that XML can't carry
// become U+FFFD.
func escape(text string) (string, error) {
	var out strings.Builder
	err := xml.EscapeText(&out, []byte(text))
	return out.String(), err
}

// letterhead is what every document of ours carries.
type letterhead struct {
	BuyerConfig
	PayloadID, Timestamp, Encoding, DTDVersion, DeploymentMode, Short string
}

func (b *Buyer) letterhead(dtd string) letterhead {
	head := letterhead{BuyerConfig: b.cfg, PayloadID: b.newPayloadID(), Timestamp: b.timestamp(),
		Encoding: b.cfg.Encoding, DTDVersion: dtd, Short: b.short()}
	// A network marks its test traffic; direct buyers leave the mark out, as many do.
	if !b.dialect().unmarked {
		head.DeploymentMode = "test"
	}
	return head
}

// isoTime never writes Z: the protocol's guide asks for the offset.
func isoTime(t time.Time) string { return t.Format("2006-01-02T15:04:05-07:00") }

// write fills a template and encodes it.
func (b *Buyer) write(name string, values any) ([]byte, error) {
	var out bytes.Buffer
	if err := documents.ExecuteTemplate(&out, name, values); err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return encode(out.String(), b.cfg.Encoding), nil
}
