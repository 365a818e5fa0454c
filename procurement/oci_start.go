package procurement

import (
	"context"
	"crypto/hmac"
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/cxml"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/fault"
	"github.com/kontorhq/kontor/oci"
)

// OCICall is one call at a connection's OCI address, as it came over HTTP.
type OCICall struct {
	Merchant   string
	Connection string // the merchant's own reference, as it stands in the address
	Method     string // GET or POST
	Query      string // url-encoded, as it came
	Body       string // url-encoded
}

// LargestOCI is how many bytes of a call are read, in its address and its body together.
var LargestOCI = oci.DefaultLimits.Bytes

// OCIAnswer is either where the browser goes or the page that answers a function.
type OCIAnswer struct {
	Location string
	Form     *ReturnForm
	// Submit tells that the page sends its form by itself, which a background search must not.
	Submit bool
}

// ociVisitor is a caller who has proved who it is.
type ociVisitor struct {
	merchant     accounts.Merchant
	organisation accounts.Organisation
	connection   Connection
	start        *oci.Start
	document     string // our id for the kept document
}

// errNoLogin has the same words for an unknown connection, a wrong user, a wrong password and a
// closed account.
var errNoLogin = fault.New(fault.Unauthenticated, "The connection, the user or the password is not known here.")

// errElsewhere doesn't name the networks: the login may be in other hands.
var errElsewhere = fault.New(fault.Forbidden, "This function is only answered to the networks that the connection names.")

// StartOCI answers a call in OCI: a start opens a visit, VALIDATE and BACKGROUND_SEARCH are answered
// at once (OCI reference 2 and 3). Every start is a visit of its own, since many people share one
// login. With a fault, too, it is said whose visit it is, once that is proved.
func (s *Service) StartOCI(ctx context.Context, call OCICall) (OCIAnswer, Whose, error) {
	v := &ociVisitor{document: database.NewID("doc")}
	answer, err := s.startOCI(ctx, v, call)
	if err != nil {
		s.refuseOCI(ctx, v, call, err)
	}
	var who Whose
	if v.connection.ID != "" {
		// Only a return address of this buyer's is shown as home.
		home := ""
		if _, err := v.connection.Settings.checkHook(v.start.HookURL); err == nil {
			home = v.start.HookURL
		}
		who = whose(v.merchant, v.connection, Session{ReturnURL: home})
	}
	return answer, who, err
}

func (s *Service) startOCI(ctx context.Context, v *ociVisitor, call OCICall) (OCIAnswer, error) {
	call.Body = strings.Trim(call.Body, "\r\n")
	if strings.ContainsAny(call.Body, "\r\n") {
		// Names and values can't be told apart in it, so that a password couldn't be masked.
		return OCIAnswer{}, fault.New(fault.Invalid, unanswerable+": what came is no url-encoded form.")
	}
	fields, err := oci.ReadFields(call.Query, call.Body, oci.DefaultLimits)
	if err != nil {
		return OCIAnswer{}, ociFault(err, unanswerable)
	}
	connection, err := s.ociConnection(ctx, call)
	if err != nil {
		return OCIAnswer{}, err
	}
	start, broken := oci.ReadStart(fields, connection.Settings.oci().names())
	v.start = start
	if err := s.signIn(ctx, v, call, connection); err != nil {
		return OCIAnswer{}, err
	}
	if broken != nil {
		return OCIAnswer{}, ociFault(broken, unanswerable)
	}
	if method := connection.Settings.oci().Method; method != "" && method != "any" && !strings.EqualFold(method, call.Method) {
		return OCIAnswer{}, fault.New(fault.Invalid, "This connection is started by "+strings.ToUpper(method)+".")
	}
	if start.Function != oci.Shop && !connection.Settings.oci().serves(start.Function) {
		return OCIAnswer{}, fault.At(fault.NotServed, "FUNCTION", "The function "+string(start.Function)+" is not served on this connection.")
	}
	for _, address := range []string{start.HookURL, start.CancelURL} {
		if address != "" {
			if _, err := connection.Settings.checkHook(address); err != nil {
				return OCIAnswer{}, err
			}
		}
	}
	for _, f := range start.Echo {
		if len(f.Value) > longestEcho {
			return OCIAnswer{}, fault.At(fault.Invalid, f.Name, f.Name+" is longer than what is sent back.")
		}
	}
	switch start.Function {
	case oci.Validate, oci.BackgroundSearch:
		if !connection.Settings.oci().takesFrom(clientOf(ctx)) {
			return OCIAnswer{}, errElsewhere
		}
		if err := s.slow(v); err != nil {
			return OCIAnswer{}, err
		}
		if start.Function == oci.Validate {
			return s.validate(ctx, v)
		}
		return s.backgroundSearch(ctx, v)
	}
	return s.visitByOCI(ctx, v)
}

