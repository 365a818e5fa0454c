// Package cxml is the codec for cXML, the first and the last station of a document: bytes come
// in from a buyer's system and become Go values named exactly like the standard's elements,
// and Go values become the bytes that go back.
//
//	bytes → Read (guards, charset, tree, masking) → Document → OrderRequest … → procurement
//	procurement → PunchOutOrderMessage … → Outgoing.Write → bytes
//
// Reading is lenient: elements are found by local name, in any order and any namespace, because
// real senders break the DTD daily. Writing is strict: the order of the DTD, and only what the
// DTD of the version asked for has. The package knows no merchant, no order and no database; it
// decides nothing about what a document means.
//
// Card numbers and shared secrets never leave Read unmasked, with one exception: the secret
// stays in Header.Sender until it has been compared (see Document.Mask).
package cxml

import (
	"time"

	"github.com/kontorhq/kontor/money"
)

// Class is what the root of a document holds.
type Class int

// The classes. Only a ClassRequest asks for anything.
const (
	ClassOther    Class = iota // another root (Index, Supplier, Contract), or nothing known inside
	ClassRequest               // cXML/Request
	ClassMessage               // cXML/Message
	ClassResponse              // cXML/Response
)

// Header says who talks to whom. A Response has none.
type Header struct {
	From, To, Sender Party
}

// Party is one side, with all the names it goes by.
type Party struct {
	Credential []Credential
	UserAgent  string // of Sender only
}

// Credential is one name of a party and, in Sender, what proves it.
type Credential struct {
	Domain, Type string // Type is "marketplace" or nothing
	Identity     string // trimmed
	SharedSecret string `json:"-"` // trimmed; never written by a PunchOutOrderMessage
	Mac          bool   // a CredentialMac was there
	Signature    bool   // a DigitalSignature was there
}

// Money is a decimal in a currency. An element that is absent or empty is not Present.
type Money struct {
	Value    money.Decimal
	Currency string
	Present  bool
}

// MoneyOf makes a Money that is present.
func MoneyOf(value money.Decimal, currency string) Money {
	return Money{Value: value, Currency: currency, Present: true}
}

// AmountOf makes a Money from an amount, with all the decimals of its currency.
func AmountOf(a money.Amount) Money {
	value, err := money.ParseDecimal(a.Text())
	if err != nil {
		// 64 bits of minor units always fit 19 digits.
		panic("cxml: " + err.Error())
	}
	return Money{Value: value, Currency: a.Currency, Present: true}
}

// DateTime is an instant or a day as the sender wrote it. Senders write them in many ways, so
// that an unreadable one is kept as Text with a zero Time and is no fault.
type DateTime struct {
	Text  string
	Time  time.Time // in the zone the sender gave, UTC where none was given
	Zoned bool      // a zone was given
}

// At makes a DateTime to be written: date, time and numeric offset.
func At(t time.Time) DateTime { return DateTime{Text: t.Format(timeLayout), Time: t, Zoned: true} }

// timeLayout has a numeric offset even for UTC: the guide forbids "Z".
const timeLayout = "2006-01-02T15:04:05-07:00"

// Text is prose in a language: Name, TaxLocation and the like.
type Text struct {
	Lang, Text string
}

// Description is prose, with a short form for lists.
type Description struct {
	Lang, Text, ShortName string
}

// Comments is a remark, perhaps with attachments.
type Comments struct {
	Lang, Type, Text string
	Attachment       []Attachment
}

// Attachment names a file: "cid:…" in the same MIME message, or whatever the sender wrote.
type Attachment struct {
	URL        string
	Visibility string
}

// Extrinsic is a name and a value outside the standard. Names repeat, and what is inside may be
// XML; Text is all the text in it, XML what was inside where that is more than text.
type Extrinsic struct {
	Name, Text, XML string
}

// IdReference is one more name of a thing in somebody's numbering.
type IdReference struct {
	Identifier, Domain string
	Creator            Text
	Description        Description
}

// Status is the outcome that a Response or a StatusUpdateRequest tells.
type Status struct {
	Code   int
	Text   string // the short standard text: "OK"
	Lang   string
	Detail string // words for people, the element's text
}

// DocumentReference points to an earlier document.
type DocumentReference struct {
	PayloadID string
}

// Address is a place with a name.
type Address struct {
	IsoCountryCode, AddressID, AddressIDDomain string
	Name                                       Text
	PostalAddress                              *PostalAddress
	Email                                      Email
	Phone, Fax                                 Phone
	URL, URLName                               string
}

// Email is an e-mail address, perhaps with what it is called ("work").
type Email struct {
	Name, PreferredLang, Text string
}

// Phone is a number of a telephone or fax, in the sender's own parts. Where a sender has no parts,
// all is in Number; a fax may be reached by URL or Email instead.
type Phone struct {
	Name           string
	IsoCountryCode string // of CountryCode
	CountryCode    string
	AreaOrCityCode string
	Number         string
	Extension      string
	URL, Email     string
}

// PostalAddress is where post goes.
type PostalAddress struct {
	Name         string
	DeliverTo    []string
	Street       []string
	City         string
	Municipality string
	State        string
	PostalCode   string
	StateCode    string // State/@isoStateCode
	// MunicipalityCode is Municipality/@municipalityCode.
	MunicipalityCode string
	Country          string // the country's name as written
	CountryCode      string // Country/@isoCountryCode
	Extrinsic        []Extrinsic
}

