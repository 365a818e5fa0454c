package client

import "time"

// Money is an amount in minor units of its currency: 1999 USD is 19.99 dollars.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// UnitPrice is an exact price of one order unit; it may have more decimals than its currency.
type UnitPrice struct {
	Value    string `json:"value"`
	Currency string `json:"currency"`
}

// Organisation is a buying company. ExternalID is the merchant's own reference.
type Organisation struct {
	ID         string `json:"id"`
	ExternalID string `json:"external_id"`
	Name       string `json:"name"`
}

// Buyer is a person of an organisation.
type Buyer struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// The states of a session.
const (
	SessionOpen      = "open"
	SessionReturned  = "returned"
	SessionCancelled = "cancelled"
	SessionExpired   = "expired"
)

// Session is one punchout visit. Operation is create, edit or inspect; an inspected cart is only
// looked at. SelectedSKU is set when the buyer's system asked for one product's page, Search when
// it asked what there is under some words. ReturnOrigin
// is where forms that end the visit lead to, and FrameOrigins may show it in a frame.
type Session struct {
	ID           string       `json:"id"`
	State        string       `json:"state"`
	Operation    string       `json:"operation"`
	Protocol     string       `json:"protocol"`
	Organisation Organisation `json:"organisation"`
	Buyer        *Buyer       `json:"buyer"`
	Currency     string       `json:"currency"`
	SelectedSKU  string       `json:"selected_sku"`
	Search       string       `json:"search"`
	ReturnHost   string       `json:"return_host"`
	ReturnOrigin string       `json:"return_origin"`
	FrameOrigins []string     `json:"frame_origins"`
	ExpiresAt    time.Time    `json:"expires_at"`
	Cart         Cart         `json:"cart"`
}

// Cart is what someone wants to buy, with every sum made by the server.
type Cart struct {
	ID      string     `json:"id"`
	State   string     `json:"state"`
	Version int64      `json:"version"`
	Lines   []CartLine `json:"lines"`
	Goods   Money      `json:"goods"`
	Freight Money      `json:"freight"`
	Tax     Money      `json:"tax"`
	Total   Money      `json:"total"`
}

// CartLine is one line of a cart; Amount is quantity times UnitPrice, rounded once. A line that
// came back for an edit may cost something else than Before, and it may have a Problem, which
// keeps the cart from going home; it is not Available when its product is not sold any more.
type CartLine struct {
	Line        int        `json:"line"`
	AuxiliaryID string     `json:"auxiliary_id"`
	SKU         string     `json:"sku"`
	BuyerPart   string     `json:"buyer_part"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	UNSPSC      string     `json:"unspsc"`
	Quantity    string     `json:"quantity"`
	Unit        string     `json:"unit"`
	UnitPrice   UnitPrice  `json:"unit_price"`
	PricePer    string     `json:"price_per"`
	ListPrice   *UnitPrice `json:"list_price"`
	Before      *UnitPrice `json:"price_before"`
	PriceOpen   bool       `json:"price_open"`
	QuotedUntil string     `json:"quoted_until"`
	Amount      Money      `json:"amount"`
	Available   bool       `json:"available"`
	Problem     string     `json:"problem"`
}

// WantedLine is one line that the shop asks for. An empty Unit means the product's order unit;
// with AskPrice the price is to be said later, and the cart can only go home for a quote.
type WantedLine struct {
	SKU      string `json:"sku"`
	Quantity string `json:"quantity"`
	Unit     string `json:"unit,omitempty"`
	AskPrice bool   `json:"ask_price,omitempty"`
}

// Quote is the merchant's answer to a cart that went home for a quote: pending or final. ValidUntil
// is the last day on which its prices hold.
type Quote struct {
	CartID       string       `json:"cart_id"`
	State        string       `json:"state"`
	Organisation Organisation `json:"organisation"`
	ValidUntil   string       `json:"valid_until"`
	SentAt       time.Time    `json:"sent_at"`
	Version      int64        `json:"version"`
	Lines        []QuoteLine  `json:"lines"`
}

// QuoteLine is one line of a quote: the price that it went home with and the one that is offered,
// each nil where there is none.
type QuoteLine struct {
	Line     int        `json:"line"`
	SKU      string     `json:"sku"`
	Name     string     `json:"name"`
	Quantity string     `json:"quantity"`
	Unit     string     `json:"unit"`
	PricePer string     `json:"price_per"`
	Sent     *UnitPrice `json:"sent_price"`
	Price    *UnitPrice `json:"price"`
}

// QuotedLine is the price that is offered for one line.
type QuotedLine struct {
	Line  int    `json:"line"`
	Price string `json:"price"`
}

// Content is what one order unit holds: 100 EA in a box.
type Content struct {
	Quantity string `json:"quantity"`
	Unit     string `json:"unit"`
}

// UnitChoice is one unit a product may be ordered in, with its content in the smallest unit.
type UnitChoice struct {
	Unit    string `json:"unit"`
	Content string `json:"content"`
}

// Break is the price from a quantity on.
type Break struct {
	From  string    `json:"from"`
	Price UnitPrice `json:"price"`
}

// Product is a catalogue entry as the session's organisation may buy it.
type Product struct {
	ID            string       `json:"id"`
	SKU           string       `json:"sku"`
	BuyerPart     string       `json:"buyer_part"`
	Name          string       `json:"name"`
	Description   string       `json:"description"`
	Category      string       `json:"category"`
	UNSPSC        string       `json:"unspsc"`
	Unit          string       `json:"unit"`
	Content       *Content     `json:"content"`
	Units         []UnitChoice `json:"units"`
	Price         UnitPrice    `json:"price"`
	ListPrice     *UnitPrice   `json:"list_price"`
	Contract      bool         `json:"contract"`
	Breaks        []Break      `json:"breaks"`
	LeastQuantity string       `json:"least_quantity"`
	QuantityStep  string       `json:"quantity_step"`
	Stock         *string      `json:"stock"`
	LeadTimeDays  *int         `json:"lead_time_days"`
	Availability  string       `json:"availability"` // in_stock, out_of_stock or on_request
	Hazardous     bool         `json:"hazardous"`
}

// Category is a group of products that the session's organisation may see.
type Category struct {
	Name     string `json:"name"`
	Products int    `json:"products"`
}

// Page is one page of a list; an empty NextCursor is the last.
type Page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor"`
}