// What a start may bring into a visit. Columns that have an index take no more than some thousand
// bytes, and a visit is read with each page of the shop.
const (
	longestEcho  = 4000
	longestWho   = 320 // an e-mail address
	longestWord  = 200 // of what is looked for, as in the API
	longestField = 4000
	mostOfFields = 64 << 10
)

// ociConnection finds the connection that the address names. One that doesn't exist, is closed or
// speaks another protocol is as unknown as a wrong password, and counts like one.
func (s *Service) ociConnection(ctx context.Context, call OCICall) (Connection, error) {
	for _, text := range []string{call.Merchant, call.Connection} {
		if text != string(storable([]byte(text))) {
			return Connection{}, errNoLogin // PostgreSQL would stumble over it
		}
	}
	connection, err := FindConnection(ctx, s.DB, call.Merchant, "ext:"+call.Connection)
	if fault.CodeOf(err) == fault.Unknown || err == nil && (connection.Protocol != "oci" || connection.Disabled) {
		return Connection{}, s.failedLogin(ctx, call)
	}
	return connection, err
}

// signIn compares user and password with the connection's own: valid elsewhere is not valid here.
func (s *Service) signIn(ctx context.Context, v *ociVisitor, call OCICall, connection Connection) error {
	live, err := secretsOf(ctx, s.DB, connection.Merchant, connection.ID)
	if err != nil {
		return err
	}
	right := false
	for _, digest := range live {
		// All are compared, so that the time taken doesn't tell which one was near.
		right = hmac.Equal(digest, secretDigest(s.Keys, connection.ID, v.start.Password)) || right
	}
	user := hmac.Equal(s.Keys.Digest("oci user", connection.Settings.oci().Username), s.Keys.Digest("oci user", v.start.Username))
	v.start.Password = ""
	if !right || !user || connection.Settings.oci().Username == "" {
		return s.failedLogin(ctx, call)
	}
	merchant, organisation, err := accounts.FindParties(ctx, s.DB, connection.Merchant, connection.Organisation)
	if fault.CodeOf(err) == fault.Unknown || err == nil && organisation.Disabled {
		return s.failedLogin(ctx, call)
	}
	v.merchant, v.organisation, v.connection = merchant, organisation, connection
	return err
}

// failedLogin counts a wrong login like a wrong secret of cXML: by the connection, whatever user it
// names, and by the address that it comes from.
func (s *Service) failedLogin(ctx context.Context, call OCICall) error {
	claimed := cxml.Party{Credential: []cxml.Credential{{Domain: "oci", Identity: call.Connection}}}
	err := s.failed(ctx, call.Merchant, claimed)
	if errors.Is(err, errUnauthenticated) {
		return errNoLogin
	}
	return err
}

// ociFault turns what the codec says into the one error type; sentence says what can't be done.
func ociFault(err error, sentence string) error {
	var faults oci.Faults
	if !errors.As(err, &faults) {
		return err
	}
	e := fault.New(fault.Invalid, sentence+": "+cxml.MaskCards(faults[0].Error())+".")
	for _, f := range faults {
		e.Fields = append(e.Fields, fault.Field{Path: f.Field, Message: cxml.MaskCards(f.Message)})
	}
	return e
}

