// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestGuards(t *testing.T) {
	tests := []struct {
		name    string
		method  string
		headers []string
		want    int
	}{
		{"plain POST", "POST", nil, 200},
		{"PUT", "PUT", nil, 405},
		{"HEAD", "HEAD", nil, 405},
		{"GET without a session id", "GET", nil, 400},
		{"GET of an unknown session", "GET", []string{"Mcp-Session-Id: x"}, 404},
		{"GET that takes no events", "GET", []string{"Accept: application/json"}, 406},
		{"DELETE without a session id", "DELETE", nil, 400},
		{"DELETE of an unknown session", "DELETE", []string{"Mcp-Session-Id: x"}, 404},
		{"POST without a session id", "POST", []string{"X-Mode: session"}, 400},
		{"POST to an unknown session", "POST", []string{"X-Mode: session", "Mcp-Session-Id: x"}, 404},
		{"refused", "POST", []string{"X-Mode: refuse"}, 418},

		{"loopback name and port", "POST", []string{"Host: LOCALHOST:8080"}, 200},
		{"loopback address", "POST", []string{"Host: 127.0.0.1:8080"}, 200},
		{"loopback IPv6 address", "POST", []string{"Host: [::1]:8080"}, 200},
		{"loopback IPv6 address without port", "POST", []string{"Host: [::1]"}, 200},
		{"listed host, any port", "POST", []string{"Host: mcp.example:1"}, 200},
		{"listed host and port", "POST", []string{"Host: port.example:81"}, 200},
		{"listed host, other port", "POST", []string{"Host: port.example:82"}, 403},
		{"rebound host", "POST", []string{"Host: evil.example"}, 403},
		{"rebound host, GET", "GET", []string{"Host: evil.example", "Mcp-Session-Id: x"}, 403},
		{"rebound host, DELETE", "DELETE", []string{"Host: evil.example", "Mcp-Session-Id: x"}, 403},
		{"rebound host, OPTIONS", "OPTIONS", []string{"Host: evil.example"}, 403},
		{"loopback name as prefix", "POST", []string{"Host: localhost.evil.example"}, 403},

		{"loopback origin", "POST", []string{"Origin: http://localhost:6274"}, 200},
		{"listed origin", "POST", []string{"Origin: app://ours"}, 200},
		{"origin of a listed host", "POST", []string{"Origin: https://mcp.example"}, 200},
		{"foreign origin", "POST", []string{"Origin: https://evil.example"}, 403},
		{"foreign origin, GET", "GET", []string{"Origin: https://evil.example", "Mcp-Session-Id: x"}, 403},
		{"foreign origin, OPTIONS", "OPTIONS", []string{"Origin: https://evil.example"}, 403},
		{"opaque origin", "POST", []string{"Origin: null"}, 403},
		{"empty origin", "POST", []string{"Origin: "}, 403},
		{"origin with user info", "POST", []string{"Origin: http://localhost@evil.example"}, 403},
		{"foreign scheme with loopback name", "POST", []string{"Origin: evil://localhost"}, 403},
		{"loopback name as prefix of the origin", "POST", []string{"Origin: http://localhost.evil.example"}, 403},

		{"JSON with charset", "POST", []string{"Content-Type: application/json; charset=utf-8"}, 200},
		{"no content type", "POST", []string{"Content-Type: "}, 415},
		{"other content type", "POST", []string{"Content-Type: text/plain"}, 415},
		{"compressed", "POST", []string{"Content-Encoding: gzip"}, 415},

		{"accepts JSON only", "POST", []string{"Accept: application/json"}, 200},
		{"accepts events only", "POST", []string{"Accept: text/event-stream"}, 200},
		{"accepts anything", "POST", []string{"Accept: text/html, */*;q=0.1"}, 200},
		{"accepts application/*", "POST", []string{"Accept: application/*"}, 200},
		{"accepts neither", "POST", []string{"Accept: text/html"}, 406},
		{"accepts everything but", "POST", []string{"Accept: application/json;q=0, text/event-stream; q=0.0"}, 406},
	}
	rig := newRig(t, HTTPOptions{
		AllowedHosts:   []string{"mcp.example", "port.example:81"},
		AllowedOrigins: []string{"app://ours", "null"},
	})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			resp := rig.do(test.method, "{}", test.headers...)
			if resp.StatusCode != test.want {
				t.Fatalf("status %d, want %d: %s", resp.StatusCode, test.want, readBody(t, resp))
			}
			if test.want >= 400 && test.method != "HEAD" {
				checkErrorBody(t, resp)
			}
		})
	}
}

