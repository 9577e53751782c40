// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A contribution is what one source offers: a shelf for each list. It is
// immutable once it is published.
type contribution struct {
	provides  mcp.Kinds // what the plugin serves; its configuration may have promised more
	tools     *shelf[mcp.Tool]
	prompts   *shelf[mcp.Prompt]
	resources *shelf[mcp.Resource]
	templates *shelf[mcp.ResourceTemplate]

	failed  mcp.Kinds         // lists that could not be read and must be read again
	missing [listCount]bool   // lists that were never read
	trouble [listCount]string // why a list could not be read, for clients
}

// A shelf is what one source offers in one list. It is immutable.
type shelf[T any] struct {
	items []*item[T] // in the order in which they win names
	byID  map[string]*item[T]
}

// size returns how many there are; none on a shelf that was never filled.
func (s *shelf[T]) size() int {
	if s == nil {
		return 0
	}
	return len(s.items)
}

// An item is one definition of a kind. It is immutable and stays the same
// pointer for as long as the definition does, across restarts of its plugin.
type item[T any] struct {
	id      string  // name or URI as offered
	own     string  // as its plugin calls it
	altered bool    // id is more than prefix and own
	owner   *source // nil if the program that embeds the host serves it
	def     T       // under the offered name

	serve ToolHandler    // runs a tool that has no owner
	match *regexp.Regexp // what the URIs of a template look like; nil if it cannot be said
}

// ownerName returns the name of the one who serves the item.
func (it *item[T]) ownerName() string {
	if it.owner == nil {
		return embedder
	}
	return it.owner.Name
}

// embedder stands for the program that embeds the host where the owner of a
// question is named. No plugin can have that name.
const embedder = "(host)"

// ask reads those lists of a plugin that belong to kinds, all at once; the
// others stay as they are in last, which may be nil. It returns last itself if
// nothing has changed. A list that cannot be read costs no other one: only if
// none can is that an error, and then too the contribution says so.
func (r *Registry) ask(src *source, p Plugin, last *contribution, kinds mcp.Kinds) (*contribution, error) {
	if last == nil {
		last = &contribution{}
	}
	next := &contribution{}
	*next = *last
	next.provides = provided(src, p)
	next.failed &^= kinds

	var (
		asked [listCount]bool
		errs  [listCount]error
		work  sync.WaitGroup
	)
	for i, l := range r.kinds.lists {
		if kinds.Has(listID(i).kind()) {
			work.Go(func() { asked[i], errs[i] = l.load(src, p, last, next) })
		}
	}
	work.Wait()

	answered := false
	for i := range r.kinds.lists {
		if kinds.Has(listID(i).kind()) {
			next.note(listID(i), errs[i])
		}
		answered = answered || asked[i] && errs[i] == nil
	}
	err := errors.Join(errs[:]...)
	if err != nil && !answered {
		return next, err
	}
	if err != nil {
		r.log.Warn("not all lists of plugin could be read; tried again", "plugin", src.Name, "err", err)
	}
	if *next == *last {
		return last, nil
	}
	return next, nil
}

// note writes down whether the list could be read.
func (c *contribution) note(list listID, err error) {
	c.trouble[list] = ""
	if err != nil {
		c.failed |= list.kind()
		c.trouble[list] = trouble("its "+list.String()+" could not be read and are tried again", err)
	}
}

// provided returns what of the configured kinds the plugin serves.
func provided(src *source, p Plugin) mcp.Kinds {
	if p, ok := p.(Provider); ok {
		return src.Provides & p.Provides()
	}
	return src.Provides
}

// load is as in lister.
func (k *kind[T]) load(src *source, p Plugin, last, next *contribution) (asked bool, err error) {
	ask := k.ask(p)
	if ask == nil || !next.provides.Has(k.list.kind()) {
		k.fill(src, next, last, nil)
		return false, nil
	}
	ctx, cancel := context.WithTimeoutCause(k.r.life, k.r.opts.ListTimeout, errListTimeout)
	defer cancel()
	listed, err := detached(ctx, &k.r.work, k.r.log, ask, func([]T) {})
	if err != nil {
		next.missing[k.list] = *k.shelf(next) == nil
		return true, fmt.Errorf("list %s: %w", k.list, err)
	}
	k.fill(src, next, last, listed)
	return true, nil
}

// fill puts what a plugin has listed into next. The shelf of last stays if it
// holds the same.
func (k *kind[T]) fill(src *source, next, last *contribution, listed []T) {
	items, was := k.items(src, listed), *k.shelf(last)
	next.missing[k.list] = false
	if was != nil {
		var same bool
		if items, same = k.keepSame(items, was.items); same {
			return
		}
	}
	filled := &shelf[T]{items: items, byID: make(map[string]*item[T], len(items))}
	for _, it := range items {
		if filled.byID[it.id] == nil {
			filled.byID[it.id] = it
		}
	}
	*k.shelf(next) = filled
}

// items returns the source's definitions as clients see them. Within a source a
// name that did not have to be altered goes first.
func (k *kind[T]) items(src *source, listed []T) []*item[T] {
	items := make([]*item[T], 0, len(listed))
	for _, def := range listed {
		it := &item[T]{owner: src, def: def}
		id := k.id(&it.def)
		if it.own, it.id = *id, *id; it.own == "" {
			continue
		}
		if k.scoped {
			it.id, it.altered = offeredName(src.Prefix, it.own)
			*id = it.id
		}
		if k.match != nil {
			it.match = k.matcher(src, it.own)
		}
		items = append(items, it)
	}
	slices.SortStableFunc(items, func(a, b *item[T]) int {
		return cmp.Or(compareBool(a.altered, b.altered), strings.Compare(a.own, b.own))
	})
	return items
}

// matcher returns what an id stands for, or nil if that cannot be said.
func (k *kind[T]) matcher(src *source, id string) *regexp.Regexp {
	match, err := k.match(id)
	if err != nil {
		k.r.log.Warn("listed, but nothing can be read by it", "plugin", src.Name, "list", k.list, "id", id, "err", err)
	}
	return match
}

// keepSame replaces each item that says the same as an old one by the old one.
// It reports whether nothing differs at all.
func (k *kind[T]) keepSame(items, old []*item[T]) ([]*item[T], bool) {
	byOwn := make(map[string]*item[T], len(old))
	for _, it := range old {
		byOwn[it.own] = it
	}
	for i, it := range items {
		if was := byOwn[it.own]; was != nil && k.same(was.def, it.def) {
			items[i] = was
		}
	}
	return items, slices.Equal(items, old)
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
