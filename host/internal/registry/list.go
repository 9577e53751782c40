// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

var errBudget = errors.New("waited long enough")

// ListTools returns all tools. The first call starts every plugin that may have
// some and waits for them as [Options].Wait says; what is not there by then is
// missing from a list that is not Complete. When everything has answered the
// list is returned at once, without a lock.
//
// It is a *[mcp.ProtocolError] that nothing could be started and there is
// nothing to list; with [Options].Strict, that anything could not be started.
// It is the cause of ctx that ctx ended.
func (r *Registry) ListTools(ctx context.Context) (*mcp.ToolList, error) {
	return r.kinds.tools.read(ctx)
}

// ListPrompts returns all prompts, as [Registry.ListTools] does all tools.
func (r *Registry) ListPrompts(ctx context.Context) (*mcp.PromptList, error) {
	return r.kinds.prompts.read(ctx)
}

// ListResources returns all resources that have a URI of their own, as
// [Registry.ListTools] does all tools.
func (r *Registry) ListResources(ctx context.Context) (*mcp.ResourceList, error) {
	return r.kinds.resources.read(ctx)
}

// ListTemplates returns all templates of resources, as [Registry.ListTools]
// does all tools.
func (r *Registry) ListTemplates(ctx context.Context) (*mcp.TemplateList, error) {
	return r.kinds.templates.read(ctx)
}

// read returns the list for a client.
func (k *kind[T]) read(ctx context.Context) (*mcp.List[T], error) {
	if !k.r.current.Load().settled.Has(k.list.kind()) {
		k.r.want(k.list.kind())
		if err := k.settle(ctx); err != nil {
			return nil, err
		}
	}
	v := k.now()
	k.r.observe(k.list, v.of, v.list.Generation)
	if v.refusal != nil {
		return nil, v.refusal
	}
	return v.list, nil
}

// settle waits until nothing more is to be expected for the list, or the budget
// is spent.
func (k *kind[T]) settle(ctx context.Context) error {
	r, settled := k.r, func(s *snapshot) bool { return s.settled.Has(k.list.kind()) }
	switch r.opts.Wait {
	case WaitNone:
		return nil
	case WaitAll:
		_, err := r.wait(ctx, settled)
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.opts.ListWaitEmpty, errBudget)
	defer cancel()
	soft, cancelSoft := context.WithTimeoutCause(ctx, r.opts.ListWait, errBudget)
	defer cancelSoft()
	_, err := r.wait(soft, settled)
	if errors.Is(err, errBudget) {
		_, err = r.wait(ctx, func(s *snapshot) bool { return settled(s) || k.anything(s) })
	}
	if errors.Is(err, errBudget) {
		return nil
	}
	return err
}

// anything reports whether there is something to answer a list with: an item,
// or a plugin that has said that it has none.
func (k *kind[T]) anything(s *snapshot) bool {
	return len(k.over(s.offered).added) > 0 ||
		slices.ContainsFunc(s.offered.sources, func(c *contribution) bool { return k.shelfOf(c) != nil })
}

// refuse returns why a list of so many items must not be served, if it must
// not: an empty success cannot be told from a server that has nothing.
func (s *snapshot) refuse(list listID, sources []mcp.SourceState, items int) error {
	if s.discovery.err != nil && (items == 0 || s.strict) {
		return &mcp.ProtocolError{Reason: mcp.ReasonInternal, Message: "the plugins could not be discovered; the server's log says why"}
	}
	failed, total, what := 0, 0, "started"
	for _, st := range s.sources {
		if st.provides().Has(list.kind()) {
			total++
		}
		if st.failing(list) {
			failed++
			if st.offers != nil {
				what = "asked for its " + list.String()
			}
		}
	}
	switch {
	case failed > 0 && s.strict:
		return failure("a plugin could not be "+what+" and the server is strict about that", sources)
	case failed > 0 && failed == total && items == 0:
		return failure("no plugin could be "+what, sources)
	case s.strict && !s.complete(list):
		return unavailable("a plugin is still starting and the server is strict about that; try again")
	}
	return nil
}

// failure returns an error that says how each source is doing.
func failure(message string, sources []mcp.SourceState) error {
	type sourceState struct {
		Name   string `json:"name"`
		State  string `json:"state"`
		Reason string `json:"reason,omitempty"`
	}
	states := make([]sourceState, 0, len(sources))
	for _, src := range sources {
		states = append(states, sourceState{src.Name, src.State, src.Reason})
	}
	data, err := json.Marshal(map[string]any{"sources": states})
	if err != nil {
		data = nil // the data is an extra; strings always encode
	}
	return &mcp.ProtocolError{Reason: mcp.ReasonInternal, Message: message, Data: data}
}

// unavailable returns an error that invites to try again.
func unavailable(message string) *mcp.ProtocolError {
	return &mcp.ProtocolError{Reason: mcp.ReasonUnavailable, Message: message, Data: []byte(`{"retryable":true}`)}
}

// hopeless returns an error for what will not work either when it is tried again.
func hopeless(message string) *mcp.ProtocolError {
	return &mcp.ProtocolError{Reason: mcp.ReasonUnavailable, Message: message, Data: []byte(`{"retryable":false}`)}
}
