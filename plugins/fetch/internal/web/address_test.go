// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/netip"
	"testing"
)

func TestOnlyPublicAddressesArePublic(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.216.34": true, "1.1.1.1": true, "172.15.255.255": true, "172.32.0.1": true, "100.63.0.1": true, "223.255.255.254": true,
		"2606:4700::1111": true, "2a00:1450::1": true, "64:ff9b::5db8:d822": true, "::ffff:93.184.216.34": true,

		"0.0.0.0": false, "0.1.2.3": false, "127.0.0.1": false, "127.255.255.254": false, "10.1.2.3": false, "172.16.0.1": false,
		"172.31.255.255": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "192.0.0.8": false,
		"192.0.2.1": false, "198.18.0.1": false, "198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false,
		"239.255.255.255": false, "240.0.0.1": false, "255.255.255.255": false, "192.88.99.1": false,

		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "2606:4700::1%eth0": false, "fc00::1": false, "fd12::1": false,
		"ff02::1": false, "fec0::1": false, "2001:db8::1": false, "3fff::1": false, "100::1": false, "5f00::1": false, "2001:20::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, // IPv4-mapped
		"::127.0.0.1": false, "::5db8:d822": false, // IPv4-compatible
		"2002:7f00:1::": false, "2002:a00:1::1": false, "2002:5db8:d822::1": false, // 6to4
		"2001:0:7f00:1::1": false,                                                         // Teredo
		"64:ff9b::7f00:1":  false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::a00:1": false, // NAT64
	} {
		if got := isPublic(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v; want %v", address, got, want)
		}
	}
}
