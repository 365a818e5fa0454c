package oci

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kontorhq/kontor/money"
)

// Function is what a start asks for (OCI reference 3).
type Function string

// The functions. Shop is plain shopping, and what unknown functions are taken for.
const (
	Shop             Function = ""
	Detail           Function = "DETAIL"
	DetailAdd        Function = "DETAILADD"
	Validate         Function = "VALIDATE"
	Sourcing         Function = "SOURCING"
	BackgroundSearch Function = "BACKGROUND_SEARCH"

	// Recognised, not served yet.
	QuantityCheck Function = "QUANTITYCHECK"
	DownloadJSON  Function = "DOWNLOADJSON"
	Initialize    Function = "INITIALIZE"
	RetrieveOCI   Function = "RETRIEVEOCI"
)

var functions = []Function{Detail, DetailAdd, Validate, Sourcing, BackgroundSearch, QuantityCheck, DownloadJSON, Initialize, RetrieveOCI}

// Names are how a buyer calls the parameters that the interface leaves to the shop. Each is a list
// of which the first that came with a value counts; names are compared without case and "~". None
// is empty.
type Names struct {
	HookURL, CancelURL          []string
	Username, Password          []string
	Email, Login                []string
	FirstName, LastName, Person []string
	Language                    []string
}

// DefaultNames are those that are common.
var DefaultNames = Names{
	HookURL: []string{"HOOK_URL"}, CancelURL: []string{"OCICANCEL", "CANCEL_URL"},
	Username: []string{"USERNAME"}, Password: []string{"PASSWORD"},
	Email: []string{"EMAIL", "USER_EMAIL", "USEREMAIL", "E_MAIL"}, Login: []string{"USERID", "USER_ID", "LOGINNAME"},
	FirstName: []string{"FIRST_NAME", "FIRSTNAME", "FNAME"}, LastName: []string{"LAST_NAME", "LASTNAME", "LNAME"},
	Person: []string{"FULL_NAME", "FULLNAME"}, Language: []string{"LANGUAGE", "SAP-LANGUAGE"},
}

// Start is what the parameters of a start say.
type Start struct {
	HookURL, CancelURL         string
	Username, Password         string
	Email, Login, Person, Lang string

	Function     Function
	Asked        string // FUNCTION as it came, where it is none that is known
	ProductID    string
	Quantity     money.Decimal // 1 where none came
	SearchString string
	Vendor       string // the buyer's number of a supplier, with SOURCING

	Version      string // OCI_VERSION, which informs only
	Charset      string // http_content_charset
	ReturnTarget string // returntarget

	// Echo are ~OkCode, ~TARGET, ~CALLER and ~FORCETARGET with the spelling in which they came, "~" or none.
	Echo []Field
	// Fields are all parameters in their order, those with secrets masked.
	Fields []Field
}

// Masked stands for a secret in Start.Fields.
const Masked = "…"

