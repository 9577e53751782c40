// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
)

type toolCall struct {
	name      string
	arguments []byte // a raw object
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
	return toolCall{name, arguments}, nil
}

// callTool answers tools/call. What goes wrong with the tool is a result, so
// that the model can see it; what is wrong with the request is an error.
func (r *Runner) callTool(ctx context.Context, q *Request, p toolCall) (*mcp.CallToolResult, error) {
	timer := startCallTimer(ctx, r.opts.CallTimeout, r.opts.CallMax)
	defer timer.stop()
	sink := &sink{ctx: timer.ctx, req: q, timer: timer, level: q.logLevel()}

	outcome, err := r.opts.Tools.CallTool(timer.ctx, r.routed(q, p), sink)
	if err != nil {
		return r.failedCall(q, p.name, timer, err)
	}
	if outcome.InputRequired != nil {
		return mcp.ToolError(fmt.Sprintf("%s asks questions before it goes on, which this server does not pass on", p.name)), nil
	}
	return outcome.Tool, nil
}

// routed is the call with everything that a plugin may know about it.
func (r *Runner) routed(q *Request, p toolCall) *mcp.ToolCall {
	return &mcp.ToolCall{
		Name:      p.name,
		Arguments: p.arguments,
		Context: mcp.CallContext{
			RequestID:     r.callID(),
			ConnectionID:  q.Conn.idForPlugins(),
			Client:        q.Client,
			Capabilities:  q.Capabilities,
			LogLevel:      q.logLevel(),
			WantsProgress: q.Meta.ProgressToken != nil,
			Headers:       q.Header,
			Meta:          q.Meta.Rest,
			Trace:         q.trace(),
		},
	}
}

func (r *Runner) failedCall(q *Request, name string, timer *callTimer, err error) (*mcp.CallToolResult, error) {
	if timer.expired() {
		r.opts.Log.Warn("call took too long", "tool", name, "err", err)
		return mcp.ToolError(fmt.Sprintf("%s did not finish in time: %s", name, timer.cause())), nil
	}
	if fault := (*mcp.PluginError)(nil); errors.As(err, &fault) {
		r.opts.Log.Warn("call failed", "tool", name, "err", fault)
		return mcp.ToolError(fault.Public()), nil
	}
	if p := (*mcp.ProtocolError)(nil); errors.As(err, &p) && p.Reason == mcp.ReasonMissingCapability && !q.stateless {
		// The handshake era has no code for this; a tool error is what its
		// clients show.
		return mcp.ToolError(p.Message), nil
	}
	return nil, err
}

func (r *Runner) encodeToolResult(dst []byte, q *Request, result *mcp.CallToolResult) ([]byte, error) {
	return result.AppendJSON(dst, q.Version, r.stamp(q)), nil
}
