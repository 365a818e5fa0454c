package accounts_test

import (
	"testing"

	"github.com/kontorhq/kontor/accounts"
)

func TestAMaskTakesThePersonAndNothingElse(t *testing.T) {
	m := accounts.NewMask(accounts.Buyer{ID: "buy_7", Email: "Jane.O'Hara@buyer.example", Login: "name", Name: "Jane O'Hara"}, "+1 555 0100", "ab")
	for _, test := range []struct{ name, text, want string }{
		{"plain", "Jane O'Hara ordered", "buy_7 ordered"},
		{"other letters and blanks", "JANE  o'hara\u00a0ordered", "buy_7\u00a0ordered"},
		{"at the end of a sentence", "Ask jane.o'hara@buyer.example.", "Ask buy_7@erased.invalid."},
		{"another one's longer address", "mary.jane.o'hara@buyer.example jane.o'hara@buyer.example.net", "mary.jane.o'hara@buyer.example jane.o'hara@buyer.example.net"},
		{"another one's longer name", "Jane O'Harald, Maryjane O'Hara, Jane O'Hara-Smith", "Jane O'Harald, Maryjane O'Hara, Jane O'Hara-Smith"},
		{"twice, side by side", "name,name name", "buy_7,buy_7 buy_7"},
		{"a telephone number", "call +1 555 0100 now", "call buy_7 now"},
		{"a short word is none", "ab", "ab"},
		{"in an address of the web", "https://x.example/?u=Jane.O%27Hara%40buyer.example&n=Jane+O%27Hara", "https://x.example/?u=buy_7@erased.invalid&n=buy_7"},
		{"tags are no text", `<Name name="name"><Name>name</Name></Name>`, `<Name name="buy_7"><Name>buy_7</Name></Name>`},
		{"escaped in XML", `<E a='Jane O&apos;Hara'>Jane O&#39;Hara &amp; Sons</E>`, `<E a='buy_7'>buy_7 &amp; Sons</E>`},
		{"what isn't touched keeps its form", `<E a = 'x&apos;y'>x&#x3E;y</E>`, `<E a = 'x&apos;y'>x&#x3E;y</E>`},
		{"comments and CDATA", `<E><!-- name > --><![CDATA[<name>]]></E>`, `<E><!-- buy_7 > --><![CDATA[<buy_7>]]></E>`},
		{"a tag with > in it", `<E a="b > name">name</E>`, `<E a="b &gt; buy_7">buy_7</E>`},
		{"cut off", `<E a="b">name and Jane O'Hara <E a="x`, `<E a="b">buy_7 and buy_7 <E a="x`},
		{"JSON", `{"name": "name", "list": ["Jane O'Hara", 7, "x\ny"], "name" : {"a": "O\"name\\"}}`, `{"name": "buy_7", "list": ["buy_7", 7, "x\ny"], "name" : {"a": "O\"buy_7\\"}}`},
		{"escapes in JSON", `{"a": "Jane O\u0027Hara", "b": "\u003cb\u003e"}`, `{"a": "buy_7", "b": "\u003cb\u003e"}`},
		{"XML in JSON", `{"raw": "<Name>Jane O&apos;Hara</Name>"}`, `{"raw": "\u003cName\u003ebuy_7\u003c/Name\u003e"}`},
		{"JSON that is none", `{"name": name`, `{"buy_7": buy_7`},
		{"nothing", "", ""},
	} {
		got, found := m.Row([]string{test.text}, true)
		if got[0] != test.want || found != (test.text != test.want) {
			t.Errorf("%s: %s\nwant %s, found %v", test.name, got[0], test.want, found)
		}
		if again, found := m.Row(got, true); again[0] != got[0] || found {
			t.Errorf("%s: a second time it is %s", test.name, again[0])
		}
	}
	// In another organisation's row a name is somebody else's, unless the e-mail is there too.
	if got, found := m.Row([]string{"Jane O'Hara", "name"}, false); found || got[0] != "Jane O'Hara" {
		t.Errorf("another's row became %q", got)
	}
	if got, found := m.Row([]string{"Jane O'Hara", "jane.o'hara@BUYER.example"}, false); !found || got[0] != "buy_7" || got[1] != "buy_7@erased.invalid" {
		t.Errorf("the person's row became %q", got)
	}
	if len(m.TooShort) != 1 || m.TooShort[0] != "ab" {
		t.Errorf("too short are %q", m.TooShort)
	}
}