const unanswerable = "The call can't be answered"

// checkHook tells whether a cart may be sent to an address: as with cXML its host is on the list of
// the connection, and a scheme beside https is named there. That of SAP GUI has no host.
func (s Settings) checkHook(address string) (*url.URL, error) {
	const longest = 2048
	u, err := url.Parse(address)
	if err != nil || len(address) > longest || strings.Contains(address, "#") {
		return nil, fault.At(fault.Invalid, "HOOK_URL", "The return address is none that a form can be sent to.")
	}
	if s.oci().SAPGUI && sapEventAddress.MatchString(address) {
		return u, nil
	}
	u, err = s.checkReturn(address)
	if known := (*fault.Error)(nil); errors.As(err, &known) {
		return nil, fault.At(fault.Invalid, "HOOK_URL", "The return address is none that carts may be sent to on this connection: its host and scheme must be on the connection's list.")
	}
	return u, err
}

// sapEvent is the scheme by which SAP GUI's browser control hands a form to the program around it.
// What stands behind it is a name of that program's, and no address: it leads nowhere else.
const sapEvent = "sapevent"

var sapEventAddress = regexp.MustCompile(`^(?i:sapevent):[A-Za-z0-9_][A-Za-z0-9_./?&=%~:,;+-]{0,999}$`)

// visitByOCI opens a visit: the browser goes to its start page, whose address holds nothing but a
// one-time token. DETAIL only shows a product, so nothing comes back from it.
func (s *Service) visitByOCI(ctx context.Context, v *ociVisitor) (OCIAnswer, error) {
	start := v.start
	operation, home := "create", start.HookURL
	if start.Function == oci.Detail {
		operation, home = "inspect", ""
	}
	sku, _ := productOf(start.ProductID)
	said := func(text string, most int) string { return shorten(cxml.MaskCards(text), most) }
	visit := Visit{SelectedSKU: said(sku, longestWord), Search: said(start.SearchString, longestWord), Lang: said(start.Lang, longestWord), OCI: v.asked()}
	person := accounts.Buyer{Email: said(start.Email, longestWho), Login: said(start.Login, longestWho), Name: said(start.Person, longestWho)}
	var session string
	err := s.DB.InTx(ctx, func(tx *database.Tx) error {
		buyer, err := accounts.Arrive(ctx, tx, v.merchant.ID, v.organisation.ID, person, s.Clock.Now())
		if err != nil {
			return err
		}
		cart, err := s.Desk.NewCart(ctx, tx, v.organisation, nil)
		if err != nil {
			return err
		}
		if session, err = s.begin(ctx, tx, Session{Merchant: v.merchant.ID, Connection: v.connection.ID, Organisation: v.organisation.ID,
			Buyer: buyer.ID, Cart: cart.ID, Operation: operation, ReturnURL: home, Visit: visit}); err != nil {
			return err
		}
		return keep(ctx, tx, v.kept(session, 200, ""), s.Clock.Now())
	})
	return OCIAnswer{Location: s.address(v.merchant.ID, s.token("start", session))}, err
}

// ociVisit is what a start said that its return needs.
type ociVisit struct {
	Echo    []oci.Field `json:"echo,omitempty"`
	Target  string      `json:"target"`
	Charset string      `json:"charset,omitempty"`
	Cancel  string      `json:"cancel,omitempty"` // where a visit without a cart ends, if the buyer named an address
	Fields  []oci.Field `json:"fields,omitempty"` // the parameters, those with secrets masked; see some
}

func (v *ociVisitor) asked() *ociVisit {
	target, _ := v.start.Target()
	settings := v.connection.Settings.oci()
	echo := v.start.Echo
	if len(echo) == 0 && settings.OKCode != "" && !okCodeIn(v.start.HookURL) {
		echo = []oci.Field{{Name: "~OkCode", Value: settings.OKCode}}
	}
	charset := v.start.Charset
	if charset == "" {
		charset = settings.Charset
	}
	set, _ := oci.CharsetOf(charset)
	return &ociVisit{Echo: masked(echo), Target: target, Charset: set.Name, Cancel: v.start.CancelURL, Fields: some(v.start.Fields)}
}

