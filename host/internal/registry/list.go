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
	s := r.current.Load()
	if !s.settled.Has(mcp.KindTools) {
		r.want(mcp.KindTools)
		var err error
		if s, err = r.settle(ctx, mcp.KindTools); err != nil {
			return nil, err
		}
	}
	r.observe(s, mcp.KindTools)
	if s.refusal != nil {
		return nil, s.refusal
	}
	return s.list, nil
}

// settle waits until nothing more is to be expected for a list of the kind, or
// the budget is spent.
func (r *Registry) settle(ctx context.Context, kind mcp.Kinds) (*snapshot, error) {
	settled := func(s *snapshot) bool { return s.settled.Has(kind) }
	switch r.opts.Wait {
	case WaitNone:
		return r.current.Load(), nil
	case WaitAll:
		return r.wait(ctx, settled)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.opts.ListWaitEmpty, errBudget)
	defer cancel()
	soft, cancelSoft := context.WithTimeoutCause(ctx, r.opts.ListWait, errBudget)
	defer cancelSoft()
	s, err := r.wait(soft, settled)
	if errors.Is(err, errBudget) {
		s, err = r.wait(ctx, func(s *snapshot) bool { return settled(s) || s.anything() })
	}
	if errors.Is(err, errBudget) {
		return r.current.Load(), nil
	}
	return s, err
}

// anything reports whether there is something to answer a list with: an item,
// or a plugin that has said that it has none.
func (s *snapshot) anything() bool {
	return len(s.tools.items) > 0 || slices.ContainsFunc(s.sources, func(st status) bool { return st.offers != nil })
}

// refuse returns why a list of so many items must not be served, if it must
// not: an empty success cannot be told from a server that has nothing.
func (s *snapshot) refuse(kind mcp.Kinds, items int, strict bool) error {
	if s.discovery.err != nil && (items == 0 || strict) {
		return &mcp.ProtocolError{Reason: mcp.ReasonInternal, Message: "the plugins could not be discovered; the server's log says why"}
	}
	failed, total := 0, 0
	for i := range s.sources {
		if !s.sources[i].provides.Has(kind) {
			continue
		}
		total++
		if s.sources[i].failing() {
			failed++
		}
	}
	switch {
	case failed > 0 && strict:
		return s.failure("a plugin could not be started and the server is strict about that")
	case failed > 0 && failed == total && items == 0:
		return s.failure("no plugin could be started")
	case strict && !s.complete(kind):
		return unavailable("a plugin is still starting and the server is strict about that; try again")
	}
	return nil
}

// failure returns an error that says how each source is doing.
func (s *snapshot) failure(message string) error {
	type sourceState struct {
		Name   string `json:"name"`
		State  string `json:"state"`
		Reason string `json:"reason,omitempty"`
	}
	states := make([]sourceState, 0, len(s.list.Sources))
	for _, src := range s.list.Sources {
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
