// SPDX-License-Identifier: Apache-2.0

package schematest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// needed returns a Checker that has the schemas, or skips the test.
func needed(t *testing.T) *Checker {
	t.Helper()
	c := New(t)
	if c.loaded == nil {
		t.Skip("no schemas to check with")
	}
	return c
}

func result(body string) string { return `{"jsonrpc":"2.0","id":1,"result":` + body + `}` }

func TestMessagesAreCheckedAgainstTheirVersion(t *testing.T) {
	c := needed(t)
	const (
		text     = `{"content":[{"type":"text","text":"x"}]}`
		modern   = `{"resultType":"complete","content":[{"type":"text","text":"x"}],"_meta":{}}`
		tools    = `{"tools":[{"name":"a","inputSchema":{"type":"object"}}]}`
		progress = `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":0.5}}`
		ask      = `{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"x","requestedSchema":{"type":"object","properties":{}}}}`
	)
	link := strings.Replace(text, `"text","text":"x"`, `"resource_link","uri":"a:b","name":"x"`, 1)
	tests := []struct {
		version, method, message string
		wrong                    string // part of the reason; empty if all is well
	}{
		{"2024-11-05", "tools/call", result(text), ""},
		{"2025-11-25", "tools/call", result(text), ""},
		{"2026-07-28", "tools/call", result(modern), ""},
		{"2026-07-28", "tools/call", result(text), "resultType"},
		{"2026-07-28", "tools/call", result(`{"resultType":"task"}`), "resultType task"},
		{"2025-06-18", "tools/call", result(link), ""},
		{"2025-03-26", "tools/call", result(link), "not a CallToolResult"},
		{"2025-06-18", "tools/call", result(tools), "not a CallToolResult"},
		{"2025-06-18", "tools/list", result(tools), ""},
		{"2025-06-18", "ping", result(`{}`), ""},
		{"2025-06-18", "ping", result(`[]`), "not a JSONRPCResponse"},
		{"2026-07-28", "ping", result(`{"resultType":"complete"}`), "does not have"},
		{"2025-06-18", "x-vendor/method", result(`{"any":1}`), ""},
		{"2026-07-28", "tools/call", result(`{"resultType":"input_required","requestState":"s"}`), ""},
		{"2026-07-28", "tools/call", result(`{"resultType":"input_required"}`), "neither"},
		{"2026-07-28", "tools/list", result(`{"resultType":"input_required","requestState":"s"}`), "resultType"},
		{"2026-07-28", "tools/call", result(`{"resultType":"input_required","inputRequests":{"k":{"method":"no/such"}}}`), "not a InputRequiredResult"},
		{"2025-06-18", "", progress, ""},
		{"2025-06-18", "", strings.Replace(progress, "0.5", `"0.5"`, 1), "not a ProgressNotification"},
		{"2025-06-18", "", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, "servers send no notification"},
		{"2025-06-18", "", ask, ""},
		{"2025-03-26", "", ask, "servers send no request"},
		{"2026-07-28", "", ask, "servers send no request"},
		{"2025-06-18", "", `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}`, ""},
		{"2025-11-25", "", `{"jsonrpc":"2.0","error":{"code":-32700,"message":"x"}}`, ""},
		{"2025-11-25", "", `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}`, "not a JSONRPCErrorResponse"},
		{"2025-06-18", "", `{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":"x"}}`, "not a JSONRPCError"},
		{"2026-07-28", "", `{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"x"}}`, "not a UnsupportedProtocolVersionError"},
		{"2025-06-18", "", `{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}`, "neither"},
		{"2025-06-18", "ping", `{"id":1,"result":{}}`, "jsonrpc"},
		{"1999-01-01", "ping", result(`{}`), "no version"},
	}
	for _, test := range tests {
		err := c.Check(test.version, test.method, []byte(test.message))
		if test.wrong == "" && err != nil || test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)) {
			t.Errorf("%s %s %s: %v, want %q", test.version, test.method, test.message, err, test.wrong)
		}
	}
}

// Every definition that a message can be checked against must compile.
func TestEverySchemaIsWhole(t *testing.T) {
	c := needed(t)
	for _, name := range Versions() {
		v, err := c.loaded.version(name)
		if err != nil {
			t.Fatal(err)
		}
		defs := []string{v.resultEnvelope, v.errorEnvelope, "JSONRPCRequest", "JSONRPCNotification", "Result"}
		for _, byKey := range []map[string]string{v.requests, v.notifications, v.results, v.errors} {
			for _, def := range byKey {
				defs = append(defs, def)
			}
		}
		for _, def := range defs {
			if _, err := v.compile(def); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if len(v.results) < 8 || len(v.notifications) < 7 || v.results["tools/call"] != "CallToolResult" {
			t.Errorf("%s: results %v, notifications %v", name, v.results, v.notifications)
		}
	}
}

// failures is a testing.TB that takes failures for results.
type failures struct {
	testing.TB
	said []string
}

func (f *failures) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}
func (f *failures) Helper() {}

