package cxml

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/url"
	"path"
	"strconv"
	"strings"
	"unicode"
)

// Part is a file that travelled in the same message as the document.
type Part struct {
	ContentID string // without the angle brackets; "" where there is none
	MediaType string // "application/pdf", as the sender says; nobody has checked it
	Name      string // without folders and control characters; "" where there is none
	Body      []byte // opaque: neither read nor masked
}

const (
	// mostParts counts the document itself. Beside it a purchase order has a drawing or two.
	mostParts = 100
	// mostHeader is of one part, in bytes, and the longest boundary is far within it.
	mostHeader = 16 << 10
	// mostName is in characters: what file systems take.
	mostName = 200
)

// Unpack takes the document out of what it was sent in: gzip, multipart of any kind, a form. What
// is none of these comes back as it is, for Read to judge, so that a wrong Content-Type harms
// nobody: the body decides (cXML reference 3.1, 3.6).
//
// root and rootType go to Read. parts are the other parts of a multipart message, whether the
// document refers to them or not. All together are never larger than limits.Bytes, whatever was
// compressed. With a fault nothing else is returned, and the body must not be kept: the masks
// don't see through what it is packed in.
func Unpack(body []byte, contentType string, limits Limits) (root []byte, rootType string, parts []Part, err *Fault) {
	if isGzip(body) {
		if body, err = inflate(body, limits.Bytes); err != nil {
			return nil, "", nil, err
		}
	}
	outer, isMessage := multipartOf(contentType)
	if isMessage && outer.occursIn(body) {
		return outer.unpack(body, limits)
	}
	if beginsWithXML(body) {
		return body, contentType, nil, nil
	}
	// Some gateways write the whole message, its header and all, into the body.
	header, content, fault := readHeader(bytes.TrimLeft(body, " \t\r\n"))
	if fault != nil {
		return nil, "", nil, fault
	}
	if own := header["content-type"]; own != "" {
		if inner, ok := multipartOf(own); ok {
			return inner.unpack(content, limits)
		}
		if len(body) > limits.Bytes {
			return nil, "", nil, tooLarge(limits.Bytes)
		}
		root, fault := decodeTransfer(content, header["content-transfer-encoding"])
		if fault != nil {
			return nil, "", nil, fault
		}
		return root, own, nil, nil
	}
	if isMessage {
		return nil, "", nil, malformed("The message is multipart, but the boundary between its parts is not told or nowhere found.")
	}
	root, fault = fromForm(body, limits)
	if fault != nil {
		return nil, "", nil, fault
	}
	return root, contentType, nil, nil
}

func tooLarge(most int) *Fault {
	return &Fault{TooLarge, "", "The message is larger than the " + strconv.Itoa(most) + " bytes that are taken."}
}

// beginsWithXML includes UTF-16, with its mark and without.
func beginsWithXML(body []byte) bool {
	if bytes.HasPrefix(body, []byte("\xff\xfe")) || bytes.HasPrefix(body, []byte("\xfe\xff")) || bytes.HasPrefix(body, []byte("\x00<")) {
		return true
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")
	return len(text) > 0 && text[0] == '<'
}

// gzip is recognised by its first bytes: no character set begins a document with them, and a
// proxy may have unpacked the body and left the Content-Encoding, or the other way round.
func isGzip(body []byte) bool { return bytes.HasPrefix(body, []byte{0x1f, 0x8b}) }

// inflate stops a byte after what is taken, so that a bomb costs no more than a large document.
func inflate(body []byte, most int) ([]byte, *Fault) {
	if len(body) > most {
		return nil, tooLarge(most)
	}
	damaged := malformed("The document is compressed, and the compression is damaged or breaks off.")
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, damaged
	}
	text, err := io.ReadAll(io.LimitReader(reader, int64(most)+1))
	switch {
	case len(text) > most:
		return nil, tooLarge(most)
	case err != nil:
		return nil, damaged
	case isGzip(text):
		return nil, malformed("The document is compressed twice.")
	}
	return text, nil
}

