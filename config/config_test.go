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

// A value that is not of its kind is told like every other: by its variable, and without itself.
func TestAValueOfAnotherKindIsNamed(t *testing.T) {
	for name, value := range map[string]string{"READ_TIMEOUT": "30", "SEND_TIMEOUT": "soon", "MAX_DOCUMENT_BYTES": "10MB", "OUTBOX_WORKERS": "two"} {
		t.Setenv("KONTOR_"+name, value)
	}
	_, err := Read()
	for _, want := range []string{"KONTOR_READ_TIMEOUT must be a time with its unit, such as 30s", "KONTOR_SEND_TIMEOUT must be a time",
		"KONTOR_MAX_DOCUMENT_BYTES must be a whole number without a unit", "KONTOR_OUTBOX_WORKERS must be a whole number"} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "10MB") {
			t.Errorf("%v, want %q", err, want)
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

func TestAMailServerIsRefusedWithoutItsPassword(t *testing.T) {
	for _, test := range []struct{ server, from, wrong string }{
		{"", "", ""},
		{"", "kontor@example.com", ""},
		{"smtp://kontor:hush@mail.example.com:587", "Kontor <kontor@example.com>", ""},
		{"smtps://kontor:hush%40home@mail.example.com", "kontor@example.com", ""},
		{"smtp://[::1]:25", "kontor@example.com", ""},
		{"smtp://kontor:hush@mail.example.com:587", "", "KONTOR_MAIL_FROM is needed"},
		{"smtp://mail.example.com", "kontor", "KONTOR_MAIL_FROM must be"},
		{"smtp://mail.example.com", "a@example.com\r\nBcc: b@example.com", "KONTOR_MAIL_FROM must be"},
		{"mail.example.com:587", "kontor@example.com", "KONTOR_SMTP_URL must be smtp://"},
		{"http://kontor:hush@mail.example.com", "kontor@example.com", "KONTOR_SMTP_URL must be smtp://"},
		{"smtp://kontor:hush@mail.example.com:port", "kontor@example.com", "KONTOR_SMTP_URL must be smtp://"},
		{"smtp://kontor:hu%sh@mail.example.com", "kontor@example.com", "KONTOR_SMTP_URL must be smtp://"},
		{"smtp://kontor:hush@mail.example.com/?tls=none", "kontor@example.com", "KONTOR_SMTP_URL must be smtp://"},
		{"smtp://kontor:hush@", "kontor@example.com", "KONTOR_SMTP_URL must be smtp://"},
		{"smtp://kontor@mail.example.com", "kontor@example.com", "KONTOR_SMTP_URL must have a user with a password"},
		{"smtp://:hush@mail.example.com", "kontor@example.com", "KONTOR_SMTP_URL must have a user with a password"},
	} {
		t.Setenv("KONTOR_SMTP_URL", test.server)
		t.Setenv("KONTOR_MAIL_FROM", test.from)
		_, err := Read()
		if test.wrong == "" && err != nil || test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong) || strings.Contains(err.Error(), "hu")) {
			t.Errorf("%q from %q: %v, want %q", test.server, test.from, err, test.wrong)
		}
	}
}
