// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

type toolCall struct {
	name      string
	arguments []byte // a raw object
	resume    resume
}

func decodeToolCall(params []byte) (toolCall, error) {
	name, ok := stringParam(params, "name")
	if !ok {
		return toolCall{}, errors.New("name must be a string")
	}
	arguments, ok := rawjson.Get(params, "arguments")
	switch {
	case !ok || rawjson.KindOf(arguments) == rawjson.KindNull:
		arguments = []byte("{}")
	case rawjson.KindOf(arguments) != rawjson.KindObject:
		return toolCall{}, errors.New("arguments must be an object")
	}
	resume, err := decodeResume(params)
	return toolCall{name, arguments, resume}, err
}

// callTool answers tools/call. What goes wrong with the tool is a result, so
// that the model can see it; what is wrong with the request is an error.
func (r *Runner) callTool(ctx context.Context, q *Request, p toolCall) (*answer, error) {
	reply, err := r.converse(ctx, q, p.resume, func(ctx context.Context, again *mcp.Resumption, sink mcp.Sink) (mcp.Outcome, error) {
		return r.opts.Tools.CallTool(ctx, &mcp.ToolCall{
			Name:         p.name,
			Arguments:    p.arguments,
			Context:      r.callContext(q),
			Resumption:   again,
			CheckHeaders: q.stateless && q.Header != nil,
		}, sink)
	})
	if err == nil {
		return reply, nil
	}
	if text, ok := toolFault(q, err); ok {
		r.opts.Log.Warn("call failed", "tool", p.name, "err", err)
		return &answer{Outcome: mcp.Outcome{Tool: mcp.ToolError(text)}}, nil
	}
	return nil, err
}

// toolFault returns what the model is told of a failure that is the tool's.
func toolFault(q *Request, err error) (text string, ok bool) {
	if e := (*mcp.PluginError)(nil); errors.As(err, &e) {
		return e.Public(), true
	}
	if e := (*errTooLong)(nil); errors.As(err, &e) {
		return "the tool did not finish in time: " + e.why, true
	}
	if e := (*errQuestion)(nil); errors.As(err, &e) {
		return e.text, true
	}
	// The handshake era has no code for a missing capability; a tool error is
	// what its clients show.
	if e := (*mcp.ProtocolError)(nil); errors.As(err, &e) && e.Reason == mcp.ReasonMissingCapability && !q.stateless {
		return e.Message, true
	}
	return "", false
}

// callContext is everything that a plugin may know about a call.
func (r *Runner) callContext(q *Request) mcp.CallContext {
	return mcp.CallContext{
		RequestID:    r.callID(),
		ConnectionID: q.Conn.idForPlugins(),
		Client:       q.Client,
		Capabilities: q.Capabilities,
		LogLevel:     q.logLevel(),
		// Progress is wanted whether or not the client reads it: it also tells
		// the host's timer that the call is alive.
		WantsProgress: true,
		Headers:       q.Header,
		Meta:          q.Meta.Rest,
		Trace:         q.trace(),
	}
}
