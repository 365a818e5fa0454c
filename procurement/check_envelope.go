package procurement

import (
	"strconv"
	"strings"
	"time"

	"github.com/kontorhq/kontor/cxml"
)

func (k *checker) envelope() {
	if id, present := k.root.attr("payloadID"); id == "" {
		missing := "The payloadID is missing: a repeat can't be told from a new document."
		if present {
			missing = "The payloadID is empty: a repeat can't be told from a new document."
		}
		k.fault("cXML/@payloadID", missing)
	}
	k.timestamp()
	k.version()
	k.parties()
	if k.doc.Class == cxml.ClassRequest || k.doc.Class == cxml.ClassMessage {
		body := "Request"
		if k.doc.Class == cxml.ClassMessage {
			body = "Message"
		}
		mode, _ := k.root.child(body).attr("deploymentMode")
		switch mode {
		case "":
			k.note("cXML/"+body+"/@deploymentMode", "Without a deploymentMode the document is a production one.")
		case "test":
			k.note("cXML/"+body+"/@deploymentMode", "This is a test document.", does(thisSystem, "answers 403 at a live merchant"))
		case "production":
		default:
			k.warn("cXML/"+body+"/@deploymentMode", shown(mode)+" is neither production nor test, and is taken for production.")
		}
	}
}

func (k *checker) timestamp() {
	const place = "cXML/@timestamp"
	stamp, present := k.root.attr("timestamp")
	switch {
	case !present:
		k.fault(place, "The timestamp is missing; every DTD requires it.", does(thisSystem, "goes by the time of arrival"))
	case stamp == "":
		k.warn(place, "The timestamp is empty.", does(thisSystem, "goes by the time of arrival"))
	default:
		_, err := time.Parse(time.RFC3339, stamp)
		switch {
		case err != nil:
			k.warn(place, shown(stamp)+" is not of the form 2026-03-05T09:00:00-05:00; strict readers refuse it.", does(thisSystem, "goes by the time of arrival"))
		case strings.HasSuffix(stamp, "Z"):
			k.warn(place, "The cXML guide wants a numeric offset instead of Z: +00:00.", does(thisSystem, "takes it"))
		}
	}
}

func (k *checker) version() {
	const place = "cXML/@version"
	stated, _ := k.root.attr("version")
	named := ""
	for part := range strings.SplitSeq(k.doctype, "/") {
		if isVersion(part) {
			named = part
		}
	}
	switch {
	case stated != "" && !isVersion(stated):
		k.warn(place, shown(stated)+" is no version of cXML; one looks like 1.2.050.", does(thisSystem, "doesn't go by it"))
	case stated != "" && named != "" && stated != named:
		k.warn(place, "The version is "+stated+", but the DOCTYPE names "+named+".", does(thisSystem, "goes by the DOCTYPE"))
	case stated == "" && named == "":
		k.note(place, "Neither a DOCTYPE nor a version says which cXML this is.", does(thisSystem, "takes it"))
	}
}

// isVersion tells whether a text has the form 1.2.050.
func isVersion(s string) bool {
	parts := strings.Split(s, ".")
	return len(s) == 7 && len(parts) == 3 && parts[0] == "1" && len(parts[1]) == 1 && allDigits(parts[1]+parts[2])
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func (k *checker) parties() {
	header := k.root.child("Header")
	switch {
	case k.doc.Class == cxml.ClassResponse && header != nil:
		k.warn("Header", "A Response has no Header.")
		return
	case k.doc.Class != cxml.ClassRequest && k.doc.Class != cxml.ClassMessage:
		return
	case header == nil:
		k.fault("Header", "The Header is missing: nobody knows who sends this to whom.")
		return
	}
	h := k.doc.Header
	for _, party := range []struct {
		name string
		of   cxml.Party
	}{{"From", h.From}, {"To", h.To}, {"Sender", h.Sender}} {
		place := "Header/" + party.name
		if len(party.of.Credential) == 0 {
			k.fault(place, "The "+party.name+" has no Credential.")
		}
		for i, c := range party.of.Credential {
			at := place + "/Credential"
			if len(party.of.Credential) > 1 {
				at += "[" + strconv.Itoa(i+1) + "]"
			}
			if c.Identity == "" {
				k.warn(at+"/Identity", "The Identity is empty.")
			}
			if c.Domain == "" {
				k.warn(at+"/@domain", "The domain of the identity is missing.")
			}
		}
	}
	if sender := header.child("Sender"); sender != nil && h.Sender.UserAgent == "" {
		k.warn("Header/Sender/UserAgent", "The UserAgent is missing; every DTD requires it.", does(thisSystem, "takes it"))
	}
	if k.doc.Class == cxml.ClassRequest && len(h.Sender.Credential) > 0 && !k.proven(header.child("Sender")) {
		k.warn("Header/Sender/Credential/SharedSecret", "Nothing proves the Sender: there is no SharedSecret.", does(thisSystem, "answers 401"))
	}
}

// proven looks at the tree as it is kept: there a secret is masked, in the Header it is gone.
func (k *checker) proven(sender *node) bool {
	for _, credential := range sender.children {
		if s := credential.child("SharedSecret"); s != nil && strings.TrimSpace(s.text) != "" {
			return true
		}
	}
	return false
}
