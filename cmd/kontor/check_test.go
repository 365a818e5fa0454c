package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/dbtest"
)

const (
	checkedSecret = "harbour-light-and-rope"

	// aCart has a brace in a part number, which one system refuses, and nothing else wrong.
	aCart = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">
<cXML payloadID="1.2@harbour.example" timestamp="2026-03-05T09:00:00-05:00">
<Header><From><Credential domain="DUNS"><Identity>800000001</Identity></Credential></From><To><Credential domain="DUNS"><Identity>700000001</Identity></Credential></To>
<Sender><Credential domain="DUNS"><Identity>800000001</Identity></Credential><UserAgent>Fixture 1</UserAgent></Sender></Header>
<Message deploymentMode="production"><PunchOutOrderMessage><BuyerCookie>cookie-1</BuyerCookie><PunchOutOrderMessageHeader operationAllowed="edit"><Total><Money currency="USD">45.00</Money></Total></PunchOutOrderMessageHeader>
<ItemIn quantity="3"><ItemID><SupplierPartID>ROPE{8}</SupplierPartID></ItemID><ItemDetail><UnitPrice><Money currency="USD">15.00</Money></UnitPrice><Description xml:lang="en">Rope</Description><UnitOfMeasure>MTR</UnitOfMeasure><Classification domain="UNSPSC">31151500</Classification></ItemDetail></ItemIn>
</PunchOutOrderMessage></Message></cXML>`
)

func document(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "document.xml")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// The exit status is for scripts: 0 for warnings and notes, 1 for faults, 2 for what can't be read.
func TestCheckCommand(t *testing.T) {
	good := document(t, aCart)
	out := works(t, "check", good)
	says(t, "the report", out, "PunchOutOrderMessage/ItemIn[1]/ItemID/SupplierPartID", "Ariba refuses", "0 faults, 1 warning, 0 notes")
	says(t, "the report for Jaggaer", works(t, "check", "--system", "jaggaer", good), "0 faults, 0 warnings, 0 notes")
	fails(t, 1, []string{"check", "--system", "ariba", good}, "1 fault")
	fails(t, 2, []string{"check", "--system", "abacus", good}, "abacus")
	fails(t, 2, []string{"check"}, "file")

	total := document(t, strings.Replace(aCart, ">45.00<", ">46.00<", 1))
	fails(t, 1, []string{"check", total}, "1 fault")
	fails(t, 2, []string{"check", document(t, aCart[:800])}, "can't be read")
	fails(t, 2, []string{"check", document(t, "")}, "empty")
	fails(t, 2, []string{"check", filepath.Join(t.TempDir(), "nothing.xml")}, "nothing.xml", "no such file")
	fails(t, 2, []string{"check", t.TempDir()}, "the folder has no document in it", ".mime")

	// Several at once, and a folder: the worst decides.
	folder := t.TempDir()
	for name, content := range map[string]string{"b.xml": aCart, "a.XML": aCart, "readme.txt": "no cXML", "in/c.mime": "Content-Type: multipart/related; boundary=b\n\n--b\n\n" + aCart + "\n--b--"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out = works(t, "check", folder, good)
	says(t, "the report of a folder", out, "a.XML: 0 faults, 1 warning", "b.xml: 0 faults", "c.mime: 0 faults", good+": 0 faults", "SupplierPartID, line 7\n", "SupplierPartID, line 11\n")
	if strings.Contains(out, "readme") {
		t.Errorf("a file that is no document is read: %s", out)
	}
	fails(t, 1, []string{"check", folder, total}, total+" has 1 fault")
	fails(t, 2, []string{"check", total, document(t, ""), folder}, "empty", total+" has 1 fault")
	boundary := document(t, "--x\n\n"+aCart+"\n--x--")
	fails(t, 2, []string{"check", boundary}, "can't be read")
	says(t, "the report with a type", works(t, "check", "--type", "multipart/related; boundary=x", boundary), "1 warning")
}

func TestCheckCommandAsJSON(t *testing.T) {
	leaky := strings.Replace(aCart, "</Identity></Credential><UserAgent>", "</Identity><SharedSecret>"+checkedSecret+"</SharedSecret></Credential><UserAgent>", 1)
	status, out, errs := command(t, "check", "--json", document(t, leaky))
	is(t, "the exit status", status, 1)
	if strings.Contains(out+errs, checkedSecret) {
		t.Errorf("the secret is shown: %s%s", out, errs)
	}
	var reports []struct {
		Faults, Warnings, Notes int
		Findings                []struct {
			Level, Place, Message string
			Line                  int
			Systems               []struct {
				Name, Effect string
				Refuses      bool
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &reports); err != nil || len(reports) != 1 {
		t.Fatal(err, out)
	}
	report := reports[0]
	is(t, "the faults", report.Faults, 1)
	is(t, "the warnings", report.Warnings, 1)
	is(t, "the findings", len(report.Findings), 2)
	is(t, "the first place", report.Findings[0].Place, "Header/Sender/Credential/SharedSecret")
	is(t, "the line", report.Findings[0].Line, 5)
	is(t, "who refuses", report.Findings[1].Systems[0].Name, "ariba")
	is(t, "that it refuses", report.Findings[1].Systems[0].Refuses, true)

	status, out, _ = command(t, "check", "--json", document(t, "<cXML>"+checkedSecret))
	is(t, "the exit status of what can't be read", status, 2)
	says(t, "the JSON of what can't be read", out, `"unreadable": "The document breaks off`, `"findings": []`)
	if strings.Contains(out, checkedSecret) {
		t.Errorf("the secret is shown: %s", out)
	}
}

