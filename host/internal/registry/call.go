// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// maxCallBackoff is the longest rest of a backoff that a call sits out.
const maxCallBackoff = 5 * time.Second

// LookupTool returns the definition of a tool that is listed now. It never
// blocks and starts nothing. The tool must not be changed.
func (r *Registry) LookupTool(name string) (*mcp.Tool, bool) {
	it := r.current.Load().tools.byName[name]
	if it == nil {
		return nil, false
	}
	return &it.def.Tool, true
}

// CallTool calls a tool by the name that it is offered by. It starts the plugin
// that owns it, and only that, if it does not run; call is not changed.
//
// Errors are a *[mcp.ProtocolError] for a tool that does not exist, may exist
// later, or needs more of the client; a *[mcp.PluginError] for a plugin that
// does not run; the cause of ctx; and whatever the plugin returns.
func (r *Registry) CallTool(ctx context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error) {
	it := r.current.Load().tools.byName[call.Name]
	if it == nil {
		var err error
		if it, err = r.resolve(ctx, call.Name); err != nil {
			return mcp.Outcome{}, err
		}
	}
	if missing(it.def.Requires, call.Context.Capabilities) {
		return mcp.Outcome{}, &mcp.ProtocolError{
			Reason:   mcp.ReasonMissingCapability,
			Message:  "tool " + it.name + " needs a capability that the client did not declare",
			Required: it.def.Requires,
		}
	}
	if it.def.serve != nil {
		return it.def.serve(ctx, call, sink)
	}
	p, err := r.plugin(ctx, it.owner)
	if err != nil {
		return mcp.Outcome{}, err
	}
	tools, ok := p.(ToolPlugin)
	if !ok {
		return mcp.Outcome{}, &mcp.PluginError{Plugin: it.owner.Name, Text: "offers no tools any more"}
	}
	own := *call
	own.Name = it.own
	return tools.CallTool(ctx, &own, sink)
}

// missing reports whether the client lacks something that is required of it.
func missing(required, has mcp.ClientCapabilities) bool {
	return required.ElicitationForm && !has.ElicitationForm ||
		required.ElicitationURL && !has.ElicitationURL ||
		required.Sampling && !has.Sampling ||
		required.SamplingTools && !has.SamplingTools ||
		required.Roots && !has.Roots
}

// plugin returns the running plugin of a source, starting it if need be.
func (r *Registry) plugin(ctx context.Context, src *source) (Plugin, error) {
	s := r.current.Load()
	if st := &s.sources[src.index]; st.running() && !s.closed {
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
		st := &s.sources[src.index]
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

// resolve finds a tool that is not listed, by starting what may own it: the
// source with the longest prefix that the name bears, then others whose names
// may look like that. A name that bears no prefix waits for all.
func (r *Registry) resolve(ctx context.Context, name string) (*item[tool], error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.opts.CallStartWait, errBudget)
	defer cancel()
	if !r.current.Load().discovery.settled() {
		r.want(0)
	}
	s, err := r.wait(ctx, func(s *snapshot) bool { return s.discovery.settled() || s.tools.removed[name] })
	if err != nil {
		return nil, waitError(err)
	}
	if s.tools.removed[name] {
		return nil, unknownTool(name)
	}
	stages, unsettled := candidates(r.configured(), name), s.discovery.err != nil
	for _, stage := range stages {
		if s, err = r.await(ctx, name, stage); err != nil {
			return nil, waitError(err)
		}
		if it := s.tools.byName[name]; it != nil {
			return it, nil
		}
		unsettled = unsettled || slices.ContainsFunc(stage, func(src *source) bool { return s.sources[src.index].absent() })
	}
	if unsettled && !s.tools.removed[name] {
		return nil, unavailable("Tool " + name + " may be offered by a plugin that does not run now; try again")
	}
	return nil, unknownTool(name)
}

// candidates returns the sources that may own the name, in the order in which
// to start them.
func candidates(sources []*source, name string) [][]*source {
	var owner *source
	var possible, all []*source
	for _, src := range sources {
		if !src.Provides.Has(mcp.KindTools) {
			continue
		}
		all = append(all, src)
		bears := src.bears(name)
		if bears && (owner == nil || len(src.Prefix) > len(owner.Prefix)) {
			owner = src
		}
		if bears || src.Prefix == "" {
			possible = append(possible, src)
		}
	}
	if owner == nil {
		return [][]*source{all}
	}
	return [][]*source{{owner}, possible}
}

// await starts the candidates and waits until one offers the name or none will.
// It does not wait for an earlier one that may offer the name as well: a plugin
// that hangs would then hold up the tools of all that have no prefix.
func (r *Registry) await(ctx context.Context, name string, candidates []*source) (*snapshot, error) {
	r.wake(func(src *source) bool { return slices.Contains(candidates, src) })
	return r.wait(ctx, func(s *snapshot) bool {
		return s.tools.byName[name] != nil ||
			!slices.ContainsFunc(candidates, func(src *source) bool { return s.sources[src.index].pending() })
	})
}

// unknownTool is for a name that no plugin has.
func unknownTool(name string) error { return mcp.NotFoundf("Unknown tool: %s", name) }

// waitError gives the end of the budget its meaning for the client.
func waitError(err error) error {
	if errors.Is(err, errBudget) {
		return unavailable("plugins are still starting; try again")
	}
	return err
}
