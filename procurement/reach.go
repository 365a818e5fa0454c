package procurement

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// Documents go to addresses that a setup file or somebody with an API key names. Without a guard
// they would lead into the merchant's own network: to its databases, or to the address by which a
// cloud gives its machines their keys.

// NewHTTP is the client for documents on the way out. It connects to public addresses and to the
// networks named here, and to no others; what a name stands for is looked at when the connection
// is made, so that a name can't change in between. It follows no redirects: a POST that is
// redirected has not been taken.
//
// Behind a proxy of the environment (HTTPS_PROXY) it is the proxy's address that is looked at, and
// the proxy's own rules that guard what lies behind it.
func NewHTTP(timeout time.Duration, private []*net.IPNet) *http.Client {
	guard := net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !Reachable(at.Addr(), private) {
			return &privateAddress{at.Addr()}
		}
		return nil
	}}
	transport := &http.Transport{DialContext: guard.DialContext, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		MaxIdleConns: 100, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second}
	return &http.Client{Timeout: timeout, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// privateAddress is why nothing was sent.
type privateAddress struct{ address netip.Addr }

func (p *privateAddress) Error() string {
	return p.address.String() + " is a private address; if documents shall go there, name its network in KONTOR_SEND_PRIVATE"
}

// asPrivate finds it in what the transport says, which begins with the whole address sent to.
func asPrivate(err error) (*privateAddress, bool) {
	p := (*privateAddress)(nil)
	return p, errors.As(err, &p)
}

// Reachable tells whether documents may go to an address: a public one, or one in a network that
// the operator has named.
func Reachable(address netip.Addr, private []*net.IPNet) bool {
	address = address.Unmap().WithZone("")
	named := slices.ContainsFunc(private, func(network *net.IPNet) bool { return network.Contains(address.AsSlice()) })
	return named || public(address)
}

// public is what the registries of special addresses (RFC 6890) leave.
func public(address netip.Addr) bool {
	if translated.Contains(address) {
		sixteen := address.As16()
		return public(netip.AddrFrom4([4]byte(sixteen[12:])))
	}
	if address.Is6() && !globalUnicast.Contains(address) {
		return false
	}
	return address.IsValid() && !slices.ContainsFunc(special, func(network netip.Prefix) bool { return network.Contains(address) })
}

var (
	// translated is how networks that only have IPv6 reach IPv4 (RFC 6052): what is inside counts.
	translated = netip.MustParsePrefix("64:ff9b::/96")

	globalUnicast = netip.MustParsePrefix("2000::/3") // all that is given out of IPv6 (RFC 4291)

	special = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}
