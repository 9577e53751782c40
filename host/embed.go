// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/plugin"
	"github.com/mcphost/mcphost/host/internal/registry"
	"github.com/mcphost/mcphost/host/internal/runner"
)

// The vocabulary of programs that embed a host.
type (
	// A Connection is what lasts between the requests of one client.
	Connection = runner.Connection
	// A Request is one request or notification, with its sender.
	Request = runner.Request
	// A Handler answers one request, or takes one notification.
	Handler = runner.Handler
	// Middleware wraps the handler of every request and notification.
	Middleware = runner.Middleware
	// A Question asks the client of a request something.
	Question = runner.Question
	// QuestionMiddleware wraps every Question.
	QuestionMiddleware = runner.QuestionMiddleware
	// A Result is the raw answer that a Handler returns.
	Result = jsonrpc.Result
	// Error is a JSON-RPC error as clients see it. Handlers may return it.
	Error = jsonrpc.Error
	// Outbound wraps the calls that leave the host for a plugin.
	Outbound = plugin.Outbound

	// A Source is a plugin of the program's own making.
	Source = registry.Source
	// A SourcePlugin is what a Source starts.
	SourcePlugin = registry.Plugin

	// A Tool is the definition of a tool.
	Tool = mcp.Tool
	// A HeaderParam is an argument that a header repeats.
	HeaderParam = mcp.HeaderParam
	// A ToolCall is one call of a tool.
	ToolCall = mcp.ToolCall
	// A CallToolResult is what a tool returned.
	CallToolResult = mcp.CallToolResult
	// A ContentBlock is one piece of content.
	ContentBlock = mcp.ContentBlock
	// An Outcome ends a call.
	Outcome = mcp.Outcome
	// A Sink takes what a call reports before its outcome.
	Sink = mcp.Sink
	// Kinds is a set of abilities, such as KindTools.
	Kinds = mcp.Kinds
)

// The kinds of abilities that a Source can provide.
const (
	KindTools         = mcp.KindTools
	KindPrompts       = mcp.KindPrompts
	KindResources     = mcp.KindResources
	KindCompletions   = mcp.KindCompletions
	KindSubscriptions = mcp.KindSubscriptions
)

// A Key names a value of type T in a connection's state. Keys are compared by
// identity.
type Key[T any] = runner.Key[T]

// State returns what the connection keeps under key.
func State[T any](c *Connection, key *Key[T]) (value T, ok bool) { return runner.Get(c, key) }

// SetState has the connection keep value under key until it ends: for one
// request in the stateless era.
func SetState[T any](c *Connection, key *Key[T], value T) { runner.Set(c, key, value) }

// RequestFrom returns the request that a handler's context belongs to, or nil.
func RequestFrom(ctx context.Context) *Request { return runner.FromContext(ctx) }

// HandleRequest adds a method, for every version. Params are decoded into P by
// exact member names, absent ones as {}; what does not fit is answered as
// invalid params. The result must encode to a JSON object. It fails when the
// method exists already or serving has begun.
func HandleRequest[P, R any](s *Server, method string, handle func(ctx context.Context, req *Request, params P) (R, error)) error {
	return runner.Register(s.runner, runner.Method[P, R]{
		Name:   method,
		Decode: decodeParams[P],
		Handle: handle,
		Encode: func(dst []byte, req *Request, result R) ([]byte, error) {
			data, err := json.Marshal(result)
			if err != nil {
				return nil, fmt.Errorf("result of %s: %w", method, err)
			}
			return s.runner.AppendObject(dst, req, data)
		},
	})
}

// HandleNotification adds a notification that clients may send. One that does
// not fit P is logged and dropped. It fails when the name is taken or serving
// has begun.
func HandleNotification[P any](s *Server, method string, handle func(ctx context.Context, req *Request, params P) error) error {
	return runner.RegisterNotification(s.runner, method, decodeParams[P], handle)
}

func decodeParams[P any](params []byte) (P, error) {
	var p P
	if len(params) == 0 {
		params = []byte("{}")
	}
	err := json.Unmarshal(params, &p)
	if misfit := (*json.SemanticError)(nil); errors.As(err, &misfit) {
		// The library's text names types of the program, which are no client's
		// business.
		return p, fmt.Errorf("params%s does not fit the method", strings.ReplaceAll(string(misfit.JSONPointer), "/", "."))
	}
	return p, err
}

// AddTool offers a tool of the program itself, also before any plugin has been
// started. It replaces one of the same name. It fails if the definition is not
// valid.
func (s *Server) AddTool(t Tool, call func(ctx context.Context, call *ToolCall, sink Sink) (Outcome, error)) error {
	if err := s.registry.AddTool(t, call); err != nil {
		return err
	}
	s.own.Or(uint32(KindTools)) // advertised from now on
	return nil
}

// RemoveTool withdraws a tool by the name it is offered under, also one that a
// plugin has yet to contribute.
func (s *Server) RemoveTool(name string) { s.registry.RemoveTool(name) }
