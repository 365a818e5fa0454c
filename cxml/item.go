package cxml

import (
	"github.com/beevik/etree"

	"github.com/kontorhq/kontor/money"
)

// What an article is and costs, in orders and carts alike.

func itemID(el *etree.Element) ItemID {
	var id ItemID
	for child := range elements(el) {
		switch child.Tag {
		case "SupplierPartID":
			id.SupplierPartID = text(child)
		case "SupplierPartAuxiliaryID":
			id.SupplierPartAuxiliaryID = text(child)
		case "BuyerPartID":
			id.BuyerPartID = text(child)
		case "IdReference":
			id.IdReference = append(id.IdReference, idReference(child))
		}
	}
	return id
}

func (m *mapper) itemDetail(el *etree.Element) *ItemDetail {
	d := &ItemDetail{}
	for child := range elements(el) {
		switch child.Tag {
		case "UnitPrice":
			d.UnitPrice = m.money(child)
		case "Description":
			d.Description = append(d.Description, description(child))
		case "UnitOfMeasure":
			d.UnitOfMeasure = text(child)
		case "PriceBasisQuantity":
			d.PriceBasisQuantity = m.priceBasisQuantity(child)
		case "Classification":
			d.Classification = append(d.Classification, classification(child))
		case "ManufacturerPartID":
			d.ManufacturerPartID = text(child)
		case "ManufacturerName":
			d.ManufacturerName = text(child)
		case "URL":
			d.URL = text(child)
		case "LeadTime":
			d.LeadTime = text(child)
		case "Extrinsic":
			d.Extrinsic = append(d.Extrinsic, extrinsic(child))
		}
	}
	return d
}

func (m *mapper) blanketItemDetail(el *etree.Element) *BlanketItemDetail {
	d := &BlanketItemDetail{}
	for child := range elements(el) {
		switch child.Tag {
		case "Description":
			d.Description = append(d.Description, description(child))
		case "MaxAmount":
			d.MaxAmount = m.money(child)
		case "MinAmount":
			d.MinAmount = m.money(child)
		case "MaxContractAmount":
			d.MaxContractAmount = m.money(child)
		case "MaxAdhocAmount":
			d.MaxAdhocAmount = m.money(child)
		case "MaxQuantity":
			d.MaxQuantity = m.optionalText(child)
		case "MinQuantity":
			d.MinQuantity = m.optionalText(child)
		case "UnitPrice":
			d.UnitPrice = m.money(child)
		case "UnitOfMeasure":
			d.UnitOfMeasure = text(child)
		case "PriceBasisQuantity":
			d.PriceBasisQuantity = m.priceBasisQuantity(child)
		case "Classification":
			d.Classification = append(d.Classification, classification(child))
		case "Extrinsic":
			d.Extrinsic = append(d.Extrinsic, extrinsic(child))
		}
	}
	return d
}

// optionalText reads an element whose text, or @quantity, is a decimal; nil where both are empty.
func (m *mapper) optionalText(el *etree.Element) *money.Decimal {
	value := text(el)
	if value == "" {
		return m.optional(el, "quantity")
	}
	if d, ok := m.decimal(el, "", value); ok {
		return &d
	}
	return nil
}

func classification(el *etree.Element) Classification {
	return Classification{Domain: attr(el, "domain"), Code: attr(el, "code"), Text: text(el)}
}

// priceBasisQuantity reads what a price is for. A basis or factor of nothing would make any
// total, so it is a fault; an absent factor is 1.
func (m *mapper) priceBasisQuantity(el *etree.Element) *PriceBasisQuantity {
	p := &PriceBasisQuantity{Quantity: m.quantity(el, "quantity"), ConversionFactor: money.One}
	if factor := m.optional(el, "conversionFactor"); factor != nil {
		p.ConversionFactor = *factor
		if factor.Sign() <= 0 {
			m.fault(el, "/@conversionFactor", "The factor must be more than 0.")
		}
	}
	if attr(el, "quantity") != "" && p.Quantity.IsZero() {
		m.fault(el, "/@quantity", "A price must be for a quantity of more than 0.")
	}
	for child := range elements(el) {
		switch child.Tag {
		case "UnitOfMeasure":
			p.UnitOfMeasure = text(child)
		case "Description":
			p.Description = description(child)
		}
	}
	return p
}
