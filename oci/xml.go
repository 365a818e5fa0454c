package oci

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"strconv"
	"strings"

	"golang.org/x/net/html/charset"
)

// The XML variant of a cart (ESAPO): rare, read and never written (OCI reference 4).
type businessDocument struct {
	Catalog []struct {
		Product []xmlProduct
	}
}

type xmlProduct struct {
	CatalogKey         string
	Description        []string
	ShoppingBasketItem struct {
		Quantity struct {
			UoM  string `xml:"UoM,attr"`
			Text string `xml:",chardata"`
		}
		NetPrice struct {
			Price struct {
				Currency string `xml:"Currency,attr"`
				Text     string `xml:",chardata"`
			}
			PriceUnit string
		}
		LeadTime string
		ItemText []string
	}
	VendorDescription struct {
		PartnerProductID []string
		PartnerID        []string
	}
	ManufacturerDescription struct {
		PartnerProductID []string
		PartnerID        []string
	}
}

// mostElements bounds what is read of a document that somebody made up.
const mostElements = 200_000

func readXML(encoded string, limits Limits) (Cart, error) {
	const field = "~xmlDocument"
	body, err := base64.StdEncoding.DecodeString(strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == '\t' {
			return -1
		}
		if r == ' ' {
			return '+' // a form that was not encoded
		}
		return r
	}, strings.TrimSpace(encoded)))
	if err != nil {
		return Cart{}, Faults{{field, "is not base64"}}
	}
	if bytes.Contains(body, []byte("<!DOCTYPE")) && bytes.Contains(body, []byte("<!ENTITY")) {
		return Cart{}, Faults{{field, "declares entities, which are not read"}}
	}
	if bytes.Count(body, []byte("<")) > mostElements {
		return Cart{}, Faults{{field, "has more elements than are read"}}
	}
	decoder := xml.NewDecoder(bytes.NewReader(body))
	decoder.CharsetReader = charset.NewReaderLabel
	var doc businessDocument
	if err := decoder.Decode(&doc); err != nil {
		return Cart{}, Faults{{field, "can't be read as XML: " + quote(err.Error())}}
	}
	var cart Cart
	var faults Faults
	for _, catalog := range doc.Catalog {
		for _, product := range catalog.Product {
			if len(cart.Items) == limits.Items {
				faults.add(field, "there are more than "+strconv.Itoa(limits.Items)+" items")
				return cart, faults
			}
			cart.Items = append(cart.Items, product.item(len(cart.Items)+1, &faults))
		}
	}
	if len(faults) > 0 {
		return cart, faults
	}
	return cart, nil
}

// item reads a product by the same rules as form fields.
func (p xmlProduct) item(index int, faults *Faults) Item {
	basket := p.ShoppingBasketItem
	item := Item{Index: index}
	for _, f := range []Field{
		{"EXT_PRODUCT_ID", p.CatalogKey}, {"DESCRIPTION", first(p.Description)},
		{"QUANTITY", basket.Quantity.Text}, {"UNIT", basket.Quantity.UoM},
		{"PRICE", basket.NetPrice.Price.Text}, {"CURRENCY", basket.NetPrice.Price.Currency}, {"PRICEUNIT", basket.NetPrice.PriceUnit},
		{"LEADTIME", basket.LeadTime}, {"LONGTEXT", strings.Join(basket.ItemText, "\r\n")},
		{"VENDORMAT", first(p.VendorDescription.PartnerProductID)}, {"VENDOR", first(p.VendorDescription.PartnerID)},
		{"MANUFACTMAT", first(p.ManufacturerDescription.PartnerProductID)}, {"MANUFACTCODE", first(p.ManufacturerDescription.PartnerID)},
	} {
		item.set(Field{nameOf(f.Name, index), f.Value}, f.Name, faults)
	}
	return item
}

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}
