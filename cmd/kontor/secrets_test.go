package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kontorhq/kontor/client"
	"github.com/kontorhq/kontor/dbtest"
	"github.com/kontorhq/kontor/simulators"
)

// A card number that passes the check of card numbers, as people type it and as machines write it.
const (
	cardTyped   = "4111 1111-1111 1111"
	cardWritten = "4111111111111111"
)

// After the whole story, with a card number in an order and with wrong secrets, nothing that has
// to stay secret is in a table, a file, the log or an answer.
func TestNoSecretIsLeftAnywhere(t *testing.T) {
	dbtest.EachURL(t, func(t *testing.T, address string) {
		s := tell(t, address)
		hidden := map[string]string{"the key of all secrets": storyKey, "the card number": cardWritten, "the card number as typed": cardTyped}
		for name, secret := range s.secrets {
			hidden[name] = secret
		}
		opens := s.wholeStory(hidden)

		for what, text := range map[string]string{"the log": s.log.text(), "an answer": s.answers.text()} {
			search(t, what, []byte(text), hidden)
			// What goes home is a form field in base64.
			for _, coded := range coded.FindAllString(text, -1) {
				if clear, err := base64.StdEncoding.DecodeString(coded); err == nil {
					search(t, what+", behind base64", clear, hidden)
				}
			}
		}
		search(t, "the log", []byte(s.log.text()), opens)
		// Answers bring the tokens to the browser. Of those only the return page's is in a table, in
		// the answer that the shop gets again under its Idempotency-Key (decision 0004).
		hidden["the visit's token"], hidden["the start page's token"] = opens["the visit's token"], opens["the start page's token"]
		s.searchTables(hidden)
		if s.db.Lite() {
			searchFiles(t, filepath.Dir(strings.TrimPrefix(address, "sqlite:")), hidden)
		}
		if t.Failed() {
			return
		}
		// The search itself must be able to find something.
		if tables := s.tables(); !bytes.Contains(tables["documents"], []byte("castelmere-t")) || !strings.Contains(s.answers.text(), "1,332.18") {
			t.Error("the search looks in the wrong place")
		}
	})
}

var coded = regexp.MustCompile(`[A-Za-z0-9+/]{60,}={0,2}`)

