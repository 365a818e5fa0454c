package setup

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/catalog"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/procurement"
)

// Schema is the JSON Schema (draft 2020-12) of the file, made from the same types and tags that
// the reader follows.
func Schema() []byte {
	s := schemas{defs: map[string]any{}}
	root := s.object(reflect.TypeFor[File]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "kontor apply"
	root["description"] = "The file that `kontor apply` reads. What is absent stays as it is; nothing is deleted."
	root["$defs"] = s.defs
	root["properties"].(map[string]any)["kontor"].(map[string]any)["const"] = Version
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(root); err != nil {
		panic(err) // maps of texts
	}
	return out.Bytes()
}

// schemas collects the types that are met.
type schemas struct{ defs map[string]any }

const decimalForm = `^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`

func (s *schemas) of(t reflect.Type, tag reflect.StructTag) map[string]any {
	switch t {
	case reflect.TypeFor[Secret]():
		return s.ref("Secret", func() map[string]any {
			return map[string]any{
				"description": "A secret, or the environment variable that it is in. It is never shown.",
				"oneOf": []any{
					map[string]any{"type": "string", "minLength": 1, "maxLength": 200},
					map[string]any{
						"type": "object", "additionalProperties": false, "required": []string{"env"},
						"properties": map[string]any{"env": map[string]any{"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}},
					},
				},
			}
		})
	case reflect.TypeFor[settingsNode]():
		return s.of(reflect.TypeFor[procurement.Settings](), "")
	case reflect.TypeFor[money.Decimal]():
		return map[string]any{"type": "string", "pattern": decimalForm}
	case reflect.TypeFor[money.Date]():
		return map[string]any{"type": "string", "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem(), tag)
	case reflect.String:
		text := map[string]any{"type": "string"}
		if enum := tag.Get("enum"); enum != "" {
			text["enum"] = strings.Split(enum, ",")
		}
		if pattern := tag.Get("pattern"); pattern != "" {
			text["pattern"] = pattern
		}
		return text
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(t.Elem(), tag)}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.of(t.Elem(), "")}
	case reflect.Struct:
		return s.ref(t.Name(), func() map[string]any { return s.object(t) })
	}
	panic("setup: no schema for " + t.String()) // found by the schema's test
}

func (s *schemas) ref(name string, make func() map[string]any) map[string]any {
	if s.defs[name] == nil {
		s.defs[name] = true // while it is made, for types that hold themselves
		s.defs[name] = make()
	}
	return map[string]any{"$ref": "#/$defs/" + name}
}

func (s *schemas) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range fieldsOf(t) {
		property := s.of(f.typ, f.tag)
		if said := docs[t][f.name]; said != "" {
			property["description"] = said
		} else if said := f.tag.Get("doc"); said != "" {
			property["description"] = said
		}
		if allowed := choices[t][f.name]; allowed != nil {
			property["enum"] = allowed
		}
		properties[f.name] = property
		if f.required {
			required = append(required, f.name)
		}
	}
	object := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		object["required"] = required
	}
	return object
}

