// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// maxCallBackoff is the longest rest of a backoff that a call sits out.
const maxCallBackoff = 5 * time.Second

// CallTool calls a tool by the name that it is offered by. It starts the plugin
// that owns it, and only that, if it does not run; call is not changed.
// Arguments and structured content that do not fit the tool's schemas are tool
// errors.
//
// Errors are a *[mcp.ProtocolError] for a tool that does not exist, may exist
// later, or needs more of the client, and for answers to questions that its
// owner did not ask; a *[mcp.PluginError] for a plugin that does not run or
// breaks its own schema; the cause of ctx; and whatever the plugin returns.
func (r *Registry) CallTool(ctx context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error) {
	it, err := r.kinds.tools.resolve(ctx, call.Name)
	if errors.Is(err, errUnknown) {
		err = mcp.NotFoundf("Unknown tool: %s", call.Name)
	}
	if err == nil {
		err = admit(it, call)
	}
	if err != nil {
		return mcp.Outcome{}, err
	}
	if it.def.Input != nil {
		if err := it.def.Input.Validate(call.Arguments); err != nil {
			return mcp.Outcome{Tool: mcp.ToolError("invalid arguments: " + err.Error())}, nil
		}
	}
	out, err := r.runTool(ctx, it, call, sink)
	if err != nil {
		return mcp.Outcome{}, err
	}
	return r.checkOutput(it, asked(out, it.ownerName()))
}

// admit reports why a call must not reach the tool, in the order in which
// clients are told.
func admit(it *item[mcp.Tool], call *mcp.ToolCall) error {
	if err := checkAsker(call.Resumption, it.ownerName()); err != nil {
		return err
	}
	if call.CheckHeaders {
		if err := mcp.CheckHeaderParams(it.def.Headers, call.Context.Headers, call.Arguments); err != nil {
			return err
		}
	}
	return checkCapabilities("tool "+it.id, it.def.Requires, call.Context.Capabilities)
}

// runTool has the owner run the tool.
func (r *Registry) runTool(ctx context.Context, it *item[mcp.Tool], call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error) {
	if it.owner == nil {
		return it.serve(ctx, call, sink)
	}
	p, err := ability[ToolPlugin](ctx, r, it.owner, "tools")
	if err != nil {
		return mcp.Outcome{}, err
	}
	own := *call
	own.Name = it.own
	return p.CallTool(ctx, &own, sink)
}

// checkOutput holds a tool to its output schema (2026-07-28, tools, "Output
// Schema").
func (r *Registry) checkOutput(it *item[mcp.Tool], out mcp.Outcome) (mcp.Outcome, error) {
	if it.def.Output == nil || out.Tool == nil || out.Tool.IsError {
		return out, nil
	}
	err := errors.New("there is none")
	if len(out.Tool.StructuredContent) > 0 {
		err = it.def.Output.Validate(out.Tool.StructuredContent)
	}
	if err == nil {
		return out, nil
	}
	r.log.Warn("structured content does not fit the output schema", "plugin", it.ownerName(), "tool", it.own, "err", err)
	text := "returned structured content that does not fit its output schema: " + err.Error()
	if it.owner == nil {
		return mcp.Outcome{Tool: mcp.ToolError("tool " + it.id + " " + text)}, nil
	}
	return mcp.Outcome{}, &mcp.PluginError{Plugin: it.owner.Name, Text: text}
}

// GetPrompt fills in a prompt by the name that it is offered by. It starts the
// plugin that owns it, and only that, if it does not run; call is not changed.
// Errors are as with [Registry.CallTool].
func (r *Registry) GetPrompt(ctx context.Context, call *mcp.PromptCall, sink mcp.Sink) (mcp.Outcome, error) {
	it, err := r.kinds.prompts.resolve(ctx, call.Name)
	if errors.Is(err, errUnknown) {
		err = mcp.NotFoundf("Unknown prompt: %s", call.Name)
	}
	if err == nil {
		err = checkAsker(call.Resumption, it.ownerName())
	}
	if err == nil {
		err = checkCapabilities("prompt "+it.id, it.def.Requires, call.Context.Capabilities)
	}
	if err != nil {
		return mcp.Outcome{}, err
	}
	p, err := ability[PromptPlugin](ctx, r, it.owner, "prompts")
	if err != nil {
		return mcp.Outcome{}, err
	}
	own := *call
	own.Name = it.own
	out, err := p.GetPrompt(ctx, &own, sink)
	return asked(out, it.ownerName()), err
}

