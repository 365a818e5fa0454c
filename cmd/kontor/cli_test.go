package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/simulators"
)

// command runs the program as main does, without a process around it.
func command(t *testing.T, args ...string) (status int, out, err string) {
	t.Helper()
	var to, errs bytes.Buffer
	status = run(t.Context(), args, terminal{&to, &errs})
	for what, secret := range map[string]string{"the secret key": storyKey, "the buyer's secret": cliSecret} {
		if strings.Contains(to.String()+errs.String(), secret) {
			t.Errorf("kontor %v shows %s", args, what)
		}
	}
	return status, to.String(), errs.String()
}

// works runs a command that must succeed, and gives what it says.
func works(t *testing.T, args ...string) string {
	t.Helper()
	status, out, errs := command(t, args...)
	if status != 0 {
		t.Fatalf("kontor %v ends with %d: %s", args, status, errs)
	}
	return out
}

// fails runs a command that must end with the status and name the parts.
func fails(t *testing.T, want int, args []string, parts ...string) {
	t.Helper()
	status, _, errs := command(t, args...)
	is(t, fmt.Sprintf("the exit status of kontor %v", args), status, want)
	says(t, fmt.Sprintf("kontor %v", args), errs, parts...)
}

const cliSecret = "a-secret-that-no-command-shows"

// aSetup is a small setup file; its secret comes from the environment.
const aSetup = `{"kontor": 1, "merchants": [{"id": "brackwater", "account": "brackwater", "mode": "test", "name": "Brackwater", "time_zone": "America/New_York",
"currency": "USD", "shop_url": "http://localhost/shop", "supplier_identities": [{"domain": "DUNS", "identity": "000000901"}],
"products": [{"sku": "CLI-1", "name": "Piece", "description": "A piece.", "category": "Pieces", "unspsc": "31161620", "unit": "EA", "prices": [{"currency": "USD", "price": "12.50"}]}],
"organisations": [{"external_id": "castelmere", "name": "Castelmere Foods", "currency": "USD", "terms_days": 45, "over_limit": "review", "price_policy": "contract_only",
  "credit_lines": [{"currency": "USD", "limit": "15000.00"}]}],
"connections": [{"external_id": "castelmere", "organisation": "castelmere", "protocol": "cxml",
  "identities": {"from": [{"domain": "DUNS", "identity": "castelmere-t"}], "sender": [{"domain": "DUNS", "identity": "castelmere-t"}]},
  "secrets_in": [{"env": "CLI_TEST_SECRET"}]}]}]}`