// Order is an accepted wish to buy.
type Order struct {
	ID           string       `json:"id"`
	Number       string       `json:"number"`
	State        string       `json:"state"`
	Version      int64        `json:"version"` // the one in force, else the latest
	Organisation Organisation `json:"organisation"`
	Buyer        *Buyer       `json:"buyer"`
	ConnectionID string       `json:"connection_id"`
	Source       string       `json:"source"`
	Currency     string       `json:"currency"`
	Goods        Money        `json:"goods"`
	Freight      Money        `json:"freight"`
	Tax          Money        `json:"tax"`
	Total        Money        `json:"total"`
	Lines        []OrderLine  `json:"lines"`
	Flags        []Flag       `json:"flags"`
	AgreementID  string       `json:"agreement_id"` // the blanket order that it draws on, if it is a release
	Draws        []Draw       `json:"draws"`        // of a blanket order

	LatestVersion     int64       `json:"latest_version"`     // above Version while a change waits
	ShipTo            *OrderPlace `json:"ship_to"`            // nil where the order says nothing
	RequestedDelivery string      `json:"requested_delivery"` // in the buyer's words
	RequisitionID     string      `json:"requisition_id"`
	Comments          []string    `json:"comments"`

	Decision  *Decision `json:"decision"`
	PlacedAt  time.Time `json:"placed_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// OrderLine is one line of an order. BuyerPrice is the price that the buyer's document named.
type OrderLine struct {
	Line        int        `json:"line"`
	SKU         string     `json:"sku"`
	BuyerPart   string     `json:"buyer_part"`
	Description string     `json:"description"`
	Quantity    string     `json:"quantity"`
	Cancelled   string     `json:"cancelled"` // of the quantity, by the merchant; "0" for nothing
	Unit        string     `json:"unit"`
	UnitPrice   UnitPrice  `json:"unit_price"`
	BuyerPrice  *UnitPrice `json:"buyer_price"`
	PricePer    string     `json:"price_per"`
	Amount      Money      `json:"amount"`
	Charge      string     `json:"charge"` // freight; empty for goods
	Flags       []string   `json:"flags"`

	ShipTo            *OrderPlace `json:"ship_to"` // nil where it is the order's
	RequestedDelivery string      `json:"requested_delivery"`
	Comments          []string    `json:"comments"`
}

// OrderPlace is where goods go, as the buyer wrote it; Country is an ISO 3166-1 code.
type OrderPlace struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	DeliverTo  []string `json:"deliver_to"`
	Street     []string `json:"street"`
	City       string   `json:"city"`
	Region     string   `json:"region"`
	PostalCode string   `json:"postal_code"`
	Country    string   `json:"country"`
}

// Attachment is a file that came with a document about an order. Name and MediaType are its sender's
// words: never use Name as a path, and scan the file before anybody opens it.
type Attachment struct {
	ID         string `json:"id"`
	DocumentID string `json:"document_id"`
	ContentID  string `json:"content_id"`
	Name       string `json:"name"`
	MediaType  string `json:"media_type"`
	Size       int64  `json:"size"`
	SHA256     string `json:"sha256"`
}

// EnteredOrder is a purchase order as somebody enters it. Organisation is an id or ext:<ref>; an
// empty Currency is the organisation's. Total is compared, not trusted.
type EnteredOrder struct {
	Organisation string        `json:"organisation"`
	Number       string        `json:"number"`
	Version      int64         `json:"version,omitempty"` // from 2 on a change of an order that was entered before
	Currency     string        `json:"currency,omitempty"`
	ShipTo       *EnteredPlace `json:"ship_to,omitempty"`
	Total        string        `json:"total,omitempty"`
	Comment      string        `json:"comment,omitempty"`
	Lines        []EnteredLine `json:"lines"`
}

// EnteredPlace is where the goods of an entered order go; Country is an ISO 3166-1 code.
type EnteredPlace struct {
	Name       string `json:"name,omitempty"`
	Street     string `json:"street,omitempty"`
	City       string `json:"city,omitempty"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country"`
}

