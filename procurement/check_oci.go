package procurement

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/oci"
)

// ociSent is a start or a cart in OCI as a file has it; form is nil where it is only fields.
type ociSent struct {
	fields []oci.Field
	form   *oci.Form
}

// readOCI reads a saved page with a form, a url-encoded body or query, or a JSON list of names and
// values. ok is false for what is no OCI: there is neither a return address nor an item in it.
func readOCI(file []byte, contentType string) (sent ociSent, ok bool) {
	text := bytes.TrimSpace(file)
	switch {
	case len(file) > LargestOCI:
		return sent, false
	case bytes.HasPrefix(text, []byte("<")):
		form, found := oci.ReadForm(file, contentType)
		if !found {
			return sent, false
		}
		sent.fields, sent.form = form.Fields, &form
	case bytes.HasPrefix(text, []byte("[")), bytes.HasPrefix(text, []byte("{")):
		if sent.fields, ok = fieldsInJSON(text); !ok {
			return sent, false
		}
	default:
		query := string(text)
		if address, err := url.Parse(query); err == nil && address.Host != "" {
			query = address.RawQuery
		}
		fields, err := oci.ReadFields("", strings.TrimPrefix(query, "?"), oci.DefaultLimits)
		if err != nil {
			return sent, false
		}
		sent.fields = fields
	}
	return sent, isStart(sent.fields) || named(sent.fields, cartMarks)
}

// startMarks and cartMarks are names that tell OCI from other forms; echoed ones are all that a visit
// without a cart brings home.
var (
	startMarks = []string{"HOOK_URL", "FUNCTION", "OCI_VERSION", "USERNAME"}
	cartMarks  = []string{"NEW_ITEM-", "XMLDOCUMENT", "OKCODE", "CALLER"}
)

// named tells whether a field's name begins with one of the words.
func named(fields []oci.Field, words []string) bool {
	for _, f := range fields {
		for _, word := range words {
			if strings.HasPrefix(strings.ToUpper(strings.TrimPrefix(strings.TrimSpace(f.Name), "~")), word) {
				return true
			}
		}
	}
	return false
}

// fieldsInJSON reads [["name", "value"], …], alone or as "fields" of an object.
func fieldsInJSON(text []byte) ([]oci.Field, bool) {
	var file struct {
		Fields [][2]string `json:"fields"`
	}
	if json.Unmarshal(text, &file.Fields) != nil && json.Unmarshal(text, &file) != nil {
		return nil, false
	}
	var fields []oci.Field
	for _, pair := range file.Fields {
		fields = append(fields, oci.Field{Name: pair[0], Value: pair[1]})
	}
	return fields, true
}

// checkOCI tells what is wrong with a start or a cart: what our reader can't take, what the strict
// form forbids (OCI reference 4), and what shops and systems are known to stumble over.
func checkOCI(sent ociSent) Findings {
	k := &checker{}
	if isStart(sent.fields) {
		k.ociStart(sent.fields)
	} else {
		k.ociCart(sent)
	}
	for _, f := range sent.fields {
		if masked := cxml.MaskCards(f.Value); masked != f.Value {
			k.warn(placeOfField(f.Name), "This looks like a card number in clear. If it is one, take it out.", does(thisSystem, "masks it before anything is written"))
		}
	}
	k.findings.sort()
	return k.findings
}

// isStart goes by the return address: a cart has gone there already. Some starts bring fields of
// items.
func isStart(fields []oci.Field) bool {
	return named(fields, startMarks[:1]) || named(fields, startMarks) && !named(fields, cartMarks[:2])
}

// placeOfField is a field's name for a report: names are the sender's, too.
func placeOfField(name string) string {
	const longest = 60
	name = cxml.MaskCards(strings.ToValidUTF8(strings.TrimSpace(name), ""))
	if letters := []rune(name); len(letters) > longest {
		return string(letters[:longest]) + "…"
	}
	return name
}

func (k *checker) ociStart(fields []oci.Field) {
	start, err := oci.ReadStart(fields, oci.DefaultNames)
	k.ociFaults(err, nil, refuses(thisSystem, "answers 401 or 422 and starts nothing, unless the connection has other names for it"))
	for _, f := range start.Fields {
		if f.Value == oci.Masked {
			k.note(placeOfField(f.Name), "The password stands here in clear, where the shop needs it. Take it out before the file is passed on.", does(thisSystem, "compares it and keeps it masked"))
		}
	}
	k.ociAddress("HOOK_URL", start.HookURL)
	k.ociAddress("OCICANCEL", start.CancelURL)
	if start.Asked != "" {
		k.note("FUNCTION", shown(start.Asked)+" is no function of OCI.", does(thisSystem, "takes it for plain shopping"))
	} else if start.Function != oci.Shop && !slices.Contains(functionsOf, string(start.Function)) {
		k.warn("FUNCTION", string(start.Function)+" is a function of 5.0 that few shops have.", refuses(thisSystem, "answers 501"))
	}
	if _, known := oci.CharsetOf(start.Charset); !known {
		k.warn("http_content_charset", shown(start.Charset)+" is no character set that a page can be written in.", does(thisSystem, "writes UTF-8"))
	}
	if _, ok := start.Target(); !ok {
		k.warn("returntarget", "The target is no frame's name.", does(thisSystem, "returns into _top"))
	}
}

