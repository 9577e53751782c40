// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/internal/schematest"
)

const statelessMeta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`

// serveHTTP serves the fake plugins on a loopback port and returns the URL.
func serveHTTP(t *testing.T, plugins string) string {
	t.Helper()
	server, err := host.New(host.Config{Name: "test", Version: "1"}, host.Options{Sources: fakeSources(t, plugins)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.ServeHTTP(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := server.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return checked(t, "http://"+l.Addr().String()) + "/mcp"
}

// clients holds, for each server that a test has started, the client that holds
// what it says against the schemas.
var clients sync.Map // URL without path -> *http.Client

// checked makes what send is told by the server at origin fail t unless it is as
// the schema of its version says.
func checked(t *testing.T, origin string) string {
	client := &http.Client{Transport: schematest.New(t).RoundTripper(nil)}
	clients.Store(origin, client)
	t.Cleanup(func() {
		client.CloseIdleConnections()
		clients.Delete(origin)
	})
	return origin
}

// send does one HTTP request; headers are "Name: value" lines.
func send(t *testing.T, method, url, body string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			req.Host = value
		}
		req.Header.Add(name, value)
	}
	client := http.DefaultClient
	if known, ok := clients.Load(req.URL.Scheme + "://" + req.URL.Host); ok {
		client = known.(*http.Client)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func bodyOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// stateless are the headers that a request of the stateless era carries.
func stateless(method string, more ...string) []string {
	return append([]string{"Mcp-Protocol-Version: 2026-07-28", "Mcp-Method: " + method}, more...)
}

func TestStatelessRequestsClimbTheLadder(t *testing.T) {
	url := serveHTTP(t, "fake tools=echo,sample")
	call := func(params string) string {
		return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{` + params + `}}`
	}
	echo := call(`"name":"fake__echo","arguments":{},` + statelessMeta)
	tests := []struct {
		name    string
		headers []string
		body    string
		status  int
		says    string
	}{
		{"a good call", stateless("tools/call", "Mcp-Name: fake__echo"), echo, 200, `"resultType":"complete"`},
		{"header names are case-insensitive, values trimmed", []string{"mcp-protocol-version: 2026-07-28", "MCP-METHOD:   tools/call  ", "mcp-name: fake__echo\t"}, echo, 200, `"id":7`},
		{"a name in base64", stateless("tools/call", "Mcp-Name: =?base64?ZmFrZV9fZWNobw==?="), echo, 200, `"id":7`},
		{"a notification", stateless("notifications/cancelled"), `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`, 202, ""},
		{"invalid JSON", stateless("tools/call"), `{"jsonrpc"`, 400, `-32700`},
		{"duplicate keys", stateless("tools/call"), `{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}`, 400, `-32600`},
		{"a response", stateless("tools/call"), `{"jsonrpc":"2.0","id":1,"result":{}}`, 400, `-32600`},
		{"a batch", stateless("tools/call"), `[` + echo + `]`, 400, `-32600`},
		{"version header without _meta", stateless("tools/list"), `{"jsonrpc":"2.0","id":7,"method":"tools/list"}`, 400, `"id":7,"error":{"code":-32602`},
		{"_meta without capabilities", stateless("tools/list"), `{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`, 400, `-32602`},
		{"no version header", []string{"Mcp-Method: tools/call", "Mcp-Name: fake__echo"}, echo, 400, `-32020`},
		{"no method header", []string{"Mcp-Protocol-Version: 2026-07-28", "Mcp-Name: fake__echo"}, echo, 400, `-32020`},
		{"no name header", stateless("tools/call"), echo, 400, `-32020`},
		{"another method", stateless("tools/list", "Mcp-Name: fake__echo"), echo, 400, `-32020`},
		{"another method's case", stateless("TOOLS/CALL", "Mcp-Name: fake__echo"), echo, 400, `-32020`},
		{"another name", stateless("tools/call", "Mcp-Name: fake__other"), echo, 400, `-32020`},
		{"two names", stateless("tools/call", "Mcp-Name: fake__echo", "Mcp-Name: fake__echo"), echo, 400, `-32020`},
		{"malformed base64", stateless("tools/call", "Mcp-Name: =?base64?ZmFrZV9fZWNobw?="), echo, 400, `-32020`},
		{"versions that differ, before whether they are known", []string{"Mcp-Protocol-Version: 2099-01-01", "Mcp-Method: tools/call", "Mcp-Name: fake__echo"}, echo, 400, `-32020`},
		{"an unknown version", []string{"Mcp-Protocol-Version: 2099-01-01", "Mcp-Method: tools/list"}, `{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2099-01-01","io.modelcontextprotocol/clientCapabilities":{}}}}`, 400, `"data":{"supported":["2026-07-28"],"requested":"2099-01-01"}`},
		{"an unknown method", stateless("no/such"), `{"jsonrpc":"2.0","id":7,"method":"no/such","params":{` + statelessMeta + `}}`, 404, `-32601`},
		{"ping", stateless("ping"), `{"jsonrpc":"2.0","id":7,"method":"ping","params":{` + statelessMeta + `}}`, 404, `-32601`},
		{"initialize", stateless("initialize"), `{"jsonrpc":"2.0","id":7,"method":"initialize","params":{` + statelessMeta + `}}`, 404, `-32601`},
		{"an unknown tool", stateless("tools/call", "Mcp-Name: fake__no"), call(`"name":"fake__no",` + statelessMeta), 400, `-32602`},
		{"a missing capability", stateless("tools/call", "Mcp-Name: fake__sample"), call(`"name":"fake__sample",` + statelessMeta), 400, `"data":{"requiredCapabilities":{"sampling":{}}}`},
		{"a session id is ignored", stateless("tools/call", "Mcp-Name: fake__echo", "Mcp-Session-Id: nope"), echo, 200, `"id":7`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			resp := send(t, http.MethodPost, url, test.body, test.headers...)
			body := bodyOf(t, resp)
			if resp.StatusCode != test.status || !strings.Contains(body, test.says) {
				t.Errorf("status %d, body %s; want %d and %q", resp.StatusCode, body, test.status, test.says)
			}
			if body != "" && !json.Valid([]byte(body)) {
				t.Errorf("body is not JSON: %q", body)
			}
			if id := resp.Header.Get("Mcp-Session-Id"); id != "" {
				t.Errorf("a stateless response carries the session id %q", id)
			}
		})
	}
}

