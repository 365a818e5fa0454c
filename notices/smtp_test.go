package notices_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kontorhq/kontor/checkout"
	"github.com/kontorhq/kontor/notices"
)

// postOffice is an SMTP server (RFC 5321) with STARTTLS and AUTH PLAIN, which does one thing wrong
// when it is told to.
type postOffice struct {
	testing.TB
	listener net.Listener
	secure   *tls.Config
	roots    *x509.CertPool

	mu      sync.Mutex
	fault   string // greylist, unknown, drop-early, drop-late, hang, full, password; tls is TLS from the start
	noTLS   bool
	mails   []string // as they came, envelope first
	signIns []string
	hold    chan struct{}
}

func newPostOffice(t testing.TB) *postOffice {
	t.Helper()
	certified := httptest.NewTLSServer(nil)
	t.Cleanup(certified.Close)
	p := &postOffice{TB: t, secure: &tls.Config{Certificates: certified.TLS.Certificates, MinVersion: tls.VersionTLS12}, roots: x509.NewCertPool(), hold: make(chan struct{})}
	p.roots.AddCert(certified.Certificate())
	var err error
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(p.hold); _ = p.listener.Close() })
	go func() {
		for {
			connection, err := p.listener.Accept()
			if err != nil {
				return
			}
			go p.serve(connection)
		}
	}()
	return p
}

// server is how Kontor is told of it.
func (p *postOffice) server(scheme, user string) *notices.Server {
	address, err := url.Parse(scheme + "://" + user + p.listener.Addr().String())
	if err != nil {
		p.Fatal(err)
	}
	return &notices.Server{Address: address, From: &mail.Address{Name: "Kontor für alle", Address: "kontor@brackwater.example"}, Timeout: 6 * time.Second,
		TLS: &tls.Config{RootCAs: p.roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}}
}

func (p *postOffice) does(fault string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = fault
}

func (p *postOffice) got() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.mails...)
}

func (p *postOffice) serve(connection net.Conn) {
	defer func() { _ = connection.Close() }()
	p.mu.Lock()
	fault, noTLS := p.fault, p.noTLS
	p.mu.Unlock()
	if fault == "hang" {
		<-p.hold
		return
	}
	if fault == "tls" {
		connection, noTLS = tls.Server(connection, p.secure), true
	}
	lines := bufio.NewReader(connection)
	say := func(text string) { _, _ = io.WriteString(connection, text+"\r\n") }
	say("220 post.example ESMTP")
	var envelope []string
	secured := false
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch verb {
		case "EHLO":
			say("250-post.example")
			if !secured && !noTLS {
				say("250-STARTTLS")
			}
			say("250-AUTH PLAIN")
			say("250 ENHANCEDSTATUSCODES")
		case "STARTTLS":
			say("220 2.0.0 go on")
			tunnel := tls.Server(connection, p.secure)
			connection, lines, secured = tunnel, bufio.NewReader(tunnel), true
			say = func(text string) { _, _ = io.WriteString(tunnel, text+"\r\n") }
		case "AUTH":
			text, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, "AUTH PLAIN "))
			p.mu.Lock()
			p.signIns = append(p.signIns, fmt.Sprint(secured, " ", strings.ReplaceAll(string(text), "\x00", "/")))
			p.mu.Unlock()
			if fault == "password" {
				say("535 5.7.8 not with " + string(text))
				continue
			}
			say("235 2.7.0 welcome")
		case "MAIL":
			envelope = []string{line}
			say("250 2.1.0 ok")
		case "RCPT":
			switch fault {
			case "unknown":
				say("550 5.1.1 no such mailbox")
				continue
			case "greylist":
				say("451 4.7.1 try later")
				continue
			case "drop-early":
				return
			}
			envelope = append(envelope, line)
			say("250 2.1.5 ok")
		case "DATA":
			say("354 go on")
			var body bytes.Buffer
			for {
				text, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if text == ".\r\n" {
					break
				}
				body.WriteString(text)
			}
			if fault == "full" {
				say("552 5.2.2 mailbox full")
				continue
			}
			p.mu.Lock()
			p.mails = append(p.mails, strings.Join(envelope, "\n")+"\n"+body.String())
			p.mu.Unlock()
			if fault == "drop-late" {
				return
			}
			say("250 2.0.0 kept")
		case "QUIT":
			say("221 2.0.0 bye")
			return
		default:
			say("250 2.0.0 ok")
		}
	}
}