// multipart is what a Content-Type says about a message of several parts. The standard library's
// reader is not used: it takes neither a missing end nor a header without the blank line after it.
type multipart struct{ boundary, start string }

func multipartOf(contentType string) (multipart, bool) {
	mediaType, parameters := parseMediaType(contentType)
	if !strings.HasPrefix(mediaType, "multipart/") {
		return multipart{}, false
	}
	return multipart{boundary: parameters["boundary"], start: contentID(parameters["start"])}, true
}

func (m multipart) occursIn(body []byte) bool {
	_, _, _, found := m.delimiter(body, 0)
	return found
}

// delimiter finds the next line that parts end at: where the part before it ends, where what
// follows it begins, and whether it is the last one. The line end before it belongs to it.
func (m multipart) delimiter(body []byte, from int) (before, after int, last, found bool) {
	if m.boundary == "" {
		return 0, 0, false, false
	}
	mark := []byte("--" + m.boundary)
	for at := from; ; {
		i := bytes.Index(body[at:], mark)
		if i < 0 {
			return 0, 0, false, false
		}
		before = at + i
		after = before + len(mark)
		at = after
		if before > 0 && body[before-1] != '\n' {
			continue
		}
		last = bytes.HasPrefix(body[after:], []byte("--"))
		if last {
			after += 2
		}
		for after < len(body) && (body[after] == ' ' || body[after] == '\t' || body[after] == '\r') {
			after++
		}
		if after < len(body) && body[after] != '\n' {
			continue // a longer boundary that begins alike
		}
		after = min(after+1, len(body))
		if before > from {
			before--
			if before > from && body[before-1] == '\r' {
				before--
			}
		}
		return before, after, last, true
	}
}

// sections are the parts with their headers. What stands before the first and after the last
// delimiter is nobody's; without a last one the message ends with its last part.
func (m multipart) sections(body []byte) ([][]byte, *Fault) {
	_, at, last, found := m.delimiter(body, 0)
	if !found {
		return nil, malformed("The message is multipart, but the boundary between its parts is not told or nowhere found.")
	}
	var sections [][]byte
	for !last {
		before, after, end, found := m.delimiter(body, at)
		if !found {
			rest := m.withoutHalfADelimiter(body[at:])
			if len(bytes.TrimSpace(rest)) > 0 {
				sections = append(sections, rest)
			}
			break
		}
		sections = append(sections, body[at:before])
		at, last = after, end
		if len(sections) > mostParts {
			break
		}
	}
	switch {
	case len(sections) == 0:
		return nil, malformed("The message is multipart and has no parts.")
	case len(sections) > mostParts:
		return nil, malformed("The message has too many parts: at most " + strconv.Itoa(mostParts) + " are taken.")
	}
	return sections, nil
}

// withoutHalfADelimiter takes off a last line in which the message was cut.
func (m multipart) withoutHalfADelimiter(rest []byte) []byte {
	line := rest[bytes.LastIndexByte(rest, '\n')+1:]
	if len(line) >= 2 && strings.HasPrefix("--"+m.boundary+"--", string(line)) {
		return rest[:len(rest)-len(line)]
	}
	return rest
}

func (m multipart) unpack(body []byte, limits Limits) ([]byte, string, []Part, *Fault) {
	// No transfer encoding grows when it is decoded: what holds for the whole holds for the sum.
	if len(body) > limits.Bytes {
		return nil, "", nil, tooLarge(limits.Bytes)
	}
	sections, fault := m.sections(body)
	if fault != nil {
		return nil, "", nil, fault
	}
	headers := make([]map[string]string, len(sections))
	rootAt := 0 // also where start names nobody
	for i := len(sections) - 1; i >= 0; i-- {
		if headers[i], sections[i], fault = readHeader(sections[i]); fault != nil {
			return nil, "", nil, fault
		}
		if m.start != "" && contentID(headers[i]["content-id"]) == m.start {
			rootAt = i
		}
	}
	var root []byte
	var parts []Part
	for i, header := range headers {
		content, fault := decodeTransfer(sections[i], header["content-transfer-encoding"])
		if fault != nil {
			return nil, "", nil, fault
		}
		if i == rootAt {
			if _, nested := multipartOf(header["content-type"]); nested {
				return nil, "", nil, malformed("The first part of the message is a multipart message again, not a cXML document.")
			}
			root = content
			continue
		}
		parts = append(parts, partOf(header, content))
	}
	return root, headers[rootAt]["content-type"], parts, nil
}

