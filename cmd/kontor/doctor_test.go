package main

import (
	"bytes"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/config"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/dbtest"
)

// line is the doctor's line that begins so.
func line(t *testing.T, out, level, what string, parts ...string) {
	t.Helper()
	for l := range strings.Lines(out) {
		if fields := strings.SplitN(l, "  ", 3); strings.HasPrefix(l, level) && len(fields) == 3 && strings.HasPrefix(strings.TrimSpace(l[6:]), what) {
			whole := true
			for _, part := range parts {
				whole = whole && strings.Contains(l, part)
			}
			if whole {
				return
			}
		}
	}
	t.Errorf("no line %q %q with %q in\n%s", level, what, parts, out)
}

const doctorPassword = "hush-of-the-database"

func TestDoctor(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		t.Setenv("KONTOR_DATABASE_URL", address)
		t.Setenv("KONTOR_SECRET_KEY", storyKey)
		t.Setenv("CLI_TEST_SECRET", cliSecret)
		t.Setenv("KONTOR_LISTN", "127.0.0.1:1")
		db, err := database.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		// Servers of tests may run without flushing, and that is what a doctor is for.
		want := 0
		if !db.Lite() {
			var fsync string
			if err := db.Get(t.Context(), &fsync, `SELECT current_setting('fsync')`); err != nil {
				t.Fatal(err)
			}
			if fsync == "off" {
				want = 1
			}
		}
		examine := func(want int) string {
			t.Helper()
			status, out, errs := command(t, "doctor")
			if status != want {
				t.Errorf("kontor doctor ends with %d, want %d\n%s%s", status, want, out, errs)
			}
			return out
		}

		out := examine(want)
		line(t, out, "warn", "configuration", "KONTOR_LISTN")
		line(t, out, "ok", "database", db.Engine())
		line(t, out, "ok", "schema")
		line(t, out, "ok", "public URL", "this machine")
		line(t, out, "ok", "secret key", "no secret is sealed")
		line(t, out, "warn", "merchants", "kontor apply")
		if !db.Lite() {
			line(t, out, "ok", "clock")
		}
		if want == 1 {
			line(t, out, "fail", "durability", "fsync")
		} else {
			line(t, out, "ok", "durability")
		}

		sealed := strings.Replace(aSetup, `"secrets_in": [`, `"secret_out": {"env": "CLI_TEST_SECRET"}, "settings": {"return_hosts": ["http://buyer.example", "buyer.example"], "orders_url": "https://buyer.example/in"}, "secrets_in": [`, 1)
		works(t, "apply", file(t, sealed))
		out = examine(want)
		line(t, out, "ok", "secret key", "opens")
		line(t, out, "warn", "brackwater", "castelmere", "http://buyer.example is not encrypted")
		line(t, out, "warn", "brackwater", "castelmere", "buyer.example of orders_url has no address")

		works(t, "apply", file(t, strings.ReplaceAll(sealed, "https://buyer.example/in", "https://10.0.0.7/in")))
		line(t, examine(want), "warn", "brackwater", "10.0.0.7, a private address", "KONTOR_SEND_PRIVATE")
		t.Setenv("KONTOR_SEND_PRIVATE", "10.0.0.0/24")
		if out := examine(want); strings.Contains(out, "private address") {
			t.Errorf("a network that is named is warned of:\n%s", out)
		}

		line(t, out, "warn", "brackwater", "no credit contact")
		line(t, out, "warn", "mail", "KONTOR_SMTP_URL")
		works(t, "apply", file(t, `{"kontor": 1, "merchants": [{"id": "brackwater", "credit_contact": {"email": "credit@brackwater.example"}}]}`))
		t.Setenv("KONTOR_MAIL_FROM", "kontor@brackwater.example")
		t.Setenv("KONTOR_SMTP_URL", "smtp://kontor:"+doctorPassword+"@"+freeAddress(t))
		out = examine(1)
		line(t, out, "fail", "mail", "does not answer")
		post, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer post.Close()
		t.Setenv("KONTOR_SMTP_URL", "smtp://kontor:"+doctorPassword+"@"+post.Addr().String())
		out += examine(want)
		line(t, out, "ok", "mail", "answers", "kontor@brackwater.example")
		if strings.Contains(out, doctorPassword) || strings.Contains(out, "credit contact") {
			t.Error(out)
		}
		t.Setenv("KONTOR_SMTP_URL", "")

		t.Setenv("KONTOR_SECRET_KEY", strings.ToUpper(storyKey))
		line(t, examine(1), "fail", "secret key", "Bring the key")
		t.Setenv("KONTOR_SECRET_KEY", storyKey)

		if _, err := db.SQL().ExecContext(t.Context(), `UPDATE connections SET settings = '{"orders_url": "gopher://x", "return_hosts": ["a b/c"]}'`); err != nil {
			t.Fatal(err)
		}
		out = examine(1)
		line(t, out, "fail", "brackwater", "orders_url")
		line(t, out, "fail", "brackwater", "return_hosts[0]")
		if _, err := db.SQL().ExecContext(t.Context(), `UPDATE connections SET disabled = TRUE`); err != nil {
			t.Fatal(err)
		}
		line(t, examine(want), "warn", "brackwater", "no connection")

		if _, err := db.SQL().ExecContext(t.Context(), `DELETE FROM schema_versions WHERE version_id > 6`); err != nil {
			t.Fatal(err)
		}
		if db.Lite() {
			line(t, examine(0), "warn", "schema", "backup")
		} else {
			line(t, examine(1), "fail", "schema", "kontor migrate")
		}
	})
}