func TestSessionsServeTheHandshakeVersions(t *testing.T) {
	url := serveHTTP(t, "fake tools=echo,report")
	const initialize = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"0"}}}`
	resp := send(t, http.MethodPost, url, initialize)
	session := "Mcp-Session-Id: " + resp.Header.Get("Mcp-Session-Id")
	if body := bodyOf(t, resp); resp.StatusCode != 200 || len(session) < 30 || !strings.Contains(body, `"protocolVersion":"2025-06-18"`) {
		t.Fatalf("initialize: %d %s %s", resp.StatusCode, session, body)
	}
	const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	tests := []struct {
		name    string
		headers []string
		body    string
		status  int
		says    string
	}{
		{"initialized", []string{session}, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, 202, ""},
		{"a list", []string{session, "Mcp-Protocol-Version: 2025-06-18"}, list, 200, `"fake__echo"`},
		{"a call", []string{session}, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fake__echo"}}`, 200, `"content"`},
		{"an error is still a success of HTTP", []string{session}, `{"jsonrpc":"2.0","id":1,"method":"no/such"}`, 200, `-32601`},
		{"progress before the answer", []string{session}, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fake__report","_meta":{"progressToken":1}}}`, 200, `"progress":1`},
		{"no session", nil, list, 400, `Mcp-Session-Id is missing`},
		{"another's session", []string{"Mcp-Session-Id: 0123456789"}, list, 404, `-32600`},
		{"a version that is none", []string{session, "Mcp-Protocol-Version: 1999-01-01"}, list, 400, `-32022`},
		{"a batch", []string{session}, `[` + list + `]`, 200, `batches are not allowed`},
		{"a failed handshake opens no session", nil, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}`, 200, `-32602`},
		{"a stateless request beside it", stateless("tools/list"), `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{` + statelessMeta + `}}`, 200, `"ttlMs":60000`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			resp := send(t, http.MethodPost, url, test.body, test.headers...)
			if body := bodyOf(t, resp); resp.StatusCode != test.status || !strings.Contains(body, test.says) {
				t.Errorf("status %d, body %s; want %d and %q", resp.StatusCode, body, test.status, test.says)
			}
		})
	}
	t.Run("ends when deleted", func(t *testing.T) {
		if resp := send(t, http.MethodDelete, url, "", session); resp.StatusCode != http.StatusNoContent {
			t.Errorf("delete: %d", resp.StatusCode)
		}
		if resp := send(t, http.MethodPost, url, list, session); resp.StatusCode != http.StatusNotFound {
			t.Errorf("after delete: %d", resp.StatusCode)
		}
	})
}

func TestBatchOfAVersionWithoutThemIsABadRequest(t *testing.T) {
	url := serveHTTP(t, "fake tools=echo")
	resp := send(t, http.MethodPost, url, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}`)
	session := "Mcp-Session-Id: " + resp.Header.Get("Mcp-Session-Id")
	const batch = `[{"jsonrpc":"2.0","id":1,"method":"ping"}]`
	for _, headers := range [][]string{{session, "Mcp-Protocol-Version: 2025-11-25"}, {"Mcp-Protocol-Version: 2025-11-25"}, nil} {
		resp := send(t, http.MethodPost, url, batch, headers...)
		if body := bodyOf(t, resp); resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, `"code":-32600`) {
			t.Errorf("%q: answered %d %s", headers, resp.StatusCode, body)
		}
	}
}

