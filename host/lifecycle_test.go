// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host"
)

func TestToolsOfTheProgramItselfAreAdvertised(t *testing.T) {
	s := embed(t, "", host.Options{})
	call := func(context.Context, *host.ToolCall, host.Sink) (host.Outcome, error) { return host.Outcome{}, nil }
	if err := s.AddTool(host.Tool{Name: "own", InputSchema: []byte(`{"type":"object"}`)}, call); err != nil {
		t.Fatal(err)
	}
	c := connect(t, s, host.ClientOptions{})
	if got := mustCall(t, c, "initialize", initialize); !strings.Contains(got, `"tools":{"listChanged":true}`) {
		t.Errorf("advertises %s", got)
	}
}

func TestStatelessMethodsOfNoCapabilityAreNotFound(t *testing.T) {
	s, err := host.New(host.Config{Plugins: []host.PluginConfig{{Name: "x", Command: "/does/not/exist", Provides: []string{"prompts"}}}}, host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	c := connect(t, s, host.ClientOptions{})
	for _, method := range []string{"tools/list", "tools/call", "resources/read", "completion/complete"} {
		_, err := c.Call(t.Context(), method, []byte(`{"name":"a","uri":"a:b",`+statelessMeta+`}`))
		if e := (*host.Error)(nil); !errors.As(err, &e) || e.Code != -32601 {
			t.Errorf("%s: %v", method, err)
		}
	}
	// Clients of the handshake era ask all the same, and get an empty list.
	mustCall(t, c, "initialize", initialize)
	if got := mustCall(t, c, "tools/list", `{}`); got != `{"tools":[]}` {
		t.Errorf("handshake era: %s", got)
	}
}

func TestExitStackUnwindsWhenTheHandlerPanics(t *testing.T) {
	s := embed(t, "", host.Options{})
	type none struct{}
	closed := make(chan struct{})
	err := host.HandleRequest(s, "example/panic", func(_ context.Context, req *host.Request, _ none) (none, error) {
		req.Conn.OnClose(func(context.Context) error { close(closed); return nil })
		panic("handler")
	})
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, s, host.ClientOptions{})
	if _, err := c.Call(t.Context(), "example/panic", []byte(`{`+statelessMeta+`}`)); err == nil {
		t.Error("a panic is a result")
	}
	<-closed
}

func TestLifespanEndsOnceWhateverItsEndDoes(t *testing.T) {
	for name, end := range map[string]func(context.Context) error{
		"well":   func(context.Context) error { return nil },
		"panics": func(context.Context) error { panic("end") },
		"hangs":  func(ctx context.Context) error { <-ctx.Done(); time.Sleep(time.Hour); return nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			var ended atomic.Int32
			s, err := host.New(host.Config{}, host.Options{Lifespan: func(ctx context.Context) (context.Context, func(context.Context) error, error) {
				return ctx, func(ctx context.Context) error { ended.Add(1); return end(ctx) }, nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Request(t.Context(), "server/discover", nil, nil); err != nil {
				t.Fatal(err)
			}
			first := s.Close(t.Context())
			if second := s.Close(t.Context()); ended.Load() != 1 || (first == nil) != (name == "well") || second != first {
				t.Errorf("%s: ended %d times: %v, then %v", name, ended.Load(), first, second)
			}
			if _, err := s.Request(t.Context(), "server/discover", nil, nil); err == nil {
				t.Error("it serves after it was closed")
			}
			time.Sleep(2 * time.Hour)
		})
	}
}

func TestQuestionMiddlewareWrapsWhatLeavesForClients(t *testing.T) {
	var asked []string
	wrap := func(next host.Question) host.Question {
		return func(ctx context.Context, req *host.Request, method string, params []byte) ([]byte, error) {
			asked = append(asked, req.Method+" "+method)
			return next(ctx, req, method, params)
		}
	}
	s := embed(t, "fake tools=three", host.Options{Questions: []host.QuestionMiddleware{wrap}})
	c := connect(t, s, host.ClientOptions{Request: func(_ context.Context, method string, _ []byte) ([]byte, error) {
		return []byte(answers[method]), nil
	}})
	mustCall(t, c, "initialize", `{"protocolVersion":"2025-11-25","capabilities":{"elicitation":{},"sampling":{},"roots":{}}}`)
	mustCall(t, c, "tools/call", `{"name":"fake__three"}`)
	if got := strings.Join(asked, ", "); got != "tools/call elicitation/create, tools/call sampling/createMessage, tools/call roots/list" {
		t.Errorf("asked %s", got)
	}
}

func TestCancelledHTTPCallsAreAnsweredWhenTheServerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := embed(t, "fake tools=wait", host.Options{})
		ctx, stop := context.WithCancel(context.Background())
		l := newMemoryListener()
		served := make(chan error, 1)
		go func() { served <- s.ServeHTTP(ctx, l) }()
		client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return l.dial() }, DisableKeepAlives: true}}
		post := func(body string, headers ...string) string {
			req, _ := http.NewRequest(http.MethodPost, "http://127.0.0.1/mcp", strings.NewReader(body)) // constant and valid
			req.Header.Set("Content-Type", "application/json")
			for _, h := range headers {
				name, value, _ := strings.Cut(h, ": ")
				req.Header.Set(name, value)
			}
			resp, err := client.Do(req)
			if err != nil {
				return err.Error()
			}
			defer resp.Body.Close()
			return resp.Header.Get("Mcp-Session-Id") + bodyOf(t, resp)
		}
		session, _, _ := strings.Cut(post(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}`), "{")
		results := make(chan string, 2)
		go func() {
			results <- post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fake__wait"}}`, "Mcp-Session-Id: "+session)
		}()
		go func() {
			results <- post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fake__wait",`+statelessMeta+`}}`, stateless("tools/call", "Mcp-Name: fake__wait")...)
		}()
		synctest.Wait()
		stop()
		for range 2 {
			if got := <-results; !strings.Contains(got, `"code":-32000`) {
				t.Errorf("answer %q", got)
			}
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
}

// A memoryListener connects in memory, so that time can be virtual.
type memoryListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newMemoryListener() *memoryListener {
	return &memoryListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *memoryListener) dial() (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error   { close(l.closed); return nil }
func (l *memoryListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
