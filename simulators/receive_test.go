package simulators

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWhatKontorSendsIsChecked(t *testing.T) {
	d := newDesk(t, nil)
	r := d.ordered(t)
	good := confirmation(r, "accept", "")
	tests := []struct {
		name            string
		secret, request string
		want            int
	}{
		{"wrong secret", "wrong-secret", good, 401},
		{"no secret", "", good, 401},
		{"unknown order", theirSecret, strings.Replace(good, r.OrderNumber, "4500099999", 1), 417},
		{"requisition number as order", theirSecret, strings.Replace(good, r.OrderNumber, r.ID, 1), 417},
		{"no document reference", theirSecret, strings.Replace(good, "<DocumentReference", "<Other", 1), 400},
		{"another document's reference", theirSecret, strings.Replace(good, r.Versions[0].PayloadID, "x", 1), 400},
		{"unknown type", theirSecret, strings.Replace(good, `"accept"`, `"maybe"`, 1), 400},
		{"status of nothing", theirSecret, `<StatusUpdateRequest><DocumentReference payloadID="x"/><Status code="200" text="OK"/></StatusUpdateRequest>`, 417},
		{"ship notice", theirSecret, `<ShipNoticeRequest/>`, 450},
		{"half a document", theirSecret, `<ConfirmationRequest>`, 406},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if code, body := d.fromKontor(t, "k."+test.name, test.secret, test.request); code != test.want {
				t.Errorf("status %d, want %d: %s", code, test.want, body)
			}
		})
	}
	if code, body := d.postRaw(t, "OK"); code != 406 {
		t.Error(body)
	}
	if r, _ = d.Requisition(r.ID); r.State != Ordered || len(d.Confirmations(r.ID)) != 0 {
		t.Errorf("a refused document had an effect: %s", r.State)
	}
}

func TestDocumentForAnotherBuyer(t *testing.T) {
	d := newDesk(t, nil)
	document := d.document("k.1", theirSecret, confirmation(d.ordered(t), "accept", ""))
	document = strings.Replace(document, d.cfg.From[0].Identity, "AN01000099777-T", 1)
	if code, body := d.postRaw(t, document); code != 403 {
		t.Errorf("%d %s", code, body)
	}
}

func TestRepeatsAreCountedOnce(t *testing.T) {
	d := newDesk(t, nil)
	r := d.ordered(t)
	for i := range 3 {
		if code, body := d.fromKontor(t, "k.1", theirSecret, confirmation(r, "accept", "")); code != 200 {
			t.Fatalf("%d: %s", i, body)
		}
	}
	if len(d.Confirmations(r.OrderNumber)) != 1 || d.Repeats() != 2 {
		t.Errorf("%d confirmations, %d repeats", len(d.Confirmations(r.OrderNumber)), d.Repeats())
	}
	documents := d.Documents(r.ID)
	if last := documents[len(documents)-1]; last.Type != "ConfirmationRequest" || last.Repeats != 2 {
		t.Errorf("%+v", last)
	}
	if code, body := d.fromKontor(t, "k.1", theirSecret, confirmation(r, "reject", "No")); code != 409 {
		t.Error(body)
	}
	if r, _ = d.Requisition(r.ID); r.State != Confirmed {
		t.Error(r.State)
	}
}

func TestMisbehaviour(t *testing.T) {
	for _, test := range []struct {
		kind  FailKind
		code  int
		taken bool
	}{{FailHTTP500, 0, false}, {FailStatus500, 500, false}, {FailStatus409, 409, false}, {FailGarbage, 0, true}} {
		t.Run(string(test.kind), func(t *testing.T) {
			d := newDesk(t, nil)
			r := d.ordered(t)
			d.FailNext(2, test.kind)
			for range 2 {
				if code, body := d.fromKontor(t, "k.1", theirSecret, confirmation(r, "accept", "")); code != test.code {
					t.Errorf("%d %s", code, body)
				}
			}
			if taken := len(d.Confirmations(r.ID)) == 1; taken != test.taken {
				t.Errorf("taken: %v", taken)
			}
			if code, body := d.fromKontor(t, "k.1", theirSecret, confirmation(r, "accept", "")); code != 200 {
				t.Error(body)
			}
			if len(d.Confirmations(r.ID)) != 1 {
				t.Error("confirmed twice")
			}
		})
	}
	t.Run(string(FailTimeout), func(t *testing.T) {
		d := newDesk(t, nil)
		r := d.ordered(t)
		d.FailNext(1, FailTimeout)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		request, _ := http.NewRequestWithContext(ctx, http.MethodPost, d.CXMLURL(), strings.NewReader("x"))
		if reply, err := http.DefaultClient.Do(request); err == nil {
			_ = reply.Body.Close()
			t.Error("there was an answer")
		}
		if code, body := d.fromKontor(t, "k.1", theirSecret, confirmation(r, "accept", "")); code != 200 {
			t.Error(body)
		}
	})
}

