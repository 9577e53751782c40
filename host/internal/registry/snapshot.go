// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"slices"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A snapshot is all that the registry knows at one moment. It is immutable but
// for superseded, which is closed when there is a newer one. It is cheap to
// make: what the sources offer together is merged when a client reads it.
type snapshot struct {
	superseded chan struct{}
	closed     bool
	strict     bool
	discovery  discovery
	sources    []*status // as Registry.sources
	settled    mcp.Kinds // kinds for which there is nothing to wait for
	offered    *offered  // the same as before if nothing of it has changed
}

// publish replaces the snapshot by one of the state as it is, and tells those
// who wait for one. The caller holds mu.
func (r *Registry) publish() {
	old := r.current.Load()
	next := &snapshot{
		superseded: make(chan struct{}),
		closed:     r.closed,
		strict:     r.opts.Strict,
		discovery:  r.discovery,
		sources:    make([]*status, len(r.sources)),
		offered:    old.offered,
	}
	for i, src := range r.sources {
		next.sources[i] = src.status
	}
	if !next.offers(old.offered, r.overlay) {
		next.offered = &offered{sources: make([]*contribution, len(next.sources)), overlay: r.overlay}
		for i, st := range next.sources {
			next.offered.sources[i] = st.offers
		}
	}
	next.settled = settledKinds(next)
	r.current.Store(next)
	if next.offered != old.offered {
		r.announceWhatDiffers(old.offered, next.offered)
	}
	close(old.superseded)
}

// offers reports whether the sources and the overlay still are what is offered.
func (s *snapshot) offers(o *offered, over *overlay[mcp.Tool]) bool {
	return o.overlay == over && slices.EqualFunc(s.sources, o.sources, func(st *status, c *contribution) bool { return st.offers == c })
}

// settledKinds returns the kinds for which waiting would bring nothing: every
// source has answered, or failed and is not tried again at once.
func settledKinds(s *snapshot) mcp.Kinds {
	if !s.discovery.settled() {
		return 0
	}
	settled := mcp.AllKinds
	for _, st := range s.sources {
		if st.pending() {
			settled &^= st.src.Provides
		}
	}
	return settled
}

// complete reports whether every source that may contribute to the list has,
// or never will.
func (s *snapshot) complete(list listID) bool {
	if s.discovery.phase != discovered {
		return false
	}
	return !slices.ContainsFunc(s.sources, func(st *status) bool { return st.absent(list) })
}
