package cxml_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/cxml"
)

// What the reference's samples are, by what their names begin with; the longest name counts.
// "fault" is the place that mapping must name.
var samples = map[string]struct {
	class cxml.Class
	kind  string // type of payload
	fault string
}{
	"business-cxml-garbage-request":                      {cxml.ClassRequest, "GarbageRequest", ""},
	"business-cxml-ping-response":                        {cxml.ClassResponse, "Response", ""},
	"business-cxml-profile-request":                      {cxml.ClassRequest, "ProfileRequest", ""},
	"business-cxml-profile-response":                     {cxml.ClassResponse, "ProfileResponse", ""},
	"business-cxml-punchoutorder":                        {cxml.ClassMessage, "PunchOutOrderMessage", ""},
	"business-cxml-punchoutsetup":                        {cxml.ClassRequest, "PunchOutSetupRequest", ""},
	"business-cxml-punchoutsetup1-response":              {cxml.ClassResponse, "PunchOutSetupResponse", ""},
	"business-cxml-punchoutsetup5-request":               {cxml.ClassRequest, "PunchOutSetupRequest", "PunchOutSetupRequest/BrowserFormPost"},
	"business-cxml-unauthorized-response":                {cxml.ClassResponse, "Response", ""},
	"business-cxml-unknown-response":                     {cxml.ClassResponse, "Response", ""},
	"friendsofcxml-CatalogUploadRequest":                 {cxml.ClassRequest, "CatalogUploadRequest", ""},
	"friendsofcxml-Index":                                {cxml.ClassOther, "Index", ""},
	"friendsofcxml-OrderRequest":                         {cxml.ClassRequest, "OrderRequest", ""},
	"friendsofcxml-ProductActivityMessage":               {cxml.ClassMessage, "ProductActivityMessage", ""},
	"friendsofcxml-PunchOutSetupRequest":                 {cxml.ClassRequest, "PunchOutSetupRequest", ""},
	"friendsofcxml-PunchoutOrderMessage":                 {cxml.ClassMessage, "PunchOutOrderMessage", ""},
	"friendsofcxml-ShipNoticeRequest":                    {cxml.ClassRequest, "ShipNoticeRequest", ""},
	"friendsofcxml-StatusUpdateRequest":                  {cxml.ClassRequest, "StatusUpdateRequest", ""},
	"friendsofcxml-builder-order_request":                {cxml.ClassRequest, "OrderRequest", ""},
	"friendsofcxml-simple-profile-request":               {cxml.ClassRequest, "ProfileRequest", ""},
	"officeluv-envelope":                                 {cxml.ClassRequest, "CatalogUploadRequest", ""},
	"officeluv-envelope2":                                {cxml.ClassRequest, "CopyRequest", ""},
	"officeluv-invoice":                                  {cxml.ClassRequest, "InvoiceDetailRequest", ""},
	"officeluv-punch_out_setup_request_doc":              {cxml.ClassRequest, "PunchOutSetupRequest", ""},
	"officeluv-purchase_order_request_200":               {cxml.ClassRequest, "OrderRequest", ""},
	"officeluv-response_status_200":                      {cxml.ClassResponse, "PunchOutSetupResponse", ""},
	"officeluv-response_status_400":                      {cxml.ClassResponse, "Response", ""},
	"ariba-posr":                                         {cxml.ClassRequest, "PunchOutSetupRequest", ""},
	"confirmation":                                       {cxml.ClassRequest, "ConfirmationRequest", ""},
	"copyrequest":                                        {cxml.ClassRequest, "CopyRequest", ""},
	"coupa-posr":                                         {cxml.ClassRequest, "PunchOutSetupRequest", ""},
	"invoice":                                            {cxml.ClassRequest, "InvoiceDetailRequest", ""},
	"jaggaer-posr":                                       {cxml.ClassRequest, "PunchOutSetupRequest", ""},
	"oraclefusion-posr":                                  {cxml.ClassRequest, "PunchOutSetupRequest", ""},
	"order-":                                             {cxml.ClassRequest, "OrderRequest", ""},
	"orderstatusrequest":                                 {cxml.ClassRequest, "OrderStatusRequest", ""},
	"paymentremittance":                                  {cxml.ClassRequest, "PaymentRemittanceRequest", ""},
	"poom":                                               {cxml.ClassMessage, "PunchOutOrderMessage", ""},
	"posr":                                               {cxml.ClassRequest, "PunchOutSetupRequest", ""},
	"posr-create-no-browserformpost":                     {cxml.ClassRequest, "PunchOutSetupRequest", "PunchOutSetupRequest/BrowserFormPost"},
	"profilerequest":                                     {cxml.ClassRequest, "ProfileRequest", ""},
	"receiptrequest":                                     {cxml.ClassRequest, "ReceiptRequest", ""},
	"response":                                           {cxml.ClassResponse, "Response", ""},
	"response-posresp":                                   {cxml.ClassResponse, "PunchOutSetupResponse", ""},
	"response-profile":                                   {cxml.ClassResponse, "ProfileResponse", ""},
	"shipnotice":                                         {cxml.ClassRequest, "ShipNoticeRequest", ""},
	"statusupdate":                                       {cxml.ClassRequest, "StatusUpdateRequest", ""},
	"friendsofcxml-PunchoutOrderMessageAdvancedPricing":  {cxml.ClassMessage, "PunchOutOrderMessage", ""},
	"officeluv-punch_out_setup_request_doc_with_ship_to": {cxml.ClassRequest, "PunchOutSetupRequest", ""},
	"business-cxml-punchoutsetup2-request":               {cxml.ClassRequest, "PunchOutSetupRequest", ""},
}

