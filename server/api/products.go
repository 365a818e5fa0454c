package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
)

// Product is a catalogue entry as one organisation may buy it.
type Product struct {
	ID            string              `json:"id" doc:"Our id" example:"prd_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	SKU           string              `json:"sku" doc:"Part number" example:"PPE-2010"`
	BuyerPart     string              `json:"buyer_part" doc:"This organisation's own part number; empty where it has none" example:"GLOVE-L"`
	Name          string              `json:"name" doc:"Its name" example:"Disposable nitrile gloves, size L"`
	Description   string              `json:"description" doc:"May be empty" example:"Powder-free, 100 in a box."`
	Category      string              `json:"category" doc:"The group it is listed in; may be empty" example:"Safety"`
	UNSPSC        string              `json:"unspsc" doc:"Classification; may be empty" example:"46181504"`
	Unit          string              `json:"unit" doc:"Order unit, a UN/CEFACT code: prices, breaks, least quantity and step count in it" example:"BX"`
	Content       optional[Content]   `json:"content" doc:"What one order unit holds; null when nothing is said"`
	Units         []UnitChoice        `json:"units" doc:"The units it may be ordered in; the order unit comes first"`
	Price         UnitPrice           `json:"price" doc:"What this organisation pays at the least quantity, for one order unit"`
	ListPrice     optional[UnitPrice] `json:"list_price" doc:"What the list says, where a contract price holds; else null"`
	Contract      bool                `json:"contract" doc:"Whether a contract price of this organisation is in force" example:"true"`
	Breaks        []PriceBreak        `json:"breaks" doc:"The price from a quantity on, by rising quantity; empty when it never changes"`
	LeastQuantity string              `json:"least_quantity" doc:"In order units" example:"1"`
	QuantityStep  string              `json:"quantity_step" doc:"In order units" example:"1"`
	Stock         *string             `json:"stock" doc:"In order units; null is unknown, which is not 0" example:"1840"`
	LeadTimeDays  *int64              `json:"lead_time_days" doc:"Until it leaves the warehouse; null is unknown" example:"12"`
	Availability  string              `json:"availability" enum:"in_stock,out_of_stock,on_request" doc:"What stock says; on_request where it is unknown. New values may be added" example:"in_stock"`
	Hazardous     bool                `json:"hazardous" doc:"Whether it travels as hazardous goods, by ground only" example:"false"`
}

// Content is what one order unit holds.
type Content struct {
	Quantity string `json:"quantity" doc:"Exact decimal" example:"100"`
	Unit     string `json:"unit" doc:"UN/CEFACT code" example:"EA"`
}

// UnitChoice is one unit that a product may be ordered in.
type UnitChoice struct {
	Unit    string `json:"unit" doc:"UN/CEFACT code" example:"BX"`
	Content string `json:"content" doc:"How many order units it is; 1 for the order unit itself" example:"100"`
}

// PriceBreak is the price from a quantity on.
type PriceBreak struct {
	From  string    `json:"from" doc:"In order units" example:"10"`
	Price UnitPrice `json:"price" doc:"For one order unit"`
}

// ProductCategory is a group of products.
type ProductCategory struct {
	Name     string `json:"name" doc:"Its name; empty for products without a category" example:"Fasteners"`
	Products int    `json:"products" doc:"How many of them this organisation is offered" example:"8"`
}

// ForWhom decides whose prices are shown.
type ForWhom struct {
	Session      string `query:"session" maxLength:"100" doc:"A punchout session's id or visit token: its organisation's prices. This or organisation is needed" example:"ses_01j5x2v9t4e8s7c6b3n2m1k0hz"`
	Organisation string `query:"organisation" maxLength:"300" doc:"An organisation's id, or ext: and the merchant's own reference" example:"ext:northfold"`
}

func (a *api) productRoutes() {
	op := func(path, id, summary, description string) huma.Operation {
		return huma.Operation{Method: http.MethodGet, Path: path, OperationID: id, Tags: []string{tagProducts},
			Summary: summary, Description: description, Errors: []int{http.StatusNotFound}}
	}
	route(a, op("/v1/products", "listProducts", "List or search products",
		"What one organisation is offered, at its prices. Every word of q must begin a word of the part number, name, description or category."), a.listProducts)
	route(a, op("/v1/products/{sku}", "getProduct", "Read a product", "One product at one organisation's prices."), a.getProduct)
	route(a, op("/v1/product-categories", "listProductCategories", "List categories",
		"The categories in which one organisation is offered something. There is one page."), a.listCategories)
}

// buyingOrganisation finds whose prices are asked for.
func (a *api) buyingOrganisation(ctx context.Context, c *caller, who ForWhom) (accounts.Organisation, error) {
	switch {
	case (who.Session == "") == (who.Organisation == ""):
		return accounts.Organisation{}, fault.At(fault.Invalid, "query.session", "name a session or an organisation: prices are made for one")
	case who.Organisation != "":
		return a.findOrganisation(ctx, c, "query.organisation", who.Organisation)
	}
	found, err := a.visit(ctx, c, who.Session)
	if fault.CodeOf(err) == fault.Unknown {
		return accounts.Organisation{}, fault.At(fault.Unknown, "query.session", "there is no such visit")
	}
	if err != nil {
		return accounts.Organisation{}, err
	}
	return accounts.FindOrganisation(ctx, a.DB, c.merchant.ID, found.Organisation)
}

type listProductsInput struct {
	ForWhom
	Text     string `query:"q" maxLength:"200" doc:"Words to look for, or the organisation's own number of a product, which then comes first" example:"hex bolt"`
	Category string `query:"category" maxLength:"200" doc:"Only this category" example:"Fasteners"`
	Paging
}

func (a *api) listProducts(ctx context.Context, c *caller, in *listProductsInput) (*paged[Product], error) {
	query := catalog.Query{Text: in.Text, Category: in.Category, Limit: in.Limit}
	place, further, err := in.place("products", 1)
	if err != nil {
		return nil, err
	}
	if further {
		if query.After = place[0]; !isID("prd", query.After) {
			return nil, errCursor()
		}
	}
	organisation, err := a.buyingOrganisation(ctx, c, in.ForWhom)
	if err != nil {
		return nil, err
	}
	offers, next, err := catalog.Search(ctx, a.DB, organisation, organisation.Currency, c.merchant.Today(a.Clock), query)
	if err != nil {
		return nil, err
	}
	items := make([]Product, len(offers))
	for i, offer := range offers {
		items[i] = productView(offer)
	}
	if next != "" {
		next = cursor("products", next)
	}
	return pageOf(items, next), nil
}

type getProductInput struct {
	SKU string `path:"sku" doc:"Part number, with or without ext: before it; case doesn't matter" example:"PPE-2010"`
	ForWhom
}

type productAnswer struct{ Body Product }

func (a *api) getProduct(ctx context.Context, c *caller, in *getProductInput) (*productAnswer, error) {
	organisation, err := a.buyingOrganisation(ctx, c, in.ForWhom)
	if err != nil {
		return nil, err
	}
	offer, err := catalog.Find(ctx, a.DB, organisation, organisation.Currency, c.merchant.Today(a.Clock), strings.TrimPrefix(in.SKU, "ext:"))
	if err != nil {
		return nil, err
	}
	return &productAnswer{productView(offer)}, nil
}

func (a *api) listCategories(ctx context.Context, c *caller, in *ForWhom) (*paged[ProductCategory], error) {
	organisation, err := a.buyingOrganisation(ctx, c, *in)
	if err != nil {
		return nil, err
	}
	found, err := catalog.Categories(ctx, a.DB, organisation, organisation.Currency, c.merchant.Today(a.Clock))
	if err != nil {
		return nil, err
	}
	items := make([]ProductCategory, len(found))
	for i, category := range found {
		items[i] = ProductCategory{category.Name, category.Products}
	}
	return pageOf(items, ""), nil
}

func productView(o *catalog.Offer) Product {
	first := o.Breaks[0]
	view := Product{ID: o.ID, SKU: o.SKU, BuyerPart: o.BuyerPart, Name: o.Name, Description: o.Description, Category: o.Category, UNSPSC: o.UNSPSC,
		Unit: o.Unit, Units: []UnitChoice{{o.Unit, money.One.Plain()}}, Price: priceOf(first.Price, o.Currency), Contract: o.Contract,
		Breaks: []PriceBreak{}, LeastQuantity: o.LeastQuantity.Plain(), QuantityStep: o.QuantityStep.Plain(),
		LeadTimeDays: o.LeadTimeDays, Availability: "on_request", Hazardous: o.Hazardous}
	if o.Content != nil {
		view.Content = some(Content{o.Content.Plain(), o.ContentUnit})
	}
	for _, other := range o.OtherUnits {
		view.Units = append(view.Units, UnitChoice{other.Unit, other.Content.Plain()})
	}
	if o.Contract {
		view.ListPrice = maybePrice(o.ListPrice, o.Currency)
	}
	if len(o.Breaks) > 1 {
		for _, b := range o.Breaks {
			view.Breaks = append(view.Breaks, PriceBreak{b.From.Plain(), priceOf(b.Price, o.Currency)})
		}
	}
	if o.Stock != nil {
		stock := o.Stock.Plain()
		view.Stock, view.Availability = &stock, "out_of_stock"
		if o.Stock.Sign() > 0 {
			view.Availability = "in_stock"
		}
	}
	return view
}
