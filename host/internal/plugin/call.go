// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"

	"github.com/mcphost/mcphost/host/internal/mcp"
	"github.com/mcphost/mcphost/host/internal/rawjson"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// The services of a plugin, as error texts name them.
const (
	serviceTools         = "tools"
	serviceResources     = "resources"
	servicePrompts       = "prompts"
	serviceCompletions   = "completions"
	serviceSubscriptions = "subscriptions"
)

// CallTool runs one tool under the plugin's own name for it. What the plugin
// reports goes to sink, in order, from the calling goroutine; nothing follows
// the return. When ctx ends the call is cancelled in the plugin too.
//
// The error is a *mcp.ProtocolError if the plugin says that the call cannot be
// served as asked, a *mcp.PluginError if the plugin fails, is busy or is gone,
// and wraps ctx's cause if the caller gave up.
func (p *Plugin) CallTool(ctx context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error) {
	return perform(ctx, p, &round[*pluginv1.CallToolResponse, *pluginv1.CallToolResult]{
		service: serviceTools,
		report:  reporter{call: &call.Context, sink: sink, log: p.log},
		open: func(ctx context.Context) (receiver[*pluginv1.CallToolResponse], error) {
			return p.tools.CallTool(ctx, p.toolRequest(call))
		},
		result: func(r *pluginv1.CallToolResult) (mcp.Outcome, error) {
			result, err := toolResult(r)
			return mcp.Outcome{Tool: result}, err
		},
	})
}

// ReadResource reads one resource; all else is as in CallTool. That there is no
// such resource is a *mcp.ProtocolError of mcp.ReasonResourceNotFound.
func (p *Plugin) ReadResource(ctx context.Context, call *mcp.ReadCall, sink mcp.Sink) (mcp.Outcome, error) {
	out, err := perform(ctx, p, &round[*pluginv1.ReadResourceResponse, *pluginv1.ReadResourceResult]{
		service: serviceResources,
		report:  reporter{call: &call.Context, sink: sink, log: p.log},
		open: func(ctx context.Context) (receiver[*pluginv1.ReadResourceResponse], error) {
			return p.resources.ReadResource(ctx, p.readRequest(call))
		},
		result: func(r *pluginv1.ReadResourceResult) (mcp.Outcome, error) {
			result, err := readResult(r, call.URI)
			return mcp.Outcome{Resource: result}, err
		},
	})
	if refused, ok := errors.AsType[*mcp.ProtocolError](err); ok && refused.Reason == mcp.ReasonNotFound {
		// 2026-07-28, resources, "Error Handling": the data name the URI.
		refused.Reason = mcp.ReasonResourceNotFound
		refused.Data = append(rawjson.AppendString([]byte(`{"uri":`), call.URI), '}')
	}
	return out, err
}

// GetPrompt fills in one prompt under the plugin's own name for it; all else is
// as in CallTool.
func (p *Plugin) GetPrompt(ctx context.Context, call *mcp.PromptCall, sink mcp.Sink) (mcp.Outcome, error) {
	return perform(ctx, p, &round[*pluginv1.GetPromptResponse, *pluginv1.GetPromptResult]{
		service: servicePrompts,
		report:  reporter{call: &call.Context, sink: sink, log: p.log},
		open: func(ctx context.Context) (receiver[*pluginv1.GetPromptResponse], error) {
			return p.prompts.GetPrompt(ctx, p.promptRequest(call))
		},
		result: func(r *pluginv1.GetPromptResult) (mcp.Outcome, error) {
			result, err := promptResult(r)
			return mcp.Outcome{Prompt: result}, err
		},
	})
}

// Complete suggests values for an argument of a prompt, under the plugin's own
// name for it, or for a variable of a template. Errors are as in CallTool. A
// plugin without completions suggests nothing.
func (p *Plugin) Complete(ctx context.Context, call *mcp.CompleteCall) (*mcp.Completion, error) {
	if !p.Provides().Has(mcp.KindCompletions) {
		return &mcp.Completion{}, nil
	}
	if err := p.enter(ctx, serviceCompletions); err != nil {
		return nil, err
	}
	defer p.gate.leave()
	ctx, cancel := p.callTime(withTrace(ctx, call.Context.Trace), nil)
	defer cancel()
	resp, err := p.completions.Complete(ctx, p.completeRequest(call))
	if err != nil {
		return nil, p.callError(ctx, serviceCompletions, err)
	}
	p.health.answered()
	if refused := resp.GetError(); refused != nil {
		return nil, protocolError(refused)
	}
	return completion(resp.GetCompletion()), nil
}
