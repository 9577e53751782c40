// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
)

// errNotPublic refuses an address that only this machine or its network reaches.
var errNotPublic = errors.New("its address is not public")

// notPublic4 are the IPv4 networks that IANA's special-purpose registry keeps
// from the internet, and multicast.
func notPublic4() []netip.Prefix {
	return prefixes(
		"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")
}

// notPublic6 are the networks in 2000::/3, which alone is public in IPv6, that
// are not: protocol assignments with Teredo, documentation, 6to4.
func notPublic6() []netip.Prefix {
	return prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
}

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// isPublic reports whether an address is one of the internet's. Of an IPv6
// address that stands for an IPv4 address, that one counts.
func isPublic(a netip.Addr) bool {
	if a.Zone() != "" {
		return false // of one link alone
	}
	a = a.Unmap()
	// RFC 6052: a translator's well-known prefix, as in networks without IPv4.
	if netip.MustParsePrefix("64:ff9b::/96").Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	within := func(p netip.Prefix) bool { return p.Contains(a) }
	if a.Is4() {
		return !slices.ContainsFunc(notPublic4(), within)
	}
	return netip.MustParsePrefix("2000::/3").Contains(a) && !slices.ContainsFunc(notPublic6(), within)
}

// A dialer connects to public addresses, and to others only for hosts that the
// operator trusts. It looks at the address that is about to be connected to, so
// that no name, and no change of what it stands for, gets around it.
type dialer struct {
	any     net.Dialer // connects to all addresses
	public  net.Dialer // refuses those that are not public
	private bool
	hosts   []string // in the form of hostKey, with and without port
}

func newDialer(private bool, hosts []string) *dialer {
	d := &dialer{private: private}
	for _, host := range hosts {
		d.hosts = append(d.hosts, hostKey(host))
	}
	d.public.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !isPublic(to.Addr()) {
			return errNotPublic
		}
		return nil
	}
	return d
}

// dial is for http.Transport: address is a host, not yet looked up, and a port.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if d.private || slices.Contains(d.hosts, hostKey(address)) || slices.Contains(d.hosts, hostKey(host)) {
		return d.any.DialContext(ctx, network, address)
	}
	return d.public.DialContext(ctx, network, address)
}

// hostKey is a host, or host and port, as it is compared.
func hostKey(host string) string {
	if name, port, err := net.SplitHostPort(host); err == nil {
		return net.JoinHostPort(hostKey(name), port)
	}
	return strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
}
