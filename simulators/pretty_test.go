package simulators

import (
	"strings"
	"testing"
)

func text(lines []codeLine) string {
	var out strings.Builder
	for _, l := range lines {
		for _, s := range l.Spans {
			out.WriteString(s.Text)
		}
		out.WriteString("\n")
	}
	return out.String()
}

func TestPrettyIsTheSameDocument(t *testing.T) {
	const document = `<?xml version="1.0"?><cXML a="1 &amp; &quot;2&quot;"><Total><Money currency="USD">1 &lt; 2</Money></Total><Empty/></cXML>`
	const want = `<?xml version="1.0"?>
<cXML a="1 &amp; &quot;2&quot;">
  <Total>
    <Money currency="USD">1 &lt; 2</Money>
  </Total>
  <Empty/>
</cXML>
`
	lines := pretty(document, "/Total")
	if got := text(lines); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if first, last := tiedRange(lines); first != 3 || last != 5 {
		t.Errorf("lines %d to %d", first, last)
	}
	// What is no XML, or too deep to be honest, is shown as it came.
	for _, body := range []string{"OK <but", "</a>", "", strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)} {
		if got := text(pretty(body)); strings.TrimSpace(got) != body {
			t.Errorf("%q became %q", body, got)
		}
	}
}

func TestMaskFindsSecretsInBrokenDocuments(t *testing.T) {
	d := newDesk(t, nil)
	for _, body := range []string{
		"<SharedSecret>hidden-value</SharedSecret>", "<c:SharedSecret a='1'>hidden-value</c:SharedSecret >",
		"<SharedSecret>hidden-value", "<sharedsecret><![CDATA[hidden-value]]></sharedsecret>",
		"<CredentialMac type='x'>hidden-value</CredentialMac><a>", "<SharedSecret\n>hidden-value</SharedSecret>", "free " + ourSecret,
	} {
		masked, count := d.mask(body)
		if strings.Contains(masked, "hidden-value") || strings.Contains(masked, ourSecret) || count != 1 {
			t.Errorf("%q became %q, %d", body, masked, count)
		}
	}
}