func TestDoctorMakesNothingAndHidesPasswords(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("KONTOR_SECRET_KEY", "")
	t.Setenv("KONTOR_DATABASE_URL", "sqlite:"+filepath.Join(dir, "kontor.db"))
	status, out, _ := command(t, "doctor")
	is(t, "the status without a database", status, 1)
	line(t, out, "fail", "database", "there is no file")
	line(t, out, "warn", "secret key", "none yet")
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("made: %v %v", left, err)
	}

	t.Setenv("KONTOR_SECRET_KEY", storyKey)
	for _, address := range []string{"postgres://kontor:" + doctorPassword + "@" + freeAddress(t) + "/kontor?sslmode=disable",
		"host=127.0.0.1 port=1 user=kontor password=" + doctorPassword + " dbname=kontor sslmode=disable",
		"host=127.0.0.1 password=" + doctorPassword + " and-more"} {
		t.Setenv("KONTOR_DATABASE_URL", address)
		status, out, errs := command(t, "doctor")
		is(t, "the status without an answer", status, 1)
		line(t, out, "fail", "database", "KONTOR_DATABASE_URL")
		if strings.Contains(out+errs, doctorPassword) {
			t.Errorf("the password is shown:\n%s%s", out, errs)
		}
		// Whatever a driver may come to say one day.
		d := &doctor{config: config.Config{DatabaseURL: address, SecretKey: storyKey}}
		if hidden := d.hide("can't use " + address + " or " + doctorPassword + " or " + storyKey); strings.Contains(hidden, doctorPassword) || strings.Contains(hidden, storyKey) {
			t.Errorf("not hidden: %s", hidden)
		}
	}

	t.Setenv("KONTOR_LISTEN", "8080")
	t.Setenv("KONTOR_LOG_LEVEL", "loud")
	_, out, _ = command(t, "doctor")
	line(t, out, "fail", "configuration", "KONTOR_LISTEN")
	line(t, out, "fail", "configuration", "KONTOR_LOG_LEVEL")
}

func TestDoctorLooksAtTheAddress(t *testing.T) {
	web := httptest.NewTLSServer(http.NotFoundHandler())
	defer web.Close()
	known := x509.NewCertPool()
	known.AddCert(web.Certificate())
	for _, test := range []struct {
		url, level, what, says string
		roots                  *x509.CertPool
	}{
		{"http://127.0.0.1:8080", "ok", "public URL", "this machine", nil},
		{"http://203.0.113.7", "fail", "public URL", "not encrypted", nil},
		{"https://kontor.invalid", "fail", "public URL", "has no address", nil},
		{web.URL, "fail", "certificate", "refuse", nil},
		{web.URL, "ok", "certificate", "valid until", known},
		{"https://" + freeAddress(t), "warn", "certificate", "from here", nil},
	} {
		var out bytes.Buffer
		d := &doctor{config: config.Config{PublicURL: test.url}, to: terminal{out: &out}, roots: test.roots}
		d.publicURL(t.Context())
		line(t, out.String(), test.level, test.what, test.says)
		is(t, "failures at "+test.url, d.failures > 0, test.level == "fail")
	}
}

func TestDoctorComparesClocks(t *testing.T) {
	for by, level := range map[time.Duration]string{-time.Millisecond: "ok", time.Second: "ok", 2 * time.Second: "warn", time.Minute: "fail"} {
		var out bytes.Buffer
		(&doctor{to: terminal{out: &out}}).clockDiffers(by)
		line(t, out.String(), level, "clock")
	}
}
