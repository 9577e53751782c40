// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"

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
	add(r, Method[string, *mcp.ListPage]{mcp.MethodListTools, 0, 0, decodeCursor, r.listTools, r.encodePage})
	add(r, Method[toolCall, *mcp.CallToolResult]{mcp.MethodCallTool, 0, 0, decodeToolCall, r.callTool, r.encodeToolResult})
	add(r, Method[mcp.LogLevel, none]{mcp.MethodSetLogLevel, 0, mcp.LatestHandshake, decodeLogLevel, r.setLogLevel, encodeEmpty})
	add(r, Method[mcp.Kinds, jsonrpc.Raw]{mcp.MethodListen, mcp.Version20260728, 0, decodeListen, r.listen, encodeRaw})

	// Clients of the handshake era ask for these whatever was advertised, and
	// some give up on "method not found".
	for method, key := range map[string]string{
		mcp.MethodListPrompts:           "prompts",
		mcp.MethodListResources:         "resources",
		mcp.MethodListResourceTemplates: "resourceTemplates",
	} {
		add(r, Method[string, *mcp.ListPage]{method, 0, mcp.LatestHandshake, decodeCursor, emptyList(key), r.encodePage})
	}

	r.notices[mcp.NoticeInitialized] = r.initialized
}

// add registers one of the methods above, whose names are known to be unique.
func add[P, R any](r *Runner, m Method[P, R]) { r.methods[m.Name] = m.erase() }

func encodeEmpty(dst []byte, _ *Request, _ none) ([]byte, error) { return append(dst, "{}"...), nil }

func encodeRaw(dst []byte, _ *Request, raw jsonrpc.Raw) ([]byte, error) {
	return append(dst, raw...), nil
}
