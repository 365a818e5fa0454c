package procurement

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/oci"
)

// OCISettings are what a connection that speaks OCI may be set to besides (OCI reference 10). The
// zero value of each field is its default.
type OCISettings struct {
	// Username signs the buyer in, with one of the connection's secrets_in.
	Username string `json:"username,omitempty"`
	// Parameters are what the buyer calls those that the interface leaves open, where its names are
	// not the common ones: {"password": "pwd", "hook_url": "returnURL"}.
	Parameters map[string]string `json:"parameters,omitempty"`
	// Method is how starts may come: any (default), post or get.
	Method string `json:"method,omitempty"`
	// Charset of the return page where the start names none; UTF-8 when empty.
	Charset string `json:"charset,omitempty"`
	// HookQuery tells what becomes of the parameters in the return address: keep (default) leaves
	// the address byte for byte, split makes fields of them, as the interface's texts say.
	HookQuery string `json:"hook_query,omitempty"`
	// OKCode is sent where the start brought none: old systems want ADDI.
	OKCode string `json:"ok_code,omitempty"`
	// SAPGUI takes return addresses of SAP GUI's own browser control, such as sapevent:return.
	SAPGUI bool `json:"sap_gui,omitempty"`
	// DefaultUnit stands for a unit that the buyer has no code for; what the buyer calls EA when empty.
	DefaultUnit string `json:"default_unit,omitempty"`
	// Currencies are the buyer's codes by ISO 4217 codes, where they differ.
	Currencies map[string]string `json:"currencies,omitempty"`
	// Lengths of fields by name, where the buyer's system has others: {"CUST_FIELD5": 255}.
	Lengths map[string]int `json:"lengths,omitempty"`
	// SchemaType is the name under which the buyer imported UNSPSC; the class goes into
	// EXT_CATEGORY_ID with it. Empty sends no class.
	SchemaType string `json:"schema_type,omitempty"`
	// Fields fill or overwrite fields of every item.
	Fields []OCIField `json:"fields,omitempty"`
	// Functions that are answered besides plain shopping; all five when absent.
	Functions *[]string `json:"functions,omitempty"`
	// MaxHits of a background search; 100 when 0.
	MaxHits int `json:"max_hits,omitempty"`
	// FunctionsASecond is how often VALIDATE and BACKGROUND_SEARCH, which machines call, are
	// answered, in each process; 20 when 0.
	FunctionsASecond int `json:"functions_a_second,omitempty"`
	// FunctionsFrom are the networks from which VALIDATE and BACKGROUND_SEARCH are answered, where a
	// buyer's servers alone call them: ["203.0.113.0/24", "2001:db8::7"]; all when empty.
	FunctionsFrom []string `json:"functions_from,omitempty"`
}

// oci are the connection's OCI settings, the defaults where it has none.
func (s Settings) oci() OCISettings {
	if s.OCI == nil {
		return OCISettings{}
	}
	return *s.OCI
}

// OCIField says where a field of an item comes from: one of Value, Parameter and From.
type OCIField struct {
	Field     string            `json:"field"`               // CUST_FIELD1, MATGROUP, TAX_CODE …
	Value     string            `json:"value,omitempty"`     // always the same
	Parameter string            `json:"parameter,omitempty"` // of the start
	From      string            `json:"from,omitempty"`      // of the line: sku, name, description, unspsc, buyer_part, line, cart
	Values    map[string]string `json:"values,omitempty"`    // others in their place
	Cut       int               `json:"cut,omitempty"`       // to so many characters
}

// lineValues are what a field may be taken from.
var lineValues = []string{"sku", "name", "description", "unspsc", "buyer_part", "line", "cart"}

// functionsOf are the functions that a connection may turn on and off.
var functionsOf = []string{string(oci.Detail), string(oci.DetailAdd), string(oci.Validate), string(oci.Sourcing), string(oci.BackgroundSearch)}

const (
	mostHits             = 1000
	mostFunctionsASecond = 1000
)

