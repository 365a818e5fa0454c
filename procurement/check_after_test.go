package procurement_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/procurement"
)

const (
	checkAsked = checkFulfillHead + `<Request deploymentMode="production"><OrderStatusRequest><OrderStatusRequestHeader orderStatusRequestID="Q-1" orderStatusRequestDate="2026-03-05T09:00:00-05:00"><OrderReference orderID="PO-7"><DocumentReference payloadID="1.1@harbour.example"/></OrderReference><Contact><Name xml:lang="en">Ada</Name></Contact></OrderStatusRequestHeader></OrderStatusRequest></Request></cXML>`

	checkReceipt = checkFulfillHead + `<Request deploymentMode="production"><ReceiptRequest><ReceiptRequestHeader receiptID="R-1" receiptDate="2026-03-05"/><ReceiptOrder><ReceiptOrderInfo><OrderReference orderID="PO-7"><DocumentReference payloadID="1.1@harbour.example"/></OrderReference></ReceiptOrderInfo>
<ReceiptItem quantity="3" receiptLineNumber="1"><ReceiptItemReference lineNumber="1"/><UnitRate><Money currency="USD">5.00</Money><UnitOfMeasure>MTR</UnitOfMeasure></UnitRate><ReceivedAmount><Money currency="USD">15.00</Money></ReceivedAmount></ReceiptItem>
<ReceiptItem quantity="1" receiptLineNumber="2" type="returned"><ReceiptItemReference lineNumber="2"/><UnitRate><Money currency="USD">15.00</Money><UnitOfMeasure>EA</UnitOfMeasure></UnitRate><ReceivedAmount><Money currency="USD">-15.00</Money></ReceivedAmount></ReceiptItem>
</ReceiptOrder><Total><Money currency="USD">0.00</Money></Total></ReceiptRequest></Request></cXML>`

	checkUpdate = checkHead + `<Request deploymentMode="production"><StatusUpdateRequest><DocumentReference payloadID="1.1@harbour.example"/><Status code="200" text="OK"/><InvoiceStatus type="paid"><PartialAmount><Money currency="USD">5.00</Money></PartialAmount></InvoiceStatus></StatusUpdateRequest></Request></cXML>`

	checkProfile = `<cXML payloadID="1@harbour.example" timestamp="2026-03-05T09:00:00-05:00" version="1.2.050"><Response><Status code="200" text="OK"/><ProfileResponse effectiveDate="2026-03-05T09:00:00-05:00"><Transaction requestName="OrderRequest"><URL>https://shop.example/cxml</URL></Transaction></ProfileResponse></Response></cXML>`

	checkStart = `<cXML payloadID="1@harbour.example" timestamp="2026-03-05T09:00:00-05:00" version="1.2.050"><Response><Status code="200" text="OK"/><PunchOutSetupResponse><StartPage><URL>https://shop.example/p</URL></StartPage></PunchOutSetupResponse></Response></cXML>`

	checkCopied = checkHead + `<Request deploymentMode="production"><CopyRequest processingMode="info"><cXML payloadID="9@x" timestamp="2026-03-05T09:00:00-05:00"><Request><ProfileRequest/></Request></cXML></CopyRequest></Request></cXML>`
)