const (
	initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}`
	agreed     = `{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-03-26","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}`
	modernPing = `{"jsonrpc":"2.0","id":"m","method":"tools/call","params":{"name":"x","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`
)

func TestConversationKnowsTheVersionOfEachMessage(t *testing.T) {
	type line struct {
		client, server string
		wrong          bool
	}
	tests := map[string][]line{
		"the agreed version": {
			{client: initialize}, {server: agreed},
			{client: `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"x"}}`},
			{server: `{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"resource_link","uri":"a:b","name":"x"}]}}`, wrong: true},
		},
		"a batch": {
			{client: initialize}, {server: agreed},
			{client: `[{"jsonrpc":"2.0","id":2,"method":"ping"},{"jsonrpc":"2.0","id":"2","method":"tools/list"}]`},
			{server: `[{"jsonrpc":"2.0","id":"2","result":{"tools":[]}},{"jsonrpc":"2.0","id":2,"result":{}}]`},
			{server: `[{"jsonrpc":"2.0","id":"2","result":{}}]`, wrong: true},
		},
		"both eras": {
			{client: initialize}, {server: agreed}, {client: modernPing},
			{server: `{"jsonrpc":"2.0","id":"m","result":{"content":[]}}`, wrong: true},
			{server: `{"jsonrpc":"2.0","id":"m","result":{"content":[],"resultType":"complete"}}`},
			{server: `{"jsonrpc":"2.0","id":9,"method":"roots/list"}`},
		},
		"the stateless era asks nothing": {
			{client: modernPing}, {server: `{"jsonrpc":"2.0","id":9,"method":"roots/list"}`, wrong: true},
		},
		"nobody asked": {
			{server: `{"jsonrpc":"2.0","id":9,"result":{}}`, wrong: true},
			{client: `{broken`}, {server: `{"jsonrpc":"2.0","error":{"code":-32700,"message":"x"}}`},
		},
	}
	checker := needed(t)
	for name, lines := range tests {
		f := &failures{TB: t}
		conversation := checker.For(f).Conversation()
		for _, l := range lines {
			f.said = nil
			if l.client != "" {
				conversation.Client([]byte(l.client))
			} else {
				conversation.Server([]byte(l.server))
			}
			if (len(f.said) > 0) != l.wrong {
				t.Errorf("%s: %s%s: reported %q", name, l.client, l.server, f.said)
			}
		}
	}
}

func TestRoundTripperHearsBothFormsOfABody(t *testing.T) {
	const wrong = `{"jsonrpc":"2.0","id":2,"result":{"content":"x"}}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/open":
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Mcp-Session-Id", "s")
			_, _ = io.WriteString(w, agreed)
		case "/json":
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			_, _ = io.WriteString(w, wrong)
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, ":\n\nid: 1\ndata: \n\nevent: endpoint\ndata: /sse?x\n\nid: 2\nevent: message\ndata: "+wrong+"\n\n")
		default:
			t.Errorf("the server was sent %q", body)
		}
	}))
	defer server.Close()
	f := &failures{TB: t}
	client := &http.Client{Transport: needed(t).For(f).RoundTripper(nil)}
	post := func(path, body, session string) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Mcp-Session-Id", session)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	const call = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"x"}}`
	if got := post("/open", initialize, ""); got != agreed || len(f.said) > 0 {
		t.Errorf("the client got %s, reported %q", got, f.said)
	}
	for _, path := range []string{"/json", "/events"} {
		f.said = nil
		if got := post(path, call, "s"); !strings.Contains(got, wrong) {
			t.Errorf("%s: the client got %s", path, got)
		}
		if len(f.said) != 1 || !strings.Contains(f.said[0], "version 2025-03-26") {
			t.Errorf("%s: reported %q, want one message of the session's version", path, f.said)
		}
	}
}

func TestAbsentSchemasAreNoFailureUnlessRequired(t *testing.T) {
	t.Chdir(t.TempDir()) // outside of the module
	t.Setenv("REQUIRE", "python,node")
	c := New(t)
	c.Server("2025-06-18", "ping", []byte("nonsense"))
	c.Conversation().Server([]byte("nonsense"))

	t.Setenv("REQUIRE", "python,schema")
	f := &fatal{TB: t}
	New(f)
	if !strings.Contains(f.said, "schema: ") {
		t.Errorf("required schemas that are absent: %q", f.said)
	}
}

type fatal struct {
	testing.TB
	said string
}

func (f *fatal) Fatalf(format string, args ...any) { f.said = fmt.Sprintf(format, args...) }
func (f *fatal) Helper()                           {}