func partOf(header map[string]string, content []byte) Part {
	mediaType, parameters := parseMediaType(header["content-type"])
	if mediaType == "" {
		mediaType = "application/octet-stream"
	}
	_, disposition := parseMediaType(header["content-disposition"])
	name := disposition["filename"]
	if name == "" {
		name = parameters["name"]
	}
	return Part{ContentID: contentID(header["content-id"]), MediaType: mediaType, Name: plainName(name), Body: content}
}

func contentID(value string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(value), "<"), ">")
}

// plainName makes a name that can't lead anywhere when somebody saves the file.
func plainName(name string) string {
	if decoded, err := new(mime.WordDecoder).DecodeHeader(name); err == nil {
		name = decoded
	}
	name = path.Base("/" + strings.ReplaceAll(strings.ToValidUTF8(name, "\uFFFD"), `\`, "/"))
	kept := 0
	name = strings.Map(func(r rune) rune {
		// Cf turns the direction of writing, which makes exe.pdf of fdp.exe.
		if r == '/' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || kept == mostName {
			return -1
		}
		kept++
		return r
	}, name)
	name = strings.TrimSpace(name)
	if strings.Trim(name, ".") == "" {
		return ""
	}
	return name
}

// readHeader takes the header lines off the front, names in lower case, and the blank line after
// them. A line that is no header line ends them as well: it belongs to the content.
func readHeader(text []byte) (map[string]string, []byte, *Fault) {
	header := map[string]string{}
	name, taken := "", 0
	for rest := text; len(rest) > 0; rest = text[taken:] {
		line, _, ended := bytes.Cut(rest, []byte("\n"))
		length := len(line)
		if ended {
			length++
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		folded := name != "" && len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
		colon := bytes.IndexByte(line[:min(len(line), mostHeader)], ':')
		switch {
		case len(line) == 0:
			return header, text[taken+length:], nil
		case !folded && (colon <= 0 || !isToken(line[:colon])):
			return header, rest, nil
		case taken+length > mostHeader:
			return nil, nil, malformed("The header of a part is longer than the " + strconv.Itoa(mostHeader) + " bytes that are taken.")
		case folded:
			header[name] += " " + string(bytes.TrimSpace(line))
		default:
			name = strings.ToLower(string(line[:colon]))
			header[name] = string(bytes.TrimSpace(line[colon+1:]))
		}
		taken += length
	}
	return header, nil, nil
}

func isToken(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return true
}

// parseMediaType also takes what the standard library refuses: values with blanks or signs that
// should have been quoted, and parameters that are there twice (the first counts).
func parseMediaType(value string) (string, map[string]string) {
	if mediaType, parameters, err := mime.ParseMediaType(value); err == nil {
		return mediaType, parameters
	}
	mediaType, rest, _ := strings.Cut(value, ";")
	parameters := map[string]string{}
	for rest != "" {
		var name, content string
		var found bool
		name, rest, found = strings.Cut(rest, "=")
		if !found {
			break
		}
		if at := strings.LastIndexByte(name, ';'); at >= 0 { // a parameter without a value before it
			name = name[at+1:]
		}
		rest = strings.TrimLeft(rest, " \t")
		if strings.HasPrefix(rest, `"`) {
			content, rest = quotedValue(rest[1:])
			_, rest, _ = strings.Cut(rest, ";")
		} else {
			content, rest, _ = strings.Cut(rest, ";")
		}
		name = strings.ToLower(strings.TrimSpace(name))
		if _, there := parameters[name]; !there {
			parameters[name] = strings.TrimSpace(content)
		}
	}
	return strings.ToLower(strings.TrimSpace(mediaType)), parameters
}