// ReadResource reads the resource of a URI from the plugin that lists it, or
// else from the first one in configuration order with a template that
// describes it. If none who runs does, all are started that may; a URI that
// nobody knows reaches no plugin. Errors are as with [Registry.CallTool].
func (r *Registry) ReadResource(ctx context.Context, call *mcp.ReadCall, sink mcp.Sink) (mcp.Outcome, error) {
	owner, err := r.owner(ctx, call.URI)
	if errors.Is(err, errUnknown) {
		err = unknownResource(call.URI)
	}
	if err == nil {
		err = checkAsker(call.Resumption, owner.Name)
	}
	if err != nil {
		return mcp.Outcome{}, err
	}
	p, err := ability[ResourcePlugin](ctx, r, owner, "resources")
	if err != nil {
		return mcp.Outcome{}, err
	}
	out, err := p.ReadResource(ctx, call, sink)
	return asked(out, owner.Name), err
}

// checkAsker reports that answers are meant for another than the owner, who
// must not see them.
func checkAsker(answers *mcp.Resumption, owner string) error {
	if answers == nil || answers.Owner == "" || answers.Owner == owner {
		return nil
	}
	return mcp.InvalidParamsf("Invalid or expired requestState")
}

// asked notes who asks, if the outcome holds questions.
func asked(out mcp.Outcome, owner string) mcp.Outcome {
	if out.InputRequired != nil {
		questions := *out.InputRequired
		questions.Owner = owner
		out.InputRequired = &questions
	}
	return out
}

// checkCapabilities reports that the client lacks something that is required.
func checkCapabilities(what string, required, has mcp.ClientCapabilities) error {
	if _, lacks := has.Missing(required); !lacks {
		return nil
	}
	return &mcp.ProtocolError{
		Reason:   mcp.ReasonMissingCapability,
		Message:  what + " needs a capability that the client did not declare",
		Required: required,
	}
}

// ability returns the running plugin of a source as one that can do what the
// caller needs, starting it if need be.
func ability[P any](ctx context.Context, r *Registry, src *source, what string) (able P, err error) {
	p, err := r.plugin(ctx, src)
	if err != nil {
		return able, err
	}
	able, ok := p.(P)
	if !ok {
		return able, &mcp.PluginError{Plugin: src.Name, Text: "offers no " + what + " any more"}
	}
	return able, nil
}

// plugin returns the running plugin of a source, starting it if need be.
func (r *Registry) plugin(ctx context.Context, src *source) (Plugin, error) {
	s := r.current.Load()
	if st := s.sources[src.index]; st.running() && !s.closed {
		return st.plugin, nil
	}
	wait, cancel := context.WithTimeoutCause(ctx, r.opts.CallStartWait, errBudget)
	defer cancel()
	p, err := r.running(wait, src)
	if errors.Is(err, errBudget) {
		return nil, &mcp.PluginError{Plugin: src.Name, Text: "is still starting; try again"}
	}
	return p, err
}

// running waits until the source's plugin runs. It waits for one attempt, not
// for one that succeeds.
func (r *Registry) running(ctx context.Context, src *source) (Plugin, error) {
	failed := r.current.Load().sources[src.index].failed
	for {
		s := r.current.Load()
		st := s.sources[src.index]
		now := time.Now()
		switch {
		case s.closed:
			return nil, unavailable(errClosed.Error())
		case st.running():
			return st.plugin, nil
		case st.state == disabled || st.failed != failed || st.retryAt.Sub(now) > maxCallBackoff:
			return nil, st.unavailable(now)
		}
		src.need()
		select {
		case <-s.superseded:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
