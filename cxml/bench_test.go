package cxml_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/kontorhq/kontor/cxml"
)

// order1000 is an order of a thousand lines, about 660 KB.
func order1000() []byte {
	var lines strings.Builder
	for i := 1; i <= 1000; i++ {
		fmt.Fprintf(&lines, `
      <ItemOut quantity="%d" lineNumber="%d" requestedDeliveryDate="2026-03-01T00:00:00-06:00">
        <ItemID><SupplierPartID>SCR-%05d</SupplierPartID><SupplierPartAuxiliaryID>crt_01-%d</SupplierPartAuxiliaryID></ItemID>
        <ItemDetail>
          <UnitPrice><Money currency="USD">1.2550</Money></UnitPrice>
          <Description xml:lang="en">Brass screw, 4 × 30 mm &amp; washer, box %d</Description>
          <UnitOfMeasure>EA</UnitOfMeasure>
          <Classification domain="UNSPSC">31161501</Classification>
        </ItemDetail>
        <Distribution>
          <Accounting name="Cost"><AccountingSegment id="4100"><Name xml:lang="en">Cost center</Name><Description xml:lang="en">Yard</Description></AccountingSegment></Accounting>
          <Charge><Money currency="USD">12.55</Money></Charge>
        </Distribution>
      </ItemOut>`, i, i, i, i, i)
	}
	return []byte(envelope(`<OrderRequest><OrderRequestHeader orderID="HL-1" orderDate="2026-02-10"><Total><Money currency="USD">1.00</Money></Total></OrderRequestHeader>` + lines.String() + `</OrderRequest>`))
}

func setup(b *testing.B) []byte {
	body, err := os.ReadFile("testdata/setup_create.in.xml")
	if err != nil {
		b.Fatal(err)
	}
	return body
}

// receive is what happens to every document: it is read, mapped, and its kept and its canonical
// form are made.
func receive(b *testing.B, body []byte) {
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		d, err := cxml.Read(body, "text/xml", cxml.DefaultLimits)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := payload(d); err != nil {
			b.Fatal(err)
		}
		if len(d.Masked()) == 0 || len(d.CanonicalRequest()) == 0 {
			b.Fatal("nothing to keep")
		}
	}
}

// readAndMap leaves the kept forms out.
func readAndMap(b *testing.B, body []byte) {
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		d, err := cxml.Read(body, "text/xml", cxml.DefaultLimits)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := payload(d); err != nil {
			b.Fatal(err)
		}
	}
}

func bareEtree(b *testing.B, body []byte) {
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := etree.NewDocument().ReadFromBytes(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadSetup(b *testing.B)        { readAndMap(b, setup(b)) }
func BenchmarkReceiveSetup(b *testing.B)     { receive(b, setup(b)) }
func BenchmarkEtreeSetup(b *testing.B)       { bareEtree(b, setup(b)) }
func BenchmarkReadOrder1000(b *testing.B)    { readAndMap(b, order1000()) }
func BenchmarkReceiveOrder1000(b *testing.B) { receive(b, order1000()) }
func BenchmarkEtreeOrder1000(b *testing.B)   { bareEtree(b, order1000()) }

// BenchmarkStructsOrder1000 is the other way that was possible: encoding/xml into structs, which
// keeps nothing else of the document and masks nothing.
func BenchmarkStructsOrder1000(b *testing.B) {
	type amount struct {
		Currency string `xml:"currency,attr"`
		Text     string `xml:",chardata"`
	}
	type orderXML struct {
		Header struct {
			OrderID   string `xml:"orderID,attr"`
			OrderDate string `xml:"orderDate,attr"`
			Total     amount `xml:"Total>Money"`
		} `xml:"Request>OrderRequest>OrderRequestHeader"`
		ItemOut []struct {
			Quantity   string `xml:"quantity,attr"`
			LineNumber int    `xml:"lineNumber,attr"`
			Part       string `xml:"ItemID>SupplierPartID"`
			Auxiliary  string `xml:"ItemID>SupplierPartAuxiliaryID"`
			ItemDetail struct {
				UnitPrice      amount   `xml:"UnitPrice>Money"`
				Description    []string `xml:"Description"`
				UnitOfMeasure  string   `xml:"UnitOfMeasure"`
				Classification []string `xml:"Classification"`
			} `xml:"ItemDetail"`
			Distribution []struct {
				Accounting struct {
					Name    string `xml:"name,attr"`
					Segment []struct {
						ID          string `xml:"id,attr"`
						Name        string `xml:"Name"`
						Description string `xml:"Description"`
					} `xml:"AccountingSegment"`
				} `xml:"Accounting"`
				Charge amount `xml:"Charge>Money"`
			} `xml:"Distribution"`
		} `xml:"Request>OrderRequest>ItemOut"`
	}
	body := order1000()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var o orderXML
		if err := xml.Unmarshal(body, &o); err != nil || len(o.ItemOut) != 1000 {
			b.Fatal(err, len(o.ItemOut))
		}
	}
}

func BenchmarkWriteCart(b *testing.B) {
	c := cart()
	for b.Loop() {
		if _, err := outgoing("1.2.050").Write(c); err != nil {
			b.Fatal(err)
		}
	}
}
