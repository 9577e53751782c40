// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// OnChange calls f when a list differs from one that was served before, once
// for all kinds and changes within [Options].Coalesce. f must not block. It may
// run once more while remove is being called.
func (r *Registry) OnChange(f func(mcp.Kinds)) (remove func()) {
	key := &f
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listeners[key] = struct{}{}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.listeners, key)
	}
}

// observe notes that a client is about to see the list of a snapshot. If that
// was overtaken meanwhile, the newer one must be announced.
func (r *Registry) observe(s *snapshot, kind mcp.Kinds) {
	if mcp.Kinds(r.observed.Load()).Has(kind) && r.current.Load() == s {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.observed.Or(uint32(kind))
	if r.current.Load().tools.generation != s.tools.generation {
		r.announce(kind)
	}
}

// announce tells the listeners of a change when the coalescing window ends. It
// opens one if none is open. The caller holds mu.
func (r *Registry) announce(kind mcp.Kinds) {
	open := r.changed != 0
	r.changed |= kind
	if open || r.closed {
		return
	}
	r.work.Go(func() {
		select {
		case <-time.After(r.opts.Coalesce):
			r.tell()
		case <-r.life.Done():
		}
	})
}

// tell calls the listeners, outside the lock.
func (r *Registry) tell() {
	r.mu.Lock()
	changed := r.changed
	r.changed = 0
	listeners := make([]func(mcp.Kinds), 0, len(r.listeners))
	for f := range r.listeners {
		listeners = append(listeners, *f)
	}
	r.mu.Unlock()
	for _, f := range listeners {
		f(changed)
	}
}
