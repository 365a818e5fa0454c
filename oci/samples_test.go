package oci

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kontorhq/kontor/money"
)

// sample is a file of the reference: kinds and fields as its SOURCES.md says. What it expects is
// written here by hand, from the rules.
type sample struct {
	Fields [][2]string
	Cases  []struct {
		Name   string
		Fields [][2]string
	}
}

func readSample(t *testing.T, name string) []byte {
	t.Helper()
	dir := os.Getenv("KONTOR_REFERENCE_DIR")
	if dir == "" {
		t.Skip("KONTOR_REFERENCE_DIR is not set: the public samples lie outside this repository")
	}
	body, err := os.ReadFile(filepath.Join(dir, "oci-samples", name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func fieldsOf(pairs [][2]string) []Field {
	var fields []Field
	for _, p := range pairs {
		fields = append(fields, Field{p[0], p[1]})
	}
	return fields
}

func sampleFields(t *testing.T, name string) sample {
	t.Helper()
	var s sample
	if err := json.Unmarshal(readSample(t, name), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func int64p(n int64) *int64 { return &n }

func TestSampleCarts(t *testing.T) {
	for _, test := range []struct {
		file  string
		want  []Item
		total map[string]string // currency of the test, sum of the lines
	}{
		{"08-cart-all-classic-fields.json", []Item{{Index: 1, Description: "Visitenkarten", Quantity: dec("1"), Unit: "EA", Price: decp("16.18"), Currency: "EUR",
			LeadTime: int64p(10), Vendor: "9999", VendorMat: "1517", MatGroup: "24-26-09-01", LongText: "Standard Visitenkarte deutsch 200 St. "}}, map[string]string{"EUR": "16.18"}},
		{"13-cart-price-per-hundred.json", []Item{{Index: 1, Description: "ECR-H-DIN934-I8I-CLE17-(A2K)-M10", Quantity: dec("100"), Unit: "PCE", Price: decp("10"), PriceUnit: 100,
			Currency: "EUR", LeadTime: int64p(1), VendorMat: "031710    005  100", ExtProductID: "031710    005  100"}}, map[string]string{"EUR": "10.00"}},
		{"18-cart-minimal.json", []Item{{Index: 1, Description: "Test OCI Widget", Quantity: dec("3"), Unit: "EA", Price: decp("25"), VendorMat: "OCI-SKU-1", LeadTime: int64p(0)}},
			map[string]string{"USD": "75.00"}},
		{"19-cart-two-lines.json", []Item{{Index: 1, Description: "First", Quantity: dec("1"), Unit: "EA", Price: decp("10"), VendorMat: "A"},
			{Index: 2, Description: "Second", Quantity: dec("2"), Unit: "EA", Price: decp("20"), VendorMat: "B"}}, map[string]string{"USD": "50.00"}},
		{"20-cart-priceunit-divides.json", []Item{{Index: 1, Description: "Test OCI Widget", Quantity: dec("3"), Unit: "EA", Price: decp("100"), PriceUnit: 100, VendorMat: "OCI-SKU-1"}},
			map[string]string{"USD": "3.00"}},
		{"25-cart-xml-variant.json", []Item{{Index: 1, Description: "Wood screw 4x40", Quantity: dec("200"), Unit: "PCE", Price: decp("5.00"), PriceUnit: 1000, Currency: "EUR",
			LeadTime: int64p(2), LongText: "Zinc plated", VendorMat: "1001", Vendor: "4711", ExtProductID: "sku-1001"}}, map[string]string{"EUR": "1.00"}},
	} {
		t.Run(test.file, func(t *testing.T) {
			cart, err := ReadCart(fieldsOf(sampleFields(t, test.file).Fields), DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, cart.Items, sameDecimals); d != "" {
				t.Error(d)
			}
			for currency, want := range test.total {
				sum := money.Zero(currency)
				for _, item := range cart.Items {
					item.Currency = currency
					total, err := item.Total()
					if err != nil {
						t.Fatal(err)
					}
					if sum, err = sum.Add(total); err != nil {
						t.Fatal(err)
					}
				}
				if sum.Text() != want {
					t.Errorf("the lines come to %s, want %s", sum.Text(), want)
				}
			}
		})
	}
}

func TestSamplePages(t *testing.T) {
	book := []Item{
		{Index: 1, Description: `Apple MacBook Air 11"`, Quantity: dec("1"), Unit: "PCE", Price: decp("999.90"), PriceUnit: 1, Currency: "EUR", LeadTime: int64p(7),
			Vendor: "Apple", VendorMat: "MBA11", MatGroup: "NOTEBOOK", LongText: "Ein tolles Notebook von Apple."},
		{Index: 2, Description: `Apple iMac 27"`, Quantity: dec("2"), Unit: "PCE", Price: decp("1799"), PriceUnit: 1, Currency: "EUR", LeadTime: int64p(7),
			Vendor: "Apple", VendorMat: "IMAC27", MatGroup: "DESKTOP", LongText: "Der elegante Desktop-Rechner von Apple."},
	}
	gtin := []Item{book[0], book[1]}
	gtin[0].Other, gtin[1].Other = []Field{{"GTIN", "2000111096426"}}, []Field{{"GTIN", "4060838384365"}}
	gtin[1].Service = true
	for _, test := range []struct {
		file, action string
		want         []Item
	}{
		{"09-cart-two-items-gtin-service.html", "http://return.to/me", gtin},
		{"10-background-search-response.html", "http://return.to/me", book},
		{"11-cart-out-of-order.html", "http://punchout.local/punchback", []Item{{Index: 1, Description: "Description 1"}, {Index: 2, Description: "Description 2"}, {Index: 3, Description: "Description 3"}}},
		{"12-cart-quote-character.html", "http://punchout.local/punchback", []Item{{Index: 1, Description: `19" Rack`}}},
	} {
		t.Run(test.file, func(t *testing.T) {
			form, ok := ReadForm(readSample(t, test.file), "text/html")
			if !ok || form.Action != test.action || form.Method != http.MethodPost {
				t.Fatalf("%v, %+v", ok, form)
			}
			cart, err := ReadCart(form.Fields, DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, cart.Items, sameDecimals); d != "" {
				t.Error(d)
			}
		})
	}
}

// What a shop sends: the fields of the file, each with its value, and none that it leaves out.
func TestSampleCartsAreWritten(t *testing.T) {
	item := func(name, sku, quantity, price, currency string) Item {
		return Item{Description: name, VendorMat: sku, Quantity: dec(quantity), Unit: "EA", Price: decp(price), Currency: currency}
	}
	bundle := func(name, sku, price, parent, kind string) Item {
		i := item(name, sku, "1", price, "EUR")
		i.ParentID, i.ItemType = parent, kind
		return i
	}
	a, b := item("Product A", "SKU-A", "1", "10", "USD"), item("Product B", "SKU-B", "2", "20", "USD")
	a.LongText, b.LongText, a.CustField[0], b.CustField[0] = "Product A", "Product B", "SKU-A", "SKU-B"
	for _, test := range []struct {
		file string
		cart Cart
		skip map[string]string // fields that this file writes in another way, and why that is no fault
	}{
		{"14-cart-required-fields-out.json", Cart{[]Item{item("Test Product", "SKU-001", "2", "15.00", "EUR")}}, nil},
		{"15-cart-echo-and-longtext-out.json", Cart{[]Item{a, b}}, map[string]string{"~OkCode": "echo", "~TARGET": "echo", "~CALLER": "echo"}},
		{"16-cart-hierarchy-out.json", Cart{[]Item{bundle("Sony Bundle", "210_123", "1000", "", "R"), bundle("HP Bundle", "211_123", "705", "", "R"),
			bundle("Child of the Sony bundle", "child-a", "0", "1", "O"), bundle("Child of the HP bundle", "child-b", "0", "2", "O")}}, nil},
		{"17-cart-empty-out.json", Cart{}, nil},
	} {
		t.Run(test.file, func(t *testing.T) {
			fields, err := test.cart.Write(Rules{})
			if err != nil {
				t.Fatal(err)
			}
			got, want := map[string]string{}, map[string]string{}
			for _, f := range fields {
				got[f.Name] = f.Value
			}
			for _, f := range fieldsOf(sampleFields(t, test.file).Fields) {
				if test.skip[f.Name] == "" && f.Value != "" { // an empty field is an absent one
					want[f.Name] = f.Value
				}
				if strings.HasPrefix(f.Name, "NEW_ITEM-PRICE[") && !strings.Contains(f.Value, ".") {
					want[f.Name] = f.Value + ".000" // we write three decimals
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSampleStarts(t *testing.T) {
	read := func(t *testing.T, fields []Field) (*Start, error) {
		t.Helper()
		return ReadStart(fields, DefaultNames)
	}
	t.Run("01-start-post-basic.json", func(t *testing.T) {
		s, err := read(t, fieldsOf(sampleFields(t, "01-start-post-basic.json").Fields))
		if err != nil || s.HookURL != "https://buyer.example.com/punchout/return" || s.Username != "TestUser_1" || s.Password != "test-password" || s.Function != Shop {
			t.Errorf("%+v, %v", s, err)
		}
		for _, f := range s.Fields {
			if strings.Contains(f.Value, "test-password") {
				t.Error("the password is kept in clear")
			}
		}
	})
	t.Run("02-start-post-rejected.json", func(t *testing.T) {
		// The first and the last are for the connection to refuse: the parameters are all there.
		want := map[string]string{"no hook url": "HOOK_URL: is missing", "no user name": "USERNAME: is missing", "no password": "PASSWORD: is missing"}
		for _, c := range sampleFields(t, "02-start-post-rejected.json").Cases {
			_, err := read(t, fieldsOf(c.Fields))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != want[c.Name] {
				t.Errorf("%s: %q", c.Name, got)
			}
		}
	})
	for file, function := range map[string]Function{"03-start-get-srm.query": Shop, "04-start-get-srm-detailadd.query": DetailAdd} {
		t.Run(file, func(t *testing.T) {
			fields, err := ReadFields(strings.TrimSpace(string(readSample(t, file))), "", DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			s, err := read(t, fields)
			target, ok := s.Target()
			if err != nil || s.HookURL != "https://srm.example.com/oci-call-up/5b0e6f5e-8a3b-4a0e-9f1d-3d1a5f0a7c11" || s.Version != "4.0" ||
				s.Charset != "utf-8" || target != "_parent" || !ok || s.Function != function || function == DetailAdd && s.ProductID != "4711" {
				t.Errorf("%+v, %s, %v", s, target, err)
			}
		})
	}
	t.Run("05-start-functions.json", func(t *testing.T) {
		want := map[string]struct {
			function                  Function
			product, quantity, search string
		}{
			"plain shopping": {Shop, "", "1", ""}, "detail": {Detail, "123", "1", ""}, "validate, no quantity": {Validate, "123", "1", ""},
			"validate, quantity": {Validate, "123", "42", ""}, "background search": {BackgroundSearch, "", "1", "product-123"},
		}
		for _, c := range sampleFields(t, "05-start-functions.json").Cases {
			s, err := read(t, fieldsOf(c.Fields))
			w := want[c.Name]
			if err != nil || s.Function != w.function || s.ProductID != w.product || s.Quantity.Plain() != w.quantity || s.SearchString != w.search {
				t.Errorf("%s: %+v, %v", c.Name, s, err)
			}
		}
	})
	t.Run("06-start-post-lowercase-user-fields.json", func(t *testing.T) {
		s, err := read(t, fieldsOf(sampleFields(t, "06-start-post-lowercase-user-fields.json").Fields))
		if err != nil || s.Username != "user_1" || s.Password != "user_1_pass" || s.Email != "oci-tester@example.com" || s.Person != "Oci Tester" {
			t.Errorf("%+v, %v", s, err)
		}
	})
	t.Run("07-start-srm-many-parameters.json", func(t *testing.T) {
		s, err := read(t, fieldsOf(sampleFields(t, "07-start-srm-many-parameters.json").Fields))
		if err != nil || s.HookURL != "https://hook.example.com/gate/index.php/admin/testconn/response/" || s.Login != "SAP_TEST_USER" || s.Person != "SAP Tester" ||
			s.Email != "oci-tester@example.com" || len(s.Fields) != 21 || s.Asked != "" {
			t.Errorf("%+v, %v", s, err)
		}
	})
}