// sampleFiles are the documents of other systems that the reference collects; they are not ours
// to keep in this repository.
func sampleFiles(t testing.TB) []string {
	t.Helper()
	reference := os.Getenv("KONTOR_REFERENCE_DIR")
	if reference == "" {
		t.Skip("KONTOR_REFERENCE_DIR is not set: the samples of other systems can't be reached")
	}
	files, err := filepath.Glob(filepath.Join(reference, "cxml", "samples", "*", "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no samples in", reference, err)
	}
	return files
}

func TestSamplesAreWhatTheyAre(t *testing.T) {
	for _, file := range sampleFiles(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".xml")
		t.Run(name, func(t *testing.T) {
			longest := ""
			for prefix := range samples {
				if strings.HasPrefix(name, prefix) && len(prefix) > len(longest) {
					longest = prefix
				}
			}
			want, known := samples[longest]
			if !known {
				t.Fatal("nobody said what this sample is")
			}
			d := readFile(t, file)
			if d.Class != want.class || d.Type != want.kind {
				t.Errorf("got class %d of %q, want %d of %q", d.Class, d.Type, want.class, want.kind)
			}
			_, err := payload(d)
			switch {
			case want.fault == "" && err != nil:
				t.Error(err)
			case want.fault != "" && (err == nil || kindOf(t, err).Place != want.fault):
				t.Errorf("got %v, want a fault at %s", err, want.fault)
			}
			for _, secret := range []string{"example-secret", "abracadabra", "coyote", "s3cr3t", "123456secret", "{shared secret in here}", visa} {
				for kept, text := range map[string]string{"Masked": string(d.Masked()), "CanonicalRequest": string(d.CanonicalRequest())} {
					if strings.Contains(text, secret) {
						t.Errorf("%s still has %q", kept, secret)
					}
				}
			}
		})
	}
}

func TestSamplesOfUsers(t *testing.T) {
	want := map[string]cxml.User{
		"ariba-posr-create-multicred":                        {Email: "requester@example.com", Name: "Sample Requester", Login: "srequester"},
		"coupa-posr-edit":                                    {Email: "requester@example.com", Name: "Sample Requester", Login: "srequester"},
		"jaggaer-posr-inspect":                               {Email: "requester@example.com", Name: "Sample Requester", Login: "SR123"},
		"oraclefusion-posr-create":                           {Email: "requester@example.com", Name: "Sample Requester", Login: "SAMPLE.REQUESTER"},
		"business-cxml-punchoutsetup2-request":               {Email: "1234@remotehost", Name: "John Smith"},
		"business-cxml-punchoutsetup3-request":               {Email: "1234@remotehost", Name: "John Smith"},
		"business-cxml-punchoutsetup4-request":               {Email: "1234@remotehost", Login: "jsmith"},
		"friendsofcxml-PunchOutSetupRequest":                 {Email: "john-doe@domain.com"},
		"officeluv-punch_out_setup_request_doc":              {},
		"officeluv-punch_out_setup_request_doc_with_ship_to": {Email: "requester@example.com"},
	}
	found := 0
	for _, file := range sampleFiles(t) {
		user, ok := want[strings.TrimSuffix(filepath.Base(file), ".xml")]
		if !ok {
			continue
		}
		found++
		r, err := readFile(t, file).PunchOutSetupRequest()
		if err != nil {
			t.Fatal(err)
		}
		if got := r.User(); got != user {
			t.Errorf("%s: got %+v, want %+v", filepath.Base(file), got, user)
		}
	}
	if found != len(want) {
		t.Errorf("only %d of %d samples were there", found, len(want))
	}
}