func (k *checker) ociAddress(place, address string) {
	u, err := url.Parse(address)
	switch {
	case address == "":
	case sapEventAddress.MatchString(address):
		k.note(place, "This is an address of SAP GUI's own browser control.", does(thisSystem, "takes it where the connection sets sap_gui"))
	case err != nil || u.Host == "" || strings.Contains(address, "#") || u.User != nil || len(address) > 2048 || (u.Scheme != "https" && u.Scheme != "http"):
		k.fault(place, "This is no address that a form can be sent to: http or https with a host, without credentials and fragment, of at most 2,048 characters.", refuses(thisSystem, "answers 422"))
	case u.Scheme == "http":
		k.warn(place, "Prices go home over http, where everybody on the way can read and change them.", does(thisSystem, "takes it where the connection names http itself"))
	}
}

func (k *checker) ociCart(sent ociSent) {
	cart, err := oci.ReadCart(sent.fields, oci.DefaultLimits)
	k.ociFaults(err, nil)
	if sent.form != nil && sent.form.Method != http.MethodPost {
		k.fault("", "The form is sent by GET, which cuts long carts and puts prices into logs.")
	}
	if len(cart.Items) == 0 && err != nil {
		return // what there is can't be read
	}
	if len(cart.Items) == 0 {
		k.note("", "There is no item: for the buyer this is a visit without a cart.")
		return
	}
	broken := map[string]bool{} // what the reader said already
	for _, f := range k.findings {
		broken[f.Place] = true
	}
	_, err = cart.Write(oci.Rules{})
	k.ociFaults(err, func(place string) (string, bool) {
		place = atIndex(place, func(n int) int { return cart.Items[n-1].Index })
		return place, !broken[place]
	})
	for i, item := range cart.Items {
		at := func(field string) string { return "NEW_ITEM-" + field + "[" + strconv.Itoa(item.Index) + "]" }
		if item.Index == 0 {
			k.warn(at("DESCRIPTION"), "The items are counted from 0; the texts count from 1, and readers that go by that lose this one.", does(thisSystem, "reads it all the same"))
			break
		}
		if item.Index != i+1 {
			k.warn(at("DESCRIPTION"), "Item "+strconv.Itoa(i+1)+" of the form has the number "+strconv.Itoa(item.Index)+": readers that stop at the first gap lose it.", does(thisSystem, "reads it all the same"))
			break
		}
	}
	for _, item := range cart.Items {
		k.ociItem(item, broken)
	}
	k.ociNames(sent.fields, broken)
}

// ociItem looks at what an item says; unread are the places that the reader found faults at.
func (k *checker) ociItem(item oci.Item, unread map[string]bool) {
	at := func(field string) string { return "NEW_ITEM-" + field + "[" + strconv.Itoa(item.Index) + "]" }
	if n := utf8.RuneCountInString(item.Description); n > 40 {
		k.warn(at("DESCRIPTION"), "It has "+strconv.Itoa(n)+" characters; 40 are taken, the rest belongs into the long text.")
	}
	if item.Description != "" && item.MatNr != "" {
		k.note(at("MATNR"), "DESCRIPTION and MATNR are both there; the texts want one of the two. MATNR is the buyer's own number, never the shop's.")
	}
	if item.VendorMat == "" && item.MatNr == "" {
		k.warn(at("VENDORMAT"), "The shop's part number is missing: an order can't name the product.")
	}
	switch {
	case unread[at("PRICE")]:
	case item.Price == nil:
		k.note(at("PRICE"), "There is no price; the buyer's system asks a person for it.")
	case item.Price.IsZero():
		k.warn(at("PRICE"), "The price is 0. One that is still to be said is left out.")
	}
	if item.ExtProductID == "" {
		k.note(at("EXT_PRODUCT_ID"), "It is missing, so that DETAIL and VALIDATE can't ask for the product later.")
	}
	if _, known := money.Exponent(item.Currency); item.Currency != "" && !known {
		k.fault(at("CURRENCY"), shown(item.Currency)+" is no currency of ISO 4217.")
	} else if _, err := item.Total(); err != nil && item.Price != nil && item.Currency != "" {
		k.fault(at("CURRENCY"), "The line is more than can be counted in "+shown(item.Currency)+".")
	}
	if iso := sapUnits[strings.ToUpper(item.Unit)]; iso != "" {
		k.note(at("UNIT"), shown(item.Unit)+" is SAP's own code; the text wants the ISO code, "+iso+". It is right where the buyer asks for it.")
	}
	if oci.PlainText(item.LongText) != item.LongText {
		k.warn(at("LONGTEXT"), "There is HTML in it. It is plain text: the buyer's order shows the tags.")
	}
	if eclass.MatchString(item.MatGroup) {
		k.note(at("MATGROUP"), "An ECLASS code goes without its dashes: "+strings.ReplaceAll(item.MatGroup, "-", "")+".")
	}
	if u, err := url.Parse(item.Attachment); item.Attachment != "" && (err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http") {
		k.warn(at("ATTACHMENT"), "This is no address that the buyer's server can fetch by itself: http or https with a host, without a login.")
	}
}