func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "setup.json")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestHelpAndWrongUse(t *testing.T) {
	t.Setenv("KONTOR_DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "kontor.db"))
	help := works(t, "--help")
	says(t, "the help", help, "demo", "serve", "migrate", "apply", "orders list", "orders release", "orders reject", "orders enter", "orders cancel-lines", "credit show", "credit limit", "health")
	works(t, "--version")
	fails(t, 2, []string{"fly"}, "fly")
	fails(t, 2, []string{"orders", "list"}, "--merchant")
	fails(t, 2, []string{"orders", "release", "-m", "brackwater", "4500000001"}, "--reason")
	fails(t, 2, []string{"apply", filepath.Join(t.TempDir(), "no-such-file.json")}, "no-such-file.json")
	fails(t, 1, []string{"apply"}, "which file")
	says(t, "the schema", works(t, "apply", "--schema"), `"$schema"`, "merchants")
}

// Every wrong value stops the start and is told, and no default takes its place.
func TestWrongConfigurationIsNamed(t *testing.T) {
	tests := []struct{ name, value, says string }{
		{"KONTOR_PUBLIC_URL", "kontor.example", "KONTOR_PUBLIC_URL"},
		{"KONTOR_LISTEN", "8080", "KONTOR_LISTEN"},
		{"KONTOR_LOG_LEVEL", "loud", "KONTOR_LOG_LEVEL"},
		{"KONTOR_SECRET_KEY", "too-short", "KONTOR_SECRET_KEY"},
		{"KONTOR_OUTBOX_WORKERS", "0", "KONTOR_OUTBOX_WORKERS"},
		{"KONTOR_API_RATE", "-1", "KONTOR_API_RATE"},
		{"KONTOR_SEND_TIMEOUT", "-1s", "KONTOR_SEND_TIMEOUT"},
		{"KONTOR_DATABASE_URL", "mysql://localhost/kontor", "a database address is"},
		{"KONTOR_DATABASE_URL", "postgres://a:1,b:2/kontor", "postgres:///NAME?host=a,b&port=1,2"},
		{"KONTOR_DATABASE_URL", "postgres:///kontor?host=a,b&target_session_attrs=prefer-standby", "write target_session_attrs=read-write"},
	}
	for _, test := range tests {
		t.Run(test.name+" "+test.value, func(t *testing.T) {
			t.Setenv("KONTOR_DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "kontor.db"))
			t.Setenv("KONTOR_SECRET_KEY", storyKey)
			t.Setenv(test.name, test.value)
			fails(t, 1, []string{"serve"}, test.says)
			if _, _, errs := command(t, "serve"); test.name == "KONTOR_SECRET_KEY" && strings.Contains(errs, test.value) {
				t.Errorf("a wrong secret key is shown: %s", errs)
			}
		})
	}
	t.Run("PostgreSQL without a secret key", func(t *testing.T) {
		t.Setenv("KONTOR_DATABASE_URL", "postgres://localhost/kontor")
		t.Setenv("KONTOR_SECRET_KEY", "")
		fails(t, 1, []string{"migrate"}, "KONTOR_SECRET_KEY")
	})
}

func TestHealthWithoutAServerFails(t *testing.T) {
	t.Setenv("KONTOR_LISTEN", freeAddress(t))
	fails(t, 1, []string{"health"}, "refused")
}

func TestMigrateAndApply(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		t.Setenv("KONTOR_DATABASE_URL", address)
		t.Setenv("KONTOR_SECRET_KEY", storyKey)
		is(t, "migrate, when there is nothing to do", works(t, "migrate"), "The schema is up to date.\n")

		setup := file(t, aSetup)
		fails(t, 1, []string{"apply", setup}, "CLI_TEST_SECRET", "merchants[0].connections[0].secrets_in[0]")
		t.Setenv("CLI_TEST_SECRET", cliSecret)

		// A dry run shows the difference and leaves it to be made.
		dry := works(t, "apply", "--dry-run", setup)
		says(t, "the dry run", dry, "castelmere", "CLI-1")
		fails(t, 1, []string{"credit", "-m", "brackwater", "show", "castelmere"})
		says(t, "apply", works(t, "apply", setup), "castelmere", "CLI-1")
		again := works(t, "apply", setup)
		if strings.Contains(again, "CLI-1") || strings.Contains(again, "castelmere") {
			t.Errorf("the same file again is no change, yet it says:\n%s", again)
		}
		says(t, "another price", works(t, "apply", "--dry-run", file(t, strings.Replace(aSetup, "12.50", "12.75", 1))), "CLI-1")
		// A limit is set when its line is made; afterwards it is the credit desk's.
		works(t, "apply", file(t, strings.Replace(aSetup, "15000.00", "99000.00", 1)))
		says(t, "the limit after a file with another one", works(t, "credit", "-m", "brackwater", "show", "castelmere"), "15000.00 USD")

		for place, broken := range map[string]string{
			"merchants[0].products[0].prices[0].price":   strings.Replace(aSetup, `"12.50"`, `"twelve"`, 1),
			"merchants[0].connections[0].organisation":   strings.Replace(aSetup, `"organisation": "castelmere"`, `"organisation": "nobody"`, 1),
			"merchants[0].organisations[0].credit_lines": strings.Replace(aSetup, `"15000.00"`, `"-1"`, 1),
			"merchants[0].colour":                        strings.Replace(aSetup, `"id": "brackwater"`, `"id": "brackwater", "colour": "blue"`, 1),
		} {
			fails(t, 1, []string{"apply", file(t, broken)}, place)
		}
		fails(t, 1, []string{"apply", file(t, "{")})
	})
}

