package procurement_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// Documents that are made to cost much. Each must get the status that the reference names, in
// HTTP 200, have no effect, and cost memory that its size bounds. The figures in
// docs/benchmarks.md are the log of
//
//	go test -run TestHostileInputsCostBoundedMemory -v ./procurement

type hostileInput struct {
	name, contentType string
	body              func() []byte // made when it is used: some are large
	code              int
	says              string
}

// noise is text that no compression shrinks and that has no sign of XML in it.
func noise(n int) string {
	random := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[random.IntN(52)]
	}
	return string(b)
}

// within puts something into an order, where nobody looks for it.
func within(text string) func() []byte {
	return func() []byte { return po("p1", "A-1", "</OrderRequestHeader>", "</OrderRequestHeader>"+text) }
}

func repeated(before, text, after string, size int) func() []byte {
	return func() []byte { return within(before + strings.Repeat(text, size/len(text)) + after)() }
}

const nineMB = 9 << 20

// mostAllocated is for one request, in all: the least readers of XML take several times the size
// of a document, which is 10 MB at most. What is quadratic in anything takes gigabytes.
const mostAllocated = 400 << 20

func hostileInputs(t testing.TB) []hostileInput {
	attributes := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ` a%d=""`, i)
		}
		return b.String()
	}
	return []hostileInput{
		{"a sound order, to compare with", "", within(""), 200, ""},
		{"10,000 elements deep", "", within(strings.Repeat("<a>", 10_000) + strings.Repeat("</a>", 10_000)), 406, "inside of each other"},
		{"1 million elements side by side", "", within(strings.Repeat("<a/>", 1_000_000)), 406, "too many elements"},
		{"as many elements as are taken", "", within(strings.Repeat("<a/>", 199_900)), 200, ""},
		{"1 million attributes of one element", "", within("<a" + strings.Repeat(` b=""`, 1_000_000) + "/>"), 406, "an element with too many attributes"},
		{"1 million attributes of many elements", "", repeated("", "<a"+attributes(60)+"/>", "", nineMB), 406, "attributes in all"},
		{"as many attributes as are taken", "", within(strings.Repeat("<a"+attributes(60)+"/>", 6_600)), 200, ""},
		{"1 million comments", "", repeated("", "<!---->", "", nineMB), 406, "too many comments"},
		{"1 million instructions", "", repeated("", "<?a?>", "", nineMB), 406, "too many comments"},
		{"as many instructions as are taken", "", within(strings.Repeat("<?a?>", 199_000)), 200, ""},
		{"1 million pieces of text", "", repeated("<a>", "<![CDATA[]]>x", "</a>", nineMB), 406, "too many comments"},
		{"as many pieces of text as are taken", "", within("<a>" + strings.Repeat("<![CDATA[]]>x", 199_000) + "</a>"), 200, ""},
		{"9 MB of pieces of text", "", within("<a>" + strings.Repeat("<![CDATA["+strings.Repeat("x", 30)+"]]>x", 199_000) + "</a>"), 200, ""},
		{"one text of 9 MB", "", repeated("<Comments>", "tide ", "</Comments>", nineMB), 200, ""},
		{"one attribute of 9 MB", "", repeated(`<a b="`, "tide ", `"/>`, nineMB), 200, ""},
		{"a tag's name of 9 MB", "", func() []byte { return within("<" + strings.Repeat("tide", nineMB/4) + "/>")() }, 200, ""},
		{"9 MB of digits", "", repeated("<Comments>", "4111111111111111", "</Comments>", nineMB), 200, ""},
		{"9 MB of digits and blanks", "", repeated("<Comments>", "4 1 1 1-", "</Comments>", nineMB), 200, ""},
		{"9 MB of escapes", "", repeated("<Comments>", "&amp;", "</Comments>", nineMB), 200, ""},
		{"a payloadID of 1 MB", "", func() []byte { return po(noise(1<<20), "A-1") }, 400, "payloadID"},
		{"an order's number of 1 MB", "", func() []byte { return po("p1", noise(1<<20)) }, 400, "@orderID"},
		{"a part number of 1 MB", "", func() []byte { return po("p1", "A-1", "<SupplierPartID>", "<SupplierPartID>"+noise(1<<20)) }, 400, "ItemOut[1]/ItemID/SupplierPartID"},
		{"an identity of 1 MB", "", func() []byte { return po("p1", "A-1", "<Identity>", "<Identity>"+noise(1<<20)) }, 401, ""},
		{"a request's name of 1 MB", "", func() []byte {
			return []byte(strings.ReplaceAll(string(po("p1", "A-1")), "OrderRequest>", noise(1<<20)+">"))
		}, 450, "is not served here"},
		{"a user's address of 1 MB", "", func() []byte { return setUp("p1", "c", noise(1<<20)+"@b.example") }, 400, "longer than 500 bytes"},
		{"a user's login of 1 MB", "", func() []byte { return setUp("p1", "c", noise(1<<20)) }, 400, "longer than 500 bytes"},
		{"other names of 1 MB", "", func() []byte {
			long := noise(1 << 20)
			return po("p1", "A-1", "</SupplierPartID>", "</SupplierPartID><SupplierPartAuxiliaryID>"+long+"</SupplierPartAuxiliaryID><BuyerPartID>"+long+"</BuyerPartID>",
				"<UnitOfMeasure>MTR", "<UnitOfMeasure>"+long, "</Total>", `</Total><DocumentReference payloadID="`+long+`"/>`, ` type="new"`,
				` type="new" orderType="release" agreementID="`+long+`" requisitionID="`+long+`"`, `domain="UNSPSC">31151500`, `domain="`+long+`">`+long)
		}, 200, "A-1"},
		{"references of 1 MB", "", func() []byte { return statusOf("p1", orderReference(noise(1<<20), noise(1<<20))) }, 417, "is not known"},
		{"a wanted part of 1 MB", "", func() []byte {
			return setUp("p1", "c", "a@b.example", "</PunchOutSetupRequest>", "<SelectedItem><ItemID><SupplierPartID>"+noise(1<<20)+"</SupplierPartID></ItemID></SelectedItem></PunchOutSetupRequest>")
		}, 200, ""},
		{"9,000 lines and a fault in each", "", func() []byte {
			return po("p1", "A-1", "</OrderRequest>", strings.Repeat(`<ItemOut quantity="two"/>`, 9_000)+"</OrderRequest>")
		}, 400, "ItemOut[3]/@quantity"},
		{"the same attribute twice", "", within(`<a b="1" b="2"/>`), 406, "twice"},
		{"a control character", "", within("\x01"), 406, "well-formed"},
		{"a control character by its number", "", within("&#1;"), 406, "well-formed"},
		{"bytes that are no UTF-8", "", within("\xc3\x28"), 406, "characters"},
		{"an overlong sign", "", within("\xc0\xbc"), 406, "characters"},
		{"half a surrogate", "", within("\xed\xa0\x80"), 406, "characters"},
		{"entities in entities", "", func() []byte {
			return append([]byte(`<!DOCTYPE cXML [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>`), bytes.TrimPrefix(within("&b;")(), []byte(`<?xml version="1.0" encoding="UTF-8"?>`))...)
		}, 406, "internal subset"},
		{"a body of 50 MB", "", func() []byte { return repeated("<Comments>", "tide ", "</Comments>", 50<<20)() }, 499, "larger"},
		{"a gzip bomb of 200 MB", "", func() []byte { return gzipped(t, po("p1", "A-1"), bytes.Repeat([]byte(" "), 200<<20)) }, 499, "larger"},
		{"a gzip bomb in a gzip bomb", "", func() []byte { return gzipped(t, gzipped(t, bytes.Repeat([]byte(" "), 200<<20))) }, 406, "twice"},
		{"a gzip bomb of elements", "", func() []byte { return gzipped(t, within(strings.Repeat("<a/>", 1_000_000))()) }, 406, "too many elements"},
		{"10,000 parts", relatedType, func() []byte {
			return related(po("p1", "A-1"), strings.Split(strings.Repeat("\r\nx|", 9_999)+"\r\nx", "|")...)
		}, 406, "too many parts"},
		{"a message in base64 in base64", relatedType, func() []byte {
			return []byte("--edge\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64Of(base64Of(string(within("")()))) + "\r\n--edge--")
		}, 406, ""},
		{"a document of 6 MB in base64", relatedType, func() []byte {
			return []byte("--edge\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64Of(string(repeated("<Comments>", "tide ", "</Comments>", 6<<20)())) + "\r\n--edge--")
		}, 200, ""},
		{"a file of 9 MB", relatedType, func() []byte { return related(po("p1", "A-1"), "\r\n"+noise(nineMB)) }, 200, ""},
		{"9 MB in UTF-16", "", func() []byte { return wide(string(repeated("<Comments>", "tide ", "</Comments>", nineMB/2)())) }, 200, ""},
		{"1 million form fields", "application/x-www-form-urlencoded", func() []byte { return bytes.Repeat([]byte("a=1&"), nineMB/4) }, 406, ""},
		{"an escaped form of 9 MB", "application/x-www-form-urlencoded", func() []byte {
			return []byte("xml=" + strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B", "<", "%3C").Replace(string(repeated("<Comments>", "tide ", "</Comments>", nineMB)())))
		}, 200, ""},
		{"an order of 10,000 lines", "", func() []byte {
			var b strings.Builder
			line := orderText[strings.LastIndex(orderText, "<ItemOut"):strings.LastIndex(orderText, "</OrderRequest>")]
			for n := range 9_998 {
				b.WriteString(strings.Replace(line, `lineNumber="2"`, fmt.Sprintf(`lineNumber="%d"`, n+3), 1))
			}
			return po("p1", "A-1", "</OrderRequest>", b.String()+"</OrderRequest>")
		}, 200, ""},
		{"one line too many", "", func() []byte {
			return po("p1", "A-1", "</OrderRequest>", strings.Repeat(`<ItemOut quantity="1"/>`, 9_999)+"</OrderRequest>")
		}, 406, "too many lines"},
	}
}

// cost is what one request took of this process: the client, who has the body already, is in it.
type cost struct {
	allocated, peak uint64 // bytes; peak is of live and not yet collected objects, beyond those before
	took            time.Duration
}

func liveBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func measured(ask func()) cost {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	base, peak := liveBytes(), uint64(0)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			peak = max(peak, liveBytes())
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	start := time.Now()
	ask()
	c := cost{took: time.Since(start)}
	close(stop)
	<-stopped
	runtime.ReadMemStats(&after)
	c.allocated = after.TotalAlloc - before.TotalAlloc
	if peak > base {
		c.peak = peak - base
	}
	return c
}

func TestHostileInputsCostBoundedMemory(t *testing.T) {
	if os.Getenv("KONTOR_RACE") != "" {
		t.Skip("the race detector takes memory and time of its own; what documents cost is measured without it")
	}
	eachRig(t, func(t *testing.T, r *rig) {
		t.Logf("%-40s %9s %7s %9s %9s %8s", "", "bytes", "status", "allocated", "peak", "ms")
		for _, input := range hostileInputs(t) {
			t.Run(input.name, func(t *testing.T) {
				r := r.on(t)
				merchant := r.merchant("live")
				r.connect(merchant, fixture())
				body := input.body()
				before := r.counts(merchant, "documents")
				var a answer
				c := measured(func() { a = r.postAs(merchant, input.contentType, body) })
				t.Logf("%-40s %9d %7d %6d MB %6d MB %8d", input.name, len(body), a.code, c.allocated>>20, c.peak>>20, c.took.Milliseconds())
				if a.code != input.code || !strings.Contains(a.detail, input.says) {
					t.Errorf("answered %d %q, want %d with %q", a.code, a.detail, input.code, input.says)
				}
				if len(a.raw) > 12<<10 {
					t.Errorf("the answer has %d bytes", len(a.raw))
				}
				if c.allocated > mostAllocated {
					t.Errorf("%d bytes were allocated", c.allocated)
				}
				if d := changed(before, r.counts(merchant, "documents")); input.code != 200 && d != "" {
					t.Error("changed:", d)
				}
			})
		}
	})
}

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// wide is the text in UTF-16 with its mark.
func wide(text string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}
