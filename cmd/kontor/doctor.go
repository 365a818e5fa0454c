package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/kontorhq/kontor/accounts"
	"github.com/kontorhq/kontor/config"
	"github.com/kontorhq/kontor/database"
	"github.com/kontorhq/kontor/procurement"
)

type doctorCommand struct{}

// Run looks at everything and changes nothing: neither a database nor a key is made.
func (doctorCommand) Run(ctx context.Context, to terminal) error {
	d := &doctor{to: to}
	if cfg, ok := d.configuration(); ok {
		d.config = cfg
		d.publicURL(ctx)
		keys := d.key()
		d.mail(ctx)
		if db := d.open(ctx); db != nil {
			defer func() { _ = db.Close() }()
			d.database(ctx, db, keys)
		}
	}
	if d.failures > 0 {
		return fmt.Errorf("%d of these checks failed", d.failures)
	}
	return nil
}

// doctor prints one line for each thing that it looked at.
type doctor struct {
	config   config.Config
	to       terminal
	roots    *x509.CertPool // nil for the machine's own
	failures int
}

func (d *doctor) say(level, what, text string) {
	fmt.Fprintf(d.to.out, "%-4s  %-14s  %s\n", level, what, strings.Join(strings.Fields(d.hide(text)), " "))
}

func (d *doctor) ok(what, text string)   { d.say("ok", what, text) }
func (d *doctor) warn(what, text string) { d.say("warn", what, text) }
func (d *doctor) fail(what, text string) {
	d.failures++
	d.say("fail", what, text)
}

// hide takes out what drivers may repeat of the database's address.
func (d *doctor) hide(text string) string {
	secrets := []string{d.config.SecretKey}
	if _, lite := d.config.SQLitePath(); !lite {
		secrets = append(secrets, d.config.DatabaseURL)
		if u, err := url.Parse(d.config.DatabaseURL); err == nil && u.User != nil {
			password, _ := u.User.Password()
			secrets = append(secrets, password)
		}
		for _, part := range strings.Fields(d.config.DatabaseURL) {
			if password, ok := strings.CutPrefix(part, "password="); ok {
				secrets = append(secrets, strings.Trim(password, "'"))
			}
		}
	}
	if u, err := url.Parse(d.config.SMTPURL); err == nil && u.User != nil {
		password, _ := u.User.Password()
		secrets = append(secrets, password)
	}
	secrets = append(secrets, d.config.SMTPURL)
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "(hidden)")
		}
	}
	return text
}

func (d *doctor) configuration() (config.Config, bool) {
	cfg, err := config.Read()
	d.config = cfg
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			d.fail("configuration", line+": see docs/configuration.md")
		}
		return cfg, false
	}
	unknown := config.Unknown(os.Environ())
	if len(unknown) > 0 {
		d.warn("configuration", "not variables of Kontor's, perhaps misspelt: "+strings.Join(unknown, ", "))
	} else {
		d.ok("configuration", "every value can be used")
	}
	return cfg, true
}

const (
	lookTime      = 10 * time.Second
	renewBefore   = 21 * 24 * time.Hour // certificates that renew themselves do it a month ahead
	clockWarn     = time.Second
	clockFail     = 30 * time.Second // half of the shortest lease
	oldestTested  = 150000           // PostgreSQL 15, as server_version_num writes it
	loopbackNames = "localhost"
)

func (d *doctor) publicURL(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	u, err := url.Parse(d.config.PublicURL)
	if err != nil {
		d.fail("public URL", "KONTOR_PUBLIC_URL can't be read") // config.Read has refused it
		return
	}
	host := u.Hostname()
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	switch {
	case err != nil:
		d.fail("public URL", host+" has no address: correct KONTOR_PUBLIC_URL, or the name in the DNS")
		return
	case u.Scheme == "http" && loopback(host):
		d.ok("public URL", d.config.PublicURL+", for this machine only")
		return
	case u.Scheme == "http":
		d.fail("public URL", d.config.PublicURL+" is not encrypted, and secrets travel to it: put a proxy with a certificate in front, and set KONTOR_PUBLIC_URL to https://")
		return
	}
	d.ok("public URL", fmt.Sprintf("%s, %d addresses", d.config.PublicURL, len(addresses)))
	d.certificate(ctx, host, net.JoinHostPort(host, portOf(u)))
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == loopbackNames || ip.IsLoopback()
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return "443"
}

