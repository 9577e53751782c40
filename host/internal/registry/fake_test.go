// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

var (
	errBroken = errors.New("broken")
	errCrash  = errors.New("exit status 2")
)

// A fakeSource starts fakePlugins and remembers them.
type fakeSource struct {
	Source
	script func(ctx context.Context, n int) (*fakePlugin, error) // n counts from 1

	mu      sync.Mutex
	starts  int
	plugins []*fakePlugin
}

// fake returns a source with a prefix equal to its name whose plugins
// start at once and offer the tools.
func fake(name string, tools ...string) *fakeSource {
	return scripted(name, func(context.Context, int) (*fakePlugin, error) { return offering(tools...), nil })
}

// scripted returns a source with a prefix equal to its name.
func scripted(name string, script func(ctx context.Context, n int) (*fakePlugin, error)) *fakeSource {
	f := &fakeSource{script: script}
	f.Source = Source{Name: name, Prefix: name, Start: f.start}
	return f
}

func (f *fakeSource) unprefixed() *fakeSource {
	f.Prefix = ""
	return f
}

func (f *fakeSource) start(ctx context.Context) (Plugin, error) {
	f.mu.Lock()
	f.starts++
	n := f.starts
	f.mu.Unlock()
	p, err := f.script(ctx, n)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plugins = append(f.plugins, p)
	return p, nil
}

func (f *fakeSource) started() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.starts
}

// last returns the plugin that was started last.
func (f *fakeSource) last() *fakePlugin {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.plugins[len(f.plugins)-1]
}

// alive returns how many of the plugins were neither closed nor crashed.
func (f *fakeSource) alive() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.plugins {
		select {
		case <-p.done:
		default:
			n++
		}
	}
	return n
}

// A fakePlugin offers tools, and what else it provides, and says which was
// called.
type fakePlugin struct {
	provides mcp.Kinds // tools if zero
	fakeAbilities

	changes chan mcp.Kinds
	done    chan struct{}
	end     sync.Once
	call    func(ctx context.Context, call *mcp.ToolCall) (mcp.Outcome, error)
	list    func(ctx context.Context) ([]mcp.Tool, error)

	mu     sync.Mutex
	tools  []mcp.Tool
	err    error
	lists  int
	ended  []string // connections
	closed time.Time
}

func offering(tools ...string) *fakePlugin {
	return &fakePlugin{tools: toolsNamed(tools...), changes: make(chan mcp.Kinds, 1), done: make(chan struct{})}
}

func toolsNamed(names ...string) []mcp.Tool {
	tools := make([]mcp.Tool, 0, len(names))
	for _, name := range names {
		tools = append(tools, mcp.Tool{Name: name, Description: "does " + name, InputSchema: []byte(`{"type":"object"}`)})
	}
	return tools
}

func (p *fakePlugin) Provides() mcp.Kinds {
	if p.provides == 0 {
		return mcp.KindTools
	}
	return p.provides
}

func (p *fakePlugin) Done() <-chan struct{}     { return p.done }
func (p *fakePlugin) Changes() <-chan mcp.Kinds { return p.changes }

func (p *fakePlugin) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *fakePlugin) Close(context.Context) {
	p.end.Do(func() {
		p.mu.Lock()
		p.closed = time.Now()
		p.mu.Unlock()
		close(p.done)
	})
}

// crash ends the plugin as its process would.
func (p *fakePlugin) crash() {
	p.end.Do(func() {
		p.mu.Lock()
		p.err = errCrash
		p.mu.Unlock()
		close(p.done)
	})
}

// change replaces the tools and says so.
func (p *fakePlugin) change(tools ...string) {
	p.mu.Lock()
	p.tools = toolsNamed(tools...)
	p.mu.Unlock()
	p.changes <- mcp.KindTools
}

func (p *fakePlugin) ListTools(ctx context.Context) ([]mcp.Tool, error) {
	p.mu.Lock()
	p.lists++
	list, tools := p.list, slices.Clone(p.tools)
	p.mu.Unlock()
	if list != nil {
		return list(ctx)
	}
	return tools, nil
}

func (p *fakePlugin) CallTool(ctx context.Context, call *mcp.ToolCall, _ mcp.Sink) (mcp.Outcome, error) {
	if p.call != nil {
		return p.call(ctx, call)
	}
	return said(call.Name), nil
}

func (p *fakePlugin) EndConnection(_ context.Context, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = append(p.ended, id)
}

// said returns the outcome of a tool that answers with text.
func said(text string) mcp.Outcome {
	return mcp.Outcome{Tool: &mcp.CallToolResult{Content: []mcp.ContentBlock{{Text: &text}}}}
}

// A permanent error is not worth a retry.
type permanentFailure struct{ error }

func (permanentFailure) Permanent() bool { return true }
func (e permanentFailure) Unwrap() error { return e.error }

func failsPermanently(context.Context, int) (*fakePlugin, error) {
	return nil, permanentFailure{errBroken}
}

func fails(context.Context, int) (*fakePlugin, error) { return nil, errBroken }

