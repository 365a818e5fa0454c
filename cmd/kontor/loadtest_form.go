package main

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/kontorhq/kontor/checkout"
)

// form is a text with places that differ from request to request, cut up beforehand, so that
// filling it in costs next to nothing while something else is measured.
type form struct {
	pieces []string
	slots  []int // which value stands after pieces[i]
}

// places are the names of what differs.
type places struct {
	names []string
	find  *regexp.Regexp
}

func newPlaces(names []string) places {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	// Of names that begin alike the longest one is meant.
	slices.SortFunc(quoted, func(a, b string) int { return len(b) - len(a) })
	return places{names, regexp.MustCompile(strings.Join(quoted, "|"))}
}

// in finds the places in a text; values[i] will stand where names[i] stood.
func (p places) in(text string) form {
	var f form
	last := 0
	for _, at := range p.find.FindAllStringIndex(text, -1) {
		f.pieces = append(f.pieces, text[last:at[0]])
		f.slots = append(f.slots, slices.Index(p.names, text[at[0]:at[1]]))
		last = at[1]
	}
	f.pieces = append(f.pieces, text[last:])
	return f
}

func (f form) fixed() bool { return len(f.slots) == 0 }

func (f form) fill(values []string) string {
	size := 0
	for i, piece := range f.pieces {
		size += len(piece)
		if i < len(f.slots) {
			size += len(values[f.slots[i]])
		}
	}
	var b strings.Builder
	b.Grow(size)
	for i, piece := range f.pieces {
		b.WriteString(piece)
		if i < len(f.slots) {
			b.WriteString(values[f.slots[i]])
		}
	}
	return b.String()
}

// The places in a document, in the order of placesOf.
var documentPlaces = newPlaces([]string{"{payload}", "{number}", "{from}", "{email}", "{organisation}", "{connection}", "{line}", "{buyer}", "{cart}", "{oci}", "{oci reference}"})

// placesOf are the values of one request of one buyer. They have no capitals, so that the folded
// form in which the tables keep some of them is the same.
func placesOf(serial int64, who member, large bool) []string {
	cart := who.cart
	if large {
		cart = who.largeCart
	}
	return []string{fmt.Sprintf("%012d.load@buyer.example.com", serial), fmt.Sprintf("po-%012d", serial), who.from, who.email,
		who.organisation, who.connection, who.line, who.buyer, cart, who.oci, who.ociReference}
}

const (
	loadMerchant = "loadtest"
	loadDomain   = "networkid"
	loadSender   = "network.load.example"
	loadReturn   = "buyer.example.com"
)