func TestCallInFlightIsToldThatItsSessionHasEnded(t *testing.T) {
	trap := newTrial(t)
	trap.consequence("by DELETE", func(t trial) {
		h := newHolder()
		s := t.serve(t.server(host.Config{}, h.source()))
		session := s.open("2025-11-25", `{}`)
		said := make(chan answer, 1)
		go func() { said <- s.post(requestOf("1", "tools/call", hold("a"), ``), session) }()
		synctest.Wait()
		if resp, err := s.send(t.Context(), http.MethodDelete, "", session); err != nil || resp.StatusCode != http.StatusNoContent {
			t.Errorf("delete: %v %v", resp, err)
		}
		t.answered(<-said, 200, `"id":1,"error":{"code":-32000,"message":"the session has ended: its client ended it"}`)
		if !h.wasCancelled(t, "a") {
			t.Error("the call goes on")
		}
	})
}

func TestHalfABodyDoesNotHoldTheServerBack(t *testing.T) {
	var logged bytes.Buffer
	log := hclog.New(&hclog.LoggerOptions{Output: &logged, Level: hclog.Warn})
	server, err := host.New(host.Config{}, host.Options{Sources: fakeSources(t, "fake tools=echo"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close(context.Background())
	url, stop := endpoint(t, server)
	defer stop()
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/mcp"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const begun = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
	if _, err := io.WriteString(conn, begun); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	// The server asks for the body when it begins to read it.
	if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := in.Discard(len("\r\n")); err != nil {
		t.Fatal(err)
	}
	stop()
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	if body := bodyOf(t, resp); resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "shutting down") {
		t.Errorf("answered %d %s", resp.StatusCode, body)
	}
	if logged.Len() > 0 {
		t.Errorf("logged %s", logged.String())
	}
}

func TestSessionIsToldOfChangesOnItsOwnStream(t *testing.T) {
	url := serveHTTP(t, "fake tools=grow")
	resp := send(t, http.MethodPost, url, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}`)
	session := "Mcp-Session-Id: " + resp.Header.Get("Mcp-Session-Id")
	send(t, http.MethodPost, url, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, session)
	send(t, http.MethodPost, url, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, session)

	stream := send(t, http.MethodGet, url, "", session)
	send(t, http.MethodPost, url, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"fake__grow"}}`, session)
	wantEvent(t, stream, `{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`)
}

func TestSubscriptionIsToldOfChangesAndEndsWithTheServer(t *testing.T) {
	url := serveHTTP(t, "fake tools=grow")
	list := `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{` + statelessMeta + `}}`
	send(t, http.MethodPost, url, list, stateless("tools/list")...)
	listen := `{"jsonrpc":"2.0","id":"s","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},` + statelessMeta + `}}`
	stream := send(t, http.MethodPost, url, listen, stateless("subscriptions/listen")...)
	const tag = `"_meta":{"io.modelcontextprotocol/subscriptionId":"s"}`
	events := wantEvent(t, stream, `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true},`+tag+`}}`)

	grow := `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"fake__grow",` + statelessMeta + `}}`
	send(t, http.MethodPost, url, grow, stateless("tools/call", "Mcp-Name: fake__grow")...)
	nextEvent(t, events, `{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{`+tag+`}}`)
}

func TestOtherSitesAndNamesAreRefused(t *testing.T) {
	url := serveHTTP(t, "fake tools=echo")
	list := `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{` + statelessMeta + `}}`
	for name, header := range map[string]string{
		"a foreign origin": "Origin: https://evil.example",
		"a null origin":    "Origin: null",
		"a foreign host":   "Host: evil.example",
	} {
		resp := send(t, http.MethodPost, url, list, stateless("tools/list", header)...)
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
	resp := send(t, http.MethodPost, url, list, stateless("tools/list", "Origin: http://localhost:3000")...)
	if resp.StatusCode != http.StatusOK {
		t.Errorf("a local origin: status %d", resp.StatusCode)
	}
}

// wantEvent reads a stream's first event.
func wantEvent(t *testing.T, stream *http.Response, want string) *bufio.Scanner {
	t.Helper()
	if got := stream.Header.Get("Content-Type"); stream.StatusCode != 200 || got != "text/event-stream" {
		t.Fatalf("not a stream: %d %s", stream.StatusCode, got)
	}
	lines := bufio.NewScanner(stream.Body)
	nextEvent(t, lines, want)
	return lines
}

func nextEvent(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		if data != want {
			t.Errorf("event %s, want %s", data, want)
		}
		return
	}
	t.Fatalf("the stream ended before %s: %v", want, lines.Err())
}
