// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A Request is one request or notification with everything that a handler may
// know of it. It is not changed once the handlers see it.
type Request struct {
	ID      jsonrpc.ID          // zero in a notification
	Method  string              // as the client wrote it
	Params  []byte              // a raw object, nil if absent
	Header  map[string][]string // of the HTTP request; nil on stdio
	Channel jsonrpc.Channel     // nil in a notification

	Conn         *Connection // never nil; in the stateless era it lives for this request
	Version      mcp.Version // none before a handshake
	Client       mcp.Implementation
	Capabilities mcp.ClientCapabilities
	Principal    *mcp.Principal // nil: nobody in particular
	Meta         mcp.RequestMeta

	stateless bool // framed as in the stateless era, whatever its version
	batched   bool // one of several that came together
}

type requestKey struct{}

func withRequest(ctx context.Context, q *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, q)
}

// FromContext returns the request that ctx belongs to, or nil.
func FromContext(ctx context.Context) *Request {
	q, _ := ctx.Value(requestKey{}).(*Request)
	return q
}

// logLevel is the least severe level that the client wants, LogNone for no logs:
// named by each request in the stateless era, kept by the connection before.
func (q *Request) logLevel() mcp.LogLevel {
	if q.stateless {
		return mcp.ParseLogLevel(q.Meta.LogLevelName)
	}
	return q.Conn.logLevel()
}

// trace is the trace context of the body, or else that of the HTTP request.
func (q *Request) trace() mcp.TraceContext {
	if q.Meta.Trace.Parent != "" {
		return q.Meta.Trace
	}
	return mcp.TraceContext{
		Parent:  first(q.Header["Traceparent"]),
		State:   first(q.Header["Tracestate"]),
		Baggage: first(q.Header["Baggage"]),
	}
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// wireError gives a failure the code that the request's version has for it. An
// error that says nothing to a client stays as it is: the border to the wire
// makes it an internal error and keeps its text off the wire.
func (q *Request) wireError(err error) error {
	var p *mcp.ProtocolError
	if errors.As(err, &p) {
		return &jsonrpc.Error{Code: q.code(p.Reason), Message: p.Message, Data: p.WireData()}
	}
	if text, ok := toolFault(q, err); ok {
		return &jsonrpc.Error{Code: jsonrpc.InternalError, Message: text}
	}
	return err
}

func (q *Request) code(reason mcp.Reason) jsonrpc.Code {
	switch {
	case reason == mcp.ReasonResourceNotFound && !q.stateless:
		return mcp.CodeResourceNotFound
	case reason == mcp.ReasonInvalidParams, reason == mcp.ReasonNotFound, reason == mcp.ReasonResourceNotFound:
		return jsonrpc.InvalidParams
	case reason == mcp.ReasonMissingCapability && q.stateless:
		return mcp.CodeMissingCapability
	case reason == mcp.ReasonHeaderMismatch:
		return mcp.CodeHeaderMismatch
	default:
		return jsonrpc.InternalError
	}
}