// A purchase order that came by mail is entered once, whatever the key.
func TestOrdersAreEnteredFromAFile(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		t.Setenv("KONTOR_DATABASE_URL", address)
		t.Setenv("KONTOR_SECRET_KEY", storyKey)
		t.Setenv("CLI_TEST_SECRET", cliSecret)
		works(t, "apply", file(t, aSetup))
		const order = `{"organisation": "ext:castelmere", "number": "M-1", "total": "25.00", "lines": [{"sku": "CLI-1", "quantity": "2", "unit": "EA", "price": "12.50"}]}`
		enter := []string{"orders", "-m", "brackwater", "enter", file(t, order), "--key", "mail-1"}
		said := works(t, enter...)
		says(t, "the order", said, "Order M-1 is approved, 25.00 USD")
		is(t, "the order again", works(t, enter...), said)
		says(t, "the order under another key", works(t, enter[:5]...), "is here already, approved; nothing was changed")
		fails(t, 1, append(enter[:4:4], file(t, strings.Replace(order, `"2"`, `"3"`, 1)), "--key", "mail-1"), "same key")
		fails(t, 1, append(enter[:4:4], file(t, strings.Replace(order, `"2"`, `"3"`, 1))), "exists already with other content", "number")
		changed := strings.NewReplacer(`"number"`, `"version": 2, "number"`, `"2"`, `"3"`, "25.00", "37.50").Replace(order)
		says(t, "a change", works(t, append(enter[:4:4], file(t, changed))...), "Order M-1 is approved, 37.50 USD")
		fails(t, 1, append(enter[:4:4], file(t, strings.Replace(changed, "M-1", "M-9", 1))), "never received")
		says(t, "a lower price", works(t, append(enter[:4:4], file(t, strings.NewReplacer("M-1", "M-2", "12.50", "12.00").Replace(order)))...), "is credit_review", "1.00 USD less")
		for place, broken := range map[string]string{
			"organisation":      strings.Replace(order, "castelmere", "nobody", 1),
			"lines[0].quantity": strings.Replace(order, `"2"`, `2`, 1),
			"lines[0].price":    strings.Replace(order, `"12.50"`, `"12,50"`, 1),
			"lines[0].colour":   strings.Replace(order, `"sku"`, `"colour": 1, "sku"`, 1),
			"not JSON":          order[:40],
		} {
			fails(t, 1, append(enter[:4:4], file(t, broken)), place)
		}
		fails(t, 2, append(enter[:4:4], "/nowhere/at/all.json"), "no such file")
		fails(t, 1, []string{"orders", "-m", "elsewhere", "enter", file(t, order)}, "no merchant")
	})
}