func TestAMailArrivesAsItIsShown(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		post := newPostOffice(t)
		h.notices.Server = post.server("smtp", "kontor:pass%40word@")
		h.exec(`UPDATE organisations SET name = ? WHERE merchant_id = ? AND external_id = ?`, "Càstelmere\r\nBcc: thief@evil.example\r\n\r\n<b>Foods", "brackwater", "castelmere")
		o := h.order("told", "C-2001", checkout.New, "1436")
		h.work()
		mails := post.got()
		if len(mails) != 1 {
			t.Fatalf("%d mails: %+v", len(mails), h.mails())
		}
		head, rest, _ := strings.Cut(mails[0], "\r\n")
		if !strings.HasPrefix(head, "MAIL FROM:<kontor@brackwater.example>\nRCPT TO:<credit@brackwater.example>\n") {
			t.Errorf("envelope %q", head)
		}
		_, first, _ := strings.Cut(strings.TrimPrefix(head, "MAIL"), "\n")
		_, first, _ = strings.Cut(first, "\n")
		message, err := mail.ReadMessage(strings.NewReader(first + "\r\n" + rest))
		h.must(err)
		decoder := new(mime.WordDecoder)
		read := func(name string) string { text, _ := decoder.DecodeHeader(message.Header.Get(name)); return text }
		for name, want := range map[string]string{
			"Subject": "[test] Order C-2001 of Càstelmere Bcc: thief@evil.example <b>Foods waits for a decision: $195.00 over the credit limit",
			"From":    `"Kontor für alle" <kontor@brackwater.example>`, "To": `"Credit desk" <credit@brackwater.example>`,
			"Date": "Thu, 12 Nov 2026 08:14:00 -0500", "Message-ID": "<" + o.ID + ".1.credit@kontor.example.net>", "Auto-Submitted": "auto-generated", "Bcc": "",
		} {
			if got := read(name); got != want && strings.ReplaceAll(got, `"`, "") != strings.ReplaceAll(want, `"`, "") {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
		h.must(err)
		parts := multipart.NewReader(message.Body, parameters["boundary"])
		for _, want := range []string{"text/plain; charset=UTF-8", "text/html; charset=UTF-8"} {
			part, err := parts.NextRawPart()
			h.must(err)
			body, err := io.ReadAll(quotedprintable.NewReader(part))
			h.must(err)
			if part.Header.Get("Content-Type") != want {
				t.Errorf("part %s, want %s", part.Header.Get("Content-Type"), want)
			}
			if text := strings.ReplaceAll(string(body), "\r\n", "\n"); want[:10] == "text/plain" && strings.TrimSpace(text) != strings.TrimSpace(h.mails()[0].Body) {
				t.Errorf("arrived:\n%s\nshown:\n%s", text, h.mails()[0].Body)
			} else if want[:9] == "text/html" && (!strings.Contains(text, "&lt;b&gt;Foods") || !strings.Contains(text, `href="https://kontor.example.net/m/brackwater/console/orders/`+o.ID+`"`)) {
				t.Errorf("html:\n%s", text)
			}
		}
		if m := h.mails()[0]; m.State != notices.Sent || !m.SentAt.Equal(morning) || m.Note != "" || strings.Join(post.signIns, ";") != "true /kontor/pass@word" {
			t.Errorf("%+v, signed in %q", m, post.signIns)
		}
	})
}

