package procurement_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/money"
	"github.com/kontorhq/kontor/orders"
	"github.com/kontorhq/kontor/outbox"
)

// receiver is a buyer's system as far as it takes documents: it keeps the bytes and answers what
// it is told to.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	received map[string][][]byte // by path
	answers  map[string][]func(http.ResponseWriter)
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	v := &receiver{received: map[string][][]byte{}, answers: map[string][]func(http.ResponseWriter){}}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil || q.Method != http.MethodPost || q.Header.Get("Content-Type") != "text/xml; charset=UTF-8" {
			t.Errorf("%s %s %s: %v", q.Method, q.URL, q.Header.Get("Content-Type"), err)
		}
		v.mu.Lock()
		v.received[q.URL.Path] = append(v.received[q.URL.Path], body)
		reply := status(200)
		if list := v.answers[q.URL.Path]; len(list) > 0 {
			reply, v.answers[q.URL.Path] = list[0], list[1:]
		}
		v.mu.Unlock()
		reply(w)
	}))
	t.Cleanup(v.Close)
	return v
}

// of gives what came to a path and forgets it.
func (v *receiver) of(path string) [][]byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	list := v.received[path]
	delete(v.received, path)
	return list
}

func (v *receiver) answer(path string, list ...func(http.ResponseWriter)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answers[path] = list
}

