// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A contribution is what one source offers: a list per kind. It is immutable.
type contribution struct {
	tools []*item[tool]
}

// An item is one definition of a kind. It is immutable and stays the same
// pointer for as long as the definition does, across restarts of its plugin.
type item[T any] struct {
	name    string  // as offered
	own     string  // as its plugin calls it
	altered bool    // name is more than prefix and own
	owner   *source // nil if the program that embeds the host serves it
	def     T       // under the offered name
}

// A tool is a definition and, unless a plugin does, what serves it.
type tool struct {
	mcp.Tool
	serve ToolHandler
}

// A catalog is all items of one kind. It is immutable.
type catalog[T any] struct {
	items      []*item[T] // sorted by name, unique
	byName     map[string]*item[T]
	removed    map[string]bool // offered by nobody, whatever plugins say
	generation uint64          // grows whenever items differ from those before
}

// A snapshot is all that the registry knows at one moment. It is immutable but
// for superseded, which is closed when there is a newer one.
type snapshot struct {
	superseded chan struct{}
	closed     bool
	discovery  discovery
	sources    []status  // as Registry.sources
	settled    mcp.Kinds // kinds for which there is nothing to wait for
	tools      catalog[tool]
	list       *mcp.ToolList
	refusal    error // why list must not be served; nil if it may

	overlay *overlay[tool] // what tools was merged from, besides sources
}

// A lostName is a name that a source offers in vain.
type lostName struct{ source, name string }

// publish replaces the snapshot by one of the state as it is, tells those who
// wait for one, and returns the collisions that were not reported before. The
// caller holds mu.
func (r *Registry) publish() []lostName {
	old := r.current.Load()
	next := &snapshot{
		superseded: make(chan struct{}),
		closed:     r.closed,
		discovery:  r.discovery,
		sources:    make([]status, len(r.sources)),
		tools:      old.tools,
		overlay:    r.tools,
	}
	for i, src := range r.sources {
		next.sources[i] = src.status
	}
	var lost []lostName
	if next.overlay != old.overlay || !sameContributions(next.sources, old.sources) {
		next.tools, lost = merge(old.tools, next.sources, r.tools, func(c *contribution) []*item[tool] { return c.tools })
		r.count(next, lost)
		lost = r.unreported(lost)
	}
	next.settled = settledKinds(next)
	next.list = toolList(next, old)
	next.refusal = next.refuse(mcp.KindTools, len(next.tools.items), r.opts.Strict)
	r.current.Store(next)
	if next.tools.generation != old.tools.generation && mcp.Kinds(r.observed.Load()).Has(mcp.KindTools) {
		r.announce(mcp.KindTools)
	}
	close(old.superseded)
	return lost
}

// sameContributions reports whether no source offers anything else than before.
func sameContributions(a, b []status) bool {
	return slices.EqualFunc(a, b, func(a, b status) bool { return a.offers == b.offers })
}

// count notes with each source how many of its names are listed, and how many
// are taken by others.
func (r *Registry) count(s *snapshot, lost []lostName) {
	listed := map[*source]int{}
	for _, it := range s.tools.items {
		listed[it.owner]++
	}
	hidden := map[string]int{}
	for _, l := range lost {
		hidden[l.source]++
	}
	for i, src := range r.sources {
		src.listed, src.hidden = listed[src], hidden[src.Name]
		s.sources[i] = src.status
	}
}

// unreported returns those that were not lost before, and remembers all.
func (r *Registry) unreported(lost []lostName) []lostName {
	before := r.reported
	r.reported = make(map[lostName]bool, len(lost))
	for _, l := range lost {
		r.reported[l] = true
	}
	return slices.DeleteFunc(lost, func(l lostName) bool { return before[l] })
}

// merge joins what the sources and the embedding program offer of one kind.
// The program wins over plugins; among plugins the order of the configuration
// decides, so that the result never depends on which of them was faster.
func merge[T any](old catalog[T], sources []status, over *overlay[T], kind func(*contribution) []*item[T]) (catalog[T], []lostName) {
	next := catalog[T]{
		items:      make([]*item[T], 0, len(old.items)),
		byName:     make(map[string]*item[T], len(old.items)),
		removed:    over.removed,
		generation: old.generation,
	}
	add := func(it *item[T]) {
		next.items = append(next.items, it)
		next.byName[it.name] = it
	}
	for _, it := range over.added {
		add(it)
	}
	var lost []lostName
	for _, st := range sources {
		if st.offers == nil {
			continue
		}
		for _, it := range kind(st.offers) {
			taken := next.byName[it.name]
			switch {
			case over.removed[it.name] || taken != nil && taken.owner == nil:
			case taken != nil:
				lost = append(lost, lostName{it.owner.Name, it.name})
			default:
				add(it)
			}
		}
	}
	slices.SortFunc(next.items, func(a, b *item[T]) int { return strings.Compare(a.name, b.name) })
	if !slices.Equal(next.items, old.items) {
		next.generation++
	}
	return next, lost
}

// toolItems returns the source's tools under the names that clients see.
// Within a source a name that did not have to be altered goes first.
func toolItems(src *source, tools []mcp.Tool) []*item[tool] {
	items := make([]*item[tool], 0, len(tools))
	for _, t := range tools {
		if t.Name == "" {
			continue
		}
		it := &item[tool]{own: t.Name, owner: src, def: tool{Tool: t}}
		it.name, it.altered = offeredName(src.Prefix, t.Name)
		it.def.Name = it.name
		items = append(items, it)
	}
	slices.SortStableFunc(items, func(a, b *item[tool]) int {
		return cmp.Or(compareBool(a.altered, b.altered), strings.Compare(a.own, b.own))
	})
	return items
}

// keepSame replaces each item that says the same as an old one by the old one.
// It reports whether nothing differs at all.
func keepSame[T any](items, old []*item[T]) ([]*item[T], bool) {
	byOwn := make(map[string]*item[T], len(old))
	for _, it := range old {
		byOwn[it.own] = it
	}
	for i, it := range items {
		if was := byOwn[it.own]; was != nil && reflect.DeepEqual(was.def, it.def) {
			items[i] = was
		}
	}
	return items, slices.Equal(items, old)
}

// toolList returns the list of a snapshot. It shares the tools of the one
// before if they are the same.
func toolList(s, old *snapshot) *mcp.ToolList {
	list := &mcp.ToolList{
		Generation: s.tools.generation,
		Complete:   s.complete(mcp.KindTools),
		Sources:    make([]mcp.SourceState, len(s.sources)),
	}
	for i := range s.sources {
		list.Sources[i] = s.sources[i].public()
	}
	if old.list != nil && old.list.Generation == list.Generation {
		list.Tools = old.list.Tools
		return list
	}
	list.Tools = make([]mcp.Tool, len(s.tools.items))
	for i, it := range s.tools.items {
		list.Tools[i] = it.def.Tool
	}
	return list
}

// settledKinds returns the kinds for which waiting would bring nothing: every
// source has answered, or failed and is not tried again at once.
func settledKinds(s *snapshot) mcp.Kinds {
	if !s.discovery.settled() {
		return 0
	}
	settled := mcp.AllKinds
	for i := range s.sources {
		if s.sources[i].pending() {
			settled &^= s.sources[i].provides
		}
	}
	return settled
}

// complete reports whether every source that may contribute the kind has, or
// never will.
func (s *snapshot) complete(kind mcp.Kinds) bool {
	if s.discovery.phase != discovered {
		return false
	}
	return !slices.ContainsFunc(s.sources, func(st status) bool {
		return st.provides.Has(kind) && st.absent()
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