// wholeStory plays every part of the story and every way in which a secret comes by. Whatever it
// makes up is added to hidden. It returns what opens the last visit.
func (s *story) wholeStory(hidden map[string]string) (opens map[string]string) {
	t, b := s.t, s.buyer("northfold")
	home := s.cartHome("northfold")
	s.order("northfold", home.ID)
	confirmed := s.becomes("northfold", home.ID, simulators.Confirmed)
	if _, err := b.Change(t.Context(), home.ID, 1, "100"); err != nil {
		t.Fatal(err)
	}
	until(t, "the change is confirmed", func() bool { return len(b.Confirmations(home.ID)) == 2 })
	for _, decide := range []func(string) error{
		func(order string) error { _, err := s.api.Release(t.Context(), order, "known", true); return err },
		func(order string) error { _, err := s.api.Reject(t.Context(), order, "overdue"); return err },
	} {
		waits := s.cartHome("castelmere")
		s.order("castelmere", waits.ID)
		if err := decide(s.kontors(s.requisition("castelmere", waits.ID).OrderNumber).ID); err != nil {
			t.Fatal(err)
		}
		until(t, "the decision arrived", func() bool { return len(s.buyer("castelmere").StatusUpdates(waits.ID)) > 0 })
	}

	edited := s.cartHome("westmere")
	shop, _ := s.open("westmere", edited.ID, "edit")
	s.bringHome(shop)
	s.order("westmere", edited.ID)
	// A gateway writes the secret twice, the second time into an element that no standard knows.
	gateway := s.cartHome("sitrabay")
	s.order("sitrabay", gateway.ID)
	twice := bytes.ReplaceAll(s.buyer("sitrabay").LastOrderDocument(gateway.ID), []byte("<SharedSecret1></SharedSecret1>"),
		[]byte("<SharedSecret1>"+s.secrets["KONTOR_DEMO_SITRABAY_SECRET"]+"</SharedSecret1>"))
	twice = regexp.MustCompile(`payloadID="[^"]*"`).ReplaceAll(twice, []byte(`payloadID="20261122.twice@"`))
	twice = bytes.ReplaceAll(twice, []byte(":0:204"), []byte(":1:204"))
	if answer, err := s.buyer("sitrabay").SendRaw(t.Context(), twice); err != nil || answer.Code != 201 {
		t.Fatalf("the order with two secrets was answered with %d, %v", answer.Code, err)
	}

	// A person typed a card number into the order: it is taken, without the number.
	document := bytes.ReplaceAll(b.LastOrderDocument(home.ID), []byte(confirmed.OrderNumber), []byte("4999999902"))
	document = bytes.ReplaceAll(document, []byte(`type="update"`), []byte(`type="new"`))
	document = regexp.MustCompile(`payloadID="[^"]*"`).ReplaceAll(document, []byte(`payloadID="a.card@northfold.example"`))
	document = bytes.Replace(document, []byte("<Extrinsic name=\"CostCenter\">"), []byte("<Comments>Please charge "+cardTyped+
		", thanks</Comments>\n        <Extrinsic name=\"Note\">card "+cardWritten+"</Extrinsic>\n        <Extrinsic name=\"CostCenter\">"), 1)
	answer := s.send(document)
	if answer.Code != 200 && answer.Code != 201 {
		t.Fatalf("the order with a card number was answered with %d %s", answer.Code, answer.Sentence())
	}
	// A document that can't be parsed is kept too, and so is one that nobody knows the sender of.
	s.send(document[:bytes.LastIndex(document, []byte("</OrderRequestHeader>"))])
	for name, wrong := range map[string]string{"a wrong secret": "not-the-secret-8f3a77c1", "a wrong secret of a stranger": "a-strangers-secret-5d20be94"} {
		hidden[name] = wrong
		guess := bytes.ReplaceAll(document, []byte(s.secrets["KONTOR_DEMO_NETWORK_SECRET"]), []byte(wrong))
		if strings.Contains(name, "stranger") {
			guess = bytes.ReplaceAll(guess, []byte("sysadmin@network.example"), []byte("nobody@network.example"))
		}
		if answer := s.send(guess); answer.Code != 401 {
			t.Errorf("%s was answered with %d", name, answer.Code)
		}
		s.send(guess[:bytes.Index(guess, []byte(wrong))+len(wrong)]) // broke off in the secret
	}
	// Keys of the API, wrong ones too.
	hidden["a wrong API key"] = "sk_brackwater_7h1sk3y1swr0ng"
	if _, err := client.New(s.config.PublicURL, hidden["a wrong API key"]).Orders(t.Context(), client.OrderQuery{}); client.ProblemOf(err) == nil ||
		client.ProblemOf(err).Status != http.StatusUnauthorized {
		t.Errorf("a wrong API key: %v", err)
	}
	// What opens a visit is as good as a key.
	q, err := b.StartRequisition(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	shop, token := s.arrive(q.StartPage)
	if _, err := s.api.PutCart(t.Context(), token, usualCarts["northfold"]); err != nil {
		t.Fatal(err)
	}
	s.browse(http.MethodGet, shop+"cart", nil)
	returnPage, err := s.api.Return(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	s.browse(http.MethodGet, returnPage, nil)
	return map[string]string{"the start page's token": path.Base(q.StartPage), "the visit's token": token,
		"the return page's token": path.Base(path.Dir(returnPage))}
}

func (s *story) send(document []byte) simulators.Answer {
	s.t.Helper()
	answer, err := s.buyer("northfold").SendRaw(s.t.Context(), document)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer
}

// search looks for what is hidden as it is, without what people put between digits, and as hex,
// which is how PostgreSQL writes bytes.
func search(t *testing.T, where string, text []byte, hidden map[string]string) {
	t.Helper()
	plain := bytes.Map(func(r rune) rune {
		if strings.ContainsRune(" -\u00a0", r) {
			return -1
		}
		return r
	}, text)
	for name, secret := range hidden {
		at := bytes.Index(text, []byte(secret))
		if found := at >= 0 || bytes.Contains(plain, []byte(secret)) || bytes.Contains(text, []byte(hex.EncodeToString([]byte(secret)))); found {
			t.Errorf("%s is in %s: …%s…", name, where, text[max(at-120, 0):min(max(at, 0)+120, len(text))])
		}
	}
}

func (s *story) searchTables(hidden map[string]string) {
	s.t.Helper()
	for name, content := range s.tables() {
		search(s.t, "the table "+name, content, hidden)
	}
}

// tables is every row of every table as text.
func (s *story) tables() map[string][]byte {
	s.t.Helper()
	ctx := context.Background()
	list := `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
	if s.db.Lite() {
		list = `SELECT name FROM sqlite_master WHERE type = 'table'`
	}
	var names []string
	if err := s.db.Select(ctx, &names, list); err != nil {
		s.t.Fatal(err)
	}
	if len(names) < 15 {
		s.t.Fatalf("only %d tables are found: %q", len(names), names)
	}
	all := map[string][]byte{}
	for _, name := range names {
		all[name] = s.table(ctx, name)
	}
	return all
}

// searchFiles looks into the database's files as they lie on the disk, the write-ahead log
// included: what was deleted from a table is still there.
func searchFiles(t *testing.T, dir string, hidden map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 2 {
		t.Errorf("the folder has %v, the log is missing", entries)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		search(t, "the file "+e.Name(), content, hidden)
	}
}

// table is every row of one table as text.
func (s *story) table(ctx context.Context, name string) []byte {
	s.t.Helper()
	rows, err := s.db.SQL().QueryContext(ctx, `SELECT * FROM "`+name+`"`)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		s.t.Fatal(err)
	}
	var content bytes.Buffer
	for rows.Next() {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			s.t.Fatal(err)
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			fmt.Fprintf(&content, "%s=%v\n", columns[i], v)
		}
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return content.Bytes()
}