// quotedValue leaves a backslash where it escapes nothing: it is a folder's on Windows.
func quotedValue(text string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:]
		case c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// decodeTransfer never makes its content larger. What is damaged is refused, also in a part that
// is no document: half a drawing is worse than an order that is sent again.
func decodeTransfer(content []byte, encoding string) ([]byte, *Fault) {
	encoding, _, _ = strings.Cut(strings.ToLower(encoding), ";")
	switch encoding = strings.TrimSpace(encoding); encoding {
	case "", "binary", "8bit", "7bit":
		return content, nil
	case "base64":
		decoded, ok := fromBase64(content)
		if !ok {
			return nil, malformed("A part of the message is not in the base64 that it declares, or breaks off.")
		}
		return decoded, nil
	case "quoted-printable":
		// The reader takes lines as long as its buffer; some senders write everything in one.
		lines := bufio.NewReaderSize(bytes.NewReader(content), len(content)+1)
		decoded, err := io.ReadAll(quotedprintable.NewReader(lines))
		if err != nil {
			return nil, malformed("A part of the message is not in the quoted-printable that it declares.")
		}
		return decoded, nil
	}
	return nil, malformed("The transfer encoding " + quote(encoding) + " is not known. Send base64.")
}

// fromBase64 wants the padding: without it, an end and a cut look the same.
func fromBase64(text []byte) ([]byte, bool) {
	dense := make([]byte, 0, len(text))
	for _, c := range text {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			dense = append(dense, c)
		}
	}
	n, err := base64.StdEncoding.Decode(dense, dense)
	return dense[:n], err == nil
}

// fromForm finds the document in a form that was sent by mistake: the first field, whatever its
// name, whose value is XML, plain, percent-encoded or base64, or such a value without a name.
// Where there is none, the body comes back as it is.
func fromForm(body []byte, limits Limits) ([]byte, *Fault) {
	rest := bytes.TrimLeft(body, " \t\r\n")
	for len(rest) > 0 {
		var field []byte
		whole := rest
		field, rest, _ = bytes.Cut(rest, []byte("&"))
		name, value, named := bytes.Cut(field, []byte("="))
		if !named || isXMLInBase64(field) || bytes.HasPrefix(field, []byte("%3")) {
			value, named = field, false // its "=" is the value's own
		} else if len(name) > 100 {
			continue // no field's name
		}
		start := len(field) - len(value)
		switch {
		case bytes.HasPrefix(value, []byte("<")):
			if !named {
				continue
			}
			return whole[start:], nil // not encoded at all, so that no "&" ends it
		case bytes.HasPrefix(value, []byte("%3C")), bytes.HasPrefix(value, []byte("%3c")), bytes.HasPrefix(value, []byte("%EF%BB%BF%3C")),
			bytes.HasPrefix(value, []byte("%EF%BB%BF<")):
		case isXMLInBase64(value):
			value = bytes.ReplaceAll(value, []byte("+"), []byte("%2B"))
		default:
			continue
		}
		if len(body) > limits.Bytes {
			return nil, tooLarge(limits.Bytes)
		}
		plain, err := url.QueryUnescape(string(value))
		if err != nil {
			return nil, malformed("The document was sent as a form, and its encoding is damaged.")
		}
		if strings.HasPrefix(plain, "<") || strings.HasPrefix(plain, "\xef\xbb\xbf") {
			return []byte(plain), nil
		}
		decoded, ok := fromBase64([]byte(plain))
		if !ok {
			return nil, malformed("The document was sent as a form, and its base64 is damaged or breaks off.")
		}
		return decoded, nil
	}
	return body, nil
}

// isXMLInBase64 looks at what <?xml, <!DOCTYPE and <cXML become.
func isXMLInBase64(value []byte) bool {
	for _, start := range []string{"PD94bW", "PCFET0NUWVBF", "PGNYTU"} {
		if bytes.HasPrefix(value, []byte(start)) {
			return true
		}
	}
	return false
}
