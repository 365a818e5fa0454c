package simulators

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ErrNotFound and ErrState are the two refusals of this package's own methods.
var (
	ErrNotFound = errors.New("not found")
	ErrState    = errors.New("not possible now")
)

// envelope is everything we read of any cXML document, by local name. What a document does not
// have stays nil or empty.
type envelope struct {
	XMLName   xml.Name `xml:"cXML"`
	PayloadID string   `xml:"payloadID,attr"`
	From      party    `xml:"Header>From"`
	To        party    `xml:"Header>To"`
	Sender    party    `xml:"Header>Sender"`
	Response  *struct {
		Status    status `xml:"Status"`
		StartPage string `xml:"PunchOutSetupResponse>StartPage>URL"`
	} `xml:"Response"`
	Message *struct {
		Status *status       `xml:"Status"`
		Cart   *orderMessage `xml:"PunchOutOrderMessage"`
	} `xml:"Message"`
	Request *struct {
		Confirmation *confirmationRequest `xml:"ConfirmationRequest"`
		StatusUpdate *statusUpdateRequest `xml:"StatusUpdateRequest"`
		Others       []element            `xml:",any"`
	} `xml:"Request"`
}

type element struct{ XMLName xml.Name }

type party struct {
	Credentials []struct {
		Domain   string `xml:"domain,attr"`
		Identity string `xml:"Identity"`
		Secret   string `xml:"SharedSecret"`
	} `xml:"Credential"`
}

// names tells whether the party has one of the identities; upper and lower case don't matter.
func (p party) names(wanted []Credential) bool {
	for _, have := range p.Credentials {
		for _, want := range wanted {
			if strings.EqualFold(strings.TrimSpace(have.Domain), want.Domain) &&
				strings.EqualFold(strings.TrimSpace(have.Identity), want.Identity) {
				return true
			}
		}
	}
	return false
}

type status struct {
	Code   int    `xml:"code,attr"`
	Text   string `xml:"text,attr"`
	Detail string `xml:",chardata"`
}

// sentence is the human part, or the short text where there is none.
func (s status) sentence() string {
	if detail := strings.TrimSpace(s.Detail); detail != "" {
		return detail
	}
	return strings.TrimSpace(s.Text)
}

type moneyElement struct {
	Currency string `xml:"currency,attr"`
	Value    string `xml:",chardata"`
}

func (m *moneyElement) money() Money {
	if m == nil || strings.TrimSpace(m.Value) == "" {
		return Money{}
	}
	return Money{strings.TrimSpace(m.Value), strings.TrimSpace(m.Currency)}
}

type charge struct {
	Money       *moneyElement `xml:"Money"`
	Description string        `xml:"Description"`
}

type orderMessage struct {
	BuyerCookie string `xml:"BuyerCookie"`
	Header      struct {
		OperationAllowed string        `xml:"operationAllowed,attr"`
		QuoteStatus      string        `xml:"quoteStatus,attr"`
		Total            *moneyElement `xml:"Total>Money"`
		Shipping         *charge       `xml:"Shipping"`
		Tax              *charge       `xml:"Tax"`
	} `xml:"PunchOutOrderMessageHeader"`
	Items []itemIn `xml:"ItemIn"`
}

// description is prose with a short form for lists, which not every supplier sends.
type description struct {
	Text      string `xml:",chardata"`
	ShortName string
}

type itemIn struct {
	Quantity    string        `xml:"quantity,attr"`
	SKU         string        `xml:"ItemID>SupplierPartID"`
	AuxiliaryID string        `xml:"ItemID>SupplierPartAuxiliaryID"`
	UnitPrice   *moneyElement `xml:"ItemDetail>UnitPrice>Money"`
	Description []description `xml:"ItemDetail>Description"`
	Unit        string        `xml:"ItemDetail>UnitOfMeasure"`
	Basis       *struct {
		Quantity   string `xml:"quantity,attr"`
		Conversion string `xml:"conversionFactor,attr"`
		Unit       string `xml:"UnitOfMeasure"`
	} `xml:"ItemDetail>PriceBasisQuantity"`
	Classification []struct {
		Domain string `xml:"domain,attr"`
		Code   string `xml:",chardata"`
	} `xml:"ItemDetail>Classification"`
	ManufacturerPartID string `xml:"ItemDetail>ManufacturerPartID"`
	ManufacturerName   string `xml:"ItemDetail>ManufacturerName"`
}

type confirmationRequest struct {
	Header struct {
		ConfirmID string   `xml:"confirmID,attr"`
		Type      string   `xml:"type,attr"`
		Operation string   `xml:"operation,attr"`
		Notice    string   `xml:"noticeDate,attr"`
		Comments  []string `xml:"Comments"`
	} `xml:"ConfirmationHeader"`
	Order struct {
		OrderID   string `xml:"orderID,attr"`
		Reference *struct {
			PayloadID string `xml:"payloadID,attr"`
		} `xml:"DocumentReference"`
	} `xml:"OrderReference"`
	Items []struct {
		LineNumber string `xml:"lineNumber,attr"`
		Quantity   string `xml:"quantity,attr"`
		Statuses   []struct {
			Type     string   `xml:"type,attr"`
			Quantity string   `xml:"quantity,attr"`
			Comments []string `xml:"Comments"`
		} `xml:"ConfirmationStatus"`
	} `xml:"ConfirmationItem"`
}

type statusUpdateRequest struct {
	Reference *struct {
		PayloadID string `xml:"payloadID,attr"`
	} `xml:"DocumentReference"`
	Status status `xml:"Status"`
}

// read parses one document and gives it back as UTF-8 text too. A DOCTYPE is skipped, never
// fetched; entities beyond the five of XML are an error, as encoding/xml leaves them.
func read(body []byte) (*envelope, string, error) {
	text, err := asUTF8(body)
	if err != nil {
		return nil, text, err
	}
	decoder := xml.NewDecoder(strings.NewReader(text))
	// The text is UTF-8 by now, whatever the declaration says.
	decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	var e envelope
	if err := decoder.Decode(&e); err != nil {
		return nil, text, fmt.Errorf("not readable as cXML: %w", err)
	}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return &e, text, nil
		}
		if err != nil {
			return nil, text, fmt.Errorf("not readable after its end: %w", err)
		}
		if data, ok := token.(xml.CharData); ok && strings.TrimSpace(string(data)) == "" {
			continue
		}
		if _, ok := token.(xml.Comment); !ok {
			return nil, text, errors.New("there is something after the end of the document")
		}
	}
}

// asUTF8 follows the XML declaration; we know the encodings that we write ourselves.
func asUTF8(body []byte) (string, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	declared := ""
	if head, _, ok := bytes.Cut(body, []byte("?>")); ok && bytes.HasPrefix(head, []byte("<?xml")) {
		if _, after, ok := bytes.Cut(head, []byte("encoding=")); ok && len(after) > 2 {
			declared, _, _ = strings.Cut(string(after[1:]), string(after[0]))
		}
	}
	switch strings.ToUpper(declared) {
	case "", "UTF-8", "US-ASCII":
		if !utf8.Valid(body) {
			return strings.ToValidUTF8(string(body), "\uFFFD"), errors.New("the document is not valid UTF-8")
		}
		return string(body), nil
	case "ISO-8859-1", "ISO-8859-15":
		return decode(body, declared), nil
	}
	return strings.ToValidUTF8(string(body), "\uFFFD"), fmt.Errorf("the encoding %q is not one that this system reads", declared)
}