func (d *doctor) certificate(ctx context.Context, host, address string) {
	dialer := tls.Dialer{Config: &tls.Config{ServerName: host, RootCAs: d.roots, MinVersion: tls.VersionTLS12}}
	connection, err := dialer.DialContext(ctx, "tcp", address)
	var refused *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refused):
		d.fail("certificate", refused.Err.Error()+": buyers' systems will refuse it; renew it, with its intermediate certificates")
		return
	case err != nil:
		d.warn("certificate", "it can't be looked at from here ("+err.Error()+"): try from another network")
		return
	}
	defer func() { _ = connection.Close() }()
	secured, ok := connection.(*tls.Conn)
	if !ok {
		return // tls.Dialer gives nothing else
	}
	end := secured.ConnectionState().PeerCertificates[0].NotAfter
	text := "valid until " + end.UTC().Format("2006-01-02")
	if time.Until(end) < renewBefore {
		d.warn("certificate", text+": renew it now")
		return
	}
	d.ok("certificate", text)
}

// key reads the secret key without making one.
func (d *doctor) key() *accounts.Keys {
	secret, err := d.config.KeptSecret()
	if err != nil {
		d.fail("secret key", err.Error())
		return nil
	}
	if secret == nil {
		d.warn("secret key", "there is none yet: kontor serve makes "+d.config.KeyFile()+"; with a database that was restored bring its own")
		return nil
	}
	keys, err := accounts.NewKeys(secret)
	if err != nil {
		d.fail("secret key", err.Error())
		return nil
	}
	if d.config.SecretKey == "" {
		d.private("secret key", d.config.KeyFile())
	}
	return keys
}

// private warns of a file that others may read.
func (d *doctor) private(what, path string) {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		d.warn(what, fmt.Sprintf("%s can be read by others (mode %o): chmod 600 it", path, info.Mode().Perm()))
	}
}

func (d *doctor) open(ctx context.Context) *database.DB {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	advice := "correct KONTOR_DATABASE_URL, or start the database"
	if path, lite := d.config.SQLitePath(); lite {
		advice = "is it Kontor's file, and may this user write to it and to its folder?"
		if _, err := os.Stat(path); err != nil { // opening would make it
			d.fail("database", "there is no file "+path+": correct KONTOR_DATABASE_URL, or let kontor serve make it")
			return nil
		}
		d.private("database", path)
	}
	db, err := database.Open(ctx, d.config.DatabaseURL)
	if err != nil {
		d.fail("database", err.Error()+": "+advice)
		return nil
	}
	return db
}

// database looks into the database that answered.
func (d *doctor) database(ctx context.Context, db *database.DB, keys *accounts.Keys) {
	ctx, cancel := context.WithTimeout(ctx, 3*lookTime)
	defer cancel()
	if db.Lite() {
		d.sqlite(ctx, db)
	} else {
		d.postgres(ctx, db)
	}
	pending, err := db.Pending(ctx)
	switch {
	case err != nil:
		d.fail("schema", err.Error())
		return
	case pending > 0 && db.Lite():
		d.warn("schema", fmt.Sprintf("%d migrations to do: make a backup, then kontor serve or kontor migrate does them", pending))
		return
	case pending > 0:
		d.fail("schema", fmt.Sprintf("%d migrations to do: make a backup, then run kontor migrate", pending))
		return
	}
	d.ok("schema", "up to date")
	if keys != nil {
		switch tried, err := openSealed(ctx, db, keys); {
		case err != nil:
			d.fail("secret key", err.Error()+" Bring the key that belongs to this database")
		case tried == 0:
			d.ok("secret key", "can be used; no secret is sealed yet that it could be tried on")
		default:
			d.ok("secret key", "opens what is sealed")
		}
	}
	d.merchants(ctx, db)
	d.retention(ctx, db)
}