// EnteredLine is one line as the purchase order has it. QuoteID and QuoteItem name the cart that it
// came from and its line there: EXT_QUOTE_ID and EXT_QUOTE_ITEM of OCI.
type EnteredLine struct {
	Line      int    `json:"line,omitempty"`
	SKU       string `json:"sku,omitempty"`
	BuyerPart string `json:"buyer_part,omitempty"`
	QuoteID   string `json:"quote_id,omitempty"`
	QuoteItem string `json:"quote_item,omitempty"`
	Quantity  string `json:"quantity"`
	Unit      string `json:"unit"`
	Price     string `json:"price"`
	PricePer  string `json:"price_per,omitempty"`
	Charge    string `json:"charge,omitempty"` // freight; empty for goods
}

// Draw is how much of a blanket order (line 0), or of one of its lines, its releases drew. Maximum
// and Left are nil where nothing limits it.
type Draw struct {
	Line    int    `json:"line"`
	Maximum *Money `json:"maximum"`
	Drawn   Money  `json:"drawn"`
	Left    *Money `json:"left"`

	MaximumQuantity string `json:"maximum_quantity"` // exact decimals in Unit; empty where nothing limits it
	DrawnQuantity   string `json:"drawn_quantity"`
	Unit            string `json:"unit"`
}

// Flag is something a person should know about an order; Line is 0 for the whole order.
type Flag struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Line    int    `json:"line"`
}

// Decision is what credit said to an order, in a sentence that may be shown.
type Decision struct {
	Outcome  string `json:"outcome"`
	Reason   string `json:"reason"`
	Sentence string `json:"sentence"`
	Short    *Money `json:"short"`
}

// CreditParts are the parts of an exposure.
type CreditParts struct {
	Holds       Money `json:"holds"`
	Receivables Money `json:"receivables"`
	Offline     Money `json:"offline"`
	Credits     Money `json:"credits"`
	Exposure    Money `json:"exposure"`
}

// CreditLine is limit and position of one organisation in one currency. Available is the least
// over its chain; BoundBy names the organisation above that binds, if one does.
type CreditLine struct {
	ID           string        `json:"id"`
	Organisation Organisation  `json:"organisation"`
	Currency     string        `json:"currency"`
	Limit        Money         `json:"limit"`
	Own          CreditParts   `json:"own"`
	Tree         CreditParts   `json:"tree"`
	Available    Money         `json:"available"`
	BoundBy      *Organisation `json:"bound_by"`
	Application  *Application  `json:"application"` // while nobody decided about it
	Version      int64         `json:"version"`
}

// Application is a credit line that an organisation asked for. Since is a day, YYYY-MM-DD.
type Application struct {
	Amount Money  `json:"amount"`
	Since  string `json:"since"`
	Wants  string `json:"wants"`
}

// CreditEntry is one signed movement of a credit line and the balance of its part after it.
type CreditEntry struct {
	Seq          int64        `json:"seq"`
	Kind         string       `json:"kind"`
	Part         string       `json:"part"`
	Amount       Money        `json:"amount"`
	Balance      Money        `json:"balance"`
	Reference    string       `json:"reference"`
	Reason       string       `json:"reason"`
	Actor        string       `json:"actor"`
	At           time.Time    `json:"at"`
	Organisation Organisation `json:"organisation"`
}
