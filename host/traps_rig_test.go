// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/internal/schematest"
)

// The tests TestTrap01 to TestTrap15 hold a server that speaks both eras to the
// mistakes that are easiest to make in one, one test a mistake, one subtest each
// thing that it would break. Every message that a client here hears is held
// against the schema of its version.

// handshakeVersions are the versions that begin with initialize, oldest first.
var handshakeVersions = []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}

// A trial runs subtests in virtual time.
type trial struct {
	*testing.T
	checker *schematest.Checker
}

func newTrial(t *testing.T) trial { return trial{t, schematest.New(t)} }

// consequence is one subtest. Whatever f starts must end with it.
func (t trial) consequence(name string, f func(t trial)) {
	t.Run(name, func(inner *testing.T) {
		synctest.Test(inner, func(bubble *testing.T) { f(trial{bubble, t.checker.For(bubble)}) })
	})
}

// server makes a server that is closed at the end of the test.
func (t trial) server(cfg host.Config, sources ...host.Source) *host.Server {
	t.Helper()
	cfg.Name, cfg.Version = "test", "1"
	s, err := host.New(cfg, host.Options{Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// A pipeClient is a client on the other end of stdio. It must live in a bubble.
type pipeClient struct {
	t     trial
	check *schematest.Conversation
	in    io.Writer

	mu   sync.Mutex
	said []string
}

// pipe connects a client to s.
func (t trial) pipe(s *host.Server) *pipeClient {
	t.Helper()
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	served := make(chan error, 1)
	go func() {
		served <- s.ServeStdio(context.Background(), fromClient, toClient)
		toClient.Close()
	}()
	c := &pipeClient{t: t, check: t.checker.Conversation(), in: toServer}
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		lines := bufio.NewReader(fromServer) // a Scanner would bound the lines
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			c.hear(strings.TrimSuffix(line, "\n"))
		}
	}()
	t.Cleanup(func() {
		toServer.Close()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		<-heard
	})
	return c
}

func (c *pipeClient) hear(line string) {
	c.check.Server([]byte(line))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, line)
}

// say sends a line and returns what the server says until it is quiet.
func (c *pipeClient) say(format string, args ...any) []string {
	c.t.Helper()
	line := format
	if len(args) > 0 {
		line = fmt.Sprintf(format, args...)
	}
	c.check.Client([]byte(line))
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
	return c.heard()
}

// heard returns what the server has said since the last time. Changes of lists
// are gathered for a moment before they are told.
func (c *pipeClient) heard() []string {
	pass(gathering)
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	said := c.said
	c.said = nil
	return said
}

// ask sends a request of the handshake era, or with meta of the other.
func (c *pipeClient) ask(id, method, params, meta string) []string {
	c.t.Helper()
	return c.say("%s", requestOf(id, method, params, meta))
}

// requestOf joins the members of params, without braces, with meta.
func requestOf(id, method, params, meta string) string {
	if params != "" && meta != "" {
		params += ","
	}
	return `{"jsonrpc":"2.0","id":` + id + `,"method":"` + method + `","params":{` + params + meta + `}}`
}

// metaOf is the _meta of a stateless request with these capabilities, and
// whatever more members.
func metaOf(capabilities, more string) string {
	if more != "" {
		more = "," + more
	}
	return `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":` + capabilities + more + `}`
}

func handshakeOf(version, capabilities string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":%q,"capabilities":%s,"clientInfo":{"name":"t","version":"0"}}}`, version, capabilities)
}

const initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`

// shake hands in a version.
func (c *pipeClient) shake(version, capabilities string) {
	c.t.Helper()
	c.t.want(c.say("%s", handshakeOf(version, capabilities)), `"protocolVersion":"`+version+`"`)
	c.t.want(c.say(initialized))
}

// want fails unless the lines hold these texts, one each, and there are no more.
func (t trial) want(lines []string, parts ...string) {
	t.Helper()
	if len(lines) != len(parts) {
		t.Errorf("the server said %d messages, want %d:\n%s", len(lines), len(parts), strings.Join(lines, "\n"))
		return
	}
	for i, part := range parts {
		if !strings.Contains(lines[i], part) {
			t.Errorf("the server said %s, want %s", lines[i], part)
		}
	}
}

// lacks fails if the text holds one of the parts.
func (t trial) lacks(text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("there is %s in %s", part, text)
		}
	}
}

// A site is a server over HTTP, and a client of it. It must live in a bubble.
type site struct {
	t      trial
	client *http.Client
}

// serve has s serve HTTP on connections in memory.
func (t trial) serve(s *host.Server) *site {
	t.Helper()
	l := newMemoryListener()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.ServeHTTP(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	dial := func(context.Context, string, string) (net.Conn, error) { return l.dial() }
	plain := &http.Transport{DialContext: dial, DisableKeepAlives: true, DisableCompression: true}
	return &site{t: t, client: &http.Client{Transport: t.checker.RoundTripper(plain)}}
}

// An answer is a response that was read whole.
type answer struct {
	status  int
	kind    string // its content type
	session string
	body    string
}

// send sends a request whose body is not read yet; headers are "Name: value".
func (s *site) send(ctx context.Context, method, body string, headers ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://127.0.0.1/mcp", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	return s.client.Do(req)
}

// post sends a message and reads the answer.
func (s *site) post(body string, headers ...string) answer {
	s.t.Helper()
	resp, err := s.send(s.t.Context(), http.MethodPost, body, headers...)
	if err != nil {
		s.t.Error(err) // not fatal: any goroutine may call this
		return answer{}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Error(err)
	}
	return answer{resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("Mcp-Session-Id"), string(data)}
}

// stream opens an event stream, which ends with the test.
func (s *site) stream(ctx context.Context, method, body string, headers ...string) *eventSource {
	s.t.Helper()
	resp, err := s.send(ctx, method, body, headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { resp.Body.Close() })
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || kind != "text/event-stream" {
		data, _ := io.ReadAll(resp.Body)
		s.t.Fatalf("no event stream: %d %s %s", resp.StatusCode, kind, data)
	}
	e := &eventSource{t: s.t, closed: make(chan struct{})}
	go e.read(resp.Body)
	s.t.Cleanup(func() {
		resp.Body.Close()
		<-e.closed
	})
	return e
}

// call posts a stateless request with the headers that repeat it.
func (s *site) call(id, method, params, meta string, headers ...string) answer {
	s.t.Helper()
	return s.post(requestOf(id, method, params, meta), stateless(method, headers...)...)
}

// open opens a session and returns the header that names it.
func (s *site) open(version, capabilities string) string {
	s.t.Helper()
	a := s.post(handshakeOf(version, capabilities))
	if a.session == "" {
		s.t.Fatalf("no session: %+v", a)
	}
	header := "Mcp-Session-Id: " + a.session
	if a := s.post(initialized, header); a.status != http.StatusAccepted {
		s.t.Fatalf("initialized: %+v", a)
	}
	return header
}

func (t trial) answered(a answer, status int, part string) {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, part) {
		t.Errorf("answered %d %s, want %d and %s", a.status, a.body, status, part)
	}
}

// An eventSource gathers the events of a stream.
type eventSource struct {
	t      trial
	closed chan struct{}

	mu     sync.Mutex
	data   []string // messages; comments are ":"
	lastID string
}

func (e *eventSource) read(body io.Reader) {
	defer close(e.closed)
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		e.mu.Lock()
		switch {
		case name == "id":
			e.lastID = value
		case name == "data" && value != "":
			e.data = append(e.data, value)
		case name == "" && lines.Text() != "":
			e.data = append(e.data, ":")
		}
		e.mu.Unlock()
	}
}

// heard returns the events since the last time.
func (e *eventSource) heard() []string {
	pass(gathering)
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	data := e.data
	e.data = nil
	return data
}

func (e *eventSource) last() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lastID
}

// A scripted plugin is a fakePlugin with tools of a test's own.
type scripted struct {
	*fakePlugin
	defs []mcp.Tool
	call func(ctx context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error)
}

func (s *scripted) ListTools(context.Context) ([]mcp.Tool, error) { return s.defs, nil }

func (s *scripted) CallTool(ctx context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error) {
	return s.call(ctx, call, sink)
}

// script makes a source named fake with these tools, and all that a fakePlugin
// has besides.
func script(call func(context.Context, *mcp.ToolCall, mcp.Sink) (mcp.Outcome, error), defs ...mcp.Tool) host.Source {
	kinds := host.KindTools | host.KindPrompts | host.KindResources | host.KindCompletions | host.KindSubscriptions
	f := &fakePlugin{provides: kinds, updates: make(chan string, 8), done: make(chan struct{}), changes: make(chan mcp.Kinds, 1)}
	p := &scripted{f, defs, call}
	return host.Source{Name: "fake", Prefix: "fake", Provides: kinds, Start: func(context.Context) (host.SourcePlugin, error) { return p, nil }}
}

func toolNamed(name string) mcp.Tool {
	return mcp.Tool{Name: name, InputSchema: []byte(`{"type":"object"}`)}
}

func textOutcome(text string) mcp.Outcome {
	return mcp.Outcome{Tool: &mcp.CallToolResult{Content: []mcp.ContentBlock{{Text: &text}}}}
}

// A holder is a tool that lasts until it is let go, or cancelled. Calls are told
// apart by their argument "who".
type holder struct {
	mu        sync.Mutex
	running   map[string]chan struct{}
	cancelled map[string]error
}

func newHolder() *holder {
	return &holder{running: map[string]chan struct{}{}, cancelled: map[string]error{}}
}

// source offers hold, and hold_loud, which reports progress first.
func (h *holder) source() host.Source {
	return script(h.run, toolNamed("hold"), toolNamed("hold_loud"))
}

func (h *holder) run(ctx context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error) {
	who := string(call.Arguments)
	release := make(chan struct{})
	h.mu.Lock()
	h.running[who] = release
	h.mu.Unlock()
	if call.Name == "hold_loud" {
		sink.Progress(mcp.Progress{Progress: 1})
	}
	select {
	case <-release:
		return textOutcome("released " + who), nil
	case <-ctx.Done():
		h.mu.Lock()
		defer h.mu.Unlock()
		h.cancelled[who] = context.Cause(ctx)
		return mcp.Outcome{}, ctx.Err()
	}
}

func holdArgs(who string) string { return `{"who":"` + who + `"}` }

// release lets a call go, which must be running.
func (h *holder) release(t trial, who string) {
	t.Helper()
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running[holdArgs(who)] == nil {
		t.Fatalf("%s does not run", who)
	}
	close(h.running[holdArgs(who)])
}

// wasCancelled reports whether the context of a call, which must have begun, has
// ended.
func (h *holder) wasCancelled(t trial, who string) bool {
	t.Helper()
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running[holdArgs(who)] == nil {
		t.Errorf("%s never began", who)
	}
	return h.cancelled[holdArgs(who)] != nil
}

// hold is the params of a call of the holder.
func hold(who string) string { return `"name":"fake__hold","arguments":` + holdArgs(who) }

// gathering is more than the time in which changes of lists are gathered.
const gathering = 500 * time.Millisecond

// pass lets virtual time pass.
func pass(d time.Duration) { time.Sleep(d) }
