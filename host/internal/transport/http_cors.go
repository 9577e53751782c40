// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"net/http"
	"strings"
)

// paramPrefix begins the header names that tools choose for their arguments.
const paramPrefix = "Mcp-Param-"

// requestHeaders are those that a page may send besides the simple ones.
const requestHeaders = "Content-Type, Accept, Authorization, Mcp-Session-Id, " +
	"MCP-Protocol-Version, Mcp-Method, Mcp-Name, Last-Event-ID"

// allowOrigin lets a page of an allowed origin read the response.
func allowOrigin(header http.Header, origin string) {
	header.Add("Vary", "Origin")
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Expose-Headers", "Mcp-Session-Id, WWW-Authenticate")
}

// preflight tells a browser what a page may send. Without an Origin it only
// tells the methods.
func (h *HTTP) preflight(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Allow", h.methods(r))
	if header.Get("Access-Control-Allow-Origin") != "" {
		header.Add("Vary", "Access-Control-Request-Headers")
		header.Set("Access-Control-Allow-Methods", h.methods(r))
		header.Set("Access-Control-Allow-Headers", requestHeaders+paramHeaders(r.Header))
		header.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// paramHeaders returns those of the asked-for header names that carry tool
// arguments, each after a comma. They cannot be listed in advance.
func paramHeaders(header http.Header) string {
	var names strings.Builder
	for _, line := range header["Access-Control-Request-Headers"] {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			if hasPrefixFold(name, paramPrefix) && isToken(name) {
				names.WriteString(", " + name)
			}
		}
	}
	return names.String()
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// isToken reports whether s is a token of RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !alnum && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