// hostile has everything that breaks XML, HTML and templates.
const hostile = `</Name><script>alert("1")</script> & ' ]]> {{.Sender.Secret}} ×µ` + "\u20ac\u0001"

func TestDocumentsAreValid(t *testing.T) {
	reference := os.Getenv("KONTOR_REFERENCE_DIR")
	if reference == "" {
		t.Skip("KONTOR_REFERENCE_DIR is not set: the DTDs are not part of this repository")
	}
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed")
	}
	for name, change := range map[string]func(*BuyerConfig){
		"Ariba": nil, "Coupa": coupa,
		"Ariba, newest DTD": func(c *BuyerConfig) { c.DTDVersion = "1.2.071" },
		"hostile text": func(c *BuyerConfig) {
			c.Name, c.CostCenter, c.ShipTo.Street = "Northfold "+hostile, hostile, hostile
			c.ShipTo.ID, c.ShipTo.CountryCode, c.ShipTo.City = hostile, "US", "X"
			c.People = []Person{{hostile, hostile, hostile}}
			c.Sender.Identity = hostile
		},
		"Latin-1": func(c *BuyerConfig) { c.Encoding, c.Name = "ISO-8859-1", "Northfold Größe €" },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, change)
			lines := append([]cartLine{}, cartN...)
			lines[0].description = strings.TrimSuffix(hostile, "\u0001")
			r, err := d.StartRequisition(t.Context(), "", "PPE & <2010>")
			if err != nil {
				t.Fatal(err)
			}
			message := orderMessageText(d.cookie(), "1242.13", "90.05", lines)
			if r, err = d.ReceiveCart(r.ID, in64(message)); err != nil {
				t.Fatal(err)
			}
			if _, err = d.Shop(t.Context(), r.ID, "edit"); err != nil {
				t.Fatal(err)
			}
			for _, step := range []func() (Answer, error){
				func() (Answer, error) { return d.Order(t.Context(), r.ID) },
				func() (Answer, error) { return d.Change(t.Context(), r.ID, 2, "38.5") },
				func() (Answer, error) { return d.Cancel(t.Context(), r.ID) },
			} {
				if _, err := step(); err != nil {
					t.Fatal(err)
				}
			}
			_, answer := d.fromKontor(t, "k.1", "wrong", "<X/>")
			for i, document := range append(d.supplier.documents(), answer) {
				if d.cfg.Like == "Coupa" {
					document = inDTDOrder(document)
				}
				validate(t, filepath.Join(reference, "cxml", "dtd", d.cfg.DTDVersion, "cXML.dtd"), document, i)
			}
		})
	}
}

// inDTDOrder puts Contact behind BrowserFormPost again: the direct buyer's system breaks the
// DTD in this one place, on purpose.
func inDTDOrder(document string) string {
	start, form, end := strings.Index(document, "<Contact"), strings.Index(document, "<BrowserFormPost"), strings.Index(document, "<SupplierSetup")
	if start < 0 || form < start || end < form {
		return document
	}
	return document[:start] + document[form:end] + document[start:form] + document[end:]
}

func validate(t *testing.T, dtd, document string, i int) {
	t.Helper()
	command := exec.Command("xmllint", "--nonet", "--noout", "--dtdvalid", dtd, "-")
	command.Stdin = strings.NewReader(document)
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("document %d: %v\n%s\n%s", i, err, out, document)
	}
}

func TestCoupaTraits(t *testing.T) {
	d := newDesk(t, coupa)
	_ = d.carted(t)
	setup := d.supplier.documents()[0]
	if strings.Index(setup, "<Contact") > strings.Index(setup, "<BrowserFormPost") || strings.Contains(setup, "deploymentMode") ||
		!strings.Contains(setup, "1.2.014") || !strings.Contains(setup, `timestamp="Wed Nov 11 09:31:07 -0500 2026"`) {
		t.Error(setup)
	}
	ariba := newDesk(t, nil)
	_ = ariba.carted(t)
	setup = ariba.supplier.documents()[0]
	if !strings.Contains(setup, `timestamp="2026-11-11T09:31:07-05:00"`) || !strings.Contains(setup, `deploymentMode="test"`) {
		t.Error(setup)
	}
}
