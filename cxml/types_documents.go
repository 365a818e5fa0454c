package cxml

import "github.com/kontorhq/kontor/money"

// PunchOutSetupRequest asks for a shopping session.
type PunchOutSetupRequest struct {
	Operation string // create, edit, inspect or source

	// BuyerCookie is the trimmed form, BuyerCookieRaw what stood between the tags: it goes back
	// as it came unless the sender is known to pretty-print.
	BuyerCookie    string
	BuyerCookieRaw string

	Extrinsic       []Extrinsic
	BrowserFormPost string // its URL, trimmed; "" where there is none
	Contact         []Contact
	SupplierSetup   string // its URL; deprecated and not followed
	ShipTo          *ShipTo
	SelectedItem    *ItemID
	ItemOut         []ItemOut // empty for create, where items have no meaning
}

// User is who is shopping, as far as the sender tells. Each may be empty.
type User struct {
	Email, Name, Login string
}

// PunchOutSetupResponse tells the buyer's system where to send the browser.
type PunchOutSetupResponse struct {
	StartPage string // its URL
}

// ProfileResponse tells what is served here.
type ProfileResponse struct {
	EffectiveDate DateTime
	Option        []Option
	Transaction   []Transaction
}

// Transaction is one request type that is served, and where.
type Transaction struct {
	RequestName, URL string
	Option           []Option
}

// Option is a name and a value in a profile.
type Option struct {
	Name, Value string
}

// PunchOutOrderMessage brings a cart home. With a Status of 204 it is a cancel: it then carries
// no items, and the requisition stays as it was.
type PunchOutOrderMessage struct {
	Status      *Status // Message/Status; nil normally
	BuyerCookie string
	Header      PunchOutOrderMessageHeader
	ItemIn      []ItemIn
}

// PunchOutOrderMessageHeader sums a cart up. Total is goods only, without tax and shipping.
type PunchOutOrderMessageHeader struct {
	OperationAllowed string // create, inspect or edit: the highest later operation
	QuoteStatus      string // final (also where empty) or pending
	Total            Money
	ShipTo           *ShipTo
	Shipping         *Shipping
	Tax              *Tax
	SupplierOrderID  string // SupplierOrderInfo/@orderID
}

// ItemIn is one line of a cart on its way home.
type ItemIn struct {
	Quantity         money.Decimal
	LineNumber       int // 0: none
	ParentLineNumber int
	ItemType         string
	ItemID           ItemID
	ItemDetail       ItemDetail
	ShipTo           *ShipTo
	Shipping         *Shipping
	Tax              *Tax
}

// OrderRequest is a purchase order, a change or a cancellation.
type OrderRequest struct {
	Header  OrderRequestHeader
	ItemOut []ItemOut

	// Currency is the one currency of all money in the order, "" where there is none.
	Currency string
}

// OrderRequestHeader is everything that holds for the whole order.
type OrderRequestHeader struct {
	OrderID           string
	OrderDate         DateTime
	Type              string // new (also where absent), update or delete
	OrderType         string // regular (also where absent), release, blanket, stockTransport, stockTransportRelease
	OrderVersion      int    // 0: absent
	IsInternalVersion bool
	ReleaseRequired   bool
	ShipComplete      bool

	RequisitionID            string
	AgreementID              string
	AgreementPayloadID       string
	ParentAgreementID        string
	ParentAgreementPayloadID string

	EffectiveDate         DateTime
	ExpirationDate        DateTime
	RequestedDeliveryDate DateTime
	PickUpDate            DateTime

	Total             Money
	TotalModified     bool // Total has Modifications: it is a sum after allowances or charges
	ShipTo            *ShipTo
	BillTo            *BillTo
	Shipping          *Shipping
	Tax               *Tax
	Payment           *Payment
	PaymentTerm       []PaymentTerm
	Contact           []Contact
	Comments          []Comments
	Followup          string // its URL; deprecated and not called
	ControlKeys       ControlKeys
	DocumentReference *DocumentReference
	SupplierOrderID   string // SupplierOrderInfo/@orderID
	TermsOfDelivery   *TermsOfDelivery
	DeliveryPeriod    *Period
	IdReference       []IdReference
	Extrinsic         []Extrinsic
}

