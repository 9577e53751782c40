// SPDX-License-Identifier: Apache-2.0

package host

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/mcphost/mcphost/host/internal/discover"
)

// ssePath is where the transport of 2024-11-05 is served.
const ssePath = "/sse"

func (h *HTTPConfig) problems() []discover.Problem {
	found := discover.Negatives("http", h)
	if fault := addrFault(h.Addr); fault != "" {
		found = append(found, discover.Problem{Path: []string{"http", "addr"}, Text: fault})
	}
	at := func(key, text string, args ...any) {
		found = append(found, discover.Problem{Path: []string{"http", key}, Text: fmt.Sprintf(text, args...)})
	}
	switch {
	case h.Path == "":
	case !strings.HasPrefix(h.Path, "/"):
		at("path", "%q does not begin with a slash", h.Path)
	case (&url.URL{Path: h.Path}).EscapedPath() != h.Path || !cleanPath(h.Path):
		at("path", "%q is no plain path, such as /mcp", h.Path)
	case h.Path == ssePath && (h.SSE == nil || *h.SSE):
		at("path", "%q is where the transport of 2024-11-05 is served; choose another, or set http.sse to false", h.Path)
	}
	for _, name := range h.AllowedHosts {
		if name == "" || strings.ContainsAny(name, "/*?#@ ") {
			at("allowed_hosts", "%q is no name of a host, such as app.example or app.example:8080", name)
		}
	}
	for _, origin := range h.AllowedOrigins {
		if u, err := url.Parse(origin); origin != "null" && (err != nil || u.Scheme == "" || u.Host == "" || !strings.EqualFold(u.Scheme+"://"+u.Host, origin)) {
			at("allowed_origins", "%q is no origin, such as https://app.example", origin)
		}
	}
	return found
}

// cleanPath reports whether a path has no empty and no dot segments, which clients
// may leave out. A slash may be its end.
func cleanPath(p string) bool { return p == "/" || path.Clean(p) == strings.TrimSuffix(p, "/") }

// addrFault says why an address cannot be listened on, whatever the machine.
func addrFault(addr string) string {
	if addr == "" {
		return ""
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Sprintf("%q is not host:port, such as 127.0.0.1:8080", addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Sprintf("%q has the port %q; a port is a number from 0 to 65535, and 0 picks a free one", addr, port)
	}
	return ""
}

// checkReach refuses an address that other machines can reach, unless that is
// allowed in so many words: nobody is asked who they are.
func (h *HTTPConfig) checkReach() error {
	name, _, err := net.SplitHostPort(h.Addr)
	if err != nil || h.AllowNonLoopback || loopback(name) {
		return nil
	}
	return fmt.Errorf("http: %s can be reached from other machines and nobody is asked who they are; "+
		"listen on 127.0.0.1, or allow it with --allow-non-loopback (http.allow_non_loopback)", h.Addr)
}

func loopback(name string) bool {
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}