func TestCheckCommandReadsStandardInput(t *testing.T) {
	file, err := os.Open(document(t, aCart))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	before := os.Stdin
	os.Stdin = file
	defer func() { os.Stdin = before }()
	says(t, "the report", works(t, "check", "-"), "-: 0 faults, 1 warning, 0 notes")
}

func TestCheckCommandReadsOCI(t *testing.T) {
	const page = `<form method="post" action="https://x.example"><input name="NEW_ITEM-DESCRIPTION[1]" value="Rope"><input name="NEW_ITEM-QUANTITY[1]" value="3"><input name="NEW_ITEM-UNIT[1]" value="MTR"><input name="NEW_ITEM-VENDORMAT[1]" value="R"></form>`
	says(t, "the report", works(t, "check", document(t, page)), "note     NEW_ITEM-PRICE[1]", "0 faults, 0 warnings, 2 notes")
	fails(t, 1, []string{"check", document(t, strings.Replace(page, "MTR", "METRE", 1))}, "1 fault")
	status, out, errs := command(t, "check", "--json", document(t, "HOOK_URL=https%3A%2F%2Fb.example%2F&USERNAME=u&FUNCTION=DETAIL&PASSWORD="+checkedSecret))
	is(t, "the exit status", status, 1)
	says(t, "the JSON", out, `"place": "PRODUCTID"`, `"message": "Is missing."`, `"place": "PASSWORD"`)
	if strings.Contains(out+errs, checkedSecret) {
		t.Errorf("the secret is shown: %s%s", out, errs)
	}
	fails(t, 2, []string{"check", document(t, "a=b")}, "can't be read")
}

// A start is played on a connection, with all that is on offer there.
func TestCheckCommandTriesAConnection(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		t.Setenv("KONTOR_DATABASE_URL", address)
		t.Setenv("KONTOR_SECRET_KEY", storyKey)
		t.Setenv("CLI_TEST_SECRET", cliSecret)
		oci := `"connections": [{"external_id": "castelmere-oci", "organisation": "castelmere", "protocol": "oci", "secrets_in": [{"env": "CLI_TEST_SECRET"}],
			"settings": {"return_hosts": ["srm.example.com"], "units": {"MTR": "M"}, "oci": {"username": "shop"}}}, {`
		setup := strings.Replace(aSetup, `"connections": [{`, oci, 1)
		works(t, "apply", file(t, setup))
		try := []string{"check", "-m", "brackwater", "--connection", "castelmere-oci"}
		status, out, _ := command(t, try...)
		is(t, "the exit status", status, 1)
		says(t, "the report", out, "with 1 product,", "fault    units.EA", "no code for EA, the unit of CLI-1", "castelmere-oci: 1 fault, 0 warnings, 0 notes")
		_, out, _ = command(t, append(try, "--json")...)
		says(t, "the JSON", out, `"name": "HOOK_URL",`, `"value": "https://srm.example.com/"`, `"name": "NEW_ITEM-PRICE[1]",`, `"value": "12.500"`)
		works(t, "apply", file(t, strings.Replace(setup, `"units": {"MTR": "M"}, `, `"units": {"EA": "ST"}, `, 1)))
		says(t, "the report then", works(t, try...), "castelmere-oci: 0 faults, 0 warnings, 0 notes")
		_, shown, _ := command(t, append(try, "--fields", "--products", "1")...)
		says(t, "the fields", shown, "The start:\n  HOOK_URL = https://", "\n  PASSWORD = …\n", "The form:\n  NEW_ITEM-DESCRIPTION[1] = ", "\n  NEW_ITEM-QUANTITY[1] = ")
		fails(t, 1, []string{"check", "-m", "brackwater", "--connection", "castelmere"}, "speaks cxml")
		fails(t, 1, []string{"check", "-m", "brackwater", "--connection", "nobody"}, "no connection")
		fails(t, 2, []string{"check", "--connection", "castelmere-oci"}, "--merchant")
		fails(t, 2, append(try, "a-file.xml"), "without files")
	})
}
