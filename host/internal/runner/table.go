// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A Method is one row of the method table. Its types are tied together here and
// erased in the table.
type Method[P, R any] struct {
	Name string
	// Since and Until bound the versions that have the method, both included.
	// Zero: the oldest, the newest.
	Since, Until mcp.Version
	// Decode reads the raw params, an object or nil. Its error reaches the
	// client as invalid params.
	Decode func(params []byte) (P, error)
	Handle func(ctx context.Context, req *Request, params P) (R, error)
	// Encode appends the result as the request's version knows it.
	Encode func(dst []byte, req *Request, result R) ([]byte, error)
}

// An entry is a Method without its types.
type entry struct {
	since, until mcp.Version
	handle       Handler
}

// servedIn reports whether the request's version has the method. Before a
// handshake there is no version: what may be served then is admitted elsewhere.
func (e *entry) servedIn(q *Request) bool {
	if q.Version == mcp.VersionNone {
		return e.since == mcp.Version20241105
	}
	return q.Version >= e.since && q.Version <= e.until
}

// Register adds a method. It fails when the name is taken, is initialize, or
// serving has begun.
func Register[P, R any](r *Runner, m Method[P, R]) error {
	if r.frozen.Load() {
		return fmt.Errorf("method %s: serving has begun", m.Name)
	}
	if r.methods[m.Name] != nil {
		return fmt.Errorf("method %s: registered already", m.Name)
	}
	r.methods[m.Name] = m.erase()
	return nil
}

func (m Method[P, R]) erase() *entry {
	e := &entry{since: m.Since, until: m.Until}
	if e.since == mcp.VersionNone {
		e.since = mcp.Version20241105
	}
	if e.until == mcp.VersionNone {
		e.until = mcp.LatestStateless
	}
	e.handle = func(ctx context.Context, req *Request) (jsonrpc.Result, error) {
		params, err := m.Decode(req.Params)
		if err != nil {
			return nil, invalidParams(err)
		}
		result, err := m.Handle(ctx, req, params)
		if err != nil {
			return nil, err
		}
		return &encodable[R]{req: req, result: result, encode: m.Encode}, nil
	}
	return e
}

// encodable is a result that waits for the buffer of its response.
type encodable[R any] struct {
	req    *Request
	result R
	encode func([]byte, *Request, R) ([]byte, error)
}

func (e *encodable[R]) AppendJSON(dst []byte) ([]byte, error) {
	return e.encode(dst, e.req, e.result)
}

type noticeEntry func(ctx context.Context, req *Request) error

// RegisterNotification adds a notification that clients may send. It fails when
// the name is taken or serving has begun.
func RegisterNotification[P any](
	r *Runner,
	name string,
	decode func(params []byte) (P, error),
	handle func(ctx context.Context, req *Request, params P) error,
) error {
	if r.frozen.Load() {
		return fmt.Errorf("notification %s: serving has begun", name)
	}
	if r.notices[name] != nil {
		return fmt.Errorf("notification %s: registered already", name)
	}
	r.notices[name] = func(ctx context.Context, req *Request) error {
		params, err := decode(req.Params)
		if err != nil {
			return err
		}
		return handle(ctx, req, params)
	}
	return nil
}

// invalidParams gives a decoder's error its code, unless it has one.
func invalidParams(err error) error {
	if e := (*jsonrpc.Error)(nil); errors.As(err, &e) {
		return err
	}
	return &jsonrpc.Error{Code: jsonrpc.InvalidParams, Message: err.Error()}
}

// none is for methods without params, and results without members.
type none struct{}

func decodeNone([]byte) (none, error) { return none{}, nil }

// registerMethods fills the table: the whole surface of the server, in the
// order of the specification. Each row is one line so that it reads as a list.
func (r *Runner) registerMethods() {
	add(r, Method[initializeParams, *mcp.InitializeResult]{mcp.MethodInitialize, 0, mcp.LatestHandshake, decodeInitialize, r.initialize, encodeInitialize})
	add(r, Method[none, none]{mcp.MethodPing, 0, mcp.LatestHandshake, decodeNone, r.ping, encodeEmpty})
	add(r, Method[none, *mcp.DiscoverResult]{mcp.MethodDiscover, mcp.Version20260728, 0, decodeNone, r.discover, r.encodeDiscover})
	add(r, Method[mcp.LogLevel, none]{mcp.MethodSetLogLevel, 0, mcp.LatestHandshake, decodeLogLevel, r.setLogLevel, encodeEmpty})
	add(r, Method[listenParams, jsonrpc.Raw]{mcp.MethodListen, mcp.Version20260728, 0, decodeListen, r.listen, encodeRaw})
	r.registerTools()
	r.registerPrompts()
	r.registerResources()

	r.notices[mcp.NoticeInitialized] = r.initialized
	r.notices[mcp.NoticeRootsChanged] = func(context.Context, *Request) error { return nil } // plugins ask for roots anew each time
}