// docs describes fields of types that other packages own.
var docs = map[reflect.Type]map[string]string{
	reflect.TypeFor[accounts.Contact](): {
		"name":       "As it is written to",
		"email":      "One address, without a name",
		"escalation": "Address that is written to when an order has waited for a banking day; email when absent",
	},
	reflect.TypeFor[accounts.TaxRate](): {
		"country":       "ISO 3166-1 code of two letters, of the ship-to address",
		"region":        "As ship-to addresses write it: CA",
		"postal_prefix": "How postal codes begin there: 941",
		"class":         "Tax class of products; standard when absent",
		"percent":       "7.25",
		"from":          "First day; always when absent",
		"to":            "Last day; for ever when absent",
	},
	reflect.TypeFor[accounts.Certificate](): {
		"country":   "ISO 3166-1 code of two letters, of the ship-to address; everywhere when absent",
		"region":    "As ship-to addresses write it: CA; the whole country when absent",
		"reference": "The number of the document, or where it is kept",
		"from":      "First day; always when absent",
		"to":        "Last day; for ever when absent",
	},
	reflect.TypeFor[accounts.Freight](): {
		"tiers":      "By the sum of goods; the last has no under and is for all the rest",
		"hazardous":  "Added once when a line is hazardous",
		"per_pallet": "Added for each piece of freight class pallet",
	},
	reflect.TypeFor[accounts.FreightTier](): {
		"under":  "The charge is for goods below this sum",
		"charge": "Major units: 14.95",
	},
	reflect.TypeFor[catalog.OtherUnit](): {
		"unit":    "UN/CEFACT code",
		"content": "How many order units it is",
	},
	reflect.TypeFor[catalog.Break](): {
		"from":  "From this quantity on, in order units",
		"price": "Per order unit",
	},
	reflect.TypeFor[procurement.Identity](): {
		"domain":   "NetworkId, DUNS …; compared without regard to case",
		"identity": "As the other system writes it",
	},
	reflect.TypeFor[procurement.Settings](): {
		"return_hosts":       "Where carts may be sent home to: a host stands for https; write http:// before one that has no https. *.buyer.example stands for every host under that domain, but not for the domain itself",
		"frame_hosts":        "Further hosts whose pages may show the shop in a frame, written the same way; those of return_hosts always may",
		"orders_url":         "Where confirmations and status updates go; none are sent when empty",
		"dtd_versions":       "By document type, such as PunchOutOrderMessage; the empty name is for all others",
		"encoding":           "Of the returned cart; cxml-base64 when never set",
		"present":            "What we call ourselves on the way out; the merchant's identities when never set",
		"present_sender":     "What we call ourselves as sender; the merchant's identities when never set",
		"held":               "Status of the answer to an order that waits; 201 when never set",
		"refused":            "How a refusal goes back; status when never set",
		"confirm":            "When a confirmation is sent; never when never set",
		"tax_and_freight":    "How they travel with a cart: line is freight as an item and tax in the header; header when never set",
		"freight_line":       "Part number of freight that travels as an item; FREIGHT when never set. An item of that number in an order is freight and no goods",
		"operation_allowed":  "What the buyer may do later with a returned cart: edit it, look at it (inspect) or neither (create); edit when never set",
		"edit_cancel":        "What a cancelled edit sends home: nothing by status 204, or the original cart; status204 when never set",
		"tolerance_percent":  "How far below ours a price in an order may be, in per cent of the line",
		"tolerance_amount":   "The same as an amount per line; the larger counts",
		"below_price":        "What happens to an order beyond the tolerance; review when never set",
		"total_mismatch":     "What happens to an order whose total doesn't add up; flag when never set",
		"payload_ids":        "Whether the system keeps them unique; unique when never set",
		"frame_target":       "Where the returning form goes, unless the set-up's extrinsic ReturnFrame says so; _self when never set",
		"quote_days":         "How many days the prices of a returned cart hold; 0 is 30. A quote has a day of its own",
		"decimals_of_prices": "The most that the buyer's system takes; 0 is any number",
		"price_basis":        "How a price with more decimals goes home: auto writes it for 10, 100 … units where the document's version can say so; never is for systems that ignore that. Without it the line goes in another unit of the product, or not at all; auto when never set",
		"units":              "The buyer's code for each of our units that it calls otherwise: {\"EA\": \"EACH\"}; the whole map",
		"oci":                "What else a connection that speaks OCI may be set to",
	},
	reflect.TypeFor[procurement.OCISettings](): {
		"username":           "Signs the buyer in, with one of secrets_in as password",
		"parameters":         "What the buyer calls hook_url, cancel_url, username, password, email, login, first_name, last_name, name and language, where those aren't the common names",
		"method":             "How starts may come; any when never set",
		"charset":            "Of the return page where the start names none; UTF-8 when never set",
		"hook_query":         "What becomes of parameters in the return address: keep leaves it byte for byte, split makes fields of them, as old SAP systems want; keep when never set",
		"ok_code":            "~OkCode in the form where the start brought none",
		"sap_gui":            "Takes return addresses of SAP GUI's own browser control (sapevent:…), which lead nowhere else than into that program; not taken when never set",
		"default_unit":       "Stands for a unit that units doesn't name; what the buyer calls EA when never set",
		"currencies":         "The buyer's code for each currency that it calls otherwise",
		"lengths":            "Characters that the buyer's system takes in a field, where they are others than the interface's: {\"CUST_FIELD5\": 255}",
		"schema_type":        "The name under which the buyer imported UNSPSC; without it no class is sent",
		"fields":             "Fields that are filled by the merchant's own rules; the whole list",
		"functions":          "What is answered besides plain shopping; all when never set",
		"max_hits":           "The most that a background search tells; 100 when never set",
		"functions_a_second": "How often VALIDATE and BACKGROUND_SEARCH are answered a second, by each process; 20 when never set. What comes beyond is answered 429 with Retry-After",
		"functions_from":     "Addresses or networks from which VALIDATE and BACKGROUND_SEARCH are answered, where the buyer's servers alone call them: [\"203.0.113.0/24\"]; from everywhere when never set",
	},
	reflect.TypeFor[procurement.OCIField](): {
		"field":     "CUST_FIELD1, MATGROUP, TAX_CODE …; any name may be given, but none that says what is bought at which price",
		"value":     "Always the same",
		"parameter": "The parameter of the start that it is taken from",
		"from":      "What of the line it is taken from: sku, name, description, unspsc, buyer_part, line or cart",
		"values":    "Other values in the place of these",
		"cut":       "Characters that it is cut to",
	},
}

// choices are the fixed values of settings; procurement.Settings.Check knows them too, and a
// test compares the two.
var choices = map[reflect.Type]map[string][]string{
	reflect.TypeFor[procurement.Settings](): {
		"encoding":          {"cxml-base64", "cxml-urlencoded"},
		"held":              {"201", "200"},
		"refused":           {"status", "confirmation"},
		"confirm":           {"never", "on_approval", "on_handover"},
		"tax_and_freight":   {"header", "line", "none"},
		"operation_allowed": {"edit", "inspect", "create"},
		"edit_cancel":       {"status204", "resend"},
		"below_price":       {"review", "accept"},
		"total_mismatch":    {"flag", "refuse"},
		"payload_ids":       {"unique", "colliding"},
		"frame_target":      {"_self", "_top"},
		"price_basis":       {"auto", "never"},
	},
}
