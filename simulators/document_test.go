package simulators

import (
	"strings"
	"testing"
)

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