// hangs is a start that obeys its context and nothing else.
func hangs(ctx context.Context, _ int) (*fakePlugin, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// takes is a start that succeeds after d.
func takes(d time.Duration, tools ...string) func(context.Context, int) (*fakePlugin, error) {
	return func(ctx context.Context, _ int) (*fakePlugin, error) {
		select {
		case <-time.After(d):
			return offering(tools...), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// failsUntil fails before the nth start and then offers the tools.
func failsUntil(n int, tools ...string) func(context.Context, int) (*fakePlugin, error) {
	return func(_ context.Context, start int) (*fakePlugin, error) {
		if start < n {
			return nil, errBroken
		}
		return offering(tools...), nil
	}
}

// bubble runs f with a registry of the sources, in virtual time without
// jitter, and closes it: the bubble fails if anything is then alive.
func bubble(t *testing.T, opts Options, sources []*fakeSource, f func(t *testing.T, r *Registry)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if opts.Discover == nil {
			opts.Discover = func(context.Context) ([]Source, error) {
				found := make([]Source, 0, len(sources))
				for _, s := range sources {
					found = append(found, s.Source)
				}
				return found, nil
			}
		}
		if opts.Rand == nil {
			opts.Rand = func() float64 { return 1 }
		}
		r := New(opts)
		defer func() {
			r.Close(t.Context())
			for _, s := range sources {
				if n := s.alive(); n != 0 {
					t.Errorf("%d plugins of %s are alive after Close", n, s.Name)
				}
			}
		}()
		f(t, r)
	})
}

func of(sources ...*fakeSource) []*fakeSource { return sources }

func mustList(t *testing.T, r *Registry) *mcp.ToolList {
	t.Helper()
	list, err := r.ListTools(t.Context())
	if err != nil {
		t.Fatalf("ListTools: %v", err)
	}
	return list
}

func names(list *mcp.ToolList) []string {
	names := make([]string, 0, len(list.Items))
	for _, tool := range list.Items {
		names = append(names, tool.Name)
	}
	return names
}

func wantNames(t *testing.T, list *mcp.ToolList, want ...string) {
	t.Helper()
	if got := names(list); !slices.Equal(got, want) {
		t.Errorf("tools = %q, want %q", got, want)
	}
}

func call(t *testing.T, r *Registry, name string) (string, error) {
	t.Helper()
	out, err := r.CallTool(t.Context(), &mcp.ToolCall{Name: name, Arguments: []byte("{}")}, nil)
	if err != nil {
		return "", err
	}
	return *out.Tool.Content[0].Text, nil
}

func wantCall(t *testing.T, r *Registry, name, want string) {
	t.Helper()
	if got, err := call(t, r, name); err != nil || got != want {
		t.Errorf("call %s = %q, %v; want %q", name, got, err, want)
	}
}

// wantReason checks that err is a ProtocolError with the reason.
func wantReason(t *testing.T, err error, reason mcp.Reason) *mcp.ProtocolError {
	t.Helper()
	e, ok := errors.AsType[*mcp.ProtocolError](err)
	if !ok || e.Reason != reason {
		t.Fatalf("error = %#v, want a protocol error of reason %d", err, reason)
	}
	return e
}

func wantPluginError(t *testing.T, err error, text string) {
	t.Helper()
	e, ok := errors.AsType[*mcp.PluginError](err)
	if !ok || e.Text != text {
		t.Fatalf("error = %v, want a plugin error %q", err, text)
	}
}

func wantState(t *testing.T, r *Registry, name, want string) {
	t.Helper()
	for _, s := range r.States() {
		if s.Name == name {
			if s.State != want {
				t.Errorf("%s is %s, want %s", name, s.State, want)
			}
			return
		}
	}
	t.Errorf("%s is unknown, want %s", name, want)
}

// wantLasted checks how much virtual time has passed since start.
func wantLasted(t *testing.T, start time.Time, want time.Duration) {
	t.Helper()
	if got := time.Since(start); got != want {
		t.Errorf("took %v, want %v", got, want)
	}
}

// counter counts the changes that are announced.
type counter struct {
	mu sync.Mutex
	n  int
}

func count(r *Registry) *counter {
	c := &counter{}
	r.OnChange(func(mcp.Kinds) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.n++
	})
	return c
}

func (c *counter) want(t *testing.T, want int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n != want {
		t.Errorf("%d changes were announced, want %d", c.n, want)
	}
}

// pass lets virtual time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// lookupTool returns the definition of a tool that is listed now.
func (r *Registry) lookupTool(name string) (*mcp.Tool, bool) {
	it := r.kinds.tools.find(r.current.Load(), name)
	if it == nil {
		return nil, false
	}
	return &it.def, true
}

// load starts one plugin, if it does not run, and waits for it.
func (r *Registry) load(ctx context.Context, name string) error {
	src, err := r.find(ctx, name)
	if err != nil {
		return err
	}
	r.wake(func(s *source) bool { return s == src })
	return r.loaded(ctx, src)
}