// checkErrorBody holds every refusal to one shape: a JSON-RPC error that says
// something, and has no id but the one it was given.
func checkErrorBody(t *testing.T, resp *http.Response) {
	t.Helper()
	var body struct {
		Version string `json:"jsonrpc"`
		ID      any    `json:"id"`
		Error   struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatalf("body is no JSON: %v", err)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	if body.Version != "2.0" || body.Error.Code == 0 || body.Error.Message == "" {
		t.Errorf("body %+v is no JSON-RPC error", body)
	}
	if (body.ID != nil) != (resp.StatusCode == 418) {
		t.Errorf("id %v in the body of a %d", body.ID, resp.StatusCode)
	}
}

func TestWrongPathIsNotFound(t *testing.T) {
	rig := newRig(t, HTTPOptions{Path: "/other"})
	resp := rig.do("POST", "{}")
	if body := readBody(t, resp); resp.StatusCode != 404 || !strings.Contains(body, "/other") {
		t.Errorf("status %d, body %s, want 404 that names the path", resp.StatusCode, body)
	}
}

func TestMethodNotAllowedNamesThoseThatAre(t *testing.T) {
	tests := []struct {
		noLegacy bool
		method   string
		status   int
		allow    string
	}{
		{false, "PATCH", 405, "POST, GET, DELETE, OPTIONS"},
		{true, "GET", 405, "POST, OPTIONS"},
		{true, "DELETE", 405, "POST, OPTIONS"},
		{true, "OPTIONS", 204, "POST, OPTIONS"},
	}
	for _, test := range tests {
		rig := newRig(t, HTTPOptions{NoLegacy: test.noLegacy})
		resp := rig.do(test.method, "")
		if resp.StatusCode != test.status || resp.Header.Get("Allow") != test.allow {
			t.Errorf("%s: status %d, Allow %q, want %d, %q", test.method,
				resp.StatusCode, resp.Header.Get("Allow"), test.status, test.allow)
		}
	}
}

func TestHostRulesBeyondLoopback(t *testing.T) {
	tests := []struct {
		name         string
		allowed      []string
		host, origin string
		want         bool
	}{
		{"any host when none is listed", nil, "any.example", "", true},
		{"no unlisted origin even then", nil, "any.example", "https://any.example", false},
		{"no loopback origin either", nil, "any.example", "http://localhost", false},
		{"listed host", []string{"a.example"}, "a.example:443", "https://a.example", true},
		{"unlisted host", []string{"a.example"}, "b.example", "", false},
		{"loopback is unlisted too", []string{"a.example"}, "localhost", "", false},
		{"listed IPv6 host", []string{"[fd00::1]"}, "[fd00::1]:80", "http://[fd00::1]:80", true},
	}
	for _, test := range tests {
		h := NewHTTP(HTTPOptions{AllowedHosts: test.allowed})
		r := httptest.NewRequest("POST", "/mcp", nil)
		r.Host = test.host
		if test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		if got := h.guard(httptest.NewRecorder(), r) == nil; got != test.want {
			t.Errorf("%s: allowed %v, want %v", test.name, got, test.want)
		}
	}
}

func TestTwoOriginsAreRefused(t *testing.T) {
	rig := newRig(t, HTTPOptions{})
	req := rig.request(t.Context(), "POST", "{}")
	req.Header["Origin"] = []string{"http://localhost", "http://localhost"}
	if resp := rig.send(req); resp.StatusCode != 403 {
		t.Errorf("status %d, want 403", resp.StatusCode)
	}
}

func TestHostname(t *testing.T) {
	tests := map[string]string{
		"a.example":      "a.example",
		"a.example:80":   "a.example",
		"a.example:":     "",
		"a.example:x":    "",
		"a:80@b.example": "",
		"[::1]":          "::1",
		"[::1]:80":       "::1",
		"[::1]x":         "",
		"[::1":           "",
		"::1":            "",
		"":               "",
	}
	for host, want := range tests {
		if got := hostname(host); got != want {
			t.Errorf("hostname(%q) = %q, want %q", host, got, want)
		}
	}
}

func TestAllowedOriginMayReadTheResponse(t *testing.T) {
	rig := newRig(t, HTTPOptions{})
	resp := rig.do("POST", "{}", "Origin: http://localhost:3000")
	want := map[string]string{
		"Access-Control-Allow-Origin":   "http://localhost:3000",
		"Access-Control-Expose-Headers": "Mcp-Session-Id, WWW-Authenticate",
		"Vary":                          "Origin",
	}
	for name, value := range want {
		if got := resp.Header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	for _, origin := range []string{"X-No: origin", "Origin: https://evil.example"} {
		resp := rig.do("POST", "{}", origin)
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%q: Access-Control-Allow-Origin %q, want none", origin, got)
		}
	}
}

func TestPreflight(t *testing.T) {
	rig := newRig(t, HTTPOptions{})
	resp := rig.do("OPTIONS", "", "Origin: http://localhost:3000",
		"Access-Control-Request-Headers: content-type, mcp-param-region,Mcp-Param-bad/name, x-evil, mcp-param-")
	if resp.StatusCode != 204 {
		t.Fatalf("status %d, want 204", resp.StatusCode)
	}
	if got := resp.Header.Get("Access-Control-Allow-Methods"); got != "POST, GET, DELETE, OPTIONS" {
		t.Errorf("methods %q", got)
	}
	got := strings.Split(resp.Header.Get("Access-Control-Allow-Headers"), ", ")
	want := []string{"Content-Type", "Accept", "Authorization", "Mcp-Session-Id", "MCP-Protocol-Version",
		"Mcp-Method", "Mcp-Name", "Last-Event-ID", "mcp-param-region"}
	if !slices.Equal(got, want) {
		t.Errorf("headers %q, want %q", got, want)
	}
}