// ReadStart reads the parameters of a start. Unknown ones are kept and no fault. What is missing
// or can't be is told field by field; the caller decides which faults end the start, since a
// wrong quantity is nothing that plain shopping needs.
func ReadStart(fields []Field, names Names) (*Start, error) {
	first := map[string]string{} // of each name, however many fields there are
	for _, f := range fields {
		if v := strings.TrimSpace(f.Value); v != "" && first[plain(f.Name)] == "" {
			first[plain(f.Name)] = v
		}
	}
	value := func(names ...string) string {
		for _, name := range names {
			if v := first[plain(name)]; v != "" {
				return v
			}
		}
		return ""
	}
	s := &Start{
		HookURL: value(names.HookURL...), CancelURL: value(names.CancelURL...),
		Username: value(names.Username...), Email: value(names.Email...), Login: value(names.Login...), Lang: value(names.Language...),
		ProductID: value("PRODUCTID"), SearchString: value("SEARCHSTRING"), Vendor: value("VENDOR"),
		Version: value("OCI_VERSION"), Charset: value("HTTP_CONTENT_CHARSET"), ReturnTarget: value("RETURNTARGET"),
		Quantity: money.One,
	}
	s.Password = secret(fields, names.Password)
	s.Person = value(names.Person...)
	if s.Person == "" {
		s.Person = strings.TrimSpace(value(names.FirstName...) + " " + value(names.LastName...))
	}
	s.ask(value("FUNCTION"))
	for _, f := range fields {
		if slices.Contains(echoed, plain(f.Name)) {
			s.Echo = append(s.Echo, Field{strings.TrimSpace(f.Name), f.Value})
		}
		if f.Value != "" && (f.Value == s.Password || secretName(plain(f.Name), names)) {
			f.Value = Masked
		}
		s.Fields = append(s.Fields, f)
	}
	var faults Faults
	if s.HookURL == "" && s.Function != BackgroundSearch && s.Function != Detail { // from which nothing goes back
		faults.add(names.HookURL[0], "is missing")
	}
	if s.Username == "" {
		faults.add(names.Username[0], "is missing")
	}
	if s.Password == "" {
		faults.add(names.Password[0], "is missing")
	}
	s.checkFunction(value("QUANTITY"), &faults)
	if len(faults) > 0 {
		return s, faults
	}
	return s, nil
}

// echoed are the call parameters of SAP that come back in the form, compared by plain.
var echoed = []string{"OKCODE", "TARGET", "CALLER", "FORCETARGET"}

// secretName tells whether a field holds a secret: one of the names that were set, or one by which
// buyers call a secret of their own that nobody told us of. name is plain.
func secretName(name string, names Names) bool {
	if slices.ContainsFunc(names.Password, func(password string) bool { return plain(password) == name }) {
		return true
	}
	for _, word := range []string{"PASSW", "PWD", "PASSPHRASE", "SECRET", "KENNWORT"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return strings.HasSuffix(name, "PASS") || strings.HasSuffix(name, "PW") || name == "PIN"
}

// secret is the first of the fields with a value; its blanks belong to it.
func secret(fields []Field, names []string) string {
	for _, name := range names {
		for _, f := range fields {
			if f.Value != "" && plain(f.Name) == plain(name) {
				return f.Value
			}
		}
	}
	return ""
}

func (s *Start) ask(function string) {
	asked := Function(strings.ToUpper(function))
	switch {
	case slices.Contains(functions, asked):
		s.Function = asked
	default:
		s.Asked = function // plain shopping
	}
	if s.Function == Validate && s.ProductID == "" && s.SearchString != "" {
		s.Function = Sourcing // so the text of 3.0 prints it
	}
}

func (s *Start) checkFunction(quantity string, faults *Faults) {
	switch s.Function {
	case Detail, DetailAdd, Validate:
		if s.ProductID == "" {
			faults.add("PRODUCTID", "is missing")
		}
	case BackgroundSearch, Sourcing:
		if s.SearchString == "" {
			faults.add("SEARCHSTRING", "is missing")
		}
	}
	if quantity == "" || s.Function != Validate {
		return
	}
	before := len(*faults)
	q := number(Field{"QUANTITY", quantity}, faults)
	if len(*faults) == before && q.Sign() == 0 {
		faults.add("QUANTITY", "must be more than 0")
	}
	if len(*faults) == before {
		s.Quantity = q
	}
}

// Target is the frame that the returning form goes to: returntarget, else ~TARGET, else _top. ok
// is false where the buyer's word is no name of a frame; _top stands for it then.
func (s *Start) Target() (target string, ok bool) {
	wanted := s.ReturnTarget
	for _, f := range s.Echo {
		if wanted == "" && plain(f.Name) == "TARGET" {
			wanted = strings.TrimSpace(f.Value)
		}
	}
	switch lower := strings.ToLower(wanted); {
	case wanted == "":
		return "_top", true
	case lower == "_self" || lower == "_parent" || lower == "_top" || lower == "_blank":
		return lower, true
	case frameName.MatchString(wanted):
		return wanted, true
	}
	return "_top", false
}

var frameName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,63}$`)
