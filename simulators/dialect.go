package simulators

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// dialect is how the systems of one kind speak and what they refuse. What they write differently
// is in templates of their own; what they share, once.
type dialect struct {
	dtd, agent, encoding string
	setup, order         string             // templates
	timestamp            string             // layout; "" is ISO 8601 with a numeric offset
	unmarked             bool               // leaves deploymentMode out
	framed               bool               // opens the supplier's shop in a frame unless told otherwise
	refuses              string             // characters that it takes in no auxiliary id
	decimals             int                // the most that it takes in a price; 0 is any number
	number               func(int64) string // writes its order numbers
	callback             string             // query string of the address that carts come home to
}

// dialects by the vendor whose system is imitated (cXML reference, section 9).
var dialects = map[string]dialect{
	"Ariba":   {dtd: "1.2.050", agent: "Simulated network buyer 1.0 (Ariba-like)", refuses: "?{}"},
	"Coupa":   {dtd: "1.2.014", agent: "Simulated direct buyer 1.0 (Coupa-like)", timestamp: time.RubyDate, unmarked: true},
	"Jaggaer": {dtd: "1.2.011", agent: "Simulated direct buyer 1.0 (Jaggaer-like)", framed: true, decimals: 4},
	"Oracle": {dtd: "1.2.008", agent: "Simulated direct buyer 1.0 (Oracle-like)", encoding: "ISO-8859-15", unmarked: true,
		setup: "setup-oracle", order: "order-oracle",
		number:   func(n int64) string { return strconv.FormatInt(n, 10) + ":0:204" }, // number, release, organisation
		callback: "OAFunc=ICX_CAT_PUNCHOUT_CALLBACK&punchoutTo=BRACKWATER&language_code=US&OASF=ICX_CAT_PUNCHOUT_CALLBACK&retainAM=N&transactionid=1780204117&oapc=9&oas=q-bVx0zKcE5yPZJt2hRw1g.."},
	"SRM":    {dtd: "1.2.014", agent: "Simulated network buyer 1.0 (SRM-like)", encoding: "ISO-8859-1", unmarked: true, framed: true},
	"S4HANA": {dtd: "1.2.050", agent: "Simulated network buyer 1.0 (S4HANA-like)", unmarked: true},
}

func (b *Buyer) dialect() dialect { return dialects[b.cfg.Like] }

// newPayloadID is unique over restarts: time, counter and random text.
func (b *Buyer) newPayloadID() string {
	b.nextPayload++
	id := fmt.Sprintf("%s.%d.%s@", b.now().Format("20060102150405"), b.nextPayload, randomText(8))
	if b.cfg.Like == "Oracle" {
		return id // its gateway knows no host of its own
	}
	return id + b.cfg.Slug + ".example"
}

// orderNumber is the next one, as the system writes its numbers.
func (b *Buyer) orderNumber() string {
	n := b.nextOrder
	b.nextOrder++
	if write := b.dialect().number; write != nil {
		return write(n)
	}
	return strconv.FormatInt(n, 10)
}

// returnURL is where carts of the requisition come home to.
func (b *Buyer) returnURL(path string) string {
	address := b.cfg.PublicURL + b.cfg.Path + "/return/" + path
	if query := b.dialect().callback; query != "" {
		address += "?" + query
	}
	return address
}

// timestamp is ISO 8601 with a numeric offset, or the text that the system writes instead.
func (b *Buyer) timestamp() string {
	if layout := b.dialect().timestamp; layout != "" {
		return b.now().Format(layout)
	}
	return isoTime(b.now())
}

// latin9 are the eight places where ISO-8859-15 differs from ISO-8859-1.
var latin9 = map[byte]rune{0xA4: '€', 0xA6: 'Š', 0xA8: 'š', 0xB4: 'Ž', 0xB8: 'ž', 0xBC: 'Œ', 0xBD: 'œ', 0xBE: 'Ÿ'}

// encode writes a document in one of the encodings of ours. Characters outside it become
// references.
func encode(text, encoding string) []byte {
	if strings.EqualFold(encoding, "UTF-8") {
		return []byte(text)
	}
	special := map[rune]byte{}
	if strings.EqualFold(encoding, "ISO-8859-15") {
		for c, r := range latin9 {
			special[r] = c
		}
	}
	encoded := make([]byte, 0, len(text))
	for _, r := range text {
		c, ok := special[r]
		switch {
		case ok:
			encoded = append(encoded, c)
		case r > 0xFF, len(special) > 0 && latin9[byte(r)] != 0:
			encoded = fmt.Appendf(encoded, "&#%d;", r)
		default:
			encoded = append(encoded, byte(r))
		}
	}
	return encoded
}

// decode is the other way round.
func decode(body []byte, encoding string) string {
	runes := make([]rune, len(body))
	for i, c := range body {
		runes[i] = rune(c)
		if r := latin9[c]; r != 0 && strings.EqualFold(encoding, "ISO-8859-15") {
			runes[i] = r
		}
	}
	return string(runes)
}
