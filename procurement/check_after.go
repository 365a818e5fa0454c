package procurement

import (
	"math/big"
	"net/url"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/money"
)

// What buyers tell and ask after an order, and what is answered: cXML reference 7.3 and 7.4.

func (k *checker) statusUpdate(u *cxml.StatusUpdateRequest) {
	k.status("StatusUpdateRequest/Status", u.Status)
	if u.DocumentReference == nil || u.DocumentReference.PayloadID == "" {
		k.warn("StatusUpdateRequest/DocumentReference", "Nothing says which document this is the status of.", does(thisSystem, "keeps it, linked to nothing"))
		k.generally()
	}
	if i := u.InvoiceStatus; i != nil && i.PartialAmount.Present && i.Type != "paying" && i.Type != "paid" {
		k.warn("StatusUpdateRequest/InvoiceStatus/PartialAmount", "A part of the amount goes with paying and paid, not with "+shown(i.Type)+".")
	}
}

func (k *checker) copyRequest(r *cxml.CopyRequest) {
	if r.ProcessingMode != "info" {
		k.note("CopyRequest/@processingMode", "The mode "+r.ProcessingMode+" asks for more than to be informed.", does(thisSystem, "keeps the copy and executes nothing of it: the original comes by itself"))
		k.generally()
	}
}

func (k *checker) orderStatus(r *cxml.OrderStatusRequest) {
	k.note("OrderStatusRequest", "This asks for the confirmation of an order once more.",
		does(thisSystem, "answers 200 and sends the newest confirmation again as it was, or 417 where the order is not known"))
	if r.OrderReference.OrderID == "" {
		k.warn("OrderStatusRequest/OrderStatusRequestHeader/OrderReference/@orderID", "The order's number is missing.", does(thisSystem, "goes by the payloadID of the order's document"))
		k.generally()
	}
}

// receipt adds up what arrived. Nobody pays by it; a receipt whose figures don't agree stops the
// invoice that is held against it.
func (k *checker) receipt(r *cxml.ReceiptRequest) {
	if len(r.ReceiptOrder) > mostReceiptOrders {
		k.fault("ReceiptRequest/ReceiptOrder", "The receipt is about "+strconv.Itoa(len(r.ReceiptOrder))+" orders.",
			refuses(thisSystem, "answers 400: one receipt may be about "+strconv.Itoa(mostReceiptOrders)+" at most"))
	}
	currency, sum, whole := r.Total.Currency, new(big.Rat), r.Total.Present
	for i, order := range r.ReceiptOrder {
		place := "ReceiptRequest/ReceiptOrder"
		if len(r.ReceiptOrder) > 1 {
			place += "[" + strconv.Itoa(i+1) + "]"
		}
		for j, item := range order.ReceiptItem {
			at := place + "/ReceiptItem"
			if len(order.ReceiptItem) > 1 {
				at += "[" + strconv.Itoa(j+1) + "]"
			}
			k.receiptItem(at, item)
			if !item.ReceivedAmount.Present {
				whole = false
				continue
			}
			if currency != "" && item.ReceivedAmount.Currency != currency {
				k.fault(at+"/ReceivedAmount/Money/@currency", "The receipt is in "+currency+", but this amount is in "+item.ReceivedAmount.Currency+".")
				return
			}
			amount := item.ReceivedAmount.Value.Rat()
			if item.Type == "returned" {
				amount.Neg(amount.Abs(amount)) // some write the sign, others leave it to the type
			}
			sum.Add(sum, amount)
		}
	}
	if total := r.Total.Value.Rat(); whole && total.Cmp(sum) != 0 {
		exponent, _ := money.Exponent(currency)
		k.warn("ReceiptRequest/Total", "The Total is "+r.Total.Value.String()+", but the amounts come to "+sum.FloatString(exponent)+".", does(thisSystem, "keeps both and makes no figure of them"))
		k.generally()
	}
}

func (k *checker) receiptItem(place string, item cxml.ReceiptItem) {
	quantity := item.Quantity.Rat()
	switch {
	case quantity.Sign() == 0:
		k.warn(place+"/@quantity", "The quantity is 0.")
	case quantity.Sign() < 0 && item.Type == "returned":
		k.warn(place+"/@quantity", "The quantity of a return is negative: readers that go by the type count it as received.", does(thisSystem, "notes it as it is written"))
		k.generally()
	case quantity.Sign() < 0:
		k.warn(place+"/@quantity", "The quantity is negative; what went back has the type returned.", does(thisSystem, "notes it as it is written"))
		k.generally()
	}
	if !item.UnitRate.Present || !item.ReceivedAmount.Present {
		return
	}
	if item.UnitRate.Currency != item.ReceivedAmount.Currency {
		k.fault(place+"/UnitRate/Money/@currency", "The rate is in "+item.UnitRate.Currency+", the amount in "+item.ReceivedAmount.Currency+".")
		return
	}
	total, err := money.LineTotal(item.Quantity, item.UnitRate.Value, money.One, item.UnitRate.Currency)
	if err != nil || k.root.ratesPerMany() {
		return
	}
	want, got := money.MustDecimal(total.Text()).Rat(), item.ReceivedAmount.Value.Rat()
	if want.Abs(want).Cmp(got.Abs(got)) != 0 {
		k.warn(place+"/ReceivedAmount", "The amount is "+item.ReceivedAmount.Value.String()+", but the quantity at its rate comes to "+total.Text()+".", does(thisSystem, "keeps both and makes no figure of them"))
		k.generally()
	}
}

// ratesPerMany tells whether a rate of the receipt is for more than one: those are not multiplied.
func (n *node) ratesPerMany() bool {
	for _, c := range n.children {
		if n.name == "UnitRate" && c.name == "PriceBasisQuantity" || c.ratesPerMany() {
			return true
		}
	}
	return false
}

// answer looks at a Response.
func (k *checker) answer(r *cxml.Response) {
	k.status("Response/Status", r.Status)
	if r.Status.Code/100 != 2 && (r.SetUp != nil || r.Profile != nil) {
		k.warn("Response", "Only a status of 2xx goes with more than the Status itself.")
	}
	if r.SetUp != nil {
		const place = "Response/PunchOutSetupResponse/StartPage/URL"
		if u, err := url.Parse(r.SetUp.StartPage); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			k.fault(place, "The start page is no http or https address: the shopper's browser can't open it.")
		} else if u.Scheme == "http" {
			k.warn(place, "The start page is not https: browsers show no unencrypted page in a frame of an encrypted one.")
		}
		if len(r.SetUp.StartPage) > 255 {
			k.warn(place, "The start page's address is "+strconv.Itoa(len(r.SetUp.StartPage))+" characters long; some systems keep 255.")
		}
	}
	if r.Profile != nil {
		for _, t := range r.Profile.Transaction {
			if moduleOf[t.RequestName] == "" && strings.TrimSpace(t.RequestName) != "" {
				k.warn("Response/ProfileResponse/Transaction/@requestName", shown(t.RequestName)+" is no request of cXML 1.2.")
			}
		}
	}
}