// check finds what can't be; each field names its place within the settings.
func (o OCISettings) check() []fault.Field {
	var faults []fault.Field
	wrong := func(path, message string) {
		faults = append(faults, fault.Field{Path: "oci." + path, Message: message})
	}
	oneOf := func(path, value string, allowed ...string) {
		if value != "" && !slices.Contains(allowed, value) {
			wrong(path, "must be one of "+strings.Join(allowed, ", "))
		}
	}
	oneOf("method", o.Method, "any", "post", "get")
	oneOf("hook_query", o.HookQuery, "keep", "split")
	names := o.names()
	for _, name := range slices.Sorted(maps.Keys(o.Parameters)) {
		if places(&names)[name] == nil {
			wrong("parameters."+name, "must be one of "+strings.Join(slices.Sorted(maps.Keys(places(&names))), ", "))
		} else if o.Parameters[name] == "" {
			wrong("parameters."+name, "must not be empty")
		}
	}
	if _, known := oci.CharsetOf(o.Charset); !known {
		wrong("charset", "is not a character set that a page can be written in")
	}
	for _, ours := range slices.Sorted(maps.Keys(o.Currencies)) {
		if _, known := money.Exponent(ours); !known {
			wrong("currencies."+ours, "is not an ISO 4217 currency")
		} else if n := len(o.Currencies[ours]); n == 0 || n > 5 {
			wrong("currencies."+ours, "the buyer's code has 1 to 5 characters")
		}
	}
	for _, field := range slices.Sorted(maps.Keys(o.Lengths)) {
		if n := o.Lengths[field]; n < 1 || n > 4000 {
			wrong("lengths."+field, "must be 1 to 4000 characters")
		}
	}
	if len(o.DefaultUnit) > 3 {
		wrong("default_unit", "has at most 3 characters")
	}
	if len(o.SchemaType) > 10 {
		wrong("schema_type", "has at most 10 characters")
	}
	if o.MaxHits < 0 || o.MaxHits > mostHits {
		wrong("max_hits", fmt.Sprintf("must be 0 to %d", mostHits))
	}
	if o.FunctionsASecond < 0 || o.FunctionsASecond > mostFunctionsASecond {
		wrong("functions_a_second", fmt.Sprintf("must be 0 to %d", mostFunctionsASecond))
	}
	for i, from := range o.FunctionsFrom {
		if _, err := network(from); err != nil {
			wrong(fmt.Sprintf("functions_from[%d]", i), strconv.Quote(from)+" is no address or network such as 203.0.113.0/24")
		}
	}
	if o.Functions != nil {
		for i, function := range *o.Functions {
			oneOf(fmt.Sprintf("functions[%d]", i), function, functionsOf...)
		}
	}
	for i, f := range o.Fields {
		f.check(func(path, message string) { wrong(fmt.Sprintf("fields[%d].%s", i, path), message) })
	}
	return faults
}

// ourFields are those that say what is bought at which price: no map may change them.
var ourFields = []string{"QUANTITY", "UNIT", "PRICE", "PRICEUNIT", "CURRENCY", "LONGTEXT", "EXT_QUOTE_ID", "EXT_QUOTE_ITEM"}

func (f OCIField) check(wrong func(path, message string)) {
	switch {
	case slices.Contains(ourFields, f.Field):
		wrong("field", f.Field+" can't be set: it says what is bought, at which price, from which cart")
	case !oci.IsName(f.Field):
		wrong("field", "must be a field's name in capital letters, without NEW_ITEM- and brackets")
	}
	from := 0
	for _, source := range []string{f.Value, f.Parameter, f.From} {
		if source != "" {
			from++
		}
	}
	if from != 1 {
		wrong("value", "one of value, parameter and from is needed")
	}
	if f.From != "" && !slices.Contains(lineValues, f.From) {
		wrong("from", "must be one of "+strings.Join(lineValues, ", "))
	}
	if f.Cut < 0 {
		wrong("cut", "must not be negative")
	}
}

// names are what this buyer calls the parameters of a start.
func (o OCISettings) names() oci.Names {
	names := oci.DefaultNames
	for name, place := range places(&names) {
		if own := o.Parameters[name]; own != "" {
			*place = []string{own}
		}
	}
	return names
}

// places are where the settings' words lead to.
func places(n *oci.Names) map[string]*[]string {
	return map[string]*[]string{
		"hook_url": &n.HookURL, "cancel_url": &n.CancelURL, "username": &n.Username, "password": &n.Password,
		"email": &n.Email, "login": &n.Login, "first_name": &n.FirstName, "last_name": &n.LastName, "name": &n.Person, "language": &n.Language,
	}
}

// network reads an address, or a network of them.
func network(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

// takesFrom tells whether the functions that machines call are answered to an address.
func (o OCISettings) takesFrom(client string) bool {
	if len(o.FunctionsFrom) == 0 {
		return true
	}
	address, err := netip.ParseAddr(client)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(o.FunctionsFrom, func(from string) bool {
		prefix, err := network(from)
		return err == nil && prefix.Contains(address.Unmap().WithZone(""))
	})
}

// serves tells whether a function is answered on the connection.
func (o OCISettings) serves(function oci.Function) bool {
	if !slices.Contains(functionsOf, string(function)) {
		return false
	}
	return o.Functions == nil || slices.Contains(*o.Functions, string(function))
}