// sapUnits are SAP's own codes in German systems that are no ISO codes, with those that are.
var sapUnits = map[string]string{"ST": "PCE", "PC": "PCE", "KG": "KGM", "M": "MTR", "L": "LTR", "PAK": "PA", "KAR": "CT"}

var (
	strictNumber = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	strictName   = regexp.MustCompile(`^NEW_ITEM-(LONGTEXT_(?:0|[1-9][0-9]*):132\[\]|[A-Z][A-Z0-9_]*\[(?:0|[1-9][0-9]*)\])$`)
	numberFields = regexp.MustCompile(`(?i)^NEW_ITEM-(QUANTITY|PRICE|PRICEUNIT|LEADTIME)\[`)
)

// ociNames looks at the fields as they are written: our reader takes more than others do.
func (k *checker) ociNames(fields []oci.Field, unread map[string]bool) {
	lenient := does(thisSystem, "reads it all the same")
	seen := map[string]bool{}
	for _, f := range fields {
		if name := strings.ToUpper(strings.TrimSpace(f.Name)); seen[name] && strings.HasPrefix(name, "NEW_ITEM-") {
			if strings.HasPrefix(name, "NEW_ITEM-LONGTEXT") {
				k.warn(placeOfField(f.Name), "The long text is to come in one field, as long as it is.", does(thisSystem, "joins the pieces"))
				continue
			}
			k.warn(placeOfField(f.Name), "The field is there more than once: systems take the one or the other.", does(thisSystem, "takes the last one"))
		} else {
			seen[name] = true
		}
		place := placeOfField(f.Name)
		upper := strings.ToUpper(strings.TrimSpace(f.Name))
		switch {
		case strings.HasPrefix(upper, "NEW_ITEM-") && (!strictName.MatchString(f.Name) || strings.HasPrefix(upper, "NEW_ITEM-LONGTEXT[")):
			k.warn(place, "This is not how the texts write the name: NEW_ITEM-FIELD[1], and NEW_ITEM-LONGTEXT_1:132[] for the long text.", lenient)
		case unread[strings.TrimSpace(f.Name)]:
		case numberFields.MatchString(f.Name) && strings.TrimSpace(f.Value) != "" && !strictNumber.MatchString(f.Value):
			k.warn(place, "The number is to be written with digits and a point only, as in 12.500.", lenient)
		case strings.HasPrefix(upper, "NEW_ITEM-SERVICE[") && !strings.EqualFold(strings.TrimSpace(f.Value), "X") && strings.TrimSpace(f.Value) != "":
			k.warn(place, "The value is X for a service, and empty for everything else.", does(thisSystem, "takes it for none"))
		case strings.HasPrefix(upper, "NEW_ITEM-"), strings.HasPrefix(upper, "~"):
		default:
			k.note(place, "This field is none of the cart's, and goes to the buyer's system with it.")
		}
	}
}

// ociFaults takes over what the codec found; where names the place and whether it is new.
func (k *checker) ociFaults(err error, where func(place string) (string, bool), systems ...Effect) {
	var all oci.Faults
	errors.As(err, &all)
	for _, f := range all {
		place, fresh := f.Field, true
		if where != nil {
			place, fresh = where(place)
		}
		if fresh {
			k.fault(placeOfField(place), strings.ToUpper(cxml.MaskCards(f.Message)[:1])+cxml.MaskCards(f.Message)[1:]+".", systems...)
		}
	}
}

var itemIndex = regexp.MustCompile(`(\[|LONGTEXT_)([0-9]+)`)

// atIndex puts another index into a field's name.
func atIndex(place string, index func(n int) int) string {
	m := itemIndex.FindStringSubmatchIndex(place)
	if m == nil {
		return place
	}
	n, err := strconv.Atoi(place[m[4]:m[5]])
	if err != nil {
		return place
	}
	return place[:m[4]] + strconv.Itoa(index(n)) + place[m[5]:]
}
