package simulators

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// OCIAccess makes a buyer punch out by OCI, as SAP's systems do: the person's browser brings user
// and password to the shop, and a form of fields back. Orders go by cXML all the same, as from a
// network that such buyers use.
type OCIAccess struct {
	URL            string // Kontor's address for this connection
	User, Password string
	Version        string // OCI_VERSION: "4.0", "5.0"
	Charset        string // http_content_charset: "iso-8859-1", "utf-8"
	Validates      bool   // asks for today's price of every line before an order leaves
}

// String hides the password wherever the access is printed.
func (a OCIAccess) String() string { return "OCI " + a.Version + " at " + a.URL }

// MarshalJSON leaves the password out.
func (a OCIAccess) MarshalJSON() ([]byte, error) { return json.Marshal(a.String()) }

// ociField is one field with its name as it goes over the wire.
type ociField struct{ Name, Value string }

// fieldsText is a form as it is kept: a field a line, further lines of a value indented.
func fieldsText(fields []ociField) string {
	var b strings.Builder
	for _, f := range fields {
		value := strings.ReplaceAll(strings.ReplaceAll(f.Value, "\r\n", "\n"), "\n", "\n    ")
		b.WriteString(f.Name + " = " + value + "\n")
	}
	return b.String()
}

// shopByOCI opens a visit. Nothing is asked between servers: the browser's own form is the start.
func (b *Buyer) shopByOCI(id, operation string) (startPage string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if operation != "create" {
		return "", fmt.Errorf("%w: OCI knows no visit to %s a cart", ErrState, operation)
	}
	r, values, err := b.beginVisit(id, operation)
	if err != nil {
		return "", err
	}
	startPage = b.cfg.PublicURL + b.pathOf(r.ID) + "/launch"
	fields := b.startFields(r)
	d := b.keep(Document{Requisition: r.ID, Direction: Sent, Browser: true, Type: "OCI start", Size: len(encodeFields(fields)),
		Note:  fmt.Sprintf("%s’s browser opens the shop for its %s and brings the login with it.", b.cfg.Name, lowerFirst(r.Person.Role)),
		Facts: []Fact{{"Signed in as", b.cfg.OCI.User}, {"Interface", "OCI " + b.cfg.OCI.Version}, {"Cart comes home to", values.ReturnURL}}}, fieldsText(fields))
	if values.Product != "" {
		d.Facts = append(d.Facts, Fact{"Opens with", values.Product})
	}
	r.StartPage, r.VisitOpen = startPage, true
	b.story(r, "Visit to "+b.cfg.SupplierShort+" started", "By the "+lowerFirst(r.Person.Role))
	return startPage, nil
}

// startFields are the parameters of a start. What 5.0 calls DETAILADD, a product that can be added,
// is in 4.0 a search for it.
func (b *Buyer) startFields(r *requisition) []ociField {
	access := b.cfg.OCI
	fields := []ociField{
		{"HOOK_URL", b.returnURL(url.PathEscape(r.ID)) + "?uniqueid=" + r.cookie}, {"OCI_VERSION", access.Version}, {"OPI_VERSION", "1.0"},
		{"http_content_charset", access.Charset}, {"returntarget", "_self"}, {"~OkCode", "ADDI"}, {"~CALLER", "CTLG"},
		{"USERNAME", access.User}, {"PASSWORD", access.Password},
		{"USERID", r.Person.Login}, {"EMAIL", r.Person.Email}, {"FULLNAME", r.Person.Role},
	}
	switch {
	case r.Product == "":
	case access.Version < "5":
		fields = append(fields, ociField{"FUNCTION", "SOURCING"}, ociField{"SEARCHSTRING", r.Product})
	default:
		fields = append(fields, ociField{"FUNCTION", "DETAILADD"}, ociField{"PRODUCTID", r.Product})
	}
	return fields
}

func encodeFields(fields []ociField) string {
	pairs := make([]string, len(fields))
	for i, f := range fields {
		pairs[i] = url.QueryEscape(f.Name) + "=" + url.QueryEscape(f.Value)
	}
	return strings.Join(pairs, "&")
}

// getLaunch is the page that starts the visit: it sends its form by itself. It is the one page with
// the password in it.
func (b *Buyer) getLaunch(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	live, err := b.find(r.PathValue("requisition"))
	switch {
	case err != nil:
	case b.cfg.OCI == nil:
		err = fmt.Errorf("%w: visits begin between servers here", ErrNotFound)
	case !live.VisitOpen:
		err = fmt.Errorf("%w: no visit is open; start one from the requisition", ErrState)
	}
	if err != nil {
		b.mu.Unlock()
		code := http.StatusConflict
		if errors.Is(err, ErrNotFound) {
			code = http.StatusNotFound
		}
		b.problem(w, code, err)
		return
	}
	page := struct {
		deskPage
		Action string
		Fields []ociField
	}{b.page("To " + b.cfg.SupplierShort), b.cfg.OCI.URL, b.startFields(live)}
	b.mu.Unlock()
	b.show(w, http.StatusOK, "launch", page, false)
}