func (r *Runner) registerTools() {
	src := r.opts.Tools
	if src == nil {
		return
	}
	tools := &lister[mcp.Tool]{key: "tools", kind: mcp.KindTools, fetch: src.ListTools, name: func(t *mcp.Tool) string { return t.Name }, write: (*mcp.Tool).AppendJSON}
	add(r, Method[string, *mcp.ListPage]{mcp.MethodListTools, 0, 0, decodeCursor, tools.handle(r), r.encodePage})
	add(r, Method[toolCall, *answer]{mcp.MethodCallTool, 0, 0, decodeToolCall, r.callTool, r.encodeAnswer})
}

func (r *Runner) registerPrompts() {
	src := r.opts.Prompts
	if src == nil {
		r.registerEmptyList(mcp.MethodListPrompts, "prompts")
		return
	}
	prompts := &lister[mcp.Prompt]{key: "prompts", kind: mcp.KindPrompts, fetch: src.ListPrompts, name: func(p *mcp.Prompt) string { return p.Name }, write: (*mcp.Prompt).AppendJSON}
	add(r, Method[string, *mcp.ListPage]{mcp.MethodListPrompts, 0, 0, decodeCursor, prompts.handle(r), r.encodePage})
	add(r, Method[promptCall, *answer]{mcp.MethodGetPrompt, 0, 0, decodePromptCall, r.getPrompt, r.encodeAnswer})
	if r.opts.Completions != nil {
		add(r, Method[*mcp.CompleteCall, *mcp.Completion]{mcp.MethodComplete, 0, 0, decodeComplete, r.complete, r.encodeCompletion})
	}
}

func (r *Runner) registerResources() {
	src := r.opts.Resources
	if src == nil {
		r.registerEmptyList(mcp.MethodListResources, "resources")
		r.registerEmptyList(mcp.MethodListResourceTemplates, "resourceTemplates")
		return
	}
	resources := &lister[mcp.Resource]{key: "resources", kind: mcp.KindResources, fetch: src.ListResources, name: func(r *mcp.Resource) string { return r.URI }, write: (*mcp.Resource).AppendJSON}
	templates := &lister[mcp.ResourceTemplate]{key: "resourceTemplates", kind: mcp.KindResources, fetch: src.ListTemplates, name: func(t *mcp.ResourceTemplate) string { return t.URITemplate }, write: (*mcp.ResourceTemplate).AppendJSON}
	add(r, Method[string, *mcp.ListPage]{mcp.MethodListResources, 0, 0, decodeCursor, resources.handle(r), r.encodePage})
	add(r, Method[string, *mcp.ListPage]{mcp.MethodListResourceTemplates, 0, 0, decodeCursor, templates.handle(r), r.encodePage})
	add(r, Method[readCall, *answer]{mcp.MethodReadResource, 0, 0, decodeReadCall, r.readResource, r.encodeAnswer})
	if r.opts.Subscriptions != nil {
		add(r, Method[string, none]{mcp.MethodSubscribe, 0, mcp.LatestHandshake, decodeURI, r.subscribe, encodeEmpty})
		add(r, Method[string, none]{mcp.MethodUnsubscribe, 0, mcp.LatestHandshake, decodeURI, r.unsubscribe, encodeEmpty})
	}
}

// registerEmptyList serves the list of what is not there: clients of the
// handshake era ask for it whatever was advertised, and some give up on "method
// not found".
func (r *Runner) registerEmptyList(method, key string) {
	add(r, Method[string, *mcp.ListPage]{method, 0, mcp.LatestHandshake, decodeCursor, emptyList(key), r.encodePage})
}

// add registers one of the methods above, whose names are known to be unique.
func add[P, R any](r *Runner, m Method[P, R]) { r.methods[m.Name] = m.erase() }

func encodeEmpty(dst []byte, _ *Request, _ none) ([]byte, error) { return append(dst, "{}"...), nil }

func encodeRaw(dst []byte, _ *Request, raw jsonrpc.Raw) ([]byte, error) {
	return append(dst, raw...), nil
}

// A MethodInfo is a row of the method table without its handler.
type MethodInfo struct {
	Name         string
	Since, Until mcp.Version
}

// Methods returns the rows of the method table, by name.
func (r *Runner) Methods() []MethodInfo {
	list := make([]MethodInfo, 0, len(r.methods))
	for name, e := range r.methods {
		list = append(list, MethodInfo{name, e.since, e.until})
	}
	slices.SortFunc(list, func(a, b MethodInfo) int { return strings.Compare(a.Name, b.Name) })
	return list
}
