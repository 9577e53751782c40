// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"slices"
	"strings"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// What is offered is what lists are merged from. It is immutable.
type offered struct {
	sources []*contribution // by source.index; nil while there is none
	overlay *overlay[mcp.Tool]
}

// A catalog is all items of one kind. It is immutable.
type catalog[T any] struct {
	of         *offered
	items      []*item[T] // sorted by id, unique
	defs       []T        // of the items
	byID       map[string]*item[T]
	generation uint64 // grows whenever items differ from those before
	listed     map[*source]int
	hidden     map[*source]int // names in vain
}

// A view is a list as clients read it from one snapshot. It is immutable.
type view[T any] struct {
	of      *snapshot
	list    *mcp.List[T]
	refusal error // why list must not be served; nil if it may
}

// A lostName is a name that a source offers in vain.
type lostName struct{ source, name string }

// now returns the list of the current snapshot.
func (k *kind[T]) now() *view[T] {
	if v := k.shown.Load(); v.of == k.r.current.Load() {
		return v
	}
	v, lost := k.refresh()
	for _, l := range lost {
		k.r.log.Warn("name is taken by a plugin earlier in the configuration; hidden", "plugin", l.source, "list", k.list, "name", l.name)
	}
	return v
}

// refresh makes the list of the current snapshot. It returns the collisions
// that were not reported before.
func (k *kind[T]) refresh() (*view[T], []lostName) {
	k.merging.Lock()
	defer k.merging.Unlock()
	s := k.r.current.Load()
	if v := k.shown.Load(); v.of == s {
		return v, nil
	}
	var lost []lostName
	c := k.merged.Load()
	if c.of != s.offered {
		if c.of != nil && !k.differ(c.of, s.offered) {
			same := *c
			same.of = s.offered
			c = &same
		} else {
			c, lost = k.merge(c, s.offered)
			lost = k.unreported(lost)
		}
		k.merged.Store(c)
	}
	v := k.view(s, c)
	k.shown.Store(v)
	return v, lost
}

// view returns the list of a snapshot, whose items are those of the catalog.
func (k *kind[T]) view(s *snapshot, c *catalog[T]) *view[T] {
	list := &mcp.List[T]{
		Items:      c.defs,
		Generation: c.generation,
		Complete:   s.complete(k.list),
		Sources:    make([]mcp.SourceState, len(s.sources)),
	}
	for i, st := range s.sources {
		list.Sources[i] = st.public(k.list, c.listed[st.src], c.hidden[st.src])
	}
	return &view[T]{of: s, list: list, refusal: s.refuse(k.list, list.Sources, len(c.items))}
}

// merge joins what the sources and the embedding program offer. The program
// wins over plugins; among plugins the order of the configuration decides, so
// that the result never depends on which of them was faster.
func (k *kind[T]) merge(old *catalog[T], from *offered) (*catalog[T], []lostName) {
	over := k.over(from)
	size := len(over.added)
	for _, offers := range from.sources {
		size += k.shelfOf(offers).size()
	}
	next := &catalog[T]{
		of:         from,
		items:      make([]*item[T], 0, size),
		byID:       make(map[string]*item[T], size),
		generation: old.generation,
		listed:     map[*source]int{},
		hidden:     map[*source]int{},
	}
	var lost []lostName
	for _, it := range over.added {
		next.add(it)
	}
	for _, offers := range from.sources {
		shelf := k.shelfOf(offers)
		if shelf == nil {
			continue
		}
		for _, it := range shelf.items {
			taken := next.byID[it.id]
			switch {
			case over.removed[it.id] || taken != nil && taken.owner == nil:
			case taken != nil:
				next.hidden[it.owner]++
				lost = append(lost, lostName{it.owner.Name, it.id})
			default:
				next.add(it)
			}
		}
	}
	slices.SortFunc(next.items, func(a, b *item[T]) int { return strings.Compare(a.id, b.id) })
	if slices.Equal(next.items, old.items) {
		next.defs = old.defs
		return next, lost
	}
	next.generation++
	next.defs = make([]T, len(next.items))
	for i, it := range next.items {
		next.defs[i] = it.def
	}
	return next, lost
}

func (c *catalog[T]) add(it *item[T]) {
	c.items = append(c.items, it)
	c.byID[it.id] = it
	c.listed[it.owner]++
}

// unreported returns those that were not lost before, and remembers all.
func (k *kind[T]) unreported(lost []lostName) []lostName {
	before := k.reported
	k.reported = make(map[lostName]bool, len(lost))
	for _, l := range lost {
		k.reported[l] = true
	}
	return slices.DeleteFunc(lost, func(l lostName) bool { return before[l] })
}

// differ is as in lister.
func (k *kind[T]) differ(a, b *offered) bool {
	return k.over(a) != k.over(b) || !slices.EqualFunc(a.sources, b.sources, func(a, b *contribution) bool {
		return a == b || k.shelfOf(a) == k.shelfOf(b)
	})
}

// shelfOf returns the shelf of a contribution that may be nil.
func (k *kind[T]) shelfOf(c *contribution) *shelf[T] {
	if c == nil {
		return nil
	}
	return *k.shelf(c)
}

// generation is as in lister.
func (k *kind[T]) generation() uint64 { return k.now().list.Generation }

// tally is as in lister.
func (k *kind[T]) tally(src *source) (listed, hidden int) {
	k.now()
	c := k.merged.Load()
	return c.listed[src], c.hidden[src]
}

// find returns what clients get by an id, or nil if nobody is known to offer
// it. While plugins are still coming it looks at each of them: a merged list
// would be out of date with the next one.
func (k *kind[T]) find(s *snapshot, id string) *item[T] {
	if c := k.merged.Load(); c.of == s.offered {
		return c.byID[id]
	}
	if s.settled.Has(k.list.kind()) {
		k.now()
		if c := k.merged.Load(); c.of == s.offered {
			return c.byID[id]
		}
	}
	over := k.over(s.offered)
	if it := over.added[id]; it != nil || over.removed[id] {
		return it
	}
	for _, offers := range s.offered.sources {
		if shelf := k.shelfOf(offers); shelf != nil && shelf.byID[id] != nil {
			return shelf.byID[id]
		}
	}
	return nil
}

// removed reports whether the embedding program has taken the id away.
func (k *kind[T]) removed(s *snapshot, id string) bool { return k.over(s.offered).removed[id] }
