// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"net/http"
	"strings"
)

// accepts says which of the two response types the client takes.
type accepts struct{ json, sse bool }

// parseAccept is lenient: clients must list both types but many do not. No
// Accept header at all takes anything.
func parseAccept(header http.Header) accepts {
	lines := header["Accept"]
	if len(lines) == 0 {
		return accepts{json: true, sse: true}
	}
	var a accepts
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			a.add(item)
		}
	}
	return a
}

func (a *accepts) add(item string) {
	mediaRange, params, _ := strings.Cut(item, ";")
	if excluded(params) {
		return
	}
	switch mediaRange = strings.TrimSpace(mediaRange); {
	case mediaRange == "*/*":
		a.json, a.sse = true, true
	case strings.EqualFold(mediaRange, "application/json"), strings.EqualFold(mediaRange, "application/*"):
		a.json = true
	case strings.EqualFold(mediaRange, "text/event-stream"), strings.EqualFold(mediaRange, "text/*"):
		a.sse = true
	}
}

// excluded reports whether the parameters of a media range hold q=0, which
// means "not this".
func excluded(params string) bool {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if strings.EqualFold(name, "q") && value != "" && strings.Trim(value, "0.") == "" {
			return true
		}
	}
	return false
}

// isJSON reports whether the body is declared as JSON, uncompressed.
func isJSON(header http.Header) bool {
	if encoding := first(header["Content-Encoding"]); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	mediaType, _, _ := strings.Cut(first(header["Content-Type"]), ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), "application/json")
}

// first is Header.Get for a name in canonical form, which that would make anew.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
