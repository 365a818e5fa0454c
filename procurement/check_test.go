package procurement_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/kontorhq/kontor/procurement"
)

// Each rule is watched failing once, on an invented document that has nothing else wrong with it.

const (
	checkHead = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">
` + checkEnvelope
	checkEnvelope = `<cXML payloadID="1.2@harbour.example" timestamp="2026-03-05T09:00:00-05:00">
<Header><From><Credential domain="DUNS"><Identity>700000001</Identity></Credential></From><To><Credential domain="DUNS"><Identity>800000001</Identity></Credential></To>
<Sender><Credential domain="DUNS"><Identity>700000001</Identity>SECRET</Credential><UserAgent>Fixture 1</UserAgent></Sender></Header>
`
	checkFulfillHead = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/Fulfill.dtd">
` + checkEnvelope
	checkSecret = "lantern-and-tide"
	checkCard   = "4111111111111111"

	checkOrder = checkHead + `<Request deploymentMode="production"><OrderRequest><OrderRequestHeader orderID="PO-7" orderDate="2026-03-05T09:00:00-05:00" type="new"><Total><Money currency="USD">45.00</Money></Total><ShipTo><Address><Name xml:lang="en">Quay 4</Name></Address></ShipTo><BillTo><Address><Name xml:lang="en">Quay 4</Name></Address></BillTo></OrderRequestHeader>
<ItemOut quantity="3" lineNumber="1"><ItemID><SupplierPartID>ROPE-8</SupplierPartID></ItemID><ItemDetail><UnitPrice><Money currency="USD">5.00</Money></UnitPrice><Description xml:lang="en">Rope</Description><UnitOfMeasure>MTR</UnitOfMeasure><Classification domain="UNSPSC">31151500</Classification></ItemDetail></ItemOut>
<ItemOut quantity="2" lineNumber="2"><ItemID><SupplierPartID>HOOK-2</SupplierPartID></ItemID><ItemDetail><UnitPrice><Money currency="USD">15.00</Money></UnitPrice><Description xml:lang="en">Hook</Description><UnitOfMeasure>EA</UnitOfMeasure><Classification domain="UNSPSC">31162600</Classification></ItemDetail></ItemOut>
</OrderRequest></Request></cXML>`

	checkSetUp = checkHead + `<Request deploymentMode="production"><PunchOutSetupRequest operation="create"><BuyerCookie>cookie-1</BuyerCookie><Extrinsic name="UserEmail">ada@harbour.example</Extrinsic><BrowserFormPost><URL>https://harbour.example/return</URL></BrowserFormPost></PunchOutSetupRequest></Request></cXML>`

	checkCart = checkHead + `<Message deploymentMode="production"><PunchOutOrderMessage><BuyerCookie>cookie-1</BuyerCookie><PunchOutOrderMessageHeader operationAllowed="edit"><Total><Money currency="USD">45.00</Money></Total><Shipping><Money currency="USD">4.00</Money><Description xml:lang="en">Van</Description></Shipping><Tax><Money currency="USD">2.00</Money><Description xml:lang="en">Tax</Description></Tax></PunchOutOrderMessageHeader>
<ItemIn quantity="3"><ItemID><SupplierPartID>ROPE-8</SupplierPartID><SupplierPartAuxiliaryID>aux-1</SupplierPartAuxiliaryID></ItemID><ItemDetail><UnitPrice><Money currency="USD">15.00</Money></UnitPrice><Description xml:lang="en">Rope</Description><UnitOfMeasure>MTR</UnitOfMeasure><Classification domain="UNSPSC">31151500</Classification></ItemDetail></ItemIn>
</PunchOutOrderMessage></Message></cXML>`

	checkConfirmation = checkFulfillHead + `<Request deploymentMode="production"><ConfirmationRequest><ConfirmationHeader confirmID="C-1" operation="new" type="detail" noticeDate="2026-03-05T11:00:00-05:00"/><OrderReference orderID="PO-7"><DocumentReference payloadID="1.1@harbour.example"/></OrderReference>
<ConfirmationItem quantity="3" lineNumber="1"><UnitOfMeasure>MTR</UnitOfMeasure><ConfirmationStatus quantity="2" type="accept"><UnitOfMeasure>MTR</UnitOfMeasure></ConfirmationStatus><ConfirmationStatus quantity="1" type="detail"><UnitOfMeasure>MTR</UnitOfMeasure><UnitPrice><Money currency="USD">5.10</Money></UnitPrice></ConfirmationStatus></ConfirmationItem>
</ConfirmationRequest></Request></cXML>`
)

// checked fills the place of the secret and changes the text.
func checked(text string, pairs ...string) []byte {
	secret := "<SharedSecret>XXXXXXXX</SharedSecret>"
	if strings.Contains(text, "<Message") {
		secret = ""
	}
	return change(strings.Replace(text, "SECRET", secret, 1), pairs...)
}

func check(t *testing.T, body []byte) procurement.Findings {
	t.Helper()
	found, err := procurement.Check(body, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		said := f.Place + f.Message
		for _, s := range f.Systems {
			said += s.Effect
		}
		if strings.Contains(said, checkSecret) || strings.Contains(said, checkCard) {
			t.Errorf("a finding quotes what is secret: %+v", f)
		}
	}
	return found
}

func hasFinding(found procurement.Findings, level procurement.Level, place, says, system string) bool {
	for _, f := range found {
		if f.Level != level || f.Place != place || !strings.Contains(f.Message, says) {
			continue
		}
		for _, s := range f.Systems {
			if s.Name == system {
				return true
			}
		}
		if system == "" {
			return true
		}
	}
	return false
}