// The commands work beside a server on the same database; what they decide is told by its workers.
func TestOrdersAndCreditFromTheCommandLine(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		t.Setenv("KONTOR_DATABASE_URL", address)
		waiting := s.orderThatWaits()
		number := waiting.OrderNumber
		says(t, "the list", works(t, "orders", "-m", "brackwater", "list", "--state", "credit_review"), number, "1436.00 USD", "195.00 USD")
		fails(t, 1, []string{"orders", "-m", "brackwater", "release", number, "--reason", "too early"}, "195.00 USD")
		fails(t, 1, []string{"orders", "-m", "brackwater", "release", "4599999999", "--reason", "x"})
		fails(t, 1, []string{"orders", "-m", "elsewhere", "release", number, "--reason", "x"})
		is(t, "the order that nothing was done with", s.kontors(number).State, "credit_review")

		says(t, "the credit line", works(t, "credit", "-m", "brackwater", "show", "castelmere"), "15000.00 USD", "-13759.00 USD", "1241.00 USD")
		fails(t, 1, []string{"credit", "-m", "brackwater", "limit", "castelmere", "a lot", "--reason", "x"})
		fails(t, 1, []string{"credit", "-m", "brackwater", "show", "nobody"})
		// Each of them is repeated as a script would, also when the order waits no more.
		limit := []string{"credit", "-m", "brackwater", "limit", "castelmere", "15500.00", "--reason", "Season", "--key", "season-1"}
		said := works(t, limit...)
		says(t, "the new limit", said, "15500.00 USD")
		is(t, "the new limit again", works(t, limit...), said)
		release := []string{"orders", "-m", "brackwater", "release", number, "--reason", "The limit was raised", "--key", "release-1"}
		fails(t, 1, append(release[:len(release)-1:len(release)-1], "season-1"), "same key")
		said = works(t, release...)
		says(t, "the release", said, number, "approved")
		is(t, "the release again", works(t, release...), said)
		fails(t, 1, append(release, "--override"), "same key")
		s.becomes("castelmere", waiting.ID, simulators.Confirmed)
		s.left("castelmere", "$305.00")
		says(t, "the entries", works(t, "credit", "-m", "brackwater", "show", "castelmere"), "Season", "500.00 USD", "1436.00 USD", "305.00 USD")
		if n := strings.Count(works(t, "credit", "-m", "brackwater", "show", "castelmere"), "Season"); n != 1 {
			t.Errorf("the limit was changed %d times", n)
		}
		// What failed is not remembered.
		fails(t, 1, []string{"orders", "-m", "brackwater", "release", "4599999999", "--reason", "x", "--key", "k"})
		fails(t, 1, []string{"orders", "-m", "brackwater", "release", number, "--reason", "again", "--key", "k"}, "approved")
		fails(t, 1, []string{"orders", "-m", "brackwater", "release", number, "--reason", "again"})

		// Line 4 is 62.16: 1,292.56 are left, with 6 % tax 1,370.11. Asked twice, it is done once.
		fails(t, 1, []string{"orders", "-m", "brackwater", "cancel-lines", number, "four", "--reason", "x"}, "four")
		fails(t, 1, []string{"orders", "-m", "brackwater", "cancel-lines", number, "4=7", "--reason", "x"}, "between 0 and the 6 RO")
		for range 2 {
			says(t, "the cancellation", works(t, "orders", "-m", "brackwater", "cancel-lines", number, "4", "3=0", "--reason", "No longer made"), number, "approved", "1370.11 USD are left")
		}

		second := s.cartHome("castelmere", client.WantedLine{SKU: "CLN-3010", Quantity: "24"})
		s.order("castelmere", second.ID)
		rejected := s.requisition("castelmere", second.ID).OrderNumber
		says(t, "the rejection", works(t, "orders", "-m", "brackwater", "reject", rejected, "--reason", "Two invoices are overdue."), rejected, "refused")
		says(t, "the buyer's page", s.becomes("castelmere", second.ID, simulators.Refused).Sentence, "Two invoices are overdue.")
	})
}