// retention tells what should have been deleted. What got over age since yesterday may still wait
// for its sweep.
func (d *doctor) retention(ctx context.Context, db *database.DB) {
	merchants, err := everyMerchant(ctx, db)
	if err != nil {
		d.fail("retention", err.Error())
		return
	}
	const most = 1000 // rows are not counted by the million here
	var over []string
	for _, merchant := range merchants {
		for _, k := range kinds(d.config) {
			n, err := k.count(ctx, db, merchant, time.Now().AddDate(0, 0, -1), most)
			if err != nil {
				d.fail("retention", err.Error())
				return
			}
			if n > 0 {
				over = append(over, fmt.Sprintf("%s of %s", k.name, merchant))
			}
		}
	}
	if len(over) > 0 {
		d.warn("retention", fmt.Sprintf("over age since yesterday or longer: %s. Is kontor serve running? kontor retention --dry-run counts, kontor retention deletes",
			strings.Join(over[:min(len(over), 10)], ", ")))
		return
	}
	d.ok("retention", "nothing is older than it shall be kept")
}

func (d *doctor) sqlite(ctx context.Context, db *database.DB) {
	var version, mode string
	var flush int
	if err := errors.Join(db.Get(ctx, &version, `SELECT sqlite_version()`), db.Get(ctx, &mode, `PRAGMA journal_mode`), db.Get(ctx, &flush, `PRAGMA synchronous`)); err != nil {
		d.fail("database", err.Error()+": restore a backup if the file is damaged")
		return
	}
	d.ok("database", "SQLite "+version)
	if mode != "wal" || flush < 2 {
		d.fail("durability", "the file can't be kept in WAL mode with full flushing: is it on a network file system? Put it on a local disk")
		return
	}
	d.ok("durability", "write-ahead log, flushed at every commit")
	if err := db.Disk(); err != nil {
		d.fail("disk", err.Error())
		return
	}
	d.ok("disk", "the file can be written, and there is room")
}

// postgres reads settings with current_setting, which is a query like any other.
func (d *doctor) postgres(ctx context.Context, db *database.DB) {
	var s struct {
		Version     string `db:"version"`
		Number      int    `db:"number"`
		Fsync       string `db:"fsync"`
		Pages       string `db:"pages"`
		Synchronous string `db:"synchronous"`
	}
	err := db.Get(ctx, &s, `SELECT current_setting('server_version') AS version, CAST(current_setting('server_version_num') AS INTEGER) AS number,
current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages, current_setting('synchronous_commit') AS synchronous`)
	if err != nil {
		d.fail("database", err.Error())
		return
	}
	if s.Number < oldestTested {
		d.warn("database", "PostgreSQL "+s.Version+" is older than what Kontor is tested with: upgrade it to 15 or later")
	} else {
		d.ok("database", "PostgreSQL "+s.Version)
	}
	switch {
	case s.Fsync == "off" || s.Pages == "off":
		d.fail("durability", "fsync is "+s.Fsync+" and full_page_writes "+s.Pages+": a power cut can destroy the database; switch both on")
	case s.Synchronous == "off":
		d.fail("durability", "synchronous_commit is off: a crash loses orders that were answered; switch it on")
	default:
		d.ok("durability", "fsync, full_page_writes and synchronous_commit are on")
	}
	d.clock(ctx, db)
}

// clock compares with the database's: several machines share it, and leases and token lives go by
// the machine's clock.
func (d *doctor) clock(ctx context.Context, db *database.DB) {
	var there database.Time
	before := time.Now()
	if err := db.Get(ctx, &there, `SELECT clock_timestamp()`); err != nil {
		d.fail("clock", err.Error())
		return
	}
	took := time.Since(before)
	d.clockDiffers(there.Sub(before.Add(took/2)).Abs() - took/2)
}

func (d *doctor) clockDiffers(by time.Duration) {
	text := fmt.Sprintf("the database's clock and this machine's differ by %.1f s", max(by, 0).Seconds())
	switch {
	case by > clockFail:
		d.fail("clock", text+": set both by NTP")
	case by > clockWarn:
		d.warn("clock", text+": set both by NTP")
	default:
		d.ok("clock", "the database's and this machine's agree")
	}
}