// status answers HTTP 200 with a cXML Status.
func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<?xml version="1.0"?><cXML payloadID="r1@buying.example.org" timestamp="2026-03-05T09:00:00-05:00"><Response><Status code="%d" text="so">words</Status></Response></cXML>`, code)
	}
}

func plain(code int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

// sent is an outgoing document, read by other means than our own codec.
type sent struct {
	PayloadID string `xml:"payloadID,attr"`
	Timestamp string `xml:"timestamp,attr"`
	Header    struct {
		From   party `xml:"From"`
		To     party `xml:"To"`
		Sender party `xml:"Sender"`
	} `xml:"Header"`
	Request struct {
		Mode   string `xml:"deploymentMode,attr"`
		Update *struct {
			Reference struct {
				PayloadID string `xml:"payloadID,attr"`
			} `xml:"DocumentReference"`
			Status struct {
				Code int    `xml:"code,attr"`
				Text string `xml:",chardata"`
			} `xml:"Status"`
		} `xml:"StatusUpdateRequest"`
		Confirmation *struct {
			Header struct {
				Type      string `xml:"type,attr"`
				ConfirmID string `xml:"confirmID,attr"`
				Comments  string `xml:"Comments"`
			} `xml:"ConfirmationHeader"`
			Order struct {
				ID        string `xml:"orderID,attr"`
				Reference struct {
					PayloadID string `xml:"payloadID,attr"`
				} `xml:"DocumentReference"`
			} `xml:"OrderReference"`
			Item []struct {
				Quantity string `xml:"quantity,attr"`
				Line     int    `xml:"lineNumber,attr"`
			} `xml:"ConfirmationItem"`
		} `xml:"ConfirmationRequest"`
	} `xml:"Request"`
}

type party struct {
	Credential []struct {
		Domain   string `xml:"domain,attr"`
		Identity string `xml:"Identity"`
		Secret   string `xml:"SharedSecret"`
	} `xml:"Credential"`
}

func parseSent(t testing.TB, body []byte) sent {
	t.Helper()
	var s sent
	if err := xml.Unmarshal(body, &s); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	if !offsetTime.MatchString(s.Timestamp) || s.PayloadID == "" {
		t.Errorf("payloadID %q, timestamp %q", s.PayloadID, s.Timestamp)
	}
	return s
}

// said puts outgoing documents in short words: "status 409 of p2, reject 2 of p1".
func said(t testing.TB, bodies [][]byte) string {
	t.Helper()
	var list []string
	for _, body := range bodies {
		s := parseSent(t, body)
		switch {
		case s.Request.Update != nil:
			list = append(list, fmt.Sprintf("status %d of %s", s.Request.Update.Status.Code, s.Request.Update.Reference.PayloadID))
		case s.Request.Confirmation != nil:
			c := s.Request.Confirmation
			text := c.Header.Type
			if len(c.Item) > 0 {
				text += fmt.Sprint(" ", len(c.Item))
			}
			list = append(list, text+" of "+c.Order.Reference.PayloadID)
		default:
			list = append(list, "something else")
		}
	}
	return strings.Join(list, ", ")
}

// deliver sends all that is due, until nothing more is.
func (r *rig) deliver() {
	r.Helper()
	for range 50 {
		n, err := r.worker.Work(r.ctx)
		if err != nil {
			r.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	r.Fatal("the outbox never comes to an end")
}

// rule releases or rejects the merchant's order.
func (r *rig) rule(merchant, number string, release bool) {
	r.Helper()
	o := r.order(merchant, number)
	ruling := checkout.Ruling{Merchant: merchant, Order: o.ID, Actor: "desk", Reason: "The desk said so", Override: release}
	r.in(func(tx *database.Tx) (err error) {
		if release {
			_, err = r.service.Desk.ReleaseOrder(r.ctx, tx, ruling)
		} else {
			_, err = r.service.Desk.RejectOrder(r.ctx, tx, ruling)
		}
		return err
	})
}

func (r *rig) deliveries(merchant, number string) []outbox.Delivery {
	r.Helper()
	list, err := outbox.Of(r.ctx, r.db, merchant, r.order(merchant, number).ID)
	if err != nil {
		r.Fatal(err)
	}
	// What people are told by mail is shown in package notices.
	return slices.DeleteFunc(list, func(d outbox.Delivery) bool { return d.Scheme() != "cxml" })
}

// What is answered at once and what goes out later, in every combination of the settings held,
// refused and confirm. "*" stands for every value; a combination is in exactly one row.
func TestWhatGoesBackFollowsTheSettings(t *testing.T) {
	rules := []struct {
		scenario                string
		held, refused, confirms string
		code                    int
		out                     string
	}{
		{"approve", "*", "*", "never", 200, ""},
		{"approve", "*", "*", "on_handover", 200, ""}, // there are no shipments yet
		{"approve", "*", "*", "on_approval", 200, "accept of p1"},

		{"release", "201", "*", "never", 201, "status 200 of p1"},
		{"release", "201", "*", "on_handover", 201, "status 200 of p1"},
		{"release", "201", "*", "on_approval", 201, "status 200 of p1, accept of p1"},
		{"release", "200", "*", "never", 200, ""},
		{"release", "200", "*", "on_handover", 200, ""},
		{"release", "200", "*", "on_approval", 200, "accept of p1"},

		{"reject", "201", "status", "*", 201, "status 409 of p1"},
		{"reject", "201", "confirmation", "*", 201, "status 409 of p1, reject 2 of p1"},
		{"reject", "200", "status", "*", 200, ""}, // can't be told by document: 200 was final and no confirmation is wanted
		{"reject", "200", "confirmation", "*", 200, "reject 2 of p1"},

		{"refuse", "*", "status", "*", 409, ""},
		{"refuse", "*", "confirmation", "*", 200, "reject 2 of p1"},

		// The order says OCInstruction notAllowed: no confirmation; a 201 is still owed its end.
		{"approve, silent", "*", "*", "*", 200, ""},
		{"release, silent", "201", "*", "*", 201, "status 200 of p1"},
		{"release, silent", "200", "*", "*", 200, ""},
		{"reject, silent", "201", "*", "*", 201, "status 409 of p1"},
		{"reject, silent", "200", "*", "*", 200, ""},
		{"refuse, silent", "*", "*", "*", 409, ""}, // or the buyer would never know

		// No address.
		{"approve, no address", "*", "*", "*", 200, ""},
		{"release, no address", "201", "*", "*", 201, ""},
		{"release, no address", "200", "*", "*", 200, ""},
		{"reject, no address", "201", "*", "*", 201, ""},
		{"reject, no address", "200", "*", "*", 200, ""},
		{"refuse, no address", "*", "*", "*", 409, ""},

		// A change over the limit; the order itself was approved and is not spoken of.
		{"change, release", "201", "*", "never", 201, "status 200 of p2"},
		{"change, release", "201", "*", "on_handover", 201, "status 200 of p2"},
		{"change, release", "201", "*", "on_approval", 201, "status 200 of p2, accept of p2"},
		{"change, release", "200", "*", "never", 200, ""},
		{"change, release", "200", "*", "on_handover", 200, ""},
		{"change, release", "200", "*", "on_approval", 200, "accept of p2"},
		{"change, reject", "201", "*", "*", 201, "status 409 of p2"}, // a reject would cancel the whole order
		{"change, reject", "200", "*", "*", 200, ""},
		{"change, refuse", "*", "*", "*", 409, ""},
	}
	scenarios := []string{}
	for _, rule := range rules {
		if !slices.Contains(scenarios, rule.scenario) {
			scenarios = append(scenarios, rule.scenario)
		}
	}
	fits := func(rule, value string) bool { return rule == "*" || rule == value }
	eachRig(t, func(t *testing.T, r *rig) {
		buyer := newReceiver(t)
		for _, scenario := range scenarios {
			for _, held := range []string{"201", "200"} {
				for _, refused := range []string{"status", "confirmation"} {
					for _, confirm := range []string{"never", "on_approval", "on_handover"} {
						t.Run(strings.Join([]string{scenario, held, refused, confirm}, "/"), func(t *testing.T) {
							r := r.on(t)
							found := 0
							var code int
							var out string
							for _, rule := range rules {
								if rule.scenario == scenario && fits(rule.held, held) && fits(rule.refused, refused) && fits(rule.confirms, confirm) {
									found, code, out = found+1, rule.code, rule.out
								}
							}
							if found != 1 {
								t.Fatalf("%d rules hold for it", found)
							}
							r.playSettings(buyer, scenario, func(l *link) {
								l.settings.Held, l.settings.Refused, l.settings.Confirm = held, refused, confirm
							}, code, out)
						})
					}
				}
			}
		}
	})
}

func (r *rig) playSettings(buyer *receiver, scenario string, settings func(*link), code int, out string) {
	r.Helper()
	merchant := r.merchant("live")
	l := fixture()
	settings(&l)
	path := "/" + merchant
	l.settings.OrdersURL = buyer.URL + path
	if strings.HasSuffix(scenario, "no address") {
		l.settings.OrdersURL = ""
	}
	l.limits = []money.Amount{money.Of(45_00, "USD")} // the order for 45.00 fits
	isChange := strings.HasPrefix(scenario, "change")
	if !strings.HasPrefix(scenario, "approve") && !isChange {
		l.limits = []money.Amount{money.Of(44_99, "USD")}
	}
	if strings.Contains(scenario, "refuse") {
		l.overLimit = accounts.Refuse
	}
	r.connect(merchant, l)
	var pairs []string
	if strings.HasSuffix(scenario, "silent") {
		pairs = []string{"</Total>", `</Total><ControlKeys><OCInstruction value="notAllowed"/></ControlKeys>`}
	}
	a := r.post(merchant, po("p1", "A-1", pairs...))
	if isChange {
		if a.code != 200 {
			r.Fatalf("%d %s", a.code, a.detail)
		}
		r.deliver()
		buyer.of(path) // what was said about the order
		a = r.post(merchant, po("p2", "A-1", `type="new"`, `type="update" orderVersion="2"`, `quantity="2"`, `quantity="3"`))
	}
	if a.code != code {
		r.Errorf("answered %d %q, want %d", a.code, a.detail, code)
	}
	if a.code >= 201 && !strings.Contains(a.detail, "over the credit limit") {
		r.Errorf("the reason isn't said: %q", a.detail)
	}
	r.deliver()
	if early := buyer.of(path); !strings.HasPrefix(scenario, "approve") && !strings.HasPrefix(scenario, "refuse") && len(early) > 0 {
		r.Errorf("before the decision went out: %s", said(r.TB, early))
	} else if len(early) > 0 {
		buyer.mu.Lock()
		buyer.received[path] = early
		buyer.mu.Unlock()
	}
	switch {
	case strings.Contains(scenario, "release"):
		r.rule(merchant, "A-1", true)
	case strings.Contains(scenario, "reject"):
		r.rule(merchant, "A-1", false)
	}
	r.deliver()
	bodies := buyer.of(path)
	if got := said(r.TB, bodies); got != out {
		r.Errorf("went out: %q, want %q", got, out)
	}
	ids := map[string]bool{}
	for _, body := range bodies {
		s := parseSent(r.TB, body)
		ids[s.PayloadID] = true
		if c := s.Request.Confirmation; c != nil && c.Header.Type == "reject" && strings.TrimSpace(c.Header.Comments) == "" {
			r.Errorf("a reject without a reason:\n%s", body)
		}
	}
	if len(ids) != len(bodies) {
		r.Errorf("payloadIDs are not unique: %v", ids)
	}
	// Whatever isn't sent says why.
	for _, d := range r.deliveries(merchant, "A-1") {
		if d.State != "done" && (d.State != "skipped" || d.Note == "") {
			r.Errorf("the delivery of %s is %s, %q", d.Kind, d.State, d.Note)
		}
	}
	o := r.order(merchant, "A-1")
	want := map[bool]string{true: orders.Approved, false: orders.Refused}[isChange || strings.HasPrefix(scenario, "approve") || strings.HasPrefix(scenario, "release")]
	if o.State != want {
		r.Errorf("the order is %s, want %s", o.State, want)
	}
	heldNow := map[string]string{orders.Approved: "45.00", orders.Refused: "0.00"}[want]
	if scenario == "change, release" {
		heldNow = "60.00"
	}
	if got := r.held(merchant); got != heldNow {
		r.Errorf("held %s, want %s", got, heldNow)
	}
}

// A document that a buyer's system didn't take is sent again as it was, byte for byte; what it
// refused is not.
func TestABuyersAnswerIsRead(t *testing.T) {
	cut := func(w http.ResponseWriter) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = connection.Close()
		}
	}
	tests := []struct {
		name    string
		answers []func(http.ResponseWriter)
		posts   int
		state   string
		note    string
	}{
		{"200", []func(http.ResponseWriter){status(200)}, 1, "done", "200"},
		{"201", []func(http.ResponseWriter){status(201)}, 1, "done", "201"},
		{"HTTP 200 with status 409", []func(http.ResponseWriter){status(409)}, 1, "dead", "409"},
		{"HTTP 200 with status 417", []func(http.ResponseWriter){status(417)}, 1, "dead", "417"},
		{"HTTP 200 with an unknown status of 4xx", []func(http.ResponseWriter){status(423)}, 1, "dead", "423"},
		{"HTTP 200 with status 500, then 200", []func(http.ResponseWriter){status(500), status(200)}, 2, "done", "200"},
		{"HTTP 200 with status 560, then 409", []func(http.ResponseWriter){status(560), status(409)}, 2, "dead", "409"},
		{"HTTP 500", []func(http.ResponseWriter){plain(500, "<html>sorry</html>"), status(200)}, 2, "done", "200"},
		{"HTTP 500 with a Status of 200", []func(http.ResponseWriter){func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError); status(200)(w) }, status(200)}, 2, "done", "200"},
		{"HTTP 401 and a page", []func(http.ResponseWriter){plain(401, "<html>sign in</html>"), status(200)}, 2, "done", "200"},
		{"a page", []func(http.ResponseWriter){plain(200, "<html>ok</html>"), status(200)}, 2, "done", "200"},
		{"nothing", []func(http.ResponseWriter){plain(200, ""), status(200)}, 2, "done", "200"},
		{"an answer without a Status", []func(http.ResponseWriter){plain(200, `<cXML payloadID="x" timestamp="x"><Response/></cXML>`), status(200)}, 2, "done", "200"},
		{"no answer but a request", []func(http.ResponseWriter){plain(200, string(po("x", "X"))), status(200)}, 2, "done", "200"},
		{"an entity bomb", []func(http.ResponseWriter){plain(200, `<!DOCTYPE cXML [<!ENTITY a "b">]><cXML>&a;</cXML>`), status(200)}, 2, "done", "200"},
		{"an endless answer", []func(http.ResponseWriter){plain(200, strings.Repeat(" ", 3<<20)), status(200)}, 2, "done", "200"},
		{"a broken line", []func(http.ResponseWriter){cut, cut, status(200)}, 3, "done", "200"},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		buyer := newReceiver(t)
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.merchant("live")
				path := "/" + merchant
				l := fixture()
				l.settings.Confirm, l.settings.OrdersURL, l.secretOut = "on_approval", buyer.URL+path, "harbour <light> & more"
				r.connect(merchant, l)
				buyer.answer(path, test.answers...)
				r.wantCodes(merchant, []int{200}, po("p1", "A-1"))
				for range 6 {
					r.deliver()
					r.clock.Advance(time.Hour)
				}
				bodies := buyer.of(path)
				if len(bodies) != test.posts {
					t.Errorf("posted %d times, want %d", len(bodies), test.posts)
				}
				for _, body := range bodies {
					if !bytes.Equal(body, bodies[0]) {
						t.Errorf("a retry has other bytes:\n%s\n%s", bodies[0], body)
					}
				}
				list := r.deliveries(merchant, "A-1")
				if len(list) != 1 || list[0].State != test.state || !strings.Contains(list[0].Note, test.note) {
					t.Errorf("deliveries %+v, want %s with %q", list, test.state, test.note)
				}
				// The secret is on the wire, in Sender and nowhere else.
				s := parseSent(t, bodies[0])
				if len(s.Header.Sender.Credential) != 1 || s.Header.Sender.Credential[0].Secret != l.secretOut || s.Header.From.Credential[0].Secret != "" || s.Header.To.Credential[0].Secret != "" {
					t.Errorf("the header is %+v", s.Header)
				}
			})
		}
		r.expose("A-1", "harbour <light>", "harbour &lt;light", "harbour \\u003clight", "tide&lantern", "tide&amp;lantern")
	})
}

func TestADeliveryIsGivenUpAfterADay(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.merchant("live")
		buyer := newReceiver(t)
		l := fixture()
		l.settings.Confirm, l.settings.OrdersURL = "on_approval", buyer.URL+"/x"
		r.connect(merchant, l)
		var down []func(http.ResponseWriter)
		for range 200 {
			down = append(down, plain(503, "down"))
		}
		buyer.answer("/x", down...)
		r.wantCodes(merchant, []int{200}, po("p1", "A-1"))
		for range 24 * 4 {
			r.deliver()
			r.clock.Advance(15 * time.Minute)
		}
		if d := r.deliveries(merchant, "A-1")[0]; d.State != "ready" {
			t.Errorf("after 24 hours it is %s", d.State)
		}
		for range 16 {
			r.deliver()
			r.clock.Advance(15 * time.Minute)
		}
		if d := r.deliveries(merchant, "A-1")[0]; d.State != "dead" || !strings.Contains(d.Note, "503") {
			t.Errorf("after 28 hours it is %s, %s", d.State, d.Note)
		}
		if n := len(buyer.of("/x")); n < 24 || n > 100 {
			t.Errorf("it was tried %d times", n)
		}
	})
}

var namedDTD = regexp.MustCompile(`<!DOCTYPE cXML SYSTEM "http://xml\.cxml\.org/schemas/cXML/([0-9.]+)/(\w+\.dtd)">`)

// validate checks a document against the DTD that it names; where the reference lacks that one,
// against the nearest earlier with that module, else the first later one, and says so.
func validate(t *testing.T, document []byte) {
	t.Helper()
	named := namedDTD.FindSubmatch(document)
	if named == nil {
		t.Fatalf("no DTD is named in\n%s", document)
	}
	version, module := string(named[1]), string(named[2])
	have, err := filepath.Glob(filepath.Join(os.Getenv("KONTOR_REFERENCE_DIR"), "cxml", "dtd", "*", module))
	if err != nil || len(have) == 0 {
		t.Fatalf("no %s at all: %v", module, err)
	}
	slices.Sort(have)
	file := have[0]
	for _, one := range have {
		if filepath.Base(filepath.Dir(one)) <= version {
			file = one
		}
	}
	if used := filepath.Base(filepath.Dir(file)); used != version {
		t.Logf("%s %s is not at hand, %s stands for it", module, version, used)
	}
	command := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--noout", "--dtdvalid", file, "-")
	command.Stdin = bytes.NewReader(document)
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("not valid by %s: %v\n%s\n%s", file, err, out, document)
	}
}

func TestWhatGoesOutIsValid(t *testing.T) {
	sampleRoot(t)
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Fatal("xmllint is not installed (tools/need.sh brings it)")
	}
	awkwardly := []string{"</Total>", `</Total><Comments xml:lang="de">für &lt;den&gt; "Steg" &amp; mehr</Comments>`, "Rope", "5&quot; &lt;b&gt;&amp;amp; ä €"}
	eachRig(t, func(t *testing.T, r *rig) {
		buyer := newReceiver(t)
		for _, version := range []string{"", "1.2.014", "1.2.020", "1.2.023", "1.2.036", "1.2.050", "1.2.056", "1.2.063", "1.2.071"} {
			for _, mode := range []string{"live", "test"} {
				if mode == "test" && version != "" {
					continue // the mode is one attribute, whatever the version
				}
				t.Run(version+"/"+mode, func(t *testing.T) {
					r := r.on(t)
					kinds := map[string]int{}
					check := func(body []byte) {
						t.Helper()
						validate(t, body)
						if want := map[string]string{"live": "production", "test": "test"}[mode]; !bytes.Contains(body, []byte(` deploymentMode="`+want+`"`)) {
							t.Errorf("the mode is not %s:\n%s", want, body)
						}
						if version != "" && !bytes.Contains(body, []byte("/cXML/"+version+"/")) {
							t.Errorf("written for another version than %s:\n%s", version, body)
						}
					}
					for _, scenario := range []string{"accept", "refuse", "release", "reject"} {
						merchant := r.merchant(mode)
						l := fixture()
						l.settings.Confirm, l.settings.Refused, l.settings.OrdersURL, l.secretOut = "on_approval", "confirmation", buyer.URL+"/"+merchant, "a & b"
						if version != "" {
							l.settings.DTDVersions = map[string]string{"": version}
						}
						if scenario != "accept" {
							l.limits = []money.Amount{money.Of(1, "USD")}
						}
						if scenario == "refuse" {
							l.overLimit = accounts.Refuse
						}
						r.connect(merchant, l)
						r.post(merchant, po("p1", "A-1", awkwardly...))
						if scenario == "release" || scenario == "reject" {
							r.rule(merchant, "A-1", scenario == "release")
						}
						r.deliver()
						for _, body := range buyer.of("/" + merchant) {
							check(body)
							kinds[strings.Fields(said(t, [][]byte{body}))[0]]++
						}
					}
					// accept, reject; status and accept; status and reject
					if kinds["accept"] != 2 || kinds["reject"] != 2 || kinds["status"] != 2 {
						t.Errorf("went out: %v", kinds)
					}
					for _, encoding := range []string{"cxml-base64", "cxml-urlencoded"} {
						merchant := r.merchant(mode)
						l := fixture()
						l.settings.Encoding = encoding
						if version != "" {
							l.settings.DTDVersions = map[string]string{"PunchOutOrderMessage": version}
						}
						r.connect(merchant, l)
						r.sell(merchant, "ROPE-8", awkward, "MTR", "5.00")
						for _, cancel := range []bool{false, true} {
							pairs := []string{"</BrowserFormPost>", `</BrowserFormPost><ShipTo><Address isoCountryCode="DE" addressID="7"><Name xml:lang="de">Lager Süd</Name>` +
								`<PostalAddress><Street>Kai 1</Street><City>Köln</City><Country isoCountryCode="DE">Deutschland</Country></PostalAddress></Address></ShipTo>`}
							if mode == "test" {
								pairs = append(pairs, "<Request>", `<Request deploymentMode="test">`)
							}
							visit := r.enter(r.start(merchant, setUp(fmt.Sprint("s", cancel), "c", "a@b.example", pairs...)), browserA)
							if err := r.put(merchant, visit, "ROPE-8", "3"); err != nil {
								t.Fatal(err)
							}
							check([]byte(messageOf(t, r.browse(http.MethodGet, r.mustHome(merchant, visit, cancel), browserA).body)))
						}
					}
				})
			}
		}
	})
}

// Answers are valid too: each kind of them.
func TestAnswersAreValid(t *testing.T) {
	sampleRoot(t)
	eachRig(t, func(t *testing.T, r *rig) {
		merchant := r.visited()
		for _, body := range [][]byte{setUp("s1", "c", "a@b.example"), po("p1", "A-1"), po("p2", "A-2", `quantity="2"`, `quantity="-2"`), []byte("<"),
			change(orderText[:strings.Index(orderText, "<OrderRequest>")] + "<ProfileRequest/></Request></cXML>")} {
			validate(t, r.post(merchant, body).raw)
		}
	})
}
