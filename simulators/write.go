package simulators

import (
	"bytes"
	"embed"
	"encoding/xml"
	"fmt"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"
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
	// A network marks its test traffic; the direct buyer leaves the mark out, as many do.
	if b.cfg.Like != "Coupa" {
		head.DeploymentMode = "test"
	}
	return head
}

// timestamp is ISO 8601 with a numeric offset, or the text that the direct buyer's system writes.
func (b *Buyer) timestamp() string {
	if b.cfg.Like == "Coupa" {
		return b.now().Format(time.RubyDate)
	}
	return isoTime(b.now())
}

// isoTime never writes Z: the protocol's guide asks for the offset.
func isoTime(t time.Time) string { return t.Format("2006-01-02T15:04:05-07:00") }

// write fills a template and encodes it. Characters outside the encoding become references.
func (b *Buyer) write(name string, values any) ([]byte, error) {
	var out bytes.Buffer
	if err := documents.ExecuteTemplate(&out, name, values); err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	if strings.EqualFold(b.cfg.Encoding, "UTF-8") {
		return out.Bytes(), nil
	}
	encoded := make([]byte, 0, out.Len())
	for _, r := range out.String() {
		if r == utf8.RuneError || r > 0xFF {
			encoded = fmt.Appendf(encoded, "&#%d;", r)
			continue
		}
		encoded = append(encoded, byte(r))
	}
	return encoded, nil
}