// A merchant that is misspelt has no orders, no credit and nobody to erase: who asks is told, and
// not that all is well.
func TestACommandAboutNothingSaysWhatThereIs(t *testing.T) {
	t.Setenv("KONTOR_DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "kontor.db"))
	t.Setenv("KONTOR_SECRET_KEY", storyKey)
	t.Setenv("CLI_TEST_SECRET", cliSecret)
	fails(t, 1, []string{"orders", "-m", "brackwater", "list"}, "there is no merchant yet", "kontor apply")
	works(t, "apply", file(t, aSetup))
	for _, args := range [][]string{
		{"orders", "-m", "brakwater", "list"},
		{"orders", "-m", "brakwater", "release", "4500000001", "--reason", "x"},
		{"credit", "-m", "brakwater", "show", "castelmere"},
		{"credit", "-m", "brakwater", "limit", "castelmere", "1.00", "--reason", "x"},
		{"person", "export", "-m", "brakwater", "jane@buyer.example"},
		{"check", "-m", "brakwater", "--connection", "castelmere"},
	} {
		fails(t, 1, args, "there is no merchant brakwater; there are brackwater")
	}
	fails(t, 1, []string{"credit", "-m", "brackwater", "show", "castelmer"}, "there is no organisation castelmer at brackwater")
	fails(t, 1, []string{"orders", "-m", "brackwater", "release", "4500000001", "--reason", "x"}, "there is no order 4500000001 at brackwater")
}

func TestAPortThatIsTakenIsNamedWithItsVariable(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	t.Setenv("KONTOR_DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "kontor.db"))
	t.Setenv("KONTOR_LISTEN", taken.Addr().String())
	fails(t, 1, []string{"serve"}, "KONTOR_LISTEN", "another program listens there", taken.Addr().String())
	t.Setenv("KONTOR_LISTEN", "127.0.0.1:0")
	t.Setenv("KONTOR_METRICS_LISTEN", taken.Addr().String())
	fails(t, 1, []string{"serve"}, "KONTOR_METRICS_LISTEN", "another program listens there")
}

// A script goes by the exit status: a backup that was broken off must not look like one.
func TestWhatWasInterruptedDidNotSucceed(t *testing.T) {
	t.Setenv("KONTOR_DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "kontor.db"))
	works(t, "migrate")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	target := filepath.Join(t.TempDir(), "backup.db")
	for _, args := range [][]string{{"backup", target}, {"orders", "-m", "brackwater", "list"}} {
		var errs bytes.Buffer
		is(t, fmt.Sprintf("the exit status of kontor %v", args), run(ctx, args, terminal{out: io.Discard, err: &errs}), 1)
		says(t, fmt.Sprintf("kontor %v", args), errs.String(), "interrupted before it was done")
	}
	if _, err := os.Stat(target); !os.IsNotExist(err) {
		t.Errorf("half a backup is left: %v", err)
	}
}

// Once ends when the request under way has its answer; twice at once.
func TestTheSecondSignalEndsItAtOnce(t *testing.T) {
	p := &program{t: t, binary: buildKontor(t), address: dbtest.SQLiteURL(t), listen: freeAddress(t)}
	p.start()
	slow, err := net.Dial("tcp", p.listen) // a request whose body never ends
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	fmt.Fprintf(slow, "POST /m/brackwater/cxml HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<cXML")
	ended := make(chan error, 1)
	time.Sleep(200 * time.Millisecond) // the server has taken it; later is no harm
	go func() { ended <- p.running.Wait() }()
	signal := func() {
		if err := p.running.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	signal()
	until(t, "it takes no new requests", func() bool {
		c, err := net.Dial("tcp", p.listen)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	select {
	case err := <-ended:
		t.Fatalf("it did not wait for the request under way: %v", err)
	default:
	}
	began := time.Now()
	signal()
	if err := <-ended; err == nil {
		t.Error("it says that it ended well, with a request under way")
	}
	if took := time.Since(began); took > 15*time.Second { // without it: the 30 s of KONTOR_SHUTDOWN_TIMEOUT
		t.Errorf("it ended after %s", took)
	}
}

// The example is what README begins with, so it has to work as it is, with secrets of any kind.
func TestTheExampleOfASetupCanBeApplied(t *testing.T) {
	t.Setenv("KONTOR_DATABASE_URL", "sqlite:"+filepath.Join(t.TempDir(), "kontor.db"))
	t.Setenv("KONTOR_SECRET_KEY", storyKey)
	t.Setenv("ACME_API_KEY", "sk_acme-test_"+strings.Repeat("0f", 20))
	t.Setenv("BUYERCO_SECRET", strings.Repeat("a1", 20))
	example := filepath.Join("..", "..", "docs", "setup.example.json")
	says(t, "the first time", works(t, "apply", example), "created  connection buyerco-cxml", "0 changed")
	says(t, "the second time", works(t, "apply", example), "0 created, 0 changed")
	if out := works(t, "doctor"); strings.Contains(out, "warn  acme") || !strings.Contains(out, "1 connections, with addresses that can be used") {
		t.Errorf("the doctor says of the example: %s", out)
	}
	says(t, "the credit line", works(t, "credit", "-m", "acme-test", "show", "buyerco"), "1000.00 USD")
}