func envelope(secret, body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">
<cXML payloadID="{payload}" timestamp="2026-03-02T09:15:30-05:00" xml:lang="en-US">
  <Header>
    <From><Credential domain="` + loadDomain + `"><Identity>{from}</Identity></Credential></From>
    <To><Credential domain="` + loadDomain + `"><Identity>loadtest-supplier</Identity></Credential></To>
    <Sender>
      <Credential domain="` + loadDomain + `"><Identity>` + loadSender + `</Identity><SharedSecret>` + secret + `</SharedSecret></Credential>
      <UserAgent>Procurement Suite 24.1</UserAgent>
    </Sender>
  </Header>
  <Request deploymentMode="production">` + body + `
  </Request>
</cXML>
`
}

const addressText = `<Address isoCountryCode="US" addressID="DOCK-2">
          <Name xml:lang="en-US">Receiving, Dock 2</Name>
          <PostalAddress name="default">
            <DeliverTo>Sample Requester</DeliverTo>
            <Street>100 Example Way</Street>
            <City>Example City</City>
            <State>CA</State>
            <PostalCode>94100</PostalCode>
            <Country isoCountryCode="US">United States</Country>
          </PostalAddress>
        </Address>`

// setUpForm is a set-up of about 2 KB, as networks send them.
func setUpForm(secret string) form {
	return documentPlaces.in(envelope(secret, `
    <PunchOutSetupRequest operation="create">
      <BuyerCookie>cookie-{payload}</BuyerCookie>
      <Extrinsic name="UserEmail">{email}</Extrinsic>
      <Extrinsic name="UniqueName">requester</Extrinsic>
      <Extrinsic name="CostCenter">4100</Extrinsic>
      <BrowserFormPost><URL>https://`+loadReturn+`/punchout/back?visit=9&amp;lang=en</URL></BrowserFormPost>
      <Contact role="endUser">
        <Name xml:lang="en-US">Sample Requester</Name>
        <Email>{email}</Email>
      </Contact>
      <SupplierSetup><URL>https://shop.example.com/cxml</URL></SupplierSetup>
      <ShipTo>
        `+addressText+`
      </ShipTo>
      <SelectedItem><ItemID><SupplierPartID>load-0001</SupplierPartID></ItemID></SelectedItem>
    </PunchOutSetupRequest>`))
}

// ociStartForm is a start as SRM systems send it; ociValidateForm asks for today's price of a product.
func ociStartForm(secret string) form {
	return documentPlaces.in("USERNAME=buyer&PASSWORD=" + url.QueryEscape(secret) + "&HOOK_URL=https%3A%2F%2F" + loadReturn +
		"%2Fpunchout%2Fback%3Fvisit%3D9%26lang%3Den&~OkCode=ADDI&~TARGET=_top&~CALLER=CTLG&OCI_VERSION=4.0&OPI_VERSION=1.0&http_content_charset=utf-8&returntarget=_top" +
		"&EMAIL={email}&FIRST_NAME=Sample&LAST_NAME=Requester&COST_CENTER=4100")
}

func ociValidateForm(secret string) form {
	return documentPlaces.in("USERNAME=buyer&PASSWORD=" + url.QueryEscape(secret) + "&HOOK_URL=https%3A%2F%2F" + loadReturn +
		"%2Fpunchout%2Fback&FUNCTION=VALIDATE&PRODUCTID=" + url.QueryEscape(loadSKU(2)+"@BX") + "&QUANTITY=60&OCI_VERSION=4.0")
}

// orderForm is the purchase order that a cart comes back as: about 5 KB for three lines.
func orderForm(secret string, cart checkout.Cart) form {
	var b strings.Builder
	fmt.Fprintf(&b, `
    <OrderRequest>
      <OrderRequestHeader orderID="{number}" orderDate="2026-03-02T09:10:00-05:00" type="new" orderType="regular" orderVersion="1" requisitionID="REQ-5500">
        <Total><Money currency="USD">%s</Money></Total>
        <ShipTo>%s</ShipTo>
        <BillTo>%s</BillTo>
        <Contact role="buyer"><Name xml:lang="en-US">Sample Buyer</Name><Email>{email}</Email></Contact>
        <Comments xml:lang="en-US">Deliver before noon</Comments>
        <Extrinsic name="legalEntity">1710</Extrinsic>
      </OrderRequestHeader>`, cart.Goods.Text(), addressText, addressText)
	for _, l := range cart.Lines {
		fmt.Fprintf(&b, `
      <ItemOut quantity="%s" lineNumber="%d" requestedDeliveryDate="2026-04-01T00:00:00-05:00">
        <ItemID><SupplierPartID>%s</SupplierPartID><SupplierPartAuxiliaryID>{cart}-%d</SupplierPartAuxiliaryID></ItemID>
        <ItemDetail>
          <UnitPrice><Money currency="USD">%s</Money></UnitPrice>
          <Description xml:lang="en-US">%s</Description>
          <UnitOfMeasure>%s</UnitOfMeasure>
          <Classification domain="UNSPSC">%s</Classification>
        </ItemDetail>
        <Distribution>
          <Accounting name="Distribution"><AccountingSegment id="610"><Name xml:lang="en-US">Cost Center</Name><Description xml:lang="en-US">Facilities</Description></AccountingSegment></Accounting>
          <Charge><Money currency="USD">%s</Money></Charge>
        </Distribution>
      </ItemOut>`, l.Quantity, l.Line, html.EscapeString(l.SKU), l.Line, l.UnitPrice, html.EscapeString(l.Name), l.Unit, l.UNSPSC, l.Amount.Text())
	}
	b.WriteString("\n    </OrderRequest>")
	return documentPlaces.in(envelope(secret, b.String()))
}