// ShipTo is where goods go.
type ShipTo struct {
	Address           Address
	CarrierIdentifier []CarrierIdentifier
	IdReference       []IdReference
}

// CarrierIdentifier names a carrier in a domain ("SCAC", "companyName").
type CarrierIdentifier struct {
	Domain, Text string
}

// BillTo is where invoices go.
type BillTo struct {
	Address     Address
	IdReference []IdReference
}

// Contact is a person or an office, with a role ("endUser", "buyer", "supplierCorporate").
type Contact struct {
	Role, AddressID, AddressIDDomain string
	Name                             Text
	PostalAddress                    []PostalAddress
	Email, URL                       []string
	Phone, Fax                       []Phone
	IdReference                      []IdReference
	Extrinsic                        []Extrinsic
}

// Shipping is what the transport costs.
type Shipping struct {
	Money                                Money
	Description                          Description
	TrackingDomain, TrackingID, Tracking string
}

// Tax is what the tax comes to, and how.
type Tax struct {
	Money       Money
	Description Description
	TaxDetail   []TaxDetail
}

// TaxDetail is one tax of several.
type TaxDetail struct {
	Purpose, Category, ExemptDetail string
	PercentageRate                  *money.Decimal // nil: not given
	TaxableAmount, TaxAmount        Money
	TaxLocation                     Text
	Description                     Description
}

// Payment says how the order is to be paid. Only a masked card number ever gets here.
type Payment struct {
	PCard *PCard
	Other []string // names of other elements in Payment (PaymentToken, PaymentReference)
}

// PCard is a purchasing card. Number keeps at most its last four digits: "************1111".
type PCard struct {
	Number, Expiration, Name string
	PostalAddress            *PostalAddress
}

// PaymentTerm is one term; several are tiers (2 % in 10 days, net 30).
type PaymentTerm struct {
	PayInNumberOfDays int
	DiscountPercent   *money.Decimal // nil: none
	DiscountAmount    Money
	Extrinsic         []Extrinsic
}

// ControlKeys say what the buyer wants to get: each is "allowed", "notAllowed" or a value of its
// own, "" where it is not given.
type ControlKeys struct {
	OCInstruction, ASNInstruction, InvoiceInstruction, SESInstruction string
}

// TermsOfDelivery are the delivery terms (Incoterms in TransportTerms).
type TermsOfDelivery struct {
	TermsOfDeliveryCode, ShippingPaymentMethod, TransportTerms string
	Address                                                    *Address
	Comments                                                   []Comments
}

// Period is a span of time.
type Period struct {
	StartDate, EndDate DateTime
}

// Distribution is one share of a line's charge for the buyer's accounting.
type Distribution struct {
	Accounting Accounting
	Charge     Money
}

// Accounting holds the buyer's account numbers, to be echoed and never interpreted.
type Accounting struct {
	Name              string
	AccountingSegment []AccountingSegment
	Segment           []Segment
}

// AccountingSegment is one part of an account number.
type AccountingSegment struct {
	ID                string
	Name, Description Text
}

// Segment is the deprecated form of AccountingSegment; Coupa still sends it.
type Segment struct {
	Type, ID, Description string
}

// ItemID is how supplier and buyer name the article.
type ItemID struct {
	SupplierPartID          string
	SupplierPartAuxiliaryID string
	BuyerPartID             string
	IdReference             []IdReference
}

// Classification puts the article into a scheme ("UNSPSC").
type Classification struct {
	Domain, Code, Text string // Code is @code where given; Text the element's text
}

// PriceBasisQuantity says that UnitPrice is for Quantity units of UnitOfMeasure, and that one
// unit ordered is ConversionFactor of those: total = quantity × factor ÷ basis × price.
type PriceBasisQuantity struct {
	Quantity, ConversionFactor money.Decimal
	UnitOfMeasure              string
	Description                Description
}

// ItemDetail describes the article of a line.
type ItemDetail struct {
	UnitPrice          Money
	Description        []Description
	UnitOfMeasure      string
	PriceBasisQuantity *PriceBasisQuantity
	Classification     []Classification
	ManufacturerPartID string
	ManufacturerName   string
	URL                string
	LeadTime           string
	Extrinsic          []Extrinsic
}

// BlanketItemDetail stands in for ItemDetail on the lines of a blanket order.
type BlanketItemDetail struct {
	Description          []Description
	MaxAmount, MinAmount Money
	MaxContractAmount    Money
	MaxAdhocAmount       Money
	MaxQuantity          *money.Decimal
	MinQuantity          *money.Decimal
	UnitPrice            Money
	UnitOfMeasure        string
	PriceBasisQuantity   *PriceBasisQuantity
	Classification       []Classification
	Extrinsic            []Extrinsic
}

// ScheduleLine is a part of a line with a date of its own.
type ScheduleLine struct {
	Quantity              money.Decimal
	RequestedDeliveryDate DateTime
	LineNumber            int
	UnitOfMeasure         string
	ShipTo                *ShipTo
	Extrinsic             []Extrinsic
}