// okCodeIn tells whether a return address says itself what is to be done with the cart, as those of
// SAP do since 3.5: it isn't said twice.
func okCodeIn(address string) bool {
	_, query, _ := strings.Cut(address, "?")
	parameters, err := oci.ReadFields(query, "", oci.DefaultLimits)
	return err == nil && parameter(parameters, "OKCODE") != ""
}

// some are the parameters that a visit takes along, for the connection's map of fields: masked, and
// no more than a buyer's system sends. All of them are in the kept document.
func some(fields []oci.Field) []oci.Field {
	var short []oci.Field
	size := 0
	for _, f := range fields {
		if len(f.Value) > longestField {
			continue
		}
		if size += len(f.Name) + len(f.Value) + 32; size > mostOfFields { // with the signs around them
			break
		}
		short = append(short, f)
	}
	return masked(short)
}

// kept is the call as it is kept: its parameters line by line, secrets masked.
func (v *ociVisitor) kept(object string, status int, note string) keptDocument {
	d := keptDocument{ID: v.document, Merchant: v.merchant.ID, Direction: "in", Type: "OCI start", Connection: v.connection.ID,
		Object: object, Status: status, Note: note}
	if v.start != nil {
		if v.start.Function != oci.Shop {
			d.Type = "OCI " + string(v.start.Function)
		}
		if note == "" {
			d.Note = v.warnings()
		}
		d.Body = written(masked(v.start.Fields))
	}
	return d
}

// warnings are what was taken otherwise than it was said, for those who look after the connection.
func (v *ociVisitor) warnings() string {
	var list []string
	said := func(text string) string { return strconv.Quote(shorten(cxml.MaskCards(text), 60)) }
	if v.start.Asked != "" {
		list = append(list, "The function "+said(v.start.Asked)+" is not known; it was taken for plain shopping.")
	}
	if _, known := oci.CharsetOf(v.start.Charset); !known {
		list = append(list, "The character set "+said(v.start.Charset)+" is not known; the page is in UTF-8.")
	}
	if _, ok := v.start.Target(); !ok {
		list = append(list, "The target is no name of a frame; the form goes to _top.")
	}
	return strings.Join(list, " ")
}

// written are fields as documents keep them: one a line, as people read them.
func written(fields []oci.Field) []byte {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(strings.ReplaceAll(f.Name, "\n", " ") + " = " + strings.ReplaceAll(strings.ReplaceAll(f.Value, "\r\n", "\n"), "\n", "\n    ") + "\n")
	}
	return storable([]byte(b.String()))
}

// masked are fields that people may have filled, without card numbers.
func masked(fields []oci.Field) []oci.Field {
	list := make([]oci.Field, len(fields))
	for i, f := range fields {
		list[i] = oci.Field{Name: cxml.MaskCards(f.Name), Value: cxml.MaskCards(f.Value)}
	}
	return list
}

// refuseOCI keeps a call that led to nothing.
func (s *Service) refuseOCI(ctx context.Context, v *ociVisitor, call OCICall, cause error) {
	if errors.Is(cause, errTooOften) || errors.Is(cause, errTooFast) {
		return // who goes on guessing or asking fills no disk
	}
	d := v.kept("", fault.CodeOf(cause).HTTP(), cause.Error())
	d.Merchant = call.Merchant
	if d.Connection == "" {
		d.Body = cut(d.Body, strangerBytes)
	}
	if fault.CodeOf(cause) == fault.Internal {
		d.Note = "Something failed on our side."
	}
	// The browser may be gone; what it sent is kept all the same.
	if err := s.keepRefused(context.WithoutCancel(ctx), d, nil); err != nil {
		s.Log.Error("a refused start could not be kept", "merchant", call.Merchant, "error", err)
	}
}
