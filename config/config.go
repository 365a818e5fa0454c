// Package config reads the environment, once, at the start: one struct, described field by field
// in docs/configuration.md. A wrong value stops the program with the variable's name.
package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is what the environment says. Every variable begins with KONTOR_.
type Config struct {
	DatabaseURL  string        `env:"DATABASE_URL" envDefault:"sqlite:kontor.db"`
	SecretKey    string        `env:"SECRET_KEY"`
	Listen       string        `env:"LISTEN" envDefault:"127.0.0.1:8080"`
	PublicURL    string        `env:"PUBLIC_URL"`
	LogLevel     string        `env:"LOG_LEVEL" envDefault:"info"`
	MaxDocument  int           `env:"MAX_DOCUMENT_BYTES" envDefault:"10485760"`
	MaxLines     int           `env:"MAX_DOCUMENT_LINES" envDefault:"10000"`
	MaxJSON      int64         `env:"MAX_JSON_BYTES" envDefault:"4194304"`
	APIRate      int           `env:"API_RATE" envDefault:"100"`
	ReadTimeout  time.Duration `env:"READ_TIMEOUT" envDefault:"30s"`
	WriteTimeout time.Duration `env:"WRITE_TIMEOUT" envDefault:"60s"`
	SendTimeout  time.Duration `env:"SEND_TIMEOUT" envDefault:"30s"`
	Shutdown     time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"30s"`
	Workers      int           `env:"OUTBOX_WORKERS" envDefault:"2"`

	// SMTPURL is the mail server; empty for none: mails are kept and shown then.
	SMTPURL string `env:"SMTP_URL"`
	// MailFrom writes them.
	MailFrom string `env:"MAIL_FROM"`

	// How many days each kind of data is kept; 0 is for ever (decision 0021).
	KeepDocuments int `env:"KEEP_DOCUMENTS" envDefault:"3653"`
	KeepEvents    int `env:"KEEP_EVENTS" envDefault:"3653"`
	KeepVisits    int `env:"KEEP_VISITS" envDefault:"400"`
	KeepStrangers int `env:"KEEP_STRANGERS" envDefault:"90"`
	KeepRequests  int `env:"KEEP_REQUESTS" envDefault:"90"`
	KeepAnswers   int `env:"KEEP_ANSWERS" envDefault:"3"`
	KeepMails     int `env:"KEEP_MAILS" envDefault:"400"`
	KeepAudit     int `env:"KEEP_AUDIT" envDefault:"0"`

	// MetricsListen is an address of its own for /metrics; empty for none (decision 0011).
	MetricsListen string `env:"METRICS_LISTEN"`
	// TrustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
	TrustedProxies []string `env:"TRUSTED_PROXIES"`
	// SendPrivate are networks that are not public and that documents are sent to all the same.
	SendPrivate []string `env:"SEND_PRIVATE"`
}

// Read reads and checks the environment.
func Read() (Config, error) {
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Prefix: "KONTOR_"}); err != nil {
		return Config{}, unreadable(err)
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://" + browsable(c.Listen)
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	return c, c.check()
}

// unreadable names the variables whose values are not of their kind. It leaves the values out.
func unreadable(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return fmt.Errorf("the configuration is wrong: %w", err)
	}
	var wrong []error
	for _, one := range all.Errors {
		var of env.ParseError
		if !errors.As(one, &of) {
			wrong = append(wrong, one)
			continue
		}
		name, kind := of.Name, "a whole number without a unit"
		if field, found := reflect.TypeFor[Config]().FieldByName(of.Name); found {
			name = field.Tag.Get("env")
		}
		if of.Type == reflect.TypeFor[time.Duration]() {
			kind = "a time with its unit, such as 30s or 2m"
		}
		wrong = append(wrong, errors.New("KONTOR_"+name+" must be "+kind))
	}
	return errors.Join(wrong...)
}

func (c Config) check() error {
	var wrong []error
	say := func(name, what string) { wrong = append(wrong, errors.New("KONTOR_"+name+" "+what)) }
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.Path != "" {
		say("PUBLIC_URL", "must be http:// or https:// with a host and nothing after it")
	}
	if _, lite := c.SQLitePath(); !lite && !strings.HasPrefix(c.DatabaseURL, "postgres") && !strings.Contains(c.DatabaseURL, "=") {
		say("DATABASE_URL", "can't be used: a database address is sqlite:PATH, postgres://… or PostgreSQL's key=value form")
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		say("LISTEN", "must be an address and a port, such as 127.0.0.1:8080")
	}
	if c.MetricsListen != "" {
		if _, _, err := net.SplitHostPort(c.MetricsListen); err != nil {
			say("METRICS_LISTEN", "must be an address and a port, such as 127.0.0.1:9090, or empty")
		} else if c.MetricsListen == c.Listen {
			say("METRICS_LISTEN", "must not be KONTOR_LISTEN: what it shows is not for the public")
		}
	}
	if _, err := c.Proxies(); err != nil {
		say("TRUSTED_PROXIES", err.Error())
	}
	if _, err := c.Private(); err != nil {
		say("SEND_PRIVATE", err.Error())
	}
	c.checkMail(say)
	switch c.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		say("LOG_LEVEL", "must be debug, info, warn or error")
	}
	if c.SecretKey != "" && len(c.SecretKey) < 32 {
		say("SECRET_KEY", "must have at least 32 characters")
	}
	if c.APIRate < 0 {
		say("API_RATE", "must be a number of requests a second, or 0 for any number")
	}
	for name, value := range map[string]int64{"MAX_DOCUMENT_BYTES": int64(c.MaxDocument), "MAX_DOCUMENT_LINES": int64(c.MaxLines),
		"MAX_JSON_BYTES": c.MaxJSON, "READ_TIMEOUT": int64(c.ReadTimeout), "WRITE_TIMEOUT": int64(c.WriteTimeout),
		"SEND_TIMEOUT": int64(c.SendTimeout), "SHUTDOWN_TIMEOUT": int64(c.Shutdown), "OUTBOX_WORKERS": int64(c.Workers)} {
		if value <= 0 {
			say(name, "must be more than 0")
		}
	}
	if c.WriteTimeout <= c.ReadTimeout {
		say("WRITE_TIMEOUT", "must be longer than KONTOR_READ_TIMEOUT: both begin with the request, and a late document must still be answered")
	}
	for _, kept := range []struct {
		name        string
		days, least int
	}{
		{"KEEP_DOCUMENTS", c.KeepDocuments, 1}, {"KEEP_EVENTS", c.KeepEvents, 30}, {"KEEP_STRANGERS", c.KeepStrangers, 1}, {"KEEP_AUDIT", c.KeepAudit, 1}, {"KEEP_MAILS", c.KeepMails, 30},
		{"KEEP_VISITS", c.KeepVisits, remembered}, {"KEEP_REQUESTS", c.KeepRequests, remembered}, {"KEEP_ANSWERS", c.KeepAnswers, 3},
	} {
		if kept.days != 0 && (kept.days < kept.least || kept.days > longestKept) {
			say(kept.name, fmt.Sprintf("must be from %d to %d days, or 0 for ever", kept.least, longestKept))
		}
	}
	return errors.Join(wrong...)
}

const (
	// remembered is how long a document that is repeated must get its first answer (cXML reference
	// 3.5), and with it the visit that the answer names.
	remembered  = 90
	longestKept = 36525 // a century: more is a slip of the finger
)

// Proxies are the trusted networks.
func (c Config) Proxies() ([]*net.IPNet, error) {
	return networks(c.TrustedProxies, "must not trust everybody (%s): anyone could then claim any address")
}

// Private are the networks that documents may go to although they are not public.
func (c Config) Private() ([]*net.IPNet, error) {
	return networks(c.SendPrivate, "must not name everything (%s): name the networks that buyers' systems are in")
}

// networks reads a list of networks. A single address is a network of one; all addresses are none.
func networks(entries []string, everything string) ([]*net.IPNet, error) {
	var list []*net.IPNet
	for _, entry := range entries {
		entry = strings.TrimSpace(entry)
		if ip := net.ParseIP(entry); ip != nil {
			bits := 128
			if ip.To4() != nil {
				bits = 32
			}
			entry = fmt.Sprintf("%s/%d", entry, bits)
		}
		_, network, err := net.ParseCIDR(entry)
		if err != nil {
			return nil, fmt.Errorf("must list networks such as 10.0.0.0/8,fd00::/8, and %q is none", entry)
		}
		if ones, _ := network.Mask.Size(); ones == 0 {
			return nil, fmt.Errorf(everything, entry)
		}
		list = append(list, network)
	}
	return list, nil
}

// Unknown lists variables of the environment that begin with KONTOR_ and are none of ours: a
// misspelt one would otherwise be ignored in silence.
func Unknown(environment []string) []string {
	known := map[string]bool{}
	for field := range reflect.TypeFor[Config]().Fields() {
		known["KONTOR_"+field.Tag.Get("env")] = true
	}
	var unknown []string
	for _, entry := range environment {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "KONTOR_") && !known[name] {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// browsable is an address that a browser on this machine can open.
func browsable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// SQLitePath is the database's file, when it is a file.
func (c Config) SQLitePath() (path string, lite bool) {
	return strings.CutPrefix(c.DatabaseURL, "sqlite:")
}

// KeyFile is where SQLite's secret key is kept when the environment has none: beside the database.
func (c Config) KeyFile() string {
	path, _ := c.SQLitePath()
	return filepath.Join(filepath.Dir(path), "kontor.key")
}

// KeptSecret gives the secret key that there is, and none when there is none: it makes none. It
// is for commands that only look.
func (c Config) KeptSecret() (key []byte, err error) {
	if c.SecretKey != "" {
		return []byte(c.SecretKey), nil
	}
	if _, lite := c.SQLitePath(); !lite {
		return nil, errors.New("KONTOR_SECRET_KEY is missing: with PostgreSQL it must be set, to at least 32 random characters")
	}
	text, err := os.ReadFile(c.KeyFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the key file can't be read: %w", err)
	}
	return []byte(strings.TrimSpace(string(text))), nil
}

// Secret gives the secret key. Without the variable, SQLite keeps one in a file beside the
// database, readable by its owner only, and made tells that it was just made; PostgreSQL has no
// such place, so there the variable is required.
func (c Config) Secret() (key []byte, made string, err error) {
	if key, err = c.KeptSecret(); key != nil || err != nil {
		return key, "", err
	}
	file := c.KeyFile()
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	text := base64.RawURLEncoding.EncodeToString(random[:])
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, "", err
	}
	// O_EXCL: of two processes that start at once one makes the key and the other reads it.
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return c.Secret()
	}
	if err != nil {
		return nil, "", fmt.Errorf("the key file can't be made: %w", err)
	}
	if _, err := f.WriteString(text + "\n"); err != nil {
		return nil, "", errors.Join(err, f.Close())
	}
	return []byte(text), file, f.Close()
}
