package procurement_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/kontorhq/kontor/procurement"
)

func networks(t *testing.T, texts ...string) (list []*net.IPNet) {
	t.Helper()
	for _, text := range texts {
		_, network, err := net.ParseCIDR(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, network)
	}
	return list
}

func TestDocumentsGoToPublicAddressesOnly(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "99.255.255.255": true, "100.128.0.1": true, "172.15.255.255": true, "172.32.0.1": true, "223.255.255.254": true,
		"2606:4700::1": true, "2a00:1450::1": true, "::ffff:8.8.8.8": true, "64:ff9b::808:808": true,

		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "127.0.0.1": false, "127.255.0.9": false,
		"169.254.169.254": false, "100.100.100.200": false, "192.0.0.192": false, // where clouds tell machines their keys
		"172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "198.18.0.1": false, "198.51.100.1": false,
		"224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd00:ec2::254": false, "fec0::1": false, "ff02::1": false,
		"2001::1": false, "2001:db8::1": false, "2002:7f00:1::": false, "3fff::1": false, "4000::1": false,
		// one address written as another
		"::ffff:127.0.0.1": false, "::127.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false,
	} {
		if got := procurement.Reachable(netip.MustParseAddr(address), nil); got != want {
			t.Errorf("%s is reachable: %v", address, got)
		}
	}
	named := networks(t, "10.1.0.0/16", "fd00:7::/32")
	for address, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "fd00:7::9": true, "fd00:8::9": false, "8.8.8.8": true} {
		if got := procurement.Reachable(netip.MustParseAddr(address), named); got != want {
			t.Errorf("with networks named, %s is reachable: %v", address, got)
		}
	}
	if procurement.Reachable(netip.Addr{}, named) {
		t.Error("no address is reachable")
	}
}

func TestAPrivateAddressIsNamedAtTheDelivery(t *testing.T) {
	eachRig(t, func(t *testing.T, r *rig) {
		buyer := newReceiver(t)
		_, port, err := net.SplitHostPort(strings.TrimPrefix(buyer.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		for path, address := range map[string]string{"/number": buyer.URL, "/name": "http://localhost:" + port, "/mapped": "http://[::ffff:127.0.0.1]:" + port} {
			merchant := r.merchant("live")
			l := fixture()
			l.settings.Confirm, l.settings.OrdersURL = "on_approval", address+path+"?token=tide"
			r.connect(merchant, l)
			r.wantCodes(merchant, []int{200}, po("p1", "A-1"))

			r.service.HTTP = procurement.NewHTTP(time.Second, nil)
			r.deliver()
			if n := len(buyer.of(path)); n != 0 {
				t.Errorf("%s: %d documents went to a private address", path, n)
			}
			d := r.deliveries(merchant, "A-1")[0]
			if d.State != "ready" || !strings.Contains(d.Note, "is a private address") || !strings.Contains(d.Note, "KONTOR_SEND_PRIVATE") || strings.Contains(d.Note, "tide") {
				t.Errorf("%s: %s, %s", path, d.State, d.Note)
			}

			// Named, it is reached; the delivery goes on by itself.
			r.service.HTTP = procurement.NewHTTP(time.Second, networks(t, "127.0.0.0/8", "::1/128"))
			r.clock.Advance(time.Hour)
			r.deliver()
			if d := r.deliveries(merchant, "A-1")[0]; path != "/name" && d.State != "done" { // localhost may be ::1, where nobody listens
				t.Errorf("%s: %s, %s", path, d.State, d.Note)
			}
		}
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	inside := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/inside" {
			inside++
			return
		}
		http.Redirect(w, r, "/inside", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	answer, err := procurement.NewHTTP(time.Second, networks(t, "127.0.0.0/8")).Post(server.URL, "text/xml", strings.NewReader("<cXML/>"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusTemporaryRedirect || inside != 0 {
		t.Errorf("HTTP %d, followed %d times", answer.StatusCode, inside)
	}
}
