package oci

import (
	"bytes"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// Form is a form of a page, as a browser would send it.
type Form struct {
	Action, Method, Target string
	Fields                 []Field
}

// ReadForm reads the first form of a page that has a cart in it, else the first form. ok is false
// for a page without one. A page is read as browsers do: by the header's character set, else the
// one that it names itself.
func ReadForm(page []byte, contentType string) (form Form, ok bool) {
	reader, err := charset.NewReader(bytes.NewReader(page), contentType)
	if err != nil {
		return Form{}, false
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		return Form{}, false
	}
	var forms []Form
	within := false
	tokens := html.NewTokenizer(bytes.NewReader(text))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return withCart(forms)
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			switch token.Data {
			case "form":
				within = true
				forms = append(forms, Form{Action: attribute(token, "action"), Method: strings.ToUpper(attribute(token, "method")), Target: attribute(token, "target")})
			case "textarea":
				name := attribute(token, "name")
				if value := ""; within && name != "" {
					if tokens.Next() == html.TextToken {
						value = strings.TrimPrefix(string(tokens.Text()), "\n") // as browsers do
					}
					last := &forms[len(forms)-1]
					last.Fields = append(last.Fields, Field{name, lineEnds(value)})
				}
			case "input":
				if name := attribute(token, "name"); within && name != "" {
					last := &forms[len(forms)-1]
					last.Fields = append(last.Fields, Field{name, lineEnds(attribute(token, "value"))})
				}
			}
		case html.EndTagToken:
			if tokens.Token().Data == "form" {
				within = false
			}
		}
	}
}

// lineEnds are sent as CR LF, however the page writes them.
func lineEnds(value string) string {
	return strings.ReplaceAll(strings.ReplaceAll(value, "\r\n", "\n"), "\n", "\r\n")
}

func withCart(forms []Form) (Form, bool) {
	if len(forms) == 0 {
		return Form{}, false
	}
	for _, form := range forms {
		for _, f := range form.Fields {
			if _, _, ok := placeOf(f.Name); ok || plain(f.Name) == "XMLDOCUMENT" {
				return form, true
			}
		}
	}
	return forms[0], true
}

func attribute(token html.Token, name string) string {
	for _, a := range token.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