func TestCheckRulesAfterAnOrder(t *testing.T) {
	const (
		fault, warning, note = procurement.LevelFault, procurement.LevelWarning, procurement.LevelNote
		receipt              = "ReceiptRequest/ReceiptOrder"
		asked                = "OrderStatusRequest/OrderStatusRequestHeader"
		update               = "StatusUpdateRequest"
	)
	for _, test := range []struct {
		name   string
		text   string
		change []string
		level  procurement.Level
		place  string
		says   string
		system string
	}{
		{"a question is told its answer", checkAsked, nil, note, "OrderStatusRequest", "once more", "kontor"},
		{"a question without a number of its own", checkAsked, []string{` orderStatusRequestID="Q-1"`, ``}, warning, asked + "/@orderStatusRequestID", "missing", "kontor"},
		{"a question without a date", checkAsked, []string{` orderStatusRequestDate="2026-03-05T09:00:00-05:00"`, ``}, warning, asked + "/@orderStatusRequestDate", "missing", "kontor"},
		{"a question by nobody", checkAsked, []string{`<Contact><Name xml:lang="en">Ada</Name></Contact>`, ``}, warning, asked + "/Contact", "missing", "kontor"},
		{"a question about a document only", checkAsked, []string{` orderID="PO-7"`, ``}, warning, asked + "/OrderReference/@orderID", "number is missing", "kontor"},
		{"a question about nothing", checkAsked, []string{`<OrderReference orderID="PO-7"><DocumentReference payloadID="1.1@harbour.example"/></OrderReference>`, ``}, fault, asked + "/OrderReference", "missing", "kontor"},

		{"a receipt whose Total is not its amounts", checkReceipt, []string{`<Total><Money currency="USD">0.00`, `<Total><Money currency="USD">30.00`}, warning, "ReceiptRequest/Total", "come to 0.00", "kontor"},
		{"a line whose amount is not its rate", checkReceipt, []string{`<Money currency="USD">5.00<`, `<Money currency="USD">6.00<`}, warning, receipt + "/ReceiptItem[1]/ReceivedAmount", "comes to 18.00", "kontor"},
		{"a negative quantity", checkReceipt, []string{`quantity="3"`, `quantity="-3"`}, warning, receipt + "/ReceiptItem[1]/@quantity", "negative", "kontor"},
		{"a negative return", checkReceipt, []string{`quantity="1"`, `quantity="-1"`}, warning, receipt + "/ReceiptItem[2]/@quantity", "count it as received", "kontor"},
		{"nothing arrived", checkReceipt, []string{`quantity="3"`, `quantity="0"`}, warning, receipt + "/ReceiptItem[1]/@quantity", "is 0", ""},
		{"two currencies", checkReceipt, []string{`<ReceivedAmount><Money currency="USD">15`, `<ReceivedAmount><Money currency="EUR">15`}, fault, receipt + "/ReceiptItem[1]/ReceivedAmount/Money/@currency", "in EUR", ""},
		{"a rate in another currency", checkReceipt, []string{`<UnitRate><Money currency="USD">5`, `<UnitRate><Money currency="EUR">5`}, fault, receipt + "/ReceiptItem[1]/UnitRate/Money/@currency", "in EUR", ""},
		{"a receipt without a number", checkReceipt, []string{` receiptID="R-1"`, ``}, warning, "ReceiptRequest/ReceiptRequestHeader/@receiptID", "missing", "kontor"},
		{"a line of no order line", checkReceipt, []string{`<ReceiptItemReference lineNumber="1"/>`, ``}, warning, receipt + "/ReceiptItem[1]/ReceiptItemReference", "missing", "kontor"},
		{"a receipt in the wrong order", checkReceipt, []string{`<Total><Money currency="USD">0.00</Money></Total>`, ``, `<ReceiptOrder>`, `<Total><Money currency="USD">0.00</Money></Total><ReceiptOrder>`}, warning, receipt, "stands after Total", "kontor"},
		{"a receipt for too many orders", checkReceipt, []string{`<Total>`, strings.Repeat(`<ReceiptOrder><ReceiptOrderInfo><OrderReference orderID="PO-8"/></ReceiptOrderInfo></ReceiptOrder>`, 200) + `<Total>`}, fault, receipt, "201 orders", "kontor"},

		{"an invoice's status that there is not", checkUpdate, []string{`type="paid"`, `type="denied"`}, warning, update + "/InvoiceStatus/@type", "denied", "kontor"},
		{"a part of what was rejected", checkUpdate, []string{`type="paid"`, `type="rejected"`}, warning, update + "/InvoiceStatus/PartialAmount", "rejected", ""},
		{"a status of nothing", checkUpdate, []string{`<DocumentReference payloadID="1.1@harbour.example"/>`, ``}, warning, update + "/DocumentReference", "which document", "kontor"},

		{"a copy that shall be executed", checkCopied, []string{`"info"`, `"process"`}, note, "CopyRequest/@processingMode", "more than", "kontor"},

		{"a start page that no browser opens", checkStart, []string{`https://shop.example/p`, `ftp://shop.example/p`}, fault, "Response/PunchOutSetupResponse/StartPage/URL", "can't open", ""},
		{"a start page in clear", checkStart, []string{`https://shop.example/p`, `http://shop.example/p`}, warning, "Response/PunchOutSetupResponse/StartPage/URL", "not https", ""},
		{"a profile without a date", checkProfile, []string{` effectiveDate="2026-03-05T09:00:00-05:00"`, ``}, warning, "Response/ProfileResponse/@effectiveDate", "missing", ""},
		{"a profile without an address", checkProfile, []string{`<URL>https://shop.example/cxml</URL>`, ``}, warning, "Response/ProfileResponse/Transaction/URL", "missing", ""},
		{"a profile of what there is not", checkProfile, []string{`OrderRequest`, `OrdersRequest`}, warning, "Response/ProfileResponse/Transaction/@requestName", "OrdersRequest", ""},

		{"a date by day, month and year", checkOrder, []string{`orderDate="2026-03-05T09:00:00-05:00"`, `orderDate="05.03.2026"`}, warning, "OrderRequest/OrderRequestHeader/@orderDate", "05.03.2026", "kontor"},
		{"an order without a date", checkOrder, []string{` orderDate="2026-03-05T09:00:00-05:00"`, ``}, warning, "OrderRequest/OrderRequestHeader/@orderDate", "missing", "kontor"},
		{"an order without BillTo", checkOrder, []string{`<BillTo><Address><Name xml:lang="en">Quay 4</Name></Address></BillTo>`, ``}, warning, "OrderRequest/OrderRequestHeader/BillTo", "missing", "kontor"},
		{"a description without its language", checkOrder, []string{`<Description xml:lang="en">Rope`, `<Description>Rope`}, warning, "OrderRequest/ItemOut[1]/ItemDetail/Description/@xml:lang", "missing", "kontor"},
		{"a header in the wrong order", checkOrder, []string{`<Total><Money currency="USD">45.00</Money></Total>`, ``, `</BillTo>`, `</BillTo><Total><Money currency="USD">45.00</Money></Total>`}, warning, "OrderRequest/OrderRequestHeader/Total", "stands after BillTo", "kontor"},
		{"a namespace", checkOrder, []string{`<cXML payloadID`, `<cXML xmlns="urn:harbour" payloadID`}, warning, "cXML", "namespace", "kontor"},
		{"UTF-8 under another name", checkOrder, []string{`encoding="UTF-8"`, `encoding="ISO-8859-1"`, `>Rope<`, `>Röpe<`}, warning, "", "another character set", "kontor"},
		{"two requests", checkOrder, []string{`</Request>`, `</Request><Request><ProfileRequest/></Request>`}, fault, "cXML", "neither one", "kontor"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if found := check(t, checked(test.text, test.change...)); !hasFinding(found, test.level, test.place, test.says, test.system) {
				t.Errorf("no %s at %s that says %q: %+v", test.level, test.place, test.says, found)
			}
		})
	}
	for name, text := range map[string]string{"question": checkAsked, "receipt": checkReceipt, "update": checkUpdate, "profile": checkProfile, "start": checkStart, "copy": checkCopied} {
		for _, f := range check(t, checked(text)) {
			if f.Level != procurement.LevelNote {
				t.Errorf("the good %s: %+v", name, f)
			}
		}
	}
}

// The samples follow the DTD, so rules that are taken from it must find nothing in those that were
// validated.
func TestCheckTakesNothingFromTheDTDThatIsNotThere(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sampleRoot(t), "synthetic", "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range check(t, body) {
			for _, words := range []string{"every DTD requires it", "stands after", "is none of", "not of the form", "in a namespace"} {
				if strings.Contains(f.Message, words) && !strings.HasPrefix(f.Place, "cXML/") {
					t.Errorf("%s: %+v", filepath.Base(file), f)
				}
			}
		}
	}
}