// What the server does at first, and whether the mail comes all the same.
func TestAMailServerWithFaults(t *testing.T) {
	tests := []struct {
		fault, note string
		later       int // mails that arrived after a day in which the server is well again
		failed      bool
	}{
		{fault: "greylist", note: `the recipient was not taken: 451 "4.7.1 try later"`, later: 1},
		{fault: "drop-early", note: "EOF", later: 1},
		{fault: "drop-late", note: "EOF", later: 2}, // whether it arrived nobody can tell; both have one Message-ID
		{fault: "hang", note: "timeout", later: 1},
		{fault: "password", note: "535", later: 1},
		{fault: "unknown", note: `the recipient was not taken: 550 "5.1.1 no such mailbox"`, failed: true},
		{fault: "full", note: `the mail was not taken: 552 "5.2.2 mailbox full"`, failed: true},
	}
	for _, test := range tests {
		t.Run(test.fault, func(t *testing.T) {
			eachHouse(t, func(t *testing.T, h *house) {
				post := newPostOffice(t)
				post.does(test.fault)
				var log bytes.Buffer
				h.worker.Log = slog.New(slog.NewTextHandler(&log, nil))
				h.notices.Server = post.server("smtp", "kontor:pass%40word@")
				if test.fault == "hang" {
					h.notices.Server.Timeout = 600 * time.Millisecond
				}
				h.order("told", "C-2001", checkout.New, "1436")
				h.work()
				m := h.mails()[0]
				if m.State != notices.Failed || !strings.Contains(m.Note, test.note) || strings.Contains(m.Note+log.String(), "pass@word") {
					t.Errorf("%s %q\n%s", m.State, m.Note, log.String())
				}
				post.does("")
				h.notices.Server.Timeout = 6 * time.Second
				h.clock.Advance(time.Hour)
				h.work()
				mails, m := post.got(), h.mails()[0]
				if test.failed {
					if len(mails) != 0 || m.State != notices.Failed || m.Delivery != "dead" {
						t.Errorf("%d mails, %s %s", len(mails), m.State, m.Delivery)
					}
					h.tasks() // a mail about a mail helps nobody
					return
				}
				if len(mails) != test.later || m.State != notices.Sent || m.Delivery != "done" || m.Note != "" {
					t.Errorf("%d mails, %s %s %s", len(mails), m.State, m.Delivery, m.Note)
				}
				for _, again := range mails {
					if again != mails[0] {
						t.Errorf("not the same:\n%s\n%s", mails[0], again)
					}
				}
			})
		})
	}
}

func TestAPasswordNeverGoesOutInClear(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		post := newPostOffice(t)
		post.noTLS = true
		h.notices.Server = post.server("smtp", "kontor:pass%40word@")
		h.order("told", "C-2001", checkout.New, "1436")
		h.work()
		if m := h.mails()[0]; m.State != notices.Failed || len(post.signIns) != 0 || len(post.got()) != 0 {
			t.Errorf("%+v, %q", m, post.signIns)
		}
		// A relay that asks for no password is handed the mail as it is.
		h.notices.Server = post.server("smtp", "")
		h.clock.Advance(time.Hour)
		h.work()
		if m := h.mails()[0]; m.State != notices.Sent || len(post.got()) != 1 {
			t.Errorf("%+v", m)
		}
	})
}

func TestTLSFromTheStart(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		post := newPostOffice(t)
		post.does("tls")
		h.notices.Server = post.server("smtps", "kontor:pass%40word@")
		h.order("told", "C-2001", checkout.New, "1436")
		h.work()
		if m := h.mails()[0]; m.State != notices.Sent || len(post.got()) != 1 || len(post.signIns) != 1 {
			t.Errorf("%+v, %q", m, post.signIns)
		}
		// A certificate that nobody vouches for is no server of ours.
		h.notices.Server.TLS = nil
		h.order("told", "C-2002", checkout.New, "1436")
		h.work()
		if m := h.mails()[1]; m.State != notices.Failed || !strings.Contains(m.Note, "certificate") {
			t.Errorf("%+v", m)
		}
	})
}
