package config

import (
	"slices"
	"strings"
	"testing"
)

func TestTrustedProxies(t *testing.T) {
	for _, test := range []struct{ value, want, wrong string }{
		{"", "", ""},
		{"10.0.0.0/8, fd00::/8", "10.0.0.0/8 fd00::/8", ""},
		{"192.0.2.7,2001:db8::1", "192.0.2.7/32 2001:db8::1/128", ""},
		{"10.0.0.0/33", "", `"10.0.0.0/33" is none`},
		{"proxy.example", "", `"proxy.example" is none`},
		{"0.0.0.0/0", "", "everybody"},
		{"::/0", "", "everybody"},
	} {
		t.Setenv("KONTOR_TRUSTED_PROXIES", test.value)
		c, err := Read()
		if test.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), "KONTOR_TRUSTED_PROXIES") || !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%q: %v", test.value, err)
			}
			continue
		}
		networks, wrong := c.Proxies()
		var got []string
		for _, n := range networks {
			got = append(got, n.String())
		}
		if err != nil || wrong != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%q: %v %v %v", test.value, got, err, wrong)
		}
	}
}

func TestNetworksToSendToAreNamed(t *testing.T) {
	for value, wrong := range map[string]string{"": "", "10.0.0.0/8,::1": "", "yes": `"yes" is none`, "0.0.0.0/0": "everything"} {
		t.Setenv("KONTOR_SEND_PRIVATE", value)
		_, err := Read()
		if (err == nil) != (wrong == "") || (err != nil && (!strings.Contains(err.Error(), "KONTOR_SEND_PRIVATE") || !strings.Contains(err.Error(), wrong))) {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	for value, fine := range map[string]bool{"": true, "127.0.0.1:9090": true, "9090": false, "127.0.0.1:8080": false} {
		t.Setenv("KONTOR_METRICS_LISTEN", value)
		if _, err := Read(); (err == nil) != fine || (!fine && !strings.Contains(err.Error(), "KONTOR_METRICS_LISTEN")) {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestUnknownVariablesAreNamedWithoutTheirValues(t *testing.T) {
	got := Unknown([]string{"KONTOR_LISTEN=x", "KONTOR_PUBLIC_URI=hush", "PATH=/bin", "KONTOR_A=hush"})
	if !slices.Equal(got, []string{"KONTOR_A", "KONTOR_PUBLIC_URI"}) {
		t.Error(got)
	}
}