// The documents that the cases change have no fault and no warning, so that a case shows its own.
func TestCheckFindsNothingWrongWithGoodDocuments(t *testing.T) {
	for name, text := range map[string]string{"order": checkOrder, "set-up": checkSetUp, "cart": checkCart, "confirmation": checkConfirmation} {
		for _, f := range check(t, checked(text)) {
			if f.Level != procurement.LevelNote {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}

func TestCheckRules(t *testing.T) {
	const (
		fault, warning, note = procurement.LevelFault, procurement.LevelWarning, procurement.LevelNote
		head                 = "OrderRequest/OrderRequestHeader"
		line                 = "PunchOutOrderMessage/ItemIn[1]"
		detail               = line + "/ItemDetail"
		confirmed            = "ConfirmationRequest/ConfirmationItem[1]"
		version50            = "cXML/1.2.050/"
	)
	long := strings.Repeat("ä", 128) // 256 bytes, 128 characters
	tests := []struct {
		name   string
		text   string
		change []string
		level  procurement.Level
		place  string
		says   string
		system string
	}{
		{"no payloadID", checkOrder, []string{` payloadID="1.2@harbour.example"`, ``}, fault, "cXML/@payloadID", "missing", ""},
		{"empty payloadID", checkOrder, []string{`1.2@harbour.example`, ``}, fault, "cXML/@payloadID", "empty", ""},
		{"no timestamp", checkOrder, []string{` timestamp="2026-03-05T09:00:00-05:00"`, ``}, fault, "cXML/@timestamp", "missing", "kontor"},
		{"empty timestamp", checkOrder, []string{`timestamp="2026-03-05T09:00:00-05:00"`, `timestamp=""`}, warning, "cXML/@timestamp", "empty", "kontor"},
		{"odd timestamp", checkOrder, []string{`timestamp="2026-03-05T09:00:00-05:00"`, `timestamp="5 March"`}, warning, "cXML/@timestamp", "form", "kontor"},
		{"timestamp with Z", checkOrder, []string{`timestamp="2026-03-05T09:00:00-05:00"`, `timestamp="2026-03-05T14:00:00Z"`}, warning, "cXML/@timestamp", "instead of Z", "kontor"},
		{"odd version", checkOrder, []string{`<cXML `, `<cXML version="1.0" `}, warning, "cXML/@version", "no version", "kontor"},
		{"two versions", checkOrder, []string{`<cXML `, `<cXML version="1.2.014" `}, warning, "cXML/@version", "1.2.050", "kontor"},
		{"no version", checkOrder, []string{`<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">`, ``}, note, "cXML/@version", "Neither", ""},
		{"no UserAgent", checkOrder, []string{`<UserAgent>Fixture 1</UserAgent>`, ``}, warning, "Header/Sender/UserAgent", "missing", "kontor"},
		{"no secret", checkOrder, []string{`<SharedSecret>XXXXXXXX</SharedSecret>`, ``}, warning, "Header/Sender/Credential/SharedSecret", "proves", "kontor"},
		{"no Header", checkOrder, []string{"<Header>", "<Heading>", "</Header>", "</Heading>"}, fault, "Header", "missing", ""},
		{"no To", checkOrder, []string{`<To><Credential domain="DUNS"><Identity>800000001</Identity></Credential></To>`, `<To/>`}, fault, "Header/To", "no Credential", ""},
		{"empty identity", checkOrder, []string{`800000001`, ` `}, warning, "Header/To/Credential/Identity", "empty", ""},
		{"no domain", checkOrder, []string{`<To><Credential domain="DUNS">`, `<To><Credential>`}, warning, "Header/To/Credential/@domain", "missing", ""},
		{"no mode", checkOrder, []string{` deploymentMode="production"`, ``}, note, "cXML/Request/@deploymentMode", "production", ""},
		{"test mode", checkOrder, []string{`"production"`, `"test"`}, note, "cXML/Request/@deploymentMode", "test", "kontor"},
		{"odd mode", checkOrder, []string{`"production"`, `"staging"`}, warning, "cXML/Request/@deploymentMode", "neither", ""},
		{"two requests", checkOrder, []string{`</Request>`, `</Request><Request><ProfileRequest/></Request>`}, fault, "cXML", "neither one Request", ""},
		{"another type", checkOrder, []string{"<OrderRequest>", "<ShipNoticeRequest>", "</OrderRequest>", "</ShipNoticeRequest>"}, note, "ShipNoticeRequest", "envelope", ""},

		{"no BrowserFormPost", checkSetUp, []string{"<BrowserFormPost><URL>https://harbour.example/return</URL></BrowserFormPost>", ""}, fault, "PunchOutSetupRequest/BrowserFormPost", "missing", "kontor"},
		{"return by http", checkSetUp, []string{"https://harbour", "http://harbour"}, fault, "PunchOutSetupRequest/BrowserFormPost/URL", "not https", "kontor"},
		{"return to a script", checkSetUp, []string{"https://harbour.example/return", "javascript:alert(1)"}, fault, "PunchOutSetupRequest/BrowserFormPost/URL", "no http", "kontor"},
		{"return with credentials", checkSetUp, []string{"https://", "https://ada:" + checkSecret + "@"}, fault, "PunchOutSetupRequest/BrowserFormPost/URL", "credentials", "kontor"},
		{"no cookie", checkSetUp, []string{"cookie-1", ""}, warning, "PunchOutSetupRequest/BuyerCookie", "empty", "kontor"},
		{"long cookie", checkSetUp, []string{"cookie-1", strings.Repeat("c", 256)}, warning, "PunchOutSetupRequest/BuyerCookie", "longer", "kontor"},
		{"no user", checkSetUp, []string{"UserEmail", "Region"}, warning, "PunchOutSetupRequest/Extrinsic", "who is shopping", "kontor"},
		{"user by login", checkSetUp, []string{"ada@harbour.example", "ada"}, note, "PunchOutSetupRequest", "login", ""},
		{"user by e-mail", checkSetUp, nil, note, "PunchOutSetupRequest", "e-mail", ""},
		{"source", checkSetUp, []string{`"create"`, `"source"`}, warning, "PunchOutSetupRequest/@operation", "source", "kontor"},
		{"edit of nothing", checkSetUp, []string{`"create"`, `"edit"`}, warning, "PunchOutSetupRequest/ItemOut", "no lines", ""},
		{"lines in create", checkSetUp, []string{`</BrowserFormPost>`, `</BrowserFormPost><ItemOut quantity="1"/>`}, note, "PunchOutSetupRequest/ItemOut", "no meaning", "kontor"},

		{"wrong Total", checkOrder, []string{`"USD">45.00`, `"USD">46.00`}, fault, head + "/Total", "come to 45.00", "kontor"},
		{"Total with tax", checkOrder, []string{`"USD">45.00</Money></Total>`, `"USD">47.00</Money></Total><Tax><Money currency="USD">2.00</Money></Tax>`}, warning, head + "/Total", "goods only", "kontor"},
		{"no Total", checkOrder, []string{`<Total><Money currency="USD">45.00</Money></Total>`, ``}, warning, head + "/Total", "missing", "kontor"},
		{"tax twice, the same", checkOrder, []string{`</Total>`, `</Total><Tax><Money currency="USD">2.00</Money></Tax>`, `</ItemDetail>`, `</ItemDetail><Tax><Money currency="USD">2.00</Money></Tax>`}, note, head + "/Tax", "one tax", "kontor"},
		{"tax twice, another", checkOrder, []string{`</Total>`, `</Total><Tax><Money currency="USD">2.00</Money></Tax>`, `</ItemDetail>`, `</ItemDetail><Tax><Money currency="USD">1.00</Money></Tax>`}, warning, head + "/Tax", "too much", "kontor"},
		{"no line numbers", checkOrder, []string{` lineNumber="1"`, ``}, warning, "OrderRequest/ItemOut/@lineNumber", "1 of 2", "kontor"},
		{"two currencies", checkOrder, []string{`"USD">15.00`, `"EUR">15.00`}, fault, "OrderRequest/ItemOut[2]/ItemDetail/UnitPrice/Money/@currency", "one currency", "kontor"},
		{"thousands separator", checkOrder, []string{`>5.00`, `>5,000.00`}, fault, "OrderRequest/ItemOut[1]/ItemDetail/UnitPrice/Money", "separator", "kontor"},
		{"no price", checkOrder, []string{`<Money currency="USD">5.00</Money>`, ``}, fault, "OrderRequest/ItemOut[1]/ItemDetail/UnitPrice", "missing", "kontor"},
		{"third decimal of a dollar", checkOrder, []string{`"USD">45.00`, `"USD">45.001`}, warning, head + "/Total/Money", "more decimals", ""},
		{"odd unit", checkOrder, []string{`MTR`, `metre`}, warning, "OrderRequest/ItemOut[1]/ItemDetail/UnitOfMeasure", "UN/CEFACT", ""},
		{"no unit", checkOrder, []string{`MTR`, ``}, warning, "OrderRequest/ItemOut[1]/ItemDetail/UnitOfMeasure", "missing", ""},
		{"quantity 0", checkOrder, []string{`quantity="3"`, `quantity="0"`}, warning, "OrderRequest/ItemOut[1]/@quantity", "0", ""},
		{"no part number", checkOrder, []string{`ROPE-8`, ``}, warning, "OrderRequest/ItemOut[1]/ItemID/SupplierPartID", "missing", ""},
		{"accounting", checkOrder, []string{`</ItemDetail>`, `</ItemDetail><Distribution><Accounting name="a"/><Charge><Money currency="USD">14.00</Money></Charge></Distribution>`}, warning, "OrderRequest/ItemOut[1]/Distribution", "14.00", "kontor"},
		{"price basis in an old version", checkOrder, []string{version50, "cXML/1.2.020/", `<Classification`, `<PriceBasisQuantity quantity="1"/><Classification`}, fault, "OrderRequest/ItemOut[1]/ItemDetail/PriceBasisQuantity", "1.2.020", ""},
		{"Total without the factor", checkOrder, []string{`<Classification`, `<PriceBasisQuantity quantity="1" conversionFactor="0.5"/><Classification`}, warning, head + "/Total", "conversionFactor", "kontor"},
		{"change without a reference", checkOrder, []string{`type="new"`, `type="update"`}, warning, head + "/DocumentReference", "refer", "kontor"},
		{"release of nothing", checkOrder, []string{`type="new"`, `type="new" orderType="release"`}, warning, head + "/@agreementID", "agreement", ""},
		{"blanket without a date", checkOrder, []string{`type="new"`, `type="new" orderType="blanket"`}, warning, head + "/@effectiveDate", "effectiveDate", ""},
		{"card", checkOrder, []string{`</ShipTo>`, `</ShipTo><Payment><PCard number="XXXXXXXXXXXX1111" expiration="2027-01-31"/></Payment>`}, warning, head + "/Payment", "card", "kontor"},
		{"internal version", checkOrder, []string{`type="new"`, `type="new" isInternalVersion="yes"`}, note, head + "/@isInternalVersion", "internal", "kontor"},
		{"requisition twice", checkOrder, []string{`type="new"`, `type="new" requisitionID="R"`, `lineNumber="1"`, `lineNumber="1" requisitionID="R"`}, warning, "OrderRequest/ItemOut[1]/@requisitionID", "one place", ""},
		{"no ShipTo", checkOrder, []string{`<ShipTo><Address><Name xml:lang="en">Quay 4</Name></Address></ShipTo>`, ``}, note, head + "/ShipTo", "where", ""},

		{"cart's Total", checkCart, []string{`"USD">45.00`, `"USD">40.00`}, fault, "PunchOutOrderMessage/PunchOutOrderMessageHeader/Total", "come to 45.00", "jaggaer"},
		{"cart's Total with tax", checkCart, []string{`"USD">45.00`, `"USD">51.00`}, fault, "PunchOutOrderMessage/PunchOutOrderMessageHeader/Total", "counted twice", "jaggaer"},
		{"cart without a Total", checkCart, []string{`<Money currency="USD">45.00</Money>`, ``}, fault, "PunchOutOrderMessage/PunchOutOrderMessageHeader/Total", "missing", ""},
		{"cart in two currencies", checkCart, []string{`"USD">15.00`, `"EUR">15.00`}, fault, detail + "/UnitPrice/Money/@currency", "EUR", ""},
		{"cart without a cookie", checkCart, []string{`cookie-1`, ``}, fault, "PunchOutOrderMessage/BuyerCookie", "empty", ""},
		{"secret in a cart", checkCart, []string{`<Identity>700000001</Identity></Credential><UserAgent>`, `<Identity>700000001</Identity><SharedSecret>` + checkSecret + `</SharedSecret></Credential><UserAgent>`}, fault, "Header/Sender/Credential/SharedSecret", "browser", ""},
		{"lines with a cancel", checkCart, []string{`<PunchOutOrderMessage>`, `<Status code="204" text="No Content"/><PunchOutOrderMessage>`}, warning, "PunchOutOrderMessage/ItemIn", "ignored", ""},
		{"255 bytes", checkCart, []string{`>Rope<`, `>` + long + `<`}, warning, detail + "/Description", "256 bytes", "ariba"},
		{"256 characters", checkCart, []string{`>Rope<`, `>` + strings.Repeat("r", 257) + `<`}, warning, detail + "/Description", "257 characters", "jaggaer"},
		{"braces in a part id", checkCart, []string{`ROPE-8`, `ROPE{8}`}, warning, line + "/ItemID/SupplierPartID", "{", "ariba"},
		{"question mark in an aux id", checkCart, []string{`aux-1`, `aux?1`}, warning, line + "/ItemID/SupplierPartAuxiliaryID", "?", "ariba"},
		{"long part id", checkCart, []string{`ROPE-8`, strings.Repeat("R", 101)}, warning, line + "/ItemID/SupplierPartID", "101", ""},
		{"longish aux id", checkCart, []string{`aux-1`, strings.Repeat("a", 51)}, note, line + "/ItemID/SupplierPartAuxiliaryID", "51", ""},
		{"no part id", checkCart, []string{`ROPE-8`, ``}, fault, line + "/ItemID/SupplierPartID", "missing", ""},
		{"five decimals", checkCart, []string{`>15.00<`, `>15.00001<`}, warning, detail + "/UnitPrice", "4 decimals", "jaggaer"},
		{"a cart's missing price", checkCart, []string{`<Money currency="USD">15.00</Money>`, ``}, fault, detail + "/UnitPrice", "missing", ""},
		{"price of 0", checkCart, []string{`>15.00<`, `>0.00<`}, warning, detail + "/UnitPrice", "final", ""},
		{"UNSPSC of words", checkCart, []string{`31151500`, `Ropes`}, warning, detail + "/Classification", "8 digits", "jaggaer"},
		{"no Classification", checkCart, []string{`<Classification domain="UNSPSC">31151500</Classification>`, ``}, fault, detail + "/Classification", "missing", ""},
		{"no Description", checkCart, []string{`<Description xml:lang="en">Rope</Description>`, ``}, fault, detail + "/Description", "missing", ""},
		{"Description of a ShortName", checkCart, []string{`>Rope<`, `><ShortName>Rope</ShortName><`}, warning, detail + "/Description", "no text", "dynamics"},
		{"longish ShortName", checkCart, []string{`>Rope<`, `>Rope<ShortName>` + strings.Repeat("r", 31) + `</ShortName><`}, note, detail + "/Description/ShortName", "31", ""},
		{"long ShortName", checkCart, []string{`>Rope<`, `>Rope<ShortName>` + strings.Repeat("r", 51) + `</ShortName><`}, warning, detail + "/Description/ShortName", "51", ""},
		{"unit in words, Coupa", checkCart, []string{`MTR`, `metre`}, warning, detail + "/UnitOfMeasure", "UN/CEFACT", "coupa"},
		{"unit in words, Jaggaer", checkCart, []string{`MTR`, `metre`}, warning, detail + "/UnitOfMeasure", "UN/CEFACT", "jaggaer"},
		{"EACH", checkCart, []string{`MTR`, `EACH`}, warning, detail + "/UnitOfMeasure", "EA", "oracle"},
		{"rare unit", checkCart, []string{`MTR`, `A11`}, note, detail + "/UnitOfMeasure", "common", "coupa"},
		{"cart's missing unit", checkCart, []string{`MTR`, ``}, fault, detail + "/UnitOfMeasure", "missing", "coupa"},
		{"cart's price basis", checkCart, []string{version50, "cXML/1.2.014/", `<Classification`, `<PriceBasisQuantity quantity="1"/><Classification`}, fault, detail + "/PriceBasisQuantity", "1.2.014", ""},
		{"cart's quantity 0", checkCart, []string{`quantity="3"`, `quantity="0"`}, warning, line + "/@quantity", "0", ""},

		{"quantities", checkConfirmation, []string{`quantity="2"`, `quantity="1.5"`}, fault, confirmed + "/@quantity", "come to 2.5", ""},
		{"detail of nothing", checkConfirmation, []string{`<UnitPrice><Money currency="USD">5.10</Money></UnitPrice>`, ``}, fault, confirmed + "/ConfirmationStatus[2]", "differs", ""},
		{"no DocumentReference", checkConfirmation, []string{`<DocumentReference payloadID="1.1@harbour.example"/>`, ``}, fault, "ConfirmationRequest/OrderReference/DocumentReference", "drop", ""},
		{"no order", checkConfirmation, []string{` orderID="PO-7"`, ``}, warning, "ConfirmationRequest/OrderReference/@orderID", "missing", ""},
		{"update of nothing", checkConfirmation, []string{`"new"`, `"update"`}, fault, "ConfirmationRequest/ConfirmationHeader/DocumentReference", "replaces", ""},
		{"type under another", checkConfirmation, []string{`operation="new" type="detail"`, `operation="new" type="accept"`}, fault, confirmed + "/ConfirmationStatus[2]/@type", "no place", ""},
		{"no unit on the item", checkConfirmation, []string{`<UnitOfMeasure>MTR</UnitOfMeasure>`, ``}, fault, confirmed + "/UnitOfMeasure", "missing", ""},
		{"no unit on the status", checkConfirmation, []string{`"accept"><UnitOfMeasure>MTR</UnitOfMeasure>`, `"accept">`}, fault, confirmed + "/ConfirmationStatus[1]/UnitOfMeasure", "missing", ""},
		{"another unit", checkConfirmation, []string{`"accept"><UnitOfMeasure>MTR<`, `"accept"><UnitOfMeasure>EA<`}, warning, confirmed + "/ConfirmationStatus[1]/UnitOfMeasure", "not that", ""},
		{"no number", checkConfirmation, []string{` lineNumber="1"`, ``}, warning, confirmed + "/@lineNumber", "missing", ""},
		{"no confirmID", checkConfirmation, []string{`C-1`, ``}, note, "ConfirmationRequest/ConfirmationHeader/@confirmID", "empty", ""},
		{"a line twice", checkConfirmation, []string{`</ConfirmationItem>`, `</ConfirmationItem><ConfirmationItem quantity="1" lineNumber="1"/>`}, fault, "ConfirmationRequest/ConfirmationItem[2]/@lineNumber", "twice", ""},
		{"no status", checkConfirmation, []string{`</ConfirmationItem>`, `</ConfirmationItem><ConfirmationItem quantity="1" lineNumber="2"/>`}, fault, "ConfirmationRequest/ConfirmationItem[2]/ConfirmationStatus", "no status", ""},
		{"unasked for", checkConfirmation, nil, note, "ConfirmationRequest", "asked", "coupa"},
		{"rejection", checkConfirmation, []string{`operation="new" type="detail"`, `operation="new" type="reject"`}, note, "ConfirmationRequest/ConfirmationHeader/@type", "rejects", "fusion"},

		{"secret", checkOrder, []string{`>XXXXXXXX<`, `>` + checkSecret + `<`}, note, "Header/Sender/Credential/SharedSecret", "in clear", "kontor"},
		{"secret elsewhere", checkOrder, []string{`<To><Credential domain="DUNS"><Identity>800000001</Identity>`, `<To><Credential domain="DUNS"><Identity>800000001</Identity><SharedSecret>` + checkSecret + `</SharedSecret>`}, warning, "Header/To/Credential/SharedSecret", "nobody needs", "kontor"},
		{"card number", checkOrder, []string{`</ShipTo>`, `</ShipTo><Payment><PCard number="` + checkCard + `" expiration="2027-01-31"/></Payment>`}, warning, head + "/Payment/PCard/@number", "card number", "kontor"},
		{"card number in words", checkOrder, []string{`</ShipTo>`, `</ShipTo><Comments>Please use ` + checkCard + `.</Comments>`}, warning, head + "/Comments", "looks like", "kontor"},
		{"card number in a named extrinsic", checkOrder, []string{`</ShipTo>`, `</ShipTo><Extrinsic name="CardNumber">` + checkCard + `</Extrinsic>`}, warning, head + "/Extrinsic", "A card number", "kontor"},
		{"security code", checkOrder, []string{`</ShipTo>`, `</ShipTo><Extrinsic name="CVV">737</Extrinsic>`}, fault, head + "/Extrinsic", "security code", "kontor"},
		{"card token", checkOrder, []string{`</ShipTo>`, `</ShipTo><Payment><PaymentToken number="XXXXXXXXXXXX1111" token="tok-` + checkSecret + `"/></Payment>`}, warning, head + "/Payment/PaymentToken/@token", "token", "kontor"},
		{"password", checkOrder, []string{`</ShipTo>`, `</ShipTo><Extrinsic name="Password">` + checkSecret + `</Extrinsic>`}, warning, head + "/Extrinsic", "nobody needs", "kontor"},
		{"more than can be counted", checkOrder, []string{`quantity="3"`, `quantity="9999999999999999"`, `>5.00<`, `>9999999999999999<`}, fault, "OrderRequest/ItemOut[1]", "counted", ""},
		{"too many digits", checkOrder, []string{`>5.00<`, `>5.123456789012345<`, `<Classification`, `<PriceBasisQuantity quantity="1" conversionFactor="0.333333333333333"/><Classification`}, fault, "OrderRequest/ItemOut[1]/ItemDetail", "digits", ""},
		{"card number in a wrong number", checkOrder, []string{`quantity="3"`, `quantity="` + checkCard + `x"`}, fault, "OrderRequest/ItemOut[1]/@quantity", "plain decimal", "kontor"},
		{"card number as a unit", checkOrder, []string{`MTR`, checkCard}, warning, "OrderRequest/ItemOut[1]/ItemDetail/UnitOfMeasure", "UN/CEFACT", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found := check(t, checked(test.text, test.change...))
			if !hasFinding(found, test.level, test.place, test.says, test.system) {
				t.Errorf("no %s at %s that says %q to %q in %+v", test.level, test.place, test.says, test.system, found)
			}
			if len(test.change) > 0 && test.level != note && hasFinding(check(t, checked(test.text)), test.level, test.place, test.says, test.system) {
				t.Error("the document says so before it is changed")
			}
		})
	}
}

// An empty cart is told, as in an edit session it deletes lines; a cancel by status isn't one.
func TestCheckEmptyCart(t *testing.T) {
	text := checkCart[:strings.Index(checkCart, "<ItemIn")] + checkCart[strings.Index(checkCart, "</PunchOutOrderMessage>"):]
	empty := checked(text, "45.00", "0.00")
	if !hasFinding(check(t, empty), procurement.LevelWarning, "PunchOutOrderMessage", "empty", "") {
		t.Error("an empty cart is not told")
	}
	cancel := change(string(empty), `<PunchOutOrderMessage>`, `<Status code="204" text="No Content"/><PunchOutOrderMessage>`)
	if found := check(t, cancel); found.Count(procurement.LevelWarning)+found.Count(procurement.LevelFault) > 0 {
		t.Errorf("a cancel is no empty cart: %+v", found)
	}
}

func TestCheckResponsesAndOthers(t *testing.T) {
	response := `<cXML payloadID="1@harbour.example" timestamp="2026-03-05T09:00:00-05:00"><Response><Status code="CODE" text="TEXT"/></Response></cXML>`
	if found := check(t, change(response, "CODE", "200", "TEXT", "OK")); found.Count(procurement.LevelWarning) > 0 {
		t.Errorf("a good Response: %+v", found)
	}
	if !hasFinding(check(t, change(response, "CODE", "423", "TEXT", "Locked")), procurement.LevelWarning, "Response/Status/@code", "423", "") {
		t.Error("a code outside of the guide is not told")
	}
	if !hasFinding(check(t, change(response, "CODE", "200", "TEXT", "")), procurement.LevelWarning, "Response/Status/@text", "missing", "") {
		t.Error("a missing text is not told")
	}
	if !hasFinding(check(t, change(response, "CODE", "500", "TEXT", "No", "</Response>", "<ProfileResponse/></Response>")), procurement.LevelWarning, "Response", "2xx", "") {
		t.Error("a payload beside a failure is not told")
	}
	if !hasFinding(check(t, change(response, "CODE", "200", "TEXT", "OK", "<Response>", "<Header/><Response>")), procurement.LevelWarning, "Header", "no Header", "") {
		t.Error("the Header of a Response is not told")
	}
	start := change(response, "CODE", "200", "TEXT", "OK", "</Response>", "<PunchOutSetupResponse><StartPage><URL>https://shop.example/"+strings.Repeat("a", 240)+"</URL></StartPage></PunchOutSetupResponse></Response>")
	if !hasFinding(check(t, start), procurement.LevelWarning, "Response/PunchOutSetupResponse/StartPage/URL", "261 characters", "") {
		t.Errorf("a long start page is not told: %+v", check(t, start))
	}
	if !hasFinding(check(t, []byte("<Index/>")), procurement.LevelWarning, "Index", "catalogue", "kontor") {
		t.Error("a catalogue is not told")
	}
	if !hasFinding(check(t, []byte("<html/>")), procurement.LevelFault, "", "not cXML", "kontor") {
		t.Error("another root is not told")
	}
	update := checkHead + `<Request><StatusUpdateRequest><Status code="200" text="OK"/></StatusUpdateRequest></Request></cXML>`
	if !hasFinding(check(t, checked(update)), procurement.LevelWarning, "StatusUpdateRequest/DocumentReference", "which document", "") {
		t.Error("a status of nothing is not told")
	}
	header := checked(checkConfirmation[:strings.Index(checkConfirmation, "<ConfirmationItem")]+"</ConfirmationRequest></Request></cXML>", `confirmID="C-1"`, `confirmID="C-2"`)
	if !hasFinding(check(t, header), procurement.LevelWarning, "ConfirmationRequest/ConfirmationHeader/@type", "Without lines", "coupa") {
		t.Error("a header that can't stand alone is not told")
	}
}

// For one receiver what it refuses is a fault, and what others do is left out.
func TestCheckForOneSystem(t *testing.T) {
	found := check(t, checked(checkCart, "ROPE-8", "ROPE{8}", "31151500", "Ropes"))
	place := "PunchOutOrderMessage/ItemIn[1]/"
	if found.Count(procurement.LevelFault) != 0 {
		t.Errorf("without a receiver nothing is refused: %+v", found)
	}
	ariba := found.For("ariba")
	if !hasFinding(ariba, procurement.LevelFault, place+"ItemID/SupplierPartID", "{", "ariba") || ariba[0].Level != procurement.LevelFault {
		t.Errorf("Ariba refuses it: %+v", ariba)
	}
	if hasFinding(ariba, procurement.LevelWarning, place+"ItemDetail/Classification", "", "") {
		t.Errorf("Ariba doesn't mind the classification: %+v", ariba)
	}
	if found.For("coupa").Count(procurement.LevelFault) != 0 {
		t.Errorf("Coupa minds neither: %+v", found.For("coupa"))
	}
	if found.Count(procurement.LevelFault) != 0 {
		t.Error("narrowing has changed what it was made from")
	}
	// A fault holds for all, whoever is known to do what about it.
	total := check(t, checked(checkCart, `"USD">45.00`, `"USD">46.00`, "MTR", "metre")).For("ariba")
	if !hasFinding(total, procurement.LevelFault, "PunchOutOrderMessage/PunchOutOrderMessageHeader/Total", "", "") ||
		!hasFinding(total, procurement.LevelWarning, place+"ItemDetail/UnitOfMeasure", "", "") {
		t.Errorf("a wrong Total and a wrong unit are wrong for Ariba too: %+v", total)
	}
	order := check(t, checked(checkOrder, `"USD">45.00`, `"USD">46.00`))
	if !hasFinding(order.For("coupa"), procurement.LevelFault, "OrderRequest/OrderRequestHeader/Total", "", "kontor") {
		t.Error("what this program does is told whoever the other side is")
	}
}

// Secrets are found whatever the character set, and where the place can't be told they are named.
func TestCheckFindsSecretsInOtherEncodings(t *testing.T) {
	text := string(checked(checkOrder, `>XXXXXXXX<`, `>`+checkSecret+`<`))
	wide := []byte("\xff\xfe")
	for _, unit := range utf16.Encode([]rune(strings.Replace(text, "UTF-8", "UTF-16", 1))) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	for name, body := range map[string][]byte{
		"BOM":          []byte("\ufeff" + text),
		"UTF-16":       wide,
		"windows-1252": []byte(strings.Replace(strings.Replace(text, "UTF-8", "windows-1252", 1), "Quay 4", "Quay \x80", 1)),
		"comment":      []byte(strings.Replace(text, checkSecret, "lantern<!-- a -->-and-tide", 1)),
	} {
		if !hasFinding(check(t, body), procurement.LevelNote, "Header/Sender/Credential/SharedSecret", "in clear", "kontor") {
			t.Errorf("%s: the secret is not found", name)
		}
	}
}

func TestCheckRefusesWhatCannotBeRead(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "no XML": "Order 3 ropes", "cut": checkOrder[:900], "binary": "\x00\x01\x02\xff", "half a message": "Content-Type: multipart/related; boundary=b\r\n\r\nno part",
		"entity": `<!DOCTYPE cXML [<!ENTITY a "b">]><cXML/>`,
	} {
		if found, err := procurement.Check([]byte(body), ""); err == nil {
			t.Errorf("%s is read: %+v", name, found)
		}
	}
}

// What EXPECTED.md and VALIDATION.md say is wrong with the samples, and nothing else, is a fault.
func TestCheckSamples(t *testing.T) {
	faulty := map[string]string{
		"business-cxml-garbage-request.xml":                      "GarbageRequest",
		"business-cxml-punchoutsetup5-request.xml":               "PunchOutSetupRequest/BrowserFormPost",
		"posr-create-no-browserformpost.xml":                     "PunchOutSetupRequest/BrowserFormPost",
		"officeluv-punch_out_setup_request_doc.xml":              "PunchOutSetupRequest/BrowserFormPost/URL",
		"officeluv-punch_out_setup_request_doc_with_ship_to.xml": "PunchOutSetupRequest/BrowserFormPost/URL",
		"friendsofcxml-PunchoutOrderMessage.xml":                 "PunchOutOrderMessage/PunchOutOrderMessageHeader/Total",
		"officeluv-purchase_order_request_200.xml":               "OrderRequest/OrderRequestHeader/Total",
	}
	files, err := filepath.Glob(filepath.Join(sampleRoot(t), "*", "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := check(t, body)
		want := faulty[name]
		for _, f := range found {
			if f.Level == procurement.LevelFault && f.Place != want {
				t.Errorf("%s: %+v", name, f)
			}
			said := f.Place + f.Message
			for _, secret := range []string{"example-secret", "abracadabra", "coyote", "s3cr3t", "123456secret", "{shared secret in here}"} {
				if strings.Contains(said, secret) {
					t.Errorf("%s: a finding quotes a secret: %+v", name, f)
				}
			}
		}
		if want != "" && !hasFinding(found, procurement.LevelFault, want, "", "") {
			t.Errorf("%s: no fault at %s in %+v", name, want, found)
		}
	}
}

// Findings have the line of the file, in a message of several parts, too.
func TestCheckNamesTheLine(t *testing.T) {
	line := func(found procurement.Findings, place string) int {
		t.Helper()
		for _, f := range found {
			if f.Place == place {
				return f.Line
			}
		}
		t.Errorf("nothing is found at %s: %+v", place, found)
		return 0
	}
	order := string(checked(checkOrder, ">XXXXXXXX<", ">"+checkSecret+"<", "MTR", "metre", `quantity="3"`, `quantity="3"`, "</OrderRequestHeader>", "\n</OrderRequestHeader>", `timestamp="2026-03-05T09:00:00-05:00"`, `timestamp="today"`))
	wrong := strings.Replace(order, "<ItemOut quantity=\"3\" lineNumber=\"1\">", "<ItemOut\n quantity=\"3\"\n lineNumber=\"1\">\n", 1)
	const unit = "OrderRequest/ItemOut[1]/ItemDetail/UnitOfMeasure"
	// The head has 5 lines; line 6 begins with Request, line 7 ends the header, line 8 begins with ItemOut.
	for place, want := range map[string]int{"cXML/@timestamp": 3, "Header/Sender/Credential/SharedSecret": 5, unit: 8} {
		if got := line(check(t, []byte(order)), place); got != want {
			t.Errorf("%s is said to be in line %d, want %d", place, got, want)
		}
	}
	if got := line(check(t, []byte(wrong)), unit); got != 11 {
		t.Errorf("the unit is said to be in line %d, want 11", got)
	}
	message := "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=edge\r\n\r\n" + string(related([]byte(order), "Content-ID: <x>\r\n\r\nx"))
	if got := line(check(t, []byte(message)), unit); got != 8+3+3 {
		t.Errorf("in a message the unit is said to be in line %d, want 14", got)
	}
	// What is missing is missing in the element that should have it; UTF-16 has lines as well.
	missing := strings.Replace(order, "<UnitOfMeasure>metre</UnitOfMeasure>", "", 1)
	if got := line(check(t, wide(strings.Replace(missing, "UTF-8", "UTF-16", 1))), unit); got != 8 {
		t.Errorf("a missing unit is said to be in line %d, want 8", got)
	}
	codec := check(t, []byte(strings.Replace(order, `quantity="3"`, `quantity="three"`, 1)))
	if got := line(codec, "OrderRequest/ItemOut[1]/@quantity"); got != 8 {
		t.Errorf("a fault of the codec is said to be in line %d, want 8", got)
	}
}

// What travels with the document is held against what the document refers to.
func TestCheckReadsMessages(t *testing.T) {
	attach := func(addresses ...string) []byte {
		text := ""
		for _, address := range addresses {
			text += "<Attachment><URL>" + address + "</URL></Attachment>"
		}
		return checked(checkOrder, "</ShipTo>", `</ShipTo><Comments xml:lang="en">See`+text+"</Comments>")
	}
	const head, comments = "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=edge\n\n", "OrderRequest/OrderRequestHeader/Comments/"
	message := head + string(related(attach("cid:plan%201@b.example", "cid:lost@b.example", "plan.pdf"), "Content-ID: <plan 1@b.example>\r\n\r\nx", "Content-Type: image/png\r\n\r\nyy"))
	found := check(t, []byte(message))
	if !hasFinding(found, procurement.LevelWarning, comments+"Attachment[2]/URL", `"lost@b.example" is not in the message`, "kontor") ||
		!hasFinding(found, procurement.LevelWarning, comments+"Attachment[3]/URL", "no cid: address", "kontor") ||
		!hasFinding(found, procurement.LevelNote, "", `part 3 of the message, "image/png" of 2 bytes`, "kontor") {
		t.Errorf("%+v", found)
	}
	if hasFinding(found, procurement.LevelWarning, comments+"Attachment[1]/URL", "", "") || hasFinding(found, procurement.LevelNote, "", "part 2", "") {
		t.Errorf("what is there is said to be missing: %+v", found)
	}
	for name, body := range map[string][]byte{"alone": attach("cid:plan@b.example"), "in base64": []byte(base64.StdEncoding.EncodeToString(attach("cid:plan@b.example"))),
		"in gzip": gzipped(t, attach("cid:plan@b.example"))} {
		if found := check(t, body); !hasFinding(found, procurement.LevelWarning, comments+"Attachment/URL", `"plan@b.example" is not`, "kontor") {
			t.Errorf("%s: %+v", name, found)
		}
	}
	copied := checked(checkHead + `<Request><CopyRequest><cXMLAttachment><Attachment><URL>cid:a</URL></Attachment></cXMLAttachment></CopyRequest></Request></cXML>`)
	if found := check(t, copied); !hasFinding(found, procurement.LevelWarning, "CopyRequest/cXMLAttachment/Attachment/URL", `"a" is not`, "kontor") {
		t.Errorf("%+v", found)
	}
}

// Every type of cXML 1.2 is known by name, also those that are only looked at from outside.
func TestCheckKnowsAllTypes(t *testing.T) {
	request := func(doctype, name string) []byte {
		return checked(strings.Replace(checkHead, "cXML.dtd", doctype, 1) + "<Request><" + name + "/></Request></cXML>")
	}
	for _, test := range []struct {
		doctype, name string
		level         procurement.Level
		says          string
		kontor        bool
	}{
		{"cXML.dtd", "MasterAgreementRequest", procurement.LevelNote, "Only the envelope", true},
		{"InvoiceDetail.dtd", "InvoiceDetailRequest", procurement.LevelNote, "(InvoiceDetail.dtd)", false},
		{"Fulfill.dtd", "ShipNoticeRequest", procurement.LevelNote, "Only the envelope", false},
		{"PaymentRemittance.dtd", "PaymentBatchRequest", procurement.LevelNote, "Only the envelope", true},
		{"Quote.dtd", "QuoteRequest", procurement.LevelNote, "Only the envelope", true},
		{"Logistics.dtd", "TransportConfirmation", procurement.LevelNote, "(Logistics.dtd)", true},
		{"cXML.dtd", "TeaRequest", procurement.LevelFault, "No DTD of cXML 1.2", true},
		{"cXML.dtd", "GetPendingRequest", procurement.LevelNote, "Only the envelope", true},
	} {
		found := check(t, request(test.doctype, test.name))
		system := ""
		if test.kontor {
			system = "kontor"
		}
		if !hasFinding(found, test.level, test.name, test.says, system) || hasFinding(found, procurement.LevelWarning, "cXML", "DOCTYPE", "") ||
			!test.kontor && hasFinding(found, test.level, test.name, test.says, "kontor") {
			t.Errorf("%s: %+v", test.name, found)
		}
	}
	for name, test := range map[string]struct {
		doctype string
		right   bool
	}{"ConfirmationRequest": {"cXML.dtd", false}, "OrderRequest": {"Fulfill.dtd", false}, "CopyRequest": {"Fulfill.dtd", true}, "InvoiceDetailRequest": {"cXML.dtd", false}} {
		if told := hasFinding(check(t, request(test.doctype, name)), procurement.LevelWarning, "cXML", test.doctype, "kontor"); told == test.right {
			t.Errorf("%s under %s: told %t", name, test.doctype, told)
		}
	}
	for _, body := range []string{"<CopyRequest/>", "<OrderStatusRequest/>", "<ReceiptRequest/>"} {
		found := check(t, checked(checkHead+"<Request>"+body+"</Request></cXML>"))
		if found.Count(procurement.LevelFault) == 0 {
			t.Errorf("nothing is wrong with %s: %+v", body, found)
		}
	}
}

func TestCheckFindsTextThatIsEscapedTwice(t *testing.T) {
	const place = "PunchOutOrderMessage/ItemIn[1]/ItemDetail/Description"
	for text, told := range map[string]bool{"Rope &amp;amp; hook": true, "5&amp;quot; rope": true, "&amp;#x20AC;": true, "Rope &amp; hook": false, "R&amp;D; a": false} {
		body := change(string(checked(checkCart)), `xml:lang="en">Rope<`, `xml:lang="en">`+text+`<`)
		if hasFinding(check(t, body), procurement.LevelWarning, place, "escaped twice", "") != told {
			t.Errorf("%s: %+v", text, check(t, body))
		}
	}
}

func TestCheckOrderOfElementsAndByteOrderMark(t *testing.T) {
	cart := string(checked(checkCart))
	price := cart[strings.Index(cart, "<UnitPrice>") : strings.Index(cart, "</UnitPrice>")+len("</UnitPrice>")]
	moved := strings.Replace(strings.Replace(cart, price, "", 1), "</UnitOfMeasure>", "</UnitOfMeasure>"+price, 1)
	const place = "PunchOutOrderMessage/ItemIn[1]/ItemDetail/UnitPrice"
	if !hasFinding(check(t, []byte(moved)), procurement.LevelWarning, place, "UnitPrice stands after UnitOfMeasure", "kontor") {
		t.Errorf("%+v", check(t, []byte(moved)))
	}
	if ariba := check(t, []byte(moved)).For("ariba"); !hasFinding(ariba, procurement.LevelWarning, place, "", "") {
		t.Errorf("it holds for Ariba as well: %+v", ariba)
	}
	if found := check(t, []byte("\ufeff"+cart)).For("ariba"); !hasFinding(found, procurement.LevelFault, "", "byte order mark", "ariba") {
		t.Errorf("%+v", found)
	}
	if found := check(t, append([]byte("\ufeff"), checked(checkOrder)...)); hasFinding(found, procurement.LevelWarning, "", "byte order mark", "") {
		t.Errorf("an order may have one: %+v", found)
	}
}
