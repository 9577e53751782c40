// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host"
)

const initialize = `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"0"}}`

// embed makes a server with fake plugins for use in memory.
func embed(t *testing.T, plugins string, opts host.Options) *host.Server {
	t.Helper()
	opts.Sources = append(opts.Sources, fakeSources(t, plugins)...)
	server, err := host.New(host.Config{Name: "test", Version: "1"}, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return server
}

func connect(t *testing.T, s *host.Server, opts host.ClientOptions) *host.Client {
	t.Helper()
	c, err := s.Connect(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func mustCall(t *testing.T, c *host.Client, method, params string) string {
	t.Helper()
	result, err := c.Call(t.Context(), method, []byte(params))
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return string(result)
}

func TestEmbedderAddsTypedMethodsAndNotifications(t *testing.T) {
	s := embed(t, "", host.Options{})
	type params struct {
		Name string `json:"name"`
	}
	type greeting struct {
		Text string `json:"text"`
	}
	err := host.HandleRequest(s, "example/greet", func(_ context.Context, req *host.Request, p params) (greeting, error) {
		if p.Name == "" {
			return greeting{}, &host.Error{Code: -1, Message: "whom?"}
		}
		return greeting{"Hello, " + p.Name}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 1)
	err = host.HandleNotification(s, "example/note", func(_ context.Context, _ *host.Request, p params) error {
		heard <- p.Name
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"initialize", "tools/list"} {
		if err := host.HandleRequest(s, name, func(context.Context, *host.Request, params) (greeting, error) { return greeting{}, nil }); err == nil {
			t.Errorf("%s could be replaced", name)
		}
	}

	c := connect(t, s, host.ClientOptions{})
	mustCall(t, c, "initialize", initialize)
	if got := mustCall(t, c, "example/greet", `{"name":"you"}`); got != `{"text":"Hello, you"}` {
		t.Errorf("greet: %s", got)
	}
	if got := mustCall(t, c, "example/greet", `{"name":"you",`+statelessMeta+`}`); !strings.Contains(got, `"resultType":"complete"`) {
		t.Errorf("stateless greet: %s", got)
	}
	for params, code := range map[string]int{`{"Name":"you"}`: -1, `{"name":7}`: -32602, ``: -1} {
		_, err := c.Call(t.Context(), "example/greet", []byte(params))
		if e := (*host.Error)(nil); !errors.As(err, &e) || int(e.Code) != code {
			t.Errorf("greet %s: %v, want code %d", params, err, code)
		}
	}
	// A malformed notification is dropped, and the next one still arrives.
	for _, params := range []string{`{"name":7}`, `{"name":"me"}`} {
		if err := c.Notify(t.Context(), "example/note", []byte(params)); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-heard; got != "me" {
		t.Errorf("notification: %q", got)
	}
	if err := host.HandleRequest(s, "example/late", func(context.Context, *host.Request, params) (greeting, error) { return greeting{}, nil }); err == nil {
		t.Error("a method could be added while serving")
	}
}

func TestMiddlewareWrapsEverythingOutermostFirst(t *testing.T) {
	var mu sync.Mutex
	var order []string
	wrap := func(name string) host.Middleware {
		return func(next host.Handler) host.Handler {
			return func(ctx context.Context, req *host.Request) (host.Result, error) {
				mu.Lock()
				order = append(order, name+" "+req.Method)
				mu.Unlock()
				return next(ctx, req)
			}
		}
	}
	s := embed(t, "", host.Options{Middleware: []host.Middleware{wrap("outer"), wrap("inner")}})
	c := connect(t, s, host.ClientOptions{})
	mustCall(t, c, "initialize", initialize)
	if err := c.Notify(t.Context(), "notifications/initialized", nil); err != nil {
		t.Fatal(err)
	}
	c.Close()
	want := []string{"outer initialize", "inner initialize", "outer notifications/initialized", "inner notifications/initialized"}
	if !slices.Equal(order, want) {
		t.Errorf("order %q, want %q", order, want)
	}
}

var visits = &host.Key[int]{Name: "visits"}

// visit counts the requests that a connection's state has seen.
func visit(s *host.Server) error {
	type none struct{}
	return host.HandleRequest(s, "example/visit", func(_ context.Context, req *host.Request, _ none) (map[string]any, error) {
		n, _ := host.State(req.Conn, visits)
		host.SetState(req.Conn, visits, n+1)
		return map[string]any{"visits": n + 1, "session": req.Conn.SessionID(), "headers": len(req.Header)}, nil
	})
}

func TestStateLastsForAConnectionAndInTheStatelessEraForARequest(t *testing.T) {
	s := embed(t, "", host.Options{})
	if err := visit(s); err != nil {
		t.Fatal(err)
	}
	c := connect(t, s, host.ClientOptions{})
	mustCall(t, c, "initialize", initialize)
	for _, want := range []string{`"visits":1`, `"visits":2`} {
		if got := mustCall(t, c, "example/visit", `{}`); !strings.Contains(got, want) || !strings.Contains(got, `"session":""`) || !strings.Contains(got, `"headers":0`) {
			t.Errorf("handshake era: %s, want %s", got, want)
		}
	}
	for range 2 {
		if got := mustCall(t, c, "example/visit", `{`+statelessMeta+`}`); !strings.Contains(got, `"visits":1`) {
			t.Errorf("stateless era: %s", got)
		}
	}
}

func TestHeadersReachHandlersInBothEras(t *testing.T) {
	s := embed(t, "", host.Options{})
	type none struct{}
	err := host.HandleRequest(s, "example/header", func(ctx context.Context, _ *host.Request, _ none) (map[string]any, error) {
		return map[string]any{"tenant": host.RequestFrom(ctx).Header["X-Tenant"]}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, s, host.ClientOptions{Header: map[string][]string{
		"X-Tenant": {"a"}, "Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"example/header"},
	}})
	mustCall(t, c, "initialize", initialize)
	for _, params := range []string{`{}`, `{` + statelessMeta + `}`} {
		if got := mustCall(t, c, "example/header", params); !strings.Contains(got, `"tenant":["a"]`) {
			t.Errorf("%s: %s", params, got)
		}
	}
}

func TestExitStackUnwindsWhateverItsClosersDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := embed(t, "", host.Options{})
		var order []string
		type none struct{}
		err := host.HandleRequest(s, "example/open", func(_ context.Context, req *host.Request, _ none) (none, error) {
			req.Conn.OnClose(func(context.Context) error { order = append(order, "first"); return nil })
			req.Conn.OnClose(func(context.Context) error { order = append(order, "panics"); panic("closer") })
			req.Conn.OnClose(func(ctx context.Context) error { <-ctx.Done(); order = append(order, "hangs"); return ctx.Err() })
			req.Conn.OnClose(func(context.Context) error { order = append(order, "fails"); return errors.New("closer") })
			req.Conn.OnClose(func(ctx context.Context) error { order = append(order, "last"); return ctx.Err() })
			return none{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		c, err := s.Connect(ctx, host.ClientOptions{})
		if err != nil {
			t.Fatal(err)
		}
		mustCall(t, c, "initialize", initialize)
		mustCall(t, c, "example/open", `{}`)
		cancel() // the closers run under a cancelled parent all the same
		begun := time.Now()
		c.Close()
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("closing took %s", took)
		}
		if want := []string{"last", "fails", "hangs", "panics", "first"}; !slices.Equal(order, want) {
			t.Errorf("order %q, want %q", order, want)
		}
	})
}

func TestStatelessConnectionClosesAfterItsResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := embed(t, "", host.Options{})
		type none struct{}
		closed := make(chan struct{})
		err := host.HandleRequest(s, "example/open", func(_ context.Context, req *host.Request, _ none) (none, error) {
			req.Conn.OnClose(func(context.Context) error { close(closed); return nil })
			return none{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		c := connect(t, s, host.ClientOptions{})
		mustCall(t, c, "example/open", `{`+statelessMeta+`}`)
		<-closed
		c.Close()
	})
}

type lifespanKey struct{}

func TestLifespanIsOpenFromFirstConnectionToAfterTheLast(t *testing.T) {
	var log []string
	s, err := host.New(host.Config{}, host.Options{
		Lifespan: func(ctx context.Context) (context.Context, func(context.Context) error, error) {
			log = append(log, "open")
			return context.WithValue(ctx, lifespanKey{}, "a database"), func(context.Context) error { log = append(log, "end"); return nil }, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	type none struct{}
	err = host.HandleRequest(s, "example/value", func(ctx context.Context, _ *host.Request, _ none) (map[string]any, error) {
		return map[string]any{"value": ctx.Value(lifespanKey{})}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := s.Request(t.Context(), "example/value", nil, nil)
		if err != nil || !strings.Contains(string(got), "a database") {
			t.Errorf("%s, %v", got, err)
		}
		log = append(log, "served")
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"open", "served", "served", "end"}; !slices.Equal(log, want) {
		t.Errorf("%q, want %q", log, want)
	}
	if err := s.ServeStdio(t.Context(), strings.NewReader(""), io.Discard); err != nil {
		t.Logf("serving after close: %v", err)
	}
}

func TestFailedLifespanKeepsServingFromBeginning(t *testing.T) {
	s := embed(t, "", host.Options{Lifespan: func(context.Context) (context.Context, func(context.Context) error, error) {
		return nil, nil, errors.New("no database")
	}})
	if err := s.ServeStdio(t.Context(), strings.NewReader(""), io.Discard); err == nil || !strings.Contains(err.Error(), "no database") {
		t.Errorf("serve: %v", err)
	}
}

func TestHandshakesAgreeAndStartNothing(t *testing.T) {
	for name, provides := range map[string][]string{"opaque": nil, "prompts only": {"prompts"}, "tools only": {"tools"}} {
		t.Run(name, func(t *testing.T) {
			s, err := host.New(host.Config{Plugins: []host.PluginConfig{{Name: "x", Command: "/does/not/exist", Provides: provides}}}, host.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close(context.Background())
			c := connect(t, s, host.ClientOptions{})
			handshake := mustCall(t, c, "initialize", initialize)
			discover := mustCall(t, c, "server/discover", `{`+statelessMeta+`}`)
			wantTools := name != "prompts only"
			for _, answer := range []string{handshake, discover} {
				if got := strings.Contains(answer, `"tools":{"listChanged":true}`); got != wantTools {
					t.Errorf("advertises tools: %t, want %t: %s", got, wantTools, answer)
				}
				if got := strings.Contains(answer, `"prompts":{"listChanged":true}`); got != (name != "tools only") {
					t.Errorf("advertises prompts: %t: %s", got, answer)
				}
			}
		})
	}
}

func TestToolsOfTheProgramItselfSurviveTheLoad(t *testing.T) {
	s := embed(t, "fake tools=echo,fail", host.Options{})
	err := s.AddTool(host.Tool{Name: "own", InputSchema: []byte(`{"type":"object"}`)}, func(context.Context, *host.ToolCall, host.Sink) (host.Outcome, error) {
		return host.Outcome{Tool: &host.CallToolResult{StructuredContent: []byte(`{"own":true}`)}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.RemoveTool("fake__fail")
	list, err := s.Request(t.Context(), "tools/list", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{`"own"`: true, `"fake__echo"`: true, `"fake__fail"`: false} {
		if strings.Contains(string(list), name) != want {
			t.Errorf("%s listed: %t, want %t: %s", name, !want, want, list)
		}
	}
	result, err := s.Request(t.Context(), "tools/call", []byte(`{"name":"own"}`), nil)
	if err != nil || !strings.Contains(string(result), `"text":"{\"own\":true}"`) {
		t.Errorf("call: %s, %v", result, err)
	}
}

func TestRequestReportsProgressBeforeItReturns(t *testing.T) {
	s := embed(t, "fake tools=report", host.Options{})
	var methods []string
	_, err := s.Request(t.Context(), "tools/call", []byte(`{"name":"fake__report"}`), func(method string, _ []byte) { methods = append(methods, method) })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"notifications/progress", "notifications/message", "notifications/message", "notifications/progress"}
	if !slices.Equal(methods, want) {
		t.Errorf("%q, want %q", methods, want)
	}
}
