package procurement_test

import (
	"fmt"
	"strings"

	"github.com/kontorhq/kontor/procurement"
)

// Invented documents. A fixture is a text with the parts that a case changes.

const (
	orderText = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">
<cXML payloadID="PAYLOAD" timestamp="2026-03-05T09:00:00-05:00">
<Header><From><Credential domain="DUNS"><Identity>700000001</Identity></Credential></From><To><Credential domain="DUNS"><Identity>800000001</Identity></Credential></To>
<Sender><Credential domain="DUNS"><Identity>700000001</Identity><SharedSecret>tide&amp;lantern</SharedSecret></Credential><UserAgent>Fixture 1</UserAgent></Sender></Header>
<Request><OrderRequest><OrderRequestHeader orderID="NUMBER" orderDate="2026-03-05T09:00:00-05:00" type="new"><Total><Money currency="USD">45.00</Money></Total></OrderRequestHeader>
<ItemOut quantity="3" lineNumber="1"><ItemID><SupplierPartID>ROPE-8</SupplierPartID></ItemID><ItemDetail><UnitPrice><Money currency="USD">5.00</Money></UnitPrice><Description xml:lang="en">Rope</Description><UnitOfMeasure>MTR</UnitOfMeasure><Classification domain="UNSPSC">31151500</Classification></ItemDetail></ItemOut>
<ItemOut quantity="2" lineNumber="2"><ItemID><SupplierPartID>HOOK-2</SupplierPartID></ItemID><ItemDetail><UnitPrice><Money currency="USD">15.00</Money></UnitPrice><Description xml:lang="en">Hook</Description><UnitOfMeasure>EA</UnitOfMeasure><Classification domain="UNSPSC">31162600</Classification></ItemDetail></ItemOut>
</OrderRequest></Request></cXML>`

	setUpText = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">
<cXML payloadID="PAYLOAD" timestamp="2026-03-05T09:00:00-05:00" xml:lang="en-GB">
<Header><From><Credential domain="DUNS"><Identity>700000001</Identity></Credential></From><To><Credential domain="DUNS"><Identity>800000001</Identity></Credential></To>
<Sender><Credential domain="DUNS"><Identity>700000001</Identity><SharedSecret>tide&amp;lantern</SharedSecret></Credential><UserAgent>Fixture 1</UserAgent></Sender></Header>
<Request><PunchOutSetupRequest operation="create"><BuyerCookie>COOKIE</BuyerCookie><Extrinsic name="UserEmail">USER</Extrinsic>
<BrowserFormPost><URL>https://buying.example.org/return?a=1&amp;b=2</URL></BrowserFormPost></PunchOutSetupRequest></Request></cXML>`

	fixtureSecret = "tide&lantern"
	secretElement = "<SharedSecret>tide&amp;lantern</SharedSecret>"
	returnAddress = "https://buying.example.org/return?a=1&amp;b=2"
	headerStart   = `orderDate="2026-03-05T09:00:00-05:00" type="new"><Total><Money currency="USD">45.00</Money></Total>`
)

// fixture is the buyer that the invented documents come from.
func fixture() link {
	return link{from: []procurement.Identity{id("DUNS", "700000001")}, secret: fixtureSecret, settings: acceptAndFlag("buying.example.org"),
		own: []procurement.Identity{id("DUNS", "800000001")}}
}

// change replaces parts of a text; each must be there, or the case would test nothing.
func change(text string, pairs ...string) []byte {
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			panic(fmt.Sprintf("the fixture has no %q", pairs[i]))
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return []byte(text)
}

// po is an order of the fixture's buyer for 45.00.
func po(payload, number string, pairs ...string) []byte {
	return change(orderText, append([]string{"PAYLOAD", payload, "NUMBER", number}, pairs...)...)
}

// setUp is a visit of the fixture's buyer.
func setUp(payload, cookie, user string, pairs ...string) []byte {
	return change(setUpText, append([]string{"PAYLOAD", payload, "COOKIE", cookie, "USER", user}, pairs...)...)
}
