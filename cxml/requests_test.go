package cxml_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/money"
)

func TestWhatABuyerAsksAndTells(t *testing.T) {
	usd := func(s string) cxml.Money { return cxml.MoneyOf(money.MustDecimal(s), "USD") }
	order := func(number, payload string) cxml.OrderReference {
		return cxml.OrderReference{OrderID: number, DocumentReference: cxml.DocumentReference{PayloadID: payload}}
	}
	tests := []struct {
		name, body string
		want       any
	}{
		{"a copy by cid", `<CopyRequest processingMode="Process"><cXMLAttachment><Attachment visibility="internal"><URL> cid:a@b </URL></Attachment></cXMLAttachment></CopyRequest>`,
			&cxml.CopyRequest{ProcessingMode: "process", Attachment: []cxml.Attachment{{URL: "cid:a@b", Visibility: "internal"}}}},
		{"a copy inside", `<CopyRequest><cXML payloadID=" c-1 "><Header/><Request><Status code="200"/><OrderRequest/></Request></cXML></CopyRequest>`,
			&cxml.CopyRequest{ProcessingMode: "info", Copied: &cxml.Copied{PayloadID: "c-1", Type: "OrderRequest"}}},
		{"a copy of an answer", `<CopyRequest><cXML payloadID="c-1"><Response><Status code="200"/></Response></cXML></CopyRequest>`,
			&cxml.CopyRequest{ProcessingMode: "info", Copied: &cxml.Copied{PayloadID: "c-1"}}},
		{"a question", `<OrderStatusRequest><OrderStatusRequestHeader orderStatusRequestID="Q"><Comments>please</Comments><OrderReference orderID="A-1"><DocumentReference payloadID="p1"/></OrderReference></OrderStatusRequestHeader></OrderStatusRequest>`,
			&cxml.OrderStatusRequest{ID: "Q", OrderReference: order("A-1", "p1"), Comments: []cxml.Comments{{Text: "please"}}}},
		{"a question by OrderIDInfo", `<OrderStatusRequest><OrderStatusRequestHeader><OrderIDInfo orderID="A-1"/></OrderStatusRequestHeader></OrderStatusRequest>`,
			&cxml.OrderStatusRequest{OrderReference: order("A-1", "")}},
		{"a receipt", `<ReceiptRequest><ReceiptRequestHeader receiptID="R" operation="delete"/><ReceiptOrder closeForReceiving="yes"><ReceiptOrderInfo><OrderReference><DocumentReference payloadID="p1"/></OrderReference></ReceiptOrderInfo>` +
			`<ReceiptItem quantity="-2.5" receiptLineNumber="3" type="returned" completedIndicator="yes"><ReceiptItemReference lineNumber="7"><ItemID><SupplierPartID>S</SupplierPartID></ItemID></ReceiptItemReference><UnitRate><Money currency="USD">2.00</Money><UnitOfMeasure>EA</UnitOfMeasure></UnitRate><ReceivedAmount><Money currency="USD">-5.00</Money></ReceivedAmount></ReceiptItem>` +
			`<ReceiptItem quantity="1"/></ReceiptOrder><Total><Money currency="USD">5.00</Money></Total></ReceiptRequest>`,
			&cxml.ReceiptRequest{ReceiptID: "R", Operation: "delete", Total: usd("5.00"), ReceiptOrder: []cxml.ReceiptOrder{{OrderReference: order("", "p1"), CloseForReceiving: true,
				ReceiptItem: []cxml.ReceiptItem{
					{Quantity: money.MustDecimal("-2.5"), Type: "returned", ReceiptLineNumber: 3, LineNumber: 7, ItemID: cxml.ItemID{SupplierPartID: "S"}, Completed: true,
						UnitRate: usd("2.00"), UnitOfMeasure: "EA", ReceivedAmount: usd("-5.00")},
					{Quantity: money.MustDecimal("1"), Type: "received"},
				}}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := payload(read(t, envelope(test.body)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateComparable(money.Decimal{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestQuestionsAndReceiptsThatMustBeChanged(t *testing.T) {
	tests := []struct {
		name, body string
		want       []string
	}{
		{"an unknown mode", `<CopyRequest processingMode="run"><cXML/></CopyRequest>`, []string{`CopyRequest/@processingMode: "run" is none of info, process, copy`}},
		{"an empty copy", `<CopyRequest><cXMLAttachment/></CopyRequest>`, []string{"CopyRequest: There is no document in it"}},
		{"a question about nothing", `<OrderStatusRequest><OrderStatusRequestHeader><OrderReference/></OrderStatusRequestHeader></OrderStatusRequest>`, []string{"OrderStatusRequest/OrderStatusRequestHeader/OrderReference: The order that is asked about is missing"}},
		{"a receipt of nothing", `<ReceiptRequest/>`, []string{"ReceiptRequest/ReceiptOrder: The order that the receipt is about is missing"}},
		{"all at once", `<ReceiptRequest><ReceiptRequestHeader operation="update"/><ReceiptOrder><ReceiptItem type="lost"/><ReceiptItem quantity="1,5"><ReceiptItemReference lineNumber="x"/></ReceiptItem></ReceiptOrder></ReceiptRequest>`, []string{
			`ReceiptRequest/ReceiptRequestHeader/@operation: "update" is none of new, delete`,
			`ReceiptRequest/ReceiptOrder/ReceiptItem[1]/@type: "lost" is none of received, returned`,
			`ReceiptRequest/ReceiptOrder/ReceiptItem[1]/@quantity: The quantity is missing`,
			`ReceiptRequest/ReceiptOrder/ReceiptItem[2]/@quantity: "1,5" is not a plain decimal`,
			`ReceiptRequest/ReceiptOrder/ReceiptItem[2]/ReceiptItemReference/@lineNumber: "x" is not a whole number`,
			`ReceiptRequest/ReceiptOrder/ReceiptOrderInfo/OrderReference: The order that the receipt is about is missing`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := payload(read(t, envelope(test.body)))
			wantFaults(t, err, test.want)
		})
	}
}