// merchants looks at every merchant's connections.
func (d *doctor) merchants(ctx context.Context, db *database.DB) {
	var merchants []string
	if err := db.Select(ctx, &merchants, `SELECT id FROM merchants WHERE disabled = ? ORDER BY id`, false); err != nil {
		d.fail("merchants", err.Error())
		return
	}
	if len(merchants) == 0 {
		d.warn("merchants", "there is none yet: describe one in a file and run kontor apply")
	}
	for _, merchant := range merchants {
		d.contact(ctx, db, merchant)
		var references []string
		if err := db.Select(ctx, &references, `SELECT external_id FROM connections WHERE merchant_id = ? AND disabled = ? ORDER BY id`, merchant, false); err != nil {
			d.fail(merchant, err.Error())
			continue
		}
		if len(references) == 0 {
			d.warn(merchant, "has no connection, so no buyer can come: add one to the setup file")
			continue
		}
		sound := 0
		for _, reference := range references {
			connection, err := procurement.FindConnection(ctx, db, merchant, "ext:"+reference)
			if err != nil {
				d.fail(merchant, reference+": "+err.Error())
			} else if d.connection(ctx, merchant, connection) {
				sound++
			}
		}
		if sound == len(references) {
			d.ok(merchant, fmt.Sprintf("%d connections, with addresses that can be used", sound))
		}
	}
}

func (d *doctor) connection(ctx context.Context, merchant string, c procurement.Connection) (sound bool) {
	sound = true
	for _, f := range c.Settings.Check() {
		sound = false
		d.fail(merchant, c.ExternalID+": "+f.Path+" "+f.Message+": correct it in the setup file")
	}
	if len(c.Settings.ReturnHosts) == 0 {
		sound = false
		d.warn(merchant, c.ExternalID+": return_hosts is empty, so no cart can go home: name the buyer's host")
	}
	for _, entry := range append([]string{c.Settings.OrdersURL}, c.Settings.ReturnHosts...) {
		if u, err := url.Parse(entry); err == nil && u.Scheme == "http" && !loopback(u.Hostname()) {
			sound = false
			d.warn(merchant, c.ExternalID+": "+u.Scheme+"://"+u.Host+" is not encrypted: ask the buyer for https")
		}
	}
	if u, err := url.Parse(c.Settings.OrdersURL); err == nil && u.Hostname() != "" {
		return d.reaches(ctx, merchant, c.ExternalID, u.Hostname()) && sound
	}
	return sound
}

// reaches tells whether documents would be sent to a host, as far as it can be seen from here.
func (d *doctor) reaches(ctx context.Context, merchant, reference, host string) bool {
	private, err := d.config.Private()
	if err != nil {
		return false // config.Read has refused it
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		d.warn(merchant, reference+": "+host+" of orders_url has no address here: correct the name, or see to the DNS")
		return false
	}
	for _, address := range addresses {
		if !procurement.Reachable(address, private) {
			d.warn(merchant, fmt.Sprintf("%s: %s of orders_url is %s, a private address, so nothing is sent there: correct it, or name its network in KONTOR_SEND_PRIVATE",
				reference, host, address.Unmap()))
			return false
		}
	}
	return true
}

// openSealed tries the key on one sealed secret of each merchant; tried is how many there were.
func openSealed(ctx context.Context, db *database.DB, keys *accounts.Keys) (tried int, err error) {
	var merchants []string
	if err := db.Select(ctx, &merchants, `SELECT id FROM merchants ORDER BY id`); err != nil {
		return 0, err
	}
	for _, merchant := range merchants {
		var c procurement.Connection
		err := db.Get(ctx, &c, `SELECT id, secret_out FROM connections WHERE merchant_id = ? AND secret_out IS NOT NULL ORDER BY id LIMIT 1`, merchant)
		if database.None(err) {
			continue
		}
		if err != nil {
			return tried, err
		}
		if _, err := keys.Open(procurement.SecretOutPlace(merchant, c.ID), c.SecretOut); err != nil {
			return tried, err
		}
		tried++
	}
	return tried, nil
}