// ItemOut is one line of an order, or of a cart that is opened again.
type ItemOut struct {
	Quantity   money.Decimal
	LineNumber int
	Synthetic  bool // LineNumber is the place in the document; the sender gave none

	RequisitionID         string
	AgreementItemNumber   string
	RequestedDeliveryDate DateTime
	ConfirmationDueDate   DateTime
	IsAdHoc               bool
	ParentLineNumber      int    // 0: none
	ItemType              string // composite, item, lean or ""
	CompositeItemType     string // groupLevel, itemLevel or ""

	ItemID            ItemID
	ItemDetail        *ItemDetail
	BlanketItemDetail *BlanketItemDetail
	SupplierID        string
	ShipTo            *ShipTo
	Shipping          *Shipping
	Tax               *Tax
	Distribution      []Distribution
	Contact           []Contact
	TermsOfDelivery   *TermsOfDelivery
	Comments          []Comments
	ControlKeys       ControlKeys
	ScheduleLine      []ScheduleLine
	Extrinsic         []Extrinsic // of ItemOut itself, against the DTD; the others are in ItemDetail
}

// ConfirmationRequest tells a buyer what becomes of an order.
type ConfirmationRequest struct {
	Header           ConfirmationHeader
	OrderReference   OrderReference
	ConfirmationItem []ConfirmationItem
}

// ConfirmationHeader is what holds for the whole confirmation.
type ConfirmationHeader struct {
	ConfirmID         string
	Operation         string // new (also where empty) or update
	Type              string // accept, allDetail, detail, backordered, except, reject, requestToPay, replace
	NoticeDate        DateTime
	InvoiceID         string
	DocumentReference *DocumentReference // to the confirmation that an update replaces
	Total             Money
	Shipping          *Shipping
	Tax               *Tax
	Contact           []Contact
	Comments          []Comments
	IdReference       []IdReference
	Extrinsic         []Extrinsic
}

// OrderReference names the order; without its document's payloadID networks drop the message.
type OrderReference struct {
	OrderID           string
	OrderDate         DateTime
	DocumentReference DocumentReference
}

// ConfirmationItem is one order line; its statuses' quantities add up to its own.
type ConfirmationItem struct {
	Quantity           money.Decimal
	LineNumber         int
	ParentLineNumber   int
	ItemType           string
	UnitOfMeasure      string
	Contact            []Contact
	ConfirmationStatus []ConfirmationStatus
}

// ConfirmationStatus is what becomes of a part of a line.
type ConfirmationStatus struct {
	Quantity      money.Decimal
	Type          string // accept, allDetail, detail, backordered, reject, unknown, requestToPay
	ShipmentDate  DateTime
	DeliveryDate  DateTime
	UnitOfMeasure string
	ItemIn        *ItemIn // a substitute; then the three below have no place
	UnitPrice     Money
	Tax           *Tax
	Shipping      *Shipping
	Comments      []Comments
	Extrinsic     []Extrinsic
}

// StatusUpdateRequest tells the later fate of a document: ours to close a 201, theirs on
// invoices.
type StatusUpdateRequest struct {
	DocumentReference *DocumentReference
	Status            Status
	PaymentStatus     *PaymentStatus
	SourcingStatus    *SourcingStatus
	InvoiceStatus     *InvoiceStatus
	DocumentStatus    *DocumentStatus
	Extrinsic         []Extrinsic
}

// PaymentStatus reports what became of a card; its number is masked.
type PaymentStatus struct {
	OrderID, Type, TransactionID, AuthorizationID string
	TransactionTimestamp                          DateTime
	IsFailed                                      bool
	PCard                                         *PCard
	Total                                         Money
}

// SourcingStatus reports on a request for quotation.
type SourcingStatus struct {
	Action, Lang, Text string
}

// InvoiceStatus reports on an invoice of ours.
type InvoiceStatus struct {
	Type              string // processing, canceled, reconciled, rejected, paying, paid
	PaymentNetDueDate DateTime
	InvoiceID         string // InvoiceIDInfo/@invoiceID
	InvoiceDate       DateTime
	PartialAmount     Money
	Comments          []Comments
}

// DocumentStatus reports on any document.
type DocumentStatus struct {
	Type         string
	DocumentID   string // DocumentInfo/@documentID
	DocumentType string // DocumentInfo/@documentType
	Comments     []Comments
}

// Response is the answer to one of our own documents.
type Response struct {
	Status  Status
	SetUp   *PunchOutSetupResponse
	Profile *ProfileResponse
}

// Body is what Outgoing.Write puts into a Request or a Message.
type Body interface {
	// envelope names the payload element and where it goes.
	envelope() envelope
	write(w *writer)
}

// ResponseBody is what WriteResponse puts beside the Status.
type ResponseBody interface {
	respond(w *writer)
}
