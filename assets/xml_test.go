package assets_test

import (
	"strings"
	"testing"

	"github.com/kontorhq/kontor/assets"
)

func plainText(lines []assets.CodeLine) string {
	var out strings.Builder
	for _, line := range lines {
		for _, span := range line.Spans {
			out.WriteString(span.Text)
		}
		out.WriteString("\n")
	}
	return out.String()
}

// What is no XML, too deep to be honest, or hides text outside of it, is shown as it came.
func TestXMLIsTheSameDocument(t *testing.T) {
	deep := strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)
	for text, want := range map[string]string{
		`<a x="1&amp;2"><b>t</b><!-- c --><d/></a>`:              "<a x=\"1&amp;2\">\n  <b>t</b>\n  <!-- c -->\n  <d/>\n</a>\n",
		`<a b="1 &amp; &quot;2&quot;"><M c="d">1 &lt; 2</M></a>`: "<a b=\"1 &amp; &quot;2&quot;\">\n  <M c=\"d\">1 &lt; 2</M>\n</a>\n",
		"lost <a>b</a>":        "lost <a>b</a>\n",
		"<a><b></a>\r\nx":      "<a><b></a>\nx\n",
		"plain\ntext":          "plain\ntext\n",
		"<p:a xmlns:p=\"u\"/>": "<p:a xmlns:p=\"u\"/>\n",
		"OK <but":              "OK <but\n",
		"</a>":                 "</a>\n",
		"":                     "",
		deep:                   deep + "\n",
	} {
		if got := plainText(assets.XML(text)); got != want {
			t.Errorf("%q is shown as\n%s", text, got)
		}
	}
}

func TestXMLTiesLinesAndMarksMasks(t *testing.T) {
	lines := assets.XML(`<?xml version="1.0"?><cXML><Total><Money currency="USD">1.00</Money></Total><SharedSecret>masked</SharedSecret><Other>****</Other><Secret>XXXXXXXX</Secret><Number>XXXXXXXXXXXX1111</Number></cXML>`, "/Total")
	if first, last := assets.TiedLines(lines); first != 3 || last != 5 {
		t.Errorf("lines %d to %d", first, last)
	}
	var masked []string
	for _, line := range lines {
		for _, span := range line.Spans {
			if span.Class == "t-masked" {
				masked = append(masked, span.Text)
			}
		}
	}
	if strings.Join(masked, " ") != "masked **** XXXXXXXX" {
		t.Errorf("masked: %q", masked)
	}
	if first, last := assets.TiedLines(assets.XML("<a/>")); first != 0 || last != 0 {
		t.Errorf("nothing is tied, but lines %d to %d are", first, last)
	}
}
