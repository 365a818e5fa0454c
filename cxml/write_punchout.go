package cxml

import "github.com/kontorhq/kontor/money"

func (PunchOutOrderMessage) envelope() envelope { return envelope{"Message", "cXML.dtd"} }

func (p PunchOutOrderMessage) write(w *writer) {
	if p.Status != nil {
		w.status(*p.Status)
		if p.Status.Code == 204 && len(p.ItemIn) > 0 {
			w.fault("/Message/Status", "A cancelled visit brings no items.")
		}
	}
	w.child("PunchOutOrderMessage", func() {
		// An empty cookie came empty: it goes back as it came.
		w.child("BuyerCookie", func() {
			if clean(p.BuyerCookie) != p.BuyerCookie {
				w.fault("", "The value has a character that XML doesn't allow.")
			}
			w.el.SetText(clean(p.BuyerCookie))
		})
		w.child("PunchOutOrderMessageHeader", func() { p.Header.write(w) })
		for i, item := range p.ItemIn {
			w.item("ItemIn", i+1, func() { item.write(w) })
		}
	})
}

func (h PunchOutOrderMessageHeader) write(w *writer) {
	w.oneOf("operationAllowed", h.OperationAllowed, "create", "inspect", "edit")
	if h.QuoteStatus != "" {
		w.oneOf("quoteStatus", h.QuoteStatus, "pending", "final")
	}
	w.mustMoney("Total", h.Total)
	w.shipTo(h.ShipTo)
	w.shipping(h.Shipping)
	w.tax(h.Tax)
	if h.SupplierOrderID != "" {
		w.child("SupplierOrderInfo", func() { w.attr("orderID", h.SupplierOrderID) })
	}
}

// write fills an ItemIn.
func (i ItemIn) write(w *writer) {
	w.quantity(i.Quantity)
	w.number("lineNumber", i.LineNumber)
	if i.ParentLineNumber > 0 || i.ItemType != "" {
		// Left out, the parts of a set would be charged beside the set.
		if !w.later() {
			w.fault("/@parentLineNumber", "Composite items have no place in this version of cXML.")
		}
		w.number("parentLineNumber", i.ParentLineNumber)
		w.attr("itemType", i.ItemType)
	}
	w.itemID(i.ItemID)
	w.itemDetail(i.ItemDetail)
	w.shipTo(i.ShipTo)
	w.shipping(i.Shipping)
	w.tax(i.Tax)
}

func (w *writer) quantity(q money.Decimal) {
	if q.Sign() < 0 {
		w.fault("/@quantity", "The quantity is negative.")
	}
	w.el.CreateAttr("quantity", q.String())
}

func (w *writer) itemID(id ItemID) {
	w.child("ItemID", func() {
		w.mustLeaf("SupplierPartID", id.SupplierPartID)
		w.leaf("SupplierPartAuxiliaryID", id.SupplierPartAuxiliaryID)
		if w.later() {
			w.leaf("BuyerPartID", id.BuyerPartID)
			w.idReferences(id.IdReference)
		}
	})
}

func (w *writer) itemDetail(d ItemDetail) {
	w.child("ItemDetail", func() {
		w.mustMoney("UnitPrice", d.UnitPrice)
		if len(d.Description) == 0 {
			w.fault("/Description", "The description is missing.")
		}
		for _, one := range d.Description {
			w.description(one)
		}
		w.mustLeaf("UnitOfMeasure", d.UnitOfMeasure)
		w.priceBasisQuantity(d.PriceBasisQuantity)
		if len(d.Classification) == 0 {
			w.fault("/Classification", "The classification is missing.")
		}
		for _, c := range d.Classification {
			w.child("Classification", func() {
				w.must("domain", c.Domain)
				if w.later() {
					w.attr("code", c.Code)
				}
				w.prose(c.Text)
			})
		}
		w.leaf("ManufacturerPartID", d.ManufacturerPartID)
		if d.ManufacturerName != "" {
			w.child("ManufacturerName", func() { w.prose(d.ManufacturerName) })
		}
		w.leaf("URL", d.URL)
		w.leaf("LeadTime", d.LeadTime)
		w.extrinsics(d.Extrinsic)
	})
}

// priceBasisQuantity is never left out nor worked into the price: the buyer would then pay
// another sum than the shop showed. The caller sells in another unit, or not at all.
func (w *writer) priceBasisQuantity(p *PriceBasisQuantity) {
	if p == nil {
		return
	}
	w.child("PriceBasisQuantity", func() {
		if !w.later() {
			w.fault("", "A price for more than one unit has no place in this version of cXML.")
		}
		if p.Quantity.Sign() <= 0 || p.ConversionFactor.Sign() <= 0 {
			w.fault("/@quantity", "A price must be for a quantity of more than 0.")
		}
		w.el.CreateAttr("quantity", p.Quantity.String())
		w.el.CreateAttr("conversionFactor", p.ConversionFactor.String())
		w.mustLeaf("UnitOfMeasure", p.UnitOfMeasure)
		if p.Description.Text != "" {
			w.description(p.Description)
		}
	})
}

func (p PunchOutSetupResponse) respond(w *writer) {
	w.child("PunchOutSetupResponse", func() {
		w.child("StartPage", func() { w.leaf("URL", p.StartPage) })
	})
}

func (p ProfileResponse) respond(w *writer) {
	w.child("ProfileResponse", func() {
		w.el.CreateAttr("effectiveDate", p.EffectiveDate.Text)
		w.options(p.Option)
		for _, t := range p.Transaction {
			w.child("Transaction", func() {
				w.attr("requestName", t.RequestName)
				w.leaf("URL", t.URL)
				w.options(t.Option)
			})
		}
	})
}

func (w *writer) options(list []Option) {
	for _, o := range list {
		w.child("Option", func() {
			w.attr("name", o.Name)
			w.prose(o.Value)
		})
	}
}
